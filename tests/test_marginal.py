"""What a member supplies counts in the cluster by the fuel it no longer burns; the inventory compiled again is the second path."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench import marginal

HEAD = "enterprise_id,year,unit_id,carrier,flow,quantity,unit,cost,tco2_per_unit,counterparty\n"
UNITS = "unit_id,enterprise_id,name,kind,carrier\nK1,A,Boiler,boiler,bituminous\n"
PROJECTS = "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years,upstream_tco2e_per_year\n"
SAVINGS = "project_id,carrier,mode,amount,unit\n"
EXCHANGES = "exchange_id,year,from_enterprise,to_enterprise,commodity,quantity_sent,quantity_received,unit,tco2_per_unit\n"


def ledger(coal=10000.0, made=100000.0, steam=60000.0, power=2000.0):
    """A burns coal at 2 t for `made` GJ of heat; B takes `steam` of it and buys `power` from the grid at 0.5 t."""
    return HEAD + (
        f"A,2022,K1,bituminous,purchase,{coal!r},t,5000000,2,\n"
        f"A,2022,K1,heat,self_generation,{made!r},GJ,,,\nA,2022,,heat,sale,{steam!r},GJ,,,B\n"
        f"B,2022,,heat,purchase,{steam!r},GJ,6000000,,A\nB,2022,,electricity,purchase,{power!r},MWh,1000000,0.5,\n"
    )


def park(tiny, savings, **filed):
    """Firm B buys heat of A at a printed 0.11 t a GJ; A really emits 20,000 t for 100,000 GJ, 0.2 t a GJ."""
    exchange = EXCHANGES + "X1,2022,A,B,heat,{0},{0},GJ,0.11\n".format(filed.get("steam", 60000.0))
    return tiny(
        energy=ledger(**filed), units=UNITS, exchanges=exchange, projects=PROJECTS + "P1,Insulation,B,1000,0,10,\n",
        savings=SAVINGS + savings,
    )  # fmt: skip


def row(case):
    return case.assess().projects.set_index("project_id").loc["P1"]


def test_saved_heat_counts_at_the_sellers_fuel(tiny):
    """A tenth of 60,000 GJ: 6,000 GJ x 0.2 t = 1,200 t in the cluster, x 0.11 t = 660 t in B's own account."""
    saved = row(park(tiny, "P1,heat,fraction,0.1,\n"))
    assert saved["tco2e_saved"] == saved["cluster_tco2e_saved"] == pytest.approx(1200)
    assert saved["site_tco2e_saved"] == pytest.approx(660) and saved["direct_tco2e_saved"] == 0
    assert saved["tce_saved"] == pytest.approx(600 * 19.57 / 29.3076)  # 600 t of coal


def test_the_money_of_buyer_and_cluster(tiny):
    """B saves 600,000 of its bill, which A no longer earns; A saves 600 t of coal at 500."""
    saved = row(park(tiny, "P1,heat,fraction,0.1,\n"))
    assert saved["energy_money_saved"] == saved["seller_sales_lost"] == pytest.approx(600000)
    assert saved["cluster_money_saved"] == pytest.approx(300000)
    assert "member_sells_less" in saved["flags"]


def test_who_sells_and_what_it_takes(tiny):
    case = park(tiny, "P1,heat,fraction,0.1,\n")
    made = case.inventory
    table = marginal.sellers(case.checked.tables, made.rows, made.factors, case.paid[0], case.meta, 2022).set_index("seller_id")
    assert table.at["A", "tco2e_per_gj"] == pytest.approx(0.2) and table.at["A", "money_per_gj"] == pytest.approx(50)
    assert table.at["A", "basis"] == "units"


def test_recovered_heat_saves_nothing_in_the_cluster(tiny):
    recovered = ledger().replace("A,2022,K1,heat,self_generation", "A,2022,W1,heat,self_generation")
    case = tiny(
        energy=recovered, units=UNITS + "W1,A,Flue gas,heat_recovery,waste_heat\n", projects=PROJECTS + "P1,I,B,1,0,10,\n",
        exchanges=EXCHANGES + "X1,2022,A,B,heat,60000,60000,GJ,0.11\n", savings=SAVINGS + "P1,heat,fraction,0.1,\n",
    )  # fmt: skip
    assert row(case)["tco2e_saved"] == 0 and row(case)["site_tco2e_saved"] == pytest.approx(660)


@pytest.mark.parametrize(("bought", "share"), [(400, 1.0), (150, 0.5), (0, 0.0)])
def test_a_fuel_handed_on_counts_as_far_as_it_is_bought(tiny, bought, share):
    """A hands 300 t of coke to B; what A bought of it outside is saved when B needs less, what it made itself is not."""
    energy = HEAD + "A,2022,,bituminous,purchase,1000,t,1,2,\nA,2022,,coke,sale,300,t,,3,B\nB,2022,,coke,purchase,300,t,1,3,A\n"
    energy += f"A,2022,,coke,purchase,{bought},t,1,3,\n" if bought else ""
    case = tiny(
        energy=energy, projects=PROJECTS + "P1,I,B,1,0,10,\n", savings=SAVINGS + "P1,coke,absolute,30,t\n",
        exchanges=EXCHANGES + "X1,2022,A,B,coke,300,300,t,3\n",
    )  # fmt: skip
    assert row(case)["tco2e_saved"] == pytest.approx(90 * share) and row(case)["site_tco2e_saved"] == pytest.approx(90)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 1), st.floats(0, 1))
def test_the_inventory_compiled_again_falls_by_what_is_saved(tiny, heat, power):
    """Savings taken from both ledgers (the seller burns 0.1 t of coal less a GJ): cluster total after = before - saved."""
    before = park(tiny, f"P1,heat,fraction,{heat!r},\nP1,electricity,fraction,{power!r},\n")
    gone = 60000 * heat
    after = park(
        tiny, "", coal=10000 - 0.1 * gone, made=100000 - gone, steam=60000 - gone, power=2000 * (1 - power)
    )  # fmt: skip
    fall = before.items["cluster_total_tco2e"] - after.items["cluster_total_tco2e"]
    assert fall == pytest.approx(row(before)["tco2e_saved"], abs=1e-6)
    coal = before.items["cluster_total_tce"] - after.items["cluster_total_tce"]
    assert coal == pytest.approx(row(before)["tce_saved"], abs=1e-6)


@pytest.mark.slow
def test_a_limit_of_the_buyer_sees_its_own_account(tiny):
    """Cluster 21,000 t, B 7,600 t. The project brings the cluster 1,200 t and B's own account 660 t."""
    from workbench import selection

    case = park(tiny, "P1,heat,fraction,0.1,\n")
    firms = "enterprise_id,name,sector,emission_limit_tco2e\nA,Alpha,power,\nB,Beta,paper,{}\nC,Gamma,food,\n"
    for limit, status in ((6941, "optimal"), (6939, "infeasible")):
        bound = tiny(**(case.given | {"enterprises": firms.format(limit)})).problem()
        assert selection.select(bound).summary["status"] == status
    free = case.problem(reduction_pct=100 * 1199 / 21000)
    assert selection.select(free).summary["emissions_after"] == pytest.approx(21000 - 1200)
    assert selection.select(free).summary["recheck"] == "ok"
