"""Decisions under uncertainty: ranges of the data, plans made anew in every draw, robust plans, the value of data."""

from workbench.risk.assessment import RiskAssessment, assess
from workbench.risk.monte_carlo import judge, redecide, regret
from workbench.risk.scenarios import Draws, draw, ranges

__all__ = ["Draws", "RiskAssessment", "assess", "draw", "judge", "ranges", "redecide", "regret"]
