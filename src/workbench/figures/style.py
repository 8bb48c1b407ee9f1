"""One style for every figure: fonts, colours by meaning, and the Picture that carries its own words."""

import base64
import html
import inspect
import io
import re
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property, wraps

import matplotlib
from matplotlib import font_manager
from matplotlib.figure import Figure

from workbench import dictionary, picture_store, spared
from workbench.figures import letters, once
from workbench.figures.quantities import OTHER
from workbench.wording import text

with spared.put_off("scipy.stats", "gaussian_kde"):  # for curves of density, which are not drawn here; it would take a second
    import seaborn

WIDTH = 7.2  # inches: two columns of a journal page
ROW = 0.205  # inches: one bar with its name
CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC")
FAMILIES = ("Arial", "Liberation Sans", "DejaVu Sans", *CHINESE)

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
def fonts() -> tuple[str, ...]:
    """Families of FAMILIES that this machine has, in that order."""
    known = set(font_manager.get_font_names())
    if not known & set(CHINESE):  # matplotlib keeps a list of fonts from its first day on a machine: look for later ones
        for file in font_manager.findSystemFonts():
            if re.search(r"NotoSansCJK-Regular|SourceHanSans(SC|CN)?-Regular|msyh|PingFang", file):
                font_manager.fontManager.addfont(file)
        known = set(font_manager.get_font_names())
    return tuple(family for family in FAMILIES if family in known) or ("DejaVu Sans",)


@contextmanager
def style():
    """The style in force while a figure is built and while it is rendered."""
    own = {
        "font.family": list(fonts()),
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
        "figure.dpi": letters.DPI,
        "figure.autolayout": False,
        "figure.constrained_layout.use": False,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "svg.fonttype": "path",
        "svg.hashsalt": "workbench",
    }
    with matplotlib.rc_context({**seaborn.axes_style("whitegrid"), **own}):
        yield


def styled(draw):
    """Run a drawing function inside the style; a picture that the run has already is not drawn again (`once`)."""
    form = inspect.signature(draw)

    @wraps(draw)
    def inside(*args, **kwargs):
        given = form.bind(*args, **kwargs)
        given.apply_defaults()
        given.arguments = {key: once.as_filed(value) for key, value in given.arguments.items()}

        def drawn():
            with style():
                return draw(*given.args, **given.kwargs)

        name = once.name(draw, given)
        kept = picture_store.stored(name)
        if kept:
            return Kept(drawn, **kept)
        picture = drawn()
        if isinstance(picture, Picture):
            picture.name = name
        return picture

    return inside


@dataclass(eq=False)
class Picture:
    """A figure with the words that belong to it; `name`: under which the run keeps it.

    The figure never enters pyplot's register: a notebook shows it once, through ``_repr_html_``, and nothing stays open.
    """

    figure: Figure = field(repr=False)
    caption: str
    alt: str
    name: str = field(default="", repr=False)

    def _render(self, kind: str, **options) -> bytes:
        buffer = io.BytesIO()
        with style():
            self.figure.savefig(buffer, format=kind, **options)
        return buffer.getvalue()

    def svg(self) -> bytes:
        """The same figure gives the same bytes: fixed ids, no date, letters as paths."""
        content = self._render("svg", metadata={"Date": None})
        picture_store.store(self.name, content.decode(), self.caption, self.alt)
        return content

    def png(self, dpi: int = 200) -> bytes:
        return self._render("png", dpi=dpi, metadata={"Software": None})

    def _repr_html_(self) -> str:
        source = base64.b64encode(self.svg()).decode("ascii")
        return (
            f'<figure class="figure"><img alt="{html.escape(self.alt)}" src="data:image/svg+xml;base64,{source}">'
            f"<figcaption>{html.escape(self.caption)}</figcaption></figure>"
        )


class Kept(Picture):
    """A picture another notebook of the run has drawn; its figure is drawn again only where that is asked for."""

    def __init__(self, draw: Callable[[], Picture], svg: str, caption: str, alt: str) -> None:
        self.caption, self.alt, self.name = caption, alt, ""
        self._draw, self._svg = draw, svg

    @cached_property
    def figure(self) -> Figure:
        """The figure itself."""
        return self._draw().figure

    def svg(self) -> bytes:
        """As it was kept."""
        return self._svg.encode()


def canvas(height: float, columns: int = 1, width: float = WIDTH, **options):
    """A figure outside pyplot, and its axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    letters.Canvas(figure)
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.05, wspace=0.03)
    return figure, figure.subplots(1, columns, **options)


def settle(figure: Figure) -> None:
    """Lay out once and keep it, so that later renderings are the same and labels can be placed in points."""
    if figure.get_layout_engine():
        figure.draw_without_rendering()
        figure.set_layout_engine(None)  # not "none", or saving would draw twice


def finish(figure: Figure, caption: str, alt: str) -> Picture:
    if figure.get_layout_engine():  # the layout alone: nothing is placed by it any more
        figure.get_layout_engine().execute(figure)
        figure.set_layout_engine(None)
    return Picture(figure, caption, alt)


def blank(theme: str, lang: str) -> Picture:
    """What stands where a table has nothing to draw."""
    figure, axes = canvas(1.1)
    axes.set_axis_off()
    sentence = text("figures.no_data", lang)
    axes.text(0.5, 0.5, sentence, ha="center", va="center", color=MUTED, transform=axes.transAxes)
    title = text(f"figures.{theme}.title", lang)
    return finish(figure, text("figures.no_data.caption", lang, title=title), text("figures.no_data.caption", lang, title=title))


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
