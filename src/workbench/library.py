"""The whole factor library in one table: every fuel, grid, heat and process factor, GWP and coal equivalent, searchable.

The tables stay where they are; here each of their rows gets the same columns, a name of its own and a hash of its content.
"""

from __future__ import annotations

import hashlib
from functools import cache

import pandas as pd

from workbench import dictionary, factors

COLUMNS = [
    "factor_id", "kind", "factor_set", "subject", "region", "level", "variant", "year", "value", "unit", "ncv", "carbon",
    "oxidation", "valid_from", "valid_to", "confidence", "source", "note", "sha256", "label_en", "label_zh", "region_zh",
]  # fmt: skip
KINDS = {
    "fuel": "factors/fuels", "electricity": "factors/grid", "heat": "factors/heat", "process": "factors/process",
    "gwp": "factors/gwp", "coal_equivalent": "coal_equivalent",
}  # fmt: skip
KINDS_ZH = {
    "fuel": "燃料", "electricity": "电力", "heat": "热力", "process": "过程排放", "gwp": "全球变暖潜势",
    "coal_equivalent": "折标煤系数",
}  # fmt: skip
_NUMBERS = ("value", "ncv", "carbon", "oxidation")


@cache
def _all() -> pd.DataFrame:
    parts = [tidy(kind, dictionary.read_table(name)) for kind, name in KINDS.items()]
    return pd.concat(parts, ignore_index=True)


def rows() -> pd.DataFrame:
    """Every row of the factor library, one a factor, with COLUMNS.

    `value` is in `unit`: tCO2 per unit of a fuel, MWh or GJ, t of the gas per unit of a process, tCO2e/t of a gas, kgce per unit.
    `ncv` GJ per unit, `carbon` tC/GJ, `oxidation` a fraction. `sha256` hashes every cell of the row in its own table.
    """
    return _all().copy()


def tidy(kind: str, table: pd.DataFrame) -> pd.DataFrame:
    """A table in the layout of one of the library's own (`kind` is a key of KINDS) in the library's COLUMNS."""
    shape = {
        "fuel": _fuel, "electricity": _electricity, "heat": _heat, "process": _process, "gwp": _gwp, "coal_equivalent": _equivalent,
    }[kind]  # fmt: skip
    frame = shape(table.astype(object)).assign(kind=kind, sha256=hashes(table))
    for column in ("valid_from", "valid_to", "confidence", "source", "note"):
        if column in table.columns:
            frame[column] = table[column]
    frame = frame.reindex(columns=COLUMNS)
    for column in _NUMBERS:
        frame[column] = pd.to_numeric(frame[column], errors="coerce")
    frame["year"] = pd.to_numeric(frame["year"], errors="coerce").astype("Int64")
    texts = [column for column in COLUMNS if column not in (*_NUMBERS, "year")]
    frame[texts] = frame[texts].astype(object).where(frame[texts].notna(), "").astype(str)
    return frame.reset_index(drop=True)


def hashes(table: pd.DataFrame) -> list[str]:
    """SHA-256 of each row: its cells with their column names, so that any change of the row changes it."""
    return [hashlib.sha256("\x1f".join(_cells(table.columns, row)).encode()).hexdigest() for row in table.itertuples(index=False)]


def _cells(names: pd.Index, row: tuple) -> list[str]:
    texts = ("" if pd.isna(v) else format(v, ".12g") if isinstance(v, float) else str(v) for v in row)
    return [f"{name}={text}" for name, text in zip(names, texts, strict=True)]


def _named(carriers: pd.Series) -> dict[str, pd.Series]:
    known = dictionary.carriers()
    return {"label_en": carriers.map(known["label_en"]), "label_zh": carriers.map(known["label_zh"])}


def _fuel(table: pd.DataFrame) -> pd.DataFrame:
    numbers = {
        name: pd.to_numeric(table[column], errors="coerce")
        for name, column in (("ncv", "ncv_gj_per_unit"), ("carbon", "carbon_tc_per_gj"), ("oxidation", "oxidation"))
    }
    product = numbers["ncv"] * numbers["carbon"] * numbers["oxidation"] * factors.CARBON_TO_CO2
    value = product.fillna(pd.to_numeric(table["co2_t_per_unit"], errors="coerce"))
    basis = table["heating_value_basis"]
    return table[["factor_id", "factor_set", "region"]].assign(
        subject=table["carrier"],
        value=value,
        unit="tCO2/" + table["unit"].astype(str),
        variant=basis,
        **numbers,
        **_named(table["carrier"]),
    )


def _electricity(table: pd.DataFrame) -> pd.DataFrame:
    named = _named(pd.Series("electricity", index=table.index))
    kept = table[["factor_id", "factor_set", "region", "region_zh", "level", "variant", "year"]]
    return kept.assign(subject="electricity", value=table["co2_t_per_mwh"], unit="tCO2/MWh", **named)


def _heat(table: pd.DataFrame) -> pd.DataFrame:
    named = _named(table["carrier"])
    return table[["factor_id", "factor_set", "variant"]].assign(
        subject=table["carrier"], value=table["co2_t_per_gj"], unit="tCO2/GJ", **named
    )


def _process(table: pd.DataFrame) -> pd.DataFrame:
    kept = table[["factor_id", "value", "label_en", "label_zh"]]
    return kept.assign(subject=table["process"], unit=table["value_unit"], variant=table["gas"])


def _gwp(table: pd.DataFrame) -> pd.DataFrame:
    names = "gwp:" + table["gwp_set"].astype(str) + ":" + table["gas"].astype(str)
    return pd.DataFrame(
        {"factor_id": names, "factor_set": table["gwp_set"], "subject": table["gas"], "value": table["value"], "unit": "tCO2e/t",
         "variant": "100 years", "label_en": "global warming potential", "label_zh": "全球变暖潜势"}
    )  # fmt: skip


def _equivalent(table: pd.DataFrame) -> pd.DataFrame:
    edition = table["edition"].astype(str).str.replace(r"[^0-9A-Za-z]+", "_", regex=True)
    names = "coal_equivalent:" + table["carrier"].astype(str) + ":" + edition
    return pd.DataFrame(
        {"factor_id": names, "subject": table["carrier"], "value": table["kgce_per_unit"],
         "unit": "kgce/" + table["unit"].astype(str),
         "variant": table["edition"], **_named(table["carrier"])}
    )  # fmt: skip


def search(
    words: str | list[str] = "", *, kind: str | None = None, factor_set: str | None = None, region: str | None = None,
    year: int | None = None, among: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Rows of the library (or of `among`) that hold every word, whatever its case, in a name, label or region, English or Chinese.

    `kind` and `factor_set` are exact, `region` is its code or Chinese name; `year` keeps the rows of that year and, of those
    without one, the rows whose document was valid then. Columns and index as in `rows`.
    """
    table = rows() if among is None else among
    keep = _holds(table, words.split() if isinstance(words, str) else [part for word in words for part in word.split()])
    for column, value in (("kind", kind), ("factor_set", factor_set)):
        if value is not None:
            keep &= table[column].str.casefold() == value.casefold()
    if region is not None:
        keep &= (table["region"].str.casefold() == region.casefold()) | (table["region_zh"] == region)
    if year is not None:
        keep &= _valid(table, year)
    return table[keep]


def _holds(table: pd.DataFrame, words: list[str]) -> pd.Series:
    names = [
        "factor_id",
        "kind",
        "factor_set",
        "subject",
        "label_en",
        "label_zh",
        "region",
        "region_zh",
        "level",
        "variant",
        "unit",
    ]
    text = table["kind"].map(KINDS_ZH).fillna("") + " " + table["year"].astype("string").fillna("")
    for name in names:
        text = text + " " + table[name]
    text = text.str.casefold()
    keep = pd.Series(True, index=table.index)
    for word in words:
        keep &= text.str.contains(word.casefold(), regex=False)
    return keep


def _valid(table: pd.DataFrame, year: int) -> pd.Series:
    since = pd.to_numeric(table["valid_from"], errors="coerce").fillna(year)
    until = pd.to_numeric(table["valid_to"], errors="coerce").fillna(year)
    return table["year"].eq(year).fillna(False).astype(bool) | (table["year"].isna() & (since <= year) & (until >= year))
