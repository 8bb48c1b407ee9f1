"""Sources and sinks of heat in different enterprises: how much could pass, at which temperatures, over which distance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench import dictionary

HOURS_OF_A_YEAR = 8760
COLUMNS = [
    "source_id", "source_enterprise", "source_supply_c", "source_target_c", "sink_id", "sink_enterprise", "sink_supply_c",
    "sink_target_c", "heat_kw", "hours_least", "hours_most", "distance_km",
]  # fmt: skip


def matches(streams: pd.DataFrame, enterprises: pd.DataFrame) -> pd.DataFrame:
    """Pairs of a hot stream and a cold stream of another enterprise that could exchange heat, the largest first.

    heat_kw is the most that one pair passes against the minimum approach, each pair taken alone: the heat of two pairs with one
    stream in common does not add up. hours_least and hours_most: hours both can run together. distance_km: great circle between the
    enterprises' coordinates; blank where one has none. Source: the least of heat above and demand below any temperature (the
    duality of the problem table); haversine.
    """
    hot, cold = (streams[streams["kind"] == kind].reset_index(drop=True) for kind in ("hot", "cold"))
    pairs = hot.merge(cold, how="cross", suffixes=("_source", "_sink"))
    pairs = pairs[pairs["enterprise_id_source"] != pairs["enterprise_id_sink"]].reset_index(drop=True)
    pairs = pairs.assign(heat_kw=_passed_kw(pairs))
    pairs = pairs[pairs["heat_kw"] > 0]
    first, second = pairs["hours_source"].astype(float), pairs["hours_sink"].astype(float)
    table = pd.DataFrame({
        **{f"source_{new}": pairs[f"{old}_source"] for new, old in _NAMES.items()},
        **{f"sink_{new}": pairs[f"{old}_sink"] for new, old in _NAMES.items()},
        "heat_kw": pairs["heat_kw"],
        "hours_least": (first + second - HOURS_OF_A_YEAR).clip(lower=0),
        "hours_most": pd.concat([first, second], axis=1).min(axis=1, skipna=False),
        "distance_km": distances(pairs["enterprise_id_source"], pairs["enterprise_id_sink"], enterprises),
    })  # fmt: skip
    return table.sort_values(["heat_kw", "source_id", "sink_id"], ascending=[False, True, True])[COLUMNS].reset_index(drop=True)


_NAMES = {"id": "stream_id", "enterprise": "enterprise_id", "supply_c": "supply_c", "target_c": "target_c"}


def _passed_kw(pairs: pd.DataFrame) -> np.ndarray:
    """The most heat one hot and one cold stream can exchange: min over T of heat above T + demand below T."""
    column = lambda name: pairs[name].to_numpy(float)  # noqa: E731
    hot_high, hot_low, hot_capacity = (column(f"{name}_source") for name in ("high_c", "low_c", "heat_capacity_kw_per_k"))
    cold_high, cold_low, cold_capacity = (column(f"{name}_sink") for name in ("high_c", "low_c", "heat_capacity_kw_per_k"))
    least = np.minimum(column("duty_kw_source"), column("duty_kw_sink"))
    for level in (hot_high, hot_low, cold_high, cold_low):
        above = hot_capacity * (hot_high - np.clip(level, hot_low, hot_high))
        below = cold_capacity * (np.clip(level, cold_low, cold_high) - cold_low)
        least = np.minimum(least, above + below)
    return np.where(least > 1e-9 * column("duty_kw_source"), least, 0.0)


def distances(first: pd.Series, second: pd.Series, enterprises: pd.DataFrame) -> pd.Series:
    """Great-circle distance in km between enterprises by their lon and lat (haversine)."""
    where = enterprises.drop_duplicates("enterprise_id").set_index("enterprise_id")[["lon", "lat"]].astype(float)
    lon1, lat1, lon2, lat2 = (np.radians(ids.map(where[name])) for ids in (first, second) for name in ("lon", "lat"))
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    table = dictionary.read_table("calculator_parameters").set_index("parameter")
    return 2 * float(table.at["earth_radius_km", "value"]) * np.arcsin(np.sqrt(half))
