"""The inventory as a verifier reads it: evidence, allocation, ranges, misstatements, benchmarks, targets, moved emissions.

Each table is the work of one module; this one calls them in order and gathers their tables and findings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from workbench import benchmarks, chp, findings, inventory, magnitude, materiality, position, transfer, uncertainty
from workbench.errors import ParameterError
from workbench.inventory import Inventory
from workbench.params import Settings
from workbench.store import Package

Tables = dict[str, pd.DataFrame]
CHP_METHOD = "energy"  # by energy content, as the guidelines' supplementary tables split it; cluster.yaml may state another


@dataclass(frozen=True)
class Verification:
    """`rows` (the inventory with its upstream memo), result `tables` by name, all `findings` of the run so far, worded."""

    rows: pd.DataFrame
    tables: Tables
    findings: pd.DataFrame


def examine(
    package: Package, checked: Tables, meta: dict[str, Any], made: Inventory, intake: pd.DataFrame, settings: Settings
) -> Verification:
    """Everything that is read off the inventory `made` of the checked tables; `intake` holds the findings of the intake.

    Tables: enterprises, cluster, seller_factors, allocation, allocated, evidence, uncertainty, data_to_improve, misstatements,
    materiality, key_sources, benchmark_positions, peers, dual_control, carbon_budget, materials_bought, transfers.
    """
    rows, moved, more = _upstream(checked, meta, made, settings.year)
    tables, found = _allocation(checked, meta, made)
    tables |= moved
    tables |= {
        "evidence": evidence(rows),
        "uncertainty": _ranges(rows, settings),
        "data_to_improve": uncertainty.contributions(rows),
    }
    tables |= _totals(rows, checked, meta, tables, settings.year)
    read, problems = _reading(checked, meta, rows, tables["cluster"], settings.year)
    tables |= read
    told = findings.collect([*made.findings, *found, *more, *problems], settings.lang)
    known = pd.concat([intake, told], ignore_index=True).drop_duplicates("finding_id")
    filed = replace(package, meta=meta)  # both sides of a misstatement are counted by the same rules
    errors = materiality.misstatements(filed, checked, made, known, settings.year, lang=settings.lang)
    tables |= {"misstatements": errors, "materiality": materiality.conclusion(errors, rows, settings.materiality_pct)}
    return Verification(rows, tables, told)


def _upstream(checked: Tables, meta: dict[str, Any], made: Inventory, year: int) -> tuple[pd.DataFrame, Tables, list[pd.DataFrame]]:
    """The memo of what happened at suppliers, and purchases that rose while own emissions fell since the year before."""
    country = str(meta.get("country", ""))
    now, goods, found = _bought(checked, country, made.rows, year)
    _, problems = transfer.missing(now, goods)
    products = checked["products"]
    before = inventory.compile(checked, meta, year - 1) if (checked["energy"]["year"] == year - 1).any() else None
    flagged = pd.DataFrame(columns=transfer.FLAGS)
    if before is not None:
        earlier, goods_before, _ = _bought(checked, country, before.rows, year - 1)
        flagged, more = transfer.flags(
            now, earlier, transfer.purchases(now, goods, country, year),
            transfer.purchases(earlier, goods_before, country, year - 1),
            products[products["year"] == year], products[products["year"] == year - 1],
        )  # fmt: skip
        flagged = flagged.dropna(subset=["own_before_tco2e", "own_now_tco2e"]).reset_index(drop=True)  # firms of both years
        problems += more
    return now, {"materials_bought": goods, "transfers": flagged}, [*found, *problems]


def _bought(checked: Tables, country: str, rows: pd.DataFrame, year: int) -> tuple[pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    goods, found = transfer.bought(checked["materials"], checked["enterprises"], country, year)
    return transfer.upstream(rows, country, year), goods, found


def _allocation(checked: Tables, meta: dict[str, Any], made: Inventory) -> tuple[Tables, list[pd.DataFrame]]:
    """Real factors of sellers, flows between members at those factors, enterprises with their share."""
    method = str(meta.get("chp_method") or CHP_METHOD)
    found = []
    if method not in chp.METHODS:
        place = {"table": "cluster", "field": "chp_method", "seen": method, "expected": ", ".join(chp.METHODS)}
        found, method = [findings.raw("cluster_field", **place)], CHP_METHOD
    stated, odd = chp_parameters(meta.get("chp"), method)
    known = meta | {"chp": stated}
    sellers, problems = chp.seller_factors(made.rows, made.ledger, checked["units"], made.settled, known, method)
    flows = chp.allocation(made.settled, sellers, made.rows)
    tables = {"seller_factors": sellers, "allocation": flows, "allocated": chp.allocated(made.rows, flows)}
    return tables, [*found, *odd, *problems]


def chp_choice(meta: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Method by which fuel is split over heat and power and the parameters of it that can be used, as cluster.yaml states them."""
    method = str(meta.get("chp_method") or CHP_METHOD)
    method = method if method in chp.METHODS else CHP_METHOD
    return method, chp_parameters(meta.get("chp"), method)[0]


def chp_parameters(filed: Any, method: str) -> tuple[dict[str, Any], list[pd.DataFrame]]:
    """Parameters of the split that cluster.yaml states and that can be used; the others as findings."""
    if not isinstance(filed, dict):
        place = {"table": "cluster", "field": "chp", "seen": str(filed), "expected": "name: value"}
        return {}, [findings.raw("cluster_field", **place)] if filed else []
    good, found = {}, []
    for name, value in filed.items():
        try:
            chp.split(1.0, 1.0, 1.0, 1.0, method, **{str(name): value})
        except ParameterError as error:
            place = {"table": "cluster", "field": f"chp.{name}", "seen": str(value), "expected": str(error)}
            found.append(findings.raw("cluster_field", **place))
        else:
            good[str(name)] = value
    return good, found


def evidence(rows: pd.DataFrame) -> pd.DataFrame:
    """How much of the gross emissions rests on which grade of data and level of factor.

    Columns: quality, factor_level, rows, gross_tco2e (|tCO2e|), share_pct. Source: ISO 14064-1, 8.3 (quality of data).
    """
    held = rows[rows["tco2e"] != 0]
    gross = held.assign(gross_tco2e=held["tco2e"].abs(), quality=held["quality"].fillna(""))
    out = gross.groupby(["quality", "factor_level"], sort=True).agg(rows=("tco2e", "size"), gross_tco2e=("gross_tco2e", "sum"))
    out = out.reset_index()
    total = out["gross_tco2e"].sum()
    return out.assign(share_pct=(out["gross_tco2e"] / total * 100).round(4) if total else 0.0)


def _ranges(rows: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Ranges of cluster and enterprises by both approaches, and of the sources by error propagation."""
    drawn = uncertainty.monte_carlo(rows, settings.uncertainty_draws, settings.seed)
    spread = uncertainty.propagate(rows)
    alone = spread.set_index(["level", "key"])["independent_half_tco2e"]
    sources = spread[spread["level"] == "source"].rename(
        columns={c: f"approach1_{c}" for c in ("half_range_tco2e", "half_range_pct", "low", "high")}
    )
    both = pd.concat([drawn, sources.reindex(columns=drawn.columns)], ignore_index=True) if len(sources) else drawn
    keys = pd.MultiIndex.from_frame(both[["level", "key"]])
    return both.assign(independent_half_tco2e=alone.reindex(keys).to_numpy())


def _totals(rows: pd.DataFrame, checked: Tables, meta: dict[str, Any], tables: Tables, year: int) -> Tables:
    """Enterprises and cluster, with allocated totals, ranges, upstream and the parts of what is eliminated."""
    made = checked["products"][checked["products"]["year"] == year]
    firms = inventory.by_enterprise(rows, checked["enterprises"], made, str(meta.get("currency", "")))
    shares = tables["allocated"].set_index("enterprise_id")
    for end in ("tco2e", "tce"):
        firms[f"allocated_{end}"] = firms["enterprise_id"].map(shares[f"allocated_{end}"]).astype(float).fillna(0.0)
    ranges = tables["uncertainty"].set_index(["level", "key"])
    for name, column in (("total_low", "approach1_low"), ("total_high", "approach1_high")):
        known = ranges.xs("enterprise", level="level")[column] if "enterprise" in ranges.index.levels[0] else pd.Series(dtype=float)
        firms[name] = firms["enterprise_id"].map(known).fillna(firms["total_tco2e"])
    memo = rows["upstream_tco2e"].groupby(rows["enterprise_id"]).sum()
    firms["upstream_tco2e"] = firms["enterprise_id"].map(memo).astype(float).fillna(0.0)
    return {"enterprises": firms, "cluster": _cluster(rows, tables)}


def _cluster(rows: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """`inventory.of_cluster` with the parts of the elimination, the Monte Carlo range and the upstream memo.

    eliminated = eliminated at the seller's real factor + allocation difference.
    """
    bridge = chp.bridge(rows, tables["allocation"]).set_index("item")["value"]
    goods = tables["materials_bought"]
    outside = goods[goods["internal"] == 0] if len(goods) else goods
    memo = rows.loc[rows["internal"] == 0, "upstream_tco2e"].sum() + pd.to_numeric(outside["upstream_tco2e"]).sum()
    flows = tables["allocation"]
    items = [
        ("internal_purchases_at_real_factors_tco2e", flows["real_tco2e"].sum(), "tCO2e"),
        ("internal_sales_at_real_factors_tco2e", flows["deducted_real_tco2e"].sum(), "tCO2e"),
        ("of_which_eliminated_at_real_factors_tco2e", bridge["eliminated_at_real_factor_tco2e"], "tCO2e"),
        ("of_which_allocation_adjustment_tco2e", bridge["allocation_adjustment_tco2e"], "tCO2e"),
        ("cluster_upstream_tco2e", memo, "tCO2e"),
    ]
    drawn = tables["uncertainty"]
    drawn = drawn[drawn["level"] == "cluster"]
    if len(drawn):
        items += [
            ("cluster_total_low_tco2e", drawn["low"].iat[0], "tCO2e"),
            ("cluster_total_high_tco2e", drawn["high"].iat[0], "tCO2e"),
        ]
    return pd.concat([inventory.of_cluster(rows), pd.DataFrame(items, columns=["item", "value", "unit"])], ignore_index=True)


def _reading(
    checked: Tables, meta: dict[str, Any], rows: pd.DataFrame, cluster: pd.DataFrame, year: int
) -> tuple[Tables, list[pd.DataFrame]]:
    """Key sources, benchmarks, peers, targets and budget."""
    made = checked["products"][checked["products"]["year"] == year]
    positions, found = benchmarks.positions(rows, checked["products"], year, checked["units"])
    intensities = benchmarks.intensities(rows, checked["enterprises"], made, str(meta.get("currency", "")))
    targets, problems = position.dual_control(cluster, checked["enterprises"], meta, year)
    budget, more = position.carbon_budget(meta, cluster, year)
    doubts = [part.assign(table="inventory") for part in magnitude.check_intensities(rows) if len(part)]
    tables = {
        "key_sources": benchmarks.key_sources(rows), "benchmark_positions": positions, "dual_control": targets,
        "carbon_budget": budget, "peers": benchmarks.peers(intensities, checked["enterprises"]),
    }  # fmt: skip
    return tables, [*found, *problems, *more, *doubts]
