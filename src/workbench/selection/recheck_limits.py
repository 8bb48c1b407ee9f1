"""Independent re-check of budgets, dual control, least efforts and leakage, year by year in plain Python."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.selection.problem import Problem
from workbench.selection.recheck_use import saved_by_pool

TOLERANCE = 1e-6
State = tuple[float, dict[str, float]]  # of the cluster, of each enterprise


def slack(value: float) -> float:
    """Room left to sums of many numbers."""
    return TOLERANCE * max(1.0, abs(value))


def broken(problem: Problem, working: Mapping[int, set[str]], emitted: Mapping[int, State]) -> list[str]:
    """Every limit on emissions and energy that the plan breaks; families relaxed are left out."""
    by_years, faults = problem.settings.horizon_year is not None, []
    for year, projects in working.items():
        where = f" in {year}" if by_years else ""
        energy = _energy(problem, projects)
        found = {
            "budget": _budget(problem, year, emitted[year][0]),
            "energy_limit": _totals(problem, energy),
            "intensity": _intensity(problem, year, emitted[year], energy),
            "emission_limit": _firms(problem, emitted[year][1], "emission_limit_tco2e", "emits"),
            "efforts": _efforts(problem, year, emitted[year][1]),
            "leakage": _leakage(problem, year, projects, emitted[year][0]),
        }
        faults += [text + where for family, texts in found.items() if family not in problem.relaxed for text in texts]
    total, limit = sum(state[0] for state in emitted.values()), problem.settings.cumulative_budget_tco2e
    if limit is not None and "budget" not in problem.relaxed and total > limit + slack(limit):
        faults.append(f"emissions of all years {total:.3f} exceed the budget {limit:.3f}")
    return faults


def _energy(problem: Problem, projects: set[str]) -> State:
    firms = dict(zip(problem.enterprises["enterprise_id"], problem.enterprises["tce"].astype(float), strict=True))
    total = problem.tce_before
    for pool, saved in saved_by_pool(problem, projects):
        firms[pool.enterprise_id] -= saved * pool.tce
        total -= saved * pool.tce
    return total, firms


def _target(problem: Problem, year: int) -> bool:
    """Whether the budget holds in a year of the plan."""
    s = problem.settings
    if s.horizon_year is None:
        return True
    return year >= min(max(s.target_year or s.horizon_year, s.year + 1), s.horizon_year)


def _budget(problem: Problem, year: int, emissions: float) -> list[str]:
    s, asked = problem.settings, []
    if problem.budget is not None and _target(problem, year):
        asked.append(problem.budget)
    if s.horizon_year is not None:
        asked += [amount for t, amount in (s.budget_path or {}).items() if t == year]
        asked += [problem.emissions_before * (100 - cut) / 100 for t, cut in (s.reduction_path or {}).items() if t == year]
    return [f"emissions {emissions:.3f} exceed the budget {most:.3f}" for most in asked if emissions > most + slack(most)]


def _totals(problem: Problem, energy: State) -> list[str]:
    cap = problem.settings.energy_cap_tce
    over = [] if cap is None or energy[0] <= cap + slack(cap) else [f"energy use {energy[0]:.3f} tce exceeds the cap {cap:.3f}"]
    return over + _firms(problem, energy[1], "energy_limit_tce", "uses")


def _firms(problem: Problem, values: dict[str, float], column: str, verb: str) -> list[str]:
    limits = dict(zip(problem.enterprises["enterprise_id"], problem.enterprises[column].astype(float), strict=True))
    return [
        f"{firm} {verb} {value:.3f}, its limit is {limits[firm]:.3f}"
        for firm, value in sorted(values.items())
        if limits[firm] == limits[firm] and value > limits[firm] + slack(limits[firm])
    ]


def _intensity(problem: Problem, year: int, emitted: State, energy: State) -> list[str]:
    s, faults = problem.settings, []
    growth = (1 + s.value_added_growth) ** (year - s.year) if s.horizon_year is not None else 1.0
    added = problem.value_added_million * growth
    for name, value, cap in (("energy", energy[0], s.energy_intensity_cap), ("carbon", emitted[0], s.carbon_intensity_cap)):
        if cap is not None and added > 0 and value > cap * added + slack(cap * added):
            faults.append(f"{name} intensity {value / added:.6g} exceeds the cap {cap:.6g}")
    for row in problem.enterprises.itertuples():
        base = row.intensity_base * growth
        for name, values in (("carbon", emitted[1]), ("energy", energy[1])):
            cap = getattr(row, f"{name}_intensity_limit")
            if cap == cap and base > 0 and values[row.enterprise_id] > cap * base + slack(cap * base):
                faults.append(f"{name} intensity of {row.enterprise_id} exceeds {cap:.6g}")
    return faults


def _efforts(problem: Problem, year: int, firms: dict[str, float]) -> list[str]:
    """Reduction by projects of those who must make the effort; what a cleaner grid does is not theirs."""
    s, faults = problem.settings, []
    grid = (1 - s.grid_factor_decline) ** (year - s.year) if s.horizon_year is not None else 1.0
    for effort in problem.efforts.itertuples():
        due = _target(problem, year) if effort.from_year != effort.from_year else year >= effort.from_year
        column = "enterprise_id" if effort.scope == "enterprise" else effort.scope
        members = [row for row in problem.enterprises.itertuples() if str(getattr(row, column)).strip() == str(effort.name).strip()]
        if not members or not (due or s.horizon_year is None):
            continue
        before = sum(row.total_tco2e - (1 - grid) * row.electricity_tco2e for row in members)
        cut = before - sum(firms[row.enterprise_id] for row in members)
        asked = [effort.min_tco2e, effort.min_reduction_pct / 100 * before]
        least = max([a for a in asked if a == a], default=None)
        if least is not None and cut < least - slack(before):
            faults.append(f"{effort.scope} {effort.name} cuts {cut:.3f}, at least {least:.3f} is asked")
    return faults


def _leakage(problem: Problem, year: int, projects: set[str], emissions: float) -> list[str]:
    s = problem.settings
    if s.leakage_limit_tco2e is None:
        return []
    added = sum(float(row.upstream_tco2e) for row in problem.projects.itertuples() if row.project_id in projects)
    before = problem.emissions_before
    if s.horizon_year is not None:
        before -= (1 - (1 - s.grid_factor_decline) ** (year - s.year)) * float(problem.enterprises["electricity_tco2e"].sum())
    inside = before - emissions + (added if s.include_upstream else 0.0)
    most = s.leakage_limit_tco2e + s.leakage_share * inside
    return [f"upstream emissions {added:.3f} exceed {most:.3f}"] if added > most + slack(most) else []
