"""The carbon and energy inventory: one row a unit, source, carrier, counterparty and factor; enterprises; the cluster's total.

Stock equation (GB/T 32151): consumption = opening + purchases + transfers in - sales - transfers out - closing - non-energy use.
Cluster total = all rows but those between members, so that a flow inside the cluster counts once (where its fuel was burnt).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench import dictionary, factors, findings, flows, process, units

COLUMNS = [
    "enterprise_id", "unit_id", "year", "source", "scope", "carrier", "activity", "activity_unit", "energy_gj", "tce", "tco2e",
    "factor_id", "tco2e_low", "tco2e_high", "counterparty", "internal",
]  # fmt: skip
KEY_EMITTERS_SHARE_PCT = 80.0  # Pareto threshold, stated beside every list of key emitters
_SOURCE = {
    ("fuel", 1): ("combustion", 1), ("fuel", -1): ("fuel_handed_on", 1),
    ("electricity", 1): ("purchased_electricity", 2), ("electricity", -1): ("sold_electricity", 2),
    ("heat", 1): ("purchased_heat", 2), ("heat", -1): ("sold_heat", 2),
    ("medium", 1): ("medium", 0), ("medium", -1): ("medium", 0),
}  # fmt: skip
_SUMS = ["activity", "energy_gj", "tco2e"]
_KEYS = ["enterprise_id", "unit_id", "carrier", "counterparty", "internal", "sign", "factor_id", "activity_unit"]


@dataclass(frozen=True)
class Inventory:
    """Results of one year: `rows`, `settled` exchanges, `factors` (rows used, with hash), `ledger` as filed, raw `findings`."""

    rows: pd.DataFrame
    settled: pd.DataFrame
    factors: pd.DataFrame
    ledger: pd.DataFrame
    findings: list[pd.DataFrame]


def compile(tables: dict[str, pd.DataFrame], meta: dict[str, Any], year: int, own: pd.DataFrame | None = None) -> Inventory:
    """The inventory of one year from checked tables; never raises for data."""
    energy, found = _of_year(tables["energy"], year)
    exchanges, problems = flows.of_year(tables["exchanges"], year)
    found += problems
    saved = tables["savings"]["carrier"].tolist() if len(energy) else []
    chosen, problems = factors.choose([*energy["carrier"], *exchanges["commodity"], *saved], meta, year, own)
    found += problems
    energy = flows.lend_factors(energy, exchanges)
    ledger, own_rows, problems = factors.quantify(energy, chosen, "energy")
    ledger = _media(ledger).reset_index()
    found += problems
    given, own_given, problems = factors.quantify(flows.as_ledger(exchanges), chosen, "exchanges")
    found += problems
    members = set(tables["enterprises"]["enterprise_id"])
    bought = ledger
    ledger, settled, problems = flows.settle(ledger[ledger["activity"].notna()], given[given["activity"].notna()], members)
    found += problems
    rows, problems = _balance(ledger)
    found += problems
    made, process_factors, problems = process.emissions(tables["process"], meta, year)
    found += problems
    if len(made):
        made = made.groupby([*_KEYS, "source", "scope", "quality"], sort=True)[_SUMS].sum().reset_index()
        rows = pd.concat([rows, made], ignore_index=True)
    rows = _finish(rows, tables, year)
    used = pd.concat([chosen, own_rows, own_given, process_factors], ignore_index=True).drop_duplicates("factor_id")
    return Inventory(rows, settled, used.sort_values("factor_id").reset_index(drop=True), bought, found)


def _of_year(energy: pd.DataFrame, year: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Ledger rows of the year that carry energy, months preferred to a yearly row of the same flow."""
    rows = energy[(energy["year"] == year)].copy()
    for column in ("unit_id", "counterparty", "quality", "note"):
        rows[column] = rows[column].fillna("").astype(str)
    rows = rows.set_index("row")
    kinds = rows["carrier"].map(dictionary.carriers()["kind"])
    rows = rows[~kinds.isin(["charge", "direct"])]
    if rows.empty:
        return rows, [findings.raw("no_data_for_year", table="energy", expected=year)]
    key = [rows[c] for c in ("enterprise_id", "unit_id", "carrier", "flow", "counterparty")]
    monthly = rows["month"].notna()
    months = rows["month"].groupby(key).transform("nunique")
    both = monthly.groupby(key).transform("any") & ~monthly
    monthly_sum = rows["quantity"].where(monthly).groupby(key).transform("sum")
    wanted = findings.tolerance("months_incomplete")
    first = monthly & ~rows[["enterprise_id", "unit_id", "carrier", "flow", "counterparty"]].where(monthly).duplicated()
    short = first & (months < wanted)
    found = [
        findings.raw(
            "months_and_year",
            rows[both],
            table="energy",
            field="month",
            seen=monthly_sum[both],
            expected=rows.loc[both, "quantity"],
        ),
        findings.raw("months_incomplete", rows[short], table="energy", field="month", seen=months[short], expected=wanted),
    ]
    return rows[~both], found


def _media(ledger: pd.DataFrame) -> pd.DataFrame:
    """Compressed air and the like: shown with their quantity, without emissions, since the power that made them is counted."""
    media = ledger["carrier"].map(dictionary.carriers()["kind"]).eq("medium")
    ledger.loc[media, ["tco2e", "energy_gj", "tco2e_per_activity"]] = 0.0
    ledger.loc[media, "activity"] = ledger.loc[media, "quantity"]
    ledger.loc[media, "activity_unit"] = ledger.loc[media, "unit"]
    ledger.loc[media, "factor_id"] = ""
    return ledger


def _balance(ledger: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Net rows by enterprise, unit, carrier, counterparty and factor; consumption and units settled against the stock equation."""
    if ledger.empty:
        return pd.DataFrame(columns=[*_KEYS, *_SUMS, "quality"]), []
    ledger = ledger.copy()
    ledger["counterparty"] = ledger["counterparty"].where(ledger["internal"], "")
    ledger["sign"] = ledger["flow"].isin(flows.OUTGOING).map({True: -1, False: 1})
    signs = ledger["flow"].map(flows.SIGN)
    stock = ledger[signs.notna()].copy()
    for column in _SUMS:
        stock[column] = stock[column] * signs[signs.notna()]
    stock = _whole_site(stock)
    used = ledger[ledger["flow"] == "consumption"]
    made = ledger[ledger["flow"] == "self_generation"].groupby(["enterprise_id", "carrier"])["activity"].sum()
    has_stock = pd.MultiIndex.from_frame(stock[["enterprise_id", "carrier"]].drop_duplicates())
    alone = ~pd.MultiIndex.from_frame(used[["enterprise_id", "carrier"]]).isin(has_stock)
    base, problems = _consumption_alone(used[alone], made)
    found = [problems]
    units_of = pd.concat([used[~alone], used[alone]])
    compared = _compare_consumption(stock, used[~alone], made)
    rows = pd.concat([stock, base], ignore_index=True)
    rows["quality"] = rows["quality"].fillna("")
    worst = rows.groupby(_KEYS, sort=True, dropna=False)["quality"].max()
    rows = rows.groupby(_KEYS, sort=True, dropna=False)[_SUMS].sum().join(worst).reset_index()
    rows, problems = _split_units(rows, units_of[units_of["unit_id"] != ""], made)
    negative = rows.groupby(["enterprise_id", "carrier"])["activity"].sum()
    outgoing = set(rows.loc[rows["sign"] < 0, ["enterprise_id", "carrier"]].itertuples(index=False, name=None))
    below = [(e, c, v) for (e, c), v in negative.items() if v < -1e-9 and (e, c) not in outgoing]
    found += [findings.raw("negative_consumption", table="energy", enterprise_id=e, field=c, seen=v) for e, c, v in below]
    return rows, [*found, compared, *problems]


def _whole_site(stock: pd.DataFrame) -> pd.DataFrame:
    """Stocks, feedstock and sales filed on a unit that buys nothing itself are taken from the whole site."""
    place = ["enterprise_id", "unit_id", "carrier"]
    buys = pd.MultiIndex.from_frame(stock.loc[stock["flow"].isin(flows.INCOMING), place].drop_duplicates())
    own = pd.MultiIndex.from_frame(stock[place]).isin(buys)
    return stock.assign(unit_id=stock["unit_id"].where(own, ""))


def _consumption_alone(used: pd.DataFrame, made: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Consumption filed without stocks or purchases: the site row where there is one, else the units; own generation taken off."""
    site = used[used["unit_id"] == ""]
    covered = pd.MultiIndex.from_frame(site[["enterprise_id", "carrier"]].drop_duplicates()) if len(site) else []
    by_unit = used[(used["unit_id"] != "")]
    inside = pd.MultiIndex.from_frame(by_unit[["enterprise_id", "carrier"]]).isin(covered) if len(by_unit) else []
    base = pd.concat([site, by_unit[~pd.Series(inside, index=by_unit.index, dtype=bool)]])
    totals = base.groupby(["enterprise_id", "carrier"])["activity"].transform("sum")
    own = pd.MultiIndex.from_frame(base[["enterprise_id", "carrier"]]).map(made.to_dict()) if len(base) else []
    bought = (1 - pd.Series(own, index=base.index, dtype=float).fillna(0) / totals).clip(lower=0)
    base = base.assign(**{c: base[c] * bought for c in _SUMS})
    return base, pd.DataFrame()


def _compare_consumption(stock: pd.DataFrame, used: pd.DataFrame, made: pd.Series) -> pd.DataFrame:
    """Consumption filed beside the stock equation: both kept, compared, the stock equation settled upon."""
    whole = used[used["unit_id"] == ""]
    site = whole.groupby(["enterprise_id", "carrier"])["activity"].sum()
    line = whole.groupby(["enterprise_id", "carrier"])["row"].first().to_dict()
    net = stock.groupby(["enterprise_id", "carrier"])["activity"].sum()
    frame = pd.DataFrame({"filed": site, "net": net, "made": made}).dropna(subset=["filed", "net"]).fillna({"made": 0.0})
    frame["balance"] = frame["net"] + frame["made"]
    limit = findings.tolerance("consumption_mismatch") / 100
    frame = frame[(frame["filed"] - frame["balance"]).abs() > limit * frame[["filed", "balance"]].abs().max(axis=1)].reset_index()
    lines = [line[key] for key in frame[["enterprise_id", "carrier"]].itertuples(index=False, name=None)]
    return findings.raw(
        "consumption_mismatch", frame.set_index(pd.Index(lines)), table="energy", field=frame["carrier"],
        seen=frame["filed"].map(findings.number), expected=frame["balance"].map(findings.number),
    )  # fmt: skip


def _split_units(rows: pd.DataFrame, used: pd.DataFrame, made: pd.Series) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Spread what came in over the units that file consumption; the remainder stays with the site (blank unit)."""
    if used.empty:
        return rows, []
    pair = ["enterprise_id", "carrier"]
    spread = (rows["unit_id"] == "") & (rows["sign"] > 0)
    covered = rows.loc[~spread & (rows["sign"] > 0), [*pair, "unit_id"]].drop_duplicates()
    by_unit = used.groupby([*pair, "unit_id"], sort=True)["activity"].sum().rename("used").reset_index()
    by_unit = by_unit.merge(covered, on=[*pair, "unit_id"], how="left", indicator=True, validate="1:1")
    by_unit = by_unit[by_unit.pop("_merge") == "left_only"]
    came_in = rows[spread].groupby(pair)["activity"].sum()
    available = came_in.add(made.reindex(came_in.index).fillna(0.0)).rename("available")
    by_unit = by_unit.merge(available.reset_index(), on=pair, how="inner", validate="m:1")
    by_unit = by_unit[by_unit["available"] > 0]
    by_unit = by_unit.assign(total=by_unit.groupby(pair)["used"].transform("sum"))
    total = by_unit["total"]
    limit = 1 + findings.tolerance("unit_sum_mismatch") / 100
    over = by_unit[total > by_unit["available"] * limit].drop_duplicates(pair)
    found = [
        findings.raw("unit_sum_mismatch", table="energy", enterprise_id=o.enterprise_id, field=o.carrier,
        seen=findings.number(o.total), expected=findings.number(o.available))
        for o in over.itertuples()
    ]  # fmt: skip
    by_unit["share"] = by_unit["used"] / total.where(total > by_unit["available"], by_unit["available"])
    rest = 1 - by_unit.groupby(pair)["share"].sum()
    rest = rest[rest > 1e-9].rename("share").reset_index().assign(unit_id="")
    shares = pd.concat([by_unit[[*pair, "unit_id", "share"]], rest])
    parts = rows[spread].drop(columns="unit_id").merge(shares, on=pair, how="left", validate="m:m")
    parts["unit_id"], parts["share"] = parts["unit_id"].fillna(""), parts["share"].fillna(1.0)
    for column in _SUMS:
        parts[column] = parts[column] * parts["share"]
    whole = pd.concat([rows[~spread], parts.drop(columns="share")], ignore_index=True)
    assert abs(whole["tco2e"].sum() - rows["tco2e"].sum()) <= 1e-6 * max(1.0, rows["tco2e"].abs().sum())
    return whole, found


def _finish(rows: pd.DataFrame, tables: dict[str, pd.DataFrame], year: int) -> pd.DataFrame:
    """Source, scope, tce and range of every row, in a fixed order."""
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    kinds = rows["carrier"].map(dictionary.carriers()["kind"]).fillna("process")
    pairs = [_SOURCE.get((k, s), ("process", 1)) for k, s in zip(kinds, rows["sign"], strict=True)]
    rows["source"], rows["scope"] = [p[0] for p in pairs], [p[1] for p in pairs]
    recovered = rows["carrier"].eq("waste_heat")  # recovered energy re-used is no part of total consumption (GB/T 2589)
    rows["tce"] = (rows["energy_gj"] / units.GJ_PER_TCE).mask(recovered, 0.0)
    rows["year"] = year
    half = _half_range(rows, kinds)
    rows["tco2e_low"] = rows["tco2e"] - rows["tco2e"].abs() * half
    rows["tco2e_high"] = rows["tco2e"] + rows["tco2e"].abs() * half
    rows["internal"] = rows["internal"].astype(int)
    return rows.sort_values(_KEYS).reindex(columns=COLUMNS).reset_index(drop=True)


def _half_range(rows: pd.DataFrame, kinds: pd.Series) -> pd.Series:
    """Half of the 95 % range as a fraction: activity and factor combined in quadrature (IPCC 2006 approach 1)."""
    table = dictionary.read_table("uncertainty")
    table["half"] = table["half_range_pct"].astype(float) / 100
    activity = table[table["kind"] == "activity"].set_index("grade")["half"]
    factor = table[table["kind"] == "factor"].set_index("grade")["half"]
    own = rows["factor_id"].astype(str).str.startswith("own:")
    return (rows["quality"].map(activity).fillna(activity[""]) ** 2 + kinds.mask(own, "own").map(factor).fillna(0.0) ** 2) ** 0.5


def by_enterprise(rows: pd.DataFrame, enterprises: pd.DataFrame, products: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Enterprise totals, ranks and intensities; one row for every enterprise, also those that file no energy.

    Shares are of the sum of enterprises; key emitters are the largest that together reach KEY_EMITTERS_SHARE_PCT.
    Intensities are per million currency of value added, else of output value.
    """
    scope = rows.pivot_table(index="enterprise_id", columns="scope", values="tco2e", aggfunc="sum", fill_value=0.0)
    table = enterprises.drop_duplicates("enterprise_id").set_index("enterprise_id")
    out = table.reindex(columns=["name", "name_zh", "sector"]).copy()
    for name, number in (("direct_tco2e", 1), ("indirect_tco2e", 2)):
        out[name] = scope[number].reindex(out.index).fillna(0.0) if number in scope else 0.0
    out["total_tco2e"] = out["direct_tco2e"] + out["indirect_tco2e"]
    out["tce"] = rows.groupby("enterprise_id")["tce"].sum().reindex(out.index).fillna(0.0)
    out = out.reset_index().sort_values(["total_tco2e", "enterprise_id"], ascending=[False, True]).reset_index(drop=True)
    total = out["total_tco2e"].sum()
    out["share_pct"] = out["total_tco2e"] / total * 100 if total else 0.0
    out["cumulative_pct"] = out["share_pct"].cumsum()
    out["rank"] = range(1, len(out) + 1)
    before = out["cumulative_pct"] - out["share_pct"]
    out["key_emitter"] = ((before < KEY_EMITTERS_SHARE_PCT) & (out["total_tco2e"] > 0)).astype(int)
    value = table["value_added"].reindex(out["enterprise_id"]).to_numpy()
    output = table["output_value"].reindex(out["enterprise_id"]).to_numpy()
    base = pd.Series(value).where(pd.Series(value) > 0, pd.Series(output).where(pd.Series(output) > 0)) / 1e6
    kind = pd.Series("value added", index=out.index).where(pd.Series(value) > 0, "output value")
    out["carbon_intensity"] = out["total_tco2e"] / base
    out["carbon_intensity_unit"] = ("tCO2e per million " + currency + " of " + kind).where(base.notna(), "")
    out["energy_intensity"] = out["tce"] / base
    out["energy_intensity_unit"] = ("tce per million " + currency + " of " + kind).where(base.notna(), "")
    return _product_intensity(out, products)


def _product_intensity(out: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Emissions per unit of product where an enterprise makes one product in one unit."""
    made = products.groupby(["enterprise_id", "product", "unit"], sort=True)["quantity"].sum().reset_index()
    single = made.groupby("enterprise_id").filter(lambda g: len(g) == 1 and g["quantity"].iat[0] > 0).set_index("enterprise_id")
    for column, source in (("product", "product"), ("product_unit", "unit")):
        words = single[source].to_dict()
        out[column] = [words.get(enterprise, "") for enterprise in out["enterprise_id"]]
    quantity = single["quantity"].to_dict()
    out["tco2e_per_product"] = out["total_tco2e"] / [quantity.get(e, float("nan")) for e in out["enterprise_id"]]
    return out


def of_cluster(rows: pd.DataFrame) -> pd.DataFrame:
    """Cluster totals and the bridge from the sum of enterprises: item, value, unit.

    eliminated = internal purchases counted by takers - internal sales deducted by givers; sum - eliminated = total, exactly.
    """
    inside = rows[rows["internal"] == 1]
    outside = rows[rows["internal"] == 0]
    items = [("sum_of_enterprises_tco2e", rows["tco2e"].sum(), "tCO2e")]
    items.append(("internal_purchases_tco2e", inside.loc[~_outgoing(inside), "tco2e"].sum(), "tCO2e"))
    items.append(("internal_sales_tco2e", 0.0 - inside.loc[_outgoing(inside), "tco2e"].sum(), "tCO2e"))
    items.append(("eliminated_tco2e", inside["tco2e"].sum(), "tCO2e"))
    items.append(("cluster_total_tco2e", outside["tco2e"].sum(), "tCO2e"))
    for scope, name in ((1, "cluster_direct_tco2e"), (2, "cluster_indirect_tco2e")):
        items.append((name, outside.loc[outside["scope"] == scope, "tco2e"].sum(), "tCO2e"))
    items.append(("sum_of_enterprises_tce", rows["tce"].sum(), "tce"))
    items.append(("eliminated_tce", inside["tce"].sum(), "tce"))
    items.append(("cluster_total_tce", outside["tce"].sum(), "tce"))
    half = ((outside["tco2e_high"] - outside["tco2e"]).groupby(outside["factor_id"]).sum() ** 2).sum() ** 0.5
    items.append(("cluster_total_half_range_tco2e", half, "tCO2e"))
    table = pd.DataFrame(items, columns=["item", "value", "unit"])
    value = table.set_index("item")["value"]
    for end in ("tco2e", "tce"):
        gap = value[f"sum_of_enterprises_{end}"] - value[f"eliminated_{end}"] - value[f"cluster_total_{end}"]
        assert abs(gap) <= 1e-9 * max(1.0, rows[end].abs().sum()), f"the bridge in {end} does not close by {gap}"
    return table


def _outgoing(rows: pd.DataFrame) -> pd.Series:
    return rows["source"].isin(["fuel_handed_on", "sold_electricity", "sold_heat"])
