"""Trading of allowances between enterprises: each answers a price, and the price is sought at which supply meets demand.

At price p an enterprise with need R_e takes the plan that makes  cost_e - p (saved_e - R_e)  least: it sells what it saves above
its need and buys what it saves less. Supply less demand, sum_e (saved_e - R_e), never falls as the price rises, but jumps where
a project that cannot be divided pays. Bisection closes in on the jump where it turns; the market clears when it is nil there,
when nobody is short at a price of nil, or at the price of missing tonnes, which bounds all others: what is short is bought outside
at it. Otherwise no price clears: the side without shortage is shown, with the tonnes left unsold
and what the outcome costs above the planner's optimum. Projects that need several enterprises are no single one's to choose; the
planner's optimum is shown with and without them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from workbench.selection import configurations
from workbench.selection.mixed_integer import Program, minimise
from workbench.sharing.coalitions import Game

TRADES = [
    "enterprise_id", "need_tco2e", "saved_tco2e", "sold_tco2e", "bought_tco2e", "abatement_cost", "paid", "cost_with_trade",
    "cost_without_trade", "gain", "projects",
]  # fmt: skip
SUPPLY = ["price", "excess_tco2e", "saved_tco2e", "cost"]
_CLOSE = 1e-9  # relative width at which the bisection of the price ends


@dataclass(frozen=True)
class Market:
    """`trades` by enterprise, `supply` at every price tried, and the `summary`: item, value, unit."""

    trades: pd.DataFrame
    supply: pd.DataFrame
    summary: pd.DataFrame


def trade(game: Game, currency: str = "") -> Market:
    """Seek the clearing price of a game's allowances; money in the objective's currency, price per tCO2e and year.

    Enterprises that no price makes save enough buy the rest at the game's price for missing tonnes, with trade and without.
    """
    firms = [_Firm(game, place) for place in range(len(game.need))]
    tried: dict[float, tuple[float, float, float]] = {}

    def excess(price: float) -> float:
        answers = [firm.answer(price) for firm in firms]
        saved, cost = sum(a[0] for a in answers), sum(a[1] for a in answers)
        tried[price] = (saved - game.need.sum(), saved, cost)
        return tried[price][0]

    small = 1e-6 * max(1.0, abs(game.need.sum()))
    below, price = _turn(excess, game.price, small)
    clears = tried[price][0] <= small or price == 0
    ends = (price, _last(excess, price, game.price, small)) if clears else (below, price)
    price = sum(ends) / 2 if clears else price
    excess(price)
    supply = pd.DataFrame([(p, *v) for p, v in sorted(tried.items())], columns=SUPPLY)
    trades = _trades(game, firms, price)
    prices = {"clears": float(clears), "price": price, "price_low": ends[0], "price_high": ends[1]}
    tonnes = {"excess_below_tco2e": tried[below][0], "excess_tco2e": tried[price][0]}
    return Market(trades, supply, _summary(game, trades, prices, tonnes, currency))


def _turn(excess, most: float, small: float) -> tuple[float, float]:
    """The interval of prices, closed in as far as digits go, below which allowances are short and above which they are not."""
    if excess(0.0) >= -small:
        return 0.0, 0.0
    if excess(most) < -small:
        return most, most
    low, high = 0.0, most
    while high - low > _CLOSE * most:
        middle = (low + high) / 2
        low, high = (low, middle) if excess(middle) >= -small else (middle, high)
    return low, high


def _last(excess, price: float, most: float, small: float) -> float:
    """The highest price at which nothing is left unsold, as far as digits go."""
    low, high = price, most
    if excess(most) <= small:
        return most
    while high - low > _CLOSE * most:
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) <= small else (low, middle)
    return low


class _Firm:
    """One enterprise's own choice among the projects that need nobody else."""

    def __init__(self, game: Game, place: int) -> None:
        self.game, self._known = game, {}
        conf = configurations.without(game.conf, "emission_limit")  # allowances stand in for limits where they can be traded
        made = configurations.program(conf, conf.nominal, 0.0, game.price)
        alone = game.parties.sum(axis=1) == 1
        high = made.high.copy()
        high[: len(alone)] = alone & game.parties[:, place]
        low, most = made.row_low.copy(), made.row_high.copy()
        low[game.groups_short(high[: len(alone)] > 0)] = -np.inf
        members = np.arange(len(game.need)) == place
        game.share_capital(members, most)
        self.saving = np.append(conf.net_saving(conf.nominal.tco2e), 0.0)
        low[-1] = -np.inf
        high[-1] = 0.0
        self.program = Program(made.cost, made.rows, low, most, made.low, high, made.whole)

    def answer(self, price: float) -> tuple[float, float, frozenset[str]]:
        """Tonnes saved, cost of saving them and projects at a price; among equals the plan that saves more."""
        if price not in self._known:
            self._known[price] = self._solve(price)
        return self._known[price]

    def _solve(self, price: float) -> tuple[float, float, frozenset[str]]:
        if not self.program.high.any():
            return 0.0, 0.0, frozenset()
        found = minimise(replace(self.program, cost=self.program.cost - price * self.saving), self.game.conf.problem.settings)
        if found.x is None:
            return 0.0, 0.0, frozenset()
        return float(self.saving @ found.x), float(self.program.cost @ found.x), self.game.conf.chosen(found.x)


def _trades(game: Game, firms: list[_Firm], price: float) -> pd.DataFrame:
    """What each does at the price; who has nothing to sell to is left with part of its surplus, in proportion."""
    answers = [firm.answer(price) for firm in firms]
    saved, cost = (np.array([a[k] for a in answers]) for k in (0, 1))
    over = saved - game.need
    offered, asked = np.maximum(over, 0.0).sum(), np.maximum(-over, 0.0).sum()
    sold = np.maximum(over, 0.0) * (min(1.0, asked / offered) if offered > 0 else 0.0)
    got = np.maximum(-over, 0.0) * (min(1.0, offered / asked) if asked > 0 else 0.0)
    short = np.maximum(-over, 0.0) - got
    paid = price * (got - sold) + game.price * short
    alone = np.array([game.singles.cost(1 << place) for place in range(len(firms))])
    names = game.conf.problem.enterprises["enterprise_id"].to_numpy()
    table = pd.DataFrame(
        {
            "enterprise_id": names, "need_tco2e": game.need, "saved_tco2e": saved, "sold_tco2e": sold,
            "bought_tco2e": got + short, "abatement_cost": cost, "paid": paid, "cost_with_trade": cost + paid,
            "cost_without_trade": alone, "gain": alone - cost - paid, "projects": [len(a[2]) for a in answers],
        }
    )  # fmt: skip
    return table[TRADES].sort_values("enterprise_id", ignore_index=True)


def _summary(game: Game, trades: pd.DataFrame, prices: dict, tonnes: dict, currency: str) -> pd.DataFrame:
    """The market beside the planner: prices, tonnes, money and the two gaps, of what cannot be divided and of joint projects."""
    alone, per = _without_joint(game), f"{currency}/tCO2e"
    planner, traded = game.answer(game.everyone).cost, trades["cost_with_trade"].sum()
    small = 1e-6 * max(1.0, trades["cost_without_trade"].abs().max())
    tonnes = tonnes | {"volume_tco2e": trades["sold_tco2e"].sum(), "short_tco2e": max(0.0, -tonnes["excess_tco2e"])}
    money = {
        "cost_with_trade": traded, "cost_without_trade": trades["cost_without_trade"].sum(), "planner_without_joint": alone,
        "planner": planner, "gap_indivisible": traded - alone, "gap_joint": alone - planner,
    }  # fmt: skip
    money = {name: 0.0 if abs(value) < small else value for name, value in money.items()}
    rows = [(name, value, "1" if name == "clears" else per) for name, value in prices.items()]
    rows += [(name, value, "tCO2e") for name, value in tonnes.items()] + [(name, value, currency) for name, value in money.items()]
    rows.append(("worse_off", float((trades["gain"] < -small).sum()), "1"))
    return pd.DataFrame(rows, columns=["item", "value", "unit"])


def _without_joint(game: Game) -> float:
    """The planner's least cost without the projects that need several enterprises; no emission limits, which trade replaces."""
    conf = configurations.without(game.conf, "emission_limit")
    made = configurations.program(conf, conf.nominal, game.need.sum(), game.price)
    high = made.high.copy()
    high[: len(game.parties)] = game.parties.sum(axis=1) == 1
    return minimise(replace(made, high=high), conf.problem.settings).value
