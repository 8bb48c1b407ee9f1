"""Benchmarks, peers, intensities and key sources, in numbers a reader can check."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import benchmarks, dictionary, filing, findings, inventory, quality, store, units

GJ = units.GJ_PER_TCE


def rows(*lines) -> pd.DataFrame:
    """Inventory rows from (enterprise, unit, carrier, tce); all of them bought outside."""
    frame = pd.DataFrame(lines, columns=["enterprise_id", "unit_id", "carrier", "tce"])
    return frame.assign(tco2e=frame["tce"] * 2, source="combustion", scope=1, internal=0, energy_gj=frame["tce"] * GJ)


def made(*lines) -> pd.DataFrame:
    """Products from (enterprise, product, quantity, unit, unit_id, benchmark, correction); the last three may be left out."""
    columns = ["enterprise_id", "product", "quantity", "unit", "unit_id", "benchmark", "benchmark_correction"]
    full = [(*line, *["", "", 0.0][len(line) - 4 :]) for line in lines]
    return pd.DataFrame(full, columns=columns).assign(year=2022, month=float("nan"))


def only(inventory_rows, products, indicator=None, units_table=None) -> pd.Series:
    table, _ = benchmarks.positions(inventory_rows, products, 2022, units_table)
    table = table if indicator is None else table[table["indicator"] == indicator]
    assert len(table) == 1, table[["product", "indicator", "reason"]]
    return table.iloc[0]


def test_blast_furnace_between_361_and_435():
    """1 Mt of hot metal with 400,000 tce: 400 kgce/t, 39 above the benchmark, 39,000 tce."""
    line = only(rows(("A", "BF", "coke", 400_000.0)), made(("A", "hot metal", 1e6, "t", "BF", "steel:blast_furnace")))
    assert (line["benchmark_level"], line["baseline_level"]) == (361, 435)
    assert (line["gb_level_1"], line["gb_level_2"], line["gb_level_3"]) == (361, 370, 415)
    assert line["actual"] == pytest.approx(400) and line["position"] == "between" and line["must_act"] == 0
    assert line["potential_tce"] == pytest.approx(39_000) and line["gb_level"] == 3 and line["remembered"] == 0


@pytest.mark.parametrize(
    ("actual", "position", "potential"),
    [(-20, "between", 10_000), (-30, "better", 0), (-35, "better", 0), (-10, "between", 20_000), (-5, "below", 25_000)],
)
def test_converter_is_better_the_more_it_recovers(actual, position, potential):
    """Benchmark -30, baseline -10 kgce/t: -20 lies between, and 1 Mt could save 10,000 tce."""
    line = only(rows(("A", "BOF", "converter_gas", actual * 1000.0)), made(("A", "转炉钢", 1e6, "t", "BOF")))
    assert line["benchmark"] == "steel:converter" and line["position"] == position
    assert line["potential_tce"] == pytest.approx(potential) and line["must_act"] == (position == "below")


@pytest.mark.parametrize(("kwh", "position"), [(13_000, "better"), (13_350, "between"), (13_351, "below")])
def test_molten_aluminium_between_13000_and_13350(kwh, position):
    """100 kt at 13,350 kWh/t: 350 kWh x 100,000 t = 35 GWh = 4,301.5 tce at 0.1229 tce/MWh."""
    power = kwh * 1e5 * 0.0036 / GJ
    table, _ = benchmarks.positions(rows(("A", "", "electricity", power)), made(("A", "电解铝", 1e5, "t")), 2022)
    pots = table[table["indicator"] == "AC power"].iloc[0]
    assert pots["actual"] == pytest.approx(kwh) and pots["position"] == position and pots["whole_site"] == 1
    assert pots["potential_tce"] == pytest.approx(max(0, kwh - 13_000) * 1e5 * 3.6e-3 / GJ)
    whole = table[table["indicator"] == "comprehensive AC power"].iloc[0]
    assert whole["leading"] == 1 and pots["leading"] == 0, "the site's indicator leads where the site is compared"
    assert (whole["reference"], whole["reference_value"], whole["limit_value"]) == ("gb", 13_250, 13_700)


def test_levels_that_were_read_come_before_a_recalled_pair():
    """Clinker: the pair 100/117 is recalled, levels 1 and 3 of GB 16780 were read and say the same."""
    line = only(rows(("A", "", "bituminous", 105.0)), made(("A", "Cement clinker", 1000, "t")), "comprehensive energy")
    assert line["reference"] == "gb" and line["remembered"] == 0
    assert (line["reference_value"], line["limit_value"], line["actual"]) == (100, 117, pytest.approx(105))


def test_a_recalled_benchmark_is_flagged():
    table, found = benchmarks.positions(rows(("A", "", "bituminous", 990.0)), made(("A", "calcium carbide", 1000, "t")), 2022)
    assert table.iloc[0]["remembered"] == 1 and table.iloc[0]["position"] == "below"
    assert set(findings.collect(found)["check"]) == {"benchmark_remembered", "below_baseline"}
    worse = findings.collect(found, "zh").set_index("check").loc["below_baseline"]
    assert "990 kgce/t" in worse["message"] and "940 kgce/t" in worse["message"]


def test_a_correction_comes_before_the_comparison():
    filed = made(("A", "iron", 1e6, "t", "BF", "steel:blast_furnace", -45.0))
    line = only(rows(("A", "BF", "coke", 400_000.0)), filed)
    assert (line["actual_filed"], line["actual"]) == (pytest.approx(400), pytest.approx(355)) and line["position"] == "better"


def test_feedstock_counts_in_the_energy_of_a_product():
    """30,000 tce bought as fuel and power, 10,000 tce of reductant: 800 kgce/t of carbide, not 600."""
    filed = rows(("A", "", "electricity", 30_000.0)).assign(feedstock_gj=10_000 * GJ)
    assert only(filed, made(("A", "电石", 50_000, "t")))["actual"] == pytest.approx(800)


def test_a_unit_takes_its_own_rows_and_those_inside_it():
    energy = rows(("A", "BF", "coke", 350.0), ("A", "STOVE", "blast_furnace_gas", 50.0), ("A", "", "electricity", 999.0))
    park = pd.DataFrame({"unit_id": ["BF", "STOVE", "VALVE"], "parent_unit": ["", "BF", "STOVE"]})
    filed = made(("A", "iron", 1000, "t", "BF", "steel:blast_furnace"), ("A", "slag", 300, "t"))
    table, found = benchmarks.positions(energy, filed, 2022, park)
    assert table.set_index("product").at["iron", "actual"] == pytest.approx(400)
    assert table.set_index("product").at["slag", "reason"] == "no_benchmark"
    assert findings.collect(found)["check"].tolist() == ["benchmark_missing"]
    ring = pd.DataFrame({"unit_id": ["BF", "STOVE"], "parent_unit": ["STOVE", "BF"]})
    assert benchmarks.positions(energy, filed, 2022, ring)[0]["actual"].notna().sum() == 1


@pytest.mark.parametrize(
    ("products", "energy", "reason", "check"),
    [
        ([("A", "电石", 10, "t"), ("A", "黄磷", 5, "t")], 9.0, "several_products", "benchmark_several_products"),
        ([("A", "电石", 10, "pieces")], 9.0, "other_unit", "benchmark_other_unit"),
        ([("A", "电石", 0, "t")], 9.0, "no_output", None),
        ([("A", "电石", 10, "t")], None, "no_energy", "benchmark_no_energy"),
        ([("A", "sausages", 10, "t")], 9.0, "no_benchmark", "benchmark_missing"),
    ],
)
def test_what_cannot_be_compared_says_why(products, energy, reason, check):
    table, found = benchmarks.positions(rows(*([("A", "", "coke", energy)] if energy else [])), made(*products), 2022)
    assert set(table["reason"]) == {reason} and table["actual"].isna().all() and set(table["position"]) == {""}
    assert set(findings.collect(found)["check"]) == ({check} if check else set())


def test_products_of_one_benchmark_share_the_site():
    """Two grades of ferrosilicon in t and kg are one product: 18,000 tce over 10,000 t."""
    filed = made(("A", "ferrosilicon", 6000, "t"), ("A", "ferrosilicon 75", 4e6, "kg", "", "ferroalloy:ferrosilicon", -10.0))
    line = only(rows(("A", "", "coal_industrial", 18_000.0)), filed, "comprehensive energy")
    assert line["output"] == 10_000 and line["product"] == "ferrosilicon; ferrosilicon 75"
    assert line["actual_filed"] == pytest.approx(1800) and line["correction"] == pytest.approx(-4)
    unlike = pd.concat([filed, made(("A", "硅铁", 9, "pieces"))])
    table, _ = benchmarks.positions(rows(("A", "", "coal_industrial", 18_000.0)), unlike, 2022)
    assert set(table["reason"]) == {"several_products", "other_unit"}


def test_litres_of_oil_equivalent_are_energy():
    """Paraxylene is judged in kgoe: 1 kgoe = 41.868 MJ, so 1,000 tce over 1,000 t are 700 kgoe/t."""
    line = only(rows(("A", "", "fuel_oil", 1000.0)), made(("A", "对二甲苯", 1000, "t")))
    assert line["unit"] == "kgoe/t" and line["actual"] == pytest.approx(29_307.6 / 41.868)
    assert line["potential_tce"] == pytest.approx((29_307.6 / 41.868 - 380) * 1000 * 41.868 / 29_307.6)


def test_names_are_matched_without_guessing():
    assert set(benchmarks.match(made(("A", "Molten ALUMINIUM", 1, "t")), 2022)["benchmark"]) == {"aluminium:molten_aluminium"}
    for vague in ("methanol", "caustic soda", "cement", "coke", "steel", "white cement clinker", "熟料", ""):
        assert set(benchmarks.match(made(("A", vague, 1, "t")), 2022)["benchmark"]) == {""}, vague


def test_tables_of_benchmarks_agree():
    known = set(benchmarks.standards()["benchmark"])
    assert known == set(dictionary.codes("benchmarks"))
    words = dictionary.read_table("product_benchmarks")
    assert set(words["benchmark"]) <= known and not words["word"].map(str.casefold).duplicated().any()
    kinds = dictionary.read_table("benchmark_indicators")
    assert set(benchmarks.standards()["indicator"]) == set(kinds["indicator"])
    table = benchmarks.standards()
    pairs = table.dropna(subset=["benchmark_level", "baseline_level"])
    assert len(pairs) > 25 and (pairs["benchmark_level"] < pairs["baseline_level"]).all()


def test_thresholds_have_a_source():
    table = dictionary.read_table("thresholds")
    assert table["name"].is_unique and (table[["unit", "source", "meaning"]] != "").all(axis=None)
    assert set(table["confidence"]) <= {"two_sources", "one_source", "remembered", "derived", "definition"}
    assert dictionary.threshold("key_emitters_share_pct") == 80
    with pytest.raises(KeyError):
        dictionary.threshold("no such threshold")


FIRMS = pd.DataFrame(
    {
        "enterprise_id": list("ABCDEF"),
        "sector": ["steel"] * 5 + ["food"],
        "value_added": [1e6, 1e6, 2e6, 1e6, 1e6, 1e6],
        "area_m2": [float("nan"), 2000, 0, 1000, 1000, 1000],
    }
)


def test_intensities_are_those_that_can_be_filed():
    """B: 20 t over 1 million, 2000 m2 and 5 t of steel; A has no area, C an area of zero."""
    energy = rows(*[(e, "", "coke", 10.0 * (i + 1) / 2) for i, e in enumerate("ABCDEF")])
    table = benchmarks.intensities(energy, FIRMS, made(("B", "steel", 5, "t"), ("C", "x", 1, "t"), ("C", "y", 1, "t")), "CNY")
    mine = table[(table["enterprise_id"] == "B") & (table["numerator"] == "tco2e")].set_index("kind")["value"]
    assert mine.to_dict() == {"area": 10.0, "product": 4.0, "value_added": 20.0}
    assert set(table.loc[table["enterprise_id"] == "A", "kind"]) == {"value_added"}
    assert set(table.loc[table["enterprise_id"] == "C", "kind"]) == {"value_added"}
    assert "tCO2e per million CNY of value added" in set(table["unit"])


def test_percentiles_need_five_peers():
    """Intensities 10, 20, 15, 40, 50 of five steel works: 0, 50, 25, 75, 100; the sixth firm has no peer."""
    energy = rows(*[(e, "", "coke", t / 2) for e, t in zip("ABCDEF", (10.0, 20.0, 30.0, 40.0, 50.0, 60.0), strict=True)])
    table = benchmarks.peers(benchmarks.intensities(energy, FIRMS, made(), "CNY"), FIRMS)
    mine = table[(table["kind"] == "value_added") & (table["numerator"] == "tco2e")].set_index("enterprise_id")
    assert mine["percentile"].dropna().to_dict() == {"A": 0, "B": 50, "C": 25, "D": 75, "E": 100}
    assert mine["peers"].to_dict() == dict.fromkeys("ABCDE", 5) | {"F": 1} and set(mine["least_peers"]) == {5}
    assert mine.at["A", "sector_median"] == 20


def test_key_sources_stop_where_the_share_is_reached():
    energy = rows(
        ("A", "", "coke", 30.0), ("A", "U", "coke", 20.0), ("B", "", "diesel", 30.0), ("C", "", "lpg", 15.0), ("C", "", "wood", 5.0)
    )
    energy = pd.concat([energy, rows(("A", "", "coke_oven_gas", -40.0))])
    table = benchmarks.key_sources(energy)
    assert table["share_pct"].tolist() == [50, 30, 15, 5] and table["key"].tolist() == [1, 1, 0, 0]
    assert benchmarks.key_sources(energy, 100)["key"].sum() == 4
    assert benchmarks.key_sources(energy.iloc[:0]).empty


amounts = st.floats(-1e4, 1e4, allow_nan=False)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["steel:converter", "steel:blast_furnace", "cement:clinker"]), amounts, amounts, st.floats(0.1, 1e6))
def test_potential_is_never_negative_and_positions_are_monotone(code, one, other, output):
    low, high = sorted([one, other])
    filed = made(("A", "x", output, "t", "U", code), ("B", "x", output, "t", "U", code))
    table, _ = benchmarks.positions(rows(("A", "U", "coke", low), ("B", "U", "coke", high)), filed, 2022)
    read = table[table["reason"] == ""]
    assert (read["potential_tce"] >= 0).all()
    order = {"better": 0, "between": 1, "below": 2}
    for _, pair in read.groupby("indicator"):
        if len(pair) == 2:
            first, second = pair.sort_values("enterprise_id").to_dict("records")
            assert order[first["position"]] <= order[second["position"]]
            assert first["potential_tce"] <= second["potential_tce"] * (1 + 1e-12) + 1e-9


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.5, 1e5), min_size=5, max_size=9), st.randoms())
def test_percentiles_do_not_depend_on_order(values, chance):
    ids = [f"E{i}" for i in range(len(values))]
    firms = pd.DataFrame({"enterprise_id": ids, "sector": "one", "value_added": 1e6})
    table = benchmarks.intensities(rows(*[(i, "", "coke", v) for i, v in zip(ids, values, strict=True)]), firms, made(), "CNY")
    shuffled = table.sample(frac=1, random_state=chance.randrange(2**31))
    one = benchmarks.peers(table, firms).set_index(["enterprise_id", "numerator"])["percentile"]
    other = benchmarks.peers(shuffled, firms).set_index(["enterprise_id", "numerator"])["percentile"]
    pd.testing.assert_series_equal(one.sort_index(), other.sort_index())
    assert one.between(0, 100).all()


def test_bad_and_missing_numbers_are_results():
    filed = made(("A", "电石", float("nan"), "t"), ("B", "电石", 10, "no unit"), (None, None, 1, None))
    table, _ = benchmarks.positions(rows(("A", "", "coke", float("nan")), ("B", "", "coke", 1.0)), filed.assign(unit_id=None), 2022)
    assert set(table["reason"]) <= {"no_output", "other_unit", "no_benchmark"} and table["must_act"].sum() == 0
    empty, found = benchmarks.positions(rows(), made(), 2022)
    assert empty.empty and list(empty.columns) == benchmarks.COLUMNS and found == []
    assert benchmarks.peers(benchmarks.intensities(rows(), FIRMS, made(), "CNY"), FIRMS).empty


@pytest.mark.parametrize(("name", "year"), [("ohio-metals", 2019), pytest.param("example-park", 2022, marks=pytest.mark.slow)])
def test_the_clusters_of_the_repository(name, year):
    package = store.read_package(dictionary.DATA.parents[2] / "data" / "clusters" / name)
    filed = filing.check(package)
    filed = filing.apply(filed, quality.check(filed, year))
    made_rows = inventory.compile(filed.tables, filed.meta, year).rows
    table, found = benchmarks.positions(made_rows, filed.tables["products"], year, filed.tables["units"])
    assert set(findings.collect(found)["severity"]) <= {"info", "warning"}
    every = benchmarks.intensities(made_rows, filed.tables["enterprises"], filed.tables["products"], filed.meta["currency"])
    ranked = benchmarks.peers(every, filed.tables["enterprises"])
    if name == "ohio-metals":
        assert set(table["reason"]) == {"no_benchmark"} and ranked["percentile"].notna().sum() > 150
    else:
        assert table.set_index("product").at["calcium carbide", "reason"] == ""
        assert ranked["percentile"].isna().all(), "six firms of six sectors"
    assert benchmarks.key_sources(made_rows)["key"].sum() > 1
