"""A package's own technologies: proposed by the rules of the library, money by hand, what is wrong is said where it lies."""

import pytest
from tests.conftest import META, TABLES, Tiny

from workbench import cli, findings, matching, own_technologies, price_indices, quality, store, technology_commands

HEAD = "technology_id,name,unit_kind,carrier,fuel_saving_fraction,electricity_saving_fraction,capex_per_gj_year,opex_per_gj,"
HEAD += "currency,price_year,price_index,lifetime_years,alternative_group,same_kinds\n"
# a boiler with 100 x 10^4 Nm3 of gas at 360 GJ: 36,000 GJ, 2 % of it 720 GJ a year
ENERGY = (
    "enterprise_id,year,unit_id,carrier,flow,quantity,unit,cost,ncv\n"
    "B,2022,K1,natural_gas,purchase,100,10^4 Nm3,2000000,360\nB,2022,,electricity,purchase,1000,MWh,600000,\n"
)
BASE = {
    "enterprises": "enterprise_id,name,sector\nB,Beta,paper\n",
    "energy": ENERGY,
    "units": "unit_id,enterprise_id,name,kind\nK1,B,Boiler 1,boiler\n",
}


def case(*lines, **tables):
    return Tiny(META, BASE | {"technologies": HEAD + "\n".join(lines) + "\n"} | tables)


def proposed(built):
    made = matching.candidates(built.checked.tables, built.inventory.rows, META, 2022)
    return made, made.projects.set_index("project_id")


def said(built):
    worded = findings.collect(built.filed.findings + quality.check(built.filed, 2022))
    return worded[worded["table"] == "technologies"].set_index("check")


def test_a_technology_of_the_package_becomes_a_project_by_hand():
    built = case("T1,Trim,boiler,natural_gas,0.02,,100,2,CNY,2022,,10,,")
    made, projects = proposed(built)
    row = projects.loc["B-own-T1"]
    assert (row["capex"], row["opex_per_year"], row["lifetime_years"]) == (72_000, 1_440, 10)
    assert row["technology_id"] == "own.T1" and row["status"] == matching.STATUS and "own catalogue" in row["evidence"]
    line = made.savings[made.savings["project_id"] == "B-own-T1"].iloc[0]
    assert line[["unit_id", "carrier", "mode", "amount"]].tolist() == ["K1", "natural_gas", "fraction", 0.02]
    assert said(built).empty


def test_money_of_another_currency_and_year_comes_by_the_shipped_index():
    _, projects = proposed(case("T1,Trim,boiler,natural_gas,0.02,,100,,EUR,2019,,10,,"))
    factor = price_indices.convert("EUR", 2019, "CNY", 2022, "eu_consumer_prices").factor
    assert projects.at["B-own-T1", "capex"] == round(72_000 * factor) and factor > 5
    assert "eu_consumer_prices" in projects.at["B-own-T1", "evidence"]


def test_alternatives_exclude_each_other_and_what_is_filed_is_not_proposed_again():
    two = ("T1,Trim,boiler,natural_gas,0.02,,100,,,,,10,a,", "T2,Burner,boiler,natural_gas,0.03,,100,,,,,10,a,boiler")
    made, _ = proposed(case(*two))
    assert ("B-own-T1", "excludes", "B-own-T2") in set(made.relations.itertuples(index=False, name=None))
    head = "project_id,name,enterprise_id,kind,capex,lifetime_years,technology_id\n"
    filed = {
        "projects": f"{head}P1,Mine,B,boiler,1,10,T1\n",
        "savings": "project_id,carrier,mode,amount\nP1,natural_gas,fraction,0.1\n",
    }
    made, projects = proposed(case(*two, **filed))
    assert not projects["technology_id"].str.startswith("own.").any()
    left = made.left_out.set_index("technology_id")["reason"]
    assert left["own.T1"] == left["own.T2"] == "already_filed"


@pytest.mark.parametrize(
    ("line", "check", "kept"),
    [
        ("T1,Trim,boiler,natural_gas,1.2,,100,,,,,10,,", "out_of_range", False),
        ("T1,Trim,boiler,natural_gas,,,100,,,,,10,,", "technology_without_saving", False),
        ("T1,Trim,boiler,moonlight,0.02,,100,,,,,10,,", "technology_carrier", False),
        ("T1,Trim,boiler,natural_gas,0.02,,100,,,,,900,,", "technology_life_range", False),
        ("T1,Trim,boiler,natural_gas,0.02,,,,,,,10,,", "technology_capex_missing", True),
        ("T1,Trim,boiler,natural_gas,0.02,,100,,,,,,,", "technology_life_missing", True),
        ("T1,Trim,boiler,natural_gas,0.02,,100,,XXX,,,10,,", "technology_price_index", True),
        ("T1,Trim,boiler,natural_gas,0.02,,100,,,,gold,10,,", "technology_price_index", True),
        ("T1,Trim,boiler,natural_gas,0.02,,900000,,,,,10,,", "technology_capex_band", True),
    ],
)
def test_what_is_wrong_is_a_finding_in_its_row(line, check, kept):
    built = case(line)
    found = said(built)
    assert check in found.index and found.at[check, "row"] == "2"
    made, projects = proposed(built)
    assert ("B-own-T1" in projects.index) == kept
    assert (built.checked.tables["technologies"].shape[0] == 1) == kept
    if check == "technology_price_index":  # no money is made up
        assert projects["capex"].isna()["B-own-T1"]


@pytest.mark.parametrize("place", ["heat_pump", "kiln:coal:gas", "kiln:moonlight", "boiler:natural_gas;kiln"])
def test_a_place_that_names_no_carrier_sets_the_row_aside(place):
    head = HEAD.strip() + ",in_place_if\n"
    built = Tiny(META, BASE | {"technologies": f"{head}T1,Trim,boiler,natural_gas,0.02,,100,,,,,10,,,{place}\n"})
    assert said(built).at["technology_carrier", "field"] == "in_place_if"
    assert "B-own-T1" not in proposed(built)[1].index


def test_a_row_without_money_needs_no_price_index():
    assert "technology_price_index" not in said(case("T1,Trim,boiler,natural_gas,0.02,,,,ISK,,,10,,")).index


def test_a_code_filed_twice_counts_once():
    same = "T1,Trim,boiler,natural_gas,0.02,,100,,,,,10,,"
    built = case(same, same.replace("0.02", "0.05"))
    assert "duplicate_key" in said(built).index
    made, projects = proposed(built)
    assert made.savings.set_index("project_id").at["B-own-T1", "amount"] == 0.02 and projects.index.is_unique


def test_blank_columns_of_a_run_are_text_and_do_no_harm():
    built = case("T1,Trim,boiler,natural_gas,0.02,,,,,,,10,,")
    filed = built.checked.tables["technologies"]
    text = filed.assign(
        **{name: filed[name].astype(object).where(filed[name].notna(), "") for name in ("capex_per_gj_year", "price_year")}
    )
    same = own_technologies.usable(text, META, 2022)
    assert same.equals(own_technologies.usable(filed, META, 2022)) and len(same) == 1


def test_no_table_no_rows():
    built = Tiny(META, TABLES)
    assert own_technologies.check(built.checked.tables["technologies"], META, 2022) == []
    assert own_technologies.usable(built.checked.tables["technologies"], META, 2022).empty


def test_a_catalogue_of_the_command_may_be_parquet(tmp_path, capsys):
    built = case("T1,Trim,boiler,natural_gas,0.02,,100,2,CNY,2022,,10,,")
    own = own_technologies.rows(built.checked.tables["technologies"], META, 2022)
    store.write_text(tmp_path / "own.csv", store.csv_text(own))
    own.to_parquet(tmp_path / "own.parquet")
    both = [technology_commands.read_own(tmp_path / name) for name in ("own.csv", "own.parquet")]
    assert both[0].astype(str).equals(both[1].astype(str)) and both[0].at[0, "capex_per_gj_year"] == 100
    assert cli.main(["technologies", "Trim", "--own", str(tmp_path / "own.parquet"), "--format", "csv"]) == 0
    assert "own.T1" in capsys.readouterr().out
