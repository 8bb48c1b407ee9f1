"""How much of a potential is carried out: firms take up a measure the more often the sooner it pays back.

Curves are those of `data/technologies/implementation_by_payback.csv`: shares by range of payback, or points with straight lines
between them and nothing beyond the last.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench import dictionary

LEVELS = ("technical", "economic", "expected")
BY_PAYBACK = [
    "payback_from_years", "payback_to_years", "projects", "tce_saved", "tco2e_saved", "recommendations", "carried_out", "share_pct",
    "source",
]  # fmt: skip
COLUMNS = ["level", "projects", "tce_saved", "tco2e_saved", "capex", "curve", "source"]


def curves() -> pd.DataFrame:
    """The curves, with numbers: curve, kind (range, point), payback_from_years, payback_to_years, share, source."""
    table = dictionary.read_table("technologies/implementation_by_payback")
    numbers = ("payback_from_years", "payback_to_years", "share")
    return table.assign(**{name: pd.to_numeric(table[name].replace("", None)) for name in numbers})


def probability(payback_years: pd.Series, curve: str) -> pd.Series:
    """Share of firms that carry out a measure of this simple payback; none where it never pays back (NaN).

    A range holds its upper end: 1 year is in (0.75, 1].
    """
    rows = curves()
    rows = rows[rows["curve"] == curve].sort_values("payback_from_years")
    if rows.empty:
        raise KeyError(f"unknown adoption curve {curve!r}")
    years = payback_years.to_numpy(float).clip(min=0)
    if rows["kind"].iat[0] == "range":
        at = np.searchsorted(rows["payback_to_years"].fillna(np.inf).to_numpy(), years, side="left").clip(max=len(rows) - 1)
        share = rows["share"].to_numpy()[at]
    else:
        share = np.interp(years, rows["payback_from_years"], rows["share"], right=0.0)
    return pd.Series(np.where(np.isnan(years), 0.0, share), index=payback_years.index)


def by_payback(projects: pd.DataFrame) -> pd.DataFrame:
    """How often audited firms carried out measures of the paybacks that `projects` have; columns BY_PAYBACK, shortest first.

    One row a range of simple payback (years, its upper end in it) of the curve `iac` in which an eligible project falls: how many,
    what they save alone (tce and tCO2e a year), recommendations of the audit programme with an answer, and how many were carried
    out, also in %. Projects that never pay back are in none.
    """
    bins = curves().query("curve == 'iac'").sort_values("payback_from_years").reset_index(drop=True)
    mine = projects[projects["eligible"].eq(1) & projects["payback_years"].notna()]
    years = mine["payback_years"].to_numpy(float).clip(min=0)
    at = np.searchsorted(bins["payback_to_years"].fillna(np.inf).to_numpy(), years, side="left").clip(max=len(bins) - 1)
    sums = mine.assign(at=at).groupby("at").agg(
        projects=("project_id", "size"), tce_saved=("tce_saved", "sum"), tco2e_saved=("tco2e_saved", "sum")
    )  # fmt: skip
    counted = bins.assign(**{name: pd.to_numeric(bins[name]) for name in ("recommendations", "carried_out")})
    found = counted.join(sums, how="inner")
    return found.assign(share_pct=100 * found["carried_out"] / found["recommendations"])[BY_PAYBACK].reset_index(drop=True)


def levels(projects: pd.DataFrame, curve: str = "none") -> pd.DataFrame:
    """Technical, economic and, with a curve, expected potential of the eligible projects: tce and tCO2e per year, currency.

    Technical = all of them, economic = those whose present value is not below nothing, expected = each times its probability.
    Each project alone: what they take from each other is not subtracted (see the abatement cost curve).
    """
    p = projects[projects["eligible"] == 1]
    weights = {"technical": pd.Series(1.0, index=p.index), "economic": (p["npv"] >= 0).astype(float)}
    source = ""
    if curve != "none":
        weights["expected"] = probability(p["payback_years"], curve)
        source = curves().set_index("curve").loc[[curve], "source"].iat[0]
    rows = []
    for level, weight in weights.items():
        amounts = [(p[name] * weight).sum() for name in ("tce_saved", "tco2e_saved", "capex")]
        used = (curve, source) if level == "expected" else ("", "")
        rows.append((level, weight.sum(), *amounts, *used))
    return pd.DataFrame(rows, columns=COLUMNS)
