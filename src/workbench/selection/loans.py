"""Loans in a plan by years: the borrowed share of the capital is not the firm's own money, but is repaid with interest.

Interest and repayment begin with the first year of effect and fall due at the end of the year; what is still owed at the end of the
plan counts as paid then. Limits on capital count own funds; repayments come out of what the projects save.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Loan:
    """Borrowed `share` of the capital, yearly `rate` after subsidy, `years` to the last repayment and the `kind` of repayment."""

    share: float
    rate: float
    years: int
    kind: str


def of(projects: pd.DataFrame | None) -> dict[str, Loan]:
    """Loans by project; a share without rate or term is no loan (a finding says so)."""
    if projects is None or "loan_share" not in projects:
        return {}
    rows = projects.drop_duplicates("project_id")
    wanted = (rows["loan_share"] > 0) & rows["loan_rate"].notna() & rows["loan_years"].notna()
    found = {}
    for row in rows[wanted].itertuples():
        subsidy = getattr(row, "interest_subsidy", 0.0)
        rate = max(0.0, float(row.loan_rate) - (0.0 if pd.isna(subsidy) else float(subsidy)))
        kind = str(row.loan_kind) if isinstance(getattr(row, "loan_kind", None), str) and row.loan_kind else "annuity"
        found[row.project_id] = Loan(min(1.0, float(row.loan_share)), rate, max(1, round(float(row.loan_years))), kind)
    return found


def payments(loan: Loan) -> list[tuple[float, float]]:
    """(payment, still owed after it) of each year for a loan of 1."""
    owed, found = 1.0, []
    equal = loan.rate / (1 - (1 + loan.rate) ** -loan.years) if loan.rate else 1 / loan.years
    for year in range(1, loan.years + 1):
        interest = owed * loan.rate
        repaid = equal - interest
        if loan.kind == "bullet":
            repaid = owed if year == loan.years else 0.0
        elif loan.kind == "equal_principal":
            repaid = 1 / loan.years
        owed -= repaid
        found.append((interest + repaid, max(0.0, owed)))
    return found


def present_value(horizon, project: str, start: int, price: float) -> float:
    """Present value of what capital `price` spent in year `start` costs: own funds, then payments, then what is still owed."""
    loan = horizon.loans.get(project)
    if loan is None:
        return price * horizon.outlay(start)
    first = start + horizon.windows[project].lead
    total, owed = (1 - loan.share) * price * horizon.outlay(start), 1.0
    for year, (payment, rest) in enumerate(payments(loan), start=first):
        if year > horizon.last:
            break
        total += loan.share * price * payment * horizon.flow(year)
        owed = rest
    return total + loan.share * price * owed * horizon.flow(horizon.last)
