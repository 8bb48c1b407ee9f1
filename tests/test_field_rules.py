"""Columns that are passed over are those in which pandera finds nothing, for every field of the dictionary."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pandera.errors
import pandera.pandas as pa
import pytest

from workbench import dictionary, field_rules

WORDS = (
    ["", ""],
    ["x"],
    ["", "diesel"],
    ["t", "t"],
    ["purchase", "sale", ""],
    ["A"],
    ["GJ", "furlong"],
    ["motor"],
    ["cement_clinker"],
)


def columns(field) -> list[pd.Series]:
    if field.type not in dictionary.NUMERIC:
        allowed = sorted(field_rules._allowed(field) or {"free text"})
        return [pd.Series(words, dtype="str") for words in (*WORDS, allowed, [*allowed, allowed[-1].upper() + "?"])]
    bounds = [bound for bound in (field.minimum, field.maximum, 1.0) if not math.isnan(bound)]
    ends = [end for bound in bounds for end in (bound, np.nextafter(bound, -np.inf), np.nextafter(bound, np.inf))]
    return [pd.Series(values, dtype=float) for values in ([math.nan], bounds, [*bounds, math.nan], *([end] for end in ends))]


@pytest.mark.parametrize("table", dictionary.names())
def test_pandera_and_the_quick_look_agree(table):
    for field in dictionary.fields(table).itertuples():
        schema = pa.DataFrameSchema({field.field: field_rules._column(pa, field)})
        for column in columns(field):
            try:
                schema.validate(column.to_frame(field.field), lazy=True)
                passed = True
            except pandera.errors.SchemaErrors:
                passed = False
            assert field_rules.holds(field, column.array) == passed, (field.field, column.tolist())


def test_the_quick_look_sees_a_fault_of_each_kind():
    seen = {
        (field.type, field_rules.holds(field, column.array))
        for field in dictionary.fields().itertuples()
        for column in columns(field)
    }
    assert {(kind, holds) for kind in ("code", "unit", "id", *dictionary.NUMERIC) for holds in (True, False)} <= seen
