"""Plausibility of a filing: magnitudes of prices and heating values, rules between tables, notes of the importer.

Every check compares with a source, a band or the other firms; it keeps the row unless the figure cannot be meant.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pandas as pd

from workbench import dictionary, emissions, factors, findings, magnitude, own_technologies, text_columns, units
from workbench.filing import Filing


def check(filing: Filing, year: int, folder: Path | None = None) -> list[pd.DataFrame]:
    """Raw findings of plausibility for one year; `filing.apply` then leaves out the values and rows they say to ignore.

    `folder` is the package's folder, where an importer may have left notes.
    """
    tables = filing.tables
    doubted = _own_factors(tables["factors"])
    bad = {row for part in doubted for row in part.loc[part["effect"] == "row_set_aside", "row"]}
    own = factors.own_table(tables["factors"][~tables["factors"]["row"].isin(bad)]) if len(tables["factors"]) else None
    chosen, _ = factors.choose(sorted(text_columns.words(tables["energy"]["carrier"].array)), filing.meta, year, own)
    found = [
        *doubted,
        *_heating_values(tables["energy"], chosen),
        *_stated_factors(tables["energy"], chosen),
        *_prices(tables["energy"], chosen, filing.meta),
        *_exchanges(tables["exchanges"], chosen),
        *_process_factors(tables["process"]),
        *_silent_enterprises(tables, year),
        *_shares(tables["members"]),
        *_relations(tables["relations"]),
        *_above(tables["units"]),
        *_groups(tables["groups"]),
        *_efforts(tables, year),
        *_uncosted(tables["projects"]),
        *own_technologies.check(tables["technologies"], filing.meta, year),
        *import_notes(folder),
    ]
    return [part for part in found if len(part)]


def _own_factors(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The filer's own factor rows through the magnitude guard; a row that cannot be meant is set aside, the library serves."""
    if table.empty:
        return []
    own = table.set_index("row")
    bare = own[own["source"].fillna("").eq("")]
    parts = [*magnitude.check_own(factors.own_table(own)), findings.raw("factor_without_source", bare, seen=bare["carrier"])]
    parts = [part for part in parts if len(part)]
    grave = findings.catalogue()["severity"].eq("error")
    return [part.assign(table="factors", effect="row_set_aside" if grave[part["check"].iat[0]] else "kept") for part in parts]


def _heating_values(energy: pd.DataFrame, chosen: pd.DataFrame) -> list[pd.DataFrame]:
    """Own heating values and carbon contents against the factor row, where a slip of units is ignored, and the band."""
    energy = energy[energy["ncv"].notna() | energy["carbon_content"].notna()]
    if energy.empty:
        return []
    by_carrier = chosen.set_index("carrier")
    found = []
    varied = energy["carrier"].map(dictionary.carriers()["family"]).isin(["byproduct_gas", "biomass", "other"])
    for check_name, column, reference in (("ncv_band", "ncv", "ncv"), ("carbon_band", "carbon_content", "carbon")):
        usual = pd.to_numeric(energy["carrier"].map(by_carrier[reference]))
        limit = varied.map({True: findings.tolerance("varied_fuel_band"), False: findings.tolerance(check_name)})
        if column == "ncv":
            usual = usual.where(energy["carrier"].map(by_carrier["unit"]).ne("GJ"))
        ratio = energy[column] / usual
        far = ratio.notna() & ((ratio > limit) | (ratio < 1 / limit))
        rows = energy[far].set_index("row")
        found.append(
            findings.raw(
                check_name,
                rows,
                table="energy",
                field=column,
                seen=rows[column],
                expected=usual[far].round(4),
                effect="value_ignored",
            )
        )
    judged = pd.concat(found)
    fine = energy[~energy["row"].isin(judged["row"])].set_index("row")
    return [*found, *magnitude.filed.heating_values(fine, "energy")]


def _stated_factors(energy: pd.DataFrame, chosen: pd.DataFrame) -> list[pd.DataFrame]:
    """Stated tCO2 per unit: fuels against the factor row, electricity and heat against their bands."""
    energy = energy[energy["tco2_per_unit"].notna()]
    if energy.empty:
        return []
    by_carrier = chosen.set_index("carrier")
    stated = energy["tco2_per_unit"]
    pairs = energy[["unit", "carrier"]].drop_duplicates()
    pairs["size"] = [units.factor(u, by_carrier["unit"].get(c, "")) for u, c in pairs.itertuples(index=False)]
    size = energy[["unit", "carrier"]].merge(pairs, on=["unit", "carrier"], how="left", validate="m:1")["size"]
    size = size.astype(float).set_axis(energy.index)
    usual = pd.to_numeric(energy["carrier"].map(by_carrier["value"])) * size
    limit = findings.tolerance("factor_band")
    fuel = energy["carrier"].map(dictionary.carriers()["kind"]).eq("fuel")
    far = fuel & stated.notna() & ((stated > usual * limit) | (stated < usual / limit))
    rows = energy[far].set_index("row")
    return [
        findings.raw(
            "factor_band", rows, table="energy", field="tco2_per_unit", seen=rows["tco2_per_unit"], expected=usual[far].round(4)
        ),
        *magnitude.filed.energy_factors(energy.set_index("row"), chosen, "energy"),
    ]


def _prices(energy: pd.DataFrame, chosen: pd.DataFrame, meta: dict) -> list[pd.DataFrame]:
    """Implied price of each purchase against the median of the carrier in the package: tenfold is a slip of units."""
    rows = energy[energy["cost"] > 0]
    if rows.empty:
        return []
    rows = rows[(rows["flow"] == "purchase") & (rows["quantity"] > 0)]
    rows = rows[rows["carrier"].isin(chosen["carrier"])]
    if rows.empty:
        return []
    sized, _, _ = emissions.quantify(rows.set_index("row"), chosen, "energy")
    price = sized["cost"] / sized["activity"]
    middle = price.groupby(sized["carrier"]).transform("median")
    count = price.groupby(sized["carrier"]).transform("count")
    ratio = (price / middle).where(count >= 3)
    limit = findings.tolerance("price_magnitude")
    far = ratio.notna() & ((ratio > limit) | (ratio < 1 / limit))
    off = ratio.where(ratio >= 1, 1 / ratio)
    currency = meta.get("currency", "")
    text = pd.Series(
        [f"{findings.number(p)} {currency}/{u}" for p, u in zip(price[far], sized.loc[far, "activity_unit"], strict=True)],
        dtype=str,
    )
    fine = sized[~far]
    return [
        *magnitude.filed.prices(fine, meta.get("country", ""), currency),
        *magnitude.filed.prices_per_energy(fine, currency),
        findings.raw(
            "price_magnitude", sized[far], table="energy", field="quantity", seen=text, expected=off[far].map(findings.number)
        ),
    ]


def _exchanges(exchanges: pd.DataFrame, chosen: pd.DataFrame) -> list[pd.DataFrame]:
    """Heating values and factors stated with a flow between members."""
    if exchanges.empty:
        return []
    rows = exchanges.set_index("row").assign(enterprise_id=exchanges["from_enterprise"].to_numpy())
    return [
        *magnitude.filed.heating_values(rows, "exchanges", "commodity"),
        *magnitude.filed.energy_factors(rows, chosen, "exchanges", "commodity"),
    ]


def _process_factors(process: pd.DataFrame) -> list[pd.DataFrame]:
    """Stated process factors that are the table's times a power of ten, for processes whose table row is in CO2."""
    if process.empty:
        return []
    rows = process.set_index("row")
    rows = rows.assign(value=rows["tco2_per_unit"], gas="CO2", value_unit="tCO2/" + rows["unit"].astype(object), factor_id="")
    found = magnitude.check("process", rows)
    who = rows["enterprise_id"]
    return [part.assign(table="process", field="tco2_per_unit", enterprise_id=part["row"].map(who)) for part in found]


def _silent_enterprises(tables: dict[str, pd.DataFrame], year: int) -> list[pd.DataFrame]:
    energy = tables["energy"]
    filed = text_columns.words(energy.loc[energy["year"] == year, "enterprise_id"].array)
    rows = tables["enterprises"]
    silent = text_columns.words(rows["enterprise_id"].array) - filed
    if not silent:
        return []
    rows = rows[rows["enterprise_id"].isin(silent)].set_index("row")
    return [findings.raw("enterprise_without_energy", rows, table="energy", expected=year)]


def _shares(members: pd.DataFrame) -> list[pd.DataFrame]:
    """Capital shares of a joint project add up to one."""
    if members.empty:
        return []
    total = members.groupby("project_id")["capex_share"].sum()
    last = members.drop_duplicates("project_id", keep="last").set_index("project_id")
    off = total[(total - 1).abs() > findings.tolerance("shares_sum")]
    return [
        findings.raw(
            "shares_sum", table="members", row=last.at[p, "row"], enterprise_id=last.at[p, "enterprise_id"], field=p, seen=v
        )
        for p, v in off.items()
    ]


def _relations(relations: pd.DataFrame) -> list[pd.DataFrame]:
    if relations.empty:
        return []
    same = relations[relations["project_id"] == relations["other_id"]].set_index("row")
    return [findings.raw("self_relation", same, table="relations", field="other_id", seen=same["other_id"], effect="row_set_aside")]


def _above(equipment: pd.DataFrame) -> list[pd.DataFrame]:
    """Units that stand above themselves, and units below one of another enterprise: each then stands on its site."""
    if text_columns.words(equipment["parent_unit"].array) <= {""}:
        return []
    rows = equipment.set_index("row", drop=False)
    owner, parent = (
        dict(zip(rows["unit_id"], rows[c].fillna("").astype(str), strict=True)) for c in ("enterprise_id", "parent_unit")
    )
    circle = rows[rows["unit_id"].map(lambda unit: _round(unit, parent)).astype(bool)]
    up = rows["parent_unit"].fillna("").astype(str)
    abroad = rows[up.ne("") & up.map(owner).ne(rows["enterprise_id"]) & up.isin(owner)]
    place = {"table": "units", "field": "parent_unit", "effect": "value_ignored"}
    return [
        findings.raw(check, at, **place, seen=at["unit_id"], expected=at["parent_unit"])
        for check, at in (("unit_circle", circle), ("unit_of_another", abroad))
    ]


def _round(unit: str, parent: dict[str, str]) -> bool:
    """Whether the way up from `unit` comes back to it."""
    up, seen = parent[unit], set()
    while up and up not in seen and up != unit:
        seen.add(up)
        up = parent.get(up, "")
    return up == unit


def _groups(groups: pd.DataFrame) -> list[pd.DataFrame]:
    found = []
    for _, group in groups.groupby("group_id", sort=True):
        least, most = group["min_selected"].max(), group["max_selected"].min()
        if least > min(most if pd.notna(most) else len(group), len(group)):
            rows = group[group["min_selected"].notna()].set_index("row")
            most = min(most, len(group)) if pd.notna(most) else len(group)
            place = {"table": "groups", "field": "min_selected", "effect": "value_ignored"}
            found.append(findings.raw("group_bounds", rows, **place, seen=least, expected=float(most)))
    return found


def _efforts(tables: dict[str, pd.DataFrame], year: int) -> list[pd.DataFrame]:
    """Least efforts that could not be held: of nobody, of firms that file no emissions in the year, or of no amount."""
    if tables["efforts"].empty:
        return []
    efforts, firms = tables["efforts"].set_index("row"), tables["enterprises"]
    filed = {e for name in ("energy", "process") for e in tables[name].loc[tables[name]["year"] == year, "enterprise_id"]}
    moved = tables["exchanges"]
    filed |= set(moved.loc[moved["year"] == year, ["from_enterprise", "to_enterprise"]].to_numpy().ravel())
    names = efforts["name"].astype(str).str.strip()
    known, emitting = {}, {}
    for kind, column in (("enterprise", "enterprise_id"), ("sector", "sector"), ("area", "area")):
        words = firms[column].dropna().astype(str).str.strip()
        known[kind], emitting[kind] = set(words), set(words[firms["enterprise_id"].isin(filed)])
    kinds = efforts["scope"].astype(str)
    unknown = pd.Series([n not in known.get(k, ()) for k, n in zip(kinds, names, strict=True)], index=efforts.index)
    silent = ~unknown & pd.Series([n not in emitting.get(k, ()) for k, n in zip(kinds, names, strict=True)], index=efforts.index)
    bare = ~unknown & ~silent & efforts[["min_reduction_pct", "min_tco2e"]].isna().all(axis=1)
    near = [
        ", ".join(difflib.get_close_matches(n, sorted(known.get(k, ())), n=3, cutoff=0.0)) or "–"
        for k, n in zip(kinds, names, strict=True)
    ]
    nearest, place = pd.Series(near, index=efforts.index, dtype=object), {"table": "efforts", "effect": "row_set_aside"}
    return [
        findings.raw("effort_unknown", efforts[unknown], field="name", seen=names[unknown], expected=nearest[unknown], **place),
        findings.raw("effort_without_emissions", efforts[silent], field="name", seen=names[silent], expected=year, **place),
        findings.raw("effort_without_amount", efforts[bare], field="min_reduction_pct", seen=names[bare], **place),
    ]


def _uncosted(projects: pd.DataFrame) -> list[pd.DataFrame]:
    """Projects without capital cost are reported by the filing check; those with a lifetime that no one filed are not costed."""
    rows = projects[projects["lifetime_years"].isna()]
    return [findings.raw("missing_value", rows.set_index("row"), table="projects", field="lifetime_years")] if len(rows) else []


def import_notes(folder: Path | None) -> list[pd.DataFrame]:
    """Notes an importer left beside the tables (`import_notes.csv`: table, id, field, seen, severity, message)."""
    file = folder / "import_notes.csv" if folder is not None and folder.is_dir() else None
    if file is None or not file.is_file():
        return []
    notes = pd.read_csv(file, dtype=str, keep_default_na=False)
    parts = []
    for severity, name in (("error", "import_error"), ("warning", "import_warning"), ("info", "import_note")):
        rows = notes[notes["severity"] == severity]
        if len(rows):
            place = {"table": rows["table"], "row": "", "field": rows["id"]}
            parts.append(findings.raw(name, rows, **place, seen=rows["message"], expected=rows["field"]))
    return parts
