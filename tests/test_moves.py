"""Limits of every kind that give way, by counting every plan and by hand: a move is enough, a step less is not."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pandas as pd
import pytest

import seeds
from test_plan_by_years import VALUE_ADDED, Years
from workbench import words
from workbench.selection import infeasible, limits, select, solve

OBJECTIVES = ("annual_cost", "capex", "npv_cost")


def possible(case: Years) -> bool:
    """Whether any plan keeps every rule and limit."""
    return any(case.keeps(plan) for plan in case.plans())


def tight(seed: int, years: int) -> Years:
    """An instance with limits so tight that there is seldom a plan."""
    case = Years(seed, OBJECTIVES[seed % 3], years=years, size=4)
    squeeze = case.rng.choice(["energy_cap_tce", "effort", "leakage_limit_tco2e", "carbon", "energy", "budget", "firm"])
    if squeeze == "effort":
        case.efforts = [("sector", "steel", float(case.rng.uniform(5, 60)), np.nan, np.nan)]
    elif squeeze == "carbon":
        case.carbon_limit = {f: v * 0.8 for f, v in zip(case.firms, case.firm_total, strict=True)} | {"B": np.nan, "C": np.nan}
        case.carbon_limit["A"] /= VALUE_ADDED["A"]
    elif squeeze == "energy":
        case.energy_limit = {f: t * 0.8 if f == "A" else np.nan for f, t in case.tce_of.items()}
    elif squeeze == "firm":
        case.firm_limit = np.array([np.nan, case.firm_total[1] * 0.85, np.nan])
    values = {"energy_cap_tce": case.tce * 0.8, "leakage_limit_tco2e": -3.0, "budget": case.before * 0.6}
    if squeeze in values:
        name = "budget_tco2e" if squeeze == "budget" else squeeze
        case.settings = case.settings.model_copy(update={name: float(values[squeeze])})
    return case


def moved(case: Years, row: dict, value: float) -> Years:
    """The same instance with one limit at another bound."""
    other, n = copy.deepcopy(case), {f: k for k, f in enumerate(case.firms)}
    limit, who, s = row["limit"], row["who"], case.settings
    plain = {
        "budget": "budget_tco2e", "cumulative_budget": "cumulative_budget_tco2e", "capital_limit": "capital_limit",
        "capital_per_year": "capital_per_year", "starts_per_year": "starts_per_year", "energy_cap": "energy_cap_tce",
        "leakage_limit": "leakage_limit_tco2e",
    }  # fmt: skip
    change: dict = {}
    if limit in plain:
        change = {plain[limit]: value}
    elif limit == "budget_of_year":
        path = {t: v for t, v in (s.budget_path or {}).items() if t != int(who)} | {int(who): value}
        change = {"budget_path": path, "reduction_path": {t: v for t, v in (s.reduction_path or {}).items() if t != int(who)}}
    elif limit == "deadline":
        return other
    elif limit == "enterprise_capital":
        other.firm_capital[n[who]] = value
    elif limit == "enterprise_capital_per_year":
        other.capital_year[who] = value
    elif limit == "emission_limit":
        other.firm_limit[n[who]] = value
    elif limit == "energy_limit":
        other.energy_limit[who] = value
    elif limit == "carbon_intensity_limit":
        other.carbon_limit[who] = value / VALUE_ADDED[who]
    elif limit == "effort":
        share = value / row["now"]
        other.efforts = [
            (scope, name, p * share, t * share, start) if f"{scope} {name}" == who else (scope, name, p, t, start)
            for scope, name, p, t, start in case.efforts
        ]
    else:
        place = {"group_min": 2, "group_max": 3}[limit]
        other.groups = [(*g[:place], value, *g[place + 1 :]) for g in case.groups]
    other.settings = s.model_copy(update=change)
    return other


def released(case: Years, names: list[str]) -> Years:
    """The same instance without some rules between projects."""
    other = copy.deepcopy(case)
    for name in names:
        relation, first, *others = name.split()
        other.relations = [
            r
            for r in other.relations
            if not (r[1] == relation and {r[0], r[2]} <= {first, *others} and (relation == "excludes" or r[0] == first))
        ]
    return other


def check(seed: int, years: int) -> set[str]:
    """Every proved move of an instance without a plan, against every plan; the limits seen."""
    case, seen = tight(seed, years), set()
    assert not possible(case)
    problem = case.problem()
    table = infeasible.moves(problem, solve.least_emissions(problem))
    for row in table[(table["together"] == 0) & table["needed"].notna() & table["enough_alone"]].to_dict("records"):
        assert row["proved"], row
        seen.add(row["limit"])
        if row["limit"] == "rules_released":
            names = row["who"].split("; ")
            assert len(names) == row["needed"] and possible(released(case, names)), row
            assert not any(possible(released(case, less)) for less in _one_less(case, len(names))), row
        elif row["limit"] != "deadline":
            sign, whole = np.sign(row["move_by"]), row["unit"] == "projects"
            room = 0.0 if whole else sign * (1e-2 * row["step"] + 1e-6)
            assert possible(moved(case, row, row["needed"] + room)), row
            assert not possible(moved(case, row, row["needed"] - sign * row["step"] * (1 if whole else 1.1))), row
    return seen


def _one_less(case: Years, number: int) -> list[list[str]]:
    """All sets of rules with one fewer."""
    rules = sorted({f"{relation} {i} {j}" for i, relation, j in case.relations if relation != "requires_any"})
    return [list(some) for some in itertools.combinations(rules, number - 1)]


TYPICAL = {
    32: "leakage_limit", 40: "emission_limit", 44: "capital_limit", 46: "group_max", 53: "enterprise_capital", 57: "effort",
    62: "rules_released", 63: "budget", 64: "carbon_intensity_limit", 11: "energy_cap",
}  # fmt: skip
BY_YEARS = {0: "carbon_intensity_limit", 3: "energy_cap", 16: "leakage_limit", 20: "effort"}


@pytest.mark.parametrize("seed", seeds.first(4, TYPICAL))
def test_moves_of_one_typical_year(seed):
    assert TYPICAL[seed] in check(seed, 0)


@pytest.mark.parametrize("seed", BY_YEARS)
def test_moves_of_a_plan_by_years(seed):
    assert BY_YEARS[seed] in check(seed, 2)


@pytest.mark.slow
@pytest.mark.parametrize("years", [0, 2, 3])
def test_moves_of_many(years):
    """Whatever moves, moves by enough and not by more."""
    seen: set[str] = set()
    for seed in range(100, 160):
        seen |= set() if possible(tight(seed, years)) else check(seed, years)
    assert len(seen) >= 6


def first(moves: pd.DataFrame, limit: str) -> dict:
    """The row of a limit."""
    (row,) = moves[(moves["limit"] == limit) & moves["needed"].notna()].to_dict("records")
    return row


def projects(**columns: str) -> str:
    """The tiny cluster's projects with more columns."""
    names = list(columns)
    lines = ["P1,Boiler,A,1000000,0,10", "P2,Motors,C,300000,0,10", "P3,Light,C,100000,0,10"]
    rows = [",".join([line, *(columns[name].split()[n].replace("-", "") for name in names)]) for n, line in enumerate(lines)]
    return "\n".join([",".join(["project_id,name,enterprise_id,capex,opex_per_year,lifetime_years", *names]), *rows]) + "\n"


@pytest.mark.parametrize("years", [{"target_year": 2024}, {"target_year": 2024, "horizon_year": 2025}])
def test_the_deadline_by_hand(tiny, years):
    """23,000 t need the boiler, which cannot start before 2025 and takes a year to build: the budget can be met in 2026."""
    case = tiny(projects=projects(earliest_year="2025 2023 2023", build_years="1 0 0"))
    found = select(case.problem(objective="capex", budget_tco2e=23_000.0, **years))
    row = first(found.moves, "deadline")
    assert (row["now"], row["needed"], row["move_by"], row["proved"]) == (2024, 2026, 2, True)
    assert found.summary["status"] == "infeasible" and row["unit"] == "years"


def test_a_deadline_that_does_not_help_is_not_named(tiny):
    """No year brings the cluster to 1,000 t."""
    found = select(tiny().problem(objective="capex", budget_tco2e=1_000.0, target_year=2024))
    assert "deadline" not in set(found.moves["limit"])


def test_a_project_that_is_kept_out_is_named(tiny):
    """23,000 t need the boiler (2,000 t); the programme excluded it. Without a cost it may be named where no capital is limited."""
    given = {"objective": "capex", "budget_tco2e": 23_000.0}
    row = first(select(tiny(projects=projects(status="excluded proposed proposed")).problem(**given)).moves, "projects_allowed")
    assert (row["who"], row["needed"], row["proved"]) == ("P1", 1, True)
    uncosted = tiny(projects=projects(status="uncosted proposed proposed").replace("A,1000000", "A,"))
    assert first(select(uncosted.problem(**given)).moves, "projects_allowed")["who"] == "P1"
    assert "projects_allowed" not in set(select(uncosted.problem(**given, capital_limit=1e6)).moves["limit"])


@pytest.mark.slow
def test_rules_and_projects_released_together(tiny):
    """22,140 t need all three; the boiler is excluded, and lamps and motors exclude each other: either alone is not enough."""
    case = tiny(projects=projects(status="excluded proposed proposed"), relations="project_id,relation,other_id\nP2,excludes,P3\n")
    for years in ({}, {"horizon_year": 2024}):
        row = first(select(case.problem(objective="capex", budget_tco2e=22_140.0, **years)).moves, "projects_and_rules")
        assert (row["who"], row["needed"], row["proved"]) == ("P1; excludes P2 P3", 2, True)


def test_of_two_efforts_of_one_scope_the_harder_one_counts(tiny):
    """One tenth of C's 2,300 t is 230 t; 500 t are asked in another row."""
    case = tiny(efforts="scope,name,min_reduction_pct,min_tco2e\nenterprise,C,10,\nenterprise,C,,500\n")
    problem = case.problem(objective="capex")
    assert [limit.bound for limit in limits.of(problem) if limit.limit == "effort"] == pytest.approx([500])
    assert solve.solve(problem).chosen == {"P3"}


def test_moves_in_words(tiny):
    """Each kind of move is said in both languages, an intensity as it is filed: 24,100 t on 60 million; 24,140 t are in reach."""
    given = {"objective": "capex", "capital_limit": 500_000, "intensity_basis": "value_added"}
    found = select(tiny().problem(carbon_intensity_cap=400.0, **given))
    row = first(found.moves, "carbon_intensity")
    assert row["needed_per_million"] == pytest.approx(24_140 / 60) and row["needed"] == pytest.approx(24_140)
    late = {"limit": "deadline", "now": 2024.0, "needed": 2026.0, "move_by": 2.0, "enough_alone": True}
    both = {"limit": "projects_and_rules", "who": "P1; excludes P2 P3", "needed": 2.0, "enough_alone": True}
    summary = found.summary | {"limits_to_move": [*found.summary["limits_to_move"], late, both]}
    for lang, said in (
        ("en", ("to 402 tCO₂e per million CNY", "in 2026 instead of 2024, 2 years later", "P1, Excludes P2 P3")),
        ("zh", ("402 tCO₂e/百万元", "推迟至 2026 年", "P1、互斥 P2 P3")),
    ):
        text = str(words.selection_summary(summary, "CNY", lang))
        assert all(part in text for part in said), text
