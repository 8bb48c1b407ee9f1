"""The technology library in one table: process measures, heat supply, classes of audit recommendations, each with its source.

The tables stay as they are under `data/technologies/`; here each row gets the same columns, and words of either language find it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from workbench import dictionary, library

COLUMNS = [
    "technology_id", "kind", "subject", "label_en", "label_zh", "year", "saves", "saving_share", "efficiency", "capex",
    "capex_unit",
    "opex", "opex_unit", "currency", "price_year", "price_index", "lifetime_years", "confidence", "source", "note", "sha256",
]  # fmt: skip
KINDS = {
    "process_measure": "technologies/process_measures", "heat_supply": "technologies/heat_supply",
    "audit_class": "technologies/iac_classes",
}  # fmt: skip
CLASSIFICATIONS = {"CN": "GB/T 4754", "US": "NAICS"}
OWN = "own"  # kind of the rows of a catalogue of the user's
KINDS_ZH = {"process_measure": "工艺措施", "heat_supply": "供热技术", "audit_class": "审计建议类别", OWN: "自有技术目录"}
_NUMBERS = ("saving_share", "efficiency", "capex", "opex", "lifetime_years", "year", "price_year")


@cache
def measures() -> pd.DataFrame:
    """Process measures with numbers: shares of an industry's fuel or power, capital and cost per GJ saved a year."""
    table = dictionary.read_table("technologies/process_measures")
    numbers = [
        "fuel_saving_fraction", "electricity_saving_fraction", "capex_per_gj_year", "opex_per_gj", "price_year", "lifetime_years",
    ]  # fmt: skip
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numbers})


@cache
def _all() -> pd.DataFrame:
    shapes = {"process_measure": _process, "heat_supply": _heat, "audit_class": _audit}
    parts = [shapes[kind](dictionary.read_table(name)).assign(kind=kind) for kind, name in KINDS.items()]
    frame = pd.concat(parts, ignore_index=True).reindex(columns=COLUMNS)
    for column in _NUMBERS:
        frame[column] = pd.to_numeric(frame[column].replace("", None), errors="coerce")
    return frame


def rows(own: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every technology, one a row, with COLUMNS; after the library's those of `own`, a catalogue of the user's.

    `saving_share` is a fraction of what `saves` names (the industry's fuel or electricity, the plant's use of a carrier),
    `capex` in `currency` of `price_year` per `capex_unit`, `efficiency` heat out over energy in. `sha256` as in the factor library.
    """
    if own is None:
        return _all().copy()
    return pd.concat([_all(), _process(own).assign(kind=OWN).reindex(columns=COLUMNS)], ignore_index=True)


def search(
    words: str | list[str] = "", *, kind: str | None = None, subject: str | None = None, year: int | None = None,
    own: pd.DataFrame | None = None,
):  # fmt: skip
    """Rows that hold every word in a name, label or subject, English or Chinese; `kind` and `subject` exact, `year` of the figures.

    Rows without a year of their own stay when a year is asked. `own` is searched beside the library.
    """
    table = rows(own)
    text = table[["technology_id", "kind", "subject", "label_en", "label_zh", "saves"]].astype(str).agg(" ".join, axis=1)
    text = (text + " " + table["kind"].map(KINDS_ZH)).str.casefold()
    keep = pd.Series(True, index=table.index)
    for word in words.split() if isinstance(words, str) else [part for given in words for part in given.split()]:
        keep &= text.str.contains(word.casefold(), regex=False)
    for column, value in (("kind", kind), ("subject", subject)):
        if value is not None:
            keep &= table[column].str.casefold() == value.casefold()
    if year is not None:
        keep &= table["year"].eq(year) | table["year"].isna()
    return table[keep]


def sectors(enterprises: pd.DataFrame, meta: dict[str, Any]) -> pd.DataFrame:
    """`industry` of the technology library and `end_use_sector` of each enterprise_id, by the longest code that fits.

    The classification is that of the country (GB/T 4754 in China, NAICS in the United States); '' where none fits.
    """
    table = dictionary.read_table("technologies/sectors")
    table = table[table["classification"] == CLASSIFICATIONS.get(str(meta.get("country", "")), "")]
    known = dict(zip(table["code_prefix"], zip(table["industry"], table["end_use_sector"], strict=True), strict=True))
    out = []
    for code in enterprises["sector_code"].fillna("").astype(str) if "sector_code" in enterprises else [""] * len(enterprises):
        prefix = next((code[:n] for n in range(len(code), 0, -1) if code[:n] in known), None)
        out.append(("", "") if prefix is None else known[prefix])
    return pd.DataFrame(out, columns=["industry", "end_use_sector"], index=enterprises["enterprise_id"].to_numpy())


def _process(table: pd.DataFrame) -> pd.DataFrame:
    fuel, power = (pd.to_numeric(table[f"{name}_saving_fraction"]) for name in ("fuel", "electricity"))
    both = pd.Series("fuel", index=table.index).where(power == 0, "fuel and electricity").where(fuel > 0, "electricity")
    return table.rename(
        columns={"measure_id": "technology_id", "industry": "subject", "capex_per_gj_year": "capex", "opex_per_gj": "opex"}
    ).assign(
        saves=both,
        saving_share=fuel.where(fuel > 0, power),
        capex_unit="per GJ saved a year",
        opex_unit="per GJ saved",
        sha256=library.hashes(table),
    )


def _heat(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(
        columns={"medium": "subject", "carrier": "saves", "capex_per_kw": "capex", "fixed_opex_per_kw_year": "opex"}
    ).assign(capex_unit="per kW of heat", opex_unit="per kW of heat a year", sha256=library.hashes(table))


def _audit(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(
        columns={"class_id": "technology_id", "carrier": "saves", "saving_share_median": "saving_share", "cost_per_unit": "capex"}
    ).assign(subject="audit", capex_unit="per " + table["unit"] + " saved a year", sha256=library.hashes(table))
