"""What pure functions answered before: small tables asked about again in building a test's cluster are not computed again.

An answer is known by the content of all that the function was given, of a dictionary of tables by what it took from it.
Functions are wrapped while a fixture builds, never where a test calls them itself.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pandas as pd

from workbench import bases, emissions, factors, filing, inventory, potential, prices, quality

LARGEST = 60  # rows: a larger table is computed, not compared
PURE = [
    (filing, "_check_table"), (quality, "_prices"), (quality, "_stated_factors"), (factors, "choose"), (inventory, "_count"),
    (inventory, "compile"), (inventory, "by_enterprise"), (inventory, "of_cluster"), (prices, "of_enterprises"),
    (emissions, "quantify"), (bases, "build"), (potential, "assess"),
]  # fmt: skip


class Large(Exception):
    """A table too large to be known by its content."""


class Tables(dict):
    """Tables that note which of them are taken; whoever goes through all takes all."""

    def __init__(self, tables: dict[str, pd.DataFrame]) -> None:
        super().__init__(tables)
        self.taken: set[str] = set()

    def __getitem__(self, name: str) -> pd.DataFrame:
        self.taken.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.taken.add(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.taken.add(name)
        return super().get(name, default)

    def _all(self) -> dict[str, pd.DataFrame]:
        self.taken.update(super().keys())
        return dict(super().items())

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def keys(self):
        return self._all().keys()

    def values(self):
        return self._all().values()

    def items(self):
        return self._all().items()

    def __or__(self, other: dict) -> dict:
        return self._all() | other

    def copy(self) -> dict:
        return self._all()


class Memory:
    """Answers of the functions of PURE."""

    def __init__(self) -> None:
        self.known: dict[str, list[tuple[dict[str, str], Any]]] = defaultdict(list)
        self.open = True

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Let the functions answer from memory; not where it is closed, nor within itself."""
        if not self.open:
            yield
            return
        originals = [(module, name, getattr(module, name)) for module, name in PURE]
        self.open = False
        try:
            for module, name, function in originals:
                setattr(module, name, self._remembering(module, name, function))
            yield
        finally:
            for module, name, function in originals:
                setattr(module, name, function)
            self.open = True

    def _remembering(self, module: ModuleType, name: str, function: Callable) -> Callable:
        def answer(*args: Any, **kwargs: Any) -> Any:
            tables = [Tables(a) for a in args if _are_tables(a)]
            try:
                place = content([module.__name__, name, [a for a in args if not _are_tables(a)], kwargs])
                for taken, known in self.known[place]:
                    if all(_of_table(tables, key) == what for key, what in taken.items()):
                        return fresh(known)
            except Large:
                return function(*args, **kwargs)
            noted = iter(tables)
            found = function(*[next(noted) if _are_tables(a) else a for a in args], **kwargs)
            try:
                taken = {key: _of_table(tables, key) for key in sorted({n for t in tables for n in t.taken})}
            except Large:
                return found
            self.known[place].append((taken, fresh(found)))
            return found

        return answer


def _are_tables(given: Any) -> bool:
    return isinstance(given, dict) and all(isinstance(value, pd.DataFrame) for value in given.values())


def _of_table(tables: list[Tables], name: str) -> str:
    return content([dict.get(t, name) for t in tables])


def content(given: Any) -> str:
    """A text that is the same for the same content only, types included."""
    if isinstance(given, pd.DataFrame):
        if len(given) > LARGEST:
            raise Large
        kind = [given.index.name, list(given.index), list(given.columns), list(map(str, given.dtypes)), given.attrs]
        return repr([kind, [column.tolist() for _, column in given.items()]])
    if isinstance(given, dict):
        return "{" + ",".join(f"{key!r}:{content(value)}" for key, value in given.items()) + "}"
    if isinstance(given, list | tuple):
        return "[" + ",".join(map(content, given)) + "]"
    if isinstance(given, set):
        return repr(sorted(given))
    if hasattr(given, "model_dump"):
        return repr(given.model_dump())
    if dataclasses.is_dataclass(given):
        return type(given).__name__ + content([getattr(given, f.name) for f in dataclasses.fields(given)])
    if given is not None and not isinstance(given, str | int | float | bool):
        raise Large
    return repr(given)


def fresh(found: Any) -> Any:
    """An answer of its own for everyone who asks: what one changes in a table does not reach the others."""
    if isinstance(found, pd.DataFrame | pd.Series):
        return found.copy()
    if isinstance(found, list | tuple) and type(found) in (list, tuple):
        return type(found)(map(fresh, found))
    if isinstance(found, dict):
        return {key: fresh(value) for key, value in found.items()}
    if dataclasses.is_dataclass(found):
        return dataclasses.replace(found, **{f.name: fresh(getattr(found, f.name)) for f in dataclasses.fields(found) if f.init})
    return found


MEMORY = Memory()
