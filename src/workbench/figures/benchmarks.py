"""Products between the levels of their benchmark, and plants among their peers."""

import re

import numpy as np
import pandas as pd

from workbench import dictionary
from workbench.figures.axes import bar_rows, end_label, right_words, value_axis
from workbench.figures.quantities import currency_name, names, number, numeric, shorten
from workbench.figures.style import ALARM, INK, MUTED, PALE, ROW, SELECTED, Picture, blank, canvas, finish, styled
from workbench.wording import text

COLOURS = {"better": "#009E73", "between": SELECTED, "below": ALARM}
REACH = (-1.0, 3.0)  # how far left of the benchmark and right of the baseline a dot is drawn, in distances between the two
SPREAD = 20  # largest over smallest value above which an axis is logarithmic


@styled
def benchmark_positions(positions: pd.DataFrame, enterprises: pd.DataFrame, lang: str = "en", top: int = 30) -> Picture:
    """Each product that can be compared, on one scale from its benchmark (or GB level 1) to its baseline (or level 3).

    Left is better.
    """
    table = positions[positions["position"].isin(list(COLOURS))] if len(positions) else positions
    if len(table) == 0:
        return blank("benchmark_positions", lang)
    table = numeric(table, "actual", "reference_value", "limit_value", "potential_tce", "leading", "remembered")
    span = table["limit_value"] - table["reference_value"]
    place = (table["actual"] - table["reference_value"]) / span.where(span > 0)
    table = table.assign(place=place)[place.notna()]
    if table.empty:
        return blank("benchmark_positions", lang)
    table = table.sort_values(["place", "enterprise_id", "indicator"], ascending=[False, True, True]).reset_index(drop=True)
    shown = table.head(top)
    said = names(enterprises, "enterprise_id", lang)
    rows = [
        f"{shorten(said.get(e, e), 17)} · {shorten(p, 18)}" for e, p in zip(shown["enterprise_id"], shown["product"], strict=True)
    ]

    figure, axes = canvas(1.15 + 1.5 * ROW * max(len(rows), 3))
    axes.axvspan(0, 1, color=PALE, alpha=0.45, linewidth=0)
    for where, kind in ((0, "better"), (1, "below")):
        axes.axvline(where, color=COLOURS[kind], linewidth=1.1, zorder=2)
    where = shown["place"].clip(*REACH)
    for kind, colour in COLOURS.items():
        for recalled in (0, 1):
            hit = (shown["position"] == kind) & (shown["remembered"] == recalled)
            face = "white" if recalled else colour
            axes.scatter(where[hit], np.flatnonzero(hit), s=42, c=face, edgecolors=colour, linewidths=1.4, zorder=4)
    bar_rows(axes, rows)
    axes.set_xlim(min(where.min(), 0.0) - 0.25, max(where.max(), 1.0) + 0.25)
    axes.set_xticks([0, 1], [text("figures.benchmark_positions.reference", lang), text("figures.benchmark_positions.limit", lang)])
    written = []
    for line in shown.itertuples():
        beyond = "» " if line.place > REACH[1] else "« " if line.place < REACH[0] else ""
        values = dict(actual=number(line.actual), low=number(line.reference_value), high=number(line.limit_value), unit=line.unit)
        written.append(beyond + text("figures.benchmark_positions.row", lang, indicator=_indicator(line.indicator, lang), **values))
    right_words(axes, written)
    _levels_legend(figure, axes, shown, lang)
    worst = table.iloc[0]
    values = dict(
        count=len(table),
        better=int((table["position"] == "better").sum()),
        between=int((table["position"] == "between").sum()),
        below=int((table["position"] == "below").sum()),
        potential=text("figures.quantity", lang, value=number(table.loc[table["leading"] > 0, "potential_tce"].sum()), unit="tce"),
        remembered=int(table["remembered"].sum()),
        name=said.get(worst["enterprise_id"], shorten(worst["enterprise_id"])),
        product=shorten(worst["product"]),
        actual=number(worst["actual"]),
        reference=number(worst["reference_value"]),
        unit=worst["unit"],
    )
    caption = text("figures.benchmark_positions.caption", lang, **values)
    return finish(figure, caption, text("figures.benchmark_positions.alt", lang, **values))


def _levels_legend(figure, axes, shown: pd.DataFrame, lang: str) -> None:
    from matplotlib.lines import Line2D

    dot = dict(linestyle="none", marker="o", markersize=6, markeredgewidth=1.4)
    kinds = [kind for kind in COLOURS if (shown["position"] == kind).any()]
    handles = [Line2D([], [], markerfacecolor=COLOURS[kind], markeredgecolor=COLOURS[kind], **dot) for kind in kinds]
    words = [text(f"figures.benchmark_positions.{kind}", lang) for kind in kinds]
    if (shown["remembered"] > 0).any():
        handles.append(Line2D([], [], markerfacecolor="white", markeredgecolor=MUTED, **dot))
        words.append(text("figures.benchmark_positions.remembered", lang))
    figure.legend(handles, words, loc="outside upper left", ncols=2, handlelength=1, columnspacing=1.4)


@styled
def peers(
    table: pd.DataFrame, enterprises: pd.DataFrame, lang: str = "en", kind: str | None = None, numerator: str = "tco2e"
) -> Picture:
    """One intensity of every enterprise: a line of dots for each sector with enough peers, its median a tick, its ends named."""
    ranked = table[table["percentile"].notna() & (table["numerator"] == numerator)] if len(table) else table
    if len(ranked) == 0:
        return blank("peers", lang)
    kind = kind or ranked["kind"].value_counts().sort_index(ascending=False, kind="stable").sort_values(ascending=False).index[0]
    ranked = numeric(ranked[ranked["kind"] == kind], "value", "percentile", "sector_median")
    unit = ranked["unit"].mode()
    ranked = ranked[(ranked["unit"] == (unit.iloc[0] if len(unit) else "")) & (ranked["value"] > 0)]
    if ranked.empty:
        return blank("peers", lang)
    sectors = ranked.groupby("sector")["value"].median().sort_values(ascending=False, kind="stable").index.tolist()
    said = names(enterprises, "enterprise_id", lang)

    figure, axes = canvas(0.85 + 0.62 * max(len(sectors), 2))
    low, high = ranked["value"].min(), ranked["value"].max()
    if high / low > SPREAD:  # room at both ends for the names of the lowest and the highest
        axes.set_xscale("log")
        room = (high / low) ** 0.55
        axes.set_xlim(low / room, high * room)
    else:
        axes.set_xlim(low - 0.55 * (high - low or high), high + 0.55 * (high - low or high))
    for row, sector in enumerate(sectors):
        mine = ranked[ranked["sector"] == sector]
        quarters = np.percentile(mine["value"], [25, 75])
        axes.plot(quarters, [row, row], color=PALE, linewidth=9, solid_capstyle="butt", zorder=1)
        axes.scatter(
            mine["value"], np.full(len(mine), row), s=26, c=SELECTED, alpha=0.6, edgecolors="white", linewidths=0.6, zorder=3
        )
        axes.plot([mine["value"].median()] * 2, [row - 0.24, row + 0.24], color=INK, linewidth=1.6, zorder=4)
    counted = ranked.groupby("sector")["peers"].max()
    bar_rows(axes, [text("figures.peers.sector", lang, sector=shorten(s, 24), count=int(counted[s])) for s in sectors])
    value_axis(axes, "x", _axis_title(ranked["unit"].iloc[0], kind, numerator, lang))
    for row, sector in enumerate(sectors):
        mine = ranked[ranked["sector"] == sector]
        for end, side in ((mine["value"].idxmin(), -1), (mine["value"].idxmax(), 1)):
            end_label(
                axes, side, row, shorten(said.get(who := mine.at[end, "enterprise_id"], who), 18), at=mine.at[end, "value"], gap=6
            )
    first = ranked.loc[ranked["value"].idxmax()]
    values = dict(
        count=len(ranked),
        sectors=len(sectors),
        name=said.get(first["enterprise_id"], shorten(first["enterprise_id"])),
        value=number(first["value"]),
        unit=_spelled(first["unit"], kind, lang),
        median=number(first["sector_median"]),
        percentile=f"{first['percentile']:.0f}",
        least=int(first["least_peers"]),
    )
    return finish(figure, text("figures.peers.caption", lang, **values), text("figures.peers.alt", lang, **values))


def _spelled(unit: str, kind: str, lang: str) -> str:
    """The unit of an intensity as a reader says it."""
    above, _, below = str(unit).replace("tCO2e", "tCO₂e").partition(" per ")
    money = re.match(r"million (\S+) of ", below)
    if kind == "product":
        return text("figures.peers.unit.product", lang, above=above, below=below)
    return text(f"figures.peers.unit.{kind}", lang, above=above, currency=currency_name(money[1] if money else "", lang))


def _axis_title(unit: str, kind: str, numerator: str, lang: str) -> str:
    title = text(f"figures.axis.{'carbon' if numerator == 'tco2e' else 'energy'}_intensity", lang)
    return text("figures.axis.cost", lang, objective=title, unit=_spelled(unit, kind, lang))


def _indicator(name: str, lang: str) -> str:
    """An indicator of a benchmark in the report's language."""
    table = dictionary.read_table("benchmark_indicators").set_index("indicator")
    return str(table.at[name, "label_zh"]) if lang == "zh" and name in table.index else name
