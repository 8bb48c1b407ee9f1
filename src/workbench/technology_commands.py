"""`workbench technologies`: search the technology library, or propose its measures for a package and write them into it."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from workbench import filing, inventory, matching, quality, store, technologies
from workbench.errors import UserError

TABLES = ("projects", "savings", "relations")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `workbench technologies`."""
    parser.add_argument("words", nargs="*", metavar="WORDS", help="all must occur in a name or subject, English or Chinese")
    parser.add_argument("--kind", choices=tuple(technologies.KINDS))
    parser.add_argument("--subject", help="industry or medium, e.g. steel, cement, steam")
    parser.add_argument("--year", type=int, help="year of the figures, e.g. 2030; rows without a year stay")
    parser.add_argument("--for", dest="package", metavar="PACKAGE", help="propose the measures that fit this package instead")
    parser.add_argument("--write", action="store_true", help="with --for: write projects, savings and relations into the folder")
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
    parser.add_argument("--lang", choices=("en", "zh"), default="en")


def rows(args: argparse.Namespace) -> pd.DataFrame:
    """What the command shows: rows of the library, or the projects it proposes for a package."""
    if args.package:
        made = propose(args.package)
        if args.write:
            write(made, Path(args.package))
        return made.projects
    found = technologies.search(args.words, kind=args.kind, subject=args.subject, year=args.year)
    return found if args.format != "table" else _readable(found, args.lang)


def propose(path: str) -> matching.Candidates:
    """Candidate projects of a package from its inventory of the base year; projects of the library filed before count as none."""
    package = store.read_package(path)
    filed = filing.check(package)
    year = package.meta.get("base_year")
    if not isinstance(year, int) or filed.tables["enterprises"].empty or filed.tables["energy"].empty:
        raise UserError(f"{path} has no energy of a base year; mend what `workbench check {path}` finds first.")
    filed = filing.apply(filed, quality.check(filed, year, package.path if package.path.is_dir() else None))
    account = inventory.compile(filed.tables, filed.meta, year)
    projects = filed.tables["projects"]
    own = projects[projects["status"].fillna("") != matching.STATUS]
    return matching.candidates(filed.tables | {"projects": own}, account.rows, filed.meta, year)


def write(made: matching.Candidates, folder: Path) -> None:
    """The candidates as the package's projects, savings and relations. A package with projects of its own is left alone."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; --write puts the candidates into a package folder.")
    filed = folder / "projects.csv"
    if filed.is_file() and not (pd.read_csv(filed, dtype=str)["status"].fillna("") == matching.STATUS).all():
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
