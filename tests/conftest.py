"""A cluster of three enterprises in round numbers, built from a few lines of CSV."""

from __future__ import annotations

import gc
import io
import os
from functools import cached_property
from pathlib import Path

import hypothesis
import pandas as pd
import pytest
import yaml

from memory import MEMORY
from workbench import calculators, filing, findings, inventory, params, potential, prices, quality, selection, spared, store

spared.mask()  # before a test imports nbformat
pd.set_option("mode.string_storage", "python")  # as in the run of a small package

hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is no fault
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "patient")

YEAR = 2022
META = {
    "id": "tiny",
    "name": {"en": "Three firms", "zh": "三家企业"},
    "country": "CN",
    "grid_region": "Jiangsu",
    "base_year": YEAR,
    "currency": "CNY",
    "factor_set": "cn-f1",
    "gwp_set": "ar5",
    "data_nature": "synthetic",
}
# A 20,000 t; B 2,000 + 1,000 t; C 2,000 + 300 t; together 25,300 t. Every factor is stated, so that no table moves it.
TABLES = {
    "enterprises": "enterprise_id,name,sector,value_added\nA,Alpha,power,10000000\nB,Beta,paper,20000000\nC,Gamma,food,30000000\n",
    "energy": (
        "enterprise_id,year,unit_id,carrier,flow,quantity,unit,cost,tco2_per_unit\n"
        "A,2022,,bituminous,purchase,10000,t,5000000,2\n"
        "B,2022,,natural_gas,purchase,100,10^4 Nm3,2000000,20\n"
        "B,2022,,electricity,purchase,2000,MWh,1000000,0.5\n"
        "C,2022,,electricity,purchase,4000,MWh,2000000,0.5\n"
        "C,2022,,diesel,purchase,100,t,700000,3\n"
    ),
    "projects": (
        "project_id,name,enterprise_id,capex,opex_per_year,lifetime_years\n"
        "P1,Boiler,A,1000000,0,10\nP2,Motors,C,300000,0,10\nP3,Light,C,100000,0,10\n"
    ),
    "savings": (
        "project_id,carrier,mode,amount,unit\nP1,bituminous,absolute,1000,t\nP2,electricity,fraction,0.3,\nP3,electricity,fraction,0.4,\n"
    ),
}


def pytest_collection_finish() -> None:
    """What has been imported and collected stays: the collector of garbage need not walk through it after every test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that changes what functions read gets answers of its own."""
    MEMORY.open = "monkeypatch" not in item.fixturenames  # type: ignore[attr-defined]


class Tiny:
    """One package and what the workbench makes of it, step by step, each computed once."""

    def __init__(self, meta: dict, tables: dict[str, str | pd.DataFrame]) -> None:
        self.meta, self.given = meta, tables

    @cached_property
    def package(self) -> store.Package:
        """The package in memory; text tables indexed by their line in the file."""
        frames = {}
        for name, given in self.given.items():
            frame = (
                pd.read_csv(io.StringIO(given), dtype=str, keep_default_na=False) if isinstance(given, str) else given.astype(str)
            )
            frames[name] = frame.set_axis(pd.RangeIndex(2, 2 + len(frame), name="row"))
        return store.Package(Path("tiny"), self.meta, frames)

    def write(self, folder: Path) -> Path:
        """The package as a folder of files."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cluster.yaml").write_text(yaml.safe_dump(self.meta, allow_unicode=True), encoding="utf-8")
        for name, given in self.given.items():
            (folder / f"{name}.csv").write_text(given if isinstance(given, str) else given.to_csv(index=False), encoding="utf-8")
        return folder

    @cached_property
    def filed(self) -> filing.Filing:
        with MEMORY.serving():
            return filing.check(self.package)

    @cached_property
    def problems(self) -> list[pd.DataFrame]:
        filed = self.filed
        with MEMORY.serving():
            return quality.check(filed, YEAR)

    @cached_property
    def checked(self) -> filing.Filing:
        return filing.apply(self.filed, self.problems)

    @cached_property
    def inventory(self) -> inventory.Inventory:
        tables = self.checked.tables
        with MEMORY.serving():
            return inventory.compile(tables, self.meta, YEAR)

    @cached_property
    def enterprises(self) -> pd.DataFrame:
        tables, rows = self.checked.tables, self.inventory.rows
        with MEMORY.serving():
            return inventory.by_enterprise(rows, tables["enterprises"], tables["products"], "CNY")

    @cached_property
    def cluster(self) -> pd.DataFrame:
        rows = self.inventory.rows
        with MEMORY.serving():
            return inventory.of_cluster(rows)

    @property
    def items(self) -> pd.Series:
        """Cluster items by name."""
        return self.cluster.set_index("item")["value"]

    @cached_property
    def paid(self) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
        made, energy = self.inventory, self.checked.tables["energy"]
        with MEMORY.serving():
            return prices.of_enterprises(made.ledger, energy, made.factors, self.meta, YEAR)

    def settings(self, **values) -> params.Settings:
        return params.validate({"cluster": "tiny", "package": "tiny", "year": YEAR} | values)

    @cached_property
    def calculated(self) -> calculators.Calculated:
        return calculators.apply(self.checked.tables)

    def assess(self, **values) -> potential.Assessment:
        made = self.inventory
        tables, paid, settings = self.calculated.tables, self.paid[0], self.settings(**values)
        with MEMORY.serving():
            return potential.assess(tables, made.rows, made.factors, paid, self.meta, settings)

    def problem(self, **values) -> selection.Problem:
        found = self.assess(**values)
        return selection.build(
            self.checked.tables, found.projects, found.bases, found.lines, self.enterprises, self.cluster, self.settings(**values)
        )

    def findings(self, lang: str = "en", **values) -> pd.DataFrame:
        """Everything found from filing to potential, worded."""
        parts = self.filed.findings + self.problems + self.inventory.findings + self.paid[1]
        parts += self.calculated.findings + self.assess(**values).findings
        return findings.collect(parts, lang)

    def checks(self) -> set[str]:
        """Names of the checks that found something."""
        return set(self.findings()["check"])


@pytest.fixture(scope="session")
def tiny():
    """Build the tiny cluster: `tiny(energy="…csv…", projects=None, meta={"gwp_set": "ar4"})`; a table given as None is left out."""

    def build(meta: dict | None = None, **tables: str | pd.DataFrame | None) -> Tiny:
        whole = {name: table for name, table in (TABLES | tables).items() if table is not None}
        return Tiny(META | (meta or {}), whole)

    return build


@pytest.fixture(scope="session")
def energy(tiny):
    """The tiny cluster with these lines as its whole energy ledger; the heading is given here."""
    heading = (
        "enterprise_id,year,month,unit_id,carrier,flow,quantity,unit,cost,ncv,carbon_content,oxidation,tco2_per_unit,"
        "counterparty,note"
    )

    def build(*lines: str, **more) -> Tiny:
        empty = {"projects": None, "savings": None}
        return tiny(energy="\n".join([heading, *lines]) + "\n", **(empty | more))

    return build
