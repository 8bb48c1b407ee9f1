"""Two runs side by side: what differs in what went in, which notebook first felt it, and what differs in what came out."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from workbench import files, provenance

COLUMNS = ("section", "item", "left", "right", "notebook")
CAUSES = ("parameter", "file", "factor", "code", "solver", "version")  # sections of what went in
_SOLVERS = ("highspy", "pyomo")
_RESULTS = (
    "status", "objective", "objective_value", "emissions_before", "emissions_after", "budget_tco2e", "capex", "annual_cost",
    "marginal_abatement_cost", "least_reachable_tco2e", "recheck",
)  # fmt: skip


def compare(left: Path, right: Path) -> list[dict[str, str]]:
    """Every difference of two run folders: parameters, files, factors, code, solver and versions first (why), then results (what).

    `notebook` of a cause is the first one that read it, as the runs recorded; blank where none did, so that it explains nothing.
    """
    records = [_records(folder) for folder in (left, right)]
    both = set.intersection(*({record["name"] for record in side} for side in records))
    sides = [_facts(folder, both) for folder in (left, right)]
    differences = []
    for section in sides[0]:
        one, other = (side[section] for side in sides)
        for item in [*one, *(name for name in other if name not in one)]:
            a, b = _text(one.get(item)), _text(other.get(item))
            if a != b:
                felt = _first_reader(section, item, records) if section in CAUSES else ""
                differences.append(dict(zip(COLUMNS, (section, item, a, b, felt), strict=True)))
    return differences


def because(differences: list[dict[str, str]]) -> str:
    """The causes of a difference in one line; what no notebook read is left out."""
    causes = [row for row in differences if row["section"] in CAUSES and row["notebook"]]
    results = any(row["section"] in ("cluster", "selection", "table") for row in differences)
    if not results:
        return "the results are the same" + ("; what differs changed nothing" if differences else "")
    if not causes:
        return "the results differ, and nothing recorded that went in does: run both again (workbench run … --force)"
    said = []
    for section in CAUSES:
        rows = [row for row in causes if row["section"] == section]
        more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
        if rows:
            first = min(row["notebook"] for row in rows)
            said.append(f"{section} {', '.join(row['item'] for row in rows[:3])}{more} (from {first} on)")
    return "the results differ because of " + "; ".join(said)


def _records(folder: Path) -> list[dict[str, Any]]:
    records = provenance.read_manifest(folder).get("notebooks")
    return [r for r in records if isinstance(r, dict) and "code" in r] if isinstance(records, list) else []


def _first_reader(section: str, item: str, records: list[list[dict[str, Any]]]) -> str:
    """The first notebook of either run whose record names the item."""
    found = [record["name"] for side in records for record in side if _read(section, item, record)]
    return min(found, default="")


def _read(section: str, item: str, record: dict[str, Any]) -> bool:
    if section == "parameter":
        return item in record["parameters"]
    if section == "file":
        return item in record["package"]
    if section == "factor":
        return any(file.startswith("data/factors/") for file in record["code"]) and bool(record["package"])
    if section == "code":
        return item in record["code"] or item == f"notebooks/{record['name']}.ipynb"
    return "selection/solve.py" in record["code"] if section == "solver" else True


def _facts(folder: Path, notebooks: set[str]) -> dict[str, dict[str, Any]]:
    """What went into a run and what came out, by section; code of the `notebooks` both hold only."""
    manifest = provenance.read_manifest(folder)
    tables = Path(folder) / "tables"
    versions = _part(manifest, "versions")
    code: dict[str, str] = {}
    for record in (record for record in _records(folder) if record["name"] in notebooks):
        code |= record["code"] | {f"notebooks/{record['name']}.ipynb": record["notebook"]}
    solver = {name: value for name, value in _part(manifest, "solver").items() if name in ("solver", "solver_version")}
    return {
        "run": {"status": manifest.get("status")},
        "parameter": _part(manifest, "parameters"),
        "file": _short(_part(manifest, "files")),
        "factor": _short(_part(manifest, "factors")),
        "code": code,
        "solver": solver | {name: versions[name] for name in _SOLVERS if name in versions},
        "version": {"python": manifest.get("python")} | {n: v for n, v in versions.items() if n not in _SOLVERS},
        "cluster": _items(tables / "cluster.csv"),
        "selection": {name: value for name, value in files.read_json(tables / "selection.json").items() if name in _RESULTS},
        "table": _short(_part(manifest, "outputs")),
    }


def _part(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    value = manifest.get(name)
    return value if isinstance(value, dict) else {}


def _short(hashes: dict[str, str]) -> dict[str, str]:
    """Twelve characters of a hash tell as much as sixty-four."""
    return {name: str(value)[:12] for name, value in hashes.items()}


def _items(file: Path) -> dict[str, str]:
    """The rows item, value, unit of a table."""
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["item"]: f"{row['value']} {row.get('unit') or ''}".strip() for row in csv.DictReader(lines)}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return format(value, ".12g") if isinstance(value, float) else str(value)
