"""What a set of projects saves together: exact, whatever the order they are listed in.

On one base (enterprise, unit, carrier) absolute savings come first and stop at what the base uses; fractions then combine
as 1 - prod(1 - f). Measures on units act before measures on the whole site, which see what the units leave over.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd


@dataclass
class Pool:
    """One carrier of one enterprise. `use` by unit ('' = the rest of the site), in the unit of the factor row.

    `absolute` and `fraction`: unit → {project: amount}. Per unit of activity: tCO2e, tce, price (currency).
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

    @property
    def total(self) -> float:
        """What the whole site uses."""
        return sum(self.use.values())

    @property
    def projects(self) -> list[str]:
        """Projects that touch this pool, sorted."""
        return sorted({p for group in (self.absolute, self.fraction) for lines in group.values() for p in lines})

    def remaining(self, chosen: set[str]) -> float:
        """What is still used when the projects in `chosen` are carried out."""
        left = 0.0
        for unit, use in self.use.items():
            left += self._after(unit, use, chosen) if unit else use
        return self._after("", left, chosen)

    def saved(self, chosen: set[str]) -> float:
        """What `chosen` save, positive = less use."""
        return self.total - self.remaining(chosen)

    def _after(self, unit: str, use: float, chosen: set[str]) -> float:
        taken = sum(a for p, a in self.absolute.get(unit, {}).items() if p in chosen)
        kept = math.prod(1 - f for p, f in self.fraction.get(unit, {}).items() if p in chosen)
        return max(0.0, use - taken) * kept


def pools(bases: pd.DataFrame, lines: pd.DataFrame) -> list[Pool]:
    """Pools from two tables, in order of their id.

    `bases`: pool_id, enterprise_id, unit_id, carrier, use, tco2e_per_activity, tce_per_activity, price.
    `lines`: project_id, pool_id, unit_id, mode, amount (in the pool's unit, or a fraction).
    """
    found: dict[str, Pool] = {}
    for row in bases.sort_values(["pool_id", "unit_id"]).itertuples():
        pool = found.setdefault(
            row.pool_id,
            Pool(row.pool_id, row.enterprise_id, row.carrier, row.tco2e_per_activity, row.tce_per_activity, row.price, {}),
        )
        pool.use[row.unit_id] = float(row.use)
    for row in lines.sort_values(["project_id", "pool_id", "unit_id"]).itertuples():
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


def by_project(pool_list: Iterable[Pool]) -> dict[str, list[Pool]]:
    """The pools each project touches."""
    touched: dict[str, list[Pool]] = defaultdict(list)
    for pool in pool_list:
        for project in pool.projects:
            touched[project].append(pool)
    return touched
