"""The selection model in Pyomo: sets, variables, objective, constraints, as in the paper.

    min   sum_i c_i x_i - sum_p sum_k (pi_p mu_k + phi_p kappa_k) (U_p - u_pk)
    s.t.  bundles    sum_b w_pb = 1,  sum_{b contains i} w_pb = x_i          (i a fraction measure on p)
          shares     sum_b z_pbi = x_i,  z_pbi <= w_pb                       (i an absolute measure on p)
          use        u_pk = sum_b rho_b(site) r_pkb,   r >= what is left on site and units, r >= 0
          emissions  s_e = E_e - sum_{p of e} phi_p (U_p - u_p0) (+ upstream)
          budget     sum_e s_e - eliminated <= M;   s_e <= limit_e
          capital    sum_i k_i x_i <= K,  sum_i sigma_ie k_i x_i <= K_e
          rules      x_i + x_j <= 1,  x_i <= x_j,  n_g <= sum_{i in g} x_i <= N_g

x_i binary; w, z, r, u, s continuous: w is whole when x is. Where more use would pay (a negative price or factor), a binary
holds r down to max(0, what is left). rho_b = prod(1 - f_i) makes every combination of fractions exact.
"""

from __future__ import annotations

import pyomo.environ as pyo

from workbench.selection.problem import Part, Problem, fixed_cost, parts


def build(problem: Problem) -> pyo.ConcreteModel:
    """The model of a problem; objective `m.cost`, binary `m.x`, enterprise emissions `m.s`."""
    m = pyo.ConcreteModel(name="project selection")
    pieces = parts(problem)
    _sets(m, problem, pieces)
    _variables(m)
    m.use = _use(m, pieces)
    _bundles(m, pieces)
    _emissions(m, problem, pieces)
    _money(m, problem, pieces)
    _rules(m, problem)
    return m


def _sets(m: pyo.ConcreteModel, problem: Problem, pieces: list[Part]) -> None:
    m.I = pyo.Set(initialize=problem.ids)
    m.E = pyo.Set(initialize=problem.enterprises["enterprise_id"].tolist())
    several = [p for p in pieces if len(p.bundles) > 1]
    m.W = pyo.Set(dimen=2, initialize=[(p.part_id, b) for p in several for b in range(len(p.bundles))])
    m.Z = pyo.Set(
        dimen=3,
        initialize=[(p.part_id, b, i) for p in several for b in range(len(p.bundles)) for i in _absolute(p)],
    )
    m.R = pyo.Set(
        dimen=4,
        initialize=[
            (p.part_id, k, b, u)
            for p in pieces
            for k in range(len(p.segments))
            for b in range(len(p.bundles))
            for u in p.units
            if p.may_stop(u)
        ],
    )


def _absolute(part: Part) -> list[str]:
    return sorted({i for u in part.units for i in part.absolute(u)})


def _variables(m: pyo.ConcreteModel) -> None:
    m.x = pyo.Var(m.I, domain=pyo.Binary, doc="project carried out")
    m.w = pyo.Var(m.W, bounds=(0, 1), doc="bundle of fraction measures on a base")
    m.z = pyo.Var(m.Z, bounds=(0, 1), doc="absolute measure within a bundle")
    m.r = pyo.Var(m.R, domain=pyo.NonNegativeReals, doc="use left over, never below nil")
    m.s = pyo.Var(m.E, doc="emissions of an enterprise after the bundle, tCO2e/yr")
    m.some = pyo.Var(m.R, domain=pyo.Binary, doc="something is left over, where more use would pay")
    m.left_over = pyo.ConstraintList(doc="use left over is at least what the savings leave")


def _use(m: pyo.ConcreteModel, pieces: list[Part]) -> dict[tuple[str, int], object]:
    """Remaining use of every part and segment as an expression; where savings could exceed use, through a variable r >= 0."""
    use = {}
    for part in pieces:
        single = len(part.bundles) == 1
        for k, segment in enumerate(part.segments):
            total = 0.0
            for b, bundle in enumerate(part.bundles):
                here = 1.0 if single else m.w[part.part_id, b]
                alive = bundle & segment.alive

                def taken(unit, part=part, b=b, single=single, segment=segment):
                    lines = ((i, a) for i, a in sorted(part.absolute(unit).items()) if i in segment.alive)
                    return sum(a * (m.x[i] if single else m.z[part.part_id, b, i]) for i, a in lines)

                left = {u: part.base(u) * here for u in part.units}
                for u in part.units:  # those below first
                    rest = part.kept(u, alive) * _stopped(m, part, (part.part_id, k, b, u), left[u] - taken(u))
                    above = part.above(u)
                    if above is None:
                        total += rest
                    else:
                        left[above] += rest
            use[part.part_id, k] = total
    return use


def _stopped(m: pyo.ConcreteModel, part: Part, index: tuple, expression):
    if index not in m.R:
        return expression
    m.left_over.add(m.r[index] >= expression)
    if min(part.pool.price, part.pool.tco2e, part.pool.site_tco2e, part.pool.tce) < 0:
        most = part.most()
        m.left_over.add(m.r[index] <= most * m.some[index])
        m.left_over.add(m.r[index] <= expression + most * (1 - m.some[index]))
    return m.r[index]


def _bundles(m: pyo.ConcreteModel, pieces: list[Part]) -> None:
    by_id = {p.part_id: p for p in pieces}
    several = [p.part_id for p in pieces if len(p.bundles) > 1]
    fractions = [(p, i) for p in several for i in sorted({i for b in by_id[p].bundles for i in b})]
    absolutes = [(p, i) for p in several for i in _absolute(by_id[p])]
    numbers = {p: range(len(by_id[p].bundles)) for p in several}

    @m.Constraint(several, doc="exactly one bundle a base")
    def one_bundle(m, p):
        return sum(m.w[p, b] for b in numbers[p]) == 1

    @m.Constraint(fractions, doc="a measure is in its bundle or in none")
    def in_bundle(m, p, i):
        return sum(m.w[p, b] for b in numbers[p] if i in by_id[p].bundles[b]) == m.x[i]

    @m.Constraint(absolutes, doc="an absolute measure works within the bundle chosen")
    def within(m, p, i):
        return sum(m.z[p, b, i] for b in numbers[p]) == m.x[i]

    @m.Constraint(m.Z, doc="only in a bundle that is chosen")
    def only_chosen(m, p, b, i):
        return m.z[p, b, i] <= m.w[p, b]


def _saved(m: pyo.ConcreteModel, part: Part, k: int):
    """What a part saves: its own use before, less the use left over."""
    return sum(part.base(u) for u in part.units) - m.use[part.part_id, k]


def _emissions(m: pyo.ConcreteModel, problem: Problem, pieces: list[Part]) -> None:
    before = problem.enterprises.set_index("enterprise_id")["total_tco2e"]
    limits = problem.enterprises.set_index("enterprise_id")["emission_limit_tco2e"].dropna()
    upstream = problem.projects.set_index("project_id")["upstream_tco2e"] if problem.settings.include_upstream else {}
    owner = problem.projects.set_index("project_id")["enterprise_id"]

    @m.Constraint(m.E, doc="emissions of an enterprise")
    def enterprise_emissions(m, e):
        saved = sum(p.pool.site_tco2e * _saved(m, p, 0) for p in pieces if p.pool.enterprise_id == e)
        moved = sum(float(upstream[i]) * m.x[i] for i in m.I if len(upstream) and owner[i] == e and upstream[i])
        return m.s[e] == float(before[e]) - saved + moved

    eliminated = float(before.sum()) - problem.emissions_before
    apart = [p for p in pieces if p.pool.tco2e != p.pool.site_tco2e]  # what a member supplies: the supplier's fuel counts
    elsewhere = sum((p.pool.tco2e - p.pool.site_tco2e) * _saved(m, p, 0) for p in apart)
    m.emissions = pyo.Expression(expr=sum(m.s[e] for e in m.E) - eliminated - elsewhere)
    m.budget = (
        pyo.Constraint(expr=m.emissions <= problem.budget)
        if problem.budget is not None and "budget" not in problem.relaxed
        else pyo.Constraint(expr=pyo.Constraint.Feasible)
    )
    bound = [e for e in limits.index if "emission_limit" not in problem.relaxed]

    @m.Constraint(bound, doc="emission limit of an enterprise")
    def emission_limit(m, e):
        return m.s[e] <= float(limits[e])

    _intensity(m, problem, pieces)


def _intensity(m: pyo.ConcreteModel, problem: Problem, pieces: list[Part]) -> None:
    """Dual control: caps on energy and emissions per value added, linear because value added is data."""
    added, settings = problem.value_added_million, problem.settings
    m.tce = pyo.Expression(expr=problem.tce_before - sum(p.pool.tce * _saved(m, p, 0) for p in pieces))
    if not added > 0 or "intensity" in problem.relaxed:
        return
    if settings.energy_intensity_cap is not None:
        m.energy_intensity = pyo.Constraint(expr=m.tce <= settings.energy_intensity_cap * added)
    if settings.carbon_intensity_cap is not None:
        m.carbon_intensity = pyo.Constraint(expr=m.emissions <= settings.carbon_intensity_cap * added)


def _money(m: pyo.ConcreteModel, problem: Problem, pieces: list[Part]) -> None:
    settings = problem.settings
    fixed = {row.project_id: fixed_cost(row, settings.objective, settings) for row in problem.projects.itertuples()}
    capital = dict(zip(problem.projects["project_id"], problem.projects["capex"].astype(float), strict=True))
    gains = sum(
        (p.pool.price * part.money + p.pool.tco2e * part.carbon) * _saved(m, p, k)
        for p in pieces
        for k, part in enumerate(p.segments)
        if p.pool.price * part.money + p.pool.tco2e * part.carbon
    )
    m.capital = pyo.Expression(expr=sum(capital[i] * m.x[i] for i in m.I))
    m.cost = pyo.Objective(expr=sum(fixed[i] * m.x[i] for i in m.I) - gains)
    limits = problem.enterprises.set_index("enterprise_id")["capital_limit"].dropna()
    if settings.capital_limit is not None and "capital" not in problem.relaxed:
        m.capital_limit = pyo.Constraint(expr=m.capital <= settings.capital_limit)

    @m.Constraint([e for e in limits.index if "capital" not in problem.relaxed], doc="capital of an enterprise")
    def enterprise_capital(m, e):
        mine = [(i, s) for (i, who), s in sorted(problem.shares.items()) if who == e]
        return sum(s * capital[i] * m.x[i] for i, s in mine) <= float(limits[e]) if mine else pyo.Constraint.Feasible


def _rules(m: pyo.ConcreteModel, problem: Problem) -> None:
    known = set(problem.ids)
    excluded = sorted(
        {
            tuple(sorted((r.project_id, r.other_id)))
            for r in problem.relations.itertuples()
            if r.relation == "excludes" and r.other_id in known
        }
    )
    required = sorted({(r.project_id, r.other_id) for r in problem.relations.itertuples() if r.relation == "requires"})
    drawn = [(p, u) for p in problem.pools if p.capped for u in p.order if u and p.absolute.get(u)]
    m.waste_heat = pyo.ConstraintList(doc="a source of waste heat is used once")
    for pool, unit in drawn:
        m.waste_heat.add(sum(a * m.x[i] for i, a in sorted(pool.absolute[unit].items())) <= max(0.0, pool.use[unit]))
    m.excludes = pyo.Constraint(excluded, rule=lambda m, i, j: m.x[i] + m.x[j] <= 1)
    m.requires = pyo.Constraint(required, rule=lambda m, i, j: m.x[i] <= (m.x[j] if j in known else 0))
    m.groups = pyo.ConstraintList(doc="fewest and most of a group")
    for _, group in problem.groups.groupby("group_id", sort=True):
        inside = sum(m.x[i] for i in sorted(set(group["project_id"]) & known))
        least, most = group["min_selected"].max(), group["max_selected"].min()
        if least > 0 and "groups" not in problem.relaxed:
            m.groups.add(inside >= float(least) if set(group["project_id"]) & known else pyo.Constraint.Infeasible)
        if most == most and set(group["project_id"]) & known:
            m.groups.add(inside <= float(most))
