"""What a run is about, as small tables: the cluster, its sources, parameters, provenance; and the nature of its data."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from workbench import dictionary, wording
from workbench.params import Settings
from workbench.words.amounts import say


def title(meta: dict[str, Any], year: int, lang: str) -> str:
    """Cluster and year, as they stand under the report's heading."""
    return say("title", lang, cluster=cluster_name(meta, lang), year=str(year))


def facts(meta: dict[str, Any], lang: str) -> pd.DataFrame:
    """What cluster.yaml says of the cluster: item, value."""
    names = "id country grid_region base_year currency price_year factor_set gwp_set data_nature licence".split()
    rows = [(say("fact.name", lang), cluster_name(meta, lang))]
    for name in names:
        value = meta.get(name)
        said = wording.text(f"nature.{value}.word", lang) if name == "data_nature" and value in dictionary.DATA_NATURES else value
        rows.append((say(f"fact.{name}", lang), "–" if said in (None, "") else str(said)))
    remarks = [str(value) for name, value in meta.items() if name == "notes" or name.endswith("_note")]
    rows += [(say("fact.remark", lang), remark) for remark in remarks]
    return pd.DataFrame(rows, columns=["item", "value"])


def sources(meta: dict[str, Any]) -> pd.DataFrame:
    """The sources that cluster.yaml names: title, where, what."""
    rows = meta.get("sources")
    rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return pd.DataFrame(rows, columns=["title", "where", "what"])


def parameters(settings: Settings, lang: str) -> pd.DataFrame:
    """The parameters of a run: name, value, unit, meaning; the run's own folder is left out."""
    rows = []
    for name, field in Settings.model_fields.items():
        if name in ("run_dir", "package"):
            continue
        unit = re.search(r"\[(.+?)\]", str(field.description))
        value = getattr(settings, name)
        rows.append(
            (name, "–" if value in (None, "") else str(value), unit[1] if unit else "", wording.text(f"parameter.{name}", lang))
        )
    return pd.DataFrame(rows, columns=["parameter", "value", "unit", "meaning"])


def provenance(facts: dict[str, Any], lang: str) -> pd.DataFrame:
    """Hashes and versions of a run: item, value."""
    rows = [
        (say(f"provenance.{k}", lang), str(facts[k]))
        for k in ("package_sha256", "code_version", "code_sha256", "python")
        if k in facts
    ]
    rows += [(name, digest) for name, digest in facts["files"].items()]
    rows += [(name, version) for name, version in facts["versions"].items()]
    return pd.DataFrame(rows, columns=["item", "value"])


def cluster_name(meta: dict[str, Any], lang: str) -> str:
    """The cluster's name in the report's language, else in another, else its id."""
    name = meta.get("name")
    if isinstance(name, dict):
        name = name.get(lang) or name.get("en") or next(iter(name.values()), "")
    return str(name or meta.get("id", ""))


def synthetic_warning(meta: dict[str, Any], lang: str) -> str:
    """The sentence every page of a synthetic cluster carries; nothing for real data."""
    return wording.text("nature.synthetic", lang) if meta.get("data_nature") == "synthetic" else ""


def data_nature(meta: dict[str, Any], lang: str) -> str:
    """What kind of data these are, and what that means for the reader."""
    nature = meta.get("data_nature")
    return wording.text(f"nature.{nature if nature in dictionary.DATA_NATURES else 'unknown'}", lang)


def nature_kind(meta: dict[str, Any]) -> str:
    """Which callout the nature of the data deserves."""
    return "note" if meta.get("data_nature") in ("published", "confidential") else "warning"
