"""Money against hand numbers and textbook values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import costs


@pytest.mark.parametrize(
    ("rate", "years", "factor"),
    [(0.08, 10, 0.14902949), (0.10, 5, 0.26379748), (0.0, 20, 0.05), (0.05, 1, 1.05), (0.12, 30, 0.12414366)],
)
def test_capital_recovery(rate, years, factor):
    assert costs.capital_recovery_factor(rate, years) == pytest.approx(factor, abs=1e-8)


def test_annuity_is_the_sum_of_its_years():
    assert costs.annuity_factor(0.1, 3) == pytest.approx(1 / 1.1 + 1 / 1.21 + 1 / 1.331)
    assert costs.annuity_factor(0.1, 3, 0.02) == pytest.approx(sum((1.02 / 1.1) ** t for t in (1, 2, 3)))
    assert costs.annuity_factor(0.03, 7, 0.03) == pytest.approx(7)
    assert costs.annuity_factor(0.1, 0) == 0
    assert math.isnan(costs.capital_recovery_factor(0.1, 0))


def test_net_present_value():
    assert costs.net_present_value(1000, 300, 0.10, 5) == pytest.approx(137.2360, abs=1e-4)
    assert costs.net_present_value(1000, 300, 0.0, 5) == pytest.approx(500)
    assert costs.net_present_value(1000, -10, 0.1, 5) < -1000


@pytest.mark.parametrize(
    ("capex", "income", "years", "irr"),
    [(1000, 300, 5, 0.152382), (1000, 1100, 1, 0.10), (1000, 100, 10, 0.0), (1000, 50, 10, -0.109560), (1, 1000, 10, 1000.0)],
)
def test_internal_rate_of_return(capex, income, years, irr):
    found = costs.internal_rate_of_return(capex, income, years)
    assert found == pytest.approx(irr, abs=1e-3 if irr > 10 else 1e-5)
    assert costs.net_present_value(capex, income, found, years) == pytest.approx(0, abs=1e-6 * capex)


@pytest.mark.parametrize(
    ("capex", "income", "years"), [(0, 100, 10), (1000, 0, 10), (1000, -5, 10), (1000, 100, 0), (-1, 100, 10), (1001, 1, 1)]
)
def test_no_rate_of_return(capex, income, years):
    assert math.isnan(costs.internal_rate_of_return(capex, income, years))


def test_payback():
    assert costs.simple_payback(1000, 250) == 4
    assert costs.simple_payback(0, 250) == 0
    assert math.isnan(costs.simple_payback(1000, 0)) and math.isnan(costs.simple_payback(1000, -1))


@given(st.floats(1, 1e9), st.floats(0.01, 1e9), st.integers(1, 40))
def test_the_rate_of_return_makes_the_value_nil(capex, income, years):
    rate = costs.internal_rate_of_return(capex, income, years)
    if not math.isnan(rate):
        scale = max(capex, income * costs.annuity_factor(rate, years))
        assert abs(costs.net_present_value(capex, income, rate, years)) <= 1e-5 * scale


@given(st.floats(-0.4, 0.9), st.floats(0.5, 60))
def test_recovery_repays_exactly(rate, years):
    assert costs.capital_recovery_factor(rate, years) * costs.annuity_factor(rate, years) == pytest.approx(1)


def test_discounted_payback():
    assert costs.discounted_payback(1000, 300, 0.1) == pytest.approx(4.2541, abs=1e-4)
    assert costs.discounted_payback(1000, 250, 0.0) == 4
    assert math.isnan(costs.discounted_payback(1000, 100, 0.1))  # 100 a year for ever are worth just 1,000
    assert costs.discounted_payback(0, 100, 0.1) == 0
    years = costs.discounted_payback(1000, 170, 0.07)
    assert costs.net_present_value(1000, 170, 0.07, years) == pytest.approx(0, abs=1e-9)


def test_arrays_as_numbers():
    years = np.array([1.0, 10.0, np.nan])
    assert costs.annuity_factor(0.08, years)[:2].tolist() == [costs.annuity_factor(0.08, 1), costs.annuity_factor(0.08, 10)]
    found = costs.internal_rate_of_return(np.array([1000.0, 0.0]), np.array([300.0, 5.0]), 5.0)
    assert found[0] == pytest.approx(costs.internal_rate_of_return(1000, 300, 5)) and math.isnan(found[1])
