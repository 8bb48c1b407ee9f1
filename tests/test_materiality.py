"""What each finding does to the total, by hand; the rows add up to filed - verified; the sum against the threshold."""

import time
from pathlib import Path

import pandas as pd
import pytest

from workbench import filing, findings, inventory, materiality, quality, store

PARK = Path(__file__).parents[1] / "data" / "clusters" / "example-park"
EXCHANGES = "exchange_id,year,from_enterprise,to_enterprise,commodity,quantity_sent,quantity_received,unit,tco2_per_unit\n"
HOT = "hot_water,{flow},{quantity},GJ,,,,,0.1,{other},"


def judged(case, lang="en"):
    found = findings.collect(case.filed.findings + case.problems + case.inventory.findings)
    return materiality.misstatements(case.package, case.checked.tables, case.inventory, found, 2022, lang=lang)


def tonnes(case):
    """(check, enterprise) → misstatement, of the findings with tonnes."""
    table = judged(case).dropna(subset=["misstatement_tco2e"])
    return {(r.check, r.enterprise_id): round(r.misstatement_tco2e, 6) for r in table.itertuples()}


def diesel(enterprise="A", flow="purchase", quantity="100", month="", year="2022", unit="t", note=""):
    return f"{enterprise},{year},{month},,diesel,{flow},{quantity},{unit},,,,,3,,{note}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([diesel(), diesel()], {("duplicate_row", "A"): 300}),
        ([diesel(), diesel(quantity="-10")], {("negative_quantity", "A"): -30}),
        ([diesel(), diesel("Z", quantity="5")], {("unknown_enterprise", "Z"): 15}),
        ([diesel(), diesel(quantity="50", unit="tonn")], {("unknown_unit", "A"): 150}),
        ([diesel(), diesel(flow="consumption", quantity="110")], {("consumption_mismatch", "A"): 30}),
        ([diesel(), diesel(flow="consumption", quantity="80")], {("consumption_mismatch", "A"): -60}),
        ([*(diesel(quantity="10", month=str(m)) for m in range(1, 13)), diesel(quantity="150")], {("months_and_year", "A"): 90}),
    ],
)
def test_effect_by_hand(energy, lines, expected):
    assert tonnes(energy(*lines)) == expected


def test_values_that_were_ignored(energy):
    line = "A,2022,,,bituminous,purchase,100,t,,{ncv},0.025,{of},,,"
    usual = energy(line.format(ncv=20, of=0.96)).inventory.rows["tco2e"].sum()
    assert usual == pytest.approx(100 * 20 * 0.025 * 0.96 * 44 / 12)
    oxidation = judged(energy(line.format(ncv=20, of=96))).set_index("check").loc["oxidation_range"]
    assert oxidation["filed_tco2e"] == pytest.approx(100 * usual)
    low = judged(energy(line.format(ncv=2, of=0.96))).set_index("check").loc["ncv_band"]
    assert low["filed_tco2e"] == pytest.approx(usual / 10) and low["misstatement_tco2e"] < 0
    assert low["misstatement_tco2e"] == pytest.approx(low["filed_tco2e"] - low["verified_tco2e"])


def test_two_errors_in_one_row_leave_an_interaction_and_add_up(energy):
    case = energy("A,2022,,,bituminous,purchase,100,t,,2,0.025,96,,,")
    table = judged(case)
    assert table["check"].tolist()[-1] == "interaction"
    filed = 100 * 2 * 0.025 * 96 * 44 / 12
    assert table["misstatement_tco2e"].sum() == pytest.approx(filed - case.inventory.rows["tco2e"].sum())


def test_a_row_with_two_errors_that_set_it_aside_is_counted_once(energy):
    table = judged(energy(diesel(), diesel("Z", quantity="-5"))).dropna(subset=["misstatement_tco2e"])
    assert table["misstatement_tco2e"].tolist() == [-15]


@pytest.fixture(scope="module")
def heat(energy):
    """A sells hot water to B: (sold, bought by the ledgers; sent, received by the exchange) → case."""

    def build(sold, bought, sent, received):
        lines = [diesel()]
        lines += ["A,2022,,," + HOT.format(flow="sale", quantity=sold, other="B")] if sold else []
        lines += ["B,2022,,," + HOT.format(flow="purchase", quantity=bought, other="A")] if bought else []
        return energy(*lines, exchanges=EXCHANGES + f"X1,2022,A,B,hot_water,{sent},{received},GJ,0.1\n")

    return build


def test_giver_and_taker_differ(heat):
    table = judged(heat(1500, 1320, 1500, 1320)).set_index("check")
    assert table.at["exchange_mismatch", "misstatement_tco2e"] == pytest.approx(18)
    assert table.at["exchange_mismatch", "enterprise_id"] == "B"
    assert table.at["exchange_mismatch", "cluster_misstatement_tco2e"] == 0  # between members
    assert table.at["exchange_ledger", "tonnes"] == "none"  # the same difference, not counted twice


def test_ledger_and_exchange_table_differ(heat):
    assert tonnes(heat(1000, 900, 1000, 1000)) == pytest.approx({("exchange_ledger", "B"): 10, ("exchange_ledger", "A"): 10})


def test_a_flow_that_the_takers_ledger_lacks(heat):
    assert tonnes(heat(1000, None, 1000, 1000)) == {("exchange_added", "B"): -100}


def test_findings_without_tonnes_are_listed_with_the_reason(energy):
    lines = [diesel(), diesel(quantity="1O0"), diesel(flow="sale", quantity="-1", year="2021"), diesel("B", month="3", note="=cmd")]
    for lang, word in (("en", "cannot be read"), ("zh", "无法识别")):
        table = judged(energy(*lines), lang).set_index("check")
        assert word in table.at["not_a_number", "reason"]
        assert table.at["not_a_number", "tonnes"] == "unknown" == table.at["months_incomplete", "tonnes"]
        assert table.at["negative_quantity", "tonnes"] == "none" == table.at["suspicious_text", "tonnes"]
        assert table["misstatement_tco2e"].isna().all() and (table["reason"] != "").all()


def test_no_findings_and_an_empty_ledger(tiny):
    case = tiny(meta={"data_nature": "published"}, savings=None, projects=None)
    none = case.filed.findings[0].iloc[:0].reindex(columns=findings.COLUMNS)
    table = materiality.misstatements(case.package, case.checked.tables, case.inventory, none, 2022)
    assert table.empty
    whole = materiality.conclusion(table, case.inventory.rows).set_index("key")
    assert whole.at["cluster", "filed_tco2e"] == whole.at["cluster", "verified_tco2e"] == 25_300
    assert not whole["is_material"].any()
    empty = materiality.conclusion(table, case.inventory.rows.iloc[:0])
    assert empty["key"].tolist() == ["cluster"] and empty["filed_tco2e"].tolist() == [0]


def stated(*items):
    columns = ["enterprise_id", "misstatement_tco2e", "cluster_misstatement_tco2e", "tonnes"]
    return pd.DataFrame([(who, value, value, "stated") for who, value in items], columns=columns)


VERIFIED = pd.DataFrame({"enterprise_id": ["A", "B"], "tco2e": [600.0, 400.0], "internal": [0, 0]})


def test_small_items_add_up_to_a_material_one():
    # 3 % and 4 % of 1,000 t: each below 5 %, together 70 t of 1,070 t filed
    found = materiality.conclusion(stated(("A", 30.0), ("B", 40.0)), VERIFIED).set_index("key").loc["cluster"]
    assert (found["sum_signed_tco2e"], found["threshold_pct"], found["threshold_tco2e"]) == pytest.approx((70, 5, 53.5))
    assert found["is_material"] == 1 and found["opposite_signs"] == 0


def test_opposite_signs_cancel_and_it_is_said():
    table = materiality.conclusion(stated(("A", 60.0), ("B", -50.0)), VERIFIED).set_index("key")
    found = table.loc["cluster"]
    assert (found["sum_signed_tco2e"], found["sum_absolute_tco2e"]) == (10, 110)
    assert found["is_material"] == 0 and found["opposite_signs"] == 1 and found["absolute_above_threshold"] == 1
    assert table.loc[["A", "B"], "is_material"].tolist() == [1, 1]


def test_a_threshold_set_before_the_work():
    strict = materiality.conclusion(stated(("A", 30.0)), VERIFIED, materiality_pct=2).set_index("key")
    assert strict["is_material"].to_dict() == {"cluster": 1, "A": 1, "B": 0}
    # Regulation (EU) No 600/2012, Article 23: 5 % up to 500 kt, 2 % above
    assert [materiality.threshold_pct(t, "eu_ets") for t in (0, 500_000, 500_001)] == [5, 5, 2]
    assert materiality.threshold_pct(1e9) == 5 == materiality.threshold_pct(float("nan"), "eu_ets")


@pytest.fixture(scope="module")
def park():
    package = store.read_package(PARK)
    filed = filing.check(package)
    doubts = quality.check(filed, 2022)
    checked = filing.apply(filed, doubts)
    made = inventory.compile(checked.tables, checked.meta, 2022)
    found = findings.collect(filed.findings + doubts + made.findings)
    start = time.perf_counter()
    table = materiality.misstatements(package, checked.tables, made, found, 2022)
    return table, made.rows, found, time.perf_counter() - start


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "row", "expected"),
    [
        ("unknown_unit", 84, 8.6 * 0.5978),  # 8,600 kWh of Jiangsu's grid of 2022
        ("unknown_enterprise", 129, 3 * 3.1098),
        ("duplicate_row", 80, 4.2 * 2.9251),
        ("negative_quantity", 98, -0.8 * 3.1098),
        ("consumption_mismatch", 111, 34 * 3.1013),  # 352 t filed, 12 + 320 - 14 t by the balance
        ("exchange_mismatch", 8, 180 * 0.1146),
        ("oxidation_range", 93, 6 * 25.1 * 0.0274 * (98 - 0.94) * 44 / 12),
        ("ncv_band", 87, 20 * (2.2 - 19.57) * 0.0261 * 0.93 * 44 / 12),
    ],
)
def test_planted_errors_with_tonnes(park, check, row, expected):
    table = park[0]
    hit = table[(table["check"] == check) & (table["row"] == str(row))]
    assert hit["misstatement_tco2e"].tolist() == pytest.approx([expected], rel=2e-3)


@pytest.mark.slow
def test_every_finding_is_listed_and_the_rows_add_up(park):
    table, rows, found, seconds = park
    assert set(found["finding_id"]) == set(table["finding_id"]) - {""}
    ended = materiality.conclusion(table, rows).set_index("key")
    assert ended.at["cluster", "filed_tco2e"] - ended.at["cluster", "verified_tco2e"] == pytest.approx(
        table["cluster_misstatement_tco2e"].sum()
    )
    assert ended.at["cluster", "verified_tco2e"] == pytest.approx(rows.loc[rows["internal"] == 0, "tco2e"].sum())
    assert ended.at["E09", "filed_tco2e"] == pytest.approx(3 * 3.1098, rel=1e-3) and ended.at["E09", "verified_tco2e"] == 0
    assert seconds < 10


@pytest.mark.slow
def test_findings_read_back_from_a_file(park, tmp_path):
    table, rows, found, _ = park
    found.to_csv(tmp_path / "findings.csv", index=False)
    package = store.read_package(PARK)
    filed = filing.check(package)
    checked = filing.apply(filed, quality.check(filed, 2022))
    made = inventory.compile(checked.tables, checked.meta, 2022)
    again = materiality.misstatements(package, checked.tables, made, pd.read_csv(tmp_path / "findings.csv"), 2022)
    assert again["misstatement_tco2e"].sum() == pytest.approx(table["misstatement_tco2e"].sum())
