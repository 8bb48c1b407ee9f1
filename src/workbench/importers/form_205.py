"""China's statistical form 205-1 (能源购进、消费与库存) → cluster package.

Columns of the form: name, unit, code, opening stock (1), purchases quantity (2) and thousand yuan (3), consumption total (4) =
industrial production (5, of which raw material 6) + non-industrial (7), of which transport (8), closing stock (9) = 1 + 2 - 4,
coefficient used (10) and reference in tce per unit, last line 能源合计 (code 40, tce); read in github
foolsogood/custom-ele-table example/src/mock/func_5.js. The form is part of 能源统计报表制度 of the National Bureau of
Statistics (list of forms: http://bhygbaby.com/paper/228158400.html). Editions differ, so headings are found by meaning
(`form_205_headings.csv`) and lines by name, else by code (`form_205_lines.csv`). No text read states the temperature of its
gas volumes; its coefficient of natural gas (1.33 kgce/m3 = 389.8 GJ per 10^4 m3) equals the heating value the guidelines print
per Nm3, so volumes are read as normal ones unless told otherwise.
"""

from pathlib import Path

import pandas as pd

from workbench import workbook
from workbench.errors import UserError
from workbench.importers import form_205_checks, form_package, form_sheet
from workbench.importers.form_205_lines import known_lines
from workbench.importers.form_notes import note

FIGURES = [
    "opening", "purchase", "cost", "consumption", "industrial", "raw_material", "non_industrial", "sale", "closing", "coefficient",
]  # fmt: skip
PARTS = ["purchase_outside", "transport", "last_year"]  # of which, or of another year: never added
WANTED = ["opening", "purchase", "closing"]  # their absence is said; consumption and a name or code are required
FLOWS = {"opening": "opening_stock", "purchase": "purchase", "consumption": "consumption", "raw_material": "non_energy_use",
         "sale": "sale", "closing": "closing_stock", "self_made": "self_generation"}  # fmt: skip
STATES = {"normal": {"10^4 m3": "10^4 Nm3", "m3": "Nm3"}, "20C": {}}
SOURCES = [
    {
        "title": "能源统计报表制度, form 205-1",
        "where": "National Bureau of Statistics of China",
        "what": "columns and lines of the form",
    }
]


def read(path, enterprise_id, year, *, name="", sector="not stated", sheet=None, raw_coal="bituminous", gas_volume="normal",
         country="CN", currency="CNY"):  # fmt: skip
    """One filled form → tables `enterprises`, `energy` (columns of the data list) and `notes` (rows for import_notes.csv).

    Money in currency, quantities in the unit filed, ncv in GJ per t or 10^4 Nm3. Raises UserError when no sheet holds the form.
    """
    path = Path(path)
    label, cells, header, notes = find_form(path, enterprise_id, sheet)
    lines, totals, said, blank = known_lines(as_lines(cells, header), enterprise_id, raw_coal)
    notes += [*said, *column_notes(header, enterprise_id)]
    lines, faults = numbered(lines, header, enterprise_id)
    totals, _ = numbered(totals, header, enterprise_id)
    notes += faults
    lines, said = with_units(lines, enterprise_id, gas_volume)
    notes += said
    lines, said = form_205_checks.settle(lines, enterprise_id)
    notes += said
    notes += form_205_checks.compare(lines, totals, enterprise_id, country, currency, year)
    energy = ledger(lines, enterprise_id, year)
    notes.insert(0, note("source", enterprise_id, label, rows=len(energy), lines=len(lines), blank=blank))
    name = name or firm_name(cells.head(header.first)) or enterprise_id
    return {"enterprises": form_package.enterprise(enterprise_id, name, sector), "energy": energy, "notes": notes}


def find_form(path, enterprise_id, sheet=None):
    """(label, cells, header, notes) of the first sheet that holds the form, else one line saying which column is missing."""
    found, encoding = workbook.sheets(path)
    if sheet is not None and sheet not in found:
        raise UserError(f"{path.name} has no sheet {sheet} (found: {', '.join(found)}).")
    patterns = form_sheet.patterns_of("form_205_headings", "field")
    headers = {n: form_sheet.find_header(c, patterns) for n, c in found.items() if sheet in (None, n)}
    fits = [name for name, header in headers.items() if header and not missing(header)]
    fits.sort(key=lambda name: -len(headers[name].columns))  # form 205-2 beside it shares some of the headings
    if not fits:
        near = max((h for h in headers.values() if h), key=lambda h: len(h.columns), default=None)
        said = ", ".join(missing(near)) if near else "能源名称 (name), 消费量合计 (consumption)"
        heads = "; ".join(form_sheet.plain(t) for t in near.texts.values()) if near else "none"
        raise UserError(f"{path.name}: no column for {said} (headings found: {heads}); give form 205-1 with its heading row.")
    notes = [note("other_sheets", enterprise_id, ", ".join(fits[1:]), sheet=fits[0])] if len(fits) > 1 else []
    notes += [note("encoding", enterprise_id, encoding)] if encoding else []
    return f"{path.name}, sheet {fits[0]}", found[fits[0]], headers[fits[0]], notes


def missing(header):
    """The required columns a header lacks, in words."""
    lacks = [] if {"name", "code"} & set(header.columns) else ["能源名称 (name)"]
    return lacks + ([] if {"consumption", "industrial"} & set(header.columns) else ["消费量合计 (consumption)"])


def as_lines(cells, header):
    """The lines under the headings as text: row (of the sheet, from 1), every field of the form, `rest` (all cells)."""
    body = cells.iloc[header.last + 1 :]
    numbering = [form_sheet.is_numbering(row) for row in body.to_numpy().tolist()]
    body = body.drop(index=body.index[pd.array(numbering, dtype=bool)])
    table = pd.DataFrame({"row": body.index + 1})
    for field in ["name", "code", "unit", *FIGURES, "reference"]:
        table[field] = body.iloc[:, header.columns[field]].astype(str).to_numpy() if field in header.columns else ""
    table["rest"] = [" ".join(str(c).strip() for c in row if str(c).strip()) for row in body.to_numpy().tolist()]
    return table


def column_notes(header, enterprise_id):
    """Columns that are absent, and those that are parts of others."""
    absent = [field for field in WANTED if field not in header.columns]
    parts = [form_sheet.plain(header.texts[field]) for field in PARTS if field in header.columns]
    notes = [note("column_absent", enterprise_id, ", ".join(absent))] if absent else []
    return notes + ([note("columns_of_which", enterprise_id, "; ".join(parts))] if parts else [])


def numbered(lines, header, enterprise_id):
    """Numbers out of text, money in currency, total consumption out of its parts where the total is blank; and the faults."""
    lines, faults = form_sheet.numbers(lines, FIGURES)
    notes = [
        note(fault, f"{enterprise_id}: {name}", "" if fault == "formula" else text, column=form_sheet.plain(header.texts[column]))
        for name, column, text, fault in faults
    ]
    if "cost" in header.columns and len(lines):
        heading = form_sheet.plain(header.texts["cost"])
        scale = next((value for word, value in form_sheet.words("money").items() if word in heading), "")
        notes += [] if scale else [note("money_assumed", enterprise_id, "1000")]
        lines["cost"] = lines["cost"] * float(scale or 1000)
    parts = lines[["industrial", "non_industrial"]].sum(axis=1, min_count=1)
    apart = lines["consumption"].notna() & parts.notna() & lines["industrial"].notna()
    notes += [
        note("consumption_sum", f"{enterprise_id}: {line.name_shown}", line.consumption, expected=part)
        for line, part in zip(lines.rename(columns={"name": "name_shown"}).itertuples(), parts, strict=True)
        if apart[line.Index] and form_205_checks.apart(line.consumption, part, "consumption_sum")
    ]
    return lines.assign(consumption=lines["consumption"].fillna(parts)), notes


def with_units(lines, enterprise_id, gas_volume):
    """Unit codes of the lines: as filed, else the form's; gas volumes at the state that is chosen; unknown units kept out."""
    notes, codes, gases = [], [], []
    for line in lines.to_dict("records"):
        key = f"{enterprise_id}: {line['name']}"
        filed = line["unit"] if form_sheet.plain(line["unit"]) else form_sheet.bracketed(line["name"])
        code = form_sheet.unit_of(filed)
        if not code and not form_sheet.plain(line["unit"]):
            code = line["form_unit"]
            notes.append(note("unit_assumed", key, line["name"], unit=code))
        elif not code:
            notes.append(note("unit_unknown", key, line["unit"]))
        if code in ("10^4 m3", "m3"):
            gases.append(line["name"])
            code = STATES[gas_volume].get(code, code)
        if code in ("t", "kg") and line["carrier"] == "heat":
            line["carrier"] = "steam"
        codes.append((line["carrier"], code))
    if gases:
        state = "normal, 0 °C" if gas_volume == "normal" else "20 °C"
        notes.append(note("gas_state", enterprise_id, ", ".join(gases), state=state))
    lines = lines.assign(carrier=[c for c, _ in codes], unit=[u for _, u in codes])
    return lines[lines["unit"] != ""], notes


def ledger(lines, enterprise_id, year):
    """Ledger rows of the lines: one a flow with a figure; consumption without what is used as raw material."""
    parts = []
    for column, flow in FLOWS.items():
        part = lines[lines[column].notna() & (lines[column] != 0)]
        money = part["cost"] if column == "purchase" else float("nan")
        parts.append(part.assign(flow=flow, quantity=part[column], cost=money))
    rows = pd.concat(parts).sort_values(["row", "flow"], kind="stable")
    said = [f"form 205-1 line {n}, row {r}{c}" for n, r, c in zip(rows["name"], rows["row"], rows["coefficient_note"], strict=True)]
    filed = {"enterprise_id": enterprise_id, "year": year, "unit_id": "", "evidence": "statistics_return", "quality": "B"}
    columns = [
        "enterprise_id",
        "year",
        "unit_id",
        "carrier",
        "flow",
        "quantity",
        "unit",
        "cost",
        "ncv",
        "evidence",
        "quality",
        "note",
    ]
    return rows.assign(**filed, note=said)[columns].reset_index(drop=True)


def firm_name(cells):
    """The firm's name from the lines above the headings (单位详细名称：…), or ""."""
    for text in (str(cell) for row in cells.to_numpy().tolist() for cell in row):
        for mark in ("单位详细名称", "单位名称", "企业名称"):
            if mark in text and len(text.split(mark)[1].strip(" ：:\n")) > 1:
                return text.split(mark)[1].strip(" ：:\n").split("\n")[0].split("  ")[0]
    return ""


def add_arguments(parser):
    """Options of `workbench import form-205-1`."""
    form_package.add_arguments(parser)
    parser.add_argument("--gas-volume", default="normal", choices=list(STATES), help="state of gas volumes (default: normal)")


def run(args) -> Path:
    """Import as the parsed arguments say; the path of the written package."""
    files = form_package.identities(args.source, args.enterprise, args.name)
    options = {name: getattr(args, name) for name in ("sector", "sheet", "raw_coal", "gas_volume", "country", "currency")}
    parts = [read(path, enterprise_id, args.year, name=name, **options) for path, enterprise_id, name in files]
    tables = form_package.join(parts)
    meta = form_package.meta_of(args, "form-205-1", "Form 205-1", SOURCES, files)
    return form_package.write(tables, meta, args.out, overwrite=args.overwrite)
