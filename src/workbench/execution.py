"""One notebook: executed by papermill into a temporary name, kept under its own name whatever happens, then made a page."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import params, report

_START_TIMEOUT = 120  # a kernel that starts beside others may need long
_ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # or every kernel prints a debugger warning
}


@dataclass(frozen=True)
class Step:
    """How one notebook ended: `status` ok or failed, `error` one line."""

    name: str
    status: str
    seconds: float
    error: str = ""


def execute(name: str, folder: Path, values: dict[str, Any], lang: str) -> Step:
    """Run `notebooks/NAME.ipynb` with `values`; `folder` gets NAME.ipynb, NAME.html and, from the last one, report.html."""
    began = time.monotonic()
    source, kept = params.project_root() / "notebooks" / f"{name}.ipynb", folder / f"{name}.ipynb"
    partial = folder / f".{name}.partial.ipynb"
    error = f"notebooks/{source.name} is missing: restore it" if not source.is_file() else _papermill(source, partial, values)
    if partial.is_file():
        partial.replace(kept)
        error = _publish(name, folder, lang, error)
    return Step(name, "failed" if error else "ok", round(time.monotonic() - began, 1), error)


def _papermill(source: Path, target: Path, values: dict[str, Any]) -> str:
    """Execute; '' or the error in one line. Only a kernel that does not start is tried again, once."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillException, PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.ERROR)
    for attempt in (1, 2):
        try:
            with _environment(), own_sockets() as sockets:
                papermill.execute_notebook(
                    str(source), str(target), parameters=values, kernel_name="python3", language="python",
                    progress_bar=False, log_output=False,
                    cwd=str(params.project_root()), start_timeout=_START_TIMEOUT,
                    extra_arguments=["--Application.log_level=40"],  # errors only
                    **sockets,
                )  # fmt: skip
            return ""
        except PapermillExecutionError as error:
            return one_line(f"{error.ename}: {error.evalue}")
        except DeadKernelError:
            return "DeadKernelError: the kernel died, often for want of memory; close other programs or make the cluster smaller"
        except CellTimeoutError as error:
            return one_line(f"CellTimeoutError: {error}")
        except (RuntimeError, TimeoutError) as error:  # the kernel did not answer
            if attempt == 2:
                return one_line(f"the kernel did not start: {error}")
        except (PapermillException, OSError, ValueError, KeyError) as error:  # no such kernel, broken notebook, full disk
            return one_line(f"{type(error).__name__}: {error}")
    raise AssertionError("not reached")


@contextlib.contextmanager
def own_sockets() -> Iterator[dict[str, Any]]:
    """Options for papermill: one kernel that talks over sockets in a folder of its own.

    A TCP port is chosen first and bound later; beside other kernels it may be taken in between, and the kernel dies. Where there
    are no such sockets (Windows) or the folder's path is too long for one, the options are empty.
    """
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


def _publish(name: str, folder: Path, lang: str, error: str) -> str:
    """The executed copy as a page, a failed one too; an error of its own only where the notebook had none."""
    try:
        report.export(folder / f"{name}.ipynb", folder / f"{name}.html", lang=lang)
        if name.endswith("_report") and not error:
            report.export(folder / f"{name}.ipynb", folder / "report.html", lang=lang, kind="report")
    except Exception as fault:  # whatever the exporter meets, the run goes on to say so
        return error or one_line(f"the page could not be written: {type(fault).__name__}: {fault}")
    return error


def one_line(text: str) -> str:
    """Text without colours, control characters and line ends, at most 400 characters."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", str(text))
    plain = " ".join("".join(c if c.isprintable() else " " for c in plain).split())
    return plain if len(plain) <= 400 else plain[:399] + "…"


def write_json(path: Path, value: dict[str, Any]) -> Path:
    """A JSON file, whole or not at all."""
    from workbench import store

    return store.write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
