"""Selection of projects: problem as data, model in Pyomo, answer by HiGHS, re-check in plain Python, and why it is so."""

from workbench.selection.alternatives import Menu, menu
from workbench.selection.answer import Selection, reductions, select
from workbench.selection.horizon import spans
from workbench.selection.pareto import front
from workbench.selection.problem import Problem, build
from workbench.selection.selector import Result, Selector
from workbench.selection.stored import trusted

__all__ = [
    "Menu",
    "Problem",
    "Result",
    "Selection",
    "Selector",
    "build",
    "front",
    "menu",
    "reductions",
    "select",
    "spans",
    "trusted",
]
