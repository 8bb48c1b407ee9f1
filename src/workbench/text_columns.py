"""Columns of text cells, looked at without a walk through pandas for each: a package has some hundred of them, most short.

Cells of short columns are held by Python (`store.read_package`), which compares them at once; those of long ones by Arrow.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray


def trimmed(column: list | pd.Series, kind: pd.StringDtype) -> ExtensionArray:
    """A column as text of that kind without blanks around the cells; what is missing is blank."""
    if isinstance(column, list):
        return pd.array([cell.strip() for cell in column], dtype=kind)
    column = column.fillna("")
    if kind.storage == "python":
        return pd.array([cell.strip() for cell in column.tolist()], dtype=kind)
    return column.astype(kind).str.strip().array


def without_blank_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table in which something stands."""
    if not len(table.columns):
        return table
    some = np.logical_or.reduce([filled(column.array) for _, column in table.items()])
    return table if some.all() else table[some]


def cells(column: ExtensionArray) -> np.ndarray:
    """The cells as Python's."""
    return np.asarray(column, dtype=object)


def filled(column: ExtensionArray) -> np.ndarray:
    """Which cells are not blank."""
    return np.asarray(column != "", dtype=bool) if _of_arrow(column) else cells(column) != ""


def words(column: ExtensionArray) -> set[str]:
    """What stands in the column, each once."""
    return set(cells(column.unique() if _of_arrow(column) else column).tolist())


def alike(table: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """Which rows hold in these columns what another row holds there, too."""
    arrays = [table[column].array for column in columns]
    if any(map(_of_arrow, arrays)):
        return table.duplicated(columns, keep=False).to_numpy()
    rows = list(zip(*map(cells, arrays), strict=True))
    times = Counter(rows)
    return np.array([times[row] > 1 for row in rows], dtype=bool)


def _of_arrow(column: ExtensionArray) -> bool:
    return isinstance(column.dtype, pd.StringDtype) and column.dtype.storage == "pyarrow"
