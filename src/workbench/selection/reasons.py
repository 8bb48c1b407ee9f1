"""Why each project is in or out: what it would cost to decide otherwise (its regret), by solving again.

Regret of a project = least objective with the project forced to the other side - least objective. Nil: an equally good plan
decides otherwise; none: no plan meets the limits otherwise. Where there are too many projects, the reduced cost of the
continuous problem gives a proven lower bound.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import dictionary
from workbench.selection import plans
from workbench.selection.matrix import Matrix
from workbench.selection.plans import Plan

REGRETS = ["project_id", "regret", "regret_kind"]
KINDS = ("exact", "at_least", "no_plan_otherwise")


def regrets(held: Matrix, plan: Plan, exact: int | None = None) -> pd.DataFrame:
    """One row an eligible project: `regret` (objective's currency) and `regret_kind` (KINDS); `exact` re-solves at most.

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
        return {"project_id": project, "regret": None, "regret_kind": "no_plan_otherwise"}
    if other.status != "optimal":  # cut short: what is proven so far
        proven = max(bound, (other.bound if other.bound is not None else plan.value) - plan.value)
        return {"project_id": project, "regret": proven, "regret_kind": "at_least"}
    more = max(0.0, held.problem.value(other.decided) - plan.value)
    return {"project_id": project, "regret": 0.0 if more < plans.money_apart(plan.value) else more, "regret_kind": "exact"}


def _bound(project: str, bound: float) -> dict[str, Any]:
    return {"project_id": project, "regret": bound, "regret_kind": "at_least"}
