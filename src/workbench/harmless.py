"""HTML that others wrote made fit for a page: it runs nothing, fetches nothing, and its pictures have words."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from html import escape, unescape
from typing import Any

_TEXT_ELEMENTS = """a abbr article aside b blockquote br caption cite code col colgroup dd del details dfn div dl dt
    em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li mark ol p pre q s samp section small span
    strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr"""
_SVG_ELEMENTS = """svg g path rect circle ellipse line polyline polygon text tspan title desc defs use symbol clipPath
    mask pattern marker linearGradient radialGradient stop"""
_MATH_ELEMENTS = """math semantics annotation mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle merror mpadded
    mphantom msub msup msubsup munder mover munderover mmultiscripts mprescripts mtable mtr mtd menclose"""
_ELEMENTS = frozenset(f"{_TEXT_ELEMENTS} {_SVG_ELEMENTS} {_MATH_ELEMENTS}".split())
_GO_WITH_CONTENT = frozenset("script style template iframe object embed noscript noembed noframes".split())
_TEXT_ATTRIBUTES = """id class style title lang dir hidden role tabindex translate name href src alt width height align valign
    border cellpadding cellspacing bgcolor color nowrap rules frame summary scope headers abbr axis char colspan rowspan span
    cite datetime open start reversed type value target rel hreflang download clear compact noshade size decoding loading
    itemscope itemprop itemtype"""
_SVG_ATTRIBUTES = """xmlns version viewBox preserveAspectRatio transform x y x1 y1 x2 y2 cx cy r rx ry fx fy d points dx dy
    rotate textLength lengthAdjust pathLength offset gradientUnits gradientTransform spreadMethod patternUnits
    patternContentUnits patternTransform markerWidth markerHeight markerUnits refX refY orient maskUnits maskContentUnits
    clipPathUnits clip-path clip-rule mask marker-start marker-mid marker-end fill fill-opacity fill-rule stroke
    stroke-width stroke-opacity stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit
    stop-color stop-opacity opacity display visibility overflow paint-order vector-effect shape-rendering text-rendering
    color-interpolation text-anchor text-decoration dominant-baseline alignment-baseline baseline-shift writing-mode
    letter-spacing word-spacing font-family font-size font-style font-weight font-variant font-stretch space"""
_MATH_ATTRIBUTES = """alttext encoding mathvariant mathsize mathcolor mathbackground displaystyle scriptlevel stretchy
    symmetric largeop movablelimits accent accentunder fence form separator lspace rspace minsize maxsize linethickness
    numalign denomalign bevelled depth voffset notation rowalign columnalign rowspacing columnspacing rowlines columnlines
    columnspan framespacing equalrows equalcolumns columnwidth side minlabelspacing lquote rquote subscriptshift
    superscriptshift groupalign alignmentscope"""
_ATTRIBUTES = frozenset(f"{_TEXT_ATTRIBUTES} {_SVG_ATTRIBUTES} {_MATH_ATTRIBUTES}".split())
_LINK = re.compile(r"(#|https?://|mailto:|[\w./%-]+(#|$))", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml)[;,]", re.IGNORECASE)
_FETCHES = re.compile(r"url\((?!['\"]?#)|image-set\(|@import|expression\(|\\", re.IGNORECASE)
_BLANK = re.compile(r"[\x00-\x20]")
_LONG = re.compile(r";base64,([A-Za-z0-9+/=]{1000,})")
_MARK = re.compile(r";base64,@(\d+)@")
_IMAGE = re.compile(r"<img\b[^>]*>")
_HEADING = re.compile(r"<h([1-3])\b([^>]*)>")


@lru_cache(128)
def clean(content: str, no_alt: str) -> str:
    """Return a piece of HTML as a browser would read it, whole in itself, harmless and self-contained.

    Only listed elements stay; scripts and style sheets go with what they hold, other elements leave their text, comments
    go. Of attributes stay those listed above, which say how something looks, reads or is called, among them `class`, `id`,
    `role`, `aria-…` and `data-…`; links a reader clicks stay. Event handlers, script addresses and anything a browser would
    fetch are taken away. A picture without words gets `no_alt`; one without content leaves its words.
    """

    def picture(found: re.Match[str]) -> str:
        tag = found[0] if ' alt="' in found[0] else f'<img alt="{escape(no_alt)}"{found[0][4:]}'
        return tag if ' src="' in tag else "[" + tag.partition(' alt="')[2].partition('"')[0] + "]"

    long: dict[str, str] = {}  # letters and digits end nothing, wherever they stand: long ones need not be parsed

    def mark(found: re.Match[str]) -> str:
        return f";base64,@{long.setdefault(found[1], str(len(long)))}@"

    html = _cleaner().clean(_LONG.sub(mark, content))  # from here on every `<` begins a tag: text and attributes are escaped
    html = re.sub(r"(<pre\b[^>]*>)\n", r"\1\n\n", html)  # browsers drop the first line end of a `pre`
    marked = {place: letters for letters, place in long.items()}
    return _MARK.sub(lambda found: f";base64,{marked.get(found[1], '')}", _IMAGE.sub(picture, html))


@cache
def _cleaner() -> Any:
    import nh3

    return nh3.Cleaner(
        tags=_ELEMENTS, clean_content_tags=_GO_WITH_CONTENT, attributes={"*": _ATTRIBUTES}, attribute_filter=_harmless,
        generic_attribute_prefixes={"aria-", "data-"}, url_schemes={"http", "https", "mailto", "data"}, link_rel=None,
    )  # fmt: skip


def _harmless(element: str, name: str, value: str) -> str | None:
    """The value of an attribute that neither runs anything nor fetches anything, else None; `xlink:href` comes as `href`."""
    if name == "src":
        return value if element == "img" and _PICTURE.match(_BLANK.sub("", value[:200])) else None
    if name in ("alt", "title", "aria-label"):
        return value
    text = _BLANK.sub("", value)
    if name == "href":
        return value if (_LINK.match(text) if element == "a" else text.startswith("#")) else None
    return None if _FETCHES.search(text) else value


def headings(html: str) -> dict[str, Any]:
    """Give every h1–h3 of clean HTML an id made of its words, Chinese ones too: {html, title, headings in order}."""
    found: list[dict[str, Any]] = []
    taken = {"main"}

    def named(tag: re.Match[str]) -> str:
        inner = html[tag.end() : html.find(f"</h{tag[1]}>", tag.end())]
        text = " ".join(unescape(re.sub(r"<[^>]*>", "", inner)).split())
        base = name = re.sub(r"[^\w]+", "-", text.lower()).strip("-") or "section"
        count = 1
        while name in taken:
            count += 1
            name = f"{base}-{count}"
        taken.add(name)
        found.append({"level": int(tag[1]), "id": name, "text": text})
        others = re.sub(r' id="[^"]*"', "", tag[2])
        return f'<h{tag[1]}{others} id="{name}">'

    html_with_ids = _HEADING.sub(named, html)
    title = next((heading["text"] for heading in found if heading["level"] == 1), "")
    return {"html": html_with_ids, "title": title, "headings": found}
