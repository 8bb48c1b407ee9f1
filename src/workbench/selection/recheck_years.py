"""Independent re-check of a plan by years: year by year in plain Python, sharing no calculation with the model or the horizon."""

from __future__ import annotations

import math
from collections.abc import Mapping

from workbench.selection.problem import Problem
from workbench.selection.recheck_use import saved_by_pool


def years(problem: Problem) -> list[int]:
    """The years of the plan."""
    return list(range(problem.settings.year + 1, int(problem.settings.horizon_year or 0) + 1))


def _number(problem: Problem, project: str, name: str) -> float | None:
    value = problem.rows[project].get(name)
    return None if value is None or value != value else float(value)


def timing(problem: Problem, plan: Mapping[str, int]) -> tuple[dict[str, set[int]], list[str]]:
    """Years in which each project of the plan works, and starts outside the time allowed."""
    every, at_work, faults = years(problem), {}, []
    for project, start in sorted(plan.items()):
        earliest, latest = _number(problem, project, "earliest_year"), _number(problem, project, "latest_year")
        if start not in every or (earliest is not None and start < earliest) or (latest is not None and start > latest):
            faults.append(f"{project} cannot start in {start}")
        first = start + math.ceil(_number(problem, project, "build_years") or 0.0)
        at_work[project] = set(range(first, first + max(1, int(problem.rows[project]["lifetime_years"])))) & set(every)
    return at_work, faults


def price(problem: Problem, project: str, start: int) -> float:
    """Capital net of grant when started in `start`."""
    row = problem.rows[project]
    gross = _number(problem, project, "gross_capex")
    gross = float(row["capex"]) if gross is None else gross
    aid = gross - float(row["capex"])
    fall = (1 - problem.settings.capex_decline) ** (start - years(problem)[0])
    return float(row["capex"]) if fall == 1 else max(0.0, gross * fall - aid)


def borrowed(problem: Problem, project: str) -> float:
    """Share of the capital that is borrowed."""
    terms = [_number(problem, project, name) for name in ("loan_share", "loan_rate", "loan_years")]
    return min(1.0, terms[0]) if problem.settings.count_loans and None not in terms else 0.0


def objective(problem: Problem, plan: Mapping[str, int], name: str) -> float:
    """The objective of a plan by its definition."""
    s, every = problem.settings, years(problem)
    if name == "capex":
        return sum(price(problem, i, start) for i, start in plan.items())
    if name == "emissions":
        return sum(emissions(problem, plan, t)[0] for t in every)
    at_work, _ = timing(problem, plan)
    worth = {t: (1 + s.discount_rate) ** -(n + 1) for n, t in enumerate(every)}
    total, weight = 0.0, sum(worth.values()) if name == "annual_cost" else 1.0
    for i, start in plan.items():
        opex, life = float(problem.rows[i]["opex_per_year"]), float(problem.rows[i]["lifetime_years"])
        total += sum(opex * worth[t] for t in at_work[i]) / weight
        if name == "annual_cost":
            repay = s.discount_rate / (1 - (1 + s.discount_rate) ** -life) if s.discount_rate else 1 / life
            total += price(problem, i, start) * repay * sum(worth[t] for t in at_work[i]) / weight
        else:
            total += _present_value(problem, i, start, worth)
    for n, t in enumerate(every):
        grid = (1 - s.grid_factor_decline) ** (t - s.year)
        for pool, saved in saved_by_pool(problem, {i for i in plan if t in at_work[i]}):
            carbon = pool.tco2e * (grid if pool.carrier == "electricity" else 1.0) * s.carbon_price
            total -= saved * (pool.price * (1 + s.energy_price_growth) ** (n + 1) + carbon) * worth[t] / weight
    return total


def _present_value(problem: Problem, project: str, start: int, worth: dict[int, float]) -> float:
    """Capital at the beginning of its year, less what is left of the life at the end; a loan paid back with interest."""
    s, every = problem.settings, years(problem)
    k, share = price(problem, project, start), borrowed(problem, project)
    first = start + math.ceil(_number(problem, project, "build_years") or 0.0)
    life = max(1, int(problem.rows[project]["lifetime_years"]))
    used = min(life, max(0, every[-1] + 1 - first))
    total = (1 - share) * k * worth[start] * (1 + s.discount_rate) - k * (life - used) / life * worth[every[-1]]
    if not share:
        return total
    rate = max(0.0, _number(problem, project, "loan_rate") - (_number(problem, project, "interest_subsidy") or 0.0))
    term = max(1, round(_number(problem, project, "loan_years")))
    kind = problem.rows[project].get("loan_kind", "")
    owed = share * k
    for n, t in enumerate(range(first, first + term)):
        if t > every[-1]:
            break
        left = term - n
        even = owed * (rate / (1 - (1 + rate) ** -left) if rate else 1 / left) - owed * rate
        back = {"bullet": owed if left == 1 else 0.0, "equal_principal": owed / left}.get(str(kind), even)
        total += (owed * rate + back) * worth[t]
        owed -= back
    return total + owed * worth[every[-1]]


def emissions(problem: Problem, plan: Mapping[str, int], year: int) -> tuple[float, dict[str, float]]:
    """Emissions of a year: of the cluster, and of each enterprise in its own account."""
    s = problem.settings
    at_work, _ = timing(problem, plan)
    working = {i for i in plan if year in at_work[i]}
    grid = (1 - s.grid_factor_decline) ** (year - s.year)
    firms, total = {}, problem.emissions_before
    for row in problem.enterprises.itertuples():
        firms[row.enterprise_id] = row.total_tco2e - (1 - grid) * row.electricity_tco2e
        total -= (1 - grid) * row.electricity_tco2e
    for pool, saved in saved_by_pool(problem, working):
        factor = grid if pool.carrier == "electricity" else 1.0
        firms[pool.enterprise_id] -= saved * pool.site_tco2e * factor
        total -= saved * pool.tco2e * factor
    if s.include_upstream:
        for row in problem.projects.itertuples():
            if row.project_id in working:
                firms[row.enterprise_id] += row.upstream_tco2e
                total += row.upstream_tco2e
    return total, firms


def money_limits(problem: Problem, plan: Mapping[str, int]) -> list[str]:
    """Own funds spent against capital of the plan and of each year, carried over or not; starts of each year."""
    s, every = problem.settings, years(problem)
    faults: list[str] = []
    if s.starts_per_year is not None:
        faults += [f"too many starts in {t}" for t in every if sum(start == t for start in plan.values()) > s.starts_per_year]
    if "capital" in problem.relaxed:
        return faults
    own = {i: price(problem, i, start) * (1 - borrowed(problem, i)) for i, start in plan.items()}
    payers: list[tuple[str, float | None, float | None, dict[str, float]]] = [
        ("the cluster", s.capital_limit, s.capital_per_year, own)
    ]
    for row in problem.enterprises.itertuples():
        mine = {i: own[i] * problem.shares.get((i, row.enterprise_id), 0.0) for i in plan}
        payers.append((row.enterprise_id, row.capital_limit, row.capital_per_year, mine))
    for who, whole, yearly, paid in payers:
        if whole is not None and whole == whole and sum(paid.values()) > whole + 1e-6 * max(1.0, whole):
            faults.append(f"capital of {who} {sum(paid.values()):.2f} exceeds the limit {whole:.2f}")
        if yearly is None or yearly != yearly:
            continue
        for n, t in enumerate(every, start=1):
            spent = sum(k for i, k in paid.items() if (plan[i] <= t if s.capital_carry_over else plan[i] == t))
            room = yearly * (n if s.capital_carry_over else 1)
            if spent > room + 1e-6 * max(1.0, room):
                faults.append(f"{who} has spent {spent:.2f} by {t}, available were {room:.2f}")
    return faults
