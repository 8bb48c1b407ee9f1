"""Global Steel Plant Tracker (Global Energy Monitor, CC BY 4.0) → a modelled cluster package of one city's steel works.

Reads the sheets `Steel Plants` and `Yearly Production`; energy is not in the tracker and is modelled from its capacities
and outputs with the cited table `data/steel_intensities.csv`. Capacities and outputs are in kt/yr (ttpa) as published.
"""

import re
from pathlib import Path

import pandas as pd
from python_calamine import CalamineError

from workbench.errors import UserError
from workbench.importers import gem_steel_model, gem_steel_package, gem_steel_streams
from workbench.importers.iac_package import write_package

PLANTS, OUTPUT = "Steel Plants", "Yearly Production"
TEXT = {
    "plant_id": ("Plant ID",),
    "name": ("Plant name (English)",),
    "name_zh": ("Plant name (other language)",),
    "municipality": ("Municipality",),
    "province": ("Subnational unit (province/state)",),
    "country": ("Country",),
    "coordinates": ("Coordinates",),
    "status": ("Status",),
    "start": ("Start date", "Start year"),
    "closed": ("Closed/idled date", "Closed/idled year"),
    "process": ("Main production process",),
    "equipment": ("Detailed production equipment",),
}
NUMBERS = {
    "steel_kt": ("Nominal crude steel capacity (ttpa)",),
    "bof_kt": ("Nominal BOF steel capacity (ttpa)",),
    "eaf_kt": ("Nominal EAF steel capacity (ttpa)",),
    "bf_kt": ("Nominal BF capacity (ttpa)",),
    "sinter_kt": ("Sinter plant capacity (ttpa)",),
    "coke_kt": ("Coking plant capacity (ttpa)",),
    "pellet_kt": ("Pelletizing plant capacity (ttpa)",),
    "employees": ("Workforce size",),
}
OUTPUTS = {"steel_kt": "Crude steel", "bof_kt": "BOF steel", "eaf_kt": "EAF steel", "iron_kt": "Iron"}
NO_NUMBER = ("", "unknown", ">0", "n/a")


def read_tracker(path: str | Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tracker as (plants, outputs): one row a tracker row; one row a plant and year (kt), where a figure is given."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"There is no file {path}; check the path.")
    try:
        sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=object, engine="calamine")
    except (ValueError, KeyError, OSError, CalamineError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path.name} cannot be read ({reason}); give the tracker's .xlsx workbook as published.") from error
    named = {squeeze(name): sheet for name, sheet in sheets.items()}
    for name in (PLANTS, OUTPUT):
        if squeeze(name) not in named:
            raise UserError(f"{path.name} has no sheet {name} (found: {', '.join(sheets)}); give the workbook as published.")
    plants = with_header(named[squeeze(PLANTS)], path.name, PLANTS)
    outputs = with_header(named[squeeze(OUTPUT)], path.name, OUTPUT)
    return plants_table(plants, f"{path.name}, sheet {PLANTS}"), outputs_table(outputs, f"{path.name}, sheet {OUTPUT}")


def squeeze(text: object) -> str:
    """A heading without case, brackets and spaces, so that small changes of a release do not matter."""
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"\[.*?\]", "", str(text).lower())).strip()


def with_header(sheet: pd.DataFrame, file: str, name: str) -> pd.DataFrame:
    """The sheet below the row that holds `Plant ID`, with squeezed headings; the first of two equal headings counts."""
    first = sheet.map(lambda cell: squeeze(cell) == "plant id").any(axis=1)
    if not first.any():
        raise UserError(f"{file}, sheet {name} lacks the column Plant ID; give the workbook as published.")
    top = int(first.to_numpy().argmax())
    table = sheet.iloc[top + 1 :].set_axis([squeeze(cell) for cell in sheet.iloc[top]], axis=1)
    return table.loc[:, ~table.columns.duplicated()].reset_index(drop=True)


def column(table: pd.DataFrame, names: tuple[str, ...], label: str) -> pd.Series:
    """The column with one of these headings; a missing one is an error that names it."""
    for name in names:
        if squeeze(name) in table.columns:
            return table[squeeze(name)]
    raise UserError(f"{label} lacks the column {names[0]}; rename the column that holds it, or give the workbook as published.")


def numbers(values: pd.Series, name: str, label: str) -> pd.Series:
    """Numbers as float; `unknown`, `>0` and blanks as missing; any other word is a mistake of the file."""
    cells = words(values).str.replace(",", "")
    found = pd.to_numeric(cells, errors="coerce").astype(float)
    wrong = cells[found.isna() & ~cells.str.lower().isin(NO_NUMBER)]
    if len(wrong):
        raise UserError(f"{label}: column {name} holds '{wrong.iloc[0]}' where a number belongs; put a number or unknown.")
    return found.where(found >= 0)


def words(values: pd.Series) -> pd.Series:
    """Trimmed text, blanks as ''."""
    return values.where(values.notna(), "").astype(str).str.strip()


def plants_table(table: pd.DataFrame, label: str) -> pd.DataFrame:
    """Plants: text columns, capacities in kt/yr, employees, `lon`, `lat` in degrees, years of start and closure."""
    out = pd.DataFrame({key: words(column(table, names, label)) for key, names in TEXT.items()})
    for key, names in NUMBERS.items():
        out[key] = numbers(column(table, names, label), names[0], label)
    place = out.pop("coordinates").str.extract(r"^\s*(-?\d+\.?\d*)\s*,\s*(-?\d+\.?\d*)\s*$").astype(float)
    years = {key: pd.to_numeric(out[key].str.extract(r"(\d{4})")[0], errors="coerce") for key in ("start", "closed")}
    out = out.assign(lat=place[0], lon=place[1], start_year=years["start"], closed_year=years["closed"])
    out["mixed"] = words(column(table, NUMBERS["bof_kt"], label)).eq(">0")
    return out[out["plant_id"] != ""].reset_index(drop=True)


def outputs_table(table: pd.DataFrame, label: str) -> pd.DataFrame:
    """Outputs: plant_id, year, crude, converter and electric steel and iron in kt; rows without any figure are left out."""
    years = sorted({int(year) for name in table.columns for year in re.findall(r"crude steel production (\d{4})", name)})
    parts = []
    for year in years:
        heads = {key: f"{name} production {year} (ttpa)" for key, name in OUTPUTS.items()}
        part = {key: numbers(column(table, (head,), label), head, label) for key, head in heads.items()}
        parts.append(pd.DataFrame({"plant_id": words(column(table, ("Plant ID",), label)), "year": year} | part))
    out = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["plant_id", "year", *OUTPUTS])
    return out[out[list(OUTPUTS)].notna().any(axis=1)].reset_index(drop=True)


def select(plants: pd.DataFrame, city: str, year: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(members, left out): plants of the city that operate and had started by `year`; the others with `why`."""
    here = plants[plants["municipality"].str.casefold() == city.strip().casefold()]
    if here.empty:
        raise UserError(f"No plant lies in {city}; name a municipality as the tracker spells it, e.g. Tangshan.")
    running = here["status"].str.casefold() == "operating"
    late = running & (here["start_year"] > year)
    gone = here["status"].str.casefold().isin(["retired", "mothballed"]) & (here["closed_year"] >= year)
    why = pd.Series("", index=here.index).mask(late, "later").mask(gone, "closed")
    members = here[running & ~late].reset_index(drop=True)
    if members.empty:
        raise UserError(f"No plant of {city} operated in {year}; choose a later year with --year.")
    return members, here[late | gone].assign(why=why).reset_index(drop=True)


def add_arguments(parser) -> None:
    """Options of `workbench import gem-steel`."""
    parser.add_argument("source", metavar="FILE.xlsx", help="the Global Steel Plant Tracker as published")
    parser.add_argument("--city", required=True, help="municipality as the tracker spells it, e.g. Tangshan")
    parser.add_argument("--out", required=True, help="folder of the package to write")
    parser.add_argument("--year", type=int, default=2021, help="accounting year (default: 2021)")
    parser.add_argument("--utilisation-pct", type=float, help="share of capacity used, in place of the national figure of the year")
    parser.add_argument("--cluster-id", help="id of the cluster (default: the name of the folder)")
    parser.add_argument("--name", help="English name of the cluster")
    parser.add_argument("--name-zh", default="", help="Chinese name of the cluster")
    parser.add_argument("--grid-region", help="province of the grid factor (default: the province of the plants)")
    parser.add_argument("--overwrite", action="store_true", help="write into a folder that is not a package yet holds files")


def run(args) -> Path:
    """Import as the parsed arguments say; the path of the written package."""
    plants, outputs = read_tracker(args.source)
    members, left_out = select(plants, args.city, args.year)
    used = gem_steel_model.utilisation_pct(args.year) if args.utilisation_pct is None else args.utilisation_pct
    if used is None or not used > 0:
        raise UserError(f"No usable share of capacity for {args.year}; give one with --utilisation-pct, e.g. 80.")
    tables, works = gem_steel_model.build(members, left_out, outputs, args.year, used)
    cluster_id = args.cluster_id or Path(args.out).resolve().name
    meta = gem_steel_package.cluster_meta(
        args, cluster_id=cluster_id, works=works, grid_region=args.grid_region or members["province"].iat[0], utilisation_pct=used
    )
    ends = [gem_steel_model.build(members, left_out, outputs, args.year, used, bound)[0] for bound in ("low", "high")]
    meta["provenance"]["tco2_per_t_crude_steel"] = gem_steel_package.span(tables, *ends, meta)
    tables["streams"] = gem_steel_streams.streams(works)
    tables["reconciliation"] = gem_steel_package.reconcile(tables, left_out, meta, city=args.city)
    return write_package(tables, meta, args.out, overwrite=args.overwrite, page=gem_steel_package.readme)
