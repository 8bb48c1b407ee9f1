"""Supplementary data table (补充数据表) of China's carbon market → cluster package: one unit a workshop.

Layout: a column of workshops (merged), numbered items with their unit in brackets, perhaps a column of fuels, one column of
figures (数值), one of methods. Emissions = fuel + feedstock + power + heat; power by grid, captive plant, renewable, waste heat;
heat by waste heat, boiler, captive plant; output; intensity; a block for the whole plant. Read in
http://tanjiaoyi.com/article-25827-1.html (soda ash), -25824-1.html (ammonia), http://www.cn0001.com/article-25823-1.html
(calcium carbide), http://tanjiaoyi.com/article-25905-4.html (copper, without workshops), and the edition of 2023 in
http://caizhixing.cn/tanjiliang/2023/1019/101351.html. Items are told by meaning, `supplementary_items.csv`, not by number.
"""

import re
import unicodedata
from pathlib import Path

import pandas as pd

from workbench import workbook
from workbench.errors import UserError
from workbench.importers import form_package, form_sheet, supplementary_checks, supplementary_rows
from workbench.importers.form_205_lines import bare, carrier_of
from workbench.importers.form_notes import note

FOOTNOTE = re.compile(r"\*\s*\d+(\s*[,，、]\s*\d+)*|\*")
NUMBER = re.compile(r"^\d+(\.\d+)*\.?(?![#号\d])")
PLANT = re.compile(r"全部|合计|^total|wholeplant|plantsum")
OF_FUEL = ("fuel_quantity", "ncv", "carbon", "oxidation")
OF_FEEDSTOCK = ("feedstock_quantity", "feedstock_carbon", "output_quantity", "output_carbon")
SOURCES = [
    {
        "title": "Supplementary data tables (补充数据表), 2019-01-25 and later editions",
        "where": "Ministry of Ecology and Environment; read in http://tanjiaoyi.com/article-25827-1.html",
        "what": "items and their meaning, zero factor of renewable and waste-heat power and of waste heat",
    }
]


def read(path, enterprise_id, year, *, name="", sector="not stated", sheet=None, raw_coal="bituminous", meta=None):
    """One filled table → `enterprises`, `units`, `energy`, `process`, `products` (columns of the data list) and `notes`.

    `meta` gives factor_set, grid_region and country, with whose factors the printed emissions are compared.
    """
    path = Path(path)
    label, cells, header, notes = find_table(path, enterprise_id, sheet)
    figures, said = figures_of(cells, header, enterprise_id)
    notes += said
    shops, parts = workshops(figures, enterprise_id), []
    for place, (shop, unit_id) in enumerate(shops):
        mine = figures[(figures["workshop"] == shop) & ~figures["plant"]]
        made = supplementary_rows.of_workshop(mine, enterprise_id, unit_id, shop, year, raw_coal)
        rows = sum(len(made[table]) for table in ("energy", "process", "products"))
        notes += [*made["notes"], note("workshop", f"{enterprise_id} {shop}".strip(), shop or str(place + 1), rows=rows)]
        notes += supplementary_checks.compare(mine, made, f"{enterprise_id} {shop}".strip(), year, meta or {})
        parts.append(made)
    plant = figures[figures["plant"] & figures["value"].notna()]
    notes += [note("plant_total", enterprise_id, f"{row.text}: {row.value:g}") for row in plant.itertuples()]
    named = [(shop, unit_id) for shop, unit_id in shops if unit_id]
    units = pd.DataFrame([{"unit_id": u, "enterprise_id": enterprise_id, "name": s, "kind": "workshop"} for s, u in named])
    tables = {table: pd.concat([part[table] for part in parts], ignore_index=True) for table in ("energy", "process", "products")}
    notes.insert(0, note("source", enterprise_id, label, rows=len(tables["energy"]), lines=len(figures), blank=0))
    firm = name or firm_name(cells) or enterprise_id
    return {"enterprises": form_package.enterprise(enterprise_id, firm, sector), "units": units, **tables, "notes": notes}


def find_table(path, enterprise_id, sheet=None):
    """(label, cells, header, notes) of the first sheet with a column of figures and items that are known."""
    found, encoding = workbook.sheets(path)
    if sheet is not None and sheet not in found:
        raise UserError(f"{path.name} has no sheet {sheet} (found: {', '.join(found)}).")
    patterns = form_sheet.patterns_of("supplementary_headings", "field")
    headers = {n: form_sheet.find_header(c, patterns) for n, c in found.items() if sheet in (None, n)}
    fits = [n for n, h in headers.items() if h and "value" in h.columns and h.columns["value"] > 0 and holds_items(found[n])]
    if not fits:
        raise UserError(
            f"{path.name}: no column 数值 (value) right of the items of a supplementary data table; "
            "give the table with its heading row, one sheet or file an enterprise."
        )
    notes = [note("other_sheets", enterprise_id, ", ".join(fits[1:]), sheet=fits[0])] if len(fits) > 1 else []
    notes += [note("encoding", enterprise_id, encoding)] if encoding else []
    return f"{path.name}, sheet {fits[0]}", found[fits[0]], headers[fits[0]], notes


def item_of(text):
    """The item a text names, or "" ("2.1.1.1 电网电量(MWh)" → power_grid)."""
    return form_sheet.field_of(clean(text), form_sheet.patterns_of("supplementary_items", "item"))


def clean(text):
    """An item's text without its number, footnote marks and blanks."""
    return NUMBER.sub("", form_sheet.plain(FOOTNOTE.sub("", str(text)))).strip(".、:")


def readable(text):
    """An item's text without its number and footnote marks, as a reader sees it."""
    return NUMBER.sub("", " ".join(FOOTNOTE.sub("", unicodedata.normalize("NFKC", str(text))).split())).strip(" .、:")


def holds_items(cells):
    """Whether a sheet names power or heat consumed, emissions or output, as these tables do."""
    return any(item_of(cell) for row in cells.to_numpy().tolist() for cell in row if len(str(cell)) > 2)


def value_columns(cells, header):
    """(column, workshop) of each column of figures; several under one heading are one workshop each."""
    heads = form_sheet.joined(cells.iloc[header.first : header.last + 1].to_numpy().tolist())
    first = header.columns["value"]
    stop = min((c for f, c in header.columns.items() if f in ("method", "source") and c > first), default=len(heads))
    columns = [c for c in range(first, stop) if c == first or (form_sheet.plain(heads[c]) and c != header.columns.get("unit"))]
    if len(columns) == 1:
        return [(first, "")]
    shown = [re.sub(r"^(数值|value|figure)", "", form_sheet.plain(FOOTNOTE.sub("", heads[c]))) for c in columns]
    return [(c, text or f"{place}") for place, (c, text) in enumerate(zip(columns, shown, strict=True), start=1)]


def figures_of(cells, header, enterprise_id):
    """The figures, one row each: row, workshop, plant (sum of the plant), item, text, fuel, bracket, value, source; and faults."""
    columns = value_columns(cells, header)
    left = [place for place in range(header.columns["value"]) if place != header.columns.get("unit")]
    memory, rows, notes = {}, [], []
    body = cells.iloc[header.last + 1 :]
    for number, line in zip(body.index + 1, body.to_numpy().tolist(), strict=True):
        unit = form_sheet.plain(line[header.columns["unit"]]) if "unit" in header.columns else ""
        for place in left:
            if form_sheet.plain(line[place]):
                memory = {at: text for at, text in memory.items() if at < place} | {place: str(line[place]).strip()}
        for column, named in columns:
            value, fault = form_sheet.number(line[column])
            row = described(memory, named, unit) | {"row": number}
            size = form_sheet.words("emission_unit").get(row["bracket"], "1") if row["item"].endswith("emissions") else "1"
            row["value"] = None if value is None else value * float(size)
            row["source"] = str(line[header.columns["source"]]).strip() if "source" in header.columns else ""
            if fault and (row["item"] or fault == "formula"):
                seen = "" if fault == "formula" else line[column]
                notes.append(note(fault, f"{enterprise_id}: {row['text']}", seen, column=row["text"]))
            elif value is not None and not row["item"]:
                notes.append(note("item_unread", enterprise_id, f"{row['text']}: {value:g}"))
            elif value is not None:
                rows.append(row)
    found = ["row", "workshop", "plant", "item", "text", "fuel", "bracket", "value", "source"]
    return pd.DataFrame(rows, columns=found).astype({"plant": bool, "value": float}), notes


def described(memory, named, unit):
    """What the merged cells left of a figure say: workshop, item and its text, fuel, unit in brackets or in its own column."""
    item, text, label, fuel, workshop = "", "", "", "", named
    for cell in memory.values():
        known = item_of(cell if form_sheet.bracketed(cell) or not unit else f"{cell}({unit})")
        if known:
            item, text, label = known, clean(cell), readable(cell)
        elif carrier_of(clean(cell)) or not is_workshop(cell):
            fuel = clean(cell)
        elif not named:
            workshop = form_sheet.plain(FOOTNOTE.sub("", cell))
    if item in OF_FUEL and not fuel:
        fuel = own_fuel(text)
    plant = bool(PLANT.search(form_sheet.plain(workshop)))
    return {"workshop": workshop, "plant": plant, "item": item, "text": label or fuel or workshop, "fuel": fuel,
            "bracket": form_sheet.bracketed(text) or unit}  # fmt: skip


def is_workshop(cell):
    """Whether a cell names a workshop, a line, a unit or the whole plant."""
    return form_sheet.has_word("workshop", cell) or bool(PLANT.search(form_sheet.plain(cell)))


def own_fuel(text):
    """The fuel an item's own text begins with: "烟煤消耗量(t)" → "烟煤"."""
    for length in range(len(text), 1, -1):
        if carrier_of(text[:length]):
            return bare(text[:length])
    return ""


def workshops(figures, enterprise_id):
    """(workshop, unit id) in the order of the table; a table without workshops is the whole site, without unit."""
    shops = list(dict.fromkeys(figures.loc[~figures["plant"], "workshop"])) or [""]
    return [(shop, f"{enterprise_id}-{place}" if shop else "") for place, shop in enumerate(shops, start=1)]


def firm_name(cells):
    """The firm's name where the table states it (报告主体名称：…), or ""."""
    for cell in (str(c) for row in cells.to_numpy().tolist() for c in row):
        found = re.search(r"(?:报告主体名称|企业名称|单位名称)[:：]\s*([^\s:：]+)", cell)
        if found:
            return found.group(1)
    return ""


def add_arguments(parser):
    """Options of `workbench import supplementary`."""
    form_package.add_arguments(parser)


def run(args) -> Path:
    """Import as the parsed arguments say; the path of the written package."""
    files = form_package.identities(args.source, args.enterprise, args.name)
    meta = form_package.meta_of(args, "supplementary", "Supplementary data table", SOURCES, files)
    options = {"sector": args.sector, "sheet": args.sheet, "raw_coal": args.raw_coal, "meta": meta}
    parts = [read(path, enterprise_id, args.year, name=name, **options) for path, enterprise_id, name in files]
    return form_package.write(form_package.join(parts), meta, args.out, overwrite=args.overwrite)
