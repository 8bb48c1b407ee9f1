"""Cells of a workbook read as pandas reads them, and as a reader sees them."""

from __future__ import annotations

import datetime

import pandas as pd
import pytest

from workbench import store, workbook
from workbook_files import write

ODD = [
    "", " ", "\u3000x", "1,234", "NA", "n/a", "nan", "None", "null", "NULL", "#N/A", "<NA>", "Nan", "none", True, False, 0,
    -0.0, 1.5, 2022.0, 1e16, 0.1 + 0.2, 123456789012345678, datetime.datetime(2022, 3, 1), datetime.datetime(2022, 3, 1, 12, 30),
    datetime.date(2022, 12, 31), datetime.time(8, 30), datetime.timedelta(hours=30), None, "line\nbreak", "企业",
]  # fmt: skip


def test_cells_read_as_pandas_reads_them(tmp_path):
    """Another way to the same cells: `read_excel`, then the text of each."""
    odd = [["\ufeffheading", None, "heading"], *([value, None, "x"] for value in ODD), [None, None, None], ["end", "NA", 5]]
    path = write(tmp_path / "odd.xlsx", {"odd": odd, "none": [], "blank": [[None, None]]})
    expected = pd.read_excel(path, sheet_name=None, header=None, engine="calamine", dtype=object)
    _, cells = workbook.read(path)
    assert list(cells) == list(expected)
    for name, frame in expected.items():
        assert cells[name] == frame.map(workbook.cell_text).to_numpy().tolist(), name
    read, encoding = workbook.sheets(path)
    assert encoding == "" and read["odd"].to_numpy().tolist() == cells["odd"] and read["none"].empty


def test_what_a_reader_sees(tmp_path):
    """Whole numbers without a point, dates with their hour, yes as 1; words that say there is nothing are blank."""
    row = [12.0, 0.1 + 0.2, datetime.date(2022, 3, 1), datetime.time(8, 30), True, "n/a", None, "N.A."]
    _, cells = workbook.read(write(tmp_path / "seen.xlsx", {"a": [row]}))
    assert cells["a"] == [["12", "0.3", "2022-03-01 00:00:00", "08:30:00", "1", "", "", "N.A."]]


def test_a_table_of_a_workbook_is_trimmed_and_blank_rows_and_columns_are_none(tmp_path):
    ledger = [
        [" enterprise_id ", None, "name", "name", None, "Unnamed: 5"], [" A\u3000", None, " Alpha", "x", None, "y"], [None] * 6,
        [" ", None, "\u00a0", "x", None, None], [None, None, None, "z", "q", "q"], ["B", None, "n/a", None, None, None],
    ]  # fmt: skip
    package = store.read_package(
        write(tmp_path / "book.xlsx", {"cluster": [["id", "x"]], "enterprises": ledger, "energy": [["year"]]})
    )
    table = package.tables["enterprises"]
    assert table.to_dict("list") == {"enterprise_id": ["A", "B"], "name": ["Alpha", ""]}
    assert table.index.tolist() == [2, 6] and table.index.name == "row"
    told = [(remark["check"], remark["field"]) for remark in package.remarks]
    assert told == [("duplicate_column", "name"), ("duplicate_column", "")]
    assert package.tables["energy"].empty and list(package.tables["energy"]) == ["year"]


@pytest.mark.parametrize("value", [2022.0, "2022"])
def test_the_sheet_cluster_gives_values_as_stored(tmp_path, value):
    rows = [["id", "x"], ["base_year", value], ["currency", "NA"], ["name_en", "X"], [None, "lost"], ["price_year", None]]
    meta = store.read_package(write(tmp_path / "book.xlsx", {"cluster": rows})).meta
    assert meta == {"id": "x", "base_year": int(value) if isinstance(value, float) else value, "name": {"en": "X"}}
    assert type(meta["base_year"]) is (int if isinstance(value, float) else str)
