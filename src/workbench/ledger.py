"""The energy ledger of one year: which rows count, and deliveries of one kind added up before anything is computed.

A ledger of a million rows holds far fewer kinds of deliveries; every later step works on those.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench import dictionary, findings
from workbench.emissions import STATED

KEYS = ["enterprise_id", "unit_id", "carrier", "flow", "counterparty", "unit", "quality", "evidence", "note"]
_FLOW = ["enterprise_id", "unit_id", "carrier", "flow", "counterparty"]


def of_year(energy: pd.DataFrame, year: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Ledger rows of the year that carry energy, indexed by their line, months preferred to a yearly row of the same flow."""
    kinds = dictionary.carriers()["kind"]
    counts = (energy["year"] == year) & ~energy["carrier"].isin(kinds.index[kinds.isin(["charge", "direct"])])
    rows = energy.reindex(columns=["row", "year", "month", "quantity", "cost", *KEYS, *STATED])
    rows = rows if counts.all() else rows[counts]
    blank = {c: rows[c].fillna("") for c in ("unit_id", "counterparty", "quality", "evidence", "note") if rows[c].isna().any()}
    rows = rows.assign(**blank).set_index("row")
    rows["_flow"], _ = codes(rows, _FLOW)
    if rows.empty:
        return rows, [findings.raw("no_data_for_year", table="energy", expected=year)]
    if rows["month"].isna().all():
        return rows, []
    return _months_first(rows)


def _months_first(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    flow, count = rows["_flow"].to_numpy(), int(rows["_flow"].max()) + 1
    month = rows["month"].fillna(0).to_numpy(dtype="int64").clip(0, 12)
    seen = np.zeros((count, 13), dtype=bool)
    seen[flow, month] = True
    filed = seen[:, 1:].sum(axis=1)
    both = (month == 0) & (filed[flow] > 0)
    monthly_sum = np.bincount(flow, weights=np.where(month > 0, rows["quantity"].fillna(0), 0.0), minlength=count)
    wanted = findings.tolerance("months_incomplete")
    first = np.zeros(len(rows), dtype=bool)
    in_months = np.flatnonzero(month > 0)
    first[in_months[np.unique(flow[in_months], return_index=True)[1]]] = True
    short = first & (filed[flow] < wanted)
    place = {"table": "energy", "field": "month"}
    found = [
        findings.raw(
            "months_and_year", rows[both], **place, seen=pd.Series(monthly_sum[flow[both]]), expected=rows.loc[both, "quantity"]
        ),
        findings.raw("months_incomplete", rows[short], **place, seen=pd.Series(filed[flow[short]].astype(float)), expected=wanted),
    ]
    return rows[~both], found


def gather(rows: pd.DataFrame) -> pd.DataFrame:
    """Deliveries alike in all but quantity and money as one row each (index: the first line): KEYS, STATED, quantity, cost.

    Notes are kept where they hold a figure (steam, hot water). Rows with and without money stay apart, so that a price is never
    money of some deliveries over the quantity of all.
    """
    heat = rows["carrier"].isin(["steam", "hot_water"])
    rows = rows.assign(note=rows["note"].where(heat, "") if heat.any() else "")
    given = [column for column in STATED if rows[column].notna().any()]
    rest = ["_flow", "unit", "quality", "evidence", *(["note"] if heat.any() else []), *given]
    code, count = codes(rows.assign(_paid=rows["cost"].notna()), [*rest, "_paid"])
    out = rows.iloc[firsts(code)].copy()
    out["quantity"] = np.bincount(code, weights=rows["quantity"], minlength=count)
    cost = np.bincount(code, weights=rows["cost"].fillna(0.0), minlength=count)
    out["cost"] = np.where(out["cost"].notna(), cost, np.nan)
    return out.drop(columns="_flow")


def firsts(code: np.ndarray) -> np.ndarray:
    """Where each number of `codes` appears for the first time."""
    return np.flatnonzero(np.diff(np.maximum.accumulate(code), prepend=-1))


def codes(rows: pd.DataFrame, columns: list[str]) -> tuple[np.ndarray, int]:
    """A number for each distinct combination of `columns` in order of appearance, and how many there are; blanks are equal."""
    total = np.zeros(len(rows), dtype="int64")
    for column in columns:
        code, distinct = pd.factorize(rows[column])
        if len(distinct) > 1 or (code < 0).any():
            total = pd.factorize(total * (len(distinct) + 1) + code + 1)[0] if total.any() else code + 1
    code, distinct = pd.factorize(total)
    return code, len(distinct)
