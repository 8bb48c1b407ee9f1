"""The calculation sheet: every input and every step of every case, so that a reader can follow by hand."""

from __future__ import annotations

import pandas as pd

from workbench.calculators import registry
from workbench.calculators.working import KEY, Worked

COLUMNS = [
    *KEY, "unit_id", "carrier", "step", "kind", "quantity", "formula", "inputs", "value", "unit", "source", "confidence", "flag",
]  # fmt: skip


def sheet(worked: list[Worked]) -> pd.DataFrame:
    """All cases one below the other: inputs first (kind filed, unit or default), then results and what they save."""
    rows = [line for part in worked for key in part.cases.index for line in _case(part, key)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.sort_values([*KEY, "step"], kind="stable").reset_index(drop=True)


def _case(part: Worked, key: str) -> list[tuple]:
    head = tuple(part.cases.loc[key, [*KEY, "unit_id", "carrier"]])
    values, flags, lines = part.values.loc[key], part.flags.loc[key], []
    for name, row in registry.inputs(part.calculator).iterrows():
        about = (part.sources.at[key, name], part.confidence.at[key, name], "beyond" if flags[name] else "")
        lines.append(
            (*head, len(lines) + 1, part.origin.at[key, name] or "missing", name, "", "", values[name], row["unit"], *about)
        )
    for step in registry.steps(part.calculator).itertuples():
        kind, flag = "saving" if step.saves else "result", "beyond" if flags[step.result] else ""
        cells = (step.result, step.formula, _inputs(step, values), values[step.result], step.unit, step.source)
        lines.append((*head, len(lines) + 1, kind, *cells, _confidence(step), flag))
    return lines


def _inputs(step, values: pd.Series) -> str:
    """The numbers that went into a step, with their names; coefficients that are no input too."""
    given = []
    for quantity in registry.arguments(step).values():
        value = values[quantity] if quantity in values.index else registry.parameter(quantity)["value"]
        given.append(f"{quantity} = {value:.6g}")
    return "; ".join(given)


def _confidence(step) -> str:
    """`remembered` where a coefficient behind the step was recalled and not read."""
    rows = [registry.parameter(quantity) for quantity in registry.arguments(step).values()]
    return "remembered" if any(row and row["confidence"] == "remembered" for row in rows) else ""
