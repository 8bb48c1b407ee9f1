"""Combined heat and power: how fuel is split over heat and power, what a seller's own power and heat really carry, and what
enterprises emit when every flow between members counts at that real factor.

One method for carbon and energy. The choice moves emissions between members; the cluster's total does not depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from workbench import dictionary, factors, findings, units
from workbench.errors import ParameterError
from workbench.flows import HANDED_OVER, SOLD

METHODS = ("energy", "exergy", "heat_first", "efficiency")
FACTOR_COLUMNS = [
    "enterprise_id", "carrier", "unit", "net_output", "tco2e", "tce", "factor_tco2e_per_unit", "factor_gj_per_gj", "method",
    "basis",
]  # fmt: skip
FLOW_COLUMNS = [
    "exchange_id", "from_enterprise", "to_enterprise", "commodity", "activity", "activity_unit", "tco2e", "tce", "deducted_tco2e",
    "deducted_tce", "real_tco2e", "real_tce", "deducted_real_tco2e", "deducted_real_tce", "adjustment_tco2e", "basis",
]  # fmt: skip
GENERATING = r"boiler|turbine|chp|cogenerat|generator|engine|锅炉|汽轮|燃机|发电机|热电"  # kinds of unit that burn fuel
_PAIR = ["from_enterprise", "to_enterprise", "commodity"]
_BOUGHT = ["purchased_electricity", "purchased_heat"]
_KELVIN = 273.15


@dataclass(frozen=True)
class Split:
    """Shares (0 to 1, together exactly 1; NaN where there is none), tCO2e and GJ of fuel of heat and power, raw findings."""

    method: str
    heat_share: float
    power_share: float
    heat_tco2e: float
    power_tco2e: float
    heat_fuel_gj: float
    power_fuel_gj: float
    findings: list[pd.DataFrame] = field(default_factory=list)


def split(fuel_tco2e: float, fuel_gj: float, heat_gj: float, power_gj: float, method: str, **parameters: float) -> Split:
    """Fuel and its emissions split over heat and power.

    energy: by energy content (热量法). exergy: heat weighs 1 - T0/T (Carnot method; heat_temperature_c, ambient_temperature_c).
    efficiency: by the fuel of separate production (GHG Protocol; heat_efficiency_pct, power_efficiency_pct). heat_first: heat
    takes the fuel of a boiler (boiler_efficiency_pct), power the rest. What `parameters` leave out comes from
    `data/chp_references.csv`. An output that is zero, negative or absent takes nothing.
    """
    given, found = _parameters(method, parameters)
    carbon, fuel, heat, power = (_number(value) for value in (fuel_tco2e, fuel_gj, heat_gj, power_gj))
    heat, power = max(0.0, heat), max(0.0, power)  # NaN becomes 0, for no comparison with NaN holds
    if heat + power == 0:
        return Split(method, *[float("nan")] * 6, [findings.raw("chp_no_output", field="heat + electricity")])
    if power == 0 or heat == 0:
        share = float(power == 0)
    else:
        share, problems = _heat_share(heat, power, fuel, method, given)
        found += problems
    return Split(method, share, 1.0 - share, carbon * share, carbon - carbon * share, fuel * share, fuel - fuel * share, found)


def _heat_share(heat: float, power: float, fuel_gj: float, method: str, given: dict[str, float]) -> tuple[float, list]:
    wanted = heat / (given.get("boiler_efficiency_pct", 100.0) / 100)
    heat, power = heat / (heat + power), power / (heat + power)
    if method == "energy":
        return heat, []
    if method == "exergy":
        warm, cold = given["heat_temperature_c"], given["ambient_temperature_c"]
        carnot = max(0.0, 1 - (cold + _KELVIN) / (warm + _KELVIN))
        cool = [] if warm > cold else [findings.raw("chp_cold_heat", seen=warm, expected=cold)]
        return _part(carnot * heat, power), cool
    if method == "efficiency":
        return _part(heat / given["heat_efficiency_pct"], power / given["power_efficiency_pct"]), []
    if wanted <= fuel_gj:
        return wanted / fuel_gj, []
    return 1.0, [findings.raw("chp_heat_clipped", seen=findings.number(wanted), expected=findings.number(fuel_gj))]


def _part(one: float, other: float) -> float:
    return one / (one + other) if one + other > 0 else 0.0


def _parameters(method: str, given: dict[str, float]) -> tuple[dict[str, float], list[pd.DataFrame]]:
    """The parameters a method needs: those given, else the reference rows, a recalled one with a finding."""
    if method not in METHODS:
        raise ParameterError(f"no such split of heat and power: {method}; choose one of {', '.join(METHODS)}")
    table = dictionary.read_table("chp_references").set_index("reference")
    unknown = set(given) - set(table.index)
    if unknown:
        raise ParameterError(
            f"the split of heat and power knows no {', '.join(sorted(unknown))}; it knows {', '.join(table.index)}"
        )
    needed = table[table["method"] == method]
    chosen = needed["value"].astype(float).to_dict() | {name: _number(given[name]) for name in needed.index if name in given}
    wrong = [n for n, v in chosen.items() if not (0 < v <= 100 if n.endswith("_pct") else v > -_KELVIN)]
    if wrong:
        raise ParameterError(f"{', '.join(wrong)}: an efficiency is above 0 and at most 100 %, a temperature above -273.15 degC")
    recalled = [n for n in needed.index if n not in given and needed.at[n, "confidence"] == "remembered"]
    return chosen, [findings.raw("factor_remembered", table="chp_references", field=n, seen=n) for n in recalled]


def _number(value: Any) -> float:
    """A number, NaN for what is none or endless."""
    try:
        return float(value) if abs(float(value)) < float("inf") else float("nan")
    except (TypeError, ValueError):
        return float("nan")


def seller_factors(
    rows: pd.DataFrame, ledger: pd.DataFrame, equipment: pd.DataFrame, settled: pd.DataFrame, meta: dict[str, Any], method: str
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Real factors of the power and heat that enterprises hand over or sell: (table with FACTOR_COLUMNS, raw findings).

    `rows`, `ledger`, `settled` are those of the inventory, `equipment` the table `units`. Net output (MWh of power, GJ of heat)
    is what is filed as self_generation: what the plant sold, used itself and lost on its own site. Its emissions are the direct
    ones (fuel, process) of its generating units; where no fuel is filed on them, the site's combustion without that of other
    units. Waste heat and units without fuel carry none; self-generation with a factor of its own keeps it; what is only handed on
    carries the mean of its purchases. Where nothing can be computed the factor as counted stands, with a finding. `basis` is the
    word key `chp.basis.*`. A mapping `chp` in `meta` states parameters of the method (see `split`).
    """
    stated = meta.get("chp") if isinstance(meta.get("chp"), dict) else {}
    kinds = dictionary.carriers()["kind"]
    rows, ledger, settled = _clean(rows), _clean(ledger), _clean(settled)
    handed = settled.rename(columns={"from_enterprise": "enterprise_id", "commodity": "carrier"})
    given = pd.concat([rows.loc[rows["source"].isin(SOLD), ["enterprise_id", "carrier"]], handed[["enterprise_id", "carrier"]]])
    given = given[given["carrier"].map(kinds).isin(["electricity", "heat"]) & given["carrier"].ne("waste_heat")]
    parts, found = [], []
    for seller, carriers in given.drop_duplicates().groupby("enterprise_id", sort=True)["carrier"]:
        mine = [table[table["enterprise_id"] == seller] for table in (rows, ledger, equipment, handed)]
        table, problems = _of_seller(*mine, sorted(carriers), method, stated)
        parts.append(table[table["carrier"].isin(carriers)].assign(enterprise_id=seller, method=method))
        found += [problem.assign(enterprise_id=seller, table=problem["table"].replace("", "energy")) for problem in problems]
    return (pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=FACTOR_COLUMNS))[FACTOR_COLUMNS], found


def _clean(table: pd.DataFrame) -> pd.DataFrame:
    """Finite numbers and filled names, so that a blank cell neither drops out of a sum nor spreads through it."""
    numbers = [c for c in ("activity", "energy_gj", "tco2e", "tce") if c in table]
    names = [c for c in ("enterprise_id", "unit_id", "carrier", "counterparty", *_PAIR) if c in table]
    sizes = {c: pd.to_numeric(table[c], errors="coerce").replace([float("inf"), -float("inf")], 0.0).fillna(0.0) for c in numbers}
    return table.assign(**sizes, **{c: table[c].fillna("").astype(str) for c in names})


def _of_seller(rows, ledger, equipment, handed, carriers, method, stated) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Factors of one seller; its whole heat and power take part in the split, also what it does not sell."""
    burning = equipment["kind"].fillna("").astype(str).str.contains(GENERATING, case=False)
    made = _made(ledger, set(equipment["unit_id"]) - set(equipment.loc[burning, "unit_id"]))
    out = made.join(_traded(rows, handed), how="outer").fillna(0.0)
    out = out[(out.index != "waste_heat") & ((out["made_gj"] > 0) | out.index.isin(carriers))]
    out, found = _measured(out)
    fuel, basis = _fuel(rows, set(equipment.loc[burning, "unit_id"]))
    out["tco2e"], out["fuel_gj"] = out["own_tco2e"], 0.0
    burnt = out["burnt_gj"] > 0
    if not basis:
        found += [findings.raw("chp_no_fuel", field=carrier) for carrier in out.index[burnt]]
    elif burnt.any():
        power = out.index == "electricity"
        sums = out["burnt_gj"].groupby(power).sum().reindex([False, True]).fillna(0.0)
        parted = split(fuel["tco2e"].sum(), fuel["energy_gj"].sum(), *sums, method, **stated)
        found += parted.findings
        for mine, carbon, gj in (
            (~power & burnt, parted.heat_tco2e, parted.heat_fuel_gj),
            (power & burnt, parted.power_tco2e, parted.power_fuel_gj),
        ):
            part = out.loc[mine, "burnt_gj"] / out.loc[mine, "burnt_gj"].sum()
            out.loc[mine, "tco2e"], out.loc[mine, "fuel_gj"] = out.loc[mine, "tco2e"] + part * carbon, part * gj
    out.loc[burnt, "basis"] = basis or "as_counted"
    return _factors(_counted(out, rows, handed)), found


def _made(ledger: pd.DataFrame, without_fuel: set[str]) -> pd.DataFrame:
    """Self-generated heat and power by carrier: made_gj, burnt_gj (from the plant's fuel), own_tco2e, `filed` with a factor."""
    kinds = ledger["carrier"].map(dictionary.carriers()["kind"])
    own = ledger[(ledger["flow"] == "self_generation") & kinds.isin(["electricity", "heat"])]
    filed = pd.to_numeric(own["tco2_per_unit"], errors="coerce").notna()
    burnt = ~filed & ~own["unit_id"].isin(without_fuel)
    parts = {
        "made_gj": own["energy_gj"], "burnt_gj": own["energy_gj"].where(burnt, 0.0), "own_tco2e": own["tco2e"].where(filed, 0.0),
        "filed": filed.astype(float),
    }  # fmt: skip
    return pd.DataFrame(parts).groupby(own["carrier"]).sum()


def _traded(rows: pd.DataFrame, handed: pd.DataFrame) -> pd.DataFrame:
    """Heat and power sold and bought by carrier: sold_gj (a flow to a member at least as settled), bought_gj, bought_tco2e."""
    sold = rows[rows["source"].isin(SOLD)].pivot_table(index="carrier", columns="internal", values="energy_gj", aggfunc="sum")
    sold = -sold.reindex(columns=[0, 1]).fillna(0.0)
    settled = handed.groupby("carrier")["energy_gj"].sum()
    secondary = dictionary.carriers()["kind"].reindex(settled.index).isin(["electricity", "heat"])
    sold = sold.join(settled[secondary].rename("settled"), how="outer").fillna(0.0)
    bought = rows[rows["source"].isin(_BOUGHT)].groupby("carrier")[["energy_gj", "tco2e"]].sum()
    out = pd.DataFrame({"sold_gj": sold[0] + sold[[1, "settled"]].max(axis=1)})
    return out.join(bought.set_axis(["bought_gj", "bought_tco2e"], axis=1), how="outer").fillna(0.0)


def _measured(out: pd.DataFrame) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Output of each carrier and how it is known; what was sold stands in where the output is not filed or too small."""
    out = out.copy()
    slack = 1 - findings.tolerance("chp_output_short") / 100
    none, short = out["made_gj"] <= 0, out["made_gj"] + out["bought_gj"] < slack * out["sold_gj"]
    resold = none & ~short & (out["bought_gj"] > 0)
    from_sales = none & ~resold & (out["burnt_gj"].sum() > 0)
    lifted = short & ~none
    found = [findings.raw("chp_output_sold", field=c, seen=findings.number(out.at[c, "sold_gj"])) for c in out.index[from_sales]]
    found += [
        findings.raw("chp_output_short", field=c, seen=findings.number(out.at[c, "made_gj"] + out.at[c, "bought_gj"]),
        expected=findings.number(out.at[c, "sold_gj"]))
        for c in out.index[lifted]
    ]  # fmt: skip
    unknown = none & ~resold & ~from_sales
    found += [findings.raw("chp_no_output", field=c) for c in out.index[unknown]]
    more = (out["sold_gj"] - out["bought_gj"] - out["made_gj"]).clip(lower=0.0).where(from_sales | lifted, 0.0)
    out["net_gj"], out["burnt_gj"] = out["made_gj"] + more, out["burnt_gj"] + more
    out["basis"] = out["filed"].gt(0).map({True: "self_generation", False: "recovered"})
    out["basis"] = out["basis"].mask(resold, "purchased").mask(unknown, "as_counted")
    return out, found


def _fuel(rows: pd.DataFrame, generating: set[str]) -> tuple[pd.DataFrame, str]:
    """Direct rows of the generating units, else the combustion filed for the site; with the basis, blank where nothing burns."""
    on_units = rows[rows["unit_id"].isin(generating) & rows["source"].isin(["combustion", "process"])]
    if on_units.loc[on_units["source"] == "combustion", "energy_gj"].sum() > 0:
        return on_units, "units"
    site = rows[rows["unit_id"] == ""]
    burnt = site[site["source"] == "combustion"]
    handed = site[(site["source"] == "fuel_handed_on") & site["carrier"].isin(burnt["carrier"])]
    left = pd.concat([burnt, handed])
    return left, "site" if left["energy_gj"].sum() > 0 else ""


def _counted(out: pd.DataFrame, rows: pd.DataFrame, handed: pd.DataFrame) -> pd.DataFrame:
    """Carriers that cannot be computed take what the ledgers count: purchases handed on, settled flows, else sales."""
    out = out.copy()
    sales = rows[rows["source"].isin(SOLD)].groupby("carrier")[["energy_gj", "tco2e"]].sum().abs()
    known = handed.groupby("carrier")[["energy_gj", "tco2e"]].sum()
    known = known[known["energy_gj"] > 0].combine_first(sales).reindex(out.index).fillna(0.0)
    taken = out[["bought_gj", "bought_tco2e"]].set_axis(known.columns, axis=1)
    for basis, counted in (("purchased", taken), ("as_counted", known)):
        mine = out["basis"] == basis
        out.loc[mine, "net_gj"], out.loc[mine, "fuel_gj"] = counted.loc[mine, "energy_gj"], counted.loc[mine, "energy_gj"]
        out.loc[mine, "tco2e"] = counted.loc[mine, "tco2e"]
    return out


def _factors(out: pd.DataFrame) -> pd.DataFrame:
    """Factors per MWh of power or GJ of heat; none where nothing came out."""
    power = pd.Series(out.index == "electricity", index=out.index)
    size = power.map({True: factors.GJ_PER_MWH, False: 1.0})
    net = out["net_gj"].where(out["net_gj"] > 0)
    table = pd.DataFrame({"unit": power.map({True: "MWh", False: "GJ"}), "net_output": out["net_gj"] / size, "tco2e": out["tco2e"]})
    table["tce"] = out["fuel_gj"] / units.GJ_PER_TCE
    table["factor_tco2e_per_unit"], table["factor_gj_per_gj"] = out["tco2e"] / net * size, out["fuel_gj"] / net
    return table.assign(basis=out["basis"]).rename_axis("carrier").reset_index()


def allocation(settled: pd.DataFrame, seller: pd.DataFrame, rows: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every flow between members as counted and at the seller's real factor: table with FLOW_COLUMNS, one row a pair and commodity.

    `seller` comes from `seller_factors`. With inventory `rows`, quantities are those the rows count, and flows that only a ledger
    knows are there too; `deducted_*` is what the giver took off. Fuels, waste heat and sellers without factor stay as counted.
    adjustment = (as counted - real) at the taker - (as counted - real) at the giver.
    """
    flows = _flows(_clean(settled), None if rows is None else _clean(rows))
    keys = ["from_enterprise", "commodity"]
    known = seller.dropna(subset=["factor_tco2e_per_unit", "factor_gj_per_gj"])
    known = known[known["basis"] != "as_counted"].rename(columns={"enterprise_id": keys[0], "carrier": keys[1]})
    flows = flows.merge(known[[*keys, "factor_tco2e_per_unit", "factor_gj_per_gj", "basis"]], on=keys, how="left", validate="m:1")
    stays = flows["basis"].isna()
    for side in ("", "deducted_"):
        size = flows[f"{side}energy_gj"]
        unit_gj = flows["commodity"].eq("electricity").map({True: factors.GJ_PER_MWH, False: 1.0})
        carbon = size / unit_gj * flows["factor_tco2e_per_unit"]
        energy = size * flows["factor_gj_per_gj"] / units.GJ_PER_TCE
        flows[f"{side}real_tco2e"] = carbon.where(~stays, flows[f"{side}tco2e"])
        flows[f"{side}real_tce"] = energy.where(~stays, flows[f"{side}tce"])
    adjustment = flows["tco2e"] - flows["real_tco2e"] - flows["deducted_tco2e"] + flows["deducted_real_tco2e"]
    return flows.assign(adjustment_tco2e=adjustment, basis=flows["basis"].fillna("as_counted"))[FLOW_COLUMNS]


def _flows(settled: pd.DataFrame, rows: pd.DataFrame | None) -> pd.DataFrame:
    """One row a pair and commodity with what the taker counts and what the giver deducts."""
    columns = {"activity": "sum", "activity_unit": "first", "energy_gj": "sum", "tco2e": "sum", "tce": "sum"}
    if rows is None:
        waste = settled["commodity"].eq("waste_heat")
        settled = settled.assign(tce=(settled["energy_gj"] / units.GJ_PER_TCE).mask(waste, 0.0))
        flows = settled.groupby(_PAIR, sort=True).agg(columns | {"exchange_id": "first"}).reset_index()
        return flows.assign(deducted_energy_gj=0.0, deducted_tco2e=0.0, deducted_tce=0.0)
    inside = rows[rows["internal"] == 1].rename(columns={"carrier": "commodity"})
    gives = inside["source"].isin(HANDED_OVER)
    inside["from_enterprise"] = inside["enterprise_id"].where(gives, inside["counterparty"])
    inside["to_enterprise"] = inside["counterparty"].where(gives, inside["enterprise_id"])
    taken = inside[~gives].groupby(_PAIR, sort=True).agg(columns)
    given = inside[gives].groupby(_PAIR, sort=True).agg(columns)
    sums = ["activity", "energy_gj", "tco2e", "tce"]
    given[sums] = 0.0 - given[sums]
    flows = taken.join(given.add_prefix("deducted_"), how="outer")
    for column in ("activity", "activity_unit", "energy_gj"):
        flows[column] = flows[column].fillna(flows[f"deducted_{column}"])
    flows = flows.fillna(dict.fromkeys(flows.columns.difference(["activity_unit", "deducted_activity_unit"]), 0.0))
    return flows.join(settled.groupby(_PAIR)["exchange_id"].first()).reset_index().fillna({"exchange_id": ""})


def allocated(rows: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    """Enterprises with every flow between members at its real factor: one row an enterprise, tCO2e and tce.

    allocated = rows with outsiders + received - handed over, both at the real factor of `flows` (see `allocation`); what is lost
    between two meters stays with the giver. Columns, for tco2e and tce: guideline_ (sum of its rows), outside_, received_,
    handed_over_, allocated_. The sum of allocated is the cluster total, whatever the factors are.
    """
    rows = _clean(rows)
    outside = rows[rows["internal"] == 0]
    names = sorted({*rows["enterprise_id"], *flows["from_enterprise"], *flows["to_enterprise"]})
    out = pd.DataFrame(index=pd.Index(names, name="enterprise_id", dtype=object))
    for quantity in ("tco2e", "tce"):
        real = flows[f"real_{quantity}"].fillna(0.0)
        parts = {
            "guideline": rows.groupby("enterprise_id")[quantity].sum(),
            "outside": outside.groupby("enterprise_id")[quantity].sum(),
            "received": real.groupby(flows["to_enterprise"]).sum(),
            "handed_over": real.groupby(flows["from_enterprise"]).sum(),
        }
        for name, sums in parts.items():
            out[f"{name}_{quantity}"] = sums.reindex(out.index).fillna(0.0).astype(float)
        kept = out[f"outside_{quantity}"] + out[f"received_{quantity}"] - out[f"handed_over_{quantity}"]
        out[f"allocated_{quantity}"] = kept
        gap = kept.sum() - outside[quantity].sum()
        assert abs(gap) <= 1e-9 * max(1.0, outside[quantity].abs().sum() + real.abs().sum()), (
            f"allocation is off by {gap} {quantity}"
        )
    return out.reset_index()


def bridge(rows: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    """From the enterprises' guideline totals to the cluster (item, value in tCO2e), `flows` being those of `allocation` with rows:
    sum of enterprises - eliminated at the seller's real factor - allocation adjustment = cluster total. `chp.bridge.*` names them.
    """
    rows = _clean(rows)
    whole, total = rows["tco2e"].sum(), rows.loc[rows["internal"] == 0, "tco2e"].sum()
    real, adjustment = flows["real_tco2e"].sum() - flows["deducted_real_tco2e"].sum(), flows["adjustment_tco2e"].sum()
    items = ["sum_of_enterprises", "eliminated_at_real_factor", "allocation_adjustment", "cluster_total"]
    gap = whole - real - adjustment - total
    assert abs(gap) <= 1e-9 * max(1.0, rows["tco2e"].abs().sum() + flows["real_tco2e"].abs().sum()), f"the bridge is off by {gap}"
    return pd.DataFrame({"item": [f"{item}_tco2e" for item in items], "value": [whole, real, adjustment, total]})
