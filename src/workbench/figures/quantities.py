"""Names and numbers as a reader says them: short names, quantities in a fitting multiple of their unit, the rest as one row."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.wording import label, text

NAME_COLUMNS = 28
OTHER = "figures.other"  # stands for all carriers or enterprises not shown one by one


def word(code, lang: str) -> str:
    """A code as a reader says it."""
    code = str(code)
    if code == OTHER:
        return text(OTHER, lang)
    said = label(code, lang)
    return said if said != code else code[:1].upper() + code[1:].replace("_", " ")


def shorten(name: str, columns: int = NAME_COLUMNS) -> str:
    """At most ``columns`` Latin letters wide; a Chinese character takes the room of two."""
    name, width, kept = " ".join(str(name).split()), 0, ""
    for letter in name:
        width += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if width > columns:
            return kept.rstrip() + "…"
        kept += letter
    return name


def names(table: pd.DataFrame, key: str, lang: str) -> dict[str, str]:
    """Display name of each id: the Chinese name in a Chinese figure, else the name, else the id."""
    said = table[key].astype(str)
    for column in ("name", "name_zh")[: 2 if lang == "zh" else 1]:
        if column in table:
            said = table[column].where(table[column].notna() & (table[column].astype(str).str.strip() != ""), said)
    alike = said.map(shorten).duplicated(keep=False) & (key == "project_id")  # many audits name their measures alike
    said = said.mask(alike, table[key].astype(str) + " " + said)
    return {identity: shorten(name) for identity, name in zip(table[key], said, strict=True)}


def numeric(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A copy whose columns are finite numbers; what is absent or unreadable counts as zero."""
    return table.assign(
        **{
            column: pd.to_numeric(table.get(column, pd.Series(0.0, table.index)), errors="coerce")
            .replace([np.inf, -np.inf], np.nan)
            .fillna(0.0)
            .astype(float)
            for column in columns
        }
    )


def number(value: float) -> str:
    """About three digits, thousands apart, a true minus."""
    size = abs(value)
    digits = 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2 if size >= 1 else 3
    written = f"{value:,.{digits}f}"
    if "." in written and size < 1:
        written = written.rstrip("0").rstrip(".")
    return "0" if written in ("-0", "") else written.replace("-", "−")


def share(part: float, whole: float) -> float:
    """Percentage, zero where there is no whole."""
    return 100 * part / whole if whole else 0.0


def percent(value: float, lang: str) -> str:
    """A share to one decimal."""
    return text("figures.percent", lang, value=f"{value:.1f}".replace("-", "−"))


@dataclass(frozen=True)
class Scale:
    """The multiple of a unit in which a figure speaks."""

    divisor: float
    unit: str
    measure: str
    lang: str

    def __call__(self, value):
        return value / self.divisor

    def say(self, value: float) -> str:
        """A quantity in words, in the multiple that suits it."""
        own = scale([value], self.measure, self.lang)
        return text("figures.quantity", self.lang, value=number(own(value)), unit=own.unit)


def scale(values: Iterable[float], unit: str, lang: str) -> Scale:
    """Thousands and millions for English, 万 and 亿 for Chinese; ``unit`` is tco2e, tce or a currency code."""
    finite = np.abs(np.asarray(list(values), dtype=float))
    largest = finite[np.isfinite(finite)].max(initial=0.0)
    steps = ((1e8, "e8"), (1e4, "e4")) if lang == "zh" else ((1e6, "e6"), (1e3, "e3"))
    divisor, step = next(((size, key) for size, key in steps if largest >= 5 * size), (1.0, "e0"))
    kind = unit if unit in ("tco2e", "tce") else "money"
    return Scale(divisor, text(f"figures.unit.{kind}.{step}", lang, currency=currency_name(unit, lang)), unit, lang)


def currency_name(code: str, lang: str) -> str:
    """元 for CNY in a Chinese figure; a currency without a filed name keeps its code."""
    try:
        return text(f"figures.currency.{code}", lang)
    except KeyError:
        return code


def year_of(table: pd.DataFrame) -> str:
    """The accounting year, where the table tells one."""
    years = pd.to_numeric(table["year"], errors="coerce").dropna().astype(int).unique() if "year" in table else []
    return str(years[0]) if len(years) == 1 else f"{min(years)}–{max(years)}" if len(years) else "–"


def top_and_rest(matrix: pd.DataFrame, top: int) -> tuple[pd.DataFrame, int]:
    """The first rows, and the sum of the others as one more row."""
    rest = len(matrix) - top
    if rest <= 1:
        return matrix, 0
    return pd.concat([matrix.iloc[:top], matrix.iloc[top:].sum().to_frame(OTHER).T]), rest
