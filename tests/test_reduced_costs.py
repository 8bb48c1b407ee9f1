"""Searches begun from the continuous program: the least cost of the plain search, and a bound that never passes it."""

from __future__ import annotations

import time

import highspy
import numpy as np
import pytest
from scipy import sparse

from workbench import params
from workbench.selection import mixed_integer, reduced_costs, solve, time_limit
from workbench.selection.branching import Tree
from workbench.selection.mixed_integer import Program

SETTINGS = params.validate({"cluster": "c", "package": "-", "year": 2022, "selection_gap": 1e-3})


def choice(seed: int, things: int = 40) -> Program:
    """Things to choose, a need and a limit over all, pairs that exclude each other, and money spent as a free column."""
    draw = np.random.default_rng(seed)
    cost, weight, size = (draw.integers(1, top, things).astype(float) for top in (60, 20, 9))
    pairs = np.kron(np.eye(things // 4), np.ones((1, 2)))
    rows = np.zeros((3 + len(pairs), things + 1))
    rows[0, :things], rows[1, :things], rows[2, :things], rows[2, -1] = weight, size, size, -1.0
    rows[3:, : things // 2] = pairs
    low = np.concatenate([[draw.uniform(0.2, 0.5) * weight.sum(), -np.inf, 0.0], np.full(len(pairs), -np.inf)])
    high = np.concatenate([[np.inf, draw.uniform(0.4, 0.8) * size.sum(), 0.0], np.ones(len(pairs))])
    none, money = np.zeros(things), np.append(cost, 0.5)
    return Program(
        money,
        sparse.csr_array(rows),
        low,
        high,
        np.append(none, -np.inf),
        np.append(none + 1, np.inf),
        np.arange(things + 1) < things,
    )


def held(program: Program, gap: float = 1e-3) -> highspy.Highs:
    solver = highspy.Highs()
    for name, value in {"output_flag": False, "threads": 1, "mip_rel_gap": gap}.items():
        solver.setOptionValue(name, value)
    solver.passModel(mixed_integer.lp(program))
    return solver


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("gap", [1e-1, 1e-3, 0.0])
def test_the_plan_keeps_every_row_and_the_bound_never_passes_the_least_cost(seed, gap):
    program = choice(seed)
    least = mixed_integer.minimise(program, SETTINGS, gap=0.0)
    assert least.status == "optimal"
    solver = held(program, gap)
    told = []
    best = reduced_costs.search(solver, "choose", time.monotonic() + 20, lambda *what: told.append(what[0]))
    assert best.bound <= least.value + 1e-6 and told == sorted(told)
    if best.columns is not None:
        assert best.value >= least.value - 1e-6 and best.value == pytest.approx(program.cost @ best.columns)
        reached = program.rows @ best.columns
        assert (program.row_low - 1e-6 <= reached).all() and (reached <= program.row_high + 1e-6).all()
    solver.run()  # what is held again is the whole program
    assert solver.getInfo().objective_function_value == pytest.approx(least.value, rel=gap + 1e-9)


@pytest.mark.parametrize("apart", [0, 10**9])
def test_a_search_begun_there_is_proven_to_the_gap(monkeypatch, apart):
    monkeypatch.setattr(time_limit, "APART", apart)
    for seed in range(3):
        program = choice(seed)
        plain = mixed_integer.minimise(program, SETTINGS, gap=0.0)
        with monkeypatch.context() as lowered:
            lowered.setattr(reduced_costs, "FIRST", 0)
            found, again = (mixed_integer.minimise(program, SETTINGS) for _ in range(2))
        assert found.status == "optimal" and found.value == again.value
        assert found.bound <= plain.value + 1e-6 <= found.value + 2e-6
        assert found.value - found.bound <= 1e-3 * abs(found.value) + 1e-9


@pytest.mark.parametrize("apart", [0, 10**9])
def test_what_cannot_be_is_said_and_time_that_is_up_is_kept(monkeypatch, apart):
    monkeypatch.setattr(time_limit, "APART", apart)
    monkeypatch.setattr(reduced_costs, "FIRST", 0)
    program = choice(1)
    impossible = Program(
        program.cost, program.rows, program.row_low + 1e6, program.row_high, program.low, program.high, program.whole
    )
    assert mixed_integer.minimise(impossible, SETTINGS).status == "infeasible"
    start = time.monotonic()
    found = time_limit.run(held(program), 0.0)
    assert time.monotonic() - start < 2.0
    assert found.columns is None or found.bound <= program.cost @ found.columns + 1e-6


def test_nothing_to_make_least_and_few_whole_columns_are_searched_as_they_are(monkeypatch):
    assert reduced_costs.FIRST >= solve.TIES  # where ties are broken the search is the plain one
    program = choice(1)
    assert not reduced_costs.large(held(program))
    monkeypatch.setattr(reduced_costs, "FIRST", 0)
    assert reduced_costs.large(held(program))
    free = Program(0 * program.cost, program.rows, program.row_low, program.row_high, program.low, program.high, program.whole)
    assert not reduced_costs.large(held(free))


def test_a_corner_moves_no_column_that_costs_more_than_the_room():
    """Ten are needed: weights 4, 3, 2, 5 at 8, 9, 10, 30 each. In parts 4 + 3 + 2 at 27 and a fifth of the last at 6."""
    none = np.zeros(4)
    rows = sparse.csr_array(np.array([[4.0, 3.0, 2.0, 5.0]]))
    program = Program(np.array([8.0, 9, 10, 30]), rows, np.array([10.0]), np.array([np.inf]), none, none + 1, np.ones(4, bool))
    tree = Tree(held(program), "off", 10.0)
    assert tree.root.cost == pytest.approx(33) and tree.root.dear == pytest.approx([-16, -9, -2, 0])
    lower, upper = none.copy(), none + 1
    reduced_costs._narrow(tree.root, 5.0, tree.whole, lower, upper)
    assert lower.tolist() == [1, 1, 0, 0] and upper.tolist() == [1, 1, 1, 1]
    tree.raise_to(tree.root, 38.0)
    assert tree.bound == 38.0


@pytest.mark.parametrize("seed", range(8))
def test_what_is_held_is_alike_in_every_plan_as_good(seed):
    """All plans that cost as little as a given one, found one by one, lie within the bounds that are left."""
    program = choice(seed, 12)
    things = np.array([[(number >> n) & 1 for n in range(12)] for number in range(2**12)], float)
    money = things @ program.rows[[1]].toarray()[0, :12]
    plans = np.column_stack([things, money])
    reached = (program.rows @ plans.T).T
    plans = plans[((program.row_low - 1e-9 <= reached) & (reached <= program.row_high + 1e-9)).all(axis=1)]
    cost = plans @ program.cost
    for place in (0, 5, 20):
        known = plans[np.argsort(cost, kind="stable")[place]]
        solver = held(program)
        reduced_costs.hold(solver, known, 10.0)
        lp = solver.getLp()
        low, high = np.array(lp.col_lower_), np.array(lp.col_upper_)
        as_good = plans[cost <= program.cost @ known + 1e-9]
        assert len(as_good) > place and ((low - 1e-6 <= as_good) & (as_good <= high + 1e-6)).all()
        if place == 0:
            assert (low == high).any()


def test_nothing_is_held_where_the_continuous_program_has_no_answer():
    program = choice(1)
    impossible = Program(
        program.cost, program.rows, program.row_low + 1e6, program.row_high, program.low, program.high, program.whole
    )
    solver = held(impossible)
    reduced_costs.hold(solver, np.zeros(41), 10.0)
    assert np.array_equal(np.array(solver.getLp().col_upper_), program.high)
