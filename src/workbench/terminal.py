"""Tables on a terminal: side by side for a reader, CSV or JSON for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from typing import Any


def table(frame: Any, kind: str) -> None:
    """A table on standard output."""
    records = frame.to_dict("records")
    if kind == "json":
        print(json.dumps(records, indent=2, ensure_ascii=False))
    elif kind == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([list(frame.columns), *(row.values() for row in records)])
    else:
        rows(tuple(frame.columns), [tuple(row.values()) for row in records])


def rows(headings: tuple[str, ...], lines: Iterable[tuple]) -> None:
    """Columns side by side, without anything that could steer a terminal."""
    lines = [tuple("".join(c if c.isprintable() else " " for c in str(cell)) for cell in row) for row in (headings, *lines)]
    widths = [min(40, max(len(line[i]) for line in lines)) for i in range(len(headings))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
