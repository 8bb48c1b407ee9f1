"""Why the plan is as it is, in sentences: projects that matter most, the price of the budget by name, what else would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from workbench.words.amounts import Prose, money, say
from workbench.words.readable import local_name, word

if TYPE_CHECKING:
    from workbench.selection.alternatives import Menu

_NAMED = 3
_OF_THE_BUDGET = ("next_tighter", "next_looser", "average_cut", "relaxed_dual")  # prices as told, the first alone where it is free


def why_summary(bundle: pd.DataFrame, currency: str, lang: str) -> Prose:
    """The projects least easily given up, those next to come in, and how many could as well be decided otherwise."""
    table = bundle.assign(said=local_name(bundle, lang))
    inside, outside = table[table["selected"] == 1], table[(table["selected"] == 0) & (table["regret_kind"] == "exact")]
    only = [say("why.only", lang, name=n) for n in inside.loc[inside["regret_kind"] == "no_plan_otherwise", "said"]]
    most = inside[(inside["regret"] > 0) & (inside["regret_kind"] == "exact")].sort_values(
        ["regret", "project_id"], ascending=[False, True]
    )
    first = [*only, *_each(most, currency, lang)][:_NAMED]
    near = _each(outside[outside["regret"] > 0].sort_values(["regret", "project_id"]), currency, lang)[:_NAMED]
    comma = "、" if lang == "zh" else ", "
    said = [say("why.settled", lang, names=comma.join(first))] if first else []
    said += [say("why.near", lang, names=comma.join(near))] if near else []
    ties = int(((table["regret"] == 0) & (table["regret_kind"] == "exact")).sum())
    return Prose(tuple(said + ([say("why.ties", lang, count=ties)] if ties else [])), lang)


def _each(rows: pd.DataFrame, currency: str, lang: str) -> list[str]:
    head = rows.head(_NAMED)
    return [say("why.one", lang, name=n, value=money(v, currency, lang)) for n, v in zip(head["said"], head["regret"], strict=True)]


def price_summary(prices: pd.DataFrame, currency: str, lang: str) -> Prose:
    """The price of the budget, each with its name, and which other limits bind."""
    from workbench.selection.shadow_price import of as price_of  # the notebooks before 40 need no solver

    if prices.empty:
        return Prose((), lang)
    budget = prices[prices["limit"] == "budget"]
    if budget.empty:
        return Prose((say("price.none", lang),), lang)
    binding = bool(budget["binding"].iloc[0])
    said = [say("price.binding" if binding else "price.free", lang)]
    for kind in _OF_THE_BUDGET if binding else _OF_THE_BUDGET[:1]:
        price = price_of(prices, kind)
        if price is not None:
            said.append(say(f"price.{kind}", lang, price=money(price, currency, lang)))
        elif kind == "next_tighter" and budget.loc[budget["price_kind"] == kind, "value"].isna().all():
            said.append(say("price.no_tighter", lang))
    if "known" in prices and (prices["known"] == "not_proven").any():
        said.append(say("price.not_proven", lang))
    others = prices[(prices["limit"] != "budget") & (prices["binding"] == 1)].drop_duplicates(["limit", "who"])
    if len(others):
        names = [f"{word(row.limit, lang)} {row.who if isinstance(row.who, str) else ''}".strip() for row in others.itertuples()]
        said.append(say("price.other", lang, names=("、" if lang == "zh" else ", ").join(names)))
    return Prose(tuple(said), lang)


def menu_summary(menu: Menu, currency: str, lang: str) -> Prose:
    """How many projects are settled whatever one prefers within the cost band, and how many are real choices."""
    if menu.roles.empty:
        return Prose((), lang)
    count = menu.roles["role"].value_counts()
    kinds = {"always": "always", "never": "never", "free": "interchangeable"}
    numbers = {name: int(count.get(kind, 0)) for name, kind in kinds.items()}
    said = [say("menu.summary", lang, count=len(menu.roles), band=money(menu.band, currency, lang), **numbers)]
    if count.get("not_settled", 0):
        said.append(say("menu.open", lang, open=int(count["not_settled"])))
    return Prose(tuple(said), lang)
