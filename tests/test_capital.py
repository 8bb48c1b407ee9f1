"""Capital by part, loans and replacements as they are filed."""

import pytest

HEAD = "project_id,name,enterprise_id,capex,capex_equipment,capex_engineering,capex_labour,capex_other,lifetime_years"
LOAN = "project_id,name,enterprise_id,capex,lifetime_years,loan_share,loan_rate,loan_years,replacement_cost,replacement_after_years"


def told(built, check):
    found = built.findings()
    return found[found["check"] == check]


def capex(built):
    return built.checked.tables["projects"].set_index("project_id")["capex"]


def test_an_empty_capital_cost_is_the_sum_of_its_parts(tiny):
    built = tiny(projects=f"{HEAD}\nP1,Boiler,A,,600000,100000,200000,100000,10\nP2,Motors,C,,300000,,,,10\nP3,Light,C,,,,,,10\n")
    assert capex(built)["P1"] == 1_000_000 and capex(built)["P2"] == 300_000
    assert capex(built).isna()["P3"]
    assert told(built, "capex_from_parts")["expected"].tolist() == ["1,000,000.0", "300,000.0"]
    assert told(built, "missing_capex")["row"].tolist() == ["4"]


def test_parts_without_a_column_for_the_whole(tiny):
    built = tiny(projects="project_id,name,enterprise_id,capex_equipment,lifetime_years\nP1,Boiler,A,5000,10\n", savings=None)
    assert capex(built)["P1"] == 5000
    assert "missing_column" not in built.checks()


@pytest.mark.parametrize(
    ("parts", "differs"),
    [
        ("600000,100000,200000,100000", False),
        ("600000,100000,200000,109000", False),  # within 1 %
        ("600000,100000,200000,120000", True),
        ("600000,100000,200000,50000", True),
        ("600000,100000,200000,", False),  # one part is not known: it may be the rest
        ("600000,500000,,", True),  # parts beyond the whole
        (",,,", False),
    ],
)
def test_parts_against_the_whole(tiny, parts, differs):
    built = tiny(projects=f"{HEAD}\nP1,Boiler,A,1000000,{parts},10\nP2,Motors,C,300000,,,,,10\nP3,Light,C,100000,,,,,10\n")
    assert len(told(built, "capex_parts_differ")) == differs
    assert capex(built)["P1"] == 1_000_000


def test_a_part_below_nothing_is_out_of_range_and_not_in_the_sum(tiny):
    built = tiny(projects=f"{HEAD}\nP1,Boiler,A,,600000,-1,,,10\nP2,Motors,C,300000,,,,,10\nP3,Light,C,100000,,,,,10\n")
    assert capex(built)["P1"] == 600_000
    assert told(built, "out_of_range")["field"].tolist() == ["capex_engineering"]


def test_a_loan_without_terms_and_a_replacement_too_late(tiny):
    built = tiny(
        projects=f"{LOAN}\nP1,Boiler,A,1000000,10,0.7,,5,,\nP2,Motors,C,300000,10,,,,5000,10\nP3,Light,C,100000,10,0.5,0.04,5,1,5\n"
    )
    assert told(built, "loan_incomplete")[["row", "field"]].to_numpy().tolist() == [["2", "loan_rate"]]
    late = told(built, "replacement_beyond_life")
    assert late["row"].tolist() == ["3"] and late["seen"].tolist() == ["10"]
