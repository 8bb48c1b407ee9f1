"""Boundary ledger: flows between members of the cluster, found in the firms' ledgers and settled once.

An internal flow is known by its counterparty. Where a firm names none, the exchange table tells which part of its purchases
came from a member; where the ledger holds nothing, the flow is added. The settled quantity is the taker's (settlement meter).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench import dictionary, findings, units
from workbench.emissions import SUMS
from workbench.ledger import codes

INCOMING = ("purchase", "transfer_in")
OUTGOING = ("sale", "transfer_out")
SOLD = ("sold_electricity", "sold_heat")  # sources of inventory rows that leave an enterprise without fuel
HANDED_OVER = (*SOLD, "fuel_handed_on")
SIGN = {
    "purchase": 1, "opening_stock": 1, "transfer_in": 1, "sale": -1, "transfer_out": -1, "closing_stock": -1, "non_energy_use": -1,
}  # fmt: skip
_PAIR = ["from_enterprise", "to_enterprise", "commodity"]


def of_year(exchanges: pd.DataFrame, year: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Exchanges of one year with `quantity` settled: the taker's figure, else the giver's; differences become findings."""
    rows = exchanges[exchanges["year"] == year].copy()
    both = rows["quantity_sent"].notna() & rows["quantity_received"].notna()
    larger = rows[["quantity_sent", "quantity_received"]].max(axis=1)
    gap = (rows["quantity_sent"] - rows["quantity_received"]).abs()
    apart = both & (gap > findings.tolerance("exchange_mismatch") / 100 * larger)
    one = rows["quantity_sent"].notna() ^ rows["quantity_received"].notna()
    rows["quantity"] = rows["quantity_received"].fillna(rows["quantity_sent"])
    lines = rows.set_index("row")
    found = [
        findings.raw(
            "exchange_mismatch", lines[apart.to_numpy()], table="exchanges", field="quantity_received",
            enterprise_id=rows.loc[apart, "to_enterprise"], seen=rows.loc[apart, "quantity_sent"], expected=rows.loc[apart,
            "quantity_received"],
        ),
        findings.raw("exchange_one_sided", lines[one.to_numpy()], table="exchanges", enterprise_id=rows.loc[one, "to_enterprise"]),
    ]  # fmt: skip
    return rows[rows["quantity"].notna()], found


def lend_factors(ledger: pd.DataFrame, exchanges: pd.DataFrame) -> pd.DataFrame:
    """Give ledger rows between members the factor and heating value their exchange states, so both sides count alike.

    A factor lent is the supplier's, whatever proves the quantity.

    Several exchanges of one pair lend their mean, weighted by quantity.
    """
    ledger = ledger.copy()
    if exchanges.empty:
        return ledger
    for flow in _stated(exchanges).itertuples():
        taker = (
            ledger["enterprise_id"].eq(flow.to_enterprise)
            & ledger["counterparty"].eq(flow.from_enterprise)
            & ledger["flow"].isin([*INCOMING, "consumption"])
        )
        giver = (
            ledger["enterprise_id"].eq(flow.from_enterprise)
            & ledger["counterparty"].eq(flow.to_enterprise)
            & ledger["flow"].isin(OUTGOING)
        )
        mine = (taker | giver) & ledger["carrier"].eq(flow.commodity)
        for row in ledger.index[mine]:
            size = units.factor(ledger.at[row, "unit"], flow.unit)
            if size is not None and pd.isna(ledger.at[row, "tco2_per_unit"]) and pd.notna(flow.tco2_per_unit):
                ledger.at[row, "tco2_per_unit"] = flow.tco2_per_unit * size
                ledger.at[row, "evidence"] = "supplier_statement"
            if pd.isna(ledger.at[row, "ncv"]) and pd.notna(flow.ncv):
                ledger.at[row, "ncv"] = flow.ncv
    return ledger


def _stated(exchanges: pd.DataFrame) -> pd.DataFrame:
    """One row a pair, commodity and unit: mean factor and heating value of the exchanges that state one."""
    out = exchanges[[*_PAIR, "unit"]].drop_duplicates().sort_values([*_PAIR, "unit"])
    for column in ("tco2_per_unit", "ncv"):
        said = exchanges[exchanges[column].notna() & (exchanges["quantity"] > 0)]
        total = (said[column] * said["quantity"]).groupby([said[c] for c in (*_PAIR, "unit")]).sum()
        mean = total / said["quantity"].groupby([said[c] for c in (*_PAIR, "unit")]).sum()
        out = out.merge(mean.rename(column).reset_index(), on=[*_PAIR, "unit"], how="left", validate="1:1")
    return out


def as_ledger(exchanges: pd.DataFrame) -> pd.DataFrame:
    """Exchanges in the shape of ledger rows (carrier, quantity, unit, …), to be quantified like them."""
    return exchanges.rename(columns={"commodity": "carrier"}).assign(enterprise_id=exchanges["from_enterprise"], note="")


def settle(
    ledger: pd.DataFrame, exchanges: pd.DataFrame, members: set[str]
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """Mark internal rows of a quantified ledger: (ledger with `internal` 0/1, settled flows, raw findings).

    `exchanges` is quantified (`as_ledger`). Settled flows: exchange_id, from_enterprise, to_enterprise, commodity, activity,
    activity_unit, tco2e, taker_ledger, giver_ledger (how each side was found: filed, carved, added, none), and what each side
    filed: sent, received, gap_pct.
    """
    ledger = ledger.copy()
    alone = _alone(ledger)
    ledger["internal"] = ledger["counterparty"].isin(members) & (ledger["flow"].isin([*INCOMING, *OUTGOING]) | alone)
    ledger["_alone"] = alone
    pairs = exchanges.rename(columns={"carrier": "commodity"})
    touched = _touched(ledger, pairs)
    rest, ledger = ledger[~touched], ledger[touched]
    settled, found = [], []
    kinds = dictionary.carriers()["kind"]
    for (giver, taker, commodity), group in pairs.groupby(_PAIR, sort=True):
        flow = {"from_enterprise": giver, "to_enterprise": taker, "commodity": commodity}
        flow |= {c: group[c].sum() for c in SUMS} | _both_figures(group)
        first = group.sort_values("exchange_id").iloc[0]
        flow |= {c: first[c] for c in ("activity_unit", "exchange_id", "factor_level")} | {
            "factor_id": ";".join(sorted(set(group["factor_id"])))
        }
        flow["tco2e_per_activity"] = flow["tco2e"] / flow["activity"] if flow["activity"] else first["tco2e_per_activity"]
        ledger, how, problems = _find(ledger, flow, taker, giver, INCOMING, add=True)
        found += problems
        flow |= _as_counted(ledger, taker, giver, commodity)
        add = kinds.get(commodity) == "fuel"
        ledger, given, problems = _find(ledger, flow, giver, taker, OUTGOING, add=add)
        found += problems
        settled.append(flow | {"taker_ledger": how, "giver_ledger": given})
    found += _unfiled(ledger, pairs)
    ledger = _bought_to_hand_on(ledger)
    ledger = pd.concat([rest, ledger], ignore_index=True).drop(columns="_alone") if len(ledger) else rest.drop(columns="_alone")
    columns = [
        "exchange_id",
        *_PAIR,
        "sent",
        "received",
        "gap_pct",
        "activity",
        "activity_unit",
        "energy_gj",
        "tco2e",
        "factor_id",
        "taker_ledger",
        "giver_ledger",
    ]
    return ledger, pd.DataFrame(settled, columns=columns), found


def _both_figures(group: pd.DataFrame) -> dict[str, float]:
    """What giver and taker filed for a flow, in the unit of its activity, and how far they are apart (% of the larger)."""
    size = (group["activity"] / group["quantity"]).where(group["quantity"] > 0)
    sent, received = ((group[c] * size).sum(min_count=1) for c in ("quantity_sent", "quantity_received"))
    larger = max(sent, received)
    return {"sent": sent, "received": received, "gap_pct": abs(sent - received) / larger * 100 if larger > 0 else float("nan")}


def _as_counted(ledger: pd.DataFrame, taker: str, giver: str, commodity: str) -> dict:
    """What the taker's ledger counts for the flow, now that it is there."""
    mine = ledger["enterprise_id"].eq(taker) & ledger["counterparty"].eq(giver) & ledger["carrier"].eq(commodity)
    rows = ledger[mine & ledger["internal"] & ~ledger["flow"].isin(OUTGOING)]
    counted = {c: rows[c].sum() for c in SUMS}
    per = counted["tco2e"] / counted["activity"] if counted["activity"] else 0.0
    return counted | {"factor_id": ";".join(sorted(set(rows["factor_id"]))), "tco2e_per_activity": per}


def _alone(ledger: pd.DataFrame) -> pd.Series:
    """Consumption filed without stocks, purchases or sales: it is all the firm uses. The site's rows, else those of its units."""
    consumed = ledger["flow"].eq("consumption")
    if not consumed.any():
        return consumed
    pair, count = codes(ledger, ["enterprise_id", "carrier"])
    balanced = np.zeros(count, dtype=bool)
    balanced[pair[ledger["flow"].isin(SIGN)]] = True
    alone = consumed & ~balanced[pair]
    site = ledger["unit_id"] == ""
    whole = np.zeros(count, dtype=bool)
    whole[pair[alone & site]] = True
    return alone & (site | ~whole[pair])


def _touched(ledger: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    """Rows of an enterprise and carrier that a flow between members, or a sale beside consumption filed alone, concerns."""
    key = ["enterprise_id", "carrier"]
    place = pd.MultiIndex.from_frame(ledger[key])
    named = [pairs[[end, "commodity"]].set_axis(key, axis=1) for end in ("from_enterprise", "to_enterprise")]
    inside = ledger.loc[ledger["internal"], key]
    sold = ledger.loc[ledger["flow"].isin(OUTGOING), key]
    both = sold[pd.MultiIndex.from_frame(sold).isin(pd.MultiIndex.from_frame(ledger.loc[ledger["_alone"], key]))]
    wanted = pd.concat([*named, inside, both]).drop_duplicates()
    return pd.Series(place.isin(pd.MultiIndex.from_frame(wanted)) if len(wanted) else False, index=ledger.index)


def _bought_to_hand_on(ledger: pd.DataFrame) -> pd.DataFrame:
    """Givers that file their consumption alone also bought (or made) what they hand on: the purchase behind both is added."""
    parts = [ledger]
    complete = ledger["_alone"].eq(True)
    for (who, carrier), used in ledger[complete].groupby(["enterprise_id", "carrier"], sort=True):
        mine = ledger[ledger["enterprise_id"].eq(who) & ledger["carrier"].eq(carrier)]
        total = mine.groupby("flow")["activity"].sum()
        sold = total.reindex(OUTGOING).sum()
        if not sold > 0 or not total["consumption"] > 0 or total.index.isin(INCOMING).any():
            continue
        share = max(0.0, 1 + (sold - total.get("self_generation", 0.0)) / used["activity"].sum())
        parts.append(used.assign(flow="purchase", unit_id="", **{c: used[c] * share for c in SUMS}))
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else ledger


def _find(
    ledger: pd.DataFrame, flow: dict, who: str, other: str, directions: tuple[str, ...], *, add: bool
) -> tuple[pd.DataFrame, str, list[pd.DataFrame]]:
    """Find one side of a flow in the ledger of `who`: filed by counterparty, carved out, added, or none."""
    side = ledger["flow"].isin(directions) | (_alone(ledger) if directions == INCOMING else False)
    mine = ledger["enterprise_id"].eq(who) & ledger["carrier"].eq(flow["commodity"]) & side
    quantity, place = flow["activity"], {"table": "exchanges", "enterprise_id": who, "field": flow["exchange_id"]}
    named = mine & ledger["counterparty"].eq(other)
    if named.any():
        filed = ledger.loc[named, "activity"].sum()
        apart = abs(filed - quantity) > findings.tolerance("exchange_ledger") / 100 * max(filed, quantity)
        note = [findings.raw("exchange_ledger", **place, seen=filed, expected=quantity)] if apart else []
        return ledger, "filed", note
    nameless = mine & ledger["counterparty"].eq("")
    at_hand = ledger.loc[nameless, "activity"].sum()
    if at_hand > 0 and quantity <= at_hand * (1 + findings.tolerance("exchange_ledger") / 100):
        part = _part(ledger[nameless], min(1.0, quantity / at_hand), flow, other)
        ledger.loc[nameless, SUMS] *= 1 - min(1.0, quantity / at_hand)
        return pd.concat([ledger, part], ignore_index=True), "carved", [findings.raw("exchange_carved", **place)]
    if not add:
        return ledger, "none", []
    row = dict.fromkeys(ledger.columns, "") | {c: flow[c] for c in (*SUMS, "activity_unit", "factor_id", "factor_level")}
    row |= {"enterprise_id": who, "carrier": flow["commodity"], "flow": directions[0], "counterparty": other, "internal": True}
    row |= {"tco2e_per_activity": flow["tco2e_per_activity"], "cost": float("nan"), "quantity": float("nan"), "_alone": False}
    added = pd.concat([ledger, pd.DataFrame([row])], ignore_index=True)
    return added, "added", [findings.raw("exchange_added", **place)] if directions == INCOMING else []


def _part(rows: pd.DataFrame, share: float, flow: dict, other: str) -> pd.DataFrame:
    """The share of nameless rows that came from (went to) a member; it counts with the exchange's factor where one is stated."""
    part = rows.assign(counterparty=other, internal=True)
    for column in SUMS:
        part[column] = part[column] * share
    part["cost"] = part["cost"] * 0  # the money stays on the filed row
    if "own:" in str(flow["factor_id"]):
        part["factor_id"], part["tco2e_per_activity"] = flow["factor_id"], flow["tco2e_per_activity"]
        part["factor_level"] = flow["factor_level"]
        for column in ("tco2e", "tco2", "tco2e_location", "tco2e_market"):
            part[column] = part["activity"] * flow["tco2e_per_activity"]
    return part


def _unfiled(ledger: pd.DataFrame, pairs: pd.DataFrame) -> list[pd.DataFrame]:
    """Flows between members that only a ledger knows."""
    inside = ledger[ledger["internal"]]
    incoming = ~inside["flow"].isin(OUTGOING)
    giver = inside["counterparty"].where(incoming, inside["enterprise_id"])
    taker = inside["enterprise_id"].where(incoming, inside["counterparty"])
    known = set(pairs[_PAIR].itertuples(index=False, name=None))
    lost = sorted({t for t in zip(giver, taker, inside["carrier"], strict=True) if t not in known})
    return [
        findings.raw("exchange_not_filed", table="exchanges", enterprise_id=t, field=c, seen=f"{g} → {t}", expected=c)
        for g, t, c in lost
    ]
