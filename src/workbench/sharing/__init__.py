"""Who pays: the cost of every coalition of enterprises, fair shares of the joint plan, side payments, trading of the budget."""

from workbench.sharing.agreement import Agreement, agree
from workbench.sharing.allowances import allowances
from workbench.sharing.coalitions import Game, game, main_players
from workbench.sharing.fair_shares import fair_shares, fairness, side_payments
from workbench.sharing.trading import Market, trade

__all__ = [
    "Agreement", "Game", "Market", "agree", "allowances", "fair_shares", "fairness", "game", "main_players", "side_payments",
    "trade",
]  # fmt: skip
