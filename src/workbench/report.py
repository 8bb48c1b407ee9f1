"""Executed notebooks as single-file HTML pages: readable offline, in print, in Chinese and by a screen reader.

Tags of cells: `hide` and `injected-parameters` leave the cell out; `lang-en` and `lang-zh` keep it in that language
only.
Alternative text of a picture: `alt` in the metadata of the output (of its type or as a whole) or of the cell.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Literal

from workbench import files

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
    content = _selected(nbformat.read(notebook, as_version=4), lang, kind)
    resources = {
        "metadata": {"path": str(notebook.parent)},
        "stem": notebook.stem,
        "title": title,
        "kind": kind,
        "html_lang": _HTML_LANG[lang],
        "words": _WORDS[lang],
        "css": (_TEMPLATES / "report" / "report.css").read_text(encoding="utf-8"),
    }
    page, _ = exporter().from_notebook_node(content, resources=resources)
    return files.write_text(html, page)


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

    Not nbconvert's `HTMLExporter`: it would parse the finished page once more, for what `clean_page` has done.
    """
    from jinja2 import pass_context
    from nbconvert.exporters import TemplateExporter
    from nbconvert.filters import Highlight2HTML
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        """Markdown with formulas as MathML and headings left to `clean_page`."""

        def heading(self, text: str, level: int, **_: Any) -> str:
            return f"<h{level}>{text}</h{level}>\n"

        def block_math(self, body: str) -> str:
            return mathml(body, "block")

        def inline_math(self, body: str) -> str:
            return mathml(body, "inline")

        def latex_environment(self, name: str, body: str) -> str:
            return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    @pass_context
    def markdown2html(context: Any, source: str) -> str:
        renderer = Renderer(
            escape=False,
            embed_images=True,
            path=context["resources"]["metadata"]["path"],
            attachments=context.get("cell", {}).get("attachments", {}),
        )
        return MarkdownWithMath(renderer=renderer).render(source)

    exporter = TemplateExporter(
        template_name="report",
        template_file="index.html.j2",
        extra_template_basedirs=[str(_TEMPLATES)],
        config={"NbConvertBase": {"display_data_priority": list(_RICHEST_FIRST)}, "Exporter": {"default_preprocessors": []}},
    )
    exporter.register_filter("markdown2html", markdown2html)
    exporter.register_filter("clean_page", clean_page)
    exporter.register_filter("highlight_code", Highlight2HTML(pygments_lexer="ipython3", parent=exporter))
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


_TEXT_ELEMENTS = """a abbr article aside b blockquote br caption cite code col colgroup dd del details dfn div dl dt
    em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li mark ol p pre q s samp section small span
    strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr"""
_SVG_ELEMENTS = """svg g path rect circle ellipse line polyline polygon text tspan title desc defs use symbol clippath
    mask pattern marker lineargradient radialgradient stop"""
_MATH_ELEMENTS = """math semantics annotation mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded
    mphantom msub msup msubsup munder mover munderover mmultiscripts mprescripts mtable mtr mtd menclose"""
_ELEMENTS = frozenset(f"{_TEXT_ELEMENTS} {_SVG_ELEMENTS} {_MATH_ELEMENTS}".split())
_GO_WITH_CONTENT = ("script", "style", "template", "iframe", "object", "embed", "noscript", "noembed", "noframes")
_LINK = re.compile(r"(#|https?://|mailto:|[\w./%-]+(#|$))", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml)[;,]", re.IGNORECASE)
_LOADS = (
    "srcset", "srcdoc", "poster", "background", "action", "formaction", "ping", "data", "longdesc", "codebase",
    "manifest",
)  # fmt: skip


def clean_page(content: str, no_alt: str) -> dict[str, Any]:
    """Return the rendered cells as {html, title, headings}: harmless, self-contained, every heading with an id.

    Only listed elements stay; scripts and style sheets go with what they hold, other elements leave their text;
    event handlers, script addresses and anything a browser would fetch are taken away. Links a reader clicks stay.
    """
    from bs4 import BeautifulSoup
    from bs4.element import PreformattedString

    soup = BeautifulSoup(content, "html.parser")
    for string in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
        string.extract()  # comments and declarations, which browsers read differently
    for tag in soup.find_all(lambda tag: tag.name in _GO_WITH_CONTENT):
        if not tag.decomposed:  # with one around it
            tag.decompose()
    for tag in soup.find_all(True):
        if tag.name not in _ELEMENTS:
            tag.unwrap()
        else:
            tag.attrs = {name: value for name, value in tag.attrs.items() if _is_harmless(tag.name, name, value)}
    for image in soup.find_all("img"):
        image["alt"] = image.get("alt", no_alt)
        if "src" not in image.attrs:
            image.replace_with(f"[{image['alt']}]")
    headings = _headings(soup)
    title = next((heading["text"] for heading in headings if heading["level"] == 1), "")
    return {"html": str(soup), "title": title, "headings": headings}


def _is_harmless(element: str, name: str, value: Any) -> bool:
    """Whether an attribute neither runs anything nor fetches anything."""
    name, text = name.lower(), re.sub(r"[\x00-\x20]", "", " ".join(value) if isinstance(value, list) else value or "")
    if name.startswith("on") or name in _LOADS:
        return False
    if name == "src":
        return element == "img" and bool(_PICTURE.match(text))
    if name in ("href", "xlink:href"):
        return bool(_LINK.match(text)) if element == "a" else text.startswith("#")
    if name in ("alt", "title", "aria-label"):
        return True
    return not re.search(r"url\((?!['\"]?#)|@import|expression\(|\\", text, re.IGNORECASE)


def _headings(soup: Any) -> list[dict[str, Any]]:
    """Give every h1–h3 an id made of its words, Chinese ones too, and return them in order."""
    found, taken = [], {"main"}
    for tag in soup.find_all(re.compile("^h[1-3]$")):
        text = " ".join(tag.get_text().split())
        base = name = re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "section"
        count = 1
        while name in taken:
            count += 1
            name = f"{base}-{count}"
        taken.add(name)
        tag["id"] = name
        found.append({"level": int(tag.name[1]), "id": name, "text": text})
    return found
