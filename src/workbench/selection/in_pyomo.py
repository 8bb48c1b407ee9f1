"""The model's source built by Pyomo: an ordinary ConcreteModel, to print, to write to a file, to hold against the quick build.

The names are Pyomo's own. A rule may also return a row (lower, form, upper) of a `Linear` form.
"""

from __future__ import annotations

import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression
from pyomo.environ import Any, Binary, ComponentMap, ConcreteModel, NonNegativeReals, Set, Var, VarList

from workbench.selection.linear import Block, Linear

__all__ = [
    "Any", "Binary", "ComponentMap", "ConcreteModel", "Constraint", "ConstraintList", "NonNegativeReals", "Objective", "Set", "Var",
    "VarList", "several",
]  # fmt: skip


def several(variables: VarList, number: int) -> list:
    """So many more variables, numbered on."""
    return [variables.add() for _ in range(number)]


class ConstraintList(pyo.ConstraintList):
    """Rows numbered on, added one by one or as a block."""

    def add(self, row):
        """One more row, also one of a `Linear` form."""
        return super().add(_row(row))

    def add_block(self, block: Block, variables: list) -> None:
        """The rows of a block with their variables."""
        for start, end, value in zip([0, *block.ends], block.ends, block.values, strict=False):
            self.add(Linear.of(block.coefficients[start:end], variables[start:end]).equals(value))


def Constraint(*index, rule, doc: str | None = None) -> pyo.Constraint:  # noqa: N802
    """A family of rows, one for each index that `rule` is asked with."""
    return pyo.Constraint(*index, rule=lambda m, *at: _row(rule(m, *at) if index else rule(m)), doc=doc)


Constraint.Feasible, Constraint.Infeasible = pyo.Constraint.Feasible, pyo.Constraint.Infeasible


def Objective(form: Linear) -> pyo.Objective:  # noqa: N802
    """What is made least."""
    return pyo.Objective(expr=form.expression)


def _row(found):
    """A row of a linear form as Pyomo takes it; anything else as it is."""
    if not (isinstance(found, tuple) and len(found) == 3 and isinstance(found[1], Linear)):
        return found
    lower, form, upper = found
    return (lower, LinearExpression(constant=0.0, linear_coefs=form.coefficients, linear_vars=form.variables), upper)
