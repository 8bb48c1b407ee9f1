"""What each project costs and earns, taken alone: all projects of a library at once, from what they save and what was filed.

Annual cost = CRF x capital net of grant + opex - energy money saved - carbon income; see the contract of `potential.csv`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench import costs, dictionary
from workbench.params import Settings

NEVER_SELECTED = ("uncosted", "unpriced", "superseded", "excluded")


def money(projects: pd.DataFrame, saved: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """One row a project, in the order of `projects` (checked table); `saved` has tco2e, tce and money per year by project_id.

    Money in currency, per year where the name says cost; `capex` is net of the grant; NaN where a project is not costed.
    """
    p = projects.reset_index(drop=True)
    saved = saved.reindex(p["project_id"]).reset_index(drop=True)
    grant, opex, earliest, build, upstream = (
        p[name].fillna(0.0).astype(float)
        for name in ("grant", "opex_per_year", "earliest_year", "build_years", "upstream_tco2e_per_year")
    )
    gross, life, rate = p["capex"].astype(float), p["lifetime_years"].astype(float), settings.discount_rate
    costed = gross.notna() & life.notna() & ~p["status"].astype(str).isin(NEVER_SELECTED)
    net = (gross - grant).clip(lower=0.0)
    carbon = settings.carbon_price * saved["tco2e"]
    income = saved["money"] + carbon - opex
    plain, growing = (costs.annuity_factor(rate, life, growth) for growth in (0.0, settings.energy_price_growth))
    annual = (net * costs.capital_recovery_factor(rate, life) - income).where(costed)
    npv_cost = (net + (opex - carbon) * plain - saved["money"] * growing).where(costed)
    start = np.maximum(earliest, settings.year + 1).astype(int)
    deadline = settings.target_year if settings.horizon_year is None else settings.horizon_year
    late = (start + build > deadline) if deadline is not None else pd.Series(False, index=p.index)
    late = late | (p["latest_year"].notna() & (start > p["latest_year"]))
    table = {
        "project_id": p["project_id"], "enterprise_id": p["enterprise_id"], "name": p["name"], "name_zh": p["name_zh"],
        "kind": p["kind"], "status": p["status"], "eligible": (costed & ~late).astype(int), "tce_saved": saved["tce"],
        "tco2e_saved": saved["tco2e"], "gross_capex": gross, "grant": grant, "capex": net, "opex_per_year": opex,
        "lifetime_years": life, "energy_money_saved": saved["money"], "carbon_income": carbon, "annual_cost": annual,
        "npv": -npv_cost,
        "npv_cost": npv_cost, "irr_pct": 100 * pd.Series(costs.internal_rate_of_return(net, income, life)).where(costed),
        "payback_years": pd.Series(costs.simple_payback(net, income)).where(costed),
        "abatement_cost": (annual / saved["tco2e"]).where(costed & (saved["tco2e"] > 1e-9)),
        "upstream_tco2e": upstream, "start_year": start,
    }  # fmt: skip
    return pd.DataFrame(table).assign(flags=_flags(p, saved, annual, late, upstream))


def _flags(p: pd.DataFrame, saved: pd.DataFrame, annual: pd.Series, late: pd.Series, upstream: pd.Series) -> list[str]:
    """Marks of each project, joined by semicolons."""
    share = dictionary.threshold("upstream_marked_share")
    marks = {
        "uncosted": p["capex"].isna(),
        "not_in_time": late,
        "pays_for_itself": annual < 0,
        "no_carbon_effect": saved["tco2e"].abs() < 1e-9,
        "more_emissions": saved["tco2e"] < -1e-9,
        "tce_and_tco2e_differ_in_sign": saved["tce"] * saved["tco2e"] < 0,
        "moves_emissions_upstream": (upstream > 0) & (upstream > share * saved["tco2e"].clip(lower=0.0)),
        "assumed_lifetime": p["lifetime_basis"].eq("assumed") if "lifetime_basis" in p else pd.Series(False, index=p.index),
    }
    names = list(marks)
    rows = zip(*(mark.to_numpy() for mark in marks.values()), strict=True)
    return [";".join(name for name, on in zip(names, row, strict=True) if on) for row in rows]
