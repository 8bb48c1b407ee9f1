"""Pinch targets against published cases, conservation for any streams, and a linear program as the second path."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from workbench import figures, findings, pinch, words

FOUR = [("1", "B", 20, 135, 230), ("2", "B", 170, 60, 330), ("3", "A", 80, 140, 240), ("4", "A", 150, 30, 180)]
ENTERPRISES = pd.DataFrame({"enterprise_id": ["A", "B"], "lon": [0.0, 0.0], "lat": [0.0, 1.0]})


def table(rows, approach=10.0, hours=8000.0):
    """Streams (id, enterprise, supply, target, duty) as the checked table."""
    frame = pd.DataFrame(rows, columns=["stream_id", "enterprise_id", "supply_c", "target_c", "duty_kw"]).astype({"duty_kw": float})
    frame = frame.assign(unit_id="", name="", heat_capacity_kw_per_k=np.nan, hours=hours, min_approach_k=approach, phase_note="")
    return frame.assign(row=range(2, 2 + len(frame)))


def ready(rows, **more):
    return pinch.prepare(table(rows, **more))[0]


def test_four_streams_of_kemp():
    """Kemp, Pinch Analysis and Process Integration, p. 4: 20 kW hot, 60 kW cold, 450 kW recovered, pinch at 85 degC shifted."""
    found = pinch.targets(ready(FOUR))
    assert found["hot_utility_kw"] == pytest.approx(20) and found["cold_utility_kw"] == pytest.approx(60)
    assert found["recovery_kw"] == pytest.approx(450) and found["pinch_c"] == "85"
    assert (found["heating_kw"], found["cooling_kw"]) == (470, 510)


def test_cascade_of_kemp_by_hand():
    """Intervals 165-145-140-85-55-25: surplus 60, 2.5, -82.5, 75, -15."""
    cascade = pinch.problem_table(ready(FOUR))
    assert cascade["upper_c"].tolist() == [165, 145, 140, 85, 55]
    assert cascade["surplus_kw"].tolist() == pytest.approx([60, 2.5, -82.5, 75, -15])
    assert cascade["cascade_kw"].tolist() == pytest.approx([80, 82.5, 0, 75, 60])


def test_a_threshold_problem_needs_one_utility():
    """Hot 200 to 100, cold 20 to 60, 1 and 1 kW/K: all heating is recovered and no pinch binds."""
    found = pinch.targets(ready([("H", "A", 200, 100, 100), ("C", "A", 20, 60, 40)]))
    assert (found["hot_utility_kw"], found["cold_utility_kw"], found["pinch_c"]) == (0, 60, "")


def test_heat_never_flows_uphill():
    """The cold stream is hotter than the hot one: nothing is recovered."""
    found = pinch.targets(ready([("H", "A", 60, 40, 100), ("C", "A", 80, 120, 100)]))
    assert (found["hot_utility_kw"], found["cold_utility_kw"], found["recovery_kw"]) == (100, 100, 0)


def test_a_wider_approach_costs_utility():
    needs = [pinch.targets(ready(FOUR, approach=each))["hot_utility_kw"] for each in (5.0, 10.0, 20.0, 30.0)]
    assert needs == sorted(needs) and needs[0] < needs[-1]


def test_curves_of_kemp():
    streams = ready(FOUR)
    curves = pinch.composites(streams)
    hot, cold = (curves[curves["kind"] == kind] for kind in ("hot", "cold"))
    assert hot["heat_kw"].iloc[[0, -1]].tolist() == [0, 510]
    assert cold["heat_kw"].iloc[[0, -1]].tolist() == pytest.approx([60, 530])
    heat = np.linspace(60, 510, 400)
    gap = np.interp(heat, hot["heat_kw"], hot["temperature_c"]) - np.interp(heat, cold["heat_kw"], cold["temperature_c"])
    assert gap.min() == pytest.approx(10, abs=0.2)  # the curves come as near as the minimum approach and no nearer
    grand = pinch.grand_composite(streams)
    assert grand["heat_kw"].iloc[[0, -1]].tolist() == pytest.approx([20, 60])
    assert grand["heat_kw"].min() == pytest.approx(0)


def test_apart_together_and_the_difference():
    levels = pinch.by_level(ready(FOUR)).set_index("level")
    apart = levels.loc[["enterprise"], "hot_utility_kw"].sum()
    assert levels.at["sum", "hot_utility_kw"] == pytest.approx(apart)
    assert levels.at["cluster", "hot_utility_kw"] == pytest.approx(20)
    assert levels.at["exchange", "hot_utility_kw"] == pytest.approx(apart - 20)
    assert levels.at["exchange", "recovery_kw"] == pytest.approx(450 - levels.at["sum", "recovery_kw"])


def test_pairs_between_enterprises():
    """Hot 4 (A) 150 to 30 meets cold 1 (B) 20 to 135: 180 kW; hot 2 (B) meets cold 3 (A). One degree of latitude: 111.195 km."""
    pairs = pinch.matches(ready(FOUR), ENTERPRISES)
    assert pairs[["source_id", "sink_id"]].values.tolist() == [["2", "3"], ["4", "1"]]
    assert pairs["heat_kw"].tolist() == pytest.approx([240, 180])
    assert pairs["distance_km"].tolist() == pytest.approx([111.195, 111.195], abs=1e-3)
    assert pairs[["hours_least", "hours_most"]].iloc[0].tolist() == [7240, 8000]


def test_a_place_without_coordinates_has_no_distance():
    pairs = pinch.matches(ready(FOUR), ENTERPRISES.assign(lat=[np.nan, 1.0]))
    assert pairs["distance_km"].isna().all() and len(pairs) == 2


def test_streams_that_say_too_little_or_too_much():
    rows = table([("H", "A", 200, 100, 100), ("C", "A", 20, 60, 40), ("X", "A", 50, 50, 40), ("Y", "A", 50, 60, np.nan)])
    rows.loc[0, "heat_capacity_kw_per_k"] = 2.0
    rows.loc[1, "min_approach_k"] = np.nan
    streams, found = pinch.prepare(rows)
    assert streams["stream_id"].tolist() == ["C", "H"]
    said = findings.collect(found)
    assert said["check"].tolist() == ["stream_heat", "stream_heat", "stream_mismatch", "stream_default"]
    assert streams.set_index("stream_id").at["H", "duty_kw"] == 100  # the duty wins


def test_no_streams():
    streams, found = pinch.prepare(table([]))
    assert streams.empty and not found
    assert pinch.by_level(streams).empty and pinch.matches(streams, ENTERPRISES).empty and pinch.grand_composite(streams).empty


quick = settings(max_examples=20, deadline=None)
degrees = st.integers(10, 300)
stream = st.tuples(st.sampled_from("AB"), degrees, degrees, st.integers(1, 500)).filter(lambda s: s[1] != s[2])


def named(streams):
    return [(f"S{number}", *each) for number, each in enumerate(streams)]


@quick
@given(st.lists(stream, min_size=1, max_size=8))
def test_utilities_differ_by_the_net_heat(streams):
    found = pinch.targets(ready(named(streams)))
    assert found["hot_utility_kw"] - found["cold_utility_kw"] == pytest.approx(found["heating_kw"] - found["cooling_kw"], abs=1e-6)
    assert -1e-9 <= found["recovery_kw"] <= min(found["heating_kw"], found["cooling_kw"]) + 1e-6


@quick
@given(st.lists(stream, min_size=2, max_size=8))
def test_together_is_never_worse_than_apart(streams):
    levels = pinch.by_level(ready(named(streams))).set_index("level")
    assert levels.at["cluster", "hot_utility_kw"] <= levels.at["sum", "hot_utility_kw"] + 1e-6


def least_utility_by_linear_program(streams):
    """Transshipment (Papoulias and Grossmann 1983): heat of each interval goes to its demand or down; the least hot utility."""
    cascade = pinch.problem_table(streams)
    intervals = len(cascade)
    hot, cold = np.zeros(intervals), np.zeros(intervals)
    for each in streams.itertuples():
        overlap = np.minimum(each.high_c, cascade["upper_c"]) - np.maximum(each.low_c, cascade["lower_c"])
        (hot if each.kind == "hot" else cold)[:] += each.heat_capacity_kw_per_k * overlap.clip(lower=0)
    # variables: hot utility, residuals R1 … Rn (the last one is the cold utility)
    balance = np.zeros((intervals, intervals + 1))
    for k in range(intervals):
        balance[k, k] = 1.0  # from above: the hot utility or the residual before
        balance[k, k + 1] = -1.0
    solved = linprog([1.0] + [0.0] * intervals, A_eq=balance, b_eq=cold - hot, bounds=[(0, None)] * (intervals + 1))
    return solved.x[0], solved.x[-1]


@quick
@given(st.lists(stream, min_size=1, max_size=8))
def test_the_linear_program_agrees(streams):
    prepared = ready(named(streams))
    found = pinch.targets(prepared)
    hot, cold = least_utility_by_linear_program(prepared)
    assert (found["hot_utility_kw"], found["cold_utility_kw"]) == pytest.approx((hot, cold), abs=1e-5)


@quick
@given(stream, stream)
def test_a_pair_passes_what_the_problem_table_of_the_two_recovers(first, second):
    prepared = ready([("1", "A", *first[1:]), ("2", "B", *second[1:])])
    pairs = pinch.matches(prepared, ENTERPRISES)
    assert pairs["heat_kw"].sum() == pytest.approx(pinch.targets(prepared)["recovery_kw"], abs=1e-6)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_figures_say_the_targets_of_kemp(lang):
    streams = ready(FOUR)
    curves = figures.composite_curves(pinch.composites(streams), lang)
    grand = figures.grand_composite(pinch.grand_composite(streams), lang)
    assert all(value in curves.caption for value in ("450", "20", "60"))
    assert all(value in grand.alt for value in ("20", "60", "85"))
    for picture in (curves, grand, figures.grand_composite(pinch.grand_composite(streams.head(0)), lang)):
        assert picture.alt and picture.svg() == picture.svg()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_words_about_heat(lang):
    firms = ENTERPRISES.assign(name=["Alpha", "Beta"], name_zh="")
    streams = ready(FOUR)
    levels, pairs = pinch.by_level(streams), pinch.matches(streams, firms)
    said = str(words.heat_summary(levels, pairs, streams, firms, lang))
    assert "470 kW" in said and "20 kW" in said and "Beta" in said and "111 km" in said
    rows = words.heat_levels(levels, firms, lang)["enterprise"].tolist()
    assert rows[:2] == ["Alpha", "Beta"] and len(set(rows)) == 5
    shown = words.heat_pairs(pairs, streams, firms, lang)
    assert shown[["source_stream", "source_temperatures"]].iloc[0].tolist() == ["2 · Beta", "170 → 60"]
    nothing = str(words.heat_summary(levels.head(0), pairs.head(0), streams.head(0), firms, lang))
    assert nothing and "nan" not in nothing
