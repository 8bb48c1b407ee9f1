"""One notebook in a process of its own: the same copy as a kernel would leave, and nothing left behind for the next."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pandas as pd
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from workbench import execution

CELLS = (
    "number = 1",
    "import sys\nprint('out')\nprint('err', file=sys.stderr)\nnumber",
    "import asyncio\nawait asyncio.sleep(0.001)\n4",
    "from IPython.display import HTML, clear_output, display\nprint('gone')\nclear_output()\ndisplay(HTML('<b>x</b>'))",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\n_ = plt.plot([1, 2])",
    "shown = display('first', display_id='one')\nshown.update('second')",
    "1 / 0",
    "'never reached'",
)


def book(path: Path, *sources: str) -> Path:
    cells = [new_markdown_cell("# Title"), *(new_code_cell(source) for source in sources)]
    cells[1].metadata["tags"] = ["parameters"]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernelspec}), path)
    return path


def executed(path: Path, **options) -> list[dict]:
    """Cells as papermill leaves them, without its times and the ids it draws."""
    made = path.with_suffix(".out.ipynb")
    with pytest.raises(papermill.PapermillExecutionError, match="ZeroDivisionError"):
        papermill.execute_notebook(path, made, parameters={"number": 7}, kernel_name="python3", progress_bar=False, **options)
    cells = nbformat.read(made, as_version=4).cells
    kept = {"cell_type", "source", "outputs", "execution_count"}
    return [{"tags": cell.metadata.get("tags", [])} | {key: cell[key] for key in kept & set(cell)} for cell in cells]


def in_a_fresh_process(code: str) -> tuple[str, str]:
    """What a process that begins as a notebook's does prints, and what it complains of."""
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | execution._ENVIRONMENT, capture_output=True, text=True)
    return done.stdout, done.stderr


@pytest.mark.slow
def test_the_copy_is_the_one_a_kernel_leaves(tmp_path):
    path = book(tmp_path / "a.ipynb", *CELLS)
    with execution.own_sockets() as sockets:
        expected = executed(path, **sockets)
    script = tmp_path / "here.py"  # the engine is for a process made for it
    script.write_text(
        "import json, pathlib, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import test_execution as t\nfrom workbench import kernel\n"
        f"cells = t.executed(pathlib.Path({str(path)!r}), engine_name=kernel.register())\n"
        "pathlib.Path(sys.argv[1]).write_text(json.dumps(cells))\n"
    )
    environment = os.environ | execution._ENVIRONMENT
    subprocess.run([sys.executable, script, tmp_path / "cells.json"], check=True, env=environment, capture_output=True)
    assert json.loads((tmp_path / "cells.json").read_text()) == expected
    kinds = [output["output_type"] for cell in expected for output in cell.get("outputs", [])]
    assert kinds.count("stream") == 2 and kinds[-1] == "error"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(project: Path, name: str, *sources: str) -> tuple[execution.Step, str]:
    """How it ended, and what its last cell printed."""
    book(project / "notebooks" / f"{name}.ipynb", "x = 1", *sources)
    step = execution.execute(name, project / "run", {"x": 2}, "en")
    cells = nbformat.read(project / "run" / f"{name}.ipynb", as_version=4).cells
    printed = [
        output.text for cell in cells if cell.cell_type == "code" for output in cell.outputs if output.output_type == "stream"
    ]
    return step, "".join(printed)


@pytest.mark.slow
def test_the_first_notebook_does_not_wait_until_all_is_loaded(project, monkeypatch):
    """The warm process is begun once the first notebook has: neither at its start nor only at its end."""
    monkeypatch.setattr(execution, "_BEGUN", threading.Event())
    warm_up, seen = execution.warm_up, []

    def noted() -> None:
        seen.append((project / "run" / ".first.partial.ipynb").is_file())
        warm_up()

    monkeypatch.setattr(execution, "warm_up", noted)
    look = "import sys; print('workbench.warm' in sys.modules)"
    assert [run(project, name, look)[1] for name in ("first", "second")] == ["False\n", "True\n"]
    assert seen[0] and len(seen) == 2


def test_nothing_reaches_the_next_notebook(project):
    execution._BEGUN.set()  # all three are forked from the warm process
    dirty = "import os, sys\nos.environ['LEAK'] = '1'\nsys.modules['leak'] = sys\nimport pandas as pd\npd.leak = x"
    step, _ = run(project, "one", dirty, "import matplotlib.pyplot as plt\nplt.figure()\nos.chdir('/')")
    assert step.status == "ok" and "LEAK" not in os.environ
    look = "import os, sys, pandas as pd, matplotlib.pyplot as plt, pathlib\n"
    step, printed = run(
        project, "two", look + "print('LEAK' in os.environ, 'leak' in sys.modules, hasattr(pd, 'leak'), plt.get_fignums())"
    )
    assert (step.status, printed) == ("ok", "False False False []\n")
    _, printed = run(project, "three", "import os; print(os.getcwd(), os.environ['OMP_NUM_THREADS'])")
    assert printed == f"{project} 1\n"


def test_a_dead_process_is_told_and_its_copy_kept(project):
    step, printed = run(project, "dies", "print('before', flush=True)\nimport time; time.sleep(1.1)", "import os; os._exit(3)")
    assert step.status == "failed" and "process died" in step.error and printed == "before\n"
    assert (project / "run" / "dies.html").is_file() and not list((project / "run").glob(".*partial*"))


@pytest.mark.slow
def test_the_warm_process_has_no_thread_to_lose():
    code = "import threading, workbench.warm; print(threading.active_count())"
    said, wrong = in_a_fresh_process(code)
    assert said == "1\n", wrong


@pytest.mark.slow
def test_the_warm_process_has_pages_ready_whatever_a_notebook_holds(project):
    code = (
        "import workbench.warm\nfrom workbench import report\nmade = report.exporter().environment\n"
        "print(any('index' in name for _, name in made.cache.keys()), made.filters['highlight_code'].cache_info().currsize)"
    )
    book(project / "notebooks" / "a.ipynb", "said = 1", "said = 2")
    for beside, cells_known in (('{"cells": []}', 4), ("", 2), ('{"cells": [{}]}', 2)):  # two in any case
        (project / "notebooks" / "b.ipynb").write_text(beside)
        said, wrong = in_a_fresh_process(code)
        assert (said, wrong) == (f"True {cells_known}\n", "")


def test_only_the_text_of_a_small_package_is_held_as_objects(tmp_path, monkeypatch):
    with pd.option_context("mode.string_storage", "auto"):
        (tmp_path / "energy.csv").write_bytes(b"x" * 90)
        (tmp_path / "inside").mkdir()
        monkeypatch.setattr(execution, "SMALL", 100)
        for name, size, kept in (("a.csv", 20, "auto"), ("a.csv", 5, "python"), ("b.parquet", 2, "auto")):
            (tmp_path / name).write_bytes(b"x" * size)
            pd.set_option("mode.string_storage", "auto")
            execution._hold_text(tmp_path)
            assert pd.get_option("mode.string_storage") == kept
        pd.set_option("mode.string_storage", "auto")
        execution._hold_text(tmp_path / "energy.csv")  # a package may be one file
        assert pd.get_option("mode.string_storage") == "python"


@pytest.mark.slow
def test_what_the_warm_process_spares_is_there_for_a_notebook_that_asks():
    code = (
        "import sys, workbench.warm; from workbench.spared import WITHOUT\n"
        "print([library in sys.modules for library in WITHOUT], [part in sys.modules for part in WITHOUT.values()])\n"
        "import debugpy, hypothesis, pyarrow.fs, seaborn._statistics as smooth\n"
        "print(debugpy.__name__, hypothesis.__name__, pyarrow.fs.__name__, smooth._no_scipy)"
    )
    said, wrong = in_a_fresh_process(code)
    assert said == "[True, True, True] [False, False, False]\ndebugpy hypothesis pyarrow.fs False\n", wrong


@pytest.mark.slow
def test_the_warm_process_has_read_every_table_of_the_workbench():
    code = (
        "import gc, workbench.warm; from workbench import dictionary, factors, wording\n"
        "known = dictionary._read.cache_info().misses\n"
        "for file in dictionary.DATA.rglob('*.csv'):\n"
        "    dictionary.read_table(file.relative_to(dictionary.DATA).with_suffix('').as_posix())\n"
        "print(known == dictionary._read.cache_info().misses > 50, gc.isenabled(), gc.get_freeze_count() > 100_000)\n"
        "print([cached.cache_info().currsize for cached in (factors._fuels_by_set, factors.fuel_table, wording._labels)])"
    )
    said, wrong = in_a_fresh_process(code)
    assert said == "True True True\n[1, 1, 1]\n", wrong


def test_what_is_put_off_is_imported_when_it_is_called_and_behaves_as_ever():
    code = (
        "import sys; from workbench.figures import style\n"
        "known = 'scipy.stats' in sys.modules\n"
        "import numpy, matplotlib; matplotlib.use('agg'); import seaborn\n"
        "drawn = seaborn.kdeplot(x=[1.0, 2.0, 2.5], cumulative=True).lines[0].get_ydata()\n"
        "print(known, 'scipy.stats' in sys.modules, drawn[-1] > 0.9)\n"
        "import scipy.stats; from scipy.stats import gaussian_kde\n"
        "print(scipy.stats.norm.cdf(0), isinstance(gaussian_kde, type))"
    )
    said, wrong = in_a_fresh_process(code)
    assert said == "False True True\n0.5 True\n", wrong


def test_who_asks_a_module_that_is_put_off_for_more_gets_the_module_itself():
    code = (
        "import sys; from workbench import spared\n"
        "with spared.put_off('wave', 'open'):\n"
        "    import wave as held; from wave import open as later\n"
        "print('wave' in sys.modules, later.__name__)\n"
        "print(held.Error.__module__, held.WAVE_FORMAT_PCM, held is sys.modules['wave'])\n"
        "with spared.put_off('wave', 'open'):\n"
        "    from wave import open as here, Error\n"
        "print(here.__name__, Error is held.Error)"
    )
    said, wrong = in_a_fresh_process(code)
    assert said == "False called\nwave 1 False\nopen True\n", wrong


def test_what_is_asked_for_while_it_is_put_off_comes_from_the_module_itself():
    code = (
        "import sys; from workbench import spared\n"
        "with spared.put_off('wave', 'open'):\n"
        "    from wave import Error\n"
        "print(Error.__module__, sys.modules['wave'].Error is Error)"
    )
    said, wrong = in_a_fresh_process(code)
    assert said == "wave True\n", wrong


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_killed_run_leaves_no_process_that_goes_on_writing(project):
    book(
        project / "notebooks" / "long.ipynb",
        "x = 1",
        "import pathlib, time\npathlib.Path('run/began').touch()\ntime.sleep(3)\npathlib.Path('run/ended').touch()",
    )
    script = project / "start.py"
    script.write_text(
        "from pathlib import Path\nfrom workbench import execution\n"
        "if __name__ == '__main__':\n    execution.execute('long', Path('run'), {'x': 2}, 'en')\n"
    )
    process = subprocess.Popen([sys.executable, script], cwd=project)
    deadline = time.monotonic() + 120
    while not (project / "run" / "began").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    time.sleep(4)
    assert (project / "run" / "began").exists() and not (project / "run" / "ended").exists()
