"""From a filed quantity to tonnes: what was measured, at which level of the order, and the figures beside the total."""

import pandas as pd
import pytest

from workbench import emissions, factors, inventory

CN = {"country": "CN", "grid_region": "Jiangsu", "factor_set": "cn-f1", "gwp_set": "ar5"}


def quantify(carrier, quantity, unit, meta=CN, own=None, **more):
    chosen, _ = factors.choose([carrier], meta, 2022, own)
    row = pd.DataFrame([{"enterprise_id": "A", "carrier": carrier, "quantity": quantity, "unit": unit} | more])
    levels, _ = factors.order(meta)
    frame, used, found = emissions.quantify(row, chosen, "energy", levels)
    return frame.iloc[0], used, pd.concat(found, ignore_index=True)


def own_table(**more):
    row = {"carrier": "diesel", "unit": "t", "ncv_gj_per_unit": "40", "carbon_tc_per_gj": "0.02", "oxidation": "1", "source": "own"}
    return factors.own_table(pd.DataFrame([row | more]))


def test_measured_element_carbon_needs_no_heating_value():
    """1,000 t of coal with 60 % carbon, 98 % oxidised: 1000 x 0.6 x 0.98 x 44/12 = 2,156 t."""
    row, used, _ = quantify("bituminous", 1000.0, "t", carbon_per_unit=0.6, oxidation=0.98)
    assert row["tco2e"] == pytest.approx(2156)
    assert row["factor_level"] == "measured"
    assert used["factor_id"].tolist() == ["own:A:bituminous:c0.6-of0.98"]


def test_element_carbon_is_per_filed_unit():
    row, *_ = quantify("bituminous", 1_000_000.0, "kg", carbon_per_unit=0.0006, oxidation=1.0)
    assert row["tco2e"] == pytest.approx(1000 * 0.6 * 44 / 12)


def test_element_carbon_wins_over_carbon_per_heat():
    row, *_ = quantify("bituminous", 1.0, "t", ncv=20.0, carbon_content=0.05, carbon_per_unit=0.6, oxidation=1.0)
    assert row["tco2e"] == pytest.approx(0.6 * 44 / 12)
    assert row["energy_gj"] == pytest.approx(20.0)


@pytest.mark.parametrize("note", ["T=95 °C", "supply T = 95℃", "T=95 degC, floor heating"])
def test_hot_water_is_its_rise_above_20_degrees(note):
    """1,000 t at 95 degC: 1000 x 75 x 4.1868/1000 = 314.01 GJ."""
    row, *_ = quantify("hot_water", 1000.0, "t", note=note)
    assert row["activity"] == pytest.approx(314.01)
    assert row["tco2e"] == pytest.approx(314.01 * 0.11)


def test_hot_water_by_mass_without_temperature_is_a_finding():
    row, _, found = quantify("hot_water", 1000.0, "t")
    assert pd.isna(row["tco2e"]) and found["check"].tolist() == ["unit_mismatch"]


def test_biogenic_carbon_stands_beside_the_total():
    ipcc = CN | {"factor_set": "ipcc-2006"}
    row, *_ = quantify("wood", 10.0, "t", meta=ipcc)
    assert row["tco2"] == 0
    assert row["biogenic_tco2"] > 10
    assert 0 < row["tco2e"] < 1  # its methane and nitrous oxide


def test_own_carbon_of_a_biogenic_fuel_stays_biogenic():
    row, *_ = quantify("wood", 1.0, "t", meta=CN | {"factor_set": "ipcc-2006"}, ncv=15.0, carbon_content=0.03, oxidation=1.0)
    assert row["biogenic_tco2"] == pytest.approx(15 * 0.03 * 44 / 12)
    assert row["tco2"] == pytest.approx(0)


def test_carbon_dioxide_and_the_other_gases_add_up():
    us = {"country": "US", "grid_region": "RFCW", "factor_set": "us-epa", "gwp_set": "ar4"}
    row, *_ = quantify("natural_gas", 1000.0, "MMBtu", meta=us)
    assert row["tco2"] == pytest.approx(53.06, rel=1e-9)
    assert row["tco2e"] - row["tco2"] == pytest.approx(0.001 * 25 + 0.0001 * 298, rel=1e-6)


def test_the_order_says_why_better_levels_were_not_taken():
    chosen, _ = factors.choose(["diesel", "electricity"], CN, 2022)
    reason = chosen.set_index("carrier")["reason"]
    assert reason["diesel"] == "local:no_table; provincial:none; regional:none; national:taken"
    assert reason["electricity"] == "local:no_table; provincial:taken"


def test_a_cluster_may_put_the_national_average_first():
    chosen, found = factors.choose(["electricity"], CN | {"factor_order": ["measured", "supplier", "national"]}, 2022)
    assert chosen["factor_id"].tolist() == ["cn-grid:china:2022:average"] and not found
    regional, found = factors.choose(["electricity"], CN | {"factor_order": ["measured", "regional", "provincial"]}, 2022)
    assert regional["factor_id"].tolist() == ["cn-grid:east:2022:average"]
    assert set(regional["level"]) == {"regional"}


def test_a_variant_is_asked_for_by_name():
    chosen, _ = factors.choose(["electricity"], CN | {"factor_order": ["national"], "grid_variant": "ets_reporting"}, 2022)
    assert chosen["value"].tolist() == [0.5703]
    _, found = factors.choose(["electricity"], CN | {"grid_variant": "carbon_footprint"}, 2022)
    assert pd.concat(found)["check"].tolist() == ["cluster_field"]


def test_a_province_without_a_row_is_never_filled_in_silence():
    chosen, found = factors.choose(["electricity"], CN | {"grid_region": "Tibet"}, 2022)
    assert chosen["level"].tolist() == ["national"]
    assert pd.concat(found)["check"].tolist() == ["factor_substitute"]


def test_an_unknown_level_is_a_finding_and_the_known_ones_count():
    levels, found = factors.order(CN | {"factor_order": ["national", "galactic"]})
    assert levels == ("national",)
    assert found[0]["seen"].tolist() == ["galactic"]


def test_a_measured_figure_gives_way_where_the_order_says_so():
    national_first = CN | {"factor_order": ["national", "measured"]}
    row, _, found = quantify("diesel", 1.0, "t", meta=national_first, tco2_per_unit=9.0)
    assert row["factor_id"] == "cn-f1:diesel" and row["tco2e"] == pytest.approx(3.0959, rel=1e-4)
    assert "own_factor_not_used" in set(found["check"])


def test_a_suppliers_statement_is_no_measurement():
    assert quantify("electricity", 1.0, "MWh", tco2_per_unit=0.4, evidence="supplier_statement")[0]["factor_level"] == "supplier"
    assert quantify("electricity", 1.0, "MWh", tco2_per_unit=0.4, evidence="meter_record")[0]["factor_level"] == "measured"


def test_own_rows_serve_only_the_years_they_are_valid_in():
    valid, _ = factors.choose(["diesel"], CN, 2022, own_table(valid_from="2021", valid_to="2023-12-31"))
    assert valid["factor_id"].tolist() == ["own-table:diesel"] and valid["level"].tolist() == ["local"]
    expired, _ = factors.choose(["diesel"], CN, 2022, own_table(valid_to="2020"))
    assert expired["factor_id"].tolist() == ["cn-f1:diesel"]
    assert expired["reason"].tolist() == ["local:expired; provincial:none; regional:none; national:taken"]


def test_families_of_fuels_are_named_when_one_stands_in_for_another():
    chosen, found = factors.choose(["bituminous"], CN | {"factor_set": "cn-f3"}, 2022)
    assert chosen["factor_id"].iat[0] != "cn-f3:bituminous"  # its carbon repeats the digits of its heating value
    assert "factor_substitute" in set(pd.concat(found)["check"])
    assert "national:substitute" in chosen["reason"].iat[0]


def test_location_and_market_differ_by_what_the_supplier_states(energy):
    case = energy("A,2022,,,electricity,purchase,1000,MWh,,,,,0.1,,", "B,2022,,,electricity,purchase,1000,MWh,,,,,,,")
    items = case.items
    grid = 0.5978
    assert items["cluster_total_tco2e"] == pytest.approx(100 + 1000 * grid)
    assert items["cluster_location_based_tco2e"] == pytest.approx(2000 * grid)
    assert items["cluster_market_based_tco2e"] == pytest.approx(100 + 1000 * grid)  # no residual mix of 2022 was read


def test_non_fossil_power_counts_as_energy_without_emissions(energy):
    case = energy("A,2022,,,electricity_nonfossil,purchase,1000,MWh,,,,,,,")
    assert case.items["cluster_total_tco2e"] == 0
    assert case.items["cluster_total_tce"] == pytest.approx(3600 / 29.3076)
    assert case.items["cluster_nonfossil_tce"] == pytest.approx(3600 / 29.3076)


def test_power_in_equal_value_weighs_the_coal_its_supply_takes(energy):
    """1,000 MWh: 122.8 tce of energy content, 305.5 tce of equal value (2020, nearest to 2022)."""
    case = energy("A,2022,,,electricity,purchase,1000,MWh,,,,,,,")
    assert case.items["cluster_total_tce"] == pytest.approx(122.835, abs=1e-3)
    assert case.items["cluster_tce_equal"] == pytest.approx(305.5)
    assert inventory.equal_value(CN, 2023)["edition"] == "china 2024"
    assert inventory.equal_value({"country": "US"}, 2022) is None


def test_feedstock_stands_beside_energy(energy):
    case = energy("A,2022,,,naphtha,purchase,100,t,,,,,,,", "A,2022,,,naphtha,non_energy_use,60,t,,,,,,,")
    assert case.items["cluster_feedstock_tce"] / case.items["cluster_total_tce"] == pytest.approx(60 / 40)


def test_signs_survive():
    """Steel works of 2023: a net sale of power is a negative entry, never nil (published: -0.95 x 10^4 t)."""
    row, *_ = quantify("electricity", -10_000.0, "MWh")
    assert row["tco2e"] == pytest.approx(-10_000 * 0.5978)


def test_both_totals_of_an_enterprise(energy):
    case = energy("A,2022,,,bituminous,purchase,1000,t,,,,,2,,", "A,2022,,,electricity,purchase,1000,MWh,,,,,0.5,,")
    firm = case.enterprises.set_index("enterprise_id").loc["A"]
    assert firm["total_with_indirect"] == pytest.approx(2500) == pytest.approx(firm["total_tco2e"])
    assert firm["total_direct_ets"] == pytest.approx(2000)


def test_every_row_says_which_factor_and_why(energy):
    case = energy("A,2022,,,bituminous,purchase,1000,t,,,,,2,,", "B,2022,,,diesel,purchase,1,t,,,,,,,")
    rows = case.inventory.rows.set_index("carrier")
    assert rows.at["bituminous", "factor_reason"] == "measured:taken"
    assert rows.at["diesel", "factor_reason"].startswith("measured:not_filed; supplier:not_filed; local:no_table")
    assert set(rows["factor_id"]) <= set(case.inventory.factors["factor_id"])
