"""A workbook a lender can follow: assumptions as named cells, one row a project, a yearly cash flow, every result a live formula.

Change the discount rate, a price factor or a loan and all sheets follow. Text cells are text whatever they begin with.
"""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from workbench import dictionary, export, params, screen_sheet, store, wording
from workbench import workbook_cells as cells

ASSUMPTIONS = ("discount_rate", "energy_price_growth", "carbon_price", "debt_service_cover")
FACTORS = ("energy_price_factor", "capex_factor")  # 1 as filed; for the reader's own "what if"
INPUTS = [
    "project_id", "name", "gross_capex", "grant", "opex_per_year", "lifetime_years", "energy_money_saved", "tco2e_saved",
    "tce_saved", "loan_share", "loan_rate", "interest_subsidy", "loan_years", "loan_kind", "salvage_share",
    "replacement_cost", "replacement_after_years",
]  # fmt: skip
_AT = {name: chr(ord("A") + i) for i, name in enumerate(INPUTS)}
_RATE, _TERM = "MAX(0,N({loan_rate}{r})-N({interest_subsidy}{r}))", "ROUNDUP(N({loan_years}{r}),0)"
# Each result is a formula of the inputs in its row ({name}{r}) and of results to its left ([name]).
RESULTS = {
    "capex": "MAX(0,{gross_capex}{r}*capex_factor-{grant}{r})",
    "crf": "IF(discount_rate=0,1/{lifetime_years}{r},discount_rate/(1-(1+discount_rate)^-{lifetime_years}{r}))",
    "yearly_income": "{energy_money_saved}{r}*energy_price_factor+carbon_price*{tco2e_saved}{r}-{opex_per_year}{r}",
    "annual_cost": "[capex]*[crf]-[yearly_income]",
    "npv": "-[capex]-PV(discount_rate,{lifetime_years}{r},carbon_price*{tco2e_saved}{r}-{opex_per_year}{r})"
    "-PV((1+discount_rate)/(1+energy_price_growth)-1,{lifetime_years}{r},{energy_money_saved}{r}*energy_price_factor)",
    "payback_years": 'IF([capex]<=0,0,IF([yearly_income]>0,[capex]/[yearly_income],""))',
    "abatement_cost": 'IF({tco2e_saved}{r}>0,[annual_cost]/{tco2e_saved}{r},"")',
    "abatement_cost_without_carbon": 'IF({tco2e_saved}{r}>0,[annual_cost]/{tco2e_saved}{r}+carbon_price,"")',
    "break_even_carbon_price": 'IF({tco2e_saved}{r}>0,carbon_price-[npv]*[crf]/{tco2e_saved}{r},"")',
    "conserved_cost_per_tce": 'IF({tce_saved}{r}>0,([capex]*[crf]+{opex_per_year}{r})/{tce_saved}{r},"")',
    "loan": f'IF(OR({{loan_rate}}{{r}}="",{_TERM}=0),0,[capex]*N({{loan_share}}{{r}}))',
    "heaviest_debt_service": f'IF([loan]=0,0,IF({{loan_kind}}{{r}}="bullet",[loan]*(1+{_RATE}),'
    f'IF({{loan_kind}}{{r}}="equal_principal",[loan]/{_TERM}+[loan]*{_RATE},-PMT({_RATE},{_TERM},[loan]))))',
    "dscr_heaviest_year": 'IF([heaviest_debt_service]>0,([yearly_income]+{energy_money_saved}{r}*energy_price_factor*'
    'energy_price_growth)/[heaviest_debt_service],"")',
    "cover_met": 'IF([dscr_heaviest_year]="","",IF([dscr_heaviest_year]>=debt_service_cover,1,0))',
}  # fmt: skip
_SUMMED = ("gross_capex", "grant", "capex", "annual_cost", "npv", "tco2e_saved", "tce_saved", "energy_money_saved", "loan")
FLOW = [
    "year_of_effect", "share_of_year", "capex", "grant", "loan_draw", "owed", "repayment", "interest", "opex", "energy_money",
    "carbon_income", "replacement", "residual_value", "net", "cumulative", "discounted", "cumulative_discounted", "equity_net",
    "debt_service_cover",
]  # fmt: skip
_FLOW_AT = {name: chr(ord("A") + i) for i, name in enumerate(FLOW)}
_CHOSEN = [*INPUTS[1:], "capex", "loan", "payback_years"]  # what the cash flow sheet looks up, from row 2 on
_FLOW_HEAD = len(_CHOSEN) + 8


def export_run(run: Path, out: Path | None = None, lang: str = "en") -> Path:
    """Write the workbook of the run folder `run` (default: RUN/finance.xlsx); RunError names the notebook that must run first."""
    folder = store.RunFolder(params.validate({"cluster": "export", "package": "-", "year": 2000, "run_dir": str(run)}))
    made_by = "30_potential"
    projects, assumptions, screened = (folder.read(n, made_by) for n in ("potential", "finance_assumptions", "green_finance"))
    path = Path(out) if out else run / "finance.xlsx"
    return write(projects, folder.checked()[1]["projects"], assumptions, screened, path, lang)


def inputs(projects: pd.DataFrame, filed: pd.DataFrame, lang: str = "en") -> pd.DataFrame:
    """The input columns of every costed project: the library's figures and the terms filed, names in the report's language."""
    costed = projects[projects["annual_cost"].notna()].sort_values("project_id")
    terms = ["project_id", *(name for name in INPUTS if name in filed.columns and name not in projects.columns)]
    table = costed.merge(filed[terms], on="project_id", how="left", validate="1:1").reindex(columns=[*INPUTS, "name_zh"])
    if lang == "zh":
        chinese = table["name_zh"].fillna("").astype(str)
        table["name"] = table["name"].where(chinese == "", chinese)
    return table[INPUTS].reset_index(drop=True)


def write(
    projects: pd.DataFrame, filed: pd.DataFrame, assumptions: pd.DataFrame, screened: pd.DataFrame, out: Path, lang: str = "en"
) -> Path:
    """Assumptions, Projects, Cash flow, Screen with its data, Sources. Tables are those of a run, `filed` its checked projects."""
    from openpyxl import Workbook

    book = Workbook()
    table = inputs(projects, filed, lang)
    names = {n: cells.say(f"sheet.{n}", lang) for n in ("assumptions", "projects", "cash_flow", "screen", "screen_data", "sources")}
    _assumptions(book.active, book, assumptions, names["assumptions"], lang)
    _projects(book.create_sheet(names["projects"]), table, lang)
    at, span = _cash_flow(book.create_sheet(names["cash_flow"]), table, names["projects"], lang)
    at = {name: f"'{names['cash_flow']}'!{place}" for name, place in at.items()}
    flow = {name: f"'{names['cash_flow']}'!${letter}$" for name, letter in _FLOW_AT.items()}
    rules, known = screen_sheet.screened_rules(screened), screen_sheet.looked_up(screened, filed, lang)
    kept = names["screen_data"], len(known) + 1
    screen_sheet.write(book.create_sheet(names["screen"]), at, flow, span, rules, kept, lang)
    screen_sheet.data(book.create_sheet(names["screen_data"]), known, lang)
    _sources(book.create_sheet(names["sources"]), lang)
    for sheet in book.worksheets:
        cells.print_setup(sheet)
    return export.save(book, out)


def _assumptions(sheet, book, assumptions: pd.DataFrame, title: str, lang: str) -> None:
    """Named cells that every formula reads, then the prices behind the energy money."""
    from openpyxl.workbook.defined_name import DefinedName

    sheet.title = title
    cells.heading(sheet, 1, [cells.say(f"head.{name}", lang) for name in ("assumption", "value", "unit", "source")])
    known = assumptions.set_index("name")
    facts = known.loc[list(ASSUMPTIONS)].itertuples()
    rows = [(fact.Index, float(fact.value), fact.unit, cells.source(fact.source, lang)) for fact in facts]
    rows += [(name, 1.0, "1", cells.say("factor.source", lang)) for name in FACTORS]
    for row, (name, value, unit, source) in enumerate(rows, start=2):
        for column, cell in enumerate((cells.say(f"assumption.{name}", lang), value, unit, source), start=1):
            export.put(sheet.cell(row, column), cell)
        cells.shade(sheet.cell(row, 2), "0.0%" if unit == "1/yr" else "#,##0.00")
        book.defined_names[name] = DefinedName(name, attr_text=f"'{title}'!$B${row}")
    rest = assumptions[~assumptions["name"].isin(ASSUMPTIONS)]
    for row, fact in enumerate(rest.itertuples(), start=len(rows) + 3):
        what, _, carrier = fact.name.partition(":")
        said = cells.say(f"assumption.{what}", lang, carrier=wording.label(carrier, lang))
        for column, cell in enumerate((said, fact.value, fact.unit, cells.source(fact.source, lang)), start=1):
            export.put(sheet.cell(row, column), cell)
    cells.widths(sheet, (44, 14, 18, 90))
    sheet.freeze_panes = "A2"


def _projects(sheet, table: pd.DataFrame, lang: str) -> None:
    """Inputs shaded, results as formulas, sums below."""
    heads = [*INPUTS, *RESULTS]
    cells.heading(sheet, 1, [cells.column(name, lang) for name in heads])
    letters = {name: cells.letter(i) for i, name in enumerate(heads)}
    for row, values in enumerate(table.itertuples(index=False, name=None), start=2):
        for column, (name, value) in enumerate(zip(INPUTS, values, strict=True), start=1):
            export.put(sheet.cell(row, column), value)
            cells.shade(sheet.cell(row, column), cells.number_format(name))
        for name, formula in RESULTS.items():
            cell = sheet[f"{letters[name]}{row}"]
            cell.value = "=" + _fill(formula, letters, row)
            cell.number_format = cells.number_format(name)
    last = len(table) + 1
    for name in _SUMMED if len(table) else ():
        cell = sheet[f"{letters[name]}{last + 2}"]
        cell.value, cell.number_format = f"=SUM({letters[name]}2:{letters[name]}{last})", cells.number_format(name)
    export.put(sheet.cell(last + 2, 2), cells.say("all_projects", lang))
    cells.widths(sheet, (12, 36, *[14] * (len(heads) - 2)))
    sheet.freeze_panes = "C2"


def _cash_flow(sheet, table: pd.DataFrame, projects: str, lang: str) -> tuple[dict[str, str], tuple[int, int]]:
    """Year by year for the project chosen in B1; where its figures stand, and (first row, years) of the flow."""
    from openpyxl.worksheet.datavalidation import DataValidation

    last = max(2, len(table) + 1)
    export.put(sheet["A1"], cells.say("choose", lang))
    if len(table):
        export.put(sheet["B1"], str(table["project_id"].iat[0]))
    cells.shade(sheet["B1"], "@")
    choice = DataValidation(type="list", formula1=f"'{projects}'!$A$2:$A${last}", allow_blank=False)
    sheet.add_data_validation(choice)
    choice.add("B1")
    where = {name: cells.letter(i) for i, name in enumerate([*INPUTS, *RESULTS])}
    cell = {}
    for row, name in enumerate(_CHOSEN, start=2):
        export.put(sheet.cell(row, 1), cells.column(name, lang))
        at = f"'{projects}'!${where[name]}$2:${where[name]}${last}"
        found = f"INDEX({at},MATCH($B$1,'{projects}'!$A$2:$A${last},0))"
        sheet.cell(row, 2).value = f'=IF({found}="","",{found})'  # an empty cell is not filed, and no 0
        sheet.cell(row, 2).number_format = cells.number_format(name)
        cell[name] = f"$B${row}"
    first, years = _FLOW_HEAD + 1, _horizon(table)
    cells.heading(sheet, _FLOW_HEAD, [cells.column("gross_capex" if name == "capex" else name, lang) for name in FLOW])
    for year in range(years + 1):
        for name, formula in _flow_formulas(year, first + year, cell).items():
            put = sheet[f"{_FLOW_AT[name]}{first + year}"]
            put.value = formula
            put.number_format = (
                "0"
                if name == "year_of_effect"
                else "0.00"
                if name in ("share_of_year", "debt_service_cover")
                else cells.FORMAT["money"]
            )
    span = {name: f"{at}{first}:{at}{first + years}" for name, at in _FLOW_AT.items()}
    results = {
        "npv_all_flows": (f"=SUM({span['discounted']})", "money"),
        "irr_all_flows_pct": (f'=IFERROR(IRR({span["net"]}),"")', "pct"),
        "equity_npv": (f"=SUMPRODUCT({span['equity_net']},(1+discount_rate)^-{span['year_of_effect']})", "money"),
        "dscr_min": (f'=IF({cell["loan"]}=0,"",MIN({span["debt_service_cover"]}))', "number"),
        "dscr_mean": (f'=IF({cell["loan"]}=0,"",AVERAGE({span["debt_service_cover"]}))', "number"),
    }
    for row, (name, (formula, kind)) in enumerate(results.items(), start=len(_CHOSEN) + 2):
        export.put(sheet.cell(row, 1), cells.column(name, lang).replace("(%)", "").replace("，%", ""))
        sheet.cell(row, 2).value, sheet.cell(row, 2).number_format = formula, cells.FORMAT[kind]
        cell[name] = f"$B${row}"
    cells.widths(sheet, (40, *[16] * (len(FLOW) - 1)))
    sheet.freeze_panes = f"A{first}"
    return cell | {"project_id": "$B$1"}, (first, years)


def _flow_formulas(year: int, row: int, cell: dict[str, str]) -> dict[str, str]:
    """The formulas of one year; a year 0 with the money at the start."""
    at = {name: f"{letter}{row}" for name, letter in _FLOW_AT.items()}
    above = {name: f"{letter}{row - 1}" for name, letter in _FLOW_AT.items()}
    rate, term = f"MAX(0,N({cell['loan_rate']})-N({cell['interest_subsidy']}))", f"ROUNDUP(N({cell['loan_years']}),0)"
    earned = "+".join(at[name] for name in ("grant", "energy_money", "carbon_income", "residual_value"))
    net = f"={earned}-{at['capex']}-{at['opex']}-{at['replacement']}"
    made = {"year_of_effect": year, "net": net, "discounted": f"={at['net']}*(1+discount_rate)^-{at['year_of_effect']}"}
    if year == 0:
        gross = f"{cell['gross_capex']}*capex_factor"
        start = {
            "capex": f"={gross}",
            "grant": f"={gross}-{cell['capex']}",
            "loan_draw": f"={cell['loan']}",
            "owed": f"={cell['loan']}",
        }
        zero = dict.fromkeys(("repayment", "interest", "opex", "energy_money", "carbon_income", "replacement", "residual_value"), 0)
        sums = {"cumulative": f"={at['net']}", "cumulative_discounted": f"={at['discounted']}"}
        return made | zero | start | sums | {"share_of_year": 0, "equity_net": f"={at['net']}+{at['loan_draw']}"}
    owed, life = above["owed"], cell["lifetime_years"]
    loan, kind = cell["loan"], cell["loan_kind"]
    equal = f'IF({kind}="equal_principal",{loan}/MAX(1,{term}),-PMT({rate},MAX(1,{term}),{loan})-{at["interest"]})'
    due = f'IF({kind}="bullet",IF({year}={term},{owed},0),{equal})'
    after = f"N({cell['replacement_after_years']})"
    service = f"({at['repayment']}+{at['interest']})"
    return made | {
        "share_of_year": f"=MAX(0,MIN(1,{life}-{year - 1}))",
        "capex": 0,
        "grant": 0,
        "loan_draw": 0,
        "interest": f"=IF({year}<={term},{owed}*{rate},0)",
        "repayment": f"=IF({year}<={term},MIN({owed},{due}),0)",
        "owed": f"={owed}-{at['repayment']}",
        "opex": f"={cell['opex_per_year']}*{at['share_of_year']}",
        "energy_money": f"={cell['energy_money_saved']}*energy_price_factor*{at['share_of_year']}*(1+energy_price_growth)^{year}",
        "carbon_income": f"=carbon_price*{cell['tco2e_saved']}*{at['share_of_year']}",
        "replacement": f"=IF(AND({after}>0,{after}<{life},ROUNDUP({after},0)={year}),N({cell['replacement_cost']}),0)",
        "residual_value": f"=IF(ROUNDUP({life},0)={year},{cell['gross_capex']}*capex_factor*N({cell['salvage_share']}),0)",
        "cumulative": f"={above['cumulative']}+{at['net']}",
        "cumulative_discounted": f"={above['cumulative_discounted']}+{at['discounted']}",
        "equity_net": f"={at['net']}-{service}",
        "debt_service_cover": f'=IF({service}>0,({at["net"]}-{at["residual_value"]})/{service},"")',
    }


def _sources(sheet, lang: str) -> None:
    """Where figures and rules come from, and how results are reckoned."""
    cells.heading(sheet, 1, [cells.say(f"head.{name}", lang) for name in ("what", "source", "confidence")])
    rules = dictionary.read_table("green_finance_rules")
    ranges = dictionary.read_table("sensitivities")
    rows = [
        (cells.say(f"method.{name}", lang), cells.say(f"method.{name}.text", lang), "")
        for name in ("flows", "loan", "conserved", "carbon")
    ]
    rows += [(r[f"label_{lang}"], r["source"], r["confidence"]) for r in rules.to_dict("records")]
    rows += [(r[f"label_{lang}"], r["source"], r["confidence"]) for r in ranges.to_dict("records")]
    for row, values in enumerate(rows, start=2):
        for column, value in enumerate(values, start=1):
            export.put(sheet.cell(row, column), value)
    cells.widths(sheet, (52, 120, 16))
    sheet.freeze_panes = "A2"


def _horizon(table: pd.DataFrame) -> int:
    """Years of the longest project or loan."""
    years = pd.concat([table["lifetime_years"], table["loan_years"]]).dropna().astype(float)
    return math.ceil(years.max()) if len(years) else 1


def _fill(formula: str, letters: dict[str, str], row: int) -> str:
    for name in RESULTS:
        formula = formula.replace(f"[{name}]", f"{letters[name]}{row}")
    return formula.format(r=row, **{name: _AT[name] for name in INPUTS})
