"""Money of a project over its life: plain discounted cash flow with constant yearly flows, real terms.

Sign: costs positive, except where a name says income, saving or value. Rates are fractions per year, times are years.
Every function takes numbers or arrays of the same length; NaN where there is no answer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

LEAST_RATE, MOST_RATE = -0.999, 1e9  # between which a rate of return is looked for
_STEPS = 200  # halvings: more than the digits of a float


def annuity_factor(rate: ArrayLike, years: ArrayLike, growth: ArrayLike = 0.0) -> float | np.ndarray:
    """Present value of 1 a year for `years` years, first payment after one year, growing by `growth`.

    sum_{t=1..n} ((1+g)/(1+r))^t = q (1 - q^n) / (1 - q), q = (1+g)/(1+r); n itself when q = 1.

    >>> round(annuity_factor(0.08, 10), 6)
    6.710081
    """
    years = np.asarray(years, float)
    q = (1 + np.asarray(growth, float)) / (1 + np.asarray(rate, float))
    even = np.abs(q - 1) <= 1e-12 * np.maximum(np.abs(q), 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        factor = np.where(even, years, q * (1 - q**years) / (1 - np.where(even, 0.0, q)))
    return _number(np.where(years <= 0, 0.0, factor))


def capital_recovery_factor(rate: ArrayLike, years: ArrayLike) -> float | np.ndarray:
    """Equal yearly payment that repays 1: CRF = r / (1 - (1+r)^-n), 1/n at r = 0.

    >>> round(capital_recovery_factor(0.08, 10), 6)
    0.149029
    """
    factor = np.asarray(annuity_factor(rate, years))
    return _number(np.divide(1.0, factor, out=np.full(factor.shape, np.nan), where=factor != 0))


def net_present_value(capex: ArrayLike, yearly_income: ArrayLike, rate: ArrayLike, years: ArrayLike) -> float | np.ndarray:
    """Value today of `yearly_income` over the life less `capex`; no residual value at the end of life."""
    return yearly_income * annuity_factor(rate, years) - capex


def internal_rate_of_return(capex: ArrayLike, yearly_income: ArrayLike, years: ArrayLike) -> float | np.ndarray:
    """Rate at which the net present value is nil, as a fraction; NaN where none above -99.9 % exists (no capital or no income).

    With one payment first and constant income after it the root is unique.
    """
    capex, income, years = np.broadcast_arrays(*(np.asarray(value, float) for value in (capex, yearly_income, years)))
    sound = (capex > 0) & (income > 0) & (years > 0)
    capex, income, years = (np.where(sound, value, 1.0) for value in (capex, income, years))
    low, high = np.full(capex.shape, LEAST_RATE), np.ones(capex.shape)
    sound = sound & ~(net_present_value(capex, income, low, years) < 0)
    while (short := sound & (net_present_value(capex, income, high, years) > 0)).any():
        high = np.where(short, high * 4, high)
        sound = sound & ~(high > MOST_RATE)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        above = net_present_value(capex, income, middle, years) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
        if (high - low < 1e-12 * np.maximum(1.0, np.abs(high))).all():
            break
    return _number(np.where(sound, (low + high) / 2, np.nan))


def simple_payback(capex: ArrayLike, yearly_income: ArrayLike) -> float | np.ndarray:
    """Years until income has repaid the capital; 0 without capital, NaN when it never does."""
    capex, income = np.asarray(capex, float), np.asarray(yearly_income, float)
    years = np.divide(capex, income, out=np.full(np.broadcast_shapes(capex.shape, income.shape), np.nan), where=income > 0)
    return _number(np.where(capex <= 0, 0.0, years))


def discounted_payback(capex: ArrayLike, yearly_income: ArrayLike, rate: ArrayLike) -> float | np.ndarray:
    """Years until the present value of income has repaid the capital, any fraction of a year; NaN when it never does.

    From K = A (1 - q^n) / r: n = -ln(1 - K r / A) / ln(1 + r), K / A at r = 0.

    >>> round(discounted_payback(1000, 300, 0.1), 4)
    4.2541
    """
    simple, rate = np.asarray(simple_payback(capex, yearly_income)), np.asarray(rate, float)
    flat = np.abs(rate) <= 1e-12
    with np.errstate(divide="ignore", invalid="ignore"):
        years = -np.log1p(-simple * rate) / np.log1p(np.where(flat, 1.0, rate))
    return _number(np.where(flat, simple, np.where(np.isfinite(years), years, np.nan)))


def _number(value: np.ndarray) -> float | np.ndarray:
    """A plain number where numbers were given."""
    return float(value) if np.ndim(value) == 0 else value
