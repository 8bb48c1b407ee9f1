"""The calculators as tables: inputs with ranges and defaults, steps with formulas, coefficients with sources, units.

`calculators.csv`: one row an input; `calculator_steps.csv`: one row a step, in order, with the function that computes it;
`calculator_parameters.csv`: coefficients, some by carrier; `calculator_units.csv`: units a filer may use besides those of an input.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import pandas as pd

from workbench import dictionary, units

OUTSIDE = ("refuse", "flag")  # what a value out of range does: no result, or a result with a flag


@cache
def names() -> tuple[str, ...]:
    """Codes of the calculators, in the order of the table."""
    return tuple(dict.fromkeys(dictionary.read_table("calculators")["calculator"]))


@cache
def inputs(calculator: str) -> pd.DataFrame:
    """Inputs of a calculator, indexed by input: unit, minimum, maximum, outside, required, default, unit_field, labels, source.

    A calculator that does not exist has no inputs.
    """
    every = dictionary.read_table("calculators")
    rows = every[every["calculator"] == calculator].set_index("input")
    bounds = {name: pd.to_numeric(rows[name].replace("", None)).astype(float) for name in ("minimum", "maximum")}
    return rows.assign(required=rows["required"] == "1", **bounds)


@cache
def steps(calculator: str) -> pd.DataFrame:
    """Steps of a calculator in order: result, function, arguments, formula, unit, saves, minimum, maximum, labels, source.

    `arguments` maps an argument of the function to another quantity (argument=quantity, by ';'); the others bear their own names.
    `saves` is the carrier saved: electricity, fuel (the one the case states), or with a minus one that is used more.
    """
    every = dictionary.read_table("calculator_steps")
    rows = every[every["calculator"] == calculator].reset_index(drop=True)
    bounds = {name: pd.to_numeric(rows[name].replace("", None)).astype(float) for name in ("minimum", "maximum")}
    return rows.assign(**bounds)


@cache
def parameter(name: str, carrier: str = "") -> dict[str, Any] | None:
    """The row of a coefficient for a carrier, else the one for all carriers: value (float), unit, source, confidence, note."""
    rows = dictionary.read_table("calculator_parameters")
    rows = rows[rows["parameter"] == name].set_index("carrier")
    for key in (carrier, ""):
        if key in rows.index:
            return rows.loc[key].to_dict() | {"value": float(rows.at[key, "value"])}
    return None


@cache
def function(name: str) -> tuple[Callable, tuple[str, ...]]:
    """The function `module.function` of a step and the names of its arguments."""
    module, _, bare = name.partition(".")
    found = getattr(importlib.import_module(f"workbench.calculators.{module}"), bare)
    return found, tuple(inspect.signature(found).parameters)


def arguments(step: Any) -> dict[str, str]:
    """Argument of the step's function -> quantity that fills it."""
    renamed = dict(pair.split("=") for pair in step.arguments.split(";") if pair)
    return {name: renamed.get(name, name) for name in function(step.function)[1]}


@cache
def ratio(unit: str, target: str) -> float | None:
    """How many `target` one `unit` is; a blank unit means the target; None where the two do not measure the same thing."""
    if unit in ("", target):
        return 1.0
    table = dictionary.read_table("calculator_units")
    own = table[(table["unit"] == unit) & (table["target"] == target)]
    return float(own["factor"].iat[0]) if len(own) else units.factor(unit, target)


def within(values: pd.Series, minimum: float, maximum: float) -> pd.Series:
    """Whether values lie in a range; a bound that is blank does not bind."""
    return ~(values < minimum) & ~(values > maximum)


def expected(minimum: float, maximum: float, unit: str) -> str:
    """A range as a message shows it: `0 … 100 %`."""
    low, high = ("" if pd.isna(bound) else f"{bound:g}" for bound in (minimum, maximum))
    return f"{low} … {high} {unit}".strip()
