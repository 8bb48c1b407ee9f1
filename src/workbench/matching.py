"""From the technology library to candidate projects: which measures fit an enterprise, what they would save and cost there.

A measure fits by the industry of the enterprise, its product, the kind of unit it acts on and the carrier it saves
(`technologies/matching.csv`). It is left out, with a reason, where the data show it in place or a project already does it.

    saved = f · use of the matched carriers,   capital = capital per GJ · saved · price and currency factor

with f the share of the whole industry's fuel or power: on the fuel of one unit it errs low. Candidates are estimates of quality D.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench import dictionary, flows, heat_supply, own_technologies, price_indices, technologies, units

STATUS = heat_supply.PRICED
STATUSES = (heat_supply.PRICED, heat_supply.UNPRICED)  # of projects that come from the library
PROJECT_COLUMNS = [
    "project_id", "name", "name_zh", "enterprise_id", "kind", "capex", "opex_per_year", "lifetime_years", "status", "evidence",
    "technology_id",
]  # fmt: skip
SAVING_COLUMNS = ["project_id", "enterprise_id", "unit_id", "carrier", "mode", "amount", "unit"]
LEFT_COLUMNS = ["enterprise_id", "technology_id", "name", "name_zh", "reason"]


@dataclass(frozen=True)
class Candidates:
    """`projects`, `savings`, `relations` in the package's columns, `left_out` with reasons, raw `findings`."""

    projects: pd.DataFrame
    savings: pd.DataFrame
    relations: pd.DataFrame
    left_out: pd.DataFrame
    findings: list[pd.DataFrame]


def candidates(
    tables: dict[str, pd.DataFrame], rows: pd.DataFrame, meta: dict[str, Any], year: int, own: pd.DataFrame | None = None
) -> Candidates:
    """Every measure that fits, for each enterprise of checked `tables` and inventory `rows`: of the library, filed, or of `own`.

    Money in the currency of `meta`, of its price_year (else `year`); savings as fractions of what is used. A row of the package's
    table `technologies` or of `own` (`importers.catalogue_rows.COLUMNS`) may name several industries, or none for every enterprise.
    """
    rules = technologies.measures().merge(
        dictionary.read_table("technologies/matching"), on="measure_id", how="left", validate="1:1", suffixes=("", "_rule")
    )
    filed = own_technologies.usable(tables["technologies"], meta, year) if "technologies" in tables else None
    rules = pd.concat([rules, *(part for part in (filed, own) if part is not None and len(part))], ignore_index=True)
    rules = rules.drop_duplicates("measure_id", keep="last", ignore_index=True)  # what is handed over stands for what was filed
    every = rules["industry"] == ""
    industry = technologies.sectors(tables["enterprises"], meta)["industry"]
    use = _use(rows)
    adopted = dictionary.read_table("technologies/adopted").query("country == @meta.get('country')")
    present = rules["industry"].map(lambda text: not set(_parts(text)).isdisjoint(industry))
    price, found = _prices(rules[every | present], meta, year)
    least_gj = dictionary.threshold("least_candidate_tce") * units.factor("tce", "GJ")
    projects, savings, left = [], [], []
    for enterprise in sorted(industry.index[(industry != "") | every.any()]):
        mine = Site(enterprise, tables, use[use["enterprise_id"] == enterprise])
        fits = every | rules["industry"].map(lambda text, sort=industry[enterprise]: sort in _parts(text))
        for rule in rules[fits].itertuples():
            reason = "adopted" if rule.measure_id in set(adopted["measure_id"]) else mine.against(rule)
            lines = [] if reason else mine.lines(rule)
            saved_gj = sum(line[-1] for line in lines)
            reason = reason or ("no_use" if not lines else "too_small" if saved_gj < least_gj else "")
            if reason:
                left.append((enterprise, rule.measure_id, rule.label_en, rule.label_zh, reason))
                continue
            projects.append(_project(enterprise, rule, saved_gj, price[rule.price_index, rule.currency, rule.price_year]))
            savings += [(projects[-1][0], enterprise, unit, carrier, "fraction", share, "") for unit, carrier, share, _ in lines]
    frame = pd.DataFrame(projects, columns=PROJECT_COLUMNS)
    boilers, switched, kept, said = heat_supply.candidates(tables, use, meta, year)
    return Candidates(
        _joined(frame, boilers),
        _joined(pd.DataFrame(savings, columns=SAVING_COLUMNS), switched),
        _joined(_alternatives(frame, rules), _one_a_boiler(boilers)),
        _joined(pd.DataFrame(left, columns=LEFT_COLUMNS), kept),
        [*found, *said],
    )


class Site:
    """One enterprise: its units, products, filed projects and what it uses, asked measure by measure."""

    def __init__(self, enterprise: str, tables: dict[str, pd.DataFrame], use: pd.DataFrame) -> None:
        self.use = use
        filed, projects = (tables[name][tables[name]["enterprise_id"] == enterprise] for name in ("units", "projects"))
        self.kinds = filed.groupby("kind")["unit_id"].agg(set).to_dict() if len(filed) else {}
        products = tables["products"]
        self.products = " ".join(products.loc[products["enterprise_id"] == enterprise, "product"].astype(str)).casefold()
        self.filed_kinds = set(projects["kind"].dropna().astype(str))
        taken = set(projects["technology_id"].dropna().astype(str)) if "technology_id" in projects else set()
        self.filed = taken | {f"{technologies.OWN}.{name}" for name in taken}

    def against(self, rule: Any) -> str:
        """Why the measure does not fit ('' when it does): no_unit, no_product, in_place, already_filed."""
        if rule.measure_id in self.filed or self.filed_kinds & set(_parts(rule.same_kinds)):
            return "already_filed"
        if rule.unit_kind and rule.unit_kind not in self.kinds:
            return "no_unit"
        if rule.product and not any(word.casefold() in self.products for word in _parts(rule.product)):
            return "no_product"
        for place in _parts(rule.in_place_if):
            kind, _, carrier = place.partition(":")
            at = self.use["unit_id"].isin(self.kinds.get(kind, set())) & (self.use["carrier"] == carrier)
            if at.any():
                return "in_place"
        return ""

    def lines(self, rule: Any) -> list[tuple[str, str, float, float]]:
        """What it would save: (unit_id, carrier, fraction, GJ a year); of the unit where its use is filed, else of the site."""
        out = []
        burnt = ("fuel", "heat") if rule.carrier else ("fuel",)  # heat only where the measure names it
        for kinds, share in ((burnt, rule.fuel_saving_fraction), (("electricity",), rule.electricity_saving_fraction)):
            fits = self.use[self.use["kind"].isin(kinds) & (self.use["energy_gj"] > 0)]
            if rule.carrier:
                fits = fits[fits["carrier"].isin(_parts(rule.carrier))]
            at = fits[fits["unit_id"].isin(self.kinds.get(rule.unit_kind, set()))] if rule.unit_kind else fits.iloc[:0]
            base = at if len(at) else fits.assign(unit_id="")
            if share > 0:
                grouped = base.groupby(["unit_id", "carrier"], sort=True)["energy_gj"].sum()
                out += [(unit, carrier, share, share * energy) for (unit, carrier), energy in grouped.items()]
        return out


def _use(rows: pd.DataFrame) -> pd.DataFrame:
    """What each unit uses of each fuel and of power, in GJ: the inventory's rows, handed over and process left out."""
    incoming = rows[~rows["source"].isin([*flows.HANDED_OVER, "process"])]
    use = incoming.assign(unit_id=incoming["unit_id"].fillna("").astype(str))
    use = use.groupby(["enterprise_id", "unit_id", "carrier"], sort=True)["energy_gj"].sum().reset_index()
    return use.assign(kind=use["carrier"].map(dictionary.carriers()["kind"]).fillna(""))


def _prices(rules: pd.DataFrame, meta: dict[str, Any], year: int) -> tuple[dict, list[pd.DataFrame]]:
    """Conversion of each (price index, currency, price year) of the measures to the cluster's money."""
    made, found = {}, []
    to_year = int(meta.get("price_year") or year)
    for terms, _ in rules.groupby(["price_index", "currency", "price_year"]):
        index, currency, from_year = terms
        place = {"table": "technologies", "field": "capex"}
        made[terms] = price_indices.convert(currency, int(from_year), str(meta["currency"]), to_year, index, place)
        found += made[terms].findings
    return made, found


def _project(enterprise: str, rule: Any, saved_gj: float, price: price_indices.Conversion) -> tuple:
    factor = saved_gj * price.factor
    group, _, name = rule.measure_id.partition(".")
    own = group == technologies.OWN
    origin = f"{'own catalogue' if own else 'technology library'}, row {rule.measure_id}"
    return (
        f"{enterprise}-{f'{group}-{name}' if own else name}",
        rule.label_en,
        rule.label_zh,
        enterprise,
        rule.kind,
        _whole(rule.capex_per_gj_year * factor),
        _whole(rule.opex_per_gj * factor),
        rule.lifetime_years,
        STATUS,
        f"{origin}; {price.steps}" if price.steps else origin,
        rule.measure_id,
    )


def _alternatives(projects: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """Exclusions between measures of one enterprise that are alternatives to each other."""
    group = projects["technology_id"].map(rules.set_index("measure_id")["alternative"])
    named = projects.assign(group=group)[group != ""]
    pairs = named.merge(named, on=["enterprise_id", "group"], suffixes=("", "_other"), validate="m:m")
    pairs = pairs[pairs["project_id"] < pairs["project_id_other"]].sort_values(["project_id", "project_id_other"])
    return pd.DataFrame({"project_id": pairs["project_id"], "relation": "excludes", "other_id": pairs["project_id_other"]})


def _one_a_boiler(boilers: pd.DataFrame) -> pd.DataFrame:
    """Exclusions between what may replace the same boiler."""
    pairs = boilers.merge(boilers, on=["enterprise_id", "unit_id"], suffixes=("", "_other"), validate="m:m")
    pairs = pairs[pairs["project_id"] < pairs["project_id_other"]].sort_values(["project_id", "project_id_other"])
    return pd.DataFrame({"project_id": pairs["project_id"], "relation": "excludes", "other_id": pairs["project_id_other"]})


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Both tables in the columns of the first."""
    return pd.concat([first, second[list(first.columns)]], ignore_index=True) if len(second) else first


def _whole(amount: float) -> float | None:
    """Money in whole units; None where it is not known."""
    return None if pd.isna(amount) else round(amount)


def _parts(text: str) -> list[str]:
    return [part for part in str(text).split(";") if part]
