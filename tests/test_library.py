"""The factor library as one table: every row once, named, hashed, and found by words of either language."""

import pandas as pd
import pytest

from workbench import dictionary, library

ROWS = library.rows()


def test_every_row_of_every_table_stands_once():
    assert list(ROWS.columns) == library.COLUMNS
    assert len(ROWS) == sum(len(dictionary.read_table(name)) for name in library.KINDS.values())
    assert ROWS["factor_id"].is_unique and (ROWS["factor_id"] != "").all()
    assert set(ROWS["kind"]) == set(library.KINDS)


def test_every_row_has_value_unit_source_and_hash():
    blank = set(ROWS.loc[ROWS["value"].isna(), "factor_id"])  # no default exists: they need a carbon balance
    assert blank == {
        f"process:{name}" for name in ("ammonia", *(f"material_carbon_{end}" for end in ("input", "product", "residue")))
    }
    assert (ROWS[["unit", "source", "confidence", "subject"]] != "").all().all()
    assert ROWS["sha256"].str.fullmatch("[0-9a-f]{64}").all() and ROWS["sha256"].is_unique


def test_values_are_those_of_the_tables():
    by_id = ROWS.set_index("factor_id")
    assert by_id.at["cn-f1:diesel", "value"] == pytest.approx(42.652 * 0.0202 * 0.98 * 44 / 12)
    assert by_id.at["ipcc-2006:diesel", "value"] == 3.1863 and by_id.at["ipcc-2006:diesel", "unit"] == "tCO2/t"
    assert by_id.at["cn-grid:central:2021:average", "value"] == 0.5354 and by_id.at["cn-grid:central:2021:average", "year"] == 2021
    assert by_id.at["cn-heat:steam:default", "value"] == 0.11
    assert by_id.at["process:clinker", "value"] == 0.535
    assert by_id.at["gwp:ar5:CH4", "value"] == 28
    assert by_id.at["coal_equivalent:electricity:2008_and_2020", "value"] == 0.1229


@pytest.mark.parametrize("column", ["oxidation", "note", "ch4_kg_per_unit", "valid_to", "source"])
def test_any_change_of_a_row_changes_its_hash_and_no_other(column):
    table = dictionary.read_table("factors/fuels").head(3)
    changed = table.copy()
    changed.loc[1, column] = table.loc[1, column] + "1"
    before, after = library.hashes(table), library.hashes(changed)
    assert before[0] == after[0] and before[1] != after[1] and before[2] == after[2]


def test_inputs_are_left_alone():
    table = dictionary.read_table("factors/grid")
    kept = table.copy()
    library.tidy("electricity", table)
    pd.testing.assert_frame_equal(table, kept)
    mine = library.rows()
    mine["value"] = 0.0
    assert library.rows()["value"].max() > 0


@pytest.mark.parametrize(
    ("words", "narrowed", "found"),
    [
        ("DIESEL cn-f1", {}, ["cn-f1:diesel"]),
        ("柴油 cn-f1", {}, ["cn-f1:diesel"]),
        (["江苏"], {"year": 2022}, ["cn-grid:jiangsu:2022:average"]),
        ("", {"region": "Jiangsu", "year": 2023}, ["cn-grid:jiangsu:2023:average"]),
        ("", {"region": "江苏", "year": 2023}, ["cn-grid:jiangsu:2023:average"]),
        ("硅酸盐水泥熟料", {"kind": "process"}, ["process:clinker", "process:clinker_white"]),
        ("sf6", {"kind": "gwp", "factor_set": "AR5"}, ["gwp:ar5:SF6"]),
        ("diesel", {"kind": "fuel", "factor_set": "cn-f3", "year": 2023}, ["cn-f3:diesel"]),
        ("diesel", {"kind": "fuel", "factor_set": "cn-f3", "year": 2019}, []),
        ("diesel gasoline", {}, []),
        ("(*+?[", {}, []),
    ],
)
def test_search(words, narrowed, found):
    assert list(library.search(words, **narrowed)["factor_id"]) == found


def test_search_without_words_is_the_library():
    assert len(library.search()) == len(ROWS)
    assert library.search("coal", among=ROWS.head(0)).empty


def test_year_keeps_rows_without_one_that_were_valid():
    found = library.search("", year=2022)
    assert set(found["year"].dropna()) == {2022}
    assert {"gwp:ar5:CH4", "cn-f1:diesel", "cn-f3:diesel", "process:clinker"} <= set(found["factor_id"])
