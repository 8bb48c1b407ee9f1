"""Broken packages go through the notebooks of intake and inventory: tables and findings, no traceback."""

import io
import json
import math
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import broken
import chain
from conftest import META, TABLES
from workbench import corrections, dictionary, errors, factors, inventory, position, quality, store, verification

PARK = chain.ROOT / "data" / "clusters" / "example-park"


def base(name: str) -> tuple[dict, broken.Tables]:
    if name == "tiny":
        return META, {table: pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False) for table, text in TABLES.items()}
    files = {table: PARK / f"{table}.csv" for table in dictionary.names()}
    read = {table: pd.read_csv(file, dtype=str, keep_default_na=False) for table, file in files.items() if file.is_file()}
    return yaml.safe_load((PARK / "cluster.yaml").read_text(encoding="utf-8")), read


def write(case: broken.Case, folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "cluster.yaml").write_text(yaml.dump(case.meta, allow_unicode=True), encoding="utf-8")
    for name, table in case.tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def survive(case: broken.Case, folder: Path, lang: str = "en", **how) -> object:
    """Run the chain with warnings as errors; totals are numbers, no table holds an endless one, no text of the filer is markup."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ran = chain.run(write(case, folder / "package"), folder / "run", lang=lang, **how)
    told = json.dumps(case.done, ensure_ascii=False)
    for name, table in ran.results.items():
        numbers = table.select_dtypes("number").to_numpy(float, na_value=np.nan)
        assert not np.isinf(numbers).any(), (name, told)
    items = ran.cluster.set_index("item")["value"].drop("cluster_tce_equal")
    assert items.map(math.isfinite).all(), (items[~items.map(math.isfinite)].to_dict(), told)
    for thing in ran.shown:
        html = thing._repr_html_()
        assert "<script" not in html, told
        if type(thing).__name__ == "Prose" and "hostile" not in told and "renamed" not in told and "meta" not in told:
            assert not re.search(r"\{[a-z_]+\}|\bnan\b", html), (html, told)
    return ran


SOME = {
    broken.no_table,
    broken.odd_size,
    broken.hostile_text,
    broken.exchanges,
    broken.no_meta,
}
WAYS = [pytest.param(way, id=way.__name__, marks=[] if way in SOME else pytest.mark.slow) for way in broken.WAYS]


@pytest.mark.parametrize("way", WAYS)
def test_each_way_alone(way, tmp_path):
    survive(broken.damage(*base("tiny"), seed=2, ways=(way,)), tmp_path, "zh")


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(6))
def test_cluster_yaml_of_wrong_types(turn, tmp_path):
    meta, tables = base("tiny")
    for n, part in enumerate((0, 4)):
        odd = {name: values[(turn + part * 3) % len(values)] for name, values in broken.META.items()}
        survive(broken.Case(meta | odd, tables, ["meta"]), tmp_path / str(n), ("en", "zh")[n])


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**31), st.lists(st.sampled_from(broken.WAYS), min_size=2, max_size=4, unique=True))
def test_combinations(tmp_path_factory, seed, ways):
    survive(broken.damage(*base("tiny"), seed=seed, ways=tuple(ways)), tmp_path_factory.mktemp("broken"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_damaged_park(seed, tmp_path):
    survive(broken.damage(*base("park"), seed), tmp_path, ("en", "zh")[seed % 2])


AIMS = (
    {"objective": "annual_cost", "reduction_pct": 5.0},
    {"objective": "capex", "reduction_pct": 3.0},
    {"objective": "npv_cost", "reduction_pct": 5.0, "horizon_year": 2026, "target_year": 2025},
    {"objective": "emissions", "capital_limit": 2e6},
    {"objective": "weighted", "objective_weights": {"annual_cost": 1.0, "emissions": 50.0}, "reduction_pct": 5.0},
)


FAR = [broken.no_table, broken.lost_column, broken.another_year, broken.all_zero, broken.only_required]
FAR_SEEDS = [*((broken.WAYS.index(way), (way,)) for way in FAR), (109, None)]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "ways"), FAR_SEEDS, ids=[*(way.__name__ for way in FAR), "combined"])
def test_from_a_damaged_package_to_the_report(seed, ways, tmp_path):
    """Nobody, nothing emitted or nothing to choose from are results in every notebook, whatever is made least."""
    case, aim = broken.damage(*base("tiny"), seed=seed, ways=ways), AIMS[seed % len(AIMS)]
    survive(case, tmp_path, ("en", "zh")[seed % 2], notebooks=chain.ALL, front_points=4, time_limit_s=10.0, **aim)


def test_a_number_that_nothing_on_earth_reaches_is_a_finding(energy):
    case = energy("A,2022,,,diesel,purchase,1e300,t,,,,,3,,", "B,2022,,,diesel,purchase,10,t,,1e-300,,,3,,")
    found = pd.concat(case.filed.findings).query("check == 'out_of_range'").set_index("enterprise_id")
    assert found["effect"].to_dict() == {"A": "row_set_aside", "B": "value_ignored"}
    assert case.items["cluster_total_tco2e"] == pytest.approx(30)
    read = corrections.as_filed(case.package, case.checked.tables, "energy")
    assert math.isnan(read.at[2, "quantity"]) and math.isnan(read.at[3, "ncv"])


@pytest.mark.parametrize(("value", "read"), [(0, True), (1e20, True), (-1e20, True), (1.1e20, False), (1e-21, False)])
def test_which_numbers_are_conceivable(value, read):
    assert dictionary.conceivable(pd.Series([value])).tolist() == [read]


def test_codes_of_cluster_yaml_are_read_as_text(tiny):
    odd = {"country": "china ", "currency": ["CNY"], "grid_region": None, "gwp_set": "ar99", "factor_set": 5}
    filed = tiny(meta=odd).filed
    assert {name: filed.meta[name] for name in odd} == {
        "country": "CN", "currency": "", "grid_region": "", "gwp_set": "ar5", "factor_set": "5",
    }  # fmt: skip
    fields = pd.concat(filed.findings).query("check == 'cluster_field'")["field"].tolist()
    assert {"currency", "grid_region", "gwp_set"} <= set(fields)


def test_an_unknown_gwp_set_leaves_no_total_without_a_number(tiny):
    energy = "enterprise_id,year,carrier,flow,quantity,unit\nA,2022,natural_gas,purchase,10,10^4 Nm3\n"
    rubbish, usual = (tiny(energy=energy, meta={"gwp_set": g, "factor_set": "ipcc-2006"}) for g in ("x", "ar5"))
    totals = [inventory.of_cluster(inventory.compile(c.checked.tables, c.filed.meta, 2022).rows) for c in (rubbish, usual)]
    pd.testing.assert_frame_equal(*totals)


def test_yaml_that_holds_itself_or_has_odd_keys_is_refused_in_one_line(tmp_path):
    for text in ("a: &x [*x]\n", "2022-01-01: 5\n", "? [1, 2]\n: 3\n"):
        (tmp_path / "cluster.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(errors.PackageError, match="cluster.yaml"):
            store.read_package(tmp_path)


@pytest.mark.parametrize("stated", ["x", 5, [1], {"x": 1}, {5: 5}, {"heat_efficiency_pct": "x"}, {"heat_efficiency_pct": 900}])
def test_odd_parameters_of_the_split_are_findings(stated):
    good, found = verification.chp_parameters(stated, "efficiency")
    assert good == {} and [part["check"].iat[0] for part in found] == ["cluster_field"]
    assert verification.chp_parameters({"heat_efficiency_pct": 88}, "efficiency") == ({"heat_efficiency_pct": 88}, [])
    assert verification.chp_parameters(None, "energy") == ({}, [])


def test_targets_and_budgets_beyond_measure_are_findings():
    target = {"kind": "carbon_total", "base_year": 2020, "base_value": 1e300, "target_value": 1, "target_year": 2025}
    items = pd.DataFrame({"item": ["cluster_total_tco2e"], "value": [5.0], "unit": ["tCO2e"]})
    table, found = position.dual_control(items, pd.DataFrame({"enterprise_id": []}), {"targets": [target]}, 2022)
    assert table.empty and found[0]["check"].iat[0] == "target_invalid"
    for value in (1e300, 1e-300):
        table, found = position.carbon_budget({"carbon_budget": {"value_tco2e": value, "period": 2022}}, items, 2022)
        assert table.empty and found[0]["check"].iat[0] == "budget_invalid"


def test_colder_than_water_is_no_heat_of_steam(energy):
    case = energy("A,2022,,,steam,purchase,100,t,,,,,,,h=50 kJ/kg", "B,2022,,,steam,purchase,100,t,,,,,,,")
    heat = case.inventory.rows.groupby("enterprise_id")["energy_gj"].sum()
    assert heat["A"] == pytest.approx(heat["B"]) and heat["A"] > 0


def test_what_cancels_leaves_nothing_in_any_order(energy):
    parts = [(flow, n) for flow in ("purchase", "non_energy_use") for n in (1, 2, 7)]
    lines = [f"A,2022,,,coke,{flow},{n / 10},t,,,,,,,{n}" for flow, n in parts]
    assert energy(*lines).inventory.rows["activity"].tolist() == [0.0]


def test_own_table_without_numbers_is_read(tiny):
    table = factors.own_table(pd.DataFrame({"carrier": ["diesel"], "co2_t_per_unit": [float("nan")], "source": [float("nan")]}))
    assert table.at[0, "factor_id"] == "own-table:diesel" and math.isnan(table.at[0, "co2_t_per_unit"])


def test_many_ignored_values_are_taken_out_at_once(energy):
    lines = [f"A,2022,,,bituminous,purchase,{n + 1},t,,0.02,,,,," for n in range(200)]
    case = energy(*lines)
    assert case.checked.tables["energy"]["ncv"].isna().all() and case.filed.tables["energy"]["ncv"].notna().all()
    assert "ncv_band" not in {name for part in quality.check(case.checked, 2022) for name in part["check"]}
