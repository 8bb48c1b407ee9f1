"""Internal rates of return of any yearly flow: none, one or several, all of them told, with the modified rate beside them."""

from __future__ import annotations

import numpy as np

LEAST, MOST = -0.99, 10.0  # between which rates are looked for, as fractions per year
_GRID = 2001  # points between them, evenly spaced in the logarithm of 1 + rate
_HALVINGS = 80


def present_value(flow: np.ndarray, rate: np.ndarray | float) -> np.ndarray:
    """Present value of each row of `flow` (year 0, 1, …) at `rate`, one rate a row or one for all."""
    flow = np.atleast_2d(np.asarray(flow, float))
    factor, value = 1 / (1 + np.asarray(rate, float)), np.zeros(len(flow))
    for year in reversed(range(flow.shape[1])):  # Horner: far quicker than powers, and called at every halving
        value = value * factor + flow[:, year]
    return value


def all_roots(flow: np.ndarray) -> list[float]:
    """Every rate between LEAST and MOST at which the present value of one flow changes its sign, ascending.

    >>> all_roots([-1000, 1100])
    [0.1]
    >>> all_roots([-1000, 2500, -1540])  # a cost at the end: two rates, and neither says more than the other
    [0.1, 0.4]
    """
    flow = np.trim_zeros(np.asarray(flow, float), "b")
    if not ((flow > 0).any() and (flow < 0).any()):
        return []
    edges = np.expm1(np.linspace(np.log1p(LEAST), np.log1p(MOST), _GRID))
    edges = np.sort(np.append(edges, 0.0))
    values = present_value(np.tile(flow, (len(edges), 1)), edges)
    left = np.nonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)[0]
    low, high = edges[left], edges[left + 1]
    rows = np.tile(flow, (len(left), 1))
    rising = values[left] < 0
    for _ in range(_HALVINGS if len(left) else 0):
        middle = (low + high) / 2
        go_up = (present_value(rows, middle) < 0) == rising
        low, high = np.where(go_up, middle, low), np.where(go_up, high, middle)
    exact = edges[values == 0]
    return sorted(float(round(rate, 12)) for rate in [*((low + high) / 2), *exact])


def modified(flow: np.ndarray, rate: float) -> np.ndarray:
    """Modified internal rate of return of each row: what is earned is laid on, what is paid borrowed, at `rate`; always one.

    (future value of the income / present value of the payments)^(1/n) - 1, n the last year with money in it; NaN without either.
    """
    flow = np.atleast_2d(np.asarray(flow, float))
    year = np.arange(flow.shape[1], dtype=float)
    last = np.where(flow != 0, year, 0).max(axis=1, initial=0)
    income = (flow.clip(min=0) * (1 + rate) ** (last[:, None] - year)).sum(axis=1)
    paid = -present_value(flow.clip(max=0), rate)
    sound = (income > 0) & (paid > 0) & (last > 0)
    ratio = np.divide(income, paid, out=np.ones(len(flow)), where=sound)
    return np.where(sound, ratio ** (1 / np.maximum(last, 1)) - 1, np.nan)


def of_rows(flow: np.ndarray, rate: float) -> tuple[np.ndarray, list[list[float]]]:
    """One rate for each row and all its rates: the only one, or of several the one nearest the modified rate; NaN without any."""
    flow = np.atleast_2d(np.asarray(flow, float))
    near, every = modified(flow, rate), []
    chosen = np.full(len(flow), np.nan)
    single = _changes_once(flow)
    chosen[single] = _bisect(flow[single])
    for row in range(len(flow)):
        found = ([float(chosen[row])] if np.isfinite(chosen[row]) else []) if single[row] else all_roots(flow[row])
        every.append(found)
        if len(found) == 1:
            chosen[row] = found[0]
        elif found:
            chosen[row] = min(found, key=lambda value: (abs(value - near[row]), value))  # noqa: B023
    return chosen, every


def _changes_once(flow: np.ndarray) -> np.ndarray:
    """Payments first and income after, nothing else: by Descartes' rule there is at most one rate."""
    sign = np.sign(flow)
    seen_income = np.maximum.accumulate(sign > 0, axis=1)
    return (sign < 0).any(axis=1) & (sign > 0).any(axis=1) & ~((sign < 0) & seen_income).any(axis=1)


def _bisect(flow: np.ndarray) -> np.ndarray:
    low, high = np.full(len(flow), LEAST), np.full(len(flow), MOST)
    inside = (present_value(flow, low) >= 0) & (present_value(flow, high) <= 0)
    for _ in range(_HALVINGS if len(flow) else 0):
        middle = (low + high) / 2
        above = present_value(flow, middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(inside, np.round((low + high) / 2, 12) + 0.0, np.nan)
