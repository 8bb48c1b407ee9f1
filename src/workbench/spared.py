"""Parts of libraries that no notebook needs, or not yet, and that take long to import."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

# Libraries with what they do without: a debugger in every kernel (0.2 s), examples made up to test a schema with (0.6 s), files
# of a Hadoop cluster, with which all of pyarrow would come before a notebook begins (0.15 s).
WITHOUT = {
    "ipykernel.debugger": "debugpy", "pandera.backends.pandas.builtin_checks": "hypothesis", "papermill.iorw": "pyarrow.fs",
}  # fmt: skip


def mask() -> None:
    """Let this process do without them; before the first import of a library that would take them along.

    jsonschema would build the grammar of international addresses at its import, for a second (`rfc3987_syntax`), and read periods
    of time (`isoduration`), of which a notebook's schema has none.
    """
    for name in ("rfc3987_syntax", "isoduration"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def import_without(*libraries: str) -> None:
    """Import libraries of `WITHOUT`, all unless named, each without its optional part; who asks for the part still gets it."""
    for library in libraries or WITHOUT:
        part = WITHOUT[library]
        known = part in sys.modules
        sys.modules.setdefault(part, None)  # type: ignore[arg-type]
        try:
            importlib.import_module(library)
        finally:
            if not known:
                del sys.modules[part]


@contextlib.contextmanager
def put_off(module: str, function: str) -> Iterator[None]:
    """What is imported meanwhile gets a `function` of the module that imports the module when it is called, and not before."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = _Later(module, function)
    try:
        yield
    finally:
        if isinstance(sys.modules.get(module), _Later):
            del sys.modules[module]


class _Later(ModuleType):
    """A module of which one function is known by name; whoever asks for more gets the module itself."""

    def __init__(self, name: str, function: str) -> None:
        super().__init__(name)

        def called(*args: Any, **options: Any) -> Any:
            return getattr(importlib.import_module(name), function)(*args, **options)

        setattr(self, function, called)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)
