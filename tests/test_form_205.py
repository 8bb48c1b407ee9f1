"""Form 205-1 → package: layouts, units, money, sums and parts, what is said instead of guessed.

The headings are those of the form as coded in github foolsogood/custom-ele-table example/src/mock/func_5.js; the figures are
made up so that a reader can check them by hand.
"""

import csv

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from workbench import dictionary, filing, findings, inventory, store
from workbench.cli import main
from workbench.errors import UserError
from workbench.importers import form_205, form_205_lines, form_notes, form_package, form_sheet
from workbench.package_commands import findings_of

EXACT = ["能源名称", "计量单位", "代码", "年初库存量", "购进量", "购进金额（千元）", "消费合计", "工业生产消费", "用于原材料",
         "非工业生产消费", "运输工具消费", "年末库存量", "采用折标系数", "参考折标系数"]  # fmt: skip
COAL = ["原煤", "吨", "01", 1000, 10000, 7000, 9500, 9400, None, 100, 10, 1500, 0.75, 0.7143]
DIESEL = ["柴油", "吨", "21", 0, 100, 750, 100, 100, None, 0, 80, 0, 1.4571, 1.4571]
GAS = ["天然气（气态）", "万立方米", "15", None, 50, 1500, 50, 50, None, None, None, None, 13.3, 13.3]
POWER = ["电力", "万千瓦时", "33", None, 200, 1260, 200, 190, None, 10, None, None, 1.229, 1.229]
# 9500 x 0.75 + 100 x 1.4571 + 50 x 13.3 + 200 x 1.229 = 7125 + 145.71 + 665 + 245.8 = 8181.51
TOTAL = ["能源合计", "吨标准煤", "40", None, None, 10510, 8181.51, None, None, None, None, None, None, None]
FOOT = ["单位负责人：", None, None, "填表人："]


def book(path, rows, title="能源购进、消费与库存"):
    """A workbook with a title, a line of the firm and the rows given."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.append([title])
    sheet.append(["单位详细名称：东岭钢铁有限公司"])
    for row in rows:
        sheet.append(row)
    workbook.save(path)
    return path


def read(path, **options):
    return form_205.read(path, "E1", 2023, **options)


def quantities(made):
    energy = made["energy"]
    return {(r.carrier, r.flow): r.quantity for r in energy.itertuples()}


def said(made):
    """Messages of the notes, by severity."""
    notes = form_notes.frame(made["notes"])
    return {level: " | ".join(notes.loc[notes["severity"] == level, "message"]) for level in ("error", "warning", "info")}


@pytest.fixture
def exact(tmp_path):
    return book(tmp_path / "plant.xlsx", [EXACT, COAL, DIESEL, GAS, POWER, TOTAL, FOOT])


EXPECTED = {
    ("bituminous", "opening_stock"): 1000, ("bituminous", "purchase"): 10000, ("bituminous", "consumption"): 9500,
    ("bituminous", "closing_stock"): 1500, ("diesel", "purchase"): 100, ("diesel", "consumption"): 100,
    ("natural_gas", "purchase"): 50, ("natural_gas", "consumption"): 50,
    ("electricity", "purchase"): 200, ("electricity", "consumption"): 200,
}  # fmt: skip


def test_exact_headings_give_the_ledger(exact):
    made = read(exact)
    energy = made["energy"]
    assert quantities(made) == EXPECTED
    bought = energy[energy["flow"] == "purchase"].set_index("carrier")
    assert bought["cost"].to_dict() == {"bituminous": 7e6, "diesel": 750e3, "natural_gas": 1.5e6, "electricity": 1.26e6}
    assert bought["unit"].to_dict() == {"bituminous": "t", "diesel": "t", "natural_gas": "10^4 Nm3", "electricity": "10^4 kWh"}
    assert made["enterprises"]["name"].item() == "东岭钢铁有限公司"
    assert energy.loc[energy["flow"] != "purchase", "cost"].isna().all()


def test_own_coefficient_is_a_heating_value_and_a_statistical_one_is_not(exact):
    ncv = read(exact)["energy"].groupby("carrier")["ncv"].first()
    assert ncv["bituminous"] == pytest.approx(0.75 * 29.3076)
    assert ncv.drop("bituminous").isna().all()
    assert "reference 0.7143" in read(exact)["energy"]["note"].iloc[0]


def test_total_row_and_footer_are_said_and_not_read(exact):
    notes = said(read(exact))
    assert "能源合计 is a total" in notes["info"]
    assert "单位负责人" in notes["info"]
    assert "add up to 8,181.51 tce, the total row says 8,181.51 tce" in notes["info"]
    assert notes["error"] == ""


def test_inventory_of_raw_coal_by_hand(exact, tmp_path):
    """9,500 t x 21.9807 GJ/t x 0.0261 x 0.93 x 44/12 = 18,584.9 t; 200 x 10^4 kWh are 2,000 MWh; 100 t of diesel 309.6 t."""
    out = tmp_path / "park"
    args = ["import", "form-205-1", str(exact), "--year", "2023", "--grid-region", "shandong", "--out", str(out)]
    assert main(args) == 0
    filed = filing.check(store.read_package(out))
    rows = inventory.compile(filed.tables, filed.meta, 2023).rows.groupby("carrier")[["activity", "tco2e"]].sum()
    assert rows.at["bituminous", "tco2e"] == pytest.approx(9500 * 0.75 * 29.3076 * 0.0261 * 0.93 * 44 / 12)
    assert rows.at["bituminous", "tco2e"] == pytest.approx(18584.9, abs=0.05)
    assert rows.at["electricity", "activity"] == pytest.approx(2000)
    assert rows.at["diesel", "tco2e"] == pytest.approx(100 * 42.652 * 0.0202 * 0.98 * 44 / 12)
    found = findings_of(str(out))
    assert found.loc[found["severity"] == "error", "message"].tolist() == []
    assert main(["check", str(out)]) == 0


def test_columns_may_stand_in_any_order(tmp_path):
    order = [12, 6, 4, 0, 3, 11, 2, 1, 5, 9, 7, 8, 13, 10]
    rows = [[row[place] for place in order] for row in (EXACT, COAL, DIESEL, GAS, POWER)]
    assert quantities(read(book(tmp_path / "p.xlsx", rows))) == EXPECTED


def test_headings_with_line_breaks_blanks_and_units(tmp_path):
    heads = ["能源\n名称", "计量 单位", "代 码", "年初\n库存量", "购进量（实物量）", "购进\n金额\n（千元）", "消费量\n合计",
             "工业生产\n消费", "其中：\n用于原材料", "非工业\n生产消费", "合计中：运输工具消费", "期末库存量", "采用折标\n系数",
             "参考折标\n系数"]  # fmt: skip
    assert quantities(read(book(tmp_path / "p.xlsx", [heads, COAL, DIESEL, GAS, POWER]))) == EXPECTED


def merged(path):
    """The form as printed: headings over two rows, merged, and a row that numbers the columns."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["能源购进、消费与库存"])
    sheet.append(
        [
            "能源名称",
            "计量单位",
            "代码",
            "年初库存量",
            "购进量",
            "",
            "消费量",
            "",
            "",
            "",
            "",
            "期末库存量",
            "采用折标系数",
            "参考折标系数",
        ]
    )
    sheet.append(
        ["", "", "", "", "实物量", "金额(千元)", "合计", "工业生产消费", "用于原材料", "非工业生产消费", "合计中：运输工具消费"]
    )
    sheet.append(["甲", "乙", "丙", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, "丁"])
    for area in ("E2:F2", "G2:K2", "A2:A3", "B2:B3", "C2:C3", "D2:D3", "L2:L3", "M2:M3", "N2:N3", "A1:N1"):
        sheet.merge_cells(area)
    for row in (COAL, DIESEL, GAS, POWER, TOTAL):
        sheet.append(row)
    workbook.save(path)
    return path


def test_merged_headings_over_two_rows(tmp_path):
    made = read(merged(tmp_path / "p.xlsx"))
    assert quantities(made) == EXPECTED
    assert "合计中:运输工具消费" in said(made)["info"]
    assert made["energy"]["cost"].max() == 7e6


def test_english_headings(tmp_path):
    heads = ["Energy", "Unit", "Code", "Opening stock", "Purchases", "Purchase value (thousand yuan)", "Total consumption",
             "Industrial production use", "Of which raw material", "Non-industrial use", "Transport", "Closing stock",
             "Coefficient used", "Reference coefficient"]  # fmt: skip
    named = zip(("Raw coal", "Diesel", "Natural gas", "Electricity"), ("t", "tonne", "10^4 m3", "10^4 kWh"), strict=True)
    rows = [[name, unit, *row[2:]] for (name, unit), row in zip(named, (COAL, DIESEL, GAS, POWER), strict=True)]
    made = read(book(tmp_path / "p.xlsx", [heads, *rows], title="Form 205-1"))
    assert quantities(made) == EXPECTED
    assert made["energy"]["cost"].max() == 7e6


def test_csv_in_gbk_with_numbers_as_text(tmp_path):
    path = tmp_path / "plant.csv"
    coal = ["原煤", "吨", "1", "1,000", "10,000.0", "７０００", "9 500", "9400", "—", "100", "10", "1,500", "0.75", "0.7143"]
    with path.open("w", encoding="gbk", newline="") as file:
        csv.writer(file).writerows([EXACT, coal, DIESEL, GAS, POWER])
    made = read(path)
    assert quantities(made) == EXPECTED
    assert "not UTF-8" in said(made)["info"]


@pytest.mark.parametrize(("left_out", "word"), [("消费合计", "消费量合计 (consumption)"), ("能源名称", "能源名称 (name)")])
def test_missing_column_is_named_in_one_line(tmp_path, left_out, word):
    places = [i for i, head in enumerate(EXACT) if head != left_out and head not in ("工业生产消费", "代码")]
    with pytest.raises(UserError) as error:
        read(book(tmp_path / "p.xlsx", [[row[i] for i in places] for row in (EXACT, COAL)]))
    assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_no_form_at_all(tmp_path):
    with pytest.raises(UserError, match="headings found: none"):
        read(book(tmp_path / "p.xlsx", [["a", "b"], [1, 2]]))
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(UserError, match="cannot be opened"):
        read(tmp_path / "broken.xlsx")
    with pytest.raises(UserError, match="there is no file"):
        read(tmp_path / "absent.xlsx")


def test_absent_stock_columns_are_said(tmp_path):
    rows = [[row[i] for i in (0, 1, 4, 6)] for row in (EXACT, DIESEL)]
    made = read(book(tmp_path / "p.xlsx", rows))
    assert quantities(made) == {("diesel", "purchase"): 100, ("diesel", "consumption"): 100}
    assert "no column for opening, closing" in said(made)["warning"]


def test_total_consumption_out_of_its_parts(tmp_path):
    rows = [[row[i] for i in (0, 1, 4, 7, 9)] for row in (EXACT, POWER)]
    assert quantities(read(book(tmp_path / "p.xlsx", rows)))[("electricity", "consumption")] == 200


def test_formula_without_value_and_words_in_numbers(tmp_path):
    coal = ["=1+1" if place == 4 else cell for place, cell in enumerate(COAL)]
    diesel = ["约100" if place == 6 else cell for place, cell in enumerate(DIESEL)]
    made = read(book(tmp_path / "p.xlsx", [EXACT, coal, diesel]))
    assert ("bituminous", "purchase") not in quantities(made)
    assert "购进量 holds a formula without a saved value" in said(made)["error"]
    assert "消费合计 holds 约100, which is no number" in said(made)["error"]
    assert quantities(made)[("diesel", "consumption")] == 100  # out of industrial and non-industrial use


def test_kinds_of_coal_are_not_added_to_raw_coal(tmp_path):
    raw = ["原煤", "吨", "01", None, 300, None, 300, 300, None, None, None, None, 0.7143, 0.7143]
    one = ["其中：1.无烟煤", "吨", "02", None, 100, None, 100, 100, None, None, None, None, 0.7143, 0.7143]
    two = ["2.一般烟煤", "吨", "04", None, 200, None, 200, 200, None, None, None, None, 0.7143, 0.7143]
    made = read(book(tmp_path / "p.xlsx", [EXACT, raw, one, two]))
    used = {c: q for (c, flow), q in quantities(made).items() if flow == "consumption"}
    assert used == {"anthracite": 100, "bituminous": 200}
    assert "原煤 is the sum of lines below it" in said(made)["info"]
    raw[6] = 400
    assert "214.29 tce" in said(read(book(tmp_path / "q.xlsx", [EXACT, raw, one, two])))["warning"]


def test_raw_coal_says_which_kind_it_counts_as(tmp_path):
    path = book(tmp_path / "p.xlsx", [EXACT, COAL])
    assert "counted as bituminous" in said(read(path))["warning"]
    assert set(read(path, raw_coal="anthracite")["energy"]["carrier"]) == {"anthracite"}


def test_raw_material_is_non_energy_use_and_the_balance_closes(tmp_path):
    row = ["天然气", "万立方米", "15", None, 100, None, 100, 100, 30, None, None, None, 13.3, 13.3]
    made = read(book(tmp_path / "p.xlsx", [EXACT, row]))
    assert quantities(made) == {
        ("natural_gas", "purchase"): 100, ("natural_gas", "consumption"): 70, ("natural_gas", "non_energy_use"): 30,
    }  # fmt: skip
    row[8] = 130
    made = read(book(tmp_path / "q.xlsx", [EXACT, row]))
    assert quantities(made)[("natural_gas", "consumption")] == 100
    assert "more than industrial production use (100)" in said(made)["error"]


def test_balance_that_does_not_close_and_what_a_works_makes_itself(tmp_path):
    coal = [*COAL[:11], 500, *COAL[12:]]  # 1000 + 10000 - 9500 - 500 = 1000
    gas = ["高炉煤气", "万立方米", "12", None, None, None, 5000, 5000, None, None, None, None, 1.286, 1.286]
    power = [*POWER[:4], 120, 700, *POWER[6:]]
    made = read(book(tmp_path / "p.xlsx", [EXACT, coal, gas, power]))
    assert "leaves 1,000 t unexplained" in said(made)["warning"]
    assert quantities(made)[("blast_furnace_gas", "self_generation")] == 5000
    assert quantities(made)[("electricity", "self_generation")] == 80
    assert ("bituminous", "self_generation") not in quantities(made)


def test_own_production_and_raw_material_close_the_balance_of_the_inventory(tmp_path):
    """Bought power 120 x 10^4 kWh = 1,200 MWh counts, own 80 do not; own furnace gas counts at the coke; gas 100 - 30 = 70."""
    gas = ["天然气", "万标立方米", "15", None, 100, None, 100, 100, 30, None, None, None, None, None]
    own = ["高炉煤气", "万立方米", "12", None, None, None, 5000, 5000, None, None, None, None, None, None]
    power = [*POWER[:4], 120, 700, *POWER[6:]]
    path, out = book(tmp_path / "p.xlsx", [EXACT, gas, own, power]), tmp_path / "park"
    assert main(["import", "form-205-1", str(path), "--year", "2023", "--grid-region", "shandong", "--out", str(out)]) == 0
    filed = filing.check(store.read_package(out))
    account = inventory.compile(filed.tables, filed.meta, 2023)
    used = account.rows.groupby("carrier")["activity"].sum()
    assert used.to_dict() == pytest.approx({"natural_gas": 70, "blast_furnace_gas": 0, "electricity": 1200})
    found = findings.collect(account.findings)
    assert not found["check"].isin(["consumption_mismatch", "negative_consumption"]).any()


def test_sheet_with_most_headings_is_read_and_the_other_is_said(tmp_path):
    workbook = Workbook()
    other = workbook.active
    other.title = "205-2"
    for row in (["能源名称", "计量单位", "代码", "工业生产消费量", "火力发电"], ["柴油", "吨", "21", 7, 7]):
        other.append(row)
    sheet = workbook.create_sheet("205-1")
    for row in (EXACT, DIESEL):
        sheet.append(row)
    workbook.save(tmp_path / "p.xlsx")
    made = read(tmp_path / "p.xlsx")
    assert quantities(made)[("diesel", "consumption")] == 100
    assert "Only sheet 205-1 is read; these look like the form too: 205-2" in said(made)["warning"]
    assert quantities(read(tmp_path / "p.xlsx", sheet="205-2")) == {("diesel", "consumption"): 7}


def test_units_in_the_name_and_coefficients_in_another_unit(tmp_path):
    heads = ["能源名称", "购进量", "消费量", "采用折标系数", "参考折标系数"]
    rows = [["电力（万千瓦时）", 5, 5, None, None], ["天然气（万立方米）", 10, 10, 1.25, 1.33]]
    made = read(book(tmp_path / "p.xlsx", [heads, *rows]))
    units = made["energy"].groupby("carrier")["unit"].first()
    assert units.to_dict() == {"electricity": "10^4 kWh", "natural_gas": "10^4 Nm3"}
    assert made["energy"]["ncv"].isna().all()
    assert "far from the reference 13.3" in said(made)["error"]


def test_unknown_lines_and_units_are_kept_out_and_said(tmp_path):
    strange = ["氢气", "吨", "", None, 5, None, 5, 5, None, None, None, None, None, None]
    pounds = ["汽油", "桶", "19", None, 5, None, 5, 5, None, None, None, None, None, None]
    made = read(book(tmp_path / "p.xlsx", [EXACT, strange, pounds, DIESEL]))
    assert {carrier for carrier, _ in quantities(made)} == {"diesel"}
    assert "氢气 is no known line" in said(made)["error"]
    assert "Unit 桶 is not known" in said(made)["error"]


def test_name_before_code_and_code_where_the_name_is_not_known(tmp_path):
    diesel = ["柴油", "吨", "19", *DIESEL[3:]]
    coke = ["冶金焦", "吨", 9.0, None, 10, None, 10, 10, None, None, None, None, None, None]
    made = read(book(tmp_path / "p.xlsx", [EXACT, diesel, coke]))
    assert {carrier for carrier, _ in quantities(made)} == {"diesel", "coke"}
    assert "read by its name as diesel; the code belongs to 汽油" in said(made)["warning"]
    assert "read by its code as coke" in said(made)["info"]


@pytest.mark.parametrize(
    ("heading", "cost"), [("购进金额（千元）", 7e6), ("购进金额(万元)", 7e7), ("购进金额（元）", 7e3), ("购进金额", 7e6)]
)
def test_unit_of_money(tmp_path, heading, cost):
    heads = [heading if head.startswith("购进金额") else head for head in EXACT]
    made = read(book(tmp_path / "p.xlsx", [heads, COAL]))
    assert made["energy"]["cost"].max() == pytest.approx(cost)
    assert ("names no unit" in said(made)["info"]) == (heading == "购进金额")


def test_price_a_thousand_times_off_is_said(tmp_path):
    power = [*POWER[:5], 1_260_000, *POWER[6:]]  # yuan where thousand yuan belong: 630 CNY/kWh
    assert "look at the unit of money" in said(read(book(tmp_path / "p.xlsx", [EXACT, power])))["warning"]
    assert "look at the unit of money" not in said(read(book(tmp_path / "q.xlsx", [EXACT, POWER])))["warning"]


def test_coefficients_that_are_no_heating_value(tmp_path):
    equal = [*POWER[:12], 3.0, 1.229]
    slip = [*COAL[:12], 7143, 0.7143]
    made = read(book(tmp_path / "p.xlsx", [EXACT, equal, slip]))
    assert made["energy"]["ncv"].isna().all()
    assert "perhaps the equal value" in said(made)["info"]
    assert "far from the reference 0.7143" in said(made)["error"]


def test_gas_volumes_say_their_state(tmp_path):
    gas = [*GAS[:12], 12.143, "11.0-13.3"]
    path = book(tmp_path / "p.xlsx", [EXACT, gas])
    normal, warm = read(path)["energy"], read(path, gas_volume="20C")["energy"]
    assert set(normal["unit"]) == {"10^4 Nm3"} and set(warm["unit"]) == {"10^4 m3"}
    assert "read as normal, 0 °C" in said(read(path))["warning"]
    assert normal["ncv"].iat[0] == pytest.approx(12.143 * 29.3076)
    assert warm["ncv"].iat[0] * 273.15 / 293.15 == pytest.approx(12.143 * 29.3076, rel=1e-6)  # the heat stays the same


def test_sale_column_and_tonnes_of_steam(tmp_path):
    heads = [*EXACT, "销售量"]
    coke = ["焦炭", "吨", "09", None, 100, None, 60, 60, None, None, None, None, 0.9714, 0.9714, 40]
    steam = ["热力", "吨", "32", None, 500, None, 500, 500, None, None, None, None, None, None, None]
    made = read(book(tmp_path / "p.xlsx", [heads, coke, steam]))
    assert quantities(made)[("coke", "sale")] == 40
    assert quantities(made)[("steam", "purchase")] == 500
    assert "unexplained" not in said(made)["warning"]


def test_empty_form_is_an_empty_ledger(tmp_path):
    blank = [["原煤", "吨", "01"], ["柴油", "吨", "21", 0, 0, 0, 0]]
    made = read(book(tmp_path / "p.xlsx", [EXACT, *blank]))
    assert made["energy"].empty
    assert "2 lines without figures" in said(made)["info"]
    assert read(book(tmp_path / "q.xlsx", [EXACT]))["energy"].empty


def test_two_files_are_two_enterprises_and_a_path_in_a_name_stays_a_name(tmp_path, exact):
    out = tmp_path / "park"
    other = book(tmp_path / "other.xlsx", [EXACT, DIESEL])
    args = ["import", "form-205-1", str(exact), str(other), "--enterprise", "../../up", "--name", "First", "--name", "第二厂"]
    args += ["--year", "2023", "--grid-region", "shandong", "--out", str(out)]
    assert main(args) == 0
    firms = pd.read_csv(out / "enterprises.csv", dtype=str)
    assert firms["enterprise_id"].tolist() == ["up", "other"]
    assert firms["name"].tolist() == ["First", "第二厂"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.xlsx", "park", "plant.xlsx"]
    assert yaml.safe_load((out / "cluster.yaml").read_text(encoding="utf-8"))["factor_set"] == "cn-f1"
    assert main(["check", str(out)]) == 0
    assert main(args) == 2  # the folder holds a package
    before = (out / "energy.csv").read_bytes()
    (out / "relations.csv").write_text("project_id,relation,other_id\n", encoding="utf-8")
    assert main([*args, "--overwrite"]) == 0
    assert (out / "energy.csv").read_bytes() == before
    assert (out / "relations.csv").is_file()


def test_files_of_one_name_get_ids_of_their_own(tmp_path):
    found = form_package.identities([tmp_path / "a" / "plant.xlsx", tmp_path / "b" / "plant.xlsx"], [], [])
    assert [enterprise_id for _, enterprise_id, _ in found] == ["plant", "plant-2"]
    with pytest.raises(UserError, match="--enterprise is given 2 times for 1 files"):
        form_package.identities([tmp_path / "a.xlsx"], ["A", "B"], [])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["焦炭", "柴油", "汽油", "电力"]), st.integers(1, 10**6)), min_size=1, max_size=4,
                unique_by=lambda line: line[0]))  # fmt: skip
def test_a_ledger_written_as_the_form_reads_back(tmp_path_factory, lines):
    units = {"电力": "万千瓦时"}
    rows = [[name, units.get(name, "吨"), None, 5, amount, None, amount, amount, None, None, None, 5] for name, amount in lines]
    made = read(book(tmp_path_factory.mktemp("form") / "p.xlsx", [EXACT[:12], *rows]))
    carriers = {"焦炭": "coke", "柴油": "diesel", "汽油": "gasoline", "电力": "electricity"}
    used = {carrier: quantity for (carrier, flow), quantity in quantities(made).items() if flow == "consumption"}
    assert used == {carriers[name]: amount for name, amount in lines}


def test_a_line_of_a_steel_works_that_only_its_code_explains(tmp_path):
    """A works writes 其它燃料（空着）, code 39, in tce."""
    other = ["其它燃料（空着）", "吨标准煤", 39, None, None, None, 458.57, 458.57, None, None, None, None, None, None]
    made = read(book(tmp_path / "p.xlsx", [EXACT, other]))
    assert made["energy"][["carrier", "quantity", "unit"]].to_numpy().tolist() == [["other_energy", 458.57, "tce"]]


@pytest.mark.parametrize("form", ["form-205-1", "supplementary"])
def test_help_shows_an_example(capsys, form):
    with pytest.raises(SystemExit) as end:
        main(["import", form, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0 and f"example: workbench import {form}" in shown and "--grid-region" in shown


def test_a_file_that_is_missing_is_one_line(tmp_path, capsys):
    args = ["import", "form-205-1", str(tmp_path / "absent.xlsx"), "--year", "2023", "--grid-region", "shandong"]
    assert main([*args, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_tables_of_the_form_know_their_carriers_units_and_sources():
    lines = form_205_lines.line_table()
    assert set(lines["carrier"]) - {"raw_coal"} <= set(dictionary.codes("carriers"))
    assert set(lines["unit"]) <= set(dictionary.read_table("units")["unit"])
    assert lines.loc[lines["code"] != "", "code"].is_unique
    kinds = dictionary.read_table("form_words")
    assert set(kinds.loc[kinds["kind"] == "unit", "value"]) <= set(dictionary.read_table("units")["unit"])
    assert set(kinds.loc[kinds["kind"] == "evidence", "value"]) <= set(dictionary.codes("evidence"))
    for table in ("form_205_lines", "form_205_headings", "form_words", "supplementary_items", "supplementary_headings"):
        assert (dictionary.read_table(table)["source"] != "").all()
    notes = form_notes.catalogue()
    assert set(notes["severity"]) <= set(findings.SEVERITIES)
    assert (notes.loc[notes["tolerance"] != "", "tolerance_source"] != "").all()


def test_numbers_and_headings_as_people_write_them():
    assert form_sheet.number("１,２３４.５") == (1234.5, "")
    assert form_sheet.number("—") == (None, "")
    assert form_sheet.number("98 %") == (pytest.approx(0.98), "")
    assert form_sheet.number("1e999") == (None, "not_a_number")
    assert form_sheet.bracketed("消耗电量（MWh") == "mwh"
    assert form_sheet.joined([["购进量", "", "库存"], ["实物量", "金额", ""]]) == ["购进量实物量", "购进量金额", "库存"]
