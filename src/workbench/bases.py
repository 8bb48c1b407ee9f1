"""What measures act on: the use of each carrier of each enterprise by unit, with the effects of a saved unit of it.

Emissions, energy and price of a saved unit are those of the inventory's rows and of the enterprise's own bills, so that a saving
can be taken from the inventory; what a member supplies counts in the cluster by the member's marginal fuel (see `marginal`), in
the enterprise's own account (`site_`) as its rows print it. Units stand in a tree (`parent_unit`, '' = the site; `interaction`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pandas as pd

from workbench import dictionary, emissions, factors, findings, flows, leakage, marginal, prices, supply, units

COLUMNS = [
    "pool_id", "enterprise_id", "unit_id", "parent_unit", "carrier", "use", "activity_unit", "tco2e_per_activity",
    "site_tco2e_per_activity", "upstream_tco2e_per_activity", "tce_per_activity", "price", "cluster_price", "seller_price",
    "sellers", "price_source", "factor_ids", "capped",
]  # fmt: skip
LINES = ["project_id", "pool_id", "enterprise_id", "unit_id", "carrier", "mode", "amount", "uncertainty_pct", "medium", "row"]
_Effects = tuple[dict[str, float], float, float, str, str]


def build(
    lines: pd.DataFrame, tables: dict[str, pd.DataFrame], rows: pd.DataFrame, used: pd.DataFrame, paid: pd.DataFrame,
    meta: dict[str, Any], year: int,
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:  # fmt: skip
    """What each carrier of each enterprise uses, by unit (COLUMNS), and the savings on it (LINES); raw findings.

    `lines`: savings in the unit of the factor row, with the filed `unit`; `rows`, `used`, `paid` come from the inventory. Savings
    on media made inside are moved to the fuel behind them, draws on a source of waste heat to the source (positive = drawn).
    """
    incoming = rows[~rows["source"].isin([*flows.HANDED_OVER, "process"])]
    draws, lines = _draws(lines, tables["units"])
    sources, draws, found = _sources(draws, tables, used, year)
    paths = supply.above(tables["units"])
    lines, tree, problems = _delivered(lines, incoming, tables, used, year, paths)
    found += problems
    lines["pool_id"] = lines["enterprise_id"] + "|" + lines["carrier"]
    out, lost = [], set()
    mine, sums = _in_use(incoming), incoming.groupby(["enterprise_id", "carrier"])[["activity", "energy_gj"]].sum()
    price = dict(
        zip(zip(paid["enterprise_id"], paid["carrier"], strict=True), zip(paid["price"], paid["source"], strict=True), strict=True)
    )
    usual = factors.defaults(used).set_index("carrier")
    members = marginal.of_buyers(rows, marginal.sellers(tables, rows, used, paid, meta, year))
    grids = _grids(tables["enterprises"], used)
    nodes = dict(list(tree.groupby(["enterprise_id", "carrier"])))
    kinds, charges = dictionary.carriers()["kind"].to_dict(), _charges(tables["energy"], year)
    for (enterprise, carrier), here in _by_pool(lines).items():
        kind = kinds.get(carrier, "fuel")
        if kind == "charge":
            effects = charges.get((enterprise, carrier), ({}, 0.0, 0.0, "", ""))
        elif kind == "direct":
            effects = _direct(enterprise, rows)
        else:
            table = grids.get(enterprise, usual) if carrier == "electricity" else usual
            effects = mine.get((enterprise, carrier)) or _not_yet(carrier, table)
        use, per_tco2e, per_tce, unit, ids = effects
        cost, source, problems = _price(enterprise, carrier, price, kind, used, meta, year)
        found += problems
        use, parents = _placed(use, here, nodes.get((enterprise, carrier)))
        out_of_use = sum(use.values()) <= 0
        lost |= {pos for pos, unit, amount in here if amount > 0 and out_of_use or unit and unit not in use}
        use = {"": 0.0} | dict.fromkeys(sorted({unit for _, unit, _ in here} - {""}), 0.0) | use
        parents = _parents(use, parents, paths)
        gj = per_tce * units.GJ_PER_TCE
        before = _upstream(carrier, kind, unit, gj, str(meta.get("country", "")), year)
        both = _of_members(members, enterprise, carrier, sums, (per_tco2e, per_tce, before, cost))
        effects = (unit, both[0], per_tco2e, both[2], both[1], cost, both[3], both[4], both[5], source, ids, 0)
        name = f"{enterprise}|{carrier}"
        out += [(name, enterprise, u, parents.get(u, ""), carrier, amount, *effects) for u, amount in sorted(use.items())]
    found += _lost(lines.iloc[sorted(lost)], kinds)
    table = pd.DataFrame(out, columns=COLUMNS)
    table = pd.concat([table, sources], ignore_index=True) if len(sources) else table
    lines = pd.concat([lines, draws], ignore_index=True) if len(draws) else lines
    order = ["project_id", "pool_id", "enterprise_id", "unit_id", "carrier", "mode", "row"]
    return table, lines.sort_values(order)[LINES].reset_index(drop=True), found


@lru_cache(maxsize=4096)
def _upstream(carrier: str, kind: str, unit: str, gj: float, country: str, year: int) -> float:
    """Upstream tCO2e of a bought unit; nil for what has none of its own (recovered heat, media, charges, tonnes stated)."""
    if kind in ("charge", "direct", "medium") or carrier == "waste_heat":
        return 0.0
    return leakage.per_activity([carrier], {carrier: unit}, {carrier: gj}, country, year)[carrier]


def _of_members(
    members: pd.DataFrame, enterprise: str, carrier: str, sums: pd.DataFrame, own: tuple[float, ...]
) -> tuple[float, float, float, float, float, str]:
    """Per saved unit in the cluster's account: tCO2e, tce, upstream, money; what members no longer sell, and who they are.

    `own`: tCO2e, tce, upstream and price as the enterprise counts them, `sums` what it takes in. A saved unit is taken from each
    supplier alike.
    """
    if (enterprise, carrier) not in members.index:
        return (*own, 0.0, "")
    bought, (size, energy) = members.loc[(enterprise, carrier)], sums.loc[(enterprise, carrier)]
    if not (size > 0 and energy > 0):
        return (*own, 0.0, "")
    inside = min(1.0, bought["energy_gj"] / energy)
    carbon, coal = (own[i] + (bought[n] - bought[f"site_{n}"]) / size for i, n in ((0, "tco2e"), (1, "tce")))
    before = own[2] * (1 - inside) if inside < 1 else 0.0
    money = own[3] if pd.isna(bought["money"]) else own[3] * (1 - inside) + bought["money"] / size
    return carbon, coal, before + bought["upstream"] / size, money, own[3] * inside, bought["sellers"]


def _delivered(
    lines: pd.DataFrame, incoming: pd.DataFrame, tables: dict[str, pd.DataFrame], used: pd.DataFrame, year: int,
    paths: dict[str, list[str]],
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:  # fmt: skip
    """Savings on media made inside moved to the fuel behind them, and the nodes this takes."""
    wanted = set(
        lines.loc[lines["carrier"].isin(supply.media().index), ["enterprise_id", "carrier"]].itertuples(index=False, name=None)
    )
    nothing = pd.DataFrame(columns=supply.NODES)
    if not wanted:
        return lines.assign(medium=""), nothing, []
    made = supply.inside(tables["energy"], incoming, tables["units"], used, year, wanted)
    if made.empty:
        return lines.assign(medium=""), nothing, []
    bought = incoming.groupby(["enterprise_id", "carrier"])["activity"].sum()
    demand = supply.filed(tables["energy"], used, year, "consumption")
    tree = supply.nodes(made, demand, bought, paths)
    routed, found = supply.route(lines, made, tree, bought, paths)
    return routed, tree, found


def _by_pool(lines: pd.DataFrame) -> dict[tuple[str, str], list[tuple[int, str, float]]]:
    """(enterprise, carrier), sorted → its lines as (place in the table, unit, amount)."""
    found: dict[tuple[str, str], list[tuple[int, str, float]]] = {}
    columns = (lines[name].tolist() for name in ("enterprise_id", "carrier", "unit_id", "amount"))
    for pos, (enterprise, carrier, unit, amount) in enumerate(zip(*columns, strict=True)):
        found.setdefault((enterprise, carrier), []).append((pos, unit, amount))
    return dict(sorted(found.items()))


def _placed(
    use: dict[str, float], here: list[tuple[int, str, float]], nodes: pd.DataFrame | None
) -> tuple[dict[str, float], dict[str, str]]:
    """Use with the nodes of delivered media carved out of the units that make them, and who stands below whom among those."""
    if nodes is None:
        return dict(use), {}
    needed = {s for s in nodes["supplier_id"] if any(unit.startswith(f"{s}>") for _, unit, _ in here)}
    taken = nodes[nodes["supplier_id"].isin(needed)]
    use = dict(use)
    for row in taken.itertuples():
        use[row.supplier_id] = use.get(row.supplier_id, 0.0) - row.use
        use[row.unit_id] = row.use
    scale = max(1.0, max(use.values(), default=0.0))
    use = {unit: 0.0 if unit in needed and abs(amount) < 1e-9 * scale else amount for unit, amount in use.items()}
    return use, dict(zip(taken["unit_id"], taken["parent_unit"], strict=True))


def _parents(use: dict[str, float], parents: dict[str, str], paths: dict[str, list[str]]) -> dict[str, str]:
    """The next unit above each that has a base of its own in this pool; those not named stand below the site."""
    near = {u: next((a for a in paths.get(u, []) if a in use), "") for u in use if u and u not in parents}
    return near | parents


def _lost(lost: pd.DataFrame, kinds: dict[str, str]) -> list[pd.DataFrame]:
    """Savings of what is not used, or on units that do not use it."""
    charge, found = lost["carrier"].map(kinds).eq("charge"), []
    for check, rows in (("charge_not_filed", lost[charge]), ("carrier_not_used", lost[~charge])):
        at = rows.set_index("row")
        where = (at["enterprise_id"] + " " + at["unit_id"]).str.strip()
        found.append(findings.raw(check, at, table="savings", field="carrier", seen=at["carrier"], expected=where))
    return found


def _draws(lines: pd.DataFrame, equipment: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lines that draw on a source of waste heat (a unit whose carrier is waste_heat), and the others."""
    sources = set(equipment.loc[equipment["carrier"].eq("waste_heat"), "unit_id"])
    drawn = lines["carrier"].eq("waste_heat") & lines["unit_id"].isin(sources) & lines["mode"].eq("absolute")
    return lines[drawn], lines[~drawn].copy()


def _sources(
    draws: pd.DataFrame, tables: dict[str, pd.DataFrame], used: pd.DataFrame, year: int
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """Sources of waste heat with what they have left, GJ a year: rated power x hours less what is recovered already.

    Nothing but the quantity counts here: what the heat replaces is filed in lines of its own.
    """
    if draws.empty:
        return pd.DataFrame(columns=COLUMNS), draws, []
    equipment = tables["units"].set_index("unit_id")
    energy = tables["energy"]
    own = energy[energy["flow"].eq("self_generation") & energy["carrier"].eq("waste_heat") & energy["year"].eq(year)]
    in_gj = [units.factor(str(unit), "GJ") or 0.0 for unit in own["unit"]]
    recovered = (own["quantity"] * in_gj).groupby(own["unit_id"]).sum()
    out, found = [], []
    for (enterprise, unit), here in draws.groupby(["enterprise_id", "unit_id"], sort=True):
        has = equipment.at[unit, "rated_kw"] * equipment.at[unit, "hours"] * units.factor("kWh", "GJ")
        if pd.isna(has):
            place = {"table": "savings", "enterprise_id": enterprise, "field": "unit_id"}
            found.append(findings.raw("waste_heat_unknown", here.set_index("row"), **place, seen=unit))
            continue
        left = max(0.0, float(has) - float(recovered.get(unit, 0.0)))
        name = f"{enterprise}|waste_heat_source"
        out.append((name, enterprise, unit, "", "waste_heat", left, "GJ", *(0.0,) * 7, "", "", "", 1))
    table = pd.DataFrame(out, columns=COLUMNS)
    known = draws[draws["unit_id"].isin(table["unit_id"])]
    pool = known["enterprise_id"] + "|waste_heat_source"
    return table, known.assign(amount=-known["amount"], pool_id=pool, medium=""), found


def _grids(enterprises: pd.DataFrame, used: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Power's factor row of enterprises on other grids than the cluster's."""
    rows = emissions.by_region(used)
    region = enterprises["grid_region"] if "grid_region" in enterprises.columns and len(rows) else pd.Series(dtype=str)
    by_region = {name: rows.loc[[name]].set_index("carrier") for name in rows.index}
    pairs = zip(enterprises.loc[region.index, "enterprise_id"], region, strict=True)
    return {enterprise: by_region[name] for enterprise, name in pairs if name in by_region}


def _in_use(incoming: pd.DataFrame) -> dict[tuple[str, str], _Effects]:
    """(enterprise, carrier) → use by unit and effects per unit of activity from the inventory rows, where anything is used."""
    keys = ["enterprise_id", "carrier"]
    sums = incoming.groupby(keys)[["activity", "tco2e", "tce"]].sum()
    first = incoming.groupby(keys)["activity_unit"].first()
    pairs = incoming.loc[incoming["factor_id"] != "", [*keys, "factor_id"]].drop_duplicates().sort_values("factor_id")
    ids = pairs.groupby(keys)["factor_id"].agg(";".join).to_dict()
    use: dict[tuple[str, str], dict[str, float]] = {}
    for (enterprise, carrier, unit), amount in incoming.groupby([*keys, "unit_id"])["activity"].sum().items():
        use.setdefault((enterprise, carrier), {})[unit] = amount
    return {
        row.Index: (use[row.Index], row.tco2e / row.activity, row.tce / row.activity, unit, ids.get(row.Index, ""))
        for row, unit in zip(sums.itertuples(), first, strict=True)
        if row.activity > 0
    }


def _not_yet(carrier: str, usual: pd.DataFrame) -> _Effects:
    """Effects per unit of activity from the factor row, where nothing is used yet."""
    if carrier not in usual.index:
        return {}, 0.0, 0.0, "", ""
    row = usual.loc[carrier]
    tce = float(row["gj_per_unit"]) / units.GJ_PER_TCE if carrier != "waste_heat" else 0.0
    return {}, float(row["value"]), tce, row["unit"], row["factor_id"]


def _charges(energy: pd.DataFrame, year: int) -> dict[tuple[str, str], _Effects]:
    """(enterprise, carrier) → what is filed of demand charges and fees in the year."""
    rows = (
        energy[energy["year"] == year]
        .groupby(["enterprise_id", "carrier"])
        .agg(quantity=("quantity", "sum"), unit=("unit", "first"))
    )
    return {row.Index: ({"": row.quantity}, 0.0, 0.0, row.unit, "") for row in rows.itertuples()}


def _direct(enterprise: str, rows: pd.DataFrame) -> _Effects:
    """Tonnes that can be saved directly: process emissions by unit, or all emissions where no process is filed."""
    mine = rows[rows["enterprise_id"] == enterprise]
    process = mine[mine["source"] == "process"]
    if process["tco2e"].sum() > 0:
        return process.groupby("unit_id")["tco2e"].sum().to_dict(), 1.0, 0.0, "tCO2e", ";".join(sorted(set(process["factor_id"])))
    return {"": max(0.0, mine["tco2e"].sum())}, 1.0, 0.0, "tCO2e", ""


def _price(
    enterprise: str,
    carrier: str,
    price: dict[tuple[str, str], tuple[float, str]],
    kind: str,
    used: pd.DataFrame,
    meta: dict[str, Any],
    year: int,
) -> tuple[float, str, list[pd.DataFrame]]:
    """Price of a unit, where it is from; a finding where none is known."""
    if (enterprise, carrier) in price:
        cost, source = price[enterprise, carrier]
        return float(cost), str(source), []
    if kind in ("charge", "direct", "medium"):
        return 0.0, "", []
    found = prices.from_table(carrier, factors.defaults(used), meta, year)
    if found:
        return found["price"], found["source"], []
    place = {"table": "savings", "enterprise_id": enterprise, "field": carrier, "seen": f"{carrier} ({enterprise})"}
    return 0.0, "", [] if carrier == "waste_heat" else [findings.raw("price_missing", **place)]
