"""What could be saved: by carrier, by enterprise, and at which cost, alone and in turn."""

import numpy as np
import pandas as pd

from workbench.figures.axes import bar_rows, cut_bars, end_label, room, value_axis, zero_line
from workbench.figures.quantities import (
    OTHER,
    currency_name,
    names,
    number,
    numeric,
    percent,
    scale,
    share,
    shorten,
    top_and_rest,
    word,
)
from workbench.figures.style import (
    IN_TURN,
    MUTED,
    NAIVE,
    ROW,
    SELECTED,
    Picture,
    blank,
    canvas,
    finish,
    palette,
    styled,
)
from workbench.wording import text

WHISKERS = 60  # steps of the curve drawn with their range


@styled
def potential_by_carrier(savings: pd.DataFrame, lang: str = "en", top: int = 20) -> Picture:
    """Savings by carrier in tce and in tCO2e, side by side; a carrier used more stands left of zero."""
    table = numeric(savings, "tce_saved", "tco2e_saved") if len(savings) else savings
    if len(table) == 0:
        return blank("potential_by_carrier", lang)
    table = table.groupby("carrier")[["tce_saved", "tco2e_saved"]].sum()
    table = table.loc[table["tco2e_saved"].sort_values(ascending=False, kind="stable").index]
    shown, rest = top_and_rest(table, top)
    rows = [word(carrier, lang) for carrier in shown.index]
    figure, panels = canvas(0.65 + (ROW + 0.04) * max(len(rows), 3), columns=2, sharey=True)
    colours = palette(shown.index)
    says = []
    for axes, (column, unit) in zip(panels, (("tce_saved", "tce"), ("tco2e_saved", "tco2e")), strict=True):
        say = scale(shown[column], unit, lang)
        values = say(shown[column].to_numpy())
        axes.barh(range(len(rows)), values, height=0.7, color=[colours[c] for c in shown.index])
        bar_rows(axes, rows, muted=[len(rows) - 1] if rest else [])
        room(axes, values.min(), values.max(), right=0.2, left=0.2)
        for row, value in enumerate(values):
            end_label(axes, value, row, number(value))
        if values.min() < 0:
            zero_line(axes)
        value_axis(axes, "x", text(f"figures.axis.{column}", lang, unit=say.unit))
        says.append(say)
    totals = table.sum()
    values = dict(
        tce=says[0].say(totals["tce_saved"]),
        tco2e=says[1].say(totals["tco2e_saved"]),
        carrier=rows[0],
        value=says[1].say(table["tco2e_saved"].iloc[0]),
        count=len(table),
        share=percent(share(table["tco2e_saved"].iloc[0], totals["tco2e_saved"]), lang),
    )
    return finish(
        figure,
        text("figures.potential_by_carrier.caption", lang, **values),
        text("figures.potential_by_carrier.alt", lang, **values),
    )


def part_of_whole(theme: str, table: pd.DataFrame, said: dict[str, str], lang: str, top: int) -> Picture:
    """Bars of a whole and, inside, the part that goes; ``table`` is indexed by enterprise with columns whole and part (tCO2e)."""
    table = table.loc[table["whole"].sort_values(ascending=False, kind="stable").index]
    shown, rest = top_and_rest(table, top)
    rows = [text("figures.other_enterprises", lang, count=rest) if i == OTHER else said.get(i, shorten(i)) for i in shown.index]
    listed = shown["whole"].drop(OTHER, errors="ignore").max()
    limit = 1.35 * listed if rest and shown["whole"].iloc[-1] > 1.35 * listed > 0 else shown["whole"].max()
    say = scale([limit], "tco2e", lang)
    figure, axes = canvas(0.75 + ROW * max(len(rows), 4))
    whole, part = say(shown["whole"].to_numpy()), say(shown["part"].to_numpy())
    # The part that goes is the right end of the bar, so what stays can be read from zero.
    axes.barh(range(len(rows)), whole, height=0.72, color=SELECTED, label=text(f"figures.{theme}.stays", lang))
    axes.barh(
        range(len(rows)),
        part,
        left=whole - part,
        height=0.72,
        color="#a9cfe6",
        edgecolor=SELECTED,
        hatch="////",
        label=text(f"figures.{theme}.goes", lang),
    )
    bar_rows(axes, rows, muted=[len(rows) - 1] if rest else [])
    room(axes, min(whole.min(), (whole - part).min()), say(limit), right=0.2)
    for row, i in enumerate(shown.index):
        over = "» " if whole[row] > say(limit) * 1.001 else ""
        saved = shown.loc[i, "part"]
        words = number(-say(saved))
        if saved > 0 and shown.loc[i, "whole"] > 0:
            words += f" ({percent(-share(saved, shown.loc[i, 'whole']), lang)})"
        end_label(axes, 1, row, over + words, at=min(max(whole[row], 0), say(limit)))
    cut_bars(axes, say(limit))
    value_axis(axes, "x", text("figures.axis.emissions", lang, unit=say.unit))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, handlelength=1.2, handleheight=0.9)
    most = table["part"].idxmax()
    values = dict(
        count=len(table),
        before=say.say(table["whole"].sum()),
        after=say.say(table["whole"].sum() - table["part"].sum()),
        saved=say.say(table["part"].sum()),
        share=percent(share(table["part"].sum(), table["whole"].sum()), lang),
        name=said.get(most, shorten(most)),
        value=say.say(table.loc[most, "part"]),
        largest=rows[0],
        own=percent(share(table.loc[most, "part"], table.loc[most, "whole"]), lang),
    )
    return finish(figure, text(f"figures.{theme}.caption", lang, **values), text(f"figures.{theme}.alt", lang, **values))


@styled
def potential_by_enterprise(potential: pd.DataFrame, enterprises: pd.DataFrame, lang: str = "en", top: int = 25) -> Picture:
    """Simple sum of each enterprise's projects against its emissions; interactions are not subtracted yet."""
    if len(potential) == 0 or len(enterprises) == 0:
        return blank("potential_by_enterprise", lang)
    saved = numeric(potential, "tco2e_saved").groupby("enterprise_id")["tco2e_saved"].sum()
    emitted = numeric(enterprises, "total_tco2e").set_index("enterprise_id")["total_tco2e"]
    table = pd.DataFrame({"whole": emitted, "part": saved.reindex(emitted.index).fillna(0.0)})
    return part_of_whole("potential_by_enterprise", table, names(enterprises, "enterprise_id", lang), lang, top)


def _window(costs: np.ndarray, widths: np.ndarray) -> tuple[float, float]:
    """Cost limits that show the bulk of the abatement: further out than 2.5 times the middle eight tenths, a bar is cut."""
    order = np.argsort(costs, kind="stable")
    reached = np.cumsum(widths[order]) / widths.sum()
    low, high = (costs[order][min(np.searchsorted(reached, q), len(costs) - 1)] for q in (0.1, 0.9))
    reach = 2.5 * max(high - low, 0.1 * max(abs(high), abs(low)), 1e-9)
    return max(costs.min(), min(low - reach, 0.0)), min(costs.max(), max(high + reach, 0.0))


def _whiskers(axes, table: pd.DataFrame | None, say, window: tuple[float, float], lang: str) -> tuple[float, float] | None:
    """Ranges on both axes of the curve in turn: cost of each step, and where the whole may end; returns that, in tCO2e."""
    named = [f"incremental_{name}_{end}" for name in ("abatement_cost", "tco2e") for end in ("low", "high")]
    if table is None or not set(named) <= set(table.columns):
        return None
    ends = table[named].apply(pd.to_numeric, errors="coerce").to_numpy()
    widths = table["width"].to_numpy()
    middles = say(np.cumsum(widths) - widths / 2)
    if len(table) <= WHISKERS:  # more of them would be a grey band
        label = text("figures.macc.range", lang)
        axes.vlines(
            middles, *(ends[:, i].clip(*window) for i in (0, 1)), color=IN_TURN, linewidth=0.9, alpha=0.55, label=label, zorder=5
        )
    half = np.sqrt(np.nansum((widths - ends[:, 2]) ** 2)), np.sqrt(np.nansum((ends[:, 3] - widths) ** 2))
    total = widths.sum()
    height = np.clip(table["cost"].to_numpy()[-1], *window)
    axes.hlines(height, say(total - half[0]), say(total + half[1]), color=IN_TURN, linewidth=2.2, alpha=0.7, zorder=5)
    return total - half[0], total + half[1]


def _apart(naive: pd.DataFrame, turn: pd.DataFrame, say, lang: str) -> str:
    """What lies between the two curves: overlap on the same use, and projects that cannot enter beside better ones."""
    out = naive[naive["entered"] != 1] if "entered" in naive else naive[~naive["project_id"].isin(turn["project_id"])]
    overlap, kept = naive["width"].sum() - out["width"].sum() - turn["width"].sum(), out["width"].sum()
    said = text("figures.macc.overlap", lang, overlap=say.say(overlap)) if overlap > 1e-6 * max(naive["width"].sum(), 1.0) else ""
    return said + (text("figures.macc.kept_out", lang, kept=say.say(kept), count=len(out)) if len(out) else "")


@styled
def abatement_cost_curve(macc: pd.DataFrame, lang: str = "en", currency: str = "CNY") -> Picture:
    """Marginal abatement cost curve: each measure alone, sorted by cost, against the same measures in their turn."""
    curves = {}
    for kind in ("naive", "incremental"):
        cost, width = f"{kind}_abatement_cost", f"{kind}_tco2e"
        if len(macc) == 0:
            break
        table = macc.assign(cost=pd.to_numeric(macc[cost], errors="coerce"), width=pd.to_numeric(macc[width], errors="coerce"))
        table = table[np.isfinite(table["cost"]) & (table["width"] > 0)]
        if len(table):
            curves[kind] = table.sort_values("cost" if kind == "naive" else "rank", kind="stable")
    if not curves:
        return blank("abatement_cost_curve", lang)
    every = pd.concat(curves.values())
    low, high = _window(every["cost"].to_numpy(), every["width"].to_numpy())
    reach = (high - low) or 1.0
    say = scale([table["width"].sum() for table in curves.values()], "tco2e", lang)
    money = currency_name(currency, lang)
    figure, axes = canvas(3.9)
    cut, told = 0, []
    total = say(max(table["width"].sum() for table in curves.values()))
    for kind, table in curves.items():
        widths, costs = say(table["width"].to_numpy()), table["cost"].to_numpy()
        starts = np.concatenate([[0.0], np.cumsum(widths)])
        shown = costs.clip(low, high)
        if kind == "naive" and len(table) < 80:
            axes.bar(
                starts[:-1], shown, width=widths, align="edge", color=NAIVE, edgecolor="white", linewidth=0.3,
                label=text("figures.macc.naive", lang),
            )  # fmt: skip
        elif kind == "naive":  # too narrow for an edge each
            axes.stairs(shown, starts, fill=True, color=NAIVE, linewidth=0, label=text("figures.macc.naive", lang))
        else:
            axes.stairs(
                shown, starts, color=IN_TURN, linewidth=1.6, baseline=None, label=text("figures.macc.in_turn", lang), zorder=4
            )
        middles = starts[:-1] + widths / 2
        for beyond, mark, edge in ((costs > high, "^", high), (costs < low, "v", low)):
            axes.plot(
                middles[beyond],
                np.full(beyond.sum(), edge),
                linestyle="none",
                marker=mark,
                markersize=5,
                color=NAIVE if kind == "naive" else IN_TURN,
                markeredgecolor="white",
                markeredgewidth=0.5,
                zorder=6,
                clip_on=False,
            )
        for place, cost in zip(middles, costs, strict=True):
            if cost > high or cost < low:
                cut += 1
                above = cost > high
                # Two numbers at the same place cannot be read: the second stays a triangle.
                if all(abs(place - x) > 0.08 * total or above != side for x, side in told):
                    told.append((place, above))
                    axes.annotate(
                        number(cost),
                        (place, high if above else low),
                        xytext=(0, 5 if above else -5),
                        textcoords="offset points",
                        ha="center" if place > 0.04 * total else "left",
                        va="bottom" if above else "top",
                        fontsize=7,
                        color=MUTED,
                        annotation_clip=False,
                    )
    spread = _whiskers(axes, curves.get("incremental"), say, (low, high), lang)
    ends = {kind: say(table["width"].sum()) for kind, table in curves.items()}
    axes.set_xlim(0, 1.02 * max(ends.values()))
    axes.set_ylim(low - 0.08 * reach if low < 0 else 0, high + 0.1 * reach)
    zero_line(axes, "y")
    if low < 0:
        axes.axhspan(axes.get_ylim()[0], 0, color="#f2f4f5", zorder=0)
        axes.annotate(
            text("figures.macc.negative", lang),
            (1, axes.get_ylim()[0]),
            xycoords=axes.get_yaxis_transform(),
            xytext=(-4, 4),
            textcoords="offset points",
            ha="right",
            fontsize=7.5,
            color=MUTED,
        )
    value_axis(axes, "x", text("figures.axis.cumulative", lang, unit=say.unit))
    value_axis(axes, "y", text("figures.axis.abatement_cost", lang, currency=money))
    axes.legend(loc="upper left", handlelength=1.4)
    naive = curves.get("naive", every.iloc[:0])
    turn = curves.get("incremental", every.iloc[:0])
    widest = naive.loc[naive["width"].idxmax()] if len(naive) else turn.loc[turn["width"].idxmax()]
    values = dict(
        count=macc["project_id"].nunique(),
        naive=say.say(naive["width"].sum()),
        turn=say.say(turn["width"].sum()),
        negative=say.say(naive.loc[naive["cost"] < 0, "width"].sum()),
        low=number(every["cost"].min()),
        high=number(every["cost"].max()),
        currency=money,
        name=shorten(widest.get("name", widest["project_id"])),
        value=say.say(widest["width"]),
    )
    caption = text("figures.abatement_cost_curve.caption", lang, **values)
    caption += _apart(naive, turn, say, lang)
    if cut:
        caption += text("figures.macc.cut", lang, count=cut)
    if spread is not None:
        caption += text("figures.macc.total_range", lang, low=say.say(spread[0]), high=say.say(spread[1]))
    return finish(figure, caption, text("figures.abatement_cost_curve.alt", lang, **values))
