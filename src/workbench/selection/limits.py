"""The limits of a problem as rows: what is limited, whose limit it is, how far it reaches, in which unit.

One limit may hold in several years of a plan by years; it is then moved in all of them at once, each year by what the limit means
there: a yearly amount that is carried over counts once for each year gone by, an intensity grows with its base.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from workbench.selection import caps
from workbench.selection.caps import Cap
from workbench.selection.problem import Problem

UNITS = {
    "budget": "tCO2e", "budget_of_year": "tCO2e", "cumulative_budget": "tCO2e", "emission_limit": "tCO2e",
    "carbon_intensity": "tCO2e", "carbon_intensity_limit": "tCO2e", "effort": "tCO2e", "leakage_limit": "tCO2e",
    "energy_cap": "tce", "energy_limit": "tce", "energy_intensity": "tce", "energy_intensity_limit": "tce",
    "capital_limit": "currency", "enterprise_capital": "currency", "capital_per_year": "currency",
    "enterprise_capital_per_year": "currency", "starts_per_year": "projects", "group_min": "projects", "group_max": "projects",
    "excludes": "rules", "requires": "rules", "requires_any": "rules",
}  # fmt: skip
FAMILIES = {
    "budget": "budget", "budget_of_year": "budget", "cumulative_budget": "budget", "capital_limit": "capital",
    "enterprise_capital": "capital", "capital_per_year": "capital", "enterprise_capital_per_year": "capital",
    "emission_limit": "emission_limit", "energy_cap": "energy_limit", "energy_limit": "energy_limit",
    "energy_intensity": "intensity", "carbon_intensity": "intensity", "energy_intensity_limit": "intensity",
    "carbon_intensity_limit": "intensity", "group_min": "groups", "effort": "efforts", "leakage_limit": "leakage",
}  # fmt: skip
CAPS = {
    "energy_cap_tce": "energy_cap", "energy_intensity_cap": "energy_intensity", "carbon_intensity_cap": "carbon_intensity",
    "emission_limit_tco2e": "emission_limit", "energy_limit_tce": "energy_limit",
    "carbon_intensity_limit": "carbon_intensity_limit", "energy_intensity_limit": "energy_intensity_limit",
}  # fmt: skip
_ORDER = list(UNITS)


@dataclass(frozen=True)
class Limit:
    """One limit: `limit` (a key of UNITS), `who` (enterprise, group, scope of an effort or year, else ''), its `bound`.

    `least`: at least, not at most. `years`: the years it holds in, each with the multiple of the bound that holds there.
    `base`: what an intensity is measured by (million currency); intensities are totals here. `members`: whose sum a cap limits.
    `projects`: the projects of a rule, the one it holds for first.
    """

    limit: str
    who: str
    bound: float
    least: bool = False
    years: dict[int, float] = field(default_factory=dict, hash=False, compare=False)
    members: tuple[str, ...] | None = None
    base: float | None = None
    projects: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Name of the limit within a problem."""
        return self.limit, self.who

    @property
    def unit(self) -> str:
        """Unit of the bound: tCO2e and tce per year, currency, projects, or rules."""
        return UNITS[self.limit]

    @property
    def step(self) -> float:
        """The smallest move that is told apart: one project or rule, else a millionth of the bound, at least a thousandth."""
        return 1.0 if self.unit in ("projects", "rules") else max(1e-3, 1e-6 * abs(self.bound))


def of(problem: Problem) -> list[Limit]:
    """Every limit in force: the budget first, then emissions, energy, capital, starts and groups."""
    found = [*_budgets(problem), *_caps(problem), *_efforts(problem), *_leakage(problem), *_capital(problem), *_groups(problem)]
    starts, years = problem.settings.starts_per_year, problem.horizon.years
    if starts is not None:
        found.append(Limit("starts_per_year", "", float(starts), years=dict.fromkeys(years, 1.0)))
    held = [limit for limit in found if FAMILIES.get(limit.limit) not in problem.relaxed]
    return sorted(held, key=lambda limit: (_ORDER.index(limit.limit), limit.who))


def _budgets(problem: Problem) -> list[Limit]:
    settings, horizon, found = problem.settings, problem.horizon, []
    if problem.budget is not None:
        years = {t: 1.0 for t in horizon.years if t >= horizon.target}
        found.append(Limit("budget", "", float(problem.budget), years=years))
    if horizon.by_years:
        single = caps.budgets(replace(problem, budget=None))
        found += [Limit("budget_of_year", str(cap.year), cap.at_most, years={cap.year: 1.0}) for cap in single]
        if settings.cumulative_budget_tco2e is not None:
            years = dict.fromkeys(horizon.years, 1.0)
            found.append(Limit("cumulative_budget", "", float(settings.cumulative_budget_tco2e), years=years))
    return found


def _caps(problem: Problem) -> list[Limit]:
    """Dual control of the cluster and the enterprises: one limit over all years, growing as its base does."""
    rows: dict[tuple[str, str], list[Cap]] = defaultdict(list)
    for cap in problem.caps:
        if cap.name in CAPS:
            rows[CAPS[cap.name], cap.members[0] if cap.members else ""].append(cap)
    bases = dict(zip(problem.enterprises["enterprise_id"], problem.enterprises["intensity_base"], strict=True))
    found = []
    for (limit, who), mine in rows.items():
        base = (float(bases[who]) if who else problem.value_added_million) if "intensity" in limit else None
        growth = {cap.year: problem.horizon.growth(cap.year) if base else 1.0 for cap in mine}
        bound = mine[0].at_most / growth[mine[0].year]
        found.append(Limit(limit, who, bound, years=growth, members=mine[0].members, base=base))
    return found


def _efforts(problem: Problem) -> list[Limit]:
    """Least reductions in tonnes: those of the first year due, later ones in proportion to what is asked then."""
    rows: dict[str, list[Cap]] = defaultdict(list)
    for cap in problem.caps:
        if cap.family == "efforts":
            rows[cap.name].append(cap)
    found = []
    for who, mine in rows.items():
        asked = {cap.year: effort_before(problem, cap.members, cap.year) - cap.at_most for cap in mine}
        first = asked[mine[0].year]
        years = {t: amount / first if first else 1.0 for t, amount in asked.items()}
        found.append(Limit("effort", who, first, least=True, years=years, members=mine[0].members))
    return found


def effort_before(problem: Problem, members: tuple[str, ...], year: int) -> float:
    """Emissions of those who make an effort, in a year without any project, tCO2e."""
    before = problem.firm_emissions_before(year)
    return sum(before[e] for e in members)


def _leakage(problem: Problem) -> list[Limit]:
    limit = problem.settings.leakage_limit_tco2e
    return [] if limit is None else [Limit("leakage_limit", "", float(limit), years=dict.fromkeys(problem.horizon.years, 1.0))]


def _capital(problem: Problem) -> list[Limit]:
    """Capital of the whole plan and of each year; what is not spent in a year may be carried over."""
    settings, horizon, found = problem.settings, problem.horizon, []
    carried = settings.capital_carry_over
    yearly = {t: float(n) if carried else 1.0 for n, t in enumerate(horizon.years, start=1)}
    if settings.capital_limit is not None:
        found.append(Limit("capital_limit", "", float(settings.capital_limit), years={horizon.last: 1.0}))
    if settings.capital_per_year is not None:
        found.append(Limit("capital_per_year", "", float(settings.capital_per_year), years=yearly))
    kinds = [("capital_limit", "enterprise_capital", {horizon.last: 1.0})]
    kinds += [("capital_per_year", "enterprise_capital_per_year", yearly)] if horizon.by_years else []
    for column, limit, years in kinds:
        rows = problem.enterprises.dropna(subset=[column])
        found += [Limit(limit, str(e), float(v), years=years) for e, v in zip(rows["enterprise_id"], rows[column], strict=True)]
    return found


def _groups(problem: Problem) -> list[Limit]:
    found, years = [], {problem.horizon.last: 1.0}
    for name, group in problem.groups.groupby("group_id", sort=True):
        least, most = group["min_selected"].max(), group["max_selected"].min()
        found += [Limit("group_min", str(name), float(least), least=True, years=years)] if least > 0 else []
        found += [Limit("group_max", str(name), float(most), years=years)] if most == most else []
    return found


def stripped(problem: Problem) -> Problem:
    """The same choice without any limit: rules between projects alone remain."""
    free = dict.fromkeys(
        (
            "capital_limit", "energy_intensity_cap", "carbon_intensity_cap", "energy_cap_tce", "leakage_limit_tco2e", "budget_path",
            "reduction_path", "cumulative_budget_tco2e", "capital_per_year", "starts_per_year",
        )
    )  # fmt: skip
    firms = problem.enterprises.assign(**dict.fromkeys(caps.LIMITS, np.nan))
    return replace(
        problem, budget=None, groups=problem.groups.iloc[:0], enterprises=firms,
        relaxed=frozenset(), settings=problem.settings.model_copy(update=free), efforts=problem.efforts.iloc[:0],
    )  # fmt: skip


def per_million(limit: Limit, amount: float | None) -> float | None:
    """An intensity's total as what it is filed as: per million currency of its base; None for other limits."""
    return None if not limit.base or amount is None or pd.isna(amount) else amount / limit.base
