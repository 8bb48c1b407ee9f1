"""Money of each project year by year: capital, grant, loan, running costs, energy money, carbon income, what comes at the end.

Year 0 is the year a project comes into effect; every later payment falls at the end of its year. Constant prices; energy money
alone grows by `energy_price_growth`. A last year that is not whole earns its share. Loans are repaid in whole years.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench import costs
from workbench.params import Settings

FLOWS = [
    "capex", "grant", "loan_draw", "repayment", "interest", "opex", "energy_money", "carbon_income", "replacement",
    "residual_value",
]  # fmt: skip
COLUMNS = [
    "project_id", "enterprise_id", "year", "year_of_effect", *FLOWS, "net", "cumulative", "discounted",
    "cumulative_discounted", "equity_net", "debt_service_cover",
]  # fmt: skip


@dataclass(frozen=True)
class CashFlow:
    """Matrices projects x years (0, 1, …), every amount positive; `ids` of the projects, `first` calendar year of year 0.

    `effect`: share of each year in which the project works; `alive`: years with its work or its loan.
    """

    ids: pd.DataFrame
    first: np.ndarray
    amounts: dict[str, np.ndarray]
    effect: np.ndarray
    alive: np.ndarray
    rate: float

    @property
    def net(self) -> np.ndarray:
        """Before any loan: what the project itself pays and earns, net of the grant."""
        a = self.amounts
        earned = a["grant"] + a["energy_money"] + a["carbon_income"] + a["residual_value"]
        return earned - a["capex"] - a["opex"] - a["replacement"]

    @property
    def equity(self) -> np.ndarray:
        """What is left to the owner after the loan is drawn and served."""
        return self.net + self.amounts["loan_draw"] - self.service

    @property
    def service(self) -> np.ndarray:
        """Repayment and interest of each year."""
        return self.amounts["repayment"] + self.amounts["interest"]

    @property
    def cover(self) -> np.ndarray:
        """Debt service cover: money of the running year before debt over debt service; NaN in years without debt service."""
        available = self.net + self.amounts["capex"] - self.amounts["grant"] - self.amounts["residual_value"]
        return np.divide(available, self.service, out=np.full(available.shape, np.nan), where=self.service > 0)

    def present(self, flow: np.ndarray) -> np.ndarray:
        """Present values of each year at the discount rate."""
        return flow * (1 + self.rate) ** -np.arange(flow.shape[1], dtype=float)


def build(projects: pd.DataFrame, filed: pd.DataFrame, settings: Settings) -> CashFlow:
    """Cash flow of the costed rows of `projects` (table of `potential`); loan, residual value and mid-life cost from `filed`."""
    p = projects[projects["annual_cost"].notna()].sort_values("project_id").reset_index(drop=True)
    terms = filed.set_index("project_id").reindex(p["project_id"]).reset_index(drop=True)
    life = p["lifetime_years"].to_numpy(float)
    loan, loan_years = _loan(p, terms)
    horizon = int(max(np.ceil(life).max(initial=0), loan_years.max(initial=0))) if len(p) else 0
    year = np.arange(horizon + 1, dtype=float)
    share = np.clip(life[:, None] - (year - 1), 0.0, 1.0) * (year > 0)  # 1 in whole years, the rest in the last one
    growth = (1 + settings.energy_price_growth) ** year
    amounts = {name: np.zeros((len(p), horizon + 1)) for name in FLOWS}
    if len(p):
        gross, net = p["gross_capex"].to_numpy(float), p["capex"].to_numpy(float)
        amounts["capex"][:, 0], amounts["grant"][:, 0], amounts["loan_draw"][:, 0] = gross, gross - net, loan
        amounts["opex"] = p["opex_per_year"].to_numpy(float)[:, None] * share
        amounts["energy_money"] = p["energy_money_saved"].to_numpy(float)[:, None] * share * growth
        amounts["carbon_income"] = (settings.carbon_price * p["tco2e_saved"].to_numpy(float))[:, None] * share
        amounts["repayment"], amounts["interest"] = _debt(loan, loan_years, terms, horizon)
        _late(amounts, gross, life, terms)
    first = (p["start_year"] + np.ceil(terms["build_years"].fillna(0.0))).to_numpy(int) if len(p) else np.zeros(0, int)
    alive = year <= np.maximum(np.ceil(life), loan_years)[:, None]
    return CashFlow(p[["project_id", "enterprise_id"]], first, amounts, share, alive, settings.discount_rate)


def late_cost(projects: pd.DataFrame, filed: pd.DataFrame, settings: Settings) -> pd.Series:
    """What falls due in mid-life less what is left at the end, spread over the life: CRF x PV(replacement - residual value).

    Currency a year, by project_id, of costed projects; beside `annual_cost`, which knows neither.
    """
    flow = build(projects, filed, settings)
    late = flow.present(flow.amounts["replacement"] - flow.amounts["residual_value"]).sum(axis=1)
    life = flow.ids["project_id"].map(projects.set_index("project_id")["lifetime_years"]).to_numpy(float)
    spread = late * np.asarray(costs.capital_recovery_factor(flow.rate, life))
    return pd.Series(spread, index=flow.ids["project_id"], dtype=float)


def _loan(p: pd.DataFrame, terms: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Amount borrowed and whole years of repayment; nothing where rate or term is not filed."""
    whole = terms["loan_rate"].notna() & terms["loan_years"].notna()
    loan = (terms["loan_share"].fillna(0.0) * p["capex"]).where(whole, 0.0).to_numpy(float)
    return loan, np.where(loan > 0, np.ceil(terms["loan_years"].fillna(0.0)), 0.0)


def _debt(loan: np.ndarray, years: np.ndarray, terms: pd.DataFrame, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Repayment and interest by year; a subsidy lowers the rate, never below nothing."""
    rate = (terms["loan_rate"].fillna(0.0) - terms["interest_subsidy"].fillna(0.0)).clip(lower=0.0).to_numpy(float)
    kind = terms["loan_kind"].replace("", None).fillna("annuity").to_numpy()
    payment = loan * np.nan_to_num(np.asarray(costs.capital_recovery_factor(rate, years)))
    repayment, interest = np.zeros((2, len(loan), horizon + 1))
    owed = loan.copy()
    for year in range(1, horizon + 1):
        interest[:, year] = owed * rate
        due = np.select(
            [kind == "bullet", kind == "equal_principal"], [np.where(year == years, owed, 0.0), loan / np.maximum(years, 1)]
        )
        due = np.where(kind == "annuity", payment - interest[:, year], due)
        repayment[:, year] = np.where(year <= years, np.minimum(due, owed), 0.0)
        owed = owed - repayment[:, year]
    return repayment, np.where(np.arange(horizon + 1) <= years[:, None], interest, 0.0)


def _late(amounts: dict[str, np.ndarray], gross: np.ndarray, life: np.ndarray, terms: pd.DataFrame) -> None:
    """Mid-life cost in the year it falls due, and the residual value in the last year."""
    row, last = np.arange(len(gross)), np.ceil(life).astype(int)
    amounts["residual_value"][row, last] = gross * terms["salvage_share"].fillna(0.0).to_numpy(float)
    after, cost = terms["replacement_after_years"].to_numpy(float), terms["replacement_cost"].fillna(0.0).to_numpy(float)
    due = np.where(after < life, np.ceil(np.nan_to_num(after)), 0).astype(int)
    amounts["replacement"][row[due > 0], due[due > 0]] = cost[due > 0]


def table(flow: CashFlow) -> pd.DataFrame:
    """One row a project and year with COLUMNS: currency, discounted at the discount rate; cumulative from year 0."""
    rows, years = np.nonzero(flow.alive)
    net, present = flow.net, flow.present(flow.net)
    series = {name: flow.amounts[name] for name in FLOWS} | {
        "net": net,
        "cumulative": net.cumsum(axis=1),
        "discounted": present,
        "cumulative_discounted": present.cumsum(axis=1),
        "equity_net": flow.equity,
        "debt_service_cover": flow.cover,
    }
    made = flow.ids.iloc[rows].reset_index(drop=True).assign(year=flow.first[rows] + years, year_of_effect=years)
    return made.assign(**{name: matrix[rows, years] for name, matrix in series.items()})[COLUMNS]
