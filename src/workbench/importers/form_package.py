"""From files of several enterprises to one cluster package: options, ids, `cluster.yaml`, README, whole or not at all."""

import hashlib
import re
import shlex
import tempfile
from pathlib import Path

import pandas as pd
import yaml

from workbench import dictionary
from workbench.errors import UserError
from workbench.importers import form_notes
from workbench.importers.iac_package import keep_other_files, plain

TABLES = {
    "enterprises": ["enterprise_id", "name", "name_zh", "sector"],
    "units": ["unit_id", "enterprise_id", "name", "kind"],
    "energy": [
        "enterprise_id", "year", "unit_id", "carrier", "flow", "quantity", "unit", "cost", "ncv", "carbon_content", "oxidation",
        "tco2_per_unit", "evidence", "quality", "note",
    ],
    "process": ["enterprise_id", "year", "unit_id", "process", "quantity", "unit", "evidence"],
    "products": ["enterprise_id", "year", "product", "quantity", "unit"],
}  # fmt: skip


def add_arguments(parser):
    """Options that every importer of forms takes."""
    parser.add_argument("source", nargs="+", metavar="FILE", help="the filled form, .xlsx, .xls or .csv; one file an enterprise")
    parser.add_argument("--enterprise", action="append", default=[], metavar="ID", help="id of each file's enterprise; repeatable")
    parser.add_argument("--name", action="append", default=[], help="name of each file's enterprise; repeatable")
    parser.add_argument("--sector", default="not stated", help="sector of the enterprises")
    parser.add_argument("--year", type=int, required=True, help="year of the figures")
    parser.add_argument("--sheet", help="name of the sheet (default: the first that holds the form)")
    parser.add_argument("--country", default="CN", help="country code (default: CN)")
    parser.add_argument("--grid-region", required=True, help="region of the grid factor, e.g. shandong")
    parser.add_argument("--factor-set", default="cn-f1", help="factor set (default: cn-f1)")
    parser.add_argument("--gwp-set", default="ar5", help="set of warming potentials (default: ar5)")
    coals = list(dictionary.carriers().query("family == 'coal'").index)
    parser.add_argument(
        "--raw-coal", default="bituminous", choices=coals, metavar="CARRIER", help="carrier of raw coal (default: bituminous)"
    )
    parser.add_argument("--currency", default="CNY", help="currency of the money (default: CNY)")
    parser.add_argument("--cluster-id", help="id of the cluster (default: the name of the folder)")
    parser.add_argument("--out", required=True, help="folder of the package to write")
    parser.add_argument("--overwrite", action="store_true", help="write into a folder that exists and holds files")


def safe_id(text):
    """An id without blanks, slashes or dots: "..\\a b.xlsx" can name a file, never a path."""
    return re.sub(r"[^\w-]+", "-", str(text)).strip("-_") or "enterprise"


def identities(paths, ids, names):
    """(path, enterprise id, name or "") of each file; ids from the file names where none are given, each once."""
    for given, option in ((ids, "--enterprise"), (names, "--name")):
        if len(given) > len(paths):
            raise UserError(f"{option} is given {len(given)} times for {len(paths)} files; give it once a file at most.")
    found, used = [], set()
    for place, path in enumerate(map(Path, paths)):
        base = wanted = safe_id(ids[place] if place < len(ids) else path.stem)
        count = 2
        while wanted in used:
            wanted, count = f"{base}-{count}", count + 1
        used.add(wanted)
        found.append((path, wanted, names[place].strip() if place < len(names) else ""))
    return found


def join(parts):
    """The tables of several enterprises as those of one package, with their columns in the order of the data list."""
    tables = {}
    for name, columns in TABLES.items():
        rows = [part[name] for part in parts if name in part and len(part[name])]
        if not rows:
            continue
        table = pd.concat(rows, ignore_index=True)
        extra = [column for column in table.columns if column not in columns]
        tables[name] = table.reindex(columns=[*columns, *extra])
    tables["import_notes"] = form_notes.frame([row for part in parts for row in part["notes"]])
    return tables


def enterprise(enterprise_id, name, sector):
    """The row of an enterprise; a name in Chinese characters stands in both columns of names."""
    zh = name if re.search(r"[\u4e00-\u9fff]", name) else ""
    return pd.DataFrame([{"enterprise_id": enterprise_id, "name": name or enterprise_id, "name_zh": zh, "sector": sector}])


def meta_of(args, kind, title, sources, files):
    """Content of cluster.yaml: the same for the same files and options (no clock, no path of a machine)."""
    cluster = safe_id(args.cluster_id or Path(args.out).resolve().name)
    prints = [{"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path, _, _ in files]
    words = ["workbench", "import", kind, *(path.name for path, _, _ in files)]
    for _, enterprise_id, name in files:
        words += ["--enterprise", enterprise_id, *(["--name", name] if name else [])]
    words += ["--year", str(args.year), "--country", args.country, "--grid-region", args.grid_region]
    for option in ("factor_set", "gwp_set", "currency", "sector", "sheet", "raw_coal", "gas_volume"):
        value = getattr(args, option, None)
        words += [f"--{option.replace('_', '-')}", str(value)] if value else []
    words += ["--out", cluster]
    return {
        "id": cluster,
        "name": {"en": f"{title} {args.year}: {cluster}", "zh": cluster},
        "country": args.country,
        "grid_region": args.grid_region,
        "base_year": args.year,
        "currency": args.currency,
        "price_year": args.year,
        "factor_set": args.factor_set,
        "gwp_set": args.gwp_set,
        "data_nature": "confidential",
        "licence": "Figures of the filing enterprises; not to be passed on without their consent.",
        "sources": [*sources, *({"title": p["file"], "where": "filed by the enterprise", "what": title} for p in prints)],
        "provenance": {"command": shlex.join(words), "source_files": prints},
    }


def readme(meta, tables):
    """README.md of the package: what it is, how it was made, what to know."""
    notes = tables["import_notes"]["severity"].value_counts()
    levels = ", ".join(f"{notes.get(level, 0)} {level}" for level in ("error", "warning", "info"))
    return "\n".join(
        [
            f"# {meta['name']['en']}",
            "",
            "Written by the importer from the files named in `cluster.yaml`. Mend the source and import again.",
            "",
            "```",
            meta["provenance"]["command"],
            "```",
            "",
            *(f"- {name}: {len(table)} rows" for name, table in tables.items() if name != "import_notes"),
            f"- notes of the import (`import_notes.csv`): {levels}",
            "",
        ]
    )


def write(tables, meta, out_dir, *, overwrite=False) -> Path:
    """Write the package whole or not at all: into a folder beside it, then renamed; files not written here are kept."""
    out = Path(out_dir)
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file; name a folder for the package.")
    if out.is_dir() and any(out.iterdir()) and not overwrite:
        raise UserError(f"{out} exists and holds files; name another folder or add --overwrite.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as beside:
        fresh = Path(beside) / "package"
        fresh.mkdir()
        for name, table in tables.items():
            table.map(plain).to_csv(fresh / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
        text = yaml.safe_dump(meta, sort_keys=False, allow_unicode=True, width=10_000)
        (fresh / "cluster.yaml").write_text(text, encoding="utf-8", newline="\n")
        (fresh / "README.md").write_text(readme(meta, tables), encoding="utf-8", newline="\n")
        if out.is_dir():
            keep_other_files(out, fresh, {*(path.name for path in fresh.iterdir()), *(f"{name}.csv" for name in TABLES)})
            out.rename(Path(beside) / "before")
        fresh.rename(out)
    return out
