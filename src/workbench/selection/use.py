"""What the measures on each base save, as linear forms: bundles joined where they are few, unit by unit where they are many."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.selection.bundles import Part, Segment
from workbench.selection.linear import Linear, Row
from workbench.selection.problem import Problem


class Use:
    """Makes the variables of the residual use of every part and collects its rows, then makes them at once."""

    def __init__(self, pe, m, problem: Problem) -> None:
        self.pe, self.m, self.horizon = pe, m, problem.horizon
        self.equal: list[Row] = []
        self.most: list[Row] = []
        self._w: dict[tuple, list] = {}
        m.w = pe.Var(pe.Any, domain=pe.NonNegativeReals, dense=False, doc="bundle of fraction measures on a base, 0 to 1")
        m.z = pe.Var(pe.Any, domain=pe.NonNegativeReals, dense=False, doc="absolute measure within a bundle, 0 to 1")
        m.r = pe.Var(pe.Any, domain=pe.NonNegativeReals, dense=False, doc="use left over, never below nil")
        m.v = pe.Var(pe.Any, domain=pe.NonNegativeReals, dense=False, doc="use that a bundle of a unit acts on")
        m.some = pe.Var(pe.Any, domain=pe.Binary, dense=False, doc="something is left over, where more use would pay")

    def _possible(self, part: Part, segment: Segment) -> list[frozenset[str]]:
        """The bundles that can be in force in a segment."""
        bundles = part.bundles
        return [b for b in bundles if b <= segment.alive] if self.horizon.by_years else list(bundles)

    def _bundle_variables(self, key: tuple, number: int) -> list:
        found = self._w.get(key)
        if found is None:
            found = self._w[key] = self.pe.several(self.m.w, number)
        return found

    def year(self, segment: Segment) -> int:
        return self.horizon.first if segment.year is None else segment.year

    def works(self, project: str, segment: Segment) -> list[tuple[float, object]]:
        """Whether a project works, as signed states; nothing outside its life."""
        return self.m.at[project, self.year(segment)] if project in segment.alive else []

    def saved(self, part: Part) -> list[Linear]:
        """What a part saves in each of its segments."""
        if not part.absolutes and part.single:
            gains = part.gains.items()
            return [self._straight(gains, segment) for segment in part.segments]
        if not part.joint:
            forms = [self._by_unit(part, k, segment) for k, segment in enumerate(part.segments)]
        else:
            forms = [self._joined(part, k, segment) for k, segment in enumerate(part.segments)]
        before = part.before
        return [Linear.of([-c for c in f.coefficients], f.variables, before - f.constant) for f in forms]

    def _straight(self, gains: Iterable[tuple[str, float]], segment: Segment) -> Linear:
        at, alive, year = self.m.at, segment.alive, self.year(segment)
        return Linear(0.0, [(sign * gain, state) for i, gain in gains if i in alive for sign, state in at[i, year]])

    def _joined(self, part: Part, k: int, segment: Segment) -> Linear:
        """Remaining use of a part whose units are bundled at once."""
        state = k if self.horizon.by_years else 0
        bundles = self._possible(part, segment)
        first = k == 0 or self.horizon.by_years
        if not part.absolutes and not part.single and len(bundles) > 1:
            w = self._tied(part, state, bundles, segment, first)
            alive = segment.alive
            return Linear.of([part.rest(b if b <= alive else b & alive) for b in bundles], w)
        here = self._weights(part, state, bundles, segment, first)
        if not part.absolutes:
            total = Linear()
            for form, bundle in zip(here, bundles, strict=True):
                total.plus(form, part.left(bundle & segment.alive))
            return total
        within = self._within(part, state, bundles, segment, here, first)
        total = Linear()
        for b, bundle in enumerate(bundles):
            left = {u: Linear().plus(here[b], part.base(u)) for u in part.units}
            for u in part.units:  # those below first
                for i, amount in sorted(part.absolute(u).items()):
                    if i in segment.alive:
                        left[u].plus(within[b, i], -amount)
                rest = self._stopped(part, (part.part_id, k, b, u), u, left[u])
                above = part.above(u)
                (total if above is None else left[above]).plus(rest, part.kept(u, bundle & segment.alive))
        return total

    def _weights(self, part: Part, state: int, bundles: list, segment: Segment, first: bool) -> list[Linear]:
        """Whether each bundle is in force: a project itself where measures never meet, else a variable."""
        if len(bundles) == 1:
            return [Linear(1.0)]
        m = self.m
        year = self.year(segment)
        if part.single:
            alone = [Linear(0.0, m.at[next(iter(b)), year]) if b else None for b in bundles]
            none = Linear(1.0)
            for form in alone:
                if form is not None:
                    none.plus(form, -1.0)
            return [none if form is None else form for form in alone]
        return [Linear.total([v]) for v in self._tied(part, state, bundles, segment, first)]

    def _tied(self, part: Part, state: int, bundles: list, segment: Segment, first: bool) -> list:
        """The variables of the bundles, tied to the projects the first time."""
        w = self._bundle_variables((part.part_id, state), len(bundles))
        if first:
            self._tie(w, bundles, self.year(segment))
        return w

    def _within(self, part: Part, state: int, bundles: list, segment: Segment, here: list[Linear], first: bool) -> dict:
        """Whether an absolute measure works within each bundle."""
        m, year = self.m, self.year(segment)
        found = {}
        for i in part.absolutes:
            works = m.at[i, year]
            if len(bundles) == 1 or not works:
                found |= {(b, i): Linear(0.0, works) for b in range(len(bundles))}
                continue
            z = [m.z[part.part_id, state, b, i] for b in range(len(bundles))]
            found |= {(b, i): Linear.total([v]) for b, v in enumerate(z)}
            if first:
                total = Linear.total(z).plus(Linear(0.0, works), -1.0)
                self.equal.append(total.equals(0.0))
                self.most += [Linear.total([v]).plus(here[b], -1.0).at_most(0.0) for b, v in enumerate(z)]
        return found

    def _by_unit(self, part: Part, k: int, segment: Segment) -> Linear:
        """Remaining use where bundles of all units together are too many: one unit's rest is what the next acts on."""
        m, year = self.m, self.year(segment)
        state = k if self.horizon.by_years else 0
        left = {u: Linear(part.base(u)) for u in part.units}
        total = Linear()
        for u in part.units:
            for i, amount in sorted(part.absolute(u).items()):
                left[u].plus(Linear(0.0, self.works(i, segment)), -amount)
            rest = self._stopped(part, (part.part_id, k, 0, u), u, left[u])
            for n, bundles in enumerate(part.stages(u)):
                name = f"{part.part_id}#{u}#{n}"
                w = self._bundle_variables((name, state), len(bundles))
                v = [m.v[name, k, b] for b in range(len(bundles))]
                m.sizes.update((each, part.most) for each in v)
                if k == 0 or self.horizon.by_years:
                    self._tie(w, bundles, year)
                self.equal.append(Linear.total(v).plus(rest, -1.0).equals(0.0))
                self.most += [Linear(0.0, [(1.0, a), (-part.most, b)]).at_most(0.0) for a, b in zip(v, w, strict=True)]
                rest = Linear(0.0, [(part.kept(u, b & segment.alive), each) for each, b in zip(v, bundles, strict=True)])
            above = part.above(u)
            (total if above is None else left[above]).plus(rest)
        return total

    def _tie(self, w: list, bundles: Iterable[frozenset[str]], year: int) -> None:
        """Exactly one bundle is in force; a measure works in its bundle or not at all."""
        self.equal.append(Linear.total(w).equals(1.0))
        members: dict[str, list] = {}
        for v, bundle in zip(w, bundles, strict=True):
            for i in bundle:
                members.setdefault(i, []).append(v)
        for i in sorted(members):
            inside, works = members[i], self.m.at[i, year]
            signs, states = [-sign for sign, _ in works], [state for _, state in works]
            self.equal.append(Linear.of([1.0] * len(inside) + signs, inside + states).equals(0.0))

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
        pe, m = self.pe, self.m
        m.bundled = pe.Constraint(range(len(self.equal)), rule=lambda m, n: self.equal[n])
        m.left_over = pe.Constraint(range(len(self.most)), rule=lambda m, n: self.most[n])


def saved_by_part(pe, m, problem: Problem, pieces: list[Part]) -> list[list[Linear]]:
    """Savings of each part in each of its segments, in the pool's unit of activity."""
    use = Use(pe, m, problem)
    saved = []
    for part in pieces:
        saved.append(use.saved(part))
        part.forget()
    use.finish()
    return saved
