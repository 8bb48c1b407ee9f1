"""Ranges of savings and abatement costs: what the filer says of a saving, what factors err by, what an early estimate is worth.

Half ranges (95 %): savings as filed (`uncertainty_pct`), factors by kind (`data/uncertainty.csv`), capital by the evidence it rests
on (`data/capex_ranges.csv`, classes of AACE 18R-97). Lines and carriers are independent, a carrier's factor errs once for a project
(IPCC 2006 Vol. 1 Ch. 3, approach 1). Cost per tonne: each input is moved to its ends alone, the deviations are added in squares.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench import dictionary

COLUMNS = ["project_id", "saving_half_pct", "factor_half_pct", "capex_low_pct", "capex_high_pct", "range_missing"]
CURVE = [
    "naive_tco2e_low", "naive_tco2e_high", "naive_abatement_cost_low", "naive_abatement_cost_high", "incremental_tco2e_low",
    "incremental_tco2e_high", "incremental_abatement_cost_low", "incremental_abatement_cost_high", "range_missing",
]  # fmt: skip


def of_projects(projects: pd.DataFrame, lines: pd.DataFrame, by_carrier: pd.DataFrame, filed: pd.DataFrame) -> pd.DataFrame:
    """Half ranges of each project: COLUMNS, % of its saving in tCO2e and of its capital; range_missing 1 = none filed for savings.

    `lines`: savings with uncertainty_pct; `by_carrier`: tco2e_saved by pool; `filed`: the table projects, with its evidence.
    """
    said = pd.to_numeric(lines["uncertainty_pct"], errors="coerce")
    widest = said.groupby([lines["project_id"], lines["pool_id"]]).max().rename("half").reset_index()
    rows = by_carrier.merge(widest, on=["project_id", "pool_id"], how="left", validate="1:1")
    kinds = rows["carrier"].map(dictionary.carriers()["kind"]).fillna("fuel")
    table = dictionary.read_table("uncertainty")
    factor = table[table["kind"].eq("factor")].set_index("grade")["half_range_pct"].astype(float)
    size = rows["tco2e_saved"]
    parts = pd.DataFrame(
        {"project_id": rows["project_id"], "carrier": rows["carrier"], "saving": (size * rows["half"].fillna(0.0)) ** 2}
    )
    parts["factor"], parts["none"] = (
        size * kinds.map(factor).astype(float).fillna(0.0),
        (rows["half"].isna() & size.ne(0)).astype(int),
    )
    parts["total"] = size
    each = parts.groupby(["project_id", "carrier"], sort=True)[["saving", "factor", "none", "total"]].sum()
    each["factor"] = each["factor"] ** 2
    sums = each.groupby("project_id").sum()
    whole = sums["total"].abs().where(sums["total"].abs() > 1e-9)
    out = pd.DataFrame({"saving_half_pct": sums["saving"] ** 0.5 / whole, "factor_half_pct": sums["factor"] ** 0.5 / whole})
    out["range_missing"] = sums["none"].gt(0).astype(int)
    out = out.reindex(projects["project_id"]).fillna({"range_missing": 0})
    classes = dictionary.read_table("capex_ranges").set_index("evidence")[["low_pct", "high_pct"]].astype(float)
    evidence = filed.set_index("project_id")["evidence"].reindex(out.index).fillna("").astype(str)
    known = evidence.where(evidence.isin(classes.index), "")
    out["capex_low_pct"], out["capex_high_pct"] = (
        classes["low_pct"].loc[known].to_numpy(),
        classes["high_pct"].loc[known].to_numpy(),
    )
    return out.astype({"range_missing": int}).reset_index()[COLUMNS]


def on_curve(macc: pd.DataFrame, projects: pd.DataFrame, half: pd.DataFrame) -> pd.DataFrame:
    """The curve with low and high of tonnes and of cost per tonne, alone and in turn (columns CURVE added).

    A saving that errs moves energy money and carbon income with it, a factor carbon income. What stays fixed of a project's yearly
    cost besides (operation) does not err here. In turn a project keeps its capital and its relative ranges on what is left for it.
    """
    key = {"project_id": str}  # a curve without rows has none
    rows = macc.drop(columns=CURVE, errors="ignore").astype(key)
    rows = rows.merge(half.astype(key), on="project_id", how="left", validate="1:1")
    known = projects.set_index("project_id").reindex(rows["project_id"])
    money, annual = known["energy_money_saved"].to_numpy(float), known["annual_cost"].to_numpy(float)
    carbon = known["carbon_income"].to_numpy(float)
    fixed = annual + money + carbon
    per_tonne = carbon / known["tco2e_saved"].to_numpy(float)
    capital = (fixed - known["opex_per_year"].fillna(0.0).to_numpy(float)).clip(min=0.0)
    for kind in ("naive", "incremental"):
        tonnes, cost = rows[f"{kind}_tco2e"].to_numpy(float), rows[f"{kind}_annual_cost"].to_numpy(float)
        tonne_half = np.hypot(rows["saving_half_pct"], rows["factor_half_pct"]).fillna(0.0).to_numpy() / 100
        rows[f"{kind}_tco2e_low"] = tonnes - np.abs(tonnes) * tonne_half
        rows[f"{kind}_tco2e_high"] = tonnes + np.abs(tonnes) * tonne_half
        low, high = _cost_range(rows, capital, fixed - cost, cost, tonnes, per_tonne * tonnes)
        rows[f"{kind}_abatement_cost_low"], rows[f"{kind}_abatement_cost_high"] = low, high
    return rows[[*macc.columns.drop(CURVE, errors="ignore"), *CURVE]]


def _cost_range(
    rows: pd.DataFrame, capital: np.ndarray, money: np.ndarray, cost: np.ndarray, tonnes: np.ndarray, carbon: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of cost per tonne: capital, saving (`money`: energy and carbon) and factor (`carbon`) each to its ends alone."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(np.abs(tonnes) > 1e-9, tonnes, np.nan)
        middle = cost / size
        down = up = 0.0
        saving, factor = (rows[f"{name}_half_pct"].fillna(0.0).to_numpy() / 100 for name in ("saving", "factor"))
        ends = [(cost + capital * rows[f"capex_{end}_pct"].to_numpy() / 100) / size for end in ("low", "high")]
        ends += [(cost - money * side * saving) / (size * np.maximum(1 + side * saving, 1e-6)) for side in (-1, 1)]
        ends += [(cost - carbon * side * factor) / (size * np.maximum(1 + side * factor, 1e-6)) for side in (-1, 1)]
        for one, other in zip(ends[::2], ends[1::2], strict=True):
            down = down + np.maximum(0.0, middle - np.fmin(one, other)) ** 2
            up = up + np.maximum(0.0, np.fmax(one, other) - middle) ** 2
        return middle - np.sqrt(down), middle + np.sqrt(up)
