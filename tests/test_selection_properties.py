"""What must hold of every choice: units of money and carbon do not matter, dominated projects stay out, room never costs more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from test_selection import Case
from workbench.selection import front, solve

FEW = settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
seeds = st.integers(0, 200)
objectives = st.sampled_from(["capex", "annual_cost", "npv_cost"])
limits = st.sampled_from(["budget", "capital", "emission_limit", "intensity", "groups"])


def money_in(problem, unit: float):
    """The same choice with money counted in units of 1/`unit`."""

    def worth(frame: pd.DataFrame) -> pd.DataFrame:
        found = {name: frame[name] * unit for name in ("capex", "opex_per_year", "annual_cost", "capital_limit") if name in frame}
        return frame.assign(**found)

    given, added = problem.settings, problem.value_added_million
    capital = None if given.capital_limit is None else given.capital_limit * unit
    changed = given.model_copy(update={"capital_limit": capital, "carbon_price": given.carbon_price * unit})
    caps = {
        n: None if getattr(given, n) is None else getattr(given, n) / unit for n in ("energy_intensity_cap", "carbon_intensity_cap")
    }
    return replace(
        problem, settings=changed.model_copy(update=caps), projects=worth(problem.projects), everything=worth(problem.everything),
        enterprises=worth(problem.enterprises), value_added_million=added * unit,
        pools=[replace(pool, price=pool.price * unit) for pool in problem.pools],
    )  # fmt: skip


def carbon_in(problem, unit: float):
    """The same choice with emissions counted in units of 1/`unit` tonnes."""
    given, firms = problem.settings, problem.enterprises
    cap = None if given.carbon_intensity_cap is None else given.carbon_intensity_cap * unit
    changed = given.model_copy(update={"carbon_price": given.carbon_price / unit, "carbon_intensity_cap": cap})
    columns = ("total_tco2e", "emission_limit_tco2e", "electricity_tco2e")
    firms = firms.assign(**{name: firms[name] * unit for name in columns})
    projects = problem.projects.assign(upstream_tco2e=problem.projects["upstream_tco2e"] * unit)
    return replace(
        problem, settings=changed, enterprises=firms, projects=projects, emissions_before=problem.emissions_before * unit,
        budget=None if problem.budget is None else problem.budget * unit,
        pools=[replace(pool, tco2e=pool.tco2e * unit, site_tco2e=pool.site_tco2e * unit) for pool in problem.pools],
    )  # fmt: skip


@FEW
@given(seeds, objectives, st.sampled_from([1e-4, 0.01, 7.0, 1e4]))
def test_the_unit_of_money_does_not_matter(seed, objective, unit):
    problem = Case(seed, objective, size=7).problem()
    one, other = solve.solve(problem), solve.solve(money_in(problem, unit))
    assert one.status == other.status
    assume(one.value is not None)
    assert other.value == pytest.approx(one.value * unit, rel=1e-6, abs=0.01 * unit)


@FEW
@given(seeds, objectives, st.sampled_from([1e-3, 0.1, 1e3]))
def test_the_unit_of_carbon_does_not_matter(seed, objective, unit):
    problem = Case(seed, objective, size=7).problem()
    one, other = solve.solve(problem), solve.solve(carbon_in(problem, unit))
    assert one.status == other.status
    assume(one.value is not None)
    assert other.value == pytest.approx(one.value, rel=1e-6, abs=0.01)


@FEW
@given(seeds, objectives)
def test_the_order_of_rows_does_not_matter(seed, objective):
    case = Case(seed, objective, size=7)
    one, other = solve.solve(case.problem()), solve.solve(case.problem(np.random.default_rng(seed)))
    assert (one.status, one.chosen, one.value) == (other.status, other.chosen, other.value)


@FEW
@given(seeds, objectives)
def test_a_project_that_is_dearer_and_saves_no_more_stays_out(seed, objective):
    """Its twin does the same for less, and only one of the two may be done."""
    case = Case(seed, objective, size=6)
    case.groups, case.members = [], []
    problem = case.problem()
    first = problem.ids[0]
    worse = problem.projects[problem.projects["project_id"] == first].assign(project_id="Z9", capex=lambda t: t["capex"] + 10.0)
    rules = problem.relations[(problem.relations[["project_id", "other_id"]] != first).all(axis=1)]
    twin = pd.DataFrame({"project_id": [first], "relation": "excludes", "other_id": "Z9", "alternative_set": ""})
    shares = problem.shares | {("Z9", e): share for (i, e), share in problem.shares.items() if i == first}
    copied = lambda lines: {u: group | ({"Z9": group[first]} if first in group else {}) for u, group in lines.items()}  # noqa: E731
    pools = [replace(p, absolute=copied(p.absolute), fraction=copied(p.fraction)) for p in problem.pools]
    twins = replace(
        problem, projects=pd.concat([problem.projects, worse], ignore_index=True), relations=pd.concat([rules, twin]), pools=pools,
        shares=shares, everything=pd.concat([problem.everything, worse], ignore_index=True),
    )  # fmt: skip
    one, other = solve.solve(replace(problem, relations=rules)), solve.solve(twins)
    assert "Z9" not in other.chosen and other.status == one.status
    assume(one.value is not None)
    assert other.value == pytest.approx(one.value, rel=1e-7, abs=1e-3)


@FEW
@given(seeds, objectives, limits)
def test_more_room_never_costs_more(seed, objective, limit):
    problem = Case(seed, objective, size=8).problem()
    one = solve.solve(problem)
    assume(one.value is not None)
    assert solve.solve(problem.at(problem.budget, relaxed=frozenset({limit}))).value <= one.value + 0.02


@FEW
@given(seeds, objectives)
def test_fewer_emissions_never_cost_less(seed, objective):
    table = front(Case(seed, objective, size=6).problem())
    assume(len(table) > 1)
    assert table["objective_value"].is_monotonic_increasing and table["emissions_tco2e"].is_monotonic_decreasing
