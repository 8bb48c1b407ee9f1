"""Energy balance, efficiency and their sums on a seller of steam and a buyer, in round numbers."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import efficiency, energy_balance, wording, words

COLUMNS = ["enterprise_id", "unit_id", "source", "carrier", "internal", "tce", "tco2e"]
# A buys 1,000 tce of coal, hands 600 tce of steam to B and sells 50 tce of power outside; B receives 590 tce and buys 110 of gas.
ROWS = pd.DataFrame(
    [
        ("A", "A1", "combustion", "bituminous", 0, 1000.0, 2700.0),
        ("A", "", "process", "limestone_use", 0, 0.0, 90.0),
        ("A", "", "sold_heat", "steam", 1, -600.0, -1600.0),
        ("A", "", "sold_electricity", "electricity", 0, -50.0, -240.0),
        ("B", "B1", "purchased_heat", "steam", 1, 590.0, 1580.0),
        ("B", "", "combustion", "natural_gas", 0, 110.0, 180.0),
    ],
    columns=COLUMNS,
)
CLUSTER = pd.DataFrame(
    {"item": ["sum_of_enterprises_tce", "cluster_total_tce"], "value": [350.0 + 700.0, 1000.0 + 110.0 - 50.0], "unit": "tce"}
)
UNITS = pd.DataFrame(
    {"unit_id": ["A1", "B1", "B2"], "enterprise_id": ["A", "B", "B"], "name": ["Boiler", "Dryer", "Fan"],
     "kind": ["boiler", "dryer", "fan"], "efficiency": [0.9, 0.5, 0.8]}
)  # fmt: skip
FIRMS = pd.DataFrame({"enterprise_id": ["A", "B"], "name": ["Alpha", "Beta"], "name_zh": ["甲", "乙"]})
USE = pd.DataFrame(
    {"enterprise_id": ["A", "B", "B"], "carrier": ["bituminous", "steam", "natural_gas"], "tce": [1000.0, 590.0, 110.0],
     "system": ["steam", "process_heating", "not_split"], "tco2e": [2700.0, 1580.0, 180.0],
     "basis": ["metered", "metered", "not_split"]}
)  # fmt: skip


def test_what_enters_is_used_handed_on_or_sold():
    made = energy_balance.balance(ROWS).set_index(["level", "key"])
    names = ["bought_tce", "received_tce", "used_tce", "handed_tce", "sold_tce", "net_tce", "cluster_tce"]
    assert made.loc[("enterprise", "A"), names].tolist() == [1000, 0, 1000, 600, 50, 350, 950]
    assert made.loc[("enterprise", "B"), names].tolist() == [110, 590, 700, 0, 0, 700, 110]
    assert made.loc[("total", ""), names].tolist() == [1110, 590, 1700, 600, 50, 1050, 1060]
    assert made.loc[("carrier", "steam"), ["received_tce", "handed_tce", "net_tce"]].tolist() == [590, 600, -10]
    assert made.loc[("total", ""), "used_tco2e"] == 4460 and "limestone_use" not in made.index.get_level_values("key")


def test_the_balance_closes_on_the_inventory_and_losses_between_members_are_named():
    made = energy_balance.balance(ROWS)
    checks = energy_balance.closure(made, USE, CLUSTER).set_index("item")
    assert checks["closes"].drop("handed").tolist() == [1, 1, 1, 1]
    assert checks.at["handed", "difference_tce"] == 10 and pd.isna(checks.at["handed", "closes"])
    broken = energy_balance.closure(made, USE.assign(tce=USE["tce"] + 1), CLUSTER).set_index("item")
    assert broken.at["uses", "closes"] == 0 and broken.at["uses", "difference_tce"] == 3


def test_without_any_row_the_balance_is_nil_and_closes():
    made = energy_balance.balance(ROWS.iloc[:0])
    assert made["level"].tolist() == ["total"] and made[["used_tce", "net_tce", "cluster_tce"]].eq(0).all(axis=None)
    cluster = pd.DataFrame({"item": ["sum_of_enterprises_tce", "cluster_total_tce"], "value": [0.0, 0.0]})
    checks = energy_balance.closure(made, pd.DataFrame({"tce": []}), cluster)
    assert checks["closes"].dropna().eq(1).all() and len(checks["closes"].dropna()) == 4


def test_uses_add_up_and_say_how_they_were_split():
    uses = energy_balance.by_use(USE).set_index("system")
    assert uses["tce"].to_dict() == {"steam": 1000, "process_heating": 590, "not_split": 110}
    assert uses["share_pct"].sum() == pytest.approx(100)
    assert uses.loc["not_split", ["metered_tce", "not_split_tce"]].tolist() == [0, 110]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["combustion", "purchased_heat", "sold_heat"]),
                          st.sampled_from([0, 1]), st.floats(0, 1e6)), min_size=1, max_size=12))  # fmt: skip
def test_every_row_is_in_one_column_only(given_rows):
    rows = pd.DataFrame(given_rows, columns=["enterprise_id", "source", "internal", "tce"]).assign(carrier="steam", tco2e=0.0)
    rows["tce"] = rows["tce"].where(rows["source"] != "sold_heat", -rows["tce"])
    made = energy_balance.balance(rows)
    total = made[made["level"] == "total"].iloc[0]
    assert total["net_tce"] == pytest.approx(rows["tce"].sum(), abs=1e-6)
    assert total["cluster_tce"] == pytest.approx(rows.loc[rows["internal"] == 0, "tce"].sum(), abs=1e-6)
    assert made.loc[made["level"] == "enterprise", "net_tce"].sum() == pytest.approx(total["net_tce"], abs=1e-6)


def test_losses_follow_the_filed_efficiency_of_units_that_use_energy():
    table = efficiency.equipment(ROWS, UNITS).set_index("unit_id")
    assert table["loss_tce"].to_dict() == pytest.approx({"B1": 295, "A1": 100})
    assert table.at["A1", "loss_tco2e"] == pytest.approx(270) and list(table.index) == ["B1", "A1"]
    assert efficiency.equipment(ROWS, UNITS.assign(efficiency=None)).empty


def test_a_published_level_goes_before_the_peers():
    positions = pd.DataFrame(
        {"enterprise_id": ["A", "A"], "unit_id": ["", ""], "product": ["carbide", "lime"], "actual": [830.0, 100.0],
         "reference_value": [805.0, 110.0], "unit": "kgce/t", "potential_tce": [25.0, 0.0], "benchmark": ["b:carbide", "b:lime"],
         "remembered": [1, 0]}
    )  # fmt: skip
    peers = pd.DataFrame(
        {"enterprise_id": ["A", "B", "B", "B"], "kind": ["product", "employee", "output_value", "product"], "numerator": "tce",
         "denominator": [10.0, 5.0, 20.0, 7.0], "value": [3.0, 9.0, 12.0, 1.0], "unit": "tce per t", "sector": "paper",
         "percentile": 80.0, "sector_median": [1.0, 2.0, 10.0, None]}
    )  # fmt: skip
    table = efficiency.gaps(positions, peers, ROWS)
    assert table[["enterprise_id", "compared", "subject", "gap_tce"]].values.tolist() == [
        ["B", "peers", "output_value", 40.0], ["A", "benchmark", "carbide", 25.0], ["A", "benchmark", "lime", 0.0],
    ]  # fmt: skip
    assert table["gap_tco2e"].tolist() == pytest.approx([40 * 1760 / 700, 25 * 2.7, 0])
    assert efficiency.gaps(positions.iloc[:0], peers.iloc[:0], ROWS).empty
    nobody = efficiency.gaps(positions.assign(reference_value=None), peers.assign(kind="employee"), ROWS)  # only heads are known
    assert nobody.empty and list(nobody.columns) == efficiency.GAPS


def test_why_no_gap_is_stated():
    """A stands against a level; B's energy is all estimated, C's in part; D makes two things at once, E nothing that is filed."""
    firms = pd.DataFrame({"enterprise_id": list("ABCDE")})
    energy = pd.DataFrame({"enterprise_id": list("ABBCCDE"), "evidence": ["estimate"] * 4 + ["utility_bill", "", None]})
    positions = pd.DataFrame(
        {"enterprise_id": list("ABCDD"), "reason": ["", "no_benchmark", "no_benchmark", "no_benchmark", "several_products"]}
    )
    gaps = pd.DataFrame({"enterprise_id": ["A"]})
    silent = efficiency.silent(gaps, positions, energy, firms)
    assert silent.set_index("enterprise_id")["reason"].to_dict() == {
        "B": "modelled", "C": "no_level", "D": "not_comparable", "E": "no_product",
    }  # fmt: skip
    empty = efficiency.silent(gaps.iloc[:0], pd.DataFrame(), energy.iloc[:0], firms)
    assert list(empty["reason"]) == ["no_product"] * 5
    for lang in ("en", "zh"):
        said = [wording.text(f"report.efficiency.silent.{reason}", lang, count=1) for reason in set(silent["reason"])]
        assert len(set(said)) == 4


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_balance_is_told_and_shown_in_both_languages(lang):
    made, uses = energy_balance.balance(ROWS), energy_balance.by_use(USE)
    checks = energy_balance.closure(made, USE, CLUSTER)
    said = str(words.balance_summary(made, uses, checks, lang))
    assert "1,700" in said and "600" in said and "590" in said
    shown = words.balance_tables(made, uses, checks, FIRMS, lang)
    assert list(shown["balance_carrier"]["carrier"])[-1] == {"en": "All carriers", "zh": "合计"}[lang]
    losses = efficiency.equipment(ROWS, UNITS)
    none = efficiency.gaps(pd.DataFrame(), pd.DataFrame(), ROWS)
    silent = pd.DataFrame({"enterprise_id": list("AB"), "reason": ["modelled", "no_level"]})
    told = str(words.efficiency_summary(losses, none, silent, UNITS, FIRMS, lang))
    assert "295" in told and "50" in told and "GB 21256" in told
    assert words.efficiency_tables(losses, pd.DataFrame(columns=efficiency.GAPS), UNITS, FIRMS, lang).keys() == {"equipment"}
