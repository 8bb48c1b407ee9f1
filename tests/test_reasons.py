"""Regrets against brute force: the least objective with each project decided otherwise."""

from __future__ import annotations

import dataclasses

import pytest

from test_selection import Case
from workbench.selection import plans, reasons, solve
from workbench.selection.matrix import Matrix


def solved(case: Case):
    problem = case.problem()
    found = solve.solve(problem)
    return (None, None) if found.value is None else (Matrix(problem), plans.of(problem, found.chosen))


FEASIBLE = [0, 1, 2, 7, 8, 9, 10, 12, 13, 15, 18, 19, 20, 21, 23]  # instances that some plan satisfies
SMALL = [0, 3, 6, 9, 10, 12]  # likewise, of six projects


def otherwise(case: Case, plan: plans.Plan) -> dict[str, float | None]:
    """Least objective with each project on the other side, by enumeration; None where no subset is allowed."""
    x = case.everything()
    x = x[case.allowed(x, case.settings.budget_tco2e)]
    value = case.value(x)
    sides = {i: value[x[:, n] != (i in plan.chosen)] for n, i in enumerate(case.ids)}
    return {i: float(v.min()) if len(v) else None for i, v in sides.items()}


@pytest.mark.parametrize("seed", FEASIBLE)
def test_regret_is_what_deciding_otherwise_costs(seed):
    case = Case(seed)
    held, plan = solved(case)
    assert plan is not None
    expected, table = otherwise(case, plan), reasons.regrets(held, plan).set_index("project_id")
    for project, value in expected.items():
        if value is None:
            assert table.at[project, "regret_kind"] == "no_plan_otherwise"
        else:
            assert table.at[project, "regret_kind"] == "exact"
            assert table.at[project, "regret"] == pytest.approx(value - plan.value, abs=1e-2)


@pytest.mark.parametrize("seed", FEASIBLE)
def test_the_bound_is_never_above_the_regret(seed):
    case = Case(seed)
    held, plan = solved(case)
    assert plan is not None
    bounds, expected = reasons.lower_bounds(held, plan), otherwise(case, plan)
    assert set(bounds) == set(case.ids)
    assert all(bounds[i] <= v - plan.value + 1e-3 for i, v in expected.items() if v is not None)
    none = reasons.regrets(held, plan, exact=0)
    assert set(none["regret_kind"]) == {"at_least"} and none["regret"].tolist() == pytest.approx([bounds[i] for i in case.ids])


@pytest.mark.slow
def test_some_bounds_say_something():
    found = [reasons.lower_bounds(*solved(case)) for case in map(Case, range(24)) if solved(case)[1] is not None]
    assert sum(v > 1 for bounds in found for v in bounds.values()) > 10


def test_by_hand(tiny):
    """A cut of 800 t: P3 does it for 100,000. With P1 in (1,000,000) P3 is not needed; without P3 it takes P1; P2 comes on top."""
    problem = tiny().problem(budget_tco2e=24500, objective="capex")
    held, plan = Matrix(problem), plans.of(problem, frozenset({"P3"}))
    regret = reasons.regrets(held, plan).set_index("project_id")["regret"]
    assert regret.to_dict() == pytest.approx({"P1": 900_000, "P2": 300_000, "P3": 900_000})


def test_a_regret_cut_short_keeps_what_is_proven():
    """Ended before its first node, a question proves no more than its bound: never that there is no plan, never an exact figure."""
    case = Case(0)
    held, plan = solved(case)
    exact = reasons.regrets(held, plan).set_index("project_id")
    held.problem = dataclasses.replace(held.problem, settings=held.problem.settings.model_copy(update={"time_limit_s": 1e-9}))
    short = reasons.regrets(held, plan).set_index("project_id")
    assert set(short["regret_kind"]) == {"at_least"}
    known = exact[exact["regret_kind"] == "exact"]
    assert (short.loc[known.index, "regret"].astype(float) <= known["regret"].astype(float) + 1e-6).all()


@pytest.mark.parametrize("seed", SMALL)
def test_of_a_plan_that_is_not_proven_regrets_lie_between_their_bounds(seed):
    """A worse plan with a bound below the least cost: what deciding otherwise truly costs, counted, lies in the range said."""
    case = Case(seed, size=6)
    held, best = solved(case)
    assert best is not None
    problem = held.problem
    other = held.solve(fixed={min(problem.ids): int(min(problem.ids) not in best.chosen)})
    worse = set(other.chosen) if other.solved else set(best.chosen)
    value = problem.value(worse)
    plan = plans.of(problem, worse, "time_limit", (value - best.value + 7.0) / max(1e-9, abs(value)))
    assert plan.bound == pytest.approx(best.value - 7.0)
    table, truth = reasons.regrets(held, plan), otherwise(case, plan)
    assert not (table["regret_kind"] == "exact").any()
    for row in table.itertuples():
        if truth[row.project_id] is None:
            assert row.regret_kind == "no_plan_otherwise"
        else:
            regret = truth[row.project_id] - best.value
            assert row.regret_kind == "between" and row.regret <= regret + 1e-2 and regret <= row.regret_at_most + 1e-2
