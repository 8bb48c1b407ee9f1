"""Printed emissions of a supplementary data table against what its own figures and the factor set give; differences are notes."""

import pandas as pd

from workbench import dictionary, units
from workbench.importers import form_notes, supplementary_rows
from workbench.importers.form_notes import note
from workbench.importers.supplementary_rows import CARBON_TO_CO2, first

WORDS = {"fuel": "Fuel", "power": "Power", "heat": "Heat", "feedstock": "Feedstock", "total": "Sum of the workshop"}


def compare(figures, made, key, year, meta):
    """Notes on each emission printed: fuel, power, heat, feedstock, their sum, and the intensity."""
    energy = made["energy"]
    given = {
        "fuel": fuel(energy[~energy["carrier"].isin(["electricity", "heat", "waste_heat"])], meta),
        "power": indirect(energy[energy["carrier"] == "electricity"], grid_factor(meta, year)),
        "heat": indirect(energy[energy["carrier"].isin(["heat", "waste_heat"])], heat_factor()),
        "feedstock": (supplementary_rows.carbon_balance(figures)[0], "parts of the carbon balance are missing"),
    }
    process = first(figures, "process_emissions") or 0.0
    parts = {side: value for side, (value, _) in given.items() if first(figures, f"{side}_emissions") is not None or value}
    known = [value for value in parts.values() if value is not None]
    given["total"] = (sum(known) + process if len(known) == len(parts) and known else None, "a part of it is not known")
    notes = []
    for side, (value, why) in given.items():
        printed = first(figures, f"{side}_emissions")
        if printed is None:
            continue
        facts = {"what": WORDS[side]}
        if value is None:
            notes.append(note("not_compared", key, printed, why=why, **facts))
        elif form_notes.apart(printed, value, "printed"):
            notes.append(note("printed", key, printed, expected=value, difference=f"{value - printed:+,.6g}", **facts))
        else:
            notes.append(note("printed_ok", key, printed, expected=value, **facts))
    return notes + intensity(figures, key)


def fuel(rows, meta):
    """(tCO2 of the fuels: quantity x NCV x carbon x oxidation x 44/12, own figures first; why not, where a factor is missing)."""
    if rows.empty:
        return None, "no quantity of fuel"
    table = dictionary.read_table("factors/fuels")
    table = table[(table["factor_set"] == meta.get("factor_set")) & (table["confidence"] != "suspect")]
    table = table.drop_duplicates("carrier").set_index("carrier")
    total = 0.0
    for row in rows.to_dict("records"):
        usual = table.loc[row["carrier"]] if row["carrier"] in table.index else {}
        pairs = (("ncv", "ncv_gj_per_unit"), ("carbon_content", "carbon_tc_per_gj"), ("oxidation", "oxidation"))
        parts = [row[own] if pd.notna(row[own]) else pd.to_numeric(usual.get(name) or None) for own, name in pairs]
        per = "t" if units.dimension(row["unit"]) == "mass" else "10^4 Nm3"
        size = units.factor(row["unit"], per)
        if size is None or any(pd.isna(part) for part in parts):
            return None, f"the factor set has no row for {row['carrier']}"
        total += row["quantity"] * size * parts[0] * parts[1] * parts[2] * CARBON_TO_CO2
    return total, ""


def indirect(rows, default):
    """(tCO2 of power or heat, with its own factors or the default of the factor set; why not, where there is none)."""
    if rows.empty:
        return None, "no quantity"
    stated = rows["tco2_per_unit"].astype(float).mask(rows["carrier"] == "waste_heat", 0.0)
    if stated.isna().any() and default is None:
        return None, "no grid factor of this region and year"
    return float((rows["quantity"] * stated.fillna(default if default is not None else 0.0)).sum()), ""


def grid_factor(meta, year):
    """Grid average (tCO2/MWh) of exactly this region and year, or None."""
    table = dictionary.read_table("factors/grid")
    place = str(meta.get("grid_region", "")).casefold()
    here = (table["region"].str.casefold() == place) | (table["region_zh"] == place)
    rows = table[here & (table["year"] == str(year)) & (table["variant"] == "average") & (table["factor_set"] == "cn")]
    return float(rows["co2_t_per_mwh"].iat[0]) if len(rows) else None


def heat_factor():
    """The default heat factor (tCO2/GJ) of the MEE tables."""
    return float(dictionary.read_table("factors/heat").set_index("factor_id").at["cn-heat:heat:default", "co2_t_per_gj"])


def intensity(figures, key):
    """The intensity printed against printed emissions by output, where the workshop has one output."""
    printed, total = first(figures, "intensity"), first(figures, "total_emissions")
    made = figures.loc[figures["item"] == "output", "value"]
    if printed is None or total is None or len(made) != 1 or made.iat[0] == 0:
        return []
    expected = total / made.iat[0]
    return [note("intensity", key, printed, expected=expected)] if form_notes.apart(printed, expected, "intensity") else []
