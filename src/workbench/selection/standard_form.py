"""From the readable model to one matrix in HiGHS: compiled once, scaled by powers of two, passed in a single call.

Columns and rows are scaled so that HiGHS' absolute tolerances mean the same for a workshop and for a province: emissions count in
about what the cluster emits, use in what a base uses, each row in its largest coefficient. Powers of two change no digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import highspy
import numpy as np
import pyomo.environ as pyo
from pyomo.common.collections import ComponentMap
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from workbench.params import Settings
from workbench.selection import in_columns
from workbench.selection.linear import Linear

INF = highspy.kHighsInf
SMALL = 20_000  # columns below which a search ends sooner, by a third, without its first dive for a plan and without beginning anew


@dataclass(frozen=True)
class StandardForm:
    """min c x, lower <= A x <= upper, some x whole, in natural units; `place`: variable → column, `rows`: constraint → row.

    `column_size` and `row_size` are the powers of two by which the solver sees columns and rows.
    """

    a: sparse.csr_matrix
    lower: np.ndarray
    upper: np.ndarray
    column_lower: np.ndarray
    column_upper: np.ndarray
    whole: np.ndarray
    place: Mapping
    rows: Mapping
    column_size: np.ndarray
    row_size: np.ndarray

    def vector(self, form: Linear) -> np.ndarray:
        """Coefficients of a linear form over the columns."""
        found = np.zeros(len(self.whole))
        where = places(self, form.variables)
        np.add.at(found, where, form.coefficients)
        return found


class Itself(Mapping):
    """Columns and rows that are their own numbers."""

    def __getitem__(self, key: int) -> int:
        return key

    def __iter__(self):
        return iter(())

    def __len__(self) -> int:
        return 0


def power_of_two(sizes: np.ndarray) -> np.ndarray:
    """The powers of two nearest to positive sizes."""
    return np.exp2(np.round(np.log2(sizes)))


def compile_model(m: in_columns.ConcreteModel | pyo.ConcreteModel) -> StandardForm:
    """The matrix of a model, built either way.

    Raises pyomo's InfeasibleConstraintException where a row without variables cannot hold.
    """
    form = _of_columns(m) if isinstance(m, in_columns.ConcreteModel) else _of_pyomo(m)
    return replace(form, row_size=row_sizes(form.a, form.column_size))


def _of_columns(m: in_columns.ConcreteModel) -> StandardForm:
    count = len(m.binary)
    sizes = np.ones(count)
    sizes[np.fromiter(m.sizes, np.int64, len(m.sizes))] = np.fromiter(m.sizes.values(), float, len(m.sizes))
    parts = np.frombuffer(m.coefficients, float), np.frombuffer(m.columns, np.int32), np.frombuffer(m.ends, np.int64)
    a = sparse.csr_matrix(parts, shape=(len(m.lower), count), copy=True)
    a.sum_duplicates()
    a.eliminate_zeros()
    lower, upper = np.array(m.lower), np.array(m.upper)
    empty = np.diff(a.indptr) == 0
    if (lower[empty] > 0).any() or (upper[empty] < 0).any():
        raise InfeasibleConstraintException("a row whose variables cancel cannot hold")
    return StandardForm(
        a, lower, upper, np.array(m.column_lower), np.array(m.column_upper), np.array(m.binary, bool), Itself(), Itself(),
        power_of_two(sizes), np.ones(len(lower)),
    )  # fmt: skip


def _of_pyomo(m: pyo.ConcreteModel) -> StandardForm:
    """Variables that stand in no row get a column of their own."""
    table = LinearStandardFormCompiler().write(m, mixed_form=True)
    columns = list(table.columns)
    place = ComponentMap((v, n) for n, v in enumerate(columns))
    for variables in m.component_objects(pyo.Var):
        for v in variables.values():
            if v not in place:
                place[v] = len(columns)
                columns.append(v)
    a = sparse.csr_matrix(table.A)
    a.resize(a.shape[0], len(columns))
    kinds = np.fromiter((row.bound_type for row in table.rows), int, len(table.rows))
    rhs = np.asarray(table.rhs, float).reshape(-1)
    return StandardForm(
        a=a, lower=np.where(kinds <= 0, rhs, -INF), upper=np.where(kinds >= 0, rhs, INF),
        column_lower=np.array([-INF if v.lb is None else v.lb for v in columns], float),
        column_upper=np.array([INF if v.ub is None else v.ub for v in columns], float),
        whole=np.array([v.is_binary() for v in columns], bool), place=place,
        rows=ComponentMap((row.constraint, n) for n, row in enumerate(table.rows)),
        column_size=power_of_two(np.array([m.sizes.get(v, 1.0) for v in columns], float)), row_size=np.ones(len(table.rows)),
    )  # fmt: skip


def row_sizes(a: sparse.csr_matrix, column_size: np.ndarray) -> np.ndarray:
    """The largest scaled coefficient of each row as a power of two; 1 for an empty row."""
    most = np.zeros(a.shape[0])
    filled = np.flatnonzero(np.diff(a.indptr))
    if len(filled):
        most[filled] = np.maximum.reduceat(np.abs(a.data) * column_size[a.indices], a.indptr[filled])
    return power_of_two(np.where(most > 0, most, 1.0))


def load(form: StandardForm, settings: Settings) -> highspy.Highs:
    """A HiGHS instance that holds the matrix: one thread, the run's seed and gap; no objective yet."""
    a = form.a
    scaled = a.data * form.column_size[a.indices] / np.repeat(form.row_size, np.diff(a.indptr))
    highs = highspy.Highs()
    options = {
        "output_flag": False, "threads": 1, "random_seed": settings.seed, "mip_rel_gap": settings.selection_gap,
        "mip_feasibility_tolerance": 1e-9,
    }  # fmt: skip
    columns, rows, none = len(form.whole), form.a.shape[0], np.zeros(0, np.int32)
    if columns < SMALL:
        options |= {"mip_heuristic_run_feasibility_jump": False, "mip_allow_restart": False}
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.passModel(
        columns, rows, a.nnz, 0, int(highspy.MatrixFormat.kRowwise), 1, int(highspy.ObjSense.kMinimize), 0.0, np.zeros(columns),
        form.column_lower / form.column_size, form.column_upper / form.column_size, form.lower / form.row_size,
        form.upper / form.row_size, a.indptr.astype(np.int32), a.indices.astype(np.int32), scaled, none, none, np.zeros(0),
        form.whole.astype(np.int32),
    )  # fmt: skip
    return highs


def write(form: StandardForm, settings: Settings, costs: np.ndarray, path: str) -> None:
    """The problem as a file other solvers read (.lp or .mps by the ending), in natural units."""
    plain = StandardForm(
        form.a, form.lower, form.upper, form.column_lower, form.column_upper, form.whole, form.place, form.rows,
        np.ones(len(form.whole)), np.ones(form.a.shape[0]),
    )  # fmt: skip
    highs = load(plain, settings)
    highs.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)
    highs.writeModel(path)


def add_row(highs: highspy.Highs, form: StandardForm, vector: np.ndarray, lower: float, upper: float) -> None:
    """One more row lower <= vector x <= upper, given in natural units."""
    where = np.flatnonzero(vector)
    values = vector[where] * form.column_size[where]
    size = float(power_of_two(np.array([max(abs(values).max(initial=0.0), 1e-300)]))[0]) if len(where) else 1.0
    highs.addRow(lower / size, upper / size, len(where), where.astype(np.int32), values / size)


def places(form: StandardForm, variables: Mapping | Iterable) -> np.ndarray:
    """Columns of variables."""
    if isinstance(form.place, Itself):
        return np.fromiter(variables, np.int32)
    return np.array([form.place[v] for v in variables], dtype=np.int32)
