"""The abatement cost curve as a plan: cheapest first until the budget is met, the way many reports still choose."""

from __future__ import annotations

from dataclasses import dataclass

from workbench import interaction
from workbench.curve import Structure, ranking
from workbench.selection.problem import Problem, fixed_cost
from workbench.selection.recheck import recheck


@dataclass(frozen=True)
class Greedy:
    """The greedy bundle: `chosen`, its true `emissions` and `value`; `met`: it reaches the budget and keeps every limit."""

    chosen: frozenset[str]
    emissions: float
    value: float
    met: bool


def greedy(problem: Problem, by: str = "abatement_cost") -> Greedy:
    """Add projects in the order of the curve, or of the objective's money per tonne (`by="objective"`), until the budget is met.

    Exclusions, prerequisites, group and capital limits are respected; emissions are those of the bundle, with interaction.
    """
    order = ranking(problem.projects)["project_id"].tolist()
    if by == "objective":
        order = _by_objective(problem, order)
    rules = Structure(problem.relations, problem.groups)
    capital = dict(zip(problem.projects["project_id"], problem.projects["capex"].astype(float), strict=True))
    inside: set[str] = set()
    waiting = list(order)
    emissions = problem.emissions(inside)
    while problem.budget is not None and emissions > problem.budget + 1e-9:
        step = next((p for p in waiting if rules.admits(p, inside) and _affordable(problem, capital, inside, p)), None)
        if step is None:
            break
        waiting.remove(step)
        inside.add(step)
        emissions = problem.emissions(inside)
    value = problem.value(inside)
    claims = {"objective_value": value, "emissions_after": emissions, "capex": problem.capex(inside)}
    return Greedy(frozenset(inside), emissions, value, met=not recheck(problem, inside, claims))


def _by_objective(problem: Problem, order: list[str]) -> list[str]:
    rows = problem.projects.set_index("project_id")
    alone = {p: fixed_cost(r, "capex", problem.settings) for p, r in zip(rows.index, rows.itertuples(), strict=True)}
    if problem.settings.objective != "capex":
        alone = {p: problem.value({p}) for p in order}
    saved = {p: interaction.savings(problem.pools, {p})["tco2e"] - problem.upstream({p}) for p in order}
    pays = {p: alone[p] < 0 for p in order}
    useful = [p for p in order if saved[p] > 1e-9]
    return sorted(useful, key=lambda p: (not pays[p], alone[p] if pays[p] else alone[p] / saved[p], p))


def _affordable(problem: Problem, capital: dict[str, float], inside: set[str], step: str) -> bool:
    now = inside | {step}
    if problem.settings.capital_limit is not None and sum(capital[p] for p in now) > problem.settings.capital_limit + 1e-6:
        return False
    for row in problem.enterprises.dropna(subset=["capital_limit"]).itertuples():
        spent = sum(s * capital[i] for (i, who), s in problem.shares.items() if who == row.enterprise_id and i in now)
        if spent > row.capital_limit + 1e-6:
            return False
    return True
