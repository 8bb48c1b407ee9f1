"""Ranges of tonnes and of cost per tonne by hand; what adding up overstates; where cost per tonne misranks."""

import pandas as pd
import pytest

from workbench import curve, interaction, overlap, ranges

SAVINGS = "project_id,carrier,mode,amount,unit,uncertainty_pct\nP1,bituminous,absolute,1000,t,30\nP2,electricity,fraction,0.3,,\n"
PROJECTS = (
    "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years,evidence\n"
    "P1,Boiler,A,1000000,0,10,estimate\nP2,Motors,C,300000,0,10,\n"
)


def drawn(case, **settings):
    found, tables = case.assess(**settings), case.checked.tables
    macc = curve.curve(found.projects, interaction.pools(found.bases, found.lines), tables["relations"], tables["groups"])
    half = ranges.of_projects(found.projects, found.lines, found.by_carrier, tables["projects"])
    return half.set_index("project_id"), ranges.on_curve(macc, found.projects, half).set_index("project_id")


def test_half_ranges_by_hand(tiny):
    half, _ = drawn(tiny(savings=SAVINGS, projects=PROJECTS))
    assert half.loc["P1", ["saving_half_pct", "factor_half_pct"]].tolist() == pytest.approx([30, 8])
    assert half.loc["P1", ["capex_low_pct", "capex_high_pct"]].tolist() == [-30, 50]  # an estimate: class 4
    assert half.loc["P2", ["saving_half_pct", "factor_half_pct", "range_missing"]].tolist() == pytest.approx([0, 5, 1])
    assert half.loc["P2", ["capex_low_pct", "capex_high_pct"]].tolist() == [-50, 100]  # nothing filed: class 5


def test_both_axes_by_hand(tiny):
    """P1: 2,000 t +- hypot(30, 8) %; capital 149,029 a year, coal money 500,000, cost per tonne -175.49."""
    _, macc = drawn(tiny(savings=SAVINGS, projects=PROJECTS))
    row = macc.loc["P1"]
    half = (30**2 + 8**2) ** 0.5 / 100
    assert row["naive_tco2e_low"] == pytest.approx(2000 * (1 - half)) and row["naive_tco2e_high"] == pytest.approx(
        2000 * (1 + half)
    )
    yearly, money, middle = 149029.49, 500000.0, (149029.49 - 500000) / 2000
    ends = [
        ((0.7 * yearly - money) / 2000, (1.5 * yearly - money) / 2000),
        ((yearly - 0.7 * money) / 1400, (yearly - 1.3 * money) / 2600),
        (middle / 0.92, middle / 1.08),
    ]
    down = sum(max(0, middle - min(pair)) ** 2 for pair in ends) ** 0.5
    up = sum(max(0, max(pair) - middle) ** 2 for pair in ends) ** 0.5
    assert row["naive_abatement_cost_low"] == pytest.approx(middle - down, rel=1e-6)
    assert row["naive_abatement_cost_high"] == pytest.approx(middle + up, rel=1e-6)


def test_carbon_income_errs_with_its_saving_and_its_factor(tiny):
    """At 100 CNY a tonne 2,000 t earn 200,000: cost per tonne -275.49; capital stays 149,029 a year."""
    case = tiny(savings=SAVINGS, projects=PROJECTS)
    _, macc = drawn(case, carbon_price=100.0)
    row, yearly, money, income = macc.loc["P1"], 149029.49, 500000.0, 200000.0
    middle = (yearly - money - income) / 2000
    ends = [
        ((0.7 * yearly - money - income) / 2000, (1.5 * yearly - money - income) / 2000),
        ((yearly - 0.7 * (money + income)) / 1400, (yearly - 1.3 * (money + income)) / 2600),
        ((yearly - money) / 1840 - 100, (yearly - money) / 2160 - 100),
    ]
    down = sum(max(0, middle - min(pair)) ** 2 for pair in ends) ** 0.5
    up = sum(max(0, max(pair) - middle) ** 2 for pair in ends) ** 0.5
    assert row["naive_abatement_cost"] == pytest.approx(middle, rel=1e-6)
    assert row["naive_abatement_cost_low"] == pytest.approx(middle - down, rel=1e-6)
    assert row["naive_abatement_cost_high"] == pytest.approx(middle + up, rel=1e-6)


def test_in_turn_carbon_earns_on_what_is_still_saved(tiny):
    """P2 and P3 save 600 and 800 t alone, 1,160 t in turn: the second earns 240 t x 100 CNY and 480 MWh x 500 CNY less."""
    plain, priced = (drawn(tiny(), carbon_price=price)[1] for price in (0.0, 100.0))
    both = ["P2", "P3"]
    for macc, apart in ((plain, 240000.0), (priced, 264000.0)):
        lost = macc.loc[both, "incremental_annual_cost"] - macc.loc[both, "naive_annual_cost"]
        assert sorted(lost) == pytest.approx([0.0, apart])
    income = plain["incremental_annual_cost"] - priced["incremental_annual_cost"]
    assert income.tolist() == pytest.approx((100 * priced["incremental_tco2e"]).tolist())


def test_the_middle_lies_within(tiny):
    _, macc = drawn(tiny(savings=SAVINGS, projects=PROJECTS))
    for kind in ("naive", "incremental"):
        for name in ("tco2e", "abatement_cost"):
            low, middle, high = (macc[f"{kind}_{name}{end}"] for end in ("_low", "", "_high"))
            assert (low <= middle).all() and (middle <= high).all()


def test_adding_up_overstates_tonnes_and_money(tiny):
    """P2 and P3 save 600 and 800 t alone and 1,160 t in turn; the 240 t were 480 MWh at 500 CNY."""
    found, tables = tiny().assess(), tiny().checked.tables
    macc = curve.curve(found.projects, interaction.pools(found.bases, found.lines), tables["relations"], tables["groups"])
    table = overlap.overstatement(macc).set_index("item")
    assert table.at["tco2e", "overstated"] == pytest.approx(240)
    assert table.at["tco2e", "overstated_pct"] == pytest.approx(100 * 240 / 3160)
    assert table.at["annual_cost", "overstated"] == pytest.approx(480 * 500)


def test_a_curve_without_a_project_has_ranges_without_rows(tiny):
    """Keys of tables without rows have no type to join on."""
    half, made = drawn(tiny(projects=PROJECTS.splitlines()[0] + "\n", savings=SAVINGS.splitlines()[0] + "\n"))
    assert half.empty
    assert made.empty and set(ranges.CURVE) <= set(made.columns)


def test_the_ratio_prefers_the_smaller_of_two_with_one_gain():
    """Both earn 100; A saves 10 t (-10 a tonne), B 50 t (-2 a tonne): the ratio puts A first, though B is never worse."""
    rows = pd.DataFrame(
        {
            "project_id": ["A", "B", "C"], "eligible": 1, "annual_cost": [-100.0, -100.0, 50.0], "tco2e_saved": [10.0, 50.0, 5.0],
            "abatement_cost": [-10.0, -2.0, 10.0],
        }
    )  # fmt: skip
    table = overlap.misplaced(rows)
    assert table[["project_id", "better_id", "better_projects"]].to_numpy().tolist() == [["A", "B", 1]]
    assert overlap.misplaced(rows.assign(tco2e_saved=10.0, abatement_cost=[-10.0, -10.0, 5.0])).empty


def test_the_curve_never_draws_a_source_of_waste_heat_twice(tiny):
    """1,000 kW over 5,000 h are 18,000 GJ: two projects of 12,000 GJ each cannot both enter."""
    case = tiny(
        units="unit_id,enterprise_id,name,kind,carrier,rated_kw,hours\nW1,A,Flue gas,heat_recovery,waste_heat,1000,5000\n",
        projects="project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\nP1,One,A,1000,0,10\nP2,Other,A,2000,0,10\n",
        savings=(
            "project_id,unit_id,carrier,mode,amount,unit\nP1,W1,waste_heat,absolute,-12000,GJ\nP1,,bituminous,absolute,500,t\n"
            "P2,W1,waste_heat,absolute,-12000,GJ\nP2,,bituminous,absolute,400,t\n"
        ),
    )
    found, tables = case.assess(), case.checked.tables
    macc = curve.curve(found.projects, interaction.pools(found.bases, found.lines), tables["relations"], tables["groups"])
    assert macc.set_index("project_id")["entered"].to_dict() == {"P1": 1, "P2": 0}
