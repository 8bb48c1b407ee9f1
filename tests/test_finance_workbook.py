"""The finance workbook recalculated as a spreadsheet would, against the tables of the run."""

from __future__ import annotations

import math

import formulas
import openpyxl
import pandas as pd
import pytest

from workbench import adoption, cash_flow, dictionary, finance, finance_workbook, green_finance, screen_sheet, sensitivity, wording
from workbench import workbook_cells as cells

HEAD = (
    "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years,grant,loan_share,loan_rate,loan_years,loan_kind,interest_subsidy,"
    "salvage_share,replacement_cost,replacement_after_years,capex_equipment,capex_labour"
)
PROJECTS = (
    f"{HEAD}\nP1,=cmd|calc,A,1000000,20000,5,100000,0.5,0.06,4,annuity,0.01,0.1,50000,2.5,700000,300000\n"
    "P2,+Motors,C,300000,0,2.5,,0.8,0.05,3,equal_principal,,,,,,\nP3,@Light,C,100000,-1000,10,,,,,,,,,,,\n"
)


def screened(built, library, filed, given):
    table, _ = finance.assess(library, filed, given)
    return green_finance.screen(library, table, filed, built.enterprises, "CN", 2022)


def stored(table):
    """A screen as a run's folder gives it back: figures beside listed classes are text, blanks empty."""
    text = {name: ["" if value != value else str(value) for value in table[name]] for name in ("seen", "threshold")}
    return table.assign(**text)


@pytest.fixture(scope="module")
def run(tiny, tmp_path_factory):
    built = tiny(projects=PROJECTS)
    given = built.settings(discount_rate=0.08, carbon_price=60.0, energy_price_growth=0.02)
    library = built.assess(discount_rate=0.08, carbon_price=60.0, energy_price_growth=0.02)
    filed = built.checked.tables["projects"]
    facts = finance.assumptions(library.bases, built.meta, given)
    path = tmp_path_factory.mktemp("book") / "finance.xlsx"
    finance_workbook.write(library.projects, filed, facts, stored(screened(built, library, filed, given)), path)
    return built, library, filed, given, path


def calculated(path):
    """Every sheet as {address: value}, recalculated."""
    made = formulas.ExcelModel().loads(str(path)).finish().calculate()
    found = {}
    for name, value in made.items():
        if "!" in name and ":" not in name and hasattr(value, "value"):
            sheet, cell = name.rsplit("!", 1)
            found[sheet.split("]")[1].rstrip("'").upper(), cell] = value.value[0, 0]
    return found


def at(name):
    return cells.letter([*finance_workbook.INPUTS, *finance_workbook.RESULTS].index(name))


@pytest.fixture(scope="module")
def sheets(run):
    return calculated(run[-1])


def test_every_figure_of_the_projects_sheet(run, sheets):
    built, library, filed, given, _ = run
    table, _ = finance.assess(library, filed, given)
    wanted = library.projects.merge(table.drop(columns=["capex", "grant", "payback_years", "name", "name_zh"]), on="project_id")
    for row, project in enumerate(wanted.to_dict("records"), start=2):
        for name in ("capex", "annual_cost", "npv", "payback_years", "abatement_cost", "abatement_cost_without_carbon", "loan",
                     "conserved_cost_per_tce"):  # fmt: skip
            assert float(sheets["PROJECTS", f"{at(name)}{row}"]) == pytest.approx(project[name], rel=1e-8), (
                project["project_id"],
                name,
            )
    total = float(sheets["PROJECTS", f"{at('npv')}{len(wanted) + 3}"])
    assert total == pytest.approx(library.projects["npv"].sum(), rel=1e-8)
    plain = wanted["project_id"].eq("P3")  # no residual value, no mid-life cost, whole years: both present values are one
    break_even = float(sheets["PROJECTS", f"{at('break_even_carbon_price')}4"])
    assert break_even == pytest.approx(wanted.loc[plain, "break_even_carbon_price"].iat[0], rel=1e-8)


def test_the_cash_flow_sheet_year_by_year(run, sheets):
    _, library, filed, given, _ = run
    flow = cash_flow.build(library.projects, filed, given)
    yearly = cash_flow.table(flow).query("project_id == 'P1'").reset_index(drop=True)
    first = finance_workbook._FLOW_HEAD + 1
    for year, row in enumerate(yearly.to_dict("records")):
        for name in set(finance_workbook.FLOW) & set(row):
            cell = sheets.get(("CASH FLOW", f"{finance_workbook._FLOW_AT[name]}{first + year}"))
            if cell is not None and not (isinstance(row[name], float) and math.isnan(row[name])):
                assert float(cell) == pytest.approx(row[name], rel=1e-8, abs=1e-6), (year, name)
    table, _ = finance.assess(library, filed, given)
    one = table.set_index("project_id").loc["P1"]
    head = len(finance_workbook._CHOSEN) + 2
    wanted = (one["npv_all_flows"], one["irr_all_flows_pct"] / 100, one["equity_npv"], one["dscr_min"], one["dscr_mean"])
    for row, value in enumerate(wanted, start=head):
        assert float(sheets["CASH FLOW", f"B{row}"]) == pytest.approx(value, rel=1e-6), row


def of_screen(sheets, lang="en"):
    """The sheet Screen as {first cell of a row: the row}."""
    rows = {}
    for (sheet, cell), value in sheets.items():
        if sheet == wording.text("workbook.sheet.screen", lang).upper():
            rows.setdefault(int("".join(c for c in cell if c.isdigit())), {})[cell.rstrip("0123456789")] = value
    return {row["A"]: row for row in rows.values() if isinstance(row.get("A"), str)}, rows


def test_the_screen_holds_cost_loan_rules_and_least_aid_of_the_chosen_project(run, sheets):
    built, library, filed, given, _ = run
    table, _ = finance.assess(library, filed, given)
    one = table.set_index("project_id").loc["P1"]
    named, _ = of_screen(sheets)
    for name in ("npv_all_flows", "equity_npv", "dscr_min", "dscr_mean", "capex", "grant", "loan", "payback_years", "least_aid"):
        assert float(named[cells.column(name, "en").replace(" (%)", "")]["B"]) == pytest.approx(one[name], rel=1e-6), name
    assert float(named[cells.column("capex_equipment", "en")]["B"]) == 700_000
    held = screened(built, library, filed, given).query("project_id == 'P1'").set_index("rule_id")
    labels = dictionary.read_table("green_finance_rules").set_index("rule_id")
    assert set(held.index) <= set(labels.index) and len(held) > 5
    for rule, row in held.iterrows():
        shown = named[labels.at[rule, "label_en"]]
        assert shown["F"] == wording.label(row["result"], "en"), rule
        assert shown["H"] == row["source"]
        if not isinstance(row["seen"], str) and pd.notna(row["seen"]):
            assert float(shown["B"]) == pytest.approx(float(row["seen"]), rel=1e-6), rule


def test_the_screen_shows_the_cash_flow_and_its_cover(run, sheets):
    _, library, filed, given, _ = run
    yearly = cash_flow.table(cash_flow.build(library.projects, filed, given)).query("project_id == 'P1'").reset_index(drop=True)
    _, rows = of_screen(sheets)
    head = next(n for n, row in rows.items() if row.get("A") == cells.column("year_of_effect", "en"))
    at = {name: cells.letter(i) for i, name in enumerate(screen_sheet.FLOW)}
    for year, row in enumerate(yearly.to_dict("records")):
        assert float(rows[head + 1 + year][at["net"]]) == pytest.approx(row["net"], rel=1e-8)
        assert float(rows[head + 1 + year][at["interest"]]) == pytest.approx(row["interest"], rel=1e-8, abs=1e-6)


@pytest.mark.slow
def test_another_discount_rate_changes_every_result(run, tmp_path):
    built, _, _, _, path = run
    book = openpyxl.load_workbook(path)
    book["Assumptions"]["B2"] = 0.12
    book.save(tmp_path / "other.xlsx")
    found = calculated(tmp_path / "other.xlsx")
    other = built.assess(discount_rate=0.12, carbon_price=60.0, energy_price_growth=0.02).projects
    for row, project in enumerate(other.to_dict("records"), start=2):
        assert float(found["PROJECTS", f"{at('npv')}{row}"]) == pytest.approx(project["npv"], rel=1e-8)
        assert float(found["PROJECTS", f"{at('annual_cost')}{row}"]) == pytest.approx(project["annual_cost"], rel=1e-8)


@pytest.mark.slow
def test_the_heaviest_year_is_the_least_cover_where_prices_stand_still(tiny, tmp_path):
    lines = PROJECTS.replace("50000,2.5,7", ",,7").replace("C,300000,0,2.5,", "C,300000,0,6,")
    built = tiny(projects=lines)
    library, filed = built.assess(), built.checked.tables["projects"]
    facts = finance.assumptions(library.bases, built.meta, built.settings())
    finance_workbook.write(library.projects, filed, facts, screened(built, library, filed, built.settings()), tmp_path / "f.xlsx")
    table, _ = finance.assess(library, filed, built.settings())
    sheets = calculated(tmp_path / "f.xlsx")
    for row, cover in enumerate(table["dscr_min"], start=2):
        if not math.isnan(cover):
            assert float(sheets["PROJECTS", f"{at('dscr_heaviest_year')}{row}"]) == pytest.approx(cover, rel=1e-8)


@pytest.mark.slow
def test_a_loan_without_a_filed_rate_is_not_filed_and_nothing_comes_of_it(tiny, tmp_path):
    """Not 0 %: the sheet says so, reckons no loan, no service and no cover, and the library agrees."""
    built = tiny(projects=PROJECTS.replace("0.5,0.06,4,annuity,0.01,0.1,50000,2.5,", "0.5,,4,annuity,,,,,"))
    library, filed = built.assess(), built.checked.tables["projects"]
    facts = finance.assumptions(library.bases, built.meta, built.settings())
    finance_workbook.write(library.projects, filed, facts, screened(built, library, filed, built.settings()), tmp_path / "f.xlsx")
    table = finance.assess(library, filed, built.settings())[0].set_index("project_id").loc["P1"]
    assert table["loan"] == 0 and math.isnan(table["dscr_min"])
    sheets = calculated(tmp_path / "f.xlsx")
    named, rows = of_screen(sheets)
    shown = lambda name: named[cells.column(name, "en").replace(" (%)", "")]["B"]  # noqa: E731
    assert [shown(name) for name in ("loan_rate", "interest_subsidy")] == ["not filed"] * 2
    assert float(shown("loan_share")) == 0.5 and float(shown("loan")) == 0 and shown("dscr_min") == ""
    head = next(n for n, row in rows.items() if row.get("A") == cells.column("year_of_effect", "en"))
    at = {name: cells.letter(i) for i, name in enumerate(screen_sheet.FLOW)}
    for name in ("interest", "repayment", "replacement", "residual_value"):
        assert [float(rows[head + 1 + year][at[name]]) for year in range(6)] == [0.0] * 6, name
    assert float(shown("npv_all_flows")) == pytest.approx(table["npv_all_flows"], rel=1e-8)


def test_the_debt_cover_is_one_cell_for_assumption_and_rule(run, sheets):
    label = dictionary.read_table("green_finance_rules").set_index("rule_id").at["dscr_min", "label_en"]
    screen = openpyxl.load_workbook(run[-1])["Screen"]
    (row,) = [cell.row for cell in screen["A"] if cell.value == label and screen[f"C{cell.row}"].value]  # the rule, not the figure
    assert screen[f"D{row}"].value == "=debt_service_cover" and float(sheets["SCREEN", f"D{row}"]) == 1.25


def test_no_text_of_a_filing_becomes_a_formula(run):
    book = openpyxl.load_workbook(run[-1])
    names = [book["Projects"][f"B{row}"] for row in (2, 3, 4)]
    assert [cell.value for cell in names] == ["=cmd|calc", "+Motors", "@Light"]
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in names)
    assert book["Projects"]["A2"].value == "P1" and book["Cash flow"]["B1"].value == "P1"


def test_form_of_the_sheets_in_both_languages(run, tmp_path):
    _, library, filed, _, path = run
    facts = finance.assumptions(library.bases, run[0].meta, run[3])
    finance_workbook.write(library.projects, filed, facts, screened(run[0], library, filed, run[3]), tmp_path / "zh.xlsx", "zh")
    for book in (openpyxl.load_workbook(path), openpyxl.load_workbook(tmp_path / "zh.xlsx")):
        assert set(book.defined_names) == {*finance_workbook.ASSUMPTIONS, *finance_workbook.FACTORS}
        for sheet in book.worksheets:
            assert sheet.freeze_panes and sheet.page_setup.orientation == "landscape" and sheet.page_setup.fitToWidth == 1
        (choice,) = book.worksheets[2].data_validations.dataValidation
        assert str(choice.sqref) == "B1" and "$A$2:$A$4" in choice.formula1
        assert book.worksheets[0]["D2"].value and book.worksheets[-1].max_row > 15
        screen, data = book.worksheets[3:5]
        reach = [cell.value for row in screen for cell in row if "MATCH" in str(cell.value)]
        assert reach and all(f"$A$1:$A${data.max_row}," in formula for formula in reach)  # every project is looked for
    assert openpyxl.load_workbook(tmp_path / "zh.xlsx").sheetnames == [
        "基本假设",
        "项目",
        "现金流量",
        "融资筛查",
        "筛查数据",
        "来源",
    ]


def test_a_library_without_a_costed_project(tiny, tmp_path):
    built = tiny(projects=f"{HEAD}\nP1,Boiler,A,,0,5,,,,,,,,,,,\n")
    library, filed = built.assess(), built.checked.tables["projects"]
    facts = finance.assumptions(library.bases, built.meta, built.settings())
    made = finance_workbook.write(
        library.projects, filed, facts, screened(built, library, filed, built.settings()), tmp_path / "none.xlsx"
    )
    assert openpyxl.load_workbook(made).sheetnames[1] == "Projects"
    table, yearly = finance.assess(library, filed, built.settings())
    assert len(table) == len(yearly) == 0
    assert sensitivity.tornado(library.projects, library.lines, built.settings())["npv"].eq(0).all()
    assert adoption.levels(library.projects, "iac")["tco2e_saved"].eq(0).all()
    assert green_finance.screen(library, table, filed, built.enterprises, "CN", 2022).empty
    assert green_finance.summary(green_finance.screen(library, table, filed, built.enterprises, "CN", 2022)).empty
