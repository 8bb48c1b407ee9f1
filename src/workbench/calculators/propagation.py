"""Ranges of calculated results: every input moved alone to its two ends, the deviations added in squares (GUM; IPCC approach 1).

Half ranges (95 %) of inputs come by where the figure is from and what proves it (`data/input_ranges.csv`); coefficients that are no
input are taken as exact. A result that is the difference of two near values (two efficiencies) has a wide range, rightly so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench import dictionary
from workbench.calculators import registry
from workbench.calculators.working import Worked, results


def half_ranges(part: Worked) -> pd.DataFrame:
    """Half of the 95 % range of every result (case x result), in its own unit; NaN where there is no result.

    An input stays within what is possible for it. Source: JCGM 100:2008 (GUM), 5.1, with half differences for derivatives.
    """
    names = [step.result for step in registry.steps(part.calculator).itertuples()]
    wanted = registry.inputs(part.calculator)
    given = part.values[list(wanted.index)]
    half = given.abs() * _relative(part) / 100
    square = pd.DataFrame(0.0, index=given.index, columns=names)
    for name, row in wanted.iterrows():
        ends = [
            results(part.calculator, given.assign(**{name: _possible(given[name] + side * half[name], row)})) for side in (-1, 1)
        ]
        square += ((ends[1][names] - ends[0][names]) / 2).where(np.isfinite, 0.0) ** 2
    return (square**0.5).where(part.values[names].notna())


def _relative(part: Worked) -> pd.DataFrame:
    """Half range of each input, % of its value."""
    table = dictionary.read_table("input_ranges")
    known = dict(zip(zip(table["origin"], table["evidence"], strict=True), table["half_range_pct"].astype(float), strict=True))
    pairs = part.origin.astype(str) + "|" + part.evidence.where(part.origin.eq("filed"), "").astype(str)
    return pairs.map(lambda pair: known.get(tuple(pair.split("|")), 0.0)).astype(float)


def _possible(values: pd.Series, row: pd.Series) -> pd.Series:
    """Values kept within what cannot be exceeded; the range of a formula that may be left is no such bound."""
    return values.clip(row["minimum"], row["maximum"]) if row["outside"] == "refuse" else values
