"""What 45 years of audits say of energy measures: how often they were carried out, what they cost and what they saved.

Reads the recommendations of the US DOE Industrial Assessment Centers as `iac` does and makes the tables
`technologies/implementation_by_payback` and `technologies/iac_classes`; run again on a newer copy, it makes them anew.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.importers import iac_tables

PAYBACK_EDGES = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 5, 7, 10, np.inf]  # years; the last range is open
CARRIED_OUT, LEFT = "I", "N"


def implementation_by_payback(recc: pd.DataFrame) -> pd.DataFrame:
    """Share of recommendations carried out, by simple payback (cost over yearly saving of the first stream, both nominal USD).

    `recc`: the recommendations as `iac.read_source` gives them. Only energy streams with a cost and a saving above nil and an
    answer (carried out or not) count; pending and unanswered ones are left out. Columns: payback_from_years,
    payback_to_years (NaN: open), share (a fraction), recommendations, carried_out.
    """
    rows = _answered(recc)
    ranges = pd.cut(rows["impcost"] / rows["psaved"], PAYBACK_EDGES)
    answers = (rows["impstatus"] == CARRIED_OUT).groupby(ranges, observed=True)
    counts = pd.DataFrame({"recommendations": answers.size(), "carried_out": answers.sum().astype(int)})
    return pd.DataFrame(
        {
            "payback_from_years": [float(span.left) for span in counts.index],
            "payback_to_years": [float(span.right) if np.isfinite(span.right) else np.nan for span in counts.index],
            "share": (counts["carried_out"] / counts["recommendations"]).to_numpy(),
            "recommendations": counts["recommendations"].to_numpy(),
            "carried_out": counts["carried_out"].to_numpy(),
        }
    )


def _answered(recc: pd.DataFrame) -> pd.DataFrame:
    """Recommendations on a metered energy stream with cost, saving and an answer; fees and demand are money, not energy."""
    streams = iac_tables.stream_table()
    metered = streams.index[(streams["money"] == "energy") & ~streams["carrier"].str.startswith("electricity_")]
    keep = recc["impstatus"].isin([CARRIED_OUT, LEFT]) & recc["psourccode"].isin(metered)
    return recc[keep & (recc["impcost"] > 0) & (recc["psaved"] > 0)]


def classes(recc: pd.DataFrame, assess: pd.DataFrame, price_level: pd.Series, price_year: int) -> pd.DataFrame:
    """Cost, saving, payback and share carried out of each class of recommendation and carrier, in USD of `price_year`.

    `price_level`: a price index by year; audits of years it does not hold are left out. `assess` gives each plant's use, so that
    `saving_share_median` is the median share of the plant's own use of the carrier. A class is the chapter of the ARC code
    (2.1, 2.4 …), or what a code rounded away still tells. Money as filed, brought to one year by the index.
    """
    rows = _answered(recc)
    rows = rows[rows["fy"].isin(price_level.index) & (rows["pconserved"] > 0)]
    streams = iac_tables.stream_table()
    level = price_level[price_year] / rows["fy"].map(price_level)
    usage = iac_tables.plant_streams(assess).drop_duplicates(["id", "code"], keep="last").set_index(["id", "code"])["quantity"]
    use = usage.reindex(pd.MultiIndex.from_arrays([rows["id"], rows["psourccode"]])).to_numpy()
    share = rows["pconserved"].to_numpy() / use
    frame = rows.assign(
        chapter=rows["arc2"].map(_chapter),
        carrier=rows["psourccode"].map(streams["carrier"]),
        unit=rows["psourccode"].map(streams["unit"]),
        cost=rows["impcost"] * level,
        saving=rows["psaved"] * level,
        per_unit=rows["impcost"] * level / rows["pconserved"],
        payback=rows["impcost"] / rows["psaved"],
        share=np.where((share > 0) & (share <= 1), share, np.nan),
        done=rows["impstatus"] == CARRIED_OUT,
    )
    grouped = frame.groupby(["chapter", "carrier", "unit"], sort=True)
    return grouped.agg(
        recommendations=("done", "size"),
        carried_out=("done", "sum"),
        share_carried_out=("done", "mean"),
        cost_mean=("cost", "mean"),
        cost_median=("cost", "median"),
        saving_mean=("saving", "mean"),
        saving_median=("saving", "median"),
        saved_quantity_median=("pconserved", "median"),
        saving_share_median=("share", "median"),
        plants_with_use=("share", "count"),
        cost_per_unit=("per_unit", "median"),
        payback_median_years=("payback", "median"),
        first_year=("fy", "min"),
        last_year=("fy", "max"),
    ).reset_index()


def _chapter(arc: object) -> str:
    """2.4111 → 2.4; a rounded 2 or 3 → the chapters it can stand for, an energy stream given."""
    text = iac_tables.arc_text(arc)
    if len(text) > 1:
        return text[:3]
    known = iac_tables.code_table("iac_arc_rounded")
    found = known[(known["arc2"] == text) & (known["first_stream_is_energy"] == "1")]
    return found["arc_range"].iat[0].split(" ")[0] if len(found) else "unknown"
