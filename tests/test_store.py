"""Files in: CSV and Parquet are one and the same package, and tables of a run come back as they were written."""

from __future__ import annotations

import datetime
import io
from unittest import mock

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given

from conftest import META, TABLES, Tiny
from workbench import errors, factors, filing, grid, inventory, provenance, store


def as_parquet(folder):
    """The tables of a package folder as Parquet files with typed columns, in place of the CSV files."""
    for file in folder.glob("*.csv"):
        pd.read_csv(file).to_parquet(file.with_suffix(".parquet"), index=False)
        file.unlink()
    return folder


def test_a_package_in_parquet_is_the_package_in_csv(tmp_path):
    csv = store.read_package(Tiny(META, TABLES).write(tmp_path / "csv"))
    parquet = store.read_package(as_parquet(Tiny(META, TABLES).write(tmp_path / "parquet")))
    assert set(parquet.files) == {f"{name}.parquet" for name in TABLES} | {"cluster.yaml"}
    for name in TABLES:
        pd.testing.assert_frame_equal(parquet.tables[name], csv.tables[name])
    whole = [inventory.compile(filing.check(package).tables, META, 2022).rows["tco2e"].sum() for package in (csv, parquet)]
    assert whole[0] == whole[1] == pytest.approx(25_300)


def test_cells_of_parquet_read_as_a_spreadsheet_shows_them(tmp_path):
    """Whole numbers without a point, blanks as blanks, a column of categories, of yes and no, of dates."""
    day = datetime.date(2022, 3, 1)
    frame = pd.DataFrame(
        {"a": [12.0, None, 0.1], "b": pd.Categorical(["x", None, "x"]), "c": [True, None, False], "d": [day, None, day]}
    )
    frame.to_parquet(tmp_path / "energy.parquet")
    read = store.read_text(tmp_path / "energy.parquet", "energy", [])
    assert read.to_numpy().tolist() == [["12", "x", "1", "2022-03-01"], ["0.1", "x", "0", "2022-03-01"]]
    assert read.index.tolist() == [2, 4]  # the blank line 3 is none


@pytest.mark.parametrize("content", [b"", b"PAR1 but no table", b"enterprise_id,year\nA,2022\n"])
def test_a_parquet_file_that_is_none_says_so_in_one_line(tmp_path, content):
    folder = Tiny(META, TABLES).write(tmp_path / "p")
    (folder / "energy.csv").unlink()
    (folder / "energy.parquet").write_bytes(content)
    with pytest.raises(
        errors.PackageError, match=r"^energy\.parquet is not a readable Parquet file .*write it again or file it as CSV$"
    ):
        store.read_package(folder)


def test_own_factors_may_be_parquet(tmp_path):
    table = pd.DataFrame({"carrier": ["diesel"], "unit": ["t"], "co2_t_per_unit": [3.5], "source": ["our laboratory"]})
    folder = Tiny(META | {"factor_set": "ours.parquet"}, TABLES).write(tmp_path / "p")
    table.to_parquet(folder / "ours.parquet", index=False)
    assert store.read_package(folder).tables["factors"]["co2_t_per_unit"].tolist() == ["3.5"]
    assert factors.own_table(folder / "ours.parquet")["co2_t_per_unit"].tolist() == [3.5]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\",;'| \t"), max_size=12)


@given(st.lists(st.tuples(TEXT, TEXT, st.floats(0.001, 1e9) | st.none()), max_size=6), st.sampled_from([0, store._LONG]))
def test_a_table_of_a_run_comes_back_as_written(rows, long):
    """Line ends, quotation marks, commas and tabs in names; numbers to twelve digits; tables without a row and long ones."""
    frame = pd.DataFrame(rows, columns=["name", "enterprise_id", "quantity"]).astype(
        {"quantity": float, "name": "str", "enterprise_id": "str"}
    )
    with mock.patch.object(store, "_LONG", long):
        back = store._typed(io.BytesIO(store.csv_text(frame).encode()))
    assert back["name"].tolist() == frame["name"].tolist() and back["enterprise_id"].tolist() == frame["enterprise_id"].tolist()
    assert back["quantity"].tolist() == pytest.approx(frame["quantity"].tolist(), rel=1e-11, nan_ok=True)


def test_tables_of_a_run_are_read_when_asked_for(tmp_path):
    """A damaged table hurts nobody who does not ask; some replaced, the others stay unread."""
    (tmp_path / "energy.csv").write_text("enterprise_id,quantity\n007,5\n")
    tables = store._Tables({"energy": tmp_path / "energy.csv", "units": tmp_path / "nothing.csv"})
    other = tables | {"products": pd.DataFrame({"product": ["steel"]})}
    assert tables["energy"]["enterprise_id"].tolist() == ["007"] and tables["energy"] is tables["energy"]
    assert list(other) == ["energy", "units", "products"] and len(other) == 3 and len(tables) == 2
    assert other["products"]["product"].tolist() == ["steel"] and "products" not in tables
    with pytest.raises(FileNotFoundError):
        tables["units"]


def test_a_line_end_in_a_cell_stays_in_its_cell_in_a_long_table():
    """Two megabytes of notes of two lines: readers that take a table in blocks cut some of them in two."""
    frame = pd.DataFrame({"enterprise_id": [f"E{n}" for n in range(60_000)], "quantity": 1.0})
    frame["note"] = [f"line one {n}\nline two, {n}" for n in range(60_000)]
    back = store._typed(io.BytesIO(store.csv_text(frame).encode()))
    assert back["note"].tolist() == frame["note"].tolist() and back["enterprise_id"].tolist() == frame["enterprise_id"].tolist()


def test_a_column_of_lists_is_text(tmp_path):
    pd.DataFrame({"enterprise_id": ["A", "B"], "tags": [["x"], ["y", "z"]]}).to_parquet(tmp_path / "energy.PARQUET")
    assert store.read_text(tmp_path / "energy.PARQUET", "energy", [])["enterprise_id"].tolist() == ["A", "B"]


def test_an_own_factor_table_in_parquet_is_hashed_and_has_a_set_behind_it(tmp_path):
    folder = Tiny(META | {"factor_set": "ours.parquet"}, TABLES).write(tmp_path / "p")
    pd.DataFrame({"carrier": ["diesel"]}).to_parquet(folder / "ours.parquet")
    assert "ours.parquet" in provenance._files(folder)
    assert grid.chosen_set(META | {"factor_set": "ours.parquet"}) == grid.chosen_set(META | {"factor_set": "ours.csv"}) == "cn-f1"
