"""A technology catalogue out of a spreadsheet: headings, units, shares by hand, what is guarded, and what it proposes."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from tests.conftest import META, TABLES, Tiny

from workbench import cli, dictionary, findings, matching, price_indices, technologies, technology_commands
from workbench.errors import UserError
from workbench.importers import catalogue, catalogue_rows

HEADS = ["技术名称", "适用行业", "能源品种", "节能率（%）", "投资额（万元）", "年节能量（tce）", "寿命（年）", "备注"]
# 293.076 thousand yuan for 100 tce = 2930.76 GJ a year: 100 yuan per GJ
DRYER = ["闪蒸干燥", "造纸", "天然气", 5, 29.3076, 100, 12, "一期"]


def book(path, rows, title="节能技术目录（2023年版，%）", second=None):
    """A workbook with a line of title and the rows given; `second`: rows of another sheet."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "目录"
    sheet.append([title])
    for row in rows:
        sheet.append(row)
    if second:
        workbook.create_sheet("second").append(second)
    workbook.save(path)
    return path


def read(tmp_path, *rows, heads=HEADS, **options):
    """(rows, worded findings) of a catalogue with these lines under `heads`."""
    made, found = catalogue.read(book(tmp_path / "mine.xlsx", [heads, *rows]), price_year=2022, **options)
    return made, findings.collect(found)


def checks(found):
    return sorted(found["check"])


def test_a_line_of_a_chinese_catalogue_by_hand(tmp_path):
    made, found = read(tmp_path, DRYER)
    row = made.iloc[0]
    assert list(made.columns) == catalogue_rows.COLUMNS and found.empty
    assert row[["measure_id", "industry", "carrier", "label_en", "note"]].tolist() == [
        "own.闪蒸干燥", "paper", "natural_gas", "闪蒸干燥", "一期",
    ]  # fmt: skip
    assert row["fuel_saving_fraction"] == 0.05 and row["electricity_saving_fraction"] == 0
    assert row["capex_per_gj_year"] == pytest.approx(100) and row["lifetime_years"] == 12
    assert (row["currency"], row["price_year"], row["price_index"]) == ("CNY", 2022, "cn_producer_prices")
    assert row["source"] == "mine.xlsx, sheet 目录"


@pytest.mark.parametrize(
    ("heading", "amount", "currency", "per_gj"),
    [
        ("单位节能量投资（元/tce）", 2930.76, "CNY", 100),
        ("单位投资（万元/（tce·a））", 0.293076, "CNY", 100),
        ("Specific investment (USD/GJ)", 20, "USD", 20),
        ("capex_per_gj_year", 100, "CNY", 100),
        ("Investment per energy saved (EUR/MWh)", 36, "EUR", 10),
    ],
)
def test_capital_in_the_units_people_use(tmp_path, heading, amount, currency, per_gj):
    made, _ = read(tmp_path, ["Dryer", "paper", "natural gas", "5 %", amount, 10], heads=[
        "Technology", "Industry", "Carrier", "Saving share", heading, "Life (years)",
    ])  # fmt: skip
    assert made["capex_per_gj_year"].tolist() == [pytest.approx(per_gj)]
    assert made["currency"].tolist() == [currency] and made["fuel_saving_fraction"].tolist() == [0.05]


def test_a_cell_shown_as_a_percentage_is_read_as_the_share_it_holds(tmp_path):
    path = book(tmp_path / "mine.xlsx", [HEADS, DRYER, [*DRYER[:3], 0.05, *DRYER[4:]]])
    from openpyxl import load_workbook

    workbook = load_workbook(path)
    workbook.active["D4"].number_format = "0.0%"
    workbook.save(path)
    made, _ = catalogue.read(path, price_year=2022)
    assert made["fuel_saving_fraction"].tolist() == [0.05, 0.05]
    assert made["measure_id"].tolist() == ["own.闪蒸干燥", "own.闪蒸干燥-2"]


@pytest.mark.parametrize(
    ("place", "value", "check", "kept"),
    [
        (0, "", "technology_name", 0),
        (0, "=cmd|' /C calc'!A0", "technology_name", 0),
        (3, "约五成", "technology_without_saving", 0),
        (3, 150, "technology_share", 0),
        (3, -2, "technology_share", 0),
        (2, "魔力", "technology_carrier", 0),
        (2, "", "technology_saves_all", 1),
        (1, "纺织", "technology_industry", 1),
        (4, "=1+1", "technology_capex_missing", 1),
        (4, 293076, "technology_capex_band", 1),
        (4, -1, "technology_negative", 0),
        (6, "", "technology_life_missing", 1),
        (6, 60, "technology_life_band", 1),
        (6, 1200, "technology_life_range", 0),
    ],
)
def test_what_is_wrong_is_said_and_what_is_impossible_left_out(tmp_path, place, value, check, kept):
    made, found = read(tmp_path, [*DRYER[:place], value, *DRYER[place + 1 :]])
    assert check in checks(found) and len(made) == kept
    row = found[found["check"] == check].iloc[0]
    assert row["row"] == "3" and row["table"] == "catalogue"
    assert (kept == 0) == ((found["severity"] == "error") & found["check"].str.startswith("technology")).any()


def test_text_in_numbers_and_formulas_without_a_value_name_their_cell(tmp_path):
    _, found = read(tmp_path, [*DRYER[:4], "面议", "=A1", *DRYER[6:]])
    assert checks(found) == ["formula_without_value", "not_a_number", "technology_capex_missing"]
    assert found.set_index("check").at["not_a_number", "field"] == "投资额(万元)"


def test_a_name_that_a_spreadsheet_would_run_is_written_without_its_sign(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("name,carrier,saving share\n\"=cmd|' /C calc'!A0\",electricity,0.1\n", encoding="utf-8")
    made, _ = catalogue.read(path, price_year=2022)
    assert made["label_zh"].tolist() == ["cmd|' /C calc'!A0"] and made["measure_id"].str.fullmatch(r"own\.[\w-]+").all()


def test_a_unit_that_is_not_stated_is_said(tmp_path):
    made, found = read(tmp_path, DRYER, heads=[*HEADS[:4], "投资额", "年节能量", *HEADS[6:]])
    assert checks(found).count("technology_unit") == 2
    assert made["capex_per_gj_year"].tolist() == [pytest.approx(29.3076 / 2930.76)]


def test_families_groups_and_several_energies(tmp_path):
    rows = [["a", "", "煤炭"], ["b", "通用", "电力、天然气"], ["c", "钢铁、水泥行业", "电"]]
    made, _ = read(tmp_path, *[[*row, 1, 1, 1, 5, ""] for row in rows])
    assert set(made["carrier"][0].split(";")) == set(dictionary.carriers().query("family == 'coal'").index)
    assert made["industry"].tolist() == ["", "", "cement;steel"]
    assert made["carrier"].tolist()[1:] == ["electricity;natural_gas", "electricity"]
    assert made["electricity_saving_fraction"].tolist() == [0, 0.01, 0.01]
    assert made["fuel_saving_fraction"].tolist() == [0.01, 0.01, 0]


def test_no_sheet_no_heading_no_currency_are_one_line(tmp_path):
    path = book(tmp_path / "mine.xlsx", [["品名", "价格"], ["a", 1]])
    with pytest.raises(UserError, match="no sheet has the columns"):
        catalogue.read(path, price_year=2022)
    with pytest.raises(UserError, match="no sheet other"):
        catalogue.read(path, price_year=2022, sheet="other")
    with pytest.raises(UserError, match="no price index in XAU"):
        read(tmp_path, ["Meters", 0.1], heads=["name", "saving share"], currency="XAU")
    with pytest.raises(UserError, match="no price index 'gold'"):
        read(tmp_path, DRYER, price_index="gold")


def test_the_band_of_capital_is_that_of_the_library_in_the_money_of_the_row(tmp_path):
    library = technologies.measures()["capex_per_gj_year"]
    factor = price_indices.convert("USD", 2012, "CNY", 2022, "us_plant_cost").factor
    for per_gj, outside in ((library.max() * factor * 0.99, False), (library.max() * factor * 1.01, True)):
        heads = ["name", "industry", "carrier", "saving share", "capex per GJ (CNY/GJ)", "life"]
        _, found = read(tmp_path, ["x", "paper", "electricity", 0.1, per_gj, 10], heads=heads)
        assert (checks(found) == ["technology_capex_band"]) == outside and found.empty != outside


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(st.floats(-3, 3), st.floats(-100, 1e6), st.floats(-5, 200))
def test_whatever_is_kept_is_possible(share, capital, life):
    line = {"name": "x", "carrier": "electricity", "saving": str(share), "capex_specific": str(capital), "lifetime": str(life)}
    fields = dictionary.read_table("catalogue_headings")["field"]
    lines = pd.DataFrame([{field: line.get(field, "") for field in fields}], index=[2])
    terms = catalogue_rows.Terms("CNY", 2022, "cn_producer_prices", "test")
    made, found = catalogue_rows.build(lines, {"capex_specific": "(元/GJ)", "saving": "saving", "lifetime": "life"}, set(), terms)
    possible = 0 < share <= 1 and capital >= 0 and 0.5 <= life <= 100
    assert len(made) == possible
    assert possible or (findings.collect(found)["severity"] == "error").any()


def test_the_command_writes_a_catalogue_that_is_searched_and_proposed(tmp_path, capsys):
    path, out = book(tmp_path / "mine.xlsx", [HEADS, DRYER, [*DRYER[:3], 150, *DRYER[4:]]]), tmp_path / "mine.csv"
    assert cli.main(["import", "catalogue", str(path), "--price-year", "2022", "--out", str(out), "--lang", "zh"]) == 0
    assert "1 technologies; 1 findings" in capsys.readouterr().out
    assert "不在 0—1" in (tmp_path / "mine-findings.csv").read_text(encoding="utf-8")
    assert cli.main(["technologies", "干燥", "--own", str(out), "--format", "csv"]) == 0
    assert "own.闪蒸干燥" in capsys.readouterr().out
    firms = "enterprise_id,name,sector,sector_code\nA,Alpha,power,4411\nB,Beta,paper,2221\nC,Gamma,food,1411\n"
    case = Tiny(META, TABLES | {"enterprises": firms})
    folder = case.write(tmp_path / "package")
    own = technology_commands.read_own(out)
    found = technology_commands.propose(str(folder), own).projects.set_index("project_id")
    # 5 % of 100 x 10^4 Nm3 of gas at 389.31 GJ, 100 yuan a GJ
    ncv = case.inventory.rows.query("carrier == 'natural_gas'")["energy_gj"].sum()
    assert found.at["B-own-闪蒸干燥", "capex"] == round(0.05 * ncv * 100)
    assert found.at["B-own-闪蒸干燥", "evidence"].startswith("own catalogue, row own.闪蒸干燥")
    assert not found.index.str.startswith("C-own").any()
    assert cli.main(["technologies", "--own", str(out), "--for", str(folder), "--format", "json"]) == 0


def test_a_measure_for_every_industry_reaches_an_enterprise_without_a_code(tmp_path):
    own, _ = read(tmp_path, ["Meters", "", "electricity", 2, 29.3076, 100, 10, ""], ["Steam", "", "steam", 10, None, None, 10, ""])
    case = Tiny(META, TABLES)
    found = matching.candidates(case.checked.tables, case.inventory.rows, META, 2022, own)
    assert found.projects["enterprise_id"].tolist() == ["B", "C"]
    # 2 % of 2,000 and 4,000 MWh: 144 and 288 GJ at 100 yuan
    assert found.projects["capex"].tolist() == [14_400, 28_800]
    assert set(found.left_out["reason"]) == {"no_use"}
    assert found.savings[["carrier", "amount"]].drop_duplicates().values.tolist() == [["electricity", 0.02]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("0.05", "5"), "row 2: A saving of 5"),
        (("own.", "mine."), "begins with own."),
        (("lifetime_years", "life"), "lacks the columns"),
    ],
)
def test_an_edited_catalogue_is_guarded_again(tmp_path, change, said):
    made, _ = read(tmp_path, DRYER)
    path = tmp_path / "own.csv"
    path.write_text(made.to_csv(index=False).replace(*change), encoding="utf-8")
    with pytest.raises(UserError, match=said):
        technology_commands.read_own(path)


def test_headings_have_sources_and_words_known_codes():
    headings, words = dictionary.read_table("catalogue_headings"), dictionary.read_table("form_words")
    assert headings["field"].is_unique and (headings["source"] != "").all()
    industries = set(words.query("kind == 'industry'")["value"])
    assert industries == set(technologies.measures()["industry"])
    groups = set(words.query("kind == 'energy_group'")["value"])
    assert groups <= set(dictionary.carriers()["family"]) | {"fuel"}
