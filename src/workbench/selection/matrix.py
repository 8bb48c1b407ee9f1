"""The model as a matrix held in HiGHS: built once, then solved again under other limits, forced projects, another objective.

Every limit is a row of its own with an elastic column (held at nil unless asked for), so that it can be moved, dropped, made
the objective, or priced. Each solve starts afresh, so that an answer never depends on the questions asked before it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import highspy
import numpy as np
from pyomo.common.gc_manager import PauseGC
from scipy import sparse

from workbench import dictionary
from workbench.selection import limit_forms, limits, model, standard_form
from workbench.selection.limits import Limit
from workbench.selection.linear import Linear
from workbench.selection.problem import Plan, Problem
from workbench.selection.standard_form import StandardForm

Key = tuple[str, str]
_INF = highspy.kHighsInf
_NEAR = 1e-6  # absolute gap that is accepted, in the unit of what is made least
SHARES = 3  # of the time for questions: regrets, prices, near-equal bundles
HELD = 1e-9  # relative room left to an objective that is held while another is made least


@dataclass(frozen=True)
class Form:
    """A linear expression over the columns: coefficients and a constant."""

    row: np.ndarray
    constant: float = 0.0

    def __add__(self, other: Form) -> Form:
        return Form(self.row + other.row, self.constant + other.constant)

    def __mul__(self, factor: float) -> Form:
        return Form(self.row * factor, self.constant * factor)

    def at(self, columns: np.ndarray) -> float:
        """Its value for given columns."""
        return float(self.row @ columns + self.constant)


@dataclass(frozen=True)
class Cut:
    """One more condition: lower <= form <= upper."""

    form: Form
    lower: float = -_INF
    upper: float = _INF


@dataclass(frozen=True)
class Found:
    """An answer: `status`, the `chosen` projects (`starts`: with their years), the objective's `value`, `bound`, all `columns`."""

    status: str
    chosen: frozenset[str] = frozenset()
    value: float | None = None
    bound: float | None = None
    columns: np.ndarray | None = None
    starts: Mapping[str, int] = field(default_factory=dict)

    @property
    def decided(self) -> Plan:
        """What is decided: the projects, in a plan by years with their years of start."""
        return self.starts or set(self.chosen)

    @property
    def solved(self) -> bool:
        """Whether there is a plan."""
        return self.value is not None


@dataclass(frozen=True)
class _Row:
    """A row of a limit: its `form` may not exceed `times` x bound; `place` in the matrix."""

    limit: Limit
    form: Form
    times: float
    place: int


class Matrix:
    """A problem's model in HiGHS, with its `limits` as rows that can be moved; of one typical year or by years."""

    def __init__(self, problem: Problem, more: Iterable[Limit] = ()) -> None:
        """`more`: limits besides those of the problem, e.g. rules between projects that are left out of it."""
        self.problem = problem
        self.limits: list[Limit] = [*limits.of(problem), *more]
        self.until: float | None = None  # moment after which no question is asked any more
        self.cut_short = False
        with PauseGC():
            self._compile()

    def ask_for(self, seconds: float) -> None:
        """Ask for so many seconds at most; what comes later stays open (`cut_short`)."""
        self.until = time.monotonic() + seconds

    def _compile(self) -> None:
        m = model.build(limits.stripped(self.problem))
        made = standard_form.compile_model(m)
        first, self._width = len(made.whole), len(made.whole) + len(self.limits)
        places = standard_form.places(made, m.begun).tolist()
        self._states = [(i, t, place) for (i, t), place in zip(m.Y, places, strict=True)]
        self._x = {i: places[last] for i, last in zip(m.I, m.states.last.tolist(), strict=True)}
        self._slack = {limit.key: first + n for n, limit in enumerate(self.limits)}
        objective = m.criteria[self.problem.settings.objective]
        self.cost, self.emissions, self.peak, self.capital = (
            self._form(made, form) for form in (objective, *(m.criteria[name] for name in ("emissions", "peak", "capex")))
        )
        self._rows: list[_Row] = []
        for limit in self.limits:
            for form, times in limit_forms.rows(m, self.problem, limit):
                self._rows.append(_Row(limit, self._form(made, form), times, made.a.shape[0] + len(self._rows)))
        self._made = self._with_limits(made)
        self._highs = standard_form.load(self._made, self.problem.settings)
        nodes = "questions_most_nodes_by_years" if self.problem.horizon.by_years else "questions_most_nodes"
        self._highs.setOptionValue("mip_max_nodes", int(dictionary.threshold(nodes)))

    def _form(self, made: StandardForm, form: Linear) -> Form:
        return Form(np.concatenate([made.vector(form), np.zeros(len(self.limits))]), form.constant)

    def _with_limits(self, made: StandardForm) -> StandardForm:
        """The model's matrix with the rows of each limit and its elastic column, scaled like the rest."""
        count, columns, rows = len(self.limits), made.a.shape[1], self._rows
        if not rows:
            return made
        held = sparse.csr_array(np.array([row.form.row[:columns] for row in rows]))
        place = [self._slack[row.limit.key] - columns for row in rows]
        signs = [row.times if row.limit.least else -row.times for row in rows]
        slack = sparse.csr_array((signs, (range(len(rows)), place)), shape=(len(rows), count))
        row_size, size = standard_form.row_sizes(sparse.csr_matrix(held), made.column_size), np.ones(count)
        np.maximum.at(size, place, row_size)
        free = np.full(len(rows), _INF)
        return replace(
            made, a=sparse.csr_matrix(sparse.block_array([[made.a, None], [held, slack]])),
            lower=np.concatenate([made.lower, -free]), upper=np.concatenate([made.upper, free]),
            column_lower=np.concatenate([made.column_lower, np.zeros(count)]),
            column_upper=np.concatenate([made.column_upper, np.zeros(count)]),
            whole=np.concatenate([made.whole, np.zeros(count, bool)]),
            column_size=np.concatenate([made.column_size, size]), row_size=np.concatenate([made.row_size, row_size]),
        )  # fmt: skip

    def projects(self, weights: Mapping[str, float], constant: float = 0.0) -> Form:
        """A weighted count of the chosen projects."""
        row = np.zeros(self._width)
        for project, weight in weights.items():
            row[self._x[project]] += weight
        return Form(row, constant)

    def level(self, limit: Limit) -> Form:
        """The bound of a limit that is just enough, to be made least (of a least: to be made most) with the limit `free`."""
        return self.slack({limit.key: -1.0 if limit.least else 1.0}) + Form(np.zeros(self._width), limit.bound)

    def slack(self, weights: Mapping[Key, float]) -> Form:
        """A weighted sum of how far limits are exceeded (they must be `elastic`)."""
        row = np.zeros(self._width)
        for key, weight in weights.items():
            row[self._slack[key]] += weight
        return Form(row)

    def solve(
        self, minimise: Form | None = None, *, at: Mapping[Key, float | None] | None = None, fixed: Mapping[str, int] | None = None,
        elastic: Iterable[Key] = (), free: Iterable[Key] = (), cuts: Iterable[Cut] = (), start: np.ndarray | None = None,
    ) -> Found:  # fmt: skip
        """The plan that makes a form least (the cost unless said).

        `at`: other bounds of limits (None = dropped); `fixed`: projects forced in (1), out (0) or to a year of start; `elastic`:
        limits that may be exceeded; `free`: limits whose bound the plan sets; `cuts`: further conditions; `start`: columns of a
        plan to begin from.
        """
        aim = self.cost if minimise is None else minimise
        left = self.problem.settings.time_limit_s if self.until is None else self.until - time.monotonic()
        if left <= 0:
            self.cut_short = True
            return Found("time_limit")
        added = self._set(aim, at or {}, fixed or {}, elastic, cuts, free)
        self._highs.setOptionValue("time_limit", min(left, self.problem.settings.time_limit_s))
        found = self._answer(aim, self._run(start))
        if added:
            rows = self._highs.getNumRow()
            self._highs.deleteRows(added, np.arange(rows - added, rows, dtype=np.int32))
        return found

    def relaxed(self, chosen: Mapping[str, int] | None = None) -> tuple[Found, dict[Key, float], dict[str, float]]:
        """The continuous problem: projects in parts, with the price of each limit and reduced costs.

        With `chosen` all that is yes or no is held as that plan has it. Prices are the fall of the cost for one unit more room;
        reduced costs the rise for one unit of a project.
        """
        plan = None
        if chosen and self._made.whole.sum() > len(self._states):  # more is yes or no than the projects
            plan = self.solve(fixed=chosen)
            if plan.columns is None:
                return Found(plan.status), {}, {}
        self._set(self.cost, {}, chosen or {}, (), ())
        if plan is not None:
            self._hold_whole(plan.columns)
        found, solution = self._continuous()
        if found.status != "optimal":  # prices of a program that was not solved to the end say nothing
            self.cut_short = self.cut_short or found.status == "time_limit"
            return Found(found.status), {}, {}
        made = self._made
        rows, columns = self._size / made.row_size, self._size / made.column_size
        prices = {limit.key: 0.0 for limit in self.limits}
        for row in self._rows:
            prices[row.limit.key] += (1 if row.limit.least else -1) * row.times * solution.row_dual[row.place] * rows[row.place]
        return found, prices, {i: solution.col_dual[n] * columns[n] for i, n in self._x.items()}

    def settled(self, most: float, at: Mapping[Key, float | None], fixed: Mapping[str, int] | None = None) -> dict[str, int]:
        """Projects that are in (1), or out (0), in every plan that costs no more than `most`; `fixed` alone once the time is up.

        The continuous problem costs less than any plan, and a plan that has a project the other way costs at least its reduced
        cost more.
        """
        if self.until is not None and time.monotonic() >= self.until:
            return dict(fixed or {})
        self._set(self.cost, at, fixed or {}, (), ())
        held = dict(fixed or {})
        found, solution = self._continuous()
        if found.status != "optimal":
            return held
        room = most - found.value + 1e-6 * (1 + abs(most))
        extra = {i: solution.col_dual[n] * self._size / self._made.column_size[n] for i, n in self._x.items()}
        return {i: int(cost < 0) for i, cost in extra.items() if abs(cost) > room} | held

    def _hold_whole(self, columns: np.ndarray) -> None:
        """Hold every column that is yes or no as it is in a plan."""
        where = np.flatnonzero(self._made.whole).astype(np.int32)
        value = np.round(columns[where]) / self._made.column_size[where]
        self._highs.changeColsBounds(len(where), where, value, value)

    def _continuous(self) -> tuple[Found, highspy.HighsSolution]:
        """What is set, solved without the demand that anything be whole."""
        highs, made, every = self._highs, self._made, np.arange(self._width, dtype=np.int32)
        kinds = np.where(made.whole, int(highspy.HighsVarType.kInteger), int(highspy.HighsVarType.kContinuous)).astype(np.uint8)
        highs.changeColsIntegrality(self._width, every, np.zeros(self._width, dtype=np.uint8))
        highs.setOptionValue("time_limit", highs.getRunTime() + self.problem.settings.time_limit_s)  # counted over all programs
        found = self._answer(self.cost, self._run(), whole=False)
        solution = highs.getSolution()
        highs.changeColsIntegrality(self._width, every, kinds)
        return found, solution

    def _set(
        self,
        aim: Form,
        at: Mapping,
        fixed: Mapping[str, int],
        elastic: Iterable[Key],
        cuts: Iterable[Cut],
        free: Iterable[Key] = (),
    ) -> int:
        highs, made, every = self._highs, self._made, np.arange(self._width, dtype=np.int32)
        lower, upper = made.column_lower.copy(), made.column_upper.copy()
        self._fix(fixed, lower, upper)
        for key in elastic:
            upper[self._slack[key]] = _INF
        for key in free:
            lower[self._slack[key]], upper[self._slack[key]] = -_INF, _INF
        highs.changeColsBounds(self._width, every, lower / made.column_size, upper / made.column_size)
        self._aim(aim)
        for row in self._rows:
            bound, off, size = at.get(row.limit.key, row.limit.bound), row.form.constant, made.row_size[row.place]
            low = row.times * bound - off if row.limit.least and bound is not None else -_INF
            high = row.times * bound - off if not row.limit.least and bound is not None else _INF
            highs.changeRowBounds(row.place, low / size, high / size)
        cuts = list(cuts)
        for cut in cuts:
            off = cut.form.constant
            standard_form.add_row(highs, made, cut.form.row, cut.lower - off, cut.upper - off)
        return len(cuts)

    def _fix(self, fixed: Mapping[str, int], lower: np.ndarray, upper: np.ndarray) -> None:
        """Projects in, out or to a year of start: a project left out has begun by no year."""
        for i, t, column in self._states:
            value = fixed.get(i)
            if value == 0 or (value is not None and value > 1):
                lower[column] = upper[column] = float(value and t >= value)
            elif value == 1 and column == self._x[i]:
                lower[column] = upper[column] = 1.0

    def _aim(self, aim: Form) -> None:
        """The objective, scaled; its constant stays outside, so that a gap is relative to what projects change."""
        costs = aim.row * self._made.column_size
        self._size = float(standard_form.power_of_two(np.array([max(np.abs(costs).max(initial=0.0), 1e-12) / 1024]))[0])
        self._highs.changeColsCost(self._width, np.arange(self._width, dtype=np.int32), costs / self._size)
        self._highs.setOptionValue("mip_abs_gap", _NEAR / self._size)

    def _run(self, start: np.ndarray | None = None) -> highspy.HighsModelStatus:
        self._highs.clearSolver()
        if start is not None:
            known = highspy.HighsSolution()
            known.col_value = (start / self._made.column_size).tolist()
            self._highs.setSolution(known)
        self._highs.run()
        return self._highs.getModelStatus()

    def _answer(self, aim: Form, status: highspy.HighsModelStatus, whole: bool = True) -> Found:
        """What a run came to: without a proof that there is no plan, an answer cut short stays open (`time_limit`)."""
        states, info = highspy.HighsModelStatus, self._highs.getInfo()
        if status in (states.kInfeasible, states.kUnboundedOrInfeasible):
            return Found("infeasible")
        bound = float(info.mip_dual_bound if whole and self._made.whole.any() else info.objective_function_value)
        bound = bound * self._size + aim.constant
        if info.primal_solution_status != 2:
            return Found("time_limit", bound=bound if whole and math.isfinite(bound) else None)
        columns = np.array(self._highs.getSolution().col_value) * self._made.column_size
        starts: dict[str, int] = {}
        for i, t, n in self._states:
            if columns[n] > 0.5:
                starts[i] = min(t, starts.get(i, t))
        status = "optimal" if status == states.kOptimal else "time_limit"
        return Found(status, frozenset(starts), aim.at(columns), bound, columns, starts if self.problem.horizon.by_years else {})

    def hold(self, form: Form, value: float) -> Cut:
        """Keep a form at no more than the value it reached."""
        return Cut(form, upper=value + HELD * abs(value) + 1e-6)
