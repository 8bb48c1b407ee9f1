"""Which modules and tables of the workbench a notebook can reach, read from the sources without running them.

A name taken from a package (`words.title`) leads to the module that defines it, not to the whole package. A module reaches a
table under `data/` when it holds its name as a text. More may be named than is used, never less; a test follows real calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent
_PACKAGE = "workbench"


def of_notebook(code: str) -> frozenset[str]:
    """Files of the package, named from its folder (`flows.py`, `data/prices.csv`), behind the code of a notebook."""
    return _reached(_targets(ast.parse(code), ""))


def _reached(start: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _links(file)
    return frozenset(found)


@cache
def _links(file: str) -> frozenset[str]:
    """What one file leads to: modules it takes names from, tables it names."""
    if not file.endswith(".py"):
        return frozenset()
    tree = _tree(file)
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    named = {table for text in texts for table in _data().get(text.removesuffix(".csv"), ())}
    return frozenset(_targets(tree, file)) | named


def _targets(tree: ast.AST, file: str) -> set[str]:
    """Files behind the imports of a source."""
    found: set[str] = set()
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(_whole(alias.name) for alias in node.names if alias.name.split(".")[0] == _PACKAGE)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == _PACKAGE:
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                if _file(module):
                    bound[alias.asname or alias.name] = module
                else:
                    found.add(_defining(node.module, alias.name))
    return found - {"", file} | _through(tree, bound)


def _through(tree: ast.AST, bound: dict[str, str]) -> set[str]:
    """Files behind `name.attribute` of modules bound to names; a module passed on as it is counts whole."""
    found, spoken = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in bound:
            found.add(_defining(bound[node.value.id], node.attr))
            spoken.add(id(node.value))
    passed = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in bound and id(node) not in spoken)
    return (found | {_whole(bound[node.id]) for node in passed}) - {""}


def _defining(module: str, name: str) -> str:
    """The file that defines `name` of a module: its own, a submodule, or where the package takes it from."""
    file = _file(module)
    if not file.endswith("__init__.py"):
        return file
    if _file(f"{module}.{name}"):
        return _file(f"{module}.{name}")
    return _exports(file).get(name) or file


@cache
def _exports(file: str) -> dict[str, str]:
    """Names a package hands on, and the files that define them."""
    taken = [
        node for node in ast.walk(_tree(file)) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PACKAGE)
    ]
    return {
        alias.asname or alias.name: _file(f"{node.module}.{alias.name}") or _defining(node.module, alias.name)
        for node in taken
        for alias in node.names
    }


def _whole(module: str) -> str:
    return _file(module) or _file(module.rpartition(".")[0])


@cache
def _file(module: str) -> str:
    """`workbench.words.plan` → `words/plan.py`; '' when there is no such module."""
    path = "/".join(module.split(".")[1:])
    return next((name for name in (f"{path}.py", f"{path}/__init__.py".lstrip("/")) if (ROOT / name).is_file()), "")


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


@cache
def _data() -> dict[str, tuple[str, ...]]:
    """Tables by the texts that may name them: their path without ending, their file name, the folder they lie in."""
    names: dict[str, tuple[str, ...]] = {}
    for path in sorted(file for file in (ROOT / "data").rglob("*") if file.is_file()):
        file = path.relative_to(ROOT).as_posix()
        inside = path.relative_to(ROOT / "data")
        keys = {inside.with_suffix("").as_posix(), inside.as_posix(), path.name, inside.parent.as_posix()} - {"."}
        for key in keys:
            names[key] = (*names.get(key, ()), file)
    return names
