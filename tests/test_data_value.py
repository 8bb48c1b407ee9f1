"""The value of data: exact on listed cases, close by regression, largest for what matters most; and what the cost depends on."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from test_monte_carlo import factors, of_case
from workbench.risk import data_value, monte_carlo, scenarios, sensitivity_screening
from workbench.selection import configurations


def listed(**values) -> pd.DataFrame:
    """Every combination of the values once."""
    rows = list(itertools.product(*values.values()))
    return factors(**{name: [row[k] for row in rows] for k, name in enumerate(values)})


def test_two_plans_and_two_coins_by_hand():
    """Plan 0 costs 10; plan 1 costs 0 or 30 with the first coin, and nothing turns on the second."""
    coins = listed(saving_A=[0.5, 1.5], saving_B=[0.5, 1.5])
    loss = pd.DataFrame({0: [10.0] * 4, 1: [0.0, 0.0, 30.0, 30.0]})
    groups = {("saving", "A"): [("saving", "A")], ("saving", "B"): [("saving", "B")]}
    table = data_value.data_value(loss, coins, groups).set_index(["kind", "key"])
    assert table.at[("all", ""), "expected_gain"] == 5  # min(10, 15) - (0 + 10) / 2
    assert table.at[("saving", "A"), "expected_gain"] == 5 and table.at[("saving", "B"), "expected_gain"] == 0
    assert table.at[("saving", "A"), "share_pct"] == 100 and table.at[("saving", "A"), "rank"] == 1


def test_the_best_datum_lowers_the_expected_regret_most(tiny):
    """Every combination of three data, every plan: the value of each datum equals the regret it takes away, by enumeration."""
    conf = configurations.configurations(tiny().problem(budget_tco2e=24_600.0, objective="capex"))  # 700 t are needed
    states = listed(saving_P1=[0.9, 1.1], saving_P3=[0.5, 1.5], capex_P2=[0.8, 1.2])
    drawn, price = scenarios.realise(conf, states), 2100.0
    plans = [frozenset(s) for n in range(4) for s in itertools.combinations(["P1", "P2", "P3"], n)]
    loss = data_value.losses(conf, drawn, plans, price)
    groups = {(kind, key): [(kind, key)] for kind, key in states.columns}
    table = data_value.data_value(loss, states, groups)
    hindsight = loss.min(axis=1)
    regret_now = (loss[loss.mean().idxmin()] - hindsight).mean()
    left = {}
    for column in states.columns:  # the plan may follow this datum alone
        left[column] = (
            sum(
                loss[states[column] == value][loss[states[column] == value].mean().idxmin()].sum()
                for value in states[column].unique()
            )
            / len(loss)
            - hindsight.mean()
        )
    found = table[table["kind"] != "all"].set_index(["kind", "key"])["expected_gain"]
    assert found.to_dict() == pytest.approx({key: regret_now - rest for key, rest in left.items()})
    # Blind: P2 and P3, 400,000 on average. P3 known to be good: P3 alone, 100,000. P2 known to be dear, 460,000 with P3:
    # P3 alone, 100,000 + 2,100 x 300 / 2 = 415,000.
    assert found.to_dict() == pytest.approx({("saving", "P3"): 150_000, ("capex", "P2"): 22_500, ("saving", "P1"): 0}, abs=1e-6)
    first = table[table["kind"] != "all"].iloc[0]
    assert (first["kind"], first["key"]) == min(left, key=left.get) == ("saving", "P3")
    assert table.iloc[0]["expected_gain"] == pytest.approx(regret_now) and first["expected_gain"] > found.iloc[1]


def test_hindsight_by_solving_is_hindsight_over_all_plans(tiny):
    conf = configurations.configurations(tiny().problem(budget_tco2e=24_600.0, objective="capex"))
    drawn = scenarios.realise(conf, listed(saving_P1=[0.9, 1.1], saving_P3=[0.5, 1.5]))
    plans = [frozenset(s) for n in range(4) for s in itertools.combinations(["P1", "P2", "P3"], n)]
    decided = monte_carlo.redecide(conf, drawn, 500.0)
    assert decided["cost"].tolist() == pytest.approx(data_value.losses(conf, drawn, plans, 500.0).min(axis=1).tolist())


def test_regression_comes_close_to_the_exact_value():
    """One normal datum z, plans 0 and z: knowing z is worth E max(0, -z) = 1 / sqrt(2 pi)."""
    rng = np.random.default_rng(5)
    z, noise = rng.standard_normal((2, 20_000))
    states = factors(saving_A=np.exp(z), saving_B=np.exp(noise))
    loss = pd.DataFrame({0: np.zeros(len(z)), 1: z + noise})
    groups = {("saving", "A"): [("saving", "A")], ("both", ""): [("saving", "A"), ("saving", "B")]}
    table = data_value.data_value(loss, states, groups).set_index("kind")
    assert table.at["saving", "method"] == "regression"
    assert table.at["saving", "expected_gain"] == pytest.approx(
        1 / np.sqrt(2 * np.pi), abs=4 * table.at["saving", "standard_error"]
    )
    assert table.at["both", "expected_gain"] == pytest.approx(1 / np.sqrt(np.pi), abs=4 * table.at["both", "standard_error"])
    assert table.at["both", "expected_gain"] <= table.at["all", "expected_gain"] + 1e-9


def test_groups_hold_every_input_once():
    conf, known = of_case(4)
    groups = data_value.groups_of(known)
    names = [name for members in groups.values() for name in members]
    assert sorted(names) == sorted(zip(known["kind"], known["key"], strict=True)) and {kind for kind, _ in groups} <= {
        "saving",
        "capex",
        "price",
    }


def test_candidates_start_with_the_given_plans():
    decided = pd.DataFrame({"status": ["optimal"] * 4, "chosen": ["B", "A;B", "A;B", ""]})
    found = data_value.candidates(decided, frozenset({"A"}))
    assert found == [frozenset({"A"}), frozenset({"A", "B"}), frozenset(), frozenset({"B"})]


# Screening


def test_the_cost_under_the_settings_is_the_optimal_cost(tiny):
    conf = configurations.configurations(tiny().problem(budget_tco2e=23_800.0))
    price = monte_carlo.buyout_price(conf)
    found, _, _ = configurations.solve(conf, conf.nominal, configurations.need(conf.problem), price)
    assert sensitivity_screening.optimal_cost(conf, {}, price) == pytest.approx(found.value)
    values = {"discount_rate": 0.08, "savings": 1.0, "energy_price": 1.0, "capex": 1.0, "carbon_price": 0.0}
    assert sensitivity_screening.optimal_cost(conf, values, price) == pytest.approx(found.value)
    other = tiny().problem(budget_tco2e=23_800.0, discount_rate=0.05, carbon_price=20.0)
    again = configurations.configurations(other)
    expected, _, _ = configurations.solve(again, again.nominal, configurations.need(other), price)
    assert sensitivity_screening.optimal_cost(conf, {"discount_rate": 0.05, "carbon_price": 20.0}, price) == pytest.approx(
        expected.value
    )


def test_capital_alone_moves_the_capital_of_a_plan_that_stays(tiny):
    """Budget and savings never change the plan {P3} here, so the cost moves with the capital only: 100,000 x (1.5 - 0.7)."""
    conf = configurations.configurations(tiny().problem(budget_tco2e=25_000.0, objective="capex"))
    table = sensitivity_screening.screen(conf, 1e4, "CNY").set_index("parameter")
    assert set(table.index) == {"capex", "savings", "budget"}
    assert table.at["capex", "mu_star"] == pytest.approx(80_000) and table.at["savings", "mu_star"] == pytest.approx(0)
    assert table.at["capex", "sigma"] == pytest.approx(0, abs=1e-6)
    assert table.at["capex", "total_order"] == pytest.approx(1, abs=0.25) and table.at["budget", "total_order"] == pytest.approx(0)


@pytest.mark.slow
def test_screening_is_the_same_twice_and_blank_without_projects(tiny):
    conf = configurations.configurations(tiny().problem(budget_tco2e=23_800.0))
    one, other = (sensitivity_screening.screen(conf, 2000.0, "CNY") for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
    assert one["mu_star"].is_monotonic_decreasing and "carbon_price" in set(one["parameter"])
    quick = sensitivity_screening.screen(conf, 2000.0, "USD", seconds=0.0)
    assert quick["first_order"].isna().all() and "carbon_price" not in set(quick["parameter"])
