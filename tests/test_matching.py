"""Measures of the library on an enterprise: savings and money by hand, what is left out and why, the package that is written."""

from pathlib import Path

import pandas as pd
import pytest
from tests.conftest import META, Tiny

from workbench import (
    cli,
    dictionary,
    filing,
    interaction,
    inventory,
    matching,
    price_indices,
    store,
    technologies,
    technology_commands,
)

FIRMS = "enterprise_id,name,sector,sector_code\nS,Steel,steel,3110\nX,Works without code,other,\n"
ENERGY = (
    "enterprise_id,year,unit_id,carrier,flow,quantity,unit,ncv,tco2_per_unit\n"
    "S,2022,BF,coke,purchase,1000,t,28,3\n"
    "S,2022,,electricity,purchase,200000,MWh,,0.5\n"
    "S,2022,,natural_gas,purchase,10,10^4 Nm3,389,21\n"
)
UNITS = "unit_id,enterprise_id,name,kind\nBF,S,Blast furnace,blast_furnace\n"


def made(**tables):
    """Candidates of one steel works with a blast furnace of 28,000 GJ of coke, 720,000 GJ of power and 3,890 GJ of gas."""
    case = Tiny(META, {"enterprises": FIRMS, "energy": ENERGY, "units": UNITS} | tables)
    return matching.candidates(case.checked.tables, case.inventory.rows, META, 2022)


def reasons(found):
    return found.left_out.set_index("technology_id")["reason"]


def test_a_share_of_the_units_fuel_and_capital_per_gj_by_hand():
    found = made()
    row = found.projects.set_index("technology_id").loc["steel.hot_stove_control"]
    measure = technologies.measures().set_index("measure_id").loc["steel.hot_stove_control"]
    price = price_indices.convert("USD", 2012, "CNY", 2022, "us_plant_cost").factor
    saved_gj = 28_000 * measure["fuel_saving_fraction"]
    assert saved_gj == pytest.approx(84.44, abs=0.01)
    assert row["capex"] == round(saved_gj * measure["capex_per_gj_year"] * price) and row["status"] == "library"
    lines = found.savings[found.savings["project_id"] == row["project_id"]]
    assert lines[["unit_id", "carrier", "mode"]].values.tolist() == [["BF", "coke", "fraction"]]
    assert lines["amount"].tolist() == [measure["fuel_saving_fraction"]]


def test_power_is_saved_on_the_site_where_no_unit_files_it():
    lines = made().savings.set_index("project_id")
    assert lines.loc["S-variable_speed_drives", ["unit_id", "carrier"]].tolist() == ["", "electricity"]
    assert lines.loc["S-energy_management", "carrier"].tolist() == ["coke", "natural_gas", "electricity"]
    assert lines.loc["S-hot_rolling_control", "carrier"] == "natural_gas"


def test_what_is_left_out_says_why():
    why = reasons(made())
    assert why["steel.coal_moisture_control"] == "no_unit" and why["steel.top_gas_turbine"] == "adopted"
    assert why["steel.scrap_preheating"] == "no_unit"
    coal = ENERGY + "S,2022,BF,washed_coal,purchase,100,t,26,2.5\n"
    assert reasons(made(energy=coal))["steel.coal_injection"] == "in_place"
    assert "steel.coal_injection" not in reasons(made())


def test_a_measure_already_filed_is_not_proposed_again():
    filed = (
        "project_id,name,enterprise_id,kind,capex,lifetime_years,technology_id\n"
        "P1,Drives,S,vsd,1,10,\nP2,Stoves,S,process,1,5,steel.hot_stove_control\n"
    )
    saved = "project_id,carrier,mode,amount\nP1,electricity,fraction,0.01\nP2,coke,fraction,0.01\n"
    why = reasons(made(projects=filed, savings=saved))
    assert why["steel.variable_speed_drives"] == why["steel.hot_stove_control"] == "already_filed"


def test_a_measure_that_saves_less_than_one_tce_is_too_small():
    small = ENERGY.replace("200000", "2000")
    assert 2000 * 3.6 * 0.000504 < 29.3076
    assert reasons(made(energy=small))["steel.variable_speed_drives"] == "too_small"


def test_an_enterprise_without_code_or_use_gets_nothing():
    assert set(made().projects["enterprise_id"]) == {"S"}
    bare = made(energy="enterprise_id,year,carrier,flow,quantity,unit,tco2_per_unit\nX,2022,diesel,purchase,1,t,3\n")
    assert bare.projects.empty and set(bare.left_out["reason"]) <= {"no_use", "no_unit", "adopted", "too_small"}


def test_alternatives_exclude_each_other():
    firms = "enterprise_id,name,sector,sector_code\nS,Glass,glass,3041\n"
    found = made(enterprises=firms)
    pairs = set(map(tuple, found.relations[["project_id", "other_id"]].to_numpy()))
    assert ("S-burning_a", "S-burning_b") in pairs and ("S-control_a", "S-control_b") in pairs
    assert found.relations["relation"].eq("excludes").all() and not found.relations.duplicated().any()


def test_sectors_follow_the_longest_code_of_the_country():
    firms = pd.DataFrame({"enterprise_id": ["a", "b", "c", "d"], "sector_code": ["3110", "3216", "2922", None]})
    there = technologies.sectors(firms, {"country": "CN"})
    assert there["industry"].tolist() == ["steel", "metals", "", ""] and there["end_use_sector"].tolist() == [
        "331110",
        "3313",
        "326",
        "",
    ]
    us = technologies.sectors(firms.assign(sector_code=["331110", "331512", "311611", "332"]), {"country": "US"})
    assert us["end_use_sector"].tolist() == ["331110", "3315", "3116", "332"]
    assert (technologies.sectors(firms, {"country": "DE"}) == "").all().all()


def test_every_measure_has_one_rule_and_every_rule_is_about_known_things():
    rules, measures = dictionary.read_table("technologies/matching"), technologies.measures()
    assert rules["measure_id"].tolist() == measures["measure_id"].tolist()
    carriers = set(dictionary.codes("carriers"))
    assert {c for text in rules["carrier"] for c in text.split(";") if c} <= carriers | {"electricity"}
    assert set(measures["industry"]) <= set(dictionary.read_table("technologies/sectors")["industry"])
    assert set(dictionary.read_table("technologies/adopted")["measure_id"]) <= set(measures["measure_id"])


@pytest.mark.slow
def test_tangshan_holds_what_the_library_proposes():
    """The shipped projects are those of the command, and together they save what a second path says."""
    folder = Path(__file__).parents[1] / "data" / "clusters" / "tangshan-steel"
    found = technology_commands.propose(str(folder))
    for name in ("projects", "savings"):
        assert (folder / f"{name}.csv").read_text(encoding="utf-8") == store.csv_text(getattr(found, name)), name
    assert not (folder / "relations.csv").exists() and found.relations.empty
    filed = filing.check(store.read_package(folder))
    rows = inventory.compile(filed.tables, filed.meta, 2021).rows
    assert rows["tco2e"].sum() == pytest.approx(177_329_945.618, abs=0.01)
    furnace = rows[rows["unit_id"].fillna("").str.endswith("-BF")].groupby("unit_id")["tco2e"].sum().sum()
    shares = technologies.measures().set_index("measure_id")["fuel_saving_fraction"]
    stove = found.projects[found.projects["technology_id"] == "steel.hot_stove_control"]
    assert len(stove) == 22
    assert furnace * shares["steel.hot_stove_control"] == pytest.approx(395_784.43, rel=1e-4)


@pytest.mark.slow
def test_candidates_are_written_but_never_over_projects_of_the_enterprise(tmp_path, capsys):
    case = Tiny(META, {"enterprises": FIRMS, "energy": ENERGY, "units": UNITS})
    folder = case.write(tmp_path / "mine")
    (folder / "cluster.yaml").write_text(
        (folder / "cluster.yaml").read_text() + "base_year: 2022\n"
    ) if "base_year" not in META else None
    assert cli.main(["technologies", "--for", str(folder), "--write", "--format", "csv"]) == 0
    first = (folder / "projects.csv").read_text(encoding="utf-8")
    assert cli.main(["technologies", "--for", str(folder), "--write"]) == 0 and (folder / "projects.csv").read_text() == first
    assert cli.main(["check", str(folder)]) == 0
    (folder / "projects.csv").write_text(first.replace(",library,", ",approved,", 1), encoding="utf-8")
    capsys.readouterr()
    assert cli.main(["technologies", "--for", str(folder), "--write"]) == 2
    assert "projects of its own" in capsys.readouterr().err


def test_a_bundle_of_candidates_never_saves_more_than_is_used():
    case = Tiny(META, {"enterprises": FIRMS, "energy": ENERGY, "units": UNITS})
    found = matching.candidates(case.checked.tables, case.inventory.rows, META, 2022)
    text = {name: getattr(found, name).astype(str).replace("nan", "") for name in ("projects", "savings")}
    full = Tiny(META, {"enterprises": FIRMS, "energy": ENERGY, "units": UNITS} | text)
    assessed = full.assess()
    pools = interaction.pools(assessed.bases, assessed.lines)
    together = interaction.savings(pools, set(assessed.projects["project_id"]))
    assert 0 < together["tco2e"] <= assessed.projects["tco2e_saved"].sum() < full.inventory.rows["tco2e"].sum()
