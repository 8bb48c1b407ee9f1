"""A papermill engine whose kernel lives in this very process: no second interpreter starts, no socket is opened.

Meant for a process made for one notebook and ended after it (`execution`), since what a notebook changes in its process stays
changed. Messages and outputs are those of ipykernel and nbclient, so the executed copy is the one a kernel of its own would leave.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellExecutionComplete
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines

from workbench import files

NAME = "workbench"
_SAVE_EVERY = 1.0  # seconds; papermill's own engine writes the whole notebook twice a cell


class SameProcessEngine(Engine):
    """papermill's engine `workbench`: cells in order until one fails, `raises-exception` cells excepted."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, begun: Callable[[], None] = lambda: None, **_: Any) -> None:
        """Fill outputs, counts and papermill's metadata of `nb_man.nb`; the copy on disk is never more than a second behind.

        `begun` is called before the first cell.
        """
        _save_seldom(nb_man)
        kernel, client = _start()
        book = PapermillNotebookClient(nb_man, record_timing=False)  # times would differ from run to run
        book.reset_execution_trackers()
        begun()
        for index, cell in enumerate(nb_man.nb.cells):
            nb_man.cell_start(cell, cell_index=index)
            failed = cell.cell_type == "code" and cell.source.strip() and not _run(client, book, cell, index)
            if failed:
                nb_man.cell_exception(cell, cell_index=index)
            nb_man.cell_complete(cell, cell_index=index)
            if failed:
                break
        nb_man.nb.metadata["language_info"] = kernel.language_info


def register() -> str:
    """Make the engine known to papermill; its name."""
    papermill_engines.register(NAME, SameProcessEngine)
    return NAME


def _start() -> tuple[Any, Any]:
    """A fresh kernel without history file, and a client that asks it."""
    from ipykernel.inprocess.manager import InProcessKernelManager
    from traitlets.config import Config

    manager = InProcessKernelManager(config=Config({"HistoryManager": {"enabled": False}}))
    asyncio.set_event_loop(asyncio.new_event_loop())
    manager.start_kernel()
    manager.kernel.shell.loop_runner = _run_apart
    client = manager.client()
    client.start_channels()
    return manager.kernel, client


def _run(client: Any, book: PapermillNotebookClient, cell: Any, index: int) -> bool:
    """Run one cell, fill in its outputs; whether the notebook may go on."""
    book.clear_before_next_output = False
    client.execute(cell.source, allow_stdin=False)
    reply = client.get_shell_msg(timeout=10)["content"]
    for message in client.iopub_channel.get_msgs():
        with suppress(CellExecutionComplete):
            book.process_message(message, cell, index)
    cell.execution_count = reply.get("execution_count")
    return reply["status"] == "ok" or "raises-exception" in cell.metadata.get("tags", [])


def _run_apart(coroutine: Any) -> Any:
    """A cell with `await`: its loop runs in a thread, since the kernel's own is busy in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def _save_seldom(nb_man: Any) -> None:
    """While the notebook runs the copy is written once a second, as plain JSON; papermill writes the last one in its own form."""
    saved = 0.0

    def seldom(**_: Any) -> None:
        nonlocal saved
        if nb_man.output_path and time.monotonic() - saved >= _SAVE_EVERY:
            files.write_text(Path(nb_man.output_path), json.dumps(nb_man.nb, ensure_ascii=False))
            saved = time.monotonic()

    nb_man.save = seldom
