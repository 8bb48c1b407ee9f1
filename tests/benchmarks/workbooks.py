"""How long many filed workbooks take to be read and checked: synthetic ones of six sheets with 200 rows each, N at a time.

    python tests/benchmarks/workbooks.py [--workbooks 300] [--jobs 2]

A province's firms or clusters file workbooks, each its own cluster here. Read by `store.read_package`, checked by `filing.check`
and `quality.check`, as in `10_intake`; the time is of all of them, with the libraries loaded.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from workbench import filing, quality, store

ROWS, YEAR = 200, 2022
CARRIERS = {"bituminous": "t", "natural_gas": "10^4 Nm3", "electricity": "MWh", "diesel": "t", "coke": "t"}


def sheets(number: int) -> dict[str, pd.DataFrame]:
    """Tables of one workbook: enterprises, units, energy, products, projects and savings, ROWS rows each."""
    draw = np.random.default_rng(number)
    firms, rows = [f"E{i:03d}" for i in range(ROWS)], np.arange(ROWS)
    carriers = np.array(list(CARRIERS))[rows % len(CARRIERS)]
    value = draw.integers(10_000_000, 90_000_000, ROWS)
    quantity = np.round(draw.uniform(10, 1_000, ROWS), 2)
    own = [f"P{i:03d}" for i in range(ROWS)]
    enterprises = {"enterprise_id": firms, "name": [f"Synthetic plant {i}" for i in firms], "sector": "synthetic"}
    enterprises |= {"value_added": value, "output_value": 4 * value}
    energy = {"enterprise_id": firms, "year": YEAR, "month": rows % 12 + 1, "carrier": carriers, "flow": "purchase"}
    energy |= {"quantity": quantity, "unit": np.array(list(CARRIERS.values()))[rows % len(CARRIERS)], "evidence": "meter_record"}
    products = {"enterprise_id": firms, "year": YEAR, "product": "synthetic good", "quantity": quantity, "unit": "t"}
    units = {"unit_id": [f"U{i:03d}" for i in range(ROWS)], "enterprise_id": firms, "name": "Motor", "kind": "motor"}
    projects = {"project_id": own, "name": [f"Motor of {i}" for i in firms], "enterprise_id": firms, "kind": "motor"}
    projects |= {"capex": value // 100, "opex_per_year": 0, "lifetime_years": 12}
    savings = {"project_id": own, "enterprise_id": firms, "carrier": carriers, "mode": "fraction", "amount": 0.05}
    tables = {"enterprises": enterprises, "units": units, "energy": energy, "products": products}
    tables |= {"projects": projects, "savings": savings}
    return {name: pd.DataFrame(columns) for name, columns in tables.items()}


def write(file: Path, number: int) -> Path:
    """A workbook whose sheet `cluster` says what it is."""
    meta = {"id": f"synthetic-{number}", "country": "CN", "currency": "CNY", "grid_region": "Jiangsu", "base_year": YEAR}
    meta |= {"price_year": YEAR, "factor_set": "cn-f1", "gwp_set": "ar5", "data_nature": "synthetic"}
    with pd.ExcelWriter(file, engine="openpyxl") as book:
        pd.DataFrame({"key": list(meta), "value": list(meta.values())}).to_excel(book, sheet_name="cluster", index=False)
        for name, frame in sheets(number).items():
            frame.to_excel(book, sheet_name=name, index=False)
    return file


def check(file: Path) -> tuple[int, int]:
    """Rows read and findings of one workbook."""
    filed = filing.check(store.read_package(file))
    found = [*filed.findings, *quality.check(filed, YEAR, file)]
    return sum(len(table) for table in filed.tables.values()), sum(len(part) for part in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workbooks", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="workbooks-") as place:
        with multiprocessing.Pool(args.jobs) as pool:
            files = pool.starmap(write, [(Path(place) / f"{number}.xlsx", number) for number in range(args.workbooks)])
        check(files[0])  # libraries and tables of the workbench are loaded once, before the fork
        began = time.monotonic()
        with multiprocessing.Pool(args.jobs) as pool:
            done = pool.map(check, files, chunksize=4)
        seconds = time.monotonic() - began
    rows, found = (sum(part) for part in zip(*done, strict=True))
    print(f"{len(files)} workbooks, {rows:,} rows, {found:,} findings: {seconds:.1f} s, {seconds / len(files) * 1000:.0f} ms each,")
    print(f"{args.jobs} at a time on {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")


if __name__ == "__main__":
    main()
