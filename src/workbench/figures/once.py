"""Each figure is drawn once in a run: what an earlier notebook drew from the same numbers is shown again as it stands.

A picture is known by its figure, by what it was given, numbers to the digits a run's files hold, and by the code and words behind
it. Only a process made for one notebook keeps pictures (`picture_store`); a notebook opened by hand draws all of its own.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench import picture_store
from workbench.store import FLOAT_FORMAT

_MOST_ROWS = 5_000  # telling larger tables apart costs more than drawing them


def as_filed(value: Any) -> Any:
    """A table with its numbers as a run's file would give them back, so that it is drawn alike before and after; else the value."""
    if not isinstance(value, pd.DataFrame) or len(value) > _MOST_ROWS:
        return value
    floats = [place for place, kind in enumerate(value.dtypes) if isinstance(kind, np.dtype) and kind.kind == "f"]
    numbers = value.iloc[:, floats].to_numpy(float)
    kept = np.array([float(FLOAT_FORMAT % (number + 0.0)) for number in numbers.ravel().tolist()]).reshape(numbers.shape)
    if np.array_equal(kept, numbers, equal_nan=True) and np.array_equal(np.signbit(kept), np.signbit(numbers)):
        return value
    filed = value.copy()
    for place, column in zip(floats, kept.T, strict=True):
        filed.isetitem(place, column)
    return filed


def name(draw: Callable, arguments: inspect.BoundArguments) -> str:
    """The name of the picture that `draw` makes of its arguments; '' where none is kept."""
    behind = picture_store.behind()
    if behind is None:
        return ""
    found = hashlib.sha256(f"{behind} {draw.__module__}.{draw.__qualname__}".encode())
    try:
        for key, value in arguments.arguments.items():
            found.update(f"\x1e{key}\x1f".encode())
            _say(value, found.update)
    except _Unknown:
        return ""
    return found.hexdigest()


class _Unknown(Exception):
    """Something whose content cannot be told."""


def _say(value: Any, tell: Callable[[bytes], None]) -> None:
    """Everything that could change a picture, in bytes; a number and its text are told alike, as in a file."""
    if isinstance(value, pd.DataFrame) and len(value) <= _MOST_ROWS:
        for column, values in value.items():
            tell("\x1f".join([f"\x1d{column}", *map(_text, values.tolist())]).encode())
        tell("\x1f".join(map(_text, value.index.tolist())).encode())
    elif isinstance(value, Mapping):
        for key, item in value.items():
            tell(f"\x1c{key}\x1c".encode())
            _say(item, tell)
    elif isinstance(value, (list, tuple)):
        tell(f"\x1b{len(value)}".encode())
        for item in value:
            _say(item, tell)
    else:
        tell(f"{_text(value)}\x1f".encode())


def _text(value: Any) -> str:
    if isinstance(value, (str, bool, np.bool_)):
        return str(value)
    if isinstance(value, (int, float, np.number)):
        return FLOAT_FORMAT % (value + 0.0) if value == value else ""  # + 0.0: no nil below nil
    if value is None or value is pd.NA:
        return ""
    raise _Unknown
