"""How sure the inventory is: its 95 % ranges, the data that would narrow them, and the misstatements against the threshold."""

import numpy as np
import pandas as pd

from workbench.figures.axes import bar_rows, end_label, right_words, room, value_axis, zero_line
from workbench.figures.quantities import Scale, names, number, numeric, percent, scale, shorten, word
from workbench.figures.style import ALARM, INK, MUTED, NAIVE, PALE, ROW, SELECTED, Picture, blank, canvas, finish, styled
from workbench.wording import text

LONG_NAME = 44


@styled
def uncertainty_ranges(table: pd.DataFrame, lang: str = "en", top: int = 25) -> Picture:
    """95 % ranges of the cluster and the largest enterprises, in % of each value: approach 1 and, where drawn, Monte Carlo.

    `table` is that of `uncertainty.monte_carlo` or `uncertainty.propagate`, perhaps with name and name_zh.
    """
    table = table[table["level"].isin(["cluster", "enterprise"])] if len(table) else table
    if len(table) == 0:
        return blank("uncertainty_ranges", lang)
    drawn = "approach1_low" in table
    if not drawn:
        table = table.assign(mean_tco2e=np.nan, approach1_low=table["low"], approach1_high=table["high"], low=np.nan, high=np.nan)
    table = table[pd.to_numeric(table["tco2e"], errors="coerce").fillna(0.0) != 0]
    table = table.sort_values(["level", "tco2e", "key"], ascending=[True, False, True]).head(top + 1).reset_index(drop=True)
    if table.empty:
        return blank("uncertainty_ranges", lang)
    said = names(table, "key", lang) | {"cluster": text("figures.uncertainty_ranges.cluster", lang)}
    rows = [said[key] for key in table["key"]]
    off = {
        c: (table[c] / table["tco2e"] - 1) * 100 * np.sign(table["tco2e"])
        for c in ("approach1_low", "approach1_high", "low", "high")
    }
    half = (table["approach1_high"] - table["approach1_low"]) / 2 / table["tco2e"].abs() * 100
    limit = min(pd.DataFrame(off).abs().max(axis=None), 2.5 * half.median() if len(half) > 2 else np.inf) or 1.0
    figure, axes = canvas(0.75 + 1.25 * ROW * max(len(rows), 3))
    _range_lines(axes, table, off, limit, drawn, lang)
    bar_rows(axes, rows)
    axes.set_xlim(-1.06 * limit, 1.06 * limit)
    zero_line(axes)
    value_axis(axes, "x", text("figures.axis.deviation", lang))
    said = [f"{scale([v], 'tco2e', lang).say(v)}  ±{percent(h, lang)}" for v, h in zip(table["tco2e"], half, strict=True)]
    right_words(axes, said, color=INK, fontsize=8)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, columnspacing=1.4)
    return finish(figure, *_range_words(table, rows, half, drawn, lang))


def _range_lines(axes, table: pd.DataFrame, off: dict[str, pd.Series], limit: float, drawn: bool, lang: str) -> None:
    """Two lines a row; what goes beyond the limit ends in an arrow."""
    mean = (table["mean_tco2e"] / table["tco2e"] - 1) * 100 * np.sign(table["tco2e"])
    kinds = [("approach1", "approach1_low", "approach1_high", mean * 0, SELECTED, "o")]
    kinds += [("monte_carlo", "low", "high", mean, ALARM, "D")] if drawn else []
    for kind, low, high, middle, colour, marker in kinds:
        shift = 0.0 if not drawn else -0.16 if kind == "approach1" else 0.16
        places = np.arange(len(table)) + shift
        left, right = off[low].clip(lower=-limit), off[high].clip(upper=limit)
        axes.hlines(places, left, right, color=colour, linewidth=1.6, zorder=3)
        for ends, beyond, arrow in ((left, off[low] < -limit, "<"), (right, off[high] > limit, ">")):
            axes.plot(ends[~beyond], places[~beyond], linestyle="none", marker="|", markersize=5, color=colour)
            axes.plot(ends[beyond], places[beyond], linestyle="none", marker=arrow, markersize=4.5, color=colour, clip_on=False)
        label = text(f"figures.uncertainty_ranges.{kind}", lang)
        axes.plot(
            middle.clip(-limit, limit),
            places,
            marker=marker,
            markersize=4,
            color=colour,
            linewidth=0,
            linestyle="none",
            label=label,
            zorder=4,
        )


def _range_words(table: pd.DataFrame, rows: list[str], half: pd.Series, drawn: bool, lang: str) -> tuple[str, str]:
    first = table.iloc[0]
    whole = scale([first["tco2e"]], "tco2e", lang)
    ends = ("low", "high") if drawn else ("approach1_low", "approach1_high")
    widest = int(half.to_numpy().argmax())
    values = dict(
        count=int((table["level"] == "enterprise").sum()),
        total=whole.say(first["tco2e"]),
        low=whole.say(first["approach1_low"]),
        high=whole.say(first["approach1_high"]),
        drawn_low=whole.say(first[ends[0]]),
        drawn_high=whole.say(first[ends[1]]),
        name=rows[widest],
        widest=percent(half.iloc[widest], lang),
    )
    return text("figures.uncertainty_ranges.caption", lang, **values), text("figures.uncertainty_ranges.alt", lang, **values)


@styled
def data_to_improve(contributions: pd.DataFrame, lang: str = "en", top: int = 10) -> Picture:
    """The data that make the cluster's range wide: share of the variance, and how far the range narrows if one is improved."""
    if len(contributions) == 0:
        return blank("data_to_improve", lang)
    table = numeric(contributions, "variance_share_pct", "gain_pct")
    shown = table.head(top).reset_index(drop=True)
    rows = _data_names(shown, lang)
    figure, panels = canvas(0.75 + (ROW + 0.05) * max(len(rows), 3), columns=2, sharey=True)
    colours = {"activity": SELECTED, "factor": NAIVE}
    for axes, column, title in zip(panels, ("variance_share_pct", "gain_pct"), ("variance_share", "gain"), strict=True):
        for kind, colour in colours.items():
            part = shown.index[shown["kind"] == kind]
            if len(part):
                label = text(f"figures.data_to_improve.{kind}", lang) if column == "gain_pct" else None
                axes.barh(part, shown.loc[part, column], height=0.7, color=colour, label=label)
        bar_rows(axes, rows)
        room(axes, 0.0, shown[column].max(), right=0.22)
        for row, value in enumerate(shown[column]):
            end_label(axes, value, row, number(value))
        value_axis(axes, "x", text(f"figures.axis.{title}", lang))
    figure.legend(*panels[1].get_legend_handles_labels(), loc="outside upper left", ncols=2, handlelength=1, handleheight=0.9)
    best = int(shown["gain_pct"].to_numpy().argmax())
    values = dict(
        shown=len(shown),
        count=len(table),
        share=percent(shown["variance_share_pct"].sum(), lang),
        name=rows[0],
        first=percent(shown["variance_share_pct"].iloc[0], lang),
        gain=percent(shown["gain_pct"].iloc[0], lang),
        best=rows[best],
        best_gain=percent(shown["gain_pct"].iloc[best], lang),
    )
    return finish(
        figure, text("figures.data_to_improve.caption", lang, **values), text("figures.data_to_improve.alt", lang, **values)
    )


def _data_names(table: pd.DataFrame, lang: str) -> list[str]:
    """A factor by its id; an activity datum by enterprise and carrier, and its source where those do not tell it apart."""
    said = names(table, "enterprise_id", lang)
    alike = table.duplicated(["kind", "enterprise_id", "carrier"], keep=False)
    rows = []
    for row, twice in zip(table.to_dict("records"), alike, strict=True):
        key = "factor_name" if row["kind"] == "factor" else "activity_source" if twice else "activity_name"
        values = dict(
            factor=row["factor_id"], enterprise=shorten(said[row["enterprise_id"]], 22), carrier=word(row["carrier"], lang)
        )
        rows.append(shorten(text(f"figures.data_to_improve.{key}", lang, source=word(row["source"], lang), **values), LONG_NAME))
    return rows


@styled
def misstatements(table: pd.DataFrame, lang: str = "en", threshold_tco2e: float | None = None, top: int = 12) -> Picture:
    """Filed - verified of the cluster, finding by finding (tCO2e); beside it the sums against the threshold, ± as a band."""
    whole = numeric(table, "cluster_misstatement_tco2e") if len(table) else table
    shown = whole[whole["cluster_misstatement_tco2e"] != 0] if len(whole) else whole
    if len(shown) == 0:
        return blank("misstatements", lang)
    column = shown["cluster_misstatement_tco2e"]
    shown = shown.loc[column.abs().sort_values(ascending=False, kind="stable").index]
    said = names(shown, "enterprise_id", lang)
    rows = [_finding_name(row, said, lang) for row in shown.head(top).to_dict("records")]
    bars, sums = shown["cluster_misstatement_tco2e"].head(top).to_numpy(), (column.sum(), column.abs().sum())
    figure, panels = canvas(0.8 + ROW * max(len(rows), 4), columns=2, width_ratios=[1.7, 1])
    _signed_bars(panels[0], bars, rows, [_sign_colour(value) for value in bars], "misstatement", lang)
    _against_threshold(panels[1], sums, threshold_tco2e, lang)
    say = scale([*sums, threshold_tco2e or 0.0], "tco2e", lang).say
    values = dict(
        count=len(shown),
        silent=int((table["tonnes"] == "unknown").sum()) if "tonnes" in table else 0,
        sum=say(sums[0]),
        absolute=say(sums[1]),
        threshold=text("figures.misstatements.no_threshold", lang) if threshold_tco2e is None else say(threshold_tco2e),
        name=rows[0],
        value=say(bars[0]),
    )
    return finish(figure, text("figures.misstatements.caption", lang, **values), text("figures.misstatements.alt", lang, **values))


def _signed_bars(axes, values: np.ndarray, rows: list[str], colours: list[str], title: str, lang: str, beyond: tuple = ()) -> Scale:
    """Bars to both sides of zero, with room for what lies beyond them."""
    ends = [*values, *beyond]
    say = scale(ends, "tco2e", lang)
    axes.barh(range(len(rows)), say(values), height=0.7, color=colours)
    bar_rows(axes, rows)
    room(axes, say(min(ends)), say(max(ends)), right=0.3, left=0.35)
    for row, value in enumerate(values):
        end_label(axes, value, row, number(say(value)), at=say(value))
    zero_line(axes)
    value_axis(axes, "x", text(f"figures.axis.{title}", lang, unit=say.unit))
    axes.locator_params(axis="x", nbins=3)
    return say


def _against_threshold(axes, sums: tuple[float, float], threshold: float | None, lang: str) -> None:
    """The two sums and, as a band, what is below the threshold."""
    rows = [text(f"figures.misstatements.{kind}", lang) for kind in ("signed", "absolute")]
    beyond = () if threshold is None else (threshold, -threshold)
    say = _signed_bars(axes, np.array(sums), rows, [_sign_colour(sums[0]), MUTED], "against_threshold", lang, beyond)
    if threshold is not None:
        label = text("figures.misstatements.threshold", lang)
        axes.axvspan(-say(threshold), say(threshold), color=PALE, alpha=0.6, linewidth=0, zorder=0, label=label)
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), handlelength=1, handleheight=0.9)


def _sign_colour(value: float) -> str:
    """Too much in the colour of alarm."""
    return ALARM if value > 0 else SELECTED


def _finding_name(row: dict, said: dict[str, str], lang: str) -> str:
    if row["check"] == "interaction":
        return text("figures.misstatements.interaction", lang)
    key = "row" if str(row["row"]) else "no_row"
    values = dict(check=word(row["check"], lang), enterprise=shorten(said[row["enterprise_id"]], 20), row=row["row"])
    return shorten(text(f"figures.misstatements.{key}", lang, **values), LONG_NAME)
