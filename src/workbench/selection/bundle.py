"""The bundle as a table: every project listed, in or out, what it saves inside the bundle, why, and what otherwise would cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from workbench import wording
from workbench.selection.problem import Plan, Problem, fixed_cost

BUNDLE = [
    "project_id", "enterprise_id", "name", "name_zh", "selected", "start_year", "capex", "annual_cost", "tce_saved",
    "tco2e_saved", "tco2e_alone", "regret", "regret_at_most", "regret_kind", "why",
]  # fmt: skip


def table(problem: Problem, plan: Plan, solved: bool, regrets: pd.DataFrame) -> pd.DataFrame:
    """One row for every project listed, columns BUNDLE; savings inside the bundle are shared by what each would save alone.

    In a plan by years (`plan`: project → year of start) capital is that of the year of start, and savings are those of the last
    year, nil for a project whose life has ended by then; annual cost is that of a year of work at the prices filed.
    `regrets`: project_id, regret (currency of the objective) and its kind, from `reasons`.
    """
    chosen = set(plan)
    inside = _credited(problem, chosen)
    last = (
        _credited(problem, problem.working(plan, problem.horizon.last), problem.horizon.last)
        if problem.horizon.by_years
        else inside
    )
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
    for name in ("tce", "tco2e"):
        table[f"{name}_saved"] = [last.get(p, {}).get(name, 0.0) for p in table["project_id"]]
    if problem.horizon.by_years:
        starts = problem.starts(plan)
        paid = table["project_id"].map({i: problem.capital[i, s] for i, s in starts.items()}).astype(float)
        table["capex"] = paid.fillna(table["capex"])
        table["start_year"] = table["project_id"].map(starts).astype(float).fillna(table["start_year"]).astype(int)
    why = _Reasons(problem, plan, solved)
    table["why"] = [why.of(row) for row in table.itertuples()]
    table = table.merge(regrets, on="project_id", how="left", validate="1:1")
    table[["regret", "regret_at_most"]] = table[["regret", "regret_at_most"]].apply(pd.to_numeric)
    return table[BUNDLE].reset_index(drop=True)


def _credited(problem: Problem, chosen: set[str], year: int | None = None) -> dict[str, dict[str, float]]:
    """What each chosen project is credited inside the bundle; credits of a pool add up to what the pool saves.

    `year`: with the grid's factor of that year.
    """
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
            factor = problem.horizon.grid(year) if year is not None and pool.carrier == "electricity" else 1.0
            credit[p]["tco2e"] += part * pool.tco2e * factor
            credit[p]["money"] += part * pool.price
    return credit


class _Reasons:
    """The nearest reason why a project is in or out, in the run's language."""

    def __init__(self, problem: Problem, plan: Plan, solved: bool) -> None:
        self.problem, self.plan, self.solved = problem, plan, solved
        self.chosen, self.known, self.value = set(plan), set(problem.ids), problem.value(plan) if solved else None
        self.excluded: dict[str, set[str]] = defaultdict(set)
        self.needed, self.needs = defaultdict(set), defaultdict(set)
        for one, other, relation in problem.relations[["project_id", "other_id", "relation"]].itertuples(index=False, name=None):
            if relation == "requires":
                self.needs[one].add(other), self.needed[other].add(one)
            elif relation == "excludes":
                self.excluded[one].add(other), self.excluded[other].add(one)

    def of(self, row: Any) -> str:
        """One sentence."""
        if row.project_id not in self.known:
            return self._text("not_eligible", reason=wording.label(str(row.status), self.problem.settings.lang))
        if not self.solved:
            return self._text("no_plan")
        return self._inside(row.project_id) if row.selected else self._outside(row.project_id, row.tco2e_alone)

    def _inside(self, project: str) -> str:
        if self.value < self.problem.value(_without(self.plan, project)) - 1e-9:
            return self._text("lowers_cost")
        children = self.needed[project] & self.chosen
        return self._text("prerequisite", other=", ".join(sorted(children))) if children else self._text("needed")

    def _outside(self, project: str, tco2e_alone: float) -> str:
        rivals, missing = self.excluded[project] & self.chosen, self.needs[project] - self.chosen
        if rivals:
            return self._text("excluded", other=", ".join(sorted(rivals)))
        if missing:
            return self._text("requires", other=", ".join(sorted(missing)))
        return self._text("no_carbon" if tco2e_alone <= 1e-9 else "not_needed")

    def _text(self, name: str, **told: str) -> str:
        return wording.text(f"why.{name}", self.problem.settings.lang, **told)


def _without(plan: Plan, project: str) -> Plan:
    return {i: s for i, s in plan.items() if i != project} if isinstance(plan, Mapping) else set(plan) - {project}


def gross_cost(problem: Problem, plan: Plan) -> float:
    """Capital and operating cost of a bundle in the objective's money (else annual), before any energy saved."""
    objective = problem.settings.objective
    objective = objective if objective in ("capex", "annual_cost", "npv_cost") else "annual_cost"
    fixed = problem.start_costs(objective)
    return sum(fixed[i, start] for i, start in sorted(problem.starts(plan).items()))
