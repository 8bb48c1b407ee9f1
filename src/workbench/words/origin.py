"""What a figure of the diagnosis rests on, in few words: numbers of factor rows, whose price, which row of the library."""

from __future__ import annotations

import pandas as pd

from workbench import measures, technologies
from workbench.potential import Assessment
from workbench.words.amounts import say
from workbench.words.readable import factor_number, project_rows, remarked

_OWN_BILLS = "own bills"


def rests_on(library: Assessment, used: pd.DataFrame, lang: str) -> pd.Series:
    """By project_id: the factor rows that convert its savings, by number in the table of those applied, and its prices.

    `used`: the factor rows of the inventory. Nothing is said of a project that saves no carrier.
    """
    comma, stop = ("、", "；") if lang == "zh" else (", ", "; ")
    place = {name: number for number, name in enumerate(measures.factors_applied(library.bases, used)["factor_id"])}
    priced = library.bases[library.bases["price_source"].fillna("") != ""][["pool_id", "price_source"]].drop_duplicates()
    acts = library.lines[["project_id", "pool_id"]].drop_duplicates().merge(priced, on="pool_id", how="inner", validate="m:m")
    sources = acts.groupby("project_id")["price_source"].agg(lambda rows: sorted(set(rows)))
    said = {}
    for project, ids in zip(library.projects["project_id"], library.projects["factor_ids"].fillna(""), strict=True):
        rows = sorted({place[factor] for factor in str(ids).split(";") if factor in place})
        parts = [comma.join(factor_number(row) for row in rows)] if rows else []
        parts += [_price(source, lang) for source in sources.get(project, [])]
        said[project] = stop.join(parts)
    return pd.Series(said, dtype=object)


def _price(source: str, lang: str) -> str:
    return say("origin.own_bills", lang) if source == _OWN_BILLS else say("origin.price", lang, row=source)


def offer_rows(offers: pd.DataFrame, enterprises: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Candidates of the library for readers: what has no price says so behind its name; row of the library, index and rate."""
    made = project_rows(offers, lang, enterprises)
    told = made["status"].where(offers["status"].ne("library"), "")
    named = [remarked(*pair, lang) for pair in zip(made["measure"], told, strict=True)]
    rows = zip(offers["technology_id"].astype(str), offers["evidence"].astype(str), strict=True)
    return made.assign(measure=named, rests_on=[_row(name, evidence, lang) for name, evidence in rows])


def _row(name: str, evidence: str, lang: str) -> str:
    """The row of the library or of the user's catalogue, then how its money was brought to the cluster's."""
    own = name.startswith(f"{technologies.OWN}.")
    _, _, steps = evidence.partition("; ")
    stop = "；" if lang == "zh" else "; "
    return stop.join([say(f"origin.{'own_row' if own else 'library_row'}", lang, row=name), *([steps] if steps else [])])
