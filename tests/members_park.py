"""A park whose members supply each other, and what its diagnosis must say: from what was filed and rows of factors alone.

A burns coal and sells heat to B at a printed 0.11 t a GJ, C makes steel. Beside `test_diagnosis_figures` (interaction, calculation,
peers) it serves supply by a member, published levels, loans, the rules of lenders, proposals of the library and the problem table.
Nothing of the workbench is called to get what is expected: rows of `data/` are read as text and worked out by plain arithmetic.
"""

from __future__ import annotations

import csv
import tempfile
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from tests import chain, printed
from tests.conftest import META, Tiny

DATA = Path(__file__).parents[1] / "src/workbench/data"


def rows_of(table, **where):
    """Rows of a table of the workbench as text."""
    with (DATA / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if all(row[name] == value for name, value in where.items())]


(COAL_ROW,) = rows_of("factors/fuels", factor_set="cn-f1", carrier="bituminous")
KG, RATE, KWH = 29.3076, 0.08, 3.6
COAL = float(COAL_ROW["ncv_gj_per_unit"])  # GJ a tonne
SOLD, MADE, BURNT, POWER = 60_000, 100_000, 10_000, {"B": 2_000, "C": 200_000}  # GJ, GJ, t, MWh
TCE = {  # of a unit used, where it is used
    "bituminous": COAL / KG, "heat": 1 / KG, "electricity": KWH / KG, "coke": 28 / KG,
}  # fmt: skip
FUEL_OF_HEAT = BURNT / MADE  # t of coal behind a GJ of heat
SITE = {"bituminous": 2.0, "heat": 0.11, "electricity": 0.5, "coke": 3.0}  # t in the user's own account, as filed
CLUSTER = SITE | {"heat": 2 * FUEL_OF_HEAT}  # t that the cluster no longer emits
SAVED_TCE = TCE | {"heat": FUEL_OF_HEAT * TCE["bituminous"]}
PRICE = {"bituminous": 500.0, "heat": 100.0, "electricity": 500.0, "coke": 2500.0}
PRICE_CLUSTER = PRICE | {"heat": FUEL_OF_HEAT * 500}
MONEY = {  # grossed capital, grant, running cost, life; share, rate, years and kind of the loan
    "P1": (1_000_000, 0, 20_000, 10, 0.5, 0.06, 4, "annuity"), "P2": (30_000_000, 0, 0, 12, 0, 0, 0, ""),
    "P3": (4_000_000, 500_000, 10_000, 15, 0.8, 0.05, 5, "equal_principal"), "P4": (400_000, 0, 0, 8, 0.5, 0.05, 3, "bullet"),
}  # fmt: skip
HOME = dict(P1="B", P2="C", P3="A", P4="C")
KIND = dict(P1="insulation", P2="vsd", P3="boiler", P4="process")
ALONE = {
    "P1": {"heat": 0.1 * SOLD}, "P2": {"electricity": 15_000}, "P3": {"bituminous": 500}, "P4": {"coke": 40, "electricity": -100},
}  # fmt: skip
ACTS_ON = {"P1": ("heat", SOLD), "P2": ("electricity", 200_000), "P3": ("bituminous", BURNT), "P4": ("coke", 1_000)}
NAME = dict(A="Alpha", B="Beta", C="Gamma")
STREAMS = {  # enterprise, from, to, kW a kelvin, hours: four streams as Kemp (2007) has them, the approach 10 K
    "S1": ("B", 20, 135, 2.0, 6000), "S2": ("A", 170, 60, 3.0, 8000), "S3": ("B", 80, 140, 4.0, 7000),
    "S4": ("B", 150, 30, 1.5, 8760),
}  # fmt: skip
PACKAGE = {
    "enterprises": "enterprise_id,name,sector,sector_code,value_added,lon,lat\nA,Alpha,power,4412,10000000,120,0\n"
    "B,Beta,cement,3011,20000000,120,0.1\nC,Gamma,steel,3110,30000000,120.1,0\n",
    "energy": (
        "enterprise_id,year,unit_id,carrier,flow,quantity,unit,cost,ncv,tco2_per_unit,counterparty\n"
        "A,2022,K1,bituminous,purchase,10000,t,5000000,,2,\nA,2022,K1,heat,self_generation,100000,GJ,,,,\n"
        "A,2022,,heat,sale,60000,GJ,,,,B\nB,2022,,heat,purchase,60000,GJ,6000000,,,A\n"
        "B,2022,,electricity,purchase,2000,MWh,1000000,,0.5,\nC,2022,BF,coke,purchase,1000,t,2500000,28,3,\n"
        "C,2022,,electricity,purchase,200000,MWh,100000000,,0.5,\n"
    ),
    "units": "unit_id,enterprise_id,name,kind,carrier,efficiency\nK1,A,Boiler,boiler,bituminous,0.8\n"
    "BF,C,Furnace,blast_furnace,coke,\n",
    "products": "enterprise_id,year,product,quantity,unit\nB,2022,clinker,20000,t\n",
    "exchanges": "exchange_id,year,from_enterprise,to_enterprise,commodity,quantity_sent,quantity_received,unit,tco2_per_unit\n"
    "X1,2022,A,B,heat,60000,60000,GJ,0.11\n",
    "projects": "project_id,name,enterprise_id,kind,capex,opex_per_year,lifetime_years,grant,"
    "loan_share,loan_rate,loan_years,loan_kind\n"
    + "".join(
        f"{p},{p},{HOME[p]},{KIND[p]},{k},{o},{n},{g or ''},{share or ''},{rate or ''},{years or ''},{kind}\n"
        for p, (k, g, o, n, share, rate, years, kind) in MONEY.items()
    ),
    "savings": "project_id,unit_id,carrier,mode,amount,unit\nP1,,heat,fraction,0.1,\nP2,,electricity,absolute,15000,MWh\n"
    "P3,K1,bituminous,absolute,500,t\nP4,BF,coke,absolute,40,t\nP4,,electricity,absolute,-100,MWh\n",
    "streams": "stream_id,enterprise_id,name,supply_c,target_c,heat_capacity_kw_per_k,hours,min_approach_k\n"
    + "".join(f"{s},{e},{s},{a},{b},{c},{h},10\n" for s, (e, a, b, c, h) in STREAMS.items()),
}  # fmt: skip


@cache
def ran():
    """The notebooks 10, 20 and 30 on the package and the tables they print and leave; once for all tests."""
    kept = tempfile.TemporaryDirectory(prefix="members-")
    path = Tiny(META, PACKAGE).write(Path(kept.name) / "package")
    with pytest.MonkeyPatch.context() as patch, printed.recorded(patch) as found:
        made = chain.run(path, Path(kept.name) / "run", notebooks=chain.ALL[:3])
    made.printed, made.kept = found, kept
    return made


def left(run, name):
    """A table as the notebook leaves it, with the figures behind the printed ones."""
    return pd.read_csv(run.run.path / "tables" / f"{name}.csv", keep_default_na=False, na_values=[""])


def saved(project, per):
    return sum(amount * per[carrier] for carrier, amount in ALONE[project].items())


def net(project):
    return max(0, MONEY[project][0] - MONEY[project][1])


def yearly(project):
    return saved(project, PRICE) - MONEY[project][2]


def annuity(years, rate=RATE):
    return 1 / sum((1 + rate) ** -year for year in range(1, years + 1))


def annual(project):
    return net(project) * annuity(MONEY[project][3]) - yearly(project)


def value(project, capital=None, rate=RATE):
    life = MONEY[project][3]
    return sum(yearly(project) / (1 + rate) ** t for t in range(1, life + 1)) - (net(project) if capital is None else capital)


def service(project, capital=None):
    """Repayment and interest of each year, the loan paid off step by step."""
    _, _, _, _, share, rate, years, kind = MONEY[project]
    owed = loan = share * (net(project) if capital is None else capital)
    paid = []
    for year in range(1, years + 1):
        interest = owed * rate
        repaid = {"bullet": owed if year == years else 0.0, "equal_principal": loan / years}.get(
            kind, loan * annuity(years, rate) - interest if years else 0.0
        )
        owed -= repaid
        paid.append(repaid + interest)
    return paid


def covers(project, capital=None):
    return [yearly(project) / due for due in service(project, capital) if due > 0]


def root(of, low=-0.9, high=9.0):
    """Where a falling function of the rate is nil, by halving."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if of(middle) > 0 else (low, middle)
    return low


def columns(**by_name):
    """column → project → figure, from functions of a project."""
    return {name: {p: of(p) for p in MONEY} for name, of in by_name.items()}


def gap():
    """tce, tCO2e and actual kgce a tonne of B's clinker above level 1 of the standard that was read."""
    (level,) = rows_of("benchmarks", benchmark_id="cement:clinker:comprehensive_energy:gb_16780_2021")
    tce = SOLD * TCE["heat"] + POWER["B"] * TCE["electricity"]
    above = tce - float(level["gb_level_1"]) / 1000 * 20_000
    return above, above * (SOLD * 0.11 + POWER["B"] * 0.5) / tce, 1000 * tce / 20_000
