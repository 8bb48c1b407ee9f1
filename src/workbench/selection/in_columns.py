"""The model's source built as columns and rows at once: the names of Pyomo that it is written in, quicker to fill.

A variable is the number of its column, a row goes straight into arrays; nothing in between. The source and the matrix are those of
`in_pyomo`, which a test compares. Only what the model needs is here: linear rows, binary, free and non-negative variables.
"""

from __future__ import annotations

import functools
import itertools
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np
from pyomo.common.errors import InfeasibleConstraintException

from workbench.selection import linear
from workbench.selection.linear import Linear, Row

INF = float("inf")
Any, Binary, NonNegativeReals = "any index", "binary", "not negative"
ComponentMap = dict


class Column(int):
    """A variable: the number of its column. Sums and comparisons of two variables make forms and rows."""

    __slots__ = ()

    def __add__(self, other: Column) -> Linear:
        return Linear.of([1.0, 1.0], [self, other])

    def __le__(self, other: Column | float) -> tuple[None, Linear, float]:
        if isinstance(other, Column):
            return (None, Linear.of([1.0, -1.0], [self, other]), 0.0)
        return (None, Linear.of([1.0], [self]), other)


class ConcreteModel:
    """A model being filled: bounds and kind of each column; rows as coefficients, columns, ends and both sides."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.column_lower, self.column_upper, self.binary = array("d"), array("d"), array("b")
        self.coefficients, self.columns, self.ends = array("d"), array("i"), array("q", [0])
        self.lower, self.upper = array("d"), array("d")

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        if isinstance(value, Var | VarList | Constraint | ConstraintList | Rows):
            value.enter(self)

    def new_columns(self, number: int, domain: str | None) -> range:
        """Columns for `number` more variables."""
        first = len(self.binary)
        self.column_lower.extend(array("d", [-INF if domain is None else 0.0]) * number)
        self.column_upper.extend(array("d", [1.0 if domain is Binary else INF]) * number)
        self.binary.extend(array("b", [domain is Binary]) * number)
        return range(first, first + number)

    def new_row(self, lower: float | None, form: Linear, upper: float | None) -> int | None:
        """One more row; None where there is nothing to hold down.

        Raises pyomo's InfeasibleConstraintException where a row without variables cannot hold.
        """
        variables = form.variables
        if not variables:
            if (lower is None or lower <= 0) and (upper is None or upper >= 0):
                return None
            raise InfeasibleConstraintException("a row without variables cannot hold")
        self.coefficients.fromlist(form.coefficients)
        self.columns.fromlist(variables)
        self.ends.append(len(self.columns))
        self.lower.append(-INF if lower is None else lower)
        self.upper.append(INF if upper is None else upper)
        return len(self.lower) - 1

    def new_rows(self, lower: np.ndarray, forms: linear.Forms, upper: np.ndarray) -> range:
        """Many more rows, each with a variable."""
        coefficients, variables, ends = forms.by_row()
        first, before = len(self.lower), len(self.columns)
        for kept, more in (
            (self.coefficients, coefficients), (self.columns, variables), (self.ends, ends + before),
            (self.lower, lower), (self.upper, upper),
        ):  # fmt: skip
            kept.frombytes(np.ascontiguousarray(more, kept.typecode).tobytes())
        return range(first, len(self.lower))


class Set(Sequence):
    """An index set, listed when first asked what is in it."""

    def __init__(self, initialize: Collection = (), dimen: int = 1) -> None:
        self._given = initialize

    @functools.cached_property
    def _listed(self) -> tuple:
        return tuple(self._given)

    def __getitem__(self, number: int) -> object:
        return self._listed[number]

    def __iter__(self) -> Iterator:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._given)


def _indices(sets: tuple) -> Sequence:
    """What a family runs over: nothing, one set, or every combination of several."""
    if not sets:
        return [None]
    if len(sets) > 1:
        return list(itertools.product(*sets))
    return sets[0] if isinstance(sets[0], Set) else list(sets[0])


class Var(Mapping):
    """Variables by index; over `Any` each is made when first asked for."""

    def __init__(self, *sets: Iterable, domain: str | None = None, dense: bool = True, doc: str | None = None) -> None:
        self.domain, self.model, self.columns = domain, None, range(0)
        self.sets = sets if dense else None
        self._made: dict[object, Column] = {}

    def enter(self, model: ConcreteModel) -> None:
        """Take columns of a model."""
        self.model = model
        if self.sets is not None:
            self._index = _indices(self.sets)
            self.columns = model.new_columns(len(self._index), self.domain)

    @property
    def made(self) -> dict[object, Column]:
        """What is there, by index."""
        if self.columns and not self._made:
            self._made = dict(zip(self._index, map(Column, self.columns), strict=True))
        return self._made

    def __getitem__(self, index: object) -> Column:
        found = self.made.get(index)
        if found is None:
            if self.sets is not None:
                raise KeyError(index)
            found = self._made[index] = Column(self.model.new_columns(1, self.domain)[0])
        return found

    def __contains__(self, index: object) -> bool:
        return index in self.made

    def __iter__(self) -> Iterator:
        return iter(self.made)

    def __len__(self) -> int:
        return len(self.columns) or len(self._made)


def every(variables: Var) -> np.ndarray:
    """All variables of a family in the order of its index."""
    return np.arange(variables.columns.start, variables.columns.stop)


class VarList(Mapping):
    """Variables numbered on from nil, added many at a time by `several`."""

    def __init__(self, domain: str | None = None, starting_index: int = 0, doc: str | None = None) -> None:
        self.domain, self.columns, self.model = domain, array("i"), None

    def enter(self, model: ConcreteModel) -> None:
        """Take columns of a model."""
        self.model = model

    def __getitem__(self, number: int) -> Column:
        return Column(self.columns[number])

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.columns)))

    def __len__(self) -> int:
        return len(self.columns)


def several(variables: VarList, number: int) -> np.ndarray:
    """So many more variables, numbered on."""
    made = variables.model.new_columns(number, variables.domain)
    variables.columns.extend(made)
    return np.arange(made.start, made.stop)


class Constraint(dict):
    """Rows by index: for each index what `rule(m, index)` returns; rows without variables are not kept."""

    Feasible, Infeasible = "holds", "cannot hold"

    def __init__(self, *sets: Iterable, rule: Callable, doc: str | None = None) -> None:
        super().__init__()
        self.sets, self.rule = sets, rule

    def enter(self, model: ConcreteModel) -> None:
        """Put the rows into a model."""
        rule, new_row = self.rule, model.new_row
        for index in _indices(self.sets):
            at = () if index is None else index if isinstance(index, tuple) else (index,)
            found = rule(model, *at)
            if found is self.Feasible:
                continue
            if found is self.Infeasible:
                raise InfeasibleConstraintException(f"{index} cannot hold")
            row = new_row(*found)
            if row is not None:
                self[index] = row


class ConstraintList(Mapping):
    """Rows numbered on from nil, added one by one."""

    def __init__(self, starting_index: int = 0, doc: str | None = None) -> None:
        self.rows, self.model = array("i"), None

    def enter(self, model: ConcreteModel) -> None:
        """Put rows into a model."""
        self.model = model

    def add(self, row: Row) -> None:
        """One more row."""
        made = self.model.new_row(*row)
        if made is not None:
            self.rows.append(made)

    def __getitem__(self, number: int) -> int:
        return self.rows[number]

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.rows)))

    def __len__(self) -> int:
        return len(self.rows)


class Rows(Mapping):
    """Many rows at once: lower <= forms <= upper, numbered from nil unless `index` names them."""

    def __init__(self, rows: linear.Rows, index: Iterable | None = None, doc: str | None = None) -> None:
        self.lower, self.forms, self.upper = rows
        self.index = index

    def enter(self, model: ConcreteModel) -> None:
        """Put the rows into a model."""
        number = len(self.forms)
        sides = (np.full(number, left) if side is None else side for side, left in ((self.lower, -INF), (self.upper, INF)))
        lower, upper = sides
        self.rows = model.new_rows(lower, self.forms, upper)
        del self.forms, self.lower, self.upper

    @functools.cached_property
    def _named(self) -> dict:
        return dict(zip(range(len(self.rows)) if self.index is None else self.index, self.rows, strict=True))

    def __getitem__(self, index: object) -> int:
        return self._named[index]

    def __iter__(self) -> Iterator:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self.rows)


def Objective(form: Linear) -> Linear:  # noqa: N802
    """What is made least."""
    return form
