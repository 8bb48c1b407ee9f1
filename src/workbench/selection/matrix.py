"""The model as a matrix held in HiGHS: built once, then solved again under other limits, forced projects, another objective.

Every limit is a row of its own with an elastic column (held at nil unless asked for), so that it can be moved, dropped, made
the objective, or priced. Each solve starts afresh, so that an answer never depends on the questions asked before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import highspy
import numpy as np
import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC
from pyomo.repn import generate_standard_repn
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from workbench.selection import limits, model
from workbench.selection.limits import Limit
from workbench.selection.problem import Problem

Key = tuple[str, str]
_INF = highspy.kHighsInf
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
        table = LinearStandardFormCompiler().write(m, mixed_form=True)
        self._place = {id(v): n for n, v in enumerate(table.columns)}
        variables = list(table.columns)
        for v in (*m.x.values(), *m.s.values()):  # a project that moves nothing stands in no row
            if id(v) not in self._place:
                self._place[id(v)] = len(variables)
                variables.append(v)
        self._x = {i: self._place[id(m.x[i])] for i in m.I}
        first = len(variables)
        self._slack = {limit.key: first + n for n, limit in enumerate(self.limits)}
        self._width = first + len(self.limits)
        self.cost, self.emissions = self._form(m.cost.expr), self._form(m.emissions)
        self.capital, self.tce = self._form(m.capital), self._form(m.tce)
        self._forms = {limit.key: self._limited(m, limit) for limit in self.limits}
        self._binary = np.array([v.is_binary() for v in variables] + [False] * len(self.limits))
        lower = [-_INF if v.lb is None else v.lb for v in variables] + [0.0] * len(self.limits)
        upper = [_INF if v.ub is None else v.ub for v in variables] + [0.0] * len(self.limits)
        self._lower, self._upper = np.array(lower, float), np.array(upper, float)
        self._load(table)

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

    def _load(self, table) -> None:
        """Pass columns and rows to HiGHS: those of the model, one a limit, and one that can hold the cost."""
        a = sparse.csr_matrix(table.A)
        a = sparse.hstack([a, sparse.csr_matrix((a.shape[0], self._width - a.shape[1]))]).tocsr()
        lower = np.array([r if row.bound_type in (0, -1) else -_INF for row, r in zip(table.rows, table.rhs, strict=True)], float)
        upper = np.array([r if row.bound_type in (0, 1) else _INF for row, r in zip(table.rows, table.rhs, strict=True)], float)
        self._row = {limit.key: a.shape[0] + n for n, limit in enumerate(self.limits)}
        rows = []
        for limit in self.limits:
            row = self._forms[limit.key].row.copy()
            row[self._slack[limit.key]] = 1.0 if limit.least else -1.0
            rows.append(row)
        if rows:
            a = sparse.vstack([a, sparse.csr_matrix(np.array(rows))]).tocsr()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self._width, a.shape[0]
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.cost.row, self._lower, self._upper
        free = np.full(len(self.limits), _INF)
        lp.row_lower_, lp.row_upper_ = np.concatenate([lower, -free]), np.concatenate([upper, free])
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = a.indptr.astype(np.int32), a.indices.astype(np.int32)
        lp.a_matrix_.value_ = a.data
        lp.integrality_ = [highspy.HighsVarType.kInteger if b else highspy.HighsVarType.kContinuous for b in self._binary]
        self._highs, settings = highspy.Highs(), self.problem.settings
        for name, value in (
            ("output_flag", False), ("threads", 1), ("random_seed", settings.seed), ("mip_rel_gap", settings.selection_gap),
            ("mip_feasibility_tolerance", 1e-9), ("time_limit", settings.time_limit_s),
        ):  # fmt: skip
            self._highs.setOptionValue(name, value)
        self._highs.passModel(lp)

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
        status, _ = self._run()
        found = self._answer(aim, status)
        if added:
            rows = self._highs.getNumRow()
            self._highs.deleteRows(added, np.arange(rows - added, rows, dtype=np.int32))
        return found

    def relaxed(self, chosen: Mapping[str, int] | None = None) -> tuple[Found, dict[Key, float], dict[str, float]]:
        """The continuous problem: projects in parts (or held at `chosen`), with the price of each limit and reduced costs.

        Prices are the fall of the cost for one unit more room; reduced costs the rise for one unit of a project.
        """
        self._set(self.cost, {}, chosen or {}, (), ())
        every = np.arange(self._width, dtype=np.int32)
        kinds = np.where(self._binary, int(highspy.HighsVarType.kInteger), int(highspy.HighsVarType.kContinuous)).astype(np.uint8)
        self._highs.changeColsIntegrality(self._width, every, np.zeros(self._width, dtype=np.uint8))
        status, solution = self._run()
        found = self._answer(self.cost, status)
        self._highs.changeColsIntegrality(self._width, every, kinds)
        if not found.solved:
            return found, {}, {}
        prices = {limit.key: (1 if limit.least else -1) * solution.row_dual[self._row[limit.key]] for limit in self.limits}
        return found, prices, {i: solution.col_dual[n] for i, n in self._x.items()}

    def _set(self, aim: Form, at: Mapping, fixed: Mapping[str, int], elastic: Iterable[Key], cuts: Iterable[Cut]) -> int:
        highs, every = self._highs, np.arange(self._width, dtype=np.int32)
        lower, upper = self._lower.copy(), self._upper.copy()
        for project, value in fixed.items():
            lower[self._x[project]] = upper[self._x[project]] = float(value)
        for key in elastic:
            upper[self._slack[key]] = _INF
        highs.changeColsBounds(self._width, every, lower, upper)
        highs.changeColsCost(self._width, every, aim.row)
        highs.changeObjectiveOffset(aim.constant)
        for limit in self.limits:
            bound, off = at.get(limit.key, limit.bound), self._forms[limit.key].constant
            low = bound - off if limit.least and bound is not None else -_INF
            high = bound - off if not limit.least and bound is not None else _INF
            highs.changeRowBounds(self._row[limit.key], low, high)
        cuts = list(cuts)
        for cut in cuts:
            where = np.flatnonzero(cut.form.row).astype(np.int32)
            highs.addRow(cut.lower - cut.form.constant, cut.upper - cut.form.constant, len(where), where, cut.form.row[where])
        return len(cuts)

    def _run(self):
        self._highs.clearSolver()
        self._highs.run()
        return self._highs.getModelStatus(), self._highs.getSolution()

    def _answer(self, aim: Form, status) -> Found:
        states = highspy.HighsModelStatus
        info = self._highs.getInfo()
        late = status in (states.kTimeLimit, states.kInterrupt, states.kSolutionLimit)
        if status != states.kOptimal and not (late and info.primal_solution_status == 2):
            return Found("time_limit" if late else "infeasible")
        columns = np.array(self._highs.getSolution().col_value)
        chosen = frozenset(i for i, n in self._x.items() if columns[n] > 0.5)
        return Found("time_limit" if late else "optimal", chosen, aim.at(columns), float(info.mip_dual_bound), columns)

    def hold(self, form: Form, value: float) -> Cut:
        """Keep a form at no more than the value it reached."""
        return Cut(form, upper=value + HELD * abs(value) + 1e-6)
