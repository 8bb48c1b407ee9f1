"""Pinch analysis: least heating and cooling of an enterprise and of the cluster, and the worth of exchange between enterprises."""

from workbench.pinch.matches import matches
from workbench.pinch.streams import prepare
from workbench.pinch.targets import by_level, composites, grand_composite, problem_table, targets

__all__ = ["by_level", "composites", "grand_composite", "matches", "prepare", "problem_table", "targets"]
