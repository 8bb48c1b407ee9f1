"""How often measures are carried out: paybacks at the edges of their ranges, and what a figure of the diagnosis rests on."""

import pandas as pd
import pytest

from workbench import adoption, dictionary, words
from workbench.words import measures as measure_words


def projects(paybacks, eligible=1):
    names = [f"P{number}" for number in range(len(paybacks))]
    return pd.DataFrame(
        {"project_id": names, "payback_years": paybacks, "eligible": eligible, "tce_saved": 10.0, "tco2e_saved": 25.0}
    )


def test_a_range_of_payback_holds_its_upper_end():
    """1 year is in (0.75, 1], 1.01 in (1, 1.5], 40 in the open range beyond 10; nil and below in the first; never in none."""
    found = adoption.by_payback(projects([1.0, 1.0, 1.01, 40.0, 0.0, -3.0, float("nan")]))
    assert found["payback_from_years"].tolist() == [0, 0.75, 1, 10] and found["projects"].tolist() == [2, 2, 1, 1]
    assert found["tce_saved"].tolist() == [20, 20, 10, 10] and found["tco2e_saved"].tolist() == [50, 50, 25, 25]
    rows = dictionary.read_table("technologies/implementation_by_payback").query("curve == 'iac'")
    shares = rows.set_index("payback_from_years")["share"].astype(float)
    assert found["share_pct"].tolist() == pytest.approx([100 * shares[name] for name in ("0", "0.75", "1", "10")], abs=5e-3)
    assert found["carried_out"].lt(found["recommendations"]).all() and found["source"].str.contains("Industrial Assessment").all()


def test_projects_that_take_no_part_or_have_no_payback_are_in_no_row():
    assert adoption.by_payback(projects([2.0], eligible=0)).empty and adoption.by_payback(projects([float("nan")])).empty
    assert list(adoption.by_payback(projects([])).columns) == adoption.BY_PAYBACK


@pytest.mark.parametrize(("lang", "said"), [("en", ["over 0.75 to 1", "over 10"]), ("zh", ["0.75—1（不含下限）", "10 以上"])])
def test_ranges_are_told(lang, said):
    assert measure_words.implementation_rows(adoption.by_payback(projects([1.0, 12.0])), lang)["payback_range"].tolist() == said


def test_what_a_project_rests_on(tiny):
    """P1 saves coal, P2 and P3 power; each factor by its number in the table of those applied, each at its own bills."""
    case = tiny()
    library, used = case.assess(), case.inventory.factors
    assert words.rests_on(library, used, "en").to_dict() == {"P1": "F1; own bills", "P2": "F2; own bills", "P3": "F2; own bills"}
    assert words.rests_on(library, used, "zh")["P1"] == "F1；自有账单"
    unpaid = library.bases.assign(price_source="cn:coal:2021")
    assert words.rests_on(type(library)(library.projects, unpaid, library.lines, library.by_carrier, []), used, "en")["P1"] == (
        "F1; price cn:coal:2021"
    )
