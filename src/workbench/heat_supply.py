"""Boilers that burn fossil fuel → heat pumps and electric boilers in their place, as candidates that exclude each other.

    heat = fuel · efficiency of the boiler
    power = heat · (1 / efficiency of the new supply + its auxiliary share) / 3.6
    capital = rated heat of the boiler · capital per kW · price and currency factor

One fits when the unit is of its kind, burns fossil fuel and delivers no hotter than it can (`units.supply_c`,
`technologies/heat_matching.csv`); of heat pumps the lowest temperature that is enough. The fuel counts as saved whole and the power
of today's heat is bought, also where other measures need less heat: it errs on the side of more power. The source of heat a pump
lifts from is not checked, what the boiler's upkeep costs is not credited. Vapour recompression needs vapour of a process, which no
field names, and is not proposed. Efficiencies and capital: `technologies/heat_supply.csv`, the newest year that has come.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import dictionary, price_indices, units

PROJECT_COLUMNS = [
    "project_id", "name", "name_zh", "enterprise_id", "kind", "capex", "opex_per_year", "lifetime_years", "evidence",
    "technology_id", "unit_id",
]  # fmt: skip
SAVING_COLUMNS = ["project_id", "enterprise_id", "unit_id", "carrier", "mode", "amount", "unit"]
LEFT_COLUMNS = ["enterprise_id", "technology_id", "name", "name_zh", "reason"]
_NUMBERS = [
    "efficiency", "auxiliary_share", "capex_per_kw", "fixed_opex_per_kw_year", "variable_opex_per_mwh", "lifetime_years", "year",
    "price_year", "from_celsius", "rule_celsius",
]  # fmt: skip


def supplies(year: int) -> pd.DataFrame:
    """Rows of the library that may replace a boiler, with their rule: of each the newest year up to `year`, else the first."""
    rules = dictionary.read_table("technologies/heat_matching").rename(columns={"to_celsius": "rule_celsius"})
    table = rules[["technology", "group", "unit_kind", "families", "from_celsius", "rule_celsius", "same_kinds"]].merge(
        dictionary.read_table("technologies/heat_supply"), on="technology", how="left", validate="1:m"
    )
    table = table.assign(**{name: pd.to_numeric(table[name].replace("", None)) for name in _NUMBERS})
    rank = (table["year"] - year).where(table["year"] <= year, -table["year"] - year)  # a year to come only where none has come
    best = table.assign(rank=rank).sort_values(["technology", "rank"]).drop_duplicates("technology", keep="last")
    return best.drop(columns="rank").sort_values(["group", "rule_celsius"], kind="stable").reset_index(drop=True)


def candidates(
    tables: dict[str, pd.DataFrame], use: pd.DataFrame, meta: dict[str, Any], year: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, list[pd.DataFrame]]:
    """(projects, savings, left out with reasons, raw findings) of every boiler that is filed with its own use.

    `use`: enterprise_id, unit_id, carrier, energy_gj. Needs of the unit: supply_c, efficiency, and rated_kw or hours.
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
                price = prices.setdefault((rule.currency, rule.price_year, rule.price_index), _price(rule, meta, year))
                project, lines = _replace(rule, unit, fuel, price)
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
    """Why it does not replace the boiler ('' when it does): already_filed, no_use, unit_data, temperature, too_small."""
    if filed & {rule.technology_id, *rule.same_kinds.split(";")}:
        return "already_filed"
    if not fuel_gj > 0:
        return "no_use"
    if pd.isna(unit.supply_c) or pd.isna(unit.efficiency) or not _size(unit, 1.0):
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


def _replace(rule: Any, unit: Any, fuel: pd.DataFrame, price: price_indices.Conversion) -> tuple[tuple, list[tuple]]:
    """The project and its savings: all the fuel of the boiler, and the power the new supply takes, below zero."""
    heat_mwh = fuel["energy_gj"].sum() * unit.efficiency * units.factor("GJ", "MWh")
    power_mwh = heat_mwh * (1 / rule.efficiency + rule.auxiliary_share)
    size = _size(unit, heat_mwh)
    opex = rule.fixed_opex_per_kw_year * size + rule.variable_opex_per_mwh * heat_mwh
    name = f"{unit.enterprise_id}-{rule.technology}-{unit.unit_id}"
    capex, opex = (None if pd.isna(price.factor) else round(amount * price.factor) for amount in (rule.capex_per_kw * size, opex))
    project = (
        name, f"{rule.label_en}: {unit.name}", f"{rule.label_zh}：{unit.name}", unit.enterprise_id, "heat_supply", capex, opex,
        rule.lifetime_years, "; ".join(filter(None, [f"technology library, row {rule.technology_id}", price.steps])),
        rule.technology_id, unit.unit_id,
    )  # fmt: skip
    lines = [(name, unit.enterprise_id, unit.unit_id, carrier, "fraction", 1.0, "") for carrier in sorted(fuel["carrier"].unique())]
    return project, [*lines, (name, unit.enterprise_id, "", "electricity", "absolute", -round(power_mwh, 3), "MWh")]
