"""How well energy is used: equipment by its filed efficiency, enterprises against a benchmark or the middle of their peers.

    loss = energy that enters x (1 - efficiency)
    gap = max(0, actual - reference) x output; its tCO2e at the enterprise's own tCO2e per tce of energy

A loss is what leaves with flue gas, walls and the like, not what can be saved. The middle of the peers is a place to ask questions,
not a target; where a product has a published level, that counts.
"""

from __future__ import annotations

import pandas as pd

from workbench import flows

EQUIPMENT = ["enterprise_id", "unit_id", "kind", "carriers", "efficiency_pct", "tce", "loss_tce", "loss_tco2e"]
GAPS = [
    "enterprise_id", "compared", "subject", "actual", "reference_value", "unit", "percentile", "gap_tce", "gap_tco2e", "reference",
    "confidence",
]  # fmt: skip
SILENT = ["enterprise_id", "reason"]
PEER_ORDER = ("product", "value_added", "output_value")  # what speaks most of energy first; heads and areas say too little


def equipment(rows: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Units that file an efficiency and use energy by the inventory, largest loss first; columns EQUIPMENT.

    A unit that takes steam of a boiler stands beside that boiler: losses of both do not add up to the site's.
    """
    known = units[pd.to_numeric(units["efficiency"], errors="coerce").between(0, 1, inclusive="right")]
    own = rows[~rows["source"].isin([*flows.HANDED_OVER, "process"]) & rows["unit_id"].isin(known["unit_id"])]
    if own.empty:
        return pd.DataFrame(columns=EQUIPMENT)
    used = own.groupby("unit_id", sort=True).agg(
        tce=("tce", "sum"), tco2e=("tco2e", "sum"), carriers=("carrier", lambda names: ";".join(sorted(set(names))))
    )
    table = known.drop_duplicates("unit_id").merge(used, left_on="unit_id", right_index=True, validate="1:1")
    lost = 1 - table["efficiency"].astype(float)
    table = table.assign(efficiency_pct=100 * (1 - lost), loss_tce=table["tce"] * lost, loss_tco2e=table["tco2e"] * lost)
    return table.sort_values(["loss_tce", "unit_id"], ascending=[False, True])[EQUIPMENT].reset_index(drop=True)


def gaps(positions: pd.DataFrame, peers: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Enterprises above a reference with what lies between, in tce and tCO2e; columns GAPS, largest gap first.

    `positions`: products against benchmarks; `peers`: intensities with percentile and median of the sector. An enterprise without
    a benchmark stands against its peers in the first of PEER_ORDER that has a median. `compared`: benchmark or peers.
    """
    table = pd.concat([_against_benchmarks(positions), _against_peers(peers)], ignore_index=True)
    best = set(table.loc[table["compared"] == "benchmark", "enterprise_id"])
    table = table[table["compared"].eq("benchmark") | ~table["enterprise_id"].isin(best)]
    table["gap_tce"] = pd.to_numeric(table["gap_tce"])
    table["gap_tco2e"] = table["gap_tce"] * table["enterprise_id"].astype(object).map(_carbon_of_energy(rows)).astype(float)
    return table.sort_values(["gap_tce", "enterprise_id", "subject"], ascending=[False, True, True])[GAPS].reset_index(drop=True)


def silent(gaps: pd.DataFrame, positions: pd.DataFrame, energy: pd.DataFrame, enterprises: pd.DataFrame) -> pd.DataFrame:
    """Enterprises of which no gap can be stated, and why, the first that holds; columns SILENT.

    modelled: all that is filed of its energy is an estimate, so that a gap would be one of the model; no_product: no output is
    filed; not_comparable: a level is published for a product, but not its output in that unit or the energy of that process alone;
    no_level: no level of its products is in the tables. `energy`: the checked ledger; `positions`: products against benchmarks.
    """
    rest = enterprises.loc[~enterprises["enterprise_id"].isin(gaps["enterprise_id"]), ["enterprise_id"]].drop_duplicates()
    guessed = energy["evidence"].eq("estimate").groupby(energy["enterprise_id"]).all()
    modelled = set(guessed.index[guessed])
    made = positions.reindex(columns=["enterprise_id", "reason"])
    levels = set(made.loc[made["reason"].ne("no_benchmark"), "enterprise_id"])
    reason = pd.Series("no_level", index=rest.index, dtype=object).mask(rest["enterprise_id"].isin(levels), "not_comparable")
    reason = reason.mask(~rest["enterprise_id"].isin(set(made["enterprise_id"])), "no_product")
    return rest.assign(reason=reason.mask(rest["enterprise_id"].isin(modelled), "modelled")).reset_index(drop=True)[SILENT]


def _carbon_of_energy(rows: pd.DataFrame) -> pd.Series:
    """tCO2e per tce of the energy an enterprise uses, process emissions apart."""
    own = rows[~rows["source"].isin([*flows.HANDED_OVER, "process"])]
    sums = own.groupby("enterprise_id")[["tce", "tco2e"]].sum()
    return sums["tco2e"] / sums["tce"].where(sums["tce"] > 0)


def _against_benchmarks(positions: pd.DataFrame) -> pd.DataFrame:
    """Products with a reference level; of several for one product the largest gap."""
    if positions.empty or "reference_value" not in positions:
        return pd.DataFrame(columns=GAPS)
    known = positions[positions["reference_value"].notna() & positions["actual"].notna()]
    known = known.sort_values("potential_tce", ascending=False, kind="stable")
    known = known.drop_duplicates(["enterprise_id", "unit_id", "product"])
    recalled = known["remembered"].eq(1).map({True: "remembered", False: "one_source"})
    return pd.DataFrame(
        {"enterprise_id": known["enterprise_id"], "compared": "benchmark", "subject": known["product"], "actual": known["actual"],
         "reference_value": known["reference_value"], "unit": known["unit"], "percentile": float("nan"),
         "gap_tce": known["potential_tce"].astype(float), "reference": known["benchmark"], "confidence": recalled}
    )  # fmt: skip


def _against_peers(peers: pd.DataFrame) -> pd.DataFrame:
    """Energy per unit of output against the sector's median, one row an enterprise."""
    if peers.empty or "sector_median" not in peers:
        return pd.DataFrame(columns=GAPS)
    known = peers[peers["sector_median"].notna() & peers["numerator"].eq("tce") & peers["kind"].isin(PEER_ORDER)]
    known = known.assign(order=known["kind"].map(PEER_ORDER.index)).sort_values(["enterprise_id", "order"], kind="stable")
    known = known.drop_duplicates("enterprise_id")
    above = (known["value"] - known["sector_median"]).clip(lower=0.0) * known["denominator"]
    return pd.DataFrame(
        {"enterprise_id": known["enterprise_id"], "compared": "peers", "subject": known["kind"], "actual": known["value"],
         "reference_value": known["sector_median"], "unit": known["unit"], "percentile": known["percentile"].astype(float),
         "gap_tce": above, "reference": known["sector"], "confidence": "derived"}
    )  # fmt: skip
