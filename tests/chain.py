"""Notebooks on a package, cell by cell in this process: the chain of a run, to the inventory or to the report."""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import IPython.display
import pytest

import workbench

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ("10_intake", "20_inventory")
ALL = (*NOTEBOOKS, "30_potential", "40_selection", "45_whatif", "46_uncertainty_sharing", "50_report")


@cache
def cells(name: str) -> tuple[tuple[CodeType, CodeType | None], ...]:
    """Code cells of a notebook: the statements, and the last expression, which a kernel displays."""
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    found = []
    for cell in (c for c in notebook["cells"] if c["cell_type"] == "code"):
        body = ast.parse("".join(cell["source"])).body
        last = ast.Expression(body.pop().value) if isinstance(body[-1], ast.Expr) else None
        statements = compile(ast.Module(body, []), name, "exec")
        found.append((statements, None if last is None else compile(last, name, "eval")))
    return tuple(found)


class _NoFigure:
    """Stands where a figure would be drawn."""

    def _repr_html_(self) -> str:
        return ""


class _NoFigures:
    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: _NoFigure()


def run(
    path: Path, folder: Path, *, year: int = 2022, lang: str = "en", figures: bool = False,
    notebooks: tuple[str, ...] = NOTEBOOKS, **settings: Any,
) -> SimpleNamespace:  # fmt: skip
    """Run notebooks on the package at `path`, run folder `folder`: the names they leave, and all that they `shown`."""
    shown: list[Any] = []
    given = {"cluster": "case", "package": str(path), "year": year, "lang": lang, "run_dir": str(folder), "reduction_pct": None}
    given |= {"uncertainty_draws": 100} | settings
    space: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        if not figures:
            patch.setattr(workbench, "figures", _NoFigures(), raising=False)
        patch.setattr(IPython.display, "display", lambda *things: shown.extend(things))
        for name in notebooks:
            for number, (statements, last) in enumerate(cells(name)):
                exec(statements, space)
                if number == 0:
                    space |= given
                if last is not None:
                    shown.append(eval(last, space))
    return SimpleNamespace(**space | {"shown": [thing for thing in shown if not isinstance(thing, _NoFigure | None)]})
