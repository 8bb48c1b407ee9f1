"""Where to look: emissions by system, what projects save of them, and what no project touches."""

import pandas as pd

from workbench.figures.axes import bar_rows, end_label, room, value_axis
from workbench.figures.quantities import number, numeric, percent, scale, share
from workbench.figures.style import MUTED, ROW, SELECTED, Picture, blank, canvas, finish, styled
from workbench.wording import text


@styled
def hotspots(spots: pd.DataFrame, lang: str = "en") -> Picture:
    """Bars by system in tCO2e: saved by compatible projects, used where a project acts, touched by none.

    `spots`: rows with system, tco2e, saved_tco2e and uncovered_tco2e, as `hotspots.rank` makes them.
    """
    columns = ["tco2e", "saved_tco2e", "uncovered_tco2e"]
    table = numeric(spots, *columns) if len(spots) else spots
    if len(table) == 0:
        return blank("hotspots", lang)
    table = table.groupby("system")[columns].sum()
    table = table.loc[table["tco2e"].sort_values(ascending=False, kind="stable").index]
    parts = pd.DataFrame({"saved": table["saved_tco2e"].clip(lower=0.0), "open": table["uncovered_tco2e"]})
    parts["touched"] = (table["tco2e"] - parts["saved"] - parts["open"]).clip(lower=0.0)
    say = scale(table["tco2e"], "tco2e", lang)
    rows = [text(f"system.{system}", lang) for system in table.index]
    figure, axes = canvas(0.75 + ROW * max(len(rows), 4))
    looks = {
        "saved": dict(color="#a9cfe6", edgecolor=SELECTED, hatch="////"),
        "touched": dict(color=SELECTED),
        "open": dict(color=MUTED),
    }
    start = parts["saved"] * 0.0
    for part in ("open", "touched", "saved"):
        said = text(f"figures.hotspots.{part}", lang)
        axes.barh(range(len(rows)), say(parts[part].to_numpy()), left=say(start.to_numpy()), height=0.72, label=said, **looks[part])
        start = start + parts[part]
    bar_rows(axes, rows)
    room(axes, 0.0, say(table["tco2e"].max()), right=0.24)
    for row, system in enumerate(table.index):
        left = percent(share(parts.at[system, "open"], table.at[system, "tco2e"]), lang)
        end_label(axes, say(table.at[system, "tco2e"]), row, f"{number(say(table.at[system, 'tco2e']))} ({left})")
    value_axis(axes, "x", text("figures.axis.emissions", lang, unit=say.unit))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=3, handlelength=1.2, handleheight=0.9)
    total = table.sum()
    values = dict(
        total=say.say(total["tco2e"]),
        system=rows[0],
        value=say.say(table["tco2e"].iloc[0]),
        saved=say.say(total["saved_tco2e"]),
        open=say.say(total["uncovered_tco2e"]),
        share=percent(share(total["uncovered_tco2e"], total["tco2e"]), lang),
        count=len(rows),
    )
    return finish(figure, text("figures.hotspots.caption", lang, **values), text("figures.hotspots.alt", lang, **values))
