"""Plans along the front: the cheapest within a budget, and its neighbours, the next tighter and the next looser plan.

Each is lexicographic: least objective, then least emissions, then least capital, so that no plan listed is dominated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.selection.matrix import Cut, Found, Key, Matrix
from workbench.selection.problem import Problem

BUDGET: Key = ("budget", "")


@dataclass(frozen=True)
class Plan:
    """A bundle with its true objective `value`, `emissions` (tCO2e/yr) and `capex`; `status` and `gap` of its proof."""

    chosen: frozenset[str]
    value: float
    emissions: float
    capex: float
    status: str = "optimal"
    gap: float = 0.0


def of(problem: Problem, chosen: frozenset[str], status: str = "optimal", gap: float = 0.0) -> Plan:
    """The plan of a set of projects, its figures computed without the model."""
    inside = set(chosen)
    return Plan(frozenset(chosen), problem.value(inside), problem.emissions(inside), problem.capex(inside), status, gap)


def tonnes_apart(problem: Problem) -> float:
    """Emissions closer than this are not told apart (tCO2e/yr)."""
    return max(1e-3, 1e-7 * abs(problem.emissions_before))


def money_apart(value: float) -> float:
    """Costs closer than this are not told apart (currency)."""
    return max(1e-3, 1e-7 * abs(value))


def matrix(problem: Problem) -> Matrix:
    """The problem in HiGHS with a budget that can be moved, whether or not one is set."""
    return Matrix(problem if problem.budget is not None else problem.at(problem.emissions_before))


def within(
    held: Matrix, budget: float | None, *, at: Mapping[Key, float | None] | None = None, fixed: Mapping[str, int] | None = None,
    capital: bool = True,
) -> Plan | None:  # fmt: skip
    """The cheapest plan that emits no more than `budget` (None: no budget); None where there is none."""
    bounds = {**(at or {}), BUDGET: budget}
    best = held.solve(at=bounds, fixed=fixed)
    if not best.solved:
        return None
    cuts: list[Cut] = []
    found, last = best, held.cost
    for then in (held.emissions, held.capital)[: 2 if capital else 1]:
        cuts.append(held.hold(last, last.at(found.columns)))
        better = held.solve(then, at=bounds, fixed=fixed, cuts=cuts)
        if better.status != "optimal":
            break
        found, last = better, then
    return of(held.problem, found.chosen, best.status, gap(best))


def gap(found: Found) -> float:
    """Relative gap between an answer and its proven bound; nil when proven."""
    if found.status == "optimal" or found.value is None or found.bound is None:
        return 0.0
    return abs(found.value - found.bound) / max(1e-9, abs(found.value))


def tighter(held: Matrix, plan: Plan, **options) -> Plan | None:
    """The cheapest plan that emits less than `plan`."""
    return within(held, plan.emissions - tonnes_apart(held.problem), **options)


def looser(held: Matrix, plan: Plan, **options) -> Plan | None:
    """The plan that emits least among those that cost less than `plan`."""
    cheaper = Cut(held.cost, upper=plan.value - money_apart(plan.value))
    found = held.solve(held.emissions, at={BUDGET: None}, cuts=[cheaper])
    if not found.solved:
        return None
    room = tonnes_apart(held.problem) / 2
    return within(held, held.problem.emissions(set(found.chosen)) + room, **options)
