"""Solving: HiGHS through Pyomo, ties broken by solving again, infeasibility answered by what can be reached."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import version

import pyomo.environ as pyo
from pyomo.contrib.solver.common.factory import SolverFactory

from workbench.selection import model
from workbench.selection.problem import Problem

_TIE = 1e-9  # relative room left to the earlier objective when a tie is broken


@dataclass(frozen=True)
class Answer:
    """What the solver found: `status` (optimal, feasible, infeasible, time_limit), the `chosen` projects, value, bound, gap."""

    status: str
    chosen: frozenset[str]
    value: float | None
    bound: float | None
    gap: float | None
    build_seconds: float
    solve_seconds: float


def solve(problem: Problem, *, tie_break: bool = True) -> Answer:
    """Least objective of `problem`; among equals least emissions, then least capital, then first by project id."""
    started = time.perf_counter()
    m = model.build(problem)
    built = time.perf_counter()
    result, status = _run(m, problem, problem.settings.time_limit_s)
    if result is None:
        return Answer(status, frozenset(), None, None, None, built - started, time.perf_counter() - built)
    value, bound = result
    chosen = _chosen(m)
    if tie_break and status == "optimal" and len(m.I):
        for again in ("emissions", "capital", "order"):
            _hold(m, again)
            better, state = _run(m, problem, max(1.0, problem.settings.time_limit_s - (time.perf_counter() - built)))
            if better is None or state != "optimal":
                break
            chosen = _chosen(m)
    value = problem.value(set(chosen))
    gap = abs(value - bound) / max(1e-9, abs(value)) if bound is not None else None
    if gap is not None and gap < 1e-9:
        gap = 0.0
    return Answer(status, chosen, value, bound, gap, built - started, time.perf_counter() - built)


def least_emissions(problem: Problem) -> float | None:
    """Least cluster emissions that the rules and limits allow (no budget); None when even the rules contradict each other."""
    m = model.build(problem.at(None))
    _objective(m, m.emissions)
    result, _ = _run(m, problem, problem.settings.time_limit_s)
    return None if result is None else problem.emissions(set(_chosen(m)))


def _chosen(m: pyo.ConcreteModel) -> frozenset[str]:
    return frozenset(i for i in m.I if (m.x[i].value or 0.0) > 0.5)  # a project no constraint knows has no value


def _objective(m: pyo.ConcreteModel, expression) -> None:
    if m.component("cost") is not None:
        m.cost.deactivate()
    if m.component("also") is not None:
        m.del_component("also")
    m.also = pyo.Objective(expr=expression)


def _hold(m: pyo.ConcreteModel, again: str) -> None:
    """Keep what was reached so far and make the next criterion least."""
    active = next(m.component_data_objects(pyo.Objective, active=True))
    reached = pyo.value(active.expr)
    if m.component("held") is None:
        m.held = pyo.ConstraintList(doc="what the earlier objectives reached")
    if active.expr.is_potentially_variable():  # without a project that matters the objective is a number
        m.held.add(active.expr <= reached + _TIE * abs(reached) + 1e-6)
    order = {i: n for n, i in enumerate(m.I, start=1)}
    expression = {"emissions": m.emissions, "capital": m.capital, "order": sum(order[i] * m.x[i] for i in m.I)}[again]
    if len(m.I):
        _objective(m, expression)


def _run(m: pyo.ConcreteModel, problem: Problem, seconds: float) -> tuple[tuple[float, float | None] | None, str]:
    """One HiGHS run: ((objective, bound), status), or (None, status) without a plan. The plan is left in the variables."""
    if not len(m.I):
        return _without_projects(m)
    settings = problem.settings
    solver = SolverFactory("highs")
    result = solver.solve(
        m, load_solutions=False, raise_exception_on_nonoptimal_result=False, threads=1, time_limit=seconds,
        rel_gap=settings.selection_gap, solver_options={"random_seed": settings.seed, "mip_feasibility_tolerance": 1e-9},
    )  # fmt: skip
    state = result.termination_condition.name
    if result.incumbent_objective is None or result.solution_status.name not in ("optimal", "feasible"):
        return None, "time_limit" if "ime" in state else "infeasible"
    result.solution_loader.load_vars()
    status = "optimal" if result.solution_status.name == "optimal" else "time_limit" if "ime" in state else "feasible"
    return (float(result.incumbent_objective), result.objective_bound), status


def _without_projects(m: pyo.ConcreteModel) -> tuple[tuple[float, float | None] | None, str]:
    """No project at all: the plan is to do nothing, feasible when every limit holds as it stands."""
    for e in m.E:
        m.s[e].set_value(pyo.value(m.enterprise_emissions[e].upper) if m.enterprise_emissions[e].upper is not None else 0.0)
        body = m.enterprise_emissions[e].body
        m.s[e].set_value(m.s[e].value - (pyo.value(body) - pyo.value(m.enterprise_emissions[e].upper)))
    for row in m.component_data_objects(pyo.Constraint, active=True):
        value = pyo.value(row.body)
        if (row.upper is not None and value > pyo.value(row.upper) + 1e-6) or (
            row.lower is not None and value < pyo.value(row.lower) - 1e-6
        ):
            return None, "infeasible"
    return (0.0, 0.0), "optimal"


def solver_version() -> str:
    """Version of HiGHS as installed."""
    return version("highspy")
