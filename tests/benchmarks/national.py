"""The whole chain on the national case: every energy audit of the United States since fiscal year 2015, step by step.

    workbench import iac ASSESSMENTS RECOMMENDATIONS --from-year 2015 --grid-region by-state --out us
    python tests/benchmarks/national.py us [--reduction 4] [--objective capex] [--gap 1e-3]

Each step is a call of pure functions of tables; seconds and memory at the peak are printed, and the answer with its proof.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from pathlib import Path
from typing import Any

import pandas as pd

from workbench import curve, filing, interaction, inventory, params, potential, prices, quality, selection, store
from workbench.selection import greedy, recheck, solve


class Steps:
    """Seconds of each step and memory at the peak so far."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.last = time.perf_counter()

    def done(self, step: str, rows: int) -> None:
        """Note the step that ends now."""
        now = time.perf_counter()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.rows.append({"step": step, "rows": rows, "seconds": now - self.last, "peak_mb": peak})
        self.last = time.perf_counter()


def chain(folder: Path, year: int = 2019, **settings: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Every step from the folder to the proven bundle: (step, rows, seconds, peak_mb), the facts of the answer."""
    steps = Steps()
    filed = filing.check(store.read_package(folder))
    checked = filing.apply(filed, quality.check(filed, year, folder))
    tables, meta = checked.tables, checked.meta
    steps.done("intake", sum(len(table) for table in tables.values()))
    account = inventory.compile(tables, meta, year)
    firms = inventory.by_enterprise(account.rows, tables["enterprises"], tables["products"], meta["currency"])
    cluster = inventory.of_cluster(account.rows)
    steps.done("inventory", len(account.rows))
    paid, _ = prices.of_enterprises(account.ledger, tables["energy"], account.factors, meta, year)
    steps.done("prices", len(paid))
    wanted = params.validate({"cluster": "national", "package": str(folder), "year": year} | settings)
    found = potential.assess(tables, account.rows, account.factors, paid, meta, wanted)
    steps.done("potential", len(found.projects))
    pools = interaction.pools(found.bases, found.lines)
    drawn = curve.curve(found.projects, pools, tables["relations"], tables["groups"])
    steps.done("curve", len(drawn))
    problem = selection.build(tables, found.projects, found.bases, found.lines, firms, cluster, wanted)
    steps.done("problem", len(problem.projects))
    answer = solve.solve(problem, tie_break=False)
    steps.done("solution", len(answer.chosen))
    plan = greedy.greedy(problem)
    steps.done("greedy plan", len(plan.chosen))
    claims = {"objective_value": answer.value, "emissions_after": problem.emissions(set(answer.chosen))}
    claims |= {"capex": problem.capex(set(answer.chosen))}
    faults = recheck.recheck(problem, set(answer.chosen), claims) if answer.value is not None else ["no plan in the time given"]
    steps.done("recheck", len(faults))
    facts = {
        "plants": len(firms), "projects": len(problem.projects), "total_tco2e": problem.emissions_before,
        "budget_tco2e": problem.budget, "emissions_after": claims["emissions_after"], "status": answer.status,
        "value": answer.value, "bound": answer.bound, "gap": answer.gap, "build_seconds": answer.build_seconds,
        "solve_seconds": answer.solve_seconds, "greedy_value": plan.value, "greedy_met": plan.met, "faults": len(faults),
    }  # fmt: skip
    return pd.DataFrame(steps.rows), facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("--reduction", type=float, default=4.0, help="cut of the national total [%%]")
    parser.add_argument("--objective", default="capex", choices=["annual_cost", "capex", "npv_cost"])
    parser.add_argument("--gap", type=float, default=1e-3)
    args = parser.parse_args()
    taken, facts = chain(args.package, reduction_pct=args.reduction, objective=args.objective, selection_gap=args.gap)
    print(f"Python {platform.python_version()}, pandas {pd.__version__}, {platform.machine()}")
    print(taken.to_string(index=False, float_format="{:,.2f}".format))
    print(pd.Series(facts).to_string())


if __name__ == "__main__":
    main()
