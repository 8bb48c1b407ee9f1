"""The selection problem as plain data, and the true value of any set of projects (exact interaction, no solver)."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field, replace

import pandas as pd

from workbench import costs, interaction
from workbench.errors import UserError
from workbench.interaction import Pool
from workbench.params import Settings

MAX_BUNDLES = 2**14


@dataclass(frozen=True)
class Segment:
    """A stretch of years in which the projects `alive` work: weights of energy money and carbon money in the objective."""

    money: float
    carbon: float
    alive: frozenset[str]


@dataclass(frozen=True)
class Part:
    """The measures of a pool that must be bundled together: units (and the site '') with the admissible `bundles` of fractions."""

    part_id: str
    pool: Pool
    units: tuple[str, ...]
    bundles: tuple[frozenset[str], ...]
    segments: tuple[Segment, ...]

    def absolute(self, unit: str) -> dict[str, float]:
        """Absolute savings on `unit`, project → activity."""
        return self.pool.absolute.get(unit, {})

    def kept(self, unit: str, bundle: frozenset[str]) -> float:
        """Share of a unit's use left over by the fractions of `bundle`: prod(1 - f)."""
        share = 1.0
        for project, fraction in self.pool.fraction.get(unit, {}).items():
            if project in bundle:
                share *= 1 - fraction
        return share

    def most(self) -> float:
        """More than can ever be left over, or be missing, on a unit or the site."""
        amounts = self.pool.total + sum(abs(a) for u in self.units for a in self.absolute(u).values())
        growth = math.prod(max(1.0, 1 - f) for u in self.units for f in self.pool.fraction.get(u, {}).values())
        return amounts * growth + 1.0

    def above(self, unit: str) -> str | None:
        """The next of these units above `unit`; None at the top."""
        return next((u for u in self.pool.above(unit) if u in self.units), None)

    def base(self, unit: str) -> float:
        """What measures on `unit` act on besides what units of this part leave over: its own use and that of idle units below."""
        mine = (u for u in {*self.pool.use, unit} if u == unit or (u not in self.units and self.above(u) == unit))
        return sum(self.pool.use.get(u, 0.0) for u in sorted(mine))

    def least_left(self, unit: str) -> float:
        """Less than what is ever there for the savings on `unit` to act on."""
        below = (u for u in self.units if u and self.above(u) == unit)
        return self.base(unit) + sum(self._least_after(u) for u in below)

    def _least_after(self, unit: str) -> float:
        left = self.least_left(unit) - sum(max(a, 0.0) for a in self.absolute(unit).values())
        return max(0.0, left) * min((self.kept(unit, b) for b in self.bundles), default=1.0)

    def may_stop(self, unit: str) -> bool:
        """Whether absolute savings could ask for more than the unit has left (then they stop at zero use)."""
        return sum(max(a, 0.0) for a in self.absolute(unit).values()) > self.least_left(unit) - 1e-9


@dataclass(frozen=True)
class Problem:
    """One cluster's choice: `projects` (eligible, sorted by id), pools, rules, limits and the objective.

    Money in currency (per year for annual_cost), emissions in tCO2e per year, energy in tce per year.
    """

    settings: Settings
    projects: pd.DataFrame
    everything: pd.DataFrame
    pools: list[Pool]
    relations: pd.DataFrame
    groups: pd.DataFrame
    shares: dict[tuple[str, str], float]
    enterprises: pd.DataFrame
    emissions_before: float
    tce_before: float
    value_added_million: float
    budget: float | None
    relaxed: frozenset[str] = field(default_factory=frozenset)

    @property
    def ids(self) -> list[str]:
        """Eligible projects, sorted."""
        return self.projects["project_id"].tolist()

    def at(self, budget: float | None = None, objective: str | None = None, relaxed: frozenset[str] | None = None) -> Problem:
        """The same problem with another budget, objective or with families of limits left out."""
        settings = self.settings.model_copy(update={"objective": objective}) if objective else self.settings
        return replace(self, budget=budget, settings=settings, relaxed=self.relaxed if relaxed is None else relaxed)

    def value(self, chosen: set[str], objective: str | None = None) -> float:
        """Objective of a set of projects: capex, annual_cost or npv_cost, in currency."""
        objective = objective or self.settings.objective
        rows = self.projects[self.projects["project_id"].isin(chosen)]
        total = sum(fixed_cost(row, objective, self.settings) for row in rows.itertuples())
        if objective == "capex":
            return total
        for pool in self.pools:
            for part in segments(pool, self.projects, objective, self.settings):
                saved = pool.saved(chosen & part.alive)
                total -= saved * (pool.price * part.money + pool.tco2e * part.carbon)
        return total

    def emissions(self, chosen: set[str]) -> float:
        """Cluster emissions after `chosen`, with upstream where the settings count it."""
        return self.emissions_before - interaction.savings(self.pools, chosen)["tco2e"] + self.upstream(chosen)

    def upstream(self, chosen: set[str]) -> float:
        """Upstream emissions counted in the budget (nil unless include_upstream)."""
        if not self.settings.include_upstream:
            return 0.0
        return float(self.projects.loc[self.projects["project_id"].isin(chosen), "upstream_tco2e"].sum())

    def capex(self, chosen: set[str]) -> float:
        """Capital at the start, net of grants."""
        return float(self.projects.loc[self.projects["project_id"].isin(chosen), "capex"].sum())


def build(
    tables: dict[str, pd.DataFrame], potential: pd.DataFrame, bases: pd.DataFrame, lines: pd.DataFrame, enterprises: pd.DataFrame,
    cluster: pd.DataFrame, settings: Settings,
) -> Problem:  # fmt: skip
    """The problem of a run from its tables; the budget comes from budget_tco2e or reduction_pct of the cluster's total."""
    item = cluster.set_index("item")["value"]
    total = float(item["cluster_total_tco2e"])
    budget = settings.budget_tco2e
    if settings.reduction_pct is not None:
        budget = (1 - settings.reduction_pct / 100) * total
    eligible = potential[potential["eligible"] == 1].sort_values("project_id").reset_index(drop=True)
    known = set(eligible["project_id"])
    lines = lines[lines["project_id"].isin(known)]
    relations = tables["relations"]
    relations = relations[relations["project_id"].isin(known) & (relations["project_id"] != relations["other_id"])]
    limits = tables["enterprises"][["enterprise_id", "capital_limit", "emission_limit_tco2e"]]
    firms = enterprises[["enterprise_id", "total_tco2e"]].merge(limits, on="enterprise_id", how="left", validate="1:1")
    added = pd.to_numeric(tables["enterprises"]["value_added"]).sum(min_count=1)
    return Problem(
        settings=settings, projects=eligible, everything=potential, pools=interaction.pools(bases, lines), relations=relations,
        groups=tables["groups"], shares=_shares(tables["members"], eligible), enterprises=firms.sort_values("enterprise_id"),
        emissions_before=total, tce_before=float(item["cluster_total_tce"]),
        value_added_million=float(added) / 1e6 if pd.notna(added) else float("nan"), budget=budget,
    )  # fmt: skip


def _shares(members: pd.DataFrame, eligible: pd.DataFrame) -> dict[tuple[str, str], float]:
    """(project, enterprise) → share of the capital; a project without members is its owner's alone; shares scaled to 1."""
    shares: dict[tuple[str, str], float] = {}
    joint = members.dropna(subset=["capex_share"]).groupby("project_id")
    for row in eligible.itertuples():
        if row.project_id not in joint.groups:
            shares[row.project_id, row.enterprise_id] = 1.0
            continue
        mine = joint.get_group(row.project_id).groupby("enterprise_id")["capex_share"].sum()
        for enterprise, share in mine.items():
            shares[row.project_id, enterprise] = float(share / mine.sum()) if mine.sum() > 0 else 1 / len(mine)
    return shares


def fixed_cost(row, objective: str, settings: Settings) -> float:
    """What one project costs whatever else is chosen: capital and operating cost in the objective's money."""
    if objective == "capex":
        return float(row.capex)
    factor = costs.annuity_factor(settings.discount_rate, float(row.lifetime_years))
    if objective == "npv_cost":
        return float(row.capex) + float(row.opex_per_year) * factor
    return float(row.capex) / factor + float(row.opex_per_year)


def segments(pool: Pool, projects: pd.DataFrame, objective: str, settings: Settings) -> list[Segment]:
    """Stretches of years with the same working projects. Annual cost has one; npv_cost ends each project at its own life."""
    mine = projects[projects["project_id"].isin(pool.projects)]
    everyone = frozenset(mine["project_id"])
    if objective == "capex":
        return [Segment(0.0, 0.0, everyone)]
    if objective == "annual_cost":
        return [Segment(1.0, settings.carbon_price, everyone)]
    found, money, carbon = [], 0.0, 0.0
    for life in sorted(set(mine["lifetime_years"].astype(float))):
        until = costs.annuity_factor(settings.discount_rate, life, settings.energy_price_growth)
        plain = costs.annuity_factor(settings.discount_rate, life)
        alive = frozenset(mine.loc[mine["lifetime_years"] >= life, "project_id"])
        found.append(Segment(until - money, settings.carbon_price * (plain - carbon), alive))
        money, carbon = until, plain
    return found


def parts(problem: Problem) -> list[Part]:
    """Pools cut into the pieces that interact: each topmost unit with measures and the units with measures below it."""
    pairs = [{r.project_id, r.other_id} for r in problem.relations.itertuples() if r.relation == "excludes"]
    pieces = []
    for pool in problem.pools:
        if not pool.projects:
            continue
        filed = sorted({u for group in (pool.absolute, pool.fraction) for u, lines in group.items() if lines})
        tops = {u: next((a for a in reversed(pool.above(u)) if a in filed), u) for u in filed}
        groups = [tuple(u for u in pool.order if tops.get(u) == top) for top in sorted(set(tops.values()))]
        cut = tuple(segments(pool, problem.projects, problem.settings.objective, problem.settings))
        for units in groups:
            bundles = tuple(_bundles(pool, units, pairs))
            pieces.append(Part(f"{pool.pool_id}|{'+'.join(units)}", pool, units, bundles, cut))
    return pieces


def _bundles(pool: Pool, units: tuple[str, ...], pairs: list[set[str]]) -> list[frozenset[str]]:
    """Admissible sets of fraction measures on these units: all subsets but those that an exclusion forbids."""
    measures = sorted({p for u in units for p in pool.fraction.get(u, {})})
    found = [frozenset()]
    for measure in measures:
        grown = [b | {measure} for b in found if not any(measure in pair and pair - {measure} <= b for pair in pairs)]
        found += grown
        if len(found) > MAX_BUNDLES:
            raise UserError(
                f"{len(measures)} fraction measures act on {pool.carrier} of {pool.enterprise_id}: "
                "file them by unit, as absolute savings, or exclude alternatives"
            )
    return found


def subsets(ids: list[str]):
    """Every subset of a short list, for brute force."""
    return (set(c) for n in range(len(ids) + 1) for c in itertools.combinations(ids, n))
