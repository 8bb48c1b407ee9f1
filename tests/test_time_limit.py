"""The time of a search holds, with a plan and its bound, also where the solver does not look at its clock."""

from __future__ import annotations

import time
from dataclasses import replace

import highspy
import numpy as np
import pytest
from scipy import sparse

from workbench import params
from workbench.selection import mixed_integer, time_limit
from workbench.selection.mixed_integer import Program

SETTINGS = params.validate({"cluster": "c", "package": "-", "year": 2022, "selection_gap": 1e-6})


def cover(need: float = 26.0) -> Program:
    """Least cost of things that together weigh at least so much: 30 things of weight 1 to 3, cost 1 to 5."""
    draw = np.random.default_rng(3)
    cost, weight, none = draw.integers(1, 6, 30).astype(float), draw.integers(1, 4, 30).astype(float), np.zeros(30)
    return Program(cost, sparse.csr_array(weight[None, :]), np.array([need]), np.array([np.inf]), none, none + 1, np.ones(30, bool))


class Stuck(highspy.Highs):
    """A solver that stays in presolve for ever, unless nothing need be whole."""

    helped = False

    def changeColsIntegrality(self, *given):  # noqa: N802
        self.helped = True
        return super().changeColsIntegrality(*given)

    def run(self):
        if not self.helped:
            time.sleep(60)
        return super().run()


def held(program: Program, kind=highspy.Highs) -> highspy.Highs:
    solver = kind()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(mixed_integer.lp(program))
    return solver


def test_a_search_apart_has_the_same_answer(monkeypatch):
    here = mixed_integer.minimise(cover(), SETTINGS)
    monkeypatch.setattr(time_limit, "APART", 0)
    apart = mixed_integer.minimise(cover(), SETTINGS)
    assert here.status == apart.status == "optimal" and here.value == apart.value
    assert (here.x == apart.x).all() and apart.bound == pytest.approx(here.bound)
    assert mixed_integer.minimise(cover(need=1000.0), SETTINGS).status == "infeasible"
    loose = replace(cover(), whole=np.zeros(30, bool))
    assert mixed_integer.minimise(loose, SETTINGS).value == pytest.approx(mixed_integer.relaxed(loose)[1])


def test_where_presolve_never_ends_the_time_holds_and_there_is_a_plan_with_its_bound(monkeypatch):
    monkeypatch.setattr(time_limit, "APART", 0)
    program, start = cover(), time.monotonic()
    found = time_limit.run(held(program, Stuck), 2.0)
    assert time.monotonic() - start < 4.0
    assert program.rows @ np.round(found.columns) >= 26.0
    assert found.bound == pytest.approx(mixed_integer.relaxed(program)[1])  # that of the continuous program, no more
    best = mixed_integer.minimise(program, SETTINGS).value
    assert found.bound <= best <= program.cost @ found.columns + 1e-9


def test_without_help_a_search_cut_short_says_so(monkeypatch):
    monkeypatch.setattr(time_limit, "APART", 0)
    monkeypatch.setattr(time_limit, "HELP", 9.0)
    found = time_limit.run(held(cover(), Stuck), 0.3)
    assert (found.status, found.columns, found.bound) == (highspy.HighsModelStatus.kTimeLimit, None, -np.inf)


@pytest.mark.slow
def test_a_dense_choice_whose_presolve_takes_long(monkeypatch):
    """20,000 things in pairs of which one may be had, all in one row: HiGHS alone is still in presolve after the limit."""
    draw, n = np.random.default_rng(1), 20_000
    cost, weight = draw.uniform(1, 100, n), draw.uniform(1, 50, n)
    pairs = sparse.kron(sparse.eye_array(n // 2), np.ones((1, 2)))
    rows = sparse.csr_array(sparse.vstack([weight[None, :], pairs]))
    low, high = np.r_[0.3 * weight.sum(), np.full(n // 2, -np.inf)], np.r_[np.inf, np.ones(n // 2)]
    program = Program(cost, rows, low, high, np.zeros(n), np.ones(n), np.ones(n, bool))
    start = time.monotonic()
    found = mixed_integer.minimise(program, SETTINGS, seconds=10.0)
    assert time.monotonic() - start < 15.0
    assert found.bound <= found.value <= 1.01 * found.bound
    assert weight @ found.x >= low[0] - 1e-6 and (pairs @ found.x <= 1).all()
