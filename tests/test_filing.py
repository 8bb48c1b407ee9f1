"""Bad input becomes findings, never tracebacks; what can be kept is kept."""

from __future__ import annotations

import string
from functools import cache

import openpyxl
import pandas as pd
import pytest

from conftest import META, TABLES
from workbench import dictionary, filing, findings, inventory, quality, store
from workbench.errors import PackageError

LEDGER = "enterprise_id,year,carrier,flow,quantity,unit,oxidation,ncv,month,quality\n"


def found(case) -> pd.DataFrame:
    return findings.collect(case.filed.findings + case.problems)


def only(case, check) -> pd.Series:
    rows = found(case)
    rows = rows[rows["check"] == check]
    assert len(rows) == 1, found(case)[["check", "table", "row", "field"]]
    return rows.iloc[0]


def test_a_clean_package_has_no_error(tiny):
    case = tiny()
    assert set(found(case)["severity"]) <= {"info"}
    assert all(len(case.filed.tables[name]) == TABLES[name].count("\n") - 1 for name in TABLES)


@pytest.mark.parametrize(
    ("row", "check", "field"),
    [
        ("A,2022,diesel,purchase,10,tons,,,,", "unknown_unit", "unit"),
        ("A,2022,diesel,purchase,ten,t,,,,", "not_a_number", "quantity"),
        ("A,2022,diesel,purchase,NaN,t,,,,", "not_a_number", "quantity"),
        ("A,2022,diesel,purchase,inf,t,,,,", "not_a_number", "quantity"),
        ("A,2022,diesel,purchase,-inf,t,,,,", "not_a_number", "quantity"),
        ("A,2022,diesel,purchase,1e999,t,,,,", "not_a_number", "quantity"),
        ("A,2022,diesel,purchase,,t,,,,", "missing_value", "quantity"),
        ("A,2022,diesel,purchase,-5,t,,,,", "negative_quantity", "quantity"),
        ("A,1800,diesel,purchase,5,t,,,,", "out_of_range", "year"),
        ("A,2022,dieseloil,purchase,5,t,,,,", "unknown_code", "carrier"),
        ("A,2022,diesel,bought,5,t,,,,", "unknown_code", "flow"),
        ("Z,2022,diesel,purchase,5,t,,,,", "unknown_enterprise", "enterprise_id"),
        (",2022,diesel,purchase,5,t,,,,", "missing_value", "enterprise_id"),
    ],
)
def test_a_required_cell_that_fails_sets_the_row_aside(tiny, row, check, field):
    case = tiny(energy=LEDGER + "A,2022,diesel,purchase,1,t,,,,\n" + row + "\n", projects=None, savings=None)
    finding = only(case, check)
    assert (finding["table"], finding["row"], finding["field"]) == ("energy", "3", field)
    assert finding["effect"] == "row_set_aside"
    assert len(case.checked.tables["energy"]) == 1
    aside = case.checked.set_aside
    assert aside[["table", "row"]].values.tolist() == [["energy", 3]]
    assert "diesel" in aside["content"].iat[0]
    assert case.items["cluster_total_tco2e"] == pytest.approx(3.0959, abs=1e-4)


@pytest.mark.parametrize(
    ("cells", "check", "field"),
    [
        ("98,,,", "oxidation_range", "oxidation"),
        ("high,,,", "not_a_number", "oxidation"),
        (",-1,,", "out_of_range", "ncv"),
        (",,13,", "out_of_range", "month"),
        (",,,Z", "unknown_code", "quality"),
        (",42652,,", "ncv_band", "ncv"),
    ],
)
def test_an_optional_cell_that_fails_is_ignored_and_the_row_kept(tiny, cells, check, field):
    case = tiny(energy=LEDGER + f"A,2022,diesel,purchase,1,t,{cells}\n", projects=None, savings=None)
    finding = only(case, check)
    assert (finding["row"], finding["field"], finding["effect"]) == ("2", field, "value_ignored")
    assert case.checked.set_aside.empty
    value = case.checked.tables["energy"][field].iat[0]
    assert pd.isna(value) or value == ""
    assert case.items["cluster_total_tco2e"] == pytest.approx(3.0959, abs=1e-4)


def test_numbers_as_people_write_them(tiny):
    case = tiny(
        energy=LEDGER + 'A,2022,diesel,purchase,"1,234.5",t,,,,\nB,2022,diesel,purchase,1.5e3,t,,,,\n', projects=None, savings=None
    )
    assert case.filed.tables["energy"]["quantity"].tolist() == [1234.5, 1500]
    odd = tiny(energy=LEDGER + 'A,2022,diesel,purchase,"1,23",t,,,,\n', projects=None, savings=None)
    assert only(odd, "not_a_number")["seen"] == "1,23"


def test_a_missing_table_and_a_missing_column(tiny):
    assert only(tiny(energy=None), "missing_table")["table"] == "energy"
    assert only(tiny(energy=LEDGER), "missing_table")["table"] == "energy"
    case = tiny(energy="enterprise_id,year,carrier,flow,quantity\nA,2022,diesel,purchase,5\n", projects=None, savings=None)
    assert only(case, "missing_column")["field"] == "unit"
    assert case.items["cluster_total_tco2e"] == 0


def test_an_extra_column_is_kept(tiny):
    case = tiny(enterprises="enterprise_id,name,sector,mood\nA,Alpha,power,good\nB,Beta,paper,fair\nC,Gamma,food,poor\n")
    assert only(case, "unknown_column")["field"] == "mood"
    assert case.filed.tables["enterprises"]["mood"].tolist() == ["good", "fair", "poor"]


def test_duplicates(tiny):
    twice = tiny(enterprises="enterprise_id,name,sector\nA,Alpha,power\nA,Alpha,power\nB,Beta,paper\nC,Gamma,food\n")
    assert only(twice, "duplicate_row")["expected"] == "2"
    assert twice.filed.tables["enterprises"]["enterprise_id"].tolist() == ["A", "B", "C"]
    code = tiny(enterprises="enterprise_id,name,sector\nA,Alpha,power\nA,Other,power\nB,Beta,paper\nC,Gamma,food\n")
    assert only(code, "duplicate_key")["row"] == "3"
    assert code.filed.tables["enterprises"]["name"].tolist() == ["Alpha", "Beta", "Gamma"]
    flow = tiny(energy=LEDGER + "A,2022,diesel,purchase,5,t,,,,A\nA,2022,diesel,purchase,5,t,,,,B\n", projects=None, savings=None)
    assert only(flow, "duplicate_flow")["effect"] == "kept" and len(flow.filed.tables["energy"]) == 2


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "@SUM(A1)", "javascript:alert(1)", "+HYPERLINK(1)"]
)
def test_names_that_a_browser_or_spreadsheet_might_run(tiny, name):
    firms = pd.DataFrame({"enterprise_id": ["A", "B", "C"], "name": [name, "-5 °C store", "Smith + Sons"], "sector": "x"})
    case = tiny(enterprises=firms)
    assert only(case, "suspicious_text")["seen"] == name
    assert case.filed.tables["enterprises"]["name"].iat[0] == name


def test_meta_that_is_incomplete(tiny):
    case = tiny(meta={"factor_set": "", "data_nature": "guessed"})
    rows = found(case)
    assert sorted(rows.loc[rows["check"] == "cluster_field", "field"]) == ["data_nature", "factor_set"]


def test_lost_references(tiny):
    case = tiny(
        savings="project_id,unit_id,carrier,mode,amount\nP1,U9,bituminous,fraction,0.1\nP7,,electricity,fraction,0.1\n",
        members="project_id,enterprise_id,capex_share\nP1,A,0.5\nP1,B,0.4\n",
        relations="project_id,relation,other_id\nP1,requires,P1\nP1,requires,P8\n",
        exchanges="exchange_id,year,from_enterprise,to_enterprise,commodity,quantity_sent,unit\nX,2022,A,Q,heat,1,GJ\n",
        groups="group_id,project_id,min_selected,max_selected\nG,P1,2,1\nG,P2,2,1\n",
    )
    rows = found(case)
    at = set(rows[["check", "table", "row", "effect"]].itertuples(index=False, name=None))
    assert ("unknown_reference", "savings", "2", "value_ignored") in at
    assert ("unknown_project", "savings", "3", "row_set_aside") in at
    assert ("unknown_project", "relations", "3", "row_set_aside") in at
    assert ("self_relation", "relations", "2", "row_set_aside") in at
    assert ("unknown_enterprise", "exchanges", "2", "row_set_aside") in at
    assert "shares_sum" in set(rows["check"])
    assert ("group_bounds", "groups", "2", "value_ignored") in at and ("group_bounds", "groups", "3", "value_ignored") in at
    assert case.checked.tables["groups"]["min_selected"].isna().all() and (case.checked.tables["groups"]["max_selected"] == 1).all()
    assert case.checked.tables["relations"].empty and len(case.checked.tables["savings"]) == 1


def test_a_finding_says_what_was_seen_though_the_value_is_ignored(tiny, tmp_path):
    """Every row of the column fails, so that nothing of it is left in the table."""
    case = tiny(savings="project_id,unit_id,carrier,mode,amount\nP1,U8,bituminous,fraction,0.1\nP2,U9,electricity,fraction,0.1\n")
    filed = filing.check(store.read_package(case.write(tmp_path)))
    lost = next(part for part in filed.findings if "unknown_reference" in set(part.get("check", ())))
    assert lost["seen"].tolist() == ["U8", "U9"] and set(lost["effect"]) == {"value_ignored"}
    assert filed.tables["savings"]["unit_id"].isna().all()


def test_rows_alike_in_their_key_are_copies_only_when_alike_throughout(tiny):
    savings = "project_id,carrier,mode,amount\nP1,bituminous,fraction,0.1\nP1,bituminous,fraction,0.2\nP1,bituminous,fraction,0.1\n"
    case = tiny(savings=savings)
    copy = only(case, "duplicate_row")
    assert (copy["row"], copy["expected"]) == ("4", "2")
    assert case.filed.tables["savings"]["row"].tolist() == [2, 3]


def test_efforts_nobody_could_be_held_to(tiny):
    """D files nothing in 2022; only the last row is an effort: 2 % of C's 2,300 t."""
    case = tiny(
        enterprises="enterprise_id,name,sector,value_added\nA,Alpha,power,1\nB,Beta,paper,1\nC,Gamma,food,1\nD,Delta,glass,1\n",
        efforts=(
            "scope,name,min_reduction_pct,min_tco2e\nenterprise,Gama,5,\nsector,papr,,10\narea,harbour,5,\nsector,glass,5,\n"
            "enterprise,D,,1\nenterprise,A,,\nenterprise, C ,2,\n"
        ),
    )
    rows = found(case)
    rows = rows[rows["table"] == "efforts"].sort_values("row")
    assert list(zip(rows["row"], rows["check"], strict=True)) == [
        ("2", "effort_unknown"), ("3", "effort_unknown"), ("4", "effort_unknown"), ("5", "effort_without_emissions"),
        ("6", "effort_without_emissions"), ("7", "effort_without_amount"),
    ]  # fmt: skip
    assert set(rows["effect"]) == {"row_set_aside"} and "paper" in rows["what_to_do"].iloc[1]
    (held,) = case.problem(objective="capex").caps
    assert held.members == ("C",) and held.at_most == pytest.approx(0.98 * 2300)


def test_price_that_is_a_thousandfold_off(tiny):
    rows = "".join(
        f"{e},2022,electricity,purchase,{q},MWh,{c}\n" for e, q, c in [("A", 100, 50000), ("B", 200, 100000), ("C", 0.3, 150000)]
    )
    case = tiny(energy="enterprise_id,year,carrier,flow,quantity,unit,cost\n" + rows, projects=None, savings=None)
    assert only(case, "price_magnitude")["row"] == "4"


def test_uncosted_projects_are_listed_and_never_selected(tiny):
    case = tiny(
        projects="project_id,name,enterprise_id,capex,lifetime_years\nP1,Boiler,A,,10\nP2,Motors,C,10,10\nP3,Light,C,10,10\n"
    )
    assert only(case, "missing_capex")["row"] == "2"
    assert case.assess().projects.set_index("project_id")["eligible"].to_dict() == {"P1": 0, "P2": 1, "P3": 1}


# ---------------------------------------------------------------- files


def read(folder, **files):
    """The package in `folder` with some files written over, bytes as given."""
    for name, content in files.items():
        (folder / f"{name}.csv").write_bytes(content)
    return filing.check(store.read_package(folder))


def checks(filed) -> list[str]:
    return sorted(set(findings.collect(filed.findings)["check"]) - {"synthetic_data"})


def test_a_folder_comes_back_as_it_was_filed(tiny, tmp_path):
    filed = read(tiny().write(tmp_path))
    assert checks(filed) == []
    expected = tiny().filed.tables
    for name in TABLES:
        pd.testing.assert_frame_equal(filed.tables[name], expected[name], check_dtype=False)


def test_gb18030_and_bom(tiny, tmp_path):
    text = "enterprise_id,name,sector\nA,钢铁厂,钢铁\nB,Beta,paper\nC,Gamma,food\n"
    tiny().write(tmp_path)
    for encoding, expected in (("gb18030", ["encoding"]), ("utf-8-sig", []), ("utf-8", [])):
        filed = read(tmp_path, enterprises=text.encode(encoding))
        assert checks(filed) == expected
        assert filed.tables["enterprises"]["name"].iat[0] == "钢铁厂"


def test_line_ends_blank_lines_and_spaces(tiny, tmp_path):
    filed = read(
        tiny().write(tmp_path),
        enterprises=b"enterprise_id , name,sector\r\n\r\n A ,Alpha, power\r\n,,\r\nB,Beta,paper\r\nC,Gamma,food\r\n\r\n",
    )
    assert checks(filed) == []
    assert filed.tables["enterprises"]["enterprise_id"].tolist() == ["A", "B", "C"]
    assert filed.tables["enterprises"]["row"].tolist() == [3, 5, 6]


def test_ragged_rows(tiny, tmp_path):
    tiny().write(tmp_path)
    long = read(tmp_path, enterprises=b"enterprise_id,name,sector\nA,Alpha,power\n\nB,Beta,paper,surplus\nC,Gamma,food\n")
    assert checks(long) == ["ragged_row"]
    assert long.tables["enterprises"]["enterprise_id"].tolist() == ["A", "B", "C"]
    short = read(tmp_path, enterprises=b"enterprise_id,name,sector\nA,Alpha\nB,Beta,paper\nC,Gamma,food\n")
    assert "missing_value" in checks(short)
    assert short.tables["enterprises"]["enterprise_id"].tolist() == ["B", "C"]
    both = read(tmp_path, enterprises=b"enterprise_id,name,sector\nA,Alpha\nB,Beta,paper,x\nC,Gamma,food\n")
    assert {"missing_value", "ragged_row"} <= set(checks(both))
    assert both.tables["enterprises"]["enterprise_id"].tolist() == ["B", "C"]


@pytest.mark.parametrize("rows", [b"A,Alpha,power,surplus\nB,Beta,paper\n", b'A,"Alpha,power\nB,Beta,paper\nC,Gamma,food\n'])
def test_nothing_of_a_file_is_lost_in_silence(tiny, tmp_path, rows):
    filed = read(tiny().write(tmp_path), enterprises=b"enterprise_id,name,sector\n" + rows)
    assert "ragged_row" in checks(filed)


def test_doubled_columns_and_stray_files(tiny, tmp_path):
    filed = read(
        tiny().write(tmp_path),
        enterprises=b"enterprise_id,name,sector,name\nA,Alpha,x,1\nB,Beta,x,2\nC,Gamma,x,3\n",
        stray=b"a\n1\n",
    )
    assert {"unknown_table"} <= set(checks(filed))
    assert filed.tables["enterprises"]["name"].tolist() == ["Alpha", "Beta", "Gamma"]


@pytest.mark.parametrize("content", [b"", b"\n", b"enterprise_id,name,sector\n", b"\xef\xbb\xbf", b",,\n,,\n"])
def test_empty_files(tiny, tmp_path, content):
    filed = read(tiny().write(tmp_path), enterprises=content, projects=content)
    assert {"missing_table", "unknown_enterprise"} <= set(checks(filed)) or "missing_column" in checks(filed)
    assert filed.tables["enterprises"].empty
    quality.check(filed, 2022)


def test_what_cannot_be_read_says_so_in_one_line(tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "cluster.yaml").write_text("id: [", encoding="utf-8")
    (tmp_path / "bare").mkdir()
    (tmp_path / "book.xlsx").write_text("no workbook")
    (tmp_path / "data.txt").write_text("x")
    for name in ("nowhere", "bad", "bare", "book.xlsx", "data.txt"):
        with pytest.raises(PackageError) as error:
            store.read_package(tmp_path / name)
        assert "\n" not in str(error.value) and len(str(error.value)) > 20


def workbook(path, tables, meta=META):
    book = openpyxl.Workbook()
    book.remove(book.active)
    if meta is not None:
        sheet = book.create_sheet("cluster")
        for key, value in meta.items():
            for row in [(f"name_{k}", v) for k, v in value.items()] if key == "name" else [(key, value)]:
                sheet.append(row)
    for name, text in tables.items():
        sheet = book.create_sheet(name)
        for line in text.splitlines():
            sheet.append([float(c) if c.replace(".", "", 1).isdigit() else c or None for c in line.split(",")])
    book.save(path)
    return path


OWN_DIESEL = "carrier,unit,ncv_gj_per_unit,carbon_tc_per_gj,oxidation\ndiesel,t,40,0.02,1\n"


def test_a_factor_set_may_be_the_path_of_an_own_table(tiny, tmp_path):
    """40 GJ/t x 0.02 tC/GJ x 44/12 = 2.9333 t; behind it stands the country's set."""
    meta = META | {"factor_set": "mine.csv"}
    energy = "enterprise_id,year,carrier,flow,quantity,unit\nC,2022,diesel,purchase,1,t\nC,2022,coke,purchase,1,t\n"
    folder = tiny(meta=meta, energy=energy).write(tmp_path / "package")
    book = workbook(tmp_path / "book.xlsx", TABLES | {"energy": energy}, meta)
    with pytest.raises(PackageError, match="factor_set names mine.csv, and there is no such file"):
        store.read_package(folder)
    for path in (folder / "mine.csv", tmp_path / "mine.csv"):
        path.write_text(OWN_DIESEL, encoding="utf-8")
    for given in (folder, book):
        package = store.read_package(given)
        assert "mine.csv" in package.files
        filed = filing.check(package)
        doubts = quality.check(filed, 2022)
        assert "factor_without_source" in {name for part in doubts for name in part["check"]}
        made = inventory.compile(filing.apply(filed, doubts).tables, filed.meta, 2022)
        rows = made.rows.set_index("carrier")
        assert rows.at["diesel", "tco2e"] == pytest.approx(40 * 0.02 * 44 / 12)
        assert rows.at["diesel", "factor_level"] == "local"
        assert rows.at["coke", "factor_id"] == "cn-f1:coke"


def test_a_workbook_says_the_same_as_a_folder(tiny, tmp_path):
    filed = filing.check(store.read_package(workbook(tmp_path / "tiny.xlsx", TABLES)))
    assert checks(filed) == []
    assert filed.meta == META
    expected = tiny().filed.tables
    for name in TABLES:
        pd.testing.assert_frame_equal(filed.tables[name], expected[name], check_dtype=False)


def test_a_formula_without_value(tmp_path):
    ledger = (
        "enterprise_id,year,carrier,flow,quantity,unit,oxidation,note\nA,2022,diesel,purchase,=1+1,t,,\n"
        "B,2022,diesel,purchase,2,t,=1/2,\nC,2022,diesel,purchase,3,t,,x\n"
    )
    filed = filing.check(store.read_package(workbook(tmp_path / "tiny.xlsx", TABLES | {"energy": ledger})))
    rows = findings.collect(filed.findings)
    rows = rows[rows["check"] == "formula_without_value"].sort_values("row")
    assert rows[["row", "field", "effect"]].values.tolist() == [
        ["2", "quantity", "row_set_aside"],
        ["3", "oxidation", "value_ignored"],
    ]
    assert filed.tables["energy"]["quantity"].tolist() == [2, 3]
    assert filed.tables["energy"]["oxidation"].isna().all()


def test_a_workbook_without_sheets(tmp_path):
    filed = filing.check(store.read_package(workbook(tmp_path / "tiny.xlsx", {"oddments": "a\n1\n"})))
    assert {"missing_table", "unknown_table"} == set(checks(filed))
    with pytest.raises(PackageError, match="cluster"):
        store.read_package(workbook(tmp_path / "none.xlsx", TABLES, meta=None))


# ---------------------------------------------------------------- wording

VALUES = {"table": "energy", "field": "quantity", "seen": "1.5 {t}", "expected": "2 {GJ}"}


@cache
def worded(lang):
    """One finding of every check, in words, by check."""
    place = {"table": "energy", "field": "quantity", "seen": "SEEN", "expected": "EXPECTED"}
    rows = findings.collect([findings.raw(check, **place) for check in findings.catalogue().index], lang)
    assert rows["check"].is_unique
    return rows.set_index("check")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("check", list(findings.catalogue().index))
def test_every_check_is_worded_in_both_languages(check, lang):
    row = worded(lang).loc[check]
    for text, pattern in ((row["message"], f"message_{lang}"), (row["what_to_do"], f"what_{lang}")):
        asked = {name for _, name, _, _ in string.Formatter().parse(findings.catalogue().at[check, pattern]) if name}
        assert asked <= {"table", "field", "seen", "expected"}
        assert text and "{" not in text and "}" not in text
        assert all({"seen": "SEEN", "expected": "EXPECTED"}.get(name, "") in text for name in asked)
        assert (lang == "zh") == any("\u4e00" <= c <= "\u9fff" for c in text) or text == "SEEN"
    assert row["severity"] in findings.SEVERITIES
    assert row["effect"] == "kept"


def test_both_languages_ask_for_the_same_values():
    for check, row in findings.catalogue().iterrows():
        for part in ("message", "what"):
            asked = [{name for _, name, _, _ in string.Formatter().parse(row[f"{part}_{lang}"]) if name} for lang in ("en", "zh")]
            assert asked[0] == asked[1], check


def test_braces_in_data_are_not_read_as_names():
    row = findings.collect([findings.raw("unknown_unit", table="energy", field="unit", seen="{t}", expected="{}")]).iloc[0]
    assert "{t}" in row["message"]


def test_findings_are_numbered_alike_whatever_their_order():
    parts = [findings.raw("missing_table", table=name) for name in dictionary.names()]
    one, other = findings.collect(parts), findings.collect(parts[::-1] + parts)
    pd.testing.assert_frame_equal(one, other)
    assert one["finding_id"].is_unique


def test_units_in_a_circle_or_below_another_firm_are_findings_and_the_work_goes_on(tiny):
    units = (
        "unit_id,enterprise_id,name,kind,parent_unit\nU1,A,Boiler,boiler,U2\nU2,A,House,,U1\nU3,A,Fan,,U1\nU4,B,Pump,,U1\n"
        "U5,B,Line,,nowhere\nU6,B,Loop,,U6\n"
    )
    case = tiny(units=units)
    found = case.findings().query("table == 'units' and field == 'parent_unit'")
    seen = {(row.check, row.seen) for row in found.itertuples()}
    assert seen == {
        ("unit_circle", "U1"), ("unit_circle", "U2"), ("unit_circle", "U6"), ("unit_of_another", "U4"),
        ("unknown_reference", "nowhere"),
    }  # fmt: skip
    assert set(found["effect"]) == {"value_ignored"}
    kept = case.checked.tables["units"].set_index("unit_id")["parent_unit"].fillna("")
    assert kept.to_dict() == {"U1": "", "U2": "", "U3": "U1", "U4": "", "U5": "", "U6": ""}
    assert len(case.assess().projects) == 3
