"""When no plan meets the limits: how far each limit alone would have to move, and the plan that comes nearest.

The smallest move of a limit is found by making what it limits least with every other limit in force, and proved by solving on
both sides of it: with the limit moved there is a plan, one step short of that there is none. An irreducible set of rows of the
continuous problem would say nothing about indivisible projects.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from workbench.selection import limits, plans, release, solve
from workbench.selection.limits import Limit
from workbench.selection.matrix import Matrix
from workbench.selection.plans import BUDGET, Plan
from workbench.selection.problem import Problem

MOVES = [
    "limit", "who", "unit", "now", "needed", "move_by", "move_by_tco2e", "least_reachable_without_tco2e", "enough_alone", "step",
    "proved", "together", "now_per_million", "needed_per_million",
]  # fmt: skip

FAMILIES = ("capital", "emission_limit", "energy_limit", "intensity", "groups", "efforts", "leakage")


def moves(problem: Problem, least: float | None) -> pd.DataFrame:
    """What could give way, one row a limit (columns MOVES); `least`: least reachable emissions with all limits in force.

    First the budget, then families of limits dropped at once, then each limit and rule alone, then the deadline, projects kept out
    and rules as smallest sets, then (where nothing is enough) the least moves of all limits together. `needed`: the bound that is
    just enough, `proved` by solving at it and one `step` short of it. Limits that change nothing are left out; intensities are
    totals (and as filed, per million currency of their base), a limit of several years is moved in all of them at once.
    """
    if not problem.ids:  # nothing to choose: the emissions are what they are, and the budget must be that much
        told = [_to_the_least(problem, least)] if problem.budget is not None and least is not None else []
        told = [row | {"enough_alone": True, "proved": True} for row in told]
        return pd.DataFrame([{"who": "", "together": 0} | row for row in told + _families(problem, least)], columns=MOVES)
    held = Matrix(problem)
    base = _base(held, least)
    rows = [_budget(held, least, base)] if problem.budget is not None and least is not None else []
    rows += _families(problem, base)
    rows += [row for limit in held.limits if limit.key != BUDGET for row in _alone(held, limit, base)]
    rows += [] if problem.horizon.by_years else _rules(problem, base)
    rows += [row for row in (release.deadline(problem, held),) if row] + release.releases(problem)
    if base is None and not any(row["enough_alone"] for row in rows):
        rows += _together(held)
    return pd.DataFrame([{"who": "", "together": 0} | row for row in rows], columns=MOVES)


def _base(held: Matrix, least: float | None) -> float | None:
    """Least emissions with every limit but the budget, in a plan by years those of single years and of all years too."""
    return plans.least(held) if held.problem.horizon.by_years else least


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as selection.json keeps them: what does not apply is left out."""
    return [{name: value for name, value in row.items() if not pd.isna(value) and value != ""} for row in table.to_dict("records")]


def nearest(problem: Problem, least: float | None) -> Plan | None:
    """The cheapest of the plans that exceed the budget least, every other limit kept; None where even those contradict."""
    if least is None or problem.budget is None or not problem.ids:
        return None
    return plans.within(plans.matrix(problem), least + plans.tonnes_apart(problem))


def _budget(held: Matrix, least: float, base: float | None) -> dict[str, Any]:
    row = _to_the_least(held.problem, least)
    proved = base is not None and _between(held, Limit("budget", "", least), row["step"])
    return row | {"enough_alone": base is not None, "proved": proved}


def _to_the_least(problem: Problem, least: float) -> dict[str, Any]:
    """The budget moved to the least reachable emissions."""
    short, step = max(0.0, least - float(problem.budget)), plans.tonnes_apart(problem)
    moved = {"now": problem.budget, "needed": least, "move_by": short, "move_by_tco2e": short, "step": step}
    return {"limit": "budget", "unit": "tCO2e"} | moved


def _families(problem: Problem, least: float | None) -> list[dict[str, Any]]:
    """Least reachable emissions with a whole family of limits dropped."""
    rows, in_force = [], {limits.FAMILIES.get(limit.limit) for limit in limits.of(problem)}
    for family in (name for name in FAMILIES if name in in_force):
        without = problem.at(problem.budget, relaxed=problem.relaxed | {family})
        found = _helps(problem, least, solve.least_emissions(without), {"limit": family})
        if found and found[0]["enough_alone"] and problem.horizon.by_years:  # budgets of single years stand beside the budget
            found[0]["enough_alone"] = solve.solve(without, tie_break=False).value is not None
        rows += found
    return rows


def _helps(problem: Problem, least: float | None, reach: float | None, row: dict[str, Any]) -> list[dict[str, Any]]:
    if reach is None or (least is not None and reach > least - 1e-6):
        return []
    enough = problem.budget is None or reach <= problem.budget + 1e-6
    return [row | {"least_reachable_without_tco2e": reach, "enough_alone": enough}]


def _alone(held: Matrix, limit: Limit, least: float | None) -> list[dict[str, Any]]:
    """The smallest move of one limit with which there is a plan, or how far its absence would reach."""
    free = held.solve(held.peak, at={BUDGET: None, limit.key: None})
    reach = held.problem.peak(free.decided) if free.solved else None
    rows = _helps(held.problem, least, reach, {"limit": limit.limit, "who": limit.who, "unit": limit.unit, "now": limit.bound})
    if not rows or not rows[0]["enough_alone"]:
        return rows
    sign = -1.0 if limit.least else 1.0
    found = held.solve(held.level(limit) * sign, free=[limit.key])
    if not found.solved:
        return rows
    needed = round(sign * found.value, 6) + 0.0
    moved = {"needed": needed, "move_by": needed - limit.bound, "step": limit.step}
    per_million = {"now": limits.per_million(limit, limit.bound), "needed": limits.per_million(limit, needed)}
    moved |= {f"{name}_per_million": value for name, value in per_million.items()}
    return [rows[0] | moved | {"proved": _between(held, replace(limit, bound=needed), limit.step)}]


def _between(held: Matrix, limit: Limit, step: float) -> bool:
    """Whether there is a plan with the limit moved (the last digit left to the solver), and none one step short of that."""
    sign = -1.0 if limit.least else 1.0
    room = sign * (0.0 if limit.unit in ("projects", "rules") else step / 10)
    met = held.solve(at={limit.key: limit.bound + room})
    short = held.solve(at={limit.key: limit.bound - sign * step})
    return met.solved and short.status == "infeasible"


def _rules(problem: Problem, least: float | None) -> list[dict[str, Any]]:
    """Each exclusion and prerequisite dropped alone; asked only where dropping all of them would help."""
    known, rules = set(problem.ids), problem.relations
    rules = rules[rules["project_id"].isin(known)]
    if rules.empty or not _helps(problem, least, solve.least_emissions(replace(problem, relations=rules.iloc[:0])), {}):
        return []
    rows = []
    for n, rule in enumerate(rules.itertuples()):
        without = replace(problem, relations=rules.drop(index=rules.index[n]))
        name = {"limit": str(rule.relation), "who": f"{rule.project_id} {rule.other_id}"}
        rows += _helps(problem, least, solve.least_emissions(without), name)
    return sorted(rows, key=lambda row: (row["limit"], row["who"]))


def _together(held: Matrix) -> list[dict[str, Any]]:
    """Least moves of all limits at once: first those other than the budget (each as a share of its bound), then the budget."""
    others = [limit for limit in held.limits if limit.key != BUDGET]
    every = [limit.key for limit in held.limits]
    shares = held.slack({limit.key: 1 / max(1.0, abs(limit.bound)) for limit in others})
    found = held.solve(shares, elastic=every)
    if not found.solved:
        return []
    cuts = [held.hold(shares, shares.at(found.columns))]
    for form in (*((held.slack({BUDGET: 1.0}),) if BUDGET in every else ()), held.cost):
        better = held.solve(form, elastic=every, cuts=cuts)
        if not better.solved:
            break
        found = better
        cuts.append(held.hold(form, form.at(found.columns)))
    rows = []
    for limit in held.limits:
        by = held.slack({limit.key: 1.0}).at(found.columns) * (-1.0 if limit.least else 1.0)
        if abs(by) > 1e-6 * max(1.0, abs(limit.bound)):
            row = {"limit": limit.limit, "who": limit.who, "unit": limit.unit, "now": limit.bound, "needed": limit.bound + by}
            rows.append(row | {"move_by": by, "enough_alone": False, "together": 1})
    return rows
