"""An answer changed after it was stored is refused before a report prints it."""

from __future__ import annotations

import pandas as pd
import pytest

from workbench import words
from workbench.selection import select, trusted


@pytest.fixture(scope="module", params=[None, 2024])
def stored(request, tiny):
    """P2 and P3 for 400,000: problem, bundle as read from a file, summary."""
    problem = tiny().problem(objective="capex", budget_tco2e=24_300.0, horizon_year=request.param)
    found = select(problem, explain=False)
    return problem, found.bundle, found.summary


def test_what_was_stored_is_printed(stored):
    problem, bundle, summary = stored
    again, same = trusted(problem, bundle, summary)
    assert same is summary and again is bundle and summary["projects_selected"] == 2


def left_out(bundle: pd.DataFrame, project: str) -> pd.DataFrame:
    return bundle.assign(selected=bundle["selected"].where(bundle["project_id"] != project, 0))


def test_a_bundle_that_was_tampered_with_is_refused(stored):
    problem, bundle, summary = stored
    fewer = left_out(bundle, "P2"), summary
    renamed = bundle.assign(project_id=bundle["project_id"].replace("P3", "P9")), summary
    cheaper = bundle, summary | {"capex": 300_000.0, "objective_value": 300_000.0}
    cleaner = bundle, summary | {"emissions_after": 24_000.0}
    for told, claimed in (fewer, renamed, cheaper, cleaner):
        shown, refused = trusted(problem, told, claimed)
        assert refused["status"] == "refused" and refused["objective_value"] is None and refused["recheck"]
        assert shown["selected"].eq(0).all()
        assert "refused" in str(words.selection_summary(refused, "CNY", "en"))
        assert "不予采信" in str(words.selection_summary(refused, "CNY", "zh"))


def test_no_plan_is_no_claim(tiny):
    found = select(tiny().problem(objective="capex", budget_tco2e=10_000.0), explain=False)
    assert trusted(tiny().problem(objective="capex", budget_tco2e=10_000.0), found.bundle, found.summary)[1] is found.summary
