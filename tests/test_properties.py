"""What holds for any cluster: the bridge closes, quantities scale, rows may stand in any order, nothing is saved twice."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench import interaction, selection, store

FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(max_examples=100, deadline=None)
FIRMS = "ABC"
PAIRS = [(a, b) for a in FIRMS for b in FIRMS if a != b]
EF = {"electricity": 0.5, "heat": 0.1, "coke": 3.0}
UNIT = {"electricity": "MWh", "heat": "GJ", "coke": "t"}
amount = st.one_of(st.just(0), st.integers(1, 2000))


@st.composite
def clusters(draw):
    """Fuel burnt, energy bought outside, and a matrix of flows between members, filed in every way a firm may choose."""
    lines, exchanges = [], []
    direct = outside_in = outside_out = 0.0
    for firm in FIRMS:
        coal = draw(amount)
        direct += 2.0 * coal
        lines.append((firm, "bituminous", "purchase", coal, "t", 2.0, ""))
        for carrier in ("electricity", "heat"):
            bought, sold = draw(amount), draw(amount)
            outside_in += EF[carrier] * bought
            outside_out += EF[carrier] * sold
            lines.append((firm, carrier, "purchase", bought, UNIT[carrier], EF[carrier], "grid"))
            lines.append((firm, carrier, "sale", sold, UNIT[carrier], EF[carrier], "grid"))
    handed = 0.0
    for n, (giver, taker) in enumerate(PAIRS):
        carrier = draw(st.sampled_from(["electricity", "heat", "coke"]))
        quantity = draw(amount)
        if not quantity:
            continue
        row = (quantity, UNIT[carrier], EF[carrier])
        taken, given_, told = draw(st.booleans()), draw(st.booleans()) or carrier == "coke", draw(st.booleans())
        if taken or not told:
            lines.append((taker, carrier, "purchase", *row, giver))
        if given_:
            lines.append((giver, carrier, "sale", *row, taker))
        if told:
            exchanges.append((f"X{n}", giver, taker, carrier, *row))
        if carrier == "coke":
            handed += 3.0 * quantity
            lines.append((giver, carrier, "purchase", *row, "mine"))
    return lines, exchanges, direct + handed, outside_in - outside_out


def case_of(tiny, lines, exchanges, factor=1.0):
    energy = pd.DataFrame(lines, columns=["enterprise_id", "carrier", "flow", "quantity", "unit", "tco2_per_unit", "counterparty"])
    energy = energy.assign(year=2022, note=[f"line {n}" for n in range(len(energy))], quantity=energy["quantity"] * factor)
    flows = pd.DataFrame(
        exchanges,
        columns=["exchange_id", "from_enterprise", "to_enterprise", "commodity", "quantity_received", "unit", "tco2_per_unit"],
    )
    flows = flows.assign(year=2022, quantity_received=flows["quantity_received"] * factor)
    return tiny(energy=energy, exchanges=flows if len(flows) else None, projects=None, savings=None)


@pytest.mark.slow
@FEW
@given(clusters())
def test_the_bridge_closes_and_equals_the_physical_sum(tiny, cluster):
    """Sum of enterprises - eliminated = total = what is burnt + bought outside - sold outside, for any flows between members."""
    lines, exchanges, burnt, net_energy = cluster
    case = case_of(tiny, lines, exchanges)
    items = case.items
    assert items["sum_of_enterprises_tco2e"] == pytest.approx(case.enterprises["total_tco2e"].sum(), abs=1e-6)
    assert items["sum_of_enterprises_tco2e"] - items["eliminated_tco2e"] == pytest.approx(items["cluster_total_tco2e"], abs=1e-6)
    assert items["cluster_total_tco2e"] == pytest.approx(burnt + net_energy, abs=1e-6)
    assert items["internal_purchases_tco2e"] - items["internal_sales_tco2e"] == pytest.approx(items["eliminated_tco2e"], abs=1e-6)


@pytest.mark.slow
@FEW
@given(clusters(), st.sampled_from([0.001, 0.5, 3.0, 1e4]))
def test_quantities_scale_emissions(tiny, cluster, factor):
    one, other = (case_of(tiny, *cluster[:2], factor=f).items for f in (1.0, factor))
    for name in ("sum_of_enterprises_tco2e", "eliminated_tco2e", "cluster_total_tco2e", "cluster_total_tce"):
        assert other[name] == pytest.approx(one[name] * factor, rel=1e-9, abs=1e-6)


RICH = {
    "units": "unit_id,enterprise_id,name\nU1,C,Mill\nU2,C,Oven\n",
    "energy": (
        "enterprise_id,year,month,unit_id,carrier,flow,quantity,unit,cost,ncv,tco2_per_unit,counterparty,note\n"
        "A,2022,,,bituminous,purchase,10000,t,5000000,20,,,\nA,2022,,,bituminous,purchase,700,t,350000,21,,,\n"
        "A,2022,,,bituminous,closing_stock,333,t,,,,,\nA,2022,,,electricity,sale,123,MWh,,,,,\n"
        "B,2022,,,natural_gas,purchase,100,10^4 Nm3,2000000,,,,\nB,2022,,,heat,purchase,5000,GJ,300000,,,,\n"
        "B,2022,1,,electricity,purchase,200,MWh,100000,,,,\nB,2022,2,,electricity,purchase,210,MWh,110000,,,,\n"
        "C,2022,,,electricity,purchase,4000,MWh,2000000,,,,\nC,2022,,U1,electricity,consumption,1500,MWh,,,,,\n"
        "C,2022,,U2,electricity,consumption,900,MWh,,,,,\nC,2022,,,steam,purchase,70,t,9000,,,A,h=2800 kJ/kg\n"
    ),
    "process": "enterprise_id,year,process,quantity,unit\nB,2022,limestone_use,100,t\nB,2022,direct_tco2e,9,t\n",
    "exchanges": (
        "exchange_id,year,from_enterprise,to_enterprise,commodity,quantity_sent,quantity_received,unit,tco2_per_unit\n"
        "X1,2022,A,B,heat,1000,1010,GJ,0.12\nX2,2022,A,B,heat,2000,1999,GJ,0.09\nX3,2022,B,C,natural_gas,3,3,10^4 Nm3,\n"
    ),
    "projects": (
        "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years,grant\n"
        + "".join(f"P{n},Measure {n},{'ABC'[n % 3]},{100000 * (n + 1)},{100 * n},{5 + n},0\n" for n in range(6))
    ),
    "savings": (
        "project_id,enterprise_id,unit_id,carrier,mode,amount,unit\n"
        "P0,,,bituminous,absolute,500,t\nP0,,,bituminous,fraction,0.05,\nP1,,,natural_gas,fraction,0.2,\nP2,,U1,electricity,fraction,0.3,\n"
        "P2,,U2,electricity,absolute,100,MWh\nP3,,,bituminous,fraction,0.1,\nP4,,,natural_gas,absolute,20,10^4 Nm3\n"
        "P4,,,electricity,absolute,-100,MWh\nP5,,,electricity,fraction,0.1,\nP5,,U1,electricity,fraction,0.2,\nP5,B,,heat,absolute,500,GJ\n"
    ),
    "relations": "project_id,relation,other_id\nP0,excludes,P3\nP4,requires,P1\n",
    "groups": "group_id,project_id,min_selected,max_selected\nG,P1,0,2\nG,P2,0,2\nG,P5,0,2\n",
    "members": "project_id,enterprise_id,capex_share\nP5,B,0.5\nP5,C,0.5\n",
}


def results(case) -> dict[str, str]:
    """Every table of a run as text, without rows' numbers."""
    found = case.assess()
    bundle = selection.select(case.problem(reduction_pct=8)).bundle
    return {
        "inventory": store.csv_text(case.inventory.rows),
        "enterprises": store.csv_text(case.enterprises),
        "cluster": store.csv_text(case.cluster),
        "factors": store.csv_text(case.inventory.factors),
        "settled": store.csv_text(case.inventory.settled),
        "potential": store.csv_text(found.projects),
        "bases": store.csv_text(found.bases),
        "lines": store.csv_text(found.lines.drop(columns="row")),
        "bundle": store.csv_text(bundle),
    }


@pytest.mark.slow
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**31))
def test_row_order_never_matters(tiny, seed):
    case = tiny(**RICH)
    mixed = {name: frame.sample(frac=1, random_state=seed + n) for n, (name, frame) in enumerate(case.package.tables.items())}
    one, other = results(case), results(tiny(**mixed))
    assert [name for name in one if one[name] != other[name]] == []
    assert '"P1"' not in one["bundle"] and one["bundle"].count("\n") == 7


lines = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["", "U", "V"]), st.sampled_from(["absolute", "fraction"]), st.floats(-0.5, 1.2)),
    min_size=1, max_size=10,
)  # fmt: skip
uses = st.fixed_dictionaries({"": st.floats(0, 1e6), "U": st.floats(0, 1e6), "V": st.floats(0, 1e6)})


def pool_of(use, filed, *, positive=False):
    bases = pd.DataFrame([("A|k", "A", u, "k", v, 1.0, 1.0, 1.0) for u, v in use.items()])
    bases.columns = ["pool_id", "enterprise_id", "unit_id", "carrier", "use", "tco2e_per_activity", "tce_per_activity", "price"]
    scale = max(use.values()) + 1
    rows = []
    for project, unit, mode, size in filed:
        size = abs(size) if positive else size
        rows.append((f"P{project}", "A|k", unit, mode, size * scale if mode == "absolute" else min(size, 1.0)))
    return interaction.pools(bases, pd.DataFrame(rows, columns=["project_id", "pool_id", "unit_id", "mode", "amount"]))[0]


@MANY
@given(uses, lines, st.randoms())
def test_savings_do_not_depend_on_order(use, filed, random):
    mixed = filed.copy()
    random.shuffle(mixed)
    one, other = pool_of(use, filed), pool_of(dict(reversed(use.items())), mixed)
    for chosen in ({"P0"}, {"P1", "P2"}, set(one.projects)):
        assert one.saved(chosen) == pytest.approx(other.saved(chosen), rel=1e-9, abs=1e-6)


@MANY
@given(uses, lines)
def test_never_more_is_saved_than_used(use, filed):
    pool = pool_of(use, filed)
    assert pool.remaining(set(pool.projects)) >= 0
    assert pool.saved(set(pool.projects)) <= pool.total * (1 + 1e-12)
    assert pool.saved(set()) == 0


@MANY
@given(uses, lines)
def test_one_more_positive_measure_never_saves_less(use, filed):
    pool = pool_of(use, filed, positive=True)
    chosen: set[str] = set()
    for project in pool.projects:
        before = pool.saved(chosen)
        chosen = chosen | {project}
        assert pool.saved(chosen) >= before - 1e-9 * (1 + pool.total)
        assert pool.saved(chosen) <= before + pool.saved({project}) + 1e-6 * (1 + pool.total)


@MANY
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(1, 1e6))
def test_fractions_multiply(shares, use):
    pool = pool_of({"": use}, [(n, "", "fraction", f) for n, f in enumerate(shares)])
    assert pool.remaining(set(pool.projects)) == pytest.approx(use * math.prod(1 - f for f in shares), rel=1e-9, abs=1e-9)
