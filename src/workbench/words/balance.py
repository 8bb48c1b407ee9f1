"""Task, enterprises, energy balance and efficiency in words and in tables for readers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import dictionary, wording
from workbench.params import Settings
from workbench.words.about import cluster_name
from workbench.words.account import price_note
from workbench.words.amounts import Prose, column_sum, intensity_unit, number, percent, say
from workbench.words.readable import code, filed, local_name, word


def task(
    meta: dict[str, Any], tables: dict[str, pd.DataFrame], cluster: pd.DataFrame, evidence: pd.DataFrame, paid: pd.DataFrame,
    settings: Settings, lang: str,
) -> pd.DataFrame:  # fmt: skip
    """Task and scope: item, value; what was diagnosed, boundary, period, by whom, on what data and how good, by which figures."""
    item = cluster.set_index("item")["value"]
    energy, whole = tables["energy"], column_sum(evidence, "gross_tco2e") if len(evidence) else 0.0
    apart = "value" if abs(item["eliminated_tce"]) > 0 else "apart"
    both = "value" if pd.notna(item["cluster_tce_equal"]) else "only"
    values = {
        "object": say("task.object_value", lang, cluster=cluster_name(meta, lang), count=len(tables["enterprises"])),
        "period": say("task.period_value", lang, year=str(settings.year)),
        "boundary": say(f"task.boundary_{apart}", lang, tce=item["cluster_total_tce"], moved=abs(item["eliminated_tce"])),
        "by": say("task.by_value", lang),
        "data": say("task.data_value", lang, rows=int((energy["year"] == settings.year).sum()), units=len(tables["units"]),
                    projects=len(tables["projects"])),
        "grade": _grades(evidence, whole, lang),
        "equivalent": say(f"task.equivalent_{both}", lang, tce=item["cluster_total_tce"], equal=item["cluster_tce_equal"]),
        "factors": say("task.factors_value", lang, factors=str(meta.get("factor_set", "–")), gwp=str(meta.get("gwp_set", "–"))),
        "money": say("task.money_value", lang, rate=100 * settings.discount_rate, prices=price_note(paid, lang)),
    }  # fmt: skip
    rows = [(say(f"task.{name}", lang), value) for name, value in values.items()]
    return pd.DataFrame(rows, columns=["item", "value"])


def _grades(evidence: pd.DataFrame, whole: float, lang: str) -> str:
    """How much of the emissions rests on which grade of evidence."""
    if not whole:
        return "–"
    named = evidence["quality"].astype(object).fillna("").astype(str)
    sums = evidence.groupby(named)["gross_tco2e"].sum().sort_index()
    order = [*(name for name in sums.index if name), *(name for name in sums.index if not name)]
    parts = [say("task.graded" if name else "task.no_grade", lang, grade=name, share=percent(sums[name], whole)) for name in order]
    return ("，" if lang == "zh" else ", ").join(parts)


def diagnosed(enterprises: pd.DataFrame, products: pd.DataFrame, year: int, lang: str) -> pd.DataFrame:
    """The enterprises for readers, largest emitter first: sector, what they make and how much, tce, tCO2e, share."""
    made = products[products["year"] == year] if len(products) else products
    sums = made.groupby(["enterprise_id", "product", "unit"], sort=True)["quantity"].sum().reset_index()
    said: dict[str, list[str]] = {}
    for row in sums.itertuples():
        said.setdefault(row.enterprise_id, []).append(
            f"{filed(row.product, lang)} {number(row.quantity)} {_unit(row.unit)}".strip()
        )
    output = {enterprise: ("；" if lang == "zh" else "; ").join(parts) for enterprise, parts in said.items()}
    keys = [code("key_emitter", key, lang) for key in enterprises["key_emitter"]]
    rows = enterprises.assign(enterprise=local_name(enterprises, lang), output=enterprises["enterprise_id"].map(output))
    sectors = [filed(name, lang) if pd.notna(name) else "" for name in enterprises["sector"]]
    return rows.assign(key_emitter=keys, sector=sectors).sort_values("total_tco2e", ascending=False, kind="stable")


def _unit(unit: object) -> str:
    return "" if str(unit) == "unit_not_stated" else str(unit).replace("_", " ")


def balance_tables(
    made: pd.DataFrame, uses: pd.DataFrame, checks: pd.DataFrame, enterprises: pd.DataFrame, lang: str
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """The balance for readers, table by table: by carrier, by enterprise, by use, and what must add up."""
    names = dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
    whole = made[made["level"] == "total"]
    carriers = pd.concat([made[made["level"] == "carrier"], whole])
    carriers = carriers.assign(carrier=[code("carrier", key, lang) or say("balance.total", lang) for key in carriers["key"]])
    firms = made[made["level"] == "enterprise"]
    systems = [wording.text(f"system.{name}", lang) for name in uses["system"]]
    if not whole["handed_tce"].iat[0] > 0:
        checks = checks[checks["item"] != "handed"]
    checks = checks.assign(difference_tce=checks["difference_tce"].round(3) + 0.0)  # what rounds to nothing is no difference
    results = [_result(row.closes, row.difference_tce, lang) for row in checks.itertuples()]
    said = checks.assign(item=[say(f"balance.check.{name}", lang) for name in checks["item"]], result=results)
    return {
        "balance_carrier": carriers,
        "balance_enterprise": firms.assign(enterprise=firms["key"].map(names).fillna(firms["key"])),
        "balance_use": uses.assign(system=systems),
        "balance_checks": said,
    }


def _result(closes: Any, difference_tce: float, lang: str) -> str:
    """Whether two sums agree; what members hand over may differ from what they receive, and only then is anything lost."""
    if pd.isna(closes):
        return say("balance.on_the_way" if difference_tce else "balance.closes", lang)
    return say("balance.closes" if closes else "balance.open", lang)


def balance_summary(made: pd.DataFrame, uses: pd.DataFrame, checks: pd.DataFrame, lang: str) -> Prose:
    """What is used and of what, where it goes, what is handed on between members, and whether the balance closes."""
    whole = made[made["level"] == "total"].iloc[0]
    carriers = made[made["level"] == "carrier"]
    if not whole["used_tce"] > 0 or carriers.empty:
        return Prose((say("balance.nothing", lang),), lang)
    first = carriers.iloc[0]
    said = [
        say("balance.used", lang, used=whole["used_tce"], bought=whole["bought_tce"], carrier=code("carrier", first["key"], lang),
            share=percent(first["used_tce"], whole["used_tce"]))
    ]  # fmt: skip
    if whole["handed_tce"] > 0:
        gap = whole["handed_tce"] - whole["received_tce"]
        key = "balance.members" if round(gap, 3) else "balance.members_all"
        said.append(say(key, lang, handed=whole["handed_tce"], received=whole["received_tce"], gap=gap,
                        share=percent(gap, whole["handed_tce"])))  # fmt: skip
    most = uses[uses["system"] != "not_split"].head(1)
    if len(most):
        name = wording.text(f"system.{most['system'].iat[0]}", lang)
        metered = percent(uses["metered_tce"].sum(), uses["tce"].sum())
        said.append(say("balance.use", lang, system=name, share=most["share_pct"].iat[0], metered=metered))
    must = checks["closes"].dropna()
    said.append(say("balance.all_close" if must.eq(1).all() else "balance.not_all_close", lang, count=len(must),
                    failed=int(must.ne(1).sum())))  # fmt: skip
    return Prose(tuple(said), lang)


def efficiency_tables(
    losses: pd.DataFrame, gaps: pd.DataFrame, units: pd.DataFrame, enterprises: pd.DataFrame, lang: str
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Equipment and gaps for readers; a table without rows is left out."""
    names = dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
    found = {}
    if len(losses):
        called = unit_names(units, lang)
        carriers = [word(codes, lang) for codes in losses["carriers"]]
        found["equipment"] = losses.assign(
            used_in=losses["unit_id"].map(called), enterprise=losses["enterprise_id"].map(names), carriers=carriers
        )
    if len(gaps):
        against = [
            say("gaps.peers", lang, sector=row.reference) if row.compared == "peers"
            else say("gaps.recalled" if row.confidence == "remembered" else "gaps.benchmark", lang)
            for row in gaps.itertuples()
        ]  # fmt: skip
        peers = gaps["compared"] == "peers"
        named = zip(_products(gaps, lang), peers, strict=True)
        subject = [say(f"gaps.{name}", lang) if peer and name != "product" else name for name, peer in named]
        above = gaps.assign(
            enterprise=gaps["enterprise_id"].map(names), against=against, measured_by=subject, above_tce=gaps["gap_tce"]
        )
        found["gaps"] = above.assign(unit=[intensity_unit(str(unit), lang) for unit in gaps["unit"]])
    return found


def _products(gaps: pd.DataFrame, lang: str) -> list[str]:
    """What was compared; a product with a published level in Chinese where the table has a Chinese name."""
    table = dictionary.read_table("benchmarks")
    chinese = dict(zip(table["benchmark_id"].str.split(":").str[:2].str.join(":"), table["product_zh"], strict=True))
    pairs = zip(gaps["reference"], gaps["subject"], strict=True)
    return [chinese.get(reference) or str(subject) if lang == "zh" else str(subject) for reference, subject in pairs]


def unit_names(units: pd.DataFrame, lang: str) -> dict[str, str]:
    """What each unit is called: its name, in Chinese the system it belongs to, behind its number."""
    table = dictionary.read_table("systems")
    system = table[table["of"] == "unit"].set_index("kind")["system"]
    kinds = units["kind"].map(system).fillna("")
    chinese = [wording.text(f"system.{name}", lang) if name else "" for name in kinds]
    called = local_name(units, lang) if lang == "en" or "name_zh" in units else pd.Series(chinese, index=units.index)
    return {unit: f"{unit} {name}".strip() for unit, name in zip(units["unit_id"], called, strict=True)}


def efficiency_summary(
    losses: pd.DataFrame, gaps: pd.DataFrame, silent: pd.DataFrame, units: pd.DataFrame, enterprises: pd.DataFrame, lang: str
) -> Prose:  # fmt: skip
    """How many units file an efficiency and where most is lost; who stands above a benchmark or above the middle of the peers;
    for whom no gap is stated, why, and what would be needed (`efficiency.silent`)."""
    said = [say("efficiency.units" if len(losses) else "efficiency.no_units", lang, count=len(losses), units=len(units))]
    if len(losses):
        first = losses.iloc[0]
        called = unit_names(units, lang)[first["unit_id"]]
        said.append(say("efficiency.first", lang, unit=called, efficiency=first["efficiency_pct"], loss=first["loss_tce"]))
    names = dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
    for kind in ("benchmark", "peers"):
        mine = gaps[gaps["compared"] == kind]
        above = mine[mine["gap_tce"] > 0]
        if len(mine):
            most = above.head(1)
            key = f"efficiency.{kind}" if len(above) else f"efficiency.{kind}_none"
            said.append(say(key, lang, count=mine["enterprise_id"].nunique(), above=above["enterprise_id"].nunique(),
                            tce=above["gap_tce"].sum(), tco2e=above["gap_tco2e"].sum(),
                            first=str(names.get(most["enterprise_id"].iat[0], "")) if len(most) else ""))  # fmt: skip
    for reason, count in silent["reason"].value_counts().sort_index().items():
        said.append(say(f"efficiency.silent.{reason}", lang, count=count))
    return Prose(tuple(said), lang)
