"""The measures of a diagnosis, one row each: what it acts on, saves, costs and earns, how urgent it is, whence the figure."""

from __future__ import annotations

import pandas as pd

from workbench import priority

COLUMNS = [
    "priority_rank", "priority", "priority_reason", "project_id", "name", "name_zh", "enterprise_id", "unit_ids", "carriers",
    "tce_saved", "tco2e_saved", "capex", "yearly_saving", "payback_years", "abatement_cost", "figure_source", "evidence", "status",
]  # fmt: skip
SUMMARY = ["priority", "projects", "tce_saved", "tco2e_saved", "capex", "yearly_saving"]


def table(
    projects: pd.DataFrame, lines: pd.DataFrame, macc: pd.DataFrame, tables: dict[str, pd.DataFrame], carbon_price: float = 0.0,
    late: pd.Series | None = None,
) -> pd.DataFrame:  # fmt: skip
    """COLUMNS, the first in priority first.

    `projects`, `lines`: of `potential.assess`; `macc`: of `curve.curve`; `tables`: the checked package with calculated savings.
    `yearly_saving` = energy money saved + carbon income - running cost, currency a year. `figure_source`: calculated (from
    technical data), filed_quantity, filed_share, library, several, none. `late`: see `priority.classify`.
    """
    kept_out = set(macc.loc[macc["entered"] != 1, "project_id"])
    ranked = priority.classify(projects, kept_out, late)
    earned = projects["energy_money_saved"] + carbon_price * projects["tco2e_saved"] - projects["opex_per_year"]
    own = ["project_id", "name", "name_zh", "enterprise_id", "tce_saved", "tco2e_saved", "capex", "payback_years", "abatement_cost"]
    made = projects[[*own, "status"]].assign(yearly_saving=earned)
    made = ranked.merge(made, on="project_id", validate="1:1").merge(_acts_on(lines), on="project_id", how="left", validate="1:1")
    proof = tables["projects"].drop_duplicates("project_id").set_index("project_id")["evidence"]
    sources = made["project_id"].map(_sources(lines, tables["savings"])).astype(object).fillna("none")
    made = made.assign(evidence=made["project_id"].map(proof), figure_source=sources.mask(made["status"] == "library", "library"))
    made[["unit_ids", "carriers"]] = made[["unit_ids", "carriers"]].fillna("")
    return made[COLUMNS]


def summary(made: pd.DataFrame) -> pd.DataFrame:
    """How many measures of each class and what they save and cost, each taken alone; in the order of the classes."""
    order = list(priority.rules()["priority"])
    sums = made.groupby("priority").agg(
        projects=("project_id", "size"), **{name: (name, lambda values: values.sum(min_count=1)) for name in SUMMARY[2:]}
    )  # fmt: skip
    return sums.reindex([name for name in order if name in sums.index]).rename_axis("priority").reset_index()[SUMMARY]


def factors_applied(bases: pd.DataFrame, used: pd.DataFrame) -> pd.DataFrame:
    """The rows of `factors_used` that convert the savings of `bases`.

    Raises ValueError where a saving is converted by a factor the inventory does not use: the two could not be added.
    """
    ids = set(bases["factor_ids"].fillna("").astype(str).str.split(";").explode()) - {""}
    if missing := sorted(ids - set(used["factor_id"])):
        raise ValueError(f"savings are converted by factors that the inventory does not use: {', '.join(missing)}")
    return used[used["factor_id"].isin(ids)]


def _acts_on(lines: pd.DataFrame) -> pd.DataFrame:
    """Units and carriers each project acts on, joined by semicolons; no unit where it acts on the whole site."""
    acts: dict[str, tuple[set[str], set[str]]] = {}
    for project, *names in lines[["project_id", "unit_id", "carrier"]].fillna("").itertuples(index=False, name=None):
        for name, known in zip(names, acts.setdefault(project, (set(), set())), strict=True):
            known.add(str(name))
    rows = [(project, *(";".join(sorted(known - {""})) for known in found)) for project, found in sorted(acts.items())]
    return pd.DataFrame(rows, columns=["project_id", "unit_ids", "carriers"], dtype=object).astype({"project_id": "str"})


def _sources(lines: pd.DataFrame, savings: pd.DataFrame) -> dict[str, str]:
    """Where the saving of each project comes from."""
    origin = savings.set_index("row").get("origin", pd.Series(dtype=object))
    kind = lines["mode"].map({"absolute": "filed_quantity", "fraction": "filed_share"})
    kind = kind.mask(lines["row"].map(origin).eq("calculated"), "calculated")
    each = kind.groupby(lines["project_id"]).agg(lambda kinds: kinds.iat[0] if kinds.nunique() == 1 else "several")
    return each.to_dict()
