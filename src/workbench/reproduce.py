"""Run a manifest again and say whether the tables are the same, byte for byte, or where they first differ."""

from __future__ import annotations

import csv
import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import files, params, provenance, runs, targets
from workbench.errors import RunError


@dataclass(frozen=True)
class Difference:
    """The first place where a table differs: `row` counts from 1 with the heading, `column` by name; blank where not known."""

    table: str
    row: str = ""
    column: str = ""
    before: str = ""
    now: str = ""

    def __str__(self) -> str:
        place = ", ".join(filter(None, (self.table, self.row and f"row {self.row}", self.column and f"column {self.column}")))
        return f"{place}: was {self.before or 'blank'}, is {self.now or 'blank'}"


def read(manifest: str | Path) -> tuple[Path, dict[str, Any]]:
    """A manifest by its path, its folder or the name of a run: (file, content); RunError when it is none or of no whole run."""
    path = Path(manifest)
    file = path if path.suffix == ".json" else runs.find_run(str(manifest)) / "manifest.json"
    facts = files.read_json(file)
    if not facts.get("parameters") or not facts.get("outputs"):
        raise RunError(f"{file} is no manifest of a finished run: give outputs/NAME/manifest.json")
    if facts.get("status") != "ok":
        raise RunError(f"{file} is of a run that is {facts.get('status')}: run it to the end first")
    return file, facts


def target(facts: dict[str, Any], folder: Path, package: str | None = None) -> targets.Target:
    """The run of a manifest, into another folder; `package` where the manifest's is not found under that name."""
    values = facts["parameters"] | {"run_dir": str(folder.resolve())} | ({"package": package} if package else {})
    settings = params.validate(values)
    if not settings.package_path.exists():
        raise RunError(f"the package {values['package']} is not here: say where it lies with --package PATH")
    return targets.Target(str(facts.get("run") or settings.cluster), settings, folder.resolve())


def inputs(facts: dict[str, Any], run: targets.Target) -> list[str]:
    """What no longer is as the manifest says, a line each: package files, code, Python and libraries."""
    now = provenance.describe(run.settings.package_path, run.settings)
    said = []
    for name in sorted(facts["files"].keys() | now["files"].keys()):
        if facts["files"].get(name) != now["files"].get(name):
            said.append(f"package file {name} is not the one of the manifest")
    if facts["code_sha256"] != now["code_sha256"]:
        said.append(f"the workbench's code is another (manifest: version {facts['code_version']}, here: {now['code_version']})")
    then, here = ({"python": side["python"], **side["versions"]} for side in (facts, now))
    return said + [f"{name} was {then.get(name)}, is {here.get(name)}" for name in then if then[name] != here.get(name)]


def again(facts: dict[str, Any], run: targets.Target, progress: runs.Progress | None = None) -> None:
    """Run all notebooks of the manifest; RunError when one fails."""
    names = [record["name"] for record in facts.get("notebooks", []) if record.get("name") in runs.NOTEBOOKS]
    result = runs.run(run, to=names[-1] if names else None, force=True, progress=progress)
    if result.status != "ok":
        raise RunError(f"the run failed again: {result.message}")


def first_difference(facts: dict[str, Any], before: Path, now: Path) -> Difference | None:
    """The first table that differs, in the order of their names, cell by cell where the former tables lie in `before`."""
    outputs = provenance.read_manifest(now).get("outputs", {})
    for name in sorted({*facts["outputs"], *outputs}):
        if name not in outputs or name not in facts["outputs"]:
            there, here = ("there" if name in side else "not there" for side in (facts["outputs"], outputs))
            return Difference(name, before=there, now=here)
        if facts["outputs"][name] != outputs[name]:
            return _cell(name, before / name, now / name) or Difference(
                name, "", "", facts["outputs"][name][:12], outputs[name][:12]
            )
    return None


def _cell(name: str, before: Path, now: Path) -> Difference | None:
    if not before.is_file() or not now.is_file():
        return None
    cells = _values if name.endswith(".json") else _cells
    return _first(name, cells(before), cells(now))


def _values(file: Path) -> list[tuple[str, str, str]]:
    """(blank, name, text) of every value of a JSON object."""
    return [("", name, json.dumps(value, ensure_ascii=False)) for name, value in files.read_json(file).items()]


def _cells(file: Path) -> list[tuple[str, str, str]]:
    """(row, column, text) of every cell of a table, the heading's too."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    heading = rows[0] if rows else []
    heading = [*heading, *[""] * max((len(row) - len(heading) for row in rows), default=0)]
    return [(str(line), heading[i], text) for line, row in enumerate(rows, start=1) for i, text in enumerate(row)]


def _first(name: str, before: list[tuple[str, str, str]], now: list[tuple[str, str, str]]) -> Difference | None:
    nothing = ("", "", "")
    for old, new in itertools.zip_longest(before, now, fillvalue=nothing):
        if old != new and not provenance.is_a_time(old[1] or new[1]):
            row, column, _ = old if old != nothing else new
            return Difference(name, row, column, old[2], new[2])
    return None
