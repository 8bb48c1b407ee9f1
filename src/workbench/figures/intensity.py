"""Carbon against energy, each per unit of value or output."""

import re

import numpy as np
import pandas as pd

from workbench.figures.axes import place_labels, value_axis
from workbench.figures.quantities import (
    currency_name,
    names,
    number,
    numeric,
    scale,
)
from workbench.figures.style import (
    MUTED,
    SELECTED,
    Picture,
    blank,
    canvas,
    settle,
    styled,
)
from workbench.wording import text

SPREAD = 20  # largest over smallest value above which an axis is logarithmic


def _spelled(unit: str, lang: str) -> str:
    """A unit of intensity as a reader says it: `tCO2e per million CNY of value added`, tCO₂e/百万元增加值."""
    written = unit.replace("tco2e", "tCO₂e").replace("tCO2e", "tCO₂e")
    parts = re.fullmatch(r"(\S+) per million (\S+) of (value added|output value)", written)
    if not parts:
        return written
    return text(f"report.intensity.{parts[3].replace(' ', '_')}", lang, unit=parts[1], currency=currency_name(parts[2], lang))


@styled
def intensities(enterprises: pd.DataFrame, lang: str = "en", labels: int = 10) -> Picture:
    """Carbon intensity over energy intensity of each enterprise; area follows emissions, the line is the mean of those shown."""
    columns = ["energy_intensity", "carbon_intensity"]
    if len(enterprises) == 0 or not set(columns) <= set(enterprises):
        return blank("intensities", lang)
    table = numeric(enterprises, *columns, "total_tco2e", "tce")
    table = table[(table[columns] > 0).all(axis=1)].reset_index(drop=True)
    units = [f"{column}_unit" for column in columns]
    for unit in units:
        table[unit] = table[unit].fillna("").astype(str) if unit in table else ""
    if table.empty:
        return blank("intensities", lang)
    # Tonnes per money and tonnes per tonne of product do not share an axis: the most frequent pair of units is shown.
    pair = table.value_counts(units).index[0]
    table = table[(table[units] == list(pair)).all(axis=1)].sort_values("total_tco2e", ascending=False, kind="stable")
    table = table.reset_index(drop=True)
    x, y = table[columns[0]], table[columns[1]]

    figure, axes = canvas(4.3, width=6.2)
    key = pd.to_numeric(table.get("key_emitter", pd.Series(0, table.index)), errors="coerce").fillna(0) > 0
    area = 18 + 700 * table["total_tco2e"].clip(lower=0) / (table["total_tco2e"].max() or 1.0)
    axes.scatter(
        x, y, s=area.fillna(18), c=[SELECTED if k else "#8d959c" for k in key], alpha=0.65, edgecolors="white", linewidths=0.7
    )
    for axis, values in (("x", x), ("y", y)):
        if values.max() / values.min() > SPREAD:
            getattr(axes, f"set_{axis}scale")("log")
            getattr(axes, f"set_{axis}lim")(values.min() / 2, values.max() * 3)
        else:
            getattr(axes, f"set_{axis}lim")(0, values.max() * 1.25)
    for axis, unit, column in zip("xy", pair, columns, strict=True):
        title = text(f"figures.axis.{column}", lang)
        value_axis(axes, axis, text("figures.axis.cost", lang, objective=title, unit=_spelled(unit, lang)) if unit else title)
    mean = table["total_tco2e"].sum() / table["tce"].sum() if table["tce"].sum() > 0 else float((y / x).median())
    ends = np.array([axes.get_xlim()[0] or x.min() / 50, axes.get_xlim()[1]])
    axes.autoscale(False)
    if (y / x).max() > mean / 100 > 0:
        axes.plot(ends, ends * mean, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    for where, keys in ((0.0, "above"), (1.0, "below")):
        axes.annotate(
            text(f"figures.intensities.{keys}", lang, mean=number(mean)),
            (where, 1 - where),
            xycoords="axes fraction",
            xytext=(4 - 8 * where, -4 + 8 * where),
            textcoords="offset points",
            ha="left" if where == 0 else "right",
            va="top" if where == 0 else "bottom",
            fontsize=7.5,
            color=MUTED,
        )
    said = names(table, "enterprise_id", lang)
    settle(figure)
    place_labels(axes, x, y, [said[i] for i in table["enterprise_id"][:labels]], np.sqrt(area.fillna(18)) / 2)
    highest = table.loc[y.idxmax()]
    say = scale([table["total_tco2e"].max()], "tco2e", lang)
    values = dict(
        count=len(table),
        of=len(enterprises),
        name=said[table["enterprise_id"].iloc[0]],
        value=say.say(table["total_tco2e"].iloc[0]),
        highest=said[highest["enterprise_id"]],
        carbon=number(highest["carbon_intensity"]),
        unit=_spelled(pair[1], lang),
        mean=number(mean),
    )
    return Picture(figure, text("figures.intensities.caption", lang, **values), text("figures.intensities.alt", lang, **values))
