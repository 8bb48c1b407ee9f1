"""However pandas holds text, the tables of a run are the same: a small package's as objects, a large one's as Arrow's columns."""

import pandas as pd
import pytest

from workbench import execution, files, store
from workbench.params import project_root

PARK = project_root() / "data" / "clusters" / "example-park"


def written(tiny, storage: str) -> dict[str, str]:
    """What the chain makes of the tiny cluster and, as far as the inventory, of the park, as the files of a run would hold it."""
    with pd.option_context("mode.string_storage", storage):
        made = tiny()
        found = made.assess()
        tables = {"inventory": made.inventory.rows, "factors": made.inventory.factors, "enterprises": made.enterprises}
        tables |= {"projects": found.projects, "bases": found.bases, "findings": made.findings(), "paid": made.paid[0]}
        park = tiny(meta=store.read_package(PARK).meta, **dict.fromkeys(("projects", "savings")), **_texts())
        tables |= {f"park_{name}": table for name, table in park.checked.tables.items()}
        tables |= {"park_inventory": park.inventory.rows, "park_problems": pd.concat(park.problems)}
        assert made.inventory.rows["enterprise_id"].dtype.storage == ("python" if storage == "python" else "pyarrow")
        return {name: store.csv_text(table) for name, table in tables.items()}


def _texts() -> dict[str, str]:
    """The park's tables as filed."""
    return {
        file.stem: file.read_text(encoding="utf-8")
        for file in sorted(PARK.glob("*.csv"))
        if file.stem not in ("projects", "savings")
    }


@pytest.mark.slow
def test_tables_are_the_same_however_text_is_held(tiny, monkeypatch):  # with `monkeypatch` nothing is taken from memory
    objects, columns = written(tiny, "python"), written(tiny, "pyarrow")
    assert objects.keys() == columns.keys() and len(objects) > 20
    for name, text in objects.items():
        assert text == columns[name], name
        assert name.startswith("park") or len(text) > 50
    assert files.size(PARK) < execution.SMALL
