"""What the measures on each base save, as linear forms: bundles joined where they are few, unit by unit where they are many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.selection import single_unit
from workbench.selection.bundles import Part, Segment, chosen, members
from workbench.selection.linear import Forms, Linear, Row
from workbench.selection.parts import parts
from workbench.selection.problem import Problem
from workbench.selection.savings import Savings


class Use:
    """Makes the variables of the residual use of every part and its rows: `m.bundled` at once, `m.left_over` at the end."""

    def __init__(self, pe, m, problem: Problem) -> None:
        self.pe, self.m = pe, m
        self._by_years, self._first = problem.horizon.by_years, problem.horizon.first
        self.most: list[Row] = []
        self._w: dict[tuple[str, int], list] = {}  # of the part at hand
        m.w = pe.VarList(domain=pe.NonNegativeReals, starting_index=0, doc="bundle of fraction measures on a base, 0 to 1")
        m.z = pe.Var(pe.Any, domain=pe.NonNegativeReals, dense=False, doc="absolute measure within a bundle, 0 to 1")
        m.r = pe.Var(pe.Any, domain=pe.NonNegativeReals, dense=False, doc="use left over, never below nil")
        m.v = pe.Var(pe.Any, domain=pe.NonNegativeReals, dense=False, doc="use that a bundle of a unit acts on")
        m.some = pe.Var(pe.Any, domain=pe.Binary, dense=False, doc="something is left over, where more use would pay")
        m.bundled = pe.ConstraintList(starting_index=0)

    def _bundle_variables(self, key: tuple[str, int], number: int) -> list:
        found = self._w.get(key)
        if found is None:
            found = self._w[key] = self.pe.several(self.m.w, number).tolist()
        return found

    def year(self, segment: Segment) -> int:
        return self._first if segment.year is None else segment.year

    def works(self, project: str, segment: Segment) -> Linear:
        """Whether a project works, in states; nothing outside its life."""
        return self.m.at[project, self.year(segment)] if project in segment.alive else Linear()

    def saved(self, part: Part) -> list[Linear]:
        """What a part saves in each of its segments."""
        if not part.absolutes and part.single:
            gains = part.gains
            return [self._straight(gains, segment) for segment in part.segments]
        self._w = {}
        rest = self._joined if part.joint else self._by_unit
        forms = [rest(part, k, segment) for k, segment in enumerate(part.segments)]
        before = part.before
        return [Linear.of([-c for c in f.coefficients], f.variables, before - f.constant) for f in forms]

    def _straight(self, gains: dict[str, float], segment: Segment) -> Linear:
        year, form = self.year(segment), Linear()
        for i, gain in gains.items():
            if i in segment.alive:
                form.plus(self.m.at[i, year], gain)
        return form

    def _joined(self, part: Part, k: int, segment: Segment) -> Linear:
        """Remaining use of a part whose units are bundled at once."""
        state, first = (k, True) if self._by_years else (0, k == 0)
        bundles, rests = part.joint_use(segment.alive, self._by_years)
        if rests and not part.single and len(bundles) > 1:
            return Linear.of(rests, self._tied(part, state, bundles, segment, first))
        here = self._weights(part, state, bundles, segment, first)
        if rests:
            total = Linear()
            for form, rest in zip(here, rests, strict=True):
                total.plus(form, rest)
            return total
        within = self._within(part, state, bundles, segment, here, first)
        total = Linear()
        for b, bundle in enumerate(bundles):
            fractions = chosen(part.measures, bundle) & segment.alive
            left = {u: Linear().plus(here[b], part.base(u)) for u in part.units}
            for u in part.units:  # those below first
                for i, amount in sorted(part.absolute(u).items()):
                    if i in segment.alive:
                        left[u].plus(within[b, i], -amount)
                rest = self._stopped(part, (part.part_id, k, b, u), u, left[u])
                above = part.above(u)
                (total if above is None else left[above]).plus(rest, part.kept(u, fractions))
        return total

    def _weights(self, part: Part, state: int, bundles: Sequence[int], segment: Segment, first: bool) -> list[Linear]:
        """Whether each bundle is in force: a project itself where measures never meet, else a variable."""
        if len(bundles) == 1:
            return [Linear(1.0)]
        if part.single:
            year = self.year(segment)
            alone = [self.m.at[part.measures[b.bit_length() - 1], year] if b else None for b in bundles]
            none = Linear(1.0)
            for form in alone:
                if form is not None:
                    none.plus(form, -1.0)
            return [none if form is None else form for form in alone]
        return [Linear.total([v]) for v in self._tied(part, state, bundles, segment, first)]

    def _tied(self, part: Part, state: int, bundles: Sequence[int], segment: Segment, first: bool) -> list:
        """The variables of the bundles, tied to the projects the first time."""
        w = self._bundle_variables(("", state), len(bundles))
        if first:
            self._tie(w, part.measures, bundles, self.year(segment))
        return w

    def _within(self, part: Part, state: int, bundles: Sequence[int], segment: Segment, here: list[Linear], first: bool) -> dict:
        """Whether an absolute measure works within each bundle."""
        m, year = self.m, self.year(segment)
        found = {}
        for i in part.absolutes:
            works = m.at[i, year]
            if len(bundles) == 1 or not works.variables:
                found |= {(b, i): works for b in range(len(bundles))}
                continue
            z = [m.z[part.part_id, state, b, i] for b in range(len(bundles))]
            found |= {(b, i): Linear.total([v]) for b, v in enumerate(z)}
            if first:
                m.bundled.add(Linear.total(z).plus(works, -1.0).equals(0.0))
                self.most += [Linear.total([v]).plus(here[b], -1.0).at_most(0.0) for b, v in enumerate(z)]
        return found

    def _by_unit(self, part: Part, k: int, segment: Segment) -> Linear:
        """Remaining use where bundles of all units together are too many: one unit's rest is what the next acts on."""
        m, year = self.m, self.year(segment)
        state = k if self._by_years else 0
        left = {u: Linear(part.base(u)) for u in part.units}
        total = Linear()
        for u in part.units:
            for i, amount in sorted(part.absolute(u).items()):
                left[u].plus(self.works(i, segment), -amount)
            rest = self._stopped(part, (part.part_id, k, 0, u), u, left[u])
            for n, (measures, bundles) in enumerate(part.stages(u)):
                name = f"{part.part_id}#{u}#{n}"
                w = self._bundle_variables((name, state), len(bundles))
                v = [m.v[name, k, b] for b in range(len(bundles))]
                m.sizes.update((each, part.most) for each in v)
                if k == 0 or self._by_years:
                    self._tie(w, measures, bundles, year)
                m.bundled.add(Linear.total(v).plus(rest, -1.0).equals(0.0))
                self.most += [Linear(0.0, [(1.0, a), (-part.most, b)]).at_most(0.0) for a, b in zip(v, w, strict=True)]
                kept = [part.kept(u, chosen(measures, b) & segment.alive) for b in bundles]
                rest = Linear(0.0, zip(kept, v, strict=True))
            above = part.above(u)
            (total if above is None else left[above]).plus(rest)
        return total

    def _tie(self, w: list, measures: Sequence[str], bundles: tuple[int, ...], year: int) -> None:
        """Exactly one bundle is in force; a measure works in its bundle or not at all."""
        m = self.m
        m.bundled.add(Linear.total(w).equals(1.0))
        for n, places in members(bundles):
            m.bundled.add(Linear.total(w[place] for place in places).plus(m.at[measures[n], year], -1.0).equals(0.0))

    def _stopped(self, part: Part, index: tuple, unit: str, form: Linear) -> Linear:
        """The form where it can never fall below nil, else a variable that is at least the form and at least nil."""
        if not part.may_stop(unit):
            return form
        m = self.m
        r = m.r[index]
        m.sizes[r] = part.most
        self.most.append(Linear().plus(form).add(-1.0, r).at_most(0.0))
        if part.more_may_pay:
            some = m.some[index]
            self.most.append(Linear(0.0, [(1.0, r), (-part.most, some)]).at_most(0.0))
            self.most.append(Linear(0.0, [(1.0, r), (part.most, some)]).plus(form, -1.0).at_most(part.most))
        return Linear(0.0, [(1.0, r)])

    def finish(self) -> None:
        """The rows collected."""
        self.m.left_over = self.pe.Constraint(range(len(self.most)), rule=lambda m, n: self.most[n])


def saved_by_part(pe, m, problem: Problem) -> Savings:
    """Savings of each part in each of its segments, in the pool's unit of activity: of simple bases at once, then of the others."""
    use = Use(pe, m, problem)
    bases, others = single_unit.split(problem)
    forms, part, year = single_unit.saved(pe, m, problem, bases)
    pieces = list(parts(problem, others))
    each = [use.saved(piece) for piece in pieces]
    use.finish()
    counts = [len(found) for found in each]
    years = [range(count) if problem.horizon.by_years else [0] * count for count in counts]
    return Savings(
        problem.horizon, bases.pools + [piece.pool for piece in pieces],
        Forms.stacked([forms, Forms.of([form for found in each for form in found])]),
        np.concatenate([part, len(bases.pools) + np.repeat(np.arange(len(pieces)), counts)]),
        np.concatenate([year, np.array([t for found in years for t in found], np.int64)]),
    )  # fmt: skip
