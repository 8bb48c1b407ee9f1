"""Calculated savings and heat recovery in words: the steps of a calculation, heat targets, pairs of sources and sinks."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import dictionary, wording
from workbench.words.amounts import Prose, number, say
from workbench.words.readable import local_name, spelled


def quantity(calculator: str, name: str, lang: str) -> str:
    """What an input or a result of a calculator is called."""
    for table, column in (("calculators", "input"), ("calculator_steps", "result")):
        rows = dictionary.read_table(table)
        found = rows[(rows["calculator"] == calculator) & (rows[column] == name)]
        if len(found):
            return str(found[f"label_{lang}"].iat[0])
    return name


def calculation_steps(sheet: pd.DataFrame, lang: str) -> pd.DataFrame:
    """The calculation sheet for readers: names for codes, the numbers that went into each formula behind it."""
    codes = dictionary.read_table("codes").query("code_list == 'calculators'").set_index("code")[f"label_{lang}"]
    out = spelled(sheet, ["value"])
    steps = zip(sheet["calculator"], sheet["quantity"], strict=True)
    names = [quantity(calculator, name, lang) for calculator, name in steps]
    kinds = [_note(row, lang) for row in sheet.itertuples()]
    sources = [_source(row, lang) for row in sheet.itertuples()]
    known = sheet["calculator"].map(codes)
    return out.assign(step_name=names, calculator=known.where(known.notna(), sheet["calculator"]), note=kinds, source=sources)


def _source(row: Any, lang: str) -> str:
    """Where a value comes from: the row of the table and its evidence in words, the unit, or the source as it stands."""
    if row.kind != "filed":
        return str(row.source)
    place, _, proof = str(row.source).partition(", ")
    said = wording.text("calculation.row", lang, row=place.removeprefix("calculations "))
    return said + (f"{'，' if lang == 'zh' else ', '}{wording.label(proof, lang)}" if proof else "")


def _note(row: Any, lang: str) -> str:
    """Filed, from the unit, default; beyond its range; recalled."""
    said = [wording.text(f"calculation.{row.kind}", lang)]
    said += [wording.text(f"calculation.{mark}", lang) for mark in (row.flag, row.confidence) if mark in ("beyond", "remembered")]
    return ("；" if lang == "zh" else "; ").join(said)


def calculation_summary(sheet: pd.DataFrame, lang: str) -> Prose:
    """How many savings were calculated from technical data, and how much of it is open to doubt."""
    if sheet.empty:
        return Prose((say("calculation.none", lang),), lang)
    cases = sheet.drop_duplicates(["project_id", "calculator", "case"])
    said = [say("calculation.count", lang, projects=cases["project_id"].nunique(), cases=len(cases))]
    beyond, recalled = (sheet["flag"] == "beyond").sum(), (sheet["confidence"] == "remembered").sum()
    failed = sheet[(sheet["kind"] == "saving") & sheet["value"].isna()]["project_id"].nunique()
    said += [say(f"calculation.{name}", lang, count=count) for name, count in (("marked", beyond), ("recalled", recalled)) if count]
    return Prose((*said, *([say("calculation.failed", lang, count=failed)] if failed else [])), lang)


def heat_levels(levels: pd.DataFrame, enterprises: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Heat targets for readers: enterprises by name, the sum, the cluster as one, what exchange is worth."""
    known = dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
    rows = levels.itertuples()
    names = [
        known.get(row.enterprise_id, row.enterprise_id) if row.level == "enterprise" else say(f"heat.{row.level}", lang)
        for row in rows
    ]
    return levels.assign(enterprise=names)


def heat_pairs(pairs: pd.DataFrame, streams: pd.DataFrame, enterprises: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Pairs of sources and sinks for readers: streams and enterprises by name, temperatures from … to."""
    known = dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
    named = pd.Series(local_name(streams, lang).to_numpy(), index=streams["stream_id"], dtype=object)
    out = pairs.copy()
    for side in ("source", "sink"):
        names = pairs[f"{side}_id"].map(named).where(lambda text: text != "", pairs[f"{side}_id"])
        out[f"{side}_stream"] = names.astype(str) + " · " + pairs[f"{side}_enterprise"].map(known).astype(str)
        ends = zip(pairs[f"{side}_supply_c"], pairs[f"{side}_target_c"], strict=True)
        out[f"{side}_temperatures"] = [f"{first:g} → {last:g}" for first, last in ends]
    return out


def heat_summary(
    levels: pd.DataFrame, pairs: pd.DataFrame, streams: pd.DataFrame, enterprises: pd.DataFrame, lang: str
) -> Prose:  # fmt: skip
    """What heat recovery within and between enterprises could reach, and the largest pair."""
    if levels.empty:
        return Prose((say("heat.none", lang),), lang)
    at = levels.drop_duplicates("level", keep="last").set_index("level")
    values = {name: number(at.at[name, "hot_utility_kw"]) for name in ("sum", "cluster", "exchange")}
    count = int((levels["level"] == "enterprise").sum())
    said = [say("heat.apart", lang, count=count, streams=len(streams), heating=number(at.at["sum", "heating_kw"]), **values)]
    said.append(say("heat.worth" if at.at["exchange", "hot_utility_kw"] > 0 else "heat.worthless", lang, **values))
    if len(pairs):
        best = heat_pairs(pairs.head(1), streams, enterprises, lang).iloc[0]
        near = say("heat.distance", lang, km=number(best["distance_km"])) if pd.notna(best["distance_km"]) else ""
        said.append(
            say("heat.pair", lang, source=best["source_stream"], sink=best["sink_stream"], heat=number(best["heat_kw"]), near=near)
        )
    return Prose(tuple(said), lang)
