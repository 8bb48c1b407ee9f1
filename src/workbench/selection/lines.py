"""The lines of savings of pools in arrays: read from the pools once, for every question that is asked about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain, compress
from typing import NamedTuple

import numpy as np

from workbench.interaction import Pool
from workbench.selection.bundles import JOINT

MOST = JOINT.bit_length() - 1  # fraction measures that are bundled at once


class OneUnit(NamedTuple):
    """Pools of which one unit is acted on, by fractions or by absolute savings that never reach what is used.

    By pool: what it uses in all, whether what acts on it are fractions. By line: the pool by number, the project, what it saves.
    """

    pools: list[Pool]
    use: np.ndarray
    fraction: np.ndarray
    base: np.ndarray
    projects: list[str]
    share: np.ndarray


class Lines:
    """`one_unit`: the simple pools in arrays; `others`: those that have more to them. Pools do not change once they are read."""

    def __init__(self, pools: Sequence[Pool]) -> None:
        self.pools = pools

    @property
    def one_unit(self) -> OneUnit:
        """Pools with measures on one unit."""
        return self._read[0]

    @property
    def others(self) -> list[Pool]:
        """Pools with measures on several units, too many to bundle, or savings that may reach all that is used."""
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[OneUnit, list[Pool]]:
        kinds = [(pool.fraction, pool.absolute) for pool in self.pools]
        fraction, absolute = (np.fromiter(map(len, each), np.int64) for each in (zip(*kinds, strict=True) if kinds else ((), ())))
        once = fraction + absolute == 1
        pools, others = list(compress(self.pools, once)), list(compress(self.pools, ~once))
        fraction = fraction[once] > 0
        units = [one or other for one, other in compress(kinds, once)]
        lines = list(chain.from_iterable(map(dict.values, units)))
        use, lengths = _use(pools), np.fromiter(map(len, lines), np.int64, len(lines))
        base, share = _table(lines, lengths)
        simple = _everywhere(pools, units) & np.where(fraction, lengths <= MOST, _never_all_used(base, share, use))
        others += compress(pools, ~simple)
        mine, now = simple[base], np.cumsum(simple) - 1
        projects = list(chain.from_iterable(compress(lines, simple)))
        return OneUnit(list(compress(pools, simple)), use[simple], fraction[simple], now[base[mine]], projects, share[mine]), others


def _table(lines: list[Mapping[str, float]], lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The number of each mapping, as often as it has values, and the values."""
    values = np.fromiter(chain.from_iterable(map(dict.values, lines)), float, int(lengths.sum()))
    return np.repeat(np.arange(len(lines)), lengths), values


def _use(pools: list[Pool]) -> np.ndarray:
    """What each pool uses in all."""
    uses = [pool.use for pool in pools]
    each, amounts = _table(uses, np.fromiter(map(len, uses), np.int64, len(uses)))
    return np.bincount(each, amounts, minlength=len(uses))


def _everywhere(pools: list[Pool], units: list[Mapping[str, object]]) -> np.ndarray:
    """Whether measures act on all that a pool uses: on the whole site, or on the one unit there is."""
    found = np.ones(len(pools), bool)
    if set(chain.from_iterable(units)) - {""}:
        found[:] = [not unit or pool.use.keys() == {unit} for pool, (unit,) in zip(pools, units, strict=True)]
    return found


def _never_all_used(base: np.ndarray, share: np.ndarray, use: np.ndarray) -> np.ndarray:
    """Whether absolute savings together ask for less than there is, so that none ever stops at zero use."""
    taken = np.bincount(base, np.maximum(share, 0.0), minlength=len(use))
    return (taken == 0) | (taken <= use - 1e-9)
