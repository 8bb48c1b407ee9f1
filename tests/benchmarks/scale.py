"""How long the whole chain takes as a package grows: every notebook of a run, on synthetic ledgers of 10^4 to 10^6 rows.

    python tests/benchmarks/scale.py [--rows 10000 100000 1000000] [--format parquet csv]

A hundred rows an enterprise (five carriers, every month, some twice) and a project for ten enterprises: 10^6 rows are 10^4
enterprises and 10^3 projects. Seconds are those of `workbench run`, notebook by notebook, from the manifest; memory is the most one
notebook's process held.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ("10_intake", "20_inventory", "30_potential", "40_selection", "50_report")
UNITS = {"bituminous": "t", "natural_gas": "10^4 Nm3", "electricity": "MWh", "diesel": "t", "coke": "t"}
PRICE = {"bituminous": 900, "natural_gas": 35_000, "electricity": 700, "diesel": 7_500, "coke": 2_200}
YEAR, ROWS_EACH, PROJECTS_EACH = 2022, 100, 10


def write_package(folder: Path, rows: int, ending: str = "csv", seed: int = 1) -> Path:
    """A synthetic cluster package of `rows` monthly purchases; the same rows whatever the ending."""
    draw = np.random.Generator(np.random.PCG64(seed))
    firms = max(1, rows // ROWS_EACH)
    names = [f"E{number:05d}" for number in range(firms)]
    within, firm = np.divmod(np.arange(rows), firms)
    carrier = within // 12 % len(UNITS)
    carriers = np.array(list(UNITS))[carrier]
    size = (
        draw.integers(1_000, 100_000, (firms, len(UNITS)))[firm, carrier] / 100
    )  # a plant's usual month, and some percent around it
    quantity = np.round(size * draw.uniform(0.9, 1.1, rows), 2)
    energy = {"enterprise_id": np.array(names)[firm], "year": YEAR, "month": within % 12 + 1, "carrier": carriers}
    energy |= {"flow": "purchase", "quantity": quantity, "unit": np.array(list(UNITS.values()))[carrier]}
    energy |= {"cost": np.round(quantity * np.array(list(PRICE.values()))[carrier], 2), "evidence": "meter_record"}
    value = draw.integers(10_000_000, 900_000_000, firms)
    members = {"enterprise_id": names, "name": [f"Synthetic plant {name}" for name in names], "sector": "synthetic"}
    members |= {"value_added": value, "output_value": 4 * value}
    owners = names[::PROJECTS_EACH]
    ids = [f"P{name[1:]}" for name in owners]
    projects = {"project_id": ids, "name": [f"Motors of {name}" for name in owners], "enterprise_id": owners, "kind": "motor"}
    projects |= {"capex": draw.integers(100_000, 9_000_000, len(ids)), "opex_per_year": 0, "lifetime_years": 12}
    share = np.round(draw.uniform(0.01, 0.15, len(ids)), 3)
    savings = {"project_id": ids, "enterprise_id": owners, "carrier": "electricity", "mode": "fraction", "amount": share}
    folder.mkdir(parents=True)
    tables = {"enterprises": members, "energy": energy, "projects": projects, "savings": savings}
    for name, columns in tables.items():
        frame = pd.DataFrame(columns)
        if ending == "parquet":
            frame.to_parquet(folder / f"{name}.parquet", index=False)
        else:
            frame.to_csv(folder / f"{name}.csv", index=False)
    meta = {"id": f"synthetic-{rows}", "name": {"en": f"Synthetic cluster of {rows:,} rows"}, "country": "CN", "currency": "CNY"}
    meta |= {"grid_region": "Jiangsu", "base_year": YEAR, "price_year": YEAR, "factor_set": "cn-f1", "gwp_set": "ar5"}
    (folder / "cluster.yaml").write_text(yaml.safe_dump(meta | {"data_nature": "synthetic"}), encoding="utf-8")
    return folder


def measure(folder: Path, rows: int, ending: str) -> dict[str, object]:
    """Seconds of every notebook and of the whole, peak memory of the largest process, sizes."""
    package = write_package(folder / "package", rows, ending)
    given = {"cluster": f"synthetic-{rows}", "package": str(package), "year": YEAR, "reduction_pct": 1}
    (folder / "run.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")
    command = [sys.executable, "-m", "workbench", "run", str(folder / "run.yaml"), "--out", str(folder / "out"), "--jobs", "1"]
    began = time.monotonic()
    done = subprocess.run([*command, "--quiet"], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT / "src")})
    whole = time.monotonic() - began
    run = folder / "out" / "run"
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8")) if (run / "manifest.json").is_file() else {}
    seconds = {one["name"]: one["seconds"] for one in manifest.get("notebooks", [])}
    row: dict[str, object] = {"rows": rows, "format": ending, "ok": done.returncode == 0, "whole [s]": whole}
    row |= {f"{name[:2]} [s]": seconds.get(name) for name in NOTEBOOKS}
    size = sum(file.stat().st_size for file in package.iterdir()) / 2**20
    report = (run / "report.html").stat().st_size / 2**20 if (run / "report.html").is_file() else None
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # the largest so far: sizes are taken in rising order
    return row | {"peak [MB]": peak, "package [MB]": size, "report [MB]": report}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--format", nargs="+", default=["csv", "parquet"], choices=["csv", "parquet"])
    args = parser.parse_args()
    rows = []
    for count in sorted(args.rows):
        for ending in args.format:
            with tempfile.TemporaryDirectory(prefix="scale-") as place:
                rows.append(measure(Path(place), count, ending))
                print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {platform.system()}")
    print(table.to_string(index=False, float_format="{:,.1f}".format))


if __name__ == "__main__":
    main()
