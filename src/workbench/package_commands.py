"""Commands on packages: check, template, list, docs. What they need is imported when they are called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from workbench import terminal
from workbench.errors import ParameterError

_SHOWN = ("severity", "enterprise_id", "table", "row", "field", "message", "what_to_do")


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Put the commands and their options into the parser."""
    check = command("check", _check, "validate a package or workbook", "workbench check data/clusters/ohio-metals --format csv")
    check.add_argument("package", metavar="PACKAGE_OR_WORKBOOK")
    check.add_argument("--format", choices=("table", "json", "csv"), default="table")
    check.add_argument("--lang", choices=("en", "zh"), default="en")
    check.add_argument("--year", type=int, help="accounting year (default: base_year of the package)")

    template = command("template", _template, "write the filing workbook", "workbench template --out filing.xlsx --lang zh")
    template.add_argument("--out", required=True, metavar="FILE.xlsx")
    template.add_argument("--sector", help="offer this sector's processes only, e.g. chemicals")
    template.add_argument("--lang", choices=("en", "zh"), default="en")
    command("list", _list, "list parameter files and packages", "workbench list")
    docs = command("docs", _docs, "print the data list as Markdown", "workbench docs --write")
    docs.add_argument("--write", action="store_true", help="write it to data/README.md")


def _check(args: argparse.Namespace) -> int:
    found = findings_of(args.package, args.year, args.lang)
    terminal.table(found[list(_SHOWN)] if args.format == "table" else found, args.format)
    counts = found["severity"].value_counts()
    print(", ".join(f"{counts.get(s, 0)} {s}" for s in ("error", "warning", "info")), file=sys.stderr)
    return 1 if counts.get("error", 0) else 0


def findings_of(path: str, year: int | None = None, lang: str = "en"):
    """All findings of a package: filing, plausibility, inventory and project library, in the order of the notebooks."""
    from workbench import calculators, filing, findings, inventory, params, pinch, potential, prices, quality, store

    package = store.read_package(path)
    filed = filing.check(package)
    found = list(filed.findings)
    year = year or package.meta.get("base_year")
    missing = [name for name in ("factor_set", "gwp_set", "country", "grid_region") if not package.meta.get(name)]
    if not isinstance(year, int) or missing or filed.tables["enterprises"].empty or filed.tables["energy"].empty:
        return findings.collect(found, lang)  # the findings so far say what is missing
    settings = params.validate({"cluster": "check", "package": str(path), "year": year})
    plausible = quality.check(filed, year, package.path if package.path.is_dir() else None)
    filed = filing.apply(filed, plausible)
    account = inventory.compile(filed.tables, filed.meta, year)
    paid, unpriced = prices.of_enterprises(account.ledger, filed.tables["energy"], account.factors, filed.meta, year)
    made = calculators.apply(filed.tables)
    library = potential.assess(made.tables, account.rows, account.factors, paid, filed.meta, settings)
    heat = pinch.prepare(filed.tables["streams"])[1]
    return findings.collect([*found, *plausible, *account.findings, *unpriced, *made.findings, *heat, *library.findings], lang)


def _template(args: argparse.Namespace) -> int:
    from workbench import template

    print(template.write(Path(args.out), args.sector, args.lang))
    return 0


def _list(args: argparse.Namespace) -> int:
    from workbench import params, provenance

    root, rows = params.project_root(), []
    for name in params.available():
        try:
            values = params.load(name)[1]
            params.validate(values)
            state = provenance.read_manifest(root / "outputs" / name).get("status", "not run yet")
        except ParameterError as error:
            values, state = {}, f"invalid: {error}"
        rows.append(("parameters", name, values.get("cluster", ""), state))
    for folder in sorted((root / "data" / "clusters").glob("*/")):
        state = "package" if (folder / "cluster.yaml").is_file() else "no cluster.yaml"
        rows.append(("package", f"data/clusters/{folder.name}", folder.name, state))
    terminal.rows(("kind", "name", "cluster", "state"), rows)
    return 0


def _docs(args: argparse.Namespace) -> int:
    from workbench import dictionary, params, store

    if args.write:
        print(store.write_text(params.project_root() / "data" / "README.md", dictionary.reference()))
    else:
        sys.stdout.write(dictionary.reference())
    return 0
