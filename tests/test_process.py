"""Process emissions: equations against hand sums and published figures, assays in every state, what must hold for any table."""

from __future__ import annotations

import inspect
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import dictionary, factors, findings, process
from workbench.process import assays, equations

FEW = settings(max_examples=6, deadline=None)
GUIDELINE = {"gwp_set": "cn-guideline"}
TABLE = dictionary.read_table("factors/process").set_index("process")
share = st.floats(0, 100)
tonnes = st.floats(0.001, 1e7)


def filed(name: str, *lines: str) -> pd.DataFrame:
    """A table of the data list from a few lines, typed as a checked filing is."""
    heads = {
        "process": "enterprise_id,year,month,unit_id,process,quantity,unit,tco2_per_unit",
        "assays": "enterprise_id,year,unit_id,process,parameter,value,unit",
    }
    words = dict.fromkeys(["enterprise_id", "unit_id", "process", "parameter", "unit"], str)
    table = pd.read_csv(io.StringIO("\n".join([heads[name], *lines])), dtype=words, keep_default_na=False, na_values=[""])
    return table.assign(row=range(2, 2 + len(table)))


def run(lines: list[str], measured: list[str] | None = None, meta=GUIDELINE):
    """(rows, factors used, worded findings) of 2022."""
    rows, used, found = process.emissions(
        filed("process", *lines), meta, 2022, None if measured is None else filed("assays", *measured)
    )
    return rows, used, findings.collect(found)


def one(code: str, quantity: float, unit: str = "t", meta=GUIDELINE, **parameters: float) -> float:
    """tCO2e of one process row with an assay."""
    rows, _, found = run([f"A,2022,,,{code},{quantity},{unit},"], [f"A,2022,,{code},{k},{v}," for k, v in parameters.items()], meta)
    assert set(found["check"]) <= {"factor_remembered"}, found[["check", "message"]]
    return rows["tco2e"].sum()


# --- equations -------------------------------------------------------------------------------------------------------


def test_clinker_by_assay():
    assert equations.clinker_by_assay(100, 100, 0) == pytest.approx(100 * 44 / 56)
    assert equations.clinker_by_assay(100, 0, 100) == pytest.approx(110)
    assert equations.clinker_by_assay(1, 65, 1.5) == pytest.approx(0.527, abs=5e-4)
    assert equations.clinker_by_assay(1, 64.6, 0) == pytest.approx(0.507, abs=1e-3)  # IPCC tier 1
    assert equations.clinker_by_assay(1000, 66, 3, 10, 1) == pytest.approx(1000 * (0.56 * 44 / 56 + 0.02 * 1.1))


def test_clinker_by_factor_with_substitute_raw_meal():
    """1000 t x 0.535 - 50 t carbide slag x 0.48 - 20 t steel slag x 0.215 = 506.7."""
    assert equations.clinker_by_factor(1000, 0.535, 50 * 0.48 + 20 * 0.215) == pytest.approx(506.7)
    rows, _, _ = run(["A,2022,,,clinker,1000,t,", "A,2022,,,raw_meal_carbide_slag,50,t,", "A,2022,,,raw_meal_steel_slag,20,t,"])
    assert rows["tco2e"].sum() == pytest.approx(506.7)


def test_lime_by_assay():
    assert equations.lime_by_assay(1, 100, 0) == pytest.approx(float(TABLE.at["lime", "value"]), abs=1e-3)
    assert equations.lime_by_assay(100, 56, 40) == pytest.approx(100 * (0.44 + 0.44))
    assert equations.lime_by_assay(100, 56, 40, 2) == pytest.approx(88 * 1.02)


def test_carbonates():
    assert equations.carbonate(1000, 95, 0.44) == pytest.approx(418)
    assert equations.carbonate(1000, 95, 0.44, 90) == pytest.approx(376.2)


def test_steel_works_of_2020():
    """518.43 + 63.53 + 29.10 - 4.80 = 606.26 (10^4 t), a verified report; processes and product carbon are ours."""
    net = equations.steel_works(60, 3, 0.53, 4.80)
    assert 518.43 + net + 29.10 == pytest.approx(606.26)
    rows, _, _ = run(["A,2022,,,limestone_use,1270600,t,0.5", "A,2022,,,crude_steel_product,1200000,t,-0.04"])
    assert rows["tco2e"].sum() / 1e4 == pytest.approx(63.53 - 4.80)
    assert rows.loc[rows["product_carbon"] == 0, "tco2e"].sum() / 1e4 == pytest.approx(63.53)
    assert rows.loc[rows["product_carbon"] == 1, "tco2e"].sum() / 1e4 == pytest.approx(-4.80)


def test_steel_works_row_by_row_is_the_balance():
    """Limestone 44 + dolomite 47.1 + electrode 36.63 + pig iron 1.72 + scrap 3.7 - steel 3.7 - tar 26.99 - benzol 33.82."""
    bought = ["limestone_use,100", "dolomite_use,100", "electrode,10", "pig_iron_input,10", "scrap_steel_input,100"]
    sold = ["crude_steel_product,100", "coal_tar_product,10", "crude_benzol_product,10"]
    rows, _, _ = run([f"A,2022,,,{line},t," for line in bought + sold])
    expected = equations.steel_works(44 + 47.1, 36.63, 1.72 + 3.7, 3.7 + 26.99 + 33.82)
    assert rows["tco2e"].sum() == pytest.approx(expected) == pytest.approx(68.64)
    assert (rows.loc[rows["product_carbon"] == 1, "tco2e"] < 0).all()


def test_measured_carbon_of_pig_iron():
    """4.2 % C x 44/12 = 0.154 in place of 0.172, in and out alike."""
    assert one("pig_iron_input", 1000, carbon_pct=4.2) == pytest.approx(154)
    assert one("pig_iron_product", 1000, carbon_pct=4.2) == pytest.approx(-154)
    assert one("electrode", 10, carbon_pct=99.9) == pytest.approx(36.63)


def test_chemical_plant_is_its_carbon_balance():
    """(80 - 50 - 12 - 3) tC x 44/12 = 55 tCO2, by the equation and row by row."""
    assert equations.carbon_balance(80, 50, 12, 3) == pytest.approx(55)
    lines = ["input,100", "product,100", "residue,10"]
    measured = [
        f"A,2022,,material_carbon_{line}"
        for line in ("input,carbon_pct,80,%", "product,carbon_pct,62,%", "residue,carbon_pct,30,%")
    ]
    rows, _, found = run([f"A,2022,,,material_carbon_{line},t," for line in lines], measured)
    assert rows["tco2e"].sum() == pytest.approx(55) and found.empty
    assert rows.set_index("process")["product_carbon"].to_dict() == {
        "material_carbon_input": 0,
        "material_carbon_product": 1,
        "material_carbon_residue": 0,
    }


def test_anode_gives_the_printed_factor():
    assert equations.anode(1, 0.411, 2, 0.4) == pytest.approx(1.470832, abs=1e-9)
    assert one("aluminium_anode", 1000) == pytest.approx(1470.832)
    assert one("aluminium_anode", 1000, anode_t_per_t=0.4) == pytest.approx(1000 * 0.4 * 0.976 * 44 / 12)


def test_anode_effects():
    """Default 0.02 kg CF4 and 0.0011 kg C2F6 per t; 0.1 minute a cell-day makes 0.143 x 0.1 kg CF4, a tenth of it C2F6."""
    assert one("aluminium_cf4", 1e6) == pytest.approx(20 * 6630)
    assert one("aluminium_c2f6", 1e6) == pytest.approx(1.1 * 11100)
    assert one("aluminium_cf4", 1e6, minutes_per_cell_day=0.1) == pytest.approx(14.3 * 6630)
    assert one("aluminium_c2f6", 1e6, minutes_per_cell_day=0.1) == pytest.approx(1.43 * 11100)
    assert one("aluminium_cf4", 1e6, meta={"gwp_set": "ar4"}, minutes_per_cell_day=0.1) == pytest.approx(14.3 * 7390)


def test_ammonia():
    """30 GJ/t x 15 kgC/GJ x 44/12 = 1.65; less 1 t urea x 44/60 = 0.91667; less 0.1 sold = 0.81667 tCO2/t."""
    assert one("ammonia", 1000, feed_gj_per_t=30, feed_kgc_per_gj=15) == pytest.approx(1650)
    assert one("ammonia", 1000, feed_gj_per_t=30, feed_kgc_per_gj=15, urea_t_per_t=1) == pytest.approx(1650 - 2200 / 3)
    whole = {"feed_gj_per_t": 30, "feed_kgc_per_gj": 15, "urea_t_per_t": 1, "recovered_tco2_per_t": 0.1, "oxidation_pct": 99}
    assert one("ammonia", 1000, **whole) == pytest.approx(1633.5 - 2200 / 3 - 100)
    assert pytest.approx(-float(TABLE.at["urea_product", "value"])) == equations.CO2_PER_UREA


def test_glass():
    """500 t soda ash of 99 %, 300 t dolomite of 95 %, 10 t carbon powder of 90 % C."""
    lines = ["A,2022,,,soda_ash_use,500,t,", "A,2022,,,dolomite_use,300,t,", "A,2022,,,carbon_powder,10,t,"]
    measured = [
        "A,2022,,soda_ash_use,purity_pct,99,%",
        "A,2022,,dolomite_use,purity_pct,95,%",
        "A,2022,,carbon_powder,carbon_pct,90,%",
    ]
    rows, _, found = run(lines, measured)
    assert rows["tco2e"].sum() == pytest.approx(500 * 0.99 * 0.4149 + 300 * 0.95 * 0.4773 + 10 * 0.9 * 44 / 12) and found.empty


def test_acids_with_abatement():
    """1000 t at 8 kg N2O, NSCR 85 % all the time: 1.2 t N2O x 310 = 372 t; at half the time 4.6 t; adipic acid 300 kg."""
    assert one("nitric_acid_dual_pressure", 1000) == pytest.approx(2480)
    assert one("nitric_acid_dual_pressure", 1000, abatement_pct=85, use_rate_pct=100) == pytest.approx(372)
    assert one("nitric_acid_dual_pressure", 1000, abatement_pct=85, use_rate_pct=50) == pytest.approx(4.6 * 310)
    assert one("adipic_acid", 10, abatement_pct=90, use_rate_pct=100) == pytest.approx(10 * 0.3 * 0.1 * 310)


def test_waste_water():
    """100 t COD x 0.25 x 0.7 = 17.5 tCH4 x 21 = 367.5; a tenth with the sludge and 2.5 t burnt: 13.25 tCH4."""
    assert one("waste_water_cod_food", 100) == pytest.approx(367.5)
    assert one("waste_water_cod_food", 100, sludge_pct=10, recovered_tch4_per_t=0.025) == pytest.approx(13.25 * 21)
    assert one("waste_water_cod", 100, mcf=0.8) == pytest.approx(20 * 21)


def test_recovered_gases_are_deducted():
    assert one("recovered_co2", 100) == pytest.approx(-100)
    assert one("recovered_co2_gas", 10, "10^4 Nm3", content_pct=99) == pytest.approx(-10 * 0.99 * 19.7)
    assert one("recovered_methane", 10) == pytest.approx(-210)
    assert one("recovered_methane_gas", 10, "10^4 Nm3", content_pct=40) == pytest.approx(-10 * 0.4 * 7.17 * 21)
    assert one("mine_methane", 10, "10^4 Nm3", content_pct=40) == pytest.approx(10 * 0.4 * 7.17 * 21)


def test_hfc23_made_and_destroyed():
    """1000 t HCFC-22: 15 t HFC-23 less 10 t destroyed, whose carbon leaves as 44/70 t CO2 each."""
    lines = [f"A,2022,,,{line},t," for line in ("hcfc22_hfc23,1000", "recovered_hfc23,10", "hfc23_destruction_co2,10")]
    rows, _, _ = run(lines)
    assert rows["tco2"].sum() == pytest.approx(440 / 70)
    assert rows["other_gases_tco2e"].sum() == pytest.approx(5 * 11700)
    assert one("hcfc22_hfc23", 1000, rate_pct=2) == pytest.approx(20 * 11700)


# --- tables ----------------------------------------------------------------------------------------------------------


def test_parameters_are_the_arguments_of_their_equation():
    table = assays.parameters()
    assert set(table["process"]) == set(assays.serving().index) <= set(TABLE.index)
    for code, row in assays.serving().iterrows():
        _, *arguments = inspect.signature(getattr(equations, row["equation"])).parameters.values()
        named = set(table.loc[table["process"] == code, "parameter"])
        assert {a.name for a in arguments if a.default is a.empty} <= named <= {a.name for a in arguments}, code


def test_parameters_are_labelled_sourced_and_in_range():
    table = assays.parameters()
    assert not table.duplicated(["process", "parameter"]).any()
    assert (table[["label_en", "label_zh", "unit", "source", "confidence", "range_source"]] != "").all(axis=None)
    assert (table["minimum"] < table["maximum"]).all()
    given_ = table[table["default"].notna()]
    assert given_["default"].between(given_["minimum"], given_["maximum"]).all()
    assert not (given_["confidence"] == "remembered").any(), "a recalled number is no default"
    named = {code for excluded in table["excludes"] for code in excluded.split()}
    assert named <= set(TABLE.index[TABLE["value"].str.startswith("-")])


UNTOUCHED = {"purity_pct": 100, "abatement_pct": 0, "use_rate_pct": 0, "content_pct": 100}  # pure, nothing abated
FILLED = {code: part.set_index("parameter")["default"].fillna(UNTOUCHED) for code, part in assays.parameters().groupby("process")}


@pytest.mark.parametrize("code", [code for code, values in FILLED.items() if values.notna().all() and code != "dolomite_use"])
def test_defaults_of_an_equation_give_the_factor_of_the_table(code):
    """All but dolomite as flux, whose printed 0.471 is of the stone as quarried, not of the pure carbonate."""
    row = assays.serving().loc[code]
    made = getattr(equations, row["equation"])(1.0, **FILLED[code]) * row["sign"]
    assert made == pytest.approx(float(TABLE.at[code, "value"]), rel=1e-9)


def test_signs_of_the_equations_are_those_of_the_table():
    value = pd.to_numeric(TABLE["value"].replace("", None)).dropna()
    sign = assays.serving()["sign"].reindex(value.index).dropna()
    assert (np.sign(value[sign.index]) == sign).all()
    carbon = assays.serving().query("product_carbon == 1").index
    assert set(carbon) == {code for code in TABLE.index if code.endswith("_product")}


def test_filing_reads_the_assay_table(tiny):
    lines = "enterprise_id,year,unit_id,process,parameter,value,unit,evidence\n"
    good, bad = "A,2022,,clinker,cao_pct,64.5,%,laboratory_report\n", "Z,2022,,clinker,cao_pct,x,%,\nA,2022,,sorcery,cao_pct,1,%,\n"
    case = tiny(assays=lines + good + bad)
    assert case.filed.tables["assays"]["value"].tolist() == [64.5]
    assert set(case.filed.set_aside["table"]) == {"assays"} and len(case.filed.set_aside) == 2


# --- assays ----------------------------------------------------------------------------------------------------------

CLINKER = ["E05,2022,,K1,clinker,1000,t,", "E05,2022,,K2,clinker,1000,t,"]


def test_assay_makes_a_factor_row_with_id_and_reason():
    measured = ["E05,2022,,clinker,mgo_pct,2.1,%", "E05,2022,,clinker,cao_pct,64.5,%"]
    rows, used, found = run(CLINKER, measured)
    assert used["factor_id"].tolist() == ["own:E05:clinker:cao64.5-mgo2.1"] and found.empty
    assert used["reason"].tolist() == ["measured:assay"]
    assert used["value"].tolist() == pytest.approx([0.645 * 44 / 56 + 0.021 * 1.1])
    assert rows["tco2e"].sum() == pytest.approx(2000 * used["value"].iat[0])
    again = run(CLINKER[::-1], measured[::-1])
    assert again[1]["sha256"].tolist() == used["sha256"].tolist()


def test_a_unit_s_assay_wins_over_the_site_s():
    measured = ["E05,2022,,clinker,cao_pct,64,", "E05,2022,,clinker,mgo_pct,2,", "E05,2022,K2,clinker,cao_pct,66,"]
    rows, _, found = run(CLINKER, measured)
    assert rows.set_index("unit_id")["factor_id"].to_dict() == {
        "K1": "own:E05:clinker:cao64-mgo2",
        "K2": "own:E05:clinker:cao66-mgo2",
    }
    assert found.empty


def test_own_factor_wins_over_the_assay():
    rows, _, found = run(["A,2022,,,pig_iron_product,1000,t,-0.2"], ["A,2022,,pig_iron_product,carbon_pct,4.2,%"])
    assert rows["tco2e"].tolist() == pytest.approx([-200]) and rows["product_carbon"].tolist() == [1]
    assert found["check"].tolist() == ["assay_overruled"]


@pytest.mark.parametrize(
    ("line", "check", "seen"),
    [
        ("A,2022,,lime,silica,3,%", "assay_unknown", "silica"),
        ("A,2022,,caustic_soda,cao_pct,3,%", "assay_unknown", "cao_pct"),
        ("A,2022,,lime,cao_pct,0.93,", "assay_range", "0.93"),
        ("A,2022,,lime,cao_pct,93,1", "assay_unit", "1"),
        ("A,2022,,clinker,cao_pct,65,%", "assay_unused", "clinker"),
        ("A,2022,U9,lime,cao_pct,93,%", "assay_unused", "lime"),
        ("B,2022,,lime,cao_pct,93,%", "assay_unused", "lime"),
        ("A,2022,,lime,cao_pct,93,%", "assay_missing", "lime"),
        ("A,2022,,lime,cao_pct,,%", "missing_value", ""),
    ],
)
def test_an_assay_that_cannot_serve_is_said_and_the_default_used(line, check, seen):
    rows, used, found = run(["A,2022,,,lime,100,t,"], [line])
    assert rows["tco2e"].tolist() == pytest.approx([78.5]) and used["factor_id"].tolist() == ["process:lime"]
    assert found.set_index("check").at[check, "seen"] == seen
    assert set(found["check"]) == {check, "factor_remembered"}


def test_contradicting_values_are_both_left_out():
    lines = ["A,2022,,lime,cao_pct,93,%", "A,2022,,lime,cao_pct,95,%", "A,2022,,lime,mgo_pct,2,%", "A,2022,,lime,mgo_pct,2,%"]
    rows, _, found = run(["A,2022,,,lime,100,t,"], lines)
    assert rows["tco2e"].tolist() == pytest.approx([78.5])
    assert found["check"].value_counts().to_dict() == {"assay_repeated": 2, "assay_missing": 1, "factor_remembered": 1}


def test_no_default_and_no_assay_sets_the_row_aside():
    rows, _, found = run(["A,2022,,,ammonia,100,t,", "A,2022,,,material_carbon_input,5,t,", "A,2022,,,electrode,1,t,"])
    assert rows["process"].tolist() == ["electrode"]
    needed = found[found["check"] == "assay_needed"]
    assert set(needed["seen"]) == {"ammonia", "material_carbon_input"} and set(needed["effect"]) == {"row_set_aside"}


def test_deducting_more_than_comes_in_is_a_fault_of_the_assay():
    measured = ["A,2022,,clinker,cao_pct,60,", "A,2022,,clinker,mgo_pct,1,", "A,2022,,clinker,cao_nc_pct,70,"]
    rows, _, found = run(["A,2022,,,clinker,100,t,"], measured)
    assert rows["tco2e"].tolist() == pytest.approx([53.5]) and found["check"].tolist() == ["assay_deduction"]


def test_an_impossible_assay_without_default_sets_the_row_aside():
    measured = ["A,2022,,ammonia,feed_gj_per_t,10,", "A,2022,,ammonia,feed_kgc_per_gj,10,", "A,2022,,ammonia,urea_t_per_t,1,"]
    rows, _, found = run(["A,2022,,,ammonia,100,t,"], measured)
    assert rows.empty and found[["check", "effect"]].to_numpy().tolist() == [["assay_deduction", "row_set_aside"]]


def test_deductions_are_not_taken_twice():
    measured = ["E05,2022,K1,clinker,cao_pct,64,", "E05,2022,K1,clinker,mgo_pct,2,"]
    slag = ["E05,2022,,K1,raw_meal_steel_slag,10,t,", "E05,2022,,K2,raw_meal_steel_slag,10,t,"]
    rows, _, found = run(CLINKER + slag, measured)
    assert rows.loc[rows["process"] == "raw_meal_steel_slag", "unit_id"].tolist() == ["K2"]
    assert found[["check", "row", "expected"]].to_numpy().tolist() == [["assay_exclusive", "4", "cao_pct"]]
    ammonia = ["A,2022,,ammonia,feed_gj_per_t,30,", "A,2022,,ammonia,feed_kgc_per_gj,15,"]
    both = ["A,2022,,,ammonia,1000,t,", "A,2022,,,urea_product,500,t,"]
    assert run(both, ammonia)[0]["tco2e"].sum() == pytest.approx(1650 - 1100 / 3)
    assert run(both, [*ammonia, "A,2022,,ammonia,urea_t_per_t,0.5,"])[0]["tco2e"].sum() == pytest.approx(1650 - 1100 / 3)


# --- rows ------------------------------------------------------------------------------------------------------------


def test_gases_are_kept_apart():
    rows, _, _ = run(
        [f"A,2022,,,{line}" for line in ("clinker,10,t,", "aluminium_cf4,1000,t,", "direct_tco2e,7,t,", "adipic_acid,1,t,200")]
    )
    at = rows.set_index("process")
    assert at["tco2"].to_dict() == pytest.approx({"clinker": 5.35, "aluminium_cf4": 0, "direct_tco2e": 7, "adipic_acid": 0})
    assert at.loc["aluminium_cf4", "other_gases_tco2e"] == pytest.approx(0.02 * 6630 / 1000 * 1000)
    assert at.loc["adipic_acid", "other_gases_tco2e"] == pytest.approx(200)
    assert (rows["tco2"] + rows["other_gases_tco2e"]).tolist() == pytest.approx(rows["tco2e"].tolist())


def test_gwp_of_the_guidelines():
    assert [factors.gwp("cn-guideline")[gas] for gas in ("CH4", "N2O", "CF4", "C2F6")] == [21, 310, 6630, 11100]


def test_a_gas_without_potential_is_said_not_counted_as_nothing():
    rows, _, found = run(["A,2022,,,sf6_release,1,t,", "A,2022,,,clinker,10,t,"], meta={"gwp_set": "no such set"})
    assert rows["process"].tolist() == ["clinker"]
    assert found[["check", "seen", "effect"]].to_numpy().tolist() == [["gwp_missing", "SF6", "row_set_aside"]]


def test_a_deduction_with_a_positive_factor_is_set_aside():
    rows, _, found = run(["A,2022,,,pig_iron_product,10,t,0.2", "A,2022,,,clinker,10,t,"])
    assert rows["process"].tolist() == ["clinker"] and found["check"].tolist() == ["deduction_sign"]


def test_months_stand_before_a_yearly_row():
    rows, _, found = run(
        ["A,2022,1,,clinker,10,t,", "A,2022,2,,clinker,10,t,", "A,2022,,,clinker,25,t,", "A,2022,,K1,clinker,5,t,"]
    )
    assert rows["quantity"].tolist() == [10, 10, 5]
    assert found[["check", "seen", "expected", "row"]].to_numpy().tolist() == [["months_and_year", "20", "25", "4"]]


def test_bad_rows_are_findings():
    lines = ["A,2022,,,sorcery,1,t,", "A,2022,,,lime,1,MWh,", "A,2022,,,lime,,t,", "A,2022,,,clinker,0,t,", "A,2021,,,clinker,5,t,"]
    rows, used, found = run(lines)
    assert rows["tco2e"].tolist() == [0] and used["value"].tolist() == [0.535]
    assert sorted(found["check"]) == ["missing_value", "unit_mismatch", "unknown_code"]
    assert set(found["effect"]) == {"row_set_aside"}


def test_nothing_filed_gives_nothing():
    empty = filed("process")
    for table in (empty, pd.DataFrame()):
        for measured in (None, pd.DataFrame(), filed("assays")):
            rows, used, found = process.emissions(table, {}, 2022, measured)
            assert rows.empty and used.empty and not found
    *_, found = process.emissions(empty, {}, 2022, filed("assays", "A,2022,,lime,cao_pct,93,%"))
    assert findings.collect(found)["check"].tolist() == ["assay_unused"]


def test_rows_without_a_number_of_their_own_are_counted_all():
    table = filed("process", *CLINKER)
    for given_ in (table.drop(columns="row"), table.assign(row=2)):
        rows, _, found = process.emissions(given_, GUIDELINE, 2022)
        assert rows["tco2e"].sum() == pytest.approx(1070) and not found


def test_inputs_are_left_as_they_are():
    table, measured = filed("process", *CLINKER), filed("assays", "E05,2022,,clinker,cao_pct,64,")
    before = table.copy(), measured.copy()
    process.emissions(table, GUIDELINE, 2022, measured)
    pd.testing.assert_frame_equal(table, before[0])
    pd.testing.assert_frame_equal(measured, before[1])


# --- properties ------------------------------------------------------------------------------------------------------


@FEW
@given(tonnes, share, st.floats(0, 1), st.floats(0, 1))
def test_carbon_is_conserved(feed, carbon, to_product, of_rest):
    """Carbon in = carbon of CO2 + products + residues, whatever the shares."""
    carbon_in = feed * carbon / 100
    product = carbon_in * to_product
    residue = (carbon_in - product) * of_rest
    made = equations.carbon_balance(carbon_in, product, residues_tc=residue)
    assert made * 12 / 44 + product + residue == pytest.approx(carbon_in)
    by_rows = [equations.material_carbon(1, 100 * c) for c in (carbon_in, product, residue)]
    assert by_rows[0] - by_rows[1] - by_rows[2] == pytest.approx(made, abs=1e-6 * max(1, by_rows[0]))


@FEW
@given(tonnes)
def test_pure_oxides_are_stoichiometric(quantity):
    assert equations.clinker_by_assay(quantity, 100, 0) == pytest.approx(quantity * 44 / 56)
    assert equations.clinker_by_assay(quantity, 0, 100) == pytest.approx(quantity * 44 / 40)


@FEW
@given(st.sampled_from(sorted(assays.serving().index)), tonnes, st.floats(0, 1))
def test_equations_are_linear_in_the_quantity(code, quantity, cut):
    table = assays.parameters()
    mine = table[table["process"] == code].set_index("parameter")
    values = mine["default"].fillna((mine["minimum"] + mine["maximum"]) / 2)
    equation = getattr(equations, assays.serving().at[code, "equation"])
    whole = equation(quantity, **values)
    assert equation(quantity * cut, **values) + equation(quantity * (1 - cut), **values) == pytest.approx(whole, rel=1e-9)


CODES = ["clinker", "pig_iron_product", "nitric_acid_dual_pressure", "limestone_use", "aluminium_cf4", "ammonia", "direct_tco2e"]
ledgers = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(CODES), st.integers(1, 10**6)), min_size=1, max_size=8)
MEASURED = [
    *("A,2022,,clinker,cao_pct,64,%", "A,2022,,clinker,mgo_pct,2,%", "B,2022,,limestone_use,purity_pct,95,%"),
    *(
        "B,2022,,ammonia,feed_gj_per_t,30,",
        "B,2022,,ammonia,feed_kgc_per_gj,15,",
        "A,2022,,aluminium_cf4,minutes_per_cell_day,0.2,",
    ),
]


def totals(ledger, measured=MEASURED) -> dict:
    rows, _, _ = run([f"{firm},2022,,,{code},{quantity},t," for firm, code, quantity in ledger], measured)
    if rows.empty:
        return {}
    return rows.groupby(["enterprise_id", "process", "factor_id"])[["tco2", "other_gases_tco2e", "tco2e"]].sum().stack().to_dict()


@pytest.mark.slow
@FEW
@given(ledgers, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(ledger, random):
    shuffled, measured = list(ledger), list(MEASURED)
    random.shuffle(shuffled)
    random.shuffle(measured)
    assert totals(shuffled, measured) == pytest.approx(totals(ledger))


@pytest.mark.slow
@FEW
@given(ledgers, st.floats(0.1, 0.9))
def test_a_row_split_in_two_changes_nothing(ledger, cut):
    split = [(firm, code, quantity * part) for firm, code, quantity in ledger for part in (cut, 1 - cut)]
    assert totals(split) == pytest.approx(totals(ledger))
