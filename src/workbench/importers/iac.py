"""US DOE Industrial Assessment Centers (IAC) database → cluster package.

Reads the official workbook (sheets ASSESS and RECC, RECC1, …: full ARC codes, four savings streams) or two tables
derived from it (codes rounded, first stream only), told apart by content. Names and codes: IAC Database Manual 10.2,
appendix II.
"""

import hashlib
from pathlib import Path

import pandas as pd
from python_calamine import CalamineError

from workbench.errors import UserError
from workbench.importers import iac_notes, iac_tables
from workbench.importers.iac_package import cluster_meta, write_package

ASSESS_TEXT = ["id", "center", "naics", "sic", "state", "products", "produnits"]
ASSESS_NUMBERS = ["fy", "sales", "employees", "plant_area", "prodlevel", "prodhours"]
ASSESS_REQUIRED = ["id", "fy", "state", "naics"]
RECC_TEXT = ["superid", "id", "impstatus", "arc2", *(f"{letter}sourccode" for letter in "pstq")]
RECC_NUMBERS = ["ar_number", "fy", "impcost", *(f"{s}{what}" for s in "pstq" for what in ("conserved", "saved"))]
RECC_REQUIRED = ["superid", "id", "arc2", "impstatus", "impcost", "psourccode", "pconserved", "psaved"]
BY_STATE = "by-state"
RENAMED = {"arc": "arc2", "qsourcode": "qsourccode"}  # spellings of the manual that differ from the workbook


def read_source(paths):
    """Read one workbook or the two tables: (assess, recc) with lower-case column names, text and numbers told apart."""
    frames = [frame for path in paths for frame in read_file(Path(path))]
    assess = [frame for frame in frames if "superid" not in frame[1].columns]
    recc = [frame for frame in frames if "superid" in frame[1].columns]
    listed = ", ".join(label for label, _ in frames)
    if not assess:
        raise UserError(f"No assessments (sheet ASSESS) in {listed}; give the IAC workbook, or both tables.")
    if not recc:
        raise UserError(f"No recommendations (sheet RECC with column SUPERID) in {listed}; give the IAC workbook, or both tables.")
    return (
        combine(assess, ASSESS_REQUIRED, ASSESS_TEXT, ASSESS_NUMBERS),
        combine(recc, RECC_REQUIRED, RECC_TEXT, RECC_NUMBERS),
    )


def read_file(path):
    """Labelled tables of one file; the kind of file is read from its first bytes, not from its name."""
    if not path.is_file():
        raise UserError(f"There is no file {path}; check the path.")
    with path.open("rb") as file:
        head = file.read(4)
    try:
        if head[:2] == b"PK" or head == b"\xd0\xcf\x11\xe0":
            return read_workbook(path)
        if head == b"PAR1":
            frame = pd.read_parquet(path)
        else:
            packed = "gzip" if head[:2] == b"\x1f\x8b" else None
            frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", compression=packed)
    except (ValueError, KeyError, OSError, CalamineError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path.name} cannot be read ({reason}); give an .xlsx workbook, a CSV or a Parquet table.") from error
    return [(path.name, lower_columns(frame))]


def read_workbook(path):
    """The sheets ASSESS and RECC… of the official workbook (.xlsx or the older .xls)."""
    with pd.ExcelFile(path, engine="calamine") as book:
        sheets = {str(name): name.upper() for name in book.sheet_names}
        missing = [kind for kind in ("ASSESS", "RECC") if not any(name.startswith(kind) for name in sheets.values())]
        if missing:
            raise UserError(
                f"{path.name} has no sheet {' and no sheet '.join(missing)} (found: {', '.join(sheets)}); "
                "give the IAC workbook as published."
            )
        wanted = [name for name, upper in sheets.items() if upper == "ASSESS" or upper.startswith("RECC")]
        frames = {name: lower_columns(pd.read_excel(book, sheet_name=name, dtype=object)) for name in wanted}
    for name, frame in frames.items():
        if sheets[name] != "ASSESS" and "superid" not in frame.columns:
            raise UserError(f"{path.name}, sheet {name} has no column SUPERID; each RECC sheet needs its header row.")
    return [(f"{path.name}, sheet {name}", frame) for name, frame in frames.items()]


def lower_columns(frame):
    """Column names in lower case, with the manual's spellings brought to the workbook's."""
    names = [str(name).strip().lower() for name in frame.columns]
    return frame.set_axis([RENAMED.get(name, name) if RENAMED.get(name) not in names else name for name in names], axis=1)


def combine(frames, required, text, numbers):
    """One table from its parts: required columns checked, header rows repeated inside the data removed and counted."""
    for label, frame in frames:
        missing = [name.upper() for name in required if name not in frame.columns]
        if missing:
            raise UserError(f"{label} lacks the column {', '.join(missing)}; give the IAC tables with their own column names.")
    whole = pd.concat([frame.astype(object) for _, frame in frames], ignore_index=True)
    repeated = whole["id"].astype(str).str.upper() == "ID"
    streams = [name for name in whole.columns if name.endswith(("_plant_cost", "_plant_usage"))]
    table = whole[~repeated].reset_index(drop=True)
    table = table.reindex(columns=list(dict.fromkeys([*text, *numbers, *streams])))
    for name in text:
        table[name] = code_text(table[name])
    for name in [*numbers, *streams]:
        table[name] = numbers_of(table[name], name, frames[0][0])
    return table.assign(repeated_headers=int(repeated.sum()))


def code_text(values):
    """Codes and words as text: blanks as "", 332811.0 as "332811"."""
    words = values.where(values.notna(), "").astype(str).str.strip()
    return words.str.replace(r"^(\d+)\.0+$", r"\1", regex=True).replace({"nan": "", "None": "", "<NA>": ""})


def numbers_of(values, name, label):
    """Numbers as float, blanks as missing; words where a number belongs are a mistake of the file."""
    words = values.where(values.notna(), "").astype(str).str.strip().str.replace(",", "")
    found = pd.to_numeric(words.where(~words.isin(["", "<NA>"])), errors="coerce").astype(float)
    wrong = words[found.isna() & ~words.isin(["", "<NA>", "nan", "NaN", "None"])]
    if len(wrong):
        raise UserError(
            f"{label}: column {name.upper()} holds '{wrong.iloc[0]}' where a number belongs; put a number or leave it empty."
        )
    return found


def select(assess, states=(), naics_prefixes=(), fy_from=None, fy_to=None):
    """Audits of the wanted states, NAICS prefixes and fiscal years, and earlier audits of the same plants."""
    wanted = pd.Series(True, index=assess.index)
    if states:
        wanted &= assess["state"].str.upper().isin([state.upper() for state in states])
    if naics_prefixes:
        wanted &= assess["naics"].str.startswith(tuple(naics_prefixes))
    wanted &= (assess["fy"] >= (fy_from or 0)) & (assess["fy"] <= (fy_to or 9999))
    last = assess[wanted].groupby("id")["fy"].max()
    return assess[assess["fy"] <= assess["id"].map(last)].reset_index(drop=True)


def prepare_recommendations(assess, recc):
    """Recommendations of the chosen plants with a unique project_id and a clean code; replaced twins get `-fyYYYY`."""
    mine = recc[recc["id"].isin(assess["id"])].sort_values(["superid", "fy"], kind="stable")
    latest, replaced, mine = iac_tables.split_superseded(assess, mine)
    twin = mine["superid"].duplicated(keep="last") | mine["superseded"]
    later = mine["superid"] + "-fy" + mine["fy"].map(lambda year: "" if pd.isna(year) else f"{year:.0f}")
    mine = mine.assign(project_id=mine["superid"].where(~twin, later), superseded=twin, arc=mine["arc2"].map(iac_tables.arc_text))
    again = mine.groupby("project_id").cumcount()
    mine["project_id"] = mine["project_id"].where(again == 0, mine["project_id"] + "-" + (again + 1).astype(str))
    return latest, replaced, mine.sort_values("project_id").reset_index(drop=True)


def build(assess, recc, *, base_year, lifetimes=None, by_state=False):
    """Contract tables and `import_notes` from selected audits and all recommendations; the counts are checked.

    `by_state`: each plant's grid region is its state, which `grid_regions.csv` leads to an eGRID subregion.
    """
    lifetimes = iac_tables.lifetimes_table() if lifetimes is None else lifetimes
    latest, replaced, mine = prepare_recommendations(assess, recc)
    plant, streams = iac_tables.plant_streams(latest), iac_tables.saving_streams(mine)
    tables = {
        "enterprises": iac_tables.enterprises(latest, by_state).sort_values("enterprise_id"),
        "energy": iac_tables.energy(plant, base_year).sort_values(["enterprise_id", "carrier", "note"]),
        "products": iac_tables.products(latest, base_year).sort_values("enterprise_id"),
        "projects": iac_tables.projects(mine, streams, lifetimes).sort_values("project_id"),
        "savings": iac_tables.savings(streams),
    }
    notes = [
        *iac_notes.general_notes(latest, mine),
        *iac_notes.superseded_notes(replaced, mine),
        *iac_notes.energy_notes(plant),
        *iac_notes.product_notes(latest),
        *iac_notes.project_notes(tables["projects"], streams),
        *iac_notes.stream_notes(streams, plant),
    ]
    tables["import_notes"] = iac_notes.notes_frame(notes)
    check_counts(assess, recc, plant, streams, tables)
    return {name: table.reset_index(drop=True) for name, table in tables.items()}


def check_counts(assess, recc, plant, streams, tables):
    """Nothing is lost in silence: what came in stands in a table or in the notes."""
    notes = tables["import_notes"]

    def noted(table, words):
        return int(((notes["table"] == table) & notes["message"].str.contains(words, regex=False)).sum())

    energy_streams = streams["money"] == "energy"
    assert len(assess) == len(tables["enterprises"]) + noted("enterprises", "superseded")
    assert len(plant) == len(tables["energy"])
    assert len(tables["enterprises"]) == len(tables["products"]) + noted("products", "no product row")
    assert recc["id"].isin(assess["id"]).sum() == len(tables["projects"]) == tables["projects"]["project_id"].nunique()
    assert energy_streams.sum() == len(tables["savings"]) + noted("savings", "no savings row")
    money = tables["projects"]["filed_saving_usd"].sum()
    assert abs(money - streams["saved"].sum()) <= 1e-6 * max(1.0, abs(money))


def fingerprints(paths):
    """Name and SHA-256 of each source file, in the order given, and where that very copy was published if known."""
    known = iac_tables.code_table("iac_copies").set_index("sha256")["where"]
    found = []
    for path in paths:
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        where = {"where": known[digest]} if digest in known.index else {}
        found.append({"file": Path(path).name, "sha256": digest, **where})
    return found


def add_arguments(parser):
    """Options of `workbench import iac`."""
    parser.add_argument(
        "source",
        nargs="+",
        metavar="SOURCE",
        help="the IAC workbook, or the two tables of assessments and recommendations",
    )
    parser.add_argument("--out", required=True, help="folder of the package to write")
    parser.add_argument("--state", action="append", default=[], help="state codes, e.g. OH or OH,IN; repeatable (default: all)")
    parser.add_argument("--naics", action="append", default=[], help="NAICS prefixes, e.g. 331,332; repeatable (default: all)")
    parser.add_argument("--from-year", type=int, help="first fiscal year of the audits")
    parser.add_argument("--to-year", type=int, help="last fiscal year of the audits")
    parser.add_argument("--base-year", type=int, default=2019, help="year the plants' use is filed under (default: 2019)")
    parser.add_argument("--cluster-id", help="id of the cluster (default: the name of the folder)")
    parser.add_argument("--name", help="English name of the cluster")
    parser.add_argument("--name-zh", default="", help="Chinese name of the cluster")
    parser.add_argument(
        "--grid-region", default="US",
        help="eGRID subregion of the plants, e.g. RFCW, or by-state: the one of each plant's state (default: US)",
    )  # fmt: skip
    parser.add_argument("--overwrite", action="store_true", help="write into a folder that is not a package yet holds files")


def split_list(values):
    """["OH,IN", "WV"] → ["OH", "IN", "WV"]."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def run(args) -> Path:
    """Import as the parsed arguments say; the path of the written package."""
    assess, recc = read_source(args.source)
    selection = {
        "state": split_list(args.state),
        "naics": split_list(args.naics),
        "from_year": args.from_year,
        "to_year": args.to_year,
    }
    chosen = select(assess, selection["state"], selection["naics"], args.from_year, args.to_year)
    if chosen.empty:
        raise UserError("No audit fits --state, --naics, --from-year and --to-year; widen one of them.")
    tables = build(chosen, recc, base_year=args.base_year, by_state=args.grid_region == BY_STATE)
    cluster_id = args.cluster_id or Path(args.out).resolve().name
    meta = cluster_meta(
        tables,
        cluster_id=cluster_id,
        name=args.name or f"IAC plants {cluster_id}",
        name_zh=args.name_zh,
        grid_region=args.grid_region,
        base_year=args.base_year,
        selection=selection,
        source_files=fingerprints(args.source),
        source_rows={
            "assessments": len(assess),
            "recommendations": len(recc),
            "repeated_header_rows_left_out": int(assess["repeated_headers"].max() + recc["repeated_headers"].max()),
            "recommendations_without_assessment": int((~recc["id"].isin(assess["id"])).sum()),
        },
    )
    return write_package(tables, meta, args.out, overwrite=args.overwrite)
