"""From filed calculations to savings of projects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench import findings
from workbench.calculators import propagation, registry
from workbench.calculators.sheet import COLUMNS, sheet
from workbench.calculators.working import PLACE, Worked, work

_TEXT = ("project_id", "calculator", "case", "unit_id", "carrier", "input", "unit", "evidence")
_SAVING = ["project_id", "enterprise_id", "unit_id", "carrier", "unit"]


@dataclass(frozen=True)
class Calculated:
    """`tables` with the calculated rows among its savings, the calculation `sheet`, and raw `findings`."""

    tables: dict[str, pd.DataFrame]
    sheet: pd.DataFrame
    findings: list[pd.DataFrame]


def apply(tables: dict[str, pd.DataFrame]) -> Calculated:
    """Work out the table `calculations` and add what it saves to `savings` (mode absolute, MWh or GJ, origin `calculated`).

    `tables` are the checked tables; those given stay as they are. A saving that the project files for the same enterprise and
    carrier wins; both are shown in a finding. Applied twice, the rows are made anew. Never raises for data.
    """
    savings = tables["savings"].assign(origin=tables["savings"].get("origin", "filed"))
    savings = savings[savings["origin"] != "calculated"]
    filed = _tidy(tables.get("calculations", pd.DataFrame()))
    if filed.empty:
        return Calculated(tables | {"savings": savings}, pd.DataFrame(columns=COLUMNS), [])
    worked = _work(filed, tables.get("units", pd.DataFrame()))
    found = [part for each in worked for part in each.findings]
    found.append(_remembered(worked))
    made, problems = _savings(worked, tables)
    made, conflicts = _filed_wins(made, savings, tables["projects"])
    top = int(pd.to_numeric(savings["row"]).max()) if len(savings) else 1  # calculated rows are numbered after the filed ones
    made = made.assign(row=range(top + 1, top + 1 + len(made)))
    both = pd.concat([savings, made.reindex(columns=savings.columns)], ignore_index=True) if len(made) else savings
    return Calculated(tables | {"savings": both}, sheet(worked, made), [*found, *problems, conflicts])


def calculate(
    calculator: str, values: dict[str, float], units: dict[str, str] | None = None, carrier: str = ""
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """One case of one calculator: (calculation sheet, raw findings); `units` of inputs that are not in the unit of the table."""
    rows = [
        {"project_id": "", "calculator": calculator, "case": "", "unit_id": "", "carrier": carrier, "input": name, "value": value,
         "unit": (units or {}).get(name, ""), "evidence": "", "row": line}
        for line, (name, value) in enumerate(values.items(), start=1)
    ]  # fmt: skip
    blank = {"project_id": "", "calculator": calculator, "case": "", "unit_id": "", "carrier": carrier, "evidence": "", "row": 1}
    filed = _tidy(pd.DataFrame(rows or [blank | {"input": registry.inputs(calculator).index[0], "value": np.nan, "unit": ""}]))
    worked = _work(filed, pd.DataFrame())
    return sheet(worked, pd.DataFrame(columns=[*_SAVING, "row"])), [
        *[part for each in worked for part in each.findings],
        _remembered(worked),
    ]


def _tidy(calculations: pd.DataFrame) -> pd.DataFrame:
    """Filed rows with their texts blank where empty and the key of their case."""
    if calculations.empty:
        return pd.DataFrame()
    filed = calculations.copy()
    for column in _TEXT:
        filed[column] = filed[column].astype(object).fillna("").astype(str) if column in filed else ""
    filed["value"] = pd.to_numeric(filed["value"], errors="coerce").astype(float)
    return filed.assign(key=filed["project_id"] + "|" + filed["calculator"] + "|" + filed["case"])


def _work(filed: pd.DataFrame, equipment: pd.DataFrame) -> list[Worked]:
    by_unit = equipment.drop_duplicates("unit_id").set_index("unit_id") if len(equipment) else equipment
    return [work(name, rows, by_unit) for name, rows in filed.groupby("calculator", sort=True) if len(registry.inputs(name))]


def _remembered(worked: list[Worked]) -> pd.DataFrame:
    """Defaults that were recalled and not read, each once a case."""
    parts = []
    for part in worked:
        used = (part.confidence == "remembered") & part.values.notna().reindex(columns=part.confidence.columns)
        for name in part.confidence.columns[used.any()]:
            at = part.cases[used[name]].set_index("row")
            seen = pd.Series([f"{value:g}" for value in part.values.loc[used[name], name]], dtype=object)
            parts.append(findings.raw("calculation_remembered", at, **PLACE, field=name, seen=seen, expected=at["called"]))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _savings(worked: list[Worked], tables: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Savings summed by project, enterprise, unit and carrier, with their range (uncertainty_pct, cases err apart).

    A case that must name its carrier and does not is a finding.
    """
    parts, found = [], []
    for part in worked:
        half = propagation.half_ranges(part)
        for step in registry.steps(part.calculator).query("saves != ''").itertuples():
            role = step.saves.removeprefix("-")
            carrier = part.cases["carrier"] if role == "fuel" else pd.Series(role, index=part.cases.index)
            value = part.values[step.result] * (-1 if step.saves.startswith("-") else 1)
            nameless = part.cases[(carrier == "") & value.notna()].set_index("row")
            found.append(findings.raw("calculation_carrier", nameless, **PLACE, field="carrier", seen=nameless["called"]))
            lines = part.cases.assign(carrier=carrier, amount=value, unit=step.unit, square=half[step.result] ** 2)
            parts.append(lines[(carrier != "") & value.notna()])
    made = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*_SAVING, "amount", "square"])
    owner = tables["projects"].drop_duplicates("project_id").set_index("project_id")["enterprise_id"]
    home = tables["units"].drop_duplicates("unit_id").set_index("unit_id")["enterprise_id"]
    site = made["unit_id"].map(home)
    made["enterprise_id"] = site.where(site.notna(), made["project_id"].map(owner))
    made = made.groupby(_SAVING, as_index=False, sort=True)[["amount", "square"]].sum()
    size = made["amount"].abs()
    made["uncertainty_pct"] = (100 * made.pop("square") ** 0.5 / size.where(size > 0)).round(6)
    return made.assign(mode="absolute", origin="calculated"), found


def _filed_wins(made: pd.DataFrame, savings: pd.DataFrame, projects: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calculated rows without those whose project files a saving of its own there, and a finding that shows both."""
    owner = projects.drop_duplicates("project_id").set_index("project_id")["enterprise_id"]
    where = savings["enterprise_id"].astype(object).fillna("").astype(str)
    where = where.mask(where == "", savings["project_id"].map(owner))
    unit = savings["unit"].astype(object).fillna("").astype(str).replace("", "1")
    amounts = [f"{amount:g} {name}" for amount, name in zip(savings["amount"], unit, strict=True)]
    own = pd.DataFrame({"project_id": savings["project_id"], "enterprise_id": where, "carrier": savings["carrier"], "own": amounts})
    own = own.groupby(["project_id", "enterprise_id", "carrier"])["own"].agg("; ".join).reset_index()
    both = made.merge(own, on=["project_id", "enterprise_id", "carrier"], how="left", validate="m:1")
    lost = both[both["own"].notna()]
    seen = [f"{amount:g} {name}" for amount, name in zip(lost["amount"], lost["unit"], strict=True)]
    field = (lost["project_id"] + " " + lost["carrier"]).reset_index(drop=True)
    found = findings.raw(
        "calculation_and_filed", lost[["enterprise_id"]].set_index(pd.Index([""] * len(lost))), table="savings", field=field,
        seen=pd.Series(seen, dtype=object), expected=lost["own"].reset_index(drop=True),
    )  # fmt: skip
    return both[both["own"].isna()].drop(columns="own").reset_index(drop=True), found
