"""The synthetic package: it says what it is, uses every table, column and flow, and each planted error is found where it lies."""

from pathlib import Path

import pandas as pd
import pytest

from workbench import calculators, dictionary, filing, findings, inventory, params, pinch, potential, prices, quality, store

PARK = Path(__file__).parents[1] / "data" / "clusters" / "example-park"


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    filed = filing.check(store.read_package(PARK))
    problems = quality.check(filed, 2022)
    checked = filing.apply(filed, problems)
    result = inventory.compile(checked.tables, checked.meta, 2022)
    paid, more = prices.of_enterprises(result.ledger, checked.tables["energy"], result.factors, checked.meta, 2022)
    settings = params.validate({"cluster": "example-park", "package": "x", "year": 2022})
    made = calculators.apply(checked.tables)
    library = potential.assess(made.tables, result.rows, result.factors, paid, checked.meta, settings)
    heat = pinch.prepare(checked.tables["streams"])[1]
    return findings.collect(filed.findings + problems + result.findings + more + made.findings + heat + library.findings)


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(PARK / f"{name}.csv", dtype=str, keep_default_na=False)


@pytest.mark.parametrize("name", dictionary.names())
def test_every_table_and_column_is_used(name):
    filed = table(name)
    unused = [f for f in dictionary.fields(name)["field"] if f not in filed.columns or not (filed[f] != "").any()]
    assert unused == []


def test_every_flow_is_used():
    assert set(dictionary.codes("flows")) <= set(table("energy")["flow"])


def test_it_says_that_it_is_synthetic(found):
    assert store.read_package(PARK).meta["data_nature"] == "synthetic"
    assert (found["check"] == "synthetic_data").any()
    assert "synthetic" in (PARK / "README.md").read_text(encoding="utf-8").lower()


@pytest.mark.parametrize("error", table("planted_errors").to_dict("records"), ids=lambda e: f"{e['number']}-{e['expected_check']}")
def test_planted_error_is_found_in_its_row(found, error):
    hits = found[(found["check"] == error["expected_check"]) & (found["table"] == error["table"])]
    assert error["row"] in set(hits["row"])


def test_no_other_error_is_reported(found):
    planted = table("planted_errors")
    errors = found[found["severity"] == "error"]
    assert set(errors["check"]) <= set(planted["expected_check"])


def test_steam_of_the_plant_balances():
    energy = table("energy")
    steam = energy[(energy["enterprise_id"] == "E01") & (energy["carrier"] == "steam")]
    made = steam.loc[steam["flow"] == "self_generation", "quantity"].astype(float).sum()
    sold = steam.loc[steam["flow"] == "sale", "quantity"].astype(float).sum()
    assert 0 <= made - sold <= 0.05 * made


def test_factors_of_steam_and_power_are_the_coal_split_by_energy():
    coal = 85_000 * 21.236 * 0.0262 * 0.98 * 44 / 12
    steam_gj, power_gj = 442_000 * (2763 - 83.74) / 1000, 83_000 * 3.6
    per_gj = coal / (steam_gj + power_gj)
    assert per_gj * (2763 - 83.74) / 1000 == pytest.approx(0.307, rel=0.02)
    assert per_gj * 3.6 == pytest.approx(0.4125, rel=0.02)


def test_technical_data_become_savings_and_streams_of_five_firms_meet():
    """P25 by hand: 4,200 h x (440 - 420 x 0.6848 / 0.9118) + 4,200 h x (400 - 420 x 0.4464 / 0.9118) = 1,339.5 MWh."""
    tables = filing.check(store.read_package(PARK)).tables
    made = calculators.apply(tables)
    saved = made.tables["savings"].query("origin == 'calculated'").set_index("project_id")["amount"]
    assert saved.index.tolist() == ["P25", "P26", "P27", "P28"] and (saved > 0).all()
    assert saved["P25"] == pytest.approx(4.2 * (440 - 420 * 0.6848 / 0.9118 + 400 - 420 * 0.4464 / 0.9118))
    assert saved["P26"] == pytest.approx(900 * 0.8 * 0.6 * 7200 * 3.6e-3)
    streams, _ = pinch.prepare(tables["streams"])
    levels = pinch.by_level(streams).set_index("level")["hot_utility_kw"]
    assert levels["exchange"] == pytest.approx(levels["sum"] - levels["cluster"]) and levels["exchange"] > 0
    pairs = pinch.matches(streams, tables["enterprises"])
    assert len({*pairs["source_enterprise"], *pairs["sink_enterprise"]}) >= 5 and pairs["distance_km"].between(0.1, 10).all()
