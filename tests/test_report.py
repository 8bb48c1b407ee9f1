"""Exported pages: self-contained, harmless, in one language, the same bytes each time, and sound in a browser."""

from __future__ import annotations

import base64
import re
import sys

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from browser import open_page, skip_without_browser
from workbench import harmless, report, tables

LONG_HEADING = (
    "关于各成员企业直接排放与间接排放核算结果及其不确定性来源与数据质量等级的分项说明"
    "和与上一年度相比变化情况的补充解释含剔除项及其他事项"
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="80"><rect width="600" height="80"/></svg>'
PICTURE = (
    f'<figure><img alt="One bar" src="data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}">'
    "<figcaption>Figure 1.</figcaption></figure>"
)


def text(source: str, *tags: str):
    return new_markdown_cell(source, metadata={"tags": list(tags)})


def code(source: str, *outputs, tags=(), **metadata):
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags), **metadata})


def shown(html: str, **other):
    return new_output("display_data", {"text/html": html, "text/plain": "?", **other})


@pytest.fixture
def page(tmp_path):
    """A function that exports cells and returns the page's text."""

    def export(*cells, **options) -> str:
        notebook = tmp_path / "20_inventory.ipynb"
        nbformat.write(new_notebook(cells=list(cells), metadata={"language_info": {"name": "python"}}), notebook)
        return report.export(notebook, tmp_path / "out.html", **options).read_text(encoding="utf-8")

    return export


def full() -> list:
    frame = pd.DataFrame({"name": ["<script>alert(1)</script>", "俄亥俄轧钢有限公司"], "tce": [12345.6, None]})
    wide = pd.concat([frame.assign(**{f"column_number_{i}": "some words here" for i in range(12)})] * 8)
    return [
        text("# Metals cluster"),
        text(f"## {LONG_HEADING}\n\nEnergy $E=\\frac{{44}}{{12}}$ and\n\n$$\\sum_i Q_i$$"),
        code("tables.show(frame)", shown(tables.show(wide, "Wide")._repr_html_())),
        code("figure", shown(PICTURE)),
        text("## Results\n\n[source](https://example.org/a)"),
        text("## Results"),
    ]


def test_nothing_is_fetched_from_elsewhere(page):
    html = page(
        *full(),
        text("![x](https://example.org/a.png) <img src='//example.org/b.png'> <link rel=stylesheet href=//c.css>"),
        code("x", shown('<img srcset="https://d.org/d.png 2x"><p style="background:url(https://e.org/e)">kept</p>')),
        code("x", shown("<style>@import 'https://f.org/f.css'</style><svg><use xlink:href='https://g.org#x'/></svg>")),
    )
    without_links = re.sub(r"<a [^>]*>", "", html)
    found = re.findall(r"""(?:src|href|srcset)\s*=\s*["']?([^"'\s>]*)|url\(([^)]*)|(@import)""", without_links)
    references = ["".join(one) for one in found]
    assert references and all(one.startswith(("data:", "#")) for one in references), references
    assert "<script" not in html and "<link" not in html and "kept" in html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="java\tscript:alert(1)">x</a>',
        '<a href="JAVASCRIPT:alert(1)">x</a>',
        '<a href="data:text/html;base64,YWxlcnQoMSk=">x</a>',
        "<svg><script>alert(1)</script><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<!--><img src=x onerror=alert(1)>-->",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
        "<form action='javascript:alert(1)'><button formaction='javascript:alert(1)'>x</button></form>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<template><img src=x onerror=alert(1)></template>",
    ],
)
def test_outputs_run_nothing(page, attack):
    for output in (shown(attack), new_output("display_data", {"text/markdown": attack})):
        soup = BeautifulSoup(page(code("x", output)), "html.parser")
        assert soup.find(["script", "iframe", "form", "template"]) is None
        for tag in soup.find_all(True):
            assert not [name for name in tag.attrs if name.startswith("on") or name == "srcdoc"]
            assert "script:" not in re.sub(r"\s", "", str(tag.get("href", "")) + str(tag.get("xlink:href", ""))).lower()
            assert not str(tag.get("href", "")).startswith("data:")


def test_title_and_names_are_escaped(page):
    html = page(text("Text."), title="A <script> & B")
    assert "<title>A &lt;script&gt; &amp; B</title>" in html
    assert BeautifulSoup(html, "html.parser").h1.get_text() == "A <script> & B"
    assert "alert(1)" in page(*full()) and "<script" not in page(*full())


def test_only_the_chosen_language(page):
    cells = [text("# One", "lang-en"), text("# 一", "lang-zh"), text("Both.")]
    english, chinese = page(*cells), page(*cells, lang="zh")
    assert '<html lang="en">' in english and "One" in english and "一" not in english and "Both." in english
    assert '<html lang="zh-CN">' in chinese and "一" in chinese and "One" not in chinese and "目录" in chinese


def test_hidden_and_injected_cells_are_left_out(page):
    html = page(
        text("# T"),
        code("year: int = 2022", tags=["parameters"]),
        code("year = 1234", shown("<p>injected output</p>"), tags=["injected-parameters"]),
        code("secret()", shown("<p>hidden output</p>"), tags=["hide"]),
    )
    assert "2022" in html
    assert not [word for word in ("1234", "injected output", "secret", "hidden output") if word in html]


def test_code_is_folded_beside_its_output_or_at_the_end(page):
    cells = [text("# T"), code("first = 1", shown("<p>one</p>")), code("second = 2", shown("<p>two</p>"))]
    notebook = BeautifulSoup(page(*cells), "html.parser")
    assert [fold.parent.find("p").get_text() for fold in notebook.select("details.code")] == ["one", "two"]
    final = BeautifulSoup(page(*cells, kind="report", lang="zh"), "html.parser")
    (fold,) = final.select("details.code")
    assert fold.summary.get_text() == "代码" and not fold.has_attr("open")
    assert [one.get_text().strip() for one in fold.select("li")] == ["first = 1", "second = 2"]
    assert fold.find_next_sibling() is None


def test_messages_fold_in_a_notebook_and_leave_a_report(page):
    cells = [code("x", new_output("stream", name="stderr", text="solver log"), new_output("stream", text="said"))]
    notebook, final = page(*cells), page(*cells, kind="report")
    assert "solver log" in BeautifulSoup(notebook, "html.parser").select_one("details.messages").get_text()
    assert "solver log" not in final and "said" in final


def test_a_failed_cell_is_said_in_both_kinds(page):
    error = new_output("error", ename="ValueError", evalue="no <factor>", traceback=["\x1b[31mdeep\x1b[0m trace"])
    assert "deep trace" in page(code("x", error))
    final = page(code("x", error), kind="report")
    assert "ValueError: no &lt;factor&gt;" in final and "deep" not in final


def test_live_outputs_are_left_out(page):
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/plain": "HBox("}
    widget = new_output("display_data", view)
    script = new_output("display_data", {"application/javascript": "alert(1)", "text/plain": "<Javascript object>"})
    html = page(text("# T"), code("x", widget, script))
    assert "HBox" not in html and "alert" not in html and "Javascript" not in html


def test_formulas_become_mathml_or_stay_readable(page):
    html = page(text(r"A $a<b$ and $\frac{1}{2}$, then $$\begin{aligned}x&=1\\y&=2\end{aligned}$$ but $\nosuch{<x>}$."))
    soup = BeautifulSoup(html, "html.parser")
    assert len(soup.select("math")) == 3 and soup.select_one("mfrac") and len(soup.select("mtr")) == 2
    assert soup.select_one("code.formula").get_text() == r"\nosuch{<x>}"


def test_html_within_text_stays_as_written(page):
    html = page(text("CO<sub>2</sub>\n\n<details><summary>More</summary>\n\nwords\n\n</details>\n\nend"))
    assert "<p>CO<sub>2</sub></p>" in html
    assert BeautifulSoup(html, "html.parser").select_one("section.text details p").get_text() == "words"


def test_what_cells_say_is_rendered_once_for_all_pages(page):
    cells = [text("Said **once**."), code("said = 'once'", shown("<p>shown once</p>"))]
    first = page(*cells)
    rendered = [report.exporter().environment.filters["highlight_code"], harmless.clean]
    before = [cached.cache_info() for cached in rendered]
    assert page(*cells) == first and "Said <strong>once</strong>." in page(*cells, kind="report")
    after = [cached.cache_info() for cached in rendered]
    assert [one.misses for one in after] == [one.misses for one in before]
    assert all(now.hits > then.hits for now, then in zip(after, before, strict=True))


def test_pictures_beside_the_notebook_are_read_for_every_page(page, tmp_path):
    for content in (b"one", b"two"):
        (tmp_path / "picture.png").write_bytes(content)
        for source in ("![words](picture.png)", "<img alt='words' src='picture.png'>"):
            assert f"base64,{base64.b64encode(content).decode()}" in page(text(source))


def test_contents_lead_to_every_heading(page):
    soup = BeautifulSoup(page(*full()), "html.parser")
    links = [link["href"][1:] for link in soup.select("nav a")]
    assert links == ["metals-cluster", LONG_HEADING, "results", "results-2"]
    assert [soup.find(id=one).name for one in links] == ["h1", "h2", "h2", "h2"]
    assert soup.find(id=soup.select_one("a.skip")["href"][1:]).name == "main"


def test_pictures_keep_their_words(page):
    png = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}
    soup = BeautifulSoup(
        page(
            code("a", shown(PICTURE)),
            code("b", new_output("display_data", png, metadata={"image/png": {"alt": "By <type>"}})),
            code("c", new_output("execute_result", png, execution_count=1), alt="By cell"),
            code("d", new_output("display_data", png)),
            code("e", new_output("display_data", {"image/svg+xml": SVG})),
        ),
        "html.parser",
    )
    nothing = "Picture without description"
    assert [image["alt"] for image in soup.select("img")] == ["One bar", "By <type>", "By cell", nothing, nothing]
    assert soup.figcaption.get_text() == "Figure 1."


def test_the_same_notebook_gives_the_same_bytes(page):
    cells = full()
    assert page(*cells) == page(*cells)


def test_a_failed_export_leaves_the_old_page_alone(page, tmp_path, monkeypatch):
    page(text("# Old"))
    before = (tmp_path / "out.html").read_bytes()
    monkeypatch.setattr(report.files.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        page(text("# New"))
    assert (tmp_path / "out.html").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"20_inventory.ipynb", "out.html"}


def test_unknown_language_or_kind(page):
    with pytest.raises(ValueError, match="'fr'"):
        page(text("x"), lang="fr")


def test_importing_the_module_does_not_load_nbconvert():
    import subprocess

    probe = "import sys, workbench.report; sys.exit('nbconvert' in sys.modules or 'bs4' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


def test_a_browser_shows_the_page_without_complaint(page, tmp_path):
    skip_without_browser()
    page(*full(), kind="report")
    seen = open_page(tmp_path / "out.html")
    assert seen.title == "Metals cluster"
    assert seen.failed_requests == [] and seen.console_errors == [] and seen.requests == []
    assert seen.overflow == {1280: 0, 390: 0}
    assert LONG_HEADING in seen.text and "俄亥俄轧钢有限公司" in seen.text
    assert seen.screenshot_bytes.startswith(b"\x89PNG")
