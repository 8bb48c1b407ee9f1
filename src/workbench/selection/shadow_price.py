"""What one unit more room under a limit is worth: several honest prices, each with its name.

Projects are indivisible, so no single shadow price exists. The step to a neighbouring plan is what a decision pays; the price
of the continuous problem is an order of magnitude; the average shadow price is the best average gain of any relaxation
(Kim and Cho 1988, Eur. J. Oper. Res. 37:328; Crema 1995, ibid. 85:625); prices with the projects fixed are those of O'Neill,
Sotkiewicz, Hobbs, Rothkopf and Stewart (2005, ibid. 164:269).
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from workbench import wording
from workbench.selection import plans
from workbench.selection.limits import Limit
from workbench.selection.matrix import Cut, Key, Matrix
from workbench.selection.plans import BUDGET, Plan

PRICES = ["limit", "who", "unit", "bound", "reached", "binding", "price_kind", "value", "move", "objective_value", "definition"]
KINDS = (
    "next_tighter", "next_looser", "one_less", "one_more", "average_relaxing", "average_cut", "relaxed_dual", "fixed_dual",
)  # fmt: skip
_ROUNDS = 50
Price = tuple[str, float | None, float | None, float | None]  # name, value, move of the bound, objective there


def prices(held: Matrix, plan: Plan, lang: str = "en") -> pd.DataFrame:
    """One row a limit and definition; columns PRICES. `value` in the objective's currency per `unit`, >= 0.

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
        found += [("relaxed_dual", _price(relaxed, limit), None, None), ("fixed_dual", _price(fixed, limit), None, None)]
        for name, value, move, reached in sorted(found, key=lambda row: KINDS.index(row[0])):
            what = wording.text(f"price.{name}", lang)
            rows.append(facts | {"price_kind": name, "value": value, "move": move, "objective_value": reached, "definition": what})
    return pd.DataFrame(rows, columns=PRICES)


def of(table: pd.DataFrame, price: str, limit: str = "budget") -> float | None:
    """One price of the cluster's limit `limit`; None where it does not exist."""
    rows = table[(table["price_kind"] == price) & (table["limit"] == limit) & (table["who"] == "")]
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
        yield "next_looser", 0.0, None, plan.value
        yield "average_relaxing", 0.0, None, plan.value
        return
    sign = -1.0 if limit.least else 1.0
    cheaper = Cut(held.cost, upper=plan.value - plans.money_apart(plan.value))
    near = held.solve(held.level(limit) * sign, free=[limit.key], cuts=[cheaper])
    if not near.solved:
        yield "next_looser", None, None, None
        yield "average_relaxing", *_average(held, plan, limit)
        return
    needed = sign * near.value
    there = held.solve(at={limit.key: needed + sign * (0.0 if limit.unit == "projects" else limit.step / 2)})
    cost, step = held.problem.value((there if there.solved else near).decided), abs(needed - reached)
    yield "next_looser", (plan.value - cost) / step if step > 1e-9 else None, needed - limit.bound, cost
    yield "average_relaxing", *_average(held, plan, limit)


def _average(held: Matrix, plan: Plan, limit: Limit) -> tuple[float, float | None, float | None]:
    """Best average gain: the largest (objective now - objective with room w) / w over all w > 0, by Dinkelbach's steps."""
    slack, price, move, reached = held.slack({limit.key: 1.0}), 0.0, None, plan.value
    for _ in range(_ROUNDS):
        found = held.solve(held.cost + slack * price, elastic=[limit.key])
        if not found.solved:
            break
        room, cost = slack.at(found.columns), held.problem.value(found.decided)
        if room <= 1e-9 or cost + price * room >= plan.value - plans.money_apart(plan.value):
            break
        price, move, reached = (plan.value - cost) / room, room * (-1 if limit.least else 1), cost
    return price, move, reached


def _budget(held: Matrix, plan: Plan) -> Iterator[Price]:
    """Prices that only the budget has: the next tighter plan, one tonne less and more, the average of the whole cut."""
    problem = held.problem
    next_one = plans.tighter(held, plan)
    if next_one is None:
        yield "next_tighter", None, None, None
    else:
        tonnes = plan.level - next_one.level
        yield "next_tighter", (next_one.value - plan.value) / tonnes, next_one.level - float(problem.budget), next_one.value
    for name, tonne in (("one_less", -1.0), ("one_more", 1.0)):
        other = held.solve(at={BUDGET: float(problem.budget) + tonne})
        value = problem.value(other.decided) if other.solved else None
        yield name, None if value is None else abs(value - plan.value), tonne, value
    free = plans.within(held, None)
    cut = free.level - plan.level if free else 0.0
    yield "average_cut", (plan.value - free.value) / cut if cut > 1e-9 else None, cut, free.value if free else None
