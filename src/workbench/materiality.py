"""Materiality: by how many tonnes the total as filed differs from the total as verified, finding by finding.

Each finding that changed or could change tonnes is undone alone, from verified to filed, and the inventory is compiled again; then
all of them together. What the single effects leave unexplained stands as "interaction", so that the rows add up to filed - verified
exactly, for every enterprise and for the cluster. Misstatements are summed with their sign against a threshold set before the work
(ISO 14064-3:2019, 5.1.7): items below it can exceed it together, and opposite signs can cancel.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import pandas as pd

from workbench import corrections, dictionary, inventory
from workbench.corrections import Tables, Undo
from workbench.store import Package
from workbench.wording import text

COLUMNS = [
    "finding_id", "check", "enterprise_id", "table", "row", "field", "filed_tco2e", "verified_tco2e", "misstatement_tco2e",
    "cluster_misstatement_tco2e", "share_of_total_pct", "tonnes", "reason",
]  # fmt: skip
CONCLUSION = [
    "level", "key", "filed_tco2e", "verified_tco2e", "sum_signed_tco2e", "sum_absolute_tco2e", "threshold_pct", "threshold_tco2e",
    "is_material", "opposite_signs", "absolute_above_threshold", "not_quantified",
]  # fmt: skip
_TYPES = {c: float for c in COLUMNS if c.endswith(("_tco2e", "_pct"))}
_UNKNOWN = ("unreadable", "as_filed", "not_filed")  # reasons that leave open whether tonnes are wrong
_FIRMS = ("enterprise_id", "from_enterprise", "to_enterprise", "counterparty")
_NAMES = (*_FIRMS, "unit_id", "parent_unit")
_MARK = "\x1f"  # parts the name of a firm from the number of its case; no filed text holds it
_BY_FIRM = ("energy", "process", "assays", "enterprises", "units")
_ROWS = 20_000  # ledger rows compiled at once


def threshold_pct(total_tco2e: float, rule: str = "practice") -> float:
    """The threshold of a rule of `materiality.csv` for a reported total: 5 % in practice; `eu_ets` 5 %, above 500 kt 2 %."""
    table = dictionary.read_table("materiality")
    table = table[table["rule"] == rule].astype({"above_tco2e": float, "threshold_pct": float}).sort_values("above_tco2e")
    return float(table.loc[(table["above_tco2e"] < abs(total_tco2e)) | (table["above_tco2e"] == 0), "threshold_pct"].iloc[-1])


def misstatements(
    package: Package, tables: Tables, verified: inventory.Inventory, found: pd.DataFrame, year: int,
    own: pd.DataFrame | None = None, lang: str = "en",
) -> pd.DataFrame:  # fmt: skip
    """What each finding does to the total: filed - verified, tCO2e; positive where the filing states too much.

    `package` as filed, `tables` as checked, `verified` the inventory of them, `found` the findings of intake and inventory.
    A row for each finding and enterprise it changes. Columns: finding_id, check, enterprise_id, table, row, field; filed_tco2e and
    verified_tco2e of the carriers concerned; misstatement_tco2e of the enterprise, cluster_misstatement_tco2e of the part that the
    cluster total counts, share_of_total_pct of the cluster total as filed; tonnes (stated, unknown, none: no bearing on the total)
    and the reason why they are blank or how a value was read.
    """
    found = found.astype("str").fillna("")
    found = found.assign(row=found["row"].str.removesuffix(".0"))  # a file read back with blanks has rows as floats
    filed = {name: corrections.as_filed(package, tables, name) for name in corrections.EMITTING}
    cases = _each_row_once([(f, *corrections.undo(f, filed, tables, verified, found, year)) for f in found.to_dict("records")])
    base = _sums(verified.rows)
    undone = [(undo, _names(f, filed)) for f, undo, _ in cases if undo is not None]
    changes = iter(_changes(undone, tables, base, package.meta, year, own))
    rows = [row for f, undo, reason in cases for row in _told(f, reason, None if undo is None else next(changes), lang)]
    table = pd.DataFrame(rows, columns=COLUMNS).astype(_TYPES)
    if undone:
        table = pd.concat([table, _interaction(table, next(changes), lang)], ignore_index=True)
    total = base["cluster"].sum() + table["cluster_misstatement_tco2e"].sum()
    table["share_of_total_pct"] = table["cluster_misstatement_tco2e"] / (abs(total) or float("nan")) * 100
    return table


def conclusion(misstatements: pd.DataFrame, rows: pd.DataFrame, materiality_pct: float | None = None) -> pd.DataFrame:
    """The sum of misstatements against the threshold, for the cluster and each enterprise; `rows` is the verified inventory.

    Columns: level, key, filed_tco2e, verified_tco2e, sum_signed_tco2e, sum_absolute_tco2e, threshold_pct, threshold_tco2e (of the
    total as filed, the base Regulation (EU) 2018/2067, Article 23 takes), material (1: the signed sum is above it), opposite_signs
    (1: some cancel), absolute_above_threshold (1: material if they did not cancel), not_quantified (findings of unknown tonnes).
    """
    own = _level(
        "enterprise", misstatements, rows.assign(key=rows["enterprise_id"]), "misstatement_tco2e", misstatements["enterprise_id"]
    )
    whole = rows[rows["internal"] == 0].assign(key="cluster")
    one = pd.Series("cluster", index=misstatements.index, dtype="str")
    table = pd.concat([_level("cluster", misstatements, whole, "cluster_misstatement_tco2e", one), own], ignore_index=True)
    table["filed_tco2e"] = table["verified_tco2e"] + table["sum_signed_tco2e"]
    table["threshold_pct"] = [
        threshold_pct(total) if materiality_pct is None else float(materiality_pct) for total in table["filed_tco2e"]
    ]
    table["threshold_tco2e"] = table["filed_tco2e"].abs() * table["threshold_pct"] / 100
    table["is_material"] = (table["sum_signed_tco2e"].abs() > table["threshold_tco2e"]).astype(int)
    table["absolute_above_threshold"] = (table["sum_absolute_tco2e"] > table["threshold_tco2e"]).astype(int)
    return table.reindex(columns=CONCLUSION)


def _level(level: str, misstatements: pd.DataFrame, rows: pd.DataFrame, column: str, key: pd.Series) -> pd.DataFrame:
    """Sums of one level: of the verified inventory, and of the misstatements, those of unknown enterprises too."""
    said = misstatements[column].astype(float)
    verified = rows.groupby("key")["tco2e"].sum()
    keys = sorted({*verified.index, *key[said.fillna(0.0) != 0]} - {""}) if level == "enterprise" else ["cluster"]
    groups = said.groupby(key)
    table = pd.DataFrame(index=pd.Index(keys, name="key", dtype="str"))
    table["verified_tco2e"] = verified.reindex(keys).fillna(0.0)
    table["sum_signed_tco2e"] = groups.sum().reindex(keys).fillna(0.0)
    table["sum_absolute_tco2e"] = said.abs().groupby(key).sum().reindex(keys).fillna(0.0)
    table["opposite_signs"] = ((groups.max() > 0) & (groups.min() < 0)).reindex(keys).fillna(False).astype(int)
    silent = misstatements["tonnes"] == "unknown"
    table["not_quantified"] = silent.groupby(key).sum().reindex(keys).fillna(0).astype(int)
    return table.reset_index().assign(level=level)


def _each_row_once(cases: list[tuple]) -> list[tuple]:
    """A row that several findings set aside is counted with the first of them."""
    counted: set[tuple[str, str]] = set()
    once = []
    for finding, undo, reason in cases:
        place = finding["table"], finding["row"]
        again = undo is not None and finding["effect"] == "row_set_aside" and place in counted
        once.append((finding, None, "same_row") if again else (finding, undo, reason))
        counted |= {place} if undo is not None and finding["effect"] == "row_set_aside" else set()
    return once


def _names(finding: dict, filed: Tables) -> set[str]:
    """The firms a finding speaks of."""
    row = pd.to_numeric(finding["row"], errors="coerce")
    line = filed.get(finding["table"], pd.DataFrame())
    named = line.loc[line.index == row, [c for c in _FIRMS if c in line.columns]]
    return {finding["enterprise_id"], *named.to_numpy().ravel()} - {""}


def _sums(rows: pd.DataFrame) -> pd.DataFrame:
    """tCO2e by enterprise and carrier: all rows, and those the cluster total counts."""
    both = pd.DataFrame({"whole": rows["tco2e"], "cluster": rows["tco2e"].where(rows["internal"] == 0, 0.0)}, dtype=float)
    return both.groupby([rows["enterprise_id"].astype("str"), rows["carrier"].astype("str")]).sum()


def _changes(
    undone: list[tuple[Undo, set[str]]],
    tables: Tables,
    base: pd.DataFrame,
    meta: dict[str, Any],
    year: int,
    own: pd.DataFrame | None,
) -> list[pd.DataFrame]:
    """Sums as filed beside those as verified, where they differ: for each correction taken back alone, then for all together.

    Each case holds the firms linked to it by exchanges, under names of its own, so that one compilation serves many cases.
    """
    if not undone:
        return []
    links = _links(tables)
    cases = [(undo, _linked(names, links)) for undo, names in undone]
    variants = [undo(_of_firms(tables, firms)) for undo, firms in cases]
    variants.append(reduce(lambda t, case: case[0](t), undone, tables))
    firms = [*(firms for _, firms in cases), None]
    sums: dict[int, pd.DataFrame] = {}
    for batch in _batches(variants):
        one = {
            name: pd.concat([_marked(variants[n][name], n) for n in batch], ignore_index=True) for name in _of_firms(tables, set())
        }
        one = {name: t.assign(row=range(len(t))) for name, t in one.items()}
        rows = inventory.compile(tables | one, meta, year, own).rows
        name = rows["enterprise_id"].str.split(_MARK)
        rows = rows.assign(enterprise_id=name.str[0])
        sums |= {n: _sums(rows[name.str[1] == str(n)]) for n in batch}
    return [_differences(sums[n], base, firms[n]) for n in range(len(variants))]


def _differences(filed: pd.DataFrame, verified: pd.DataFrame, firms: set[str] | None) -> pd.DataFrame:
    """Enterprises and carriers whose tonnes differ: whole_filed, whole_verified, cluster_filed, cluster_verified."""
    if firms is not None:
        verified = verified[verified.index.get_level_values(0).isin(firms)]
    both = filed.add_suffix("_filed").join(verified.add_suffix("_verified"), how="outer").fillna(0.0)
    gap = (both["whole_filed"] - both["whole_verified"]).abs() + (both["cluster_filed"] - both["cluster_verified"]).abs()
    return both[gap > 1e-9 * both.abs().max(axis=1)].groupby(level=0).sum()


def _batches(variants: list[Tables]) -> list[list[int]]:
    """Numbers of the variants that are compiled together."""
    batches, size = [[]], 0
    for n, variant in enumerate(variants):
        size += len(variant["energy"])
        if batches[-1] and size > _ROWS:
            batches, size = [*batches, []], len(variant["energy"])
        batches[-1].append(n)
    return batches


def _marked(table: pd.DataFrame, number: int) -> pd.DataFrame:
    """The table with its firms and units under names of their own."""
    names = [c for c in _NAMES if c in table.columns]
    said = {c: table[c].fillna("").astype("str") for c in names}
    return table.assign(**{c: v.where(v == "", v + f"{_MARK}{number}") for c, v in said.items()})


def _of_firms(tables: Tables, firms: set[str]) -> Tables:
    """The tables that name firms or their units, cut to some firms."""
    cut = {n: t[t["enterprise_id"].isin(firms)] for n, t in tables.items() if n in _BY_FIRM}
    exchanges = tables["exchanges"]
    return cut | {"exchanges": exchanges[exchanges["from_enterprise"].isin(firms) & exchanges["to_enterprise"].isin(firms)]}


def _links(tables: Tables) -> dict[str, set[str]]:
    """Members that exchange energy, by exchange row or by counterparty."""
    pairs = [tables["exchanges"][["from_enterprise", "to_enterprise"]], tables["energy"][["enterprise_id", "counterparty"]]]
    links: dict[str, set[str]] = {}
    members = set(tables["enterprises"]["enterprise_id"])
    for pair in pairs:
        for one, other in pair.drop_duplicates().itertuples(index=False):
            if one in members and other in members:
                links.setdefault(one, set()).add(other)
                links.setdefault(other, set()).add(one)
    return links


def _linked(names: set[str], links: dict[str, set[str]]) -> set[str]:
    """The firms, and all that are linked to them through others."""
    reached, new = set(names), set(names)
    while new := {other for name in new for other in links.get(name, ())} - reached:
        reached |= new
    return reached


def _told(finding: dict, reason: str, change: pd.DataFrame | None, lang: str) -> list[dict]:
    """Rows of one finding: one an enterprise it changes; without tonnes where there are none to state."""
    row = {c: finding[c] for c in ("finding_id", "check", "enterprise_id", "table", "row", "field")}
    row |= {"reason": _reason(reason, lang), "tonnes": "stated"}
    if change is None:
        return [row | {"tonnes": "unknown" if reason in _UNKNOWN else "none"}]
    if change.empty:
        return [row | {"misstatement_tco2e": 0.0, "cluster_misstatement_tco2e": 0.0}]
    return [
        row
        | {
            "enterprise_id": who,
            "filed_tco2e": c["whole_filed"],
            "verified_tco2e": c["whole_verified"],
            "misstatement_tco2e": c["whole_filed"] - c["whole_verified"],
            "cluster_misstatement_tco2e": c["cluster_filed"] - c["cluster_verified"],
        }
        for who, c in change.iterrows()
    ]


def _interaction(table: pd.DataFrame, together: pd.DataFrame, lang: str) -> pd.DataFrame:
    """What the single effects leave of all together, by enterprise."""
    single = table.groupby("enterprise_id")[["misstatement_tco2e", "cluster_misstatement_tco2e"]].sum()
    whole = pd.DataFrame(
        {
            "misstatement_tco2e": together["whole_filed"] - together["whole_verified"],
            "cluster_misstatement_tco2e": together["cluster_filed"] - together["cluster_verified"],
        }
    )
    rest = whole.sub(single, fill_value=0.0)
    size = whole.abs().add(single.abs(), fill_value=0.0).max(axis=1)
    rest = rest[rest.abs().max(axis=1) > 1e-9 * size].rename_axis("enterprise_id").reset_index()
    rest = rest.assign(
        finding_id="", check="interaction", table="", row="", field="", tonnes="stated", reason=_reason("interaction", lang)
    )
    return rest.reindex(columns=COLUMNS).astype(_TYPES)


def _reason(reason: str, lang: str) -> str:
    key, _, unit = reason.partition(":")
    return text(f"materiality.reason.{key}", lang, unit=unit) if key else ""
