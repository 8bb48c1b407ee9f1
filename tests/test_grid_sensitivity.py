"""A saved MWh at the inventory's factor, at a marginal one, on a falling grid; switches with their signs side by side."""

import pytest

from workbench import dictionary, grid_sensitivity


def cases(case):
    found = case.assess()
    made = case.inventory
    table = grid_sensitivity.of_projects(found.by_carrier, found.projects, made.rows, made.factors, case.meta)
    return table.set_index(["project_id", "case"])


def test_a_thousand_mwh_by_hand(tiny):
    """C saves 1,200 of 4,000 MWh at 0.5 t: 600 t; at the fossil average of 0.8273 t 992.76 t."""
    table = cases(tiny())
    assert table.loc[("P2", "inventory"), "tco2e_saved"] == pytest.approx(600)
    assert table.loc[("P2", "fossil_power"), "tco2e_saved"] == pytest.approx(1200 * 0.8273)
    assert table.loc[("P2", "operating_margin_high"), "tco2e_saved"] == pytest.approx(1200 * 1.08)
    assert "P1" not in table.index.get_level_values(0)  # saves coal alone


def test_a_falling_grid_is_the_mean_of_the_years(tiny):
    """Ten years, each a ratio of the one before, the first already one step down."""
    ratio, source = grid_sensitivity.trend("Jiangsu", "china")
    grid = dictionary.read_table("factors/grid").set_index("factor_id")["co2_t_per_mwh"].astype(float)
    first, last = source.split(" → ")
    assert ratio == pytest.approx((grid[last] / grid[first]) ** 0.5) and ratio < 1
    mean = sum(ratio**n for n in range(1, 11)) / 10
    assert cases(tiny()).loc[("P2", "falling"), "tco2e_saved"] == pytest.approx(600 * mean)


def test_a_region_that_does_not_fall_takes_the_country(tiny):
    """Sichuan rose between its rows; the country fell from 2022 to 2023 (2021 was recalled and takes no part)."""
    ratio, source = grid_sensitivity.trend("Sichuan", "china")
    assert ratio == pytest.approx(0.5306 / 0.5366) and source.startswith("cn-grid:china:2022")
    assert grid_sensitivity.trend("nowhere", "nowhere") is None


def test_a_sign_that_turns_with_the_grid_is_told(tiny):
    """100 x 10^4 Nm3 of gas (2,000 t) against 3,000 MWh: 500 t less at 0.5 t, 482 t more at 0.8273 t."""
    case = tiny(
        projects="project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\nP1,Heat pump,B,1,0,10\n",
        savings="project_id,carrier,mode,amount,unit\nP1,natural_gas,absolute,100,10^4 Nm3\nP1,electricity,absolute,-3000,MWh\n",
    )
    table = cases(case)
    assert table.loc[("P1", "inventory"), "tco2e_saved"] == pytest.approx(500)
    assert table.loc[("P1", "fossil_power"), "tco2e_saved"] == pytest.approx(2000 - 3000 * 0.8273)
    assert table.loc[("P1", "fossil_power"), "sign_turns"] == 1
    row = grid_sensitivity.switches(case.assess().by_carrier).iloc[0]
    assert (row["carriers_less"], row["carriers_more"], row["signs_differ"]) == ("natural_gas", "electricity", 0)


def test_the_american_marginal_factor_is_that_of_the_calculator():
    """1,559 lb a MWh."""
    rows = grid_sensitivity.marginal_rows("US").set_index("case")
    assert rows.at["marginal", "tco2e_per_mwh"] == pytest.approx(1559 * 0.45359237e-3)


def test_every_case_has_a_source():
    for country in ("CN", "US"):
        rows = grid_sensitivity.marginal_rows(country)
        assert rows["source"].ne("").all() and rows["tco2e_per_mwh"].gt(0).all() and rows["confidence"].ne("remembered").all()
