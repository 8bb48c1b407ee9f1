"""The command `workbench calculate`: lists, inputs, one calculation, and what it says when something is wrong."""

import csv
import io
import json

import pytest

from workbench import calculators, cli

MOTOR = [
    "motor_replacement", "--set", "rated_kw=0.1 MW", "--set", "load_pct=75", "--set", "hours=8000", "--set",
    "motor_efficiency_before_pct=90", "--set", "motor_efficiency_after_pct=0.95 1",
]  # fmt: skip


def test_all_calculators_are_listed(capsys):
    assert cli.main(["calculate", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["calculator"] for row in rows] == list(calculators.names())
    assert {row["calculator"]: row["saves"] for row in rows}["heat_pump"] == "-electricity, fuel"


@pytest.mark.parametrize("name", calculators.names())
def test_inputs_are_listed_in_both_languages(name, capsys):
    for lang in ("en", "zh"):
        assert cli.main(["calculate", name, "--lang", lang, "--format", "json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert [row["input"] for row in rows] == list(calculators.inputs(name).index)
        assert all(row["label"] and row["meaning"] and row["default"] for row in rows)


def test_units_are_converted_and_the_result_is_the_last_line(capsys):
    """100 kW, 75 % load, 90 to 95 %, 8,000 h: 35.1 MWh."""
    assert cli.main(["calculate", *MOTOR, "--format", "csv"]) == 0
    last = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))[-1]
    assert (last["quantity"], last["value"], last["unit"], last["note"]) == ("saved_mwh", "35.1", "MWh", "saving")
    assert last["formula"] and last["source"]


def test_what_is_missing_is_said_and_the_exit_code_is_one(capsys):
    assert cli.main(["calculate", "motor_replacement", "--set", "rated_kw=100"]) == 1
    said = capsys.readouterr().err
    assert "motor_replacement: the calculation lacks hours (h)" in said and "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["motor_replacment"], "did you mean 'motor_replacement'?"),
        (["lighting", "--set", "lamps_befor=1"], "did you mean 'lamps_before'?"),
        (["lighting", "--set", "lamps_before=many"], "is not a number"),
        (["economiser", "--set", "fuel_gj=1", "--carrier", "gas"], "no carrier 'gas'"),
    ],
)
def test_misuse_is_one_line_with_what_to_do(arguments, hint, capsys):
    assert cli.main(["calculate", *arguments]) == 2
    said = capsys.readouterr().err
    assert hint in said and said.count("\n") == 1


def test_coefficients_follow_the_carrier(capsys):
    given = {
        "fuel_gj": 1000, "boiler_efficiency_pct": 88, "flue_before_c": 200, "flue_after_c": 150, "oxygen_pct": 3,
    }  # fmt: skip
    sets = [part for name, value in given.items() for part in ("--set", f"{name}={value}")]
    assert cli.main(["calculate", "economiser", *sets, "--carrier", "diesel", "--format", "json"]) == 0
    rows = {row["quantity"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["siegert_a"]["value"] == "0.68"
    assert cli.main(["calculate", "economiser", *sets, "--carrier", "bituminous"]) == 1
    assert "siegert_a" in capsys.readouterr().err
