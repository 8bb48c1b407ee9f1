"""Why each project is in or out: what it would cost to decide otherwise (its regret), by solving again.

Regret of a project = least objective with the project forced to the other side - least objective. Nil: an equally good plan
decides otherwise; none: no plan meets the limits otherwise. Where there are too many projects, the reduced cost of the
continuous problem gives a proven lower bound. Where a search ended before its proof, the plan's own or the one that decides
otherwise, the regret is known between two bounds: with plan value z and bound l <= z, and Z, L of the search that decides
otherwise,

    L - z  <=  regret  <=  Z - l.
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from workbench import dictionary
from workbench.selection import plans
from workbench.selection.matrix import Matrix
from workbench.selection.plans import Plan

REGRETS = ["project_id", "regret", "regret_at_most", "regret_kind"]
KINDS = ("exact", "between", "at_least", "no_plan_otherwise")


def regrets(held: Matrix, plan: Plan, exact: int | None = None) -> pd.DataFrame:
    """One row an eligible project: `regret` (objective's currency) and `regret_kind` (KINDS); `exact` re-solves at most.

    `between`: `regret` is the least it can be and `regret_at_most` the most; a plan that is not proven has no exact regrets.
    Re-solved first are the projects of the plan, then those nearest to it by the bound; the others keep `at_least`.
    """
    most = int(dictionary.threshold("regret_exact_projects")) if exact is None else exact
    bounds = lower_bounds(held, plan)
    order = sorted(held.problem.ids, key=lambda i: (i not in plan.chosen, bounds[i], i))
    asked = set(order[:most])
    rows = [_regret(held, plan, i, bounds[i]) if i in asked else _bound(i, bounds[i]) for i in held.problem.ids]
    return pd.DataFrame(rows, columns=REGRETS)


def lower_bounds(held: Matrix, plan: Plan) -> dict[str, float]:
    """What deciding otherwise costs at least, from the reduced costs of the continuous problem (>= 0).

    A project at nil in parts has reduced cost d >= 0: forced in, the objective is at least z + d; likewise forced out.
    """
    found, _, reduced = held.relaxed()
    if not found.solved:
        return dict.fromkeys(held.problem.ids, 0.0)
    bounds = {}
    for i in held.problem.ids:
        against = reduced[i] if i not in plan.chosen else -reduced[i]
        bounds[i] = max(0.0, found.value + max(0.0, against) - plan.value)
    return bounds


def _regret(held: Matrix, plan: Plan, project: str, bound: float) -> dict[str, Any]:
    other = held.solve(fixed={project: int(project not in plan.chosen)})
    if other.status == "infeasible":
        return _row(project, None, None, "no_plan_otherwise")
    cost = held.problem.value(other.decided) if other.solved else None
    if other.status == "optimal" and plan.status == "optimal":
        more = max(0.0, cost - plan.value)
        more = 0.0 if more < plans.money_apart(plan.value) else more
        return _row(project, more, more, "exact")
    proven = max(bound, (other.bound if other.bound is not None else plan.value) - plan.value)
    if cost is None or not math.isfinite(plan.bound):
        return _bound(project, proven)
    return _row(project, proven, max(proven, cost - plan.bound), "between")


def _bound(project: str, bound: float) -> dict[str, Any]:
    return _row(project, bound, None, "at_least")


def _row(project: str, least: float | None, most: float | None, kind: str) -> dict[str, Any]:
    return {"project_id": project, "regret": least, "regret_at_most": most, "regret_kind": kind}
