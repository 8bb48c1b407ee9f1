"""The model as a matrix held in HiGHS: built once, then solved again under other limits, forced projects, another objective.

Every limit is a row of its own with an elastic column (held at nil unless asked for), so that it can be moved, dropped, made
the objective, or priced. Each solve starts afresh, so that an answer never depends on the questions asked before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import highspy
import numpy as np
import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC
from pyomo.repn import generate_standard_repn
from scipy import sparse

from workbench import dictionary
from workbench.selection import limits, model, standard_form
from workbench.selection.limits import Limit
from workbench.selection.problem import Problem
from workbench.selection.standard_form import StandardForm

Key = tuple[str, str]
_INF = highspy.kHighsInf
_NEAR = 1e-6  # absolute gap that is accepted, in the unit of what is made least
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
    """An answer: `status`, the `chosen` projects, the objective's `value` and proven `bound`, and all `columns`."""

    status: str
    chosen: frozenset[str] = frozenset()
    value: float | None = None
    bound: float | None = None
    columns: np.ndarray | None = None

    @property
    def solved(self) -> bool:
        """Whether there is a plan."""
        return self.value is not None


class Matrix:
    """A problem's model in HiGHS, with its `limits` as rows that can be moved."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.limits: list[Limit] = limits.of(problem)
        with PauseGC():
            self._compile()

    def _compile(self) -> None:
        m = model.build(limits.stripped(self.problem))
        made = standard_form.compile_model(m)
        self._place, first = made.place, len(made.whole)
        self._x = {i: self._place[id(m.x[i])] for i in m.I}
        self._slack = {limit.key: first + n for n, limit in enumerate(self.limits)}
        self._row = {limit.key: made.a.shape[0] + n for n, limit in enumerate(self.limits)}
        self._width = first + len(self.limits)
        self.cost, self.emissions = self._form(m.cost.expr), self._form(m.emissions)
        self.capital, self.tce = self._form(m.capital), self._form(m.tce)
        self._forms = {limit.key: self._limited(m, limit) for limit in self.limits}
        self._made = self._with_limits(made)
        self._highs = standard_form.load(self._made, self.problem.settings)
        self._highs.setOptionValue("mip_max_nodes", int(dictionary.threshold("questions_most_nodes")))

    def _form(self, expression) -> Form:
        found = generate_standard_repn(expression, compute_values=True)
        row = np.zeros(self._width)
        for v, coefficient in zip(found.linear_vars, found.linear_coefs, strict=True):
            row[self._place[id(v)]] += coefficient
        return Form(row, float(found.constant))

    def _limited(self, m: pyo.ConcreteModel, limit: Limit) -> Form:
        """What a limit limits, in its unit."""
        problem = self.problem
        if limit.limit in ("budget", "carbon_intensity"):
            return self.emissions
        if limit.limit == "energy_intensity":
            return self.tce
        if limit.limit == "capital_limit":
            return self.capital
        if limit.limit == "emission_limit":
            return self._form(m.s[limit.who] + 0.0)
        if limit.limit == "enterprise_capital":
            capex = dict(zip(problem.projects["project_id"], problem.projects["capex"].astype(float), strict=True))
            return self.projects({i: share * capex[i] for (i, e), share in problem.shares.items() if e == limit.who})
        members = problem.groups.loc[problem.groups["group_id"].astype(str) == limit.who, "project_id"]
        return self.projects(dict.fromkeys(set(members) & set(problem.ids), 1.0))

    def _with_limits(self, made: StandardForm) -> StandardForm:
        """The model's matrix with one row a limit and its elastic column, scaled like the rest."""
        count, columns = len(self.limits), made.a.shape[1]
        slack = sparse.diags_array([1.0 if limit.least else -1.0 for limit in self.limits]) if count else None
        held = np.array([self._forms[limit.key].row[:columns] for limit in self.limits]).reshape(count, columns)
        row_size = standard_form.row_sizes(sparse.csr_matrix(held), made.column_size)
        a = sparse.block_array([[made.a, None], [sparse.csr_array(held), slack]]) if count else made.a
        free = np.full(count, _INF)
        return replace(
            made, a=sparse.csr_matrix(a), lower=np.concatenate([made.lower, -free]), upper=np.concatenate([made.upper, free]),
            column_lower=np.concatenate([made.column_lower, np.zeros(count)]),
            column_upper=np.concatenate([made.column_upper, np.zeros(count)]),
            whole=np.concatenate([made.whole, np.zeros(count, bool)]),
            column_size=np.concatenate([made.column_size, row_size]), row_size=np.concatenate([made.row_size, row_size]),
        )  # fmt: skip

    def projects(self, weights: Mapping[str, float], constant: float = 0.0) -> Form:
        """A weighted count of the chosen projects."""
        row = np.zeros(self._width)
        for project, weight in weights.items():
            row[self._x[project]] += weight
        return Form(row, constant)

    def form(self, key: Key) -> Form:
        """What the limit `key` limits."""
        return self._forms[key]

    def slack(self, weights: Mapping[Key, float]) -> Form:
        """A weighted sum of how far limits are exceeded (they must be `elastic`)."""
        row = np.zeros(self._width)
        for key, weight in weights.items():
            row[self._slack[key]] += weight
        return Form(row)

    def solve(
        self, minimise: Form | None = None, *, at: Mapping[Key, float | None] | None = None, fixed: Mapping[str, int] | None = None,
        elastic: Iterable[Key] = (), cuts: Iterable[Cut] = (),
    ) -> Found:  # fmt: skip
        """The plan that makes a form least (the cost unless said).

        `at`: other bounds of limits (None = dropped); `fixed`: projects forced in (1) or out (0); `elastic`: limits that may be
        exceeded; `cuts`: further conditions.
        """
        aim = self.cost if minimise is None else minimise
        added = self._set(aim, at or {}, fixed or {}, elastic, cuts)
        self._highs.setOptionValue("time_limit", self.problem.settings.time_limit_s)
        found = self._answer(aim, self._run())
        if added:
            rows = self._highs.getNumRow()
            self._highs.deleteRows(added, np.arange(rows - added, rows, dtype=np.int32))
        return found

    def relaxed(self, chosen: Mapping[str, int] | None = None) -> tuple[Found, dict[Key, float], dict[str, float]]:
        """The continuous problem: projects in parts (or held at `chosen`), with the price of each limit and reduced costs.

        Prices are the fall of the cost for one unit more room; reduced costs the rise for one unit of a project.
        """
        self._set(self.cost, {}, chosen or {}, (), ())
        highs, made, every = self._highs, self._made, np.arange(self._width, dtype=np.int32)
        kinds = np.where(made.whole, int(highspy.HighsVarType.kInteger), int(highspy.HighsVarType.kContinuous)).astype(np.uint8)
        highs.changeColsIntegrality(self._width, every, np.zeros(self._width, dtype=np.uint8))
        highs.setOptionValue("time_limit", highs.getRunTime() + self.problem.settings.time_limit_s)  # counted over all programs
        found = self._answer(self.cost, self._run(), whole=False)
        solution = highs.getSolution()
        highs.changeColsIntegrality(self._width, every, kinds)
        if not found.solved:
            return found, {}, {}
        rows, columns = self._size / made.row_size, self._size / made.column_size
        prices = {limit.key: (1 if limit.least else -1) * solution.row_dual[n] * rows[n] for limit, n in self._limit_rows()}
        return found, prices, {i: solution.col_dual[n] * columns[n] for i, n in self._x.items()}

    def _limit_rows(self) -> list[tuple[Limit, int]]:
        return [(limit, self._row[limit.key]) for limit in self.limits]

    def _set(self, aim: Form, at: Mapping, fixed: Mapping[str, int], elastic: Iterable[Key], cuts: Iterable[Cut]) -> int:
        highs, made, every = self._highs, self._made, np.arange(self._width, dtype=np.int32)
        lower, upper = made.column_lower.copy(), made.column_upper.copy()
        for project, value in fixed.items():
            lower[self._x[project]] = upper[self._x[project]] = float(value)
        for key in elastic:
            upper[self._slack[key]] = _INF
        highs.changeColsBounds(self._width, every, lower / made.column_size, upper / made.column_size)
        self._aim(aim)
        for limit, row in self._limit_rows():
            bound, off = at.get(limit.key, limit.bound), self._forms[limit.key].constant
            low = bound - off if limit.least and bound is not None else -_INF
            high = bound - off if not limit.least and bound is not None else _INF
            highs.changeRowBounds(row, low / made.row_size[row], high / made.row_size[row])
        cuts = list(cuts)
        for cut in cuts:
            off = cut.form.constant
            standard_form.add_row(highs, made, cut.form.row, cut.lower - off, cut.upper - off)
        return len(cuts)

    def _aim(self, aim: Form) -> None:
        """The objective, scaled; its constant stays outside, so that a gap is relative to what projects change."""
        costs = aim.row * self._made.column_size
        self._size = float(standard_form.power_of_two(np.array([max(np.abs(costs).max(initial=0.0), 1e-12) / 1024]))[0])
        self._highs.changeColsCost(self._width, np.arange(self._width, dtype=np.int32), costs / self._size)
        self._highs.setOptionValue("mip_abs_gap", _NEAR / self._size)

    def _run(self) -> highspy.HighsModelStatus:
        self._highs.clearSolver()
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
        chosen = frozenset(i for i, n in self._x.items() if columns[n] > 0.5)
        return Found("optimal" if status == states.kOptimal else "time_limit", chosen, aim.at(columns), bound, columns)

    def hold(self, form: Form, value: float) -> Cut:
        """Keep a form at no more than the value it reached."""
        return Cut(form, upper=value + HELD * abs(value) + 1e-6)
