"""The technology library: every row once, with a source, found by words of either language, and shown by the command."""

import json

import pandas as pd
import pytest

from workbench import cli, dictionary, price_indices, technologies

ROWS = technologies.rows()


def test_every_row_of_every_table_stands_once_with_source_and_hash():
    assert list(ROWS.columns) == technologies.COLUMNS
    assert len(ROWS) == sum(len(dictionary.read_table(name)) for name in technologies.KINDS.values())
    assert ROWS["technology_id"].is_unique and ROWS["sha256"].str.fullmatch("[0-9a-f]{64}").all() and ROWS["sha256"].is_unique
    assert (ROWS[["source", "confidence", "label_en", "label_zh", "currency"]] != "").all().all()
    assert "remembered" not in set(ROWS["confidence"])


def test_money_states_a_year_and_an_index_that_is_known():
    known = price_indices.indices().groupby("index_id")["currency"].first()
    assert set(ROWS["price_index"]) <= set(known.index)
    assert (ROWS["price_index"].map(known) == ROWS["currency"]).all() and ROWS["price_year"].between(1990, 2024).all()


def test_shares_lives_and_efficiencies_are_possible():
    assert ROWS["saving_share"].dropna().between(0, 1).all() and ROWS["capex"].ge(0).all()
    assert ROWS["lifetime_years"].dropna().between(1, 40).all()
    heat = ROWS[ROWS["kind"] == "heat_supply"]
    pumps = heat["technology_id"].str.contains("pump|recompression")
    assert heat.loc[~pumps, "efficiency"].between(0.8, 1.2).all() and heat.loc[pumps, "efficiency"].gt(1.4).all()


def test_capital_per_gj_is_that_of_the_source_per_btu():
    measures = technologies.measures().set_index("measure_id")
    assert measures.at["paper.tmp_refiner", "capex_per_gj_year"] == pytest.approx(
        8.061749029528152e-05 / 1055.05585262e-9, rel=1e-5
    )
    assert measures.at["cement.raw_meal_control", "opex_per_gj"] == pytest.approx(
        1.5943089415668483e-05 / 1055.05585262e-9, rel=1e-5
    )
    assert len(measures) == 82


@pytest.mark.parametrize(
    ("words", "narrowed", "found"),
    [
        ("hot stove", {}, ["steel.hot_stove_control"]),
        ("热风炉", {}, ["steel.hot_stove_control"]),
        ("供热技术 125", {"year": 2030}, ["heat_pump_125:2030"]),
        ("gas boiler condensing wood", {"kind": "heat_supply", "year": 2050}, []),
        ("gas boiler condensation", {"subject": "steam", "year": 2050}, ["gas_boiler_steam_condensing:2050"]),
    ],
)
def test_words_of_either_language_find_rows(words, narrowed, found):
    assert technologies.search(words, **narrowed)["technology_id"].tolist() == found


def test_the_command_prints_rows_with_sources(capsys):
    assert cli.main(["technologies", "scrap", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["technology_id"] == "steel.scrap_preheating" and "eps-us" in row["source"]
    assert cli.main(["technologies", "热泵", "--lang", "zh", "--year", "2040"]) == 0
    assert "高温热泵" in capsys.readouterr().out
    assert cli.main(["technologies", "perpetuum"]) == 1
    assert "nothing fits" in capsys.readouterr().err


def test_a_heat_pump_grows_better_and_cheaper_as_filed():
    pump = ROWS[ROWS["technology_id"].str.startswith("heat_pump_80:")].sort_values("year")
    assert pump["efficiency"].is_monotonic_increasing and pump["capex"].is_monotonic_decreasing
    assert pd.isna(ROWS.loc[ROWS["kind"] == "process_measure", "year"]).all()
