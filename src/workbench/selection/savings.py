"""What the parts of a problem save in each stretch of time: thousands of linear forms, kept in arrays and added up together."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

import numpy as np

from workbench.interaction import Pool
from workbench.selection.bundles import Part
from workbench.selection.horizon import Horizon
from workbench.selection.linear import Linear


class Savings:
    """Savings of each part in each of its segments, in the unit of its pool's activity, in the order of parts and segments.

    By part: `pools`. By form: the number of its `part`, of its `year` in the plan, the `factor` that the carrier's has become by
    then, and whether it `counts` there: of a typical year the first stretch does, in which everyone works.
    """

    def __init__(self, horizon: Horizon, parts: Iterable[tuple[Part, list[Linear]]]) -> None:
        self.pools: list[Pool] = []
        numbers, lengths, constants, coefficients, variables = array("q"), array("q"), array("d"), array("d"), []
        for part, forms in parts:
            self.pools.append(part.pool)
            numbers.append(len(forms))
            for form in forms:
                lengths.append(len(form.variables))
                constants.append(form.constant)
                coefficients.fromlist(form.coefficients)
                variables += form.variables
        self.part = np.repeat(np.arange(len(numbers)), numbers)
        self._constants, self._coefficients = np.array(constants), np.array(coefficients)
        self._form = np.repeat(np.arange(len(lengths)), lengths)
        self._variables = np.fromiter(variables, object, len(variables))
        if horizon.by_years:
            self.year = np.tile(np.arange(len(horizon.years)), len(numbers))
            electric = np.array([pool.carrier == "electricity" for pool in self.pools], bool)[self.part]
            self.factor = np.where(electric, np.array([horizon.grid(t) for t in horizon.years])[self.year], 1.0)
            self.counts = np.ones(len(lengths), bool)
        else:
            self.year, self.factor = np.zeros(len(lengths), int), np.ones(len(lengths))
            self.counts = np.diff(self.part, prepend=-1) > 0

    def of(self, name: str) -> np.ndarray:
        """An amount of the pool, a unit of activity, by form."""
        return np.array([getattr(pool, name) for pool in self.pools], float)[self.part]

    def add_to(self, form: Linear, weights: np.ndarray) -> Linear:
        """Add every saving, weighted, to one form."""
        self.spread([form], np.zeros(len(weights), int), weights)
        return form

    def spread(self, forms: Sequence[Linear], which: np.ndarray, weights: np.ndarray) -> None:
        """Add every saving, weighted, to the form of that number; one that weighs nothing to none."""
        some = weights != 0
        constants = np.array([form.constant for form in forms], float)
        np.add.at(constants, which[some], (weights * self._constants)[some])
        terms = np.flatnonzero(some[self._form])
        terms = terms[np.argsort(which[self._form[terms]], kind="stable")]
        coefficients = (weights[self._form[terms]] * self._coefficients[terms]).tolist()
        variables = self._variables[terms].tolist()
        ends = np.cumsum(np.bincount(which[self._form[terms]], minlength=len(forms))).tolist()
        for form, constant, start, end in zip(forms, constants.tolist(), [0, *ends], ends, strict=False):
            form.constant = constant
            form.coefficients += coefficients[start:end]
            form.variables += variables[start:end]
