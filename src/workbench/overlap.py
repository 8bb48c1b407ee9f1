"""What adding up projects one by one overstates, and where ranking by cost per tonne misleads.

Below zero the ratio of cost to tonnes prefers the project that saves less: of two with one gain, the one with fewer tonnes looks
better (Taylor 2012, Energy Policy 48: 430-438). A project is misplaced when another earns at least as much and saves at least as
many tonnes, one of the two more, and still stands behind it by that ratio.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

MISPLACED = [
    "project_id", "abatement_cost", "annual_cost", "tco2e_saved", "better_id", "better_abatement_cost", "better_annual_cost",
    "better_tco2e_saved", "better_projects",
]  # fmt: skip
_CHUNK = 500


def overstatement(macc: pd.DataFrame) -> pd.DataFrame:
    """Totals of the curve's projects alone and in turn: item, alone, in_turn, overstated, overstated_pct (of in turn), unit.

    Projects kept out (entered 0) stand apart in a row of their own; `overstated` of the yearly cost is positive where the sum of
    single projects looks better than what is left.
    """
    inside = macc[macc["entered"] == 1]
    out = macc[macc["entered"] != 1]
    rows = [
        ("tco2e", inside["naive_tco2e"].sum(), inside["incremental_tco2e"].sum(), "tCO2e"),
        ("annual_cost", inside["naive_annual_cost"].sum(), inside["incremental_annual_cost"].sum(), "currency"),
        ("kept_out_tco2e", out["naive_tco2e"].sum(), 0.0, "tCO2e"),
        ("kept_out_annual_cost", out["naive_annual_cost"].sum(), 0.0, "currency"),
    ]
    table = pd.DataFrame(rows, columns=["item", "alone", "in_turn", "unit"])
    money = table["item"].str.endswith("cost")
    table["overstated"] = (table["alone"] - table["in_turn"]) * np.where(money, -1.0, 1.0)
    table["overstated_pct"] = (100 * table["overstated"] / table["in_turn"].abs()).where(table["in_turn"].abs() > 1e-9)
    return table[["item", "alone", "in_turn", "overstated", "overstated_pct", "unit"]]


def misplaced(projects: pd.DataFrame) -> pd.DataFrame:
    """Eligible projects that pay and that cost per tonne puts before a better one: MISPLACED, the best of those beside each."""
    rows = projects[projects["eligible"].eq(1) & projects["annual_cost"].lt(0) & projects["tco2e_saved"].gt(1e-9)]
    rows = rows.sort_values("project_id").reset_index(drop=True)
    cost, tonnes, ratio = (rows[c].to_numpy(float) for c in ("annual_cost", "tco2e_saved", "abatement_cost"))
    found = []
    for start in range(0, len(rows), _CHUNK):
        at = slice(start, start + _CHUNK)
        c, t, r = cost[at, None], tonnes[at, None], ratio[at, None]
        better = (cost <= c) & (tonnes >= t) & ((cost < c) | (tonnes > t)) & (ratio > r + 1e-12)
        for i in np.flatnonzero(better.any(axis=1)):
            others = np.flatnonzero(better[i])
            best = others[np.lexsort((-tonnes[others], cost[others]))[0]]
            one = start + i
            mine = (rows.at[one, "project_id"], ratio[one], cost[one], tonnes[one])
            found.append((*mine, rows.at[best, "project_id"], ratio[best], cost[best], tonnes[best], len(others)))
    return pd.DataFrame(found, columns=MISPLACED)
