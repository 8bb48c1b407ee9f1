"""Why a bundle is as it is: what deciding otherwise would cost, and which projects the near-optimal bundles share."""

import numpy as np
import pandas as pd

from workbench.figures.axes import bar_rows, end_label, room, value_axis
from workbench.figures.quantities import names, number, scale
from workbench.figures.style import INK, MUTED, PALE, ROW, SELECTED, UNSELECTED, Picture, blank, canvas, finish, styled
from workbench.wording import objective_unit, text

_BOUNDS = ("between", "at_least")  # kinds of regret of which the least is shown


@styled
def regrets(
    bundle: pd.DataFrame, lang: str = "en", currency: str = "CNY", objective: str = "annual_cost", top: int = 24
) -> Picture:
    """Bars of the regret of each project, chosen ones first; ∞: no plan decides otherwise, pale: only a bound is known."""
    kinds = ["exact", "no_plan_otherwise", *_BOUNDS]
    table = bundle[bundle["regret_kind"].isin(kinds)].copy() if len(bundle) else bundle
    if len(table) == 0:
        return blank("regrets", lang)
    table["size"] = pd.to_numeric(table["regret"]).fillna(np.inf)
    inside = table[table["selected"] == 1].sort_values(["size", "project_id"], ascending=[False, True]).head(top - top // 3)
    outside = table[table["selected"] != 1].sort_values(["size", "project_id"]).head(top - len(inside))
    shown = pd.concat([inside, outside])
    finite = shown.loc[np.isfinite(shown["size"]), "size"]
    longest = max(finite.max() if len(finite) else 1.0, 1e-9)
    say, said = scale([longest], objective_unit(objective, currency), lang), names(bundle, "project_id", lang)
    figure, axes = canvas(0.8 + ROW * max(len(shown), 4))
    colours = [SELECTED if row.selected == 1 else UNSELECTED for row in shown.itertuples()]
    lengths = say(np.minimum(shown["size"], 1.12 * longest).to_numpy())
    bars = axes.barh(range(len(shown)), lengths, height=0.7, color=colours)
    for bar, kind in zip(bars, shown["regret_kind"], strict=True):
        bar.set_alpha(0.45 if kind in _BOUNDS else 1.0)
    bar_rows(axes, [said[i] for i in shown["project_id"]])
    for n, row in enumerate(shown.itertuples()):
        words = "∞" if not np.isfinite(row.size) else ("≥ " if row.regret_kind in _BOUNDS else "") + number(float(say(row.size)))
        end_label(axes, lengths[n], n, words)
    room(axes, 0.0, lengths.max(), right=0.28)
    value_axis(axes, "x", text("figures.axis.money", lang, unit=say.unit))
    for label, colour in (("inside", SELECTED), ("outside", UNSELECTED)):
        axes.barh([0], [0], color=colour, label=text(f"figures.regrets.{label}", lang))
    figure.legend(loc="outside upper left", ncols=2, handlelength=1.2)
    most = shown.iloc[int(shown["size"].to_numpy().argmax())]
    value = say.say(most["size"]) if np.isfinite(most["size"]) else "∞"
    words = dict(
        count=len(shown), name=said[most["project_id"]], value=value, objective=text(f"figures.objective.{objective}", lang)
    )
    return finish(figure, text("figures.regrets.caption", lang, **words), text("figures.regrets.alt", lang, **words))


@styled
def project_roles(
    roles: pd.DataFrame, alternatives: pd.DataFrame, bundle: pd.DataFrame, lang: str = "en", top: int = 30
) -> Picture:
    """A grid of the interchangeable projects (rows) and the near-optimal bundles (columns), filled where the bundle has it."""
    free = roles[roles["role"] == "interchangeable"] if len(roles) else roles
    if len(free) == 0 or len(alternatives) < 2:
        return blank("roles", lang)
    held = [set(free.loc[free["selected"] == 1, "project_id"])]
    for row in alternatives.iloc[1:].itertuples():
        added, dropped = (set(str(part).split(";")) for part in (row.added, row.dropped))
        held.append((held[0] | added) - dropped)
    differs = {i: sum((i in h) != (i in held[0]) for h in held) for i in free["project_id"]}
    shown = sorted(free["project_id"], key=lambda i: (-differs[i], i))[:top]
    said = names(bundle, "project_id", lang)
    figure, axes = canvas(0.9 + ROW * max(len(shown), 3), width=5.6)
    for chosen, colour, edge in ((True, SELECTED, SELECTED), (False, "white", PALE)):
        at = np.argwhere([[(i in inside) == chosen for inside in held] for i in shown])
        axes.plot(at[:, 1], at[:, 0], linestyle="none", marker="s", markersize=8, color=colour, markeredgecolor=edge)
    bar_rows(axes, [said[i] for i in shown])
    axes.set_xticks(range(len(held)))
    axes.set_xlim(-0.6, len(held) - 0.4)
    axes.set_xlabel(text("figures.roles.axis", lang), color=INK)
    axes.tick_params(axis="x", length=0, labelcolor=MUTED)
    axes.grid(False)
    count = roles["role"].value_counts()
    words = dict(count=len(shown), bundles=len(held), always=int(count.get("always", 0)), never=int(count.get("never", 0)))
    return finish(figure, text("figures.roles.caption", lang, **words), text("figures.roles.alt", lang, **words))
