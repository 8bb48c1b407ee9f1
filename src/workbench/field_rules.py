"""Rules of the dictionary on the cells of a column: required, one of a list of codes, within a range.

pandera finds the cells that break them; the catalogue of checks says what they mean.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from workbench import dictionary, findings, text_columns, units

_QUANTITIES = ("quantity", "quantity_sent", "quantity_received")


def problems(name: str, typed: pd.DataFrame, text: pd.DataFrame, fields: list[Any]) -> list[pd.DataFrame]:
    """Required cells, code lists and ranges of `fields`, found by pandera and told in our words."""
    fields = [field for field in fields if not holds(field, typed[field.field].array)]
    if not fields:
        return []
    import pandera.errors
    import pandera.pandas as pa

    schema = pa.DataFrameSchema({field.field: _column(pa, field) for field in fields}, unique_column_names=True)
    try:
        schema.validate(typed, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases.dropna(subset=["index"])
    else:
        return []
    by_name = {field.field: field for field in fields}
    found = []
    for (column, rule), group in cases.groupby(["column", "check"], sort=True):
        rows = typed.loc[group["index"].astype(int)]
        if rule == "missing_value":
            rows = rows[text.loc[rows.index, column] == ""]
        field = by_name[column]
        check, expected = _worded(rule, field)
        effect = "row_set_aside" if field.required == "1" else "value_ignored"
        if check == "missing_value" and name == "projects" and column == "capex":
            check, effect = "missing_capex", "kept"
        found.append(findings.raw(check, rows, table=name, field=column, seen=rows[column], expected=expected, effect=effect))
    return _with_nearest_unit(found)


def holds(field: Any, column: ExtensionArray) -> bool:
    """Whether no cell of a typed column breaks a rule of its field, seen from its extremes or its words, without pandera.

    Most columns of most packages hold, and pandera takes half a millisecond for each, however short.
    """
    if field.type in dictionary.NUMERIC:
        values = np.asarray(column)
        missing = field.required == "1" and np.isnan(values).any()
        return not (missing or (values < field.minimum).any() or (values > field.maximum).any())
    words = text_columns.words(column)
    allowed = _allowed(field)
    return (field.required != "1" or "" not in words) and (allowed is None or words <= allowed)


def _allowed(field: Any) -> frozenset[str] | None:
    """The words a text field may hold, None where it may hold any; a blank is no word and never wrong."""
    if field.code_list in ("carriers", "processes") or field.type == "code":
        return _codes(field.code_list)
    return _units() if field.type == "unit" else None


@cache
def _codes(code_list: str) -> frozenset[str]:
    return frozenset(("", *dictionary.codes(code_list)))


@cache
def _units() -> frozenset[str]:
    return frozenset(("", *units.table()["unit"]))


def _column(pa: Any, field: Any) -> Any:
    """The pandera column of one dictionary field. Blank text counts as missing; blanks of optional fields pass."""
    checks = []
    optional = field.required != "1"
    if field.type in dictionary.NUMERIC:
        if not optional:
            checks.append(pa.Check(lambda s: s.notna(), name="missing_value", error="missing_value", ignore_na=False))
        low, high = field.minimum, field.maximum
        if pd.notna(low):
            checks.append(pa.Check.ge(low, error="out_of_range"))
        if pd.notna(high):
            checks.append(pa.Check.le(high, error="out_of_range"))
        return pa.Column(float, checks, nullable=True)
    if not optional:
        checks.append(pa.Check(lambda s: s != "", name="missing_value", error="missing_value"))
    allowed, rule = _allowed(field), "unknown_unit" if field.type == "unit" else "unknown_code"
    if allowed is not None:
        checks.append(pa.Check(lambda s: s.isin(allowed), name=rule, error=rule))
    return pa.Column(None, checks, nullable=True)


def _worded(rule: str, field: Any) -> tuple[str, str]:
    """Our name of a failed rule, and what was expected."""
    low = "" if pd.isna(field.minimum) else f"≥ {field.minimum:g}"
    high = "" if pd.isna(field.maximum) else f"≤ {field.maximum:g}"
    if rule == "out_of_range":
        if field.field in _QUANTITIES:
            return "negative_quantity", "≥ 0"
        if field.field == "oxidation":
            return "oxidation_range", "0 … 1"
        return "out_of_range", f"{low} {high}".strip()
    if rule == "unknown_code":
        allowed = dictionary.codes(field.code_list)
        return "unknown_code", ", ".join(allowed[:12]) + (" …" if len(allowed) > 12 else "")
    if rule == "unknown_unit":
        return "unknown_unit", "t, 10^4 Nm3, kWh, GJ …"
    return rule, ""


def _with_nearest_unit(problems: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Unknown units get the nearest known one as a hint."""
    for problem in problems:
        mask = problem["check"] == "unknown_unit"
        problem.loc[mask, "expected"] = [units.nearest(str(u)) or "t, kWh, GJ …" for u in problem.loc[mask, "seen"]]
    return problems
