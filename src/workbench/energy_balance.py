"""Energy use and balance of a cluster in coal equivalent: by carrier, by enterprise and by use, with what must add up.

The balance follows the boundary of GB/T 28749: what enters an enterprise from outside or from a member, what it hands over, what
remains. Everything is read from the inventory, so that it closes on the inventory's own totals:

    used = bought outside + taken from members
    net = used - handed to members - sold outside        (adds up to the sum of the enterprises)
    cluster = bought outside - sold outside              (what the cluster as one draws)
"""

from __future__ import annotations

import pandas as pd

from workbench import flows

COLUMNS = [
    "level", "key", "bought_tce", "received_tce", "used_tce", "handed_tce", "sold_tce", "net_tce", "cluster_tce", "used_tco2e",
]  # fmt: skip
USE_COLUMNS = ["system", "tce", "tco2e", "share_pct", "metered_tce", "nameplate_tce", "sector_share_tce", "not_split_tce"]
CHECK_COLUMNS = ["item", "balance_tce", "compared_tce", "difference_tce", "closes"]
CLOSES = 1e-6  # relative: sums of the same rows in another order
_SUMS = ["bought_tce", "received_tce", "handed_tce", "sold_tce", "used_tco2e"]
_METHODS = ("metered", "nameplate", "sector_share", "not_split")


def balance(rows: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS from the inventory `rows`: one row a carrier, one an enterprise (largest use first), one for all.

    tce of the inventory's heating values (`used_tco2e` as counted there); what is handed over and sold stands as a positive number.
    Process emissions carry no energy and are left out.
    """
    parts = _parts(rows[rows["source"] != "process"])
    keys = {"carrier": "carrier", "enterprise": "enterprise_id"}
    levels = [parts.assign(level=level, key=parts[name]) for level, name in keys.items()]
    levels.append(pd.DataFrame([parts[_SUMS].sum()]).assign(level="total", key=""))  # stands without any row, too
    sums = pd.concat(levels, ignore_index=True).groupby(["level", "key"], sort=True)[_SUMS].sum().reset_index()
    sums["used_tce"] = sums["bought_tce"] + sums["received_tce"]
    sums["net_tce"] = sums["used_tce"] - sums["handed_tce"] - sums["sold_tce"]
    sums["cluster_tce"] = sums["bought_tce"] - sums["sold_tce"]
    moved = sums[["used_tce", "handed_tce", "sold_tce"]].abs().sum(axis=1) > 0
    order = sums[moved | sums["level"].eq("total")].sort_values(["level", "used_tce", "key"], ascending=[True, False, True])
    return order[COLUMNS].reset_index(drop=True)


def _parts(rows: pd.DataFrame) -> pd.DataFrame:
    """Each row's tce in the column of its way: in from outside or from a member, out to a member or outside."""
    out = rows["source"].isin(flows.HANDED_OVER)
    inside = rows["internal"].eq(1)
    ways = {"bought_tce": ~out & ~inside, "received_tce": ~out & inside, "handed_tce": out & inside, "sold_tce": out & ~inside}
    columns = {name: rows["tce"].astype(float).where(here, 0.0) for name, here in ways.items()}
    columns |= {name: -columns[name] for name in ("handed_tce", "sold_tce")}
    return rows[["enterprise_id", "carrier"]].assign(**columns, used_tco2e=rows["tco2e"].astype(float).where(~out, 0.0))


def by_use(use: pd.DataFrame) -> pd.DataFrame:
    """Rows of `end_use.split` by system, largest first: tce, tCO2e, share of the tce, and the tce by how it was split."""
    whole = use["tce"].sum()
    table = use.groupby("system", sort=True)[["tce", "tco2e"]].sum()
    for method in _METHODS:
        mine = use[use["basis"] == method].groupby("system")["tce"].sum()
        table[f"{method}_tce"] = mine.reindex(table.index).fillna(0.0)
    table["share_pct"] = 100 * table["tce"] / whole if whole else 0.0
    return table.reset_index().sort_values(["tce", "system"], ascending=[False, True])[USE_COLUMNS].reset_index(drop=True)


def closure(made: pd.DataFrame, use: pd.DataFrame, cluster: pd.DataFrame) -> pd.DataFrame:
    """What must be equal and whether it is, CHECK_COLUMNS: the balance against the inventory, carriers against enterprises, uses.

    `handed` compares what members handed over with what members received: their difference is lost on the way, or a difference
    of meters, and need not vanish (`closes` blank).
    """
    item = cluster.set_index("item")["value"]
    total = made[made["level"] == "total"].iloc[0]
    by = {level: made[made["level"] == level] for level in ("carrier", "enterprise")}
    pairs = [
        ("enterprises", total["net_tce"], item["sum_of_enterprises_tce"]),
        ("cluster", total["cluster_tce"], item["cluster_total_tce"]),
        ("carriers", by["carrier"]["used_tce"].sum(), by["enterprise"]["used_tce"].sum()),
        ("uses", use["tce"].sum(), total["used_tce"]),
        ("handed", total["handed_tce"], total["received_tce"]),
    ]
    table = pd.DataFrame(pairs, columns=["item", "balance_tce", "compared_tce"])
    table["difference_tce"] = table["balance_tce"] - table["compared_tce"]
    room = CLOSES * table[["balance_tce", "compared_tce"]].abs().max(axis=1).clip(lower=1.0)
    table["closes"] = (table["difference_tce"].abs() <= room).astype("Int64").mask(table["item"] == "handed")
    return table[CHECK_COLUMNS]
