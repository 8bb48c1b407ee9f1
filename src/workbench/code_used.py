"""Which modules and tables of the workbench a notebook can reach, read from the sources without running them.

A name taken from a package (`words.title`) leads to the module that defines it, not to the whole package. A module reaches a
table under `data/` when it holds its name as a text. More may be named than is used, never less; a test follows real calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent
_PACKAGE = "workbench"


class _Source(NamedTuple):
    """What a source says of others: a tree of it would be walked again for each question, and takes long to keep."""

    imports: tuple[str, ...]  # import workbench.words
    taken: tuple[tuple[str, str, str], ...]  # from workbench import words as w: (workbench, words, w)
    attributes: frozenset[tuple[str, str]]  # w.title: (w, title)
    alone: frozenset[str]  # names that stand without an attribute
    texts: frozenset[str]


def of_notebook(code: str) -> frozenset[str]:
    """Files of the package, named from its folder (`flows.py`, `data/prices.csv`), behind the code of a notebook."""
    return _reached(_targets(_source(code), ""))


def _source(code: str) -> _Source:
    imports, taken, attributes, names, spoken, texts = [], [], set(), {}, set(), set()
    tree = ast.parse(code)
    for node in ast.walk(tree):
        kind = type(node)
        if kind is ast.Name:
            names[id(node)] = node.id
        elif kind is ast.Attribute and type(node.value) is ast.Name:
            attributes.add((node.value.id, node.attr))
            spoken.add(id(node.value))
        elif kind is ast.Constant and type(node.value) is str:
            texts.add(node.value)
        elif kind is ast.Import:
            imports += [alias.name for alias in node.names if alias.name.split(".")[0] == _PACKAGE]
        elif kind is ast.ImportFrom and (node.module or "").split(".")[0] == _PACKAGE:
            taken += [(node.module, alias.name, alias.asname or alias.name) for alias in node.names]
    alone = frozenset(name for place, name in names.items() if place not in spoken)
    return _Source(tuple(imports), tuple(taken), frozenset(attributes), alone, frozenset(texts))


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
    source = _read(file)
    named = {table for text in source.texts for table in _data().get(text.removesuffix(".csv"), ())}
    return frozenset(_targets(source, file)) | named


def _targets(source: _Source, file: str) -> set[str]:
    """Files behind the imports of a source: behind `name.attribute` of a module; one passed on as it is counts whole."""
    found = {_whole(module) for module in source.imports}
    bound: dict[str, str] = {}
    for package, name, own in source.taken:
        module = f"{package}.{name}"
        if _file(module):
            bound[own] = module
        else:
            found.add(_defining(package, name))
    through = {_defining(bound[name], attribute) for name, attribute in source.attributes if name in bound}
    return (found - {"", file} | through | {_whole(bound[name]) for name in source.alone & bound.keys()}) - {""}


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
    return {own: _file(f"{module}.{name}") or _defining(module, name) for module, name, own in _read(file).taken}


def _whole(module: str) -> str:
    return _file(module) or _file(module.rpartition(".")[0])


@cache
def _file(module: str) -> str:
    """`workbench.words.plan` → `words/plan.py`; '' when there is no such module."""
    path = "/".join(module.split(".")[1:])
    return next((name for name in (f"{path}.py", f"{path}/__init__.py".lstrip("/")) if (ROOT / name).is_file()), "")


@cache
def _read(file: str) -> _Source:
    return _source((ROOT / file).read_text(encoding="utf-8"))


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
