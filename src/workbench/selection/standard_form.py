"""From the readable model to one matrix in HiGHS: compiled once by Pyomo, scaled by powers of two, passed in a single call.

Columns and rows are scaled so that HiGHS' absolute tolerances mean the same for a workshop and for a province: emissions count in
about what the cluster emits, use in what a base uses, each row in its largest coefficient. Powers of two change no digit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import highspy
import numpy as np
import pyomo.environ as pyo
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from workbench.params import Settings
from workbench.selection.linear import Linear

INF = highspy.kHighsInf


@dataclass(frozen=True)
class StandardForm:
    """min c x, lower <= A x <= upper, some x whole, in natural units; `place` finds a variable's column, `names` tell the rows.

    `column_size` and `row_size` are the powers of two by which the solver sees columns and rows.
    """

    a: sparse.csr_matrix
    lower: np.ndarray
    upper: np.ndarray
    column_lower: np.ndarray
    column_upper: np.ndarray
    whole: np.ndarray
    place: dict[int, int]
    rows: dict[int, int]
    column_size: np.ndarray
    row_size: np.ndarray

    def vector(self, form: Linear) -> np.ndarray:
        """Coefficients of a linear form over the columns."""
        found = np.zeros(len(self.whole))
        where = np.fromiter((self.place[id(v)] for v in form.variables), int, len(form.variables))
        np.add.at(found, where, form.coefficients)
        return found


def power_of_two(sizes: np.ndarray) -> np.ndarray:
    """The powers of two nearest to positive sizes."""
    return np.exp2(np.round(np.log2(sizes)))


def compile_model(m: pyo.ConcreteModel) -> StandardForm:
    """The matrix of a model; variables that stand in no row get a column of their own.

    Raises pyomo's InfeasibleConstraintException where a row without variables cannot hold.
    """
    table = LinearStandardFormCompiler().write(m, mixed_form=True)
    columns = list(table.columns)
    place = {id(v): n for n, v in enumerate(columns)}
    for variables in m.component_objects(pyo.Var):
        for v in variables.values():
            if id(v) not in place:
                place[id(v)] = len(columns)
                columns.append(v)
    a = sparse.csr_matrix(table.A)
    a.resize(a.shape[0], len(columns))
    kinds = np.fromiter((row.bound_type for row in table.rows), int, len(table.rows))
    rhs = np.asarray(table.rhs, float).reshape(-1)
    sizes = np.fromiter((m.sizes.get(id(v), 1.0) for v in columns), float, len(columns))
    column_size = power_of_two(sizes)
    return StandardForm(
        a=a, lower=np.where(kinds <= 0, rhs, -INF), upper=np.where(kinds >= 0, rhs, INF),
        column_lower=np.array([-INF if v.lb is None else v.lb for v in columns], float),
        column_upper=np.array([INF if v.ub is None else v.ub for v in columns], float),
        whole=np.array([v.is_binary() for v in columns], bool), place=place,
        rows={id(row.constraint): n for n, row in enumerate(table.rows)}, column_size=column_size,
        row_size=row_sizes(a, column_size),
    )  # fmt: skip


def row_sizes(a: sparse.csr_matrix, column_size: np.ndarray) -> np.ndarray:
    """The largest scaled coefficient of each row as a power of two; 1 for an empty row."""
    scaled = abs(a @ sparse.diags_array(column_size)).tocsr()
    most = np.asarray(scaled.max(axis=1).todense()).reshape(-1) if scaled.shape[1] else np.ones(scaled.shape[0])
    return power_of_two(np.where(most > 0, most, 1.0))


def load(form: StandardForm, settings: Settings) -> highspy.Highs:
    """A HiGHS instance that holds the matrix: one thread, the run's seed and gap; no objective yet."""
    a = (sparse.diags_array(1 / form.row_size) @ form.a @ sparse.diags_array(form.column_size)).tocsr()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(form.whole), form.a.shape[0]
    lp.col_cost_ = np.zeros(len(form.whole))
    lp.col_lower_, lp.col_upper_ = form.column_lower / form.column_size, form.column_upper / form.column_size
    lp.row_lower_, lp.row_upper_ = form.lower / form.row_size, form.upper / form.row_size
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = a.indptr.astype(np.int32), a.indices.astype(np.int32)
    lp.a_matrix_.value_ = a.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[int(w)] for w in form.whole]
    highs = highspy.Highs()
    options = {
        "output_flag": False, "threads": 1, "random_seed": settings.seed, "mip_rel_gap": settings.selection_gap,
        "mip_feasibility_tolerance": 1e-9,
    }  # fmt: skip
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.passModel(lp)
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
    return np.array([form.place[id(v)] for v in variables], dtype=np.int32)
