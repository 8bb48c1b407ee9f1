"""The front against brute force: every plan that no other beats, the knee, and the points a carbon price reaches."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import seeds
from test_selection import Case
from workbench.selection import pareto, plans


def dominating(case: Case) -> list[tuple[float, float]]:
    """(emissions, value) of every non-dominated subset, loosest first, by enumeration."""
    x = case.everything()
    x = x[case.allowed(x, None)]
    if not len(x):
        return []
    emissions, value, apart = case.emissions(x), case.value(x), plans.tonnes_apart(case.problem())
    found: list[tuple[float, float]] = []
    for n in np.lexsort((emissions, value)):
        if not found or emissions[n] < found[-1][0] - apart:
            found.append((emissions[n], value[n]))
    return found


def test_most_random_fronts_have_points():
    """The comparison below means something: no more than a few of its cases have no plan at all."""
    points = [len(dominating(Case(seed, size=7, budget_tco2e=None))) for seed in range(24)]
    assert sum(n == 0 for n in points) <= 6 and sum(n > 2 for n in points) >= 12


@pytest.mark.parametrize("seed", seeds.first(8, range(24)))
def test_every_plan_that_no_other_beats_is_listed(seed):
    case = Case(seed, size=7, budget_tco2e=None)
    expected, found = dominating(case), pareto.front(case.problem())
    assert len(found) == len(expected)
    if len(expected):
        assert found["emissions_tco2e"].to_numpy() == pytest.approx([e for e, _ in expected], abs=2e-2)
        assert found["objective_value"].to_numpy() == pytest.approx([v for _, v in expected], rel=1e-6, abs=2e-2)
        assert (found["complete"] == 1).all() and (found["status"] == "optimal").all()


@pytest.mark.parametrize("seed", seeds.first(4, range(12)))
def test_supported_points_are_those_a_price_reaches(seed):
    """A price of carbon p picks the least value + p x emissions: over all prices it picks the supported points and no other."""
    case = Case(seed, size=7, budget_tco2e=None, energy_intensity_cap=None, carbon_intensity_cap=None)
    case.groups, case.firm_limit = [], np.full(3, np.nan)  # no project at all is a plan, so there is a front
    found = pareto.front(case.problem())
    x, y = found["emissions_tco2e"].to_numpy(float), found["objective_value"].to_numpy(float)
    assert len(found)
    slopes = {abs((y[a] - y[b]) / (x[a] - x[b])) for a in range(len(x)) for b in range(a) if abs(x[a] - x[b]) > 1e-9}
    edges = sorted({0.0, *slopes})
    between = [(a + b) / 2 for a, b in zip(edges, edges[1:], strict=False)] + [2 * edges[-1] + 1]
    reached = {int(np.argmin(y + price * x)) for price in between}
    assert reached <= set(np.flatnonzero(found["supported"]))
    for n in np.flatnonzero(found["supported"]):
        best = min((y + price * x)[n] - (y + price * x).min() for price in [*edges, *between])
        assert best <= 1e-6 * (1 + np.abs(y).max())


def test_the_knee_by_hand():
    """Below the line between the ends lie 1 - 0.5 - 0.1 = 0.4 and 1 - 0.2 - 0.5 = 0.3: the knee is the first of them."""
    table = pd.DataFrame({"emissions_tco2e": [100.0, 50.0, 20.0, 0.0], "objective_value": [0.0, 10.0, 50.0, 100.0]})
    assert pareto.knee(table).tolist() == [0, 1, 0, 0]
    assert pareto.knee(table.iloc[[0, 3]]).sum() == 0
    straight = table.assign(objective_value=[0.0, 50.0, 80.0, 100.0])
    assert pareto.knee(straight).sum() == 0


def test_supported_by_hand():
    """From (100, 0) to (0, 100): 10 at 50 is supported, 70 at 20 lies above the line from there to the end and is not."""
    table = pd.DataFrame({"emissions_tco2e": [100.0, 50.0, 20.0, 0.0], "objective_value": [0.0, 10.0, 70.0, 100.0]})
    assert pareto.supported(table).tolist() == [1, 1, 0, 1]


def test_large_cases_are_spread_evenly():
    problem = Case(4, "capex", size=12, budget_tco2e=None, front_points=6).problem()
    every, some = pareto.front(problem), pareto.front(problem, points=6)
    assert (some["complete"] == 0).all() and len(some) == 6
    assert np.ptp(np.diff(some["budget_tco2e"])) == pytest.approx(0, abs=1e-6)
    listed = list(zip(every["emissions_tco2e"].round(2), every["objective_value"].round(2), strict=True))
    shown = list(zip(some["emissions_tco2e"].round(2), some["objective_value"].round(2), strict=True))
    assert set(shown) <= set(listed)


def test_settled_projects_are_so_in_every_plan_that_costs_no_more():
    """Against every subset; the budget half way between no project and the least, a fiftieth of the money above the least cost."""
    settled = 0
    for seed in range(12):
        case = Case(seed, budget_tco2e=None)
        problem, every = case.problem(), case.everything()
        every = every[case.allowed(every, None)]
        if not len(every):
            continue
        emissions, value = case.emissions(every), case.value(every)
        budget = (emissions.min() + emissions.max()) / 2
        within = emissions <= budget
        most = value[within].min() + 0.02 * np.ptp(value)
        found = plans.matrix(problem).settled(most, {plans.BUDGET: budget})
        near = every[within & (value <= most)]
        for project, state in found.items():
            assert (near[:, case.ids.index(project)] == state).all()
        settled += len(found)
    assert settled > 20
