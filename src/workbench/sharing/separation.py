"""The coalition treated worst, found without listing coalitions: one mixed-integer program over members and projects together.

For given shares x the excess of a coalition is what it is charged above its own cost, x(S) - c(S). The greatest excess of all

    max  sum_k x_k y_k - cost of a plan          y_k = 1 where player k is a member, at least one and not all

takes the best plan of the coalition by itself, so that c(S) need not be known. What depends on who is a member becomes a row:

    project i           x_i <= y_k                                   for every player k that it needs
    need                saved + bought >= sum_k need_k y_k           the members' tonnes together
    emission limit      saved_e + bought_e >= limit_e y_k            of enterprise e of player k; who is no member saves nothing
    cluster's capital   capital <= limit sum_k part_k y_k            the part falls as emissions do
    group's least       sum_i x_i >= least (1 - sum_k (1 - y_k))     over the players the group needs: in force if all are members

A coalition whose rules contradict each other has no plan and so no excess: it cannot leave.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from workbench.selection.mixed_integer import Program, minimise
from workbench.sharing.coalitions import Answer, Game

_SIZE = 100.0  # the largest share in the program's unit of money, so that the solver's tolerances are small beside it


@dataclass(frozen=True)
class Worst:
    """The `coalition` found to be treated worst (0: none found), its `excess`, and `bound`, above which no excess can lie."""

    coalition: int
    excess: float
    bound: float


def worst_treated(game: Game, shares: np.ndarray, seconds: float | None = None) -> Worst:
    """The coalition of greatest excess under `shares` (currency by player); the game remembers its plan.

    In `seconds` (else the time limit of the settings) at most: then `bound` may lie above `excess`. One player alone has no other
    coalition: minus infinity.
    """
    n = len(game.players)
    if n < 2:
        return Worst(0, -np.inf, -np.inf)
    made, conf = coalition_program(game), game.conf
    unit = max(1.0, np.abs(shares).max(), abs(game.cost(game.everyone))) / _SIZE
    cost = np.concatenate([made.cost[:-n], -np.asarray(shares, dtype=float)]) / unit
    found = minimise(
        Program(cost, made.rows, made.row_low, made.row_high, made.low, made.high, made.whole), conf.problem.settings, seconds, 0.0
    )
    if found.status == "infeasible":
        return Worst(0, -np.inf, -np.inf)
    if found.x is None:
        return Worst(0, -np.inf, -found.bound * unit)
    coalition = sum(1 << k for k in np.flatnonzero(found.x[-n:] > 0.5).tolist())
    plan = Answer("optimal", float(made.cost @ found.x), float(found.x[conf.columns : -n].sum()), conf.chosen(found.x))
    game.learn(coalition, plan)
    excess = float(np.asarray(shares) @ (found.x[-n:] > 0.5)) - game.cost(coalition)
    return Worst(coalition, excess, excess if found.status == "optimal" else max(excess, -found.bound * unit))


def coalition_program(game: Game) -> Program:
    """Least cost over all coalitions that are neither nobody nor everyone: the columns of the game's program, then the players."""
    made, bound = game.program
    n, conf = len(game.players), game.conf
    tied = np.zeros((made.rows.shape[0], n))
    low, high = made.row_low.copy(), made.row_high.copy()
    tied[-1], low[-1] = -_by_player(game, game.need), 0.0
    for row, firm in zip(len(low) - 1 - len(bound) + np.arange(len(bound)), bound, strict=True):
        tied[row, game.player_of[firm]] = -low[row]
        low[row] = 0.0
    limit, row = game.capital_limit, game.capital_row
    if limit is not None:
        tied[row], high[row] = -limit * _by_player(game, game.capital_part), 0.0
    groups = _groups(game, made, low)
    low[list(conf.group_rows)] = -np.inf
    member = _memberships(game, made)
    size = (np.concatenate([np.zeros(len(made.cost)), np.ones(n)])[None], np.ones(1), np.full(1, n - 1.0))
    whole = sparse.hstack([made.rows, sparse.csr_array(tied)], format="csr")
    parts = [(whole, low, high), groups, member, size]
    return Program(
        np.append(made.cost, np.zeros(n)),
        sparse.vstack([sparse.csr_array(rows) for rows, _, _ in parts], format="csr"),
        np.concatenate([least for _, least, _ in parts]), np.concatenate([most for _, _, most in parts]),
        np.append(made.low, np.zeros(n)), np.append(made.high, np.ones(n)), np.append(made.whole, np.ones(n, dtype=bool)),
    )  # fmt: skip


def _by_player(game: Game, values: np.ndarray) -> np.ndarray:
    return np.bincount(game.player_of, weights=values, minlength=len(game.players))


def needed(game: Game) -> np.ndarray:
    """Players that each project needs: projects x players."""
    table = np.zeros((len(game.parties), len(game.players)), dtype=bool)
    for firm, player in enumerate(game.player_of):
        table[:, player] |= game.parties[:, firm]
    return table


def _groups(game: Game, made: Program, least: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The least number of a group, asked for only where every player that its projects need is a member."""
    players, rows, low = needed(game), [], []
    for row, inside in game.conf.group_rows.items():
        here = players[inside].any(axis=0) if inside else np.zeros(players.shape[1], dtype=bool)
        rows.append(np.concatenate([made.rows[[row]].toarray()[0], -least[row] * here]))
        low.append(least[row] * (1 - here.sum()))
    columns = made.rows.shape[1] + players.shape[1]
    return np.array(rows).reshape(len(rows), columns), np.array(low, dtype=float), np.full(len(rows), np.inf)


def _memberships(game: Game, made: Program) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
    """x_i - y_k <= 0 for every project and player that it needs."""
    project, player = np.nonzero(needed(game))
    count, columns = len(project), made.rows.shape[1]
    where = (np.tile(np.arange(count), 2), np.concatenate([project, columns + player]))
    rows = sparse.csr_array((np.repeat([1.0, -1.0], count), where), shape=(count, columns + len(game.players)))
    return rows, np.full(count, -np.inf), np.zeros(count)
