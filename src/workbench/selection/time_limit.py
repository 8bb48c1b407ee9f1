"""A search that ends on time, with a plan: HiGHS reads its clock in the search, not in presolve; large programs are solved apart.

A child process searches and tells every better plan and bound as it finds them; at the end of the time it is stopped, and what it
told last is the answer. Where it has no plan after a share of the time, two more begin beside it, with and without presolve, and
the first to solve the continuous program goes on: it bounds every plan, holds the whole columns that come out whole and dear to
change, and searches the rest, a wider rest each time; in between it raises the bound by setting the columns in parts that cost
most (`branching`). The child that first proves a plan within the accepted gap, by its own bound, has the answer alone; at the end
of the time the better plan and the better bound of both count. Which child is first depends on the machine: of plans within the
accepted gap another may be found elsewhere.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait

import highspy
import numpy as np

from workbench.selection.branching import Tree

APART = 20_000  # columns from which on the search has a process of its own
HELP = 0.1  # share of the time after which a search without a plan gets help
FREE = (0.02, 0.1, 0.25, 0.5)  # shares of the whole columns that are searched, cheapest to change first
LEAST = 1.0  # seconds that raising the bound may take after a search that took none
GRACE = 0.25  # seconds beyond the limit in which the solver may still end by itself
_EVERY = 0.2  # seconds between two reports of the bound
_GOING, _ENDED = 0.0, 1.0
_STATUS = highspy.HighsModelStatus


@dataclass(frozen=True)
class Outcome:
    """What a search came to, as the solver counts: its `status`, the best plan's `columns` (None: no plan), the proven `bound`."""

    status: highspy.HighsModelStatus
    columns: np.ndarray | None
    bound: float


def run(highs: highspy.Highs, seconds: float) -> Outcome:
    """Solve what `highs` holds in so many seconds at most."""
    highs.setOptionValue("time_limit", max(0.01, seconds))
    if highs.getNumCol() < APART or not hasattr(os, "fork"):
        highs.run()
        return _read(highs)
    return _apart(highs, seconds)


def _read(highs: highspy.Highs) -> Outcome:
    info, columns = highs.getInfo(), None
    if info.primal_solution_status == 2:
        columns = np.asarray(highs.getSolution().col_value)
    searched = info.mip_node_count >= 0
    return Outcome(highs.getModelStatus(), columns, float(info.mip_dual_bound if searched else info.objective_function_value))


@dataclass
class _Child:
    """A search in a process of its own and what it has told so far."""

    search: Callable[[highspy.Highs, Callable], None]
    highs: highspy.Highs
    columns: np.ndarray | None = None
    value: float = np.inf
    bound: float = -np.inf
    status: highspy.HighsModelStatus | None = None
    gone: bool = False
    told: Connection = field(init=False)

    def __post_init__(self) -> None:
        self.told, theirs = Pipe(duplex=False)
        self.number = os.fork()
        if not self.number:
            try:
                _let_go(theirs.fileno())
                self.search(self.highs, lambda *what: theirs.send_bytes(_packed(*what)))
            finally:
                os._exit(0)  # nothing of the parent is touched
        theirs.close()

    def listen(self) -> None:
        """Take one report."""
        try:
            report = np.frombuffer(self.told.recv_bytes())
        except (EOFError, OSError):  # ended, or killed by the system, perhaps within a report: what was told stands
            self.gone = True
            return
        kind, status, bound, value = report[:4]
        self.bound = max(self.bound, float(bound))
        if len(report) > 4 and value < self.value:
            self.value, self.columns = float(value), report[4:]
        if kind == _ENDED:
            self.status = _STATUS(int(status))

    def stop(self) -> None:
        """End the process."""
        os.kill(self.number, signal.SIGKILL)
        os.waitpid(self.number, 0)
        self.told.close()


def _let_go(kept: int) -> None:
    """In a child: hold no file, lock or pipe of the parent but the one to tell through, and end when the parent ends."""
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
    parent = os.getppid()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _packed(kind: float, status: float, bound: float, value: float = np.inf, columns: np.ndarray | None = None) -> bytes:
    row = np.array([kind, status, bound, value])
    return (row if columns is None else np.concatenate([row, columns])).tobytes()


def _apart(highs: highspy.Highs, seconds: float) -> Outcome:
    start = time.monotonic()
    help_at, end = start + HELP * seconds, start + seconds + GRACE
    children = [_Child(_search, highs)]
    try:
        while time.monotonic() < end:
            first, alone = children[0], len(children) == 1
            if (
                first.status is not None
                or all(child.gone for child in children)
                or any(_near(highs, [child]) for child in children)
            ):
                break
            if alone and first.columns is None and time.monotonic() >= help_at:
                highs.setOptionValue("time_limit", max(0.01, end - time.monotonic()))
                children += [_Child(partial(_held, presolve), highs) for presolve in ("choose", "off")]
            children = _first_helper(children)
            until = help_at if alone and first.columns is None else end
            open_to = {child.told: child for child in children if not child.gone}
            for told in wait(list(open_to), max(0.0, until - time.monotonic())):
                open_to[told].listen()
    finally:
        for child in children:
            child.stop()
    return _together(highs, children)


def _first_helper(children: list[_Child]) -> list[_Child]:
    """Of two helpers the one that has the continuous program first goes on."""
    done = [child for child in children[1:] if child.bound > -np.inf][:1]
    if len(children) < 3 or not done:
        return children
    for child in children[1:]:
        if child is not done[0]:
            child.stop()
    return [children[0], done[0]]


def _near(highs: highspy.Highs, children: list[_Child]) -> bool:
    """Whether the best plan is as near to the best bound as is accepted."""
    value, bound = min(child.value for child in children), max(child.bound for child in children)
    accepted = highs.getOptionValue("mip_rel_gap")[1] * abs(value) if np.isfinite(value) else 0.0
    return value - bound <= max(accepted, highs.getOptionValue("mip_abs_gap")[1])


def _together(highs: highspy.Highs, children: list[_Child]) -> Outcome:
    for child in children:
        if child.status is not None and child.status != _STATUS.kTimeLimit:
            return Outcome(child.status, child.columns, child.bound)
        if child.columns is not None and _near(highs, [child]):
            return Outcome(_STATUS.kOptimal, child.columns, child.bound)
    best, bound = min(children, key=lambda child: child.value), max(child.bound for child in children)
    status = _STATUS.kOptimal if best.columns is not None and _near(highs, children) else _STATUS.kTimeLimit
    return Outcome(status, best.columns, bound)


def _search(highs: highspy.Highs, tell: Callable) -> None:
    """The program as it is; every better plan and, now and then, the bound is told."""
    _tell_plans(highs, tell, None)
    last = [0.0]

    def going(event) -> None:
        if time.monotonic() - last[0] > _EVERY:
            last[0] = time.monotonic()
            tell(_GOING, 0.0, event.data_out.mip_dual_bound)

    highs.cbMipInterrupt += going
    highs.run()
    found = _read(highs)
    value = highs.getInfo().objective_function_value if found.columns is not None else np.inf
    tell(_ENDED, float(int(found.status)), found.bound, value, found.columns)


def _tell_plans(highs: highspy.Highs, tell: Callable, bound: Callable[[], float] | None) -> None:
    def better(event) -> None:
        found = event.data_out
        proven = bound() if bound else found.mip_dual_bound  # of a program partly held only that of the whole tells something
        tell(_GOING, 0.0, proven, found.objective_function_value, np.array(found.mip_solution))

    highs.cbMipImprovingSolution += better


def _held(presolve: str, highs: highspy.Highs, tell: Callable) -> None:
    """The continuous program, with presolve or (where that is what takes so long) without; then with most whole columns held
    where it put them, fewer each time. After each of these searches the bound is raised (`branching`) for as long as it took.
    """
    end = time.monotonic() + highs.getOptionValue("time_limit")[1]
    tree = Tree(highs, presolve, end - time.monotonic())
    if not tree.solved:
        return
    tell(_GOING, 0.0, tree.bound)
    every, order, split = np.arange(highs.getNumCol(), dtype=np.int32), *_in_order(tree)
    _tell_plans(highs, tell, lambda: tree.bound)
    lp, known = highs.getLp(), None
    low, high = np.array(lp.col_lower_), np.array(lp.col_upper_)
    for share in FREE:
        held, begun = order[max(split, int(share * len(order))) :], time.monotonic()
        lower, upper = low.copy(), high.copy()
        lower[held] = upper[held] = np.round(tree.x[held])
        highs.changeColsBounds(len(every), every, lower, upper)
        highs.clearSolver()
        if known is not None:
            highs.setSolution(known)
        if begun >= end:
            return
        highs.setOptionValue("time_limit", end - begun)
        highs.run()
        if highs.getInfo().primal_solution_status == 2:
            known = highs.getSolution()
            _raise(tree, highs, min(end, 2 * time.monotonic() - begun + LEAST), tell)


def _in_order(tree: Tree) -> tuple[np.ndarray, int]:
    """The whole columns, those in parts first, then the cheapest to change; how many stand in parts."""
    x = tree.x[tree.whole]
    split = np.abs(x - np.round(x)) > 1e-6
    return tree.whole[np.lexsort((tree.whole, np.abs(tree.dear[tree.whole]), ~split))], int(split.sum())


def _raise(tree: Tree, highs: highspy.Highs, end: float, tell: Callable) -> None:
    """Raise the bound until the plan `highs` has found is near enough to it, or the moment `end` has come."""
    value = highs.getInfo().objective_function_value
    near = max(highs.getOptionValue("mip_rel_gap")[1] * abs(value), highs.getOptionValue("mip_abs_gap")[1])
    tree.grow(value - near, end)
    tell(_GOING, 0.0, tree.bound)
