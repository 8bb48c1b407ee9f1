"""Energy targets by the problem table, composite curves, and the worth of exchange between enterprises.

All streams are taken to run at the same time and able to meet; what a network of exchangers really reaches is less.
Source: Linnhoff and Flower, AIChE J. 24 (1978) 633-642; Kemp, Pinch Analysis and Process Integration (2007) ch. 2 and 3.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

_NEAR_KW = 1e-9  # relative to the heat of all streams: a cascade below it carries nothing
TABLE_COLUMNS = ["upper_c", "lower_c", "net_kw_per_k", "surplus_kw", "cascade_kw"]
LEVEL_COLUMNS = [
    "level", "enterprise_id", "streams", "heating_kw", "cooling_kw", "recovery_kw", "hot_utility_kw", "cold_utility_kw", "pinch_c",
]  # fmt: skip


def problem_table(streams: pd.DataFrame) -> pd.DataFrame:
    """Intervals of shifted temperature from the top: upper_c, lower_c, net_kw_per_k (hot - cold), surplus_kw, cascade_kw.

    `streams` of `prepare`. cascade_kw is the heat that leaves the interval downwards once the least hot utility enters at the top:
    zero at the pinch, the cold utility at the bottom.
    """
    levels = np.unique(np.round(np.concatenate([streams["high_c"], streams["low_c"]]).astype(float), 9))[::-1]
    upper, lower = levels[:-1], levels[1:]
    middle = (upper + lower) / 2
    sign = np.where(streams["kind"] == "hot", 1.0, -1.0) * streams["heat_capacity_kw_per_k"].to_numpy(float)
    inside = (streams["low_c"].to_numpy(float)[:, None] < middle) & (streams["high_c"].to_numpy(float)[:, None] > middle)
    net = sign @ inside
    surplus = net * (upper - lower)
    flow = np.cumsum(surplus)
    needed = max(0.0, -flow.min()) if len(flow) else 0.0
    return pd.DataFrame(dict(zip(TABLE_COLUMNS, (upper, lower, net, surplus, flow + needed), strict=True)))


def targets(streams: pd.DataFrame) -> dict[str, Any]:
    """Least utilities of a set of streams: heating_kw and cooling_kw (without any exchange), recovery_kw, hot_utility_kw,
    cold_utility_kw, pinch_c (shifted; several by ';', blank for a threshold problem, which needs one utility only)."""
    hot = streams["kind"] == "hot"
    cooling, heating = (float(streams.loc[side, "duty_kw"].sum()) for side in (hot, ~hot))
    if streams.empty:
        return {
            "heating_kw": 0.0,
            "cooling_kw": 0.0,
            "recovery_kw": 0.0,
            "hot_utility_kw": 0.0,
            "cold_utility_kw": 0.0,
            "pinch_c": "",
        }
    table = problem_table(streams)
    cold_utility = float(table["cascade_kw"].iat[-1])
    hot_utility = cold_utility - float(table["surplus_kw"].sum())
    small = _NEAR_KW * (cooling + heating)
    hot_utility, cold_utility = (0.0 if value < small else value for value in (hot_utility, cold_utility))
    pinched = table["lower_c"][:-1][table["cascade_kw"][:-1] < small]
    return {
        "heating_kw": heating, "cooling_kw": cooling, "recovery_kw": heating - hot_utility, "hot_utility_kw": hot_utility,
        "cold_utility_kw": cold_utility, "pinch_c": ";".join(f"{value:g}" for value in pinched),
    }  # fmt: skip


def by_level(streams: pd.DataFrame) -> pd.DataFrame:
    """Targets of each enterprise, their sum, the cluster as one, and the difference: what exchange between enterprises is worth.

    Rows by `level`: enterprise, sum (enterprises apart), cluster (all streams together), exchange (sum - cluster in utilities,
    cluster - sum in recovery): never negative.
    """
    rows = [
        {"level": "enterprise", "enterprise_id": name, "streams": len(own)} | targets(own)
        for name, own in streams.groupby("enterprise_id", sort=True)
    ]
    if not rows:
        return pd.DataFrame(columns=LEVEL_COLUMNS)
    apart = pd.DataFrame(rows)
    numbers = ["streams", "heating_kw", "cooling_kw", "recovery_kw", "hot_utility_kw", "cold_utility_kw"]
    total = apart[numbers].sum().to_dict()
    together = {"streams": len(streams)} | targets(streams)
    worth = {name: abs(total[name] - together[name]) for name in ("recovery_kw", "hot_utility_kw", "cold_utility_kw")}
    small = _NEAR_KW * (total["heating_kw"] + total["cooling_kw"])
    worth = {name: 0.0 if value < small else value for name, value in worth.items()}
    for level, values in (("sum", total), ("cluster", together), ("exchange", worth)):
        rows.append({"level": level, "enterprise_id": "", "pinch_c": ""} | values)
    return pd.DataFrame(rows, columns=LEVEL_COLUMNS).fillna({"heating_kw": math.nan})


def _curve(streams: pd.DataFrame, high: str, low: str) -> pd.DataFrame:
    """Heat of one kind of streams up to a temperature: heat_kw from 0 over temperature_c, rising."""
    top, bottom = streams[high].to_numpy(float), streams[low].to_numpy(float)
    levels = np.unique(np.concatenate([top, bottom]))
    capacity = streams["heat_capacity_kw_per_k"].to_numpy(float)[:, None]
    below = np.clip(levels[None, :], bottom[:, None], top[:, None]) - bottom[:, None]
    return pd.DataFrame({"heat_kw": (capacity * below).sum(axis=0), "temperature_c": levels})


def composites(streams: pd.DataFrame) -> pd.DataFrame:
    """Hot and cold composite curve in actual temperatures: kind, heat_kw, temperature_c; cold begins at the cold utility."""
    cold_utility, parts = targets(streams)["cold_utility_kw"], []
    for kind in ("hot", "cold"):
        own = streams[streams["kind"] == kind]
        own = own.assign(high=own[["supply_c", "target_c"]].max(axis=1), low=own[["supply_c", "target_c"]].min(axis=1))
        curve = _curve(own, "high", "low")
        curve["heat_kw"] += cold_utility if kind == "cold" else 0.0
        parts.append(curve.assign(kind=kind))
    return pd.concat(parts, ignore_index=True)[["kind", "heat_kw", "temperature_c"]]


def grand_composite(streams: pd.DataFrame) -> pd.DataFrame:
    """Grand composite curve: heat that flows down at each shifted temperature; shifted_c, heat_kw, from the top."""
    if streams.empty:
        return pd.DataFrame(columns=["shifted_c", "heat_kw"])
    table = problem_table(streams)
    top = pd.DataFrame({"shifted_c": [table["upper_c"].iat[0]], "heat_kw": [targets(streams)["hot_utility_kw"]]})
    rest = pd.DataFrame({"shifted_c": table["lower_c"], "heat_kw": table["cascade_kw"]})
    return pd.concat([top, rest], ignore_index=True)
