"""Yearly money, rates of return, a lender's figures and the rules of green finance: round numbers and published cases."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import cash_flow, costs, dictionary, finance, green_finance, rates_of_return, words

HEAD = (
    "project_id,name,enterprise_id,kind,capex,capex_equipment,opex_per_year,lifetime_years,grant,loan_share,loan_rate,loan_years,"
    "loan_kind,interest_subsidy,salvage_share,replacement_cost,replacement_after_years,build_years"
)


def money(tiny, line, savings="P1,bituminous,absolute,1000,t", meta=None, **values):
    """P1 saves 1,000 t of coal at 500 CNY and 2 tCO2: 500,000 CNY and 2,000 tCO2 a year."""
    built = tiny(meta=meta, projects=f"{HEAD}\n{line}\n", savings=f"project_id,carrier,mode,amount,unit\n{savings}\n")
    given_ = built.settings(**values)
    library = built.assess(**values)
    filed = built.checked.tables["projects"]
    table, yearly = finance.assess(library, filed, given_)
    return built, library, table.iloc[0], yearly


PLAIN = "P1,Boiler,A,boiler,1000000,600000,100000,5,,,,,,,,,,"
LOAN = "P1,Boiler,A,boiler,1000000,,100000,5,200000,0.5,0.1,4,{kind},,,,,"


def test_a_year_by_year_table_by_hand(tiny):
    _, library, row, yearly = money(tiny, PLAIN, discount_rate=0.1)
    assert yearly["year"].tolist() == [2023, 2024, 2025, 2026, 2027, 2028]
    assert yearly["net"].tolist() == [-1e6] + [4e5] * 5
    assert yearly["cumulative"].tolist() == [-1e6, -6e5, -2e5, 2e5, 6e5, 1e6]
    assert yearly["discounted"].iloc[2] == pytest.approx(4e5 / 1.21)
    assert row["npv_all_flows"] == pytest.approx(4e5 * 3.790787 - 1e6, rel=1e-6)
    assert row["npv_all_flows"] == pytest.approx(library.projects["npv"].iat[0])  # whole years: the contract's figure
    assert row["irr_all_flows_pct"] == pytest.approx(library.projects["irr_pct"].iat[0])
    assert row["payback_years"] == 2.5
    assert row["yearly_capital"] == pytest.approx(1e6 / 3.790787, rel=1e-6)
    assert row["yearly_capex_equipment"] == pytest.approx(0.6 * row["yearly_capital"])
    assert row["conserved_cost_per_gj"] * dictionary_gj() == pytest.approx(row["conserved_cost_per_tce"])
    assert row["remarks"] == "without_loan"


def dictionary_gj():
    from workbench import units

    return units.GJ_PER_TCE


@pytest.mark.parametrize(
    ("kind", "repayment", "interest"),
    [
        ("annuity", [86188.32, 94807.15, 104287.87, 114716.66], [40000, 31381.17, 21900.45, 11471.67]),
        ("equal_principal", [1e5] * 4, [4e4, 3e4, 2e4, 1e4]),
        ("bullet", [0, 0, 0, 4e5], [4e4] * 4),
        ("", [86188.32, 94807.15, 104287.87, 114716.66], [40000, 31381.17, 21900.45, 11471.67]),
    ],
)
def test_a_loan_of_400000_at_ten_percent(tiny, kind, repayment, interest):
    """1,000,000 less a grant of 200,000, half of it borrowed; payments 400,000 x 0.3154708 = 126,188.32."""
    _, _, row, yearly = money(tiny, LOAN.format(kind=kind))
    assert row["loan"] == 4e5 and row["equity"] == 4e5
    assert yearly["repayment"].tolist()[1:5] == pytest.approx(repayment, abs=0.01)
    assert yearly["interest"].tolist()[1:5] == pytest.approx(interest, abs=0.01)
    assert yearly["repayment"].sum() == pytest.approx(4e5)
    service = [r + i for r, i in zip(repayment, interest, strict=True)]
    assert row["dscr_min"] == pytest.approx(4e5 / max(service), rel=1e-6)
    assert row["dscr_mean"] == pytest.approx(np.mean([4e5 / s for s in service]), rel=1e-6)


def test_a_loan_at_the_discount_rate_leaves_the_value_as_it_is(tiny):
    _, _, row, _ = money(tiny, LOAN.format(kind="annuity"), discount_rate=0.1)
    assert row["equity_npv"] == pytest.approx(row["npv_all_flows"])


def test_a_subsidy_lowers_the_rate_and_never_below_nothing(tiny):
    line = "P1,Boiler,A,boiler,1000000,,0,5,,0.5,0.02,4,equal_principal,0.05,,,,"
    _, _, _, yearly = money(tiny, line)
    assert yearly["interest"].sum() == 0


def test_residual_value_and_mid_life_cost(tiny):
    line = "P1,Boiler,A,boiler,1000000,,100000,5,,,,,,,0.1,250000,2.5,1"
    _, _, row, yearly = money(tiny, line, discount_rate=0.0)
    assert yearly["net"].tolist() == [-1e6, 4e5, 4e5, 1.5e5, 4e5, 5e5]
    assert yearly["year"].iat[0] == 2024  # a year of building
    assert row["npv_all_flows"] == pytest.approx(2e6 - 1e6 + 1e5 - 2.5e5)


@pytest.mark.parametrize("rate", [0.0, 0.08])
def test_what_falls_due_late_by_the_year_makes_the_annual_cost_that_of_all_flows(tiny, rate):
    """At nil (250,000 - 100,000) over 5 years; at any rate both yearly costs times the annuity are the value of all flows."""
    line = "P1,Boiler,A,boiler,1000000,,100000,5,,,,,,,0.1,250000,2.5,1"
    built, library, row, _ = money(tiny, line, discount_rate=rate)
    late = cash_flow.late_cost(library.projects, built.checked.tables["projects"], built.settings(discount_rate=rate))["P1"]
    annuity = sum((1 + rate) ** -t for t in range(1, 6))
    assert late == pytest.approx((250_000 / (1 + rate) ** 3 - 100_000 / (1 + rate) ** 5) / annuity)
    assert -(library.projects["annual_cost"].iat[0] + late) * annuity == pytest.approx(row["npv_all_flows"])


def test_a_broken_last_year_earns_its_share(tiny):
    _, _, _, yearly = money(tiny, "P1,Boiler,A,boiler,1000000,,100000,2.5,,,,,,,,,,")
    assert yearly["net"].tolist() == [-1e6, 4e5, 4e5, 2e5]


def test_present_worth_as_published():
    """Thumann and Woodroof, Energy Project Financing, appendix A, example 31: -1500 + 890 (P/A, 12 %, 4) = 1203.21."""
    flow = [-1500, 890, 890, 890, 890]
    assert rates_of_return.present_value(flow, 0.12)[0] == pytest.approx(1203.21, abs=0.04)  # the book rounds the factor
    assert costs.net_present_value(1500, 890, 0.12, 4) == pytest.approx(1203.21, abs=0.04)  # the book rounds the factor


@pytest.mark.parametrize(
    ("flow", "roots"),
    [
        ([-1000, 1100], [0.1]),
        ([-1000, 2500, -1540], [0.1, 0.4]),
        ([-1600, 10000, -10000], [0.25, 4.0]),  # Lorie and Savage's oil pump: 25 % and 400 %
        ([-1000, 3000, -2500], []),
        ([-1000, 900], [-0.1]),
        ([-1000, 1000], [0.0]),
        ([1000, 500], []),
        ([-1000, 0, 0], []),
    ],
)
def test_every_rate_of_return_is_told(flow, roots):
    assert rates_of_return.all_roots(flow) == pytest.approx(roots, abs=1e-9)
    rate, every = rates_of_return.of_rows([flow], 0.1)
    assert every[0] == pytest.approx(roots, abs=1e-9)
    assert (math.isnan(rate[0]) and not roots) or rate[0] in every[0]


def test_modified_rate():
    """1,000 twice repaid by 1,210 after two years: 10 %; income in between is laid on at the rate."""
    assert rates_of_return.modified([-1000, 0, 1210], 0.1)[0] == pytest.approx(0.1)
    assert rates_of_return.modified([-1000, 500, 660], 0.1)[0] == pytest.approx((1210 / 1000) ** 0.5 - 1)
    assert math.isnan(rates_of_return.modified([100, 100], 0.1)[0])


@settings(deadline=None, max_examples=40)
@given(st.floats(1, 1e6), st.lists(st.floats(1, 1e6), min_size=1, max_size=15))
def test_a_rate_of_return_makes_the_value_nil(first, income):
    flow = [-first, *income]
    rate, every = rates_of_return.of_rows([flow], 0.08)
    if every[0]:
        scale = sum(abs(v) * (1 + rate[0]) ** -t for t, v in enumerate(flow))
        assert abs(rates_of_return.present_value(flow, rate[0])[0]) <= 1e-6 * scale


def test_break_even_carbon_price(tiny):
    """100,000 a year short of nothing over 2,000 t: 50 CNY/t; at that price nothing is left, at one more something is."""
    line = "P1,Boiler,A,boiler,3033000,,-200000,5,,,,,,,,,,"
    _, _, row, _ = money(tiny, line, discount_rate=0.1)
    price = row["break_even_carbon_price"]
    assert price == pytest.approx((3033000 / 3.790787 - 700000) / 2000, rel=1e-6)
    assert price == pytest.approx(row["abatement_cost_without_carbon"])
    at = money(tiny, line, discount_rate=0.1, carbon_price=price)[2]
    assert at["npv_all_flows"] == pytest.approx(0, abs=1e-3) and at["break_even_carbon_price"] == pytest.approx(price)
    assert money(tiny, line, discount_rate=0.1, carbon_price=price + 1)[2]["npv_all_flows"] > 0


def test_break_even_carbon_price_of_a_bundle(tiny):
    rows = f"{HEAD}\nP1,Boiler,A,boiler,3000000,,,5,,,,,,,,,,\nP2,Motors,C,motor,9000000,,,10,,,,,,,,,,\n"
    built = tiny(
        projects=rows, savings="project_id,carrier,mode,amount,unit\nP1,bituminous,absolute,1000,t\nP2,electricity,fraction,0.5,\n"
    )

    def assessed(price):
        given_ = built.settings(carbon_price=price)
        return finance.assess(built.assess(carbon_price=price), built.checked.tables["projects"], given_)[0]

    price = finance.bundle_break_even_carbon_price(assessed(0))
    assert assessed(price)["npv_all_flows"].sum() == pytest.approx(0, abs=1e-3)
    assert assessed(price + 1)["npv_all_flows"].sum() > 0 > assessed(price - 1)["npv_all_flows"].sum()


@pytest.mark.parametrize(
    "line",
    [
        "P1,Boiler,A,boiler,3000000,,0,5,,,,,,,,,,",  # value below nothing
        "P1,Boiler,A,boiler,1800000,,0,5,,1,0.06,4,annuity,,,,,",  # the loan is too heavy
        "P1,Boiler,A,boiler,2500000,,50000,7,100000,0.8,0.07,5,bullet,,,,,",
        "P1,Boiler,A,boiler,2500000,,50000,7,100000,0.8,0.07,5,equal_principal,0.01,0.05,200000,3,",
    ],
)
def test_the_least_aid_passes_and_one_unit_less_fails(tiny, line):
    def passes(aid):
        cells = line.split(",")
        cells[8] = str(float(cells[8] or 0) + aid)
        row = money(tiny, ",".join(cells))[2]
        cover = row["dscr_min"]
        return row["npv_all_flows"] >= -1e-5 and (math.isnan(cover) or cover >= finance.cover_threshold() - 1e-9)

    aid = money(tiny, line)[2]["least_aid"]
    assert aid >= 1 and passes(aid) and not passes(aid - 1)


def test_no_aid_for_a_project_that_passes_and_none_that_could_help(tiny):
    assert money(tiny, PLAIN)[2]["least_aid"] == 0
    lost = money(tiny, "P1,Boiler,A,boiler,1000000,,600000,5,,,,,,,,,,")[2]
    assert math.isnan(lost["least_aid"]) and "no_grant_is_enough" in lost["remarks"]


def screened(tiny, line, meta=None, **values):
    built, library, _, _ = money(tiny, line, meta=meta, **values)
    filed = built.checked.tables["projects"]
    table, _ = finance.assess(library, filed, built.settings(**values))
    found = green_finance.screen(library, table, filed, built.enterprises, built.meta["country"], 2022)
    return found.set_index("rule_id")


def test_rules_with_what_was_seen_and_the_threshold(tiny):
    found = screened(tiny, LOAN.format(kind="annuity"))
    assert found.at["npv", "result"] == "pass"
    assert found.at["dscr_min", "seen"] == pytest.approx(4e5 / 126188.32) and found.at["dscr_min", "threshold"] == 1.25
    assert found.at["payback_in_term", "seen"] == 2.0 and found.at["payback_in_term", "threshold"] == 4
    assert found.at["saving_20", "seen"] == pytest.approx(10) and found.at["saving_20", "result"] == "fail"  # 1,000 of 10,000 t
    assert found.at["saving_5000", "result"] == "fail" and found.at["saving_5000", "in_force"] == 0
    assert found.at["catalogue_2021", "result"] == "pass" and found.at["catalogue_2021", "to_be_confirmed"] == 1
    assert found.at["catalogue_2025", "result"] == "unknown"  # no class is named there, so none passes


def test_rules_by_project_in_words(tiny):
    held = screened(tiny, LOAN.format(kind="annuity")).reset_index()
    named = pd.DataFrame({"project_id": ["P1"], "name": ["Boiler"], "name_zh": ["锅炉"], "npv_all_flows": [1.0]})
    wide = green_finance.by_project(held, named)
    short = dictionary.read_table("green_finance_rules").set_index("rule_id")["short_en"]
    short = short[short.index.isin(held["rule_id"])]
    assert list(wide.columns) == ["measure", *(f"{place} {label}" for place, label in enumerate(short, start=1))]
    place = dict(zip(short.index, wide.columns[1:], strict=True))
    assert wide.loc[0, ["measure", place["npv"], place["saving_20"], place["catalogue_2025"]]].tolist() == [
        "P1 Boiler",
        "✓",
        "✗",
        "?",
    ]
    assert green_finance.by_project(held, named, "zh").at[0, "measure"] == "P1 锅炉"
    rules = green_finance.summary(held)["rule"]
    assert [rule.split()[0] for rule in rules] == [column.split()[0] for column in wide.columns[1:]]  # one number in both


def test_what_is_not_known_is_not_passed(tiny):
    found = screened(tiny, PLAIN.replace("boiler", "own class"))
    assert found.loc[["dscr_min", "payback_in_term", "catalogue_2021"], "result"].tolist() == ["unknown"] * 3


def test_chinese_rules_stay_in_china(tiny):
    assert {"dscr_cn", "saving_5000"} <= set(screened(tiny, PLAIN).index)
    rules = green_finance.rules("US")
    assert not {"dscr_cn", "saving_5000"} & set(rules["rule_id"]) and len(rules) >= 5


def test_rules_are_told_in_both_languages_with_their_source():
    table = dictionary.read_table("green_finance_rules")
    assert (table[["label_en", "label_zh", "what_en", "what_zh", "source", "confidence"]] != "").all(axis=None)
    recalled = table[table["confidence"] == "remembered"]
    assert recalled["source"].str.contains("to be confirmed").all()


def test_what_a_lender_reads(tiny):
    _, _, row, _ = money(tiny, "P1,Boiler,A,boiler,3000000,,0,5,,0.9,0.06,4,annuity,,,,,")
    lent = row.to_frame().T.infer_objects()
    reached = pd.DataFrame({"level": ["expected"], "tce_saved": [12.0], "tco2e_saved": [34.0], "curve": ["iac"]})
    for lang in ("en", "zh"):
        said = str(words.finance_summary(lent, reached, "CNY", lang))
        assert "12" in said and "34" in said and "iac" in said and "{" not in said
    assert "0 of 1 costed project has" in str(words.finance_summary(lent, reached.iloc[:0], "CNY", "en"))
    assert "No project" in str(words.finance_summary(lent.iloc[:0], reached, "CNY", "en"))
