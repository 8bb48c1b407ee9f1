"""The optimizer against brute force: every subset of up to twelve projects, evaluated here without the workbench's own code."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import seeds
from workbench import dictionary, params
from workbench.selection import build, front, reductions, select, solve
from workbench.selection.greedy import greedy
from workbench.selection.recheck import recheck
from workbench.words import selection_summary

INSTANCES = 72
OBJECTIVES = ("annual_cost", "capex", "npv_cost")
RELATIONS = ["project_id", "relation", "other_id"]
GROUPS = ["group_id", "project_id", "min_selected", "max_selected"]
MEMBERS = ["project_id", "enterprise_id", "capex_share"]


class Case:
    """A random instance: its tables, its problem, and the value of every subset in plain numpy."""

    def __init__(self, seed: int, objective: str | None = None, *, size: int | None = None, **values) -> None:
        rng = self.rng = np.random.default_rng(seed)
        self.n = n = size or int(rng.integers(3, 13 if seed % 4 == 0 else 9))
        whole = self.whole = bool(rng.random() < 0.4)  # whole numbers make ties
        self.ids = [f"P{k:02d}" for k in range(n)]
        self.firms = ["A", "B", "C"]
        draw = lambda low, high: float(rng.integers(low, high + 1)) if whole else float(rng.uniform(low, high))  # noqa: E731
        self.capex = np.array([draw(1, 4) * 1000 for _ in range(n)])
        self.opex = np.array([0.0 if whole else draw(-50, 50) for _ in range(n)])
        self.life = rng.integers(2, 9, n)
        self.owner = rng.choice(self.firms, n)
        self.upstream = np.array([draw(-5, 5) for _ in range(n)])
        self._pools(draw)
        self._rules()
        self._limits(seed, objective or OBJECTIVES[seed % 3], values)

    def _pools(self, draw) -> None:
        rng = self.rng
        self.pools, lines = {}, {}
        for firm in self.firms:
            for carrier in ("gas", "power")[: int(rng.integers(1, 3))]:
                units = ["", "u1", "u2"][: int(rng.integers(1, 4))]
                use = {firm + u if u else "": draw(1, 6) * 100 for u in units}
                if rng.random() < 0.1:
                    use = dict.fromkeys(use, 0.0)
                price = float(rng.choice([0.0, 1.0, 4.0])) if self.whole else draw(0, 5)
                self.pools[f"{firm}|{carrier}"] = {
                    "use": use,
                    "tco2e": 1.0 if self.whole else draw(0, 2),
                    "tce": draw(0, 1),
                    "price": price,
                }
        for k in range(self.n):
            for _ in range(int(rng.integers(1, 4))):
                name = rng.choice(list(self.pools))
                use = self.pools[name]["use"]
                unit = rng.choice(list(use))
                if rng.random() < 0.5:
                    amount = (round if self.whole else float)(draw(-1, 6) * 50)
                    lines[k, name, unit, "absolute"] = float(amount)
                else:
                    share = float(rng.choice([0.25, 0.5])) if self.whole else float(rng.uniform(-0.2, 0.7))
                    lines[k, name, unit, "fraction"] = share
        self.lines = [(k, str(p), str(u), m, a) for (k, p, u, m), a in lines.items()]

    def _rules(self) -> None:
        rng, ids = self.rng, self.ids
        pairs = [tuple(rng.choice(ids, 2, replace=False)) for _ in range(int(rng.integers(0, 4)))]
        self.relations = [(str(i), str(rng.choice(["excludes", "requires"])), str(j)) for i, j in pairs]
        if rng.random() < 0.1:
            self.relations.append((ids[0], "requires", "P99"))
        self.groups = []
        if rng.random() < 0.5:
            members = rng.choice(ids, int(rng.integers(2, self.n + 1)), replace=False)
            low = float(rng.integers(0, 2))
            high = float(rng.integers(max(1, low), len(members) + 1))
            self.groups = [("G", str(i), low, high) for i in members]
        self.members = [(ids[0], "A", 0.6), (ids[0], "B", 0.4)] if rng.random() < 0.4 else []

    def _limits(self, seed: int, objective: str, values: dict) -> None:
        rng = self.rng
        rest = {f: 100.0 for f in self.firms}
        own = {
            f: sum(sum(p["use"].values()) * p["tco2e"] for name, p in self.pools.items() if name.startswith(f)) for f in self.firms
        }
        self.firm_total = np.array([own[f] + rest[f] for f in self.firms])
        self.eliminated = 30.0
        self.before = float(self.firm_total.sum() - self.eliminated)
        self.tce = 5.0 + sum(sum(p["use"].values()) * p["tce"] for p in self.pools.values())
        self.value_added = 2.0  # million
        some = lambda chance: rng.random() < chance  # noqa: E731
        self.firm_capital = np.array([rng.uniform(2000, 9000) if some(0.3) else np.nan for _ in self.firms])
        self.firm_limit = np.array([t * rng.uniform(0.7, 1.1) if some(0.15) else np.nan for t in self.firm_total])
        chosen = {"objective": objective, "discount_rate": float(rng.choice([0.0, 0.08])), "selection_gap": 0.0, "seed": seed}
        chosen["selection_abs_gap"] = 0.0
        chosen["carbon_price"] = 0.0 if self.whole else float(rng.choice([0.0, 3.0]))
        chosen["energy_price_growth"] = float(rng.choice([0.0, 0.03]))
        chosen["include_upstream"] = bool(some(0.3))
        chosen["capital_limit"] = float(rng.uniform(4000, 20000)) if some(0.3) else None
        chosen["energy_intensity_cap"] = float(self.tce / 2 * rng.uniform(0.8, 1.1)) if some(0.15) else None
        chosen["carbon_intensity_cap"] = float(self.before / 2 * rng.uniform(0.8, 1.1)) if some(0.15) else None
        chosen["budget_tco2e"] = float(self.before * rng.uniform(0.5, 1.02))
        self.settings = params.validate({"cluster": "x", "package": "x", "year": 2022} | chosen | values)

    def problem(self, order: np.random.Generator | None = None):
        """The problem through `build`; `order` shuffles the rows of every table."""
        mix = lambda frame: frame.sample(frac=1, random_state=order) if order is not None else frame  # noqa: E731
        potential = pd.DataFrame(
            {
                "project_id": self.ids, "enterprise_id": self.owner, "name": self.ids, "name_zh": "", "status": "proposed",
                "eligible": 1,
                "capex": self.capex, "opex_per_year": self.opex, "lifetime_years": self.life.astype(float),
                "upstream_tco2e": self.upstream, "start_year": 2023,
            }
        )  # fmt: skip
        alone = np.eye(self.n, dtype=bool)
        saved = self.emissions_saved(alone)
        potential["tco2e_saved"], potential["tce_saved"] = saved, 0.0
        potential["annual_cost"] = self.value(alone, "annual_cost")
        potential["abatement_cost"] = potential["annual_cost"] / np.where(saved > 1e-9, saved, np.nan)
        bases = pd.DataFrame(
            [
                (name, name[0], unit, name[2:], use, p["tco2e"], p["tce"], p["price"])
                for name, p in self.pools.items()
                for unit, use in p["use"].items()
            ],
            columns=["pool_id", "enterprise_id", "unit_id", "carrier", "use", "tco2e_per_activity", "tce_per_activity", "price"],
        )
        lines = pd.DataFrame(
            [(self.ids[k], p, u, m, a) for k, p, u, m, a in self.lines],
            columns=["project_id", "pool_id", "unit_id", "mode", "amount"],
        )
        enterprises = pd.DataFrame({"enterprise_id": self.firms, "total_tco2e": self.firm_total})
        filed = pd.DataFrame(
            {
                "enterprise_id": self.firms, "capital_limit": self.firm_capital, "emission_limit_tco2e": self.firm_limit,
                "value_added": [1e6, 0.5e6, 0.5e6],
            }
        )  # fmt: skip
        items = {"cluster_total_tco2e": self.before, "cluster_total_tce": self.tce}
        tables = {
            "enterprises": mix(filed),
            "relations": mix(pd.DataFrame(self.relations, columns=RELATIONS)),
            "groups": mix(pd.DataFrame(self.groups, columns=GROUPS).astype({"min_selected": float, "max_selected": float})),
            "members": mix(pd.DataFrame(self.members, columns=MEMBERS)),
        }
        cluster = pd.DataFrame({"item": list(items), "value": list(items.values())})
        return build(tables, mix(potential), mix(bases), mix(lines), mix(enterprises), cluster, self.settings)

    def saved(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """Activity saved in each pool by each row of 0/1 in `x`."""
        out = {}
        for name, pool in self.pools.items():
            site = np.zeros(len(x))
            for unit in sorted(pool["use"], reverse=True):  # '' last
                left = np.full(len(x), pool["use"][unit]) + (site if unit == "" else 0.0)
                mine = [(k, m, a) for k, p, u, m, a in self.lines if (p, u) == (name, unit)]
                for k, mode, amount in mine:
                    left = left - x[:, k] * (amount if mode == "absolute" else 0.0)
                left = np.maximum(left, 0.0)
                for k, mode, amount in mine:
                    left = left * (1 - x[:, k] * (amount if mode == "fraction" else 0.0))
                site = left if unit == "" else site + left
            out[name] = sum(pool["use"].values()) - site
        return out

    def emissions_saved(self, x: np.ndarray) -> np.ndarray:
        saved = self.saved(x)
        return sum((saved[name] * p["tco2e"] for name, p in self.pools.items()), np.zeros(len(x)))

    def emissions(self, x: np.ndarray) -> np.ndarray:
        return self.before - self.emissions_saved(x) + self.settings.include_upstream * (x @ self.upstream)

    def value(self, x: np.ndarray, objective: str | None = None) -> np.ndarray:
        """The objective by its definition: year by year where it is a present value."""
        s, objective = self.settings, objective or self.settings.objective
        if objective == "capex":
            return x @ self.capex
        if objective == "annual_cost":
            repay = [s.discount_rate / (1 - (1 + s.discount_rate) ** -int(t)) if s.discount_rate else 1 / t for t in self.life]
            saved = self.saved(x)
            money = sum(saved[name] * (p["price"] + s.carbon_price * p["tco2e"]) for name, p in self.pools.items())
            return x @ (self.capex * repay + self.opex) - money
        total = (x @ self.capex).astype(float)
        for year in range(1, int(self.life.max()) + 1):
            alive = x & (self.life >= year)
            saved = self.saved(alive)
            energy = sum(saved[name] * p["price"] for name, p in self.pools.items()) * (1 + s.energy_price_growth) ** year
            carbon = sum(saved[name] * p["tco2e"] for name, p in self.pools.items()) * s.carbon_price
            total += (alive @ self.opex - energy - carbon) / (1 + s.discount_rate) ** year
        return total

    def allowed(self, x: np.ndarray, budget: float | None) -> np.ndarray:
        """Which rows of `x` keep every rule and limit."""
        s, place = self.settings, {p: k for k, p in enumerate(self.ids)}
        ok = np.ones(len(x), dtype=bool)
        for i, relation, j in self.relations:
            other = x[:, place[j]] if j in place else np.zeros(len(x), dtype=bool)
            ok &= ~(x[:, place[i]] & other) if relation == "excludes" else ~x[:, place[i]] | other
        if self.groups:
            count = x[:, [place[i] for _, i, _, _ in self.groups]].sum(axis=1)
            ok &= (count >= self.groups[0][2]) & (count <= self.groups[0][3])
        if s.capital_limit is not None:
            ok &= x @ self.capex <= s.capital_limit
        share = {(p, f): v for p, f, v in self.members}
        joint = {p for p, _, _ in self.members}
        saved = self.saved(x)
        for n, firm in enumerate(self.firms):
            part = [share.get((p, firm), 0.0) if p in joint else float(self.owner[k] == firm) for k, p in enumerate(self.ids)]
            if not np.isnan(self.firm_capital[n]):
                ok &= x @ (self.capex * part) <= self.firm_capital[n] + 1e-9
            if not np.isnan(self.firm_limit[n]):
                less = sum((saved[name] * p["tco2e"] for name, p in self.pools.items() if name[0] == firm), np.zeros(len(x)))
                more = s.include_upstream * (x @ (self.upstream * (self.owner == firm)))
                ok &= self.firm_total[n] - less + more <= self.firm_limit[n] + 1e-7
        emissions = self.emissions(x)
        if s.energy_intensity_cap is not None:
            tce = self.tce - sum(saved[name] * p["tce"] for name, p in self.pools.items())
            ok &= tce <= s.energy_intensity_cap * self.value_added + 1e-9
        if s.carbon_intensity_cap is not None:
            ok &= emissions <= s.carbon_intensity_cap * self.value_added + 1e-9
        return ok if budget is None else ok & (emissions <= budget + 1e-7)

    def everything(self) -> np.ndarray:
        """Every subset as a row of 0/1."""
        return (np.arange(2**self.n)[:, None] >> np.arange(self.n) & 1).astype(bool)

    def row(self, chosen) -> np.ndarray:
        return np.array([[p in chosen for p in self.ids]])


def best(case: Case):
    """(value, emissions, capex) of the best subset by value, then emissions, then capital; None when no subset is allowed."""
    x = case.everything()
    x = x[case.allowed(x, case.settings.budget_tco2e)]
    if not len(x):
        return None
    value, emissions, capex = case.value(x), case.emissions(x), x @ case.capex
    keep = value <= value.min() + 1e-6
    keep &= emissions <= emissions[keep].min() + 1e-5
    return value[keep].min(), emissions[keep].min(), capex[keep].min()


@pytest.mark.parametrize("seed", range(INSTANCES))
def test_brute_force_agrees(seed):
    case = Case(seed)
    problem = case.problem()
    expected, found = best(case), solve.solve(problem)
    if expected is None:
        assert found.status == "infeasible" and found.value is None
        return
    assert found.status == "optimal"
    x = case.row(found.chosen)
    assert case.allowed(x, case.settings.budget_tco2e)[0]
    assert found.value == pytest.approx(case.value(x)[0], rel=1e-9, abs=1e-6)
    assert found.value == pytest.approx(expected[0], rel=1e-6, abs=1e-5)
    assert problem.emissions(set(found.chosen)) == pytest.approx(case.emissions(x)[0], abs=1e-6)
    assert case.emissions(x)[0] <= expected[1] + 1e-4
    if case.emissions(x)[0] >= expected[1] - 1e-4:
        assert (x @ case.capex)[0] <= expected[2] + 1e-4
    claimed = {
        "objective_value": found.value,
        "emissions_after": problem.emissions(set(found.chosen)),
        "capex": problem.capex(set(found.chosen)),
    }
    assert recheck(problem, set(found.chosen), claimed) == []


def test_random_instances_are_of_every_kind():
    """The comparison above means something: it meets answers and refusals, each objective, every rule and limit."""
    cases = [Case(seed) for seed in range(INSTANCES)]
    answers = [best(case) for case in cases]
    assert 5 < sum(a is None for a in answers) < 60
    solved = [case for case, a in zip(cases, answers, strict=True) if a is not None]
    assert {case.settings.objective for case in solved} == set(OBJECTIVES)
    assert {r for case in solved for _, r, _ in case.relations} == {"excludes", "requires"}
    assert any(case.groups for case in solved) and any(case.members for case in solved)
    assert any(not np.isnan(case.firm_capital).all() for case in solved) and any(
        not np.isnan(case.firm_limit).all() for case in solved
    )
    for name in ("capital_limit", "energy_intensity_cap", "carbon_intensity_cap"):
        assert any(getattr(case.settings, name) is not None for case in solved), name
    assert any(case.n == 12 for case in cases)
    kinds = [(m, a, bool(u), case.pools[p]["use"][u]) for case in solved for _, p, u, m, a in case.lines]
    assert any(m == "absolute" and a > use for m, a, _, use in kinds), "savings beyond use"
    assert any(m == "absolute" and a < 0 for m, a, _, _ in kinds) and any(m == "fraction" and a < 0 for m, a, _, _ in kinds)
    assert any(len({(m, bool(u)) for _, p, u, m, _ in case.lines if p == name}) == 4 for case in solved for name in case.pools), (
        "absolute and fraction on unit and site of one carrier"
    )


@pytest.mark.parametrize("seed", [0, 2, 7, 16])
def test_row_order_never_matters(seed):
    case = Case(seed, size=6)
    one, other = (select(case.problem(order)) for order in (None, np.random.default_rng(99)))
    pd.testing.assert_frame_equal(one.bundle, other.bundle)
    times = {"build_seconds", "solve_seconds"}
    assert {k: v for k, v in one.summary.items() if k not in times} == {k: v for k, v in other.summary.items() if k not in times}


def matrix(problem) -> list[bytes]:
    """All that the solver is given, to the last bit."""
    held = solve.Model(problem)
    form, costs = held.form, held.criterion(problem.settings.objective)
    parts = (form.a.indptr, form.a.indices, form.a.data, form.lower, form.upper, form.column_lower, form.column_upper, form.whole)
    return [np.ascontiguousarray(part).tobytes() for part in (*parts, form.column_size, form.row_size, *costs)]


@pytest.mark.parametrize("seed", range(8))
def test_the_matrix_is_the_same_to_the_last_bit_whatever_the_order_of_rows(seed):
    """So is the plan, also where the search ends at a gap and ties stay open: same matrix, same seed, same path."""
    case = Case(seed, OBJECTIVES[seed % 3], size=9, selection_gap=0.2)
    case.lines += [(0, case.lines[0][1], "", "absolute", share) for share in (0.1, 0.2, 0.3)]  # 0.1 + 0.2 + 0.3 depends on order
    one = case.problem()
    for shuffle in (1, 2):
        other = case.problem(np.random.default_rng(shuffle))
        assert matrix(other) == matrix(one)
    found, again = solve.solve(one), solve.solve(other)
    assert (again.status, again.starts, again.value, again.bound) == (found.status, found.starts, found.value, found.bound)


def test_a_bundle_is_the_same_where_ties_stay_open(monkeypatch):
    """Nine twins of 10 t for a cut of 35 t: without nodes for it the tie stays open, and the plan is the same all the same."""
    most = dictionary.threshold
    monkeypatch.setattr(dictionary, "threshold", lambda name: 0 if name == "ties_most_nodes" else most(name))
    found = []
    for shuffle in (None, 3, 4):
        case = Case(2, "capex", size=9, include_upstream=False, capital_limit=None, energy_intensity_cap=None)
        case.capex[:], case.relations, case.groups, case.members = 1000.0, [], [], []
        case.lines = [(k, "A|gas", "", "absolute", 10.0) for k in range(9)]
        case.pools["A|gas"] |= {"use": {"": 600.0}, "tco2e": 1.0}
        case.firm_capital = case.firm_limit = np.full(3, np.nan)
        case.settings = case.settings.model_copy(update={"budget_tco2e": case.before - 35.0, "carbon_intensity_cap": None})
        found.append(solve.solve(case.problem(None if shuffle is None else np.random.default_rng(shuffle))))
    assert found[0].ties == "open" and len(found[0].chosen) == 4
    assert {answer.chosen for answer in found} == {found[0].chosen}


@pytest.mark.parametrize("seed", seeds.first(4, range(0, 30, 3)))
def test_least_reachable_is_reachable_and_no_less(seed):
    case = Case(seed, size=6)
    problem = case.problem()
    x = case.everything()
    x = x[case.allowed(x, None)]
    least = solve.least_emissions(problem)
    if not len(x):
        assert least is None
        return
    assert least == pytest.approx(case.emissions(x).min(), abs=1e-6)
    assert solve.solve(problem.at(least + 1e-6)).status == "optimal"
    refused = select(problem.at(least - 1.0))
    assert refused.summary["status"] == "infeasible"
    assert refused.summary["least_reachable_tco2e"] == pytest.approx(least)
    assert refused.summary["objective_value"] is None and (refused.bundle["selected"] == 0).all()
    move = refused.summary["limits_to_move"][0]
    assert move["limit"] == "budget" and move["move_by_tco2e"] == pytest.approx(1.0)
    others = [row for row in refused.summary["limits_to_move"][1:] if "least_reachable_without_tco2e" in row]  # moves of one limit
    for other in others:
        assert other["least_reachable_without_tco2e"] < least
        assert other["enough_alone"] == (other["least_reachable_without_tco2e"] <= least - 1.0 + 1e-6)


@pytest.mark.parametrize("seed", seeds.first(6, range(14)))
def test_summary_and_bundle_add_up(seed):
    case = Case(seed)
    problem = case.problem()
    found = select(problem)
    summary, chosen = found.summary, found.bundle[found.bundle["selected"] == 1]
    if summary["objective_value"] is None:
        assert (summary["status"], summary["recheck"], len(chosen)) == ("infeasible", "no plan to check", 0)
        return
    assert summary["recheck"] == "ok"
    assert summary["projects_selected"] == len(chosen)
    assert summary["capex"] == pytest.approx(chosen["capex"].sum())
    assert summary["annual_cost"] == pytest.approx(chosen["annual_cost"].sum(), abs=1e-6)
    upstream = problem.upstream(set(chosen["project_id"]))
    less = summary["emissions_before"] - summary["emissions_after"]
    assert less == pytest.approx(chosen["tco2e_saved"].sum() - upstream, abs=1e-6)
    assert summary["emissions_after"] <= summary["budget_tco2e"] + 1e-6
    assert summary["bound"] <= summary["objective_value"] + 1e-6
    for name in ("greedy_value", "greedy_by_objective_value"):
        if summary[name] is not None:
            assert summary[name] >= summary["objective_value"] - 1e-5
    assert (found.bundle["why"] != "").all()


@pytest.mark.parametrize("seed", seeds.first(12, range(40)))
@pytest.mark.parametrize("by", ["abatement_cost", "objective"])
def test_a_greedy_plan_called_met_keeps_every_rule(seed, by):
    case = Case(seed)
    plan = greedy(case.problem(), by)
    x = case.row(plan.chosen)
    assert plan.emissions == pytest.approx(case.emissions(x)[0])
    if plan.met:
        assert case.allowed(x, case.settings.budget_tco2e + 1e-5)[0]


def solved_case():
    """An instance with a plan, its problem, its chosen projects and its claims."""
    for seed in range(100):
        case = Case(seed, "annual_cost", size=6)
        problem = case.problem()
        found = select(problem)
        if found.summary["projects_selected"] >= 2:
            chosen = set(found.bundle.loc[found.bundle["selected"] == 1, "project_id"])
            return problem, chosen, found.summary
    raise AssertionError("no such instance")


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("name", ["objective_value", "emissions_after", "capex"])
def test_a_corrupted_claim_is_refused(objective, name):
    problem, chosen, _ = solved_case()
    problem = problem.at(problem.budget, objective=objective)
    true = {"objective_value": problem.value(chosen), "emissions_after": problem.emissions(chosen), "capex": problem.capex(chosen)}
    assert recheck(problem, chosen, true) == []
    assert recheck(problem, chosen, true | {name: true[name] + 1.0})


def test_a_corrupted_choice_is_refused():
    problem, chosen, claims = solved_case()
    assert recheck(problem, chosen, claims) == []
    assert recheck(problem, chosen - {min(chosen)}, claims)
    assert recheck(problem, chosen | {"P99"}, claims)


@pytest.mark.parametrize(
    ("fault", "recheck_said", "sentence"),
    [
        (lambda found, problem: replace(found, value=found.value - 1.0), "objective", "an independent recalculation differs"),
        (
            lambda found, problem: replace(found, chosen=found.chosen - {min(found.chosen)}),
            "objective",
            "an independent recalculation differs",
        ),
        (lambda found, problem: worse(found, problem), "ok", "enumerating every bundle found a better one"),
    ],
)
def test_an_answer_that_is_contradicted_is_refused(monkeypatch, fault, recheck_said, sentence):
    """No plan is stated, no price and no regret, and the reader is told why."""
    problem, *_ = solved_case()
    found = solve.solve(problem)
    false = fault(found, problem)
    false = replace(false, starts=dict.fromkeys(sorted(false.chosen), min(found.starts.values())))
    monkeypatch.setattr(solve, "solve", lambda *_, **__: false)
    refused = select(problem)
    assert refused.summary["status"] == "refused" and refused.summary["objective_value"] is None
    assert recheck_said in refused.summary["recheck"]
    assert refused.bundle["selected"].sum() == 0 and refused.summary["projects_selected"] == 0
    assert sentence in " ".join(selection_summary(refused.summary, "CNY", "en").sentences)
    assert selection_summary(refused.summary, "CNY", "zh").sentences


def worse(found, problem):
    """A plan that keeps every rule and costs more than the best."""
    for chosen in (frozenset(c) for n in range(7) for c in itertools.combinations(problem.ids, n)):
        claims = {
            "objective_value": problem.value(chosen),
            "emissions_after": problem.emissions(chosen),
            "capex": problem.capex(chosen),
        }
        if claims["objective_value"] > found.value + 1.0 and not recheck(problem, chosen, claims):
            return replace(found, chosen=chosen, value=claims["objective_value"])
    raise AssertionError("no second plan")


def test_each_rule_is_rechecked():
    problem, chosen, claims = solved_case()
    one, two = sorted(chosen)[:2]
    tight = lambda **values: dataclasses.replace(problem, settings=problem.settings.model_copy(update=values))  # noqa: E731
    rule = lambda kind, other: pd.DataFrame([(one, kind, other)], columns=RELATIONS)  # noqa: E731
    group = lambda low, high: pd.DataFrame([("G", one, low, high), ("G", two, low, high)], columns=GROUPS)  # noqa: E731
    firm = lambda **values: problem.enterprises.assign(**values)  # noqa: E731
    capital = float(problem.projects.set_index("project_id").loc[sorted(chosen), "capex"].sum())
    broken = {
        "budget": dataclasses.replace(problem, budget=claims["emissions_after"] - 1),
        "excludes": dataclasses.replace(problem, relations=rule("excludes", two)),
        "requires": dataclasses.replace(problem, relations=rule("requires", "P99")),
        "too few": dataclasses.replace(problem, groups=group(3.0, np.nan)),
        "too many": dataclasses.replace(problem, groups=group(np.nan, 1.0)),
        "capital": tight(capital_limit=capital - 1),
        "firm's capital": dataclasses.replace(problem, enterprises=firm(capital_limit=0.5)),
        "firm's emissions": dataclasses.replace(problem, enterprises=firm(emission_limit_tco2e=0.5)),
        "energy intensity": tight(energy_intensity_cap=1e-3),
        "carbon intensity": tight(carbon_intensity_cap=1e-3),
    }
    assert [name for name, case in broken.items() if not recheck(case, chosen, claims)] == []


def test_no_projects(tiny):
    case = tiny(projects=None, savings=None)
    found = select(case.problem(reduction_pct=0))
    assert (found.summary["status"], found.summary["objective_value"], found.summary["projects_selected"]) == ("optimal", 0, 0)
    assert found.summary["emissions_after"] == pytest.approx(25300) and found.summary["recheck"] == "ok"
    assert found.bundle.empty
    refused = select(case.problem(reduction_pct=1))
    assert refused.summary["status"] == "infeasible" and refused.summary["least_reachable_tco2e"] == pytest.approx(25300)
    assert front(case.problem())["projects"].tolist() == [0]
    assert set(reductions(case.problem())["status"]) == {"infeasible"}


def test_an_empty_cluster(tiny):
    case = tiny(enterprises="enterprise_id,name,sector\n", energy=None, projects=None, savings=None)
    found = select(case.problem(budget_tco2e=0))
    assert found.summary["status"] == "optimal" and found.summary["emissions_after"] == 0


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_tiny_time_limit_is_a_result(objective):
    found = select(Case(8, objective, size=12, time_limit_s=1e-6).problem())
    assert found.summary["status"] in ("time_limit", "optimal", "feasible", "infeasible")
    assert found.summary["recheck"] in ("ok", "no plan to check")
    assert len(found.bundle) == 12


def test_by_hand(tiny):
    """A cut of 800 t: P3 alone saves 800 for 100,000; P1 would save 2,000 for 1,000,000."""
    case = tiny()
    found = select(case.problem(budget_tco2e=24500, objective="capex"))
    assert found.bundle.set_index("project_id")["selected"].to_dict() == {"P1": 0, "P2": 0, "P3": 1}
    assert found.summary["emissions_after"] == pytest.approx(24500) and found.summary["capex"] == pytest.approx(100000)
    both = select(case.problem(budget_tco2e=24300, objective="capex"))
    assert both.bundle.set_index("project_id")["selected"].to_dict() == {"P1": 0, "P2": 1, "P3": 1}
    assert both.summary["emissions_after"] == pytest.approx(25300 - 0.58 * 2000)
    assert both.bundle["tco2e_saved"].sum() == pytest.approx(1160)


def test_reduction_is_of_the_clusters_total(tiny):
    assert tiny().problem(reduction_pct=10).budget == pytest.approx(0.9 * 25300)
    assert tiny().problem().budget is None


def test_without_a_budget_all_that_pays_is_taken(tiny):
    found = select(tiny().problem())
    assert found.bundle["selected"].tolist() == [1, 1, 1]
    assert select(tiny().problem(objective="capex")).bundle["selected"].tolist() == [0, 0, 0]


def test_a_group_that_asks_for_more_than_it_holds(tiny):
    """The finding says that the lower limit is left out, and so it is."""
    case = tiny(groups="group_id,project_id,min_selected,max_selected\nG,P1,3,\nG,P2,3,\n")
    assert "group_bounds" in case.checks()
    assert select(case.problem(objective="capex")).summary["status"] == "optimal"


def test_a_firms_own_limits(tiny):
    firms = "enterprise_id,name,sector,capital_limit\nA,Alpha,power,\nB,Beta,paper,\nC,Gamma,food,150000\n"
    joint = "project_id,enterprise_id,capex_share\nP2,C,0.4\nP2,B,0.6\n"
    alone = select(tiny(enterprises=firms).problem(budget_tco2e=24300, objective="capex"))
    assert alone.bundle.set_index("project_id")["selected"].to_dict() == {"P1": 1, "P2": 0, "P3": 0}
    shared = select(tiny(enterprises=firms, members=joint).problem(budget_tco2e=24700, objective="capex"))
    assert shared.bundle.set_index("project_id")["selected"].to_dict() == {"P1": 0, "P2": 0, "P3": 1}
    rule = "project_id,relation,other_id\nP3,requires,P1\n"
    only = tiny(enterprises=firms.replace("150000", "120000"), members=joint, relations=rule)
    found = select(only.problem(budget_tco2e=24700, objective="capex"))
    assert found.bundle.set_index("project_id")["selected"].to_dict() == {"P1": 0, "P2": 1, "P3": 0}


def test_energy_that_someone_pays_to_be_rid_of():
    """A negative price must not make the model look for endless use."""
    case = Case(0, "annual_cost", size=4)
    case.relations, case.groups, case.members = [], [], []
    case.firm_capital, case.firm_limit = np.full(3, np.nan), np.full(3, np.nan)
    case.settings = params.validate({"cluster": "x", "package": "x", "year": 2022, "selection_gap": 0.0})
    case.pools = {"A|gas": {"use": {"": 100.0}, "tco2e": 1.0, "tce": 0.0, "price": -2.0}}
    amounts = [("absolute", 80.0), ("absolute", 70.0), ("fraction", 0.5), ("absolute", -10.0)]
    case.lines = [(k, "A|gas", "", mode, amount) for k, (mode, amount) in enumerate(amounts)]
    case.firm_total, case.before = np.array([200.0, 100.0, 100.0]), 370.0
    for budget in (None, 300.0, 272.0, 270.0):
        case.settings = case.settings.model_copy(update={"budget_tco2e": budget})
        found = solve.solve(case.problem())
        assert found.status == "optimal"
        assert found.value == pytest.approx(best(case)[0])


@pytest.mark.parametrize("seed", [1, 9, 16])
def test_front_is_monotone_and_ends_at_the_least(seed):
    case = Case(seed, front_points=5, budget_tco2e=None)
    problem = case.problem()
    points = front(problem)
    assert (points["status"] == "optimal").all()
    assert points["budget_tco2e"].is_monotonic_decreasing
    assert (points["objective_value"].diff().dropna() >= -1e-4).all()
    assert (points["emissions_tco2e"] <= points["budget_tco2e"] + 2e-4).all()
    assert points["budget_tco2e"].iat[-1] == pytest.approx(solve.least_emissions(problem))


def test_price_of_the_next_tonne(tiny):
    """After P3 (800 t, 100,000) the next plan is P2 and P3: 360 t more for 300,000."""
    found = select(tiny().problem(budget_tco2e=24500, objective="capex"))
    assert found.summary["marginal_abatement_cost"] == pytest.approx(300000 / 360)


def test_without_projects_the_answer_is_the_gap(tiny):
    """No project is filed: the inventory stands, and a budget below it is infeasible by exactly the cut."""
    nothing = {"projects": "project_id,name,enterprise_id,capex,lifetime_years\n", "savings": "project_id,carrier,mode,amount\n"}
    found = select(tiny(**nothing).problem(reduction_pct=10))
    assert (found.summary["status"], len(found.bundle)) == ("infeasible", 0)
    assert found.summary["limits_to_move"][0]["move_by_tco2e"] == pytest.approx(2530)
    assert select(tiny(**nothing).problem()).summary["status"] == "optimal"
