"""From the two tables of the IAC database to the tables of a cluster package: pure functions of tables.

Codes, units and meanings: IAC Assessment Database Manual, version 10.2 (Rutgers/US DOE, 2011), appendices II to IV.
Money is nominal USD of each audit's year; electricity kWh (site), demand kW-months per year, fuels MMBtu (higher
heating value).
"""

import re
from functools import cache
from pathlib import Path

import pandas as pd

DATA = Path(__file__).parents[1] / "data"
STREAMS = {"p": "primary", "s": "secondary", "t": "tertiary", "q": "quaternary"}
STATUS = {"I": "implemented", "P": "pending", "N": "not_implemented", "K": "excluded", "": "unknown"}
PRODUCT_UNIT = {"1": "pieces", "2": "lb", "3": "short_ton", "4": "bbl", "5": "1000_gal", "6": "1000_ft", "7": "bushel"}


@cache
def code_table(name):
    """One of the importer's code tables, for example `iac_streams` or `iac_arc`: all columns as text."""
    return pd.read_csv(DATA / f"{name}.csv", dtype=str, keep_default_na=False)


@cache
def stream_table():
    """Resource streams by code: carrier, unit, what their money is, and a typical price in USD per unit."""
    table = code_table("iac_streams").set_index("code")
    return table.assign(typical_price_usd=pd.to_numeric(table["typical_price_usd"]))


def lifetimes_table():
    """The assumed lifetimes by measure (`lifetimes.csv`), or an empty table where that file is not installed."""
    path = DATA / "lifetimes.csv"
    columns = ["measure_class", "iac_arc_prefix", "carrier", "lifetime_years", "source"]
    return pd.read_csv(path, dtype=str, keep_default_na=False) if path.exists() else pd.DataFrame(columns=columns)


def split_superseded(assess, recc):
    """Keep the latest audit of each plant: (latest, superseded, recc with the column `superseded`).

    Only where a plant id occurs twice are recommendations of another fiscal year taken as replaced: in the database
    the fiscal year of a recommendation often differs by one from that of its audit.
    """
    ordered = assess.sort_values(["id", "fy"], kind="stable")
    old = ordered["id"].duplicated(keep="last")
    latest, replaced = ordered[~old], ordered[old]
    kept_year = recc["id"].map(latest.set_index("id")["fy"])
    old_years = set(zip(replaced["id"], replaced["fy"], strict=True))
    is_old = [
        key in old_years and key[1] != year for key, year in zip(zip(recc["id"], recc["fy"], strict=True), kept_year, strict=True)
    ]
    return latest, replaced, recc.assign(superseded=is_old)


def plain_words(text, longest=60):
    """Products text as a short label: one case, single spaces, cut at a word ("STEEL  BARS" → "Steel bars")."""
    words = " ".join(str(text).split())
    words = words[:1].upper() + words[1:].lower()
    return words if len(words) <= longest else words[:longest].rsplit(" ", 1)[0].rstrip(" ,;") + " …"


def enterprises(assess, by_state=False):
    """One row per plant: sector from NAICS, output value = sales (USD/yr), employees, floor area (ft2), hours/yr.

    `by_state`: the grid region of a plant is its state.
    """
    names = dict(code_table("iac_naics").to_numpy())
    label = assess["products"].map(lambda text: f" ({plain_words(text)})" if text else "")
    table = pd.DataFrame(
        {
            "enterprise_id": assess["id"],
            "name": "Plant " + assess["id"] + label,
            "name_zh": "",
            "sector": [names.get(code[:3], f"NAICS {code[:3]}" if code else "not stated") for code in assess["naics"]],
            "sector_code": assess["naics"],
            "output_value": assess["sales"],
            "employees": assess["employees"],
            "assessment_fy": assess["fy"],
            "plant_area_ft2": assess["plant_area"],
            "production_hours": assess["prodhours"],
        }
    )
    return table.assign(grid_region=assess["state"].str.upper()) if by_state else table


def plant_streams(assess):
    """Use and cost of each energy stream of each plant, long: code, quantity (the stream's unit), cost (USD/yr)."""
    codes = stream_table().query("money == 'energy'").index
    parts = []
    for code in codes:
        columns = {f"{code.lower()}_plant_usage": "quantity", f"{code.lower()}_plant_cost": "cost"}
        part = assess.reindex(columns=["id", "fy", *columns]).rename(columns=columns).assign(code=code)
        parts.append(part.assign(quantity=part["cost"]) if code == "EF" else part)
    long = pd.concat(parts, ignore_index=True)
    long = long.astype({"quantity": float, "cost": float})
    return long[long["quantity"].notna() | long["cost"].notna()].join(stream_table(), on="code")


def energy(streams, base_year):
    """The energy ledger: each stream bought in the base year; demand and fees carry money only."""
    note = [f"audited in fiscal year {fy:.0f}; IAC stream {code}" for fy, code in zip(streams["fy"], streams["code"], strict=True)]
    return pd.DataFrame(
        {
            "enterprise_id": streams["id"],
            "year": base_year,
            "carrier": streams["carrier"],
            "flow": "purchase",
            "quantity": streams["quantity"],
            "unit": streams["unit"],
            "cost": streams["cost"],
            "evidence": "utility_bill",
            "note": note,
        }
    )


def products(assess, base_year):
    """Yearly output of the plants that filed one; the unit code 0 or blank means that no unit was stated."""
    made = assess[assess["prodlevel"] > 0]
    return pd.DataFrame(
        {
            "enterprise_id": made["id"],
            "year": base_year,
            "product": made["products"].map(lambda text: " ".join(text.split()) or "not stated"),
            "quantity": made["prodlevel"],
            "unit": made["produnits"].map(lambda code: PRODUCT_UNIT.get(code, "unit_not_stated")),
            "note": [f"audited in fiscal year {fy:.0f}" for fy in made["fy"]],
        }
    )


def saving_streams(recc):
    """Up to four streams of each recommendation, long: stream, code, amount (the stream's unit), saved (USD/yr)."""
    parts = []
    for letter, stream in STREAMS.items():
        part = recc[["project_id", "id", f"{letter}sourccode", f"{letter}conserved", f"{letter}saved"]]
        part.columns = ["project_id", "id", "code", "amount", "saved"]
        parts.append(part.assign(stream=stream, order=len(parts)))
    long = pd.concat(parts, ignore_index=True)
    long = long[(long["code"] != "") | long["amount"].notna() | long["saved"].notna()].join(stream_table(), on="code")
    long["amount"] = long["saved"].where(long["code"] == "EF", long["amount"])
    return long.sort_values(["project_id", "order"], kind="stable")


def savings(streams):
    """One row per project and energy stream with an amount; positive = less use, negative = more use."""
    kept = streams[(streams["money"] == "energy") & streams["amount"].notna()]
    columns = {"id": "enterprise_id", "saved": "filed_saving_usd"}
    order = ["project_id", "enterprise_id", "carrier", "mode", "amount", "unit", "filed_saving_usd", "stream"]
    return kept.rename(columns=columns).assign(mode="absolute")[order]


def arc_text(value):
    """ARC code as text: 2.4226, "2.4226" and 24226 (a lost point) → "2.4226"; 3 or 3.0 (rounded away) → "3"."""
    text = re.sub(r"\.0+$", "", str(value).strip())
    text = "" if text in ("", "nan", "None", "<NA>") else text
    return f"{text[0]}.{text[1:]}" if re.fullmatch(r"\d{3,5}", text) else text


@cache
def arc_titles():
    """ARC code → (title, measure class)."""
    table = code_table("iac_arc")
    return dict(zip(table["code"], zip(table["title"], table["measure_class"], strict=True), strict=True))


@cache
def measure(arc, code):
    """What an ARC code says: (title, measure class, ARC code to look the lifetime up with).

    A code rounded to one digit hides its chapter (2.71 and 3.41 both become 3): an energy stream decides which.
    The lifetimes' one-digit rows are these rounded classes (3 = chapters 2.5 to 2.9), so waste and productivity
    measures (chapters 3 and 4) all look under 4.
    """
    stream = stream_table()["title"].get(code, "stream not stated")
    if re.fullmatch(r"\d", arc):
        is_energy = str(int(stream_table()["money"].get(code) == "energy"))
        rounded = code_table("iac_arc_rounded")
        known = rounded[(rounded["arc2"] == arc) & (rounded["first_stream_is_energy"] == is_energy)]
        if len(known):
            return f"{known.iloc[0]['title']} ({stream})", known.iloc[0]["measure_class"], known.iloc[0]["lifetime_arc"]
    titles = arc_titles()
    for length in range(len(arc), 2, -1):
        if arc[:length] in titles:
            title, kind = titles[arc[:length]]
            return title, kind, arc if arc[0] == "2" else "4"
    return f"Measure of unknown kind ({stream})", "unknown", ""


def lifetime(arc, code, table):
    """(years, source) of the longest ARC prefix that fits; among equals the row of the first stream's carrier wins."""
    carrier = stream_table()["carrier"].get(code, "")
    fits = {
        carrier: 2,
        "electricity" if carrier.startswith("electricity") else "fuel" if carrier else "none": 1,
        "": 0,
        "any": 0,
    }
    best, found = (-1, -1), (None, "")
    for row in table.itertuples():
        for prefix in str(row.iac_arc_prefix).split(";"):
            rank = (len(prefix.strip()), fits.get(row.carrier, -1))
            if prefix.strip() and arc.startswith(prefix.strip()) and rank[1] >= 0 and rank > best:
                best, found = rank, (float(row.lifetime_years), row.source)
    return found


def project_status(recc):
    """Status of each project: superseded, else uncosted where no cost is filed, else what the plant reported."""
    status = recc["impstatus"].map(STATUS).fillna("unknown")
    status = status.where(recc["impcost"].notna(), "uncosted")
    return status.where(~recc["superseded"], "superseded")


def projects(recc, streams, lifetimes):
    """Every recommendation as a project: capital cost (USD), money saved on other streams as negative opex (USD/yr)."""
    saved = streams.pivot_table(index="project_id", columns="money", values="saved", aggfunc="sum")
    saved = saved.reindex(index=recc["project_id"], columns=["operating", "one_time"]).to_numpy()
    opex, one_time = saved[:, 0], saved[:, 1]
    total = streams.groupby("project_id")["saved"].sum(min_count=1).reindex(recc["project_id"]).to_numpy()
    described = [measure(arc, code) for arc, code in zip(recc["arc"], recc["psourccode"], strict=True)]
    keys = [(key, code) for (_, _, key), code in zip(described, recc["psourccode"], strict=True)]
    known = {pair: lifetime(*pair, lifetimes) for pair in dict.fromkeys(keys)}
    years = [known[pair] for pair in keys]
    return pd.DataFrame(
        {
            "project_id": recc["project_id"],
            "name": [
                f"{title}, recommendation {number:.0f}"
                for (title, _, _), number in zip(described, recc["ar_number"].fillna(0), strict=True)
            ],
            "name_zh": "",
            "enterprise_id": recc["id"],
            "kind": [kind for _, kind, _ in described],
            "capex": recc["impcost"],
            "opex_per_year": 0 - opex,
            "lifetime_years": [value for value, _ in years],
            "status": project_status(recc),
            "evidence": "audit_report",
            "arc": recc["arc"],
            "audit_status": recc["impstatus"],
            "fiscal_year": recc["fy"],
            "filed_saving_usd": total,
            "one_time_saving_usd": one_time,
            "lifetime_basis": ["assumed" if value else "" for value, _ in years],
            "lifetime_source": [source for _, source in years],
        }
    )
