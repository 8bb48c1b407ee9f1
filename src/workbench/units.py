"""Units at the doors: what a filed unit is worth in another, through pint and our own definitions.

Within the workbench quantities are plain floats whose unit is in the column name or beside them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

_DATA = Path(__file__).parent / "data"
GJ_PER_TCE = 29.3076  # GB/T 2589: 1 kgce = 29 307.6 kJ


@cache
def table() -> pd.DataFrame:
    """The unit codes a filer may use: columns `unit`, `expression`, `dimension`, `label_zh`, `source`."""
    return pd.read_csv(_DATA / "units.csv", dtype=str, keep_default_na=False)


@cache
def _registry():
    import pint

    return pint.UnitRegistry(str(_DATA / "units.txt"), cache_folder=None)


@cache
def _in_base(unit: str) -> tuple[str, float] | None:
    """(dimension, size in the base unit of that dimension) of a unit code, or None when unknown."""
    rows = table()
    found = rows.loc[rows["unit"] == unit]
    if found.empty:
        return None
    quantity = _registry().parse_expression(found["expression"].iat[0]).to_base_units()
    return found["dimension"].iat[0], float(quantity.magnitude)


def is_known(unit: str) -> bool:
    """Whether `unit` is a code of the unit table."""
    return _in_base(unit) is not None


def dimension(unit: str) -> str | None:
    """The dimension (mass, normal_volume, energy, …) of a unit code, None when unknown."""
    found = _in_base(unit)
    return found[0] if found else None


@cache
def factor(source: str, target: str) -> float | None:
    """How many `target` one `source` is (1 MMBtu → 1.055056 GJ); None when the two do not measure the same thing."""
    one, other = _in_base(source), _in_base(target)
    if not one or not other or one[0] != other[0]:
        return None
    return one[1] / other[1]


def nearest(unit: str) -> str:
    """The known code closest in spelling, for a message."""
    import difflib

    close = difflib.get_close_matches(unit, table()["unit"].tolist(), n=1, cutoff=0.4)
    return close[0] if close else ""
