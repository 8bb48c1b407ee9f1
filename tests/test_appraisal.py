"""Money of all projects at once against the same money reckoned one project at a time, in plain Python."""

from __future__ import annotations

import math
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import appraisal, params

BASE = {"cluster": "x", "package": "x", "year": 2022}
NUMBERS = {
    "capex": (None, 0.0, 1000.0, 5e6), "grant": (None, 0.0, 500.0, 6e6), "opex_per_year": (None, 0.0, -300.0, 2e5),
    "lifetime_years": (None, 0.5, 7.0, 10.0, 25.0), "earliest_year": (None, 2020.0, 2024.0), "latest_year": (None, 2022.0, 2026.0),
    "build_years": (None, 0.0, 2.0), "upstream_tco2e_per_year": (None, -5.0, 1.0, 300.0),
}  # fmt: skip
SAVED = {"tce": (-50.0, 0.0, 400.0), "tco2e": (-100.0, 0.0, 900.0), "money": (-1000.0, 0.0, 400.0, 2e6)}


def present_value(rate: float, years: float, growth: float = 0.0) -> float:
    q = (1 + growth) / (1 + rate)
    return years if math.isclose(q, 1.0, rel_tol=1e-12) else q * (1 - q**years) / (1 - q)


def root(capex: float, income: float, years: float) -> float:
    if not (capex > 0 and income > 0 and years > 0):
        return math.nan
    low, high = -0.999, 1.0
    if income * present_value(low, years) < capex:
        return math.nan
    while income * present_value(high, years) > capex:
        high *= 4
        if high > 1e9:
            return math.nan
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if income * present_value(middle, years) > capex else (low, middle)
    return (low + high) / 2


def one(project: dict, saved: dict, given: params.Settings) -> dict:
    """A project by itself; None is a blank."""
    number = lambda name: float(project[name] or 0.0)  # noqa: E731
    life, rate = project["lifetime_years"], given.discount_rate
    costed = project["capex"] is not None and life is not None and project["status"] not in appraisal.NEVER_SELECTED
    start = int(max(number("earliest_year"), given.year + 1))
    late = given.target_year is not None and start + number("build_years") > given.target_year
    late = late or (project["latest_year"] is not None and start > project["latest_year"])
    row = {"eligible": int(costed and not late), "start_year": start}
    if not costed:
        return row | dict.fromkeys(("annual_cost", "npv", "irr_pct", "payback_years", "abatement_cost"), math.nan)
    net = max(0.0, project["capex"] - number("grant"))
    carbon = given.carbon_price * saved["tco2e"]
    income = saved["money"] + carbon - number("opex_per_year")
    annual = net / present_value(rate, life) - income
    value = saved["money"] * present_value(rate, life, given.energy_price_growth)
    value += (carbon - number("opex_per_year")) * present_value(rate, life) - net
    return row | {
        "annual_cost": annual,
        "npv": value,
        "irr_pct": 100 * root(net, income, life),
        "payback_years": 0.0 if net <= 0 else net / income if income > 0 else math.nan,
        "abatement_cost": annual / saved["tco2e"] if saved["tco2e"] > 1e-9 else math.nan,
    }


def table(rows: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    frame[list(NUMBERS)] = frame[list(NUMBERS)].astype(float)
    return frame.assign(project_id=[f"P{i}" for i in range(len(rows))], enterprise_id="A", name="n", name_zh="", kind="")


projects = st.fixed_dictionaries(
    {name: st.sampled_from(values) for name, values in NUMBERS.items()}
    | {"status": st.sampled_from(["", "proposed", "uncosted", "excluded"])}
)
saving = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in SAVED.items()})


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(projects, saving), min_size=1, max_size=12),
    st.sampled_from([0.0, 0.08]),
    st.sampled_from([0.0, 0.08, -0.02]),
    st.sampled_from([0.0, 60.0]),
    st.sampled_from([None, 2024]),
)
def test_all_at_once_as_one_by_one(pairs, rate, growth, price, target):
    given_ = params.validate(
        BASE | {"discount_rate": rate, "energy_price_growth": growth, "carbon_price": price, "target_year": target}
    )
    frame = table([project for project, _ in pairs])
    saved = pd.DataFrame([amounts for _, amounts in pairs], index=frame["project_id"])
    found = appraisal.money(frame, saved, given_)
    for row, (project, amounts) in zip(found.to_dict("records"), pairs, strict=True):
        for name, value in one(project, amounts, given_).items():
            assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-7, nan_ok=True), name


def test_flags_in_words(tiny):
    built = tiny(projects=None, savings=None)
    frame = table([{**{n: None for n in NUMBERS}, "status": ""}, {**{n: v[-1] for n, v in NUMBERS.items()}, "status": ""}])
    saved = pd.DataFrame({"tce": [0.0, 5.0], "tco2e": [0.0, 1000.0], "money": [0.0, 9e6]}, index=frame["project_id"])
    flags = appraisal.money(frame, saved, built.settings())["flags"].tolist()
    assert flags == ["uncosted;no_carbon_effect", "pays_for_itself;moves_emissions_upstream"]
    assert (
        appraisal.money(frame.assign(lifetime_basis="assumed"), saved, built.settings())["flags"]
        .iat[0]
        .endswith("assumed_lifetime")
    )


def test_thirty_thousand_projects_in_a_blink():
    random, n = np.random.default_rng(1), 30_000
    frame = pd.DataFrame({name: random.choice([np.nan if v is None else v for v in values], n) for name, values in NUMBERS.items()})
    frame = frame.assign(project_id=[f"P{i}" for i in range(n)], enterprise_id="A", name="n", name_zh="", kind="", status="")
    saved = pd.DataFrame({name: random.choice(values, n) for name, values in SAVED.items()}, index=frame["project_id"])
    begun = time.perf_counter()
    assert len(appraisal.money(frame, saved, params.validate(BASE))) == n
    assert time.perf_counter() - begun < 5
