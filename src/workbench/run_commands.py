"""Commands on runs: run, status, compare, reproduce, index, export. What they need is imported when they are called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from workbench import terminal
from workbench.errors import ParameterError


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Put the commands and their options into the parser."""
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
    run.add_argument("--quiet", action="store_true", help="say only what failed")

    status = command("status", _status, "show how the runs stand", "workbench status")
    status.add_argument("--out", metavar="DIR", help="folder of the run folders (default: outputs)")
    compare = command("compare", _compare, "show what differs between runs, and why", "workbench compare ohio-metals strict")
    compare.add_argument("runs", nargs="+", metavar="RUN", help="name in outputs/, or path of a run folder; two or more")
    compare.add_argument("--page", action="store_true", help="set the runs side by side with 60_compare, as one HTML page")
    compare.add_argument("--out", metavar="DIR", help="with --page: folder of the comparison (default: outputs/comparison)")
    compare.add_argument("--lang", choices=("en", "zh"), default="en", help="with --page: its language")
    compare.add_argument("--format", choices=("table", "json", "csv"), default="table")
    again = command(
        "reproduce", _reproduce, "run a manifest again and compare", "workbench reproduce outputs/ohio-metals/manifest.json"
    )
    again.add_argument("manifest", metavar="MANIFEST", help="manifest.json of a run, its folder, or its name in outputs/")
    again.add_argument("--package", metavar="PATH", help="where the package lies, if not where the manifest says")
    again.add_argument("--out", metavar="DIR", help="keep the new run here (default: nowhere)")
    index = command("index", _index, "write one page over all reports", "workbench index --out public")
    index.add_argument("--runs", metavar="DIR", help="folder of the run folders (default: outputs)")
    index.add_argument("--out", metavar="DIR", help="folder to publish, with copies of the reports (default: beside the runs)")
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


def _run(args: argparse.Namespace) -> int:
    from workbench import batch, runs, targets

    overrides = targets.parse_overrides(args.set)
    runs.notebooks_to(args.to)
    options = {"out": args.out, "to": args.to, "overrides": overrides, "lang": args.lang, "force": args.force}
    results = batch.run_many(args.targets, args.jobs, args.quiet, **options)
    for result in results:
        if result.status not in ("failed", "invalid") and not args.quiet:
            again = f" (kept: {', '.join(result.kept)})" if result.status == "ok" and result.kept else ""
            print(f"{result.name}: {result.status}, {result.folder}{again}")
    _tell_failures(results, batch.Options(**options).folder, args.lang or "en")
    return batch.exit_code(results)


def _tell_failures(results: list, folder: Path, lang: str) -> None:
    """A line for each failure; for a batch also a table beside the run folders."""
    from workbench import batch

    for result in results:
        if result.status in ("failed", "invalid"):
            terminal.say(f"{result.name}: {result.message}")
    if len(results) > 1:
        file = batch.write_failures(results, folder, lang)
        failed = sum(result.status in ("failed", "invalid") for result in results)
        see = f"; what to do about each: {file}" if file else ""
        terminal.say(f"{len(results) - failed} of {len(results)} runs are up to date{see}")


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
    terminal.rows(("run", "status", "notebooks", "seconds", "finished", "error"), rows)
    return 0


def _compare(args: argparse.Namespace) -> int:
    import pandas as pd

    from workbench import compare, runs

    found = [runs.find_run(run) for run in args.runs]
    if len(found) < 2:
        raise ParameterError("compare needs two runs or more: workbench compare RUN RUN")
    if args.page:
        return _compare_page(found, args)
    if len(found) > 2:
        raise ParameterError("more than two runs are compared on a page: add --page")
    differences = compare.compare(*found)
    if not differences and args.format == "table":
        print("no difference")
        return 0
    terminal.table(pd.DataFrame(differences, columns=list(compare.COLUMNS)), args.format)
    if args.format == "table":
        print(compare.because(differences))
    return 0


def _compare_page(found: list[Path], args: argparse.Namespace) -> int:
    from workbench import execution, params, provenance, side_by_side

    folder = Path(args.out) if args.out else params.project_root() / "outputs" / "comparison"
    side_by_side.write_list(found, folder)
    given = provenance.read_manifest(found[0])["parameters"] | {"run_dir": str(folder.resolve()), "lang": args.lang}
    step = execution.execute("60_compare", folder, given, args.lang)
    if step.status != "ok":
        terminal.say(f"60_compare: {step.error} (executed copy: {folder / '60_compare.ipynb'})")
        return 1
    print(folder / "60_compare.html")
    return 0


def _reproduce(args: argparse.Namespace) -> int:
    """Exit 0: the same tables, byte for byte; 1: a difference, named."""
    import tempfile

    from workbench import reproduce

    file, facts = reproduce.read(args.manifest)
    with tempfile.TemporaryDirectory(prefix="reproduce-") as place:
        run = reproduce.target(facts, Path(args.out or place) / str(facts["run"]), args.package)
        for line in reproduce.inputs(facts, run):
            terminal.say(line)
        reproduce.again(facts, run, terminal.Progress(1, sys.stderr).step)
        found = reproduce.first_difference(facts, file.parent, run.folder)
    if found:
        print(f"different: {found}")
        return 1
    print(f"identical: {len(facts['outputs'])} tables, byte for byte")
    return 0


def _index(args: argparse.Namespace) -> int:
    from workbench import index_page, params

    folder = Path(args.runs) if args.runs else params.project_root() / "outputs"
    left_out = [run.name for run in index_page.runs(folder) if args.out and index_page.is_confidential(run)]
    if left_out:
        terminal.say(f"left out, since their data are confidential: {', '.join(left_out)}")
    print(index_page.write(folder, Path(args.out) if args.out else None))
    return 0


def _export(args: argparse.Namespace) -> int:
    from workbench import export, finance_workbook, runs

    run, out = runs.find_run(args.run), Path(args.out) if args.out else None
    print(finance_workbook.export_run(run, out, args.lang) if args.format == "finance" else export.export(run, args.format, out))
    return 0


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of jobs: give 1 or more")
    return int(text)
