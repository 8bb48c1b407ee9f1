"""Ways to get the selection model into HiGHS: the workbench's readable source, bare arrays, and other libraries.

A choice of one year is written out by hand for every way, from the same arrays. A plan by years exists once, as the workbench's
matrix: the others are handed that matrix, which spares them what the workbench does first.
"""

from __future__ import annotations

from collections.abc import Callable

import highspy
import instances
import linopy
import numpy as np
import pandas as pd
import pulp
import pyomo.environ as pyo
import xarray
from pyomo.contrib.appsi.solvers import Highs as Appsi
from pyomo.contrib.solver.solvers.highs import Highs as Contrib

from workbench.selection import mixed_integer, solve
from workbench.selection.mixed_integer import Program

Size = tuple[int, int, int]  # rows, columns, coefficients


def size_of(solver: highspy.Highs) -> Size:
    """Rows, columns and coefficients that the solver holds."""
    return solver.getNumRow(), solver.getNumCol(), solver.getNumNz()


def by_arrays(made: instances.Instance) -> highspy.Highs:
    """Arrays written by hand, one call."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(mixed_integer.lp(instances.arrays(made)[0]))
    return solver


def by_workbench(made: instances.Instance) -> highspy.Highs:
    """The workbench's model, from its problem."""
    return solve.Model(instances.problem(made)).highs


def by_linopy(made: instances.Instance) -> highspy.Highs:
    """linopy: variables and expressions over labelled arrays, then its own way into HiGHS."""
    pair, alone = np.flatnonzero(made.second >= 0), np.flatnonzero(made.second < 0)
    firms, left = len(made.before), instances.remaining(made)
    m = linopy.Model()
    projects, gear = pd.RangeIndex(made.projects, name="i"), pd.RangeIndex(len(pair), name="p")
    people, four = pd.RangeIndex(firms, name="e"), pd.RangeIndex(4, name="b")
    x = m.add_variables(binary=True, coords=[projects], name="x")
    w = m.add_variables(0, 1, coords=[gear, four], name="w")
    s, k = (m.add_variables(coords=[people], name=name) for name in "sk")

    def array(values: np.ndarray, *axes: pd.Index) -> pd.DataFrame | pd.Series:
        return pd.Series(values, index=axes[0]) if len(axes) == 1 else pd.DataFrame(values, index=axes[0], columns=axes[1])

    m.add_constraints(w.sum("b") == 1, name="bundled")
    for which, measure in ((1, made.first[pair]), (2, made.second[pair])):
        chosen = x.isel(i=measure).rename(i="p").assign_coords(p=gear)
        m.add_constraints(w.isel(b=which, drop=True) + w.isel(b=3, drop=True) - chosen == 0, name=f"in_bundle_{which}")
    gain = np.zeros(made.projects)
    gain[made.first[alone]] = made.share_one[alone] * made.use[alone]
    factor, price = np.zeros(made.projects), np.zeros(made.projects)
    factor[made.first[alone]], price[made.first[alone]] = made.factor[alone], made.price[alone]
    lone = np.unique(made.first[alone])
    of_firm = pd.Series(made.firm, index=projects, name="e")
    some = pd.Series(made.firm[lone], index=pd.Index(lone, name="i"), name="e")
    used_by = pd.Series(made.owner[pair], index=gear, name="e")
    still = (array(-left * made.factor[pair][:, None], gear, four) * w).sum("b").groupby(used_by).sum()
    lone_saved = (array((gain * factor)[lone], some.index) * x.isel(i=lone)).groupby(some).sum()
    gone = made.before - np.bincount(made.owner[pair], weights=made.factor[pair] * made.use[pair], minlength=firms)
    m.add_constraints(s + still + lone_saved == array(gone, people), name="emissions")
    m.add_constraints((array(made.capex, projects) * x).groupby(of_firm).sum() - k == 0, name="spent")
    m.add_constraints(k <= array(made.capital, people), name="capital")
    for name, pairs, sign, most in (("requires", made.requires, -1, 0), ("excludes", made.excludes, 1, 1)):
        if len(pairs):
            one, other = (x.isel(i=pairs[:, c]).rename(i="r").assign_coords(r=range(len(pairs))) for c in (0, 1))
            m.add_constraints(one + sign * other <= most, name=name)
    m.add_constraints(s.sum() <= made.budget, name="budget")
    money = (array(made.fixed - gain * price, projects) * x).sum()
    m.add_objective(money + (array((left - made.use[pair][:, None]) * made.price[pair][:, None], gear, four) * w).sum())
    return m.to_highspy()


def terms(made: instances.Instance) -> dict:
    """What the ways that write row by row loop over: plain lists."""
    pair, alone = np.flatnonzero(made.second >= 0), np.flatnonzero(made.second < 0)
    firms = range(len(made.before))
    left, single = instances.remaining(made), made.share_one[alone] * made.use[alone]
    gone = made.before - np.bincount(made.owner[pair], weights=made.factor[pair] * made.use[pair], minlength=len(firms))
    cost = made.fixed.copy()
    np.subtract.at(cost, made.first[alone], single * made.price[alone])
    in_firm: dict[str, list[list]] = {name: [[] for _ in firms] for name in ("pairs", "alone", "spent")}
    for n, e in enumerate(made.owner[pair].tolist()):
        in_firm["pairs"][e].append(n)
    for i, e, tonnes in zip(
        made.first[alone].tolist(), made.owner[alone].tolist(), (single * made.factor[alone]).tolist(), strict=True
    ):
        in_firm["alone"][e].append((i, tonnes))
    for i, (e, capex) in enumerate(zip(made.firm.tolist(), made.capex.tolist(), strict=True)):
        in_firm["spent"][e].append((i, capex))
    return in_firm | {
        "projects": range(made.projects), "firms": firms, "n": range(len(pair)), "first": made.first[pair].tolist(),
        "second": made.second[pair].tolist(), "tonnes": (-left * made.factor[pair][:, None]).tolist(), "gone": gone.tolist(),
        "capital": made.capital.tolist(), "requires": made.requires.tolist(), "excludes": made.excludes.tolist(),
        "cost": cost.tolist(), "money": ((left - made.use[pair][:, None]) * made.price[pair][:, None]).tolist(),
        "budget": made.budget,
    }  # fmt: skip


def plain_pyomo(made: instances.Instance) -> pyo.ConcreteModel:
    """The model as plain Pyomo rules."""
    d = terms(made)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(d["projects"], domain=pyo.Binary)
    m.w = pyo.Var(d["n"], range(4), bounds=(0, 1))
    m.s, m.k = pyo.Var(d["firms"]), pyo.Var(d["firms"])
    m.bundled = pyo.Constraint(d["n"], rule=lambda m, n: sum(m.w[n, b] for b in range(4)) == 1)
    m.one = pyo.Constraint(d["n"], rule=lambda m, n: m.w[n, 1] + m.w[n, 3] - m.x[d["first"][n]] == 0)
    m.two = pyo.Constraint(d["n"], rule=lambda m, n: m.w[n, 2] + m.w[n, 3] - m.x[d["second"][n]] == 0)
    m.emissions = pyo.Constraint(
        d["firms"],
        rule=lambda m, e: (
            m.s[e]
            + sum(d["tonnes"][n][b] * m.w[n, b] for n in d["pairs"][e] for b in range(4))
            + sum(t * m.x[i] for i, t in d["alone"][e])
            == d["gone"][e]
        ),
    )
    m.spent = pyo.Constraint(d["firms"], rule=lambda m, e: sum(c * m.x[i] for i, c in d["spent"][e]) - m.k[e] == 0)
    m.capital = pyo.Constraint(d["firms"], rule=lambda m, e: m.k[e] <= d["capital"][e])
    m.requires = pyo.Constraint(range(len(d["requires"])), rule=lambda m, r: m.x[d["requires"][r][0]] <= m.x[d["requires"][r][1]])
    m.excludes = pyo.Constraint(range(len(d["excludes"])), rule=lambda m, r: sum(m.x[i] for i in d["excludes"][r]) <= 1)
    m.budget = pyo.Constraint(expr=sum(m.s[e] for e in d["firms"]) <= d["budget"])
    energy = sum(d["money"][n][b] * m.w[n, b] for n in d["n"] for b in range(4))
    m.cost = pyo.Objective(expr=sum(d["cost"][i] * m.x[i] for i in d["projects"]) + energy)
    return m


def by_appsi(made: instances.Instance) -> highspy.Highs:
    """Plain Pyomo rules through appsi_highs."""
    solver = Appsi()
    solver.set_instance(plain_pyomo(made))
    return solver._solver_model


def by_contrib(made: instances.Instance) -> highspy.Highs:
    """Plain Pyomo rules through the interface of pyomo.contrib.solver."""
    solver = Contrib()
    solver.set_instance(plain_pyomo(made))
    return solver._solver_model


def by_pulp(made: instances.Instance) -> highspy.Highs:
    """PuLP and its HiGHS interface."""
    d = terms(made)
    m = pulp.LpProblem()
    x = [pulp.LpVariable(f"x{i}", cat="Binary") for i in d["projects"]]
    w = [[pulp.LpVariable(f"w{n}_{b}", 0, 1) for b in range(4)] for n in d["n"]]
    s, k = ([pulp.LpVariable(f"{name}{e}") for e in d["firms"]] for name in "sk")
    money = [(x[i], c) for i, c in enumerate(d["cost"])] + [(w[n][b], d["money"][n][b]) for n in d["n"] for b in range(4)]
    m += pulp.LpAffineExpression(money)
    for n in d["n"]:
        m += pulp.lpSum(w[n]) == 1
        m += w[n][1] + w[n][3] - x[d["first"][n]] == 0
        m += w[n][2] + w[n][3] - x[d["second"][n]] == 0
    for e in d["firms"]:
        left = [(w[n][b], d["tonnes"][n][b]) for n in d["pairs"][e] for b in range(4)]
        m += pulp.LpAffineExpression([(s[e], 1), *left, *((x[i], t) for i, t in d["alone"][e])]) == d["gone"][e]
        m += pulp.LpAffineExpression([*((x[i], c) for i, c in d["spent"][e]), (k[e], -1)]) == 0
        m += k[e] <= d["capital"][e]
    for i, j in d["requires"]:
        m += x[i] <= x[j]
    for i, j in d["excludes"]:
        m += x[i] + x[j] <= 1
    m += pulp.lpSum(s) <= d["budget"]
    way = pulp.HiGHS(msg=False)
    way.createAndConfigureSolver(m)
    way.buildSolverModel(m)
    return m.solverModel


def by_highspy(made: instances.Instance) -> highspy.Highs:
    """highspy's own modelling calls."""
    d = terms(made)
    h = highspy.Highs()
    h.setOptionValue("output_flag", False)
    h.silent()
    x = [h.addBinary(obj=c) for c in d["cost"]]
    w = [[h.addVariable(0, 1, obj=c) for c in d["money"][n]] for n in d["n"]]
    s, k = ([h.addVariable(-highspy.kHighsInf) for _ in d["firms"]] for _ in "sk")
    for n in d["n"]:
        h.addConstr(sum(w[n]) == 1)
        h.addConstr(w[n][1] + w[n][3] - x[d["first"][n]] == 0)
        h.addConstr(w[n][2] + w[n][3] - x[d["second"][n]] == 0)
    for e in d["firms"]:
        left = h.qsum(d["tonnes"][n][b] * w[n][b] for n in d["pairs"][e] for b in range(4))
        h.addConstr(s[e] + left + h.qsum(t * x[i] for i, t in d["alone"][e]) == d["gone"][e])
        h.addConstr(h.qsum(c * x[i] for i, c in d["spent"][e]) - k[e] == 0)
        h.addConstr(1.0 * k[e] <= d["capital"][e])
    for i, j in d["requires"]:
        h.addConstr(x[i] - x[j] <= 0)
    for i, j in d["excludes"]:
        h.addConstr(x[i] + x[j] <= 1)
    h.addConstr(h.qsum(s) <= d["budget"])
    return h


WAYS: dict[str, Callable[[instances.Instance], highspy.Highs]] = {
    "arrays": by_arrays, "workbench": by_workbench, "linopy": by_linopy, "PuLP": by_pulp, "Pyomo, appsi": by_appsi,
    "Pyomo, contrib": by_contrib, "highspy": by_highspy,
}  # fmt: skip


def matrix(held: solve.Model) -> Program:
    """The matrix that the workbench's model has, with its objective."""
    form, (costs, _) = held.form, held.criterion(held.problem.settings.objective)
    return Program(costs, form.a, form.lower, form.upper, form.column_lower, form.column_upper, form.whole)


def arrays_of(program: Program) -> highspy.Highs:
    """The matrix in one call."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(mixed_integer.lp(program))
    return solver


def linopy_of(program: Program) -> highspy.Highs:
    """linopy: rows of about the same length together, as expressions over arrays."""
    m, a = linopy.Model(), program.rows.tocsr()
    groups = {}
    for name, kind in (("whole", program.whole), ("free", ~program.whole)):
        at = pd.Index(np.flatnonzero(kind), name="c")
        low, high = (xarray.DataArray(side[kind], coords=[at]) for side in (program.low, program.high))
        each = {"binary": True} if name == "whole" else {"lower": low, "upper": high}
        groups[name] = m.add_variables(coords=[at], name=name, **each)
    labels = np.zeros(a.shape[1], np.int64)
    for name, kind in (("whole", program.whole), ("free", ~program.whole)):
        labels[kind] = groups[name].labels.values
    lengths = np.diff(a.indptr)
    widths = np.where(lengths > 3, np.exp2(np.ceil(np.log2(np.maximum(lengths, 1)))), lengths).astype(int)
    for width in np.unique(widths[widths > 0]):
        rows = np.flatnonzero(widths == width)
        term = np.arange(width)
        there = term < lengths[rows][:, None]
        where = np.where(there, a.indptr[rows][:, None] + term, 0)
        dims = {"r": rows, "_term": term}
        factors, variables = np.where(there, a.data[where], np.nan), np.where(there, labels[a.indices[where]], -1)
        terms = {"coeffs": (("r", "_term"), factors), "vars": (("r", "_term"), variables)}
        form = linopy.LinearExpression(xarray.Dataset(terms | {"const": ("r", np.zeros(len(rows)))}, coords=dims), m)
        for sign, side, held in _sides(program, rows):
            if held.any():
                some = rows[held]
                m.add_constraints(form.sel(r=some), sign, xarray.DataArray(side[some], coords={"r": some}, dims="r"))
    cost = [(xarray.DataArray(program.cost[kind], coords=groups[name].coords) * groups[name]).sum()
            for name, kind in (("whole", program.whole), ("free", ~program.whole))]  # fmt: skip
    m.add_objective(cost[0] + cost[1])
    return m.to_highspy()


def _sides(program: Program, rows: np.ndarray) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Sign and right-hand side of rows, and which of them have it."""
    low, high = program.row_low[rows], program.row_high[rows]
    same = low == high
    return [("=", program.row_high, same), ("<=", program.row_high, ~same & np.isfinite(high)),
            (">=", program.row_low, ~same & np.isfinite(low))]  # fmt: skip


def pulp_of(program: Program) -> highspy.Highs:
    """PuLP, row by row."""
    m, a = pulp.LpProblem(), program.rows.tocsr()
    bound = lambda value: float(value) if np.isfinite(value) else None  # noqa: E731
    x = [
        pulp.LpVariable(f"x{n}", bound(low), bound(high), cat="Integer" if whole else "Continuous")
        for n, (low, high, whole) in enumerate(zip(program.low, program.high, program.whole, strict=True))
    ]
    m += pulp.LpAffineExpression([(x[n], c) for n, c in enumerate(program.cost.tolist()) if c])
    columns, values, ends = a.indices.tolist(), a.data.tolist(), a.indptr.tolist()
    for row, (low, high) in enumerate(zip(program.row_low.tolist(), program.row_high.tolist(), strict=True)):
        here = range(ends[row], ends[row + 1])
        form = pulp.LpAffineExpression([(x[columns[n]], values[n]) for n in here])
        if low == high:
            m += form == high
        else:
            m += form <= high if np.isfinite(high) else form >= low
    way = pulp.HiGHS(msg=False)
    way.createAndConfigureSolver(m)
    way.buildSolverModel(m)
    return m.solverModel


OF_MATRIX: dict[str, Callable[[Program], highspy.Highs]] = {"arrays": arrays_of, "linopy": linopy_of, "PuLP": pulp_of}
