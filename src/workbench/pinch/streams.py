"""Process streams made ready: hot or cold, heat capacity flow, shifted temperatures."""

from __future__ import annotations

import pandas as pd

from workbench import dictionary, findings

COLUMNS = [
    "stream_id", "enterprise_id", "unit_id", "name", "name_zh", "kind", "supply_c", "target_c", "heat_capacity_kw_per_k", "duty_kw",
    "hours", "approach_k", "high_c", "low_c",
]  # fmt: skip


def prepare(streams: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Streams of the table `streams` ready for the problem table, and raw findings; never raises for data.

    `kind` is hot (cooled) or cold (heated); `high_c` and `low_c` are shifted by half the minimum approach: hot streams down, cold
    ones up, so that heat may flow between equal shifted temperatures. A filed duty wins over heat capacity flow x change.
    Source: Linnhoff and Flower, AIChE J. 24 (1978) 633; Kemp, Pinch Analysis and Process Integration (2007).
    """
    if streams.empty:
        return pd.DataFrame(columns=COLUMNS), []
    rows = streams.set_index("row", drop=False)
    span = (rows["supply_c"] - rows["target_c"]).abs()
    by_capacity = rows["heat_capacity_kw_per_k"] * span
    duty = rows["duty_kw"].fillna(by_capacity)
    bad = rows[~((duty > 0) & (span > 0))]
    found = [findings.raw("stream_heat", bad, table="streams", field="duty_kw", seen=bad["stream_id"], effect="row_set_aside")]
    rows, duty, span = rows.drop(bad.index), duty.drop(bad.index), span.drop(bad.index)
    found += [_mismatch(rows, duty, by_capacity.drop(bad.index))]
    usual = _usual_approach()
    without = rows["min_approach_k"].isna()
    if without.any():
        found.append(
            findings.raw("stream_default", table="streams", field="min_approach_k", seen=int(without.sum()), expected=f"{usual:g}")
        )
    approach = rows["min_approach_k"].fillna(usual)
    hot = rows["supply_c"] > rows["target_c"]
    shift = (approach / 2).where(~hot, -approach / 2)
    ready = rows.assign(
        kind=hot.map({True: "hot", False: "cold"}), duty_kw=duty, heat_capacity_kw_per_k=duty / span, approach_k=approach,
        high_c=rows[["supply_c", "target_c"]].max(axis=1) + shift, low_c=rows[["supply_c", "target_c"]].min(axis=1) + shift,
    )  # fmt: skip
    ready = ready.assign(name_zh=ready.get("name_zh", ""))
    return ready[COLUMNS].sort_values("stream_id").reset_index(drop=True), [part for part in found if len(part)]


def _mismatch(rows: pd.DataFrame, duty: pd.Series, by_capacity: pd.Series) -> pd.DataFrame:
    """Streams whose two statements of heat do not agree."""
    apart = (duty - by_capacity).abs() > findings.tolerance("stream_mismatch") / 100 * duty
    at = rows[apart]
    said = [findings.number(value) for value in duty[apart]]
    computed = pd.Series([findings.number(value) for value in by_capacity[apart]], dtype=object)
    return findings.raw(
        "stream_mismatch", at, table="streams", field=pd.Series(said, dtype=object), seen=at["stream_id"], expected=computed
    )


def _usual_approach() -> float:
    table = dictionary.read_table("calculator_parameters").set_index("parameter")
    return float(table.at["min_approach_k", "value"])
