"""One page over all reports: static, offline, searchable, in English and Chinese; a folder that can be published as it stands."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from workbench import files, provenance, wording
from workbench.errors import RunError

_TEMPLATE = Path(__file__).parent / "templates" / "index.html"
_COLUMNS = ("report", "place", "year", "emissions", "plan", "cost", "nature", "finished")


def runs(folder: Path) -> list[Path]:
    """Run folders in `folder` that hold a report of a finished run, by name."""
    found = sorted(file.parent for file in folder.glob("*/report.html"))
    return [run for run in found if provenance.read_manifest(run).get("status") == "ok"]


def write(folder: Path, out: Path | None = None) -> Path:
    """`index.html` over the reports in `folder`; with `out` in a folder to publish, with copies of the reports.

    A report on confidential data is not copied there. RunError when nothing is left to list.
    """
    found = [run for run in runs(folder) if not out or not is_confidential(run)]
    if not found:
        raise RunError(f"{folder} holds no report yet: run some clusters first (workbench run TARGET)")
    rows = []
    for run in found:
        address = f"{run.name}/report.html"
        if out:
            address = f"{run.name}.html"
            files.copy(run / "report.html", out / address)
        rows.append(_row(run, address))
    return files.write_text((out or folder) / "index.html", page(rows))


def is_confidential(run: Path) -> bool:
    """Whether the run's package says that its data are confidential."""
    return files.read_json(run / "checked" / "cluster.json").get("data_nature") == "confidential"


def page(rows: list[str]) -> str:
    """The page around table rows."""
    text = _TEMPLATE.read_text(encoding="utf-8")
    headings = "".join(f'<th scope="col">{_both(f"index.{column}")}</th>' for column in _COLUMNS)
    for key in ("title", "lead", "search", "shown", "language", "caption"):
        text = text.replace(f"[[{key}]]", _both(f"index.{key}"))
    return text.replace("[[count]]", str(len(rows))).replace("[[headings]]", headings).replace("[[rows]]", "\n".join(rows))


def _row(run: Path, address: str) -> str:
    manifest = provenance.read_manifest(run)
    meta = files.read_json(run / "checked" / "cluster.json")
    plan = files.read_json(run / "tables" / "selection.json")
    before, after = plan.get("emissions_before"), plan.get("emissions_after")
    cut = f"{_number(after)} (−{100 * (before - after) / before:.3g} %)" if before and after is not None else "–"
    cost = f"{_number(plan.get('annual_cost'))} {escape(str(meta.get('currency', '')))}" if after is not None else "–"
    cells = [
        " ".join(escape(str(meta.get(name, ""))) for name in ("country", "grid_region")), escape(str(_parameter(manifest, "year"))),
        _number(before), cut, cost, _nature(str(meta.get("data_nature", ""))), escape(str(manifest.get("finished", ""))[:10]),
    ]  # fmt: skip
    link = f'<a href="{escape(address, quote=True)}">{_name(meta, run.name)}</a><br><small>{escape(run.name)}</small>'
    return f'<tr><th scope="row">{link}</th>' + f"{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _name(meta: dict[str, Any], run: str) -> str:
    names = meta.get("name") if isinstance(meta.get("name"), dict) else {}
    english = str(names.get("en") or names.get("zh") or run)
    return _spans(english, str(names.get("zh") or english))


def _nature(code: str) -> str:
    return _both(f"index.nature.{code}") if wording.knows(f"index.nature.{code}") else escape(code)


def _parameter(manifest: dict[str, Any], name: str) -> Any:
    values = manifest.get("parameters")
    return values.get(name, "") if isinstance(values, dict) else ""


def _both(key: str) -> str:
    return _spans(wording.text(key, "en"), wording.text(key, "zh"))


def _spans(english: str, chinese: str) -> str:
    return f'<span lang="en">{escape(english)}</span><span lang="zh-CN">{escape(chinese)}</span>'


def _number(value: Any) -> str:
    return f"{value:,.0f}".replace("-", "−") if isinstance(value, int | float) else "–"
