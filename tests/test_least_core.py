"""The coalition treated worst and the least core, without listing coalitions, against listing them all."""

from __future__ import annotations

import functools
import importlib

import numpy as np
import pandas as pd
import pytest

import seeds
from conftest import META, TABLES, Tiny
from test_selection import Case
from workbench import sharing, words
from workbench.selection import configurations
from workbench.sharing import separation
from workbench.sharing.coalitions import Game
from workbench.sharing.least_core import known_rows, least_core, lowest, nearest
from workbench.sharing.nucleolus import least_excess
from workbench.sharing.separation import worst_treated


@functools.cache
def cluster(firms: int, seed: int = 0, each: int = 1, joint: int = 0, only: tuple[tuple[str, str], ...] = ()) -> Game:
    """Firms with electricity of 4,000 MWh (2,000 t), `each` projects of their own, and `joint` projects of two or three."""
    rng, names = np.random.default_rng(seed), [f"E{k:02d}" for k in range(firms)]
    projects, savings, members, want = [], [], [], np.zeros(firms)
    for n in range(firms * each + joint):
        owner, tonnes = n % firms, float(rng.integers(20, 80))
        projects.append(f"P{n:03d},x,{names[owner]},{int(tonnes * rng.integers(10, 60) * (1 if n < firms * each else 0.5))},0,10")
        savings.append(f"P{n:03d},electricity,absolute,{2 * tonnes},MWh")
        want[owner] += tonnes
        if n >= firms * each:
            inside = {owner, *rng.choice(firms, int(rng.integers(1, 3)), replace=False).tolist()}
            members += [f"P{n:03d},{names[k]},{1 / len(inside):.6f}" for k in sorted(inside)]
    made = {
        "enterprises": "enterprise_id,name,sector\n" + "".join(f"{e},{e},food\n" for e in names),
        "energy": "enterprise_id,year,unit_id,carrier,flow,quantity,unit,cost,tco2_per_unit\n"
        + "".join(f"{e},2022,,electricity,purchase,4000,MWh,0,0.5\n" for e in names),
        "projects": "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\n" + "\n".join(projects) + "\n",
        "savings": "project_id,carrier,mode,amount,unit\n" + "\n".join(savings) + "\n",
        "members": "project_id,enterprise_id,capex_share\n" + "".join(f"{row}\n" for row in members),
    } | dict(only)  # fmt: skip
    settings = {"objective": "capex", "selection_gap": 0.0, "selection_abs_gap": 0.0, "budget_tco2e": 2000.0 * firms}
    conf = configurations.configurations(Tiny(META, TABLES | made).problem(**settings))
    needs = np.round(rng.uniform(0.2, 1.2, firms) * want)
    return Game(conf, pd.DataFrame({"enterprise_id": names, "need_tco2e": needs}), {e: e for e in names}, 60.0)


def forgetful(game: Game) -> Game:
    """The same game with no coalition solved yet."""
    firms = pd.DataFrame({"enterprise_id": game.players, "need_tco2e": game.need})
    return Game(game.conf, firms, {e: e for e in game.players}, game.price)


def listed(game: Game, shares: np.ndarray) -> np.ndarray:
    """Excess of every coalition but nobody and everyone; NaN where it has no plan."""
    n = len(shares)
    member = np.arange(2**n)[:, None] >> np.arange(n) & 1
    return (member @ shares - np.array([game.cost(s) for s in range(2**n)]))[1:-1]


def drawn(game: Game, seed: int) -> np.ndarray:
    """Shares of the joint cost drawn at random, some of them negative."""
    part = np.random.default_rng(seed).normal(1.0, 1.0, len(game.players))
    return game.cost(game.everyone) / len(part) + part - part.mean() + (part - part.mean()) * abs(game.cost(game.everyone)) / 5


@pytest.mark.parametrize("seed", seeds.first(6, range(16)))
def test_the_worst_treated_coalition_is_that_of_a_list(seed):
    """Random instances with exclusions, groups, joint projects, and limits on capital and emissions, some without a plan."""
    case = Case(seed)
    conf = configurations.configurations(case.problem())
    fresh, full = (sharing.game(conf, "emission_limit" if seed % 2 else "emissions") for _ in range(2))
    costs = full.costs()
    shares = np.random.default_rng(seed).normal(0, np.nanmax(np.abs(costs)), 3)
    excess, found = listed(full, shares), worst_treated(fresh, shares)
    size = max(1.0, np.nanmax(np.abs(costs)))
    if np.isnan(excess).all():
        assert found.coalition == 0
        return
    assert found.excess / size == pytest.approx(np.nanmax(excess) / size, abs=1e-6) and found.bound == found.excess
    assert fresh.cost(found.coalition) / size == pytest.approx(costs[found.coalition] / size, abs=1e-6)


@pytest.mark.parametrize(("seed", "each", "joint"), [(2, 2, 3), (3, 1, 0)])
def test_the_least_core_is_that_of_a_list(seed, each, joint):
    """Six firms: the same least excess as the linear program over all 62 coalitions, whether the core is empty or not."""
    game, full = (forgetful(cluster(6, seed, each, joint)) for _ in range(2))
    costs = full.costs()
    least, size = least_excess(costs)[0], np.abs(costs).max()
    found = least_core(game, 60.0)
    assert found.proved and found.shares.sum() == pytest.approx(costs[-1])
    assert found.excess / size == pytest.approx(least / size, abs=1e-6) and found.least / size == pytest.approx(
        least / size, abs=1e-6
    )
    assert np.nanmax(listed(full, found.shares)) / size == pytest.approx(least / size, abs=1e-6)
    assert len(known_rows(game)[0]) < 30  # fewer than half of the coalitions were ever met
    other = drawn(full, seed)
    assert worst_treated(game, other).excess / size == pytest.approx(listed(full, other).max() / size, abs=1e-6)


def glove(firms: int) -> Game:
    """Every firm must save 100 t or buy them at 60; only the first has a project, which saves what one needs for 1,000."""
    tables = {
        "projects": "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\nP000,x,E00,1000,0,10\n",
        "savings": "project_id,carrier,mode,amount,unit\nP000,electricity,absolute,200,MWh\n",
    }
    game = forgetful(cluster(firms, only=tuple(tables.items())))
    game.need = np.array([0.0] + [100.0] * (firms - 1))
    return game


def test_fourteen_players_whose_core_is_one_point():
    """One glove for the right hand and thirteen for the left: who owns what is scarce gains all of the 6,000 - 1,000."""
    game = glove(14)
    found = least_core(game, 60.0)
    assert found.proved and found.excess == pytest.approx(0, abs=0.1)
    assert found.shares == pytest.approx([-5000.0] + [6000.0] * 13, abs=1.0)
    shares = sharing.fair_shares(game)
    said = sharing.fairness(game, shares).set_index("rule")
    assert said["core_exists"].eq(1).all() and said["proved"].eq(1).all()
    assert said.at["least_core", "in_core"] == 1 and said.at["equal_gain", "in_core"] == 0
    # In equal parts the seller keeps 5,000 / 14 of the gain; with any one buyer it could have the 5,000 less what that one has.
    assert said.at["equal_gain", "worst_excess"] == pytest.approx(5000 * 12 / 14)
    assert said["coalitions_checked"].max() < said["coalitions"].iloc[0] == 2**14 - 2


def test_a_core_that_is_empty_is_proved_so(monkeypatch):
    """What is said without listing coalitions is what is said when all are listed: every rule, every worst coalition's excess."""
    module = importlib.import_module("workbench.sharing.fair_shares")
    full, game, known = forgetful(cluster(6, 3, 1, 0)), forgetful(cluster(6, 3, 1, 0)), module.setting
    exact = sharing.fairness(full, sharing.fair_shares(full)).set_index("rule")
    monkeypatch.setattr(module, "setting", lambda name: 2.0 if name == "exact_players" else known(name))
    shares = sharing.fair_shares(game)
    said = sharing.fairness(game, shares).set_index("rule")
    assert exact["core_exists"].eq(0).all() and said["core_exists"].eq(0).all()
    assert exact["proved"].eq(1).all() and said["proved"].eq(1).all() and said["in_core"].eq(0).all()
    same = ["by_emissions", "by_reduction", "by_cost_alone", "equal_gain"]
    assert said.loc[same, "worst_excess"].to_numpy() == pytest.approx(exact.loc[same, "worst_excess"].to_numpy(), rel=1e-6)
    assert said.at["least_core", "worst_excess"] == pytest.approx(exact.at["nucleolus", "worst_excess"], abs=0.01)
    assert said["worst_excess"].min() == said.at["least_core", "worst_excess"]


def test_a_search_without_time_proves_nothing():
    game = glove(14)
    found = least_core(game, 0.0)
    assert not found.proved and found.shares.sum() == pytest.approx(game.cost(game.everyone))
    said = sharing.fairness(game, pd.DataFrame({"rule": "least_core", "player": game.players, "cost": found.shares}).assign(
        worse_off=0, gain=0.0), seconds=60.0)  # fmt: skip
    excess = worst_treated(game, found.shares).excess
    assert said.at[0, "proved"] == 1 and said.at[0, "worst_excess"] == pytest.approx(excess) and excess <= found.excess + 1e-6


def test_the_nearest_shares():
    """Nearest to 3, 3, 3 where the first may pay no more than 1: the two others pay what it does not, in equal parts."""
    wanted, member = np.array([3.0, 3.0, 3.0]), np.array([[1.0, 0.0, 0.0]])
    assert nearest(wanted, member, np.array([1.0]), wanted * 0) == pytest.approx([1.0, 4.0, 4.0])
    assert nearest(wanted, member, np.array([5.0]), wanted * 0) == pytest.approx(wanted)
    both = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    assert nearest(wanted, both, np.array([1.0, 1.0]), wanted * 0) == pytest.approx([0.0, 0.0, 0.0])  # impossible: 2 of 9 at most


def test_the_lowest_excess_of_what_is_known():
    """Two of three win one: each pair charged -2/3 has an excess of 1/3 over its cost of -1; singles alone say nothing of it."""
    pairs = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    assert lowest(pairs, -np.ones(3), -1.0)[0] == pytest.approx(1 / 3)
    assert lowest(np.eye(3), np.zeros(3), -1.0)[0] == pytest.approx(-1 / 3)


def test_what_is_not_proved_is_left_blank_and_said(monkeypatch):
    """Without a bound on the excess a rule that hurts no coalition met so far is neither in the core nor outside it."""
    module = importlib.import_module("workbench.sharing.fair_shares")
    monkeypatch.setattr(module, "worst_treated", lambda game, shares, seconds: separation.Worst(0, -np.inf, np.inf))
    game = glove(14)
    least = least_core(game, 60.0)
    shares = pd.DataFrame({"rule": "least_core", "player": game.players, "cost_alone": 6000.0, "cost": least.shares})
    shares = shares.assign(worse_off=0, gain=shares["cost_alone"] - shares["cost"])
    hurt = shares.assign(rule="all_on_one", cost=[game.cost(game.everyone)] + [0.0] * 13)
    said = sharing.fairness(game, pd.concat([shares, hurt])).set_index("rule")
    assert pd.isna(said.at["least_core", "in_core"]) and said.at["all_on_one", "in_core"] == 0
    assert said["proved"].eq(0).all() and said["core_exists"].isna().all()
    assert words.decided(said.reset_index(), "en")["in_core"].tolist() == ["no", ""]
