"""Heat pumps, electric and wood boilers, vapour recompression: energy and money by hand, temperatures, what is left out and why."""

import itertools

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import META, Tiny

from workbench import dictionary, heat_supply, interaction, matching, price_indices

# 100 x 10^4 Nm3 at 360 GJ = 36,000 GJ of gas; at 90 % 32,400 GJ = 9,000 MWh of heat
ENERGY = (
    "enterprise_id,year,unit_id,carrier,flow,quantity,unit,cost,ncv,tco2_per_unit\n"
    "B,2022,K1,natural_gas,purchase,100,10^4 Nm3,2000000,360,20\n"
    "B,2022,,electricity,purchase,2000,MWh,1000000,,0.5\n"
)
UNIT = "unit_id,enterprise_id,name,kind,rated_kw,efficiency,hours,supply_c\n"
BOILER = "K1,B,Boiler 1,boiler,1500,0.9,6000,75\n"
BASE = {"enterprises": "enterprise_id,name,sector\nB,Beta,paper\n", "energy": ENERGY}


def made(boiler=BOILER, meta=META, **tables):
    """Candidates of one enterprise with one gas boiler; `technologies` of 2020, the newest year that has come by 2022."""
    case = Tiny(meta, BASE | {"units": UNIT + boiler} | tables)
    return matching.candidates(case.checked.tables, case.inventory.rows, meta, 2022)


def reasons(found):
    return found.left_out.set_index("technology_id")["reason"]


def test_a_heat_pump_in_place_of_a_gas_boiler_by_hand():
    found = made()
    kinds = ("wood_boiler_hot_water", "electric_boiler_hot_water", "heat_pump_80")
    assert found.projects["project_id"].tolist() == [f"B-{kind}-K1" for kind in kinds]
    lines = found.savings[found.savings["project_id"] == "B-heat_pump_80-K1"].set_index("carrier")
    assert lines.loc["natural_gas", ["unit_id", "mode", "amount"]].tolist() == ["K1", "fraction", 1.0]
    # COP 3.83, 2 % of the heat for pumps: 9,000 x (1 / 3.83 + 0.02)
    assert lines.at["electricity", "amount"] == pytest.approx(-(9_000 / 3.83 + 180), abs=1e-3)
    row = found.projects.set_index("project_id").loc["B-heat_pump_80-K1"]
    price = price_indices.convert("EUR", 2019, "CNY", 2022, "eu_consumer_prices").factor
    assert row["capex"] == round(1_500 * 730 * price) and row["lifetime_years"] == 20
    assert row["opex_per_year"] == round((1_500 * 2 + 9_000 * 1.8) * price)
    assert row["technology_id"] == "heat_pump_80:2020" and row["status"] == matching.STATUS
    pairs = sorted((row.project_id, row.other_id) for row in found.relations.itertuples() if row.relation == "excludes")
    assert len(found.relations) == 3 and pairs == list(itertools.combinations(sorted(found.projects["project_id"]), 2))


@pytest.mark.parametrize(
    ("supply_c", "fits"),
    [
        (60, {"heat_pump_60", "electric_boiler_hot_water", "wood_boiler_hot_water"}),
        (61, {"heat_pump_70", "electric_boiler_hot_water", "wood_boiler_hot_water"}),
        (110, {"heat_pump_125", "booster_heat_pump_150", "electric_boiler_steam", "wood_boiler_steam"}),
        (200, {"electric_boiler_steam", "wood_boiler_steam"}),
        (300, {"electric_boiler_steam"}),
        (400, set()),
    ],
)
def test_the_temperature_decides_what_fits(supply_c, fits):
    found = made(BOILER.replace(",75", f",{supply_c}"))
    assert {name.partition(":")[0] for name in found.projects["technology_id"]} == fits
    assert set(found.left_out["reason"]) <= {"temperature"}


@pytest.mark.parametrize(
    ("boiler", "reason"),
    [
        (BOILER.replace(",75", ","), "unit_data"),
        (BOILER.replace("0.9", ""), "unit_data"),
        (BOILER.replace("1500", "").replace("6000", ""), "unit_data"),
        (BOILER.replace("K1", "K2"), "no_use"),
    ],
)
def test_what_is_not_filed_leaves_the_boiler_out(boiler, reason):
    found = made(boiler, energy=ENERGY.replace(",K1,", ",,") if "K2" in boiler else ENERGY)
    assert found.projects.empty and set(found.left_out["reason"]) == {reason}


def test_no_boiler_no_word_and_a_project_filed_is_not_proposed_again():
    assert made(BOILER.replace("boiler", "motor")).left_out.empty
    filed = "project_id,name,enterprise_id,kind,capex,lifetime_years\nP1,Pump,B,heat_pump,1,10\n"
    saved = "project_id,carrier,mode,amount\nP1,natural_gas,fraction,0.1\n"
    found = made(projects=filed, savings=saved)
    assert found.projects["project_id"].tolist() == ["B-wood_boiler_hot_water-K1", "B-electric_boiler_hot_water-K1"]
    assert reasons(found)["heat_pump_80:2020"] == "already_filed"


def test_biomass_and_byproduct_gas_are_not_replaced():
    for carrier, unit in (("wood", "t"), ("blast_furnace_gas", "10^4 Nm3")):
        energy = ENERGY.replace("natural_gas", carrier).replace("10^4 Nm3", unit)
        assert set(reasons(made(energy=energy))) == {"no_use"}


def test_without_a_nameplate_the_mean_output_is_the_size():
    row = made(BOILER.replace("1500", "")).projects.set_index("project_id").loc["B-heat_pump_80-K1"]
    price = price_indices.convert("EUR", 2019, "CNY", 2022, "eu_consumer_prices").factor
    assert row["capex"] == round(9_000_000 / 6_000 * 730 * price)


def test_the_newest_year_that_has_come_and_the_first_before_all():
    years = {year: set(heat_supply.supplies(year)["year"]) for year in (2015, 2022, 2030, 2049, 2060)}
    assert years == {2015: {2020}, 2022: {2020}, 2030: {2030}, 2049: {2040}, 2060: {2050}}


def test_every_rule_is_about_known_things():
    rules, library = dictionary.read_table("technologies/heat_matching"), dictionary.read_table("technologies/heat_supply")
    assert set(rules["technology"]) <= set(library["technology"]) and (rules["source"] != "").all()
    assert {f for text in rules["families"] for f in text.split(";")} <= set(dictionary.carriers()["family"])
    limits = library.drop_duplicates("technology").set_index("technology")["to_celsius"]
    pumps = rules[rules["technology"].str.contains("pump")]
    assert (pumps["to_celsius"] == pumps["technology"].map(limits)).all()


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(st.floats(0.5, 1), st.floats(1, 1e5))
def test_power_stays_in_proportion_to_the_heat(efficiency, kw):
    units = pd.DataFrame([("K1", "B", "Boiler", "boiler", kw, efficiency, 6000.0, 75.0)], columns=UNIT.strip().split(","))
    use = pd.DataFrame([("B", "K1", "natural_gas", 36_000.0), ("B", "", "electricity", 7_200.0)],
                       columns=["enterprise_id", "unit_id", "carrier", "energy_gj"])  # fmt: skip
    plans = pd.DataFrame(columns=["enterprise_id", "kind"])
    _, lines, _, _ = heat_supply.candidates({"units": units, "projects": plans}, use, META, 2022)
    power = lines[lines["carrier"] == "electricity"].set_index("project_id")["amount"]
    heat_mwh = 36_000 * efficiency / 3.6
    assert power["B-electric_boiler_hot_water-K1"] == pytest.approx(-heat_mwh * (1 / 0.99 + 0.005), abs=1e-3)
    assert power.lt(0).all() and power["B-heat_pump_80-K1"] > power["B-electric_boiler_hot_water-K1"]


def test_the_candidates_as_projects_save_what_a_second_path_says():
    found = made()
    text = {
        name: getattr(found, name).astype(str).replace({"nan": "", "None": ""}) for name in ("projects", "savings", "relations")
    }
    case = Tiny(META, BASE | {"units": UNIT + BOILER} | text)
    assert case.inventory.rows["tco2e"].sum() == pytest.approx(3_000)
    assessed = case.assess()
    saved = assessed.projects.set_index("project_id")["tco2e_saved"]
    # 2,000 t of gas less 0.5 t a MWh of power
    assert saved["B-heat_pump_80-K1"] == pytest.approx(2_000 - 0.5 * (9_000 / 3.83 + 180), abs=0.01)
    assert saved["B-electric_boiler_hot_water-K1"] == pytest.approx(2_000 - 0.5 * (9_000 / 0.99 + 45), abs=0.01) and saved.min() < 0
    pools = interaction.pools(assessed.bases, assessed.lines)
    assert interaction.savings(pools, {"B-heat_pump_80-K1"})["tco2e"] == pytest.approx(saved["B-heat_pump_80-K1"])


# 31,200 t of wood at 15.6 GJ/t would do; 100 t are bought, so that there is a bill: 600 yuan a tonne
WOOD = ENERGY + "B,2022,,wood,purchase,100,t,60000,15.6,\n"


def assessed(found, **tables):
    text = {
        name: getattr(found, name).astype(str).replace({"nan": "", "None": ""}) for name in ("projects", "savings", "relations")
    }
    return Tiny(META, BASE | {"units": UNIT + BOILER} | tables | text)


def test_a_wood_boiler_burns_wood_outside_the_total_and_pays_for_it():
    found = made(energy=WOOD)
    lines = found.savings[found.savings["project_id"] == "B-wood_boiler_hot_water-K1"].set_index("carrier")
    row = dictionary.read_table("technologies/heat_supply").set_index("technology_id").loc["wood_boiler_hot_water:2020"]
    heat_gj, efficiency, share = 36_000 * 0.9, float(row["efficiency"]), float(row["auxiliary_share"])
    assert lines.at["wood", "amount"] == pytest.approx(-heat_gj / efficiency, abs=1e-3) and lines.at["wood", "unit"] == "GJ"
    assert lines.at["electricity", "amount"] == pytest.approx(-heat_gj / 3.6 * share, abs=1e-3)
    case = assessed(found, energy=WOOD)
    project = case.assess().projects.set_index("project_id").loc["B-wood_boiler_hot_water-K1"]
    tonnes = heat_gj / efficiency / 15.6
    # methane and nitrous oxide of wood count (30 kg and 4 kg per TJ), its carbon dioxide does not
    other = tonnes * 15.6 * (30 * 28 + 4 * 265) / 1e6
    power = 0.5 * heat_gj / 3.6 * share
    assert project["tco2e_saved"] == pytest.approx(2_000 - other - power, rel=1e-4)
    assert project["energy_money_saved"] == pytest.approx(2_000_000 - 600 * tonnes - 500 * heat_gj / 3.6 * share, rel=1e-4)
    assert project["status"] == "library" and project["eligible"] == 1


def test_without_a_price_of_wood_the_status_says_so_and_nothing_is_made_up():
    found = made()
    status = found.projects.set_index("project_id")["status"]
    assert status["B-wood_boiler_hot_water-K1"] == "unpriced" and (status.drop("B-wood_boiler_hot_water-K1") == "library").all()
    project = assessed(found).assess().projects.set_index("project_id").loc["B-wood_boiler_hot_water-K1"]
    assert project["eligible"] == 0 and pd.isna(project["annual_cost"])


def test_wood_that_is_sold_is_no_bill_for_wood():
    sold = WOOD.replace("B,2022,,wood,purchase", "B,2022,,wood,sale")
    assert sold != WOOD
    status = made(energy=sold).projects.set_index("project_id")["status"]
    assert status["B-wood_boiler_hot_water-K1"] == "unpriced"


def test_a_ledger_without_any_bill_is_text_in_a_run_and_does_no_harm():
    units = pd.DataFrame([("K1", "B", "Boiler", "boiler", 1500.0, 0.9, 6000.0, 75.0)], columns=UNIT.strip().split(","))
    use = pd.DataFrame(
        [("B", "K1", "natural_gas", 36_000.0), ("B", "", "electricity", 7_200.0)],
        columns=["enterprise_id", "unit_id", "carrier", "energy_gj"],
    )
    energy = pd.DataFrame({"enterprise_id": ["B"], "carrier": ["wood"], "flow": ["purchase"], "cost": pd.Series([""], dtype="str")})
    tables = {"units": units, "projects": pd.DataFrame(columns=["enterprise_id", "kind"]), "energy": energy}
    made, *_ = heat_supply.candidates(tables, use, META, 2022)
    assert made.set_index("project_id").at["B-wood_boiler_hot_water-K1", "status"] == "unpriced"


def test_a_price_of_wood_that_was_read_serves_where_no_bill_is_filed():
    row = dictionary.read_table("prices").set_index("carrier").loc["wood"]
    assert row["currency"] == "USD" and row["confidence"] == "one_source" and "eia.gov" in row["source"]
    assert (made(meta=META | {"currency": "USD"}).projects["status"] == "library").all()


def test_vapour_recompression_replaces_the_live_steam_of_an_evaporator():
    energy = ENERGY + "B,2022,V1,steam,purchase,10000,t,2000000,2.5,0.3\n"  # 25,000 GJ
    evaporator = "V1,B,Evaporator,evaporator,,2.4,8000,\n"  # three effects: 2.4 of vapour raised per heat of steam
    found = made(BOILER + evaporator, energy=energy)
    name = "B-vapour_recompression-V1"
    lines = found.savings[found.savings["project_id"] == name].set_index("carrier")
    assert lines.loc["steam", ["unit_id", "mode", "amount"]].tolist() == ["V1", "fraction", 1.0]
    heat_mwh = 25_000 * 2.4 / 3.6
    assert lines.at["electricity", "amount"] == pytest.approx(-heat_mwh * (1 / 12.1 + 0.01), abs=1e-3)
    row = found.projects.set_index("project_id").loc[name]
    price = price_indices.convert("EUR", 2019, "CNY", 2022, "eu_consumer_prices").factor
    assert row["capex"] == round(heat_mwh * 1_000 / 8_000 * 350 * price) and row["lifetime_years"] == 25
    assert reasons(made(BOILER + evaporator.replace("2.4", ""), energy=energy))["vapour_recompression:2020"] == "unit_data"
    assert "vapour_recompression:2020" not in reasons(made())  # no evaporator, no word
