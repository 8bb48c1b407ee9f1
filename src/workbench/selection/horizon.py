"""Time in the choice: the years of a plan, when a project may start and works, what a start costs, what a year's saving is worth.

One typical year is the plan with a single year in which every chosen project works. In a plan by years a project started in year s
is built for `build_years` (rounded up) and then works for its lifetime (rounded down, at least one year). Capital is paid at the
beginning of the year of start, all other flows at the end of their year; present values are of the beginning of the first year.

    typical year   annual_cost = CRF k + o - money saved;     npv_cost over each project's own life, no residual value
    plan by years  npv_cost = sum_t d_t (k + o - money saved) - d_T x k x unexpired share of life (straight line)
                   annual_cost = the discounted average over the years of (CRF k + o) of working projects less money saved
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from workbench import costs
from workbench.params import Settings
from workbench.selection import loans
from workbench.selection.bundles import Segment
from workbench.selection.loans import Loan

States = tuple[list[float], list[int]]  # signs and years of states that add up to whether a project works
ALWAYS = 10**6  # years: the life of a project in a plan of one typical year


@dataclass(frozen=True)
class Window:
    """When a project may start (`earliest` to `latest`), years from start to effect (`lead`) and years of effect (`life`)."""

    earliest: int
    latest: int
    lead: int
    life: int


@dataclass(frozen=True)
class Horizon:
    """The `years` of a plan, the `windows` of projects that can start in it, their `loans`; `by_years`: not one typical year."""

    settings: Settings
    years: tuple[int, ...]
    windows: dict[str, Window]
    by_years: bool
    loans: dict[str, Loan] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """First year of the plan."""
        return self.years[0]

    @property
    def last(self) -> int:
        """Last year of the plan."""
        return self.years[-1]

    @property
    def target(self) -> int:
        """The year from which the budget holds."""
        asked = self.settings.target_year
        return min(max(asked, self.first), self.last) if asked and self.by_years else self.last

    def state(self, project: str, year: int) -> int | None:
        """The year whose state variable says whether `project` has been started by `year`; None before it can be."""
        window = self.windows[project]
        return None if year < window.earliest else min(year, window.latest)

    def working(self, project: str, year: int) -> States:
        """Whether `project` works in `year`: started by then, less those whose life has ended."""
        window = self.windows[project]
        begun, ended = self.state(project, year - window.lead), self.state(project, year - window.lead - window.life)
        if begun is None or begun == ended:
            return [], []
        return ([1.0], [begun]) if ended is None else ([1.0, -1.0], [begun, ended])

    @cached_property
    def at_work(self) -> Mapping[str, Mapping[int, States]]:
        """Whether each project works in each year of a plan by years; projects with the same window share what says so."""
        alike = {window: i for i, window in self.windows.items()}
        states = {window: {t: self.working(i, t) for t in self.years} for window, i in alike.items()}
        return {i: states[window] for i, window in self.windows.items()}

    @cached_property
    def able(self) -> dict[int, frozenset[str]]:
        """The projects that can work in each year."""
        return {t: frozenset(i for i in self.windows if self.at_work[i][t][0]) for t in self.years}

    def works(self, project: str, start: int, year: int) -> bool:
        """Whether `project`, started in `start`, works in `year`."""
        window = self.windows[project]
        return not self.by_years or start + window.lead <= year < start + window.lead + window.life

    def flow(self, year: int) -> float:
        """Present value of 1 at the end of `year`."""
        return (1 + self.settings.discount_rate) ** -(year - self.first + 1)

    def outlay(self, year: int) -> float:
        """Present value of 1 at the beginning of `year`."""
        return (1 + self.settings.discount_rate) ** -(year - self.first)

    def grid(self, year: int) -> float:
        """The grid's emission factor in `year` as a share of that of the accounting year."""
        return (1 - self.settings.grid_factor_decline) ** (year - self.settings.year) if self.by_years else 1.0

    def growth(self, year: int) -> float:
        """Value added of `year` as a multiple of that of the accounting year."""
        return (1 + self.settings.value_added_growth) ** (year - self.settings.year) if self.by_years else 1.0

    @cached_property
    def average(self) -> dict[int, float]:
        """Weight of each year in a discounted average."""
        total = sum(self.flow(t) for t in self.years)
        return {t: self.flow(t) / total for t in self.years}

    def over(self, begin: int, end: int) -> tuple[float, float]:
        """Weights in a discounted average, and present values of 1, of the years from `begin` to before `end`."""
        found = self._over.get((begin, end))
        if found is None:
            years = range(begin, end)
            found = self._over[begin, end] = sum(self.average[t] for t in years), sum(self.flow(t) for t in years)
        return found

    @cached_property
    def _over(self) -> dict[tuple[int, int], tuple[float, float]]:
        return {}

    def worth(self, objective: str, year: int) -> tuple[float, float]:
        """What 1 of energy money and 1 tCO2e saved in `year` are worth in an objective of a plan by years."""
        if objective not in ("annual_cost", "npv_cost"):
            return 0.0, 0.0
        weight = self.average[year] if objective == "annual_cost" else self.flow(year)
        rise = (1 + self.settings.energy_price_growth) ** (year - self.first + 1)
        return weight * rise, weight * self.settings.carbon_price

    def stretches(self, carrier: str, objective: str) -> list[tuple[float, float, int, float]]:
        """Each year with what energy money and carbon money are worth in it, and what the carrier's factor has become."""
        electric = carrier == "electricity"
        found = self._stretches.get((electric, objective))
        if found is None:
            found = [(*self.worth(objective, t), t, self.grid(t) if electric else 1.0) for t in self.years]
            self._stretches[electric, objective] = found
        return found

    @cached_property
    def _stretches(self) -> dict[tuple[bool, str], list[tuple[float, float, int, float]]]:
        return {}


class OneYear(Mapping):
    """An amount of each project by year of start where there is but one year: a number a project, a dictionary when asked for."""

    def __init__(self, amounts: dict[str, float], year: int) -> None:
        self.amounts, self.year = amounts, year

    def __getitem__(self, project: str) -> dict[int, float]:
        return {self.year: self.amounts[project]}

    def __iter__(self) -> Iterator[str]:
        return iter(self.amounts)

    def __len__(self) -> int:
        return len(self.amounts)


def of(projects: pd.DataFrame, filed: pd.DataFrame | None, settings: Settings, ids: list[str] | None = None) -> Horizon:
    """The horizon of the eligible `projects`; `filed` is the package's table with earliest_year, latest_year, build_years.

    `ids`: their ids, where they are listed already.
    """
    if settings.horizon_year is None:
        year = settings.target_year or settings.year + 1
        windows = dict.fromkeys(projects["project_id"].tolist() if ids is None else ids, Window(year, year, 0, ALWAYS))
        return Horizon(settings, (year,), windows, by_years=False)
    years = tuple(range(settings.year + 1, settings.horizon_year + 1))
    timing = projects[["project_id", "lifetime_years"]]
    for name in ("earliest_year", "latest_year", "build_years"):
        timing = timing.assign(**{name: timing["project_id"].map(_column(filed, name)).astype(float)})
    windows, alike = {}, {}
    for i, life, early, late, build in zip(*(timing[name].tolist() for name in timing), strict=True):
        earliest = int(max(years[0], early)) if early == early else years[0]
        latest = int(min(years[-1], late)) if late == late else years[-1]
        key = earliest, latest, math.ceil(build) if build == build else 0, max(1, math.floor(life))
        windows[i] = alike.setdefault(key, Window(*key))
    return Horizon(settings, years, windows, by_years=True, loans=loans.of(filed) if settings.count_loans else {})


def spans(potential: pd.DataFrame, filed: pd.DataFrame, settings: Settings) -> dict[str, tuple[int, int]]:
    """Years of building and years of work of each eligible project in a plan by years."""
    windows = of(potential[potential["eligible"] == 1], filed, settings).windows
    return {i: (window.lead, window.life) for i, window in windows.items()}


def _column(filed: pd.DataFrame | None, name: str) -> dict[str, float]:
    if filed is None or name not in filed:
        return {}
    rows = filed.drop_duplicates("project_id")
    return dict(zip(rows["project_id"], pd.to_numeric(rows[name]), strict=True))


def segments(horizon: Horizon, carrier: str, projects: Iterable[str], objective: str) -> list[Segment]:
    """One segment a year of a plan by years, with the projects that can work in it."""
    mine, alive, found = frozenset(projects), frozenset(), []
    for (money, carbon, year, factor), able in zip(horizon.stretches(carrier, objective), horizon.able.values(), strict=True):
        now = mine if mine <= able else mine & able
        alive = alive if now == alive else now
        found.append(Segment(money, carbon, alive, year, factor))
    return found


def capital(horizon: Horizon, projects: pd.DataFrame) -> dict[str, dict[int, float]]:
    """Capital net of grant of each project by year of start: the gross cost falls by `capex_decline` a year, the grant stays."""
    fall = 1 - horizon.settings.capex_decline
    gross = projects["gross_capex"] if "gross_capex" in projects else projects["capex"]
    gross = pd.to_numeric(gross).astype(float).fillna(projects["capex"].astype(float))
    grant = (gross - projects["capex"].astype(float)).to_numpy()
    found = {}
    rows = (projects["project_id"].tolist(), projects["capex"].astype(float).tolist(), gross.tolist(), grant.tolist())
    for i, net, whole, aid in zip(*rows, strict=True):
        window = horizon.windows[i]
        years = range(window.earliest, window.latest + 1)
        found[i] = {
            s: net if s == horizon.first or fall == 1 else max(0.0, whole * fall ** (s - horizon.first) - aid) for s in years
        }
    return found


def own_funds(horizon: Horizon, prices: Mapping[str, dict[int, float]]) -> Mapping[str, dict[int, float]]:
    """Capital by project and year of start that is not borrowed."""
    if not horizon.loans:
        return prices
    share = {i: 1 - loan.share for i, loan in horizon.loans.items()}
    return {i: {s: share.get(i, 1.0) * k for s, k in each.items()} for i, each in prices.items()}


def largest(prices: Mapping[str, dict[int, float]]) -> float:
    """The largest amount of any project in any year; nil where there is none."""
    amounts = prices.amounts.values() if isinstance(prices, OneYear) else (k for each in prices.values() for k in each.values())
    return max(map(abs, amounts), default=0.0)


def residual_share(window: Window, start: int, last: int) -> float:
    """Share of a project's life that is left after the end of year `last` (straight line)."""
    used = max(0, last + 1 - (start + window.lead))
    return max(0.0, 1 - used / window.life)


def start_costs(horizon: Horizon, projects: pd.DataFrame, objective: str) -> dict[tuple[str, int], float]:
    """What starting a project in a year costs whatever else is chosen, in the objective's money."""
    if objective == "emissions":
        return {}
    ids, rate = list(horizon.windows), horizon.settings.discount_rate
    lives, opex = projects["lifetime_years"].astype(float).tolist(), projects["opex_per_year"].astype(float).tolist()
    worth = {life: costs.annuity_factor(rate, life) for life in set(lives)}
    if not horizon.by_years:
        year, capex = horizon.first, projects["capex"].astype(float).tolist()
        rows = zip(ids, capex, lives, opex, strict=True)
        return {(i, year): _typical(k, worth[life], o, objective) for i, k, life, o in rows}
    prices, found = capital(horizon, projects), {}
    for i, life, running in zip(ids, lives, opex, strict=True):
        for start, price in prices[i].items():
            found[i, start] = _by_years(horizon, i, worth[life], running, start, price, objective)
    return found


def _typical(capex: float, worth: float, opex: float, objective: str) -> float:
    if objective == "capex":
        return capex
    return capex + opex * worth if objective == "npv_cost" else capex / worth + opex


def _by_years(horizon: Horizon, i: str, worth: float, opex: float, start: int, price: float, objective: str) -> float:
    if objective == "capex":
        return price
    window = horizon.windows[i]
    begin, end = start + window.lead, min(horizon.last + 1, start + window.lead + window.life)
    if objective == "annual_cost":
        return (price / worth + opex) * horizon.over(begin, end)[0]
    running = opex * horizon.over(begin, end)[1] if opex else 0.0
    paid = loans.present_value(horizon, i, start, price)
    residual = price * residual_share(window, start, horizon.last) * horizon.flow(horizon.last)
    return paid + running - residual


def fixed_cost(row, objective: str, settings: Settings) -> float:
    """What one project costs in a typical year whatever else is chosen: capital and operating cost in the objective's money."""
    worth = costs.annuity_factor(settings.discount_rate, float(row.lifetime_years))
    return _typical(float(row.capex), worth, float(row.opex_per_year), objective)
