"""What can be judged of a factor table: each figure alone, in one unit a dimension, with the names of its band and of its peers.

A measure is one figure: `row` (index of the table), `label` (factor id), `kind`, `first` and `second` (items whose band serves it,
the finer first), `near` and `wide` (groups of comparable figures), `field`, `quantity`, `value`, `unit`, `trusted` (may be a peer).
"""

from __future__ import annotations

import pandas as pd

from workbench import dictionary, factors, units

COLUMNS = ["row", "label", "kind", "first", "second", "near", "wide", "field", "quantity", "value", "unit", "trusted"]
BASE = {"mass": "t", "normal_volume": "10^4 Nm3", "liquid_volume": "L", "energy": "GJ", "emission": "tCO2e"}
PRICE_BASE = BASE | {"normal_volume": "Nm3"}
UNTRUSTED = ("suspect", "remembered")


def of(kind: str, table: pd.DataFrame) -> pd.DataFrame:
    """Measures of a table of one kind: fuel, electricity, heat, process, gwp, coal_equivalent, price, benchmark, intensity."""
    build = {
        "fuel": _fuel, "electricity": _electricity, "heat": _heat, "process": _process, "gwp": _gwp,
        "coal_equivalent": _coal_equivalent, "price": _price, "benchmark": _benchmark, "intensity": _intensity,
    }[kind]  # fmt: skip
    if table.empty:
        return pd.DataFrame(columns=COLUMNS)
    parts = [part for part in build(table) if len(part)]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    frame["value"] = pd.to_numeric(frame["value"], errors="coerce").astype(float)
    return frame[frame["value"].notna()].reset_index(drop=True)


def text(table: pd.DataFrame, column: str) -> pd.Series:
    """A column as text, blank where the table has none."""
    if column not in table.columns:
        return pd.Series("", index=table.index, dtype=object)
    return table[column].astype(object).where(table[column].notna(), "").astype(str)


def numbers(table: pd.DataFrame, column: str) -> pd.Series:
    """A column as numbers, NaN where the table has none."""
    return pd.to_numeric(table[column], errors="coerce") if column in table.columns else pd.Series(float("nan"), index=table.index)


def in_base(names: pd.Series, bases: dict[str, str] = BASE) -> tuple[pd.Series, pd.Series]:
    """(base unit of the dimension, how many of them one unit is) of a column of unit codes; NaN where unknown."""
    base = {name: bases.get(units.dimension(name) or "", "") for name in names.unique()}
    size = {name: units.factor(name, base[name]) if base[name] else None for name in base}
    return names.map(base), pd.to_numeric(names.map(size))


def _measure(
    table: pd.DataFrame, kind: str, field: str, quantity: str, value: pd.Series, unit: object, **more: object
) -> pd.DataFrame:
    columns = {
        "row": table.index,
        "label": text(table, "factor_id"),
        "kind": kind,
        "first": "",
        "second": "",
        "near": "",
        "wide": "",
    }
    columns |= {"field": field, "quantity": quantity, "value": value, "unit": unit}
    columns |= {"trusted": ~text(table, "confidence").isin(UNTRUSTED)} | more
    return pd.DataFrame(columns, index=table.index).reindex(columns=COLUMNS)


def _fuel(table: pd.DataFrame) -> list[pd.DataFrame]:
    """A table in the layout of factors/fuels.csv; rows of electricity and heat in it go to their own bands."""
    kinds = text(table, "carrier").map(dictionary.carriers()["kind"]).fillna("fuel")
    power, heat = table[kinds == "electricity"], table[kinds == "heat"]
    found = _fuel_parts(table[~kinds.isin(["electricity", "heat"])])
    for rows, kind, target in ((power, "electricity", "MWh"), (heat, "heat", "GJ")):
        size = text(rows, "unit").map(lambda unit, target=target: units.factor(unit, target))
        value = numbers(rows, "co2_t_per_unit").where(lambda v: v != 0) / pd.to_numeric(size)  # zero: green power, waste heat
        found.append(
            _measure(rows, kind, "co2_t_per_unit", "co2", value, f"tCO2/{target}", first="default" if kind == "heat" else "")
        )
    return found


def _fuel_parts(table: pd.DataFrame) -> list[pd.DataFrame]:
    carrier = text(table, "carrier")
    family = carrier.map(dictionary.carriers()["family"]).fillna("")
    base, size = in_base(text(table, "unit"))
    gross = text(table, "heating_value_basis") == "gross"
    ncv, carbon, oxidation = (numbers(table, name) for name in ("ncv_gj_per_unit", "carbon_tc_per_gj", "oxidation"))
    product = ncv * carbon * oxidation * factors.CARBON_TO_CO2
    stated = numbers(table, "co2_t_per_unit")
    by_energy = base == "GJ"
    heat = (ncv / size).mask(by_energy)
    physical, physical_size = in_base(text(table, "physical_unit"))
    by_volume = (numbers(table, "gj_per_physical_unit") / physical_size).where(by_energy & gross)
    basis = gross.map({True: "gross", False: "net"})

    def part(field: str, quantity: str, value: pd.Series, unit: object, peers: bool = True) -> pd.DataFrame:
        near = carrier + "|" + quantity + "|" + basis + "|" + pd.Series(unit, index=table.index)
        return _measure(table, "fuel", field, quantity, value, unit, first=carrier, second=family, near=near if peers else "")

    return [
        part("ncv_gj_per_unit", "ncv", heat.mask(gross), "GJ/" + base),
        part("ncv_gj_per_unit", "gcv", heat.where(gross), "GJ/" + base),
        part("gj_per_physical_unit", "gcv", by_volume, "GJ/" + physical),
        part("carbon_tc_per_gj", "carbon", carbon, "tC/GJ"),
        part("oxidation", "oxidation", oxidation, "1"),
        part("co2_t_per_unit", "co2", (stated.fillna(product) / size).mask(by_energy), "tCO2/" + base),
        part("co2_t_per_unit", "co2_per_tce", product.fillna(stated) / ncv * units.GJ_PER_TCE, "tCO2/tce"),
        part("ch4_kg_per_unit", "ch4", _counted(table, "ch4_kg_per_unit") / ncv, "kgCH4/GJ", peers=False),
        part("n2o_kg_per_unit", "n2o", _counted(table, "n2o_kg_per_unit") / ncv, "kgN2O/GJ", peers=False),
    ]


def _electricity(table: pd.DataFrame) -> list[pd.DataFrame]:
    """A table in the layout of factors/grid.csv: peers are the other years of the region, then the other regions of its level."""
    variant, region = text(table, "variant"), text(table, "region").str.casefold()
    items = {"first": text(table, "factor_set") + ":" + variant, "second": variant}
    peers = {"near": region + "|" + variant, "wide": text(table, "factor_set") + "|" + text(table, "level") + "|" + variant}
    return [
        _measure(table, "electricity", "co2_t_per_mwh", "co2", numbers(table, "co2_t_per_mwh"), "tCO2/MWh", **items, **peers),
        _measure(table, "electricity", "ch4_kg_per_mwh", "ch4", numbers(table, "ch4_kg_per_mwh"), "kgCH4/MWh"),
        _measure(table, "electricity", "n2o_kg_per_mwh", "n2o", numbers(table, "n2o_kg_per_mwh"), "kgN2O/MWh"),
    ]


def _heat(table: pd.DataFrame) -> list[pd.DataFrame]:
    """A table in the layout of factors/heat.csv."""
    item = text(table, "variant").where(text(table, "variant") == "waste_heat", "default")
    return [
        _measure(table, "heat", f"{gas}_per_gj", quantity, numbers(table, f"{gas}_per_gj"), unit, first=item)
        for gas, quantity, unit in (("co2_t", "co2", "tCO2/GJ"), ("ch4_kg", "ch4", "kgCH4/GJ"), ("n2o_kg", "n2o", "kgN2O/GJ"))
    ]


def _process(table: pd.DataFrame) -> list[pd.DataFrame]:
    """A table in the layout of factors/process.csv: the only peers are rows of the same process and gas."""
    near = text(table, "process") + "|" + text(table, "gas") + "|" + text(table, "unit")
    return [_measure(table, "process", "value", "process", numbers(table, "value"), text(table, "value_unit"), near=near)]


def _gwp(table: pd.DataFrame) -> list[pd.DataFrame]:
    label = "gwp:" + text(table, "gwp_set") + ":" + text(table, "gas")
    return [
        _measure(
            table,
            "gwp",
            "value",
            "gwp",
            numbers(table, "value"),
            "tCO2e/t",
            label=label,
            first=text(table, "gas"),
            near=text(table, "gas"),
        )
    ]


def _coal_equivalent(table: pd.DataFrame) -> list[pd.DataFrame]:
    """A table in the layout of coal_equivalent.csv: kgce per t, 10^4 Nm3 or GJ; peers are heating values over 29.3076."""
    base, size = in_base(text(table, "unit"))
    near = text(table, "carrier") + "|kgce|" + base
    value = numbers(table, "kgce_per_unit") / size
    label = text(table, "carrier") + " " + text(table, "edition")
    return [
        _measure(
            table, "coal_equivalent", "kgce_per_unit", "kgce", value, "kgce/" + base, first=text(table, "carrier"), near=near,
            label=label,
        )
    ]  # fmt: skip


def heating_values_as_kgce(fuels: pd.DataFrame) -> pd.DataFrame:
    """Heating values of a fuel table as peers of coal equivalents: kgce per t or 10^4 Nm3 = GJ / 29.3076 x 1000."""
    heat = of("fuel", fuels)
    heat = heat[heat["quantity"] == "ncv"]
    base = heat["unit"].str.removeprefix("GJ/")
    value = heat["value"] / units.GJ_PER_TCE * 1000
    return heat.assign(kind="coal_equivalent", quantity="kgce", value=value, near=heat["first"] + "|kgce|" + base)


def _price(table: pd.DataFrame) -> list[pd.DataFrame]:
    """A table in the layout of prices.csv: value, low and high per t, Nm3, L, GJ, kWh or tCO2e."""
    carrier = text(table, "carrier")
    base, size = in_base(text(table, "unit"), PRICE_BASE)
    power = carrier.eq("electricity") & base.eq("GJ")
    base, size = base.mask(power, "kWh"), size.mask(power, size / factors.GJ_PER_MWH * 1000)
    first = text(table, "country") + ":" + text(table, "currency") + ":" + carrier
    unit = text(table, "currency") + "/" + base
    return [
        _measure(
            table, "price", field, "price", numbers(table, field) / size, unit, first=first, label=text(table, "price_id"),
            near=first + "|" + unit,
        )
        for field in ("value", "low", "high")
    ]  # fmt: skip


def _benchmark(table: pd.DataFrame) -> list[pd.DataFrame]:
    """A table in the layout of benchmarks.csv: the levels of one row are each other's peers."""
    label = text(table, "benchmark_id")
    fields = ("benchmark_level", "baseline_level", "gb_level_1", "gb_level_2", "gb_level_3")
    return [
        _measure(table, "benchmark", field, "benchmark", numbers(table, field), text(table, "unit"), label=label, near=label)
        for field in fields
    ]


def _intensity(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows of an inventory (carrier, tce, tco2e): emissions per energy of each fuel."""
    carrier = text(table, "carrier")
    known = dictionary.carriers()
    tce = numbers(table, "tce")
    value = (numbers(table, "tco2e") / tce.where(tce != 0)).where(carrier.map(known["kind"]) == "fuel")
    family = carrier.map(known["family"]).fillna("")
    label = text(table, "enterprise_id") + " " + carrier
    return [_measure(table, "fuel", "tco2e", "co2_per_tce", value, "tCO2/tce", first=carrier, second=family, label=label)]


def _counted(table: pd.DataFrame, column: str) -> pd.Series:
    """A gas that a row counts: nil says that it is not counted, and is no figure to judge."""
    return numbers(table, column).where(lambda value: value != 0)
