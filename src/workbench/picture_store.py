"""Where a run keeps the pictures that its notebooks have drawn (`figures.once` names them).

Apart from the figures, since a notebook's process asks for it first of all, and the figures take seconds to import.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbench import files

_here: dict[str, Any] = {}


def keep_in(folder: Path | None, notebook: str = "", behind: str = "") -> None:
    """From now on keep pictures in `folder`, those of `notebook` afresh; `behind`: a hash of the code. None: no longer."""
    _here.clear()
    if folder is not None:
        for old in (folder / notebook).glob("*.json"):
            old.unlink()
        _here.update(folder=folder, notebook=notebook, behind=behind)


def behind() -> str | None:
    """The hash of the code behind the pictures kept here; None where none are kept."""
    return _here.get("behind")


def stored(picture: str) -> dict[str, str]:
    """What another notebook of this run kept under a name: svg, caption, alt; {} where nothing is."""
    if not picture:
        return {}
    found = sorted(_here["folder"].glob(f"*/{picture}.json"))
    return files.read_json(found[0]) if found else {}


def store(picture: str, svg: str, caption: str, alt: str) -> None:
    """Keep a picture."""
    if picture and _here:
        place = _here["folder"] / _here["notebook"] / f"{picture}.json"
        files.write_text(place, json.dumps({"svg": svg, "caption": caption, "alt": alt}, ensure_ascii=False))
