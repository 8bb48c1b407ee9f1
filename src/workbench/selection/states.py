"""The states of a plan in arrays: which project has been started by which year, and what that says of a year in which it works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Window:
    """When a project may start (`earliest` to `latest`), years from start to effect (`lead`) and years of effect (`life`)."""

    earliest: int
    latest: int
    lead: int
    life: int

    def state(self, year: int) -> int | None:
        """The year whose state says whether the project has been started by `year`; None before it can be."""
        return None if year < self.earliest else min(year, self.latest)

    def working(self, year: int) -> tuple[int | None, int | None]:
        """Two states, by their years: it works in `year` if started by the first and not by the second; None: there is none."""
        begun, ended = self.state(year - self.lead), self.state(year - self.lead - self.life)
        return (None, None) if begun == ended else (begun, ended)


class States:
    """State n: whether `project[n]` has been started by `year[n]`; projects by number, in the order of their `ids`.

    By project: `first` and `last`, the states of the earliest and latest year in which it may start; `lead`, `life`.
    """

    def __init__(self, windows: Mapping[str, Window], years: Sequence[int]) -> None:
        self.ids, self.years, self._windows = list(windows), tuple(years), windows
        every = list(windows.values())
        shared = np.fromiter(map(id, every), np.int64, len(every))  # projects share what is the same
        if len(every) and (shared == shared[0]).all():
            kinds, self._kind = every[:1], np.zeros(len(every), np.int64)
        else:
            _, one, self._kind = np.unique(shared, return_index=True, return_inverse=True)
            kinds = [every[n] for n in one.tolist()]
        self.earliest, self.latest, self.lead, self.life = (
            np.array([getattr(window, name) for window in kinds], np.int64)[self._kind]
            for name in ("earliest", "latest", "lead", "life")
        )
        lengths = np.maximum(self.latest - self.earliest + 1, 0)
        self.last = np.cumsum(lengths) - 1
        self.first = self.last - lengths + 1
        self.project = np.repeat(np.arange(len(self.ids)), lengths)
        self.year = self.earliest[self.project] + np.arange(len(self.project)) - self.first[self.project]
        working = [[window.working(t) for t in self.years] for window in kinds]
        self._begun, self._ended = (
            np.array(
                [[-1 if pair[side] is None else pair[side] - window.earliest for pair in row]
                 for window, row in zip(kinds, working, strict=True)], np.int64,
            ).reshape(-1, len(self.years))
            for side in (0, 1)
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.project)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """(project, year) of each state."""
        return zip([self.ids[n] for n in self.project.tolist()], self.year.tolist(), strict=True)

    @cached_property
    def place(self) -> dict[str, int]:
        """Number of each project."""
        return dict(zip(self.ids, range(len(self.ids)), strict=True))

    @cached_property
    def able(self) -> np.ndarray:
        """Whether a project can work in a year: years x projects."""
        return (self._begun >= 0)[self._kind].T

    def at_work(self, project: np.ndarray, year: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Whether projects work in years (by number): terms as the place in these arrays, sign and state."""
        kind, first = self._kind[project], self.first[project]
        begun, ended = self._begun[kind, year], self._ended[kind, year]
        plus, minus = np.flatnonzero(begun >= 0), np.flatnonzero(ended >= 0)
        signs = np.concatenate([np.ones(len(plus)), np.full(len(minus), -1.0)])
        states = np.concatenate([first[plus] + begun[plus], first[minus] + ended[minus]])
        return np.concatenate([plus, minus]), signs, states

    def one_at_work(self, project: str, year: int) -> tuple[list[float], list[int]]:
        """Signs and states of one project in one calendar year."""
        window = self._windows[project]
        begun, ended = window.working(year)
        if begun is None:
            return [], []
        start = self.first.item(self.place[project]) - window.earliest
        return ([1.0], [start + begun]) if ended is None else ([1.0, -1.0], [start + begun, start + ended])

    def started(self, project: np.ndarray, year: np.ndarray) -> np.ndarray:
        """The state that says whether a project has been started by a year (a calendar year); -1 before it can be."""
        found = self.first[project] + np.minimum(year, self.latest[project]) - self.earliest[project]
        return np.where(year < self.earliest[project], -1, found)

    def of_starts(self, amounts: np.ndarray) -> np.ndarray:
        """Coefficients on states of sum amount x start, where start = y_t - y_t-1; `amounts` by state, in its year of start."""
        after = np.append(amounts[1:], 0.0)
        after[self.last] = 0.0
        return amounts - after


class ByStart(Mapping):
    """An amount of each project by year of start: (project, year) → amount."""

    def __init__(self, states: States, amounts: np.ndarray) -> None:
        self.states, self.amounts = states, amounts

    def __getitem__(self, at: tuple[str, int]) -> float:
        states, (project, year) = self.states, at
        n = states.place[project]
        if not states.earliest[n] <= year <= states.latest[n]:
            raise KeyError(at)
        return float(self.amounts[states.first[n] + year - states.earliest[n]])

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self.states)

    def __len__(self) -> int:
        return len(self.states)


def pairs(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pairs of numbers that stand side by side, each once and in order, and which of them stands where."""
    found, which = np.unique(one + 1j * other, return_inverse=True)  # rows of a table would be compared as bytes, ten times slower
    return found.real, found.imag, which


def spread(start: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs start, start + 1, ... of `count` numbers each: the number of the run, and the numbers."""
    run = np.repeat(np.arange(len(count)), count)
    return run, start[run] + np.arange(len(run)) - (np.cumsum(count) - count)[run]
