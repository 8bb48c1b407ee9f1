"""`cluster.yaml`, README and files of a package imported from the IAC database: the same bytes from the same source."""

import shlex
import shutil
import tempfile
from decimal import Decimal
from pathlib import Path

import pandas as pd
import yaml

from workbench.errors import UserError

LICENCE = (
    "Programme data of the US Department of Energy, publicly available at no charge and without warranty (IAC Database "
    "Manual 10.2, disclaimer). Attribution: US DOE Industrial Training and Assessment Centers (ITAC, formerly IAC) "
    "database."
)
PRICE_NOTE = "Money is nominal USD of each audit's fiscal year; it is not brought to one price year, so price_year is empty."
STATE_NOTE = (
    "Each plant's grid_region is its state; the eGRID subregion is the one that serves most ZIP codes of that state "
    "(grid_regions.csv), not the plant's own utility: states that subregions share are approximate."
)
SOURCES = [
    {
        "title": "Industrial Assessment Centers (IAC) database",
        "where": "https://itac.university (formerly iac.university), US DOE / Rutgers University",
        "what": "plants, utility bills, recommendations with cost, savings and implementation status",
    },
    {
        "title": "IAC Assessment Database Manual, version 10.2 (October 2011)",
        "where": "Rutgers University, Center for Advanced Energy Systems",
        "what": "meaning of columns, resource codes, units and status codes",
    },
    {
        "title": "IAC Assessment Recommendation Codes (ARC) list, version 21.1",
        "where": "Rutgers University, Center for Advanced Energy Systems",
        "what": "names and classes of the measures",
    },
    {
        "title": "NAICS 2022",
        "where": "US Census Bureau",
        "what": "names of the sectors",
    },
]


def counts(tables):
    """What the package holds: plants, projects by status, energy in kWh and MMBtu per year."""
    projects, savings, energy, notes = (tables[name] for name in ("projects", "savings", "energy", "import_notes"))
    physical = savings[savings["unit"].isin(["kWh", "MMBtu"])]
    costed = projects[projects["capex"].notna()]
    by_status = projects["status"].value_counts()
    return {
        "plants": len(tables["enterprises"]),
        "projects": len(projects),
        "projects_costed": len(costed),
        "projects_uncosted": int(projects["capex"].isna().sum()),
        "projects_costed_with_kwh_or_mmbtu": int(costed["project_id"].isin(physical["project_id"]).sum()),
        "projects_with_any_energy_stream": int(savings["project_id"].nunique()),
        "projects_by_status": {status: int(by_status[status]) for status in sorted(by_status.index)},
        "use_kwh": whole(energy.loc[energy["unit"] == "kWh", "quantity"].sum()),
        "use_mmbtu": whole(energy.loc[energy["unit"] == "MMBtu", "quantity"].sum()),
        "saving_kwh": whole(savings.loc[savings["unit"] == "kWh", "amount"].sum()),
        "saving_mmbtu": whole(savings.loc[savings["unit"] == "MMBtu", "amount"].sum()),
        "notes_by_severity": {level: int((notes["severity"] == level).sum()) for level in ("error", "warning", "info")},
    }


def whole(value):
    """Rounded to a whole number, for the counts a reader sees."""
    return int(round(float(value)))


def base_year_note(tables, base_year):
    """Why this base year, with the median fiscal year of the audits."""
    median = whole(tables["enterprises"]["assessment_fy"].median())
    note = f"Each plant is taken as last audited; the median fiscal year of the audits is {median}."
    if base_year == 2019:
        note += " 2019 is the year of the grid factors in the EPA Emission Factors Hub of April 2021 (eGRID2019)."
    return note


def command(cluster_id, name, name_zh, grid_region, base_year, selection, source_files):
    """The command that writes this package again, with file names only."""
    words = ["workbench", "import", "iac", *(source["file"] for source in source_files)]
    words += ["--out", f"data/clusters/{cluster_id}"]
    for option, values in (("--state", selection["state"]), ("--naics", selection["naics"])):
        words += [option, ",".join(values)] if values else []
    for option, year in (("--from-year", selection["from_year"]), ("--to-year", selection["to_year"])):
        words += [option, str(year)] if year else []
    words += ["--base-year", str(base_year), "--grid-region", grid_region, "--cluster-id", cluster_id, "--name", name]
    words += ["--name-zh", name_zh] if name_zh else []
    return shlex.join(words)


def grid(region):
    """The cluster's grid: a subregion, or the country where each plant has the grid of its state."""
    if region != "by-state":
        return {"grid_region": region}
    return {"grid_region": "US", "grid_note": STATE_NOTE}


def cluster_meta(tables, *, cluster_id, name, name_zh, grid_region, base_year, selection, source_files, source_rows):
    """Content of cluster.yaml: the same for the same source and arguments (no clock, no path of a machine)."""
    return {
        "id": cluster_id,
        "name": {"en": name, "zh": name_zh or name},
        "country": "US",
        **grid(grid_region),
        "base_year": base_year,
        "base_year_note": base_year_note(tables, base_year),
        "currency": "USD",
        "price_year": None,
        "price_note": PRICE_NOTE,
        "factor_set": "us-epa",
        "gwp_set": "ar4",
        "gwp_note": "The EPA Emission Factors Hub of April 2021 uses AR4: 25 for CH4, 298 for N2O.",
        "data_nature": "published",
        "licence": LICENCE,
        "sources": SOURCES,
        "provenance": {
            "command": command(cluster_id, name, name_zh, grid_region, base_year, selection, source_files),
            "selection": {key: value for key, value in selection.items() if value},
            "source_files": source_files,
            "source_rows": source_rows,
            "counts": counts(tables),
        },
    }


def readme(meta):
    """README.md of the package: what it is, whose data, how it was made, what to know before using it."""
    made = meta["provenance"]
    numbers = {key: value for key, value in made["counts"].items() if not isinstance(value, dict)}
    statuses = ", ".join(f"{status} {number}" for status, number in made["counts"]["projects_by_status"].items())
    levels = ", ".join(f"{level} {number}" for level, number in made["counts"]["notes_by_severity"].items())
    lines = [
        f"# {meta['name']['en']}",
        "",
        f"{meta['name']['zh']}",
        "",
        "Plants, utility bills and recommendations of energy audits: US DOE Industrial Assessment Centers database.",
        "",
        f"**Licence and attribution.** {meta['licence']}",
        "",
        "## How it was made",
        "",
        "```",
        made["command"],
        "```",
        "",
        "Put the paths of your copies in place of the source file names:",
        "",
        *(f"- `{f['file']}`, SHA-256 `{f['sha256']}`; {f.get('where', 'own copy')}" for f in made["source_files"]),
        "",
        "## What is in it",
        "",
        "| item | number |",
        "|---|---:|",
        *(f"| {key.replace('_', ' ')} | {value:,} |" for key, value in numbers.items()),
        "",
        f"Projects by status: {statuses}. Notes in `import_notes.csv`: {levels}.",
        "",
        "## What to know",
        "",
        f"- {meta['base_year_note']}",
        f"- {meta['price_note']}",
        *([f"- {meta['grid_note']}"] if "grid_note" in meta else []),
        "- Costs and savings are those of the audit reports, not measured results. Lifetimes are assumed.",
        "- Savings keep the audit's figures for each recommendation alone; recommendations of one plant can overlap.",
        "- `uncosted`: no cost was filed. Copies of the source blank zeros: some of these measures may cost nothing.",
        "- Demand (kW-month) and fees (USD) carry money, no energy. Fuels are MMBtu of higher heating value.",
        "- Money saved on water, waste, labour and materials is a negative `opex_per_year`.",
        "",
    ]
    return "\n".join(lines)


def plain(value):
    """A cell as text: whole numbers without a point, no exponent, blanks as nothing."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else format(Decimal(repr(float(value))), "f")
    return str(value)


def write_files(tables, meta, folder, page):
    """Write the files of the package into an existing folder; their names."""
    for name, table in tables.items():
        table.map(plain).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
    text = yaml.safe_dump(meta, sort_keys=False, allow_unicode=True, width=10_000)
    (folder / "cluster.yaml").write_text(text, encoding="utf-8", newline="\n")
    (folder / "README.md").write_text(page(meta), encoding="utf-8", newline="\n")
    return {path.name for path in folder.iterdir()}


def write_package(tables, meta, out_dir, *, overwrite=False, page=readme) -> Path:
    """Write the package whole or not at all: into a folder beside it, then renamed.

    `page` makes the README from `meta`. A folder that holds files and is no package is refused unless `overwrite`; files
    not written here are kept.
    """
    out = Path(out_dir)
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file; name a folder for the package.")
    filled = out.is_dir() and any(out.iterdir())
    if filled and not (out / "cluster.yaml").is_file() and not overwrite:
        raise UserError(f"{out} holds files but is no package; name another folder or add --overwrite.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as beside:
        fresh = Path(beside) / "package"
        fresh.mkdir()
        written = write_files(tables, meta, fresh, page)
        if out.is_dir():
            keep_other_files(out, fresh, written)
            out.rename(Path(beside) / "before")
        fresh.rename(out)
    return out


def keep_other_files(old, new, written):
    """Carry over what the user added to the package (for example relations.csv)."""
    for path in old.iterdir():
        if path.name in written:
            continue
        if path.is_dir():
            shutil.copytree(path, new / path.name)
        else:
            shutil.copy2(path, new / path.name)
