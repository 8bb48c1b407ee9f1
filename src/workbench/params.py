"""Parameters of a run: typed, closed, validated before any notebook starts."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from workbench.errors import ParameterError

MOST_YEARS = 40  # longest plan by years; the model grows with projects x years


class Settings(BaseModel):
    """What one run needs to know. The description of each field ends with its unit in square brackets."""

    model_config = ConfigDict(extra="forbid", validate_default=True, allow_inf_nan=False)

    cluster: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$", description="name of the run's cluster")
    package: str = Field(min_length=1, description="folder or workbook with the cluster's data")
    year: int = Field(ge=1980, le=2100, description="accounting year [yr]")
    lang: Literal["en", "zh"] = Field("en", description="language of figures and report: en or zh")
    budget_tco2e: float | None = Field(None, ge=0, description="carbon budget of the cluster [tCO2e/yr]; or set reduction_pct")
    reduction_pct: float | None = Field(None, ge=0, le=100, description="cut of the inventory's total [%]; or set budget_tco2e")
    target_year: int | None = Field(None, ge=1980, le=2100, description="year the budget must be met; empty: any [yr]")
    objective: Literal["annual_cost", "capex", "npv_cost", "emissions", "weighted"] = Field(
        "annual_cost", description="what is made least: annual_cost, capex, npv_cost, emissions or weighted"
    )
    discount_rate: float = Field(0.08, gt=-0.5, lt=1, description="real discount rate [1/yr]")
    capital_limit: float | None = Field(None, ge=0, description="most capital for the whole cluster [currency]")
    carbon_price: float = Field(0.0, ge=0, description="price of carbon counted as income [currency/tCO2e]")
    energy_price_growth: float = Field(
        0.0, gt=-0.5, lt=0.5, description="real growth of energy prices: cash flows, npv_cost, plans by years [1/yr]"
    )
    include_upstream: bool = Field(False, description="count upstream emissions of projects in the budget")
    energy_intensity_cap: float | None = Field(None, ge=0, description="cap on energy per value added [tce per million currency]")
    carbon_intensity_cap: float | None = Field(
        None, ge=0, description="cap on emissions per value added [tCO2e per million currency]"
    )
    selection_gap: float = Field(1e-6, ge=0, lt=1, description="relative optimality gap that is accepted [1]")
    time_limit_s: float = Field(120.0, gt=0, description="time limit of one optimization [s]")
    seed: int = Field(1, ge=0, description="seed of every random choice")
    selection_abs_gap: float = Field(0.01, ge=0, description="gap in money that is accepted as well [currency]")
    objective_weights: dict[Literal["annual_cost", "capex", "npv_cost", "emissions"], float] | None = Field(
        None, description="weighted only: weight of each criterion, that of emissions [currency/tCO2e]"
    )
    horizon_year: int | None = Field(
        None, ge=1980, le=2100, description="last year of a plan by years; empty: one typical year [yr]"
    )
    budget_path: dict[int, float] | None = Field(None, description="carbon budgets of single years, year: amount [tCO2e/yr]")
    reduction_path: dict[int, float] | None = Field(
        None, description="cuts of single years, year: share of the inventory's total [%]"
    )
    cumulative_budget_tco2e: float | None = Field(None, ge=0, description="carbon budget of all years of the plan together [tCO2e]")
    capital_per_year: float | None = Field(
        None, ge=0, description="capital of the whole cluster in each year of the plan [currency/yr]"
    )
    capital_carry_over: bool = Field(True, description="capital not spent in a year may be spent later")
    starts_per_year: int | None = Field(None, ge=0, description="most projects started in one year [projects/yr]")
    count_loans: bool = Field(False, description="loans filed with projects pay their share of the capital, in plans by years")
    capex_decline: float = Field(0.0, gt=-0.5, lt=0.5, description="yearly fall of capital cost after the plan's first year [1/yr]")
    grid_factor_decline: float = Field(0.0, gt=-0.5, lt=0.5, description="yearly fall of the grid's factor, plans by years [1/yr]")
    value_added_growth: float = Field(0.0, gt=-0.5, lt=0.5, description="real growth of value added, plans by years [1/yr]")
    energy_cap_tce: float | None = Field(None, ge=0, description="cap on the energy use of the whole cluster [tce/yr]")
    intensity_basis: Literal["value_added", "output_value"] = Field(
        "value_added", description="what intensities are measured by: value_added or output_value"
    )
    leakage_limit_tco2e: float | None = Field(
        None, description="most upstream emissions the plan may add, empty: no limit [tCO2e/yr]"
    )
    leakage_share: float = Field(0.0, ge=0, le=1, description="upstream emissions allowed besides, per tonne saved inside [1]")
    limits_off: list[
        Literal["budget", "capital", "emission_limit", "energy_limit", "intensity", "groups", "efforts", "leakage"]
    ] = Field([], max_length=8, description="families of limits that are only reported, not held")
    uncertainty_draws: int = Field(10_000, ge=100, le=1_000_000, description="draws of the Monte Carlo ranges")
    materiality_pct: float = Field(5.0, gt=0, le=100, description="misstatement that matters, share of the total [%]")
    adoption_curve: Literal["none", "iac", "eps_us"] = Field(
        "none", description="how often measures are carried out by payback: none, iac or eps_us"
    )
    notes: str = Field("", description="free text printed in the report")
    reductions_shown: list[float] = Field([2.0, 4.0, 6.0], max_length=8, description="cuts solved side by side [%]")
    front_points: int = Field(14, ge=2, le=60, description="points on the cost front")
    run_dir: str = Field("", description="folder of the run; empty: outputs/<cluster>")

    @model_validator(mode="after")
    def _one_budget(self) -> Settings:
        if self.budget_tco2e is not None and self.reduction_pct is not None:
            raise ValueError("budget_tco2e and reduction_pct exclude each other: keep one of them")
        if self.objective == "weighted" and not self.objective_weights:
            raise ValueError("objective weighted needs objective_weights, e.g. {annual_cost: 1, emissions: 50}")
        return self

    @model_validator(mode="after")
    def _years_in_order(self) -> Settings:
        years = sorted({*(self.budget_path or {}), *(self.reduction_path or {})})
        by_years = {
            "budget_path": self.budget_path,
            "reduction_path": self.reduction_path,
            "capital_per_year": self.capital_per_year,
        }
        by_years |= {"cumulative_budget_tco2e": self.cumulative_budget_tco2e, "starts_per_year": self.starts_per_year}
        if self.horizon_year is None:
            asked = [name for name, value in by_years.items() if value is not None]
            if asked:
                raise ValueError(f"{asked[0]} is for plans by years: set horizon_year too")
            return self
        if self.horizon_year <= self.year or self.horizon_year > self.year + MOST_YEARS:
            raise ValueError(f"horizon_year must lie 1 to {MOST_YEARS} years after year")
        if years and not self.year < years[0] <= years[-1] <= self.horizon_year:
            raise ValueError("budget_path and reduction_path must name years after year and up to horizon_year")
        both = set(self.budget_path or {}) & set(self.reduction_path or {})
        if both:
            raise ValueError(f"budget_path and reduction_path both name {min(both)}: keep one of them")
        return self

    @property
    def folder(self) -> Path:
        """Where the run's notebooks and tables lie."""
        return Path(self.run_dir) if self.run_dir else project_root() / "outputs" / self.cluster

    @property
    def package_path(self) -> Path:
        """The package, looked for as given, then under the project's root."""
        given = Path(self.package)
        return given if given.is_absolute() or given.exists() else project_root() / given


def project_root() -> Path:
    """The folder that holds `notebooks/`: the working folder or one above it, else the source checkout."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    return Path(__file__).resolve().parents[2]


def validate(values: dict) -> Settings:
    """Check a dictionary of parameters; every fault at once in one ParameterError of one line."""
    try:
        return Settings(**values)
    except ValidationError as error:
        raise ParameterError("; ".join(_fault(item) for item in error.errors())) from None


def from_notebook(namespace: dict) -> Settings:
    """Settings from a notebook's parameter cell: the names of `Settings` found in `globals()`."""
    return validate({name: namespace[name] for name in Settings.model_fields if name in namespace})


def load(target: str | Path) -> tuple[str, dict]:
    """Read `params/NAME.yaml` or a path to a YAML file: the run's name and its raw values (not yet validated)."""
    path = Path(target)
    if path.suffix not in (".yaml", ".yml"):
        path = project_root() / "params" / f"{target}.yaml"
    if not path.is_file():
        raise ParameterError(f"no parameter file for {str(target)!r}: {_known_targets(str(target))}")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path.name} is not readable YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise ParameterError(f"{path.name} must hold lines of the form key: value")
    package = values.get("package")
    beside = path.parent / str(package)
    if package and not Path(str(package)).exists() and not (project_root() / str(package)).exists() and beside.exists():
        values["package"] = str(beside.resolve())
    return path.stem, values


def available() -> list[str]:
    """Names of the parameter files in `params/`."""
    return sorted(path.stem for path in (project_root() / "params").glob("*.yaml"))


def _known_targets(target: str) -> str:
    close = difflib.get_close_matches(target, available(), n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"{guess}params/ holds {', '.join(available()) or 'nothing'}"


def _fault(item: dict) -> str:
    where = ".".join(str(part) for part in item["loc"]) or "parameters"
    if item["type"] == "extra_forbidden":
        close = difflib.get_close_matches(where, Settings.model_fields, n=1, cutoff=0.4)
        return f"unknown parameter {where!r}" + (f", did you mean {close[0]!r}?" if close else "")
    if item["type"] == "missing":
        return f"parameter {where!r} is missing: add it to the parameter file"
    if where == "parameters":
        return str(item["ctx"]["error"]) if "ctx" in item else item["msg"]
    if item["type"] == "string_pattern_mismatch":
        return f"{where}: use letters, digits, dot, dash and underscore only, got {str(item['input'])[:60]!r}"
    if item["type"] == "string_type":
        return f"{where}: must be text, got {item['input']!r}; put it in quotes"
    return f"{where}: {item['msg'].lower()}, got {str(item['input'])[:60]!r}"
