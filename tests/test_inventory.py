"""The inventory against hand sums: stock equation, months, units, signs, the bridge from enterprises to cluster."""

import pytest

from workbench import inventory


def total(case, enterprise="A"):
    return case.enterprises.set_index("enterprise_id").at[enterprise, "total_tco2e"]


def rows_of(case, carrier):
    return case.inventory.rows[case.inventory.rows["carrier"] == carrier]


def test_three_firms_add_up(tiny):
    case = tiny()
    firms = case.enterprises.set_index("enterprise_id")
    assert firms["total_tco2e"].to_dict() == pytest.approx({"A": 20000, "B": 3000, "C": 2300})
    assert firms["direct_tco2e"].to_dict() == pytest.approx({"A": 20000, "B": 2000, "C": 300})
    assert firms.loc["B", "carbon_intensity"] == pytest.approx(3000 / 20)
    assert case.items["cluster_total_tco2e"] == pytest.approx(25300)
    assert firms["rank"].to_dict() == {"A": 1, "B": 2, "C": 3}
    assert firms["share_pct"].sum() == pytest.approx(100)
    assert firms["key_emitter"].to_dict() == {"A": 1, "B": 1, "C": 0}  # A alone has 79.05 %, below 80 %


def test_steel_works_of_2020(energy):
    """518.43 + 63.53 + 29.10 - 4.80 = 606.26 (10^4 t), a verified report."""
    case = energy(
        "A,2022,,,coke,purchase,1728100,t,,,,,3,,",
        "A,2022,,,electricity,purchase,582000,MWh,,,,,0.5,,",
        process=(
            "enterprise_id,year,process,quantity,unit,tco2_per_unit\n"
            "A,2022,limestone_use,1270600,t,0.5\nA,2022,crude_steel_product,1200000,t,-0.04\n"
        ),
    )
    assert total(case) / 1e4 == pytest.approx(606.26, abs=1e-9)
    firm = case.enterprises.set_index("enterprise_id").loc["A"]
    assert firm["direct_tco2e"] / 1e4 == pytest.approx(518.43 + 63.53 - 4.80)
    assert firm["indirect_tco2e"] / 1e4 == pytest.approx(29.10)


def test_process_factors_of_the_table(energy):
    case = energy(
        "A,2022,,,electricity,purchase,0,MWh,,,,,0.5,,",
        process=(
            "enterprise_id,year,process,quantity,unit\nA,2022,limestone_use,100,t\nA,2022,pig_iron_product,100000,kg\n"
            "A,2022,direct_tco2e,7,t\nB,2022,clinker,10,t\n"
        ),
    )
    assert total(case) == pytest.approx(44 - 17.2 + 7)
    assert total(case, "B") == pytest.approx(5.35)


def test_process_gases_are_weighted(energy):
    lines = {"process": "enterprise_id,year,process,quantity,unit\nA,2022,nitric_acid_dual_pressure,1000,t\n"}
    power = "A,2022,,,electricity,purchase,0,MWh,,,,,0.5,,"
    assert total(energy(power, **lines)) == pytest.approx(1000 * 0.008 * 265)
    assert total(energy(power, meta={"gwp_set": "sar"}, **lines)) == pytest.approx(1000 * 0.008 * 310)


def test_stock_equation(energy):
    """100 + 1000 + 50 - 200 - 30 - 120 - 40 = 760."""
    flows = [
        ("opening_stock", 100),
        ("purchase", 1000),
        ("transfer_in", 50),
        ("sale", 200),
        ("transfer_out", 30),
        ("closing_stock", 120),
    ]
    lines = [f"A,2022,,,diesel,{flow},{quantity},t,,,,,3,," for flow, quantity in [*flows, ("non_energy_use", 40)]]
    case = energy(*lines)
    assert total(case) == pytest.approx(760 * 3)
    assert rows_of(case, "diesel")["activity"].sum() == pytest.approx(760)


def test_consumption_alone(energy):
    case = energy("A,2022,,,diesel,consumption,700,t,,,,,3,,")
    assert total(case) == pytest.approx(2100)
    assert "consumption_mismatch" not in case.checks()


def test_consumption_beside_the_stock_equation(energy):
    lines = "A,2022,,,diesel,purchase,800,t,,,,,3,,", "A,2022,,,diesel,closing_stock,40,t,,,,,3,,"
    case = energy(*lines, "A,2022,,,diesel,consumption,700,t,,,,,3,,")
    assert total(case) == pytest.approx(760 * 3)
    found = case.findings().set_index("check").loc["consumption_mismatch"]
    assert (found["seen"], found["expected"], found["row"]) == ("700", "760", "4")
    near = energy(*lines, "A,2022,,,diesel,consumption,740,t,,,,,3,,")
    assert "consumption_mismatch" not in near.checks()


def test_months_are_preferred_to_the_year(energy):
    months = [f"A,2022,{month},,diesel,purchase,10,t,,,,,3,," for month in range(1, 13)]
    case = energy("A,2022,,,diesel,purchase,500,t,,,,,3,,", *months)
    assert total(case) == pytest.approx(120 * 3)
    assert "months_and_year" in case.checks() and "months_incomplete" not in case.checks()
    assert "months_incomplete" in energy(*months[:11]).checks()


def test_the_months_of_one_flow_leave_another_flow_alone(energy):
    months = [f"A,2022,{month},,diesel,purchase,10,t,,,,,3,," for month in range(1, 13)]
    assert total(energy("A,2022,,,diesel,closing_stock,20,t,,,,,3,,", *months)) == pytest.approx(300)


def test_other_years_do_not_count(energy):
    assert total(energy("A,2022,,,diesel,purchase,1,t,,,,,3,,", "A,2021,,,diesel,purchase,9,t,,,,,3,,")) == pytest.approx(3)


UNITS = "unit_id,enterprise_id,name\nU1,A,Boiler\nU2,A,Kiln\n"


def test_units_split_and_sum_to_the_site(energy):
    case = energy(
        "A,2022,,,diesel,purchase,1000,t,,,,,3,,",
        "A,2022,,U1,diesel,consumption,600,t,,,,,3,,",
        "A,2022,,U2,diesel,consumption,300,t,,,,,3,,",
        units=UNITS,
    )
    by_unit = rows_of(case, "diesel").groupby("unit_id")["activity"].sum()
    assert by_unit.to_dict() == pytest.approx({"": 100, "U1": 600, "U2": 300})
    assert total(case) == pytest.approx(3000)


def test_units_that_claim_more_than_the_site_are_scaled(energy):
    case = energy(
        "A,2022,,,diesel,purchase,1000,t,,,,,3,,",
        "A,2022,,U1,diesel,consumption,900,t,,,,,3,,",
        "A,2022,,U2,diesel,consumption,600,t,,,,,3,,",
        units=UNITS,
    )
    by_unit = rows_of(case, "diesel").groupby("unit_id")["activity"].sum()
    assert by_unit.to_dict() == pytest.approx({"U1": 600, "U2": 400})
    assert total(case) == pytest.approx(3000)
    assert "unit_sum_mismatch" in case.checks()


def test_consumption_of_units_alone(energy):
    case = energy("A,2022,,U1,diesel,consumption,6,t,,,,,3,,", "A,2022,,U2,diesel,consumption,3,t,,,,,3,,", units=UNITS)
    assert total(case) == pytest.approx(27)
    assert rows_of(case, "diesel").groupby("unit_id")["activity"].sum().to_dict() == pytest.approx({"U1": 6, "U2": 3})


def test_site_consumption_is_not_counted_twice_with_its_units(energy):
    case = energy("A,2022,,,diesel,consumption,10,t,,,,,3,,", "A,2022,,U2,diesel,consumption,3,t,,,,,3,,", units=UNITS)
    assert total(case) == pytest.approx(30)
    assert rows_of(case, "diesel").groupby("unit_id")["activity"].sum().to_dict() == pytest.approx({"": 7, "U2": 3})


def test_own_generation_carries_no_emissions(energy):
    case = energy("A,2022,,,electricity,consumption,100,MWh,,,,,0.5,,", "A,2022,,,electricity,self_generation,30,MWh,,,,,0.5,,")
    assert total(case) == pytest.approx(35)
    case = energy("A,2022,,,electricity,purchase,70,MWh,,,,,0.5,,", "A,2022,,,electricity,self_generation,30,MWh,,,,,0.5,,")
    assert total(case) == pytest.approx(35)


def test_negative_net_power_survives(energy):
    case = energy(
        "A,2022,,,bituminous,purchase,1000,t,,,,,2,,",
        "A,2022,,,electricity,purchase,10,MWh,,,,,0.5,,",
        "A,2022,,,electricity,sale,110,MWh,,,,,0.5,,",
    )
    firm = case.enterprises.set_index("enterprise_id").loc["A"]
    assert firm["indirect_tco2e"] == pytest.approx(-50)
    assert firm["total_tco2e"] == pytest.approx(1950)
    assert case.items["cluster_total_tco2e"] == pytest.approx(1950)


def test_waste_heat_carries_nothing_and_media_are_shown(energy):
    case = energy("A,2022,,,waste_heat,purchase,50,GJ,,,,,,,", "A,2022,,,compressed_air,purchase,50,10^4 m3,,,,,,,")
    assert total(case) == 0
    assert rows_of(case, "waste_heat")["tce"].sum() == 0
    assert rows_of(case, "compressed_air")["activity"].tolist() == [50]


def test_a_carrier_without_factor_is_a_finding_not_a_zero_in_silence(energy):
    case = energy("A,2022,,,electricity,purchase,5,MWh,,,,,,,", meta={"country": "FR", "factor_set": "ipcc-2006"})
    assert "factor_missing" in case.checks()


def test_range_is_activity_and_factor_in_quadrature(energy):
    case = energy("A,2022,,,diesel,purchase,100,t,,,,,,,")
    row = rows_of(case, "diesel").iloc[0]
    half = (0.05**2 + 0.08**2) ** 0.5
    assert row["tco2e_high"] == pytest.approx(row["tco2e"] * (1 + half))
    assert row["tco2e_low"] == pytest.approx(row["tco2e"] * (1 - half))


def test_product_intensity(tiny):
    products = "enterprise_id,year,product,quantity,unit\nA,2022,power,40000,MWh\nB,2022,paper,10,t\nB,2022,board,5,t\n"
    firms = tiny(products=products).enterprises.set_index("enterprise_id")
    assert firms.at["A", "tco2e_per_product"] == pytest.approx(0.5)
    assert firms.at["B", "product"] == "" and firms["tco2e_per_product"].isna()["B"]


@pytest.mark.parametrize("kept", [["A"], []])
def test_one_enterprise_and_none(tiny, kept):
    enterprises = "enterprise_id,name,sector\n" + "".join(f"{k},Alpha,power\n" for k in kept)
    case = tiny(enterprises=enterprises)
    assert case.items["cluster_total_tco2e"] == pytest.approx(20000 * len(kept))
    assert case.enterprises["enterprise_id"].tolist() == kept
    assert "unknown_enterprise" in case.checks()


def test_nothing_filed_for_the_year(energy):
    case = energy("A,2021,,,diesel,purchase,1,t,,,,,3,,")
    assert case.items["cluster_total_tco2e"] == 0
    assert {"no_data_for_year", "enterprise_without_energy"} <= case.checks()
    assert list(case.inventory.rows.columns) == inventory.COLUMNS
