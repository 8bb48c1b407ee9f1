"""Enterprises as places: where they lie, what they emit, what their projects would save and at which cost.

Coordinates as filed (`lon`, `lat`, decimal degrees, WGS 84). A place without them is listed and stays off the map.
"""

from __future__ import annotations

import pandas as pd

COLUMNS = [
    "enterprise_id", "name", "name_zh", "sector", "lon", "lat", "total_tco2e", "projects", "tco2e_saved", "tce_saved", "capex",
    "annual_cost", "abatement_cost",
]  # fmt: skip
_SUMS = ["tco2e_saved", "tce_saved", "capex", "annual_cost"]


def of_enterprises(filed: pd.DataFrame, totals: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """One row an enterprise: COLUMNS. Sums of its eligible projects, each alone; abatement_cost is their money over their tonnes.

    `filed` is the table enterprises, `totals` that of the inventory, `projects` the potential. A place off the globe is blanked.
    """
    wanted = ["enterprise_id", "name", "name_zh", "sector", "lon", "lat"]
    out = filed.drop_duplicates("enterprise_id").reindex(columns=wanted)
    out = out.merge(totals[["enterprise_id", "total_tco2e"]], on="enterprise_id", how="left", validate="1:1")
    mine = projects[projects["eligible"] == 1]
    sums = mine.groupby("enterprise_id")[_SUMS].sum().assign(projects=mine.groupby("enterprise_id").size()).reset_index()
    out = out.merge(sums, on="enterprise_id", how="left", validate="1:1").fillna(dict.fromkeys([*_SUMS, "projects"], 0.0))
    out["projects"] = out["projects"].astype(int)
    out["abatement_cost"] = (out["annual_cost"] / out["tco2e_saved"]).where(out["tco2e_saved"] > 1e-9)
    place = out[["lon", "lat"]].apply(pd.to_numeric, errors="coerce")
    on_globe = place["lon"].between(-180, 180) & place["lat"].between(-90, 90)
    out["lon"], out["lat"] = place["lon"].where(on_globe), place["lat"].where(on_globe)
    return out.sort_values("enterprise_id").reset_index(drop=True)[COLUMNS]
