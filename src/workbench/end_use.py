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
    plates = _plates(tables["units"])
    parts = [
        _carrier(enterprise, carrier, here, plates, sector.get(enterprise, ""))
        for (enterprise, carrier), here in use.groupby(["enterprise_id", "carrier"], sort=True)
    ]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    return frame.rename(columns={"activity": "use"})[COLUMNS]


def _carrier(enterprise: str, carrier: str, use: pd.DataFrame, plates: pd.DataFrame, sector: str) -> pd.DataFrame:
    """One carrier of one enterprise by system: units first, else nameplates, else shares, else one row that is not split."""
    total = use[_MEASURES].sum()
    unit = use["activity_unit"].iat[0]
    parts, basis, source = _metered(use, plates), "metered", ""
    if parts.empty and carrier == "electricity":
        parts, basis = (
            _by_plate(plates[(plates["enterprise_id"] == enterprise) & (plates["carrier"] == carrier)], total),
            "nameplate",
        )
    if parts.empty:
        parts, source = _shares(sector, carrier)
        basis = "sector_share"
    rest = 1 - parts["share"].sum() if len(parts) else 1.0
    frame = parts.assign(basis=basis, source=source)
    if rest > 1e-9:
        left = pd.DataFrame({"system": ["not_split"], "unit_ids": [""], "share": [rest], "basis": ["not_split"], "source": [""]})
        frame = pd.concat([frame, left], ignore_index=True) if len(frame) else left
    frame = frame.groupby(["system", "basis", "source"], sort=False, as_index=False).agg({"unit_ids": _joined, "share": "sum"})
    for name in _MEASURES:
        frame[name] = frame["share"] * total[name]
    frame = frame.assign(enterprise_id=enterprise, carrier=carrier, activity_unit=unit)
    return frame.assign(order=frame["system"].map(SYSTEMS.index)).sort_values("order", kind="stable")


def _metered(use: pd.DataFrame, plates: pd.DataFrame) -> pd.DataFrame:
    """Shares of the units whose use is filed; a unit without a known kind is not split."""
    named = use[use["unit_id"] != ""]
    total = use["energy_gj"].sum()
    if named.empty or not total > 0:
        return pd.DataFrame(columns=["system", "unit_ids", "share"])
    system = named["unit_id"].map(plates.drop_duplicates("unit_id").set_index("unit_id")["system"]).fillna("not_split")
    return pd.DataFrame({"system": system, "unit_ids": named["unit_id"], "share": named["energy_gj"] / total})


def _by_plate(mine: pd.DataFrame, total: pd.Series) -> pd.DataFrame:
    """Shares by rated power times hours; together they stop at what is used, a unit within another counts in it alone."""
    mine = mine[(mine["gj"] > 0) & (mine["system"] != "")]
    if mine.empty or not total["energy_gj"] > 0:
        return pd.DataFrame(columns=["system", "unit_ids", "share"])
    inside = mine[mine["parent_unit"].isin(set(mine["unit_id"]))].groupby("parent_unit")["gj"].sum()
    own = (mine["gj"] - mine["unit_id"].map(inside).fillna(0.0)).clip(lower=0.0)
    share = own / max(total["energy_gj"], own.sum())
    return pd.DataFrame({"system": mine["system"], "unit_ids": mine["unit_id"], "share": share})


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


def _shares(sector: str, carrier: str) -> tuple[pd.DataFrame, str]:
    """Shares of the sector, or of the wider one it belongs to, and their source; none where the survey has none."""
    table = dictionary.read_table("end_use_shares")
    table = table[table["carrier"] == carrier]
    known = set(table["end_use_sector"])
    code = next((sector[:n] for n in range(len(sector), 2, -1) if sector[:n] in known), "")
    mine = table[table["end_use_sector"] == code]
    if mine.empty:
        return pd.DataFrame(columns=["system", "unit_ids", "share"]), ""
    share = pd.to_numeric(mine["share"])
    frame = pd.DataFrame({"system": mine["system"], "unit_ids": "", "share": share / share.sum()})
    return frame, f"{mine['source'].iat[0]}; NAICS {code}"


def _joined(unit_ids: pd.Series) -> str:
    return ";".join(sorted({unit for unit in unit_ids if unit}))
