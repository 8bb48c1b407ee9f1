"""What else could give way where no plan meets the limits: the deadline, projects that are kept out, rules between projects.

Each is the smallest that is enough, every limit in force, and is proved by solving: with it there is a plan, with one year or one
release less there is none. Projects that are excluded could be allowed, projects without a cost could be costed (asked where no
capital is limited, since their capital is not known); superseded ones stand twice in the list and are left alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from workbench import dictionary, params
from workbench.appraisal import NEVER_SELECTED
from workbench.selection import limits, rules
from workbench.selection import problem as selection_problem
from workbench.selection.limits import Limit
from workbench.selection.matrix import Cut, Form, Matrix
from workbench.selection.problem import Problem

RELEASABLE = ("excluded", "uncosted")


def deadline(problem: Problem, held: Matrix) -> dict[str, Any] | None:
    """The fewest years later that the budget could be met, as a row of `infeasible.MOVES`; None where none of those tried will do.

    `held`: the problem in the solver. A plan by years: budgets from the target year on and of single years come so much later,
    and where need be the plan's last year. One typical year: projects that would be ready by then count as well.
    """
    asked = problem.horizon.target if problem.horizon.by_years else problem.settings.target_year
    budgets = {limit.key: None for limit in held.limits if limits.FAMILIES.get(limit.limit) == "budget"}
    if asked is None or problem.source is None or not budgets or not held.solve(_nothing(held), at=budgets).solved:
        return None
    proved = True
    for years in range(1, int(dictionary.threshold("deadline_most_years")) + 1):
        case = _later(problem, years)
        if case is None:
            return None
        later = Matrix(case)
        found = later.solve(_nothing(later))
        if found.solved:
            return {
                "limit": "deadline", "unit": "years", "now": float(asked), "needed": float(asked + years), "move_by": float(years),
                "enough_alone": True, "step": 1.0, "proved": proved,
            }  # fmt: skip
        proved = proved and found.status == "infeasible"
    return None


def _later(problem: Problem, years: int) -> Problem | None:
    """The same choice with its deadlines `years` later; None beyond the longest plan, or where that changes nothing."""
    settings, horizon = problem.settings, problem.horizon
    if not horizon.by_years:
        end = int(settings.target_year or 0) + years
        return _rebuilt(problem, settings.model_copy(update={"target_year": end}), _ready(problem, end))
    shifted = {
        name: {t + years: v for t, v in path.items()}
        for name in ("budget_path", "reduction_path")
        if (path := getattr(settings, name))
    }
    target = horizon.target + years
    end = max([horizon.last, target, *(t for path in shifted.values() for t in path)])
    if end > settings.year + params.MOST_YEARS:
        return None
    changed = shifted | {"target_year": target, "horizon_year": end}
    return _rebuilt(problem, settings.model_copy(update=changed), _ready(problem, end))


def _ready(problem: Problem, year: int) -> set[str]:
    """Projects kept out only because they would not be ready in time, and that would be by `year`."""
    rows, filed = problem.everything, problem.source.tables["projects"].drop_duplicates("project_id").set_index("project_id")
    number = lambda name: pd.to_numeric(rows["project_id"].map(filed[name])) if name in filed else np.nan  # noqa: E731
    start = pd.to_numeric(rows["start_year"])
    done = start + np.nan_to_num(number("build_years"))
    costed = rows["capex"].notna() & rows["lifetime_years"].notna() & ~rows["status"].astype(str).isin(NEVER_SELECTED)
    late = (rows["eligible"] == 0) & costed & (done <= year) & ~(start > number("latest_year"))
    return set(rows.loc[late, "project_id"])


def _rebuilt(problem: Problem, settings: params.Settings, more: set[str]) -> Problem:
    """The problem under other settings with more projects to choose from; limits and rules as they are."""
    source, table = problem.source, problem.everything
    given = table.assign(eligible=table["eligible"].where(~table["project_id"].isin(more), 1))
    wider = selection_problem.build(source.tables, given, source.bases, source.lines, source.enterprises, source.cluster, settings)
    added = wider.relations[wider.relations["project_id"].isin(set(wider.ids) - set(problem.ids))]
    return replace(
        wider, budget=problem.budget, relaxed=problem.relaxed, groups=problem.groups, enterprises=problem.enterprises,
        efforts=problem.efforts, relations=pd.concat([problem.relations, added], ignore_index=True),
    )  # fmt: skip


def releases(problem: Problem) -> list[dict[str, Any]]:
    """The smallest sets of projects allowed, of rules dropped, and (where neither is enough) of both, that make a plan possible.

    Rows of `infeasible.MOVES`: `who` names the projects or rules, `needed` how many.
    """
    kept_out = _kept_out(problem)
    wider = problem if not kept_out else _rebuilt(_costed(problem, kept_out), problem.settings, kept_out)
    kept_out &= set(wider.ids)
    loose = _rules(wider)
    if not kept_out and not loose:
        return []
    held = Matrix(replace(wider, relations=wider.relations.iloc[:0]), loose)
    out = dict.fromkeys(sorted(kept_out), 0)
    found = [_smallest(held, kept_out, [], {}), _smallest(held, set(), loose, out)]
    if not any(found) and kept_out and loose:
        found = [_smallest(held, kept_out, loose, {})]
    return [row for row in found if row]


def _kept_out(problem: Problem) -> set[str]:
    """Projects listed that could be allowed: their savings are known, and what they cost where it is asked."""
    if problem.source is None:
        return set()
    rows, capital = problem.everything, any(limit.unit == "currency" for limit in limits.of(problem))
    known = rows["capex"].notna() | (not capital)
    lives = rows["lifetime_years"].notna() | (not problem.horizon.by_years)
    touched = set(problem.source.lines["project_id"])
    out = (rows["eligible"] == 0) & rows["status"].isin(RELEASABLE) & known & lives
    return set(rows.loc[out, "project_id"]) & touched


def _costed(problem: Problem, projects: set[str]) -> Problem:
    """The problem with nil for capital and lives that are not known, where only whether there is a plan is asked."""
    table = problem.everything.copy()
    mine = table["project_id"].isin(projects)
    for name, value in (("capex", 0.0), ("gross_capex", 0.0), ("lifetime_years", 1.0)):
        if name in table:
            table[name] = table[name].where(~mine | table[name].notna(), value)
    return replace(problem, everything=table)


def _rules(problem: Problem) -> list[Limit]:
    """Exclusions and prerequisites as limits that can give way."""
    known, end, table = set(problem.ids), {problem.horizon.last: 1.0}, problem.relations
    pairs = table.loc[table["relation"] == "excludes", ["project_id", "other_id"]].itertuples(index=False)
    apart = sorted({tuple(sorted(pair)) for pair in pairs if set(pair) <= known})
    needs = table.loc[table["relation"] == "requires", ["project_id", "other_id"]].itertuples(index=False)
    one_of = rules.alternatives(problem)
    found = [Limit("excludes", " ".join(pair), 1.0, years=end, projects=pair) for pair in apart]
    asked = [("requires", (i, j)) for i, j in sorted({tuple(pair) for pair in needs})]
    asked += [("requires_any", (i, *others)) for (i, _), others in sorted(one_of.items())]
    windows = problem.horizon.windows
    for relation, projects in asked:
        window = windows[projects[0]]
        years = dict.fromkeys(range(window.earliest, window.latest + 1), 1.0)
        found.append(Limit(relation, " ".join(projects), 0.0, years=years, projects=projects))
    return found


def _smallest(held: Matrix, allowed: set[str], loose: list[Limit], out: dict[str, int]) -> dict[str, Any] | None:
    """The fewest projects allowed and rules dropped that are enough (`out`: projects that stay out), and that one less is not."""
    if not allowed and not loose:
        return None
    keys = [limit.key for limit in loose]
    count = held.projects(dict.fromkeys(sorted(allowed), 1.0)) + held.slack(dict.fromkeys(keys, 1.0))
    found = held.solve(count, elastic=keys, fixed=out)
    if not found.solved or found.value < 0.5:
        return None
    number = float(round(found.value))
    dropped = [limit for limit in loose if held.slack({limit.key: 1.0}).at(found.columns) > 0.5]
    named = [*sorted(allowed & found.chosen), *(f"{limit.limit} {limit.who}" for limit in dropped)]
    one_less = [Cut(count, upper=number - 1 + 1e-6)]
    short = held.solve(_nothing(held), elastic=keys, fixed=out, cuts=one_less)
    kind = "projects_allowed" if not loose else "rules_released" if not allowed else "projects_and_rules"
    return {
        "limit": kind, "who": "; ".join(named), "unit": "rules" if loose else "projects", "now": 0.0, "needed": number,
        "move_by": number, "enough_alone": True, "step": 1.0, "proved": short.status == "infeasible",
    }  # fmt: skip


def _nothing(held: Matrix) -> Form:
    """No objective: any plan will do."""
    return held.cost * 0.0
