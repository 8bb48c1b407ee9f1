"""Every plan of a small choice, valued without a solver: proof by counting that an answer is the best.

Only where there are few: 2^18 plans of one typical year are valued in seconds, each base on the projects that touch it alone.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from workbench.selection import caps
from workbench.selection.problem import CRITERIA, Problem
from workbench.selection.recheck import recheck

MOST = 2**18  # plans x years up to which every plan is valued
TRIED = 1000  # cheaper plans x years that are held against the rules before counting is given up


class Verdict(NamedTuple):
    """`said`: agrees, differs or not run; `plans`: how many there are; `why`: the reason where it was not run."""

    said: str
    plans: int
    why: str = ""


def verdict(problem: Problem, value: float | None, *, proven: bool = True) -> Verdict:
    """`agrees`: no plan that keeps every rule is better than `value` (None: there is no plan); else `differs`, or `not run`."""
    options = _options(problem)
    plans = math.prod(map(len, options))
    if not proven or plans * len(problem.horizon.years) > MOST:
        return Verdict("not run", min(plans, MOST + 1), "too many plans" if proven else "not proven")
    choice = np.unravel_index(np.arange(plans), [len(o) for o in options]) if options else ()
    values, allowed = _every(problem, options, choice)
    settings = problem.settings
    margin = 0.0 if value is None else max(1e-3, 1e-6 * abs(value), settings.selection_gap * abs(value), settings.selection_abs_gap)
    better = np.flatnonzero(allowed & (values < (np.inf if value is None else value - margin)))
    order = better[np.argsort(values[better], kind="stable")]
    tried = order[: TRIED // len(problem.horizon.years)]
    for code in tried:
        picked = {i: o[c[code]] for i, o, c in zip(problem.ids, options, choice, strict=True)}
        starts = {i: year for i, year in picked.items() if year is not None}
        claims = {"emissions_after": problem.emissions(starts), "capex": problem.capex(starts)}
        if not recheck(problem, starts, claims | {"objective_value": values[code]}):
            return Verdict("differs", plans)
    return (
        Verdict("agrees", plans) if len(order) == len(tried) else Verdict("not run", plans, "too many cheaper plans break a rule")
    )


def _options(problem: Problem) -> list[tuple[int | None, ...]]:
    """Each project left out, or started in one of its years."""
    windows = problem.horizon.windows
    return [(None, *range(windows[i].earliest, windows[i].latest + 1)) for i in problem.ids]


def _every(problem: Problem, options: list, choice: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Objective of every plan, and whether it keeps the budgets and the capital of the cluster."""
    settings, horizon = problem.settings, problem.horizon
    plans = math.prod(map(len, options))
    pick = lambda k, found: np.array([found(year) for year in options[k]])[choice[k]]  # noqa: E731
    works = {
        (i, t): pick(k, lambda s, i=i, t=t: s is not None and horizon.works(i, s, t))
        for k, i in enumerate(problem.ids)
        for t in horizon.years
    }
    emissions = {t: np.full(plans, problem.emissions_before - problem.grid_fall(t)) for t in horizon.years}
    added = {i: problem.upstream([i]) for i in problem.ids}
    for (i, t), on in works.items():
        emissions[t] += on * added[i]
    weights = (settings.objective_weights or {}) if settings.objective == "weighted" else {settings.objective: 1.0}
    values, spent = np.zeros(plans), np.zeros(plans)
    for name in (n for n in CRITERIA if n in weights and n != "emissions"):
        fixed = problem.start_costs(name)
        for k, i in enumerate(problem.ids):
            values += weights[name] * pick(k, lambda s, i=i, fixed=fixed: 0.0 if s is None else fixed[i, s])
    for k, i in enumerate(problem.ids):
        spent += pick(k, lambda s, i=i: 0.0 if s is None else problem.own_funds[i, s])
    for pool in problem.pools:
        mine = [i for i in pool.projects if i in horizon.windows]
        if mine:
            _count(problem, pool, mine, works, weights, values, emissions)
    values += weights.get("emissions", 0.0) * sum(emissions.values())
    allowed = np.ones(plans, bool)
    for cap in caps.budgets(problem) if "budget" not in problem.relaxed else ():
        allowed &= emissions[cap.year] <= cap.at_most + 1e-6 * max(1.0, abs(cap.at_most))
    if settings.capital_limit is not None and "capital" not in problem.relaxed:
        allowed &= spent <= settings.capital_limit + 1e-6 * max(1.0, settings.capital_limit)
    return values, allowed


def _count(problem: Problem, pool, mine: list[str], works: dict, weights: dict, values: np.ndarray, emissions: dict) -> None:
    """Take what is saved in one pool from the values and emissions of every plan, each set of its projects valued once."""
    horizon = problem.horizon
    saved = np.array([pool.saved(set(itertools.compress(mine, bits))) for bits in itertools.product((0, 1), repeat=len(mine))])
    at = lambda year, alive: saved[  # noqa: E731
        sum(works[i, year].astype(np.int32) << (len(mine) - 1 - n) for n, i in enumerate(mine) if i in alive)
    ]
    for year in horizon.years:
        factor = horizon.grid(year) if pool.carrier == "electricity" else 1.0
        emissions[year] -= at(year, mine) * pool.tco2e * factor
    for name in (n for n in CRITERIA if weights.get(n) and n not in ("capex", "emissions")):
        for part in problem.segments(pool, name):
            if part.alive:
                worth = pool.price * part.money + pool.tco2e * part.factor * part.carbon
                values -= weights[name] * worth * at(horizon.first if part.year is None else part.year, part.alive)
