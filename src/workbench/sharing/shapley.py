"""The Shapley value: what a player adds to the cost on average over all orders of joining (Shapley 1953).

phi_i = sum over S without i of  |S|! (n - |S| - 1)! / n!  (c(S with i) - c(S)).  The only rule that shares all, treats equals
alike, charges nothing to whom nothing is added, and adds up over games.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np


def shapley(costs: np.ndarray) -> np.ndarray:
    """Shapley value from the costs of all 2^n coalitions (bit k of the index: player k is a member)."""
    n = len(costs).bit_length() - 1
    size = np.array([s.bit_count() for s in range(len(costs))])
    weight = np.array([math.factorial(k) * math.factorial(n - k - 1) / math.factorial(n) for k in range(n)] + [0.0])
    value = np.zeros(n)
    for k in range(n):
        without = np.flatnonzero(~np.arange(len(costs)) >> k & 1)
        value[k] = (weight[size[without]] * (costs[without | 1 << k] - costs[without])).sum()
    return value


def sampled_shapley(
    cost: Callable[[int], float], players: int, permutations: int, seed: int, seconds: float = math.inf
) -> tuple[np.ndarray, np.ndarray, int]:
    """Shapley value by drawn orders of joining, each with its reverse: estimate, standard error, pairs of orders used.

    The estimates add up to the cost of all. An order and its reverse count as one observation (Castro, Gomez and Tejada 2009 for
    the sampling; the reverse takes out what depends on being early). No further pair is begun after `seconds`.
    """
    generator, end, seen = np.random.Generator(np.random.PCG64(seed)), time.monotonic() + seconds, []
    for _ in range(max(1, permutations // 2)):
        if seen and time.monotonic() > end:
            break
        order = generator.permutation(players)
        seen.append((_added(cost, order) + _added(cost, order[::-1])) / 2)
    table = np.array(seen)
    error = table.std(axis=0, ddof=1) / math.sqrt(len(table)) if len(table) > 1 else np.full(players, np.nan)
    return table.mean(axis=0), error, len(table)


def _added(cost: Callable[[int], float], order: np.ndarray) -> np.ndarray:
    """What each player adds when all join in this order."""
    added, coalition, before = np.zeros(len(order)), 0, 0.0
    for player in order:
        coalition |= 1 << int(player)
        now = cost(coalition)
        added[player], before = now - before, now
    return added
