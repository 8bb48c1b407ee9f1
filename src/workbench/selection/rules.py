"""Rules and money limits of the model: exclusions, prerequisites, alternatives, groups; capital of the cluster and the firms."""

from __future__ import annotations

from collections import defaultdict
from itertools import repeat

import numpy as np

from workbench.selection.linear import Forms, Linear
from workbench.selection.problem import Problem
from workbench.selection.states import spread


def between_projects(pe, m, problem: Problem) -> None:
    """Exclusions and groups hold at the end of the plan, prerequisites in every year."""
    place, table = m.states.place, problem.relations
    rows = list(zip(*(table[name].tolist() for name in ("relation", "project_id", "other_id")), strict=True))
    excluded = sorted({tuple(sorted((i, j))) for relation, i, j in rows if relation == "excludes" and j in place})
    last = m.begun[m.states.last]
    one, other = ([place[pair[side]] for pair in excluded] for side in (0, 1))
    m.excludes = pe.Rows(Forms.single(last[one]).plus(Forms.single(last[other])).at_most(1.0), excluded)
    _requires(pe, m, sorted({(i, j) for relation, i, j in rows if relation == "requires"}))
    sets = alternatives(problem)
    m.requires_any = pe.Constraint(
        [(*key, t) for key in sorted(sets) for t in _years(problem, key[0])],
        rule=lambda m, i, name, t: _prerequisite(m, problem, i, sets[i, name], t),
    )
    _waste_heat(pe, m, problem)
    _groups(pe, m, problem)
    if problem.settings.starts_per_year is not None:
        m.starts = pe.Constraint(m.T, rule=lambda m, t: _starts(pe, m, problem, t), doc="projects started in a year")


def _requires(pe, m, pairs: list[tuple[str, str]]) -> None:
    """y_it <= y_jt: started by a year only if what it requires is; never where that is no project of this choice."""
    states = m.states
    child = np.array([states.place[i] for i, _ in pairs], np.int64)
    parent = np.array([states.place.get(j, -1) for _, j in pairs], np.int64)
    each, begun = spread(states.first[child], states.last[child] - states.first[child] + 1)
    before = np.where(parent[each] < 0, -1, states.started(parent[each], states.year[begun]))
    some = np.flatnonzero(before >= 0)
    forms = Forms.single(m.begun[begun]).plus(Forms.single(m.begun[before[some]], -1.0).gathered(some, len(each)))
    index = [(*pairs[n], t) for n, t in zip(each.tolist(), states.year[begun].tolist(), strict=True)]
    m.requires = pe.Rows(forms.at_most(0.0), index)


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
    known = m.states.place.keys()
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
    whole, yearly = (_limits(problem, name) for name in ("capital_limit", "capital_per_year"))
    yearly = yearly if horizon.by_years else {}
    by_year = settings.capital_per_year is not None or len(yearly) > 0
    years = list(horizon.years) if by_year else [horizon.last]
    everyone = settings.capital_limit is not None or settings.capital_per_year is not None
    payers = sorted({e for _, e in problem.shares}) if everyone else sorted({*whole, *yearly})
    place = {e: n for n, e in enumerate(payers)}
    m.spent_by = pe.Var(payers, years, doc="capital an enterprise has spent by the end of a year, currency")
    size = max(1.0, float(np.abs(problem.own_funds.amounts).max(initial=0.0)))
    m.sizes.update((v, size) for v in m.spent_by.values())
    spent_by = pe.every(m.spent_by)
    m.spent = pe.Rows(
        _spent(m, problem, place, years).plus(Forms.single(spent_by, -1.0)).equals(0.0), [(e, t) for e in payers for t in years]
    )
    in_the_end = spent_by[len(years) - 1 :: len(years)]
    held = [e for e in whole if e in place]
    m.enterprise_capital = pe.Rows(
        Forms.single(in_the_end[[place[e] for e in held]]).at_most(np.array([whole[e] for e in held], float)), held
    )
    if settings.capital_limit is not None and payers:
        m.capital_limit = pe.Constraint(rule=lambda m: Linear.total(in_the_end.tolist()).at_most(settings.capital_limit))
    if by_year:
        _yearly(pe, m, problem, [e for e in yearly if e in place], yearly, payers)


def _limits(problem: Problem, name: str) -> dict[str, float]:
    """What each enterprise that files a limit may spend."""
    rows = problem.enterprises.dropna(subset=[name])
    return dict(zip(rows["enterprise_id"].tolist(), rows[name].astype(float).tolist(), strict=True))


def _spent(m, problem: Problem, payers: dict[str, int], years: list[int]) -> Forms:
    """Own funds of each payer, by its shares in the projects, spent by the end of each year."""
    states, number = m.states, len(problem.shares)
    projects, enterprises = zip(*problem.shares, strict=True) if number else ((), ())
    payer = np.fromiter(map(payers.get, enterprises, repeat(-1)), np.int64, number)
    project = np.fromiter(map(states.place.__getitem__, projects), np.int64, number)
    share = np.fromiter(problem.shares.values(), float, number)
    order = np.lexsort((payer, project))
    order = order[payer[order] >= 0]
    project, payer, share = project[order], payer[order], share[order]
    each, state = spread(states.first[project], states.last[project] - states.first[project] + 1)
    made = []
    for n, year in enumerate(years):
        funds = states.of_starts(np.where(states.year <= year, problem.own_funds.amounts, 0.0))
        some = np.flatnonzero(states.year[state] <= year)
        forms = Forms.single(m.begun[state[some]]).times(share[each[some]] * funds[state[some]])
        made.append(forms.gathered(payer[each[some]] * len(years) + n, len(payers) * len(years)))
    return made[0].plus(*made[1:])


def _yearly(pe, m, problem: Problem, firms: list[str], yearly: dict[str, float], payers: list[str]) -> None:
    """Capital of each year: what is not spent may be spent later where it is carried over."""
    settings, horizon = problem.settings, problem.horizon

    def held(spenders: list[str], amount: float, t: int):
        form = Linear.total([m.spent_by[e, t] for e in spenders])
        if settings.capital_carry_over:
            return form.at_most(amount * (t - horizon.first + 1))
        if t > horizon.first:
            form.plus(Linear.total([m.spent_by[e, t - 1] for e in spenders]), -1.0)
        return form.at_most(amount)

    m.capital_of_year = pe.Constraint(firms, m.T, rule=lambda m, e, t: held([e], yearly[e], t))
    if settings.capital_per_year is not None and payers:
        m.cluster_capital_of_year = pe.Constraint(m.T, rule=lambda m, t: held(payers, settings.capital_per_year, t))
