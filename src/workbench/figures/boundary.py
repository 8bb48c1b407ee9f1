"""From the sum of the enterprises to the cluster."""

import numpy as np
import pandas as pd

from workbench.figures.axes import tick_text, value_axis, zero_line
from workbench.figures.quantities import (
    number,
    numeric,
    percent,
    scale,
    share,
)
from workbench.figures.style import (
    ALARM,
    MUTED,
    PALE,
    SELECTED,
    Picture,
    blank,
    canvas,
    finish,
    styled,
)
from workbench.wording import text

SHOWN = 5e-4  # share of the sum below which an adjustment is no bar of its own


@styled
def boundary_bridge(cluster: pd.DataFrame, lang: str = "en") -> Picture:
    """Waterfall from the sum of the enterprises to the cluster: what two members both count is taken out once."""
    items = numeric(cluster, "value").set_index("item")["value"] if len(cluster) else pd.Series(dtype=float)
    if not {"sum_of_enterprises_tco2e", "cluster_total_tco2e"} <= set(items.index):
        return blank("boundary_bridge", lang)
    start, end = items["sum_of_enterprises_tco2e"], items["cluster_total_tco2e"]
    bought, sold = abs(items.get("internal_purchases_tco2e", 0.0)), abs(items.get("internal_sales_tco2e", 0.0))
    steps = [("sum", start, 0.0)]
    real = [items.get(f"internal_{end}_at_real_factors_tco2e", np.nan) for end in ("purchases", "sales")]
    adjustment = items.get("of_which_allocation_adjustment_tco2e", 0.0)
    if np.isfinite(real).all() and abs(adjustment) > SHOWN * max(abs(start), 1.0):
        bought, sold = real
        steps += [("purchases", -bought, start), ("sales", sold, start - bought)]
        steps += [("adjustment", -adjustment, start - bought + sold)]
    elif "internal_purchases_tco2e" in items or "internal_sales_tco2e" in items:
        steps += [("purchases", -bought, start), ("sales", sold, start - bought)]
    else:
        steps += [("eliminated", end - start, start)]
    gap = end - sum(step for _, step, _ in steps)
    if abs(gap) > 1e-6 * max(abs(end), 1.0):
        steps.append(("gap", gap, end - gap))
    steps.append(("total", end, 0.0))

    say = scale([start, end], "tco2e", lang)
    figure, axes = canvas(3.3, width=6.2)
    levels = [level for _, step, base in steps for level in ((base + step,) if base == 0 else (base, base + step))]
    moves = max((abs(step) for _, step, base in steps[1:-1]), default=0.0)
    cut = min(levels) > 0 and moves > 0 and moves < 0.12 * max(levels)
    floor = say(min(levels) - 1.2 * (max(levels) - min(levels))) if cut else min(0.0, say(min(levels)))
    floor = max(floor, 0.0) if cut else floor
    colours = {
        "sum": "#7b8187",
        "total": SELECTED,
        "purchases": "#009E73",
        "sales": ALARM,
        "eliminated": "#009E73",
        "gap": PALE,
        "adjustment": "#CC79A7",
    }
    for place, (kind, step, base) in enumerate(steps):
        lower, upper = sorted((say(base), say(base + step)))
        lower = max(lower, floor)
        axes.bar(place, upper - lower, bottom=lower, width=0.62, color=colours[kind])
        signed = number(say(step)) if base == 0 and kind in ("sum", "total") else ("+" if step > 0 else "") + number(say(step))
        axes.annotate(signed, (place, upper), xytext=(0, 3), textcoords="offset points", ha="center", fontweight="bold")
        if place < len(steps) - 1:
            level = say(base + step)
            axes.plot([place + 0.31, place + 0.69], [level, level], color=MUTED, linewidth=0.7)
    axes.set_xticks(range(len(steps)), [text(f"figures.boundary_bridge.{kind}", lang) for kind, _, _ in steps])
    axes.tick_params(axis="x", length=0)
    height = say(max(levels)) - floor
    axes.set_ylim(floor, say(max(levels)) + 0.12 * (height or 1.0))
    value_axis(axes, "y", text("figures.axis.emissions", lang, unit=say.unit))
    if cut and floor > 0:
        for place in (0, len(steps) - 1):
            wave = np.linspace(place - 0.34, place + 0.34, 60)
            axes.plot(wave, floor + height * (0.06 + 0.012 * np.sin(60 * wave)), color="white", linewidth=2.2)
        axes.annotate(
            text("figures.cut_axis", lang, value=tick_text(round(floor, 3 - int(np.log10(floor or 1))))),
            (0.5, 0),
            xycoords="axes fraction",
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=7.5,
            color=MUTED,
        )
    if min(levels) < 0:
        zero_line(axes, "y")
    values = dict(
        start=say.say(start),
        end=say.say(end),
        bought=say.say(bought),
        sold=say.say(sold),
        adjustment=say.say(adjustment),
        eliminated=say.say(start - end),
        share=percent(share(start - end, start), lang),
    )
    return finish(
        figure, text("figures.boundary_bridge.caption", lang, **values), text("figures.boundary_bridge.alt", lang, **values)
    )
