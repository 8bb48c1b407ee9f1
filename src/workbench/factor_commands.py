"""The command factors: search the factor library, hold its figures against the magnitude guard."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench import terminal
from workbench.errors import ParameterError


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Put the command and its options into the parser."""
    factors = command(
        "factors", _factors, "search the factor library and hold its figures against the magnitude guard",
        "workbench factors diesel --set cn-f1 --check",
    )  # fmt: skip
    factors.add_argument("words", nargs="*", metavar="WORDS", help="all must occur in a name, label or region, English or Chinese")
    kinds = ("fuel", "electricity", "heat", "process", "gwp", "coal_equivalent")
    factors.add_argument("--kind", choices=kinds)
    factors.add_argument("--set", metavar="SET", dest="factor_set", help="factor set, e.g. cn-f1, us-epa, ar5")
    factors.add_argument("--region", help="code or Chinese name of a grid, e.g. guangdong or 广东")
    factors.add_argument("--year", type=int, help="year of a grid factor; rows without a year that are valid then stay")
    factors.add_argument("--own", metavar="TABLE", help="your own factor table (CSV or Parquet) in place of the library")
    factors.add_argument("--format", choices=("table", "json", "csv"), default="table")
    factors.add_argument("--check", action="store_true", help="show what the magnitude guard finds in these rows")
    factors.add_argument("--lang", choices=("en", "zh"), default="en")


def _factors(args: argparse.Namespace) -> int:
    """Exit 0: rows shown, or checked without an error; 1: nothing found, or an error-level finding."""
    from workbench import library

    own = _own_factors(args.own) if args.own else None
    narrowed = {"kind": args.kind, "factor_set": args.factor_set, "region": args.region, "year": args.year}
    rows = library.search(args.words, **narrowed, among=None if own is None else library.tidy("fuel", own))
    if rows.empty:
        terminal.say("no factor has all of these; try fewer words or options, or `workbench factors` alone for the whole library")
        return 1
    if args.check:
        return _check_factors(rows, own, args)
    terminal.table(_factor_rows(rows, args.format), args.format)
    return 0


def _check_factors(rows: Any, own: Any, args: argparse.Namespace) -> int:
    from workbench import findings, magnitude

    if own is None:
        kinds = rows.groupby("kind", sort=False)["factor_id"].agg(set)
        found = findings.collect([part for kind, ids in kinds.items() for part in magnitude.check_library(kind, ids)], args.lang)
    else:
        found = findings.collect(magnitude.check_own(own), args.lang)
        found = found[found["row"].isin({str(position + 2) for position in rows.index})]  # lines of the file
    terminal.table(found[["severity", "check", "row", "message", "what_to_do"]] if args.format == "table" else found, args.format)
    counts = found["severity"].value_counts()
    print(f"{len(rows)} rows: " + ", ".join(f"{counts.get(s, 0)} {s}" for s in findings.SEVERITIES), file=sys.stderr)
    return 1 if counts.get("error", 0) else 0


def _own_factors(path: str) -> Any:
    from workbench import factors

    try:
        return factors.own_table(Path(path))
    except ValueError as error:
        raise ParameterError(f"{path} cannot be read as a factor table ({error}): every factor is a plain number") from error


def _factor_rows(rows: Any, kind: str) -> Any:
    """Rows of the library as they are shown: all columns for programs, the telling ones for a reader."""
    if kind == "json":
        return rows.astype(object).where(rows.notna(), None)
    if kind == "csv":
        return rows.astype(object).where(rows.notna(), "")
    shown = rows[["factor_id", "value", "unit", "confidence", "sha256", "source"]].astype(object)
    shown["value"] = [f"{value:.6g}" for value in rows["value"]]
    shown["sha256"] = rows["sha256"].str[:12]
    return shown
