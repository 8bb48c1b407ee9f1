"""The carbon and energy inventory: one row a unit, source, carrier, counterparty and factor; enterprises; the cluster's total.

Cluster total = all rows but those between members, so that a flow inside the cluster counts once (where its fuel was burnt).
Memo columns stand beside the total and are never part of it: biogenic CO2, feedstock, location- and market-based power.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench import balance, dictionary, emissions, factors, flows, ledger, process, units
from workbench.emissions import look_up

COLUMNS = [
    "enterprise_id", "unit_id", "year", "source", "scope", "carrier", "activity", "activity_unit", "energy_gj", "tce", "tco2e",
    "factor_id", "tco2e_low", "tco2e_high", "counterparty", "internal", "tco2", "other_gases_tco2e", "biogenic_tco2",
    "tco2e_location", "tco2e_market", "tce_equal", "feedstock_gj", "quality", "activity_half_pct", "factor_half_pct",
    "factor_level", "factor_reason", "product_carbon",
]  # fmt: skip
_SOURCE = {
    ("fuel", 1): ("combustion", 1), ("fuel", -1): ("fuel_handed_on", 1),
    ("electricity", 1): ("purchased_electricity", 2), ("electricity", -1): ("sold_electricity", 2),
    ("heat", 1): ("purchased_heat", 2), ("heat", -1): ("sold_heat", 2),
    ("medium", 1): ("medium", 0), ("medium", -1): ("medium", 0),
}  # fmt: skip
_PROCESS_COLUMNS = [*balance.KEYS, "source", "scope", "quality", "product_carbon"]


@dataclass(frozen=True)
class Inventory:
    """Results of one year: `rows`, `settled` exchanges, `factors` (rows used, with hash), `ledger` as counted, raw `findings`."""

    rows: pd.DataFrame
    settled: pd.DataFrame
    factors: pd.DataFrame
    ledger: pd.DataFrame
    findings: list[pd.DataFrame]


def compile(tables: dict[str, pd.DataFrame], meta: dict[str, Any], year: int, own: pd.DataFrame | None = None) -> Inventory:
    """The inventory of one year from checked tables; never raises for data.

    `own`, else the table `factors`, is the user's own factor table.
    """
    energy, found = ledger.of_year(tables["energy"], year)
    exchanges, problems = flows.of_year(tables["exchanges"], year)
    found += problems
    if own is None and len(tables.get("factors", ())):
        own = factors.own_table(tables["factors"].drop(columns="row", errors="ignore"))
    saved = tables["savings"]["carrier"].unique().tolist() if len(energy) else []
    carriers = [*energy["carrier"].unique(), *exchanges["commodity"].unique(), *saved]
    chosen, problems = factors.choose(carriers, meta, year, own)
    found += problems
    members = set(tables["enterprises"]["enterprise_id"])
    levels, _ = factors.order(meta)
    energy, chosen, problems = _grids(energy, tables["enterprises"], chosen, meta, year)
    found += problems
    counted, own_rows, problems = _count(flows.lend_factors(energy, exchanges), chosen, "energy", levels, meta, year, members)
    found += problems
    given, own_given, problems = _count(flows.as_ledger(exchanges), chosen, "exchanges", levels, meta, year, members)
    found += problems
    inside, settled, problems = flows.settle(counted[counted["activity"].notna()], given[given["activity"].notna()], members)
    found += problems
    rows, problems = balance.settle(inside)
    made, process_factors, more = _process(tables, meta, year)
    found += [*problems, *more]
    rows = _with_sources(rows)
    if len(made):
        rows = pd.concat([rows, made], ignore_index=True) if len(rows) else made
    used = pd.concat([chosen, own_rows, own_given, process_factors], ignore_index=True).drop_duplicates("factor_id")
    rows = _finish(rows, used, levels, meta, year)
    return Inventory(rows, settled, used.sort_values("factor_id").reset_index(drop=True), counted, found)


def _grids(
    energy: pd.DataFrame, enterprises: pd.DataFrame, chosen: pd.DataFrame, meta: dict[str, Any], year: int
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """Where enterprises state a grid of their own: the ledger with `grid_region` of power from outside, factor rows with theirs.

    Power between members keeps the cluster's row, so that giver and taker count alike.
    """
    stated = enterprises["grid_region"].fillna("") if "grid_region" in enterprises.columns else pd.Series(dtype=str)
    if stated.eq("").all():
        return energy, chosen, []
    region = pd.Series(stated.to_numpy(), index=enterprises["enterprise_id"]).groupby(level=0).first()
    outside = energy["carrier"].eq("electricity") & ~energy["counterparty"].isin(set(region.index))
    energy = energy.assign(grid_region=look_up(energy["enterprise_id"], region, "").where(outside, ""))
    others, found = factors.of_regions(stated.unique().tolist(), chosen, meta, year)
    return energy, pd.concat([chosen, others], ignore_index=True) if len(others) else chosen, found


def _count(
    filed: pd.DataFrame,
    chosen: pd.DataFrame,
    table: str,
    levels: tuple[str, ...],
    meta: dict[str, Any],
    year: int,
    members: set[str],
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """Filed rows with activity, energy and emissions, deliveries of one kind added up; media without emissions."""
    exchanged = table == "exchanges"
    rows = filed if exchanged else ledger.gather(filed)
    counted, own_rows, problems = emissions.quantify(rows, chosen, table, levels)
    counted = emissions.scope_2(_media(counted), chosen, members, factors.residual_mix(meta, year))
    return (counted if exchanged else counted.reset_index(names="row")), own_rows, problems


def _media(rows: pd.DataFrame) -> pd.DataFrame:
    """Compressed air and the like: shown with their quantity, without emissions, since the power that made them is counted."""
    media = look_up(rows["carrier"], dictionary.carriers()["kind"], "").eq("medium")
    if not media.any():
        return rows
    rows.loc[media, ["tco2e", "tco2", "biogenic_tco2", "energy_gj", "tco2e_per_activity"]] = 0.0
    rows.loc[media, "activity"] = rows.loc[media, "quantity"]
    rows.loc[media, "activity_unit"] = rows.loc[media, "unit"]
    rows.loc[media, ["factor_id", "factor_level"]] = ""
    return rows


def _process(tables: dict[str, pd.DataFrame], meta: dict[str, Any], year: int) -> tuple[pd.DataFrame, pd.DataFrame, list]:
    """Process emissions in the shape of balanced rows."""
    made, used, found = process.emissions(tables["process"], meta, year, tables.get("assays"))
    if made.empty:
        return made, used, found
    made = made.assign(factor_level=made["factor_id"].str.startswith("own:").map({True: "measured", False: "national"}))
    made = made.assign(tco2e_location=made["tco2e"], tco2e_market=made["tco2e"], biogenic_tco2=0.0, feedstock_gj=0.0)
    return made.groupby(_PROCESS_COLUMNS, sort=True)[balance.TOTALS].sum().reset_index(), used, found


def _with_sources(rows: pd.DataFrame) -> pd.DataFrame:
    """Source and scope of balanced rows."""
    if rows.empty:
        return rows.assign(source="", scope=0, product_carbon=0)
    kinds = dictionary.carriers()["kind"]
    code, _ = ledger.codes(rows, ["carrier", "sign"])
    distinct = rows.iloc[ledger.firsts(code)]
    pairs = [
        _SOURCE.get((kinds.get(c, "fuel"), s), ("combustion", 1))
        for c, s in zip(distinct["carrier"], distinct["sign"], strict=True)
    ]
    source, scope = (np.array(column)[code] for column in zip(*pairs, strict=True))
    return rows.assign(source=source, scope=scope, product_carbon=0)


def _finish(rows: pd.DataFrame, used: pd.DataFrame, levels: tuple[str, ...], meta: dict[str, Any], year: int) -> pd.DataFrame:
    """tce, range, level and reason of every row, in a fixed order."""
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    rows = rows.assign(year=year, internal=rows["internal"].astype(int), other_gases_tco2e=rows["tco2e"] - rows["tco2"])
    recovered = rows["carrier"].eq("waste_heat")  # recovered energy re-used is no part of total consumption (GB/T 2589)
    rows["tce"] = (rows["energy_gj"] / units.GJ_PER_TCE).mask(recovered, 0.0)
    rows["tce_equal"] = _equal_value(rows, meta, year)
    rows["activity_half_pct"], rows["factor_half_pct"] = _half_ranges(rows)
    half = np.hypot(rows["activity_half_pct"], rows["factor_half_pct"]) / 100
    rows["tco2e_low"] = rows["tco2e"] - rows["tco2e"].abs() * half
    rows["tco2e_high"] = rows["tco2e"] + rows["tco2e"].abs() * half
    rows["factor_reason"] = _reasons(rows, used, levels)
    return rows.sort_values(balance.KEYS).reindex(columns=COLUMNS).reset_index(drop=True)


def _equal_value(rows: pd.DataFrame, meta: dict[str, Any], year: int) -> pd.Series:
    """tce with power at what its supply takes in coal (equal value, 等价值); NaN where no such figure exists for the country."""
    per_mwh = equal_value(meta, year)
    if per_mwh is None:
        return pd.Series(float("nan"), index=rows.index)
    power = rows["source"].isin(["purchased_electricity", "sold_electricity"])
    return rows["tce"].mask(power, rows["activity"] * per_mwh["tce_per_mwh"])


def equal_value(meta: dict[str, Any], year: int) -> dict[str, Any] | None:
    """The equal value of power nearest in time, the cluster's region before the country: tce_per_mwh, edition, source; or None."""
    if str(meta.get("country", "")).upper() not in ("CN", "CHINA"):
        return None
    table = dictionary.read_table("coal_equivalent")
    table = table[table["carrier"] == "electricity_equal_value"]
    said = table["edition"].str.extract(r"^(?P<region>\w+) (?P<year>\d{4})$")
    mine = said["region"].eq(str(meta.get("grid_region", "")).casefold())
    rows = table.assign(_distance=(pd.to_numeric(said["year"]) - year).abs(), _mine=~mine)[mine | said["region"].eq("china")]
    best = rows.sort_values(["_distance", "_mine", "edition"]).iloc[0]
    return {"tce_per_mwh": float(best["kgce_per_unit"]), "edition": best["edition"], "source": best["source"]}


def _half_ranges(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Half of the 95 % range of activity (by grade) and factor (by kind; a filer's own by what it stated), in %."""
    table = dictionary.read_table("uncertainty")
    half = {kind: group.set_index("grade")["half_range_pct"].astype(float) for kind, group in table.groupby("kind")}
    kinds = look_up(rows["carrier"], dictionary.carriers()["kind"], "process").astype("str")
    own = rows["factor_level"].isin(["measured", "supplier"])
    activity = look_up(rows["quality"], half["activity"], half["activity"][""])
    kinds = kinds.mask(own, "own").mask(rows["carrier"].eq("direct_tco2e"), "direct")
    return activity.astype(float), look_up(kinds, half["factor"], 0.0).astype(float)


def _reasons(rows: pd.DataFrame, used: pd.DataFrame, levels: tuple[str, ...]) -> pd.Series:
    """Why this factor row and not a better one, as `level:status` for each level up to the one taken."""
    reason = used.set_index("factor_id")["reason"]
    code, _ = ledger.codes(rows, ["factor_id", "factor_level"])
    distinct = rows.iloc[ledger.firsts(code)]
    rank = {level: number for number, level in enumerate(levels)}
    text = []
    for factor_id, level in zip(distinct["factor_id"], distinct["factor_level"], strict=True):
        said = str(reason.get(factor_id, f"{level}:taken" if level else ""))
        own = [step for step in levels if step in ("measured", "supplier") and rank[step] < rank.get(level, len(levels))]
        before = [f"{step}:not_filed" for step in own] if "measured" not in said else []
        text.append("; ".join([*before, said]) if said else "")
    return pd.Series(np.array(text, dtype=object)[code], index=rows.index, dtype="str")


def by_enterprise(rows: pd.DataFrame, enterprises: pd.DataFrame, products: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Enterprise totals, ranks and intensities; one row for every enterprise, also those that file no energy.

    Shares are of the sum of enterprises; key emitters are the largest that together reach the share in `thresholds.csv`.
    Intensities are per million currency of value added, else of output value.
    """
    scope = rows.pivot_table(index="enterprise_id", columns="scope", values="tco2e", aggfunc="sum", fill_value=0.0)
    table = enterprises.drop_duplicates("enterprise_id").set_index("enterprise_id")
    out = table.reindex(columns=["name", "name_zh", "sector"]).copy()
    for name, number in (("direct_tco2e", 1), ("indirect_tco2e", 2)):
        out[name] = scope[number].reindex(out.index).fillna(0.0) if number in scope else 0.0
    out["total_tco2e"] = out["direct_tco2e"] + out["indirect_tco2e"]
    out["total_with_indirect"] = out["total_tco2e"]
    for name, part in _memos(rows).items():
        out[name] = part.groupby(rows["enterprise_id"]).sum().reindex(out.index).fillna(0.0)
    out["tce"] = rows.groupby("enterprise_id")["tce"].sum().reindex(out.index).fillna(0.0)
    grid = rows[(rows["carrier"] == "electricity") & (rows["scope"] == 2) & ~rows["internal"].astype(bool)]
    out["electricity_tco2e"] = grid.groupby("enterprise_id")["tco2e"].sum().reindex(out.index).fillna(0.0)
    out = out.reset_index().sort_values(["total_tco2e", "enterprise_id"], ascending=[False, True]).reset_index(drop=True)
    total = out["total_tco2e"].sum()
    out["share_pct"] = out["total_tco2e"] / total * 100 if total else 0.0
    out["cumulative_pct"] = out["share_pct"].cumsum()
    out["rank"] = range(1, len(out) + 1)
    before = out["cumulative_pct"] - out["share_pct"]
    out["key_emitter"] = ((before < dictionary.threshold("key_emitters_share_pct")) & (out["total_tco2e"] > 0)).astype(int)
    value = table["value_added"].reindex(out["enterprise_id"]).to_numpy()
    output = table["output_value"].reindex(out["enterprise_id"]).to_numpy()
    base = pd.Series(value).where(pd.Series(value) > 0, pd.Series(output).where(pd.Series(output) > 0)) / 1e6
    kind = pd.Series("value added", index=out.index).where(pd.Series(value) > 0, "output value")
    out["carbon_intensity"] = out["total_tco2e"] / base
    out["carbon_intensity_unit"] = ("tCO2e per million " + currency + " of " + kind).where(base.notna(), "")
    out["energy_intensity"] = out["tce"] / base
    out["energy_intensity_unit"] = ("tce per million " + currency + " of " + kind).where(base.notna(), "")
    return _product_intensity(out, products)


def _product_intensity(out: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Emissions per unit of product where an enterprise makes one product in one unit."""
    made = products.groupby(["enterprise_id", "product", "unit"], sort=True)["quantity"].sum().reset_index()
    single = made.groupby("enterprise_id").filter(lambda g: len(g) == 1 and g["quantity"].iat[0] > 0).set_index("enterprise_id")
    for column, source in (("product", "product"), ("product_unit", "unit")):
        words = single[source].to_dict()
        out[column] = [words.get(enterprise, "") for enterprise in out["enterprise_id"]]
    quantity = single["quantity"].to_dict()
    out["tco2e_per_product"] = out["total_tco2e"] / [quantity.get(e, float("nan")) for e in out["enterprise_id"]]
    return out


def of_cluster(rows: pd.DataFrame) -> pd.DataFrame:
    """Cluster totals and the bridge from the sum of enterprises: item, value, unit.

    eliminated = internal purchases counted by takers - internal sales deducted by givers; sum - eliminated = total, exactly.
    """
    inside = rows[rows["internal"] == 1]
    outside = rows[rows["internal"] == 0]
    items = [("sum_of_enterprises_tco2e", rows["tco2e"].sum(), "tCO2e")]
    items.append(("internal_purchases_tco2e", inside.loc[~_outgoing(inside), "tco2e"].sum(), "tCO2e"))
    items.append(("internal_sales_tco2e", 0.0 - inside.loc[_outgoing(inside), "tco2e"].sum(), "tCO2e"))
    items.append(("eliminated_tco2e", inside["tco2e"].sum(), "tCO2e"))
    items.append(("cluster_total_tco2e", outside["tco2e"].sum(), "tCO2e"))
    for scope, name in ((1, "cluster_direct_tco2e"), (2, "cluster_indirect_tco2e")):
        items.append((name, outside.loc[outside["scope"] == scope, "tco2e"].sum(), "tCO2e"))
    items.append(("sum_of_enterprises_tce", rows["tce"].sum(), "tce"))
    items.append(("eliminated_tce", inside["tce"].sum(), "tce"))
    items.append(("cluster_total_tce", outside["tce"].sum(), "tce"))
    items.append(("total_with_indirect", outside["tco2e"].sum(), "tCO2e"))
    units_of = {
        "total_direct_ets": "tCO2",
        "biogenic_tco2": "tCO2",
        "feedstock_tce": "tce",
        "tce_equal": "tce",
        "nonfossil_tce": "tce",
    }
    for name, part in _memos(outside).items():
        value = part.sum(min_count=min(1, len(part)))  # blank where no row has the figure, nil where there is no row
        items.append((f"cluster_{name}" if name != "total_direct_ets" else name, value, units_of.get(name, "tCO2e")))
    items.append(("cluster_total_half_range_tco2e", _half_range(outside), "tCO2e"))
    table = pd.DataFrame(items, columns=["item", "value", "unit"])
    value = table.set_index("item")["value"]
    for end in ("tco2e", "tce"):
        gap = value[f"sum_of_enterprises_{end}"] - value[f"eliminated_{end}"] - value[f"cluster_total_{end}"]
        assert abs(gap) <= 1e-9 * max(1.0, rows[end].abs().sum()), f"the bridge in {end} does not close by {gap}"
    return table


def _half_range(rows: pd.DataFrame) -> float:
    """Half of the 95 % range of a sum: activities independent, a shared factor errs once (IPCC 2006 Vol. 1 Ch. 3, eq. 3.2)."""
    activity = (rows["activity_half_pct"] / 100 * rows["tco2e"]) ** 2
    factor = (rows["factor_half_pct"] / 100 * rows["tco2e"]).groupby(rows["factor_id"]).sum() ** 2
    return float((activity.sum() + factor.sum()) ** 0.5)


def _memos(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Figures beside the total, row by row.

    total_direct_ets: direct CO2 without power and heat, product carbon deducted, as the national market's guidelines since 2024
    count it (perfluorocarbons of aluminium included). Dual control leaves feedstock and non-fossil power out of energy.
    """
    direct = rows["scope"].eq(1)
    market_gases = rows["carrier"].isin(["aluminium_cf4", "aluminium_c2f6"])
    other = ~rows["source"].isin(["purchased_electricity", "sold_electricity"])
    return {
        "total_direct_ets": rows["tco2"].where(~market_gases, rows["tco2e"]).where(direct, 0.0),
        "other_gases_tco2e": rows["other_gases_tco2e"],
        "product_carbon_tco2e": rows["tco2e"].where(rows["product_carbon"].eq(1), 0.0),
        "location_based_tco2e": rows["tco2e"].where(other, rows["tco2e_location"]),
        "market_based_tco2e": rows["tco2e"].where(other, rows["tco2e_market"]),
        "biogenic_tco2": rows["biogenic_tco2"],
        "tce_equal": rows["tce_equal"],
        "feedstock_tce": rows["feedstock_gj"] / units.GJ_PER_TCE,
        "nonfossil_tce": rows["tce"].where(rows["carrier"].eq("electricity_nonfossil"), 0.0),
    }


def _outgoing(rows: pd.DataFrame) -> pd.Series:
    return rows["source"].isin(flows.HANDED_OVER)
