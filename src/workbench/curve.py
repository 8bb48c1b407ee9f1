"""Abatement cost curve: each project alone (naive) beside the same projects in their turn (incremental).

Projects that pay for themselves come first, by what they earn, since cost per tonne misranks them (a larger saving makes the
ratio look worse; Taylor 2012, Energy Policy 48:430); the rest follow by cost per tonne. In turn a project earns, of energy and
of carbon, what it still saves.
"""

from __future__ import annotations

import pandas as pd

from workbench import interaction
from workbench.interaction import Pool

COLUMNS = [
    "rank", "project_id", "naive_abatement_cost", "naive_tco2e", "incremental_abatement_cost", "incremental_tco2e",
    "cumulative_tco2e",
    "naive_annual_cost", "incremental_annual_cost", "entered",
]  # fmt: skip


def ranking(projects: pd.DataFrame) -> pd.DataFrame:
    """Eligible projects that save emissions, in the order of the curve (see module)."""
    rows = projects[(projects["eligible"] == 1) & (projects["tco2e_saved"] > 1e-9)].copy()
    pays = rows["annual_cost"] < 0
    rows["_first"] = (~pays).astype(int)
    rows["_key"] = rows["annual_cost"].where(pays, rows["abatement_cost"])
    return rows.sort_values(["_first", "_key", "project_id"]).drop(columns=["_first", "_key"]).reset_index(drop=True)


def curve(projects: pd.DataFrame, pool_list: list[Pool], relations: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """The curve of all projects, in turn and with COLUMNS; `entered` 0 = kept out by an exclusion or a missing prerequisite.

    `projects` are those of `potential`; without `carbon_income` carbon earns nothing. A project that needs another is put off until
    that one has entered. Money is currency per year, emissions tCO2e per year.
    """
    order = ranking(projects)
    rows = order.set_index("project_id")
    touched = interaction.by_project(pool_list)
    rules = Structure(relations, groups)
    inside: set[str] = set()
    within: dict[str, set[str]] = {}  # who is inside, by pool: a pool is never asked about those that do not touch it
    now: dict[str, float] = {}  # what a pool saves so far
    result: dict[str, tuple[float, float]] = {}
    waiting = list(rows.index)
    sequence: list[str] = []
    annual, alone = rows["annual_cost"].to_dict(), rows["tco2e_saved"].to_dict()
    carbon = rows["carbon_income"].to_dict() if "carbon_income" in rows else dict.fromkeys(alone, 0.0)
    while True:
        ready = next((p for p in waiting if rules.admits(p, inside) and _enough_heat(touched.get(p, []), within, p)), None)
        if ready is None:
            break
        waiting.remove(ready)
        tonnes, cost = 0.0, annual[ready]
        for pool in touched.get(ready, []):
            within.setdefault(pool.pool_id, set()).add(ready)
            saved = pool.saved(within[pool.pool_id])
            gained = saved - now.get(pool.pool_id, 0.0)
            now[pool.pool_id] = saved
            tonnes += gained * pool.tco2e
            cost += (pool.saved({ready}) - gained) * pool.price
        result[ready] = tonnes, cost + carbon[ready] * (1 - tonnes / alone[ready])
        inside.add(ready)
        sequence.append(ready)
    sequence += waiting
    out = pd.DataFrame({"project_id": sequence, "rank": range(1, len(sequence) + 1)})
    out["naive_abatement_cost"] = out["project_id"].map(rows["abatement_cost"])
    out["naive_tco2e"] = out["project_id"].map(rows["tco2e_saved"])
    out["naive_annual_cost"] = out["project_id"].map(rows["annual_cost"])
    out["entered"] = out["project_id"].isin(inside).astype(int)
    out["incremental_tco2e"] = [result.get(p, (0.0, 0.0))[0] for p in sequence]
    out["incremental_annual_cost"] = [result.get(p, (0.0, float("nan")))[1] for p in sequence]
    some = out["incremental_tco2e"].abs() > 1e-9
    out["incremental_abatement_cost"] = (out["incremental_annual_cost"] / out["incremental_tco2e"]).where(some)
    out["cumulative_tco2e"] = out["incremental_tco2e"].cumsum()
    return out[COLUMNS]


def _enough_heat(pool_list: list[Pool], within: dict[str, set[str]], project: str) -> bool:
    """Whether the sources of waste heat among these pools give what is drawn when `project` joins."""
    capped = [pool for pool in pool_list if pool.capped]
    return not any(interaction.overdrawn([pool], within.get(pool.pool_id, set()) | {project}) for pool in capped)


class Structure:
    """Exclusions, prerequisites and upper limits of groups, asked one project at a time."""

    def __init__(self, relations: pd.DataFrame, groups: pd.DataFrame) -> None:
        self.excludes: dict[str, set[str]] = {}
        needed: dict[tuple[str, str, str], set[str]] = {}  # of each set one project is enough; `requires` is a set of one
        for row in relations.itertuples():
            if row.relation == "excludes":
                self.excludes.setdefault(row.project_id, set()).add(row.other_id)
                self.excludes.setdefault(row.other_id, set()).add(row.project_id)
            else:
                which = str(getattr(row, "alternative_set", "") or "") if row.relation == "requires_any" else row.other_id
                needed.setdefault((row.project_id, row.relation, which), set()).add(row.other_id)
        self.requires: dict[str, list[set[str]]] = {}
        for (project, *_), others in needed.items():
            self.requires.setdefault(project, []).append(others)
        self.groups = [
            (set(g["project_id"]), g["max_selected"].min())
            for _, g in groups.groupby("group_id", sort=True)
            if g["max_selected"].notna().any()
        ]

    def admits(self, project: str, inside: set[str]) -> bool:
        """Whether `project` may join `inside`."""
        if self.excludes.get(project, set()) & inside or not all(others & inside for others in self.requires.get(project, [])):
            return False
        return all(project not in members or len(members & inside) < most for members, most in self.groups)
