"""The least core of a game whose coalitions are too many to list, by generating rows (Drechsel 2010, 10.1007/978-3-642-13725-9).

The least core holds the shares under which the coalition treated worst is charged least above its own cost:

    min e   s.t.   x(N) = c(N),   x(S) <= c(S) + e   for the coalitions met so far

Each answer is held against all coalitions by `separation`; the one treated worst is added until none is charged more than e above
its cost. e never exceeds the least excess of the whole game, so a positive e proves that the core is empty, and an answer without
a positive excess proves that it is not. Of the shares of the least core those nearest to equal gains are taken (least sum of
squares, by nonnegative least squares: Lawson, Hanson 1974, problem LDP), so that they do not depend on the order of the players.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog, nnls

from workbench.sharing.coalitions import Game
from workbench.sharing.nucleolus import TOLERANCE
from workbench.sharing.separation import worst_treated


@dataclass(frozen=True)
class LeastCore:
    """`shares` by player, the greatest `excess` any coalition has under them, the least excess reachable is `least` or more.

    `proved`: no coalition has a greater excess than `excess`, and no shares a smaller one, but for the solver's tolerance.
    """

    shares: np.ndarray
    excess: float
    least: float
    proved: bool


def least_core(game: Game, seconds: float) -> LeastCore | None:
    """Shares of the least core nearest to equal gains; None for one player, or where one alone or all together have no plan.

    In about `seconds`: when they are over, the best shares found so far, not `proved`.
    """
    n, end = len(game.players), time.monotonic() + seconds
    alone, whole = np.array([game.cost(1 << k) for k in range(n)]), game.cost(game.everyone)
    if n < 2 or not np.isfinite(alone).all() or not np.isfinite(whole):
        return None
    equal = alone - (alone.sum() - whole) / n
    small = TOLERANCE / 4 * max(1.0, np.abs(alone).max(), abs(whole))  # twice this still counts as nil
    best, least = LeastCore(equal, np.inf, -np.inf, False), -np.inf
    while not best.proved and (best.excess == np.inf or time.monotonic() < end):
        member, cost = known_rows(game)
        least, anyone = lowest(member, cost, whole)
        shares = nearest(equal, member, cost + least + small, anyone)
        worst = worst_treated(game, shares, max(0.1, end - time.monotonic()))
        proved = worst.bound <= least + 2 * small
        if proved or worst.bound < best.excess or best.excess == np.inf:
            best = LeastCore(shares, worst.bound, least, proved)
        if not proved and worst.excess <= least + 2 * small:  # the time was too short to find another coalition
            break
    return LeastCore(best.shares, best.excess, least, best.proved)


def known_rows(game: Game) -> tuple[np.ndarray, np.ndarray]:
    """Members (0/1) and cost of the coalitions met so far that have a cost, without everyone."""
    known = [s for s in game.solved if s != game.everyone and np.isfinite(game.cost(s))]
    member = np.array([[s >> k & 1 for k in range(len(game.players))] for s in known], dtype=float)
    return member.reshape(len(known), len(game.players)), np.array([game.cost(s) for s in known], dtype=float)


def lowest(member: np.ndarray, cost: np.ndarray, whole: float) -> tuple[float, np.ndarray]:
    """The least greatest excess over these coalitions (currency), and shares that reach it."""
    n, unit = member.shape[1], max(1.0, np.abs(cost).max(), abs(whole))
    found = linprog(
        np.append(np.zeros(n), 1.0), A_ub=np.hstack([member, -np.ones((len(member), 1))]), b_ub=cost / unit,
        A_eq=np.append(np.ones(n), 0.0)[None], b_eq=[whole / unit], bounds=(None, None), method="highs",
    )  # fmt: skip
    return float(found.fun * unit), found.x[:n] * unit


def nearest(wanted: np.ndarray, member: np.ndarray, most: np.ndarray, else_: np.ndarray) -> np.ndarray:
    """The shares nearest to `wanted`, with the same sum, that charge no coalition above `most`; `else_` where digits do not do."""
    unit = max(1.0, np.abs(wanted).max(), np.abs(most).max())
    room = (most - member @ wanted) / unit
    level = member.mean(axis=1, keepdims=True) - member  # moves that add up to nil
    system = np.vstack([level.T, -room])
    goal = np.append(np.zeros(len(wanted)), 1.0)
    try:
        weights, _ = nnls(system, goal)
    except RuntimeError:
        return else_
    rest = system @ weights - goal
    if abs(rest[-1]) < TOLERANCE:
        return else_
    shares = wanted - rest[:-1] / rest[-1] * unit
    return shares if (member @ shares <= most + TOLERANCE * unit).all() else else_
