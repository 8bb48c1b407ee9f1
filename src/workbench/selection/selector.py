"""The selection alone, for a notebook of one's own: settings first, then tables, then an answer that can be asked.

Works on plain tables of projects, savings and bases, or on a `Problem` built from the tables of a run.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from workbench import interaction, params
from workbench.errors import UserError
from workbench.selection import alternatives, answer, pareto, plans
from workbench.selection.alternatives import Menu
from workbench.selection.answer import Selection
from workbench.selection.problem import Problem, build, fixed_cost

_BASES = {"unit_id": "", "tce_per_activity": 0.0, "price": 0.0}
_SAVINGS = {"unit_id": "", "mode": "absolute"}
_PROJECTS = {"enterprise_id": "", "name_zh": "", "opex_per_year": 0.0, "upstream_tco2e": 0.0, "status": "", "start_year": None}
_RULES = {
    "relations": ["project_id", "relation", "other_id"], "members": ["project_id", "enterprise_id", "capex_share"],
    "groups": ["group_id", "project_id", "min_selected", "max_selected"],
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    """An answer: `bundle` (one row a project), `summary` (status, money, emissions), `duals` (prices of limits), questions."""

    problem: Problem
    selection: Selection

    @property
    def bundle(self) -> pd.DataFrame:
        """One row a project: selected, savings inside the bundle, regret, why."""
        return self.selection.bundle

    @property
    def summary(self) -> dict[str, Any]:
        """The content of selection.json."""
        return self.selection.summary

    @property
    def duals(self) -> pd.DataFrame:
        """The price of every limit, each with its name."""
        return self.selection.prices

    @property
    def chosen(self) -> list[str]:
        """The projects of the bundle, sorted; empty where no plan meets the limits."""
        return sorted(self.selection.chosen or ())

    def front(self, points: int | None = None) -> pd.DataFrame:
        """Least objective for every level of emissions."""
        return pareto.front(self.problem, points)

    def explain(self) -> pd.DataFrame:
        """Why each project is in or out, with its regret; where there is no plan, which limits would have to move and how far."""
        if self.selection.chosen is None:
            return self.selection.moves
        return self.bundle[["project_id", "selected", "regret", "regret_kind", "why"]]

    def alternatives(self, within_pct: float | None = None, differ: int | None = None) -> Menu:
        """Bundles that cost little more, and which projects are settled whatever one prefers."""
        return alternatives.menu(self.problem, self.selection.chosen, within_pct=within_pct, differ=differ)

    @cached_property
    def _held(self) -> plans.Held:
        return plans.matrix(self.problem)

    def what_if(self, budget_tco2e: float | None) -> plans.Plan | None:
        """The least plan of another budget, solved on the model already built; None where there is none."""
        return plans.within(self._held, budget_tco2e, capital=False)

    def __repr__(self) -> str:
        said = {name: self.summary.get(name) for name in ("status", "objective_value", "budget_tco2e", "emissions_after")}
        return f"Result({', '.join(f'{n}={_said(v)}' for n, v in said.items())}, chosen={self.chosen})"

    def _repr_html_(self) -> str:
        names = (
            "status",
            "objective",
            "objective_value",
            "budget_tco2e",
            "emissions_after",
            "capex",
            "projects_selected",
            "recheck",
        )
        said = [(name, self.summary.get(name)) for name in names]
        rows = "".join(f"<tr><th scope='row'>{name}</th><td>{html.escape(_said(value))}</td></tr>" for name, value in said)
        return f"<table>{rows}<tr><th scope='row'>chosen</th><td>{html.escape(', '.join(self.chosen) or '–')}</td></tr></table>"


class Selector:
    """The least bundle of projects under a carbon budget; settings are those of a run (`workbench.params.Settings`).

    >>> import pandas as pd
    >>> projects = pd.DataFrame({"project_id": ["lamp", "drive"], "capex": [100.0, 400.0], "lifetime_years": [10, 10]})
    >>> savings = pd.DataFrame({"project_id": ["lamp", "drive"], "carrier": "electricity", "amount": [10.0, 30.0]})
    >>> bases = pd.DataFrame({"carrier": ["electricity"], "use": [100.0], "tco2e_per_activity": [0.5]})
    >>> result = Selector(objective="capex", budget_tco2e=44.0).fit(projects, savings, bases)
    >>> result.chosen, result.summary["emissions_after"], result.summary["capex"]
    (['drive'], 35.0, 400.0)
    >>> result
    Result(status=optimal, objective_value=400, budget_tco2e=44, emissions_after=35, chosen=['drive'])
    >>> result.what_if(46.0).chosen
    frozenset({'lamp'})
    """

    def __init__(self, objective: str = "annual_cost", budget_tco2e: float | None = None, **settings: Any) -> None:
        given = {"cluster": "selection", "package": "-", "year": 2000} | settings
        self.settings = params.validate(given | {"objective": objective, "budget_tco2e": budget_tco2e})

    def __repr__(self) -> str:
        given = self.settings.model_dump(exclude_defaults=True, exclude={"cluster", "package", "year"})
        return f"Selector({', '.join(f'{name}={value!r}' for name, value in given.items())})"

    def fit(
        self, projects: pd.DataFrame | Problem, savings: pd.DataFrame | None = None, bases: pd.DataFrame | None = None, *,
        relations: pd.DataFrame | None = None, groups: pd.DataFrame | None = None, members: pd.DataFrame | None = None,
        enterprises: pd.DataFrame | None = None, other_tco2e: float = 0.0, explain: bool = True,
    ) -> Result:  # fmt: skip
        """Solve, re-check and explain.

        `projects`: project_id, capex, lifetime_years (opex_per_year, enterprise_id, name …). `savings`: project_id, carrier, mode
        (absolute in the base's unit, or fraction), amount (enterprise_id, unit_id). `bases`: carrier, use, tco2e_per_activity
        (price, tce_per_activity, enterprise_id, unit_id). `other_tco2e`: emissions no project touches. A `Problem` stands for all.
        """
        if isinstance(projects, Problem):
            return Result(projects, answer.select(projects, explain=explain))
        if savings is None or bases is None:
            raise UserError("fit needs three tables: projects, savings and bases; or a Problem made by selection.build")
        rules = {"relations": relations, "groups": groups, "members": members}
        problem = self._problem(projects, savings, bases, rules, enterprises, other_tco2e)
        return Result(problem, answer.select(problem, explain=explain))

    def _problem(self, projects, savings, bases, rules, enterprises, other_tco2e) -> Problem:
        _require(projects, ["project_id", "capex", "lifetime_years"], "projects")
        _require(savings, ["project_id", "carrier", "amount"], "savings")
        _require(bases, ["carrier", "use", "tco2e_per_activity"], "bases")
        _sound(projects, savings)
        projects = _filled(projects, _PROJECTS).assign(eligible=1)
        if self.settings.horizon_year is not None:  # shown for projects that are not chosen
            earliest = pd.to_numeric(projects.get("earliest_year", pd.Series(float("nan"), index=projects.index)))
            projects["start_year"] = earliest.fillna(0).clip(lower=self.settings.year + 1).astype(int)
        projects["name"] = projects["name"] if "name" in projects else projects["project_id"]
        bases = _filled(bases, _BASES | {"enterprise_id": ""})
        bases["pool_id"] = bases["enterprise_id"].astype(str) + "|" + bases["carrier"].astype(str)
        lines = savings if "enterprise_id" in savings else savings.merge(projects[["project_id", "enterprise_id"]], validate="m:1")
        lines = _filled(lines, _SAVINGS)
        lines["pool_id"] = lines["enterprise_id"].astype(str) + "|" + lines["carrier"].astype(str)
        lost = sorted(set(lines["pool_id"]) - set(bases["pool_id"]))
        if lost:
            raise UserError(f"savings name a base that is not there: {lost[0]!r} (enterprise|carrier); add it to bases")
        totals = bases.assign(total_tco2e=bases["use"] * bases["tco2e_per_activity"], tce=bases["use"] * bases["tce_per_activity"])
        firms = totals.groupby("enterprise_id", as_index=False)[["total_tco2e", "tce"]].sum()
        missing = sorted(set(projects["enterprise_id"]) - set(firms["enterprise_id"]))
        firms = pd.concat([firms, pd.DataFrame({"enterprise_id": missing, "total_tco2e": 0.0, "tce": 0.0})], ignore_index=True)
        items = {"cluster_total_tco2e": firms["total_tco2e"].sum() + other_tco2e, "cluster_total_tce": firms["tce"].sum()}
        cluster = pd.DataFrame({"item": list(items), "value": list(items.values())})
        tables = {name: (pd.DataFrame(columns=c) if rules[name] is None else rules[name]) for name, c in _RULES.items()}
        tables["projects"] = projects
        tables["enterprises"] = firms[["enterprise_id"]] if enterprises is None else enterprises
        return build(tables, _alone(projects, bases, lines, self.settings), bases, lines, firms, cluster, self.settings)


def _alone(projects: pd.DataFrame, bases: pd.DataFrame, lines: pd.DataFrame, settings: params.Settings) -> pd.DataFrame:
    """Each project alone, as the assessment of potential gives it."""
    pool_list = interaction.pools(bases, lines)
    saved = [interaction.savings(pool_list, {i}) for i in projects["project_id"]]
    out = projects.assign(tco2e_saved=[s["tco2e"] for s in saved], tce_saved=[s["tce"] for s in saved])
    fixed = [fixed_cost(row, "annual_cost", settings) for row in projects.itertuples()]
    out["annual_cost"] = [f - s["money"] - settings.carbon_price * s["tco2e"] for f, s in zip(fixed, saved, strict=True)]
    out["abatement_cost"] = (out["annual_cost"] / out["tco2e_saved"]).where(out["tco2e_saved"] > 0)
    return out


def _filled(frame: pd.DataFrame, defaults: dict[str, Any]) -> pd.DataFrame:
    """A copy with the columns that may be left out."""
    return frame.assign(**{name: value for name, value in defaults.items() if name not in frame})


def _require(frame: pd.DataFrame, columns: list[str], table: str) -> None:
    missing = [name for name in columns if name not in frame]
    if missing:
        raise UserError(f"{table} has no column {missing[0]!r}: it needs {', '.join(columns)}")


def _sound(projects: pd.DataFrame, savings: pd.DataFrame) -> None:
    """Refuse what would otherwise be left out in silence, each with what to do."""
    twice = projects.loc[projects["project_id"].duplicated(), "project_id"].tolist()
    if twice:
        raise UserError(f"projects lists {twice[0]!r} twice: give each project an id of its own")
    lost = sorted(set(savings["project_id"]) - set(projects["project_id"]))
    if lost:
        raise UserError(f"savings name a project that is not there: {lost[0]!r}; add it to projects")
    bare = projects.loc[projects[["capex", "lifetime_years"]].isna().any(axis=1), "project_id"].tolist()
    if bare:
        raise UserError(f"{bare[0]!r} has no capex or lifetime_years: file them, or leave the project out")
    modes = savings["mode"] if "mode" in savings else pd.Series("absolute", index=savings.index)
    unknown = sorted(set(modes) - {"absolute", "fraction"})
    if unknown:
        raise UserError(f"mode {unknown[0]!r} is not known: it is absolute (in the base's unit) or fraction")
    over = savings.loc[(modes == "fraction") & (savings["amount"] > 1), "project_id"].tolist()
    if over:
        raise UserError(f"{over[0]!r} saves a fraction above 1: file 0.3 for 30 %, or mode absolute")


def _said(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else "–" if value is None else str(value)
