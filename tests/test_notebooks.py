"""The notebooks: their form, and what they leave behind on a tiny cluster and on the shipped ones."""

from __future__ import annotations

import ast
import csv
import json
import os
import re
import shutil
import string
from pathlib import Path

import papermill
import pytest

from browser import open_page, skip_without_browser
from workbench import execution, findings, params, report, wording, words

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = [ROOT / "notebooks" / f"{n}.ipynb" for n in ("10_intake", "20_inventory", "30_potential", "40_selection", "50_report")]
OWN = {
    "cluster": "ohio-metals",
    "package": "data/clusters/ohio-metals",
    "year": 2019,
    "objective": "capex",
    "reduction_pct": 4.0,
}
CONTRACT = {  # contract, section 5
    "findings": "finding_id check severity enterprise_id table row field seen expected message what_to_do status",
    "inventory": "enterprise_id unit_id year source scope carrier activity activity_unit energy_gj tce tco2e factor_id tco2e_low "
    "tco2e_high",
    "enterprises": "enterprise_id direct_tco2e indirect_tco2e total_tco2e tce share_pct rank key_emitter",
    "cluster": "item value unit",
    "factors_used": "factor_id value unit source valid_from valid_to sha256",
    "potential": "project_id enterprise_id tce_saved tco2e_saved capex annual_cost npv irr_pct payback_years abatement_cost "
    "upstream_tco2e flags",
    "macc": "rank project_id naive_abatement_cost naive_tco2e incremental_abatement_cost incremental_tco2e cumulative_tco2e",
    "bundle": "project_id selected start_year capex annual_cost tce_saved tco2e_saved regret regret_kind why",
    "shadow_prices": "limit who unit bound reached binding price_kind value move objective_value definition",
    "limits_to_move": "limit who unit now needed move_by least_reachable_without_tco2e enough_alone step proved together",
    "alternatives": "alternative objective_value extra_cost extra_pct emissions_tco2e capex projects differs_in added dropped",
    "project_roles": "project_id selected role in_alternatives",
    "pareto": "budget_tco2e emissions_tco2e annual_cost capex projects status gap supported knee complete",
    "reductions": "reduction_pct objective objective_value capex annual_cost emissions_tco2e projects greedy_value status",
}
SELECTION = (
    "status objective objective_value bound gap emissions_before emissions_after budget_tco2e capex annual_cost "
    "marginal_abatement_cost least_reachable_tco2e greedy_value recheck solver solver_version build_seconds solve_seconds"
)


def cells(path: Path, kind: str = "code") -> list[dict]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def tags(cell: dict) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def source(cell: dict) -> str:
    return "".join(cell["source"])


def code(path: Path) -> list[dict]:
    return [cell for cell in cells(path) if "parameters" not in tags(cell)]


WHATIF = ROOT / "notebooks" / "45_whatif.ipynb"  # asked by hand, not part of a run
COMPARE = ROOT / "notebooks" / "60_compare.ipynb"  # asked for after a batch
each = pytest.mark.parametrize("path", [*NOTEBOOKS, WHATIF, COMPARE], ids=lambda path: path.stem)


@each
def test_a_notebook_holds_short_cells_and_no_function(path):
    lines = 0
    for cell in code(path):
        tree = ast.parse(source(cell))
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)]
        assert len(cell["source"]) <= 12, cell["id"]
        lines += len(cell["source"])
    assert lines <= 90


@each
def test_every_text_stands_in_both_languages(path):
    texts = cells(path, "markdown")
    assert [tags(cell) for cell in texts] == [{"lang-en"}, {"lang-zh"}] * (len(texts) // 2)
    for english, chinese in zip(texts[::2], texts[1::2], strict=True):
        assert english["id"].removesuffix("-en") == chinese["id"].removesuffix("-zh")
        assert re.findall(r"^#+", source(english), re.M) == re.findall(r"^#+", source(chinese), re.M)
        assert re.findall(r"\$\$.+?\$\$", source(english)) == re.findall(r"\$\$.+?\$\$", source(chinese))
        assert re.search(r"[\u4e00-\u9fff]", source(chinese))
    assert source(texts[0]).startswith("# ")
    assert sum(source(cell).startswith("# ") for cell in texts) == 2


@each
def test_formulas_are_mathematics_and_nothing_else_is(path):
    for cell in cells(path, "markdown"):
        text = source(cell)
        assert not [line for line in text.splitlines() if line.startswith("#") and "$" in line]
        assert text.replace("$$", "").count("$") % 2 == 0
        for formula in re.findall(r"\$\$(.+?)\$\$", text) + re.findall(r"(?<!\$)\$([^$]+)\$(?!\$)", text):
            assert report.mathml(formula, "inline").startswith("<math"), formula


@each
def test_a_notebook_is_committed_with_stable_ids_and_without_outputs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells(path))
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"{path.stem.split('_')[1]}-") for name in names)


def test_the_parameter_cell_is_the_same_everywhere():
    every = [source(cell) for path in NOTEBOOKS for cell in cells(path) if "parameters" in tags(cell)]
    assert len(every) == len(NOTEBOOKS) and len(set(every)) == 1


def test_papermill_reads_every_parameter_with_type_default_and_meaning():
    read = papermill.inspect_notebook(str(NOTEBOOKS[0]))
    assert list(read) == list(params.Settings.model_fields)
    for name, field in params.Settings.model_fields.items():
        expected = OWN.get(name, field.default)
        assert ast.literal_eval(read[name]["default"]) == expected, name
        assert read[name]["help"] == field.description, name
        assert (" or None" in read[name]["inferred_type_name"]) == (" | None" in str(field.annotation)), name


def execute(path: Path, folder: Path, **parameters) -> Path:
    made = folder / path.name
    given = {"run_dir": str(folder), "reduction_pct": None} | parameters
    with execution.own_sockets() as sockets:
        papermill.execute_notebook(path, made, parameters=given, kernel_name="python3", progress_bar=False, cwd=ROOT, **sockets)
    return made


def run_all(folder: Path, **parameters) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for path in NOTEBOOKS:
        execute(path, folder, **parameters)
    return folder


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def assert_contract(folder: Path) -> None:
    for name, columns in CONTRACT.items():
        with (folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert set(columns.split()) <= set(next(csv.reader(file))), name
    summary = json.loads((folder / "tables" / "selection.json").read_text(encoding="utf-8"))
    assert set(SELECTION.split()) <= set(summary)
    assert summary["recheck"] == ("no plan to check" if summary["status"] == "infeasible" else "ok")
    hashes = {row["factor_id"]: row["sha256"] for row in table(folder, "factors_used")}
    used = {i for row in table(folder, "use_bases") for i in row["factor_ids"].split(";") if i}
    assert used <= set(hashes) and all(len(hashes[i]) == 64 for i in used)


@pytest.fixture(scope="module")
def three_firms(tiny, tmp_path_factory) -> tuple[Path, dict]:
    """All five notebooks on the cluster of three enterprises: the run's folder and its parameters; a cut of 5 %."""
    folder = tmp_path_factory.mktemp("three")
    # Names that a page must never run or set as a formula.
    firms = (
        "enterprise_id,name,name_zh,sector,value_added\n"
        "A,Alpha <script>alert(1)</script>,甲厂,power,10000000\nB,$Beta$ *one*,乙厂,paper,20000000\nC,Gamma,丙厂,food,30000000\n"
    )
    package = tiny(enterprises=firms).write(folder / "package")
    given = {"cluster": "tiny", "package": str(package), "year": 2022, "reduction_pct": 5.0, "front_points": 4}
    return run_all(folder / "run", **given), given


@pytest.mark.slow
def test_three_firms_from_the_package_to_the_report(three_firms):
    folder, _ = three_firms
    assert_contract(folder)
    items = {row["item"]: float(row["value"]) for row in table(folder, "cluster")}
    assert items["cluster_total_tco2e"] == pytest.approx(25_300, rel=1e-9)
    summary = json.loads((folder / "tables" / "selection.json").read_text(encoding="utf-8"))
    assert summary["status"] == "optimal"
    assert summary["budget_tco2e"] == pytest.approx(0.95 * 25_300)
    assert {row["project_id"] for row in table(folder, "bundle") if row["selected"] == "1"} == {"P1"}

    skip_without_browser()
    for lang, other in (("en", "待处理的问题"), ("zh", "Findings still open")):
        seen = open_page(report.export(folder / "50_report.ipynb", folder / f"{lang}.html", lang=lang, kind="report"))
        assert not seen.failed_requests and not seen.console_errors and not seen.requests
        assert seen.overflow == {1280: 0, 390: 0}
        assert "25,300" in seen.text and other not in seen.text
        assert "Alpha <script>alert(1)</script>" in seen.text and "$Beta$ *one*" in seen.text


@pytest.mark.slow
def test_the_what_if_of_a_finished_run_stands_alone_as_a_page(three_firms, tmp_path):
    folder, given = three_firms
    made = execute(WHATIF, folder, **given)
    text = report.export(made, tmp_path / "whatif.html", lang="en", kind="notebook").read_text(encoding="utf-8")
    assert "Plans of growing cuts" in text and "Opened in JupyterLab" in text and "widget" not in text


@pytest.mark.slow
def test_a_second_run_gives_the_same_tables(three_firms, tmp_path):
    folder, given = three_firms
    again = run_all(tmp_path / "run", **given)
    for name in CONTRACT:
        assert (again / f"tables/{name}.csv").read_bytes() == (folder / f"tables/{name}.csv").read_bytes(), name


@pytest.mark.slow
def test_a_budget_out_of_reach_is_told_as_a_result(three_firms, tmp_path):
    folder, given = three_firms
    shutil.copytree(folder, tmp_path / "run")
    for path in NOTEBOOKS[3:]:
        execute(path, tmp_path / "run", **given | {"lang": "zh", "reduction_pct": None, "budget_tco2e": 100.0})
    page = report.export(tmp_path / "run" / "50_report.ipynb", tmp_path / "report.html", lang="zh", kind="report")
    text = page.read_text(encoding="utf-8")
    assert "没有任何组合能达到 100 tCO₂e" in text and "甲厂" in text


@pytest.mark.slow
def test_a_plan_by_years_runs_from_the_choice_to_the_report(three_firms, tmp_path):
    """P3 in 2023 and P2 in 2024, as capital of a year allows; the report shows the plan year by year."""
    folder, given = three_firms
    shutil.copytree(folder, tmp_path / "run")
    years = {"horizon_year": 2025, "objective": "capex", "reduction_pct": None, "capital_per_year": 200000.0}
    years["budget_path"] = {2023: 24500.0, 2024: 24140.0}
    for path in (NOTEBOOKS[3], WHATIF, NOTEBOOKS[4]):
        execute(path, tmp_path / "run", **given | years)
    summary = json.loads((tmp_path / "run/tables/selection.json").read_text(encoding="utf-8"))
    assert summary["status"] == "optimal" and summary["recheck"] == "ok" and summary["not_asked"] == []
    chosen = {r["project_id"]: r["start_year"] for r in table(tmp_path / "run", "bundle") if r["selected"] == "1"}
    assert chosen == {"P2": "2024", "P3": "2023"}
    assert all(float(row["emissions_tco2e"]) <= 24140 + 1e-6 for row in table(tmp_path / "run", "pareto"))
    page = report.export(tmp_path / "run" / "40_selection.ipynb", tmp_path / "selection.html", lang="en", kind="notebook")
    assert "The plan year by year" in page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_notebook_without_the_one_before_names_it(tmp_path):
    with pytest.raises(papermill.PapermillExecutionError) as failed:
        execute(NOTEBOOKS[1], tmp_path)
    assert failed.value.ename == "RunError"
    assert "10_intake" in failed.value.evalue and "\n" not in failed.value.evalue


@pytest.mark.slow
def test_a_year_that_nothing_was_filed_for_runs_to_the_report(tmp_path):
    """Nothing emitted, nothing to save: results and a report that says so, no traceback."""
    package = ROOT / "data/clusters/example-park"
    folder = run_all(tmp_path / "run", cluster="empty", package=str(package), year=2023, lang="en", reduction_pct=6.0)
    assert_contract(folder)
    items = {row["item"]: float(row["value"]) for row in table(folder, "cluster") if row["value"]}
    assert items["cluster_total_tco2e"] == 0
    assert {row["level"] for row in table(folder, "energy_balance")} == {"total"}
    assert table(folder, "macc") == [] and table(folder, "inventory") == []


FIGURES = {"example-park": 573_168.999164, "ohio-metals": 354_556.709223, "tangshan-steel": 177_329_945.618}  # tCO2e
SHIPPED_RUNS = [("example-park", "zh"), ("example-park", "en"), ("ohio-metals", "en"), ("tangshan-steel", "zh")]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "lang"), SHIPPED_RUNS)
def test_the_shipped_clusters_run_to_the_report(name, lang, tmp_path):
    _, given = params.load(name)
    folder = run_all(tmp_path / "run", **given | {"lang": lang, "package": str(ROOT / given["package"])})
    assert_contract(folder)
    for path in NOTEBOOKS:
        page = report.export(folder / path.name, folder / f"{path.stem}.html", lang=lang, kind="notebook")
        assert '<code class="formula">' not in page.read_text(encoding="utf-8")
    inventory = table(folder, "inventory")
    assert all(row["factor_reason"] and row["factor_level"] for row in inventory if row["factor_id"])
    items = {row["item"]: float(row["value"] or "nan") for row in table(folder, "cluster")}
    assert items["cluster_total_tco2e"] == pytest.approx(FIGURES[name], rel=1e-7)
    assert items["cluster_total_low_tco2e"] < FIGURES[name] < items["cluster_total_high_tco2e"]
    if name == "example-park":
        assert {row["check"] for row in table(folder, "findings")} >= {"synthetic_data", "duplicate_row", "unknown_unit"}


# Words

SUMMARY = {
    "status": "optimal", "objective": "capex", "objective_value": 1_300_000.0, "bound": 1_300_000.0, "gap": 0.0,
    "emissions_before": 1000.0, "emissions_after": 900.0, "budget_tco2e": 950.0, "capex": 1_300_000.0, "annual_cost": -20_000.0,
    "marginal_abatement_cost": 12.5, "least_reachable_tco2e": 800.0, "greedy_value": 1_500_000.0, "greedy_emissions": 940.0,
    "greedy_by_objective_value": None, "greedy_extra_gross_pct": 15.4, "greedy_extra_net_pct": 15.4, "greedy_status": "met",
    "greedy_ended_value": 1_500_000.0, "greedy_overshoot_tco2e": 10.0,
    "recheck": "ok", "limits_to_move": [], "projects_selected": 2, "projects_eligible": 5,
    "solver": "HiGHS", "solver_version": "1.0",
}  # fmt: skip
NO_PLAN = {"status": "infeasible", "objective_value": None, "emissions_after": None, "capex": None, "annual_cost": None}


def test_the_plan_in_words():
    said = str(words.selection_summary(SUMMARY, "USD", "en"))
    assert "no more than 950 tCO₂e" in said and "2 of 5 projects" in said and "1.3 million USD" in said
    assert "from 1,000 to 900 tCO₂e a year, by 10 %" in said and "earns 20,000 USD a year" in said
    assert "130 万美元" in str(words.selection_summary(SUMMARY, "USD", "zh"))
    assert "200,000 USD more than the least (15.4 %). It goes 10 tCO₂e further" in str(words.greedy_summary(SUMMARY, "USD", "en"))
    gain = SUMMARY | {"greedy_extra_gross_pct": 2.5, "greedy_extra_net_pct": None}
    assert "(2.5 % of what the least plan's projects cost before savings)" in str(words.greedy_summary(gain, "USD", "en"))
    for status, told in (("ends above the budget", "never reaches the budget"), ("breaks a limit", "breaks another limit")):
        above = status == "ends above the budget"
        summary = SUMMARY | {"greedy_value": None, "greedy_emissions": 960.0 if above else 940.0, "greedy_status": status}
        summary |= {"greedy_overshoot_tco2e": -10.0 if above else 10.0}
        assert above == ("10 tCO₂e above the budget" in str(words.greedy_summary(summary, "USD", "en")))
        assert told in str(words.greedy_summary(summary, "USD", "en"))


def test_a_plan_for_a_year_without_energy_is_no_quarrel_of_rules():
    nothing = NO_PLAN | {"emissions_before": 0.0, "least_reachable_tco2e": None}
    for lang, word, quarrel in (("en", "nil", "contradict"), ("zh", "为零", "矛盾")):
        said = str(words.selection_summary(SUMMARY | nothing, "USD", lang))
        assert word in said
        assert quarrel not in said
        assert quarrel in str(words.selection_summary(SUMMARY | nothing | {"emissions_before": 9.0}, "USD", lang))


def test_a_plan_stopped_by_time_is_not_called_best():
    said = str(words.selection_summary(SUMMARY | {"status": "time_limit", "bound": 1_000_000.0, "gap": 0.23}, "USD", "en"))
    assert "not proven best" in said and "1 million USD" in said and "23 %" in said and "proved" not in said


def test_an_infeasible_budget_names_what_would_have_to_move():
    none = NO_PLAN | {"budget_tco2e": 700.0}
    moves = [
        {"limit": "budget", "now": 700.0, "needed": 800.0, "move_by_tco2e": 100.0},
        {"limit": "capital", "least_reachable_without_tco2e": 650.0, "enough_alone": True},
    ]
    said = str(words.selection_summary(SUMMARY | none | {"limits_to_move": moves}, "USD", "en"))
    assert "No bundle reaches 700 tCO₂e" in said and "100 tCO₂e are missing" in said
    assert "Without the limits on capital the least would be 650 tCO₂e, which is enough" in said
    assert "does not reach the budget either" in str(words.greedy_summary(SUMMARY | none, "USD", "en"))


def test_what_is_shown_is_escaped():
    assert words.Prose(("<b>1</b> & 2",))._repr_html_() == "<p>&lt;b&gt;1&lt;/b&gt; &amp; 2</p>"


def test_synthetic_data_are_called_so():
    assert "synthetic" in words.synthetic_warning({"data_nature": "synthetic"}, "en")
    assert words.synthetic_warning({"data_nature": "published"}, "en") == ""
    assert words.nature_kind({"data_nature": "synthetic"}) == "warning"


def test_both_languages_say_the_same_numbers():
    for key, entry in wording._entries().items():
        names = {lang: sorted({name for _, name, _, _ in string.Formatter().parse(entry[lang]) if name}) for lang in ("en", "zh")}
        assert entry["en"] and entry["zh"], key
        if key.startswith(("report.", "nature.", "money.", "parameter.")):
            assert names["en"] == names["zh"], key


def test_every_check_has_a_name_in_both_languages():
    for check in findings.catalogue().index:
        assert wording.label(check, "zh") != check and wording.label(check, "en") != check, check


def test_every_parameter_and_shown_column_has_words():
    for name in set(params.Settings.model_fields) - {"run_dir", "package"}:
        assert wording.text(f"parameter.{name}", "zh")
    for name, how in words.shown().items():
        for column in how.get("columns", []):
            assert wording.label(column, "zh") != column, (name, column)


@pytest.fixture(autouse=True, scope="module")
def _package_for_kernels():
    """Kernels import the package of this checkout, installed or not."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "src"), before]))
    yield
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before
