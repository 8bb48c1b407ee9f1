"""Inventory rows as balanced flows between inputs, enterprises and what becomes of it: the nodes and links of a flow diagram."""

import pandas as pd

from workbench.figures.quantities import OTHER, numeric
from workbench.flows import HANDED_OVER

MOST_SOURCES = 8


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
    gone = net["source"].isin(HANDED_OVER).map({True: "sold", False: "deducted"})
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
    gives = rows["source"].isin(HANDED_OVER)
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
