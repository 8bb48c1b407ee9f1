"""Every number of the diagnosis on a second path: plain arithmetic on what was filed, beside the tables the notebook leaves.

The package below is small enough to follow by hand. The notebook runs cell by cell in this process; each test says what it
recomputes. `COVERED` names the test of every table that `30_potential` shows, `WRITTEN` of every one it leaves; a new table
without one fails. What needs supply by a member, loans or published levels stands in `test_diagnosis_members` and `_money`.
"""

from __future__ import annotations

import json
import math
import re
import tempfile
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from scipy.optimize import brentq
from tests import chain
from tests.conftest import META, TABLES, Tiny

import workbench
from workbench import figures

ROOT = Path(__file__).parents[1]
KG, RATE = 29.3076, 0.08  # GJ per tce; the run's discount rate
NCV = (
    pd.read_csv(ROOT / "src/workbench/data/factors/fuels.csv")
    .query("factor_set == 'cn-f1'")
    .set_index("carrier")["ncv_gj_per_unit"]
)
TCE = {"bituminous": NCV["bituminous"] / KG, "natural_gas": NCV["natural_gas"] / KG, "electricity": 3.6 / KG}
EF = {"bituminous": 2.0, "natural_gas": 20.0, "electricity": 0.5}  # as filed
PRICE = {"bituminous": 500.0, "natural_gas": 20_000.0, "electricity": 500.0}
FAN = (440 - 420 * 0.8 * (0.6 + 0.4 * 0.8**2) / (0.94 * 0.97)) * 4200 / 1000  # MWh: affinity laws with static head
# What each measure saves alone, in the unit of its carrier; P2 and P3 exclude each other, P5 switches fuel, P6 has no capital.
ALONE = {
    "P1": {"bituminous": 1000.0},
    "P2": {"electricity": 0.3 * 2000},
    "P3": {"electricity": 0.4 * 2000},
    "P4": {"electricity": FAN},
    "P5": {"natural_gas": 10.0, "electricity": -200.0},
    "P6": {"electricity": 50.0},
    "P7": {"electricity": 0.1 * 4000},
}
MONEY = {  # capital, running cost, life
    "P1": (1_000_000, 20_000, 10), "P2": (300_000, 0, 10), "P3": (1_000_000, 0, 10), "P4": (150_000, 5_000, 12),
    "P5": (900_000, 10_000, 15), "P6": (math.nan, 0, 10), "P7": (60_000, 0, 8),
}  # fmt: skip
HOME = dict(zip(MONEY, "ACCCBBC", strict=True))
PACKAGE = TABLES | {
    "enterprises": "enterprise_id,name,sector,value_added,lon,lat\nA,Alpha,power,10000000,120,0\n"
    "B,Beta,paper,20000000,120,0.1\nC,Gamma,food,30000000,120.1,0\n",
    "energy": (
        "enterprise_id,year,unit_id,carrier,flow,quantity,unit,cost,tco2_per_unit\n"
        "A,2022,A1,bituminous,purchase,10000,t,5000000,2\n"
        "B,2022,,natural_gas,purchase,100,10^4 Nm3,2000000,20\nB,2022,,electricity,purchase,2000,MWh,1000000,0.5\n"
        "C,2022,C1,electricity,purchase,2000,MWh,1000000,0.5\nC,2022,,electricity,purchase,2000,MWh,1000000,0.5\n"
    ),
    "units": "unit_id,enterprise_id,name,kind,carrier,efficiency\nA1,A,Boiler,boiler,bituminous,0.8\n"
    "C1,C,Drives,motor,electricity,0.9\n",
    "projects": "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\n"
    + "".join(f"{p},{p},{HOME[p]},{'' if k != k else k},{o},{n}\n" for p, (k, o, n) in MONEY.items()),
    "savings": (
        "project_id,unit_id,carrier,mode,amount,unit\nP1,A1,bituminous,absolute,1000,t\nP2,C1,electricity,fraction,0.3,\n"
        "P3,C1,electricity,fraction,0.4,\nP5,,natural_gas,absolute,10,10^4 Nm3\nP5,,electricity,absolute,-200,MWh\n"
        "P6,,electricity,absolute,50,MWh\nP7,,electricity,fraction,0.1,\n"
    ),
    "calculations": "project_id,calculator,case,unit_id,carrier,input,value,unit,evidence\n"
    + "".join(
        f"P4,speed_control,,C1,,{name},{value},{unit},meter_record\n"
        for name, value, unit in (
            ("full_shaft_kw", 420, "kW"), ("power_before_kw", 440, "kW"), ("flow_pct", 80, "%"), ("static_head_pct", 60, "%"),
            ("motor_efficiency_pct", 94, "%"), ("drive_efficiency_pct", 97, "%"), ("hours", 4200, "h"),
        )
    ),
    "relations": "project_id,relation,other_id\nP2,excludes,P3\n",
    "streams": "stream_id,enterprise_id,name,supply_c,target_c,duty_kw\nS1,A,Flue,120,60,600\nS2,B,Water,20,60,400\n",
}  # fmt: skip
COVERED = {
    "task": "test_balance_and_what_must_add_up",
    "diagnosed": "test_balance_and_what_must_add_up",
    "balance_carrier": "test_diagnosis_members.py::test_balance_of_members",
    "balance_enterprise": "test_diagnosis_members.py::test_balance_of_members",
    "balance_use": "test_uses_hot_spots_and_what_no_measure_touches",
    "balance_checks": "test_balance_and_what_must_add_up",
    "equipment": "test_losses_of_equipment",
    "gaps": "test_diagnosis_members.py::test_gap_to_the_published_level",
    "hotspots": "test_uses_hot_spots_and_what_no_measure_touches",
    "calculation_case": "test_the_calculation_by_hand",
    "priorities": "test_classes_of_priority",
    "measures": "test_measures_alone",
    "implementation": "test_diagnosis_members.py::test_how_often_such_measures_were_carried_out",
    "overstatement": "test_all_in_their_turn",
    "macc": "test_all_in_their_turn",
    "misplaced": "test_what_cost_per_tonne_misplaces",
    "where_changed": "test_diagnosis_members.py::test_supply_by_a_member_through_the_whole_diagnosis",
    "switches": "test_where_emissions_change",
    "grid_cases": "test_cases_of_the_grid",
    "pinch_targets": "test_diagnosis_members.py::test_heat_targets_and_pairs",
    "heat_matches": "test_diagnosis_members.py::test_heat_targets_and_pairs",
    "finance": "test_money_of_each_measure",
    "green_finance": "test_diagnosis_money.py::test_rules_of_lenders",
    "screened": "test_diagnosis_money.py::test_rules_of_lenders",
    "candidates": "test_diagnosis_money.py::test_what_the_library_proposes",
    "same_factors": "test_diagnosis_money.py::test_the_very_same_factors",
}
# Of every table the notebook leaves in the run's folder; those that are shown as well are held by `COVERED` too.
_ENERGY, _MEMBERS, _MONEY = "test_balance_and_what_must_add_up", "test_diagnosis_members.py", "test_diagnosis_money.py"
WRITTEN = {
    "potential": f"{_MEMBERS}::test_supply_by_a_member_through_the_whole_diagnosis",
    "use_bases": f"{_MEMBERS}::test_supply_by_a_member_through_the_whole_diagnosis",
    "saving_lines": f"{_MEMBERS}::test_supply_by_a_member_through_the_whole_diagnosis",
    "savings_by_carrier": f"{_MEMBERS}::test_supply_by_a_member_through_the_whole_diagnosis",
    "calculation_sheet": "test_the_calculation_by_hand",
    "energy_balance": _ENERGY,
    "balance_checks": _ENERGY,
    "energy_by_use": f"{_MEMBERS}::test_uses_and_hot_spots",
    "end_use": f"{_MEMBERS}::test_uses_and_hot_spots",
    "hotspots": f"{_MEMBERS}::test_uses_and_hot_spots",
    "equipment": "test_losses_of_equipment",
    "efficiency_gaps": f"{_MEMBERS}::test_gap_to_the_published_level",
    "measures": "test_measures_alone",
    "implementation": f"{_MEMBERS}::test_how_often_such_measures_were_carried_out",
    "macc": "test_all_in_their_turn",
    "misplaced": "test_what_cost_per_tonne_misplaces",
    "candidates": f"{_MONEY}::test_what_the_library_proposes",
    "candidate_savings": f"{_MONEY}::test_what_the_library_proposes",
    "finance": f"{_MONEY}::test_money_and_what_a_lender_asks",
    "cash_flow": f"{_MONEY}::test_money_and_what_a_lender_asks",
    "finance_assumptions": f"{_MONEY}::test_money_and_what_a_lender_asks",
    "green_finance": f"{_MONEY}::test_rules_of_lenders",
    "tornado": "test_money_of_each_measure",
    "potential_levels": "test_money_of_each_measure",
    "pinch_targets": f"{_MEMBERS}::test_heat_targets_and_pairs",
    "heat_matches": f"{_MEMBERS}::test_heat_targets_and_pairs",
    "grid_sensitivity": f"{_MEMBERS}::test_cases_of_the_grid",
    "fuel_switches": "test_where_emissions_change",
    "sites": f"{_MONEY}::test_places",
}


class Drawn:
    """The figures of the workbench, and the last picture each of them drew."""

    def __init__(self):
        self.pictures = {}

    def __getattr__(self, name):
        draw = getattr(figures, name)
        return lambda *given: self.pictures.setdefault(name, []).append(draw(*given)) or self.pictures[name][-1]


@cache
def ran():
    """The notebooks 10, 20 and 30 on the package, the tables they leave and the `pictures` they drew; once for all tests."""
    kept = tempfile.TemporaryDirectory(prefix="diagnosis-")
    path = Tiny(META, PACKAGE).write(Path(kept.name) / "package")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbench, "figures", drawn := Drawn())
        made = chain.run(path, Path(kept.name) / "run", figures=True, notebooks=chain.ALL[:3])
    made.pictures, made.kept = {name: drawings[-1] for name, drawings in drawn.pictures.items()}, kept
    return made


@pytest.fixture(scope="module", params=[pytest.param("by hand", marks=pytest.mark.slow)])
def run():
    return ran()


def table(run, name):
    return pd.read_csv(run.run.path / "tables" / f"{name}.csv")


def by_project(run, name):
    return table(run, name).set_index("project_id")


def saved(project, per):
    return sum(amount * per[carrier] for carrier, amount in ALONE[project].items())


def yearly(project):
    return saved(project, PRICE) - MONEY[project][1]


def recovery(years, rate=RATE):
    return 1 / sum((1 + rate) ** -t for t in range(1, years + 1))


def annual(project):
    capital, _, life = MONEY[project]
    return capital * recovery(life) - yearly(project)


def test_every_table_of_the_notebook_has_a_second_path():
    notebook = json.loads((ROOT / "notebooks/30_potential.ipynb").read_text(encoding="utf-8"))
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    shown = set(re.findall(r'words\.table\("(\w+)"', code))
    for names in re.findall(r"for name, frame in (\{.*?\})\.items\(\):\n    display\(tables", code):
        shown |= set(re.findall(r'"(\w+)":', names))
    shown |= {"balance_carrier", "balance_enterprise", "balance_use", "balance_checks", "equipment", "gaps"}  # words.*_tables
    shown |= {"priorities", "measures", "implementation"}
    assert shown == set(COVERED)
    assert set(re.findall(r'"(\w+)": ', code.partition("results = ")[2])) == set(WRITTEN)
    for place in {*COVERED.values(), *WRITTEN.values()}:
        file, _, name = place.rpartition("::")
        assert f"def {name}(" in (ROOT / "tests" / (file or Path(__file__).name)).read_text(encoding="utf-8"), place


def test_balance_and_what_must_add_up(run):
    coal, gas, power = 10_000 * TCE["bituminous"], 100 * TCE["natural_gas"], 6_000 * TCE["electricity"]
    balance = table(run, "energy_balance").fillna({"key": ""}).set_index(["level", "key"])
    assert balance.loc["carrier", "used_tce"].to_dict() == pytest.approx(
        {"bituminous": coal, "natural_gas": gas, "electricity": power}
    )
    firms = {"A": coal, "B": gas + power / 3, "C": power * 2 / 3}
    assert balance.loc["enterprise", "net_tce"].to_dict() == pytest.approx(firms)
    assert balance.at[("total", ""), "cluster_tce"] == pytest.approx(coal + gas + power)
    assert balance.at[("total", ""), "used_tco2e"] == pytest.approx(20_000 + 2_000 + 3_000)
    assert table(run, "balance_checks").query("item != 'handed'")["closes"].eq(1).all()
    filed = run.enterprises.set_index("enterprise_id")
    assert filed["tce"].to_dict() == pytest.approx(firms)
    assert filed["share_pct"].to_dict() == pytest.approx({"A": 80.0, "B": 12.0, "C": 8.0})


def test_losses_of_equipment(run):
    losses = table(run, "equipment").set_index("unit_id")
    assert losses["loss_tce"].to_dict() == pytest.approx(
        {"A1": 0.2 * 10_000 * TCE["bituminous"], "C1": 0.1 * 2_000 * TCE["electricity"]}
    )
    assert losses["loss_tco2e"].to_dict() == pytest.approx({"A1": 4_000, "C1": 100})


def test_the_calculation_by_hand(run):
    sheet = table(run, "calculation_sheet").query("kind == 'saving'")
    assert sheet["value"].tolist() == pytest.approx([FAN]) and round(FAN, 1) == 523.2


def test_measures_alone(run):
    plan = by_project(run, "measures")
    for project, (capital, _, life) in MONEY.items():
        row = plan.loc[project]
        assert row["tce_saved"] == pytest.approx(saved(project, TCE)), project
        assert row["tco2e_saved"] == pytest.approx(saved(project, EF)), project
        assert row["yearly_saving"] == pytest.approx(yearly(project)), project
        if capital == capital:
            assert row["payback_years"] == pytest.approx(capital / yearly(project)), project
            assert row["abatement_cost"] == pytest.approx((capital * recovery(life) - yearly(project)) / saved(project, EF)), (
                project
            )
    assert plan["figure_source"].to_dict() == {
        "P1": "filed_quantity", "P2": "filed_share", "P3": "filed_share", "P4": "calculated", "P5": "filed_quantity",
        "P6": "filed_quantity", "P7": "filed_share",
    }  # fmt: skip


def test_classes_of_priority(run):
    def expected(project):
        if project in ("P6", "P3"):  # no capital; excluded by P2, which earns more
            return {"P6": "clarify", "P3": "alternative"}[project]
        years = MONEY[project][0] / yearly(project)
        name = next((n for n, most in (("at_once", 1), ("near_term", 3), ("medium_term", 5)) if years <= most), "long_term")
        return name if annual(project) < 0 else "needs_support"

    plan = by_project(run, "measures")
    assert plan["priority"].to_dict() == {project: expected(project) for project in MONEY}
    assert len(set(plan["priority"])) >= 5 and annual("P2") < annual("P3")
    classes = run.classes.set_index("priority")
    for name, rows in plan.groupby("priority"):
        assert classes.at[name, "projects"] == len(rows)
        assert classes.at[name, "tco2e_saved"] == pytest.approx(sum(saved(p, EF) for p in rows.index))
        assert classes.at[name, "capex"] == pytest.approx(sum(MONEY[p][0] for p in rows.index), nan_ok=True)


def together(chosen):
    """Tonnes that `chosen` save together: quantities of C1 first, its shares, then the shares of the site; A and B by sums."""
    unit = max(0.0, 2000 - (FAN if "P4" in chosen else 0)) * (0.7 if "P2" in chosen else 1) * (0.6 if "P3" in chosen else 1)
    power = 4000 - (unit + 2000) * (0.9 if "P7" in chosen else 1)
    return power * EF["electricity"] + sum(saved(p, EF) for p in chosen & {"P1", "P5"})


def test_all_in_their_turn(run):
    macc = table(run, "macc").sort_values("rank")
    first = sorted((p for p in MONEY if annual(p) < 0), key=annual)
    then = sorted((p for p in MONEY if annual(p) >= 0), key=lambda p: annual(p) / saved(p, EF))
    inside = [p for p in first + then if p != "P3"]
    assert list(macc.loc[macc["entered"] == 1, "project_id"]) == inside and list(macc.loc[macc["entered"] != 1, "project_id"]) == [
        "P3"
    ]
    rows = macc.set_index("project_id")
    for place, project in enumerate(inside):
        gained = together(set(inside[: place + 1])) - together(set(inside[:place]))
        assert rows.at[project, "naive_tco2e"] == pytest.approx(saved(project, EF))
        assert rows.at[project, "incremental_tco2e"] == pytest.approx(gained)
        assert rows.at[project, "cumulative_tco2e"] == pytest.approx(together(set(inside[: place + 1])))
        lost = (saved(project, EF) - gained) / EF["electricity"] * PRICE["electricity"]  # only power overlaps here
        assert rows.at[project, "incremental_annual_cost"] == pytest.approx(annual(project) + lost)
    alone = sum(saved(p, EF) for p in inside)
    items = run.overlap.overstatement(macc).set_index("item")
    assert items.at["tco2e", "overstated"] == pytest.approx(alone - together(set(inside)))
    assert items.at["annual_cost", "overstated"] == pytest.approx((alone - together(set(inside))) / 0.5 * 500)
    assert items.at["kept_out_tco2e", "alone"] == pytest.approx(800 * 0.5)


def test_what_cost_per_tonne_misplaces(run):
    pays = [p for p in MONEY if annual(p) < 0]
    worse = {
        p: [q for q in pays if annual(q) <= annual(p) and saved(q, EF) >= saved(p, EF) and q != p
            and annual(q) / saved(q, EF) > annual(p) / saved(p, EF)]
        for p in pays
    }  # fmt: skip
    found = table(run, "misplaced").set_index("project_id")
    assert found["better_projects"].to_dict() == {p: len(others) for p, others in worse.items() if others}
    assert found["better_annual_cost"].to_dict() == pytest.approx({p: min(map(annual, o)) for p, o in worse.items() if o})


def test_uses_hot_spots_and_what_no_measure_touches(run):
    uses = table(run, "energy_by_use").set_index("system")
    assert uses.at["steam", "tce"] == pytest.approx(10_000 * TCE["bituminous"])
    assert uses.at["motors", "metered_tce"] == pytest.approx(2_000 * TCE["electricity"])
    assert uses["tce"].sum() == pytest.approx(10_000 * TCE["bituminous"] + 100 * TCE["natural_gas"] + 6_000 * TCE["electricity"])
    spots = table(run, "hotspots").fillna({"projects": ""})
    assert spots["saved_tco2e"].sum() == pytest.approx(together({"P1", "P2", "P4", "P5", "P7"}))
    for row in spots.itertuples():
        assert row.uncovered_tce == pytest.approx(0.0 if row.projects else row.tce)
        assert row.share_pct == pytest.approx(100 * row.tco2e / 25_000)


def test_where_emissions_change(run):
    projects = by_project(run, "potential")
    for project, amounts in ALONE.items():
        row = projects.loc[project]
        own = sum(amount * EF[carrier] for carrier, amount in amounts.items() if carrier != "electricity")
        assert row["direct_tco2e_saved"] == pytest.approx(own)
        assert row["site_tco2e_saved"] == row["cluster_tco2e_saved"] == pytest.approx(saved(project, EF))
        assert row["chain_tco2e_saved"] == pytest.approx(row["cluster_tco2e_saved"] + row["upstream_tco2e_saved"])
        assert row["energy_money_saved"] == pytest.approx(saved(project, PRICE))
        assert row["seller_sales_lost"] == 0  # no member sells to another here
    switch = table(run, "fuel_switches").set_index("project_id")
    assert list(switch.index) == ["P5"] and switch.at["P5", "tco2e_saved"] == pytest.approx(10 * 20 - 200 * 0.5)
    assert switch.at["P5", "tce_saved"] == pytest.approx(10 * TCE["natural_gas"] - 200 * TCE["electricity"])


def test_cases_of_the_grid(run):
    cases = table(run, "grid_sensitivity")
    assert set(cases["project_id"]) == {p for p, amounts in ALONE.items() if "electricity" in amounts}
    for row in cases.itertuples():
        amounts = ALONE[row.project_id]
        rest = sum(amount * EF[carrier] for carrier, amount in amounts.items() if carrier != "electricity")
        assert row.tco2e_saved == pytest.approx(rest + amounts["electricity"] * row.grid_tco2e_per_mwh)
        assert row.change_tco2e == pytest.approx(row.tco2e_saved - saved(row.project_id, EF), abs=1e-6)


def test_money_of_each_measure(run):
    """CRF, annual cost, present value, rates of return as roots, conserved energy, break-even price, least aid, sensitivities."""
    projects, lent, moved = by_project(run, "potential"), by_project(run, "finance"), table(run, "tornado")
    costed = [p for p in MONEY if p != "P6"]

    def value(project, rate=RATE, capital=1.0, energy=1.0, tonne=0.0):
        k, running, life = MONEY[project]
        income = energy * saved(project, PRICE) - running + tonne * saved(project, EF)
        return sum(income / (1 + rate) ** t for t in range(1, life + 1)) - capital * k

    assert sorted(lent.index) == costed
    for project in costed:
        row, other = projects.loc[project], lent.loc[project]
        assert row["annual_cost"] == pytest.approx(annual(project))
        assert row["npv"] == pytest.approx(value(project)) and other["npv_all_flows"] == pytest.approx(value(project))
        life = MONEY[project][2]
        if yearly(project) * life > MONEY[project][0]:
            root = brentq(lambda rate, project=project: value(project, rate), 1e-6, 50.0)
            assert row["irr_pct"] == pytest.approx(100 * root, rel=1e-6)
            assert other["irr_all_flows_pct"] == pytest.approx(100 * root, rel=1e-6)
        if saved(project, EF) > 0:
            assert value(project, tonne=other["break_even_carbon_price"]) == pytest.approx(0.0, abs=1e-3)
        assert other["conserved_cost_per_tce"] == pytest.approx(
            (MONEY[project][0] * recovery(life) + MONEY[project][1]) / saved(project, TCE)
        )
        assert other["least_aid"] == math.ceil(max(0.0, -value(project)))  # whole currency
    bundle = moved.query("level == 'bundle'").set_index("factor")
    change = bundle.at["capex", "change_pct"] / 100
    assert bundle.at["capex", "npv_low"] == pytest.approx(sum(value(p, capital=1 - change) for p in costed))
    change = bundle.at["energy_price", "change_pct"] / 100
    assert bundle.at["energy_price", "npv_high"] == pytest.approx(sum(value(p, energy=1 + change) for p in costed))
    levels = table(run, "potential_levels").set_index("level")
    assert levels.at["technical", "tco2e_saved"] == pytest.approx(sum(saved(p, EF) for p in costed))
    assert levels.at["economic", "tco2e_saved"] == pytest.approx(sum(saved(p, EF) for p in costed if annual(p) < 0))


def test_heat_of_one_source_and_one_sink_by_hand(run):
    """600 kW from 120 to 60 degC, 400 kW from 20 to 60 degC in two enterprises: all of the sink is met by the source."""
    levels = table(run, "pinch_targets").set_index("level")
    assert levels.at["sum", "hot_utility_kw"] == pytest.approx(400) and levels.at["cluster", "hot_utility_kw"] == pytest.approx(0)
    assert levels.at["cluster", "cold_utility_kw"] == pytest.approx(200) and levels.at[
        "exchange", "hot_utility_kw"
    ] == pytest.approx(400)
    assert table(run, "heat_matches")["heat_kw"].tolist() == pytest.approx([400])


NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?")


def numbers(sentence):
    """Numbers of a sentence with half a unit of their last digit; those inside an id or a word are none."""
    found = []
    for text in NUMBER.findall(sentence):
        plain = text.replace(",", "").replace("−", "-")
        found.append((float(plain), 0.5 * 10.0 ** -len(plain.partition(".")[2])))
    return found


def held_in_words(run, expected, slack):
    """Each paragraph from the energy balance on says the numbers expected of it, as printed and `slack` beside, and no more."""
    texts = [str(thing) for thing in run.shown if type(thing).__name__ == "Prose"]
    said = texts[next(place for place, text in enumerate(texts) if text.startswith("The enterprises use")) :]
    assert len(said) == len(expected)
    for (name, wanted), sentence in zip(expected.items(), said, strict=True):
        found = numbers(sentence)
        assert len(found) == len(wanted), (name, sentence)
        for (figure, half), number in zip(found, wanted, strict=True):
            assert abs(figure - number) <= half * (1 + 1e-9) + slack, (name, figure, number, sentence)


def value(project, tonne=0.0):
    """Present value, with or without a carbon price."""
    capital, _, life = MONEY[project]
    return (yearly(project) + tonne * saved(project, EF)) / recovery(life) - capital


def test_every_number_of_every_sentence(run):
    """In the order of reading; a sentence that is added, or a number in one, fails."""
    coal, gas, power = 10_000 * TCE["bituminous"], 100 * TCE["natural_gas"], 6_000 * TCE["electricity"]
    total, metered = coal + gas + power, coal + 2_000 * TCE["electricity"]
    costed, pays = [p for p in MONEY if p != "P6"], [p for p in MONEY if annual(p) < 0]
    inside = [p for p in costed if p != "P3"]
    classes = by_project(run, "measures")["priority"]
    soon = classes.index[classes.isin(["at_once", "near_term"])]
    ready = classes.isin(["at_once", "near_term", "medium_term", "long_term"]).sum()
    alone, turn = sum(saved(p, EF) for p in inside), together(set(inside))
    grid = table(run, "grid_sensitivity").drop_duplicates("case")["grid_tco2e_per_mwh"]
    with_power = [p for p, amounts in ALONE.items() if "electricity" in amounts]
    cases = [sum(saved(p, EF | {"electricity": factor}) for p in with_power) for factor in grid]
    worse = sum(
        any(annual(q) <= annual(p) and saved(q, EF) >= saved(p, EF) and annual(q) / saved(q, EF) > annual(p) / saved(p, EF)
            for q in pays if q != p) for p in pays
    )  # fmt: skip
    income = sum(value(p, 1.0) - value(p) for p in costed)  # of one currency a tonne
    poor = [p for p in costed if value(p) < 0]
    expected = {
        "balance": [total, total, 100 * coal / total, 100 * coal / total, 100 * metered / total, 4],
        "equipment": [2, 2, 80, 0.2 * coal, 3],
        "where": [84, 0, 0, 16, 20_000, 80, 100, turn, 100 * turn / 25_000],
        "calculated": [1, 1],
        "measures": [7, ready, len(soon), 1, 2, sum(saved(p, TCE) for p in soon), sum(saved(p, EF) for p in soon)]
        + [sum(MONEY[p][0] for p in soon) / 1e6, sum(map(yearly, soon)) / 1e6, len(poor), 1, 1],
        "library": [7, 6, sum(saved(p, TCE) for p in costed), sum(saved(p, EF) for p in costed)]
        + [100 * sum(saved(p, EF) for p in costed) / 25_000, sum(MONEY[p][0] for p in costed) / 1e6, len(pays)]
        + [100 * sum(saved(p, EF) for p in pays) / sum(saved(p, EF) for p in costed), sum(saved(p, EF) for p in pays)]
        + [-sum(map(annual, pays)) / 1e6, turn, alone, alone - turn, 100 * (alone / turn - 1), (alone - turn) / 0.5 * 500, 1, 400],
        "moves": [5, min(cases), max(cases), sum(saved(p, EF) for p in with_power), worse],
        "heat": [2, 2, 400, 400, 0, 400, 400, 0.1 * math.pi * 6371.0088 / 180],
        "money": [len(costed) - len(poor), 6, sum(value(p) for p in costed if p not in poor) / 1e6, len(poor)]
        + [sum(math.ceil(-value(p)) for p in poor), -sum(map(value, costed)) / income],
        "offers": [len(run.offers.left_out)],
        "open": [total - metered, 100 * (1 - metered / total), 3, 1, 17166],
    }
    held_in_words(run, expected, 1e-9)
