"""Steam made inside: savings on it come down to the fuel of the boiler, before the boiler's own measures."""

import pytest

from workbench import interaction

ENERGY = (
    "enterprise_id,year,unit_id,carrier,flow,quantity,unit,cost,tco2_per_unit\n"
    "B,2022,K1,natural_gas,purchase,100,10^4 Nm3,2000000,20\n"
    "B,2022,K1,steam,self_generation,30000,GJ,,\n"
    "B,2022,D1,steam,consumption,20000,GJ,,\n"
)
UNITS = (
    "unit_id,enterprise_id,name,kind,parent_unit,carrier,efficiency\n"
    "K1,B,Boiler,boiler,,natural_gas,0.9\nD1,B,Dryer,dryer,,steam,\n"
)
PROJECTS = "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\nP1,Dryer,B,1,0,10\nP2,Boiler,B,1,0,10\n"
HEAD = "project_id,unit_id,carrier,mode,amount,unit\n"


@pytest.fixture
def plant(tiny):
    def build(savings, **tables):
        return tiny(**({"energy": ENERGY, "units": UNITS, "projects": PROJECTS, "savings": HEAD + savings} | tables))

    return build


def pools(case):
    found = case.assess()
    return {p.pool_id: p for p in interaction.pools(found.bases, found.lines)}


def test_half_the_steam_of_the_dryer_is_a_third_of_the_gas(plant):
    """20,000 of 30,000 GJ of steam: 66.7 of 100 units of gas at 20 t; half of it 33.3; 10 % on the boiler then acts on 66.7."""
    case = plant("P1,D1,steam,fraction,0.5,\nP2,K1,natural_gas,fraction,0.1,\n")
    gas = pools(case)["B|natural_gas"]
    assert gas.total == pytest.approx(100)
    assert gas.saved({"P1"}) == pytest.approx(100 / 3)
    assert gas.saved({"P2"}) == pytest.approx(10)
    assert gas.saved({"P1", "P2"}) == pytest.approx(100 / 3 + 20 / 3)
    projects = case.assess().projects.set_index("project_id")
    assert projects.at["P1", "tco2e_saved"] == pytest.approx(2000 / 3)
    assert projects.at["P1", "energy_money_saved"] == pytest.approx(2000000 / 3)


def test_a_quantity_of_steam_is_a_quantity_of_gas(plant):
    case = plant("P1,D1,steam,absolute,3000,GJ\n")
    assert pools(case)["B|natural_gas"].saved({"P1"}) == pytest.approx(10)
    assert case.assess().lines["medium"].tolist() == ["steam"]


def test_a_saving_without_a_unit_acts_on_all_that_is_delivered(plant):
    assert pools(plant("P1,,steam,fraction,0.1,\n"))["B|natural_gas"].saved({"P1"}) == pytest.approx(10)


def test_without_filed_output_the_boiler_delivers_fuel_times_efficiency(plant):
    fuel_only = "\n".join(ENERGY.splitlines()[:2]) + "\n"
    gas = pools(plant("P1,,steam,absolute,3000,GJ\n", energy=fuel_only))["B|natural_gas"]
    assert gas.saved({"P1"}) == pytest.approx(3000 / 0.9 / 389.31, rel=1e-3)  # 389.31 GJ in 10^4 Nm3


def test_what_cannot_be_carried_down_is_a_finding(plant):
    fuel_only = "\n".join(ENERGY.splitlines()[:2]) + "\n"
    share = plant("P1,D1,steam,fraction,0.5,\n", energy=fuel_only)
    assert "demand_not_filed" in share.checks() and share.assess().projects["tco2e_saved"].eq(0).all()
    none = plant("P1,,steam,absolute,3000,GJ\n", energy=fuel_only, units=UNITS.replace("0.9", ""))
    assert "supply_unknown" in none.checks() and none.assess().projects["tco2e_saved"].eq(0).all()


def test_two_boilers_share_what_stands_below_neither(plant):
    """K1 delivers 30,000, K2 10,000 GJ: a tenth of the steam is a tenth of each; 4,000 GJ are 3,000 and 1,000."""
    energy = ENERGY + "B,2022,K2,diesel,purchase,200,t,1400000,3\nB,2022,K2,steam,self_generation,10000,GJ,,\n"
    units = UNITS + "K2,B,Oil boiler,boiler,,diesel,0.9\n"
    both = pools(plant("P1,,steam,absolute,4000,GJ\nP2,,steam,fraction,0.1,\n", energy=energy, units=units))
    assert both["B|natural_gas"].saved({"P1"}) == both["B|natural_gas"].saved({"P2"}) == pytest.approx(10)
    assert both["B|diesel"].saved({"P1"}) == both["B|diesel"].saved({"P2"}) == pytest.approx(20)
    below = pools(plant("P1,D1,steam,fraction,0.5,\n", energy=energy, units=units.replace("dryer,,steam", "dryer,K2,steam")))
    assert below["B|diesel"].saved({"P1"}) == pytest.approx(100) and "B|natural_gas" not in below  # D1 takes all that K2 makes


def test_a_source_of_waste_heat_has_what_is_left_of_it(tiny):
    """1,000 kW over 5,000 h are 18,000 GJ, 8,000 of them recovered already."""
    case = tiny(
        units="unit_id,enterprise_id,name,kind,carrier,rated_kw,hours\nW1,A,Flue gas,heat_recovery,waste_heat,1000,5000\n",
        energy=(
            "enterprise_id,year,unit_id,carrier,flow,quantity,unit,tco2_per_unit\nA,2022,,bituminous,purchase,10000,t,2\n"
            "A,2022,W1,waste_heat,self_generation,8000,GJ,0\n"
        ),
        savings=HEAD + "P1,W1,waste_heat,absolute,-12000,GJ\nP1,,bituminous,absolute,500,t\nP3,W1,waste_heat,absolute,-6000,GJ\n",
        projects=PROJECTS.replace(",B,", ",A,") + "P3,More,A,1,0,10\n",
    )
    assert interaction.overdrawn(pools(case).values(), {"P1", "P3"}) == [("A|waste_heat_source", "W1", 18000, 10000)]
    assert "waste_heat_overdrawn" in case.checks()
    assert case.assess().projects.set_index("project_id").at["P1", "tco2e_saved"] == pytest.approx(1000)
