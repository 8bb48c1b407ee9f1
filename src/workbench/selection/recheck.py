"""Independent re-check of an answer: plain Python on the filed lines, sharing no calculation with the model or `interaction`."""

from __future__ import annotations

from workbench.interaction import Pool
from workbench.selection.problem import Problem

TOLERANCE = 1e-6


def recheck(problem: Problem, chosen: set[str], claimed: dict[str, float]) -> list[str]:
    """Differences between what the solver claims (objective_value, emissions_after, capex) and what plain sums say; [] is ok."""
    faults = [f"{i} is not an eligible project" for i in sorted(chosen - set(problem.ids))]
    faults += _rules(problem, chosen)
    emissions, by_firm = _emissions(problem, chosen)
    if problem.budget is not None and emissions > problem.budget + _slack(problem.budget):
        faults.append(f"emissions {emissions:.3f} exceed the budget {problem.budget:.3f}")
    limits = problem.enterprises.set_index("enterprise_id")
    for firm, value in sorted(by_firm.items()):
        limit = limits.at[firm, "emission_limit_tco2e"]
        if limit == limit and value > limit + _slack(limit):
            faults.append(f"{firm} emits {value:.3f}, its limit is {limit:.3f}")
    capex = sum(float(k) for i, k in zip(problem.projects["project_id"], problem.projects["capex"], strict=True) if i in chosen)
    if problem.settings.capital_limit is not None and capex > problem.settings.capital_limit + _slack(capex):
        faults.append(f"capital {capex:.2f} exceeds the limit {problem.settings.capital_limit:.2f}")
    faults += _firm_capital(problem, chosen)
    faults += _intensity(problem, chosen, emissions)
    mine = {"capex": capex, "emissions_after": emissions}
    if problem.settings.objective == "capex":
        mine["objective_value"] = capex
    elif problem.settings.objective == "annual_cost":
        mine["objective_value"] = _annual_cost(problem, chosen)
    else:
        mine["objective_value"] = _npv_cost(problem, chosen)
    for name, value in mine.items():
        if abs(value - claimed[name]) > max(1e-3, TOLERANCE * abs(value)):
            faults.append(f"{name}: claimed {claimed[name]:.6g}, recomputed {value:.6g}")
    return faults


def _slack(value: float) -> float:
    return TOLERANCE * max(1.0, abs(value))


def _rules(problem: Problem, chosen: set[str]) -> list[str]:
    faults = []
    for row in problem.relations.itertuples():
        if row.relation == "excludes" and row.project_id in chosen and row.other_id in chosen:
            faults.append(f"{row.project_id} and {row.other_id} exclude each other")
        if row.relation == "requires" and row.project_id in chosen and row.other_id not in chosen:
            faults.append(f"{row.project_id} requires {row.other_id}")
    for pool in (pool for pool in problem.pools if pool.capped):
        for unit, lines in sorted(pool.absolute.items()):
            drawn = sum(amount for project, amount in lines.items() if project in chosen)
            if unit and drawn > pool.use.get(unit, 0.0) + _slack(drawn):
                faults.append(f"{unit} gives {pool.use.get(unit, 0.0):.1f} of waste heat, {drawn:.1f} is drawn")
    for name, group in problem.groups.groupby("group_id"):
        number = len(chosen & set(group["project_id"]))
        if group["min_selected"].notna().any() and number < group["min_selected"].max():
            faults.append(f"group {name} has {number} projects, too few")
        if group["max_selected"].notna().any() and number > group["max_selected"].min():
            faults.append(f"group {name} has {number} projects, too many")
    return faults


def _saved(problem: Problem, chosen: set[str]) -> list[tuple[Pool, float]]:
    """Each pool with the activity saved in it. Absolute savings first, never below nil, then fractions; what is below first."""

    def left_over(pool: Pool, unit: str) -> float:
        left = pool.use.get(unit, 0.0)
        left += sum(left_over(pool, u) for u in pool.use if u and u != unit and _next_above(pool, u) == unit)
        for project, amount in pool.absolute.get(unit, {}).items():
            left -= amount * (project in chosen)
        left = max(left, 0.0)
        for project, share in pool.fraction.get(unit, {}).items():
            left -= left * share * (project in chosen)
        return left

    return [(pool, sum(pool.use.values()) - left_over(pool, "")) for pool in problem.pools]


def _next_above(pool: Pool, unit: str) -> str:
    """The nearest unit above that has a base of its own; '' is the site, also where the units stand in a circle."""
    seen = [unit]
    while True:
        up = pool.parent.get(seen[-1], "")
        if up in seen:
            return ""
        if up == "" or up in pool.use:
            break
        seen.append(up)
    path = [up]
    while path[-1]:
        further = pool.parent.get(path[-1], "")
        if further in path or further == unit:
            return ""
        path.append(further)
    return up


def _emissions(problem: Problem, chosen: set[str]) -> tuple[float, dict[str, float]]:
    firms = dict(zip(problem.enterprises["enterprise_id"], problem.enterprises["total_tco2e"].astype(float), strict=True))
    total = problem.emissions_before
    for pool, saved in _saved(problem, chosen):
        firms[pool.enterprise_id] -= saved * pool.site_tco2e
        total -= saved * pool.tco2e
    if problem.settings.include_upstream:
        for row in problem.projects.itertuples():
            if row.project_id in chosen:
                firms[row.enterprise_id] += row.upstream_tco2e
                total += row.upstream_tco2e
    return total, firms


def _annual_cost(problem: Problem, chosen: set[str]) -> float:
    rate, total = problem.settings.discount_rate, 0.0
    for row in problem.projects.itertuples():
        if row.project_id in chosen:
            years = float(row.lifetime_years)
            recovery = rate / (1 - (1 + rate) ** -years) if rate else 1 / years
            total += row.capex * recovery + row.opex_per_year
    for pool, saved in _saved(problem, chosen):
        total -= saved * (pool.price + pool.tco2e * problem.settings.carbon_price)
    return total


def _npv_cost(problem: Problem, chosen: set[str]) -> float:
    """Present value of capital, operating cost and savings: in each stretch of years only projects still alive work."""
    settings = problem.settings

    def worth(years: float, growth: float) -> float:
        ratio = (1 + growth) / (1 + settings.discount_rate)
        return years if abs(ratio - 1) < 1e-12 else ratio * (1 - ratio**years) / (1 - ratio)

    rows = [row for row in problem.projects.itertuples() if row.project_id in chosen]
    total = sum(row.capex + row.opex_per_year * worth(float(row.lifetime_years), 0.0) for row in rows)
    start = 0.0
    for end in sorted({float(row.lifetime_years) for row in rows}):
        alive = {row.project_id for row in rows if row.lifetime_years >= end}
        money = worth(end, settings.energy_price_growth) - worth(start, settings.energy_price_growth)
        carbon = settings.carbon_price * (worth(end, 0.0) - worth(start, 0.0))
        total -= sum(saved * (pool.price * money + pool.tco2e * carbon) for pool, saved in _saved(problem, alive))
        start = end
    return total


def _intensity(problem: Problem, chosen: set[str], emissions: float) -> list[str]:
    added, settings = problem.value_added_million, problem.settings
    if not added > 0:
        return []
    tce = problem.tce_before - sum(saved * pool.tce for pool, saved in _saved(problem, chosen))
    caps = (("energy", tce, settings.energy_intensity_cap), ("carbon", emissions, settings.carbon_intensity_cap))
    return [
        f"{name} intensity {value / added:.6g} exceeds the cap {cap:.6g}"
        for name, value, cap in caps
        if cap is not None and value > cap * added + _slack(cap * added)
    ]


def _firm_capital(problem: Problem, chosen: set[str]) -> list[str]:
    capital = dict(zip(problem.projects["project_id"], problem.projects["capex"].astype(float), strict=True))
    faults = []
    for row in problem.enterprises.dropna(subset=["capital_limit"]).itertuples():
        spent = sum(s * capital[i] for (i, who), s in problem.shares.items() if who == row.enterprise_id and i in chosen)
        if spent > row.capital_limit + _slack(row.capital_limit):
            faults.append(f"{row.enterprise_id} spends {spent:.2f}, its limit is {row.capital_limit:.2f}")
    return faults
