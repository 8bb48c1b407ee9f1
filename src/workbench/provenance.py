"""Where a result comes from: parameters, hashes of data and code, versions. Same inputs, same facts: no clock, no machine path."""

from __future__ import annotations

import csv
import hashlib
import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from workbench import __version__, dictionary, params, store
from workbench.errors import PackageError

LIBRARIES = ("pandas", "numpy", "pyomo", "highspy", "papermill", "nbconvert", "matplotlib", "seaborn", "pandera", "pint")
_CODE = Path(__file__).parent


def describe(package: store.Package | str | Path, settings: params.Settings) -> dict[str, Any]:
    """Everything a run's tables depend on."""
    path = package.path if isinstance(package, store.Package) else Path(package)
    files = dict(sorted((package.files if isinstance(package, store.Package) else _files(path)).items()))
    return {
        "parameters": settings.model_dump(mode="json", exclude={"run_dir"}) | {"package": public_path(path)},
        "package_sha256": _digest(files),
        "files": files,
        "code_version": __version__,
        "code_sha256": _code_hash(),
        "python": platform.python_version(),
        "versions": {name: version for name in LIBRARIES if (version := _version(name))},
    }


def manifest(facts: dict[str, Any], folder: Path, **run: Any) -> dict[str, Any]:
    """The whole manifest: `facts` of `describe`, what `run` says (status, notebooks, times) and what lies in the run's folder."""
    tables = Path(folder) / "tables"
    selection = _json(tables / "selection.json")
    solver = {name: selection[name] for name in ("solver", "solver_version", "status", "gap", "recheck") if name in selection}
    outputs = {f"tables/{file.name}": store.sha256(file) for file in sorted(tables.glob("*.*")) if file.name[0] != "."}
    return run | facts | {"inputs_sha256": inputs_hash(facts), "factors": _factors(tables), "solver": solver, "outputs": outputs}


def inputs_hash(facts: dict[str, Any]) -> str:
    """One hash for all of `describe`: equal hashes mean that a run would give the same tables."""
    return _digest(facts)


def public_path(path: Path) -> str:
    """A path as others may see it: from the project's root when it lies inside, else its last part only."""
    full, root = Path(path).resolve(), params.project_root().resolve()
    return full.relative_to(root).as_posix() if full.is_relative_to(root) else full.name


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run's folder; {} where there is none or it is broken."""
    return _json(Path(folder) / "manifest.json")


def _files(path: Path) -> dict[str, str]:
    """Name and hash of each file the package consists of."""
    if path.is_file():
        return {path.name: store.sha256(path)}
    names = ["cluster.yaml", *(f"{table}{end}" for table in dictionary.names() for end in (".csv", ".parquet"))]
    files = {name: store.sha256(path / name) for name in names if (path / name).is_file()}
    if not files:
        raise PackageError(f"no package at {path}: give a folder with cluster.yaml or a workbook (.xlsx)")
    return files


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _code_hash() -> str:
    """Hash of the package's modules, tables and templates and of what the notebooks say, outputs aside."""
    kept = (file for file in _CODE.rglob("*") if file.is_file() and "__pycache__" not in file.parts and file.name[0] != ".")
    hashes = {file.relative_to(_CODE).as_posix(): store.sha256(file) for file in kept}
    for notebook in (params.project_root() / "notebooks").glob("*.ipynb"):
        cells = _json(notebook).get("cells", [])
        said = [[c.get("cell_type"), "".join(c.get("source", "")), c.get("metadata", {}).get("tags", [])] for c in cells]
        hashes[f"notebooks/{notebook.name}"] = _digest(said)
    return _digest(hashes)


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""


def _factors(tables: Path) -> dict[str, str]:
    """Factor rows used, id → hash."""
    file = tables / "factors_used.csv"
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["factor_id"]: row.get("sha256") or "" for row in csv.DictReader(lines) if row.get("factor_id")}


def _json(file: Path) -> dict[str, Any]:
    """A JSON object from a file; {} where there is none or it is broken."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
