"""The command `workbench`. Heavy modules are imported by the command that needs them, so that --help is quick."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

from workbench import factor_commands, package_commands, run_commands, terminal
from workbench.errors import UserError


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code. Errors are one line on standard error, with --debug a traceback too."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Chinese still gets the rest
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # or every command searches all packages for some
    argv = sys.argv[1:] if argv is None else argv
    parser = _parser(argv)
    args = parser.parse_args(argv)
    if not getattr(args, "handler", None):
        parser.print_help()
        return 2
    try:
        return args.handler(args)
    except KeyboardInterrupt:
        terminal.say("interrupted")
        return 130
    except BrokenPipeError:  # the reader of the output has seen enough
        sys.stderr.close()
        return 0
    except Exception as error:
        if args.debug:
            raise
        if isinstance(error, (UserError, OSError)):
            terminal.say(str(error))
        else:
            terminal.say(f"unexpected {type(error).__name__}: {error} (add --debug to see where, and report it)")
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

    run_commands.add(command)
    package_commands.add(command)
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

    factor_commands.add(command)
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

        add_arguments(calculate, terminal.table)
    return parser


def _import(args: argparse.Namespace) -> int:
    print(args.reader.run(args))
    return 0


def _technologies(args: argparse.Namespace) -> int:
    from workbench import technology_commands

    rows = technology_commands.rows(args)
    if rows.empty:
        terminal.say("nothing fits; try fewer words, or `workbench technologies` alone for the whole library")
        return 1
    terminal.table(rows.astype(object).where(rows.notna(), None if args.format == "json" else ""), args.format)
    return 0
