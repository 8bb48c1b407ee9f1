"""Rules and money limits of the model: exclusions, prerequisites, alternatives, groups; capital of the cluster and the firms."""

from __future__ import annotations

from collections import defaultdict

from workbench.selection import horizon as time
from workbench.selection.linear import Linear
from workbench.selection.problem import Problem


def between_projects(pe, m, problem: Problem) -> None:
    """Exclusions and groups hold at the end of the plan, prerequisites in every year."""
    known = set(problem.ids)
    table = problem.relations
    rows = list(zip(table["project_id"], table["relation"], table["other_id"], strict=True))
    excluded = sorted({tuple(sorted((i, j))) for i, relation, j in rows if relation == "excludes" and j in known})
    m.excludes = pe.Constraint(excluded, rule=lambda m, i, j: m.x[i] + m.x[j] <= 1)
    required = sorted({(i, j) for i, relation, j in rows if relation == "requires"})
    m.requires = pe.Constraint(
        [(i, j, t) for i, j in required for t in _years(problem, i)], rule=lambda m, i, j, t: _prerequisite(m, problem, i, [j], t)
    )
    sets = alternatives(problem)
    m.requires_any = pe.Constraint(
        [(*key, t) for key in sorted(sets) for t in _years(problem, key[0])],
        rule=lambda m, i, name, t: _prerequisite(m, problem, i, sets[i, name], t),
    )
    _waste_heat(pe, m, problem)
    _groups(pe, m, problem)
    if problem.settings.starts_per_year is not None:
        m.starts = pe.Constraint(m.T, rule=lambda m, t: _starts(pe, m, problem, t), doc="projects started in a year")


def _years(problem: Problem, project: str) -> range:
    window = problem.horizon.windows[project]
    return range(window.earliest, window.latest + 1)


def _prerequisite(m, problem: Problem, i: str, others: list[str], t: int):
    """Started by t only if one of the others is."""
    horizon = problem.horizon
    states = [(j, horizon.state(j, t)) for j in others if j in horizon.windows]
    return Linear(0.0, [(1.0, m.y[i, t])] + [(-1.0, m.y[j, s]) for j, s in states if s is not None]).at_most(0.0)


def alternatives(problem: Problem) -> dict[tuple[str, str], list[str]]:
    """(project, set) → the projects of which it requires at least one."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    rows = problem.relations[problem.relations["relation"] == "requires_any"].fillna({"alternative_set": ""})
    for row in rows.sort_values(["project_id", "other_id"]).itertuples():
        found[row.project_id, str(row.alternative_set)].append(row.other_id)
    return dict(found)


def _waste_heat(pe, m, problem: Problem) -> None:
    drawn = [(pool, u) for pool in problem.pools if pool.capped for u in pool.order if u and pool.absolute.get(u)]

    def once(m, n, t):
        pool, unit = drawn[n]
        form = Linear()
        for i, amount in sorted(pool.absolute[unit].items()):
            form.plus(m.at[i, t], amount)
        return form.at_most(max(0.0, pool.use[unit])) if form.variables else pe.Constraint.Feasible

    m.waste_heat = pe.Constraint(range(len(drawn)), m.T, rule=once, doc="a source of waste heat is used once")


def _groups(pe, m, problem: Problem) -> None:
    known = set(problem.ids)
    rows = []
    for _, group in problem.groups.groupby("group_id", sort=True):
        members = sorted(set(group["project_id"]) & known)
        inside = Linear.total([m.x[i] for i in members])
        least, most = group["min_selected"].max(), group["max_selected"].min()
        if least > 0 and "groups" not in problem.relaxed:
            rows.append(inside.at_least(float(least)) if members else pe.Constraint.Infeasible)
        if most == most and members:
            rows.append(inside.at_most(float(most)))
    m.groups = pe.Constraint(range(len(rows)), rule=lambda m, n: rows[n], doc="fewest and most of a group")


def _starts(pe, m, problem: Problem, t: int):
    form = Linear()
    for i, window in problem.horizon.windows.items():
        if window.earliest <= t <= window.latest:
            form.add(1.0, m.y[i, t])
            if t > window.earliest:
                form.add(-1.0, m.y[i, t - 1])
    return form.at_most(problem.settings.starts_per_year) if form.variables else pe.Constraint.Feasible


def capital(pe, m, problem: Problem) -> None:
    """Capital of the whole plan and of each year, of the cluster and of the firms by their shares; two levels, no long row."""
    settings, horizon = problem.settings, problem.horizon
    if "capital" in problem.relaxed:
        return
    firms = problem.enterprises.set_index("enterprise_id")
    whole = firms["capital_limit"].dropna()
    yearly = firms["capital_per_year"].dropna() if horizon.by_years else firms["capital_per_year"].iloc[:0]
    by_year = settings.capital_per_year is not None or len(yearly) > 0
    years = list(horizon.years) if by_year else [horizon.last]
    everyone = settings.capital_limit is not None or settings.capital_per_year is not None
    payers = sorted({e for _, e in problem.shares}) if everyone else sorted({*whole.index, *yearly.index})
    m.spent_by = pe.Var(payers, years, doc="capital an enterprise has spent by the end of a year, currency")
    mine = defaultdict(list)
    for (i, e), share in sorted(problem.shares.items()):
        mine[e].append((i, share))
    size = max(1.0, time.largest(problem.own_funds))
    m.sizes.update((v, size) for v in m.spent_by.values())
    m.spent = pe.Constraint(payers, years, rule=lambda m, e, t: _spent(m, problem, e, mine[e], t))
    m.enterprise_capital = pe.Constraint(
        [e for e in whole.index if e in payers], rule=lambda m, e: m.spent_by[e, years[-1]] <= float(whole[e])
    )
    if settings.capital_limit is not None:
        total = Linear.total([m.spent_by[e, years[-1]] for e in payers])
        m.capital_limit = pe.Constraint(rule=lambda m: total.at_most(settings.capital_limit) if payers else pe.Constraint.Feasible)
    if by_year:
        _yearly(pe, m, problem, [e for e in yearly.index if e in payers], yearly, payers)


def _spent(m, problem: Problem, e: str, mine: list[tuple[str, float]], t: int):
    y, spent, funds = m.y, [(-1.0, m.spent_by[e, t])], problem.own_funds
    if isinstance(funds, time.OneYear):
        spent += [(share * funds.amounts[i], m.x[i]) for i, share in mine]
        return Linear(0.0, spent).equals(0.0)
    for i, share in mine:
        prices = funds[i]
        spent += [(share * (k - (prices.get(s + 1, 0.0) if s < t else 0.0)), y[i, s]) for s, k in prices.items() if s <= t]
    return Linear(0.0, spent).equals(0.0)


def _yearly(pe, m, problem: Problem, firms: list[str], yearly, payers: list[str]) -> None:
    """Capital of each year: what is not spent may be spent later where it is carried over."""
    settings, horizon = problem.settings, problem.horizon

    def held(spenders: list[str], amount: float, t: int):
        form = Linear.total([m.spent_by[e, t] for e in spenders])
        if settings.capital_carry_over:
            return form.at_most(amount * (t - horizon.first + 1))
        if t > horizon.first:
            form.plus(Linear.total([m.spent_by[e, t - 1] for e in spenders]), -1.0)
        return form.at_most(amount)

    m.capital_of_year = pe.Constraint(firms, m.T, rule=lambda m, e, t: held([e], float(yearly[e]), t))
    if settings.capital_per_year is not None and payers:
        m.cluster_capital_of_year = pe.Constraint(m.T, rule=lambda m, t: held(payers, settings.capital_per_year, t))
