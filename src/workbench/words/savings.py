"""Savings read with care: who burns less, which projects only move emissions, what hangs on the grid, where ranking misleads."""

from __future__ import annotations

import pandas as pd

from workbench import dictionary
from workbench.words.amounts import Prose, column_sum, currency_name, money, number, say
from workbench.words.readable import code


def savings_summary(
    projects: pd.DataFrame, cases: pd.DataFrame, switches: pd.DataFrame, misplaced: pd.DataFrame, currency: str, lang: str
) -> Prose:
    """Members' supply, moved emissions, cases of the grid, signs that differ and misplaced projects, in sentences."""
    said = [*_members(projects, currency, lang), _moved(projects, lang), *_grid(cases, lang)]
    differ = int(switches["signs_differ"].sum()) if len(switches) else 0
    if differ:
        said.append(say("savings.signs", lang, count=differ))
    if len(misplaced):
        said.append(say("savings.misplaced", lang, count=len(misplaced)))
    return Prose(tuple(said), lang)


def _members(projects: pd.DataFrame, currency: str, lang: str) -> list[str]:
    mine = projects[projects["seller_sales_lost"].abs() > 1e-9]
    if mine.empty:
        return []
    sums = {"cluster": column_sum(mine, "cluster_tco2e_saved"), "site": column_sum(mine, "site_tco2e_saved")}
    bills = {name: money(column_sum(mine, c), currency, lang) for name, c in _BILLS.items()}
    return [say("savings.members", lang, count=len(mine), **sums, **bills)]


_BILLS = {"money": "energy_money_saved", "lost": "seller_sales_lost"}


def _moved(projects: pd.DataFrame, lang: str) -> str:
    mine = projects[projects["moves_emissions"] == 1]
    if mine.empty:
        return say("savings.no_moves", lang, limit=number(dictionary.threshold("moved_emissions_pct")))
    ids = ", ".join(mine["project_id"].head(5)) + (" …" if len(mine) > 5 else "")
    values = {"site": column_sum(mine, "direct_tco2e_saved"), "chain": -column_sum(mine, "chain_tco2e_saved")}
    return say("savings.moves", lang, count=len(mine), names=ids, **values)


def _grid(cases: pd.DataFrame, lang: str) -> list[str]:
    if cases.empty or cases["case"].nunique() < 2:
        return []
    sums = cases.groupby("case")["tco2e_saved"].sum()
    return [say("savings.grid", lang, low=sums.min(), high=sums.max(), now=sums.get("inventory", sums.iloc[0]))]


def grid_cases(cases: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Projects that save power side by side with what they save under each case of the grid, tCO2e a year; most power first."""
    names = {"project_id": say("grid.project", lang), "grid_mwh_saved": say("grid.mwh", lang)}
    if cases.empty:
        return pd.DataFrame(columns=list(names.values()))
    wide = cases.pivot(index=["project_id", "grid_mwh_saved"], columns="case", values="tco2e_saved")
    first = [name for name in ("inventory",) if name in wide]
    wide = wide[[*first, *(name for name in wide if name not in first)]].reset_index()
    order = wide.sort_values(["grid_mwh_saved", "project_id"], ascending=[False, True])
    return order.rename(columns=lambda name: names.get(name, code("case", name, lang))).rename_axis(columns=None)


def with_currency(frame: pd.DataFrame, currency: str, lang: str) -> pd.DataFrame:
    """`frame` with the cluster's money in words where its column `unit`, if there is one, only says currency."""
    if "unit" not in frame:
        return frame
    return frame.assign(
        unit=frame["unit"].replace("currency", say("unit.money_per_year", lang, currency=currency_name(currency, lang)))
    )
