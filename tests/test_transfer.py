"""Upstream memo and flags of hidden transfer, in round numbers."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import dictionary, filing, findings, inventory, quality, store, transfer, units

COLUMNS = ["enterprise_id", "source", "scope", "carrier", "activity", "activity_unit", "energy_gj", "tco2e", "internal"]
FIRMS = pd.DataFrame({"enterprise_id": ["A", "B"]})


def rows(*lines) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=COLUMNS).assign(unit_id="", tce=0.0, counterparty="")


def coal(tonnes, who="A"):
    return (who, "combustion", 1, "bituminous", tonnes, "t", tonnes * 20.0, tonnes * 2.0, 0)


def power(mwh, who="A", internal=0, source="purchased_electricity"):
    return (who, source, 2, "electricity", mwh, "MWh", mwh * 3.6, mwh * 0.5, internal)


def materials(*lines, year=2022) -> pd.DataFrame:
    columns = ["enterprise_id", "material", "flow", "quantity", "unit", "counterparty"]
    frame = pd.DataFrame(lines, columns=columns).assign(year=year)
    return frame.assign(row=range(2, 2 + len(frame)))


def table_of(inventory_rows, goods=None, year=2022, country="CN"):
    made = transfer.upstream(inventory_rows, country, year)
    bought, _ = transfer.bought(materials() if goods is None else goods, FIRMS, country, year)
    return made, transfer.purchases(made, bought, country, year)


def test_memo_of_coal_and_power():
    """1,000 t of coal, 20,000 GJ = 5,555,556 kWh at 0.05925 kg: 329.2 t. 1,000 MWh at 0.0899 t: 89.9 t."""
    made = transfer.upstream(rows(coal(1000.0), power(1000.0)), "CN", 2022)
    assert made["upstream_tco2e"].tolist() == [pytest.approx(20_000 / 0.0036 * 0.05925 / 1000), pytest.approx(89.9)]
    assert made["upstream_factor_id"].tolist() == ["upstream:coal:uk", "upstream:electricity:cn:2023"]
    assert made["upstream_region"].tolist() == ["UK", "CN"]


def test_the_power_of_one_country_never_stands_for_anothers():
    made = transfer.upstream(rows(coal(1000.0), power(1000.0)), "US", 2019)
    assert made["upstream_factor_id"].tolist() == ["upstream:coal:uk", ""] and made["upstream_tco2e"].isna().tolist() == [
        False,
        True,
    ]
    lost, found = transfer.missing(made)
    assert lost["code"].tolist() == ["electricity"] and lost["tco2e"].tolist() == [500]
    assert findings.collect(found)["check"].tolist() == ["upstream_missing"]


def test_power_of_a_member_has_no_upstream_of_its_own_and_fuel_handed_on_takes_it_along():
    inside = rows(power(100.0, "B", internal=1), power(-100.0, "A", source="sold_electricity"))
    assert transfer.upstream(inside, "CN", 2022)["upstream_tco2e"].isna().all()
    assert transfer.missing(transfer.upstream(inside, "CN", 2022))[0].empty
    handed = rows(coal(10.0), ("A", "fuel_handed_on", 1, "bituminous", -10.0, "t", -200.0, -20.0, 1), coal(10.0, "B"))
    assert transfer.upstream(handed, "CN", 2022)["upstream_tco2e"].sum() == pytest.approx(200 / 0.0036 * 0.05925 / 1000)


def test_inputs_filed_as_processes_and_the_own_country_first():
    iron = rows(
        ("A", "process", 1, "pig_iron_input", 100.0, "t", 0.0, 17.2, 0),
        ("A", "process", 1, "limestone_use", 100.0, "t", 0.0, 44.0, 0),
        ("A", "combustion", 1, "coke", 100.0, "t", 2800.0, 286.0, 0),
    )
    made = transfer.upstream(iron, "CN", 2022)
    assert made["upstream_factor_id"].tolist() == ["upstream:pig_iron:cn", "", "upstream:coke:cn"]
    assert made["upstream_tco2e"].fillna(0).tolist() == [pytest.approx(122), 0, pytest.approx(79.4)]
    abroad = transfer.upstream(iron, "DE", 2022)
    assert abroad["upstream_tco2e"].fillna(0).tolist() == [pytest.approx(135), 0, pytest.approx(56)]
    assert transfer.missing(made)[0].empty, "limestone is not bought carbon that the memo waits for"


def test_the_memo_changes_nothing_else():
    before = rows(coal(10.0), power(5.0))
    made = transfer.upstream(before, "CN", 2022)
    pd.testing.assert_frame_equal(made[before.columns], before)
    pd.testing.assert_frame_equal(transfer.upstream(made, "CN", 2022), made)


def test_materials_bought_in_a_year():
    """1,000 t of clinker at 0.8652 t; lime from a member is marked; sales carry no memo; anodes have no factor."""
    goods = materials(
        ("A", "cement_clinker", "purchase", 400.0, "t", ""),
        ("A", "cement_clinker", "purchase", 600_000.0, "kg", ""),
        ("A", "quicklime", "purchase", 10.0, "t", "B"),
        ("B", "quicklime", "sale", 10.0, "t", "A"),
        ("A", "prebaked_anode", "purchase", 5.0, "t", ""),
        ("A", "sinter", "purchase", 5.0, "MWh", ""),
    )
    made, found = transfer.bought(goods, FIRMS, "CN", 2022)
    assert list(made.columns) == transfer.BOUGHT and len(made) == 4
    mine = made.set_index(["enterprise_id", "material"])
    assert mine.at[("A", "cement_clinker"), "upstream_tco2e"] == pytest.approx(865.2)
    assert mine.at[("A", "quicklime"), "internal"] == 1 and mine.at[("A", "cement_clinker"), "internal"] == 0
    assert pd.isna(mine.at[("B", "quicklime"), "upstream_tco2e"]) and pd.isna(mine.at[("A", "prebaked_anode"), "upstream_tco2e"])
    problem = findings.collect(found).iloc[0]
    assert (problem["check"], problem["table"], problem["row"]) == ("unit_mismatch", "materials", "7")
    lost, _ = transfer.missing(transfer.upstream(rows(coal(1.0)), "CN", 2022), made)
    assert lost["code"].tolist() == ["prebaked_anode"]


def test_clinker_bought_instead_of_burnt_is_flagged():
    """Clinker from 1,000 to 3,000 t (1,730.4 t moved) while own emissions fall from 4,000 to 2,000 t."""
    then, bought_then = table_of(
        rows(coal(2000.0)), materials(("A", "cement_clinker", "purchase", 1000.0, "t", ""), year=2021), 2021
    )
    now, bought_now = table_of(rows(coal(1000.0)), materials(("A", "cement_clinker", "purchase", 3000.0, "t", "")))
    table, found = transfer.flags(now, then, bought_now, bought_then)
    line = table.iloc[0]
    assert list(table.columns) == transfer.FLAGS and len(table) == 1
    assert (line["item"], line["flagged"], line["rise"], line["rise_pct"]) == ("clinker", 1, 2000, 200)
    assert line["moved_tco2e"] == pytest.approx(1730.4) and (line["own_fall_tco2e"], line["own_fall_pct"]) == (2000, 50)
    said = findings.collect(found, "zh").iloc[0]
    assert said["check"] == "hidden_transfer" and "1,730.4" in said["message"] and "2,000.0" in said["message"]


def test_a_plant_that_shrinks_moves_nothing():
    """Half the output, half the coal and the power bought as before: per tonne of product the power has doubled."""
    then, bought_then = table_of(rows(coal(2000.0), power(100.0)), year=2021)
    now, bought_now = table_of(rows(coal(1000.0), power(100.0)))
    plain = transfer.flags(now, then, bought_now, bought_then)[0].iloc[0]
    assert (plain["reason"], plain["rise"], plain["own_fall_tco2e"]) == ("no_rise", 0, 2000)
    made = pd.DataFrame({"enterprise_id": ["A"], "product": ["x"], "unit": ["t"], "quantity": [10.0]})
    scaled = transfer.flags(now, then, bought_now, bought_then, made.assign(quantity=5.0), made)[0].iloc[0]
    assert (scaled["amount_before"], scaled["rise"], scaled["own_fall_tco2e"], scaled["reason"]) == (50, 50, 0, "no_fall")


def test_power_counts_with_its_scope_2_and_one_factor_for_both_years():
    then, bought_then = table_of(rows(coal(1000.0), power(100.0)).assign(tco2e=[2000.0, 90.0]), year=2021)
    now, bought_now = table_of(rows(coal(900.0), power(200.0)))
    line = transfer.flags(now, then, bought_now, bought_then)[0].iloc[0]
    assert line["factor_tco2e_per_unit"] == pytest.approx(0.5 + 0.0899) and line["moved_tco2e"] == pytest.approx(58.99)
    assert line["flagged"] == 1


@pytest.mark.parametrize(
    ("now", "mwh", "flagged", "reason"),
    [(950, 115, 1, "flagged"), (951, 115, 0, "small"), (950, 114, 0, "small"), (1000, 200, 0, "no_fall"), (900, 100, 0, "no_rise")],
)
def test_thresholds_of_15_and_5_per_cent(now, mwh, flagged, reason):
    then, bought_then = table_of(rows(coal(1000.0), power(100.0)), year=2021)
    rows_now, bought_now = table_of(rows(coal(float(now)), power(float(mwh))))
    line = transfer.flags(rows_now, then, bought_now, bought_then)[0].iloc[0]
    assert (line["flagged"], line["reason"]) == (flagged, reason)


def test_a_new_purchase_and_one_without_a_factor():
    then, bought_then = table_of(rows(coal(1000.0)), year=2021)
    steam = ("A", "purchased_heat", 2, "steam", 500.0, "GJ", 500.0, 55.0, 0)
    now, bought_now = table_of(rows(coal(500.0), steam), materials(("A", "alumina", "purchase", 10.0, "t", "")))
    table = transfer.flags(now, then, bought_now, bought_then)[0].set_index("item")
    assert table["flagged"].tolist() == [1, 1] and table["rise_pct"].isna().all()
    assert table.at["heat", "moved_tco2e"] == pytest.approx(55) and table.at["alumina", "moved_tco2e"] == pytest.approx(7.1)
    assert findings.collect(transfer.flags(now, then, bought_now, bought_then)[1])["field"].tolist() == ["alumina", "heat"]


def test_one_year_alone_flags_nothing():
    now, bought_now = table_of(rows(coal(1000.0), power(100.0)))
    none, bought_none = table_of(rows())
    table, found = transfer.flags(now, none, bought_now, bought_none)
    assert table.empty and list(table.columns) == transfer.FLAGS and found == []
    stranger = transfer.flags(*[now, table_of(rows(coal(5.0, "B")))[0], bought_now, bought_none])[0]
    assert stranger["flagged"].sum() == 0, "an enterprise that filed nothing the year before has no fall"


def test_factors_are_read_ones_with_source_and_boundary():
    table = dictionary.read_table("factors/upstream")
    assert table["factor_id"].is_unique and (table[["boundary", "source", "licence"]] != "").all(axis=None)
    assert set(table["confidence"]) <= {"one_source", "two_sources", "derived"}
    known = {*dictionary.carriers().index, *dictionary.codes("processes"), *dictionary.codes("materials")}
    assert {code for codes in table["applies_to"] for code in codes.split(";")} <= known
    items = dictionary.read_table("transfer_items")
    codes = [code for codes in items["applies_to"] for code in codes.split(";")]
    assert set(codes) <= known and len(set(codes)) == len(codes)
    for unit in table["unit"]:
        above, _, below = unit.partition("/")
        assert units.factor(above, "tCO2e") and units.is_known(below), unit
    assert (pd.to_numeric(table["value"]) > 0).all()


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_only_a_rise_with_a_fall_is_flagged(own_before, own_now, first, second, lime):
    def year(own, mwh, quantity):
        filed = rows(("A", "combustion", 1, "coke_oven_gas", 1.0, "GJ", 1.0, own, 0), power(mwh))
        return table_of(filed, materials(("A", "quicklime", "purchase", quantity, "t", "")))

    then, bought_then = year(own_before, first, lime)
    now, bought_now = year(own_now, second, lime)
    table, found = transfer.flags(now, then, bought_now, bought_then)
    flagged = table[table["flagged"] == 1]
    assert (flagged["rise"] > 0).all() and (flagged["own_fall_tco2e"] > 0).all() and "lime" not in set(flagged["item"])
    assert sum(map(len, found)) == len(flagged)


@pytest.mark.parametrize(("name", "year"), [("ohio-metals", 2019), pytest.param("example-park", 2022, marks=pytest.mark.slow)])
def test_the_clusters_of_the_repository(name, year):
    package = store.read_package(dictionary.DATA.parents[2] / "data" / "clusters" / name)
    filed = filing.check(package)
    filed = filing.apply(filed, quality.check(filed, year))
    country = filed.meta["country"]
    made = transfer.upstream(inventory.compile(filed.tables, filed.meta, year).rows, country, year)
    goods, found = transfer.bought(filed.tables["materials"], filed.tables["enterprises"], country, year)
    lost, more = transfer.missing(made, goods)
    assert found == [] and set(findings.collect(more)["severity"]) <= {"info"} and made["upstream_tco2e"].sum() > 0
    if name == "example-park":
        mine = goods.set_index(["enterprise_id", "material"])
        assert mine.at[("E05", "cement_clinker"), "upstream_tco2e"] == pytest.approx(3000 * 0.8652)
        assert mine.at[("E04", "quicklime"), "internal"] == 1
    else:
        assert "electricity" in set(lost["code"]) and goods.empty
