"""What enterprises emit by the guideline, and once every flow between members counts at the seller's real factor."""

import numpy as np
import pandas as pd

from workbench.figures.axes import bar_rows, end_label, room, value_axis, zero_line
from workbench.figures.quantities import OTHER, names, number, numeric, scale, shorten, top_and_rest
from workbench.figures.style import ROW, SELECTED, UNSELECTED, Picture, blank, canvas, finish, styled
from workbench.wording import text


@styled
def allocated_totals(allocated: pd.DataFrame, enterprises: pd.DataFrame, lang: str = "en", top: int = 20) -> Picture:
    """Bars of each enterprise (tCO2e): by the guideline and allocated (`chp.allocated`); the words tell the difference."""
    if allocated.empty:
        return blank("allocated_totals", lang)
    table = numeric(allocated, "guideline_tco2e", "allocated_tco2e").set_index("enterprise_id")[
        ["guideline_tco2e", "allocated_tco2e"]
    ]
    moved = (table["allocated_tco2e"] - table["guideline_tco2e"]).abs().sort_values(ascending=False, kind="stable")
    if moved.iloc[0] <= 1e-9 * table.abs().to_numpy().max():
        return blank("allocated_totals", lang)  # nothing passes between members
    table = table.loc[table.abs().max(axis=1).sort_values(ascending=False, kind="stable").index]
    shown, rest = top_and_rest(table, top)
    firms = names(enterprises, "enterprise_id", lang)
    said = [text("figures.other_enterprises", lang, count=rest) if i == OTHER else firms.get(i, shorten(i)) for i in shown.index]
    say = scale(table.to_numpy().ravel(), "tco2e", lang)
    figure, axes = canvas(0.9 + 2 * ROW * max(len(said), 2))
    place = np.arange(len(said))
    for step, column, colour in ((-0.19, "guideline_tco2e", UNSELECTED), (0.19, "allocated_tco2e", SELECTED)):
        label = text(f"figures.allocated_totals.{column.split('_')[0]}", lang)
        axes.barh(place + step, say(shown[column]), height=0.36, color=colour, label=label)
    bar_rows(axes, said, muted=[len(said) - 1] if rest else [])
    change = shown["allocated_tco2e"] - shown["guideline_tco2e"]
    for row, (before, after, gap) in enumerate(zip(shown["guideline_tco2e"], shown["allocated_tco2e"], change, strict=True)):
        sign = "+" if say(gap) > 0 else ""
        end_label(axes, say(before), row - 0.19, number(say(before)))
        end_label(axes, say(after), row + 0.19, f"{number(say(after))} ({sign}{number(say(gap))})", fontweight="bold")
    room(axes, say(min(0.0, shown.to_numpy().min())), say(max(0.0, shown.to_numpy().max())), right=0.2, left=0.2)
    if shown.to_numpy().min() < 0:
        zero_line(axes)
    value_axis(axes, "x", text("figures.axis.emissions", lang, unit=say.unit))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, handlelength=1, handleheight=0.9)
    most = table.loc[moved.index[0]]
    values = dict(
        count=len(table), total=say.say(table["allocated_tco2e"].sum()), before=say.say(table["guideline_tco2e"].sum()),
        name=firms.get(moved.index[0], shorten(moved.index[0])), one=say.say(most.iloc[0]), other=say.say(most.iloc[1]),
    )  # fmt: skip
    return finish(
        figure, text("figures.allocated_totals.caption", lang, **values), text("figures.allocated_totals.alt", lang, **values)
    )
