"""Reading a form as people file it: headings over several rows, full-width brackets, units in words, numbers as text.

Words and their meaning stand in `data/form_words.csv`. Merged cells hold their text in the first cell only, as every
spreadsheet saves them.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import pandas as pd

from workbench import dictionary
from workbench.workbook import MISSING_FORMULA

BLANK = {"", "-", "--", "—", "——", "–", "/", "\\", "…", "……", "无", "n/a", "na", "nan"}
SEARCHED_ROWS = 60  # a heading stands near the top; below this the rows are data
NUMBERING = re.compile(r"[甲乙丙丁戊己]|\d{1,2}")


@dataclass(frozen=True)
class Header:
    """Where the headings of a form stand: rows first … last, the column and heading text of each field."""

    first: int
    last: int
    columns: dict[str, int]
    texts: dict[str, str]


def plain(text):
    """Text to compare: full-width signs made plain, no blanks, lower case ("购进金额（千元）" → "购进金额(千元)")."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(text))).lower()


def number(text):
    """(value or None, fault): fault is "" for a number or a blank, else "formula" or "not_a_number"; "12 %" is 0.12."""
    if text == MISSING_FORMULA:
        return None, "formula"
    words = plain(text)
    if words in BLANK:
        return None, ""
    share = words.endswith("%")
    words = re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", words.rstrip("%"))
    try:
        value = float(words)
    except ValueError:
        return None, "not_a_number"
    if value != value or abs(value) == float("inf"):
        return None, "not_a_number"
    return (value / 100 if share else value), ""


@cache
def words(kind):
    """Words of one kind from `form_words.csv` and what each stands for, both in plain spelling."""
    table = dictionary.read_table("form_words")
    rows = table[table["kind"] == kind]
    return {plain(word): value for word, value in zip(rows["word"], rows["value"], strict=True)}


def unit_of(text):
    """The workbench's unit code of a unit as written ("万立方米" → 10^4 m3), or "" when it is not known."""
    return words("unit").get(plain(text).strip("()"), "")


def bracketed(text):
    """What stands in the last brackets of a heading, also where the closing one is missing: "消耗电量(MWh)" → "mwh"."""
    found = re.findall(r"\(([^()]*)\)?", plain(text))
    return found[-1] if found else ""


def has_word(kind, text):
    """Whether a text holds one of the words of a kind."""
    return any(word in plain(text) for word in words(kind))


def field_of(heading, patterns):
    """The first field whose pattern fits a heading; `patterns` is a list of (field, compiled pattern)."""
    text = plain(heading)
    return next((field for field, pattern in patterns if text and pattern.search(text)), "")


@cache
def patterns_of(table, column):
    """The patterns of a table of headings, in its order: ((field, compiled pattern), …)."""
    rows = dictionary.read_table(table)
    return tuple((field, re.compile(pattern)) for field, pattern in zip(rows[column], rows["pattern"], strict=True))


def joined(rows):
    """One heading a column from one to three rows: a merged heading reaches to the right as far as cells below it are filled."""
    current = [""] * len(rows)
    texts = []
    for cells in zip(*rows, strict=True):
        filled = [level for level, cell in enumerate(cells) if plain(cell)]
        for level in filled:
            current[level:] = [cells[level], *[""] * (len(rows) - level - 1)]
        texts.append("".join(current[: filled[-1] + 1]) if filled else "")
    return texts


def find_header(cells, patterns):
    """The rows that hold most headings of a form, or None; of equals the highest and the smallest."""
    best, score = None, 0
    table = cells.head(SEARCHED_ROWS).to_numpy().tolist()
    for first in range(len(table)):
        for depth in (1, 2, 3):
            rows = table[first : first + depth]
            if len(rows) < depth:
                continue
            texts = joined(rows)
            columns = {}
            for place, text in enumerate(texts):
                field = field_of(text, patterns)
                if field and field not in columns:
                    columns[field] = place
            if len(columns) > score:
                heads = {field: texts[place] for field, place in columns.items()}
                best, score = Header(first, first + depth - 1, columns, heads), len(columns)
    return best


def is_numbering(cells):
    """Whether a row only numbers the columns of the form: 甲 乙 丙 1 2 3 …"""
    filled = [plain(cell) for cell in cells if plain(cell)]
    return "甲" in filled and all(NUMBERING.fullmatch(cell) for cell in filled)


def numbers(table, columns, key="name"):
    """Numbers out of the text of `columns`: (table with floats, faults as (row label, column, text, fault))."""
    out, faults = table.copy(), []
    for column in columns:
        read = [number(text) for text in table[column]]
        out[column] = pd.Series([value for value, _ in read], index=table.index, dtype=float)
        faults += [(n, column, t, f) for n, t, (_, f) in zip(table[key], table[column], read, strict=True) if f]
    return out, faults
