"""Abatement cost curve: each project alone (naive) beside the same projects in their turn (incremental).

Projects that pay for themselves come first, by what they earn, since cost per tonne misranks them (a larger saving makes the
ratio look worse; Taylor 2012, Energy Policy 48:430); the rest follow by cost per tonne. In turn a project earns, of energy and
of carbon, what it still saves. A prerequisite that saves nothing itself enters as one step with the first project that needs it:
the cost of both over what both save.
"""

from __future__ import annotations

import pandas as pd

from workbench import interaction
from workbench.interaction import Pool

_NOTHING = 1e-9  # tCO2e a year
COLUMNS = [
    "rank", "project_id", "naive_abatement_cost", "naive_tco2e", "incremental_abatement_cost", "incremental_tco2e",
    "cumulative_tco2e",
    "naive_annual_cost", "incremental_annual_cost", "entered", "joined",
]  # fmt: skip


def ranking(projects: pd.DataFrame, beside: dict[str, float] | None = None) -> pd.DataFrame:
    """Eligible projects that save emissions, in the order of the curve; `beside`: yearly cost of what must enter with each."""
    rows = projects[(projects["eligible"] == 1) & (projects["tco2e_saved"] > _NOTHING)].copy()
    joint = rows["project_id"].map(beside or {}).astype(float).fillna(0.0)
    pays = rows["annual_cost"] + joint < 0
    rows["_first"] = (~pays).astype(int)
    rows["_key"] = (rows["annual_cost"] + joint).where(pays, rows["abatement_cost"] + joint / rows["tco2e_saved"])
    return rows.sort_values(["_first", "_key", "project_id"]).drop(columns=["_first", "_key"]).reset_index(drop=True)


def silent(projects: pd.DataFrame) -> dict[str, float]:
    """Eligible projects that save no emissions themselves → annual cost: they enter only with a project that needs them."""
    rows = projects[(projects["eligible"] == 1) & ~(projects["tco2e_saved"] > _NOTHING)]
    return dict(zip(rows["project_id"], rows["annual_cost"].astype(float), strict=True))


def curve(projects: pd.DataFrame, pool_list: list[Pool], relations: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """The curve of all projects, in turn and with COLUMNS; `entered` 0 = kept out by an exclusion or a missing prerequisite.

    `projects` are those of `potential`; without `carbon_income` carbon earns nothing. A project that needs another is put off until
    that one has entered; `joined` names prerequisites without a saving that entered with it, whose money its incremental cost holds
    (the naive figures are the project's alone). Money is currency per year, emissions tCO2e per year.
    """
    rules, enabling = Structure(relations, groups), silent(projects)
    rows = ranking(projects).set_index("project_id")
    turn = _Turn(projects, pool_list)
    waiting, sequence = rules.ranked(projects, list(rows.index), set(), enabling), []
    while step := next((s for s in (rules.step(p, turn.inside, enabling) for p in waiting) if s and turn.admits(s)), None):
        turn.enter(step)
        waiting.remove(step[0])
        sequence.append(step[0])
        if len(step) > 1:
            waiting = rules.ranked(projects, waiting, turn.inside, enabling)
    out = pd.DataFrame({"project_id": [*sequence, *waiting]})
    out["rank"] = range(1, len(out) + 1)
    for name, column in (("abatement_cost", "abatement_cost"), ("tco2e", "tco2e_saved"), ("annual_cost", "annual_cost")):
        out[f"naive_{name}"] = out["project_id"].map(rows[column])
    out["entered"] = out["project_id"].isin(turn.inside).astype(int)
    out["joined"] = [";".join(turn.joined.get(p, ())) for p in out["project_id"]]
    out["incremental_tco2e"] = [turn.result.get(p, (0.0, 0.0))[0] for p in out["project_id"]]
    out["incremental_annual_cost"] = [turn.result.get(p, (0.0, float("nan")))[1] for p in out["project_id"]]
    some = out["incremental_tco2e"].abs() > _NOTHING
    out["incremental_abatement_cost"] = (out["incremental_annual_cost"] / out["incremental_tco2e"]).where(some)
    out["cumulative_tco2e"] = out["incremental_tco2e"].cumsum()
    return out[COLUMNS]


class _Turn:
    """Who is inside, what each pool saves so far, and what every step has saved and cost."""

    def __init__(self, projects: pd.DataFrame, pool_list: list[Pool]) -> None:
        rows = projects.set_index("project_id")
        self.annual, self.alone = rows["annual_cost"].to_dict(), rows["tco2e_saved"].to_dict()
        self.carbon = rows["carbon_income"].to_dict() if "carbon_income" in rows else dict.fromkeys(self.alone, 0.0)
        self.touched = interaction.by_project(pool_list)
        self.inside: set[str] = set()
        self.within: dict[str, set[str]] = {}  # who is inside, by pool: a pool is never asked about those that do not touch it
        self.now: dict[str, float] = {}
        self.result: dict[str, tuple[float, float]] = {}
        self.joined: dict[str, list[str]] = {}

    def admits(self, step: list[str]) -> bool:
        """Whether the step saves anything and the sources of waste heat give what is drawn when it joins."""
        saves = len(step) == 1 or sum(self.alone[p] for p in step) > _NOTHING
        return saves and all(_enough_heat(self.touched.get(p, []), self.within, p) for p in step)

    def enter(self, step: list[str]) -> None:
        """A project, first in `step`, and what enters with it: tonnes and yearly cost of all."""
        first = step[0]
        tonnes, cost = 0.0, sum(self.annual[p] + self.carbon[p] for p in step)
        for pool in {pool.pool_id: pool for p in step for pool in self.touched.get(p, [])}.values():
            here = [p for p in step if any(pool is other for other in self.touched.get(p, []))]
            within = self.within.setdefault(pool.pool_id, set())
            within.update(here)
            saved = pool.saved(within)
            gained = saved - self.now.get(pool.pool_id, 0.0)
            self.now[pool.pool_id] = saved
            tonnes += gained * pool.tco2e
            cost += (sum(pool.saved({p}) for p in here) - gained) * pool.price
        self.result[first] = tonnes, cost - self.carbon[first] / self.alone[first] * tonnes
        self.joined[first] = sorted(step[1:])
        self.inside.update(step)


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
        return all(others & inside for others in self.requires.get(project, [])) and self._may(project, inside)

    def _may(self, project: str, inside: set[str]) -> bool:
        """Whether no exclusion and no group keeps it out."""
        if self.excludes.get(project, set()) & inside:
            return False
        return all(project not in members or len(members & inside) < most for members, most in self.groups)

    def step(self, project: str, inside: set[str], enabling: dict[str, float]) -> list[str]:
        """`project` and the prerequisites among `enabling` (project → cost) that must enter with it; empty where it may not.

        Of a set the cheapest that may join `inside`.
        """
        step, now = [project], inside | {project}
        for member in step:  # grows: a prerequisite may have its own
            for others in self.requires.get(member, []):
                if others & now:
                    continue
                options = sorted((o for o in others if o in enabling and self._may(o, now)), key=lambda o: (enabling[o], o))
                if not options:
                    return []
                step.append(options[0])
                now.add(options[0])
        return step if all(self._may(member, now - {member}) for member in step) else []

    def ranked(self, projects: pd.DataFrame, waiting: list[str], inside: set[str], enabling: dict[str, float]) -> list[str]:
        """`waiting` in the order of the curve, each with the cost of what must enter with it."""
        needing = [p for p in waiting if p in self.requires] if enabling else []
        beside = {p: sum(enabling[o] for o in self.step(p, inside, enabling)[1:]) for p in needing}
        known = set(waiting)
        return [p for p in ranking(projects, beside)["project_id"] if p in known]
