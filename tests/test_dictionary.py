"""The data list agrees with itself, with the factor tables and with what is printed from it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from workbench import dictionary, findings, params, units
from workbench.errors import ParameterError

ROOT = Path(__file__).parents[1]
TYPES = {"id", "text", "number", "fraction", "year", "month", "code", "unit", "timestamp"}


def test_fuels_of_the_factor_table_are_those_of_the_data_list():
    table = set(dictionary.read_table("factors/fuels")["carrier"])
    listed = dictionary.carriers()
    assert table == set(listed.index[listed["kind"] == "fuel"])


def test_every_table_has_fields_and_every_field_a_table():
    assert set(dictionary.fields()["table"]) == set(dictionary.names())
    assert not dictionary.fields().duplicated(["table", "field"]).any()
    assert set(dictionary.fields()["type"]) <= TYPES


@pytest.mark.parametrize("table", dictionary.names())
def test_keys_are_fields(table):
    assert set(dictionary.key(table)) <= set(dictionary.fields(table)["field"])


def test_every_code_list_exists():
    fields = dictionary.fields()
    named = fields[fields["code_list"] != ""]
    for field in named.itertuples():
        if "." in field.code_list:
            table, column = field.code_list.split(".")
            assert column in set(dictionary.fields(table)["field"]), field
        else:
            assert field.type == "code" and dictionary.codes(field.code_list), field
    lists = set(dictionary.read_table("codes")["code_list"]) | {"carriers", "processes"}
    assert lists == {c for c in named["code_list"] if "." not in c}, "a code list that no field uses, or none that a field names"
    assert (fields.loc[fields["type"] == "code", "code_list"] != "").all()


def test_codes_are_unique_and_labelled():
    codes = dictionary.read_table("codes")
    assert not codes.duplicated(["code_list", "code"]).any()
    for frame in (codes, dictionary.carriers().reset_index(), dictionary.fields(), dictionary.tables()):
        assert (frame[["label_en", "label_zh"]] != "").all(axis=None)
    assert dictionary.carriers().index.is_unique


def test_tables_that_name_a_carrier_or_a_unit_know_it():
    known = set(dictionary.carriers().index)
    for name in ("prices", "factors/heat", "factors/fuels"):
        assert set(dictionary.read_table(name)["carrier"]) <= known, name
    for name in ("factors/fuels", "factors/heat", "factors/process", "prices"):
        assert all(units.is_known(unit) for unit in set(dictionary.read_table(name)["unit"])), name


def test_every_unit_has_a_size():
    for unit in units.table()["unit"]:
        assert units.factor(unit, unit) == pytest.approx(1), unit
    assert units.factor("t", "MWh") is None and units.factor("no such unit", "t") is None
    assert units.factor("tce", "GJ") == pytest.approx(29.3076) and units.factor("MMBtu", "GJ") == pytest.approx(1.055056, rel=1e-6)
    assert units.nearest("10^4Nm3") == "10^4 Nm3"


def test_data_readme_is_printed_from_the_dictionary():
    file = ROOT / "data" / "README.md"
    if not file.is_file():
        pytest.skip("data/README.md is not written yet")
    assert file.read_text(encoding="utf-8") == dictionary.reference(), "run: workbench docs --write"


def test_reference_names_every_field_once():
    text = dictionary.reference()
    for table in dictionary.names():
        part = text.split(f"## {table} ")[1].split("\n## ")[0]
        for field in dictionary.fields(table)["field"]:
            assert part.count(f"\n| `{field}`") == 1, (table, field)


def test_bounds_are_in_order():
    fields = dictionary.fields().dropna(subset=["minimum", "maximum"])
    assert len(fields) and (fields["minimum"] < fields["maximum"]).all()
    assert set(dictionary.fields().query("minimum.notna()", engine="python")["type"]) <= set(dictionary.NUMERIC)


def test_uncertainty_covers_every_grade_and_kind():
    table = dictionary.read_table("uncertainty")
    assert {*dictionary.codes("quality"), ""} == set(table.loc[table["kind"] == "activity", "grade"])
    assert {"own", "fuel", "electricity", "heat", "process", "direct"} == set(table.loc[table["kind"] == "factor", "grade"])
    assert (pd.to_numeric(table["half_range_pct"]) >= 0).all()


GOOD = {"cluster": "tiny", "package": "x", "year": 2022}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"budget_tco2": 5}, "did you mean 'budget_tco2e'"),
        ({"objectiv": "capex"}, "did you mean 'objective'"),
        ({"zzzz": 1}, "unknown parameter 'zzzz'"),
        ({"year": None}, "year"),
        ({"cluster": "../up"}, "letters, digits"),
        ({"objective": "cheapest"}, "objective"),
        ({"reduction_pct": 101}, "reduction_pct"),
        ({"reduction_pct": 5, "budget_tco2e": 5}, "exclude each other"),
        ({"discount_rate": float("nan")}, "discount_rate"),
        ({"budget_tco2e": float("inf")}, "budget_tco2e"),
        ({"time_limit_s": 0}, "time_limit_s"),
        ({"lang": "de"}, "lang"),
    ],
)
def test_parameters_are_closed(wrong, said):
    with pytest.raises(ParameterError) as error:
        params.validate(GOOD | wrong)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_every_fault_is_told_at_once():
    with pytest.raises(ParameterError) as error:
        params.validate({"cluster": "tiny", "objectve": "capex", "discount_rate": 5})
    assert all(word in str(error.value) for word in ("package", "year", "objectve", "discount_rate"))


def test_every_parameter_has_a_meaning():
    for name, field in params.Settings.model_fields.items():
        assert field.description and len(field.description) > 10, name


@pytest.mark.parametrize("name", params.available())
def test_parameter_files_that_are_shipped_are_valid(name):
    stem, values = params.load(name)
    assert params.validate({"cluster": stem} | values).package_path.exists()


def test_every_tolerance_has_a_unit_and_a_source():
    table = findings.catalogue()
    held = table[table["tolerance"] != ""]
    assert len(held) > 5
    assert (held["tolerance_unit"] != "").all()
    assert (held["tolerance_source"] != "").all()
