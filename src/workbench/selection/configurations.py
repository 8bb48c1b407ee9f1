"""The choice as configurations: one yes or no a project, one variable for every admissible set of measures on one base.

What a set of measures saves together is a number known beforehand, however they interact; so any draw of the data, any scenario
and any coalition is the same program with other numbers:

    min   sum_i c_i x_i - sum_b m_b w_b           s.t.   sum_{b on a base} w_b <= 1,   sum_{b contains i} w_b = x_i
          sum_b a_b w_b - upstream + short >= E - M,      capital, exclusions, prerequisites, groups, limits as in `model`

x_i yes or no, w_b whole when x is; a_b tCO2e and m_b money of a configuration. A base with one measure needs no w. `short`, where
a price for it is given, is bought for what the savings do not reach.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from workbench.errors import UserError
from workbench.interaction import Pool
from workbench.selection.mixed_integer import Program, Solution, minimise
from workbench.selection.parts import parts
from workbench.selection.problem import MAX_BUNDLES, Problem, fixed_cost, segments
from workbench.selection.rules import alternatives


@dataclass(frozen=True)
class Term:
    """A configuration: the measures `projects` of a base together. `column` is where the program counts it."""

    base: int
    pool: int
    projects: frozenset[str]
    column: int


@dataclass(frozen=True)
class Amounts:
    """Numbers of the program. By project: `fixed` (money), `capex`. By term: `money`, `tco2e`, `tce` saved per year.

    `tco2e` is in the cluster's account, `site_tco2e` in the enterprise's own; they differ for what a member supplies.
    """

    fixed: np.ndarray
    capex: np.ndarray
    money: np.ndarray
    tco2e: np.ndarray
    site_tco2e: np.ndarray
    tce: np.ndarray


@dataclass(frozen=True)
class Configurations:
    """A problem as configurations: `terms`, number of `columns`, and `rules`: matrix, least and most of the rows that tie
    configurations to projects, and projects to each other.
    """

    problem: Problem
    terms: tuple[Term, ...]
    columns: int
    rules: tuple[sparse.csr_array, np.ndarray, np.ndarray]

    @cached_property
    def group_rows(self) -> dict[int, list[int]]:
        """Rows of groups with a least number of projects, and the projects each counts."""
        matrix, low, _ = self.rules
        rows = np.flatnonzero(low > 0)  # of all rules only these ask for something
        return {int(row): matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].tolist() for row in rows}

    @cached_property
    def place(self) -> dict[str, int]:
        """Column of each project."""
        return {i: n for n, i in enumerate(self.problem.ids)}

    @property
    def objective(self) -> str:
        """What money means: that of the settings where it is money, else the annual cost."""
        asked = self.problem.settings.objective
        return asked if asked in ("capex", "npv_cost") else "annual_cost"

    @cached_property
    def nominal(self) -> Amounts:
        """The numbers as filed."""
        return amounts(self)

    @cached_property
    def firm(self) -> np.ndarray:
        """Enterprise of each term, as its place in the problem's enterprises."""
        places = {e: n for n, e in enumerate(self.problem.enterprises["enterprise_id"])}
        return np.array([places[self.problem.pools[t.pool].enterprise_id] for t in self.terms], dtype=int)

    @cached_property
    def owner(self) -> np.ndarray:
        """Enterprise of each project, as its place in the problem's enterprises."""
        places = {e: n for n, e in enumerate(self.problem.enterprises["enterprise_id"])}
        return np.array([places[e] for e in self.problem.projects["enterprise_id"]], dtype=int)

    @cached_property
    def shares(self) -> np.ndarray:
        """Share of each project's capital that falls on each enterprise: enterprises x projects."""
        places = {e: n for n, e in enumerate(self.problem.enterprises["enterprise_id"])}
        table = np.zeros((len(places), len(self.place)))
        for (project, who), share in self.problem.shares.items():
            if who in places and project in self.place:
                table[places[who], self.place[project]] = share
        return table

    @cached_property
    def upstream(self) -> np.ndarray:
        """Upstream tCO2e of each project that the budget counts."""
        counted = self.problem.projects["upstream_tco2e"].astype(float).to_numpy()
        return counted if self.problem.settings.include_upstream else np.zeros(len(counted))

    def by_column(self, values: np.ndarray) -> np.ndarray:
        """Values of terms added up by column of the program; draws x terms becomes draws x columns."""
        return (self._sum @ values.T).T

    def net_saving(self, tco2e: np.ndarray, enterprise: int | None = None) -> np.ndarray:
        """tCO2e saved by column, less upstream where it counts; of one enterprise (by its place) or of all."""
        saved = self.by_column(tco2e if enterprise is None else np.where(self.firm == enterprise, tco2e, 0.0))
        saved[..., : len(self.upstream)] -= self.upstream if enterprise is None else self.upstream * (self.owner == enterprise)
        return saved

    @cached_property
    def _sum(self) -> sparse.csr_array:
        where = [t.column for t in self.terms], range(len(self.terms))
        return sparse.csr_array((np.ones(len(self.terms)), where), shape=(self.columns, len(self.terms)))

    def active(self, chosen: Iterable[str]) -> np.ndarray:
        """Which terms are in force when `chosen` are carried out: the one set of each base that is chosen, no other."""
        chosen, largest = set(chosen), {}
        for n, term in enumerate(self.terms):
            if term.projects <= chosen and len(term.projects) > len(
                self.terms[largest[term.base]].projects if term.base in largest else ()
            ):
                largest[term.base] = n
        return np.array(sorted(largest.values()), dtype=int)

    def chosen(self, x: np.ndarray) -> frozenset[str]:
        """Projects of a solution."""
        return frozenset(i for i, n in self.place.items() if x[n] > 0.5)


def configurations(problem: Problem) -> Configurations:
    """List the configurations of every base. UserError where measures that interact on one base are too many to list.

    A plan by years is taken as its last year, a typical one: its budget and grid, and every project that can work by then.
    """
    problem = _typical_year(problem)
    ids = {i: n for n, i in enumerate(problem.ids)}
    pool_place = {id(pool): n for n, pool in enumerate(problem.pools)}
    pairs = [{r.project_id, r.other_id} for r in problem.relations.itertuples() if r.relation == "excludes"]
    terms, rows, columns = [], [], len(ids)
    for base, (pool, measures) in enumerate(_bases(problem)):
        if len(measures) == 1:
            terms.append(Term(base, pool_place[id(pool)], frozenset(measures), ids[measures[0]]))
            continue
        sets = _subsets(measures, pairs, pool)
        here = {b: columns + n for n, b in enumerate(sets)}
        columns += len(sets)
        terms += [Term(base, pool_place[id(pool)], b, column) for b, column in here.items()]
        rows.append((dict.fromkeys(here.values(), 1.0), -np.inf, 1.0))
        rows += [({column: 1.0 for b, column in here.items() if i in b} | {ids[i]: -1.0}, 0.0, 0.0) for i in measures]
    rows += _rules(problem, ids)
    low, high = (np.array([row[side] for row in rows], dtype=float) for side in (1, 2))
    return Configurations(problem, tuple(terms), columns, (_stack([row for row, _, _ in rows], columns), low, high))


def _typical_year(problem: Problem) -> Problem:
    if not problem.horizon.by_years:
        return problem
    last = [c.at_most for c in problem.caps if c.family == "budget" and c.year == problem.horizon.last]
    names = ("horizon_year", "budget_path", "reduction_path", "cumulative_budget_tco2e", "capital_per_year", "starts_per_year")
    settings = problem.settings.model_copy(update=dict.fromkeys(names))
    grid, firms = problem.horizon.grid(problem.horizon.last), problem.enterprises
    power = firms["electricity_tco2e"]
    return replace(
        problem, settings=settings, budget=min(last) if last else None,
        emissions_before=problem.emissions_before - problem.grid_fall(problem.horizon.last),
        enterprises=firms.assign(total_tco2e=firms["total_tco2e"] - (1 - grid) * power, electricity_tco2e=grid * power),
        pools=[replace(p, tco2e=p.tco2e * grid, site_tco2e=p.site_tco2e * grid) if p.carrier == "electricity" else p
               for p in problem.pools],
    )  # fmt: skip


def _stack(rows: list[dict[int, float]], columns: int) -> sparse.csr_array:
    """Rows given as {column: coefficient} as one matrix."""
    where = [(n, c) for n, row in enumerate(rows) for c in row]
    values = [v for row in rows for v in row.values()]
    return sparse.csr_array(
        (values, tuple(zip(*where, strict=True)) if where else ([], [])), shape=(len(rows), columns), dtype=float
    )


def _bases(problem: Problem) -> Iterable[tuple[Pool, list[str]]]:
    """Measures that interact, with their pool; absolute savings that never reach what is used stand alone."""
    for part in parts(problem):
        pool = part.pool
        lines = [pool.absolute.get(u, {}) for u in part.units], [pool.fraction.get(u, {}) for u in part.units]
        absolute, fraction = ({i for unit in kind for i in unit} for kind in lines)
        measures = sorted(absolute | fraction)
        if not fraction and not any(part.may_stop(u) for u in part.units):
            yield from ((pool, [i]) for i in measures)
        elif measures:
            yield pool, measures


def _subsets(measures: list[str], pairs: list[set[str]], pool: Pool) -> list[frozenset[str]]:
    found = [frozenset()]
    for measure in measures:
        found += [b | {measure} for b in found if not any(measure in pair and pair - {measure} <= b for pair in pairs)]
        if len(found) > MAX_BUNDLES:
            raise UserError(
                f"{len(measures)} measures interact on {pool.carrier} of {pool.enterprise_id}: "
                "file them by unit, or exclude alternatives"
            )
    return found[1:]


def amounts(conf: Configurations, pools: list[Pool] | None = None, projects: pd.DataFrame | None = None) -> Amounts:
    """Numbers of the program from `pools` and `projects` (else as filed). Amounts that are arrays of draws give draws x terms."""
    problem, settings = conf.problem, conf.problem.settings
    pools = problem.pools if pools is None else pools
    projects = problem.projects if projects is None else projects
    objective = conf.objective
    cut = [segments(pool.projects, problem.lives, objective, settings) for pool in problem.pools]
    money, tco2e, site, tce = [], [], [], []
    for term in conf.terms:
        pool = pools[term.pool]
        saved = pool.saved(term.projects)
        parts = ((pool.saved(term.projects & s.alive) if not term.projects <= s.alive else saved, s) for s in cut[term.pool])
        money.append(sum((part * (pool.price * s.money + pool.tco2e * s.carbon) for part, s in parts), 0.0 * saved))
        tco2e.append(saved * pool.tco2e)
        site.append(saved * pool.site_tco2e)
        tce.append(saved * pool.tce)
    fixed = np.array([fixed_cost(row, objective, settings) for row in projects.itertuples()])
    tables = [np.array(np.broadcast_arrays(*t) if t else np.zeros(0)).T for t in (money, tco2e, site, tce)]
    return Amounts(fixed, projects["capex"].astype(float).to_numpy(), *tables)


def program(conf: Configurations, given: Amounts, need_tco2e: float | None, buyout_price: float | None = None) -> Program:
    """The whole problem: save `need_tco2e` (None: no budget); what is missing can be bought where `buyout_price` has a value.

    `given` sets the money and the tonnes towards the budget. Limits on capital, enterprises and intensity are kept on the numbers
    as filed: they are granted on estimates, so that a plan that keeps them keeps them in every draw. Columns: projects,
    configurations, the tonnes bought. The budget is the last row. Price in currency per tCO2e.
    """
    fixed, low, high = conf.rules
    dense = [*_capital(conf), *_limits(conf)]
    if need_tco2e is not None:
        dense.append((conf.net_saving(given.tco2e), need_tco2e, np.inf))
    matrix = sparse.vstack(
        [fixed, sparse.csr_array(np.array([r for r, _, _ in dense]).reshape(len(dense), conf.columns))], format="csr"
    )
    cost = -conf.by_column(given.money)
    cost[: len(given.fixed)] += given.fixed
    top = np.ones(conf.columns)
    if buyout_price is not None:
        bought = np.zeros((matrix.shape[0], 1))
        if need_tco2e is not None:
            bought[-1] = 1.0
        matrix = sparse.hstack([matrix, sparse.csr_array(bought)], format="csr")
        cost, top = np.append(cost, buyout_price), np.append(top, np.inf)
    return Program(
        cost, matrix, np.concatenate([low, [a for _, a, _ in dense]]), np.concatenate([high, [b for _, _, b in dense]]),
        np.zeros(len(cost)), top, np.arange(len(cost)) < len(given.fixed),
    )  # fmt: skip


def need(problem: Problem) -> float | None:
    """Tonnes that must be saved to keep the budget; None without one."""
    return None if problem.budget is None or "budget" in problem.relaxed else problem.emissions_before - problem.budget


def solve(
    conf: Configurations, given: Amounts, need_tco2e: float | None, buyout_price: float | None = None, seconds: float | None = None
) -> tuple[Solution, frozenset[str], float]:
    """Least cost: the solution, the projects chosen and the tonnes bought."""
    made = program(conf, given, need_tco2e, buyout_price)
    found = minimise(made, conf.problem.settings, seconds)
    if found.x is None:
        return found, frozenset(), np.nan
    return found, conf.chosen(found.x), float(found.x[-1]) if buyout_price is not None else 0.0


def _rules(problem: Problem, at: dict[str, int]) -> list[tuple[dict[int, float], float, float]]:
    """Exclusions, prerequisites, alternatives, groups, and sources of waste heat, which are used once."""
    rows = []
    for pool in (p for p in problem.pools if p.capped):
        drawn = (({at[i]: a for i, a in pool.absolute[u].items()}, pool.use[u]) for u in pool.order if u and pool.absolute.get(u))
        rows += [(row, -np.inf, max(0.0, use)) for row, use in drawn]
    for r in problem.relations.itertuples():
        if r.relation == "excludes" and r.other_id in at:
            rows.append(({at[r.project_id]: 1.0, at[r.other_id]: 1.0}, -np.inf, 1.0))
        elif r.relation == "requires":
            rows.append(({at[r.project_id]: 1.0} | ({at[r.other_id]: -1.0} if r.other_id in at else {}), -np.inf, 0.0))
    for (project, _), others in sorted(alternatives(problem).items()):
        rows.append(({at[project]: 1.0} | {at[j]: -1.0 for j in others if j in at}, -np.inf, 0.0))
    for _, group in problem.groups.groupby("group_id", sort=True):
        inside = {at[i]: 1.0 for i in sorted(set(group["project_id"])) if i in at}
        least, most = group["min_selected"].max(), group["max_selected"].min()
        least = -np.inf if not least > 0 or "groups" in problem.relaxed else float(least)
        if inside or least > 0:
            rows.append((inside, least, float(most) if most == most else np.inf))
    return rows


def _capital(conf: Configurations) -> list[tuple[np.ndarray, float, float]]:
    """Capital of the cluster and of each enterprise."""
    problem, capex = conf.problem, conf.nominal.capex
    if "capital" in problem.relaxed:
        return []
    limits = [(np.ones(len(capex)), problem.settings.capital_limit)] if problem.settings.capital_limit is not None else []
    own = problem.enterprises["capital_limit"].astype(float).to_numpy()
    limits += [(conf.shares[place], own[place]) for place in np.flatnonzero(np.isfinite(own))]
    return [(np.pad(share * capex, (0, conf.columns - len(capex))), -np.inf, limit) for share, limit in limits]


def _limits(conf: Configurations) -> list[tuple[np.ndarray, float, float]]:
    """Caps other than the budget, in the order of `Problem.caps`; and leakage, U - lambda x saved <= U0."""
    problem, given, rows = conf.problem, conf.nominal, []
    for cap in (c for c in problem.caps if c.family != "budget"):
        firms = problem.enterprises["enterprise_id"].isin(cap.members or ()).to_numpy()
        if cap.measure == "tce":
            mine = given.tce if cap.members is None else np.where(firms[conf.firm], given.tce, 0.0)
            before = problem.tce_before if cap.members is None else problem.enterprises.loc[firms, "tce"].sum()
            saved = conf.by_column(mine)
        else:
            before = problem.emissions_before if cap.members is None else problem.enterprises.loc[firms, "total_tco2e"].sum()
            each = (conf.net_saving(given.site_tco2e, place) for place in np.flatnonzero(firms))
            saved = conf.net_saving(given.tco2e) if cap.members is None else sum(each, np.zeros(conf.columns))
        rows.append((saved, before - cap.at_most, np.inf))
    settings = problem.settings
    if settings.leakage_limit_tco2e is not None and "leakage" not in problem.relaxed:
        added = problem.projects["upstream_tco2e"].astype(float).to_numpy()
        row = settings.leakage_share * conf.by_column(given.tco2e)
        row[: len(added)] -= added
        rows.append((row, -settings.leakage_limit_tco2e, np.inf))
    return rows


def without(conf: Configurations, *families: str) -> Configurations:
    """The same configurations with families of limits left out."""
    return configurations(replace(conf.problem, relaxed=conf.problem.relaxed | set(families)))
