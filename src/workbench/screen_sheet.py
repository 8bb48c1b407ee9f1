"""The sheet a banker reads of one project: cost and finance, eligibility rule by rule with its source, debt cover, cash flow.

The project is the one chosen on the sheet of the cash flow. Money, cover, least aid and the rules on them are formulas; rules on
what the inventory knows (shares saved, kinds) and the parts of the cost are looked up in the sheet of data behind it.
"""

from __future__ import annotations

import pandas as pd

from workbench import dictionary, export, green_finance, wording
from workbench import workbook_cells as cells
from workbench.capital import PARTS

TERMS = ("gross_capex", "grant", "capex", "loan", "loan_share", "loan_rate", "interest_subsidy", "loan_years", "loan_kind")
FIGURES = ("npv_all_flows", "irr_all_flows_pct", "equity_npv", "dscr_min", "dscr_mean", "payback_years")
LIVE = ("npv_all_flows", "dscr_min", "payback_years", "tco2e_saved", "tce_saved")  # what rules look at and the workbook reckons
FLOW = (
    "year_of_effect", "capex", "grant", "energy_money", "carbon_income", "opex", "replacement", "residual_value", "net",
    "loan_draw", "repayment", "interest", "debt_service_cover", "cumulative_discounted",
)  # fmt: skip
SIGNS = {"ge": "≥", "le": "≤", "gt": ">", "in": "∈"}
ASSUMED = {"dscr_min": "debt_service_cover"}  # thresholds that are an assumption of the workbook: one cell, not two
Kept = tuple[str, int]  # name and last row of the sheet that is looked up
HEADS = ("rule", "seen", "comparison", "threshold", "unit", "result", "what_to_do", "source", "to_be_confirmed")


def looked_up(screened: pd.DataFrame, filed: pd.DataFrame, lang: str) -> list[tuple]:
    """What formulas look up: project|rule with what was seen, its threshold and result; project|part with the cost filed."""
    compared = screened["comparison"].ne("in")  # beside listed classes, whole columns of a stored table are text
    told = screened.assign(**{name: _numbers(screened[name], compared) for name in ("seen", "threshold")})
    rows = [
        (f"{row.project_id}|{row.rule_id}", row.seen, row.threshold, wording.label(row.result, lang)) for row in told.itertuples()
    ]
    for part in (name for name in PARTS if name in filed.columns):
        known = filed[filed[part].notna()]
        rows += [(f"{name}|{part}", amount, None, None) for name, amount in zip(known["project_id"], known[part], strict=True)]
    return rows


def data(sheet, rows: list[tuple], lang: str) -> None:
    """The sheet of what is `looked_up`."""
    cells.heading(sheet, 1, [cells.say(f"head.{name}", lang) for name in ("key", "seen", "threshold", "result")])
    for row, values in enumerate(rows, start=2):
        for place, value in enumerate(values, start=1):
            export.put(sheet.cell(row, place), value)
    cells.widths(sheet, (36, 18, 18, 14))
    sheet.freeze_panes = "A2"


def write(
    sheet, at: dict[str, str], flow: dict[str, str], span: tuple[int, int], rules: pd.DataFrame, kept: Kept, lang: str
) -> None:
    """One page. `at`: name → address of the chosen project's figures; `flow`: column of the cash flow → its letter with the sheet.

    `span` = first row and number of years there, `rules` those that were screened, `kept` the sheet of `data`.
    """
    export.put(sheet["A1"], cells.say("screen.title", lang))
    sheet["B1"].value, sheet["C1"].value = f"={at['project_id']}", f"={at['name']}"
    known, row = _money(sheet, at, kept, 3, lang)
    row = _rules(sheet, rules, kept, known, row + 1, lang)
    _flow(sheet, flow, span, row + 1, lang)
    cells.widths(sheet, (46, 20, 16, 16, 12, 14, 44, 60, 16, *[14] * 5))
    sheet.freeze_panes = "A2"


def _money(sheet, at: dict[str, str], kept: Kept, row: int, lang: str) -> tuple[dict[str, str], int]:
    """Parts of the cost, grant and loan, the figures a lender asks for, and the least aid; where each stands, the next free row."""
    cells.heading(sheet, row, [cells.say("screen.money", lang)])
    lines = [(part, f'=IFERROR({_found(kept, part, 2)},"")') for part in PARTS]
    absent = {name: cells.say("screen.not_filed", lang) for name in TERMS}
    figures = (*TERMS, *FIGURES, "tce_saved", "tco2e_saved")
    lines += [(name, f'=IF({at[name]}="","{absent.get(name, "")}",{at[name]})') for name in figures]
    place = {}
    for line, (name, formula) in enumerate(lines, start=row + 1):
        export.put(sheet.cell(line, 1), cells.column(name, lang).replace(" (%)", "").replace("，%", ""))
        sheet.cell(line, 2).value = formula
        sheet.cell(line, 2).number_format = cells.FORMAT["pct"] if name.endswith("_pct") else cells.number_format(name)
        place[name] = f"$B${line}"
    last = row + len(lines) + 1
    cover = f'IF({place["dscr_min"]}="",0,{place["capex"]}*(1-MIN(1,MAX(0,{place["dscr_min"]}/debt_service_cover))))'
    needed = f"MAX(0,-{place['npv_all_flows']},{cover})"
    export.put(sheet.cell(last, 1), cells.column("least_aid", lang))
    aid = f'=IF({needed}>{place["capex"]}*1.000000001,"{cells.say("screen.no_aid", lang)}",ROUNDUP(MAX(0,{needed}-0.000001),0))'
    sheet.cell(last, 2).value, sheet.cell(last, 2).number_format = aid, cells.FORMAT["money"]
    return place, last + 1


def _rules(sheet, rules: pd.DataFrame, kept: Kept, known: dict[str, str], row: int, lang: str) -> int:
    """Each rule with what was seen, its threshold, the result, what to do and its source; the next free row."""
    cells.heading(sheet, row, [cells.say(f"head.{name}", lang) for name in HEADS])
    yes, no, open_ = (wording.label(name, lang) for name in ("pass", "fail", "unknown"))
    for line, rule in enumerate(rules.to_dict("records"), start=row + 1):
        seen, limit = f"B{line}", f"D{line}"
        stored = f'=IFERROR({_found(kept, rule["rule_id"], 2)},"")'
        sheet[seen].value = f"={known[rule['indicator']]}" if rule["indicator"] in LIVE else stored
        assumed = ASSUMED.get(rule["rule_id"])
        sheet[limit].value = f"={assumed}" if assumed else f'=IFERROR({_found(kept, rule["rule_id"], 3)},"")'
        if rule["comparison"] == "in":
            result = f'=IFERROR({_found(kept, rule["rule_id"], 4)},"{open_}")'
        else:
            sign = {"ge": ">=", "le": "<=", "gt": ">"}[rule["comparison"]]
            slack = {"ge": "-", "le": "+", "gt": "+"}[rule["comparison"]] + f"{green_finance.TOLERANCE}*MAX(1,ABS({limit}))"
            result = f'=IF(OR({seen}="",{limit}=""),"{open_}",IF({seen}{sign}{limit}{slack},"{yes}","{no}"))'
        sheet[f"F{line}"].value = result
        confirm = wording.label("yes" if rule["confidence"] == "remembered" else "no", lang)
        texts = {"A": rule[f"label_{lang}"], "C": SIGNS[rule["comparison"]], "E": rule["unit"], "G": rule[f"what_{lang}"]}
        for letter, text in (texts | {"H": rule["source"], "I": confirm}).items():
            export.put(sheet[f"{letter}{line}"], text)
        sheet[seen].number_format = sheet[limit].number_format = cells.FORMAT["number"]
        cells.wrap(sheet, line, len(HEADS))
    return row + len(rules) + 1


def _flow(sheet, flow: dict[str, str], span: tuple[int, int], row: int, lang: str) -> None:
    """The yearly cash flow, with debt service and its cover."""
    cells.heading(sheet, row, [cells.column("gross_capex" if name == "capex" else name, lang) for name in FLOW])
    first, years = span
    for year in range(years + 1):
        for place, name in enumerate(FLOW):
            cell = sheet.cell(row + 1 + year, place + 1)
            cell.value = f"={flow[name]}{first + year}"
            plain = {"year_of_effect": "0", "debt_service_cover": cells.FORMAT["number"]}
            cell.number_format = plain.get(name, cells.FORMAT["money"])


def _found(kept: Kept, what: str, column: int) -> str:
    """What the sheet of data holds for the chosen project; nothing, not 0, where its cell is empty."""
    letter = cells.letter(column - 1)
    name, last = kept
    cell = f"INDEX('{name}'!${letter}$1:${letter}${last},MATCH($B$1&\"|{what}\",'{name}'!$A$1:$A${last},0))"
    return f'IF({cell}="","",{cell})'


def _numbers(values: pd.Series, which: pd.Series) -> pd.Series:
    """Figures as numbers where they are compared, as they are elsewhere."""
    return values.astype(object).mask(which, pd.to_numeric(values, errors="coerce").astype(object))


def screened_rules(screened: pd.DataFrame) -> pd.DataFrame:
    """The rules that were applied, in their order."""
    every = dictionary.read_table("green_finance_rules")
    return every[every["rule_id"].isin(set(screened["rule_id"]))].reset_index(drop=True)
