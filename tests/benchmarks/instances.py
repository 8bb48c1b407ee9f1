"""Random choices of any size, the same for the same seed: as tables for the workbench and as arrays for every other way to build.

n projects in n/50 enterprises; n/4 pieces of equipment, each with a pair of measures that save a fraction of the same use, so that
they overlap, and two measures on uses of their own. A tenth of the equipment has a prerequisite inside, another tenth two that
exclude each other; every enterprise has a limit on capital; one budget couples all. Figures are invented and mean nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from workbench import params, selection
from workbench.interaction import Pool
from workbench.selection import caps
from workbench.selection.mixed_integer import Program

RATE = 0.08


@dataclass(frozen=True)
class Instance:
    """Arrays of one choice. By project: `firm`, `fixed` (yearly money without energy), `capex`. By base (a use that measures act
    on, three a piece of equipment): `use`, `factor` (tCO2e), `price` a unit. `first` and `second` are the measures of a base
    (second -1: alone) and `share_one`, `share_two` what they save of it. Pairs `requires` (child, parent) and `excludes`.
    """

    firm: np.ndarray
    fixed: np.ndarray
    capex: np.ndarray
    use: np.ndarray
    factor: np.ndarray
    price: np.ndarray
    first: np.ndarray
    second: np.ndarray
    share_one: np.ndarray
    share_two: np.ndarray
    requires: np.ndarray
    excludes: np.ndarray
    before: np.ndarray
    capital: np.ndarray
    budget: float

    @property
    def projects(self) -> int:
        """How many projects."""
        return len(self.firm)

    @property
    def owner(self) -> np.ndarray:
        """Enterprise of each base."""
        return self.firm[self.first]


def instance(count: int, seed: int = 1, cut: float = 0.55, capital: float = 0.7) -> Instance:
    """A choice of `count` projects (a multiple of 4): the budget asks for `cut` of what all together could save, every enterprise
    may spend `capital` of what all its projects cost.
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    gear = count // 4
    firm = np.repeat(np.sort(draw.integers(0, max(1, count // 50), gear)), 4)
    own = np.arange(gear) * 4
    first = np.concatenate([own, own + 2, own + 3])
    second = np.concatenate([own + 1, np.full(2 * gear, -1)])
    bases = len(first)
    use = draw.lognormal(6, 1, bases)
    factor, price = draw.choice([0.05, 0.1, 0.6], bases), draw.uniform(20, 90, bases)
    share = draw.uniform(0.02, 0.3, (2, bases))
    saved = np.zeros(count)
    saved[first] = share[0] * use * price
    saved[own + 1] = share[1][:gear] * use[:gear] * price[:gear]
    capex = saved * draw.lognormal(2.2, 0.7, count)
    life = draw.integers(5, 21, count)
    fixed = capex * RATE / (1 - (1 + RATE) ** -life.astype(float)) + 0.02 * capex
    tied = draw.random(gear)
    made = Instance(
        firm, fixed, capex, use, factor, price, first, second, share[0], np.where(second >= 0, share[1], 0.0),
        requires=np.column_stack([own + 3, own + 2])[tied < 0.1], excludes=np.column_stack([own, own + 2])[tied > 0.9],
        before=np.zeros(0), capital=np.zeros(0), budget=0.0,
    )  # fmt: skip
    firms = int(firm.max()) + 1
    before = 1.5 * np.bincount(made.owner, weights=use * factor, minlength=firms)
    limit = capital * np.bincount(firm, weights=capex, minlength=firms)
    most = float((use * factor * (1 - (1 - share[0]) * (1 - made.share_two))).sum())
    return replace(made, before=before, capital=limit, budget=float(before.sum()) - cut * most)


def problem(made: Instance, **settings: object) -> selection.Problem:
    """The same choice as the workbench's problem, least annual cost."""
    ids = np.array([f"P{n:07d}" for n in range(made.projects)], object)  # plain words, as a package has them
    firms = np.array([f"E{n:06d}" for n in range(len(made.before))], object)
    life = np.log(1 / (1 - RATE * made.capex / np.maximum(made.fixed - 0.02 * made.capex, 1e-12))) / np.log(1 + RATE)
    projects = pd.DataFrame(
        {
            "project_id": ids, "enterprise_id": firms[made.firm], "name": ids, "name_zh": "", "kind": "", "status": "",
            "eligible": 1,
            "capex": made.capex, "opex_per_year": 0.02 * made.capex, "lifetime_years": np.round(life), "annual_cost": 0.0,
            "upstream_tco2e": 0.0, "tce_saved": 0.0, "tco2e_saved": _alone(made), "start_year": 2023,
        }
    )  # fmt: skip
    projects["abatement_cost"] = projects["annual_cost"] / projects["tco2e_saved"]
    pools = []
    for b, (one, two) in enumerate(zip(made.first, made.second, strict=True)):
        per = float(made.factor[b]), 0.0, float(made.price[b])
        pool = Pool(f"B{b:07d}", firms[made.firm[one]], "electricity", *per, {"": float(made.use[b])})
        pool.fraction[""][ids[one]] = float(made.share_one[b])
        if two >= 0:
            pool.fraction[""][ids[two]] = float(made.share_two[b])
        pools.append(pool)
    pairs = [(ids[i], "requires", ids[j]) for i, j in made.requires] + [(ids[i], "excludes", ids[j]) for i, j in made.excludes]
    asked = {"cluster": "random", "package": "none", "year": 2022, "discount_rate": RATE, "selection_gap": 1e-3}
    found = selection.Problem(
        settings=params.validate(asked | settings), projects=projects, everything=projects, pools=pools,
        relations=pd.DataFrame(pairs, columns=["project_id", "relation", "other_id"]).assign(alternative_set=""),
        groups=pd.DataFrame(columns=["group_id", "project_id", "min_selected", "max_selected"]),
        shares={(i, firms[e]): 1.0 for i, e in zip(ids, made.firm, strict=True)}, enterprises=_enterprises(made, firms),
        emissions_before=float(made.before.sum()), tce_before=0.0, value_added_million=float("nan"), budget=made.budget,
    )  # fmt: skip
    assert found.lines.one_unit is not None  # read now: every way begins from arrays in memory
    return found


def _enterprises(made: Instance, firms: np.ndarray) -> pd.DataFrame:
    table = pd.DataFrame({"enterprise_id": firms, "total_tco2e": made.before}).assign(tce=0.0, electricity_tco2e=0.0)
    limits = dict.fromkeys(caps.LIMITS, np.nan) | {"capital_limit": made.capital}
    return table.assign(**limits, intensity_base=np.nan, sector="", area="")


def arrays(made: Instance) -> tuple[Program, np.ndarray]:
    """The choice as a program, written straight into arrays, and which of its rows couple the enterprises.

    Columns: projects x, bundles w of each pair (none, one, two, both), emissions s and money spent k of each enterprise. Rows: one
    bundle a pair; a measure is in its bundle; s; k; capital of an enterprise; prerequisites; exclusions; the budget. It is the
    matrix that the workbench's model has.
    """
    count, firms = made.projects, len(made.before)
    pair = np.flatnonzero(made.second >= 0)
    alone = np.flatnonzero(made.second < 0)
    pairs, w = len(pair), made.projects + 4 * np.arange((made.second >= 0).sum())
    s = count + 4 * pairs + np.arange(firms)
    k, size = s + firms, count + 4 * pairs + 2 * firms
    single = made.share_one[alone] * made.use[alone]
    left, used = remaining(made), made.use[pair]
    cost = np.concatenate([made.fixed, ((left - used[:, None]) * made.price[pair][:, None]).ravel(), np.zeros(2 * firms)])
    np.subtract.at(cost, made.first[alone], single * made.price[alone])
    rows, columns, values, at = [], [], [], 0

    def put(row: np.ndarray, column: np.ndarray, value: np.ndarray | float) -> None:
        rows.append(np.broadcast_to(row, np.shape(column)).ravel())
        columns.append(np.ravel(column))
        values.append(np.broadcast_to(value, np.shape(column)).ravel())

    put(np.arange(pairs)[:, None], w[:, None] + np.arange(4), 1.0)
    for which, measure, at in ((1, made.first[pair], pairs), (2, made.second[pair], 2 * pairs)):
        put((at + np.arange(pairs))[:, None], np.column_stack([w + which, w + 3]), 1.0)
        put(at + np.arange(pairs), measure, -1.0)
    at = 3 * pairs
    put(at + np.arange(firms), s, 1.0)
    put((at + made.owner[pair])[:, None], w[:, None] + np.arange(4), -left * made.factor[pair][:, None])
    put(at + made.owner[alone], made.first[alone], single * made.factor[alone])
    put(at + firms + made.firm, np.arange(count), made.capex)
    put(at + firms + np.arange(firms), k, -1.0)
    put(at + 2 * firms + np.arange(firms), k, 1.0)
    at += 3 * firms
    for low, (i, j) in ((-1.0, made.requires.T), (1.0, made.excludes.T)):
        put(at + np.arange(len(i)), i, 1.0)
        put(at + np.arange(len(i)), j, low)
        at += len(i)
    put(np.full(firms, at), s, 1.0)
    nil, tied = np.zeros(firms), len(made.requires) + len(made.excludes)
    gone = made.before - np.bincount(made.owner[pair], weights=made.factor[pair] * used, minlength=firms)
    low = np.concatenate([np.ones(pairs), np.zeros(2 * pairs), gone, nil, np.full(firms + tied + 1, -np.inf)])
    high = np.concatenate(
        [np.ones(pairs), np.zeros(2 * pairs), gone, nil, made.capital, np.zeros(len(made.requires)), np.ones(len(made.excludes)),
         [made.budget]]
    )  # fmt: skip
    matrix = sparse.csr_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(at + 1, size))
    free = np.arange(size) >= s[0]
    return Program(
        cost, matrix, low, high, np.where(free, -np.inf, 0.0), np.where(free, np.inf, 1.0), np.arange(size) < count
    ), np.array([at])  # fmt: skip


def remaining(made: Instance) -> np.ndarray:
    """What is still used of the base of each pair in its four bundles: none, one, two, both."""
    pair = made.second >= 0
    one, two = 1 - made.share_one[pair], 1 - made.share_two[pair]
    return np.column_stack([np.ones(len(one)), one, two, one * two]) * made.use[pair][:, None]


def _alone(made: Instance) -> np.ndarray:
    """tCO2e that each project saves alone."""
    saved = np.zeros(made.projects)
    saved[made.first] = made.share_one * made.use * made.factor
    pair = made.second >= 0
    saved[made.second[pair]] = (made.share_two * made.use * made.factor)[pair]
    return saved


def value(made: Instance, chosen: np.ndarray) -> tuple[float, float]:
    """Yearly money and emissions of a choice (1 a project carried out), straight from the arrays."""
    two = np.where(made.second >= 0, chosen[made.second], 0.0) * made.share_two
    kept = (1 - chosen[made.first] * made.share_one) * (1 - two)
    saved = made.use * (1 - kept)
    return float(made.fixed @ chosen - made.price @ saved), float(made.before.sum() - made.factor @ saved)
