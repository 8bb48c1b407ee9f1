"""Tables: escaped, captioned, scoped, and numbers as a statistician sets them."""

from __future__ import annotations

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from workbench import tables


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "高炉炼铁一厂"],
            "year": [2021, 2022, 2022],
            "total_tco2e": [12345.6, None, -0.02],
            "severity": ["error", "warning", "info"],
        }
    )


def parsed(table: tables.Table) -> BeautifulSoup:
    return BeautifulSoup(table.html, "html.parser")


def column(table: tables.Table, place: int) -> list[str]:
    return [row.find_all(["th", "td"])[place].get_text() for row in parsed(table).select("tbody tr")]


def test_names_from_data_stay_text(frame):
    table = tables.show(frame, "A & <b>", labels={"name": "<i>Name</i>"}, note="<u>")
    assert parsed(table).find(["script", "b", "i", "u"]) is None
    assert column(table, 0) == list(frame["name"])
    assert parsed(table).caption.get_text() == "A & <b>"


def test_caption_scopes_and_scrolling_region(frame):
    page = parsed(tables.show(frame, 'Say "so"'))
    assert page.select_one("figure.table > .scroll > table > caption")
    assert [th["scope"] for th in page.select("thead th")] == ["col"] * 4
    assert [row.th["scope"] for row in page.select("tbody tr")] == ["row"] * 3
    region = page.select_one(".scroll")
    assert (region["tabindex"], region["role"], region["aria-label"]) == ("0", "region", 'Say "so"')


def test_another_row_header_and_columns(frame):
    page = parsed(tables.show(frame, "c", columns=["year", "name"], row_header="name"))
    assert [th.get_text() for th in page.select("tbody th")] == list(frame["name"])
    assert len(page.select("thead th")) == 2


def test_numbers_missing_values_and_years(frame):
    table = tables.show(frame, "c")
    assert column(table, 1) == ["2021", "2022", "2022"]
    assert column(table, 2) == ["12,346", "–", "−0.020"]
    assert column(tables.show(frame, "c", digits={"total_tco2e": 1}), 2) == ["12,345.6", "–", "−0.020"]
    assert "number" in parsed(table).select("tbody td")[1]["class"]


@pytest.mark.parametrize(
    ("value", "digits", "written"),
    [
        (12345.6, 1, "12,345.6"),
        (12345.6, None, "12,346"),
        (123.45, None, "123.5"),
        (12.345, None, "12.3"),
        (1.2345, None, "1.23"),
        (0.012345, None, "0.0123"),
        (-1500, None, "−1,500"),
        (0, None, "0"),
        (0.0004, 2, "0.00040"),
        (float("inf"), None, "∞"),
    ],
)
def test_number(value, digits, written):
    assert tables.number(value, digits) == written


def test_whole_and_mixed_columns():
    mixed = pd.DataFrame({"item": ["a", "b"], "value": [1500, "optimal"], "count": [3, 4000], "on": [True, False]})
    table = tables.show(mixed, "c", lang="zh")
    assert column(table, 1) == ["1,500", "optimal"]
    assert column(table, 2) == ["3", "4,000"]
    assert column(table, 3) == ["是", "否"]


def test_severity_is_said_in_words(frame):
    assert column(tables.show(frame, "c"), 3) == ["Error", "Warning", "Note"]
    assert column(tables.show(frame, "c", lang="zh"), 3) == ["错误", "警告", "提示"]


def test_limit_says_where_the_rest_is():
    long = pd.DataFrame({"finding_id": range(390)})
    table = tables.show(long, "c", limit=20, rest_in="tables/findings.csv")
    assert len(parsed(table).select("tbody tr")) == 20
    assert parsed(table).select_one(".note").get_text() == "First 20 of 390 rows; the rest is in tables/findings.csv."
    assert "共 390 行" in tables.show(long, "c", limit=20, lang="zh").html
    assert "of 390" not in tables.show(long, "c", limit=390).html


def test_empty_table_says_so(frame):
    page = parsed(tables.show(frame.head(0), "c"))
    assert page.select_one("tbody td")["colspan"] == "4"
    assert page.select_one("tbody td").get_text() == "No rows."


def test_unknown_column_keeps_its_name(frame):
    heading = parsed(tables.show(frame.rename(columns={"name": "nobody_knows"}), "c")).select("thead th")[0]
    assert heading.get_text() == "nobody_knows"


def test_the_input_is_not_changed(frame):
    before = frame.copy()
    tables.show(frame, "c", limit=1)
    pd.testing.assert_frame_equal(frame, before)


def test_key_figures_and_callout_escape():
    cards = parsed(tables.key_figures([("Total <b>", 715234.2, "tCO2e"), ("Status", "optimal", "")]))
    assert [one.get_text() for one in cards.select("dd")] == ["715,234 tCO2e", "optimal"]
    assert cards.find("b") is None
    remark = parsed(tables.callout("<script>x</script>\n\nmore", "warning"))
    assert remark.find("script") is None
    assert [p.get_text() for p in remark.select("p")] == ["Warning. <script>x</script>", "more"]
    assert "警告：" in tables.callout("x", "warning", "zh").html


def test_parameters_are_a_table():
    frame = pd.DataFrame({"name": ["year"], "value": [2022], "unit": [None]})
    assert parsed(tables.parameters(frame, "zh")).caption.get_text() == "本次运行的参数"
