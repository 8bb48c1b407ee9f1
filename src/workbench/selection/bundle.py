"""The bundle as a table: every project listed, in or out, what it saves inside the bundle, why, and what otherwise would cost."""

from __future__ import annotations

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
        paid = table["project_id"].map({i: problem.capital[i][s] for i, s in starts.items()}).astype(float)
        table["capex"] = paid.fillna(table["capex"])
        table["start_year"] = table["project_id"].map(starts).astype(float).fillna(table["start_year"]).astype(int)
    table["why"] = [_why(problem, row, plan, solved) for row in table.itertuples()]
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


def _why(problem: Problem, row: Any, plan: Plan, solved: bool) -> str:
    """The nearest reason why a project is in or out, in the run's language."""
    chosen = set(plan)
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
        if problem.value(plan) < problem.value(_without(plan, row.project_id)) - 1e-9:
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


def _without(plan: Plan, project: str) -> Plan:
    return {i: s for i, s in plan.items() if i != project} if isinstance(plan, Mapping) else set(plan) - {project}


def gross_cost(problem: Problem, plan: Plan) -> float:
    """Capital and operating cost of a bundle in the objective's money (else annual), before any energy saved."""
    objective = problem.settings.objective
    objective = objective if objective in ("capex", "annual_cost", "npv_cost") else "annual_cost"
    if problem.horizon.by_years:
        fixed = problem.start_costs(objective)
        return sum(fixed[i, start] for i, start in problem.starts(plan).items())
    rows = problem.projects[problem.projects["project_id"].isin(set(plan))]
    return sum(fixed_cost(row, objective, problem.settings) for row in rows.itertuples())
