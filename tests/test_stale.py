"""What is run again, and why: a notebook's record against what it would read now; runs broken off at any moment go on."""

import ast
import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

import chain
import tiny_project
from workbench import batch, causes, code_used, kept, params, provenance, reads, runs

ROOT = Path(__file__).parents[1]
RECORD = {
    "status": "ok", "notebook": "n" * 12, "parameters": {"year": 2019}, "package": {"energy.csv": "e"},
    "read": {"tables/a.csv": "a"}, "versions": {"Python": "3", "pandas": "3"}, "all_code": "before",
    "code": {"flows.py": "f" * 12}, "other": {},
}  # fmt: skip


def now(**changed):
    """What a notebook would find; equal to RECORD but for `changed`."""
    facts = {"parameters": {"year": 2019, "notes": ""}, "files": {"energy.csv": "e"}, "python": "3", "versions": {"pandas": "3"}}
    code = {"flows.py": "f" * 64, "notebooks/20_x.ipynb": "n" * 64} | changed.pop("code", {})
    present = causes.Present(facts | changed, code, ROOT)
    object.__setattr__(present, "behind", lambda notebook: {"flows.py": code["flows.py"][:12]})
    return present


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({}, ""),
        ({"parameters": {"year": 2019, "notes": "not asked for"}}, ""),
        ({"parameters": {"year": 2020}}, "parameter year: 2019 → 2020"),
        ({"files": {"energy.csv": "x"}}, "package file energy.csv was changed"),
        ({"files": {"energy.csv": "e", "units.csv": "u"}}, "package file units.csv was added"),
        ({"files": {}}, "package file energy.csv is gone"),
        ({"versions": {"pandas": "4"}}, "pandas 3 → 4"),
        ({"code": {"notebooks/20_x.ipynb": "m" * 64}}, "the notebook was changed"),
        ({"code": {"flows.py": "g" * 64}}, "workbench file flows.py was changed"),
        ({"code": {"selection/model.py": "not reached"}}, ""),
    ],
)
def test_a_cause_is_named_in_one_line(change, cause):
    assert causes.why("20_x", RECORD, now(**change), {"tables/a.csv": "a"}, {}) == cause


def test_tables_of_earlier_notebooks_and_lost_records_are_causes():
    said = causes.why("20_x", RECORD, now(), {"tables/a.csv": "b"}, {})
    assert said == "tables/a.csv was changed by an earlier notebook"
    assert causes.why("20_x", None, now(), {}, {}) == "not run yet"
    assert causes.why("20_x", RECORD | {"status": "failed"}, now(), {}, {}) == "it failed last time"


def test_a_changed_factor_is_named_by_its_row(monkeypatch):
    from workbench import library

    rows = library.rows()
    used = dict(zip(rows["factor_id"].head(3), rows["sha256"].head(3), strict=True))
    assert causes.changed_factors(used) == []
    second = list(used)[1]
    monkeypatch.setattr(library, "rows", lambda: rows.assign(sha256=rows["sha256"].where(rows["factor_id"] != second, "other")))
    assert causes.changed_factors(used) == [second]
    record = RECORD | {"code": {"data/factors/fuels.csv": "f" * 12}}
    present = now(code={"data/factors/fuels.csv": "g" * 64})
    assert causes.why("20_x", record, present, {"tables/a.csv": "a"}, used) == f"factor {second} was changed"


def code(name):
    notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    cells = (c for c in notebook["cells"] if c["cell_type"] == "code" and "parameters" not in c["metadata"].get("tags", []))
    return "\n".join("".join(cell["source"]) for cell in cells)


def test_the_code_behind_a_notebook_is_what_its_names_lead_to():
    taken = code_used.of_notebook("from workbench import words, store\nwords.title(1)\nstore.RunFolder")
    assert {"words/about.py", "store.py", "files.py"} <= taken and "words/plan.py" not in taken
    assert "words/plan.py" in code_used.of_notebook("from workbench import words\nwords.title(1)\nprint(words)")  # whole
    intake, selection = (code_used.of_notebook(code(name)) for name in ("10_intake", "40_selection"))
    assert {"filing.py", "quality.py", "data/units.csv"} <= intake
    assert not [file for file in intake if file.startswith("selection/")]
    assert {"selection/model.py", "selection/solve.py"} <= selection and "quality.py" not in selection


@pytest.mark.slow
def test_no_code_runs_behind_a_notebook_that_was_not_named(tiny, tmp_path):
    """Every function of the workbench that two notebooks really call lies in a file `code_used` names."""
    from workbench import figures, verification, words  # noqa: F401  what an import runs is not a call

    called = set()

    def note(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(str(code_used.ROOT)) and frame.f_code.co_name != "<module>":
            called.add(Path(frame.f_code.co_filename).relative_to(code_used.ROOT).as_posix())

    sys.setprofile(note)
    try:
        chain.run(tiny().write(tmp_path / "package"), tmp_path / "run", figures=True)
    finally:
        sys.setprofile(None)
    named = code_used.of_notebook(code("10_intake")) | code_used.of_notebook(code("20_inventory"))
    assert len(called) > 20 and called <= named, called - named


def test_bare_names_and_ways_around_them_count_as_parameters():
    assert reads.parameters_named("from workbench import params\nx = params.from_notebook(globals())\nprint(lang)") == {"lang"}
    assert reads.parameters_named("y = globals()['year']") == set(params.Settings.model_fields)
    assert isinstance(ast.parse(code("50_report")), ast.Module)


# Runs of tiny notebooks. Each adds a line to findings.csv, as the real ones do, so the table has a version after each.

CELL = """
from pathlib import Path
from workbench import params
settings = params.from_notebook(globals())
folder = Path(settings.run_dir) / "tables"
folder.mkdir(exist_ok=True)
found = folder / "findings.csv"
"""
CODE = {
    "10_intake": "text = (settings.package_path / 'cluster.yaml').read_text()\nfound.write_text(text.replace('#', ''))",
    "20_inventory": "found.write_text(found.read_text() + f'price {settings.carbon_price}\\n')\n(folder / 'b.csv').write_text('b')",
    "30_potential": "n = settings.seed\n(folder / 'c.csv').write_text((folder / 'b.csv').read_text() + 'c')",
    "40_selection": "found.write_text(found.read_text() + f'rate {settings.discount_rate}\\n')",
    "50_report": "print(found.read_text())\nif settings.notes == 'fail':\n    raise RuntimeError('no')",
}
SETTINGS = "import json\n" + "\n".join(
    f"{name} = {field.default!r}" if not field.is_required() else f"{name} = None"
    for name, field in params.Settings.model_fields.items()
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of five tiny notebooks and the target t; the working folder."""
    tiny_project.write(tmp_path, {name: CELL + text for name, text in CODE.items()}, {"t": ""}, SETTINGS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def again(**overrides):
    """Run t: (status, notebooks that ran with their cause)."""
    ran = {}
    result = batch.run_target("t", progress=lambda _, step, cause: ran.update({step.name[:2]: cause}), overrides=overrides)
    return result.status, ran


def findings(project):
    return (project / "outputs" / "t" / "tables" / "findings.csv").read_text()


@pytest.mark.slow
def test_only_what_depends_on_a_change_runs_again(project):
    assert again() == ("ok", dict.fromkeys(("10", "20", "30", "40", "50"), "not run yet"))
    assert again() == ("up to date", {})
    assert again(seed=7) == ("ok", {"30": "parameter seed: 1 → 7"}), "its table is the same, so nothing else runs"
    status, ran = again(seed=7, carbon_price=5)
    assert (status, list(ran)) == ("ok", ["20", "40", "50"]) and ran["20"] == "parameter carbon_price: 0.0 → 5.0"
    assert ran["40"] == "tables/findings.csv was changed by an earlier notebook"
    assert findings(project) == "id: tiny\nprice 5.0\nrate 0.08\n", "what the earlier run of a notebook found is gone"
    (project / "pack" / "cluster.yaml").write_text("id: tiny  #\n")
    ran = again(seed=7, carbon_price=5)[1]
    assert list(ran) == ["10", "20", "40", "50"] and ran["10"] == "package file cluster.yaml was changed"
    (project / "outputs" / "t" / "tables" / "b.csv").write_text("edited by hand")
    assert list(again(seed=7, carbon_price=5)[1]) == ["20"], "what is not as it was left is made again"
    records = provenance.read_manifest(project / "outputs" / "t")["notebooks"]
    assert {r["name"]: set(r["parameters"]) - {"lang"} for r in records}["40_selection"] == {"discount_rate"}


@pytest.mark.slow
def test_a_failed_notebook_is_tried_again_and_the_others_are_kept(project):
    assert again(notes="fail")[0] == "failed"
    folder = project / "outputs" / "t"
    assert (folder / "50_report.ipynb").is_file() and not (folder / "report.html").exists()
    assert again() == ("ok", {"50": "it failed last time"})
    assert {file.name for file in (folder / ".kept").iterdir()} and findings(project).endswith("rate 0.08\n")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_killed_at_any_moment_the_next_run_goes_on(project):
    """SIGKILL at seeded moments; then one run to the end: the same tables as one that was never disturbed."""
    slow = "import time\nfor part in range(5):\n    time.sleep(0.1)\n"
    for name in CODE:
        book = nbformat.read(project / "notebooks" / f"{name}.ipynb", as_version=4)
        book.cells[-1].source = slow + book.cells[-1].source
        nbformat.write(book, project / "notebooks" / f"{name}.ipynb")
    command = [sys.executable, "-m", "workbench", "run", "t", "--out", "killed"]
    chance, ran = random.Random(6), 0
    folder = project / "killed" / "t"
    for _ in range(6):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while (
            provenance.read_manifest(folder).get("status") != "running" and process.poll() is None and time.monotonic() < deadline
        ):
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        done = [record["name"] for record in provenance.read_manifest(folder).get("notebooks", [])]
        assert len(done) >= ran, "what was done once is not done again"
        ran = len(done)
    said = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True, stdout=subprocess.DEVNULL).stderr
    assert again()[0] == "ok"
    whole = project / "outputs" / "t"
    for path in kept.tables(whole):
        assert (folder / path).read_bytes() == (whole / path).read_bytes()
    assert set(kept.tables(folder)) == set(kept.tables(whole)) and len(said.splitlines()) <= 5 - ran
    assert not list(folder.rglob("*partial*"))


@pytest.mark.slow
def test_a_batch_tells_what_failed_and_what_to_do(project, capsys):
    from workbench import cli

    (project / "params" / "bad.yaml").write_text("cluster: bad\npackage: pack\nyear: 2019\nnotes: fail\n")
    assert cli.main(["run", "t", "bad", "nope", "--out", "o"]) == 1
    shown = capsys.readouterr()
    assert "1 of 3 runs are up to date; what to do about each: o/failures.csv" in shown.err.replace(str(project) + "/", "")
    with (project / "o" / "failures.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["cluster"]: row for row in csv.DictReader(file)}
    assert list(next(iter(rows.values()))) == list(batch.FAILURES) and set(rows) == {"bad", "nope"}
    failed = rows["bad"]
    copy = nbformat.read(failed["executed_copy"], as_version=4)
    assert (failed["notebook"], failed["error"]) == ("50_report", "RuntimeError: no")
    assert "RuntimeError" in next(str(cell.outputs) for cell in copy.cells if cell.get("id") == failed["cell"])
    assert "executed copy" in failed["advice"] and runs.NOTEBOOKS[-1] == failed["notebook"]
    (project / "params" / "bad.yaml").write_text("cluster: bad\npackage: pack\nyear: 2019\n")
    assert cli.main(["run", "t", "bad", "--out", "o", "--quiet"]) == 0
    assert not (project / "o" / "failures.csv").exists() and capsys.readouterr().out == ""


@pytest.mark.slow
def test_a_manifest_is_run_again_and_the_first_difference_named(project, capsys, tmp_path):
    from workbench import cli

    assert again()[0] == "ok"
    manifest = str(project / "outputs" / "t" / "manifest.json")
    assert cli.main(["reproduce", manifest]) == 0
    assert "identical: 3 tables" in capsys.readouterr().out
    (project / "pack" / "cluster.yaml").write_text("id: other\n")
    assert cli.main(["reproduce", manifest]) == 1
    shown = capsys.readouterr()
    assert "different: tables/findings.csv, row 1, column id: tiny: was id: tiny, is id: other" in shown.out
    assert "package file cluster.yaml is not the one of the manifest" in shown.err
    (tmp_path / "no.json").write_text("{}")
    assert cli.main(["reproduce", str(tmp_path / "no.json")]) == 2


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores of Linux")
def test_cores_locale_and_working_folder_change_no_byte(tiny, tmp_path):
    """The whole chain on three firms: once as usual, once on one core in Turkish from another folder, once in C and in Chinese."""
    package = tiny().write(tmp_path / "package")
    target = tmp_path / "three.yaml"
    given = {
        "cluster": "three",
        "package": str(package),
        "year": 2022,
        "reduction_pct": 5,
        "front_points": 4,
        "uncertainty_draws": 100,
    }
    target.write_text(json.dumps(given))
    chinese = {"LC_ALL": "C", "LANG": "zh_CN.UTF-8", "TZ": "Asia/Shanghai"}
    ways = (({}, ROOT, None), ({"LC_ALL": "tr_TR.UTF-8"}, tmp_path, 1), (chinese, ROOT, None))
    made = []
    for number, (environment, place, cores) in enumerate(ways):
        out = tmp_path / str(number)
        narrow = (lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})) if cores else None
        command = [sys.executable, "-m", "workbench", "run", str(target), "--out", str(out)]
        paths = {"PYTHONPATH": str(ROOT / "src")}
        subprocess.run(command, cwd=place, env=os.environ | environment | paths, preexec_fn=narrow, check=True, capture_output=True)
        made.append(provenance.read_manifest(out / "three"))
    assert len(made[0]["outputs"]) > 40
    for other in made[1:]:
        assert other["outputs"] == made[0]["outputs"] and other["inputs_sha256"] == made[0]["inputs_sha256"]
