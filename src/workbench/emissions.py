"""Emissions and energy of filed quantities: what a factor row makes of them, what the filer measured going first.

Combustion: E = FC x NCV x CC x OF x 44/12, or FC x C x OF x 44/12 with measured carbon (GB/T 32151, NDRC guidelines); steam:
AD = m (h - 83.74)/1000 GJ; hot water: AD = m (T - 20) x 4.1868/1000 GJ (MEE guidelines).
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from workbench import dictionary, factors, findings, units
from workbench.factors import CARBON_TO_CO2

STEAM_ENTHALPY_OFFSET = 83.74  # kJ/kg, water at 20 degC, MEE reporting guidelines
WATER_GJ_PER_T_K = 4.1868e-3  # MEE reporting guidelines
WATER_BASE_C = 20.0
STATED = ("ncv", "carbon_content", "carbon_per_unit", "oxidation", "tco2_per_unit")
SUMS = ["activity", "energy_gj", "tco2e", "tco2", "biogenic_tco2", "tco2e_location", "tco2e_market"]
_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)"
_ENTHALPY = re.compile(rf"\bh\s*=\s*{_NUMBER}\s*kJ/kg", re.IGNORECASE)
_TEMPERATURE = re.compile(rf"\bT\s*=\s*{_NUMBER}\s*(?:°\s*C|℃|deg\s*C|C\b)", re.IGNORECASE)
_Result = tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]


def quantify(rows: pd.DataFrame, chosen: pd.DataFrame, table: str, levels: tuple[str, ...] = factors.LEVELS) -> _Result:
    """Activity, energy and emissions of filed quantities: (`rows` + columns, own factor rows, raw findings).

    `rows` has carrier, unit, quantity and may have ncv, carbon_content, carbon_per_unit, oxidation, tco2_per_unit, note, evidence,
    enterprise_id, grid_region (whose factor row serves); signs of quantity pass through. `ncv` is GJ per t or per 10^4 Nm3 (the
    factor's unit); `tco2_per_unit` and `carbon_per_unit` (tC) are per filed unit. New columns: activity and activity_unit (the
    factor's unit), energy_gj, tco2e, tco2 (CO2 alone), biogenic_tco2, factor_id, factor_level, tco2e_per_activity. What the filer
    measured wins over its own heating value and carbon, which win over the factor row, unless `levels` puts the row first. Rows
    that cannot be converted get NaN and a finding.
    """
    frame = rows.copy()
    for name in STATED:
        frame[name] = pd.to_numeric(frame[name]) if name in frame.columns else float("nan")
    for name in ("note", "evidence"):
        if name not in frame.columns:
            frame[name] = ""
    factor = factors.for_everyone(chosen).set_index("carrier")
    for name in ("value", "gj_per_unit", "carbon", "oxidation", "other_gases_tco2e", "biogenic_tco2"):
        frame[f"_{name}"] = look_up(frame["carrier"], pd.to_numeric(factor[name]))
    for name, column in (("activity_unit", "unit"), ("factor_id", "factor_id"), ("factor_level", "level")):
        frame[name] = look_up(frame["carrier"], factor[column]).astype("str")
    frame = _on_other_grids(frame, chosen)
    frame, found = _unless_better(frame, levels, table)
    frame, problems = _heating_values(frame, factor, table)
    frame["activity"] = frame["quantity"] * frame["_per_unit"]
    wrong = frame[frame["_per_unit"].isna() & frame["factor_id"].notna()]
    place = {"table": table, "field": "unit", "effect": "row_set_aside"}
    problems.append(findings.raw("unit_mismatch", wrong, **place, seen=wrong["unit"], expected=wrong["carrier"]))
    return _emissions(frame, [*found, *problems])


def look_up(keys: pd.Series, values: pd.Series, default: Any = np.nan) -> pd.Series:
    """`values` (indexed by key) for each key: the same as Series.map, by codes of the distinct keys."""
    codes, distinct = pd.factorize(keys)
    found = [values.get(key, default) for key in distinct]
    return pd.Series([*found, default]).take(codes).set_axis(keys.index)


def by_region(chosen: pd.DataFrame) -> pd.DataFrame:
    """Power's factor rows by grid region, for enterprises on other grids than the cluster's; a row may serve several regions."""
    served = chosen.loc[chosen["grid_region"].fillna("") != ""] if "grid_region" in chosen.columns else chosen.iloc[:0]
    return served.assign(grid_region=served["grid_region"].str.split(";")).explode("grid_region").set_index("grid_region")


def _on_other_grids(frame: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Power of rows with a `grid_region` of their own: that region's factor row in place of the cluster's."""
    grids = by_region(chosen) if "grid_region" in frame.columns else chosen.iloc[:0]
    mine = frame["carrier"].eq("electricity") & frame["grid_region"].isin(grids.index) if len(grids) else pd.Series(dtype=bool)
    if not mine.any():
        return frame
    region = frame.loc[mine, "grid_region"]
    columns = {"_value": "value", "_other_gases_tco2e": "other_gases_tco2e", "factor_id": "factor_id", "factor_level": "level"}
    for name, column in columns.items():
        frame.loc[mine, name] = look_up(region, grids[column])
    return frame


def _unless_better(frame: pd.DataFrame, levels: tuple[str, ...], table: str) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Blank what filers state where the cluster's order prefers the factor row; each such row is told."""
    place = {level: number for number, level in enumerate(levels)}
    given = frame[["carbon_content", "carbon_per_unit", "oxidation", "tco2_per_unit"]].notna().any(axis=1)
    if {"measured", "supplier"} <= set(place) and max(place["measured"], place["supplier"]) <= 1 or not given.any():
        return frame, []
    own = look_up(_own_level(frame), pd.Series(place, dtype=float), np.inf)
    library = look_up(frame["factor_level"], pd.Series(place, dtype=float), np.inf)
    worse = given & (own > library)
    frame.loc[worse, ["carbon_content", "carbon_per_unit", "oxidation", "tco2_per_unit"]] = np.nan
    rows = frame[worse]
    return frame, [findings.raw("own_factor_not_used", rows, table=table, field="tco2_per_unit", expected=rows["factor_id"])]


def _own_level(frame: pd.DataFrame) -> pd.Series:
    """Where a stated figure stands: a supplier's statement or bill, else measured."""
    said = frame["evidence"].isin(["supplier_statement", "utility_bill"]) & frame["tco2_per_unit"].notna()
    return pd.Series(np.where(said, "supplier", "measured"), index=frame.index)


def _heating_values(frame: pd.DataFrame, factor: pd.DataFrame, table: str) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Add `_per_unit` (factor units in one filed unit) and `_gj` (GJ per factor unit)."""
    frame, found = _enthalpies(frame, table)
    ncv = frame["_own_ncv"]
    codes, distinct = _pairs(frame["carrier"], frame["unit"])
    cases = pd.DataFrame([_conversion(carrier, unit, factor) for carrier, unit in distinct], columns=_CASE, dtype=float)
    case = cases.take(codes).set_axis(frame.index)
    usual = frame["_gj_per_unit"]
    heat = ncv.where(ncv.notna(), usual)
    same = case["direct"].notna()
    frame["_gj"] = heat.mask(case["by_energy"] == 1, usual).where(same, heat)
    frame["_per_unit"] = case["direct"].where(same, case["in_gj"] / heat)
    physical = case["own_measure"] * ncv
    physical = physical.where(physical.notna(), case["usual_heat"]) / usual * case["gj_in_base"]
    by_size = ~same & case["in_gj"].isna() & physical.notna()
    frame["_per_unit"] = frame["_per_unit"].mask(by_size, physical)
    frame["_gj"] = frame["_gj"].mask(by_size, usual)
    return frame.drop(columns="_own_ncv"), found


_CASE = ["direct", "by_energy", "in_gj", "own_measure", "usual_heat", "gj_in_base"]


def _pairs(left: pd.Series, right: pd.Series) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Codes and distinct pairs of two text columns."""
    one, ones = pd.factorize(left)
    two, twos = pd.factorize(right)
    codes, distinct = pd.factorize(one.astype("int64") * len(twos) + two)
    return codes, [(str(ones[pair // len(twos)]), str(twos[pair % len(twos)])) for pair in distinct]


def _conversion(carrier: str, unit: str, factor: pd.DataFrame) -> tuple:
    """How a filed unit of a carrier meets the unit of its factor: _CASE, NaN where a way is not open."""
    nan = float("nan")
    if carrier not in factor.index:
        return (nan,) * 6
    row = factor.loc[carrier]
    base = row["unit"]
    by_energy = float(units.dimension(base) == "energy")
    direct = units.factor(unit, base)
    if direct is not None:
        return direct, by_energy, nan, nan, nan, nan
    in_gj = units.factor(unit, "GJ")
    if in_gj is not None:
        return nan, by_energy, in_gj, nan, nan, nan
    if not by_energy:  # the factor is per mass or volume, the filing the other: nothing leads across
        return (nan,) * 6
    own = units.factor(unit, _own_measure(unit)) if _own_measure(unit) else None
    size = units.factor(unit, row["physical_unit"]) if row["physical_unit"] else None
    heat = row["gj_per_physical_unit"]
    usual = size * float(heat) if size is not None and pd.notna(heat) else nan
    return nan, by_energy, nan, nan if own is None else own, usual, units.factor("GJ", base) if base != "GJ" else 1.0


def _own_measure(unit: str) -> str:
    """The unit a stated heating value refers to: tonnes, or 10^4 Nm3 for gases."""
    return {"mass": "t", "normal_volume": "10^4 Nm3", "liquid_volume": "L"}.get(units.dimension(unit) or "", "")


def _enthalpies(frame: pd.DataFrame, table: str) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """`_own_ncv`: the heating value filed; for steam and hot water by mass, what enthalpy or temperature in the note gives."""
    frame["_own_ncv"] = frame["ncv"]
    media = frame["carrier"].isin(["steam", "hot_water"]) & frame["ncv"].isna()
    if not media.any():
        return frame, []
    at, note = frame[media], frame.loc[media, "note"].astype(str)
    steam = at["carrier"] == "steam"
    stated = (pd.to_numeric(note.str.extract(_ENTHALPY)[0]) - STEAM_ENTHALPY_OFFSET) / 1000
    degrees = pd.to_numeric(note.str.extract(_TEMPERATURE)[0])
    stated = stated.where(steam, (degrees - WATER_BASE_C) * WATER_GJ_PER_T_K)
    stated = stated.where(stated > 0)  # colder than the water it was made of: no heat
    silent = steam & stated.isna() & at["unit"].map(units.dimension).eq("mass")
    default = low_pressure_steam_gj_per_t()
    frame.loc[media, "_own_ncv"] = stated.mask(silent, default)
    found = [findings.raw("steam_default", at[silent], table=table, field="ncv", expected=default)] if silent.any() else []
    return frame, found


def low_pressure_steam_gj_per_t() -> float:
    """Heat of a tonne of low-pressure steam where none is stated: GB/T 2589's 0.1286 kgce/kg."""
    rows = dictionary.read_table("coal_equivalent").set_index("carrier")
    return float(rows.at["steam_low_pressure", "kgce_per_unit"]) * units.GJ_PER_TCE


def _emissions(frame: pd.DataFrame, found: list[pd.DataFrame]) -> _Result:
    fuel = look_up(frame["carrier"], dictionary.carriers()["kind"], "").eq("fuel")
    carbon = frame["carbon_content"].fillna(frame["_carbon"])
    oxidised = frame["oxidation"].fillna(frame["_oxidation"])
    co2 = frame["_gj"] * carbon * oxidised * CARBON_TO_CO2
    element = frame["carbon_per_unit"] / frame["_per_unit"] * oxidised * CARBON_TO_CO2
    co2 = co2.mask(element.notna(), element)
    biogenic = frame["_biogenic_tco2"] > 0
    parts = frame[["carbon_content", "carbon_per_unit", "oxidation"]].notna().any(axis=1)
    own_parts = fuel & co2.notna() & (parts | (frame["ncv"].notna() & frame["activity_unit"].ne("GJ")))
    measured = frame["tco2_per_unit"].notna()
    other = frame["_other_gases_tco2e"].mask(measured, 0.0)
    per = (
        frame["_value"].mask(own_parts, co2.mask(biogenic, 0.0) + other).mask(measured, frame["tco2_per_unit"] / frame["_per_unit"])
    )
    frame["tco2e_per_activity"] = per
    frame["energy_gj"] = frame["activity"] * frame["_gj"]
    frame["tco2e"] = frame["activity"] * per
    frame["tco2"] = frame["activity"] * (per - other)
    frame["biogenic_tco2"] = frame["activity"] * frame["_biogenic_tco2"].mask(own_parts & biogenic, co2).fillna(0.0)
    own = measured | own_parts
    made = frame[own].copy()
    made["factor_level"] = _own_level(made)
    made["factor_id"] = _own_ids(made, measured[own])
    frame.loc[own, "factor_id"], frame.loc[own, "factor_level"] = made["factor_id"], made["factor_level"]
    used = made.drop_duplicates("factor_id").sort_values("factor_id")
    rows = [
        factors.stated_row(
            r.factor_id, r.carrier, float(r.tco2e_per_activity), r.activity_unit, float(gj), r.factor_level,
            other_gases_tco2e=float(more),
        )
        for r, gj, more in zip(used.itertuples(index=False), used["_gj"], other[used.index], strict=True)
    ]  # fmt: skip
    frame = frame.drop(columns=[c for c in frame.columns if c.startswith("_")])
    return frame, pd.DataFrame(rows, columns=factors.COLUMNS), found


def scope_2(rows: pd.DataFrame, chosen: pd.DataFrame, members: set[str], residual: dict[str, Any] | None) -> pd.DataFrame:
    """Add tco2e_location and tco2e_market (GHG Protocol Scope 2 Guidance); they differ from tco2e for power from outside only.

    Location: the grid row whatever the supplier states. Market: what the supplier states, else the `residual` mix, else the grid
    row. Power between members counts in both as it was made.
    """
    rows = rows.assign(tco2e_location=rows["tco2e"], tco2e_market=rows["tco2e"])
    outside = rows["carrier"].eq("electricity") & ~rows["counterparty"].isin(members) if "counterparty" in rows.columns else False
    grid = factors.for_everyone(chosen).set_index("carrier")["value"]
    if "electricity" not in grid.index or not np.any(outside):
        return rows
    usual = pd.Series(float(grid["electricity"]), index=rows.index)
    if "grid_region" in rows.columns:
        usual = look_up(rows["grid_region"], by_region(chosen)["value"]).astype(float).fillna(usual)
    rows["tco2e_location"] = rows["tco2e"].mask(outside, rows["activity"] * usual)
    if residual is not None:
        bare = outside & ~rows["factor_level"].isin(["measured", "supplier"])
        rows["tco2e_market"] = rows["tco2e"].mask(bare, rows["activity"] * residual["value"])
    return rows


def _own_ids(rows: pd.DataFrame, measured: pd.Series) -> pd.Series:
    """Ids of factors that filers state themselves, made of what they state, so that row order does not matter."""
    short = {"ncv": "ncv", "carbon_content": "cc", "carbon_per_unit": "c", "oxidation": "of"}
    said = rows.reindex(columns=["enterprise_id", "carrier", "activity_unit", "tco2e_per_activity", *short])
    said["tco2e_per_activity"] = said["tco2e_per_activity"].where(measured)
    said["enterprise_id"] = said["enterprise_id"].astype(object).fillna("")
    number = said.groupby(list(said), dropna=False, sort=False).ngroup()
    ids = []
    for row in said[~number.duplicated()].itertuples(index=False):
        if pd.notna(row.tco2e_per_activity):
            what = f"{row.tco2e_per_activity:.6g}tCO2e/{row.activity_unit}"
        else:
            what = "-".join(f"{name}{getattr(row, column):g}" for column, name in short.items() if pd.notna(getattr(row, column)))
        ids.append(f"own:{row.enterprise_id}:{row.carrier}:{what}")
    return pd.Series(ids, dtype="str").take(number).set_axis(rows.index)
