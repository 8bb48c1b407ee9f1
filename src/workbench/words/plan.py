"""What was decided, in sentences: the bundle, the greedy rule beside it, its money, and the report in a few lines."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench import wording
from workbench.params import Settings
from workbench.words.account import findings_summary, inventory_summary, potential_summary
from workbench.words.amounts import Prose, amount, column_sum, currency_name, money, number, percent, say
from workbench.words.readable import word


def selection_figures(summary: dict[str, Any], currency: str, lang: str) -> list[tuple[str, Any, str]]:
    """Emissions allowed and left, projects, capital and annual cost of the plan."""
    cards = [(say(f"card.{key}", lang), number(summary.get(key)), "tCO₂e") for key in ("budget_tco2e", "emissions_after")]
    cards.append(
        (
            say("card.projects_selected", lang),
            number(summary["projects_selected"]),
            say("card.of", lang, count=summary["projects_eligible"]),
        )
    )
    for key in ("capex", "annual_cost"):
        value, unit = amount(summary.get(key), currency, lang)
        cards.append((say(f"card.{key}", lang), value, unit))
    return cards


def selection_summary(summary: dict[str, Any], currency: str, lang: str) -> Prose:
    """The plan, or the news that there is none: optimal, stopped by the time limit, or infeasible."""
    if summary["objective_value"] is None:
        return Prose(tuple(_no_plan(summary, currency, lang)), lang)
    objective = wording.text(f"figures.objective.{summary['objective']}", lang)
    unit = wording.objective_unit(summary["objective"], currency)
    value, bound, before, after = (summary[k] for k in ("objective_value", "bound", "emissions_before", "emissions_after"))
    budget = summary["budget_tco2e"]
    cut = {"before": before, "after": after, "share": percent(before - after, before)}
    said = [
        say(
            "selection.goal" if budget is not None else "selection.no_goal",
            lang,
            objective=objective,
            budget=budget,
            value=money(value, unit, lang),
            chosen=summary["projects_selected"],
            eligible=summary["projects_eligible"],
        )
    ]
    said.append(say("selection.cut", lang, **cut))
    cost = summary["annual_cost"]
    said.append(
        say(
            "selection.earns" if cost < 0 else "selection.costs",
            lang,
            capex=money(summary["capex"], currency, lang),
            annual=money(abs(cost), currency, lang),
        )
    )
    proven = summary["status"] == "optimal"
    said.append(
        say(
            "selection.proven" if proven else "selection.stopped",
            lang,
            gap=100 * (summary["gap"] or 0.0),
            bound=money(bound, unit, lang),
            solver=f"{summary['solver']} {summary['solver_version']}",
        )
    )
    if proven and summary.get("ties") == "open":
        said.append(say("selection.ties_open", lang))
    said.append(say("selection.recheck_ok", lang))
    if summary.get("brute_force") == "agrees":
        said.append(say("selection.enumerated", lang, count=summary["brute_force_plans"]))
    said += (
        [say("selection.not_held", lang, limits="; ".join(summary["limits_not_held"]))] if summary.get("limits_not_held") else []
    )
    if summary.get("not_asked"):
        named = ("、" if lang == "zh" else ", ").join(word(name, lang) for name in summary["not_asked"])
        said.append(say("selection.not_asked", lang, names=named))
    if summary.get("marginal_abatement_cost") is not None:
        said.append(say("selection.next", lang, price=money(summary["marginal_abatement_cost"], unit, lang), objective=objective))
    return Prose(tuple(said), lang)


def _no_plan(summary: dict[str, Any], currency: str, lang: str) -> list[str]:
    least, budget = summary["least_reachable_tco2e"], summary["budget_tco2e"]
    if summary["status"] == "refused":
        other = summary["recheck"] in ("ok", "no plan to check")
        return [say("selection.not_least" if other else "selection.recheck_off", lang, faults=str(summary["recheck"]))]
    if summary["status"] != "infeasible":
        return [say("selection.no_time", lang)]
    if not summary["emissions_before"]:
        said = [say("selection.nothing_filed", lang)]
    elif least is not None and summary.get("horizon_year") and (budget is None or least <= budget):
        said = [say("selection.path", lang, least=least)]
    elif least is None or budget is None:
        said = [say("selection.contradiction", lang)]
    else:
        said = [
            say(
                "selection.infeasible",
                lang,
                budget=budget,
                least=least,
                short=least - budget,
                before=summary["emissions_before"],
                share=percent(summary["emissions_before"] - least, summary["emissions_before"]),
            )
        ]
    for move in summary["limits_to_move"]:
        said += _move(move, currency, lang) if move["limit"] != "budget" else []
    if len(said) == 1 and least is not None:
        said.append(say("selection.move_budget", lang))
    near = summary.get("nearest_plan")
    if near:
        unit, name = (
            wording.objective_unit(summary["objective"], currency),
            wording.text(f"figures.objective.{summary['objective']}", lang),
        )
        told = {"value": money(near["objective_value"], unit, lang), "emissions": near["emissions_tco2e"], "objective": name}
        said.append(say("selection.nearest" if unit == currency else "selection.nearest_counted", lang, **told))
    return said


def _move(move: dict[str, Any], currency: str, lang: str) -> list[str]:
    """What one limit would have to give, or what dropping a family of limits would bring."""
    limit, who = move["limit"], str(move.get("who", ""))
    if limit == "deadline":
        return [say("selection.deadline", lang, **{k: f"{move[k]:.0f}" for k in ("now", "needed")}, years=move["move_by"])]
    if limit in ("projects_allowed", "rules_released", "projects_and_rules"):
        return [say(f"selection.{limit}", lang, count=move["needed"], who=_released(who, lang))]
    if "needed" in move and move["enough_alone"]:
        unit = currency_name(currency, lang) if move["unit"] == "currency" else word(move["unit"], lang)
        now, needed = move["now"], move["needed"]
        if "needed_per_million" in move:
            now, needed = move["now_per_million"], move["needed_per_million"]
            unit = say("selection.per_million", lang, unit=move["unit"], currency=currency_name(currency, lang))
        facts = {"now": now, "needed": needed, "unit": unit.replace("CO2", "CO₂"), "who": who}
        return [say("selection.move_by", lang, limit=word(limit, lang), **facts)]
    if "least_reachable_without_tco2e" not in move or who:
        return []
    key = "selection.move_enough" if move["enough_alone"] else "selection.move"
    return [say(key, lang, limit=word(limit, lang), least=move["least_reachable_without_tco2e"])]


def _released(who: str, lang: str) -> str:
    """Projects by id and rules such as `excludes P2 P3` in words."""
    said = []
    for part in who.split("; "):
        relation, _, projects = part.partition(" ")
        said.append(f"{word(relation, lang)} {projects}" if projects else part)
    return ("、" if lang == "zh" else ", ").join(said)


def _beyond(summary: dict[str, Any], objective_unit: str, lang: str) -> list[str]:
    """By how much the greedy plan goes beyond the budget, or stops above it."""
    over = summary.get("greedy_overshoot_tco2e")
    if over is None:
        return []
    if summary["greedy_value"] is not None:
        return [say("greedy.over", lang, over=max(0.0, over), least=max(0.0, summary["budget_tco2e"] - _level(summary)))]
    value = money(summary["greedy_ended_value"], objective_unit, lang)
    return [say("greedy.above", lang, over=-over, value=value)] if summary["greedy_status"] == "ends above the budget" else []


def _level(summary: dict[str, Any]) -> float:
    """What the budget of the least plan is compared with."""
    level = summary.get("highest_emissions")
    return summary["emissions_after"] if level is None else level


def greedy_summary(summary: dict[str, Any], currency: str, lang: str) -> Prose:
    """The plan that goes down the cost curve until the budget is met, beside the least one."""
    best = summary["objective_value"]
    if summary["budget_tco2e"] is None:
        return Prose((say("greedy.no_budget", lang),), lang)
    if best is None:
        return Prose((say("greedy.neither", lang, emissions=summary["greedy_emissions"]),), lang)
    currency = wording.objective_unit(summary["objective"], currency)
    said = [_greedy(summary, currency, lang), *_beyond(summary, currency, lang)]
    by_objective = summary.get("greedy_by_objective_value")
    if by_objective is not None:
        said.append(
            say(
                "greedy.by_objective",
                lang,
                value=money(by_objective, currency, lang),
                more=money(by_objective - best, currency, lang),
            )
        )
    return Prose(tuple(said), lang)


def _greedy(summary: dict[str, Any], currency: str, lang: str) -> str:
    """The greedy plan against the least one: dearer, equal, or no plan at all."""
    value, best = summary["greedy_value"], summary["objective_value"]
    if value is None:
        low = summary["greedy_emissions"] <= summary["budget_tco2e"] + 1e-6
        return say("greedy.breaks" if low else "greedy.fails", lang, emissions=summary["greedy_emissions"])
    more = value - best
    if abs(more) <= 1e-6 * max(1.0, abs(best)):
        return say("greedy.same", lang, value=money(value, currency, lang))
    share = _shares(summary, lang)
    return say("greedy.more", lang, value=money(value, currency, lang), more=money(more, currency, lang), share=share)


def _shares(summary: dict[str, Any], lang: str) -> str:
    """What more is in percent: of the cost before savings, and of the net cost where that is a cost."""
    gross, net = summary.get("greedy_extra_gross_pct"), summary.get("greedy_extra_net_pct")
    if gross is None or (net is not None and abs(net - gross) < 0.05):
        return "" if net is None else say("greedy.share", lang, share=net)
    return say("greedy.share_gross", lang, gross=gross) if net is None else say("greedy.share_both", lang, gross=gross, share=net)


def money_summary(bundle: pd.DataFrame, potential: pd.DataFrame, currency: str, lang: str) -> Prose:
    """Capital, grants and yearly money of the projects chosen."""
    chosen = bundle[bundle["selected"] == 1]
    if chosen.empty:
        return Prose((say("money.none", lang),), lang)
    mine = potential[potential["project_id"].isin(chosen["project_id"])]
    annual, grant = column_sum(chosen, "annual_cost"), column_sum(mine, "grant") if "grant" in mine else 0.0
    said = [
        say(
            "money.capital",
            lang,
            count=len(chosen),
            net=money(column_sum(mine, "capex"), currency, lang),
            grant=money(grant, currency, lang),
        )
    ]
    said.append(say("money.earns" if annual < 0 else "money.costs", lang, annual=money(abs(annual), currency, lang)))
    paying = chosen[chosen["annual_cost"] < 0]
    earns, rest = column_sum(paying, "annual_cost"), len(chosen) - len(paying)
    key = "money.split" if rest and len(paying) else "money.all_pay" if len(paying) else "money.none_pays"
    said.append(
        say(
            key, lang, pays=len(paying), earns=money(-earns, currency, lang), rest=rest, costs=money(annual - earns, currency, lang)
        )
    )
    return Prose(tuple(said), lang)


def report_summary(
    meta: dict[str, Any],
    cluster: pd.DataFrame,
    enterprises: pd.DataFrame,
    rows: pd.DataFrame,
    potential: pd.DataFrame,
    macc: pd.DataFrame,
    summary: dict[str, Any],
    found: pd.DataFrame,
    settings: Settings,
) -> Prose:
    """The report in five or six sentences, what matters first."""
    lang, currency = settings.lang, str(meta.get("currency", ""))
    inventory = inventory_summary(cluster, enterprises, rows, settings.year, lang).sentences
    library = potential_summary(potential, macc, cluster, currency, lang).sentences
    plan = selection_summary(summary, currency, lang).sentences
    greedy = greedy_summary(summary, currency, lang).sentences[:1]
    said = [inventory[0], *inventory[2:3], *library[1:2], plan[0], *greedy, findings_summary(found, lang)]
    return Prose(tuple(dict.fromkeys(said)), lang, listed=True)
