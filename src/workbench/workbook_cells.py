"""Cells of the finance workbook: headings, shaded inputs, number formats and widths alike on every sheet."""

from __future__ import annotations

from workbench import export, wording

FORMAT = {"pct": "0.0%", "money": "#,##0;-#,##0;0", "number": "#,##0.00", "years": "0.0"}


def letter(index: int) -> str:
    """Letter of a column, counted from 0."""
    from openpyxl.utils import get_column_letter

    return get_column_letter(index + 1)


def say(key: str, lang: str, **values: str) -> str:
    """A text of the workbook."""
    return wording.text(f"workbook.{key}", lang, **values)


def source(source: object, lang: str) -> str:
    """Where a figure comes from; the workbench's own words for it in the report's language."""
    key = f"source.{str(source).replace(' ', '_')}"
    return say(key, lang) if wording.knows(f"workbook.{key}") else str(source)


def column(name: str, lang: str) -> str:
    """Heading of a column: the workbook's own, else that of the tables."""
    return say(f"column.{name}", lang) if wording.knows(f"workbook.column.{name}") else wording.label(name, lang)


def number_format(name: str) -> str:
    """How figures of a column are shown."""
    if name in ("loan_share", "loan_rate", "interest_subsidy", "salvage_share"):
        return FORMAT["pct"]
    if name.endswith("_years"):
        return FORMAT["years"]
    if name == "crf":
        return "0.0000"
    if name in ("dscr_heaviest_year", "abatement_cost", "abatement_cost_without_carbon", "break_even_carbon_price"):
        return FORMAT["number"]
    return "@" if name in ("project_id", "name", "loan_kind") else FORMAT["money"]


def heading(sheet, row: int, heads: list[str]) -> None:
    """A row of headings."""
    from openpyxl.styles import Alignment, Font

    for column, head in enumerate(heads, start=1):
        cell = sheet.cell(row, column)
        export.put(cell, head)
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")


def shade(cell, number_format: str) -> None:
    """An input: the reader may change it."""
    from openpyxl.styles import PatternFill

    cell.fill, cell.number_format = PatternFill("solid", fgColor="FFF2CC"), number_format


def wrap(sheet, row: int, columns: int) -> None:
    """Long texts of a row break within their cells."""
    from openpyxl.styles import Alignment

    for place in range(1, columns + 1):
        sheet.cell(row, place).alignment = Alignment(wrap_text=True, vertical="top")


def widths(sheet, widths: tuple[int, ...]) -> None:
    """Widths of the columns from the first."""
    for index, width in enumerate(widths):
        sheet.column_dimensions[letter(index)].width = width


def print_setup(sheet) -> None:
    """Landscape, one page wide, headings on every page."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
    sheet.oddFooter.center.text = "&A  &P / &N"
