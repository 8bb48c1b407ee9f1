"""Findings: what a check saw, where, what was expected and what to do. Checks return findings; they never raise for data."""

from __future__ import annotations

import hashlib
import math
from functools import cache

import pandas as pd

from workbench import dictionary

COLUMNS = [
    "finding_id", "check", "severity", "enterprise_id", "table", "row", "field", "seen", "expected", "message", "what_to_do",
    "status", "effect",
]  # fmt: skip
SEVERITIES = ("error", "warning", "info")
_RAW = ["check", "enterprise_id", "table", "row", "field", "seen", "expected", "effect"]


@cache
def catalogue() -> pd.DataFrame:
    """All checks, indexed by name: severity, messages and advice in both languages, tolerance and its unit."""
    return dictionary.read_table("checks").set_index("check")


def tolerance(check: str) -> float:
    """The threshold of a check, in the unit its row states."""
    return float(catalogue().at[check, "tolerance"])


def raw(check: str, rows: pd.DataFrame | None = None, *, table: object = "", **columns: object) -> pd.DataFrame:
    """Findings of one check before wording: one for each row of `rows` (its index is the row in the file), or a single one.

    `table` and `columns` (enterprise_id, row, field, seen, expected, effect) are a value or a column of the same length.
    """
    if check not in catalogue().index:  # a check without wording is a fault of the program
        raise KeyError(check)
    if rows is not None and not len(rows):
        return _none().copy()
    values: dict[str, object] = dict.fromkeys(_RAW, math.nan)
    if rows is not None:
        values["row"] = list(rows.index)
        if "enterprise_id" in rows.columns:
            values["enterprise_id"] = rows["enterprise_id"].to_numpy(copy=True)
    columns = {"check": check, "table": table} | columns
    values |= {name: value.to_numpy(copy=True) if isinstance(value, pd.Series) else value for name, value in columns.items()}
    return pd.DataFrame(values, index=range(1 if rows is None else len(rows)), columns=_RAW)


@cache
def _none() -> pd.DataFrame:
    """No finding."""
    return pd.DataFrame(columns=_RAW)


def collect(parts: list[pd.DataFrame], lang: str = "en") -> pd.DataFrame:
    """Word and number raw findings: the contract's columns, errors first, then by table and row; exact repeats once."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.concat(parts, ignore_index=True)
    for column in _RAW:
        frame[column] = [_text(value) for value in frame[column]]
    frame = frame.drop_duplicates(_RAW)
    words = catalogue().loc[frame["check"]]
    frame["severity"] = words["severity"].to_numpy()
    values = frame[["table", "field", "seen", "expected"]].to_dict("records")
    for column, source in (("message", f"message_{lang}"), ("what_to_do", f"what_{lang}")):
        frame[column] = [pattern.format(**value) for pattern, value in zip(words[source], values, strict=True)]
    frame["finding_id"] = [_identity(*key) for key in frame[_RAW[:-1]].itertuples(index=False)]
    frame["status"] = "open"
    frame["effect"] = frame["effect"].replace("", "kept")
    order = frame.assign(rank=frame["severity"].map(SEVERITIES.index), line=pd.to_numeric(frame["row"], errors="coerce").fillna(0))
    order = order.sort_values(["rank", "check", "table", "line", "enterprise_id", "field", "seen", "expected"])
    return order[COLUMNS].reset_index(drop=True)


def number(value: float) -> str:
    """A number as a message shows it: 1,234.5 or 0.00123."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.4g}"


def _identity(*parts: str) -> str:
    """A short id that stays the same from run to run as long as the finding does."""
    return "F" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:8]


def _text(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".6g")
    return str(value)[:200]
