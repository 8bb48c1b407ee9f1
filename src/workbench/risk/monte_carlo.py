"""The plan in an uncertain world: how it fares in every draw, and what would have been chosen had the draw been known.

In each draw the whole choice is made anew. A budget that the draw puts out of reach is met by buying the missing tonnes at a stated
price, in the plan under judgement as in the plan with hindsight, so that both can be compared in every draw.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
import pandas as pd

from workbench import dictionary
from workbench.risk.scenarios import Draws, setting
from workbench.selection import configurations
from workbench.selection.configurations import Amounts, Configurations

STAYS = ["project_id", "enterprise_id", "name", "name_zh", "selected", "stays_in_pct", "low_pct", "high_pct", "draws"]
OUTCOMES = ["draw", "cost", "emissions_tco2e", "over_tco2e", "cost_with_buyout"]
HINDSIGHT = ["draw", "status", "cost", "bought_tco2e", "projects", "chosen"]
JUDGED = ["item", "value", "low", "high", "unit"]
_SIDE = 1.959963984540054  # 97.5 % point of the normal distribution


def buyout_price(conf: Configurations) -> float:
    """A price for missing tonnes that is taken from the case, in the money of the objective per tCO2e and year.

    The least at which (a) `buyout_quantile_pct` of the tonnes on offer cost no more, (b) it is not below the carbon price of the
    settings, (c) a budget that can be kept is kept rather than bought off. Where all projects pay for themselves (a) is their mean
    gain per tonne.
    """
    price, offers = conf.problem.settings.carbon_price, _offers(conf)
    if len(offers):
        share = offers["tco2e"].cumsum() / offers["tco2e"].sum()
        dear = float(offers["cost_per_tco2e"][share >= setting("buyout_quantile_pct") / 100 - 1e-12].iloc[0])
        mean = float(-(offers["cost_per_tco2e"] * offers["tco2e"]).sum() / offers["tco2e"].sum())
        price = max(price, dear if dear > 0 else mean)
    return _never_bought(conf, price if price > 0 else 1.0)


def _never_bought(conf: Configurations, price: float) -> float:
    """The price raised until keeping a budget that can be kept costs no more than buying: by how much dearer it is, per tonne."""
    needed = configurations.need(conf.problem)
    kept, _, _ = configurations.solve(conf, conf.nominal, needed)
    while needed is not None and kept.x is not None:
        found, _, bought = configurations.solve(conf, conf.nominal, needed, price)
        dearer = (kept.value - (found.value - price * bought)) / bought if bought > 1e-6 * max(1.0, needed) else 0.0
        if dearer <= price * (1 + 1e-9):
            break
        price = dearer
    return price


def _offers(conf: Configurations) -> pd.DataFrame:
    """Each project alone, cheapest tonne first: tco2e saved and cost_per_tco2e."""
    given, rows = conf.nominal, []
    for project, n in conf.place.items():
        active = conf.active([project])
        saved = given.tco2e[active].sum() - conf.upstream[n]
        if saved > 0:
            rows.append((project, saved, (given.fixed[n] - given.money[active].sum()) / saved))
    table = pd.DataFrame(rows, columns=["project_id", "tco2e", "cost_per_tco2e"])
    return table.sort_values(["cost_per_tco2e", "project_id"], ignore_index=True)


def redecide(conf: Configurations, drawn: Draws, price: float, seconds: float | None = None) -> pd.DataFrame:
    """The least-cost plan of every draw: columns HINDSIGHT, `chosen` the projects joined by ';'.

    `price`: currency per tonne bought. No further draw is begun after `seconds`; the rows say how many were.
    """
    limit = setting("time_limit_s") if seconds is None else seconds
    end, rows = time.monotonic() + limit, []
    for n in range(len(drawn)):
        if rows and time.monotonic() > end:
            break
        found, chosen, bought = configurations.solve(conf, drawn.at(n), configurations.need(conf.problem), price)
        rows.append((n, found.status, found.value, bought, len(chosen), ";".join(sorted(chosen))))
    return pd.DataFrame(rows, columns=HINDSIGHT)


def stays_in(conf: Configurations, decided: pd.DataFrame, plan: Iterable[str]) -> pd.DataFrame:
    """How often each project is part of the best plan: columns STAYS, with Wilson's 95 % interval; surest first."""
    solved = decided[decided["status"] == "optimal"]
    sets = [set(text.split(";")) if text else set() for text in solved["chosen"]]
    rows = conf.problem.projects[["project_id", "enterprise_id", "name", "name_zh"]].copy()
    rows["selected"] = rows["project_id"].isin(set(plan)).astype(int)
    hits = np.array([sum(i in s for s in sets) for i in rows["project_id"]], dtype=float)
    share, low, high = wilson(hits, len(sets))
    rows = rows.assign(stays_in_pct=100 * share, low_pct=100 * low, high_pct=100 * high, draws=len(sets))
    return rows.sort_values(["stays_in_pct", "project_id"], ascending=[False, True])[STAYS].reset_index(drop=True)


def wilson(hits: np.ndarray | float, trials: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of hits with Wilson's 95 % score interval (Wilson 1927); blank without trials."""
    if not trials:
        blank = np.full(np.shape(hits), np.nan)
        return blank, blank, blank
    p, z = np.asarray(hits) / trials, _SIDE
    middle = (p + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(p * (1 - p) / trials + z**2 / (4 * trials**2))
    return p, np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def outcomes(conf: Configurations, given: Amounts, plan: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """Cost and tCO2e saved of a plan under given numbers (of one draw, or of all at once)."""
    active = conf.active(plan)
    places = [conf.place[i] for i in sorted(set(plan))]
    cost = given.fixed[..., places].sum(axis=-1) - given.money[..., active].sum(axis=-1)
    return cost, given.tco2e[..., active].sum(axis=-1) - conf.upstream[places].sum()


def fares(conf: Configurations, drawn: Draws, plan: Iterable[str], price: float) -> pd.DataFrame:
    """How one plan fares in every draw: columns OUTCOMES; `cost_with_buyout` pays `price` for each tonne over the budget."""
    cost, saved = outcomes(conf, drawn.amounts, plan)
    needed = configurations.need(conf.problem)
    over = np.zeros(len(drawn)) if needed is None else np.maximum(0.0, needed - saved)
    over[over <= 1e-6 * max(1.0, abs(needed or 0.0))] = 0.0
    values = (np.arange(len(drawn)), cost, conf.problem.emissions_before - saved, over, cost + price * over)
    return pd.DataFrame(dict(zip(OUTCOMES, values, strict=True)))


def judge(fare: pd.DataFrame, decided: pd.DataFrame, price: float, currency: str = "") -> pd.DataFrame:
    """What the draws say about a plan: chance of missing the budget, mean overrun, cost range, tail mean, regret. Columns JUDGED.

    `fare` of `fares`, `decided` of `redecide`; low and high are 95 % intervals of the estimate, for the cost the range of draws.
    """
    tail = max(1, round(len(fare) * setting("cvar_share_pct") / 100))
    chance = wilson(float((fare["over_tco2e"] > 0).sum()), len(fare))
    both = decided[decided["status"] == "optimal"].merge(fare, on="draw", suffixes=("_hindsight", ""), validate="1:1")
    lost = both["cost_with_buyout"] - both["cost_hindsight"]
    rows = [
        ("miss_chance", *(100 * float(c) for c in chance), "%"),
        ("mean_over", *_mean(fare["over_tco2e"]), "tCO2e"),
        ("tail_over", fare["over_tco2e"].nlargest(tail).mean(), np.nan, np.nan, "tCO2e"),
        ("cost", fare["cost"].mean(), *fare["cost"].quantile([0.025, 0.975]), currency),
        ("cost_with_buyout", *_mean(fare["cost_with_buyout"]), currency),
        ("tail_cost", fare["cost_with_buyout"].nlargest(tail).mean(), np.nan, np.nan, currency),
        ("regret", *_mean(lost), currency),
        ("buyout_price", price, np.nan, np.nan, f"{currency}/tCO2e"),
        ("draws", float(len(fare)), np.nan, np.nan, "1"),
        ("draws_decided", float(len(both)), np.nan, np.nan, "1"),
    ]
    return pd.DataFrame(rows, columns=JUDGED)


def regret(fare: pd.DataFrame, decided: pd.DataFrame) -> pd.Series:
    """What the plan costs more than the plan with hindsight, draw by draw."""
    both = decided[decided["status"] == "optimal"].merge(fare, on="draw", suffixes=("_hindsight", ""), validate="1:1")
    return (both["cost_with_buyout"] - both["cost_hindsight"]).set_axis(both["draw"])


def _mean(values: pd.Series) -> tuple[float, float, float]:
    half = _SIDE * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def sources(known: pd.DataFrame) -> pd.DataFrame:
    """The ranges in use by kind and grade: number of inputs, ends, source and confidence; recalled ones are marked `remembered`."""
    columns = ["kind", "grade", "low_pct", "high_pct", "interval_pct", "source", "confidence"]
    table = known.groupby(columns, sort=True).size().rename("inputs").reset_index()
    meaning = dictionary.read_table("decision_ranges")[["kind", "grade", "meaning"]]
    return table.merge(meaning, on=["kind", "grade"], how="left", validate="m:1")
