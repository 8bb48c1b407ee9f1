"""Core and nucleolus of a cost game.

The excess of a coalition is what it is charged above its own cost, x(S) - c(S). The core holds the shares under which no coalition
has a positive excess: none could do better alone. The nucleolus makes the largest excess least, then the next, and so on
(Schmeidler 1969); it lies in the core when there is one. Computed by a sequence of linear programs (Maschler, Peleg, Shapley 1979):

    min e   s.t.   x(N) = c(N),   x(S) <= c(S) + e  for coalitions still open,   x(S) = c(S) + e_k  for those settled in step k

Coalitions with a positive dual are settled; those whose charge follows from settled ones are left out.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

TOLERANCE = 1e-7  # of the largest cost: what counts as nil


def least_excess(costs: np.ndarray) -> tuple[float, np.ndarray]:
    """The least reachable largest excess (currency) and shares that reach it; the core is empty when it is positive.

    One player alone has no other coalition: minus infinity.
    """
    n = len(costs).bit_length() - 1
    if n < 2:
        return -np.inf, costs[-1:].astype(float)
    member = _members(n)
    inner = np.arange(1, len(costs) - 1)
    excess, shares, _ = _program(costs, member, inner, member[-1:], costs[-1:], None)
    return excess, shares


def nucleolus(costs: np.ndarray) -> np.ndarray:
    """Nucleolus of the cost game given by the costs of all 2^n coalitions.

    No player is charged more than its own cost where that is possible at all (imputations); else the prenucleolus.
    """
    n = len(costs).bit_length() - 1
    if n < 2:
        return costs[-1:].astype(float)
    member, small = _members(n), TOLERANCE * max(1.0, np.abs(costs).max())
    alone = np.array([costs[1 << k] for k in range(n)])
    most = alone if alone.sum() >= costs[-1] - small else None
    settled, charge = member[-1:], costs[-1:].astype(float)
    open_ = np.arange(1, len(costs) - 1)
    while np.linalg.matrix_rank(settled) < n and len(open_):
        excess, shares, dual = _program(costs, member, open_, settled, charge, most)
        tight = open_[dual > 1e-9]
        if not len(tight):
            tight = open_[np.abs(member[open_] @ shares - costs[open_] - excess) <= small]
        for coalition in tight:
            if np.linalg.matrix_rank(np.vstack([settled, member[coalition]])) > np.linalg.matrix_rank(settled):
                settled, charge = np.vstack([settled, member[coalition]]), np.append(charge, costs[coalition] + excess)
        open_ = _independent(open_, member, settled)
    return np.linalg.lstsq(settled, charge, rcond=None)[0] if np.linalg.matrix_rank(settled) == n else shares


def _independent(open_: np.ndarray, member: np.ndarray, settled: np.ndarray) -> np.ndarray:
    """Coalitions whose charge does not follow from the settled ones."""
    basis, _ = np.linalg.qr(settled.T)
    rest = member[open_] - (member[open_] @ basis) @ basis.T
    return open_[np.abs(rest).max(axis=1) > 1e-9]


def _members(n: int) -> np.ndarray:
    """Rows of 0/1: who belongs to each coalition."""
    return (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(float)


def _program(
    costs: np.ndarray, member: np.ndarray, open_: np.ndarray, settled: np.ndarray, charge: np.ndarray, most: np.ndarray | None
) -> tuple[float, np.ndarray, np.ndarray]:
    """Least largest excess of the open coalitions, shares, and the duals of the open coalitions (as positive numbers)."""
    scale = max(1.0, np.abs(costs).max())
    n = member.shape[1]
    bounds = [(None, None if most is None else m / scale) for m in (most if most is not None else np.zeros(n))] + [(None, None)]
    found = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=np.hstack([member[open_], -np.ones((len(open_), 1))]), b_ub=costs[open_] / scale,
        A_eq=np.hstack([settled, np.zeros((len(settled), 1))]), b_eq=charge / scale, bounds=bounds, method="highs",
    )  # fmt: skip
    if found.x is None and most is not None:  # settled charges and bounds may miss each other by the last digit
        return _program(costs, member, open_, settled, charge, None)
    return float(found.fun * scale), found.x[:n] * scale, -found.ineqlin.marginals
