"""Where the emissions are: by enterprise, by source, against energy, and from the enterprises' sum to the cluster."""

import numpy as np
import pandas as pd

from workbench.figures.style import (
    ALARM,
    INK,
    MUTED,
    OTHER,
    PALE,
    ROW,
    SELECTED,
    SEVERITIES,
    UNSELECTED,
    Picture,
    bar_rows,
    blank,
    canvas,
    cut_bars,
    end_label,
    finish,
    names,
    number,
    numeric,
    palette,
    percent,
    place_labels,
    room,
    scale,
    settle,
    share,
    shorten,
    styled,
    tick_text,
    value_axis,
    word,
    year_of,
    zero_line,
)
from workbench.wording import text

MOST_CARRIERS = 8
SPREAD = 20  # largest over smallest value above which an axis is logarithmic


def _codes(inventory: pd.DataFrame) -> pd.Series:
    """The carrier of each row, or its source where a row has no carrier; the small ones fold into one."""
    carrier = inventory["carrier"].astype("string")
    codes = carrier.where(carrier.notna() & (carrier != ""), inventory.get("source", pd.Series("process", inventory.index)))
    codes = codes.astype("string").fillna(OTHER).astype(object)
    sizes = inventory["tco2e"].abs().groupby(codes).sum().sort_values(ascending=False, kind="stable")
    return codes.where(codes.isin(sizes.index[:MOST_CARRIERS]), OTHER) if len(sizes) > MOST_CARRIERS + 1 else codes


def _top_and_rest(matrix: pd.DataFrame, top: int) -> tuple[pd.DataFrame, int]:
    """The first rows, and the sum of the others as one more row."""
    rest = len(matrix) - top
    if rest <= 1:
        return matrix, 0
    return pd.concat([matrix.iloc[:top], matrix.iloc[top:].sum().to_frame(OTHER).T]), rest


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
    shown, rest = _top_and_rest(matrix, top)
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
        axes.barh(
            range(len(rows)),
            values,
            left=np.where(values >= 0, right, left),
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
        end_label(axes, 1, row, percent(curve[row], lang), at=curve[row], color=MUTED, gap=5, bbox=clear)
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
        parts, rest = _top_and_rest(parts, top)
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
    bar_rows(axes, [line[0] for line in lines])
    bounds = [say(bound) for line in lines if line[4] is not None for bound in line[1:4]]
    room(axes, min(bounds), max(bounds), right=0.14)
    for row, (_, value, *_, code) in enumerate(lines):
        if code is None:
            axes.get_yticklabels()[row].set_fontweight("bold")
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


def _spelled(unit: str) -> str:
    return unit.replace("tco2e", "tCO₂e").replace("tCO2e", "tCO₂e")


def _heading(scope: str, source: str, lang: str) -> str:
    scope = scope.removesuffix(".0")
    said = text("figures.scope", lang, scope=scope) if scope in ("1", "2", "3") else word(scope, lang)
    return text("figures.scope_source", lang, scope=said, source=word(source, lang))


@styled
def intensities(enterprises: pd.DataFrame, lang: str = "en", labels: int = 10) -> Picture:
    """Carbon intensity over energy intensity of each enterprise; area follows its emissions, the line is the mean of those shown."""
    columns = ["energy_intensity", "carbon_intensity"]
    if len(enterprises) == 0 or not set(columns) <= set(enterprises):
        return blank("intensities", lang)
    table = numeric(enterprises, *columns, "total_tco2e", "tce")
    table = table[(table[columns] > 0).all(axis=1)].reset_index(drop=True)
    units = [f"{column}_unit" for column in columns]
    for unit in units:
        table[unit] = table[unit].fillna("").astype(str) if unit in table else ""
    if table.empty:
        return blank("intensities", lang)
    # Tonnes per money and tonnes per tonne of product do not share an axis: the most frequent pair of units is shown.
    pair = table.value_counts(units).index[0]
    table = table[(table[units] == list(pair)).all(axis=1)].sort_values("total_tco2e", ascending=False, kind="stable")
    table = table.reset_index(drop=True)
    x, y = table[columns[0]], table[columns[1]]

    figure, axes = canvas(4.3, width=6.2)
    key = pd.to_numeric(table.get("key_emitter", pd.Series(0, table.index)), errors="coerce").fillna(0) > 0
    area = 18 + 700 * table["total_tco2e"].clip(lower=0) / (table["total_tco2e"].max() or 1.0)
    axes.scatter(
        x, y, s=area.fillna(18), c=[SELECTED if k else "#8d959c" for k in key], alpha=0.65, edgecolors="white", linewidths=0.7
    )
    for axis, values in (("x", x), ("y", y)):
        if values.max() / values.min() > SPREAD:
            getattr(axes, f"set_{axis}scale")("log")
            getattr(axes, f"set_{axis}lim")(values.min() / 2, values.max() * 3)
        else:
            getattr(axes, f"set_{axis}lim")(0, values.max() * 1.25)
    for axis, unit, column in zip("xy", pair, columns, strict=True):
        title = text(f"figures.axis.{column}", lang)
        value_axis(axes, axis, text("figures.axis.cost", lang, objective=title, unit=_spelled(unit)) if unit else title)
    mean = table["total_tco2e"].sum() / table["tce"].sum() if table["tce"].sum() > 0 else float((y / x).median())
    ends = np.array([axes.get_xlim()[0] or x.min() / 50, axes.get_xlim()[1]])
    axes.autoscale(False)
    if (y / x).max() > mean / 100 > 0:
        axes.plot(ends, ends * mean, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    for where, keys in ((0.0, "above"), (1.0, "below")):
        axes.annotate(
            text(f"figures.intensities.{keys}", lang, mean=number(mean)),
            (where, 1 - where),
            xycoords="axes fraction",
            xytext=(4 - 8 * where, -4 + 8 * where),
            textcoords="offset points",
            ha="left" if where == 0 else "right",
            va="top" if where == 0 else "bottom",
            fontsize=7.5,
            color=MUTED,
        )
    said = names(table, "enterprise_id", lang)
    settle(figure)
    place_labels(axes, x[:labels], y[:labels], [said[i] for i in table["enterprise_id"][:labels]], np.sqrt(area[:labels]) / 2)
    highest = table.loc[y.idxmax()]
    say = scale([table["total_tco2e"].max()], "tco2e", lang)
    values = dict(
        count=len(table),
        of=len(enterprises),
        name=said[table["enterprise_id"].iloc[0]],
        value=say.say(table["total_tco2e"].iloc[0]),
        highest=said[highest["enterprise_id"]],
        carbon=number(highest["carbon_intensity"]),
        unit=_spelled(pair[1]),
        mean=number(mean),
    )
    return Picture(figure, text("figures.intensities.caption", lang, **values), text("figures.intensities.alt", lang, **values))


@styled
def boundary_bridge(cluster: pd.DataFrame, lang: str = "en") -> Picture:
    """Waterfall from the sum of the enterprises to the cluster: what two members both count is taken out once."""
    items = numeric(cluster, "value").set_index("item")["value"] if len(cluster) else pd.Series(dtype=float)
    if not {"sum_of_enterprises_tco2e", "cluster_total_tco2e"} <= set(items.index):
        return blank("boundary_bridge", lang)
    start, end = items["sum_of_enterprises_tco2e"], items["cluster_total_tco2e"]
    bought, sold = abs(items.get("internal_purchases_tco2e", 0.0)), abs(items.get("internal_sales_tco2e", 0.0))
    steps = [("sum", start, 0.0)]
    if "internal_purchases_tco2e" in items or "internal_sales_tco2e" in items:
        steps += [("purchases", -bought, start), ("sales", sold, start - bought)]
    else:
        steps += [("eliminated", end - start, start)]
    gap = end - sum(step for _, step, _ in steps)
    if abs(gap) > 1e-6 * max(abs(end), 1.0):
        steps.append(("gap", gap, end - gap))
    steps.append(("total", end, 0.0))

    say = scale([start, end], "tco2e", lang)
    figure, axes = canvas(3.3, width=6.2)
    levels = [level for _, step, base in steps for level in ((base + step,) if base == 0 else (base, base + step))]
    moves = max((abs(step) for _, step, base in steps[1:-1]), default=0.0)
    cut = min(levels) > 0 and moves > 0 and moves < 0.12 * max(levels)
    floor = say(min(levels) - 1.2 * (max(levels) - min(levels))) if cut else min(0.0, say(min(levels)))
    floor = max(floor, 0.0) if cut else floor
    colours = {"sum": "#7b8187", "total": SELECTED, "purchases": "#009E73", "sales": ALARM, "eliminated": "#009E73", "gap": PALE}
    for place, (kind, step, base) in enumerate(steps):
        lower, upper = sorted((say(base), say(base + step)))
        lower = max(lower, floor)
        axes.bar(place, upper - lower, bottom=lower, width=0.62, color=colours[kind])
        signed = number(say(step)) if base == 0 and kind in ("sum", "total") else ("+" if step > 0 else "") + number(say(step))
        axes.annotate(signed, (place, upper), xytext=(0, 3), textcoords="offset points", ha="center", fontweight="bold")
        if place < len(steps) - 1:
            level = say(base + step)
            axes.plot([place + 0.31, place + 0.69], [level, level], color=MUTED, linewidth=0.7)
    axes.set_xticks(range(len(steps)), [text(f"figures.boundary_bridge.{kind}", lang) for kind, _, _ in steps])
    axes.tick_params(axis="x", length=0)
    height = say(max(levels)) - floor
    axes.set_ylim(floor, say(max(levels)) + 0.12 * (height or 1.0))
    value_axis(axes, "y", text("figures.axis.emissions", lang, unit=say.unit))
    if cut and floor > 0:
        for place in (0, len(steps) - 1):
            wave = np.linspace(place - 0.34, place + 0.34, 60)
            axes.plot(wave, floor + height * (0.06 + 0.012 * np.sin(60 * wave)), color="white", linewidth=2.2)
        axes.annotate(
            text("figures.cut_axis", lang, value=tick_text(round(floor, 3 - int(np.log10(floor or 1))))),
            (0.5, 0),
            xycoords="axes fraction",
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=7.5,
            color=MUTED,
        )
    if min(levels) < 0:
        zero_line(axes, "y")
    values = dict(
        start=say.say(start),
        end=say.say(end),
        bought=say.say(bought),
        sold=say.say(sold),
        eliminated=say.say(start - end),
        share=percent(share(start - end, start), lang),
    )
    return finish(
        figure, text("figures.boundary_bridge.caption", lang, **values), text("figures.boundary_bridge.alt", lang, **values)
    )


@styled
def findings_by_check(findings: pd.DataFrame, lang: str = "en", top: int = 25) -> Picture:
    """Number of findings of each check, by severity."""
    if findings.empty:
        return blank("findings_by_check", lang)
    severity = findings["severity"].where(findings["severity"].isin(list(SEVERITIES)), "info")
    counts = pd.crosstab(findings["check"].astype(str), severity).reindex(columns=list(SEVERITIES), fill_value=0)
    order = sorted(counts.index, key=lambda check: (*(-counts.loc[check]), check))
    order.sort(key=lambda check: -counts.loc[check].sum())
    shown, rest = _top_and_rest(counts.loc[order], top)
    rows = [text("figures.other_checks", lang, count=rest) if i == OTHER else shorten(word(i, lang), 40) for i in shown.index]
    figure, axes = canvas(0.7 + ROW * max(len(rows), 4))
    left = np.zeros(len(rows))
    for kind, colour in SEVERITIES.items():
        if shown[kind].sum() > 0:
            axes.barh(
                range(len(rows)),
                shown[kind],
                left=left,
                height=0.72,
                color=colour,
                edgecolor="white",
                label=text(f"figures.severity.{kind}", lang, count=f"{counts[kind].sum():,}"),
            )
        left = left + shown[kind].to_numpy()
    bar_rows(axes, rows, muted=[len(rows) - 1] if rest else [])
    room(axes, 0, left.max(), right=0.08)
    for row, total in enumerate(left):
        end_label(axes, total, row, f"{int(total):,}")
    value_axis(axes, "x", text("figures.axis.findings", lang))
    figure.legend(loc="outside upper left", ncols=3, handlelength=1, handleheight=0.9)
    values = dict(
        count=f"{len(findings):,}",
        checks=len(counts),
        error=f"{counts['error'].sum():,}",
        warning=f"{counts['warning'].sum():,}",
        info=f"{counts['info'].sum():,}",
        check=rows[0],
        value=f"{int(left[0]):,}",
    )
    return finish(
        figure, text("figures.findings_by_check.caption", lang, **values), text("figures.findings_by_check.alt", lang, **values)
    )
