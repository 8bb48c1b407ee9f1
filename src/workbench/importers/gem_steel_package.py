"""`cluster.yaml`, README and top-down reconciliation of a cluster modelled from the Global Steel Plant Tracker."""

import hashlib
import shlex
from pathlib import Path

import pandas as pd

from workbench import dictionary, units

FACTOR_SET = "cn-f1"
LICENCE = (
    "Plants, coordinates, capacities and workforce: Global Energy Monitor, CC BY 4.0 "
    "(https://creativecommons.org/licenses/by/4.0/), changed: joined by works, energy and emissions modelled. Attribution: "
    '"Global Steel Plant Tracker," Global Energy Monitor, March 2023.'
)
MODELLED = (
    "厂址、产能与人员为公开数据；产量、能耗、工业过程活动水平与排放均为模型估算，不代表任一企业的实际数据。 "
    "Places, capacities and workforce are published; output, energy, process activity and emissions are modelled and are no "
    "works' own figures."
)
SOURCES = [
    {
        "title": "Global Steel Plant Tracker, March 2023 release",
        "where": "https://globalenergymonitor.org/projects/global-steel-plant-tracker/; the copy read stands in GitHub "
        "pypsa-meets-earth/pypsa-earth-sec, data/temp_hard_coded, at commit 88b4d5f7ed75431506b82d1d4a63b01826cf2126",
        "what": "works, coordinates, capacities by route, workforce, status; licence CC BY 4.0 as stated in the file",
    },
    {
        "title": "Specific energy and material use of steel works",
        "where": "src/workbench/data/steel_intensities.csv, a source in each row",
        "what": "coke, coal, power, gas, fluxes and electrodes per t; share of capacity used",
    },
    {
        "title": "Published totals",
        "where": "src/workbench/data/steel_published.csv, a source in each row",
        "what": "steel of the city and the province, emissions of the province's ferrous metal smelting, intensities of works",
    },
]


def command(args, cluster_id: str) -> str:
    """The command that writes this package again, with file names only."""
    words = ["workbench", "import", "gem-steel", Path(args.source).name, "--city", args.city, "--year", str(args.year)]
    words += ["--out", f"data/clusters/{cluster_id}", "--cluster-id", cluster_id]
    for option in ("name", "name_zh", "grid_region", "utilisation_pct"):
        value = getattr(args, option)
        words += [f"--{option.replace('_', '-')}", f"{value}"] if value else []
    return shlex.join(words)


def cluster_meta(args, *, cluster_id: str, works: pd.DataFrame, grid_region: str, utilisation_pct: float) -> dict:
    """Content of cluster.yaml: the same for the same source and arguments (no clock, no path of a machine)."""
    name = args.name or f"{args.city} steel works (modelled)"
    digest = hashlib.sha256(Path(args.source).read_bytes()).hexdigest()
    return {
        "id": cluster_id,
        "name": {"en": name, "zh": args.name_zh or name},
        "country": "CN",
        "grid_region": grid_region,
        "base_year": args.year,
        "base_year_note": "2021 is the last year of the tracker's outputs and the first with an official grid factor of the "
        f"province; for {args.year} the tracker gives the output of {int(works['given'].sum())} of {len(works)} works.",
        "currency": "CNY",
        "price_year": None,
        "factor_set": FACTOR_SET,
        "factor_set_note": "GB/T 32151 style; its washed coal row equals the injected coal of the works read (26.3 GJ/t).",
        "gwp_set": "ar5",
        "data_nature": "modelled",
        "modelled_note": MODELLED,
        "licence": LICENCE,
        "sources": SOURCES,
        "provenance": {
            "command": command(args, cluster_id),
            "source_files": [{"file": Path(args.source).name, "sha256": digest}],
            "utilisation_pct": utilisation_pct,
            "counts": {
                "works": len(works),
                "tracker_rows": int(works["tracker_rows"].str.split(", ").str.len().sum()),
                "works_with_blast_furnaces": int((works["hot_metal"] > 0).sum()),
                "works_with_output_in_the_tracker": int(works["given"].sum()),
                "crude_steel_capacity_kt_per_year": int(works["steel_kt"].sum()),
                "crude_steel_t": int(works[["crude_steel_bof", "crude_steel_eaf"]].sum().sum().round()),
            },
        },
    }


def direct_tco2(tables: dict[str, pd.DataFrame]) -> pd.Series:
    """Direct tCO2 by enterprise_id: fuels by the factor set's CO2 per unit, process rows by their factor."""
    fuels = dictionary.read_table("factors/fuels")
    fuels = fuels[fuels["factor_set"] == FACTOR_SET].set_index("carrier")["co2_t_per_unit"].pipe(pd.to_numeric)
    rates = dictionary.read_table("factors/process").drop_duplicates("process").set_index("process")["value"].pipe(pd.to_numeric)
    burnt = tables["energy"].assign(tco2=tables["energy"]["quantity"] * tables["energy"]["carrier"].map(fuels))
    made = tables["process"].assign(tco2=tables["process"]["quantity"] * tables["process"]["process"].map(rates))
    return pd.concat([burnt, made]).groupby("enterprise_id")["tco2"].sum()


def power_tco2(tables: dict[str, pd.DataFrame], region: str, year: int) -> pd.Series:
    """tCO2 of bought power by enterprise_id with the province's average factor; missing where there is none."""
    grid = dictionary.read_table("factors/grid")
    mine = (grid["region"] == region.lower()) & (grid["year"] == str(year)) & (grid["variant"] == "average")
    factor = pd.to_numeric(grid.loc[mine, "co2_t_per_mwh"]).mean()
    bought = tables["energy"][tables["energy"]["carrier"] == "electricity"]
    return bought.groupby("enterprise_id")["quantity"].sum() * factor


def kgce(tables: dict[str, pd.DataFrame]) -> float:
    """Energy bought, in kgce: heating values of the factor set, power at its heat (0.1229 kgce/kWh)."""
    fuels = dictionary.read_table("factors/fuels")
    heat = fuels[fuels["factor_set"] == FACTOR_SET].set_index("carrier")["ncv_gj_per_unit"].pipe(pd.to_numeric)
    heat["electricity"] = units.factor("MWh", "GJ")
    rows = tables["energy"]
    return float((rows["quantity"] * rows["carrier"].map(heat)).sum() * units.factor("GJ", "kgce"))


def modelled(tables: dict[str, pd.DataFrame], region: str, year: int) -> dict[str, float]:
    """Totals to compare: Mt of steel, tCO2 per t (all works; works with converters only), kgce per t."""
    steel = tables["products"][tables["products"]["product"].str.startswith("crude steel")]
    output = steel.groupby("enterprise_id")["quantity"].sum()
    bof = set(steel.loc[steel["product"].str.endswith("converter"), "enterprise_id"])
    bof -= set(steel.loc[steel["product"].str.endswith("electric"), "enterprise_id"])
    direct = direct_tco2(tables)
    every = direct.add(power_tco2(tables, region, year), fill_value=0)
    blown = output.index.isin(bof)
    return {
        "crude_steel": output.sum() / 1e6,
        "direct_tco2_of_output": direct.sum() / output.sum(),
        "direct_tco2_per_t_bof": direct[output.index][blown].sum() / output[blown].sum(),
        "total_tco2_per_t_bof": every[output.index][blown].sum() / output[blown].sum(),
        "total_tco2_per_t": every.sum() / output.sum(),
        "kgce_per_t": kgce(tables) / output.sum(),
    }


def span(tables: dict, low: dict, high: dict, meta: dict) -> dict[str, float]:
    """tCO2 per t of crude steel, power included: central, and with every intensity at its low and its high end."""
    place = (meta["grid_region"], meta["base_year"])
    ends = {"central": tables, "low": low, "high": high}
    return {name: round(float(modelled(part, *place)["total_tco2_per_t"]), 3) for name, part in ends.items()}


def reconcile(tables: dict[str, pd.DataFrame], left_out: pd.DataFrame, meta: dict, city: str) -> pd.DataFrame:
    """Modelled totals against published ones: item, region, year, modelled, published, ratio, unit, source, note.

    Nothing is scaled to fit. `direct_tco2_of_output` is the cluster's tCO2 per t times the published steel of that region and
    year; `crude_steel_capacity` is the tracker's.
    """
    year, region = meta["base_year"], meta["grid_region"]
    found = modelled(tables, region, year)
    found["crude_steel_capacity"] = meta["provenance"]["counts"]["crude_steel_capacity_kt_per_year"] / 1000
    rows = dictionary.read_table("steel_published")
    rows = rows[rows["region"].isin([city, region, "China", "World"])].copy()
    rows["published"] = pd.to_numeric(rows["value"])
    steel = rows[rows["item"] == "crude_steel"].set_index(["region", "year"])["published"]
    rows["modelled"] = rows["item"].map(found)
    share = rows["item"] == "direct_tco2_of_output"
    base = [steel.get((r, y)) for r, y in zip(rows["region"], rows["year"], strict=True)]
    rows["modelled"] = rows["modelled"].where(~share, rows["modelled"] * pd.Series(base, index=rows.index, dtype=float)).round(3)
    rows["ratio"] = (rows["modelled"] / rows["published"]).round(3)
    rows["source"] = rows["source"] + "; read in " + rows["seen_in"]
    same = (rows["region"] == city) & (rows["item"] == "crude_steel") & (rows["year"] == str(year))
    rows["note"] = rows["note"].where(~same, gap_note(left_out, found, rows["published"][same]) + rows["note"])
    columns = ["item", "region", "year", "modelled", "published", "ratio", "unit", "source", "note"]
    return rows[rows["modelled"].notna()][columns].reset_index(drop=True)


def gap_note(left_out: pd.DataFrame, found: dict[str, float], published: pd.Series) -> str:
    """The gap of crude steel in words: Mt missing, capacity of the works left out, share of capacity the output would be."""
    if published.empty:
        return ""
    closed = left_out[left_out["why"] == "closed"]
    gone = closed["steel_kt"].sum() / 1000
    share = 100 * published.iat[0] / (found["crude_steel_capacity"] + gone)
    return (
        f"gap {published.iat[0] - found['crude_steel']:.1f} Mt; {len(closed)} works closed in the base year or later, left out, "
        f"hold {gone:.1f} Mt/yr; the published output is {share:.0f} % of the tracker's capacity with them; "
    )


def readme(meta: dict) -> str:
    """README.md of the package: what is published, what is modelled, how it was made, and the limits."""
    made = meta["provenance"]
    per_t, used = made["tco2_per_t_crude_steel"], made["utilisation_pct"]
    lines = [
        f"# {meta['name']['en']}",
        "",
        meta["name"]["zh"],
        "",
        meta["modelled_note"],
        "",
        f"**Licence and attribution.** {meta['licence']}",
        "",
        "## How it was made",
        "",
        "```",
        made["command"],
        "```",
        "",
        "Put the path of your copy in place of the file name:",
        "",
        *(f"- `{f['file']}`, SHA-256 `{f['sha256']}`" for f in made["source_files"]),
        "",
        "## What is in it",
        "",
        "| item | number |",
        "|---|---:|",
        *(f"| {key.replace('_', ' ')} | {value:,} |" for key, value in made["counts"].items()),
        "",
        f"tCO2 per t of crude steel, bought power included: {per_t['central']} with the central intensities, {per_t['low']} to",
        f"{per_t['high']} with all of them at their low or high end (wider than any real works: coke and coal replace each other).",
        "",
        "## What is modelled, and how",
        "",
        "- **Members**: tracker rows of the city with status operating that had started by the base year; an expansion belongs",
        "  to its works. Rows left out, with their capacity, stand in `import_notes.csv`.",
        f"- **Output**: the tracker's where it gives one for the year (`basis` = tracker), else capacity x {used:g} %, the share",
        "  of capacity used in China's ferrous metal smelting unless another was given with the command.",
        "- **Energy and process activity**: output x a cited intensity; the `note` of each row names the rows of",
        "  `steel_intensities.csv` it comes from, with source, low and high. Every row is an estimate of quality D.",
        "- **By-product gases** (blast furnace, coke oven, converter gas) circulate inside a works. They are not filed: their",
        "  carbon is counted once, where coke and coal enter.",
        "- **Coke** is bought by works without coke ovens in the tracker; where it gives some, coking coal is bought instead.",
        "- **Power** is the net purchase, after what works generate from their own gases and waste heat.",
        "- **Fluxes**: limestone and dolomite of sintering. Lime is taken as bought: its carbonate is burnt elsewhere.",
        "- **Product carbon** leaves with the steel (`crude_steel_product`); carbon of bought scrap comes in.",
        "",
        "- **Streams**: hot air of sinter coolers and slag flushing water, output x cited heat per t (`steel_streams.csv`, with",
        "  source and confidence), and the town heating that is published for a works (Qianxi, from Jinxi). Means over the hours",
        "  stated; heat that is recovered already is not taken off. No figure was read for red coke, hot stove, converter and",
        "  furnace flue gas, top gas, nor for feed water and other towns: those streams are left out.",
        "- **Projects** are not the tracker's. Where `projects.csv`, `savings.csv` and `relations.csv` stand here, they are",
        "  candidates of the technology library (status `library`, no works' own plan): `workbench technologies --for FOLDER",
        "  --write`. Shares are those of a whole industry put on the fuel of one unit; capital comes from United States dollars",
        "  of 2012 by a plant cost index and the yearly exchange rate (`evidence` of each row). What the intensities already",
        "  hold (coal injection, top gas turbines, converter gas) is left out.",
        "",
        "## Limits",
        "",
        "- All works of one route have the same intensities, so the data rank works by size, never by efficiency.",
        "- Works may run coke ovens that the tracker does not give. Total carbon then differs little, but the losses of coke",
        "  making count at the supplier, and sold tar, benzol and gas are not deducted.",
        "- The tracker proves no flow between members, so there is no exchange table; heat sold to towns is known for one",
        "  town only (`streams.csv`); targets take all streams as one site, the distances of the pairs say which could be built.",
        "- Pellets, cold rolling, lime kilns and own power plants on bought coal are not modelled.",
        "- `reconciliation.csv` compares the totals with published ones. Differences are explained there, never scaled away.",
        "",
    ]
    return "\n".join(lines)
