"""Dual control and carbon budget in round numbers."""

import datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import dictionary, findings, inventory, position, store

CLUSTER = pd.DataFrame({"item": ["cluster_total_tce", "cluster_total_tco2e"], "value": [900.0, 2000.0], "unit": ["tce", "tCO2e"]})
FIRMS = pd.DataFrame({"enterprise_id": ["A", "B"], "value_added": [4e6, 6e6]})
CARBON = {"kind": "carbon_intensity", "base_year": 2020, "base_value": 2.5, "reduction_pct": 20, "target_year": 2025}
CARBON["unit"] = "tCO2/10^4 CNY"
TOTAL = {"kind": "energy_total", "base_year": 2020, "base_value": 1000, "target_value": 900, "target_year": 2025}


def control(*targets, cluster=CLUSTER, firms=FIRMS, year=2022):
    return position.dual_control(cluster, firms, {"currency": "CNY", "targets": list(targets)}, year)


def checks(found) -> list[str]:
    return findings.collect(found)["check"].tolist()


def test_intensity_on_a_straight_path():
    """2.5 falls by 20 % to 2.0 in five years: 2.3 in 2022. 2,000 t over 1,000 x 10^4 CNY are 2.0; 2,300 t were allowed."""
    table, found = control(CARBON)
    line = table.iloc[0]
    assert found == [] and list(table.columns) == position.COLUMNS
    assert (line["path_value"], line["target_value"], line["actual"]) == (
        pytest.approx(2.3),
        pytest.approx(2.0),
        pytest.approx(2.0),
    )
    assert line["gap"] == pytest.approx(-0.3) and line["attained"] == 1 and line["target_attained"] == 1
    assert line["allowed_total"] == pytest.approx(2300) and line["output"] == 1e7


def test_total_and_the_ends_of_the_path():
    assert control(TOTAL)[0].iloc[0][["path_value", "actual", "attained"]].tolist() == [960, 900, 1]
    assert control(TOTAL, year=2010)[0].iloc[0]["path_value"] == 1000
    late = control(TOTAL | {"target_value": 800}, year=2030)[0].iloc[0]
    assert (late["path_value"], late["gap"], late["attained"]) == (800, 100, 0) and late["gap_pct"] == 12.5


@pytest.mark.parametrize(
    ("unit", "base", "actual"),
    [("tCO2e/million CNY", 250, 200), ("kgCO2e/CNY", 0.25, 0.2), ("tCO2/万元", 2.5, 2), ("tCO2/10^8 CNY", 25000, 20000)],
)
def test_units_of_a_target(unit, base, actual):
    line = control(CARBON | {"unit": unit, "base_value": base})[0].iloc[0]
    assert line["actual"] == pytest.approx(actual) and line["allowed_total"] == pytest.approx(2300)
    assert control(TOTAL | {"unit": "10^4 tce", "base_value": 0.1, "target_value": 0.09})[0].iloc[0]["actual"] == pytest.approx(
        0.09
    )


def test_non_fossil_power_stays_out_since_2022():
    more = pd.DataFrame({"item": ["cluster_nonfossil_tce"], "value": [150.0], "unit": "tce"})
    cluster = pd.concat([CLUSTER, more])
    line = control(TOTAL, cluster=cluster)[0].iloc[0]
    assert (line["actual"], line["excluded_tce"], line["exclusion_confidence"]) == (750, 150, "remembered")
    assert control(TOTAL, cluster=cluster, year=2021)[0].iloc[0]["actual"] == 900
    assert control(CARBON, cluster=cluster)[0].iloc[0]["actual"] == pytest.approx(2.0), "carbon keeps all of it"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "water"}, "kind"),
        ({"kind": ["energy_total"]}, "kind"),
        ({"base_value": "much"}, "base_value"),
        ({"base_value": 0}, "base_value"),
        ({"base_value": float("nan")}, "base_value"),
        ({"base_value": True}, "base_value"),
        ({"target_year": 2020}, "target_year"),
        ({"target_year": 2025.5}, "target_year"),
        ({"base_year": None}, "base_year"),
        ({"target_value": "low"}, "target_value"),
        ({"target_value": None}, "reduction_pct"),
        ({"target_value": None, "reduction_pct": 101}, "reduction_pct"),
        ({"unit": "kWh/t"}, "unit"),
        ({"unit": "t"}, "unit"),
        ({"unit": "tce/10^4 CNY"}, "unit"),
    ],
)
def test_bad_targets_are_findings_and_the_others_stay(wrong, field):
    table, found = control(TOTAL | wrong, TOTAL)
    assert len(table) == 1 and checks(found) == ["target_invalid"]
    assert found[0]["field"].iloc[0] == f"targets[1].{field}"
    for lang in ("en", "zh"):
        assert field in findings.collect(found, lang)["message"].iloc[0]


@pytest.mark.parametrize("targets", ["none", {"kind": "energy_total"}, 5])
def test_targets_that_are_no_list(targets):
    table, found = position.dual_control(CLUSTER, FIRMS, {"targets": targets}, 2022)
    assert table.empty and checks(found) == ["target_invalid"]
    assert checks(control(7)[1]) == ["target_invalid"]


@pytest.mark.parametrize("meta", [{}, {"targets": None}, {"targets": []}])
def test_no_targets_give_an_empty_table(meta):
    table, found = position.dual_control(CLUSTER, FIRMS, meta, 2022)
    assert table.empty and list(table.columns) == position.COLUMNS and found == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [([None, None], ["target_no_value_added"]), ([0, 0], ["target_no_value_added"]), ([1e7, None], ["target_part_value_added"])],
)
def test_value_added_missing_or_zero(values, expected):
    firms = FIRMS.assign(value_added=pd.Series(values, dtype=float))
    table, found = control(CARBON, firms=firms)
    assert checks(found) == expected and len(table) == 1
    assert table["actual"].isna().all() == (expected == ["target_no_value_added"])
    assert control(CARBON, firms=FIRMS[["enterprise_id"]])[0]["attained"].isna().all()
    assert control(CARBON, cluster=CLUSTER.iloc[:0])[0]["attained"].isna().all()


def budget(**filed):
    return position.carbon_budget({"carbon_budget": {"value_tco2e": 2400, "period": 2022} | filed}, CLUSTER, 2022)


def test_budget_by_month():
    """1,200 of 2,400 t by June: half the budget, 181 of 365 days; at this rate 2,420 t."""
    table, found = budget(executed_tco2e={1: 200, 2: 200, 3: 200, 4: 200, 5: 200, 6: 200})
    line = table.iloc[0]
    assert (line["execution_pct"], line["remaining_tco2e"], line["as_of"], line["status"]) == (50, 1200, "2022-06-30", "within")
    assert line["time_pct"] == pytest.approx(181 / 365 * 100) and line["projected_tco2e"] == pytest.approx(1200 * 365 / 181)
    assert line["projected_gap_tco2e"] == pytest.approx(1200 * 365 / 181 - 2400) and found == []


def test_a_budget_is_the_same_after_json():
    import json

    filed = {"value_tco2e": 2400, "period": {"from": 2022, "to": 2022}, "executed_tco2e": {1: 700, 6: 500}}
    again = json.loads(json.dumps(filed))
    one, other = (position.carbon_budget({"carbon_budget": given}, CLUSTER, 2022)[0] for given in (filed, again))
    pd.testing.assert_frame_equal(one, other)
    assert one.iloc[0]["as_of"] == "2022-06-30"


@pytest.mark.parametrize(
    ("executed", "status"),
    [(1919, "within"), (1920, "alert"), (2279, "alert"), (2280, "alarm"), (2400, "alarm"), (2401, "exceeded")],
)
def test_alerts_at_80_and_95_per_cent(executed, status):
    table, found = budget(executed_tco2e=executed, as_of="2022-06-30")
    assert table.iloc[0]["status"] == status and checks(found) == ([] if status == "within" else ["budget_alert"])


def test_a_year_that_ends_inside_its_budget_raises_no_alarm():
    table, found = budget(executed_tco2e=2300, as_of=datetime.date(2022, 12, 31))
    assert table.iloc[0]["status"] == "within" and found == []
    table, found = budget(executed_tco2e=2000, as_of="2022-11")
    assert table.iloc[0]["status"] == "alert" and found == [], "use runs behind time"


def test_without_a_figure_the_inventory_counts():
    line = budget()[0].iloc[0]
    assert (line["executed_tco2e"], line["time_pct"], line["as_of"]) == (2000, 100, "2022-12-31")
    five = budget(period={"from": 2021, "to": 2025}, executed_tco2e=900, as_of="2022-12-31")[0].iloc[0]
    assert five["time_pct"] == pytest.approx(730 / 1826 * 100) and (five["from"], five["to"]) == ("2021-01-01", "2025-12-31")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"value_tco2e": "big"}, "value_tco2e"),
        ({"value_tco2e": 0}, "value_tco2e"),
        ({"period": "soon"}, "period"),
        ({"period": {"from": 2025, "to": 2021}}, "period"),
        ({"period": None}, "period"),
        ({"executed_tco2e": -1}, "executed_tco2e"),
        ({"executed_tco2e": {13: 5}}, "executed_tco2e"),
        ({"executed_tco2e": {1: "x"}}, "executed_tco2e"),
        ({"executed_tco2e": {}}, "executed_tco2e"),
        ({"executed_tco2e": [1, 2]}, "executed_tco2e"),
        ({"period": 2030}, "executed_tco2e"),
        ({"executed_tco2e": 5, "as_of": "2022-02-30"}, "as_of"),
        ({"executed_tco2e": 5, "as_of": "2022-13"}, "as_of"),
    ],
)
def test_bad_budgets_are_findings(wrong, field):
    table, found = budget(**wrong)
    assert table.empty and checks(found) == ["budget_invalid"] and found[0]["field"].iloc[0] == field


def test_no_budget_and_no_mapping():
    assert position.carbon_budget({}, CLUSTER, 2022)[0].empty
    assert checks(position.carbon_budget({"carbon_budget": 5}, CLUSTER, 2022)[1]) == ["budget_invalid"]


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 1e6), st.floats(0, 1e6), st.integers(1, 30), st.integers(1990, 2060))
def test_the_path_stays_between_base_and_target(base, goal, years, year):
    target = {"kind": "energy_total", "base_year": 2020, "base_value": base, "target_value": goal, "target_year": 2020 + years}
    line = control(target, year=year)[0].iloc[0]
    assert min(base, goal) * (1 - 1e-12) <= line["path_value"] <= max(base, goal) * (1 + 1e-12)
    assert line["attained"] == (line["gap"] <= 0)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3000) | st.floats() | st.text(max_size=6) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(0, 14), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([*TOTAL, "unit", "reduction_pct"]), anything), anything)
def test_nothing_in_cluster_yaml_breaks_dual_control(target, other):
    table, found = position.dual_control(CLUSTER, FIRMS, {"currency": "CNY", "targets": [TOTAL | target, other]}, 2022)
    assert len(table) + sum(len(part) for part in found if (part["check"] == "target_invalid").any()) == 2
    findings.collect(found, "zh")


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(["value_tco2e", "period", "executed_tco2e", "as_of"]), anything))
def test_nothing_in_cluster_yaml_breaks_the_budget(filed):
    table, found = budget(**filed)
    assert len(table) == 1 or checks(found) == ["budget_invalid"]


def test_the_example_park_files_targets_and_a_budget():
    meta = store.read_package(dictionary.DATA.parents[2] / "data" / "clusters" / "example-park").meta
    table, found = position.dual_control(CLUSTER, FIRMS, meta, 2022)
    assert set(table["kind"]) == set(position.KINDS) and found == []
    line = position.carbon_budget(meta, CLUSTER, 2022)[0].iloc[0]
    assert line["time_pct"] == pytest.approx(730 / 1826 * 100) and line["executed_tco2e"] == 1_145_000


def test_kinds_read_items_the_inventory_makes():
    made = inventory.of_cluster(
        pd.DataFrame(columns=[*inventory.COLUMNS]).astype({"tco2e": float, "tce": float, "tco2e_high": float})
    )
    assert {item for item, _, _ in position.KINDS.values()} <= set(made["item"])
