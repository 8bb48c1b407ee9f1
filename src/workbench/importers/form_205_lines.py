"""The lines of form 205-1: which carrier a line names, which lines are sums of others, which are totals, remarks or unknown."""

import re
from functools import cache

import pandas as pd

from workbench import dictionary
from workbench.importers import form_sheet
from workbench.importers.form_notes import note

PREFIX = re.compile(r"^(其中[:：]?|of which:?)?(#|[0-9一二三四五六七八九十]+[.、)）]|\([0-9一二三四五六七八九十]+\))*(其中[:：]?)?")
SUM_CODE = "40"
FIGURE_COLUMNS = ["opening", "purchase", "consumption", "industrial", "non_industrial", "closing", "sale"]


@cache
def line_table():
    """The lines of the form: code, carrier, names, usual unit, part_of (code of the sum above), made, near, source."""
    return dictionary.read_table("form_205_lines")


@cache
def names():
    """Every spelling of a line's name, plain → position in the line table."""
    found = {}
    for place, row in enumerate(line_table().itertuples()):
        for text in (row.name_zh, *row.aliases.split("|")):
            found.setdefault(form_sheet.plain(text), place)
    return found


@cache
def by_code():
    """Codes of the form → position in the line table."""
    return {code: place for place, code in enumerate(line_table()["code"]) if code}


def bare(name):
    """A line's name without "其中：", numbers and a unit in brackets: "其中：1.无烟煤（吨）" → "无烟煤"."""
    text = PREFIX.sub("", form_sheet.plain(name)).strip("*:# ")
    if text in names():
        return text
    unit = form_sheet.bracketed(text)
    return text[: -len(unit) - 2] if unit and form_sheet.unit_of(unit) else text


def carrier_of(name):
    """The carrier a fuel's name means ("烟煤" → bituminous), or ""."""
    text = bare(name)
    place = names().get(text)
    return line_table()["carrier"].iat[place] if place is not None else labels().get(text, "")


@cache
def labels():
    """Names of the fuels in the data list, plain → carrier."""
    fuels = dictionary.carriers().query("kind == 'fuel'")
    return {form_sheet.plain(text): code for label in ("label_zh", "label_en") for code, text in fuels[label].items()}


def code_text(code):
    """1, 1.0 and "01" are one code."""
    text = re.sub(r"\.0+$", "", form_sheet.plain(code))
    return text.zfill(2) if text.isdigit() else ""


def known_lines(lines, enterprise_id, raw_coal):
    """(lines with figures + carrier, form_code, form_unit, part_of, made; total lines; notes; number of lines without figures)."""
    notes, kept, totals, blank = [], [], [], 0
    for line in lines.to_dict("records"):
        line |= {
            "name": " ".join(str(line["name"]).split()) or line["rest"][:40],
            "bare": bare(line["name"]),
            "code": code_text(line["code"]),
        }
        filled = {c: line[c] for c in FIGURE_COLUMNS if form_sheet.plain(line[c]) not in form_sheet.BLANK}
        key, place = f"{enterprise_id}: {line['name']}", place_of(line)
        kind = kind_of(line, filled, place)
        if kind == "total":
            totals.append(line)
            notes.append(note("total_row", enterprise_id, line["name"]))
        elif kind == "remark":
            notes.append(note("remark_row", enterprise_id, line["rest"][:60]))
        elif kind == "unknown":
            said = ", ".join(f"{column} {text}" for column, text in filled.items())
            notes.append(note("unknown_line", key, line["name"], figures=said))
        elif kind == "line":
            kept.append(line | meaning(place, raw_coal))
            notes += naming_notes(line, place, key)
        blank += kind == "blank"
    table = pd.DataFrame(kept, columns=[*lines.columns, "form_code", "carrier", "form_unit", "part_of", "made", "near"])
    notes += carrier_notes(table, enterprise_id, raw_coal)
    return table, pd.DataFrame(totals, columns=lines.columns), notes, blank


def place_of(line):
    """Position in the line table: by name, else by code, else None."""
    return names().get(line["bare"], by_code().get(line["code"]))


def kind_of(line, filled, place):
    """What a row of the sheet is: total, remark, blank (no figures), unknown, or a line of the form."""
    if line["bare"] in form_sheet.words("total") or line["code"] == SUM_CODE:
        return "total"
    if form_sheet.has_word("remark", line["name"]) and line["bare"] not in names():
        return "remark"
    if not any(form_sheet.number(text)[0] != 0 for text in filled.values()):
        return "blank" if place is not None or not line["rest"] else "remark"
    return "unknown" if place is None else "line"


def meaning(place, raw_coal):
    """What a line of the table says about a line of the form."""
    row = line_table().iloc[place]
    carrier = raw_coal if row["carrier"] == "raw_coal" else row["carrier"]
    known = {"form_code": row["code"], "carrier": carrier, "form_unit": row["unit"]}
    return known | {field: row[field] for field in ("part_of", "made", "near")}


def naming_notes(line, place, key):
    """A name that only its code explains, or that disagrees with its code."""
    carrier, code = line_table()["carrier"].iat[place], line["code"]
    if line["bare"] not in names():
        return [note("by_code", key, line["name"], carrier=carrier)]
    if code in by_code() and line_table()["code"].iat[place] not in ("", code):
        other = line_table()["name_zh"].iat[by_code()[code]]
        return [note("code_and_name", key, f"{line['name']} ({code})", carrier=carrier, other=other)]
    return []


def carrier_notes(lines, enterprise_id, raw_coal):
    """Lines that count with the factor of another carrier, and carriers filed in several lines of one name."""
    notes = []
    coal_kinds = set(line_table().query("part_of == '01'")["code"])
    for line in lines.itertuples():
        if line.near == "1":
            notes.append(note("near_carrier", f"{enterprise_id}: {line.name}", line.name, carrier=line.carrier))
        if line.form_code == "01" and not coal_kinds & set(lines["form_code"]):
            notes.append(note("raw_coal", f"{enterprise_id}: {line.name}", line.name, carrier=raw_coal))
    twice = lines.loc[lines["form_code"].duplicated() & (lines["form_code"] != ""), "name"]
    return notes + [note("twice", enterprise_id, name) for name in twice]
