"""One notebook: executed by papermill in a process of its own, kept under its own name whatever happens, then made a page.

The process is forked from a warm one that has every library loaded (`warm`), so it starts at once and shares nothing with the
next: a crash, a leaked figure or a changed environment ends with it. The first notebook does not wait until that one is warm: it
gets a fresh process, as does every notebook where the system cannot fork, and where it is alone the warm one is begun after it.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import multiprocessing
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from workbench import files, params, picture_store, provenance, reads, report, spared

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # or every kernel prints a debugger warning
}
_WORKBENCH = Path(__file__).parent
SMALL = 2_000_000  # bytes of a package, about 30,000 rows: as far as a run was measured to be quicker so
_GARBAGE = 50_000  # objects made until a notebook's process searches for garbage; Python's own 700 cost it a fiftieth of its time
_STARTING = threading.Lock()
_LIVE: set[Any] = set()
_LOADED = "loaded"  # what a process tells when its notebook begins
_BEGUN = threading.Event()  # set once the first notebook has its process
_STOPPED = threading.Event()
_DIED = "the notebook's process died, often for want of memory; close other programs, make the cluster smaller or try --jobs 1"


class Stopped(Exception):
    """The whole run was stopped (`stop`), so that this notebook ended early."""


@dataclass(frozen=True)
class Step:
    """How one notebook ended: `status` ok or failed, `error` one line, `cell` the id of the cell that failed; what it asked for."""

    name: str
    status: str
    seconds: float
    error: str = ""
    cell: str = ""
    parameters: frozenset[str] = frozenset()
    read: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Task:
    """One notebook to execute: `source` with `values` in the working folder `root`, results in `folder`."""

    name: str
    source: Path
    folder: Path
    root: Path
    values: dict[str, Any]
    lang: str

    @property
    def partial(self) -> Path:
        """Where papermill writes while the notebook runs."""
        return self.folder / f".{self.name}.partial.ipynb"

    @property
    def kept(self) -> Path:
        """The executed copy."""
        return self.folder / f"{self.name}.ipynb"


def execute(name: str, folder: Path, values: dict[str, Any], lang: str) -> Step:
    """Run `notebooks/NAME.ipynb` with `values`; `folder` gets NAME.ipynb, NAME.html and, from the last one, report.html."""
    began, root = time.monotonic(), params.project_root().resolve()
    task = Task(name, root / "notebooks" / f"{name}.ipynb", Path(folder).resolve(), root, values, lang)
    if not task.source.is_file():
        done = {"error": f"notebooks/{task.source.name} is missing: restore it"}
    else:
        done = _apart(_run, task)
        if done is None:  # keep what the dead process left, and show it
            done = {"error": _apart(_republish, task, _DIED) or _DIED}
    error = done.pop("error")
    cell = failed_cell(task.kept) if error else ""
    return Step(name, "failed" if error else "ok", round(time.monotonic() - began, 1), error, cell, **done)


def failed_cell(copy: Path) -> str:
    """The id of the cell at which an executed copy stopped: the one that failed, or was running when the process died."""
    cells = files.read_json(copy).get("cells", [])
    marks = [(cell.get("id", ""), cell.get("metadata", {}).get("papermill", {})) for cell in cells]
    failed = [name for name, mark in marks if mark.get("exception") or mark.get("status") == "running"]
    return failed[0] if failed else ""


def warm_up() -> None:
    """Start the warm process now, so that it loads its libraries while the caller still reads and checks."""
    if _method() == "forkserver":
        from multiprocessing import forkserver

        with _STARTING, _environment():
            multiprocessing.set_forkserver_preload(["workbench.warm"])
            forkserver.ensure_running()


def stop() -> None:
    """End every notebook that is running; their callers get `Stopped`."""
    _STOPPED.set()
    for process in list(_LIVE):
        process.kill()


def _method() -> str:
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def _is_first() -> bool:
    """Whether this is the first notebook: it gets a fresh process, beside the warm one or before that is begun."""
    with _STARTING:
        first = not _BEGUN.is_set()
        _BEGUN.set()
    return first


def _apart(work: Callable[..., Any], *args: Any) -> Any:
    """What `work(begun, *args)` returns in a process of its own; None when the process died. `begun` says that all is loaded."""
    first = _is_first()
    if not first:
        warm_up()
    context = multiprocessing.get_context("spawn" if first else _method())
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work, *args), daemon=True)
    try:
        with _STARTING, _environment():
            process.start()
        _LIVE.add(process)
        theirs.close()
        answer = ours.recv()
        if answer == _LOADED:
            if first:
                warm_up()
            answer = ours.recv()
        process.join(3)  # what it holds of the system it gives back itself
        return answer
    except EOFError:
        if _STOPPED.is_set():
            raise Stopped from None
        return None
    finally:
        ours.close()  # the process ends when this side is gone
        process.join(5)
        if process.exitcode is None:
            process.kill()
            process.join()
        _LIVE.discard(process)


def _serve(connection: Connection, work: Callable[..., Any], *args: Any) -> None:
    """In the process: silence what libraries print past Python, end with the parent, answer."""
    os.environ.update(_ENVIRONMENT)
    gc.set_threshold(_GARBAGE)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1), os.dup2(nowhere, 2)
    spared.mask()
    threading.Thread(target=_end_with_parent, args=(connection,), daemon=True).start()
    connection.send(work(lambda: connection.send(_LOADED), *args))


def _end_with_parent(connection: Connection) -> None:
    """A killed parent must not leave a process behind that goes on writing into the run's folder."""
    with contextlib.suppress(EOFError, OSError):
        connection.recv()  # nothing is ever sent: it ends when the other side is gone
    os._exit(1)


def _run(begun: Callable[[], None], task: Task) -> dict[str, Any]:
    """Execute and publish: `error` ('' or one line), and what the notebook read."""
    with _in_use(task.folder):
        package = (task.root / str(task.values.get("package", ""))).resolve()
        read = reads.Reads(task.folder, task.root, package, _WORKBENCH).start()
        asked = {"parameters": read.parameters, "read": read.files}
        picture_store.keep_in(task.folder / ".pictures", task.name, files.digest(provenance.code_files()))
        _hold_text(package)
        error = _execute(task, begun)
        asked = {name: frozenset(found) for name, found in asked.items()}
        return {"error": _publish(task, error), **asked}


def _hold_text(package: Path) -> None:
    """Text of a small package as Python's own objects, with which short tables are a fifth quicker; a large one's stays Arrow's.

    A fresh process has not imported pandas yet: there it is Arrow's too. What comes out is the same.
    """
    pandas = sys.modules.get("pandas")
    if pandas and files.size(package) < SMALL:
        pandas.set_option("mode.string_storage", "python")


@contextlib.contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    """Hold the folder while a notebook writes there, whatever becomes of the run that asked for it."""
    with (folder / ".working").open("a") as lock:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def wait_until_free(folder: Path) -> None:
    """Wait for the notebook of a killed run, if one is still ending."""
    with _in_use(folder):
        pass


def _execute(task: Task, begun: Callable[[], None]) -> str:
    """Execute by papermill: '' or the error in one line."""
    spared.import_without("papermill.iorw")
    import papermill
    from nbclient.exceptions import CellTimeoutError
    from papermill.exceptions import PapermillException, PapermillExecutionError

    from workbench import kernel

    logging.getLogger("papermill").setLevel(logging.ERROR)
    os.chdir(task.root)
    error = ""
    try:
        papermill.execute_notebook(
            str(task.source), str(task.partial), parameters=task.values, engine_name=kernel.register(), kernel_name="python3",
            language="python", progress_bar=False, log_output=False, cwd=str(task.root), begun=begun,
        )  # fmt: skip
    except PapermillExecutionError as fault:
        error = one_line(f"{fault.ename}: {fault.evalue}")
    except CellTimeoutError as fault:
        error = one_line(f"CellTimeoutError: {fault}")
    except (PapermillException, OSError, ValueError, KeyError) as fault:  # no such kernel, broken notebook, full disk
        error = one_line(f"{type(fault).__name__}: {fault}")
    return error


def _republish(begun: Callable[[], None], task: Task, error: str) -> str:
    """Show what a dead process left."""
    return _publish(task, error)


def _publish(task: Task, error: str) -> str:
    """The executed copy under its own name and as a page, a failed one too; an error of its own only where there was none."""
    if not task.partial.is_file():
        return error
    task.partial.replace(task.kept)
    try:
        report.export(task.kept, task.kept.with_suffix(".html"), lang=task.lang)
        if task.name.endswith("_report") and not error:
            report.export(task.kept, task.folder / "report.html", lang=task.lang, kind="report")
            shutil.rmtree(task.folder / ".pictures", ignore_errors=True)
    except Exception as fault:  # whatever the exporter meets, the run goes on to say so
        return error or one_line(f"the page could not be written: {type(fault).__name__}: {fault}")
    return error


@contextlib.contextmanager
def own_sockets() -> Iterator[dict[str, Any]]:
    """Options for plain papermill: one kernel that talks over sockets in a folder of its own.

    A TCP port is chosen first and bound later; beside other kernels it may be taken in between, and the kernel dies. Where there
    are no such sockets (Windows) or the folder's path is too long for one, the options are empty.
    """
    import tempfile

    from traitlets.config import Config

    with tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        name = f"{folder}/s"
        usable = os.name == "posix" and len(os.fsencode(name)) < 90
        yield {"config": Config({"KernelManager": {"transport": "ipc", "ip": name}})} if usable else {}


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """The kernel's environment: one thread each, and this very package on its path where it is not installed."""
    source = str(Path(__file__).resolve().parents[1])
    path = os.environ.get("PYTHONPATH", "")
    changed = dict(_ENVIRONMENT)
    if Path(source).name != "site-packages" and source not in path.split(os.pathsep):
        changed["PYTHONPATH"] = os.pathsep.join(filter(None, (source, path)))
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def one_line(text: str) -> str:
    """Text without colours, control characters and line ends, at most 400 characters."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", str(text))
    plain = " ".join("".join(c if c.isprintable() else " " for c in plain).split())
    return plain if len(plain) <= 400 else plain[:399] + "…"
