"""What if the budget were another: the answer at any cut, as a page for a slider in JupyterLab and as a table that needs none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from workbench import figures, tables, wording, words
from workbench.selection import Problem, front, plans
from workbench.selection.plans import Held, Plan

STEPS = ["reduction_pct", "budget_tco2e", "emissions_tco2e", "objective_value", "capex", "projects", "added", "dropped"]


@dataclass(frozen=True)
class WhatIf:
    """A problem that is asked again and again with another budget; the model is built once."""

    problem: Problem
    currency: str
    lang: str = "en"

    @property
    def unit(self) -> str:
        """The unit of the objective: the currency, unless emissions or a weighted sum are made least."""
        return words.objective_unit(self.problem.settings.objective, self.currency)

    @cached_property
    def _held(self) -> Held:
        return plans.matrix(self.problem)

    @cached_property
    def front(self) -> pd.DataFrame:
        """The front the answers lie on."""
        return front(self.problem)

    @cached_property
    def most_pct(self) -> float:
        """The largest cut that can be reached, in percent of the emissions before."""
        least = plans.least(self._held)
        reach = self.problem.emissions_before if least is None else least
        return max(0.0, 100 * (1 - reach / self.problem.emissions_before)) if self.problem.emissions_before > 0 else 0.0

    def budget(self, reduction_pct: float) -> float:
        """The budget of a cut, tCO2e a year."""
        return (1 - reduction_pct / 100) * self.problem.emissions_before

    def plan(self, reduction_pct: float) -> Plan | None:
        """The least plan of a cut; None where the cut is out of reach."""
        return plans.within(self._held, self.budget(reduction_pct), capital=False)

    def steps(self, number: int = 8) -> pd.DataFrame:
        """The plans of evenly spread cuts, each with the projects that join and leave; columns STEPS."""
        rows, before = [], frozenset()
        for n in range(number):
            # rounded down: the last cut must stay within reach
            cut = int(1e4 * self.most_pct * n / max(1, number - 1)) / 1e4
            plan = self.plan(cut)
            if plan is None:
                continue
            added, dropped = sorted(plan.chosen - before), sorted(before - plan.chosen)
            rows.append(
                (cut, self.budget(cut), plan.emissions, plan.value, plan.capex, len(plan.chosen), *map("; ".join, (added, dropped)))
            )
            before = plan.chosen
        return pd.DataFrame(rows, columns=STEPS)

    def page(self, reduction_pct: float) -> tables.Table:
        """The answer at one cut: key figures, its place on the front, the projects."""
        plan = self.plan(reduction_pct)
        if plan is None:
            said = wording.text("whatif.out_of_reach", self.lang, most=f"{self.most_pct:.2f}", cut=f"{reduction_pct:.2f}")
            return tables.callout(said, "warning", self.lang)
        place = {"emissions_tco2e": plan.emissions, "objective_value": plan.value}
        objective = self.problem.settings.objective
        picture = figures.pareto_front(self.front, self.lang, self.currency, objective, chosen=place)
        cards = tables.key_figures(words.selection_figures(self._facts(plan, reduction_pct), self.currency, self.lang), self.lang)
        rows = self.problem.projects[self.problem.projects["project_id"].isin(plan.chosen)]
        listed = tables.show(words.readable(rows, self.lang), **words.table("whatif", self.lang, self.currency))
        return tables.Table(cards.html + picture._repr_html_() + listed.html)

    def _facts(self, plan: Plan, reduction_pct: float) -> dict[str, Any]:
        return {
            "budget_tco2e": self.budget(reduction_pct), "emissions_after": plan.emissions, "projects_selected": len(plan.chosen),
            "projects_eligible": len(self.problem.projects), "capex": plan.capex,
            "annual_cost": self.problem.value(plan.decided, "annual_cost"),
        }  # fmt: skip

    def slider(self):
        """The slider, where someone sits in front of a Jupyter session; elsewhere a sentence that says where it is to be found."""
        if "JPY_SESSION_NAME" not in os.environ:  # set by a Jupyter server for the kernels of its sessions
            return words.Prose((wording.text("whatif.in_jupyter", self.lang),), self.lang)
        return self.widget()

    def widget(self):
        """A slider of the cut with the page below it, answered when the handle is let go."""
        import ipywidgets

        say = wording.text("whatif.cut", self.lang)
        handle = ipywidgets.FloatSlider(
            value=0.0, min=0.0, max=self.most_pct, step=self.most_pct / 100 or 0.1, description=say, continuous_update=False
        )
        answer = ipywidgets.HTML(self.page(0.0)._repr_html_())

        def change(event) -> None:
            answer.value = self.page(event["new"])._repr_html_()

        handle.observe(change, names="value")
        return ipywidgets.VBox([handle, answer])
