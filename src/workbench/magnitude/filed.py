"""The guard at the ledger: what enterprises file themselves, against the bands and the factor chosen for the carrier.

A filed figure is used as filed; a slip of a power of ten is an error, a figure outside its band a warning that asks for proof.
"""

from __future__ import annotations

import pandas as pd

from workbench import dictionary, emissions, findings, units
from workbench.magnitude import bands, measures


def heating_values(rows: pd.DataFrame, table: str, carrier: str = "carrier") -> list[pd.DataFrame]:
    """Own `ncv` (GJ per t or 10^4 Nm3) and `carbon_content` (tC/GJ) of fuels outside the band; rows indexed by line."""
    carriers, known = measures.text(rows, carrier), dictionary.carriers()
    fuel = carriers.map(known["kind"]).eq("fuel")
    base, _ = measures.in_base(measures.text(rows, "unit"))
    place = {"kind": "fuel", "first": carriers, "second": carriers.map(known["family"]).fillna("")}
    parts = [
        _figures(rows, "ncv", measures.numbers(rows, "ncv").where(fuel), "GJ/" + base.astype(object), quantity="ncv", **place),
        _figures(rows, "carbon_content", measures.numbers(rows, "carbon_content").where(fuel), "tC/GJ", quantity="carbon", **place),
    ]
    return _outside(bands.with_bands(pd.concat(parts, ignore_index=True)), table)


def energy_factors(rows: pd.DataFrame, chosen: pd.DataFrame, table: str, carrier: str = "carrier") -> list[pd.DataFrame]:
    """Own `tco2_per_unit` of electricity and heat: near a power of ten of the chosen factor, or outside the band.

    Per MWh and per GJ; steam by mass through its own `ncv`, else the heat of low-pressure steam. Zero (green power, waste heat) is
    no finding. `chosen` is the table of `factors.choose`.
    """
    carriers = measures.text(rows, carrier)
    kinds = carriers.map(dictionary.carriers()["kind"])
    target = kinds.map({"electricity": "MWh", "heat": "GJ"}).astype(object)
    value = measures.numbers(rows, "tco2_per_unit").where(lambda v: v != 0) / _energy_per_unit(rows, carriers, target)
    usual = carriers.map(pd.to_numeric(chosen.set_index("carrier")["value"])).astype(float)
    place = {"kind": kinds.where(target.notna(), ""), "quantity": "co2", "first": kinds.map({"heat": "default"}).fillna("")}
    judged = bands.with_bands(_figures(rows, "tco2_per_unit", value, "tCO2/" + target, usual=usual, **place))
    judged = judged.assign(power=bands.power(judged["value"], judged["usual"]))
    return [*bands.found(judged[judged["power"] != 0], table), *_outside(judged[judged["power"] == 0], table)]


def _energy_per_unit(rows: pd.DataFrame, carriers: pd.Series, target: pd.Series) -> pd.Series:
    """MWh or GJ in one filed unit of electricity or heat; steam by mass through its enthalpy."""
    names = measures.text(rows, "unit")
    pairs = pd.DataFrame({"unit": names, "target": target}).drop_duplicates()
    sizes = {(p.unit, p.target): units.factor(p.unit, p.target) for p in pairs.itertuples() if isinstance(p.target, str)}
    size = pd.Series([sizes.get(pair) for pair in zip(names, target, strict=True)], index=rows.index, dtype=float)
    in_t = names.map({name: units.factor(name, "t") for name in names.unique()}).astype(float)
    heat_per_t = measures.numbers(rows, "ncv").fillna(emissions.low_pressure_steam_gj_per_t())
    return size.fillna((heat_per_t * in_t).where(carriers == "steam"))


def prices(rows: pd.DataFrame, country: str, currency: str) -> list[pd.DataFrame]:
    """Implied price of purchases (`cost` / `quantity` per filed unit) outside the band of country, currency and carrier."""
    quoted = rows.assign(value=rows["cost"] / rows["quantity"], country=country, currency=currency, confidence="")
    judged = bands.with_bands(measures.of("price", quoted[["carrier", "country", "currency", "unit", "value", "confidence"]]))
    if "enterprise_id" in rows.columns:
        judged["enterprise_id"] = rows["enterprise_id"].reindex(judged["row"]).to_numpy()
    return _outside(judged, "energy", "price_band", "quantity")


def prices_per_energy(rows: pd.DataFrame, currency: str) -> list[pd.DataFrame]:
    """Price per GJ of a fuel that few buy (fewer than three purchases) against the median of the other fuels of the package.

    `rows` are quantified purchases (cost, energy_gj), indexed by line; at least three others make a median.
    """
    fuel = rows["carrier"].map(dictionary.carriers()["kind"]).eq("fuel") & (rows["energy_gj"] > 0)
    priced = rows[fuel]
    price = priced["cost"] / priced["energy_gj"]
    count = price.groupby(priced["carrier"]).transform("count")
    medians = {carrier: _median_of_others(price, priced["carrier"], carrier) for carrier in priced["carrier"].unique()}
    others = priced["carrier"].map(medians).astype(float)
    ratio = (price / others).where(count < bands.FEWEST_PEERS)
    limit = findings.tolerance("price_per_energy")
    far = priced[(ratio > limit) | (ratio < 1 / limit)]
    words = {
        name: pd.Series([f"{findings.number(v)} {currency}/GJ" for v in series[far.index]], dtype=object)
        for name, series in (("seen", price), ("expected", others))
    }
    found = findings.raw("price_per_energy", far, table="energy", field="cost", **words)
    return [found] if len(found) else []


def _median_of_others(price: pd.Series, carriers: pd.Series, carrier: str) -> float:
    others = price[carriers != carrier]
    return float(others.median()) if len(others) >= bands.FEWEST_PEERS else float("nan")


def _figures(rows: pd.DataFrame, field: str, value: pd.Series, unit: object, **place: object) -> pd.DataFrame:
    frame = pd.DataFrame({"row": rows.index, "label": "", "first": "", "second": "", "near": "", "wide": ""}, index=rows.index)
    frame = frame.assign(field=field, value=value, unit=unit, trusted=False, **place)
    if "enterprise_id" in rows.columns:
        frame["enterprise_id"] = rows["enterprise_id"]
    return frame[frame["value"].notna() & frame["unit"].notna()]


def _outside(judged: pd.DataFrame, table: str, check: str = "filed_outside_band", field: str = "") -> list[pd.DataFrame]:
    rows = judged[bands.outside(judged)]
    fields = field or rows["field"]
    found = findings.raw(
        check, rows.set_index("row"), table=table, field=fields, seen=bands.seen(rows), expected=bands.expected(rows)
    )
    return [found] if len(found) else []
