"""Where to look: the verified inventory by enterprise, carrier and system, and which part of it no project touches.

Compatible projects are those that enter the abatement cost curve. What they save together on a carrier is shared among them by
what each saves alone, and put on the systems of the units they name, else of their kind, else over the carrier's systems by use.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import pandas as pd

from workbench import dictionary, interaction

COLUMNS = [
    "rank", "enterprise_id", "carrier", "system", "unit_ids", "use", "activity_unit", "tce", "tco2e", "share_pct", "gap_tce",
    "projects", "saved_tce", "saved_tco2e", "uncovered_tce", "uncovered_tco2e", "basis", "source",
]  # fmt: skip


def rank(
    use: pd.DataFrame, pool_list: list[interaction.Pool], projects: pd.DataFrame, entered: set[str], positions: pd.DataFrame,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `end_use.split`, largest tCO2e first, with COLUMNS.

    `projects`: project_id and kind; `entered`: the compatible ones; `positions`: the inventory's places against benchmarks, whose
    potential above the benchmark is the enterprise's `gap_tce` (NaN: no benchmark). A row is covered when a project
    touches it: then `uncovered_` is nil, else its whole use. `share_pct` is of all rows' tCO2e.
    """
    frame = use.reset_index(drop=True).copy()
    touched, tce, tco2e = _attributed(frame, pool_list, projects.set_index("project_id")["kind"].fillna("").to_dict(), entered)
    frame["projects"] = [";".join(sorted(touched[row])) for row in frame.index]
    frame["saved_tce"] = [tce[row] for row in frame.index]
    frame["saved_tco2e"] = [tco2e[row] for row in frame.index]
    open_ = frame["projects"] == ""
    frame["uncovered_tce"], frame["uncovered_tco2e"] = frame["tce"].where(open_, 0.0), frame["tco2e"].where(open_, 0.0)
    whole = frame["tco2e"].sum()
    frame["share_pct"] = 100 * frame["tco2e"] / whole if whole else 0.0
    frame["gap_tce"] = frame["enterprise_id"].map(_gaps(positions))
    order = frame.sort_values(["tco2e", "enterprise_id", "carrier", "system"], ascending=[False, True, True, True], kind="stable")
    return order.assign(rank=range(1, len(order) + 1))[COLUMNS].reset_index(drop=True)


def by_system(spots: pd.DataFrame) -> pd.DataFrame:
    """Totals by system: tce and tCO2e used, saved by the compatible projects, touched by none."""
    sums = ["tce", "tco2e", "saved_tce", "saved_tco2e", "uncovered_tce", "uncovered_tco2e"]
    table = spots.groupby("system", sort=True)[sums].sum().reset_index()
    table["covered_pct"] = 100 * (1 - table["uncovered_tco2e"] / table["tco2e"].where(table["tco2e"] != 0))
    return table.sort_values(["tco2e", "system"], ascending=[False, True]).reset_index(drop=True)


def _attributed(
    frame: pd.DataFrame, pool_list: list[interaction.Pool], kinds: dict[str, str], entered: set[str]
) -> tuple[dict, dict, dict]:
    """Projects that touch each row, and what of their joint saving falls on it, in tce and tCO2e."""
    touched, tce, tco2e = defaultdict(set), defaultdict(float), defaultdict(float)
    table = dictionary.read_table("systems")
    systems = table[table["of"] == "measure"].set_index("kind")["system"].to_dict()
    places = _places(frame)
    for pool in pool_list:
        rows = places[pool.enterprise_id, pool.carrier]
        chosen = entered & set(pool.projects)
        if not rows or not chosen:
            continue
        alone = {project: pool.saved({project}) for project in sorted(chosen)}
        whole, together = sum(alone.values()), pool.saved(chosen)
        for project, saved in alone.items():
            for row, part in _where(rows, pool, project, systems.get(kinds.get(project, ""), "")).items():
                touched[row].add(project)
                share = part * saved / whole if whole else 0.0
                tce[row] += share * together * pool.tce
                tco2e[row] += share * together * pool.tco2e
    return touched, tce, tco2e


class _Place(NamedTuple):
    """One row of the use of a carrier of an enterprise."""

    row: int
    units: frozenset[str]
    system: str
    tce: float


def _places(frame: pd.DataFrame) -> defaultdict[tuple[str, str], list[_Place]]:
    """The rows of each carrier of each enterprise."""
    places = defaultdict(list)
    columns = frame[["enterprise_id", "carrier", "unit_ids", "system", "tce"]]
    for row, enterprise, carrier, unit_ids, system, tce in columns.itertuples():
        places[enterprise, carrier].append(_Place(row, frozenset(filter(None, unit_ids.split(";"))), system, max(tce, 0.0)))
    return places


def _where(rows: list[_Place], pool: interaction.Pool, project: str, system: str) -> dict[int, float]:
    """The rows a project acts on, with their parts (together 1): by the units it names, the system of its kind, else by use."""
    units = {
        unit for lines in (pool.absolute, pool.fraction) for unit, shares in lines.items() if unit and project in shares
    }  # fmt: skip
    at = [place for place in rows if units & place.units] or [place for place in rows if place.system == system] or rows
    whole = sum(place.tce for place in at)
    return {place.row: place.tce / whole if whole > 0 else 1 / len(at) for place in at}


def _gaps(positions: pd.DataFrame) -> pd.Series:
    """Potential above the benchmark of each enterprise, tce; the largest of benchmarks of one and the same output, then added."""
    if positions.empty or "potential_tce" not in positions:
        return pd.Series(dtype=float)
    known = positions[positions["potential_tce"].notna()]
    each = known.groupby(["enterprise_id", "unit_id", "product"], dropna=False)["potential_tce"].max()
    return each.groupby("enterprise_id").sum()
