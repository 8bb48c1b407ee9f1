"""What was filed, emitted and could be saved, in sentences: every number stands in a table of the run."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench.words.about import cluster_name
from workbench.words.amounts import Prose, column_sum, money, number, percent, say
from workbench.words.readable import code, local_name, word


def inventory_figures(cluster: pd.DataFrame, lang: str) -> list[tuple[str, Any, str]]:
    """Totals of the cluster in tCO2e and tce, and the part taken out."""
    item = cluster.set_index("item")["value"]
    names = ("cluster_total_tco2e", "cluster_total_tce", "cluster_direct_tco2e", "cluster_indirect_tco2e", "eliminated_tco2e")
    return [(say(f"card.{n}", lang), number(item[n] + 0.0), "tce" if n.endswith("tce") else "tCO₂e") for n in names]


def intake_summary(
    meta: dict[str, Any], tables: dict[str, pd.DataFrame], found: pd.DataFrame, set_aside: pd.DataFrame, year: int, lang: str
) -> Prose:
    """What was filed, what the checks found, what is left out."""
    energy = tables["energy"]
    said = [
        say(
            "intake.filed",
            lang,
            cluster=cluster_name(meta, lang),
            rows=sum(map(len, tables.values())),
            tables=sum(map(bool, map(len, tables.values()))),
            enterprises=len(tables["enterprises"]),
            projects=len(tables["projects"]),
            energy=int((energy["year"] == year).sum()),
            year=str(year),
        )
    ]
    said.append(findings_summary(found, lang))
    said.append(say("intake.aside" if len(set_aside) else "intake.none_aside", lang, count=len(set_aside)))
    grave = found[found["severity"] != "info"]
    if len(grave):
        counts = grave.groupby("check").size().sort_values(ascending=False, kind="stable")
        said.append(say("intake.most", lang, check=word(counts.index[0], lang), count=int(counts.iloc[0])))
    return Prose(tuple(said), lang)


def findings_summary(found: pd.DataFrame, lang: str) -> str:
    """How many findings are open, by severity."""
    open_ = found[found["status"] == "open"] if len(found) else found
    counts = {f"{kind}s": int((open_["severity"] == kind).sum()) for kind in ("error", "warning", "info")}
    return say("findings.open" if len(open_) else "findings.none", lang, **counts)


def inventory_summary(cluster: pd.DataFrame, enterprises: pd.DataFrame, rows: pd.DataFrame, year: int, lang: str) -> Prose:
    """Totals in tCO2e and tce, who emits most, from what."""
    item = cluster.set_index("item")["value"]
    total = item["cluster_total_tco2e"]
    said = [
        say(
            "inventory.total",
            lang,
            year=str(year),
            total=total,
            half=item["cluster_total_half_range_tco2e"],
            tce=item["cluster_total_tce"],
        )
    ]
    said.append(
        say(
            "inventory.parts",
            lang,
            direct=item["cluster_direct_tco2e"],
            indirect=item["cluster_indirect_tco2e"],
            share=percent(item["cluster_indirect_tco2e"], total),
        )
    )
    if len(enterprises) and total > 0:
        first, key = enterprises.iloc[0], enterprises[enterprises["key_emitter"] == 1]
        said.append(
            say(
                "inventory.first",
                lang,
                name=local_name(enterprises, lang).iloc[0],
                value=first["total_tco2e"],
                share=first["share_pct"],
                keys=len(key),
                count=len(enterprises),
                key_share=key["share_pct"].sum(),
            )
        )
        outside = rows[rows["internal"] == 0].groupby("carrier")["tco2e"].sum().sort_values(ascending=False, kind="stable")
        said.append(
            say(
                "inventory.carrier",
                lang,
                carrier=code("carrier", outside.index[0], lang),
                value=outside.iloc[0],
                share=percent(outside.iloc[0], total),
            )
        )
    if item["cluster_total_tce"] > 0:
        said.append(say("inventory.mean", lang, mean=total / item["cluster_total_tce"]))
    return Prose(tuple(said), lang)


def boundary_summary(cluster: pd.DataFrame, settled: pd.DataFrame, lang: str) -> Prose:
    """From the sum of the enterprises to the cluster, and how the exchanges were found."""
    item = cluster.set_index("item")["value"]
    bought, sold, out = item["internal_purchases_tco2e"], item["internal_sales_tco2e"], item["eliminated_tco2e"]
    total = item["cluster_total_tco2e"]
    if not bought and not sold:
        return Prose((say("boundary.none", lang, total=total),), lang)
    key = "boundary.bridge" if out >= 0 else "boundary.bridge_up"
    said = [
        say(
            key,
            lang,
            sum=item["sum_of_enterprises_tco2e"],
            bought=bought,
            sold=sold,
            out=abs(out),
            total=total,
            tce=abs(item["eliminated_tce"]),
        )
    ]
    if len(settled):
        how = settled["taker_ledger"].value_counts()
        said.append(
            say("boundary.settled", lang, count=len(settled), **{k: int(how.get(k, 0)) for k in ("filed", "carved", "added")})
        )
    return Prose(tuple(said), lang)


def price_note(paid: pd.DataFrame, lang: str) -> str:
    """Where energy prices come from."""
    own = int((paid["source"] == "own bills").sum())
    return say("prices.own" if own == len(paid) else "prices.mixed", lang, count=len(paid), own=own, table=len(paid) - own)


def potential_summary(potential: pd.DataFrame, macc: pd.DataFrame, cluster: pd.DataFrame, currency: str, lang: str) -> Prose:
    """What could be saved in tce and tCO2e, what of it pays, and how much single figures overstate."""
    total = cluster.set_index("item")["value"]["cluster_total_tco2e"]
    able = potential[potential["eligible"] == 1]
    saved = column_sum(able, "tco2e_saved")
    said = [say("potential.library", lang, count=len(potential), eligible=len(able))]
    if able.empty:
        return Prose(tuple(said), lang)
    said.append(
        say(
            "potential.alone",
            lang,
            tce=column_sum(able, "tce_saved"),
            tco2e=saved,
            share=percent(saved, total),
            capex=money(column_sum(able, "capex"), currency, lang),
        )
    )
    pays = able[able["annual_cost"] < 0]
    said.append(
        say(
            "potential.pays",
            lang,
            count=len(pays),
            tco2e=column_sum(pays, "tco2e_saved"),
            share=percent(column_sum(pays, "tco2e_saved"), saved),
            earns=money(-column_sum(pays, "annual_cost"), currency, lang),
        )
    )
    if len(macc):
        said += _overstatement(macc, currency, lang)
    return Prose(tuple(said), lang)


def _overstatement(macc: pd.DataFrame, currency: str, lang: str) -> list[str]:
    """Savings counted twice by the naive curve: overlap among those that entered, and alternatives kept out."""
    entered, out = macc[macc["entered"] == 1], macc[macc["entered"] != 1]
    naive, turn = column_sum(entered, "naive_tco2e"), column_sum(entered, "incremental_tco2e")
    income = column_sum(entered, "incremental_annual_cost") - column_sum(entered, "naive_annual_cost")
    if naive - turn <= 1e-6 * max(1.0, naive):
        said = [say("potential.no_overlap", lang)]
    else:
        said = [
            say(
                "potential.overlap",
                lang,
                naive=naive,
                turn=turn,
                twice=naive - turn,
                share=percent(naive - turn, turn),
                money=money(income, currency, lang),
            )
        ]
    if len(out):
        said.append(say("potential.kept_out", lang, count=len(out), tco2e=column_sum(out, "naive_tco2e")))
    return said
