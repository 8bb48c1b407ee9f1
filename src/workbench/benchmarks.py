"""Energy per unit of product against published levels, against peers, and where emissions concentrate.

Levels: 标杆 (benchmark) and 基准 (baseline) of 发改产业〔2023〕723号 and its 2021 edition; levels 1 to 3 of the GB limit standards.
Lower is better, also below zero (a converter that recovers more than it uses). Corrections come before the comparison.
"""

from __future__ import annotations

import pandas as pd

from workbench import dictionary, findings, units

LEVELS = ["benchmark_level", "baseline_level", "gb_level_1", "gb_level_2", "gb_level_3"]
COLUMNS = [
    "enterprise_id", "unit_id", "product", "benchmark", "indicator", "unit", "output", "output_unit", "actual_filed", "correction",
    "actual", *LEVELS, "reference", "reference_value", "limit_value", "position", "gb_level", "must_act", "potential_tce",
    "leading", "remembered", "whole_site", "standard", "note", "reason",
]  # fmt: skip
_MADE = ["enterprise_id", "unit_id", "benchmark", "unit"]
_PEERS = ["sector", "kind", "product", "numerator", "unit"]


def standards() -> pd.DataFrame:
    """Levels of each benchmark product and indicator, one row each.

    Columns: benchmark (code), indicator, unit, LEVELS, standard, note, pair_remembered, gb_remembered (1 = not read in a source),
    counts (energy | electricity | coal), place (site | unit).
    """
    table = dictionary.read_table("benchmarks")
    table[LEVELS] = table[LEVELS].apply(pd.to_numeric)
    code = table["benchmark_id"].str.split(":").str[:2].str.join(":")
    table["benchmark"] = code.map(_synonyms()).fillna(code)
    remembered = table["confidence"].eq("remembered")
    pair = table["benchmark_level"].notna()
    table["pair_remembered"] = (remembered & pair).astype(int)
    table["gb_remembered"] = (remembered & ~pair).astype(int)
    key = ["benchmark", "indicator", "unit"]
    parts = dict.fromkeys(LEVELS, "first") | {"pair_remembered": "max", "gb_remembered": "max"}
    parts |= {"standard": lambda s: "; ".join(dict.fromkeys(s)), "note": lambda s: "; ".join(dict.fromkeys(filter(None, s)))}
    out = table.groupby(key, sort=True).agg(parts).reset_index()
    kinds = dictionary.read_table("benchmark_indicators")[["indicator", "counts", "place"]]
    return out.merge(kinds, on="indicator", how="left", validate="m:1")


def _synonyms() -> dict[str, str]:
    words = dictionary.read_table("product_benchmarks")
    return dict(zip(words["word"].map(_plain), words["benchmark"], strict=True))


def _plain(word: object) -> str:
    return "".join(str(word).casefold().split())


def match(products: pd.DataFrame, year: int) -> pd.DataFrame:
    """What was made in the year and the benchmark product it is compared with: the filed code, else an unambiguous name, else ''.

    Columns: enterprise_id, unit_id, benchmark, product, unit (t for every mass), output (in that unit), correction (per unit of
    product, weighted by output).
    """
    rows = products[products["year"] == year].copy()
    for column in ("unit_id", "benchmark", "product", "unit"):
        rows[column] = rows[column].fillna("").astype(str).str.strip() if column in rows else ""
    wanted = rows["benchmark"].where(rows["benchmark"] != "", rows["product"]).map(_plain)
    codes = {_plain(code): code for code in standards()["benchmark"]}
    rows["benchmark"] = wanted.map(codes | _synonyms()).fillna("")
    tonnes = pd.Series([units.factor(unit, "t") for unit in rows["unit"]], index=rows.index, dtype=float)
    rows["quantity"] = pd.to_numeric(rows["quantity"], errors="coerce").fillna(0.0) * tonnes.fillna(1.0)
    rows["unit"] = rows["unit"].mask(tonnes.notna(), "t")
    filed = rows["benchmark_correction"] if "benchmark_correction" in rows else pd.Series(0.0, rows.index)
    rows["weighted"] = pd.to_numeric(filed, errors="coerce").fillna(0.0) * rows["quantity"]
    key = [*_MADE, "product"]
    made = rows.groupby(key, sort=True)[["quantity", "weighted"]].sum().reset_index().rename(columns={"quantity": "output"})
    made["correction"] = (made.pop("weighted") / made["output"]).where(made["output"] > 0, 0.0)
    return made[["enterprise_id", "unit_id", "benchmark", "product", "unit", "output", "correction"]]


def positions(
    rows: pd.DataFrame, products: pd.DataFrame, year: int, units_table: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Each product against its levels; what cannot be compared stands there with its `reason`.

    `rows` is the inventory; a product tied to a unit takes the rows of that unit and of those inside it (`units_table`), any
    other the whole site, if the enterprise makes nothing else. `reference` says which levels judge: the policy's pair, unless it
    was only remembered and the GB levels were read. position: better (at or below the reference), between, below (worse than the
    baseline or the limit: must act). potential_tce = max(0, actual - reference) x output; `leading` marks the one indicator of a
    product whose potential may be added up. `reason`: no_benchmark, no_output, several_products, other_unit, no_energy or ''.
    """
    made = match(products, year)
    made["kind"] = made["benchmark"].where(made["benchmark"] != "", made["product"])
    # Energy can be told apart by unit, or where a site makes one thing measured in one way.
    sites = made.groupby("enterprise_id")
    made["alone"] = sites["kind"].transform("nunique").eq(1) & sites["unit"].transform("nunique").eq(1)
    made["weighted"] = made["correction"] * made["output"]
    whole = made.groupby([*_MADE, "kind", "alone"], sort=True).agg(
        product=("product", lambda s: "; ".join(s)), output=("output", "sum"), weighted=("weighted", "sum")
    )
    whole["correction"] = (whole["weighted"] / whole["output"]).where(whole["output"] > 0, 0.0)
    table = whole.reset_index().merge(standards(), on="benchmark", how="left", suffixes=("_made", ""), validate="m:m")
    if table.empty:
        return pd.DataFrame(columns=COLUMNS), []
    table = _actual(table, rows, units_table)
    table = _judge(table)
    table = table.sort_values(["enterprise_id", "product", "unit_id", "leading", "indicator"], ascending=[True] * 3 + [False, True])
    return table.reindex(columns=COLUMNS).reset_index(drop=True), _told(table)


def _actual(table: pd.DataFrame, rows: pd.DataFrame, units_table: pd.DataFrame | None) -> pd.DataFrame:
    """Indicator of each product from the inventory, or the reason why there is none."""
    table["unit"] = table["unit"].fillna("").astype(str)
    parts = [unit.partition("/") for unit in table["unit"]]
    numerator, table["output_unit"] = [p[0] for p in parts], [p[2] for p in parts]
    pairs = zip(table["unit_made"], table["output_unit"], strict=True)
    size = pd.Series([1.0 if a == b != "" else units.factor(a, b) for a, b in pairs], index=table.index, dtype=float)
    table["output"] = table["output"] * size.where(table["output_unit"] != "", 1.0)
    inside = _inside(units_table)
    amounts = [
        _amount(rows, e, inside.get(u, {u}) if u else None, c)
        for e, u, c in table[["enterprise_id", "unit_id", "counts"]].itertuples(index=False, name=None)
    ]
    table["_gj"] = pd.Series(amounts, index=table.index, dtype=float)
    per_gj = pd.Series([units.factor("GJ", n) for n in numerator], index=table.index, dtype=float)
    table["_tce_per"] = pd.Series([units.factor(n, "tce") for n in numerator], index=table.index, dtype=float)
    table["reason"] = ""
    for reason, hit in (
        ("no_energy", table["_gj"].isna()),
        ("several_products", ~table["alone"] & table["unit_id"].eq("")),
        ("other_unit", size.isna() | per_gj.isna()),
        ("no_output", ~(table["output"] > 0) & size.notna()),
        ("no_benchmark", table["benchmark"].eq("") | table["indicator"].isna()),
    ):
        table["reason"] = table["reason"].mask(hit, reason)
    energy = table["counts"].eq("energy")
    some = energy.groupby([table["enterprise_id"], table["benchmark"]]).transform("any")
    table["correction"] = table["correction"].where(energy | ~some, 0.0)
    table["actual_filed"] = (table["_gj"] * per_gj / table["output"]).where(table["reason"] == "")
    table["actual"] = (table["actual_filed"] + table["correction"]).round(9)  # exactly at a level is at the level
    table["whole_site"] = (table["place"].eq("unit") & table["unit_id"].eq("") & table["reason"].eq("")).astype(int)
    return table


def _inside(units_table: pd.DataFrame | None) -> dict[str, set[str]]:
    """Each unit with all units inside it, at any depth."""
    if units_table is None or units_table.empty or "parent_unit" not in units_table:
        return {}
    parent = dict(zip(units_table["unit_id"], units_table["parent_unit"].fillna(""), strict=True))
    inside: dict[str, set[str]] = {unit: {unit} for unit in parent}
    for unit in parent:
        above, seen = parent[unit], {unit}
        while above and above not in seen:
            inside.setdefault(above, {above}).add(unit)
            seen.add(above)
            above = parent.get(above, "")
    return inside


def _amount(rows: pd.DataFrame, enterprise: str, unit_ids: set[str] | None, counts: object) -> float | None:
    """GJ of the rows that count: comprehensive energy (from tce, so that recovered heat stays out), power, or coal.

    Energy used as feedstock stands apart from tce in `feedstock_gj`; the standards count it in the energy of a product (GB/T 2589).
    """
    mine = rows[rows["enterprise_id"] == enterprise]
    if unit_ids is not None:
        mine = mine[mine["unit_id"].isin(unit_ids)]
    carriers = dictionary.carriers()
    if counts == "electricity":
        mine = mine[mine["carrier"] == "electricity"]
    elif counts == "coal":
        mine = mine[mine["carrier"].map(carriers["family"]).eq("coal")]
    known = mine["tce"].fillna(0.0) * units.GJ_PER_TCE
    if counts == "energy" and "feedstock_gj" in mine:
        known = known + mine["feedstock_gj"].fillna(0.0)
    return float(known.sum()) if known.ne(0).any() else None


def _judge(table: pd.DataFrame) -> pd.DataFrame:
    """Levels that judge, position, level of the standard, potential."""
    pair, gb = table["benchmark_level"].notna(), table["gb_level_1"].notna()
    policy = pair & ~(table["pair_remembered"].eq(1) & gb & table["gb_remembered"].eq(0))
    table["reference"] = policy.map({True: "policy", False: "gb"}).where(pair | gb, "")
    table["reference_value"] = table["benchmark_level"].where(policy, table["gb_level_1"])
    table["limit_value"] = table["baseline_level"].where(policy, table["gb_level_3"])
    table["remembered"] = table["pair_remembered"].where(policy, table["gb_remembered"]).fillna(0).astype(int)
    known = table["actual"].notna() & table["reference_value"].notna()
    better, below = table["actual"] <= table["reference_value"], table["actual"] > table["limit_value"]
    table["position"] = pd.Series("between", table.index).mask(better, "better").mask(below, "below").where(known, "")
    table["gb_level"] = _gb_level(table).where(gb & known)
    table["must_act"] = (below & known).astype(int)
    over = (table["actual"] - table["reference_value"]).clip(lower=0)
    table["potential_tce"] = over * table["output"] * table["_tce_per"]
    order = table.assign(rank=table["counts"].map({"energy": 0, "electricity": 1, "coal": 2}))
    first = (
        order[known]
        .sort_values(["rank", "whole_site", "indicator"])
        .drop_duplicates(["enterprise_id", "unit_id", "benchmark"])
        .index
    )
    table["leading"] = table.index.isin(first).astype(int)
    return table


def _gb_level(table: pd.DataFrame) -> pd.Series:
    """The best level of the standard that is reached, 0 for none; a level the standard leaves blank cannot be reached."""
    level = pd.Series(0.0, table.index)
    for number in (3, 2, 1):
        level = level.mask(table["actual"] <= table[f"gb_level_{number}"], float(number))
    return level


def _told(table: pd.DataFrame) -> list[pd.DataFrame]:
    place = {"table": "products", "row": ""}
    table = table.assign(field=table["indicator"].fillna("product"))
    once = table.drop_duplicates(["enterprise_id", "unit_id", "product"])
    unknown = int(once["reason"].eq("no_benchmark").sum())
    found = [findings.raw("benchmark_missing", **place, field="product", seen=unknown)] if unknown else []
    for check in ("several_products", "other_unit", "no_energy"):
        rows = once[once["reason"] == check]
        expected = rows["unit_made"]
        found.append(findings.raw(f"benchmark_{check}", rows, **place, field="product", seen=rows["product"], expected=expected))
    read = table[table["reason"] == ""]
    recalled, worse = read[read["remembered"] == 1], read[read["must_act"] == 1]
    limit = worse["limit_value"].map(findings.number).astype(str) + " " + worse["unit"]
    seen = worse["product"] + ": " + worse["actual"].map(findings.number).astype(str) + " " + worse["unit"]
    found.append(findings.raw("benchmark_remembered", recalled, **place, field=recalled["field"], seen=recalled["product"]))
    found.append(findings.raw("below_baseline", worse, **place, field=worse["field"], seen=seen, expected=limit))
    return [part for part in found if len(part)]


def intensities(rows: pd.DataFrame, enterprises: pd.DataFrame, products: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Emissions and energy of each enterprise per value added, output value, site area, employee and product, as far as filed.

    Columns: enterprise_id, kind, product ('' unless kind is product), numerator (tco2e | tce), denominator (its amount), value,
    unit. Money in millions, area in 1000 m2; a product only where the enterprise makes one product in one unit.
    """
    firms = enterprises.drop_duplicates("enterprise_id").set_index("enterprise_id")
    parts = []
    for kind, column, size, unit in (
        ("value_added", "value_added", 1e6, f"million {currency} of value added"),
        ("output_value", "output_value", 1e6, f"million {currency} of output value"),
        ("area", "area_m2", 1e3, "1000 m2"),
        ("employee", "employees", 1.0, "person"),
    ):
        if column in firms:
            amount = pd.to_numeric(firms[column], errors="coerce") / size
            parts.append(pd.DataFrame({"kind": kind, "product": "", "denominator": amount, "per": unit}).reset_index())
    made = products.groupby(["enterprise_id", "product", "unit"], sort=True)["quantity"].sum().reset_index()
    made = made[~made["enterprise_id"].duplicated(keep=False)]
    parts.append(made.rename(columns={"quantity": "denominator", "unit": "per"}).assign(kind="product"))
    base = pd.concat(parts, ignore_index=True)
    base = base[base["denominator"] > 0]
    totals = rows.groupby("enterprise_id")[["tco2e", "tce"]].sum().reset_index()
    totals = totals.melt("enterprise_id", var_name="numerator", value_name="total")
    out = base.merge(totals, on="enterprise_id", how="inner", validate="m:m")
    out["value"] = out["total"] / out["denominator"]
    out["unit"] = out["numerator"].map({"tco2e": "tCO2e", "tce": "tce"}) + " per " + out["per"].astype(str)
    out = out.sort_values(["enterprise_id", "kind", "numerator"]).reset_index(drop=True)
    return out[["enterprise_id", "kind", "product", "numerator", "denominator", "value", "unit"]]


def peers(table: pd.DataFrame, enterprises: pd.DataFrame) -> pd.DataFrame:
    """Percentile of each intensity among the enterprises of its sector: 0 the lowest, 100 the highest, ties at their mean rank.

    `table` comes from `intensities`; added: sector, peers (how many are compared, itself included), percentile (blank below the
    least number of peers), least_peers, sector_median.
    """
    out = table.copy()
    sector = enterprises.drop_duplicates("enterprise_id").set_index("enterprise_id")["sector"]
    out["sector"] = out["enterprise_id"].map(sector).fillna("").astype(str).str.strip()
    groups = out.groupby(_PEERS, sort=False)["value"]
    out["peers"] = groups.transform("count").astype(int)
    least = int(dictionary.threshold("least_peers"))
    enough = (out["peers"] >= least) & (out["sector"] != "")
    out["percentile"] = ((groups.rank(method="average") - 1) / (out["peers"] - 1).clip(lower=1) * 100).where(enough)
    out["sector_median"] = groups.transform("median").where(enough)
    return out.assign(least_peers=least)


def key_sources(rows: pd.DataFrame, share_pct: float | None = None) -> pd.DataFrame:
    """Sources that together reach `share_pct` of gross emissions (before sales are deducted), largest first.

    Columns: rank, enterprise_id, source, carrier, tco2e, share_pct, cumulative_pct, key (1 = needed to reach the share).
    """
    limit = dictionary.threshold("key_sources_share_pct") if share_pct is None else share_pct
    sums = rows.groupby(["enterprise_id", "source", "carrier"], sort=True)["tco2e"].sum().reset_index()
    sums = sums[sums["tco2e"] > 0].sort_values(["tco2e", "enterprise_id", "source", "carrier"], ascending=[False, True, True, True])
    out = sums.reset_index(drop=True)
    out.insert(0, "rank", range(1, len(out) + 1))
    out["share_pct"] = out["tco2e"] / out["tco2e"].sum() * 100
    out["cumulative_pct"] = out["share_pct"].cumsum()
    # What stands before a source decides, so that the one which crosses the line is a key source; rounding keeps 80.0 at 80.
    out["key"] = ((out["cumulative_pct"] - out["share_pct"]).round(9) < limit).astype(int)
    return out
