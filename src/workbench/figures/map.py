"""A map of the enterprises: size tells what could be saved, colour at which cost, lines where heat could go. No tiles, no network.

Local projection: longitude times the cosine of the middle latitude, which keeps distances within a cluster true.
"""

import math

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import TwoSlopeNorm
from matplotlib.ticker import FuncFormatter, MaxNLocator

from workbench.figures.axes import place_labels
from workbench.figures.quantities import currency_name, names, number, numeric, scale
from workbench.figures.style import GRID, INK, Picture, blank, canvas, finish, settle, styled
from workbench.wording import text

KM_PER_DEGREE = math.pi * 6371.0088 / 180  # mean radius of the Earth, IUGG
COLOURS = "PuOr_r"  # diverging, told apart without red and green
LINES = 5  # heat pairs drawn, the strongest: more would be a web
LARGEST = 620  # points squared of the largest mark


@styled
def potential_map(
    places: pd.DataFrame, pairs: pd.DataFrame | None = None, lang: str = "en", currency: str = "CNY", top: int = 15
) -> Picture:
    """Enterprises by lon and lat (table of `sites`), the largest `top` named; heat pairs as lines with their distance."""
    known = places.dropna(subset=["lon", "lat"]) if len(places) else places
    if len(known) == 0:
        return blank("potential_map", lang)
    table = numeric(known, "lon", "lat", "tco2e_saved").assign(cost=pd.to_numeric(known["abatement_cost"], errors="coerce"))
    table = table.sort_values(["tco2e_saved", "enterprise_id"], ascending=[False, True], kind="stable").reset_index(drop=True)
    figure, axes = canvas(4.6)
    _frame(axes, table, lang)
    linked = _pairs(axes, table, pairs, lang)
    most = max(table["tco2e_saved"].max(), 1e-9)
    size = LARGEST * (table["tco2e_saved"].clip(lower=0) / most).clip(lower=0.02)
    limit = _limit(table["cost"].to_numpy())
    norm = TwoSlopeNorm(0, -limit, limit)
    priced = table["cost"].notna()
    for rows, look in (
        (priced, {"c": table["cost"].clip(-limit, limit)[priced], "cmap": COLOURS, "norm": norm}),
        (~priced, {"c": "white"}),
    ):
        axes.scatter(
            table["lon"][rows], table["lat"][rows], s=size[rows], edgecolors=INK, linewidths=0.6, zorder=4, alpha=0.92, **look
        )
    bar = figure.colorbar(ScalarMappable(norm, COLOURS), ax=axes, shrink=0.75, pad=0.02, extend="both")
    bar.set_label(text("figures.axis.abatement_cost", lang, currency=currency_name(currency, lang)))
    bar.outline.set_visible(False)
    said = names(table, "enterprise_id", lang)
    settle(figure)
    place_labels(axes, table["lon"], table["lat"], [said[i] for i in table["enterprise_id"].head(top)], np.sqrt(size) / 2)
    say = scale(table["tco2e_saved"], "tco2e", lang)
    most_saved = table.iloc[0]
    values = dict(
        count=len(table), off=len(places) - len(table), total=say.say(table["tco2e_saved"].sum()), pairs=linked,
        name=said[most_saved["enterprise_id"]], value=say.say(most_saved["tco2e_saved"]), pays=int((table["cost"] < 0).sum()),
        currency=currency_name(currency, lang), limit=number(limit),
    )  # fmt: skip
    return finish(figure, text("figures.potential_map.caption", lang, **values), text("figures.potential_map.alt", lang, **values))


def _limit(costs: np.ndarray) -> float:
    """Cost at the ends of the colours: nine tenths of the places lie within; nil in the middle."""
    known = np.abs(costs[np.isfinite(costs)])
    return float(np.quantile(known, 0.9)) or 1.0 if len(known) else 1.0


def _frame(axes, table: pd.DataFrame, lang: str) -> None:
    """Limits, graticule, true proportions and a scale bar."""
    middle = math.radians((table["lat"].min() + table["lat"].max()) / 2)
    squeeze = max(math.cos(middle), 0.05)
    wide, high = ((table[c].max() - table[c].min()) * f for c, f in (("lon", squeeze), ("lat", 1.0)))
    reach = max(wide, high, 0.01) * 0.62
    for set_limits, column, factor in ((axes.set_xlim, "lon", squeeze), (axes.set_ylim, "lat", 1.0)):
        centre = (table[column].min() + table[column].max()) / 2
        part = reach / factor if column == "lon" else max(high * 0.66, reach * 0.7)
        set_limits(centre - part, centre + part)
    axes.set_aspect(1 / squeeze)
    axes.grid(True, color=GRID, linewidth=0.6)
    for axis, east in ((axes.xaxis, True), (axes.yaxis, False)):
        axis.set_major_locator(MaxNLocator(nbins=5))
        axis.set_major_formatter(FuncFormatter(lambda value, _, east=east: _degrees(value, east)))
    km = _round_length(2 * reach * KM_PER_DEGREE / 4)
    degrees = km / KM_PER_DEGREE / squeeze
    left, right = axes.get_xlim()
    low, top = axes.get_ylim()
    start, base = left + 0.04 * (right - left), low + 0.05 * (top - low)
    axes.plot([start, start + degrees], [base, base], color=INK, linewidth=2.2, solid_capstyle="butt", zorder=6)
    said = text("figures.map.km", lang, value=number(km))
    axes.annotate(said, (start + degrees / 2, base), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=7.5)


def _degrees(value: float, east: bool) -> str:
    side = ("E" if value >= 0 else "W") if east else ("N" if value >= 0 else "S")
    return f"{abs(value):.6g}° {side}"


def _round_length(km: float) -> float:
    """1, 2 or 5 times a power of ten, at most `km`."""
    power = 10 ** math.floor(math.log10(km))
    return next(step * power for step in (5, 2, 1) if step * power <= km * (1 + 1e-9))


def _pairs(axes, table: pd.DataFrame, pairs: pd.DataFrame | None, lang: str) -> int:
    """Lines between enterprises that could pass heat, the strongest LINES of them, with their distance."""
    if pairs is None or len(pairs) == 0:
        return 0
    at = table.set_index("enterprise_id")[["lon", "lat"]]
    apart = pairs[pairs["source_enterprise"] != pairs["sink_enterprise"]]
    apart = apart[apart["source_enterprise"].isin(at.index) & apart["sink_enterprise"].isin(at.index)]
    apart = (
        apart.sort_values("heat_kw", ascending=False, kind="stable")
        .drop_duplicates(["source_enterprise", "sink_enterprise"])
        .head(LINES)
    )
    for row in apart.itertuples():
        (x1, y1), (x2, y2) = at.loc[row.source_enterprise], at.loc[row.sink_enterprise]
        look = {"arrowstyle": "-|>", "color": "#D55E00", "linewidth": 1.0, "shrinkA": 9, "shrinkB": 9, "linestyle": "--"}
        axes.annotate("", (x2, y2), (x1, y1), arrowprops=look, zorder=3)
        words = text("figures.map.km", lang, value=number(row.distance_km))
        axes.annotate(words, ((x1 + x2) / 2, (y1 + y2) / 2), fontsize=7, color="#a34700", ha="center", va="bottom", zorder=5)
    return len(apart)
