"""The ways of building the selection model are the same matrix and the same answer; the workbench's keeps its place among them."""

import importlib.util
import sys
import warnings
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "benchmarks"


@pytest.fixture(scope="module")
def bench():
    for name in ("instances", "selection"):
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # the second imports the first
        spec.loader.exec_module(module)
    yield sys.modules.pop("selection")
    sys.modules.pop("instances")


def solved(highs):
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.run()
    return highs.getInfo().objective_function_value


@pytest.mark.parametrize("seed", [1, 2])
def test_all_ways_build_the_same_matrix_with_the_same_answer(bench, seed):
    made = bench.instances.instance(80, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the other libraries
        held = {way: work(made) for way, work in bench.WAYS.items()}
    sizes = {way: bench.size_of(highs) for way, highs in held.items()}
    assert len(set(sizes.values())) == 1, sizes
    own = bench.solve.Model(bench.instances.problem(made)).solve(tie_break=False, gap=0.0).value
    answers = {way: solved(highs) for way, highs in held.items() if way != "workbench"}  # its objective is given when it solves
    assert all(value == pytest.approx(own, rel=1e-9) for value in answers.values()), answers


@pytest.mark.slow
def test_the_readable_model_is_built_no_slower_than_the_libraries(bench):
    """At 10,000 projects: not above 2 x linopy, and below Pyomo's own interfaces and PuLP; half again as much is left as margin."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = bench.measure(10_000, 3, memory=False).set_index("way")["build_s"]
    assert table["workbench"] < 1.5 * 2 * table["linopy"]
    assert table["workbench"] < 1.5 * min(table["Pyomo, appsi"], table["Pyomo, contrib"], table["PuLP"])


@pytest.mark.slow
def test_proofs_at_once_and_by_parts_meet(bench):
    table = bench.proofs(4000, 1e-3).set_index("way")
    assert (table["gap"] <= 1e-3).all()
    assert table["value"].max() - table["value"].min() <= 1e-3 * table["value"].abs().max()
    assert table["bound"].max() <= table["value"].min() + 1e-6 * table["value"].abs().max()
