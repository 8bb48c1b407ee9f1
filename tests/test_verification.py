"""The verification chain on the tiny cluster and on every data set: tables add up and do not depend on the order of rows."""

import inspect
import math
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import chain
from workbench import filing, findings, inventory, params, quality, store, verification
from workbench.words import verification as words

CLUSTERS = Path(__file__).parents[1] / "data" / "clusters"
YEARS = {"example-park": 2022, "ohio-metals": 2019, "tangshan-steel": 2021}
EXCHANGES = "exchange_id,year,from_enterprise,to_enterprise,commodity,quantity_sent,quantity_received,unit,tco2_per_unit\n"
FULL = {
    "energy": (
        "enterprise_id,year,unit_id,carrier,flow,quantity,unit,cost,tco2_per_unit,counterparty\n"
        "A,2022,,bituminous,purchase,10000,t,5000000,2,\nA,2022,,electricity,self_generation,3000,MWh,,,\n"
        "A,2022,,heat,self_generation,50000,GJ,,,\nB,2022,,natural_gas,purchase,100,10^4 Nm3,2000000,20,\n"
        "B,2022,,electricity,purchase,2000,MWh,1000000,0.5,A\nB,2022,,heat,purchase,30000,GJ,,0.1,A\n"
        "C,2022,,electricity,purchase,4000,MWh,2000000,0.5,\nC,2022,,diesel,purchase,100,t,700000,3,\nC,2022,,diesel,purchase,100,t,700000,3,\n"
        "C,2021,,electricity,purchase,1000,MWh,,,\nC,2021,,diesel,purchase,500,t,,3,\n"
    ),
    "exchanges": EXCHANGES + "X1,2022,A,B,electricity,2010,2000,MWh,0.5\nX2,2022,A,B,heat,30000,30000,GJ,0.1\n",
    "process": "enterprise_id,year,process,quantity,unit\nB,2022,limestone_use,100,t\n",
    "materials": "enterprise_id,year,material,flow,quantity,unit\nB,2022,quicklime,purchase,50,t\n",
}  # fmt: skip
CASES = ["tiny", "full", *(pytest.param(name, marks=pytest.mark.slow if name == "example-park" else ()) for name in YEARS)]


def examined(package: store.Package, year: int, shuffled: int | None = None) -> SimpleNamespace:
    """The chain in memory, rows of the checked tables in another order if asked for."""
    filed = filing.check(package)
    doubts = quality.check(filed, year)
    filed = filing.apply(filed, doubts)
    tables = filed.tables
    if shuffled is not None:
        tables = {name: table.sample(frac=1, random_state=shuffled) for name, table in tables.items()}
    made = inventory.compile(tables, filed.meta, year)
    intake = findings.collect(filed.findings + doubts)
    settings = params.validate({"cluster": "case", "package": "case", "year": year, "uncertainty_draws": 200})
    result = verification.examine(package, tables, filed.meta, made, intake, settings)
    items = result.tables["cluster"].set_index("item")["value"]
    return SimpleNamespace(result=result, made=made, tables=result.tables, items=items, filed=filed, intake=intake, year=year)


@pytest.fixture(scope="module")
def package(tiny):
    def read(name: str) -> tuple[store.Package, int]:
        if name in YEARS:
            return store.read_package(CLUSTERS / name), YEARS[name]
        return (tiny(**FULL) if name == "full" else tiny()).package, 2022

    return read


@pytest.fixture(scope="module")
def case(package):
    known = {}

    def build(name: str) -> SimpleNamespace:
        if name not in known:
            known[name] = examined(*package(name))
        return known[name]

    return build


@pytest.mark.parametrize("name", CASES)
def test_tables_add_up(case, name):
    got = case(name)
    items, firms, errors = got.items, got.tables["enterprises"], got.tables["misstatements"]
    near = {"rel": 1e-9, "abs": 1e-6}
    for unit in ("tco2e", "tce"):
        total = items[f"cluster_total_{unit}"]
        assert items[f"sum_of_enterprises_{unit}"] - items[f"eliminated_{unit}"] == pytest.approx(total, **near)
        assert firms[f"allocated_{unit}"].sum() == pytest.approx(total, **near)
    assert firms["total_tco2e"].sum() == pytest.approx(items["sum_of_enterprises_tco2e"], **near)
    assert firms["tce"].sum() == pytest.approx(items["sum_of_enterprises_tce"], **near)
    parts = items["of_which_eliminated_at_real_factors_tco2e"] + items["of_which_allocation_adjustment_tco2e"]
    assert parts == pytest.approx(items["eliminated_tco2e"], **near)
    assert (firms["total_low"] <= firms["total_tco2e"]).all() and (firms["total_tco2e"] <= firms["total_high"]).all()
    assert items["cluster_total_low_tco2e"] <= items["cluster_total_tco2e"] <= items["cluster_total_high_tco2e"]
    whole = got.tables["materiality"].set_index("level").loc["cluster"]
    if isinstance(whole, pd.Series):
        gap = whole["filed_tco2e"] - whole["verified_tco2e"]
        assert errors["cluster_misstatement_tco2e"].sum() == pytest.approx(gap, **near)
        assert whole["verified_tco2e"] == pytest.approx(items["cluster_total_tco2e"], **near)


@pytest.mark.parametrize("name", CASES)
def test_upstream_is_a_memo_and_never_part_of_a_total(case, name):
    got = case(name)
    rows, items = got.result.rows, got.items
    assert items["cluster_upstream_tco2e"] > 0
    assert items["cluster_total_tco2e"] == pytest.approx(got.made.rows.query("internal == 0")["tco2e"].sum(), rel=1e-12)
    assert rows["tco2e"].tolist() == got.made.rows["tco2e"].tolist()
    assert items["cluster_direct_tco2e"] + items["cluster_indirect_tco2e"] == pytest.approx(items["cluster_total_tco2e"], rel=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_every_row_names_a_factor_that_is_listed_with_its_reason(case, name):
    got = case(name)
    rows = got.result.rows
    rows = rows[rows["source"] != "medium"]
    used = set(got.made.factors["factor_id"])
    named = {part for text in rows["factor_id"] for part in text.split(";")}
    assert named <= used and "" not in named
    assert (rows["factor_reason"].str.strip() != "").all() and (rows["factor_level"].str.strip() != "").all()
    assert got.made.factors["sha256"].str.fullmatch(r"[0-9a-f]{64}").all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["full", "example-park"])
def test_order_of_rows_and_repetition_change_nothing(case, package, name):
    one, again, mixed = case(name), examined(*package(name)), examined(*package(name), shuffled=7)
    for table, frame in one.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[table], check_exact=True, obj=table)
        assert list(frame.columns) == list(mixed.tables[table].columns)
        numbers = frame.select_dtypes("number").columns
        both = [f[numbers].sum().to_numpy(float) for f in (frame, mixed.tables[table])]
        np.testing.assert_allclose(*both, rtol=1e-9, atol=1e-6, err_msg=table)
    pd.testing.assert_frame_equal(one.result.rows, mixed.result.rows, rtol=1e-9)
    np.testing.assert_allclose(one.items.to_numpy(float), mixed.items.to_numpy(float), rtol=1e-9, equal_nan=True)


def test_another_factor_changes_its_hash_and_the_rows_of_its_carrier_alone(tiny):
    own = "factor_id,carrier,unit,ncv_gj_per_unit,carbon_tc_per_gj,oxidation,source\nown-coal,bituminous,t,21,{carbon},0.96,assay\n"
    energy = "enterprise_id,year,carrier,flow,quantity,unit\nA,2022,bituminous,purchase,100,t\nB,2022,diesel,purchase,10,t\n"
    one, other = (tiny(energy=energy, factors=own.format(carbon=c)).inventory for c in ("0.026", "0.0262"))
    hashes = [made.factors.set_index("carrier")["sha256"] for made in (one, other)]
    assert hashes[0]["bituminous"] != hashes[1]["bituminous"] and hashes[0]["diesel"] == hashes[1]["diesel"]
    rows = [made.rows.set_index("carrier") for made in (one, other)]
    assert rows[0].at["bituminous", "tco2e"] == pytest.approx(100 * 21 * 0.026 * 0.96 * 44 / 12)
    assert rows[1].at["bituminous", "tco2e"] == pytest.approx(100 * 21 * 0.0262 * 0.96 * 44 / 12)
    pd.testing.assert_series_equal(rows[0].loc["diesel"], rows[1].loc["diesel"])


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", CASES)
def test_every_sentence_of_the_verification_is_filled_in(case, name, lang):
    got = case(name)
    t, meta = got.tables, got.filed.meta
    known = {
        "cluster": t["cluster"], "meta": meta, "checked": got.filed.tables, "year": got.year, "lang": lang,
        "equal": inventory.equal_value(meta, got.year), "evidence": t["evidence"], "used": got.made.factors,
        "sellers": t["seller_factors"], "materiality": t["materiality"], "transfers": t["transfers"],
        "ranges": t["uncertainty"], "contributions": t["data_to_improve"], "energy": got.filed.tables["energy"],
        "found": pd.concat([got.intake, got.result.findings]),
    }  # fmt: skip
    own = [f for _, f in inspect.getmembers(words, inspect.isfunction) if f.__module__ == words.__name__]
    public = [f for f in own if not f.__name__.startswith("_")]
    assert len(public) >= 11
    for function in public:
        wanted = inspect.signature(function).parameters
        given = known | ({"found": t} if function is words.reading_summary else {})
        said = function(**{n: given[n] for n in wanted})
        if isinstance(said, pd.DataFrame):
            assert said["value"].map(math.isfinite).all(), function.__name__
        else:
            assert str(said) and not re.search(r"[{}]|\bnan\b", str(said)), function.__name__


@pytest.mark.slow
def test_the_notebooks_run_it_in_the_same_way(case, tmp_path):
    ran = chain.run(CLUSTERS / "example-park", tmp_path, lang="zh")
    other = ran.cluster.set_index("item")["value"]
    exact = [item for item in other.index if not item.startswith(("cluster_total_low", "cluster_total_high"))]
    np.testing.assert_allclose(other[exact].to_numpy(float), case("example-park").items[exact].to_numpy(float), rtol=1e-9)
