"""Workbooks and CSV files as sheets of text cells, whoever wrote them."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pandas as pd

from workbench.errors import PackageError

MISSING_FORMULA = "#formula-without-value"
_ZIP, _OLE = b"PK", b"\xd0\xcf\x11\xe0"  # how .xlsx and .ods, and how .xls begin


def read(path: Path) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Every sheet of a workbook from A1 on, as stored and as text cells; a formula without a saved value reads MISSING_FORMULA.

    Raises PackageError, one line, when the file is no workbook.
    """
    try:
        found = pd.read_excel(path, sheet_name=None, header=None, engine="calamine", dtype=object)
    except Exception as error:  # calamine raises its own class for each kind of damage
        raise PackageError(f"{path.name} cannot be opened as a workbook: {' '.join(str(error).split())[:200]}") from None
    raw = {str(name): sheet for name, sheet in found.items()}
    cells = {name: sheet.map(cell_text) for name, sheet in raw.items()}
    for name, places in _formulas_without_value(path, raw).items():
        for row, column in places:
            cells[name].iat[row, column] = MISSING_FORMULA
    return raw, cells


def sheets(path: Path) -> tuple[dict[str, pd.DataFrame], str]:
    """Every sheet of any workbook, or a CSV as its only one, as text cells from A1 on; and the encoding of a CSV.

    Raises PackageError, one line, when nothing can be read.
    """
    if not path.is_file():
        raise PackageError(f"there is no file {path}: check the path")
    with path.open("rb") as file:
        head = file.read(4)
    return (read(path)[1], "") if head[:2] == _ZIP or head == _OLE else _csv_sheet(path)


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
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return format(value, ".15g")
    return str(value)


def _formulas_without_value(path: Path, sheets: dict[str, pd.DataFrame]) -> dict[str, list[tuple[int, int]]]:
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
        frame = sheets.get(name)
        if frame is None:
            continue
        for row in book[name].iter_rows():
            for cell in row:
                if getattr(cell, "data_type", None) == "f":
                    at = (cell.row - 1, cell.column - 1)
                    if at[0] < frame.shape[0] and at[1] < frame.shape[1] and cell_text(frame.iat[at]) == "":
                        found.setdefault(name, []).append(at)
    book.close()
    return found
