"""Shares of the joint plan's cost by several rules, side by side: what each pays, what it gains, and who would rather leave.

A gain is the cost alone less the share; a payment is the share less what the plan costs the player at its own site: positive, it
pays into the common purse; negative, it is paid. Payments of a rule add up to nil.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.risk.scenarios import setting
from workbench.sharing.coalitions import Game
from workbench.sharing.nucleolus import TOLERANCE, least_excess, nucleolus
from workbench.sharing.shapley import sampled_shapley, shapley

SHARES = ["rule", "player", "cost_alone", "cost", "standard_error", "gain", "own_cost", "payment", "worse_off"]
FAIRNESS = [
    "rule", "in_core", "worst_coalition", "worst_excess", "players_worse_off", "least_gain", "coalitions_checked", "coalitions",
    "core_exists",
]  # fmt: skip
PAYMENTS = ["rule", "from_player", "to_player", "sum_paid"]


def fair_shares(game: Game, seconds: float | None = None) -> pd.DataFrame:
    """Shares of the joint cost by rule, columns SHARES (currency of the objective), sorted by rule and player.

    Rules: `shapley` (exact up to `exact_players` of `decision.csv`, else sampled with its standard error), `nucleolus` (exact games
    only), `by_emissions`, `by_reduction`, `by_cost_alone` (only where every cost alone is positive), `equal_gain`. Blank
    costs where a coalition has none, which `Game.table` shows.
    """
    n, limit = len(game.players), setting("time_limit_s") if seconds is None else seconds
    costs = game.costs(limit) if n <= setting("exact_players") else None
    alone = np.array([game.cost(1 << k) for k in range(n)])
    whole, error = game.cost(game.everyone), np.zeros(n)
    if costs is not None:
        found = {"shapley": shapley(costs)}
        if np.isfinite(costs).all():
            found["nucleolus"] = nucleolus(costs)
    else:
        seed = game.conf.problem.settings.seed
        value, error, _ = sampled_shapley(game.cost, n, int(setting("permutations")), seed, limit)
        found = {"shapley": value}
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


def fairness(game: Game, shares: pd.DataFrame) -> pd.DataFrame:
    """Whether a coalition would rather leave, rule by rule: columns FAIRNESS, money in the objective's currency.

    `worst_excess`: by how much the worst-treated coalition is charged above its own cost; positive = outside the core.
    `coalitions_checked` are those whose cost is known: all in an exact game. `core_exists` is 1 or 0, blank where not all are.
    """
    table = game.table()
    known, small = np.array([s for s in game.solved if s != game.everyone], dtype=int), TOLERANCE
    costs = np.array([game.cost(s) for s in known])
    names = {s: ";".join(name for k, name in enumerate(game.players) if s >> k & 1) for s in known.tolist()}
    everything = 2 ** len(game.players) - 2
    exists = _core_exists(game) if len(known) == everything and np.isfinite(costs).all() else None
    rows = []
    for rule, mine in shares.groupby("rule", sort=True):
        cost = mine.set_index("player")["cost"].reindex(game.players).to_numpy()
        excess = np.array([cost[[k for k in range(len(cost)) if s >> k & 1]].sum() for s in known.tolist()]) - costs
        worst = int(np.nanargmax(excess)) if len(excess) and np.isfinite(excess).any() else None
        amount = float(excess[worst]) if worst is not None else 0.0
        stable = amount <= small * max(1.0, float(np.nanmax(np.abs(table["cost"]))))
        who = names[int(known[worst])] if worst is not None and not stable else ""
        rows.append(
            (rule, int(stable), who, amount, int(mine["worse_off"].sum()), mine["gain"].min(), len(known), everything, exists)
        )
    return pd.DataFrame(rows, columns=FAIRNESS)


def _core_exists(game: Game) -> int:
    costs = np.array([game.cost(s) for s in range(game.everyone + 1)])
    return int(least_excess(costs)[0] <= TOLERANCE * max(1.0, np.abs(costs).max()))


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
