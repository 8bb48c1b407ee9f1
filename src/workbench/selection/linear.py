"""Linear forms: a constant and (coefficient, variable) pairs, cheaper to add up than expression trees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pyomo.core.expr.numeric_expr import LinearExpression

Row = tuple[float | None, "Linear", float | None]  # lower <= form <= upper, as a rule returns it


class Block(NamedTuple):
    """Rows coefficients x variables == value that lack their variables: coefficients on end, where each row ends, its value."""

    coefficients: list[float]
    ends: list[int]
    values: list[float]


class Linear:
    """constant + sum of coefficient x variable; a variable may stand more than once."""

    __slots__ = ("coefficients", "constant", "variables")

    def __init__(self, constant: float = 0.0, pairs: Iterable[tuple[float, object]] = ()) -> None:
        self.constant = constant
        self.coefficients: list[float] = []
        self.variables: list[object] = []
        for coefficient, variable in pairs:
            if coefficient:
                self.coefficients.append(coefficient)
                self.variables.append(variable)

    @classmethod
    def of(cls, coefficients: list[float], variables: list[object], constant: float = 0.0) -> Linear:
        """The form of two lists of equal length, which become its own."""
        form = cls.__new__(cls)
        form.constant, form.coefficients, form.variables = constant, coefficients, variables
        return form

    @classmethod
    def total(cls, variables: Iterable[object], constant: float = 0.0) -> Linear:
        """The sum of variables."""
        each = list(variables)
        return cls.of([1.0] * len(each), each, constant)

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

    def at_most(self, bound: float) -> Row:
        """form <= bound; the constant moves to the right."""
        return (None, self, bound - self.constant)

    __le__ = at_most

    def at_least(self, bound: float) -> Row:
        """form >= bound."""
        return (bound - self.constant, self, None)

    def equals(self, value: float) -> Row:
        """form == value."""
        return (value - self.constant, self, value - self.constant)
