"""The notebook beside the chain: its form is that of the others, and it runs on a finished run."""

from __future__ import annotations

import csv
import json

import pytest

import test_notebooks as form
from test_notebooks import _package_for_kernels  # noqa: F401  kernels import this checkout
from workbench import report

PATH = form.ROOT / "notebooks" / "46_uncertainty_sharing.ipynb"


@pytest.mark.parametrize(
    "check",
    [
        form.test_a_notebook_holds_short_cells_and_no_function,
        form.test_every_text_stands_in_both_languages,
        form.test_formulas_are_mathematics_and_nothing_else_is,
        form.test_a_notebook_is_committed_with_stable_ids_and_without_outputs,
    ],
)
def test_form(check):
    check(PATH)


def test_its_parameters_are_those_of_the_others():
    mine, first = (next(form.source(c) for c in form.cells(p) if "parameters" in form.tags(c)) for p in (PATH, form.NOTEBOOKS[0]))
    assert mine == first


@pytest.mark.slow
def test_it_adds_its_tables_to_a_run(tiny, tmp_path):
    package = tiny().write(tmp_path / "package")
    given = {
        "cluster": "tiny",
        "package": str(package),
        "year": 2022,
        "reduction_pct": 3.0,
        "front_points": 3,
        "objective": "capex",
    }
    (tmp_path / "run").mkdir()
    for path in (*form.NOTEBOOKS[:3], PATH):
        form.execute(path, tmp_path / "run", **given)
    for name in ("stays_in", "plans_compared", "robustness", "data_to_improve_decision", "fair_shares", "side_payments", "market"):
        with (tmp_path / "run" / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert list(csv.DictReader(file)), name


@pytest.mark.slow
def test_least_emissions_for_given_money_run_from_the_package_to_the_report(tiny, tmp_path):
    """400,000 buy P2 and P3, which save 1,160 t together; every notebook ends, and what is counted in tonnes is told in tonnes."""
    package = tiny().write(tmp_path / "package")
    given = {"cluster": "tiny", "package": str(package), "year": 2022, "front_points": 3}
    given |= {"objective": "emissions", "capital_limit": 400_000.0, "budget_tco2e": 24_500.0}
    (tmp_path / "run").mkdir()
    for path in (*form.NOTEBOOKS[:4], form.WHATIF, PATH, form.NOTEBOOKS[4]):
        form.execute(path, tmp_path / "run", **given)
    form.assert_contract(tmp_path / "run")
    summary = json.loads((tmp_path / "run/tables/selection.json").read_text(encoding="utf-8"))
    assert summary["status"] == "optimal" and summary["recheck"] == "ok" and summary["objective"] == "emissions"
    assert summary["objective_value"] == pytest.approx(24_140) == summary["emissions_after"]
    assert {r["project_id"] for r in form.table(tmp_path / "run", "bundle") if r["selected"] == "1"} == {"P2", "P3"}
    assert {r["objective"] for r in form.table(tmp_path / "run", "plans_compared")} == {"annual_cost"}
    page = report.export(tmp_path / "run" / "50_report.ipynb", tmp_path / "report.html", lang="en", kind="report")
    assert "24,140" in page.read_text(encoding="utf-8")
