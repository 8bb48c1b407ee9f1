"""Runs side by side in words."""

from __future__ import annotations

import pandas as pd

from workbench.words.amounts import Prose, number, say


def runs_summary(table: pd.DataFrame, lang: str) -> Prose:
    """What stands out between runs; `table` of `side_by_side.overview`. Money of different currencies is not compared."""
    total = pd.to_numeric(table["cluster_total_tco2e"], errors="coerce")
    cut = pd.to_numeric(table["cut_pct"], errors="coerce")
    most, least = (table.loc[row, "run"] for row in (total.idxmax(), total.idxmin()))
    said = [say("runs.totals", lang, count=len(table), most=most, high=number(total.max()), least=least, low=number(total.min()))]
    if total.max() - total.min() <= 1e-9 * abs(total.max()):
        said = [say("runs.same_total", lang, count=len(table), total=number(total.max()))]
    planned = cut.notna()
    if planned.any():
        said.append(say("runs.cuts", lang, run=table.loc[cut.idxmax(), "run"], cut=number(cut.max())))
    if (~planned).any():
        names = ("、" if lang == "zh" else ", ").join(table.loc[~planned, "run"])
        said.append(say("runs.no_plan", lang, runs=names))
    if table["currency"].nunique() > 1:
        said.append(say("runs.currencies", lang))
    return Prose((("" if lang == "zh" else " ").join(said),), lang)
