"""A better bound than that of the continuous program: a small tree over the few columns in parts that cost most.

A choice of tens of thousands of projects leaves few in parts when nothing need be whole; where one of them is dear, that program
costs less than any plan by a part of it. Set to nil in one branch and to one in the other, each branch is a continuous program of
its own, solved on from the one before. No plan costs less than the least of the branches (Land and Doig 1960, Econometrica 28:497).
"""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import dataclass

import highspy
import numpy as np

TRIED = 4  # programs after which what they raise is looked at
_PART = 1e-6  # further than this from whole is in parts
_STATUS = highspy.HighsModelStatus
Branch = tuple[float, int, dict[int, float], int]  # its cost, number, columns set, the column to set next (-1: all is whole)


@dataclass(frozen=True)
class Corner:
    """Where a continuous program came out: its `cost`, the columns `fixed` in it, `x`, and what a change costs, `dear`."""

    cost: float
    fixed: dict[int, float]
    x: np.ndarray
    dear: np.ndarray


class Tree:
    """The continuous program of a choice and what it has been split into; `bound`: no plan costs less."""

    def __init__(self, highs: highspy.Highs, presolve: str, seconds: float, rules_off: int = 0) -> None:
        """Solve the continuous program of what `highs` holds; `solved` says whether there was an answer."""
        lp = highs.getLp()
        self.whole = np.flatnonzero(np.array([int(kind) for kind in lp.integrality_]) == 1)
        self.cost, self.low, self.high = (np.array(v) for v in (lp.col_cost_, lp.col_lower_, lp.col_upper_))
        lp.integrality_ = []
        self._held, self._set, self._number = highspy.Highs(), {}, 0
        options = {"output_flag": False, "threads": 1, "presolve": presolve, "presolve_rule_off": rules_off}
        for name, value in (options | {"time_limit": max(0.01, seconds)}).items():
            self._held.setOptionValue(name, value)
        self._held.passModel(lp)
        self._held.run()
        self.solved = self._held.getModelStatus() == _STATUS.kOptimal
        self.bound, self._branches = -math.inf, []
        if self.solved:
            self._held.setOptionValue("presolve", "off")
            self.root = self._corner({})
            self.bound = self.root.cost
            self._branches: list[Branch] = [(self.bound, 0, {}, self._next(self.root.x))]

    def grow(self, enough: float, end: float, most: float = math.inf) -> None:
        """Split the cheapest branch until none costs less than `enough`, its columns are whole, `most` programs were solved, what
        they raise would not come a quarter of the way by then, or the moment `end` has come.
        """
        begun, low = self._number, self.bound
        while self._branches and self.bound < enough and self._number - begun < most and time.monotonic() < end:
            done = self._number - begun
            if done >= TRIED and (self.bound - low) * most / done < (enough - low) / 4:
                return
            cost, _, fixed, column = self._branches[0]
            if column < 0:
                return
            found = [self._solve(fixed | {column: value}, end) for value in (0.0, 1.0)]
            if None in found:
                return
            heapq.heappop(self._branches)
            for branch in found:
                if branch[0] < math.inf:
                    heapq.heappush(self._branches, (max(cost, branch[0]), *branch[1:]))
            self._rise()

    def cheapest(self, end: float) -> Corner | None:
        """The branch that costs least, solved again; None where there is none or the time is up."""
        if not self._branches or self._solve(self._branches[0][2], end) is None:
            return None
        return self._corner(self._branches[0][2])

    def raise_to(self, corner: Corner, bound: float) -> None:
        """Note that no plan of a corner, the root or the cheapest branch, costs less than `bound`."""
        if not corner.fixed:
            self.bound = max(self.bound, bound)
        elif self._branches and self._branches[0][2] == corner.fixed:
            cost, *rest = self._branches[0]
            heapq.heapreplace(self._branches, (max(cost, bound), *rest))
            self._rise()

    def _rise(self) -> None:
        if self._branches:
            self.bound = max(self.bound, self._branches[0][0])

    def _corner(self, fixed: dict[int, float]) -> Corner:
        found = self._held.getSolution()
        cost = self._held.getInfo().objective_function_value
        return Corner(cost, fixed, np.array(found.col_value), np.array(found.col_dual))

    def _solve(self, fixed: dict[int, float], end: float) -> Branch | None:
        """A branch, of infinite cost where it has no answer; None where it was not settled by `end`."""
        for column in self._set.keys() - fixed.keys():
            self._held.changeColBounds(column, self.low[column], self.high[column])
        for column, value in fixed.items():
            self._held.changeColBounds(column, value, value)
        self._set, self._number = fixed, self._number + 1
        self._held.setOptionValue("time_limit", self._held.getRunTime() + max(0.01, end - time.monotonic()))
        self._held.run()
        status = self._held.getModelStatus()
        if status == _STATUS.kInfeasible:
            return math.inf, self._number, fixed, -1
        if status != _STATUS.kOptimal:
            return None
        x = np.array(self._held.getSolution().col_value)
        return self._held.getInfo().objective_function_value, self._number, fixed, self._next(x)

    def _next(self, x: np.ndarray) -> int:
        """The column whose part costs most, nearest to half and half; -1 where all is whole."""
        part = x[self.whole]
        weight = np.where(np.abs(part - np.round(part)) > _PART, (np.abs(self.cost[self.whole]) + _PART) * part * (1 - part), 0.0)
        return int(self.whole[np.argmax(weight)]) if weight.max(initial=0.0) > 0 else -1
