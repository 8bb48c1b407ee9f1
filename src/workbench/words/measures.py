"""The measures of a diagnosis for readers: one table, classes of priority, calculations case by case, and what stays open."""

from __future__ import annotations

import pandas as pd

from workbench import priority, wording
from workbench.words.amounts import Prose, column_sum, currency_name, money, percent, say
from workbench.words.balance import unit_names
from workbench.words.engineering import calculation_steps
from workbench.words.readable import local_name, remarked, scaled, word

CASES = 12  # calculations shown one by one; the others stand in the table of the run


def money_headings(currency: str, lang: str) -> dict[str, str]:
    """Headings of the money columns: thousands in English, ten thousands in Chinese."""
    names = {"capex_scaled": "measures.capex", "saving_scaled": "measures.saving", "abatement_cost": "measures.abatement_cost"}
    return {column: say(key, lang, currency=currency_name(currency, lang)) for column, key in names.items()}


def measure_rows(plan: pd.DataFrame, units: pd.DataFrame, enterprises: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Rows of `measures.table` for readers: class, name, enterprise and unit, money in thousands (万), whence the figure."""
    plan = plan.assign(**{name: plan[name].astype(object).fillna("").astype(str) for name in ("unit_ids", "carriers", "status")})
    firms = dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
    called, classes = unit_names(units, lang), _labels(lang)
    dot = " · "
    acts = [
        dot.join([str(firms.get(row.enterprise_id, row.enterprise_id)), _units(row, called, lang)]) for row in plan.itertuples()
    ]
    measure, basis = plan["project_id"] + " " + local_name(plan, lang), [_basis(row, lang) for row in plan.itertuples()]
    return plan.assign(
        priority=plan["priority"].map(classes).str.split().str[0],  # its number; the classes stand in a table above
        measure=measure,
        measure_and_basis=[remarked(*pair, lang) for pair in zip(measure, basis, strict=True)],
        acts_on=acts,
        capex_scaled=scaled(plan["capex"], lang),
        saving_scaled=scaled(plan["yearly_saving"], lang),
    )


def measure_tables(
    plan: pd.DataFrame, classes: pd.DataFrame, carried: pd.DataFrame, units: pd.DataFrame, enterprises: pd.DataFrame, lang: str
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """The measures for readers, table by table: classes of priority, every measure, how often measures like these were carried out.

    `classes`: of `measures.summary`; `carried`: of `adoption.by_payback`, left out where no measure has a payback.
    """
    found = {"priorities": priority_rows(classes, lang), "measures": measure_rows(plan, units, enterprises, lang)}
    return found | ({"implementation": implementation_rows(carried, lang)} if len(carried) else {})


def _units(row, called: dict[str, str], lang: str) -> str:
    """The units a measure acts on, else its carriers on the whole site."""
    comma = "、" if lang == "zh" else ", "
    named = [called.get(unit, unit) for unit in row.unit_ids.split(";") if unit]
    if named:
        return comma.join(named[:3]) + (" …" if len(named) > 3 else "")
    return say("measures.site", lang, carriers=word(row.carriers, lang)) if row.carriers else say("measures.nothing", lang)


def _basis(row, lang: str) -> str:
    """Whence the figure, the evidence, what the enterprise says of the measure, and why it cannot be judged."""
    said = [say(f"measures.from.{row.figure_source}", lang)]
    proof = str(row.evidence) if pd.notna(row.evidence) and row.figure_source != "library" else ""
    said += [word(proof, lang)] if proof else []
    said += [word(row.status, lang)] if pd.notna(row.status) and row.status not in ("library", "") else []
    said += [say(f"measures.why.{row.priority_reason}", lang)] if row.priority == "clarify" else []
    return ("；" if lang == "zh" else "; ").join(said)


def _labels(lang: str) -> dict[str, str]:
    return priority.rules().set_index("priority")[f"label_{lang}"].to_dict()


def priority_rows(sums: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Rows of `measures.summary` for readers, with the rule of each class and where it comes from."""
    rule = priority.rules().set_index("priority")
    mine = rule.loc[sums["priority"]].reset_index()
    return sums.assign(
        capex_scaled=scaled(sums["capex"], lang),
        saving_scaled=scaled(sums["yearly_saving"], lang),
        meaning=mine[f"meaning_{lang}"].to_numpy(),
        source=[say(f"priority.{'working_rule' if kind == 'definition' else 'read'}", lang) for kind in mine["confidence"]],
        priority=sums["priority"].map(_labels(lang)),
    )


def implementation_rows(found: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Rows of `adoption.by_payback` for readers: the range of payback in words."""
    ends = zip(found["payback_from_years"], found["payback_to_years"], strict=True)
    said = [
        say("implementation.above", lang, least=f"{low:g}")
        if pd.isna(high)
        else say("implementation.range", lang, least=f"{low:g}", most=f"{high:g}")
        for low, high in ends
    ]
    return found.assign(payback_range=said)


def measures_summary(sums: pd.DataFrame, currency: str, lang: str) -> Prose:
    """How many measures are ready and repay, what the most urgent classes save and cost, what is left to clarify."""
    if sums.empty:
        return Prose((say("measures.none", lang),), lang)
    at = sums.set_index("priority")
    ready = at[at.index.isin(["at_once", "near_term", "medium_term", "long_term"])]
    soon = at[at.index.isin(["at_once", "near_term"])]
    said = [say("measures.count", lang, count=int(sums["projects"].sum()), ready=int(ready["projects"].sum()))]
    if len(soon):
        said.append(say("measures.soon", lang, count=int(soon["projects"].sum()), tce=column_sum(soon, "tce_saved"),
                        tco2e=column_sum(soon, "tco2e_saved"), capex=money(column_sum(soon, "capex"), currency, lang),
                        saving=money(column_sum(soon, "yearly_saving"), currency, lang)))  # fmt: skip
    for name in ("needs_support", "alternative", "clarify"):
        if name in at.index:
            said.append(say(f"measures.{name}", lang, count=int(at.at[name, "projects"])))
    return Prose(tuple(said), lang)


def calculations(sheet: pd.DataFrame, projects: pd.DataFrame, lang: str) -> dict[str, pd.DataFrame]:
    """The calculation sheet case by case, by caption: inputs first, then the steps, then the result."""
    if sheet.empty:
        return {}
    names = dict(zip(projects["project_id"], local_name(projects, lang), strict=True))
    said = calculation_steps(sheet, lang).assign(calculation_part=[say(f"calculation.role.{kind}", lang) for kind in sheet["kind"]])
    beyond = sheet["flag"].eq("beyond") | sheet["confidence"].eq("remembered")
    said["source"] = said["source"].where(~beyond, said["source"] + ("；" if lang == "zh" else "; ") + said["note"])
    found = {}
    for (project, _, case), steps in said.groupby(["project_id", sheet["calculator"], sheet["case"].fillna("")], sort=False):
        parts = [project, names.get(project, ""), str(steps["calculator"].iat[0]), str(case)]
        found[" · ".join(part for part in parts if part)] = steps
    return dict(list(found.items())[:CASES])


def open_questions(
    plan: pd.DataFrame, spots: pd.DataFrame, gaps: pd.DataFrame, sheet: pd.DataFrame, enterprises: pd.DataFrame, lang: str
) -> Prose:  # fmt: skip
    """What the diagnosis leaves open, as a list: use that is not split or touched, no comparison, figures to ask for."""
    names = dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
    total = column_sum(spots, "tce") if len(spots) else 0.0
    said = []
    left = spots[spots["uncovered_tce"] > 0].sort_values("uncovered_tce", ascending=False, kind="stable") if len(spots) else spots
    for row in left.head(3).itertuples():
        system, carrier = wording.text(f"system.{row.system}", lang), word(row.carrier, lang)
        said.append(say("open.untouched", lang, enterprise=names.get(row.enterprise_id, row.enterprise_id), system=system,
                        carrier=carrier, tce=row.uncovered_tce))  # fmt: skip
    unsplit = column_sum(spots[spots["system"] == "not_split"], "tce") if len(spots) else 0.0
    assumed = column_sum(spots[spots["basis"] == "sector_share"], "tce") if len(spots) else 0.0
    said += [say("open.unsplit", lang, tce=unsplit, share=percent(unsplit, total))] if unsplit > 0 else []
    said += [say("open.assumed", lang, tce=assumed, share=percent(assumed, total))] if assumed > 0 else []
    compared = gaps.loc[gaps["compared"] == "benchmark", "enterprise_id"].nunique() if len(gaps) else 0
    if len(enterprises) - compared:
        said.append(say("open.no_benchmark", lang, count=len(enterprises) - compared))
    unclear = plan[plan["priority"] == "clarify"]["priority_reason"].value_counts().sort_index()
    said += [say(f"open.{reason}", lang, count=int(count)) for reason, count in unclear.items()]
    guessed = int(plan["evidence"].eq("estimate").sum())
    said += [say("open.estimates", lang, count=guessed)] if guessed else []
    recalled = int((sheet["confidence"] == "remembered").sum()) if len(sheet) else 0
    said += [say("open.recalled", lang, count=recalled)] if recalled else []
    return Prose((*said, say("open.visit", lang)), lang, listed=True)
