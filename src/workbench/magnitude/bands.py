"""The two judgements of a single figure: does it lie in its band, and is it its peers' figure times a power of ten.

Bands come from `data/magnitudes.csv`; peers are the trusted rows of the other factor sets, regions and years.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from workbench import dictionary, findings

SLIPS = {1: "magnitude_ten", 2: "magnitude_hundred", 3: "magnitude_thousand", 4: "magnitude_ten_thousand"}
FEWEST_PEERS = 3  # a median of fewer regions or fuels says nothing about another one


@cache
def table() -> pd.DataFrame:
    """Bands of `data/magnitudes.csv` with `low` and `high` as numbers; item '' serves every item of the kind."""
    rows = dictionary.read_table("magnitudes")
    return rows.assign(low=pd.to_numeric(rows["low"]), high=pd.to_numeric(rows["high"]))


def with_bands(measures: pd.DataFrame) -> pd.DataFrame:
    """Measures with `low` and `high` of the finest band that fits, NaN where none does."""
    keys = measures[["kind", "first", "second", "quantity", "unit"]]
    number = keys.groupby(list(keys), sort=False, dropna=False).ngroup()
    distinct = keys[~number.duplicated()].itertuples(index=False, name=None)
    bounds = np.array([_finest(*place) for place in distinct], dtype=float).reshape(-1, 2)[number.to_numpy()]
    return measures.assign(low=bounds[:, 0], high=bounds[:, 1])


def _finest(kind: str, first: str, second: str, quantity: str, unit: str) -> tuple[float, float]:
    """The band of the item, else of the group it is in, else of its kind."""
    low = high = float("nan")
    for item in (first, second, ""):
        if np.isnan(low):
            low, high = _bounds().get((kind, item, quantity, unit), (low, high))
    return low, high


@cache
def _bounds() -> dict[tuple[str, str, str, str], tuple[float, float]]:
    """(low, high) of each band by kind, item, quantity and unit."""
    known = table().set_index(["kind", "item", "quantity", "unit"])[["low", "high"]]
    return dict(zip(known.index, known.itertuples(index=False, name=None), strict=True))


def with_peers(measures: pd.DataFrame, pool: pd.DataFrame) -> pd.DataFrame:
    """Measures with `usual`, the median of their peers, and `power`, the n of a ratio near 10^n (0 where there is none)."""
    frame = measures.assign(usual=float("nan"), peers=0, power=0)
    for group, least in (("wide", FEWEST_PEERS), ("near", 1)):
        usual, count = _medians(frame, pool, group)
        slip = power(frame["value"], usual.where(count >= least))
        better = (slip != 0) | ((count >= least) & (group == "near"))
        frame["usual"] = frame["usual"].mask(better, usual)
        frame["peers"] = frame["peers"].mask(better, count)
        frame["power"] = frame["power"].mask(slip != 0, slip)
    return frame


def _medians(measures: pd.DataFrame, pool: pd.DataFrame, group: str) -> tuple[pd.Series, pd.Series]:
    """Median and number of the trusted peers in the same group; a row that is the very same one is no peer of itself."""
    asked = pool[group].isin(measures[group])
    trusted = pool[pool["trusted"].astype(bool) & (pool["value"] != 0) & (pool[group] != "") & asked]
    groups = {
        key: (rows["label"].to_numpy(), rows["value"].to_numpy(float)) for key, rows in trusted.groupby([group, "quantity", "unit"])
    }
    medians, counts = [], []
    keys = zip(measures[group], measures["quantity"], measures["unit"], strict=True)
    for key, label, value in zip(keys, measures["label"], measures["value"], strict=True):
        labels, values = groups.get(key, (np.array([]), np.array([])))
        others = values[(labels != label) | (values != value)]
        medians.append(float(np.median(others)) if len(others) else float("nan"))
        counts.append(len(others))
    return pd.Series(medians, index=measures.index), pd.Series(counts, index=measures.index)


def power(value: pd.Series, usual: pd.Series) -> pd.Series:
    """n where value / usual lies within the tolerance of 10^n, n not 0; else 0."""
    ratio = value / usual
    logs = np.log10(ratio.where(ratio > 0))
    nearest = logs.round()
    close = (logs - nearest).abs() <= np.log10(1 + findings.tolerance("magnitude_power_of_ten") / 100)
    return nearest.where(close & nearest.ne(0), 0).fillna(0).astype(int)


def found(judged: pd.DataFrame, table: str) -> list[pd.DataFrame]:
    """Raw findings of measures with bands and peers: the slip by name where there is one, else the band that is left."""
    slip = judged[judged["power"] != 0]
    names = slip["power"].abs().map(SLIPS).fillna("magnitude_power_of_ten")
    usual = [figure(value, unit) for value, unit in zip(slip["usual"], slip["unit"], strict=True)]
    parts = [
        _raw(check, slip[names == check], pd.Series(usual, index=slip.index, dtype=object)[names == check], table)
        for check in names.unique()
    ]
    rest = judged[(judged["power"] == 0) & outside(judged)]
    return [part for part in [*parts, _raw("magnitude_band", rest, expected(rest), table)] if len(part)]


def outside(judged: pd.DataFrame) -> pd.Series:
    """Whether a figure lies outside its band; a figure without a band does not."""
    return (judged["value"] < judged["low"]) | (judged["value"] > judged["high"])


def of_sound_parts(judged: pd.DataFrame) -> pd.DataFrame:
    """Measures without the emissions of fuel rows whose heating value, carbon or oxidation is wrong: one fault, one finding."""
    wrong = (judged["power"] != 0) | outside(judged)
    parts = judged["quantity"].isin(["ncv", "gcv", "carbon", "oxidation"])
    faulty = judged["row"].isin(judged.loc[wrong & parts, "row"])
    return judged[~(faulty & judged["quantity"].isin(["co2", "co2_per_tce"]))]


def expected(rows: pd.DataFrame) -> pd.Series:
    """The band in words, `15–29 GJ/t`."""
    words = [
        f"{low:.4g}–{high:.4g} {unit}".removesuffix(" 1")
        for low, high, unit in zip(rows["low"], rows["high"], rows["unit"], strict=True)
    ]
    return pd.Series(words, index=rows.index, dtype=object)


def seen(rows: pd.DataFrame) -> pd.Series:
    """Label, figure and unit in words, `cn-f1:coke: 28.4 GJ/t`."""
    words = [
        f"{label}: {figure(value, unit)}" if label else figure(value, unit)
        for label, value, unit in zip(rows["label"], rows["value"], rows["unit"], strict=True)
    ]
    return pd.Series(words, index=rows.index, dtype=object)


def figure(value: float, unit: str) -> str:
    """A figure with its unit; a share has none."""
    return findings.number(value) if unit == "1" else f"{findings.number(value)} {unit}"


def _raw(check: str, rows: pd.DataFrame, wanted: pd.Series, table: str) -> pd.DataFrame:
    return findings.raw(check, rows.set_index("row"), table=table, field=rows["field"], seen=seen(rows), expected=wanted)
