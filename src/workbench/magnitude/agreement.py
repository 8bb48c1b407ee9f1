"""Rows against rows: the same fuel in two sets, heating value against coal equivalent, a grid against other years and regions.

These judgements are warnings: tables of different makers differ for reasons, and a reader decides which of the two to use.
"""

from __future__ import annotations

import pandas as pd

from workbench import dictionary, findings, grid, units
from workbench.magnitude import bands, measures

LOCATION = "average"


def fuels(judged: pd.DataFrame, reference: pd.DataFrame) -> list[pd.DataFrame]:
    """Findings between fuel rows; `judged` are measures with bands and peers, `reference` the measures of the peers."""
    return [*_coal_equivalents(judged), *_disagreements(judged, reference)]


def _coal_equivalents(judged: pd.DataFrame) -> list[pd.DataFrame]:
    """Heating value / 29.3076 against the statistical coefficient, in the band of the carrier."""
    table = dictionary.read_table("coal_equivalent").drop_duplicates("carrier").set_index("carrier")
    rows = judged[(judged["quantity"] == "ncv") & judged["first"].isin(table.index) & (judged["power"] == 0)]
    base = rows["unit"].str.removeprefix("GJ/")
    coefficient = pd.to_numeric(rows["first"].map(table["kgce_per_unit"])) / 1000
    sizes = [units.factor(one, unit) for one, unit in zip(base, rows["first"].map(table["unit"]), strict=True)]
    tce = coefficient * pd.Series(sizes, index=rows.index, dtype=float)
    ratio = rows["value"] / units.GJ_PER_TCE / tce
    held = bands.with_bands(rows.drop(columns=["low", "high"]).assign(value=ratio, quantity="ncv_coal_equivalent", unit="1"))
    off = bands.outside(held)
    shown = rows[off]
    wanted = pd.Series(
        [f"{value:.4g} GJ/{one}" for value, one in zip(tce[off] * units.GJ_PER_TCE, base[off], strict=True)], dtype=object
    )
    return [
        findings.raw(
            "ncv_coal_equivalent", shown.set_index("row"), table="factors", field=shown["field"], seen=bands.seen(shown),
            expected=wanted,
        )
    ]  # fmt: skip


def _disagreements(judged: pd.DataFrame, reference: pd.DataFrame) -> list[pd.DataFrame]:
    """Carbon and emissions per energy against the median of at least two other sets; carbon of another carrier is named."""
    limit = findings.tolerance("tables_disagree") / 100
    rows = judged[judged["quantity"].isin(["carbon", "co2_per_tce"]) & (judged["power"] == 0) & (judged["peers"] >= 2)]
    rows = rows[~bands.outside(rows)]
    off = rows[(rows["value"] / rows["usual"] - 1).abs() > limit].drop_duplicates("label")
    trusted = reference[(reference["quantity"] == "carbon") & reference["trusted"].astype(bool)].drop_duplicates("value")
    owners = trusted.set_index("value")
    owner = (
        off["value"].map(owners["label"]).where((off["quantity"] == "carbon") & off["value"].map(owners["first"]).ne(off["first"]))
    )
    usual = [f"{findings.number(value)} {unit}" for value, unit in zip(off["usual"], off["unit"], strict=True)]
    wanted = pd.Series(usual, index=off.index, dtype=object)
    parts = []
    for check, which, shown in (("tables_disagree", owner.isna(), wanted), ("value_of_another_row", owner.notna(), owner)):
        part = off[which]
        parts.append(
            findings.raw(
                check, part.set_index("row"), table="factors", field=part["field"], seen=bands.seen(part), expected=shown[which]
            )
        )
    return parts


def grids(table: pd.DataFrame, reference: pd.DataFrame) -> list[pd.DataFrame]:
    """Findings between grid rows: two sources, years, other regions, residual mix. Both as factors/grid.csv."""
    own, other = _grid(table), _grid(reference)
    keys = ["region", "variant", "year"]
    fresh = other.merge(own[keys].drop_duplicates(), on=keys, how="left", indicator=True, validate="m:1")
    fresh = fresh[fresh["_merge"] == "left_only"].drop(columns="_merge").assign(row=None)
    every = pd.concat([own, fresh.reindex(columns=own.columns)], ignore_index=True) if len(fresh) else own
    return [*_two_sources(own, other, keys), *_years(every), *_other_regions(own, every), *_residual(every)]


def _grid(table: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"row": table.index, "label": measures.text(table, "factor_id"), "region": measures.text(table, "region").str.casefold(),
         "level": measures.text(table, "level"), "variant": measures.text(table, "variant"),
         "year": measures.numbers(table, "year").to_numpy(), "value": measures.numbers(table, "co2_t_per_mwh").to_numpy(float)},
        index=range(len(table)) if table.empty else None,
    )  # fmt: skip
    frame["row"] = frame["row"].astype(object)
    return frame[frame["value"].notna()].reset_index(drop=True)


def _finding(check: str, rows: pd.DataFrame, expected: pd.Series) -> pd.DataFrame:
    shown = bands.seen(rows.assign(unit="tCO2/MWh"))
    return findings.raw(check, rows.set_index("row"), table="factors", field="co2_t_per_mwh", seen=shown, expected=expected)


def _with_label(values: pd.Series, labels: pd.Series) -> pd.Series:
    words = [f"{findings.number(value)} ({label})" for value, label in zip(values, labels, strict=True)]
    return pd.Series(words, index=values.index, dtype=object)


def _two_sources(own: pd.DataFrame, other: pd.DataFrame, keys: list[str]) -> list[pd.DataFrame]:
    """The same region, variant and year with another figure in the reference."""
    known = other.drop_duplicates(keys)[[*keys, "label", "value"]]
    both = own.merge(known, on=keys, how="inner", suffixes=("", "_known"), validate="m:1")
    limit = findings.tolerance("grid_sources_disagree") / 100
    off = both[(both["value"] - both["value_known"]).abs() > limit * both["value_known"]]
    return [_finding("grid_sources_disagree", off, _with_label(off["value_known"], off["label_known"]))]


def _years(every: pd.DataFrame) -> list[pd.DataFrame]:
    """Jumps from one year to the next, and figures repeated from the year before; rows of the reference are not reported."""
    dated = every[every["year"].notna() & (every["value"] != 0)].sort_values(["region", "variant", "year"])
    before = dated.groupby(["region", "variant"])[["year", "value", "label", "row"]].shift()
    consecutive = dated["year"] - before["year"] == 1
    reported = dated["row"].notna()
    change = (dated["value"] / before["value"] - 1).abs()
    expected = _with_label(before["value"], before["label"])
    jump = consecutive & reported & (change > findings.tolerance("jump_between_years") / 100)
    same = consecutive & reported & (change == 0)
    return [
        _finding("jump_between_years", dated[jump], expected[jump]),
        _finding("same_value_two_years", dated[same], expected[same]),
    ]


def _other_regions(own: pd.DataFrame, every: pd.DataFrame) -> list[pd.DataFrame]:
    """A region that holds a national constant, or to the digit the figure of another grid of the same year."""
    local = own[(own["level"] != "national") & (own["value"] != 0)]
    grids = every[every["level"].isin(["national", "regional"]) & (every["value"] != 0)]
    pairs = local.merge(grids, on="value", suffixes=("", "_other"), validate="m:m")
    pairs = pairs[pairs["region"] != pairs["region_other"]]
    pairs = pairs[(pairs["level_other"] == "national") | (pairs["year"] == pairs["year_other"])].drop_duplicates("row")
    return [_finding("value_of_another_row", pairs, pairs["label_other"])]


def _residual(every: pd.DataFrame) -> list[pd.DataFrame]:
    """The residual mix has lost the power that others claimed, mostly clean: it lies above the location-based factor."""
    keys = ["region", "year"]
    location = every[every["variant"] == LOCATION].drop_duplicates(keys)[[*keys, "label", "value"]]
    both = every[every["variant"].isin(grid.RESIDUAL_VARIANTS)].merge(
        location, on=keys, how="inner", suffixes=("", "_location"), validate="m:1"
    )
    low = both[(both["value"] < both["value_location"]) & (both["row"].notna())]
    return [_finding("residual_mix", low, _with_label(low["value_location"], low["label_location"]))]
