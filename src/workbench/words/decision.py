"""The uncertain decision and its sharing in sentences and readable tables."""

from __future__ import annotations

import pandas as pd

from workbench import wording
from workbench.params import Settings
from workbench.words.amounts import Prose, money, number, say
from workbench.words.readable import local_name, word

_CODED = {"plan": "risk.plan", "rule": "sharing.rule", "parameter": "risk.parameter", "item": "risk.item", "kind": "risk.kind"}
_PEOPLE = ("player", "from_player", "to_player", "enterprise_id", "worst_coalition", "subject")
_YES_NO = ("in_core", "core_exists", "proved", "worse_off", "selected")


def decided(frame: pd.DataFrame, lang: str, enterprises: pd.DataFrame | None = None) -> pd.DataFrame:
    """A copy of a table of `risk` or `sharing` for readers: codes in words, enterprises by name."""
    out, known = frame.copy(), {"others": wording.text("figures.fair_gains.others", lang)}
    if enterprises is not None:
        known |= dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
    if "key" in out:
        out["subject"] = out["key"]
    if "name" in out:
        out["name"] = local_name(out, lang)
    for column, prefix in _CODED.items():
        if column in out:
            out[column] = [_said(prefix, value, lang) for value in out[column]]
    comma = "、" if lang == "zh" else ", "
    for column in set(_PEOPLE) & set(out.columns):
        out[column] = [comma.join(known.get(p) or word(p, lang) for p in str(v).split(";") if p) for v in out[column]]
    for column in set(_YES_NO) & set(out.columns):
        out[column] = [word({1: "yes", 0: "no"}.get(v, ""), lang) for v in out[column]]
    for column in {"status", "method", "confidence"} & set(out.columns):
        out[column] = [word(v, lang) for v in out[column]]
    return out


def _said(prefix: str, value: object, lang: str) -> str:
    key = f"{prefix}.{value}"
    return wording.text(key, lang) if wording.knows(key) else str(value)


def judged_as(settings: Settings, lang: str) -> list[str]:
    """In what the decision is judged and shared otherwise than chosen: a plan by years as its last year, an objective that is no
    money by the annual cost; and what of the settings does not count there. Nothing where both are one.
    """
    said = [] if settings.horizon_year is None else [_last_year(settings.horizon_year, lang)]
    counted = {"capex_decline": settings.capex_decline, "value_added_growth": settings.value_added_growth}
    left = [name for name, value in counted.items() if value] + (["count_loans"] if settings.count_loans else [])
    if said and left:
        names = ("、" if lang == "zh" else ", ").join(left)
        said.append(wording.text("report.risk.not_counted", lang, names=names))
    if settings.objective in ("emissions", "weighted"):
        objective = wording.text(f"figures.objective.{settings.objective}", lang)
        said.append(wording.text("report.risk.by_annual_cost", lang, objective=objective))
    return said


def _last_year(horizon_year: int, lang: str) -> str:
    """That a plan by years is judged, and shared, as its last year alone."""
    return wording.text("report.risk.last_year", lang, year=horizon_year)


def risk_summary(
    judged: pd.DataFrame, plans: pd.DataFrame, values: pd.DataFrame, feasible: bool, currency: str, lang: str
) -> Prose:
    """Chance of missing the budget, what hindsight would have saved, the safest plan found, the data to improve first."""
    item = judged.set_index("item")
    chance = item.loc["miss_chance"]
    said = [] if feasible else [say("risk.infeasible", lang)]
    said.append(
        say("risk.chance", lang, chance=chance["value"], low=chance["low"], high=chance["high"], draws=item.at["draws", "value"],
            over=item.at["mean_over", "value"])
    )  # fmt: skip
    regret, price = (money(item.at[name, "value"], currency, lang) for name in ("regret", "buyout_price"))
    said.append(say("risk.regret", lang, regret=regret, price=price))
    safe = plans.dropna(subset=["miss_pct"]).sort_values(["miss_pct", "cost"], kind="stable")
    if len(safe) and safe.iloc[0]["miss_pct"] < chance["value"]:
        best, first = safe.iloc[0], plans.iloc[0]
        more = money(best["cost"] - first["cost"], currency, lang)
        name = wording.text(f"risk.plan.{best['plan']}", lang)
        said.append(say("risk.safer", lang, plan=name, chance=best["miss_pct"], more=more))
    groups = values[values["kind"] != "all"]
    if len(groups) and groups.iloc[0]["expected_gain"] > 0:
        first = groups.iloc[0]
        what = wording.text(f"risk.kind.{first['kind']}", lang)
        subject = word(first["key"], lang)
        said.append(say("risk.data", lang, what=what, subject=subject, gain=money(first["expected_gain"], currency, lang)))
    return Prose(tuple(said), lang)


def sharing_summary(
    shares: pd.DataFrame, fairness: pd.DataFrame, market: pd.DataFrame, price: float, currency: str, lang: str
) -> Prose:
    """What joining saves, whether the joint plan is stable and under which rules, and how the market compares."""
    if shares.empty:
        return Prose((say("sharing.nobody", lang),), lang)
    one = shares[shares["rule"] == shares["rule"].iloc[0]]
    alone, joint = one["cost_alone"].sum(), one["cost"].sum()
    if one["cost"].isna().any():
        return Prose((say("sharing.undefined", lang),), lang)
    said = [
        say("sharing.gain", lang, players=len(one), alone=money(alone, currency, lang), joint=money(joint, currency, lang),
            gain=money(alone - joint, currency, lang), price=money(price, currency, lang))
    ]  # fmt: skip
    if "others" in set(one["player"]):
        said.append(say("sharing.others", lang, most=len(one) - 1))
    exists = fairness["core_exists"].iloc[0]
    said.append(say("sharing.core_unknown" if pd.isna(exists) else "sharing.core" if exists else "sharing.no_core", lang))
    if "least_core" in set(shares["rule"]):
        said.append(say("sharing.least_core", lang))
    comma = "、" if lang == "zh" else ", "
    worse = [wording.text(f"sharing.rule.{r}", lang) for r in fairness.loc[fairness["players_worse_off"] > 0, "rule"]]
    said.append(say("sharing.worse", lang, rules=comma.join(worse)) if worse else say("sharing.none_worse", lang))
    item = market.set_index("item")["value"]
    key = "sharing.market" if item["clears"] else "sharing.no_market"
    said.append(
        say(key, lang, price=money(item["price"], currency, lang), volume=item["volume_tco2e"],
            gap=money(item["gap_indivisible"], currency, lang), joint=money(item["gap_joint"], currency, lang),
            excess=number(abs(item["excess_tco2e"])))
    )  # fmt: skip
    return Prose(tuple(said), lang)
