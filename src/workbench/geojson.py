"""Places and heat pairs of a run as GeoJSON (RFC 7946): WGS 84, longitude first, numbers finite, units beside the properties."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd

UNITS = {
    "total_tco2e": "tCO2e/yr", "tco2e_saved": "tCO2e/yr", "tce_saved": "tce/yr", "capex": "currency", "annual_cost": "currency/yr",
    "abatement_cost": "currency/tCO2e", "heat_kw": "kW", "distance_km": "km", "hours_least": "h/yr", "hours_most": "h/yr",
}  # fmt: skip
_DIGITS = 6  # decimal degrees: a tenth of a metre (RFC 7946, 11.2)


def collection(places: pd.DataFrame, pairs: pd.DataFrame | None = None) -> dict[str, Any]:
    """A FeatureCollection: a Point for each place with coordinates (see `sites`), a LineString for each heat pair between two.

    Properties keep the column names of the tables; `units` states what they are in. A value that is not known is null.
    """
    known = places.dropna(subset=["lon", "lat"]).sort_values("enterprise_id")
    at = {row.enterprise_id: _position(row.lon, row.lat) for row in known.itertuples()}
    features = [_feature("Point", at[row["enterprise_id"]], _properties(row, ("lon", "lat"))) for row in known.to_dict("records")]
    for row in pairs.to_dict("records") if pairs is not None else ():
        ends = [at.get(row["source_enterprise"]), at.get(row["sink_enterprise"])]
        if None not in ends and ends[0] != ends[1]:
            features.append(_feature("LineString", ends, _properties(row)))
    box = [min(p[i] for p in at.values()) for i in (0, 1)] + [max(p[i] for p in at.values()) for i in (0, 1)] if at else None
    return {"type": "FeatureCollection", **({"bbox": box} if box else {}), "units": UNITS, "features": features}


def text(places: pd.DataFrame, pairs: pd.DataFrame | None = None) -> str:
    """The collection as a file: UTF-8, characters that could end a script escaped, no value that is no number."""
    made = json.dumps(collection(places, pairs), ensure_ascii=False, allow_nan=False, indent=1)
    return made.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") + "\n"


def _feature(kind: str, coordinates: list, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def _position(lon: float, lat: float) -> list[float]:
    return [round(float(lon), _DIGITS), round(float(lat), _DIGITS)]


def _properties(row: dict[str, Any], left_out: tuple[str, ...] = ()) -> dict[str, Any]:
    return {str(name): _plain(value) for name, value in row.items() if name not in left_out}


def _plain(value: Any) -> Any:
    """A value JSON knows: text, a finite number, null."""
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
