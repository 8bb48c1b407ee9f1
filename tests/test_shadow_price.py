"""Prices of limits against brute force and by hand; nil for a limit that does not bind."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from conftest import TABLES
from test_pareto import dominating
from test_selection import Case
from workbench.selection import limits, plans, shadow_price, solve
from workbench.selection.matrix import Matrix

FEASIBLE = [0, 1, 2, 7, 8, 9, 10, 12, 13, 15, 18, 19]  # instances that some plan satisfies


def solved(case: Case):
    problem = case.problem()
    found = solve.solve(problem)
    return (None, None) if found.value is None else (Matrix(problem), plans.of(problem, found.chosen))


@pytest.mark.parametrize("seed", FEASIBLE)
def test_prices_of_the_budget_by_enumeration(seed):
    case = Case(seed)
    held, plan = solved(case)
    assert plan is not None
    budget, table = case.settings.budget_tco2e, shadow_price.prices(held, plan)
    assert table.loc[table["limit"] == "budget", "reached"].iloc[0] == pytest.approx(plan.emissions)
    points = dominating(case)
    here = min(range(len(points)), key=lambda n: abs(points[n][0] - plan.emissions))
    e, z = points[here]
    expected = {
        "next_tighter": (points[here + 1][1] - z) / (e - points[here + 1][0]) if here + 1 < len(points) else None,
        "next_looser": (z - points[here - 1][1]) / (points[here - 1][0] - e) if here else 0.0,
        "average_relaxing": max(((z - v) / (w - budget) for w, v in points[:here]), default=0.0),
        "average_cut": (z - points[0][1]) / (points[0][0] - e) if here else None,
        "one_more": z - min(v for w, v in points if w <= budget + 1 + 1e-7),
        "one_less": min((v for w, v in points if w <= budget - 1 + 1e-7), default=np.nan) - z,
    }
    for name, value in expected.items():
        found = shadow_price.of(table, name)
        if value is None or np.isnan(value):
            assert found is None, name
        else:
            assert found == pytest.approx(value, rel=1e-3, abs=1e-2), name


@pytest.mark.parametrize("seed", FEASIBLE)
def test_a_limit_that_does_not_bind_has_no_price(seed):
    """Taken away, it changes nothing: both prices of relaxing it are nil; a limit that binds has a positive one."""
    case = Case(seed)
    held, plan = solved(case)
    assert plan is not None
    table = shadow_price.prices(held, plan)
    for (limit, who), rows in table.groupby(["limit", "who"]):
        without = held.solve(at={(limit, who): None})
        gain = plan.value - held.problem.value(set(without.chosen))
        prices = rows.set_index("price_kind")["value"]
        assert (gain > plans.money_apart(plan.value)) == bool(rows["binding"].iloc[0])
        if not rows["binding"].iloc[0]:
            assert prices["next_looser"] == prices["average_relaxing"] == 0
        else:
            assert prices["average_relaxing"] > 0 and prices["next_looser"] > 0


@pytest.mark.slow
def test_limits_of_every_kind_are_priced():
    seen = {limit for case in map(Case, range(40)) for limit in (k.limit for k in limits.of(case.problem()))}
    assert seen == {
        "budget", "capital_limit", "enterprise_capital", "emission_limit", "energy_intensity", "carbon_intensity", "group_min",
        "group_max",
    }  # fmt: skip


def test_the_prices_of_one_budget_by_hand(tiny):
    """After P3 (800 t for 100,000): P2 and P3 save 360 t more for 300,000; doing nothing saves 100,000 and emits 800 t more."""
    problem = tiny().problem(budget_tco2e=24_500, objective="capex")
    held, plan = Matrix(problem), plans.of(problem, frozenset({"P3"}))
    table = shadow_price.prices(held, plan)
    price = lambda name: shadow_price.of(table, name)  # noqa: E731
    assert price("next_tighter") == pytest.approx(300_000 / 360)
    assert price("next_looser") == price("average_cut") == price("average_relaxing") == pytest.approx(125)
    assert price("one_less") == pytest.approx(300_000) and price("one_more") == 0
    assert price("fixed_dual") == 0


def test_with_the_projects_held_a_tonne_is_worth_nothing(tiny):
    """C is paid 7,000 a tonne to burn 100 t of waste (3 t of CO2 each); P1 leaves 40 t of it, 25,120 t in all, 30 below the budget.

    What is left of the waste is no choice of its own: it may not be counted higher, as burning more would pay, up to the budget.
    """
    energy = TABLES["energy"].replace("diesel,purchase,100,t,700000,3", "diesel,purchase,100,t,-700000,3")
    projects = "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\nP1,x,C,1000,0,10\nP2,y,C,1000,0,10\n"
    savings = "project_id,carrier,mode,amount,unit\nP1,diesel,absolute,60,t\nP2,diesel,absolute,70,t\n"
    problem = tiny(energy=energy, projects=projects, savings=savings).problem(budget_tco2e=25_150.0, discount_rate=0.0)
    held, plan = Matrix(problem), plans.of(problem, solve.solve(problem).chosen)
    assert plan.chosen == {"P1"} and plan.emissions == pytest.approx(25_120) and plan.value == pytest.approx(60 * 7000 + 100)
    found, prices, _ = held.relaxed(plan.fixed(problem))
    assert found.value == pytest.approx(plan.value) and prices[plans.BUDGET] == 0
    table = shadow_price.prices(held, plan)
    assert shadow_price.of(table, "fixed_dual") == 0
    assert shadow_price.of(table, "relaxed_dual") == pytest.approx((70 * 7000 + 1000 / 10) / 210)  # P2 in part


@pytest.mark.parametrize("seed", FEASIBLE)
def test_the_plan_held_costs_what_the_plan_costs(seed):
    """The fixed program is that of the plan, and it has no price where the limit is not met to the last unit."""
    held, plan = solved(Case(seed))
    found, prices, _ = held.relaxed(plan.fixed(held.problem))
    assert found.value == pytest.approx(plan.value, rel=1e-6, abs=1e-2)
    room = held.problem.budget - plan.emissions
    assert prices[plans.BUDGET] == 0 if room > 1e-3 else prices[plans.BUDGET] >= 0


def test_the_continuous_price_is_a_slope(tiny):
    """A budget of 24,600 t takes 7/8 of P3 (100,000 for 800 t) where projects come in parts: 125 a tonne."""
    problem = tiny().problem(budget_tco2e=24_600, objective="capex")
    table = shadow_price.prices(Matrix(problem), plans.of(problem, frozenset({"P3"})))
    assert shadow_price.of(table, "relaxed_dual") == pytest.approx(125)
    assert shadow_price.of(table, "fixed_dual") == 0


def test_capital_is_priced_beside_the_budget(tiny):
    """Least annual cost with 350,000 of capital: P3 alone; 50,000 more would add P2, which saves 360 t and 120,000 x 0.36."""
    problem = tiny().problem(capital_limit=350_000)
    found = solve.solve(problem)
    assert found.chosen == {"P3"}
    table = shadow_price.prices(Matrix(problem), plans.of(problem, found.chosen))
    capital = table[table["limit"] == "capital_limit"].set_index("price_kind")
    both = problem.value({"P2", "P3"})
    assert capital.at["next_looser", "move"] == pytest.approx(50_000)
    assert capital.at["next_looser", "value"] == pytest.approx((found.value - both) / 300_000)  # from the 100,000 spent
    assert capital["binding"].all()
    free = dataclasses.replace(problem, settings=problem.settings.model_copy(update={"capital_limit": 2e6}))
    loose = shadow_price.prices(Matrix(free), plans.of(free, solve.solve(free).chosen))
    assert (loose["binding"] == 0).all() and (loose["value"].dropna() == 0).all()


@pytest.mark.parametrize("seed", FEASIBLE[:6])
def test_of_a_plan_that_is_not_proven_the_price_of_a_tonne_lies_between_its_bounds(seed):
    """Steps to a neighbour are marked; prices of the continuous problem stand as they are."""
    case = Case(seed)
    held, best = solved(case)
    assert best is not None
    proven = shadow_price.prices(held, best).set_index(["limit", "who", "price_kind"])
    gap = 9.0 / max(1e-9, abs(best.value))
    table = shadow_price.prices(held, plans.of(held.problem, best.chosen, "time_limit", gap)).set_index(
        ["limit", "who", "price_kind"]
    )
    assert set(proven["known"].dropna()) == {"exact"} and set(table["known"].dropna()) <= set(shadow_price.KNOWN)
    for key, row in table[table["known"] == "between"].iterrows():
        assert key[2] in ("one_less", "one_more")
        assert row["value"] <= proven.at[key, "value"] + 1e-2 and proven.at[key, "value"] <= row["value_at_most"] + 1e-2
    assert (table["known"] == "between").any()
    for key, row in table[table["known"] == "exact"].iterrows():
        assert key[2] in shadow_price.OF_THE_PLAN and row["value"] == pytest.approx(proven.at[key, "value"], abs=1e-6)
