"""Near-optimal bundles: what else could be done for little more money, and which projects are settled whatever one prefers.

Each further bundle lies in the cost band and differs as much as possible from all before it (largest Hamming distance; the idea
of modelling to generate alternatives: Brill, Chang and Hopkins 1982, Management Science 28:221). Projects are then settled by
asking for a bundle in the band that decides as many of them otherwise as possible, until none can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench import dictionary
from workbench.selection import plans
from workbench.selection.bundle import gross_cost
from workbench.selection.matrix import SHARES, Cut, Form, Matrix
from workbench.selection.plans import Plan
from workbench.selection.problem import Problem

ALTERNATIVES = [
    "alternative", "objective_value", "extra_cost", "extra_pct", "emissions_tco2e", "capex", "projects", "differs_in", "added",
    "dropped",
]  # fmt: skip
ROLES = ["project_id", "selected", "role", "in_alternatives"]
KINDS = ("always", "never", "interchangeable", "not_settled")


@dataclass(frozen=True)
class Menu:
    """`plans`: one row a bundle, the least one first; `roles`: one row an eligible project; `band`: most extra cost (currency)."""

    plans: pd.DataFrame
    roles: pd.DataFrame
    band: float


def menu(
    problem: Problem,
    chosen: frozenset[str] | None,
    *,
    within_pct: float | None = None,
    differ: int | None = None,
    most: int | None = None,
) -> Menu:
    """Bundles that cost at most `within_pct` of the gross cost more than the bundle `chosen`, and differ in `differ` projects.

    Gross cost = capital and operating cost of the bundle before the energy it saves, since the net cost passes through nil.
    Projects that cost less than a threshold's share of the bundle's capital do not count as a difference. By years, bundles
    differ in projects, each with its best years of start. Without a plan (None) or money in the objective the menu is empty.
    """
    share = dictionary.threshold("near_optimal_pct") if within_pct is None else within_pct
    least = int(dictionary.threshold("alternative_least_difference")) if differ is None else differ
    number = int(dictionary.threshold("alternatives_listed")) if most is None else most
    if chosen is None or not problem.ids or problem.settings.objective == "emissions":
        return Menu(pd.DataFrame(columns=ALTERNATIVES), pd.DataFrame(columns=ROLES), 0.0)
    held = Matrix(problem)
    held.ask_for(dictionary.threshold("questions_most_seconds") / SHARES)
    plan = _started(held, chosen)
    band = share / 100 * abs(gross_cost(problem, plan.decided))
    room = Cut(held.cost, upper=plan.value + band + plans.money_apart(plan.value) / 10)
    alike = held.settled(room.upper, {})  # what every bundle in the band decides alike
    found = _different(held, plan, room, alike, _counted(problem, plan), least, number)
    roles = _roles(held, plan, room, alike, found)
    rows = [_row(problem, plan, n, other, band * 100 / share if share else 0.0) for n, other in enumerate([plan, *found])]
    return Menu(pd.DataFrame(rows, columns=ALTERNATIVES), roles, band)


def _started(held: Matrix, chosen: frozenset[str]) -> Plan:
    """The plan of a bundle; in a plan by years with the years of start that are cheapest."""
    if not held.problem.horizon.by_years:
        return plans.of(held.problem, chosen)
    found = held.solve(fixed={i: int(i in chosen) for i in held.problem.ids})
    return plans.of(held.problem, found.starts if found.solved else held.problem.starts(chosen))


def _counted(problem: Problem, plan: Plan) -> list[str]:
    """Projects large enough to count as a difference."""
    least = dictionary.threshold("cosmetic_capex_pct") / 100 * plan.capex
    return [i for i, k in zip(problem.projects["project_id"], problem.projects["capex"], strict=True) if abs(k) >= least]


def _distance(held: Matrix, plan: Plan, counted: list[str]) -> Form:
    """Number of counted projects decided otherwise than in `plan`."""
    inside = [i for i in counted if i in plan.chosen]
    return held.projects({i: -1.0 if i in plan.chosen else 1.0 for i in counted}, float(len(inside)))


def _different(
    held: Matrix, plan: Plan, room: Cut, alike: dict[str, int], counted: list[str], least: int, number: int
) -> list[Plan]:
    found: list[Plan] = []
    while len(found) < number:
        distances = [_distance(held, other, counted) for other in [plan, *found]]
        total = distances[0]
        for other in distances[1:]:
            total = total + other
        cuts = [room, *(Cut(d, lower=least) for d in distances)]
        far = held.solve(total * -1.0, cuts=cuts, fixed=alike)
        if not far.solved:
            break
        reached = total.at(far.columns)
        cheap = held.solve(cuts=[*cuts, Cut(total, lower=reached - 1e-6)], fixed=alike)
        found.append(plans.of(held.problem, (cheap if cheap.solved else far).decided))
    return found


def _roles(held: Matrix, plan: Plan, room: Cut, alike: dict[str, int], found: list[Plan]) -> pd.DataFrame:
    """Settled by proof: no bundle in the band decides any of the remaining projects otherwise; asked so many times at most."""
    ids = held.problem.ids
    free = {i for other in found for i in ids if (i in other.chosen) != (i in plan.chosen)}
    open_, settled = [i for i in ids if i not in free], False
    for _ in range(int(dictionary.threshold("roles_most_questions"))):
        if not open_:
            break
        flips = _distance(held, plan, open_)
        other = held.solve(flips * -1.0, cuts=[room, Cut(flips, lower=1.0)], fixed=alike)
        if not other.solved:
            settled = other.status == "infeasible"
            break
        free |= {i for i in open_ if (i in other.chosen) != (i in plan.chosen)}
        open_ = [i for i in open_ if i not in free]
    settled = settled or not open_
    rows = []
    for i in ids:
        inside = i in plan.chosen
        role = "interchangeable" if i in free else ("always" if inside else "never") if settled else "not_settled"
        rows.append((i, int(inside), role, sum(i in other.chosen for other in found)))
    return pd.DataFrame(rows, columns=ROLES)


def _row(problem: Problem, plan: Plan, number: int, other: Plan, gross: float) -> dict[str, Any]:
    added, dropped = sorted(other.chosen - plan.chosen), sorted(plan.chosen - other.chosen)
    extra = other.value - plan.value if number else 0.0
    return {
        "alternative": number, "objective_value": other.value, "extra_cost": extra,
        "extra_pct": 100 * extra / gross if gross else 0.0, "emissions_tco2e": other.emissions, "capex": other.capex,
        "projects": len(other.chosen), "differs_in": len(added) + len(dropped),
        "added": ";".join(added), "dropped": ";".join(dropped),
    }  # fmt: skip
