"""The least cost of every level of emissions: the front with the plan and the greedy rule on it, and several reductions."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from workbench.figures.axes import value_axis, zero_line
from workbench.figures.quantities import percent, scale
from workbench.figures.style import ALARM, INK, MUTED, SELECTED, WIDTH, Picture, blank, canvas, finish, styled
from workbench.wording import objective_unit, text

FEASIBLE = ("optimal", "feasible", "time_limit")


def _money_column(table: pd.DataFrame, objective: str) -> str:
    return objective if objective in table else "objective_value"


def _title(objective: str, lang: str) -> str:
    name = text(f"figures.objective.{objective}", lang)
    return name[:1].upper() + name[1:]


def _status(table: pd.DataFrame) -> pd.Series:
    return table["status"].astype(str) if "status" in table else pd.Series("optimal", table.index)


def _points(given, objective: str) -> list[tuple[float, float]]:
    """Emissions and cost of a marked point (a mapping or row) or of a whole curve (a table)."""
    if given is None:
        return []
    rows = given.to_dict("records") if isinstance(given, pd.DataFrame) else [given]
    found = []
    for row in rows:
        row = dict(row) if isinstance(row, (Mapping, pd.Series)) else {"budget_tco2e": row}
        x = next((row[k] for k in ("emissions_tco2e", "emissions_after", "budget_tco2e") if row.get(k) is not None), np.nan)
        y = next((row[k] for k in (objective, "objective_value") if row.get(k) is not None), np.nan)
        found.append((float(x), float(y)))
    return [point for point in found if np.isfinite(point).all()]


@styled
def pareto_front(
    pareto: pd.DataFrame, lang: str = "en", currency: str = "CNY", objective: str = "annual_cost", chosen=None, greedy=None
) -> Picture:
    """Emissions left against the least cost of reaching them; ``chosen``, ``greedy``: a row (or table) of the same columns.

    ``greedy`` may be the content of selection.json: a greedy plan that ended above the budget or broke a limit is marked as such.
    """
    if len(pareto) == 0:
        return blank("pareto_front", lang)
    column = _money_column(pareto, objective)
    table = pareto.assign(
        x=pd.to_numeric(pareto.get("emissions_tco2e"), errors="coerce"),
        cost=pd.to_numeric(pareto[column], errors="coerce"),
        status=_status(pareto),
        budget=pd.to_numeric(pareto.get("budget_tco2e", pareto.get("emissions_tco2e")), errors="coerce"),
    )
    good = table[table["status"].isin(FEASIBLE) & table[["x", "cost"]].notna().all(axis=1)].sort_values("x", kind="stable")
    bad = table[(table["status"] == "infeasible") & table["budget"].notna()]
    if good.empty and bad.empty:
        return blank("pareto_front", lang)
    ended = isinstance(greedy, Mapping) and "greedy_status" in greedy
    missed = ended and greedy["greedy_status"] != "met"
    marked, rule = _points(chosen, objective), _points(_ended(greedy) if ended else greedy, objective)
    tonnes = scale([*good["x"], *bad["budget"]], "tco2e", lang)
    money = scale([*good["cost"], *(y for _, y in marked + rule)], objective_unit(objective, currency), lang)
    figure, axes = canvas(3.8, width=6.4)
    axes.plot(
        tonnes(good["x"]),
        money(good["cost"]),
        color=SELECTED,
        linewidth=1.2,
        marker="o",
        markersize=4.5,
        label=text("figures.pareto.front", lang),
        zorder=3,
    )
    _marks(axes, good, tonnes, money, lang)
    if rule:
        style = dict(linestyle=(0, (2, 2)), linewidth=1) if len(rule) > 1 else dict(linestyle="none")
        xs, ys = zip(*sorted(rule), strict=True)
        axes.plot(
            [tonnes(x) for x in xs],
            [money(y) for y in ys],
            marker="X" if missed else "s",
            markersize=7 if missed else 5,
            color=ALARM if missed else MUTED,
            markerfacecolor="white",
            label=text("figures.pareto.greedy_missed" if missed else "figures.pareto.greedy", lang),
            zorder=4,
            **style,
        )
    if marked:
        x, y = marked[0]
        axes.plot(
            tonnes(x),
            money(y),
            marker="*",
            markersize=13,
            color=ALARM,
            markeredgecolor="white",
            linestyle="none",
            zorder=6,
            label=text("figures.pareto.chosen", lang),
        )
        axes.annotate(
            f"{tonnes.say(x)}\n{money.say(y)}", (tonnes(x), money(y)), xytext=(8, 7), textcoords="offset points", fontsize=7.5
        )
    _out_of_reach(axes, tonnes(bad["budget"]), lang)
    axes.margins(0.1, 0.15)
    if len(good) and good["cost"].min() < 0 < good["cost"].max():
        zero_line(axes, "y")
    value_axis(axes, "x", text("figures.axis.emissions_left", lang, unit=tonnes.unit))
    value_axis(axes, "y", text("figures.axis.cost", lang, objective=_title(objective, lang), unit=money.unit))
    axes.legend(loc="upper right", handlelength=1.4)
    count = len(good)
    best = good.iloc[0] if count else None
    last = good.iloc[-1] if count else None
    values = dict(
        count=count,
        infeasible=len(bad),
        objective=text(f"figures.objective.{objective}", lang),
        low=tonnes.say(best["x"]) if count else "–",
        low_cost=money.say(best["cost"]) if count else "–",
        high=tonnes.say(last["x"]) if count else "–",
        high_cost=money.say(last["cost"]) if count else "–",
    )
    alt = text("figures.pareto_front.alt" if count else "figures.pareto_front.alt_none", lang, **values)
    if marked:
        alt += text("figures.pareto.alt_chosen", lang, x=tonnes.say(marked[0][0]), y=money.say(marked[0][1]))
    if ended and rule:
        alt += _greedy_said(greedy, rule[0], tonnes, money, lang)
    if "knee" in good and good["knee"].eq(1).any():
        knee, price_free = good[good["knee"] == 1].iloc[0], int((good["supported"] == 0).sum())
        alt += text("figures.pareto.alt_knee", lang, x=tonnes.say(knee["x"]), y=money.say(knee["cost"]), count=price_free)
    return finish(figure, text("figures.pareto_front.caption", lang, **values), alt)


def _ended(summary: Mapping) -> dict | None:
    """Where the greedy plan of selection.json ended; None where no budget was asked."""
    if summary.get("greedy_overshoot_tco2e") is None:
        return None
    return {"emissions_tco2e": summary["greedy_emissions"], "objective_value": summary["greedy_ended_value"]}


def _greedy_said(summary: Mapping, point: tuple[float, float], tonnes, money, lang: str) -> str:
    """Whether the greedy plan meets the budget, and by how much it goes beyond it or stops above it."""
    kinds = {"met": "greedy", "ends above the budget": "greedy_above"}
    key = f"figures.pareto.alt_{kinds.get(summary['greedy_status'], 'greedy_breaks')}"
    over = abs(summary["greedy_overshoot_tco2e"])
    return text(key, lang, x=tonnes.say(point[0]), y=money.say(point[1]), over=scale([over], "tco2e", lang).say(over))


def _marks(axes, good: pd.DataFrame, tonnes, money, lang: str) -> None:
    """The points no carbon price leads to (hollow), and the knee (ring)."""
    if "supported" not in good:
        return
    for rows, key, style in (
        (good[good["supported"] == 0], "unsupported", dict(markersize=4.5, markerfacecolor="white", markeredgecolor=SELECTED)),
        (good[good["knee"] == 1], "knee", dict(markersize=10, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1)),
    ):
        if len(rows):
            label = text(f"figures.pareto.{key}", lang)
            axes.plot(tonnes(rows["x"]), money(rows["cost"]), linestyle="none", marker="o", label=label, zorder=5, **style)


def _out_of_reach(axes, at, lang: str) -> None:
    """A cross at the foot of the figure for each level that no plan reaches."""
    if len(at):
        style = dict(linestyle="none", marker="x", markersize=6, color=ALARM, markeredgewidth=1.4, zorder=5)
        axes.plot(at, [0.03] * len(at), transform=axes.get_xaxis_transform(), label=text("figures.infeasible", lang), **style)


@styled
def reductions(table: pd.DataFrame, lang: str = "en", currency: str = "CNY") -> Picture:
    """Least cost of several reductions, one panel an objective, with the greedy rule beside it."""
    if len(table) == 0:
        return blank("reductions", lang)
    table = table.assign(
        status=_status(table),
        **{
            c: pd.to_numeric(table.get(c, pd.Series(np.nan, table.index)), errors="coerce")
            for c in ("reduction_pct", "objective_value", "greedy_value", "greedy_ended_value")
        },
    )
    objectives = list(dict.fromkeys(table["objective"]))
    figure, panels = canvas(3.2, columns=len(objectives), width=WIDTH if len(objectives) > 1 else 5.2, squeeze=False)
    sentences = []
    for axes, objective in zip(panels[0], objectives, strict=True):
        part = table[table["objective"] == objective].sort_values("reduction_pct", kind="stable")
        good = part[part["status"].isin(FEASIBLE) & part["objective_value"].notna()]
        bad = part[part["status"] == "infeasible"]
        rule = part[part["greedy_value"].notna() & ~part["status"].eq("infeasible")]
        missed = part[part["greedy_value"].isna() & part["greedy_ended_value"].notna() & part["objective_value"].notna()]
        say = scale([*good["objective_value"], *rule["greedy_value"], *missed["greedy_ended_value"]], currency, lang)
        axes.plot(
            good["reduction_pct"],
            say(good["objective_value"]),
            color=SELECTED,
            marker="o",
            markersize=5,
            label=text("figures.reductions.least", lang),
            zorder=4,
        )
        axes.plot(
            rule["reduction_pct"],
            say(rule["greedy_value"]),
            color=MUTED,
            linestyle=(0, (3, 2)),
            linewidth=1,
            marker="s",
            markersize=4.5,
            markerfacecolor="white",
            label=text("figures.pareto.greedy", lang),
        )
        _out_of_reach(axes, bad["reduction_pct"], lang)
        if len(missed):
            label, style = text("figures.pareto.greedy_missed", lang), dict(linestyle="none", marker="X", markersize=7)
            axes.plot(
                missed["reduction_pct"],
                say(missed["greedy_ended_value"]),
                color=ALARM,
                markerfacecolor="white",
                label=label,
                **style,
            )
            sentences.append(text("figures.reductions.alt_greedy", lang, pct=percent(missed["reduction_pct"].min(), lang)))
        name = text(f"figures.objective.{objective}", lang)
        axes.set_title(_title(objective, lang))
        axes.margins(0.1, 0.15)
        if len(good) and good["objective_value"].min() < 0:
            zero_line(axes, "y")
        value_axis(axes, "x", text("figures.axis.reduction", lang))
        if part["reduction_pct"].nunique() <= 8:
            axes.set_xticks(sorted(part["reduction_pct"].dropna().unique()))
        value_axis(axes, "y", text("figures.axis.money", lang, unit=say.unit))
        if len(good):
            first, last = good.iloc[0], good.iloc[-1]
            sentences.append(
                text(
                    "figures.reductions.alt_one",
                    lang,
                    objective=name,
                    first=percent(first["reduction_pct"], lang),
                    first_value=say.say(first["objective_value"]),
                    last=percent(last["reduction_pct"], lang),
                    last_value=say.say(last["objective_value"]),
                )
            )
        if len(bad):
            sentences.append(
                text("figures.reductions.alt_infeasible", lang, objective=name, pct=percent(bad["reduction_pct"].min(), lang))
            )
    found = {}
    for axes in panels[0]:
        for handle, said in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(said, handle)
    figure.legend(list(found.values()), list(found), loc="outside upper left", ncols=3, handlelength=1.8)
    return finish(figure, text("figures.reductions.caption", lang), text("figures.reductions.alt", lang) + "".join(sentences))
