"""Tables on a terminal: side by side for a reader, CSV or JSON for programs; how a batch stands."""

from __future__ import annotations

import csv
import json
import shutil
import sys
import threading
import time
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


def say(message: str) -> None:
    """One line on standard error."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    print(f"workbench: {plain}", file=sys.stderr)


class Progress:
    """How a batch stands: one line that is rewritten on a terminal, a plain line a notebook elsewhere. Safe between threads."""

    def __init__(self, total: int, stream: Any, quiet: bool = False) -> None:
        self._total, self._stream, self._quiet = total, stream, quiet
        self._done = self._failed = 0
        self._at_work: dict[str, str] = {}
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._rewrites = bool(getattr(stream, "isatty", lambda: False)())

    def begins(self, name: str) -> None:
        """A target is taken up."""
        with self._lock:
            self._at_work[name] = ""
            self._draw()

    def step(self, name: str, step: Any, cause: str = "") -> None:
        """A notebook of it has ended."""
        with self._lock:
            self._at_work[name] = step.name
            if self._rewrites:
                return self._draw()
            why = f"  ({cause})" if cause and cause != "not run yet" else ""
            if not self._quiet or step.status != "ok":
                self._write(f"{name}  {step.name}  {step.status}  {step.seconds:.1f} s{why}\n")

    def ends(self, name: str, failed: bool) -> None:
        """The target has ended."""
        with self._lock:
            self._at_work.pop(name, None)
            self._done, self._failed = self._done + 1, self._failed + failed
            self._draw()

    def line(self) -> str:
        """The line: done of all, failed, how much longer, what is at work."""
        spent = time.monotonic() - self._began
        left = (
            f", about {spent / self._done * (self._total - self._done):.0f} s left"
            if self._done < self._total and self._done
            else ""
        )
        failed = f", {self._failed} failed" if self._failed else ""
        now = ", ".join(f"{name} after {step}" if step else name for name, step in self._at_work.items())
        return f"{self._done}/{self._total} done{failed}{left}" + (f" | {now}" if now else "")

    def close(self) -> None:
        """Leave the line to what is printed next."""
        if self._rewrites and not self._quiet:
            self._write("\r\x1b[K")

    def _draw(self) -> None:
        if self._rewrites and not self._quiet:
            width = shutil.get_terminal_size().columns
            plain = "".join(c if c.isprintable() else " " for c in self.line())
            self._write(f"\r\x1b[K{plain[: width - 1]}")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
