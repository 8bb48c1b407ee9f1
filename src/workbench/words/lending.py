"""What a lender asks, in sentences: which projects carry themselves, their loans, the aid others would need, the carbon price."""

from __future__ import annotations

import pandas as pd

from workbench import finance
from workbench.words.amounts import Prose, column_sum, money, number, say


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
