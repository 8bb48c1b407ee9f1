"""What energy costs each enterprise: its own bills first, then the price table, else nothing and a finding."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import dictionary, emissions, factors, findings, flows

COLUMNS = ["enterprise_id", "carrier", "price", "unit", "source"]


def of_enterprises(
    ledger: pd.DataFrame, energy: pd.DataFrame, chosen: pd.DataFrame, meta: dict[str, Any], year: int
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Price of every (enterprise, carrier) that buys: currency per unit of the factor row, or of the filed unit for charges.

    `ledger` is the quantified ledger (activity, cost); `energy` the checked table, for demand charges and fees.
    """
    chosen = factors.defaults(chosen)
    bought = ledger[ledger["flow"].isin(flows.INCOMING) & ledger["cost"].notna() & (ledger["activity"] > 0)]
    paid = bought.groupby(["enterprise_id", "carrier", "activity_unit"], sort=True)[["cost", "activity"]].sum().reset_index()
    own = paid.assign(price=paid["cost"] / paid["activity"], source="own bills").rename(columns={"activity_unit": "unit"})
    charges = energy[(energy["year"] == year) & energy["carrier"].map(dictionary.carriers()["kind"]).eq("charge")]
    charges = charges[charges["cost"].notna() & (charges["quantity"] > 0)]
    fees = charges.groupby(["enterprise_id", "carrier", "unit"], sort=True)[["cost", "quantity"]].sum().reset_index()
    fees = fees.assign(price=fees["cost"] / fees["quantity"], source="own bills")
    known = pd.concat([own[COLUMNS], fees[COLUMNS]], ignore_index=True)
    buys = ledger["flow"].isin([*flows.INCOMING, "consumption"])
    used = ledger.loc[buys, ["enterprise_id", "carrier"]].drop_duplicates()
    media = used["carrier"].map(dictionary.carriers()["kind"]).eq("medium") | used["carrier"].eq("waste_heat")
    missing = used[~media].merge(known, on=["enterprise_id", "carrier"], how="left", indicator=True, validate="1:m")
    missing = missing[missing["_merge"] == "left_only"]
    rows, found = [], []
    for enterprise, carrier in (
        missing[["enterprise_id", "carrier"]].sort_values(["enterprise_id", "carrier"]).itertuples(index=False)
    ):
        price = from_table(carrier, chosen, meta, year)
        place = {"table": "energy", "enterprise_id": enterprise, "field": "cost", "seen": carrier}
        if price is None:
            found.append(findings.raw("price_missing", **place))
            continue
        rows.append({"enterprise_id": enterprise, "carrier": carrier} | price)
        found.append(
            findings.raw("price_from_table", **place, expected=f"{price['source']} ({price['price']:.4g} per {price['unit']})")
        )
    extra = pd.DataFrame(rows, columns=COLUMNS)
    return pd.concat([known, extra], ignore_index=True).sort_values(COLUMNS[:2]).reset_index(drop=True), found


def from_table(carrier: str, chosen: pd.DataFrame, meta: dict[str, Any], year: int) -> dict | None:
    """The read price nearest in time in the cluster's currency, per unit of the factor row; None when there is none."""
    table = dictionary.read_table("prices")
    rows = table[(table["carrier"] == carrier) & (table["currency"] == meta.get("currency")) & (table["value"] != "")]
    rows = rows[rows["confidence"] != "remembered"]
    if rows.empty or carrier not in set(chosen["carrier"]):
        return None
    rows = rows.assign(distance=(pd.to_numeric(rows["year"], errors="coerce") - year).abs()).sort_values(["distance", "price_id"])
    best = rows.iloc[0]
    one, _, _ = emissions.quantify(
        pd.DataFrame({"carrier": [carrier], "unit": [best["unit"]], "quantity": [1.0]}), chosen, "prices"
    )
    size = one["activity"].iat[0]
    if not size > 0:
        return None
    return {"price": float(best["value"]) / size, "unit": one["activity_unit"].iat[0], "source": best["price_id"]}
