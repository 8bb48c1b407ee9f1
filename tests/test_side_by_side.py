"""Runs side by side, from run folders in round numbers: overview, fronts, bundles, causes of a difference."""

import json
from pathlib import Path

import pandas as pd
import pytest

from workbench import compare, figures, params, side_by_side, words
from workbench.errors import RunError


def folder(path: Path, after: float, chosen: dict[str, int], year: int = 2019, currency: str = "USD", pandas: str = "3") -> Path:
    """A finished run: 1,000 t before, value added 4 million, two points on the front."""
    for part in ("tables", "checked"):
        (path / part).mkdir(parents=True)
    items = {
        "cluster_total_tco2e": 1000,
        "cluster_total_low_tco2e": 900,
        "cluster_total_high_tco2e": 1100,
        "cluster_total_tce": 400,
    }
    rows = "".join(f"{name},{value},t\n" for name, value in items.items())
    (path / "tables" / "cluster.csv").write_text(f"item,value,unit\n{rows}")
    front = "emissions_tco2e,annual_cost,capex,projects,status\n1000,0,0,0,optimal\n800,-50,500,2,optimal\n700,,,,infeasible\n"
    (path / "tables" / "pareto.csv").write_text(front)
    lines = "".join(f"{name},{value}\n" for name, value in chosen.items())
    (path / "tables" / "bundle.csv").write_text(f"project_id,selected\n{lines}")
    plan = {"status": "optimal", "emissions_before": 1000.0, "emissions_after": after, "least_reachable_tco2e": 800.0}
    plan |= {"budget_tco2e": after, "projects_selected": sum(chosen.values()), "capex": 10.0, "annual_cost": -5.0}
    (path / "tables" / "selection.json").write_text(json.dumps(plan))
    (path / "checked" / "cluster.json").write_text(json.dumps({"id": "c", "currency": currency}))
    (path / "checked" / "enterprises.csv").write_text("enterprise_id,value_added\nA,1000000\nB,3000000\n")
    intake = {"name": "10_intake", "parameters": {"year": year}, "package": {"energy.csv": "e"}, "code": {"filing.py": "f"}}
    choice = {"name": "40_selection", "parameters": {"reduction_pct": after}, "package": {}, "code": {"selection/solve.py": "s"}}
    manifest = {
        "status": "ok", "parameters": {"year": year, "reduction_pct": after, "notes": path.name}, "files": {"energy.csv": "e"},
        "versions": {"pandas": pandas, "highspy": "1"}, "notebooks": [r | {"notebook": "n"} for r in (intake, choice)],
        "outputs": {"tables/bundle.csv": str(chosen)},
    }  # fmt: skip
    (path / "manifest.json").write_text(json.dumps(manifest))
    return path


@pytest.fixture
def runs(tmp_path):
    first = folder(tmp_path / "mild", 900.0, {"P1": 1, "P2": 0, "P3": 1})
    return [first, folder(tmp_path / "strict", 800.0, {"P1": 1, "P2": 1, "P3": 0})]


def test_overview_in_round_numbers(runs):
    table = side_by_side.overview(runs).set_index("run")
    assert table.loc["mild", ["tco2e_per_million", "reachable_cut_tco2e", "cut_pct"]].tolist() == [250, 200, 10]
    assert table["cut_pct"].tolist() == [10, 20] and table["cluster_total_tce"].tolist() == [400, 400]


def test_fronts_hold_what_can_be_reached_from_no_cut_on(runs):
    front = side_by_side.fronts(runs)
    assert front.groupby("run")["cut_pct"].apply(list).to_dict() == {"mild": [0, 20], "strict": [0, 20]}


def test_bundles_name_what_the_runs_do_not_agree_on(runs):
    table = side_by_side.bundles(runs)
    assert table.astype(str).to_dict("records") == [
        {"project_id": "P2", "mild": "0", "strict": "1"},
        {"project_id": "P3", "mild": "1", "strict": "0"},
    ]
    assert side_by_side.bundles(runs[:1]).empty


def test_causes_are_what_a_notebook_read(runs):
    rows = {row["item"]: row for row in compare.compare(*runs)}
    assert rows["reduction_pct"]["notebook"] == "40_selection" and rows["notes"]["notebook"] == ""
    said = compare.because(compare.compare(*runs))
    assert said == "the results differ because of parameter reduction_pct (from 40_selection on)"
    assert side_by_side.changes(runs)[["run", "section", "item"]].values.tolist() == [["strict", "parameter", "reduction_pct"]]
    assert compare.because(compare.compare(runs[0], runs[0])) == "the results are the same"


def test_each_kind_of_cause_has_its_section(runs, tmp_path):
    other = folder(tmp_path / "other", 900.0, {"P1": 0}, year=2020, pandas="4")
    said = compare.because(compare.compare(runs[0], other))
    assert "parameter year (from 10_intake on)" in said and "version pandas (from 10_intake on)" in said
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["versions"]["highspy"] = "2"
    manifest["notebooks"][1]["code"]["selection/solve.py"] = "t"
    (other / "manifest.json").write_text(json.dumps(manifest))
    said = compare.because(compare.compare(runs[0], other))
    assert "solver highspy (from 40_selection on)" in said and "code selection/solve.py (from 40_selection on)" in said


def test_the_runs_are_those_listed_or_those_beside(runs, tmp_path):
    def settings(place):
        return params.validate({"cluster": "c", "package": "-", "year": 2019, "run_dir": str(place)})

    assert side_by_side.folders(settings(tmp_path / "comparison")) == runs
    side_by_side.write_list(runs[1:], tmp_path / "comparison")
    assert side_by_side.folders(settings(tmp_path / "comparison")) == runs[1:]
    with pytest.raises(RunError, match="no finished run"):
        side_by_side.folders(settings(tmp_path / "elsewhere" / "x"))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_figures_and_words(runs, lang, tmp_path):
    runs = [*runs, folder(tmp_path / "abroad", 950.0, {"P9": 1}, currency="CNY")]
    overview = side_by_side.overview(runs)
    assert "1,000" in figures.runs_totals(overview, lang).alt or "0.1" in figures.runs_totals(overview, lang).alt
    assert "20" in figures.runs_fronts(side_by_side.fronts(runs), lang).alt
    said = str(words.runs_summary(overview, lang))
    assert "strict" in said and ("currencies" in said or "货币" in said)
    assert "no plan" in str(words.runs_summary(overview.assign(cut_pct=None), "en")).lower()
    assert isinstance(words.table("compared_runs", lang), dict) and pd.api.types.is_list_like(overview.columns)
