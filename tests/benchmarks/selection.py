"""How fast the readable model stands in the solver, beside bare arrays and other libraries on the same matrix in the same run.

    python tests/benchmarks/selection.py [--projects 100 1000 10000 100000] [--repeats 5] [--solve]

Ways: arrays written by hand and passed in one call; the workbench's Pyomo model; linopy; PuLP; plain Pyomo rules through its two
interfaces to HiGHS; highspy's own calls. All start from the same arrays in memory and end with the model inside HiGHS. Medians;
memory is what a way adds at its peak, measured in a process of its own. `--solve` adds the time to a proven answer, at once and by
parts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import resource
import statistics
import time
from collections.abc import Callable

import highspy
import instances
import linopy
import numpy as np
import pandas as pd
import pulp
import pyomo.environ as pyo
from pyomo.contrib.appsi.solvers import Highs as Appsi
from pyomo.contrib.solver.solvers.highs import Highs as Contrib

from workbench.selection import decomposition, mixed_integer, solve

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


def build_seconds(way: str, made: instances.Instance, repeats: int) -> float:
    """Median processor time of one way, first call left out. The workbench starts from its problem, as the others from arrays."""
    work = WAYS[way]
    if way == "workbench":
        problem = instances.problem(made)
        work = lambda _: solve.Model(problem)  # noqa: E731
    work(made)
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work(made)
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def _peak(way: str, count: int, told) -> None:
    made = instances.instance(count)
    subject = instances.problem(made) if way == "workbench" else made
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept = solve.Model(subject).highs if way == "workbench" else WAYS[way](subject)
    told.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, size_of(kept)))


def memory_mb(way: str, count: int) -> float:
    """What one way adds to the memory at its peak, in a process of its own."""
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=_peak, args=(way, count, there))
    child.start()
    grown, _ = here.recv()
    child.join()
    return grown / 1024


def measure(count: int, repeats: int, memory: bool = True) -> pd.DataFrame:
    """Build seconds, ratio to the arrays and memory of every way."""
    made = instances.instance(count)
    rows = []
    for way in WAYS:
        grown = memory_mb(way, count) if memory else float("nan")
        rows.append({"projects": count, "way": way, "build_s": build_seconds(way, made, repeats), "memory_mb": grown})
    table = pd.DataFrame(rows)
    table["x_arrays"] = table["build_s"] / table["build_s"].iat[0]
    table["x_linopy"] = table["build_s"] / table.set_index("way").at["linopy", "build_s"]
    return table


def proofs(count: int, gap: float) -> pd.DataFrame:
    """Seconds to an answer proven to `gap`: arrays and the workbench's model at once, and by parts."""
    made = instances.instance(count)
    problem = instances.problem(made, selection_gap=gap, time_limit_s=600.0)
    program, coupling = instances.arrays(made)
    rows = []
    for way, work in {
        "arrays, at once": lambda: mixed_integer.minimise(program, problem.settings),
        "workbench, at once": lambda: solve.Model(problem).solve(tie_break=False),
        "by parts": lambda: decomposition.solve(program, coupling, problem.settings),
    }.items():
        start = time.process_time()
        found = work()
        row = {"projects": count, "way": way, "total_s": time.process_time() - start, "value": found.value, "bound": found.bound}
        rows.append(row | {"gap": abs(found.value - found.bound) / abs(found.value)})
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", type=int, nargs="+", default=[100, 1000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--solve", action="store_true")
    parser.add_argument("--gap", type=float, default=1e-3)
    args = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}, HiGHS {solve.solver_version()}; processor time, medians")
    for count in args.projects:
        print(measure(count, args.repeats).to_string(index=False, float_format="{:,.3f}".format))
        if args.solve:
            print(proofs(count, args.gap).to_string(index=False, float_format="{:,.6g}".format))


if __name__ == "__main__":
    main()
