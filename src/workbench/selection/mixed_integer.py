"""A mixed-integer linear program given as arrays, solved by HiGHS: for many programs that differ in numbers only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import highspy
import numpy as np
from scipy import sparse

from workbench.params import Settings
from workbench.selection import time_limit

_FOUND = {
    highspy.HighsModelStatus.kOptimal: "optimal",
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
}


@dataclass(frozen=True)
class Program:
    """min cost @ x subject to row_low <= rows @ x <= row_high, low <= x <= high, x whole where `whole`."""

    cost: np.ndarray
    rows: sparse.csr_array
    row_low: np.ndarray
    row_high: np.ndarray
    low: np.ndarray
    high: np.ndarray
    whole: np.ndarray


@dataclass(frozen=True)
class Solution:
    """`status` (optimal, infeasible, time_limit), `x` (None without a plan), objective `value` and `bound`."""

    status: str
    x: np.ndarray | None
    value: float
    bound: float


def minimise(program: Program, settings: Settings, seconds: float | None = None, gap: float | None = None) -> Solution:
    """Solve with the gap, seed and time limit of the settings (or those given), one thread: the same program, the same answer."""
    solver = highspy.Highs()
    options = {"output_flag": False, "threads": 1, "random_seed": settings.seed, "mip_feasibility_tolerance": 1e-9}
    options["mip_rel_gap"] = settings.selection_gap if gap is None else gap
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.passModel(lp(program))
    found = time_limit.run(solver, settings.time_limit_s if seconds is None else max(0.1, seconds))
    status = _FOUND.get(found.status, "time_limit")
    if status == "infeasible" or found.columns is None:
        return Solution(status, None, np.nan, found.bound if status == "time_limit" else np.nan)
    x = np.array(found.columns)
    x[program.whole] = np.round(x[program.whole])
    return Solution(status, x, float(program.cost @ x), found.bound)


def relaxed(program: Program) -> tuple[np.ndarray, float, np.ndarray] | None:
    """The program without the demand that anything be whole: x, value and the dual of each row; None where it has no answer."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(lp(replace(program, whole=np.zeros(len(program.cost), dtype=bool))))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    answer = solver.getSolution()
    return np.array(answer.col_value), float(solver.getInfo().objective_function_value), np.array(answer.row_dual)


def lp(program: Program) -> highspy.HighsLp:
    """The program as HiGHS takes it, in one piece."""
    rows = sparse.csr_array(program.rows)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = rows.shape[1], rows.shape[0]
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.cost, program.low, program.high
    lp.row_lower_, lp.row_upper_ = program.row_low, program.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
    whole, free = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    lp.integrality_ = [whole if each else free for each in program.whole]
    return lp
