"""The cluster against its targets and its carbon budget."""

import re

import numpy as np
import pandas as pd

from workbench.figures.axes import bar_rows, right_words, value_axis
from workbench.figures.quantities import number, numeric, percent, scale
from workbench.figures.style import ALARM, INK, MONEY, MUTED, ROW, SELECTED, Picture, blank, canvas, finish, styled
from workbench.wording import text


def _spelled(unit: str, lang: str) -> str:
    said = re.sub(r"tCO2(e?)", r"tCO₂\1", str(unit))
    if lang == "zh":
        return said.replace("10^4 CNY", "万元").replace("10^8 CNY", "亿元")
    return said.replace("10^4", "10⁴").replace("10^6", "10⁶").replace("10^8", "10⁸")


@styled
def dual_control(targets: pd.DataFrame, lang: str = "en") -> Picture:
    """Each target: the year's value as a bar in per cent of the path (line at 100), the value of the target year as a diamond."""
    table = targets[pd.to_numeric(targets["actual"], errors="coerce").notna()] if len(targets) else targets
    if len(table) == 0:
        return blank("dual_control", lang)
    table = numeric(table, "actual", "path_value", "target_value", "gap")
    table = table[table["path_value"] > 0].reset_index(drop=True)
    if table.empty:
        return blank("dual_control", lang)
    actual, goal = 100 * table["actual"] / table["path_value"], 100 * table["target_value"] / table["path_value"]
    behind = table["gap"] > 0
    rows = [
        text("figures.dual_control.row", lang, kind=text(f"figures.dual_control.{kind}", lang), year=int(year))
        for kind, year in zip(table["kind"], table["target_year"], strict=True)
    ]

    figure, axes = canvas(1.2 + 1.7 * ROW * max(len(rows), 2))
    bars = axes.barh(range(len(rows)), actual, height=0.6, color=[ALARM if b else SELECTED for b in behind])
    path = axes.axvline(100, color=INK, linewidth=1.2, zorder=3)
    (diamond,) = axes.plot(
        goal, range(len(rows)), linestyle="none", marker="D", markersize=6, color="white", markeredgecolor=INK, zorder=5
    )
    bar_rows(axes, rows)
    axes.set_xlim(min(0.0, actual.min()), max(actual.max(), goal.max(), 100.0) * 1.06)
    value_axis(axes, "x", text("figures.axis.path", lang))
    written = [
        text("figures.dual_control.value", lang, actual=number(a), path=number(p), unit=_spelled(u, lang))
        for a, p, u in zip(table["actual"], table["path_value"], table["unit"], strict=True)
    ]
    right_words(axes, written)
    handles, words = [path, diamond], ["path", "target"]
    for state, hit in (("behind", behind), ("attained", ~behind)):
        if hit.any():
            handles.insert(0, bars[int(np.flatnonzero(hit)[0])])
            words.insert(0, state)
    figure.legend(handles, [text(f"figures.dual_control.{w}", lang) for w in words], loc="outside upper left", ncols=4)
    worst = table.loc[(actual - 100).idxmax()]
    values = dict(
        year=int(worst["year"]),
        count=len(table),
        attained=int((~behind).sum()),
        kind=text(f"figures.dual_control.{worst['kind']}", lang),
        actual=number(worst["actual"]),
        path=number(worst["path_value"]),
        unit=_spelled(worst["unit"], lang),
    )
    return finish(figure, text("figures.dual_control.caption", lang, **values), text("figures.dual_control.alt", lang, **values))


@styled
def carbon_budget(budget: pd.DataFrame, lang: str = "en") -> Picture:
    """Emissions counted against the budget in one bar: per cent used, time gone, alert levels, and where this rate leads."""
    if len(budget) == 0:
        return blank("carbon_budget", lang)
    line = budget.iloc[0]
    whole, used, gone = float(line["budget_tco2e"]), float(line["execution_pct"]), float(line["time_pct"])
    projected = 100 * float(line["projected_tco2e"]) / whole if pd.notna(line["projected_tco2e"]) else used
    colour = {"exceeded": ALARM, "alarm": ALARM, "alert": "#E69F00"}.get(line["status"], SELECTED)

    figure, axes = canvas(1.85)
    axes.barh(0, 100, height=0.62, color="#eef0f2", zorder=1)
    axes.barh(0, projected, height=0.62, fill=False, edgecolor=MUTED, linestyle=(0, (3, 2)), linewidth=1.0, zorder=2)
    axes.barh(0, used, height=0.34, color=colour, zorder=3)
    top = max(100.0, used, projected)
    axes.set_xlim(0, top * 1.04)
    axes.set_ylim(-1.05, 0.85)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    for level, shade in ((line["alert_pct"], "#b06f00"), (line["alarm_pct"], ALARM), (100.0, INK)):
        axes.plot([level, level], [-0.36, 0.36], color=shade, linewidth=1.3, zorder=5)
    axes.plot([gone], [-0.42], marker="^", markersize=8, color=MONEY, clip_on=False, zorder=6)
    _say(axes, gone, -0.6, text("figures.carbon_budget.time", lang, value=percent(gone, lang)), MONEY, top, va="top")
    _say(axes, used, 0.4, text("figures.carbon_budget.used", lang, value=percent(used, lang)), INK, top, va="bottom")
    value_axis(axes, "x", text("figures.axis.budget", lang))
    say = scale([whole], "tco2e", lang)
    levels = text("figures.carbon_budget.levels", lang, alert=f"{line['alert_pct']:g}", alarm=f"{line['alarm_pct']:g}")
    figure.legend([], [], title=levels, loc="outside upper right", title_fontsize=8)
    values = dict(
        budget=say.say(whole),
        executed=say.say(line["executed_tco2e"]),
        used=percent(used, lang),
        gone=percent(gone, lang),
        projected=say.say(line["projected_tco2e"]) if pd.notna(line["projected_tco2e"]) else "–",
        status=text(f"figures.carbon_budget.{line['status']}", lang),
        to=line["to"],
        as_of=line["as_of"],
    )
    values["from"] = line["from"]  # a word of the language, so no keyword
    return finish(figure, text("figures.carbon_budget.caption", lang, **values), text("figures.carbon_budget.alt", lang, **values))


def _say(axes, at: float, height: float, words: str, colour: str, top: float, va: str) -> None:
    """Words over or under a place on the bar, turned inwards at the ends."""
    side = "left" if at < 0.15 * top else "right" if at > 0.85 * top else "center"
    axes.annotate(words, (at, height), ha=side, va=va, fontsize=8, color=colour, annotation_clip=False)
