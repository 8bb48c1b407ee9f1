"""What every coalition of enterprises could do by itself: the cost game of the cluster.

c(S) is the least cost at which the members of S save together what they must (their pooled allowances), with the projects that
need nobody outside S: a joint project needs all who own it, pay for it or save by it. Members keep their capital limits and their
emission limits; the cluster's capital limit falls to coalitions as emissions do; caps on energy, intensity, efforts and leakage
are left out. What a coalition cannot save it buys at a stated price, so that every coalition has a cost and merging never costs
more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from workbench.risk.monte_carlo import buyout_price
from workbench.selection import configurations
from workbench.selection.configurations import Configurations
from workbench.selection.mixed_integer import Program, minimise
from workbench.sharing.allowances import allowances

COALITIONS = ["coalition", "players", "need_tco2e", "cost", "bought_tco2e", "projects", "status"]
OTHERS = "others"
CLUSTER_ONLY = ("intensity", "energy_limit", "efforts", "leakage")  # limits that do not fall to coalitions


@dataclass(frozen=True)
class Answer:
    """A coalition's plan: `status`, `cost`, tonnes `bought`, `chosen` projects."""

    status: str
    cost: float
    bought: float
    chosen: frozenset[str]


class Game:
    """The cost game. `players` in order; coalitions are numbers whose bit k says that player k is a member.

    `cost(S)` solves a coalition once and remembers it. `price`: currency per tonne bought.
    """

    def __init__(self, conf: Configurations, needs: pd.DataFrame, players: dict[str, str], price: float) -> None:
        self.conf, self.price = configurations.without(conf, *CLUSTER_ONLY), price
        firms = conf.problem.enterprises["enterprise_id"].tolist()
        self.players = tuple(sorted(set(players.values()), key=lambda name: (name == OTHERS, name)))
        self.player_of = np.array([self.players.index(players[firm]) for firm in firms], dtype=int)
        self.need = needs.set_index("enterprise_id")["need_tco2e"].reindex(firms).to_numpy()
        self._known: dict[int, Answer] = {0: Answer("optimal", 0.0, 0.0, frozenset())}

    @property
    def everyone(self) -> int:
        """The coalition of all players."""
        return 2 ** len(self.players) - 1

    def members(self, coalition: int) -> np.ndarray:
        """Which enterprises belong to a coalition."""
        return (coalition >> self.player_of & 1).astype(bool)

    def answer(self, coalition: int) -> Answer:
        """The plan of a coalition."""
        if coalition not in self._known:
            self._known[coalition] = self._solve(coalition)
        return self._known[coalition]

    def learn(self, coalition: int, plan: Answer) -> None:
        """Remember a plan of a coalition that was found elsewhere, where none as cheap is known."""
        known = self._known.get(coalition)
        if known is None or not known.cost <= plan.cost:
            self._known[coalition] = plan

    def cost(self, coalition: int) -> float:
        """Least cost of a coalition in the money of the objective; NaN where its rules contradict each other."""
        return self.answer(coalition).cost

    def costs(self, seconds: float | None = None) -> np.ndarray | None:
        """Costs of all 2^n coalitions; None when `seconds` are over first."""
        end = time.monotonic() + seconds if seconds is not None else np.inf
        values = np.zeros(self.everyone + 1)
        for coalition in range(1, self.everyone + 1):
            if time.monotonic() > end:
                return None
            values[coalition] = self.cost(coalition)
        return values

    @property
    def solved(self) -> list[int]:
        """Coalitions whose cost is known, without nobody."""
        return sorted(set(self._known) - {0})

    @cached_property
    def singles(self) -> Game:
        """The same game with every enterprise a player of its own, in the order of the enterprises."""
        firms = self.conf.problem.enterprises["enterprise_id"].tolist()
        needs = pd.DataFrame({"enterprise_id": firms, "need_tco2e": self.need})
        return Game(self.conf, needs, {firm: firm for firm in firms}, self.price)

    def table(self) -> pd.DataFrame:
        """Every coalition solved so far, columns COALITIONS, by size and name."""
        rows = []
        for coalition in self.solved:
            found = self._known[coalition]
            names = [name for k, name in enumerate(self.players) if coalition >> k & 1]
            needed = self.need[self.members(coalition)].sum()
            rows.append((";".join(names), len(names), needed, found.cost, found.bought, len(found.chosen), found.status))
        return pd.DataFrame(rows, columns=COALITIONS).sort_values(["players", "coalition"], ignore_index=True)

    @cached_property
    def parties(self) -> np.ndarray:
        """Enterprises that each project needs (projects x enterprises): owner, payers, and those whose use it changes."""
        conf = self.conf
        table = (conf.shares.T > 0).copy()
        table[np.arange(len(conf.owner)), conf.owner] = True
        for place, term in zip(conf.firm, conf.terms, strict=True):
            for project in term.projects:
                touches = conf.problem.pools[term.pool].projects
                table[conf.place[project], place] |= project in touches
        return table

    @cached_property
    def program(self) -> tuple[Program, np.ndarray]:
        """The program of everyone with a slack for every emission limit, and the enterprises of those limits."""
        conf = self.conf
        made = configurations.program(conf, conf.nominal, 0.0, self.price)
        own = conf.problem.enterprises["emission_limit_tco2e"].astype(float).to_numpy()
        bound = np.flatnonzero(np.isfinite(own)) if "emission_limit" not in conf.problem.relaxed else np.zeros(0, dtype=int)
        rows = made.rows.shape[0]
        slack = sparse.csr_array(
            (np.ones(len(bound)), (rows - 1 - len(bound) + np.arange(len(bound)), np.arange(len(bound)))), shape=(rows, len(bound))
        )
        more = np.full(len(bound), np.inf)
        matrix = sparse.hstack([made.rows[:, :-1], slack, made.rows[:, -1:]], format="csr")
        cost = np.concatenate([made.cost[:-1], np.full(len(bound), self.price), made.cost[-1:]])
        low, high = np.zeros(len(cost)), np.concatenate([made.high[:-1], more, made.high[-1:]])
        whole = np.concatenate([made.whole[:-1], np.zeros(len(bound), dtype=bool), made.whole[-1:]])
        return Program(cost, matrix, made.row_low, made.row_high, low, high, whole), bound

    def _solve(self, coalition: int) -> Answer:
        made, bound = self.program
        members, conf = self.members(coalition), self.conf
        allowed = ~(self.parties & ~members).any(axis=1)
        high = made.high.copy()
        high[: len(allowed)] = np.where(allowed, 1.0, 0.0)
        low, most = made.row_low.copy(), made.row_high.copy()
        low[-1] = self.need[members].sum()
        limits = np.arange(len(bound)) + len(low) - 1 - len(bound)
        low[limits[~members[bound]]] = -np.inf
        low[self.groups_short(allowed)] = -np.inf
        self.share_capital(members, most)
        found = minimise(replace(made, high=high, row_low=low, row_high=most), conf.problem.settings)
        if found.x is None:
            return Answer(found.status, np.nan, np.nan, frozenset())
        return Answer(found.status, found.value, float(found.x[conf.columns :].sum()), conf.chosen(found.x))

    def groups_short(self, allowed: np.ndarray) -> list[int]:
        """Rows of groups whose least number a coalition need not reach, because some of the group are not its own."""
        return [row for row, inside in self.conf.group_rows.items() if not all(allowed[n] for n in inside)]

    @property
    def capital_limit(self) -> float | None:
        """The cluster's capital limit, where there is one in force."""
        problem = self.conf.problem
        return None if "capital" in problem.relaxed else problem.settings.capital_limit

    @property
    def capital_row(self) -> int:
        """The row of the program that holds the cluster's capital limit."""
        return self.conf.rules[0].shape[0]

    @cached_property
    def capital_part(self) -> np.ndarray:
        """The part of the cluster's capital limit that falls to each enterprise: as emissions do."""
        emitted = self.conf.problem.enterprises["total_tco2e"].astype(float).clip(lower=0).to_numpy()
        return emitted / emitted.sum() if emitted.sum() > 0 else np.full(len(emitted), 1 / len(emitted))

    def share_capital(self, members: np.ndarray, most: np.ndarray) -> None:
        """The cluster's capital limit falls to a coalition as the emissions do."""
        if self.capital_limit is not None:
            most[self.capital_row] = self.capital_limit * self.capital_part[members].sum()


def game(conf: Configurations, rule: str = "emissions", price: float | None = None, players: dict[str, str] | None = None) -> Game:
    """The cost game of a problem: allowances by `rule`, missing tonnes at `price` (else `risk.monte_carlo.buyout_price`).

    `players`: enterprise → player, where several enterprises act as one (see `main_players`); else each is one.
    """
    firms = conf.problem.enterprises["enterprise_id"].tolist()
    price = buyout_price(conf) if price is None else price
    return Game(conf, allowances(conf.problem, rule), players or {firm: firm for firm in firms}, price)


def main_players(conf: Configurations, most: int) -> dict[str, str]:
    """The largest emitters as players of their own, the rest as one player `others`, no more than `most` in all."""
    firms = conf.problem.enterprises.sort_values(["total_tco2e", "enterprise_id"], ascending=[False, True])[
        "enterprise_id"
    ].tolist()
    kept = firms if len(firms) <= most else firms[: most - 1]
    return {firm: firm if firm in kept else OTHERS for firm in firms}


def from_costs(players: tuple[str, ...], cost: Callable[[frozenset[str]], float]) -> np.ndarray:
    """Costs of all coalitions of a game given by a function of the set of members."""
    sets = (frozenset(p for k, p in enumerate(players) if s >> k & 1) for s in range(2 ** len(players)))
    return np.array([cost(s) if s else 0.0 for s in sets])
