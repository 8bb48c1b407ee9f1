"""Runs with tiny notebooks in a project of their own: what is kept, what is said, what is run again."""

import json
import resource
from pathlib import Path

import pytest
import yaml

import tiny_project
from workbench import batch, cli, compare, export, provenance, runs

INTAKE = """
from pathlib import Path
tables = Path(run_dir) / "tables"
tables.mkdir(exist_ok=True)
(tables / "cluster.csv").write_text(f"item,value,unit\\ncluster_total_tco2e,{year},tCO2e\\nname,=1+1,\\n")
(tables / "factors_used.csv").write_text("factor_id,value,sha256\\nf1,2,abc\\n")
"""
REPORT = """
import os, signal
if notes == "fail":
    raise KeyError("no such\\nplant")
if notes == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
print("done", Path(run_dir).name if "Path" in globals() else "")
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with two notebooks and the parameter files good, fail and kill; the working folder."""
    tiny_project.write(tmp_path, {"10_intake": INTAKE, "50_report": REPORT}, {name: name for name in ("good", "fail", "kill")})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "NOTEBOOKS", ("10_intake", "50_report"))
    return tmp_path


@pytest.mark.slow
def test_a_run_leaves_notebooks_pages_and_manifest_and_is_not_repeated(project, capsys):
    assert cli.main(["run", "good"]) == 0
    folder = project / "outputs" / "good"
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("10_intake.ipynb", "10_intake.html", "50_report.ipynb", "50_report.html", "report.html"),
        *(".lock", ".working", "manifest.json", "tables"),
    }
    shown = capsys.readouterr()
    lines = shown.err.splitlines()
    assert [line.split("  ")[:3] for line in lines] == [["good", "10_intake", "ok"], ["good", "50_report", "ok"]]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "ok" and manifest["factors"] == {"f1": "abc"}
    assert [step["status"] for step in manifest["notebooks"]] == ["ok", "ok"]
    assert manifest["parameters"]["package"] == "pack"
    assert str(project) not in (folder / "manifest.json").read_text()

    stamp = (folder / "10_intake.ipynb").stat().st_mtime_ns
    last = (folder / "50_report.ipynb").stat().st_mtime_ns
    result = batch.run_target("good")
    assert result.status == "up to date"
    (folder / "report.html").unlink()
    (folder / "tables" / "old.csv").write_text("a\n1\n")
    assert batch.run_target("good").status == "ok", "a missing page is made again"
    assert not (folder / "tables" / "old.csv").exists()
    assert (folder / "10_intake.ipynb").stat().st_mtime_ns == stamp, "what holds is not run again"
    assert (folder / "50_report.ipynb").stat().st_mtime_ns > last
    assert batch.run_target("good", to="10", force=True).status == "ok"
    assert not (folder / "report.html").exists(), "what this run did not make must not seem to belong to it"

    other = batch.run_target("good", overrides={"year": 2020}, to="intake", out=project / "else")
    assert other.folder == str(project / "else" / "good")
    found = {(d["section"], d["item"]): (d["left"], d["right"]) for d in compare.compare(folder, project / "else" / "good")}
    assert found[("parameter", "year")] == ("2019", "2020")
    assert found[("cluster", "cluster_total_tco2e")] == ("2019 tCO2e", "2020 tCO2e")
    assert not {"file", "factor", "code"} & {section for section, _ in found}
    assert cli.main(["status"]) == 0 and "good" in capsys.readouterr().out

    from openpyxl import load_workbook

    book = load_workbook(export.export(folder, "xlsx"))
    cell = book["cluster"]["B3"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert (export.export(folder, "parquet") / "cluster.parquet").is_file()
    assert (export.export(folder, "csv") / "cluster.csv").is_file()


@pytest.mark.slow
def test_failures_stay_with_their_target(project, monkeypatch, capsys):
    """A failing cell and a killed kernel: executed copies kept, the others finished, exit code 1."""
    results = {}
    for name in ("fail", "good", "kill"):
        results[name] = batch.run_target(name)
    assert {name: result.status for name, result in results.items()} == {"fail": "failed", "good": "ok", "kill": "failed"}
    assert "50_report: KeyError: 'no such" in results["fail"].message
    assert "process died" in results["kill"].message
    assert all("\n" not in result.message for result in results.values())
    for name in ("fail", "kill"):
        folder = project / "outputs" / name
        assert (folder / "50_report.ipynb").is_file() and not (folder / "report.html").exists()
        assert not list(folder.glob(".*partial*"))
        manifest = provenance.read_manifest(folder)
        assert manifest["status"] == "failed" and manifest["notebooks"][1]["error"]
    assert "KeyError" in (project / "outputs" / "fail" / "50_report.ipynb").read_text()
    assert batch.exit_code(list(results.values())) == 1


def test_workers_finish_what_can_be_finished(project, capfd):
    assert cli.main(["run", "good", "nope", "fail", "--to", "10_intake", "--jobs", "2"]) == 1
    shown = capfd.readouterr()
    assert "good  10_intake  ok" in shown.err and "fail  10_intake  ok" in shown.err
    assert "workbench: nope: no parameter file" in shown.err and "Traceback" not in shown.err
    assert "TCP" not in shown.err


def test_of_two_at_a_time_the_largest_package_is_begun_first(tmp_path, monkeypatch):
    """Sizes 1, 3, 2: the last of the three to begin is the smallest, and the results stand in the order asked for."""
    begun = []
    for name, size in (("a", 1), ("b", 3), ("c", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy.csv").write_text("x" * 1000 * size)
        values = {"cluster": name, "package": str(tmp_path / name), "year": 2022}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(values))

    def noted(target, *_):
        begun.append(target.name)
        return batch.RunResult(target.name, "ok")

    monkeypatch.setattr(batch, "_one", noted)
    monkeypatch.setattr(batch.execution, "warm_up", lambda: None)
    names, options = [str(tmp_path / f"{name}.yaml") for name in "abc"], {"out": tmp_path / "out", "quiet": True}
    assert [result.name for result in batch.run_many(names, jobs=2, **options)] == ["a", "b", "c"] and begun[2] == "a"
    begun.clear()
    batch.run_many(names, jobs=1, **options)
    assert begun == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope"], "no parameter file for 'nope'"),
        (["god"], "did you mean 'good'"),
        (["good", "--set", "yaer=2020"], "did you mean 'year'"),
        (["good", "--set", "year"], "--set key=value"),
        (["good", "--set", "year=abc"], "year:"),
        (["good", "--set", "cluster=../../etc"], "cluster: use letters"),
        (["good", "--set", "package=nowhere"], "no package at"),
        (["good", "--to", "99"], "choose one of"),
        (["good", "--out", "pyproject.toml"], "is a file"),
        (["good", "--out", ".", "--set", "package=good/pack"], "its own package"),
    ],
)
def test_what_cannot_start_is_said_in_one_line(project, capsys, arguments, words):
    assert cli.main(["run", *arguments]) == 2
    shown = capsys.readouterr()
    assert words in shown.err and shown.err.startswith("workbench: ") and shown.err.count("\n") == 1
    assert not (project / "outputs").exists()


def test_a_broken_off_run_is_not_taken_for_a_complete_one(project, monkeypatch):
    def broken(*_):
        raise KeyboardInterrupt

    assert batch.run_target("good", to="10").status == "ok"
    monkeypatch.setattr(runs.execution, "execute", broken)
    with pytest.raises(KeyboardInterrupt):
        batch.run_target("good", to="10", force=True)
    assert provenance.read_manifest(project / "outputs" / "good")["status"] == "interrupted"
    assert not (project / "outputs" / "good" / "10_intake.ipynb").exists()


def test_two_runs_do_not_share_a_folder(project):
    folder = project / "outputs" / "good"
    with runs.alone_in(folder):
        assert "another run is at work" in batch.run_target("good").message
    assert batch.run_target("good", to="10").status == "ok"


def test_two_files_of_one_name_do_not_share_a_folder(project):
    (project / "other").mkdir()
    (project / "other" / "good.yaml").write_text("cluster: x\npackage: nowhere\nyear: 2019\n")
    found, clashes = batch._expanded(["good", "params/good.yaml", "other/good.yaml"], batch.Options())
    assert [target.name for target in found] == ["good"] and [clash.status for clash in clashes] == ["invalid"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="reads memory from /proc")
def test_memory_stays_flat_over_many_runs(project):
    """What runs and the warm process hold after fifteen runs, they hold after forty, to a few MB."""
    from multiprocessing import forkserver

    def held():
        pids = ("self", forkserver._forkserver._forkserver_pid)
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * resource.getpagesize() / 2**20

    taken = []
    for _ in range(40):
        assert batch.run_target("good", force=True).status == "ok"
        taken.append(held())
    assert max(taken[35:]) - max(taken[:15]) < 10, taken[::5]
