"""Projects that clean the site and dirty the chain are marked; the same project on a clean grid is not."""

import pytest

PROJECTS = "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years,upstream_tco2e_per_year\n"


def electrified(tiny, grid, upstream=""):
    """B gives up 100 x 10^4 Nm3 of gas (2,000 t) for 8,000 MWh of power."""
    case = tiny(
        energy=(
            "enterprise_id,year,carrier,flow,quantity,unit,tco2_per_unit\nB,2022,natural_gas,purchase,100,10^4 Nm3,20\n"
            f"B,2022,electricity,purchase,2000,MWh,{grid}\n"
        ),
        projects=PROJECTS + f"P1,Electric boiler,B,1000,0,10,{upstream}\n",
        savings="project_id,carrier,mode,amount,unit\nP1,natural_gas,absolute,100,10^4 Nm3\nP1,electricity,absolute,-8000,MWh\n",
    )
    return case.assess().projects.set_index("project_id").loc["P1"]


def test_on_a_dirty_grid_it_moves_emissions(tiny):
    row = electrified(tiny, 0.7)
    assert row["direct_tco2e_saved"] == pytest.approx(2000)
    assert row["cluster_tco2e_saved"] == pytest.approx(2000 - 5600)
    assert row["moves_emissions"] == 1 and "moves_emissions" in row["flags"].split(";")


def test_on_a_clean_grid_it_does_not(tiny):
    row = electrified(tiny, 0.05)
    assert row["cluster_tco2e_saved"] == pytest.approx(2000 - 400)
    assert row["chain_tco2e_saved"] > 0 and row["moves_emissions"] == 0


def test_upstream_is_that_of_both_carriers_and_what_is_filed(tiny):
    """Gas 0.03347 kg a kWh of its 38,931 GJ; power 89.9 kg a MWh; 100 t filed."""
    gas = 0.03347e-3 * 38931 / 3.6e-3
    row = electrified(tiny, 0.05, upstream="100")
    assert row["upstream_tco2e_saved"] == pytest.approx(gas - 0.0899 * 8000 - 100, rel=1e-4)
    assert row["chain_tco2e_saved"] == pytest.approx(row["cluster_tco2e_saved"] + row["upstream_tco2e_saved"])
    assert row["upstream_tco2e"] == 100 and row["upstream_incomplete"] == 0


def test_a_rise_below_the_threshold_is_no_move(tiny):
    """The threshold is 5 % of what leaves the site: 2,000 t, so a chain up to 100 t worse is not marked."""
    plain = electrified(tiny, 0.05)
    almost = float(plain["chain_tco2e_saved"])
    assert electrified(tiny, 0.05, upstream=repr(almost + 99))["moves_emissions"] == 0
    assert electrified(tiny, 0.05, upstream=repr(almost + 101))["moves_emissions"] == 1
