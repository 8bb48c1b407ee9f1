"""What the tables say, in sentences: numbers in, English or Chinese out, from the wording under `data/wording/`.

Nothing is decided here: every number stands in a table of the run. Text from a filing is escaped when it is shown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from workbench import dictionary, wording
from workbench.params import Settings

CODES = (
    "item", "carrier", "commodity", "source", "check", "status", "flags", "objective", "taker_ledger", "giver_ledger", "entered",
    "selected", "effect", "table", "reason", "confidence", "limit", "enough_alone", "key_emitter",
)  # fmt: skip
MONEY = ("capex", "gross_capex", "grant", "annual_cost", "npv", "energy_money_saved", "abatement_cost", "objective_value", "greedy_value",
         "marginal_abatement_cost", "naive_abatement_cost", "incremental_abatement_cost")  # fmt: skip
_STEPS = {"en": ((1e9, "e9"), (1e6, "e6")), "zh": ((1e8, "e8"), (1e4, "e4"))}


@dataclass(frozen=True)
class Prose:
    """Sentences that a notebook shows as a paragraph, or as a list."""

    sentences: tuple[str, ...]
    lang: str = "en"
    listed: bool = False

    def __str__(self) -> str:
        return ("" if self.lang == "zh" else " ").join(self.sentences)

    def _repr_html_(self) -> str:
        if self.listed:
            return f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in self.sentences)}</ul>"
        return f"<p>{escape(str(self))}</p>"


# Numbers

def number(value: float | None) -> str:
    """Whole from a thousand up, else three significant digits; thousands apart, a true minus, a dash where there is none.

    >>> number(12345.6), number(-0.01234), number(4.0), number(None)
    ('12,346', '−0.0123', '4', '–')
    """
    if value is None or not math.isfinite(float(value)):
        return "–"
    places = 0 if abs(value) >= 999.5 or value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    written = f"{float(value):,.{places}f}"
    return (written.rstrip("0").rstrip(".") if "." in written else written).replace("-", "−")


def money(value: float | None, currency: str, lang: str) -> str:
    """An amount with its currency: 1.36 million USD, 136 万美元."""
    name = currency_name(currency, lang)
    size = abs(value) if value is not None and math.isfinite(value) else 0.0
    divisor, step = next(((least, key) for least, key in _STEPS[lang] if size >= least), (1.0, "e0"))
    return wording.text(f"report.money.{step}", lang, value=number(None if value is None else value / divisor), currency=name)


def currency_name(currency: str, lang: str) -> str:
    """元 for CNY in Chinese; a currency without a name keeps its code."""
    try:
        return wording.text(f"figures.currency.{currency}", lang)
    except KeyError:
        return currency


def _say(key: str, lang: str, **values: Any) -> str:
    return wording.text(f"report.{key}", lang, **{k: v if isinstance(v, str) else number(v) for k, v in values.items()})


def _share(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0


def _sum(frame: pd.DataFrame, column: str) -> float:
    return float(pd.to_numeric(frame[column]).sum())


# Tables made readable

def word(code: object, lang: str) -> str:
    """A code as a reader says it; several joined by ';' are said one by one."""
    said = [wording.label(part.strip(), lang) for part in str(code).split(";") if part.strip()]
    return ("；" if lang == "zh" else "; ").join(said)


def local_name(frame: pd.DataFrame, lang: str) -> pd.Series:
    """Names in the report's language: the Chinese name in a Chinese report where one is filed."""
    name = frame["name"].fillna("").astype(str)
    if lang == "zh" and "name_zh" in frame:
        chinese = frame["name_zh"].fillna("").astype(str)
        name = chinese.where(chinese.str.strip() != "", name)
    return name


def readable(frame: pd.DataFrame, lang: str, enterprises: pd.DataFrame | None = None) -> pd.DataFrame:
    """A copy for readers: codes in words, names in the report's language, `enterprise` beside enterprise_id."""
    out = frame.copy()
    if "name" in out:
        out["name"] = local_name(out, lang)
    tables = dictionary.tables().set_index("table")[f"label_{lang}"]
    for column in set(CODES) & set(out.columns):
        flag = column in ("selected", "entered", "enough_alone", "key_emitter")
        values = out[column].map(lambda v: {1: "yes", 0: "no"}.get(v, v)) if flag else out[column].fillna("")
        out[column] = [tables[v] if column == "table" and v in tables else word(v, lang) for v in values]
    for column in {"carbon_intensity_unit", "energy_intensity_unit"} & set(out.columns):
        out[column] = [intensity_unit(str(unit), lang) if pd.notna(unit) else "" for unit in out[column]]
    if enterprises is not None and "enterprise_id" in out:
        known = dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
        out["enterprise"] = out["enterprise_id"].map(known).fillna(out["enterprise_id"])
    return out


def with_names(frame: pd.DataFrame, projects: pd.DataFrame, lang: str) -> pd.DataFrame:
    """`frame` with the `name` of each project in the report's language."""
    known = dict(zip(projects["project_id"], local_name(projects, lang), strict=True))
    return frame.assign(name=frame["project_id"].map(known))


def headings(currency: str, lang: str) -> dict[str, str]:
    """Headings of money columns, with the cluster's currency."""
    name = currency_name(currency, lang)
    found = {column: wording.text(f"money.{column}", lang, currency=name) for column in MONEY}
    return found | {"price": wording.text("money.price", lang, currency=name)}


def heading(name: str, lang: str) -> str:
    """The heading of one column."""
    return wording.label(name, lang)


def intensity_heading(enterprises: pd.DataFrame, lang: str) -> dict[str, str]:
    """Heading of the carbon intensity with the unit most enterprises share."""
    units = enterprises["carbon_intensity_unit"].fillna("")
    unit = units[units != ""].mode()
    return {"carbon_intensity": f"{wording.label('carbon_intensity', lang)} ({intensity_unit(unit.iat[0], lang)})"} if len(unit) else {}


def intensity_unit(unit: str, lang: str) -> str:
    """A unit of intensity such as `tCO2e per million CNY of value added` in the report's language."""
    parts = re.fullmatch(r"(tCO2e|tce) per million (\S+) of (value added|output value)", unit)
    if not parts:
        return unit
    shown = parts[1].replace("CO2", "CO₂")
    return wording.text(f"report.intensity.{parts[3].replace(' ', '_')}", lang, unit=shown, currency=currency_name(parts[2], lang))


def caption(name: str, lang: str) -> str:
    """The caption of a table."""
    return wording.text(f"report.caption.{name}", lang)


def note(name: str, lang: str) -> str:
    """The note under a table."""
    return wording.text(f"report.note.{name}", lang)


def title(meta: dict[str, Any], year: int, lang: str) -> str:
    """Cluster and year, as they stand under the report's heading."""
    return _say("title", lang, cluster=cluster_name(meta, lang), year=str(year))


def facts(meta: dict[str, Any], lang: str) -> pd.DataFrame:
    """What cluster.yaml says of the cluster: item, value."""
    names = ("id", "country", "grid_region", "base_year", "currency", "price_year", "factor_set", "gwp_set", "data_nature", "licence")
    rows = [(_say("fact.name", lang), cluster_name(meta, lang))]
    for name in names:
        value = meta.get(name)
        said = wording.text(f"nature.{value}.word", lang) if name == "data_nature" and value in dictionary.DATA_NATURES else value
        rows.append((_say(f"fact.{name}", lang), "–" if said in (None, "") else str(said)))
    remarks = [str(value) for name, value in meta.items() if name == "notes" or name.endswith("_note")]
    rows += [(_say("fact.remark", lang), remark) for remark in remarks]
    return pd.DataFrame(rows, columns=["item", "value"])


def sources(meta: dict[str, Any]) -> pd.DataFrame:
    """The sources that cluster.yaml names: title, where, what."""
    rows = meta.get("sources")
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return pd.DataFrame(rows, columns=["title", "where", "what"])


def parameters(settings: Settings, lang: str) -> pd.DataFrame:
    """The parameters of a run: name, value, unit, meaning; the run's own folder is left out."""
    rows = []
    for name, field in Settings.model_fields.items():
        if name in ("run_dir", "package"):
            continue
        unit = re.search(r"\[(.+?)\]", str(field.description))
        value = getattr(settings, name)
        rows.append((name, "–" if value in (None, "") else str(value), unit[1] if unit else "", wording.text(f"parameter.{name}", lang)))
    return pd.DataFrame(rows, columns=["parameter", "value", "unit", "meaning"])


def provenance(facts: dict[str, Any], lang: str) -> pd.DataFrame:
    """Hashes and versions of a run: item, value."""
    rows = [(_say(f"provenance.{k}", lang), str(facts[k])) for k in ("package_sha256", "code_version", "code_sha256", "python") if k in facts]
    rows += [(name, digest) for name, digest in facts["files"].items()]
    rows += [(name, version) for name, version in facts["versions"].items()]
    return pd.DataFrame(rows, columns=["item", "value"])


def cluster_name(meta: dict[str, Any], lang: str) -> str:
    """The cluster's name in the report's language, else in another, else its id."""
    name = meta.get("name")
    if isinstance(name, dict):
        name = name.get(lang) or name.get("en") or next(iter(name.values()), "")
    return str(name or meta.get("id", ""))


# Key figures: (label, value, unit)

def inventory_figures(cluster: pd.DataFrame, enterprises: pd.DataFrame, lang: str) -> list[tuple[str, Any, str]]:
    """Totals of the cluster in tCO2e and tce, the part taken out, the number of key emitters."""
    item = cluster.set_index("item")["value"]
    names = ("cluster_total_tco2e", "cluster_total_tce", "cluster_direct_tco2e", "cluster_indirect_tco2e", "eliminated_tco2e")
    cards = [(_say(f"card.{n}", lang), number(item[n]), "tce" if n.endswith("tce") else "tCO₂e") for n in names]
    key = int(pd.to_numeric(enterprises["key_emitter"]).sum())
    return [*cards, (_say("card.key_emitters", lang), number(key), _say("card.of", lang, count=len(enterprises)))]


def selection_figures(summary: dict[str, Any], currency: str, lang: str) -> list[tuple[str, Any, str]]:
    """Emissions before, after and allowed, capital and annual cost of the plan."""
    name = currency_name(currency, lang)
    names = (("emissions_before", "tCO₂e"), ("budget_tco2e", "tCO₂e"), ("emissions_after", "tCO₂e"), ("projects_selected", ""),
             ("capex", name), ("annual_cost", name))  # fmt: skip
    return [(_say(f"card.{key}", lang), number(summary.get(key)), unit) for key, unit in names]


# Sentences

def synthetic_warning(meta: dict[str, Any], lang: str) -> str:
    """The sentence every page of a synthetic cluster carries; nothing for real data."""
    return wording.text("nature.synthetic", lang) if meta.get("data_nature") == "synthetic" else ""


def data_nature(meta: dict[str, Any], lang: str) -> str:
    """What kind of data these are, and what that means for the reader."""
    nature = meta.get("data_nature")
    return wording.text(f"nature.{nature if nature in dictionary.DATA_NATURES else 'unknown'}", lang)


def nature_kind(meta: dict[str, Any]) -> str:
    """Which callout the nature of the data deserves."""
    return "note" if meta.get("data_nature") in ("published", "confidential") else "warning"


def intake_summary(meta: dict[str, Any], tables: dict[str, pd.DataFrame], found: pd.DataFrame, set_aside: pd.DataFrame, year: int, lang: str) -> Prose:
    """What was filed, what the checks found, what is left out."""
    energy = tables["energy"]
    said = [_say("intake.filed", lang, cluster=cluster_name(meta, lang), rows=sum(map(len, tables.values())), tables=sum(map(bool, map(len, tables.values()))),
                 enterprises=len(tables["enterprises"]), projects=len(tables["projects"]), energy=int((energy["year"] == year).sum()), year=str(year))]  # fmt: skip
    said.append(findings_summary(found, lang))
    said.append(_say("intake.aside" if len(set_aside) else "intake.none_aside", lang, count=len(set_aside)))
    grave = found[found["severity"] != "info"]
    if len(grave):
        counts = grave.groupby("check").size().sort_values(ascending=False, kind="stable")
        said.append(_say("intake.most", lang, check=word(counts.index[0], lang), count=int(counts.iloc[0])))
    return Prose(tuple(said), lang)


def findings_summary(found: pd.DataFrame, lang: str) -> str:
    """How many findings are open, by severity."""
    open_ = found[found["status"] == "open"] if len(found) else found
    counts = {f"{kind}s": int((open_["severity"] == kind).sum()) for kind in ("error", "warning", "info")}
    return _say("findings.open" if len(open_) else "findings.none", lang, **counts)


def inventory_summary(cluster: pd.DataFrame, enterprises: pd.DataFrame, rows: pd.DataFrame, year: int, lang: str) -> Prose:
    """Totals in tCO2e and tce, who emits most, from what."""
    item = cluster.set_index("item")["value"]
    total = item["cluster_total_tco2e"]
    said = [_say("inventory.total", lang, year=str(year), total=total, half=item["cluster_total_half_range_tco2e"], tce=item["cluster_total_tce"])]
    said.append(_say("inventory.parts", lang, direct=item["cluster_direct_tco2e"], indirect=item["cluster_indirect_tco2e"],
                     share=_share(item["cluster_indirect_tco2e"], total)))  # fmt: skip
    if len(enterprises) and total > 0:
        first, key = enterprises.iloc[0], enterprises[enterprises["key_emitter"] == 1]
        said.append(_say("inventory.first", lang, name=local_name(enterprises, lang).iloc[0], value=first["total_tco2e"], share=first["share_pct"],
                         keys=len(key), count=len(enterprises), key_share=key["share_pct"].sum()))  # fmt: skip
        outside = rows[rows["internal"] == 0].groupby("carrier")["tco2e"].sum().sort_values(ascending=False, kind="stable")
        said.append(_say("inventory.carrier", lang, carrier=word(outside.index[0], lang), value=outside.iloc[0], share=_share(outside.iloc[0], total)))
    if item["cluster_total_tce"] > 0:
        said.append(_say("inventory.mean", lang, mean=total / item["cluster_total_tce"]))
    return Prose(tuple(said), lang)


def boundary_summary(cluster: pd.DataFrame, settled: pd.DataFrame, lang: str) -> Prose:
    """From the sum of the enterprises to the cluster, and how the exchanges were found."""
    item = cluster.set_index("item")["value"]
    bought, sold, out = item["internal_purchases_tco2e"], item["internal_sales_tco2e"], item["eliminated_tco2e"]
    total = item["cluster_total_tco2e"]
    if not bought and not sold:
        return Prose((_say("boundary.none", lang, total=total),), lang)
    key = "boundary.bridge" if out >= 0 else "boundary.bridge_up"
    said = [_say(key, lang, sum=item["sum_of_enterprises_tco2e"], bought=bought, sold=sold, out=abs(out), total=total,
                 tce=abs(item["eliminated_tce"]))]  # fmt: skip
    if len(settled):
        how = settled["taker_ledger"].value_counts()
        said.append(_say("boundary.settled", lang, count=len(settled), **{k: int(how.get(k, 0)) for k in ("filed", "carved", "added")}))
    return Prose(tuple(said), lang)


def price_note(paid: pd.DataFrame, lang: str) -> str:
    """Where energy prices come from."""
    own = int((paid["source"] == "own bills").sum())
    return _say("prices.own" if own == len(paid) else "prices.mixed", lang, count=len(paid), own=own, table=len(paid) - own)


def potential_summary(potential: pd.DataFrame, macc: pd.DataFrame, cluster: pd.DataFrame, currency: str, lang: str) -> Prose:
    """What could be saved in tce and tCO2e, what of it pays, and how much single figures overstate."""
    total = cluster.set_index("item")["value"]["cluster_total_tco2e"]
    able = potential[potential["eligible"] == 1]
    saved = _sum(able, "tco2e_saved")
    said = [_say("potential.library", lang, count=len(potential), eligible=len(able))]
    if able.empty:
        return Prose(tuple(said), lang)
    said.append(_say("potential.alone", lang, tce=_sum(able, "tce_saved"), tco2e=saved, share=_share(saved, total), capex=money(_sum(able, "capex"), currency, lang)))
    pays = able[able["annual_cost"] < 0]
    said.append(_say("potential.pays", lang, count=len(pays), tco2e=_sum(pays, "tco2e_saved"), share=_share(_sum(pays, "tco2e_saved"), saved),
                     earns=money(-_sum(pays, "annual_cost"), currency, lang)))  # fmt: skip
    if len(macc):
        said += _overstatement(macc, currency, lang)
    return Prose(tuple(said), lang)


def _overstatement(macc: pd.DataFrame, currency: str, lang: str) -> list[str]:
    """Savings counted twice by the naive curve: overlap among those that entered, and alternatives kept out."""
    entered, out = macc[macc["entered"] == 1], macc[macc["entered"] != 1]
    naive, turn = _sum(entered, "naive_tco2e"), _sum(entered, "incremental_tco2e")
    income = _sum(entered, "incremental_annual_cost") - _sum(entered, "naive_annual_cost")
    said = [_say("potential.overlap", lang, naive=naive, turn=turn, twice=naive - turn, share=_share(naive - turn, turn), money=money(income, currency, lang))]
    if len(out):
        said.append(_say("potential.kept_out", lang, count=len(out), tco2e=_sum(out, "naive_tco2e"), money=money(-_sum(out, "naive_annual_cost"), currency, lang)))
    return said


def selection_summary(summary: dict[str, Any], currency: str, lang: str) -> Prose:
    """The plan, or the news that there is none: optimal, stopped by the time limit, or infeasible."""
    if summary["objective_value"] is None:
        return Prose(tuple(_no_plan(summary, lang)), lang)
    objective = wording.text(f"figures.objective.{summary['objective']}", lang)
    value, bound, before, after = (summary[k] for k in ("objective_value", "bound", "emissions_before", "emissions_after"))
    budget = summary["budget_tco2e"]
    cut = {"before": before, "after": after, "share": _share(before - after, before)}
    said = [_say("selection.goal" if budget is not None else "selection.no_goal", lang, objective=objective, budget=budget, value=money(value, currency, lang),
                 chosen=summary["projects_selected"], eligible=summary["projects_eligible"])]  # fmt: skip
    said.append(_say("selection.cut", lang, **cut))
    cost = summary["annual_cost"]
    said.append(_say("selection.earns" if cost < 0 else "selection.costs", lang, capex=money(summary["capex"], currency, lang), annual=money(abs(cost), currency, lang)))
    proven = summary["status"] == "optimal"
    said.append(_say("selection.proven" if proven else "selection.stopped", lang, gap=100 * (summary["gap"] or 0.0), bound=money(bound, currency, lang),
                     solver=f"{summary['solver']} {summary['solver_version']}"))  # fmt: skip
    said.append(_say("selection.recheck_ok", lang) if summary["recheck"] == "ok" else _say("selection.recheck_off", lang, faults=str(summary["recheck"])))
    if summary.get("marginal_abatement_cost") is not None:
        said.append(_say("selection.next", lang, price=money(summary["marginal_abatement_cost"], currency, lang), objective=objective))
    return Prose(tuple(said), lang)


def _no_plan(summary: dict[str, Any], lang: str) -> list[str]:
    least, budget = summary["least_reachable_tco2e"], summary["budget_tco2e"]
    if summary["status"] != "infeasible":
        return [_say("selection.no_time", lang)]
    if least is None or budget is None:
        said = [_say("selection.contradiction", lang)]
    else:
        said = [_say("selection.infeasible", lang, budget=budget, least=least, short=least - budget, before=summary["emissions_before"],
                     share=_share(summary["emissions_before"] - least, summary["emissions_before"]))]  # fmt: skip
    for move in summary["limits_to_move"]:
        if move["limit"] != "budget":
            key = "selection.move_enough" if move["enough_alone"] else "selection.move"
            said.append(_say(key, lang, limit=word(move["limit"], lang), least=move["least_reachable_without_tco2e"]))
    if len(said) == 1 and least is not None:
        said.append(_say("selection.move_budget", lang))
    return said


def greedy_summary(summary: dict[str, Any], currency: str, lang: str) -> Prose:
    """The plan that goes down the cost curve until the budget is met, beside the least one."""
    value, best = summary["greedy_value"], summary["objective_value"]
    if summary["budget_tco2e"] is None:
        return Prose((_say("greedy.no_budget", lang),), lang)
    if best is None or value is None:
        key = "greedy.neither" if best is None else "greedy.fails"
        return Prose((_say(key, lang, emissions=summary["greedy_emissions"]),), lang)
    more = value - best
    if abs(more) <= 1e-6 * max(1.0, abs(best)):
        said = [_say("greedy.same", lang, value=money(value, currency, lang))]
    else:
        said = [_say("greedy.more", lang, value=money(value, currency, lang), more=money(more, currency, lang), share=_share(more, abs(best)))]
    by_objective = summary.get("greedy_by_objective_value")
    if by_objective is not None:
        said.append(_say("greedy.by_objective", lang, value=money(by_objective, currency, lang), more=money(by_objective - best, currency, lang)))
    return Prose(tuple(said), lang)


def money_summary(bundle: pd.DataFrame, potential: pd.DataFrame, currency: str, lang: str) -> Prose:
    """Capital, grants and yearly money of the projects chosen."""
    chosen = bundle[bundle["selected"] == 1]
    if chosen.empty:
        return Prose((_say("money.none", lang),), lang)
    mine = potential[potential["project_id"].isin(chosen["project_id"])]
    annual, grant = _sum(chosen, "annual_cost"), _sum(mine, "grant") if "grant" in mine else 0.0
    said = [_say("money.capital", lang, count=len(chosen), net=money(_sum(mine, "capex"), currency, lang), grant=money(grant, currency, lang))]
    said.append(_say("money.earns" if annual < 0 else "money.costs", lang, annual=money(abs(annual), currency, lang)))
    paying = chosen[chosen["annual_cost"] < 0]
    said.append(_say("money.split", lang, pays=len(paying), earns=money(-_sum(paying, "annual_cost"), currency, lang), rest=len(chosen) - len(paying),
                     costs=money(annual - _sum(paying, "annual_cost"), currency, lang)))  # fmt: skip
    return Prose(tuple(said), lang)


def report_summary(
    meta: dict[str, Any], cluster: pd.DataFrame, enterprises: pd.DataFrame, rows: pd.DataFrame, potential: pd.DataFrame, macc: pd.DataFrame,
    summary: dict[str, Any], found: pd.DataFrame, settings: Settings,
) -> Prose:  # fmt: skip
    """The report in five or six sentences, what matters first."""
    lang, currency = settings.lang, str(meta.get("currency", ""))
    inventory = inventory_summary(cluster, enterprises, rows, settings.year, lang).sentences
    library = potential_summary(potential, macc, cluster, currency, lang).sentences
    plan = selection_summary(summary, currency, lang).sentences
    greedy = greedy_summary(summary, currency, lang).sentences[:1]
    said: Iterable[str] = [inventory[0], *inventory[2:3], *library[1:2], *plan[:2], *plan[2:3], *greedy, findings_summary(found, lang)]
    return Prose(tuple(dict.fromkeys(said)), lang, listed=True)
