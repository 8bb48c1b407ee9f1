"""What was decided: the bundle, and the enterprises before and after."""

import pandas as pd

from workbench.figures.axes import bar_rows, cut_bars, end_label, room, value_axis, zero_line
from workbench.figures.potential import part_of_whole
from workbench.figures.quantities import (
    OTHER,
    names,
    number,
    numeric,
    percent,
    scale,
    share,
    shorten,
    top_and_rest,
)
from workbench.figures.style import (
    INK,
    MONEY,
    ROW,
    SELECTED,
    Picture,
    blank,
    canvas,
    finish,
    styled,
)
from workbench.wording import text


def _selected(table: pd.DataFrame) -> pd.DataFrame:
    if len(table) == 0:
        return table
    return table[pd.to_numeric(table["selected"], errors="coerce").fillna(0) > 0] if "selected" in table else table


@styled
def bundle(bundle: pd.DataFrame, potential: pd.DataFrame, lang: str = "en", currency: str = "CNY", top: int = 30) -> Picture:
    """Selected projects: tCO2e saved inside the bundle (ring: alone) and capital, on two aligned panels."""
    table = _selected(bundle)
    if len(table) == 0:
        return blank("bundle", lang)
    table = numeric(table, "tco2e_saved", "capex").set_index("project_id")
    alone = numeric(potential, "tco2e_saved").set_index("project_id")["tco2e_saved"] if len(potential) else pd.Series(dtype=float)
    table["alone"] = alone.reindex(table.index).astype(float).fillna(table["tco2e_saved"])
    named = bundle if "name" in bundle else potential
    said = names(named, "project_id", lang) if len(named) else {}
    matrix = table.loc[table["tco2e_saved"].sort_values(ascending=False, kind="stable").index, ["tco2e_saved", "capex", "alone"]]
    shown, rest = top_and_rest(matrix, top)
    rows = [text("figures.other_projects", lang, count=rest) if i == OTHER else said.get(i, shorten(i)) for i in shown.index]
    figure, panels = canvas(0.75 + ROW * max(len(rows), 4), columns=2, sharey=True)
    says = []
    for axes, column, unit, colour in zip(panels, ("tco2e_saved", "capex"), ("tco2e", currency), (SELECTED, MONEY), strict=True):
        listed = shown[column].drop(OTHER, errors="ignore").max()
        limit = 1.35 * listed if rest and shown[column].iloc[-1] > 1.35 * listed > 0 else shown[column].max()
        say = scale([limit], unit, lang)
        values = say(shown[column].to_numpy())
        axes.barh(range(len(rows)), values, height=0.7, color=colour)
        bar_rows(axes, rows, muted=[len(rows) - 1] if rest else [])
        peak = max(limit, shown["alone"].drop(OTHER, errors="ignore").max()) if column == "tco2e_saved" else limit
        room(axes, values.min(), say(peak), right=0.24, left=0.24)
        for row, value in enumerate(values):
            # The ring and the words share the bar's end; the words yield.
            ring = say(shown["alone"].iloc[row]) if column == "tco2e_saved" and not (rest and row == len(rows) - 1) else value
            over = "» " if value > say(peak) * 1.001 else ""
            if abs(ring - value) > 0.004 * abs(say(peak)):
                axes.plot([value, ring], [row, row], color=INK, linewidth=0.7)
                axes.plot(ring, row, marker="o", markersize=4, markerfacecolor="white", markeredgecolor=INK, markeredgewidth=0.8)
            end_label(
                axes,
                value,
                row,
                over + number(value),
                at=min(max(value, ring), say(peak)) if value >= 0 else min(value, ring),
                gap=5,
            )
        cut_bars(axes, say(peak))
        if values.min() < 0:
            zero_line(axes)
        value_axis(axes, "x", text(f"figures.axis.{column}", lang, unit=say.unit))
        says.append(say)
    tonnes, money = says
    values = dict(
        count=len(matrix),
        tonnes=tonnes.say(matrix["tco2e_saved"].sum()),
        money=money.say(matrix["capex"].sum()),
        name=rows[0],
        value=tonnes.say(matrix["tco2e_saved"].iloc[0]),
        capex=money.say(matrix["capex"].iloc[0]),
        share=percent(share(matrix["tco2e_saved"].iloc[0], matrix["tco2e_saved"].sum()), lang),
    )
    return finish(figure, text("figures.bundle.caption", lang, **values), text("figures.bundle.alt", lang, **values))


@styled
def bundle_by_enterprise(
    bundle: pd.DataFrame, enterprises: pd.DataFrame, lang: str = "en", potential: pd.DataFrame | None = None, top: int = 25
) -> Picture:
    """Emissions of each enterprise before and after the bundle. The enterprise comes from the bundle, else from ``potential``."""
    if len(enterprises) == 0:
        return blank("bundle_by_enterprise", lang)
    chosen = _selected(bundle)
    if len(chosen) and "enterprise_id" not in chosen:
        if potential is None:
            raise ValueError("bundle has no enterprise_id: pass potential, which says where each project stands")
        chosen = chosen.merge(potential[["project_id", "enterprise_id"]], on="project_id", how="left", validate="m:1")
    saved = numeric(chosen, "tco2e_saved").groupby("enterprise_id")["tco2e_saved"].sum() if len(chosen) else pd.Series(dtype=float)
    emitted = numeric(enterprises, "total_tco2e").set_index("enterprise_id")["total_tco2e"]
    table = pd.DataFrame({"whole": emitted, "part": saved.reindex(emitted.index).astype(float).fillna(0.0)})
    return part_of_whole("bundle_by_enterprise", table, names(enterprises, "enterprise_id", lang), lang, top)
