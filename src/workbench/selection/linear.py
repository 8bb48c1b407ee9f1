"""Linear forms: a constant and (coefficient, variable) pairs, one by one or many at once; quicker to add up than expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from pyomo.core.expr.numeric_expr import LinearExpression

Row = tuple[float | None, "Linear", float | None]  # lower <= form <= upper, as a rule returns it
Rows = tuple[np.ndarray | None, "Forms", np.ndarray | None]


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


class Forms:
    """Linear forms by number, in arrays: their `constants`; of each term the number of its `form`, `coefficients`, `variables`.

    Variables are numbers of columns or Pyomo's own. Terms stand in any order; those of one form keep theirs.
    """

    __slots__ = ("coefficients", "constants", "form", "variables")

    def __init__(self, constants: np.ndarray, form: np.ndarray, coefficients: np.ndarray, variables: np.ndarray) -> None:
        self.constants, self.form, self.coefficients, self.variables = constants, form, coefficients, variables

    @classmethod
    def none(cls, number: int) -> Forms:
        """So many forms of nothing."""
        nothing = np.zeros(0, np.int64)
        return cls(np.zeros(number), nothing, np.zeros(0), nothing)

    @classmethod
    def of(cls, forms: Sequence[Linear]) -> Forms:
        """Forms made one by one."""
        variables = [v for form in forms for v in form.variables]
        plain = not variables or isinstance(variables[0], int)
        return cls(
            np.array([form.constant for form in forms], float),
            np.repeat(np.arange(len(forms)), [len(form.variables) for form in forms]),
            np.array([c for form in forms for c in form.coefficients], float),
            np.array(variables, np.int64) if plain else np.fromiter(variables, object, len(variables)),
        )

    @classmethod
    def single(cls, variables: np.ndarray, coefficient: float = 1.0) -> Forms:
        """A form of each variable, `coefficient` times."""
        number = len(variables)
        return cls(np.zeros(number), np.arange(number), np.full(number, coefficient), variables)

    @classmethod
    def stacked(cls, several: Sequence[Forms]) -> Forms:
        """One after another."""
        if not several:
            return cls.none(0)
        before = np.cumsum([0, *(len(forms) for forms in several)])
        return cls(
            np.concatenate([forms.constants for forms in several]),
            np.concatenate([forms.form + n for forms, n in zip(several, before, strict=False)]),
            np.concatenate([forms.coefficients for forms in several]),
            np.concatenate([forms.variables for forms in several]),
        )

    def __len__(self) -> int:
        return len(self.constants)

    def __iter__(self) -> Iterator[Linear]:
        coefficients, variables, ends = self.by_row()
        coefficients, variables, ends = coefficients.tolist(), variables.tolist(), ends.tolist()
        for constant, start, end in zip(self.constants.tolist(), [0, *ends], ends, strict=False):
            yield Linear.of(coefficients[start:end], variables[start:end], constant)

    def by_row(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients and variables form by form, and where each ends."""
        ends = np.cumsum(np.bincount(self.form, minlength=len(self)))
        if (self.form[1:] >= self.form[:-1]).all():
            return self.coefficients, self.variables, ends
        order = np.argsort(self.form, kind="stable")
        return self.coefficients[order], self.variables[order], ends

    def times(self, weights: np.ndarray | float) -> Forms:
        """Each form by its weight; terms of one that weighs nothing are left out."""
        weights = np.broadcast_to(weights, len(self))
        some = weights[self.form] != 0
        form, coefficients = (self.form, self.coefficients) if some.all() else (self.form[some], self.coefficients[some])
        variables = self.variables if len(form) == len(some) else self.variables[some]
        return Forms(np.where(weights != 0, weights * self.constants, 0.0), form, coefficients * weights[form], variables)

    def plus(self, *others: Forms) -> Forms:
        """Added to others form by form."""
        every = (self, *others)
        return Forms(
            sum(forms.constants for forms in every), *(np.concatenate([getattr(forms, name) for forms in every])
                                                       for name in ("form", "coefficients", "variables"))
        )  # fmt: skip

    def gathered(self, which: np.ndarray, number: int) -> Forms:
        """Added up to `number` forms: each to the form `which` says."""
        constants = np.zeros(number)
        np.add.at(constants, which, self.constants)
        return Forms(constants, which[self.form], self.coefficients, self.variables)

    def total(self) -> Linear:
        """All of them together."""
        return Linear.of(self.coefficients.tolist(), self.variables.tolist(), float(self.constants.sum()))

    def at_most(self, bounds: np.ndarray | float) -> Rows:
        """form <= bound, for each."""
        return (None, self, bounds - self.constants)

    def equals(self, values: np.ndarray | float) -> Rows:
        """form == value, for each."""
        return (values - self.constants, self, values - self.constants)
