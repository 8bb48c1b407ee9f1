"""Shares of the joint plan's cost by several rules, side by side: what each pays, what it gains, and who would rather leave.

A gain is the cost alone less the share; a payment is the share less what the plan costs the player at its own site: positive, it
pays into the common purse; negative, it is paid. Payments of a rule add up to nil.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.risk.scenarios import setting
from workbench.sharing.coalitions import Game
from workbench.sharing.least_core import known_rows, least_core, lowest
from workbench.sharing.nucleolus import TOLERANCE, nucleolus
from workbench.sharing.separation import worst_treated
from workbench.sharing.shapley import sampled_shapley, shapley

SHARES = ["rule", "player", "cost_alone", "cost", "standard_error", "gain", "own_cost", "payment", "worse_off"]
FAIRNESS = [
    "rule", "in_core", "worst_coalition", "worst_excess", "players_worse_off", "least_gain", "coalitions_checked", "coalitions",
    "core_exists", "proved",
]  # fmt: skip
PAYMENTS = ["rule", "from_player", "to_player", "sum_paid"]


def fair_shares(game: Game, seconds: float | None = None) -> pd.DataFrame:
    """Shares of the joint cost by rule, columns SHARES (currency of the objective), sorted by rule and player.

    Rules: `shapley` (exact up to `exact_players` of `decision.csv`, else sampled with its standard error), `nucleolus` (exact games
    only) or else `least_core`, `by_emissions`, `by_reduction`, `by_cost_alone` (only where every cost alone is positive),
    `equal_gain`. Blank costs where a coalition has none, which `Game.table` shows. Coalitions, drawn orders and the least core
    have `seconds` each.
    """
    n, limit = len(game.players), setting("time_limit_s") if seconds is None else seconds
    costs = game.costs(limit) if n <= setting("exact_players") else None
    error = np.zeros(n)
    if costs is not None:
        found = {"shapley": shapley(costs)}
        if np.isfinite(costs).all():
            found["nucleolus"] = nucleolus(costs)
    else:
        seed = game.conf.problem.settings.seed
        value, error, _ = sampled_shapley(game.cost, n, int(setting("permutations")), seed, limit)
        found = {"shapley": value}
    if "nucleolus" not in found and (stable := least_core(game, limit)) is not None:
        found["least_core"] = stable.shares
    alone, whole = np.array([game.cost(1 << k) for k in range(n)]), game.cost(game.everyone)
    found |= _proportional(game, alone, whole)
    own = own_costs(game)
    parts = []
    for rule, cost in found.items():
        table = pd.DataFrame({"rule": rule, "player": game.players, "cost_alone": alone, "cost": cost, "own_cost": own})
        table["standard_error"] = error if rule == "shapley" else 0.0
        table["gain"], table["payment"] = table["cost_alone"] - table["cost"], table["cost"] - table["own_cost"]
        table["worse_off"] = (table["gain"] < -TOLERANCE * max(1.0, np.nanmax(np.abs(alone)))).astype(int)
        parts.append(table)
    return pd.concat(parts, ignore_index=True).sort_values(["rule", "player"], ignore_index=True)[SHARES]


def _proportional(game: Game, alone: np.ndarray, whole: float) -> dict[str, np.ndarray]:
    """Rules of thumb: the joint cost by emissions, by tonnes reduced, by cost alone; the joint gain in equal parts."""
    conf = game.conf
    emitted = conf.problem.enterprises["total_tco2e"].astype(float).clip(lower=0).to_numpy()
    active = conf.active(game.answer(game.everyone).chosen)
    saved = np.bincount(conf.firm[active], weights=conf.nominal.tco2e[active], minlength=len(emitted))
    weights = {"by_emissions": _by_player(game, emitted), "by_reduction": _by_player(game, np.maximum(saved, 0.0))}
    if (alone > 0).all():
        weights["by_cost_alone"] = alone
    shares = {rule: whole * w / w.sum() for rule, w in weights.items() if w.sum() > 0}
    return shares | {"equal_gain": alone - (alone.sum() - whole) / len(alone)}


def _by_player(game: Game, values: np.ndarray) -> np.ndarray:
    """Values of enterprises added up by player."""
    return np.bincount(game.player_of, weights=values, minlength=len(game.players))


def own_costs(game: Game) -> np.ndarray:
    """What the joint plan costs each player before any payment: its share of capital and operation less what its own use saves.

    Tonnes bought by all fall on players as their needs do.
    """
    conf, plan = game.conf, game.answer(game.everyone)
    places = [conf.place[i] for i in sorted(plan.chosen)]
    active = conf.active(plan.chosen)
    cost = conf.shares[:, places] @ conf.nominal.fixed[places]
    cost -= np.bincount(conf.firm[active], weights=conf.nominal.money[active], minlength=len(cost))
    needs = np.maximum(_by_player(game, game.need), 0.0)
    part = needs / needs.sum() if needs.sum() > 0 else np.full(len(needs), 1 / len(needs))
    return _by_player(game, cost) + part * game.price * plan.bought


def fairness(game: Game, shares: pd.DataFrame, seconds: float | None = None) -> pd.DataFrame:
    """Whether a coalition would rather leave, rule by rule: columns FAIRNESS, money in the objective's currency.

    `worst_excess`: by how much the worst-treated coalition is charged above its own cost; positive = outside the core. Where not
    all coalitions are known, `separation` seeks the worst one among all; `proved` is 1 where it is certain that none is treated
    worse, and `in_core` and `core_exists` are 1 or 0 where that is proved, else blank. `coalitions_checked` have a known cost.
    All in `seconds` together (else `time_limit_s` of `decision.csv`).
    """
    limit, rules = setting("time_limit_s") if seconds is None else seconds, shares.groupby("rule", sort=True)
    charged = {rule: mine.set_index("player")["cost"].reindex(game.players).to_numpy() for rule, mine in rules}
    everything, listed = 2 ** len(game.players) - 2, len(known_rows(game)[0])
    bounds = {rule: _bound(game, cost, limit / len(charged)) for rule, cost in charged.items()} if listed < everything else {}
    member, costs = known_rows(game)
    small = TOLERANCE * max(1.0, float(np.nanmax(np.abs(game.table()["cost"]))))
    names = [";".join(np.array(game.players)[row > 0]) for row in member]
    rows = []
    for rule, mine in rules:
        excess = member @ charged[rule] - costs
        worst = int(np.nanargmax(excess)) if np.isfinite(excess).any() else None
        amount = float(excess[worst]) if worst is not None else 0.0
        most = max(amount, bounds.get(rule, amount))
        stable = 0 if amount > small else 1 if most <= small else None
        who = names[worst] if worst is not None and stable == 0 else ""
        proved = int(most <= amount + small)
        rows.append((rule, stable, who, amount, int(mine["worse_off"].sum()), mine["gain"].min(), len(costs), everything, proved))
    table = pd.DataFrame(rows, columns=[name for name in FAIRNESS if name != "core_exists"])
    table["core_exists"] = 1 if (table["in_core"] == 1).any() else _core_exists(game, member, costs, small)
    return table[FAIRNESS]


def _bound(game: Game, cost: np.ndarray, seconds: float) -> float:
    """Above this no coalition is charged over its cost; the game remembers the coalition that comes nearest."""
    return worst_treated(game, cost, seconds).bound if np.isfinite(cost).all() else np.inf


def _core_exists(game: Game, member: np.ndarray, costs: np.ndarray, small: float) -> int | None:
    """0 where no shares satisfy the coalitions known, 1 where some do and these are all, else unknown."""
    whole = game.cost(game.everyone)
    if not len(costs) or not np.isfinite(whole):
        return None
    return 0 if lowest(member, costs, whole)[0] > small else 1 if len(costs) == 2 ** len(game.players) - 2 else None


def side_payments(shares: pd.DataFrame) -> pd.DataFrame:
    """Who pays whom under each rule, columns PAYMENTS: the largest payer settles with the largest receiver until all is settled."""
    rows = []
    for rule, mine in shares.groupby("rule", sort=True):
        left = dict(zip(mine["player"], mine["payment"], strict=True))
        least = TOLERANCE * max(1.0, mine["payment"].abs().max())
        while True:
            payer = max(left, key=lambda p: (left[p], p))
            taker = min(left, key=lambda p: (left[p], p))
            amount = min(left[payer], -left[taker])
            if not amount > least:
                break
            rows.append((rule, payer, taker, amount))
            left[payer] -= amount
            left[taker] += amount
    return pd.DataFrame(rows, columns=PAYMENTS)
