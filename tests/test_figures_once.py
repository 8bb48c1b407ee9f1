"""A picture drawn once in a run is shown again only where it would be drawn the same."""

import inspect

import numpy as np
import pandas as pd
import pytest

from workbench import picture_store
from workbench.figures import once
from workbench.figures.style import Kept, canvas, finish, styled

TABLE = pd.DataFrame({"scope": [1, 2], "tco2e": [1 / 3, -0.0], "name": ["a", None]})


@pytest.fixture
def drawn(tmp_path):
    """Names of the figures that were really drawn; pictures are kept for notebook `one`."""
    made = []

    @styled
    def bars(table, lang="en"):
        made.append(lang)
        figure, axes = canvas(1.0)
        axes.plot(table["tco2e"])
        return finish(figure, f"caption {lang}", "alt")

    picture_store.keep_in(tmp_path, "one", "code")
    yield bars, made, tmp_path
    picture_store.keep_in(None)


def test_a_table_read_back_from_its_file_is_not_drawn_again(drawn, tmp_path):
    bars, made, _ = drawn
    first = bars(TABLE)
    content = first.svg()
    TABLE.to_csv(tmp_path / "table.csv", index=False, float_format="%.12g")
    picture_store.keep_in(tmp_path, "two", "code")
    again = bars(pd.read_csv(tmp_path / "table.csv", dtype={"scope": str}), lang="en")
    assert isinstance(again, Kept) and made == ["en"]
    assert again.svg() == content and (again.caption, again.alt) == (first.caption, first.alt)
    assert again._repr_html_() == first._repr_html_()
    assert again.png()[:4] == b"\x89PNG" and made == ["en", "en"]  # drawn where the figure itself is asked for


@pytest.mark.parametrize(
    "other",
    [
        lambda: (TABLE.assign(tco2e=[1 / 3 * (1 + 1e-9), 0.0]), {}),
        lambda: (TABLE.iloc[::-1], {}),
        lambda: (TABLE[["name", "tco2e", "scope"]], {}),
        lambda: (TABLE.rename(columns={"name": "name_zh"}), {}),
        lambda: (TABLE.assign(name=["", "a"]), {}),
        lambda: (TABLE.iloc[:1], {}),
        lambda: (TABLE, {"lang": "zh"}),
    ],
)
def test_what_differs_in_anything_is_drawn(drawn, other):
    bars, made, folder = drawn
    bars(TABLE).svg()
    picture_store.keep_in(folder, "two", "code")
    table, options = other()
    assert not isinstance(bars(table, **options), Kept) and len(made) == 2


def test_changed_code_and_a_notebook_that_runs_again_draw_afresh(drawn):
    bars, made, folder = drawn
    bars(TABLE).svg()
    picture_store.keep_in(folder, "two", "other code")
    assert not isinstance(bars(TABLE), Kept)
    picture_store.keep_in(folder, "one", "code")
    assert not isinstance(bars(TABLE), Kept) and len(made) == 3


def test_what_cannot_be_told_apart_is_drawn_and_never_kept(drawn):
    bars, made, folder = drawn
    for odd in (TABLE.assign(tco2e=[{"a": 1}, {"a": 2}]), pd.concat([TABLE] * 3000)):
        form = inspect.signature(bars).bind(odd)
        assert once.name(bars, form) == ""
    bars(TABLE).svg()
    picture_store.keep_in(None)
    assert not isinstance(bars(TABLE), Kept) and len(made) == 2


def test_numbers_are_drawn_as_a_file_holds_them():
    filed = once.as_filed(TABLE.assign(whole=[1, 2]))
    assert filed["tco2e"].tolist() == [0.333333333333, 0.0] and not np.signbit(filed["tco2e"]).any()
    assert filed["whole"].tolist() == [1, 2] and TABLE["tco2e"].iat[0] == 1 / 3
    assert once.as_filed("en") == "en"
