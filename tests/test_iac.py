"""Import from the IAC database: both layouts, signs and units, nothing lost, the same bytes again.

Recommendations of plant DL0238 (three of its seven) are figures of the public IAC database as published in the GitHub
repository YZC0219/industrial_energy_analysis (output/phase5_itac/recommendations.csv); the rest is made up.
"""

import argparse
import filecmp
import shlex
from pathlib import Path

import pandas as pd
import pytest
import yaml

import workbook_files
from workbench.errors import UserError
from workbench.importers import iac
from workbench.importers.iac_package import plain, write_package
from workbench.importers.iac_tables import arc_text, lifetime, measure, plain_words

REPO = Path(__file__).parents[1]
RAW = REPO.parent / "shared" / "data" / "1_iac"
SHIPPED = REPO / "data" / "clusters" / "ohio-metals"

ASSESS = """
CENTER         DL         XX             XX             YY
ID             DL0238     XX0001         XX0001         YY0001
FY             2022       2016           2014           2019
SIC            3312       3499           3499           2011
NAICS          331110     332999         332999         311611
STATE          OH         Oh             OH             IN
SALES          90000000   1000000        800000         500000
EMPLOYEES      300        20             18             10
PRODUCTS       STEEL_BARS Machined_Parts Machined_Parts Sausages
PRODUNITS      3          .              1              2
PRODLEVEL      50000      1000           900            .
EC_plant_cost  2000000    10000          9000           .
EC_plant_usage 30000000   100000         90000          50000
ED_plant_cost  900000     .              .              .
ED_plant_usage 90000      .              .              .
EF_plant_cost  1000       -5             .              .
E2_plant_cost  .          5000           4000           .
E2_plant_usage .          1000           800            .
E3_plant_cost  .          22726          .              .
E3_plant_usage .          40             .              .
W1_plant_usage 500        .              .              .
"""
RECC = """
SUPERID    DL023801 DL023804 DL023807 XX000101 XX000102 XX000101 YY000101
ID         DL0238   DL0238   DL0238   XX0001   XX0001   XX0001   YY0001
AR_NUMBER  1        4        7        1        2        1        1
APPCODE    2        1        1        3        2        3        2
ARC2       2.4226   2.2113   2.1392   2.7142   24236    2.7142   2.4111
IMPSTATUS  I        K        N        P        .        I        N
IMPCOST    1860000  37000    900000   .        100      500      0
PSOURCCODE EC       E11      E11      EC       EC       EC       EC
PCONSERVED 1511723  8784     87840    200000   .        900      0
PSAVED     107332   112874   1128744  9000     10       60       5
SSOURCCODE ED       .        E2       R1       R6       .        ZZ
SCONSERVED 12876    .        -109800  .        .        .        1
SSAVED     128723   .        -916144  -300     700      .        2
TSOURCCODE .        .        .        W1       .        .        .
TCONSERVED .        .        .        1000     .        .        .
TSAVED     .        .        .        50       .        .        .
QSOURCCODE .        .        .        EF       .        .        .
QCONSERVED .        .        .        .        .        .        .
QSAVED     .        .        .        70       .        .        .
FY         2022     2022     2022     2016     2016     2014     2019
"""
ALL = {"base_year": 2019, "lifetimes": pd.DataFrame(columns=["iac_arc_prefix", "carrier", "lifetime_years", "source"])}


def rows_of(text):
    """The small tables above (a column of the source a line) as rows of cells; '.' is blank, '_' a space."""

    def cell(word):
        number = pd.to_numeric(word, errors="coerce")
        return None if word == "." else word.replace("_", " ") if pd.isna(number) else number.item()

    header, *rows = zip(*(line.split() for line in text.strip().splitlines()), strict=True)
    return [list(header), *([cell(word) for word in row] for row in rows)]


@pytest.fixture
def workbook(tmp_path):
    """The official layout, with the recommendations on two sheets as in the published file, and a sheet of terms."""
    recc = rows_of(RECC)
    sheets = {"ASSESS": rows_of(ASSESS), "RECC1": recc[:4], "RECC2": [recc[0], *recc[4:]], "Terms": [["Term"]]}
    return workbook_files.write(tmp_path / "anything.xlsx", sheets)


@pytest.fixture
def two_tables(tmp_path):
    """The second layout: lower-case names, whole-number codes, the first stream only, a header row repeated inside."""
    assess = pd.DataFrame(rows_of(ASSESS)[1:], columns=[name.lower() for name in rows_of(ASSESS)[0]])
    recc = pd.DataFrame(rows_of(RECC)[1:], columns=[name.lower() for name in rows_of(RECC)[0]]).iloc[:, :10]
    recc = recc.assign(fy=[2022, 2022, 2022, 2016, 2016, 2014, 2019], arc2=[2, 2, 2, 3, 2, 3, 2]).drop(columns="appcode")
    recc = pd.concat([recc, pd.DataFrame([{"superid": "SUPERID", "id": "ID"}])], ignore_index=True)
    assess.to_csv(tmp_path / "one.bin", index=False, compression="gzip")
    recc.to_parquet(tmp_path / "two.bin")
    return [tmp_path / "two.bin", tmp_path / "one.bin"]


def built(paths, **selection):
    """Tables of the selected plants."""
    assess, recc = iac.read_source(paths)
    return iac.build(iac.select(assess, **selection), recc, **ALL)


def row(table, /, **where):
    """The only row with these values."""
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_selection_by_state_sector_and_year(workbook):
    assess, _ = iac.read_source([workbook])
    assert set(iac.select(assess, states=["oh"])["id"]) == {"DL0238", "XX0001"}
    assert set(iac.select(assess, naics_prefixes=["332", "311"])["id"]) == {"XX0001", "YY0001"}
    assert set(iac.select(assess, fy_from=2017)["id"]) == {"DL0238", "YY0001"}
    assert list(iac.select(assess, naics_prefixes=["332"], fy_to=2014)["fy"]) == [2014]
    assert list(iac.select(assess, naics_prefixes=["332"], fy_from=2015)["fy"]) == [
        2016,
        2014,
    ]  # the earlier audit comes along


def test_enterprises_and_products(workbook):
    tables = built([workbook])
    plant = row(tables["enterprises"], enterprise_id="DL0238")
    assert plant["name"] == "Plant DL0238 (Steel bars)"
    assert plant["sector"] == "Primary metal manufacturing"
    assert (plant["sector_code"], plant["output_value"], plant["assessment_fy"]) == ("331110", 90e6, 2022)
    assert row(tables["products"], enterprise_id="DL0238")["unit"] == "short_ton"
    assert row(tables["products"], enterprise_id="XX0001")["unit"] == "unit_not_stated"
    assert "YY0001" not in set(tables["products"]["enterprise_id"])


def test_energy_units_demand_and_fees(workbook):
    energy = built([workbook])["energy"]
    got = energy[energy["enterprise_id"] == "DL0238"].set_index("carrier")[["quantity", "unit", "cost"]]
    assert got.loc["electricity"].tolist() == [30e6, "kWh", 2e6]
    assert got.loc["electricity_demand"].tolist() == [90000, "kW-month", 900000]
    assert got.loc["electricity_fees"].tolist() == [1000, "USD", 1000]
    assert set(energy["year"]) == {2019}
    assert row(energy, enterprise_id="XX0001", carrier="natural_gas")["note"] == "audited in fiscal year 2016; IAC stream E2"


def test_odd_energy_is_kept_and_noted(workbook):
    tables = built([workbook])
    assert row(tables["energy"], enterprise_id="XX0001", carrier="lpg")["quantity"] == 40
    notes = tables["import_notes"]
    assert "568.1 USD/MMBtu" in row(notes, table="energy", id="XX0001", field="lpg")["message"]
    assert "without a cost" in row(notes, table="energy", id="YY0001")["message"]
    fees = notes[(notes["id"] == "XX0001") & (notes["field"] == "electricity_fees")]
    assert fees["message"].str.contains("negative quantity").any()


def test_fuel_switching_keeps_the_sign(workbook):
    savings = built([workbook])["savings"]
    other = row(savings, project_id="DL023807", carrier="other_gas")
    gas = row(savings, project_id="DL023807", carrier="natural_gas")
    assert (other["amount"], other["unit"], other["stream"]) == (87840, "MMBtu", "primary")
    assert (gas["amount"], gas["filed_saving_usd"], gas["stream"]) == (-109800, -916144, "secondary")
    demand = row(savings, project_id="DL023801", carrier="electricity_demand")
    assert (demand["amount"], demand["unit"]) == (12876, "kW-month")


def test_projects_money_and_status(workbook):
    tables = built([workbook])
    projects = tables["projects"].set_index("project_id")
    assert projects.loc["DL023801", "name"].endswith("recommendation 1")
    assert projects.loc["DL023801", ["kind", "arc", "status"]].tolist() == ["compressed_air", "2.4226", "implemented"]
    assert projects.loc["DL023801", "filed_saving_usd"] == 107332 + 128723
    assert projects.loc["DL023804", "status"] == "excluded"
    assert projects.loc["XX000101", ["status", "audit_status"]].tolist() == ["uncosted", "P"]
    assert projects.loc["XX000101", "opex_per_year"] == 300 - 50  # labour costs more, water costs less
    assert projects.loc["XX000102", ["arc", "status"]].tolist() == ["2.4236", "unknown"]
    assert pd.isna(projects.loc["XX000102", "opex_per_year"])
    assert projects.loc["XX000102", "one_time_saving_usd"] == 700
    assert projects.loc["YY000101", "capex"] == 0
    fees = row(tables["savings"], project_id="XX000101", carrier="electricity_fees")
    assert (fees["amount"], fees["unit"]) == (70, "USD")


def test_superseded_audit_is_listed_not_used(workbook):
    tables = built([workbook])
    assert row(tables["enterprises"], enterprise_id="XX0001")["assessment_fy"] == 2016
    assert row(tables["projects"], project_id="XX000101-fy2014")["status"] == "superseded"
    assert row(tables["import_notes"], table="enterprises", id="XX0001")["seen"] == "2014"


def test_nothing_is_dropped(workbook):
    tables = built([workbook])
    assert [len(tables[name]) for name in ("enterprises", "projects", "energy", "products")] == [3, 7, 8, 2]
    assert len(tables["savings"]) == 10 - 1  # ten energy streams, one of them without an amount
    messages = tables["import_notes"].set_index("id")["message"]
    assert "without an amount" in messages.loc["XX000102"].str.cat()
    assert "uses" in messages.loc["XX000101"].str.cat(), "a saving above the plant's use is noted"
    assert (
        "saves nothing" in messages.loc["YY000101"].str.cat()
        and "unknown or missing resource code" in messages.loc["YY000101"].str.cat()
    )
    assert tables["projects"]["filed_saving_usd"].sum() == 107332 + 128723 + 112874 + 1128744 - 916144 + 8820 + 710 + 60 + 7


def test_second_layout_by_content(two_tables):
    tables = built(two_tables)
    assert len(tables["projects"]) == 7 and set(tables["savings"]["stream"]) == {"primary"}
    lamp = row(tables["projects"], project_id="XX000101")
    assert (lamp["arc"], lamp["kind"]) == ("3", "site_energy")
    assert "rounded" in row(tables["import_notes"], id="all", field="arc")["message"]
    assert built(two_tables[::-1])["projects"].equals(tables["projects"])


@pytest.mark.parametrize(
    ("given", "code"), [(2.4226, "2.4226"), ("24236", "2.4236"), (3.0, "3"), ("3", "3"), (None, ""), ("2.71", "2.71")]
)
def test_arc_text(given, code):
    assert arc_text(given) == code


def test_measure_and_lifetime():
    assert measure("2.7142", "EC")[1:] == ("lighting", "2.7142")
    assert measure("3", "EC")[1] == "site_energy" and measure("3", "R5")[1] == "waste_and_water"
    assert measure("", "EC")[1] == "unknown"
    assert [measure(arc, code)[2] for arc, code in (("3", "EC"), ("3", "R5"), ("3.4111", "R5"))] == ["3", "4", "4"]
    table = pd.DataFrame(
        [("2", "electricity", 10, "a"), ("2", "fuel", 15, "b"), ("2.4", "", 12, "c"), ("2.42", "electricity", 8, "d")],
        columns=["iac_arc_prefix", "carrier", "lifetime_years", "source"],
    )
    assert lifetime("2", "ED", table) == (10, "a") and lifetime("2", "E2", table) == (15, "b")
    assert lifetime("2.4226", "EC", table) == (8, "d") and lifetime("2.4226", "E2", table) == (12, "c")
    assert lifetime("4", "R1", table) == (None, "")


def test_plain_text():
    assert plain_words("MICRO &  MINI COMPUTERS") == "Micro & mini computers"
    assert [plain(value) for value in (1e7, 0.5, 1e-7, float("nan"), None, "a", -3.0)] == [
        "10000000",
        "0.5",
        "0.0000001",
        "",
        "",
        "a",
        "-3",
    ]


def import_into(folder, sources, options):
    """Run the importer as the command line does."""
    parser = argparse.ArgumentParser()
    iac.add_arguments(parser)
    return iac.run(parser.parse_args([*map(str, sources), "--out", str(folder), *options]))


def same_files(one, other):
    """Both folders hold the same files with the same bytes."""
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    assert filecmp.cmpfiles(one, other, names, shallow=False)[0] == names


def test_package_is_the_same_again(tmp_path, workbook):
    options = [
        "--state",
        "OH",
        "--naics",
        "331,332",
        "--from-year",
        "2015",
        "--cluster-id",
        "tiny",
        "--grid-region",
        "RFCW",
    ]
    one = import_into(tmp_path / "one", [workbook], options)
    two = import_into(tmp_path / "two", [workbook], options)
    same_files(one, two)
    (one / "relations.csv").write_text("project_id,relation,other_id\n")
    import_into(one, [workbook], options)
    assert (one / "relations.csv").exists(), "what the user added stays"
    meta = yaml.safe_load((one / "cluster.yaml").read_text(encoding="utf-8"))
    assert (meta["id"], meta["price_year"], meta["gwp_set"]) == ("tiny", None, "ar4")
    assert meta["provenance"]["counts"]["projects"] == 6
    assert str(tmp_path) not in (one / "cluster.yaml").read_text(encoding="utf-8") + (one / "README.md").read_text(encoding="utf-8")


def test_each_plant_on_the_grid_of_its_state(tmp_path, workbook):
    package = import_into(tmp_path / "two-states", [workbook], ["--grid-region", "by-state"])
    plants = pd.read_csv(package / "enterprises.csv").set_index("enterprise_id")["grid_region"]
    assert plants.to_dict() == {"DL0238": "OH", "XX0001": "OH", "YY0001": "IN"}
    meta = yaml.safe_load((package / "cluster.yaml").read_text(encoding="utf-8"))
    assert meta["grid_region"] == "US" and "--grid-region by-state" in meta["provenance"]["command"]
    assert "ZIP codes" in (package / "README.md").read_text(encoding="utf-8")
    plain = import_into(tmp_path / "one-grid", [workbook], ["--grid-region", "RFCW"])
    assert "grid_region" not in pd.read_csv(plain / "enterprises.csv").columns


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("dear")
    with pytest.raises(UserError, match="no package; name another folder"):
        write_package({}, {}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def bad_sources(folder):
    """Broken sources and the words their message must hold."""
    assess, recc = rows_of(ASSESS), rows_of(RECC)
    no_cost = [line[:6] + line[7:] for line in recc]
    word = [recc[0], [*recc[1][:6], "cheap", *recc[1][7:]]]
    sheets = [({"RECC": recc}, "no sheet ASSESS"), ({"ASSESS": assess}, "no sheet RECC")]
    sheets += [
        ({"ASSESS": assess, "RECC": no_cost}, "lacks the column IMPCOST"),
        ({"ASSESS": assess, "RECC1": recc[1:]}, "SUPERID"),
    ]
    sheets += [({"ASSESS": assess, "RECC": word}, "IMPCOST holds 'cheap'")]
    books = [([workbook_files.write(folder / f"{i}.xlsx", content)], words) for i, (content, words) in enumerate(sheets)]
    (folder / "torn.xlsx").write_bytes(b"PK torn")
    (folder / "only.csv").write_text("ID,FY,STATE,NAICS\nA,2016,OH,331\n")
    return [
        *books,
        ([folder / "torn.xlsx"], "cannot be read"),
        ([folder / "only.csv"], "No recommendations"),
        ([folder / "gone"], "no file"),
    ]


def test_bad_input_is_one_line(tmp_path):
    for paths, words in bad_sources(tmp_path):
        with pytest.raises(UserError, match=words) as caught:
            iac.read_source(paths)
        assert "\n" not in str(caught.value) and ";" in str(caught.value)


def test_empty_selection_says_what_to_do(tmp_path, workbook):
    with pytest.raises(UserError, match="widen"):
        import_into(tmp_path / "none", [workbook], ["--state", "HI"])
    assert not (tmp_path / "none").exists()


def test_ohio_metals_is_what_the_importer_writes(tmp_path):
    """The shipped package, rebuilt from the raw tables with the command in its README, byte for byte."""
    words = shlex.split(yaml.safe_load((SHIPPED / "cluster.yaml").read_text(encoding="utf-8"))["provenance"]["command"])
    sources = [RAW / name for name in words[3 : words.index("--out")]]
    if not all(path.exists() for path in sources):
        pytest.skip("the raw IAC tables are not beside this repository; the shipped package cannot be rebuilt")
    fresh = import_into(tmp_path / "ohio-metals", sources, words[words.index("--out") + 2 :])
    names = sorted(path.name for path in fresh.iterdir())
    assert filecmp.cmpfiles(SHIPPED, fresh, names, shallow=False)[0] == names
