"""Linear forms over Pyomo variables: a constant and (coefficient, variable) pairs, cheaper to add up than expression trees."""

from __future__ import annotations

from collections.abc import Iterable

from pyomo.core.expr.numeric_expr import LinearExpression


class Linear:
    """constant + sum of coefficient x variable; a variable may stand more than once."""

    __slots__ = ("coefficients", "constant", "variables")

    def __init__(self, constant: float = 0.0, pairs: Iterable[tuple[float, object]] = ()) -> None:
        self.constant = constant
        self.coefficients: list[float] = []
        self.variables: list[object] = []
        for coefficient, variable in pairs:
            self.add(coefficient, variable)

    def add(self, coefficient: float, variable: object) -> Linear:
        """Add one term."""
        if coefficient:
            self.coefficients.append(coefficient)
            self.variables.append(variable)
        return self

    def plus(self, other: Linear, times: float = 1.0) -> Linear:
        """Add another form, `times` over."""
        if times:
            self.constant += times * other.constant
            self.coefficients += other.coefficients if times == 1.0 else [times * c for c in other.coefficients]
            self.variables += other.variables
        return self

    @property
    def expression(self):
        """The form as a Pyomo expression (a number where it has no variable)."""
        if not self.variables:
            return self.constant
        return LinearExpression(constant=self.constant, linear_coefs=self.coefficients, linear_vars=self.variables)

    def at_most(self, bound: float):
        """form <= bound, as a rule returns it."""
        return (None, self._free, bound - self.constant)

    def at_least(self, bound: float):
        """form >= bound."""
        return (bound - self.constant, self._free, None)

    def equals(self, value: float):
        """form == value."""
        return (value - self.constant, self._free, value - self.constant)

    @property
    def _free(self):
        return LinearExpression(constant=0.0, linear_coefs=self.coefficients, linear_vars=self.variables)
