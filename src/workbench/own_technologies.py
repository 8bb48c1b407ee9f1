"""The filer's own technologies, a table of the package: checked like a catalogue, in the layout of the technology library.

They stand in `technologies` (`data/fields.csv`), one a row: the share they save, capital per GJ saved a year, life, where they fit.
Money without a currency or year is that of the package; a price index carries it to other years (`price_indices`).
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import dictionary, findings, price_indices, technologies
from workbench.importers import catalogue_rows

TABLE = "technologies"
_TEXT = (
    "industry", "unit_kind", "carrier", "product", "alternative_group", "same_kinds", "in_place_if", "source", "note", "currency",
    "price_index",
)  # fmt: skip


def rows(table: pd.DataFrame, meta: dict[str, Any], year: int) -> pd.DataFrame:
    """`importers.catalogue_rows.COLUMNS` of the checked table `technologies`; the index is the row of the file.

    `measure_id` is `own.` + technology_id. Money whose price index is not known stays blank.
    """
    if table.empty:
        return pd.DataFrame(columns=catalogue_rows.COLUMNS)
    filed = table.set_index("row")
    text = filed.reindex(columns=_TEXT).fillna("").astype(str)
    numbers = filed.reindex(columns=catalogue_rows.NUMBERS).apply(pd.to_numeric).astype(float)  # a blank column is text in a run
    known = text.assign(**_index(text, meta)).assign(**numbers)
    unknown = known["price_index"] == ""
    chinese = filed["name_zh"].fillna("").astype(str)
    made = known.assign(
        measure_id=f"{technologies.OWN}." + filed["technology_id"],
        label_en=filed["name"],
        label_zh=chinese.where(chinese != "", filed["name"]),
        kind=filed["kind"].fillna("").replace("", "process"),
        fuel_saving_fraction=numbers["fuel_saving_fraction"].fillna(0.0),
        electricity_saving_fraction=numbers["electricity_saving_fraction"].fillna(0.0),
        capex_per_gj_year=numbers["capex_per_gj_year"].mask(unknown),
        opex_per_gj=numbers["opex_per_gj"].fillna(0.0).mask(unknown),
        price_year=numbers["price_year"].fillna(float(meta.get("price_year") or year)),
        confidence="one_source",
        alternative=text["alternative_group"],
    )
    return made[catalogue_rows.COLUMNS]


def usable(table: pd.DataFrame, meta: dict[str, Any], year: int) -> pd.DataFrame:
    """The rows that no check sets aside, with their life filled in."""
    made = rows(table, meta, year)
    if made.empty:
        return made
    kept, _ = catalogue_rows.guard(made)
    lost = {row for part in check(table, meta, year) for row in part.loc[part["effect"] == "row_set_aside", "row"]}
    return kept[~kept.index.isin(lost)].assign(price_index=kept["price_index"].replace("", _any_index())).reset_index(drop=True)


def check(table: pd.DataFrame, meta: dict[str, Any], year: int) -> list[pd.DataFrame]:
    """Raw findings: shares, lives and money that cannot be meant set the row aside, unlikely ones are said and kept."""
    made = rows(table, meta, year)
    if made.empty:
        return []
    _, found = catalogue_rows.guard(made.assign(price_index=made["price_index"].replace("", _any_index())))
    known = set(dictionary.carriers().index)
    strange = made["carrier"][[bool(set(_parts(text)) - known) for text in made["carrier"]]]
    found += _raw("technology_carrier", "carrier", strange)
    nowhere = [any(text.partition(":")[2] not in known for text in _parts(texts)) for texts in made["in_place_if"]]
    found += _raw("technology_carrier", "in_place_if", made["in_place_if"][nowhere])
    stated = made["currency"].where(table.set_index("row")["price_index"].fillna("") == "", table.set_index("row")["price_index"])
    indices = price_indices.indices()
    expected = ", ".join(
        f"{name} ({money})" for name, money in sorted(set(zip(indices["index_id"], indices["currency"], strict=True)))
    )
    paid = table.set_index("row").reindex(columns=["capex_per_gj_year", "opex_per_gj"]).apply(pd.to_numeric).notna().any(axis=1)
    found += _raw("technology_price_index", "price_index", stated[(made["price_index"] == "") & paid], expected)
    grave = findings.catalogue()["severity"].eq("error")
    return [part.assign(table=TABLE, effect="row_set_aside" if grave[part["check"].iat[0]] else "kept") for part in found]


def _index(text: pd.DataFrame, meta: dict[str, Any]) -> dict[str, pd.Series]:
    """Currency of each row and the price index that carries it: the one stated, else that of the currency; '' where unknown."""
    currency = text["currency"].replace("", str(meta.get("currency", "")))
    indices = price_indices.indices()
    names, money = set(indices["index_id"]), set(indices["currency"])
    usual = {code: catalogue_rows.index_of(code) for code in money}
    chosen = [
        (stated if stated in names else "") if stated else usual.get(code, "")
        for stated, code in zip(text["price_index"], currency, strict=True)
    ]
    return {"currency": currency, "price_index": pd.Series(chosen, index=text.index, dtype=object)}


def _any_index() -> str:
    """An index for rows that carry no money, where one has to be named."""
    return str(price_indices.indices()["index_id"].iat[0])


def _parts(text: str) -> list[str]:
    return [part for part in text.split(";") if part]


def _raw(check_name: str, field: str, seen: pd.Series, expected: str = "") -> list[pd.DataFrame]:
    return [findings.raw(check_name, seen.to_frame("seen"), field=field, seen=seen, expected=expected)] if len(seen) else []
