"""`workbench technologies`: search the technology library, or propose its measures for a package and write them into it."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from workbench import filing, findings, inventory, matching, quality, store, technologies
from workbench.errors import UserError
from workbench.importers import catalogue_rows

TABLES = ("projects", "savings", "relations")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `workbench technologies`."""
    parser.add_argument("words", nargs="*", metavar="WORDS", help="all must occur in a name or subject, English or Chinese")
    parser.add_argument("--kind", choices=(*technologies.KINDS, technologies.OWN))
    parser.add_argument("--subject", help="industry or medium, e.g. steel, cement, steam")
    parser.add_argument("--year", type=int, help="year of the figures, e.g. 2030; rows without a year stay")
    parser.add_argument(
        "--own", metavar="FILE", help="your catalogue beside the library, CSV or Parquet, from `workbench import catalogue`"
    )
    parser.add_argument("--for", dest="package", metavar="PACKAGE", help="propose the measures that fit this package instead")
    parser.add_argument("--write", action="store_true", help="with --for: write projects, savings and relations into the folder")
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
    parser.add_argument("--lang", choices=("en", "zh"), default="en")


def rows(args: argparse.Namespace) -> pd.DataFrame:
    """What the command shows: rows of the library, or the projects it proposes for a package."""
    own = read_own(Path(args.own)) if args.own else None
    if args.package:
        made = propose(args.package, own)
        if args.write:
            write(made, Path(args.package))
        return made.projects
    found = technologies.search(args.words, kind=args.kind, subject=args.subject, year=args.year, own=own)
    return found if args.format != "table" else _readable(found, args.lang)


def read_own(path: Path) -> pd.DataFrame:
    """A catalogue as `workbench import catalogue` writes it, guarded again; UserError with the first fault found."""
    if not path.is_file():
        raise UserError(f"there is no file {path}: check the path")
    table = store.read_text(path, "catalogue", [])
    missing = [name for name in catalogue_rows.COLUMNS if name not in table.columns]
    if missing:
        raise UserError(f"{path} lacks the columns {', '.join(missing)}; make it with `workbench import catalogue FILE.xlsx`.")
    table = table[catalogue_rows.COLUMNS].set_axis(pd.RangeIndex(2, 2 + len(table)))
    for name in catalogue_rows.NUMBERS:
        table[name] = pd.to_numeric(table[name], errors="coerce")
    if not table["measure_id"].is_unique or not table["measure_id"].str.startswith(f"{technologies.OWN}.").all():
        raise UserError(f"{path}: each measure_id begins with {technologies.OWN}. and stands once.")
    if table["price_year"].isna().any():
        raise UserError(f"{path}, row {table.index[table['price_year'].isna()][0]}: price_year is no number.")
    kept, found = catalogue_rows.guard(table)
    worded = findings.collect(found)
    for error in worded[worded["severity"] == "error"].itertuples():
        raise UserError(f"{path}, row {error.row}: {error.message}")
    return kept.reset_index(drop=True)


def propose(path: str, own: pd.DataFrame | None = None) -> matching.Candidates:
    """Candidate projects of a package from its inventory of the base year; projects of the library filed before count as none."""
    package = store.read_package(path)
    filed = filing.check(package)
    year = package.meta.get("base_year")
    if not isinstance(year, int) or filed.tables["enterprises"].empty or filed.tables["energy"].empty:
        raise UserError(f"{path} has no energy of a base year; mend what `workbench check {path}` finds first.")
    filed = filing.apply(filed, quality.check(filed, year, package.path if package.path.is_dir() else None))
    account = inventory.compile(filed.tables, filed.meta, year)
    projects = filed.tables["projects"]
    plans = projects[~projects["status"].fillna("").isin(matching.STATUSES)]
    return matching.candidates(filed.tables | {"projects": plans}, account.rows, filed.meta, year, own)


def write(made: matching.Candidates, folder: Path) -> None:
    """The candidates as the package's projects, savings and relations. A package with projects of its own is left alone."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; --write puts the candidates into a package folder.")
    filed = folder / "projects.csv"
    if filed.is_file() and not pd.read_csv(filed, dtype=str)["status"].fillna("").isin(matching.STATUSES).all():
        raise UserError(f"{filed} holds projects of its own; take the candidates from --format csv and add the ones you want.")
    for name in TABLES:
        frame = getattr(made, name)
        if len(frame):
            store.write_text(folder / f"{name}.csv", store.csv_text(frame))
        else:
            (folder / f"{name}.csv").unlink(missing_ok=True)


def _readable(found: pd.DataFrame, lang: str) -> pd.DataFrame:
    """The telling columns for a reader."""
    capex = [
        "" if pd.isna(row.capex) else f"{row.capex:.4g} {row.currency} {row.price_year:.0f} {row.capex_unit}"
        for row in found.itertuples()
    ]
    return pd.DataFrame(
        {
            "technology_id": found["technology_id"],
            "name": found[f"label_{lang}"],
            "saving_share": found["saving_share"].map(_number),
            "efficiency": found["efficiency"].map(_number),
            "capex": capex,
            "years": found["lifetime_years"].map(_number),
            "confidence": found["confidence"],
            "source": found["source"],
        }
    )


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.4g}"
