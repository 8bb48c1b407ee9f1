"""Bases on which measures act in one place only, the common case: all of them at once, in arrays.

Fractions combine exactly, so two or more on a base are bundled as in `use`; one alone, and absolute savings that never reach what
is used, need no variable: each saves what it saves, once it works. Everything else is left to `use`, part by part.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress, repeat

import numpy as np

from workbench.interaction import Pool
from workbench.selection.linear import Forms
from workbench.selection.problem import Problem, stretched
from workbench.selection.states import pairs, spread


@dataclass(frozen=True)
class Bases:
    """By base: its pool, its `use`, whether what acts on it are fractions. By measure, in the order of `base` and `project`: these
    two by number, the `share` of the use (or the activity) that it saves, its `life` in years.
    """

    pools: list[Pool]
    use: np.ndarray
    fraction: np.ndarray
    base: np.ndarray
    project: np.ndarray
    share: np.ndarray
    life: np.ndarray


def split(problem: Problem) -> tuple[Bases, list[Pool]]:
    """The bases with measures on one unit, and the pools that have more to them, or measures that exclude each other."""
    read, place = problem.lines.one_unit, problem.horizon.states.place
    project = np.fromiter(map(place.get, read.projects, repeat(-1)), np.int64, len(read.projects))
    order = np.lexsort((project, read.base))
    order = order[project[order] >= 0]
    base, project, share = read.base[order], project[order], read.share[order]
    rivals = np.bincount(base[_excluding(problem)[project]], minlength=len(read.pools))
    apart = ~read.fraction | (rivals < 2)
    mine, now = apart[base], np.cumsum(apart) - 1
    life = problem.projects["lifetime_years"].astype(float).to_numpy()[project[mine]]
    return Bases(
        list(compress(read.pools, apart)), read.use[apart], read.fraction[apart], now[base[mine]], project[mine], share[mine], life
    ), problem.lines.others + list(compress(read.pools, ~apart))  # fmt: skip


def _excluding(problem: Problem) -> np.ndarray:
    """Projects that exclude another."""
    table, found = problem.relations, np.zeros(len(problem.ids), bool)
    rows, place = table[table["relation"] == "excludes"], problem.horizon.states.place
    found[[place[i] for name in ("project_id", "other_id") for i in rows[name].tolist() if i in place]] = True
    return found


def saved(pe, m, problem: Problem, bases: Bases) -> tuple[Forms, np.ndarray, np.ndarray]:
    """What each base saves in each of its stretches of time, in its unit of activity; the base and the year of each, by number.

    Makes the variables of bundles, and `m.joined`, the rows that tie them to the projects: a base in a typical year, a base in each
    year of a plan by years with the measures that can work in it, is one group of measures.
    """
    years = len(problem.horizon.years) if problem.horizon.by_years else 1
    able = problem.horizon.states.able.T[bases.project]  # measures x years
    at, year = np.nonzero(able)
    group = bases.base[at] * years + year
    if years > 1:
        order = np.argsort(group, kind="stable")
        at, group = at[order], group[order]
    number = len(bases.pools) * years
    made = _Groups(
        np.repeat(bases.use, years), np.tile(np.arange(years), len(bases.pools)), np.repeat(bases.fraction, years),
        np.bincount(group, minlength=number), bases.project[at], bases.share[at], bases.life[at],
    )  # fmt: skip
    which, lives = np.arange(number), None
    if stretched(problem):
        groups, lives, _ = pairs(group, made.life)
        which = groups.astype(np.int64)
    found = made.forms(pe, m, which, lives)
    return found, which // years, which % years


@dataclass(frozen=True)
class _Groups:
    """Groups of measures that meet. By group: `use`, `year` (by number), whether `fraction`, `count` of its measures, which stand
    one group after another.
    """

    use: np.ndarray
    year: np.ndarray
    fraction: np.ndarray
    count: np.ndarray
    project: np.ndarray
    share: np.ndarray
    life: np.ndarray

    def forms(self, pe, m, which: np.ndarray, least: np.ndarray | None) -> Forms:
        """What the group `which` saves, form by form, as far as its measures live at least so many years."""
        joined = self.fraction & (self.count > 1)
        found, ties = [self._straight(m, which, least, ~joined)], []
        for size in np.unique(self.count[joined]).tolist():
            saved, tied = self._joined(pe, m, which, least, np.flatnonzero(joined & (self.count == size)), size)
            found.append(saved)
            ties.append(tied)
        tied = Forms.stacked([forms for forms, _ in ties])
        m.joined = pe.Rows(tied.equals(np.concatenate([values for _, values in ties]) if ties else 0.0), doc="one bundle a base")
        return found[0].plus(*found[1:])

    @property
    def _start(self) -> np.ndarray:
        return np.cumsum(self.count) - self.count

    def _straight(self, m, which: np.ndarray, least: np.ndarray | None, mine: np.ndarray) -> Forms:
        """Each measure saves what it saves alone."""
        forms = np.flatnonzero(mine[which])
        run, member = spread(self._start[which[forms]], self.count[which[forms]])
        form = forms[run]
        if least is not None:
            alive = self.life[member] >= least[form]
            form, member = form[alive], member[alive]
        group = which[form]
        use, share = self.use[group], self.share[member]
        gain = np.where(self.fraction[group], use - use * (1 - share), share)
        return m.at.every(self.project[member], self.year[group]).times(gain).gathered(form, len(which))

    def _joined(
        self, pe, m, which: np.ndarray, least: np.ndarray | None, groups: np.ndarray, size: int
    ) -> tuple[Forms, tuple[Forms, np.ndarray]]:
        """Groups of so many fractions: what they save by bundle, and the rows of their bundles with what these are equal to."""
        members = self._start[groups][:, None] + np.arange(size)
        w = pe.several(m.w, len(groups) << size).reshape(-1, 1 << size)
        place = np.full(len(self.count), -1)
        place[groups] = np.arange(len(groups))
        forms = np.flatnonzero(place[which] >= 0)
        here = place[which[forms]]
        kept = 1 - self.share[members][here]
        if least is not None:
            kept = np.where(self.life[members][here] >= least[forms][:, None], kept, 1.0)
        left = np.ones((len(forms), 1))
        for measure in range(size):
            left = np.hstack([left, left * kept[:, [measure]]])
        use, constants = self.use[which[forms]], np.zeros(len(which))
        constants[forms] = use
        saved = Forms(constants, np.repeat(forms, 1 << size), -(use[:, None] * left).reshape(-1), w[here].reshape(-1))
        return saved, self._tied(m, groups, members, w)

    def _tied(self, m, groups: np.ndarray, members: np.ndarray, w: np.ndarray) -> tuple[Forms, np.ndarray]:
        """sum w = 1, then for each measure: sum of w of the bundles it is in - whether it works = 0; group by group."""
        number, size = members.shape
        bundles = np.arange(1 << size)
        inside = np.array([bundles[bundles >> n & 1 == 1] for n in range(size)])
        row = np.arange(number)[:, None] * (size + 1)
        row_of = (row + 1 + np.arange(size)).reshape(-1)
        rows = number * (size + 1)
        one = Forms(np.zeros(rows), np.repeat(row, 1 << size), np.ones(w.size), w.reshape(-1))
        of_measure = w[:, inside].reshape(-1)
        each = Forms(np.zeros(rows), np.repeat(row_of, 1 << size - 1), np.ones(len(of_measure)), of_measure)
        works = m.at.every(self.project[members].reshape(-1), np.repeat(self.year[groups], size)).times(-1.0)
        values = np.zeros((number, size + 1))
        values[:, 0] = 1.0
        return one.plus(each, works.gathered(row_of, rows)), values.reshape(-1)
