"""Plans along the front: the cheapest within a budget, and its neighbours, the next tighter and the next looser plan.

Each is lexicographic: least objective, then least emissions, then least capital, so that no plan listed is dominated. In a plan
by years the budget moved is that from the target year on; budgets of single years and of all years together stay in force.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.selection import solve
from workbench.selection.matrix import Cut, Found, Key, Matrix
from workbench.selection.problem import Plan as Decided
from workbench.selection.problem import Problem

BUDGET: Key = ("budget", "")
Held = Matrix | solve.Model  # a choice held by the solver: of one typical year, or by years


@dataclass(frozen=True)
class Plan:
    """A bundle with its true objective `value`, `emissions` (tCO2e/yr) and `capex`; `status` and `gap` of its proof.

    In a plan by years `emissions` are those of the last year, `level` the highest from the target year on, `starts` the years of
    start.
    """

    chosen: frozenset[str]
    value: float
    emissions: float
    capex: float
    status: str = "optimal"
    gap: float = 0.0
    level: float = float("nan")
    starts: Mapping[str, int] = field(default_factory=dict)

    @property
    def decided(self) -> Decided:
        """What is decided: the projects, in a plan by years with their years of start."""
        return self.starts or set(self.chosen)

    @property
    def bound(self) -> float:
        """What no plan can cost less than, as far as was proven: the value less the gap."""
        return self.value - self.gap * max(1e-9, abs(self.value))

    def fixed(self, problem: Problem) -> dict[str, int]:
        """Every project in, out, or in its year of start, as the plan has it."""
        return {i: self.starts.get(i, int(i in self.chosen)) for i in problem.ids}


def of(problem: Problem, decided: Decided, status: str = "optimal", gap: float = 0.0) -> Plan:
    """The plan of a set of projects (by years: of projects with their years of start), its figures computed without the model."""
    inside: Decided = dict(decided) if isinstance(decided, Mapping) else set(decided)
    starts = problem.starts(inside) if problem.horizon.by_years else {}
    emissions, capex, level = problem.emissions(inside), problem.capex(inside), problem.peak(inside)
    return Plan(frozenset(inside), problem.value(inside), emissions, capex, status, gap, level, starts)


def by_years(problem: Problem, found: solve.Answer) -> Plan | None:
    """The plan of an answer with years of start; None where there is none."""
    if found.value is None:
        return None
    return of(problem, found.starts, found.status, math.inf if found.gap is None else found.gap)


def tonnes_apart(problem: Problem) -> float:
    """Emissions closer than this are not told apart (tCO2e/yr)."""
    return max(1e-3, 1e-7 * abs(problem.emissions_before))


def money_apart(value: float) -> float:
    """Costs closer than this are not told apart (currency)."""
    return max(1e-3, 1e-7 * abs(value))


def matrix(problem: Problem) -> Held:
    """The problem in HiGHS with a budget that can be moved, whether or not one is set."""
    if problem.horizon.by_years:
        return solve.Model(problem)
    return Matrix(problem if problem.budget is not None else problem.at(problem.emissions_before))


def within(
    held: Held, budget: float | None, *, at: Mapping[Key, float | None] | None = None, fixed: Mapping[str, int] | None = None,
    capital: bool = True,
) -> Plan | None:  # fmt: skip
    """The cheapest plan that emits no more than `budget` (None: no budget); None where there is none.

    `at` and `fixed` are asked of a `Matrix`.
    """
    if isinstance(held, solve.Model):
        return by_years(held.problem, held.solve(budget))
    bounds = {**(at or {}), BUDGET: budget}
    best = held.solve(at=bounds, fixed=fixed)
    if not best.solved:
        return None
    cuts: list[Cut] = []
    found, last = best, held.cost
    settled = held.settled(best.value, bounds, fixed)  # of plans that cost no more few are left
    for then in (held.emissions, held.capital)[: 2 if capital else 1]:
        cuts.append(held.hold(last, last.at(found.columns)))
        better = held.solve(then, at=bounds, fixed=settled, cuts=cuts, start=found.columns)
        if better.status != "optimal":
            break
        found, last = better, then
    return of(held.problem, found.decided, best.status, gap(best))


def least(held: Held) -> float | None:
    """The least emissions a budget can ask for, every other limit in force; None where the limits contradict each other."""
    if isinstance(held, solve.Model):
        found = held.solve(None, objective="peak", tie_break=False)
        return None if found.value is None else held.problem.peak(found.starts)
    bottom = held.solve(held.peak, at={BUDGET: None})
    return held.problem.peak(bottom.decided) if bottom.solved else None


def gap(found: Found) -> float:
    """Relative gap between an answer and its proven bound; nil when proven."""
    if found.status == "optimal" or found.value is None or found.bound is None:
        return 0.0
    return abs(found.value - found.bound) / max(1e-9, abs(found.value))


def tighter(held: Held, plan: Plan, **options) -> Plan | None:
    """The cheapest plan that emits less than `plan`."""
    return within(held, plan.level - tonnes_apart(held.problem), **options)


def looser(held: Matrix, plan: Plan, **options) -> Plan | None:
    """The plan that emits least among those that cost less than `plan`."""
    cheaper = Cut(held.cost, upper=plan.value - money_apart(plan.value))
    found = held.solve(held.peak, at={BUDGET: None}, cuts=[cheaper])
    if not found.solved:
        return None
    room = tonnes_apart(held.problem) / 2
    return within(held, held.problem.peak(found.decided) + room, **options)
