"""The answer as tables: the bundle with its reasons, the summary with status and re-check, the front, cuts side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench import interaction, wording
from workbench.selection import solve
from workbench.selection.greedy import Greedy, greedy
from workbench.selection.problem import Problem, fixed_cost
from workbench.selection.recheck import recheck

BUNDLE = [
    "project_id", "enterprise_id", "name", "name_zh", "selected", "start_year", "capex", "annual_cost", "tce_saved",
    "tco2e_saved", "tco2e_alone", "why",
]  # fmt: skip
PARETO = ["budget_tco2e", "emissions_tco2e", "annual_cost", "capex", "projects", "status", "gap"]
_FAMILIES = ("capital", "emission_limit", "intensity", "groups")


@dataclass(frozen=True)
class Selection:
    """`bundle`: one row a project; `summary`: the content of selection.json."""

    bundle: pd.DataFrame
    summary: dict[str, Any]


def select(problem: Problem) -> Selection:
    """Solve, re-check, compare with the greedy plan; an infeasible budget is a result with what could be reached instead."""
    found = solve.solve(problem)
    least = solve.least_emissions(problem)
    chosen = set(found.chosen)
    settings = problem.settings
    summary: dict[str, Any] = {
        "status": found.status, "objective": settings.objective, "objective_value": found.value, "bound": found.bound,
        "gap": found.gap,
        "emissions_before": problem.emissions_before,
        "emissions_after": problem.emissions(chosen) if found.value is not None else None,
        "budget_tco2e": problem.budget, "capex": problem.capex(chosen) if found.value is not None else None,
        "annual_cost": problem.value(chosen, "annual_cost") if found.value is not None else None,
        "marginal_abatement_cost": None, "least_reachable_tco2e": least,
    }  # fmt: skip
    summary |= _greedy_facts(problem)
    if found.value is None:
        summary |= {"recheck": "no plan to check", "limits_to_move": _limits_to_move(problem, least)}
    else:
        faults = recheck(problem, chosen, summary)
        summary |= {"recheck": "; ".join(faults) or "ok", "limits_to_move": []}
        summary["marginal_abatement_cost"] = _next_tonne(problem, summary)
    summary |= {
        "projects_selected": len(chosen), "projects_eligible": len(problem.projects), "projects_listed": len(problem.everything),
        "seed": settings.seed, "accepted_gap": settings.selection_gap, "solver": "HiGHS", "solver_version": solve.solver_version(),
        "build_seconds": round(found.build_seconds, 3), "solve_seconds": round(found.solve_seconds, 3),
    }  # fmt: skip
    return Selection(_bundle(problem, chosen, found.value is not None), summary)


def _greedy_facts(problem: Problem) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name, by in (("greedy", "abatement_cost"), ("greedy_by_objective", "objective")):
        plan = greedy(problem, by)
        facts |= {
            f"{name}_value": plan.value if plan.met else None,
            f"{name}_status": _status(problem, plan),
            f"{name}_emissions": plan.emissions,
            f"{name}_projects": len(plan.chosen),
        }
    return facts


def _status(problem: Problem, plan: Greedy) -> str:
    if plan.met:
        return "met"
    above = problem.budget is not None and plan.emissions > problem.budget + 1e-6 * max(1.0, problem.budget)
    return "ends above the budget" if above else "breaks a limit"


def _next_tonne(problem: Problem, summary: dict[str, Any]) -> float | None:
    """Price of the next step: extra objective money per tonne of the cheapest plan that emits less than this one."""
    if problem.budget is None:
        return None
    step = max(1e-3, 1e-7 * problem.emissions_before)
    tighter = solve.solve(problem.at(summary["emissions_after"] - step), tie_break=False)
    if tighter.value is None:
        return None
    tonnes = summary["emissions_after"] - problem.emissions(set(tighter.chosen))
    return (tighter.value - summary["objective_value"]) / tonnes if tonnes > 0 else None


def _limits_to_move(problem: Problem, least: float | None) -> list[dict[str, Any]]:
    """What stands in the way: the gap to the budget, and what each family of limits costs in reachable emissions."""
    moves: list[dict[str, Any]] = []
    if problem.budget is not None and least is not None:
        moves.append({"limit": "budget", "now": problem.budget, "needed": least, "move_by_tco2e": max(0.0, least - problem.budget)})
    for family in _FAMILIES:
        free = problem.at(problem.budget, relaxed=problem.relaxed | {family})
        reach = solve.least_emissions(free)
        if reach is None or (least is not None and reach > least - 1e-6):
            continue
        enough = problem.budget is None or reach <= problem.budget + 1e-6
        moves.append({"limit": family, "least_reachable_without_tco2e": reach, "enough_alone": enough})
    return moves


def _bundle(problem: Problem, chosen: set[str], solved: bool) -> pd.DataFrame:
    """One row for every project listed; savings inside the bundle are shared by what each would save alone on a pool."""
    inside = _credited(problem, chosen)
    table = problem.everything.sort_values("project_id").copy()
    table["selected"] = table["project_id"].isin(chosen).astype(int)
    table["tco2e_alone"] = table["tco2e_saved"]
    for name in ("tce", "tco2e", "money"):
        table[f"{name}_inside"] = [inside.get(p, {}).get(name, 0.0) for p in table["project_id"]]
    settings = problem.settings
    rows = problem.projects.set_index("project_id", drop=False)
    fixed = {p: fixed_cost(rows.loc[p], "annual_cost", settings) for p in rows.index}
    carbon = settings.carbon_price * table["tco2e_inside"]
    table["annual_cost"] = (table["project_id"].map(fixed).astype(float) - table["money_inside"] - carbon).where(
        table["selected"] == 1, table["annual_cost"]
    )
    table["tce_saved"], table["tco2e_saved"] = table["tce_inside"], table["tco2e_inside"]
    table["why"] = [_why(problem, row, chosen, solved) for row in table.itertuples()]
    return table[BUNDLE].reset_index(drop=True)


def _credited(problem: Problem, chosen: set[str]) -> dict[str, dict[str, float]]:
    """What each chosen project is credited inside the bundle; credits of a pool add up to what the pool saves."""
    credit: dict[str, dict[str, float]] = {p: {"tce": 0.0, "tco2e": 0.0, "money": 0.0} for p in chosen}
    for pool in problem.pools:
        mine = [p for p in pool.projects if p in chosen]
        if not mine:
            continue
        together = pool.saved(chosen)
        alone = {p: pool.saved({p}) for p in mine}
        total = sum(alone.values())
        for p in mine:
            part = together * alone[p] / total if abs(total) > 1e-12 else together / len(mine)
            credit[p]["tce"] += part * pool.tce
            credit[p]["tco2e"] += part * pool.tco2e
            credit[p]["money"] += part * pool.price
    return credit


def _why(problem: Problem, row: Any, chosen: set[str], solved: bool) -> str:
    """The nearest reason why a project is in or out, in the run's language."""
    lang = problem.settings.lang
    known = set(problem.ids)
    if row.project_id not in known:
        return wording.text("why.not_eligible", lang, reason=wording.label(str(row.status), lang))
    if not solved:
        return wording.text("why.no_plan", lang)
    rules = problem.relations
    if row.selected:
        children = sorted(
            set(rules.loc[(rules["other_id"] == row.project_id) & (rules["relation"] == "requires"), "project_id"]) & chosen
        )
        if problem.value(chosen) < problem.value(chosen - {row.project_id}) - 1e-9:
            return wording.text("why.lowers_cost", lang)
        return wording.text("why.prerequisite", lang, other=", ".join(children)) if children else wording.text("why.needed", lang)
    pairs = rules[rules["relation"] == "excludes"]
    others = set(pairs.loc[pairs["project_id"] == row.project_id, "other_id"]) | set(
        pairs.loc[pairs["other_id"] == row.project_id, "project_id"]
    )
    if others & chosen:
        return wording.text("why.excluded", lang, other=", ".join(sorted(others & chosen)))
    needs = set(rules.loc[(rules["project_id"] == row.project_id) & (rules["relation"] == "requires"), "other_id"]) - chosen
    if needs:
        return wording.text("why.requires", lang, other=", ".join(sorted(needs)))
    if row.tco2e_alone <= 1e-9:
        return wording.text("why.no_carbon", lang)
    return wording.text("why.not_needed", lang)


def front(problem: Problem) -> pd.DataFrame:
    """Cost against budget: evenly spread budgets from doing nothing to the least reachable emissions (epsilon-constraint).

    Columns PARETO plus objective_value; `annual_cost` and `capex` are those of the plan, whichever is made least.
    """
    least = solve.least_emissions(problem)
    if least is None:
        return pd.DataFrame(columns=[*PARETO, "objective_value"])
    free = solve.solve(problem.at(None))
    top = problem.emissions_before
    if problem.settings.objective != "capex" and free.value is not None:
        top = min(top, problem.emissions(set(free.chosen)))
    budgets = np.linspace(top, least, problem.settings.front_points) if top > least + 1e-6 else [least]
    rows = []
    for n, budget in enumerate(budgets):
        room = 1e-4 if n == len(budgets) - 1 else 0.0  # tonnes: the solver must not fail on the last digit
        found = solve.solve(problem.at(float(budget) + room), tie_break=len(problem.projects) <= 60)
        rows.append(_front_row(problem, float(budget), found))
    return pd.DataFrame(rows)


def _front_row(problem: Problem, budget: float, found: solve.Answer) -> dict[str, Any]:
    chosen, solved = set(found.chosen), found.value is not None
    return {
        "budget_tco2e": budget, "emissions_tco2e": problem.emissions(chosen) if solved else None,
        "annual_cost": problem.value(chosen, "annual_cost") if solved else None, "capex": problem.capex(chosen) if solved else None,
        "projects": len(chosen), "status": found.status, "gap": found.gap, "objective_value": found.value,
    }  # fmt: skip


def reductions(problem: Problem) -> pd.DataFrame:
    """Several cuts of the cluster's total side by side, for least capital and least annual cost, with the greedy plan."""
    rows = []
    for objective in ("capex", "annual_cost"):
        for percent in problem.settings.reductions_shown:
            case = problem.at((1 - percent / 100) * problem.emissions_before, objective=objective)
            found = solve.solve(case)
            plan = greedy(case)
            rows.append(
                {"reduction_pct": percent, "objective": objective}
                | _front_row(case, float(case.budget), found)
                | {"greedy_value": plan.value if plan.met else None, "greedy_emissions": plan.emissions}
            )
    return pd.DataFrame(rows)


def after(problem: Problem, chosen: set[str]) -> dict[str, float]:
    """Savings of a bundle: tco2e, tce and energy money per year."""
    return interaction.savings(problem.pools, chosen)
