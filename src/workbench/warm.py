"""What every notebook needs, imported and made once: the process that holds it is forked for each notebook (`execution`).

Importing this module starts no thread, since a fork takes along only the thread that asked for it. Nothing of it is ever garbage:
it is not searched while it is loaded, which takes a tenth of the time, nor afterwards.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench import spared

gc.disable()
spared.mask()
spared.import_without()

from workbench import (  # noqa: E402
    dictionary,
    figures,
    files,
    filing,
    kernel,
    params,
    provenance,
    report,
    units,
    wording,
)  # fmt: skip

LIBRARIES = (
    "IPython.core.application", "IPython.core.completerlib", "IPython.core.magics", "IPython.core.oinspect", "IPython.lib.lexers",
    "ipykernel.inprocess.manager", "ipykernel.inprocess.ipkernel", "tornado.platform.asyncio", "zmq.utils.garbage",
    "matplotlib_inline.backend_inline", "matplotlib.backends.backend_svg", "nbclient", "papermill", "latex2mathml.converter",
    "seaborn", "pandas", "pandas.core.methods.to_dict", "pandas.core.reshape.reshape", "pandas.io.formats.csvs", "pyarrow.csv",
    "pandera.pandas", "pandera.backends.pandas.container", "pandera.backends.pandas.register", "scipy.optimize", "scipy.sparse",
    "pyomo.environ", "highspy", "pyomo.contrib.solver.common.factory",
)  # fmt: skip
MODULES = (
    "adoption", "calculators", "curve", "efficiency", "end_use", "energy_balance", "filing", "green_finance", "grid_sensitivity",
    "heat_supply", "hotspots", "inventory", "matching", "overlap", "pinch", "potential", "quality", "ranges", "selection",
    "sensitivity", "sites", "store", "tables", "verification", "words",
)  # fmt: skip
_CACHED = type(functools.cache(len))


def up() -> None:
    """Import all of it and fill the caches that depend on no cluster."""
    for name in (*LIBRARIES, *(f"workbench.{module}" for module in MODULES)):
        importlib.import_module(name)
    _remember()
    wording.text("report.scope.limits", "en")
    units.factor("MWh", "GJ")
    kernel.register()
    _render()
    _draw()
    gc.freeze()  # what is here stays: no notebook searches it, nor copies its pages to count references
    gc.enable()


def _remember() -> None:
    """Read the workbench's own tables and fill every cache that depends on no cluster."""
    for file in sorted(dictionary.DATA.rglob("*.csv")):
        dictionary.read_table(file.relative_to(dictionary.DATA).with_suffix("").as_posix())
    for table in dictionary.names():
        filing.without_rows(table)
    for library in provenance.LIBRARIES:
        provenance.version(library)
    provenance.code_files()
    for name, module in sorted(sys.modules.items()):
        if name.startswith("workbench."):
            for cached in vars(module).values():
                if isinstance(cached, _CACHED) and cached.__module__ == name and not inspect.signature(cached).parameters:
                    cached()


def _render() -> None:
    """Prepare and render a notebook that says what the project's notebooks say: all that papermill and the pages compile."""
    import papermill
    from nbformat import from_dict
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    cells = [new_code_cell("x: int = 1", metadata={"tags": ["parameters"]}), new_markdown_cell("# $x_1$\n\n| a |\n|---|\n| 1 |")]
    kernelspec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    notebook = papermill.execute_notebook(
        new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), None, parameters={"x": 2}, prepare_only=True,
        engine_name=kernel.NAME, kernel_name="python3", language="python", progress_bar=False,
    )  # fmt: skip
    shown = [new_output("display_data", {"text/html": "<p>1</p>"}), new_output("stream", text="1")]
    failed = new_output("error", ename="Error", evalue="1", traceback=["1"])
    notebook.cells.append(new_code_cell("%time 1", outputs=[*shown, failed]))
    report.page(notebook, Path("notebook.ipynb"))
    with contextlib.suppress(Exception):  # what is wrong with a notebook of the project is said when it runs
        notebook.cells = from_dict([{"id": str(place)} | cell for place, cell in enumerate(_said())])
        report.page(notebook, Path("notebook.ipynb"))


def _draw() -> None:
    """Draw and render what figures are made of, so that fonts and marks are loaded."""
    with figures.style.style():
        figure, axes = figures.style.canvas(1.0)
        axes.barh(["a", "钢"], [1, 2], label="tCO2e")
        axes.plot([1, 2], [0, 1], marker="o")
        axes.scatter([1, 2], [0, 1])
        axes.annotate("a", (1, 1), xytext=(3, 3), textcoords="offset points")
        axes.set(title="a", xlabel="b", ylabel="c")
        axes.legend()
        figures.style.finish(figure, "", "").svg()


def _said() -> Iterator[dict[str, Any]]:
    """Every cell of the project's notebooks, in any language, without outputs and tags."""
    for notebook in sorted((params.project_root() / "notebooks").glob("*.ipynb")):
        for cell in files.read_json(notebook)["cells"]:
            yield {"cell_type": cell["cell_type"], "source": "".join(cell["source"]), "metadata": {}, "outputs": []}


up()
