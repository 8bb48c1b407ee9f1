"""A large choice solved by its parts: a price on what couples them (carbon, capital of the cluster), each part solved alone.

Dantzig-Wolfe decomposition (Dantzig and Wolfe 1960, Operations Research 8:101). Without the coupling rows the program falls into
parts, each within an enterprise. At prices y of the coupling rows every part is solved for itself, which gives a bound,

    L(y) = y b + sum_k min { (c_k - y A_k) x : x in part k }   <=   optimum,

and a proposal of each part; the master program mixes the proposals at least cost within the coupling rows, and its duals are the
next prices. At most one part a coupling row is mixed: those parts are solved again together, the others keep their proposal.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from workbench.params import Settings
from workbench.selection.mixed_integer import Program, minimise, relaxed

ROUNDS = 30  # most rounds of prices
TOGETHER = 400  # columns of parts that are handed to the solver at once: a call costs more than a small part
WIDER = 4  # how many times more parts are opened when those opened allow no plan
MOST_TIES = 8  # most coupling rows looked for
ASIDE = (0.8, 1.25)  # the first proposals are asked for at the relaxed prices and to either side of them
LARGEST = 0.25  # share of the columns that the largest part may have
_SURE = 1e-6  # a proposal this near to one is taken as chosen


@dataclass(frozen=True)
class Decomposed:
    """`x` (None without a plan), its `value`, the proven `bound`, the `prices` of the coupling rows, and how it went."""

    x: np.ndarray | None
    value: float
    bound: float
    prices: np.ndarray
    parts: int
    rounds: int

    @property
    def gap(self) -> float:
        """Distance of value and bound, relative to the value."""
        return abs(self.value - self.bound) / max(1e-9, abs(self.value))


def coupling_rows(program: Program) -> np.ndarray | None:
    """The few long rows without which no part has more than LARGEST of the columns; None where MOST_TIES do not suffice."""
    rows = sparse.csr_array(program.rows)
    longest = np.argsort(-np.diff(rows.indptr), kind="stable")[:MOST_TIES]
    for count in range(1, len(longest) + 1):
        part = _parts(rows[np.setdiff1d(np.arange(rows.shape[0]), longest[:count])])
        if np.bincount(part).max() <= LARGEST * len(part):
            return np.sort(longest[:count])
    return None


def solve(program: Program, coupling: np.ndarray, settings: Settings) -> Decomposed | None:
    """Least cost of a program whose rows `coupling` (their places) tie parts that know nothing of each other; None: infeasible.

    Stops at the accepted gap of the settings, their time limit or ROUNDS; the bound is proven whenever it stops.
    """
    deadline = time.perf_counter() + settings.time_limit_s
    whole = relaxed(program)
    if whole is None:
        return None
    _, bound, duals = whole
    work = _Work(program, np.asarray(coupling), settings, deadline)
    kept, best, master = duals[work.coupling], bound, _Master(work)
    waiting = list(np.unique([kept, *(kept * side for side in ASIDE)], axis=0))
    for rounds in range(1, ROUNDS + 1):  # noqa: B007
        new = 0
        for prices in waiting:
            proposal, low = work.proposals(prices)
            if low > best:
                best, kept = low, prices
            new += master.add(proposal)
        mixed, cost, missing, prices = master.solve(kept)
        near = missing <= _SURE and cost - best <= 0.1 * settings.selection_gap * abs(cost)
        if near or not new or time.perf_counter() > deadline:
            break
        waiting = [prices]
    x, proven = work.repair(master.plan(mixed), master.open(mixed), best)
    value, best = float(program.cost @ x) if x is not None else np.nan, max(best, proven)
    return Decomposed(x, value, best if x is None else min(best, value), kept, work.parts, rounds)


class _Work:
    """The parts of a program: which columns belong to which, and solving them at given prices."""

    def __init__(self, program: Program, coupling: np.ndarray, settings: Settings, deadline: float) -> None:
        self.program, self.coupling, self.settings, self.deadline = program, coupling, settings, deadline
        rows = sparse.csr_array(program.rows)
        inside = np.ones(rows.shape[0], dtype=bool)
        inside[coupling] = False
        self.ties, self.inner = rows[coupling], np.flatnonzero(inside)
        local = rows[self.inner]
        self.part = _parts(local)
        self.parts = int(self.part.max()) + 1
        self.groups = self._groups(local)

    def _groups(self, local: sparse.csr_array) -> list[tuple[np.ndarray, np.ndarray]]:
        """Columns and rows of parts put together until there are TOGETHER columns."""
        sizes = np.bincount(self.part, minlength=self.parts)
        group = np.concatenate([[0], np.cumsum(sizes)[:-1]]) // TOGETHER
        of_column = group[self.part]
        first = local.indices[local.indptr[:-1][np.diff(local.indptr) > 0]]
        of_row = np.full(local.shape[0], -1)
        of_row[np.diff(local.indptr) > 0] = of_column[first]
        columns = np.split(np.argsort(of_column, kind="stable"), np.cumsum(np.bincount(of_column))[:-1])
        order = np.argsort(of_row, kind="stable")
        rows = {g: order[a:b] for g, a, b in _runs(of_row[order])}
        numbers = [int(of_column[c[0]]) if len(c) else -1 for c in columns]
        return [(c, self.inner[rows.get(g, order[:0])]) for c, g in zip(columns, numbers, strict=True) if len(c)]

    def proposals(self, prices: np.ndarray) -> tuple[np.ndarray, float]:
        """Each part's best answer to the prices, and the bound they prove."""
        cost = self.program.cost - self.ties.T @ prices
        x, bound = np.zeros(len(cost)), self._paid(prices)
        for columns, rows in self.groups:
            found = minimise(_within(self.program, columns, rows, cost), self.settings, self.deadline - time.perf_counter())
            if found.x is None:
                return x, -np.inf
            x[columns] = found.x
            bound += found.bound
        return x, bound

    def _paid(self, prices: np.ndarray) -> float:
        """y b: what the limits of the coupling rows are worth at the prices; -inf where a price has the wrong sign."""
        low, high = self.program.row_low[self.coupling], self.program.row_high[self.coupling]
        side = np.where(prices > 0, low, high)
        return float(sum(y * b for y, b in zip(prices, side, strict=True) if y))

    def repair(self, x: np.ndarray, loose: np.ndarray, bound: float) -> tuple[np.ndarray | None, float]:
        """A plan that keeps what every part proposed but the most `loose` ones, and the bound where all were opened.

        Parts are opened until there is a plan as near to `bound` as the settings accept, or all are open.
        """
        order, gap = np.argsort(-loose, kind="stable"), self.settings.selection_gap
        count, best = max(8, int((loose > _SURE).sum()) * WIDER), None
        while True:
            opened = np.zeros(self.parts, dtype=bool)
            opened[order[:count]] = True
            left = self.deadline - time.perf_counter()
            found = minimise(self._fixed(x, ~opened[self.part]), self.settings, max(1.0, left))
            best = found.x if found.x is not None else best
            near = found.x is not None and found.value - bound <= gap * abs(found.value)
            if near or count >= self.parts or left <= 0 and best is not None:
                return best, found.bound if count >= self.parts and found.x is not None else -np.inf
            count *= WIDER

    def _fixed(self, x: np.ndarray, held: np.ndarray) -> Program:
        """The program with the whole columns of held parts at their value; continuous ones follow from the rows."""
        at = held & self.program.whole
        low, high = self.program.low.copy(), self.program.high.copy()
        low[at] = high[at] = x[at]
        return replace(self.program, low=low, high=high)


class _Master:
    """The proposals so far: each a column of a part with its cost and what it uses of the coupling rows."""

    def __init__(self, work: _Work) -> None:
        self.work, self.part, self.cost, self.uses, self.made = work, [], [], [], []
        self.seen: set[tuple[int, bytes]] = set()
        self.dear = 1.0

    def add(self, x: np.ndarray) -> int:
        """Take each part's columns of `x` as a proposal; how many were new."""
        work, before = self.work, len(self.part)
        by_part = np.argsort(work.part, kind="stable")
        for part, a, b in _runs(work.part[by_part]):
            columns = by_part[a:b]
            mine = x[columns]
            key = part, np.round(mine, 9).tobytes()
            if key in self.seen:
                continue
            self.seen.add(key)
            self.part.append(part)
            self.cost.append(float(work.program.cost[columns] @ mine))
            self.uses.append(work.ties[:, columns] @ mine)
            self.made.append((columns, mine))
        return len(self.part) - before

    def solve(self, prices: np.ndarray) -> tuple[np.ndarray, float, float, np.ndarray]:
        """Weights of the proposals, cost of the mix, what is missing to keep the coupling rows, prices of these rows.

        What is missing costs more than at any price so far.
        """
        work, count = self.work, len(self.part)
        ties = len(work.coupling)
        self.dear = max(self.dear, 10 * float(np.abs(prices).max(initial=0.0)))
        uses = sparse.csr_array(np.array(self.uses).T.reshape(ties, count))
        one = sparse.csr_array((np.ones(count), (self.part, range(count))), shape=(work.parts, count))
        short = sparse.hstack([sparse.eye_array(ties), -sparse.eye_array(ties)])
        rows = sparse.vstack([sparse.hstack([uses, short]), sparse.hstack([one, sparse.csr_array((work.parts, 2 * ties))])])
        low = np.concatenate([work.program.row_low[work.coupling], np.ones(work.parts)])
        high = np.concatenate([work.program.row_high[work.coupling], np.ones(work.parts)])
        cost = np.concatenate([self.cost, np.full(2 * ties, self.dear)])
        free = np.full(len(cost), np.inf)
        made = Program(cost, sparse.csr_array(rows), low, high, np.zeros(len(cost)), free, np.zeros(len(cost), dtype=bool))
        weights, value, duals = relaxed(made)
        return weights[:count], value, float(weights[count:].sum()), duals[:ties]

    def plan(self, weights: np.ndarray) -> np.ndarray:
        """Each part's proposal of greatest weight."""
        x, best = np.zeros(len(self.work.part)), {}
        for n, part in enumerate(self.part):
            if part not in best or weights[n] > weights[best[part]]:
                best[part] = n
        for n in best.values():
            columns, mine = self.made[n]
            x[columns] = mine
        return x

    def open(self, weights: np.ndarray) -> np.ndarray:
        """How undecided each part is: 1 less the greatest weight of its proposals; parts with more proposals before others."""
        most, number = np.zeros(self.work.parts), np.bincount(self.part, minlength=self.work.parts)
        np.maximum.at(most, self.part, weights)
        return (1 - most) + _SURE * number / (1 + number.max(initial=0))


def _parts(rows: sparse.csr_array) -> np.ndarray:
    """Number of the part of each column: columns that meet in a row, or in a chain of rows, belong together."""
    meets = sparse.block_array([[None, rows.T], [rows, None]])  # columns and rows as nodes, an edge where they meet
    _, label = connected_components(meets, directed=False)
    return np.unique(label[: rows.shape[1]], return_inverse=True)[1]


def _runs(labels: np.ndarray) -> list[tuple[int, int, int]]:
    """(label, start, end) of runs of equal labels in a sorted array."""
    starts = np.flatnonzero(np.diff(labels, prepend=labels[:1] - 1)) if len(labels) else np.zeros(0, dtype=int)
    ends = np.append(starts[1:], len(labels))
    return [(int(labels[a]), int(a), int(b)) for a, b in zip(starts, ends, strict=True)]


def _within(program: Program, columns: np.ndarray, rows: np.ndarray, cost: np.ndarray) -> Program:
    """The columns and rows of some parts as a program of their own."""
    table = sparse.csr_array(program.rows)[rows][:, columns]
    return Program(
        cost[columns], table, program.row_low[rows], program.row_high[rows], program.low[columns], program.high[columns],
        program.whole[columns],
    )  # fmt: skip
