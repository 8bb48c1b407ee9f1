"""Another budget: the plan of each cut, the page, the slider and where it is not shown."""

from __future__ import annotations

import pytest

from workbench import whatif
from workbench.selection import solve


@pytest.fixture(scope="module")
def case(tiny):
    return whatif.WhatIf(tiny().problem(objective="capex"), "CNY")


def test_each_step_is_the_least_plan_of_its_cut(case):
    """P1, P2 and P3 together save 2,000 + 1,160 t of 25,300: 12.49 % at most."""
    assert case.most_pct == pytest.approx(100 * 3160 / 25300)
    steps = case.steps(4)
    assert steps["projects"].iat[0] == 0 and steps["projects"].iat[-1] == 3
    for row in steps.itertuples():
        assert row.objective_value == pytest.approx(solve.solve(case.problem.at(row.budget_tco2e)).value)
        assert row.emissions_tco2e <= row.budget_tco2e + 1e-3


def test_the_page_shows_the_plan_and_a_cut_out_of_reach_says_so(case):
    page = case.page(3.0)._repr_html_()
    assert "Light" in page and "Motors" not in page and "<img alt=" in page
    assert "12.49 %" in case.page(50.0)._repr_html_()
    assert "12.49%" in whatif.WhatIf(case.problem, "CNY", "zh").page(50.0)._repr_html_()


def test_the_slider_answers_when_moved(case, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert "JupyterLab" in case.slider()._repr_html_()
    monkeypatch.setenv("JPY_SESSION_NAME", "notebook")
    handle, answer = case.slider().children
    assert "Light" not in answer.value
    handle.value = 3.0
    assert "Light" in answer.value
