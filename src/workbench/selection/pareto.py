"""The front of cost against emissions by the epsilon-constraint method, its knee, and the points a carbon price can reach.

Small cases list every plan that no other beats: each solve asks for less than the emissions of the plan before. Large ones
list evenly spread budgets. Ends are lexicographic, so that no end is dominated (Mavrotas 2009, Appl. Math. Comput. 213:455).
In a plan by years the budget is that from the target year on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from workbench import dictionary
from workbench.selection import plans
from workbench.selection.plans import Held, Plan
from workbench.selection.problem import Problem

PARETO = [
    "budget_tco2e", "emissions_tco2e", "annual_cost", "capex", "projects", "status", "gap", "objective_value", "supported", "knee",
    "complete",
]  # fmt: skip


def front(problem: Problem, points: int | None = None) -> pd.DataFrame:
    """Least objective for every level of emissions, from the least cost to the least reachable emissions; columns PARETO.

    `supported`: 1 where some price of carbon alone would lead there; `knee`: 1 at the point farthest below the line between
    the ends; `complete`: 1 when every plan that no other beats is listed. `points` spread evenly replace the listing of all.
    """
    held = plans.matrix(problem)
    least = plans.least(held)
    if least is None:
        return pd.DataFrame(columns=PARETO)
    found = None if points else _every(held, least)
    complete = found is not None
    if found is None:
        found = _spread(held, least, points or problem.settings.front_points)
    table = pd.DataFrame([_row(problem, budget, plan) for budget, plan in found])
    levels = table.assign(emissions_tco2e=[plan.level for _, plan in found])
    table["supported"], table["knee"] = supported(levels), knee(levels)
    table["complete"] = int(complete)
    return table[PARETO]


def _every(held: Held, least: float) -> list[tuple[float, Plan]] | None:
    """Every non-dominated plan, loosest first; None when there are too many to list."""
    few, most = dictionary.threshold("front_every_point_projects"), dictionary.threshold("front_most_points")
    if len(held.problem.projects) > few:
        return None
    plan, found = plans.within(held, None), []
    while plan is not None:
        if len(found) == most or plan.status != "optimal":
            return None
        found.append((plan.level, plan))
        if plan.level <= least + plans.tonnes_apart(held.problem):
            break
        plan = plans.tighter(held, plan)
    return found


def _spread(held: Held, least: float, points: int) -> list[tuple[float, Plan]]:
    """Evenly spread budgets between the two ends."""
    problem = held.problem
    start = plans.within(held, None)
    top = problem.emissions_before if start is None else min(problem.emissions_before, start.level)
    budgets = np.linspace(top, least, points) if top > least + 1e-6 else [least]
    found = []
    for n, budget in enumerate(budgets):
        room = plans.tonnes_apart(problem) if n == len(budgets) - 1 else 0.0  # the solver must not fail on the last digit
        plan = plans.within(held, float(budget) + room, capital=False)
        if plan is not None:
            found.append((float(budget), plan))
    return found


def _row(problem: Problem, budget: float, plan: Plan) -> dict[str, Any]:
    return {
        "budget_tco2e": budget, "emissions_tco2e": plan.emissions, "annual_cost": problem.value(plan.decided, "annual_cost"),
        "capex": plan.capex, "projects": len(plan.chosen), "status": plan.status, "gap": plan.gap, "objective_value": plan.value,
    }  # fmt: skip


def supported(table: pd.DataFrame) -> np.ndarray:
    """1 for the points on the lower convex hull of (emissions, objective): those a price on carbon alone can reach.

    Where the front is not complete, a point on the hull of the points shown.
    """
    x, y = table["emissions_tco2e"].to_numpy(float), table["objective_value"].to_numpy(float)
    order = np.lexsort((y, x))
    hull: list[int] = []
    for n in order:
        while len(hull) >= 2 and _above(x, y, hull[-2], hull[-1], n):
            hull.pop()
        hull.append(int(n))
    cheapest = float(np.min(y)) if len(y) else 0.0
    while len(hull) >= 2 and y[hull[-1]] > cheapest + plans.money_apart(cheapest):
        hull.pop()  # beyond the cheapest plan no price of carbon leads
    marks = np.zeros(len(table), dtype=int)
    marks[hull] = 1
    return marks


def _above(x: np.ndarray, y: np.ndarray, a: int, b: int, c: int) -> bool:
    """Whether point b lies above the line from a to c (then no price leads to it)."""
    line = y[a] + (y[c] - y[a]) * (x[b] - x[a]) / (x[c] - x[a]) if x[c] > x[a] else min(y[a], y[c])
    return bool(y[b] > line + 1e-9 * (1 + abs(line)))


def knee(table: pd.DataFrame) -> np.ndarray:
    """1 at the point farthest below the straight line between the ends, both axes scaled to 0 to 1 (Das 1999).

    Das, I. (1999): On characterizing the "knee" of the Pareto curve, Structural Optimization 18:107-115. No point below the
    line, no knee.
    """
    marks = np.zeros(len(table), dtype=int)
    x, y = table["emissions_tco2e"].to_numpy(float), table["objective_value"].to_numpy(float)
    if len(table) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return marks
    below = 1 - (x - x.min()) / np.ptp(x) - (y - y.min()) / np.ptp(y)
    if below.max() > 1e-9:
        marks[int(below.argmax())] = 1
    return marks
