"""A million rows: the inventory keeps in step with the bare arithmetic on the same rows, measured side by side."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "benchmarks" / "inventory.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_inventory", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_three_ways_agree(bench):
    tables = bench.package(3_000)
    made = bench.inventory.compile(tables, bench.META, bench.YEAR)
    factor = made.factors.set_index("carrier")["value"].astype(float)
    energy = tables["energy"]
    coded = energy.astype({"enterprise_id": "category", "carrier": "category"})
    total = made.rows["tco2e"].sum()
    assert bench.by_merge(energy, factor) == pytest.approx(total)
    assert bench.by_codes(coded, factor) == pytest.approx(total, rel=0.01)  # the mean of its draws


@pytest.mark.slow
def test_a_million_rows_in_step_with_the_arithmetic(bench):
    """Ten times the merge on text is the limit; about four is usual. Memory includes the ledger itself."""
    taken = bench.measure(1_000_000, 3)
    assert taken["inventory [s]"] < 10 * taken["by merge [s]"]
    assert taken["peak [MB]"] < 2_000
