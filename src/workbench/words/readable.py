"""Output tables made readable: codes in words, names in the report's language, what each table shows and what stands under it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pandas as pd

from workbench import dictionary, wording
from workbench.words.amounts import currency_name, intensity_unit, number, say

CODES = (
    "item", "carrier", "commodity", "source", "check", "status", "flags", "objective", "taker_ledger", "giver_ledger", "entered",
    "selected", "effect", "table", "reason", "factor_reason", "confidence", "limit", "enough_alone", "key_emitter", "level",
    "factor_level", "basis", "method", "kind", "position", "reference", "numerator", "material", "is_material", "flow", "attained",
    "target_attained", "must_act", "flagged", "opposite_signs", "remarks", "price_kind", "binding", "proved", "together",
    "role", "regret_kind", "known", "system", "case", "moves_emissions", "sign_turns", "signs_differ", "carriers_less",
    "carriers_more", "greedy_status",
)  # fmt: skip
_YES_NO = (
    "selected", "entered", "enough_alone", "key_emitter", "is_material", "attained", "target_attained", "must_act", "flagged",
    "opposite_signs",
    "binding", "proved", "together", "moves_emissions", "sign_turns", "signs_differ",
)  # fmt: skip
_REASONS = re.compile(r"\w+:\w+(; \w+:\w+)*")  # level:status of a factor's choice
_MONEY = (
    "capex", "gross_capex", "grant", "annual_cost", "npv", "energy_money_saved", "carbon_income", "abatement_cost",
    "break_even_carbon_price", "conserved_cost_per_tce", "better_abatement_cost", "opex_per_year",
    "objective_value",
    "greedy_value", "marginal_abatement_cost", "naive_abatement_cost", "incremental_abatement_cost", "price",
    "regret", "extra_cost", "greedy_extra", "greedy_ended_value", "spend", "own_funds", "capital_available",
)  # fmt: skip
_SCALED = (
    "capex", "loan", "npv_all_flows", "least_aid", "annual_cost", "better_annual_cost", "energy_money_saved", "cluster_money_saved",
    "seller_sales_lost",
)  # fmt: skip
_SCALE = {"en": 1e3, "zh": 1e4}  # a report counts money in thousands, a Chinese one in ten thousands
_OF_OBJECTIVE = (
    "objective_value", "greedy_value", "greedy_ended_value", "greedy_extra", "marginal_abatement_cost", "price", "regret",
    "regret_at_most", "extra_cost",
)  # fmt: skip
_LEVELS = ("measured", "supplier", "local", "provincial", "regional", "national", "ipcc", "substitute")


@cache
def shown() -> dict[str, dict[str, Any]]:
    """How each table stands in a report: columns in order, rows shown, note below, where the rest is, digits (data/shown.csv)."""
    return {row.pop("shown"): _shown(row) for row in dictionary.read_table("shown").to_dict("records")}


def _shown(row: dict[str, str]) -> dict[str, Any]:
    """One row of `shown.csv` as arguments: blanks left out, `digits` one number or `column:number` pairs."""
    how: dict[str, Any] = {name: row[name] for name in ("note", "rest_in") if row[name]}
    if row["columns"]:
        how["columns"] = row["columns"].split()
    if row["limit"]:
        how["limit"] = int(row["limit"])
    if row["digits"]:
        pairs = [part.rpartition(":") for part in row["digits"].split()]
        how["digits"] = {column: int(n) for column, _, n in pairs} if pairs[0][1] else int(row["digits"])
    return how


def table(name: str, lang: str, currency: str = "", unit: str = "", **more: Any) -> dict[str, Any]:
    """How a table is shown, as arguments of `tables.show`: caption, columns, headings, note, where the rest is.

    `unit`: that of the objective, where it is not the currency (`objective_unit`).
    """
    how = {"caption": wording.text(f"report.caption.{name}", lang), "lang": lang} | shown()[name]
    if "note" in how:
        how["note"] = wording.text(f"report.note.{how['note']}", lang)
    if currency:
        how["labels"] = headings(currency, lang, unit)
    return how | more


def word(code: object, lang: str) -> str:
    """A code as a reader says it; several joined by ';' are said one by one."""
    said = [wording.label(part.strip(), lang) for part in str(code).split(";") if part.strip()]
    return ("；" if lang == "zh" else "; ").join(said)


def remarked(what: object, remark: object, lang: str) -> str:
    """What is meant, and a remark behind it in brackets; one cell instead of two columns."""
    said = f"（{remark}）" if lang == "zh" else f" ({remark})"
    return f"{what}{said}" if remark else str(what)


def local_name(frame: pd.DataFrame, lang: str) -> pd.Series:
    """Names in the report's language: the Chinese name in a Chinese report where one is filed."""
    name = frame["name"].astype(object).fillna("").astype(str)
    if lang == "zh" and "name_zh" in frame:
        chinese = frame["name_zh"].astype(object).fillna("").astype(str)
        name = chinese.where(chinese.str.strip() != "", name)
    return name


def filed(name: object, lang: str) -> str:
    """A sector or product as filed; those of the packages shipped here have a Chinese name (`wording/names.csv`)."""
    key = f"name.{name}"
    return wording.text(key, lang) if wording.knows(key) else str(name)


def readable(frame: pd.DataFrame, lang: str, enterprises: pd.DataFrame | None = None) -> pd.DataFrame:
    """A copy for readers: codes in words, names in the report's language, `enterprise` beside enterprise_id."""
    out = frame.copy()
    if "name" in out:
        out["name"] = local_name(out, lang)
    for column in set(CODES) & set(out.columns):
        places, values = pd.factorize(out[column], use_na_sentinel=False)  # each code is said once
        words = [code(column, value, lang) for value in values.tolist()]
        out[column] = [words[place] for place in places]
    for column in out.select_dtypes("float"):
        out[column] = out[column] + 0.0  # no minus before a zero
    if "unit" in out:
        out["unit"] = out["unit"].astype(str).str.replace("CO2", "CO₂")
    for column in {"carbon_intensity_unit", "energy_intensity_unit"} & set(out.columns):
        out[column] = [intensity_unit(str(unit), lang) if pd.notna(unit) else "" for unit in out[column]]
    if enterprises is not None:
        known = dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
        for column, new in (
            ("enterprise_id", "enterprise"),
            ("from_enterprise", "from_enterprise"),
            ("to_enterprise", "to_enterprise"),
        ):
            if column in out:
                out[new] = out[column].map(known).fillna(out[column])
    return out


def project_rows(frame: pd.DataFrame, lang: str, enterprises: pd.DataFrame | None = None) -> pd.DataFrame:
    """`readable`, and beside it `measure`, number and name of a project, and money in thousands or 万 (`capex_scaled` …)."""
    out = readable(frame, lang, enterprises)
    if {"name", "project_id"} <= set(out.columns):
        out["measure"] = out["project_id"].astype(str) + " " + out["name"]
    return out.assign(**{f"{column}_scaled": scaled(out[column], lang) for column in _SCALED if column in out})


def code(column: str, value: Any, lang: str) -> str:
    """One cell of a code column in words."""
    if column in _YES_NO:
        return word({1: "yes", 0: "no"}.get(value, str(value)), lang)
    if value is None or value != value or value == "":
        return ""
    if column in ("taker_ledger", "giver_ledger"):
        return say(f"ledger.{value}", lang)
    if column in ("reason", "factor_reason") and _REASONS.fullmatch(str(value)):
        return reason(str(value), lang)
    if column == "factor_level" or (column == "level" and value in _LEVELS):
        return say(f"level.{value}", lang)
    for key in (f"chp.{column}.{value}", f"{column}.{value}"):
        if column in ("basis", "method", "system", "greedy_status") and wording.knows(key):
            return wording.text(key, lang)
    if column == "objective":
        return wording.text(f"figures.objective.{value}", lang)
    labels = (
        _carriers() if column in ("carrier", "commodity") else dictionary.tables().set_index("table") if column == "table" else None
    )
    return str(labels.at[value, f"label_{lang}"]) if labels is not None and value in labels.index else word(value, lang)


def reason(codes: str, lang: str) -> str:
    """Why a factor row was taken: `measured:not_filed; national:taken` in words, levels with one fate said together."""
    said: list[tuple[str, list[str]]] = []
    for part in codes.split(";"):
        level, _, status = part.strip().partition(":")
        if said and said[-1][0] == status:
            said[-1][1].append(level)
        else:
            said.append((status, [level]))
    comma, stop = ("、", "；") if lang == "zh" else (", ", "; ")
    parts = []
    for status, levels in said:
        kind, _, year = status.partition("_") if status.startswith("year_") else (status, "", "")
        words = say(f"status.{kind}", lang, year=year) if year else say(f"status.{kind}", lang)
        parts.append(say("status.said", lang, levels=comma.join(say(f"level.{level}", lang) for level in levels), status=words))
    return stop.join(parts)


@cache
def _carriers() -> pd.DataFrame:
    """Labels of carriers and processes."""
    processes = dictionary.read_table("factors/process").drop_duplicates("process").set_index("process")
    return pd.concat([dictionary.carriers()[["label_en", "label_zh"]], processes[["label_en", "label_zh"]]])


def factor_number(place: int) -> str:
    """What a factor row is called in a report: F1, F2 …"""
    return f"F{place + 1}"


def factor_rows(used: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Factor rows for readers: codes in words, years as they are written, hashes cut to twelve characters."""
    out = readable(used, lang).assign(sha256=used["sha256"].astype(str).str[:12]).rename(columns={"value": "tco2e_per_unit"})
    out["factor_number"] = [factor_number(place) for place in range(len(out))]
    for column in ("valid_from", "valid_to"):
        out[column] = out[column].astype(object).fillna("").astype(str).str.removesuffix(".0")
    return out


def subjects(frame: pd.DataFrame, enterprises: pd.DataFrame, lang: str) -> pd.DataFrame:
    """`frame` with `subject`: what its `level` and `key` name (the cluster, an enterprise, a source) in the report's language."""
    known = dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
    named = [
        say("subject.cluster", lang) if level == "cluster" else word(key, lang) if level == "source" else known.get(key, key)
        for level, key in zip(frame["level"], frame["key"], strict=True)
    ]
    return frame.assign(subject=named)


def spelled(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """`frame` with the numbers of some columns written out one by one, where rows hold different quantities."""
    return frame.assign(**{column: [number(value) for value in frame[column]] for column in columns})


def with_names(frame: pd.DataFrame, projects: pd.DataFrame, lang: str) -> pd.DataFrame:
    """`frame` with the `name` of each project in the report's language, and of what enters with it (`joined`)."""
    known = dict(zip(projects["project_id"], local_name(projects, lang), strict=True))
    names = frame["project_id"].map(known)
    if "joined" not in frame or frame["joined"].dropna().eq("").all():
        return frame.assign(name=names)
    with_it = [[known.get(p, p) for p in str(ids).split(";") if p] for ids in frame["joined"].astype(object).fillna("")]
    comma = "、" if lang == "zh" else ", "
    told = [
        wording.text("curve.joined", lang, name=n, joined=comma.join(o)) if o else n for n, o in zip(names, with_it, strict=True)
    ]
    return frame.assign(name=told)


def headings(currency: str, lang: str, unit: str = "") -> dict[str, str]:
    """Headings of money columns, with the cluster's currency; those of the objective with its `unit`, where it is another."""
    name, own = currency_name(currency, lang), currency_name(unit or currency, lang)
    found = {c: wording.text(f"money.{c}", lang, currency=own if c in _OF_OBJECTIVE else name) for c in _MONEY}
    return found | {f"{c}_scaled": wording.text(f"money.{c}_scaled", lang, currency=name) for c in _SCALED}


def scaled(amounts: pd.Series, lang: str) -> pd.Series:
    """Money in thousands, in Chinese in ten thousands (万)."""
    return amounts.astype(float) / _SCALE[lang]


def intensity_heading(enterprises: pd.DataFrame, lang: str) -> dict[str, str]:
    """Headings of the intensities with the unit that most enterprises share."""
    found = {}
    for name in ("carbon_intensity", "energy_intensity"):
        filed = enterprises[f"{name}_unit"].dropna()
        unit = filed[filed.ne("")].mode()
        if len(unit):
            found[name] = f"{wording.label(name, lang)} ({intensity_unit(unit.iat[0], lang)})"
    return found
