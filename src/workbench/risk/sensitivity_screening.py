"""What the optimal cost depends on: Morris's screening of six parameters, then Sobol's indices of the few that matter.

Every evaluation makes the whole choice anew. Morris (1991): mu* is the mean size of the change over the parameter's range, sigma
its spread (interaction, kinks). Sobol (2001), Saltelli et al. (2010): the first-order index is the share of the variance that goes
with knowing one parameter, the total index what is left when all others are known. Ranges are rows of `decision_ranges.csv`.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd

from workbench import dictionary
from workbench.interaction import Pool
from workbench.risk.scenarios import setting
from workbench.selection import configurations
from workbench.selection.configurations import Configurations, amounts

SENSITIVITY = [
    "parameter", "low", "high", "unit", "mu", "mu_star", "mu_star_half", "sigma", "first_order", "first_half", "total_order",
    "total_half", "evaluations", "confidence",
]  # fmt: skip
CARBON_CURRENCY = "CNY"


def parameter_ranges(conf: Configurations, currency: str) -> pd.DataFrame:
    """Parameters with low and high end and confidence: a rate, factors of 1, tonnes, the carbon price where its range applies."""
    table = dictionary.read_table("decision_ranges").query("kind == 'parameter'").set_index("grade")
    settings, needed, rows = conf.problem.settings, configurations.need(conf.problem), []
    centre = {"discount_rate": settings.discount_rate, "energy_price": 1.0, "capex": 1.0, "savings": 1.0, "budget": needed}
    units = {"discount_rate": "1/yr", "budget": "tCO2e"}
    for name, value in centre.items():
        if value:
            ends = sorted(value * (1 + float(table.at[name, side]) / 100) for side in ("low_pct", "high_pct"))
            rows.append((name, *ends, units.get(name, "1"), table.at[name, "confidence"]))
    if currency == CARBON_CURRENCY and conf.objective != "capex":
        ends = (float(table.at["carbon_price", side]) for side in ("low_pct", "high_pct"))
        rows.append(("carbon_price", *ends, f"{currency}/tCO2e", table.at["carbon_price", "confidence"]))
    if conf.objective == "capex":  # capital alone knows no rate and no price
        rows = [row for row in rows if row[0] not in ("discount_rate", "energy_price")]
    return pd.DataFrame(rows, columns=["parameter", "low", "high", "unit", "confidence"])


def optimal_cost(conf: Configurations, values: dict[str, float], price: float) -> float:
    """Least cost under other parameters (see `parameter_ranges`); missing tonnes bought at `price`."""
    problem = conf.problem
    changed = {name: values[name] for name in ("discount_rate", "carbon_price") if name in values}
    saving, energy = values.get("savings", 1.0), values.get("energy_price", 1.0)
    projects = problem.projects.assign(capex=problem.projects["capex"].astype(float) * values.get("capex", 1.0))
    settings = problem.settings.model_copy(update=changed)
    pools = [_scaled(pool, saving, energy) for pool in problem.pools]
    other = replace(conf, problem=replace(problem, settings=settings, projects=projects))
    given = amounts(other, pools, projects)
    return configurations.solve(conf, given, values.get("budget", configurations.need(problem)), price)[0].value


def _scaled(pool: Pool, saving: float, energy: float) -> Pool:
    absolute = {u: {i: a * saving for i, a in lines.items()} for u, lines in pool.absolute.items()}
    fraction = {u: {i: min(f * saving, 1.0) for i, f in lines.items()} for u, lines in pool.fraction.items()}
    return replace(pool, absolute=absolute, fraction=fraction, price=pool.price * energy)


def screen(conf: Configurations, price: float, currency: str = "", seconds: float | None = None) -> pd.DataFrame:
    """Sensitivity of the optimal cost, most influential first: columns SENSITIVITY; mu, mu_star and sigma in the objective's money.

    Sobol's indices stand for the `sobol_parameters` with the largest mu*, blank for the others, and blank for all where the time
    limit `seconds` (else of `decision.csv`) left none for them. Half widths are 95 % intervals.
    """
    from SALib.analyze import morris
    from SALib.sample.morris import sample

    table = parameter_ranges(conf, currency)
    if len(table) < 2 or not len(conf.problem.projects):
        return pd.DataFrame(columns=SENSITIVITY)
    began, limit = time.monotonic(), setting("time_limit_s") if seconds is None else seconds
    seed, levels = conf.problem.settings.seed, int(setting("morris_levels"))
    space = _space(table)
    points = sample(space, int(setting("morris_trajectories")), num_levels=levels, seed=seed)
    costs = _evaluate(conf, table["parameter"].tolist(), points, price)
    found = morris.analyze(space, points, costs, num_levels=levels, seed=seed)
    table = table.assign(mu=found["mu"], mu_star=found["mu_star"], mu_star_half=found["mu_star_conf"], sigma=found["sigma"])
    table = table.assign(evaluations=len(points)).sort_values(["mu_star", "parameter"], ascending=[False, True], ignore_index=True)
    most = table.head(int(setting("sobol_parameters")))
    runs = int(setting("sobol_base")) * (len(most) + 2)
    if (time.monotonic() - began) * (1 + runs / len(points)) <= limit and np.ptp(costs) > 0:
        table = table.merge(_sobol(conf, most, price), on="parameter", how="left", validate="1:1")
        table["evaluations"] += runs
    return table.reindex(columns=SENSITIVITY)


def _sobol(conf: Configurations, most: pd.DataFrame, price: float) -> pd.DataFrame:
    from SALib.analyze import sobol
    from SALib.sample.sobol import sample

    space, seed = _space(most), conf.problem.settings.seed
    points = sample(space, int(setting("sobol_base")), calc_second_order=False, seed=seed)
    costs = _evaluate(conf, most["parameter"].tolist(), points, price)
    found = sobol.analyze(space, costs, calc_second_order=False, seed=seed)
    values = {
        "first_order": found["S1"],
        "first_half": found["S1_conf"],
        "total_order": found["ST"],
        "total_half": found["ST_conf"],
    }
    return pd.DataFrame({"parameter": most["parameter"].to_numpy()} | values)


def _space(table: pd.DataFrame) -> dict[str, object]:
    return {"num_vars": len(table), "names": table["parameter"].tolist(), "bounds": table[["low", "high"]].to_numpy().tolist()}


def _evaluate(conf: Configurations, names: list[str], points: np.ndarray, price: float) -> np.ndarray:
    known: dict[tuple[float, ...], float] = {}
    for point in points:
        if tuple(point) not in known:
            known[tuple(point)] = optimal_cost(conf, dict(zip(names, point, strict=True)), price)
    return np.array([known[tuple(point)] for point in points])
