"""Runs side by side: their totals with ranges, their cost fronts in one picture."""

import pandas as pd

from workbench.figures.axes import bar_rows, value_axis, zero_line
from workbench.figures.quantities import number, numeric, percent, scale, shorten
from workbench.figures.style import MUTED, ROW, SELECTED, Picture, blank, canvas, finish, styled
from workbench.wording import text

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#3b3430", "#a8990f")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


@styled
def runs_totals(table: pd.DataFrame, lang: str = "en") -> Picture:
    """Total emissions of each run with their range, and what is left under its plan; `table` of `side_by_side.overview`."""
    if len(table) == 0:
        return blank("runs_totals", lang)
    shown = numeric(table, "cluster_total_tco2e", "cluster_total_low_tco2e", "cluster_total_high_tco2e", "emissions_after")
    tonnes = scale(shown["cluster_total_high_tco2e"].fillna(shown["cluster_total_tco2e"]), "tco2e", lang)
    figure, axes = canvas(1.0 + ROW * max(2 * len(shown), 6), width=6.4)
    rows = pd.Series(range(len(shown)), dtype=float)
    label, left = text("figures.runs_totals.total", lang), text("figures.runs_totals.after", lang)
    axes.barh(rows - 0.18, tonnes(shown["cluster_total_tco2e"]), height=0.34, color=MUTED, label=label)
    axes.barh(rows + 0.18, tonnes(shown["emissions_after"]), height=0.34, color=SELECTED, label=left)
    low, high = (tonnes(shown[f"cluster_total_{end}_tco2e"]) for end in ("low", "high"))
    axes.hlines(rows - 0.18, low, high, color="black", linewidth=1)
    bar_rows(axes, [shorten(str(name), 34) for name in shown["run"]])
    value_axis(axes, "x", text("figures.axis.emissions", lang, unit=tonnes.unit))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, handlelength=1, handleheight=0.9)
    first = shown.loc[shown["cluster_total_tco2e"].idxmax()] if shown["cluster_total_tco2e"].notna().any() else shown.iloc[0]
    values = dict(count=number(len(shown)), run=str(first["run"]), total=tonnes.say(first["cluster_total_tco2e"]))
    return finish(figure, text("figures.runs_totals.caption", lang, **values), text("figures.runs_totals.alt", lang, **values))


@styled
def runs_fronts(table: pd.DataFrame, lang: str = "en", top: int = 8) -> Picture:
    """Least annual cost of growing cuts, a line a run and a panel a currency; the first `top` runs. `table` of `fronts`."""
    if len(table) == 0:
        return blank("runs_fronts", lang)
    good = numeric(table, "cut_pct", "annual_cost").dropna(subset=["cut_pct", "annual_cost"])
    names = list(dict.fromkeys(good["run"]))[:top]
    currencies = list(dict.fromkeys(good.loc[good["run"].isin(names), "currency"]))
    figure, panels = canvas(3.2, columns=len(currencies))
    panels = panels if len(currencies) > 1 else [panels]
    for axes, currency in zip(panels, currencies, strict=True):
        part = good[(good["currency"] == currency) & good["run"].isin(names)]
        money = scale(part["annual_cost"], currency, lang)
        for run, line in part.groupby("run", sort=False):
            look = names.index(run)
            style = dict(color=COLOURS[look % len(COLOURS)], marker=MARKERS[look % len(MARKERS)], markersize=4, linewidth=1.1)
            axes.plot(line["cut_pct"], money(line["annual_cost"]), label=shorten(str(run), 30), **style)
        if part["annual_cost"].min() < 0 < part["annual_cost"].max():
            zero_line(axes, "y")
        value_axis(axes, "x", text("figures.axis.cut", lang))
        value_axis(axes, "y", text("figures.axis.plan_cost", lang, unit=money.unit))
        axes.legend(loc="best", fontsize=7)
    values = dict(count=number(len(names)), most=percent(good["cut_pct"].max(), lang))
    return finish(figure, text("figures.runs_fronts.caption", lang, **values), text("figures.runs_fronts.alt", lang, **values))
