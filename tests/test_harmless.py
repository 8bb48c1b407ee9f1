"""HTML of others: what it may not do in a page is taken away, what a reader sees stays, and a browser reads it the same twice."""

import re

import pytest

from browser import open_page, skip_without_browser
from workbench import harmless

PICTURE = "data:image/png;base64,iVBORw0KGgo="
NOTED = "onerror=\"document.title='run'\" onload=\"document.title='run'\""
# Elsewhere is an address nobody answers at; a page that fetched it would say so.
ATTACKS = (
    "<script>document.title='run'</script><scr<script>ipt>document.title='run'</script>",
    f"<IMG SRC=x {NOTED}><svg {NOTED}></svg><body {NOTED}>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=document.title='run'>\">",
    "<math></p><style><!--</style><img src/onerror=document.title='run'>--></style></math>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=document.title=1&gt;">',
    '<math><mtext><table><mglyph><svg><mtext><textarea><path id="</textarea><img onerror=document.title=1 src=1>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=document.title=1>",
    '<svg><title><a title="</title><img src=x onerror=document.title=1>"></a></title></svg>',
    '<math><mi><title><a title="</title><img src=x onerror=document.title=1>"></title></mi></math>',
    "<svg><foreignObject><title></svg><img src=x onerror=document.title=1></title></foreignObject></svg>",
    '<math><annotation-xml encoding="text/html"><xmp>&lt;/xmp&gt;&lt;img src onerror=document.title=1&gt;</xmp></annotation-xml>',
    '<noscript><p title="</noscript><img src=x onerror=document.title=1>">',
    "<!--><img src=x onerror=document.title=1>--><!-- --!><img src=x onerror=document.title=1>",
    f'<img alt="</figure><script>document.title=1</script>" src="{PICTURE}">',
    "<svg><animate onbegin=document.title=1 attributeName=x dur=1s></svg>",
    f'<img srcset="https://elsewhere.invalid/a 2x" src="{PICTURE}"><video poster="https://elsewhere.invalid/b"></video>',
    '<svg><image xlink:href="https://elsewhere.invalid/c"/><use xlink:href="https://elsewhere.invalid/d#x"/></svg>',
    '<svg width=9><rect width=9 height=9 fill="url(https://elsewhere.invalid/e#x)" mask="url(https://elsewhere.invalid/e#x)"/></svg>',
    "<p style=\"background:image-set('https://elsewhere.invalid/f' 1x)\">a</p><p style='background:URL(//elsewhere.invalid/g)'>b",
    r"<p style='background:u\72l(https://elsewhere.invalid/h)'>a</p><p style='background:u&#10;rl(//elsewhere.invalid)'>b",
    '<table background="https://elsewhere.invalid/i"><td background="https://elsewhere.invalid/j">x</table>',
    '<link rel=stylesheet href="https://elsewhere.invalid/k"><style>@import "https://elsewhere.invalid/l"</style>',
    '<input type=image src="https://elsewhere.invalid/m"><embed src="https://elsewhere.invalid/n">',
    '<meta http-equiv=refresh content="0;url=https://elsewhere.invalid/o"><base href="https://elsewhere.invalid/">',
    "</div></section></main></body></html><plaintext>",
)  # fmt: skip


def clean(html: str) -> str:
    return harmless.clean(html, "<no words>")


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_clean_stays_as_it_is(attack):
    once = clean(attack)
    assert clean(once) == once
    assert not re.search(r"<[^>]*( on\w+=|elsewhere)|<(script|style|iframe|form|input|link|meta|base)", once), once


def test_a_browser_runs_and_fetches_nothing(tmp_path):
    skip_without_browser()
    page = tmp_path / "page.html"
    pieces = "".join(f'<section><div class="output">{clean(attack)}</div></section>' for attack in ATTACKS)
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8><title>quiet</title><main>{pieces}<p>the end</p></main>", encoding="utf-8")
    seen = open_page(page)
    assert (seen.title, seen.requests, seen.console_errors) == ("quiet", [], []) and seen.text.endswith("the end")


@pytest.mark.parametrize(
    "address",
    ["javascript:x", "JAVA&#10;SCRIPT:x", "data:text/html,x", "vbscript:x", " javascript:x", "java\x00script:x", "blob:x"],
)
def test_links_run_nothing(address):
    assert clean(f'<a href="{address}">x</a>') == "<a>x</a>"
    assert clean(f'<svg><a xlink:href="{address}"><text>x</text></a></svg>') == "<svg><a><text>x</text></a></svg>"


def test_links_a_reader_clicks_stay():
    kept = "".join(
        f'<a href="{address}">x</a>'
        for address in ("#a", "https://example.org/a?b=1", "mailto:a@b.org", "tables/x.csv", "30_potential.html#b", "表.csv")
    )
    assert clean(kept) == kept
    assert clean('<svg><use href="#ok"/><use href="other.svg#x"/></svg>') == '<svg><use href="#ok"></use><use></use></svg>'


@pytest.mark.parametrize(
    "html",
    [
        '<figure id="f" class="wide"><img alt="&lt;b&gt; &quot;x&quot;" src="data:image/svg+xml;base64,AAAA"></figure>',
        '<div class="scroll" role="region" tabindex="0" aria-label="a\\b url(x)" data-n="1"><table border="1"><thead><tr>'
        '<th scope="col" colspan="2">a</th></tr></thead><tbody><tr><td style="color: red">1</td></tr></tbody></table></div>',
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" role="img"><title>T</title><defs><linearGradient id="g">'
        '<stop offset="0" stop-color="red"></stop></linearGradient><clipPath id="c"><path d="M0 0"></path></clipPath></defs>'
        '<g transform="scale(2)" clip-path="url(#c)"><rect x="1" y="1" width="2" height="2" fill="url(#g)"></rect>'
        '<text x="1" y="2" text-anchor="middle" font-size="3">words</text></g></svg>',
        '<math display="block"><mrow><mo stretchy="false" form="prefix">(</mo><mfrac linethickness="0">'
        '<mi mathvariant="normal">a</mi><mn>2</mn></mfrac><mspace width="0.5em"></mspace></mrow></math>',
        '<details open="" class="code"><summary>s</summary><ol start="2" reversed=""><li value="3">x</li></ol></details>',
        "CO<sub>2</sub> &amp; <strong>x</strong>&nbsp;&lt;y&gt;",
    ],
)
def test_what_outputs_are_made_of_stays(html):
    assert clean(html) == html


def test_other_elements_leave_their_text_and_some_go_with_what_they_hold():
    assert clean("<font>a</font><blink>b <u>c</u></blink><button>d</button>") == "ab <u>c</u>d"
    gone = ("script", "style", "template", "iframe", "object", "noscript", "noembed", "noframes")
    assert clean("".join(f"<{name}>x</{name}>" for name in gone) + "<!-- c --><?php x ?>y") == "y"


def test_pictures_have_words_or_leave_them():
    assert clean(f'<img src="{PICTURE}">') == f'<img alt="&lt;no words&gt;" src="{PICTURE}">'
    assert clean(f'<img src="{PICTURE}" alt="">') == f'<img src="{PICTURE}" alt="">'
    for source in ("https://elsewhere.invalid/a.png", "a.png", "data:text/html;base64,AAAA", "javascript:x"):
        assert clean(f'<img src="{source}" alt="a &lt;b&gt;">') == "[a &lt;b&gt;]"
    assert clean("<img>") == "[&lt;no words&gt;]"


@pytest.mark.parametrize("letters", ["A" * 999, "B" * 1000, "AAAA" * 5000 + "=="])
def test_long_pictures_are_cleaned_like_short_ones(letters):
    picture = f'<img alt="a" src="data:image/png;base64,{letters}">'
    assert clean(picture) == picture and clean(f"<p>{picture}</p>{picture * 2}") == f"<p>{picture}</p>{picture * 2}"
    other = "B" * 2000
    two = picture + picture.replace(letters, other)
    assert clean(two) == two
    assert clean(f'<img alt="a" src="data:text/html;base64,{letters}">') == "[a]"
    assert clean(f'<a href="data:image/png;base64,{letters}">x</a><script>;base64,{letters}</script>') == "<a>x</a>"
    assert clean(f"<b ;base64,{letters} onclick=1;base64,{letters}>;base64,{letters}</b>") == f"<b>;base64,{letters}</b>"
    assert letters in clean(f"{picture}<p title=';base64,@0@'>;base64,@7@</p>") and "@7@" not in clean(";base64,@7@")


def test_a_piece_ends_where_it_ends():
    assert clean("<details><summary>s") == "<details><summary>s</summary></details>"
    assert clean("</div></section>a<b>b") == "a<b>b</b>"
    assert clean("<table><tr><td>1<td>2") == "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"


def test_a_pre_keeps_its_first_lines():
    assert clean("<pre>\n\na</pre>") == "<pre>\n\na</pre>" and clean('<pre class="x">\na</pre>') == '<pre class="x">a</pre>'


def test_headings_are_named_by_their_words():
    html = '<h1 class="a" id="old">A &amp; <em>B</em></h1><h2>中文</h2><h3>中文</h3>'
    html += "<h2><math><mi>x</mi></math></h2><h4>no</h4><h2> </h2>"
    page = harmless.headings(html)
    assert [(one["level"], one["id"], one["text"]) for one in page["headings"]] == [
        (1, "a-b", "A & B"), (2, "中文", "中文"), (3, "中文-2", "中文"), (2, "x", "x"), (2, "section", ""),
    ]  # fmt: skip
    assert page["title"] == "A & B" and page["html"].startswith('<h1 class="a" id="a-b">A &amp; <em>B</em></h1><h2 id="中文">')
    assert harmless.headings("<h2>Main</h2>")["headings"][0]["id"] == "main-2"
