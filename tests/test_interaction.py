"""What measures save together: shares multiply, absolute savings come first, the site sees what the units leave."""

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import interaction

BASES = ["pool_id", "enterprise_id", "unit_id", "carrier", "use", "tco2e_per_activity", "tce_per_activity", "price"]
LINES = ["project_id", "pool_id", "unit_id", "mode", "amount"]


def pool(use, lines, parent=None, capped=0):
    """One pool of carrier k in firm A: `use` by unit, `lines` of (project, unit, mode, amount), `parent` by unit."""
    bases = pd.DataFrame([("A|k", "A", unit, "k", amount, 2.0, 0.1, 5.0) for unit, amount in use.items()], columns=BASES)
    bases = bases.assign(parent_unit=[(parent or {}).get(unit, "") for unit in use], capped=capped)
    table = pd.DataFrame([(p, "A|k", unit, mode, amount) for p, unit, mode, amount in lines], columns=LINES)
    return interaction.pools(bases, table)[0]


def test_thirty_and_forty_percent_save_fifty_eight():
    both = pool({"": 1000}, [("P1", "", "fraction", 0.3), ("P2", "", "fraction", 0.4)])
    assert both.saved({"P1"}) == pytest.approx(300)
    assert both.saved({"P2"}) == pytest.approx(400)
    assert both.saved({"P1", "P2"}) == pytest.approx(580)


def test_absolute_savings_come_first():
    mixed = pool({"": 1000}, [("P1", "", "absolute", 200), ("P2", "", "fraction", 0.5)])
    assert mixed.saved({"P1", "P2"}) == pytest.approx(200 + 400)


def test_no_more_than_is_used():
    greedy = pool({"": 1000}, [("P1", "", "absolute", 700), ("P2", "", "absolute", 600), ("P3", "", "fraction", 0.5)])
    assert greedy.saved({"P1", "P2"}) == greedy.saved({"P1", "P2", "P3"}) == 1000


def test_fuel_switching_adds_use():
    switch = pool({"": 0.0}, [("P1", "", "absolute", -300), ("P2", "", "fraction", 0.1)])
    assert switch.saved({"P1"}) == -300
    assert switch.saved({"P1", "P2"}) == pytest.approx(-270)
    assert switch.saved({"P2"}) == 0


def test_units_first_then_the_site():
    both = pool({"": 400, "U": 600}, [("P1", "U", "fraction", 0.5), ("P2", "", "fraction", 0.1), ("P3", "U", "absolute", 100)])
    assert both.saved({"P1"}) == pytest.approx(300)
    assert both.saved({"P2"}) == pytest.approx(100)
    assert both.saved({"P1", "P2"}) == pytest.approx(300 + 70)
    assert both.saved({"P1", "P2", "P3"}) == pytest.approx(100 + 250 + 65)


def test_a_unit_stops_at_its_own_use():
    assert pool({"": 400, "U": 600}, [("P1", "U", "absolute", 900)]).saved({"P1"}) == 600


def test_rows_of_one_project_on_one_base_add_up():
    twice = pool(
        {"": 1000},
        [("P1", "", "absolute", 100), ("P1", "", "absolute", 50), ("P2", "", "fraction", 0.3), ("P2", "", "fraction", 0.4)],
    )
    assert twice.saved({"P1"}) == 150
    assert twice.saved({"P2"}) == pytest.approx(580)


def test_money_and_emissions_follow_the_activity():
    one = pool({"": 1000}, [("P1", "", "fraction", 0.3)])
    assert interaction.savings([one], {"P1"}) == pytest.approx({"tco2e": 600, "tce": 30, "money": 1500})
    assert interaction.savings([one], set()) == {"tco2e": 0, "tce": 0, "money": 0}
    assert interaction.savings([one], {"unheard of"}) == {"tco2e": 0, "tce": 0, "money": 0}


def test_pools_of_a_project():
    assert list(interaction.by_project([pool({"": 1}, [("P1", "", "fraction", 0.1)])])) == ["P1"]
    assert pool({"": 1, "U": 2}, []).projects == [] and pool({"": 1, "U": 2}, []).total == 3


def test_demand_before_supply():
    """A boiler burns 1,000, of which 600 stand behind the steam of a dryer: 50 % less steam, then 10 % on the 700 left."""
    tree = {"D": "B"}
    both = pool({"": 0, "B": 400, "D": 600}, [("P1", "D", "fraction", 0.5), ("P2", "B", "fraction", 0.1)], tree)
    assert both.saved({"P1"}) == pytest.approx(300)
    assert both.saved({"P2"}) == pytest.approx(100)
    assert both.saved({"P1", "P2"}) == pytest.approx(300 + 70)
    assert both.order == ("D", "B", "")


def test_three_levels_and_a_quantity_saved_on_the_way():
    lines = [("P1", "C", "fraction", 0.5), ("P2", "B", "absolute", 100), ("P3", "A", "fraction", 0.2), ("P4", "", "fraction", 0.5)]
    deep = pool({"": 100, "A": 100, "B": 100, "C": 100}, lines, {"C": "B", "B": "A"})
    assert deep.remaining({"P1", "P2", "P3", "P4"}) == pytest.approx(((50 + 100 - 100 + 100) * 0.8 + 100) * 0.5)


def test_a_parent_without_a_base_is_skipped_and_a_circle_ends_at_the_site():
    skipped = pool({"": 0, "A": 100, "C": 100}, [("P", "A", "fraction", 0.5)], {"C": "B"})
    skipped.parent["B"] = "A"
    assert skipped.saved({"P"}) == pytest.approx(100)
    circle = pool({"": 0, "A": 100, "B": 100}, [("P", "A", "fraction", 0.5), ("Q", "", "fraction", 0.1)], {"A": "B", "B": "A"})
    assert circle.saved({"P"}) == pytest.approx(50) and circle.saved({"Q"}) == pytest.approx(20)


def test_a_source_of_waste_heat_is_used_once():
    source = pool(
        {"W": 1000}, [("P1", "W", "absolute", 700), ("P2", "W", "absolute", 600), ("P3", "W", "absolute", 1200)], capped=1
    )
    assert interaction.overdrawn([source], {"P1"}) == interaction.overdrawn([source], {"P2"}) == []
    assert interaction.overdrawn([source], {"P1", "P2"}) == [("A|k", "W", 1300, 1000)]
    assert interaction.overdrawn([source], {"P3"}) == [("A|k", "W", 1200, 1000)]
    assert interaction.overdrawn([pool({"W": 1000}, [("P3", "W", "absolute", 1200)])], {"P3"}) == []  # no source: savings stop


UNITS = ["", "A", "B", "C", "D"]
sizes = st.lists(st.integers(0, 1000), min_size=5, max_size=5)
amounts = st.one_of(st.tuples(st.just("fraction"), st.floats(0, 1)), st.tuples(st.just("absolute"), st.integers(0, 900)))
measures = st.lists(st.tuples(st.sampled_from(UNITS), amounts), min_size=1, max_size=5)
trees = st.tuples(st.just(""), st.sampled_from(UNITS[:2]), st.sampled_from(UNITS[:3]), st.sampled_from(UNITS[:4]))


@pytest.mark.slow
@given(sizes, measures, trees)
def test_never_more_than_is_used_and_never_less_for_one_measure_more(use, filed, tree):
    lines = [(f"P{n}", unit, mode, amount) for n, (unit, (mode, amount)) in enumerate(filed)]
    parent = dict(zip(UNITS[1:], tree, strict=True))
    base = dict(zip(UNITS, use, strict=True))
    one, other = pool(base, lines, parent), pool(base, lines[::-1], parent)
    everyone = {p for p, *_ in lines}
    saved = one.saved(everyone)
    assert -1e-9 <= saved <= one.total + 1e-9
    assert other.saved(everyone) == pytest.approx(saved)  # whatever the order of the rows
    assert all(one.saved(everyone - {p}) <= saved + 1e-9 for p in everyone)


@given(sizes, measures)
def test_without_parents_the_tree_is_units_first_then_the_site(use, filed):
    lines = [(f"P{n}", unit, mode, amount) for n, (unit, (mode, amount)) in enumerate(filed)]
    flat = pool(dict(zip(UNITS, use, strict=True)), lines)
    left = 0.0
    for unit, (at, size) in itertools.product([*UNITS[1:]], [(u, s) for u, s in zip(UNITS, use, strict=True)]):
        if at == unit:
            taken = sum(a for _, u, m, a in lines if u == unit and m == "absolute")
            rest = max(0.0, size - taken)
            for _, u, m, f in lines:
                rest *= 1 - f if u == unit and m == "fraction" else 1
            left += rest
    left = max(0.0, left + use[0] - sum(a for _, u, m, a in lines if u == "" and m == "absolute"))
    for _, u, m, f in lines:
        left *= 1 - f if u == "" and m == "fraction" else 1
    assert flat.remaining({p for p, *_ in lines}) == pytest.approx(left, abs=1e-6)
