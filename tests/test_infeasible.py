"""When no plan meets the limits: each move is enough, and one step less is not, by enumeration and by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from test_selection import GROUPS, RELATIONS, Case
from workbench.selection import infeasible, select, solve


def refused(seeds: range):
    """Random instances that no subset satisfies, with their least reachable emissions."""
    for seed in seeds:
        case = Case(seed)
        x = case.everything()
        if not case.allowed(x, case.settings.budget_tco2e).any():
            yield case, case.problem()


def relaxed(case: Case, row: dict) -> Case:
    """The same instance with one limit moved to what the table says, and a thousandth of a unit more."""
    value, n = row["needed"] + 1e-3 * (row["unit"] != "projects"), {f: k for k, f in enumerate(case.firms)}
    other = Case(case.settings.seed)
    name = {"budget": "budget_tco2e", "capital_limit": "capital_limit"}.get(row["limit"])
    if name:
        other.settings = other.settings.model_copy(update={name: value})
    elif row["limit"].endswith("intensity"):
        other.settings = other.settings.model_copy(update={f"{row['limit']}_cap": value / case.value_added})
    elif row["limit"] == "enterprise_capital":
        other.firm_capital[n[row["who"]]] = value
    elif row["limit"] == "emission_limit":
        other.firm_limit[n[row["who"]]] = value
    else:
        place = 2 if row["limit"] == "group_min" else 3
        other.groups = [(*g[:place], value, *g[place + 1 :]) for g in other.groups]
    return other


@pytest.mark.slow
def test_a_move_is_enough_and_a_step_less_is_not():
    seen = set()
    for case, problem in refused(range(40)):
        table = infeasible.moves(problem, solve.least_emissions(problem))
        for _, row in table[table["needed"].notna() & (table["together"] == 0)].iterrows():
            assert row["proved"], (case.settings.seed, row["limit"])
            moved = relaxed(case, row.to_dict())
            assert moved.allowed(moved.everything(), moved.settings.budget_tco2e).any(), (case.settings.seed, row["limit"])
            less = row["needed"] - np.sign(row["move_by"]) * (row["step"] + 2e-3)
            short = relaxed(case, row.to_dict() | {"needed": less})
            assert not short.allowed(short.everything(), short.settings.budget_tco2e).any(), (case.settings.seed, row["limit"])
            seen.add(row["limit"])
    assert {"budget"} < seen


@pytest.mark.slow
def test_a_limit_that_is_not_listed_as_enough_is_not():
    """Dropped altogether, it leaves the instance without a plan."""
    for case, problem in refused(range(24)):
        table = infeasible.moves(problem, solve.least_emissions(problem))
        listed = set(table.loc[table["enough_alone"], "limit"])
        if case.settings.capital_limit is not None and "capital_limit" not in listed:
            without = Case(case.settings.seed)
            without.settings = without.settings.model_copy(update={"capital_limit": None})
            assert not without.allowed(without.everything(), without.settings.budget_tco2e).any()


def test_by_hand(tiny):
    """24,100 t need P2, P3 (1,160 t) or P1: 400,000 of capital at least; with 350,000 the cluster reaches 24,500 t."""
    problem = tiny().problem(budget_tco2e=24_200, objective="capex", capital_limit=350_000)
    found = select(problem)
    moves = found.moves.set_index(["limit", "who"])
    assert found.summary["least_reachable_tco2e"] == pytest.approx(24_500)
    assert moves.at[("budget", ""), "move_by"] == pytest.approx(300)
    assert moves.at[("capital_limit", ""), "needed"] == pytest.approx(400_000 if 25_300 - 1_160 <= 24_200 else 1_000_000)
    assert moves.at[("capital_limit", ""), "move_by"] == pytest.approx(50_000)
    assert moves["proved"].dropna().all()
    near = found.summary["nearest_plan"]
    assert near["projects"] == ["P3"] and near["emissions_tco2e"] == pytest.approx(24_500)


def test_a_rule_that_stands_in_the_way_is_named(tiny):
    """P2 and P3 exclude each other: without that rule they reach 24,140 t."""
    rules = "project_id,relation,other_id\nP2,excludes,P3\n"
    found = select(tiny(relations=rules).problem(budget_tco2e=24_200, objective="capex", capital_limit=500_000))
    moves = found.moves.set_index(["limit", "who"])
    assert moves.at[("excludes", "P2 P3"), "least_reachable_without_tco2e"] == pytest.approx(24_140)
    assert moves.at[("excludes", "P2 P3"), "enough_alone"]
    assert moves.at[("capital_limit", ""), "needed"] == pytest.approx(1_000_000)


def test_limits_that_contradict_each_other_move_together(tiny):
    """Two projects are asked for with 50,000 of capital, and a budget far out of reach: no single move is enough.

    Leaving the group out moves it by its whole bound, once; capital would have to grow sevenfold. Nothing is then affordable.
    """
    problem = tiny().problem(budget_tco2e=1_000, objective="capex", capital_limit=50_000)
    group = pd.DataFrame([("G", i, 2.0, np.nan) for i in ("P1", "P2", "P3")], columns=GROUPS)
    problem = dataclasses.replace(problem, groups=group, relations=pd.DataFrame(columns=RELATIONS))
    found = select(problem)
    assert found.summary["least_reachable_tco2e"] is None and found.summary["nearest_plan"] is None
    together = found.moves[found.moves["together"] == 1].set_index("limit")
    assert together["needed"].to_dict() == pytest.approx({"budget": 25_300, "group_min": 0}, abs=1e-3)


def test_what_is_written_is_plain(tiny):
    found = select(tiny().problem(budget_tco2e=24_200, objective="capex", capital_limit=350_000))
    for row in found.summary["limits_to_move"]:
        assert "limit" in row and all(not pd.isna(value) for value in row.values())
