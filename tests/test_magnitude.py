"""The magnitude guard: figures known to be wrong are caught, the library's own pass, and a slip of 10^n never does."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seeds
from workbench import dictionary, factors, filing, findings, library, magnitude, quality
from workbench.magnitude import bands

FUELS, GRID, HEAT = (dictionary.read_table(f"factors/{name}") for name in ("fuels", "grid", "heat"))
# Rows of the library that the guard names, each with the reason why it stays.
KNOWN = {
    ("ncv_coal_equivalent", "cn-f2:lng"): "41.868 GJ/t looks like a carry-over of 10000 kcal/kg; noted in the row",
    ("ncv_coal_equivalent", "ipcc-2006:coal_tar"): "IPCC prints 28.0 GJ/t, the Chinese sets 33.453",
    ("tables_disagree", "cn-f1:coke_oven_gas"): "the three Chinese families give 8.86, 8.58 and 7.64 t; all are kept",
    ("tables_disagree", "cn-f2:coke_oven_gas"): "as above",
    ("tables_disagree", "cn-f3:coke_oven_gas"): "as above",
    ("tables_disagree", "cn-f3:bituminous"): "suspect: carbon 0.02308 repeats the digits of the heating value",
    ("value_of_another_row", "cn-f3:lng"): "suspect: carbon of LPG",
    (
        "jump_between_years",
        "cn-grid:guangxi:2022:average",
    ): "0.5154, then 0.4044: two announcements, both read; neither row gives a reason",
    (
        "jump_between_years",
        "cn-grid:yunnan:2023:average",
    ): "0.1073, then 0.1333: two announcements, both read; neither row gives a reason",
}


def names(found) -> set[str]:
    return set(findings.collect(found)["check"]) if found else set()


def hits(found) -> set[tuple[str, str]]:
    table = findings.collect(found)
    return set(zip(table["check"], table["seen"].str.rsplit(": ", n=1).str[0], strict=True))


def fuel(factor_id="mine", **cells) -> pd.DataFrame:
    """One fuel row in the layout of the library."""
    row = {"factor_id": factor_id, "heating_value_basis": "net", "confidence": "one_source", "unit": "t"} | cells
    return pd.DataFrame([row]).reindex(columns=FUELS.columns, fill_value="")


def grid(*rows) -> pd.DataFrame:
    """Grid rows (region, level, variant, year, tCO2/MWh) of the Chinese set."""
    cells = ["region", "level", "variant", "year", "co2_t_per_mwh"]
    table = pd.DataFrame([dict(zip(cells, row, strict=True)) for row in rows])
    table["factor_id"] = [f"mine:{row[0]}:{row[3]}" for row in rows]
    return table.assign(factor_set="cn", confidence="one_source").reindex(columns=GRID.columns, fill_value="")


def errors(found) -> pd.DataFrame:
    table = findings.collect(found)
    return table[table["severity"] == "error"]


def test_the_library_passes_but_for_the_rows_named():
    found = [part for kind in magnitude.REFERENCES for part in magnitude.check(kind, magnitude.own(kind))]
    assert hits(found) == set(KNOWN)
    assert errors(found).empty


def test_a_finding_names_row_figure_and_band():
    table = grid(("nowhere", "provincial", "average", 2022, 2.5))
    (only,) = findings.collect(magnitude.check_factors(table)).to_dict("records")
    assert only["check"] == "magnitude_band" and only["severity"] == "error"
    assert only["seen"] == "mine:nowhere:2022: 2.5 tCO2/MWh" and only["expected"] == "0.0858–0.988 tCO2/MWh"
    assert "2.5 tCO2/MWh" in only["message"] and only["expected"] in only["what_to_do"]


@pytest.mark.parametrize(
    ("table", "check"),
    [
        (grid(("guangdong", "provincial", "average", 2022, 4.5)), "magnitude_ten"),
        (grid(("nowhere", "provincial", "average", 2022, 4.5)).assign(factor_set="theirs"), "magnitude_band"),
        (grid(("nowhere", "provincial", "average", 2022, 250)), "magnitude_band"),
        (grid(("southwest", "regional", "average", 2023, 250)), "magnitude_thousand"),
        (fuel(carrier="blast_furnace_gas", unit="10^4 m3", co2_t_per_unit="1.57"), "magnitude_band"),
        (fuel(carrier="converter_gas", unit="10^4 m3", co2_t_per_unit="2.20"), "magnitude_band"),
        (fuel(carrier="natural_gas", unit="10^4 Nm3", ncv_gj_per_unit="0.038931"), "magnitude_ten_thousand"),
        (fuel(carrier="coke", ncv_gj_per_unit="28.435", carbon_tc_per_gj="94"), "magnitude_band"),
        (fuel(carrier="coke", ncv_gj_per_unit="28.435", carbon_tc_per_gj="0.094"), "magnitude_band"),
        (fuel(carrier="diesel", ncv_gj_per_unit="42.652", carbon_tc_per_gj="0.202"), "magnitude_ten"),
        (fuel(carrier="diesel", ncv_gj_per_unit="42.652", oxidation="98"), "magnitude_hundred"),
        (fuel(carrier="natural_gas", unit="10^4 Nm3", ncv_gj_per_unit="43.07", carbon_tc_per_gj="0.0189"), "value_of_another_row"),
        (fuel(carrier="natural_gas", unit="10^4 Nm3", ncv_gj_per_unit="43.07", carbon_tc_per_gj="0.0189"), "magnitude_ten"),
        (grid(("central", "regional", "average", 2021, 0.5810)), "value_of_another_row"),
        (grid(("central", "regional", "average", 2022, 0.5354)), "same_value_two_years"),
        (grid(("central", "regional", "average", 2022, 0.5354)), "grid_sources_disagree"),
        (grid(("tibet", "provincial", "average", 2022, 0.2268)), "value_of_another_row"),
        (fuel(carrier="wood", biogenic="1", ncv_gj_per_unit="15.6", co2_t_per_unit="1747.2"), "magnitude_thousand"),
        (fuel(carrier="paper", biogenic="1", ncv_gj_per_unit="1", unit="GJ", co2_t_per_unit="88.9"), "magnitude_band"),
        (fuel(carrier="diesel", co2_t_per_unit="3096"), "magnitude_thousand"),
        (fuel(carrier="diesel", co2_t_per_unit="0.003096"), "magnitude_thousand"),
        (fuel(carrier="diesel", co2_t_per_unit="3096000"), "magnitude_power_of_ten"),
        (fuel(carrier="gasoline", ncv_gj_per_unit="20.934", carbon_tc_per_gj="0.0189"), "ncv_coal_equivalent"),
        (fuel(carrier="diesel", ncv_gj_per_unit="42.652", carbon_tc_per_gj="0.0240", oxidation="0.98"), "tables_disagree"),
        (fuel(carrier="electricity", unit="kWh", co2_t_per_unit="0.5366"), "magnitude_band"),
        (fuel(carrier="steam", unit="GJ", co2_t_per_unit="110"), "magnitude_band"),
    ],
)  # fmt: skip
def test_what_public_tables_got_wrong_is_caught(table, check):
    assert check in names(magnitude.check_factors(table))


@pytest.mark.parametrize(
    "table",
    [
        grid(("guangdong", "provincial", "average", 2022, 0.4403)),
        grid(("nowhere", "provincial", "average", 2022, 0.25)),
        grid(("china", "national", "waste_heat_and_renewable_power", "", 0)),
        fuel(carrier="blast_furnace_gas", unit="10^4 m3", co2_t_per_unit="7.9"),
        fuel(carrier="converter_gas", unit="10^4 Nm3", co2_t_per_unit="15"),
        fuel(carrier="natural_gas", unit="10^4 Nm3", ncv_gj_per_unit="355.44", carbon_tc_per_gj="0.0153", oxidation="0.99"),
        fuel(carrier="natural_gas", unit="Nm3", ncv_gj_per_unit="0.038931", carbon_tc_per_gj="0.0153", oxidation="0.99"),
        fuel(carrier="bituminous", ncv_gj_per_unit="22.1", carbon_tc_per_gj="0.0262", oxidation="0.98"),
        fuel(carrier="diesel", unit="kg", ncv_gj_per_unit="0.042652", co2_t_per_unit="0.003096"),
        fuel(carrier="electricity", unit="kWh", co2_t_per_unit="0.0005366"),
        fuel(carrier="steam", unit="GJ", co2_t_per_unit="0.11"),
        fuel(carrier="waste_heat", unit="GJ", co2_t_per_unit="0"),
    ],
)
def test_right_figures_pass(table):
    assert names(magnitude.check_factors(table)) == set()


def test_kilowatt_hours_beside_megawatt_hours():
    """A set of its own, unknown to the library: the provinces betray the regions."""
    provinces = [(f"p{n}", "provincial", "average", 2022, 0.5 + n / 100) for n in range(5)]
    regions = [(f"r{n}", "provincial", "average", 2022, 0.00052) for n in range(2)]
    table = grid(*provinces, *regions).assign(factor_set="theirs")
    found = findings.collect(magnitude.check_factors(table))
    assert {(c, s[:7]) for c, s in zip(found["check"], found["seen"], strict=True)} == {
        ("magnitude_thousand", "mine:r0"), ("magnitude_thousand", "mine:r1"),
    }  # fmt: skip


def test_residual_mix_below_the_location_based_factor_with_a_jump():
    location = [("x", "subregion", "average", year, 0.45) for year in (2018, 2019)]
    residual = [("x", "subregion", "residual_mix", 2018, 0.50), ("x", "subregion", "residual_mix", 2019, 0.30)]
    found = names(magnitude.check_factors(grid(*location, *residual).assign(factor_set="theirs")))
    assert found == {"residual_mix", "jump_between_years", "same_value_two_years"}


def test_chinese_residual_mix_is_checked_against_the_library():
    low = grid(("china", "national", "average_excluding_market_traded_nonfossil", 2023, 0.52))
    assert "residual_mix" in names(magnitude.check_factors(low))
    fine = grid(("china", "national", "average_excluding_market_traded_nonfossil", 2023, 0.6096))
    assert names(magnitude.check_factors(fine)) == set()


@pytest.mark.parametrize(
    ("carrier", "unit", "kgce", "caught"),
    [("diesel", "kg", 14.571, True), ("diesel", "kg", 1.4571, False), ("electricity", "kWh", 1.229, True),
     ("heat", "GJ", 34.12, False), ("natural_gas", "Nm3", 0.133, True), ("electricity_equal_value", "kWh", 0.3055, False)],
)  # fmt: skip
def test_coal_equivalents_that_slip_by_ten(carrier, unit, kgce, caught):
    table = pd.DataFrame({"carrier": [carrier], "kgce_per_unit": [kgce], "unit": [unit], "edition": ["mine"]})
    assert bool(names(magnitude.check_factors(table))) == caught


@pytest.mark.parametrize(
    ("cells", "caught"),
    [
        ({"carrier": "electricity", "unit": "kWh", "value": 0.7}, set()),
        ({"carrier": "electricity", "unit": "MWh", "value": 700}, set()),
        ({"carrier": "electricity", "unit": "kWh", "value": 700}, {"magnitude_thousand"}),
        ({"carrier": "bituminous", "unit": "t", "value": 62}, {"magnitude_ten"}),
        ({"carrier": "gasoline", "unit": "t", "value": 9e9}, set()),
    ],
)
def test_prices(cells, caught):
    table = pd.DataFrame([{"price_id": "mine", "country": "CN", "currency": "CNY"} | cells])
    assert names(magnitude.check_prices(table)) == caught


def test_intensities_of_an_inventory():
    rows = pd.DataFrame(
        {"enterprise_id": "A", "carrier": ["bituminous", "bituminous", "blast_furnace_gas", "electricity", "coke", "diesel"],
         "tce": [10.0, 10.0, -1.0, 1.0, 0.0, None], "tco2e": [26.5, 2.6, -7.5, 500.0, 3.0, 3.0]}
    )  # fmt: skip
    found = findings.collect(magnitude.check_intensities(rows))
    assert list(zip(found["check"], found["row"], strict=True)) == [("magnitude_band", "1")]


def test_process_factor_against_the_same_process():
    row = {"factor_id": "mine", "process": "clinker", "gas": "CO2", "unit": "t", "value_unit": "tCO2/t"}
    assert names(magnitude.check_factors(pd.DataFrame([row | {"value": 535}]))) == {"magnitude_thousand"}
    assert names(magnitude.check_factors(pd.DataFrame([row | {"value": 0.52}]))) == set()


TRUSTED = ("one_source", "two_sources")
COLUMNS = {
    "fuel": ("ncv_gj_per_unit", "carbon_tc_per_gj", "oxidation", "co2_t_per_unit", "gj_per_physical_unit"),
    "electricity": ("co2_t_per_mwh",), "heat": ("co2_t_per_gj",), "gwp": ("value",), "process": ("value",),
}  # fmt: skip


def applies(kind: str, column: str, table: pd.DataFrame) -> pd.Series:
    """Rows where a column says something: a heating value per GJ is 1 by definition, physical units serve only rows per GJ."""
    value = pd.to_numeric(table[column].replace("", None))
    use = table["confidence"].isin(TRUSTED) & value.notna() & (value != 0)
    if kind == "fuel" and column in ("ncv_gj_per_unit", "gj_per_physical_unit"):
        use &= (table["unit"] == "GJ") == (column == "gj_per_physical_unit")
    return use


POWERS = (-4, -3, -2, -1, 1, 2, 3, 4)


@pytest.mark.parametrize(("kind", "column"), [(kind, column) for kind, columns in COLUMNS.items() for column in columns])
def test_every_trusted_row_times_a_power_of_ten_is_caught(kind, column):
    table = magnitude.own(kind)
    table = table[applies(kind, column, table)]
    value = pd.to_numeric(table[column])
    slips = [table.assign(**{column: value * 10.0**power}).set_axis(table.index * 10 + POWERS.index(power)) for power in POWERS]
    wrong = pd.concat(slips).assign(confidence="suspect")  # so that they are no peers of each other
    assert set(wrong.index.astype(str)) - set(errors(magnitude.check(kind, wrong))["row"]) == set()


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_a_slip_is_caught_where_the_library_does_not_hold_the_row(data):
    kind = data.draw(st.sampled_from(["fuel", "electricity", "heat"]))
    column = data.draw(st.sampled_from(COLUMNS[kind]))
    table = magnitude.own(kind)
    line = data.draw(st.sampled_from(list(table.index[applies(kind, column, table)])))
    power = data.draw(st.sampled_from(POWERS))
    row, others = table.loc[[line]], table.drop(index=line)
    assert errors(magnitude.check(kind, row, others)).empty
    assert not errors(magnitude.check(kind, row.assign(**{column: float(row[column].iat[0]) * 10.0**power}), others)).empty


def test_bands_are_in_order_sourced_and_unique():
    table = bands.table()
    assert (table["low"] <= table["high"]).all() and (table[["source", "confidence"]] != "").all().all()
    assert not table.duplicated(["kind", "item", "quantity", "unit"]).any()
    assert set(table["confidence"]) <= {"one_source", "two_sources", "remembered", "derived", "definition"}
    known = {*dictionary.carriers().index, *dictionary.carriers()["family"], ""}
    assert set(table.loc[table["kind"] == "fuel", "item"]) <= known


@pytest.mark.parametrize("kind", sorted(magnitude.REFERENCES))
@pytest.mark.parametrize("junk", seeds.first(3, ["", "abc", "1e300", "-1", "0", "nan"]))
def test_bad_tables_give_findings_not_tracebacks(kind, junk):
    table = magnitude.own(kind).head(2)
    names = table.columns.difference(["unit", "carrier"])
    findings.collect(magnitude.check(kind, table.assign(**dict.fromkeys(names, junk))), "zh")
    findings.collect(magnitude.check(kind, table.assign(unit=junk)))
    assert magnitude.check(kind, table.head(0)) == []


def test_a_table_of_no_known_layout_is_said():
    assert names(magnitude.check_factors(pd.DataFrame({"a": [1]}))) == {"missing_column"}


def test_inputs_are_left_alone():
    table, kept = magnitude.own("electricity"), magnitude.own("electricity")
    magnitude.check("electricity", table)
    pd.testing.assert_frame_equal(table, kept)


def test_own_table(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "carrier,unit,heating_value_basis,ncv_gj_per_unit,carbon_tc_per_gj,oxidation,co2_t_per_unit\n"
        "diesel,t,net,42.652,0.0202,0.98,\ncoke,t,net,28.435,94,0.93,\nmoonshine,t,net,20,0.02,0.98,\ndiesel,barrels,net,42,,,3\n"
        "electricity,kWh,,,,,0.57\n",
        encoding="utf-8",
    )
    found = findings.collect(magnitude.check_own(factors.own_table(path)))
    assert set(zip(found["check"], found["row"], strict=True)) == {
        ("magnitude_band", "3"), ("unknown_code", "4"), ("unknown_unit", "5"), ("magnitude_band", "6"),
    }  # fmt: skip


def filed(tiny, lines: str, head: str = "enterprise_id,year,carrier,flow,quantity,unit,cost,ncv,carbon_content,tco2_per_unit"):
    case = tiny(energy=f"{head}\n{lines}")
    checked = filing.check(case.package)
    return findings.collect(quality.check(checked, 2022))


GUARD = ("filed_outside_band", "price_band", "price_per_energy", "magnitude_thousand", "magnitude_ten", "magnitude_band")


@pytest.mark.parametrize(
    ("line", "check", "severity"),
    [
        ("A,2022,bituminous,purchase,10,t,,12,,", "filed_outside_band", "warning"),
        ("A,2022,bituminous,purchase,10,t,,22,,", None, None),
        ("A,2022,diesel,purchase,10,t,,,0.0360,", "filed_outside_band", "warning"),
        ("A,2022,electricity,purchase,10,kWh,,,,0.5978", "magnitude_thousand", "error"),
        ("A,2022,electricity,purchase,10,MWh,,,,0.5978", None, None),
        ("A,2022,electricity,purchase,10,MWh,,,,0", None, None),
        ("A,2022,electricity,purchase,10,MWh,,,,3", "filed_outside_band", "warning"),
        ("A,2022,heat,purchase,10,GJ,,,,110", "magnitude_thousand", "error"),
        ("A,2022,steam,purchase,10,t,,2.6793,,0.307", None, None),
        ("A,2022,steam,purchase,10,t,,2.6793,,307", "magnitude_thousand", "error"),
        ("A,2022,coke,purchase,10,t,200,,,", "price_band", "warning"),
        ("A,2022,coke,purchase,10,t,20000,,,", None, None),
    ],
)
def test_filed_values_run_through_the_guard(tiny, line, check, severity):
    found = filed(tiny, line)
    ours = found[found["check"].isin(GUARD)]
    assert list(ours["check"]) == ([check] if check else [])
    assert check is None or (
        ours["severity"].iat[0] == severity and ours["enterprise_id"].iat[0] == "A" and ours["row"].iat[0] == "2"
    )


def test_a_fuel_that_few_buy_is_held_against_the_others(tiny):
    others = "".join(f"A,2022,diesel,purchase,10,t,{80000 + n},,,\n" for n in range(3))
    found = filed(tiny, others + "A,2022,lpg,purchase,10,t,60000000,,,")
    assert list(found.loc[found["check"].isin(GUARD), "check"]) == ["price_per_energy"]


def test_exchanges_and_process_factors_run_through_the_guard(tiny):
    exchanges = (
        "exchange_id,year,from_enterprise,to_enterprise,commodity,quantity_sent,quantity_received,unit,ncv,tco2_per_unit\n"
        "X1,2022,A,B,electricity,10,10,kWh,,0.5978\nX2,2022,A,B,steam,10,10,t,2.6793,0.307\nX3,2022,A,B,diesel,10,10,t,80,\n"
    )
    process = "enterprise_id,year,process,quantity,unit,tco2_per_unit\nA,2022,clinker,10,t,535\nB,2022,clinker,10,t,0.52\n"
    head = "enterprise_id,year,carrier,flow,quantity,unit\n"
    case = tiny(energy=head + "A,2022,electricity,purchase,1,MWh\n", exchanges=exchanges, process=process)
    found = findings.collect(quality.check(filing.check(case.package), 2022))
    ours = found[found["check"].isin(GUARD)]
    assert set(ours[["check", "table", "row", "enterprise_id", "field"]].itertuples(index=False, name=None)) == {
        ("magnitude_thousand", "exchanges", "2", "A", "tco2_per_unit"),
        ("filed_outside_band", "exchanges", "4", "A", "ncv"),
        ("magnitude_thousand", "process", "2", "A", "tco2_per_unit"),
    }


def test_library_and_guard_name_the_same_rows():
    ids = set(library.search("coke_oven_gas cn-f1 fuel")["factor_id"])
    assert hits(magnitude.check_library("fuel", ids)) == {("tables_disagree", "cn-f1:coke_oven_gas")}
