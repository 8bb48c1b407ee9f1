"""The decision under uncertainty: how often projects stay in, what protection costs, which data are worth improving."""

import numpy as np
import pandas as pd

from workbench.figures.axes import bar_rows, end_label, room, value_axis, zero_line
from workbench.figures.quantities import names, number, numeric, percent, scale, shorten, word
from workbench.figures.style import ALARM, MUTED, NAIVE, ROW, SELECTED, UNSELECTED, Picture, blank, canvas, finish, styled
from workbench.wording import knows, text


@styled
def stays_in(table: pd.DataFrame, lang: str = "en", top: int = 30) -> Picture:
    """Share of the draws in which each project is part of the best plan, with its 95 % interval.

    `table` of `risk.monte_carlo.stays_in`. The nearest to one half, the least sure, are kept where there are more than `top`.
    """
    if len(table) == 0 or not numeric(table, "draws")["draws"].max() > 0:
        return blank("stays_in", lang)
    whole = numeric(table, "stays_in_pct", "low_pct", "high_pct")
    unsure = (whole["stays_in_pct"] - 50).abs().sort_values(kind="stable").index[:top]
    shown = whole.loc[[i for i in whole.index if i in set(unsure)]].reset_index(drop=True)
    said = names(shown, "project_id", lang)
    figure, axes = canvas(0.8 + ROW * max(len(shown), 4), width=6.4)
    for selected, colour in ((1, SELECTED), (0, UNSELECTED)):
        part = shown.index[shown["selected"] == selected]
        if len(part):
            label = text(f"figures.stays_in.selected_{selected}", lang)
            axes.barh(part, shown.loc[part, "stays_in_pct"], height=0.7, color=colour, label=label)
    axes.hlines(shown.index, shown["low_pct"], shown["high_pct"], color=MUTED, linewidth=1)
    bar_rows(axes, [said[i] for i in shown["project_id"]])
    axes.set_xlim(0, 100)
    value_axis(axes, "x", text("figures.axis.stays_in", lang))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, handlelength=1, handleheight=0.9)
    values = dict(
        draws=number(whole["draws"].max()), shown=len(shown), count=len(whole), always=int((whole["stays_in_pct"] >= 95).sum()),
        never=int((whole["stays_in_pct"] <= 5).sum()), open=int(whole["stays_in_pct"].between(5, 95, inclusive="neither").sum()),
    )  # fmt: skip
    return finish(figure, text("figures.stays_in.caption", lang, **values), text("figures.stays_in.alt", lang, **values))


@styled
def price_of_robustness(table: pd.DataFrame, lang: str = "en", currency: str = "CNY") -> Picture:
    """Cost of the plan and its chance of missing the budget, against the number of bases that may disappoint at once."""
    good = table[pd.to_numeric(table["cost"], errors="coerce").notna()] if len(table) else table
    if len(good) == 0:
        return blank("price_of_robustness", lang)
    good = numeric(good, "gamma", "cost", "miss_pct", "promised_miss_pct")
    money = scale(good["cost"], currency, lang)
    figure, panels = canvas(2.9, columns=2)
    panels[0].plot(good["gamma"], money(good["cost"]), color=SELECTED, marker="o", markersize=4.5)
    value_axis(panels[0], "y", text("figures.axis.plan_cost", lang, unit=money.unit))
    if good["cost"].min() < 0 < good["cost"].max():
        zero_line(panels[0], "y")
    for column, colour, marker, line in (("miss_pct", ALARM, "o", "-"), ("promised_miss_pct", MUTED, "s", "--")):
        label = text(f"figures.price_of_robustness.{column}", lang)
        panels[1].plot(good["gamma"], good[column], color=colour, marker=marker, markersize=4.5, linestyle=line, label=label)
    panels[1].set_ylim(bottom=0)
    value_axis(panels[1], "y", text("figures.axis.miss", lang))
    panels[1].legend(loc="upper right")
    for axes in panels:
        value_axis(axes, "x", text("figures.axis.gamma", lang))
        axes.margins(0.06, 0.12)
    first, last = good.iloc[0], good.iloc[-1]
    values = dict(
        low=money.say(first["cost"]), high=money.say(last["cost"]), gamma=f"{last['gamma']:g}",
        miss=percent(first["miss_pct"], lang), rest=percent(last["miss_pct"], lang),
        impossible=int(len(table) - len(good)),
    )  # fmt: skip
    alt = text("figures.price_of_robustness.alt", lang, **values)
    return finish(figure, text("figures.price_of_robustness.caption", lang, **values), alt)


@styled
def decision_data(
    table: pd.DataFrame, enterprises: pd.DataFrame | None = None, lang: str = "en", currency: str = "CNY", top: int = 12
) -> Picture:
    """Expected gain of knowing each group of data before choosing, largest first, with 95 % intervals of the estimate."""
    groups = table[table["kind"] != "all"] if len(table) else table
    if len(groups) == 0:
        return blank("decision_data", lang)
    groups = numeric(groups, "expected_gain", "standard_error").head(top).reset_index(drop=True)
    said = names(enterprises, "enterprise_id", lang) if enterprises is not None and len(enterprises) else {}
    rows = [data_group(row, said, lang) for row in groups.to_dict("records")]
    all_ = float(numeric(table[table["kind"] == "all"], "expected_gain")["expected_gain"].sum())
    ends = groups["expected_gain"] + 1.96 * groups["standard_error"]
    say = scale([ends.max()], currency, lang)
    colours = {"saving": SELECTED, "capex": NAIVE, "price": ALARM}
    figure, axes = canvas(0.75 + ROW * max(len(rows), 4), width=6.4)
    axes.barh(groups.index, say(groups["expected_gain"]), height=0.7, color=[colours.get(k, MUTED) for k in groups["kind"]])
    low = say(groups["expected_gain"] - 1.96 * groups["standard_error"])
    axes.hlines(groups.index, low, say(ends), color=MUTED, linewidth=1)
    bar_rows(axes, rows)
    room(axes, min(0.0, float(np.min(low))), say(ends.max()), right=0.2)
    for row, (value, end) in enumerate(zip(groups["expected_gain"], ends, strict=True)):
        end_label(axes, value, row, number(say(value)), at=say(max(end, value)))
    zero_line(axes)
    value_axis(axes, "x", text("figures.axis.expected_gain", lang, unit=say.unit))
    values = dict(count=len(groups), name=rows[0], gain=say.say(groups["expected_gain"].iloc[0]), perfect=say.say(all_))
    return finish(figure, text("figures.decision_data.caption", lang, **values), text("figures.decision_data.alt", lang, **values))


def data_group(row: dict, said: dict[str, str], lang: str) -> str:
    """A group of data in words: savings or costs of an enterprise, price of a carrier."""
    name = word(row["key"], lang) if row["kind"] == "price" else said.get(row["key"], row["key"])
    key = f"figures.decision_data.{row['kind']}"
    return shorten(text(key, lang, name=name), 44) if knows(key) else str(name)
