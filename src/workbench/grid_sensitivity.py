"""What hangs on the worth of a saved MWh of the grid: the inventory's row, a marginal factor, a grid that falls.

The inventory's own row stays the result; the other cases are sensitivities. A marginal factor answers which plants run less, and
belongs to projects, never to an inventory. Falling: the grid goes on as it went in the shipped tables, over the project's life.
Source: GHG Protocol guidelines for grid-connected electricity projects; rows and their sources in `data/grid_marginal.csv`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import dictionary, factors, flows

COLUMNS = [
    "project_id", "case", "grid_mwh_saved", "grid_tco2e_per_mwh", "tco2e_saved", "change_tco2e", "sign_turns", "factor_id",
    "source", "confidence",
]  # fmt: skip
SWITCHES = ["project_id", "carriers_less", "carriers_more", "tce_saved", "tco2e_saved", "signs_differ"]


def trend(region: str, country: str) -> tuple[float, str] | None:
    """Yearly ratio of the average grid factor (0.98 = 2 % less a year) and where it is from; None where no trend can be read.

    From the first to the last year of the region's rows; of the country's where the region has one year or does not fall. Rows that
    were recalled, not read, take no part.
    """
    table = dictionary.read_table("factors/grid")
    table = table[table["variant"].eq("average") & table["confidence"].ne("remembered")]
    for name in dict.fromkeys([region.casefold(), country.casefold()]):
        rows = table[table["region"].str.casefold().eq(name)].assign(n=lambda t: pd.to_numeric(t["year"])).sort_values("n")
        if len(rows) < 2:
            continue
        years, value = rows["n"].iloc[-1] - rows["n"].iloc[0], pd.to_numeric(rows["co2_t_per_mwh"])
        ratio = float((value.iloc[-1] / value.iloc[0]) ** (1 / years))
        if ratio < 1:
            return ratio, f"{rows['factor_id'].iloc[0]} → {rows['factor_id'].iloc[-1]}"
    return None


def marginal_rows(country: str) -> pd.DataFrame:
    """Marginal and project-crediting factors of a country: case, tco2e_per_mwh, factor_id, source, confidence."""
    table = dictionary.read_table("grid_marginal")
    rows = table[table["country"].eq(country.upper())].copy()
    grid = dictionary.read_table("factors/grid").set_index("factor_id")
    shipped = rows["factor_id"].isin(grid.index)
    rows["tco2e_per_mwh"] = pd.to_numeric(rows["co2_t_per_mwh"], errors="coerce")
    rows.loc[shipped, "tco2e_per_mwh"] = pd.to_numeric(grid.loc[rows.loc[shipped, "factor_id"], "co2_t_per_mwh"]).to_numpy()
    for column in ("source", "confidence"):
        rows.loc[shipped, column] = grid.loc[rows.loc[shipped, "factor_id"], column].to_numpy()
    return rows[["case", "tco2e_per_mwh", "factor_id", "source", "confidence"]].reset_index(drop=True)


def of_projects(
    by_carrier: pd.DataFrame, projects: pd.DataFrame, rows: pd.DataFrame, used: pd.DataFrame, meta: dict[str, Any]
) -> pd.DataFrame:
    """Each project that saves (or takes) grid power, in each case: COLUMNS; MWh and tCO2e a year, falling: the mean of its life.

    `rows` and `used` are the inventory's; only the part of power bought outside the cluster moves with the case.
    """
    power = rows[rows["carrier"].eq("electricity") & ~rows["source"].isin(flows.HANDED_OVER)]
    outside = power[power["internal"].eq(0)].groupby("enterprise_id")[["activity", "tco2e"]].sum()
    whole = power.groupby("enterprise_id")["activity"].sum()
    share = (outside["activity"] / whole).reindex(whole.index).fillna(0.0)
    usual = factors.defaults(used).set_index("carrier")
    own = float(usual.at["electricity", "value"]) if "electricity" in usual.index else float("nan")
    per = (outside["tco2e"] / outside["activity"].where(outside["activity"] > 0)).reindex(whole.index)
    mine = by_carrier[by_carrier["carrier"].eq("electricity") & by_carrier["activity_saved"].ne(0)].copy()
    mine["grid_mwh_saved"] = mine["activity_saved"] * mine["enterprise_id"].map(share).astype(float).fillna(1.0)
    mine["_grid"] = mine["enterprise_id"].map(per).astype(float).fillna(own) * mine["grid_mwh_saved"]
    sums = mine.groupby("project_id", sort=True)[["grid_mwh_saved", "_grid"]].sum()
    sums = sums[sums["grid_mwh_saved"].abs() > 1e-9]
    if sums.empty:
        return pd.DataFrame(columns=COLUMNS)
    known = projects.set_index("project_id").reindex(sums.index)
    sums = sums.assign(total=known["tco2e_saved"], years=pd.to_numeric(known["lifetime_years"]), inventory=sums["_grid"])
    parts = [_case(sums, "inventory", sums["inventory"], "", "", "")]
    country = str(meta.get("country", "")).upper()
    for case in marginal_rows(country).itertuples():
        tonnes = sums["grid_mwh_saved"] * case.tco2e_per_mwh
        parts.append(_case(sums, case.case, tonnes, case.factor_id, case.source, case.confidence))
    going = trend(str(meta.get("grid_region", "")), {"CN": "china"}.get(country, country))
    if going:
        ratio, source = going
        mean = ratio * (1 - ratio ** sums["years"]) / (1 - ratio) / sums["years"]
        parts.append(_case(sums, "falling", sums["inventory"] * mean, "", source, "derived"))
    out = pd.concat(parts, ignore_index=True)
    return out.sort_values(["project_id", "case"]).reset_index(drop=True)[COLUMNS]


def _case(sums: pd.DataFrame, case: str, tonnes: pd.Series, factor_id: str, source: str, confidence: str) -> pd.DataFrame:
    """One case of all projects: its grid part replaced."""
    saved = sums["total"] - sums["inventory"] + tonnes
    table = pd.DataFrame({"grid_mwh_saved": sums["grid_mwh_saved"], "tco2e_saved": saved, "change_tco2e": saved - sums["total"]})
    table["grid_tco2e_per_mwh"] = tonnes / sums["grid_mwh_saved"]
    table["sign_turns"] = (saved * sums["total"] < 0).astype(int)
    table = table.assign(case=case, factor_id=factor_id, source=source, confidence=confidence)
    return table[tonnes.notna()].reset_index()


def switches(by_carrier: pd.DataFrame) -> pd.DataFrame:
    """Projects that use one carrier less and another more: SWITCHES, tce and tCO2e side by side; signs_differ where one rises."""
    rows = by_carrier[by_carrier["activity_saved"].ne(0)]
    told = lambda part: part.groupby("project_id")["carrier"].agg(lambda names: ";".join(sorted(set(names))))  # noqa: E731
    both = pd.DataFrame(
        {"carriers_less": told(rows[rows["activity_saved"] > 0]), "carriers_more": told(rows[rows["activity_saved"] < 0])}
    )
    out = rows.groupby("project_id", sort=True)[["tce_saved", "tco2e_saved"]].sum().join(both.dropna(), how="inner")
    out["signs_differ"] = (out["tce_saved"] * out["tco2e_saved"] < 0).astype(int)
    return out.reset_index()[SWITCHES]
