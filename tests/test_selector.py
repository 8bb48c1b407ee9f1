"""The selection alone: plain tables in, an answer that can be asked."""

from __future__ import annotations

import doctest

import pandas as pd
import pytest

from workbench.errors import UserError
from workbench.selection import Selector, selector

PROJECTS = pd.DataFrame({"project_id": ["lamp", "drive", "sun"], "capex": [100.0, 400.0, 900.0], "lifetime_years": 10})
SAVINGS = pd.DataFrame(
    {"project_id": ["lamp", "drive", "sun"], "carrier": "electricity", "mode": "absolute", "amount": [10.0, 30.0, 40]}
)
BASES = pd.DataFrame({"carrier": ["electricity"], "use": [100.0], "tco2e_per_activity": [0.5]})


def test_the_example_of_the_docstring():
    assert doctest.testmod(selector).failed == 0


def test_an_answer_can_be_asked():
    """50 t before; lamp 5 t for 100, drive 15 t for 400, sun 20 t for 900: a budget of 30 t takes lamp and drive."""
    result = Selector("capex", 30.0).fit(PROJECTS, SAVINGS, BASES)
    assert result.chosen == ["drive", "lamp"] and result.summary["recheck"] == "ok"
    assert result.front()["objective_value"].tolist() == [0, 100, 400, 500, 1000, 1300, 1400]
    why = result.explain().set_index("project_id")
    assert why.at["drive", "regret"] == pytest.approx(400)  # sun alone, 900, meets it as well
    assert set(result.duals["limit"]) == {"budget"}
    assert result.what_if(45.0).chosen == {"lamp"} and result.what_if(5.0) is None
    assert result.alternatives(within_pct=100).plans["added"].tolist()[1] == "sun"
    shown = result._repr_html_()
    assert "drive, lamp" in shown and "optimal" in shown


def test_an_infeasible_budget_says_what_would_have_to_move():
    result = Selector("capex", 5.0).fit(PROJECTS, SAVINGS, BASES)
    assert result.chosen == []
    moves = result.explain().set_index("limit")
    assert moves.at["budget", "needed"] == pytest.approx(10.0) and moves.at["budget", "move_by"] == pytest.approx(5.0)


def test_a_budget_between_an_exclusion(tiny):
    rules = pd.DataFrame([("drive", "excludes", "lamp")], columns=["project_id", "relation", "other_id"])
    assert Selector("capex", 30.0).fit(PROJECTS, SAVINGS, BASES, relations=rules).chosen == ["sun"]


def test_a_problem_of_a_run_will_do(tiny):
    problem = tiny().problem(budget_tco2e=24_500, objective="capex")
    assert Selector().fit(problem).chosen == ["P3"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"projects": PROJECTS.drop(columns="capex")},
        {"savings": SAVINGS.assign(carrier="gas")},
        {"bases": None},
        {"projects": pd.concat([PROJECTS, PROJECTS])},
        {"projects": PROJECTS.assign(capex=float("nan"))},
        {"projects": PROJECTS.iloc[1:]},
        {"savings": SAVINGS.assign(mode="fraction")},
        {"savings": SAVINGS.assign(mode="share")},
    ],
)
def test_misuse_is_told_in_one_line(wrong):
    given = {"projects": PROJECTS, "savings": SAVINGS, "bases": BASES} | wrong
    with pytest.raises(UserError) as told:
        Selector("capex", 30.0).fit(**given)
    assert "\n" not in str(told.value)


def test_settings_and_answers_show_themselves():
    assert repr(Selector("capex", 30.0)) == "Selector(budget_tco2e=30.0, objective='capex')"
    assert repr(Selector("capex", 30.0).fit(PROJECTS, SAVINGS, BASES)).endswith("chosen=['drive', 'lamp'])")


def test_years_of_start_filed_with_the_projects_count():
    """The drive cannot start before 2003: 40 t can be met in that year, not in 2002, and the answer says so."""
    late = PROJECTS.assign(earliest_year=[2003 if i != "lamp" else 2001 for i in PROJECTS["project_id"]])
    given = {"year": 2000, "horizon_year": 2004}
    ready = Selector("capex", 40.0, target_year=2003, **given).fit(late, SAVINGS, BASES)
    assert ready.chosen == ["drive"] and ready.bundle.set_index("project_id").at["drive", "start_year"] == 2003
    short = Selector("capex", 40.0, target_year=2002, **given).fit(late, SAVINGS, BASES)
    assert short.explain().set_index("limit").at["deadline", "needed"] == 2003
