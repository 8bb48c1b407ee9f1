"""Corrections taken back: a filing with one finding left uncorrected, as if the figure filed had been believed.

A correction is a row set aside, a value ignored, or one of two figures preferred: the stock balance to the consumption filed, the
months to the year, the taker's meter to the giver's. Taken back, the other figure counts, and the inventory can be compiled again.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from workbench import dictionary, filing, flows, inventory, units
from workbench.store import Package

EMITTING = ("energy", "process", "exchanges")
Tables = dict[str, pd.DataFrame]
Undo = Callable[[Tables], Tables]
_NO_TONNES = {
    **dict.fromkeys(
        (
            "months_incomplete",
            "exchange_one_sided",
            "enterprise_without_energy",
            "no_data_for_year",
            "missing_table",
            "missing_column",
        ),
        "not_filed",
    ),
    **dict.fromkeys(("factor_substitute", "factor_remembered", "factor_missing", "heat_default", "steam_default"), "factor"),
    **dict.fromkeys(("unit_sum_mismatch", "exchange_carved", "exchange_not_filed", "suspicious_text"), "total_same"),
    **dict.fromkeys(("unknown_column", "duplicate_column", "unknown_table", "encoding", "import_note"), "elsewhere"),
    **dict.fromkeys(
        (
            "price_missing",
            "price_from_table",
            "upstream_missing",
            "hidden_transfer",
            "own_factor_not_used",
            "chp_no_output",
            "chp_no_fuel",
            "chp_output_sold",
            "chp_output_short",
            "chp_heat_clipped",
            "chp_cold_heat",
            "assay_unused",
        ),
        "total_same",
    ),
    "unit_mismatch": "unreadable",
}
_PREFERRED = ("consumption_mismatch", "months_and_year", "exchange_mismatch")  # one of two figures was taken


def as_filed(package: Package, tables: Tables, name: str) -> pd.DataFrame:
    """A table of the package as filed, numbers where a number can be read, in the columns of the checked table; index = row."""
    filed = package.tables.get(name, pd.DataFrame()).fillna("").reindex(columns=tables[name].columns, fill_value="")
    fields = dictionary.fields(name)
    for column in fields.loc[fields["type"].isin(dictionary.NUMERIC), "field"]:
        value = pd.to_numeric(filing.ungrouped(filed[column].astype("str")), errors="coerce")
        filed[column] = value.astype(float).where(dictionary.conceivable(value))
    return filed.assign(row=filed.index)


def undo(
    finding: dict, filed: Tables, tables: Tables, verified: inventory.Inventory, found: pd.DataFrame, year: int
) -> tuple[Undo | None, str]:
    """How to take the correction of one finding back: a function from the checked `tables` to those with the figure as filed.

    `filed` holds the emitting tables as filed (`as_filed`), `verified` the inventory of the checked ones. The text is a key of
    `materiality.reason`: why no tonnes can be stated (then there is no function), or how a value was read.
    """
    check, name = finding["check"], finding["table"]
    if check in _NO_TONNES:
        return None, _NO_TONNES[check]
    if name not in EMITTING:
        return None, "elsewhere"
    if check == "exchange_added":
        return _ledger_alone(finding, tables), ""
    if check == "exchange_ledger":
        return _exchange_for_ledger(finding, tables, found)
    row = pd.to_numeric(finding["row"], errors="coerce")
    if (finding["effect"] == "kept" and check not in _PREFERRED) or row not in filed[name].index:
        return None, "as_filed"
    line = filed[name].loc[[int(row)]]
    if finding["effect"] == "row_set_aside":
        return _row_for_nothing(name, line, finding, year)
    if finding["effect"] == "value_ignored":
        return _value_for_blank(name, line, finding, tables, year)
    if check == "consumption_mismatch":
        return _consumption_for_balance(finding, tables, verified)
    if check == "months_and_year":
        return _year_for_months(line, tables), ""
    if check == "exchange_mismatch":
        return _giver_for_taker(line, tables), ""
    return None, "as_filed"


def _unreadable(name: str, line: pd.Series, year: int) -> str:
    """Why a row as filed carries no tonnes; blank where it does."""
    lists = {"energy": ("carriers", "carrier"), "process": ("processes", "process"), "exchanges": ("carriers", "commodity")}
    code_list, column = lists[name]
    sizes = [line[c] for c in ("quantity", "quantity_sent", "quantity_received") if c in line.index]
    if pd.isna(line["year"]) or all(pd.isna(size) for size in sizes):
        return "unreadable"
    known = line[column] in dictionary.codes(code_list) and line["unit"] in set(units.table()["unit"])
    if not known or (name == "energy" and line["flow"] not in dictionary.codes("flows")):
        return "unreadable"
    return "" if line["year"] == year else "other_year"


def _row_for_nothing(name: str, line: pd.DataFrame, finding: dict, year: int) -> tuple[Undo | None, str]:
    """The row that was set aside counts; an unknown unit is read as the nearest known one."""
    note = ""
    if finding["check"] == "unknown_unit" and finding["expected"]:
        line, note = line.assign(unit=finding["expected"]), "unit_read_as:" + finding["expected"]
    reason = _unreadable(name, line.iloc[0], year)
    if reason:
        return None, reason

    def types(table: pd.DataFrame) -> dict:
        """Of text and floats; whole numbers stay as filed, for a month may be blank."""
        return {column: kind for column, kind in table.dtypes.items() if not pd.api.types.is_integer_dtype(kind)}

    def believed(tables: Tables) -> Tables:
        known = line["row"].isin(tables[name]["row"]).all()  # two findings may have set the same row aside
        return tables if known else tables | {name: pd.concat([tables[name], line.astype(types(tables[name]))])}

    return believed, note


def _value_for_blank(name: str, line: pd.DataFrame, finding: dict, tables: Tables, year: int) -> tuple[Undo | None, str]:
    """The value that was ignored counts."""
    field, row = finding["field"], line["row"].iloc[0]
    value = line[field].iloc[0] if field in line.columns else None
    reason = _unreadable(name, line.iloc[0], year)
    if reason or pd.isna(value):
        return None, reason or "unreadable"
    if not (tables[name]["row"] == row).any():
        return None, "same_row"
    return lambda t: t | {name: t[name].assign(**{field: t[name][field].mask(t[name]["row"] == row, value)})}, ""


def _consumption_for_balance(finding: dict, tables: Tables, verified: inventory.Inventory) -> tuple[Undo | None, str]:
    """The consumption filed counts: what it exceeds the stock balance by is added as a purchase from outside."""
    who, carrier = finding["enterprise_id"], finding["field"]
    ledger = verified.ledger[(verified.ledger["enterprise_id"] == who) & (verified.ledger["carrier"] == carrier)]
    whole = ledger[(ledger["flow"] == "consumption") & (ledger["unit_id"] == "")]
    stated = whole["activity"].sum()
    rows = verified.rows[(verified.rows["enterprise_id"] == who) & (verified.rows["carrier"] == carrier)]
    balance = rows["activity"].sum() + ledger.loc[ledger["flow"] == "self_generation", "activity"].sum()
    lines = tables["energy"][tables["energy"]["row"].isin(whole["row"])]
    if lines.empty or not stated:
        return None, "as_filed"
    # A counterparty of its own keeps the yearly row apart from months of the same flow.
    added = lines.assign(
        quantity=lines["quantity"] * (1 - balance / stated), flow="purchase", counterparty="as filed", cost=float("nan")
    )
    return lambda t: t | {"energy": pd.concat([t["energy"], added])}, ""


def _year_for_months(line: pd.DataFrame, tables: Tables) -> Undo:
    """The yearly row counts, not the months of the same flow."""
    energy, key = tables["energy"], ["enterprise_id", "unit_id", "carrier", "flow", "counterparty", "year"]
    same = (energy[key].fillna("") == energy.loc[energy["row"] == line["row"].iloc[0], key].fillna("").squeeze()).all(axis=1)
    months = set(energy.loc[same & energy["month"].notna(), "row"])
    return lambda t: t | {"energy": t["energy"][~t["energy"]["row"].isin(months)]}


def _giver_for_taker(line: pd.DataFrame, tables: Tables) -> Undo:
    """The giver's figure counts at the taker, whose settlement meter was used."""
    flow = line.iloc[0]
    share = flow["quantity_sent"] / flow["quantity_received"] if flow["quantity_received"] else float("nan")
    taken = _between(
        tables["energy"], flow["to_enterprise"], flow["from_enterprise"], flow["commodity"], flow["year"], flows.INCOMING
    )

    def believed(tables: Tables) -> Tables:
        exchanges, energy = tables["exchanges"], tables["energy"]
        sent = exchanges["quantity_sent"].where(exchanges["row"] == flow["row"], exchanges["quantity_received"])
        more = energy["quantity"].mask(energy["row"].isin(taken), energy["quantity"] * share)
        return tables | {"exchanges": exchanges.assign(quantity_received=sent), "energy": energy.assign(quantity=more)}

    return believed


def _ledger_alone(finding: dict, tables: Tables) -> Undo:
    """The taker's ledger counts without the flow that was added to it."""
    pair = ["from_enterprise", "to_enterprise", "commodity"]
    flow = tables["exchanges"].loc[tables["exchanges"]["exchange_id"] == finding["field"], pair]
    rows = tables["exchanges"].merge(flow.drop_duplicates(), on=pair, how="inner", validate="m:1")["row"]
    return lambda t: t | {"exchanges": t["exchanges"][~t["exchanges"]["row"].isin(rows)]}


def _exchange_for_ledger(finding: dict, tables: Tables, found: pd.DataFrame) -> tuple[Undo | None, str]:
    """The exchange table counts, not the ledger; where giver and taker differ, that difference is counted once."""
    flow = tables["exchanges"][tables["exchanges"]["exchange_id"] == finding["field"]]
    twice = found[(found["check"] == "exchange_mismatch") & found["row"].isin(flow["row"].astype(str))]
    if flow.empty or len(twice):
        return None, "same_gap" if len(twice) else "as_filed"
    flow, who = flow.iloc[0], finding["enterprise_id"]
    giver = who == flow["from_enterprise"]
    other, side = flow["to_enterprise" if giver else "from_enterprise"], flows.OUTGOING if giver else flows.INCOMING
    rows = _between(tables["energy"], who, other, flow["commodity"], flow["year"], side)
    share = float(finding["expected"]) / float(finding["seen"]) if float(finding["seen"]) else float("nan")
    return lambda t: t | {"energy": t["energy"].assign(quantity=t["energy"]["quantity"].mask(
        t["energy"]["row"].isin(rows), t["energy"]["quantity"] * share))}, ""  # fmt: skip


def _between(energy: pd.DataFrame, who: str, other: str, carrier: str, year: float, side: tuple[str, ...]) -> set[int]:
    """Ledger rows of a firm that name the other one."""
    mine = energy["enterprise_id"].eq(who) & energy["counterparty"].eq(other) & energy["carrier"].eq(carrier)
    return set(energy.loc[mine & energy["flow"].isin(side) & energy["year"].eq(year), "row"])
