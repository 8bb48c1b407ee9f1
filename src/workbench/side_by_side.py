"""Finished runs side by side, clusters or scenarios of one: tables of their folders in, tables with a row or column a run out."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from workbench import compare, files, params, provenance, store
from workbench.errors import RunError

_PLAN = "tables/selection.json"
_ITEMS = ("cluster_total_tco2e", "cluster_total_low_tco2e", "cluster_total_high_tco2e", "cluster_total_tce")


def folders(settings: params.Settings) -> list[Path]:
    """The runs to compare: those in `tables/runs.csv` of the run's folder, else all finished ones that lie beside it."""
    listed = settings.folder / "tables" / "runs.csv"
    if listed.is_file():
        with listed.open(encoding="utf-8", newline="") as lines:
            found = [(settings.folder / row["folder"]).resolve() for row in csv.DictReader(lines)]
    else:
        beside = sorted(file.parent for file in settings.folder.parent.glob("*/manifest.json"))
        found = [run for run in beside if provenance.read_manifest(run).get("status") == "ok" and (run / _PLAN).is_file()]
    if not found:
        raise RunError(f"no finished run in {settings.folder.parent}: run some clusters first (workbench run TARGET TARGET)")
    return found


def write_list(runs: list[Path], folder: Path) -> Path:
    """`tables/runs.csv`, the runs a comparison in `folder` is of."""
    rows = [{"run": run.name, "folder": Path(run).resolve().as_posix()} for run in runs]
    return files.write_text(folder / "tables" / "runs.csv", store.csv_text(pd.DataFrame(rows)))


def overview(runs: list[Path]) -> pd.DataFrame:
    """A row for each run: total and range, energy, intensity, what can be cut, the chosen plan. Money in the run's own `currency`.

    `tco2e_per_million` is the total per million of the currency of value added, where every firm files one; `reachable_cut_tco2e`
    is what all admissible projects together can save.
    """
    return pd.DataFrame([_row(run) for run in runs])


def _row(run: Path) -> dict[str, object]:
    meta = files.read_json(run / "checked" / "cluster.json")
    items = _table(run, "cluster").set_index("item")["value"]
    plan = files.read_json(run / "tables" / "selection.json")
    before, after, least = (plan.get(name) for name in ("emissions_before", "emissions_after", "least_reachable_tco2e"))
    firms = run / "checked" / "enterprises.csv"
    added = pd.to_numeric(pd.read_csv(firms, dtype=str).get("value_added"), errors="coerce") if firms.is_file() else None
    filed = added is not None and len(added) and added.notna().all() and added.sum() > 0
    total = items.get(_ITEMS[0])
    return {"run": run.name, "cluster": meta.get("id", run.name), "currency": meta.get("currency", "")} | {
        **{item: items.get(item) for item in _ITEMS},
        "tco2e_per_million": total / (added.sum() / 1e6) if filed else None,
        "reachable_cut_tco2e": before - least if None not in (before, least) else None,
        **{name: plan.get(name) for name in ("budget_tco2e", "emissions_after")},
        "cut_pct": 100 * (before - after) / before if before and after is not None else None,
        **{name: plan.get(name) for name in ("projects_selected", "capex", "annual_cost", "status")},
    }


def fronts(runs: list[Path]) -> pd.DataFrame:
    """The cost fronts under each other: run, currency, cut_pct of the total, emissions_tco2e, annual_cost, capex, projects."""
    parts = []
    for run in runs:
        front = _table(run, "pareto")
        front = front[front["status"].isin(["optimal", "feasible"])].sort_values("emissions_tco2e", ascending=False)
        before = files.read_json(run / "tables" / "selection.json").get("emissions_before") or float("nan")
        currency = files.read_json(run / "checked" / "cluster.json").get("currency", "")
        cut = 100 * (before - front["emissions_tco2e"]) / before
        front = front.assign(run=run.name, currency=currency, cut_pct=cut)
        parts.append(front[["run", "currency", "cut_pct", "emissions_tco2e", "annual_cost", "capex", "projects"]])
    return pd.concat(parts, ignore_index=True)


def bundles(runs: list[Path]) -> pd.DataFrame:
    """Projects that not all of the runs agree on, a column for each run (1 chosen, 0 not, blank: not there), most chosen first."""
    found = {run.name: _table(run, "bundle").set_index("project_id")["selected"] for run in runs}
    chosen = pd.DataFrame(found).astype("Int64")
    chosen = chosen[(chosen.nunique(axis=1, dropna=False) > 1) & (chosen.sum(axis=1) > 0)]
    order = chosen.assign(_n=chosen.sum(axis=1)).sort_index().sort_values("_n", ascending=False, kind="stable").index
    return chosen.loc[order].rename_axis("project_id").reset_index()


def changes(runs: list[Path]) -> pd.DataFrame:
    """What went into each run otherwise than into the first, and the notebook that first read it: run and `compare.COLUMNS`."""
    parts = [
        {"run": run.name} | row
        for run in runs[1:]
        for row in compare.compare(runs[0], run)
        if row["section"] in compare.CAUSES and row["notebook"]
    ]
    return pd.DataFrame(parts, columns=["run", *compare.COLUMNS])


def _table(run: Path, name: str) -> pd.DataFrame:
    file = run / "tables" / f"{name}.csv"
    if not file.is_file():
        raise RunError(f"{run.name} holds no table {name}: run it to the end first (workbench run {run.name})")
    return pd.read_csv(file, dtype={"project_id": str})
