"""What was decided: the front, the bundle, the enterprises before and after, and the least cost of several reductions."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from workbench.figures.axes import bar_rows, cut_bars, end_label, room, value_axis, zero_line
from workbench.figures.potential import part_of_whole
from workbench.figures.quantities import (
    OTHER,
    names,
    number,
    numeric,
    percent,
    scale,
    share,
    shorten,
    top_and_rest,
)
from workbench.figures.style import (
    ALARM,
    INK,
    MONEY,
    MUTED,
    ROW,
    SELECTED,
    WIDTH,
    Picture,
    blank,
    canvas,
    finish,
    styled,
)
from workbench.wording import text

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
    """Emissions left against the least cost of reaching them; ``chosen``, ``greedy``: a row (or table) of the same columns."""
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
    marked, rule = _points(chosen, objective), _points(greedy, objective)
    tonnes = scale([*good["x"], *bad["budget"]], "tco2e", lang)
    money = scale([*good["cost"], *(y for _, y in marked + rule)], currency, lang)
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
            marker="s",
            markersize=5,
            color=MUTED,
            markerfacecolor="white",
            label=text("figures.pareto.greedy", lang),
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
    if len(bad):
        axes.plot(
            tonnes(bad["budget"]),
            [0.03] * len(bad),
            transform=axes.get_xaxis_transform(),
            linestyle="none",
            marker="x",
            markersize=6,
            color=ALARM,
            markeredgewidth=1.4,
            label=text("figures.infeasible", lang),
            zorder=5,
        )
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
    if "knee" in good and good["knee"].eq(1).any():
        knee, price_free = good[good["knee"] == 1].iloc[0], int((good["supported"] == 0).sum())
        alt += text("figures.pareto.alt_knee", lang, x=tonnes.say(knee["x"]), y=money.say(knee["cost"]), count=price_free)
    return finish(figure, text("figures.pareto_front.caption", lang, **values), alt)


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


def _selected(table: pd.DataFrame) -> pd.DataFrame:
    if len(table) == 0:
        return table
    return table[pd.to_numeric(table["selected"], errors="coerce").fillna(0) > 0] if "selected" in table else table


@styled
def bundle(bundle: pd.DataFrame, potential: pd.DataFrame, lang: str = "en", currency: str = "CNY", top: int = 30) -> Picture:
    """Selected projects: tCO2e saved inside the bundle (ring: alone) and capital, on two aligned panels."""
    table = _selected(bundle)
    if len(table) == 0:
        return blank("bundle", lang)
    table = numeric(table, "tco2e_saved", "capex").set_index("project_id")
    alone = numeric(potential, "tco2e_saved").set_index("project_id")["tco2e_saved"] if len(potential) else pd.Series(dtype=float)
    table["alone"] = alone.reindex(table.index).astype(float).fillna(table["tco2e_saved"])
    named = bundle if "name" in bundle else potential
    said = names(named, "project_id", lang) if len(named) else {}
    matrix = table.loc[table["tco2e_saved"].sort_values(ascending=False, kind="stable").index, ["tco2e_saved", "capex", "alone"]]
    shown, rest = top_and_rest(matrix, top)
    rows = [text("figures.other_projects", lang, count=rest) if i == OTHER else said.get(i, shorten(i)) for i in shown.index]
    figure, panels = canvas(0.75 + ROW * max(len(rows), 4), columns=2, sharey=True)
    says = []
    for axes, column, unit, colour in zip(panels, ("tco2e_saved", "capex"), ("tco2e", currency), (SELECTED, MONEY), strict=True):
        listed = shown[column].drop(OTHER, errors="ignore").max()
        limit = 1.35 * listed if rest and shown[column].iloc[-1] > 1.35 * listed > 0 else shown[column].max()
        say = scale([limit], unit, lang)
        values = say(shown[column].to_numpy())
        axes.barh(range(len(rows)), values, height=0.7, color=colour)
        bar_rows(axes, rows, muted=[len(rows) - 1] if rest else [])
        peak = max(limit, shown["alone"].drop(OTHER, errors="ignore").max()) if column == "tco2e_saved" else limit
        room(axes, values.min(), say(peak), right=0.24, left=0.24)
        for row, value in enumerate(values):
            # The ring and the words share the bar's end; the words yield.
            ring = say(shown["alone"].iloc[row]) if column == "tco2e_saved" and not (rest and row == len(rows) - 1) else value
            over = "» " if value > say(peak) * 1.001 else ""
            if abs(ring - value) > 0.004 * abs(say(peak)):
                axes.plot([value, ring], [row, row], color=INK, linewidth=0.7)
                axes.plot(ring, row, marker="o", markersize=4, markerfacecolor="white", markeredgecolor=INK, markeredgewidth=0.8)
            end_label(
                axes,
                value,
                row,
                over + number(value),
                at=min(max(value, ring), say(peak)) if value >= 0 else min(value, ring),
                gap=5,
            )
        cut_bars(axes, say(peak))
        if values.min() < 0:
            zero_line(axes)
        value_axis(axes, "x", text(f"figures.axis.{column}", lang, unit=say.unit))
        says.append(say)
    tonnes, money = says
    values = dict(
        count=len(matrix),
        tonnes=tonnes.say(matrix["tco2e_saved"].sum()),
        money=money.say(matrix["capex"].sum()),
        name=rows[0],
        value=tonnes.say(matrix["tco2e_saved"].iloc[0]),
        capex=money.say(matrix["capex"].iloc[0]),
        share=percent(share(matrix["tco2e_saved"].iloc[0], matrix["tco2e_saved"].sum()), lang),
    )
    return finish(figure, text("figures.bundle.caption", lang, **values), text("figures.bundle.alt", lang, **values))


@styled
def bundle_by_enterprise(
    bundle: pd.DataFrame, enterprises: pd.DataFrame, lang: str = "en", potential: pd.DataFrame | None = None, top: int = 25
) -> Picture:
    """Emissions of each enterprise before and after the bundle. The enterprise comes from the bundle, else from ``potential``."""
    if len(enterprises) == 0:
        return blank("bundle_by_enterprise", lang)
    chosen = _selected(bundle)
    if len(chosen) and "enterprise_id" not in chosen:
        if potential is None:
            raise ValueError("bundle has no enterprise_id: pass potential, which says where each project stands")
        chosen = chosen.merge(potential[["project_id", "enterprise_id"]], on="project_id", how="left", validate="m:1")
    saved = numeric(chosen, "tco2e_saved").groupby("enterprise_id")["tco2e_saved"].sum() if len(chosen) else pd.Series(dtype=float)
    emitted = numeric(enterprises, "total_tco2e").set_index("enterprise_id")["total_tco2e"]
    table = pd.DataFrame({"whole": emitted, "part": saved.reindex(emitted.index).astype(float).fillna(0.0)})
    return part_of_whole("bundle_by_enterprise", table, names(enterprises, "enterprise_id", lang), lang, top)


@styled
def reductions(table: pd.DataFrame, lang: str = "en", currency: str = "CNY") -> Picture:
    """Least cost of several reductions, one panel an objective, with the greedy rule beside it."""
    if len(table) == 0:
        return blank("reductions", lang)
    table = table.assign(
        status=_status(table),
        **{
            c: pd.to_numeric(table.get(c, pd.Series(np.nan, table.index)), errors="coerce")
            for c in ("reduction_pct", "objective_value", "greedy_value")
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
        say = scale([*good["objective_value"], *rule["greedy_value"]], currency, lang)
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
        if len(bad):
            axes.plot(
                bad["reduction_pct"],
                [0.03] * len(bad),
                transform=axes.get_xaxis_transform(),
                linestyle="none",
                marker="x",
                markersize=6,
                color=ALARM,
                markeredgewidth=1.4,
                label=text("figures.infeasible", lang),
            )
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
