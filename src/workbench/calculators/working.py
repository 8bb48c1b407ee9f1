"""One calculator worked out for many cases at once: filed inputs, defaults, steps, and what is wrong with them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench import findings
from workbench.calculators import registry

KEY = ["project_id", "calculator", "case"]
PLACE = {"table": "calculations"}


@dataclass(frozen=True)
class Worked:
    """Cases of one calculator: `cases` (key, unit_id, carrier, row), `values` (case x quantity, NaN where refused), where each
    value comes from (`origin`, `evidence`, `sources`, `confidence`: case x input), `flags` (case x quantity) and raw `findings`."""

    calculator: str
    cases: pd.DataFrame
    values: pd.DataFrame
    origin: pd.DataFrame
    evidence: pd.DataFrame
    sources: pd.DataFrame
    confidence: pd.DataFrame
    flags: pd.DataFrame
    findings: list[pd.DataFrame]


def work(calculator: str, filed: pd.DataFrame, equipment: pd.DataFrame) -> Worked:
    """Work out one calculator for the rows `filed` (columns of the table `calculations`); `equipment`: units by unit_id."""
    rows, found = _usable(calculator, filed)
    cases, problems = _cases(filed, equipment)
    found += problems
    wanted = registry.inputs(calculator)
    values = rows.pivot(index="key", columns="input", values="value").reindex(index=cases.index, columns=wanted.index).astype(float)
    origin = values.notna().replace({True: "filed", False: ""}).astype(object)
    text = rows.assign(text=_evidence(rows)).pivot(index="key", columns="input", values="text")
    sources = text.reindex(index=cases.index, columns=wanted.index).astype(object).fillna("")
    proof = rows.pivot(index="key", columns="input", values="evidence").reindex(index=cases.index, columns=wanted.index)
    confidence = sources.map(lambda _: "")
    for name, row in wanted.iterrows():
        _from_equipment(name, row, cases, equipment, values, origin, sources)
        _from_table(name, row, cases, values, origin, sources, confidence)
    flags = pd.DataFrame(False, index=values.index, columns=values.columns)
    refused, problems = _ranges(wanted, cases, values, flags)
    values, flags, problems_of_results = _steps(calculator, cases, values, flags, refused)
    proof = proof.astype(object).fillna("")
    return Worked(calculator, cases, values, origin, proof, sources, confidence, flags, found + problems + problems_of_results)


def results(calculator: str, values: pd.DataFrame) -> pd.DataFrame:
    """`values` (case x input) with the result of every step beside them, as the formulas give it; not finite where they break."""
    values = values.copy()
    for step in registry.steps(calculator).itertuples():
        call, _ = registry.function(step.function)
        given = {
            argument: values[quantity].to_numpy(float) if quantity in values else registry.parameter(quantity)["value"]
            for argument, quantity in registry.arguments(step).items()
        }
        with np.errstate(all="ignore"):
            values[step.result] = pd.Series(np.broadcast_to(call(**given), len(values)), index=values.index, dtype=float)
    return values


def _usable(calculator: str, filed: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Rows with a known input, a unit that fits and no double, their value in the unit of the input."""
    wanted = registry.inputs(calculator)
    at = filed.set_index("row", drop=False)
    known = at["input"].isin(wanted.index)
    strange = at[~known]
    nearest = [next(iter(difflib.get_close_matches(name, wanted.index, n=1, cutoff=0.4)), "") for name in strange["input"]]
    found = [
        findings.raw(
            "calculation_input",
            strange,
            **PLACE,
            field=strange["input"],
            seen=calculator,
            expected=pd.Series(nearest, dtype=object),
        )
    ]
    at = at[known]
    target = at["input"].map(wanted["unit"])
    size = pd.Series(
        [registry.ratio(unit, wish) for unit, wish in zip(at["unit"], target, strict=True)], index=at.index, dtype=float
    )
    odd = at[size.isna()]
    found.append(findings.raw("calculation_unit", odd, **PLACE, field=odd["input"], seen=odd["unit"], expected=target[size.isna()]))
    at = at.assign(value=at["value"] * size)[size.notna()]
    return at.drop_duplicates(["key", "input"]), found


def _cases(filed: pd.DataFrame, equipment: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """One row a case: key, unit, carrier (the unit's own where none is filed), first row in the file, how a message calls it."""
    first = filed.groupby("key", sort=True).agg({name: "first" for name in KEY} | {"row": "min"})
    found = []
    for name in ("unit_id", "carrier"):
        stated = filed[filed[name] != ""].groupby("key")[name]
        first[name] = stated.first().reindex(first.index).astype(object).fillna("")
        many = first[first.index.isin(stated.nunique().loc[lambda counts: counts > 1].index)].set_index("row")
        found.append(findings.raw("calculation_several", many, **PLACE, field=name, seen=many["project_id"], expected=many[name]))
    own = first["unit_id"].map(equipment["carrier"]).astype(object).fillna("") if len(equipment) else ""
    first["carrier"] = first["carrier"].mask(first["carrier"] == "", own)
    first["called"] = (first["project_id"] + " " + first["calculator"]).str.strip()
    return first, found


def _evidence(rows: pd.DataFrame) -> list[str]:
    """Where a filed value stands and what proves it."""
    lines = zip(rows["row"], rows["evidence"], strict=True)
    return [f"calculations {row}" + (f", {proof}" if proof else "") for row, proof in lines]


def _from_equipment(name, row, cases, equipment, values, origin, sources) -> None:
    """Fill what is not filed from the unit's row (rated_kw, hours, efficiency)."""
    if not row["unit_field"] or equipment.empty:
        return
    size = registry.ratio({"efficiency": "1"}.get(row["unit_field"], row["unit"]), row["unit"]) or np.nan
    given = pd.to_numeric(cases["unit_id"].map(equipment[row["unit_field"]]), errors="coerce") * size
    use = values[name].isna() & given.notna()
    values.loc[use, name] = given[use]
    origin.loc[use, name] = "unit"
    sources.loc[use, name] = [f"units {unit}: {row['unit_field']}" for unit in cases.loc[use, "unit_id"]]


def _from_table(name, row, cases, values, origin, sources, confidence) -> None:
    """Fill what is still missing from the coefficients, by carrier where the coefficient depends on it."""
    if not row["default"]:
        return
    for key in values.index[values[name].isna()]:
        found = registry.parameter(row["default"], cases.at[key, "carrier"])
        if found:
            values.at[key, name] = found["value"]
            origin.at[key, name], sources.at[key, name] = "default", found["source"]
            confidence.at[key, name] = found["confidence"]


def _ranges(
    wanted: pd.DataFrame, cases: pd.DataFrame, values: pd.DataFrame, flags: pd.DataFrame
) -> tuple[pd.Series, list[pd.DataFrame]]:
    """Which cases cannot be worked out; `flags` is marked where a formula is used beyond its range."""
    refused, found = pd.Series(False, index=values.index), []
    for name, row in wanted.iterrows():
        lacking = cases[values[name].isna()].set_index("row")
        found.append(
            findings.raw("calculation_incomplete", lacking, **PLACE, field=name, seen=lacking["called"], expected=row["unit"])
        )
        outside = values[name].notna() & ~registry.within(values[name], row["minimum"], row["maximum"])
        check = "calculation_range" if row["outside"] == "refuse" else "calculation_beyond"
        at = cases[outside].set_index("row")
        seen = pd.Series([f"{value:g}" for value in values.loc[outside, name]], dtype=object)
        scope = registry.expected(row["minimum"], row["maximum"], row["unit"])
        found.append(findings.raw(check, at, **PLACE, field=name, seen=seen, expected=scope))
        refused |= values[name].isna() | (outside & (row["outside"] == "refuse"))
        flags[name] |= outside
    return refused, found


def _steps(
    calculator: str, cases: pd.DataFrame, values: pd.DataFrame, flags: pd.DataFrame, refused: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """Every step in order, over all cases; results that are no number or cannot be are findings."""
    values, flags, found = results(calculator, values), flags.copy(), []
    for step in registry.steps(calculator).itertuples():
        result = values[step.result]
        values[step.result] = result.where(np.isfinite(result)).mask(refused)
        flags[step.result] = ~registry.within(values[step.result], step.minimum, step.maximum) | (
            values[step.result].isna() & ~refused
        )
        at = cases[flags[step.result]].set_index("row")
        seen = pd.Series([f"{value:g}" for value in result[flags[step.result]]], dtype=object)
        scope = registry.expected(step.minimum, step.maximum, step.unit)
        found.append(findings.raw("calculation_result", at, **PLACE, field=step.result, seen=seen, expected=scope))
    return values, flags, found
