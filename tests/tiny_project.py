"""A project of tiny notebooks in a folder of its own: what a run does, without what the workbench computes."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PARAMETERS = """
cluster = ""; package = ""; year = 2019; lang = "en"; run_dir = ""; notes = ""  # parameters
budget_tco2e = reduction_pct = target_year = capital_limit = energy_intensity_cap = carbon_intensity_cap = None
"""


def write(folder: Path, notebooks: dict[str, str], targets: dict[str, str], parameters: str = PARAMETERS) -> Path:
    """Notebooks by name with their code; parameter files by name with their `notes`, all on the package `pack`."""
    for part in ("notebooks", "params", "pack"):
        (folder / part).mkdir()
    (folder / "pyproject.toml").touch()
    (folder / "pack" / "cluster.yaml").write_text("id: tiny\n")
    for name, code in notebooks.items():
        first = new_code_cell(parameters, metadata={"tags": ["parameters"]})
        cells = [new_markdown_cell(f"# {name}"), first, new_code_cell(code)]
        nbformat.write(new_notebook(cells=cells), folder / "notebooks" / f"{name}.ipynb")
    for name, notes in targets.items():
        (folder / "params" / f"{name}.yaml").write_text(f'cluster: {name}\npackage: pack\nyear: 2019\nnotes: "{notes}"\n')
    return folder
