"""The model's source built as columns and rows at once: the names of Pyomo that it is written in, quicker to fill.

A variable is the number of its column, a row goes straight into arrays; nothing in between. The source and the matrix are those of
`in_pyomo`, which a test compares. Only what the model needs is here: linear rows, binary, free and non-negative variables.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping

from pyomo.common.errors import InfeasibleConstraintException

from workbench.selection.linear import Block, Linear, Row

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
        if isinstance(value, Var | VarList | Constraint | ConstraintList):
            value.enter(self)

    def new_columns(self, number: int, domain: str | None) -> range:
        """Columns for `number` more variables."""
        first = len(self.binary)
        self.column_lower.fromlist([-INF if domain is None else 0.0] * number)
        self.column_upper.fromlist([1.0 if domain is Binary else INF] * number)
        self.binary.fromlist([domain is Binary] * number)
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


class Set(tuple):
    """An index set."""

    __slots__ = ()

    def __new__(cls, initialize: Iterable = (), dimen: int = 1) -> Set:
        return super().__new__(cls, initialize)


def _indices(sets: tuple) -> list:
    """What a family runs over: nothing, one set, or every combination of several."""
    if not sets:
        return [None]
    return list(sets[0]) if len(sets) == 1 else list(itertools.product(*sets))


class Var(dict):
    """Variables by index; over `Any` each is made when first asked for."""

    def __init__(self, *sets: Iterable, domain: str | None = None, dense: bool = True, doc: str | None = None) -> None:
        super().__init__()
        self.domain, self.sets, self.model = domain, sets if dense else None, None
        self.bounds = (-INF if domain is None else 0.0, 1.0 if domain is Binary else INF)

    def enter(self, model: ConcreteModel) -> None:
        """Take columns of a model."""
        self.model = model
        if self.sets is not None:
            index = _indices(self.sets)
            self.update(zip(index, map(Column, model.new_columns(len(index), self.domain)), strict=True))

    def __missing__(self, index: object) -> Column:
        if self.sets is not None:
            raise KeyError(index)
        m, (lower, upper) = self.model, self.bounds
        self[index] = made = Column(len(m.binary))
        m.column_lower.append(lower)
        m.column_upper.append(upper)
        m.binary.append(self.domain is Binary)
        return made


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


def several(variables: VarList, number: int) -> list[int]:
    """So many more variables, numbered on."""
    made = list(variables.model.new_columns(number, variables.domain))
    variables.columns.fromlist(made)
    return made


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
    """Rows numbered on from nil, added one by one or as a block."""

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

    def add_block(self, block: Block, variables: list) -> None:
        """The rows of a block with their variables."""
        m = self.model
        before, first = len(m.columns), len(m.lower)
        m.coefficients.fromlist(block.coefficients)
        m.columns.fromlist(variables)
        m.ends.fromlist([before + end for end in block.ends])
        m.lower.fromlist(block.values)
        m.upper.fromlist(block.values)
        self.rows.fromlist(list(range(first, len(m.lower))))

    def __getitem__(self, number: int) -> int:
        return self.rows[number]

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.rows)))

    def __len__(self) -> int:
        return len(self.rows)


def Objective(form: Linear) -> Linear:  # noqa: N802
    """What is made least."""
    return form
