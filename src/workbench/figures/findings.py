"""What the checks found."""

import numpy as np
import pandas as pd

from workbench.figures.axes import bar_rows, end_label, room, value_axis
from workbench.figures.quantities import (
    OTHER,
    shorten,
    top_and_rest,
    word,
)
from workbench.figures.style import (
    ROW,
    SEVERITIES,
    Picture,
    blank,
    canvas,
    finish,
    styled,
)
from workbench.wording import text


@styled
def findings_by_check(findings: pd.DataFrame, lang: str = "en", top: int = 25) -> Picture:
    """Number of findings of each check, by severity."""
    if findings.empty:
        return blank("findings_by_check", lang)
    severity = findings["severity"].where(findings["severity"].isin(list(SEVERITIES)), "info")
    counts = pd.crosstab(findings["check"].astype(str), severity).reindex(columns=list(SEVERITIES), fill_value=0)
    order = sorted(counts.index, key=lambda check: (*(-counts.loc[check]), check))
    order.sort(key=lambda check: -counts.loc[check].sum())
    shown, rest = top_and_rest(counts.loc[order], top)
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
