"""The data list: every table and field a cluster package may hold, read from the tables under `data/`.

Validation, the field reference in `data/README.md`, workbook templates and report headings all come from here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parent / "data"
CLUSTER_REQUIRED = (
    "id", "name", "country", "grid_region", "base_year", "currency", "factor_set", "gwp_set", "data_nature",
)  # fmt: skip
DATA_NATURES = ("published", "modelled", "synthetic", "confidential")
NUMERIC = ("number", "fraction", "year", "month")


def read_table(name: str) -> pd.DataFrame:
    """One of the workbench's own tables under `data/` (path without `.csv`), every cell as text, blanks as ''."""
    return _read(name).copy()  # lazy under copy on write, and the caller may change it


def read_factors(name: str) -> pd.DataFrame:
    """A factor table with its factor columns as floats."""
    return with_numbers(read_table(name))


def with_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """A copy whose factor columns (`_per_unit`, `_per_gj`, `_per_mwh`, oxidation …) are floats, blanks NaN."""
    ends = ("_per_unit", "_per_gj", "oxidation", "_per_physical_unit", "_per_mwh")
    columns = [column for column in table.columns if column.endswith(ends)]
    return table.assign(**{column: pd.to_numeric(table[column].replace("", None)) for column in columns})


@cache
def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv", dtype=str, keep_default_na=False)


@cache
def tables() -> pd.DataFrame:
    """Tables of a package: `table`, `label_en`, `label_zh`, `key` (columns that name a row), `needed_by`, `meaning_en`."""
    return read_table("tables")


@cache
def fields(table: str | None = None) -> pd.DataFrame:
    """Fields of one table or of all: type, unit, required (1/0), code list, range, labels, meaning, source."""
    every = read_table("fields")
    for bound in ("minimum", "maximum"):
        every[bound] = pd.to_numeric(every[bound].replace("", None))
    return every if table is None else every[every["table"] == table].reset_index(drop=True)


@cache
def types() -> dict[str, str]:
    """The type of each field, whatever its table."""
    return dict(zip(fields()["field"], fields()["type"], strict=True))


def names() -> list[str]:
    """Table names in filing order."""
    return tables()["table"].tolist()


def key(table: str) -> list[str]:
    """The columns that together name one row of `table`."""
    return _by_table().at[table, "key"].split(",")


def is_required(table: str) -> bool:
    """Whether a package without the table is incomplete."""
    return _by_table().at[table, "required"] == "1"


@cache
def _by_table() -> pd.DataFrame:
    return tables().set_index("table")


@cache
def carriers() -> pd.DataFrame:
    """Carrier codes, indexed by code: `kind` (fuel, electricity, heat, medium, charge, direct), `family`, labels."""
    return read_table("carriers").set_index("carrier")


@cache
def codes(code_list: str) -> tuple[str, ...]:
    """The codes allowed in a code list; `carriers` and `processes` are tables of their own."""
    if code_list == "carriers":
        return tuple(carriers().index)
    if code_list == "processes":
        return tuple(dict.fromkeys(read_table("factors/process")["process"]))
    every = read_table("codes")
    return tuple(every.loc[every["code_list"] == code_list, "code"])


def threshold(name: str) -> float:
    """A threshold of `data/thresholds.csv`, in the unit its row states; an unknown name is a fault of the program (KeyError)."""
    return thresholds()[name]


@cache
def thresholds() -> dict[str, float]:
    """Every threshold by name."""
    table = read_table("thresholds")
    return dict(zip(table["name"], table["value"].astype(float), strict=True))


def conceivable(values: np.ndarray) -> np.ndarray:
    """Which numbers can be meant in any unit: 0, or between a power of ten (`thresholds.csv`) and its inverse; blanks cannot."""
    most, size = 10 ** threshold("number_power_of_ten"), np.abs(values)
    return (size >= 1 / most) & (size <= most) | (size == 0)


def reference() -> str:
    """The field reference as Markdown, the text of `data/README.md`."""
    lines = [
        "# The data list",
        "",
        "One package describes one cluster: a folder with `cluster.yaml` and the tables below as CSV (UTF-8), Parquet, or the",
        "sheets of one workbook with the same names. One row holds one fact; every quantity states its unit; money is in the",
        "currency of `cluster.yaml`, never in tens of thousands. A field marked * is required. Columns that are not listed here",
        "are kept and passed on. This page is generated from the dictionary: `workbench docs --write`.",
        "",
        "`cluster.yaml` holds " + ", ".join(f"{name}*" for name in CLUSTER_REQUIRED) + ", and may hold price_year, licence,",
        "sources (title, where, what), `targets` (a list, each with kind: energy_intensity, carbon_intensity, energy_total or",
        "carbon_total; base_year, base_value, reduction_pct or target_value, target_year, unit) and `carbon_budget` (value_tco2e,",
        "period: a year or from and to, executed_tco2e: a number or one a month, as_of). `name` has `en` and `zh`;",
        "`factor_set` is a set of the library or the path of an own CSV or Parquet file (`base_factor_set`: the set behind it);",
        "`factor_order` the order of preference (measured, supplier, local, provincial, regional, national, ipcc), `grid_variant`",
        "another variant of the grid factor (ets_reporting, fossil_power …), `chp_method` how a seller's fuel is split over heat",
        "and power (energy, exergy, heat_first, efficiency), `chp` the parameters of that method;",
        "`data_nature` is one of " + ", ".join(DATA_NATURES) + ".",
    ]
    for row in tables().itertuples():
        lines += [
            "",
            f"## {row.table} · {row.label_zh}",
            "",
            f"{row.meaning_en} One row is named by: {row.key.replace(',', ', ')}.",
            "",
        ]
        lines += ["| field | 名称 | type | unit | range | needed by | meaning |", "|---|---|---|---|---|---|---|"]
        lines += [_reference_row(field) for field in fields(row.table).itertuples()]
    lines += ["", "## Codes", ""]
    for name, group in read_table("codes").groupby("code_list", sort=True):
        lines.append(f"- **{name}**: " + "; ".join(f"`{c.code}` {c.label_zh}" for c in group.itertuples()))
    lines.append("- **carriers**: " + "; ".join(f"`{c}` {r.label_zh}" for c, r in carriers().iterrows()))
    lines.append("- **processes**: " + ", ".join(f"`{p}`" for p in codes("processes")))
    lines.append("- **units**: " + ", ".join(f"`{u}`" for u in read_table("units")["unit"]))
    lines += ["", "## Parameters of processes", "", "What `assays` may state; * has no default and must be filed.", ""]
    lines += [*_parameters(), "", "## Inputs of calculators", ""]
    lines += ["What `calculations` may state; * has no default and must be filed or stand in the unit's row.", ""]
    return "\n".join([*lines, *_calculators()]) + "\n"


def _parameters() -> list[str]:
    """Processes that take the same parameters, one line each."""
    table = read_table("process_parameters")
    star = table["default"].map({"": "*"}).fillna("")
    table["words"] = "`" + table["parameter"] + "`" + star + " " + table["label_zh"] + " [" + table["unit"] + "]"
    words = table.groupby("process")["words"].agg("; ".join)
    alike = words.reset_index().groupby("words", sort=False)["process"].agg(lambda codes: ", ".join(f"`{c}`" for c in codes))
    return [f"- {codes}: {said}" for said, codes in alike.items()]


def _calculators() -> list[str]:
    """Calculators with their inputs, one line each."""
    table = read_table("calculators")
    star = table["required"].map({"1": "*", "0": ""})
    table["words"] = "`" + table["input"] + "`" + star + " " + table["label_zh"] + " [" + table["unit"] + "]"
    labels = read_table("codes").query("code_list == 'calculators'").set_index("code")["label_zh"]
    words = table.groupby("calculator", sort=False)["words"].agg("; ".join)
    return [f"- `{code}` {labels[code]}: {said}" for code, said in words.items()]


def _reference_row(field) -> str:
    low = "" if pd.isna(field.minimum) else f"≥ {field.minimum:g}"
    high = "" if pd.isna(field.maximum) else f"≤ {field.maximum:g}"
    kind = f"{field.type} ({field.code_list})" if field.code_list else field.type
    star = "*" if field.required == "1" else ""
    cells = (
        f"`{field.field}`{star}", field.label_zh, kind, field.unit, f"{low} {high}".strip(), field.needed_by, field.meaning_en,
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"
