"""Whether a notebook must run again, and why: its record of the last time against what it would read now.

A record holds what the notebook really read when it ran: parameters asked for with their values, package files, tables of earlier
notebooks, and the modules and tables of the workbench its code can reach (`code_used`). Nothing it did not read makes it stale.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from workbench import code_used, files, kept, reads

_ALWAYS = ("report.py", "kernel.py")  # they make the page and the executed copy, whatever the notebook asks for
_SHORT = 12  # characters of a hash that are kept of code
_WHERE = ("run_dir",)


@dataclass(frozen=True)
class Present:
    """What a notebook would find: `facts` of `provenance.describe`, the hash of each `code` file, the project's root."""

    facts: dict[str, Any]
    code: dict[str, str]
    root: Path

    @property
    def versions(self) -> dict[str, str]:
        return {"Python": self.facts["python"], **self.facts["versions"]}

    @cached_property
    def all_code(self) -> str:
        """One hash for all code."""
        return files.digest(self.code)

    def behind(self, notebook: str) -> dict[str, str]:
        """Code a notebook can reach, file → start of its hash."""
        return _behind(self.root / "notebooks" / f"{notebook}.ipynb", tuple(self.code.items()))

    def opened(self, read: set[str]) -> dict[str, str]:
        """The workbench's own tables among the files read."""
        inside = (Path(path).relative_to(code_used.ROOT).as_posix() for path in read if Path(path).is_relative_to(code_used.ROOT))
        return {file: self.code[file][:_SHORT] for file in inside if file in self.code and not file.endswith(".py")}


def record(notebook: str, present: Present, asked: set[str], read: set[str], state: kept.Written, folder: Path) -> dict[str, Any]:
    """What a notebook that ran depended on: `asked` parameters, `read` files (full paths), `state` of the folder before it."""
    asked = (asked | _named(present.root / "notebooks" / f"{notebook}.ipynb") | {"lang"}) - set(_WHERE)
    package = any(Path(path).name in present.facts["files"] and not Path(path).is_relative_to(folder) for path in read)
    inside = {Path(path).relative_to(folder).as_posix() for path in read if Path(path).is_relative_to(folder)}
    return {
        "notebook": present.code.get(f"notebooks/{notebook}.ipynb", "")[:_SHORT],
        "parameters": {name: present.facts["parameters"][name] for name in sorted(asked) if name in present.facts["parameters"]},
        "package": present.facts["files"] if package else {},
        "read": {path: sha for path, sha in state.items() if path in inside},
        "versions": present.versions,
        "all_code": present.all_code,
        "code": present.behind(notebook) | present.opened(read),
        "other": {
            _public(path, present.root): files.sha256(Path(path)) for path in sorted(read) if _is_other(path, present, folder)
        },
    }


def why(notebook: str, before: Mapping[str, Any] | None, present: Present, state: kept.Written, factors: Mapping[str, str]) -> str:
    """Why a notebook must run, in one line; '' when it need not. `state`: what earlier notebooks left; `factors`: rows used."""
    if not before:
        return "not run yet"
    if before.get("status") != "ok":
        return "it failed last time"
    if before["notebook"] != present.code.get(f"notebooks/{notebook}.ipynb", "")[:_SHORT]:
        return "the notebook was changed"
    found = _first_change(before["versions"], present.versions, "{name} {old} → {new}")
    now = present.facts["parameters"]
    asked = {name: now.get(name) for name in before["parameters"]}
    found = found or _first_change(before["parameters"], asked, "parameter {name}: {old} → {new}")
    if before["package"]:
        found = found or _first_change(before["package"], present.facts["files"], "package file {name} {what}")
    found = found or _code_change(notebook, before, present, factors)
    left = {path: state.get(path, "") for path in before["read"]}
    found = found or _first_change(before["read"], left, "{name} {what} by an earlier notebook")
    others = {path: _hash_of(present.root / path) for path in before["other"]}
    return found or _first_change(before["other"], others, "{name} {what}")


def _code_change(notebook: str, before: Mapping[str, Any], present: Present, factors: Mapping[str, str]) -> str:
    if before["all_code"] == present.all_code:
        return ""
    known = {file: present.code[file][:_SHORT] for file in before["code"] if file in present.code}
    now = known | present.behind(notebook)
    found = _first_change(before["code"], now, "{name}")
    if not found.startswith("data/factors/"):
        return _first_change(before["code"], now, "workbench file {name} {what}")
    changed = changed_factors(factors)
    return f"factor {changed[0]} was changed" if changed else f"factor table {found} was changed, no row this run used"


def changed_factors(used: Mapping[str, str]) -> list[str]:
    """Ids of library rows that no longer say what they said when they were `used` (id → hash)."""
    from workbench import library

    now = dict(zip(library.rows()["factor_id"], library.rows()["sha256"], strict=True))
    return [name for name, sha in used.items() if sha and now.get(name, sha) != sha]


def _first_change(old: Mapping[str, Any], new: Mapping[str, Any], say: str) -> str:
    """The first name whose value differs, in words; '' when none does."""
    for name in [*old, *(name for name in new if name not in old)]:
        if old.get(name) != new.get(name):
            what = "was added" if name not in old else "was changed" if new.get(name) else "is gone"
            return say.format(name=name, old=_said(old.get(name)), new=_said(new.get(name)), what=what)
    return ""


def _said(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


@cache
def _behind(notebook: Path, code: tuple[tuple[str, str], ...]) -> dict[str, str]:
    hashes = dict(code)
    try:
        reached = code_used.of_notebook(_code(notebook))
    except SyntaxError:
        reached = frozenset(hashes)
    if "provenance.py" in reached:  # it prints the hash of all code
        reached = frozenset(hashes)
    wanted = reached | set(_ALWAYS) | {file for file in hashes if file.startswith("templates/")}
    return {file: hashes[file][:_SHORT] for file in sorted(wanted & set(hashes))}


def _named(notebook: Path) -> set[str]:
    try:
        return reads.parameters_named(_code(notebook))
    except SyntaxError:
        return set(reads.params.Settings.model_fields)


@cache
def _code(notebook: Path) -> str:
    """Code of a notebook, its parameter cell and magics aside."""
    cells = [cell for cell in files.read_json(notebook).get("cells", []) if cell.get("cell_type") == "code"]
    kept_cells = [cell for cell in cells if "parameters" not in cell.get("metadata", {}).get("tags", [])]
    lines = "\n".join("".join(cell.get("source", "")) for cell in kept_cells).splitlines()
    return "\n".join(line for line in lines if line.lstrip()[:1] not in ("%", "!"))


def _is_other(path: str, present: Present, folder: Path) -> bool:
    """A file of the project that is neither package, run folder nor code, the workbench's or a library's."""
    file = Path(path)
    own = any(file.is_relative_to(place) for place in (folder, code_used.ROOT, sys.prefix)) or file.name in present.facts["files"]
    library = {".venv", "site-packages"} & set(file.parts) or file.suffix in (".py", ".pyc", ".ipynb")
    return file.is_relative_to(present.root) and not own and not library and file.is_file()


def _public(path: str, root: Path) -> str:
    return Path(path).relative_to(root).as_posix()


def _hash_of(file: Path) -> str:
    return files.sha256(file) if file.is_file() else ""
