"""A plan by years in one picture: when each project is built and works, what is emitted against the budget, what is spent."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from workbench.figures.axes import bar_rows, value_axis
from workbench.figures.quantities import names, numeric, scale
from workbench.figures.style import (
    ALARM,
    INK,
    MONEY,
    MUTED,
    ROW,
    SELECTED,
    UNSELECTED,
    Picture,
    blank,
    canvas,
    finish,
    styled,
)
from workbench.wording import text


@styled
def plan_by_years(
    bundle: pd.DataFrame, schedule: pd.DataFrame, windows: Mapping[str, tuple[int, int]], lang: str = "en", currency: str = "CNY",
    top: int = 30,
) -> Picture:  # fmt: skip
    """Gantt rows of the chosen projects above two panels by year: emissions with the budget, capital spent with what is available.

    `windows`: (years of building, years of work) of each project; `schedule`: year, emissions_tco2e, budget_tco2e, own_funds,
    capital_available. The projects that save most are shown where there are more than `top`.
    """
    chosen = bundle[bundle["selected"] == 1] if len(bundle) else bundle
    if len(schedule) < 2:
        return blank("plan_by_years", lang)
    rows = chosen.sort_values(["tco2e_saved", "project_id"], ascending=[False, True]).head(top)
    rows = rows.sort_values(["start_year", "project_id"])
    gantt = 0.5 + ROW * max(len(rows), 3)
    figure, _ = canvas(gantt + 3.6)
    figure.clear()
    upper, middle, lower = figure.subplots(3, 1, sharex=True, height_ratios=[gantt, 1.6, 1.4])
    years = schedule["year"].astype(int).tolist()
    _bars(upper, rows, windows, years, lang)
    _emissions(middle, schedule, years, lang)
    _capital(lower, schedule, years, lang, currency)
    lower.set_xticks(years, [str(t) for t in years])
    lower.set_xlim(years[0] - 0.6, years[-1] + 0.6)
    return finish(figure, *_words(chosen, rows, schedule, lang, currency))


def _bars(axes, rows: pd.DataFrame, windows: Mapping[str, tuple[int, int]], years: list[int], lang: str) -> None:
    """Building pale, working full, cut at the plan's last year."""
    said = names(rows, "project_id", lang)
    end = years[-1] + 0.5
    for n, row in enumerate(rows.itertuples()):
        lead, life = windows.get(row.project_id, (0, len(years)))
        begin = row.start_year - 0.5
        works = min(end, begin + lead)
        axes.barh(n, works - begin, left=begin, height=0.6, color=UNSELECTED)
        axes.barh(n, max(0.0, min(end, works + life) - works), left=works, height=0.6, color=SELECTED)
    for label, colour in (("built", UNSELECTED), ("works", SELECTED)):
        axes.barh([0], [0], left=years[0], color=colour, linewidth=0, label=text(f"figures.plan_by_years.{label}", lang))
    bar_rows(axes, [said[i] for i in rows["project_id"]])
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handlelength=1.2)
    axes.grid(True, axis="x")


def _emissions(axes, schedule: pd.DataFrame, years: list[int], lang: str) -> None:
    budget = pd.to_numeric(schedule["budget_tco2e"], errors="coerce").to_numpy(float)
    emitted = schedule["emissions_tco2e"].to_numpy(float)
    say = scale(emitted, "tco2e", lang)
    axes.plot(years, say(emitted), color=INK, marker="o", markersize=3.5, label=text("figures.plan_by_years.emissions", lang))
    if np.isfinite(budget).any():
        _limit(axes, years, say(budget), ALARM, text("figures.plan_by_years.budget", lang))
    value_axis(axes, "y", say.unit)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handlelength=1.2)


def _capital(axes, schedule: pd.DataFrame, years: list[int], lang: str, currency: str) -> None:
    spent = numeric(schedule, "own_funds")["own_funds"].to_numpy()
    available = pd.to_numeric(schedule["capital_available"], errors="coerce").to_numpy(float)
    say = scale([*spent, *available[np.isfinite(available)]], currency, lang)
    axes.bar(years, say(spent), width=0.6, color=MONEY, label=text("figures.plan_by_years.spent", lang))
    if np.isfinite(available).any():
        _limit(axes, years, say(available), MUTED, text("figures.plan_by_years.available", lang))
    value_axis(axes, "y", say.unit)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handlelength=1.2)


def _limit(axes, years: list[int], most: np.ndarray, colour: str, label: str) -> None:
    """A short line over each year: the most that is allowed in it."""
    for year, height in zip(years, most, strict=True):
        axes.plot([year - 0.4, year + 0.4], [height, height], color=colour, linewidth=2, solid_capstyle="butt")
    axes.plot([], [], color=colour, linewidth=2, label=label)


def _words(chosen: pd.DataFrame, rows: pd.DataFrame, schedule: pd.DataFrame, lang: str, currency: str) -> tuple[str, str]:
    first, last = schedule.iloc[0], schedule.iloc[-1]
    say = scale(schedule["emissions_tco2e"], "tco2e", lang)
    facts = {
        "count": len(chosen), "shown": len(rows), "from": str(int(first["year"])), "to": str(int(last["year"])),
        "before": say.say(first["emissions_tco2e"]), "after": say.say(last["emissions_tco2e"]),
        "spent": scale([schedule["own_funds"].sum()], currency, lang).say(schedule["own_funds"].sum()),
        "most": str(int(schedule["projects_started"].max())),
    }  # fmt: skip
    key = "caption" if len(rows) == len(chosen) else "caption_some"
    return text(f"figures.plan_by_years.{key}", lang, **facts), text("figures.plan_by_years.alt", lang, **facts)
