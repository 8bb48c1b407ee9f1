"""Which assumption moves the money most: each changed alone, down and up, all others held (tornado).

Ranges are those of `data/sensitivities.csv`; the saving of a project takes its own filed uncertainty first.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench import costs, dictionary
from workbench.params import Settings

COLUMNS = [
    "level", "project_id", "rank", "factor", "change_pct", "npv", "npv_low", "npv_high", "npv_swing", "abatement_cost",
    "abatement_cost_low", "abatement_cost_high", "source",
]  # fmt: skip
INPUTS = ("capex", "opex_per_year", "lifetime_years", "energy_money_saved", "tco2e_saved")


def tornado(projects: pd.DataFrame, lines: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Rows of COLUMNS for the bundle of eligible projects (level bundle) and each of them; `_low` and `_high` belong to the factor
    at its lower and upper end, so that a cost has its larger value first.

    `projects` and `lines` are the library's; present value and abatement cost are those of the contract, each project alone.
    """
    p = projects[projects["eligible"] == 1].sort_values("project_id").reset_index(drop=True)
    own = lines.groupby("project_id")["uncertainty_pct"].max().reindex(p["project_id"]).reset_index(drop=True)
    base = _evaluate(p, settings)
    parts = [_one(p, base, own, rule, settings) for rule in dictionary.read_table("sensitivities").to_dict("records")]
    table = pd.concat(parts, ignore_index=True)
    table["npv_swing"] = (table["npv_high"] - table["npv_low"]).abs()
    order = ["level", "project_id", "npv_swing", "factor"]
    table = table.sort_values(order, ascending=[True, True, False, True], kind="stable").reset_index(drop=True)
    table["rank"] = table.groupby(["level", "project_id"]).cumcount() + 1
    return table[COLUMNS]


def _one(p: pd.DataFrame, base: pd.DataFrame, own: pd.Series, rule: dict[str, str], settings: Settings) -> pd.DataFrame:
    """One factor at both ends: every project, then all together."""
    change = pd.Series(float(rule["change_pct"]), index=p.index)
    if rule["factor"] == "saving":
        change = own.fillna(change)
    low, high = (_evaluate(p, settings, rule["factor"], sign * change / 100) for sign in (-1, 1))
    whole = pd.DataFrame({"level": ["bundle"], "project_id": [""], "change_pct": [_mean(change, base["npv"])]})
    single = pd.DataFrame({"level": "project", "project_id": p["project_id"], "change_pct": change})
    for name, ends in (("", base), ("_low", low), ("_high", high)):
        whole[f"npv{name}"], whole[f"abatement_cost{name}"] = (
            [ends["npv"].sum()],
            [_ratio(ends["annual"].sum(), ends["tco2e"].sum())],
        )
        single[f"npv{name}"] = ends["npv"]
        single[f"abatement_cost{name}"] = [_ratio(a, t) for a, t in zip(ends["annual"], ends["tco2e"], strict=True)]
    return pd.concat([whole, single], ignore_index=True).assign(factor=rule["factor"], source=rule["source"])


def _evaluate(p: pd.DataFrame, settings: Settings, factor: str = "", change: pd.Series | float = 0.0) -> pd.DataFrame:
    """Present value, annual cost and tonnes of each project with one factor changed by a fraction."""
    scaled = {name: 1 + (change if factor == name else 0.0) for name in ("capex", "energy_price", "discount_rate", "carbon_price")}
    use = 1 + (change if factor in ("activity", "saving") else 0.0)
    capital, life, opex = p["capex"] * scaled["capex"], p["lifetime_years"], p["opex_per_year"]
    money, tonnes = p["energy_money_saved"] * use * scaled["energy_price"], p["tco2e_saved"] * use
    rate = np.broadcast_to(settings.discount_rate * scaled["discount_rate"], len(p))
    carbon = settings.carbon_price * scaled["carbon_price"] * tonnes
    plain, growing = (costs.annuity_factor(rate, life, growth) for growth in (0.0, settings.energy_price_growth))
    annual = capital * costs.capital_recovery_factor(rate, life) + opex - money - carbon
    return pd.DataFrame({"npv": money * growing + (carbon - opex) * plain - capital, "annual": annual, "tco2e": tonnes})


def _mean(change: pd.Series, weight: pd.Series) -> float:
    """The change of the bundle: that of its projects, weighed by their present values."""
    total = weight.abs().sum()
    return float((change * weight.abs()).sum() / total) if total > 0 else float(change.mean()) if len(change) else float("nan")


def _ratio(annual: float, tonnes: float) -> float:
    return annual / tonnes if tonnes > 1e-9 else float("nan")
