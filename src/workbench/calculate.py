"""The command `workbench calculate`: one engineering calculator from the command line, with its steps and sources."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Callable

import pandas as pd

from workbench import calculators, dictionary, findings, words
from workbench.errors import ParameterError


def add_arguments(parser: argparse.ArgumentParser, show: Callable[[pd.DataFrame, str], None]) -> None:
    """Options of the command, and what it does; `show` prints a table in a format."""
    parser.set_defaults(handler=lambda args: run(args, show))
    parser.add_argument("name", nargs="?", metavar="NAME", help="a calculator; without it all are listed, without --set its inputs")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="INPUT=VALUE",
        help='an input, e.g. hours=8000 or pressure_bar="0.7 MPa"; repeatable',
    )
    parser.add_argument("--carrier", default="", help="fuel or heat it is about, e.g. natural_gas; decides its coefficients")
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
    parser.add_argument("--lang", choices=("en", "zh"), default="en")


def run(args: argparse.Namespace, show: Callable[[pd.DataFrame, str], None]) -> int:
    """List calculators or inputs, or work one out: exit 0 with a result, 1 where data are missing or cannot be."""
    if args.name is None:
        show(listing(args.lang), args.format)
        return 0
    if args.name not in calculators.names():
        nearest = difflib.get_close_matches(args.name, calculators.names(), n=1, cutoff=0.3)
        raise ParameterError(
            f"no calculator {args.name!r}" + (f": did you mean {nearest[0]!r}?" if nearest else ": see workbench calculate")
        )
    if not args.set:
        show(inputs(args.name, args.lang), args.format)
        return 0
    if args.carrier and args.carrier not in dictionary.carriers().index:
        raise ParameterError(f"no carrier {args.carrier!r}: use a code of the data list such as natural_gas, steam or bituminous")
    values, units = parse(args.name, args.set)
    sheet, raw = calculators.calculate(args.name, values, units, args.carrier)
    found = findings.collect(raw, args.lang)
    show(steps(sheet, args.lang), args.format)
    for row in found.itertuples():
        print(f"{row.severity}: {row.message} {row.what_to_do}", file=sys.stderr)
    return 1 if sheet.loc[sheet["kind"] == "saving", "value"].isna().any() else 0


def listing(lang: str = "en") -> pd.DataFrame:
    """All calculators: name, what it is, what it saves, what it is for."""
    codes = dictionary.read_table("codes").query("code_list == 'calculators'").set_index("code")
    rows = []
    for name in calculators.names():
        saves = calculators.steps(name).query("saves != ''")["saves"]
        rows.append((name, codes.at[name, f"label_{lang}"], ", ".join(dict.fromkeys(saves)), codes.at[name, "meaning_en"]))
    return pd.DataFrame(rows, columns=["calculator", "label", "saves", "meaning"])


def inputs(name: str, lang: str = "en") -> pd.DataFrame:
    """Inputs of a calculator: unit, range, default where there is one, label and meaning."""
    rows = []
    for code, row in calculators.inputs(name).iterrows():
        default = calculators.parameter(row["default"]) if row["default"] else None
        usual = "" if not row["default"] else f"{default['value']:g}" if default else "by carrier"
        low, high = ("" if pd.isna(row[bound]) else f"{row[bound]:g}" for bound in ("minimum", "maximum"))
        rows.append((code, row["unit"], f"{low} … {high}", usual or "required", row[f"label_{lang}"], row["meaning_en"]))
    return pd.DataFrame(rows, columns=["input", "unit", "range", "default", "label", "meaning"])


def steps(sheet: pd.DataFrame, lang: str = "en") -> pd.DataFrame:
    """The calculation sheet as the command shows it."""
    shown = words.calculation_steps(sheet, lang)[["quantity", "step_name", "formula", "value", "unit", "note", "source"]]
    return shown.assign(source=shown["source"].mask(sheet["kind"] == "filed", "")).rename(columns={"step_name": "label"})


def parse(name: str, given: list[str]) -> tuple[dict[str, float], dict[str, str]]:
    """Values and units of `input=value` or `input=value unit`; ParameterError for what no calculator can read."""
    known, values, units = calculators.inputs(name).index, {}, {}
    for text in given:
        key, equals, rest = text.partition("=")
        key = key.strip()
        if not equals or key not in known:
            nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"it takes {', '.join(known)}"
            raise ParameterError(f"{name} has no input {key!r}: {hint}")
        number, _, unit = rest.strip().partition(" ")
        try:
            values[key] = float(number)
        except ValueError:
            raise ParameterError(f"{key}={rest!r} is not a number: write {key}=1234.5, with a unit {key}='1234.5 unit'") from None
        units[key] = unit.strip()
    return values, units
