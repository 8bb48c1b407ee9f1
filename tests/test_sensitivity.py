"""Tornado and adoption: a published case, round numbers, and what must hold for any project."""

import math

import pandas as pd
import pytest

from workbench import adoption, dictionary, params, sensitivity

SETTINGS = params.validate({"cluster": "x", "package": "x", "year": 2022, "discount_rate": 0.12})
LINES = pd.DataFrame({"project_id": ["P2"], "uncertainty_pct": [50.0]})


def project(name="P1", **values):
    row = {
        "project_id": name, "eligible": 1, "capex": 1500.0, "opex_per_year": 0.0, "lifetime_years": 4.0,
        "energy_money_saved": 890.0, "tco2e_saved": 100.0, "tce_saved": 40.0, "payback_years": 1500 / 890, "npv": 1203.24,
    }  # fmt: skip
    return row | values


def tornado(*rows, **values):
    table = sensitivity.tornado(pd.DataFrame(rows), LINES, SETTINGS.model_copy(update=values))
    return table.set_index(["level", "project_id", "factor"])


def test_a_published_case():
    """Thumann and Woodroof, Energy Project Financing, appendix A, table A-11: first cost, annual revenue, rate asked for, 10 %."""
    found = tornado(project()).loc[("project", "P1")]
    for factor, low, high in (
        ("energy_price", 932.88, 1473.52),
        ("capex", 1353.20, 1053.20),
        ("discount_rate", 1272.97, 1136.36),
    ):
        assert found.at[factor, "npv_low"] == pytest.approx(low, abs=0.05)
        assert found.at[factor, "npv_high"] == pytest.approx(high, abs=0.05)
    assert found.at["carbon_price", "npv_swing"] == 0  # a price of nothing cannot move


def test_own_uncertainty_wins_and_ranks(tiny):
    found = tornado(project(), project("P2"))
    assert found.loc[("project", "P1", "saving"), "change_pct"] == 20
    row = found.loc[("project", "P2", "saving")]
    assert row["change_pct"] == 50 and row["rank"] == 1
    assert row["npv_high"] - row["npv"] == pytest.approx(0.5 * 890 * 3.0373493)
    assert math.isclose(row["abatement_cost_low"], (1500 / 3.0373493 - 445) / 50, rel_tol=1e-6)


def test_the_bundle_is_the_sum_of_its_projects():
    found = tornado(project(), project("P2", capex=500.0), project("P3", eligible=0), carbon_price=2.0).reset_index()
    single = found[found["level"] == "project"].groupby("factor")[["npv", "npv_low", "npv_high"]].sum()
    whole = found[found["level"] == "bundle"].set_index("factor")
    assert (abs(single - whole[["npv", "npv_low", "npv_high"]].loc[single.index]) < 1e-9).all(axis=None)
    assert whole.at["carbon_price", "npv_swing"] == pytest.approx(2 * 0.2 * 2 * 200 * 3.0373493)


def test_every_range_has_a_source():
    table = dictionary.read_table("sensitivities")
    assert (table[["label_en", "label_zh", "source", "confidence"]] != "").all(axis=None)


@pytest.mark.parametrize(
    ("curve", "years", "share"),
    [
        ("iac", 0.0, 0.6003), ("iac", 0.25, 0.6003), ("iac", 0.26, 0.5451), ("iac", 100.0, 0.3947), ("iac", math.nan, 0.0),
        ("eps_us", 0.0, 0.85), ("eps_us", 1.0, 0.5), ("eps_us", 1.125, 0.47), ("eps_us", 10.0, 0.003), ("eps_us", 10.1, 0.0),
        ("eps_us", math.nan, 0.0),
    ],
)  # fmt: skip
def test_probability_by_payback(curve, years, share):
    assert adoption.probability(pd.Series([years]), curve).iat[0] == pytest.approx(share)


def test_an_unknown_curve():
    with pytest.raises(KeyError, match="nowhere"):
        adoption.probability(pd.Series([1.0]), "nowhere")


def test_levels_by_hand():
    rows = [project(payback_years=1.0), project("P2", payback_years=math.nan, npv=-5.0), project("P3", eligible=0)]
    found = adoption.levels(pd.DataFrame(rows), "eps_us").set_index("level")
    assert found["tco2e_saved"].to_dict() == {"technical": 200.0, "economic": 100.0, "expected": 50.0}
    assert found["tce_saved"].to_dict() == {"technical": 80.0, "economic": 40.0, "expected": 20.0}
    assert adoption.levels(pd.DataFrame(rows))["level"].tolist() == ["technical", "economic"]
