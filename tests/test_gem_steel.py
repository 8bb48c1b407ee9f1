"""Steel works modelled from the Global Steel Plant Tracker: layout, output, coke by hand, published bounds, the same bytes again.

The tiny workbook has the layout of the published one; its plants are made up.
"""

import argparse
import filecmp
import json
import shlex
from pathlib import Path

import pandas as pd
import pytest
import yaml
from openpyxl import Workbook

from workbench import cli, dictionary, filing, inventory, pinch, store
from workbench.errors import UserError
from workbench.importers import gem_steel, gem_steel_model, gem_steel_package, gem_steel_streams

REPO = Path(__file__).parents[1]
RAW = REPO.parent / "shared" / "data" / "4_china"
SHIPPED = REPO / "data" / "clusters" / "tangshan-steel"
BOUNDS_TCO2_PER_T = (1.4, 2.6)  # He et al. 2017: 1.69, a Chinese listed works 2021: 1.82, worldsteel 2021: 1.91, IEAGHG 2013: 2.09
HEBEI = {"lon": (113, 120), "lat": (36, 43)}  # 113.4-119.9 E, 36.0-42.7 N

PLANTS = """
Plant ID                             S1      S1-1        S2     S3         S4         S5      S6       S7      S8      S9
Plant name (English)                 One     One_EAF     Two    Closed     Later      Oxygen  Iron     Mixed   Away    Coking
Plant name (other language)          一厂    一厂        二厂   三厂       四厂       五厂    六厂     七厂    八厂    九厂
Municipality                         Tiny    Tiny        Tiny   Tiny       Tiny       Tiny    Tiny     Tiny    Far     Tiny
Subnational_unit_(province/state)    Hebei   Hebei       Hebei  Hebei      Hebei      Hebei   Hebei    Hebei   Hebei   Hebei
Country                              China   China       China  China      China      China   China    China   China   China
Coordinates                          39,118  39,118      39,119 39,118     39,118     39,118  39,118   39,118  39,118  39,118
Status             operating operating operating retired operating operating operating operating operating operating
Start_date                           2005    2020        unknown 2001      2023       2001    2002     2003    2004    2005
Closed/idled_date                    .       .           .      2022-07-01 .          .       .        .       .       .
Nominal_crude_steel_capacity_(ttpa)  1000    500         100    700        300        100     .        200     10      1000
Nominal_BOF_steel_capacity_(ttpa)    1000    .           .      700        300        100     .        >0      10      1000
Nominal_EAF_steel_capacity_(ttpa)    .       500         100    .          .          .       .        >0      .       .
Nominal_BF_capacity_(ttpa)           1000    .           .      700        300        .       200      200     10      1000
Sinter_plant_capacity_(ttpa)         unknown .           .      .          .          .       .        .       .       .
Coking_plant_capacity_(ttpa)         unknown unknown     unknown unknown   unknown    unknown unknown  unknown unknown 100
Pelletizing_plant_capacity_(ttpa)    300     .           .      .          .          .       .        .       .       .
Workforce_size                       1200    unknown     90     .          .          .       .        .       .       .
Main_production_process              BF      EAF         EAF    BF         BF         BOF     BF       BF       BF      BF
Detailed_production_equipment        .       .           .      .          .          .       .        .       .       .
"""
OUTPUT = [
    [None, None, 2020, None, None, None, 2021, None, None, None],
    ["Plant ID", "Plant name (English)"]
    + [f"{kind} production {y} (ttpa)" for y in (2020, 2021) for kind in ("Crude steel", "BOF steel", "EAF steel", "Iron")],
    ["S1", "One", 900, 900, None, 890, "unknown", "unknown", None, "unknown"],
    ["S2", "Two", "unknown", None, "unknown", None, 80, None, 80, None],
]


def cell(word):
    number = pd.to_numeric(word, errors="coerce")
    return None if word == "." else word if pd.isna(number) or "," in word else number.item()


def plant_rows():
    """Heading row and one row a plant; `_` in headings is a space, `.` a blank cell."""
    lines = [line.rsplit(maxsplit=10) for line in PLANTS.strip().splitlines()]
    lines = [[" ".join(line[:-10]), *line[-10:]] for line in lines]
    heads, *columns = zip(*lines, strict=True)
    return [[head.replace("_", " ") for head in heads], *([cell(word) for word in column] for column in columns)]


def write_tracker(path, plants=None, output=OUTPUT, sheets=("Steel Plants", "Yearly Production")):
    book = Workbook()
    book.active.title = "About"
    for name, rows in zip(sheets, (plants or plant_rows(), output), strict=True):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


@pytest.fixture
def tracker(tmp_path):
    return write_tracker(tmp_path / "tracker.xlsx")


def built(path, year=2021, used=80.0, bound="quantity"):
    plants, outputs = gem_steel.read_tracker(path)
    members, left_out = gem_steel.select(plants, "tiny", year)
    return gem_steel_model.build(members, left_out, outputs, year, used, bound)


def only(table, column="quantity", /, **where):
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table[column].iat[0]


def test_members_of_the_year(tracker):
    plants, _ = gem_steel.read_tracker(tracker)
    members, left_out = gem_steel.select(plants, "TINY", 2021)
    assert members["plant_id"].tolist() == ["S1", "S1-1", "S2", "S5", "S6", "S7", "S9"]
    assert left_out.set_index("plant_id")["why"].to_dict() == {"S3": "closed", "S4": "later"}
    assert "S1-1" not in set(gem_steel.select(plants, "Tiny", 2019)[0]["plant_id"])


def test_output_from_the_tracker_else_from_capacity(tracker):
    tables, works = built(tracker)
    products = tables["products"]
    assert only(products, enterprise_id="S1", product="crude steel, converter") == 800_000  # 1000 kt x 80 %
    assert only(products, enterprise_id="S1", product="crude steel, electric") == 400_000  # the expansion is part of the works
    assert only(products, enterprise_id="S2", product="crude steel, electric") == 80_000
    assert only(products, "basis", enterprise_id="S2") == "tracker"
    assert only(works, "tracker_rows", enterprise_id="S1") == "S1, S1-1"
    notes = tables["import_notes"]
    assert "900 kt" in only(notes, "message", id="S1", field="quantity") and only(notes, "severity", id="S7") == "warning"


def test_coke_by_hand(tracker):
    """800,000 t x 0.93337 = 746,696 t hot metal; x 0.374 = 279,264 t coke; x 1.3142 x 0.04871 = 47,799.9 t breeze."""
    energy = built(tracker)[0]["energy"]
    assert only(energy, enterprise_id="S1", unit_id="S1-BF", carrier="coke") == 279_264
    assert only(energy, enterprise_id="S1", unit_id="S1-SIN", carrier="coke") == 47_800
    assert only(energy, enterprise_id="S1", unit_id="S1-EAF", carrier="electricity") == 189_600  # 400,000 t x 0.474 MWh
    assert set(energy["quality"]) == {"D"} and set(energy["evidence"]) == {"estimate"}
    assert energy["note"].str.startswith("modelled: ").all()


def test_carbon_is_counted_where_coke_and_coal_enter(tracker):
    """No by-product gas is filed; own coke ovens swap bought coke for coking coal; other routes book their iron."""
    tables, works = built(tracker)
    gases = dictionary.carriers().query("family == 'byproduct_gas'").index
    assert not set(tables["energy"]["carrier"]) & set(gases)
    nine = tables["energy"][tables["energy"]["enterprise_id"] == "S9"]
    need, own = only(works, "coke", enterprise_id="S9"), only(works, "coke_own", enterprise_id="S9")
    assert own == 80_000 and nine.loc[nine["carrier"] == "coke", "quantity"].sum() == pytest.approx(need - own, abs=1)
    assert only(nine, unit_id="S9-COK") == pytest.approx(80_000 * 1.3261, abs=1)
    process = tables["process"]
    assert only(process, enterprise_id="S5", process="pig_iron_input") == pytest.approx(80_000 * 0.93337, abs=1)
    assert only(process, enterprise_id="S6", process="pig_iron_product") == 160_000
    assert "S5-BF" not in set(tables["units"]["unit_id"])


def test_headings_may_change_a_little(tmp_path):
    rows = plant_rows()
    rows[0] = [head.upper().replace(" ", "  ") for head in rows[0]]
    rows[0][rows[0].index("START  DATE")] = "Start year"
    plants, _ = gem_steel.read_tracker(write_tracker(tmp_path / "new.xlsx", [[], *rows]))
    assert len(plants) == 10 and plants.loc[0, ["lat", "lon", "employees"]].tolist() == [39, 118, 1200]


def test_bad_workbooks_are_one_line(tmp_path):
    heads, first = plant_rows()[:2]
    gone = heads.index("Nominal BF capacity (ttpa)")
    lacks = [[*row[:gone], *row[gone + 1 :]] for row in plant_rows()]
    word = [heads, [*first[:gone], "plenty", *first[gone + 1 :]]]
    torn = tmp_path / "torn.xlsx"
    torn.write_bytes(b"PK torn")
    cases = [
        (write_tracker(tmp_path / "a.xlsx", lacks), r"lacks the column Nominal BF capacity \(ttpa\)"),
        (write_tracker(tmp_path / "b.xlsx", word), r"Nominal BF capacity \(ttpa\) holds 'plenty'"),
        (write_tracker(tmp_path / "c.xlsx", sheets=("Plants", "Yearly Production")), "no sheet Steel Plants"),
        (write_tracker(tmp_path / "d.xlsx", [["x"]]), "lacks the column Plant ID"),
        (write_tracker(tmp_path / "e.xlsx", output=[row[:5] + row[6:] for row in OUTPUT]), "lacks the column Iron production 2020"),
        (torn, "cannot be read"),
        (tmp_path / "none.xlsx", "no file"),
    ]
    for path, text in cases:
        with pytest.raises(UserError, match=text) as caught:
            gem_steel.read_tracker(path)
        assert "\n" not in str(caught.value)


def test_a_plant_without_figures_gives_a_note_not_a_crash(tmp_path):
    rows = [row[:10] + [None] * 8 + row[18:] for row in plant_rows()[:2]]
    rows[0] = plant_rows()[0]
    tables, _ = built(write_tracker(tmp_path / "bare.xlsx", rows, OUTPUT[:2]))
    assert len(tables["enterprises"]) == 1 and tables["energy"].empty
    assert only(tables["import_notes"], "severity", id="S1") == "warning"


def import_into(folder, source, options):
    parser = argparse.ArgumentParser()
    gem_steel.add_arguments(parser)
    return gem_steel.run(parser.parse_args([str(source), "--out", str(folder), *options]))


@pytest.mark.slow
def test_package_is_the_same_again_and_valid(tmp_path, tracker, capsys):
    options = ["--city", "Tiny", "--cluster-id", "tiny"]
    one = import_into(tmp_path / "one", tracker, options)
    two = import_into(tmp_path / "two", tracker, options)
    names = sorted(path.name for path in one.iterdir())
    assert filecmp.cmpfiles(one, two, names, shallow=False)[0] == names
    meta = yaml.safe_load((one / "cluster.yaml").read_text(encoding="utf-8"))
    assert (meta["data_nature"], meta["grid_region"], meta["provenance"]["utilisation_pct"]) == ("modelled", "Hebei", 79.2)
    assert str(tmp_path) not in (one / "cluster.yaml").read_text(encoding="utf-8") + (one / "README.md").read_text(encoding="utf-8")
    assert cli.main(["check", str(one), "--format", "json"]) == 0
    assert "unknown_table" not in {row["check"] for row in json.loads(capsys.readouterr().out)}


def test_the_command_says_what_is_missing(tmp_path, tracker, capsys):
    wrong = [
        (["--city", "Nowhere"], "No plant lies in Nowhere"),
        (["--city", "Far", "--year", "2003", "--utilisation-pct", "80"], "No plant of Far operated"),
    ]
    for options, text in [*wrong, (["--city", "Tiny", "--year", "2030"], "--utilisation-pct")]:
        assert cli.main(["import", "gem-steel", str(tracker), "--out", str(tmp_path / "x"), *options]) == 2
        assert text in capsys.readouterr().err and not (tmp_path / "x").exists()


def test_every_intensity_has_a_source_and_a_range():
    table = dictionary.read_table("steel_intensities")
    assert table["intensity_id"].is_unique and (table[["source", "seen_in", "confidence", "unit"]] != "").all().all()
    assert set(table["confidence"]) <= {"two_sources", "one_source", "derived"}, "nothing recalled is used"
    number = table[["quantity", "low", "high"]].apply(pd.to_numeric)
    assert (number["low"].fillna(number["quantity"]) <= number["quantity"]).all()
    assert (number["high"].fillna(number["quantity"]) >= number["quantity"]).all()
    published = dictionary.read_table("steel_published")
    assert (published[["source", "seen_in", "confidence", "note"]] != "").all().all()
    assert set(table.loc[table["role"] == "energy", "carrier"]) <= set(dictionary.codes("carriers"))
    assert set(table.loc[table["role"] == "process", "carrier"]) <= set(dictionary.codes("processes"))


@pytest.fixture(scope="module")
def shipped():
    """The shipped package, checked and compiled."""
    package = store.read_package(SHIPPED)
    filed = filing.check(package)
    return package, filed, inventory.compile(filed.tables, filed.meta, 2021)


def test_shipped_works_lie_in_hebei(shipped):
    firms = shipped[1].tables["enterprises"]
    assert len(firms) == 24 and (firms["name_zh"] != "").all()
    for axis, (least, most) in HEBEI.items():
        assert firms[axis].between(least, most).all()


def test_shipped_intensity_lies_within_what_is_published(shipped):
    _, filed, account = shipped
    products = filed.tables["products"]
    steel = products[products["product"] == "crude steel, converter"].groupby("enterprise_id")["quantity"].sum()
    electric = set(products.loc[products["product"] == "crude steel, electric", "enterprise_id"])
    per_t = account.rows.groupby("enterprise_id")["tco2e"].sum() / steel
    blown = per_t[per_t.notna() & ~per_t.index.isin(electric)]
    assert len(blown) == 21 and blown.between(*BOUNDS_TCO2_PER_T).all()
    short = account.rows[~account.rows["enterprise_id"].isin(steel.index)].groupby("enterprise_id")["tco2e"].sum()
    assert len(short) == 2 and (short / products.set_index("enterprise_id")["quantity"][short.index]).between(0.3, 0.8).all()


def test_reconciliation_agrees_with_the_inventory(shipped):
    _, filed, account = shipped
    tables = {name: filed.tables[name] for name in ("energy", "process", "products")}
    direct = account.rows[account.rows["scope"] == 1]["tco2e"].sum()
    assert gem_steel_package.direct_tco2(tables).sum() == pytest.approx(direct, rel=1e-4)
    total = gem_steel_package.power_tco2(tables, "Hebei", 2021).sum() + direct
    assert account.rows["tco2e"].sum() == pytest.approx(total, rel=1e-4)
    table = pd.read_csv(SHIPPED / "reconciliation.csv")
    assert (table["ratio"] - table["modelled"] / table["published"]).abs().max() < 1e-3
    steel = filed.tables["products"].query("product != 'hot metal'")["quantity"].sum()
    mine = table[(table["item"] == "crude_steel") & (table["region"] == "Tangshan") & (table["year"] == 2021)]
    assert mine["modelled"].iat[0] == pytest.approx(steel / 1e6, abs=1e-3) and "gap" in mine["note"].iat[0]
    assert account.rows["tco2e"].sum() / steel == pytest.approx(only(table, "modelled", item="total_tco2_per_t"), abs=1e-3)


@pytest.mark.slow
def test_shipped_package_has_no_error(capsys):
    assert cli.main(["check", str(SHIPPED), "--format", "csv"]) == 0
    assert ",error," not in capsys.readouterr().out


def test_tangshan_is_what_the_importer_writes(tmp_path):
    """The shipped package, rebuilt from the tracker with the command in its README, byte for byte."""
    words = shlex.split(yaml.safe_load((SHIPPED / "cluster.yaml").read_text(encoding="utf-8"))["provenance"]["command"])
    source = RAW / words[3]
    if not source.exists():
        pytest.skip("the tracker is not beside this repository; the shipped package cannot be rebuilt")
    out = words.index("--out")
    fresh = import_into(tmp_path / "tangshan-steel", source, words[4:out] + words[out + 2 :])
    names = sorted(path.name for path in fresh.iterdir())
    assert filecmp.cmpfiles(SHIPPED, fresh, names, shallow=False)[0] == names


def test_streams_are_cited_heat_times_output():
    """0.251 GJ on 1,256,517.9 t of sinter a year are 10,000.6 kW; works without iron have no stream of their own."""
    works = pd.DataFrame({"enterprise_id": ["W1", "W2"], "sinter": [1000000 * 1.2565179, 0.0], "hot_metal": [1000000.0, 0.0]})
    made = gem_steel_streams.streams(works).set_index("stream_id")
    assert list(made.index) == ["W1-sinter_cooler_air", "W1-slag_water"]
    assert made.at["W1-sinter_cooler_air", "duty_kw"] == pytest.approx(1256517.9 * 0.251e6 / 8760 / 3600, abs=1)
    assert made.at["W1-slag_water", "duty_kw"] == pytest.approx(350000 / 3.6 / 8.76, abs=1)
    assert made["unit_id"].tolist() == ["W1-SIN", "W1-BF"]


def test_streams_of_tangshan_meet_in_the_town_that_is_heated():
    """Two sources a works with iron, one town; cited temperatures let Jinxi alone heat Qianxi, and no stream touches the ledger."""
    filed = filing.check(store.read_package(SHIPPED))
    streams, unclear = pinch.prepare(filed.tables["streams"])
    levels = pinch.by_level(streams).set_index("level")
    assert {row for part in unclear for row in part["check"]} == {"stream_default"}
    assert len(streams) == 2 * filed.tables["units"]["kind"].eq("blast_furnace").sum() + 1
    cold = streams[streams["kind"] == "cold"]
    assert cold["enterprise_id"].tolist() == ["SCN00054"] and levels.at["cluster", "heating_kw"] == pytest.approx(196000)
    own = streams[(streams["enterprise_id"] == "SCN00054") & (streams["kind"] == "hot")].set_index("supply_c")["duty_kw"]
    usable = own[450] + own[85] * (85 - 55) / (85 - 50)  # water at 45 degC takes heat down to 55 degC, 10 K above
    jinxi = levels[levels["enterprise_id"] == "SCN00054"].iloc[0]
    assert jinxi["hot_utility_kw"] == pytest.approx(196000 - usable, abs=1)
