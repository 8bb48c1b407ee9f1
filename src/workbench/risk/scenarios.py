"""Scenarios of the data a plan rests on: savings and capital of each project, prices shared by all who buy a carrier.

Every input errs by a factor of mean 1, lognormal so that no saving or price changes its sign:

    factor = exp(s z - s^2 / 2),   s = (ln(1 + high) - ln(1 + low)) / (2 z_q)

with low and high the ends of the central interval q of the input. A project's savings err together: one z for all its lines.
A carrier's price errs alike in every enterprise. The factors of the inventory are not drawn: the budget and the check of the
plan use the very same rows, so that their error changes both sides.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from statistics import NormalDist

import numpy as np
import pandas as pd

from workbench import dictionary
from workbench.interaction import Pool
from workbench.selection.configurations import Amounts, Configurations, amounts
from workbench.selection.problem import Problem, fixed_cost

RANGES = ["kind", "key", "enterprise_id", "grade", "low_pct", "high_pct", "interval_pct", "spread", "source", "confidence"]


@dataclass(frozen=True)
class Draws:
    """`factors` (draws x inputs, columns (kind, key)) and the program's numbers in every draw."""

    factors: pd.DataFrame
    amounts: Amounts

    def __len__(self) -> int:
        return len(self.factors)

    def at(self, n: int) -> Amounts:
        """The numbers of one draw."""
        return Amounts(*(getattr(self.amounts, field.name)[n] for field in fields(Amounts)))

    def part(self, which: slice) -> Draws:
        """Some of the draws."""
        cut = Amounts(*(getattr(self.amounts, field.name)[which] for field in fields(Amounts)))
        return Draws(self.factors.iloc[which].reset_index(drop=True), cut)


class _DrawnPool(Pool):
    """A pool whose amounts are arrays, one value a draw."""

    def _after(self, unit: str, use: float, chosen: set[str]) -> np.ndarray:
        taken = sum(a for p, a in self.absolute.get(unit, {}).items() if p in chosen)
        kept = np.prod([1 - f for p, f in self.fraction.get(unit, {}).items() if p in chosen], axis=0)
        return np.maximum(0.0, use - taken) * kept


@cache
def setting(name: str) -> float:
    """A number of `decision.csv`."""
    return float(dictionary.read_table("decision").set_index("name").at[name, "value"])


def spread(low_pct: float, high_pct: float, interval_pct: float) -> float:
    """Standard deviation of the logarithm from the ends of a central interval.

    >>> round(spread(-20, 25, 95), 4)
    0.1139
    """
    side = NormalDist().inv_cdf(0.5 + interval_pct / 200)
    return (np.log1p(high_pct / 100) - np.log1p(low_pct / 100)) / (2 * side)


def ranges(problem: Problem, projects: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The range of every input: savings as filed (uncertainty_pct, 95 %) else by evidence, capital by status, prices by family.

    `projects`: project_id, status, evidence; `lines`: project_id, uncertainty_pct. Columns RANGES; key is a project or a carrier,
    spread the standard deviation of the logarithm. Rows whose source was recalled say so in `confidence`.
    """
    grades = dictionary.read_table("decision_ranges")
    about = projects.drop_duplicates("project_id").set_index("project_id").reindex(problem.ids)
    filed = (
        pd.to_numeric(lines["uncertainty_pct"], errors="coerce").groupby(lines["project_id"]).max()
        if len(lines)
        else pd.Series(dtype=float)
    )
    owner = dict(zip(problem.projects["project_id"], problem.projects["enterprise_id"], strict=True))
    rows = []
    for project in problem.ids:
        evidence, status = (str(about.at[project, c]) if c in about else "" for c in ("evidence", "status"))
        half = filed.get(project, np.nan)
        own = {
            "grade": "filed",
            "low_pct": -half,
            "high_pct": half,
            "interval_pct": 95.0,
            "source": "uncertainty_pct",
            "confidence": "filed",
        }
        given = own if 0 <= half < 100 else _graded(grades, "saving", evidence)
        rows.append({"kind": "saving", "key": project, "enterprise_id": owner[project]} | given)
        rows.append({"kind": "capex", "key": project, "enterprise_id": owner[project]} | _graded(grades, "capex", status))
    families = dictionary.carriers()["family"]
    for carrier in sorted({pool.carrier for pool in problem.pools if pool.projects and pool.price}):
        rows.append({"kind": "price", "key": carrier, "enterprise_id": ""} | _graded(grades, "price", families.get(carrier, "")))
    table = pd.DataFrame(rows, columns=[c for c in RANGES if c != "spread"])
    table["spread"] = [spread(r.low_pct, r.high_pct, r.interval_pct) for r in table.itertuples()]
    return table[RANGES].sort_values(["kind", "key"], ignore_index=True)


def _graded(grades: pd.DataFrame, kind: str, grade: str) -> dict[str, object]:
    """The row of a grade, that of no grade where the grade is not listed."""
    mine = grades[grades["kind"] == kind].set_index("grade")
    grade = grade if grade in mine.index else ""
    row = mine.loc[grade]
    numbers = {name: float(row[name]) for name in ("low_pct", "high_pct", "interval_pct")}
    return {"grade": grade, "source": row["source"], "confidence": row["confidence"]} | numbers


def draw(conf: Configurations, known: pd.DataFrame, draws: int | None = None, seed: int | None = None) -> Draws:
    """Draw every input of `known` (see `ranges`) and compute the program's numbers; `draws` of `decision.csv` where none are asked.

    The same seed and ranges give the same draws, whatever the order of rows.
    """
    size = int(setting("draws")) if draws is None else draws
    generator = np.random.Generator(np.random.PCG64(conf.problem.settings.seed if seed is None else seed))
    known = known.sort_values(["kind", "key"])
    normal = generator.standard_normal((size, len(known)))
    width = known["spread"].to_numpy(dtype=float)
    names = pd.MultiIndex.from_frame(known[["kind", "key"]])
    return realise(conf, pd.DataFrame(np.exp(normal * width - width**2 / 2), columns=names))


def half_ends(known: pd.DataFrame, side: int) -> pd.DataFrame:
    """One draw with every input at the lower (side -1) or upper (+1) end of its 95 % range."""
    width = known["spread"].to_numpy(dtype=float)
    end = np.exp(side * NormalDist().inv_cdf(0.975) * width - width**2 / 2)
    return pd.DataFrame([end], columns=pd.MultiIndex.from_frame(known[["kind", "key"]]))


def realise(conf: Configurations, factors: pd.DataFrame) -> Draws:
    """The program's numbers under given factors (draws x inputs); an input without a column stays as filed."""
    size = len(factors)
    one = np.ones(size)
    known = {name: factors[name].to_numpy(dtype=float) for name in factors.columns}
    pools = [_drawn(pool, known, one) for pool in conf.problem.pools]
    made = amounts(conf, pools)
    scale = np.array([known.get(("capex", i), one) for i in conf.problem.ids]).reshape(len(conf.problem.ids), size).T
    objective = conf.objective
    rows = list(conf.problem.projects.itertuples())
    without = np.array([fixed_cost(row._replace(capex=0.0), objective, conf.problem.settings) for row in rows])
    fixed = without + scale * (made.fixed - without)
    terms = (getattr(made, name) for name in ("money", "tco2e", "site_tco2e", "tce"))
    wide = (np.broadcast_to(table, (size, len(conf.terms))) for table in terms)
    return Draws(factors, Amounts(fixed, scale * made.capex, *wide))


def _drawn(pool: Pool, known: dict[tuple[str, str], np.ndarray], one: np.ndarray) -> Pool:
    """The pool in every draw; a fraction saves at most all."""
    saving = {i: known.get(("saving", i), one) for i in pool.projects}
    absolute = {u: {i: a * saving[i] for i, a in lines.items()} for u, lines in pool.absolute.items()}
    fraction = {u: {i: np.minimum(f * saving[i], 1.0) for i, f in lines.items()} for u, lines in pool.fraction.items()}
    price = pool.price * known.get(("price", pool.carrier), one)
    given = {name: getattr(pool, name) for name in pool.__dataclass_fields__}
    return _DrawnPool(**given | {"absolute": absolute, "fraction": fraction, "price": price})
