"""Heat from fossil fuel or live steam → heat pumps, electric and wood boilers, vapour recompression in its place, as candidates.

    heat = use of the unit · efficiency of the unit
    bought = heat / efficiency of the new supply;  auxiliary power = heat · auxiliary share
    capital = rated heat of the unit · capital per kW · price and currency factor

One fits when the unit is of its kind, uses what it replaces and delivers no hotter than it can (`units.supply_c`,
`technologies/heat_matching.csv`); of a group the lowest temperature that is enough. Those of one unit exclude each other. The use
counts as saved whole and today's heat is bought, also where other measures need less heat: it errs on the side of more. The source
of heat a pump lifts from is not checked, what the boiler's upkeep costs is not credited. An evaporator states the heat of vapour
raised per heat of steam as its efficiency. Carbon of wood is biogenic and stands outside the total (`factors/fuels.csv`); where no
price of it is known, the status says so and no money is made up. Efficiencies and capital: `technologies/heat_supply.csv`, the
newest year that has come.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from workbench import dictionary, flows, price_indices, units

PROJECT_COLUMNS = [
    "project_id", "name", "name_zh", "enterprise_id", "kind", "capex", "opex_per_year", "lifetime_years", "evidence",
    "technology_id", "unit_id", "status",
]  # fmt: skip
PRICED, UNPRICED = "library", "unpriced"  # status of a candidate, and of one that buys a fuel without a known price
SAVING_COLUMNS = ["project_id", "enterprise_id", "unit_id", "carrier", "mode", "amount", "unit"]
LEFT_COLUMNS = ["enterprise_id", "technology_id", "name", "name_zh", "reason"]
_NUMBERS = [
    "efficiency", "auxiliary_share", "capex_per_kw", "fixed_opex_per_kw_year", "variable_opex_per_mwh", "lifetime_years", "year",
    "price_year", "from_celsius", "rule_celsius",
]  # fmt: skip


@cache
def supplies(year: int) -> pd.DataFrame:
    """Rows of the library that may replace a boiler, with their rule: of each the newest year up to `year`, else the first."""
    rules = dictionary.read_table("technologies/heat_matching").rename(columns={"to_celsius": "rule_celsius"})
    table = rules[["technology", "group", "unit_kind", "families", "bought", "from_celsius", "rule_celsius", "same_kinds"]].merge(
        dictionary.read_table("technologies/heat_supply"), on="technology", how="left", validate="1:m"
    )
    table = table.assign(**{name: pd.to_numeric(table[name].replace("", None)) for name in _NUMBERS})
    rank = (table["year"] - year).where(table["year"] <= year, -table["year"] - year)  # a year to come only where none has come
    best = table.assign(rank=rank).sort_values(["technology", "rank"]).drop_duplicates("technology", keep="last")
    return best.drop(columns="rank").sort_values(["group", "rule_celsius"], kind="stable").reset_index(drop=True)


def candidates(
    tables: dict[str, pd.DataFrame], use: pd.DataFrame, meta: dict[str, Any], year: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """(projects, savings, left out with reasons, raw findings) of every boiler and evaporator filed with its own use.

    `use`: enterprise_id, unit_id, carrier, energy_gj. Needs of the unit: efficiency, rated_kw or hours, and supply_c of a boiler.
    """
    rules = supplies(year)
    carriers = dictionary.carriers()
    fields = ["unit_id", "enterprise_id", "name", "kind", "rated_kw", "efficiency", "hours", "supply_c"]
    projects, savings, left, prices = [], [], [], {}
    for unit in tables["units"].reindex(columns=fields).sort_values(["enterprise_id", "unit_id"]).itertuples():
        here = use[(use["enterprise_id"] == unit.enterprise_id) & (use["energy_gj"] > 0)]
        filed = _filed(tables["projects"], unit.enterprise_id)
        taken: set[str] = set()
        for rule in rules[rules["unit_kind"] == unit.kind].itertuples():
            fossil = carriers.index[carriers["family"].isin(rule.families.split(";"))]
            fuel = here[(here["unit_id"] == unit.unit_id) & here["carrier"].isin(fossil)]
            power = "electricity" in set(here["carrier"])
            reason = _against(rule, unit, filed, fuel["energy_gj"].sum() if power else 0.0)
            if reason:
                left.append((unit.enterprise_id, rule.technology_id, rule.label_en, rule.label_zh, reason))
            elif rule.group not in taken:
                taken.add(rule.group)
                basis = (rule.currency, rule.price_year, rule.price_index)
                if basis not in prices:
                    prices[basis] = _price(rule, meta, year)
                project, lines = _replace(rule, unit, fuel, prices[basis], _priced(rule.bought, unit.enterprise_id, tables, meta))
                projects.append(project)
                savings += lines
    found = [finding for price in prices.values() for finding in price.findings]
    return (
        pd.DataFrame(projects, columns=PROJECT_COLUMNS),
        pd.DataFrame(savings, columns=SAVING_COLUMNS),
        pd.DataFrame(left, columns=LEFT_COLUMNS).drop_duplicates(ignore_index=True),
        found,
    )


def _filed(projects: pd.DataFrame, enterprise: str) -> set[str]:
    """Kinds and technologies of the projects an enterprise filed."""
    mine = projects[projects["enterprise_id"] == enterprise].reindex(columns=["kind", "technology_id"])
    return set(mine["kind"].dropna().astype(str)) | set(mine["technology_id"].dropna().astype(str))


def _against(rule: Any, unit: Any, filed: set[str], fuel_gj: float) -> str:
    """Why it does not replace the unit's heat ('' when it does): already_filed, no_use, unit_data, temperature, too_small."""
    if filed & {rule.technology_id, *rule.same_kinds.split(";")}:
        return "already_filed"
    if not fuel_gj > 0:
        return "no_use"
    by_temperature = pd.notna(rule.rule_celsius)
    if (by_temperature and pd.isna(unit.supply_c)) or pd.isna(unit.efficiency) or not _size(unit, 1.0):
        return "unit_data"
    if unit.supply_c > rule.rule_celsius or unit.supply_c < rule.from_celsius:
        return "temperature"
    least_gj = dictionary.threshold("least_candidate_tce") * units.factor("tce", "GJ")
    return "too_small" if fuel_gj < least_gj else ""


def _size(unit: Any, heat_mwh: float) -> float:
    """kW of heat: the boiler's nameplate, else its mean output over its hours; 0 where neither is filed."""
    if unit.rated_kw > 0:
        return float(unit.rated_kw)
    return heat_mwh * units.factor("MWh", "kWh") / unit.hours if unit.hours > 0 else 0.0


def _price(rule: Any, meta: dict[str, Any], year: int) -> price_indices.Conversion:
    place = {"table": "technologies", "field": "capex"}
    to_year = int(meta.get("price_year") or year)
    return price_indices.convert(rule.currency, int(rule.price_year), str(meta["currency"]), to_year, rule.price_index, place)


def _priced(carrier: str, enterprise: str, tables: dict[str, pd.DataFrame], meta: dict[str, Any]) -> bool:
    """Whether a price of the carrier is known: power's is asked for elsewhere; else own bills, or a price that was read."""
    if carrier == "electricity":
        return True
    energy = tables.get("energy", pd.DataFrame(columns=["enterprise_id", "carrier", "flow", "cost"]))
    bought = (energy["enterprise_id"] == enterprise) & (energy["carrier"] == carrier) & energy["flow"].isin(flows.INCOMING)
    bills = energy[bought & (pd.to_numeric(energy["cost"]) > 0)]
    table = dictionary.read_table("prices")
    read = table[(table["carrier"] == carrier) & (table["currency"] == meta.get("currency")) & (table["value"] != "")]
    return bool(len(bills)) or bool((read["confidence"] != "remembered").any())


def _replace(rule: Any, unit: Any, fuel: pd.DataFrame, price: price_indices.Conversion, priced: bool) -> tuple[tuple, list[tuple]]:
    """The project and its savings: all that the unit uses, and below zero what the new supply takes."""
    heat_mwh = fuel["energy_gj"].sum() * unit.efficiency * units.factor("GJ", "MWh")
    bought_mwh, auxiliary_mwh = heat_mwh / rule.efficiency, heat_mwh * rule.auxiliary_share
    size = _size(unit, heat_mwh)
    opex = rule.fixed_opex_per_kw_year * size + rule.variable_opex_per_mwh * heat_mwh
    name = f"{unit.enterprise_id}-{rule.technology}-{unit.unit_id}"
    capex, opex = (None if pd.isna(price.factor) else round(amount * price.factor) for amount in (rule.capex_per_kw * size, opex))
    project = (
        name, f"{rule.label_en}: {unit.name}", f"{rule.label_zh}：{unit.name}", unit.enterprise_id, "heat_supply", capex, opex,
        rule.lifetime_years, "; ".join(filter(None, [f"technology library, row {rule.technology_id}", price.steps])),
        rule.technology_id, unit.unit_id, PRICED if priced else UNPRICED,
    )  # fmt: skip
    lines = [(name, unit.enterprise_id, unit.unit_id, carrier, "fraction", 1.0, "") for carrier in sorted(fuel["carrier"].unique())]
    taken = {"electricity": auxiliary_mwh}
    if rule.bought == "electricity":
        taken["electricity"] += bought_mwh
    else:
        lines.append(
            (name, unit.enterprise_id, "", rule.bought, "absolute", -round(bought_mwh * units.factor("MWh", "GJ"), 3), "GJ")
        )
    return project, [*lines, (name, unit.enterprise_id, "", "electricity", "absolute", -round(taken["electricity"], 3), "MWh")]
