"""How fast the readable model stands in the solver and is answered, beside bare arrays and other libraries in the same run.

    python tests/benchmarks/selection.py            everything; writes the table of tests/benchmarks/README.md
    python tests/benchmarks/selection.py --quick    small cases, once each; writes nothing
    ... --national FOLDER                           also the national case (a package made as `national.py` says)

Build: from data in memory until the model is inside HiGHS. Total: build and the search to GAP. Seconds of processor time, that of
processes a search starts included, medians after a first call; each way in a process of its own, all in turn. Memory: what the
first call of a way adds at its peak.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import multiprocessing
import os
import platform
import resource
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import highspy
import instances
import numpy as np
import pandas as pd
import ways
from ways import WAYS, size_of

from workbench.selection import Selector, decomposition, pareto, plans, solve

__all__ = ["WAYS", "instances", "measure", "proofs", "size_of", "solve"]

GAP, LARGE = 1e-3, 10_000  # from LARGE projects on one search is timed
SHOWN = ["arrays", "workbench", "linopy", "PuLP"]
CASES = {  # projects, years: repeats, and the most seconds a search may take (none: the model is built only)
    (100, 1): (5, 60), (1000, 1): (5, 60), (10_000, 1): (5, 60), (100_000, 1): (5, 0),
    (100, 10): (5, 60), (1000, 10): (5, 15), (10_000, 10): (5, 0),
}  # fmt: skip
QUICK = {(100, 1): (1, 60), (1000, 1): (1, 60), (100, 10): (1, 60)}
TARGETS = (  # projects, years, figure, most; the strict ones of a build are those of an engine of one's own under Pyomo's source
    (10_000, 1, "build_s", 0.3), (10_000, 1, "x_linopy", 2.0), (100_000, 1, "build_s", 3.0), (100_000, 1, "memory_mb", 300.0),
    (100_000, 1, "x_arrays", 3.0), (10_000, 10, "build_s", 3.5), (10_000, 10, "build_s", 0.5),
    (1000, 1, "x_total", 1.3), (10_000, 1, "x_total", 1.3), (10_000, 1, "total_s", 2.0),
)  # fmt: skip
QUESTIONS = {"what if the budget were another, middle of 9": 0.3, "what if, the slowest of 9": 0.3, "front of 20 points": 5.0}
HERE = Path(__file__).parent


def subject(count: int, years: int) -> tuple[Any, Any]:
    """What the workbench starts from, and what the other ways start from."""
    made = instances.instance(count)
    problem = instances.problem(made) if years == 1 else instances.problem(made, horizon_year=2022 + years)
    return problem, made if years == 1 else ways.matrix(solve.Model(problem))


def works(problem: Any, other: Any, years: int) -> dict[str, Callable[[], highspy.Highs]]:
    """Each way as one call that gives the solver with the model; the workbench forgets what it derived from the problem."""
    others = WAYS if years == 1 else ways.OF_MATRIX
    found: dict[str, Callable] = {name: lambda work=work: work(other) for name, work in others.items()}
    return found | {"workbench": lambda: solve.Model(replace(problem)).highs}


def spent() -> float:
    """Processor time of this process and of those it has waited for [s]."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def answered(way: str, problem: Any, work: Callable[[], highspy.Highs], limit: float) -> tuple[float, float]:
    """Seconds of build and search together, and the gap reached."""
    start = spent()
    if way == "workbench":
        found = solve.Model(replace(problem)).solve(tie_break=False, gap=GAP, seconds=limit)
        return spent() - start, float("nan") if found.gap is None else found.gap
    solver = work()
    for name, value in {"output_flag": False, "threads": 1, "mip_rel_gap": GAP, "time_limit": float(limit)}.items():
        solver.setOptionValue(name, value)
    solver.run()
    return spent() - start, solver.getInfo().mip_gap


def measure(count: int, repeats: int, years: int = 1, limit: float = 0, only: list[str] | None = None) -> pd.DataFrame:
    """Build and total seconds, gap, memory and ratios to the arrays and to linopy of every way; columns as in the README."""
    names = [way for way in (*(WAYS if years == 1 else ways.OF_MATRIX), "workbench") if not only or way in only]
    rows, ask = [], {}
    try:
        ask = {way: _Apart(way, count, years) for way in dict.fromkeys(names)}
        memory = {way: each("peak") for way, each in ask.items()}  # the first call of each, which is not timed
        built = {way: [] for way in ask}
        for _ in range(repeats):
            for way, each in ask.items():  # in turn: what slows the machine slows all
                built[way].append(each("build"))
        times = 0 if not limit else 1 if count >= LARGE else min(3, repeats)
        for way, each in ask.items():
            runs = [each("total", limit) for _ in range(times)] or [(np.nan, np.nan)]
            row = {"projects": count, "years": years, "way": way, "build_s": statistics.median(built[way])}
            row |= {"total_s": statistics.median(t for t, _ in runs), "gap": runs[0][1]}
            rows.append(row | {"memory_mb": memory[way], "repeats": repeats})
    finally:
        for each in ask.values():
            each.end()
    table = pd.DataFrame(rows)
    by = table.set_index("way")
    for name, column, way in (
        ("x_arrays", "build_s", "arrays"),
        ("x_linopy", "build_s", "linopy"),
        ("x_total", "total_s", "arrays"),
    ):
        table[name] = table[column] / by.at[way, column]
    return table


class _Apart:
    """A way in a process of its own, asked for its memory, builds and answers: none pays for what another left in memory."""

    def __init__(self, way: str, count: int, years: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_answer, args=(theirs, way, count, years), daemon=True)
        self._process.start()
        theirs.close()

    def __call__(self, *asked: Any) -> Any:
        self._pipe.send(asked)
        return self._pipe.recv()

    def end(self) -> None:
        self._pipe.close()
        self._process.join()


def _answer(pipe, way: str, count: int, years: int) -> None:
    """In the process of a way: do what is asked until nobody asks any more."""
    warnings.simplefilter("ignore")  # of the other libraries
    problem, other = subject(count, years)
    work = works(problem, other, years)[way]
    doing = {
        "peak": lambda: _peak(work),
        "build": lambda: _seconds(work),
        "total": lambda limit: answered(way, problem, work, limit),
    }
    with contextlib.suppress(EOFError):
        while True:
            what, *given = pipe.recv()
            pipe.send(doing[what](*given))


def _seconds(work: Callable[[], highspy.Highs]) -> float:
    gc.collect()
    start = spent()
    work()
    return spent() - start


def _memory(name: str) -> float:
    """`VmRSS` or `VmHWM`, the peak, of this process [MB]; Linux."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def _peak(work: Callable[[], highspy.Highs]) -> float:
    """What a call adds to the memory at its peak [MB]; nan where the system does not tell."""
    if not Path("/proc/self/clear_refs").exists():
        work()
        return float("nan")
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before = _memory("VmRSS")
    kept = work()
    return _memory("VmHWM") - before if size_of(kept) else float("nan")


def proofs(count: int, gap: float, years: int = 1, limit: float = 100.0, parts: bool = True) -> pd.DataFrame:
    """Seconds on the clock until an answer is proven to `gap`, `limit` at most, and the gap reached: at once, and by parts."""
    made = instances.instance(count)
    given = {"selection_gap": gap, "time_limit_s": limit} | ({"horizon_year": 2022 + years} if years > 1 else {})
    problem = instances.problem(made, **given)
    ways_ = {"at once": lambda: solve.Model(problem).solve(tie_break=False)}
    if parts:
        ways_["by parts"] = lambda: decomposition.solve(*instances.arrays(made), problem.settings)
    rows = []
    for way, work in ways_.items():
        start = time.monotonic()
        found = work()
        taken = time.monotonic() - start
        solved = found is not None and found.value is not None
        reached = abs(found.value - found.bound) / abs(found.value) if solved else np.nan
        row = {"projects": count, "years": years, "way": way, "value": found.value if solved else np.nan}
        row |= {"bound": found.bound if solved else np.nan, "seconds": taken, "gap": reached, "target_gap": gap}
        rows.append(row)
    table = pd.DataFrame(rows)
    table["target_s"] = limit
    table["met"] = [_met(g, gap) if s <= limit * 1.05 else "no" for s, g in zip(table["seconds"], table["gap"], strict=True)]
    return table


def instances_to(gap: float, count: int = 10_000, seeds: range = range(1, 9), target: float = 2.0) -> pd.DataFrame:
    """Seconds on the clock from the problem to an answer proven to `gap`, building included, instance by instance."""
    rows = []
    for seed in seeds:
        problem = instances.problem(instances.instance(count, seed), selection_gap=gap, time_limit_s=60)
        start = time.monotonic()
        found = solve.Model(problem).solve(tie_break=False)
        taken = time.monotonic() - start
        row = {"instance": seed, "projects": count, "seconds": taken, "gap": abs(found.value - found.bound) / abs(found.value)}
        rows.append(row | {"target_gap": gap, "target_s": target})
    table = pd.DataFrame(rows)
    middle = {"instance": f"middle of {len(rows)}", "seconds": table["seconds"].median(), "gap": table["gap"].max()}
    table = pd.concat([table, pd.DataFrame([rows[0] | middle])], ignore_index=True)
    table["met"] = ["yes" if s <= target and g <= gap else "no" for s, g in zip(table["seconds"], table["gap"], strict=True)]
    return table


def questions(count: int = 200) -> pd.DataFrame:
    """A cluster of 200 projects asked through `Selector`'s result: other budgets, then the front; proven to the settings' gap."""
    problem = instances.problem(instances.instance(count), selection_gap=1e-6)
    result = Selector().fit(problem)
    result.what_if(problem.emissions_before)  # the model is built once
    reach = plans.least(result._held)
    taken = []
    for budget in np.linspace(problem.emissions_before, reach, 11)[1:-1]:
        start = time.process_time()
        result.what_if(float(budget))
        taken.append(time.process_time() - start)
    start = time.process_time()
    pareto.front(problem, 20)
    figures = [statistics.median(taken), max(taken), time.process_time() - start]
    rows = zip(QUESTIONS, figures, QUESTIONS.values(), strict=True)
    return pd.DataFrame([{"question": f"{count} projects, {q}", "seconds": s, "target": t, "met": _met(s, t)} for q, s, t in rows])


def targets(table: pd.DataFrame) -> pd.DataFrame:
    """Each target beside what the workbench reached."""
    own = table[table["way"] == "workbench"].set_index(["projects", "years"])
    rows = []
    for count, years, figure, most in TARGETS:
        if (count, years) in own.index:
            got = float(own.at[(count, years), figure])
            rows.append(
                {"projects": count, "years": years, "figure": figure, "target": most, "measured": got, "met": _met(got, most)}
            )
    return pd.DataFrame(rows, columns=["projects", "years", "figure", "target", "measured", "met"])


def _met(got: float, most: float) -> str:
    return "yes" if got <= most else "no"


def national_case(folder: Path) -> pd.DataFrame:
    """The national case to GAP: least yearly cost at -7.5 %, least capital at -4 %."""
    import national

    rows = []
    for objective, cut in (("annual_cost", 7.5), ("capex", 4.0)):
        start = time.monotonic()
        _, facts = national.chain(folder, reduction_pct=cut, objective=objective, selection_gap=GAP, time_limit_s=120.0)
        row = {"objective": objective, "cut_pct": cut, "projects": facts["projects"], "seconds_all": time.monotonic() - start}
        rows.append(row | {"solve_s": facts["solve_seconds"], "gap": facts["gap"], "status": facts["status"], "target_s": 30})
        rows[-1]["met"] = _met(facts["solve_seconds"], 30) if facts["gap"] <= GAP else "no"
    return pd.DataFrame(rows)


def machine() -> str:
    """Processor, cores, memory and versions."""
    name = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    memory = next((round(int(line.split()[1]) / 2**20) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    used = ", ".join(f"{package} {version(package)}" for package in ("highspy", "pyomo", "linopy", "pulp"))
    return f"{name or platform.machine()}, {os.cpu_count()} cores, {memory} GB; Python {platform.python_version()}, {used}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def markdown(table: pd.DataFrame) -> str:
    """A table as Markdown, numbers to three digits that count."""
    shown = table.map(
        lambda v: ("–" if v != v else f"{v:,.3g}" if abs(v) < 1000 else f"{v:,.0f}") if isinstance(v, float) else str(v)
    )
    lines = [list(shown.columns), ["---"] * shown.shape[1], *shown.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def report(parts: dict[str, pd.DataFrame]) -> str:
    """The README: machine, what is measured, tables."""
    said = [
        "# Benchmarks of the selection",
        f"Written by `python tests/benchmarks/selection.py`; do not edit. {machine()}.",
        f"Seconds of processor time; medians of `repeats` calls after a first one, each way in a process of its own, all in turn "
        f"(totals: of three at most, of one from {LARGE:,} projects on); searches end at a gap of {GAP:g} or at their time limit, "
        "and `gap` says which; – means not measured. Proofs and the national case: seconds on the clock. `memory_mb` is what a "
        "first build adds at its peak. `x_arrays` and `x_linopy` compare builds, `x_total` compares totals with bare arrays.",
        "With one year every way writes the same matrix from the same arrays, the workbench from its problem, whose lines "
        "of savings have been read into arrays too. With ten years the "
        "others are handed the workbench's finished matrix.",
    ]
    for title, table in parts.items():
        said += [f"## {title}", markdown(table).rstrip()]
    return "\n\n".join(said) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small cases, once each; writes nothing")
    parser.add_argument("--national", type=Path, help="folder of the national package")
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # of the other libraries
    cases, tables = (QUICK if args.quick else CASES), []
    for (count, years), (repeats, limit) in cases.items():
        tables.append(measure(count, repeats, years=years, limit=limit, only=SHOWN))
        print(tables[-1].to_string(index=False, float_format="{:,.3f}".format), flush=True)
    table = pd.concat(tables, ignore_index=True)
    parts = {"Build and answer": table, "Targets": targets(table), "A cluster asked again and again": questions()}
    if not args.quick:
        parts["10,000 projects in one year, proven closely"] = instances_to(1e-4)
        parts["100,000 projects in one year"] = proofs(100_000, GAP)
        parts["10,000 projects over ten years"] = proofs(10_000, 0.02, years=10, limit=120.0, parts=False)
    if args.national:
        parts["The national case"] = national_case(args.national)
    text = report(parts)
    print(text)
    if not args.quick:
        (HERE / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
