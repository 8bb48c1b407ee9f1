"""How the cluster's budget falls to its enterprises: a stated rule, because the sharing that follows depends on it.

What an enterprise must save (its need) is its emissions less its allowance; the needs add up to what the cluster must save.
"""

from __future__ import annotations

import pandas as pd

from workbench.errors import UserError
from workbench.selection import configurations
from workbench.selection.problem import Problem

RULES = ("emissions", "emission_limit")
ALLOWANCES = ["enterprise_id", "emissions_tco2e", "allowance_tco2e", "need_tco2e", "rule"]


def allowances(problem: Problem, rule: str = "emissions") -> pd.DataFrame:
    """Allowance and need of each enterprise (tCO2e per year), columns ALLOWANCES; without a budget nothing is needed.

    `emissions`: grandfathered, the cut is in proportion to emissions. `emission_limit`: an enterprise with a limit has that limit
    as its allowance, the others share what is left of the cut in proportion to emissions. UserError for another rule.
    """
    if rule not in RULES:
        raise UserError(f"no rule {rule!r} for allowances: choose one of {', '.join(RULES)}")
    firms = problem.enterprises.sort_values("enterprise_id", ignore_index=True)
    emitted = firms["total_tco2e"].astype(float)
    whole = configurations.need(problem) or 0.0
    limit = firms["emission_limit_tco2e"].astype(float) if rule == "emission_limit" else pd.Series(float("nan"), firms.index)
    own = emitted - limit
    weight = emitted.clip(lower=0).where(limit.isna(), 0.0)
    if weight.sum() <= 0:
        weight = emitted.clip(lower=0)
    rest = whole - own.sum()
    part = weight / weight.sum() if weight.sum() > 0 else weight + 1 / max(len(weight), 1)
    needed = own.fillna(0.0) + rest * part
    return pd.DataFrame(
        {
            "enterprise_id": firms["enterprise_id"], "emissions_tco2e": emitted, "allowance_tco2e": emitted - needed,
            "need_tco2e": needed, "rule": rule,
        }
    )  # fmt: skip
