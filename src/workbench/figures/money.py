"""Money in pictures: what moves the present value, and what of a potential pays and is expected to be carried out."""

import pandas as pd

from workbench import dictionary
from workbench.figures.axes import bar_rows, end_label, room, value_axis, zero_line
from workbench.figures.quantities import number, numeric, percent, scale
from workbench.figures.style import ALARM, PALE, SELECTED, UNSELECTED, Picture, blank, canvas, finish, styled
from workbench.wording import text


@styled
def tornado(table: pd.DataFrame, lang: str = "en", currency: str = "CNY") -> Picture:
    """Present value of all eligible projects with each factor at its lower and upper end, the widest first."""
    rows = table[table["level"] == "bundle"] if len(table) else table
    rows = numeric(rows, "npv", "npv_low", "npv_high", "npv_swing", "change_pct") if len(rows) else rows
    rows = rows[rows["npv_swing"] > 0] if len(rows) else rows
    if len(rows) == 0:
        return blank("tornado", lang)
    rows = rows.sort_values(["npv_swing", "factor"], ascending=[False, True]).reset_index(drop=True)
    labels = dictionary.read_table("sensitivities").set_index("factor")[f"label_{lang}"]
    said = [
        text("figures.tornado.row", lang, factor=labels[factor], change=percent(change, lang))
        for factor, change in zip(rows["factor"], rows["change_pct"], strict=True)
    ]
    ends = rows[["npv_low", "npv_high"]].to_numpy()
    say = scale(ends.ravel(), currency, lang)
    base = say(rows["npv"].iat[0])
    figure, axes = canvas(0.85 + 1.25 * 0.205 * max(len(rows), 3))
    for column, colour, key in (("npv_low", ALARM, "lower"), ("npv_high", SELECTED, "higher")):
        values = say(rows[column].to_numpy())
        axes.barh(range(len(rows)), values - base, left=base, height=0.7, color=colour, label=text(f"figures.tornado.{key}", lang))
    bar_rows(axes, said)
    low, high = say(ends.min()), say(ends.max())
    span = (high - low) or 1.0
    axes.set_xlim(low - 0.2 * span, high + 0.2 * span)
    for row, pair in enumerate(ends):
        for value in pair:
            side = 1 if value >= rows["npv"].iat[0] else -1
            end_label(axes, side, row, number(say(value)), at=say(value))
    axes.axvline(base, color="#222222", linewidth=0.9, zorder=3)
    if low < 0 < high:
        zero_line(axes)
    value_axis(axes, "x", text("figures.axis.npv", lang, unit=say.unit))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, handlelength=1, handleheight=0.9)
    first = rows.iloc[0]
    values = dict(
        count=table.loc[table["level"] == "project", "project_id"].nunique(),
        base=say.say(first["npv"]),
        factors=len(rows),
        first=said[0],
        low=say.say(min(first["npv_low"], first["npv_high"])),
        high=say.say(max(first["npv_low"], first["npv_high"])),
    )
    return finish(figure, text("figures.tornado.caption", lang, **values), text("figures.tornado.alt", lang, **values))


@styled
def potential_levels(levels: pd.DataFrame, lang: str = "en") -> Picture:
    """Technical, economic and, where a curve was named, expected potential in tce and in tCO2e, side by side."""
    if len(levels) == 0 or not (numeric(levels, "projects")["projects"] > 0).any():
        return blank("potential_levels", lang)
    table = numeric(levels, "tce_saved", "tco2e_saved").set_index("level")
    rows = [text(f"figures.potential_levels.level.{level}", lang) for level in table.index]
    figure, panels = canvas(0.65 + 0.245 * max(len(rows), 3), columns=2, sharey=True)
    colours = [{"technical": PALE, "economic": UNSELECTED}.get(level, SELECTED) for level in table.index]
    says = {}
    for axes, (column, unit) in zip(panels, (("tce_saved", "tce"), ("tco2e_saved", "tco2e")), strict=True):
        say = says[column] = scale(table[column], unit, lang)
        values = say(table[column].to_numpy())
        axes.barh(range(len(rows)), values, height=0.7, color=colours)
        bar_rows(axes, rows)
        room(axes, values.min(), values.max(), right=0.22, left=0.22)
        for row, value in enumerate(values):
            end_label(axes, value, row, number(value))
        value_axis(axes, "x", text(f"figures.axis.{column}", lang, unit=say.unit))
    said = {level: says["tco2e_saved"].say(table.at[level, "tco2e_saved"]) for level in table.index}
    tce = {f"{level}_tce": says["tce_saved"].say(table.at[level, "tce_saved"]) for level in table.index}
    more = ""
    if "expected" in said:
        more = text("figures.potential_levels.expected", lang, value=said["expected"], curve=table.at["expected", "curve"])
    values = {"technical": said["technical"], "economic": said["economic"], "expected": more} | tce
    return finish(
        figure, text("figures.potential_levels.caption", lang, **values), text("figures.potential_levels.alt", lang, **values)
    )
