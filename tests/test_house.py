"""The house in order: one set of versions everywhere, nothing tracked that does not belong, layers as drawn."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TOP_LEVEL = {
    *(".ci", ".gitattributes", ".gitignore", "CHANGELOG.md", "CITATION.cff", "LICENSE", "Makefile", "README.md"),
    *(
        "data",
        "environment.yml",
        "notebooks",
        "outputs",
        "params",
        "pyproject.toml",
        "requirements.lock",
        "src",
        "tests",
    ),
}
# Written so that the patterns do not match themselves.
INDEX = re.compile(
    r"(extra[-]index|index[-]url|find[-]links)|https?://[^\s/]*(py[p]i|python[h]osted|registry|deb[.]debian|conda[.]anaconda)"
    r"|https?://[^\s]*/simple\b",
    re.IGNORECASE,
)
PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))?"
    r"(?P<hashes>(?: \\\n    --hash=sha256:\w{64})+)$",
    re.M,
)


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def tracked():
    """Paths that git knows, or a skip with the reason."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip(f"git does not answer: {listed.stderr.strip()}")
    names = [name for name in listed.stdout.split("\0") if name]
    if not names:
        pytest.skip("nothing is committed yet")
    return names


@pytest.fixture(scope="module")
def pyproject():
    return tomllib.loads(text("pyproject.toml"))


@pytest.fixture(scope="module")
def direct(pyproject):
    """Direct dependencies, those of `dev` too: {name: Requirement}."""
    project = pyproject["project"]
    found = map(Requirement, project["dependencies"] + project["optional-dependencies"]["dev"])
    return {canonicalize_name(requirement.name): requirement for requirement in found}


@pytest.fixture(scope="module")
def pins():
    return [match.groupdict() for match in PIN.finditer(text("requirements.lock"))]


def test_lock_pins_every_direct_dependency_once(direct, pins):
    for name, requirement in direct.items():
        found = [pin for pin in pins if pin["name"] == name]
        assert len(found) == 1, f"{name} is pinned {len(found)} times: run make lock"
        assert requirement.specifier.contains(found[0]["version"]), f"{name} is older than pyproject.toml asks: run make lock"
        assert found[0]["marker"] is None, f"{name} is pinned for some machines only"


def test_every_requirement_of_the_lock_is_hashed(pins):
    requirements = [line for line in text("requirements.lock").splitlines() if line and line[0] not in "# "]
    assert len(requirements) > 100
    assert len(pins) == len(requirements), "a requirement without version or hash"


def test_lock_names_no_address_and_no_path(pins):
    lock = text("requirements.lock")
    assert "://" not in lock
    assert not INDEX.search(lock)
    assert not re.search(r"(?<![\w.])/\w+/", lock), "a path of someone's machine"
    assert "#    make lock" in lock.splitlines()[:3], "the header says how the lock is made"


def test_environment_yml_mirrors_the_lock(direct, pins, pyproject):
    environment = yaml.safe_load(text("environment.yml"))
    python, pip, listed = environment["dependencies"]
    assert environment["name"] == "workbench" and pip == "pip"
    assert SpecifierSet(pyproject["project"]["requires-python"]).contains(python.removeprefix("python="))
    versions = {pin["name"]: pin["version"] for pin in pins}
    assert sorted(listed["pip"]) == sorted([*(f"{name}=={versions[name]}" for name in direct), "-e ."])


def test_installed_ruff_is_the_one_of_the_lock(pins):
    assert [version("ruff")] == [pin["version"] for pin in pins if pin["name"] == "ruff"]


def test_one_version_number():
    import workbench

    assert yaml.safe_load(text("CITATION.cff"))["version"] == workbench.__version__
    assert f"## [{workbench.__version__}]" in text("CHANGELOG.md")


def test_top_level_holds_what_belongs_there():
    assert {name.split("/")[0] for name in tracked()} == TOP_LEVEL


def test_outputs_are_never_committed():
    assert [name for name in tracked() if name.startswith("outputs/")] == ["outputs/.gitkeep"]


def test_no_tracked_file_above_1_mib():
    assert not [name for name in tracked() if (ROOT / name).is_file() and (ROOT / name).stat().st_size > 2**20]


def test_no_tracked_file_names_a_package_index():
    named = []
    for name in tracked():
        path = ROOT / name
        if path.is_file() and (match := INDEX.search(path.read_text(encoding="utf-8", errors="ignore"))):
            named.append(f"{name}: {match[0]}")
    assert not named


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("--extra-i" + "ndex-url=x", True),
        ("https://files.python" + "hosted.example/a", True),
        ("https://mirror.example/sim" + "ple/pandas", True),
        ("https://example.org/pages/index.html", False),
        ("a simple registry of factors", False),
    ],
)
def test_what_counts_as_a_package_index(line, found):
    assert bool(INDEX.search(line)) == found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_committed_clean(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells), "strip it: make format"
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert "papermill" not in notebook["metadata"]


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_alone_lists_every_target():
    listed = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    shown = re.findall(r"^make ([\w-]+) +\S", listed.stdout, re.M)
    assert shown == re.search(r"^\.PHONY: (.+)$", text("Makefile"), re.M)[1].split()
    assert {"report", "test", "test-slow", "test-all", "check", "lab", "lock", "clean"} <= set(shown)


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_says_in_one_line_that_python_is_missing():
    wanted = ["make", "--no-print-directory", "-B", "PYTHON=no-such-python", ".venv/.ready"]
    refused = subprocess.run(wanted, cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "needs Python 3.11 or newer" in refused.stderr.splitlines()[0]


def test_layers_are_those_of_the_readme(pyproject):
    table = re.findall(r"^\| [a-z ]+ \| (`.+?) \|", text("src/workbench/README.md"), re.M)
    readme = [set(re.findall(r"`(\w+)/?`", re.sub(r"\(.*?\)", "", row))) for row in table]
    (contract,) = pyproject["tool"]["importlinter"]["contracts"]
    layers = [set(re.findall(r"\w+", layer)) for layer in contract["layers"]]
    assert set().union(*layers) == set().union(*readme)
    rank = {module: number for number, row in enumerate(readme) for module in row}
    order = [rank[module] for layer in layers for module in layer]
    assert order == sorted(order), "the contract and the table disagree on what lies above what"


def test_no_module_imports_a_higher_layer():
    lint = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True, no_logo=True))",
    ]
    result = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
