"""Rows of one workshop of a supplementary data table: fuel, feedstock, power and heat by source, output.

Power from the grid takes the grid factor of the inventory; power of a captive plant the factor printed; renewable and
waste-heat power and waste heat count nothing (MEE supplementary tables of 2019-01-25). The table prints a mean factor over all
sources: without another figure, the factor of the sources that count is mean x total / (total - sources that count nothing).
"""

import re

import pandas as pd

from workbench import dictionary, units
from workbench.importers import form_notes, form_sheet
from workbench.importers.form_205_lines import carrier_of
from workbench.importers.form_notes import note

CARBON_TO_CO2 = 44 / 12
PARAMETERS = {"fuel_quantity": "quantity", "ncv": "ncv", "carbon": "carbon_content", "oxidation": "oxidation"}
ENERGY = ["enterprise_id", "year", "unit_id", "carrier", "flow", "quantity", "unit", "ncv", "carbon_content", "oxidation",
          "tco2_per_unit", "evidence", "note"]  # fmt: skip
MADE = re.compile(r"产量|\b(output|production)( of)?\b", re.IGNORECASE)
PROCESS = ["enterprise_id", "year", "unit_id", "process", "quantity", "unit", "evidence"]
PRODUCTS = ["enterprise_id", "year", "product", "quantity", "unit", "note"]


def of_workshop(figures, enterprise_id, unit_id, shop, year, raw_coal):
    """Tables `energy`, `process`, `products` and `notes` of one workshop; quantities in t, 10^4 Nm3, MWh, GJ, tCO2e."""
    key, notes = f"{enterprise_id} {shop}".strip(), []
    energy, process = [], []
    for build in (fuel, power, heat):
        rows, said = build(figures, key, raw_coal) if build is fuel else build(figures, key)
        energy += rows
        notes += said
    for build in (feedstock, tonnes_only):
        rows, said = build(figures, key)
        process += rows
        notes += said
    products, said = output(figures, key, shop)
    filed = {"enterprise_id": enterprise_id, "year": year, "unit_id": unit_id}
    return {
        "energy": pd.DataFrame([filed | {"flow": "consumption"} | row for row in energy], columns=ENERGY),
        "process": pd.DataFrame([filed | {"process": "direct_tco2e", "unit": "tCO2e"} | row for row in process], columns=PROCESS),
        "products": pd.DataFrame([filed | row for row in products], columns=PRODUCTS),
        "notes": notes + said,
    }


def first(figures, item):
    """The first figure of an item, or None."""
    found = figures.loc[figures["item"] == item, "value"]
    return None if found.empty else float(found.iat[0])


def amount(figures, item, unit):
    """The first figure of an item in MWh or GJ, from the unit in its brackets ("万千瓦时"); without one it is in `unit`."""
    value = first(figures, item)
    brackets = figures.loc[figures["item"] == item, "bracket"]
    size = units.factor(form_sheet.unit_of(brackets.iat[0]), unit) if len(brackets) else None
    return value if value is None or size is None else value * size


def evidence_of(figures, items):
    """The evidence the column of sources names for an item, or "": metering before ledger before statistics return."""
    said = " ".join(figures.loc[figures["item"].isin(items), "source"])
    return next((value for word, value in form_sheet.words("evidence").items() if word in form_sheet.plain(said)), "")


def scaled(item, value, bracket):
    """A parameter in the ledger's unit: GJ per t or 10^4 Nm3, tC per GJ, oxidation as a fraction (a figure above 1 is %)."""
    if item == "oxidation":
        return value / 100 if value > 1 else value
    kind = {"ncv": "ncv_unit", "carbon": "carbon_unit"}.get(item, "")
    size = next((v for word, v in form_sheet.words(kind).items() if bracket == word), "1") if kind else "1"
    return value * float(size)


def unit_for(carrier, bracket):
    """The unit of a fuel's quantity: as printed where one is, else t, and 10^4 Nm3 for gases ("t或万Nm3")."""
    alone = form_sheet.unit_of(bracket)
    if alone:
        return {"10^4 m3": "10^4 Nm3", "m3": "Nm3"}.get(alone, alone)
    table = dictionary.read_table("factors/fuels")
    chinese = table[(table["carrier"] == carrier) & table["factor_set"].str.startswith("cn-")]
    return "10^4 Nm3" if "10^4 Nm3" in set(chinese["physical_unit"]) else "t"


def fuel(figures, key, raw_coal):
    """Energy rows of the fuels burnt, with measured ncv, carbon content and oxidation where printed."""
    mine = figures[figures["item"].isin(PARAMETERS)]
    rows, notes = [], []
    for name, parts in mine.groupby("fuel", sort=False):
        carrier = carrier_of(name)
        place = f"{key}: {name}"
        if carrier == "raw_coal":
            carrier = raw_coal
            notes.append(note("raw_coal", place, name, carrier=carrier))
        row = {PARAMETERS[p.item]: scaled(p.item, p.value, p.bracket) for p in parts.itertuples()}
        if not carrier:
            notes.append(note("fuel_unknown", place, name or "(no name)"))
        elif "quantity" not in row:
            notes.append(note("fuel_incomplete", place, name))
        elif row["quantity"] != 0:
            bracket = parts.loc[parts["item"] == "fuel_quantity", "bracket"].iat[0]
            evidence = evidence_of(parts, ["fuel_quantity"])
            rows.append(
                row | {"carrier": carrier, "unit": unit_for(carrier, bracket), "evidence": evidence, "note": f"{name} burnt"}
            )
    return rows, notes


def power(figures, key):
    """Energy rows of the power used, by source, in MWh."""
    parts = {source: amount(figures, f"power_{source}", "MWh") for source in ("grid", "captive", "renewable", "waste_heat")}
    total, mean, notes = amount(figures, "power_total", "MWh"), first(figures, "power_factor"), []
    filed = {source: value for source, value in parts.items() if value}
    if not filed:
        if not total:
            return [], []
        filed, notes = {"grid": total}, [note("power_unsplit", key, total)]
    elif total and form_notes.apart(sum(filed.values()), total, "power_split"):
        notes.append(note("power_split", key, total, expected=sum(filed.values())))
    rows = []
    for source, value in filed.items():
        row = {"carrier": "electricity", "quantity": value, "unit": "MWh", "note": f"{source.replace('_', '-')} power"}
        if source == "captive":
            row["tco2_per_unit"] = captive_factor(figures, filed, mean)
            lacks = row["tco2_per_unit"] is None
            notes.append(note("captive_without_factor", key) if lacks else note("captive_power", key, row["tco2_per_unit"]))
        elif source in ("renewable", "waste_heat"):
            row["tco2_per_unit"] = 0.0
            notes.append(note("zero_power", key, value, what="Renewable" if source == "renewable" else "Waste-heat"))
        rows.append(row | {"evidence": evidence_of(figures, [f"power_{source}", "power_total"])})
    return rows, notes


def captive_factor(figures, filed, mean):
    """tCO2/MWh of captive-plant power: as printed, else what the mean factor says of grid and captive power together."""
    printed = first(figures, "captive_factor")
    counting = filed.get("grid", 0.0) + filed.get("captive", 0.0)
    return printed if printed is not None else rounded(mean * sum(filed.values()) / counting) if mean else None


def rounded(value):
    """Twelve significant digits: more than any form prints, the same text on every machine."""
    return float(f"{value:.12g}")


def heat(figures, key):
    """Energy rows of the heat used, in GJ: recovered heat as waste heat, the rest with the factor printed."""
    parts = {source: amount(figures, f"heat_{source}", "GJ") for source in ("waste", "boiler", "captive")}
    total, mean, notes = amount(figures, "heat_total", "GJ"), first(figures, "heat_factor"), []
    filed = {source: value for source, value in parts.items() if value}
    if filed and total and form_notes.apart(sum(filed.values()), total, "heat_split"):
        notes.append(note("heat_split", key, total, expected=sum(filed.values())))
    filed = filed or ({"": total} if total else {})
    counting = sum(value for source, value in filed.items() if source != "waste")
    factor = rounded(mean * sum(filed.values()) / counting) if mean and counting else None
    if counting:
        no_carbon = mean == 0 and "" in filed
        factor = 0.0 if no_carbon else factor
        notes.append(note("heat_default", key) if factor is None else note("heat_factor", key, factor))
    rows = []
    for source, value in filed.items():
        row = {"carrier": "waste_heat" if source == "waste" else "heat", "quantity": value, "unit": "GJ"}
        row |= {"tco2_per_unit": None if source == "waste" else factor, "note": f"heat of {source or 'unstated source'}"}
        rows.append(row | {"evidence": evidence_of(figures, [f"heat_{source}", "heat_total"])})
    return rows, notes


def carbon_balance(figures):
    """(tCO2 of the feedstock's carbon balance, inputs in words), or (None, words) where a part of it is missing."""
    sides = {"feedstock": 1.0, "output": -1.0}
    total, complete, names = 0.0, True, []
    for side, sign in sides.items():
        amounts = figures[figures["item"] == f"{side}_quantity"].set_index("fuel")["value"]
        contents = figures[figures["item"] == f"{side}_carbon"].set_index("fuel")["value"]
        amounts = amounts[amounts != 0].groupby(level=0).sum()
        contents = contents.groupby(level=0).first().reindex(amounts.index)
        complete &= bool(contents.notna().all())
        total += sign * float((amounts * contents).sum())
        names += [f"{name} {value:g}" for name, value in amounts.items()] if side == "feedstock" else []
    return (total * CARBON_TO_CO2 if complete and names else None), ", ".join(names)


def feedstock(figures, key):
    """Process row of energy used as feedstock: its carbon balance, else the tonnes printed."""
    tonnes, names = carbon_balance(figures)
    printed = first(figures, "feedstock_emissions")
    if tonnes is None:
        if not printed:
            return [], []
        return [{"quantity": printed}], [note("emissions_only", key, printed, what="Feedstock")]
    if tonnes < 0:
        return [], [note("feedstock_negative", key, tonnes)]
    evidence = evidence_of(figures, ["feedstock_quantity"])
    return [{"quantity": tonnes, "evidence": evidence}], [note("feedstock", key, tonnes, inputs=names)]


def tonnes_only(figures, key):
    """Emissions printed without the quantities behind them: direct ones as tonnes; power and heat cannot be filed so."""
    rows, notes = [], []
    for item, what in (("fuel_emissions", "Fuel"), ("process_emissions", "Process")):
        printed = first(figures, item)
        if printed and (item == "process_emissions" or not (figures["item"] == "fuel_quantity").any()):
            rows.append({"quantity": printed})
            notes.append(note("emissions_only", key, printed, what=what))
    for side in ("power", "heat"):
        printed = first(figures, f"{side}_emissions")
        known = {item for item in figures["item"] if item.startswith(f"{side}_")}
        if printed and not known - {f"{side}_emissions", f"{side}_factor"}:
            notes.append(note("scope_two_only", key, printed, what=side.capitalize()))
    return rows, notes


def output(figures, key, shop):
    """Product rows, in the words of the trade, and where each figure comes from."""
    rows, notes = [], []
    for figure in figures[figures["item"] == "output"].itertuples():
        name = MADE.sub("", figure.text.split("(")[0]).strip(" 的") or figure.fuel or "product"
        rows.append({"product": name, "quantity": figure.value, "unit": figure.bracket or "t", "note": shop})
        if figure.source:
            notes.append(note("output_source", key, name, source=figure.source))
    return rows, notes
