"""Heat to take out and heat to put in over temperature: composite curves and the grand composite curve."""

import pandas as pd

from workbench.figures.axes import value_axis
from workbench.figures.quantities import number
from workbench.figures.style import ALARM, INK, MUTED, SELECTED, Picture, blank, canvas, finish, styled
from workbench.wording import text

HOT, COLD = ALARM, SELECTED


@styled
def composite_curves(curves: pd.DataFrame, lang: str = "en") -> Picture:
    """Hot and cold composite curve (columns kind, heat_kw, temperature_c); where they overlap, heat can be recovered."""
    sides = {kind: curves[curves["kind"] == kind] for kind in ("hot", "cold")} if len(curves) else {}
    if not sides or any(side.empty for side in sides.values()):
        return blank("composite_curves", lang)
    hot, cold = sides["hot"], sides["cold"]
    left, right = float(cold["heat_kw"].min()), float(hot["heat_kw"].max())
    end = float(cold["heat_kw"].max())

    figure, axes = canvas(3.6, width=6.4)
    if right > left:
        axes.axvspan(left, right, color="#f3f4f5", zorder=0, linewidth=0)
    for kind, colour in (("hot", HOT), ("cold", COLD)):
        axes.plot(
            sides[kind]["heat_kw"],
            sides[kind]["temperature_c"],
            color=colour,
            linewidth=2,
            label=text(f"figures.pinch.{kind}", lang),
        )
    value_axis(axes, "x", text("figures.axis.heat_kw", lang))
    value_axis(axes, "y", text("figures.axis.temperature_c", lang))
    axes.margins(x=0.02, y=0.08)
    figure.legend(loc="outside upper left", ncols=2)
    values = dict(
        recovered=number(max(0.0, right - left)), cooling=number(left), heating=number(max(0.0, end - right)), hot=number(right),
        cold=number(end - left), top=number(hot["temperature_c"].max()), bottom=number(cold["temperature_c"].min()),
    )  # fmt: skip
    return finish(
        figure, text("figures.composite_curves.caption", lang, **values), text("figures.composite_curves.alt", lang, **values)
    )


@styled
def grand_composite(curve: pd.DataFrame, lang: str = "en") -> Picture:
    """Heat that still flows at each shifted temperature (columns shifted_c, heat_kw, from the top); zero at the pinch."""
    if len(curve) == 0:
        return blank("grand_composite", lang)
    figure, axes = canvas(3.4, width=6.4)
    axes.plot(curve["heat_kw"], curve["shifted_c"], color=INK, linewidth=1.8)
    for row, colour, words in ((0, HOT, "hot_utility"), (-1, COLD, "cold_utility")):
        heat, level = float(curve["heat_kw"].iloc[row]), float(curve["shifted_c"].iloc[row])
        axes.plot(
            [0, heat], [level, level], color=colour, linewidth=4, solid_capstyle="butt", label=text(f"figures.pinch.{words}", lang)
        )
    lowest = curve.loc[curve["heat_kw"].idxmin()]
    inside = curve["shifted_c"].iloc[-1] < lowest["shifted_c"] < curve["shifted_c"].iloc[0]
    if inside:
        axes.axhline(
            lowest["shifted_c"], color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), label=text("figures.pinch.pinch", lang)
        )
    value_axis(axes, "x", text("figures.axis.heat_kw", lang))
    value_axis(axes, "y", text("figures.axis.shifted_c", lang))
    axes.set_xlim(left=0)
    axes.margins(y=0.08)
    figure.legend(loc="outside upper left", ncols=3)
    key = "figures.grand_composite.pinch" if inside else "figures.grand_composite.no_pinch"
    values = dict(
        heating=number(curve["heat_kw"].iloc[0]), cooling=number(curve["heat_kw"].iloc[-1]), top=number(curve["shifted_c"].iloc[0]),
        bottom=number(curve["shifted_c"].iloc[-1]), pinch=text(key, lang, pinch=number(lowest["shifted_c"])),
    )  # fmt: skip
    return finish(
        figure, text("figures.grand_composite.caption", lang, **values), text("figures.grand_composite.alt", lang, **values)
    )
