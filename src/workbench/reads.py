"""What a notebook reads while it runs: files, parameters. Recorded in the process made for it, so nothing has to be undone."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench import params

_ALL = ("__dict__", "model_dump", "model_dump_json")  # ways to take every parameter at once


class Reads:
    """`files` opened for reading below the given folders, less those this process wrote first; `parameters` asked for."""

    def __init__(self, *folders: Path) -> None:
        self.files: set[str] = set()
        self.parameters: set[str] = set()
        self._folders = tuple(str(folder) for folder in folders)
        self._made: set[str] = set()
        self._paused = False

    def start(self) -> Reads:
        """Listen from now on, to the end of the process."""
        sys.addaudithook(self._hear)
        self._watch_settings()
        return self

    def _hear(self, event: str, args: tuple) -> None:
        if event == "os.rename":
            self._made.add(_full(args[1]))
        elif event == "open" and isinstance(args[0], str) and isinstance(args[1], str):
            path = _full(args[0])
            if path.startswith(self._folders) and "r" in args[1] and path not in self._made:
                self.files.add(path)
            elif args[1][0] in "wx":
                self._made.add(path)

    def _watch_settings(self) -> None:
        """Note each parameter of `params.Settings` that is asked for; checking and copying them all is not asking."""
        plain, fields = params.Settings.__getattribute__, frozenset(params.Settings.model_fields)

        def watched(settings: Any, name: str) -> Any:
            if not self._paused:
                if name in fields:
                    self.parameters.add(name)
                elif name in _ALL:
                    self.parameters |= fields
            return plain(settings, name)

        params.validate = self._quietly(params.validate)
        params.Settings.model_copy = self._quietly(params.Settings.model_copy)
        params.Settings.__getattribute__ = watched

    def _quietly(self, work: Callable) -> Callable:
        def quiet(*args: Any, **options: Any) -> Any:
            with self._pause():
                return work(*args, **options)

        return quiet

    @contextmanager
    def _pause(self) -> Iterator[None]:
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before


def _full(path: Any) -> str:
    """A path from the root; of links the name, not what they lead to, and without asking the disk."""
    return os.path.abspath(os.fspath(path))  # noqa: PTH100


def parameters_named(code: str) -> set[str]:
    """Parameters a notebook's code uses by their bare names, its parameter cell aside."""
    fields = set(params.Settings.model_fields)
    names = [node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    hidden = names.count("globals") > code.count("from_notebook(globals())") or {"locals", "vars", "eval", "exec"} & set(names)
    return fields if hidden else fields & set(names)
