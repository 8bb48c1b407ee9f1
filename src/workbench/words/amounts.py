"""Numbers, money and sentences as a reader sees them, in English and Chinese."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from workbench import wording

_STEPS = {"en": ((1e9, "e9"), (1e6, "e6")), "zh": ((1e8, "e8"), (1e4, "e4"))}


@dataclass(frozen=True)
class Prose:
    """Sentences that a notebook shows as a paragraph, or as a list."""

    sentences: tuple[str, ...]
    lang: str = "en"
    listed: bool = False

    def __str__(self) -> str:
        return ("" if self.lang == "zh" else " ").join(self.sentences)

    def _repr_html_(self) -> str:
        if self.listed:
            return f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in self.sentences)}</ul>"
        return f"<p>{escape(str(self))}</p>"


def number(value: float | None) -> str:
    """Whole from a thousand up, else three significant digits; thousands apart, a true minus, a dash where there is none.

    >>> number(12345.6), number(-0.01234), number(4.0), number(None)
    ('12,346', '−0.0123', '4', '–')
    """
    if value is None or not math.isfinite(float(value)):
        return "–"
    places = 0 if abs(value) >= 999.5 or value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    written = f"{float(value):,.{places}f}"
    return (written.rstrip("0").rstrip(".") if "." in written else written).replace("-", "−")


def money(value: float | None, currency: str, lang: str) -> str:
    """An amount with its currency: 1.36 million USD, 136 万美元."""
    said, unit = amount(value, currency, lang)
    return f"{said} {unit}"


def amount(value: float | None, currency: str, lang: str) -> tuple[str, str]:
    """Number and unit of an amount, in the steps of the language."""
    size = abs(value) if value is not None and math.isfinite(value) else 0.0
    divisor, step = next(((least, key) for least, key in _STEPS[lang] if size >= least), (1.0, "e0"))
    unit = wording.text(f"report.money.{step}", lang, currency=currency_name(currency, lang))
    return number(None if value is None else value / divisor), unit


def currency_name(currency: str, lang: str) -> str:
    """元 for CNY in Chinese; a currency without a name keeps its code."""
    try:
        return wording.text(f"figures.currency.{currency}", lang)
    except KeyError:
        return currency


def say(key: str, lang: str, **values: Any) -> str:
    """The sentence `report.KEY` with its numbers written out."""
    return wording.text(f"report.{key}", lang, **{k: v if isinstance(v, str) else number(v) for k, v in values.items()})


def percent(part: float, whole: float) -> float:
    """Share in percent, nil where there is no whole."""
    return 100 * part / whole if whole else 0.0


def column_sum(frame: pd.DataFrame, column: str) -> float:
    """Sum of a column, blanks as nil."""
    return float(pd.to_numeric(frame[column]).sum())


def intensity_unit(unit: str, lang: str) -> str:
    """A unit of intensity such as `tCO2e per million CNY of value added` in the report's language."""
    parts = re.fullmatch(r"(tCO2e|tce) per million (\S+) of (value added|output value)", unit)
    if not parts:
        return unit
    shown = parts[1].replace("CO2", "CO₂")
    return wording.text(f"report.intensity.{parts[3].replace(' ', '_')}", lang, unit=shown, currency=currency_name(parts[2], lang))
