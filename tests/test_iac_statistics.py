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
