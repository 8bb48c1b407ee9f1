"""The diagnosis in sentences: where the energy goes, what no project touches, what else the technology library offers."""

from __future__ import annotations

import pandas as pd

from workbench import wording
from workbench.words.amounts import Prose, column_sum, money, percent, say
from workbench.words.readable import local_name, readable, remarked, word

_BASES = ("metered", "nameplate", "sector_share", "not_split")


def diagnosis_summary(spots: pd.DataFrame, enterprises: pd.DataFrame, lang: str) -> Prose:
    """How far the use is split and by what, the largest spot, what projects touch and save, and the largest they leave."""
    total = column_sum(spots, "tco2e")
    if not total:
        return Prose((say("diagnosis.nothing", lang),), lang)
    shares = {basis: percent(column_sum(spots[spots["basis"] == basis], "tco2e"), total) for basis in _BASES}
    said = [say("diagnosis.split", lang, **shares), say("diagnosis.first", lang, **_spot(spots.iloc[0], enterprises, lang))]
    left = spots[spots["uncovered_tco2e"] > 0].sort_values("uncovered_tco2e", ascending=False, kind="stable")
    open_ = column_sum(spots, "uncovered_tco2e")
    saved = column_sum(spots, "saved_tco2e")
    said.append(say("diagnosis.covered", lang, touched=percent(total - open_, total), saved=saved, share=percent(saved, total)))
    if len(left):
        said.append(say("diagnosis.open", lang, open=open_, part=percent(open_, total), **_spot(left.iloc[0], enterprises, lang)))
    gap = spots.drop_duplicates("enterprise_id")["gap_tce"]
    if gap.sum() > 0:
        said.append(say("diagnosis.gap", lang, count=int((gap > 0).sum()), tce=gap.sum()))
    return Prose(tuple(said), lang)


def spot_rows(spots: pd.DataFrame, enterprises: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Rows of `hotspots.rank` for readers: system, carrier and how the use was split in one cell, `use`."""
    out = readable(spots, lang, enterprises)
    what = out["system"].astype(str) + " · " + out["carrier"].astype(str)
    return out.assign(use=[remarked(*pair, lang) for pair in zip(what, out["basis"], strict=True)])


def offers_summary(offers: pd.DataFrame, left_out: pd.DataFrame, currency: str, lang: str) -> Prose:
    """How many measures of the library fit and what they would cost; how many do not, by reason."""
    firms = offers["enterprise_id"].nunique()
    key = "offers.some" if len(offers) else "offers.none"
    said = [say(key, lang, count=len(offers), firms=firms, capex=money(column_sum(offers, "capex"), currency, lang))]
    counts = left_out["reason"].value_counts()
    if len(counts):
        comma = "、" if lang == "zh" else ", "
        reasons = comma.join(say(f"offers.reason.{reason}", lang, count=counts[reason]) for reason in sorted(counts.index))
        said.append(say("offers.left_out", lang, reasons=reasons))
    return Prose(tuple(said), lang)


def _spot(row: pd.Series, enterprises: pd.DataFrame, lang: str) -> dict[str, object]:
    names = dict(zip(enterprises["enterprise_id"], local_name(enterprises, lang), strict=True))
    return {
        "enterprise": names.get(row["enterprise_id"], row["enterprise_id"]),
        "carrier": word(row["carrier"], lang),
        "system": wording.text(f"system.{row['system']}", lang),
        "tco2e": row["tco2e"],
        "own": row["share_pct"],
    }
