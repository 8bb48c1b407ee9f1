"""Questions asked of a plan by years: the front, the least reachable emissions, other budgets, the bundle; by brute force."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from test_plan_by_years import Years
from workbench import dictionary, words
from workbench.selection import configurations, front, menu, plans, reasons, reductions, select, shadow_price, solve
from workbench.selection.matrix import Matrix
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


def test_a_plan_by_years_is_explained(tiny):
    """24,500 t take P3 (800 t for 100,000); without a budget nothing costs nothing: 125 a tonne of each year the budget holds."""
    problem = tiny().problem(horizon_year=2024, objective="capex", budget_tco2e=24500.0)
    found = select(problem)
    assert found.summary["not_asked"] == [] and found.summary["horizon_year"] == 2024
    assert found.summary["marginal_abatement_cost"] == pytest.approx(300_000 / 360)
    assert shadow_price.of(found.prices, "next_looser") == pytest.approx(125)
    regrets = found.bundle.set_index("project_id")["regret"].to_dict()
    assert regrets == pytest.approx({"P1": 900_000, "P2": 300_000, "P3": 900_000})  # the boiler in place of P3
    assert menu(problem, found.chosen, within_pct=400.0, differ=1).plans["capex"].tolist()[:2] == [100_000, 400_000]


def test_a_plan_that_is_not_proven_is_explained_within_its_bounds(tiny, monkeypatch):
    """24,500 t take P3 for 100,000; had the search ended at a bound of 60,000, leaving P3 out would cost 900,000 to 940,000."""
    found = solve.solve(tiny().problem(horizon_year=2024, objective="capex", budget_tco2e=24500.0))
    stopped = dataclasses.replace(found, status="time_limit", bound=60_000.0, gap=0.4)
    monkeypatch.setattr(solve, "solve", lambda problem, **_: stopped)
    answer = select(tiny().problem(horizon_year=2024, objective="capex", budget_tco2e=24500.0))
    row = answer.bundle.set_index("project_id").loc["P3"]
    assert (row["regret_kind"], row["regret"], row["regret_at_most"]) == ("between", *map(pytest.approx, (900_000, 940_000)))
    known = answer.prices[answer.prices["limit"] == "budget"].set_index("price_kind")["known"]
    assert known["next_tighter"] == "not_proven" and known["fixed_dual"] == "exact"
    for lang, said in (("en", "ended before its proof"), ("zh", "证明最优之前停止")):
        assert said in str(words.price_summary(answer.prices, "CNY", lang))


def test_what_was_cut_short_is_said(tiny, monkeypatch):
    """With no time for questions the lower bounds stand, no price is made up, and the reader is told."""
    most = dictionary.threshold
    monkeypatch.setattr(dictionary, "threshold", lambda name: -1.0 if name == "questions_most_seconds" else most(name))
    found = select(tiny().problem(horizon_year=2024, objective="capex", budget_tco2e=24500.0))
    assert found.summary["not_asked"] == ["regrets", "shadow_prices"] and found.summary["marginal_abatement_cost"] is None
    assert set(found.bundle["regret_kind"].dropna()) == {"at_least"}
    for lang, word in (("en", "Cut short"), ("zh", "超出时限")):
        assert word in str(words.selection_summary(found.summary, "CNY", lang))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (3, 4, 7, 10))])
def test_regrets_and_prices_are_those_of_every_plan(seed):
    """Deciding otherwise on each project, and the steps to the neighbouring plans, by counting."""
    case = Years(seed, ("npv_cost", "annual_cost", "capex")[seed % 3], years=2 + seed % 2, selection_gap=0.0)
    case.settings = case.settings.model_copy(update={"budget_tco2e": 0.97 * case.before, "selection_abs_gap": 0.0})
    problem, kept = case.problem(), [plan for plan in case.plans() if case.keeps(plan)]
    found = solve.solve(problem)
    assert kept and found.status == "optimal"
    held, plan = Matrix(problem), plans.of(problem, found.starts)
    for row in reasons.regrets(held, plan).itertuples():
        k = case.ids.index(row.project_id)
        otherwise = [case.worth(p) for p in kept if (k in p) != (row.project_id in plan.chosen)]
        if otherwise:
            assert row.regret == pytest.approx(max(0.0, min(otherwise) - plan.value), rel=1e-5, abs=0.01)
        else:
            assert row.regret_kind == "no_plan_otherwise"
    points = sorted(every(case, None), key=lambda p: (p[0], p[1]))  # every limit but the budget
    table = shadow_price.prices(held, plan)
    tighter = min((p for p in points if p[1] < plan.level - 1e-2), default=None)
    price = shadow_price.of(table, "next_tighter")
    if tighter is None:
        assert price is None
    else:
        least = min(e for v, e in points if v <= tighter[0] + 1e-3 and e < plan.level - 1e-2)
        assert price == pytest.approx((tighter[0] - plan.value) / (plan.level - least), rel=1e-3, abs=1e-2)


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
