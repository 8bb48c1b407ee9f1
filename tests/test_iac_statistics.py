"""Statistics of the audit programme: counted by hand on ten rows, and on the whole database where it is at hand."""

from pathlib import Path

import pandas as pd
import pytest

from workbench import dictionary
from workbench.importers import iac, iac_statistics

RAW = Path(__file__).parents[2] / "shared" / "data" / "1_iac" / "iac_recommendations_fy1981_2025.parquet"


def recommendations(**changes):
    """Ten recommendations of 100 USD a year: five pay back in half a year, five in two; I, N, pending and blanks."""
    frame = pd.DataFrame(
        {
            "superid": [f"R{i}" for i in range(10)],
            "id": "P1",
            "fy": 2012.0,
            "arc2": "2.4111",
            "impstatus": ["I", "I", "I", "N", "", "I", "N", "N", "N", "P"],
            "impcost": [50.0] * 5 + [200.0] * 5,
            "psourccode": "EC",
            "pconserved": 1000.0,
            "psaved": 100.0,
        }
    )
    return frame.assign(**changes)


def test_share_carried_out_by_payback():
    table = iac_statistics.implementation_by_payback(recommendations())
    assert table["payback_to_years"].tolist() == [0.5, 2.0]
    assert table["recommendations"].tolist() == [4, 4] and table["carried_out"].tolist() == [3, 1]
    assert table["share"].tolist() == [0.75, 0.25]


@pytest.mark.parametrize("changes", [{"psourccode": "W1"}, {"psourccode": "ED"}, {"impcost": 0.0}, {"psaved": float("nan")}])
def test_rows_without_energy_cost_or_saving_do_not_count(changes):
    assert iac_statistics.implementation_by_payback(recommendations(**changes)).empty


def test_classes_by_hand():
    """Prices double from 2010 to 2020; two power measures at plants that use 10,000 kWh, one of gas, three left out."""
    recc = pd.DataFrame(
        [
            (
                "R1",
                "P1",
                2010,
                "2.4111",
                "I",
                50.0,
                "EC",
                1000.0,
                100.0,
            ),  # 100 and 200 USD of 2020; half a year; a tenth of the use
            ("R2", "P2", 2020, "2.4231", "N", 300.0, "EC", 3000.0, 200.0),  # 300 and 200; a year and a half; three tenths
            ("R3", "P2", 2020, "2.1233", "I", 80.0, "E2", 40.0, 160.0),
            ("R4", "P2", 2020, "2.4111", "P", 80.0, "EC", 40.0, 160.0),  # pending
            ("R5", "P2", 1999, "2.4111", "I", 80.0, "EC", 40.0, 160.0),  # no price level
            ("R6", "P2", 2020, "2.4111", "I", 80.0, "EC", 0.0, 160.0),  # nothing saved
        ],
        columns=["superid", "id", "fy", "arc2", "impstatus", "impcost", "psourccode", "pconserved", "psaved"],
    )
    assess = pd.DataFrame(
        {"id": ["P1", "P2"], "fy": [2010, 2020], "ec_plant_usage": 10_000.0, "ec_plant_cost": 900.0, "e2_plant_usage": [None, 30.0]}
    )
    made = iac_statistics.classes(recc, assess, pd.Series({2010: 50.0, 2020: 100.0}), 2020)
    assert made[["chapter", "carrier"]].values.tolist() == [["2.1", "natural_gas"], ["2.4", "electricity"]]
    gas, power = made.iloc[0], made.iloc[1]
    assert (power["recommendations"], power["carried_out"], power["share_carried_out"]) == (2, 1, 0.5)
    assert (power["cost_mean"], power["cost_median"], power["saving_mean"]) == (200, 200, 200)
    assert power["cost_per_unit"] == pytest.approx((0.1 + 0.1) / 2) and power["payback_median_years"] == 1.0
    assert power["saving_share_median"] == pytest.approx(0.2) and power["plants_with_use"] == 2
    assert (power["saved_quantity_median"], power["first_year"], power["last_year"]) == (2000, 2010, 2020)
    assert (gas["cost_mean"], gas["payback_median_years"], gas["share_carried_out"]) == (80, 0.5, 1)
    assert gas["plants_with_use"] == 0 and pd.isna(gas["saving_share_median"])  # 40 of 30 MMBtu cannot be


def test_shipped_curves_are_shares_that_never_rise_far():
    table = dictionary.read_table("technologies/implementation_by_payback")
    assert (table[["source", "confidence"]] != "").all().all()
    for _, curve in table.groupby("curve"):
        share = pd.to_numeric(curve["share"])
        assert share.between(0, 1).all() and (share.diff().dropna() < 0.02).all()


@pytest.mark.slow
@pytest.mark.skipif(not RAW.is_file(), reason="the database is not at hand")
def test_shipped_curve_is_that_of_the_database():
    frames = iac.read_file(RAW)
    recc = iac.combine(frames, iac.RECC_REQUIRED, iac.RECC_TEXT, iac.RECC_NUMBERS)
    made = iac_statistics.implementation_by_payback(recc)
    table = dictionary.read_table("technologies/implementation_by_payback").query("curve == 'iac'")
    assert made["recommendations"].astype(str).tolist() == table["recommendations"].tolist()
    assert made["carried_out"].astype(str).tolist() == table["carried_out"].tolist()
    assert made["share"].to_numpy() == pytest.approx(pd.to_numeric(table["share"]).to_numpy(), abs=5e-5)
