"""What lenders and owners read of a diagnosis, on a second path: money, rules, proposals of the library, factors, places."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from tests import members_park, printed
from tests.members_park import (
    ACTS_ON,
    ALONE,
    BURNT,
    CLUSTER,
    HOME,
    KG,
    KIND,
    KWH,
    MONEY,
    POWER,
    PRICE,
    RATE,
    SAVED_TCE,
    SOLD,
    TCE,
    annual,
    annuity,
    columns,
    covers,
    gap,
    left,
    net,
    root,
    rows_of,
    saved,
    service,
    value,
    yearly,
)
from tests.test_diagnosis_figures import held_in_words
from tests.test_diagnosis_members import uses


@pytest.fixture(scope="module", params=[pytest.param("by hand", marks=pytest.mark.slow)])
def run():
    return members_park.ran()


def aid(project):
    """The least whole grant with which a project is worth its rate and its loan covered; looked for by halving."""
    (rule,) = rows_of("green_finance_rules", rule_id="dscr_min")

    def passes(grant):
        left_to_pay = net(project) - grant
        covered = all(cover >= float(rule["threshold"]) - 1e-9 for cover in covers(project, left_to_pay))
        return value(project, left_to_pay) >= -1e-6 and covered

    low, high = -1, net(project)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


def later(project):
    """Years until the discounted savings have repaid the capital; NaN where interest eats them or the life ends before."""
    share = net(project) * RATE / yearly(project)
    years = -math.log(1 - share) / math.log(1 + RATE) if share < 1 else math.nan
    return years if years <= MONEY[project][3] else math.nan


def test_money_and_what_a_lender_asks(run):
    life = {p: MONEY[p][3] for p in MONEY}
    expected = columns(
        capex=net, loan=lambda p: MONEY[p][4] * net(p), npv_all_flows=value,
        irr_all_flows_pct=lambda p: 100 * root(lambda rate: value(p, rate=rate)), discounted_payback_years=later,
        dscr_min=lambda p: min(covers(p), default=math.nan), least_aid=aid,
        conserved_cost_per_tce=lambda p: (net(p) * annuity(life[p]) + MONEY[p][2]) / saved(p, SAVED_TCE),
        break_even_carbon_price=lambda p: -value(p) * annuity(life[p]) / saved(p, CLUSTER),
    )  # fmt: skip
    shown = run.printed["finance"].assign(project_id=run.printed["finance"]["measure"].str.split().str[0])
    money = ("capex", "loan", "npv_all_flows", "least_aid")
    scaled = {f"{name}_scaled": {p: v / 1000 for p, v in expected[name].items()} for name in money}
    printed.held(shown, "project_id", {n: w for n, w in expected.items() if n not in money} | scaled)
    assert dict(zip(shown["project_id"], shown["rests_on"], strict=True)) == {
        "P1": "F2; own bills", "P2": "F4; own bills", "P3": "F1; own bills", "P4": "F3, F4; own bills",
    }  # fmt: skip

    def own(p, rate):
        lent = sum(due / (1 + rate) ** (year + 1) for year, due in enumerate(service(p)))
        return value(p, rate=rate) + MONEY[p][4] * net(p) - lent

    expected |= columns(
        equity=lambda p: (1 - MONEY[p][4]) * net(p), equity_npv=lambda p: own(p, RATE),
        dscr_mean=lambda p: sum(covers(p)) / len(covers(p)) if covers(p) else math.nan,
        yearly_capital=lambda p: net(p) * annuity(life[p]), present_tco2e=lambda p: saved(p, CLUSTER) / annuity(life[p]),
        payback_years=lambda p: net(p) / yearly(p), least_aid_share_pct=lambda p: 100 * aid(p) / MONEY[p][0],
        annual_cost_without_carbon=annual, abatement_cost_without_carbon=lambda p: annual(p) / saved(p, CLUSTER),
        npv_without_carbon=value, equity_irr_pct=lambda p: 100 * root(lambda rate: own(p, rate)),
        mirr_pct=lambda p: 100 * ((yearly(p) * sum((1 + RATE) ** t for t in range(life[p])) / net(p)) ** (1 / life[p]) - 1),
    )  # fmt: skip
    made = left(run, "finance").set_index("project_id")
    for name, wanted in expected.items():
        assert made[name].to_dict() == pytest.approx(wanted, rel=1e-5, abs=1e-6, nan_ok=True), name
    flow = left(run, "cash_flow").set_index(["project_id", "year_of_effect"])
    for project in MONEY:
        for year, due in enumerate(service(project), start=1):
            row = flow.loc[project, year]
            assert row["repayment"] + row["interest"] == pytest.approx(due) and row["net"] == pytest.approx(yearly(project))
        assert flow.loc[project]["discounted"].sum() == pytest.approx(value(project))
        assert flow.at[(project, 0), "net"] == -net(project)
    facts = left(run, "finance_assumptions").set_index("name")["value"]
    assert {name: facts[f"price_min:{name}"] for name in PRICE} == pytest.approx(PRICE)
    assert facts[["discount_rate", "carbon_price", "debt_service_cover"]].tolist() == [0.08, 0, 1.25]


def seen_by(rule, project):
    """What a rule looks at."""
    carrier, used = ACTS_ON[project]
    return {
        "npv_all_flows": value(project), "dscr_min": min(covers(project), default=math.nan), "kind": KIND[project],
        "payback_years": net(project) / yearly(project), "tco2e_saved": saved(project, CLUSTER),
        "tce_saved": saved(project, SAVED_TCE),
        "saving_share_pct": 100 * saved(project, SAVED_TCE) / (used * SAVED_TCE[carrier]),
        "carbon_share_pct": 100 * saved(project, CLUSTER) / (used * CLUSTER[carrier]),
        "enterprise_tce": {"A": BURNT * TCE["bituminous"] - SOLD * TCE["heat"], "B": gap()[0] + 2_000,
                           "C": 1000 * TCE["coke"] + POWER["C"] * TCE["electricity"]}[HOME[project]],
    }[rule["indicator"]]  # fmt: skip


def judged(rule, project):
    seen, threshold = seen_by(rule, project), rule["threshold"]
    if rule["comparison"] == "in":
        return "Pass" if seen in threshold.split(";") else "Not known"
    limit = float(MONEY[project][6] or "nan") if threshold == "loan_years" else float(threshold)
    if math.isnan(seen) or math.isnan(limit):
        return "Not known"
    return "Pass" if {"ge": seen >= limit, "le": seen <= limit, "gt": seen > limit}[rule["comparison"]] else "Fail"


def test_rules_of_lenders(run):
    """Each project against each row of the rules that hold in China."""
    rules = [row for row in rows_of("green_finance_rules") if row["countries"] in ("", "CN")]
    made = left(run, "green_finance").set_index(["project_id", "rule_id"])
    assert len(made) == len(rules) * len(MONEY)
    counted = run.printed["green_finance"].set_index("rule")
    marked = (
        run.printed["screened"].assign(project_id=run.printed["screened"]["measure"].str.split().str[0]).set_index("project_id")
    )
    for place, rule in enumerate(rules, start=1):
        results = {project: judged(rule, project) for project in MONEY}
        for project, result in results.items():
            row = made.loc[project, rule["rule_id"]]
            assert row["result"] == {"Pass": "pass", "Fail": "fail", "Not known": "unknown"}[result], (project, rule["rule_id"])
            if rule["comparison"] != "in":
                assert float(row["seen"]) == pytest.approx(seen_by(rule, project), nan_ok=True), (project, rule["rule_id"])
            mark = marked.at[project, f"{place} {rule['short_en']}"]
            assert mark == {"Pass": "✓", "Fail": "✗", "Not known": "?"}[result]
            assert row["in_force"] == int(float(rule["valid_from"] or 0) <= 2022 <= float(rule["valid_to"] or 9999))
        kinds = (("pass", "Pass"), ("fail", "Fail"), ("unknown", "Not known"))
        for name, word in kinds:
            assert counted.at[f"{place} {rule['label_en']}", name] == str(list(results.values()).count(word)), (
                rule["rule_id"],
                name,
            )


def weighed():
    """Every measure of the library for an industry of the park, read row by row: (firm, measure, why it is left out, lines, GJ)."""
    sectors = {"B": "cement", "C": "steel"}
    burnt = {"B": {("", "heat"): SOLD, ("", "electricity"): 2_000 * KWH},
             "C": {("BF", "coke"): 28_000, ("", "electricity"): 200_000 * KWH}}  # fmt: skip
    kinds, products = {"B": set(), "C": {"blast_furnace"}}, {"B": "clinker", "C": ""}
    filed = {"B": {"insulation"}, "C": {"vsd", "process"}}
    known = {row["carrier"]: row["kind"] for row in rows_of("carriers")}
    rules = {row["measure_id"]: row for row in rows_of("technologies/matching")}
    there = {row["measure_id"] for row in rows_of("technologies/adopted", country="CN")}
    (least,) = [float(row["value"]) for row in rows_of("thresholds") if row["name"] == "least_candidate_tce"]
    for measure in rows_of("technologies/process_measures"):
        rule = rules[measure["measure_id"]]
        for firm in (f for f, sector in sectors.items() if sector == measure["industry"]):
            split = lambda text: {part for part in text.split(";") if part}  # noqa: E731
            lines = {}
            for kind, share in (("fuel", "fuel_saving_fraction"), ("electricity", "electricity_saving_fraction")):
                part = float(measure[share])
                for (unit, carrier), gj in burnt[firm].items():
                    mine = carrier in split(rule["carrier"]) if rule["carrier"] else known[carrier] == kind
                    if part > 0 and mine and (known[carrier] == kind or (kind == "fuel" and rule["carrier"])):
                        lines[unit if rule["unit_kind"] else "", carrier] = (part, part * gj)
            gj = sum(amount for _, amount in lines.values())
            against = {
                "adopted": measure["measure_id"] in there,
                "already_filed": split(rule["same_kinds"]) & filed[firm],
                "no_unit": rule["unit_kind"] and rule["unit_kind"] not in kinds[firm],
                "no_product": rule["product"] and not any(word in products[firm] for word in split(rule["product"])),
                "in_place": any(("BF", place.partition(":")[2]) in burnt[firm] for place in split(rule["in_place_if"])),
                "no_use": not lines,
                "too_small": gj < least * KG,
            }
            yield firm, measure, next((reason for reason, holds in against.items() if holds), ""), lines, gj


def proposals():
    """Measures of the library that fit: project → (capital, running cost, life, lines)."""
    found = {}
    for firm, measure, against, lines, gj in weighed():
        if not against:
            money = gj * in_2022(measure)
            capital, running = (round(float(measure[name]) * money) for name in ("capex_per_gj_year", "opex_per_gj"))
            name = f"{firm}-{measure['measure_id'].partition('.')[2]}"
            found[name] = capital, running, float(measure["lifetime_years"]), {k: part for k, (part, _) in lines.items()}
    return found


def left_out():
    """How many measures do not fit, by reason, in the order of reading: by name. A uses no power, which all that replaces its
    boiler takes."""
    found = Counter(against for _, _, against, _, _ in weighed() if against)
    found["no_use"] += len({row["technology"] for row in rows_of("technologies/heat_matching", unit_kind="boiler")})
    return sorted(found.items())


def in_2022(measure):
    """CNY of 2022 for one unit of the measure's money: price index, then the rate of the year or the last before it."""
    index = {row["year"]: float(row["value"]) for row in rows_of("price_indices", index_id=measure["price_index"])}
    rate = {
        row["year"]: float(row["rate"]) for row in rows_of("exchange_rates", from_currency=measure["currency"], to_currency="CNY")
    }
    return index["2022"] / index[measure["price_year"]] * rate[max(year for year in rate if year <= "2022")]


def test_what_the_library_proposes(run):
    expected = proposals()
    assert len(expected) >= 8
    shown = run.printed["candidates"].assign(project_id=run.printed["candidates"]["measure"].str.split().str[0])
    printed.held(shown, "project_id", {
        name: {project: row[place] for project, row in expected.items()}
        for place, name in enumerate(("capex", "opex_per_year", "lifetime_years"))
    })  # fmt: skip
    lines = left(run, "candidate_savings").fillna({"unit_id": ""})
    assert lines["mode"].eq("fraction").all()
    made = {(r.project_id, r.unit_id, r.carrier): r.amount for r in lines.itertuples()}
    assert made == pytest.approx({(name, *key): part for name, row in expected.items() for key, part in row[3].items()})


def test_the_very_same_factors(run):
    """The factors that convert savings are those filed with the energy, row by row."""
    shown = run.printed["same_factors"]
    assert list(shown["factor_number"]) == ["F1", "F2", "F3", "F4"]
    value = {"Bituminous coal": 2, "Heat": 0.11, "Coke": 3, "Electricity": 0.5}
    printed.held(shown, "carrier", {"tco2e_per_unit": value})
    used = left(run, "factors_used").set_index("factor_id")
    assert set(shown["factor_id"]) <= set(used.index)
    assert set(shown["factor_id"]) == set(left(run, "use_bases")["factor_ids"].dropna().str.split(";").explode())


def test_places(run):
    made = left(run, "sites").set_index("enterprise_id")
    mine = {firm: [p for p in MONEY if HOME[p] == firm] for firm in "ABC"}
    for firm, projects in mine.items():
        row = made.loc[firm]
        for name, of in (("tco2e_saved", lambda p: saved(p, CLUSTER)), ("tce_saved", lambda p: saved(p, SAVED_TCE)), ("capex", net),
                         ("annual_cost", annual)):  # fmt: skip
            assert row[name] == pytest.approx(sum(map(of, projects))), (firm, name)
        assert row["abatement_cost"] == pytest.approx(sum(map(annual, projects)) / sum(saved(p, CLUSTER) for p in projects))
        assert row["projects"] == len(projects)


def sentences():
    """Numbers of each paragraph in the order of reading."""
    tce, tonnes = (lambda p: saved(p, SAVED_TCE)), (lambda p: saved(p, CLUSTER))
    coal, heat, coke, power = BURNT * TCE["bituminous"], SOLD * TCE["heat"], 1000 * TCE["coke"], 202_000 * TCE["electricity"]
    outside, used, all_t = coal + coke + power, coal + heat + coke + power, 124_000
    own = 100 * (20_000 + 3_000) / 130_600
    by_system = {}
    for (firm, carrier, system, _), (energy, emitted) in uses().items():
        by_system[system] = by_system.get(system, 0.0) + energy
        by_system[firm, carrier, system] = energy, emitted
    drives, other = by_system["C", "electricity", "motors"], by_system["B", "electricity", "motors"]
    plain, repays = sorted((by_system[k][0] for k in by_system if k[:2] == ("B", "electricity")), reverse=True), ["P1", "P2"]
    with_power = [saved(p, CLUSTER | {"electricity": 0.0}) for p in ("P2", "P4")]
    megawatt_hours = sum(ALONE[p]["electricity"] for p in ("P2", "P4"))
    margins = [float(row["co2_t_per_mwh"]) for row in rows_of("grid_marginal", country="CN") if row["co2_t_per_mwh"]]
    cases = [sum(with_power) + megawatt_hours * factor for factor in margins]
    offered = proposals()
    lost = [p for p in MONEY if value(p) < 0]
    return {
        "balance": [used, outside, 100 * power / used, heat, 100 * by_system["motors"] / used]
        + [100 * (coal + coke) / used, 4],
        "efficiency": [1, 2, 80, 0.2 * coal, 1, 1, gap()[0], gap()[1], 2],
        "where": [own, 0, 100 * 101_000 / 130_600, 100 * 6_600 / 130_600, drives[1], 100 * drives[1] / 130_600]
        + [100 * (1 - 1_000 / 130_600), sum(map(tonnes, MONEY)), 100 * sum(map(tonnes, MONEY)) / 130_600]
        + [1_000, 100 * 1_000 / 130_600, other[1], 1, gap()[0]],
        "calculated": [],
        "measures": [4, 2, 1, 1, 2, tce("P1"), tonnes("P1"), 1, yearly("P1"), 2],
        "library": [4, 4, sum(map(tce, MONEY)), sum(map(tonnes, MONEY)), 100 * sum(map(tonnes, MONEY)) / all_t]
        + [sum(map(net, MONEY)) / 1e6, 2, 100 * sum(map(tonnes, repays)) / sum(map(tonnes, MONEY)), sum(map(tonnes, repays))]
        + [-sum(map(annual, repays)) / 1e6],
        "moves": [1, 6_000 * 0.2, 6_000 * 0.11, 600_000, 600_000, 5, min(cases), max(cases), tonnes("P2") + tonnes("P4")],
        "heat": [4, 2, 470, 290, 20, 270, 240, math.radians(0.1) * 6371.0088],
        "money": [2, 4, sum(map(value, repays)) / 1e6, 3, 1, 1.25, len(lost), sum(map(aid, lost)) / 1e6]
        + [-sum(map(value, MONEY)) / sum(tonnes(p) / annuity(MONEY[p][3]) for p in MONEY)],
        "offers": [len(offered), 2, sum(row[0] for row in offered.values()), *(count for _, count in left_out())],
        "open": [*plain[:3], heat, 100 * heat / used, power, 100 * power / used, 2, 17166],
    }  # fmt: skip


def test_every_number_of_every_sentence(run):
    """A sentence about members, levels, loans or proposals that says another number, or one more, fails."""
    held_in_words(run, sentences(), 1e-6)
