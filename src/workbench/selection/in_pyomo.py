"""The model's source built by Pyomo: an ordinary ConcreteModel, to print, to write to a file, to hold against the quick build.

The names are Pyomo's own. A rule may also return a row (lower, form, upper) of a `Linear` form.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression
from pyomo.environ import Any, Binary, ComponentMap, ConcreteModel, NonNegativeReals, Set, Var, VarList

from workbench.selection import linear
from workbench.selection.linear import Linear

__all__ = [
    "Any", "Binary", "ComponentMap", "ConcreteModel", "Constraint", "ConstraintList", "NonNegativeReals", "Objective", "Rows",
    "Set", "Var", "VarList", "every", "several",
]  # fmt: skip


def several(variables: VarList, number: int) -> np.ndarray:
    """So many more variables, numbered on."""
    return np.fromiter((variables.add() for _ in range(number)), object, number)


def every(variables: Var) -> np.ndarray:
    """All variables of a family in the order of its index."""
    return np.fromiter(variables.values(), object, len(variables))


class ConstraintList(pyo.ConstraintList):
    """Rows numbered on, added one by one."""

    def add(self, row):
        """One more row, also one of a `Linear` form."""
        return super().add(_row(row))


def Constraint(*index, rule, doc: str | None = None) -> pyo.Constraint:  # noqa: N802
    """A family of rows, one for each index that `rule` is asked with."""
    return pyo.Constraint(*index, rule=lambda m, *at: _row(rule(m, *at) if index else rule(m)), doc=doc)


Constraint.Feasible, Constraint.Infeasible = pyo.Constraint.Feasible, pyo.Constraint.Infeasible


def Rows(rows: linear.Rows, index: Iterable | None = None, doc: str | None = None) -> pyo.Constraint:  # noqa: N802
    """Many rows at once: lower <= forms <= upper, numbered from nil unless `index` names them."""
    lower, forms, upper = rows
    each = list(forms)
    lower, upper = ([None] * len(each) if side is None else side.tolist() for side in (lower, upper))
    names = list(range(len(each)) if index is None else index)
    given = dict(zip(names, zip(lower, each, upper, strict=True), strict=True))
    return pyo.Constraint(names, rule=lambda m, *at: _row(given[at if len(at) > 1 else at[0]]), doc=doc)


def Objective(form: Linear) -> pyo.Objective:  # noqa: N802
    """What is made least."""
    return pyo.Objective(expr=form.expression)


def _row(found):
    """A row of a linear form as Pyomo takes it; anything else as it is."""
    if not (isinstance(found, tuple) and len(found) == 3 and isinstance(found[1], Linear)):
        return found
    lower, form, upper = found
    return (lower, LinearExpression(constant=0.0, linear_coefs=form.coefficients, linear_vars=form.variables), upper)
