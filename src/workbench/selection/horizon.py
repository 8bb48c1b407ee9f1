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
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress

import numpy as np
import pandas as pd

from workbench import costs
from workbench.params import Settings
from workbench.selection import loans
from workbench.selection.bundles import Segment
from workbench.selection.loans import Loan
from workbench.selection.states import States, Window, pairs

ALWAYS = 10**6  # years: the life of a project in a plan of one typical year


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

    @cached_property
    def states(self) -> States:
        """The states of the plan in arrays."""
        return States(self.windows, self.years)

    def state(self, project: str, year: int) -> int | None:
        """The year whose state variable says whether `project` has been started by `year`; None before it can be."""
        return self.windows[project].state(year)

    @cached_property
    def able(self) -> dict[int, frozenset[str]]:
        """The projects that can work in each year."""
        return {t: frozenset(compress(self.states.ids, able)) for t, able in zip(self.years, self.states.able, strict=True)}

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


def capital(horizon: Horizon, projects: pd.DataFrame) -> np.ndarray:
    """Capital net of grant by state: the gross cost falls by `capex_decline` a year from the first on, the grant stays."""
    states, fall = horizon.states, 1 - horizon.settings.capex_decline
    net = projects["capex"].astype(float)
    gross = pd.to_numeric(projects["gross_capex"]).astype(float).fillna(net) if "gross_capex" in projects else net
    net, gross = net.to_numpy()[states.project], gross.to_numpy()[states.project]
    if fall == 1:
        return net
    later = gross * fall ** (states.year - horizon.first) - (gross - net)
    return np.where(states.year == horizon.first, net, np.maximum(0.0, later))


def own_funds(horizon: Horizon, prices: np.ndarray) -> np.ndarray:
    """Capital by state that is not borrowed."""
    if not horizon.loans:
        return prices
    loaned = {i: 1 - loan.share for i, loan in horizon.loans.items()}
    return prices * np.array([loaned.get(i, 1.0) for i in horizon.states.ids])[horizon.states.project]


def start_costs(horizon: Horizon, projects: pd.DataFrame, objective: str) -> np.ndarray:
    """What starting a project costs whatever else is chosen, by state, in the objective's money."""
    states = horizon.states
    price = capital(horizon, projects)
    if objective == "emissions":
        return np.zeros(len(states))
    if objective == "capex":
        return price
    lives, kind = np.unique(projects["lifetime_years"].astype(float).to_numpy(), return_inverse=True)
    worth = np.array([costs.annuity_factor(horizon.settings.discount_rate, life) for life in lives.tolist()])[kind]
    worth, opex = worth[states.project], projects["opex_per_year"].astype(float).to_numpy()[states.project]
    if not horizon.by_years:
        return price + opex * worth if objective == "npv_cost" else price / worth + opex
    begin = states.year + states.lead[states.project]
    end = np.minimum(horizon.last + 1, begin + states.life[states.project])
    average, present = _over(horizon, begin, end)
    if objective == "annual_cost":
        return (price / worth + opex) * average
    left = 1 - np.maximum(0, horizon.last + 1 - begin) / states.life[states.project]
    return _paid(horizon, price) + opex * present - price * np.maximum(0.0, left) * horizon.flow(horizon.last)


def _over(horizon: Horizon, begin: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights in a discounted average, and present values of 1, of the years from `begin` to before `end`."""
    first, after, which = pairs(begin, end)
    years = [range(*span) for span in zip(first.astype(int).tolist(), after.astype(int).tolist(), strict=True)]
    average, flow = horizon.average, horizon.flow
    found = np.array([(sum(average[t] for t in each), sum(flow(t) for t in each)) for each in years], float).reshape(-1, 2)
    return tuple(found[which].T)


def _paid(horizon: Horizon, price: np.ndarray) -> np.ndarray:
    """Present value of capital: as it is spent, what is borrowed as it is paid back."""
    states = horizon.states
    paid = price * np.array([horizon.outlay(t) for t in horizon.years])[states.year - horizon.first]
    for n in np.flatnonzero(np.isin(states.project, [states.place[i] for i in horizon.loans if i in states.place])):
        paid[n] = loans.present_value(horizon, states.ids[states.project[n]], int(states.year[n]), float(price[n]))
    return paid


def fixed_cost(row, objective: str, settings: Settings) -> float:
    """What one project costs in a typical year whatever else is chosen: capital and operating cost in the objective's money."""
    worth = costs.annuity_factor(settings.discount_rate, float(row.lifetime_years))
    capex, opex = float(row.capex), float(row.opex_per_year)
    if objective == "capex":
        return capex
    return capex + opex * worth if objective == "npv_cost" else capex / worth + opex
