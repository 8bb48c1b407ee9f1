"""Letters that all figures share: the library's own sizes and outlines, the room they were given, whatever was drawn before."""

import numpy as np
import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from workbench.figures import style
from workbench.figures.letters import DPI, LETTERS, Canvas

WORDS = ["Works 1", "tCO₂e", "钢铁厂", "−1,234.5", "AVATAR fi", "x\u0301", " ", ""]


@pytest.fixture
def fonts():
    with style.style():
        yield [
            FontProperties(family=list(style.fonts()), size=size, weight=weight)
            for size in (7.5, 8)
            for weight in ("normal", "bold")
        ]


def test_sizes_and_outlines_are_the_library_s_own(fonts):
    plain = TextToPath()
    for font in fonts:
        for words in WORDS * 2:  # the second time from what is kept
            assert LETTERS.get_text_width_height_descent(words, font, False) == plain.get_text_width_height_descent(
                words, font, False
            )
            ours = LETTERS.get_glyphs_with_font(LETTERS._get_font(font), words)
            theirs = plain.get_glyphs_with_font(plain._get_font(font), words)
            assert ours[0] == theirs[0] and list(ours[1]) == list(theirs[1])
            assert all(np.array_equal(ours[1][glyph][0], theirs[1][glyph][0]) for glyph in ours[1])


def test_only_outlines_that_are_not_known_are_given(fonts):
    font = LETTERS._get_font(fonts[0])
    _, first, _ = LETTERS.get_glyphs_with_font(font, "abc", {}, True)
    _, second, _ = LETTERS.get_glyphs_with_font(font, "abcd", dict(first), True)
    assert len(first) == 3 and len(second) == 1 and not set(first) & set(second)


def test_heights_are_those_the_library_takes(monkeypatch):
    """Two lines are laid out alike with the heights given here and with those the library looks up itself."""
    boxes = []
    for own in (True, False):
        with monkeypatch.context() as plain:
            if not own:
                plain.setattr(LETTERS, "height", lambda prop: (None, None, None))
            with style.style():
                figure, axes = style.canvas(1.0)
                note = axes.text(0.1, 0.5, "Works gq 1\n钢铁厂")
                boxes.append(note.get_window_extent(figure.canvas.get_renderer()).bounds)
    assert boxes[0] == pytest.approx(boxes[1], abs=1e-9)


def test_a_figure_is_measured_and_printed_alike_and_names_end_within_it():
    with style.style():
        figure, axes = style.canvas(1.5)
        axes.barh([0, 1], [1, 2])
        names = [axes.text(0, row, name, transform=axes.get_yaxis_transform(), ha="right") for row, name in enumerate(WORDS[:2])]
        picture = style.finish(figure, "", "")
        box = min(name.get_window_extent(figure.canvas.get_renderer()).x0 for name in names)
    assert isinstance(figure.canvas, Canvas) and figure.dpi == DPI
    assert 0 <= box <= 0.1 * DPI  # the layout's margin, no more and no less
    assert picture.svg() == picture.svg() and picture.png(50).startswith(b"\x89PNG") and picture.svg().startswith(b"<?xml")


def test_what_was_drawn_before_changes_no_byte():
    def drawn(words):
        with style.style():
            figure, axes = style.canvas(1.0)
            axes.text(0.5, 0.5, words)
            return style.finish(figure, "", "").svg()

    first = drawn("Works 1")
    drawn("Works 2, 钢铁厂")
    assert drawn("Works 1") == first
