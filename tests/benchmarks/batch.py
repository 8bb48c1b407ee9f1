"""How fast a batch of clusters runs, beside the shell loop of papermill and nbconvert and a plain script, on one machine.

    python tests/benchmarks/batch.py [--clusters 1 8] [--trial 40] [--repeats 3] [--jobs 2] [--iac FOLDER] [--write]

Clusters are metal, food, chemical … plants of US states, built by the IAC importer from the files in FOLDER; without them copies of
`ohio-metals` under other names. Ways: `loop`, what a user does without the workbench's command: `papermill` and `jupyter nbconvert`
for each notebook in turn; `loop, N at a time`; `script`, the same cells run in plain Python, one process a cluster, N at a time, no
notebooks and no pages: the floor; `workbench run --jobs N`; and the same again with nothing changed. The loops are timed once on
`--loop-clusters` clusters of each number, evenly chosen, half of them before and half after the rest. The trial is a larger batch
in which one package is broken and one process killed. `--write` puts the table into README.md.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import csv
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
NOTEBOOKS = ("10_intake", "20_inventory", "30_potential", "40_selection", "50_report")
STATES = ("PA", "IN", "MI", "IL", "WI", "TX", "CA", "NC", "GA", "TN", "NY", "MO")
SECTORS = {"metals": "331,332", "food": "311", "chemicals": "325", "plastics": "326"}
ASSESSMENTS, RECOMMENDATIONS = "iac_assessments_fy1981_2026.csv.gz", "iac_recommendations_fy1981_2025.parquet"
LOOP, LOOPS, SCRIPT = "papermill + nbconvert, a loop", "the same, {} at a time", "plain script, {} at a time"
RUN, AGAIN = "workbench run --jobs {}", "the same again, nothing changed"
STARTS = 5  # of which the middle is taken
FIRST = "its first notebook has begun after (s in all)"
MARKS = ("<!-- batch benchmark -->", "<!-- end of batch benchmark -->")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # or every process of the loops would compile the workbench again


def build(count: int, folder: Path, iac: Path | None, jobs: int = 1) -> list[Path]:
    """Parameter files of `count` clusters, their packages beside them."""
    named = [(f"{state.lower()}-{sector}", state, naics) for sector, naics in SECTORS.items() for state in STATES]
    with ThreadPoolExecutor(jobs) as pool:
        wanted = named if iac else named[:count]
        made = list(pool.map(lambda one: _package(*one, folder, iac), wanted[: count + len(STATES)]))
    files = []
    for (name, *_), package in zip(wanted, made, strict=False):
        if package and len(files) < count:
            values = {"cluster": name, "package": str(package), "year": 2019, "objective": "capex", "reduction_pct": 1}
            files.append(folder / f"{name}.yaml")
            files[-1].write_text(yaml.safe_dump(values), encoding="utf-8")
    return files


def _package(name: str, state: str, naics: str, folder: Path, iac: Path | None) -> Path | None:
    """A package; None for a state without plants of this sector."""
    package = folder / "packages" / name
    if not iac:
        return Path(shutil.copytree(ROOT / "data" / "clusters" / "ohio-metals", package))
    sources = [str(iac / ASSESSMENTS), str(iac / RECOMMENDATIONS)]
    options = ["--state", state, "--naics", naics, "--from-year", "2018", "--base-year", "2019", "--out", str(package)]
    done = subprocess.run(_workbench("import", "iac", *sources, *options), env=ENVIRONMENT, capture_output=True)
    return None if done.returncode else package


def _workbench(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "workbench", *arguments]


def loop(files: list[Path], out: Path, jobs: int = 1) -> None:
    """`papermill` and `jupyter nbconvert`, a process each, for every notebook of every cluster."""
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda file: _loop_one(file, out / file.stem), files))


def _loop_one(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    given = yaml.safe_load(file.read_text(encoding="utf-8")) | {"run_dir": str(folder)}
    parameters = folder / "parameters.yaml"
    parameters.write_text(yaml.safe_dump(given), encoding="utf-8")
    for name in NOTEBOOKS:
        copy = str(folder / f"{name}.ipynb")
        source = str(ROOT / "notebooks" / f"{name}.ipynb")
        quiet = {"env": ENVIRONMENT, "cwd": ROOT, "check": True, "capture_output": True}
        subprocess.run([str(BIN / "papermill"), source, copy, "-f", str(parameters), "--no-progress-bar"], **quiet)
        subprocess.run([str(BIN / "jupyter"), "nbconvert", "--to", "html", copy], **quiet)


def script(files: list[Path], out: Path, jobs: int) -> None:
    """The cells of all notebooks as one plain script, a process a cluster; what a cell shows is made, and thrown away."""
    out.mkdir(parents=True, exist_ok=True)
    program = out / "script.py"
    program.write_text(_plain(), encoding="utf-8")

    def one(file: Path) -> None:
        given = yaml.safe_load(file.read_text(encoding="utf-8")) | {"run_dir": str(out / file.stem)}
        command = [sys.executable, str(program), json.dumps(given)]
        subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, check=True, capture_output=True)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, files))


SHOW = """
import json, sys
import matplotlib
matplotlib.use("agg")

def display(*things):
    for thing in things:
        for way in ("_repr_mimebundle_", "_repr_html_"):
            if hasattr(thing, way):
                getattr(thing, way)()
                break
"""


def _plain() -> str:
    """The notebooks as one script; the last expression of a cell is shown, as a kernel would."""
    parts = [SHOW]
    for name in NOTEBOOKS:
        for cell in json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] != "code":
                continue
            text = "".join(cell["source"])
            if "parameters" in cell["metadata"].get("tags", []):
                parts += [text, "globals().update(json.loads(sys.argv[1]))"]
                continue
            body = ast.parse(text.replace("from IPython.display import display", ""))
            if body.body and isinstance(body.body[-1], ast.Expr):
                body.body[-1] = ast.Expr(ast.Call(ast.Name("display", ast.Load()), [body.body[-1].value], []))
            parts.append(ast.unparse(ast.fix_missing_locations(body)))
    return "\n".join(parts)


def run(files: list[Path], out: Path, jobs: int) -> None:
    """`workbench run`; called again with the same folder it finds nothing to do."""
    command = _workbench("run", *map(str, files), "--out", str(out), "--jobs", str(jobs), "--quiet")
    subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, check=True, capture_output=True)


def begun(file: Path, out: Path) -> float:
    """Seconds from the command to the first notebook of a run, which goes on to its end."""
    began = time.monotonic()
    command = _workbench("run", str(file), "--out", str(out), "--to", NOTEBOOKS[0], "--quiet")
    going = subprocess.Popen(command, env=ENVIRONMENT, cwd=ROOT, stderr=subprocess.DEVNULL)
    while not (out / file.stem / f".{NOTEBOOKS[0]}.partial.ipynb").is_file() and going.poll() is None:
        time.sleep(0.005)
    seconds = time.monotonic() - began
    going.wait()
    return seconds


def timed(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def measure(files: list[Path], folder: Path, jobs: int, repeats: int) -> list[tuple[str, int, float]]:
    """(way, clusters, seconds a cluster) of script and workbench: medians of `repeats`, of the first notebook of `STARTS`."""
    rows = []

    def add(way: str, work: Callable[[Path], None]) -> None:
        taken = [timed(lambda: work(folder / f"{len(rows)}-{number}")) for number in range(repeats)]  # noqa: B023
        rows.append(_row(way, len(files), statistics.median(taken) / len(files)))

    add(SCRIPT.format(jobs), lambda place: script(files, place, jobs))
    add(RUN.format(jobs), lambda place: run(files, place, jobs))
    starts = [begun(files[0], folder / f"first-{number}") for number in range(STARTS)]
    rows.append(_row(FIRST, len(files), statistics.median(starts)))
    last = folder / f"1-{repeats - 1}"
    add(AGAIN, lambda _: run(files, last, jobs))
    return rows


def beside_loops(files: list[Path], folder: Path, jobs: int, most: int, work: Callable[[], list]) -> list[tuple[str, int, float]]:
    """The loops on `most` clusters, half of them before and half after `work`, since a machine may slow down meanwhile."""
    count = len(files)
    chosen = [files[place * count // most] for place in range(most)] if count > most else files
    half = (len(chosen) + 1) // 2
    plain = timed(lambda: loop(chosen[:half], folder / "plain"))
    rows = work()
    plain += timed(lambda: loop(chosen[half:], folder / "plain"))
    several = timed(lambda: loop(chosen, folder / "several", jobs)) if count > 1 else plain
    own = [(LOOP, plain), (LOOPS.format(jobs), several)]
    return [_row(way, count, seconds / len(chosen)) for way, seconds in own] + rows


def _row(way: str, count: int, seconds: float) -> tuple[str, int, float]:
    print(f"{count:3d} clusters  {way:40s} {seconds:8.2f} s a cluster", flush=True)
    return way, count, seconds


def trial(files: list[Path], folder: Path, jobs: int) -> dict[str, object]:
    """A batch in which the package of the fourth cluster is broken and the process of a notebook of the eighth is killed.

    Returns what became of it: `failed` and `finished` clusters, the rows of failures.csv, those whose tables differ from a run that
    nothing disturbed (every fourth of the others, and the killed one once it was resumed), what the second run did;
    `seconds_unchanged` of the clusters that are whole, as for all.
    """
    out, broken, killed = folder / "out", files[3], files[7]
    package = Path(yaml.safe_load(broken.read_text(encoding="utf-8"))["package"])
    (package / "energy.csv").write_bytes(b"PK\x03\x04" + bytes(range(128, 256)))
    command = [*_workbench("run", *map(str, files), "--out", str(out), "--jobs", str(jobs), "--quiet")]
    began = time.monotonic()
    going = subprocess.Popen(command, env=ENVIRONMENT, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.kill(_worker(out / killed.stem, "20_inventory", going), signal.SIGKILL)
    code, seconds = going.wait(), time.monotonic() - began
    with (out / "failures.csv").open(encoding="utf-8", newline="") as file:
        failures = list(csv.DictReader(file))
    found = {"seconds": seconds, "code": code, "failures": failures}
    found["finished"] = [file.stem for file in files if (out / file.stem / "report.html").is_file()]
    again = subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, capture_output=True)
    with (out / "failures.csv").open(encoding="utf-8", newline="") as file:
        left = list(csv.DictReader(file))
    whole = [file for file in files if file is not broken]
    found["seconds_unchanged"] = timed(lambda: run(whole, out, jobs)) * len(files) / len(whole)
    others = [*[file for file in files if file not in (broken, killed)][::4], killed]
    run(others, folder / "undisturbed", jobs)
    differ = [file.stem for file in others if _tables(out / file.stem) != _tables(folder / "undisturbed" / file.stem)]
    return found | {"code_again": again.returncode, "failures_again": left, "compared": len(others), "differ": differ}


def _tried(files: list[Path], folder: Path, jobs: int, told: dict) -> list[tuple[str, int, float]]:
    """The rows of the trial; what became of it into `told`."""
    told |= trial(files, folder, jobs)
    print(json.dumps(told, indent=1), flush=True)
    taken = [(RUN.format(jobs), told["seconds"]), (AGAIN, told["seconds_unchanged"])]
    return [_row(way, len(files), seconds / len(files)) for way, seconds in taken]


def _worker(run_folder: Path, notebook: str, going: subprocess.Popen) -> int:
    """The process that executes a notebook, once its copy grows: the one that holds the folder's `.working` open."""
    while going.poll() is None:
        if (run_folder / f".{notebook}.partial.ipynb").is_file():
            for link in Path("/proc").glob("[0-9]*/fd/*"):
                with contextlib.suppress(OSError):
                    if link.readlink() == run_folder / ".working":
                        return int(link.parts[2])
        time.sleep(0.02)
    raise RuntimeError(f"the batch ended before {notebook} of {run_folder.name} began")


def _tables(run_folder: Path) -> dict[str, bytes]:
    """The tables of a run."""
    return {path.name: path.read_bytes() for path in sorted((run_folder / "tables").glob("*.csv"))}


def table(rows: list[tuple[str, int, float]], machine: str) -> str:
    """The figures as Markdown: a row a way, a column a number of clusters, seconds a cluster."""
    counts = sorted({count for _, count, _ in rows})
    found = {(way, count): seconds for way, count, seconds in rows}
    lines = [f"| seconds a cluster | {' | '.join(f'{count} clusters' for count in counts)} |", "|---|" + "---|" * len(counts)]
    for way in dict.fromkeys(way for way, _, _ in rows):
        cells = [f"{found[way, count]:.2f}" if (way, count) in found else "" for count in counts]
        lines.append(f"| {way} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", machine])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clusters", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--trial", type=int, default=40, metavar="N", help="clusters of the disturbed batch; 0: none")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--loop-clusters", type=int, default=4, help="of each number of clusters, on how many the loops are timed")
    parser.add_argument("--iac", type=Path, help=f"folder with {ASSESSMENTS} and {RECOMMENDATIONS}")
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="batch-") as place:
        folder, counts = Path(place), sorted({*args.clusters, *([args.trial] if args.trial else [])})
        files = build(max(counts), folder, args.iac, args.jobs)
        print(f"{len(files)} clusters built" + ("" if args.iac else ", copies of ohio-metals: no --iac"), flush=True)
        rows = []
        for count in args.clusters:
            some, at = files[:count], folder / str(count)
            rows += beside_loops(
                some, at, args.jobs, args.loop_clusters, lambda some=some, at=at: measure(some, at, args.jobs, args.repeats)
            )
        if args.trial:
            told: dict = {}
            some, at = files[: args.trial], folder / "trial"
            rows += beside_loops(some, at, args.jobs, args.loop_clusters, lambda: _tried(some, at, args.jobs, told))
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {platform.system()}; "
    machine += (
        f"{'clusters of the IAC database, state by sector' if args.iac else 'copies of ohio-metals'}; median of {args.repeats}; "
    )
    machine += f"loops timed on {args.loop_clusters} clusters of each column, evenly chosen; `python tests/benchmarks/batch.py`."
    if args.trial:
        machine += f" Of the {args.trial} clusters one package was broken and one process killed: {len(told['finished'])} finished,"
        machine += f" {len(told['failures_again'])} was left after a second run; nothing changed is said of the whole ones."
    text = table(rows, machine)
    print(text)
    if args.write:
        readme = ROOT / "README.md"
        before, _, rest = readme.read_text(encoding="utf-8").partition(MARKS[0])
        readme.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
