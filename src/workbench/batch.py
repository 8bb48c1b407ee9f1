"""Many runs at once: each target by itself, what failed in one table, progress in one line."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import execution, files, params, runs, targets, terminal, wording
from workbench.errors import UserError
from workbench.runs import RunResult

FAILURES = ("cluster", "notebook", "cell", "error", "advice", "executed_copy")


@dataclass(frozen=True)
class Options:
    """What holds for every target: `out` folder, `to` notebook, `overrides` of parameters, `lang`, `force`."""

    out: str | Path | None = None
    to: str | None = None
    overrides: dict[str, Any] | None = None
    lang: str | None = None
    force: bool = False

    def expand(self, target: str) -> list[targets.Target]:
        """The runs of a target."""
        return targets.expand(target, self.out, (self.overrides or {}) | ({"lang": self.lang} if self.lang else {}))

    @property
    def folder(self) -> Path:
        """The folder of the run folders."""
        return Path(self.out) if self.out else params.project_root() / "outputs"


def run_target(target: str, progress: runs.Progress | None = None, **options: Any) -> RunResult:
    """Run one target that holds no grid; what is wrong stands in the result, nothing is raised for it."""
    chosen = Options(**options)
    found, wrong = _expanded([target], chosen)
    if wrong:
        return wrong[0]
    if len(found) > 1:
        return RunResult(targets.name_of(target), "invalid", f"{target} holds a grid of {len(found)} runs: run it as a batch")
    return runs.run(found[0], to=chosen.to, force=chosen.force, progress=progress)


def run_many(names: Iterable[str], jobs: int | None = None, quiet: bool = False, **options: Any) -> list[RunResult]:
    """Run several targets, `jobs` at a time, grids expanded; results in the order given. One that fails stops no other.

    Of several at a time the largest package is begun first, so that at the end none is left to run long alone.
    """
    chosen = Options(**options)
    found, wrong = _expanded(list(dict.fromkeys(names)), chosen)
    if len(found) > 1 and (chosen.force or not all((target.folder / "manifest.json").is_file() for target in found)):
        execution.warm_up()  # else perhaps nothing runs, and who reads what is printed would wait for it; a single run begins alone
    jobs = max(1, min(len(found), jobs or os.cpu_count() or 1))
    told = terminal.Progress(len(found), sys.stderr, quiet)
    results: list[RunResult] = []
    with ThreadPoolExecutor(jobs) as pool:  # threads that wait: each notebook runs in a process of its own
        order = sorted(found, key=lambda target: files.size(target.settings.package_path), reverse=True) if jobs > 1 else found
        begun = {target.name: pool.submit(_one, target, chosen, told) for target in order}
        try:
            results = [_result(target, begun[target.name]) for target in found]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            execution.stop()
            raise
        finally:
            told.close()
    return results + wrong


def _one(target: targets.Target, options: Options, told: terminal.Progress) -> RunResult:
    told.begins(target.name)
    result = RunResult(target.name, "failed")
    try:
        result = runs.run(target, to=options.to, force=options.force, progress=told.step)
        return result
    finally:
        told.ends(target.name, result.status == "failed")


def _result(target: targets.Target, future: Future) -> RunResult:
    """A fault of the program in one target is no reason to lose the others."""
    try:
        return future.result()
    except Exception as fault:
        error = execution.one_line(f"{type(fault).__name__}: {fault}")
        return RunResult(target.name, "failed", error, str(target.folder), error=error)


def _expanded(names: list[str], options: Options) -> tuple[list[targets.Target], list[RunResult]]:
    """The runs of all targets, and what cannot start: two files of one name would write into each other's folder."""
    found: dict[str, tuple[targets.Target, Path]] = {}
    wrong = []
    for name in names:
        try:
            for target in options.expand(name):
                first = found.setdefault(target.name, (target, targets.file_of(name)))
                if first[1] != targets.file_of(name):
                    message = f"{first[1].name} and {name} would share one folder: rename one of the files"
                    wrong.append(RunResult(target.name, "invalid", message))
        except (UserError, OSError) as error:
            wrong.append(RunResult(targets.name_of(name), "invalid", execution.one_line(str(error))))
    return [target for target, _ in found.values()], wrong


def failures(results: Iterable[RunResult], lang: str = "en") -> list[dict[str, str]]:
    """A row for each run that failed or could not start: FAILURES."""
    failed = [result for result in results if result.status in ("failed", "invalid")]
    rows = [(r.name, r.notebook, r.cell, r.error or r.message, advice(r, lang), r.copy) for r in failed]
    return [dict(zip(FAILURES, row, strict=True)) for row in rows]


def advice(result: RunResult, lang: str = "en") -> str:
    """What to do about a failure, by the kind of its error."""
    if result.status == "invalid":
        return wording.text("advice.invalid", lang)
    kind = result.error.partition(":")[0]
    if "process died" in kind:
        kind = "died"
    key = f"advice.{kind}"
    return wording.text(key if wording.knows(key) else "advice.notebook" if result.copy else "advice.folder", lang)


def write_failures(results: list[RunResult], folder: Path, lang: str = "en") -> Path | None:
    """`failures.csv` in the folder of the run folders, taken away when nothing failed; None where there is no such folder."""
    rows, file = failures(results, lang), folder / "failures.csv"
    if not rows:
        file.unlink(missing_ok=True)
        return None
    if not folder.is_dir():
        return None
    text = io.StringIO()
    writer = csv.DictWriter(text, FAILURES, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return files.write_text(file, text.getvalue())


def exit_code(results: list[RunResult]) -> int:
    """0 all done, 1 some failed, 2 nothing could start."""
    if results and all(result.status in ("ok", "up to date") for result in results):
        return 0
    return 2 if all(result.status == "invalid" for result in results) else 1
