"""From filed text to typed tables: the dictionary's rules, applied through pandera, worded by the catalogue of checks.

A required cell that fails sets its row aside; an optional cell that fails is ignored and the row kept. Nothing disappears:
every such row or value is a finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from workbench import capital, dictionary, findings, units
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
_QUANTITIES = ("quantity", "quantity_sent", "quantity_received")


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
            text = package.tables.get(name, pd.DataFrame()).fillna("")
            text = text[(text != "").any(axis=1)] if len(text.columns) else text
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
    fields = dictionary.fields(name)
    text = capital.with_column(text) if name == "projects" else text
    if text.empty:
        found = [findings.raw("missing_table", table=name)] if dictionary.is_required(name) else []
        return _empty(name), text, found
    absent = [f for f in fields.loc[fields["required"] == "1", "field"] if f not in text.columns]
    found = [findings.raw("missing_column", table=name, field=field) for field in absent]
    extra = [c for c in text.columns if c not in set(fields["field"])]
    found += [findings.raw("unknown_column", table=name, field=field, seen=field) for field in extra]
    if absent:
        return _empty(name), text, found
    full = text.reindex(columns=[*fields["field"], *extra], fill_value="")
    filled = fields[(fields["required"] == "1") | fields["field"].map((full != "").any())]  # blank columns break no rule
    typed, problems = _typed(name, full, fields, filled)
    if name == "projects":
        typed, told = capital.completed(typed)
        found += told
    problems += _pandera_problems(name, typed, full, filled)
    problems += _references(name, typed, filled, done)
    problems += _repeats(name, full)
    problems = [p for p in problems if len(p)]
    found += [_suspicious(name, full)] + problems
    bad = {row for p in problems for row in p.loc[p["effect"] == "row_set_aside", "row"]}
    for problem in problems:
        for row, field in problem.loc[problem["effect"] == "value_ignored", ["row", "field"]].itertuples(index=False):
            typed.at[row, field] = None
    kept = typed[~typed.index.isin(bad)].copy()
    kept.insert(0, "row", kept.index)
    return kept, full[full.index.isin(bad)], found


def _empty(name: str) -> pd.DataFrame:
    return _no_rows(name).copy()


@cache
def _no_rows(name: str) -> pd.DataFrame:
    """The table without a row, with the types of its fields."""
    types = {f.field: "float64" if f.type in dictionary.NUMERIC else "str" for f in dictionary.fields(name).itertuples()}
    return pd.DataFrame({"row": pd.Series(dtype="int64")} | {n: pd.Series(dtype=t) for n, t in types.items()})


def _typed(name: str, text: pd.DataFrame, fields: pd.DataFrame, filled: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Numbers out of text; what is not a number becomes a finding and a blank. Columns not in `filled` are blank throughout."""
    numeric = fields.loc[fields["type"].isin(dictionary.NUMERIC) & ~fields["field"].isin(filled["field"]), "field"]
    typed, problems = text.assign(**dict.fromkeys(numeric, float("nan"))), []
    for field in filled.itertuples():
        column = text[field.field]
        formula = column == MISSING_FORMULA
        effect = "row_set_aside" if field.required == "1" else "value_ignored"
        bare = column
        if formula.any():
            bare, rows = column.mask(formula, ""), text[formula]
            problems.append(findings.raw("formula_without_value", rows, table=name, field=field.field, effect=effect))
        if field.type not in dictionary.NUMERIC:
            typed[field.field] = bare
            continue
        value = pd.to_numeric(ungrouped(bare), errors="coerce")
        value = value.where(value.abs() < float("inf")).astype(float)
        wrong = value.isna() & (column != "") & ~formula
        beyond = value.notna() & ~dictionary.conceivable(value)
        value = value.mask(beyond)
        if beyond.any():
            rows, place = text[beyond], {"table": name, "field": field.field, "effect": effect}
            problems.append(findings.raw("out_of_range", rows, **place, seen=rows[field.field], expected=_CONCEIVABLE))
        if wrong.any():
            rows = text[wrong]
            problems.append(
                findings.raw("not_a_number", rows, table=name, field=field.field, seen=rows[field.field], effect=effect)
            )
        typed[field.field] = value
    return typed, problems


def ungrouped(column: pd.Series) -> pd.Series:
    """Figures without the commas that part their thousands: 1,234,567 is 1234567, and 1,5 stays as it is."""
    grouped = column.str.contains(",", regex=False)
    return column.mask(grouped, column[grouped].str.replace(_THOUSANDS, "", regex=True)) if grouped.any() else column


def _pandera_problems(name: str, typed: pd.DataFrame, text: pd.DataFrame, fields: pd.DataFrame) -> list[pd.DataFrame]:
    """Required cells, code lists and ranges, found by pandera and told in our words."""
    import pandera.errors
    import pandera.pandas as pa

    schema = pa.DataFrameSchema({f.field: _column(pa, f) for f in fields.itertuples()}, unique_column_names=True)
    try:
        schema.validate(typed, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases.dropna(subset=["index"])
    else:
        return []
    required = set(fields.loc[fields["required"] == "1", "field"])
    by_name = fields.set_index("field")
    problems = []
    for (column, rule), group in cases.groupby(["column", "check"], sort=True):
        rows = typed.loc[group["index"].astype(int)]
        if rule == "missing_value":
            rows = rows[text.loc[rows.index, column] == ""]
        field = by_name.loc[column]
        check, expected = _worded(name, column, rule, field)
        effect = "row_set_aside" if column in required else "value_ignored"
        if check == "missing_value" and name == "projects" and column == "capex":
            check, effect = "missing_capex", "kept"
        problems.append(findings.raw(check, rows, table=name, field=column, seen=rows[column], expected=expected, effect=effect))
    return _without_second_report(problems)


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
    if field.code_list in ("carriers", "processes") or (field.type == "code"):
        allowed = {"", *dictionary.codes(field.code_list)}
        checks.append(pa.Check(lambda s: s.isin(allowed), name="unknown_code", error="unknown_code"))
    if field.type == "unit":
        checks.append(pa.Check(lambda s: s.isin({"", *units.table()["unit"]}), name="unknown_unit", error="unknown_unit"))
    return pa.Column(None, checks, nullable=True)


def _worded(table: str, column: str, rule: str, field: Any) -> tuple[str, str]:
    """Our name of a failed rule, and what was expected."""
    low = "" if pd.isna(field["minimum"]) else f"≥ {field['minimum']:g}"
    high = "" if pd.isna(field["maximum"]) else f"≤ {field['maximum']:g}"
    if rule == "out_of_range":
        if column in _QUANTITIES:
            return "negative_quantity", "≥ 0"
        if column == "oxidation":
            return "oxidation_range", "0 … 1"
        return "out_of_range", f"{low} {high}".strip()
    if rule == "unknown_code":
        allowed = dictionary.codes(field["code_list"])
        return "unknown_code", ", ".join(allowed[:12]) + (" …" if len(allowed) > 12 else "")
    if rule == "unknown_unit":
        return "unknown_unit", "t, 10^4 Nm3, kWh, GJ …"
    return rule, ""


def _without_second_report(problems: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Unknown units get the nearest known one as a hint."""
    for problem in problems:
        mask = problem["check"] == "unknown_unit"
        problem.loc[mask, "expected"] = [units.nearest(str(u)) or "t, kWh, GJ …" for u in problem.loc[mask, "seen"]]
    return problems


def _references(name: str, typed: pd.DataFrame, fields: pd.DataFrame, done: dict[str, pd.DataFrame]) -> list[pd.DataFrame]:
    """Ids that point into another table (or into this one) and find nothing there."""
    problems = []
    for field in fields[fields["code_list"].str.contains(".", regex=False)].itertuples():
        target, column = field.code_list.split(".")
        known = typed[column] if target == name else done[target][column] if target in done else None
        if known is None:
            continue
        lost = (typed[field.field] != "") & ~typed[field.field].isin(set(known))
        rows = typed[lost]
        check = {"enterprises": "unknown_enterprise", "projects": "unknown_project"}.get(target, "unknown_reference")
        effect = "row_set_aside" if field.required == "1" or target in ("enterprises", "projects") else "value_ignored"
        problems.append(
            findings.raw(check, rows, table=name, field=field.field, seen=rows[field.field], expected=target, effect=effect)
        )
    return problems


def _repeats(name: str, text: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows filed twice, and codes that should be unique but are not."""
    first = _first_alike(text, list(text.columns[(text != "").any()]))
    copies = first != text.index
    problems = [
        findings.raw("duplicate_row", text[copies], table=name, expected=first[copies], effect="row_set_aside"),
    ]
    key = dictionary.key(name)
    if len(key) == 1 and name != "groups":
        rest = text[~copies & (text[key[0]] != "")]
        first = _first_alike(rest, key)
        twice = first != rest.index
        rows = rest[twice]
        problems.append(
            findings.raw(
                "duplicate_key", rows, table=name, field=key[0], seen=rows[key[0]], expected=first[twice], effect="row_set_aside"
            )
        )
    elif name == "energy":
        problems.append(_repeated_flows(text[~copies]))
    return problems


def _first_alike(text: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Of each row the first row alike in these columns."""
    rows, alike = text.index.to_series(), text.duplicated(columns, keep=False)
    if not alike.any():
        return rows
    again = text.loc[alike, columns].assign(_row=text.index[alike])
    return rows.mask(alike, again.groupby(columns, sort=False)["_row"].transform("first"))


def _repeated_flows(text: pd.DataFrame) -> pd.DataFrame:
    """Energy rows alike in all but figures: perhaps two deliveries, perhaps one filed twice."""
    key = ["enterprise_id", "year", "month", "unit_id", "carrier", "flow", "counterparty", "quantity", "unit"]
    first = _first_alike(text, key)
    twice = first != text.index
    return findings.raw("duplicate_flow", text[twice], table="energy", field="quantity", expected=first[twice])


def _suspicious(name: str, text: pd.DataFrame) -> pd.DataFrame:
    """Text that a browser or a spreadsheet might run; it is kept and always escaped."""
    kinds = dict(zip(dictionary.fields(name)["field"], dictionary.fields(name)["type"], strict=True))
    columns = [column for column in text.columns if kinds.get(column, "text") not in dictionary.NUMERIC]
    words = pd.Series(sorted(set().union(*(text[column].unique() for column in columns)) - {"", MISSING_FORMULA}), dtype="str")
    doubtful = words[words.str.contains(_SUSPICIOUS)]
    hits = ((column, text[text[column].isin(doubtful)]) for column in (columns if len(doubtful) else ()))
    parts = [
        findings.raw("suspicious_text", rows, table=name, field=column, seen=rows[column]) for column, rows in hits if len(rows)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
