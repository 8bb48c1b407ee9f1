"""A spreadsheet of energy-saving technologies → a catalogue in the layout of the technology library.

Headings are found by meaning, Chinese or English (`catalogue_headings.csv`): name, industry, unit kind, energy saved, share saved,
capital per energy saved or investment and yearly saving of a typical project, life. Units stand in brackets behind the heading
(投资额（万元）, 年节能量（tce）); a cell formatted as a percentage is read as the share it holds. What is wrong becomes findings.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from workbench import findings, store, workbook
from workbench.errors import UserError
from workbench.importers import catalogue_rows, form_sheet


def read(path, *, currency="CNY", price_year, price_index="", sheet=None):
    """One spreadsheet → (rows of `catalogue_rows.COLUMNS`, raw findings). Raises UserError when no sheet holds a catalogue."""
    path = Path(path)
    name, cells, header = find_sheet(path, sheet)
    lines = as_lines(cells, header)
    terms = catalogue_rows.Terms(currency, price_year, price_index, f"{path.name}, sheet {name}")
    shares = percentages(path, name, header) if path.suffix.lower() in (".xlsx", ".xlsm") else set()
    return catalogue_rows.build(lines, header.texts, shares, terms)


def find_sheet(path, sheet=None):
    """(name, cells, header) of the first sheet with a name and a share saved; else one line saying what is missing."""
    found, _ = workbook.sheets(path)
    if sheet is not None and sheet not in found:
        raise UserError(f"{path.name} has no sheet {sheet} (found: {', '.join(found)}).")
    patterns = form_sheet.patterns_of("catalogue_headings", "field")
    headers = {name: header_of(cells, patterns) for name, cells in found.items() if sheet in (None, name)}
    for name, header in headers.items():
        if header and "name" in header.columns and set(header.columns) & set(catalogue_rows.SHARES):
            return name, found[name], header
    heads = "; ".join(form_sheet.plain(text) for header in headers.values() if header for text in header.texts.values())
    raise UserError(
        f"{path.name}: no sheet has the columns 技术名称 (name) and 节能率 (saving); headings found: {heads or 'none'}. "
        "Give the catalogue a heading row with both."
    )


def header_of(cells, patterns):
    """The headings without a title above them, which would stand in front of each heading and its unit; None where none is."""
    header = form_sheet.find_header(cells, patterns)
    while header and header.first < header.last:
        lower = form_sheet.find_header(cells.iloc[header.first + 1 : header.last + 1], patterns)
        if lower is None or lower.columns != header.columns:
            break
        above = header.first + 1
        header = form_sheet.Header(above + lower.first, above + lower.last, lower.columns, lower.texts)
    return header


def as_lines(cells, header):
    """The lines under the headings as text, every field of the catalogue; the index is the row of the sheet, from 1."""
    body = cells.iloc[header.last + 1 :]
    table = pd.DataFrame(index=body.index + 1)
    for field, _ in form_sheet.patterns_of("catalogue_headings", "field"):
        table[field] = body.iloc[:, header.columns[field]].astype(str).str.strip().to_numpy() if field in header.columns else ""
    filled = table.map(lambda text: form_sheet.plain(text) not in form_sheet.BLANK).any(axis=1)
    return table[filled]


def percentages(path, sheet, header):
    """(row, field) of the cells of shares that the spreadsheet shows as percentages: 0.12 shown as 12 %."""
    from openpyxl import load_workbook

    columns = {header.columns[field]: field for field in catalogue_rows.SHARES if field in header.columns}
    book = load_workbook(path, read_only=True)
    try:
        return {
            (row, columns[place])
            for row, cells in enumerate(book[sheet].iter_rows(), start=1)
            for place, cell in enumerate(cells)
            if place in columns and "%" in str(getattr(cell, "number_format", ""))
        }
    finally:
        book.close()


def add_arguments(parser):
    """Options of `workbench import catalogue`."""
    parser.add_argument("source", metavar="FILE", help="the catalogue, .xlsx, .xls, .ods or .csv")
    parser.add_argument("--out", required=True, metavar="FILE.csv", help="catalogue to write; findings go to FILE-findings.csv")
    parser.add_argument("--price-year", type=int, required=True, help="year of the money where no column states it")
    parser.add_argument("--currency", default="CNY", help="currency where no heading names one (default: CNY)")
    parser.add_argument("--price-index", default="", help="index that carries the money to other years (default: the currency's)")
    parser.add_argument("--sheet", help="name of the sheet (default: the first that holds a catalogue)")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of the findings")


def run(args) -> str:
    """Import as the parsed arguments say; a line saying what was written. Raises UserError when no row can be used."""
    options = {name: getattr(args, name) for name in ("currency", "price_year", "price_index", "sheet")}
    rows, found = read(args.source, **options)
    worded = findings.collect(found, args.lang)
    out = Path(args.out)
    beside = out.with_name(f"{out.stem}-findings.csv")
    if rows.empty:
        first = worded["message"].iat[0] if len(worded) else "it holds no rows"
        raise UserError(f"{Path(args.source).name}: no row can be used ({first})")
    store.write_text(out, store.csv_text(rows))
    store.write_text(beside, store.csv_text(worded))
    errors = int((worded["severity"] == "error").sum())
    return f"{out}: {len(rows)} technologies; {len(worded)} findings in {beside}, {errors} of them errors"
