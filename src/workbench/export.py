"""The tables of a run in open formats: one workbook, Parquet files, CSV files, or its places as GeoJSON."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from workbench import geojson, params, store
from workbench.errors import RunError

FORMATS = ("xlsx", "parquet", "csv", "geojson")


def export(run: Path, kind: str, out: Path | None = None) -> Path:
    """Write the tables of the run folder `run`; the workbook or the folder written (default: in the run folder)."""
    names = sorted(file.stem for file in (run / "tables").glob("*.csv"))
    if not names:
        raise RunError(f"{run} holds no tables: run the notebooks first (workbench run {run.name})")
    out = Path(out) if out else run / (f"{run.name}.{kind}" if kind in ("xlsx", "geojson") else kind)
    if kind == "csv":
        out.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(run / "tables" / f"{name}.csv", out / f"{name}.csv")
        return out
    folder = store.RunFolder(params.validate({"cluster": "export", "package": "-", "year": 2000, "run_dir": str(run)}))
    if kind == "geojson":
        return _places(folder, names, out)
    tables = {name: folder.read(name, "50_report") for name in names}
    if kind == "xlsx":
        return write_workbook(tables, out)
    out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(out / f"{name}.parquet", index=False)
    return out


def _places(folder: store.RunFolder, names: list[str], out: Path) -> Path:
    """Enterprises as points and heat pairs as lines (see `geojson`)."""
    if "sites" not in names:
        raise RunError("the run holds no table sites: run 30_potential again (workbench run … --force)")
    pairs = folder.read("heat_matches", "30_potential") if "heat_matches" in names else None
    store.write_text(out, geojson.text(folder.read("sites", "30_potential"), pairs))
    return out


def write_workbook(tables: dict[str, pd.DataFrame], out: Path) -> Path:
    """One sheet a table. Text stays text: a name that begins with = + - @ is never a formula."""
    from openpyxl import Workbook

    book = Workbook(write_only=False)
    book.remove(book.active)
    for name, table in tables.items():
        sheet = book.create_sheet(name[:31])
        sheet.freeze_panes = "A2"
        for row, values in enumerate([list(table.columns), *table.itertuples(index=False, name=None)], start=1):
            for column, value in enumerate(values, start=1):
                put(sheet.cell(row, column), value)
    return save(book, out)


def put(cell, value: object) -> None:
    """A value into a cell; text as text whatever it begins with, blanks and not-a-number left empty."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if value is None or value is pd.NA or value != value or value == "":
        return
    if not isinstance(value, str):
        cell.value = value.item() if hasattr(value, "item") else value
        return
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:32767]
    cell.data_type = "s"
    cell.quotePrefix = value[0] in "=+-@"


def save(book, out: Path) -> Path:
    """Save a workbook whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    try:
        book.save(partial)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return out
