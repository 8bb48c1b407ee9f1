"""Heat and power: the split of fuel, the seller's real factors, and totals that stay what they are whatever the factors."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import chp, dictionary, filing, findings, inventory, quality, store, wording
from workbench.errors import ParameterError

COAL = "A,2022,,,bituminous,purchase,10000,t,,24,,,2,,"
GAS = "B,2022,,,natural_gas,purchase,100,10^4 Nm3,,,,,21.62,,"
MADE = "A,2022,,,heat,self_generation,100000,GJ,,,,,,,"
POWER = "A,2022,,,electricity,self_generation,18518.5185185,MWh,,,,,,,"  # 66,667 GJ: the other 40 % of the useful energy
EXCHANGES = "exchange_id,year,from_enterprise,to_enterprise,commodity,quantity_sent,quantity_received,unit,tco2_per_unit\n"
HEAT = EXCHANGES + "X1,2022,A,B,heat,100000,100000,GJ,{}\n"
UNITS = (
    "unit_id,enterprise_id,name,kind\nU1,A,Boiler one,boiler\nU2,A,Furnace,kiln\nU3,A,Turbine,turbine\nU4,A,Roof,photovoltaics\n"
)


def real(case, method="energy", meta=None):
    made = case.inventory
    equipment = case.checked.tables["units"]
    factors, found = chp.seller_factors(made.rows, made.ledger, equipment, made.settled, meta or {}, method)
    return factors.set_index(["enterprise_id", "carrier"]), findings.collect(found)


def views(case, factors):
    flows = chp.allocation(case.inventory.settled, factors.reset_index(), case.inventory.rows)
    kept = chp.allocated(case.inventory.rows, flows).set_index("enterprise_id")
    return flows, kept, chp.bridge(case.inventory.rows, flows).set_index("item")["value"]


# ---------------------------------------------------------------- split


def test_energy_method_by_hand():
    """100 GJ of fuel, 10 t, 60 GJ of heat and 20 GJ of power: three quarters are heat."""
    parted = chp.split(10, 100, 60, 20, "energy")
    assert (parted.heat_share, parted.power_share) == (0.75, 0.25)
    assert (parted.heat_tco2e, parted.power_tco2e, parted.heat_fuel_gj, parted.power_fuel_gj) == (7.5, 2.5, 75, 25)


def test_efficiency_method_of_the_ghg_protocol():
    """64 GJ of heat at 80 % are 80 GJ of fuel, 7 GJ of power at 35 % are 20: four fifths are heat."""
    assert chp.split(10, 100, 64, 7, "efficiency").heat_share == pytest.approx(0.8)


def test_exergy_method_by_the_published_example():
    """Efficiency of power 0.3, of heat 0.5, Carnot factor 0.3: power takes 0.3 / 0.45 = 0.667 (deflex, exergy_method)."""
    ambient = 0.7 * (100 + 273.15) - 273.15  # so that 1 - T0/T is 0.3 at 100 degC
    parted = chp.split(1, 1, 0.5, 0.3, "exergy", heat_temperature_c=100, ambient_temperature_c=ambient)
    assert parted.power_share == pytest.approx(2 / 3)
    assert not parted.findings


def test_heat_first_by_hand():
    """40 GJ of heat need 50 GJ in a boiler of 80 %: half of the fuel; power takes the other half."""
    assert chp.split(10, 100, 40, 30, "heat_first", boiler_efficiency_pct=80).heat_share == 0.5


def test_heat_first_never_takes_more_than_all():
    parted = chp.split(10, 100, 90, 5, "heat_first", boiler_efficiency_pct=80)
    assert (parted.heat_share, parted.power_share, parted.heat_tco2e) == (1, 0, 10)
    found = findings.collect(parted.findings)
    assert found["check"].tolist() == ["chp_heat_clipped"]
    assert "112.5" in found["message"].iat[0] and "100" in found["message"].iat[0]


def test_heat_no_warmer_than_outdoors_has_no_exergy():
    parted = chp.split(10, 100, 90, 5, "exergy", heat_temperature_c=10, ambient_temperature_c=20)
    assert parted.heat_share == 0
    assert [f["check"].iat[0] for f in parted.findings] == ["chp_cold_heat"]


def test_recalled_temperatures_are_said_and_stated_ones_are_not():
    assert {f["check"].iat[0] for f in chp.split(1, 1, 1, 1, "exergy").findings} == {"factor_remembered"}
    assert not chp.split(1, 1, 1, 1, "exergy", heat_temperature_c=150, ambient_temperature_c=15).findings
    for method in ("energy", "efficiency", "heat_first"):
        assert not chp.split(1, 9, 1, 1, method).findings


size = st.one_of(st.floats(0, 1e9), st.sampled_from([0.0, -5.0, float("nan"), float("inf"), None]))


@settings(max_examples=20, deadline=None)
@given(size, size, size, st.sampled_from(chp.METHODS))
def test_shares_are_fractions_that_sum_to_one(fuel, heat, power, method):
    parted = chp.split(7.0, fuel, heat, power, method)
    useful = [v for v in (heat, power) if v is not None and math.isfinite(v) and v > 0]
    if not useful:
        assert math.isnan(parted.heat_share)
        assert [f["check"].iat[0] for f in parted.findings] == ["chp_no_output"]
        return
    assert 0 <= parted.heat_share <= 1
    assert parted.heat_share + parted.power_share == 1
    assert parted.heat_tco2e + parted.power_tco2e == pytest.approx(7)
    assert math.isnan(parted.heat_fuel_gj) == (fuel is None or not math.isfinite(fuel))


@pytest.mark.parametrize("method", chp.METHODS)
def test_the_only_output_takes_all(method):
    assert chp.split(10, 100, 50, 0, method).heat_share == 1
    assert chp.split(10, 100, 0, 50, method).power_share == 1


@pytest.mark.parametrize(
    ("method", "values", "said"),
    [
        ("by_price", {}, "choose one of"),
        ("energy", {"price": 1.0}, "knows no price"),
        ("efficiency", {"heat_efficiency_pct": 0}, "heat_efficiency_pct"),
        ("exergy", {"ambient_temperature_c": -300}, "ambient_temperature_c"),
        ("heat_first", {"boiler_efficiency_pct": "high"}, "boiler_efficiency_pct"),
    ],
)
def test_misuse_is_told_in_one_line(method, values, said):
    with pytest.raises(ParameterError, match=said):
        chp.split(1, 1, 1, 1, method, **values)


def test_references_are_sourced_and_serve_a_method():
    table = dictionary.read_table("chp_references")
    assert table["reference"].is_unique
    assert set(table["method"]) <= set(chp.METHODS)
    assert (table["source"] != "").all()
    assert set(table["confidence"]) <= {"two_sources", "one_source", "remembered", "derived"}


# ---------------------------------------------------------------- the seller's factor


def test_plant_that_sells_sixty_percent_of_its_useful_energy(energy):
    """20,000 t burnt, 60 % of the output handed to B, who burns 2,162 t: naive 34,162 - eliminated 12,000 = cluster 22,162."""
    case = energy(COAL, GAS, MADE, POWER, exchanges=HEAT.format(0.12))
    factors, found = real(case)
    assert factors.loc[("A", "heat"), "factor_tco2e_per_unit"] == pytest.approx(0.12)
    assert factors.loc[("A", "heat"), "factor_gj_per_gj"] == pytest.approx(240_000 * 0.6 / 100_000)
    assert found.empty
    flows, kept, bridge = views(case, factors)
    assert flows["real_tco2e"].tolist() == pytest.approx([12000])
    assert kept["guideline_tco2e"].to_dict() == pytest.approx({"A": 20000, "B": 14162})
    assert kept["allocated_tco2e"].to_dict() == pytest.approx({"A": 8000, "B": 14162})
    assert bridge.tolist() == pytest.approx([34162, 12000, 0, 22162], abs=1e-6)


def test_difference_to_the_default_factor_is_the_allocation_adjustment(energy):
    """B counts its heat at the default 0.11 t/GJ: 11,000 t; the seller's real factor makes them 12,000."""
    case = energy(COAL, GAS, MADE, POWER, exchanges=HEAT.format(""))
    factors, _ = real(case)
    flows, kept, bridge = views(case, factors)
    assert flows["adjustment_tco2e"].tolist() == pytest.approx([-1000])
    assert kept["allocated_tco2e"].to_dict() == pytest.approx({"A": 8000, "B": 14162})
    assert bridge.tolist() == pytest.approx([33162, 12000, -1000, 22162])


def test_a_giver_that_deducts_its_sales_is_adjusted_too(energy):
    """Both sides at 0.11: the sum of enterprises is the cluster total before and after, and so is the bridge."""
    sale = "A,2022,,,heat,sale,100000,GJ,,,,,,B,"
    case = energy(COAL, GAS, MADE, POWER, sale, exchanges=HEAT.format(""))
    flows, kept, bridge = views(case, real(case)[0])
    assert flows[["tco2e", "deducted_tco2e", "real_tco2e", "deducted_real_tco2e"]].iloc[0].tolist() == pytest.approx(
        [11000, 11000, 12000, 12000]
    )
    assert kept["allocated_tco2e"].to_dict() == pytest.approx({"A": 8000, "B": 14162})
    assert bridge.tolist() == pytest.approx([22162, 0, 0, 22162])


@pytest.mark.parametrize(("method", "per_gj"), [("efficiency", 0.0792), ("heat_first", 0.104166667)])
def test_method_moves_the_factor(energy, method, per_gj):
    """125,000 GJ of 240,000 at a boiler of 80 %; 125,000 beside 190,476 GJ of separate production."""
    case = energy(COAL, GAS, MADE, POWER, exchanges=HEAT.format(""))
    factors, _ = real(case, method)
    assert factors.loc[("A", "heat"), "factor_tco2e_per_unit"] == pytest.approx(per_gj, rel=1e-3)
    assert factors["tco2e"].sum() < 20000  # power is not handed over: its part stays with the plant
    assert views(case, factors)[1]["allocated_tco2e"].sum() == pytest.approx(22162)


def test_the_cluster_states_parameters_of_the_method(energy):
    case = energy(COAL, GAS, MADE, POWER, exchanges=HEAT.format(""))
    factors, found = real(case, "heat_first", {"chp": {"boiler_efficiency_pct": 50}})
    assert factors.loc[("A", "heat"), "tco2e"] == pytest.approx(20000 * 200_000 / 240_000)


def test_fuel_of_the_generating_units_only(energy):
    case = energy(
        "A,2022,,,bituminous,purchase,12000,t,,24,,,2,,",
        "A,2022,,U1,bituminous,consumption,10000,t,,24,,,2,,",
        "A,2022,,U2,bituminous,consumption,2000,t,,24,,,2,,",
        MADE.replace("2022,,,", "2022,,U3,"),
        GAS,
        exchanges=HEAT.format(""),
        units=UNITS,
    )
    row = real(case)[0].loc[("A", "heat")]
    assert (row["tco2e"], row["basis"]) == (pytest.approx(20000), "units")


def test_site_fuel_less_that_of_other_units(energy):
    case = energy(
        "A,2022,,,bituminous,purchase,12000,t,,24,,,2,,",
        "A,2022,,U2,bituminous,consumption,2000,t,,24,,,2,,",
        MADE,
        GAS,
        exchanges=HEAT.format(""),
        units=UNITS,
    )
    row = real(case)[0].loc[("A", "heat")]
    assert (row["tco2e"], row["basis"]) == (pytest.approx(20000), "site")


def test_power_of_a_roof_carries_no_fuel(energy):
    """A's boiler burns for itself; what A sells comes from its roof."""
    roof = "A,2022,,U4,electricity,self_generation,1000,MWh,,,,,,,"
    case = energy(COAL, GAS, roof, "A,2022,,,electricity,sale,400,MWh,,,,,,grid,", units=UNITS)
    row = real(case)[0].loc[("A", "electricity")]
    assert (row["net_output"], row["factor_tco2e_per_unit"], row["basis"]) == (pytest.approx(1000), 0, "recovered")


def test_factor_filed_with_the_output_is_kept(energy):
    own = "A,2022,,,electricity,self_generation,1000,MWh,,,,,0.3,,"
    case = energy(COAL, GAS, own, "A,2022,,,electricity,sale,400,MWh,,,,,,grid,")
    row = real(case)[0].loc[("A", "electricity")]
    assert (row["factor_tco2e_per_unit"], row["basis"]) == (pytest.approx(0.3), "self_generation")


def test_what_a_seller_keeps_takes_its_part_and_has_no_row(energy):
    """A sells power and keeps its heat, C sells heat: A's heat still carries 60 % of A's fuel."""
    sold = "A,2022,,,electricity,sale,400,MWh,,,,,,grid,"
    heat = "C,2022,,,heat,sale,10,GJ,,,,,0.1,laundry,"
    factors, found = real(energy(COAL, GAS, MADE, POWER, sold, heat))
    assert factors.index.tolist() == [("A", "electricity"), ("C", "heat")]
    assert factors.loc[("A", "electricity"), "tco2e"] == pytest.approx(8000)
    assert factors.loc[("C", "heat"), "factor_tco2e_per_unit"] == pytest.approx(0.1)
    assert found["check"].tolist() == ["chp_no_output"]


def test_power_bought_and_handed_on_keeps_its_factor(energy):
    bought = "A,2022,,,electricity,purchase,1000,MWh,,,,,0.5,,"
    sold = "A,2022,,,electricity,sale,400,MWh,,,,,0.7,B,"
    case = energy(bought, sold, GAS)
    factors, found = real(case)
    row = factors.loc[("A", "electricity")]
    assert (row["factor_tco2e_per_unit"], row["basis"]) == (pytest.approx(0.5), "purchased")
    assert found.empty


def test_unknown_output_falls_back_to_what_is_counted(energy):
    case = energy(COAL, GAS, exchanges=HEAT.format(0.12))
    factors, found = real(case)
    assert factors.loc[("A", "heat"), "basis"] == "as_counted"
    assert factors.loc[("A", "heat"), "factor_tco2e_per_unit"] == pytest.approx(0.12)
    assert found["check"].tolist() == ["chp_no_output"]
    flows, kept, bridge = views(case, factors)
    assert bridge.tolist() == pytest.approx([34162, 12000, 0, 22162], abs=1e-6)
    assert kept["allocated_tco2e"].to_dict() == pytest.approx({"A": 8000, "B": 14162})


def test_unknown_fuel_falls_back_to_what_is_counted(energy):
    case = energy(GAS, MADE, exchanges=HEAT.format(0.12))
    factors, found = real(case)
    assert factors.loc[("A", "heat"), "basis"] == "as_counted"
    assert found["check"].tolist() == ["chp_no_fuel"]
    assert views(case, factors)[1].loc["A", "allocated_tco2e"] == pytest.approx(-12000)


def test_output_smaller_than_what_was_handed_over(energy):
    case = energy(COAL, GAS, MADE.replace("100000", "50000"), exchanges=HEAT.format(""))
    factors, found = real(case)
    assert factors.loc[("A", "heat"), "net_output"] == pytest.approx(100000)
    assert "chp_output_short" in set(found["check"])


def test_sold_heat_without_output_beside_filed_power(energy):
    case = energy(COAL, GAS, POWER, exchanges=HEAT.format(""))
    factors, found = real(case)
    assert factors.loc[("A", "heat"), "factor_tco2e_per_unit"] == pytest.approx(0.12)
    assert found["check"].tolist() == ["chp_output_sold"]


def test_a_flow_that_only_a_ledger_knows(energy):
    case = energy(COAL, GAS, MADE, POWER, "B,2022,,,heat,purchase,100000,GJ,,,,,0.11,A,")
    assert case.inventory.settled.empty
    made = case.inventory
    sold = pd.DataFrame({"from_enterprise": ["A"], "commodity": ["heat"], "energy_gj": [1e5], "tco2e": [1.1e4]})
    factors, _ = chp.seller_factors(made.rows, made.ledger, case.checked.tables["units"], sold, {}, "energy")
    flows = chp.allocation(made.settled, factors, made.rows)
    assert flows[["exchange_id", "real_tco2e", "adjustment_tco2e"]].iloc[0].tolist() == [
        "",
        pytest.approx(12000),
        pytest.approx(-1000),
    ]


def test_nothing_handed_over(energy):
    case = energy(COAL, GAS)
    factors, found = real(case)
    assert factors.empty and list(factors.reset_index()) == chp.FACTOR_COLUMNS and found.empty
    flows, kept, bridge = views(case, factors)
    assert flows.empty and list(flows) == chp.FLOW_COLUMNS
    assert kept["allocated_tco2e"].to_dict() == pytest.approx({"A": 20000, "B": 2162})
    assert bridge.tolist() == pytest.approx([22162, 0, 0, 22162])


def test_empty_tables():
    rows = pd.DataFrame(
        columns=[
            "enterprise_id",
            "unit_id",
            "source",
            "carrier",
            "counterparty",
            "activity",
            "activity_unit",
            "energy_gj",
            "tce",
            "tco2e",
            "internal",
        ]
    )
    ledger = pd.DataFrame(columns=["enterprise_id", "unit_id", "carrier", "flow", "tco2_per_unit", "energy_gj", "tco2e"])
    equipment = pd.DataFrame(columns=["enterprise_id", "unit_id", "kind"])
    settled = pd.DataFrame(
        columns=["exchange_id", "from_enterprise", "to_enterprise", "commodity", "activity", "activity_unit", "energy_gj", "tco2e"]
    )
    factors, found = chp.seller_factors(rows, ledger, equipment, settled, {}, "energy")
    assert factors.empty and not found
    for given_rows in (None, rows):
        flows = chp.allocation(settled, factors, given_rows)
        assert flows.empty
        assert chp.allocated(rows, flows).empty
    assert chp.bridge(rows, flows)["value"].tolist() == [0, 0, 0, 0]


# ---------------------------------------------------------------- any cluster

names = st.sampled_from(["A", "B", "C", "D"])
amount = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, float("nan")]))
line = st.tuples(names, names, st.sampled_from(["steam", "electricity", "coke", "waste_heat"]), amount, amount, st.integers(0, 2))
factor = st.tuples(names, st.sampled_from(["steam", "electricity"]), amount, amount)


@settings(max_examples=20, deadline=None)
@given(st.lists(line, max_size=12), st.lists(factor, max_size=6))
def test_allocated_sums_to_the_cluster_for_any_flows(lines, known):
    """Cycles, self-loops, negative nets, missing quantities and factors: the sum over enterprises is the cluster total."""
    kinds = {"steam": "heat", "waste_heat": "heat", "electricity": "electricity"}
    table = []
    for who, other, carrier, energy_gj, tco2e, how in lines:
        sold = "fuel_handed_on" if carrier == "coke" else f"sold_{kinds[carrier]}"
        source = sold if how == 2 else "combustion" if carrier == "coke" else f"purchased_{kinds[carrier]}"
        table.append(
            (who, "", source, carrier, other if how else "", energy_gj, "GJ", energy_gj, energy_gj / 29.3076, tco2e, int(how > 0))
        )
    columns = [
        "enterprise_id",
        "unit_id",
        "source",
        "carrier",
        "counterparty",
        "activity",
        "activity_unit",
        "energy_gj",
        "tce",
        "tco2e",
        "internal",
    ]
    rows = pd.DataFrame(table, columns=columns)
    factors = pd.DataFrame(known, columns=["enterprise_id", "carrier", "factor_tco2e_per_unit", "factor_gj_per_gj"])
    factors = factors.drop_duplicates(["enterprise_id", "carrier"]).assign(basis="units")
    settled = pd.DataFrame(
        columns=["exchange_id", "from_enterprise", "to_enterprise", "commodity", "activity", "activity_unit", "energy_gj", "tco2e"]
    )
    flows = chp.allocation(settled, factors, rows)
    kept = chp.allocated(rows, flows)
    for quantity in ("tco2e", "tce"):
        total = np.nansum(rows.loc[rows["internal"] == 0, quantity].to_numpy(dtype=float))
        scale = 1 + flows[f"real_{quantity}"].abs().sum() + rows[quantity].abs().sum()
        assert abs(kept[f"allocated_{quantity}"].sum() - total) <= 1e-9 * scale
    steps = chp.bridge(rows, flows)["value"]
    assert steps[0] - steps[1] - steps[2] == pytest.approx(steps[3], abs=1e-6 * (1 + flows["real_tco2e"].abs().sum()))


def test_every_method_and_basis_has_words():
    for lang in wording.LANGUAGES:
        assert all(wording.text(f"chp.method.{method}", lang) for method in chp.METHODS)
        for basis in ("units", "site", "self_generation", "recovered", "purchased", "as_counted"):
            assert wording.text(f"chp.basis.{basis}", lang)


@pytest.mark.slow
def test_factors_of_the_example_park():
    """The park's README: the energy method gives 0.307 t per tonne of steam (2.6793 GJ) and 0.4125 t/MWh."""
    park = Path(__file__).parents[1] / "data" / "clusters" / "example-park"
    filed = filing.check(store.read_package(park))
    checked = filing.apply(filed, quality.check(filed, 2022))
    made = inventory.compile(checked.tables, checked.meta, 2022)
    factors, _ = chp.seller_factors(made.rows, made.ledger, checked.tables["units"], made.settled, checked.meta, "energy")
    per = factors.set_index(["enterprise_id", "carrier"])["factor_tco2e_per_unit"]
    assert per["E01", "steam"] * 2.6793 == pytest.approx(0.307, rel=0.01)
    assert per["E01", "electricity"] == pytest.approx(0.4125, rel=0.01)
    flows = chp.allocation(made.settled, factors, made.rows)
    kept = chp.allocated(made.rows, flows)
    assert kept["allocated_tco2e"].sum() == pytest.approx(made.rows.loc[made.rows["internal"] == 0, "tco2e"].sum())
