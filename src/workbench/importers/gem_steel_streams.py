"""Process streams of steel works: cited heat per tonne times the modelled output, and heat sinks that are published for a works.

Rows of `data/steel_streams.csv`: those with `per` stand for every works with that output, those with an enterprise_id for that
works alone. Heat flows are means over the hours stated; nothing enters the inventory.
"""

import pandas as pd

from workbench import dictionary, units
from workbench.importers.gem_steel_model import UNIT_KINDS

COLUMNS = ["stream_id", "enterprise_id", "unit_id", "name", "name_zh", "supply_c", "target_c", "duty_kw", "hours", "phase_note"]
_NUMBERS = ["supply_c", "target_c", "gj_per_t", "duty_kw", "hours"]


def intensities() -> pd.DataFrame:
    """Streams with their temperatures (degC), GJ per t of `per` or duty_kw, hours, source and confidence."""
    table = dictionary.read_table("steel_streams")
    return table.assign(**{name: pd.to_numeric(table[name].replace("", None)) for name in _NUMBERS})


def streams(works: pd.DataFrame) -> pd.DataFrame:
    """The table `streams` of works (enterprise_id and t/yr by kind of output, `gem_steel_model.volumes`), sorted by stream_id."""
    table, parts = intensities(), []
    for row in table.itertuples():
        mine = works[works["enterprise_id"] == row.enterprise_id] if row.enterprise_id else works[works[row.per].fillna(0) > 0]
        duty = row.duty_kw if row.enterprise_id else mine[row.per] * row.gj_per_t * units.factor("GJ", "kWh") / row.hours
        unit = f"-{UNIT_KINDS[row.unit_kind][0]}" if row.unit_kind else ""
        known = {name: getattr(row, name) for name in ("name", "name_zh", "supply_c", "target_c", "hours", "phase_note")}
        parts.append(
            mine[["enterprise_id"]].assign(
                **known,
                duty_kw=duty,
                unit_id=mine["enterprise_id"] + unit if unit else "",
                stream_id=mine["enterprise_id"] + f"-{row.stream}",
            )
        )
    out = pd.concat(parts, ignore_index=True)
    return out.assign(duty_kw=out["duty_kw"].round(0))[COLUMNS].sort_values("stream_id").reset_index(drop=True)
