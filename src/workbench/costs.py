"""Money of a project over its life: plain discounted cash flow with constant yearly flows, real terms.

Sign: costs positive, except where a name says income, saving or value. Rates are fractions per year, times are years.
"""

from __future__ import annotations

import math


def annuity_factor(rate: float, years: float, growth: float = 0.0) -> float:
    """Present value of 1 a year for `years` years, first payment after one year, growing by `growth`.

    sum_{t=1..n} ((1+g)/(1+r))^t = q (1 - q^n) / (1 - q), q = (1+g)/(1+r); n itself when q = 1.

    >>> round(annuity_factor(0.08, 10), 6)
    6.710081
    """
    if years <= 0:
        return 0.0
    q = (1 + growth) / (1 + rate)
    return years if math.isclose(q, 1.0, rel_tol=1e-12) else q * (1 - q**years) / (1 - q)


def capital_recovery_factor(rate: float, years: float) -> float:
    """Equal yearly payment that repays 1: CRF = r / (1 - (1+r)^-n), 1/n at r = 0.

    >>> round(capital_recovery_factor(0.08, 10), 6)
    0.149029
    """
    return 1 / annuity_factor(rate, years) if years > 0 else math.nan


def net_present_value(capex: float, yearly_income: float, rate: float, years: float) -> float:
    """Value today of `yearly_income` over the life less `capex`; no residual value at the end of life."""
    return yearly_income * annuity_factor(rate, years) - capex


def internal_rate_of_return(capex: float, yearly_income: float, years: float) -> float:
    """Rate at which the net present value is nil, as a fraction; NaN where none above -99.9 % exists (no capital or no income).

    With one payment first and constant income after it the root is unique.
    """
    if not (capex > 0 and yearly_income > 0 and years > 0):
        return math.nan
    low, high = -0.999, 1.0
    if net_present_value(capex, yearly_income, low, years) < 0:
        return math.nan
    while net_present_value(capex, yearly_income, high, years) > 0:
        high *= 4
        if high > 1e9:
            return math.nan
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if net_present_value(capex, yearly_income, middle, years) > 0 else (low, middle)
        if high - low < 1e-12 * max(1.0, abs(high)):
            break
    return (low + high) / 2


def simple_payback(capex: float, yearly_income: float) -> float:
    """Years until income has repaid the capital; 0 without capital, NaN when it never does."""
    if capex <= 0:
        return 0.0
    return capex / yearly_income if yearly_income > 0 else math.nan
