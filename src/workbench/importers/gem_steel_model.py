"""Steel works from tracker rows: output, then energy, process activity, products and units by cited intensities.

A works is one or more tracker rows with the same id root (an expansion carries `-1`). By-product gases circulate inside a
works and are not filed: their carbon is counted once, where coke and coal enter. Without coke ovens in the tracker, coke is
bought.
"""

import pandas as pd

from workbench import dictionary

CAPACITIES = ["steel_kt", "bof_kt", "eaf_kt", "bf_kt", "sinter_kt", "coke_kt", "pellet_kt"]
UNIT_KINDS = {
    "blast_furnace": ("BF", "Blast furnaces", "bf_kt", "coke"),
    "converter": ("BOF", "Converters", "bof_kt", ""),
    "arc_furnace": ("EAF", "Electric arc furnaces", "eaf_kt", "electricity"),
    "sinter_plant": ("SIN", "Sinter plant", "sinter_kt", "coke"),
    "pellet_plant": ("PEL", "Pellet plant", "pellet_kt", ""),
    "coke_oven": ("COK", "Coke ovens", "coke_kt", "washed_coal"),
}
FILED = {"kWh": ("MWh", 1e-3, 0), "Nm3": ("10^4 Nm3", 1e-4, 2)}  # unit of the intensity → unit filed, size, decimals
KT = 1000.0


def intensities(bound: str = "quantity") -> pd.DataFrame:
    """`data/steel_intensities.csv` with `quantity` as number: the central value, or `low` / `high` where they are given."""
    table = dictionary.read_table("steel_intensities")
    central = pd.to_numeric(table["quantity"])
    chosen = central if bound == "quantity" else pd.to_numeric(table[bound]).fillna(central)
    return table.assign(quantity=chosen)


def utilisation_pct(year: int) -> float | None:
    """Share of capacity used in China's ferrous smelting in that year, %; None where none was read."""
    rows = intensities().set_index("intensity_id")["quantity"]
    return float(rows[f"utilisation:{year}"]) if f"utilisation:{year}" in rows.index else None


def works_of(members: pd.DataFrame, outputs: pd.DataFrame, year: int, used_pct: float) -> pd.DataFrame:
    """One row a works: names, place, capacities in kt/yr, output in t, `basis` (tracker | modelled).

    Output is the tracker's where it gives one for the year, else capacity x `used_pct`; where converter and electric steel
    are not told apart, all steel is converter steel.
    """
    rows = members.merge(outputs[outputs["year"] == year], on="plant_id", how="left", suffixes=("", "_out"), validate="1:1")
    share = used_pct / 100
    rows["bof_kt"] = rows["bof_kt"].mask(rows["mixed"], rows["steel_kt"])
    rows["eaf_kt"] = rows["eaf_kt"].mask(rows["mixed"])
    split = rows[["bof_kt_out", "eaf_kt_out"]].notna().any(axis=1)
    whole = rows["steel_kt_out"].where(rows["steel_kt_out"].notna() & ~split)
    electric = rows["eaf_kt"].fillna(0) / rows[["bof_kt", "eaf_kt"]].fillna(0).sum(axis=1)
    given = split | whole.notna()
    for kind, part in (("bof", 1 - electric), ("eaf", electric)):
        stated = rows[f"{kind}_kt_out"].fillna(whole * part)
        rows[f"crude_steel_{kind}"] = stated.where(given, rows[f"{kind}_kt"] * share).fillna(0.0) * KT
    rows["iron_given"], rows["given"] = rows["iron_kt"] * KT, given
    rows["enterprise_id"] = rows["plant_id"].str.replace(r"-\d+$", "", regex=True)
    rows = rows.sort_values("plant_id")
    first = rows.groupby("enterprise_id", sort=True)
    out = first[["name", "name_zh", "lon", "lat", "province"]].first()
    out = out.join(first[[*CAPACITIES, "employees", "crude_steel_bof", "crude_steel_eaf", "iron_given"]].sum(min_count=1))
    out = out.join(first.agg(mixed=("mixed", "any"), given=("given", "any"), start_year=("start_year", "min")))
    out = out.assign(tracker_rows=first["plant_id"].agg(", ".join), equipment=first["equipment"].agg("; ".join))
    out["basis"] = out["given"].map({True: "tracker", False: "modelled"})
    return out.reset_index()


def volumes(works: pd.DataFrame, used_pct: float, table: pd.DataFrame) -> pd.DataFrame:
    """`works` with t/yr of hot_metal, pig_iron_bought, pig_iron_sold, sinter, coke, coke_own and rolled_steel_eaf."""
    ratio = table.set_index("intensity_id")["quantity"]
    need = works["crude_steel_bof"] * ratio["converter:hot_metal"]
    has_iron = works["bf_kt"].fillna(0) > 0
    steel = works[["crude_steel_bof", "crude_steel_eaf"]].sum(axis=1)
    sold = (works["bf_kt"].fillna(0) * KT * used_pct / 100).where(steel == 0, 0.0)
    made = works["iron_given"].where(works["iron_given"] > 0).fillna(need.where(has_iron, 0.0) + sold)
    sinter = made * ratio["blast_furnace:sinter"]
    coke = made * ratio["blast_furnace:coke"] + sinter * ratio["sintering:coke"]
    own = (works["coke_kt"].fillna(0) * KT * used_pct / 100).clip(upper=coke)
    return works.assign(
        hot_metal=made, pig_iron_bought=need.where(~has_iron, 0.0), pig_iron_sold=sold, sinter=sinter, coke=coke, coke_own=own,
        rolled_steel_eaf=works["crude_steel_eaf"] * ratio["rolling:rolled_steel"],
    )  # fmt: skip


def activity(works: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Each intensity times its volume: enterprise_id, unit_id, carrier, role, quantity, unit, intensity_id, per, volume_t."""
    per = [name for name in table["per"].unique() if name in works.columns]
    bought = 1 - (works["coke_own"] / works["coke"].where(works["coke"] > 0)).fillna(0.0)
    long = works.assign(bought=bought).melt(["enterprise_id", "bought"], per, var_name="per", value_name="volume_t")
    used = table[table["role"].isin(["energy", "process"])]
    rows = long[long["volume_t"] > 0].merge(used, on="per", how="inner", validate="m:m")
    rows["quantity"] = rows["quantity"] * rows["volume_t"] * rows["bought"].where(rows["carrier"] == "coke", 1.0)
    code = rows["unit_kind"].map({kind: parts[0] for kind, parts in UNIT_KINDS.items()})
    rows["unit_id"] = (rows["enterprise_id"] + "-" + code).fillna("")
    size = rows["unit"].map({unit: parts[1] for unit, parts in FILED.items()}).astype(float).fillna(1.0)
    rows["quantity"] = rows["quantity"] * size
    rows["unit"] = rows["unit"].replace({unit: parts[0] for unit, parts in FILED.items()})
    return rows[rows["quantity"] > 0].sort_values(["enterprise_id", "unit_id", "carrier", "intensity_id"]).reset_index(drop=True)


def filed(rows: pd.DataFrame, role: str, year: int) -> pd.DataFrame:
    """Rows of one role, summed over the intensities of a unit and carrier, in the columns both ledgers share."""
    mine = rows[rows["role"] == role]
    keys = ["enterprise_id", "unit_id", "carrier", "unit"]
    out = mine.groupby(keys, sort=True).agg(quantity=("quantity", "sum"), used=("intensity_id", " + ".join)).reset_index()
    gas = out["unit"] == "10^4 Nm3"
    out["quantity"] = out["quantity"].round(2).where(gas, out["quantity"].round(0))
    return out.assign(year=year, evidence="estimate", note="modelled: " + out["used"])[lambda t: t["quantity"] > 0]


def energy(rows: pd.DataFrame, year: int) -> pd.DataFrame:
    """The energy ledger: purchases only, quality D."""
    out = filed(rows, "energy", year).assign(flow="purchase", quality="D")
    columns = ["enterprise_id", "year", "unit_id", "carrier", "flow", "quantity", "unit", "evidence", "quality", "note"]
    return out[columns].reset_index(drop=True)


def process(rows: pd.DataFrame, year: int) -> pd.DataFrame:
    """Process activity: fluxes, electrodes, purchased iron and scrap, carbon that leaves in the product."""
    out = filed(rows, "process", year).rename(columns={"carrier": "process"})
    return out[["enterprise_id", "year", "unit_id", "process", "quantity", "unit", "evidence", "note"]].reset_index(drop=True)


def products(works: pd.DataFrame, year: int) -> pd.DataFrame:
    """Crude steel by route and hot metal, t/yr."""
    names = {"crude_steel_bof": "crude steel, converter", "crude_steel_eaf": "crude steel, electric", "hot_metal": "hot metal"}
    rows = works.melt(id_vars=["enterprise_id", "basis"], value_vars=list(names), var_name="product", value_name="quantity")
    rows = rows[rows["quantity"] > 0].sort_values(["enterprise_id", "product"])
    rows = rows.assign(year=year, unit="t", product=rows["product"].map(names), quantity=rows["quantity"].round(0))
    return rows[["enterprise_id", "year", "product", "quantity", "unit", "basis"]].reset_index(drop=True)


def units_of(works: pd.DataFrame) -> pd.DataFrame:
    """Furnaces and plants with capacity in kt/yr; a sinter plant stands for every works with hot metal."""
    parts = []
    for kind, (code, name, capacity, carrier) in UNIT_KINDS.items():
        has = works[capacity].fillna(0) > 0
        has |= works["hot_metal"] > 0 if kind == "sinter_plant" else False
        mine = works[has]
        size = mine[capacity].map(lambda kt: f"{kt:,.10g} kt/yr" if kt > 0 else "capacity not in the tracker").astype(str)
        parts.append(
            pd.DataFrame({
                "unit_id": mine["enterprise_id"] + "-" + code, "enterprise_id": mine["enterprise_id"], "name": name + ", " + size,
                "kind": kind, "carrier": carrier, "capacity_kt_per_year": mine[capacity],
                "installed_year": mine["start_year"] if kind != "sinter_plant" else None,
            })
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True).sort_values("unit_id").reset_index(drop=True)


def enterprises(works: pd.DataFrame) -> pd.DataFrame:
    """Members with names, sector (GB/T 4754 division 31), place and workforce as the tracker gives them."""
    iron = works["hot_metal"] > 0
    return pd.DataFrame({
        "enterprise_id": works["enterprise_id"], "name": works["name"], "name_zh": works["name_zh"],
        "sector": iron.map({True: "Iron and steel works, blast furnace and converter", False: "Steel works, electric arc furnace"}),
        "sector_code": iron.map({True: "3110", False: "3120"}), "lon": works["lon"], "lat": works["lat"],
        "employees": works["employees"], "tracker_rows": works["tracker_rows"],
    })  # fmt: skip


def notes(works: pd.DataFrame, left_out: pd.DataFrame, outputs: pd.DataFrame, year: int, used_pct: float) -> pd.DataFrame:
    """What the tracker does not say and what was assumed: table, id, field, seen, severity, message."""
    limit = float(dictionary.read_table("gem_steel_notes").set_index("note").at["iron_large", "limit"])
    steel = works[["crude_steel_bof", "crude_steel_eaf"]].sum(axis=1)
    need, have = works["hot_metal"] / KT, works["bf_kt"].fillna(0)
    other = outputs[(outputs["year"] != year) & outputs["steel_kt"].notna()]
    other = other[["plant_id", "steel_kt", "year"]].set_axis(["plant_id", "output", "other_year"], axis=1)
    other = works.merge(other, left_on="enterprise_id", right_on="plant_id", validate="1:m")
    plain = works.assign(need=need.round(), capacity=works["steel_kt"], have=works["bf_kt"])
    parts = {
        "left_out_closed": left_out[left_out["why"] == "closed"].assign(enterprise_id=left_out["plant_id"]),
        "left_out_later": left_out[left_out["why"] == "later"].assign(enterprise_id=left_out["plant_id"]),
        "capacity_unknown": plain[(steel == 0) & (need == 0)],
        "route_unknown": plain[works["mixed"]],
        "iron_large": plain[(have > limit * works["steel_kt"].fillna(0)) & (steel > 0)],
        "iron_short": plain[(need > have) & (have > 0)],
        "output_given": plain[works["given"]],
        "output_other_year": other[~other["given"]],
        "output_modelled": pd.DataFrame([{"enterprise_id": "all", "name": "", "count": int((~works["given"]).sum())}]),
    }
    rows = [worded(name, row, year, used_pct) for name, part in parts.items() for row in part.to_dict("records")]
    out = pd.DataFrame(rows, columns=["table", "id", "field", "seen", "severity", "message"])
    return out.sort_values(["severity", "table", "field", "id"], ascending=[False, True, True, True]).reset_index(drop=True)


def worded(name: str, row: dict, year: int, used_pct: float) -> tuple[str, ...]:
    """One note as a row, worded by `data/gem_steel_notes.csv`; a figure the tracker does not give is `unknown`."""
    kind = dictionary.read_table("gem_steel_notes").set_index("note").loc[name]
    facts = row | {"year": year, "utilisation": used_pct, "capacity": row.get("steel_kt"), "steel": row.get("steel_kt")}
    facts |= {"start": row.get("start_year"), "closed": row.get("closed_year")}
    text = {key: "unknown" if pd.isna(v) else f"{v:,.10g}" if isinstance(v, float) else f"{v}" for key, v in facts.items()}
    for key in ("start", "closed"):
        text[key] = text[key].replace(",", "")
    return kind["table"], row["enterprise_id"], kind["field"], row["name"], kind["severity"], kind["message"].format(**text)


def build(
    members: pd.DataFrame, left_out: pd.DataFrame, outputs: pd.DataFrame, year: int, used_pct: float, bound: str = "quantity"
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Contract tables and `import_notes` of the members, and the works table they come from; the counts are checked."""
    table = intensities(bound)
    works = volumes(works_of(members, outputs, year, used_pct), used_pct, table)
    rows = activity(works, table)
    tables = {
        "enterprises": enterprises(works),
        "energy": energy(rows, year),
        "process": process(rows, year),
        "products": products(works, year),
        "units": units_of(works),
        "import_notes": notes(works, left_out, outputs, year, used_pct),
    }
    steel = tables["products"].loc[tables["products"]["product"].str.startswith("crude steel"), "quantity"].sum()
    assert abs(steel - works[["crude_steel_bof", "crude_steel_eaf"]].sum().sum()) <= len(works)
    assert works["tracker_rows"].str.split(", ").str.len().sum() == len(members)
    return tables, works
