"""Workbooks and CSV files as sheets of text cells, whoever wrote them."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from pathlib import Path

import pandas as pd

from workbench.errors import PackageError

MISSING_FORMULA = "#formula-without-value"
_ZIP, _OLE = b"PK", b"\xd0\xcf\x11\xe0"  # how .xlsx and .ods, and how .xls begin
_NOTHING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN",
     "None", "n/a", "nan", "null")
)  # fmt: skip
Rows = list[list[object]]


def read(path: Path) -> tuple[dict[str, Rows], dict[str, list[list[str]]]]:
    """Every sheet of a workbook from A1 on, row by row: as stored, and as text cells; blanks and words like n/a read ''.

    A formula without a saved value reads MISSING_FORMULA among the text cells. Raises PackageError, one line, when the file is no
    workbook.
    """
    from python_calamine import SheetTypeEnum, load_workbook

    try:
        with path.open("rb") as file:
            book = load_workbook(file)
            names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            raw = {name: _stored(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in names}
    except Exception as error:  # calamine raises its own class for each kind of damage
        raise PackageError(f"{path.name} cannot be opened as a workbook: {' '.join(str(error).split())[:200]}") from None
    cells = {name: [[cell_text(value) for value in row] for row in rows] for name, rows in raw.items()}
    for name, places in _formulas_without_value(path, cells).items():
        for row, column in places:
            cells[name][row][column] = MISSING_FORMULA
    return raw, cells


def _stored(rows: Rows) -> Rows:
    """Cells as a reader means them: whole numbers without a point, dates with an hour, nothing where a word says there is none."""
    if rows and isinstance(rows[0][0], str):
        rows[0][0] = rows[0][0].removeprefix("\ufeff")
    return [[_value(value) for value in row] for row in rows]


def _value(value: object) -> object:
    if type(value) is str:
        return "" if value in _NOTHING else value
    if type(value) is float:
        return int(value) if value.is_integer() else value
    if type(value) is datetime.date:
        return datetime.datetime(value.year, value.month, value.day)
    return value


def sheets(path: Path) -> tuple[dict[str, pd.DataFrame], str]:
    """Every sheet of any workbook, or a CSV as its only one, as text cells from A1 on; and the encoding of a CSV.

    Raises PackageError, one line, when nothing can be read.
    """
    if not path.is_file():
        raise PackageError(f"there is no file {path}: check the path")
    with path.open("rb") as file:
        head = file.read(4)
    if head[:2] != _ZIP and head != _OLE:
        return _csv_sheet(path)
    return {name: pd.DataFrame(rows, dtype="str") for name, rows in read(path)[1].items()}, ""


def _csv_sheet(path: Path) -> tuple[dict[str, pd.DataFrame], str]:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            rows = list(csv.reader(io.StringIO(content.decode(encoding))))
        except (UnicodeDecodeError, csv.Error):
            continue
        width = max(map(len, rows), default=0)
        cells = pd.DataFrame([row + [""] * (width - len(row)) for row in rows], dtype=object)
        return {path.stem: cells}, "" if encoding == "utf-8-sig" else "GB 18030"
    raise PackageError(f"{path.name} is neither a workbook nor a CSV in UTF-8 or GB 18030: save it as .xlsx or CSV UTF-8")


def cell_text(value: object) -> str:
    """What a reader sees in a cell: 12 for 12.0, '' for an empty one."""
    if type(value) is str:
        return value
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return format(value, ".15g")
    return str(value)


def _formulas_without_value(path: Path, cells: dict[str, list[list[str]]]) -> dict[str, list[tuple[int, int]]]:
    """Cells that hold a formula but no saved value, by sheet; the slow look is taken only where a formula exists."""
    if path.suffix.lower() not in (".xlsx", ".xlsm") or not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as book:
        if not any(b"<f" in book.read(n) for n in book.namelist() if n.startswith("xl/worksheets/")):
            return {}
    from openpyxl import load_workbook

    found: dict[str, list[tuple[int, int]]] = {}
    book = load_workbook(path, read_only=True, data_only=False)
    for name in book.sheetnames:
        rows = cells.get(name, [])
        for row in book[name].iter_rows():
            for cell in row:
                if getattr(cell, "data_type", None) == "f":
                    at = (cell.row - 1, cell.column - 1)
                    if at[0] < len(rows) and at[1] < len(rows[0]) and rows[at[0]][at[1]] == "":
                        found.setdefault(name, []).append(at)
    book.close()
    return found
