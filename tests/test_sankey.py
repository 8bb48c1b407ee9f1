"""Flow diagrams: balanced at every node, equal to the inventory, readable in both languages."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.patches import Rectangle

from workbench import figures, wording
from workbench.figures import sankey

pytestmark = pytest.mark.filterwarnings("error")
COLUMNS = ["enterprise_id", "source", "carrier", "counterparty", "internal", "tce", "tco2e"]
SETTLED = pd.DataFrame(columns=["exchange_id", "from_enterprise", "to_enterprise", "commodity", "tco2e"])
# A burns coal, hands steam to B (12 kt by its own ledger, 11 by B's) and sells power; B burns gas; C's product holds carbon.
ROWS = pd.DataFrame(
    [
        ("A", "combustion", "bituminous", "", 0, 8000.0, 21000.0),
        ("A", "combustion", "bituminous", "", 0, -400.0, -1000.0),
        ("A", "sold_electricity", "electricity", "", 0, -500.0, -2000.0),
        ("A", "sold_heat", "steam", "B", 1, -4100.0, -12000.0),
        ("B", "purchased_heat", "steam", "A", 1, 4000.0, 11000.0),
        ("B", "combustion", "natural_gas", "", 0, 1300.0, 2162.0),
        ("C", "purchased_electricity", "electricity", "", 0, 600.0, 3000.0),
        ("C", "process", "limestone_use", "", 0, 0.0, 500.0),
        ("C", "process", "product_carbon", "", 0, 0.0, -700.0),
    ],
    columns=COLUMNS,
).assign(year=2022)


def firms(*ids):
    return pd.DataFrame({"enterprise_id": ids, "name": [f"Works {i}" for i in ids], "name_zh": [f"示例{i}厂" for i in ids]})


def flow(links, giver, taker):
    return links.loc[(links["from_node"] == giver) & (links["to_node"] == taker), "value"].sum()


def test_carbon_by_hand():
    nodes, links = sankey.nodes_and_links(ROWS, "tco2e", "source")
    assert flow(links, "in:combustion", "at:A") == 20000
    assert flow(links, "at:A", "at:B") == 11000  # what the taker counts
    assert flow(links, "at:A", "out:sold") == 2000
    assert flow(links, "at:A", "out:stays") == 7000
    assert flow(links, "at:B", "out:stays") == 13162
    assert flow(links, "at:C", "out:deducted") == 700
    assert nodes.set_index("node").loc["out:stays", "value"] == 22962  # 20000 - 2000 + 2162 + 3000 + 500 - 700
    assert nodes.set_index("node")["column"].to_dict() == {
        "in:combustion": 0, "in:process": 0, "in:purchased_electricity": 0, "at:A": 1, "at:B": 2, "at:C": 1,
        "out:stays": 3, "out:sold": 3, "out:deducted": 3,
    }  # fmt: skip


def test_energy_by_carrier():
    _, links = sankey.nodes_and_links(ROWS, "tce", "carrier")
    assert flow(links, "in:bituminous", "at:A") == 7600
    assert links.loc[links["from_node"] == "at:A"].set_index("to_node")["code"].to_dict() == {
        "at:B": "steam", "out:sold": "sold", "out:stays": "stays",
    }  # fmt: skip
    assert links.loc[links["to_node"] == "out:stays", "value"].sum() == 9000


def test_a_sale_that_only_the_giver_files_is_drawn():
    _, links = sankey.nodes_and_links(ROWS[ROWS["source"] != "purchased_heat"], "tco2e", "source")
    assert flow(links, "at:A", "at:B") == 12000


def test_more_handed_over_than_came_in():
    """Recovered heat and by-product gas: what did not come in from outside is shown as the firm's own."""
    rows = pd.DataFrame([("A", "fuel_handed_on", "coke_oven_gas", "B", 1, -50.0, -90.0)], columns=COLUMNS)
    nodes, links = sankey.nodes_and_links(rows, "tce", "carrier")
    assert (flow(links, "in:own", "at:A"), flow(links, "at:B", "out:stays")) == (50, 50)
    assert set(nodes["kind"]) == {"input", "enterprise", "output"}


def test_the_smaller_flow_of_a_cycle_runs_back():
    rows = pd.DataFrame(
        [
            ("A", "combustion", "coke", "", 0, 100.0, 1.0),
            ("B", "purchased_heat", "steam", "A", 1, 30.0, 1.0),
            ("A", "purchased_electricity", "electricity", "B", 1, 10.0, 1.0),
        ],
        columns=COLUMNS,
    )
    nodes, links = sankey.nodes_and_links(rows, "tce", "carrier")
    column = nodes.set_index("node")["column"]
    assert (column["at:A"], column["at:B"], column["out:stays"]) == (1, 2, 3)
    assert flow(links, "at:B", "at:A") == 10


def test_the_largest_stand_alone_and_the_others_are_one():
    ids = [f"E{i:02}" for i in range(30)]
    rows = pd.DataFrame([(e, "combustion", "coke", "", 0, 100.0 - i, 1.0) for i, e in enumerate(ids)], columns=COLUMNS)
    nodes, links = sankey.nodes_and_links(rows, "tce", "carrier", top=8)
    assert (nodes["kind"] == "enterprise").sum() == 9
    assert flow(links, "in:coke", "at:figures.other") == sum(100 - i for i in range(8, 30))
    picture = figures.energy_flows(rows, SETTLED, firms(*ids))
    assert any("other 22 enterprises" in words.get_text() for words in picture.figure.axes[0].texts)


cell = st.tuples(
    st.sampled_from("ABCD"),
    st.sampled_from(["combustion", "process", "purchased_heat", "sold_heat", "fuel_handed_on", "purchased_electricity"]),
    st.sampled_from(["coke", "steam", "electricity", "", "clinker"]),
    st.sampled_from("ABCD"),
    st.integers(0, 1),
    st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, float("nan")])),
)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(st.lists(cell, max_size=14), st.integers(1, 4), st.sampled_from(["carrier", "source"]))
def test_what_enters_a_node_leaves_it(cells, top, by):
    """For any rows, cycles and self-loops too: every enterprise balances and stays - own is the cluster total."""
    rows = pd.DataFrame([(*c[:5], c[5], c[5]) for c in cells], columns=COLUMNS)
    rows["counterparty"] = rows["counterparty"].where(rows["internal"] == 1, "")
    nodes, links = sankey.nodes_and_links(rows, "tco2e", by, top)
    slack = 1e-6 + 1e-8 * links["value"].sum()
    assert (links["value"] > 0).all() and (links["from_node"] != links["to_node"]).all()
    for node in nodes.loc[nodes["kind"] == "enterprise", "node"]:
        gap = links.loc[links["to_node"] == node, "value"].sum() - links.loc[links["from_node"] == node, "value"].sum()
        assert abs(gap) <= slack
    outside = np.nansum(rows.loc[rows["internal"] == 0, "tco2e"].to_numpy(dtype=float))
    stays = links.loc[links["to_node"] == "out:stays", "value"].sum() - links.loc[links["from_node"] == "in:own", "value"].sum()
    assert stays == pytest.approx(outside, abs=slack)
    enters = links.loc[links["from_node"].str.startswith("in:") & (links["from_node"] != "in:own"), "value"].sum()
    leaves = links.loc[links["to_node"].isin(["out:sold", "out:deducted"]), "value"].sum()
    assert enters - leaves == pytest.approx(outside, abs=slack)


# ---------------------------------------------------------------- pictures

DRAW = (figures.energy_flows, figures.carbon_flows)


def crowd():
    """Every kind of trouble at once: long names, a chain, a cycle, many carriers, very large beside very small."""
    ids = [f"E{i}" for i in range(12)]
    fuels = [
        "coke",
        "bituminous",
        "natural_gas",
        "diesel",
        "lpg",
        "fuel_oil",
        "anthracite",
        "lignite",
        "crude",
        "gasoline",
        "electricity",
    ]
    lines = [(e, "combustion", fuels[i % 11], "", 0, 10.0 ** (i % 6), 10.0 ** (i % 5)) for i, e in enumerate(ids)]
    for giver, taker in (("E0", "E1"), ("E1", "E2"), ("E2", "E3"), ("E3", "E0"), ("E5", "E4"), ("E11", "E5")):
        lines.append((taker, "purchased_heat", "steam", giver, 1, 900.0, 3000.0))
    table = firms(*ids).assign(name="A very long name of a works & <b>more</b> $x$", name_zh="某某市某某区某某实业发展股份有限公司")
    return pd.DataFrame(lines, columns=COLUMNS), table


@pytest.mark.parametrize("lang", wording.LANGUAGES)
@pytest.mark.parametrize("draw", DRAW)
@pytest.mark.parametrize("case", ["plain", "crowd"])
def test_no_label_lies_on_another(draw, lang, case):
    rows, table = (ROWS, firms("A", "B", "C")) if case == "plain" else crowd()
    picture = draw(rows, SETTLED, table, lang)
    picture.svg()
    renderer = picture.figure.canvas.get_renderer()
    frame = picture.figure.bbox
    boxes = [words.get_window_extent(renderer) for words in picture.figure.axes[0].texts]
    bars = [patch.get_window_extent(renderer) for patch in picture.figure.axes[0].patches if isinstance(patch, Rectangle)]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(bar) for bar in bars)
        assert frame.x0 <= box.x0 and box.x1 <= frame.x1
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_words_say_the_total_and_the_largest_flows(lang):
    picture = figures.carbon_flows(ROWS, SETTLED, firms("A", "B", "C"), lang)
    assert "23.0 ktCO₂e" in picture.caption if lang == "en" else "22,962 tCO₂e" in picture.caption
    first = "Combustion to Works A 20.0 ktCO₂e" if lang == "en" else "燃料燃烧→示例A厂 20,000 tCO₂e"
    assert first in picture.alt


@pytest.mark.parametrize("lang", wording.LANGUAGES)
@pytest.mark.parametrize("draw", DRAW)
def test_odd_tables_are_drawn(draw, lang):
    none = ROWS.iloc[:0]
    assert wording.text("figures.no_data", lang) in {t.get_text() for t in draw(none, SETTLED, firms(), lang).figure.axes[0].texts}
    assert "figures." not in draw(ROWS.assign(tce=0.0, tco2e=np.nan), SETTLED, firms("A"), lang).alt
    one = draw(ROWS.iloc[:1], SETTLED, firms("A"), lang)
    assert len(one.figure.axes[0].texts) == 4  # what comes in, the firm, what stays, the unit
    unnamed = draw(ROWS.assign(carrier=None), SETTLED, firms("Z"), lang)
    assert any(words.get_text().startswith("A\n") for words in unnamed.figure.axes[0].texts)
    circle = pd.DataFrame([(a, "purchased_heat", "steam", b, 1, 5.0, 5.0) for a, b in ("AB", "BA")], columns=COLUMNS)
    assert len(draw(circle, SETTLED, firms("A", "B"), lang).figure.axes[0].texts) == 3
    negative = draw(ROWS.assign(tce=-ROWS["tce"], tco2e=-ROWS["tco2e"]), SETTLED, firms("A", "B", "C"), lang)
    negative.svg()


@pytest.mark.parametrize("lang", wording.LANGUAGES)
def test_allocated_totals(lang):
    table = pd.DataFrame({"enterprise_id": ["A", "B"], "guideline_tco2e": [20000.0, 13162.0], "allocated_tco2e": [8000.0, 14162.0]})
    picture = figures.allocated_totals(table, firms("A", "B"), lang)
    said = {words.get_text() for words in picture.figure.axes[0].texts}
    assert {"8.00 (−12.0)", "14.2 (+1.00)"} <= said if lang == "en" else {"8,000 (−12,000)", "14,162 (+1,000)"} <= said
    assert "22.2 ktCO₂e" in picture.caption if lang == "en" else "22,162 tCO₂e" in picture.caption
    assert ("Works A" if lang == "en" else "示例A厂") in picture.alt
    figures.allocated_totals(table.assign(allocated_tco2e=[-5.0, np.nan]), firms("A"), lang).svg()
    for nothing in (table.iloc[:0], table.assign(allocated_tco2e=table["guideline_tco2e"])):
        assert wording.text("figures.allocated_totals.title", lang) in figures.allocated_totals(nothing, firms(), lang).alt


@pytest.mark.parametrize("draw", DRAW)
def test_letters_are_drawn_once_and_used_again(draw):
    rows, table = crowd()
    assert len(draw(rows, SETTLED, table).svg()) < 120_000  # letters with outlines of their own take some times that
