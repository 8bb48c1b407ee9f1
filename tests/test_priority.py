"""Priority of measures by its stated rule, and the table of measures."""

import pandas as pd
import pytest
from tests.conftest import META, TABLES, Tiny

from workbench import curve, dictionary, interaction, measures, priority, words


def project(project_id, payback=None, annual=-1.0, tco2e=10.0, tce=4.0, eligible=1):
    return {"project_id": project_id, "eligible": eligible, "annual_cost": annual, "payback_years": payback, "tco2e_saved": tco2e,
            "tce_saved": tce}  # fmt: skip


def classes(*rows, kept_out=()):
    return priority.classify(pd.DataFrame(rows), set(kept_out)).set_index("project_id")


def test_classes_follow_the_payback_at_its_edges():
    table = classes(*(project(f"p{years:g}", years) for years in (0, 1, 1.01, 3, 3.01, 5, 5.01, 40)))
    assert table["priority"].to_dict() == {
        "p0": "at_once", "p1": "at_once", "p1.01": "near_term", "p3": "near_term", "p3.01": "medium_term", "p5": "medium_term",
        "p5.01": "long_term", "p40": "long_term",
    }  # fmt: skip


def test_a_short_payback_beyond_its_life_is_no_repayment():
    assert classes(project("a", 4.0, annual=1.0)).at["a", "priority"] == "needs_support"
    assert classes(project("a", None, annual=5.0)).at["a", "priority"] == "needs_support"


def test_what_falls_due_later_counts_in_whether_a_measure_repays():
    """Both earn 1 a year beyond their capital; a replacement takes 2 of it from one, a residual value carries another."""
    rows = [project("plain", 4.0), project("renewed", 4.0), project("kept", 4.0, annual=1.0), project("uncosted", annual=None)]
    late = pd.Series({"plain": 0.5, "renewed": 2.0, "kept": -1.5})
    table = priority.classify(pd.DataFrame(rows).astype({"annual_cost": float}), set(), late).set_index("project_id")
    assert table["priority"].to_dict() == {
        "plain": "medium_term", "renewed": "needs_support", "kept": "medium_term", "uncosted": "clarify",
    }  # fmt: skip


def test_readiness_goes_first_then_alternatives():
    table = classes(
        project("dear", 0.5, annual=float("nan"), eligible=0), project("late", 0.5, eligible=0),
        project("idle", 0.5, tco2e=0, tce=0), project("other", 0.5), project("dirty", 0.5, tco2e=-3.0), kept_out={"other", "late"},
    )  # fmt: skip
    assert table["priority"].to_dict() == {
        "dear": "clarify", "late": "clarify", "idle": "clarify", "other": "alternative", "dirty": "at_once",
    }  # fmt: skip
    assert table["priority_reason"].to_dict() == {
        "dear": "uncosted", "late": "not_in_time", "idle": "no_saving", "other": "alternative", "dirty": "at_once",
    }  # fmt: skip


def test_the_larger_saving_of_carbon_comes_first_within_a_class_whatever_the_order_of_rows():
    rows = [project("b", 2, tco2e=5), project("a", 2, tco2e=5), project("c", 2, tco2e=50), project("d", 0.5, tco2e=1)]
    for given in (rows, rows[::-1]):
        assert list(priority.classify(pd.DataFrame(given), set())["project_id"]) == ["d", "c", "a", "b"]


def test_every_class_has_its_rule_and_source():
    table = priority.rules()
    assert (table.drop(columns="most_payback_years") != "").all().all()
    assert set(table["confidence"]) <= {"one_source", "definition"}
    assert {"needs_support", "alternative", "clarify"} < set(table["priority"])
    assert dictionary.read_table("priority_rules")["most_payback_years"].tolist()[:3] == ["1", "3", "5"]


@pytest.fixture(scope="module")
def case():
    """P1 saves 1,000 t of 10,000 t coal; P2 30 %, P3 40 % of C's 4,000 MWh at 500 a MWh, P3 kept out by P2."""
    relations = {"relations": "project_id,relation,other_id\nP2,excludes,P3\n"}
    return Tiny(META, TABLES | relations)


def plan_of(case):
    library, tables = case.assess(), case.calculated.tables
    macc = curve.curve(library.projects, interaction.pools(library.bases, library.lines), tables["relations"], tables["groups"])
    return measures.table(library.projects, library.lines, macc, tables)


def test_measures_carry_saving_money_priority_and_source(case):
    plan = plan_of(case).set_index("project_id")
    assert plan["yearly_saving"].to_dict() == pytest.approx({"P1": 500_000, "P2": 600_000, "P3": 800_000})
    assert plan["figure_source"].to_dict() == {"P1": "filed_quantity", "P2": "filed_share", "P3": "filed_share"}
    assert plan["priority"].to_dict() == {"P1": "near_term", "P2": "alternative", "P3": "at_once"}
    assert plan["priority_rank"].to_dict() == {"P3": 1, "P1": 2, "P2": 3}
    assert plan.at["P1", "carriers"] == "bituminous" and plan.at["P1", "payback_years"] == pytest.approx(2.0)
    sums = measures.summary(plan.reset_index()).set_index("priority")
    assert sums.index.tolist() == ["at_once", "near_term", "alternative"] and sums["projects"].sum() == 3
    assert sums["tco2e_saved"].sum() == pytest.approx(2000 + 600 + 800)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_measures_read_in_both_languages(case, lang):
    tables, plan = case.checked.tables, plan_of(case)
    shown = words.measure_rows(plan, tables["units"], tables["enterprises"], lang)
    assert shown["capex_scaled"].tolist() == pytest.approx([c / {"en": 1e3, "zh": 1e4}[lang] for c in plan["capex"]])
    assert shown["measure"].iat[0].startswith("P3 ") and "Gamma" in shown["acts_on"].iat[0]
    sums = measures.summary(plan)
    said = str(words.measures_summary(sums, "CNY", lang))
    assert "2,800" in said  # tCO2e of the two that repay within three years
    assert list(words.priority_rows(sums, lang)["priority"])[0][0] == "1"
    open_ = str(words.open_questions(plan, pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), tables["enterprises"], lang))
    assert "GB/T 17166" in open_


def test_a_factor_the_inventory_does_not_use_is_refused(case):
    used, bases = case.inventory.factors, case.assess().bases
    ids = set(";".join(bases["factor_ids"]).split(";"))
    assert set(measures.factors_applied(bases, used)["factor_id"]) == ids and len(ids) == 2
    with pytest.raises(ValueError, match="does not use: x:1"):
        measures.factors_applied(pd.DataFrame({"factor_ids": ["x:1;"]}), used)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_the_plan_is_worth_to_a_lender(lang):
    """Two of three chosen: capital 300 at 150 a year repays in 2 years; worth 70 - 20; one loan of 100 covered; one lacks 20."""
    bundle = pd.DataFrame({"project_id": ["a", "b", "c"], "selected": [1, 1, 0]})
    plan = pd.DataFrame({"project_id": ["a", "b", "c"], "capex": [100.0, 200.0, 1e6], "yearly_saving": [60.0, 90.0, 1.0]})
    lent = pd.DataFrame(
        {"project_id": ["a", "b", "c"], "npv_all_flows": [70.0, -20.0, -1e6], "dscr_min": [2.0, None, None], "loan": [100.0, 0, 0],
         "least_aid": [0.0, 20.0, None]}
    )  # fmt: skip
    said = str(words.plan_finance(bundle, lent, plan, "CNY", lang)).replace(",", "")
    for figure in ("50", "150", " 2 ", "100", "1.25", "20"):
        assert figure in said, figure
    assert str(words.plan_finance(bundle.assign(selected=0), lent, plan, "CNY", lang)) == ""
    others = pd.DataFrame(
        {"alternative": [0, 1, 2], "extra_cost": [0.0, 30.0, 10.0], "extra_pct": [0.0, 3.0, 1.0], "differs_in": [0, 4, 2]}
    )
    roles = pd.DataFrame({"project_id": ["a", "b", "c"], "role": ["always", "interchangeable", "never"]})
    told = str(words.near_optimal(others, roles, "CNY", lang))
    assert "10" in told and "1" in told and "2" in told
    assert str(words.near_optimal(others.iloc[:1], roles, "CNY", lang)) == ""
