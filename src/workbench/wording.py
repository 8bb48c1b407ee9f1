"""Every sentence and heading a reader sees, in English and Chinese, from the tables under `data/wording/`."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")
_FOLDER = Path(__file__).parent / "data"


@cache
def _entries() -> dict[str, dict[str, str]]:
    """All wording rows (columns `key`, `en`, `zh`) of every table in `data/wording/`, by key."""
    entries: dict[str, dict[str, str]] = {}
    for path in sorted((_FOLDER / "wording").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["key"] in entries:
                    raise KeyError(f"wording key {row['key']!r} stands twice, again in {path.name}")
                entries[row["key"]] = row
    return entries


@cache
def _labels() -> dict[str, dict[str, str]]:
    """Labels of fields, carriers and codes from the data dictionary, by name; the first one filed wins."""
    labels: dict[str, dict[str, str]] = {}
    for name, key in (
        ("fields.csv", "field"),
        ("carriers.csv", "carrier"),
        ("codes.csv", "code"),
        ("factors/process.csv", "process"),
    ):
        with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                labels.setdefault(row[key], {"en": row["label_en"], "zh": row["label_zh"]})
    return labels


def knows(key: str) -> bool:
    """Whether there is a sentence or heading of this key."""
    return key in _entries()


def text(key: str, lang: str = "en", **values: object) -> str:
    """Return the sentence `key` in `lang`, its `{names}` filled from `values`; `{count:project|projects}` agrees with its number.

    Raises KeyError for an unknown key: a missing sentence is a fault of the program, not of the data.
    """
    template = _entries()[key][lang]
    if "|" in template:
        values = {name: _Counted(value) for name, value in values.items()}
    return template.format(**values)


class _Counted:
    """A value that takes its noun along: `{count:project|projects}` reads `1 project`, `0 projects`, `1,234 projects`."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __format__(self, given: str) -> str:
        one, parted, many = given.partition("|")
        if not parted:
            return format(self._value, given)
        return f"{self._value} {one if str(self._value) == '1' else many}"


def objective_unit(objective: str, currency: str) -> str:
    """The unit of an objective as `figures.currency.*` names it: the currency, tCO2e for emissions, points for a weighted sum."""
    return {"emissions": "tCO2e", "weighted": "weighted"}.get(objective, currency)


def label(name: str, lang: str = "en") -> str:
    """Return the heading of a column, check, source, carrier or code; an unknown name comes back as it is."""
    for kind in ("column", "check", "source"):
        entry = _entries().get(f"{kind}.{name}")
        if entry:
            return entry[lang]
    found = _labels().get(name)
    return found[lang] if found else name
