"""One style for every figure: fonts, colours by meaning, numbers with units, and the Picture that carries its own words."""

import base64
import html
import io
import unicodedata
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, wraps

import matplotlib
import numpy as np
import pandas as pd
import seaborn
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from workbench import dictionary
from workbench.wording import label, text

WIDTH = 7.2  # inches: two columns of a journal page
ROW = 0.205  # inches: one bar with its name
NAME_COLUMNS = 28
OTHER = "figures.other"  # stands for all carriers or enterprises not shown one by one
FAMILIES = ("Arial", "Liberation Sans", "DejaVu Sans", "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC")

INK, MUTED, GRID, PALE = "#222222", "#6b6f73", "#dfe2e5", "#cfd4d9"
SELECTED, UNSELECTED = "#0072B2", "#c3c9cf"
NAIVE, IN_TURN = "#f0b661", "#0b3c5d"
MONEY, ALARM = "#8a6d3b", "#D55E00"
SEVERITIES = {"error": "#c8442b", "warning": "#E69F00", "info": "#8fb3cc"}

# Okabe and Ito's colours, one family a hue; inside a family lightness tells the carriers apart.
SHADES = {
    "coal": ("#3b3430", "#6f6056", "#9c8f84", "#c4bab1", "#57483f"),
    "gas": ("#E69F00", "#f3c677", "#b06f00"),
    "byproduct_gas": ("#d8c628", "#f0e68a", "#a8990f", "#e5d85a"),
    "oil": ("#a24c7d", "#CC79A7", "#e2b1cb", "#73365a", "#b88aa4"),
    "electricity": ("#0072B2", "#56B4E9"),
    "heat": ("#D55E00", "#f0945a", "#f7c3a1"),
    "process": ("#009E73", "#5fc2a3", "#a8dccb", "#00694d"),
    "biomass": ("#7a9a3b", "#b4cc82"),
    "other": ("#9aa0a6", "#c0c5ca", "#7b8187"),
}
# The first shade of the carriers that meet most often in one figure; the others take theirs by their place in the dictionary.
FIRST_SHADE = {
    "coke": 0,
    "bituminous": 1,
    "anthracite": 2,
    "lignite": 3,
    "natural_gas": 0,
    "lng": 1,
    "lpg": 2,
    "coke_oven_gas": 0,
    "blast_furnace_gas": 1,
    "converter_gas": 2,
    "diesel": 0,
    "fuel_oil": 1,
    "gasoline": 2,
    "petroleum_coke": 3,
    "heat": 1,
    "steam": 0,
    "hot_water": 2,
}


@cache
def _fonts() -> tuple[str, ...]:
    known = set(font_manager.get_font_names())
    return tuple(family for family in FAMILIES if family in known) or ("DejaVu Sans",)


@contextmanager
def style():
    """The style in force while a figure is built and while it is rendered."""
    own = {
        "font.family": list(_fonts()),
        "font.size": 8.5,
        "text.parse_math": False,
        "axes.unicode_minus": True,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.labelsize": 8.5,
        "axes.titlesize": 8.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.6,
        "axes.axisbelow": True,
        "axes.grid": False,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "legend.fontsize": 8,
        "lines.linewidth": 1.4,
        "patch.linewidth": 0.4,
        "hatch.linewidth": 0.5,
        "figure.dpi": 100,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "svg.fonttype": "path",
        "svg.hashsalt": "workbench",
    }
    with matplotlib.rc_context({**seaborn.axes_style("whitegrid"), **own}):
        yield


def styled(draw):
    """Run a drawing function inside the style."""

    @wraps(draw)
    def inside(*args, **kwargs):
        with style():
            return draw(*args, **kwargs)

    return inside


@dataclass(eq=False)
class Picture:
    """A figure with the words that belong to it.

    The figure never enters pyplot's register: a notebook shows it once, through ``_repr_html_``, and nothing stays open.
    """

    figure: Figure = field(repr=False)
    caption: str
    alt: str

    def _render(self, kind: str, **options) -> bytes:
        buffer = io.BytesIO()
        with style():
            self.figure.savefig(buffer, format=kind, **options)
        return buffer.getvalue()

    def svg(self) -> bytes:
        """The same figure gives the same bytes: fixed ids, no date, letters as paths."""
        return self._render("svg", metadata={"Date": None})

    def png(self, dpi: int = 200) -> bytes:
        return self._render("png", dpi=dpi, metadata={"Software": None})

    def _repr_html_(self) -> str:
        source = base64.b64encode(self.svg()).decode("ascii")
        return (
            f'<figure class="figure"><img alt="{html.escape(self.alt)}" src="data:image/svg+xml;base64,{source}">'
            f"<figcaption>{html.escape(self.caption)}</figcaption></figure>"
        )


def canvas(height: float, columns: int = 1, width: float = WIDTH, **options):
    """A figure outside pyplot, and its axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.05, wspace=0.03)
    return figure, figure.subplots(1, columns, **options)


def settle(figure: Figure) -> None:
    """Lay out once and keep it, so that later renderings are the same and labels can be placed in points."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def finish(figure: Figure, caption: str, alt: str) -> Picture:
    settle(figure)
    return Picture(figure, caption, alt)


def blank(theme: str, lang: str) -> Picture:
    """What stands where a table has nothing to draw."""
    figure, axes = canvas(1.1)
    axes.set_axis_off()
    sentence = text("figures.no_data", lang)
    axes.text(0.5, 0.5, sentence, ha="center", va="center", color=MUTED, transform=axes.transAxes)
    title = text(f"figures.{theme}.title", lang)
    return finish(figure, text("figures.no_data.caption", lang, title=title), text("figures.no_data.caption", lang, title=title))


# Names and numbers


def word(code, lang: str) -> str:
    """A code as a reader says it."""
    code = str(code)
    if code == OTHER:
        return text(OTHER, lang)
    said = label(code, lang)
    return said if said != code else code[:1].upper() + code[1:].replace("_", " ")


def shorten(name: str, columns: int = NAME_COLUMNS) -> str:
    """At most ``columns`` Latin letters wide; a Chinese character takes the room of two."""
    name, width, kept = " ".join(str(name).split()), 0, ""
    for letter in name:
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if width > columns:
            return kept.rstrip() + "…"
        kept += letter
    return name


def names(table: pd.DataFrame, key: str, lang: str) -> dict[str, str]:
    """Display name of each id: the Chinese name in a Chinese figure, else the name, else the id."""
    said = table[key].astype(str)
    for column in ("name", "name_zh")[: 2 if lang == "zh" else 1]:
        if column in table:
            said = table[column].where(table[column].notna() & (table[column].astype(str).str.strip() != ""), said)
    alike = said.map(shorten).duplicated(keep=False) & (key == "project_id")  # many audits name their measures alike
    said = said.mask(alike, table[key].astype(str) + " " + said)
    return {identity: shorten(name) for identity, name in zip(table[key], said, strict=True)}


def numeric(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A copy whose columns are finite numbers; what is absent or unreadable counts as zero."""
    return table.assign(
        **{
            column: pd.to_numeric(table.get(column, pd.Series(0.0, table.index)), errors="coerce")
            .replace([np.inf, -np.inf], np.nan)
            .fillna(0.0)
            .astype(float)
            for column in columns
        }
    )


def number(value: float) -> str:
    """About three digits, thousands apart, a true minus."""
    size = abs(value)
    digits = 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2 if size >= 1 else 3
    written = f"{value:,.{digits}f}"
    if "." in written and size < 1:
        written = written.rstrip("0").rstrip(".")
    return "0" if written in ("-0", "") else written.replace("-", "−")


def share(part: float, whole: float) -> float:
    """Percentage, zero where there is no whole."""
    return 100 * part / whole if whole else 0.0


def percent(value: float, lang: str) -> str:
    """A share to one decimal."""
    return text("figures.percent", lang, value=f"{value:.1f}".replace("-", "−"))


@dataclass(frozen=True)
class Scale:
    """The multiple of a unit in which a figure speaks."""

    divisor: float
    unit: str
    measure: str
    lang: str

    def __call__(self, value):
        return value / self.divisor

    def say(self, value: float) -> str:
        """A quantity in words, in the multiple that suits it."""
        own = scale([value], self.measure, self.lang)
        return text("figures.quantity", self.lang, value=number(own(value)), unit=own.unit)


def scale(values: Iterable[float], unit: str, lang: str) -> Scale:
    """Thousands and millions for English, 万 and 亿 for Chinese; ``unit`` is tco2e, tce or a currency code."""
    finite = np.abs(np.asarray(list(values), dtype=float))
    largest = finite[np.isfinite(finite)].max(initial=0.0)
    steps = ((1e8, "e8"), (1e4, "e4")) if lang == "zh" else ((1e6, "e6"), (1e3, "e3"))
    divisor, step = next(((size, key) for size, key in steps if largest >= 5 * size), (1.0, "e0"))
    kind = unit if unit in ("tco2e", "tce") else "money"
    return Scale(divisor, text(f"figures.unit.{kind}.{step}", lang, currency=currency_name(unit, lang)), unit, lang)


def currency_name(code: str, lang: str) -> str:
    """元 for CNY in a Chinese figure; a currency without a filed name keeps its code."""
    try:
        return text(f"figures.currency.{code}", lang)
    except KeyError:
        return code


def year_of(table: pd.DataFrame) -> str:
    """The accounting year, where the table tells one."""
    years = pd.to_numeric(table["year"], errors="coerce").dropna().astype(int).unique() if "year" in table else []
    return str(years[0]) if len(years) == 1 else f"{min(years)}–{max(years)}" if len(years) else "–"


# Colours


@cache
def _families() -> dict[str, tuple[str, int]]:
    """Kind of each carrier, and its place among its kind."""
    kinds = dictionary.carriers()["family"].to_dict()
    places: dict[str, int] = {}
    found = {}
    for code, kind in kinds.items():
        kind = kind if kind in SHADES else "other"
        found[code] = kind, FIRST_SHADE.get(code, places.get(kind, 0))
        places[kind] = places.get(kind, 0) + 1
    return found


def palette(codes: Iterable[str]) -> dict[str, str]:
    """A colour for each code: fixed by its kind, distinct while the kind has shades. What is no carrier is a process."""
    colours: dict[str, str] = {}
    for code in codes:
        kind, place = _families().get(code, ("other" if code == OTHER else "process", 0))
        shades = SHADES[kind]
        turn = [shades[(place + step) % len(shades)] for step in range(len(shades))]
        colours[code] = next((shade for shade in turn if shade not in colours.values()), turn[0])
    return colours


# Axes


def tick_text(value: float, _=None) -> str:
    return f"{value:,.10g}".replace("-", "−")


def value_axis(axes, which: str, title: str) -> None:
    """An axis that carries numbers: title with unit, thousands apart, light grid."""
    axis = getattr(axes, f"{which}axis")
    axis.set_label_text(title)
    axis.set_major_formatter(FuncFormatter(tick_text))
    if axis.get_scale() == "linear":
        axis.set_major_locator(MaxNLocator(nbins=6, min_n_ticks=3))
    axes.grid(True, axis=which)


def bar_rows(axes, said: list[str], muted: Iterable[int] = ()) -> None:
    """Rows of bars from top to bottom, each with its name."""
    axes.set_yticks(range(len(said)), said)
    axes.set_ylim(len(said) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    for row, name in enumerate(axes.get_yticklabels()):  # none on the second of two panels with shared rows
        name.set_color(MUTED if row in set(muted) else INK)


def zero_line(axes, which: str = "x") -> None:
    draw = axes.axvline if which == "x" else axes.axhline
    draw(0, color=MUTED, linewidth=0.8, zorder=3)


def end_label(axes, value: float, row: float, words: str, at: float | None = None, gap: float = 3, **options) -> None:
    """Words at the end of a bar (or ``at`` a place), on the side where the value points."""
    side = 1 if value >= 0 else -1
    axes.annotate(
        words,
        (value if at is None else at, row),
        xytext=(gap * side, 0),
        textcoords="offset points",
        va="center_baseline",
        ha="left" if side > 0 else "right",
        annotation_clip=False,
        **{"color": INK, "fontsize": 7.5, **options},
    )


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
    """Name points, most important first; a name that finds no free side is left out rather than printed over another."""
    renderer = axes.figure.canvas.get_renderer()
    frame, taken = axes.get_window_extent(renderer), []
    for x, y, words, radius in zip(xs, ys, said, radii, strict=True):
        reach = radius + 2
        for dx, dy, ha, va in (
            (reach, 0, "left", "center"),
            (-reach, 0, "right", "center"),
            (0, reach, "center", "bottom"),
            (0, -reach, "center", "top"),
            (reach * 0.7, reach * 0.7, "left", "bottom"),
            (-reach * 0.7, -reach * 0.7, "right", "top"),
        ):
            note = axes.annotate(words, (x, y), xytext=(dx, dy), textcoords="offset points", ha=ha, va=va, fontsize=7.5)
            box = note.get_window_extent(renderer)
            inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
            if inside and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            note.remove()
