"""Large programs begun from their continuous one: what is dear to change is held, the small rest is searched, nothing is lost.

Where nothing need be whole, the reduced cost of a column says what a unit of change costs at least. Columns of which no plan can
change for less than some room stay where they came out, and the rest, the core, is searched. Every plan outside costs more than
the continuous program and the room together: no plan costs less than the lesser of that and the bound of the core. The core grows
until its best plan is as near to the bound as is accepted; where splitting the columns in parts (`branching`) explains most of
what lies between, it is drawn around the cheapest branch. Steps are counted, not timed: the same program, the same plan.

Balas and Zemel 1980, Operations Research 28:1130 (the core of a knapsack); Crowder, Johnson and Padberg 1983, Operations Research
31:803 (fixing by reduced cost).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np

from workbench.selection.branching import Corner, Tree

FIRST = 3_000  # whole columns beyond which a search begins here
CORES = (0.02, 0.2)  # shares of the columns with a reduced cost that may change, cheapest first
SPLITS = 16  # continuous programs solved after each core to raise the bound
FINER = 4  # the first core is searched to a gap so many times smaller than the accepted one
NODES = 100  # of the search of a core
WHOLE_ONLY = ("mip_heuristic_run_feasibility_jump", "mip_allow_restart")  # what a core, mostly settled, is sooner done without
_NONE = 1e-7  # a reduced cost that is none: the tolerance of the solver
_ROUNDED = 1e-6  # relative room for rounding
_LEFT_OUT = 1 << 12  # the presolve rule that takes longest here: "aggregator"
_STATUS = highspy.HighsModelStatus
Tell = Callable[[float, float, np.ndarray | None], None]  # bound, value and columns of a plan


def large(highs: highspy.Highs) -> bool:
    """Whether a search of what `highs` holds begins here: it has many whole columns and something to make least."""
    if highs.getNumCol() <= FIRST:
        return False
    lp = highs.getLp()
    return sum(int(kind) == 1 for kind in lp.integrality_) > FIRST and bool(np.any(lp.col_cost_))


def near(highs: highspy.Highs, value: float, bound: float) -> bool:
    """Whether a plan is as near to a bound as is accepted."""
    return value - bound <= accepted(highs, value)


def accepted(highs: highspy.Highs, value: float) -> float:
    """How far a plan may be from its bound."""
    relative = highs.getOptionValue("mip_rel_gap")[1] * abs(value) if math.isfinite(value) else 0.0
    return max(relative, highs.getOptionValue("mip_abs_gap")[1])


@dataclass
class Best:
    """The best plan so far, `columns` and `value`, and the `bound` of all plans."""

    bound: float = -math.inf
    value: float = math.inf
    columns: np.ndarray | None = None

    def take(self, value: float, columns: np.ndarray) -> None:
        """A plan, if it is better."""
        if value < self.value:
            self.value, self.columns = value, columns


def search(highs: highspy.Highs, presolve: str, end: float, tell: Tell) -> Best:
    """The best plan near the continuous program and the proven bound; nothing where that program has no answer by `end`.

    `tell` hears of each bound and plan. Afterwards `highs` holds the whole program again, and the plan as a start.
    """
    core = {"mip_max_nodes": NODES, "presolve_rule_off": _LEFT_OUT} | dict.fromkeys(WHOLE_ONLY, False)
    kept = {name: highs.getOptionValue(name)[1] for name in (*core, "mip_rel_gap", "objective_target")}
    tree, best = Tree(highs, presolve, end - time.monotonic(), _LEFT_OUT), Best()
    if not tree.solved:
        return best
    for share in CORES:
        best.bound = max(best.bound, tree.bound)
        tell(best.bound, best.value, best.columns)
        if near(highs, best.value, best.bound) or time.monotonic() >= end:
            break
        corner = _corner(tree, best.value, end)
        room = _room(corner, share, best.value - accepted(highs, best.value))
        lower, upper = tree.low.copy(), tree.high.copy()
        _narrow(corner, room, tree.whole, lower, upper)
        limits = core | {"objective_target": _near_to(highs, best.bound)}
        if best.columns is None:
            limits["mip_rel_gap"] = kept["mip_rel_gap"] / FINER
        for name, value in limits.items():
            highs.setOptionValue(name, value)
        bound = _core(highs, lower, upper, best, end)
        for name, value in kept.items():
            highs.setOptionValue(name, value)
        tree.raise_to(corner, min(bound, corner.cost + room))
        tree.grow(best.value - accepted(highs, best.value), end, SPLITS)
    best.bound = max(best.bound, tree.bound)
    tell(best.bound, best.value, best.columns)
    _bounds(highs, tree.low, tree.high)
    highs.clearSolver()
    return best


def hold(highs: highspy.Highs, columns: np.ndarray, seconds: float) -> None:
    """Hold what no plan has otherwise that costs as little as the plan of these `columns`; without an answer all stays free."""
    tree = Tree(highs, "choose", seconds)
    if not tree.solved:
        return
    value = float(tree.cost @ columns) + highs.getObjectiveOffset()[1]
    lower, upper = tree.low.copy(), tree.high.copy()
    _narrow(tree.root, max(value - tree.root.cost, 0.0) + _ROUNDED * (1.0 + abs(value)), tree.whole, lower, upper)
    _bounds(highs, lower, upper)


def _near_to(highs: highspy.Highs, bound: float) -> float:
    """A value that is near enough to a bound."""
    return bound + 0.9 * accepted(highs, bound)


def start_from(highs: highspy.Highs, best: Best) -> None:
    """Let the next search begin from the plan found, if there is one."""
    if best.columns is not None:
        known = highspy.HighsSolution()
        known.col_value = best.columns.tolist()
        highs.setSolution(known)


def _corner(tree: Tree, value: float, end: float) -> Corner:
    """Where the next core is drawn: around the cheapest branch if splitting explains most of the gap, else around the root."""
    if math.isfinite(value) and tree.bound - tree.root.cost > (value - tree.root.cost) / 2:
        return tree.cheapest(end) or tree.root
    return tree.root


def _room(corner: Corner, share: float, enough: float) -> float:
    """What a change may cost: so much that a share of the columns may change; never more than it takes to prove `enough`."""
    dear = np.sort(np.abs(corner.dear[np.abs(corner.dear) > _NONE]))
    room = float(dear[min(len(dear) - 1, int(share * len(dear)))]) if len(dear) else math.inf
    return min(room, max((enough - corner.cost) * (1 + _ROUNDED), _NONE))


def _narrow(corner: Corner, room: float, whole: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
    """Let no column change by more than `room` allows."""
    for column, value in corner.fixed.items():
        lower[column] = upper[column] = value
    dear = np.abs(corner.dear)
    steps = np.divide(room * (1 + _ROUNDED), dear, out=np.full(len(dear), math.inf), where=dear > _NONE)
    steps[whole] = np.floor(steps[whole] + _ROUNDED)
    rises = (corner.dear > _NONE) & np.isfinite(lower)
    falls = (corner.dear < -_NONE) & np.isfinite(upper)  # dear to raise above its lower, to take below its upper bound
    upper[rises] = np.minimum(upper[rises], lower[rises] + steps[rises])
    lower[falls] = np.maximum(lower[falls], upper[falls] - steps[falls])


def _bounds(highs: highspy.Highs, lower: np.ndarray, upper: np.ndarray) -> None:
    highs.changeColsBounds(len(lower), np.arange(len(lower), dtype=np.int32), lower, upper)


def _core(highs: highspy.Highs, lower: np.ndarray, upper: np.ndarray, best: Best, end: float) -> float:
    """Search what may change between these bounds; the bound of that, infinite where it holds no plan."""
    _bounds(highs, lower, upper)
    highs.clearSolver()
    if best.columns is not None and (lower - _ROUNDED <= best.columns).all() and (best.columns <= upper + _ROUNDED).all():
        start_from(highs, best)
    highs.setOptionValue("time_limit", max(0.01, end - time.monotonic()))
    highs.run()
    info, status = highs.getInfo(), highs.getModelStatus()
    if info.primal_solution_status == 2:
        best.take(info.objective_function_value, np.array(highs.getSolution().col_value))
    if status in (_STATUS.kInfeasible, _STATUS.kUnboundedOrInfeasible):
        return math.inf
    return info.mip_dual_bound
