"""Plans made for many scenarios at once: least expected cost, a tail mean kept within the budget, a chance of missing it.

With s_k = need - sum_b a_bk w_b + upstream, the tonnes missing in scenario k of K, and v_k >= 0:

    expected cost   min mean_k cost_k + p mean_k v_k,                        v_k >= s_k
    CVaR            min cost  s.t.  eta + 1/(beta K) sum_k v_k <= 0,          v_k >= s_k - eta
    chance          min cost  s.t.  s_k <= M_k y_k,  sum_k y_k <= beta K,     y_k yes or no

CVaR: the mean of the worst share beta keeps the budget (Rockafellar and Uryasev 2000, Journal of Risk 2:21-41); it is the convex
safe side of the chance constraint, so that its plan never costs less.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from workbench.risk.monte_carlo import fares, outcomes, wilson
from workbench.risk.scenarios import Draws, setting
from workbench.selection import configurations
from workbench.selection.configurations import Amounts, Configurations
from workbench.selection.mixed_integer import Program, minimise

PLANS = [
    "plan", "status", "cost", "capex", "projects", "saved_tco2e", "miss_pct", "miss_low_pct", "miss_high_pct", "mean_over_tco2e",
    "tail_over_tco2e", "expected_cost", "tail_cost", "chosen",
]  # fmt: skip
KINDS = ("expected_cost", "cvar", "chance")


def scenario_plan(
    conf: Configurations, drawn: Draws, kind: str, price: float, share: float | None = None, seconds: float | None = None
) -> tuple[str, frozenset[str]]:
    """Status and projects of a plan for the scenarios `drawn`: `kind` is expected_cost, cvar or chance (see above).

    `share`: worst share of the scenarios (cvar) or chance of missing (chance), a fraction, else from `decision.csv`; `price`:
    currency per missing tonne (expected_cost).
    """
    needed = configurations.need(conf.problem)
    if needed is None:
        found = minimise(configurations.program(conf, _mean(conf, drawn, kind), None), conf.problem.settings, seconds)
    else:
        found = minimise(_program(conf, drawn, kind, needed, price, share), conf.problem.settings, seconds, setting("plan_gap"))
    return found.status, frozenset() if found.x is None else conf.chosen(found.x)


def _mean(conf: Configurations, drawn: Draws, kind: str) -> Amounts:
    """Money of the objective: the mean over the scenarios, or as filed where the budget alone is at risk."""
    if kind != "expected_cost":
        return conf.nominal
    given = drawn.amounts
    return replace(conf.nominal, fixed=given.fixed.mean(axis=0), money=given.money.mean(axis=0))


def _program(conf: Configurations, drawn: Draws, kind: str, needed: float, price: float, share: float | None) -> Program:
    """The program without its budget row, with one row and one column a scenario, and the rows that bind them."""
    made = configurations.program(conf, _mean(conf, drawn, kind), None)
    saving, size = conf.net_saving(drawn.amounts.tco2e), len(drawn)
    tail = setting("cvar_share_pct" if kind == "cvar" else "miss_chance_pct") / 100 if share is None else share
    slack, own, more = np.eye(size), np.zeros((size, 0)), np.zeros((0, size))
    cost, high, limit = np.zeros(size), np.full(size, np.inf), np.zeros(0)
    if kind == "expected_cost":
        cost = np.full(size, price / size)
    elif kind == "cvar":
        own, more, limit = np.ones((size, 1)), np.full((1, size), 1 / (tail * size)), np.zeros(1)
    else:
        slack = np.diag(needed - np.minimum(saving, 0.0).sum(axis=1))
        more, limit, high = np.ones((1, size)), np.array([np.floor(tail * size + 1e-9)]), np.ones(size)
    eta = own.shape[1]
    rows = [np.hstack([saving, own, slack])]
    rows += [np.hstack([np.zeros((1, conf.columns)), np.ones((1, eta)), more])] if len(more) else []
    matrix = sparse.vstack(
        [sparse.hstack([made.rows, sparse.csr_array((made.rows.shape[0], eta + size))]), sparse.csr_array(np.vstack(rows))],
        format="csr",
    )
    whole = np.concatenate([made.whole, np.zeros(eta, dtype=bool), np.full(size, kind == "chance")])
    low = np.concatenate([made.low, np.full(eta, -np.inf), np.zeros(size)])
    top = np.concatenate([made.high, np.full(eta, np.inf), high])
    row_low = np.concatenate([made.row_low, np.full(size, needed), np.full(len(limit), -np.inf)])
    row_high = np.concatenate([made.row_high, np.full(size, np.inf), limit])
    return Program(np.concatenate([made.cost, np.zeros(eta), cost]), matrix, row_low, row_high, low, top, whole)


def compare(conf: Configurations, plans: dict[str, tuple[str, frozenset[str]]], drawn: Draws, price: float) -> pd.DataFrame:
    """Plans side by side on draws they were not made from: columns PLANS, in the order given.

    cost, capex and saved_tco2e as filed; miss_*: chance of missing the budget with its 95 % interval; tail: mean of the worst
    share; expected_cost pays `price` for every missing tonne. A plan that was not found has blanks.
    """
    rows, worst = [], max(1, round(len(drawn) * setting("cvar_share_pct") / 100))
    for name, (status, plan) in plans.items():
        if status == "infeasible":
            rows.append({"plan": name, "status": status, "chosen": ""})
            continue
        fare, (cost, saved) = fares(conf, drawn, plan, price), outcomes(conf, conf.nominal, plan)
        miss, low, high = wilson(float((fare["over_tco2e"] > 0).sum()), len(fare))
        rows.append(
            {
                "plan": name, "status": status, "cost": float(cost), "projects": len(plan), "saved_tco2e": float(saved),
                "capex": conf.nominal.capex[[conf.place[i] for i in sorted(plan)]].sum(),
                "miss_pct": 100 * float(miss), "miss_low_pct": 100 * float(low), "miss_high_pct": 100 * float(high),
                "mean_over_tco2e": fare["over_tco2e"].mean(), "tail_over_tco2e": fare["over_tco2e"].nlargest(worst).mean(),
                "expected_cost": fare["cost_with_buyout"].mean(), "tail_cost": fare["cost_with_buyout"].nlargest(worst).mean(),
                "chosen": ";".join(sorted(plan)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=PLANS)
