"""Who pays for the joint plan, in one call: allowances, coalitions, fair shares and their stability, payments, the market."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from workbench.risk.scenarios import setting
from workbench.selection import configurations
from workbench.selection.problem import Problem
from workbench.sharing.allowances import allowances
from workbench.sharing.coalitions import game, main_players
from workbench.sharing.fair_shares import FAIRNESS, PAYMENTS, SHARES, fair_shares, fairness, side_payments
from workbench.sharing.trading import SUPPLY, TRADES, Market, trade


@dataclass(frozen=True)
class Agreement:
    """Tables `allowances`, `coalitions`, `shares`, `fairness`, `payments`, the `market`, and the `price` of missing tonnes."""

    allowances: pd.DataFrame
    coalitions: pd.DataFrame
    shares: pd.DataFrame
    fairness: pd.DataFrame
    payments: pd.DataFrame
    market: Market
    price: float

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by the names they have in a run's folder."""
        return {
            "allowances": self.allowances, "coalitions": self.coalitions, "fair_shares": self.shares, "fairness": self.fairness,
            "side_payments": self.payments, "trades": self.market.trades, "market": self.market.summary,
            "market_supply": self.market.supply,
        }  # fmt: skip


def agree(
    problem: Problem, rule: str = "emissions", price: float | None = None, most_players: int | None = None,
    currency: str = "", seconds: float | None = None,
) -> Agreement:  # fmt: skip
    """Share the least cost of a problem among its enterprises.

    `rule` gives the allowances (emissions or emission_limit); `price` per missing tonne, else `risk.monte_carlo.buyout_price`;
    more enterprises than `most_players` (else of `decision.csv`): the smallest act as one player, `others`. Without an enterprise
    there is nothing to share: empty tables.
    """
    conf = configurations.configurations(problem)
    most = int(setting("players")) if most_players is None else most_players
    made = game(conf, rule, price, main_players(conf, most))
    if not made.players:
        shares, stable, paid, trades, supply = (pd.DataFrame(columns=c) for c in (SHARES, FAIRNESS, PAYMENTS, TRADES, SUPPLY))
        market = Market(trades, supply, pd.DataFrame(columns=["item", "value", "unit"]))
        return Agreement(allowances(conf.problem, rule), made.table(), shares, stable, paid, market, made.price)
    shares = fair_shares(made, seconds)
    stable, paid = fairness(made, shares, seconds), side_payments(shares)
    return Agreement(allowances(conf.problem, rule), made.table(), shares, stable, paid, trade(made, currency), made.price)
