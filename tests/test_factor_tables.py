"""The factor tables: identity, source, and figures that can be checked by hand."""

import csv
from pathlib import Path
from statistics import median_low

import pytest

import workbench

DATA = Path(workbench.__file__).parent / "data"
KEYS = {
    "factors/fuels": ["factor_id"],
    "factors/grid": ["factor_id"],
    "factors/heat": ["factor_id"],
    "factors/process": ["factor_id"],
    "factors/gwp": ["gwp_set", "gas"],
    "coal_equivalent": ["carrier", "edition"],
    "prices": ["price_id"],
    "lifetimes": ["measure_class"],
    "benchmarks": ["benchmark_id"],
}
CONFIDENCE = {"one_source", "two_sources", "remembered", "suspect", "derived", "definition"}
CHAPTERS = {"2": ("2.1", "2.2", "2.3", "2.4"), "3": ("2.5", "2.6", "2.7", "2.8", "2.9"), "4": ("2.6",), "5": ("2.6",)}
TC_TO_CO2 = 44 / 12
GJ_PER_MMBTU, KG_PER_LB, GJ_PER_TCE = 1.055056, 0.45359237, 29.3076


def table(name):
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


FUELS = {row["factor_id"]: row for row in table("factors/fuels")}
GRID = {row["factor_id"]: row for row in table("factors/grid")}


def parts(row):
    return tuple(float(row[name]) for name in ("ncv_gj_per_unit", "carbon_tc_per_gj", "oxidation"))


def co2(factor_id):
    ncv, carbon, oxidation = parts(FUELS[factor_id])
    return ncv * carbon * oxidation * TC_TO_CO2


@pytest.mark.parametrize("name", KEYS)
def test_rows_are_unique_sorted_and_sourced(name):
    rows = table(name)
    keys = [tuple(row[column] for column in KEYS[name]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert keys == sorted(keys)
    assert all(None not in row and row["source"].strip() and row["confidence"] in CONFIDENCE for row in rows)


@pytest.mark.parametrize("name", KEYS)
def test_files_are_plain_utf8(name):
    text = (DATA / f"{name}.csv").read_bytes()
    assert b"\r" not in text and not text.startswith(b"\xef\xbb\xbf")
    text.decode("utf-8")


def test_a_set_holds_a_carrier_once():
    pairs = [(row["factor_set"], row["carrier"]) for row in FUELS.values()]
    assert len(set(pairs)) == len(pairs)


def test_carriers_and_units_are_those_of_the_data_list():
    carriers = {row["carrier"] for row in table("carriers")}
    units = {row["unit"] for row in table("units")}
    for row in [*FUELS.values(), *table("factors/heat"), *table("prices")]:
        assert row["carrier"] in carriers and row["unit"] in units
    assert all(row["unit"] in units for row in table("factors/process"))
    assert all(not row["physical_unit"] or row["physical_unit"] in units for row in FUELS.values())


@pytest.mark.parametrize(
    "factor_id, expected, tolerance",
    [
        ("cn-f1:diesel", 3.0959, 5e-5),
        ("cn-f1:natural_gas", 21.6219, 5e-5),
        ("cn-f1:blast_furnace_gas", 8.4811, 5e-5),
        ("cn-f1:converter_gas", 15.124, 5e-4),
        ("cn-f4:anthracite", 1.924, 5e-4),
        ("cn-f4:coke", 2.862, 5e-4),
    ],
)
def test_printed_products_come_back_from_the_parts(factor_id, expected, tolerance):
    assert co2(factor_id) == pytest.approx(expected, abs=tolerance)


def test_column_for_reading_equals_the_parts():
    rows = [row for row in FUELS.values() if row["carbon_tc_per_gj"]]
    assert {row["factor_set"] for row in rows} == {f"cn-f{n}" for n in range(1, 6)}
    for row in rows:
        assert float(row["co2_t_per_unit"]) == pytest.approx(co2(row["factor_id"]), rel=6e-6), row["factor_id"]


def test_oxidation_is_a_fraction_and_carbon_in_tonnes_per_gj():
    for row in FUELS.values():
        if row["carbon_tc_per_gj"]:
            _, carbon, oxidation = parts(row)
            assert 0.8 < oxidation <= 1 and 0.01 < carbon < 0.08, row["factor_id"]


@pytest.mark.parametrize(
    "carrier, kg_per_mmbtu, gj_per_unit",
    [
        ("natural_gas", 53.06, 0.001026 * GJ_PER_MMBTU),
        ("fuel_oil", 75.10, 0.150 * GJ_PER_MMBTU),
        ("coal_industrial", 94.67, 22.35 * GJ_PER_MMBTU),
        ("wood", 93.80, 17.48 * GJ_PER_MMBTU),
    ],
)
def test_us_fuels_give_the_printed_figure_back(carrier, kg_per_mmbtu, gj_per_unit):
    row = FUELS[f"us-epa:{carrier}"]
    assert float(row["co2_t_per_unit"]) * GJ_PER_MMBTU * 1000 == pytest.approx(kg_per_mmbtu, rel=1e-10)
    assert float(row["gj_per_physical_unit"]) == pytest.approx(gj_per_unit, rel=1e-10)


def test_us_natural_gas_other_gases():
    row = FUELS["us-epa:natural_gas"]
    assert float(row["ch4_kg_per_unit"]) * GJ_PER_MMBTU == pytest.approx(0.001)
    assert float(row["n2o_kg_per_unit"]) * GJ_PER_MMBTU == pytest.approx(0.0001)


def test_every_iac_stream_has_a_fuel():
    streams = "natural_gas lpg kerosene diesel fuel_oil_no4 fuel_oil coal_industrial wood paper other_gas other_energy"
    assert all(f"us-epa:{carrier}" in FUELS for carrier in streams.split())


def test_ipcc_diesel_and_natural_gas():
    assert float(FUELS["ipcc-2006:diesel"]["co2_t_per_unit"]) == pytest.approx(43.0 * 74.1 / 1000)
    assert float(FUELS["ipcc-2006:natural_gas"]["ch4_kg_per_unit"]) == pytest.approx(48.0 * 1 / 1000)


def test_biogenic_fuels():
    assert {key for key, row in FUELS.items() if row["biogenic"] == "1"} == {"us-epa:wood", "us-epa:paper", "ipcc-2006:wood"}


def test_known_wrong_rows_are_marked():
    suspect = {key for key, row in FUELS.items() if row["confidence"] == "suspect"}
    assert {"cn-f3:bituminous", "cn-f3:lng"} <= suspect
    assert all(FUELS[key]["note"] for key in suspect)


def test_statistical_coal_equivalent_agrees_with_the_heating_value():
    kgce = {row["carrier"]: (float(row["kgce_per_unit"]), row["unit"]) for row in table("coal_equivalent")}
    for carrier in "coke crude fuel_oil gasoline diesel kerosene lng lpg coal_tar crude_benzol natural_gas".split():
        ncv = float(FUELS[f"cn-f1:{carrier}"]["ncv_gj_per_unit"])
        value, unit = kgce[carrier]
        tce_per_unit = value * (10 if unit == "Nm3" else 1)
        assert ncv / GJ_PER_TCE == pytest.approx(tce_per_unit, rel=0.002), carrier


def test_carbon_per_energy_jumps_only_where_physics_says():
    for row in FUELS.values():
        if row["ncv_gj_per_unit"] and row["confidence"] not in ("suspect", "remembered"):
            per_gj = float(row["co2_t_per_unit"]) / float(row["ncv_gj_per_unit"])
            low, high = {"blast_furnace_gas": (0.24, 0.27), "converter_gas": (0.17, 0.19), "carbide_furnace_gas": (0.13, 0.15)}.get(
                row["carrier"], (0.04, 0.115)
            )
            assert low < per_gj < high, row["factor_id"]
    assert co2("cn-f1:blast_furnace_gas") / 33 == pytest.approx(0.257, abs=5e-4)


def test_ohio_grid_from_the_printed_pounds():
    row = GRID["us-epa-grid:rfcw:2019:average"]
    assert float(row["co2_t_per_mwh"]) == pytest.approx(1067.7 * KG_PER_LB / 1000, rel=1e-10)
    assert float(row["ch4_kg_per_mwh"]) == pytest.approx(0.099 * KG_PER_LB, rel=1e-10)
    assert float(row["n2o_kg_per_mwh"]) == pytest.approx(0.014 * KG_PER_LB, rel=1e-10)


def test_grid_factors_are_per_mwh():
    assert all(0 <= float(row["co2_t_per_mwh"]) <= 1.3 for row in GRID.values())


def test_grid_is_complete_and_unique_for_the_key_used():
    keys = [(row["factor_set"], row["region"], row["year"], row["variant"]) for row in GRID.values()]
    assert len(set(keys)) == len(keys)
    for year in ("2021", "2022", "2023"):
        assert sum(row["level"] == "provincial" and row["year"] == year for row in GRID.values()) == 30
    assert sum(row["level"] == "subregion" and row["variant"] == "average" for row in GRID.values()) == 27
    assert not any(row["region"] == "tibet" for row in GRID.values())


def test_a_province_moves_by_less_than_a_third_in_a_year():
    averages = {
        (row["region"], int(row["year"])): float(row["co2_t_per_mwh"])
        for row in GRID.values()
        if row["factor_set"] == "cn" and row["variant"] == "average"
    }
    for (region, year), value in averages.items():
        if (region, year + 1) in averages:
            assert abs(averages[region, year + 1] / value - 1) < 1 / 3, (region, year)


def test_heat_defaults():
    heat = {row["factor_id"]: float(row["co2_t_per_gj"]) for row in table("factors/heat")}
    assert heat["cn-heat:steam:default"] == 0.11
    assert heat["cn-heat:heat:waste_heat"] == 0
    assert heat["us-epa-heat:steam:default"] * GJ_PER_MMBTU * 1000 == pytest.approx(66.33)


def test_process_signs_and_gases():
    rows = {row["process"]: row for row in table("factors/process")}
    value = {code: float(row["value"]) for code, row in rows.items() if row["value"]}
    assert set(rows) - set(value) == {"ammonia", "material_carbon_input", "material_carbon_product", "material_carbon_residue"}
    assert value["clinker"] == 0.535 and value["pig_iron_input"] == 0.172 and value["direct_tco2e"] == 1
    assert all(
        (number < 0) == (code.endswith("_product") or code.startswith(("raw_meal_", "recovered_")))
        for code, number in value.items()
    )
    assert value["soda_ash_use"] == pytest.approx(44.01 / 105.99, rel=2e-3)
    assert value["calcium_carbonate_use"] == pytest.approx(44.01 / 100.09, rel=2e-3)
    gases = {row["gas"] for row in table("factors/gwp")} | {"CO2e"}
    assert {row["gas"] for row in rows.values()} <= gases


def test_gwp_sets():
    gwp = {(row["gwp_set"], row["gas"]): float(row["value"]) for row in table("factors/gwp")}
    assert [gwp[s, "CH4"] for s in ("sar", "ar4", "ar5", "ar5-ccf", "ar6", "cn-guideline")] == [21, 25, 28, 34, 27.9, 21]
    assert all(gwp[s, "CO2"] == 1 for s in ("sar", "ar4", "ar5", "ar5-ccf", "ar6", "cn-guideline"))
    assert ("cn-guideline", "NF3") not in gwp
    assert gwp["ar4", "R-410A"] == pytest.approx((gwp["ar4", "HFC32"] + gwp["ar4", "HFC125"]) / 2)


def test_default_lifetimes_are_lower_medians_of_cited_rows_under_the_ceiling():
    rows = table("lifetimes")
    ceiling = next(float(row["lifetime_years"]) for row in rows if row["measure_class"] == "any_measure")
    cited = [row for row in rows if row["confidence"] in ("one_source", "two_sources")]
    assert all(0 < float(row["lifetime_years"]) <= 40 and row["basis"] for row in rows)
    for row in rows:
        chapters = CHAPTERS.get(row["iac_arc_prefix"])
        if chapters:
            pool = [
                float(c["lifetime_years"])
                for c in cited
                if c["iac_arc_prefix"][:3] in chapters and (not row["carrier"] or c["carrier"] in (row["carrier"], ""))
            ]
            assert float(row["lifetime_years"]) == min(median_low(pool), ceiling), row["measure_class"]


def test_an_energy_class_and_carrier_has_one_default():
    keys = [(row["iac_arc_prefix"], row["carrier"]) for row in table("lifetimes")]
    assert len(set(keys)) == len(keys)


def test_prices_have_a_value_or_a_band():
    for row in table("prices"):
        assert row["value"] or (float(row["low"]) < float(row["high"])), row["price_id"]


def test_benchmarks_are_ordered():
    for row in table("benchmarks"):
        levels = [float(row[name]) for name in ("gb_level_1", "gb_level_2", "gb_level_3") if row[name]]
        policy = [float(row[name]) for name in ("benchmark_level", "baseline_level") if row[name]]
        assert levels == sorted(levels) and policy == sorted(policy) and (levels or policy), row["benchmark_id"]
