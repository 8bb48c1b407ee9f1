"""Every objective, told and drawn in both languages in its own unit; the greedy rule beside it, also where it finds no plan."""

from __future__ import annotations

import pytest

from workbench import figures, tables, wording, words
from workbench.selection import front, menu, reductions, select

CASES = {
    "capex": {},
    "annual_cost": {},
    "npv_cost": {},
    "emissions": {"capital_limit": 400_000.0},
    "weighted": {"objective_weights": {"annual_cost": 1.0, "emissions": 50.0}},
}
UNITS = {"emissions": ("tCO₂e", "tCO₂e"), "weighted": ("weighted units", "加权单位")}


@pytest.fixture(scope="module", params=CASES)
def solved(request, tiny):
    """A cut of 800 t, met by P3 alone."""
    problem = tiny().problem(objective=request.param, budget_tco2e=24_500.0, **CASES[request.param])
    found = select(problem)
    return problem, found, front(problem, 4), menu(problem, found.chosen)


@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_every_objective_is_told_in_its_unit(solved, lang):
    problem, found, points, others = solved
    objective, summary = problem.settings.objective, found.summary
    unit = words.objective_unit(objective, "CNY")
    mine = UNITS.get(objective, ("CNY", "元"))[lang == "zh"]
    assert mine in str(words.selection_summary(summary, "CNY", lang))
    assert mine in str(words.greedy_summary(summary, "CNY", lang))
    assert mine in str(words.menu_summary(others, unit, lang)) or objective == "emissions"  # no menu without money
    priced = mine in str(words.price_summary(found.prices, unit, lang))
    assert priced == (found.summary["marginal_abatement_cost"] is not None)  # the least cost saves all there is to save: no step
    drawn = figures.pareto_front(points, lang, "CNY", objective, chosen=summary, greedy=summary)
    assert mine in drawn.alt and ("贪心" if lang == "zh" else "greedy rule meets the budget") in drawn.alt
    regrets = figures.regrets(found.bundle, lang, "CNY", objective).alt
    assert mine in regrets or "∞" in regrets
    html = tables.show(words.readable(others.plans, lang), **words.table("alternatives", lang, "CNY", unit)).html
    head = html[: html.index("</thead>")]
    assert mine in head and ("CNY" if lang == "en" else "元") in head  # the objective in its unit, capital in currency


def test_the_greedy_rule_is_measured(tiny):
    """24,300 t: P3 and P2 come to 24,140 t and 100,000 + 300,000 of capital, 160 t below; of annual cost P1 pays as well."""
    exact = select(tiny().problem(objective="capex", budget_tco2e=24_300.0)).summary
    assert exact["greedy_overshoot_tco2e"] == pytest.approx(160) and exact["greedy_status"] == "met"
    assert exact["greedy_extra"] == exact["greedy_extra_gross_pct"] == exact["greedy_extra_net_pct"] == 0
    earns = select(tiny().problem(objective="annual_cost", budget_tco2e=24_300.0)).summary
    assert earns["objective_value"] < 0 and earns["greedy_extra_net_pct"] is None  # no percentage of a gain
    recovery = 0.08 / (1 - 1.08**-10)
    gross = 1_400_000 * recovery
    assert earns["greedy_extra"] == pytest.approx(earns["greedy_value"] - earns["objective_value"])
    assert earns["greedy_extra_gross_pct"] == pytest.approx(100 * earns["greedy_extra"] / gross)


@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_a_greedy_rule_without_a_plan_is_marked(tiny, lang):
    """P1 and P3 exclude each other: the cheapest tonne first takes P3, which keeps P1 out, and ends above the budget."""
    case = tiny(relations="project_id,relation,other_id\nP3,excludes,P1\n")
    problem = case.problem(objective="capex", budget_tco2e=23_400.0, reductions_shown=[7.0])
    found = select(problem).summary
    assert found["status"] == "optimal" and found["greedy_status"] == "ends above the budget" and found["greedy_value"] is None
    assert found["greedy_overshoot_tco2e"] == pytest.approx(23_400 - found["greedy_emissions"]) and found["greedy_ended_value"] > 0
    drawn = figures.pareto_front(front(problem, 4), lang, "CNY", "capex", chosen=found, greedy=found)
    assert ("above the budget: it is no plan" if lang == "en" else "不构成方案") in drawn.alt
    cuts = reductions(problem)
    assert cuts["greedy_value"].isna().any() and cuts["greedy_ended_value"].notna().all()
    missed = cuts[cuts["greedy_value"].isna()]
    assert (missed["greedy_status"] != "met").all() and (missed["greedy_overshoot_tco2e"] < 0).all()
    assert ("finds no plan" if lang == "en" else "得不到可行方案") in figures.reductions(cuts, lang, "CNY").alt
    said = str(words.greedy_summary(found, "CNY", lang))
    assert ("above the budget" if lang == "en" else "高出预算") in said
