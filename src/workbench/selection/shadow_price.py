"""What one unit more room under a limit is worth: several honest prices, each with its name.

Projects are indivisible, so no single shadow price exists. The step to a neighbouring plan is what a decision pays; the price
of the continuous problem is an order of magnitude; the average shadow price is the best average gain of any relaxation
(Kim and Cho 1988, Eur. J. Oper. Res. 37:328; Crema 1995, ibid. 85:625); prices with the projects fixed are those of O'Neill,
Sotkiewicz, Hobbs, Rothkopf and Stewart (2005, ibid. 164:269).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from workbench import wording
from workbench.selection import plans
from workbench.selection.limits import Limit
from workbench.selection.matrix import Cut, Key, Matrix
from workbench.selection.plans import BUDGET, Plan

PRICES = [
    "limit", "who", "unit", "bound", "reached", "binding", "price_kind", "value", "value_at_most", "known", "move",
    "objective_value", "definition",
]  # fmt: skip
KINDS = (
    "next_tighter", "next_looser", "one_less", "one_more", "average_relaxing", "average_cut", "relaxed_dual", "fixed_dual",
)  # fmt: skip
KNOWN = ("exact", "between", "not_proven")
OF_THE_PLAN = ("relaxed_dual", "fixed_dual")  # prices of a continuous problem: known whether or not the plan is proven
_ROUNDS = 50


@dataclass(frozen=True)
class Price:
    """A price by `name`: its `value` (at most `most`), the `move` of the bound it belongs to, the objective `there`; `proven`."""

    name: str
    value: float | None = None
    move: float | None = None
    there: float | None = None
    proven: bool = True
    most: float | None = None

    def known(self, plan: Plan) -> str | None:
        """How the price is known: KNOWN; None where there is no price."""
        if self.value is None:
            return None
        if self.name in OF_THE_PLAN or (self.proven and plan.status == "optimal"):
            return "exact"
        return "not_proven" if self.most is None else "between"


def prices(held: Matrix, plan: Plan, lang: str = "en") -> pd.DataFrame:
    """One row a limit and definition; columns PRICES. `value` in the objective's currency per `unit`, >= 0.

    `known` (KNOWN): where the search for the plan, or for its neighbour, ended before its proof, the price of one tonne is known
    between `value` and `value_at_most`; a step to a neighbour then is that between the plans found, and another step may be right.
    `binding`: dropping the limit would lower the objective; the value of relaxing one that does not bind is nil. `move` is the
    change of the bound the price belongs to (negative = tighter) and `objective_value` what is reached there.
    """
    _, relaxed, _ = held.relaxed()
    _, fixed, _ = held.relaxed(plan.fixed(held.problem))
    rows, binding = [], _binding(held, plan, held.limits)
    for limit in held.limits:
        binds = limit.key in binding
        facts = {"limit": limit.limit, "who": limit.who, "unit": limit.unit, "bound": limit.bound, "binding": int(binds)}
        facts["reached"] = _reached(held, plan, limit)
        own = _budget(held, plan) if limit.key == BUDGET else ()
        found = [*own, *_relaxing(held, plan, limit, facts["reached"] if binds else None)]
        found += [Price("relaxed_dual", _price(relaxed, limit)), Price("fixed_dual", _price(fixed, limit))]
        for price in sorted(found, key=lambda price: KINDS.index(price.name)):
            known = price.known(plan)
            rows.append(
                facts
                | {"price_kind": price.name, "value": price.value, "value_at_most": price.value if known == "exact" else price.most}
                | {"known": known, "move": price.move, "objective_value": price.there}
                | {"definition": wording.text(f"price.{price.name}", lang)}
            )
    return pd.DataFrame(rows, columns=PRICES)


def of(table: pd.DataFrame, price: str, limit: str = "budget") -> float | None:
    """One price of the cluster's limit `limit`; None where it does not exist or was not proven."""
    known = table["known"].eq("exact") if "known" in table else True
    rows = table[(table["price_kind"] == price) & (table["limit"] == limit) & (table["who"] == "") & known]
    value = rows["value"].iloc[0] if len(rows) else None
    return None if value is None or pd.isna(value) else float(value)


def _price(found: dict, limit: Limit) -> float | None:
    return max(0.0, found[limit.key]) if limit.key in found else None


def _reached(held: Matrix, plan: Plan, limit: Limit) -> float:
    """What the plan makes of the limit's bound: the tightest value, since what has no price may stand loose in the matrix."""
    sign = -1.0 if limit.least else 1.0
    others = {k.key: None for k in held.limits if k is not limit}
    fixed = held.solve(held.level(limit) * sign, fixed=plan.fixed(held.problem), free=[limit.key], at=others)
    return sign * fixed.value if fixed.solved else float("nan")


def _binding(held: Matrix, plan: Plan, asked: list[Limit]) -> set[Key]:
    """The limits without which the objective would be lower, each alone; a set dropped at once in vain is settled."""
    if not asked:
        return set()
    cheaper = Cut(held.cost, upper=plan.value - plans.money_apart(plan.value))
    found = held.solve(at={limit.key: None for limit in asked}, cuts=[cheaper])
    better = found.solved and held.problem.value(found.decided) < plan.value - plans.money_apart(plan.value) / 2
    if found.status == "infeasible" or (len(asked) == 1 and not better):
        return set()
    half = len(asked) // 2
    return {asked[0].key} if not half else _binding(held, plan, asked[:half]) | _binding(held, plan, asked[half:])


def _relaxing(held: Matrix, plan: Plan, limit: Limit, reached: float | None) -> Iterator[Price]:
    """The step to the next looser plan of a limit, and the best average gain of any relaxation; nil unless it binds."""
    if reached is None:
        yield Price("next_looser", 0.0, None, plan.value)
        yield Price("average_relaxing", 0.0, None, plan.value)
        return
    sign = -1.0 if limit.least else 1.0
    cheaper = Cut(held.cost, upper=plan.value - plans.money_apart(plan.value))
    near = held.solve(held.level(limit) * sign, free=[limit.key], cuts=[cheaper])
    if not near.solved:
        yield Price("next_looser")
        yield _average(held, plan, limit)
        return
    needed = sign * near.value
    there = held.solve(at={limit.key: needed + sign * (0.0 if limit.unit == "projects" else limit.step / 2)})
    costs = [held.problem.value(found.decided) for found in (near, there) if found.solved]
    cost, step, proven = min(costs), abs(needed - reached), near.status == there.status == "optimal"
    yield Price("next_looser", max(0.0, plan.value - cost) / step if step > 1e-9 else None, needed - limit.bound, cost, proven)
    yield _average(held, plan, limit)


def _average(held: Matrix, plan: Plan, limit: Limit) -> Price:
    """Best average gain: the largest (objective now - objective with room w) / w over all w > 0, by Dinkelbach's steps."""
    slack, price, move, reached, proven = held.slack({limit.key: 1.0}), 0.0, None, plan.value, True
    for _ in range(_ROUNDS):
        found = held.solve(held.cost + slack * price, elastic=[limit.key])
        proven = found.status == "optimal"
        if not found.solved:
            break
        room, cost = slack.at(found.columns), held.problem.value(found.decided)
        if room <= 1e-9 or cost + price * room >= plan.value - plans.money_apart(plan.value):
            break
        price, move, reached = (plan.value - cost) / room, room * (-1 if limit.least else 1), cost
    return Price("average_relaxing", price, move, reached, proven)


def _budget(held: Matrix, plan: Plan) -> Iterator[Price]:
    """Prices that only the budget has: the next tighter plan, one tonne less and more, the average of the whole cut."""
    problem = held.problem
    next_one = plans.tighter(held, plan)
    if next_one is None:
        yield Price("next_tighter")
    else:
        tonnes = plan.level - next_one.level
        more, proven = max(0.0, next_one.value - plan.value), next_one.status == "optimal"
        yield Price("next_tighter", more / tonnes, next_one.level - float(problem.budget), next_one.value, proven)
    for name, tonne in (("one_less", -1.0), ("one_more", 1.0)):
        yield _one_tonne(held, plan, name, tonne)
    free = plans.within(held, None)
    cut = free.level - plan.level if free else 0.0
    if cut <= 1e-9:
        yield Price("average_cut", None, cut, free.value if free else None)
    else:
        yield Price("average_cut", (plan.value - free.value) / cut, cut, free.value, free.status == "optimal")


def _one_tonne(held: Matrix, plan: Plan, name: str, tonne: float) -> Price:
    """The objective one tonne from here less that of the plan; between two bounds where one of them is not proven."""
    other = held.solve(at={BUDGET: float(held.problem.budget) + tonne})
    if not other.solved:
        return Price(name, None, tonne)
    value, sign = held.problem.value(other.decided), -tonne
    if other.status == plan.status == "optimal":
        return Price(name, abs(value - plan.value), tonne, value)
    ends = (other.bound if other.bound is not None else -math.inf) - plan.value, value - plan.bound
    least, most = sorted(sign * end for end in ends)
    return Price(name, max(0.0, least), tonne, value, False, max(0.0, most) if math.isfinite(most) else None)
