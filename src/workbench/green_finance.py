"""Green finance: each project held against the rules of lenders, programmes and catalogues; every rule with its source.

A rule (`data/green_finance_rules.csv`) compares one figure of a project with a threshold. What is not known is not passed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench import dictionary, wording
from workbench.potential import Assessment

COLUMNS = [
    "project_id", "enterprise_id", "rule_id", "group", "result", "indicator", "seen", "comparison", "threshold", "unit",
    "to_be_confirmed", "in_force", "source",
]  # fmt: skip
RESULTS = ("pass", "fail", "unknown")
TOLERANCE = 1e-6  # of the threshold: rounding of a float, no grace


def rules(country: str) -> pd.DataFrame:
    """The rules that may apply in a country: those of no country in particular, and its own."""
    every = dictionary.read_table("green_finance_rules")
    return every[every["countries"].isin(["", country])].reset_index(drop=True)


def screen(
    library: Assessment, finance: pd.DataFrame, filed: pd.DataFrame, enterprises: pd.DataFrame, country: str, year: int
) -> pd.DataFrame:
    """One row a costed project and rule with COLUMNS.

    `finance` is the table of `finance.assess`, `filed` the checked projects, `enterprises` those of the inventory.
    `in_force` 0 = a programme that does not run in `year`: shown for comparison.
    """
    seen = indicators(library, finance, filed, enterprises)
    parts = [_one_rule(seen, rule, year) for rule in rules(country).to_dict("records")]
    found = pd.concat(parts, ignore_index=True)
    return found.sort_values(["project_id", "rule_id"], kind="stable").reset_index(drop=True)[COLUMNS]


def indicators(library: Assessment, finance: pd.DataFrame, filed: pd.DataFrame, enterprises: pd.DataFrame) -> pd.DataFrame:
    """What the rules look at, one row a project of `finance`."""
    money = finance[["project_id", "npv_all_flows", "dscr_min", "payback_years"]]
    effects = library.projects[["project_id", "enterprise_id", "kind", "tce_saved", "tco2e_saved"]]
    table = money.merge(effects, on="project_id", how="left", validate="1:1")
    table = table.merge(filed[["project_id", "loan_years", "loan_share"]], on="project_id", how="left", validate="1:1")
    table["loan_years"] = table["loan_years"].where(table["loan_share"] > 0)
    use = _base_use(library.bases, library.lines).reindex(table["project_id"]).reset_index(drop=True)
    table["saving_share_pct"] = 100 * (table["tce_saved"] / use["tce"]).where(use["tce"] > 1e-9)
    table["carbon_share_pct"] = 100 * (table["tco2e_saved"] / use["tco2e"]).where(use["tco2e"] > 1e-9)
    table["enterprise_tce"] = table["enterprise_id"].map(enterprises.set_index("enterprise_id")["tce"]).astype(float)
    return table


def _base_use(bases: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """tce and tCO2e per year of what each project works on: the unit it names, or the carrier of the whole site."""
    table = bases.assign(
        tce=bases["use"] * bases["tce_per_activity"],
        tco2e=bases["use"] * bases["tco2e_per_activity"],
        unit_id=bases["unit_id"].fillna(""),
    )
    unit = table.groupby(["pool_id", "unit_id"])[["tce", "tco2e"]].sum()
    site = table.groupby("pool_id")[["tce", "tco2e"]].sum()
    asked = lines[lines["amount"] > 0].assign(unit_id=lines["unit_id"].fillna(""))[["project_id", "pool_id", "unit_id"]]
    asked = asked.drop_duplicates()
    named = asked["unit_id"] != ""
    whole = asked[~named].merge(site, left_on="pool_id", right_index=True, validate="m:1")
    part = asked[named].merge(unit, left_on=["pool_id", "unit_id"], right_index=True, validate="m:1")
    return pd.concat([whole, part]).groupby("project_id")[["tce", "tco2e"]].sum()


def _one_rule(table: pd.DataFrame, rule: dict[str, str], year: int) -> pd.DataFrame:
    """All projects against one rule."""
    seen, threshold = table[rule["indicator"]], rule["threshold"]
    if rule["comparison"] == "in":
        listed = seen.isin([part for part in threshold.split(";") if part])
        result = np.select([listed], ["pass"], "unknown")  # a class that is not listed may still be an item of the catalogue
    else:
        limit = table[threshold] if threshold in table else pd.Series(float(threshold), index=table.index)
        known = seen.notna() & limit.notna()
        slack = TOLERANCE * np.maximum(1.0, limit.abs())
        met = {"ge": seen >= limit - slack, "le": seen <= limit + slack, "gt": seen > limit + slack}[rule["comparison"]]
        result, threshold = np.select([~known, met], ["unknown", "pass"], "fail"), limit
    since, until = (float(rule[name] or bound) for name, bound in (("valid_from", "-inf"), ("valid_to", "inf")))
    return table[["project_id", "enterprise_id"]].assign(
        **{name: rule[name] for name in ("rule_id", "group", "indicator", "comparison", "unit", "source")},
        result=result,
        seen=seen.astype(object),
        threshold=threshold,
        to_be_confirmed=int(rule["confidence"] == "remembered"),
        in_force=int(since <= year <= until),
    )


def summary(screened: pd.DataFrame, lang: str = "en") -> pd.DataFrame:
    """How many projects pass, fail and are not known, by rule in words, in the order of the rules; what to do, and the source."""
    table = dictionary.read_table("green_finance_rules").set_index("rule_id")
    counts = pd.crosstab(screened["rule_id"], screened["result"]).reindex(columns=list(RESULTS), fill_value=0)
    once = screened.drop_duplicates("rule_id").set_index("rule_id")[["to_be_confirmed", "in_force"]].astype(bool)
    found = counts.join(once).join(table[[f"what_{lang}", "source"]].rename(columns={f"what_{lang}": "what_to_do"}))
    numbered = _numbered(table[f"label_{lang}"], counts.index)
    found = found.reindex(list(numbered))
    found.insert(0, "rule", list(numbered.values()))
    return found.reset_index(drop=True)


def _numbered(labels: pd.Series, applied: pd.Index) -> dict[str, str]:
    """Rules that were applied, in the order of the table, each with its number before its label; one number in every table."""
    return {rule: f"{place} {labels[rule]}" for place, rule in enumerate((r for r in labels.index if r in applied), start=1)}


def by_project(screened: pd.DataFrame, projects: pd.DataFrame, lang: str = "en") -> pd.DataFrame:
    """One row a project, largest present value first, one column a rule in the order and with the numbers of `summary`.

    A mark says passed, failed or not known. `projects`: project_id, name, name_zh and npv_all_flows of `finance`.
    """
    table = dictionary.read_table("green_finance_rules").set_index("rule_id")
    wide = screened.pivot(index="project_id", columns="rule_id", values="result")
    short = _numbered(table[f"short_{lang}"], wide.columns)
    wide = wide[list(short)].map(lambda result: wording.text(f"mark.{result}", lang)).rename(columns=short)
    names = projects.sort_values("npv_all_flows", ascending=False).set_index("project_id")
    wide = wide.reindex([name for name in names.index if name in wide.index])
    names = names.reindex(wide.index)
    chinese = names["name_zh"] if lang == "zh" and "name_zh" in names else names["name"]
    called = [str(own) if pd.notna(own) and own else str(n) for own, n in zip(chinese, names["name"], strict=True)]
    wide.insert(0, "measure", [f"{project} {name}" for project, name in zip(wide.index, called, strict=True)])
    return wide.rename_axis(None, axis=1).reset_index(drop=True)
