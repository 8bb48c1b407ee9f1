"""Figures and sentences that explain a bundle, in both languages, and where there is nothing to show."""

from __future__ import annotations

import pytest

from workbench import figures, selection, tables, words

pytestmark = pytest.mark.filterwarnings("ignore:Glyph")


@pytest.fixture(scope="module")
def answer(tiny):
    problem = tiny().problem(budget_tco2e=24_200, objective="capex")
    found = selection.select(problem)
    return found, selection.menu(problem, found.chosen, within_pct=200.0), selection.front(problem)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_plan_explained(answer, lang):
    found, menu, front = answer
    picture = figures.regrets(found.bundle, lang, "CNY", "capex")
    assert "3" in picture.alt and picture.svg()
    grid = figures.project_roles(menu.roles, menu.plans, found.bundle, lang)
    assert "3" in grid.alt and grid.svg()
    assert figures.pareto_front(front, lang, "CNY", "capex", chosen=found.summary).svg()
    said = str(words.why_summary(found.bundle, "CNY", lang))
    assert "Light" in said and "Motors" in said
    assert ("600,000" if lang == "en" else "60 万") in said  # P1 alone costs 1,000,000, P2 and P3 400,000


def test_prices_and_choices_in_words(answer):
    found, menu, _ = answer
    said = str(words.price_summary(found.prices, "CNY", "en"))
    assert said.startswith("The budget binds.") and "714 CNY" in said  # P1 in place of both: 600,000 for 840 t more
    assert "3 are interchangeable" in str(words.menu_summary(menu, "CNY", "en"))


def test_a_price_that_does_not_exist_is_not_told(tiny):
    """At the least emissions no step is tighter; every sentence has its figure."""
    least = selection.select(tiny().problem(budget_tco2e=0), explain=False).summary["least_reachable_tco2e"]
    tight, free = (selection.select(tiny().problem(budget_tco2e=budget, objective="capex")) for budget in (least, 10 * least))
    for lang, none, binds in (
        ("en", "No plan that emits less", "The budget binds."),
        ("zh", "未找到排放更低的方案", "起约束作用。"),
    ):
        said = str(words.price_summary(tight.prices, "CNY", lang))
        assert none in said and binds in said and "–" not in said
        said = str(words.price_summary(free.prices, "CNY", lang))
        assert none not in said and "–" not in said and binds not in said.replace("未起约束作用", "")


def test_nothing_to_explain(tiny):
    problem = tiny().problem(budget_tco2e=0)
    found = selection.select(problem)
    menu = selection.menu(problem, found.chosen)
    assert figures.regrets(found.bundle).alt and figures.project_roles(menu.roles, menu.plans, found.bundle).alt
    assert str(words.menu_summary(menu, "CNY", "en")) == "" and str(words.why_summary(found.bundle, "CNY", "en")) == ""
    assert found.prices.empty and str(words.price_summary(found.prices, "CNY", "en")) == ""


def test_a_move_is_told_in_money(tiny):
    found = selection.select(tiny().problem(budget_tco2e=24_200, objective="capex", capital_limit=350_000))
    said = str(words.selection_summary(found.summary, "CNY", "en"))
    assert "from 350,000 to 400,000 CNY" in said and "The plan that comes nearest costs 100,000 CNY" in said
    assert "元" in str(words.selection_summary(found.summary, "CNY", "zh"))
    counted = selection.select(tiny().problem(budget_tco2e=24_200, objective="emissions", capital_limit=350_000))
    assert counted.summary["status"] == "infeasible"
    told = str(words.selection_summary(counted.summary, "CNY", "en"))
    assert "The plan that comes nearest has emissions of " in told and "nearest costs" not in told


def test_the_report_knows_when_projects_are_built_and_work(tiny):
    """From the tables of the run alone, as the plan has it."""
    case = tiny(projects=(
        "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years,build_years\n"
        "P1,Boiler,A,1000000,0,10,1.5\nP2,Motors,C,300000,0,7,\nP3,Light,C,100000,0,3,1\n"
    ))  # fmt: skip
    found = selection.select(case.problem(objective="capex", horizon_year=2025), explain=False)
    settings = case.settings(objective="capex", horizon_year=2025)
    spans = selection.spans(case.assess().projects, case.checked.tables["projects"], settings)
    assert spans == found.windows == {"P1": (2, 10), "P2": (0, 7), "P3": (1, 3)}


@pytest.fixture(scope="module")
def plans(tiny):
    """P3 is begun in 2023 and P2 in 2024, as 200,000 of capital a year allow; and the plan of a typical year."""
    years = {"horizon_year": 2024, "capital_per_year": 200_000.0, "budget_path": {2023: 24_500.0, 2024: 24_140.0}}
    by_years, typical = (tiny().problem(objective="capex", **more) for more in (years, {}))
    return selection.select(by_years, explain=False), selection.select(typical, explain=False)


@pytest.mark.parametrize(("lang", "said"), [("en", "A timeline of 2 projects from 2023 to 2024"), ("zh", "2 个项目的时间轴")])
def test_the_plan_year_by_year(plans, lang, said):
    """A typical year has nothing to draw."""
    found, typical = plans
    picture = figures.plan_by_years(found.bundle, found.schedule, found.windows, lang, "CNY")
    assert said in picture.alt and picture.svg() == picture.svg()
    shown = tables.show(found.schedule, **words.table("schedule", lang, "CNY")).html
    assert "300,000" in shown and ("Own funds spent (CNY)" if lang == "en" else "自有资金支出（元）") in shown
    assert "timeline" not in figures.plan_by_years(typical.bundle, typical.schedule, typical.windows).alt
