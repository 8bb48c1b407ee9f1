"""Measures that meet on one base: the units they act on, and every admissible set of the measures that save a fraction."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from workbench.errors import UserError
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
    def bundles(self) -> tuple[frozenset[str], ...]:
        """Admissible sets of fraction measures: all subsets but those that an exclusion forbids.

        Raises UserError where there are more than MAX_BUNDLES.
        """
        found = self._subsets(self.measures, MAX_BUNDLES)
        if found is None:
            raise UserError(
                f"{len(self.measures)} fraction measures act on {self.pool.carrier} of {self.pool.enterprise_id}: "
                "file them by unit, as absolute savings, or exclude alternatives"
            )
        return found

    @once
    def joint(self) -> bool:
        """Whether all measures are bundled at once; else unit by unit, what one unit leaves over being what the next acts on."""
        return 2 ** len(self.measures) <= JOINT or self._subsets(self.measures, JOINT) is not None

    @property
    def single(self) -> bool:
        """Whether no two fraction measures can ever work together: then a bundle is a project or none."""
        mine = self.pool.fraction.get(self.units[0], ()) if len(self.units) == 1 else self.measures
        return len(mine) < 2 or bool(self.pairs) and self._rivals

    @once
    def _rivals(self) -> bool:
        return self.joint and all(len(b) <= 1 for b in self.bundles)

    def forget(self) -> None:
        """Let go of what only making the rows asks for: a hundred thousand bundles weigh more than the matrix."""
        for name in ("bundles", "_rests"):
            self.__dict__.pop(name, None)

    def stages(self, unit: str) -> list[tuple[frozenset[str], ...]]:
        """The fraction measures of one unit as short lists of bundles, one acting on what the other leaves over."""
        mine = sorted(self.pool.fraction.get(unit, {}))
        parts = [mine[k : k + STAGE] for k in range(0, len(mine), STAGE)]
        return [self._subsets(part, 2**STAGE) or () for part in parts]

    def _subsets(self, measures: Iterable[str], most: int) -> tuple[frozenset[str], ...] | None:
        """Admissible subsets; None where there are more than `most`."""
        found = [frozenset()]
        for measure in measures:
            rivals = {i for pair in self.pairs if measure in pair for i in pair if i != measure} if self.pairs else ()
            alone = (measure,)
            found += [b.union(alone) for b in found if not rivals or b.isdisjoint(rivals)]
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

    @once
    def before(self) -> float:
        """What this part uses when nothing is done."""
        return sum(self.base(u) for u in self.units)

    @property
    def gains(self) -> dict[str, float]:
        """What each fraction measure saves alone."""
        if self.units == ("",):
            base, shares = self.pool.total, self.pool.fraction.get("", {})
            return {i: base - base * (1 - shares[i]) for i in sorted(shares)}
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

    def rest(self, bundle: frozenset[str]) -> float:
        """What is still used with the fraction measures of `bundle` alone, computed once for each bundle."""
        found = self._rests.get(bundle)
        if found is None:
            found = self._rests[bundle] = self.left(bundle)
        return found

    @once
    def _rests(self) -> dict[frozenset[str], float]:
        return {}

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
