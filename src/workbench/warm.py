"""What every notebook needs, imported and made once: the process that holds it is forked for each notebook (`execution`).

Importing this module starts no thread, since a fork takes along only the thread that asked for it.
"""

from __future__ import annotations

import gc
import importlib

from workbench import spared

spared.mask()

from workbench import dictionary, factors, figures, findings, grid, kernel, library, report, units, wording  # noqa: E402

LIBRARIES = (
    "IPython.core.completer", "ipykernel.inprocess.manager", "matplotlib_inline.backend_inline", "nbclient", "papermill", "seaborn",
    "pandas", "pyarrow", "pandera.pandas", "scipy.optimize", "scipy.sparse", "pyomo.environ", "highspy",
    "pyomo.contrib.solver.common.factory",
)  # fmt: skip
MODULES = ("curve", "filing", "inventory", "potential", "quality", "selection", "store", "tables", "verification", "words")
CACHES = (
    dictionary.carriers, dictionary.fields, dictionary.tables, factors.fuel_table, findings.catalogue, grid.table, library.rows,
    units.table, report.exporter, figures.style.fonts, kernel.register,
)  # fmt: skip


def up() -> None:
    """Import all of it and fill the caches that depend on no cluster."""
    for name in (*LIBRARIES, *(f"workbench.{module}" for module in MODULES)):
        importlib.import_module(name)
    for fill in CACHES:
        fill()
    wording.text("report.scope.limits", "en")
    units.factor("MWh", "GJ")
    gc.collect()
    gc.freeze()  # what is here stays: no notebook searches it for garbage, nor copies its pages to count references


up()
