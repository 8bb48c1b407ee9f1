"""What an import from the IAC database kept although it is odd, and what it assumed: rows for `import_notes.csv`.

Wording and severity of each note stand in `data/iac_notes.csv`. Each function returns rows; none changes a figure.
"""

from functools import cache

import pandas as pd

from workbench.importers.iac_tables import code_table

ODD_PRICE_RATIO = 20  # an implied price this many times above or below the typical one points to a wrong unit or figure


@cache
def wordings():
    """The notes by name: table, field, severity, message."""
    return code_table("iac_notes").set_index("note").to_dict("index")


def note(kind, key, seen="", *, table=None, field=None, **facts):
    """One row: (table, id, field, seen, severity, message), worded by `iac_notes.csv`; numbers are written plainly."""
    row = wordings()[kind]
    facts = {name: value if isinstance(value, str) else f"{value:,.10g}" for name, value in facts.items()}
    seen = seen if isinstance(seen, str) else "" if pd.isna(seen) else f"{seen:.10g}"
    message = row["message"].format(seen=seen, **facts)
    return (table or row["table"], key, field or row["field"], seen, row["severity"], message)


def notes_frame(rows):
    """The notes as a table, in a fixed order."""
    frame = pd.DataFrame(rows, columns=["table", "id", "field", "seen", "severity", "message"])
    return frame.sort_values(["table", "id", "field", "message"], kind="stable")


def general_notes(assess, recc):
    """What holds for the whole import."""
    rows = [note(kind, "all") for kind in ("base_year", "nominal_money", "assumed_lifetimes")]
    waste = [name for name in assess.columns if name.startswith("w") and name.endswith(("_usage", "_cost"))]
    filed = int(assess[waste].notna().any(axis=1).sum())
    rounded = int(recc["arc"].str.fullmatch(r"\d").sum())
    rows += [note("waste_left_out", "all", filed)] if filed else []
    rows += [note("rounded_codes", "all", rounded, all=len(recc))] if rounded else []
    return rows


def superseded_notes(replaced, recc):
    """Audits replaced by a later one of the same plant, and their recommendations."""
    rows = [note("superseded_audit", row.id, row.fy) for row in replaced.itertuples()]
    old = recc[recc["superseded"]].itertuples()
    return rows + [note("superseded_project", row.project_id, row.fy, superid=row.superid) for row in old]


def price_notes(table, key, row, amount, money):
    """A note where the implied price (USD per unit) is far off the typical price of the stream."""
    typical = row.typical_price_usd
    if pd.isna(typical) or pd.isna(amount) or pd.isna(money) or amount == 0 or money == 0:
        return []
    price = money / amount
    if typical / ODD_PRICE_RATIO <= price <= typical * ODD_PRICE_RATIO:
        return []
    facts = {"title": row.title, "amount": amount, "unit": row.unit, "money": money, "typical": typical}
    return [note("odd_price", key, f"{price:.4g}", table=table, field=row.carrier, **facts)]


def energy_notes(streams):
    """Use without cost, cost without use, zero, negative or implausible figures of the plants' ledgers."""
    rows = []
    for row in streams.itertuples():
        quantity, cost = row.quantity, row.cost
        kinds = {
            "cost_without_use": pd.isna(quantity),
            "negative_use": quantity < 0,
            "zero_use": quantity == 0,
            "use_without_cost": pd.isna(cost),
            "no_positive_cost": cost <= 0,
        }
        facts = {"title": row.title, "amount": quantity, "unit": row.unit, "money": cost}
        rows += [note(kind, row.id, quantity, field=row.carrier, **facts) for kind, odd in kinds.items() if odd]
        rows += price_notes("energy", row.id, row, quantity, cost)
    return rows


def product_notes(assess):
    """Plants whose output is missing, or filed without a unit."""
    rows = []
    for row in assess.itertuples():
        if not row.prodlevel > 0:
            rows.append(note("no_output", row.id, row.prodlevel))
        elif row.produnits in ("", "0"):
            rows.append(note("output_without_unit", row.id, row.produnits))
    return rows


def stream_notes(streams, plant):
    """Odd streams of recommendations; `plant` is the plants' long table of use, to compare a saving with."""
    used = plant.groupby(["id", "carrier"])["quantity"].sum(min_count=1).to_dict()
    rows = []
    for row in streams[streams["money"].isna()].itertuples():
        rows.append(note("unknown_stream", row.project_id, row.code, stream=row.stream, money=row.saved))
    for row in streams[streams["money"] == "energy"].itertuples():
        use = used.get((row.id, row.carrier), float("nan"))
        kinds = {
            "stream_without_amount": pd.isna(row.amount),
            "saves_nothing": row.amount == 0,
            "uses_more": row.amount < 0,
            "saves_what_is_not_used": row.amount > 0 and pd.isna(use),
            "saves_more_than_used": row.amount > use,
        }
        facts = {"stream": row.stream, "title": row.title, "unit": row.unit, "use": use}
        rows += [note(kind, row.project_id, row.amount, field=row.carrier, **facts) for kind, odd in kinds.items() if odd]
        rows += price_notes("savings", row.project_id, row, row.amount, row.saved)
    twice = streams[(streams["money"] == "energy") & streams.duplicated(["project_id", "carrier"])]
    return rows + [note("carrier_twice", row.project_id, row.code, field=row.carrier) for row in twice.itertuples()]


def project_notes(projects, streams):
    """Uncosted projects, negative costs, unknown status or kind, and where the money of other streams went."""
    other = streams[streams["money"] == "operating"].groupby("project_id")["title"]
    saved_on = other.agg(lambda titles: ", ".join(dict.fromkeys(titles))).to_dict()
    with_energy = set(streams.loc[streams["money"] == "energy", "project_id"])
    no_lifetimes = bool(len(projects)) and bool(projects["lifetime_years"].isna().all())
    rows = [note("no_lifetimes", "all")] if no_lifetimes else []
    for row in projects.itertuples():
        odd = {
            "uncosted": (pd.isna(row.capex), ""),
            "negative_cost": (row.capex < 0, row.capex),
            "unknown_status": (row.audit_status not in ("I", "P", "N", "K", ""), row.audit_status),
            "unknown_measure": (row.kind == "unknown", row.arc),
            "without_lifetime": (pd.isna(row.lifetime_years) and not no_lifetimes, ""),
            "operating_money": (row.project_id in saved_on, row.opex_per_year),
            "one_time_money": (pd.notna(row.one_time_saving_usd), row.one_time_saving_usd),
            "no_energy": (row.project_id not in with_energy, ""),
        }
        facts = {"what": saved_on.get(row.project_id, "")}
        rows += [note(kind, row.project_id, seen, **facts) for kind, (is_odd, seen) in odd.items() if is_odd]
    return rows
