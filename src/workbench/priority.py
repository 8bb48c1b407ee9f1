"""Which measure first: one class a project by a stated rule (`data/priority_rules.csv`), an order within the class.

Readiness is asked first, then what excludes a measure, then the time in which its savings repay it. Within a class the measure that
saves more tCO2e comes first, then the one that saves more energy. The classes of payback are those of the French order on energy
audits; what is done with them is a working rule and says so.
"""

from __future__ import annotations

import pandas as pd

from workbench import dictionary

COLUMNS = ["project_id", "priority", "priority_rank", "priority_reason"]
CLARIFY = ("uncosted", "not_in_time", "no_saving")  # why a figure cannot be judged yet, the first that holds


def rules() -> pd.DataFrame:
    """The classes in their order: priority, most_payback_years (blank: no limit), labels, meaning, source, confidence."""
    return dictionary.read_table("priority_rules")


def classify(projects: pd.DataFrame, kept_out: set[str], late: pd.Series | None = None) -> pd.DataFrame:
    """COLUMNS in the order of priority: class of each project, its place (1 = first) and why.

    `projects` as in `potential`: project_id, eligible, capex, annual_cost, payback_years, tce_saved, tco2e_saved. `kept_out`: those
    an exclusion or a missing prerequisite keeps out of the curve in turn. A measure repays only where its yearly cost, capital
    spread over its life included, is below nothing: one that repays in four years and lasts three does not. `late`: what
    replacements cost less residual values, a year, by project_id (`cash_flow.late_cost`); it counts in the yearly cost.
    """
    limits = pd.to_numeric(rules().set_index("priority")["most_payback_years"].replace("", None)).dropna()
    order = list(rules()["priority"])
    table = projects[["project_id", "tce_saved", "tco2e_saved"]].copy()
    reason = _unclear(projects)
    later = 0.0 if late is None else projects["project_id"].map(late).astype(float).fillna(0.0)
    pays = (projects["annual_cost"] + later).lt(0) & projects["payback_years"].notna()
    classed = pd.Series(order[len(limits)], index=projects.index).where(pays, "needs_support")
    for name, limit in limits.iloc[::-1].items():
        classed = classed.mask(pays & projects["payback_years"].le(limit), name)
    classed = classed.mask(projects["project_id"].isin(kept_out), "alternative").mask(reason != "", "clarify")
    table["priority"], table["priority_reason"] = classed, reason.mask(reason == "", classed)
    table["_class"] = classed.map(order.index)
    table = table.sort_values(["_class", "tco2e_saved", "tce_saved", "project_id"], ascending=[True, False, False, True])
    return table.assign(priority_rank=range(1, len(table) + 1))[COLUMNS].reset_index(drop=True)


def _unclear(projects: pd.DataFrame) -> pd.Series:
    """Why a project cannot be judged, blank where it can."""
    reason = pd.Series("", index=projects.index, dtype=object)
    reason = reason.mask(projects["tco2e_saved"].fillna(0.0).le(1e-9) & projects["tce_saved"].fillna(0.0).le(1e-9), "no_saving")
    return reason.mask(projects["eligible"].ne(1), "not_in_time").mask(projects["annual_cost"].isna(), "uncosted")
