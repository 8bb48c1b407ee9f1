"""Files in and out: cluster packages as raw text tables, run folders with tables that are written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import yaml
from pandas.api.extensions import ExtensionArray

from workbench import dictionary, text_columns, workbook
from workbench.errors import PackageError, RunError
from workbench.files import sha256, write_text
from workbench.params import Settings

MAX_MEGABYTES = 2048
_WORDS = ("flags", "why", "seen", "expected", "source", "price_source", "reason")  # text even where a whole column is blank
_SMALL = 200_000  # cells of a table
_LONG = 500_000  # bytes of a file: about where Arrow was measured to read it quicker
FLOAT_FORMAT = "%.12g"  # twelve significant digits: more than any meter has, the same text on every machine


@dataclass(frozen=True)
class Package:
    """A cluster package as filed: `meta` from cluster.yaml, tables as text, index = row in the file (header is row 1)."""

    path: Path
    meta: dict
    tables: dict[str, pd.DataFrame]
    files: dict[str, str] = field(default_factory=dict)  # file name -> sha256
    remarks: list[dict] = field(default_factory=list)  # what was odd about the files themselves


def read_package(path: str | Path) -> Package:
    """Read a package folder (cluster.yaml + CSV/Parquet) or a workbook with the same names as sheets.

    Raises PackageError, one line, when nothing can be read; all that is merely odd goes into `remarks`.
    """
    path = Path(path)
    if not path.exists():
        raise PackageError(f"no package at {path}: give a folder with cluster.yaml or a workbook (.xlsx)")
    if path.is_dir():
        return _read_folder(path)
    if path.suffix.lower() in (".xlsx", ".xls", ".ods"):
        return _read_workbook(path)
    raise PackageError(f"{path.name} is neither a package folder nor a workbook (.xlsx, .xls, .ods)")


def _read_folder(path: Path) -> Package:
    meta_file = path / "cluster.yaml"
    if not meta_file.is_file():
        raise PackageError(f"{path} holds no cluster.yaml: add one (id, name, country, grid_region, base_year, …)")
    remarks: list[dict] = []
    tables, files = {}, {"cluster.yaml": sha256(meta_file)}
    for name in dictionary.names():
        found = [path / f"{name}{end}" for end in (".csv", ".parquet") if (path / f"{name}{end}").is_file()]
        if found:
            tables[name] = read_text(found[0], name, remarks)
            files[found[0].name] = sha256(found[0])
    meta = _read_meta(meta_file)
    _own_factors(path, meta, tables, files, remarks)
    known = {*files, "import_notes.csv", "planted_errors.csv"}
    for stray in sorted(set(p.name for p in path.iterdir() if p.suffix in (".csv", ".parquet", ".xlsx")) - known):
        remarks.append({"check": "unknown_table", "table": stray, "seen": stray})
    return Package(path, meta, tables, files, remarks)


def _own_factors(path: Path, meta: dict, tables: dict[str, pd.DataFrame], files: dict[str, str], remarks: list[dict]) -> None:
    """A factor_set that names a CSV or Parquet file is the user's own table of factors: it is read as the table `factors`."""
    stated = str(meta.get("factor_set", ""))
    if not stated.lower().endswith((".csv", ".parquet")) or "factors" in tables:
        return
    file = path / stated if (path / stated).is_file() else Path(stated)
    if not file.is_file():
        raise PackageError(
            f"cluster.yaml: factor_set names {stated}, and there is no such file: correct it or name a set such as cn-f1"
        )
    tables["factors"] = read_text(file, "factors", remarks)
    files[file.name] = sha256(file)


def _read_meta(file: Path) -> dict:
    try:
        meta = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
        json.dumps(meta, default=str)  # as a run folder keeps it: keys are plain, nothing holds itself
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError, RecursionError) as error:
        raise PackageError(f"cluster.yaml is not readable YAML: {' '.join(str(error).split())}") from None
    if not isinstance(meta, dict):
        raise PackageError("cluster.yaml must hold lines of the form key: value")
    return meta


def read_text(file: Path, table: str, remarks: list[dict]) -> pd.DataFrame:
    """A CSV or Parquet file as text cells, index = row in the file; what is odd about it goes into `remarks` under `table`.

    Raises PackageError, one line, when it cannot be read.
    """
    if file.stat().st_size > MAX_MEGABYTES * 2**20:
        raise PackageError(f"{file.name} is larger than {MAX_MEGABYTES} MiB: split the cluster or file it as Parquet")
    if file.suffix.lower() == ".parquet":
        return _of_frame(_read_parquet(file), table, remarks)
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise PackageError(f"{file.name} is neither UTF-8 nor GB 18030: save it as CSV UTF-8") from None
        remarks.append({"check": "encoding", "table": table, "seen": "GB 18030"})
    return _of_frame(_parse_csv(text, table, remarks), table, remarks)


def _read_parquet(file: Path) -> pd.DataFrame:
    """Cells of a Parquet file as text, as a spreadsheet would show them."""
    try:
        frame = pd.read_parquet(io.BytesIO(file.read_bytes()))
    except (OSError, ValueError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:200]
        raise PackageError(f"{file.name} is not a readable Parquet file ({reason}): write it again or file it as CSV") from None
    frame = frame.reset_index() if frame.index.names != [None] else frame
    return pd.DataFrame({column: _texts(frame[column]) for column in frame.columns}, index=frame.index)


def _texts(column: pd.Series) -> pd.Series:
    """`workbook.cell_text` of every cell, asked once for each value."""
    try:
        codes, values = pd.factorize(column.astype(object) if column.dtype == bool else column)
    except TypeError:  # lists and the like
        return column.map(workbook.cell_text).astype("str")
    words = pd.Series([*(workbook.cell_text(value) for value in values.tolist()), ""], dtype="str")
    return words.take(codes).set_axis(column.index)  # -1, a blank, takes the last


def _parse_csv(text: str, table: str, remarks: list[dict]) -> pd.DataFrame:
    """Cells as text; a line with too many cells is kept as far as the headings reach, an open quotation mark as it stands."""
    options = {"dtype": str, "keep_default_na": False, "skip_blank_lines": False, "index_col": False}
    width, closed = _line_widths(text, table, remarks)
    if not width:
        return pd.DataFrame()
    ragged = any(remark["check"] == "ragged_row" and remark["table"] == table for remark in remarks)
    if ragged:
        options |= {"engine": "python", "on_bad_lines": lambda cells: cells[:width]}
    if not closed:
        options["quoting"] = csv.QUOTE_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pd.errors.ParserWarning)  # what it says is in the remarks, with the line
        return pd.read_csv(io.StringIO(text), **options)


def _line_widths(text: str, table: str, remarks: list[dict]) -> tuple[int, bool]:
    """(number of headings, whether every quotation mark is closed); lines with more cells than headings are remarked on."""
    lines = csv.reader(io.StringIO(text), strict=True)
    width = 0
    try:
        for number, cells in enumerate(lines):
            width = len(cells) if number == 0 else width
            if len(cells) > width and any(cells[width:]):
                remarks.append({"check": "ragged_row", "table": table, "seen": ",".join(cells)[:120]})
    except csv.Error as error:
        remarks.append({"check": "ragged_row", "table": table, "seen": f"line {lines.line_num}: {error}"})
        return width or len(text.splitlines()[0].split(",")), False
    return width, True


def _read_workbook(path: Path) -> Package:
    raw, cells = workbook.read(path)
    if "cluster" not in raw:
        raise PackageError(f"{path.name} has no sheet 'cluster' (two columns: key, value): add it")
    remarks: list[dict] = []
    tables = {}
    for name in dictionary.names():
        if cells.get(name):
            headings, *rows = cells[name]
            columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * len(headings)
            tables[name] = _as_text(headings, columns, name, remarks)
    meta, files = _meta_from_sheet(raw["cluster"]), {path.name: sha256(path)}
    _own_factors(path.parent, meta, tables, files, remarks)
    for stray in sorted(set(raw) - {"cluster", "README", *dictionary.names()}):
        remarks.append({"check": "unknown_table", "table": stray, "seen": stray})
    return Package(path, meta, tables, files, remarks)


def _meta_from_sheet(rows: workbook.Rows) -> dict:
    """Two columns key, value; `name_en` and `name_zh` become the two-language name."""
    if not rows or len(rows[0]) < 2:
        raise PackageError("the sheet 'cluster' needs two columns: key and value")
    pairs = {str(key).strip(): value for key, value, *_ in rows if workbook.cell_text(key)}
    meta = {key: value for key, value in pairs.items() if workbook.cell_text(value)}
    names = {lang: str(meta.pop(f"name_{lang}")) for lang in ("en", "zh") if f"name_{lang}" in meta}
    if names:
        meta["name"] = names
    return meta


def _of_frame(frame: pd.DataFrame, table: str, remarks: list[dict]) -> pd.DataFrame:
    return _as_text(list(frame.columns), [frame.iloc[:, number] for number in range(frame.shape[1])], table, remarks)


def _as_text(headings: Sequence[object], columns: Sequence[list | pd.Series], table: str, remarks: list[dict]) -> pd.DataFrame:
    """Trimmed text cells, trimmed headings, no blank lines; index = row of the file counted from 1 with the header."""
    names, lines = [str(heading).strip() for heading in headings], len(columns[0]) if len(columns) else 0
    kind = pd.StringDtype(_storage(len(names) * lines), na_value=math.nan)
    kept: dict[str, ExtensionArray] = {}
    for number, (name, column) in enumerate(zip(names, columns, strict=True)):
        if name in names[:number]:
            remarks.append({"check": "duplicate_column", "table": table, "field": name, "seen": name})
        elif name and not name.startswith("Unnamed:"):
            kept[name] = text_columns.trimmed(column, kind)
    frame = pd.DataFrame(kept, index=pd.RangeIndex(2, 2 + lines, name="row"), columns=pd.Index(list(kept), dtype="str"))
    return text_columns.without_blank_rows(frame)


def texts_like(package: Package) -> AbstractContextManager:
    """Text made meanwhile is held as that of the package's tables."""
    return pd.option_context("mode.string_storage", _storage(max((table.size for table in package.tables.values()), default=0)))


def _storage(cells: int) -> Literal["python", "pyarrow"]:
    """Who holds the text of a table: Python that of small ones, for the time, Arrow that of large ones, for the room."""
    return "python" if cells <= _SMALL else "pyarrow"


def csv_text(frame: pd.DataFrame) -> str:
    """A table as CSV text that is the same on every machine."""
    return frame.to_csv(index=False, lineterminator="\n", float_format=FLOAT_FORMAT)


class RunFolder:
    """The folder of one run: `tables/` with results, `checked/` with the checked package."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.path = settings.folder

    def write(self, name: str, frame: pd.DataFrame) -> Path:
        """Save `tables/NAME.csv`."""
        return write_text(self.path / "tables" / f"{name}.csv", csv_text(frame))

    def write_json(self, name: str, values: dict) -> Path:
        """Save `tables/NAME.json`, keys in the order given."""
        return write_text(self.path / "tables" / f"{name}.json", json.dumps(values, indent=2, ensure_ascii=False) + "\n")

    def append_findings(self, found: pd.DataFrame) -> pd.DataFrame:
        """Merge worded findings into `tables/findings.csv` (10_intake's), each once, errors first; returns the whole table."""
        before = pd.read_csv(self._existing(self.path / "tables" / "findings.csv", "10_intake"), dtype=str, keep_default_na=False)
        whole = pd.concat([before, found.astype(str)], ignore_index=True).drop_duplicates("finding_id")
        rank = whole["severity"].map({"error": 0, "warning": 1, "info": 2})
        line = pd.to_numeric(whole["row"], errors="coerce").fillna(0)
        order = whole.assign(_rank=rank, _line=line).sort_values(
            ["_rank", "check", "table", "_line", "enterprise_id", "finding_id"]
        )
        whole = order.drop(columns=["_rank", "_line"]).reset_index(drop=True)
        self.write("findings", whole)
        return whole

    def read(self, name: str, made_by: str) -> pd.DataFrame:
        """Read `tables/NAME.csv`; RunError names the notebook `made_by` when it is not there."""
        return _typed(io.BytesIO(self._existing(self.path / "tables" / f"{name}.csv", made_by).read_bytes()))

    def read_json(self, name: str, made_by: str) -> dict:
        """Read `tables/NAME.json`."""
        return json.loads(self._existing(self.path / "tables" / f"{name}.json", made_by).read_text(encoding="utf-8"))

    def write_checked(self, meta: dict, tables: dict[str, pd.DataFrame]) -> None:
        """Save the checked package: one CSV a table and cluster.json."""
        for name, frame in tables.items():
            write_text(self.path / "checked" / f"{name}.csv", csv_text(frame))
        write_text(self.path / "checked" / "cluster.json", json.dumps(meta, indent=2, ensure_ascii=False, default=str) + "\n")

    def checked(self) -> tuple[dict, Mapping[str, pd.DataFrame]]:
        """The checked package that `10_intake` left: cluster facts and every table, typed, each read when it is asked for."""
        meta = json.loads(self._existing(self.path / "checked" / "cluster.json", "10_intake").read_text(encoding="utf-8"))
        files = {name: self._existing(self.path / "checked" / f"{name}.csv", "10_intake") for name in dictionary.names()}
        return meta, _Tables(files)

    def _existing(self, path: Path, made_by: str) -> Path:
        if not path.is_file():
            raise RunError(
                f"{path.parent.name}/{path.name} is missing for {self.settings.cluster}: run notebooks/{made_by}.ipynb first "
                f"(or: workbench run {self.settings.cluster} --to {made_by})"
            )
        return path


class _Tables(Mapping[str, pd.DataFrame]):
    """Tables in files, each read once, when it is asked for: a million rows cost nothing where nobody looks at them."""

    def __init__(self, files: dict[str, Path], read: dict[str, pd.DataFrame] | None = None) -> None:
        self._files, self._read = files, read or {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = _typed(io.BytesIO(self._files[name].read_bytes()))
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._files, *self._read]))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __or__(self, other: Mapping[str, pd.DataFrame]) -> _Tables:
        """These tables with some replaced, still unread where nobody asked."""
        return _Tables(self._files, self._read | dict(other))


def _typed(content: io.BytesIO) -> pd.DataFrame:
    """A table of a run folder: ids and codes stay text (a plant 007 keeps its zeros), quantities are floats."""
    held = content.getvalue()
    # Arrow reads long tables quicker, but in blocks, and would cut a cell with a line end in two
    engine = "c" if len(held) < _LONG or b'"' in held else "pyarrow"
    frame = pd.read_csv(content, dtype=str, keep_default_na=False, encoding="utf-8", engine=engine)
    kinds, columns = dictionary.types(), {}
    for name in frame.columns:
        kind, columns[name] = kinds.get(name, ""), frame[name]
        if (kind and kind not in dictionary.NUMERIC) or name.endswith(("_id", "_ids")) or name in _WORDS:
            continue
        text = frame[name].to_numpy(dtype=object)
        filled = text != ""
        blank = bool(len(text)) and not filled.any()  # to_numeric is slow on blanks
        number = np.full(len(text), math.nan) if blank else pd.to_numeric(np.where(filled, text, None), errors="coerce")
        if np.count_nonzero(number == number) == np.count_nonzero(filled):
            columns[name] = number.astype(float) if kind in ("number", "fraction") else number
    return pd.DataFrame(columns, index=frame.index, columns=frame.columns)
