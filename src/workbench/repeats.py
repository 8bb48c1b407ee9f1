"""What is filed twice: rows alike throughout, codes that should be unique, deliveries alike in all but what is said of them."""

from __future__ import annotations

import pandas as pd

from workbench import dictionary, findings, text_columns

_FLOW = ("enterprise_id", "year", "month", "unit_id", "carrier", "flow", "counterparty", "quantity", "unit")


def problems(name: str, text: pd.DataFrame) -> list[pd.DataFrame]:
    """Rows filed twice, and codes that should be unique but are not."""
    key = dictionary.key(name)
    near = [column for column in (_FLOW if name == "energy" else key) if column in text]
    text = text[text_columns.alike(text, near)] if near else text  # what is alike in all is alike in these
    if text.empty:
        return []
    first = _first_alike(text, [name for name, column in text.items() if text_columns.filled(column.array).any()])
    copies = first != text.index
    problems = [
        findings.raw("duplicate_row", text[copies], table=name, expected=first[copies], effect="row_set_aside"),
    ]
    if len(key) == 1 and name != "groups":
        rest = text[~copies & (text[key[0]] != "")]
        first = _first_alike(rest, key)
        twice = first != rest.index
        rows = rest[twice]
        problems.append(
            findings.raw(
                "duplicate_key", rows, table=name, field=key[0], seen=rows[key[0]], expected=first[twice], effect="row_set_aside"
            )
        )
    elif name == "energy":
        problems.append(_repeated_flows(text[~copies]))
    return problems


def _first_alike(text: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Of each row the first row alike in these columns."""
    rows, alike = text.index.to_series(), text_columns.alike(text, columns)
    if not alike.any():
        return rows
    again = text.loc[alike, columns].assign(_row=text.index[alike])
    return rows.mask(alike, again.groupby(columns, sort=False)["_row"].transform("first"))


def _repeated_flows(text: pd.DataFrame) -> pd.DataFrame:
    """Energy rows alike in all but figures: perhaps two deliveries, perhaps one filed twice."""
    first = _first_alike(text, [column for column in _FLOW if column in text])
    twice = first != text.index
    return findings.raw("duplicate_flow", text[twice], table="energy", field="quantity", expected=first[twice])
