"""Plans in an uncertain world: draws that keep their means, regret that is never negative, one hand-counted case."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from test_selection import Case
from workbench import appraisal, dictionary
from workbench.risk import monte_carlo, scenarios
from workbench.selection import configurations

PROJECTS = ["project_id", "status", "evidence"]


def of_case(seed: int, **values):
    """Configurations of a random case and ranges of 20 % for every input."""
    case = Case(seed, **values)
    conf = configurations.configurations(case.problem())
    lines = pd.DataFrame({"project_id": case.ids, "uncertainty_pct": 20.0})
    return conf, scenarios.ranges(conf.problem, pd.DataFrame(columns=PROJECTS), lines)


def factors(**values) -> pd.DataFrame:
    """Factors by input, written saving_P1=[...]."""
    columns = pd.MultiIndex.from_tuples([tuple(name.split("_", 1)) for name in values])
    return pd.DataFrame(dict(zip(columns, values.values(), strict=True)))


def test_ranges_come_from_the_filing_then_the_evidence_then_the_status(tiny):
    heading = "project_id,name,enterprise_id,capex,lifetime_years,status,evidence\n"
    projects = heading + "P1,B,A,1000,10,approved,meter_record\nP2,M,C,1000,10,,\n"
    savings = (
        "project_id,carrier,mode,amount,unit,uncertainty_pct\nP1,bituminous,absolute,100,t,\nP2,electricity,fraction,0.3,,12\n"
    )
    made = tiny(projects=projects, savings=savings)
    known = scenarios.ranges(made.problem(reduction_pct=1.0), made.checked.tables["projects"], made.assess().lines)
    rows = known.set_index(["kind", "key"])
    assert rows.loc[("saving", "P1"), "grade"] == "meter_record" and rows.loc[("saving", "P1"), "confidence"] == "remembered"
    assert rows.loc[("saving", "P2"), ["grade", "low_pct", "high_pct"]].tolist() == ["filed", -12, 12]
    assert rows.loc[("capex", "P1"), ["low_pct", "high_pct", "interval_pct"]].tolist() == [-20, 30, 80]
    assert rows.loc[("capex", "P2"), "grade"] == ""
    assert set(rows.loc["price"].index) == {"bituminous", "electricity"}
    assert (scenarios.spread(-50, 100, 80) > known["spread"]).sum() >= len(known) - 1


def test_every_status_and_kind_of_evidence_has_a_range():
    table = dictionary.read_table("decision_ranges")
    assert not table.duplicated(["kind", "grade"]).any()
    assert {*dictionary.codes("evidence"), ""} == set(table.loc[table["kind"] == "saving", "grade"])
    listed = set(dictionary.codes("project_status")) - set(appraisal.NEVER_SELECTED)
    assert {*listed, ""} == set(table.loc[table["kind"] == "capex", "grade"])
    assert {*dictionary.carriers()["family"], ""} >= set(table.loc[table["kind"] == "price", "grade"])
    assert (pd.to_numeric(table["low_pct"]) < pd.to_numeric(table["high_pct"])).all()


def test_draws_have_the_filed_mean_and_the_asked_interval():
    conf, known = of_case(4)
    drawn = scenarios.draw(conf, known, 20_000, seed=3)
    assert drawn.factors.mean().to_numpy() == pytest.approx(1.0, abs=0.02)
    low, high = drawn.factors["saving"].quantile([0.025, 0.975]).to_numpy()
    assert np.log(high / low) == pytest.approx(np.log(1.2 / 0.8), rel=0.05)


def test_factors_of_one_give_the_numbers_as_filed():
    for seed in range(8):
        conf, known = of_case(seed)
        drawn = scenarios.draw(conf, known.assign(spread=0.0), 3)
        for name in ("fixed", "capex", "money", "tco2e", "tce"):
            assert np.allclose(getattr(drawn.amounts, name), getattr(conf.nominal, name)), name


def test_order_of_rows_and_repetition_change_nothing():
    conf, known = of_case(4)
    one, other = scenarios.draw(conf, known, 5), scenarios.draw(conf, known.sample(frac=1, random_state=1), 5)
    pd.testing.assert_frame_equal(one.factors, other.factors)
    assert np.array_equal(one.amounts.money, other.amounts.money)


@pytest.mark.parametrize("seed", [0, 4, 8, 12, 17])
def test_hindsight_is_never_worse_than_any_plan(seed):
    conf, known = of_case(seed)
    drawn = scenarios.draw(conf, known, 12)
    price = monte_carlo.buyout_price(conf)
    decided = monte_carlo.redecide(conf, drawn, price)
    _, plan, _ = configurations.solve(conf, conf.nominal, configurations.need(conf.problem), price)
    if (decided["status"] != "optimal").any():
        assert (decided["status"] != "optimal").all()  # what no purchase can mend does not depend on the draw
        return
    lost = monte_carlo.regret(monte_carlo.fares(conf, drawn, plan, price), decided)
    assert (lost >= -1e-4).all()
    stays = monte_carlo.stays_in(conf, decided, plan)
    assert stays["stays_in_pct"].between(0, 100).all() and (stays["draws"] == 12).all()
    chosen = decided["chosen"].str.split(";").explode().value_counts()
    assert dict(zip(stays["project_id"], stays["stays_in_pct"] * 12 / 100, strict=True)) == pytest.approx(
        {i: chosen.get(i, 0) for i in conf.problem.ids}
    )


def test_two_draws_by_hand(tiny):
    """P1 (coal, 2,000 t) meets a cut of 1,500 t as filed; at half its saving it misses by 500 t."""
    conf = configurations.configurations(tiny().problem(budget_tco2e=23_800.0, objective="capex"))
    drawn = scenarios.realise(conf, factors(saving_P1=[1.0, 0.5], capex_P1=[1.0, 1.2]))
    fare = monte_carlo.fares(conf, drawn, {"P1"}, price=1000.0)
    assert fare["over_tco2e"].tolist() == pytest.approx([0, 500]) and fare["cost"].tolist() == pytest.approx([1.0e6, 1.2e6])
    decided = monte_carlo.redecide(conf, drawn, price=1000.0)
    # Draw 0: P2 and P3 save 1,160 t for 400,000, so 340 t are bought. Draw 1: the same, and cheaper still than P1.
    assert decided["chosen"].tolist() == ["P2;P3", "P2;P3"] and decided["bought_tco2e"].tolist() == pytest.approx([340, 340])
    said = monte_carlo.judge(fare, decided, 1000.0, "CNY").set_index("item")["value"]
    assert said["miss_chance"] == 50 and said["mean_over"] == 250 and said["tail_over"] == 500
    assert said["regret"] == pytest.approx(((1e6 - 740_000) + (1.7e6 - 740_000)) / 2)


def test_wilson_interval_of_a_published_size():
    share, low, high = monte_carlo.wilson(10.0, 20)  # half and half in 20 trials: 0.299 to 0.701
    assert (float(share), float(low), float(high)) == pytest.approx((0.5, 0.29929, 0.70071), abs=1e-4)


def test_time_ends_the_drawing_and_says_so():
    conf, known = of_case(4)
    drawn = scenarios.draw(conf, known, 50)
    assert 1 <= len(monte_carlo.redecide(conf, drawn, 100.0, seconds=0.0)) < 50


def test_without_projects_there_is_nothing_to_lose(tiny):
    empty = "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\n"
    conf = configurations.configurations(
        tiny(projects=empty, savings="project_id,carrier,mode,amount,unit\n").problem(reduction_pct=2.0)
    )
    known = scenarios.ranges(conf.problem, pd.DataFrame(columns=PROJECTS), pd.DataFrame(columns=["project_id", "uncertainty_pct"]))
    drawn = scenarios.draw(conf, known, 3)
    price = monte_carlo.buyout_price(conf)
    decided = monte_carlo.redecide(conf, drawn, price)
    assert decided["bought_tco2e"].to_numpy() == pytest.approx(506.0)
    assert monte_carlo.fares(conf, drawn, [], price)["over_tco2e"].to_numpy() == pytest.approx(506.0)
