"""Enterprises on other grids than the cluster's: each one's power by its own grid's factor row, in all figures."""

import pandas as pd
import pytest

from workbench import dictionary, factors, grid, inventory

FIRMS = "enterprise_id,name,sector,grid_region\nA,Alpha,power,\nB,Beta,paper,anhui\nC,Gamma,food,beijing\n"
POWER = "enterprise_id,year,carrier,flow,quantity,unit,counterparty\n" + "".join(
    f"{firm},2022,electricity,purchase,1000,MWh,\n" for firm in "ABC"
)
NONE = {"projects": None, "savings": None}
JIANGSU, ANHUI, BEIJING = 597.8, 678.2, 558.0  # tCO2 of 1,000 MWh in 2022


def by_firm(rows):
    return rows.groupby("enterprise_id")["tco2e"].sum().to_dict()


def test_each_firm_by_its_own_grid(tiny):
    made = tiny(enterprises=FIRMS, energy=POWER, **NONE).inventory
    assert by_firm(made.rows) == pytest.approx({"A": JIANGSU, "B": ANHUI, "C": BEIJING})
    assert made.rows["tco2e_location"].tolist() == pytest.approx(made.rows["tco2e"].tolist())
    used = made.factors.set_index("factor_id")["grid_region"].to_dict()
    assert used == {
        "cn-grid:jiangsu:2022:average": "",
        "cn-grid:anhui:2022:average": "anhui",
        "cn-grid:beijing:2022:average": "beijing",
    }
    assert factors.defaults(made.factors)["factor_id"].tolist() == ["cn-grid:jiangsu:2022:average"]


def test_no_region_stated_changes_nothing(tiny):
    plain = tiny(energy=POWER, **NONE).inventory.rows
    same = tiny(enterprises=FIRMS.replace("anhui", "Jiangsu").replace("beijing", ""), energy=POWER, **NONE).inventory.rows
    pd.testing.assert_frame_equal(plain, same)


def test_savings_count_with_the_firm_s_own_grid(tiny):
    """B saves 100 MWh, C 10 % of 1,000 MWh: 67.82 t in Anhui, 55.8 t in Beijing."""
    projects = "project_id,name,enterprise_id,capex,lifetime_years\nP1,Motors,B,1000,10\nP2,Light,C,1000,10\n"
    savings = "project_id,carrier,mode,amount,unit\nP1,electricity,absolute,100,MWh\nP2,electricity,fraction,0.1,\n"
    found = tiny(enterprises=FIRMS, energy=POWER, projects=projects, savings=savings).assess()
    assert found.projects["tco2e_saved"].tolist() == pytest.approx([67.82, 55.8])
    assert found.projects["factor_ids"].tolist() == ["cn-grid:anhui:2022:average", "cn-grid:beijing:2022:average"]


def test_a_first_use_of_power_counts_with_the_firm_s_own_grid(tiny):
    """B burns gas and turns to 100 MWh of power: 67.82 t more in Anhui, whatever the cluster's grid."""
    heading = "enterprise_id,year,carrier,flow,quantity,unit\n"
    gas = heading + "A,2022,electricity,purchase,1000,MWh\nB,2022,natural_gas,purchase,10,10^4 Nm3\n"
    projects = "project_id,name,enterprise_id,capex,lifetime_years\nP1,Heat pump,B,1000,10\n"
    savings = "project_id,carrier,mode,amount,unit\nP1,electricity,absolute,-100,MWh\n"
    found = tiny(enterprises=FIRMS, energy=gas, projects=projects, savings=savings).assess()
    assert found.projects["tco2e_saved"].tolist() == pytest.approx([-67.82])
    assert found.bases["factor_ids"].tolist() == ["cn-grid:anhui:2022:average"]


def test_power_between_members_counts_alike_on_both_sides(tiny):
    """B sells 400 MWh to C: both by the cluster's row, so that the bridge takes out what it adds."""
    energy = (
        "enterprise_id,year,carrier,flow,quantity,unit,counterparty\n"
        "B,2022,electricity,purchase,1000,MWh,\nB,2022,electricity,sale,400,MWh,C\nC,2022,electricity,purchase,400,MWh,B\n"
    )
    case = tiny(enterprises=FIRMS, energy=energy, **NONE)
    assert case.items["cluster_total_tco2e"] == pytest.approx(ANHUI)
    assert case.items["eliminated_tco2e"] == pytest.approx(0)


def test_the_user_s_own_factor_serves_all_grids(tiny):
    own = "factor_id,carrier,unit,co2_t_per_unit,ncv_gj_per_unit,source\nmine,electricity,MWh,0.5,3.6,contract\n"
    made = tiny(enterprises=FIRMS, energy=POWER, factors=own, **NONE).inventory
    assert made.factors["factor_id"].tolist() == ["mine"]
    assert by_firm(made.rows) == pytest.approx({"A": 500, "B": 500, "C": 500})


def test_what_the_supplier_states_wins(tiny):
    stated = POWER.replace("counterparty", "tco2_per_unit").replace(
        "B,2022,electricity,purchase,1000,MWh,", "B,2022,electricity,purchase,1000,MWh,0.1"
    )
    made = tiny(enterprises=FIRMS, energy=stated, **NONE).inventory
    assert by_firm(made.rows)["B"] == pytest.approx(100)
    assert made.rows.set_index("enterprise_id")["tco2e_location"]["B"] == pytest.approx(ANHUI)


def test_states_lead_to_their_egrid_subregion(tiny):
    """1,000 MWh in Ohio and in New York (2019): RFCW 1,067.7 and NYCW 553.8 lb CO2/MWh; each state's stand-in is told."""
    meta = {"country": "US", "grid_region": "US", "factor_set": "us-epa", "gwp_set": "ar4", "currency": "USD"}
    firms = FIRMS.replace("anhui", "OH").replace("beijing", "NY").replace("A,Alpha,power,", "A,Alpha,power,US")
    case = tiny(meta=meta, enterprises=firms, energy=POWER.replace("2022", "2019"), **NONE)
    made = inventory.compile(case.checked.tables, meta, 2019)
    assert made.rows.set_index("enterprise_id")["factor_id"].to_dict() == {
        "A": "us-epa-grid:us:2019:average",
        "B": "us-epa-grid:rfcw:2019:average",
        "C": "us-epa-grid:nycw:2019:average",
    }
    pound = 0.00045359237
    co2 = made.rows.set_index("enterprise_id")["tco2"] / 1000 / pound
    assert co2["B"] == pytest.approx(1067.7) and co2["C"] == pytest.approx(553.8)
    told = pd.concat(made.findings).query("check == 'factor_substitute'")["seen"].tolist()
    assert told == ["electricity in NY, 2019", "electricity in OH, 2019"]


def test_every_state_has_a_subregion_with_a_factor():
    states = dictionary.read_table("grid_regions")
    states = states[states["province"].str.len() == 2]
    assert len(states) == 52  # fifty states, the District of Columbia, Puerto Rico
    rows = grid.table()
    assert set(states["region"]) <= set(rows.loc[rows["factor_set"] == "us-epa", "region"])
