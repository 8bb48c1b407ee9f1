"""Plans that keep the budget although savings disappoint: Bertsimas and Sim's budget of uncertainty on configurations.

Each base (measures that interact on one carrier of one enterprise) may save less than filed, by up to the half width of the
configuration in force, d_b = a_b - (a_b with every saving at the unfavourable end of its range). The plan must keep the budget
when any Gamma of the bases fall short in full (Bertsimas and Sim 2004, Operations Research 52(1):35-53):

    sum_b a_b w_b - upstream - Gamma z - sum_g q_g >= need,    z + q_g >= sum_{b on g} d_b w_b,    z, q >= 0

Gamma = 0 is the plan as filed, Gamma = number of bases the worst case. Exact: one configuration is in force on a base.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from workbench.risk.monte_carlo import fares, outcomes
from workbench.risk.scenarios import Draws, half_ends, realise, setting
from workbench.selection import configurations
from workbench.selection.configurations import Configurations
from workbench.selection.mixed_integer import Program, minimise

ROBUST = [
    "gamma", "bases", "status", "cost", "dearer", "dearer_pct", "capex", "projects", "saved_tco2e", "promised_miss_pct", "miss_pct",
    "mean_over_tco2e", "chosen",
]  # fmt: skip


def half_widths(conf: Configurations, known: pd.DataFrame) -> np.ndarray:
    """tCO2e that each configuration may save less than filed, when every saving lies at the worse end of its 95 % range."""
    low, high = (half_ends(known[known["kind"] == "saving"], side) for side in (-1, 1))
    ends = realise(conf, pd.concat([low, high], ignore_index=True)).amounts.tco2e
    return np.maximum(0.0, conf.nominal.tco2e - ends.min(axis=0))


def robust_plan(conf: Configurations, widths: np.ndarray, gamma: float, seconds: float | None = None) -> tuple[str, frozenset[str]]:
    """Status and projects of the least-cost plan that keeps the budget when any `gamma` bases save `widths` less."""
    needed = configurations.need(conf.problem)
    made = configurations.program(conf, conf.nominal, needed)
    if needed is not None and gamma > 0:
        made = _protected(conf, made, widths, gamma)
    found = minimise(made, conf.problem.settings, setting("time_limit_s") if seconds is None else seconds, setting("plan_gap"))
    return found.status, frozenset() if found.x is None else conf.chosen(found.x)


def _protected(conf: Configurations, made: Program, widths: np.ndarray, gamma: float) -> Program:
    """The program with its last row, the budget, protected; columns z and one q for each base that can disappoint."""
    at_risk = [n for n, term in enumerate(conf.terms) if widths[n] > 0]
    bases = sorted({conf.terms[n].base for n in at_risk})
    place = {base: k for k, base in enumerate(bases)}
    rows, columns = made.rows.shape
    budget = np.zeros((rows, 1 + len(bases)))
    budget[-1] = [-gamma] + [-1.0] * len(bases)
    short = sparse.csr_array(
        (-widths[at_risk], ([place[conf.terms[n].base] for n in at_risk], [conf.terms[n].column for n in at_risk])),
        shape=(len(bases), columns),
    )
    cover = sparse.hstack([short, sparse.csr_array(np.ones((len(bases), 1))), sparse.eye_array(len(bases))])
    matrix = sparse.vstack([sparse.hstack([made.rows, sparse.csr_array(budget)]), cover], format="csr")
    new = 1 + len(bases)
    return Program(
        np.append(made.cost, np.zeros(new)), matrix, np.append(made.row_low, np.zeros(len(bases))),
        np.append(made.row_high, np.full(len(bases), np.inf)), np.append(made.low, np.zeros(new)),
        np.append(made.high, np.full(new, np.inf)), np.append(made.whole, np.zeros(new, dtype=bool)),
    )  # fmt: skip


def gammas(bases: int) -> list[float]:
    """Steps from the plan as filed to the worst case, closer where they matter: parts and multiples of the root of the bases."""
    root = math.sqrt(bases)
    return sorted({0.0, *(float(min(bases, round(root * k))) for k in (0.25, 0.5, 1, 1.5, 2, 3)), float(bases)})


def price_of_robustness(
    conf: Configurations, known: pd.DataFrame, drawn: Draws, steps: Sequence[float] | None = None, seconds: float | None = None
) -> pd.DataFrame:
    """Cost of protection: one row a Gamma, columns ROBUST; money in the objective's currency.

    `promised_miss_pct` is Bertsimas and Sim's bound for symmetric errors within the half widths (their theorem 3), `miss_pct` and
    `mean_over_tco2e` come from `drawn`. `dearer_pct` is relative to what the projects of the first plan cost before savings.
    """
    widths = half_widths(conf, known)
    bases = len({term.base for n, term in enumerate(conf.terms) if widths[n] > 0})
    rows, first = [], None
    for gamma in gammas(bases) if steps is None else steps:
        status, plan = robust_plan(conf, widths, gamma, seconds)
        if status == "infeasible":
            rows.append({"gamma": gamma, "bases": bases, "status": status, "chosen": ""})
            continue
        cost, saved = outcomes(conf, conf.nominal, plan)
        places = [conf.place[i] for i in sorted(plan)]
        first = (cost, conf.nominal.fixed[places].sum()) if first is None else first
        fare = fares(conf, drawn, plan, 0.0)
        rows.append(
            {
                "gamma": gamma, "bases": bases, "status": status, "cost": float(cost), "dearer": float(cost - first[0]),
                "dearer_pct": float(100 * (cost - first[0]) / first[1]) if first[1] > 0 else np.nan,
                "capex": conf.nominal.capex[places].sum(), "projects": len(plan), "saved_tco2e": float(saved),
                "promised_miss_pct": 100 * miss_bound(bases, gamma), "miss_pct": 100 * float((fare["over_tco2e"] > 0).mean()),
                "mean_over_tco2e": fare["over_tco2e"].mean(), "chosen": ";".join(sorted(plan)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=ROBUST)


def miss_bound(bases: int, gamma: float) -> float:
    """Bertsimas and Sim's bound on the chance of missing: B(n, Gamma) = 2^-n ((1 - mu) C(n, k) + sum_{l > k} C(n, l)).

    k is the whole part of (Gamma + n) / 2 and mu the rest.

    >>> miss_bound(10, 0), miss_bound(10, 10)
    (0.623046875, 0.0009765625)
    """
    half = (gamma + bases) / 2
    whole = math.floor(half)
    count = (1 - (half - whole)) * math.comb(bases, whole) + sum(math.comb(bases, n) for n in range(whole + 1, bases + 1))
    return count / 2**bases
