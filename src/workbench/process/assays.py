"""Assays: measured parameters of a process, checked against what its equation can take, and the factor they make.

A parameter filed for a unit wins over the same filed for the whole site; what is not filed takes the default of the parameter
table, and where that is blank the assay is incomplete and the default factor serves. Every such step is a finding.
"""

from __future__ import annotations

from functools import cache

import pandas as pd

from workbench import dictionary, findings
from workbench.process import equations

KEY = ["enterprise_id", "unit_id", "process"]
_SETTLED = [*KEY, "assay_factor", "assay_id"]


@cache
def parameters() -> pd.DataFrame:
    """Parameters of all processes in the order of their equations: labels, unit, default (NaN must be filed), range, excludes."""
    table = dictionary.read_table("process_parameters")
    for column in ("default", "minimum", "maximum"):
        table[column] = pd.to_numeric(table[column].replace("", None))
    return table


@cache
def serving() -> pd.DataFrame:
    """The equation that serves a process, indexed by process: equation, sign, product_carbon (1 for carbon of products), source."""
    table = dictionary.read_table("process_equations").set_index("process")
    return table.assign(sign=table["sign"].astype(int), product_carbon=table["product_carbon"].astype(int))


def settle(cases: pd.DataFrame, filed: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """Factors out of assays: (settled cases, deductions they exclude, raw findings).

    `cases`: enterprise_id, unit_id, process, own (all rows carry a measured factor) and has_default, one row each, indexed by a
    row of the process table. `filed`: the assay table of the year, unit_id blank for the whole site. Settled cases have KEY,
    assay_factor (t of the gas per unit of the process, signed) and assay_id; excluded have KEY and the parameter that doubles them.
    """
    valid, found = _checked(filed)
    found += _idle(cases, valid)
    values = _of_cases(cases[~cases["own"]], valid)
    made = [pd.DataFrame(columns=_SETTLED)]
    served = cases[~cases["own"] & cases["process"].isin(serving().index)]
    for process, group in served.groupby("process", sort=True):
        settled, problems = _factors(str(process), group, values[values["process"] == process])
        made.append(settled)
        found += problems
    settled = pd.concat(made, ignore_index=True).astype({"assay_factor": float})
    used = values.merge(settled[KEY], on=KEY, how="inner", validate="m:1")
    return settled, _excluded(used, cases), [part for part in found if len(part)]


def _checked(filed: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Assay rows that their equation can take, one value a place and parameter; the rest as findings."""
    known = parameters()[["process", "parameter", "unit", "minimum", "maximum"]].rename(columns={"unit": "wanted"})
    frame = filed.reset_index(names="row").merge(known, on=["process", "parameter"], how="left", validate="m:1").set_index("row")
    place = {"table": "assays", "effect": "value_ignored"}
    unknown = frame[frame["wanted"].isna()]
    has = parameters().groupby("process")["parameter"].agg(", ".join)
    found = [
        findings.raw("assay_unknown", unknown, field="parameter", seen=unknown["parameter"],
        expected=unknown["process"].map(has).fillna("–"), **place)
    ]  # fmt: skip
    frame = frame[frame["wanted"].notna()]
    wrong = frame[(frame["unit"] != "") & (frame["unit"] != frame["wanted"])]
    found.append(findings.raw("assay_unit", wrong, field=wrong["parameter"], seen=wrong["unit"], expected=wrong["wanted"], **place))
    frame = frame.drop(index=wrong.index)
    outside = frame[~frame["value"].between(frame["minimum"], frame["maximum"])]
    bounds = outside[["minimum", "maximum", "wanted"]].itertuples(index=False, name=None)
    span = pd.Series([f"{low:g} … {high:g} {unit}" for low, high, unit in bounds], index=outside.index, dtype=str)
    found.append(findings.raw("assay_range", outside, field=outside["parameter"], seen=outside["value"], expected=span, **place))
    frame = frame.drop(index=outside.index)
    same = [*KEY, "parameter"]
    twice = frame[frame.groupby(same)["value"].transform("nunique") > 1]
    found.append(findings.raw("assay_repeated", twice, field=twice["parameter"], seen=twice["value"], **place))
    return frame.drop(index=twice.index).drop_duplicates(same), found


def _idle(cases: pd.DataFrame, valid: pd.DataFrame) -> list[pd.DataFrame]:
    """Assays that meet no process row, and those that a measured factor overrules."""
    place = {"table": "assays", "effect": "value_ignored"}
    pair = ["enterprise_id", "process"]
    lines = valid.reset_index(names="row")[["row", *KEY, "parameter"]]
    met = lines.merge(cases[[*KEY, "own"]].rename(columns={"unit_id": "at"}), on=pair, how="left", validate="m:m")
    met = met[met["own"].notna() & ((met["unit_id"] == "") | (met["unit_id"] == met["at"]))]
    overruled = met.astype({"own": bool}).groupby("row")["own"].all()
    idle = valid[~valid.index.isin(overruled.index)]
    beaten = valid[valid.index.isin(overruled.index[overruled])]
    return [
        findings.raw("assay_unused", idle, field=idle["parameter"], seen=idle["process"], **place),
        findings.raw("assay_overruled", beaten, field=beaten["parameter"], seen=beaten["process"], **place),
    ]


def _of_cases(cases: pd.DataFrame, valid: pd.DataFrame) -> pd.DataFrame:
    """The value of each parameter filed for a case, its unit's own before the site's: KEY, parameter, value."""
    lines = valid[[*KEY, "parameter", "value"]].rename(columns={"unit_id": "at"})
    joined = cases[KEY].merge(lines, on=["enterprise_id", "process"], how="inner", validate="m:m")
    joined = joined[(joined["at"] == "") | (joined["at"] == joined["unit_id"])]
    return joined.sort_values("at").drop_duplicates([*KEY, "parameter"], keep="last").drop(columns="at")


def _factors(process: str, cases: pd.DataFrame, values: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Factors of one process' cases by its equation; an incomplete or impossible assay leaves the default, with a finding."""
    table = parameters()[parameters()["process"] == process].set_index("parameter")
    wide = values.pivot(index=KEY, columns="parameter", values="value").reindex(columns=table.index)
    wide = wide.reindex(pd.MultiIndex.from_frame(cases[KEY])).astype(float)
    wide.index, stated = cases.index, wide.notna().to_numpy().any(axis=1)
    full = wide.fillna(table["default"])
    lacking = full.isna().to_numpy().any(axis=1)
    words = pd.Series([", ".join(full.columns[gap]) for gap in full.isna().to_numpy()], index=cases.index, dtype=str)
    place = {"table": "process", "field": "process", "seen": process}
    bare, default = cases[lacking & ~cases["has_default"]], cases[stated & lacking & cases["has_default"]]
    found = [
        findings.raw(
            "assay_needed", bare, expected=words[bare.index].replace("", "tco2_per_unit"), effect="row_set_aside", **place
        ),
        findings.raw("assay_missing", default, expected=words[default.index], **place),
    ]
    whole = stated & ~lacking
    if not whole.any():
        return pd.DataFrame(columns=_SETTLED), found
    made = getattr(equations, serving().at[process, "equation"])(1.0, **full[whole])
    sound = made >= 0
    impossible = cases[whole][~sound]
    effect = impossible["has_default"].map({True: "kept", False: "row_set_aside"})
    found.append(findings.raw("assay_deduction", impossible, expected=made[~sound], effect=effect, **place))
    settled = cases.loc[whole, KEY].assign(assay_factor=made * serving().at[process, "sign"])[sound]
    return settled.assign(assay_id=_ids(settled, wide[whole][sound])), found


def _ids(cases: pd.DataFrame, wide: pd.DataFrame) -> list[str]:
    """Ids made of what was filed, in the order of the parameter table, so that row order does not matter."""
    ids = []
    for (enterprise, process), values in zip(
        cases[["enterprise_id", "process"]].itertuples(index=False, name=None), wide.to_dict("records"), strict=True
    ):
        parts = [f"{name.removesuffix('_pct')}{value:.10g}" for name, value in values.items() if pd.notna(value)]
        ids.append(f"own:{enterprise}:{process}:{'-'.join(parts)}")
    return ids


def _excluded(used: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Cases whose deduction an assay of the same place already holds (`excludes` of the parameter): KEY, parameter."""
    table = parameters()[parameters()["excludes"] != ""][["process", "parameter", "excludes"]]
    pairs = used.merge(table, on=["process", "parameter"], how="inner", validate="m:1")
    pairs = pairs.assign(process=pairs["excludes"].str.split()).explode("process").rename(columns={"unit_id": "at"})
    hit = cases[KEY].merge(pairs[["enterprise_id", "process", "at", "parameter"]], on=["enterprise_id", "process"], validate="m:m")
    return hit[(hit["at"] == "") | (hit["unit_id"] == "") | (hit["at"] == hit["unit_id"])].drop_duplicates(KEY).drop(columns="at")
