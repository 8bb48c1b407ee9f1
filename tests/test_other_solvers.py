"""The same choices by two other solvers, CBC and SCIP, reading the problem as written to a file."""

from __future__ import annotations

import pytest

from test_plan_by_years import Years
from test_selection import Case
from workbench.selection import solve, standard_form

pytestmark = pytest.mark.filterwarnings("ignore:PULP_CBC_CMD is deprecated")
OBJECTIVES = ("annual_cost", "capex", "npv_cost")


def by_cbc(path: str) -> float | None:
    pulp = pytest.importorskip("pulp")
    _, read = pulp.LpProblem.fromMPS(path)
    read.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=0.0, gapAbs=0.0))
    return pulp.value(read.objective) if read.status == pulp.LpStatusOptimal else None


def by_scip(path: str) -> float | None:
    read = pytest.importorskip("pyscipopt").Model()
    read.hideOutput()
    read.readProblem(path)
    read.setParam("limits/gap", 0.0)
    read.optimize()
    return read.getObjVal() if read.getStatus() == "optimal" else None


def cases() -> list:
    fast = [Case(seed, OBJECTIVES[seed % 3], size=8) for seed in range(5)] + [Years(seed) for seed in range(2)]
    slow = [Case(seed, OBJECTIVES[seed % 3], size=14) for seed in range(20, 50)] + [Years(seed) for seed in range(2, 12)]
    return fast + [pytest.param(case, marks=pytest.mark.slow) for case in slow]


@pytest.mark.parametrize("case", cases())
@pytest.mark.parametrize(("answer", "ending"), [(by_cbc, "mps"), (by_scip, "lp"), (by_scip, "mps")])
def test_another_solver_finds_the_same_least_objective(case, answer, ending, tmp_path):
    problem = case.problem()
    held, path = solve.Model(problem), str(tmp_path / f"choice.{ending}")
    costs, constant = held.criterion(problem.settings.objective)
    standard_form.write(held.form, problem.settings, costs, path)
    found, other = held.solve(tie_break=False).value, answer(path)
    assert (found is None) == (other is None)
    if found is not None:
        assert other + constant == pytest.approx(found, rel=1e-6, abs=0.02)
