"""Where a project changes emissions: in the enterprise's own stacks, in its account, in the cluster, and before the cluster's gate.

A project can clean its site and dirty the chain: heat by power from a dirty grid, a fuel with a long supply. Positive = less
emitted. Chain = cluster + upstream; upstream = bought fuels and power at the factors of `data/factors/upstream.csv`, less what the
project files in upstream_tco2e_per_year (GHG Protocol for Project Accounting: secondary effects).
"""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from workbench import dictionary, transfer, units

COLUMNS = [
    "project_id", "direct_tco2e_saved", "site_tco2e_saved", "cluster_tco2e_saved", "upstream_tco2e_saved", "chain_tco2e_saved",
    "cluster_money_saved", "seller_sales_lost", "moves_emissions", "upstream_incomplete",
]  # fmt: skip
_OWN = ("fuel", "direct")  # kinds of carrier whose emissions leave the enterprise's own stacks


def per_activity(
    carriers: list[str], unit_of: dict[str, str], gj_of: dict[str, float], country: str, year: int
) -> dict[str, float]:
    """Upstream tCO2e per unit of activity of bought carriers; NaN where there is no factor.

    `unit_of`: the unit of a carrier's activity; `gj_of`: GJ in one unit of it.
    """
    found = {}
    for carrier in carriers:
        value, per = _factor(carrier, country, year)
        if not per:
            found[carrier] = float("nan")
            continue
        energy = units.dimension(per) == "energy"
        size = gj_of[carrier] * (units.factor("GJ", per) or float("nan")) if energy else units.factor(unit_of[carrier], per)
        found[carrier] = value * size if size is not None else float("nan")
    return found


@lru_cache(maxsize=4096)
def _factor(carrier: str, country: str, year: int) -> tuple[float, str]:
    """tCO2e per unit of the chosen factor and that unit; '' where there is none."""
    table = transfer.factors([carrier], country, year)
    return (float(table["_value"].iat[0]), str(table["_per"].iat[0])) if len(table) else (float("nan"), "")


def of_projects(by_carrier: pd.DataFrame, bases: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Each project alone, by place of the change: COLUMNS; tCO2e and currency per year, marks 0/1.

    `by_carrier` has project_id, pool_id, activity_saved; `bases` the effects of a saved unit by pool; `projects` the filed table.
    moves_emissions: less is emitted at the site while the chain emits more, by more than the share in `thresholds.csv`.
    """
    per = bases.drop_duplicates("pool_id").set_index("pool_id")
    rows = by_carrier.join(per[_EFFECTS], on="pool_id", validate="m:1")
    own = rows["carrier"].map(dictionary.carriers()["kind"]).fillna("fuel").isin(_OWN)
    size = rows["activity_saved"]
    gaps = rows["upstream_tco2e_per_activity"].isna() & size.ne(0)
    made = pd.DataFrame(
        {
            "project_id": rows["project_id"],
            "site_tco2e_saved": size * rows["site_tco2e_per_activity"],
            "cluster_tco2e_saved": size * rows["tco2e_per_activity"],
            "upstream_tco2e_saved": size * rows["upstream_tco2e_per_activity"].fillna(0.0),
            "cluster_money_saved": size * rows["cluster_price"],
            "seller_sales_lost": size * rows["seller_price"],
            "upstream_incomplete": gaps.astype(int),
        }
    )
    made["direct_tco2e_saved"] = made["site_tco2e_saved"].where(own, 0.0)
    out = made.groupby("project_id", sort=True).agg(dict.fromkeys(made.columns.drop("project_id"), "sum"))
    out = out.reindex(projects["project_id"].sort_values()).fillna(0.0)
    filed = projects.set_index("project_id")["upstream_tco2e_per_year"].reindex(out.index).astype(float).fillna(0.0)
    out["upstream_tco2e_saved"] -= filed
    out["chain_tco2e_saved"] = out["cluster_tco2e_saved"] + out["upstream_tco2e_saved"]
    clean = out[["direct_tco2e_saved", "site_tco2e_saved"]].max(axis=1)
    limit = dictionary.threshold("moved_emissions_pct") / 100
    out["moves_emissions"] = ((clean > 1e-9) & (out["chain_tco2e_saved"] < -limit * clean)).astype(int)
    out["upstream_incomplete"] = out["upstream_incomplete"].gt(0).astype(int)
    return out.reset_index()[COLUMNS]


_EFFECTS = ["tco2e_per_activity", "site_tco2e_per_activity", "upstream_tco2e_per_activity", "cluster_price", "seller_price"]
