"""The figures a lender and an owner ask for, one row a project: with every flow, with the loan, with and without carbon income."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from workbench import cash_flow, costs, dictionary, rates_of_return, units
from workbench.capital import PARTS
from workbench.cash_flow import CashFlow
from workbench.params import Settings
from workbench.potential import Assessment

YEARLY_PARTS = [f"yearly_{part}" for part in PARTS]
COLUMNS = [
    "project_id", "enterprise_id", "name", "name_zh", "capex", "grant", "loan", "npv_all_flows", "irr_all_flows_pct",
    "irr_roots_pct", "mirr_pct", "payback_years", "discounted_payback_years", "annual_cost_without_carbon",
    "abatement_cost_without_carbon", "abatement_cost_with_carbon", "npv_without_carbon", "present_tco2e",
    "break_even_carbon_price", "conserved_cost_per_tce",
    "conserved_cost_per_gj", "conserved_cost_per_mwh", "yearly_capital", *YEARLY_PARTS, "equity", "equity_npv",
    "equity_irr_pct", "dscr_min", "dscr_mean", "least_aid", "least_aid_share_pct", "remarks",
]  # fmt: skip


def table(
    projects: pd.DataFrame, filed: pd.DataFrame, by_carrier: pd.DataFrame, flow: CashFlow, settings: Settings
) -> pd.DataFrame:
    """Every costed project of `projects` (table of `potential`), in the order of `flow`, with COLUMNS; money in currency.

    Shares and rates named `_pct` in percent. No discounted payback is stated that comes after the project's life. Conserved energy:
    (CRF x net capital + opex) per unit saved (Meier, Wright and Rosenfeld 1983), per MWh only where nothing but electricity is
    saved. The break-even carbon price makes the present value of all flows nil: exact, since income is linear in it; below nothing
    where a project pays without carbon income.
    `npv_all_flows` adds residual value and mid-life cost to the contract's `npv`; the loan is in the columns equity and DSCR alone.
    """
    p = flow.ids[["project_id"]].merge(projects, on="project_id", how="left", validate="1:1")
    terms = filed.set_index("project_id").reindex(p["project_id"]).reset_index(drop=True)
    factor = costs.capital_recovery_factor(settings.discount_rate, p["lifetime_years"])
    yearly = p["capex"] * factor
    carbon = settings.carbon_price * p["tco2e_saved"]
    plain, saves = p["annual_cost"] + carbon, p["tco2e_saved"] > 1e-9
    own = yearly + p["opex_per_year"]
    income = p["energy_money_saved"] + carbon - p["opex_per_year"]
    repaid = np.atleast_1d(costs.discounted_payback(p["capex"], income, settings.discount_rate))
    roots, equity_roots = (rates_of_return.of_rows(matrix, settings.discount_rate) for matrix in (flow.net, flow.equity))
    cover = pd.DataFrame(flow.cover)
    without = flow.present(flow.net - flow.amounts["carbon_income"]).sum(axis=1)
    tonnes = flow.present(flow.effect * p["tco2e_saved"].to_numpy(float)[:, None]).sum(axis=1)
    aid = least_aid(flow)
    made = p.assign(
        loan=flow.amounts["loan_draw"][:, 0],
        npv_all_flows=flow.present(flow.net).sum(axis=1),
        irr_all_flows_pct=100 * roots[0],
        irr_roots_pct=[";".join(f"{100 * rate:.6g}" for rate in found) for found in roots[1]],
        mirr_pct=100 * rates_of_return.modified(flow.net, settings.discount_rate),
        discounted_payback_years=pd.Series(repaid, index=p.index).where(repaid <= p["lifetime_years"] + 1e-9),
        annual_cost_without_carbon=plain,
        abatement_cost_without_carbon=(plain / p["tco2e_saved"]).where(saves),
        abatement_cost_with_carbon=p["abatement_cost"],
        npv_without_carbon=without,
        present_tco2e=tonnes,
        break_even_carbon_price=np.divide(-without, tonnes, out=np.full(len(p), np.nan), where=tonnes > 1e-9),
        conserved_cost_per_tce=(own / p["tce_saved"]).where(p["tce_saved"] > 1e-9),
        conserved_cost_per_gj=(own / (p["tce_saved"] * units.GJ_PER_TCE)).where(p["tce_saved"] > 1e-9),
        conserved_cost_per_mwh=own / _only_electricity(p["project_id"], by_carrier),
        yearly_capital=yearly,
        equity=-flow.equity[:, 0],
        equity_npv=flow.present(flow.equity).sum(axis=1),
        equity_irr_pct=100 * equity_roots[0],
        dscr_min=cover.min(axis=1),
        dscr_mean=cover.mean(axis=1),
        least_aid=aid,
        least_aid_share_pct=100 * aid / p["gross_capex"].where(p["gross_capex"] > 0),
    )
    kept = (p["capex"] / p["gross_capex"]).where(p["gross_capex"] > 0, 0.0) * factor
    made = made.assign(**{f"yearly_{part}": terms[part] * kept for part in PARTS})
    return made.assign(remarks=_remarks(made, roots[1]))[COLUMNS]


def bundle_break_even_carbon_price(finance: pd.DataFrame) -> float:
    """The one carbon price at which the rows of `finance` together, each as if alone, have a present value of nil; exact.

    Their single prices weighed by tonnes over the life, discounted like money; projects without tonnes count with their value.
    """
    tonnes = finance["present_tco2e"].sum()
    return float(-finance["npv_without_carbon"].sum() / tonnes) if tonnes > 1e-9 else float("nan")


def least_aid(flow: CashFlow) -> np.ndarray:
    """Least further grant, in whole currency, with which a project passes the lender's rules: present value not below nothing,
    least debt service cover not below the threshold (`green_finance_rules.csv`); NaN where no grant is enough.

    Exact: the present value rises one for one with the grant, and debt service falls in proportion to the capital left to pay.
    """
    a = flow.amounts
    net = a["capex"][:, 0] - a["grant"][:, 0]
    value = flow.present(flow.net).sum(axis=1)
    cover = pd.DataFrame(flow.cover).min(axis=1).to_numpy()
    for_value = np.maximum(0.0, -value)
    # with capital c left to pay the cover is cover x net / c, so c may be at most net x cover / threshold
    for_cover = np.where(np.isnan(cover), 0.0, net * (1 - np.clip(np.nan_to_num(cover) / cover_threshold(), 0.0, 1.0)))
    needed = np.maximum(for_value, for_cover)
    return np.where(needed > net * (1 + 1e-9), np.nan, np.minimum(np.ceil(needed - 1e-6), np.ceil(net)) + 0.0)  # never -0


def cover_threshold() -> float:
    """The least debt service cover a lender accepts without further questions."""
    return float(_rules().at["dscr_min", "threshold"])


def _rules() -> pd.DataFrame:
    return dictionary.read_table("green_finance_rules").set_index("rule_id")


def _only_electricity(ids: pd.Series, by_carrier: pd.DataFrame) -> pd.Series:
    """MWh saved per year by projects that touch nothing but electricity, NaN elsewhere."""
    other = set(by_carrier.loc[by_carrier["carrier"] != "electricity", "project_id"])
    saved = by_carrier[~by_carrier["project_id"].isin(other)].groupby("project_id")["activity_saved"].sum().astype(float)
    return ids.map(saved.where(saved > 1e-9)).astype(float)


def _remarks(made: pd.DataFrame, roots: list[list[float]]) -> list[str]:
    marks = {
        "several_rates_of_return": pd.Series([len(found) > 1 for found in roots]),
        "no_rate_of_return": pd.Series([len(found) == 0 for found in roots]),
        "without_loan": made["loan"] <= 0,
        "no_grant_is_enough": made["least_aid"].isna(),
    }
    rows = zip(*(mark.to_numpy() for mark in marks.values()), strict=True)
    return [";".join(name for name, on in zip(marks, row, strict=True) if on) for row in rows]


def assess(library: Assessment, filed: pd.DataFrame, settings: Settings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table `finance` and the yearly table `cash_flow` of a library; `filed` is the checked table of projects."""
    flow = cash_flow.build(library.projects, filed, settings)
    return table(library.projects, filed, library.by_carrier, flow, settings), cash_flow.table(flow)


def assumptions(bases: pd.DataFrame, meta: dict[str, Any], settings: Settings) -> pd.DataFrame:
    """What all money of a run rests on: name, value, unit, source; prices as the range over enterprises, by carrier."""
    currency = str(meta.get("currency", ""))
    given = "parameters of the run"
    rows = [
        ("discount_rate", settings.discount_rate, "1/yr", given),
        ("energy_price_growth", settings.energy_price_growth, "1/yr", given),
        ("carbon_price", settings.carbon_price, f"{currency}/tCO2e", given),
        ("price_year", meta.get("price_year") or meta.get("base_year"), "yr", "cluster.yaml"),
        ("debt_service_cover", cover_threshold(), "1", _rules().at["dscr_min", "source"]),
    ]
    priced = bases[bases["price"] > 0].drop_duplicates(["enterprise_id", "carrier"])
    for (carrier, unit), group in priced.groupby(["carrier", "activity_unit"], sort=True):
        source = ";".join(sorted(set(group["price_source"].astype(str))))
        for end in ("min", "max"):
            rows.append((f"price_{end}:{carrier}", getattr(group["price"], end)(), f"{currency}/{unit}", source))
    return pd.DataFrame(rows, columns=["name", "value", "unit", "source"])
