"""What a set of projects saves in each pool, once more in plain Python for the re-check: no code shared with `interaction`."""

from __future__ import annotations

from workbench.interaction import Pool
from workbench.selection.problem import Problem


def saved_by_pool(problem: Problem, chosen: set[str]) -> list[tuple[Pool, float]]:
    """Each pool with the activity saved in it. Absolute savings first, never below nil, then fractions; what is below first."""

    def left_over(pool: Pool, unit: str) -> float:
        left = pool.use.get(unit, 0.0)
        left += sum(left_over(pool, u) for u in pool.use if u and u != unit and _next_above(pool, u) == unit)
        for project, amount in pool.absolute.get(unit, {}).items():
            left -= amount * (project in chosen)
        left = max(left, 0.0)
        for project, share in pool.fraction.get(unit, {}).items():
            left -= left * share * (project in chosen)
        return left

    return [(pool, sum(pool.use.values()) - left_over(pool, "")) for pool in problem.pools]


def _next_above(pool: Pool, unit: str) -> str:
    """The nearest unit above that has a base of its own; '' is the site, also where the units stand in a circle."""
    seen = [unit]
    while True:
        up = pool.parent.get(seen[-1], "")
        if up in seen:
            return ""
        if up == "" or up in pool.use:
            break
        seen.append(up)
    path = [up]
    while path[-1]:
        further = pool.parent.get(path[-1], "")
        if further in path or further == unit:
            return ""
        path.append(further)
    return up
