"""The selection problem as plain data, and the true value of any plan (exact interaction, no solver)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from workbench import costs, interaction
from workbench.interaction import Pool
from workbench.params import Settings
from workbench.selection import caps as limits
from workbench.selection import horizon as time
from workbench.selection.bundles import MAX_BUNDLES, Part, Segment
from workbench.selection.horizon import Horizon, fixed_cost
from workbench.selection.lines import Lines
from workbench.selection.states import ByStart

__all__ = ["MAX_BUNDLES", "Part", "Problem", "Segment", "Source", "build", "fixed_cost", "segments"]

Plan = Iterable[str] | Mapping[str, int]  # chosen projects, or chosen projects with their years of start
MONEY = ["capex", "gross_capex", "opex_per_year", "lifetime_years"]  # as assessed, not as filed
EFFORTS = ["scope", "name", "min_reduction_pct", "min_tco2e", "from_year"]
_EMPTY = dict.fromkeys(limits.LIMITS, float("nan")) | {
    "tce": 0.0, "electricity_tco2e": 0.0, "intensity_base": float("nan"), "sector": "", "area": "",
}  # fmt: skip
CRITERIA = ("annual_cost", "capex", "npv_cost", "emissions")


@dataclass(frozen=True)
class Source:
    """What a problem was built from: the checked tables, every project alone, bases, saving lines, enterprises and cluster."""

    tables: dict[str, pd.DataFrame]
    potential: pd.DataFrame
    bases: pd.DataFrame
    lines: pd.DataFrame
    enterprises: pd.DataFrame
    cluster: pd.DataFrame


@dataclass(frozen=True)
class Problem:
    """One cluster's choice: `projects` (eligible, sorted by id), pools, rules, limits and the objective.

    Money in currency (per year for annual_cost), emissions in tCO2e per year, energy in tce per year. `budget` holds from the
    target year on; `relaxed` names families of limits that are left out; `source`: what a wider problem can be built from;
    `lines`: the pools' lines in arrays, handed on with them.
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
    efforts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=EFFORTS))
    filed: pd.DataFrame | None = None
    source: Source | None = None
    lines: Lines | None = None

    def __post_init__(self) -> None:
        """Optional columns that are not there are filled in with what they mean when empty; lines are those of the pools."""
        if self.lines is None or self.lines.pools is not self.pools:
            object.__setattr__(self, "lines", Lines(self.pools))
        firms = self.enterprises
        missing = {name: value for name, value in _EMPTY.items() if name not in firms}
        if missing:
            object.__setattr__(self, "enterprises", firms.assign(**missing))
        if "alternative_set" not in self.relations:
            object.__setattr__(self, "relations", self.relations.assign(alternative_set=""))

    @cached_property
    def ids(self) -> list[str]:
        """Eligible projects, sorted."""
        return self.projects["project_id"].tolist()

    @cached_property
    def lives(self) -> dict[str, float]:
        """Years that each eligible project works."""
        return dict(zip(self.ids, self.projects["lifetime_years"].astype(float).tolist(), strict=True))

    @cached_property
    def horizon(self) -> Horizon:
        """The years of the plan: one typical year, or those up to `horizon_year`."""
        return time.of(self.projects, self.filed, self.settings, self.ids)

    @cached_property
    def caps(self) -> list[limits.Cap]:
        """Caps on emissions and energy in force."""
        return limits.caps(self)

    @cached_property
    def rows(self) -> dict[str, dict[str, object]]:
        """What is filed and known of each eligible project, by id."""
        known = self.projects.set_index("project_id").reindex(columns=MONEY).to_dict("index")
        filed = {} if self.filed is None else self.filed.drop_duplicates("project_id").set_index("project_id").to_dict("index")
        return {i: filed.get(i, {}) | row for i, row in known.items()}

    @cached_property
    def capital(self) -> ByStart:
        """Capital net of grant by project and year of start."""
        return ByStart(self.horizon.states, time.capital(self.horizon, self.projects))

    @cached_property
    def own_funds(self) -> ByStart:
        """Capital net of grant and of loans, by project and year of start: what limits on capital count."""
        return ByStart(self.horizon.states, time.own_funds(self.horizon, self.capital.amounts))

    def at(self, budget: float | None = None, objective: str | None = None, relaxed: frozenset[str] | None = None) -> Problem:
        """The same problem with another budget, objective or with families of limits left out."""
        settings = self.settings.model_copy(update={"objective": objective}) if objective else self.settings
        return replace(self, budget=budget, settings=settings, relaxed=self.relaxed if relaxed is None else relaxed)

    def starts(self, plan: Plan) -> dict[str, int]:
        """The plan as project → year of start; chosen projects without a year start as early as they can."""
        if isinstance(plan, Mapping):
            return dict(plan)
        return {i: self.horizon.windows[i].earliest for i in plan if i in self.horizon.windows}

    def working(self, plan: Plan, year: int) -> set[str]:
        """The projects of a plan that work in a year."""
        return {i for i, start in self.starts(plan).items() if self.horizon.works(i, start, year)}

    def value(self, plan: Plan, objective: str | None = None) -> float:
        """Objective of a plan, by its definition: money in currency, `emissions` in tCO2e, weighted in the unit of its weights."""
        objective = objective or self.settings.objective
        if objective == "weighted":
            return sum(weight * self.value(plan, name) for name, weight in sorted((self.settings.objective_weights or {}).items()))
        if objective == "emissions":
            return sum(self.emissions(plan, t) for t in self.horizon.years)
        if objective == "peak":
            return self.peak(plan)
        starts, fixed = self.starts(plan), self.start_costs(objective)
        total = sum(fixed[i, start] for i, start in sorted(starts.items()))
        if objective == "capex":
            return total
        return total - self._gains(starts, objective)

    def _gains(self, starts: dict[str, int], objective: str) -> float:
        total, known = 0.0, set(starts)
        at = {t: self.working(starts, t) for t in self.horizon.years} if self.horizon.by_years else {}
        for pool in self.pools:
            if known.isdisjoint(pool.projects):
                continue
            for part in self.segments(pool, objective):
                saved = pool.saved(at[part.year] if part.year is not None else known & part.alive)
                total += saved * (pool.price * part.money + pool.tco2e * part.factor * part.carbon)
        return total

    def start_costs(self, objective: str) -> ByStart:
        """(project, year of start) → what the start costs whatever else is chosen."""
        if objective not in self._costs:
            self._costs[objective] = ByStart(self.horizon.states, time.start_costs(self.horizon, self.projects, objective))
        return self._costs[objective]

    @cached_property
    def _costs(self) -> dict[str, ByStart]:
        return {}

    def segments(self, pool: Pool, objective: str | None = None, members: list[str] | None = None) -> list[Segment]:
        """Stretches of time of a pool with the weights of its savings in the objective; `members`: its projects, where known."""
        objective = objective or self.settings.objective
        members = pool.projects if members is None else members
        if self.horizon.by_years:
            return time.segments(self.horizon, pool.carrier, members, objective)
        return segments(members, self.lives, objective, self.settings)

    def emissions(self, plan: Plan, year: int | None = None) -> float:
        """Cluster emissions of a year (the last of the plan unless said), with upstream where the settings count it."""
        year = self.horizon.last if year is None else year
        working = self.working(plan, year)
        saved = self.saved_tco2e(working, year)
        return self.emissions_before - self.grid_fall(year) - saved + self.upstream(working)

    def peak(self, plan: Plan) -> float:
        """The highest emissions of the years in which the budget holds: what a budget is compared with."""
        return max(self.emissions(plan, t) for t in self.horizon.years if t >= self.horizon.target)

    def saved_tco2e(self, working: set[str], year: int) -> float:
        """What the projects at work in a year save together, tCO2e."""
        if not self.horizon.by_years:
            return interaction.savings(self.pools, working)["tco2e"]
        touched = (p for p in self.pools if not working.isdisjoint(p.projects))
        return sum(p.saved(working) * p.tco2e * (self.horizon.grid(year) if p.carrier == "electricity" else 1.0) for p in touched)

    def grid_fall(self, year: int) -> float:
        """How much the cluster's emissions have fallen by a cleaner grid, tCO2e."""
        return (1 - self.horizon.grid(year)) * float(self.enterprises["electricity_tco2e"].sum())

    def firm_emissions_before(self, year: int) -> dict[str, float]:
        """Emissions of each enterprise in a year without any project, tCO2e."""
        fall = 1 - self.horizon.grid(year)
        rows = self.enterprises
        return dict(zip(rows["enterprise_id"], rows["total_tco2e"] - fall * rows["electricity_tco2e"], strict=True))

    def upstream(self, chosen: Iterable[str], counted: bool | None = None) -> float:
        """Upstream emissions counted in the budget (nil unless include_upstream, or unless `counted` says so)."""
        if not (self.settings.include_upstream if counted is None else counted):
            return 0.0
        return float(self.projects.loc[self.projects["project_id"].isin(set(chosen)), "upstream_tco2e"].sum())

    def capex(self, plan: Plan) -> float:
        """Capital net of grants, undiscounted."""
        if self.horizon.by_years:
            return sum(self.capital[i, start] for i, start in self.starts(plan).items())
        return float(self.projects.loc[self.projects["project_id"].isin(set(plan)), "capex"].sum())

    def tce(self, plan: Plan, year: int | None = None) -> float:
        """Energy use of the cluster in a year, tce."""
        working = self.working(plan, self.horizon.last if year is None else year)
        return self.tce_before - interaction.savings(self.pools, working)["tce"]


def build(
    tables: dict[str, pd.DataFrame], potential: pd.DataFrame, bases: pd.DataFrame, lines: pd.DataFrame, enterprises: pd.DataFrame,
    cluster: pd.DataFrame, settings: Settings,
) -> Problem:  # fmt: skip
    """The problem of a run from its tables; the budget comes from budget_tco2e or reduction_pct of the cluster's total."""
    tables = tables | {name: in_order(tables[name]) for name in ("relations", "groups", "members")}
    source = Source(tables, potential, bases, lines, enterprises, cluster)
    item = cluster.set_index("item")["value"]
    total = float(item["cluster_total_tco2e"])
    budget = settings.budget_tco2e
    if settings.reduction_pct is not None:
        budget = (1 - settings.reduction_pct / 100) * total
    eligible = potential[potential["eligible"] == 1].sort_values("project_id").reset_index(drop=True)
    filed = tables.get("projects")
    if settings.horizon_year is not None:
        windows = time.of(eligible, filed, settings).windows
        open_ = [i for i, w in windows.items() if w.earliest <= w.latest]
        eligible = eligible[eligible["project_id"].isin(open_)].reset_index(drop=True)
    known = set(eligible["project_id"])
    lines = lines[lines["project_id"].isin(known)]
    relations = tables["relations"]
    relations = relations[relations["project_id"].isin(known) & (relations["project_id"] != relations["other_id"])]
    firms = _firms(tables["enterprises"], enterprises, settings)
    added = pd.to_numeric(tables["enterprises"].get(settings.intensity_basis, pd.Series(dtype=float))).sum(min_count=1)
    return Problem(
        settings=settings, projects=eligible, everything=potential, pools=interaction.pools(bases, lines), relations=relations,
        groups=tables["groups"], shares=_shares(tables["members"], eligible), enterprises=firms,
        emissions_before=total, tce_before=float(item["cluster_total_tce"]),
        value_added_million=float(added) / 1e6 if pd.notna(added) else float("nan"), budget=budget,
        relaxed=frozenset(settings.limits_off), efforts=_efforts(tables), filed=filed, source=source,
    )  # fmt: skip


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table sorted by what they say: the same matrix, to the last bit, whatever order they were filed in."""
    said = sorted(set(table.columns) - {"row"})
    return table.reset_index(drop=True).sort_values(said, key=lambda column: column.astype(str), ignore_index=True)


def _firms(filed: pd.DataFrame, enterprises: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Enterprises by id with emissions and energy before, what they file as limits, and the base of their intensities (million)."""
    columns = ["enterprise_id", *limits.LIMITS, "sector", "area"]
    own = filed.reindex(columns=columns)
    own["intensity_base"] = pd.to_numeric(filed.get(settings.intensity_basis, pd.Series(float("nan"), index=filed.index))) / 1e6
    before = enterprises.reindex(columns=["enterprise_id", "total_tco2e", "tce", "electricity_tco2e"])
    before = before.fillna({"tce": 0.0, "electricity_tco2e": 0.0})
    firms = before.merge(own, on="enterprise_id", how="left", validate="1:1")
    firms[limits.LIMITS] = firms[limits.LIMITS].astype(float)
    for name in ("sector", "area"):
        firms[name] = firms[name].astype(object).where(firms[name].notna(), "")
    return firms.sort_values("enterprise_id").reset_index(drop=True)


def _efforts(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    rows = tables.get("efforts", pd.DataFrame()).reindex(columns=EFFORTS)
    rows[EFFORTS[2:]] = rows[EFFORTS[2:]].apply(pd.to_numeric)
    return rows.sort_values(EFFORTS).reset_index(drop=True)


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


def segments(members: list[str], lives: Mapping[str, float], objective: str, settings: Settings) -> list[Segment]:
    """Stretches of a typical year's life with the same working projects: one for annual cost, for npv_cost one a length of life."""
    if objective == "weighted":
        return _weighted(members, lives, settings)
    everyone = frozenset(filter(lives.__contains__, members))
    if objective in ("capex", "emissions"):
        return [Segment(0.0, 0.0, everyone)]
    if objective == "annual_cost":
        return [Segment(1.0, settings.carbon_price, everyone)]
    found, money, carbon = [], 0.0, 0.0
    for life in sorted({lives[i] for i in everyone}):
        until = costs.annuity_factor(settings.discount_rate, life, settings.energy_price_growth)
        plain = costs.annuity_factor(settings.discount_rate, life)
        alive = frozenset(i for i in everyone if lives[i] >= life)
        found.append(Segment(until - money, settings.carbon_price * (plain - carbon), alive))
        money, carbon = until, plain
    return found


def stretched(problem: Problem) -> bool:
    """Whether the lives of a typical year's projects matter, so that what a base saves has a stretch of time a length of life."""
    settings = problem.settings
    weights = (settings.objective_weights or {}) if settings.objective == "weighted" else {settings.objective: 1.0}
    return not problem.horizon.by_years and bool(weights.get("npv_cost"))


def _weighted(members: list[str], lives: Mapping[str, float], settings: Settings) -> list[Segment]:
    """In the first stretch everyone works, so the annual cost stands there beside the present value."""
    weights = settings.objective_weights or {}
    later = segments(members, lives, "npv_cost" if weights.get("npv_cost") else "capex", settings)
    npv, annual = weights.get("npv_cost", 0.0), weights.get("annual_cost", 0.0)
    found = [Segment(npv * s.money, npv * s.carbon, s.alive) for s in later]
    if annual and found:
        first = found[0]
        found[0] = Segment(first.money + annual, first.carbon + annual * settings.carbon_price, first.alive)
    return found
