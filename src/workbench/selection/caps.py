"""Dual control and least efforts as caps: who, what is measured (tCO2e or tce), how much at most, in which years.

Every cap is a sum over enterprises that may not exceed an amount, so cluster and enterprise, total and intensity, and the least
reduction of an enterprise, a sector or an area are one kind of row:

    total E <= M,     intensity E <= iota x G (G value added or output, data),     effort E <= E0 - R, with R = p x E0 or tonnes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from workbench.selection.problem import Problem

LIMITS = [
    "capital_limit", "emission_limit_tco2e", "energy_limit_tce", "carbon_intensity_limit", "energy_intensity_limit",
    "capital_per_year",
]  # fmt: skip


@dataclass(frozen=True)
class Cap:
    """At most `at_most` of `measure` (tco2e or tce) by `members` (None: the cluster) in `year`. `family` can be relaxed at once."""

    family: str
    name: str
    measure: str
    members: tuple[str, ...] | None
    year: int
    at_most: float


def caps(problem: Problem) -> list[Cap]:
    """Every cap in force except the families relaxed: budgets first, then dual control, enterprises, efforts."""
    found = budgets(problem) + _dual_control(problem) + _enterprises(problem) + _efforts(problem)
    return [cap for cap in found if cap.family not in problem.relaxed]


def budgets(problem: Problem) -> list[Cap]:
    """The cluster's carbon budget from the target year on, and budgets of single years."""
    horizon, settings = problem.horizon, problem.settings
    amounts = {t: problem.budget for t in horizon.years if t >= horizon.target} if problem.budget is not None else {}
    if horizon.by_years:
        path = dict(settings.budget_path or {})
        path |= {t: (1 - cut / 100) * problem.emissions_before for t, cut in (settings.reduction_path or {}).items()}
        amounts |= {t: min(amount, amounts.get(t, amount)) for t, amount in path.items()}
    return [Cap("budget", "budget", "tco2e", None, t, float(amount)) for t, amount in sorted(amounts.items())]


def _dual_control(problem: Problem) -> list[Cap]:
    settings, horizon, found = problem.settings, problem.horizon, []
    for year in horizon.years:
        if settings.energy_cap_tce is not None:
            found.append(Cap("energy_limit", "energy_cap_tce", "tce", None, year, settings.energy_cap_tce))
        base = problem.value_added_million * horizon.growth(year)
        for name, measure in (("energy_intensity_cap", "tce"), ("carbon_intensity_cap", "tco2e")):
            limit = getattr(settings, name)
            if limit is not None and base > 0:
                found.append(Cap("intensity", name, measure, None, year, limit * base))
    return found


def _enterprises(problem: Problem) -> list[Cap]:
    kinds = (
        ("emission_limit", "emission_limit_tco2e", "tco2e", False), ("energy_limit", "energy_limit_tce", "tce", False),
        ("intensity", "carbon_intensity_limit", "tco2e", True), ("intensity", "energy_intensity_limit", "tce", True),
    )  # fmt: skip
    found = []
    for family, column, measure, per_value in kinds:
        limited = problem.enterprises[column].notna()
        for row in problem.enterprises[limited].itertuples() if limited.any() else ():
            base = row.intensity_base if per_value else 1.0
            if not base > 0:
                continue
            years = problem.horizon.years if per_value or family == "energy_limit" else problem.horizon.years
            for year in years:
                most = float(getattr(row, column)) * base * (problem.horizon.growth(year) if per_value else 1.0)
                found.append(Cap(family, column, measure, (row.enterprise_id,), year, most))
    return found


def _efforts(problem: Problem) -> list[Cap]:
    """Least reductions; the fall of the grid's factor is nobody's effort, so the emissions before are those of the year."""
    found: dict[tuple[str, int], Cap] = {}
    horizon = problem.horizon
    for row in problem.efforts.itertuples():
        members = scope(problem.enterprises, row.scope, row.name)
        if not members:
            continue
        first = horizon.target if pd.isna(row.from_year) or not horizon.by_years else max(int(row.from_year), horizon.first)
        for year in (t for t in horizon.years if t >= first):
            before = sum(problem.firm_emissions_before(year)[e] for e in members)
            asked = [0.01 * row.min_reduction_pct * before, row.min_tco2e]
            least = max((a for a in asked if pd.notna(a)), default=None)
            if least is not None:  # of two rows for one scope the harder one counts
                key, most = (f"{row.scope} {row.name}", year), before - float(least)
                most = min(most, found[key].at_most) if key in found else most
                found[key] = Cap("efforts", key[0], "tco2e", members, year, most)
    return list(found.values())


def not_held(problem: Problem) -> list[str]:
    """Limits that are asked for and cannot be held: an intensity without its base, an effort from a year after the plan."""
    found, settings, firms = [], problem.settings, problem.enterprises
    for name in ("energy_intensity_cap", "carbon_intensity_cap"):
        if getattr(settings, name) is not None and not problem.value_added_million > 0:
            found.append(name)
    for name in ("carbon_intensity_limit", "energy_intensity_limit"):
        bare = firms[firms[name].notna() & ~(firms["intensity_base"] > 0)]
        found += [f"{name} {e}" for e in sorted(bare["enterprise_id"])]
    if problem.horizon.by_years:
        late = problem.efforts[pd.to_numeric(problem.efforts["from_year"]) > problem.horizon.last]
        found += [f"effort {row.scope} {row.name} from {int(row.from_year)}" for row in late.itertuples(index=False)]
    return found


def scope(enterprises: pd.DataFrame, kind: str, name: str) -> tuple[str, ...]:
    """The enterprises of an effort: one enterprise, a sector or an area."""
    column = {"enterprise": "enterprise_id", "sector": "sector", "area": "area"}[kind]
    mine = enterprises.loc[enterprises[column].astype(str).str.strip() == str(name).strip(), "enterprise_id"]
    return tuple(sorted(mine))
