"""Where an enterprise's energy goes: each carrier split to systems (motors, steam, process heating, lighting …).

A carrier with use filed by unit is split by its units; else nameplates (rated power times hours, an upper bound that stops at what
is used) split power; else the shares of the sector in a survey (`end_use_shares.csv`); else it is "not split", and says so.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import dictionary, flows, technologies
from workbench import units as units_of_measure

SYSTEMS = (
    "process_heating", "steam", "motors", "pumps", "fans", "compressed_air", "refrigeration", "electrochemical", "hvac", "lighting",
    "other", "not_split",
)  # fmt: skip
COLUMNS = [
    "enterprise_id", "carrier", "system", "unit_ids", "use", "activity_unit", "energy_gj", "tce", "tco2e", "basis", "source",
]  # fmt: skip
_MEASURES = ["activity", "energy_gj", "tce", "tco2e"]
_SPLIT_KINDS = ("fuel", "electricity", "heat")
_CARRIER = ["enterprise_id", "carrier"]
_SHARES = ["system", "unit_ids", "share", "source"]
_WHOLE = 1e-9  # a share below this is rounding


def split(tables: dict[str, pd.DataFrame], rows: pd.DataFrame, meta: dict[str, Any]) -> pd.DataFrame:
    """Use of each enterprise, carrier and system with COLUMNS; the parts of a carrier add up to its use.

    `rows`: the inventory. `basis`: metered (filed by unit), nameplate, sector_share, not_split. `use` in the unit of the factor
    row, `tce` and `tco2e` by the inventory's own rows. What is handed over and process emissions are left out.
    """
    incoming = rows[~rows["source"].isin([*flows.HANDED_OVER, "process"])]
    kinds = incoming["carrier"].map(dictionary.carriers()["kind"])
    incoming = incoming[kinds.isin(_SPLIT_KINDS)].assign(unit_id=incoming["unit_id"].fillna("").astype(str))
    keys = ["enterprise_id", "carrier", "unit_id"]
    use = incoming.groupby(keys, sort=True).agg({name: "sum" for name in _MEASURES} | {"activity_unit": "first"}).reset_index()
    sector = technologies.sectors(tables["enterprises"], meta)["end_use_sector"]
    total = use.groupby(_CARRIER, sort=True).agg({name: "sum" for name in _MEASURES} | {"activity_unit": "first"})
    total = total.assign(sector=total.index.get_level_values("enterprise_id").map(sector).fillna(""))
    parts = _parts(use, total, _plates(tables["units"]))
    whole = parts.join(total, on=_CARRIER, validate="m:1")
    whole[_MEASURES] = whole[_MEASURES].mul(whole["share"], axis=0)
    return whole.rename(columns={"activity": "use"})[COLUMNS].reset_index(drop=True)


def _parts(use: pd.DataFrame, total: pd.DataFrame, plates: pd.DataFrame) -> pd.DataFrame:
    """Shares of every carrier of every enterprise: units first, else nameplates, else the sector's; what is left is not split."""
    made = [_metered(use, total, plates).assign(basis="metered", source="")]
    open_ = total.loc[~total.index.isin(_carriers_of(made[0]))]
    made.append(
        _by_plate(plates, open_[open_.index.get_level_values("carrier") == "electricity"]).assign(basis="nameplate", source="")
    )
    open_ = open_.loc[~open_.index.isin(_carriers_of(made[1]))]
    made.append(_by_sector(open_).assign(basis="sector_share"))
    parts = pd.concat([part for part in made if len(part)] or made[:1], ignore_index=True)
    rest = 1 - parts.groupby(_CARRIER)["share"].sum().reindex(total.index, fill_value=0.0)
    left = rest[rest > _WHOLE].rename("share").reset_index().assign(system="not_split", unit_ids="", basis="not_split", source="")
    parts = pd.concat([part for part in (parts, left) if len(part)] or [left], ignore_index=True)
    keys = [*_CARRIER, "system", "basis", "source"]
    frame = parts.groupby(keys, sort=False)["share"].sum().reset_index()
    named = parts[parts["unit_ids"] != ""].groupby(keys)["unit_ids"].agg(_joined)
    frame = frame.join(named, on=keys, validate="1:1").fillna({"unit_ids": ""})
    return frame.assign(order=frame["system"].map(SYSTEMS.index)).sort_values([*_CARRIER, "order"], kind="stable")


def _carriers_of(parts: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(parts[_CARRIER])


def _metered(use: pd.DataFrame, total: pd.DataFrame, plates: pd.DataFrame) -> pd.DataFrame:
    """Shares of the units whose use is filed; a unit without a known kind is not split."""
    named = use[use["unit_id"] != ""].join(total["energy_gj"].rename("whole"), on=_CARRIER, validate="m:1")
    named = named[named["whole"] > 0]
    system = named["unit_id"].map(plates.drop_duplicates("unit_id").set_index("unit_id")["system"]).fillna("not_split")
    return named[_CARRIER].assign(system=system, unit_ids=named["unit_id"], share=named["energy_gj"] / named["whole"])


def _by_plate(plates: pd.DataFrame, total: pd.DataFrame) -> pd.DataFrame:
    """Shares by rated power times hours; together they stop at what is used, a unit within another counts in it alone."""
    mine = plates[(plates["gj"] > 0) & (plates["system"] != "")]
    mine = mine.join(total["energy_gj"].rename("whole"), on=_CARRIER, how="inner", validate="m:1")
    mine = mine[mine["whole"] > 0]
    mine = mine.reset_index(drop=True)
    parents = mine.groupby(["enterprise_id", "parent_unit"])["gj"].sum()
    inside = parents.reindex(pd.MultiIndex.from_frame(mine[["enterprise_id", "unit_id"]])).fillna(0.0).to_numpy()
    own = (mine["gj"] - inside).clip(lower=0.0)
    share = own / mine["whole"].clip(lower=own.groupby(mine["enterprise_id"]).transform("sum"))
    return mine[_CARRIER].assign(system=mine["system"], unit_ids=mine["unit_id"], share=share)


def _plates(units: pd.DataFrame) -> pd.DataFrame:
    """Units with their system and the energy of their nameplate, GJ a year of power (kW x h); generators have no system."""
    table = dictionary.read_table("systems")
    system = table[table["of"] == "unit"].set_index("kind")["system"]
    kind = units["kind"].fillna("").astype(str) if "kind" in units else pd.Series("", index=units.index)
    named = kind.map(system).fillna("other").mask(kind == "", "not_split")
    power, hours = (pd.to_numeric(units.get(name, pd.Series(dtype=float)), errors="coerce") for name in ("rated_kw", "hours"))
    texts = {
        name: units[name].fillna("").astype(str) for name in ("unit_id", "enterprise_id", "parent_unit", "carrier") if name in units
    }
    frame = pd.DataFrame(texts, index=units.index).assign(
        system=named, gj=(power * hours * units_of_measure.factor("kWh", "GJ")).fillna(0.0)
    )
    return frame.reindex(columns=["unit_id", "enterprise_id", "parent_unit", "carrier", "system", "gj"])


def _by_sector(total: pd.DataFrame) -> pd.DataFrame:
    """Shares of the survey of each enterprise's sector and their source, for carriers that nothing filed splits."""
    asked = total.reset_index()[[*_CARRIER, "sector"]]
    found = [_shares(sector, carrier) for sector, carrier in asked[["sector", "carrier"]].drop_duplicates().itertuples(index=False)]
    shares = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["sector", "carrier", *_SHARES])
    return asked.merge(shares, on=["sector", "carrier"], validate="m:m")[[*_CARRIER, *_SHARES]]


def _shares(sector: str, carrier: str) -> pd.DataFrame:
    """Shares of a sector, or of the wider one it belongs to, and their source; none where the survey has none."""
    table = dictionary.read_table("end_use_shares")
    table = table[table["carrier"] == carrier]
    known = set(table["end_use_sector"])
    code = next((sector[:n] for n in range(len(sector), 2, -1) if sector[:n] in known), "")
    mine = table[table["end_use_sector"] == code]
    share = pd.to_numeric(mine["share"])
    frame = pd.DataFrame({"system": mine["system"], "unit_ids": "", "share": share / share.sum()})
    return frame.assign(source=mine["source"] + f"; NAICS {code}", sector=sector, carrier=carrier)


def _joined(unit_ids: pd.Series) -> str:
    return ";".join(sorted({unit for unit in unit_ids if unit}))
