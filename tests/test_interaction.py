"""What measures save together: shares multiply, absolute savings come first, the site sees what the units leave."""

import pandas as pd
import pytest

from workbench import interaction

BASES = ["pool_id", "enterprise_id", "unit_id", "carrier", "use", "tco2e_per_activity", "tce_per_activity", "price"]
LINES = ["project_id", "pool_id", "unit_id", "mode", "amount"]


def pool(use, lines):
    """One pool of carrier k in firm A: `use` by unit, `lines` of (project, unit, mode, amount)."""
    bases = pd.DataFrame([("A|k", "A", unit, "k", amount, 2.0, 0.1, 5.0) for unit, amount in use.items()], columns=BASES)
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
