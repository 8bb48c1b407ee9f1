"""What every notebook needs, imported and made once: the process that holds it is forked for each notebook (`execution`).

Importing this module starts no thread, since a fork takes along only the thread that asked for it.
"""

from __future__ import annotations

import gc
import importlib

from workbench import spared

spared.mask()
spared.import_without()

from workbench import dictionary, factors, figures, findings, grid, kernel, library, report, units, wording  # noqa: E402

LIBRARIES = (
    "IPython.core.completerlib", "IPython.core.magics", "IPython.lib.lexers", "ipykernel.inprocess.manager",
    "ipykernel.inprocess.ipkernel", "matplotlib_inline.backend_inline", "matplotlib.backends.backend_svg", "nbclient", "papermill",
    "latex2mathml.converter", "seaborn", "pandas", "pandas.core.reshape.reshape", "pandas.io.formats.csvs", "pyarrow.csv",
    "pandera.pandas", "pandera.backends.pandas.container", "scipy.optimize", "scipy.sparse", "pyomo.environ", "highspy",
    "pyomo.contrib.solver.common.factory",
)  # fmt: skip
MODULES = (
    "calculators", "curve", "efficiency", "end_use", "energy_balance", "filing", "green_finance", "grid_sensitivity", "heat_supply",
    "hotspots", "inventory", "matching", "pinch", "potential", "quality", "selection", "sites", "store", "tables", "verification",
    "words",
)  # fmt: skip
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
