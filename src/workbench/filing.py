"""From filed text to typed tables: the dictionary's rules, applied through pandera, worded by the catalogue of checks.

A required cell that fails sets its row aside; an optional cell that fails is ignored and the row kept. Nothing disappears:
every such row or value is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from workbench import capital, dictionary, field_rules, findings, repeats, text_columns
from workbench.store import Package, texts_like
from workbench.workbook import MISSING_FORMULA

_THOUSANDS = r"(?<=\d),(?=\d{3}(\D|$))"
_SUSPICIOUS = re.compile(r"<\s*/?\s*[a-zA-Z!]|javascript:|^\s*[=@](?=\S)|^\s*[+-](?=[A-Za-z(])", re.IGNORECASE)
_META_TEXT = (
    "id", "country", "grid_region", "currency", "factor_set", "gwp_set", "data_nature", "base_factor_set", "grid_variant",
    "chp_method",
)  # fmt: skip
_CONCEIVABLE = "10^-{0:.0f} … 10^{0:.0f}".format(dictionary.threshold("number_power_of_ten"))
_COUNTRIES = {"CHINA": "CN", "USA": "US", "UK": "GB"}
_GWP_SET = "ar5"  # stands in where cluster.yaml names none that is known; each time with a finding


@dataclass(frozen=True)
class Filing:
    """A checked package: `meta`, typed `tables` (each maybe empty), raw findings, and the rows set aside as text."""

    meta: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    findings: list[pd.DataFrame]
    set_aside: pd.DataFrame


def check(package: Package) -> Filing:
    """Apply the dictionary to a package as filed; never raises for data."""
    meta, unclear = _readable_meta(package.meta)
    found = [_file_remarks(package), *_check_meta(package.meta), *unclear]
    tables, aside = {}, []
    with texts_like(package):
        for name in dictionary.names():
            text = package.tables.get(name, pd.DataFrame())
            text = text_columns.without_blank_rows(text.fillna("") if any(c.hasnans for _, c in text.items()) else text)
            tables[name], left, problems = _check_table(name, text, tables)
            found += problems
            if len(left):
                aside.append(_as_records(name, left))
    set_aside = pd.concat(aside, ignore_index=True) if aside else pd.DataFrame(columns=["table", "row", "content"])
    return Filing(meta, tables, found, set_aside)


def apply(filing: Filing, raw: list[pd.DataFrame]) -> Filing:
    """The filing without the values and rows that later checks say to ignore or set aside; the tables given stay as they are."""
    tables = dict(filing.tables)
    aside = [filing.set_aside]
    for part in (p for p in raw if p["effect"].isin(["row_set_aside", "value_ignored"]).any()):
        for name, rows in part[part["effect"] == "row_set_aside"].groupby("table", sort=False)["row"]:
            hit = tables[name]["row"].isin(rows)
            lost = tables[name][hit].set_index("row")
            aside.append(_as_records(name, lost.astype(str).replace("nan", "")))
            tables[name] = tables[name][~hit]
        ignored = part[part["effect"] == "value_ignored"].groupby(["table", "field"], sort=False)["row"]
        for (name, field), rows in ignored:
            hit = tables[name]["row"].isin(rows)
            tables[name] = tables[name].assign(**{field: tables[name][field].mask(hit)})
    return Filing(filing.meta, tables, filing.findings, pd.concat(aside, ignore_index=True))


def _as_records(table: str, rows: pd.DataFrame) -> pd.DataFrame:
    content = ["; ".join(f"{k}={v}" for k, v in row.items() if v) for row in rows.to_dict("records")]
    return pd.DataFrame({"table": table, "row": rows.index, "content": content})


def _file_remarks(package: Package) -> pd.DataFrame:
    rows = [findings.raw(remark.pop("check"), **remark) for remark in map(dict, package.remarks)]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _check_meta(meta: dict[str, Any]) -> list[pd.DataFrame]:
    found = [
        findings.raw("cluster_field", table="cluster", field=name, seen="", expected="a value")
        for name in dictionary.CLUSTER_REQUIRED
        if meta.get(name) in (None, "", {})
    ]
    nature = meta.get("data_nature")
    if nature and nature not in dictionary.DATA_NATURES:
        expected = ", ".join(dictionary.DATA_NATURES)
        found.append(findings.raw("cluster_field", table="cluster", field="data_nature", seen=nature, expected=expected))
    if nature == "synthetic":
        found.append(findings.raw("synthetic_data", table="cluster", field="data_nature", seen=nature))
    return found


def _readable_meta(meta: dict[str, Any]) -> tuple[dict[str, Any], list[pd.DataFrame]]:
    """Codes and names of cluster.yaml as text, blank where nothing can be read; a GWP set that no table holds is replaced."""
    meta, found = dict(meta), []
    for name in _META_TEXT:
        value = meta.get(name)
        if isinstance(value, dict | list):
            found.append(findings.raw("cluster_field", table="cluster", field=name, seen=str(value), expected="a value"))
        if value is not None or name in dictionary.CLUSTER_REQUIRED:
            meta[name] = "" if value is None or isinstance(value, dict | list) else str(value).strip()
    country = meta["country"].upper()
    meta["country"] = _COUNTRIES.get(country, country)
    known = dictionary.read_table("factors/gwp")["gwp_set"].unique()
    if meta["gwp_set"].lower() not in known:
        place = {"table": "cluster", "field": "gwp_set", "seen": meta["gwp_set"]}
        found.append(findings.raw("cluster_field", **place, expected=f"{', '.join(known)} ({_GWP_SET})"))
        meta["gwp_set"] = _GWP_SET
    return meta, found


def _check_table(
    name: str, text: pd.DataFrame, done: dict[str, pd.DataFrame]
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """One table: (typed rows, rows set aside as text, findings)."""
    text = capital.with_column(text) if name == "projects" else text
    if text.empty:
        found = [findings.raw("missing_table", table=name)] if dictionary.is_required(name) else []
        return without_rows(name), text, found
    fields = _fields(name)
    absent = [field.field for field in fields if field.required == "1" and field.field not in text.columns]
    found = [findings.raw("missing_column", table=name, field=field) for field in absent]
    own = [field.field for field in fields]
    extra = [column for column in text.columns if column not in own]
    found += [findings.raw("unknown_column", table=name, field=field, seen=field) for field in extra]
    if absent:
        return without_rows(name), text, found
    text = _in_order(text, [*own, *extra], own)
    filled = [f for f in fields if f.field in text and (f.required == "1" or text_columns.filled(text[f.field].array).any())]
    typed, problems = _typed(name, text, extra, filled)
    if name == "projects":
        typed, told = capital.completed(typed)
        found += told
    problems += field_rules.problems(name, typed, text, filled)
    problems += _references(name, typed, filled, done)
    problems += repeats.problems(name, text)
    problems = [p for p in problems if len(p)]
    found += [*_suspicious(name, text), *problems]
    bad = {row for p in problems for row in p.loc[p["effect"] == "row_set_aside", "row"]}
    for problem in problems:
        for row, field in problem.loc[problem["effect"] == "value_ignored", ["row", "field"]].itertuples(index=False):
            typed.at[row, field] = None
    kept = typed[~typed.index.isin(bad)].copy() if bad else typed
    kept.insert(0, "row", kept.index)
    return kept, text[text.index.isin(bad)] if bad else text.iloc[:0], found


@cache
def _fields(name: str) -> tuple[Any, ...]:
    """The fields of a table, in order."""
    return tuple(dictionary.fields(name).itertuples())


def _in_order(text: pd.DataFrame, order: list[str], known: Collection[str]) -> pd.DataFrame:
    """The columns that are filed, in the dictionary's order, and that of the enterprise, which findings name."""
    named = text if "enterprise_id" in text.columns or "enterprise_id" not in known else text.assign(enterprise_id="")
    return pd.DataFrame({column: named[column].array for column in order if column in named}, index=text.index)


def without_rows(name: str) -> pd.DataFrame:
    """A table in which nothing is filed, as it leaves the checks: every field with its type."""
    return _no_rows(name).copy()


@cache
def _no_rows(name: str) -> pd.DataFrame:
    """The table without a row, with the types of its fields."""
    types = {f.field: "float64" if f.type in dictionary.NUMERIC else "str" for f in _fields(name)}
    return pd.DataFrame({"row": pd.Series(dtype="int64")} | {n: pd.Series(dtype=t) for n, t in types.items()})


def _typed(name: str, text: pd.DataFrame, extra: list[str], filled: list[Any]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Numbers out of text; what is not a number becomes a finding and a blank. Columns not in `filled` are blank throughout."""
    blank, nothing = pd.array([""] * len(text), dtype="str"), np.full(len(text), np.nan)
    columns: dict[str, Any] = {field.field: nothing if field.type in dictionary.NUMERIC else blank for field in _fields(name)}
    columns |= {column: text[column].array for column in text if column in extra or columns[column] is blank}
    problems = []
    for field in filled:
        read = _numbers if field.type in dictionary.NUMERIC else _words
        columns[field.field], told = read(name, field, text)
        problems += told
    return pd.DataFrame(columns, index=text.index), problems


def _words(name: str, field: Any, text: pd.DataFrame) -> tuple[Any, list[pd.DataFrame]]:
    """A column of text without formulas."""
    column = text[field.field]
    if MISSING_FORMULA not in text_columns.words(column.array):
        return column.array, []
    formula = column == MISSING_FORMULA
    return column.mask(formula, "").array, [_formulas(name, field, text[formula])]


def _formulas(name: str, field: Any, rows: pd.DataFrame) -> pd.DataFrame:
    return findings.raw("formula_without_value", rows, table=name, field=field.field, effect=_effect(field))


def _effect(field: Any) -> str:
    """What becomes of a row whose cell cannot be read."""
    return "row_set_aside" if field.required == "1" else "value_ignored"


def _numbers(name: str, field: Any, text: pd.DataFrame) -> tuple[np.ndarray, list[pd.DataFrame]]:
    """A column as numbers; cells that are none, and numbers nobody can mean, are blank and told."""
    column = text[field.field]
    filled, value = text_columns.filled(column.array), _number(column)
    place, told = {"table": name, "field": field.field, "effect": _effect(field)}, []
    if (np.isnan(value) & filled).any():  # formulas and figures with commas are among what is no number yet
        formula = column == MISSING_FORMULA
        told += [_formulas(name, field, text[formula])] if formula.any() else []
        value, filled = _number(ungrouped(column.mask(formula, ""))), filled & ~formula.to_numpy(bool)
    wrong, beyond = np.isnan(value) & filled, ~np.isnan(value) & ~dictionary.conceivable(value)
    if beyond.any():
        rows = text[beyond]
        told.append(findings.raw("out_of_range", rows, **place, seen=rows[field.field], expected=_CONCEIVABLE))
    if wrong.any():
        rows = text[wrong]
        told.append(findings.raw("not_a_number", rows, **place, seen=rows[field.field]))
    return np.where(beyond, np.nan, value), told


def _number(column: pd.Series) -> np.ndarray:
    """Numbers out of text, NaN where there is none or no end."""
    value = np.asarray(pd.to_numeric(text_columns.cells(column.array), errors="coerce"), dtype=float)
    return np.where(np.isfinite(value), value, np.nan)


def ungrouped(column: pd.Series) -> pd.Series:
    """Figures without the commas that part their thousands: 1,234,567 is 1234567, and 1,5 stays as it is."""
    grouped = column.str.contains(",", regex=False)
    return column.mask(grouped, column[grouped].str.replace(_THOUSANDS, "", regex=True)) if grouped.any() else column


def _references(name: str, typed: pd.DataFrame, fields: list[Any], done: dict[str, pd.DataFrame]) -> list[pd.DataFrame]:
    """Ids that point into another table (or into this one) and find nothing there."""
    problems = []
    for field in (field for field in fields if "." in field.code_list):
        target, column = field.code_list.split(".")
        known = typed[column] if target == name else done[target][column] if target in done else None
        if known is None:
            continue
        lost = text_columns.words(typed[field.field].array) - text_columns.words(known.array) - {""}
        if not lost:
            continue
        rows = typed[typed[field.field].isin(lost)]
        check = {"enterprises": "unknown_enterprise", "projects": "unknown_project"}.get(target, "unknown_reference")
        effect = "row_set_aside" if field.required == "1" or target in ("enterprises", "projects") else "value_ignored"
        problems.append(
            findings.raw(check, rows, table=name, field=field.field, seen=rows[field.field], expected=target, effect=effect)
        )
    return problems


def _suspicious(name: str, text: pd.DataFrame) -> list[pd.DataFrame]:
    """Text that a browser or a spreadsheet might run; it is kept and always escaped."""
    numeric = {field.field for field in _fields(name) if field.type in dictionary.NUMERIC}
    found = []
    for column in (column for column in text if column not in numeric):
        words = text_columns.words(text[column].array) - {MISSING_FORMULA}
        doubtful = {word for word in words if _SUSPICIOUS.search(word)}
        if doubtful:
            rows = text[text[column].isin(doubtful)]
            found.append(findings.raw("suspicious_text", rows, table=name, field=column, seen=rows[column]))
    return [pd.concat(found, ignore_index=True)] if found else []
