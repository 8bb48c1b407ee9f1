"""Selection of projects: problem as data, model in Pyomo, answer by HiGHS, re-check in plain Python."""

from workbench.selection.answer import Selection, front, reductions, select
from workbench.selection.problem import Problem, build

__all__ = ["Problem", "Selection", "build", "front", "reductions", "select"]
