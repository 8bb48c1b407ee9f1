"""A choice solved by its parts is the choice solved at once: value, bound, feasibility, on random instances."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from workbench import params
from workbench.selection import decomposition, mixed_integer

SCRIPT = Path(__file__).parent / "benchmarks" / "instances.py"


@pytest.fixture(scope="module")
def instances():
    spec = importlib.util.spec_from_file_location("instances", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["instances"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def settings(gap=0.0):
    return params.validate({"cluster": "random", "package": "none", "year": 2022, "selection_gap": gap})


def small(instances, seed, count=40, firms=8, **more):
    """A choice with few projects in several enterprises, so that there are parts to solve alone."""
    made = instances.instance(count, seed, **more)
    firm = np.repeat(np.arange(count // 4) % firms, 4)
    before = 1.5 * np.bincount(firm[made.first], weights=made.use * made.factor, minlength=firms)
    limit = 0.7 * np.bincount(firm, weights=made.capex, minlength=firms)
    moved = float(before.sum() - made.before.sum())
    return replace(made, firm=firm, before=before, capital=limit, budget=made.budget + moved)


def holds(program, x):
    """Whether every row, bound and whole number is kept."""
    rows = program.rows @ x
    room = 1e-6 * (1 + np.abs(rows))
    return (
        (rows >= program.row_low - room).all()
        and (rows <= program.row_high + room).all()
        and (x >= program.low - 1e-6).all()
        and (x <= program.high + 1e-6).all()
        and (x[program.whole] == np.round(x[program.whole])).all()
    )


def with_capital(program, made, share):
    """A second coupling row: capital of the whole cluster, `share` of what all projects cost; and the places of both rows."""
    row = np.zeros((1, program.rows.shape[1]))
    row[0, : made.projects] = made.capex
    rows = sparse.csr_array(sparse.vstack([program.rows, sparse.csr_array(row)]))
    low, high = np.append(program.row_low, -np.inf), np.append(program.row_high, share * made.capex.sum())
    return replace(program, rows=rows, row_low=low, row_high=high), np.array([rows.shape[0] - 2, rows.shape[0] - 1])


def compare(program, coupling, gap=0.0):
    """Both ways on one program; the statements that must hold whatever the instance."""
    at_once = mixed_integer.minimise(program, settings(gap))
    by_parts = decomposition.solve(program, coupling, settings(gap))
    if at_once.x is None:
        assert by_parts is None or by_parts.x is None
        return None
    assert holds(program, by_parts.x)
    scale = abs(at_once.value)
    assert by_parts.bound <= at_once.value + 1e-6 * scale, "the bound is proven"
    assert by_parts.value >= at_once.bound - 1e-6 * scale, "no plan is cheaper than the proven bound of the other way"
    assert by_parts.value - by_parts.bound <= (gap + 1e-6) * scale
    assert abs(by_parts.value - at_once.value) <= (2 * gap + 1e-6) * scale
    return by_parts


@pytest.mark.parametrize("seed", range(20))
def test_by_parts_as_at_once(instances, seed):
    made = small(instances, seed)
    found = compare(*instances.arrays(made))
    assert found is None or found.parts == 8


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 300, 50))
def test_by_parts_as_at_once_on_hundreds(instances, start):
    solved = 0
    for seed in range(start, start + 50):
        made = small(instances, seed, count=24, firms=6, cut=0.3 + 0.01 * (seed % 40))
        program, coupling = instances.arrays(made)
        if seed % 2:
            program, coupling = with_capital(program, made, 0.4)
        solved += compare(program, coupling, gap=(0.0, 1e-3)[seed % 4 < 2]) is not None
    assert solved > 25


def test_coupling_rows_are_found(instances):
    made = small(instances, 1, count=80, firms=20)
    program, coupling = instances.arrays(made)
    assert decomposition.coupling_rows(program).tolist() == coupling.tolist()
    both, places = with_capital(program, made, 0.5)
    assert decomposition.coupling_rows(both).tolist() == places.tolist()


def test_one_enterprise_cannot_be_parted(instances):
    program, _ = instances.arrays(small(instances, 1, firms=1))
    rows = program.rows.toarray()
    rows[:] = 1.0  # every row touches every column
    assert decomposition.coupling_rows(replace(program, rows=sparse.csr_array(rows))) is None


def test_two_couplings_have_two_prices(instances):
    """Capital short and carbon short: both rows bind in the relaxed mix, each has its price with the sign of its limit."""
    made = small(instances, 3)
    program, coupling = with_capital(instances.arrays(made)[0], made, 0.45)
    found = compare(program, coupling)
    assert found is not None and (found.prices <= 1e-9).all()


def test_price_of_carbon_is_the_saving_of_a_tonne(instances):
    """The bound is what the prices prove: a looser budget moves the relaxed cost by price x tonnes at most."""
    program, coupling = instances.arrays(small(instances, 5))
    found = decomposition.solve(program, coupling, settings())
    high = program.row_high.copy()
    high[coupling] += 100.0
    looser = decomposition.solve(replace(program, row_high=high), coupling, settings())
    assert looser.value >= found.bound + found.prices[0] * 100 - 1e-6 * abs(found.value)


def test_nothing_reaches_the_budget(instances):
    program, coupling = instances.arrays(replace(small(instances, 1), budget=0.0))
    assert decomposition.solve(program, coupling, settings()) is None


def test_parts_without_a_coupling_row(instances):
    """No row couples: each part's own optimum, the bound is the value."""
    program, coupling = instances.arrays(small(instances, 2))
    high = program.row_high.copy()
    high[coupling] = np.inf
    compare(replace(program, row_high=high), coupling)


def test_values_of_an_instance_three_ways(instances):
    """Arrays, the workbench's problem and plain sums of the instance agree on any choice."""
    made = instances.instance(40, 7)
    problem = instances.problem(made)
    program, _ = instances.arrays(made)
    draw = np.random.Generator(np.random.PCG64(1))
    for _ in range(20):
        chosen = (draw.random(40) < 0.5).astype(float)
        ids = {i for i, x in zip(problem.ids, chosen, strict=True) if x}
        money, tonnes = instances.value(made, chosen)
        assert problem.value(ids) == pytest.approx(money) and problem.emissions(ids) == pytest.approx(tonnes)
        pair = made.second >= 0
        one, two = chosen[made.first[pair]], chosen[made.second[pair]]
        bundle = np.eye(4)[(one + 2 * two).astype(int)].ravel()
        saved = made.factor * (
            made.use
            - made.use * (1 - chosen[made.first] * made.share_one) * (1 - np.where(pair, chosen[made.second], 0) * made.share_two)
        )
        firms = made.before - np.bincount(made.owner, weights=saved, minlength=len(made.before))
        spent = np.bincount(made.firm, weights=made.capex * chosen, minlength=len(made.before))
        x = np.concatenate([chosen, bundle, firms, spent])
        assert program.cost @ x == pytest.approx(money) and firms.sum() == pytest.approx(tonnes)
        tied = len(made.requires) + len(made.excludes) + 1 + len(made.before)  # rows without equality
        assert np.allclose((program.rows @ x)[:-tied], program.row_low[:-tied], atol=1e-6)
