"""Solving: a model held in HiGHS, solved again under other budgets, objectives and forced projects; ties broken by solving again.

Among plans of equal objective the one with least emissions is taken, then least capital, then fewest projects, then the one whose
first projects by id are in; so an answer never depends on the order of rows. Each solve starts afresh: an answer never depends on
the questions asked before it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version

import highspy
import numpy as np
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.common.gc_manager import PauseGC

from workbench import dictionary
from workbench.selection import caps, model, reduced_costs, standard_form, time_limit
from workbench.selection.linear import Linear
from workbench.selection.problem import Plan, Problem
from workbench.selection.standard_form import INF

_TIE = 1e-9  # relative room left to the earlier objective when a tie is broken
_ROOM = 1e-6  # absolute room, in units of the objective
TIES = 3000  # states up to which ties are broken; beyond, plans within the gap are as good as each other
_NO_END = 2**31 - 1  # nodes: as many as it takes
_BITS = 20  # states whose order is settled at once: 2^20 is told apart exactly
_SAME = "the problem's own budget"


@dataclass(frozen=True)
class Answer:
    """What the solver found: `status` (optimal, feasible, infeasible, time_limit), the `chosen` projects, value, bound, gap.

    `starts`: year of start of each chosen project. `unique`: no other plan is as good; None where that was not asked or shown.
    `ties`: `only plan`, `settled` (the first of several as good, by the rule above), `open` (not settled within the nodes
    allowed: another plan as good may exist that the rule would put first), `not asked`.
    """

    status: str
    chosen: frozenset[str]
    value: float | None
    bound: float | None
    gap: float | None
    build_seconds: float
    solve_seconds: float
    starts: Mapping[str, int] = field(default_factory=dict)
    unique: bool | None = None
    columns: int = 0
    rows: int = 0
    ties: str = "not asked"


class Model:
    """A problem held by the solver: `solve` as often as needed with other budgets, objectives, forced or forbidden projects."""

    def __init__(self, problem: Problem) -> None:
        started = time.perf_counter()
        self.problem = problem
        if problem.budget is None:  # a row for a budget stands in any case
            problem = replace(problem, budget=1e6 * (1.0 + abs(problem.emissions_before)))
        self._impossible = False
        try:
            with PauseGC():
                self.model = model.build(problem)
                self.form = standard_form.compile_model(self.model)
                self._prepare()
        except InfeasibleConstraintException:
            self._impossible = True
        self.build_seconds = time.perf_counter() - started

    def _prepare(self) -> None:
        m, form = self.model, self.form
        self.highs = standard_form.load(form, self.problem.settings)
        self._criteria: dict[str, tuple[np.ndarray, float]] = {}
        self._states = m.Y
        self._y = standard_form.places(form, m.begun)
        self._budgets = {index[3]: form.rows[row] for index, row in m.caps.items() if index[0] == "budget"}
        self._room = {t: self._budget_row(t) for t in self._budgets}
        self._rows = form.a.shape[0]

    @cached_property
    def _x(self) -> dict[str, int]:
        """Column of the last state of each project."""
        return dict(zip(self.model.I, self._y[self.model.states.last].tolist(), strict=True))

    def _budget_row(self, year: int) -> float:
        """What is added to a budget to give the right-hand side of its row."""
        return -self.model.emitted[year].constant

    @property
    def criteria(self) -> tuple[str, ...]:
        """Objectives this model can make least without being built again."""
        return self.model.criteria.names

    def solve(
        self, budget: float | None | str = _SAME, *, objective: str | None = None, fixed: Mapping[str, int] | None = None,
        without: Iterable[Plan] = (), tie_break: bool = True, seconds: float | None = None, gap: float | None = None,
    ) -> Answer:  # fmt: skip
        """Least objective; `budget`: another one from the target year on (None: none at all).

        `fixed`: projects forced in (1), out (0) or, in a plan by years, to a year of start; `without`: plans not wanted again.
        `seconds`: time for all its solves together (else time_limit_s), kept also where HiGHS would not (see `time_limit`).
        """
        started = time.perf_counter()
        objective = objective or self.problem.settings.objective
        if self._impossible:
            return self._nothing("infeasible", started)
        if objective not in self.criteria:
            case = self.problem.at(self.problem.budget if budget == _SAME else budget, objective=objective)
            return Model(case).solve(fixed=fixed, without=without, tie_break=tie_break, seconds=seconds, gap=gap)
        self._deadline = started + (self.problem.settings.time_limit_s if seconds is None else seconds)
        self._set(self.problem.budget if budget == _SAME else budget, fixed or {}, gap)
        for plan in without:
            self._forbid(plan)
        answer = self._least(objective, tie_break, started)
        self._release()
        return answer

    def _least(self, objective: str, tie_break: bool, started: float) -> Answer:
        vector, constant = self.criterion(objective)
        status, bound = self._run(vector, constant, exact=objective in ("emissions", "peak"))
        if status in ("infeasible", "time_limit") and not self._has_plan():
            return self._nothing(status, started)
        states, unique, settled = self._plan(), None, False
        if tie_break and status == "optimal" and 0 < len(self._states) <= TIES:
            self.highs.setOptionValue("mip_max_nodes", int(dictionary.threshold("ties_most_nodes")))
            states, unique, settled = self._break_ties(vector, constant, states)
            self.highs.setOptionValue("mip_max_nodes", _NO_END)
        ties = "not asked" if not tie_break else "only plan" if unique else "settled" if settled else "open"
        return replace(self._answer(objective, status, bound, states, unique, started), ties=ties)

    def _set(self, budget: float | None, fixed: Mapping[str, int], gap: float | None) -> None:
        highs, form = self.highs, self.form
        lower, upper = form.column_lower.copy(), form.column_upper.copy()
        for project, value in fixed.items():
            if value in (0, 1):
                lower[self._x[project]] = upper[self._x[project]] = float(value)
                continue
            for (i, t), column in zip(self._states, self._y, strict=True):
                if i == project:
                    lower[column] = upper[column] = float(t >= value)
        n = len(lower)
        highs.changeColsBounds(n, np.arange(n, dtype=np.int32), lower / form.column_size, upper / form.column_size)
        highs.setOptionValue("mip_rel_gap", self.problem.settings.selection_gap if gap is None else gap)
        path = {cap.year: cap.at_most for cap in caps.budgets(replace(self.problem, budget=None))}
        for year, row in self._budgets.items():
            held = [b for b in (path.get(year), budget if year >= self.problem.horizon.target else None) if b is not None]
            if row is not None:
                most = min(held) + self._room[year] if held else INF
                highs.changeRowBounds(row, -INF, most / form.row_size[row])

    def _run(self, vector: np.ndarray, constant: float, *, exact: bool = False) -> tuple[str, float | None]:
        """One solve of a criterion: (status, proven bound in natural units)."""
        highs, form = self.highs, self.form
        costs = vector * form.column_size
        size = float(standard_form.power_of_two(np.array([max(np.abs(costs).max(initial=0.0), 1e-12) / 1024]))[0])
        highs.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs / size)
        highs.changeObjectiveOffset(constant / size)
        highs.setOptionValue("mip_abs_gap", 0.0 if exact else self.problem.settings.selection_abs_gap / size)
        highs.clearSolver()
        self._found = found = time_limit.run(highs, self._deadline - time.perf_counter())
        states, status = highspy.HighsModelStatus, found.status
        if status == states.kModelEmpty:
            return "optimal", constant
        if status in (states.kInfeasible, states.kUnboundedOrInfeasible):
            return "infeasible", None
        if status != states.kOptimal:  # cut short, or given up by the solver: nothing is proven
            return "time_limit", found.bound * size if math.isfinite(found.bound) else None
        return "optimal", found.bound * size

    def _has_plan(self) -> bool:
        return self._found.columns is not None

    def _plan(self) -> np.ndarray:
        """States of the plan found, 0 or 1."""
        return (self._found.columns[self._y] > 0.5) if len(self._y) else np.zeros(0, bool)

    def _break_ties(self, vector: np.ndarray, constant: float, states: np.ndarray) -> tuple[np.ndarray, bool | None, bool]:
        """Hold what was reached and make the next criterion least, as long as another plan is as good.

        The plan, whether it is the only one (None: not shown), and whether the tie is settled: each question ends after a number
        of nodes, since nearly alike projects allow more plans than can be told apart.
        """
        reduced_costs.hold(self.highs, self._found.columns, self._deadline - time.perf_counter())
        self._hold(vector, states)
        best, unique = states, True
        for name in ("emissions", "capex", "number"):
            more = self._another(best)
            if not more:
                return best, (unique if more is False or not unique else None), more is False
            unique = False
            criterion = self._criterion(name)
            status, _ = self._run(criterion, 0.0, exact=True)
            if status != "optimal":
                return best, unique, False
            best = self._plan()
            self._hold(criterion, best)
        more = self._another(best)
        best, settled = self._first_by_id(best) if more else (best, more is False)
        return best, False, settled

    def _another(self, best: np.ndarray) -> bool | None:
        """Whether another plan keeps everything held so far; None where that is not shown within the nodes allowed."""
        self._differ(best)
        status, _ = self._run(np.zeros(len(self.form.whole)), 0.0)
        self.highs.deleteRows(1, np.array([self.highs.getNumRow() - 1], dtype=np.int32))
        return {"optimal": True, "infeasible": False}.get(status)

    def _criterion(self, name: str) -> np.ndarray:
        if name == "number":
            return self.form.vector(Linear.total(self.model.begun[self.model.states.last].tolist()))
        return self.criterion(name)[0]

    def criterion(self, name: str) -> tuple[np.ndarray, float]:
        """A criterion over the columns: coefficients and constant."""
        if name not in self._criteria:
            form = self.model.criteria[name]
            self._criteria[name] = self.form.vector(form), form.constant
        return self._criteria[name]

    def _first_by_id(self, best: np.ndarray) -> tuple[np.ndarray, bool]:
        """The plan whose first projects are in, and start first: the states read as a binary number, block by block."""
        for start in range(0, len(self._y), _BITS):
            columns = self._y[start : start + _BITS]
            vector = np.zeros(len(self.form.whole))
            vector[columns] = -np.exp2(np.arange(len(columns))[::-1])
            status, _ = self._run(vector, 0.0, exact=True)
            if status != "optimal":
                return best, False
            best = self._plan()
            for column, state in zip(columns, best[start : start + _BITS], strict=True):
                self.highs.changeColBounds(int(column), float(state), float(state))
        return best, True

    def _hold(self, vector: np.ndarray, states: np.ndarray) -> None:
        """Keep a criterion at no more than a plan reaches."""
        reached = float(vector @ (self._found.columns * self.form.column_size))
        standard_form.add_row(self.highs, self.form, vector, -INF, reached + _TIE * abs(reached) + _ROOM)

    def _differ(self, states: np.ndarray) -> None:
        vector = np.zeros(len(self.form.whole))
        vector[self._y] = np.where(states, -1.0, 1.0)
        standard_form.add_row(self.highs, self.form, vector, 1.0 - float(states.sum()), INF)

    def _forbid(self, plan: Plan) -> None:
        """This plan not again: another set of projects (with years of start given, another start will do)."""
        if isinstance(plan, Mapping):
            starts = dict(plan)
            self._differ(np.array([i in starts and t >= starts[i] for i, t in self._states], bool))
            return
        vector, chosen = np.zeros(len(self.form.whole)), set(plan)
        for i, column in self._x.items():
            vector[column] = -1.0 if i in chosen else 1.0
        standard_form.add_row(self.highs, self.form, vector, 1.0 - len(chosen & set(self._x)), INF)

    def _release(self) -> None:
        """Take the rows added for one question back."""
        rows = self.highs.getNumRow()
        if rows > self._rows:
            self.highs.deleteRows(rows - self._rows, np.arange(self._rows, rows, dtype=np.int32))

    def _nothing(self, status: str, started: float) -> Answer:
        return Answer(status, frozenset(), None, None, None, self.build_seconds, time.perf_counter() - started)

    def _answer(
        self, objective: str, status: str, bound: float | None, states: np.ndarray, unique: bool | None, started: float
    ) -> Answer:
        starts: dict[str, int] = {}
        for (i, t), on in zip(self._states, states, strict=True):
            if on:
                starts[i] = min(t, starts.get(i, t))
        value = self.problem.value(starts, objective)
        gap = None
        if bound is not None:
            bound = min(bound, value)
            gap = (value - bound) / max(1e-9, abs(value))
            gap = 0.0 if gap < 1e-9 else gap
        return Answer(
            status, frozenset(starts), value, bound, gap, self.build_seconds, time.perf_counter() - started, starts, unique,
            len(self.form.whole), self._rows,
        )  # fmt: skip


def solve(problem: Problem, *, tie_break: bool = True) -> Answer:
    """Least objective of `problem`; among equals least emissions, then capital, then number, then first by project id."""
    return Model(problem).solve(tie_break=tie_break)


def least_emissions(problem: Problem) -> float | None:
    """Least cluster emissions that the rules and limits allow (no budget); None when even the rules contradict each other.

    In a plan by years the least of what a budget is compared with: the highest emissions from the target year on.
    """
    free = problem.at(None, relaxed=problem.relaxed | {"budget"})
    found = Model(free).solve(objective="peak", tie_break=False)
    return None if found.value is None else problem.peak(found.starts)


def solver_version() -> str:
    """Version of HiGHS as installed."""
    return version("highspy")
