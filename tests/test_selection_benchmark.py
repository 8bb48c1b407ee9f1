"""The ways of building the selection model are the same matrix and the same answer; the workbench's keeps its place among them."""

import importlib.util
import sys
import warnings
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "benchmarks"


@pytest.fixture(scope="module")
def bench():
    sys.path.insert(0, str(FOLDER))  # for the processes it starts
    for name in ("instances", "ways", "selection"):
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # each imports those before it
        spec.loader.exec_module(module)
    yield sys.modules["selection"]
    for name in ("selection", "ways", "instances"):
        sys.modules.pop(name)
    sys.path.remove(str(FOLDER))


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


def test_plans_by_years_are_handed_over_whole(bench):
    problem = bench.instances.problem(bench.instances.instance(24), horizon_year=2025)
    held = bench.solve.Model(problem)
    constant = held.criterion("annual_cost")[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = {way: work(bench.ways.matrix(held)) for way, work in bench.ways.OF_MATRIX.items()}
    assert {bench.size_of(highs) for highs in made.values()} == {bench.size_of(held.highs)}
    own = held.solve(tie_break=False, gap=0.0).value
    assert [solved(highs) + constant for highs in made.values()] == pytest.approx([own] * 3, rel=1e-9)


def test_the_report_of_the_benchmark_names_what_is_met(bench):
    table = bench.measure(40, 1, limit=10, only=["arrays", "workbench", "linopy"])
    assert (table["gap"] <= bench.GAP).all() and table.set_index("way").at["arrays", "x_total"] == 1.0
    own = bench.targets(table.assign(projects=10_000, build_s=0.25, x_linopy=3.0)).set_index("figure")
    assert own.at["build_s", "met"] == "yes" and own.at["x_linopy", "met"] == "no"
    text = bench.report({"Build and answer": table})
    assert text.count("\n| 40 | 1 | ") == 3 and "highspy" in text


@pytest.mark.slow
def test_the_readable_model_is_built_no_slower_than_the_libraries(bench):
    """At 10,000 projects: not above 2 x linopy, and below Pyomo's own interfaces and PuLP; half again as much is left as margin."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = bench.measure(10_000, 3).set_index("way")["build_s"]
    assert table["workbench"] < 1.5 * 2 * table["linopy"]
    assert table["workbench"] < 1.5 * min(table["Pyomo, appsi"], table["Pyomo, contrib"], table["PuLP"])


@pytest.mark.slow
def test_proofs_at_once_and_by_parts_meet(bench):
    table = bench.proofs(4000, 1e-3).set_index("way")
    assert (table["gap"] <= 1e-3).all()
    assert table["value"].max() - table["value"].min() <= 1e-3 * table["value"].abs().max()
    assert table["bound"].max() <= table["value"].min() + 1e-6 * table["value"].abs().max()
