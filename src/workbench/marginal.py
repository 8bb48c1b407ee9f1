"""What a unit of heat, power or fuel bought from a member of the cluster costs the cluster: the seller's marginal fuel.

In the buyer's own account a saved unit counts at the factor its inventory rows print. In the cluster's account the flow between
the two cancels, and what remains is the fuel the seller no longer burns: its generating units' fuel per unit of net output (see
`chp.seller_factors`, fuel split by the cluster's stated method), all of which is taken to follow the load. Recovered heat and a
by-product fuel save nothing there, since the source runs on; a fuel the seller buys and hands on counts as far as it is bought.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import chp, dictionary, factors, flows, prices, supply, transfer, units, verification

SELLERS = ["seller_id", "carrier", "tco2e_per_gj", "tce_per_gj", "money_per_gj", "upstream_per_gj", "basis"]
_ENERGY = ("electricity", "heat")


def sellers(
    tables: dict[str, pd.DataFrame], rows: pd.DataFrame, used: pd.DataFrame, paid: pd.DataFrame, meta: dict[str, Any], year: int
) -> pd.DataFrame:
    """What a GJ sold to another member takes at the seller: SELLERS; tCO2e, tce, currency and upstream tCO2e per GJ.

    `rows`, `used` and `paid` (prices) are those of the inventory. NaN = nothing can be said, the printed factor stands.
    """
    inside = rows[rows["internal"].eq(1) & ~rows["source"].isin(flows.HANDED_OVER) & rows["energy_gj"].gt(0)]
    pairs = inside[["counterparty", "carrier"]].drop_duplicates()
    if pairs.empty:
        return pd.DataFrame(columns=SELLERS)
    kinds = dictionary.carriers()["kind"]
    real = _real(tables, rows, inside, used, meta, year)
    value = _values(rows, used, paid, meta, year)
    out = []
    for pair in pairs.sort_values(["counterparty", "carrier"]).itertuples(index=False):
        mine = (pair.counterparty, pair.carrier)
        if kinds.get(pair.carrier) in _ENERGY:
            out.append((*mine, *_of_energy(real, value, *mine)))
        else:
            out.append((*mine, *_of_fuel(rows, value, *mine)))
    return pd.DataFrame(out, columns=SELLERS)


def _real(
    tables: dict[str, pd.DataFrame], rows: pd.DataFrame, inside: pd.DataFrame, used: pd.DataFrame, meta: dict[str, Any], year: int
) -> pd.DataFrame:
    """Sellers' real factors by (seller, carrier)."""
    method, stated = verification.chp_choice(meta)
    made = supply.filed(tables["energy"], used, year, "self_generation")
    settled = inside.rename(columns={"counterparty": "from_enterprise", "enterprise_id": "to_enterprise", "carrier": "commodity"})
    known = meta | {"chp": stated}
    table, _ = chp.seller_factors(rows, made, tables["units"], settled.assign(exchange_id=""), known, method)
    return table.set_index(["enterprise_id", "carrier"])


def _values(rows: pd.DataFrame, used: pd.DataFrame, paid: pd.DataFrame, meta: dict[str, Any], year: int) -> pd.DataFrame:
    """What each enterprise buys, row by row: activity, energy_gj, money and upstream tCO2e."""
    bought = rows[rows["source"].isin(["combustion", "purchased_electricity", "purchased_heat"])]
    memo = transfer.upstream(bought, str(meta.get("country", "")), year)["upstream_tco2e"].fillna(0.0)
    price = paid.set_index(["enterprise_id", "carrier"])["price"]
    usual = {c: prices.from_table(c, factors.defaults(used), meta, year) for c in sorted(set(bought["carrier"]))}
    each = [
        price.get((e, c), (usual[c] or {"price": 0.0})["price"])
        for e, c in zip(bought["enterprise_id"], bought["carrier"], strict=True)
    ]
    return bought.assign(money=bought["activity"] * each, upstream=memo)


def _of_energy(real: pd.DataFrame, value: pd.DataFrame, seller: str, carrier: str) -> tuple[float, float, float, float, str]:
    """Per GJ of heat or power sold: the seller's factor, and money and upstream of the fuel (or purchase) behind it."""
    nothing = (float("nan"),) * 4
    if (seller, carrier) not in real.index:
        return (*nothing, "as_counted")
    row = real.loc[(seller, carrier)]
    if row["basis"] == "as_counted" or pd.isna(row["factor_tco2e_per_unit"]):
        return (*nothing, "as_counted")
    size = factors.GJ_PER_MWH if row["unit"] == "MWh" else 1.0
    mine = value[value["enterprise_id"].eq(seller)]
    same = mine["carrier"].eq(carrier) if row["basis"] == "purchased" else mine["source"].eq("combustion")
    fuel = mine[same & mine["energy_gj"].gt(0)]
    gj = float(row["factor_gj_per_gj"])
    per = fuel[["money", "upstream"]].sum() / fuel["energy_gj"].sum() if fuel["energy_gj"].sum() > 0 else pd.Series([0.0, 0.0])
    money, upstream = (gj * float(part) for part in per)
    return float(row["factor_tco2e_per_unit"]) / size, gj / units.GJ_PER_TCE, money, upstream, str(row["basis"])


def _of_fuel(rows: pd.DataFrame, value: pd.DataFrame, seller: str, carrier: str) -> tuple[float, float, float, float, str]:
    """Per GJ of a fuel handed on: what the seller buys of it outside, as a share of what it hands on; nil for a by-product."""
    mine = rows[rows["enterprise_id"].eq(seller) & rows["carrier"].eq(carrier)]
    given = -mine.loc[mine["source"].eq("fuel_handed_on"), "energy_gj"].sum()
    bought = value[value["enterprise_id"].eq(seller) & value["carrier"].eq(carrier) & value["internal"].eq(0)]
    energy = bought["energy_gj"].sum()
    if not energy > 0:
        return 0.0, 0.0, 0.0, 0.0, "byproduct"
    share = min(1.0, energy / given) if given > 0 else 1.0
    per = share * bought[["tco2e", "tce", "money", "upstream"]].sum() / energy
    return *(float(part) for part in per), "purchased"


def of_buyers(rows: pd.DataFrame, seller: pd.DataFrame) -> pd.DataFrame:
    """What is bought from members, by buyer and carrier, indexed by the two: energy_gj and, of it, what it takes at the sellers.

    Columns: energy_gj, tco2e, tce, money, upstream, site_tco2e, site_tce (as the buyer's rows count it), sellers. A seller of which
    nothing can be said counts as the buyer's rows do; its money and upstream are left out (NaN money).
    """
    inside = rows[rows["internal"].eq(1) & ~rows["source"].isin(flows.HANDED_OVER) & rows["energy_gj"].gt(0)]
    keys = ["enterprise_id", "carrier"]
    names = ["energy_gj", "tco2e", "tce", "money", "upstream", "site_tco2e", "site_tce"]
    if inside.empty:
        return pd.DataFrame(columns=[*names, "sellers"], index=pd.MultiIndex.from_arrays([[], []], names=keys))
    made = inside.rename(columns={"counterparty": "seller_id", "tco2e": "site_tco2e", "tce": "site_tce"})
    made = made.merge(seller, on=["seller_id", "carrier"], how="left", validate="m:1")
    for name in ("tco2e", "tce", "money", "upstream"):
        made[name] = made[f"{name}_per_gj"] * made["energy_gj"]
    made["tco2e"], made["tce"] = made["tco2e"].fillna(made["site_tco2e"]), made["tce"].fillna(made["site_tce"])
    sums = made.groupby(keys, sort=True)[names].sum(min_count=1)
    sums["money"] = sums["money"].where(made["money"].notna().groupby([made[k] for k in keys]).all())
    told = made.groupby(keys, sort=True)["seller_id"].agg(lambda ids: ";".join(sorted(set(ids))))
    return sums.fillna({"upstream": 0.0}).assign(sellers=told)
