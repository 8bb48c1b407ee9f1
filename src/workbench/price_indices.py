"""Money of one year and currency in another: yearly price indices and exchange rates, each figure with its source.

    amount(to) = amount(from) · X(from → c, year from) · I(year to) / I(year from) · X(c → to, year to)

with c the currency of the index I and X the average rate of a year (`price_indices.csv`, `exchange_rates.csv`). There and back
by the same index gives the amount again. A year without a figure is served by the nearest one, always with a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from workbench import dictionary, findings
from workbench.errors import UserError


@dataclass(frozen=True)
class Conversion:
    """`factor` by which an amount is multiplied (NaN: no rate leads there), the `steps` it is made of, raw `findings`."""

    factor: float
    steps: str
    findings: list[pd.DataFrame]


@cache
def indices() -> pd.DataFrame:
    """Price indices: index_id, labels, currency, year, value (any base), unit, source, confidence."""
    table = dictionary.read_table("price_indices")
    return table.assign(year=pd.to_numeric(table["year"]), value=pd.to_numeric(table["value"]))


@cache
def rates() -> pd.DataFrame:
    """Yearly average exchange rates: units of `to_currency` for one of `from_currency`."""
    table = dictionary.read_table("exchange_rates")
    return table.assign(year=pd.to_numeric(table["year"]), rate=pd.to_numeric(table["rate"]))


def convert(
    from_currency: str, from_year: int, to_currency: str, to_year: int, index_id: str, place: dict[str, str] | None = None
) -> Conversion:
    """The factor from money of (`from_currency`, `from_year`) to money of (`to_currency`, `to_year`) by the index `index_id`.

    `place` goes to the findings (table, enterprise_id, field). Raises UserError for an index that is not in the table.
    """
    place = place or {}
    own = indices()[indices()["index_id"] == index_id]
    if own.empty:
        known = ", ".join(sorted(indices()["index_id"].unique()))
        raise UserError(f"There is no price index {index_id!r}; known are {known}.")
    currency = own["currency"].iat[0]
    start, found = _exchange(from_currency, currency, from_year, place)
    before, missed = _index(own, index_id, from_year, place)
    after, later = _index(own, index_id, to_year, place)
    end, gone = _exchange(currency, to_currency, to_year, place)
    steps = [
        "" if from_currency == currency else f"{from_currency}/{currency} {start:.6g}",
        "" if from_year == to_year else f"{index_id} {after:.6g}/{before:.6g}",
        "" if to_currency == currency else f"{currency}/{to_currency} {end:.6g}",
    ]
    return Conversion(start * after / before * end, "; ".join(step for step in steps if step), [*found, *missed, *later, *gone])


def _index(own: pd.DataFrame, index_id: str, year: int, place: dict[str, str]) -> tuple[float, list[pd.DataFrame]]:
    """Value of the year or of the nearest one, the earlier of two as near; a finding where it is not the year's own."""
    row = _nearest(own, year)
    if row["year"] == year:
        return row["value"], []
    return row["value"], [findings.raw("price_year_missing", **place, seen=f"{index_id} {year}", expected=str(row["year"]))]


def _exchange(start: str, end: str, year: int, place: dict[str, str]) -> tuple[float, list[pd.DataFrame]]:
    """Rate of the year between two currencies: filed, inverse, or through one third currency."""
    if start == end:
        return 1.0, []
    rate, served = _rate(start, end, year)
    if served is None:
        return rate, [findings.raw("exchange_rate_missing", **place, seen=f"{start}/{end}")]
    if served == year:
        return rate, []
    return rate, [findings.raw("price_year_missing", **place, seen=f"{start}/{end} {year}", expected=f"{served:.0f}")]


@cache
def _rate(start: str, end: str, year: int) -> tuple[float, float | None]:
    """Rate of the year, else of the nearest one, and the year it is of; (NaN, None) where no rate leads there."""
    every = rates()
    back = every.rename(columns={"from_currency": "to_currency", "to_currency": "from_currency"})
    pairs = pd.concat([every, back.assign(rate=1 / back["rate"])], ignore_index=True)
    direct = pairs[(pairs["from_currency"] == start) & (pairs["to_currency"] == end)]
    first = pairs[pairs["from_currency"] == start]
    both = first.merge(
        pairs[pairs["to_currency"] == end], left_on=["to_currency", "year"], right_on=["from_currency", "year"], validate="m:m"
    )
    through = pd.DataFrame({"year": both["year"], "rate": both["rate_x"] * both["rate_y"]})
    options = direct if year in set(direct["year"]) else pd.concat([direct[["year", "rate"]], through], ignore_index=True)
    if options.empty:
        return float("nan"), None
    row = _nearest(options, year)
    return row["rate"], row["year"]


def _nearest(rows: pd.DataFrame, year: int) -> pd.Series:
    return rows.iloc[np.lexsort((rows["year"], (rows["year"] - year).abs()))[0]]
