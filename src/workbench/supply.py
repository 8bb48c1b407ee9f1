"""Steam, heat and compressed air made inside an enterprise: which unit makes them, from how much fuel or power, for whom.

What a unit makes is filed as self_generation; without such rows a boiler delivers its fuel times its efficiency. A saving on the
delivered medium is a saving of the fuel behind it, on a node below the unit that makes it, so that demand acts before supply:
`U1` (the boiler) > `U1>steam` (what it delivers) > `U1>steam>U2` (what unit U2 takes of it). Several outputs of one unit share
its fuel by their energy; several suppliers serve a unit that stands below none of them by what each delivers.
"""

from __future__ import annotations

import pandas as pd

from workbench import chp, dictionary, emissions, factors, findings, ledger, units

SUPPLY = ["enterprise_id", "medium", "supplier_id", "carrier", "use", "delivered", "unit", "node", "basis"]
NODES = ["enterprise_id", "carrier", "unit_id", "parent_unit", "use", "supplier_id"]
MAKERS = {"heat": r"boiler|heater|chp|cogenerat|锅炉|热电", "medium": r"compress|空压"}  # kinds of unit that make it
_BOUGHT = ("purchased_heat", "purchased_electricity", "combustion", "medium")


def media() -> pd.Series:
    """Carriers that a unit may make for others, with their kind: heat or medium (recovered heat is none of them)."""
    kinds = dictionary.carriers()["kind"]
    return kinds[kinds.isin(["heat", "medium"]) & (kinds.index != "waste_heat")]


def filed(energy: pd.DataFrame, used: pd.DataFrame, year: int, flow: str) -> pd.DataFrame:
    """Rows of one flow (self_generation or consumption) of media and power: activity (GJ, MWh, own unit of a medium), energy_gj."""
    wanted = energy["flow"].eq(flow) & energy["carrier"].isin([*media().index, "electricity"]) & energy["year"].eq(year)
    rows, _ = ledger.of_year(energy[wanted], year)
    made, _, _ = emissions.quantify(rows, factors.defaults(used), "energy")
    plain = made["carrier"].map(dictionary.carriers()["kind"]).eq("medium")
    made["activity"] = made["activity"].mask(plain, made["quantity"])
    made["activity_unit"] = made["activity_unit"].mask(plain, made["unit"])
    return made[made["activity"].gt(0)]


def inside(
    energy: pd.DataFrame, rows: pd.DataFrame, equipment: pd.DataFrame, used: pd.DataFrame, year: int, wanted: set[tuple[str, str]]
) -> pd.DataFrame:
    """Who makes what inside the enterprises: SUPPLY, one row a supplying unit, medium and fuel.

    `use`: fuel or power behind what stays inside, in the unit of its inventory rows; `delivered`: that, in `unit` (NaN = not
    known). `wanted`: (enterprise, medium) pairs asked for; only those are answered. `rows` are those of the inventory.
    """
    burnt = rows[rows["source"].isin(["combustion", "purchased_electricity"]) & rows["unit_id"].ne("") & rows["activity"].gt(0)]
    fuel = burnt.groupby(["enterprise_id", "unit_id", "carrier"], sort=True)[["activity", "energy_gj"]].sum().reset_index()
    made = filed(energy, used, year, "self_generation")
    sold = -rows[rows["source"].eq("sold_heat")].groupby(["enterprise_id", "carrier"])["energy_gj"].sum()
    out = []
    for firm in sorted({e for e, _ in wanted}):
        mine, units_of = fuel[fuel["enterprise_id"] == firm], equipment[equipment["enterprise_id"] == firm]
        asked = sorted(c for e, c in wanted if e == firm)
        outputs = _outputs(made[made["enterprise_id"] == firm], mine, units_of)
        for medium in asked:
            parts = outputs[outputs["carrier"] == medium]
            if len(parts):
                kept = (
                    max(0.0, 1 - sold.get((firm, medium), 0.0) / parts["energy_gj"].sum()) if parts["energy_gj"].sum() > 0 else 1.0
                )
                out += _filed_supply(firm, medium, parts, outputs, mine, kept)
            elif not rows[rows["enterprise_id"].eq(firm) & rows["carrier"].eq(medium)]["activity"].gt(0).any():
                out += _rated_supply(firm, medium, mine, units_of)
    return pd.DataFrame(out, columns=SUPPLY)


def _outputs(made: pd.DataFrame, fuel: pd.DataFrame, equipment: pd.DataFrame) -> pd.DataFrame:
    """What each unit with fuel makes; output filed on a unit without fuel (a turbine, the site) comes from the boilers by fuel."""
    kind = equipment["kind"].fillna("").astype(str)
    burning = set(equipment.loc[kind.str.contains(chp.GENERATING, case=False), "unit_id"]) & set(fuel["unit_id"])
    energy = fuel.groupby("unit_id")["energy_gj"].sum()
    own = set(made["unit_id"]) & set(energy.index)
    behind = energy.reindex(sorted(burning - own)).dropna()
    parts = []
    for row in made.itertuples():
        shares = {row.unit_id: 1.0} if row.unit_id in own else (behind / behind.sum()).to_dict() if behind.sum() > 0 else {}
        parts += [(u, row.carrier, s * row.activity, s * row.energy_gj, row.activity_unit) for u, s in shares.items()]
    table = pd.DataFrame(parts, columns=["unit_id", "carrier", "activity", "energy_gj", "unit"])
    return table.groupby(["unit_id", "carrier", "unit"], sort=True)[["activity", "energy_gj"]].sum().reset_index()


def _filed_supply(
    firm: str, medium: str, parts: pd.DataFrame, outputs: pd.DataFrame, fuel: pd.DataFrame, kept: float
) -> list[tuple]:
    total = outputs.groupby("unit_id")["energy_gj"].sum()
    found = []
    for part in parts.itertuples():
        share = part.energy_gj / total[part.unit_id] if part.energy_gj > 0 else 1.0
        for row in fuel[fuel["unit_id"] == part.unit_id].itertuples():
            use = row.activity * share * kept
            found.append((firm, medium, part.unit_id, row.carrier, use, part.activity * kept, part.unit, medium, "filed"))
    return found


def _rated_supply(firm: str, medium: str, fuel: pd.DataFrame, equipment: pd.DataFrame) -> list[tuple]:
    """Boilers and compressors of an enterprise that neither buys the medium nor files what it makes."""
    kind = media()[medium]
    makers = equipment[equipment["kind"].fillna("").astype(str).str.contains(MAKERS[kind], case=False)].set_index("unit_id")
    found = []
    for unit, mine in fuel[fuel["unit_id"].isin(makers.index)].groupby("unit_id", sort=True):
        delivered = mine["energy_gj"].sum() * pd.to_numeric(makers.at[unit, "efficiency"]) if kind == "heat" else float("nan")
        named = "GJ" if kind == "heat" else ""
        found += [(firm, medium, unit, r.carrier, r.activity, delivered, named, kind, "efficiency") for r in mine.itertuples()]
    return found


def above(equipment: pd.DataFrame) -> dict[str, list[str]]:
    """Each unit with the units of its own enterprise above it, nearest first; what stands in a circle ends there."""
    owner = dict(zip(equipment["unit_id"], equipment["enterprise_id"], strict=True))
    parent = dict(zip(equipment["unit_id"], equipment["parent_unit"].fillna("").astype(str), strict=True))
    found: dict[str, list[str]] = {}
    for unit in parent:
        path, up = [], parent[unit]
        while up and up not in path and up != unit and owner.get(up) == owner[unit]:
            path.append(up)
            up = parent[up]
        found[unit] = path
    return found


def nodes(supply: pd.DataFrame, demand: pd.DataFrame, bought: pd.Series, paths: dict[str, list[str]]) -> pd.DataFrame:
    """Nodes of the delivered media in the pools of the fuel behind them: NODES, `use` in the fuel's unit.

    `demand` comes from `filed` (consumption by unit); `bought`: (enterprise, medium) → what is bought of it, in the same unit.
    Units never take more than is delivered: where they file more, each is cut alike.
    """
    out = []
    for row in supply.drop_duplicates(["enterprise_id", "supplier_id", "carrier", "node"]).itertuples():
        top = f"{row.supplier_id}>{row.node}"
        served = _served(row, supply, demand, bought, paths)
        taken = sum(served.values())
        cut = min(1.0, row.use / taken) if taken > 0 else 1.0
        out.append((row.enterprise_id, row.carrier, top, row.supplier_id, row.use - taken * cut, row.supplier_id))
        for (medium, unit), use in sorted(served.items()):
            near = next((u for u in paths.get(unit, []) if (medium, u) in served), None)
            parent = f"{top}>{near}" if near else top
            out.append((row.enterprise_id, row.carrier, f"{top}>{unit}", parent, use * cut, row.supplier_id))
    table = pd.DataFrame(out, columns=NODES)
    return table.groupby([c for c in NODES if c != "use"], sort=True)["use"].sum().reset_index()[NODES]


def _served(row, supply: pd.DataFrame, demand: pd.DataFrame, bought: pd.Series, paths: dict) -> dict[tuple[str, str], float]:
    """(medium, unit) → fuel of this supplier behind what the unit takes."""
    if not row.delivered > 0:
        return {}
    same = supply[(supply["enterprise_id"] == row.enterprise_id) & (supply["node"] == row.node)]
    here = demand[
        (demand["enterprise_id"] == row.enterprise_id) & demand["carrier"].isin(same["medium"]) & demand["unit_id"].ne("")
    ]
    found: dict[tuple[str, str], float] = {}
    for (medium, unit), amount in here.groupby(["carrier", "unit_id"], sort=True)["activity"].sum().items():
        share = shares(supply, bought, row.enterprise_id, medium, unit, paths).get(row.supplier_id, 0.0)
        if share > 0 and unit != row.supplier_id:
            found[medium, unit] = amount * share * row.use / row.delivered
    return found


def shares(supply: pd.DataFrame, bought: pd.Series, firm: str, medium: str, unit: str, paths: dict) -> dict[str, float]:
    """Supplier → share of what `unit` takes of a medium; '' is what is bought. A unit below a supplier is served by it alone."""
    made = supply[(supply["enterprise_id"] == firm) & (supply["medium"] == medium)].drop_duplicates("supplier_id")
    made = made.set_index("supplier_id")["delivered"]
    near = [u for u in [unit, *paths.get(unit, [])] if u in made.index]
    if near:
        return {near[0]: 1.0}
    sizes = made.to_dict() | {"": float(bought.get((firm, medium), 0.0))}
    if made.isna().any():  # how much is not known: alike, for what is told in shares
        return dict.fromkeys(made.index, 1 / len(made))
    total = sum(sizes.values())
    return {s: size / total for s, size in sizes.items() if size > 0} if total > 0 else {}


def route(
    lines: pd.DataFrame, supply: pd.DataFrame, tree: pd.DataFrame, bought: pd.Series, paths: dict[str, list[str]]
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Savings on media made inside, on the nodes of the fuel behind them; other lines unchanged. `medium`: what was filed.

    `lines` has enterprise_id, unit_id, carrier, mode, amount, unit (that of a medium's amount). A share is the same share of each
    supplier; a quantity is split like the supply. Findings where the quantity behind a saving is not known.
    """
    pairs = pd.MultiIndex.from_frame(lines[["enterprise_id", "carrier"]])
    inside = pairs.isin(pd.MultiIndex.from_frame(supply[["enterprise_id", "medium"]]))
    known, out, found = set(tree["unit_id"]), [], []
    for row in lines[inside].itertuples(index=False):
        split = shares(supply, bought, row.enterprise_id, row.carrier, row.unit_id, paths)
        made = supply[(supply["enterprise_id"] == row.enterprise_id) & (supply["medium"] == row.carrier)]
        kept = row._asdict() | {"medium": row.carrier}
        if split.get(""):
            size = row.amount * (split[""] if row.mode == "absolute" else 1.0)
            out.append(kept | {"amount": size, "medium": ""})
        for s in made[made["supplier_id"].isin(split)].itertuples():
            node, amount, problem = _placed(row, s, split[s.supplier_id], known)
            found += problem
            if amount is not None:
                out.append(kept | {"carrier": s.carrier, "unit_id": node, "amount": amount})
    rest = lines[~inside].assign(medium="")
    return (pd.concat([rest, pd.DataFrame(out)], ignore_index=True)[rest.columns] if out else rest), found


def _placed(row, s, share: float, known: set[str]) -> tuple[str, float | None, list[pd.DataFrame]]:
    """Node and amount of one saving at one supplier."""
    top = f"{s.supplier_id}>{s.node}"
    unit = f"{top}>{row.unit_id}"
    place = {"table": "savings", "row": row.row, "enterprise_id": row.enterprise_id, "field": row.carrier}
    if row.mode == "fraction":
        if row.unit_id in ("", s.supplier_id) or unit in known:
            return (top if row.unit_id in ("", s.supplier_id) else unit), row.amount, []
        return "", None, [findings.raw("demand_not_filed", **place, seen=row.unit_id, expected=s.supplier_id)]
    size = units.factor(row.unit, s.unit) if s.node not in ("heat", *media()[media() == "heat"].index) else 1.0
    if size is None or not s.delivered > 0:
        return "", None, [findings.raw("supply_unknown", **place, seen=s.supplier_id, expected=row.carrier)]
    return (unit if unit in known else top), row.amount * size * share * s.use / s.delivered, []
