"""Fair shares against published games and a cluster counted by hand; trading against the planner."""

from __future__ import annotations

import importlib
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from test_selection import Case
from workbench import sharing, words
from workbench.errors import UserError
from workbench.selection import configurations
from workbench.sharing.coalitions import Game, from_costs
from workbench.sharing.nucleolus import least_excess, nucleolus
from workbench.sharing.shapley import sampled_shapley, shapley

ABC = ("a", "b", "c")


def bankruptcy(estate: float, claims: tuple[float, ...]) -> np.ndarray:
    """A coalition can count on what the others' claims leave (O'Neill 1982), as a cost with the other sign."""
    owed = dict(zip(ABC, claims, strict=True))
    return from_costs(ABC, lambda s: -max(0.0, estate - sum(owed[i] for i in ABC if i not in s)))


def test_airport_game():
    """Littlechild and Owen 1973: everyone who needs a piece of the runway pays the same for it."""
    costs = from_costs(ABC, lambda s: max({"a": 1.0, "b": 2.0, "c": 4.0}[i] for i in s))
    assert shapley(costs) == pytest.approx([1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 2])
    assert nucleolus(costs) == pytest.approx([1 / 2, 3 / 4, 11 / 4])  # min(1/2, 2/3, ..) first, then (2 - 1/2)/2


@pytest.mark.parametrize(("estate", "shares"), [(100, (100 / 3, 100 / 3, 100 / 3)), (200, (50, 75, 75)), (300, (50, 100, 150))])
def test_talmud_division_is_the_nucleolus(estate, shares):
    """Aumann and Maschler 1985: the division of the Mishna for claims of 100, 200 and 300."""
    assert -nucleolus(bankruptcy(estate, (100, 200, 300))) == pytest.approx(shares)


def test_glove_game():
    """Two left gloves, one right glove: the core is one point, the Shapley value lies outside."""
    costs = from_costs(ABC, lambda s: -1.0 * ("c" in s and len(s) > 1))
    assert -shapley(costs) == pytest.approx([1 / 6, 1 / 6, 4 / 6])
    assert -nucleolus(costs) == pytest.approx([0, 0, 1], abs=1e-9)
    assert least_excess(costs)[0] == pytest.approx(0, abs=1e-9)


def test_empty_core():
    """Any two of three win 1: whatever the shares, some pair could do better by itself."""
    costs = from_costs(ABC, lambda s: -1.0 * (len(s) >= 2))
    assert least_excess(costs)[0] == pytest.approx(1 / 3)
    assert -nucleolus(costs) == pytest.approx([1 / 3] * 3)


games = st.integers(2, 4).flatmap(
    lambda n: st.lists(st.integers(-50, 50), min_size=2**n - 1, max_size=2**n - 1).map(lambda v: np.array([0.0, *v]))
)


@settings(max_examples=60, deadline=None)
@given(games)
def test_shares_add_up_to_the_joint_cost(costs):
    assert shapley(costs).sum() == pytest.approx(costs[-1], abs=1e-9)
    assert nucleolus(costs).sum() == pytest.approx(costs[-1], abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(games, st.integers(0, 10**6))
def test_shapley_adds_over_games_and_over_orders(costs, seed):
    other = np.random.default_rng(seed).integers(-9, 9, len(costs)).astype(float)
    other[0] = 0.0
    assert shapley(costs + other) == pytest.approx(shapley(costs) + shapley(other), abs=1e-9)
    n, value = len(costs).bit_length() - 1, np.zeros(len(costs).bit_length() - 1)
    orders = list(itertools.permutations(range(n)))
    for order in orders:  # the definition, order by order
        inside = 0
        for k in order:
            value[k] += costs[inside | 1 << k] - costs[inside]
            inside |= 1 << k
    assert shapley(costs) == pytest.approx(value / len(orders), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(games, st.integers(-20, 20))
def test_who_adds_the_same_to_all_pays_just_that(costs, own):
    """A new player that adds `own` to every coalition (nil: a dummy) pays it, and changes nothing for the others."""
    wider = np.concatenate([costs, costs + own])
    assert shapley(wider) == pytest.approx([*shapley(costs), own], abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=4, max_size=4))
def test_equals_are_treated_alike(by_size):
    costs = from_costs(ABC, lambda s: float(by_size[len(s)]))
    for value in (shapley(costs), nucleolus(costs)):
        assert value == pytest.approx([by_size[3] / 3] * 3, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(games, st.integers(0, 10**6))
def test_no_other_shares_have_less_excess(costs, seed):
    """Schmeidler's definition: the excesses of the nucleolus, largest first, come before those of any other shares."""
    n = len(costs).bit_length() - 1
    member = (np.arange(len(costs))[:, None] >> np.arange(n) & 1)[1:-1]
    alone = np.array([costs[1 << k] for k in range(n)])
    best = nucleolus(costs)
    excess = lambda x: np.sort(member @ x - costs[1:-1])[::-1]  # noqa: E731
    rng = np.random.default_rng(seed)
    for size in (10.0, 1.0, 0.01):
        move = rng.normal(0, size, n)
        other = best + move - move.mean()
        if alone.sum() >= costs[-1] and (other > alone).any():
            continue  # no imputation
        gap = excess(other) - excess(best)
        first = np.flatnonzero(np.abs(gap) > 1e-5)
        assert not len(first) or gap[first[0]] > 0
    if least_excess(costs)[0] <= 0:
        assert (member @ best <= costs[1:-1] + 1e-5).all()  # in the core where there is one


def test_drawn_orders_come_close_and_add_up():
    costs = np.array([0.0, *np.random.default_rng(1).uniform(1, 9, 2**6 - 1)])
    value, error, pairs = sampled_shapley(lambda s: costs[s], 6, 800, seed=1)
    assert pairs == 400 and value.sum() == pytest.approx(costs[-1])
    assert (np.abs(value - shapley(costs)) < 4 * error).all() and (error > 0).all()
    again, _, _ = sampled_shapley(lambda s: costs[s], 6, 800, seed=1)
    assert np.array_equal(value, again)


def airport(lengths) -> np.ndarray:
    """Costs of all coalitions of an airport: the longest runway any member needs."""
    costs = np.zeros(1)
    for length in lengths:
        costs = np.concatenate([costs, np.maximum(costs, length)])
    return costs


def runway_shares(lengths) -> list[float]:
    """Littlechild and Owen 1973: each piece is paid in equal parts by those who need it (lengths rising)."""
    pieces = np.diff([0.0, *lengths]) / np.arange(len(lengths), 0, -1)
    return np.cumsum(pieces).tolist()


def test_twelve_players_exactly():
    own = np.arange(1.0, 13.0)
    additive = np.zeros(1)
    for cost in own:
        additive = np.concatenate([additive, additive + cost])
    assert shapley(additive) == pytest.approx(own)
    assert shapley(airport(own)) == pytest.approx(runway_shares(own))
    assert nucleolus(additive) == pytest.approx(own)
    alike = np.array([float(s.bit_count() > 5) for s in range(2**12)])
    assert shapley(alike) == pytest.approx([1 / 12] * 12)


def test_thirteen_players_by_drawn_orders():
    own = np.arange(1.0, 14.0)
    value, error, _ = sampled_shapley(lambda s: sum(c for k, c in enumerate(own) if s >> k & 1), 13, 40, seed=1)
    assert value == pytest.approx(own) and error == pytest.approx(0, abs=1e-9)
    value, error, _ = sampled_shapley(lambda s: float(s.bit_length()), 13, 600, seed=1)  # an airport: the longest runway
    exact = np.array(runway_shares(own))
    assert value.sum() == pytest.approx(13) and (error > 0).all()
    assert (np.abs(value - exact) < 4 * error).all() and (np.abs(value - exact) < 0.35 * exact).all()


@pytest.mark.slow
def test_too_many_players_are_sampled_and_it_is_said(tiny, monkeypatch):
    """Three firms where only two may be exact: drawn orders of all three, the least core for the nucleolus."""
    module = importlib.import_module("workbench.sharing.fair_shares")
    known = module.setting
    exact = sharing.fair_shares(three_firms(tiny, (1000, 100, 60))).set_index(["rule", "player"])["cost"]
    monkeypatch.setattr(module, "setting", lambda name: 2.0 if name == "exact_players" else known(name))
    game = three_firms(tiny, (1000, 100, 60))
    shares = sharing.fair_shares(game)
    assert set(shares["rule"]) == {"shapley", "least_core", "by_emissions", "by_reduction", "by_cost_alone", "equal_gain"}
    drawn = shares[shares["rule"] == "shapley"].set_index("player")
    assert drawn["cost"].sum() == pytest.approx(4e5) and (drawn["standard_error"] > 0).any()
    assert (np.abs(drawn["cost"] - exact["shapley"]) <= 4 * drawn["standard_error"] + 1e-6).all()
    said = sharing.fairness(game, shares)
    assert (said["coalitions_checked"] <= said["coalitions"]).all() and (said["coalitions"] == 6).all()
    assert (said["proved"] == 1).all() and (said["core_exists"] == 1).all()


# By hand: P1 of A saves 2,000 t for 1,000,000; P2 and P3 of C save 600 and 800 t, together 1,160, for 300,000 and 100,000.


def three_firms(tiny, needs: tuple[float, float, float], price: float = 2000.0, **tables) -> Game:
    conf = configurations.configurations(tiny(**tables).problem(budget_tco2e=25_300.0 - sum(needs), objective="capex"))
    table = pd.DataFrame({"enterprise_id": ["A", "B", "C"], "need_tco2e": needs})
    return Game(conf, table, {e: e for e in "ABC"}, price)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_an_enterprise_nothing_is_shared(tiny, lang):
    heads = {"enterprises": "enterprise_id,name,sector\n", "energy": "enterprise_id,year,carrier,flow,quantity,unit\n"}
    heads |= {"projects": "project_id,name,enterprise_id,capex\n", "savings": "project_id,carrier,mode,amount,unit\n"}
    agreed = sharing.agree(tiny(**heads).problem(reduction_pct=5.0))
    assert agreed.shares.empty and agreed.payments.empty and agreed.market.trades.empty and agreed.fairness.empty
    said = words.sharing_summary(agreed.shares, agreed.fairness, agreed.market.summary, agreed.price, "CNY", lang)
    assert {"en": "no enterprise", "zh": "没有"}[lang] in said._repr_html_()


def test_three_firms_by_hand(tiny):
    game = three_firms(tiny, (1000, 100, 60))
    # A takes P1; B buys 100 t at 2,000; C takes P3; together P2 and P3 are enough.
    expected = {"A": 1e6, "B": 2e5, "C": 1e5, "A;B": 1e6, "A;C": 4e5, "B;C": 1e5, "A;B;C": 4e5}
    shares = sharing.fair_shares(game)
    assert dict(zip(game.table()["coalition"], game.table()["cost"], strict=True)) == pytest.approx(expected)
    value = shares[shares["rule"] == "shapley"].set_index("player")
    assert value["cost"].to_dict() == pytest.approx({"A": 1.85e6 / 3, "B": 2e5 / 3, "C": -8.5e5 / 3})
    assert value["own_cost"].to_dict() == pytest.approx({"A": 0, "B": 0, "C": 4e5})
    assert value["gain"].to_dict() == pytest.approx({"A": 1.15e6 / 3, "B": 4e5 / 3, "C": 1.15e6 / 3})
    paid = sharing.side_payments(shares).query("rule == 'shapley'")
    assert paid[["from_player", "to_player"]].values.tolist() == [["A", "C"], ["B", "C"]]
    assert paid["sum_paid"].tolist() == pytest.approx([1.85e6 / 3, 2e5 / 3])
    said = sharing.fairness(game, shares).set_index("rule")
    assert said["core_exists"].eq(1).all() and said.at["nucleolus", "in_core"] == 1
    assert said.at["by_emissions", "players_worse_off"] == 0


def test_a_rule_of_thumb_can_leave_one_worse_off(tiny):
    """The cut falls on A and B alone; sharing by tonnes reduced charges C, which had nothing to do, for the whole plan."""
    game = three_firms(tiny, (1000, 160, 0))
    shares = sharing.fair_shares(game)
    mine = shares.set_index(["rule", "player"])
    assert mine.at[("by_reduction", "C"), "cost"] == pytest.approx(4e5) and mine.at[("by_reduction", "C"), "cost_alone"] == 0
    assert mine.at[("by_reduction", "C"), "worse_off"] == 1 and mine.at[("nucleolus", "C"), "worse_off"] == 0
    said = sharing.fairness(game, shares).set_index("rule")
    assert said.at["by_reduction", "in_core"] == 0 and said.at["by_reduction", "worst_coalition"] in ("C", "B;C")
    assert said.at["by_reduction", "worst_excess"] >= 3e5


def test_a_joint_project_needs_all_its_members(tiny):
    game = three_firms(tiny, (1000, 100, 60), members="project_id,enterprise_id,capex_share\nP1,A,0.5\nP1,B,0.5\n")
    alone = game.answer(0b001)
    assert alone.chosen == frozenset() and alone.bought == pytest.approx(1000)
    assert game.answer(0b011).chosen == {"P1"} and game.answer(0b011).cost == pytest.approx(1e6)


@pytest.mark.parametrize("seed", [1, 3, 6, 9, 13, 17, 22, 28])
def test_merging_never_costs_more_and_payments_balance(seed):
    case = Case(seed, capital_limit=None)
    case.groups = []
    conf = configurations.configurations(case.problem())
    game = sharing.game(conf, "emission_limit" if seed % 2 else "emissions")
    costs = game.costs()
    assert np.isfinite(costs).all()
    for s, t in itertools.product(range(len(costs)), repeat=2):
        if s & t == 0:
            assert costs[s | t] <= costs[s] + costs[t] + 1e-4
    shares = sharing.fair_shares(game)
    for _, mine in shares.groupby("rule"):
        assert mine["cost"].sum() == pytest.approx(costs[-1], abs=1e-4)
        assert mine["payment"].sum() == pytest.approx(0, abs=1e-4)
    paid = sharing.side_payments(shares)
    assert (paid["sum_paid"] > 0).all()
    settled = shares.set_index(["rule", "player"])["payment"]
    for (rule, player), amount in settled.items():
        mine = paid[paid["rule"] == rule]
        given_, got = (
            mine.loc[mine["from_player"] == player, "sum_paid"].sum(),
            mine.loc[mine["to_player"] == player, "sum_paid"].sum(),
        )
        assert given_ - got == pytest.approx(amount, abs=1e-3)
    assert (shares[shares["rule"] == "shapley"]["worse_off"] == 0).all()  # costs that fall by merging leave nobody worse off


def test_allowances_add_up_to_the_budget(tiny):
    firms = "enterprise_id,name,sector,emission_limit_tco2e\nA,Alpha,power,\nB,Beta,paper,2700\nC,Gamma,food,\n"
    problem = tiny(enterprises=firms).problem(reduction_pct=10.0)
    by_emissions = sharing.allowances(problem)
    assert by_emissions["need_tco2e"].tolist() == pytest.approx([2000, 300, 230])
    by_limit = sharing.allowances(problem, "emission_limit").set_index("enterprise_id")
    assert by_limit["allowance_tco2e"]["B"] == pytest.approx(2700) and by_limit["need_tco2e"].sum() == pytest.approx(2530)
    assert by_limit["need_tco2e"]["A"] / by_limit["need_tco2e"]["C"] == pytest.approx(20_000 / 2300)
    with pytest.raises(UserError, match="emission_limit"):
        sharing.allowances(problem, "output")


def test_small_enterprises_can_act_as_one(tiny):
    conf = configurations.configurations(tiny().problem(reduction_pct=2.0))
    assert sharing.main_players(conf, 2) == {"A": "A", "B": "others", "C": "others"}
    assert sharing.main_players(conf, 3) == {e: e for e in "ABC"}
    game = sharing.game(conf, players=sharing.main_players(conf, 2))
    assert game.players == ("A", "others") and game.cost(2) <= sum(game.singles.cost(s) for s in (2, 4)) + 1e-6


def test_one_enterprise_has_nobody_to_share_with(tiny):
    firm = "enterprise_id,name,sector\nC,Gamma,food\n"
    energy = (
        "enterprise_id,year,unit_id,carrier,flow,quantity,unit,cost,tco2_per_unit\nC,2022,,electricity,purchase,4000,MWh,1,0.5\n"
    )
    projects = "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\nP3,Light,C,100000,0,10\n"
    savings = "project_id,carrier,mode,amount,unit\nP3,electricity,fraction,0.4,\n"
    made = tiny(enterprises=firm, energy=energy, projects=projects, savings=savings)
    game = sharing.game(configurations.configurations(made.problem(reduction_pct=10.0)))
    shares = sharing.fair_shares(game)
    assert shares["cost"].to_numpy() == pytest.approx(game.cost(1)) and shares["gain"].abs().max() == pytest.approx(0)
    assert sharing.side_payments(shares).empty and (sharing.fairness(game, shares)["in_core"] == 1).all()
    assert sharing.trade(game).trades["gain"].to_numpy() == pytest.approx(0)
    late = sharing.fair_shares(game, seconds=-1.0)  # no time to list coalitions
    assert "least_core" not in set(late["rule"]) and (sharing.fairness(game, late)["in_core"] == 1).all()


# Trading


def test_a_market_that_clears(tiny):
    """P3 saves the 800 t that all three need, at 125 a tonne; nothing else pays below 500 (P1): any price between clears."""
    market = sharing.trade(three_firms(tiny, (500, 100, 200)))
    said = market.summary.set_index("item")["value"]
    assert (
        said["clears"] == 1
        and said["price_low"] == pytest.approx(125, abs=1e-4)
        and said["price_high"] == pytest.approx(500, abs=1e-4)
    )
    assert said["price"] == pytest.approx(312.5, abs=1e-3) and said["volume_tco2e"] == pytest.approx(600)
    assert said["cost_with_trade"] == pytest.approx(1e5) == said["planner"] and said["gap_indivisible"] == pytest.approx(
        0, abs=1e-6
    )
    trades = market.trades.set_index("enterprise_id")
    assert trades["paid"].to_dict() == pytest.approx({"A": 156_250, "B": 31_250, "C": -187_500}, abs=1.0)
    # Alone A invests 1,000,000 (1,000 t at the price 2,000 cost as much), B buys 100 t at 2,000, C takes P3.
    assert trades["cost_without_trade"].to_dict() == pytest.approx({"A": 1e6, "B": 2e5, "C": 1e5})
    assert said["worse_off"] == 0 and trades["paid"].sum() == pytest.approx(0, abs=1e-6)


def test_a_market_that_no_price_clears(tiny):
    """900 t are needed: below 500 a tonne only P3's 800 are offered, above it P1's 2,000 as well."""
    said = sharing.trade(three_firms(tiny, (500, 200, 200), price=4000.0)).summary.set_index("item")["value"]
    assert said["clears"] == 0 and said["price"] == pytest.approx(500, abs=1e-4)
    assert said["excess_below_tco2e"] == pytest.approx(-100) and said["excess_tco2e"] == pytest.approx(1900)
    assert said["planner"] == pytest.approx(4e5) and said["cost_with_trade"] == pytest.approx(1.1e6)
    assert said["gap_indivisible"] == pytest.approx(7e5) and said["gap_joint"] == pytest.approx(0)


def test_what_the_market_cannot_supply_is_bought_outside(tiny):
    said = sharing.trade(three_firms(tiny, (5000, 0, 0), price=200.0)).summary.set_index("item")["value"]
    assert said["clears"] == 1 and said["price"] == 200 and said["short_tco2e"] == pytest.approx(4200)
    assert said["cost_with_trade"] == pytest.approx(1e5 + 200 * 4200) == said["planner"]


@pytest.mark.parametrize("seed", range(6))
def test_trade_among_many_small_equal_projects_is_the_planners_plan(seed):
    """With steps of one tonne the supply is nearly a line: market and planner part by less than the dearest step."""
    rng = np.random.default_rng(seed)
    names = [f"{firm}{n}" for firm in "AC" for n in range(12)]
    cost = dict(zip(names, rng.permutation(24) * 10 + 100, strict=True))
    projects = "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\n"
    projects += "".join(f"{n},x,{n[0]},{c},0,10\n" for n, c in cost.items())
    savings = "project_id,carrier,mode,amount,unit\n"
    line = {"A": "bituminous,absolute,0.5,t", "C": "electricity,absolute,2,MWh"}
    savings += "".join(f"{n},{line[n[0]]}\n" for n in names)
    market = sharing.trade(three_firms(tiny_of(projects, savings), (6.0, 3.0, 3.0), price=10_000.0))
    said = market.summary.set_index("item")["value"]
    assert said["clears"] == 1 and said["cost_with_trade"] == pytest.approx(sum(sorted(cost.values())[:12]))
    assert said["gap_indivisible"] == pytest.approx(0, abs=1e-6)
    assert said["cost_with_trade"] <= said["cost_without_trade"] + 1e-6 and said["worse_off"] == 0


def tiny_of(projects: str, savings: str):
    """The tiny cluster's builder with these projects."""
    from conftest import META, TABLES, Tiny

    return lambda **_: Tiny(META, TABLES | {"projects": projects, "savings": savings})
