"""The Snakefile: the same results as the local run, byte for byte, on this machine and on a real Slurm of one node."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import slurm
import tiny_project
from workbench import runs

ROOT = Path(__file__).parents[1]
TABLE = """
from pathlib import Path
file = Path(run_dir) / "tables" / "STEP.csv"
file.parent.mkdir(exist_ok=True)
file.write_text(f"item,value\\n{cluster},{year}\\n")
"""
INVENTORY = """
import os, time
if notes == "fail":
    raise KeyError("no such plant")
if notes == "wait" and not Path("release").exists():
    Path("waits").write_text(str(os.getpid()))
    time.sleep(600)
"""
pytestmark = pytest.mark.skipif(not shutil.which("snakemake"), reason="no snakemake: see workflow/environment.yml")


@pytest.fixture
def project(tmp_path):
    """The five notebooks in small. Of the targets `bad` fails and `slow` waits in 20_inventory; `lost` has no package."""
    code = {name: TABLE.replace("STEP", name) + (INVENTORY if name == "20_inventory" else "") for name in runs.NOTEBOOKS}
    tiny_project.write(tmp_path, code, {"one": "", "two": "", "bad": "fail", "slow": "wait"})
    (tmp_path / "params" / "lost.yaml").write_text("cluster: lost\npackage: nowhere\nyear: 2019\n")
    return tmp_path


def workbench(project: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "workbench", *arguments]
    return subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True, timeout=1200)


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    return dict(base or os.environ) | {"PYTHONPATH": str(ROOT / "src")}


def snakemake(project: Path, clusters: str, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen:
    config = ["--config", f"clusters={clusters}", f"workbench={sys.executable} -m workbench"]
    command = ["snakemake", "-s", str(ROOT / "src/workbench/workflow/Snakefile"), "--keep-going", *arguments, *config]
    with (project / "snakemake.txt").open("a") as out:
        return subprocess.Popen(command, cwd=project, env=environment(env), stdout=out, stderr=subprocess.STDOUT)


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "tables").iterdir())}


def assert_only_bad_failed(project: Path) -> None:
    """`one` and `two` as a local run makes them; `bad` has its executed copy with the error, its log, and nothing after it."""
    assert workbench(project, "run", "one", "two", "--out", "local", "--quiet").returncode == 0
    for name in ("one", "two"):
        made = tables(project / "outputs" / name)
        assert len(made) >= len(runs.NOTEBOOKS) and made == tables(project / "local" / name), name
    bad = project / "outputs" / "bad"
    assert "no such plant" in (bad / "20_inventory.ipynb").read_text(encoding="utf-8")
    assert {path.name for path in bad.glob("*_*.*")} == {"10_intake.ipynb", "10_intake.html", "20_inventory.ipynb"}
    assert not (project / "outputs" / "lost").exists() or not list((project / "outputs" / "lost").glob("*.html"))


@pytest.mark.slow
def test_the_same_bytes_as_the_local_run_and_one_failure_alone(project):
    assert snakemake(project, "one two bad lost", "--cores", "2").wait(1200) == 1
    assert_only_bad_failed(project)
    assert snakemake(project, "one two", "--cores", "2").wait(1200) == 0
    assert "Nothing to be done" in (project / "snakemake.txt").read_text()


@pytest.mark.slow
@pytest.mark.skipif(bool(slurm.missing()), reason=slurm.missing() or "-")
def test_on_slurm_with_a_planned_failure_and_a_killed_worker(project, tmp_path):
    options = ["--executor", "slurm", "--jobs", "4", "--slurm-no-account", "--slurm-status-command", "squeue"]
    options += ["--slurm-init-seconds-before-status-checks", "5", "--default-resources", "mem_mb=300", "--set-resources"]
    options += [f"{step}:mem_mb=300" for step in runs.NOTEBOOKS]
    with slurm.one_node(tmp_path / "slurm") as env:
        going = snakemake(project, "one two bad lost slow", *options, "--retries", "1", env=env)
        worker = waiting_worker(project, going)
        (project / "release").touch()
        os.kill(worker, signal.SIGKILL)
        assert going.wait(1800) == 1, (project / "snakemake.txt").read_text()  # bad fails twice; slow goes through when tried again
    assert_only_bad_failed(project)
    assert set(tables(project / "outputs" / "slow")) >= {f"{name}.csv" for name in runs.NOTEBOOKS}


def waiting_worker(project: Path, going: subprocess.Popen, seconds: int = 600) -> int:
    """The process that executes the notebook of `slow`, once it waits."""
    for _ in range(seconds * 2):
        if (project / "waits").exists() and (text := (project / "waits").read_text()):
            return int(text)
        assert going.poll() is None, (project / "snakemake.txt").read_text()
        time.sleep(0.5)
    raise AssertionError((project / "snakemake.txt").read_text())
