"""Where energy goes: units, then nameplates, then the sector's shares; parts add up; projects land on the right system."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import META, Tiny

from workbench import dictionary, end_use, figures, hotspots, interaction, words
from workbench.interaction import Pool

FIRMS = "enterprise_id,name,sector,sector_code\nS,Steel,steel,3110\nX,Other,other,\n"
HEAD = "enterprise_id,year,unit_id,carrier,flow,quantity,unit,tco2_per_unit\n"
UNITS = "unit_id,enterprise_id,name,kind,parent_unit,carrier,rated_kw,hours\n"


def split(energy, units="", **more):
    """Split of a case in round numbers: 0.5 t per MWh, so that 1,000 MWh are 500 t and 3,600 GJ."""
    tables = {"enterprises": FIRMS, "energy": HEAD + energy} | ({"units": UNITS + units} if units else {}) | more
    case = Tiny(META, tables)
    return end_use.split(case.checked.tables, case.inventory.rows, META), case


def test_units_that_file_their_use_come_first():
    frame, _ = split(
        "S,2022,M1,electricity,purchase,600,MWh,0.5\nS,2022,L1,electricity,purchase,100,MWh,0.5\nS,2022,,electricity,purchase,300,MWh,0.5\n",
        "M1,S,Motors,motor,,electricity,,\nL1,S,Lamps,lighting,,electricity,,\n",
    )
    rows = frame.set_index("system")
    assert rows["tco2e"].to_dict() == pytest.approx({"motors": 300, "lighting": 50, "not_split": 150})
    assert rows.loc["motors", ["unit_ids", "basis"]].tolist() == ["M1", "metered"] and rows.at["not_split", "basis"] == "not_split"


def test_nameplates_split_power_and_stop_at_what_is_used():
    units = (
        "M1,S,Motors,motor,,electricity,100,5000\nP1,S,Pump,pump,M1,electricity,20,5000\nB,S,Boiler,boiler,,natural_gas,900,9000\n"
    )
    rows = split("S,2022,,electricity,purchase,1000,MWh,0.5\n", units)[0].set_index("system")
    assert rows["use"].to_dict() == pytest.approx({"motors": 400, "pumps": 100, "not_split": 500})
    assert set(rows["basis"]) == {"nameplate", "not_split"}
    over = split("S,2022,,electricity,purchase,250,MWh,0.5\n", units)[0].set_index("system")
    assert over["use"].to_dict() == pytest.approx({"motors": 200, "pumps": 50})


def test_without_units_the_sector_splits_and_says_so():
    rows = split("S,2022,,electricity,purchase,1000,MWh,0.5\nX,2022,,electricity,purchase,1000,MWh,0.5\n")[0]
    steel = rows[rows["enterprise_id"] == "S"].set_index("system")
    assert steel.at["process_heating", "tco2e"] == pytest.approx(500 * 54 / 186, rel=1e-3)
    assert set(steel["basis"]) == {"sector_share"} and steel["source"].str.contains("331110").all()
    assert rows[rows["enterprise_id"] == "X"][["system", "basis"]].values.tolist() == [["not_split", "not_split"]]
    fuel = split("S,2022,,diesel,purchase,10,t,3\n")[0]
    assert fuel["system"].tolist() == ["not_split"] and fuel["tco2e"].tolist() == [30]


def test_shares_of_a_sector_are_one_and_cited():
    table = dictionary.read_table("end_use_shares")
    assert (table[["source", "confidence", "year"]] != "").all().all() and set(table["system"]) <= set(end_use.SYSTEMS)
    sums = table.assign(share=pd.to_numeric(table["share"])).groupby(["end_use_sector", "carrier"])["share"].sum()
    assert sums.between(0.999, 1.001).all()
    assert set(dictionary.read_table("systems")["system"]) <= {*end_use.SYSTEMS, ""}


@pytest.mark.slow
@settings(deadline=None, max_examples=12)
@given(st.lists(st.integers(1, 900), min_size=3, max_size=3), st.integers(1, 400))
def test_parts_of_a_carrier_add_up_to_its_use(amounts, kilowatts):
    energy = (
        "".join(
            f"S,2022,{unit},electricity,purchase,{amount},MWh,0.5\n" for unit, amount in zip(("M1", "", "L1"), amounts, strict=True)
        )
        .replace("M1", "" if amounts[0] % 2 else "M1")
        .replace("L1", "" if amounts[2] % 2 else "L1")
    )
    frame, case = split(energy, f"M1,S,M,motor,,electricity,{kilowatts},8000\nL1,S,L,lighting,,electricity,5,4000\n")
    assert frame["tco2e"].sum() == pytest.approx(case.inventory.rows["tco2e"].sum())
    assert frame["use"].sum() == pytest.approx(case.inventory.rows["activity"].sum()) and (frame["use"] >= -1e-9).all()


PROJECTS = (
    "project_id,name,enterprise_id,kind,capex,lifetime_years\n"
    "P1,Drives,S,vsd,1,10\nP2,Lamps,S,lighting,1,10\nP3,All,S,process,1,10\n"
)
SAVINGS = (
    "project_id,unit_id,carrier,mode,amount\n"
    "P1,,electricity,fraction,0.1\nP2,L1,electricity,fraction,0.5\nP3,,electricity,fraction,0.2\n"
)


def spots(projects=PROJECTS, savings=SAVINGS, entered=("P1", "P2", "P3")):
    """600 MWh of motors, 100 of lamps, 300 not split; three projects on them."""
    use = {"M1": 600, "L1": 100, "": 300}
    energy = "".join(f"S,2022,{unit},electricity,purchase,{amount},MWh,0.5\n" for unit, amount in use.items())
    units = "M1,S,Motors,motor,,electricity,,\nL1,S,Lamps,lighting,,electricity,,\n"
    frame, case = split(energy, units, projects=projects, savings=savings)
    found = case.assess()
    pools = interaction.pools(found.bases, found.lines)
    return hotspots.rank(frame, pools, found.projects, set(entered), pd.DataFrame()), pools, case


def test_projects_land_on_the_systems_they_name():
    table, pools, _ = spots()
    rows = table.set_index("system")
    assert rows.at["motors", "projects"] == "P1;P3" and rows.at["lighting", "projects"] == "P2;P3"
    assert rows.at["not_split", "projects"] == "P3" and (rows["uncovered_tco2e"] == 0).all()
    together = interaction.savings(pools, {"P1", "P2", "P3"})
    assert table["saved_tco2e"].sum() == pytest.approx(together["tco2e"]) and table["saved_tce"].sum() == pytest.approx(
        together["tce"]
    )


def test_what_no_project_touches_is_open():
    rows = spots(entered=("P2",))[0].set_index("system")
    assert rows["uncovered_tco2e"].to_dict() == pytest.approx({"motors": 300, "not_split": 150, "lighting": 0})
    assert rows.at["lighting", "saved_tco2e"] == pytest.approx(25) and rows["rank"].tolist() == [1, 2, 3]
    totals = hotspots.by_system(rows.reset_index()).set_index("system")
    assert totals["covered_pct"].to_dict() == pytest.approx({"motors": 0, "not_split": 0, "lighting": 100})


def test_savings_of_projects_that_cancel_are_still_added_up():
    pool = Pool("S|electricity", "S", "electricity", 0.5, 0.1, 0.0, {"": 10.0})
    pool.absolute[""].update({"A": 4.0, "B": -4.0})
    use = pd.DataFrame(
        {"enterprise_id": ["S"], "carrier": ["electricity"], "system": ["not_split"], "unit_ids": [""], "use": [10.0],
         "activity_unit": ["MWh"], "tce": [1.0], "tco2e": [5.0], "basis": ["not_split"], "source": [""]}
    )  # fmt: skip
    kinds = pd.DataFrame({"project_id": ["A", "B"], "kind": ["", ""]})
    table = hotspots.rank(use, [pool], kinds, {"A", "B"}, pd.DataFrame())
    assert table["projects"].tolist() == ["A;B"] and table["saved_tco2e"].tolist() == [0.0]


def test_the_gap_to_the_benchmark_is_the_enterprises():
    positions = pd.DataFrame(
        {"enterprise_id": ["S", "S", "S"], "unit_id": ["", "", "U"], "product": ["a", "a", "b"], "potential_tce": [5.0, 7.0, 2.0]}
    )
    table, pools, case = spots()
    use = end_use.split(case.checked.tables, case.inventory.rows, META)
    again = hotspots.rank(use, pools, case.assess().projects, set(), positions)
    assert set(again["gap_tce"]) == {9.0} and table["gap_tce"].isna().all()


FIRM = pd.DataFrame({"enterprise_id": ["S"], "name": ["Steel"]})


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_figure_and_words_name_the_largest_and_the_open_part(lang):
    table, _, case = spots(entered=("P2",))
    picture = figures.hotspots(table, lang)
    said = str(words.diagnosis_summary(table, case.checked.tables["enterprises"], lang))
    assert ("Motors" if lang == "en" else "电机") in picture.alt and "450" in picture.alt.replace(",", "")
    assert "300" in said and "450" in said and "Steel" in said
    assert figures.hotspots(table.iloc[:0], lang).alt and str(words.diagnosis_summary(table.iloc[:0], FIRM, lang))
