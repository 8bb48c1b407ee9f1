"""Runs: a parameter file becomes a folder with executed notebooks, pages, tables and a manifest. Targets never stop each other."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from workbench import execution, params, provenance
from workbench.errors import ParameterError, RunError, UserError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NOTEBOOKS = ("10_intake", "20_inventory", "30_potential", "40_selection", "50_report")
Progress = Callable[[str, execution.Step], None]


@dataclass(frozen=True)
class RunResult:
    """How one target ended: `status` is ok, up to date, failed, or invalid (nothing was started)."""

    name: str
    status: str
    message: str = ""
    folder: str = ""


def print_progress(name: str, step: execution.Step) -> None:
    """One line a finished notebook, on standard error."""
    sys.stderr.write(f"{name}  {step.name}  {step.status}  {step.seconds:.1f} s\n")
    sys.stderr.flush()


def parse_overrides(pairs: Iterable[str]) -> dict[str, Any]:
    """`key=value` texts, the value read as YAML."""
    values = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key.strip():
            raise ParameterError(f"--set {pair}: write --set key=value")
        try:
            values[key.strip()] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ParameterError(f"--set {pair}: the value is not readable YAML; put it in quotes") from None
    return values


def notebooks_to(name: str | None) -> tuple[str, ...]:
    """The notebooks up to `name` (`30_potential`, `30` or `potential`); all without one."""
    if not name:
        return NOTEBOOKS
    wanted = Path(name).name.removesuffix(".ipynb")
    found = [i for i, known in enumerate(NOTEBOOKS) if wanted in (known, *known.split("_", 1))]
    if not found:
        raise ParameterError(f"no notebook {name!r} to run to: choose one of {', '.join(NOTEBOOKS)}")
    return NOTEBOOKS[: found[0] + 1]


def run_target(
    target: str, *, out: str | Path | None = None, to: str | None = None, overrides: dict[str, Any] | None = None,
    lang: str | None = None, force: bool = False, progress: Progress | None = print_progress,
) -> RunResult:  # fmt: skip
    """Run the notebooks for one parameter file; what is wrong stands in the result, nothing is raised for it."""
    try:
        wanted = notebooks_to(to)
        name, settings, folder = _prepare(target, out, (overrides or {}) | ({"lang": lang} if lang else {}))
        facts = provenance.describe(settings.package_path, settings)
    except (UserError, OSError) as error:
        return RunResult(_name_of(target), "invalid", execution.one_line(str(error)))
    if not force and _is_up_to_date(folder, facts, wanted):
        return RunResult(name, "up to date", folder=str(folder))
    try:
        with _alone_in(folder):
            return _run(name, settings, folder, facts, wanted, progress)
    except BlockingIOError:
        return RunResult(name, "failed", f"another run is at work in {folder}: wait for it, or choose another --out", str(folder))
    except OSError as error:
        return RunResult(name, "failed", execution.one_line(f"{folder} cannot be written: {error}"), str(folder))


def run_many(targets: Iterable[str], jobs: int | None = None, **options: Any) -> list[RunResult]:
    """Run several targets, `jobs` at a time; results in the order given. `options` as for `run_target`."""
    execution.warm_up()
    targets, invalid = _without_clashes(list(dict.fromkeys(targets)))
    jobs = max(1, min(len(targets), jobs or os.cpu_count() or 1))
    if len(targets) < 2:
        return [run_target(target, **options) for target in targets] + invalid
    with ThreadPoolExecutor(jobs) as pool:  # threads that wait: each notebook runs in a process of its own
        waiting: dict[str, Future] = {target: pool.submit(run_target, target, **options) for target in targets}
        try:
            return [_result(target, future) for target, future in waiting.items()] + invalid
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            execution.stop()
            raise


def _result(target: str, future: Future) -> RunResult:
    """A fault of the program in one target is no reason to lose the others."""
    try:
        return future.result()
    except Exception as error:
        return RunResult(_name_of(target), "failed", execution.one_line(f"{type(error).__name__}: {error}"))


def exit_code(results: list[RunResult]) -> int:
    """0 all done, 1 some failed, 2 nothing could start."""
    if results and all(result.status in ("ok", "up to date") for result in results):
        return 0
    return 2 if all(result.status == "invalid" for result in results) else 1


def find_run(run: str) -> Path:
    """The folder of a run given by name (in `outputs/`) or path."""
    for folder in (params.project_root() / "outputs" / run, Path(run)):
        if (folder / "manifest.json").is_file():
            return folder
    known = sorted(file.parent.name for file in (params.project_root() / "outputs").glob("*/manifest.json"))
    raise RunError(f"no run {run!r}: outputs/ holds {', '.join(known) or 'no run yet (workbench run TARGET)'}")


def _name_of(target: str) -> str:
    path = Path(target)
    return path.stem if path.suffix in (".yaml", ".yml") else str(target)


def _prepare(target: str, out: str | Path | None, overrides: dict[str, Any]) -> tuple[str, params.Settings, Path]:
    """Name, valid settings (package as the notebooks must find it, run_dir) and folder of a run; UserError otherwise."""
    name, values = params.load(target)
    if not re.fullmatch(r"\w[\w.-]{0,80}", name):
        raise ParameterError(f"{Path(target).name!r} names the run's folder: use letters, digits, dot, dash and underscore only")
    settings = params.validate(values | overrides)
    root = params.project_root()
    folder = (Path(out) / name if out else root / (settings.run_dir or f"outputs/{name}")).resolve()
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise RunError(f"{path} is a file: give --out a folder")
    package = settings.package_path.resolve()
    if package == folder or package.is_relative_to(folder):
        raise RunError(f"the run would write into its own package {provenance.public_path(package)}: choose another --out")
    inside = package.is_relative_to(root.resolve())
    given = {"package": provenance.public_path(package) if inside else str(package), "run_dir": str(folder)}
    return name, settings.model_copy(update=given), folder


def _without_clashes(targets: list[str]) -> tuple[list[str], list[RunResult]]:
    """Targets whose folders differ; two files of one name would write into each other's."""
    kept: dict[str, str] = {}
    clashes = []
    for target in targets:
        name = _name_of(target)
        first = kept.setdefault(name, target)
        if first != target and _file_of(first) != _file_of(target):
            clashes.append(RunResult(name, "invalid", f"{first} and {target} would share one folder: rename one of the files"))
    return list(kept.values()), clashes


def _file_of(target: str) -> Path:
    path = Path(target)
    return (path if path.suffix in (".yaml", ".yml") else params.project_root() / "params" / f"{target}.yaml").resolve()


def _is_up_to_date(folder: Path, facts: dict[str, Any], wanted: tuple[str, ...]) -> bool:
    before = provenance.read_manifest(folder)
    if before.get("status") != "ok" or before.get("inputs_sha256") != provenance.inputs_hash(facts):
        return False
    done = [step.get("name") for step in before.get("notebooks", [])]
    files = [f"{name}{end}" for name in wanted for end in (".ipynb", ".html")]
    files += ["report.html"] if wanted[-1] == NOTEBOOKS[-1] else []
    there = all((folder / file).is_file() for file in [*files, *before.get("outputs", {})])
    return there and done[: len(wanted)] == list(wanted)


def _run(
    name: str, settings: params.Settings, folder: Path, facts: dict[str, Any], wanted: tuple[str, ...], progress: Progress | None
) -> RunResult:
    """Notebooks in order until one fails; the manifest says `running` until the end, so a broken-off run is known as such."""
    started, began = _now(), time.monotonic()
    execution.write_json(folder / "manifest.json", {"run": name, "status": "running", "started": started})
    _clear(folder)
    values, steps, status = settings.model_dump(mode="json"), [], "interrupted"
    try:
        for notebook in wanted:
            steps.append(execution.execute(notebook, folder, values, settings.lang))
            if progress:
                progress(name, steps[-1])
            if steps[-1].status != "ok":
                break
        status = steps[-1].status
    finally:
        run = {"run": name, "status": status, "started": started, "finished": _now(), "seconds": round(time.monotonic() - began, 1)}
        run["notebooks"] = [asdict(step) for step in steps]
        execution.write_json(folder / "manifest.json", provenance.manifest(facts, folder, **run))
    if status == "ok":
        return RunResult(name, "ok", folder=str(folder))
    failed = steps[-1]
    copy = folder / f"{failed.name}.ipynb"
    see = f" (executed copy: {copy})" if copy.is_file() else ""
    return RunResult(name, "failed", f"{failed.name}: {failed.error}{see}", str(folder))


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder for one run; BlockingIOError when another holds it. The system lets go when the process ends, however."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _clear(folder: Path) -> None:
    """Take away what a former run left, files of our making only."""
    made = [folder / f"{name}{end}" for name in NOTEBOOKS for end in (".ipynb", ".html")]
    made += [folder / f".{name}.partial.ipynb" for name in NOTEBOOKS]
    made += [folder / "report.html"]
    made += [file for part in ("tables", "checked") for end in ("csv", "json") for file in (folder / part).glob(f"*.{end}")]
    for file in made:
        file.unlink(missing_ok=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
