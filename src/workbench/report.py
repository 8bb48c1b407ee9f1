"""Executed notebooks as single-file HTML pages: readable offline, in print, in Chinese and by a screen reader.

Tags of cells: `hide` and `injected-parameters` leave the cell out; `lang-en` and `lang-zh` keep it in that language
only.
Alternative text of a picture: `alt` in the metadata of the output (of its type or as a whole) or of the cell.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from workbench import files, harmless

_TEMPLATES = Path(__file__).parent / "templates"
_LEFT_OUT = {"hide", "injected-parameters"}
_HTML_LANG = {"en": "en", "zh": "zh-CN"}
_RICHEST_FIRST = ("text/html", "text/markdown", "text/latex", "image/svg+xml", "image/png", "image/jpeg", "text/plain")
_LIVE = ("application/javascript", "application/vnd.jupyter.widget-view+json")
_WORDS = {
    "en": {"contents": "Contents", "skip": "Skip to the text", "code": "Code", "messages": "Messages",
           "no_alt": "Picture without description", "failed": "This step failed.", "traceback": "Where it failed"},
    "zh": {"contents": "目录", "skip": "跳到正文", "code": "代码", "messages": "运行信息",
           "no_alt": "图片（无文字说明）", "failed": "此步骤失败。", "traceback": "出错位置"},
}  # fmt: skip


def export(
    notebook: Path,
    html: Path,
    *,
    lang: str = "en",
    title: str | None = None,
    kind: Literal["notebook", "report"] = "notebook",
) -> Path:
    """Write `notebook` as one HTML file that refers to nothing outside itself, whole or not at all.

    A `notebook` page shows each cell's code folded before its output and keeps messages, folded; a `report` page
    drops messages and collects the code at its end. The same notebook gives the same bytes.
    """
    import nbformat

    if lang not in _WORDS or kind not in ("notebook", "report"):
        raise ValueError(f"lang is one of {', '.join(_WORDS)} and kind notebook or report, not {lang!r} and {kind!r}")
    notebook, html = Path(notebook), Path(html)
    return files.write_text(html, page(nbformat.read(notebook, as_version=4), notebook, lang=lang, title=title, kind=kind))


def page(nb: Any, notebook: Path, *, lang: str = "en", title: str | None = None, kind: str = "notebook") -> str:
    """The page of a notebook read from `notebook`; outputs it does not show are taken out of `nb`."""
    resources = {
        "metadata": {"path": str(notebook.parent)},
        "stem": notebook.stem,
        "title": title,
        "kind": kind,
        "html_lang": _HTML_LANG[lang],
        "words": _WORDS[lang],
        "css": (_TEMPLATES / "report" / "report.css").read_text(encoding="utf-8"),
    }
    text, _ = exporter().from_notebook_node(_selected(nb, lang, kind), resources=resources)
    return text


def _selected(nb: Any, lang: str, kind: str) -> Any:
    """The cells for this language, with the outputs a still page can show."""
    other = {f"lang-{code}" for code in _WORDS} - {f"lang-{lang}"}
    nb.cells = [cell for cell in nb.cells if not (_LEFT_OUT | other) & set(cell.metadata.get("tags", []))]
    nb.metadata.pop("widgets", None)
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs = [still for output in cell.outputs if (still := _still(output, cell, kind))]
    return nb


def _still(output: Any, cell: Any, kind: str) -> Any | None:
    """An output in its richest still form, or None where there is nothing to show."""
    if output.output_type == "stream":
        return None if output.name == "stderr" and kind == "report" else output
    if output.output_type not in ("display_data", "execute_result"):
        return output
    best = next((mime for mime in _RICHEST_FIRST if mime in output.data), None)
    if best is None or (best == "text/plain" and any(mime in output.data for mime in _LIVE)):
        return None
    sizes = output.metadata.get(best, {})
    alt = sizes.get("alt") or output.metadata.get("alt") or cell.metadata.get("alt")
    output.update(output_type="display_data", data={best: output.data[best]}, alt=alt, width=sizes.get("width"))
    return output


@cache
def exporter() -> Any:
    """The exporter with our template and filters; made once, since building it costs more than a page.

    Not nbconvert's `HTMLExporter`: it would parse the finished page once more, for what `harmless` has done.
    What cells say is rendered once for all pages of the process.
    """
    from jinja2 import pass_context
    from nbconvert.exporters import TemplateExporter
    from nbconvert.filters import Highlight2HTML
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        """Markdown with formulas as MathML, headings without ids yet, and HTML as it stands unless it shows a picture."""

        def heading(self, text: str, level: int, **_: Any) -> str:
            return f"<h{level}>{text}</h{level}>\n"

        def _html_embed_images(self, html: str) -> str:
            return super()._html_embed_images(html) if "<img" in html.lower() else html

        def block_math(self, body: str) -> str:
            return mathml(body, "block")

        def inline_math(self, body: str) -> str:
            return mathml(body, "inline")

        def latex_environment(self, name: str, body: str) -> str:
            return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    class Pages(TemplateExporter):
        """Cells as they stand: without preprocessors nothing has to be copied and checked again for them."""

        def _preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
            return nb, resources

    def rendered(source: str, path: str = "", attachments: Any = None) -> str:
        renderer = Renderer(escape=False, embed_images=True, path=path, attachments=attachments)
        return MarkdownWithMath(renderer=renderer).render(source)

    remembered = lru_cache(512)(rendered)

    @pass_context
    def markdown2html(context: Any, source: str) -> str:
        resources = context["resources"]
        if "![" in source or "<img" in source.lower():  # pictures come from files, which may change
            html = rendered(source, resources["metadata"]["path"], context.get("cell", {}).get("attachments", {}))
        else:
            html = remembered(source)
        return harmless.clean(html, resources["words"]["no_alt"])

    exporter = Pages(
        template_name="report",
        template_file="index.html.j2",
        extra_template_basedirs=[str(_TEMPLATES)],
        config={"NbConvertBase": {"display_data_priority": list(_RICHEST_FIRST)}, "Exporter": {"default_preprocessors": []}},
    )
    exporter.register_filter("markdown2html", markdown2html)
    exporter.register_filter("clean", harmless.clean)
    exporter.register_filter("headings", harmless.headings)
    exporter.register_filter("highlight_code", lru_cache(512)(Highlight2HTML(pygments_lexer="ipython3", parent=exporter)))
    return exporter


def mathml(latex: str, display: str) -> str:
    """Return a formula as MathML, or its source as code where the converter does not understand it."""
    from html import escape

    from latex2mathml.converter import convert

    source = re.sub(r"\\(begin|end)\{(?:aligned|equation\*?|gathered)\}", r"\\\1{split}", latex.strip())
    try:
        result = convert(source, display=display) if source.count("{") == source.count("}") else ""
    except Exception:
        result = ""
    if not result or re.search(r"<mi>(\\|&<)", result):  # unknown commands come through as their own names
        return f'<code class="formula">{escape(latex)}</code>'
    return f'<div class="formula">{result}</div>' if display == "block" else result
