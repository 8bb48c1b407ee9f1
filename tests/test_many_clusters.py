"""Many clusters in one batch, one package broken, one process killed: all others finish, and a second run mends what can be."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
RAW = ROOT.parent / "shared" / "data" / "1_iac"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="finds the process through /proc")]


@pytest.fixture(scope="module")
def batch():
    spec = importlib.util.spec_from_file_location("bench_batch", ROOT / "tests" / "benchmarks" / "batch.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_batch"] = module
    spec.loader.exec_module(module)
    return module


def small_country(folder: Path, states: tuple[str, ...], sectors: list[str]) -> Path:
    """Files of the importer's layout: two plants for every state and sector, two measures each; every figure made up."""
    draw = np.random.Generator(np.random.PCG64(5))
    place = [(state, code, n) for state in states for code in sectors for n in range(2)]
    assess = pd.DataFrame(place, columns=["STATE", "NAICS", "n"])
    assess["ID"] = [f"ZZ{number:04d}" for number in range(len(assess))]
    assess["FY"], assess["NAICS"] = 2019, assess["NAICS"] + "999"
    assess["EC_plant_usage"] = draw.integers(500, 5_000, len(assess)) * 1_000
    assess["EC_plant_cost"] = assess["EC_plant_usage"] // 10
    assess["E2_plant_usage"] = draw.integers(1_000, 20_000, len(assess))
    assess["E2_plant_cost"] = assess["E2_plant_usage"] * 5
    recc = pd.concat([assess[["ID", "FY"]].assign(AR_NUMBER=number, PSOURCCODE=code) for number, code in ((1, "EC"), (2, "E2"))])
    recc["SUPERID"] = recc["ID"] + recc["AR_NUMBER"].map("{:02d}".format)
    recc["IMPCOST"] = draw.integers(2, 40, len(recc)) * 1_000
    recc["PCONSERVED"] = np.where(recc["PSOURCCODE"] == "EC", 40_000, 300)
    recc = recc.assign(ARC2="2.7142", IMPSTATUS="N", PSAVED=2_000)
    folder.mkdir()
    assess.drop(columns="n").to_csv(folder / "iac_assessments_fy1981_2026.csv.gz", index=False)
    recc.to_parquet(folder / "iac_recommendations_fy1981_2025.parquet")
    return folder


def test_one_broken_package_and_one_killed_process_stop_no_other_cluster(batch, tmp_path):
    raw = RAW if RAW.is_dir() else small_country(tmp_path / "raw", batch.STATES, ["331", "311", "325", "326"])
    count = 40 if RAW.is_dir() else 8  # the real files are not everywhere
    files = batch.build(count, tmp_path / "made", raw, 2)
    assert len(files) == count
    broken, killed = files[3].stem, files[7].stem
    told = batch.trial(files, tmp_path / "trial", 2)
    assert told["code"] == 1
    rows = {row["cluster"]: row for row in told["failures"]}
    assert set(rows) == {broken, killed}, rows
    assert "energy.csv is neither UTF-8 nor GB 18030" in rows[broken]["error"]
    assert rows[killed]["notebook"] == "20_inventory" and "died" in rows[killed]["error"] and rows[killed]["executed_copy"]
    assert set(told["finished"]) == {file.stem for file in files} - {broken, killed}
    assert told["code_again"] == 1 and [row["cluster"] for row in told["failures_again"]] == [broken]
    assert told["compared"] >= 3 and told["differ"] == []
