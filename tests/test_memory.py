"""The tests' own memory of pure functions: it answers for the same content only, and nobody gets another one's table."""

from __future__ import annotations

import pandas as pd
import pytest

import memory
from conftest import META, TABLES, Tiny
from memory import MEMORY, Memory, content
from workbench import inventory, store


def frame(**columns):
    return pd.DataFrame(columns)


@pytest.fixture
def asked():
    """A function that keeps what it was asked, the same remembered, and the list."""
    calls = []

    def total(tables, unit, weight=1.0):
        calls.append(unit)
        return frame(unit=[unit], total=[tables["energy"]["t"].sum() * weight])

    return Memory()._remembering(inventory, "total", total), calls


def test_the_same_content_is_not_computed_again_and_other_content_is(asked):
    total, calls = asked
    energy, other = frame(t=[1.0, 2.0]), frame(t=[5.0])
    assert total({"energy": energy, "units": energy}, "t")["total"].tolist() == [3]
    assert total({"energy": energy.copy(), "units": other}, "t")["total"].tolist() == [3] and len(calls) == 1
    assert total({"energy": other, "units": other}, "t")["total"].tolist() == [5]
    assert total({"energy": energy}, "kg")["unit"].tolist() == ["kg"]
    assert total({"energy": energy}, "t", weight=2.0)["total"].tolist() == [6] and len(calls) == 4


def test_what_one_changes_does_not_reach_the_next(asked):
    total, calls = asked
    first, second, third = (total({"energy": frame(t=[1.0])}, "t") for _ in range(3))
    first.loc[0, "total"] = second.loc[0, "total"] = -1.0
    assert third["total"].tolist() == [1] == total({"energy": frame(t=[1.0])}, "t")["total"].tolist() and len(calls) == 1


def test_a_large_table_is_computed_each_time(asked):
    total, calls = asked
    large = frame(t=[1.0] * (memory.LARGEST + 1))
    assert [total({"energy": large}, "t")["total"].iat[0] for _ in range(2)] == [len(large)] * 2 and len(calls) == 2


@pytest.mark.parametrize(
    "other",
    [
        frame(t=[1, 2]),
        frame(t=["1.0", "2.0"]),
        frame(t=[1.0, float("nan")]),
        frame(t=[2.0, 1.0]),
        frame(u=[1.0, 2.0]),
        frame(t=[1.0, 2.0]).rename_axis("row"),
        frame(t=[1.0, 2.0]).set_axis([1, 2]),
        frame(t=[1.0, 2.0 + 1e-12]),
    ],
)
def test_content_tells_types_order_and_names_apart(other):
    assert content(frame(t=[1.0, 2.0])) != content(other)
    assert content([other, {"x": other}]) == content([other.copy(), {"x": other.copy()}])


def test_who_goes_through_all_tables_takes_all():
    given = {"energy": frame(t=[1.0]), "units": frame(t=[2.0])}
    for take in (dict, list, lambda t: t | {}, lambda t: {**t}, lambda t: list(t.items()), lambda t: t.copy()):
        tables = memory.Tables(given)
        assert len(take(tables)) == 2 and tables.taken == set(given)
    tables = memory.Tables(given)
    assert tables.get("units") is given["units"] and "heat" not in tables and tables.taken == {"units", "heat"}


def test_from_memory_as_computed(monkeypatch):
    """The tiny cluster three times: computed with memory closed, computed for the memory, out of it."""
    assert not MEMORY.open  # this test asks for monkeypatch
    plain = _figures()
    monkeypatch.setattr(MEMORY, "open", True)
    kept, again = _figures(), _figures()
    for one, two, three in zip(plain, kept, again, strict=True):
        pd.testing.assert_frame_equal(one, two)
        pd.testing.assert_frame_equal(one, three)


def _figures():
    made = Tiny(META, TABLES)
    assert isinstance(made.package, store.Package)
    found = made.assess()
    return [made.enterprises, made.cluster, made.inventory.rows, made.paid[0], found.projects, found.lines, made.findings()]
