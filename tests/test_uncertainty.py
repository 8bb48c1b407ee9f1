"""Ranges by hand, approach 1 against Monte Carlo, and what gains most."""

import math
import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import dictionary, uncertainty

COLUMNS = [
    "enterprise_id",
    "source",
    "carrier",
    "tco2e",
    "factor_id",
    "internal",
    "activity_half_pct",
    "factor_half_pct",
    "quality",
]


def rows(*lines):
    return pd.DataFrame([dict(zip(COLUMNS, (*line, "C"), strict=True)) for line in lines], columns=COLUMNS)


def row(enterprise="A", tco2e=100.0, factor="f", activity=0.0, half=0.0, internal=0, source="combustion", carrier="coal"):
    return (enterprise, source, carrier, tco2e, factor, internal, activity, half)


def ranges(table):
    return uncertainty.propagate(table).set_index(["level", "key"])


def cluster(table, column="half_range_tco2e"):
    return ranges(table).at[("cluster", "cluster"), column]


def test_product_in_quadrature():
    # IPCC 2006 Vol. 1 Ch. 3, eq. 3.1: sqrt(3^2 + 4^2) = 5 %
    assert cluster(rows(row(activity=3, half=4)), "half_range_pct") == pytest.approx(5)


def test_sum_in_quadrature_where_nothing_is_shared():
    # eq. 3.2: sqrt((10 % x 300)^2 + (10 % x 400)^2) / 700 = 50 / 700
    table = rows(row(tco2e=300.0, half=10, factor="f"), row(tco2e=400.0, half=10, factor="g"))
    assert cluster(table) == pytest.approx(50)
    assert cluster(table, "half_range_pct") == pytest.approx(50 / 700 * 100)
    assert (cluster(table, "low"), cluster(table, "high")) == pytest.approx((650, 750))


def test_a_shared_factor_adds_linearly_and_a_sale_deducts():
    bought = row(enterprise="A", tco2e=300.0, half=10)
    shared = rows(bought, row(enterprise="B", tco2e=400.0, half=10))
    assert cluster(shared) == pytest.approx(70)
    assert cluster(shared, "independent_half_tco2e") == pytest.approx(50)
    sold = rows(bought, row(enterprise="A", tco2e=-200.0, half=10, source="sold_heat"))
    assert cluster(sold) == pytest.approx(10)
    assert cluster(sold, "independent_half_tco2e") == pytest.approx(math.hypot(30, 20))


def test_activity_errors_are_independent_and_a_nameless_factor_is_not_shared():
    table = rows(row(tco2e=300.0, activity=10, factor=""), row(tco2e=400.0, activity=6, half=8, factor=""))
    assert cluster(table) == pytest.approx(50)


def test_flows_between_members_count_for_the_enterprise_only():
    table = ranges(rows(row(tco2e=100.0, activity=10), row(tco2e=900.0, activity=10, internal=1)))
    assert table.at[("cluster", "cluster"), "tco2e"] == 100 == table.at[("source", "combustion"), "tco2e"]
    assert table.at[("enterprise", "A"), "half_range_tco2e"] == pytest.approx(math.hypot(10, 90))


def test_bad_cells_give_ranges_not_errors():
    table = rows(row(tco2e=float("nan")), row(tco2e=0.0, enterprise="Z"), row(activity=float("nan"), half=None))
    found = ranges(table)
    assert found.at[("cluster", "cluster"), "half_range_pct"] == pytest.approx(5)  # no grade filed
    assert math.isnan(found.at[("enterprise", "Z"), "half_range_pct"])
    for function in (uncertainty.propagate, uncertainty.monte_carlo, uncertainty.contributions):
        assert function(rows()).empty
    assert uncertainty.contributions(rows(row(activity=0))).empty
    inside = uncertainty.monte_carlo(rows(row(internal=1, activity=5)), draws=100)
    assert inside["level"].tolist() == ["enterprise"]


LINES = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.floats(1, 1e4),
        st.sampled_from(["f", "g", ""]),
        st.sampled_from([1.0, 5.0]),
        st.sampled_from([2.0, 8.0]),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@given(LINES, st.floats(0.1, 10))
@settings(max_examples=20, deadline=None)
def test_ranges_of_positive_rows(lines, times):
    table = rows(*(row(*line) for line in lines))
    half = cluster(table)
    assert cluster(table.assign(tco2e=table["tco2e"] * times)) == pytest.approx(half * times)
    single = sum(cluster(table.iloc[[n]]) for n in range(len(table)))
    assert cluster(table, "independent_half_tco2e") * (1 - 1e-9) <= half <= single * (1 + 1e-9)


@given(LINES)
@settings(max_examples=20, deadline=None)
def test_shares_add_up_and_every_gain_is_possible(lines):
    table = uncertainty.contributions(rows(*(row(*line) for line in lines)))
    assert table["variance_share_pct"].sum() == pytest.approx(100) == table["cumulative_pct"].iloc[-1]
    assert table["variance_share_pct"].is_monotonic_decreasing
    assert table["gain_pct"].between(0, 100).all()


@given(st.lists(st.floats(1, 1e4), min_size=2, max_size=6))
@settings(max_examples=20, deadline=None)
def test_the_largest_of_one_kind_gains_most(sizes):
    table = uncertainty.contributions(rows(*(row(f"E{n}", x, f"f{n}", 10, 8) for n, x in enumerate(sizes))))
    for _, one in table.groupby("kind"):
        assert one["gain_pct"].iloc[0] == one["gain_pct"].max()


def test_contributions_by_hand():
    # activity 10 % of 300 t: 30 t; shared factor 8 % of 500 t: 40 t; together 50 t
    table = rows(row("A", 300.0, "f", 10, 8), row("B", 200.0, "f", 0, 8))
    found = uncertainty.contributions(table).set_index("kind")
    assert found["half_range_tco2e"].to_dict() == pytest.approx({"factor": 40, "activity": 30})
    assert found["variance_share_pct"].to_dict() == pytest.approx({"factor": 64, "activity": 36})
    halves = dictionary.read_table("uncertainty").set_index(["kind", "grade"])["half_range_pct"].astype(float)
    measured = math.hypot(30, halves["factor", "own"] / 100 * 500)
    assert found.at["factor", "gain_pct"] == pytest.approx((1 - measured / 50) * 100)
    settled = math.hypot(40, halves["activity", "A"] / 100 * 300)
    assert found.at["activity", "gain_pct"] == pytest.approx((1 - settled / 50) * 100)
    assert found.at["activity", "enterprise_id"] == "A" and found.at["factor", "enterprise_id"] == ""


def many():
    names = [row(f"E{n % 5}", 100.0 + n, f"f{n % 3}", 5, 8) for n in range(40)]
    return rows(*names, row("E0", -900.0, "f1", 3, 8, source="sold_heat"), row("E9", -50.0, "f2", 3, 8))


def test_monte_carlo_agrees_with_approach_1_for_small_ranges():
    drawn = uncertainty.monte_carlo(many(), draws=40_000, seed=3).set_index("key")
    half = (drawn["high"] - drawn["low"]) / 2
    assert half.to_dict() == pytest.approx(drawn["approach1_half_range_tco2e"].to_dict(), rel=0.03)
    assert drawn["mean_tco2e"].to_dict() == pytest.approx(drawn["tco2e"].to_dict(), rel=0.005)


def test_monte_carlo_is_the_same_for_one_seed_and_any_order_of_rows():
    first = uncertainty.monte_carlo(many(), draws=500, seed=7)
    pd.testing.assert_frame_equal(first, uncertainty.monte_carlo(many().sample(frac=1, random_state=5), draws=500, seed=7))
    assert not first["low"].equals(uncertainty.monte_carlo(many(), draws=500, seed=8)["low"])


def test_collapsed_activity_errors_match_rows_drawn_one_by_one():
    table = rows(*(row(tco2e=float(n), activity=30, half=20) for n in range(1, 9)))
    generator = np.random.default_rng(2)
    activity = 1 + 0.3 / 1.959964 * generator.standard_normal((60_000, 8))
    total = (table["tco2e"].to_numpy() * activity).sum(axis=1) * (1 + 0.2 / 1.959964 * generator.standard_normal(60_000))
    found = uncertainty.monte_carlo(table, draws=60_000).set_index("level").loc["cluster"]
    assert (found["low"], found["high"]) == pytest.approx(tuple(np.quantile(total, (0.025, 0.975))), rel=0.01)


def test_one_factor_with_two_ranges_still_errs_once():
    table = rows(row(tco2e=300.0, half=10), row(tco2e=400.0, half=5))  # 30 + 20 t, not their quadrature
    found = uncertainty.monte_carlo(table, draws=40_000).iloc[0]
    assert found["approach1_half_range_tco2e"] == pytest.approx(50)
    assert (found["high"] - found["low"]) / 2 == pytest.approx(50, rel=0.03)


@pytest.mark.parametrize("errors", [{"activity": 58}, {"half": 58}, {"activity": 150}, {"half": 150}, {"activity": 90, "half": 90}])
@pytest.mark.parametrize("sign", [1, -1])
def test_wide_errors_never_change_the_sign(errors, sign):
    found = uncertainty.monte_carlo(rows(row(tco2e=100.0 * sign, **errors)), draws=20_000)
    assert ((found[["low", "high"]] * sign) > 0).all(axis=None)
    assert found["mean_tco2e"].tolist() == pytest.approx([100 * sign] * 2, rel=0.03)


def test_wide_errors_are_skewed_as_a_lognormal_is():
    # half range 100 %: variance (1 / 1.96)^2, sigma^2 = ln(1 + 0.2603) = 0.2314; quantiles exp(+-1.96 sigma - sigma^2 / 2)
    found = uncertainty.monte_carlo(rows(row(half=100)), draws=200_000).iloc[0]
    assert (found["low"], found["high"]) == pytest.approx((34.70, 228.7), rel=0.02)
    assert uncertainty.monte_carlo(rows(row(activity=100)), draws=200_000).iloc[0]["high"] == pytest.approx(228.7, rel=0.02)


@pytest.mark.slow
def test_a_million_rows():
    generator = np.random.default_rng(0)
    factor = generator.integers(0, 20, 1_000_000)
    table = pd.DataFrame({"enterprise_id": generator.integers(0, 500, len(factor)).astype(str), "factor_id": factor.astype(str)})
    table = table.assign(source="combustion", carrier="coal", internal=0, activity_half_pct=5.0, factor_half_pct=8.0, quality="C")
    table["tco2e"] = generator.uniform(1, 100, len(factor))
    start = time.perf_counter()
    found = uncertainty.monte_carlo(table)
    assert time.perf_counter() - start < 20 and len(found) == 501
    tracemalloc.start()
    uncertainty.monte_carlo(table, draws=2_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 250e6
