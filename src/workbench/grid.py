"""Grid factors: which row of the library serves a cluster's region, year and variant, and what becomes of missing ones.

A row is known by level (provincial, regional, national), region, data year and variant. A missing year is served by the nearest
read row, a missing region by the next level, each with a finding; a region without a row is never filled in silence.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import pandas as pd

from workbench import dictionary, findings

AVERAGE_VARIANTS = ("average", "total_output", "average_ndrc")
STATED_VARIANTS = (*AVERAGE_VARIANTS, "ets_reporting", "fossil_power", "average_excluding_market_traded_nonfossil")
RESIDUAL_VARIANTS = ("residual_mix", "average_excluding_market_traded_nonfossil")


@cache
def table() -> pd.DataFrame:
    """The grid factor library with numbers as floats; a subregion counts as regional."""
    rows = dictionary.read_factors("factors/grid")
    rows["level"] = rows["level"].replace("subregion", "regional")
    return rows.assign(year=pd.to_numeric(rows["year"], errors="coerce"))


def select(
    level: str, levels: tuple[str, ...], meta: dict[str, Any], year: int
) -> tuple[pd.Series | None, str, list[pd.DataFrame]]:
    """The library row of a level for the cluster's region and year, its status (taken, none, year_YYYY), raw findings.

    `levels` is the cluster's order of preference: a row of a wider area than one asked for before is a substitute.
    """
    variants, found = _variants(meta)
    region = str(meta.get("grid_region", ""))
    best, named = _nearest(library(meta), variants, level, region, year)
    if best is None:
        return None, "none", []
    asked = named or not {"provincial", "regional"} & set(levels[: levels.index(level)])
    if best["year"] == year and asked:
        return best, "taken", found
    place = {"table": "factors", "field": "electricity", "seen": f"electricity in {region}, {year}"}
    found.append(findings.raw("factor_substitute", **place, expected=best["factor_id"]))
    return best, "taken" if best["year"] == year else f"year_{best['year']:.0f}", found


@lru_cache(maxsize=1024)
def _nearest(of: str, variants: tuple[str, ...], level: str, region: str, year: int) -> tuple[pd.Series | None, bool]:
    """The row of a level whose year is nearest, read ones first; and whether a row of the level names the region."""
    rows = table()
    rows = rows[(rows["factor_set"] == of) & rows["variant"].isin(variants) & (rows["level"] == level)]
    named = _names(rows, region)
    if level == "regional" and not named.any():
        rows = rows[_names(rows, _parent(region))]
    elif level != "national":
        rows = rows[named]
    if rows.empty:
        return None, False
    distance = (rows["year"] - year).abs() + 0.5 * (rows["year"] > year)
    ranked = rows.assign(_unread=rows["confidence"] == "remembered", _distance=distance)
    return ranked.sort_values(["_unread", "_distance", "factor_id"]).iloc[0], bool(named.any())


def direct_supply() -> pd.Series:
    """The row of power supplied directly from non-fossil sources or waste heat: nil (MEE supplementary tables)."""
    rows = table()
    return rows[rows["variant"] == "waste_heat_and_renewable_power"].iloc[0]


def residual(meta: dict[str, Any], year: int) -> pd.Series | None:
    """The read residual mix of the year; None where none was read."""
    rows = table()
    rows = rows[(rows["factor_set"] == library(meta)) & rows["variant"].isin(RESIDUAL_VARIANTS) & (rows["year"] == year)]
    rows = rows[rows["confidence"] != "remembered"]
    return rows.iloc[0] if len(rows) else None


def library(meta: dict[str, Any]) -> str:
    """The set of grid and heat factors of the cluster's country, else of its factor set."""
    by_country = {"CN": "cn", "CHINA": "cn", "US": "us-epa", "USA": "us-epa", "GB": "uk-2020", "UK": "uk-2020"}
    found = by_country.get(str(meta.get("country", "")).upper())
    return found or ("cn" if chosen_set(meta).startswith("cn") else chosen_set(meta))


def chosen_set(meta: dict[str, Any]) -> str:
    """The library's set of the cluster; where `factor_set` is the path of a user's table, the set that stands behind it."""
    stated = str(meta.get("factor_set", ""))
    if not stated.lower().endswith((".csv", ".parquet")):
        return stated
    behind = {"CN": "cn-f1", "US": "us-epa", "GB": "uk-2020"}.get(str(meta.get("country", "")).upper(), "ipcc-2006")
    return str(meta.get("base_factor_set") or behind)


def _variants(meta: dict[str, Any]) -> tuple[tuple[str, ...], list[pd.DataFrame]]:
    stated = str(meta.get("grid_variant") or "")
    if not stated or stated in STATED_VARIANTS:
        return ((stated,) if stated else AVERAGE_VARIANTS), []
    place = {"table": "cluster", "field": "grid_variant", "seen": stated, "expected": ", ".join(STATED_VARIANTS)}
    return AVERAGE_VARIANTS, [findings.raw("cluster_field", **place)]


def _names(rows: pd.DataFrame, region: str) -> pd.Series:
    plain = region.casefold().replace(" ", "_")
    return (region != "") & ((rows["region"].str.casefold() == plain) | (rows["region_zh"] == region))


def _parent(region: str) -> str:
    """The regional grid of a province, '' when unknown."""
    rows = dictionary.read_table("grid_regions")
    rows = rows[(rows["province"] == region.casefold().replace(" ", "_")) | (rows["province_zh"] == region)]
    return rows["region"].iat[0] if len(rows) else ""
