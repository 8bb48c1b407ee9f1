"""Near-optimal bundles and settled projects against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from test_selection import Case
from workbench.selection import alternatives, select, solve
from workbench.selection.bundle import gross_cost


def near(case: Case, chosen: frozenset[str], share: float) -> tuple[np.ndarray, float]:
    """Every allowed subset in the cost band, by enumeration, and the band."""
    problem, x = case.problem(), case.everything()
    band = share / 100 * abs(gross_cost(problem, set(chosen)))
    x = x[case.allowed(x, case.settings.budget_tco2e)]
    return x[case.value(x) <= problem.value(set(chosen)) + band + 1e-4], band


def solved(seeds: range, share: float):
    for seed in seeds:
        case = Case(seed)
        found = solve.solve(case.problem())
        if found.value is not None:
            yield case, found.chosen, alternatives.menu(case.problem(), found.chosen, within_pct=share, differ=2, most=3)


@pytest.mark.slow
def test_every_project_is_settled_as_enumeration_settles_it():
    seen = set()
    for case, chosen, menu in solved(range(16), 15.0):
        x, band = near(case, chosen, 15.0)
        assert menu.band == pytest.approx(band)
        for n, project in enumerate(case.ids):
            decided = set(x[:, n])
            expected = "interchangeable" if len(decided) == 2 else "always" if decided == {True} else "never"
            role = menu.roles.set_index("project_id").at[project, "role"]
            assert role == expected, (case.settings.seed, project)
            seen.add(role)
    assert seen == {"always", "never", "interchangeable"}


@pytest.mark.slow
def test_alternatives_lie_in_the_band_and_differ():
    listed = 0
    for case, chosen, menu in solved(range(16), 15.0):
        x, band = near(case, chosen, 15.0)
        bundles = [set(chosen)]
        for row in menu.plans.iloc[1:].itertuples():
            added, dropped = (set(part.split(";")) - {""} for part in (row.added, row.dropped))
            bundles.append((set(chosen) | added) - dropped)
            assert row.extra_cost <= band + 1e-3 and row.differs_in == len(added) + len(dropped)
        rows = [case.row(b)[0] for b in bundles]
        assert all((x == r).all(axis=1).any() for r in rows)
        assert all((a != b).sum() >= 2 for n, a in enumerate(rows) for b in rows[:n])
        farthest = (x != rows[0]).sum(axis=1).max()
        if farthest >= 2:
            assert (rows[1] != rows[0]).sum() == farthest
        else:
            assert len(rows) == 1
        listed += len(rows) - 1
    assert listed > 5


def test_by_hand(tiny):
    """1,160 t are needed: P2 and P3 for 400,000. Within 200 % P1 alone (1,000,000) would do as well; P3 and P1 (1,100,000) too."""
    problem = tiny().problem(budget_tco2e=24_200, objective="capex")
    answer = select(problem)
    tight = alternatives.menu(problem, answer.chosen, within_pct=100.0)
    assert tight.roles.set_index("project_id")["role"].to_dict() == {"P1": "never", "P2": "always", "P3": "always"}
    wide = alternatives.menu(problem, answer.chosen, within_pct=200.0)
    assert set(wide.roles["role"]) == {"interchangeable"} and wide.band == pytest.approx(800_000)
    assert wide.plans["added"].tolist()[1] == "P1" and wide.plans["dropped"].tolist()[1] == "P2;P3"


def test_without_a_plan_the_menu_is_empty(tiny):
    problem = tiny().problem(budget_tco2e=0)
    assert select(problem).chosen is None
    menu = alternatives.menu(problem, None)
    assert menu.plans.empty and menu.roles.empty
