"""The project library: what each project alone saves in tce and tCO2e, and what it costs.

Savings are converted by the inventory's own rows: the factor of a saved unit is the emissions of the carrier's rows over their
activity, so the ids and hashes are those of `factors_used`. Positive = less use. `tco2e_saved` and `tce_saved` are those of the
cluster's account, so that they can be taken from its total; `site_tco2e_saved` is what the enterprise's own account shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench import appraisal, bases, dictionary, emissions, factors, findings, interaction, leakage
from workbench.params import Settings

COLUMNS = [
    "project_id", "enterprise_id", "name", "name_zh", "kind", "status", "eligible", "tce_saved", "tco2e_saved",
    "gross_capex", "grant", "capex",
    "opex_per_year", "lifetime_years", "energy_money_saved", "carbon_income", "annual_cost", "npv", "npv_cost",
    "irr_pct", "payback_years", "abatement_cost",
    "upstream_tco2e", "start_year", "factor_ids", "flags", *leakage.COLUMNS[1:],
]  # fmt: skip


@dataclass(frozen=True)
class Assessment:
    """`projects` (each alone), `bases` and `lines` (what is saved where), savings `by_carrier`, raw `findings`."""

    projects: pd.DataFrame
    bases: pd.DataFrame
    lines: pd.DataFrame
    by_carrier: pd.DataFrame
    findings: list[pd.DataFrame]


def assess(
    tables: dict[str, pd.DataFrame],
    rows: pd.DataFrame,
    used: pd.DataFrame,
    paid: pd.DataFrame,
    meta: dict[str, Any],
    settings: Settings,
) -> Assessment:
    """The library from checked tables, inventory `rows`, factor rows `used` and prices `paid`."""
    lines, found = _lines(tables, used)
    table, lines, problems = bases.build(lines, tables, rows, used, paid, meta, settings.year)
    found += problems
    known = set(table["pool_id"])
    lines = lines[lines["pool_id"].isin(known)].reset_index(drop=True)
    pool_list = interaction.pools(table, lines)
    found += _limits(pool_list)
    found += _caps(tables["enterprises"], settings)
    projects, carriers, problems = _alone(tables["projects"], pool_list, table, settings)
    projects = _moved(projects, leakage.of_projects(carriers, table, tables["projects"]))
    return Assessment(projects, table, lines, carriers, found + problems)


def _lines(tables: dict[str, pd.DataFrame], used: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Savings rows with their enterprise filled in and their amount in the unit of the factor row."""
    rows = tables["savings"].copy()
    owner = tables["projects"].set_index("project_id")["enterprise_id"]
    for column in ("enterprise_id", "unit_id", "unit"):
        rows[column] = rows[column].fillna("").astype(str)
    rows["enterprise_id"] = rows["enterprise_id"].mask(rows["enterprise_id"] == "", rows["project_id"].map(owner))
    rows = rows.set_index("row")
    odd = (rows["mode"] == "fraction") & (rows["amount"].abs() > 1)
    no_unit = (rows["mode"] == "absolute") & (rows["unit"] == "") & (rows["carrier"] != "tco2e")
    found = [
        findings.raw(
            "fraction_range", rows[odd], table="savings", field="amount", seen=rows.loc[odd, "amount"], effect="row_set_aside"
        ),
        findings.raw("missing_unit", rows[no_unit], table="savings", field="unit", effect="row_set_aside"),
    ]
    rows = rows[~odd & ~no_unit]
    absolute = rows["mode"] == "absolute"
    amounts, _, problems = emissions.quantify(
        rows[absolute].assign(quantity=rows.loc[absolute, "amount"]), factors.defaults(used), "savings"
    )
    kinds = amounts["carrier"].map(dictionary.carriers()["kind"])
    plain = kinds.isin(["charge", "direct", "medium"])
    amounts["activity"] = amounts["activity"].mask(plain, amounts["quantity"])
    rows.loc[absolute, "amount"] = amounts["activity"]
    rows = rows[rows["amount"].notna()]
    columns = ["project_id", "enterprise_id", "unit_id", "carrier", "mode", "amount", "unit", "uncertainty_pct"]
    return rows.reset_index()[[*columns, "row"]], found + problems


def _limits(pool_list: list[interaction.Pool]) -> list[pd.DataFrame]:
    """Single projects that claim more than is used."""
    found = []
    for pool in pool_list:
        for unit, lines in sorted(pool.absolute.items()):
            available = sum(use for u, use in pool.use.items() if u == unit or unit in pool.above(u))
            check = "waste_heat_overdrawn" if pool.capped else "saving_exceeds_use"
            over = [(p, a) for p, a in sorted(lines.items()) if a > available * (1 + 1e-9) and (available > 0 or pool.capped)]
            found += [
                findings.raw(
                    check, table="savings", enterprise_id=pool.enterprise_id, field=f"{project} {pool.carrier}",
                    seen=findings.number(amount), expected=findings.number(available),
                )
                for project, amount in over
            ]  # fmt: skip
    return found


def _caps(enterprises: pd.DataFrame, settings: Settings) -> list[pd.DataFrame]:
    """An intensity cap cannot hold where nobody files value added: it is left out, and said."""
    added = pd.to_numeric(enterprises["value_added"]).sum()
    asked = [name for name in ("energy_intensity_cap", "carbon_intensity_cap") if getattr(settings, name) is not None]
    return [findings.raw("intensity_not_possible", table="enterprises", field=name) for name in asked if not added > 0]


def _alone(
    projects: pd.DataFrame, pool_list: list[interaction.Pool], table: pd.DataFrame, settings: Settings
) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """Every project by itself: savings, money, flags."""
    touched = interaction.by_project(pool_list)
    ids = table.drop_duplicates("pool_id").set_index("pool_id")["factor_ids"]
    projects = projects.sort_values("project_id")
    carriers, totals, factor_ids = [], {}, []
    for project in projects["project_id"]:
        pools = touched.get(project, [])
        total = totals.setdefault(project, [0.0, 0.0, 0.0])
        for pool in pools:
            part = pool.saved({project})
            effects = (part * pool.tce, part * pool.tco2e, part * pool.price)
            carriers.append((project, pool.pool_id, pool.enterprise_id, pool.carrier, part, *effects))
            totals[project] = total = [sum(pair) for pair in zip(total, effects, strict=True)]
        factor_ids.append(";".join(sorted({i for p in pools for i in str(ids[p.pool_id]).split(";") if i})))
    saved = pd.DataFrame.from_dict(totals, orient="index", columns=["tce", "tco2e", "money"])
    made = appraisal.money(projects, saved, settings).assign(factor_ids=factor_ids)
    rows = projects.set_index("row")
    never, idle = rows[rows["status"].isin(appraisal.NEVER_SELECTED)], rows[~rows["project_id"].isin(touched)]
    found = [
        findings.raw("never_selected", never, table="projects", field=never["project_id"], seen=never["status"]),
        findings.raw("project_without_savings", idle, table="projects", field=idle["project_id"]),
    ]
    columns = ["project_id", "pool_id", "enterprise_id", "carrier", "activity_saved", "tce_saved", "tco2e_saved", "money_saved"]
    return made.reindex(columns=COLUMNS), pd.DataFrame(carriers, columns=columns), found


def _moved(projects: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Projects with where they change emissions, and the mark of those that only move them."""
    out = projects.drop(columns=moves.columns[1:]).merge(moves, on="project_id", how="left", validate="1:1")
    for column, mark in (("moves_emissions", "moves_emissions"), ("seller_sales_lost", "member_sells_less")):
        on = out[column].gt(1e-9)
        text = out["flags"].astype(str)
        out["flags"] = text.mask(on, text + ";" + mark).str.strip(";")
    return out[COLUMNS]
