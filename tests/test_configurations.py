"""The choice as configurations against brute force, and what a price for missing tonnes changes."""

from __future__ import annotations

import numpy as np
import pytest

from test_selection import Case, best
from workbench.errors import UserError
from workbench.selection import configurations


@pytest.mark.parametrize("seed", range(0, 72, 2))
def test_brute_force_agrees(seed):
    case = Case(seed)
    problem = case.problem()
    conf = configurations.configurations(problem)
    found, chosen, bought = configurations.solve(conf, conf.nominal, configurations.need(problem))
    expected = best(case)
    if expected is None:
        assert found.status == "infeasible" and found.x is None
        return
    assert found.value == pytest.approx(expected[0], rel=1e-6, abs=1e-5) and bought == 0
    assert problem.value(set(chosen)) == pytest.approx(expected[0], rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("seed", range(12))
def test_the_numbers_of_any_plan_are_those_of_the_problem(seed):
    case = Case(seed)
    problem = case.problem()
    conf = configurations.configurations(problem)
    admissible = case.everything()[case.allowed(case.everything(), None)]
    rows = admissible[np.random.default_rng(seed).permutation(len(admissible))[:10]]
    for row in rows:
        plan = {i for i, on in zip(case.ids, row, strict=True) if on}
        places, active = [conf.place[i] for i in plan], conf.active(plan)
        money = conf.nominal.fixed[places].sum() - conf.nominal.money[active].sum()
        saved = conf.nominal.tco2e[active].sum() - conf.upstream[places].sum()
        assert money == pytest.approx(problem.value(plan), abs=1e-6)
        assert problem.emissions_before - saved == pytest.approx(problem.emissions(plan), abs=1e-7)


def test_what_cannot_be_saved_is_bought(tiny):
    problem = tiny().problem(budget_tco2e=22_000.0)  # 3,300 t to save of 25,300; the three projects save 2,000 + 2,000 x 0.58
    conf = configurations.configurations(problem)
    assert configurations.solve(conf, conf.nominal, configurations.need(problem))[0].status == "infeasible"
    found, chosen, bought = configurations.solve(conf, conf.nominal, configurations.need(problem), buyout_price=1e6)
    assert chosen == {"P1", "P2", "P3"} and bought == pytest.approx(3300 - 2000 - 1160)
    assert found.value == pytest.approx(problem.value(set(chosen)) + 1e6 * bought)


def test_too_many_measures_on_one_base_are_named(tiny):
    projects = "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\n" + "".join(
        f"M{n:02d},M,C,1,0,9\n" for n in range(15)
    )
    savings = "project_id,carrier,mode,amount,unit\n" + "".join(f"M{n:02d},electricity,fraction,0.01,\n" for n in range(15))
    with pytest.raises(UserError, match="electricity of C"):
        configurations.configurations(tiny(projects=projects, savings=savings).problem(reduction_pct=1.0))
