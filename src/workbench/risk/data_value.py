"""Which data to improve first: by how much the expected cost falls when a group of data is known before the plan is chosen.

    EVPPI_g = min_d E[L_d] - E[ min_d E[L_d | data of g] ],      L_d = cost of plan d with missing tonnes bought

(expected value of partial perfect information; Raiffa and Schlaifer 1961). The conditional mean is learnt by regression on the
draws (Strong, Oakley and Brennan 2014, Medical Decision Making 34:311-326) and judged on draws it was not learnt from, so that the
estimate is one of a rule one could follow: a lower bound, with an honest standard error. Where the data take few values and the
draws list them all, conditional means are exact.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workbench.risk.monte_carlo import fares
from workbench.risk.scenarios import Draws, setting
from workbench.selection.configurations import Configurations

VALUES = ["rank", "kind", "key", "inputs", "expected_gain", "standard_error", "share_pct", "method"]
_FEW = 20  # draws for each value from which conditional means are taken value by value


def candidates(decided: pd.DataFrame, *plans: frozenset[str]) -> list[frozenset[str]]:
    """Plans to choose among: those given, then the most frequent with hindsight, no more than `plans_compared`."""
    often = decided.loc[decided["status"] == "optimal", "chosen"].value_counts()
    ranked = sorted(often.index, key=lambda text: (-often[text], text))
    found = dict.fromkeys([*plans, *(frozenset(text.split(";")) - {""} for text in ranked)])
    return list(found)[: int(setting("plans_compared"))]


def losses(conf: Configurations, drawn: Draws, plans: list[frozenset[str]], price: float) -> pd.DataFrame:
    """Cost of every plan (column) in every draw (row), missing tonnes bought at `price`."""
    return pd.DataFrame({n: fares(conf, drawn, plan, price)["cost_with_buyout"] for n, plan in enumerate(plans)})


def groups_of(known: pd.DataFrame) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Groups of data that are improved together: savings and capital by enterprise, prices by carrier."""
    key = known["enterprise_id"].where(known["kind"] != "price", known["key"])
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for kind, group, name in zip(known["kind"], key, known["key"], strict=True):
        found.setdefault((kind, group), []).append((kind, name))
    return found


def data_value(loss: pd.DataFrame, factors: pd.DataFrame, groups: dict[tuple[str, str], list[tuple[str, str]]]) -> pd.DataFrame:
    """Value of knowing each group: columns VALUES, dearest first; money in the objective's currency.

    `loss`: draws x plans; `factors`: draws x inputs. share_pct is relative to knowing everything (`perfect`, row of kind `all`).
    `method`: listed (exact over the draws) or regression.
    """
    perfect = loss.min(axis=1)
    base = int(loss.mean().to_numpy().argmin())
    whole = loss.iloc[:, base] - perfect
    rows = [("all", "", factors.shape[1], whole.mean(), _error(whole), "listed")]
    for (kind, key), names in sorted(groups.items()):
        inputs = np.log(factors[names].to_numpy(dtype=float))
        few = len(np.unique(inputs, axis=0)) * _FEW <= len(loss) or len(np.unique(factors.to_numpy(), axis=0)) < len(loss) / 2
        gain = _listed(loss.to_numpy(), inputs, base) if few or _is_grid(factors) else _learnt(loss.to_numpy(), inputs)
        rows.append((kind, key, len(names), gain.mean(), _error(gain), "listed" if few or _is_grid(factors) else "regression"))
    table = pd.DataFrame(rows, columns=["kind", "key", "inputs", "expected_gain", "standard_error", "method"])
    table["share_pct"] = 100 * table["expected_gain"] / whole.mean() if whole.mean() > 0 else 0.0
    table["all"] = table["kind"] == "all"
    table = table.sort_values(["all", "expected_gain", "kind", "key"], ascending=[False, False, True, True], ignore_index=True)
    return table.assign(rank=range(len(table)))[VALUES]


def _is_grid(factors: pd.DataFrame) -> bool:
    """Whether the draws list every combination of few values once."""
    values = [factors[name].nunique() for name in factors.columns]
    return bool(np.prod(np.array(values, dtype=float)) == len(factors))


def _listed(loss: np.ndarray, inputs: np.ndarray, base: int) -> np.ndarray:
    """Gain by the best plan for each value of the inputs."""
    _, group = np.unique(inputs, axis=0, return_inverse=True)
    group = group.reshape(-1)
    means = np.stack([np.bincount(group, weights=column) for column in loss.T]) / np.bincount(group)
    best = means.argmin(axis=0)
    return loss[:, base] - loss[np.arange(len(loss)), best[group]]


def _learnt(loss: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Gain by the plan that a regression of the losses on the inputs calls best, judged on draws it has not seen."""
    parts = np.arange(len(loss)) % int(setting("value_folds"))
    features = np.column_stack([np.ones(len(loss)), inputs, inputs**2] + ([inputs**3] if inputs.shape[1] == 1 else []))
    gain = np.zeros(len(loss))
    for part in np.unique(parts):
        here, rest = parts == part, parts != part
        base = loss[rest].mean(axis=0).argmin()
        fit, *_ = np.linalg.lstsq(features[rest], loss[rest] - loss[rest][:, [base]], rcond=None)
        best = (features[here] @ fit).argmin(axis=1)
        gain[here] = loss[here, base] - loss[here, best]
    return gain


def _error(values: np.ndarray | pd.Series) -> float:
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan
