"""Every plan of a small choice of one typical year, valued without a solver: proof by counting that an answer is the best.

Only where there are few projects: 2^18 plans are valued in about a second, each base on the projects that touch it alone.
"""

from __future__ import annotations

import itertools

import numpy as np

from workbench.selection.problem import Problem
from workbench.selection.recheck import recheck

MOST = 18  # projects up to which every plan is valued
TRIED = 2000  # cheaper plans that are held against the rules before counting is given up


def verdict(problem: Problem, value: float | None) -> str:
    """`agrees`: no plan that keeps every rule is better than `value` (None: there is no plan); else `differs`, or `not run`."""
    if problem.horizon.by_years or len(problem.ids) > MOST or problem.settings.objective not in ("annual_cost", "capex"):
        return "not run"
    values, emissions = _every(problem)
    limit = np.inf if problem.budget is None or "budget" in problem.relaxed else problem.budget + 1e-6 * max(1.0, problem.budget)
    margin = 0.0 if value is None else max(1e-3, 1e-6 * abs(value), problem.settings.selection_gap * abs(value))
    better = np.flatnonzero((emissions <= limit) & (values < (np.inf if value is None else value - margin)))
    order = better[np.argsort(values[better], kind="stable")]
    for code in order[:TRIED]:
        chosen = {i for k, i in enumerate(problem.ids) if code >> k & 1}
        claims = {"objective_value": values[code], "emissions_after": emissions[code], "capex": problem.capex(chosen)}
        if not recheck(problem, chosen, claims):
            return "differs"
    return "agrees" if len(order) <= TRIED else "not run"


def _every(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Objective and emissions of every plan; bit k of a plan's number says whether project k is in."""
    ids, settings = problem.ids, problem.settings
    codes = np.arange(2 ** len(ids))
    fixed = problem.start_costs(settings.objective)
    values = np.zeros(len(codes))
    emissions = np.full(len(codes), float(problem.emissions_before))
    upstream = dict(zip(ids, problem.projects["upstream_tco2e"].astype(float), strict=True))
    for k, i in enumerate(ids):
        on = (codes >> k & 1).astype(float)
        values += on * fixed[i, problem.horizon.first]
        emissions += on * upstream[i] * settings.include_upstream
    for pool in problem.pools:
        mine = [i for i in pool.projects if i in upstream]
        if not mine:
            continue
        saved = np.array([pool.saved(set(itertools.compress(mine, bits))) for bits in itertools.product((0, 1), repeat=len(mine))])
        place = sum((codes >> ids.index(i) & 1) << (len(mine) - 1 - n) for n, i in enumerate(mine))
        emissions -= saved[place] * pool.tco2e
        if settings.objective == "annual_cost":
            values -= saved[place] * (pool.price + settings.carbon_price * pool.tco2e)
    return values, emissions
