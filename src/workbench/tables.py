"""Accessible HTML tables, key figures and notes: every value escaped, every table with a caption and header scopes."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

MISSING = "–"
_WORDS = {
    "en": {"error": "Error", "warning": "Warning", "info": "Note", "note": "Note", "stop": ". ",
           True: "yes", False: "no", "empty": "No rows.", "first": "First {shown} of {rows} rows.",
           "rest": "First {shown} of {rows} rows; the rest is in {place}.", "parameters": "Parameters of this run"},
    "zh": {"error": "错误", "warning": "警告", "info": "提示", "note": "说明", "stop": "：",
           True: "是", False: "否", "empty": "无记录。", "first": "共 {rows} 行，此处为前 {shown} 行。",
           "rest": "共 {rows} 行，此处为前 {shown} 行，其余见 {place}。", "parameters": "本次运行的参数"},
}  # fmt: skip
# Seen in JupyterLab only: the report drops style elements of outputs and brings its own sheet.
_IN_NOTEBOOK = (
    "<style>figure.table{margin:1em 0}figure.table .scroll{overflow-x:auto}figure.table caption{text-align:left;"
    "font-weight:600}figure.table :is(th,td){text-align:left!important}figure.table .number{text-align:right"
    "!important;font-variant-numeric:tabular-nums}dl.key-figures{display:flex;flex-wrap:wrap;gap:1em 2.5em}"
    "dl.key-figures dd{margin:0;font-size:1.5em}.callout{border-left:4px solid;padding:.2em 1em}</style>"
)


@dataclass(frozen=True)
class Table:
    """A finished piece of HTML that a notebook displays by itself."""

    html: str

    def _repr_html_(self) -> str:
        return _IN_NOTEBOOK + self.html


def show(
    frame: pd.DataFrame,
    caption: str,
    *,
    lang: str = "en",
    columns: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    digits: Mapping[str, int] | int | None = None,
    limit: int | None = None,
    note: str = "",
    row_header: str | None = None,
    rest_in: str = "",
) -> Table:
    """Return `frame` as a table with caption, column headings and one heading a row.

    `columns` chooses and orders; `labels` names headings (else the data dictionary does); `digits` sets decimals for
    all columns or some of them (else the largest value of a column decides); `limit` shows the first rows and says
    so, `rest_in` names the file with all of them; `row_header` is the column that names a row (the first one).
    """
    shown = frame[list(columns)] if columns is not None else frame
    names = [str(name) for name in shown.columns]
    head = shown.head(limit) if limit is not None else shown
    header = names[0] if row_header is None and names else row_header
    kinds = [_kind(shown.iloc[:, i]) for i in range(len(names))]
    places = [_places(shown.iloc[:, i], names[i], digits) if kinds[i] == "number" else 0 for i in range(len(names))]

    headings = "".join(
        f'<th scope="col"{_class(kind)}>{escape((labels or {}).get(name) or _heading(name, lang))}</th>'
        for name, kind in zip(names, kinds, strict=True)
    )
    rows = "".join(
        f"<tr>{''.join(_cell(*cell, header, lang) for cell in zip(row, names, kinds, places, strict=True))}</tr>\n"
        for row in head.itertuples(index=False, name=None)
    )
    if not rows:
        rows = f'<tr><td colspan="{max(len(names), 1)}">{_WORDS[lang]["empty"]}</td></tr>\n'
    notes = "".join(f'<p class="note">{escape(line)}</p>' for line in (_rest(head, shown, rest_in, lang), note) if line)
    return Table(
        f'<figure class="table"><div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">\n'
        f"<table><caption><span>{escape(caption)}</span></caption>\n<thead><tr>{headings}</tr></thead>\n"
        f"<tbody>\n{rows}</tbody></table></div>{notes}</figure>"
    )


def key_figures(items: Iterable[tuple[str, Any, str]], lang: str = "en") -> Table:
    """Return a row of cards from (label, value, unit); numbers are grouped, texts stay as they are."""
    cards = ""
    for label, value, unit in items:
        after = f' <span class="unit">{escape(unit)}</span>' if unit else ""
        cards += f"<div><dt>{escape(label)}</dt><dd>{escape(_text(value, lang))}{after}</dd></div>"
    return Table(f'<dl class="key-figures">{cards}</dl>')


def callout(text: str, kind: str = "note", lang: str = "en") -> Table:
    """Return a boxed remark of kind note, info, warning or error; the kind stands in words before the text."""
    words = _WORDS[lang]
    paragraphs = "</p><p>".join(escape(part) for part in text.split("\n\n"))
    heading = f"<strong>{words[kind]}{words['stop']}</strong>"
    return Table(f'<div class="callout {kind}" role="note"><p>{heading}{paragraphs}</p></div>')


def parameters(frame: pd.DataFrame, lang: str = "en", caption: str | None = None) -> Table:
    """Return the parameters of a run (name, value, unit, meaning) as a table."""
    return show(frame, caption or _WORDS[lang]["parameters"], lang=lang)


def number(value: float, digits: int | None = None) -> str:
    """Write a number with grouped thousands and a true minus; decimals follow its size unless given.

    >>> number(12345.6), number(12345.6, 1), number(-0.01234), number(42)
    ('12,346', '12,345.6', '−0.0123', '42')
    """
    value = float(value)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    places = _decimals(value) if digits is None else digits
    if value and round(value, places) == 0:
        places = 1 - math.floor(math.log10(abs(value)))  # a small value is never printed as nothing
    return f"{value:,.{places}f}".replace("-", "−")


def _decimals(size: float) -> int:
    """Decimals that leave about three significant digits, none from a thousand up."""
    size = abs(size)
    if size == 0 or size >= 1000 or math.isinf(size):
        return 0
    return max(1, 2 - math.floor(math.log10(size))) if not float(size).is_integer() else 0


def _kind(column: pd.Series) -> str:
    """How a column is set: number (to the right), short (never wrapped), long (never squeezed) or plain."""
    filled = column.dropna()
    if not pd.api.types.is_bool_dtype(column) and (
        pd.api.types.is_numeric_dtype(column)
        or (len(filled) and all(isinstance(v, numbers.Real) and not isinstance(v, bool) for v in filled))
    ):
        return "number"
    longest = filled.astype(str).str.len().max() if len(filled) else 0
    return "short" if longest <= 14 else "long" if longest > 60 else ""


def _places(column: pd.Series, name: str, digits: Mapping[str, int] | int | None) -> int:
    """Decimals of a numeric column: as asked for, none for whole numbers, else after its largest value."""
    given = digits.get(name) if isinstance(digits, Mapping) else digits
    if given is not None:
        return given
    sizes = [abs(float(value)) for value in column.dropna() if math.isfinite(value)]
    whole = all(size.is_integer() for size in sizes)
    return 0 if whole or not sizes else _decimals(max(sizes) if max(sizes) >= 1000 else max(s for s in sizes if s % 1))


def _heading(name: str, lang: str) -> str:
    """The heading the data dictionary has for a column, else its name."""
    from workbench import wording

    try:
        return wording.label(name, lang) or name
    except (KeyError, OSError):
        return name


def _rest(head: pd.DataFrame, shown: pd.DataFrame, place: str, lang: str) -> str:
    if len(head) == len(shown):
        return ""
    words = _WORDS[lang]["rest" if place else "first"]
    return words.format(shown=number(len(head)), rows=number(len(shown)), place=place)


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _cell(value: Any, name: str, kind: str, places: int, header: str | None, lang: str) -> str:
    if name == "severity" and value in ("error", "warning", "info"):
        content = f'<span class="severity {value}">{_WORDS[lang][value]}</span>'
    elif kind != "number" or _is_missing(value):
        content = escape(_text(value, lang))
    elif _is_label(name) and float(value).is_integer():
        content = str(int(value))
    else:
        content = number(value, places)
    element, scope = ("th", ' scope="row"') if name == header else ("td", "")
    return f"<{element}{scope}{_class(kind)}>{content}</{element}>"


def _is_label(name: str) -> bool:
    """Whether the numbers of a column are names (years, identifiers, codes), which are not grouped."""
    is_year = name == "year" or (name.endswith("_year") and not name.endswith("per_year"))
    return is_year or name.endswith(("_id", "_code"))


def _is_missing(value: Any) -> bool:
    return value is None or value == "" or (pd.api.types.is_scalar(value) and pd.isna(value))


def _text(value: Any, lang: str) -> str:
    """A single value in words: missing as a dash, yes or no, numbers grouped, dates as ISO."""
    if _is_missing(value):
        return MISSING
    if pd.api.types.is_bool(value):
        return _WORDS[lang][bool(value)]
    if isinstance(value, numbers.Real):
        return number(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(_text(part, lang) for part in value)
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return value.date().isoformat()
    return str(value)
