"""Where energy and carbon go: bands from what comes in, over the enterprises and their exchanges, to what stays and what leaves."""

import unicodedata

import numpy as np
import pandas as pd
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from workbench.figures.quantities import OTHER, names, number, numeric, scale, shorten, word, year_of
from workbench.figures.style import INK, MUTED, PALE, SHADES, UNSELECTED, WIDTH, Picture, blank, canvas, finish, palette, styled
from workbench.wording import text

MOST_SOURCES = 8
EDGE = 22  # columns of letters at the margins
LETTER = 0.064  # inches: one column of letters at the size of the labels
SLOT, GAP, BAR = 0.30, 0.07, 0.11  # inches: least room of a node, room between nodes, width of a node
OUTGOING = ("sold_electricity", "sold_heat", "fuel_handed_on")
BY_SOURCE = {"combustion": SHADES["coal"][1], "process": SHADES["process"][0], "purchased_electricity": SHADES["electricity"][0]}
BY_SOURCE |= {"purchased_heat": SHADES["heat"][0], "medium": SHADES["other"][1]}
SINKS = {"stays": PALE, "sold": "#8fb3cc", "deducted": "#a8dccb", "own": UNSELECTED}


def nodes_and_links(rows: pd.DataFrame, value: str, by: str, top: int = 8) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Balanced flows of one quantity (`value`: tce or tco2e) of inventory rows, outside inputs told apart `by` carrier or source.

    Links: from_node, to_node, code (carrier, source or what becomes of it), value > 0. Nodes: node, kind (input, enterprise,
    output), code, column, value (all that passes). A flow between members is what the taker counts, else what the giver deducts.
    What an enterprise neither sells nor hands over stays with it (`out:stays`); where it gives more than came in, `in:own` fills
    the gap. So inputs of an enterprise equal its outputs, and stays - own is the sum of the rows with outsiders: the cluster
    total. Enterprises after the `top` largest are one node.
    """
    rows = numeric(rows, value).rename(columns={value: "value"})
    rows = rows.assign(**{c: rows[c].fillna("").astype(str) for c in ("enterprise_id", "source", "carrier", "counterparty")})
    at = _places(rows, top)
    outside = _outside(rows[rows["internal"] == 0], by, at)
    inside = _inside(rows[rows["internal"] == 1], at)
    links = pd.concat([outside, inside], ignore_index=True)
    if links.empty:
        return pd.DataFrame(columns=["node", "kind", "code", "column", "value"]), links
    net = links.groupby("to_node")["value"].sum().sub(links.groupby("from_node")["value"].sum(), fill_value=0.0)
    net = net[net.index.str.startswith("at:")]
    slack = 1e-9 * max(links["value"].sum(), 1e-300)
    stays, own = net[net > slack], -net[net < -slack]
    rest = [
        pd.DataFrame({"from_node": stays.index, "to_node": "out:stays", "code": "stays", "value": stays.to_numpy()}),
        pd.DataFrame({"from_node": "in:own", "to_node": own.index, "code": "own", "value": own.to_numpy()}),
    ]
    links = pd.concat([links, *rest], ignore_index=True)
    return _nodes(links), links


def _places(rows: pd.DataFrame, top: int) -> dict[str, str]:
    """The node of each enterprise: its own for the largest, one for the others."""
    sizes = rows["value"].abs().groupby(rows["enterprise_id"]).sum()
    partner = rows.loc[rows["internal"] == 1]
    sizes = sizes.add(partner["value"].abs().groupby(partner["counterparty"]).sum(), fill_value=0.0)
    order = sizes.sort_values(ascending=False, kind="stable").index
    kept = set(order if len(order) <= top + 1 else order[:top])
    return {i: f"at:{i}" if i in kept else f"at:{OTHER}" for i in order}


def _outside(rows: pd.DataFrame, by: str, at: dict[str, str]) -> pd.DataFrame:
    """Links from inputs to enterprises and from them to outside; stocks and credits net within a firm, carrier and source."""
    net = rows.groupby(["enterprise_id", "source", "carrier"], sort=True)["value"].sum().reset_index()
    sizes = net["value"].clip(lower=0).groupby(net[by]).sum().sort_values(ascending=False, kind="stable")
    shown = set(sizes.index if len(sizes) <= MOST_SOURCES + 1 else sizes.index[:MOST_SOURCES])
    code = net[by].where(net[by].isin(shown) & net[by].ne(""), OTHER)
    gone = net["source"].isin(OUTGOING).map({True: "sold", False: "deducted"})
    node, enters = net["enterprise_id"].map(at), net["value"] > 0
    links = pd.DataFrame(
        {
            "from_node": ("in:" + code).where(enters, node),
            "to_node": node.where(enters, "out:" + gone),
            "code": code.where(enters, gone),
            "value": net["value"].abs(),
        }
    )
    return _sum(links)


def _inside(rows: pd.DataFrame, at: dict[str, str]) -> pd.DataFrame:
    """Links between members: one a giver, taker and carrier; loops within one node are left out, since they balance."""
    gives = rows["source"].isin(OUTGOING)
    giver, taker = (
        rows["enterprise_id"].where(gives, rows["counterparty"]),
        rows["counterparty"].where(gives, rows["enterprise_id"]),
    )
    sides = pd.DataFrame({"giver": giver, "taker": taker, "code": rows["carrier"]})
    sides = sides.assign(taken=rows["value"].where(~gives, 0.0), given=-rows["value"].where(gives, 0.0))
    pairs = sides.groupby(["giver", "taker", "code"], sort=True)[["taken", "given"]].sum().reset_index()
    pairs["value"] = pairs["taken"].where(pairs["taken"] > 0, pairs["given"])
    links = pairs.assign(from_node=pairs["giver"].map(at), to_node=pairs["taker"].map(at))
    return _sum(links[links["from_node"] != links["to_node"]])


def _sum(links: pd.DataFrame) -> pd.DataFrame:
    links = links.assign(value=links["value"].astype(float))
    summed = links.groupby(["from_node", "to_node", "code"], sort=True)["value"].sum().reset_index()
    return summed[summed["value"] > 0]


def _nodes(links: pd.DataFrame) -> pd.DataFrame:
    """Every node of the links with its column: inputs, enterprises after their suppliers (three columns at most), outputs."""
    passes = pd.concat([links.groupby(side)["value"].sum() for side in ("from_node", "to_node")], axis=1).fillna(0.0).max(axis=1)
    nodes = pd.DataFrame({"node": passes.index, "value": passes.to_numpy(dtype=float)})
    nodes["kind"] = nodes["node"].str.split(":").str[0].map({"in": "input", "at": "enterprise", "out": "output"})
    nodes["code"] = nodes["node"].str.split(":", n=1).str[1]
    depth = _depth(links[links["from_node"].str.startswith("at:") & links["to_node"].str.startswith("at:")])
    last = 2 + max(depth.values(), default=0)
    column = nodes["node"].map(depth).astype(float).fillna(0) + 1
    nodes["column"] = column.mask(nodes["kind"] == "input", 0).mask(nodes["kind"] == "output", last).astype(int)
    return nodes[["node", "kind", "code", "column", "value"]]


def _depth(between: pd.DataFrame, most: int = 2) -> dict[str, int]:
    """How many members stand before each one; the smaller flow of a cycle does not count."""
    depth: dict[str, int] = {}
    before: dict[str, set[str]] = {}
    pairs = between.groupby(["from_node", "to_node"])["value"].sum().sort_values(ascending=False, kind="stable")
    for giver, taker in pairs.index:
        if taker in before.get(giver, set()):
            continue
        before.setdefault(taker, set()).update({giver} | before.get(giver, set()))
        for ahead in before.values():
            if taker in ahead:
                ahead.update(before[taker])
    for node in sorted(before, key=lambda n: len(before[n])):
        given = pairs.index[pairs.index.get_level_values("to_node") == node].get_level_values("from_node")
        depth[node] = min(most, 1 + max((depth.get(g, 0) for g in given if g in before[node]), default=0))
    return depth


def _layout(nodes: pd.DataFrame, links: pd.DataFrame, tall: float, wide: tuple[float, float]) -> tuple[pd.DataFrame, float]:
    """Lower edge and height (inches) of every node, and inches a unit: no slot is less than a label high, none overlaps another."""
    columns = [group for _, group in nodes.groupby("column")]
    free = min(tall - GAP * (len(g) - 1) for g in columns)
    low, high = 0.0, free / max(nodes["value"].max(), 1e-300)
    for _ in range(60):  # the largest scale at which every column fits
        middle = (low + high) / 2
        fits = all((g["value"] * middle).clip(lower=SLOT).sum() + GAP * (len(g) - 1) <= tall for g in columns)
        low, high = (middle, high) if fits else (low, middle)
    out = nodes.set_index("node").assign(height=lambda n: n["value"] * low, middle=0.0)
    order = {c: g.sort_values("value", ascending=False, kind="stable")["node"].tolist() for c, g in nodes.groupby("column")}
    ends = pd.concat(
        [
            links.set_axis(["node", "other", *links.columns[2:]], axis=1),
            links.set_axis(["other", "node", *links.columns[2:]], axis=1),
        ]
    )
    for sweep in range(6):
        for column in order:
            if sweep:
                mine = ends[ends["node"].isin(order[column])]
                pull = (mine["other"].map(out["middle"]) * mine["value"]).groupby(mine["node"]).sum() / mine.groupby("node")[
                    "value"
                ].sum()
                order[column] = sorted(order[column], key=lambda n: (n.endswith(OTHER), -pull[n]))
            slots = out.loc[order[column], "height"].clip(lower=SLOT)
            spare = min(2.5 * GAP, (tall - slots.sum()) / max(len(slots), 1))
            top = (tall + slots.sum() + spare * (len(slots) - 1)) / 2
            out.loc[order[column], "middle"] = top - slots.cumsum() + slots / 2 - spare * np.arange(len(slots))
    out["low"] = out["middle"] - out["height"] / 2
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


def _margins(nodes: pd.DataFrame, said: dict[str, str]) -> tuple[float, float]:
    """Inches that the names of inputs and of outputs need."""
    wide = {n: sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in said[n]) for n in nodes["node"]}
    kind = nodes["node"].map(wide).clip(upper=EDGE).groupby(nodes["kind"]).max()
    return 0.2 + LETTER * kind["input"], 0.25 + BAR + LETTER * kind["output"]


def _labels(axes, place: pd.DataFrame, said: dict[str, str], say) -> None:
    """Name and quantity beside each node: left of inputs, right of all others, on a white halo where bands pass."""
    between = (place["x"].max() - place["x"].min()) / place["column"].max() - BAR - 0.1
    widest = {"enterprise": int(between / LETTER), "input": EDGE, "output": EDGE}
    for node in place.itertuples():
        axes.add_patch(Rectangle((node.x, node.low), BAR, max(node.height, 0.012), facecolor=INK, edgecolor="none", zorder=4))
        left = node.kind == "input"
        axes.text(
            node.x - 0.05 if left else node.x + BAR + 0.05,
            node.middle,
            shorten(said[node.Index], widest[node.kind]) + "\n" + number(say(node.value)),
            ha="right" if left else "left",
            va="center",
            fontsize=7,
            linespacing=1.05,
            zorder=5,
            gid=node.Index,
            path_effects=[withStroke(linewidth=2.2, foreground="white", alpha=0.85)],
        )


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
    tall = max(2.8, nodes["column"].value_counts().max() * (SLOT + GAP) + 0.9)
    figure, axes = canvas(tall + 0.2)
    axes.set_axis_off()
    axes.set(xlim=(0, WIDTH), ylim=(0, tall))
    left, right = _margins(nodes, said)
    place, inch = _layout(nodes, links, tall - 0.1, (left, WIDTH - right))
    codes = [c for c in links["code"].unique() if c not in SINKS]
    colours = palette(c for c in codes if c not in BY_SOURCE) | BY_SOURCE | SINKS
    _bands(axes, links, place, inch, colours)
    _labels(axes, place, said, say)
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
