"""How fast a ledger becomes an inventory, beside the bare arithmetic on the same rows in the same run.

    python tests/benchmarks/inventory.py [--rows 10000 100000 1000000] [--repeats 5]

Bare arithmetic: quantity x factor looked up by integer codes of categorical columns, sums by enterprise and carrier, 10,000 draws
of the factors; and the same by merging on text. The inventory also converts units, chooses factors with reasons, settles flows
between members, applies the stock equation and gives ranges.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from workbench import dictionary, filing, inventory

META = {"country": "CN", "grid_region": "Jiangsu", "currency": "CNY", "factor_set": "cn-f1", "gwp_set": "ar5"}
UNITS = {"bituminous": "t", "natural_gas": "10^4 Nm3", "electricity": "MWh", "diesel": "t", "coke": "t", "heat": "GJ"}
YEAR = 2022


def package(count: int, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Checked tables of a synthetic cluster: `count` monthly purchases, a hundred rows an enterprise."""
    draw = np.random.Generator(np.random.PCG64(seed))
    firms = max(1, count // 100)
    carrier = draw.integers(0, len(UNITS), count)
    meter = draw.integers(0, firms, count)
    energy = pd.DataFrame(
        {
            "enterprise_id": np.char.add("E", meter.astype(str)),
            "year": float(YEAR),
            "month": draw.integers(1, 13, count).astype(float),
            "carrier": np.array(list(UNITS))[carrier],
            "flow": "purchase",
            "quantity": draw.random(count) * 100,
            "unit": np.array(list(UNITS.values()))[carrier],
            "quality": np.array(["A", "B", "C", ""])[(meter + carrier) % 4],
        }
    )
    tables = {name: filing.without_rows(name) for name in dictionary.names()}
    blank = tables["energy"].columns.difference(energy.columns)
    for column in blank:
        energy[column] = np.nan if tables["energy"][column].dtype == "float64" else ""
    energy["row"] = np.arange(2, count + 2)
    tables["energy"] = energy.astype({c: "str" for c in energy.columns if energy[c].dtype == object})
    names = [f"E{number}" for number in range(firms)]
    members = pd.DataFrame({"row": range(2, firms + 2), "enterprise_id": names, "name": names, "sector": "synthetic"})
    types = tables["enterprises"].dtypes
    blank = {c: np.nan if t == "float64" else "" for c, t in types.items() if c not in members}
    tables["enterprises"] = members.assign(**blank)[list(types.index)].astype(types.to_dict())
    return tables


def by_codes(energy: pd.DataFrame, factor: pd.Series) -> float:
    """The bare arithmetic on categorical columns."""
    carrier = energy["carrier"].cat
    value = factor.reindex(carrier.categories).to_numpy()[carrier.codes] * energy["quantity"].to_numpy()
    cell = energy["enterprise_id"].cat.codes.to_numpy().astype("int64") * len(carrier.categories) + carrier.codes.to_numpy()
    sums = np.bincount(cell, weights=value)
    draws = np.random.Generator(np.random.PCG64(1)).normal(1, 0.05, (10_000, len(carrier.categories)))
    padded = np.zeros(-(-len(sums) // len(carrier.categories)) * len(carrier.categories))
    padded[: len(sums)] = sums
    return float((draws @ padded.reshape(-1, len(carrier.categories)).sum(axis=0)).mean())


def by_merge(energy: pd.DataFrame, factor: pd.Series) -> float:
    """The same by a merge on text and a grouped sum."""
    merged = energy[["enterprise_id", "carrier", "quantity"]].merge(
        factor.rename("value").rename_axis("carrier").reset_index(), on="carrier", how="left", validate="m:1"
    )
    merged["tco2e"] = merged["quantity"] * merged["value"]
    return float(merged.groupby(["enterprise_id", "carrier"])["tco2e"].sum().sum())


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Median time of `work`, first call left out."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def measure(count: int, repeats: int) -> dict[str, float]:
    """Seconds of the three ways on one package, and the memory at the peak."""
    tables = package(count)
    energy = tables["energy"]
    coded = energy.astype({"enterprise_id": "category", "carrier": "category"})
    made = inventory.compile(tables, META, YEAR)
    factor = made.factors.set_index("carrier")["value"].astype(float)
    return {
        "rows": count,
        "by codes [s]": seconds(lambda: by_codes(coded, factor), repeats),
        "by merge [s]": seconds(lambda: by_merge(energy, factor), repeats),
        "inventory [s]": seconds(lambda: inventory.compile(tables, META, YEAR), repeats),
        "peak [MB]": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    table = pd.DataFrame([measure(count, args.repeats) for count in args.rows])
    table["x codes"] = table["inventory [s]"] / table["by codes [s]"]
    table["x merge"] = table["inventory [s]"] / table["by merge [s]"]
    print(f"Python {platform.python_version()}, pandas {pd.__version__}, {platform.machine()}; medians of {args.repeats}")
    print(table.to_string(index=False, float_format="{:,.3f}".format))


if __name__ == "__main__":
    main()
