"""Figures are laid out with the letters they are printed with, and the same words are measured and shaped once.

matplotlib measures text for the screen when it lays a figure out and once more, in other widths, when it writes SVG. Here both
take the outlines' own widths, so that what was given room fits; and what one figure has measured (names of enterprises, numbers
at an axis) the next one knows. A line is shaped once for its size and its outlines, and a letter is loaded once: in matplotlib a
line is shaped for each and every letter of it loaded again, five times the work.
"""

from __future__ import annotations

import codecs
import io
from functools import lru_cache
from typing import Any, NamedTuple

from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.textpath import TextToPath

DPI = 72  # of an SVG: a point is a unit
_WORDS = 8192  # kept at most, the latest
_SUBPIXELS = 64  # the fonts' own unit in a pixel
_HEIGHTS = (("OS/2", "sTypoAscender", "sTypoDescender", "sTypoLineGap"), ("hhea", "ascent", "descent", "lineGap"))


class Glyph(NamedTuple):
    """A letter of a font: its name among the outlines, the outline, how far it takes the line [pixels], how low and high it is."""

    name: str
    outline: Any
    advance: float
    low: int
    high: int


class Line(NamedTuple):
    """A line at the scale of the outlines: the letters with their places, their outlines, width, height and descent [pixels]."""

    placed: list
    outlines: dict[str, Any]
    size: tuple[float, float, float]


class Letters(TextToPath):
    """Outlines and sizes of text, each found once; the same as `TextToPath` gives."""

    def __init__(self) -> None:
        super().__init__()
        self._files = lru_cache(256)(fontManager._find_fonts_by_props)
        self._lines = lru_cache(_WORDS)(self._shaped)
        self._glyphs = lru_cache(_WORDS)(self._loaded)
        self._heights = lru_cache(256)(self._measured)

    def _get_font(self, prop: FontProperties) -> FT2Font:
        font = get_font(self._file(prop))
        font.set_size(self.FONT_SCALE, self.DPI)
        return font

    def _file(self, prop: FontProperties) -> list:
        """The fonts of a property, whatever its size."""
        known = prop.copy()  # a property that changes must not change what is kept
        known.set_size(self.FONT_SCALE)
        return self._files(known)

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        """Width, height and descent of a line [points]."""
        if ismath:
            return super().get_text_width_height_descent(s, prop, ismath)
        scale = prop.get_size_in_points() / self.FONT_SCALE
        width, height, descent = self._lines(self._get_font(prop), s, None, None).size
        return width * scale, height * scale, descent * scale

    def width(self, line: str, prop: FontProperties) -> float:
        """Width of a line [points]."""
        return self.get_text_width_height_descent(line, prop, False)[0] if line else 0.0

    def height(self, prop: FontProperties) -> tuple[float, float, float] | tuple[None, None, None]:
        """Room of a line above and below its base, and between two lines [points]; nothing where the font does not say."""
        return self._heights(prop.copy())

    def _measured(self, prop: FontProperties) -> tuple[float, float, float] | tuple[None, None, None]:
        font = get_font(self._file(prop))
        for table, above, below, between in _HEIGHTS:
            found = font.get_sfnt_table(table)
            if found is not None:
                em = prop.get_size_in_points() / font.get_sfnt_table("head")["unitsPerEm"]
                return found[above] * em, -found[below] * em, found[between] * em
        return None, None, None

    def _shaped(self, font: FT2Font, s: str, features: Any, language: Any) -> Line:
        items = font._layout(s, LoadFlags.NO_HINTING, features=features, language=language)
        line = [(self._glyphs(item.ft_object, item.glyph_index), item.x, item.y) for item in items]
        if not line:
            return Line([], {}, (0.0, 0.0, 0.0))
        low, high = min(glyph.low for glyph, _, _ in line), max(glyph.high for glyph, _, _ in line)
        end = max(x + glyph.advance for glyph, x, _ in line)  # a mark above the last letter stands before its end
        size = end, (high - low) / _SUBPIXELS, -low / _SUBPIXELS
        return Line([(glyph.name, x, y, 1.0) for glyph, x, y in line], {glyph.name: glyph.outline for glyph, _, _ in line}, size)

    def _loaded(self, font: FT2Font, index: int) -> Glyph:
        glyph = font.load_glyph(index, flags=LoadFlags.NO_HINTING)
        _, low, _, high = glyph.bbox
        return Glyph(self._get_glyph_repr(font, index), font.get_path(), glyph.horiAdvance / _SUBPIXELS, low, high)

    def get_glyphs_with_font(
        self, font, s, glyph_map=None, return_new_glyphs_only=False, *, features=None, language=None
    ) -> tuple[list, dict, list]:
        """Glyphs of a line with their places, and the outlines: those that `glyph_map` has not, or all together."""
        placed, outlines, _ = self._lines(font, s, features, language)
        known = {} if glyph_map is None else glyph_map
        new = {glyph: outline for glyph, outline in outlines.items() if glyph not in known}
        if not return_new_glyphs_only:
            known.update(new)
            new = known
        return placed, new, []


LETTERS = Letters()


class Renderer(RendererSVG):
    """Writes SVG with the letters all figures share."""

    def __init__(self, figure, writer, **options) -> None:
        width, height = figure.get_size_inches() * DPI
        super().__init__(width, height, writer, image_dpi=DPI, **options)
        self._text2path = LETTERS

    def _get_font_height_metrics(self, prop: FontProperties) -> tuple:
        return LETTERS.height(prop)


class Canvas(FigureCanvasSVG):
    """What a figure is measured on and written to; a figure of `DPI` dots an inch."""

    _measures: Renderer | None = None

    def get_renderer(self) -> Renderer:
        """The one that only measures."""
        if self._measures is None:
            self._measures = Renderer(self.figure, io.StringIO())
        return self._measures

    def print_svg(self, filename: io.BytesIO, *, metadata: dict | None = None, **_: Any) -> None:
        """Write the figure in the size it was made with; colours and the rest are the figure's own by now."""
        renderer = Renderer(self.figure, codecs.getwriter("utf-8")(filename), metadata=metadata)
        self.figure.draw(renderer)
        renderer.finalize()
