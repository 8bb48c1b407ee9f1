"""Where energy and carbon go: bands from what comes in, over the enterprises and their exchanges, to what stays and what leaves."""

import unicodedata

import numpy as np
import pandas as pd
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from workbench.figures.flows import MOST_SOURCES, nodes_and_links
from workbench.figures.quantities import OTHER, names, number, numeric, scale, shorten, word, year_of
from workbench.figures.style import INK, MUTED, PALE, SHADES, UNSELECTED, WIDTH, Picture, blank, canvas, finish, palette, styled
from workbench.wording import text

EDGE = 22  # columns of letters at the margins
LETTER = 0.064  # inches: one column of letters at the size of the labels
LINE, GAP, BAR = 0.12, 0.11, 0.11  # inches: a line of a label, room between labels, width of a node
BY_SOURCE = {"combustion": SHADES["coal"][1], "process": SHADES["process"][0], "purchased_electricity": SHADES["electricity"][0]}
BY_SOURCE |= {"purchased_heat": SHADES["heat"][0], "medium": SHADES["other"][1]}
VEIL = {"facecolor": "white", "alpha": 0.6, "linewidth": 0, "boxstyle": "round,pad=0.1,rounding_size=0.3"}
SINKS = {"stays": PALE, "sold": "#8fb3cc", "deducted": "#a8dccb", "own": UNSELECTED}


def _layout(nodes: pd.DataFrame, links: pd.DataFrame, tall: float, wide: tuple[float, float]) -> tuple[pd.DataFrame, float]:
    """Lower edge, height and x (inches) of every node, and inches a unit; each has at least the room of its label (`slot`)."""
    columns = [np.flatnonzero(nodes["column"] == column) for column in sorted(nodes["column"].unique())]
    value, slot = nodes["value"].to_numpy(), nodes["slot"].to_numpy()
    free = min(tall - GAP * (len(column) - 1) for column in columns)
    low, high = 0.0, free / max(value.max(), 1e-300)
    for _ in range(60):  # the largest scale at which every column fits
        scaled = (low + high) / 2
        room = np.maximum(value * scaled, slot)
        fits = all(room[column].sum() + GAP * (len(column) - 1) <= tall for column in columns)
        low, high = (scaled, high) if fits else (low, scaled)
    height, middle = value * low, np.zeros(len(nodes))
    room, last = np.maximum(height, slot), nodes["node"].str.endswith(OTHER).to_numpy()
    at = pd.Index(nodes["node"])
    giver, taker, size = at.get_indexer(links["from_node"]), at.get_indexer(links["to_node"]), links["value"].to_numpy()
    ends, others, weight = np.r_[giver, taker], np.r_[taker, giver], np.r_[size, size]
    whole = np.bincount(ends, weight, len(nodes))
    orders = [column[np.argsort(-value[column], kind="stable")] for column in columns]
    for sweep in range(6):
        for n, order in enumerate(orders):
            if sweep:
                pull = np.bincount(ends, middle[others] * weight, len(nodes))[order] / whole[order]
                orders[n] = order = order[np.lexsort((-pull, last[order]))]
            slots = room[order]
            spare = min(2.5 * GAP, (tall - slots.sum()) / max(len(slots), 1))
            top = (tall + slots.sum() + spare * (len(slots) - 1)) / 2
            middle[order] = top - slots.cumsum() + slots / 2 - spare * np.arange(len(slots))
    out = nodes.set_index("node").assign(height=height, middle=middle, low=middle - height / 2)
    out["x"] = wide[0] + (wide[1] - wide[0]) * out["column"] / out["column"].max()
    return out, low


def _bands(axes, links: pd.DataFrame, place: pd.DataFrame, inch: float, colours: dict[str, str]) -> None:
    """Bezier bands, stacked at both ends in the order of the nodes they meet."""
    links = links.assign(
        leaves=links["to_node"].map(place["middle"]), meets=links["from_node"].map(place["middle"]), size=links["value"] * inch
    )
    for end, other, start in (("from_node", "leaves", "y0"), ("to_node", "meets", "y1")):
        order = links.sort_values([end, other, "code"], kind="stable")
        above = order.groupby(end)["size"].cumsum() - order["size"]
        links[start] = order[end].map(place["low"]) + above
    for link in links.sort_values("size", ascending=False).itertuples():
        x0, x1 = place.at[link.from_node, "x"] + BAR, place.at[link.to_node, "x"]
        bend = max((x1 - x0) / 2, 0.35)
        upper = [
            (x0, link.y0 + link.size),
            (x0 + bend, link.y0 + link.size),
            (x1 - bend, link.y1 + link.size),
            (x1, link.y1 + link.size),
        ]
        lower = [(x1, link.y1), (x1 - bend, link.y1), (x0 + bend, link.y0), (x0, link.y0)]
        codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
        shade = colours[link.code]
        axes.add_patch(
            PathPatch(
                Path([*upper, *lower, upper[0]], codes), facecolor=shade, edgecolor=shade, linewidth=0.3, alpha=0.55, zorder=2
            )
        )


def _wide(name: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in name)


def _margins(nodes: pd.DataFrame, said: dict[str, str]) -> tuple[float, float]:
    """Inches that the names of inputs and of outputs need."""
    kind = nodes["node"].map({n: _wide(said[n]) for n in nodes["node"]}).clip(upper=EDGE).groupby(nodes["kind"]).max()
    return 0.2 + LETTER * kind.get("input", 0), 0.25 + BAR + LETTER * kind.get("output", 0)


def _two_lines(name: str, most: int) -> str:
    """A name on one line, else on two, parted at a blank where there is one, and shortened only after that."""
    if _wide(name) <= most:
        return name
    first = shorten(name, most).removesuffix("…")
    if name[len(first) : len(first) + 1] != " " and " " in first:
        first = first.rsplit(" ", 1)[0]
    return first + "\n" + shorten(name[len(first) :], most)


def _labelled(nodes: pd.DataFrame, said: dict[str, str], wide: tuple[float, float], say) -> pd.DataFrame:
    """Nodes with their `label`, as broad as the room between two columns, and the `slot` (inches) it needs."""
    between = (wide[1] - wide[0]) / nodes["column"].max() - BAR - 0.1
    widest = {"enterprise": int(between / LETTER), "input": EDGE, "output": EDGE}
    label = [f"{_two_lines(said[n.node], widest[n.kind])}\n{number(say(n.value))}" for n in nodes.itertuples()]
    return nodes.assign(label=label, slot=[LINE * (words.count("\n") + 1) for words in label])


def _labels(axes, place: pd.DataFrame) -> None:
    """Bars of the nodes and their labels: left of inputs, right of all others, on a white veil where bands pass."""
    for node in place.itertuples():
        axes.add_patch(Rectangle((node.x, node.low), BAR, max(node.height, 0.012), facecolor=INK, edgecolor="none", zorder=4))
        left = node.kind == "input"
        axes.text(
            node.x - 0.05 if left else node.x + BAR + 0.05, node.middle, node.label, ha="right" if left else "left", va="center",
            fontsize=7, linespacing=1.05, zorder=5, bbox=VEIL,
        )  # fmt: skip


def _legend(figure, between: pd.DataFrame, colours: dict[str, str], lang: str) -> None:
    """What members hand to each other, by colour."""
    codes = between.groupby("code")["value"].sum().sort_values(ascending=False, kind="stable").index[:MOST_SOURCES]
    if len(codes):
        patches = [Rectangle((0, 0), 1, 1, facecolor=colours[c], alpha=0.55) for c in codes]
        title = text("figures.flows.between", lang)
        figure.legend(
            patches, [word(c, lang) for c in codes], title=title, loc="outside lower center", ncols=4, fontsize=7,
            title_fontsize=7, handlelength=1, handleheight=0.9, columnspacing=1.2,
        )  # fmt: skip


def _diagram(
    theme: str, rows: pd.DataFrame, settled: pd.DataFrame, value: str, by: str, enterprises: pd.DataFrame, lang: str, top: int
) -> Picture:
    if rows.empty:
        return blank(theme, lang)
    nodes, links = nodes_and_links(rows, value, by, top)
    if links.empty:
        return blank(theme, lang)
    said = _names(theme, nodes, enterprises, rows, lang)
    total = numeric(rows, value).loc[rows["internal"] == 0, value].sum()
    say = scale([*nodes["value"], total], value, lang)
    left, right = _margins(nodes, said)
    nodes = _labelled(nodes, said, (left, WIDTH - right), say)
    tall = max(2.8, (nodes["slot"] + GAP).groupby(nodes["column"]).sum().max() + 0.9)
    figure, axes = canvas(tall + 0.2)
    axes.set_axis_off()
    axes.set(xlim=(0, WIDTH), ylim=(0, tall))
    place, inch = _layout(nodes, links, tall - 0.1, (left, WIDTH - right))
    codes = [c for c in links["code"].unique() if c not in SINKS]
    colours = palette(c for c in codes if c not in BY_SOURCE) | BY_SOURCE | SINKS
    _bands(axes, links, place, inch, colours)
    _labels(axes, place)
    axes.text(0, tall, say.unit, ha="left", va="top", fontsize=7, color=MUTED)
    inside = links["from_node"].str.startswith("at:") & links["to_node"].str.startswith("at:")
    _legend(figure, links[inside], colours, lang)
    shown = links.sort_values("value", ascending=False, kind="stable").head(5)
    flows = text("figures.flows.and", lang).join(
        text("figures.flows.one", lang, giver=said[f.from_node], taker=said[f.to_node], value=say.say(f.value))
        for f in shown.itertuples()
    )
    values = dict(
        year=year_of(rows), count=rows["enterprise_id"].nunique(), total=say.say(total), unit=say.unit, flows=flows,
        inside=say.say(links.loc[inside, "value"].sum()), settled=len(settled),
    )  # fmt: skip
    return finish(figure, text(f"figures.{theme}.caption", lang, **values), text(f"figures.{theme}.alt", lang, **values))


def _names(theme: str, nodes: pd.DataFrame, enterprises: pd.DataFrame, rows: pd.DataFrame, lang: str) -> dict[str, str]:
    """What each node is called."""
    firms = names(enterprises, "enterprise_id", lang)
    rest = rows["enterprise_id"].nunique() - (nodes["kind"] == "enterprise").sum() + 1
    said = {}
    for node in nodes.itertuples():
        if node.kind == "enterprise" and node.code == OTHER:
            said[node.node] = text("figures.other_enterprises", lang, count=rest)
        elif node.kind == "enterprise":
            said[node.node] = firms.get(node.code, node.code)
        else:
            said[node.node] = text(f"figures.{theme}.{node.code}", lang) if node.code in SINKS else word(node.code, lang)
    return said


@styled
def energy_flows(rows: pd.DataFrame, settled: pd.DataFrame, enterprises: pd.DataFrame, lang: str = "en", top: int = 8) -> Picture:
    """Energy (tce) from outside carriers over enterprises and their exchanges to own use and sales. `rows`: the inventory."""
    return _diagram("energy_flows", rows, settled, "tce", "carrier", enterprises, lang, top)


@styled
def carbon_flows(rows: pd.DataFrame, settled: pd.DataFrame, enterprises: pd.DataFrame, lang: str = "en", top: int = 8) -> Picture:
    """Emissions (tCO2e) from their sources over enterprises and their exchanges to the cluster total; sales and credits leave."""
    return _diagram("carbon_flows", rows, settled, "tco2e", "source", enterprises, lang, top)
