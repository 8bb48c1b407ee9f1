"""Pools cut into the parts whose measures interact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from workbench.interaction import Pool
from workbench.selection.bundles import Part
from workbench.selection.problem import Problem


def parts(problem: Problem, pools: Iterable[Pool] | None = None) -> Iterator[Part]:
    """Pools, all or those given, cut into what interacts: each topmost unit with measures and the units with measures below it."""
    exclusive = problem.relations[problem.relations["relation"] == "excludes"]
    pairs = defaultdict(set)
    for one, other in zip(exclusive["project_id"], exclusive["other_id"], strict=True):
        pairs[one].add(frozenset((one, other)))
    for pool in problem.pools if pools is None else pools:
        mine = pool.projects
        if not mine:
            continue
        cut, met = tuple(problem.segments(pool, members=mine)), ()
        if len(mine) > 1 and not pairs.keys().isdisjoint(mine):
            met = tuple(sorted({p for i in mine if i in pairs for p in pairs[i] if p.issubset(mine)}, key=sorted))
        for units in _pieces(pool):
            yield Part(pool, units, cut, met)


def _pieces(pool: Pool) -> list[tuple[str, ...]]:
    """Units of a pool with measures, those that meet together."""
    filed = [u for u, lines in pool.fraction.items() if lines]
    if pool.absolute:
        filed = [u for u, lines in pool.absolute.items() if lines] + filed
    if len(filed) == 1:
        return [tuple(filed)]
    tops = {u: next((a for a in reversed(pool.above(u)) if a in filed), u) for u in filed}
    return [tuple(u for u in pool.order if tops.get(u) == top) for top in sorted(set(tops.values()))]
