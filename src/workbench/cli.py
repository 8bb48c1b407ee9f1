"""The command `workbench`. Heavy modules are imported by the command that needs them, so that --help is quick."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.errors import ParameterError, UserError
from workbench.terminal import rows as _rows
from workbench.terminal import table as _table

_SHOWN = ("severity", "enterprise_id", "table", "row", "field", "message", "what_to_do")


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code. Errors are one line on standard error, with --debug a traceback too."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Chinese still gets the rest
    argv = sys.argv[1:] if argv is None else argv
    parser = _parser(argv)
    args = parser.parse_args(argv)
    if not getattr(args, "handler", None):
        parser.print_help()
        return 2
    try:
        return args.handler(args)
    except KeyboardInterrupt:
        _say("interrupted")
        return 130
    except BrokenPipeError:  # the reader of the output has seen enough
        sys.stderr.close()
        return 0
    except Exception as error:
        if args.debug:
            raise
        if isinstance(error, (UserError, OSError)):
            _say(str(error))
        else:
            _say(f"unexpected {type(error).__name__}: {error} (add --debug to see where, and report it)")
        return 2


def _parser(argv: list[str]) -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show where an error arose")
    parser = argparse.ArgumentParser(prog="workbench", description="Carbon verification and energy saving of industrial clusters.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, handler: Callable | None, does: str, example: str, under: Any = commands) -> argparse.ArgumentParser:
        made = under.add_parser(
            name, help=does, description=does[0].upper() + does[1:] + ".", epilog=f"example: {example}", parents=[common]
        )
        made.set_defaults(handler=handler)
        return made

    run = command("run", _run, "run the notebooks for each target", "workbench run ohio-metals --set reduction_pct=6 --jobs 2")
    run.add_argument("targets", nargs="+", metavar="TARGET", help="name of a file in params/, or path to a YAML file")
    run.add_argument("--out", metavar="DIR", help="folder of the run folders (default: outputs)")
    run.add_argument("--to", metavar="NOTEBOOK", help="last notebook to run, e.g. 20_inventory")
    run.add_argument("--jobs", type=_count, metavar="N", help="targets at the same time (default: one a core)")
    run.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a parameter in place of the file's; repeatable"
    )
    run.add_argument("--lang", choices=("en", "zh"), help="language of figures and report")
    run.add_argument("--force", action="store_true", help="run even when nothing has changed")

    check = command("check", _check, "validate a package or workbook", "workbench check data/clusters/ohio-metals --format csv")
    check.add_argument("package", metavar="PACKAGE_OR_WORKBOOK")
    check.add_argument("--format", choices=("table", "json", "csv"), default="table")
    check.add_argument("--lang", choices=("en", "zh"), default="en")
    check.add_argument("--year", type=int, help="accounting year (default: base_year of the package)")

    template = command("template", _template, "write the filing workbook", "workbench template --out filing.xlsx --lang zh")
    template.add_argument("--out", required=True, metavar="FILE.xlsx")
    template.add_argument("--sector", help="offer this sector's processes only, e.g. chemicals")
    template.add_argument("--lang", choices=("en", "zh"), default="en")

    importing = commands.add_parser(
        "import", help="build a package from a known layout", description="Build a package from a known layout.",
        epilog="example: workbench import iac ASSESS.csv RECC.csv --state OH --out my-package",
    )  # fmt: skip
    formats = importing.add_subparsers(title="formats", metavar="FORMAT", required=True)
    iac = command(
        "iac", _import, "read the US DOE Industrial Assessment Centers database",
        "workbench import iac IAC_Database.xls --state OH --naics 331,332 --out my-package", formats,
    )  # fmt: skip
    gem_steel = command(
        "gem-steel", _import, "model the steel works of a city from the Global Steel Plant Tracker",
        "workbench import gem-steel tracker.xlsx --city Tangshan --out my-package", formats,
    )  # fmt: skip
    form = command(
        "form-205-1", _import, "read China's statistical form 205-1, one file an enterprise",
        "workbench import form-205-1 plant.xlsx --year 2023 --grid-region shandong --out my-package", formats,
    )  # fmt: skip
    supplement = command(
        "supplementary", _import, "read the supplementary data table of China's carbon market, one file an enterprise",
        "workbench import supplementary plant.xlsx --year 2023 --grid-region shandong --out my-package", formats,
    )  # fmt: skip
    listed = command(
        "catalogue", _import, "read a spreadsheet of energy-saving technologies for `workbench technologies --own`",
        "workbench import catalogue technologies.xlsx --price-year 2023 --out mine.csv", formats,
    )  # fmt: skip
    if "import" in argv:  # their options cost the import of pandas
        from workbench.importers import catalogue, form_205, supplementary
        from workbench.importers import gem_steel as tracker
        from workbench.importers import iac as importer

        readers = ((iac, importer), (gem_steel, tracker), (form, form_205), (supplement, supplementary), (listed, catalogue))
        for made, reader in readers:
            reader.add_arguments(made)
            made.set_defaults(reader=reader)

    command("list", _list, "list parameter files and packages", "workbench list")
    status = command("status", _status, "show how the runs stand", "workbench status")
    status.add_argument("--out", metavar="DIR", help="folder of the run folders (default: outputs)")
    compare = command("compare", _compare, "show what differs between two runs", "workbench compare ohio-metals strict")
    compare.add_argument("left", metavar="RUN", help="name in outputs/, or path of a run folder")
    compare.add_argument("right", metavar="RUN")
    compare.add_argument("--format", choices=("table", "json", "csv"), default="table")
    export = command("export", _export, "write the tables of a run in an open format", "workbench export ohio-metals --format xlsx")
    export.add_argument("run", metavar="RUN", help="name in outputs/, or path of a run folder")
    export.add_argument(
        "--format",
        choices=("xlsx", "parquet", "csv", "finance", "geojson"),
        required=True,
        help="finance: a workbook of live formulas",
    )
    export.add_argument("--lang", choices=("en", "zh"), default="en", help="headings of the finance workbook")
    export.add_argument("--out", metavar="PATH", help="workbook or folder to write (default: in the run folder)")
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
    factors.add_argument("--own", metavar="TABLE.csv", help="your own factor table in place of the library")
    factors.add_argument("--format", choices=("table", "json", "csv"), default="table")
    factors.add_argument("--check", action="store_true", help="show what the magnitude guard finds in these rows")
    factors.add_argument("--lang", choices=("en", "zh"), default="en")
    technologies = command(
        "technologies", _technologies, "search the technology library, or propose its measures for a package",
        "workbench technologies heat pump --year 2030", commands,
    )  # fmt: skip
    if "technologies" in argv:
        from workbench import technology_commands

        technology_commands.add_arguments(technologies)
    calculate = command("calculate", None, "work out an engineering calculator, or list them", "workbench calculate air_leaks")
    if "calculate" in argv:  # its options cost the import of pandas
        from workbench.calculate import add_arguments

        add_arguments(calculate, _table)
    docs = command("docs", _docs, "print the data list as Markdown", "workbench docs --write")
    docs.add_argument("--write", action="store_true", help="write it to data/README.md")
    return parser


def _run(args: argparse.Namespace) -> int:
    from workbench import runs

    options = {"out": args.out, "to": args.to, "overrides": runs.parse_overrides(args.set), "lang": args.lang, "force": args.force}
    runs.notebooks_to(args.to)
    results = runs.run_many(args.targets, args.jobs, **options)
    for result in results:
        if result.status in ("failed", "invalid"):
            _say(f"{result.name}: {result.message}")
        else:
            print(f"{result.name}: {result.status}, {result.folder}")
    return runs.exit_code(results)


def _check(args: argparse.Namespace) -> int:
    found = findings_of(args.package, args.year, args.lang)
    _table(found[list(_SHOWN)] if args.format == "table" else found, args.format)
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


def _import(args: argparse.Namespace) -> int:
    print(args.reader.run(args))
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
    _rows(("kind", "name", "cluster", "state"), rows)
    return 0


def _status(args: argparse.Namespace) -> int:
    from workbench import params, provenance

    rows = []
    for file in sorted((Path(args.out) if args.out else params.project_root() / "outputs").glob("*/manifest.json")):
        facts = provenance.read_manifest(file.parent)
        steps = facts.get("notebooks", [])
        status = "running or broken off" if facts.get("status") == "running" else facts.get("status", "unreadable")
        error = next((f"{step['name']}: {step['error']}" for step in steps if step.get("error")), "")
        done = sum(step.get("status") == "ok" for step in steps)
        rows.append((file.parent.name, status, done, facts.get("seconds", ""), facts.get("finished", ""), error))
    _rows(("run", "status", "notebooks", "seconds", "finished", "error"), rows)
    return 0


def _compare(args: argparse.Namespace) -> int:
    import pandas as pd

    from workbench import compare, runs

    found = compare.compare(runs.find_run(args.left), runs.find_run(args.right))
    if not found and args.format == "table":
        print("no difference")
        return 0
    _table(pd.DataFrame(found, columns=list(compare.COLUMNS)), args.format)
    return 0


def _export(args: argparse.Namespace) -> int:
    from workbench import export, finance_workbook, runs

    run, out = runs.find_run(args.run), Path(args.out) if args.out else None
    print(finance_workbook.export_run(run, out, args.lang) if args.format == "finance" else export.export(run, args.format, out))
    return 0


def _factors(args: argparse.Namespace) -> int:
    """Exit 0: rows shown, or checked without an error; 1: nothing found, or an error-level finding."""
    from workbench import library

    own = _own_factors(args.own) if args.own else None
    narrowed = {"kind": args.kind, "factor_set": args.factor_set, "region": args.region, "year": args.year}
    rows = library.search(args.words, **narrowed, among=None if own is None else library.tidy("fuel", own))
    if rows.empty:
        _say("no factor has all of these; try fewer words or options, or `workbench factors` alone for the whole library")
        return 1
    if args.check:
        return _check_factors(rows, own, args)
    _table(_factor_rows(rows, args.format), args.format)
    return 0


def _check_factors(rows: Any, own: Any, args: argparse.Namespace) -> int:
    from workbench import findings, magnitude

    if own is None:
        kinds = rows.groupby("kind", sort=False)["factor_id"].agg(set)
        found = findings.collect([part for kind, ids in kinds.items() for part in magnitude.check_library(kind, ids)], args.lang)
    else:
        found = findings.collect(magnitude.check_own(own), args.lang)
        found = found[found["row"].isin({str(position + 2) for position in rows.index})]  # lines of the file
    _table(found[["severity", "check", "row", "message", "what_to_do"]] if args.format == "table" else found, args.format)
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


def _technologies(args: argparse.Namespace) -> int:
    from workbench import technology_commands

    rows = technology_commands.rows(args)
    if rows.empty:
        _say("nothing fits; try fewer words, or `workbench technologies` alone for the whole library")
        return 1
    _table(rows.astype(object).where(rows.notna(), None if args.format == "json" else ""), args.format)
    return 0


def _docs(args: argparse.Namespace) -> int:
    from workbench import dictionary, params, store

    if args.write:
        print(store.write_text(params.project_root() / "data" / "README.md", dictionary.reference()))
    else:
        sys.stdout.write(dictionary.reference())
    return 0


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of jobs: give 1 or more")
    return int(text)


def _say(message: str) -> None:
    plain = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    print(f"workbench: {plain}", file=sys.stderr)
