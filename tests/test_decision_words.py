"""The uncertain decision and its sharing, whole: tables, figures and sentences in both languages on a small cluster."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench import figures, risk, sharing, tables, wording, words

TABLES = {
    "decision_ranges": "decision_ranges", "stays_in": "stays_in", "plan_risk": "plan_risk", "plans_compared": "plans_compared",
    "robustness": "robustness", "data_to_improve_decision": "decision_data", "cost_sensitivity": "cost_sensitivity",
    "allowances": "allowances", "fair_shares": "fair_shares", "fairness": "fairness", "side_payments": "side_payments",
    "trades": "trades", "market": "market",
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tiny):
    """A cut of 800 t of capital-scarce firms, judged and shared; one name must never run in a page."""
    firms = "enterprise_id,name,name_zh,sector\nA,Alpha <b>x</b>,甲厂,power\nB,Beta,乙厂,paper\nC,Gamma,丙厂,food\n"
    made = tiny(enterprises=firms)
    problem = made.problem(budget_tco2e=24_500.0, objective="capex")
    judged = risk.assess(problem, made.checked.tables["projects"], made.assess().lines, "CNY", draws=60, seconds=20)
    return made, judged, sharing.agree(problem, currency="CNY")


def test_the_tables_agree_with_each_other(whole):
    _, judged, agreed = whole
    plans = judged.plans.set_index("plan")
    assert plans.at["as_filed", "cost"] == 1e5 and judged.feasible
    assert judged.robustness.iloc[0]["cost"] == plans.at["as_filed", "cost"]
    assert plans.at["as_filed", "miss_pct"] == judged.robustness.iloc[0]["miss_pct"]
    assert (judged.values["expected_gain"] <= judged.values["expected_gain"].iloc[0] + 1e-6).all()
    assert judged.stays_in.set_index("project_id").at["P3", "selected"] == 1
    joint = agreed.coalitions.set_index("coalition").at["A;B;C", "cost"]
    assert agreed.market.summary.set_index("item").at["planner", "value"] == joint == 1e5
    assert agreed.allowances["need_tco2e"].sum() == pytest.approx(800)
    assert set(judged.tables()) | set(agreed.tables()) == set(TABLES) | {"coalitions", "market_supply"}


@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_every_table_is_readable(whole, lang):
    made, judged, agreed = whole
    firms = made.checked.tables["enterprises"]
    for name, frame in (judged.tables() | agreed.tables()).items():
        if name in TABLES:
            shown = words.decided(frame, lang, firms)
            if "enterprise" in words.shown()[TABLES[name]].get("columns", []):
                shown = words.with_names(shown, firms, lang) if "enterprise" not in shown else shown
            html = tables.show(shown, **words.table(TABLES[name], lang, "CNY")).html
            assert "<b>x</b>" not in html and "nan" not in html.lower().replace("finan", "").replace("governan", ""), name
            if lang == "zh":
                assert not [c for c in shown.columns if c in words.shown()[TABLES[name]].get("columns", []) and f">{c}<" in html], (
                    name
                )


@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_what_is_said(whole, lang):
    made, judged, agreed = whole
    risks = str(words.risk_summary(judged.judged, judged.plans, judged.values, judged.feasible, "CNY", lang))
    item = judged.judged.set_index("item")
    assert words.number(item.at["miss_chance", "value"]) in risks and "nan" not in risks
    shared = str(words.sharing_summary(agreed.shares, agreed.fairness, agreed.market.summary, agreed.price, "CNY", lang))
    assert words.money(1e5, "CNY", lang) in shared and "nan" not in shared
    merged = agreed.shares.replace({"player": {agreed.shares["player"].iloc[-1]: "others"}})
    told = words.sharing_summary(merged, agreed.fairness, agreed.market.summary, agreed.price, "CNY", lang)
    most = merged["player"].nunique() - 1
    assert wording.text("report.sharing.others", lang, most=most) in told.sentences and "nan" not in str(told)
    assert str(told).replace(wording.text("report.sharing.others", lang, most=most) + (" " if lang == "en" else ""), "") == shared
    many = agreed.shares.replace({"rule": {"nucleolus": "least_core"}})
    told = words.sharing_summary(many, agreed.fairness, agreed.market.summary, agreed.price, "CNY", lang)
    assert str(told).replace(wording.text("report.sharing.least_core", lang) + (" " if lang == "en" else ""), "") == shared
    impossible = words.risk_summary(judged.judged, judged.plans, judged.values, False, "CNY", lang).sentences
    assert len(impossible) == len(words.risk_summary(judged.judged, judged.plans, judged.values, True, "CNY", lang).sentences) + 1


def test_figures_say_what_the_tables_hold(whole):
    made, judged, agreed = whole
    firms = made.checked.tables["enterprises"]
    stays = figures.stays_in(judged.stays_in)
    assert "3 projects" in stays.caption.replace("3 least", "3 projects") and "nan" not in stays.alt
    robust = figures.price_of_robustness(judged.robustness)
    assert "100 thousand CNY" in robust.alt or "100,000 CNY" in robust.alt
    assert "Alpha" in figures.fair_gains(agreed.shares, firms).figure.axes[0].texts[0].get_text()
    assert figures.decision_data(judged.values, firms).alt.startswith("Bars of")
    market = agreed.market.summary.set_index("item")["value"]
    assert ("no price clears" in figures.allowance_market(agreed.market.supply, agreed.market.summary).alt) == (
        market["clears"] == 0
    )
    page = figures.fair_gains(agreed.shares, firms)._repr_html_()
    assert "<b>x</b>" not in page


def test_nothing_to_draw_is_said():
    empty = pd.DataFrame()
    for picture in (
        figures.stays_in(empty),
        figures.price_of_robustness(empty),
        figures.decision_data(empty),
        figures.fair_gains(empty),
    ):
        assert "no data" in picture.caption
    assert "no data" in figures.allowance_market(empty, empty).caption


def test_a_sharing_without_costs_is_told_as_such(whole):
    _, _, agreed = whole
    none = agreed.shares.assign(cost=np.nan, gain=np.nan)
    said = str(words.sharing_summary(none, agreed.fairness, agreed.market.summary, 1.0, "CNY", "en"))
    assert "not defined" in said


@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_what_plans_are_judged_by_is_said(tiny, lang):
    """Money as the objective has it; emissions and weighted sums by annual cost; by years the last year, without what grows."""
    given = lambda **values: tiny().problem(**values).settings  # noqa: E731
    assert words.judged_as(given(objective="capex"), lang) == []
    (note,) = words.judged_as(given(objective="emissions"), lang)
    assert ("annual cost" if lang == "en" else "年成本") in note
    notes = words.judged_as(given(objective="npv_cost", horizon_year=2024, value_added_growth=0.03, count_loans=True), lang)
    assert "2024" in notes[0] and "value_added_growth" in notes[1] and "count_loans" in notes[1] and len(notes) == 2


def test_the_objective_of_the_costs_stands_beside_them(whole):
    assert set(whole[1].plans["objective"]) == {"capex"}
