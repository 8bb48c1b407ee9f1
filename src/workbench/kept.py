"""What each notebook left, kept by content, so that a later notebook can be run again on what the earlier ones left.

Some tables are written by several notebooks in turn (each adds its findings). The version a later one overwrote stays in `.kept/`,
named by its hash. A file is taken back only when its bytes are those recorded.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from workbench import files

Written = dict[str, str]  # path in the run's folder -> sha256
FOLDERS = ("tables", "checked")


def pages(notebook: str) -> tuple[str, ...]:
    """Files a notebook leaves beside its tables."""
    last = ("report.html",) if notebook.endswith("_report") else ()
    return (f"{notebook}.ipynb", f"{notebook}.html", *last)


def tables(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Files in `tables/` and `checked/` with what changes when one is written: inode, time, size."""
    found = (file for part in FOLDERS for file in (folder / part).glob("*") if file.name[0] != "." and file.is_file())
    stats = {file.relative_to(folder).as_posix(): file.stat() for file in found}
    return {path: (stat.st_ino, stat.st_mtime_ns, stat.st_size) for path, stat in sorted(stats.items())}


def written(folder: Path, before: dict[str, tuple[int, int, int]], notebook: str) -> Written:
    """What a notebook wrote since `before` (see `tables`), with its pages."""
    changed = [path for path, stat in tables(folder).items() if before.get(path) != stat]
    return {path: files.sha256(folder / path) for path in (*changed, *pages(notebook)) if (folder / path).is_file()}


def keep(folder: Path, state: Written) -> None:
    """Lay aside every file of `state` that lies in the folder with the bytes recorded."""
    for path, sha in state.items():
        if not _place(folder, sha).is_file() and is_as_recorded(folder / path, sha):
            files.copy(folder / path, _place(folder, sha))


def restore(folder: Path, state: Written) -> bool:
    """Bring the files of `state` back; False when one of them is lost."""
    for path, sha in state.items():
        if not is_as_recorded(folder / path, sha):
            if not is_as_recorded(_place(folder, sha), sha):
                return False
            files.copy(_place(folder, sha), folder / path)
    return True


def clear(folder: Path, state: Written, notebooks: Iterable[str]) -> None:
    """Take away what does not belong to `state`: tables, pages, what a killed run left half written. Files of our making only."""
    made = [folder / path for path in tables(folder)]
    made = [file for file in made if file.suffix in (".csv", ".json")]
    made += [folder / page for name in notebooks for page in (*pages(name), f".{name}.partial.ipynb")]
    for file in made:
        if file.relative_to(folder).as_posix() not in state:
            file.unlink(missing_ok=True)
    for part in (".", *FOLDERS, ".kept"):
        for half in [*(folder / part).glob(".*.csv.*"), *(folder / part).glob(".*.json.*"), *(folder / part).glob(".*.partial")]:
            half.unlink(missing_ok=True)


def prune(folder: Path, needed: Iterable[str]) -> None:
    """Forget all but the versions whose hashes are needed."""
    wanted = set(needed)
    for file in (folder / ".kept").glob("*"):
        if file.name not in wanted:
            file.unlink(missing_ok=True)
    if not wanted:
        shutil.rmtree(folder / ".kept", ignore_errors=True)


def is_as_recorded(file: Path | str, sha: str) -> bool:
    """Whether a file is there with the bytes of `sha`."""
    try:
        return files.sha256(file) == sha
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False


def _place(folder: Path, sha: str) -> Path:
    return folder / ".kept" / sha
