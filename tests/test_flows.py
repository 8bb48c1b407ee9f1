"""Flows between members: counted at both firms, once in the cluster."""

import pytest

HEAD = "exchange_id,year,from_enterprise,to_enterprise,commodity,quantity_sent,quantity_received,unit,tco2_per_unit\n"
COAL = "A,2022,,,bituminous,purchase,10000,t,,,,,2,,"
GAS = "B,2022,,,natural_gas,purchase,100,10^4 Nm3,,,,,21.62,,"
HEAT = HEAD + "X1,2022,A,B,heat,100000,100000,GJ,0.12\n"


def totals(case):
    return case.enterprises.set_index("enterprise_id")["total_tco2e"].to_dict()


def check(case, total, eliminated):
    assert case.items["sum_of_enterprises_tco2e"] == pytest.approx(total + eliminated)
    assert case.items["eliminated_tco2e"] == pytest.approx(eliminated)
    assert case.items["cluster_total_tco2e"] == pytest.approx(total)


@pytest.mark.parametrize(
    "bought",
    [
        (),
        ("B,2022,,,heat,purchase,100000,GJ,,,,,0.12,A,",),
        ("B,2022,,,heat,purchase,100000,GJ,,,,,,A,",),
        ("B,2022,,,heat,purchase,100000,GJ,,,,,,,",),
        ("B,2022,,,heat,consumption,100000,GJ,,,,,,,",),
        ("B,2022,,,heat,consumption,100000,GJ,,,,,,A,",),
    ],
    ids=["only exchanged", "named, measured", "named", "nameless", "consumption", "consumption, named"],
)
def test_plant_beside_a_heat_and_power_works(energy, bought):
    """20,000 t burnt by A, of it 12,000 t sold as heat to B, who burns 2,162 t: 34,162 - 12,000 = 22,162."""
    case = energy(COAL, GAS, *bought, exchanges=HEAT)
    assert totals(case) == pytest.approx({"A": 20000, "B": 14162, "C": 0})
    check(case, 22162, 12000)


def test_the_giver_deducts_what_it_files_as_sold(energy):
    case = energy(COAL, GAS, "A,2022,,,heat,sale,100000,GJ,,,,,,B,", exchanges=HEAT)
    assert totals(case) == pytest.approx({"A": 8000, "B": 14162, "C": 0})
    check(case, 22162, 0)
    assert case.items["internal_purchases_tco2e"] == pytest.approx(12000)
    assert case.items["internal_sales_tco2e"] == pytest.approx(12000)


def test_a_counterparty_alone_marks_the_flow(energy):
    case = energy(COAL, GAS, "B,2022,,,heat,purchase,100000,GJ,,,,,0.12,A,")
    check(case, 22162, 12000)
    assert "exchange_not_filed" in case.checks()


def test_part_of_what_is_bought_comes_from_a_member(energy):
    case = energy(COAL, "B,2022,,,heat,purchase,150000,GJ,,,,,0.12,,", exchanges=HEAD + "X1,2022,A,B,heat,,100000,GJ,\n")
    check(case, 20000 + 6000, 12000)
    assert {"exchange_carved", "exchange_one_sided"} <= case.checks()


def test_part_of_what_is_consumed_comes_from_a_member(energy):
    """Consumption filed alone is complete: the exchange names a part of it and takes the place of nothing."""
    case = energy(COAL, "B,2022,,,heat,consumption,150000,GJ,,,,,0.12,,", exchanges=HEAD + "X1,2022,A,B,heat,,100000,GJ,\n")
    check(case, 20000 + 6000, 12000)


def test_consumption_of_units_comes_from_a_member(energy):
    case = energy(
        COAL, "B,2022,,U1,heat,consumption,90000,GJ,,,,,0.12,,", "B,2022,,U2,heat,consumption,60000,GJ,,,,,0.12,,",
        exchanges=HEAD + "X1,2022,A,B,heat,,100000,GJ,\n", units="unit_id,enterprise_id,name\nU1,B,Dryer\nU2,B,Press\n",
    )  # fmt: skip
    check(case, 20000 + 6000, 12000)
    heat = case.inventory.rows[case.inventory.rows["carrier"] == "heat"]
    assert heat.groupby("unit_id")["activity"].sum().to_dict() == pytest.approx({"U1": 90000, "U2": 60000})


@pytest.mark.parametrize("taker", [(), ("B,2022,,,coke,purchase,400,t,,,,,3,A,",), ("B,2022,,,coke,purchase,400,t,,,,,3,,",)])
def test_fuel_handed_on_is_deducted_at_the_giver(energy, taker):
    fuel = HEAD + "X1,2022,A,B,coke,400,400,t,3\n"
    case = energy("A,2022,,,coke,purchase,1000,t,,,,,3,,", *taker, exchanges=fuel)
    assert totals(case) == pytest.approx({"A": 1800, "B": 1200, "C": 0})
    check(case, 3000, 0)


def test_fuel_handed_on_by_a_giver_that_files_its_consumption(energy):
    """A burns 600 t and hands on 400 t of what it bought: 1,000 t came in."""
    case = energy("A,2022,,,coke,consumption,600,t,,,,,3,,", exchanges=HEAD + "X1,2022,A,B,coke,400,400,t,3\n")
    assert totals(case) == pytest.approx({"A": 1800, "B": 1200, "C": 0})
    check(case, 3000, 0)


def test_fuel_handed_on_to_two_by_a_giver_that_files_its_consumption(energy):
    two = HEAD + "X1,2022,A,B,coke,400,400,t,3\nX2,2022,A,C,coke,100,100,t,3\n"
    case = energy("A,2022,,U1,coke,consumption,600,t,,,,,3,,", exchanges=two, units="unit_id,enterprise_id,name\nU1,A,Furnace\n")
    assert totals(case) == pytest.approx({"A": 1800, "B": 1200, "C": 300})
    check(case, 3300, 0)
    assert "consumption_mismatch" not in case.checks()


def test_by_product_gas_moves_its_carbon_to_the_burner(energy):
    """The coke is counted at A in full; the gas made of it and handed on is deducted there and counted at B."""
    case = energy(
        "A,2022,,,coke,purchase,1000,t,,,,,3,,",
        "A,2022,,,blast_furnace_gas,self_generation,100,10^4 Nm3,,,,,8,,",
        "A,2022,,,blast_furnace_gas,consumption,60,10^4 Nm3,,,,,8,,",
        exchanges=HEAD + "X1,2022,A,B,blast_furnace_gas,40,40,10^4 Nm3,8\n",
    )
    assert totals(case) == pytest.approx({"A": 3000 - 320, "B": 320, "C": 0})
    check(case, 3000, 0)


def test_months_of_an_exchange_add_up(energy):
    lines = "".join(f"X{m},2022,{m},A,B,heat,10000,10000,GJ,0.12\n" for m in range(1, 11))
    case = energy(COAL, GAS, exchanges=HEAD.replace("year,", "year,month,") + lines)
    check(case, 22162, 12000)


@pytest.mark.parametrize(
    "bought", [(), ("B,2022,,,heat,purchase,100000,GJ,,,,,,,",), ("B,2022,,,heat,purchase,100000,GJ,,,,,,A,",)]
)
def test_exchanges_of_one_pair_with_factors_of_their_own(energy, bought):
    """25,000 GJ at 0.18 and 75,000 GJ at 0.10 are 12,000 t, however the taker files them."""
    case = energy(COAL, GAS, *bought, exchanges=HEAD + "X2,2022,A,B,heat,,25000,GJ,0.18\nX1,2022,A,B,heat,,75000,GJ,0.1\n")
    check(case, 22162, 12000)


def test_the_settlement_meter_wins_and_the_gap_is_asked_about(energy):
    case = energy(COAL, GAS, exchanges=HEAD + "X1,2022,A,B,heat,110000,100000,GJ,0.12\n")
    check(case, 22162, 12000)
    assert "exchange_mismatch" in case.checks()
    assert "exchange_mismatch" not in energy(COAL, GAS, exchanges=HEAD + "X1,2022,A,B,heat,101000,100000,GJ,0.12\n").checks()


def test_the_ledger_is_used_where_the_exchange_table_differs(energy):
    case = energy(COAL, "B,2022,,,heat,purchase,90000,GJ,,,,,0.12,A,", exchanges=HEAT)
    check(case, 20000, 10800)
    assert "exchange_ledger" in case.checks()


def test_a_factor_lent_by_the_exchange_is_the_suppliers(energy):
    case = energy(COAL, "B,2022,,,heat,purchase,100000,GJ,,,,,,A,", exchanges=HEAT)
    bought = case.inventory.rows.query("enterprise_id == 'B' and carrier == 'heat'")
    assert bought["factor_level"].tolist() == ["supplier"]
    assert bought["factor_reason"].tolist() == ["measured:not_filed; supplier:taken"]


def test_a_settled_flow_shows_what_both_sides_filed(energy):
    head = "exchange_id,year,from_enterprise,to_enterprise,commodity,quantity_sent,quantity_received,unit,tco2_per_unit\n"
    flow = energy(COAL, exchanges=head + "X1,2022,A,B,heat,105,100,TJ,120\n").inventory.settled.iloc[0]
    assert (flow["sent"], flow["received"], flow["activity_unit"]) == (105_000, 100_000, "GJ")
    assert flow["gap_pct"] == pytest.approx(100 * 5 / 105)
