"""Lines of a technology catalogue → rows of the technology library's layout, each guarded for magnitude.

    capital per GJ = investment · unit of money / (yearly saving · GJ per unit)      where no specific capital is stated

Impossible figures (a share outside 0 … 1, money below zero, a life no project may have) keep the row out; unlikely ones (capital
outside that of the library's own measures, a life outside the table of lives) are said and kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from workbench import dictionary, findings, price_indices, units
from workbench.errors import UserError
from workbench.importers import form_package, form_sheet

TABLE = "catalogue"
SHARES = ("saving", "fuel_saving", "electricity_saving")
_NUMBERS = (*SHARES, "capex_specific", "project_capex", "project_saving", "opex_specific", "lifetime", "price_year")
_PREFIX = "own"
COLUMNS = [
    "measure_id", "industry", "label_en", "label_zh", "kind", "fuel_saving_fraction", "electricity_saving_fraction",
    "capex_per_gj_year", "opex_per_gj", "currency", "price_year", "price_index", "lifetime_years", "alternative", "source",
    "confidence", "note", "unit_kind", "carrier", "product", "in_place_if", "same_kinds",
]  # fmt: skip
NUMBERS = [
    "fuel_saving_fraction", "electricity_saving_fraction", "capex_per_gj_year", "opex_per_gj", "price_year", "lifetime_years",
]  # fmt: skip


@dataclass(frozen=True)
class Terms:
    """What holds for every row: money where no heading or cell says otherwise, and the file the rows come from."""

    currency: str
    price_year: int
    price_index: str  # blank: that of the currency
    source: str


def measures() -> pd.DataFrame:
    """The library's process measures, whose capital gives the band of what is likely."""
    return dictionary.read_table("technologies/process_measures")


def index_of(currency: str, wanted: str = "") -> str:
    """The price index that carries money of a currency between years: the one wanted, that of the library's measures, the first."""
    table = price_indices.indices()
    if wanted:
        known = sorted(table["index_id"].unique())
        if wanted not in known:
            raise UserError(f"There is no price index {wanted!r}; known are {', '.join(known)}.")
        return wanted
    own = list(table.loc[table["currency"] == currency, "index_id"].unique())
    if not own:
        known = ", ".join(sorted(table["currency"].unique()))
        raise UserError(f"There is no price index in {currency}; known currencies are {known}.")
    used = set(measures()["price_index"])
    return next((name for name in own if name in used), own[0])


def build(lines: pd.DataFrame, texts: dict[str, str], shares: set, terms: Terms) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Rows with COLUMNS and raw findings; `texts` are the headings, `shares` the (row, field) shown as percentages."""
    figures, found = _figures(lines, texts, shares)
    money, per_gj, said = _scales(texts, terms)
    typical = figures["project_capex"] * money["project_capex"][1] / (figures["project_saving"] * per_gj["project_saving"])
    fuel, electricity, carriers, unknown, unnamed = _saved(lines, figures)
    currency = money["capex_specific" if figures["capex_specific"].notna().any() else "project_capex"][0]
    rows = pd.DataFrame(
        {
            "industry": [_industry(text) for text in lines["industry"]],
            "label_en": [_plain(en) or _plain(zh) for en, zh in zip(lines["label_en"], lines["name"], strict=True)],
            "label_zh": [_plain(zh) or _plain(en) for en, zh in zip(lines["label_en"], lines["name"], strict=True)],
            "kind": "process",
            "fuel_saving_fraction": fuel,
            "electricity_saving_fraction": electricity,
            "capex_per_gj_year": (figures["capex_specific"] * money["capex_specific"][1] / per_gj["capex_specific"]).fillna(
                typical
            ),
            "opex_per_gj": (figures["opex_specific"] * money["opex_specific"][1] / per_gj["opex_specific"]).fillna(0.0),
            "currency": currency,
            "price_year": figures["price_year"].fillna(terms.price_year),
            "price_index": index_of(currency, terms.price_index),
            "lifetime_years": figures["lifetime"],
            "source": lines["source"].map(_plain).where(lines["source"] != "", terms.source),
            "confidence": "one_source",
            "carrier": carriers,
        },
        index=lines.index,
    )
    for column in ("unit_kind", "product", "alternative", "note"):
        rows[column] = lines[column].map(_plain)
    rows = rows.assign(measure_id=_ids(lines["code"].where(lines["code"] != "", rows["label_zh"])), in_place_if="", same_kinds="")
    found += [*said, *_raw("technology_carrier", "carrier", unknown), *_raw("technology_saves_all", "saving", unnamed)]
    rows = rows.drop(index=unknown.index)
    kept, guarded = guard(rows[COLUMNS])
    return kept.reset_index(drop=True), [*found, *guarded]


def guard(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """(rows that can be used, raw findings) of catalogue rows with COLUMNS and NUMBERS as numbers; blank lives are filled in."""
    lives = pd.to_numeric(dictionary.read_table("lifetimes").set_index("measure_class")["lifetime_years"])
    blank = rows["lifetime_years"][rows["lifetime_years"].isna()]
    usual = float(lives["any_measure"])
    rows = rows.assign(lifetime_years=rows["lifetime_years"].fillna(usual))
    wrong, found = _impossible(rows)
    found += _raw("technology_life_missing", "lifetime_years", blank.astype(str), f"{usual:g}")
    kept = rows.drop(index=wrong)
    industries = sorted(set(measures()["industry"]))
    strange = kept["industry"][[bool(set(_split(text)) - set(industries)) for text in kept["industry"]]]
    found += _raw("technology_industry", "industry", strange, ", ".join(industries))
    capital = kept["capex_per_gj_year"]
    found += _raw("technology_capex_missing", "capex_per_gj_year", capital[capital.isna()].astype(str))
    low, high = lives.min(), lives.max()
    life = kept["lifetime_years"]
    found += _raw("technology_life_band", "lifetime_years", life[~life.between(low, high)], f"{low:g}–{high:g}")
    for terms, group in kept.groupby(["currency", "price_year"]):
        found += _capital_band(group, *terms)
    return kept, found


def _impossible(rows: pd.DataFrame) -> tuple[pd.Index, list[pd.DataFrame]]:
    """Rows that cannot be used and why: no name, no or an impossible share, money below zero, a life no project may have."""
    shares = rows[["fuel_saving_fraction", "electricity_saving_fraction"]]
    none = rows["label_zh"][shares.fillna(0).eq(0).all(axis=1)]
    beyond = shares.max(axis=1).where(shares.max(axis=1) > 1, shares.min(axis=1))
    beyond = beyond[(beyond > 1) | (beyond < 0)]
    bounds = dictionary.fields("projects").set_index("field").loc["lifetime_years", ["minimum", "maximum"]].astype(float)
    life = rows["lifetime_years"]
    faults = [
        ("technology_name", "name", rows["label_zh"][rows["label_zh"] == ""], ""),
        ("technology_without_saving", "saving", none, ""),
        ("technology_share", "saving", beyond, ""),
        ("technology_negative", "capex_per_gj_year", rows["capex_per_gj_year"][rows["capex_per_gj_year"] < 0], "0"),
        ("technology_life_range", "lifetime_years", life[~life.between(*bounds)], f"{bounds.iat[0]:g}–{bounds.iat[1]:g}"),
    ]
    wrong = pd.Index(sorted(set().union(*(seen.index for _, _, seen, _ in faults))))
    return wrong, [part for check, field, seen, expected in faults for part in _raw(check, field, seen, expected)]


def _capital_band(rows: pd.DataFrame, currency: str, year: float) -> list[pd.DataFrame]:
    """Capital below the least or above the greatest of the library's measures, brought to the money of the rows."""
    library = measures()
    capital = pd.to_numeric(library["capex_per_gj_year"])
    first = library.iloc[0]
    price = price_indices.convert(first["currency"], int(first["price_year"]), currency, int(year), first["price_index"])
    low, high = capital[capital > 0].min() * price.factor, capital.max() * price.factor  # a rate of the year before will do here
    stated = rows["capex_per_gj_year"]
    outside = stated[(stated < low) | (stated > high)]
    shown = outside.map(lambda value: f"{findings.number(value)} {currency}").astype(object)
    expected = f"{findings.number(low)}–{findings.number(high)} {currency}"
    return _raw("technology_capex_band", "capex_per_gj_year", shown, expected)


def _figures(lines: pd.DataFrame, texts: dict[str, str], shares: set) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Numbers out of text, NaN where none; shares under a heading with % are divided by 100 unless the cell says so itself."""
    figures, faults = form_sheet.numbers(lines.assign(row=lines.index), _NUMBERS, key="row")
    for field in SHARES:
        if "%" in form_sheet.plain(texts.get(field, "")):
            plain = [not ("%" in form_sheet.plain(text) or (row, field) in shares) for row, text in lines[field].items()]
            figures[field] = figures[field].where(~pd.Series(plain, index=lines.index, dtype=bool), figures[field] / 100)
    kinds = {"formula": "formula_without_value", "not_a_number": "not_a_number"}
    named = [(row, "name", text, "formula") for row, text in lines["name"].items() if text == form_sheet.MISSING_FORMULA]
    return figures, [
        findings.raw(kinds[fault], table=TABLE, row=row, field=form_sheet.plain(texts[field]), seen=form_sheet.plain(text))
        for row, field, text, fault in [*faults, *named]
    ]


def _scales(texts: dict[str, str], terms: Terms) -> tuple[dict, dict, list[pd.DataFrame]]:
    """Of each heading the (currency, size) of its money and the GJ of its energy unit; a finding where it names none."""
    money, per_gj, found = {}, {}, []
    for field in ("capex_specific", "opex_specific", "project_capex", "project_saving"):
        parts = _unit_words(texts.get(field, ""))
        named = next((form_sheet.words("money_unit")[part] for part in parts if part in form_sheet.words("money_unit")), "")
        energy = next((unit for part in parts if (unit := form_sheet.unit_of(part)) and units.factor(unit, "GJ")), "")
        lacks = (field != "project_saving" and not named) or (field != "project_capex" and not energy)
        currency, _, size = named.partition(":")
        money[field] = (currency or terms.currency, float(size or 1))
        per_gj[field] = units.factor(energy or "tce", "GJ")
        if field in texts and lacks:
            expected = {"project_saving": "tce", "project_capex": terms.currency}.get(field, f"{terms.currency}/{energy or 'tce'}")
            found.append(findings.raw("technology_unit", table=TABLE, field=form_sheet.plain(texts[field]), expected=expected))
    return money, per_gj, found


def _unit_words(heading: str) -> list[str]:
    """The words of the unit in brackets behind a heading, else of the heading: "投资（万元/（tce·a））" → 万元, tce, a."""
    text = form_sheet.plain(heading)
    inside = text.partition("(")[2] or text
    return [part for part in re.split(r"[/_·*]|per|每", inside.replace("(", "").replace(")", "")) if part]


def _saved(lines: pd.DataFrame, figures: pd.DataFrame) -> tuple[pd.Series, pd.Series, list[str], pd.Series, pd.Series]:
    """Share of fuel and of power, carriers joined by ;, energy names that are not known, shares without a named energy."""
    carriers, unknown = [], {}
    for row, text in lines["carrier"].items():
        known = [_carriers(part) for part in _split(text)]
        if None in known:
            unknown[row] = text
        carriers.append(sorted({carrier for part in known for carrier in part or ()}))
    share = figures["saving"]
    power = pd.Series(["electricity" in found for found in carriers], index=lines.index, dtype=bool)
    other = pd.Series([bool(set(found) - {"electricity"}) for found in carriers], index=lines.index, dtype=bool)
    named = power | other
    fuel = figures["fuel_saving"].fillna(share.where(other | ~named)).fillna(0.0)
    electricity = figures["electricity_saving"].fillna(share.where(power | ~named)).fillna(0.0)
    alone = figures[["fuel_saving", "electricity_saving"]].isna().all(axis=1)
    joined = []
    for found, electric in zip(carriers, electricity, strict=True):
        fuels = set(found) - {"fuel", "electricity"}
        joined.append(";".join(sorted(fuels | ({"electricity"} if electric else set()))) if fuels else "")
    only = power & ~other & fuel.eq(0)
    joined = ["electricity" if single else text for single, text in zip(only, joined, strict=True)]
    unnamed = share[share.notna() & alone & (lines["carrier"] == "")]
    return fuel, electricity, joined, pd.Series(unknown, dtype=object), unnamed


def _carriers(text: str) -> list[str] | None:
    """Carriers of a name: a code or label of the data list, or a family (煤, gas); ["fuel"] for any fuel, None when unknown."""
    name, known = form_sheet.plain(text), dictionary.carriers()
    for column in (known.index.to_series(), known["label_en"], known["label_zh"]):
        fits = known.index[column.map(form_sheet.plain) == name]
        if len(fits):
            return list(fits[:1])
    group = form_sheet.words("energy_group").get(name, "")
    if group in ("", "fuel", "electricity"):
        return [group] if group else None
    return list(known.index[(known["family"] == group) & (known["kind"] == "fuel")])


def _industry(text: str) -> str:
    """Industries of the library named in a text, joined by ;; '' for every industry; the text itself where none is known."""
    name = form_sheet.plain(text)
    if name in form_sheet.BLANK or name in form_sheet.words("every_industry"):
        return ""
    return ";".join(sorted({code for word, code in form_sheet.words("industry").items() if word in name})) or _plain(text)


def _ids(names: pd.Series) -> list[str]:
    """own.NAME, each once: the second of a name gets -2."""
    out, seen = [], {}
    for name in names.map(form_package.safe_id):
        seen[name] = seen.get(name, 0) + 1
        out.append(f"{_PREFIX}.{name}" + (f"-{seen[name]}" if seen[name] > 1 else ""))
    return out


def _plain(text: str) -> str:
    """Text on one line that no spreadsheet takes for a formula."""
    return "" if text == form_sheet.MISSING_FORMULA else re.sub(r"^[=+\-@\s]+", "", " ".join(str(text).split()))


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"[;；,，、/]", str(text)) if form_sheet.plain(part) not in form_sheet.BLANK]


def _raw(check: str, field: str, seen: pd.Series, expected: str = "") -> list[pd.DataFrame]:
    """Findings of one check, one a row of `seen`, which is indexed by the row of the sheet."""
    if seen.empty:
        return []
    return [findings.raw(check, seen.to_frame("seen"), table=TABLE, field=field, seen=seen, expected=expected)]
