"""Questions asked of a plan by years: the front, the least reachable emissions, other budgets, the bundle; by brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from test_plan_by_years import Years
from workbench import words
from workbench.selection import configurations, front, menu, plans, reductions, select, solve
from workbench.selection.recheck import recheck
from workbench.whatif import WhatIf

SEEDS = [0, 1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 16))]


def every(case: Years, budget: float | None = None) -> list[tuple[float, float]]:
    """(objective, highest emissions from the target year on) of every plan that keeps the limits, under another `budget`."""
    given = case.settings
    case.settings = given.model_copy(update={"budget_tco2e": budget})
    target = given.target_year or case.span[-1]
    held = []
    for plan in case.plans():
        if case.keeps(plan):
            yearly = (
                sum(case.firm_emissions(case.at_work(plan, t), t).values()) - case.eliminated for t in case.span if t >= target
            )
            held.append((case.worth(plan), max(yearly)))
    case.settings = given
    return held


@pytest.mark.parametrize("seed", SEEDS)
def test_the_front_is_that_of_every_plan(seed):
    """Each point: no plan within its budget is cheaper; the last: no plan emits less."""
    case = Years(seed, ("npv_cost", "annual_cost", "capex")[seed % 3], years=2 + seed % 2)
    problem, known = case.problem(), every(case)
    table = front(problem)
    if not known:
        assert table.empty
        return
    assert table["budget_tco2e"].iat[-1] == pytest.approx(min(e for _, e in known), abs=2e-3)
    for row in table.itertuples():
        cheapest = min(v for v, e in known if e <= row.budget_tco2e + 1e-3)
        assert row.objective_value == pytest.approx(cheapest, rel=1e-5, abs=0.05)
    assert table["objective_value"].is_monotonic_increasing and table["complete"].eq(1).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_what_if_and_the_cuts_side_by_side(seed):
    case = Years(seed, years=2)
    problem, known = case.problem(), every(case)
    asked = WhatIf(problem, "CNY")
    for cut in (0.0, asked.most_pct / 2):
        plan = asked.plan(cut)
        within = [v for v, e in known if e <= asked.budget(cut) + 1e-6]
        assert (plan is None) == (not within)
        if plan is not None:
            assert plan.value == pytest.approx(min(within), rel=1e-5, abs=0.05)
            claims = {"objective_value": plan.value, "emissions_after": plan.emissions, "capex": plan.capex}
            assert recheck(problem.at(asked.budget(cut)), plan.starts, claims) == []
    cuts, worth = reductions(problem), {}
    for objective in ("capex", "annual_cost"):
        case.settings = case.settings.model_copy(update={"objective": objective})
        worth[objective] = every(case)
    for row in cuts.itertuples():
        within = [v for v, e in worth[row.objective] if e <= row.budget_tco2e + 1e-6]
        assert (row.status == "infeasible") == (not within)
        if within:
            assert row.objective_value == pytest.approx(min(within), rel=1e-5, abs=0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_least_reachable_is_that_of_the_years_a_budget_holds_in(seed):
    """Not the least sum over the years: a short-lived project may start late."""
    case = Years(seed, years=3, budget_path=None, reduction_path=None, cumulative_budget_tco2e=None)
    problem, known = case.problem(), every(case)
    least = solve.least_emissions(problem)
    assert least == (pytest.approx(min(e for _, e in known), abs=1e-3) if known else None)
    if known:
        short = select(problem.at(least - 1.0))
        assert short.summary["status"] == "infeasible" and short.summary["nearest_plan"]["emissions_tco2e"] <= least + 0.01
        (budget,) = (row for row in short.summary["limits_to_move"] if row["limit"] == "budget")
        assert budget["needed"] == pytest.approx(least) and budget["enough_alone"] and budget["proved"]


def test_budgets_of_single_years_that_cannot_be_kept_are_named(tiny):
    """P1 saves 2,000 t, P3 800 t, P2 360 t in its turn: 22,140 t at least; a path that asks for 20,000 t has no plan."""
    found = select(tiny().problem(horizon_year=2024, objective="capex", budget_path={2023: 20000.0}))
    assert found.summary["status"] == "infeasible" and found.summary["least_reachable_tco2e"] == pytest.approx(22140)
    assert "single years" in " ".join(map(str, words.selection_summary(found.summary, "CNY", "en").sentences))


def test_what_is_not_asked_is_said(tiny):
    found = select(tiny().problem(horizon_year=2024, objective="capex", budget_tco2e=24500.0))
    assert found.summary["not_asked"] == ["regrets", "shadow_prices", "alternatives"]
    assert found.prices.empty and found.bundle["regret"].isna().all() and found.summary["marginal_abatement_cost"] is None
    assert menu(found_problem := tiny().problem(horizon_year=2024, budget_tco2e=24500.0), found.chosen).plans.empty
    assert plans.matrix(found_problem).problem is found_problem
    for lang, word in (("en", "horizon_year"), ("zh", "分年计划")):
        assert word in " ".join(map(str, words.selection_summary(found.summary, "CNY", lang).sentences))
    typical = select(tiny().problem(objective="capex", budget_tco2e=24500.0))
    assert typical.summary["not_asked"] == [] and typical.summary["limits_not_held"] == []


def test_the_decision_under_uncertainty_takes_the_last_year_with_its_grid():
    """Emissions of every plan of the last year's problem are those of the plan by years in that year, all projects at work."""
    case = Years(2, years=3, grid_factor_decline=0.1)
    case.lead, case.life = [0.0] * case.n, np.full(case.n, 9)
    problem = case.problem()
    year = configurations.configurations(problem).problem
    assert not year.horizon.by_years and problem.grid_fall(problem.horizon.last) > 1.0
    for chosen in (set(), set(problem.ids[:1]), set(problem.ids)):
        assert year.emissions(chosen) == pytest.approx(problem.emissions(chosen, problem.horizon.last))


def test_limits_that_cannot_be_held_are_named(tiny):
    """No value added is filed, and the effort begins after the plan ends."""
    case = tiny(
        enterprises="enterprise_id,name,sector,carbon_intensity_limit\nA,Alpha,power,5\nB,Beta,paper,\nC,Gamma,food,\n",
        efforts="scope,name,min_reduction_pct,from_year\nenterprise,A,5,2030\n",
    )
    found = select(case.problem(horizon_year=2024, objective="capex", energy_intensity_cap=1.0))
    assert found.summary["limits_not_held"] == [
        "energy_intensity_cap", "carbon_intensity_limit A", "effort enterprise A from 2030",
    ]  # fmt: skip
    assert "carbon_intensity_limit A" in " ".join(map(str, words.selection_summary(found.summary, "CNY", "en").sentences))


def test_the_bundle_of_a_plan_by_years_adds_up_to_its_summary(tiny):
    """P3 lives one year: at work in 2023, in the last year nothing is left of its 800 t."""
    projects = (
        "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\n"
        "P1,Boiler,A,1000000,0,10\nP2,Motors,C,300000,0,10\nP3,Light,C,100000,0,1\n"
    )
    given = {"horizon_year": 2024, "objective": "capex", "budget_path": {2023: 24500.0, 2024: 24700.0}, "capex_decline": 0.1}
    problem = tiny(projects=projects).problem(**given)
    found = select(problem)
    bundle = found.bundle.set_index("project_id")
    chosen = bundle[bundle["selected"] == 1]
    assert chosen["start_year"].to_dict() == {"P2": 2024, "P3": 2023}
    assert chosen["capex"].sum() == pytest.approx(found.summary["capex"]) == pytest.approx(270000 + 100000)
    assert chosen["tco2e_saved"].to_dict() == pytest.approx({"P2": 600, "P3": 0})
    assert found.summary["emissions_after"] == pytest.approx(25300 - 600)
    assert isinstance(found.schedule, pd.DataFrame) and found.schedule["emissions_tco2e"].tolist() == pytest.approx([24500, 24700])
