"""What a set of projects saves together: exact, whatever the order they are listed in.

On one base (enterprise, unit, carrier) absolute savings come first and stop at what the base uses; fractions then combine
as 1 - prod(1 - f). Units stand in a tree, what uses a delivered medium below what makes it: demand acts before supply, so a
measure on a unit acts on what the units below it leave over and on the unit's own use, and the whole site ('') comes last.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pandas as pd


class once:  # noqa: N801
    """A property computed when first asked for. Unlike functools.cached_property before Python 3.12 it takes no lock, which a
    model of 10,000 bases would spend a tenth of its time on.
    """

    def __init__(self, compute: Callable) -> None:
        self.compute, self.__doc__ = compute, compute.__doc__

    def __get__(self, owner: object, kind: type | None = None) -> object:
        if owner is None:
            return self
        found = owner.__dict__[self.compute.__name__] = self.compute(owner)
        return found


@dataclass
class Pool:
    """One carrier of one enterprise. `use` by unit ('' = the rest of the site), in the unit of the factor row.

    `absolute` and `fraction`: unit → {project: amount}. Per unit of activity: tCO2e (in the cluster's account), tce, price
    (currency) and `site_tco2e` (in the enterprise's own account; they differ for what a member supplies). `parent`: unit → the
    unit it is below; a unit not named there is below the site. `capped`: what is drawn may never exceed the use (a source of
    waste heat). What is left over of unit u:
    r_u = max(0, use_u + sum of r over the units below - absolute savings) x prod(1 - f).
    """

    pool_id: str
    enterprise_id: str
    carrier: str
    tco2e: float
    tce: float
    price: float
    use: dict[str, float]
    absolute: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    fraction: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    parent: dict[str, str] = field(default_factory=dict)
    site_tco2e: float | None = None
    capped: bool = False

    def __post_init__(self) -> None:
        if self.site_tco2e is None:
            self.site_tco2e = self.tco2e

    def above(self, unit: str) -> tuple[str, ...]:
        """The units of this pool above `unit`, nearest first, the site '' last; none above the site. A circle ends at the site."""
        path: list[str] = []
        while unit:
            unit = self.parent.get(unit, "")
            if unit in path:
                return ("",)
            path.append(unit)
        return tuple(u for u in path if not u or u in self.use)

    @once
    def order(self) -> tuple[str, ...]:
        """Units with those below first and the site '' last; within a level by name."""
        return tuple(sorted({*self.use, ""}, key=lambda unit: (-len(self.above(unit)), unit)))

    @once
    def nearest(self) -> dict[str, str]:
        """Each unit with the next one above it."""
        return {unit: self.above(unit)[0] for unit in self.order if unit}

    @property
    def total(self) -> float:
        """What the whole site uses."""
        return sum(self.use.values())

    @once
    def projects(self) -> list[str]:
        """Projects that touch this pool, sorted."""
        lines = [*self.absolute.values(), *self.fraction.values()]
        return sorted(lines[0]) if len(lines) == 1 else sorted(set().union(*lines))

    def remaining(self, chosen: set[str]) -> float:
        """What is still used when the projects in `chosen` are carried out."""
        left = dict(self.use)
        for unit in self.order:
            kept = self._after(unit, left.get(unit, 0.0), chosen)
            if unit:
                left[self.nearest[unit]] = left.get(self.nearest[unit], 0.0) + kept
        return kept

    def saved(self, chosen: set[str]) -> float:
        """What `chosen` save, positive = less use."""
        return self.total - self.remaining(chosen)

    def _after(self, unit: str, use: float, chosen: set[str]) -> float:
        taken = sum(a for p, a in self.absolute.get(unit, {}).items() if p in chosen)
        kept = math.prod(1 - f for p, f in self.fraction.get(unit, {}).items() if p in chosen)
        return max(0.0, use - taken) * kept


def pools(bases: pd.DataFrame, lines: pd.DataFrame) -> list[Pool]:
    """Pools from two tables, in order of their id.

    `bases`: pool_id, enterprise_id, unit_id, carrier, use, tco2e_per_activity, tce_per_activity, price; where present also
    parent_unit ('' = the site), site_tco2e_per_activity (else that of the cluster) and capped (0/1).
    `lines`: project_id, pool_id, unit_id, mode, amount (in the pool's unit, or a fraction).
    """
    found: dict[str, Pool] = {}
    for row in bases.sort_values(["pool_id", "unit_id"]).itertuples():
        pool = found.get(row.pool_id)
        if pool is None:
            per = (row.tco2e_per_activity, row.tce_per_activity, row.price)
            site = getattr(row, "site_tco2e_per_activity", None)
            pool = found[row.pool_id] = Pool(row.pool_id, row.enterprise_id, row.carrier, *per, {}, site_tco2e=site)
            pool.capped = bool(getattr(row, "capped", 0))
        pool.use[row.unit_id] = float(row.use)
        if getattr(row, "parent_unit", ""):
            pool.parent[row.unit_id] = row.parent_unit
    for row in lines.sort_values(["project_id", "pool_id", "unit_id", "mode", "amount"]).itertuples():
        group = found[row.pool_id].absolute if row.mode == "absolute" else found[row.pool_id].fraction
        here = group[row.unit_id]
        if row.mode == "absolute":
            here[row.project_id] = here.get(row.project_id, 0.0) + float(row.amount)
        else:
            here[row.project_id] = 1 - (1 - here.get(row.project_id, 0.0)) * (1 - float(row.amount))
    return [found[name] for name in sorted(found)]


def savings(pool_list: Iterable[Pool], chosen: set[str]) -> dict[str, float]:
    """Together: `tco2e`, `tce` and `money` (currency per year) saved by `chosen`."""
    total = {"tco2e": 0.0, "tce": 0.0, "money": 0.0}
    for pool in pool_list:
        if not chosen.isdisjoint(pool.projects):
            saved = pool.saved(chosen)
            total["tco2e"] += saved * pool.tco2e
            total["tce"] += saved * pool.tce
            total["money"] += saved * pool.price
    return total


def overdrawn(pool_list: Iterable[Pool], chosen: set[str]) -> list[tuple[str, str, float, float]]:
    """Sources of waste heat that `chosen` draw more from than they have: (pool_id, unit, drawn, available)."""
    found = []
    for pool in pool_list:
        for unit, lines in sorted(pool.absolute.items()) if pool.capped else ():
            drawn = sum(amount for project, amount in lines.items() if project in chosen)
            if unit in pool.use and unit and drawn > pool.use[unit] * (1 + 1e-9) + 1e-9:
                found.append((pool.pool_id, unit, drawn, pool.use[unit]))
    return found


def by_project(pool_list: Iterable[Pool]) -> dict[str, list[Pool]]:
    """The pools each project touches."""
    touched: dict[str, list[Pool]] = defaultdict(list)
    for pool in pool_list:
        for project in pool.projects:
            touched[project].append(pool)
    return touched
