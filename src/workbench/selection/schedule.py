"""The plan year by year: emissions against the budget, money spent against money available, what starts."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from workbench.selection.problem import Problem

SCHEDULE = ["year", "emissions_tco2e", "budget_tco2e", "energy_tce", "spend", "own_funds", "capital_available", "projects_started"]


def schedule(problem: Problem, starts: Mapping[str, int]) -> pd.DataFrame:
    """One row a year, columns SCHEDULE; a plan of one typical year has one row.

    `spend`: capital net of grants of the projects started, `own_funds`: what of it is not borrowed; `capital_available`: capital of
    the year with what earlier years left over (the cluster's), empty where no limit is set.
    """
    settings, horizon = problem.settings, problem.horizon
    budgets = {cap.year: cap.at_most for cap in problem.caps if cap.family == "budget"}
    rows, left = [], 0.0
    for year in horizon.years:
        begun = [i for i, start in starts.items() if start == year] if horizon.by_years else list(starts)
        price = {i: problem.capital[i, starts[i] if horizon.by_years else horizon.first] for i in begun}
        own = sum(problem.own_funds[i, starts[i] if horizon.by_years else horizon.first] for i in begun)
        yearly = settings.capital_per_year
        available = None if yearly is None else yearly + (left if settings.capital_carry_over else 0.0)
        left = 0.0 if available is None else available - own
        emissions, energy = problem.emissions(starts, year), problem.tce(starts, year)
        rows.append((year, emissions, budgets.get(year), energy, sum(price.values()), own, available, len(begun)))
    return pd.DataFrame(rows, columns=SCHEDULE)
