"""Runs: settings become a folder with executed notebooks, pages, tables and a manifest; only what has a cause is run again.

The manifest is written after every notebook, so a run that is killed goes on where it was: what lies in the folder counts only with
the bytes the manifest records.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench import causes, execution, files, kept, params, provenance, targets
from workbench.errors import ParameterError, RunError, UserError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NOTEBOOKS = ("10_intake", "20_inventory", "30_potential", "40_selection", "50_report")
_LOOKING = threading.Lock()  # many small files: threads that all read them at once would wait for each other at every one
Progress = Callable[[str, execution.Step, str], None]
Record = dict[str, Any]


@dataclass(frozen=True)
class RunResult:
    """How one run ended: `status` is ok, up to date, failed, or invalid (nothing was started); where and how it failed."""

    name: str
    status: str
    message: str = ""
    folder: str = ""
    kept: tuple[str, ...] = ()
    notebook: str = ""
    cell: str = ""
    error: str = ""
    copy: str = ""


@dataclass
class _Work:
    """A run under way: `records` of notebooks done, `earlier` ones that may still hold, `state` of the folder after those done."""

    target: targets.Target
    present: causes.Present
    wanted: tuple[str, ...]
    force: bool
    earlier: dict[str, Record]
    factors: dict[str, str]
    records: list[Record] = field(default_factory=list)
    state: kept.Written = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.target.folder

    def why(self, notebook: str) -> str:
        """Why a notebook must run now; '' when what it left last time still holds."""
        if self.force:
            return "asked for"
        return causes.why(notebook, self.earlier.get(notebook), self.present, self.state, self.factors)

    def done(self, record: Record) -> None:
        self.records.append(record)
        self.state |= record["wrote"]


def notebooks_to(name: str | None) -> tuple[str, ...]:
    """The notebooks up to `name` (`30_potential`, `30` or `potential`); all without one."""
    if not name:
        return NOTEBOOKS
    wanted = Path(name).name.removesuffix(".ipynb")
    found = [i for i, known in enumerate(NOTEBOOKS) if wanted in (known, *known.split("_", 1))]
    if not found:
        raise ParameterError(f"no notebook {name!r} to run to: choose one of {', '.join(NOTEBOOKS)}")
    return NOTEBOOKS[: found[0] + 1]


def run(target: targets.Target, *, to: str | None = None, force: bool = False, progress: Progress | None = None) -> RunResult:
    """Run what has a cause to run; what is wrong stands in the result, nothing is raised for it."""
    folder, code = target.folder, provenance.code_files()
    try:
        with _LOOKING:
            facts = provenance.describe(target.settings.package_path, target.settings, code)
    except (UserError, OSError) as error:
        return RunResult(target.name, "invalid", execution.one_line(str(error)))
    present = causes.Present(facts, code, params.project_root().resolve())
    with _LOOKING:
        whole = not force and is_up_to_date(target, present, notebooks_to(to))
    if whole:
        return RunResult(target.name, "up to date", folder=str(folder), kept=notebooks_to(to))
    try:
        with alone_in(folder):
            before = provenance.read_manifest(folder)  # now that nobody else writes
            return _run(_work(target, present, notebooks_to(to), force, before), progress)
    except BlockingIOError:
        message = f"another run is at work in {folder}: wait for it, or choose another --out"
        return RunResult(target.name, "failed", message, str(folder), error=message)
    except OSError as error:
        message = execution.one_line(f"{folder} cannot be written: {error}")
        return RunResult(target.name, "failed", message, str(folder), error=message)


def is_up_to_date(target: targets.Target, present: causes.Present, wanted: tuple[str, ...]) -> bool:
    """Whether the run's folder holds, whole, what the notebooks would leave now."""
    before = provenance.read_manifest(target.folder)
    if before.get("status") != "ok":
        return False
    work = _work(target, present, wanted, False, before)
    last: kept.Written = {}
    for record in work.earlier.values():
        last |= record["wrote"]
    for notebook in wanted:
        if work.why(notebook):
            return False
        work.done(work.earlier[notebook])
    tables = {path: sha for path, sha in last.items() if "/" in path}
    pages = [page for notebook in wanted for page in kept.pages(notebook)]
    there = all((target.folder / page).is_file() for page in pages)
    return there and all(kept.is_as_recorded(f"{target.folder}/{path}", sha) for path, sha in tables.items())


def _work(target: targets.Target, present: causes.Present, wanted: tuple[str, ...], force: bool, before: Record) -> _Work:
    """Records of the last run, as far as they are whole: a manifest of another making holds none."""
    listed = [*before.get("notebooks", []), *before.get("earlier", [])]
    earlier = {r["name"]: r for r in listed if isinstance(r, dict) and {"name", "wrote", "all_code"} <= set(r)}
    factors = before.get("factors")
    return _Work(target, present, wanted, force, earlier, factors if isinstance(factors, dict) else {})


def _run(work: _Work, progress: Progress | None) -> RunResult:
    """Notebooks in order until one fails; the manifest says `running` until the end, so a broken-off run is known as such."""
    started, began, status, old = _now(), time.monotonic(), "interrupted", []
    for record in work.earlier.values():
        kept.keep(work.folder, record["wrote"])
    kept.clear(work.folder, {}, NOTEBOOKS)
    try:
        for notebook in work.wanted:
            cause = work.why(notebook)
            if not cause and kept.restore(work.folder, work.earlier[notebook]["wrote"]):
                work.done(work.earlier[notebook])
                old.append(notebook)
                continue
            _write_manifest(work, {"status": "running", "started": started})
            step = _execute(work, notebook, cause or "what it left is gone")
            if progress:
                progress(work.target.name, step, work.records[-1]["cause"])
            if step.status != "ok":
                break
        status = work.records[-1]["status"]
        if status == "ok" and not work.force:
            _keep_later(work)
    finally:
        run = {"status": status, "started": started, "finished": _now(), "seconds": round(time.monotonic() - began, 1)}
        _write_manifest(work, run)
        _prune(work)
    return _result(work, tuple(old))


def _execute(work: _Work, notebook: str, cause: str) -> execution.Step:
    """Run one notebook on what the earlier ones left, and record what it read and wrote."""
    kept.keep(work.folder, work.state)
    kept.restore(work.folder, work.state)
    before, state = kept.tables(work.folder), dict(work.state)
    settings = work.target.settings
    step = execution.execute(notebook, work.folder, settings.model_dump(mode="json"), settings.lang)
    read = causes.record(notebook, work.present, set(step.parameters), set(step.read), state, work.folder)
    told = {name: value for name, value in asdict(step).items() if name not in ("parameters", "read")}
    wrote = kept.written(work.folder, before, notebook) if step.status == "ok" else {}
    work.done(told | {"cause": cause} | read | {"wrote": wrote})
    work.earlier.pop(notebook, None)
    return step


def _keep_later(work: _Work) -> None:
    """Notebooks after the last one wanted stay as long as nothing they read has changed."""
    for notebook in NOTEBOOKS[len(work.wanted) :]:
        if work.why(notebook) or not kept.restore(work.folder, work.earlier[notebook]["wrote"]):
            return
        work.done(work.earlier[notebook])


def _write_manifest(work: _Work, run: Record) -> None:
    done = {record["name"] for record in work.records}
    earlier = [] if run["status"] == "ok" else [record for name, record in work.earlier.items() if name not in done]
    run = {"run": work.target.name} | run | {"notebooks": work.records} | ({"earlier": earlier} if earlier else {})
    files.write_json(work.folder / "manifest.json", provenance.manifest(work.present.facts, work.folder, **run))


def _prune(work: _Work) -> None:
    """Keep the versions a later notebook overwrote, and all that a run broken off may still use."""
    done = {record["name"] for record in work.records}
    finished = all(record["status"] == "ok" for record in work.records)
    later = [] if finished else [record for name, record in work.earlier.items() if name not in done]
    every = [item for record in [*work.records, *later] for item in record["wrote"].items()]
    kept.prune(work.folder, {sha for path, sha in every if work.state.get(path) != sha})


def _result(work: _Work, old: tuple[str, ...]) -> RunResult:
    last = work.records[-1]
    if last["status"] == "ok":
        return RunResult(work.target.name, "ok", folder=str(work.folder), kept=old)
    copy = work.folder / f"{last['name']}.ipynb"
    see = f" (executed copy: {copy})" if copy.is_file() else ""
    return RunResult(
        work.target.name, "failed", f"{last['name']}: {last['error']}{see}", str(work.folder), old, last["name"], last["cell"],
        last["error"], str(copy) if copy.is_file() else "",
    )  # fmt: skip


def find_run(run: str) -> Path:
    """The folder of a run given by name (in `outputs/`) or path."""
    for folder in (params.project_root() / "outputs" / run, Path(run)):
        if (folder / "manifest.json").is_file():
            return folder
    known = sorted(file.parent.name for file in (params.project_root() / "outputs").glob("*/manifest.json"))
    raise RunError(f"no run {run!r}: outputs/ holds {', '.join(known) or 'no run yet (workbench run TARGET)'}")


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder for one run; BlockingIOError when another holds it. The system lets go when the process ends, however."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        execution.wait_until_free(folder)
        yield


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
