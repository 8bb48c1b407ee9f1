"""The answer of a selection: the bundle with its reasons, the summary with status and re-check, prices, cuts side by side."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from workbench import dictionary, interaction
from workbench.selection import caps, enumeration, infeasible, plans, reasons, shadow_price, solve
from workbench.selection.bundle import gross_cost
from workbench.selection.bundle import table as bundle_table
from workbench.selection.greedy import Greedy, greedy
from workbench.selection.matrix import SHARES, Matrix
from workbench.selection.problem import Problem
from workbench.selection.recheck import recheck
from workbench.selection.schedule import schedule

EXTRA = ("greedy_extra", "greedy_extra_gross_pct", "greedy_extra_net_pct")
QUESTIONS = ("regrets", "shadow_prices")  # asked of a plan, for so many seconds at most


@dataclass(frozen=True)
class Selection:
    """`bundle`: one row a project; `summary`: the content of selection.json; `prices` of the limits; `moves` where no plan is;
    `schedule`: the plan year by year; `windows`: years of building and years of work of each project.
    """

    bundle: pd.DataFrame
    summary: dict[str, Any]
    prices: pd.DataFrame
    moves: pd.DataFrame
    schedule: pd.DataFrame
    windows: dict[str, tuple[int, int]]

    @property
    def chosen(self) -> frozenset[str] | None:
        """The projects of the plan; None where there is no plan."""
        if self.summary["objective_value"] is None:
            return None
        return frozenset(self.bundle.loc[self.bundle["selected"] == 1, "project_id"])


def select(problem: Problem, *, explain: bool = True) -> Selection:
    """Solve, re-check, compare with the greedy plan; an infeasible budget is a result with what could be reached instead.

    `explain`: also what deciding otherwise would cost, the prices of the limits, and which limits would have to move. An answer
    that the re-check or the enumeration contradicts is refused: status `refused`, no plan, what was found in `recheck`.
    """
    found, verdicts = _believed(problem, solve.solve(problem))
    least = solve.least_emissions(problem)
    chosen, plan, settings = set(found.chosen), found.starts, problem.settings
    summary: dict[str, Any] = {
        "status": found.status, "objective": settings.objective, "objective_value": found.value, "bound": found.bound,
        "gap": found.gap, "ties": found.ties,
        "emissions_before": problem.emissions_before,
        "emissions_after": problem.emissions(plan) if found.value is not None else None,
        "highest_emissions": problem.peak(plan) if found.value is not None else None,
        "budget_tco2e": problem.budget, "capex": problem.capex(plan) if found.value is not None else None,
        "annual_cost": problem.value(plan, "annual_cost") if found.value is not None else None,
        "marginal_abatement_cost": None, "least_reachable_tco2e": least,
    }  # fmt: skip
    summary |= _greedy_facts(problem)
    summary |= _extra(problem, found, summary["greedy_value"])
    moves = infeasible.moves(problem, least) if found.status == "infeasible" and explain else _none(infeasible.MOVES)
    if found.value is None:
        near = infeasible.nearest(problem, least) if explain and found.status != "refused" else None
        summary["nearest_plan"] = _plan_facts(near)
    summary |= verdicts
    regrets, prices, late = _explained(problem, found, explain)
    summary |= {
        "limits_to_move": infeasible.records(moves), "marginal_abatement_cost": shadow_price.of(prices, "next_tighter"),
        "looser_abatement_cost": shadow_price.of(prices, "next_looser"),
        "average_abatement_cost": shadow_price.of(prices, "average_cut"),
    }  # fmt: skip
    summary |= {
        "projects_selected": len(chosen), "projects_eligible": len(problem.projects), "projects_listed": len(problem.everything),
        "seed": settings.seed, "accepted_gap": settings.selection_gap, "solver": "HiGHS", "solver_version": solve.solver_version(),
        "build_seconds": round(found.build_seconds, 3), "solve_seconds": round(found.solve_seconds, 3),
    }  # fmt: skip
    summary |= {"limits_not_held": caps.not_held(problem), "not_asked": late, "horizon_year": settings.horizon_year}
    bundle = bundle_table(problem, plan if problem.horizon.by_years else chosen, found.value is not None, regrets)
    windows = {i: (window.lead, window.life) for i, window in problem.horizon.windows.items()}
    return Selection(bundle, summary, prices, moves, schedule(problem, plan if found.value is not None else {}), windows)


def _believed(problem: Problem, found: solve.Answer) -> tuple[solve.Answer, dict[str, Any]]:
    """The answer, refused where the re-check or the enumeration contradicts it, and what both said."""
    proven = found.status in ("optimal", "infeasible")
    counted = enumeration.verdict(problem, found.value, proven=proven)
    verdicts = {"recheck": "no plan to check", "brute_force": counted.said, "brute_force_plans": counted.plans}
    verdicts["brute_force_why"] = counted.why
    if found.value is not None:
        plan = found.starts if problem.horizon.by_years else set(found.chosen)
        claims = {
            "objective_value": found.value,
            "emissions_after": problem.emissions(found.starts),
            "capex": problem.capex(found.starts),
        }
        verdicts["recheck"] = "; ".join(recheck(problem, plan, claims)) or "ok"
    if verdicts["recheck"] in ("ok", "no plan to check") and verdicts["brute_force"] != "differs":
        return found, verdicts
    return replace(found, status="refused", chosen=frozenset(), starts={}, value=None, bound=None, gap=None), verdicts


def _explained(problem: Problem, found: solve.Answer, explain: bool) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Regrets of the projects and prices of the limits of a plan, and which of these questions were cut short."""
    if not explain or found.value is None or not problem.ids:
        return _none(reasons.REGRETS), _none(shadow_price.PRICES), []
    decided = found.starts if problem.horizon.by_years else found.chosen
    gap = None if found.bound is None else found.gap
    held, plan = Matrix(problem), plans.of(problem, decided, found.status, math.inf if gap is None else gap)
    asked, late = [], []
    began, most = time.monotonic(), dictionary.threshold("questions_most_seconds")
    for n, (name, question) in enumerate(zip(QUESTIONS, (reasons.regrets, shadow_price.prices), strict=True), start=1):
        held.ask_for(most * n / SHARES - (time.monotonic() - began))
        held.cut_short = False
        asked.append(question(held, plan) if name == "regrets" else question(held, plan, problem.settings.lang))
        late += [name] if held.cut_short else []
    return *asked, late


def _none(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=columns)


def _plan_facts(plan: plans.Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {
        "emissions_tco2e": plan.level, "objective_value": plan.value, "capex": plan.capex, "projects": sorted(plan.chosen),
    }  # fmt: skip


def _greedy_facts(problem: Problem) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name, by in (("greedy", "abatement_cost"), ("greedy_by_objective", "objective")):
        plan = greedy(problem, by)
        facts |= {
            f"{name}_value": plan.value if plan.met else None,
            f"{name}_ended_value": plan.value,
            f"{name}_overshoot_tco2e": None if problem.budget is None else problem.budget - plan.level,
            f"{name}_status": _status(problem, plan),
            f"{name}_emissions": plan.emissions,
            f"{name}_projects": len(plan.chosen),
        }
    return facts


def _extra(problem: Problem, found: solve.Answer, greedy_value: float | None) -> dict[str, float | None]:
    """What the greedy plan costs more than the least: in money, in % of what the projects cost before savings, of the net cost."""
    if greedy_value is None or found.value is None:
        return dict.fromkeys(EXTRA)
    more = greedy_value - found.value
    gross = None if problem.settings.objective in ("emissions", "weighted") else gross_cost(problem, found.starts)
    shares = (100 * more / whole if whole is not None and whole > 1e-6 else None for whole in (gross, found.value))
    return dict(zip(EXTRA, (more, *shares), strict=True))


def _status(problem: Problem, plan: Greedy) -> str:
    if plan.met:
        return "met"
    above = problem.budget is not None and plan.level > problem.budget + 1e-6 * max(1.0, problem.budget)
    return "ends above the budget" if above else "breaks a limit"


def _front_row(problem: Problem, budget: float, found: solve.Answer) -> dict[str, Any]:
    plan, solved = found.starts, found.value is not None
    return {
        "budget_tco2e": budget, "emissions_tco2e": problem.emissions(plan) if solved else None,
        "annual_cost": problem.value(plan, "annual_cost") if solved else None, "capex": problem.capex(plan) if solved else None,
        "projects": len(plan), "status": found.status, "gap": found.gap, "objective_value": found.value,
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
                | {"greedy_status": _status(case, plan), "greedy_ended_value": plan.value}
                | {"greedy_overshoot_tco2e": case.budget - plan.level}
                | _extra(case, found, plan.value if plan.met else None)
            )
    return pd.DataFrame(rows)


def after(problem: Problem, chosen: set[str]) -> dict[str, float]:
    """Savings of a bundle: tco2e, tce and energy money per year."""
    return interaction.savings(problem.pools, chosen)
