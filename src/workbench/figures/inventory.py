"""Where the emissions are: by enterprise and carrier, at the key emitters, by scope and source."""

import numpy as np
import pandas as pd

from workbench.figures.axes import bar_rows, cut_bars, end_label, room, value_axis, zero_line
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
    word,
    year_of,
)
from workbench.figures.style import (
    ALARM,
    INK,
    MUTED,
    ROW,
    SELECTED,
    UNSELECTED,
    Picture,
    blank,
    canvas,
    finish,
    palette,
    styled,
)
from workbench.wording import text

MOST_CARRIERS = 8


def _codes(inventory: pd.DataFrame) -> pd.Series:
    """The carrier of each row, or its source where a row has no carrier; the small ones fold into one."""
    carrier = inventory["carrier"].astype("string")
    codes = carrier.where(carrier.notna() & (carrier != ""), inventory.get("source", pd.Series("process", inventory.index)))
    codes = codes.astype("string").fillna(OTHER).astype(object)
    sizes = inventory["tco2e"].abs().groupby(codes).sum().sort_values(ascending=False, kind="stable")
    return codes.where(codes.isin(sizes.index[:MOST_CARRIERS]), OTHER) if len(sizes) > MOST_CARRIERS + 1 else codes


@styled
def emissions_by_enterprise(inventory: pd.DataFrame, enterprises: pd.DataFrame, lang: str = "en", top: int = 25) -> Picture:
    """Emissions of each enterprise (tCO2e), ranked, stacked by carrier; credits stand left of zero."""
    if inventory.empty:
        return blank("emissions_by_enterprise", lang)
    inventory = numeric(inventory, "tco2e")
    matrix = inventory.assign(code=_codes(inventory)).pivot_table(
        index="enterprise_id", columns="code", values="tco2e", aggfunc="sum", fill_value=0.0, sort=True
    )
    order = matrix.sum(axis=1).sort_values(ascending=False, kind="stable").index
    carriers = [c for c in matrix.abs().sum().sort_values(ascending=False, kind="stable").index if c != OTHER]
    carriers += [OTHER] if OTHER in matrix else []
    matrix = matrix.loc[order, carriers]
    shown, rest = top_and_rest(matrix, top)
    said = names(enterprises, "enterprise_id", lang)
    rows = [text("figures.other_enterprises", lang, count=rest) if i == OTHER else said.get(i, shorten(i)) for i in shown.index]

    ends, starts = shown.clip(lower=0).sum(axis=1), shown.clip(upper=0).sum(axis=1)
    listed = ends.drop(OTHER, errors="ignore").max()
    limit = 1.35 * listed if rest and ends.iloc[-1] > 1.35 * listed > 0 else ends.max()
    say = scale([limit, *starts], "tco2e", lang)
    figure, axes = canvas(0.75 + ROW * max(len(rows), 4) + 0.2)
    colours = palette(carriers)
    right, left = np.zeros(len(rows)), np.zeros(len(rows))
    for carrier in carriers:
        values = say(shown[carrier].to_numpy())
        some = np.flatnonzero(values) if values.any() else np.arange(len(rows))  # one at least, for the legend
        axes.barh(
            some,
            values[some],
            left=np.where(values >= 0, right, left)[some],
            height=0.72,
            color=colours[carrier],
            edgecolor="white",
            label=word(carrier, lang),
        )
        right, left = right + values.clip(min=0), left + values.clip(max=0)
    bar_rows(axes, rows, muted=[len(rows) - 1] if rest else [])
    room(axes, say(starts.min()), say(limit), right=0.17)
    totals, whole = shown.sum(axis=1), matrix.to_numpy().sum()
    for row, total in enumerate(totals):
        end = min(right[row], say(limit)) if right[row] > 0 else 0.0
        words = number(say(total)) + (f" ({percent(share(total, whole), lang)})" if whole > 0 else "")
        end_label(axes, 1, row, ("» " if right[row] > say(limit) * 1.001 else "") + words, at=end)
    cut_bars(axes, say(limit))
    if (starts < 0).any():
        zero_line(axes)
        credited = np.flatnonzero(starts < 0)
        axes.plot(
            say(totals.to_numpy()[credited]),
            credited,
            linestyle="none",
            marker="D",
            markersize=3.5,
            color="white",
            markeredgecolor=INK,
            markeredgewidth=0.8,
            label=text("figures.net", lang),
            zorder=5,
            clip_on=True,
        )
    value_axis(axes, "x", text("figures.axis.emissions", lang, unit=say.unit))
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside upper left", ncols=5, handlelength=1, handleheight=0.9, columnspacing=1.2
    )
    first = order[0]
    largest = carriers[0]
    values = dict(
        year=year_of(inventory),
        count=len(matrix),
        total=say.say(whole),
        name=said.get(first, shorten(first)),
        value=say.say(totals.iloc[0]),
        share=percent(share(totals.iloc[0], whole), lang),
        carrier=word(largest, lang),
        carrier_share=percent(share(matrix[largest].sum(), whole), lang),
    )
    alt = text("figures.emissions_by_enterprise.alt", lang, **values)
    if (starts < 0).any():
        alt += text("figures.emissions_by_enterprise.alt_negative", lang)
    return finish(figure, text("figures.emissions_by_enterprise.caption", lang, **values), alt)


@styled
def key_emitters(enterprises: pd.DataFrame, lang: str = "en", top: int = 30, threshold_pct: float = 80.0) -> Picture:
    """Pareto curve: share of each enterprise and the cumulative share on one percentage axis; key emitters in colour."""
    table = numeric(enterprises, "total_tco2e") if len(enterprises) else enterprises
    whole = table["total_tco2e"].sum() if len(table) else 0.0
    if len(table) == 0 or whole <= 0:
        return blank("key_emitters", lang)
    table = table.sort_values("total_tco2e", ascending=False, kind="stable").reset_index(drop=True)
    part = 100 * table["total_tco2e"] / whole
    cumulative = part.cumsum()
    # Where the table does not say, key emitters are those that together reach the threshold.
    key = (
        (pd.to_numeric(table["key_emitter"], errors="coerce").fillna(0) > 0)
        if "key_emitter" in table
        else (cumulative.shift(fill_value=0.0) < threshold_pct)
    )
    said = names(table, "enterprise_id", lang)
    rest = max(len(table) - top, 0) if len(table) > top + 1 else 0
    head = len(table) - rest
    rows = [said[i] for i in table["enterprise_id"][:head]] + (
        [text("figures.other_enterprises", lang, count=rest)] if rest else []
    )
    bars = [*part[:head], *([part[head:].sum()] if rest else [])]
    curve = [*cumulative[:head], *([cumulative.iloc[-1]] if rest else [])]
    highlighted = [*key[:head], *([False] if rest else [])]

    figure, axes = canvas(0.75 + ROW * max(len(rows), 4))
    axes.barh(range(len(rows)), bars, height=0.72, color=[SELECTED if k else UNSELECTED for k in highlighted])
    axes.plot(curve, range(len(rows)), color=INK, linewidth=1.1, marker="o", markersize=3.2, markerfacecolor="white", zorder=4)
    bar_rows(axes, rows, muted=[len(rows) - 1] if rest else [])
    axes.axvline(threshold_pct, color=ALARM, linewidth=0.9, linestyle=(0, (4, 3)), zorder=2)
    axes.annotate(
        percent(threshold_pct, lang),
        (threshold_pct, 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 2),
        textcoords="offset points",
        ha="center",
        color=ALARM,
        fontsize=7.5,
    )
    axes.set_xlim(min(0.0, *bars), max(112.0, max(curve) * 1.1))
    axes.set_xticks(range(0, 101, 20))
    value_axis(axes, "x", text("figures.axis.share", lang))
    axes.set_xticks(range(0, 101, 20))
    for row in range(len(rows)):
        clear = dict(facecolor="white", edgecolor="none", pad=0.4)  # the threshold line runs behind the words
        end_label(axes, 1, row, percent(curve[row], lang), at=curve[row], va="bottom", color=MUTED, gap=4, bbox=clear)
    handles = [axes.patches[next((r for r, k in enumerate(highlighted) if k == wanted), 0)] for wanted in (True, False)]
    legend = (
        [(handles[0], "key"), (handles[1], "not_key")]
        if any(highlighted) and not all(highlighted)
        else ([(handles[0], "key")] if any(highlighted) else [(handles[1], "not_key")])
    )
    legend.append((axes.lines[0], "cumulative"))
    figure.legend(
        [h for h, _ in legend],
        [text(f"figures.key_emitters.{k}", lang) for _, k in legend],
        loc="outside upper left",
        ncols=3,
        handlelength=1.4,
        columnspacing=1.4,
    )
    count = int(key.sum())
    say = scale([whole], "tco2e", lang)
    values = dict(
        count=len(table),
        key_count=count,
        key_share=percent(part[key].sum(), lang),
        total=say.say(whole),
        name=rows[0],
        share=percent(part.iloc[0], lang),
        threshold=percent(threshold_pct, lang),
        needed=int((cumulative.round(9) < threshold_pct).sum()) + 1,
    )
    return finish(figure, text("figures.key_emitters.caption", lang, **values), text("figures.key_emitters.alt", lang, **values))


@styled
def emissions_by_source(inventory: pd.DataFrame, lang: str = "en", top: int = 8) -> Picture:
    """Emissions by scope and source, each split by carrier (tCO2e), with the range the factors leave open."""
    if inventory.empty:
        return blank("emissions_by_source", lang)
    table = numeric(inventory, "tco2e")
    for bound in ("tco2e_low", "tco2e_high"):
        filed = pd.to_numeric(table.get(bound, pd.Series(np.nan, table.index)), errors="coerce")
        table[bound] = filed.fillna(table["tco2e"])
    table["code"] = _codes(table)
    table["group"] = list(zip(*(table[c].astype("string").fillna("–") for c in ("scope", "source")), strict=True))
    whole = table["tco2e"].sum()
    totals = table.groupby("group")["tco2e"].sum()
    groups = sorted(totals.index, key=lambda group: (group[0], -totals[group]))
    lines = []  # (name, value, low, high, code); a heading has no code
    for group in groups:
        parts = table[table["group"] == group].groupby("code")[["tco2e", "tco2e_low", "tco2e_high"]].sum()
        parts = parts.reindex(parts["tco2e"].abs().sort_values(ascending=False, kind="stable").index)
        parts, rest = top_and_rest(parts, top)
        lines.append((_heading(*group, lang), totals[group], None, None, None))
        lines += [(word(code, lang), *row, code) for code, row in zip(parts.index, parts.to_numpy(), strict=True)]

    say = scale([line[1] for line in lines if line[4] is not None], "tco2e", lang)
    figure, axes = canvas(0.7 + ROW * max(len(lines), 4))
    colours = palette(dict.fromkeys(line[4] for line in lines if line[4] is not None))
    for row, (_, value, low, high, code) in enumerate(lines):
        if code is None:
            continue
        axes.barh(row, say(value), height=0.7, color=colours[code])
        if high > low:
            axes.plot([say(low), say(high)], [row, row], color=INK, linewidth=0.9, marker="|", markersize=4, zorder=4)
        end_label(axes, value, row, number(say(value)), at=say(max(value, high) if value >= 0 else min(value, low)))
    bar_rows(axes, [line[0] for line in lines], bold=[row for row, line in enumerate(lines) if line[4] is None])
    bounds = [say(bound) for line in lines if line[4] is not None for bound in line[1:4]]
    room(axes, min(bounds), max(bounds), right=0.14)
    for row, (_, value, *_, code) in enumerate(lines):
        if code is None:
            axes.annotate(
                f"{say.say(value)} ({percent(share(value, whole), lang)})" if whole > 0 else say.say(value),
                (0, row),
                xycoords=axes.get_yaxis_transform(),
                xytext=(3, 0),
                textcoords="offset points",
                va="center_baseline",
                fontsize=8,
                fontweight="bold",
                bbox=dict(facecolor="white", edgecolor="none", pad=0.8),
            )
    if min(bounds) < 0:
        zero_line(axes)
    value_axis(axes, "x", text("figures.axis.emissions", lang, unit=say.unit))
    largest = max((line for line in lines if line[4] is not None), key=lambda line: line[1])
    direct = max(groups, key=lambda group: totals[group])
    values = dict(
        year=year_of(inventory),
        total=say.say(whole),
        group=_heading(*direct, lang),
        group_value=say.say(totals[direct]),
        group_share=percent(share(totals[direct], whole), lang),
        carrier=largest[0],
        value=say.say(largest[1]),
        share=percent(share(largest[1], whole), lang),
    )
    return finish(
        figure, text("figures.emissions_by_source.caption", lang, **values), text("figures.emissions_by_source.alt", lang, **values)
    )


def _heading(scope: str, source: str, lang: str) -> str:
    scope = scope.removesuffix(".0")
    said = text("figures.scope", lang, scope=scope) if scope in ("1", "2", "3") else word(scope, lang)
    return text("figures.scope_source", lang, scope=said, source=word(source, lang))
