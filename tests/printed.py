"""What a notebook prints: every table it shows, by name, as a reader sees it; and whether a printed figure is the one expected."""

from __future__ import annotations

import html
import math
import re
from contextlib import contextmanager

import pandas as pd
import pytest

from workbench import tables, words

_ROW, _CELL = re.compile(r"<tr>(.*?)</tr>", re.S), re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.S)


class Printed(dict):
    """Name of a table → the columns it shows and its cells as printed; `twice` holds those that were shown more than once."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def add(self, columns: list[str], text: str) -> None:
        body = text.split("<tbody>")[1]
        rows = [[html.unescape(cell) for cell in _CELL.findall(row)] for row in _ROW.findall(body)]
        rows = [row for row in rows if len(row) == len(columns)]
        frame = pd.DataFrame(rows, columns=columns, dtype=object)
        name = self.names[-1]
        self[name] = pd.concat([self[name], frame], ignore_index=True) if name in self else frame


@contextmanager
def recorded(patch: pytest.MonkeyPatch):
    """While it holds, every table shown by `tables.show(..., **words.table(name, ...))` is kept."""
    found, show, table = Printed(), tables.show, words.table

    def named(name, *given, **more):
        found.names.append(name)
        return table(name, *given, **more)

    def shown(frame, *given, **more):
        made = show(frame, *given, **more)
        columns = more.get("columns")
        found.add(list(frame.columns if columns is None else columns), made.html)
        return made

    patch.setattr(words, "table", named)
    patch.setattr(tables, "show", shown)
    yield found


def figure(text: str) -> tuple[float, float]:
    """A printed figure and half a unit of its last digit; NaN for the dash of a missing one."""
    if text == tables.MISSING:
        return math.nan, 0.0
    plain = text.replace(",", "").replace("−", "-")
    return float(plain), 0.5 * 10.0 ** -len(plain.partition(".")[2])


def is_figure(text: str) -> bool:
    """Whether a cell is one figure and nothing else."""
    return re.fullmatch(r"[-−]?[\d,]+(\.\d+)?", text) is not None


def held(frame: pd.DataFrame, key: str, expected: dict[str, dict[str, float]], apart: tuple[str, ...] = ()) -> None:
    """Every figure of a printed table is the expected one, rounded; a column of figures that nobody expects fails.

    `key` names the column that tells the rows; `expected` column → row → figure; a column `apart` holds labels that look like
    figures.
    """
    numbers = [name for name in frame if name not in (key, *apart) and frame[name].map(is_figure).any()]
    assert set(numbers) <= set(expected), f"no second path for {sorted(set(numbers) - set(expected))}"
    assert frame[key].is_unique
    for name, wanted in expected.items():
        assert set(wanted) == set(frame[key]), (name, set(wanted) ^ set(frame[key]))
        for row, text in zip(frame[key], frame[name], strict=True):
            seen, half = figure(text)
            number = wanted[row]
            missing = number is None or math.isnan(number)
            assert math.isnan(seen) == missing, (name, row, text, number)
            assert missing or abs(seen - number) <= half * (1 + 1e-9) + 1e-9 * abs(number), (name, row, text, number)
