"""What 45 years of audits say of energy measures: how often they were carried out, what they cost and what they saved.

Reads the recommendations of the US DOE Industrial Assessment Centers as `iac` does and makes the tables
`technologies/implementation_by_payback` and `technologies/iac_classes`; run again on a newer copy, it makes them anew.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.importers import iac_tables

PAYBACK_EDGES = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 7, 10, np.inf]  # years; the last range is open
CARRIED_OUT, LEFT = "I", "N"


def implementation_by_payback(recc: pd.DataFrame) -> pd.DataFrame:
    """Share of recommendations carried out, by simple payback (cost over yearly saving of the first stream, both nominal USD).

    `recc`: the recommendations as `iac.read_source` gives them. Only energy streams with a cost and a saving above nil and an
    answer (carried out or not) count; pending and unanswered ones are left out. Columns: payback_from_years,
    payback_to_years (NaN: open), share (a fraction), recommendations, carried_out.
    """
    rows = _answered(recc)
    ranges = pd.cut(rows["impcost"] / rows["psaved"], PAYBACK_EDGES)
    answers = (rows["impstatus"] == CARRIED_OUT).groupby(ranges, observed=True)
    counts = pd.DataFrame({"recommendations": answers.size(), "carried_out": answers.sum().astype(int)})
    return pd.DataFrame(
        {
            "payback_from_years": [float(span.left) for span in counts.index],
            "payback_to_years": [float(span.right) if np.isfinite(span.right) else np.nan for span in counts.index],
            "share": (counts["carried_out"] / counts["recommendations"]).to_numpy(),
            "recommendations": counts["recommendations"].to_numpy(),
            "carried_out": counts["carried_out"].to_numpy(),
        }
    )


def _answered(recc: pd.DataFrame) -> pd.DataFrame:
    """Recommendations on a metered energy stream with cost, saving and an answer; fees and demand are money, not energy."""
    streams = iac_tables.stream_table()
    metered = streams.index[(streams["money"] == "energy") & ~streams["carrier"].str.startswith("electricity_")]
    keep = recc["impstatus"].isin([CARRIED_OUT, LEFT]) & recc["psourccode"].isin(metered)
    return recc[keep & (recc["impcost"] > 0) & (recc["psaved"] > 0)]
