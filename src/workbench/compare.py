"""Two runs side by side: what differs in what went in, and in what came out."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from workbench import provenance

COLUMNS = ("section", "item", "left", "right")
_RESULTS = (
    "status", "objective", "objective_value", "emissions_before", "emissions_after", "budget_tco2e", "capex", "annual_cost",
    "marginal_abatement_cost", "least_reachable_tco2e", "recheck",
)  # fmt: skip


def compare(left: Path, right: Path) -> list[dict[str, str]]:
    """Every difference of two run folders: parameters, files, factors, code and versions first (why), then results (what)."""
    sides = [_facts(folder) for folder in (left, right)]
    differences = []
    for section in sides[0]:
        one, other = (side[section] for side in sides)
        for item in [*one, *(name for name in other if name not in one)]:
            a, b = _text(one.get(item)), _text(other.get(item))
            if a != b:
                differences.append(dict(zip(COLUMNS, (section, item, a, b), strict=True)))
    return differences


def _facts(folder: Path) -> dict[str, dict[str, Any]]:
    manifest = provenance.read_manifest(folder)
    tables = Path(folder) / "tables"
    return {
        "run": {"status": manifest.get("status")},
        "parameter": _part(manifest, "parameters"),
        "file": _short(_part(manifest, "files")),
        "factor": _short(_part(manifest, "factors")),
        "code": {"version": manifest.get("code_version")} | _short({"hash": manifest.get("code_sha256") or ""}),
        "version": {"python": manifest.get("python")} | _part(manifest, "versions"),
        "cluster": _items(tables / "cluster.csv"),
        "selection": {name: value for name, value in _selection(tables / "selection.json").items() if name in _RESULTS},
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


def _selection(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return format(value, ".12g") if isinstance(value, float) else str(value)
