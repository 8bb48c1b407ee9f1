"""A stored answer held against the package once more before it is printed: a bundle changed by hand is refused."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench.selection.problem import Problem
from workbench.selection.recheck import recheck

CLAIMS = ("objective_value", "emissions_after", "capex")


def trusted(problem: Problem, bundle: pd.DataFrame, summary: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """`bundle` and `summary` (selection.json) as stored, or refused where plain sums over the package say otherwise.

    Refused: status `refused`, no plan and no project chosen, what was found in `recheck`.
    """
    if summary["objective_value"] is None:
        return bundle, summary
    chosen = bundle[pd.to_numeric(bundle["selected"]) == 1]
    ids = chosen["project_id"].tolist()
    by_years = problem.horizon.by_years and set(ids) <= set(problem.ids)
    plan = dict(zip(ids, chosen["start_year"].astype(int).tolist(), strict=True)) if by_years else set(ids)
    faults = recheck(problem, plan, {name: float(summary[name]) for name in CLAIMS})
    if len(ids) != summary["projects_selected"]:
        faults.append(f"{len(ids)} projects are chosen, {summary['projects_selected']} are claimed")
    if not faults:
        return bundle, summary
    none = dict.fromkeys((*CLAIMS, "bound", "gap", "annual_cost", "marginal_abatement_cost"))
    said = {"status": "refused", "projects_selected": 0, "recheck": "; ".join(faults), "limits_to_move": []}
    return bundle.assign(selected=0), summary | none | said
