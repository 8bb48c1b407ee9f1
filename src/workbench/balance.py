"""The stock equation: what each enterprise and unit used, from what it bought, kept, sold and filed as used.

Consumption = opening stock + purchases + transfers in - sales - transfers out - closing stock - non-energy use (GB/T 32151, form
205-1). Consumption filed beside it is compared; filed alone it is taken.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench import findings, flows
from workbench.emissions import SUMS, look_up
from workbench.ledger import codes, firsts

KEYS = [
    "enterprise_id", "unit_id", "carrier", "counterparty", "internal", "sign", "factor_id", "factor_level", "activity_unit",
]  # fmt: skip
TOTALS = [*SUMS, "feedstock_gj"]
_PAIR = ["enterprise_id", "carrier"]
_ROUNDING = 1e-13  # a few hundred times the relative rounding of a float


def settle(ledger: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Net rows by KEYS with TOTALS and the worst `quality`; consumption and units settled against the stock equation."""
    if ledger.empty:
        return pd.DataFrame(columns=[*KEYS, *TOTALS, "quality"]), []
    ledger = ledger.copy()
    ledger["counterparty"] = ledger["counterparty"].where(ledger["internal"], "")
    ledger["sign"] = np.where(ledger["flow"].isin(flows.OUTGOING), -1, 1)
    signs = look_up(ledger["flow"], pd.Series(flows.SIGN, dtype=float))
    material = ledger["flow"] == "non_energy_use"
    ledger["feedstock_gj"] = ledger["energy_gj"].where(material, 0.0)
    stock = ledger[signs.notna()].copy()
    for column in SUMS:
        stock[column] = stock[column] * signs[signs.notna()]
    stock = _whole_site(stock)
    used = ledger[ledger["flow"] == "consumption"]
    made = ledger[ledger["flow"] == "self_generation"].groupby(_PAIR)["activity"].sum()
    compared = pd.DataFrame()
    if len(used):
        alone = ~_pairs(used).isin(_pairs(stock.drop_duplicates(_PAIR)))
        compared = _compare_consumption(stock, used[~alone], made)
        stock = pd.concat([stock, _consumption_alone(used[alone], made)], ignore_index=True)
    rows = _net(stock)
    rows, problems = _split_units(rows, used[used["unit_id"] != ""], made)
    return rows, [_negative(rows), compared, *problems]


def _pairs(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[_PAIR])


def _net(rows: pd.DataFrame) -> pd.DataFrame:
    """Sums of TOTALS and the worst quality by KEYS."""
    code, count = codes(rows, KEYS)
    out = rows.iloc[firsts(code)][KEYS].reset_index(drop=True)
    for column in TOTALS:
        net = np.bincount(code, weights=rows[column], minlength=count)
        gross = np.bincount(code, weights=rows[column].abs(), minlength=count)
        out[column] = np.where(np.abs(net) > _ROUNDING * gross, net, 0.0)  # what cancels leaves nothing, in any order of rows
    grade, grades = pd.factorize(rows["quality"].fillna(""), sort=True)
    worst = np.zeros(count, dtype="int64")
    np.maximum.at(worst, code, grade)
    out["quality"] = np.asarray(grades, dtype=object)[worst] if count else ""
    return out.sort_values(KEYS).reset_index(drop=True)


def _negative(rows: pd.DataFrame) -> pd.DataFrame:
    """More went out than came in, though nothing was handed on."""
    total = rows.groupby(_PAIR)["activity"].sum()
    below = total[total < -1e-9]
    below = below[~below.index.isin(_pairs(rows[rows["sign"] < 0]))]
    return findings.raw(
        "negative_consumption", pd.DataFrame(index=[""] * len(below)), table="energy", seen=pd.Series(below.to_numpy()),
        enterprise_id=list(below.index.get_level_values(0)), field=list(below.index.get_level_values(1)),
    )  # fmt: skip


def _whole_site(stock: pd.DataFrame) -> pd.DataFrame:
    """Stocks, feedstock and sales filed on a unit that buys nothing itself are taken from the whole site."""
    if not (stock["unit_id"] != "").any():
        return stock
    place = ["enterprise_id", "unit_id", "carrier"]
    buys = pd.MultiIndex.from_frame(stock.loc[stock["flow"].isin(flows.INCOMING), place].drop_duplicates())
    own = pd.MultiIndex.from_frame(stock[place]).isin(buys)
    return stock.assign(unit_id=stock["unit_id"].where(own, ""))


def _consumption_alone(used: pd.DataFrame, made: pd.Series) -> pd.DataFrame:
    """Consumption filed without stocks or purchases: the site row where there is one, else the units; own generation taken off."""
    site = used["unit_id"] == ""
    base = used[site | ~_pairs(used).isin(_pairs(used[site].drop_duplicates(_PAIR)))]
    if base.empty:
        return base
    totals = base.groupby(_PAIR)["activity"].transform("sum")
    own = pd.Series(made.reindex(_pairs(base)).to_numpy(), index=base.index)
    bought = (1 - own.fillna(0) / totals).clip(lower=0)
    return base.assign(**{c: base[c] * bought for c in SUMS})


def _compare_consumption(stock: pd.DataFrame, used: pd.DataFrame, made: pd.Series) -> pd.DataFrame:
    """Consumption filed beside the stock equation: both kept, compared, the stock equation settled upon."""
    whole = used[used["unit_id"] == ""]
    site = whole.groupby(_PAIR)["activity"].sum()
    line = whole.groupby(_PAIR)["row"].first().to_dict()
    net = stock.groupby(_PAIR)["activity"].sum()
    frame = pd.DataFrame({"filed": site, "net": net, "made": made}).dropna(subset=["filed", "net"]).fillna({"made": 0.0})
    frame["balance"] = frame["net"] + frame["made"]
    limit = findings.tolerance("consumption_mismatch") / 100
    frame = frame[(frame["filed"] - frame["balance"]).abs() > limit * frame[["filed", "balance"]].abs().max(axis=1)].reset_index()
    lines = [line[key] for key in frame[_PAIR].itertuples(index=False, name=None)]
    return findings.raw(
        "consumption_mismatch", frame.set_index(pd.Index(lines)), table="energy", field=frame["carrier"],
        seen=frame["filed"].map(findings.number), expected=frame["balance"].map(findings.number),
    )  # fmt: skip


def _split_units(rows: pd.DataFrame, used: pd.DataFrame, made: pd.Series) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Spread what came in over the units that file consumption; the remainder stays with the site (blank unit)."""
    if used.empty:
        return rows, []
    spread = (rows["unit_id"] == "") & (rows["sign"] > 0)
    covered = rows.loc[~spread & (rows["sign"] > 0), [*_PAIR, "unit_id"]].drop_duplicates()
    by_unit = used.groupby([*_PAIR, "unit_id"], sort=True)["activity"].sum().rename("used").reset_index()
    by_unit = by_unit.merge(covered, on=[*_PAIR, "unit_id"], how="left", indicator=True, validate="1:1")
    by_unit = by_unit[by_unit.pop("_merge") == "left_only"]
    came_in = rows[spread].groupby(_PAIR)["activity"].sum()
    available = came_in.add(made.reindex(came_in.index).fillna(0.0)).rename("available")
    by_unit = by_unit.merge(available.reset_index(), on=_PAIR, how="inner", validate="m:1")
    by_unit = by_unit[by_unit["available"] > 0]
    by_unit = by_unit.assign(total=by_unit.groupby(_PAIR)["used"].transform("sum"))
    total = by_unit["total"]
    limit = 1 + findings.tolerance("unit_sum_mismatch") / 100
    over = by_unit[total > by_unit["available"] * limit].drop_duplicates(_PAIR)
    found = [
        findings.raw("unit_sum_mismatch", table="energy", enterprise_id=o.enterprise_id, field=o.carrier,
        seen=findings.number(o.total), expected=findings.number(o.available))
        for o in over.itertuples()
    ]  # fmt: skip
    by_unit["share"] = by_unit["used"] / total.where(total > by_unit["available"], by_unit["available"])
    rest = 1 - by_unit.groupby(_PAIR)["share"].sum()
    rest = rest[rest > 1e-9].rename("share").reset_index().assign(unit_id="")
    shares = pd.concat([by_unit[[*_PAIR, "unit_id", "share"]], rest])
    parts = rows[spread].drop(columns="unit_id").merge(shares, on=_PAIR, how="left", validate="m:m")
    parts["unit_id"], parts["share"] = parts["unit_id"].fillna(""), parts["share"].fillna(1.0)
    for column in TOTALS:
        parts[column] = parts[column] * parts["share"]
    whole = pd.concat([rows[~spread], parts.drop(columns="share")], ignore_index=True)
    assert abs(whole["tco2e"].sum() - rows["tco2e"].sum()) <= 1e-6 * max(1.0, rows["tco2e"].abs().sum())
    return whole, found
