"""Figures are laid out with the letters they are printed with, and the same words are measured and shaped once.

matplotlib measures text for the screen when it lays a figure out and once more, in other widths, when it writes SVG. Here both
take the outlines' own widths, so that what was given room fits; and what one figure has measured (names of enterprises, numbers
at an axis) the next one knows.
"""

from __future__ import annotations

import codecs
import io
from functools import lru_cache
from typing import Any

from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.font_manager import FontProperties, fontManager, get_font
from matplotlib.ft2font import FT2Font
from matplotlib.textpath import TextToPath

DPI = 72  # of an SVG: a point is a unit
_WORDS = 8192  # kept at most, the latest
_HEIGHTS = (("OS/2", "sTypoAscender", "sTypoDescender", "sTypoLineGap"), ("hhea", "ascent", "descent", "lineGap"))


class Letters(TextToPath):
    """Outlines and sizes of text, each found once; the same as `TextToPath` gives."""

    def __init__(self) -> None:
        super().__init__()
        self._files = lru_cache(256)(fontManager._find_fonts_by_props)
        self._sizes = lru_cache(_WORDS)(super().get_text_width_height_descent)
        self._shapes = lru_cache(_WORDS)(self._shaped)
        self._heights = lru_cache(256)(self._measured)

    def _get_font(self, prop: FontProperties) -> FT2Font:
        font = get_font(self._files(prop.copy()))  # a copy: a property that changes must not change what is kept
        font.set_size(self.FONT_SCALE, self.DPI)
        return font

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        """Width, height and descent of a line [points]."""
        return self._sizes(s, prop.copy(), ismath)

    def width(self, line: str, prop: FontProperties) -> float:
        """Width of a line [points]."""
        return self.get_text_width_height_descent(line, prop, False)[0] if line else 0.0

    def height(self, prop: FontProperties) -> tuple[float, float, float] | tuple[None, None, None]:
        """Room of a line above and below its base, and between two lines [points]; nothing where the font does not say."""
        return self._heights(prop.copy())

    def _measured(self, prop: FontProperties) -> tuple[float, float, float] | tuple[None, None, None]:
        font = get_font(self._files(prop))
        for table, above, below, between in _HEIGHTS:
            found = font.get_sfnt_table(table)
            if found is not None:
                em = prop.get_size_in_points() / font.get_sfnt_table("head")["unitsPerEm"]
                return found[above] * em, -found[below] * em, found[between] * em
        return None, None, None

    def _shaped(self, font: FT2Font, s: str, features: Any, language: Any) -> tuple[list, dict]:
        placed, outlines, _ = super().get_glyphs_with_font(font, s, features=features, language=language)
        return placed, outlines

    def get_glyphs_with_font(
        self, font, s, glyph_map=None, return_new_glyphs_only=False, *, features=None, language=None
    ) -> tuple[list, dict, list]:
        """Glyphs of a line with their places, and the outlines: those that `glyph_map` has not, or all together."""
        placed, outlines = self._shapes(font, s, features, language)
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
