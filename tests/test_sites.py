"""Places of enterprises, their map, and the GeoJSON of both: structure after RFC 7946, nothing that breaks out of it."""

import json
import math

import pandas as pd
import pytest

from workbench import export, figures, geojson, sites, store

FIRMS = pd.DataFrame(
    {
        "enterprise_id": ["A", "B", "C"], "name": ["Alpha", "</script><b>Beta", "Gamma"], "name_zh": ["甲", "乙", "丙"],
        "sector": "x",
        "lon": [118.0, 118.1, None], "lat": [39.0, 39.1, None],
    }
)  # fmt: skip
TOTALS = pd.DataFrame({"enterprise_id": ["A", "B", "C"], "total_tco2e": [1000.0, 500.0, 10.0]})
PROJECTS = pd.DataFrame(
    {
        "project_id": ["P1", "P2", "P3"], "enterprise_id": ["A", "A", "B"], "eligible": [1, 1, 0],
        "tco2e_saved": [100.0, 50.0, 70.0],
        "tce_saved": [10.0, 5.0, 7.0], "capex": [1000.0, 500.0, 1.0], "annual_cost": [-300.0, 600.0, 1.0],
    }
)  # fmt: skip
PAIRS = pd.DataFrame(
    {
        "source_id": ["S1"],
        "source_enterprise": ["A"],
        "sink_id": ["S2"],
        "sink_enterprise": ["B"],
        "heat_kw": [500.0],
        "distance_km": [14.1],
    }
)


@pytest.fixture
def places():
    return sites.of_enterprises(FIRMS, TOTALS, PROJECTS)


def test_sums_of_an_enterprise(places):
    row = places.set_index("enterprise_id").loc["A"]
    assert (row["projects"], row["tco2e_saved"], row["annual_cost"], row["abatement_cost"]) == (2, 150, 300, 2)
    assert places.set_index("enterprise_id").loc["B", "projects"] == 0  # its project may not be chosen


def test_a_place_off_the_globe_is_none():
    off = sites.of_enterprises(FIRMS.assign(lat=[39.0, 139.0, 0.0], lon=[1.0, 1.0, 500.0]), TOTALS, PROJECTS)
    assert off["lon"].notna().tolist() == [True, False, False] == off["lat"].notna().tolist()


def valid(found):
    """The rules of RFC 7946 that these kinds meet."""
    assert found["type"] == "FeatureCollection" and isinstance(found["features"], list)
    for feature in found["features"]:
        assert set(feature) == {"type", "geometry", "properties"} and feature["type"] == "Feature"
        shape = feature["geometry"]
        points = {"Point": [shape["coordinates"]], "LineString": shape["coordinates"]}[shape["type"]]
        assert shape["type"] == "Point" or len(points) >= 2
        for lon, lat in points:
            assert -180 <= lon <= 180 and -90 <= lat <= 90
    if found["features"]:
        west, south, east, north = found["bbox"]
        assert west <= east and south <= north


def test_geojson_is_valid_and_keeps_units(places):
    found = json.loads(geojson.text(places, PAIRS))
    valid(found)
    kinds = [f["geometry"]["type"] for f in found["features"]]
    assert kinds == ["Point", "Point", "LineString"]  # C has no coordinates
    first = found["features"][0]
    assert first["geometry"]["coordinates"] == [118.0, 39.0] and first["properties"]["tco2e_saved"] == 150
    assert found["features"][1]["properties"]["abatement_cost"] is None  # saves nothing: no cost per tonne
    assert set(found["units"]) >= {"tco2e_saved", "abatement_cost", "heat_kw", "distance_km"}


def test_geojson_escapes_and_has_no_numbers_json_lacks(places):
    written = geojson.text(places.assign(capex=[math.nan, math.inf, 1.0]))
    assert "</script>" not in written and "NaN" not in written and "Infinity" not in written
    assert json.loads(written)["features"][1]["properties"]["name"] == "</script><b>Beta"


def test_no_place_at_all(places):
    valid(json.loads(geojson.text(places.iloc[:0])))
    assert "bbox" not in geojson.collection(places.iloc[:0])
    assert "No data" in figures.potential_map(places.iloc[:0]).figure.axes[0].texts[0].get_text()


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_map_says_what_it_shows(places, lang):
    picture = figures.potential_map(places, PAIRS, lang)
    assert "150 tCO₂e" in picture.caption and ("14.1 km" if lang == "en" else "14.1 公里") in [
        t.get_text() for t in picture.figure.axes[0].texts
    ]
    assert {"en": "Alpha", "zh": "甲"}[lang] in picture.alt
    assert picture.svg() == figures.potential_map(places, PAIRS, lang).svg()


def test_names_never_touch(places):
    crowd = pd.concat(
        [places.iloc[[0]].assign(enterprise_id=f"E{n}", name=f"Enterprise number {n}", lon=118 + n / 1e4) for n in range(12)]
    )
    axes = figures.potential_map(crowd).figure.axes[0]
    boxes = [t.get_window_extent() for t in axes.texts if t.get_text().startswith("Enterprise")]
    assert boxes and not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_export_of_a_run(tmp_path, places):
    (tmp_path / "tables").mkdir()
    store.write_text(tmp_path / "tables" / "sites.csv", store.csv_text(places))
    out = export.export(tmp_path, "geojson")
    assert out.suffix == ".geojson" and len(json.loads(out.read_text(encoding="utf-8"))["features"]) == 2
