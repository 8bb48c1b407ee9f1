"""What the parts of a problem save in each stretch of time: thousands of linear forms in arrays, weighted and added up together."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import numpy as np

from workbench.interaction import Pool
from workbench.selection.horizon import Horizon
from workbench.selection.linear import Forms


class Savings:
    """Savings of each part in each of its segments (`forms`), in its pool's unit of activity, in the order of parts and segments.

    By part: `pools`. By form: the number of its `part`, of its `year` in the plan, the `factor` that the carrier's has become by
    then, and whether it `counts` there: of a typical year the first stretch does, in which everyone works.
    """

    def __init__(self, horizon: Horizon, pools: Sequence[Pool], forms: Forms, part: np.ndarray, year: np.ndarray) -> None:
        self.pools, self.forms, self.part, self.year = pools, forms, part, year
        self._amounts: dict[str, np.ndarray] = {}
        self.factor, self.counts = np.ones(len(forms)), np.ones(len(forms), bool)
        if horizon.by_years:
            electric = np.array([pool.carrier == "electricity" for pool in pools], bool)[part]
            self.factor = np.where(electric, np.array([horizon.grid(t) for t in horizon.years])[year], 1.0)
        else:
            self.counts = np.diff(part, prepend=-1) > 0

    def of(self, name: str) -> np.ndarray:
        """An amount of the pool, a unit of activity, by form."""
        if name not in self._amounts:
            self._amounts[name] = np.fromiter(map(attrgetter(name), self.pools), float, len(self.pools))[self.part]
        return self._amounts[name]

    def firm(self, enterprises: Sequence[str]) -> np.ndarray:
        """The enterprise of the pool by its place in a list, by form."""
        place = {e: n for n, e in enumerate(enterprises)}
        return np.fromiter(map(place.__getitem__, map(attrgetter("enterprise_id"), self.pools)), np.int64)[self.part]
