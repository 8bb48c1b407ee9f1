"""Supplementary data table → package: workshops as units, power and heat by source, feedstock, what was printed compared.

The layout is that of the tables of 2019-01-25 read in http://tanjiaoyi.com/article-25827-1.html (soda ash) and
http://www.cn0001.com/article-25823-1.html (calcium carbide); the figures are round numbers made up for the tests.
"""

import csv

import pandas as pd
import pytest
from openpyxl import Workbook

from workbench import dictionary, filing, inventory, store
from workbench.cli import main
from workbench.errors import UserError
from workbench.importers import form_notes, supplementary, supplementary_checks, supplementary_rows
from workbench.package_commands import findings_of

META = {"factor_set": "cn-f1", "grid_region": "shandong", "country": "CN"}
HEAD = ["", "补充数据", "", "数值", "计算方法或填写要求*1"]
# power 1,000 MWh: grid 600, captive 200, renewable 150, waste heat 50; mean 0.48808 = 0.6101 x 800 / 1000
# heat 5,000 GJ: waste heat 1,000, boiler 4,000; mean 0.088 = 0.11 x 4000 / 5000
SODA = [
    ["轻质纯碱分厂（或车间）1*2,3", "1 生产工艺", "", "联碱法", ""],
    ["", "2 二氧化碳排放量（tCO2）", "", 928.08, "2.1与2.2之和"],
    ["", "2.1 消耗电力对应的排放量（tCO2）", "", 488.08, ""],
    ["", "2.1.1 消耗电量（MWh）", "", 1000, "来源于企业台账或统计报表"],
    ["", "2.1.1.1 电网电量（MWh）", "", 600, ""],
    ["", "2.1.1.2 自备电厂*5电量（MWh）", "", 200, ""],
    ["", "2.1.1.3 可再生能源电量（MWh）", "", 150, ""],
    ["", "2.1.1.4 余热电量（MWh）", "", 50, ""],
    ["", "2.1.2 对应的排放因子（tCO2/MWh）", "", 0.48808, "加权平均"],
    ["", "", "", "", "n 可再生能源、余热发电排放因子为0"],
    ["", "2.2 消耗热力对应的排放量（tCO2）", "", 440, ""],
    ["", "2.2.1 消耗热量（GJ）", "", 5000, ""],
    ["", "2.2.1.1 余热回收热量（GJ）", "", 1000, ""],
    ["", "2.2.1.2 蒸汽锅炉热量（GJ）", "", 4000, ""],
    ["", "2.2.2 对应的排放因子（tCO2/GJ）", "", 0.088, ""],
    ["", "3 轻质纯碱产量（t）*6,7", "", 10000, ""],
    ["全部轻质纯碱分厂（或车间）合计", "4 二氧化碳排放总量（tCO2）", "", 928.08, ""],
]
# coke 1,000 t x 0.8 tC/t - carbide 1,200 t x 0.3 tC/t = 440 tC; x 44/12 = 1,613.33 t
CARBIDE = [
    ["电石分厂（或车间）1*2,3", "1 二氧化碳排放量（tCO2）", "", 1613.33, ""],
    ["", "1.1 能源作为原材料产生的排放量（tCO2）*4", "", 1613.33, ""],
    ["", "1.1.1 能源作为原材料的投入量*5（t）", "焦炭", 1000, ""],
    ["", "", "电极糊", "", ""],
    ["", "1.1.2 能源中含碳量（tC/t）", "焦炭", 0.8, ""],
    ["", "", "电极糊", "", ""],
    ["", "1.1.3 碳产品和其他含碳输出物的产量（t或万Nm3）", "电石", 1200, ""],
    ["", "1.1.4 碳产品和其他含碳输出物含碳量（tC/t或tC/万Nm3）", "电石", 0.3, ""],
    ["", "2 电石产量（t）", "", 1200, ""],
]
# coal 1,000 t x 20 GJ/t x 0.026 tC/GJ x 0.98 x 44/12 = 1,868.53 t; gas 10 x 10^4 Nm3 x 389.31 x 0.0153 x 0.99 x 44/12 = 216.22 t
BURNT = [
    ["窑炉车间1", "1 化石燃料燃烧排放量（tCO2）", "", 2084.75, ""],
    ["", "1.1.1 消耗量（t或万Nm3）", "烟煤", 1000, ""],
    ["", "", "天然气", 10, ""],
    ["", "1.1.2 低位发热量（GJ/t或GJ/万Nm3）", "烟煤", 20, ""],
    ["", "1.1.3 单位热值含碳量（tC/GJ）", "烟煤", 0.026, ""],
    ["", "1.1.4 碳氧化率（%）", "烟煤", 98, ""],
    ["", "2 玻璃产量（万重量箱）", "", 50, ""],
]


def book(path, rows, head=HEAD):
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["化工生产企业2022年温室气体排放报告补充数据表"])
    for row in [head, *rows]:
        sheet.append([cell if cell != "" else None for cell in row])
    workbook.save(path)
    return path


def read(path, **options):
    return supplementary.read(path, "E1", 2022, meta=META, **options)


def said(made):
    notes = form_notes.frame(made["notes"])
    return {level: " | ".join(notes.loc[notes["severity"] == level, "message"]) for level in ("error", "warning", "info")}


def by_note(made):
    return made["energy"].set_index("note")


@pytest.fixture
def soda(tmp_path):
    return book(tmp_path / "soda.xlsx", SODA)


def test_power_by_source(soda):
    rows = by_note(read(soda))
    assert rows["quantity"].to_dict() == {
        "grid power": 600, "captive power": 200, "renewable power": 150, "waste-heat power": 50,
        "heat of waste": 1000, "heat of boiler": 4000,
    }  # fmt: skip
    assert pd.isna(rows.at["grid power", "tco2_per_unit"])
    assert rows.at["captive power", "tco2_per_unit"] == pytest.approx(0.6101)
    assert rows.at["renewable power", "tco2_per_unit"] == rows.at["waste-heat power", "tco2_per_unit"] == 0
    assert set(rows["unit_id"]) == {"E1-1"}
    assert "Captive-plant power counts 0.6101 tCO2/MWh" in said(read(soda))["warning"]


def test_heat_by_source(soda):
    rows = by_note(read(soda))
    assert rows.at["heat of waste", "carrier"] == "waste_heat"
    assert rows.at["heat of boiler", "tco2_per_unit"] == pytest.approx(0.11)


def test_workshop_output_and_plant_total(soda):
    made = read(soda)
    assert made["units"][["unit_id", "name", "kind"]].to_numpy().tolist() == [["E1-1", "轻质纯碱分厂(或车间)1", "workshop"]]
    assert made["products"][["product", "quantity", "unit"]].to_numpy().tolist() == [["轻质纯碱", 10000, "t"]]
    assert "Plant total left out of the data: 二氧化碳排放总量(tCO2): 928.08" in said(made)["info"]


def test_printed_emissions_are_compared_with_the_factors(soda):
    """Power: 600 x the grid factor of the province + 200 x 0.6101; heat: 4,000 x 0.11 = 440."""
    grid = supplementary_checks.grid_factor(META, 2022)
    table = dictionary.read_table("factors/grid").set_index("factor_id")
    assert grid == float(table.at["cn-grid:shandong:2022:average", "co2_t_per_mwh"])
    notes = said(read(soda))
    assert "Heat: printed 440 tCO2, the factors give 440." in notes["info"]
    assert f"Power: printed 488.08 tCO2, the factors give {600 * grid + 122.02:,.6g}" in notes["warning"]
    made = supplementary.read(soda, "E1", 2022, meta={**META, "grid_region": "nowhere"})
    assert "not compared: no grid factor" in said(made)["info"]


def test_inventory_by_hand(soda, tmp_path):
    out = tmp_path / "park"
    args = ["import", "supplementary", str(soda), "--enterprise", "E1", "--year", "2022", "--grid-region", "shandong"]
    assert main([*args, "--out", str(out)]) == 0
    filed = filing.check(store.read_package(out))
    rows = inventory.compile(filed.tables, filed.meta, 2022).rows
    grid = supplementary_checks.grid_factor(META, 2022)
    assert rows.groupby("carrier")["tco2e"].sum().to_dict() == pytest.approx(
        {"electricity": 600 * grid + 200 * 0.6101, "heat": 440, "waste_heat": 0}
    )
    assert set(rows["unit_id"]) == {"E1-1"}
    found = findings_of(str(out))
    assert found.loc[found["severity"] == "error", "message"].tolist() == []
    assert main(["check", str(out)]) == 0
    assert main([*args, "--out", str(out)]) == 2
    assert main([*args, "--out", str(out), "--overwrite"]) == 0


def test_feedstock_is_a_carbon_balance(tmp_path):
    made = read(book(tmp_path / "p.xlsx", CARBIDE))
    row = made["process"].iloc[0]
    assert (row["process"], row["unit"], row["unit_id"]) == ("direct_tco2e", "tCO2e", "E1-1")
    assert row["quantity"] == pytest.approx((1000 * 0.8 - 1200 * 0.3) * 44 / 12)
    assert made["energy"].empty
    assert made["products"]["product"].tolist() == ["电石"]
    assert "Feedstock: printed 1,613.33 tCO2, the factors give 1,613.33." in said(made)["info"]


def test_feedstock_that_gives_less_than_nothing(tmp_path):
    rows = [[*row[:3], 9000, ""] if "产量（t或" in row[1] else row for row in CARBIDE]
    made = read(book(tmp_path / "p.xlsx", rows))
    assert made["process"].empty
    assert "less than nothing" in said(made)["error"]


def test_fuel_with_measured_parameters(tmp_path):
    made = read(book(tmp_path / "p.xlsx", BURNT))
    rows = made["energy"].set_index("carrier")
    coal = rows.loc["bituminous"]
    assert (coal["quantity"], coal["unit"], coal["ncv"], coal["carbon_content"], coal["oxidation"]) == (1000, "t", 20, 0.026, 0.98)
    assert rows.at["natural_gas", "unit"] == "10^4 Nm3"
    assert pd.isna(rows.at["natural_gas", "ncv"])
    assert "Fuel: printed 2,084.75 tCO2, the factors give 2,084.75." in said(made)["info"]
    assert made["products"]["unit"].tolist() == ["万重量箱"]


def test_fuel_named_left_of_its_items_and_other_units(tmp_path):
    """The edition of 2023 merges the fuel over its items."""
    rows = [
        ["窑炉车间1", "烟煤", "1.1.1 消耗量（t）", 1000, ""],
        ["", "", "1.1.2 低位发热量（kJ/kg）", 20000, ""],
        ["", "", "1.1.3 单位热值含碳量（tC/TJ）", 26, ""],
        ["", "", "1.1.4 碳氧化率（%）", "98%", ""],
        ["", "1.2 消耗电量（MWh）", "", 100, ""],
        ["", "1.3 净购入热力（万GJ）", "", 2, ""],
    ]
    made = read(book(tmp_path / "p.xlsx", rows, head=["", "补充数据", "项目", "数值", "计算方法"]))
    coal = made["energy"].set_index("carrier").loc["bituminous"]
    assert (coal["ncv"], coal["carbon_content"], coal["oxidation"]) == (pytest.approx(20), pytest.approx(0.026), 0.98)
    assert made["energy"].set_index("carrier").at["electricity", "quantity"] == 100
    assert made["energy"].set_index("carrier").at["heat", "quantity"] == 20000
    assert "Power is not split" in said(made)["warning"]


def test_several_columns_of_figures_are_workshops(tmp_path):
    rows = [["2.1.1.1 电网电量（MWh）", 600, 400, ""], ["3 纯碱产量（t）", 10, 10, ""]]
    made = read(book(tmp_path / "p.xlsx", rows, head=["补充数据", "数值（1#车间）", "数值（2#车间）", "计算方法"]))
    assert made["energy"]["quantity"].tolist() == [600, 400]
    assert made["energy"]["unit_id"].tolist() == ["E1-1", "E1-2"]
    assert len(made["products"].drop_duplicates()) == 2  # equal outputs of two workshops stay two rows


def test_table_without_workshops_and_only_tonnes(tmp_path):
    rows = [
        ["1纳入碳排放权交易体系的二氧化碳排放总量（tCO2）", 150, ""],
        ["1.1化石燃料燃烧排放量（tCO2）", 100, ""],
        ["1.2净购入使用电力对应的排放量（tCO2", 50, ""],
        ["2粗铜产量（t）", 10, ""],
        ["3排放强度（t CO2/t）", 20, ""],
    ]
    made = read(book(tmp_path / "p.xlsx", rows, head=["补充数据", "数值", "计算方法或填写要求"]))
    assert made["units"].empty
    assert made["process"][["unit_id", "quantity"]].to_numpy().tolist() == [["", 100]]
    notes = said(made)
    assert "Fuel: only tonnes are printed (100 tCO2)" in notes["warning"]
    assert "Power: only tonnes are printed (50 tCO2), no quantity; kept out" in notes["error"]
    assert "Intensity printed 20 tCO2 per unit, printed emissions by output give 15" in notes["warning"]


def test_english_table_with_a_column_of_sources(tmp_path):
    rows = [
        ["Workshop 1", "1.1 Fuel consumption (t)", "Diesel", "1,000", "fuel ledger"],
        ["", "2.1 Grid electricity (MWh)", "", 600, "electricity meter"],
        ["", "2.2 Captive plant power (MWh)", "", 100, ""],
        ["", "2.3 Heat from the captive power plant (GJ)", "", 30, ""],
        ["", "3 Soda ash output (t)", "", 5000, "statistics return"],
    ]
    made = read(book(tmp_path / "p.xlsx", rows, head=["", "Item", "", "Value", "Data source"]))
    assert made["energy"]["evidence"].tolist() == ["stock_ledger", "meter_record", "", ""]
    assert made["energy"]["carrier"].tolist() == ["diesel", "electricity", "electricity", "heat"]
    assert made["products"]["product"].tolist() == ["Soda ash"]
    notes = said(made)
    assert "Captive-plant power has no factor of its own" in notes["error"]
    assert "Source of the output Soda ash: statistics return" in notes["info"]


def test_csv_in_gbk_words_and_formulas(tmp_path):
    path = tmp_path / "p.csv"
    rows = [["" if cell == 600 else cell for cell in row] for row in SODA]
    rows[4][3] = "六百"
    with path.open("w", encoding="gbk", newline="") as file:
        csv.writer(file).writerows([HEAD, *rows])
    made = read(path)
    assert "holds 六百, which is no number" in said(made)["error"]
    assert "Parts of the power add up to 400 MWh, the total says 1,000" in said(made)["warning"]
    made = read(book(tmp_path / "f.xlsx", [[*row[:3], "=600", ""] if row[3] == 600 else row for row in SODA]))
    assert "formula without a saved value" in said(made)["error"]


@pytest.mark.parametrize("head", [["项目", "单位", "数值"], ["项目", "数值", "单位"]])
def test_units_in_a_column_of_their_own(tmp_path, head):
    rows = [("1.1 电网电量", "万千瓦时", 5), ("1.2 余热回收", "GJ", 7), ("1.3 排放因子", "tCO2/GJ", 0), ("2 纯碱产量", "t", 9)]
    filed = [[dict(zip(("项目", "单位", "数值"), row, strict=True))[name] for name in head] for row in rows]
    made = read(book(tmp_path / "p.xlsx", filed, head=head))
    assert made["energy"][["carrier", "quantity", "unit"]].to_numpy().tolist() == [
        ["electricity", 50, "MWh"],
        ["waste_heat", 7, "GJ"],
    ]
    assert made["products"][["product", "unit"]].to_numpy().tolist() == [["纯碱", "t"]]
    assert said(made)["error"] == ""


def test_ten_thousands_of_tonnes_and_of_kilowatt_hours(tmp_path):
    rows = [
        ["甲车间", "2.1 消耗电力对应的排放量（万tCO2）", "", 0.05, ""],
        ["", "2.1.1 消耗电量（万千瓦时）", "", 100, ""],
        ["", "2.1.2 烟煤消耗量（万吨）", "", 2, ""],
    ]
    made = read(book(tmp_path / "p.xlsx", rows))
    rows = made["energy"].set_index("carrier")
    assert rows.loc["electricity", ["quantity", "unit"]].tolist() == [1000, "MWh"]
    assert rows.loc["bituminous", ["quantity", "unit"]].tolist() == [2, "10^4 t"]
    assert "Power: printed 500 tCO2" in said(made)["warning"]


def test_unknown_and_incomplete_fuels_are_said(tmp_path):
    rows = [
        ["窑炉车间1", "1.1.1 消耗量（t）", "氢气", 5, ""],
        ["", "1.1.2 低位发热量（GJ/t）", "柴油", 42, ""],
        ["", "9 装机容量（MW）", "", 30, ""],
    ]
    made = read(book(tmp_path / "p.xlsx", rows))
    assert made["energy"].empty
    assert "氢气 is no known fuel" in said(made)["error"]
    assert "柴油: parameters but no quantity" in said(made)["error"]
    assert "装机容量" in said(made)["warning"]


def test_a_blank_table_gives_empty_tables(tmp_path):
    made = read(book(tmp_path / "p.xlsx", [[*row[:3], "", ""] for row in SODA]))
    assert made["energy"].empty and made["process"].empty and made["products"].empty and made["units"].empty


def test_missing_column_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"no column 数值 \(value\)") as error:
        read(book(tmp_path / "p.xlsx", SODA, head=["", "补充数据", "", "", ""]))
    assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="has no sheet 2"):
        read(book(tmp_path / "q.xlsx", SODA), sheet="2")


def test_two_files_are_two_enterprises(tmp_path, soda):
    other = book(tmp_path / "carbide.xlsx", CARBIDE)
    out = tmp_path / "park"
    assert (
        main(["import", "supplementary", str(soda), str(other), "--year", "2022", "--grid-region", "山东", "--out", str(out)]) == 0
    )
    assert pd.read_csv(out / "units.csv")["unit_id"].tolist() == ["soda-1", "carbide-1"]
    assert main(["check", str(out)]) == 0


def test_captive_factor_of_the_table_wins_over_the_mean():
    figures = pd.DataFrame({"item": ["captive_factor", "power_factor"], "value": [0.9, 0.5]})
    assert supplementary_rows.captive_factor(figures, {"grid": 1.0, "captive": 1.0}, 0.5) == 0.9
    assert supplementary_rows.captive_factor(figures.tail(1), {"captive": 1.0, "renewable": 1.0}, 0.5) == 1.0
