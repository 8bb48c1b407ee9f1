"""Figures of the ranges, of the data to improve and of the misstatements: what they say, and that odd tables break none."""

import numpy as np
import pandas as pd
import pytest

from workbench import figures, uncertainty, wording

pytestmark = pytest.mark.filterwarnings("error")


def rows(count=3, size=1000.0):
    numbers = range(1, count + 1)
    return pd.DataFrame(
        {
            "enterprise_id": [f"E{n}" for n in numbers],
            "source": "combustion",
            "carrier": "natural_gas",
            "tco2e": [size / n for n in numbers],
            "factor_id": [f"cn-f1:{n % 2}" for n in numbers],
            "internal": 0,
            "activity_half_pct": 3.0,
            "factor_half_pct": 4.0,
            "quality": "B",
        }
    )


MISSTATED = pd.DataFrame(
    {
        "check": ["oxidation_range", "duplicate_row", "not_a_number", "interaction"],
        "enterprise_id": ["E1", "E2", "E2", "E1"],
        "row": ["93", "", "101", ""],
        "cluster_misstatement_tco2e": [60.0, -20.0, np.nan, 1.0],
        "tonnes": ["stated", "stated", "unknown", "stated"],
        "name": ["Works <b>1</b>", "Works 2", "Works 2", "Works 1"],
        "name_zh": ["一厂", "二厂", "二厂", "一厂"],
    }
)


def words(picture):
    return [text.get_text() for axes in picture.figure.axes for text in axes.texts]


@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_ranges_of_both_approaches(lang):
    table = uncertainty.monte_carlo(rows(), draws=500).assign(name=["", "Works 1", "Works 2", ""], name_zh=["", "一厂", "二厂", ""])
    picture = figures.uncertainty_ranges(table, lang)
    assert {"Works 1", "Works 2", "E3"} <= set(words(picture)) if lang == "en" else {"一厂", "二厂", "E3"} <= set(words(picture))
    assert any("±5.0" in text for text in words(picture))  # 3 and 4 % in quadrature
    assert len(picture.figure.legends[0].get_texts()) == 2
    alone = figures.uncertainty_ranges(uncertainty.propagate(rows()), lang)
    assert len(alone.figure.legends[0].get_texts()) == 1 and "nan" not in alone.alt


def test_only_the_largest_enterprises_are_drawn():
    picture = figures.uncertainty_ranges(uncertainty.propagate(rows(60)), top=25)
    named = [text for text in picture.figure.axes[0].texts if text.get_ha() == "right"]
    assert len(named) == 26 and "25 enterprises" in picture.caption


def test_a_total_near_zero_does_not_flatten_the_others():
    table = pd.concat([rows(4), rows(1, -249.9).assign(enterprise_id="E4", factor_id="x", source="sold_heat")])
    picture = figures.uncertainty_ranges(uncertainty.propagate(table))
    assert picture.figure.axes[0].get_xlim()[1] < 20


@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_data_to_improve(lang):
    table = uncertainty.contributions(rows())
    picture = figures.data_to_improve(table, lang)
    said = words(picture)
    assert any("cn-f1:1" in text for text in said) and any("E1" in text for text in said)
    assert len(picture.figure.axes[0].patches) == len(table)
    assert len(figures.data_to_improve(uncertainty.contributions(rows(30)), lang).figure.axes[0].patches) == 10


@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_misstatements_against_the_threshold(lang):
    picture = figures.misstatements(MISSTATED, lang, threshold_tco2e=50)
    bars = [patch.get_width() for patch in picture.figure.axes[0].patches]
    assert bars == [60, -20, 1]
    assert "41" in picture.caption and "81" in picture.caption and "50" in picture.caption
    assert wording.text("figures.misstatements.no_threshold", lang) in figures.misstatements(MISSTATED, lang).caption
    assert "<b>" not in picture._repr_html_()


@pytest.mark.parametrize("draw", [figures.uncertainty_ranges, figures.data_to_improve, figures.misstatements])
@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_empty_tables_say_so(draw, lang):
    assert wording.text("figures.no_data", lang) in "".join(words(draw(pd.DataFrame(), lang)))


@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_odd_tables_are_drawn(lang):
    one = rows(1)
    for table in (one, one.assign(tco2e=-5.0), one.assign(tco2e=0.0), one.assign(factor_half_pct=0.0, activity_half_pct=0.0)):
        assert figures.uncertainty_ranges(uncertainty.monte_carlo(table, draws=50), lang).png(50)
        assert figures.data_to_improve(uncertainty.contributions(table), lang).png(50)
    nothing = MISSTATED.assign(cluster_misstatement_tco2e=np.nan)
    assert figures.misstatements(nothing, lang).alt == figures.misstatements(pd.DataFrame(), lang).alt
    long = MISSTATED.assign(name="A very long name of an enterprise that never ends " * 3)
    assert figures.misstatements(long, lang, 1e6).png(50)
