"""Knapsack problems with published optima, read as choices: a project is an item left out, its saving the item's weight."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest

from test_other_solvers import by_cbc
from workbench import params
from workbench.selection import build, solve, standard_form
from workbench.selection.recheck import recheck

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "instances" / "knapsack"
LISTED = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))["instances"] if FOLDER.is_dir() else []
LONG = {"cb_OR5x100-0.25_1.csv", "cb_OR5x100-0.50_1.csv", "cb_OR5x100-0.75_1.csv"}


MINUTES = "kplib_InverseStronglyCorrelated_100.csv"  # HiGHS takes them, CBC less than a second


def published(name: str):
    marks = [pytest.mark.slow] if name in LONG or "_1000" in name else []
    return pytest.param(name, marks=marks, id=name.removesuffix(".csv"))


def problem(case: dict):
    """Each budget is the limit of an enterprise of its own, in which every project saves its weight of the budget."""
    items = pd.read_csv(FOLDER / case["file"], dtype={"project": str})
    ids = "p" + items["project"].str.zfill(4)
    weights = items.filter(like="abatement_").set_axis([f"e{n}" for n in range(case["budgets"])], axis=1).set_axis(ids)
    required = pd.Series(case["required_abatement"], index=weights.columns, dtype=float)
    whole = weights.sum().astype(float)
    potential = pd.DataFrame({"project_id": ids, "capex": items["cost"].astype(float), "lifetime_years": 10.0})
    more = {
        "enterprise_id": "e0",
        "name": ids,
        "name_zh": "",
        "status": "",
        "eligible": 1,
        "opex_per_year": 0.0,
        "start_year": 2023,
    }
    more |= {"upstream_tco2e": 0.0, "tco2e_saved": weights.sum(axis=1).to_numpy(float), "tce_saved": 0.0, "abatement_cost": 1.0}
    potential = potential.assign(**more, annual_cost=potential["capex"])
    bases = pd.DataFrame({"enterprise_id": whole.index, "use": whole.to_numpy()})
    bases = bases.assign(pool_id=bases["enterprise_id"] + "|gas", unit_id="", carrier="gas", tco2e_per_activity=1.0, price=0.0)
    lines = weights.stack().rename("amount").reset_index().set_axis(["project_id", "enterprise_id", "amount"], axis=1)
    lines = lines[lines["amount"] > 0].assign(unit_id="", mode="absolute", pool_id=lambda t: t["enterprise_id"] + "|gas")
    firms = pd.DataFrame({"enterprise_id": whole.index, "total_tco2e": whole.to_numpy(), "tce": 0.0})
    limits = pd.DataFrame({"enterprise_id": whole.index, "emission_limit_tco2e": (whole - required).to_numpy()})
    rules = {"relations": ["project_id", "relation", "other_id"], "members": ["project_id", "enterprise_id", "capex_share"]}
    rules["groups"] = ["group_id", "project_id", "min_selected", "max_selected"]
    tables = {name: pd.DataFrame(columns=columns) for name, columns in rules.items()} | {"enterprises": limits}
    cluster = pd.DataFrame({"item": ["cluster_total_tco2e", "cluster_total_tce"], "value": [whole.sum(), 0.0]})
    given = {"cluster": "x", "package": "x", "year": 2022, "objective": "capex", "selection_gap": 0.0, "time_limit_s": 300.0}
    return build(tables, potential, bases.assign(tce_per_activity=0.0), lines, firms, cluster, params.validate(given))


@pytest.mark.skipif(not LISTED, reason="the published instances do not lie beside the project")
@pytest.mark.parametrize("name", [published(case["file"]) for case in LISTED if case["file"] != MINUTES])
def test_the_published_optimum_is_found(name):
    case = next(case for case in LISTED if case["file"] == name)
    asked = problem(case)
    found = solve.solve(asked, tie_break=False)
    assert found.status == "optimal" and found.value == pytest.approx(case["optimal_cost"], abs=1e-6)
    claims = {"objective_value": found.value, "emissions_after": asked.emissions(found.chosen), "capex": asked.capex(found.chosen)}
    assert recheck(asked, found.chosen, claims) == []
    left_out = asked.projects.loc[~asked.projects["project_id"].isin(found.chosen), "capex"].sum()
    assert left_out == pytest.approx(case["published_knapsack_optimum"])


@pytest.mark.skipif(not LISTED, reason="the published instances do not lie beside the project")
@pytest.mark.filterwarnings("ignore:PULP_CBC_CMD is deprecated")
def test_the_published_optimum_of_the_hard_one_is_found_by_another_solver(tmp_path):
    """The same program as HiGHS holds, read from a file by CBC; HiGHS in a second has a plan and a bound around the optimum."""
    case = next(case for case in LISTED if case["file"] == MINUTES)
    asked, path = problem(case), str(tmp_path / "choice.mps")
    held = solve.Model(asked)
    costs, constant = held.criterion("capex")
    standard_form.write(held.form, asked.settings, costs, path)
    assert by_cbc(path) + constant == pytest.approx(case["optimal_cost"], abs=1e-6)
    hurried = asked.settings.model_copy(update={"time_limit_s": 1.0})
    found = solve.solve(dataclasses.replace(asked, settings=hurried), tie_break=False)
    assert found.bound - 1e-6 <= case["optimal_cost"] <= found.value + 1e-6
