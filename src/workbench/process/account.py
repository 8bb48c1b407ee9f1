"""Rows of process emissions: quantity x factor, the factor stated by the filer, made of its assay, or of the process table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import dictionary, factors, findings, units
from workbench.process.assays import KEY, serving, settle

CARBON_DIOXIDE = ("CO2", "CO2e")  # tonnes stated as CO2e name no gas and are shown with CO2
_TEXT = ("enterprise_id", "unit_id", "process", "parameter", "unit")


def emissions(
    process: pd.DataFrame, meta: dict[str, Any], year: int, assays: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """Process emissions of a year: (rows of the inventory, factor rows used, raw findings); never raises for data.

    `process` and `assays` are the tables of the data list; `meta` gives gwp_set. The filer's own tco2_per_unit wins, then its
    assay by the equation of the process, then the process table. Rows hold the filed columns and activity (unit of the factor),
    tco2e = tco2 + other_gases_tco2e (CH4, N2O, PFC, HFC, SF6 x GWP), factor_id, product_carbon (1 where carbon of a product is
    deducted; such rows are negative) and the inventory's keys. Source: GB/T 32150/32151, NDRC and MEE guidelines by sector.
    """
    if process.empty and (assays is None or assays.empty):
        return pd.DataFrame(), pd.DataFrame(columns=factors.COLUMNS), []
    rows, found = _filed(process, "process", year)
    measured, problems = _filed(pd.DataFrame() if assays is None else assays, "assays", year)
    table = _table(str(meta.get("gwp_set", "")))
    rows, other = _usable(rows, table)
    found += problems + other
    rows, problems = _chosen_factors(rows, measured, table)
    found += problems
    if rows.empty:
        return pd.DataFrame(), pd.DataFrame(columns=factors.COLUMNS), [part for part in found if len(part)]
    rows["tco2e"] = rows["activity"] * rows["tco2e_per_activity"]
    carbon = rows["gas"].isin(CARBON_DIOXIDE)
    rows["tco2"], rows["other_gases_tco2e"] = rows["tco2e"].where(carbon, 0.0), rows["tco2e"].mask(carbon, 0.0)
    assert (rows["tco2"] + rows["other_gases_tco2e"] == rows["tco2e"]).all()
    used, problems = _used(rows, table)
    keys = {"counterparty": "", "internal": False, "sign": 1, "energy_gj": 0.0, "quality": "", "source": "process", "scope": 1}
    rows = rows.drop(columns=["own", "gas", "weight"]).assign(carrier=rows["process"], **keys)
    return rows.reset_index(names="row"), used, [part for part in found + problems if len(part)]


def _filed(table: pd.DataFrame, name: str, year: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Rows of the year with every field of the data list, indexed by their row in the file; those without a number set aside."""
    fields = dictionary.fields(name)["field"]
    extra = [column for column in table.columns if column not in set(fields)]
    rows = table.reindex(columns=[*fields, *extra])
    rows = rows[pd.to_numeric(rows["year"], errors="coerce") == year].copy()
    named = "row" in rows.columns and rows["row"].is_unique
    rows = rows.set_index("row") if named else rows.drop(columns="row", errors="ignore").reset_index(drop=True)
    for column in rows.columns.intersection(_TEXT):
        rows[column] = rows[column].astype("str").where(rows[column].notna(), "").astype("str")
    number = "quantity" if name == "process" else "value"
    rows[number] = pd.to_numeric(rows[number], errors="coerce").astype(float)
    bad = rows[~rows[number].abs().lt(float("inf"))]
    found = findings.raw("missing_value", bad, table=name, field=number, effect="row_set_aside")
    return rows.drop(index=bad.index), [found]


def _table(gwp_set: str) -> pd.DataFrame:
    """The process table indexed by process, with `weight` (tCO2e per t of its gas) and `factor` (t of the gas per unit)."""
    table = dictionary.read_table("factors/process").drop_duplicates("process").set_index("process")
    weight = table["gas"].map({"CO2": 1.0, "CO2e": 1.0} | factors.gwp(gwp_set))
    return table.assign(weight=weight, factor=pd.to_numeric(table["value"].replace("", None)).astype(float))


def _usable(rows: pd.DataFrame, table: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Rows of a known process in a unit that measures it, months before the year: own, gas, weight, activity, activity_unit."""
    place = {"table": "process", "effect": "row_set_aside"}
    unknown, known = rows[~rows["process"].isin(table.index)], ", ".join(table.index[:12]) + " …"
    found = [findings.raw("unknown_code", unknown, field="process", seen=unknown["process"], expected=known, **place)]
    rows, problems = _months_first(rows.drop(index=unknown.index))
    rows["tco2_per_unit"] = pd.to_numeric(rows["tco2_per_unit"], errors="coerce").astype(float)
    rows["own"] = rows["tco2_per_unit"].notna()
    deducted = rows["process"].map(table["factor"]).lt(0) | rows["process"].map(serving()["sign"]).lt(0)
    added = rows[deducted & rows["tco2_per_unit"].gt(0)]
    found.append(findings.raw("deduction_sign", added, field="tco2_per_unit", seen=added["tco2_per_unit"], **place))
    rows = rows.drop(index=added.index)
    rows["gas"], rows["weight"] = rows["process"].map(table["gas"]), rows["process"].map(table["weight"])
    wanted = rows["process"].map(table["unit"])
    pairs = pd.DataFrame({"unit": rows["unit"], "wanted": wanted})
    distinct = pairs.drop_duplicates()
    distinct = distinct.assign(size=[_size(*pair) for pair in distinct.itertuples(index=False, name=None)])
    size = pairs.merge(distinct, on=["unit", "wanted"], how="left", validate="m:1")["size"].to_numpy(dtype=float)
    rows["activity"] = (rows["quantity"] * size).mask(rows["own"], rows["quantity"])
    rows["activity_unit"] = wanted.mask(rows["own"], rows["unit"])
    bad = rows[rows["activity"].isna()]
    found.append(findings.raw("unit_mismatch", bad, field="unit", seen=bad["unit"], expected=bad["process"], **place))
    return rows.drop(index=bad.index), [*found, problems]


def _size(unit: str, target: str) -> float:
    """Factor units per filed unit; tonnes of CO2e may be filed as t."""
    size = units.factor(unit, target)
    if size is None and units.dimension(target) == "emission" and units.dimension(unit) == "mass":
        size = units.factor(unit, "t")
    return float("nan") if size is None else size


def _months_first(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A yearly row beside monthly ones of the same process and place would count twice: the months stand."""
    key = [rows[column] for column in KEY]
    monthly = pd.to_numeric(rows["month"], errors="coerce").notna()
    both = monthly.groupby(key).transform("any") & ~monthly
    total = rows["quantity"].where(monthly).groupby(key).transform("sum")
    columns = {"field": "month", "seen": total[both], "expected": rows.loc[both, "quantity"]}
    return rows[~both].copy(), findings.raw("months_and_year", rows[both], table="process", **columns)


def _chosen_factors(rows: pd.DataFrame, measured: pd.DataFrame, table: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Rows with tco2e_per_activity, factor_id and product_carbon; those without factor and doubled deductions left out."""
    place = {"table": "process", "effect": "row_set_aside"}
    cases = rows.reset_index(names="row").groupby(KEY, sort=True).agg(own=("own", "all"), row=("row", "min"))
    cases = cases.reset_index().set_index("row")
    cases["has_default"] = cases["process"].map(table["factor"]).notna()
    settled, excluded, found = settle(cases, measured)
    if rows.empty:
        return rows, found
    index = rows.index
    rows = rows.merge(settled, on=KEY, how="left", validate="m:1").set_axis(index)
    rows = rows.merge(excluded, on=KEY, how="left", validate="m:1").set_axis(index)
    doubled = rows[rows["parameter"].notna()]
    found.append(
        findings.raw("assay_exclusive", doubled, field="process", seen=doubled["process"], expected=doubled["parameter"], **place)
    )
    rows = rows.drop(index=doubled.index).drop(columns="parameter")
    by_assay = rows["assay_factor"].notna() & ~rows["own"]
    factor = rows["process"].map(table["factor"]).mask(by_assay, pd.to_numeric(rows["assay_factor"]))
    rows["tco2e_per_activity"] = (factor * rows["weight"]).where(~rows["own"], rows["tco2_per_unit"])
    ids = rows["process"].map(table["factor_id"]).mask(by_assay, rows["assay_id"])
    rows["factor_id"] = ids.mask(rows["own"], _stated(rows[rows["own"]]))
    rows["product_carbon"] = rows["process"].map(serving()["product_carbon"]).fillna(0).astype(int)
    unweighted = rows[~rows["own"] & factor.notna() & rows["weight"].isna()]
    found.append(
        findings.raw("gwp_missing", unweighted, field="process", seen=unweighted["gas"], expected=unweighted["process"], **place)
    )
    return rows[rows["tco2e_per_activity"].notna()].drop(columns=["assay_factor", "assay_id"]), found


def _stated(rows: pd.DataFrame) -> pd.Series:
    """Ids of factors stated by filers, made of what they state."""
    size = pd.Series([f"{value:.6g}" for value in rows["tco2_per_unit"]], index=rows.index, dtype=str)
    return "own:" + rows["enterprise_id"] + ":" + rows["process"] + ":" + size + "tCO2e/" + rows["unit"]


def _used(rows: pd.DataFrame, table: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """The distinct factors of the rows, each with the reason of its choice; recalled ones as findings."""
    made = rows.drop_duplicates("factor_id").sort_values("factor_id")
    assayed = made["factor_id"].str.startswith("own:") & ~made["own"]
    used = [
        factors.process_row(r.factor_id, r.process, r.tco2e_per_activity, r.activity_unit, table.loc[r.process].to_dict(), where)
        for r, where in zip(made.itertuples(), assayed.map({True: "assays", False: "process"}), strict=True)
    ]
    frame = pd.DataFrame(used, columns=factors.COLUMNS)
    assayed = assayed.to_numpy()
    frame["reason"] = frame["reason"].mask(assayed, "measured:assay")
    recalled = frame[frame["confidence"] == "remembered"]
    return frame, [
        findings.raw("factor_remembered", table="factors", field=r.carrier, seen=r.factor_id) for r in recalled.itertuples()
    ]
