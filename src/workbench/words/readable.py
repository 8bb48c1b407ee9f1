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
    "role", "regret_kind", "system", "case", "moves_emissions", "sign_turns", "signs_differ", "carriers_less",
    "carriers_more",
)  # fmt: skip
_YES_NO = (
    "selected", "entered", "enough_alone", "key_emitter", "is_material", "attained", "target_attained", "must_act", "flagged",
    "opposite_signs",
    "binding", "proved", "together", "moves_emissions", "sign_turns", "signs_differ",
)  # fmt: skip
_REASONS = re.compile(r"\w+:\w+(; \w+:\w+)*")  # level:status of a factor's choice
_MONEY = (
    "capex", "gross_capex", "grant", "annual_cost", "npv", "energy_money_saved", "abatement_cost", "objective_value",
    "greedy_value", "marginal_abatement_cost", "naive_abatement_cost", "incremental_abatement_cost", "price",
    "regret", "extra_cost",
)  # fmt: skip
_LEVELS = ("measured", "supplier", "local", "provincial", "regional", "national", "ipcc", "substitute")
_FACTOR = ["factor_id", "carrier", "tco2e_per_unit", "unit"]
_PROJECT = ["project_id", "name", "enterprise", "start_year", "capex", "annual_cost", "tce_saved", "tco2e_saved"]
_SPOT = ["enterprise", "carrier", "system", "tce", "tco2e", "share_pct", "gap_tce", "saved_tco2e", "uncovered_tco2e", "basis"]
_CANDIDATE = ["project_id", "name", "enterprise", "capex", "opex_per_year", "lifetime_years", "evidence"]
SHOWN = {
    "facts": {},
    "sources": {},
    "contents": {},
    "cluster": {},
    "moves": {
        "columns": ["limit", "who", "unit", "now", "needed", "move_by", "least_reachable_without_tco2e", "enough_alone", "proved"],
        "note": "moves",
    },
    "provenance": {},
    "findings": {
        "columns": ["severity", "check", "enterprise_id", "table", "row", "field", "message", "what_to_do"],
        "limit": 30,
        "rest_in": "tables/findings.csv",
    },
    "set_aside": {"limit": 30, "rest_in": "tables/set_aside.csv"},
    "enterprises": {
        "columns": ["enterprise_id", "name", "direct_tco2e", "indirect_tco2e", "total_tco2e", "tce", "share_pct", "cumulative_pct"]
        + ["key_emitter", "total_direct_ets", "allocated_tco2e", "carbon_intensity", "energy_intensity"],
        "limit": 30,
        "note": "energy_basis",
        "rest_in": "tables/enterprises.csv",
    },
    "settled": {
        "columns": ["exchange_id", "from_enterprise", "to_enterprise", "commodity", "activity_unit", "sent", "received", "gap_pct"]
        + ["tco2e", "taker_ledger", "giver_ledger"],
        "digits": {"gap_pct": 1},
    },
    "factors": {
        "columns": [*_FACTOR, "source", "valid_from", "confidence", "reason", "sha256"],
        "digits": {"tco2e_per_unit": 5},
        "note": "hash",
    },
    "same_factors": {"columns": [*_FACTOR, "reason", "sha256"], "digits": {"tco2e_per_unit": 5}, "note": "hash"},
    "totals": {},
    "reconciliation": {"columns": ["item", "region", "year", "modelled", "published", "unit", "ratio", "source", "note"]},
    "evidence": {"digits": {"gross_tco2e": 0, "share_pct": 2}},
    "sellers": {
        "columns": ["enterprise_id", "carrier", "net_output", "unit", "tco2e", "tce", "factor_tco2e_per_unit", "basis"],
        "digits": {"factor_tco2e_per_unit": 4},
    },
    "allocation": {
        "columns": ["from_enterprise", "to_enterprise", "commodity", "activity", "activity_unit", "tco2e", "deducted_tco2e"]
        + ["real_tco2e", "adjustment_tco2e"],
        "limit": 30,
        "rest_in": "tables/allocation.csv",
    },
    "ranges": {
        "columns": ["subject", "tco2e", "approach1_half_range_pct", "approach1_low", "approach1_high", "low", "high"],
        "limit": 20,
        "rest_in": "tables/uncertainty.csv",
    },
    "improve": {
        "columns": ["kind", "enterprise_id", "carrier", "factor_id", "half_range_pct", "variance_share_pct", "gain_pct"],
        "limit": 10,
        "rest_in": "tables/data_to_improve.csv",
    },
    "misstatements": {
        "columns": [
            "check",
            "enterprise_id",
            "table",
            "row",
            "field",
            "filed_tco2e",
            "verified_tco2e",
            "misstatement_tco2e",
            "reason",
        ],
        "limit": 30,
        "rest_in": "tables/misstatements.csv",
    },
    "materiality": {
        "columns": [
            "subject",
            "filed_tco2e",
            "verified_tco2e",
            "sum_signed_tco2e",
            "sum_absolute_tco2e",
            "threshold_tco2e",
            "is_material",
        ]
        + ["not_quantified"],
        "limit": 12,
        "rest_in": "tables/materiality.csv",
    },
    "sources_key": {
        "columns": ["rank", "enterprise", "source", "carrier", "tco2e", "share_pct", "cumulative_pct"],
        "limit": 15,
        "rest_in": "tables/key_sources.csv",
    },
    "positions": {
        "columns": [
            "enterprise",
            "product",
            "actual",
            "unit",
            "reference_value",
            "limit_value",
            "reference",
            "position",
            "potential_tce",
        ]
        + ["reason"],
        "limit": 30,
        "rest_in": "tables/benchmark_positions.csv",
    },
    "dual_control": {
        "columns": ["kind", "unit", "base_year", "base_value", "target_year", "target_value", "path_value", "actual", "gap_pct"]
        + ["attained"]
    },
    "materials": {
        "columns": ["enterprise", "material", "flow", "quantity", "unit", "counterparty", "upstream_tco2e", "upstream_factor_id"],
        "limit": 20,
        "rest_in": "tables/materials_bought.csv",
    },
    "transfers": {
        "columns": [
            "enterprise",
            "item",
            "unit",
            "amount_before",
            "amount_now",
            "rise_pct",
            "own_fall_pct",
            "moved_tco2e",
            "flagged",
        ],
        "limit": 20,
        "rest_in": "tables/transfers.csv",
    },
    "prices": {
        "columns": ["enterprise_id", "carrier", "price", "unit", "source"],
        "limit": 20,
        "rest_in": "tables/energy_prices.csv",
    },
    "projects": {
        "columns": ["project_id", "name", "enterprise", "tce_saved", "tco2e_saved", "capex", "annual_cost", "payback_years"]
        + ["abatement_cost"],
        "limit": 20,
        "note": "alone",
        "rest_in": "tables/potential.csv",
    },
    "finance": {
        "columns": ["project_id", "name", "capex", "loan", "npv_all_flows", "irr_all_flows_pct", "discounted_payback_years"]
        + ["dscr_min", "conserved_cost_per_tce", "break_even_carbon_price", "least_aid", "remarks"],
        "limit": 20,
        "note": "finance",
        "rest_in": "tables/finance.csv",
    },
    "green_finance": {"note": "green_finance"},
    "where_changed": {
        "columns": ["project_id", "name", "direct_tco2e_saved", "site_tco2e_saved", "cluster_tco2e_saved", "upstream_tco2e_saved"]
        + ["chain_tco2e_saved", "energy_money_saved", "cluster_money_saved", "seller_sales_lost", "moves_emissions"],
        "limit": 20,
        "rest_in": "tables/potential.csv",
    },
    "grid_cases": {
        "columns": ["project_id", "case", "grid_mwh_saved", "grid_tco2e_per_mwh", "tco2e_saved", "change_tco2e", "confidence"],
        "digits": {"grid_tco2e_per_mwh": 4},
        "limit": 24,
        "rest_in": "tables/grid_sensitivity.csv",
    },
    "switches": {"limit": 20, "rest_in": "tables/fuel_switches.csv"},
    "overstatement": {},
    "misplaced": {"limit": 10, "rest_in": "tables/misplaced.csv"},
    "macc": {
        "columns": ["project_id", "name", "rank", "naive_tco2e", "incremental_tco2e", "cumulative_tco2e", "naive_abatement_cost"]
        + ["incremental_abatement_cost", "entered"],
        "limit": 20,
        "note": "negative",
        "rest_in": "tables/macc.csv",
    },
    "bundle": {
        "columns": [*_PROJECT, "tco2e_alone", "regret", "why"],
        "limit": 20,
        "note": "regret",
        "rest_in": "tables/bundle.csv",
    },
    "left_out": {
        "columns": ["project_id", "name", "enterprise", "capex", "annual_cost", "tco2e_alone", "regret", "why"],
        "note": "regret",
        "limit": 15,
        "rest_in": "tables/bundle.csv",
    },
    "shadow_prices": {
        "columns": ["limit", "who", "unit", "bound", "reached", "binding", "price_kind", "value", "definition"],
        "limit": 16,
    }
    | {"rest_in": "tables/shadow_prices.csv"},
    "whatif": {
        "columns": ["project_id", "name", "enterprise_id", "capex", "annual_cost", "tco2e_saved"],
        "note": "alone",
        "limit": 30,
    },
    "whatif_steps": {},
    "alternatives": {
        "columns": [
            "alternative",
            "objective_value",
            "extra_cost",
            "extra_pct",
            "emissions_tco2e",
            "capex",
            "projects",
            "differs_in",
        ]
    },
    "hotspots": {"columns": _SPOT, "limit": 20, "note": "end_use", "rest_in": "tables/hotspots.csv"},
    "candidates": {"columns": _CANDIDATE, "limit": 20, "note": "library", "rest_in": "tables/candidates.csv"},
    "reductions": {
        "columns": ["objective", "reduction_pct", "status", "objective_value", "greedy_value", "capex", "annual_cost"]
        + ["emissions_tco2e", "projects"]
    },
    "stays_in": {
        "columns": ["project_id", "name", "enterprise_id", "selected", "stays_in_pct", "low_pct", "high_pct"],
        "limit": 20,
        "rest_in": "tables/stays_in.csv",
    },
    "decision_ranges": {
        "columns": ["kind", "grade", "low_pct", "high_pct", "interval_pct", "inputs", "source", "confidence"],
        "note": "recalled",
    },
    "plan_risk": {"columns": ["item", "value", "low", "high", "unit"]},
    "plans_compared": {
        "columns": [
            "plan",
            "cost",
            "capex",
            "projects",
            "miss_pct",
            "mean_over_tco2e",
            "tail_over_tco2e",
            "expected_cost",
            "tail_cost",
        ]
    },
    "robustness": {
        "columns": [
            "gamma",
            "status",
            "cost",
            "dearer",
            "projects",
            "saved_tco2e",
            "promised_miss_pct",
            "miss_pct",
            "mean_over_tco2e",
        ]
    },
    "decision_data": {
        "columns": ["kind", "subject", "inputs", "expected_gain", "standard_error", "share_pct"],
        "limit": 12,
        "rest_in": "tables/data_to_improve_decision.csv",
    },
    "cost_sensitivity": {"columns": ["parameter", "low", "high", "unit", "mu_star", "sigma", "first_order", "total_order"]},
    "allowances": {"columns": ["enterprise_id", "emissions_tco2e", "allowance_tco2e", "need_tco2e"], "limit": 20},
    "fair_shares": {
        "columns": ["rule", "player", "cost_alone", "cost", "standard_error", "gain", "own_cost", "payment", "worse_off"],
        "limit": 30,
        "rest_in": "tables/fair_shares.csv",
    },
    "fairness": {"columns": ["rule", "in_core", "worst_coalition", "worst_excess", "players_worse_off", "core_exists"]},
    "side_payments": {
        "columns": ["rule", "from_player", "to_player", "sum_paid"],
        "limit": 20,
        "rest_in": "tables/side_payments.csv",
    },
    "trades": {
        "columns": ["enterprise_id", "need_tco2e", "saved_tco2e", "sold_tco2e", "bought_tco2e", "paid", "cost_with_trade"]
        + ["cost_without_trade", "gain"],
        "limit": 20,
        "rest_in": "tables/trades.csv",
    },
    "market": {"columns": ["item", "value", "unit"]},
}


def table(name: str, lang: str, currency: str = "", **more: Any) -> dict[str, Any]:
    """How a table is shown, as arguments of `tables.show`: caption, columns, headings, note, where the rest is."""
    how = {"caption": wording.text(f"report.caption.{name}", lang), "lang": lang} | SHOWN[name]
    if "note" in how:
        how["note"] = wording.text(f"report.note.{how['note']}", lang)
    if currency:
        how["labels"] = headings(currency, lang)
    return how | more


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
    for column in set(CODES) & set(out.columns):
        out[column] = [code(column, value, lang) for value in out[column]]
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
        if column in ("basis", "method", "system") and wording.knows(key):
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


def factor_rows(used: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Factor rows for readers: codes in words, years as they are written, hashes cut to twelve characters."""
    out = readable(used, lang).assign(sha256=used["sha256"].str[:12]).rename(columns={"value": "tco2e_per_unit"})
    for column in ("valid_from", "valid_to"):
        out[column] = out[column].fillna("").astype(str).str.removesuffix(".0")
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
    """`frame` with the `name` of each project in the report's language."""
    known = dict(zip(projects["project_id"], local_name(projects, lang), strict=True))
    return frame.assign(name=frame["project_id"].map(known))


def headings(currency: str, lang: str) -> dict[str, str]:
    """Headings of money columns, with the cluster's currency."""
    name = currency_name(currency, lang)
    return {column: wording.text(f"money.{column}", lang, currency=name) for column in _MONEY}


def intensity_heading(enterprises: pd.DataFrame, lang: str) -> dict[str, str]:
    """Headings of the intensities with the unit that most enterprises share."""
    found = {}
    for name in ("carbon_intensity", "energy_intensity"):
        unit = enterprises.loc[enterprises[f"{name}_unit"].fillna("") != "", f"{name}_unit"].mode()
        if len(unit):
            found[name] = f"{wording.label(name, lang)} ({intensity_unit(unit.iat[0], lang)})"
    return found
