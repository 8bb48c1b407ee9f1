"""Where a cluster stands: dual control of energy and carbon (total and intensity), and its carbon budget.

Target = base x (1 - reduction); the path between base and target year is a straight line; allowed total = intensity on the path x
output (value added at constant prices). Budgets compare use with the budget and with the time gone.
"""

from __future__ import annotations

import calendar
import datetime
import math
import re
from typing import Any

import pandas as pd

from workbench import dictionary, findings, units

KINDS = {
    "energy_total": ("cluster_total_tce", "tce", False),
    "carbon_total": ("cluster_total_tco2e", "tCO2e", False),
    "energy_intensity": ("cluster_total_tce", "tce", True),
    "carbon_intensity": ("cluster_total_tco2e", "tCO2e", True),
}
COLUMNS = [
    "kind", "unit", "base_year", "base_value", "target_year", "target_value", "year", "path_value", "actual", "gap", "gap_pct",
    "attained", "target_attained", "output", "allowed_total", "actual_total", "total_unit", "excluded_tce", "exclusion_confidence",
]  # fmt: skip
BUDGET_COLUMNS = [
    "budget_tco2e", "from", "to", "as_of", "executed_tco2e", "remaining_tco2e", "execution_pct", "time_pct", "ahead_pct",
    "projected_tco2e", "projected_gap_tco2e", "alert_pct", "alarm_pct", "status",
]  # fmt: skip
# Parts of cluster_total_tce that dual control leaves out, where the cluster table states them.
_EXCLUDED = ["cluster_nonfossil_tce"]
_MONEY = {"": 1.0, "10^4 ": 1e4, "10^6 ": 1e6, "10^8 ": 1e8, "million ": 1e6, "万": 1e4, "亿": 1e8}


def dual_control(
    cluster_table: pd.DataFrame, enterprises: pd.DataFrame, meta: dict[str, Any], year: int
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Each filed target against the year: COLUMNS, empty without targets. gap = actual - path (positive: behind).

    Targets stand in `cluster.yaml` under `targets`: kind, base_year, base_value, reduction_pct or target_value, target_year, unit
    (tce, tCO2e, tce/10^4 CNY …). Energy leaves out non-fossil power since 2022 (recalled rule), the item `cluster_nonfossil_tce`;
    feedstock never enters the inventory's total.
    `allowed_total` is for intensities: path x value added of the enterprises that file it.
    """
    filed, found = _targets(meta)
    if not filed:
        return pd.DataFrame(columns=COLUMNS), found
    items = cluster_table.set_index("item")["value"] if len(cluster_table) else pd.Series(dtype=float)
    values = enterprises.drop_duplicates("enterprise_id")["value_added"] if "value_added" in enterprises else pd.Series(dtype=float)
    values = pd.to_numeric(values, errors="coerce").where(lambda v: v > 0)
    if any(KINDS[t["kind"]][2] for t in filed):
        found += _coverage(values)
    since = dictionary.threshold("dual_control_exclusion_year")
    excluded = sum(float(items.get(name, 0.0)) for name in _EXCLUDED) if year >= since else 0.0
    rows = [_position(target, items, values.sum(), excluded, year) for target in filed]
    return pd.DataFrame(rows, columns=COLUMNS), found


def _position(target: dict[str, Any], items: pd.Series, output: float, excluded: float, year: int) -> dict[str, Any]:
    item, own, intensity = KINDS[target["kind"]]
    out = excluded if own == "tce" else 0.0
    total = float(items.get(item, math.nan)) - out
    gone = min(max((year - target["base_year"]) / (target["target_year"] - target["base_year"]), 0.0), 1.0)
    path = target["base_value"] * (1 - gone) + target["target_value"] * gone
    base = output / target["money"] if intensity else 1.0
    actual = total / target["size"] / base if base > 0 else math.nan
    gap = actual - path
    said = {
        "gap": gap,
        "gap_pct": gap / path * 100 if path > _least() else math.nan,
        "actual": actual,
        "path_value": path,
        "year": year,
    }
    said |= {"attained": _yes(gap), "target_attained": _yes(actual - target["target_value"])}
    said |= {"output": output if intensity and output > 0 else math.nan, "actual_total": total, "total_unit": own}
    said |= {"allowed_total": path * base * target["size"] if base > 0 else math.nan}
    said |= {"excluded_tce": out, "exclusion_confidence": "remembered" if out else ""}
    return target | said


def _yes(over: float) -> float:
    return math.nan if math.isnan(over) else float(over <= 0)


def _coverage(values: pd.Series) -> list[pd.DataFrame]:
    known = int(values.notna().sum())
    place = {"table": "enterprises", "field": "value_added"}
    if not known:
        return [findings.raw("target_no_value_added", **place)]
    return [findings.raw("target_part_value_added", **place, seen=known, expected=len(values))] if known < len(values) else []


def _targets(meta: dict[str, Any]) -> tuple[list[dict[str, Any]], list[pd.DataFrame]]:
    """Targets that can be used, with `target_value`, `size` (own unit per target unit) and `money`; the others as findings."""
    filed = meta.get("targets")
    if not filed:
        return [], []
    if not isinstance(filed, list):
        return [], [_bad("target_invalid", "targets", filed, "a list of targets")]
    good, found = [], []
    for number, target in enumerate(filed, start=1):
        if not isinstance(target, dict):
            found.append(_bad("target_invalid", f"targets[{number}]", target, "kind, base_year, base_value, target_year"))
            continue
        made, problem = _target(target, str(meta.get("currency", "")))
        if problem:
            field, expected = problem
            found.append(_bad("target_invalid", f"targets[{number}].{field}", target.get(field, ""), expected))
        else:
            good.append(made)
    return good, found


def _target(target: dict[str, Any], currency: str) -> tuple[dict[str, Any], tuple[str, str] | None]:
    """One target as numbers, or the field that cannot be used and what was expected."""
    kind = target.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        return {}, ("kind", ", ".join(KINDS))
    numbers = {name: _number(target.get(name)) for name in ("base_year", "base_value", "target_year")}
    for name in ("base_year", "target_year"):
        if not 1900 <= numbers[name] <= 2200 or numbers[name] % 1:
            return {}, (name, "a year")
    if not numbers["base_value"] > 0:
        return {}, ("base_value", "a number above 0")
    if numbers["target_year"] <= numbers["base_year"]:
        return {}, ("target_year", f"> {int(numbers['base_year'])}")
    wanted = "target_value" if target.get("target_value") is not None else "reduction_pct"
    value = _number(target.get(wanted))
    if wanted == "reduction_pct":
        value = numbers["base_value"] * (1 - value / 100)
    if not value >= 0:
        return {}, (wanted, "reduction_pct up to 100, or target_value from 0")
    own, intensity = KINDS[kind][1:]
    unit = str(target.get("unit") or (f"{own}/10^4 {currency}" if intensity else own))
    size = _size(unit, own, currency if intensity else "")
    if size is None:
        return {}, ("unit", f"{own}/10^4 {currency}" if intensity else own)
    years = {name: int(numbers[name]) for name in ("base_year", "target_year")}
    made = {"kind": kind, "unit": unit, "base_value": numbers["base_value"], "target_value": value}
    return made | years | {"size": size[0], "money": size[1]}, None


def _size(unit: str, own: str, currency: str) -> tuple[float, float] | None:
    """(tce or tCO2e per numerator, currency per denominator) of a target's unit, None when it does not fit."""
    above, _, below = unit.partition("/")
    size = units.factor(above.strip(), own)
    if size is None or bool(currency) != bool(below):
        return None
    if not currency:
        return size, 1.0
    spelled = re.fullmatch(rf"\s*(10\^[468] |million |万|亿)?\s*({re.escape(currency)}|元)\s*", below)
    if not spelled or (spelled[2] == "元" and currency != "CNY"):
        return None
    return size, _MONEY[spelled[1] or ""]


def carbon_budget(meta: dict[str, Any], cluster_table: pd.DataFrame, year: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """The carbon budget of `cluster.yaml` in one row (BUDGET_COLUMNS), empty where none is filed; tonnes of CO2e, per cent.

    `carbon_budget`: value_tco2e, period (a year, or from and to: years or dates), executed_tco2e (a number, or one a month:
    {1: …, 2: …}; without it the inventory's total of `year`, if the period holds that year), as_of (a date; without it the end of
    the last month or year counted). projected = executed ÷ share of time gone. status: within, alert, alarm, exceeded; alert and
    alarm end with the period, and a finding tells of them when use runs ahead of time.
    """
    filed = meta.get("carbon_budget")
    if not filed:
        return pd.DataFrame(columns=BUDGET_COLUMNS), []
    if not isinstance(filed, dict):
        return pd.DataFrame(columns=BUDGET_COLUMNS), [_bad("budget_invalid", "carbon_budget", filed, "value_tco2e, period")]
    made, problem = _budget(filed, cluster_table, year)
    if problem:
        field, expected = problem
        return pd.DataFrame(columns=BUDGET_COLUMNS), [_bad("budget_invalid", field, filed.get(field, ""), expected)]
    alert, alarm = dictionary.threshold("budget_alert_pct"), dictionary.threshold("budget_alarm_pct")
    budget, executed, gone = made["budget_tco2e"], made["executed_tco2e"], made["time_pct"]
    used = executed / budget * 100
    projected = executed / gone * 100 if gone > 0 else math.nan
    status = _status(used, gone, alert, alarm)
    made |= {"remaining_tco2e": budget - executed, "execution_pct": used, "ahead_pct": used - gone, "projected_tco2e": projected}
    made |= {"projected_gap_tco2e": projected - budget, "alert_pct": alert, "alarm_pct": alarm, "status": status}
    found = []
    if status != "within" and used > gone:
        said = {"seen": findings.number(used), "expected": findings.number(gone)}
        found = [findings.raw("budget_alert", table="cluster", field="carbon_budget", **said)]
    return pd.DataFrame([made], columns=BUDGET_COLUMNS), found


def _status(used: float, gone: float, alert: float, alarm: float) -> str:
    if used > 100:
        return "exceeded"
    if gone >= 100 or used < alert:
        return "within"
    return "alarm" if used >= alarm else "alert"


def _budget(filed: dict[str, Any], cluster_table: pd.DataFrame, year: int) -> tuple[dict[str, Any], tuple[str, str] | None]:
    budget = _number(filed.get("value_tco2e"))
    if not budget > _least():
        return {}, ("value_tco2e", "a number above 0")
    period = _period(filed.get("period"))
    if period is None:
        return {}, ("period", "a year, or from and to")
    first, last = period
    executed, counted = _executed(filed.get("executed_tco2e"), first, last, cluster_table, year)
    if not executed >= 0:
        return {}, ("executed_tco2e", "a number from 0, or one a month")
    as_of = counted if filed.get("as_of") is None else _date(filed["as_of"], end=True)
    if as_of is None:
        return {}, ("as_of", "a date")
    days = (last - first).days + 1
    gone = min(max((as_of - first).days + 1, 0), days) / days * 100
    dates = {"from": first.isoformat(), "to": last.isoformat(), "as_of": as_of.isoformat()}
    return {"budget_tco2e": budget, "executed_tco2e": executed, "time_pct": gone} | dates, None


def _executed(
    value: Any, first: datetime.date, last: datetime.date, cluster_table: pd.DataFrame, year: int
) -> tuple[float, datetime.date]:
    """Emissions counted against the budget, and the day up to which they are counted when nobody says."""
    if value is None:
        if not first.year <= year <= last.year or not len(cluster_table):
            return math.nan, last
        total = cluster_table.set_index("item")["value"].get("cluster_total_tco2e", math.nan)
        return float(total), min(last, datetime.date(year, 12, 31))
    if not isinstance(value, dict):
        return _number(value), min(last, datetime.date(max(year, first.year), 12, 31))
    # JSON spells the keys of a mapping as text; the month may come as 6 or as "6".
    months = {str(month): _number(amount) for month, amount in value.items()}
    if not months or not all(re.fullmatch(r"0?[1-9]|1[0-2]", month) for month in months):
        return math.nan, last
    number = max(int(month) for month in months)
    end = datetime.date(first.year, number, calendar.monthrange(first.year, number)[1])
    return sum(months.values()) if min(months.values()) >= 0 else math.nan, min(last, end)


def _period(value: Any) -> tuple[datetime.date, datetime.date] | None:
    start, end = (value.get("from"), value.get("to")) if isinstance(value, dict) else (value, value)
    first, last = _date(start), _date(end, end=True)
    return (first, last) if first and last and first <= last else None


def _date(value: Any, *, end: bool = False) -> datetime.date | None:
    """A date as filed: a date, YYYY-MM-DD, YYYY-MM or a year (its first or last day)."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    spelled = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", str(value).strip())
    if not spelled or isinstance(value, bool):
        return None
    year, month = int(spelled[1]), int(spelled[2] or (12 if end else 1))
    try:
        return datetime.date(year, month, int(spelled[3] or (calendar.monthrange(year, month)[1] if end else 1)))
    except ValueError:  # 2026-02-30, and IllegalMonthError of month 13
        return None


def _number(value: Any) -> float:
    """A number as filed that can be meant, else NaN; text and true/false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return math.nan
    return math.nan if abs(value) > 10 ** dictionary.threshold("number_power_of_ten") else float(value)


def _least() -> float:
    """Below this a figure is none, and nothing is divided by it."""
    return 10 ** -dictionary.threshold("number_power_of_ten")


def _bad(check: str, field: str, seen: Any, expected: str) -> pd.DataFrame:
    return findings.raw(check, table="cluster", field=field, seen=str(seen), expected=expected)
