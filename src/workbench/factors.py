"""Emission factors: which row of the library serves a carrier, in the order of preference the cluster states, and why.

Families of factors are never mixed in silence: a carrier, year or region the chosen set does not hold is served by a named
substitute with a finding, or by none with a finding. GWP-weighted CH4 and N2O are added where the set states them.
Order of preference (GB/T 32150, GHG Protocol): measured, supplier's, local, provincial, regional, national, IPCC; `cluster.yaml`
may state another one as `factor_order`.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from workbench import dictionary, findings, grid, store

CARBON_TO_CO2 = 44 / 12
GJ_PER_MWH = 3.6
LEVELS = ("measured", "supplier", "local", "provincial", "regional", "national", "ipcc")
SUBSTITUTE_SETS = ("cn-f1", "cn-f2", "cn-f3", "ipcc-2006", "us-epa")
COLUMNS = [
    "factor_id", "carrier", "value", "unit", "gj_per_unit", "ncv", "carbon", "oxidation", "other_gases_tco2e", "biogenic_tco2",
    "physical_unit", "gj_per_physical_unit", "heating_value_basis", "source", "valid_from", "valid_to", "confidence", "level",
    "sha256", "reason", "grid_region",
]  # fmt: skip
_Found = tuple[dict | None, str, list[pd.DataFrame]]  # row or none, status, findings


@cache
def gwp(gwp_set: str) -> dict[str, float]:
    """Global warming potentials of a set (`ar4`, `ar5`, …), gas → tCO2e per t."""
    rows = dictionary.read_table("factors/gwp")
    rows = rows[rows["gwp_set"] == gwp_set.lower()]
    return dict(zip(rows["gas"], rows["value"].astype(float), strict=True))


@cache
def fuel_table() -> pd.DataFrame:
    """The fuel factor library with numbers as floats."""
    return dictionary.read_factors("factors/fuels")


def own_table(source: Path | pd.DataFrame) -> pd.DataFrame:
    """A user's own factor table (a file, or the package's table `factors`) in the layout of the fuel library."""
    filed = store.read_text(source, "factors", []).reset_index(drop=True) if isinstance(source, Path) else source
    table = filed.astype(object).fillna("").astype(str)
    table = table.reindex(columns=dictionary.read_table("factors/fuels").columns, fill_value="")
    table["biogenic"] = table["biogenic"].str.startswith("1").map({True: "1", False: "0"})
    table["factor_id"] = table["factor_id"].where(table["factor_id"] != "", "own-table:" + table["carrier"])
    return dictionary.with_numbers(table)


def order(meta: dict[str, Any]) -> tuple[tuple[str, ...], list[pd.DataFrame]]:
    """The cluster's order of preference and findings: `factor_order` of cluster.yaml without unknown levels, else LEVELS."""
    stated = meta.get("factor_order")
    if not stated:
        return LEVELS, []
    stated = [str(level) for level in (stated if isinstance(stated, list) else [stated])]
    known = tuple(dict.fromkeys(level for level in stated if level in LEVELS))
    strange = [level for level in stated if level not in LEVELS]
    place = {"table": "cluster", "field": "factor_order", "expected": ", ".join(LEVELS)}
    found = [findings.raw("cluster_field", **place, seen=", ".join(strange))] if strange else []
    return (known or LEVELS), found


def choose(
    carriers: list[str], meta: dict[str, Any], year: int, own: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """The factor row of each carrier for a cluster and year: table with COLUMNS (one row a carrier), raw findings.

    `meta` gives factor_set, gwp_set, grid_region, country and may give factor_order and grid_variant; `own` is a user's table.
    `value` is tCO2e per `unit`, `level` where the row stands in the order, `reason` what became of each better level
    (`provincial:none; regional:none; national:taken`). A carrier without factor has no row.
    """
    levels, found = order(meta)
    rows = []
    for carrier in sorted(set(carriers)):
        kind = dictionary.carriers()["kind"].get(carrier, "fuel")
        if kind not in ("fuel", "electricity", "heat"):
            continue
        row, problems = _best(carrier, kind, levels, meta, year, own)
        found += problems
        if row is not None:
            rows.append(row)
    table = pd.DataFrame(rows, columns=COLUMNS)
    remembered = table[table["confidence"].isin(["remembered", "suspect"])]
    found += [
        findings.raw("factor_remembered", table="factors", field=r.carrier, seen=r.factor_id) for r in remembered.itertuples()
    ]
    return table, found


def of_regions(
    regions: list[str], chosen: pd.DataFrame, meta: dict[str, Any], year: int
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Power's factor rows for enterprises on other grids than the cluster's: table with COLUMNS, raw findings.

    One row a factor; `grid_region` lists the regions it serves, joined by ";". No row where the cluster's own (`chosen`) serves,
    or the user's own table does.
    """
    rows, found = {}, []
    power = chosen[chosen["carrier"] == "electricity"]
    usual = set(power["factor_id"])
    for region in sorted({r for r in regions if r}) if usual and not power["level"].eq("local").any() else []:
        row, problems = _best("electricity", "electricity", order(meta)[0], meta | {"grid_region": region}, year, None)
        found += problems
        if row is not None and row["factor_id"] not in usual:
            served = rows.setdefault(row["factor_id"], row)["grid_region"]
            rows[row["factor_id"]]["grid_region"] = f"{served};{region}" if served else region
    return pd.DataFrame(list(rows.values()), columns=COLUMNS), found


def for_everyone(used: pd.DataFrame) -> pd.DataFrame:
    """Factor rows without those that serve some grid regions only."""
    return used[used["grid_region"].fillna("") == ""] if "grid_region" in used.columns else used


def _best(
    carrier: str, kind: str, levels: tuple[str, ...], meta: dict[str, Any], year: int, own: pd.DataFrame | None
) -> tuple[dict | None, list[pd.DataFrame]]:
    """The row of the first level that has one; what became of the levels before it is its reason."""
    tried = []
    for level in levels:
        if level in ("measured", "supplier"):
            continue  # stated row by row in the ledger
        row, status, found = _at_level(carrier, kind, level, meta, year, own)
        tried.append(f"{level}:{status}")
        if row is not None:
            return row | {"level": level, "reason": "; ".join(tried)}, found
    row, found = _last_resort(carrier, meta) if kind == "fuel" else (None, [])
    if row is not None:
        return row | {"level": "substitute", "reason": "; ".join([*tried, "substitute:taken"])}, found
    wanted = f"{carrier} in {grid.chosen_set(meta) if kind == 'fuel' else meta.get('grid_region', '')}, {year}"
    return None, [findings.raw("factor_missing", table="factors", field=carrier, seen=wanted)]


def _at_level(carrier: str, kind: str, level: str, meta: dict[str, Any], year: int, own: pd.DataFrame | None) -> _Found:
    if level == "local":
        return _local(carrier, meta, year, own)
    if kind == "electricity":
        return _grid(carrier, level, meta, year)
    if kind == "heat":
        return _heat(carrier, meta) if level == "national" else (None, "none", [])
    if level == "national":
        return _of_set(carrier, meta)
    return _of_ipcc(carrier, meta) if level == "ipcc" else (None, "none", [])


def _local(carrier: str, meta: dict[str, Any], year: int, own: pd.DataFrame | None) -> _Found:
    """A row of the user's own table that is valid in the year."""
    if own is None or own.empty:
        return None, "no_table", []
    rows = own[own["carrier"] == carrier]
    if rows.empty:
        return None, "none", []
    start = pd.to_numeric(rows["valid_from"].str[:4], errors="coerce").fillna(float("-inf"))
    end = pd.to_numeric(rows["valid_to"].str[:4], errors="coerce").fillna(float("inf"))
    rows = rows[(start <= year) & (end >= year)]
    return (_from_fuel(rows.iloc[0], meta), "taken", []) if len(rows) else (None, "expired", [])


def _of_set(carrier: str, meta: dict[str, Any]) -> _Found:
    """The row of the chosen set; where it has none, another family of the same country with a finding."""
    wanted = grid.chosen_set(meta)
    if wanted == "ipcc-2006":
        return None, "not_chosen", []
    row, status = _trusted(carrier, wanted)
    if row is not None:
        return _from_fuel(row, meta), "taken", []
    kin = [s for s in SUBSTITUTE_SETS if s.startswith("cn-") and grid.library(meta) == "cn" or s == "us-epa" and wanted == s]
    for factor_set in kin:
        row, _ = _trusted(carrier, factor_set)
        if row is not None:
            return (
                _from_fuel(row, meta),
                "substitute",
                [_substitute(carrier, wanted, row["factor_id"])],
            )
    return None, status, []


def _of_ipcc(carrier: str, meta: dict[str, Any]) -> _Found:
    row, status = _trusted(carrier, "ipcc-2006")
    if row is None:
        return None, status, []
    wanted = grid.chosen_set(meta)
    chosen = wanted == "ipcc-2006" or "national" not in order(meta)[0]
    return _from_fuel(row, meta), "taken", [] if chosen else [_substitute(carrier, wanted, row["factor_id"])]


def _trusted(carrier: str, factor_set: str) -> tuple[dict[str, Any] | None, str]:
    return _fuels_by_set().get((carrier, factor_set), (None, "none"))


@cache
def _fuels_by_set() -> dict[tuple[str, str], tuple[dict[str, Any] | None, str]]:
    """The first row of each carrier in each set that is not suspect."""
    found: dict[tuple[str, str], tuple[dict[str, Any] | None, str]] = {}
    for row in fuel_table().to_dict("records"):
        key = row["carrier"], row["factor_set"]
        if row["confidence"] == "suspect":
            found.setdefault(key, (None, "suspect"))
        elif found.get(key, (None, ""))[0] is None:
            found[key] = row, "taken"
    return found


def _last_resort(carrier: str, meta: dict[str, Any]) -> tuple[dict | None, list[pd.DataFrame]]:
    for factor_set in SUBSTITUTE_SETS:
        row, _ = _trusted(carrier, factor_set)
        if row is not None:
            return _from_fuel(row, meta), [_substitute(carrier, grid.chosen_set(meta), row["factor_id"])]
    return None, []


def _substitute(carrier: str, wanted: str, taken: str) -> pd.DataFrame:
    return findings.raw("factor_substitute", table="factors", field=carrier, seen=f"{carrier} in {wanted}", expected=taken)


def _from_fuel(row: pd.Series | dict[str, Any], meta: dict[str, Any]) -> dict:
    parts = row["ncv_gj_per_unit"], row["carbon_tc_per_gj"], row["oxidation"]
    co2 = float(parts[0] * parts[1] * parts[2] * CARBON_TO_CO2) if pd.notna(parts[1]) else float(row["co2_t_per_unit"])
    biogenic = co2 if row["biogenic"] == "1" else 0.0  # a memo item, never part of the total (IPCC 2006, GHG Protocol)
    other = _other_gases(row["ch4_kg_per_unit"], row["n2o_kg_per_unit"], meta)
    return _row(
        row["factor_id"], row["carrier"], co2 - biogenic + other, row["unit"], row["ncv_gj_per_unit"], row,
        ncv=parts[0], carbon=parts[1], oxidation=parts[2], other_gases_tco2e=other, biogenic_tco2=biogenic,
        physical_unit=row["physical_unit"], gj_per_physical_unit=row["gj_per_physical_unit"],
        heating_value_basis=row["heating_value_basis"],
    )  # fmt: skip


def _other_gases(ch4_kg: float, n2o_kg: float, meta: dict[str, Any]) -> float:
    """CH4 and N2O of one unit as tCO2e with the cluster's GWP set."""
    potentials = gwp(str(meta.get("gwp_set", "")))
    total = 0.0
    for gas, kilograms in (("CH4", ch4_kg), ("N2O", n2o_kg)):
        if pd.notna(kilograms) and kilograms:
            total += float(kilograms) / 1000 * potentials.get(gas, float("nan"))
    return total


def _row(factor_id: str, carrier: str, value: float, unit: str, gj: float, source: Any, **more: Any) -> dict:
    row = dict.fromkeys(COLUMNS, "") | {"ncv": None, "carbon": None, "oxidation": None, "gj_per_physical_unit": None}
    row |= {"other_gases_tco2e": 0.0, "biogenic_tco2": 0.0, "heating_value_basis": "net"} | more
    row |= {"factor_id": factor_id, "carrier": carrier, "value": value, "unit": unit, "gj_per_unit": gj}
    row |= {name: source.get(name, "") for name in ("source", "valid_from", "valid_to", "confidence")}
    return row | {"sha256": _hash(row)}


def _hash(row: dict) -> str:
    """Hash of what a factor row is; how it came to be chosen is no part of it."""
    skip = ("sha256", "reason", "level", "grid_region")
    content = [f"{row[k]:.12g}" if isinstance(row[k], float) else str(row[k]) for k in COLUMNS if k not in skip]
    return hashlib.sha256("\x1f".join(content).encode()).hexdigest()


def _grid(carrier: str, level: str, meta: dict[str, Any], year: int) -> _Found:
    """Grid factor of (level, region, year, variant); power supplied directly from non-fossil sources or waste heat counts nil."""
    if carrier != "electricity":
        best, status = (grid.direct_supply(), "taken") if level == "national" else (None, "none")
        return (None if best is None else _electricity(best, carrier, meta)), status, []
    best, status, found = grid.select(level, order(meta)[0], meta, year)
    return (None if best is None else _electricity(best, carrier, meta)), status, found


def _electricity(best: pd.Series, carrier: str, meta: dict[str, Any]) -> dict:
    other = _other_gases(best["ch4_kg_per_mwh"], best["n2o_kg_per_mwh"], meta)
    valid = "" if pd.isna(best["year"]) else f"{best['year']:.0f}"
    return _row(
        best["factor_id"], carrier, float(best["co2_t_per_mwh"]) + other, "MWh", GJ_PER_MWH,
        dict(best) | {"valid_from": valid, "valid_to": valid}, heating_value_basis="energy content", other_gases_tco2e=other,
    )  # fmt: skip


def residual_mix(meta: dict[str, Any], year: int) -> dict | None:
    """The read residual mix (grid average without traded non-fossil power) of the year, tCO2e per MWh; None where none was read.

    It serves the market-based figure of scope 2 (GHG Protocol Scope 2 Guidance) for power bought without a contract of its own.
    """
    best = grid.residual(meta, year)
    return None if best is None else _electricity(best, "electricity", meta)


def _heat(carrier: str, meta: dict[str, Any]) -> _Found:
    table = dictionary.read_factors("factors/heat")
    rows = table[table["factor_set"] == grid.library(meta)]
    if rows.empty:
        rows = table[table["factor_set"] == "cn"]
    kind = "waste_heat" if carrier == "waste_heat" else "default"
    rows = rows[(rows["variant"] == kind)] if kind in set(rows["variant"]) else rows
    match = rows[rows["carrier"] == carrier]
    best = (match if len(match) else rows).sort_values("factor_id").iloc[0]
    other = _other_gases(best["ch4_kg_per_gj"], best["n2o_kg_per_gj"], meta) if carrier != "waste_heat" else 0.0
    value = float(best["co2_t_per_gj"]) + other if carrier != "waste_heat" else 0.0
    row = _row(best["factor_id"], carrier, value, "GJ", 1.0, best, heating_value_basis="energy content", other_gases_tco2e=other)
    if carrier == "waste_heat":
        return row, "taken", []
    seen = f"{best['factor_id']} ({value:.4g} tCO2e/GJ)"
    return row, "taken", [findings.raw("heat_default", table="factors", field=carrier, seen=seen)]


def defaults(used: pd.DataFrame) -> pd.DataFrame:
    """The factor rows of carriers, without those that filers stated for single deliveries or that serve other grids."""
    table = for_everyone(used[~used["factor_id"].str.startswith("own:")])
    return table[table["carrier"].isin(dictionary.carriers().index)].drop_duplicates("carrier")


def stated_row(factor_id: str, carrier: str, value: float, unit: str, gj: float, level: str, **more: Any) -> dict:
    """A factor a filer stated, as a row of the factors used: `value` tCO2e and `gj` GJ per `unit`."""
    row = _row(factor_id, carrier, value, unit, gj, {"source": "stated in the energy ledger", "confidence": "filed"}, **more)
    return row | {"level": level, "reason": f"{level}:taken"}


def process_row(factor_id: str, process: str, value: float, unit: str, source: dict, table: str = "process") -> dict:
    """A process factor as a row of the factors used: `value` tCO2e per `unit`; the filer's own, from `table`, if its id says so."""
    own = factor_id.startswith("own:")
    if own:
        source = {"source": f"stated in the table {table}", "confidence": "filed"}
    row = _row(factor_id, process, float(value), unit, 0.0, source, heating_value_basis="none")
    return row | {
        "level": "measured" if own else "national",
        "reason": "measured:taken" if own else "measured:not_filed; national:taken",
    }
