"""The uncertain decision in one call: ranges, the plan in every draw, other plans beside it, robustness, data, sensitivity."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from workbench.risk import data_value, monte_carlo, robust, scenarios, sensitivity_screening, tail
from workbench.risk.scenarios import setting
from workbench.selection import configurations
from workbench.selection.problem import Problem


@dataclass(frozen=True)
class RiskAssessment:
    """Tables: `ranges` in use, `stays_in` by project, `judged` plan, `plans` compared, `robustness`, `values`, `sensitivity`.

    `price`: currency per missing tonne; `feasible`: whether a plan keeps the budget as filed.
    """

    ranges: pd.DataFrame
    stays_in: pd.DataFrame
    judged: pd.DataFrame
    plans: pd.DataFrame
    robustness: pd.DataFrame
    values: pd.DataFrame
    sensitivity: pd.DataFrame
    price: float
    feasible: bool

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by the names they have in a run's folder."""
        return {
            "decision_ranges": self.ranges, "stays_in": self.stays_in, "plan_risk": self.judged, "plans_compared": self.plans,
            "robustness": self.robustness, "data_to_improve_decision": self.values, "cost_sensitivity": self.sensitivity,
        }  # fmt: skip


def assess(
    problem: Problem, projects: pd.DataFrame, lines: pd.DataFrame, currency: str = "", price: float | None = None,
    draws: int | None = None, seconds: float | None = None,
) -> RiskAssessment:  # fmt: skip
    """Judge the least-cost plan of a problem under the ranges of its data.

    Costs are those of the objective where it is money, else annual costs (column `objective` of `plans`).

    `projects` (project_id, status, evidence) and `lines` (project_id, uncertainty_pct) give the ranges. `price` per missing tonne,
    else `monte_carlo.buyout_price`; `draws` decided anew and `seconds` for each step, else those of `decision.csv`. Seeded
    by the settings. A budget that cannot be kept as filed is judged by the plan that comes closest at that price.
    """
    conf = configurations.configurations(problem)
    known = scenarios.ranges(conf.problem, projects, lines)
    price = monte_carlo.buyout_price(conf) if price is None else price
    needed, seed = configurations.need(conf.problem), conf.problem.settings.seed
    found, plan, _ = configurations.solve(conf, conf.nominal, needed)
    feasible = found.x is not None
    if not feasible:
        _, plan, _ = configurations.solve(conf, conf.nominal, needed, price)
    drawn = scenarios.draw(conf, known, draws, seed)
    others = scenarios.draw(conf, known, int(setting("value_draws")), seed + 1)
    decided = monte_carlo.redecide(conf, drawn, price, seconds)
    judged = monte_carlo.judge(monte_carlo.fares(conf, drawn, plan, price), decided, price, currency)
    robustness = robust.price_of_robustness(conf, known, others, seconds=seconds)
    made = {"as_filed": ("optimal", plan), "robust": _robust(robustness)}
    some = drawn.part(slice(0, int(setting("risk_scenarios"))))
    limit = setting("time_limit_s") if seconds is None else seconds
    made |= {kind: tail.scenario_plan(conf, some, kind, price, seconds=limit) for kind in tail.KINDS}
    choice = data_value.candidates(decided, *(chosen for status, chosen in made.values() if status != "infeasible"))
    values = data_value.data_value(data_value.losses(conf, others, choice, price), others.factors, data_value.groups_of(known))
    return RiskAssessment(
        ranges=monte_carlo.sources(known), stays_in=monte_carlo.stays_in(conf, decided, plan), judged=judged,
        plans=tail.compare(conf, made, others, price).assign(objective=conf.objective), robustness=robustness,
        values=values, sensitivity=sensitivity_screening.screen(conf, price, currency, seconds), price=price, feasible=feasible,
    )  # fmt: skip


def _robust(table: pd.DataFrame) -> tuple[str, frozenset[str]]:
    """The best protected plan with no more bases in doubt than the root of their number, where independent errors even out."""
    found = table[table["cost"].notna() & (table["gamma"] > 0) & (table["gamma"] <= round(table["bases"].max() ** 0.5))]
    if found.empty:
        return "infeasible", frozenset()
    return found.iloc[-1]["status"], frozenset(found.iloc[-1]["chosen"].split(";")) - {""}
