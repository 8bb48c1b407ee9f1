"""Ways to damage a package, each small and named: what a hurried, careless or hostile filer may send."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

Tables = dict[str, pd.DataFrame]
HOSTILE = (
    "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "a'b\"c", "line\nbreak", "tab\tbed", "🏭🔥", "x" * 5000,
    "{0}", "{name}", "%s", "企业一", "\u202egnihton", "\x1f7", "nan", "None", "NULL", "-", "0", "007", "a;b", "a|b", "own:a:b",
)  # fmt: skip
NUMBERS = (
    "", "0", "-0", "-5", "1e300", "-1e300", "1e-300", "nan", "inf", "-inf", "12,5OO", "1,000", "1.2.3", "１２", "abc", "0x10",
    "1e400", "True",
)  # fmt: skip
CODES = (
    "", "unobtainium", "Bituminous", "煤", "coal ", "process", "electricity", "waste_heat", "steam", "direct_tco2e",
    "demand_charge", "compressed_air",
)  # fmt: skip
META: dict[str, tuple[Any, ...]] = {
    "id": (None, 7, ["x"], "<b>x</b>"),
    "name": (None, "", 12, [], {}, {"en": None}, {"zh": "<script>"}, {"en": ["a"]}),
    "country": (None, "cn", "", 5, "Atlantis", [], "US"),
    "grid_region": (None, "", 42, "江苏", "nowhere", ["Jiangsu"], {"a": 1}, True),
    "base_year": (None, "x", 2022.5, [], -1),
    "currency": (None, "", 5, "元", ["CNY"], "(", "USD"),
    "factor_set": (None, "", 3, "unknown", "cn-f2", "ipcc-2006", ["cn-f1"], "us-epa"),
    "base_factor_set": ("unknown", 3, []),
    "gwp_set": (None, "", "ar99", 5, [], "AR6"),
    "data_nature": (None, "", "modelled", "rumour", [], {}, 3),
    "factor_order": (None, "", "national", {"a": 1}, 5, [5, None], ["ipcc"], [["ipcc"]], ["national", "measured"], "<b>"),
    "grid_variant": (None, "x", 5, ["average"], "residual_mix"),
    "targets": (
        None, "", "x", 5, {}, {"kind": "carbon_total"}, [None], [[]], ["x"], [{}], [{"kind": []}],
        [{"kind": "carbon_total", "base_year": "x", "base_value": None, "target_year": 2025}],
        [{"kind": "energy_intensity", "base_year": 2020, "base_value": 1, "target_year": 2025, "reduction_pct": 200, "unit": 5}],
        [{"kind": "carbon_intensity", "base_year": 2020, "base_value": 1e300, "target_year": 2025, "reduction_pct": 20,
        "unit": "t/x/y"}],
        [{"kind": "carbon_total", "base_year": 2020, "base_value": 1e300, "target_value": 1e300, "target_year": 2021}],
        [{"kind": "carbon_total", "base_year": float("nan"), "base_value": float("inf"), "target_year": 2025}],
    ),
    "carbon_budget": (
        None, "", "x", 5, [], {}, {"value_tco2e": "x"}, {"value_tco2e": 1, "period": None}, {"value_tco2e": 1, "period": []},
        {"value_tco2e": 1e300, "period": 2022}, {"value_tco2e": 1e-300, "period": 2022, "executed_tco2e": 1e300},
        {"value_tco2e": 5, "period": {"from": 2022, "to": 2021}}, {"value_tco2e": 5, "period": "2022-13"},
        {"value_tco2e": 5, "period": 2022, "executed_tco2e": {"x": 1}}, {"value_tco2e": 5, "period": 2022,
         "executed_tco2e": {13: 1}},
        {"value_tco2e": 5, "period": 2022, "executed_tco2e": {1: None}}, {"value_tco2e": 5, "period": 2022, "executed_tco2e": []},
        {"value_tco2e": 5, "period": 0}, {"value_tco2e": 5, "period": {"from": 1, "to": 9999}},
        {"value_tco2e": 5, "period": 2022, "as_of": []}, {"value_tco2e": 5, "period": 2022, "as_of": "2022-02-30"},
    ),
    "chp": (
        None, "",
        "x", 5, [], {"x": 1}, {"boiler_efficiency_pct": "x"}, {"boiler_efficiency_pct": 900}, {"heat_temperature_c": None},
        {"boiler_efficiency_pct": 0}, {"heat_efficiency_pct": []}, {5: 5},
    ),
    "chp_method": (None, "", "unknown", 5, [], "exergy", "heat_first", "efficiency"),
    "sources": (None, "x", 5, {}, [None], [{}], [{"title": "<script>"}]),
    "notes": (None, 5, [], "<script>", "{x}"),
    "licence": (None, 5, [], {"a": 1}),
    "price_year": (None, "x", []),
    "unknown_key": (None, 5, {"a": [1]}),
}  # fmt: skip


@dataclass
class Case:
    """A package about to be damaged, and what was done to it."""

    meta: dict[str, Any]
    tables: Tables
    done: list[str] = field(default_factory=list)


def numeric(name: str, table: pd.DataFrame) -> list[str]:
    from workbench import dictionary

    fields = dictionary.fields(name)
    return [c for c in fields.loc[fields["type"].isin(dictionary.NUMERIC), "field"] if c in table.columns]


def _some(draw: random.Random, case: Case) -> str | None:
    names = sorted(name for name, table in case.tables.items() if len(table))
    return draw.choice(names) if names else None


def _firms(case: Case) -> list[str]:
    return list(case.tables.get("enterprises", pd.DataFrame()).get("enterprise_id", ["A"])) or ["A"]


def _add(case: Case, **more: Any) -> None:
    for name, rows in more.items():
        both = [case.tables.get(name, pd.DataFrame()), pd.DataFrame(rows)]
        case.tables[name] = pd.concat(both, ignore_index=True).fillna("")


def empty_table(draw: random.Random, case: Case) -> str:
    name = _some(draw, case) or "energy"
    case.tables[name] = case.tables.get(name, pd.DataFrame()).iloc[:0]
    return name


def no_table(draw: random.Random, case: Case) -> str:
    name = _some(draw, case) or "energy"
    case.tables.pop(name, None)
    return name


def one_row(draw: random.Random, case: Case) -> str:
    if name := _some(draw, case):
        case.tables[name] = case.tables[name].sample(1, random_state=draw.randrange(2**31))
    return str(name)


def lost_column(draw: random.Random, case: Case) -> str:
    if not (name := _some(draw, case)):
        return ""
    column = draw.choice(list(case.tables[name].columns))
    case.tables[name] = case.tables[name].drop(columns=column)
    return f"{name}.{column}"


def blank_column(draw: random.Random, case: Case) -> str:
    if not (name := _some(draw, case)) or not len(case.tables[name].columns):
        return ""
    column = draw.choice(list(case.tables[name].columns))
    case.tables[name] = case.tables[name].assign(**{column: ""})
    return f"{name}.{column}"


def only_required(draw: random.Random, case: Case) -> str:
    from workbench import dictionary

    for name, table in case.tables.items():
        fields = dictionary.fields(name)
        keep = set(fields.loc[fields["required"] == "1", "field"]) | {"quantity"}
        case.tables[name] = table.assign(**{c: "" for c in table.columns if c not in keep})
    return ""


def _cells(draw: random.Random, table: pd.DataFrame, column: str, values: tuple[str, ...]) -> pd.DataFrame:
    table = table.copy()
    rows = table.index if draw.random() < 0.3 else draw.sample(list(table.index), min(len(table), draw.randint(1, 4)))
    one = draw.choice(values)
    table[column] = table[column].astype(object)
    for row in rows:
        table.at[row, column] = one if draw.random() < 0.5 else draw.choice(values)
    return table


def odd_number(draw: random.Random, case: Case) -> str:
    if not (name := _some(draw, case)) or not (columns := numeric(name, case.tables[name])):
        return ""
    column = draw.choice(columns)
    case.tables[name] = _cells(draw, case.tables[name], column, NUMBERS)
    return f"{name}.{column}"


def odd_size(draw: random.Random, case: Case) -> str:
    sized = ("energy", "exchanges", "process", "products", "assays", "materials")
    name = draw.choice([n for n in sized if n in case.tables] or ["x"])
    if name == "x" or not len(case.tables[name]):
        return ""
    column = draw.choice([c for c in numeric(name, case.tables[name]) if c not in ("year", "month")] or ["year"])
    case.tables[name] = _cells(draw, case.tables[name], column, ("0", "1e300", "1e-300", "1e150", "-1"))
    return f"{name}.{column}"


def odd_code(draw: random.Random, case: Case) -> str:
    if not (name := _some(draw, case)):
        return ""
    columns = [c for c in case.tables[name].columns if c not in numeric(name, case.tables[name])]
    if not columns:
        return ""
    column = draw.choice(columns)
    table = case.tables[name]
    values = tuple({*CODES, *table[column].astype(str).head(50), "kWh", "10^4 Nm3", "tCO2e", "purchase", "sale", "self_generation"})
    case.tables[name] = _cells(draw, table, column, tuple(sorted(values)))
    return f"{name}.{column}"


def hostile_text(draw: random.Random, case: Case) -> str:
    if not (name := _some(draw, case)):
        return ""
    columns = [c for c in case.tables[name].columns if c not in numeric(name, case.tables[name])]
    if not columns:
        return ""
    column = draw.choice(columns)
    case.tables[name] = _cells(draw, case.tables[name], column, HOSTILE)
    return f"{name}.{column}"


def renamed_everywhere(draw: random.Random, case: Case) -> str:
    """An enterprise with a hostile or Chinese id, named the same in every table."""
    firms = case.tables.get("enterprises")
    if firms is None or not len(firms) or "enterprise_id" not in firms:
        return ""
    old, new = draw.choice(list(firms["enterprise_id"])), draw.choice([t for t in HOSTILE if "\n" not in t])
    ends = ("enterprise_id", "from_enterprise", "to_enterprise", "counterparty")
    for name, table in case.tables.items():
        changed = {c: table[c].where(table[c] != old, new) for c in ends if c in table.columns}
        case.tables[name] = table.assign(**changed)
    return f"{old}->{new[:20]!r}"


def doubled(draw: random.Random, case: Case) -> str:
    if name := _some(draw, case):
        table = case.tables[name]
        case.tables[name] = pd.concat([table, table.sample(frac=0.5, random_state=draw.randrange(2**31))], ignore_index=True)
    return str(name)


def exchanges(draw: random.Random, case: Case) -> str:
    """Exchanges of members with themselves, in cycles, with strangers, of every commodity, twice, on one side only."""
    firms = [*_firms(case), "", "stranger"]
    rows = []
    for number in range(draw.randint(1, 8)):
        rows.append(
            {
                "exchange_id": draw.choice(["", "X1", f"Z{number}"]), "year": draw.choice(["2022", "2022", "2022", "2021", ""]),
                "from_enterprise": draw.choice(firms), "to_enterprise": draw.choice(firms),
                "commodity": draw.choice(["steam", "electricity", "coke", "waste_heat", "compressed_air", "hot_water", "heat",
                "x", "natural_gas"]),
                "quantity_sent": draw.choice(["", "10", "0", "1e300", "x"]),
                "quantity_received": draw.choice(["", "9", "0", "100000", "-1"]),
                "unit": draw.choice(["t", "MWh", "GJ", "10^4 Nm3", "", "furlong"]), "ncv": draw.choice(["", "2.7", "0"]),
                "tco2_per_unit": draw.choice(["", "0.3", "0", "1e10"]),
            }
        )  # fmt: skip
    _add(case, exchanges=rows)
    return f"{len(rows)}"


def ledger(draw: random.Random, case: Case) -> str:
    """Rows of every flow, carrier and unit, on units and between members."""
    from workbench import dictionary, units

    firms = _firms(case)
    known = list(units.table()["unit"])
    plants = [*case.tables.get("units", pd.DataFrame()).get("unit_id", []), "", ""]
    rows = [
        {
            "enterprise_id": draw.choice(firms), "year": draw.choice(["2022", "2022", "2022", "2021"]),
            "month": draw.choice(["", "", "1", "12", "13"]), "unit_id": draw.choice(plants),
            "carrier": draw.choice(list(dictionary.carriers().index)), "flow": draw.choice(dictionary.codes("flows")),
            "quantity": draw.choice(["0", "1", "1000", "1e6", "1e300"]),
            "unit": draw.choice([*known, "t", "MWh", "GJ", "10^4 Nm3"]),
            "cost": draw.choice(["", "1", "0", "1e9"]), "ncv": draw.choice(["", "", "20", "0"]),
            "carbon_content": draw.choice(["", "", "0.025", "0"]), "oxidation": draw.choice(["", "", "0.98", "0", "1"]),
            "tco2_per_unit": draw.choice(["", "", "2", "0", "-1"]), "counterparty": draw.choice([*firms, "", "", "grid"]),
            "quality": draw.choice(["", "A", "B", "Z"]),
            "note": draw.choice(["", "h=2800 kJ/kg", "h=0 kJ/kg", "T=20 C", "T=95 ℃", "h=1e9 kJ/kg"]),
        }
        for _ in range(draw.randint(1, 15))
    ]  # fmt: skip
    _add(case, energy=rows)
    return f"{len(rows)}"


def processes(draw: random.Random, case: Case) -> str:
    from workbench import dictionary

    firms = _firms(case)
    codes = dictionary.codes("processes")
    parameters = list(dictionary.read_table("process_parameters")["parameter"])
    rows = [
        {"enterprise_id": draw.choice(firms), "year": "2022", "process": draw.choice(codes),
         "quantity": draw.choice(["0", "10", "1e300"]),
         "unit": draw.choice(["t", "10^4 Nm3", "kg", "MWh"]), "tco2_per_unit": draw.choice(["", "0.5", "-0.5", "0", "1e300"])}
        for _ in range(draw.randint(1, 8))
    ]  # fmt: skip
    assays = [
        {"enterprise_id": draw.choice(firms), "year": "2022", "process": draw.choice([*codes, "x"]),
         "parameter": draw.choice([*parameters, "x"]),
         "value": draw.choice(["0", "5", "100", "1e9", "x", ""]), "unit": draw.choice(["%", "t", ""])}
        for _ in range(draw.randint(1, 8))
    ]  # fmt: skip
    _add(case, process=rows, assays=assays)
    return ""


def cyclic_units(draw: random.Random, case: Case) -> str:
    firms = _firms(case)
    names = ["a", "b", "c"]
    rows = pd.DataFrame(
        {"unit_id": names, "enterprise_id": [draw.choice(firms) for _ in names], "name": names, "kind": "boiler",
         "parent_unit": [draw.choice([*names, "x", ""]) for _ in names]}
    )  # fmt: skip
    _add(case, units=rows)
    return ""


def goods(draw: random.Random, case: Case) -> str:
    from workbench import benchmarks

    firms = _firms(case)
    codes = list(benchmarks.standards()["benchmark"])
    products = [
        {"enterprise_id": draw.choice(firms), "year": draw.choice(["2022", "2021"]),
         "product": draw.choice([*codes, "thing", "水泥熟料"]),
         "quantity": draw.choice(["0", "10", "1e300"]), "unit": draw.choice(["t", "MWh", "m2"]),
         "benchmark": draw.choice(["", *codes, "x"]),
         "benchmark_correction": draw.choice(["", "5", "-5", "1e300"])}
        for _ in range(draw.randint(1, 6))
    ]  # fmt: skip
    materials = [
        {"enterprise_id": draw.choice(firms), "year": draw.choice(["2022", "2021"]),
         "material": draw.choice(["quicklime", "x", "clinker", "pig_iron"]),
         "flow": draw.choice(["purchase", "sale", "x"]), "quantity": draw.choice(["0", "10", "1e300"]),
         "unit": draw.choice(["t", "kg", "MWh"]),
         "counterparty": draw.choice([*firms, ""])}
        for _ in range(draw.randint(1, 6))
    ]  # fmt: skip
    _add(case, products=products, materials=materials)
    return ""


def own_factors(draw: random.Random, case: Case) -> str:
    from workbench import dictionary

    rows = [
        {"factor_id": draw.choice(["", "own", "x", "cn-f1:bituminous"]),
         "carrier": draw.choice([*dictionary.carriers().index, "x"]),
         "unit": draw.choice(["t", "10^4 Nm3", "GJ", "MWh", "", "x"]),
         "ncv_gj_per_unit": draw.choice(["", "20", "20000", "0", "x"]),
         "carbon_tc_per_gj": draw.choice(["", "0.025", "25", "0"]), "oxidation": draw.choice(["", "0.98", "98", "0"]),
         "co2_t_per_unit": draw.choice(["", "2", "2000", "0", "x"]), "ch4_kg_per_unit": draw.choice(["", "1", "1e6"]),
         "biogenic": draw.choice(["", "1", "0", "yes"]), "valid_from": draw.choice(["", "2022", "2030", "x"]),
         "valid_to": draw.choice(["", "2022", "2001"]),
         "source": "x", "rubbish": "<b>"}
        for _ in range(draw.randint(1, 6))
    ]  # fmt: skip
    _add(case, factors=rows)
    return ""


def rubbish_factors(draw: random.Random, case: Case) -> str:
    case.tables["factors"] = pd.DataFrame({"a": ["1", "x"], "b": ["", "<b>"]})
    return ""


def odd_meta(draw: random.Random, case: Case) -> str:
    name = draw.choice(sorted(META))
    case.meta[name] = draw.choice(META[name])
    if draw.random() < 0.1:
        case.meta.pop(name)
    return f"{name}={case.meta.get(name, 'absent')!r}"[:80]


def no_meta(draw: random.Random, case: Case) -> str:
    for name in draw.sample(sorted(case.meta), max(1, len(case.meta) // 2)):
        case.meta[name] = None
    return ""


def another_year(draw: random.Random, case: Case) -> str:
    for name, table in case.tables.items():
        if "year" in table.columns:
            before = table.assign(year="2021")
            case.tables[name] = before if draw.random() < 0.7 else pd.concat([table, before], ignore_index=True)
    return ""


def one_enterprise(draw: random.Random, case: Case) -> str:
    first = _firms(case)[0]
    for name, table in case.tables.items():
        if "enterprise_id" in table.columns and len(table):
            case.tables[name] = table[table["enterprise_id"] == first]
    return ""


def all_zero(draw: random.Random, case: Case) -> str:
    for name, table in case.tables.items():
        for column in ("quantity", "quantity_sent", "quantity_received"):
            if column in table.columns:
                case.tables[name] = table = table.assign(**{column: "0"})
    return ""


WAYS: tuple[Callable[[random.Random, Case], str], ...] = (
    empty_table, no_table, one_row, lost_column, blank_column, only_required, odd_number, odd_size, odd_code, hostile_text,
    renamed_everywhere, doubled, exchanges, ledger, processes, cyclic_units, goods, own_factors, rubbish_factors, odd_meta, no_meta,
    another_year, one_enterprise, all_zero,
)  # fmt: skip


def damage(meta: dict[str, Any], tables: Tables, seed: int, ways: tuple[Callable, ...] | None = None) -> Case:
    """A package damaged in one to four ways, the same for the same seed."""
    draw = random.Random(seed)
    case = Case(dict(meta), {name: table.copy() for name, table in tables.items()})
    for way in ways or draw.choices(WAYS, k=draw.randint(1, 4)):
        case.done.append(f"{way.__name__}({way(draw, case)})")
    return case
