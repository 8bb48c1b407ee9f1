"""Figures: what they say, in both languages, and that odd tables break neither picture nor page."""

import html
import re
import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from workbench import figures, wording
from workbench.figures import style
from workbench.figures.axes import BESIDE, place_labels

pytestmark = pytest.mark.filterwarnings("error")


def inventory(ids=("A", "B", "C"), sizes=(700.0, 200.0, 100.0)) -> pd.DataFrame:
    rows = []
    for identity, size in zip(ids, sizes, strict=True):
        for carrier, source, scope, part in (("natural_gas", "combustion", 1, 0.6), ("electricity", "electricity", 2, 0.4)):
            rows.append(
                {
                    "enterprise_id": identity,
                    "unit_id": "",
                    "year": 2022,
                    "source": source,
                    "scope": scope,
                    "carrier": carrier,
                    "tce": size * part / 2,
                    "tco2e": size * part,
                    "tco2e_low": size * part * 0.9,
                    "tco2e_high": size * part * 1.1,
                    "internal": 0,
                }
            )
    return pd.DataFrame(rows)


def enterprises(ids=("A", "B", "C"), sizes=(700.0, 200.0, 100.0)) -> pd.DataFrame:
    sizes = np.asarray(sizes, dtype=float)
    return pd.DataFrame(
        {
            "enterprise_id": ids,
            "name": [f"Works {i}" for i in ids],
            "name_zh": [f"钢铁厂{i}" for i in ids],
            "total_tco2e": sizes,
            "tce": sizes / 2,
            "key_emitter": [1] + [0] * (len(ids) - 1),
            "carbon_intensity": sizes / 10,
            "carbon_intensity_unit": "tCO2e/million USD",
            "energy_intensity": sizes / 20,
            "energy_intensity_unit": "tce/million USD",
        }
    )


POTENTIAL = pd.DataFrame(
    {
        "project_id": ["P1", "P2", "P3"],
        "enterprise_id": ["A", "A", "B"],
        "name": ["Burner", "Drive", "Lamp"],
        "name_zh": ["燃烧器", "变频", "照明"],
        "tce_saved": [40.0, 10.0, 5.0],
        "tco2e_saved": [100.0, 30.0, 10.0],
        "capex": [5e4, 2e4, 1e3],
    }
)
BUNDLE = POTENTIAL[["project_id", "capex", "tco2e_saved"]].assign(selected=[1, 1, 0])
SAVINGS = pd.DataFrame({"carrier": ["natural_gas", "electricity"], "tce_saved": [50.0, -5.0], "tco2e_saved": [120.0, -20.0]})
CLUSTER = pd.DataFrame(
    {
        "item": [
            "sum_of_enterprises_tco2e",
            "internal_purchases_tco2e",
            "internal_sales_tco2e",
            "eliminated_tco2e",
            "cluster_total_tco2e",
        ],
        "value": [1000.0, 80.0, 30.0, 50.0, 950.0],
        "unit": "tCO2e",
    }
)
MACC = pd.DataFrame(
    {
        "rank": [1, 2, 3],
        "project_id": ["P1", "P2", "P3"],
        "naive_abatement_cost": [-20.0, 10.0, 50.0],
        "naive_tco2e": [100.0, 30.0, 10.0],
        "incremental_abatement_cost": [-20.0, 12.0, 70.0],
        "incremental_tco2e": [100.0, 25.0, 7.0],
        "cumulative_tco2e": [100.0, 125.0, 132.0],
    }
)
PARETO = pd.DataFrame(
    {
        "budget_tco2e": [700.0, 800.0, 900.0],
        "emissions_tco2e": [np.nan, 790.0, 900.0],
        "annual_cost": [np.nan, 5e4, 1e4],
        "capex": [np.nan, 7e4, 2e4],
        "projects": [0, 2, 1],
        "status": ["infeasible", "optimal", "optimal"],
        "gap": 0.0,
    }
)
FINDINGS = pd.DataFrame({"check": ["stock_gap", "stock_gap", "odd_unit"], "severity": ["error", "warning", "info"]})
REDUCTIONS = pd.DataFrame(
    {
        "reduction_pct": [10, 20, 10, 20],
        "objective": ["annual_cost"] * 2 + ["capex"] * 2,
        "objective_value": [-1e3, 5e3, 2e4, np.nan],
        "capex": 0.0,
        "annual_cost": 0.0,
        "greedy_value": [0, 9e3, 3e4, np.nan],
        "status": ["optimal", "optimal", "optimal", "infeasible"],
    }
)

POSITIONS = pd.DataFrame(
    {
        "enterprise_id": ["A", "A", "B", "C"],
        "product": ["hot metal", "converter steel", "carbide", "sausages"],
        "indicator": ["process energy", "process energy", "comprehensive energy", None],
        "unit": ["kgce/t", "kgce/t", "kgce/t", ""],
        "actual": [400.0, -35.0, 990.0, np.nan],
        "reference_value": [361.0, -30.0, 805.0, np.nan],
        "limit_value": [435.0, -10.0, 940.0, np.nan],
        "position": ["between", "better", "below", ""],
        "potential_tce": [39_000.0, 0.0, 1_850.0, np.nan],
        "leading": [1, 1, 1, 0],
        "remembered": [0, 0, 1, 0],
    }
)
PEERS = pd.DataFrame(
    {
        "enterprise_id": list("ABC"),
        "kind": "output_value",
        "numerator": "tco2e",
        "value": [10.0, 30.0, 20.0],
        "unit": "tCO2e per million USD of output value",
        "sector": "Steel",
        "peers": 3,
        "percentile": [0.0, 100.0, 50.0],
        "sector_median": 20.0,
        "least_peers": 3,
    }
)
TARGETS = pd.DataFrame(
    {
        "kind": ["carbon_intensity", "energy_total"],
        "unit": ["tCO2/10^4 CNY", "tce"],
        "target_year": 2025,
        "year": 2022,
        "actual": [2.0, 1000.0],
        "path_value": [2.3, 960.0],
        "target_value": [2.0, 900.0],
        "gap": [-0.3, 40.0],
    }
)
TORNADO = pd.DataFrame(
    [
        ("bundle", "", "capex", 10.0, 1000.0, 1100.0, 900.0, 200.0),
        ("bundle", "", "energy_price", 20.0, 1000.0, 700.0, 1300.0, 600.0),
        ("project", "P1", "capex", 10.0, 1000.0, 1100.0, 900.0, 200.0),
    ],
    columns=["level", "project_id", "factor", "change_pct", "npv", "npv_low", "npv_high", "npv_swing"],
)
LEVELS = pd.DataFrame(
    {
        "level": ["technical", "economic", "expected"],
        "projects": [4.0, 3.0, 1.5],
        "tce_saved": [400.0, 300.0, 150.0],
        "tco2e_saved": [900.0, 700.0, 350.0],
        "curve": ["", "", "iac"],
    }
)
BUDGET = pd.DataFrame(
    [
        {
            "budget_tco2e": 2400.0,
            "from": "2022-01-01",
            "to": "2022-12-31",
            "as_of": "2022-06-30",
            "executed_tco2e": 2000.0,
            "execution_pct": 83.3333,
            "time_pct": 49.589,
            "projected_tco2e": 4033.0,
            "alert_pct": 80.0,
            "alarm_pct": 95.0,
            "status": "alert",
        }
    ]
)


def beside(picture, aligned: str) -> list:
    """Words beside the rows of the first axes: the names at its left are aligned right, what stands at its right, left."""
    return [text for text in picture.figure.axes[0].texts if text.get_label() == BESIDE and text.get_ha() == aligned]


def draw(name: str, lang: str, empty: bool = False):
    """One figure of the small cluster, or of tables without rows."""
    given = {
        "emissions_by_enterprise": ((inventory(), enterprises()), {}),
        "key_emitters": ((enterprises(),), {}),
        "emissions_by_source": ((inventory(),), {}),
        "intensities": ((enterprises(),), {}),
        "benchmark_positions": ((POSITIONS, enterprises()), {}),
        "peers": ((PEERS, enterprises()), {}),
        "dual_control": ((TARGETS,), {}),
        "carbon_budget": ((BUDGET,), {}),
        "boundary_bridge": ((CLUSTER,), {}),
        "findings_by_check": ((FINDINGS,), {}),
        "potential_by_carrier": ((SAVINGS,), {}),
        "potential_by_enterprise": ((POTENTIAL, enterprises()), {}),
        "abatement_cost_curve": ((MACC,), {"currency": "USD"}),
        "tornado": ((TORNADO,), {"currency": "USD"}),
        "potential_levels": ((LEVELS,), {}),
        "pareto_front": ((PARETO,), {"chosen": PARETO.iloc[1], "greedy": {"emissions_tco2e": 780.0, "annual_cost": 6e4}}),
        "bundle": ((BUNDLE, POTENTIAL), {}),
        "bundle_by_enterprise": ((BUNDLE, enterprises()), {"potential": POTENTIAL}),
        "reductions": ((REDUCTIONS,), {}),
    }
    tables, options = given[name]
    if empty:
        tables = [table.iloc[:0] for table in tables]
    return getattr(figures, name)(*tables, lang=lang, **options)


# What the alternative text has to name: the largest item, and a number that can be checked by hand.
SAYS = {
    "emissions_by_enterprise": {"en": ("Works A", "70.0 %", "1,000 tCO₂e"), "zh": ("钢铁厂A", "70.0%")},
    "key_emitters": {"en": ("Works A", "first 2 pass 80.0 %"), "zh": ("钢铁厂A", "前 2 家")},
    "emissions_by_source": {"en": ("600 tCO₂e", "60.0 %"), "zh": ("600 tCO₂e", "60.0%")},
    "intensities": {"en": ("Works A", "70.0"), "zh": ("钢铁厂A", "70.0")},
    "benchmark_positions": {"en": ("1 better, 1 between, 1 worse", "990 against 805 kgce/t"), "zh": ("钢铁厂B", "990（标杆 805）")},
    "peers": {"en": ("Works B", "30.0 tCO₂e per million USD"), "zh": ("钢铁厂B", "百万美元产值")},
    "dual_control": {"en": ("1,000 against 960 tce", "1 on the path"), "zh": ("能源消费总量", "路径 960")},
    "carbon_budget": {"en": ("83.3 %", "49.6 %", "alert"), "zh": ("83.3%", "预警")},
    "boundary_bridge": {"en": ("950 tCO₂e", "5.0 %"), "zh": ("950 tCO₂e", "5.0%")},
    "findings_by_check": {"en": ("Stock gap", "2."), "zh": ("2 条",)},
    "potential_by_carrier": {"en": ("Natural gas", "120 tCO₂e"), "zh": ("天然气", "120 tCO₂e")},
    "potential_by_enterprise": {"en": ("Works A", "130 tCO₂e", "18.6 %"), "zh": ("钢铁厂A", "130 tCO₂e")},
    "abatement_cost_curve": {"en": ("P1", "140 tCO₂e", "132 tCO₂e"), "zh": ("P1", "美元")},
    "tornado": {"en": ("1,000 USD", "Energy prices ±20.0 %", "from 700 USD to 1,300 USD"), "zh": ("能源价格", "1,300 美元")},
    "potential_levels": {"en": ("900 tCO₂e (400 tce)", "expected 350 tCO₂e by the curve iac"), "zh": ("技术潜力 900 tCO₂e",)},
    "pareto_front": {"en": ("790 tCO₂e", "1 budget is"), "zh": ("790 tCO₂e",)},
    "bundle": {"en": ("Burner", "100 tCO₂e", "76.9 %"), "zh": ("燃烧器", "76.9%")},
    "bundle_by_enterprise": {"en": ("Works A", "870 tCO₂e"), "zh": ("钢铁厂A", "870 tCO₂e")},
    "reductions": {"en": ("20.0 % and more cannot",), "zh": ("20.0% 及以上",)},
}


@pytest.mark.parametrize("lang", wording.LANGUAGES)
@pytest.mark.parametrize("name", SAYS)
def test_a_figure_says_what_it_shows_and_every_glyph_is_there(name, lang):
    picture = draw(name, lang)
    for words in SAYS[name][lang]:
        assert words in picture.alt
    assert picture.caption
    assert picture.svg() == picture.svg()
    assert picture.png(60).startswith(b"\x89PNG")
    assert pyplot.get_fignums() == []  # nothing stays open


def test_the_same_tables_give_the_same_bytes():
    assert draw("bundle", "zh").svg() == draw("bundle", "zh").svg()


@pytest.mark.parametrize("name", SAYS)
def test_a_table_without_rows_gives_a_sentence(name):
    picture = draw(name, "en", empty=True)
    if name != "reductions":
        assert "no data" in picture.alt.lower()
    assert "无数据" in draw(name, "zh", empty=True).alt
    picture.svg()


def test_names_from_outside_are_escaped_on_the_page():
    table = enterprises().assign(name=["<script>alert(1)</script>", 'B "quoted" $x$', "C {brace}"])
    picture = figures.emissions_by_enterprise(inventory(), table)
    page = picture._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page
    alt = re.search(r'alt="([^"]*)"', page).group(1)
    assert html.unescape(alt) == picture.alt
    assert page.count("<figure") == page.count("</figure>") == 1
    assert b"<script" not in picture.svg()


def test_the_style_stays_inside():
    before = dict(matplotlib.rcParams)
    draw("key_emitters", "en").svg()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("count", [1, pytest.param(130, marks=pytest.mark.slow)])
def test_one_enterprise_and_very_many(count):
    ids = [f"E{i:03d}" for i in range(count)]
    sizes = [1000.0 / (i + 1) for i in range(count)]
    stock, firms = inventory(ids, sizes), enterprises(ids, sizes)
    projects = pd.DataFrame(
        {
            "project_id": [f"P{i}" for i in range(2 * count)],
            "enterprise_id": ids * 2,
            "name": "Heat recovery",
            "tce_saved": 1.0,
            "tco2e_saved": 2.0,
            "capex": 1e4,
            "selected": 1,
        }
    )
    for picture in (
        figures.emissions_by_enterprise(stock, firms),
        figures.key_emitters(firms),
        figures.emissions_by_source(stock),
        figures.intensities(firms),
        figures.potential_by_enterprise(projects, firms),
        figures.bundle(projects, projects),
        figures.bundle_by_enterprise(projects, firms),
    ):
        picture.svg()
    if count > 100:
        words = {name.get_text() for name in beside(figures.emissions_by_enterprise(stock, firms), "right")}
        assert "other 105 enterprises" in words and len(words) == 26


@pytest.mark.slow
def test_missing_and_negative_numbers_are_drawn():
    stock = inventory().assign(tco2e=[-5.0, -1.0, np.nan, -2.0, -3.0, np.nan], carrier=[None, "electricity"] * 3)
    firms = enterprises().assign(total_tco2e=[-6.0, np.nan, -3.0], carbon_intensity=np.nan, key_emitter=np.nan)
    saved = SAVINGS.assign(tce_saved=-1.0, tco2e_saved=[-3.0, np.nan])
    macc = MACC.assign(naive_abatement_cost=[-1.0, -2.0, np.nan], incremental_abatement_cost=[-1.0, -9e6, np.inf])
    bundle = BUNDLE.assign(tco2e_saved=[-1.0, np.nan, 2.0], capex=np.nan)
    for lang in wording.LANGUAGES:
        for picture in (
            figures.emissions_by_enterprise(stock, firms, lang),
            figures.key_emitters(firms, lang),
            figures.intensities(firms, lang),
            figures.emissions_by_source(stock, lang),
            figures.potential_by_carrier(saved, lang),
            figures.abatement_cost_curve(macc, lang),
            figures.bundle(bundle, POTENTIAL, lang),
            figures.bundle_by_enterprise(bundle, firms, lang, potential=POTENTIAL),
            figures.pareto_front(PARETO.assign(annual_cost=np.nan, status="infeasible"), lang),
            figures.boundary_bridge(CLUSTER.assign(value=np.nan), lang),
        ):
            picture.svg()


def test_targets_and_benchmarks_far_out_or_missing():
    far = POSITIONS.assign(actual=[1e6, -1e6, np.nan, np.nan])
    flat = POSITIONS.assign(limit_value=POSITIONS["reference_value"])
    for lang in wording.LANGUAGES:
        words = {text.get_text() for text in beside(figures.benchmark_positions(far, enterprises(), lang), "left")}
        assert any(word.startswith("» ") for word in words) and any(word.startswith("« ") for word in words)
        for picture in (
            figures.benchmark_positions(flat, enterprises(), lang),
            figures.peers(PEERS.assign(value=[1.0, 1e5, 30.0]), enterprises(), lang),
            figures.peers(PEERS.assign(percentile=np.nan), enterprises(), lang),
            figures.peers(PEERS, enterprises(ids=("A",), sizes=(1.0,)), lang),
            figures.dual_control(TARGETS.assign(actual=np.nan), lang),
            figures.dual_control(TARGETS.assign(actual=-5.0, path_value=[1.0, 0.0]), lang),
            figures.carbon_budget(BUDGET.assign(projected_tco2e=np.nan, status="within", time_pct=0.0), lang),
            figures.carbon_budget(BUDGET.assign(execution_pct=250.0, status="exceeded"), lang),
        ):
            picture.svg()


def test_no_project_selected_and_a_bundle_without_enterprise():
    none = BUNDLE.assign(selected=0)
    assert "no data" in figures.bundle(none, POTENTIAL).alt
    assert "1,000 tCO₂e" in figures.bundle_by_enterprise(none, enterprises(), potential=POTENTIAL).alt
    with pytest.raises(ValueError, match="pass potential"):
        figures.bundle_by_enterprise(BUNDLE, enterprises())


def test_costs_far_out_are_cut_marked_and_told():
    macc = pd.concat(
        [
            MACC,
            MACC.iloc[-1:].assign(
                rank=4,
                project_id="P4",
                naive_abatement_cost=1e6,
                naive_tco2e=0.5,
                incremental_abatement_cost=1e6,
                incremental_tco2e=0.5,
            ),
        ]
    )
    picture = figures.abatement_cost_curve(macc)
    assert picture.figure.axes[0].get_ylim()[1] < 1e3
    assert "2 steps reach beyond" in picture.caption and "1,000,000" in picture.alt


def test_a_bridge_that_does_not_close_shows_the_difference():
    odd = CLUSTER.assign(value=[1000.0, 80.0, 30.0, 50.0, 900.0])
    said = [tick.get_text() for tick in figures.boundary_bridge(odd).figure.axes[0].get_xticklabels()]
    assert "Not explained" in said and len(said) == 5


def test_names_that_look_alike_carry_their_id():
    table = pd.DataFrame({"project_id": ["P1", "P2"], "name": ["Recover waste heat from the reheating furnace"] * 2})
    from workbench.figures.quantities import names

    said = names(table, "project_id", "en")
    assert said["P1"] != said["P2"]


@pytest.mark.parametrize(
    "value, said", [(0, "0"), (-0.0001, "0"), (0.5, "0.5"), (3.14159, "3.14"), (-42.42, "−42.4"), (1234.5, "1,234")]
)
def test_numbers(value, said):
    from workbench.figures.quantities import number

    assert number(value) == said


def test_both_languages_have_the_same_values_in_every_sentence():
    entries = {key: row for key, row in wording._entries().items() if key.startswith("figures.")}
    for key, row in entries.items():
        fields = [set(re.findall(r"{(\w+)[:}]", row[lang])) for lang in wording.LANGUAGES]
        assert fields[0] == fields[1], key


def test_importing_the_package_does_not_load_the_drawing_libraries():
    import subprocess
    import sys

    code = "import sys, workbench; raise SystemExit(any(m in sys.modules for m in ('matplotlib', 'seaborn')))"
    with warnings.catch_warnings():
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_name_stands_on_the_side_that_hides_no_other_point():
    with style.style():
        figure, axes = style.canvas(3.0)
        axes.set(xlim=(0, 100), ylim=(0, 100))
        style.settle(figure)
        at = [50, 56, 50, 2], [50, 50, 62, 2]  # to the right and above of the first stands another, the last in a corner
        place_labels(axes, *at, ["Works 1", "2", "3", "4"], [6, 6, 6, 2])
    notes = {note.get_text(): note for note in axes.texts}
    assert notes["Works 1"].get_ha() == "right" and notes["2"].get_ha() == "left" and notes["4"].get_ha() == "left"


def test_a_name_without_a_free_side_is_left_out():
    with style.style():
        figure, axes = style.canvas(3.0)
        axes.set(xlim=(0, 100), ylim=(0, 100))
        style.settle(figure)
        place_labels(axes, [50] * 8, [50] * 8, [f"Works {n}" for n in range(8)], [3.0] * 8)
        boxes = [note.get_window_extent(figure.canvas.get_renderer()) for note in axes.texts]
    assert 2 <= len(boxes) < 8
    assert not any(one.overlaps(other) for n, one in enumerate(boxes) for other in boxes[:n])
