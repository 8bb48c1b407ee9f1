"""Capital and loan of a project as filed: parts of the capital cost add up, a loan has its terms, a replacement comes in time."""

from __future__ import annotations

import pandas as pd

from workbench import findings

PARTS = ("capex_equipment", "capex_engineering", "capex_labour", "capex_other")


def with_column(text: pd.DataFrame) -> pd.DataFrame:
    """The table as filed with an empty column capex where only its parts are filed."""
    return text.assign(capex="") if "capex" not in text and set(PARTS) & set(text) else text


def completed(projects: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """`projects` (typed, indexed by row) with capex = sum of its parts where it is empty, and the findings on parts and loan.

    Parts below nothing are left out of the sum; they are reported as out of range.
    """
    if projects[[*PARTS, "loan_share", "replacement_cost"]].isna().to_numpy().all():
        return projects, []
    parts = projects[list(PARTS)].where(projects[list(PARTS)] >= 0)
    total = parts.sum(axis=1, min_count=1)
    filled = projects["capex"].isna() & total.notna()
    off = (projects["capex"] - total).abs() > findings.tolerance("capex_parts_differ") / 100 * total
    off &= parts.notna().all(axis=1) | (total > projects["capex"])
    rows, place = projects[filled], {"table": "projects", "field": "capex"}
    found = [
        findings.raw("capex_from_parts", rows, **place, expected=_numbers(total[filled])),
        findings.raw(
            "capex_parts_differ", projects[off], **place, seen=_numbers(projects.loc[off, "capex"]), expected=_numbers(total[off])
        ),
        *_loans(projects),
        *_replacements(projects),
    ]
    return projects.assign(capex=projects["capex"].fillna(total)), [part for part in found if len(part)]


def _loans(projects: pd.DataFrame) -> list[pd.DataFrame]:
    """A borrowed share without rate or term."""
    borrowed = projects["loan_share"] > 0
    lacking = ((field, projects[borrowed & projects[field].isna()]) for field in ("loan_rate", "loan_years"))
    return [findings.raw("loan_incomplete", rows, table="projects", field=field) for field, rows in lacking]


def _replacements(projects: pd.DataFrame) -> list[pd.DataFrame]:
    """A mid-life cost that falls due when the project has ended."""
    late = (projects["replacement_cost"] > 0) & (projects["replacement_after_years"] >= projects["lifetime_years"])
    rows = projects[late]
    place = {"table": "projects", "field": "replacement_after_years"}
    return [
        findings.raw(
            "replacement_beyond_life", rows, **place, seen=rows["replacement_after_years"], expected=rows["lifetime_years"]
        )
    ]


def _numbers(values: pd.Series) -> list[str]:
    return [findings.number(value) for value in values]
