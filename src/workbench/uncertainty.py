"""Uncertainty of the inventory: error propagation, Monte Carlo, and which datum to improve first.

A row is x = activity x factor, with half of the 95 % range a of the activity and f of the factor (fractions of the value).
Product: U = sqrt(a^2 + f^2). Sum: U = sqrt(sum (U_i x_i)^2) / |sum x_i| (IPCC 2006 Vol. 1 Ch. 3, eq. 3.1 and 3.2). Activity errors
are independent from row to row; a factor that several rows share errs once, so its contributions are added with their sign
before they are squared, and what is sold deducts:

    H^2 = sum_rows (a_i x_i)^2 + sum_factors (sum_{rows of the factor} f_i x_i)^2

Rows need enterprise_id, source, carrier, tco2e, factor_id, internal, activity_half_pct, factor_half_pct. A row that names no factor
has a factor error of its own. Rows between members (internal = 1) belong to their enterprises, not to the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from statistics import NormalDist

import numpy as np
import pandas as pd

from workbench import dictionary

LEVELS = ("cluster", "enterprise", "source")
RANGES = ["level", "key", "tco2e", "half_range_tco2e", "half_range_pct", "low", "high", "independent_half_tco2e"]
DRAWN = [
    "level", "key", "tco2e", "mean_tco2e", "low", "high", "approach1_half_range_tco2e", "approach1_half_range_pct",
    "approach1_low", "approach1_high", "draws", "seed",
]  # fmt: skip
SHARES = [
    "kind", "enterprise_id", "carrier", "source", "factor_id", "tco2e", "half_range_pct", "half_range_tco2e",
    "variance_share_pct", "cumulative_pct", "gain_pct",
]  # fmt: skip
_SIDE = NormalDist().inv_cdf(0.975)  # half of the 95 % range in standard deviations
_NAMES = ["enterprise_id", "carrier", "source", "factor_id"]
_CELLS = 2_000_000  # numbers held at once while drawing


def propagate(rows: pd.DataFrame, by: tuple[str, ...] = LEVELS) -> pd.DataFrame:
    """95 % ranges by error propagation (IPCC 2006 approach 1), one row a level and key.

    Levels: `cluster` (key "cluster"), `enterprise` (all its rows), `source` (of the cluster). Columns: tco2e, half_range_tco2e,
    half_range_pct (of |tco2e|, blank where that is zero), low, high (tCO2e), independent_half_tco2e (the half range if no factor
    were shared).
    """
    return _ranges(_errors(rows), by)


def monte_carlo(rows: pd.DataFrame, draws: int = 10_000, seed: int = 1) -> pd.DataFrame:
    """95 % ranges by Monte Carlo (IPCC 2006 approach 2) beside those of approach 1, for the cluster and each enterprise.

    Columns: tco2e, mean_tco2e, low, high (2.5 and 97.5 % of the draws, tCO2e), approach1_* (see `propagate`), draws, seed.
    Errors are normal, cut where a value would change its sign, or lognormal with the same mean and variance above the half range
    that `uncertainty.csv` states. Given the factors, a sum of independent normal activity errors is normal with variance
    sum F_g^2 sum_i (a_i x_i)^2: it is drawn once a total, which is exact. Lognormal activity errors of one factor and sign are
    drawn as one lognormal of the same mean and variance (Fenton 1960; exact for a single row). The order of rows does not matter.
    """
    draws = max(1, draws)
    errors, generator = _errors(rows), np.random.Generator(np.random.PCG64(seed))
    ranges = _ranges(errors, ("cluster", "enterprise"))
    parts = [_quantiles(_keyed(errors, level), level, draws, generator) for level in ("cluster", "enterprise")]
    table = ranges.drop(columns="independent_half_tco2e").rename(
        columns={c: f"approach1_{c}" for c in ("half_range_tco2e", "half_range_pct", "low", "high")}
    )
    table = table.merge(pd.concat(parts, ignore_index=True), on=["level", "key"], how="left", validate="1:1")
    return table.assign(draws=draws, seed=seed).reindex(columns=DRAWN)


def contributions(rows: pd.DataFrame) -> pd.DataFrame:
    """What the cluster's variance is made of, largest first: factors, and activity data by enterprise, carrier and source.

    Columns: kind (activity | factor), enterprise_id, carrier, source, factor_id, tco2e, half_range_pct (of that datum),
    half_range_tco2e, variance_share_pct, cumulative_pct, and gain_pct: by how much the cluster's half range falls if the activity
    were filed with grade A, or the factor measured (row "own" of `uncertainty.csv`); recomputed, not linearised.
    """
    errors = _keyed(_errors(rows), "cluster")
    parts = [_activity_data(errors), _factors(errors)]
    table = pd.concat(parts, ignore_index=True)
    table = table[table["variance"] > 0]
    total = table["variance"].sum()
    table["half_range_tco2e"] = table["variance"] ** 0.5
    table["half_range_pct"] = table["half_range_tco2e"] / table["tco2e"].abs().where(table["tco2e"] != 0) * 100
    table["variance_share_pct"] = table["variance"] / total * 100
    left = ((total - table["variance"] + table["improved"]) / total).clip(lower=0)
    table["gain_pct"] = (1 - left**0.5) * 100
    table = table.sort_values(["variance", "kind", *_NAMES], ascending=[False, *[True] * 5])
    return table.assign(cumulative_pct=table["variance_share_pct"].cumsum()).reindex(columns=SHARES).reset_index(drop=True)


@cache
def _half(kind: str, grade: str) -> float:
    """A half range of `uncertainty.csv` as a fraction."""
    table = dictionary.read_table("uncertainty").set_index(["kind", "grade"])["half_range_pct"]
    return float(table[(kind, grade)]) / 100


def _errors(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in a fixed order: names, internal, `x` tCO2e, `a` and `f` (fractions), `a_best` and `f_best` when improved.

    Without a stated activity error the one of "no grade filed" holds; without a factor error there is none, as in the inventory.
    """
    names = {c: pd.Categorical(rows[c].astype("str").fillna("")) for c in _NAMES}
    frame = pd.DataFrame(names, index=range(len(rows)))
    frame["internal"] = _numbers(rows["internal"], 0.0).astype(int)
    frame["x"] = _numbers(rows["tco2e"], 0.0)
    frame["a"] = np.abs(_numbers(rows["activity_half_pct"], _half("activity", "") * 100)) / 100
    frame["f"] = np.abs(_numbers(rows["factor_half_pct"], 0.0)) / 100
    frame["a_best"] = frame["a"].clip(upper=_half("activity", "A"))
    frame["f_best"] = frame["f"].clip(upper=_half("factor", "own"))
    alone = frame["factor_id"] == ""
    for column in ("a", "a_best"):
        frame[column] = np.hypot(frame[column], frame["f"].where(alone, 0.0))
    frame.loc[alone, ["f", "f_best"]] = 0.0
    return frame.sort_values([*_NAMES, "internal", "x", "a", "f"], ignore_index=True)


def _numbers(column: pd.Series, blank: float) -> np.ndarray:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, blank)


def _keyed(errors: pd.DataFrame, level: str) -> pd.DataFrame:
    """The rows that belong to a level, with `key`."""
    if level == "enterprise":
        return errors.assign(key=errors["enterprise_id"])
    own = errors[errors["internal"] == 0]
    return own.assign(key=own["source"] if level == "source" else pd.Categorical(["cluster"] * len(own)))


def _ranges(errors: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    parts = [_approach_1(_keyed(errors, level)).assign(level=level) for level in by]
    table = pd.concat(parts, ignore_index=True)
    table["half_range_pct"] = table["half_range_tco2e"] / table["tco2e"].abs().where(table["tco2e"] != 0) * 100
    table["low"] = table["tco2e"] - table["half_range_tco2e"]
    table["high"] = table["tco2e"] + table["half_range_tco2e"]
    return table.reindex(columns=RANGES)


def _approach_1(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum and half range of each key (tCO2e)."""
    x, a, f = rows["x"], rows["a"], rows["f"]
    keys = [rows["key"]]
    total = x.groupby(keys, observed=True).sum()
    activity = ((a * x) ** 2).groupby(keys, observed=True).sum()
    factor = ((f * x).groupby([*keys, rows["factor_id"]], observed=True).sum() ** 2).groupby(level=0, observed=True).sum()
    independent = ((a**2 + f**2) * x**2).groupby(keys, observed=True).sum()
    table = pd.DataFrame(
        {"tco2e": total, "half_range_tco2e": (activity + factor) ** 0.5, "independent_half_tco2e": independent**0.5}
    )
    return table.rename_axis("key").reset_index().astype({"key": "str"})


def _activity_data(errors: pd.DataFrame) -> pd.DataFrame:
    rows = errors.assign(variance=(errors["a"] * errors["x"]) ** 2, improved=(errors["a_best"] * errors["x"]) ** 2)
    names = ["enterprise_id", "carrier", "source"]
    table = rows.groupby(names, observed=True)[["x", "variance", "improved"]].sum().reset_index()
    return table.rename(columns={"x": "tco2e"}).astype(dict.fromkeys(names, "str")).assign(kind="activity", factor_id="")


def _factors(errors: pd.DataFrame) -> pd.DataFrame:
    rows = errors.assign(now=errors["f"] * errors["x"], best=errors["f_best"] * errors["x"])
    groups = rows.groupby("factor_id", observed=True)
    table = groups[["x", "now", "best"]].sum().rename(columns={"x": "tco2e"})
    for name in ("carrier", "source", "enterprise_id"):  # named where all rows of the factor agree
        table[name] = groups[name].first().astype("str").where(groups[name].nunique() == 1, "")
    table = table.assign(variance=table["now"] ** 2, improved=table["best"] ** 2, kind="factor")
    return table.drop(columns=["now", "best"]).reset_index().astype({"factor_id": "str"})


def _groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one key, factor and factor error as one: `x`, `variance` of the activity errors; lognormal ones apart, by sign.

    Numbers stand for names: `key_no`, `factor_no`, `case` (a factor and its error).
    """
    lognormal = (rows["a"] > _half("distribution", "lognormal_above")) & (rows["x"] != 0)
    apart = np.sign(rows["x"]).where(lognormal, 0.0)
    sums = rows.assign(variance=(rows["a"] * rows["x"]) ** 2, apart=apart)
    sums = sums.groupby(["key", "factor_id", "f", "apart"], observed=True, sort=True)[["x", "variance"]].sum().reset_index()
    sums["key_no"] = pd.factorize(sums["key"], sort=True)[0]
    sums["factor_no"] = pd.factorize(sums["factor_id"], sort=True)[0]
    sums["case"] = sums.groupby(["factor_id", "f"], observed=True, sort=True).ngroup()
    return sums


def _quantiles(rows: pd.DataFrame, level: str, draws: int, generator: np.random.Generator) -> pd.DataFrame:
    """Mean and 95 % range of the drawn totals of each key."""
    ends = rows.groupby("key", observed=True, sort=True)["x"].agg(["min", "max"])
    sign = np.where(ends["min"] >= 0, 1.0, np.where(ends["max"] <= 0, -1.0, 0.0))  # 0: purchases and sales in one total
    drawn = _totals(_groups(rows), sign, draws, generator)
    parts = [(totals.mean(axis=1), *np.quantile(totals, (0.025, 0.975), axis=1)) for totals in drawn]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [[], [], []]
    table = pd.DataFrame(dict(zip(("mean_tco2e", "low", "high"), columns, strict=True)), dtype=float)
    return table.assign(level=level, key=ends.index.astype("str"))


def _totals(groups: pd.DataFrame, sign: np.ndarray, draws: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Drawn totals, keys x draws, some keys at a time. A factor of several keys or ranges errs alike in all of them."""
    lowest = -_SIDE / groups["f"].where(groups["f"] <= _half("distribution", "lognormal_above"), 0.0).replace(0.0, np.nan)
    lowest = lowest.fillna(-np.inf).groupby(groups["factor_no"]).max().to_numpy()
    uses = groups.drop_duplicates(["key_no", "case"]).groupby("factor_no").size().to_numpy()
    common = {n: _normals(generator, draws, lowest[n]) for n in np.flatnonzero(uses > 1)}
    most = max(1, _CELLS // draws)
    for first in range(0, len(sign), most):
        part = groups[groups["key_no"].between(first, first + most - 1)]
        mean, variance = np.zeros((2, part["key_no"].max() - first + 1, draws))
        for block in np.array_split(part["case"].unique(), -(-part["case"].nunique() // most)):
            _add(part[part["case"].isin(block)], first, (mean, variance), common, lowest, generator)
        yield _with_activity(mean, variance, sign[first : first + most], generator)


def _add(
    part: pd.DataFrame,
    first: int,
    sums: tuple[np.ndarray, np.ndarray],
    common: dict,
    lowest: np.ndarray,
    generator: np.random.Generator,
) -> None:
    """Add the emissions of some factors to the means of their keys, and their activity errors to the variances."""
    mean, variance = sums
    cases = part.drop_duplicates("case")
    drawn = dict(common)
    for n in cases["factor_no"]:
        if n not in drawn:
            drawn[n] = _normals(generator, mean.shape[1], lowest[n])
    factor = np.stack([_value(drawn[n], f) for n, f in zip(cases["factor_no"], cases["f"], strict=True)])
    place = pd.Series(range(len(cases)), index=cases["case"])
    plain = part[part["apart"] == 0]
    weights = np.zeros((2, len(mean), len(cases)))
    where = plain["key_no"].to_numpy() - first, place[plain["case"]].to_numpy()
    weights[0][where], weights[1][where] = plain["x"], plain["variance"]
    mean += weights[0] @ factor
    variance += weights[1] @ factor**2
    for wide in part[part["apart"] != 0].itertuples():
        activity = _lognormal(generator.standard_normal(mean.shape[1]), wide.variance**0.5 / abs(wide.x))
        mean[wide.key_no - first] += wide.x * factor[place[wide.case]] * activity


def _with_activity(mean: np.ndarray, variance: np.ndarray, sign: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Totals with their activity errors; a total whose rows all have one sign keeps it."""
    deviation = variance**0.5 / _SIDE
    bound = np.where((deviation > 0) & (sign[:, None] != 0), -np.abs(mean) / np.where(deviation > 0, deviation, 1.0), -np.inf)
    return mean + np.where(sign < 0, -1.0, 1.0)[:, None] * deviation * _normals(generator, mean.shape, bound)


def _value(normal: np.ndarray, half: float) -> np.ndarray:
    """A factor in units of its mean."""
    return 1 + half / _SIDE * normal if half <= _half("distribution", "lognormal_above") else _lognormal(normal, half)


def _lognormal(normal: np.ndarray, half: float) -> np.ndarray:
    """Mean 1 and the variance of that half range: sigma^2 = ln(1 + (half / 1.96)^2)."""
    spread = np.log1p((half / _SIDE) ** 2)
    return np.exp(spread**0.5 * normal - spread / 2)


def _normals(generator: np.random.Generator, shape: int | tuple[int, ...], lowest: float | np.ndarray) -> np.ndarray:
    """Standard normal draws, drawn anew where they fall below the lowest that keeps the sign."""
    drawn = generator.standard_normal(shape)
    while (below := drawn < lowest).any():
        drawn[below] = generator.standard_normal(int(below.sum()))
    return drawn
