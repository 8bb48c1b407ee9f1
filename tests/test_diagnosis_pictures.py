"""What every figure of the diagnosis draws and says, on a second path: marks and captions against plain arithmetic.

The package and the arithmetic are those of `test_diagnosis_figures`. `DRAWN` names the test of every figure of `30_potential`; a
new figure without one fails.
"""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from tests import test_diagnosis_figures as hand
from tests.test_diagnosis_figures import ALONE, EF, MONEY, PRICE, ROOT, TCE, annual, saved, together, value

from workbench import geojson
from workbench.figures.axes import BESIDE

COAL, GAS, POWER = 10_000 * TCE["bituminous"], 100 * TCE["natural_gas"], 6_000 * TCE["electricity"]
COSTED = [p for p in MONEY if p != "P6"]
IN_TURN = set(MONEY) - {"P3"}  # P2, which earns more, excludes it
KM = 0.1 * math.pi * 6371.0088 / 180  # a tenth of a degree along a meridian
DRAWN = {
    "energy_flows": "test_bands_of_energy",
    "hotspots": "test_hot_spots_by_system",
    "potential_by_enterprise": "test_potential_by_enterprise",
    "potential_by_carrier": "test_potential_by_carrier",
    "abatement_cost_curve": "test_both_cost_curves",
    "composite_curves": "test_composite_curves",
    "grand_composite": "test_grand_composite",
    "tornado": "test_tornado",
    "potential_levels": "test_potential_levels",
    "potential_map": "test_map_and_geojson",
}


@pytest.fixture(scope="module", params=[pytest.param("by hand", marks=pytest.mark.slow)])
def run():
    return hand.ran()


def test_every_figure_of_the_notebook_has_a_second_path():
    notebook = json.loads((ROOT / "notebooks/30_potential.ipynb").read_text(encoding="utf-8"))
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert set(re.findall(r"figures\.(\w+)\(", code)) == set(DRAWN)
    assert set(DRAWN.values()) <= set(globals())


def bars(axes):
    """Rectangles in data units, in the order of drawing."""
    return [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_transform() != axes.transAxes]


def widths(axes):
    return [bar.get_width() for bar in bars(axes)]


def at_bars(axes) -> list:
    """What is written in an axes but the words beside its rows."""
    return [text for text in axes.texts if text.get_label() != BESIDE]


def says(text, expected):
    """The numbers of a caption or an alternative text, in the order of reading, each right to its last digit."""
    found = hand.numbers(text)
    assert len(found) == len(expected), (text, found)
    for (figure, half), wanted in zip(found, expected, strict=True):
        assert abs(figure - wanted) <= half * (1 + 1e-9) + 1e-9, (figure, wanted, text)


def close(found, expected):
    assert list(found) == pytest.approx(list(expected), abs=1e-6)


def saves(project):
    return saved(project, EF)


def tonnes(projects):
    return sum(map(saves, projects))


def test_bands_of_energy(run):
    picture = run.pictures["energy_flows"]
    total, beta = COAL + GAS + POWER, GAS + POWER / 3
    nodes = [COAL, beta, POWER * 2 / 3, COAL, POWER, GAS, total]  # enterprises, carriers, use
    heights = [bar.get_height() for bar in bars(picture.figure.axes[0])]
    assert len(heights) == 7 and [h / heights[-1] for h in heights] == pytest.approx([n / total for n in nodes])
    for node, label in zip(nodes, picture.figure.axes[0].texts, strict=False):
        says(label.get_text().rpartition("\n")[2], [node / 1000])
    says(picture.caption, [3, 2022, total / 1000, 0, 0])
    says(picture.alt, [3, total / 1000, COAL / 1000, COAL / 1000, beta, GAS, POWER * 2 / 3, 0])


def test_hot_spots_by_system(run):
    """What measures of C save together is parted by what each saves alone; P7 acts on both halves of the power of C."""
    picture = run.pictures["hotspots"]
    alone = {p: saves(p) for p in ("P2", "P4", "P7")}
    share = together(set(alone)) / sum(alone.values())
    motors, rest = share * (alone["P2"] + alone["P4"] + alone["P7"] / 2), share * alone["P7"] / 2 + saves("P5")
    rest += 25  # P6 of B: no capital
    used = {"steam": (20_000, saves("P1")), "not_split": (4_000, rest - 25), "motors": (1_000, motors)}
    touched = [(whole - part) / 1000 for whole, part in used.values()]
    close(widths(picture.figure.axes[0]), [0, 0, 0, *touched, *(part / 1000 for _, part in used.values())])
    for label, (whole, _) in zip(at_bars(picture.figure.axes[0]), used.values(), strict=True):
        says(label.get_text(), [whole / 1000, 0])
    says(picture.alt, [3, 25, 20, sum(part for _, part in used.values()), 0, 0])


def test_potential_by_enterprise(run):
    picture = run.pictures["potential_by_enterprise"]
    emitted = {"A": 20_000, "B": 3_000, "C": 2_000}
    part = {firm: tonnes(p for p in MONEY if hand.HOME[p] == firm) for firm in emitted}
    drawn = bars(picture.figure.axes[0])
    close(widths(picture.figure.axes[0]), [*(v / 1000 for v in emitted.values()), *(v / 1000 for v in part.values())])
    close([b.get_x() + b.get_width() for b in drawn[3:]], [v / 1000 for v in emitted.values()])  # what goes is the right end
    for label, firm in zip(at_bars(picture.figure.axes[0]), emitted, strict=True):
        says(label.get_text(), [-part[firm] / 1000, -100 * part[firm] / emitted[firm]])
    says(picture.caption, [tonnes(MONEY)])
    says(picture.alt, [3, 25, tonnes(MONEY), tonnes(MONEY) / 250, 2_000, 10])


def test_potential_by_carrier(run):
    picture = run.pictures["potential_by_carrier"]
    amounts = {c: sum(parts.get(c, 0.0) for parts in ALONE.values()) for c in ("bituminous", "electricity", "natural_gas")}
    for axes, per in zip(picture.figure.axes, (TCE, EF), strict=True):
        close(widths(axes), [amount * per[carrier] for carrier, amount in amounts.items()])
        for label, (carrier, amount) in zip(at_bars(axes), amounts.items(), strict=True):
            says(label.get_text(), [amount * per[carrier]])
    tce = sum(saved(p, TCE) for p in MONEY)
    says(picture.caption, [tce, tonnes(MONEY)])
    says(picture.alt, [tce, tonnes(MONEY), 2_000, 100 * 2_000 / tonnes(MONEY)])


def test_both_cost_curves(run):
    picture = run.pictures["abatement_cost_curve"]
    axes = picture.figure.axes[0]
    alone = sorted(COSTED, key=lambda p: annual(p) / saves(p))
    drawn = bars(axes)[: len(alone)]
    close([b.get_width() for b in drawn], map(saves, alone))
    close([b.get_height() for b in drawn], [annual(p) / saves(p) for p in alone])
    close([b.get_x() for b in drawn], np.cumsum([0, *map(saves, alone)])[:-1])
    order = [p for p in hand.table(run, "macc").sort_values("rank")["project_id"] if p in IN_TURN and p in COSTED]
    gained, cost = [], []
    for place, project in enumerate(order):
        gained.append(together(set(order[: place + 1])) - together(set(order[:place])))
        lost = (saves(project) - gained[-1]) / EF["electricity"] * PRICE["electricity"]
        cost.append((annual(project) + lost) / gained[-1])
    stairs = next(patch for patch in axes.patches if type(patch).__name__ == "StepPatch").get_data()
    close(stairs.values, cost)
    close(stairs.edges, np.cumsum([0, *gained]))
    overlap = tonnes(order) - sum(gained)
    spread = [float(end) for end in axes.collections[-1].get_segments()[0][:, 0]]  # where the whole may end
    says(picture.caption, [6, tonnes(COSTED), sum(gained), overlap, 400, 1, *spread])
    assert spread[0] < sum(gained) < spread[1]
    costs = [annual(p) / saves(p) for p in COSTED] + cost
    pays = tonnes(p for p in COSTED if annual(p) < 0)
    says(picture.alt, [6, min(costs), max(costs), tonnes(COSTED), pays, sum(gained), 2_000])


def test_composite_curves(run):
    """600 kW from 120 to 60 degC above 400 kW from 20 to 60 degC: 200 kW of cooling are left at the cold end."""
    picture = run.pictures["composite_curves"]
    hot, cold = (line.get_xydata().ravel() for line in picture.figure.axes[0].lines)
    close(hot, [0, 60, 600, 120])
    close(cold, [200, 20, 600, 60])
    says(picture.caption, [400, 0, 200])
    says(picture.alt, [600, 120, 400, 20, 400])


def test_grand_composite(run):
    """Shifted by half the approach of 10 K: the hot stream from 115 to 55, the cold one from 65 to 25 degC."""
    picture = run.pictures["grand_composite"]
    curve = picture.figure.axes[0].lines[0].get_xydata()
    close(curve.ravel(), [0, 115, 500, 65, 500, 55, 200, 25])  # 10 kW/K each: between 65 and 55 nothing is left over
    says(picture.caption, [0, 200])
    says(picture.alt, [115, 25, 0, 200])


def test_tornado(run):
    picture = run.pictures["tornado"]
    moved = hand.table(run, "tornado").query("level == 'bundle'").set_index("factor")["change_pct"] / 100

    def worth(**changed):
        return sum(_worth(p, **changed) for p in COSTED) / 1e6

    expected = {name: (worth(**{name: 1 - moved[name]}), worth(**{name: 1 + moved[name]})) for name in moved.index}
    expected = {name: ends for name, ends in expected.items() if abs(ends[1] - ends[0]) > 0}
    axes = picture.figure.axes[0]
    assert len(at_bars(axes)) == 2 * len(expected) and "carbon_price" not in expected
    order = sorted(expected, key=lambda name: (-abs(expected[name][1] - expected[name][0]), name))
    assert axes.lines[0].get_xdata()[0] == pytest.approx(worth())
    drawn = widths(axes)
    for row, name in enumerate(order):
        ends = [worth() + drawn[row], worth() + drawn[len(order) + row]]
        if name != "saving":  # its range is the mean of what the projects file
            assert ends == pytest.approx(expected[name], rel=1e-6), name
    low, high = sorted((worth() + drawn[0], worth() + drawn[len(order)]))
    says(picture.caption, [6, worth()])
    says(picture.alt, [5, worth(), 100 * moved[order[0]], low, high])


def _worth(project, energy_price=1.0, capex=1.0, discount_rate=1.0, activity=1.0, saving=1.0, carbon_price=1.0):
    """Present value with one assumption moved."""
    assert carbon_price  # nil in this run: it moves nothing
    capital, running, life = MONEY[project]
    earned = energy_price * activity * saving * saved(project, PRICE) - running
    return earned / hand.recovery(life, hand.RATE * discount_rate) - capital * capex


def test_potential_levels(run):
    picture = run.pictures["potential_levels"]
    pays = [p for p in COSTED if annual(p) < 0]
    for axes, per in zip(picture.figure.axes, (TCE, EF), strict=True):
        sums = [sum(saved(p, per) for p in projects) for projects in (COSTED, pays)]
        close(widths(axes), sums)
        for label, wanted in zip(at_bars(axes), sums, strict=True):
            says(label.get_text(), [wanted])
    tce = [sum(saved(p, TCE) for p in projects) for projects in (COSTED, pays)]
    says(picture.caption, [tonnes(COSTED), tonnes(pays)])
    says(picture.alt, [tonnes(COSTED), tce[0], tonnes(pays), tce[1]])


def test_map_and_geojson(run):
    picture = run.pictures["potential_map"]
    mine = {firm: [p for p in COSTED if hand.HOME[p] == firm] for firm in "ABC"}
    order = sorted(mine, key=lambda firm: -tonnes(mine[firm]))
    places = {"A": (120, 0), "B": (120, 0.1), "C": (120.1, 0)}
    cost = {firm: sum(map(annual, projects)) / tonnes(projects) for firm, projects in mine.items()}
    marks = picture.figure.axes[0].collections[0]
    close(marks.get_offsets().data.ravel(), [x for firm in order for x in places[firm]])
    sizes = marks.get_sizes() / marks.get_sizes()[0]
    close(sizes, [max(0.02, tonnes(mine[firm]) / tonnes(mine[order[0]])) for firm in order])
    limit = np.quantile(np.abs(list(cost.values())), 0.9)
    close(marks.get_array(), [np.clip(cost[firm], -limit, limit) for firm in order])
    every = tonnes(COSTED)
    says(picture.caption, [3, 0, every, limit, 1])
    says(picture.alt, [3, 2_000, every, sum(c < 0 for c in cost.values())])
    features = geojson.collection(run.places, run.pairs)["features"]
    points = {f["properties"]["enterprise_id"]: f for f in features if f["geometry"]["type"] == "Point"}
    for firm, projects in mine.items():
        said = points[firm]["properties"]
        assert tuple(points[firm]["geometry"]["coordinates"]) == places[firm] and said["projects"] == len(projects)
        wanted = [tonnes(projects), sum(saved(p, TCE) for p in projects), sum(MONEY[p][0] for p in projects)]
        close([said[name] for name in ("tco2e_saved", "tce_saved", "capex")], wanted)
        close([said["annual_cost"], said["abatement_cost"]], [sum(map(annual, projects)), cost[firm]])
    (line,) = (f for f in features if f["geometry"]["type"] == "LineString")
    assert line["geometry"]["coordinates"] == [list(places["A"]), list(places["B"])]
    assert line["properties"]["heat_kw"] == pytest.approx(400) and line["properties"]["distance_km"] == pytest.approx(KM)


def test_present_value_of_two_paths_agrees():
    """The arithmetic itself: the sum of discounted years is the annuity."""
    for project in COSTED:
        assert value(project) == pytest.approx(_worth(project))
