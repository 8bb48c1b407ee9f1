"""What form 205-1 must satisfy within itself: sums and parts, the balance, coefficients, the total in tce, the size of prices.

A rule that fails becomes a note; the figures are kept unless the note says so.
"""

import pandas as pd

from workbench import dictionary, units
from workbench.importers import form_notes, form_sheet
from workbench.importers.form_notes import apart, note

TRANSFORMED = ("coking_coal", "washed_coal")  # coal that is mostly coked, so that its carbon leaves in coke
ENERGY_UNITS = ("electricity", "heat", "waste_heat")


def settle(lines, enterprise_id):
    """Lines whose sums are left out, raw material taken off consumption, own production and heating values added; notes.

    New columns: tce_per_unit, tce, self_made (unit of the line), ncv (GJ per t or 10^4 Nm3), coefficient_note.
    """
    lines = lines.assign(tce_per_unit=[tce_per_unit(line) for line in lines.to_dict("records")])
    lines["tce"] = lines["consumption"] * lines["tce_per_unit"]
    lines, notes = without_sums(lines, enterprise_id)
    settled = []
    for line in lines.to_dict("records"):
        key = f"{enterprise_id}: {line['name']}"
        for step in (balance, raw_material, heating_value):
            line, said = step(line, key)
            notes += said
        settled.append(line)
    columns = [*lines.columns, *(c for c in ("self_made", "ncv", "coefficient_note") if c not in lines.columns)]
    return pd.DataFrame(settled, columns=columns), notes


def tce_per_unit(line):
    """tce in one unit of a line: its coefficient, 1 for tce itself."""
    return units.factor(line["unit"], "tce") if line["unit"] in ("tce", "kgce", "10^4 tce") else line["coefficient"]


def without_sums(lines, enterprise_id):
    """Lines that are sums of others filed below them are left out: raw coal always, the others where the figures agree in tce."""
    notes, drop = [], []
    for whole in lines[lines["form_code"].isin(set(lines["part_of"]) - {""})].itertuples():
        parts = lines[lines["part_of"] == whole.form_code]
        known = parts["tce"].notna().all() and pd.notna(whole.tce)
        total = parts["tce"].sum() if known else parts["consumption"].sum()
        mine = whole.tce if known else whole.consumption
        agree = (known or whole.form_code == "01") and not apart(mine, total, "part_sum")
        if agree or whole.form_code == "01":
            drop.append(whole.Index)
            notes.append(note("part_of", f"{enterprise_id}: {whole.name}", whole.name))
        if not agree:
            notes.append(note("part_sum", f"{enterprise_id}: {whole.name}", whole.name, whole=mine, parts=total))
    return lines.drop(index=drop), notes


def raw_material(line, key):
    """What is used as raw material is non-energy use: taken off consumption, so that the balance of the ledger closes."""
    part, used = line["raw_material"], line["consumption"]
    if pd.isna(part) or part == 0:
        return line, []
    limit = line["industrial"] if pd.notna(line["industrial"]) else used
    if part > limit:
        return line | {"raw_material": None}, [note("raw_material_too_much", key, part, expected=limit)]
    return line | {"consumption": used - part}, [note("raw_material", key, part, unit=line["unit"])]


def balance(line, key):
    """Opening + purchases - consumption - sales - closing; what a line can make itself is filed as self-generation."""
    zero = {name: 0.0 if pd.isna(line[name]) else line[name] for name in ("opening", "purchase", "consumption", "sale", "closing")}
    gap = zero["opening"] + zero["purchase"] - zero["consumption"] - zero["sale"] - zero["closing"]
    whole = max(zero["opening"] + zero["purchase"], zero["consumption"])
    notes = [note("transformation", key, line["name"])] if line["carrier"] in TRANSFORMED and zero["consumption"] > 0 else []
    line = line | {"self_made": None}
    if line["made"] == "recovered" or abs(gap) <= form_notes.tolerance("balance") / 100 * whole:
        return line, notes
    if gap < 0 and line["made"] == "1":
        return line | {"self_made": -gap}, [*notes, note("self_made", key, -gap, unit=line["unit"])]
    if zero["opening"] + zero["purchase"] + zero["closing"] == 0:
        return line, notes  # consumption alone is filed: nothing to weigh it against
    return line, [*notes, note("balance", key, gap, unit=line["unit"])]


def reference(line):
    """(low, high) of the statistical coefficient in tce per unit of a line: as printed, else of GB/T 2589, else None.

    A printed one that is far from GB/T 2589 is in another unit (kgce per m3 beside 万立方米) and gives way to it.
    """
    printed = [form_sheet.number(part)[0] for part in form_sheet.plain(line["reference"]).replace("~", "-").split("-")]
    printed, standard = [value for value in printed if value], of_standard(line)
    if printed and (standard is None or not far(min(printed), max(printed), standard)):
        return min(printed), max(printed)
    return (standard, standard) if standard else None


def far(low, high, standard):
    """Whether a coefficient or a range of them lies wholly off the standard one by more than fuels of one name differ."""
    limit = form_notes.tolerance("coefficient_far")
    return low > standard * limit or high < standard / limit


def of_standard(line):
    """The coefficient of GB/T 2589 (`coal_equivalent.csv`) in tce per unit of a line, or None."""
    table = dictionary.read_table("coal_equivalent").drop_duplicates("carrier").set_index("carrier")
    if line["carrier"] not in table.index:
        return None
    row = table.loc[line["carrier"]]
    size = units.factor(line["unit"], row["unit"])
    return float(row["kgce_per_unit"]) * size / 1000 if size else None


def heating_value(line, key):
    """Heating value from the firm's own coefficient; a statistical one is no measurement and stays in the note."""
    used = line["coefficient"]
    line = line | {"ncv": None, "coefficient_note": ""}
    if pd.isna(used) or used <= 0 or line["unit"] in ("tce", "kgce", "10^4 tce"):
        return line, []
    line["coefficient_note"] = f"; coefficient {used:.6g} tce per {line['unit']}"
    facts, known = {"unit": line["unit"]}, reference(line)
    if known is None:
        return line, [note("coefficient_alone", key, used, **facts)]
    low, high = known
    facts["reference"] = f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
    if line["carrier"] in ENERGY_UNITS:
        return line, [note("equal_value", key, used, **facts)] if apart(used, low, "own_coefficient") else []
    limit = form_notes.tolerance("coefficient_far")
    if used > high * limit or used < low / limit:
        return line, [note("coefficient_far", key, used, **facts)]
    line["coefficient_note"] += f", reference {facts['reference']}"
    if low == high and not apart(used, low, "own_coefficient"):
        return line, [note("statistical_coefficient", key, used, unit=line["unit"])]
    per = "t" if units.dimension(line["unit"]) == "mass" else "10^4 Nm3"
    size = units.factor(line["unit"], per)
    if not size:
        return line, [note("coefficient_alone", key, used, unit=line["unit"])]
    line["ncv"] = float(f"{used * units.GJ_PER_TCE / size:.12g}")
    return line, [note("own_coefficient", key, used, **facts, ncv=line["ncv"], per=per)]


def compare(lines, totals, enterprise_id, country, currency, year):
    """Notes on the total line in tce and on the size of the prices paid."""
    notes = []
    used = lines["consumption"].fillna(0) + lines["raw_material"].fillna(0)
    known = (lines["tce_per_unit"].notna() | (used == 0)).all() and len(lines) > 0
    every = (used * lines["tce_per_unit"].fillna(0)).sum()
    bought = every - (lines["self_made"].astype(float).fillna(0) * lines["tce_per_unit"].fillna(0)).sum()
    for line in totals[totals["consumption"].notna()].head(1).itertuples():
        if known:  # editions differ in whether the total counts again what the firm makes itself
            fits = [total for total in (every, bought) if not apart(total, line.consumption, "tce_sum")]
            kind, expected = ("tce_sum_ok", fits[0]) if fits else ("tce_sum", every)
            notes.append(note(kind, f"{enterprise_id}: {line.name}", line.consumption, expected=expected))
    if country == "CN" and currency == "CNY":
        notes += [found for line in lines.to_dict("records") for found in price(line, f"{enterprise_id}: {line['name']}", year)]
    return notes


def price(line, key, year):
    """A note where the price paid is a power of ten off a typical one (`prices.csv`, nearest year)."""
    bought, paid = line["purchase"], line["cost"]
    table = dictionary.read_table("prices")
    rows = table[(table["carrier"] == line["carrier"]) & (table["country"] == "CN") & (table["currency"] == "CNY")]
    if not (pd.notna(bought) and pd.notna(paid) and bought > 0 and paid > 0) or rows.empty:
        return []
    figures = rows[["value", "low", "high", "year"]].apply(pd.to_numeric, errors="coerce")
    typical = figures["value"].fillna((figures["low"] + figures["high"]) / 2)
    best = (figures["year"] - year).abs().sort_values(kind="stable").index[0]
    size = units.factor(line["unit"], rows.at[best, "unit"])
    if not size:
        return []
    usual, limit = typical[best] * size, form_notes.tolerance("price")
    ratio = paid / bought / usual
    far = ratio > limit or ratio < 1 / limit
    return [note("price", key, paid / bought, unit=line["unit"], ratio=ratio, typical=usual)] if far else []
