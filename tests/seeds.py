"""Families of random instances: the first of them among the fast tests, all of them where the slow ones run too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def first(fast: int, instances: Iterable[Any]) -> list[Any]:
    """Parameters of a test: every instance, those after the first `fast` marked slow."""
    return [
        instance if place < fast else pytest.param(instance, marks=pytest.mark.slow) for place, instance in enumerate(instances)
    ]
