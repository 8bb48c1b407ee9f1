"""The limits of a problem as rows: what is limited, whose limit it is, how far it reaches, in which unit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from workbench.selection.problem import Problem

UNITS = {
    "budget": "tCO2e", "emission_limit": "tCO2e", "carbon_intensity": "tCO2e", "energy_intensity": "tce",
    "capital_limit": "currency", "enterprise_capital": "currency", "group_min": "projects", "group_max": "projects",
}  # fmt: skip
FAMILIES = {
    "capital_limit": "capital", "enterprise_capital": "capital", "emission_limit": "emission_limit",
    "energy_intensity": "intensity", "carbon_intensity": "intensity", "group_min": "groups",
}  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """One limit: `limit` (a key of UNITS), `who` (enterprise or group, else ''), its `bound`; `least`: at least, not at most."""

    limit: str
    who: str
    bound: float
    least: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """Name of the limit within a problem."""
        return self.limit, self.who

    @property
    def unit(self) -> str:
        """Unit of the bound: tCO2e and tce per year, currency, or projects."""
        return UNITS[self.limit]

    @property
    def step(self) -> float:
        """The smallest move that is told apart: one project, else a millionth of the bound, at least a thousandth of its unit."""
        return 1.0 if self.unit == "projects" else max(1e-3, 1e-6 * abs(self.bound))


def of(problem: Problem) -> list[Limit]:
    """Every limit in force: the budget first, then capital, enterprises, intensities (as totals) and groups."""
    settings, added = problem.settings, problem.value_added_million
    found = [Limit("budget", "", float(problem.budget))] if problem.budget is not None else []
    if settings.capital_limit is not None:
        found.append(Limit("capital_limit", "", float(settings.capital_limit)))
    for name, limit in (("capital_limit", "enterprise_capital"), ("emission_limit_tco2e", "emission_limit")):
        rows = problem.enterprises.dropna(subset=[name]).sort_values("enterprise_id")
        found += [Limit(limit, str(e), float(v)) for e, v in zip(rows["enterprise_id"], rows[name], strict=True)]
    for limit in ("energy_intensity", "carbon_intensity"):
        cap = getattr(settings, f"{limit}_cap")
        if cap is not None and added > 0:
            found.append(Limit(limit, "", cap * added))
    for name, group in problem.groups.groupby("group_id", sort=True):
        least, most = group["min_selected"].max(), group["max_selected"].min()
        found += [Limit("group_min", str(name), float(least), least=True)] if least > 0 else []
        found += [Limit("group_max", str(name), float(most))] if most == most else []
    return [limit for limit in found if FAMILIES.get(limit.limit) not in problem.relaxed and limit.limit not in problem.relaxed]


def stripped(problem: Problem) -> Problem:
    """The same choice without any limit: rules between projects alone remain."""
    free = {"capital_limit": None, "energy_intensity_cap": None, "carbon_intensity_cap": None}
    firms = problem.enterprises.assign(capital_limit=np.nan, emission_limit_tco2e=np.nan)
    return replace(
        problem, budget=None, groups=problem.groups.iloc[:0], enterprises=firms, relaxed=frozenset(),
        settings=problem.settings.model_copy(update=free),
    )  # fmt: skip
