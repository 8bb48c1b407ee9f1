"""Axes and rows: numbers with thousands apart, bars with their names, words at the ends."""

from collections.abc import Iterable

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import offset_copy

from workbench.figures.letters import LETTERS
from workbench.figures.style import INK, MUTED

BESIDE = "_beside"  # what words beside the rows of a figure are marked with; no legend asks for what begins so


def tick_text(value: float, _=None) -> str:
    return f"{value:,.10g}".replace("-", "−")


def value_axis(axes, which: str, title: str) -> None:
    """An axis that carries numbers: title with unit, thousands apart, light grid."""
    axis = getattr(axes, f"{which}axis")
    axis.set_label_text(title)
    axis.set_major_formatter(FuncFormatter(tick_text))
    if axis.get_scale() == "linear":
        axis.set_major_locator(MaxNLocator(nbins=6, min_n_ticks=3))
    else:
        axis.set_minor_locator(NullLocator())  # the small steps of a logarithm are not seen in this style, and dear to place
    axes.grid(True, axis=which)


def bar_rows(axes, said: list[str], muted: Iterable[int] = (), bold: Iterable[int] = ()) -> None:
    """Rows of bars from top to bottom, each with its name; of panels with shared rows the first has the names."""
    axes.set_yticks([])
    axes.set_ylim(len(said) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    if axes.get_subplotspec().is_first_col():
        _beside(axes, said, "left", muted, bold, fontsize=8)


def right_words(axes, said: list[str], **options) -> None:
    """Words at the right of each row, outside the axes, where the layout keeps room for them."""
    _beside(axes, said, "right", **{"fontsize": 7.5, "color": MUTED, **options})


def _beside(axes, said: list[str], side: str, muted: Iterable[int] = (), bold: Iterable[int] = (), **options) -> None:
    """Words beside the rows; no labels of ticks, since a tick is five marks, of which only the label would be seen."""
    at, away, align = (0, -3.5, "right") if side == "left" else (1, 3.5, "left")
    place = offset_copy(axes.get_yaxis_transform(), axes.figure, x=away, units="points")
    texts = [
        axes.text(at, row, words, transform=place, ha=align, va="center_baseline", label=BESIDE, **{
            "color": MUTED if row in muted else INK, "fontweight": "bold" if row in bold else "normal", **options,
        })
        for row, words in enumerate(said)
    ]  # fmt: skip
    wide = [max(LETTERS.width(line, text.get_fontproperties()) for line in text.get_text().split("\n")) for text in texts]
    widest = max(wide, default=0.0)
    for text, width in zip(texts, wide, strict=True):
        text.set_in_layout(width == widest)  # room for the widest is room for all


def zero_line(axes, which: str = "x") -> None:
    draw = axes.axvline if which == "x" else axes.axhline
    draw(0, color=MUTED, linewidth=0.8, zorder=3)


def end_label(axes, value: float, row: float, words: str, at: float | None = None, gap: float = 3, **options) -> None:
    """Words at the end of a bar (or ``at`` a place), on the side where the value points."""
    side, align = (1, "left") if value >= 0 else (-1, "right")
    place = offset_copy(axes.transData, axes.figure, x=gap * side, units="points")
    own = {"color": INK, "fontsize": 7.5, "va": "center_baseline", **options}
    axes.text(value if at is None else at, row, words, transform=place, ha=align, **own)


def cut_bars(axes, limit: float) -> None:
    """End every bar at the limit; the words that follow say how far it would go."""
    for bar in axes.patches:
        beyond = bar.get_x() + bar.get_width() - limit
        if beyond > 0:
            bar.set_width(max(bar.get_width() - beyond, 0.0))


def room(axes, low: float, high: float, right: float = 0.16, left: float = 0.12) -> None:
    """Limits of a bar axis with room for the words at the ends."""
    low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or 1.0
    axes.set_xlim(low - (left * span if low < 0 else 0), high + right * span)


def place_labels(axes, xs: Iterable[float], ys: Iterable[float], said: list[str], radii: Iterable[float]) -> None:
    """Name the first points, most important first, each on the side where its name lies on fewest of the others [radii in points].

    A name that finds no free side is left out rather than printed over another.
    """
    renderer, radii = axes.figure.canvas.get_renderer(), np.asarray(radii, float)
    frame, taken = axes.get_window_extent(renderer), []
    points = np.column_stack([np.asarray(xs, float), np.asarray(ys, float)])
    middles = axes.transData.transform(points)
    for n, words in enumerate(said):
        reach, best = radii[n] + 2, None
        note = axes.annotate(words, points[n], xytext=(0, 0), textcoords="offset points", fontsize=7.5)
        for side in (
            (reach, 0, "left", "center"),
            (-reach, 0, "right", "center"),
            (0, reach, "center", "bottom"),
            (0, -reach, "center", "top"),
            (reach * 0.7, reach * 0.7, "left", "bottom"),
            (-reach * 0.7, -reach * 0.7, "right", "top"),
        ):
            _put(note, *side)
            box = note.get_window_extent(renderer)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
            if inside and not any(box.overlaps(other) for other in taken):
                away = np.maximum(np.maximum([box.x0, box.y0] - middles, middles - [box.x1, box.y1]), 0.0)
                hidden = int(np.delete(np.hypot(*away.T) < radii, n).sum())
                best = (hidden, side, box) if best is None or hidden < best[0] else best
        if best is None:
            note.remove()
        else:
            _put(note, *best[1])
            taken.append(best[2])


def _put(note, dx: float, dy: float, ha: str, va: str) -> None:
    note.set(ha=ha, va=va)
    note.xyann = (dx, dy)
