"""Where a result comes from: parameters, hashes of data and code, versions. Same inputs, same facts: no clock, no machine path."""

from __future__ import annotations

import csv
import platform
import re
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from workbench import __version__, files, params
from workbench.errors import PackageError

LIBRARIES = ("pandas", "numpy", "pyomo", "highspy", "papermill", "nbconvert", "matplotlib", "seaborn", "pandera", "pint")
_CODE = Path(__file__).parent


def describe(package: Any, settings: params.Settings, code: dict[str, str] | None = None) -> dict[str, Any]:
    """Everything a run's tables depend on; `package`: path, or what `store.read_package` gave; `code`: `code_files`, if known."""
    read = getattr(package, "files", None)
    path = package.path if read is not None else Path(package)
    filed = dict(sorted((_files(path) if read is None else read).items()))
    return {
        "parameters": settings.model_dump(mode="json", exclude={"run_dir"}) | {"package": public_path(path)},
        "package_sha256": files.digest(filed),
        "files": filed,
        "code_version": __version__,
        "code_sha256": files.digest(code_files() if code is None else code),
        "python": platform.python_version(),
        "versions": {name: found for name in LIBRARIES if (found := version(name))},
    }


def manifest(facts: dict[str, Any], folder: Path, **run: Any) -> dict[str, Any]:
    """The whole manifest: `facts` of `describe`, what `run` says (status, notebooks, times) and what lies in the run's folder."""
    tables = Path(folder) / "tables"
    selection = files.read_json(tables / "selection.json")
    solver = {name: selection[name] for name in ("solver", "solver_version", "status", "gap", "recheck") if name in selection}
    outputs = {f"tables/{file.name}": result_hash(file) for file in sorted(tables.glob("*.*")) if file.name[0] != "."}
    return run | facts | {"inputs_sha256": inputs_hash(facts), "factors": _factors(tables), "solver": solver, "outputs": outputs}


def result_hash(file: Path) -> str:
    """Hash of a result: of a JSON file without the seconds a computation took, which no two runs share; else of its bytes."""
    if file.suffix != ".json":
        return files.sha256(file)
    return files.digest({name: value for name, value in files.read_json(file).items() if not is_a_time(name)})


def is_a_time(name: str) -> bool:
    """Whether a value says how long something took."""
    return name.endswith("_seconds")


def inputs_hash(facts: dict[str, Any]) -> str:
    """One hash for all of `describe`: equal hashes mean that a run would give the same tables."""
    return files.digest(facts)


def public_path(path: Path) -> str:
    """A path as others may see it: from the project's root when it lies inside, else its last part only."""
    full, root = Path(path).resolve(), params.project_root().resolve()
    return full.relative_to(root).as_posix() if full.is_relative_to(root) else full.name


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run's folder; {} where there is none or it is broken."""
    return files.read_json(Path(folder) / "manifest.json")


def _files(path: Path) -> dict[str, str]:
    """Name and hash of each file the package consists of, a factor table of the user's own among them."""
    if path.is_file():
        return {path.name: files.sha256(path)}
    names = ["cluster.yaml", *(f"{table}{end}" for table in _table_names() for end in (".csv", ".parquet"))]
    found = {name: path / name for name in names if (path / name).is_file()}
    if "cluster.yaml" in found:
        stated = re.search(
            r"^factor_set:\s*[\"']?(.+?\.(?:csv|parquet))\b", found["cluster.yaml"].read_text("utf-8", "replace"), re.M | re.I
        )
        own = [file for file in ((path / stated[1], Path(stated[1])) if stated else ()) if file.is_file()]
        found |= {file.name: file for file in own[:1]}
    if not found:
        raise PackageError(f"no package at {path}: give a folder with cluster.yaml or a workbook (.xlsx)")
    return {name: files.sha256(file) for name, file in found.items()}


@cache
def _table_names() -> tuple[str, ...]:
    with (_CODE / "data" / "tables.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(row["table"] for row in csv.DictReader(lines))


def code_files() -> dict[str, str]:
    """Hash of each module, table and template of the workbench and of what each notebook says, outputs aside."""
    hashes = dict(_own_files())
    for notebook in sorted((params.project_root() / "notebooks").glob("*.ipynb")):
        hashes[f"notebooks/{notebook.name}"] = notebook_hash(notebook)
    return hashes


def notebook_hash(notebook: Path) -> str:
    """Hash of what a notebook says: kinds, sources and tags of its cells."""
    stat = notebook.stat()
    return _notebook_hash(notebook, stat.st_mtime_ns, stat.st_size)


@cache
def _notebook_hash(notebook: Path, _time: int, _size: int) -> str:
    cells = files.read_json(notebook).get("cells", [])
    return files.digest([[c.get("cell_type"), "".join(c.get("source", "")), c.get("metadata", {}).get("tags", [])] for c in cells])


@cache
def _own_files() -> dict[str, str]:
    kept = (file for file in _CODE.rglob("*") if file.is_file() and "__pycache__" not in file.parts and file.name[0] != ".")
    return {file.relative_to(_CODE).as_posix(): files.sha256(file) for file in sorted(kept)}


@cache
def version(library: str) -> str:
    """Version of an installed library; blank where it is not there."""
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
