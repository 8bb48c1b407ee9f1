"""What a lender asks, in sentences: which projects carry themselves, their loans, the aid others would need, the carbon price."""

from __future__ import annotations

import pandas as pd

from workbench import finance
from workbench.words.amounts import Prose, column_sum, money, number, say
from workbench.words.readable import project_rows, remarked


def finance_summary(lent: pd.DataFrame, reached: pd.DataFrame, currency: str, lang: str) -> Prose:
    """From the tables `finance` and `potential_levels`: present values, debt cover, least aid, break-even price, expectation."""
    if lent.empty:
        return Prose((say("finance.none", lang),), lang)
    pays = lent[lent["npv_all_flows"] >= 0]
    said = [
        say("finance.pays", lang, pays=len(pays), count=len(lent), value=money(column_sum(pays, "npv_all_flows"), currency, lang))
    ]
    borrowed, threshold = lent[lent["dscr_min"].notna()], finance.cover_threshold()
    if len(borrowed):
        met = int((borrowed["dscr_min"] >= threshold).sum())
        said.append(say("finance.cover", lang, count=len(borrowed), met=met, threshold=number(threshold)))
    helped, lost = lent[lent["least_aid"] > 0], lent[lent["least_aid"].isna()]
    if len(helped):
        said.append(say("finance.aid", lang, count=len(helped), aid=money(column_sum(helped, "least_aid"), currency, lang)))
    if len(lost):
        said.append(say("finance.no_aid", lang, count=len(lost)))
    price = finance.bundle_break_even_carbon_price(lent)
    if price == price:
        key = "finance.price" if price > 0 else "finance.price_below"
        said.append(say(key, lang, price=money(price, currency, lang)))
    expected = reached[reached["level"] == "expected"]
    if len(expected):
        row = expected.iloc[0]
        said.append(say("finance.expected", lang, tce=row["tce_saved"], tco2e=row["tco2e_saved"], curve=row["curve"]))
    return Prose(tuple(said), lang)


def best_first(lent: pd.DataFrame, rests: pd.Series, lang: str) -> pd.DataFrame:
    """The table `finance` as a reader sees it, largest present value first: remarks behind the name, what it `rests` on."""
    made = project_rows(lent, lang)
    told = [remarked(*pair, lang) for pair in zip(made["measure"], made["remarks"].fillna(""), strict=True)]
    return made.assign(measure=told, rests_on=made["project_id"].map(rests)).sort_values("npv_all_flows", ascending=False)


def plan_finance(bundle: pd.DataFrame, lent: pd.DataFrame, plan: pd.DataFrame, currency: str, lang: str) -> Prose:
    """What the chosen projects are worth to a lender: present value, payback of all together, loans and their cover, aid.

    `lent`: the table `finance`; `plan`: `measures`. Each project alone, so measures on one use count what they would save singly.
    """
    chosen = set(bundle.loc[bundle["selected"] == 1, "project_id"])
    mine, rows = lent[lent["project_id"].isin(chosen)], plan[plan["project_id"].isin(chosen)]
    if mine.empty:
        return Prose((), lang)
    capital, saving = column_sum(rows, "capex"), column_sum(rows, "yearly_saving")
    worth = {"value": money(column_sum(mine, "npv_all_flows"), currency, lang), "saving": money(saving, currency, lang)}
    years = number(capital / saving) if saving > 0 else "–"
    said = [say("plan.worth" if saving > 0 else "plan.worth_no_payback", lang, **worth, years=years)]
    loans, limit = mine[mine["dscr_min"].notna()], finance.cover_threshold()
    met = int((loans["dscr_min"] >= limit).sum())
    loan = money(column_sum(loans, "loan"), currency, lang)
    key = "plan.loans" if len(loans) else "plan.no_loans"
    said.append(say(key, lang, count=len(loans), loan=loan, met=met, threshold=number(limit)))
    helped, lost = mine[mine["least_aid"] > 0], mine[mine["least_aid"].isna()]
    if len(helped):
        said.append(say("plan.aid", lang, count=len(helped), aid=money(column_sum(helped, "least_aid"), currency, lang)))
    if len(lost):
        said.append(say("plan.no_aid", lang, count=len(lost)))
    return Prose(tuple(said), lang)


def near_optimal(alternatives: pd.DataFrame, roles: pd.DataFrame, currency: str, lang: str) -> Prose:
    """Other bundles that cost little more: how many, how much more, and which part of the plan does not change; nothing if none."""
    others = alternatives[pd.to_numeric(alternatives["alternative"]) > 0] if len(alternatives) else alternatives
    if others.empty:
        return Prose((), lang)
    first = others.sort_values("extra_pct", kind="stable").iloc[0]
    kinds = roles["role"].value_counts() if len(roles) else pd.Series(dtype=int)
    values = {name: int(kinds.get(name, 0)) for name in ("always", "never", "interchangeable")}
    return Prose((say("plan.others", lang, count=len(others), extra=money(first["extra_cost"], currency, lang),
                      share=first["extra_pct"], differs=first["differs_in"], **values),), lang)  # fmt: skip
