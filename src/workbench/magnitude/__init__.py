"""The magnitude guard: every factor, heating value, price and intensity that enters is held against bands and against its peers.

Bands are in `data/magnitudes.csv`, tolerances in `data/checks.csv`. A figure outside its band, or near its peers' median times a
power of ten, is an error; two tables that disagree, a jump between years or a figure of another row is a warning. No figure
is changed.
"""

from __future__ import annotations

from functools import cache

import pandas as pd

from workbench import dictionary, findings, library, units
from workbench.magnitude import agreement, bands, filed, measures

__all__ = ["check", "check_factors", "check_intensities", "check_library", "check_own", "check_prices", "filed", "own"]

LAYOUTS = {
    "kgce_per_unit": "coal_equivalent", "ncv_gj_per_unit": "fuel", "co2_t_per_unit": "fuel", "co2_t_per_mwh": "electricity",
    "co2_t_per_gj": "heat", "gwp_set": "gwp", "process": "process",
    "price_id": "price", "benchmark_id": "benchmark", "tce": "intensity",
}  # fmt: skip
REFERENCES = library.KINDS | {"price": "prices", "benchmark": "benchmarks"}


def check(kind: str, table: pd.DataFrame, reference: pd.DataFrame | None = None) -> list[pd.DataFrame]:
    """Raw findings of a table of one kind, in the layout of the workbench's own table of that kind.

    `kind`: fuel, electricity, heat, process, gwp, coal_equivalent, price, benchmark, intensity (rows of an inventory).
    `reference` holds the peers (default: the workbench's own table); the index of `table` is the row a finding names.
    """
    if table.empty:
        return []
    known = own(kind) if reference is None else reference
    figures, peers = measures.of(kind, table), _own_figures(kind) if reference is None else measures.of(kind, known)
    if kind == "coal_equivalent":
        peers = pd.concat([peers, _heating_values_as_kgce()], ignore_index=True)
    pool = _once(pd.concat([peers, figures], ignore_index=True) if len(peers) else figures)
    judged = bands.of_sound_parts(bands.with_peers(bands.with_bands(figures), pool))
    found = bands.found(judged, "prices" if kind == "price" else "benchmarks" if kind == "benchmark" else "factors")
    if kind == "fuel":
        found += agreement.fuels(judged, pool)
    if kind == "electricity":
        found += agreement.grids(table, known)
    return [part for part in found if len(part)]


def check_factors(table: pd.DataFrame, reference: pd.DataFrame | None = None) -> list[pd.DataFrame]:
    """Raw findings of a factor table; its columns tell the kind (`LAYOUTS`). A table of no known layout gives a finding."""
    kind = next((kind for column, kind in LAYOUTS.items() if column in table.columns), None)
    if kind is None:
        return [findings.raw("missing_column", table="factors", field="co2_t_per_unit")]
    return check(kind, table, reference)


def check_prices(prices: pd.DataFrame, reference: pd.DataFrame | None = None) -> list[pd.DataFrame]:
    """Raw findings of prices in the layout of prices.csv (country, currency, carrier, unit, value, low, high)."""
    return check("price", prices, reference)


def check_intensities(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Raw findings of emissions per energy of the fuels of an inventory (carrier, tce, tco2e); other rows are not judged."""
    return check("intensity", table)


def check_library(kind: str, factor_ids: set[str] | None = None) -> list[pd.DataFrame]:
    """Raw findings of one of the workbench's own tables against itself, for the rows named (default: all)."""
    table = own(kind)
    if factor_ids is None:
        return check(kind, table)
    names = library.tidy(kind, table)["factor_id"].isin(factor_ids).to_numpy()
    return check(kind, table[names])


def check_own(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Raw findings of a user's own factor table as `factors.own_table` reads it; rows are the lines of the file.

    The index is the line where it is called `row`; else the heading is taken as line 1.
    """
    lines = table if table.index.name == "row" else table.set_axis(range(2, len(table) + 2))
    carriers, names = measures.text(lines, "carrier"), measures.text(lines, "unit")
    unknown, odd = lines[~carriers.isin(dictionary.carriers().index)], lines[~names.map(units.is_known)]
    nearest = names[odd.index].map(units.nearest)
    found = [
        findings.raw("unknown_code", unknown, table="factors", field="carrier", seen=carriers[unknown.index], expected="carriers"),
        findings.raw("unknown_unit", odd, table="factors", field="unit", seen=names[odd.index], expected=nearest),
        *check("fuel", lines),
    ]
    return [part for part in found if len(part)]


def own(kind: str) -> pd.DataFrame:
    """The workbench's own table of a kind; its index is the line of the file. Intensities have none."""
    if kind not in REFERENCES:
        return pd.DataFrame()
    table = dictionary.read_table(REFERENCES[kind])
    return table.set_axis(range(2, len(table) + 2))


@cache
def _own_figures(kind: str) -> pd.DataFrame:
    """Measures of the workbench's own table of a kind."""
    return measures.of(kind, own(kind))


@cache
def _heating_values_as_kgce() -> pd.DataFrame:
    """Heating values of the workbench's own fuels as peers of coal equivalents."""
    return measures.heating_values_as_kgce(own("fuel"))


def _once(pool: pd.DataFrame) -> pd.DataFrame:
    """Peers without exact repeats: a table held against itself counts each figure once."""
    return pool.drop_duplicates(["label", "near", "wide", "quantity", "unit", "field", "value"])
