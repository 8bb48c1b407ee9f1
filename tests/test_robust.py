"""Plans for savings that disappoint: the ends of the protection, tail means and chances by enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from test_monte_carlo import factors, of_case
from workbench.risk import monte_carlo, robust, scenarios, tail
from workbench.selection import configurations


def cost_of(conf, plan) -> float:
    return float(monte_carlo.outcomes(conf, conf.nominal, plan)[0])


def enumerated(conf, holds) -> float | None:
    """Least cost as filed of all admissible plans for which `holds` is true; None when there is none."""
    ids, best = conf.problem.ids, None
    program = configurations.program(conf, conf.nominal, None)
    for row in itertools.product((0.0, 1.0), repeat=len(ids)):
        plan = frozenset(i for i, on in zip(ids, row, strict=True) if on)
        x = np.zeros(conf.columns)
        x[: len(ids)] = row
        x[[conf.terms[n].column for n in conf.active(plan)]] = 1.0
        inside = program.rows @ x
        if (inside < program.row_low - 1e-6).any() or (inside > program.row_high + 1e-6).any() or not holds(plan):
            continue
        best = cost_of(conf, plan) if best is None else min(best, cost_of(conf, plan))
    return best


def loss_of(widths, conf, plan, gamma: int) -> float:
    """Tonnes lost when the `gamma` bases with the largest half widths fall short."""
    return float(np.sort(widths[conf.active(plan)])[::-1][:gamma].sum())


@pytest.mark.parametrize("seed", [1, 2, 6, 9, 13])
def test_protection_by_enumeration(seed):
    conf, known = of_case(seed, size=7)
    needed, widths = configurations.need(conf.problem), robust.half_widths(conf, known)
    bases = len({term.base for term in conf.terms})
    for gamma in (0, 1, 2, bases):
        status, plan = robust.robust_plan(conf, widths, gamma)

        def holds(chosen, gamma=gamma):
            saved = monte_carlo.outcomes(conf, conf.nominal, chosen)[1]
            return saved - loss_of(widths, conf, chosen, gamma) >= needed - 1e-6

        best = enumerated(conf, holds)
        if best is None:
            assert status == "infeasible"
            continue
        assert cost_of(conf, plan) == pytest.approx(best, rel=2e-4, abs=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 5, 9])
def test_no_protection_is_the_plan_as_filed_and_full_protection_the_worst_case(seed):
    conf, known = of_case(seed)
    widths = robust.half_widths(conf, known)
    _, plan, _ = configurations.solve(conf, conf.nominal, configurations.need(conf.problem))
    found = robust.robust_plan(conf, widths, 0)[1]
    assert cost_of(conf, found) == pytest.approx(cost_of(conf, plan), rel=2e-4, abs=1e-3)
    worst = configurations.Amounts(*(getattr(conf.nominal, n) for n in ("fixed", "capex", "money")), conf.nominal.tco2e - widths,
                                   conf.nominal.site_tco2e, conf.nominal.tce)  # fmt: skip
    expected, chosen, _ = configurations.solve(conf, worst, configurations.need(conf.problem))
    status, sure = robust.robust_plan(conf, widths, len({term.base for term in conf.terms}))
    assert (status == "infeasible") == (expected.x is None)
    if expected.x is not None:
        assert cost_of(conf, sure) == pytest.approx(cost_of(conf, chosen), rel=2e-4, abs=1e-3)


def test_more_protection_costs_more_and_misses_less(tiny):
    made = tiny()
    conf = configurations.configurations(made.problem(budget_tco2e=24_500.0, objective="capex"))
    known = scenarios.ranges(conf.problem, made.checked.tables["projects"], made.assess().lines)
    table = robust.price_of_robustness(conf, known, scenarios.draw(conf, known, 2000))
    # 800 t: P3 alone as filed (100,000); less when it disappoints: P3 with P2 (400,000), 1,160 t at best.
    assert table["cost"].tolist()[0] == 1e5 and table["cost"].tolist()[-1] == 4e5
    assert table["cost"].is_monotonic_increasing and table["miss_pct"].iloc[-1] < table["miss_pct"].iloc[0]
    assert table["dearer_pct"].iloc[-1] == pytest.approx(300)
    assert table["miss_pct"].iloc[0] == pytest.approx(50, abs=6)


def test_bound_of_bertsimas_and_sim():
    """B(n, 0) is the chance that at least half of n fair coins fall one way; B(n, n) that all do."""
    assert robust.miss_bound(1, 1) == 0.5 and robust.miss_bound(2, 2) == 0.25 and robust.miss_bound(10, 10) == 2**-10
    assert robust.miss_bound(3, 1) == pytest.approx(4 / 8) and robust.miss_bound(4, 1.0) == pytest.approx((0.5 * 6 + 5) / 16)


def four_scenarios(tiny, **values):
    """P1 2,000 t at 1,000,000; P2 and P3; P3's 800 t come out at 100, 100, 80 and 50 %."""
    conf = configurations.configurations(tiny().problem(objective="capex", **values))
    return conf, scenarios.realise(conf, factors(saving_P3=[1.0, 1.0, 0.8, 0.5]))


def test_tail_mean_and_chance_by_hand(tiny):
    conf, drawn = four_scenarios(tiny, budget_tco2e=24_700.0)  # 600 t: P3 alone misses by 200 in the last scenario, P2 saves 600
    assert tail.scenario_plan(conf, drawn, "chance", 1.0, share=0.25)[1] == {"P3"}  # one scenario in four may miss
    assert tail.scenario_plan(conf, drawn, "chance", 1.0, share=0.0)[1] == {"P2"}
    assert tail.scenario_plan(conf, drawn, "cvar", 1.0, share=0.25)[1] == {"P2"}  # the worst scenario itself
    # The worst half misses by (200 - 40) / 2 = 80 t on average, the worst three quarters by (200 - 40 - 200) / 3 < 0.
    assert tail.scenario_plan(conf, drawn, "cvar", 1.0, share=0.5)[1] == {"P2"}
    assert tail.scenario_plan(conf, drawn, "cvar", 1.0, share=0.75)[1] == {"P3"}
    # 200 t missing in one of four: 50 t x price against 200,000 more for P2.
    assert tail.scenario_plan(conf, drawn, "expected_cost", 3_900.0)[1] == {"P3"}
    assert tail.scenario_plan(conf, drawn, "expected_cost", 4_100.0)[1] == {"P2"}


@pytest.mark.parametrize("seed", [1, 6, 9, 13])
def test_tail_mean_and_chance_by_enumeration(seed):
    conf, known = of_case(seed, size=6)
    drawn, needed = scenarios.draw(conf, known, 10), configurations.need(conf.problem)

    def short(plan):
        return np.sort(needed - monte_carlo.outcomes(conf, drawn.amounts, plan)[1])[::-1]

    for kind, holds in (("cvar", lambda s: s[:3].mean() <= 1e-6), ("chance", lambda s: (s > 1e-6).sum() <= 3)):
        status, plan = tail.scenario_plan(conf, drawn, kind, 1.0, share=0.3)
        best = enumerated(conf, lambda chosen, holds=holds: holds(short(chosen)))
        if best is None:
            assert status == "infeasible"
            continue
        assert cost_of(conf, plan) == pytest.approx(best, rel=2e-4, abs=1e-3), kind


def test_plans_are_judged_on_other_draws(tiny):
    conf, drawn = four_scenarios(tiny, budget_tco2e=24_700.0)
    table = tail.compare(conf, {"a": ("optimal", frozenset({"P3"})), "b": ("infeasible", frozenset())}, drawn, 1000.0)
    row = table.set_index("plan").loc["a"]
    assert row["miss_pct"] == 25 and row["mean_over_tco2e"] == pytest.approx(50) and row["tail_over_tco2e"] == pytest.approx(200)
    assert row["expected_cost"] == pytest.approx(1e5 + 50_000) and row["cost"] == 1e5
    assert pd.isna(table.set_index("plan").at["b", "cost"])


def test_without_a_budget_nothing_is_at_risk(tiny):
    conf, drawn = four_scenarios(tiny)
    assert (
        tail.scenario_plan(conf, drawn, "cvar", 1.0)[1] == frozenset() == robust.robust_plan(conf, np.ones(len(conf.terms)), 3)[1]
    )
