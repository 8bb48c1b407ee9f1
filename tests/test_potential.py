"""Each project alone and the curve, by hand: savings through the inventory's own factors, money through its own bills."""

import pandas as pd
import pytest
from tests.conftest import TABLES

from workbench import curve, interaction, words
from workbench.selection.greedy import greedy

HEAD = "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years,grant,status,earliest_year,latest_year,build_years\n"


def project(case, name="P1", **values):
    return case.assess(**values).projects.set_index("project_id").loc[name]


def test_a_boiler_by_hand(tiny):
    """1,000 t of coal at 2 tCO2 and 500 CNY; 1,000,000 CNY over 10 years at 8 %: CRF 0.1490295."""
    row = project(tiny())
    assert row["tco2e_saved"] == pytest.approx(2000)
    assert row["tce_saved"] == pytest.approx(1000 * 19.57 / 29.3076)
    assert row["energy_money_saved"] == pytest.approx(500000)
    assert row["annual_cost"] == pytest.approx(149029.49 - 500000, abs=0.01)
    assert row["abatement_cost"] == pytest.approx((149029.49 - 500000) / 2000, abs=1e-4)
    assert row["npv"] == pytest.approx(500000 * 6.7100814 - 1e6, abs=1)
    assert row["payback_years"] == pytest.approx(2)
    assert row["irr_pct"] == pytest.approx(49.08, abs=0.01)
    assert row["flags"] == "pays_for_itself"


def test_carbon_price_and_price_growth(tiny):
    assert project(tiny(), carbon_price=50)["annual_cost"] == pytest.approx(149029.49 - 500000 - 100000, abs=0.01)
    grown = sum(500000 * 1.02**t / 1.08**t for t in range(1, 11)) - 1e6
    assert project(tiny(), energy_price_growth=0.02)["npv"] == pytest.approx(grown, abs=1)


def test_grant_and_opex(tiny):
    case = tiny(
        projects=HEAD + "P1,Boiler,A,1000000,20000,10,400000,,,,\n",
        savings="project_id,carrier,mode,amount,unit\nP1,bituminous,absolute,1000,t\n",
    )
    row = project(case)
    assert (row["capex"], row["gross_capex"]) == (600000, 1000000)
    assert row["annual_cost"] == pytest.approx(600000 * 0.14902949 + 20000 - 500000, abs=0.01)


def test_a_fraction_of_what_is_used(tiny):
    row = project(tiny(), "P2")
    assert row["tco2e_saved"] == pytest.approx(0.3 * 2000)
    assert row["tce_saved"] == pytest.approx(1200 * 0.12284, rel=1e-4)
    assert row["energy_money_saved"] == pytest.approx(600000)


@pytest.mark.parametrize(("amount", "unit"), [(1000, "t"), (1e6, "kg"), (0.1, "10^4 t"), (19570, "GJ"), (19570 / 29.3076, "tce")])
def test_savings_in_any_unit(tiny, amount, unit):
    case = tiny(savings=f"project_id,carrier,mode,amount,unit\nP1,bituminous,absolute,{amount!r},{unit}\n")
    assert project(case)["tco2e_saved"] == pytest.approx(2000)


def test_fuel_switching_counts_both(tiny):
    """B gives up 100 x 10^4 Nm3 of gas at 20 t and takes 1,000 MWh more power at 0.5 t."""
    case = tiny(
        projects=HEAD + "P1,Heat pump,B,100000,0,10,,,,,\n",
        savings="project_id,carrier,mode,amount,unit\nP1,natural_gas,absolute,100,10^4 Nm3\nP1,electricity,absolute,-1000,MWh\n",
    )
    row = project(case)
    assert row["tco2e_saved"] == pytest.approx(2000 - 500)
    assert row["energy_money_saved"] == pytest.approx(2000000 - 500000)


def test_a_carrier_not_yet_used_takes_the_factor_table(tiny):
    case = tiny(
        savings="project_id,carrier,mode,amount,unit\nP1,bituminous,absolute,1000,t\nP1,natural_gas,absolute,-10,10^4 Nm3\n"
    )
    assert project(case)["tco2e_saved"] == pytest.approx(2000 - 216.219, abs=1e-3)


def test_savings_elsewhere_and_direct_tonnes(tiny):
    case = tiny(
        savings="project_id,enterprise_id,carrier,mode,amount,unit\nP1,B,electricity,fraction,0.5,\nP1,,tco2e,absolute,100,t\n",
        process="enterprise_id,year,process,quantity,unit\nA,2022,direct_tco2e,300,t\n",
    )
    assert project(case)["tco2e_saved"] == pytest.approx(500 + 100)


def test_saving_what_is_not_used(tiny):
    case = tiny(savings="project_id,carrier,mode,amount,unit\nP1,diesel,absolute,10,t\n")
    assert project(case)["tco2e_saved"] == 0
    assert "carrier_not_used" in case.checks()


def test_saving_more_than_is_used(tiny):
    case = tiny(savings="project_id,carrier,mode,amount,unit\nP1,bituminous,absolute,12000,t\n")
    assert project(case)["tco2e_saved"] == pytest.approx(20000)
    assert "saving_exceeds_use" in case.checks()


def test_savings_that_cannot_be_meant_are_findings(tiny):
    case = tiny(
        savings=(
            "project_id,carrier,mode,amount,unit\nP1,bituminous,fraction,30,\nP2,electricity,absolute,30,\n"
            "P3,electricity,absolute,30,t\n"
        )
    )
    assert {"fraction_range", "missing_unit", "unit_mismatch"} <= case.checks()
    assert (case.assess().projects["tco2e_saved"] == 0).all()


def test_who_takes_part(tiny):
    rows = (
        "P1,Good,A,1,0,10,,proposed,,,\nP2,Out,A,1,0,10,,excluded,,,\nP3,No cost,A,,0,10,,proposed,,,\n"
        "P4,Too late,A,1,0,10,,proposed,2030,,2\nP5,Missed,A,1,0,10,,proposed,,2021,\nP6,Just in time,A,1,0,10,,proposed,2028,,2\n"
    )
    found = tiny(projects=HEAD + rows).assess(target_year=2030).projects.set_index("project_id")
    assert found["eligible"].to_dict() == {"P1": 1, "P2": 0, "P3": 0, "P4": 0, "P5": 0, "P6": 1}
    assert "not_in_time" in found.at["P4", "flags"] and "uncosted" in found.at["P3", "flags"]


def test_no_project_at_all(tiny):
    case = tiny(projects=None, savings=None)
    found = case.assess()
    assert found.projects.empty and found.bases.empty and found.lines.empty
    assert curve.curve(found.projects, [], *(case.checked.tables[t] for t in ("relations", "groups"))).empty


def test_bought_and_consumed_price(tiny):
    """A firm without bills takes the read price nearest in time, and says so; without one, no money is counted."""
    ledger = "enterprise_id,year,carrier,flow,quantity,unit,tco2_per_unit\nA,2022,bituminous,purchase,10000,t,2\n"
    case = tiny(energy=ledger)
    prices = case.paid[0].set_index("carrier")
    assert prices.at["bituminous", "source"].startswith("cn:bituminous")
    assert "price_from_table" in case.checks()
    abroad = tiny(energy=ledger, meta={"currency": "EUR"})
    assert abroad.paid[0].empty and "price_missing" in abroad.checks()
    assert project(abroad)["energy_money_saved"] == 0


def test_curve_alone_and_in_turn(tiny):
    case = tiny()
    found = case.assess()
    pools = interaction.pools(found.bases, found.lines)
    tables = case.checked.tables
    rows = curve.curve(found.projects, pools, tables["relations"], tables["groups"]).set_index("project_id")
    assert rows.index.tolist() == ["P3", "P2", "P1"]  # all pay; by what they earn: 785,097, 555,291 and 350,971 a year
    assert rows.at["P3", "incremental_tco2e"] == rows.at["P3", "naive_tco2e"] == pytest.approx(800)
    assert rows.at["P2", "naive_tco2e"] == pytest.approx(600)
    assert rows.at["P2", "incremental_tco2e"] == pytest.approx(360)  # 30 % of the 1,200 t that P3 leaves
    assert rows.at["P2", "incremental_annual_cost"] == pytest.approx(300000 * 0.14902949 - 360000, abs=0.01)
    assert rows["cumulative_tco2e"].iat[-1] == pytest.approx(2000 + 1160)


@pytest.mark.parametrize(
    ("relations", "entered"),
    [
        ("P2,excludes,P3\n", {"P3": 1, "P2": 0, "P1": 1}),
        ("P3,requires,P2\n", {"P3": 1, "P2": 1, "P1": 1}),
        ("P3,requires,P9\n", {"P3": 1, "P2": 1, "P1": 1}),  # set aside: no such project
        ("P3,requires,P3\n", {"P3": 1, "P2": 1, "P1": 1}),  # left out: a project cannot need itself
    ],
)
def test_curve_obeys_relations(tiny, relations, entered):
    case = tiny(relations="project_id,relation,other_id\n" + relations)
    found, tables = case.assess(), case.checked.tables
    rows = curve.curve(found.projects, interaction.pools(found.bases, found.lines), tables["relations"], tables["groups"])
    assert rows.set_index("project_id")["entered"].to_dict() == entered


def test_one_prerequisite_of_a_set_is_enough(tiny):
    """P3 needs P1 or P2, which exclude each other: it enters after the one that did, and not when none of its set did."""
    rows = "P3,requires_any,P1,motors\nP3,requires_any,P2,motors\nP1,excludes,P2,\n"
    case = tiny(relations="project_id,relation,other_id,alternative_set\n" + rows)
    found, tables = case.assess(), case.checked.tables
    made = curve.curve(found.projects, interaction.pools(found.bases, found.lines), tables["relations"], tables["groups"])
    entered = made.set_index("project_id")["entered"]
    assert entered["P3"] == 1 and entered["P1"] + entered["P2"] == 1
    order = made["project_id"].tolist()
    assert order.index("P3") > order.index(entered[["P1", "P2"]].idxmax())
    rules = curve.Structure(tables["relations"], tables["groups"])
    assert rules.admits("P3", {"P1"}) and rules.admits("P3", {"P2"}) and not rules.admits("P3", set())


GATE = TABLES["projects"] + "P4,Gas main,C,50000,,20\n"


def enabled(tiny, relations, **settings):
    """The curve where P4 saves nothing and costs 50,000 at 8 % over 20 years: 5,092.61 a year."""
    case = tiny(projects=GATE, relations="project_id,relation,other_id\n" + relations)
    found, tables = case.assess(**settings), case.checked.tables
    pools = interaction.pools(found.bases, found.lines)
    return curve.curve(found.projects, pools, tables["relations"], tables["groups"]).set_index("project_id")


def test_a_prerequisite_that_saves_nothing_enters_as_one_step_with_what_needs_it(tiny):
    alone, joint = enabled(tiny, ""), enabled(tiny, "P3,requires,P4\n")
    assert "P4" not in joint.index and joint.at["P3", "entered"] == 1 and joint.at["P3", "joined"] == "P4"
    assert joint.at["P3", "incremental_tco2e"] == alone.at["P3", "incremental_tco2e"] == pytest.approx(800)
    more = 50_000 * 0.08 / (1 - 1.08**-20)
    cost = alone.at["P3", "incremental_annual_cost"] + more
    assert joint.at["P3", "incremental_annual_cost"] == pytest.approx(cost)
    assert joint.at["P3", "incremental_abatement_cost"] == pytest.approx(cost / 800)
    assert joint.at["P3", "naive_annual_cost"] == alone.at["P3", "naive_annual_cost"]
    listed = pd.DataFrame({"project_id": ["P3", "P4"], "name": ["Light", "Gas main"], "name_zh": ["照明", ""]})
    assert words.with_names(joint.reset_index(), listed, "en")["name"].tolist()[joint.index.get_loc("P3")] == "Light, with Gas main"
    assert "照明（连同Gas main）" in words.with_names(joint.reset_index(), listed, "zh")["name"].tolist()


def test_a_prerequisite_is_paid_once_and_moves_its_project_back(tiny):
    """P3 would come first with 785,097 a year; with P4, dear enough, it comes after P2. What needs P4 then pays nothing for it."""
    dear = GATE.replace("P4,Gas main,C,50000", "P4,Gas main,C,5000000")
    case = tiny(projects=dear, relations="project_id,relation,other_id\nP3,requires,P4\nP1,requires,P4\n")
    found, tables = case.assess(), case.checked.tables
    made = curve.curve(found.projects, interaction.pools(found.bases, found.lines), tables["relations"], tables["groups"])
    assert made["project_id"].tolist()[0] == "P2" and made["entered"].eq(1).all()
    assert sorted(made["joined"]) == ["", "", "P4"]
    whole = found.projects.set_index("project_id")["annual_cost"]
    lost = made["incremental_annual_cost"].sum() - whole.sum()  # no second P4: only the 480 MWh that P2 and P3 share
    assert lost == pytest.approx(480 * 500)


@pytest.mark.parametrize(
    ("relations", "kept_out"),
    [
        ("P3,requires,P4\nP4,requires,P1\n", set()),  # P1 saves: it enters in its own turn, then P3 and P4
        ("P3,requires,P4\nP4,excludes,P2\n", {"P2"}),  # P3 with P4 comes first
        ("P3,requires,P4\nP4,excludes,P3\n", {"P3"}),
        ("P3,requires_any,P4\nP3,requires_any,P2\n", set()),
    ],
)
def test_a_prerequisite_obeys_its_own_relations(tiny, relations, kept_out):
    made = enabled(tiny, relations)
    assert set(made.index[made["entered"] == 0]) == kept_out


def test_the_greedy_plan_takes_the_prerequisite_with_it(tiny):
    case = tiny(projects=GATE, relations="project_id,relation,other_id\nP3,requires,P4\n")
    problem = case.problem(budget_tco2e=25_300 - 700)
    plan = greedy(problem)
    assert plan.met and {"P3", "P4"} <= plan.chosen and plan.value == pytest.approx(problem.value(set(plan.chosen)))
    poor = greedy(case.problem(budget_tco2e=25_300 - 700, capital_limit=120_000.0))
    assert "P3" not in poor.chosen and "P4" not in poor.chosen  # the money for one is not enough for both


def test_a_prerequisite_enters_first(tiny):
    case = tiny(relations="project_id,relation,other_id\nP3,requires,P1\n")
    found, tables = case.assess(), case.checked.tables
    order = curve.curve(found.projects, interaction.pools(found.bases, found.lines), tables["relations"], tables["groups"])[
        "project_id"
    ].tolist()
    assert order.index("P1") < order.index("P3")


def test_curve_obeys_groups(tiny):
    case = tiny(groups="group_id,project_id,min_selected,max_selected\nG,P1,,1\nG,P3,,1\n")
    found, tables = case.assess(), case.checked.tables
    rows = curve.curve(found.projects, interaction.pools(found.bases, found.lines), tables["relations"], tables["groups"])
    assert rows.set_index("project_id")["entered"].to_dict() == {"P3": 1, "P2": 1, "P1": 0}


def test_an_intensity_cap_without_value_added_is_said_to_be_left_out(tiny):
    case = tiny(enterprises="enterprise_id,name,sector\nA,Alpha,power\nB,Beta,paper\nC,Gamma,food\n")
    said = pd.concat(case.assess(energy_intensity_cap=1.0).findings)
    assert said.loc[said["check"] == "intensity_not_possible", "field"].tolist() == ["energy_intensity_cap"]
    quiet = pd.concat(case.assess().findings)
    assert "intensity_not_possible" not in set(quiet["check"])


def test_power_without_a_bill_earns_at_the_read_price(tiny):
    """0.084 USD at 6.8985 CNY are 579.5 CNY/MWh (2019); bands that were recalled are never taken."""
    rows = "enterprise_id,year,carrier,flow,quantity,unit,tco2_per_unit\nC,2022,electricity,purchase,4000,MWh,0.5\n"
    paid = tiny(energy=rows).paid[0].set_index("carrier").loc["electricity"]
    assert (paid["source"], paid["unit"]) == ("cn:electricity:2019", "MWh")
    assert paid["price"] == pytest.approx(1000 * 0.084 * 6.8985, abs=0.05)
