"""The abatement cost curve as a plan: cheapest first until the budget is met, the way many reports still choose."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pandas as pd

from workbench import interaction
from workbench.curve import Structure, silent
from workbench.selection.problem import Problem, fixed_cost
from workbench.selection.recheck import recheck

_NEAR = 1e-6  # share of the budget within which emissions are added up afresh


@dataclass(frozen=True)
class Greedy:
    """The greedy bundle: `chosen`, its true `emissions` and `value`; `met`: it reaches the budget and keeps every limit.

    `level`: what a budget is compared with; by years the highest emissions from the target year on.
    """

    chosen: frozenset[str]
    emissions: float
    value: float
    met: bool
    level: float


def greedy(problem: Problem, by: str = "abatement_cost") -> Greedy:
    """Add projects in the order of the curve, or of the objective's money per tonne (`by="objective"`), until the budget is met.

    Exclusions, prerequisites, group and capital limits are respected; emissions are those of the bundle, with interaction. A
    prerequisite that saves nothing itself enters with the first project that needs it, as in the curve.
    """
    rules, purse, enabling = Structure(problem.relations, problem.groups), _Purse(problem), silent(problem.projects)
    saving = [p for p in problem.projects["project_id"] if p not in enabling]
    order = rules.ranked(problem.projects, saving, set(), enabling)
    if by == "objective":
        order = _by_objective(problem, order)
    touched, counted = interaction.by_project(problem.pools), _upstream(problem)
    inside: set[str] = set()
    waiting = list(order)
    emissions = problem.emissions(inside)
    while problem.budget is not None and emissions > problem.budget + 1e-9:
        step = next((s for s in (rules.step(p, inside, enabling) for p in waiting) if s and purse.allows(s)), None)
        if step is None:
            break
        waiting.remove(step[0])
        for project in step:
            emissions += counted.get(project, 0.0) - _more(touched.get(project, []), inside, project)
            inside.add(project)
            purse.spend(project)
        if len(step) > 1 and by != "objective":
            waiting = rules.ranked(problem.projects, waiting, inside, enabling)
        if problem.horizon.by_years or emissions < problem.budget + _NEAR * max(
            1.0, abs(problem.budget)
        ):  # sums of steps are not exact to the last digit
            emissions = problem.emissions(inside)
    emissions = problem.emissions(inside)
    value = problem.value(inside)
    level = problem.peak(inside) if problem.horizon.by_years else emissions
    claims = {"objective_value": value, "emissions_after": emissions, "capex": problem.capex(inside)}
    return Greedy(frozenset(inside), emissions, value, not recheck(problem, inside, claims), level)


def _upstream(problem: Problem) -> dict[str, float]:
    """Upstream tCO2e of each project where the budget counts it."""
    rows = problem.projects
    counted = problem.settings.include_upstream
    return dict(zip(rows["project_id"], rows["upstream_tco2e"].astype(float), strict=True)) if counted else {}


def _more(pools: list[interaction.Pool], inside: set[str], step: str) -> float:
    """tCO2e that `step` saves besides what `inside` save."""
    met = {p for pool in pools for p in pool.projects if p in inside}
    return interaction.savings(pools, met | {step})["tco2e"] - interaction.savings(pools, met)["tco2e"]


def _value(problem: Problem, row: pd.Series, project: str, pools: list[interaction.Pool]) -> float:
    """The objective of a project alone, as `problem.value` has it."""
    objective = problem.settings.objective
    if problem.horizon.by_years or objective not in ("annual_cost", "npv_cost"):
        return problem.value({project})
    parts = [(pool, part) for pool in pools for part in problem.segments(pool, objective) if project in part.alive]
    gains = sum(pool.saved({project}) * (pool.price * s.money + pool.tco2e * s.factor * s.carbon) for pool, s in parts)
    return fixed_cost(row, objective, problem.settings) - gains


def _by_objective(problem: Problem, order: list[str]) -> list[str]:
    touched, upstream = interaction.by_project(problem.pools), _upstream(problem)
    rows = problem.projects.set_index("project_id")
    alone = {p: fixed_cost(r, "capex", problem.settings) for p, r in zip(rows.index, rows.itertuples(), strict=True)}
    if problem.settings.objective != "capex":
        alone = {p: _value(problem, rows.loc[p], p, touched.get(p, [])) for p in order}
    saved = {p: _more(touched.get(p, []), set(), p) - upstream.get(p, 0.0) for p in order}
    pays = {p: alone[p] < 0 for p in order}
    useful = [p for p in order if saved[p] > 1e-9]
    return sorted(useful, key=lambda p: (not pays[p], alone[p] if pays[p] else alone[p] / saved[p], p))


class _Purse:
    """What has been spent by the cluster and by each enterprise, and whether one more project is within the limits."""

    def __init__(self, problem: Problem) -> None:
        rows = problem.projects
        self.capital = dict(zip(rows["project_id"], rows["capex"].astype(float), strict=True))
        limited = problem.enterprises.dropna(subset=["capital_limit"])
        self.limits = dict(zip(limited["enterprise_id"], limited["capital_limit"], strict=True))
        self.whole = problem.settings.capital_limit
        self.shares: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for (project, who), share in problem.shares.items():
            if who in self.limits:
                self.shares[project].append((who, share))
        self.total, self.spent = 0.0, defaultdict(float)

    def allows(self, step: list[str]) -> bool:
        """Whether the money for all of a step is there."""
        if self.whole is not None and self.total + sum(self.capital[p] for p in step) > self.whole + 1e-6:
            return False
        asked: dict[str, float] = defaultdict(float)
        for project in step:
            for who, share in self.shares[project]:
                asked[who] += share * self.capital[project]
        return all(self.spent[who] + cost <= self.limits[who] + 1e-6 for who, cost in asked.items())

    def spend(self, project: str) -> None:
        """Pay for a project."""
        self.total += self.capital[project]
        for who, share in self.shares[project]:
            self.spent[who] += share * self.capital[project]
