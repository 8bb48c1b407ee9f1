"""The calculation sheet: every input and every step of every case, so that a reader can follow by hand."""

from __future__ import annotations

import pandas as pd

from workbench.calculators import registry
from workbench.calculators.working import KEY, Worked

COLUMNS = [
    *KEY, "unit_id", "carrier", "step", "kind", "quantity", "formula", "inputs", "value", "unit", "source", "confidence", "flag",
    "savings_row",
]  # fmt: skip


def sheet(worked: list[Worked], savings: pd.DataFrame) -> pd.DataFrame:
    """All cases one below the other: inputs first (kind filed, unit, default or missing), then results and what they save.

    `savings` are the rows made of them; savings_row says which one a line of kind saving went into, blank where a filed one won.
    """
    frame = pd.concat([block for part in worked for block in _blocks(part)], ignore_index=True)
    place = ["kind", "project_id", "unit_id", "carrier", "unit"]
    rows = savings.assign(kind="saving").rename(columns={"row": "savings_row"})[[*place, "savings_row"]]
    frame = frame.merge(rows, on=place, how="left", validate="m:1")
    return frame[COLUMNS].sort_values([*KEY, "step"], kind="stable").reset_index(drop=True)


def _blocks(part: Worked) -> list[pd.DataFrame]:
    """The lines of one calculator, a block for each input and each step, over all its cases."""
    head, blocks = part.cases[[*KEY, "unit_id", "carrier"]].astype(object), []
    for name, row in registry.inputs(part.calculator).iterrows():
        about = {
            "formula": "",
            "inputs": "",
            "unit": row["unit"],
            "source": part.sources[name],
            "confidence": part.confidence[name],
        }
        blocks.append(head.assign(kind=part.origin[name].replace("", "missing"), quantity=name, **about))
    for step in registry.steps(part.calculator).itertuples():
        about = {"formula": step.formula, "inputs": _inputs(step, part.values), "unit": step.unit, "source": step.source}
        kind, role = "saving" if step.saves else "result", step.saves.removeprefix("-")
        block = head.assign(kind=kind, quantity=step.result, confidence=_confidence(step), **about)
        blocks.append(block if role in ("", "fuel") else block.assign(carrier=role))
    for number, block in enumerate(blocks, start=1):
        name = block["quantity"].iat[0]
        block["value"], block["step"] = part.values[name].astype(float), number
        block["flag"] = part.flags[name].map({True: "beyond", False: ""}).astype(object)
    return blocks


def _inputs(step, values: pd.DataFrame) -> list[str]:
    """The numbers that went into a step, with their names; coefficients that are no input too."""
    columns = []
    for quantity in registry.arguments(step).values():
        numbers = values[quantity] if quantity in values else pd.Series(registry.parameter(quantity)["value"], index=values.index)
        columns.append([f"{quantity} = {number:.6g}" for number in numbers])
    return ["; ".join(cells) for cells in zip(*columns, strict=True)]


def _confidence(step) -> str:
    """`remembered` where a coefficient behind the step was recalled and not read."""
    rows = [registry.parameter(quantity) for quantity in registry.arguments(step).values()]
    return "remembered" if any(row and row["confidence"] == "remembered" for row in rows) else ""
