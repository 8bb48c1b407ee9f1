"""Files of a run: written whole or not at all, known by the hash of their bytes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

PACKED = (".parquet", ".xlsx", ".gz")


def sha256(file: Path | str) -> str:
    """Hash of a file's bytes."""
    with open(file, "rb", buffering=0) as content:  # noqa: PTH123 - a path object takes half the time of a small file
        return hashlib.sha256(content.readall()).hexdigest()


def digest(value: Any) -> str:
    """Hash of what JSON can say, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_text(path: Path, text: str) -> Path:
    """Write a whole file or none: to a temporary name beside it, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def write_json(path: Path, value: dict[str, Any]) -> Path:
    """A JSON file, whole or not at all."""
    return write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object from a file; {} where there is none or it is broken."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def size(package: Path) -> int:
    """Bytes of a package, a folder or a workbook, as they would be in plain text: packed they are about an eighth."""
    inside = [package] if package.is_file() else package.glob("*")
    return sum(file.stat().st_size * (8 if file.suffix in PACKED else 1) for file in inside if file.is_file())


def copy(source: Path, target: Path) -> None:
    """A copy under its name only when it is whole; one that shares no bytes, so that writing into either leaves the other."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    shutil.copy2(source, partial)
    partial.replace(target)
