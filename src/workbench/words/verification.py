"""What the verification found, in sentences: scope, totals, evidence, allocation, misstatements, ranges, position, conclusion.

Each function reads the tables of `verification.examine` as they stand in the run's folder.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import dictionary, wording
from workbench.words.about import cluster_name
from workbench.words.amounts import Prose, say
from workbench.words.readable import code

Tables = dict[str, pd.DataFrame]
_TOTALS = (
    "total_with_indirect", "total_direct_ets", "cluster_direct_tco2e", "cluster_indirect_tco2e", "cluster_location_based_tco2e",
    "cluster_market_based_tco2e", "cluster_other_gases_tco2e", "cluster_product_carbon_tco2e", "cluster_biogenic_tco2",
    "cluster_upstream_tco2e", "cluster_total_tce", "cluster_tce_equal", "cluster_feedstock_tce", "cluster_nonfossil_tce",
)  # fmt: skip
_BRIDGE = (
    "sum_of_enterprises_tco2e", "internal_purchases_tco2e", "internal_sales_tco2e", "eliminated_tco2e",
    "of_which_eliminated_at_real_factors_tco2e", "of_which_allocation_adjustment_tco2e", "cluster_total_tco2e",
    "sum_of_enterprises_tce", "eliminated_tce", "cluster_total_tce",
)  # fmt: skip


def totals(cluster: pd.DataFrame) -> pd.DataFrame:
    """The cluster's totals and the memo figures beside them, without those that do not apply."""
    rows = cluster[cluster["item"].isin(_TOTALS) & cluster["value"].notna()]
    views = rows[rows["item"].str.contains("_based_")]
    if views["value"].nunique() == 1 and views["value"].isin(rows.loc[rows["item"] == "total_with_indirect", "value"]).all():
        rows = rows.drop(index=views.index)  # power by location and by market are the total itself
    needed = rows["item"].isin(_TOTALS[:4]) | rows["item"].eq("cluster_total_tce") | rows["value"].ne(0)
    return rows[needed].set_index("item").reindex([i for i in _TOTALS if i in set(rows[needed]["item"])]).reset_index()


def bridge(cluster: pd.DataFrame) -> pd.DataFrame:
    """The steps from the sum of enterprises to the cluster total."""
    return cluster[cluster["item"].isin(_BRIDGE)].set_index("item").reindex(_BRIDGE).dropna(subset=["value"]).reset_index()


def scope(meta: dict[str, Any], checked: Tables, year: int, lang: str) -> Prose:
    """What is verified, by which criteria, and what this check is not."""
    energy = checked["energy"]
    filed = energy.loc[energy["year"] == year, "enterprise_id"].nunique()
    made = {"cluster": cluster_name(meta, lang), "year": str(year), "enterprises": len(checked["enterprises"]), "filed": filed}
    chosen = {"factors": str(meta.get("factor_set", "")), "gwp": str(meta.get("gwp_set", "")).upper()}
    return Prose((say("scope.what", lang, **made), say("scope.criteria", lang, **chosen), say("scope.limits", lang)), lang)


def totals_summary(cluster: pd.DataFrame, equal: dict[str, Any] | None, lang: str) -> Prose:
    """Both totals, power by location and market, energy in both values, memo figures."""
    item = cluster.set_index("item")["value"]
    said = [say("totals.both", lang, whole=item["total_with_indirect"], direct=item["total_direct_ets"])]
    if item["cluster_location_based_tco2e"] != item["cluster_market_based_tco2e"]:
        said.append(
            say("totals.scope2", lang, location=item["cluster_location_based_tco2e"], market=item["cluster_market_based_tco2e"])
        )
    if equal:
        parts = {
            "content": item["cluster_total_tce"],
            "equal": item["cluster_tce_equal"],
            "per": f"{equal['tce_per_mwh'] * 1000:.1f}",
        }
        region, _, year = str(equal["edition"]).rpartition(" ")
        said.append(say("totals.equal", lang, **parts, region=_region(region, lang), year=year))
    said.append(say("totals.upstream", lang, upstream=item["cluster_upstream_tco2e"]))
    return Prose(tuple(said), lang)


def _region(name: str, lang: str) -> str:
    """A region of the grid table in the report's language."""
    table = dictionary.read_table("factors/grid").drop_duplicates("region").set_index("region")
    return str(table.at[name, "region_zh"]) if lang == "zh" and name in table.index else name.title()


def evidence_summary(evidence: pd.DataFrame, used: pd.DataFrame, lang: str) -> Prose:
    """What the figures rest on: grades of data, levels of factors, factors that were only recalled."""
    share = evidence.groupby("quality")["share_pct"].sum()
    own = evidence.loc[evidence["factor_level"].isin(["measured", "supplier"]), "share_pct"].sum()
    recalled = int(used["confidence"].eq("remembered").sum())
    good = share.reindex(["A", "B"]).sum()
    said = [say("evidence.grades", lang, good=good, none=share.reindex([""]).sum(), own=own)]
    said.append(say("evidence.recalled" if recalled else "evidence.read", lang, count=recalled))
    return Prose(tuple(said), lang)


def allocation_summary(cluster: pd.DataFrame, sellers: pd.DataFrame, lang: str) -> Prose:
    """The elimination at the sellers' real factors, and what the factors of the ledgers differ from them."""
    item = cluster.set_index("item")["value"]
    computed = sellers[sellers["basis"] != "as_counted"]
    if computed.empty:
        return Prose((say("allocation.none", lang),), lang)
    parts = {"real": item["of_which_eliminated_at_real_factors_tco2e"], "gap": item["of_which_allocation_adjustment_tco2e"]}
    method = wording.text(f"chp.method.{computed['method'].iat[0]}", lang)
    return Prose((say("allocation.real", lang, count=len(computed), method=method, **parts),), lang)


def misstatement_summary(materiality: pd.DataFrame, lang: str) -> Prose:
    """The total as filed against the total as verified, and whether the difference matters."""
    line = materiality[materiality["level"] == "cluster"].iloc[0]
    parts = {"filed": line["filed_tco2e"], "verified": line["verified_tco2e"], "signed": line["sum_signed_tco2e"]}
    said = [say("misstatement.sum", lang, **parts, absolute=line["sum_absolute_tco2e"])]
    kind = "material" if line["is_material"] else "hidden" if line["absolute_above_threshold"] else "immaterial"
    said.append(say(f"misstatement.{kind}", lang, pct=line["threshold_pct"], threshold=line["threshold_tco2e"]))
    firms = materiality[(materiality["level"] == "enterprise") & (materiality["is_material"] == 1)]
    if len(firms):
        said.append(say("misstatement.firms", lang, count=len(firms)))
    if line["not_quantified"]:
        said.append(say("misstatement.unknown", lang, count=int(line["not_quantified"])))
    return Prose(tuple(said), lang)


def uncertainty_summary(ranges: pd.DataFrame, contributions: pd.DataFrame, lang: str) -> Prose:
    """The range by both approaches, the effect of shared factors, and the datum to improve first."""
    line = ranges[ranges["level"] == "cluster"]
    if line.empty or not line["tco2e"].iat[0]:
        return Prose((say("uncertainty.none", lang),), lang)
    line = line.iloc[0]
    half = {"half": line["approach1_half_range_tco2e"], "pct": line["approach1_half_range_pct"]}
    said = [say("uncertainty.range", lang, **half, low=line["low"], high=line["high"], draws=int(line["draws"]))]
    said.append(say("uncertainty.shared", lang, alone=line["independent_half_tco2e"]))
    able = contributions[contributions["gain_pct"] > 0]
    if len(able):
        first = able.sort_values(["gain_pct", "variance_share_pct"], ascending=False).iloc[0]
        name = code("carrier", first["carrier"], lang) if str(first["carrier"]) else str(first["factor_id"])
        who = "" if not str(first["enterprise_id"]) else str(first["enterprise_id"]) + " "
        parts = {"name": f"{who}{name}", "share": first["variance_share_pct"], "gain": first["gain_pct"]}
        said.append(say(f"uncertainty.improve_{first['kind']}", lang, **parts))
    said.append(say("uncertainty.indicative", lang))
    return Prose(tuple(said), lang)


def reading_summary(found: Tables, lang: str) -> Prose:
    """Key sources, benchmarks, targets and the carbon budget."""
    sources, positions = found["key_sources"], found["benchmark_positions"]
    key = sources[sources["key"] == 1]
    said = [say("reading.sources", lang, count=len(key), all=len(sources), share=key["share_pct"].sum())] if len(key) else []
    judged = positions[positions["leading"] == 1] if len(positions) else positions
    if len(judged):
        parts = {"count": len(judged), "better": int((judged["position"] == "better").sum()), "act": int(judged["must_act"].sum())}
        said.append(say("reading.benchmarks", lang, **parts, potential=judged["potential_tce"].sum()))
    else:
        said.append(say("reading.no_benchmark", lang, count=positions["product"].nunique() if len(positions) else 0))
    targets, budget = found["dual_control"], found["carbon_budget"]
    if len(targets):
        said.append(say("reading.targets", lang, met=int(targets["attained"].sum()), count=len(targets)))
    if len(budget):
        line = budget.iloc[0]
        parts = {"executed": line["executed_tco2e"], "share": line["execution_pct"], "time": line["time_pct"]}
        said.append(say(f"reading.budget_{line['status']}", lang, **parts, remaining=line["remaining_tco2e"]))
    if not len(targets) and not len(budget):
        said.append(say("reading.no_target", lang))
    return Prose(tuple(said), lang)


def transfer_summary(transfers: pd.DataFrame, energy: pd.DataFrame, year: int, lang: str) -> Prose:
    """Purchases that rose while own emissions fell, where the ledger holds the year before."""
    if not (energy["year"] == year - 1).any():
        return Prose((say("transfer.no_year", lang),), lang)
    flagged = transfers[transfers["flagged"] == 1]
    if flagged.empty:
        return Prose((say("transfer.none", lang, count=len(transfers)),), lang)
    parts = {"count": len(flagged), "moved": flagged["moved_tco2e"].sum(), "fall": flagged["own_fall_tco2e"].sum()}
    return Prose((say("transfer.flagged", lang, **parts),), lang)


def conclusion(
    meta: dict[str, Any], cluster: pd.DataFrame, found: pd.DataFrame, materiality: pd.DataFrame, year: int, lang: str
) -> Prose:
    """What may be said of the inventory, and what stands in the way of saying more."""
    item = cluster.set_index("item")["value"]
    line = materiality[materiality["level"] == "cluster"].iloc[0]
    errors = int(((found["severity"] == "error") & (found["status"] == "open")).sum())
    parts = {"year": str(year), "total": item["cluster_total_tco2e"], "half": item["cluster_total_half_range_tco2e"]}
    said = [say("conclusion.total", lang, cluster=cluster_name(meta, lang), **parts)]
    kind = "material" if line["is_material"] else "open" if errors or line["not_quantified"] else "clean"
    unknown = int(line["not_quantified"])
    said.append(say(f"conclusion.{kind}", lang, pct=line["threshold_pct"], errors=errors, unknown=unknown))
    nature = str(meta.get("data_nature", ""))
    if nature in ("synthetic", "modelled"):
        said.append(say(f"conclusion.{nature}", lang))
    said.append(say("conclusion.not_assurance", lang))
    return Prose(tuple(said), lang)
