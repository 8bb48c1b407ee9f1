"""The selection model in Pyomo: sets, variables, objective, constraints, as in the paper; one typical year is the case of one T.

    min   sum_is c_is (y_is - y_i,s-1) - sum_t sum_p (pi_p mu_t + phi_pt kappa_t) (U_p - u_pt)
    s.t.  order      y_i,t-1 <= y_it;   a_it = y_i,t-lead - y_i,t-lead-life                     (i works in t)
          bundles    sum_b w_pbt = 1,  sum_{b contains i} w_pbt = a_it                          (i a fraction measure on p)
          shares     sum_b z_pbit = a_it,  z_pbit <= w_pbt                                      (i an absolute measure on p)
          use        u_pt = sum_b rho_b(top) r_top,b;  r_ub >= U_u w_b + sum_{below} rho_b r_vb - sum_i a_iu z_bi,  r >= 0
          emissions  s_et = E_et - sum_{p of e} phi_pt (U_p - u_pt) (+ upstream);   energy q_et alike
          caps       sum_{e in scope} s_et <= M_t, the same for q;  sum_t (sum_e s_et - eliminated) <= M
          capital    sum_i k_i x_i <= K;  spent_et = sum_{s<=t} sum_i sigma_ie k_is (y_is - y_i,s-1) <= t K_e (carried over)
          rules      x_i + x_j <= 1,  y_it <= y_jt,  y_it <= sum_{j in set} y_jt,  n_g <= sum_{i in g} x_i <= N_g

y_it binary: started by t; x_i = y_i,last. All else continuous: w is whole when y is. Where more use would pay (a negative price or
factor), a binary holds r down to max(0, what is left). rho_b = prod(1 - f_i) makes every combination of fractions exact. A part
with too many bundles goes unit by unit: sum_b v_ub = r_u, v_ub <= most w_ub, u passes on sum_b rho_b v_ub.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from pyomo.common.gc_manager import PauseGC

from workbench.selection import in_columns, rules
from workbench.selection.linear import Forms, Linear
from workbench.selection.problem import CRITERIA, Problem, stretched
from workbench.selection.savings import Savings
from workbench.selection.states import States
from workbench.selection.use import saved_by_part


class WhenAsked(dict):
    """Linear forms by name, each made when first asked for."""

    def __init__(self, names: Iterable, make: Callable[[object], Linear]) -> None:
        super().__init__()
        self.names, self._make = tuple(names), make

    def __missing__(self, name: object) -> Linear:
        if name not in self.names:
            raise KeyError(name)
        self[name] = form = self._make(name)
        return form


class AtWork:
    """Whether a project works in a year, as a form of its states: by name and calendar year, or many at once by numbers."""

    def __init__(self, begun: np.ndarray, states: States) -> None:
        self._begun, self._states = begun, states

    def every(self, project: np.ndarray, year: np.ndarray) -> Forms:
        """Whether projects work in years, one form each."""
        form, signs, states = self._states.at_work(project, year)
        return Forms(np.zeros(len(project)), form, signs, self._begun[states])

    def __getitem__(self, at: tuple[str, int]) -> Linear:
        signs, states = self._states.one_at_work(*at)
        return Linear.of(signs, [self._begun.item(n) for n in states])


class AtEnd:
    """Whether a project has been started by the end of the plan: its last state."""

    def __init__(self, begun: np.ndarray, states: States) -> None:
        self._begun, self._states = begun, states

    def __getitem__(self, project: str) -> object:
        return self._begun.item(self._states.last[self._states.place[project]])


def build(problem: Problem, pe=in_columns):
    """The model of a problem: objective `m.cost`, states `m.y`, `m.x` (in at the end), emissions `m.s` of the last year.

    `pe`: what the words of the source mean. `in_pyomo` makes a Pyomo model of it, `in_columns` the same matrix at once.
    `m.criteria`: every objective the model knows as a linear form; `m.sizes`: the usual size of a variable, for scaling.
    """
    with PauseGC():
        m = pe.ConcreteModel(name="project selection")
        m.sizes = pe.ComponentMap()
        _states(pe, m, problem)
        saved = saved_by_part(pe, m, problem)
        _emissions(pe, m, problem, saved)
        _energy(pe, m, problem, saved)
        _caps(pe, m, problem)
        _objective(pe, m, problem, saved)
        rules.capital(pe, m, problem)
        rules.between_projects(pe, m, problem)
    return m


def _states(pe, m, problem: Problem) -> None:
    states = m.states = problem.horizon.states
    m.I = pe.Set(initialize=states.ids)
    m.E = pe.Set(initialize=problem.enterprises["enterprise_id"].tolist())
    m.T = pe.Set(initialize=problem.horizon.years)
    m.Y = pe.Set(dimen=2, initialize=states)
    m.y = pe.Var(m.Y, domain=pe.Binary, doc="project started by the end of a year")
    m.begun = pe.every(m.y)
    m.x, m.at = AtEnd(m.begun, states), AtWork(m.begun, states)
    later = np.flatnonzero(states.year > states.earliest[states.project])
    rises = Forms.single(m.begun[later - 1]).plus(Forms.single(m.begun[later], -1.0))
    m.order = pe.Rows(rises.at_most(0.0), doc="once started, always started")


def by_start(m, amounts: np.ndarray) -> Linear:
    """sum of amount x start, amounts by state."""
    on_states = m.states.of_starts(amounts)
    some = np.flatnonzero(on_states)
    return Linear.of(on_states[some].tolist(), m.begun[some].tolist())


def _emissions(pe, m, problem: Problem, saved: Savings) -> None:
    """Emissions of each enterprise in each year, two levels so that no row holds the whole cluster."""
    horizon = problem.horizon
    firms, years = list(m.E), list(m.T)
    m.emitted_by = pe.Var(m.E, m.T, doc="emissions of an enterprise after the plan, tCO2e/yr")
    size = max(1.0, abs(problem.emissions_before))
    m.sizes.update((v, size) for v in m.emitted_by.values())
    at_site, at_all, factor = saved.of("site_tco2e"), saved.of("tco2e"), saved.factor * saved.counts
    elsewhere = saved.forms.times((at_all - at_site) * factor)  # what a member supplies: the supplier's fuel counts in the cluster
    every = Forms.single(pe.every(m.emitted_by)).plus(_each_firm(m, saved, at_site * factor))
    moved = _moved(m, problem)
    m.leaked = dict(zip(years, moved.gathered(np.arange(len(moved)) % len(years), len(years)), strict=True))
    if problem.settings.include_upstream:
        every = every.plus(moved.times(-1.0))
    then = [problem.firm_emissions_before(t) for t in years]
    before = np.array([now[e] for e in firms for now in then])
    m.emissions_of = pe.Rows(every.equals(before), [(e, t) for e in firms for t in years])
    m.s = {e: m.emitted_by[e, horizon.last] for e in firms}
    eliminated = sum(problem.firm_emissions_before(horizon.first).values()) - problem.emissions_before
    eliminated += problem.grid_fall(horizon.first)
    m.emitted = {t: Linear.total([m.emitted_by[e, t] for e in firms], -eliminated) for t in years}
    for form, less in zip(m.emitted.values(), elsewhere.gathered(saved.year, len(years)), strict=True):
        form.plus(less, -1.0)


def _each_firm(m, saved: Savings, weights: np.ndarray) -> Forms:
    """Savings, weighted, by enterprise and year."""
    years = len(m.T)
    return saved.forms.times(weights).gathered(saved.firm(m.E) * years + saved.year, len(m.E) * years)


def _moved(m, problem: Problem) -> Forms:
    """Upstream emissions of the projects at work, by their owner and year."""
    rows, years, firms = problem.projects, len(m.T), {e: n for n, e in enumerate(m.E)}
    amount = rows["upstream_tco2e"].astype(float).to_numpy()
    some = np.flatnonzero(amount)
    owner = np.array([firms[e] for e in rows["enterprise_id"].iloc[some]], np.int64)
    year = np.tile(np.arange(years), len(some))
    works = m.at.every(np.repeat(some, years), year)
    return works.times(np.repeat(amount[some], years)).gathered(np.repeat(owner, years) * years + year, len(firms) * years)


def _energy(pe, m, problem: Problem, saved: Savings) -> None:
    """Energy use in tce: of each enterprise where a cap asks for it, of the cluster always."""
    years, asked = list(m.T), any(cap.measure == "tce" for cap in problem.caps)
    tce = dict(zip(problem.enterprises["enterprise_id"], problem.enterprises["tce"].astype(float), strict=True))
    m.used_by = pe.Var(m.E if asked else [], m.T, doc="energy use of an enterprise after the plan, tce/yr")
    m.sizes.update((v, max(1.0, abs(problem.tce_before))) for v in m.used_by.values())
    if not asked:
        m.used = WhenAsked(years, lambda t: _use(problem, saved, t, problem.tce_before))
        m.used_of = WhenAsked([(e, t) for e in tce for t in years], lambda at: _use(problem, saved, at[1], tce[at[0]], at[0]))
        return
    every = Forms.single(pe.every(m.used_by)).plus(_each_firm(m, saved, saved.of("tce") * saved.counts))
    m.energy_of = pe.Rows(every.equals(np.repeat(list(tce.values()), len(years))), [(e, t) for e in tce for t in years])
    rest = problem.tce_before - sum(tce.values())
    m.used = {t: Linear.total([m.used_by[e, t] for e in m.E], rest) for t in years}
    m.used_of = {(e, t): Linear.total([m.used_by[e, t]]) for e in m.E for t in years}


def _use(problem: Problem, saved: Savings, year: int, before: float, enterprise: str | None = None) -> Linear:
    """Energy use in a year, of an enterprise or of the cluster, straight from what its parts save."""
    counted = saved.counts & (saved.year == year - problem.horizon.first)
    if enterprise is not None:
        counted = counted & np.array([pool.enterprise_id == enterprise for pool in saved.pools], bool)[saved.part]
    return Linear(before).plus(saved.forms.times(np.where(counted, -saved.of("tce"), 0.0)).total())


def _caps(pe, m, problem: Problem) -> None:
    """Dual control, budgets and efforts: sums over enterprises that may not exceed an amount."""
    settings = problem.settings
    caps = {(cap.family, cap.name, " ".join(cap.members or ()), cap.year): cap for cap in problem.caps}

    def held(m, *name):
        cap = caps[name]
        if cap.members is None:
            return (m.emitted if cap.measure == "tco2e" else m.used)[cap.year].at_most(cap.at_most)
        each = m.emitted_by if cap.measure == "tco2e" else m.used_by
        return Linear.total([each[e, cap.year] for e in cap.members]).at_most(cap.at_most)

    m.caps = pe.Constraint(list(caps), rule=held, doc="at most so much by a scope in a year")
    if settings.cumulative_budget_tco2e is not None and "budget" not in problem.relaxed:
        total = Linear()
        for t in m.T:
            total.plus(m.emitted[t])
        m.cumulative = pe.Constraint(rule=lambda m: total.at_most(settings.cumulative_budget_tco2e))
    if settings.leakage_limit_tco2e is not None and "leakage" not in problem.relaxed:
        m.leakage = pe.Constraint(m.T, rule=lambda m, t: _leakage(pe, m, problem, t), doc="upstream emissions added")


def _leakage(pe, m, problem: Problem, t: int):
    """U_t <= U0 + lambda x (saved inside in t)."""
    settings = problem.settings
    before = problem.emissions_before - problem.grid_fall(t)
    inside = Linear().plus(m.emitted[t]).plus(m.leaked[t], -1.0 if settings.include_upstream else 0.0)
    form = Linear().plus(m.leaked[t]).plus(inside, settings.leakage_share)
    if not form.variables:
        return pe.Constraint.Feasible if settings.leakage_limit_tco2e >= 0 else pe.Constraint.Infeasible
    return form.at_most(settings.leakage_limit_tco2e + settings.leakage_share * before)


def _objective(pe, m, problem: Problem, saved: Savings) -> None:
    peak, asked = _peak(pe, m, problem), problem.settings.objective
    money = [c for c in CRITERIA if c != "npv_cost" or problem.horizon.by_years or stretched(problem)]

    def form(name: str) -> Linear:
        if name == "peak":
            return peak
        return _weighted(m, problem) if name == "weighted" else _criterion(m, problem, saved, name)

    m.criteria = WhenAsked([*money, "peak"] + (["weighted"] if asked == "weighted" else []), form)
    m.cost = pe.Objective(m.criteria[asked])


def _criterion(m, problem: Problem, saved: Savings, name: str) -> Linear:
    """One objective: what starts cost, less what the savings of every part and stretch of time are worth."""
    form = by_start(m, problem.start_costs(name).amounts)
    if name == "emissions":
        for t in m.T:
            form.plus(m.emitted[t])
    money, carbon = _weights(problem, saved, name)
    worth = saved.of("price") * money + saved.of("tco2e") * saved.factor * carbon
    return form.plus(saved.forms.times(-worth).total())


def _peak(pe, m, problem: Problem) -> Linear:
    """The highest emissions of the years in which the budget holds; one year is its own highest."""
    held = [t for t in m.T if t >= problem.horizon.target]
    if len(held) == 1:
        return m.emitted[held[0]]
    m.peak = pe.Var(doc="highest emissions of the years from the target year on")
    most = next(iter(m.peak.values()))
    m.sizes[most] = max(1.0, abs(problem.emissions_before))
    m.peak_of = pe.Constraint(held, rule=lambda m, t: Linear(0.0, [(-1.0, most)]).plus(m.emitted[t]).at_most(0.0))
    return Linear(0.0, [(1.0, most)])


def _weighted(m, problem: Problem) -> Linear:
    """A weighted objective adds up its criteria."""
    form = Linear()
    for name, weight in sorted((problem.settings.objective_weights or {}).items()):
        if weight:
            form.plus(m.criteria[name], weight)
    return form


def _weights(problem: Problem, saved: Savings, name: str) -> tuple[np.ndarray, np.ndarray]:
    """What energy money and tCO2e of each saving are worth in one criterion."""
    if problem.horizon.by_years:
        worth = np.array([problem.horizon.worth(name, year) for year in problem.horizon.years])
        return tuple(worth[saved.year].T)
    if name == "npv_cost":
        found = [(s.money, s.carbon) for pool in saved.pools for s in problem.segments(pool, "npv_cost")]
        return tuple(np.array(found, float).reshape(-1, 2).T)
    first = saved.counts * (name == "annual_cost")
    return first * 1.0, first * problem.settings.carbon_price
