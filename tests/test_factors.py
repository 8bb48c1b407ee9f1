"""Figures a person can check: one quantity, one factor, one product."""

import pandas as pd
import pytest

from workbench import emissions, factors, units

CN = {"country": "CN", "grid_region": "Jiangsu", "factor_set": "cn-f1", "gwp_set": "ar5"}
US = {"country": "US", "grid_region": "RFCW", "factor_set": "us-epa", "gwp_set": "ar4"}


def quantify(meta, carrier, quantity, unit, **more):
    chosen, _ = factors.choose([carrier], meta, 2022)
    row = pd.DataFrame([{"enterprise_id": "A", "carrier": carrier, "quantity": quantity, "unit": unit} | more])
    frame, own, found = emissions.quantify(row, chosen, "energy")
    return frame.iloc[0], own, pd.concat(found, ignore_index=True)


def test_a_tonne_of_diesel():
    row, own, _ = quantify(CN, "diesel", 1.0, "t")
    assert row["tco2e"] == pytest.approx(42.652 * 0.0202 * 0.98 * 44 / 12, rel=1e-12)
    assert round(row["tco2e"], 4) == 3.0959
    assert row["factor_id"] == "cn-f1:diesel" and own.empty


def test_ten_thousand_cubic_metres_of_natural_gas():
    row, *_ = quantify(CN, "natural_gas", 1.0, "10^4 Nm3")
    assert round(row["tco2e"], 4) == 21.6219
    assert row["energy_gj"] == pytest.approx(389.31)


def test_gas_billed_at_20_degrees_holds_less():
    row, *_ = quantify(CN, "natural_gas", 1.0, "10^4 m3")
    assert row["tco2e"] == pytest.approx(21.6219 * 273.15 / 293.15, rel=1e-5)


@pytest.mark.parametrize(("unit", "size"), [("kg", 1000), ("g", 1e6), ("10^4 t", 1e-4), ("GJ", 42.652), ("tce", 42.652 / 29.3076)])
def test_the_unit_filed_makes_no_difference(unit, size):
    row, *_ = quantify(CN, "diesel", 5.0 * size, unit)
    assert row["tco2e"] == pytest.approx(5 * 3.0959, rel=1e-4)
    assert row["activity"] == pytest.approx(5) and row["activity_unit"] == "t"


def test_mmbtu_of_natural_gas_us():
    row, *_ = quantify(US, "natural_gas", 1.0, "MMBtu")
    assert row["tco2e"] * 1000 == pytest.approx(53.06 + 0.001 * 25 + 0.0001 * 298, rel=1e-9)


def test_methane_weighs_more_in_another_report():
    later = US | {"gwp_set": "ar5"}
    assert quantify(later, "natural_gas", 1.0, "MMBtu")[0]["tco2e"] * 1000 == pytest.approx(
        53.06 + 0.001 * 28 + 0.0001 * 265, rel=1e-9
    )


def test_cubic_feet_hold_their_printed_heat():
    row, *_ = quantify(US, "natural_gas", 1000.0, "scf")
    assert row["energy_gj"] == pytest.approx(1.026 * 1.055056)


def test_a_megawatt_hour_in_coal_equivalent():
    row, *_ = quantify(CN, "electricity", 1.0, "MWh")
    assert row["energy_gj"] / units.GJ_PER_TCE == pytest.approx(0.12284, abs=5e-6)
    assert quantify(CN, "electricity", 1000.0, "kWh")[0]["tco2e"] == pytest.approx(row["tco2e"])


def test_steam_is_enthalpy_less_water_at_20_degrees():
    row, _, found = quantify(CN, "steam", 1000.0, "t", note="0.8 MPa saturated, h=2783.74 kJ/kg")
    assert row["activity"] == pytest.approx(1000 * (2783.74 - 83.74) / 1000)
    assert row["tco2e"] == pytest.approx(2700 * 0.11)
    assert "steam_default" not in set(found["check"])


def test_steam_without_enthalpy_says_so():
    row, _, found = quantify(CN, "steam", 10.0, "t")
    assert row["activity"] == pytest.approx(10 * 0.1286 * 29.3076)
    assert "steam_default" in set(found["check"])


def test_measured_wins_over_parts_wins_over_the_table():
    parts = {"ncv": 40.0, "carbon_content": 0.02, "oxidation": 1.0}
    assert quantify(CN, "diesel", 10.0, "t", **parts)[0]["tco2e"] == pytest.approx(10 * 40 * 0.02 * 44 / 12)
    measured, own, _ = quantify(CN, "diesel", 10.0, "t", tco2_per_unit=3.0, **parts)
    assert measured["tco2e"] == pytest.approx(30)
    assert own["confidence"].tolist() == ["filed"] and own["value"].tolist() == [3.0]


def test_one_part_of_its_own_the_rest_from_the_table():
    assert quantify(CN, "diesel", 1.0, "t", oxidation=1.0)[0]["tco2e"] == pytest.approx(42.652 * 0.0202 * 44 / 12)


def test_measured_is_per_filed_unit():
    row, *_ = quantify(CN, "diesel", 2000.0, "kg", tco2_per_unit=0.003)
    assert row["tco2e"] == pytest.approx(6) and row["activity"] == pytest.approx(2)


def test_a_unit_of_something_else_is_a_finding():
    row, _, found = quantify(CN, "diesel", 1.0, "kW-month")
    assert pd.isna(row["tco2e"])
    assert found["check"].tolist() == ["unit_mismatch"] and found["effect"].tolist() == ["row_set_aside"]


def test_an_unknown_set_is_served_by_a_named_substitute():
    chosen, found = factors.choose(["diesel"], CN | {"factor_set": "no-such-set"}, 2022)
    assert chosen["factor_id"].tolist() == ["cn-f1:diesel"]
    assert pd.concat(found)["check"].tolist() == ["factor_substitute"]


def test_own_table_wins_over_the_library(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("carrier,unit,ncv_gj_per_unit,carbon_tc_per_gj,oxidation\ndiesel,t,40,0.02,1\n")
    chosen, _ = factors.choose(["diesel"], CN, 2022, factors.own_table(file))
    assert chosen["value"].iat[0] == pytest.approx(40 * 0.02 * 44 / 12)
    assert chosen["factor_id"].iat[0] == "own-table:diesel"


def test_another_figure_has_another_hash():
    one, _ = factors.choose(["natural_gas"], US, 2022)
    other, _ = factors.choose(["natural_gas"], US | {"gwp_set": "ar5"}, 2022)
    assert one["factor_id"].tolist() == other["factor_id"].tolist()
    assert one["sha256"].tolist() != other["sha256"].tolist()
    assert one["sha256"].tolist() == factors.choose(["natural_gas"], US, 2022)[0]["sha256"].tolist()


def test_years_without_a_grid_row_take_the_nearest_and_say_so():
    chosen, found = factors.choose(["electricity"], CN, 2030)
    assert chosen["factor_id"].iat[0].startswith("cn-grid:jiangsu:2023")
    assert "factor_substitute" in set(pd.concat(found)["check"])
    assert not factors.choose(["electricity"], CN, 2022)[1]
