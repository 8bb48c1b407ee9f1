"""A search that ends on time, with a plan: HiGHS reads its clock in the search, not in presolve; large programs are solved apart.

A child process searches and tells every better plan and bound as it finds them; at the end of the time it is stopped, and what it
told last is the answer. A choice with many whole columns is begun from its continuous program (`reduced_costs`), and searched as a
whole where that comes not near enough. Where there is no plan after a share of the time, two more begin beside it: from the
continuous program with and without presolve, of which the first to solve it goes on, and the search as a whole. The child that
first proves a plan within the accepted gap, by its own bound, has the answer alone; at the end of the time the better plan and the
better bound of both count. Where help was needed, which child is first depends on the machine: of plans within the accepted gap
another may be found elsewhere.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait

import highspy
import numpy as np

from workbench.selection import reduced_costs
from workbench.selection.reduced_costs import near

APART = 20_000  # columns from which on the search has a process of its own
HELP = 0.1  # share of the time after which a search without a plan gets help
HELP_BEGUN = 0.4  # the same where it begins from the continuous program, which comes before any plan
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
    if highs.getNumCol() >= APART and hasattr(os, "fork"):
        highs.setOptionValue("time_limit", max(0.01, seconds))
        return _apart(highs, seconds)
    best, end = reduced_costs.Best(), time.monotonic() + seconds
    if reduced_costs.large(highs):
        best = reduced_costs.search(highs, "choose", end, lambda *what: None)
        if near(highs, best.value, best.bound):
            return Outcome(_STATUS.kOptimal, best.columns, best.bound)
        reduced_costs.start_from(highs, best)
    highs.setOptionValue("time_limit", max(0.01, end - time.monotonic()))
    highs.run()
    found = _read(highs)
    if found.status == _STATUS.kTimeLimit and best.columns is not None:
        better = found.columns is None or highs.getInfo().objective_function_value > best.value
        found = replace(found, columns=best.columns if better else found.columns)
    return replace(found, bound=max(found.bound, best.bound))


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
    begins: bool  # from the continuous program
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
    start, large = time.monotonic(), reduced_costs.large(highs)
    help_at = start + (HELP_BEGUN if large else HELP) * seconds
    end = start + seconds + GRACE
    children = [_Child(partial(_begun, "choose") if large else _search, highs, large)]
    try:
        while time.monotonic() < end:
            first, alone = children[0], len(children) == 1
            if (
                any(child.status is not None for child in children)
                or all(child.gone for child in children)
                or any(near(highs, child.value, child.bound) for child in children)
            ):
                break
            if alone and first.columns is None and time.monotonic() >= help_at:
                highs.setOptionValue("time_limit", max(0.01, end - time.monotonic()))
                children += _helpers(highs, first)
            children = _first_begun(children)
            until = help_at if alone and first.columns is None else end
            open_to = {child.told: child for child in children if not child.gone}
            for told in wait(list(open_to), max(0.0, until - time.monotonic())):
                open_to[told].listen()
    finally:
        for child in children:
            child.stop()
    return _together(highs, children)


def _helpers(highs: highspy.Highs, first: _Child) -> list[_Child]:
    """What is not tried yet: the search as a whole, or from the continuous program; that, while it has no answer, also without
    presolve.
    """
    other = _Child(_search, highs, False) if first.begins else _Child(partial(_begun, "choose"), highs, True)
    if first.begins and first.bound > -np.inf:
        return [other]
    return [other, _Child(partial(_begun, "off"), highs, True)]


def _first_begun(children: list[_Child]) -> list[_Child]:
    """Of two that begin from the continuous program the one that has it first goes on."""
    begun = [child for child in children if child.begins]
    done = [child for child in begun if child.bound > -np.inf][:1]
    if len(begun) < 2 or not done:
        return children
    late = [child for child in begun if child is not done[0]]
    for child in late:
        child.stop()
    return [child for child in children if child not in late]


def _together(highs: highspy.Highs, children: list[_Child]) -> Outcome:
    for child in children:
        if child.status is not None and child.status != _STATUS.kTimeLimit:
            return Outcome(child.status, child.columns, child.bound)
        if child.columns is not None and near(highs, child.value, child.bound):
            return Outcome(_STATUS.kOptimal, child.columns, child.bound)
    best, bound = min(children, key=lambda child: child.value), max(child.bound for child in children)
    status = _STATUS.kOptimal if best.columns is not None and near(highs, best.value, bound) else _STATUS.kTimeLimit
    return Outcome(status, best.columns, bound)


def _search(highs: highspy.Highs, tell: Callable, known: reduced_costs.Best | None = None) -> None:
    """The program as it is, from a plan that is `known`; every better plan and, now and then, the bound is told."""
    _tell_plans(highs, tell, lambda event: event.mip_dual_bound)
    last = [0.0]

    def going(event) -> None:
        if time.monotonic() - last[0] > _EVERY:
            last[0] = time.monotonic()
            tell(_GOING, 0.0, event.data_out.mip_dual_bound)

    highs.cbMipInterrupt += going
    if known is not None:
        reduced_costs.start_from(highs, known)
    highs.run()
    found = _read(highs)
    value = highs.getInfo().objective_function_value if found.columns is not None else np.inf
    tell(_ENDED, float(int(found.status)), found.bound, value, found.columns)


def _tell_plans(highs: highspy.Highs, tell: Callable, proven: Callable[[object], float]) -> None:
    def better(event) -> None:
        found = event.data_out
        tell(_GOING, 0.0, proven(found), found.objective_function_value, np.array(found.mip_solution))

    highs.cbMipImprovingSolution += better


def _begun(presolve: str, highs: highspy.Highs, tell: Callable) -> None:
    """From the continuous program, with presolve or (where that is what takes so long) without; then, from the plan that came of
    it, as a whole.
    """
    end, bound = time.monotonic() + highs.getOptionValue("time_limit")[1], [-np.inf]

    def told(proven: float, value: float, columns: np.ndarray | None) -> None:
        bound[0] = proven
        tell(_GOING, 0.0, proven, value, columns)

    _tell_plans(highs, tell, lambda event: bound[0])  # of a program partly held only the bound of the whole tells something
    best = reduced_costs.search(highs, presolve, end, told)
    highs.cbMipImprovingSolution.clear()
    if near(highs, best.value, best.bound):
        tell(_ENDED, float(int(_STATUS.kOptimal)), best.bound, best.value, best.columns)
    elif time.monotonic() < end:
        highs.setOptionValue("time_limit", end - time.monotonic())
        _search(highs, tell, best)
