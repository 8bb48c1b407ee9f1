"""The command line: help with examples, exit codes, errors in one line, the filing workbook there and back."""

import csv
import io
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from workbench import cli, dictionary, package_commands, store, template

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ("run", "check", "template", "import", "list", "status", "compare", "export", "docs")
CLUSTER = {
    "id": "tiny", "name_en": "Tiny", "country": "CN", "grid_region": "Guangdong", "base_year": 2022, "currency": "CNY",
    "factor_set": "cn-f1", "gwp_set": "ar5", "data_nature": "synthetic",
}  # fmt: skip


@pytest.fixture
def filled(tmp_path):
    """A template filled with one plant; a function that changes cells, saves and returns the path."""

    def make(changes=None, without=()):
        path = template.write(tmp_path / "filing.xlsx")
        book = load_workbook(path)
        for row in book["cluster"].iter_rows():
            if row[0].value in CLUSTER:
                row[1].value = CLUSTER[row[0].value]
        rows = {
            "enterprises": {"enterprise_id": "007", "name": "Plant", "sector": "steel"},
            "energy": {
                "enterprise_id": "007", "year": 2022, "carrier": "electricity", "flow": "purchase", "quantity": 1000,
                "unit": "MWh", "cost": 600000,
            },
        }  # fmt: skip
        for table, values in rows.items():
            values |= (changes or {}).get(table, {})
            names = dictionary.fields(table)["field"].tolist()
            for name, value in values.items():
                book[table].cell(2, names.index(name) + 1).value = value
        for sheet in without:
            del book[sheet]
        book.save(path)
        return path

    return make


def run(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.mark.parametrize("command", [*COMMANDS, "import iac"])
def test_help_shows_an_example(capsys, command):
    with pytest.raises(SystemExit) as end:
        cli.main([*command.split(), "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert end.value.code == 0 and f"example: workbench {command.split()[0]}" in text


def test_without_a_command_help_and_two(capsys):
    code, out, _ = run(capsys)
    assert code == 2 and all(name in out for name in COMMANDS)


def test_help_is_quick():
    script = "import sys; from workbench import cli; cli._parser([]).format_help(); print(*sys.modules)"
    began = time.monotonic()
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert time.monotonic() - began < 5
    assert not {"pandas", "papermill", "pydantic", "openpyxl", "numpy"} & set(loaded)


def test_what_looks_after_a_batch_loads_no_library_of_the_notebooks():
    script = "import sys; from workbench import batch; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "workbench.execution" in loaded
    assert not {"pandas", "numpy", "matplotlib", "seaborn", "papermill", "scipy", "pyomo", "highspy"} & set(loaded)


def test_a_filled_template_is_read_back(filled, capsys):
    path = filled()
    package = store.read_package(path)
    assert package.tables["enterprises"]["enterprise_id"].tolist() == ["007"]
    assert package.meta["name"] == {"en": "Tiny"} and package.meta["base_year"] == 2022
    code, out, err = run(capsys, "check", path, "--format", "json")
    found = json.loads(out)
    assert code == 0, out
    assert err.startswith("0 error") and "synthetic_data" in {finding["check"] for finding in found}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_table_and_list_stands_in_the_template(tmp_path, capsys, lang):
    code, out, _ = run(capsys, "template", "--out", tmp_path / "t.xlsx", "--lang", lang, "--sector", template.sectors()[0])
    assert code == 0
    book = load_workbook(out.strip())
    assert book.sheetnames == ["README", "cluster", *dictionary.names()]
    for table in dictionary.names():
        heads = [cell for cell in book[table][1]]
        assert [cell.value for cell in heads] == dictionary.fields(table)["field"].tolist()
        assert all(cell.comment and cell.comment.text for cell in heads)
    carrier = [rule for rule in book["energy"].data_validations.dataValidation if "README!" in rule.formula1]
    assert len(carrier) >= 3
    assert any(rule.formula1 == "=enterprises!$A$2:$A$5000" for rule in book["energy"].data_validations.dataValidation)
    code, out, _ = run(capsys, "check", tmp_path / "t.xlsx", "--format", "csv", "--lang", lang)
    assert code == 1
    checks = {row["check"] for row in csv.DictReader(io.StringIO(out))}
    assert {"missing_table", "cluster_field"} <= checks


def test_a_missing_sheet_and_a_formula_without_value_are_findings(filled, capsys):
    code, out, _ = run(capsys, "check", filled(without=["energy"]))
    assert code == 1 and "energy" in out
    code, out, _ = run(capsys, "check", filled({"energy": {"quantity": "=2*500"}}), "--format", "csv")
    assert code == 1 and "formula_without_value" in out


def test_what_cannot_be_read_is_two_and_one_line(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "no.xlsx").write_bytes(b"not a workbook")
    book = Workbook()
    book.save(tmp_path / "bare.xlsx")
    for name in ("empty", "no.xlsx", "bare.xlsx", "absent", "bare.txt"):
        code, out, err = run(capsys, "check", tmp_path / name)
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert err.startswith("workbench: ") and "unexpected" not in err


def test_faults_of_the_program_are_one_line_too_unless_debug(monkeypatch, capsys, tmp_path):
    def broken(*_):
        raise ZeroDivisionError("of\nnothing")

    monkeypatch.setattr(package_commands, "findings_of", broken)
    code, _, err = run(capsys, "check", tmp_path)
    assert code == 2 and err.count("\n") == 1 and "--debug" in err
    with pytest.raises(ZeroDivisionError):
        cli.main(["check", str(tmp_path), "--debug"])


def test_names_steer_no_terminal(filled, capsys):
    book = filled({"enterprises": {"enterprise_id": "007", "name": "<script>"}, "energy": {"unit": "furlong"}})
    code, out, _ = run(capsys, "check", book)
    assert code == 1 and "\x1b" not in out and "furlong" in out


@pytest.mark.parametrize("arguments", [["template", "--out", "x.csv"], ["template", "--out", "x.xlsx", "--sector", "magic"]])
def test_a_template_that_cannot_be_is_refused(capsys, arguments):
    code, _, err = run(capsys, *arguments)
    assert code == 2 and err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["compare", "nope", "nope"], ["export", "nope", "--format", "csv"]])
def test_an_unknown_run_is_named(capsys, arguments):
    code, _, err = run(capsys, *arguments)
    assert code == 2 and "no run 'nope'" in err


def test_list_names_parameters_and_packages(capsys):
    code, out, _ = run(capsys, "list")
    assert code == 0 and "ohio-metals" in out and "data/clusters/ohio-metals" in out


def test_docs_are_printed_or_written(tmp_path, monkeypatch, capsys):
    code, out, _ = run(capsys, "docs")
    assert code == 0 and out == dictionary.reference()
    for folder in ("notebooks", "data"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "docs", "--write")[0] == 0
    assert (tmp_path / "data" / "README.md").read_text(encoding="utf-8") == dictionary.reference()


def test_import_says_what_is_wrong(tmp_path, capsys):
    code, _, err = run(capsys, "import", "iac", tmp_path / "absent.csv", "--out", tmp_path / "p")
    assert code == 2 and err.count("\n") == 1
