"""What each limit limits, year by year, as linear forms of the model without limits: form <= times x bound (or >=)."""

from __future__ import annotations

import numpy as np

from workbench.selection.limits import Limit, effort_before
from workbench.selection.linear import Linear
from workbench.selection.model import by_start
from workbench.selection.problem import Problem

Row = tuple[Linear, float]  # what is limited in a year, and the multiple of the bound that holds there


def rows(m, problem: Problem, limit: Limit) -> list[Row]:
    """The rows of a limit, one for each year it holds in; a cumulative budget has one over all years."""
    if limit.limit == "cumulative_budget":
        return [(m.criteria["emissions"], 1.0)]
    return [(_form(m, problem, limit, year), times) for year, times in limit.years.items()]


def _form(m, problem: Problem, limit: Limit, year: int) -> Linear:
    """What one limit limits in one year, in its unit."""
    if limit.unit == "rules":
        return _rule(m, problem, limit, year)
    if limit.limit.startswith("group_"):
        members = problem.groups.loc[problem.groups["group_id"].astype(str) == limit.who, "project_id"]
        return Linear(0.0, [(1.0, m.x[i]) for i in sorted(set(members) & set(problem.ids))])
    if limit.limit == "starts_per_year":
        return by_start(m, (m.states.year == year).astype(float))
    if limit.unit == "currency":
        return _spent(m, problem, limit, year)
    if limit.limit == "leakage_limit":
        return _leaked(m, problem, year)
    if limit.members is None:
        return m.emitted[year] if limit.unit == "tCO2e" else m.used[year]
    total = Linear()
    for e in limit.members:
        total.plus(Linear(0.0, [(1.0, m.emitted_by[e, year])]) if limit.unit == "tCO2e" else m.used_of[e, year])
    return Linear(effort_before(problem, limit.members, year)).plus(total, -1.0) if limit.least else total


def _rule(m, problem: Problem, limit: Limit, year: int) -> Linear:
    """Projects that exclude each other at the end of the plan; a project begun by a year without any that it requires."""
    horizon = problem.horizon
    if limit.limit == "excludes":
        return Linear(0.0, [(1.0, m.x[i]) for i in limit.projects])
    first, *others = limit.projects
    states = [(i, horizon.state(i, year)) for i in others if i in horizon.windows]
    return Linear(0.0, [(1.0, m.y[first, year])] + [(-1.0, m.y[i, s]) for i, s in states if s is not None])


def _spent(m, problem: Problem, limit: Limit, year: int) -> Linear:
    """Own funds spent by the end of a year by the payers of a limit; of that year alone where nothing is carried over."""
    alone = limit.limit.endswith("per_year") and not problem.settings.capital_carry_over
    states, share = m.states, np.ones(len(m.states.ids))
    if limit.who:
        mine = {i: part for (i, e), part in problem.shares.items() if e == limit.who}
        share = np.array([mine.get(i, 0.0) for i in states.ids])
    due = states.year == year if alone else states.year <= year
    return by_start(m, share[states.project] * problem.own_funds.amounts * due)


def _leaked(m, problem: Problem, year: int) -> Linear:
    """Upstream emissions added, less those allowed for what is saved inside."""
    settings = problem.settings
    before = problem.emissions_before - problem.grid_fall(year)
    inside = Linear(-before).plus(m.emitted[year]).plus(m.leaked[year], -1.0 if settings.include_upstream else 0.0)
    return Linear().plus(m.leaked[year]).plus(inside, settings.leakage_share)
