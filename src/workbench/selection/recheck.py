"""Independent re-check of an answer: plain Python on the filed lines, sharing no calculation with the model or `interaction`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workbench.selection import recheck_years
from workbench.selection.problem import Problem
from workbench.selection.recheck_limits import broken, slack
from workbench.selection.recheck_use import saved_by_pool

TOLERANCE = 1e-6


def recheck(problem: Problem, plan: Iterable[str] | Mapping[str, int], claimed: dict[str, float]) -> list[str]:
    """Differences between what the solver claims (objective_value, emissions_after, capex) and what plain sums say; [] is ok.

    `plan`: chosen projects, in a plan by years with their years of start.
    """
    chosen, by_years = set(plan), problem.settings.horizon_year is not None
    faults = [f"{i} is not an eligible project" for i in sorted(chosen - set(problem.ids))]
    if faults:
        return faults
    starts = dict(plan) if isinstance(plan, Mapping) else problem.starts(chosen)
    faults = _rules(problem, chosen) + _prerequisites(problem, starts)
    if by_years:
        at_work, wrong = recheck_years.timing(problem, starts)
        faults += wrong + recheck_years.money_limits(problem, starts)
        working = {t: {i for i in chosen if t in at_work[i]} for t in recheck_years.years(problem)}
        emitted = {t: recheck_years.emissions(problem, starts, t) for t in working}
        value = lambda name: recheck_years.objective(problem, starts, name)  # noqa: E731
    else:
        year = problem.horizon.first
        working, emitted = {year: chosen}, {year: _emissions(problem, chosen)}
        faults += _capital(problem, chosen)
        value = lambda name: _typical(problem, chosen, name)  # noqa: E731
    faults += broken(problem, working, emitted)
    return faults + _claims(problem, value, emitted[max(emitted)][0], claimed)


def _claims(problem: Problem, value, emissions: float, claimed: dict[str, float]) -> list[str]:
    settings = problem.settings
    mine = {"capex": value("capex"), "emissions_after": emissions}
    if settings.objective == "weighted":
        mine["objective_value"] = sum(w * value(name) for name, w in (settings.objective_weights or {}).items())
    else:
        mine["objective_value"] = value(settings.objective)
    return [
        f"{name}: claimed {claimed[name]:.6g}, recomputed {number:.6g}"
        for name, number in mine.items()
        if abs(number - claimed[name]) > max(1e-3, TOLERANCE * abs(number))
    ]


def _typical(problem: Problem, chosen: set[str], name: str) -> float:
    """An objective of a typical year."""
    if name == "capex":
        return sum(float(k) for i, k in zip(problem.projects["project_id"], problem.projects["capex"], strict=True) if i in chosen)
    if name == "emissions":
        return _emissions(problem, chosen)[0]
    return _annual_cost(problem, chosen) if name == "annual_cost" else _npv_cost(problem, chosen)


def _prerequisites(problem: Problem, starts: Mapping[str, int]) -> list[str]:
    """Who needs another project: started no later than itself; of a set of alternatives one is enough."""
    faults, sets = [], {}
    for row in problem.relations.itertuples():
        if row.project_id not in starts or row.relation not in ("requires", "requires_any"):
            continue
        there = row.other_id in starts and starts[row.other_id] <= starts[row.project_id]
        if row.relation == "requires" and not there:
            faults.append(f"{row.project_id} requires {row.other_id}")
        if row.relation == "requires_any":
            name = row.alternative_set if isinstance(row.alternative_set, str) else ""
            sets[row.project_id, name] = sets.get((row.project_id, name), False) or there
    return faults + [f"{i} requires one of the set {name or '-'}" for (i, name), there in sets.items() if not there]


def _rules(problem: Problem, chosen: set[str]) -> list[str]:
    faults = []
    for row in problem.relations.itertuples():
        if row.relation == "excludes" and row.project_id in chosen and row.other_id in chosen:
            faults.append(f"{row.project_id} and {row.other_id} exclude each other")
    for pool in (pool for pool in problem.pools if pool.capped):
        for unit, lines in sorted(pool.absolute.items()):
            drawn = sum(amount for project, amount in lines.items() if project in chosen)
            if unit and drawn > pool.use.get(unit, 0.0) + slack(drawn):
                faults.append(f"{unit} gives {pool.use.get(unit, 0.0):.1f} of waste heat, {drawn:.1f} is drawn")
    for name, group in problem.groups.groupby("group_id"):
        number = len(chosen & set(group["project_id"]))
        asked = "groups" not in problem.relaxed and group["min_selected"].notna().any()
        if asked and number < group["min_selected"].max():
            faults.append(f"group {name} has {number} projects, too few")
        if group["max_selected"].notna().any() and number > group["max_selected"].min():
            faults.append(f"group {name} has {number} projects, too many")
    return faults


def _emissions(problem: Problem, chosen: set[str]) -> tuple[float, dict[str, float]]:
    firms = dict(zip(problem.enterprises["enterprise_id"], problem.enterprises["total_tco2e"].astype(float), strict=True))
    total = problem.emissions_before
    for pool, saved in saved_by_pool(problem, chosen):
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
    for pool, saved in saved_by_pool(problem, chosen):
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
        total -= sum(saved * (pool.price * money + pool.tco2e * carbon) for pool, saved in saved_by_pool(problem, alive))
        start = end
    return total


def _capital(problem: Problem, chosen: set[str]) -> list[str]:
    """Capital of the cluster and of each enterprise by its shares."""
    if "capital" in problem.relaxed:
        return []
    capital = dict(zip(problem.projects["project_id"], problem.projects["capex"].astype(float), strict=True))
    faults, spent, limit = [], sum(capital[i] for i in chosen), problem.settings.capital_limit
    if limit is not None and spent > limit + slack(spent):
        faults.append(f"capital {spent:.2f} exceeds the limit {limit:.2f}")
    for row in problem.enterprises.dropna(subset=["capital_limit"]).itertuples():
        spent = sum(s * capital[i] for (i, who), s in problem.shares.items() if who == row.enterprise_id and i in chosen)
        if spent > row.capital_limit + slack(row.capital_limit):
            faults.append(f"{row.enterprise_id} spends {spent:.2f}, its limit is {row.capital_limit:.2f}")
    return faults
