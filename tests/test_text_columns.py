"""Columns of text say the same whoever holds them, Python or Arrow."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from workbench import text_columns

KINDS = [pd.StringDtype(storage, na_value=math.nan) for storage in ("python", "pyarrow")]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.storage)
def kind(request):
    return request.param


def test_cells_are_trimmed_and_missing_ones_blank(kind):
    for given in ([" a", "b\u3000", "\t", "c d"], pd.Series([" a", "b\u3000", None, "c d"], dtype="str")):
        made = text_columns.trimmed(given, kind)
        assert made.dtype == kind and made.dtype.storage == kind.storage
        assert list(made) == ["a", "b", "", "c d"]


def test_what_stands_in_a_column(kind):
    column = pd.array(["a", "", "b", "a"], dtype=kind)
    assert text_columns.words(column) == {"a", "", "b"}
    assert text_columns.filled(column).tolist() == [True, False, True, True]
    assert text_columns.cells(column).tolist() == ["a", "", "b", "a"]


def test_rows_alike_in_some_columns(kind):
    table = pd.DataFrame({"a": ["x", "x", "y", "x"], "b": ["1", "2", "1", "1"]}).astype(kind)
    assert text_columns.alike(table, ["a", "b"]).tolist() == [True, False, False, True]
    assert text_columns.alike(table, ["b"]).tolist() == [True, False, True, True]
    assert text_columns.alike(table.iloc[:0], ["b"]).tolist() == []


def test_blank_rows_are_left_out(kind):
    table = pd.DataFrame({"a": ["", "x", ""], "b": ["", "", "y"]}).astype(kind)
    assert text_columns.without_blank_rows(table).index.tolist() == [1, 2]
    assert text_columns.without_blank_rows(table.iloc[1:]).index.tolist() == [1, 2]
    assert len(text_columns.without_blank_rows(table[[]])) == 3
