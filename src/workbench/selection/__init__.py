"""Selection of projects: problem as data, model in Pyomo, answer by HiGHS, re-check in plain Python, and why it is so."""

from workbench.selection.alternatives import Menu, menu
from workbench.selection.answer import Selection, reductions, select
from workbench.selection.pareto import front
from workbench.selection.problem import Problem, build

__all__ = ["Menu", "Problem", "Selection", "build", "front", "menu", "reductions", "select"]
