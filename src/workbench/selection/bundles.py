"""Measures that meet on one base: the units they act on, and every admissible set of the measures that save a fraction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from workbench.interaction import Pool, once

MAX_BUNDLES = 2**14
JOINT = 2**8  # a part with more bundles is modelled unit by unit
STAGE = 8  # most fraction measures bundled at once where a unit has too many


class Segment(NamedTuple):
    """A stretch of time in which the projects `alive` may work: weights of energy money and carbon money in the objective.

    Plans by years have one segment a `year`; `factor` is what the carrier's emission factor has become by then.
    """

    money: float
    carbon: float
    alive: frozenset[str]
    year: int | None = None
    factor: float = 1.0


def chosen(measures: Sequence[str], bundle: int) -> frozenset[str]:
    """The measures of a bundle."""
    return frozenset(i for n, i in enumerate(measures) if bundle >> n & 1)


@lru_cache
def _every(number: int) -> tuple[int, ...]:
    """All sets of so many measures."""
    return tuple(range(2**number))


@lru_cache(maxsize=256)
def members(bundles: tuple[int, ...]) -> list[tuple[int, list[int]]]:
    """The measures that stand in any of the bundles, by number, each with the places of the bundles it stands in."""
    top = max(bundles).bit_length()
    found = [(n, [place for place, b in enumerate(bundles) if b >> n & 1]) for n in range(top)]
    return [(n, places) for n, places in found if places]


@dataclass(eq=False)
class Part:
    """The measures of a pool that meet: `units` (those below first, the site '' last) and the `segments` of time.

    `pairs`: projects that exclude each other, never in one bundle.
    """

    pool: Pool
    units: tuple[str, ...]
    segments: tuple[Segment, ...]
    pairs: tuple[frozenset[str], ...] = ()

    @once
    def part_id(self) -> str:
        """The pool and the units."""
        return f"{self.pool.pool_id}|{'+'.join(self.units)}"

    @once
    def measures(self) -> tuple[str, ...]:
        """Projects that save a fraction here, sorted."""
        if len(self.units) == 1:
            return tuple(sorted(self.pool.fraction.get(self.units[0], ())))
        return tuple(sorted({p for u in self.units for p in self.pool.fraction.get(u, {})}))

    @once
    def bundles(self) -> tuple[int, ...]:
        """Admissible sets of the fraction measures: all subsets but those that an exclusion forbids; bit n is the nth measure."""
        return self._subsets(self.measures, JOINT) or ()

    @property
    def joint(self) -> bool:
        """Whether all measures are bundled at once; else unit by unit, what one unit leaves over being what the next acts on."""
        return bool(self.bundles)

    @property
    def single(self) -> bool:
        """Whether no two fraction measures can ever work together: then a bundle is a project or none."""
        mine = self.pool.fraction.get(self.units[0], ()) if len(self.units) == 1 else self.measures
        return len(mine) < 2 or bool(self.pairs) and self._rivals

    @once
    def _rivals(self) -> bool:
        return self.joint and all(bundle.bit_count() <= 1 for bundle in self.bundles)

    def stages(self, unit: str) -> list[tuple[list[str], tuple[int, ...]]]:
        """The fraction measures of one unit as short lists with their bundles, one acting on what the other leaves over."""
        mine = sorted(self.pool.fraction.get(unit, {}))
        parts = [mine[k : k + STAGE] for k in range(0, len(mine), STAGE)]
        return [(part, self._subsets(part, 2**STAGE) or ()) for part in parts]

    def _subsets(self, measures: Sequence[str], most: int) -> tuple[int, ...] | None:
        """Admissible subsets; None where there are more than `most`."""
        if not self.pairs:
            return _every(len(measures)) if 2 ** len(measures) <= most else None
        found = [0]
        for n, measure in enumerate(measures):
            met = {i for pair in self.pairs if measure in pair for i in pair if i != measure}
            rivals, alone = sum(1 << k for k, i in enumerate(measures) if i in met), 1 << n
            found += [b | alone for b in found if not b & rivals]
            if len(found) > most:
                return None
        return tuple(found)

    def absolute(self, unit: str) -> dict[str, float]:
        """Absolute savings on `unit`, project → activity."""
        return self.pool.absolute.get(unit, {})

    @property
    def absolutes(self) -> tuple[str, ...]:
        """Projects with an absolute saving here, sorted."""
        return self._absolutes if self.pool.absolute else ()

    @once
    def _absolutes(self) -> tuple[str, ...]:
        return tuple(sorted({p for u in self.units for p in self.absolute(u)}))

    def kept(self, unit: str, bundle: frozenset[str]) -> float:
        """Share of a unit's use left over by the fractions of `bundle`: prod(1 - f)."""
        share = 1.0
        if bundle:
            for project, fraction in self.pool.fraction.get(unit, {}).items():
                if project in bundle:
                    share *= 1 - fraction
        return share

    @once
    def most(self) -> float:
        """More than can ever be left over, or be missing, on a unit or the site."""
        amounts = self.pool.total + sum(abs(a) for u in self.units for a in self.absolute(u).values())
        growth = math.prod(max(1.0, 1 - f) for u in self.units for f in self.pool.fraction.get(u, {}).values())
        return amounts * growth + 1.0

    @property
    def before(self) -> float:
        """What this part uses when nothing is done."""
        return sum(self._bases.values())

    @property
    def gains(self) -> dict[str, float]:
        """What each fraction measure saves alone."""
        return {i: self.before - self.left(frozenset((i,))) for i in self.measures}

    @once
    def _above(self) -> dict[str, str | None]:
        inside = set(self.units)
        return {u: next((a for a in self.pool.above(u) if a in inside), None) for u in self.units}

    def above(self, unit: str) -> str | None:
        """The next of these units above `unit`; None at the top."""
        return self._above[unit]

    @once
    def _bases(self) -> dict[str, float]:
        """What measures on a unit act on besides what units of this part leave over: own use, and that of idle units below."""
        if self.units == ("",):
            return {"": self.pool.total}
        inside, found = set(self.units), {u: self.pool.use.get(u, 0.0) for u in self.units}
        for unit, use in self.pool.use.items():
            if unit not in inside:
                top = next((a for a in self.pool.above(unit) if a in inside), None)
                if top is not None:
                    found[top] += use
        return found

    def base(self, unit: str) -> float:
        """What measures on `unit` act on besides what units of this part leave over."""
        return self._bases[unit]

    @once
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Least and most that measures on a unit ever find there, before its own absolute savings."""
        found = dict.fromkeys(self.units, (0.0, 0.0))
        for unit in self.units:
            low, high = found[unit][0] + self.base(unit), found[unit][1] + self.base(unit)
            found[unit] = low, high
            amounts, shares = self.absolute(unit).values(), [1 - f for f in self.pool.fraction.get(unit, {}).values()]
            low = max(0.0, low - sum(max(a, 0.0) for a in amounts)) * math.prod(min(1.0, max(0.0, s)) for s in shares)
            high = max(0.0, high - sum(min(a, 0.0) for a in amounts)) * math.prod(max(1.0, s) for s in shares)
            above = self.above(unit)
            if above is not None:
                found[above] = found[above][0] + low, found[above][1] + high
        return found

    def joint_use(self, alive: frozenset[str], apart: bool) -> tuple[tuple[int, ...], list[float]]:
        """The bundles and what each leaves over where there are only fractions, as far as measures are `alive`.

        `apart`: without the bundles that hold a measure which is not.
        """
        found = self._joint_uses.get((alive, apart))
        if found is None:
            bundles = self.bundles
            if apart:
                mine = sum(1 << n for n, i in enumerate(self.measures) if i in alive)
                bundles = tuple(b for b in bundles if b & mine == b)
            rests = [] if self.absolutes else self._rests(bundles, alive)
            found = self._joint_uses[alive, apart] = bundles, rests
        return found

    @once
    def _joint_uses(self) -> dict[tuple[frozenset[str], bool], tuple[tuple[int, ...], list[float]]]:
        return {}

    def _rests(self, bundles: tuple[int, ...], alive: frozenset[str]) -> list[float]:
        measures = self.measures
        if len(self.units) > 1:
            return [self.left(chosen(measures, b) & alive) for b in bundles]
        base, shares = self._bases[self.units[0]], self.pool.fraction[self.units[0]]
        kept = [1 - shares[i] if i in alive else 1.0 for i in measures]
        found = {0: 1.0}  # a bundle comes after what it is without its last measure
        for b in bundles[1:]:
            last = b.bit_length() - 1
            found[b] = found[b ^ (1 << last)] * kept[last]
        return [base * share for share in found.values()]

    def left(self, bundle: frozenset[str]) -> float:
        """What is still used with the fraction measures of `bundle` alone."""
        if len(self.units) == 1:
            unit = self.units[0]
            return self._bases[unit] * self.kept(unit, bundle)
        left, total = dict(self._bases), 0.0
        for u in self.units:
            rest, above = left[u] * self.kept(u, bundle), self.above(u)
            if above is None:
                total += rest
            else:
                left[above] += rest
        return total

    def may_stop(self, unit: str) -> bool:
        """Whether absolute savings could ask for more than the unit has left (then they stop at zero use)."""
        taken = [a for a in self.absolute(unit).values() if a > 0]
        return bool(taken) and sum(taken) > self.ranges[unit][0] - 1e-9

    @property
    def more_may_pay(self) -> bool:
        """Whether use left over could be counted as a gain (a negative price or factor): then it must be held down."""
        pool = self.pool
        return min(pool.price, pool.tco2e, pool.site_tco2e, pool.tce) < 0
