"""Money between years and currencies: there and back, through a third currency, and never a missing year in silence."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import findings, price_indices
from workbench.errors import UserError

YEARS = st.integers(2015, 2021)
MONEY = st.sampled_from(["USD", "CNY", "EUR"])
INDEX = st.sampled_from(sorted(price_indices.indices()["index_id"].unique()))


@settings(deadline=None, max_examples=60)
@given(start=MONEY, end=MONEY, before=YEARS, after=YEARS, index=INDEX)
def test_there_and_back_is_where_one_was(start, end, before, after, index):
    there = price_indices.convert(start, before, end, after, index)
    back = price_indices.convert(end, after, start, before, index)
    assert there.factor * back.factor == pytest.approx(1, rel=1e-12)


def test_a_dollar_of_2012_in_yuan_of_2021_by_hand():
    made = price_indices.convert("USD", 2012, "CNY", 2021, "us_plant_cost")
    assert made.factor == pytest.approx(708.8 / 584.6 * 80976 / 12551, rel=1e-4)
    assert made.steps == "us_plant_cost 708.8/584.6; USD/CNY 6.4518" and not made.findings


def test_the_index_of_the_other_currency_changes_money_first():
    made = price_indices.convert("USD", 2015, "CNY", 2016, "cn_producer_prices")
    assert made.factor == pytest.approx(6.2284 * 0.986, rel=1e-5)


def test_a_third_currency_leads_from_euro_to_yuan():
    made = price_indices.convert("EUR", 2019, "CNY", 2019, "eu_consumer_prices")
    assert made.factor == pytest.approx(1.12 * 6.8985, rel=1e-9) and not made.findings


@pytest.mark.parametrize(
    ("question", "seen", "expected"),
    [
        (("USD", 1970, "USD", 2012, "us_gdp_deflator"), "us_gdp_deflator 1970", "1980"),
        (("USD", 2012, "CNY", 2030, "us_gdp_deflator"), "USD/CNY 2030", "2021"),
    ],
)
def test_a_missing_year_is_served_by_the_nearest_and_told(question, seen, expected):
    found = findings.collect(price_indices.convert(*question, place={"table": "projects"}).findings)
    mine = found[found["seen"] == seen]
    assert mine["expected"].tolist() == [expected] and mine["check"].tolist() == ["price_year_missing"]
    assert expected in mine["message"].iat[0]


def test_a_currency_without_rate_gives_no_money_and_a_finding():
    made = price_indices.convert("XYZ", 2012, "USD", 2012, "us_gdp_deflator")
    assert pd.isna(made.factor) and findings.collect(made.findings)["check"].tolist() == ["exchange_rate_missing"]


def test_an_unknown_index_is_a_misuse_that_names_the_known_ones():
    with pytest.raises(UserError, match="us_gdp_deflator"):
        price_indices.convert("USD", 2012, "USD", 2012, "prices")


def test_every_figure_is_above_nil_once_and_has_a_source():
    for table, key in (
        (price_indices.indices(), ["index_id", "year"]),
        (price_indices.rates(), ["from_currency", "to_currency", "year"]),
    ):
        assert not table.duplicated(key).any() and (table[["source", "confidence"]] != "").all().all()
        assert (table.iloc[:, table.columns.get_indexer(["value" if "value" in table else "rate"])] > 0).all().all()
    assert (price_indices.indices().groupby("index_id")["currency"].nunique() == 1).all()


def test_neighbouring_years_differ_by_less_than_a_quarter():
    for _, rows in price_indices.indices().sort_values("year").groupby("index_id"):
        assert (rows["value"].pct_change().dropna().abs() < 0.25).all() and (rows["year"].diff().dropna() == 1).all()
