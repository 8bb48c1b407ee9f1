"""The time of a search holds, with a plan and its bound, also where the solver does not look at its clock."""

from __future__ import annotations

import time
from dataclasses import replace

import highspy
import numpy as np
import pytest
from scipy import sparse

from workbench import params
from workbench.selection import branching, mixed_integer, time_limit
from workbench.selection.mixed_integer import Program

SETTINGS = params.validate({"cluster": "c", "package": "-", "year": 2022, "selection_gap": 1e-6})


def cover(need: float = 26.0) -> Program:
    """Least cost of things that together weigh at least so much: 30 things of weight 1 to 3, cost 1 to 5."""
    draw = np.random.default_rng(3)
    cost, weight, none = draw.integers(1, 6, 30).astype(float), draw.integers(1, 4, 30).astype(float), np.zeros(30)
    return Program(cost, sparse.csr_array(weight[None, :]), np.array([need]), np.array([np.inf]), none, none + 1, np.ones(30, bool))


class Stuck(highspy.Highs):
    """A solver that stays in presolve for ever, unless columns are held."""

    helped = False

    def changeColsBounds(self, *given):  # noqa: N802
        self.helped = True
        return super().changeColsBounds(*given)

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
    best = mixed_integer.minimise(program, SETTINGS).value
    assert mixed_integer.relaxed(program)[1] - 1e-9 <= found.bound <= best + 1e-9  # at least that of the continuous program
    assert best <= program.cost @ found.columns + 1e-9


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


def test_a_dear_thing_in_part_is_set_either_way():
    """Eleven are needed: one thing weighs 1 and costs 1, another 100 and 1,000. A tenth of the dear one would do for 101 in all."""
    none = np.zeros(2)
    rows = sparse.csr_array(np.array([[1.0, 100.0]]))
    program = Program(np.array([1.0, 1000.0]), rows, np.array([11.0]), np.array([np.inf]), none, none + 1, np.ones(2, bool))
    tree = branching.Tree(held(program), "choose", 10.0)
    assert tree.solved and tree.bound == pytest.approx(101) and tree.root.x == pytest.approx([1.0, 0.1])
    tree.grow(2000.0, time.monotonic() + 10.0)
    assert tree.bound == pytest.approx(1000)
    assert not branching.Tree(held(replace(program, row_low=np.array([200.0]))), "choose", 10.0).solved


def test_splits_that_raise_little_are_given_up():
    """10.5 of 40 nearly alike are needed: four programs raise the bound by 0.00005; 1000 is out of reach, 0.0005 more is not."""
    rows, cost = sparse.csr_array(np.ones((1, 40))), 1 + np.arange(40) / 1e4
    program = Program(cost, rows, np.array([10.5]), np.array([np.inf]), np.zeros(40), np.ones(40), np.ones(40, bool))
    for enough, solved in ((1000.0, branching.TRIED), (10.5055, 16)):
        tree = branching.Tree(held(program), "choose", 10.0)
        start = tree.bound
        tree.grow(enough, time.monotonic() + 10.0, 16)
        assert start < tree.bound < enough and tree._number == solved


@pytest.mark.parametrize("seed", range(6))
def test_a_raised_bound_never_passes_the_optimum(seed):
    """Grown a little at a time it rises to the optimum, where a column is tied to two rows and one of them is continuous."""
    draw = np.random.default_rng(seed)
    n = 14
    rows = sparse.csr_array(np.vstack([draw.integers(1, 9, n + 1), np.append(draw.integers(0, 3, n), -1)]).astype(float))
    cost = np.append(draw.integers(1, 30, n), 2).astype(float)
    low, high = np.array([20.0, -np.inf]), np.array([np.inf, 3.0])
    whole = np.arange(n + 1) < n
    top = np.append(np.ones(n), 5.0)
    program = Program(cost, rows, low, high, np.zeros(n + 1), top, whole)
    best, tree = mixed_integer.minimise(program, SETTINGS, gap=0.0).value, branching.Tree(held(program), "off", 10.0)
    before = tree.bound
    for _ in range(200):
        tree.grow(tree.bound + 1e-9, time.monotonic() + 5.0)
        assert before - 1e-9 <= tree.bound <= best + 1e-6
        before = tree.bound
    tree.grow(np.inf, time.monotonic() + 20.0)
    assert tree.bound == pytest.approx(best)
