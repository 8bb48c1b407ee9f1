"""Emission factors: which row of the library serves a carrier, and what it makes of a filed quantity.

Families of factors are never mixed in silence: a carrier, year or region the chosen set does not hold is served by a named
substitute with a finding, or by none with a finding. GWP-weighted CH4 and N2O are added where the set states them.
Combustion: E = FC x NCV x CC x OF x 44/12 (GB/T 32151, NDRC guidelines); steam: AD = m (h - 83.74)/1000 GJ (MEE).
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from workbench import dictionary, findings, units

CARBON_TO_CO2 = 44 / 12
GJ_PER_MWH = 3.6
STEAM_ENTHALPY_OFFSET = 83.74  # kJ/kg, water at 20 degC, MEE reporting guidelines
SUBSTITUTE_SETS = ("cn-f1", "cn-f2", "cn-f3", "ipcc-2006", "us-epa")
AVERAGE_VARIANTS = ("average", "total_output", "average_ndrc")
COLUMNS = [
    "factor_id", "carrier", "value", "unit", "gj_per_unit", "ncv", "carbon", "oxidation", "other_gases_tco2e", "physical_unit",
    "gj_per_physical_unit", "heating_value_basis", "source", "valid_from", "valid_to", "confidence", "sha256", "reason",
]  # fmt: skip
_ENTHALPY = re.compile(r"\bh\s*=\s*([0-9]+(?:\.[0-9]+)?)\s*kJ/kg", re.IGNORECASE)


@cache
def gwp(gwp_set: str) -> dict[str, float]:
    """Global warming potentials of a set (`ar4`, `ar5`, …), gas → tCO2e per t."""
    rows = dictionary.read_table("factors/gwp")
    rows = rows[rows["gwp_set"] == gwp_set.lower()]
    return dict(zip(rows["gas"], rows["value"].astype(float), strict=True))


@cache
def fuel_table() -> pd.DataFrame:
    """The fuel factor library with numbers as floats."""
    return _numbers(dictionary.read_table("factors/fuels"))


def own_table(path: Path) -> pd.DataFrame:
    """A user's own factor table in the layout of the fuel library; missing columns are blank."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table = table.reindex(columns=dictionary.read_table("factors/fuels").columns, fill_value="")
    table["factor_id"] = table["factor_id"].where(table["factor_id"] != "", "own-table:" + table["carrier"])
    return _numbers(table)


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    for column in table.columns:
        if column.endswith(("_per_unit", "_per_gj", "oxidation", "_per_physical_unit", "_per_mwh", "_per_gj")):
            table[column] = pd.to_numeric(table[column].replace("", None))
    return table


def choose(
    carriers: list[str], meta: dict[str, Any], year: int, own: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """The factor row of each carrier for a cluster and year: table with COLUMNS (one row a carrier), raw findings.

    `meta` gives factor_set, gwp_set, grid_region, country. `value` is tCO2e per `unit`. A carrier without factor has no row.
    """
    rows, found = [], []
    kinds = dictionary.carriers()["kind"]
    for carrier in sorted(set(carriers)):
        kind = kinds.get(carrier, "fuel")
        if own is not None and (own["carrier"] == carrier).any():
            row, problems = _own_row(carrier, own, meta), []
        elif kind == "fuel":
            row, problems = _fuel_row(carrier, meta)
        elif kind == "electricity":
            row, problems = _grid_row(meta, year)
        elif kind == "heat":
            row, problems = _heat_row(carrier, meta)
        else:
            continue
        found += problems
        if row is not None:
            rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    remembered = table[table["confidence"].isin(["remembered", "suspect"])]
    found += [
        findings.raw("factor_remembered", table="factors", field=r.carrier, seen=r.factor_id) for r in remembered.itertuples()
    ]
    return table, found


def _fuel_row(carrier: str, meta: dict[str, Any]) -> tuple[dict | None, list[pd.DataFrame]]:
    library = fuel_table()
    wanted = str(meta.get("factor_set", ""))
    rows = library[library["carrier"] == carrier]
    for factor_set in (wanted, *SUBSTITUTE_SETS):
        found = rows[(rows["factor_set"] == factor_set) & (rows["confidence"] != "suspect")]
        if found.empty:
            continue
        row = _from_fuel(found.iloc[0], meta, "row of the chosen factor set")
        if factor_set == wanted:
            return row, []
        row["reason"] = f"{wanted} has no trusted row for {carrier}"
        seen = f"{carrier} in {wanted}"
        return row, [findings.raw("factor_substitute", table="factors", field=carrier, seen=seen, expected=row["factor_id"])]
    return None, [findings.raw("factor_missing", table="factors", field=carrier, seen=f"{carrier} in {wanted}")]


def _own_row(carrier: str, own: pd.DataFrame, meta: dict[str, Any]) -> dict:
    return _from_fuel(own[own["carrier"] == carrier].iloc[0], meta, "row of the user's own table")


def _from_fuel(row: pd.Series, meta: dict[str, Any], reason: str) -> dict:
    parts = row["ncv_gj_per_unit"], row["carbon_tc_per_gj"], row["oxidation"]
    co2 = float(parts[0] * parts[1] * parts[2] * CARBON_TO_CO2) if pd.notna(parts[1]) else float(row["co2_t_per_unit"])
    if row["biogenic"] == "1":
        co2 = 0.0  # biogenic CO2 is a memo item, never part of the total (IPCC 2006, GHG Protocol)
        reason += "; biogenic CO2 left out"
    other = _other_gases(row["ch4_kg_per_unit"], row["n2o_kg_per_unit"], meta)
    return _row(
        row["factor_id"], row["carrier"], co2 + other, row["unit"], row["ncv_gj_per_unit"], reason, row,
        ncv=parts[0], carbon=parts[1], oxidation=parts[2], other_gases_tco2e=other, physical_unit=row["physical_unit"],
        gj_per_physical_unit=row["gj_per_physical_unit"], heating_value_basis=row["heating_value_basis"],
    )  # fmt: skip


def _other_gases(ch4_kg: float, n2o_kg: float, meta: dict[str, Any]) -> float:
    """CH4 and N2O of one unit as tCO2e with the cluster's GWP set."""
    potentials = gwp(str(meta.get("gwp_set", "")))
    total = 0.0
    for gas, kilograms in (("CH4", ch4_kg), ("N2O", n2o_kg)):
        if pd.notna(kilograms) and kilograms:
            total += float(kilograms) / 1000 * potentials.get(gas, float("nan"))
    return total


def _row(factor_id: str, carrier: str, value: float, unit: str, gj: float, reason: str, source: Any, **more: Any) -> dict:
    row = dict.fromkeys(COLUMNS, "") | {"ncv": None, "carbon": None, "oxidation": None, "gj_per_physical_unit": None}
    row |= {"other_gases_tco2e": 0.0, "heating_value_basis": "net"} | more
    row |= {"factor_id": factor_id, "carrier": carrier, "value": value, "unit": unit, "gj_per_unit": gj, "reason": reason}
    row |= {name: source.get(name, "") for name in ("source", "valid_from", "valid_to", "confidence")}
    return row | {"sha256": _hash(row)}


def _hash(row: dict) -> str:
    content = [f"{row[k]:.12g}" if isinstance(row[k], float) else str(row[k]) for k in COLUMNS if k not in ("sha256", "reason")]
    return hashlib.sha256("\x1f".join(content).encode()).hexdigest()


def _grid_row(meta: dict[str, Any], year: int) -> tuple[dict | None, list[pd.DataFrame]]:
    """Location-based grid factor of (region, year); a missing year or region is served by a named substitute."""
    table = _numbers(dictionary.read_table("factors/grid"))
    table["year"] = pd.to_numeric(table["year"])
    library = _grid_library(meta)
    table = table[(table["factor_set"] == library) & table["variant"].isin(AVERAGE_VARIANTS)]
    region = str(meta.get("grid_region", ""))
    rows = table[(table["region"].str.casefold() == region.casefold()) | (table["region_zh"] == region)]
    wanted = f"electricity in {region}, {year}"
    if rows.empty:
        rows = table[table["level"] == "national"]
    if rows.empty:
        return None, [findings.raw("factor_missing", table="factors", field="electricity", seen=wanted)]
    distance = (rows["year"] - year).abs() + 0.5 * (rows["year"] > year)
    order = rows.assign(_unread=rows["confidence"] == "remembered", _distance=distance)
    best = order.sort_values(["_unread", "_distance", "factor_id"]).iloc[0]
    exact = best["year"] == year and region.casefold() in (best["region"].casefold(), best["region_zh"])
    factor = float(best["co2_t_per_mwh"]) + _other_gases(best["ch4_kg_per_mwh"], best["n2o_kg_per_mwh"], meta)
    reason = "grid average of region and year" if exact else f"nearest read row for {wanted}"
    row = _row(
        best["factor_id"], "electricity", factor, "MWh", GJ_PER_MWH, reason, dict(best) | {"valid_from": f"{best['year']:.0f}",
        "valid_to": f"{best['year']:.0f}"},
        heating_value_basis="energy content",
    )  # fmt: skip
    if exact:
        return row, []
    return row, [findings.raw("factor_substitute", table="factors", field="electricity", seen=wanted, expected=row["factor_id"])]


def _grid_library(meta: dict[str, Any]) -> str:
    by_country = {"CN": "cn", "CHINA": "cn", "US": "us-epa", "USA": "us-epa", "GB": "uk-2020", "UK": "uk-2020"}
    found = by_country.get(str(meta.get("country", "")).upper())
    return found or ("cn" if str(meta.get("factor_set", "")).startswith("cn") else str(meta.get("factor_set", "")))


def _heat_row(carrier: str, meta: dict[str, Any]) -> tuple[dict | None, list[pd.DataFrame]]:
    table = _numbers(dictionary.read_table("factors/heat"))
    rows = table[table["factor_set"] == _grid_library(meta)]
    if rows.empty:
        rows = table[table["factor_set"] == "cn"]
    kind = "waste_heat" if carrier == "waste_heat" else "default"
    rows = rows[(rows["variant"] == kind)] if kind in set(rows["variant"]) else rows
    match = rows[rows["carrier"] == carrier]
    best = (match if len(match) else rows).sort_values("factor_id").iloc[0]
    value = float(best["co2_t_per_gj"]) + _other_gases(best["ch4_kg_per_gj"], best["n2o_kg_per_gj"], meta)
    if carrier == "waste_heat":
        value = 0.0
    row = _row(
        best["factor_id"], carrier, value, "GJ", 1.0, "default of the heat table", best, heating_value_basis="energy content"
    )
    if carrier == "waste_heat":
        return row, []
    return row, [findings.raw("heat_default", table="factors", field=carrier, seen=f"{best['factor_id']} ({value:.4g} tCO2e/GJ)")]


def defaults(used: pd.DataFrame) -> pd.DataFrame:
    """The factor rows of carriers, without those that filers stated for single deliveries."""
    table = used[~used["factor_id"].str.startswith("own:")]
    return table[table["carrier"].isin(dictionary.carriers().index)].drop_duplicates("carrier")


def quantify(rows: pd.DataFrame, chosen: pd.DataFrame, table: str) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """Activity, energy and emissions of filed quantities: (`rows` + columns, own factor rows, raw findings).

    `rows` has carrier, unit, quantity and may have ncv, carbon_content, oxidation, tco2_per_unit, note, enterprise_id; signs of
    quantity pass through. New columns: activity and activity_unit (the factor's unit), energy_gj, tco2e, factor_id,
    tco2e_per_activity. Own measurement wins over own NCV x CC x OF,
    which wins over the factor row. `ncv` is GJ per t or per 10^4 Nm3
    (the factor's unit); `tco2_per_unit` is per filed unit. Rows that cannot be converted get NaN and a finding.
    """
    frame = rows.copy()
    for name in ("ncv", "carbon_content", "oxidation", "tco2_per_unit"):
        frame[name] = pd.to_numeric(frame[name]) if name in frame.columns else float("nan")
    if "note" not in frame.columns:
        frame["note"] = ""
    factor = chosen.set_index("carrier")
    for name in ("value", "gj_per_unit", "carbon", "oxidation", "other_gases_tco2e"):
        frame[f"_{name}"] = pd.to_numeric(frame["carrier"].map(factor[name]))
    frame["activity_unit"] = frame["carrier"].map(factor["unit"]).astype("str")
    frame["factor_id"] = frame["carrier"].map(factor["factor_id"]).astype("str")
    frame, found = _heating_values(frame, factor, table)
    frame["activity"] = frame["quantity"] * frame["_per_unit"]
    unknown = frame["_per_unit"].isna() & frame["factor_id"].notna()
    wrong = frame[unknown]
    found.append(
        findings.raw(
            "unit_mismatch", wrong, table=table, field="unit", seen=wrong["unit"], expected=wrong["carrier"], effect="row_set_aside"
        )
    )
    return _emissions(frame, factor, found)


def _heating_values(frame: pd.DataFrame, factor: pd.DataFrame, table: str) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Add `_per_unit` (factor units in one filed unit) and `_gj` (GJ per factor unit), row by distinct case."""
    found = []
    enthalpy = pd.to_numeric(frame["note"].astype(str).str.extract(_ENTHALPY)[0])
    steam = frame["carrier"] == "steam"
    stated = frame["ncv"].where(~steam | frame["ncv"].notna(), (enthalpy - STEAM_ENTHALPY_OFFSET) / 1000)
    by_mass = steam & frame["unit"].map(units.dimension).eq("mass")
    silent = by_mass & stated.isna()
    default = low_pressure_steam_gj_per_t()
    if silent.any():
        found.append(findings.raw("steam_default", frame[silent], table=table, field="ncv", expected=default))
    stated = stated.mask(silent, default)
    case = pd.DataFrame({"carrier": frame["carrier"], "unit": frame["unit"], "ncv": stated})
    distinct = case.drop_duplicates()
    answers = [_conversion(c.carrier, c.unit, c.ncv, factor) for c in distinct.itertuples()]
    distinct = distinct.assign(_per_unit=[a[0] for a in answers], _gj=[a[1] for a in answers])
    merged = case.merge(distinct, on=["carrier", "unit", "ncv"], how="left", validate="m:1")
    frame["_per_unit"], frame["_gj"] = merged["_per_unit"].to_numpy(), merged["_gj"].to_numpy()
    return frame, found


def low_pressure_steam_gj_per_t() -> float:
    """Heat of a tonne of low-pressure steam where none is stated: GB/T 2589's 0.1286 kgce/kg."""
    rows = dictionary.read_table("coal_equivalent").set_index("carrier")
    return float(rows.at["steam_low_pressure", "kgce_per_unit"]) * units.GJ_PER_TCE


def _conversion(carrier: str, unit: str, ncv: float, factor: pd.DataFrame) -> tuple[float, float]:
    """(factor units per filed unit, GJ per factor unit) of one case; NaN where they do not measure the same."""
    nan = float("nan")
    if carrier not in factor.index:
        return nan, nan
    row = factor.loc[carrier]
    base, usual = row["unit"], float(row["gj_per_unit"]) if pd.notna(row["gj_per_unit"]) else nan
    direct = units.factor(unit, base)
    if direct is not None:
        own = ncv if pd.notna(ncv) and units.dimension(base) != "energy" else usual
        return direct, own
    in_gj = units.factor(unit, "GJ")
    if in_gj is not None:
        heat = ncv if pd.notna(ncv) else usual
        return in_gj / heat, heat
    if units.dimension(base) == "energy":  # the factor is per energy, the filing per mass or volume
        for measure, heat in ((_own_measure(unit), ncv), (row["physical_unit"], row["gj_per_physical_unit"])):
            size = units.factor(unit, measure) if measure else None
            if size is not None and pd.notna(heat):
                return size * float(heat) / usual * (units.factor("GJ", base) if base != "GJ" else 1.0), usual
    return nan, nan


def _own_measure(unit: str) -> str:
    """The unit a stated heating value refers to: tonnes, or 10^4 Nm3 for gases."""
    return {"mass": "t", "normal_volume": "10^4 Nm3", "liquid_volume": "L"}.get(units.dimension(unit) or "", "")


def _emissions(
    frame: pd.DataFrame, factor: pd.DataFrame, found: list[pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    kinds = frame["carrier"].map(dictionary.carriers()["kind"])
    carbon = frame["carbon_content"].fillna(frame["_carbon"])
    oxidised = frame["oxidation"].fillna(frame["_oxidation"])
    from_parts = frame["_gj"] * carbon * oxidised * CARBON_TO_CO2 + frame["_other_gases_tco2e"]
    own_parts = (
        frame["carbon_content"].notna() | frame["oxidation"].notna() | (frame["ncv"].notna() & frame["activity_unit"].ne("GJ"))
    )
    own_parts &= kinds.eq("fuel") & from_parts.notna()
    measured = frame["tco2_per_unit"].notna()
    per_activity = frame["_value"].mask(own_parts, from_parts).mask(measured, frame["tco2_per_unit"] / frame["_per_unit"])
    frame["tco2e_per_activity"] = per_activity
    frame["energy_gj"] = frame["activity"] * frame["_gj"]
    frame["tco2e"] = frame["activity"] * per_activity
    own = measured | own_parts
    frame.loc[own, "factor_id"] = _own_ids(frame[own], measured[own])
    used = frame.loc[own, ["factor_id", "carrier", "tco2e_per_activity", "activity_unit", "_gj"]]
    rows = [
        _row(r.factor_id, r.carrier, float(r.tco2e_per_activity), r.activity_unit, float(r._4), "stated by the filer",
        {"source": "stated in the energy ledger", "confidence": "filed"})
        for r in used.drop_duplicates("factor_id").sort_values("factor_id").itertuples(index=False)
    ]  # fmt: skip
    frame = frame.drop(columns=[c for c in frame.columns if c.startswith("_")])
    return frame, pd.DataFrame(rows, columns=COLUMNS), found


def _own_ids(rows: pd.DataFrame, measured: pd.Series) -> list[str]:
    """Ids of factors that filers state themselves, made of what they state, so that row order does not matter."""
    ids = []
    for row, direct in zip(rows.itertuples(), measured, strict=True):
        who = getattr(row, "enterprise_id", "")
        if direct:
            ids.append(f"own:{who}:{row.carrier}:{row.tco2e_per_activity:.6g}tCO2e/{row.activity_unit}")
        else:
            parts = [f"{n}{v:g}" for n, v in (("ncv", row.ncv), ("cc", row.carbon_content), ("of", row.oxidation)) if pd.notna(v)]
            ids.append(f"own:{who}:{row.carrier}:{'-'.join(parts)}")
    return ids


def process_row(factor_id: str, process: str, value: float, unit: str, source: dict) -> dict:
    """A process factor as a row of the factors used: `value` tCO2e per `unit`; the filer's own where the id says so."""
    if factor_id.startswith("own:"):
        source = {"source": "stated in the process table", "confidence": "filed"}
    reason = "stated by the filer" if factor_id.startswith("own:") else "row of the process table"
    return _row(factor_id, process, float(value), unit, 0.0, reason, source, heating_value_basis="none")
