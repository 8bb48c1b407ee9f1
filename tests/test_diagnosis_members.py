"""The diagnosis of a park whose members supply each other, on a second path: energy, supply, measures, heat."""

from __future__ import annotations

import math

import pytest
from tests import members_park, printed
from tests.conftest import META, Tiny
from tests.members_park import (
    ALONE,
    BURNT,
    CLUSTER,
    COAL,
    FUEL_OF_HEAT,
    MONEY,
    NAME,
    PACKAGE,
    POWER,
    PRICE,
    PRICE_CLUSTER,
    SAVED_TCE,
    SITE,
    SOLD,
    STREAMS,
    TCE,
    annual,
    columns,
    gap,
    left,
    net,
    rows_of,
    saved,
    yearly,
)


@pytest.fixture(scope="module", params=[pytest.param("by hand", marks=pytest.mark.slow)])
def run():
    return members_park.ran()


def by_name(run, table):
    """A printed table by project: the first word of what a measure is called."""
    return run.printed[table].assign(project_id=run.printed[table]["measure"].str.split().str[0])


def test_the_library_alone():
    """What the notebook starts from, without it: tonnes, coal equivalent and money of each project."""
    made = Tiny(META, PACKAGE).assess().projects.set_index("project_id")
    expected = columns(
        tce_saved=lambda p: saved(p, SAVED_TCE), tco2e_saved=lambda p: saved(p, CLUSTER), site_tco2e_saved=lambda p: saved(p, SITE),
        energy_money_saved=lambda p: saved(p, PRICE), annual_cost=annual, payback_years=lambda p: net(p) / yearly(p),
    )  # fmt: skip
    for name, wanted in expected.items():
        assert made[name].to_dict() == pytest.approx(wanted), name


def test_balance_of_members(run):
    """What A hands over B receives; the cluster's net is what is bought outside."""
    coal, heat, coke = BURNT * TCE["bituminous"], SOLD * TCE["heat"], 1000 * TCE["coke"]
    power = {firm: amount * TCE["electricity"] for firm, amount in POWER.items()}
    names = ("bought_tce", "received_tce", "used_tce", "handed_tce", "sold_tce", "net_tce", "used_tco2e")
    lines = {
        "Electricity": (sum(power.values()), 0, sum(power.values()), 0, 0, sum(power.values()), 202_000 * 0.5),
        "Bituminous coal": (coal, 0, coal, 0, 0, coal, 20_000), "Heat": (0, heat, heat, heat, 0, 0, SOLD * 0.11),
        "Coke": (coke, 0, coke, 0, 0, coke, 3_000),
    }  # fmt: skip
    lines["All carriers"] = tuple(map(sum, zip(*lines.values(), strict=True)))
    printed.held(run.printed["balance_carrier"], "carrier", {n: {k: v[i] for k, v in lines.items()} for i, n in enumerate(names)})
    firms = {
        "Alpha": (coal, 0, coal, heat, 0, coal - heat, 20_000),
        "Beta": (power["B"], heat, heat + power["B"], 0, 0, heat + power["B"], SOLD * 0.11 + 1_000),
        "Gamma": (coke + power["C"], 0, coke + power["C"], 0, 0, coke + power["C"], 103_000),
    }  # fmt: skip
    printed.held(
        run.printed["balance_enterprise"], "enterprise", {n: {k: v[i] for k, v in firms.items()} for i, n in enumerate(names)}
    )
    total = {"Alpha": 20_000 - SOLD * 0.11, "Beta": SOLD * 0.11 + 1_000, "Gamma": 103_000}
    expected = {"tce": {k: v[5] for k, v in firms.items()}, "total_tco2e": total}
    expected["share_pct"] = {k: 100 * v / sum(total.values()) for k, v in total.items()}
    printed.held(run.printed["diagnosed"], "enterprise", expected)
    outside = lines["All carriers"][5]
    sums = [(outside, outside)] * 2 + [(outside + heat, outside + heat)] * 2 + [(heat, heat)]
    checks = run.printed["balance_checks"]
    assert checks["result"].eq("agrees").all()  # nothing is lost between A and B
    for row, (first, second) in zip(checks.itertuples(), sums, strict=True):
        assert [printed.figure(text)[0] for text in row[2:5]] == [round(first), round(second), 0]
    printed.held(run.printed["equipment"], "used_in", {
        "efficiency_pct": {"K1 Boiler": 80}, "tce": {"K1 Boiler": coal}, "loss_tce": {"K1 Boiler": 0.2 * coal},
        "loss_tco2e": {"K1 Boiler": 0.2 * 20_000},
    })  # fmt: skip


def uses():
    """(enterprise, carrier, system, basis) → tce and tCO2e: a unit's own use, else shares of the sector's survey."""
    found = {
        ("A", "bituminous", "steam", "metered"): (BURNT * TCE["bituminous"], 20_000.0),
        ("C", "coke", "process_heating", "metered"): (1000 * TCE["coke"], 3_000.0),
        ("B", "heat", "not_split", "not_split"): (SOLD * TCE["heat"], SOLD * 0.11),
    }
    for firm, code in (("B", "301"), ("C", "31")):
        (sector,) = rows_of("technologies/sectors", classification="GB/T 4754", code_prefix=code)
        survey = rows_of("end_use_shares", end_use_sector=sector["end_use_sector"], carrier="electricity")
        for row in survey:  # printed shares add up to 1 but for their rounding
            amount = float(row["share"]) / sum(float(other["share"]) for other in survey) * POWER[firm]
            found[firm, "electricity", row["system"], "sector_share"] = amount * TCE["electricity"], amount * 0.5
    return found


def test_uses_and_hot_spots(run):
    split = left(run, "end_use").set_index(["enterprise_id", "carrier", "system", "basis"])
    assert split["tce"].to_dict() == pytest.approx({key: tce for key, (tce, _) in uses().items()})
    assert split["tco2e"].to_dict() == pytest.approx({key: tonnes for key, (_, tonnes) in uses().items()})
    whole, systems = sum(tce for tce, _ in uses().values()), {}
    for (_, _, system, basis), (tce, tonnes) in uses().items():
        line = systems.setdefault(system, {"metered": 0.0, "sector_share": 0.0, "not_split": 0.0, "tce": 0.0, "tco2e": 0.0})
        line[basis], line["tce"], line["tco2e"] = line[basis] + tce, line["tce"] + tce, line["tco2e"] + tonnes
    made = left(run, "energy_by_use").set_index("system")
    said = run.printed["balance_use"].set_axis(made.index)  # both in the order of the systems' use
    assert set(made.index) == set(systems)
    for name, line in systems.items():
        expected = {"tce": line["tce"], "tco2e": line["tco2e"], "share_pct": 100 * line["tce"] / whole, "nameplate_tce": 0.0}
        expected |= {"metered_tce": line["metered"], "sector_share_tce": line["sector_share"], "not_split_tce": line["not_split"]}
        assert made.loc[name].to_dict() == pytest.approx(expected)
        for column, number in expected.items():
            seen, half = printed.figure(said.at[name, column])
            assert abs(seen - number) <= half + 1e-6, (name, column)
    spots = left(run, "hotspots").fillna({"projects": ""}).set_index(["enterprise_id", "carrier", "system"])
    base = {("A", "bituminous"): "P3", ("B", "heat"): "P1", ("C", "coke"): "P4", ("C", "electricity"): "P2"}
    for (firm, carrier, system, _), (tce, tonnes) in uses().items():
        row = spots.loc[firm, carrier, system]
        assert row["share_pct"] == pytest.approx(100 * tonnes / 130_600) and row["gap_tce"] == pytest.approx(
            gap()[0] if firm == "B" else math.nan, nan_ok=True
        )
        assert row["uncovered_tce"] == pytest.approx(0.0 if (firm, carrier) in base else tce)
        assert row["uncovered_tco2e"] == pytest.approx(0.0 if (firm, carrier) in base else tonnes)
    assert spots["saved_tco2e"].sum() == pytest.approx(sum(saved(p, CLUSTER) for p in MONEY))
    assert len(run.printed["hotspots"]) == len(spots) == len(uses())
    for column in ("tce", "tco2e", "gap_tce", "saved_tco2e", "uncovered_tco2e"):
        for text, number in zip(run.printed["hotspots"][column], spots[column], strict=True):
            seen, half = printed.figure(text)
            assert (math.isnan(seen) and math.isnan(number)) or abs(seen - number) <= half + 1e-6, column


def test_gap_to_the_published_level(run):
    (row,) = left(run, "efficiency_gaps").to_dict("records")
    assert (row["enterprise_id"], row["reference"], row["unit"]) == ("B", "cement:clinker", "kgce/t")
    expected = {"above_tce": {"Beta": gap()[0]}, "gap_tco2e": {"Beta": gap()[1]}, "actual": {"Beta": gap()[2]}}
    printed.held(run.printed["gaps"], "enterprise", expected | {"reference_value": {"Beta": 100}})
    assert (row["gap_tce"], row["gap_tco2e"], row["actual"]) == pytest.approx(gap(), rel=1e-8)


def before_the_gate(project):
    """Upstream tonnes: the fuel of the row's energy, of its mass or of power, at the factor rows."""
    value = {row["factor_id"]: float(row["value"]) for row in rows_of("factors/upstream")}
    coal = COAL / 3.6 * value["upstream:coal:uk"]  # kg a kWh = t a MWh, and 3.6 GJ a MWh
    per = {"bituminous": coal, "heat": FUEL_OF_HEAT * coal, "coke": value["upstream:coke:cn"]}
    return saved(project, per | {"electricity": value["upstream:electricity:cn:2023"] / 1000})


def test_supply_by_a_member_through_the_whole_diagnosis(run):
    """A unit of heat saved at B is 0.1 t of coal that A no longer burns: tonnes, coal equivalent and money on both sides."""
    moved = columns(
        direct_tco2e_saved=lambda p: saved(p, SITE | {"heat": 0.0, "electricity": 0.0}),
        site_tco2e_saved=lambda p: saved(p, SITE), cluster_tco2e_saved=lambda p: saved(p, CLUSTER),
        upstream_tco2e_saved=before_the_gate, chain_tco2e_saved=lambda p: saved(p, CLUSTER) + before_the_gate(p),
        energy_money_saved=lambda p: saved(p, PRICE), cluster_money_saved=lambda p: saved(p, PRICE_CLUSTER),
        seller_sales_lost=lambda p: ALONE[p].get("heat", 0.0) * 100,
    )  # fmt: skip
    shown = {name: wanted for name, wanted in moved.items() if "money" not in name and "lost" not in name}
    shown |= {f"{name}_scaled": {p: v / 1000 for p, v in moved[name].items()} for name in moved if name not in shown}
    printed.held(by_name(run, "where_changed"), "project_id", shown)
    projects = left(run, "potential").set_index("project_id")
    for name, expected in moved.items():
        assert projects[name].to_dict() == pytest.approx(expected), name
    assert projects["moves_emissions"].eq(0).all() and "member_sells_less" in projects.at["P1", "flags"]
    lines = left(run, "savings_by_carrier").set_index(["project_id", "carrier"])
    assert len(lines) == 5
    for (project, carrier), row in lines.iterrows():
        amount = ALONE[project][carrier]
        expected = (amount, amount * SAVED_TCE[carrier], amount * CLUSTER[carrier], amount * PRICE[carrier])
        assert tuple(row[["activity_saved", "tce_saved", "tco2e_saved", "money_saved"]]) == pytest.approx(expected)
    bases = left(run, "use_bases").query("use > 0").set_index(["enterprise_id", "carrier"])
    assert bases["use"].to_dict() == {("A", "bituminous"): 10_000, ("B", "heat"): 60_000, ("C", "coke"): 1_000,
                                      ("C", "electricity"): 200_000}  # fmt: skip
    for (_, carrier), row in bases.iterrows():
        assert row["tco2e_per_activity"] == pytest.approx(CLUSTER[carrier])
        assert row["site_tco2e_per_activity"] == pytest.approx(SITE[carrier])
        assert row["tce_per_activity"] == pytest.approx(SAVED_TCE[carrier])
        assert (row["price"], row["cluster_price"]) == pytest.approx((PRICE[carrier], PRICE_CLUSTER[carrier]))
    filed = left(run, "saving_lines").set_index(["project_id", "carrier"])["amount"].to_dict()
    assert filed == {("P1", "heat"): 0.1, ("P2", "electricity"): 15_000, ("P3", "bituminous"): 500, ("P4", "coke"): 40,
                     ("P4", "electricity"): -100}  # fmt: skip


def test_measures_curve_and_priority(run):
    measures = run.printed["measures"]
    measures = measures.assign(project_id=measures["measure_and_basis"].str.split().str[0])
    expected = columns(
        tce_saved=lambda p: saved(p, SAVED_TCE), tco2e_saved=lambda p: saved(p, CLUSTER), capex_scaled=lambda p: net(p) / 1000,
        saving_scaled=lambda p: yearly(p) / 1000, payback_years=lambda p: net(p) / yearly(p),
        abatement_cost=lambda p: annual(p) / saved(p, CLUSTER),
    )  # fmt: skip
    printed.held(measures, "project_id", expected, apart=("priority",))
    assert dict(zip(measures["project_id"], measures["priority"], strict=True)) == {"P1": "2", "P2": "3", "P3": "5", "P4": "5"}
    classes = run.printed["priorities"].set_index("priority")
    for number, inside in (("2", ["P1"]), ("3", ["P2"]), ("5", ["P3", "P4"])):
        row = classes.loc[[name for name in classes.index if name.startswith(number)][0]]
        assert row["projects"] == str(len(inside))
        for name in ("tce_saved", "tco2e_saved", "capex_scaled", "saving_scaled"):
            seen, half = printed.figure(row[name])
            assert abs(seen - sum(expected[name][p] for p in inside)) <= half + 1e-9, (number, name)
    order = ["P2", "P1", "P3", "P4"]  # what earns most first, then by cost a tonne; nothing overlaps
    assert [annual(p) for p in order[:2]] == sorted(annual(p) for p in MONEY if annual(p) < 0)
    tonnes, cost = columns(t=lambda p: saved(p, CLUSTER))["t"], {p: annual(p) / saved(p, CLUSTER) for p in MONEY}
    sums = {p: sum(tonnes[q] for q in order[: place + 1]) for place, p in enumerate(order)}
    printed.held(by_name(run, "macc"), "project_id", {
        "rank": {p: place + 1 for place, p in enumerate(order)}, "naive_tco2e": tonnes, "incremental_tco2e": tonnes,
        "cumulative_tco2e": sums, "naive_abatement_cost": cost, "incremental_abatement_cost": cost,
    })  # fmt: skip
    twice = run.printed["overstatement"].iloc[0]
    assert [printed.figure(twice[name])[0] for name in ("alone", "in_turn", "overstated")] == [sums["P4"], sums["P4"], 0]
    assert run.printed["misplaced"].empty
    printed.held(run.printed["switches"], "project_id", {
        "tce_saved": {"P4": saved("P4", SAVED_TCE)}, "tco2e_saved": {"P4": saved("P4", CLUSTER)},
    })  # fmt: skip


def test_how_often_such_measures_were_carried_out(run):
    """Rows of the audit programme into whose range of payback a project falls, its upper end in it."""
    bins = rows_of("technologies/implementation_by_payback", curve="iac")
    inside = {}
    for project in MONEY:
        years = net(project) / yearly(project)
        (place,) = [n for n, row in enumerate(bins)
                    if float(row["payback_from_years"]) < years <= float(row["payback_to_years"] or "inf")]  # fmt: skip
        inside.setdefault(place, []).append(project)
    made = left(run, "implementation").set_index("payback_from_years")
    assert list(made.index) == [float(bins[place]["payback_from_years"]) for place in sorted(inside)]
    said = run.printed["implementation"].set_axis(sorted(inside))
    for place, projects in inside.items():
        row = bins[place]
        expected = {
            "projects": len(projects), "tce_saved": sum(saved(p, SAVED_TCE) for p in projects),
            "tco2e_saved": sum(saved(p, CLUSTER) for p in projects), "carried_out": int(row["carried_out"]),
            "recommendations": int(row["recommendations"]),
            "share_pct": 100 * int(row["carried_out"]) / int(row["recommendations"]),
        }  # fmt: skip
        for name, number in expected.items():
            seen, half = printed.figure(said.at[place, name])
            assert abs(seen - number) <= half + 1e-9 and made.at[float(row["payback_from_years"]), name] == pytest.approx(number)
        assert float(row["share"]) == pytest.approx(expected["share_pct"] / 100, abs=5e-5)


def test_cases_of_the_grid(run):
    """Cases by their rows; a falling grid by the years of the region's two rows, its factor summed over the life."""
    cases = {row["case"]: row["co2_t_per_mwh"] for row in rows_of("grid_marginal", country="CN")}
    by_id = {row["factor_id"]: row for row in rows_of("factors/grid")}
    cases = {name: float(text or by_id["cn-grid:china:2023:fossil_power"]["co2_t_per_mwh"]) for name, text in cases.items()}
    first, last = (float(by_id[f"cn-grid:jiangsu:{year}:average"]["co2_t_per_mwh"]) for year in (2021, 2023))
    ratio = math.sqrt(last / first)
    made = left(run, "grid_sensitivity").set_index(["project_id", "case"])["tco2e_saved"]
    for project in ("P2", "P4"):
        life, rest = MONEY[project][3], saved(project, CLUSTER | {"electricity": 0.0})
        expected = {name: rest + ALONE[project]["electricity"] * factor for name, factor in cases.items()}
        mean = sum(ratio**year for year in range(1, life + 1)) / life
        expected |= {"inventory": saved(project, CLUSTER), "falling": rest + ALONE[project]["electricity"] * 0.5 * mean}
        assert made[project].to_dict() == pytest.approx(expected)
        shown = run.printed["grid_cases"].set_index("Project").loc[project]
        assert sorted(printed.figure(text)[0] for text in shown.iloc[1:]) == sorted(round(number) for number in expected.values())
        assert printed.figure(shown.iloc[0])[0] == ALONE[project]["electricity"]


def passed(streams):
    """Heating, cooling and what heat recovery reaches, degree by degree: heat flows down only, from shifted hot to shifted cold."""
    hot, cold = (
        [(max(a, b) + shift, min(a, b) + shift, c) for _, a, b, c, _ in streams if (a > b) == is_hot]
        for is_hot, shift in ((True, -5), (False, 5))
    )
    spare, got = 0.0, 0.0
    for top in range(400, -50, -1):
        spare += sum(c for high, low, c in hot if low < top <= high)
        used = min(spare, sum(c for high, low, c in cold if low < top <= high))
        spare, got = spare - used, got + used
    heating, cooling = (sum(c * (high - low) for high, low, c in side) for side in (cold, hot))
    return {"streams": len(streams), "heating_kw": heating, "cooling_kw": cooling, "recovery_kw": got,
            "hot_utility_kw": heating - got, "cold_utility_kw": cooling - got}  # fmt: skip


def test_heat_targets_and_pairs(run):
    """Together the four streams need 20 kW and 60 kW with the pinch at 85 degC, as published (Kemp 2007)."""
    alone = {NAME[e]: passed([s for s in STREAMS.values() if s[0] == e]) for e in "AB"}
    whole = passed(list(STREAMS.values()))
    assert (whole["hot_utility_kw"], whole["cold_utility_kw"]) == (20, 60)
    total = {name: sum(part[name] for part in alone.values()) for name in whole}
    worth = {name: abs(total[name] - whole[name]) for name in ("recovery_kw", "hot_utility_kw", "cold_utility_kw")}
    worth |= dict.fromkeys(("streams", "heating_kw", "cooling_kw"), math.nan)
    lines = alone | {"Sum of enterprises apart": total, "Cluster as one site": whole, "Worth of exchange": worth}
    expected = {name: {row: line[name] for row, line in lines.items()} for name in whole}
    expected["pinch_c"] = dict.fromkeys(lines, math.nan) | {"Cluster as one site": 85}
    printed.held(run.printed["pinch_targets"], "enterprise", expected)
    km = math.radians(0.1) * 6371.0088  # a tenth of a degree of latitude on the mean sphere
    pairs = {f"{sink} · Beta": passed([STREAMS["S2"], STREAMS[sink]])["recovery_kw"] for sink in ("S1", "S3")}
    hours = {f"{sink} · Beta": min(STREAMS["S2"][4], STREAMS[sink][4]) for sink in ("S1", "S3")}
    printed.held(run.printed["heat_matches"], "sink_stream", {
        "heat_kw": pairs, "hours_most": hours, "distance_km": dict.fromkeys(pairs, km),
    })  # fmt: skip
    least = {f"{sink} · Beta": STREAMS["S2"][4] + STREAMS[sink][4] - 8760 for sink in ("S1", "S3")}
    assert (
        dict(zip(left(run, "heat_matches")["sink_id"] + " · Beta", left(run, "heat_matches")["hours_least"], strict=True)) == least
    )
