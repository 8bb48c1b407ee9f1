"""Process emissions: what leaves a process without fuel being burnt, from activity and the factor of the process."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import dictionary, factors, findings, units


def emissions(process: pd.DataFrame, meta: dict[str, Any], year: int) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """Process emissions: quantity x factor of the process (gases weighted by GWP), or the filer's own factor."""
    rows = process[process["year"] == year].copy()
    if rows.empty:
        return pd.DataFrame(), pd.DataFrame(columns=factors.COLUMNS), []
    table = dictionary.read_table("factors/process").drop_duplicates("process").set_index("process")
    rows["unit_id"] = rows["unit_id"].fillna("").astype(str)
    weight = table["gas"].map({"CO2": 1.0, "CO2e": 1.0} | factors.gwp(str(meta.get("gwp_set", ""))))
    value = pd.to_numeric(table["value"]) * weight
    size = [_size(u, table.at[p, "unit"]) for u, p in zip(rows["unit"], rows["process"], strict=True)]
    rows["activity"] = rows["quantity"] * pd.Series(size, index=rows.index, dtype=float)
    own = rows["tco2_per_unit"].notna()
    rows["tco2e"] = (rows["activity"] * rows["process"].map(value)).mask(own, rows["quantity"] * rows["tco2_per_unit"])
    rows["activity"] = rows["activity"].mask(own, rows["quantity"])
    rows["activity_unit"] = rows["process"].map(table["unit"]).mask(own, rows["unit"])
    ids = rows["process"].map(table["factor_id"])
    stated = (
        "own:"
        + rows["enterprise_id"]
        + ":"
        + rows["process"]
        + ":"
        + rows["tco2_per_unit"].map("{:.6g}".format)
        + "tCO2e/"
        + rows["unit"]
    )
    rows["factor_id"] = ids.mask(own, stated)
    bad = rows[rows["tco2e"].isna()].set_index("row")
    found = [
        findings.raw(
            "unit_mismatch", bad, table="process", field="unit", seen=bad["unit"], expected=bad["process"], effect="row_set_aside"
        )
    ]
    rows = rows[rows["tco2e"].notna()]
    made = rows.drop_duplicates("factor_id")
    used = [
        factors.process_row(
            r.factor_id, r.process, r.tco2e / r.activity if r.activity else 0.0, r.activity_unit, table.loc[r.process].to_dict()
        )
        for r in made.itertuples()
    ]
    rows = rows.assign(
        carrier=rows["process"], counterparty="", internal=False, sign=1, energy_gj=0.0, quality="", source="process", scope=1
    )
    return rows, pd.DataFrame(used, columns=factors.COLUMNS), found


def _size(unit: str, target: str) -> float:
    """Factor units per filed unit; tonnes of CO2e may be filed as t."""
    size = units.factor(unit, target)
    if size is None and units.dimension(target) == "emission" and units.dimension(unit) == "mass":
        size = units.factor(unit, "t")
    return float("nan") if size is None else size
