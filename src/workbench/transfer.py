"""Emissions that happen at the supplier: a memo of them, and purchases that rise while a firm's own emissions fall.

The memo (GHG Protocol scope 3, categories 1 and 3) never enters a total. Factors: `data/factors/upstream.csv`, read ones only; a
carrier or material without one stays blank and is listed.
"""

from __future__ import annotations

import pandas as pd

from workbench import dictionary, findings, units

BOUGHT = [
    "enterprise_id", "material", "flow", "quantity", "unit", "counterparty", "internal", "upstream_tco2e", "upstream_factor_id",
    "upstream_region",
]  # fmt: skip
FLAGS = [
    "enterprise_id", "item", "unit", "amount_before", "amount_now", "rise", "rise_pct", "own_before_tco2e", "own_now_tco2e",
    "own_fall_tco2e", "own_fall_pct", "factor_tco2e_per_unit", "moved_tco2e", "product", "output_before", "output_now", "flagged",
    "reason",
]  # fmt: skip
_FUELS = ("combustion", "fuel_handed_on")
_ENERGY = ("purchased_electricity", "purchased_heat")
_FACTOR = ["code", "upstream_factor_id", "upstream_region", "_value", "_per"]


def factors(codes: list[str], country: str, year: int) -> pd.DataFrame:
    """The upstream factor of each code (carrier, process or material): of the country, else of the world, else of another region.

    Power of one country never stands for another's (`proxy` 0). Of several years the nearest. Columns: code, upstream_factor_id,
    upstream_region, _value (tCO2e per _per), _per (unit). Codes without a factor are left out.
    """
    table = dictionary.read_table("factors/upstream")
    table["code"] = table["applies_to"].str.split(";")
    table = table.explode("code")
    table = table[table["code"].isin(codes) & (table["region"].eq(country) | table["proxy"].eq("1"))]
    split = [unit.partition("/") for unit in table["unit"]]
    table["_per"] = [part[2] for part in split]
    table["_value"] = pd.to_numeric(table["value"]) * [units.factor(part[0], "tCO2e") for part in split]
    table["_far"] = table["region"].map({country: 0, "world": 1}).fillna(2)
    table["_years"] = (pd.to_numeric(table["year"], errors="coerce") - year).abs().fillna(0)
    table = table.sort_values(["code", "_far", "_years", "factor_id"]).drop_duplicates("code")
    table = table.rename(columns={"factor_id": "upstream_factor_id", "region": "upstream_region"})
    return table[_FACTOR].reset_index(drop=True)


def upstream(rows: pd.DataFrame, country: str, year: int) -> pd.DataFrame:
    """Inventory rows with the memo of what happened before the gate: upstream_tco2e, upstream_factor_id, upstream_region.

    Fuels (also those handed on, negative), power and heat bought outside, and materials filed as process inputs. Power and heat of
    another member have no upstream of their own: the fuel behind them carries it in that member's rows. Blank = no factor.
    """
    made = rows.drop(columns=["upstream_tco2e", "upstream_factor_id", "upstream_region"], errors="ignore")
    table = factors(made["carrier"].dropna().unique().tolist(), country, year)
    wanted = _counted(made) | (made["source"].eq("process") & made["carrier"].isin(table["code"]))
    keyed = made["carrier"].where(wanted, "")
    out = made.assign(code=keyed).merge(table, on="code", how="left", validate="m:1").set_axis(made.index)
    out["upstream_tco2e"] = _amount(out, out["_per"]) * out["_value"]
    for column in ("upstream_factor_id", "upstream_region"):
        out[column] = _text(out[column].where(out["upstream_tco2e"].notna()))
    return out.drop(columns=["code", "_value", "_per"])


def _counted(rows: pd.DataFrame) -> pd.Series:
    outside = rows["source"].isin(_ENERGY) & rows["internal"].eq(0) & rows["carrier"].ne("waste_heat")
    return rows["source"].isin(_FUELS) | outside


def _amount(rows: pd.DataFrame, per: pd.Series) -> pd.Series:
    """Activity of each row in the factor's unit; energy in the row's GJ where the factor counts energy."""
    sizes, energy = [], []
    for own, unit in zip(_text(rows["activity_unit"]), _text(per), strict=True):
        heat = units.dimension(unit) == "energy"
        energy.append(heat)
        sizes.append(units.factor("GJ", unit) if heat else units.factor(own, unit))
    base = rows["energy_gj"].where(pd.Series(energy, index=rows.index, dtype=bool), rows["activity"])
    return base * pd.Series(sizes, index=rows.index, dtype=float)


def _text(column: pd.Series) -> pd.Series:
    """A column that may be all blank, as text."""
    return column.astype(object).fillna("")


def bought(materials: pd.DataFrame, enterprises: pd.DataFrame, country: str, year: int) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Materials bought in the year with their memo (BOUGHT); tonnes of CO2e. `internal` 1 = from a member of the cluster.

    Sales are listed without a memo: they are no deduction from it.
    """
    rows = materials[materials["year"] == year].copy()
    if rows.empty:
        return pd.DataFrame(columns=BOUGHT), []
    rows["counterparty"] = rows["counterparty"].fillna("") if "counterparty" in rows else ""
    rows = rows.set_index("row") if "row" in rows else rows
    size = pd.Series([units.factor(u, "t") for u in rows["unit"]], index=rows.index, dtype=float)
    bad = rows[size.isna()]
    place = {"table": "materials", "field": "unit"}
    found = [findings.raw("unit_mismatch", bad, **place, seen=bad["unit"], expected="t")] if len(bad) else []
    rows["quantity"] = rows["quantity"] * size
    rows = rows[size.notna()]
    key = ["enterprise_id", "material", "flow", "counterparty"]
    made = rows.groupby(key, sort=True)["quantity"].sum().reset_index().assign(unit="t")
    made["internal"] = made["counterparty"].isin(set(enterprises["enterprise_id"])).astype(int)
    table = factors(made["material"].unique().tolist(), country, year)
    made = made.merge(table, left_on="material", right_on="code", how="left", validate="m:1")
    sizes = pd.Series([units.factor("t", p) for p in _text(made["_per"])], index=made.index, dtype=float)
    made["upstream_tco2e"] = (made["quantity"] * made["_value"] * sizes).where(made["flow"] == "purchase")
    for column in ("upstream_factor_id", "upstream_region"):
        made[column] = _text(made[column].where(made["upstream_tco2e"].notna()))
    return made[BOUGHT], found


def missing(rows: pd.DataFrame, goods: pd.DataFrame | None = None) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """What the memo lacks: code, rows, tco2e (of the inventory rows concerned), and one finding for each code.

    `rows` from `upstream`, `goods` from `bought`.
    """
    lost = rows[_counted(rows) & rows["upstream_tco2e"].isna()]
    out = lost.groupby("carrier", sort=True).agg(rows=("carrier", "size"), tco2e=("tco2e", "sum")).reset_index(names="code")
    if goods is not None and len(goods):
        none = goods[(goods["flow"] == "purchase") & goods["upstream_tco2e"].isna()]
        more = none.groupby("material", sort=True).size().rename("rows").reset_index().rename(columns={"material": "code"})
        out = pd.concat([out, more], ignore_index=True) if len(more) else out
    return out, [findings.raw("upstream_missing", table="energy", field="carrier", seen=code) for code in out["code"]]


def purchases(rows: pd.DataFrame, goods: pd.DataFrame, country: str, year: int) -> pd.DataFrame:
    """What each enterprise bought of the watched items: enterprise_id, item, amount (t, MWh, GJ), tco2e elsewhere.

    Items: `data/transfer_items.csv`. For power and heat tco2e is scope 2 with its upstream; for goods the upstream factor alone;
    it is blank where a factor is missing. `rows` from `upstream`, `goods` from `bought`.
    """
    items = _items()
    energy = rows["source"].isin(_ENERGY)
    own = rows[energy | rows["source"].isin(("combustion", "process"))].assign(code=lambda f: f["carrier"])
    own = own.merge(items, on="code", how="inner", validate="m:1")
    own["amount"] = _amount(own, own["item_unit"])
    own["elsewhere"] = own["upstream_tco2e"].where(~own["source"].isin(_ENERGY), own["tco2e"] + own["upstream_tco2e"].fillna(0.0))
    more = goods[goods["flow"] == "purchase"].rename(columns={"material": "code"}).merge(items, on="code", validate="m:1")
    more = more.assign(amount=more["quantity"], elsewhere=more["upstream_tco2e"])
    both = pd.concat([part for part in (own, more) if len(part)] or [own], ignore_index=True)
    both["known"] = both["elsewhere"].notna()
    out = both.groupby(["enterprise_id", "item", "item_unit"], sort=True).agg(
        amount=("amount", "sum"), tco2e=("elsewhere", "sum"), known=("known", "all")
    )
    out = out.reset_index().rename(columns={"item_unit": "unit"})
    out["tco2e"] = out["tco2e"].where(out.pop("known"))
    return out[out["amount"] > 0].reset_index(drop=True)


def _items() -> pd.DataFrame:
    table = dictionary.read_table("transfer_items")[["item", "applies_to", "unit"]].rename(columns={"unit": "item_unit"})
    return table.assign(code=table.pop("applies_to").str.split(";")).explode("code")


def flags(
    rows_now: pd.DataFrame,
    rows_before: pd.DataFrame,
    bought_now: pd.DataFrame,
    bought_before: pd.DataFrame,
    products_now: pd.DataFrame | None = None,
    products_before: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Each watched purchase of two years beside the enterprise's own (scope 1) emissions; FLAGS, one row an enterprise and item.

    `bought_*` come from `purchases`. Where both years file one and the same product, the earlier year is scaled to this year's
    output. Both years are valued at this year's factor, so that a new factor is no rise. Flagged when the purchase rises and own
    emissions fall by more than the thresholds; `reason`: flagged, no_rise, no_fall, small.
    """
    if rows_now.empty or rows_before.empty or (bought_now.empty and bought_before.empty):
        return pd.DataFrame(columns=FLAGS), []
    key = ["enterprise_id", "item", "unit"]
    table = bought_now.merge(bought_before, on=key, how="outer", suffixes=("_now", "_before"), validate="1:1")
    table = table.astype(dict.fromkeys(["amount_now", "amount_before", "tco2e_now", "tco2e_before"], float))
    table = table.fillna({"amount_now": 0.0, "amount_before": 0.0})
    for name, rows in (("now", rows_now), ("before", rows_before)):
        own = rows[rows["scope"] == 1].groupby("enterprise_id")["tco2e"].sum()
        seen = table["enterprise_id"].isin(set(rows["enterprise_id"]))
        table[f"own_{name}_tco2e"] = table["enterprise_id"].map(own).astype(float).fillna(0.0).where(seen)
    table = _to_output(table, products_now, products_before)
    table["factor_tco2e_per_unit"] = (table["tco2e_now"] / table["amount_now"]).where(table["amount_now"] > 0)
    table["rise"] = table["amount_now"] - table["amount_before"]
    table["rise_pct"] = (table["rise"] / table["amount_before"] * 100).where(table["amount_before"] > 0)
    table["own_fall_tco2e"] = table["own_before_tco2e"] - table["own_now_tco2e"]
    table["own_fall_pct"] = (table["own_fall_tco2e"] / table["own_before_tco2e"] * 100).where(table["own_before_tco2e"] > 0)
    table["moved_tco2e"] = table["rise"] * table["factor_tco2e_per_unit"]
    rises, falls = table["rise"] > 0, table["own_fall_tco2e"] > 0
    much = table["rise_pct"].fillna(float("inf")) >= dictionary.threshold("transfer_purchase_rise_pct")
    deep = table["own_fall_pct"] >= dictionary.threshold("transfer_own_fall_pct")
    table["flagged"] = (rises & falls & much & deep).astype(int)
    table["reason"] = pd.Series("small", table.index).mask(~falls, "no_fall").mask(~rises, "no_rise")
    table["reason"] = table["reason"].mask(table["flagged"] == 1, "flagged")
    table = table.sort_values(["flagged", "moved_tco2e", "enterprise_id", "item"], ascending=[False, False, True, True])
    table = table.reindex(columns=FLAGS).reset_index(drop=True)
    hit = table[table["flagged"] == 1]
    said = {"seen": hit["moved_tco2e"].map(findings.number), "expected": hit["own_fall_tco2e"].map(findings.number)}
    return table, [findings.raw("hidden_transfer", hit, table="energy", row="", field=hit["item"], **said)] if len(hit) else []


def _to_output(table: pd.DataFrame, now: pd.DataFrame | None, before: pd.DataFrame | None) -> pd.DataFrame:
    """The earlier year at this year's output, for enterprises that file one product in one unit in both years."""
    table = table.assign(product="", output_now=float("nan"), output_before=float("nan"))
    if now is None or before is None:
        return table
    key = ["enterprise_id", "product", "unit"]
    made = _single(now).merge(_single(before), on=key, suffixes=("_now", "_before"), validate="1:1")
    made = made.set_index("enterprise_id")
    known = table["enterprise_id"].isin(made.index)
    table["product"] = table["enterprise_id"].map(made["product"]).where(known, "")
    for name in ("now", "before"):
        table[f"output_{name}"] = table["enterprise_id"].map(made[f"quantity_{name}"])
    scale = (table["output_now"] / table["output_before"]).fillna(1.0)
    for column in ("amount_before", "own_before_tco2e"):
        table[column] = table[column] * scale
    return table


def _single(products: pd.DataFrame) -> pd.DataFrame:
    made = products.groupby(["enterprise_id", "product", "unit"], sort=True)["quantity"].sum().reset_index()
    return made[~made["enterprise_id"].duplicated(keep=False) & (made["quantity"] > 0)]
