"""Who pays: the gain of each player under several rules, and supply against price on the market of allowances."""

import pandas as pd

from workbench.figures.axes import bar_rows, value_axis, zero_line
from workbench.figures.quantities import names, number, numeric, scale, shorten
from workbench.figures.style import ALARM, IN_TURN, MONEY, MUTED, NAIVE, PALE, ROW, SELECTED, Picture, blank, canvas, finish, styled
from workbench.wording import text

RULES = {
    "shapley": SELECTED, "nucleolus": IN_TURN, "least_core": IN_TURN, "equal_gain": NAIVE, "by_cost_alone": MONEY,
    "by_emissions": MUTED, "by_reduction": PALE,
}  # fmt: skip


@styled
def fair_gains(shares: pd.DataFrame, enterprises: pd.DataFrame | None = None, lang: str = "en", currency: str = "CNY") -> Picture:
    """Gain against acting alone, by player and rule; left of zero a player is worse off than alone."""
    if len(shares) == 0 or pd.to_numeric(shares["gain"], errors="coerce").isna().all():
        return blank("fair_gains", lang)
    table = numeric(shares, "gain").pivot(index="player", columns="rule", values="gain")
    rules = [rule for rule in RULES if rule in table]
    said = names(enterprises, "enterprise_id", lang) if enterprises is not None and len(enterprises) else {}
    rows = [text("figures.fair_gains.others", lang) if p == "others" else said.get(p, shorten(p)) for p in table.index]
    say = scale(table.abs().max(axis=1), currency, lang)
    figure, axes = canvas(0.8 + ROW * 0.62 * len(rows) * (len(rules) + 1), width=6.4)
    height = 0.84 / len(rules)
    for n, rule in enumerate(rules):
        places = [row - 0.42 + height * (n + 0.5) for row in range(len(rows))]
        axes.barh(places, say(table[rule]), height=height * 0.92, color=RULES[rule], label=text(f"sharing.rule.{rule}", lang))
    bar_rows(axes, rows)
    zero_line(axes)
    value_axis(axes, "x", text("figures.axis.gain_alone", lang, unit=say.unit))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=3, handlelength=1, handleheight=0.9)
    worse = table.lt(-1e-6 * max(1.0, table.abs().max(axis=None))).any()
    worst = [text(f"sharing.rule.{rule}", lang) for rule in rules if worse[rule]]
    joined = ("、" if lang == "zh" else ", ").join(worst) or text("figures.fair_gains.no_rule", lang)
    values = dict(players=len(rows), rules=len(rules), worse=joined, total=say.say(table[rules[0]].sum()))
    return finish(figure, text("figures.fair_gains.caption", lang, **values), text("figures.fair_gains.alt", lang, **values))


@styled
def allowance_market(supply: pd.DataFrame, summary: pd.DataFrame, lang: str = "en", currency: str = "CNY") -> Picture:
    """Tonnes offered less tonnes needed at each price tried, and the price at which the market clears or turns."""
    if len(supply) == 0:
        return blank("allowance_market", lang)
    item = summary.set_index("item")["value"]
    table = numeric(supply, "price", "excess_tco2e").sort_values("price")
    tonnes = scale(table["excess_tco2e"], "tco2e", lang)
    figure, axes = canvas(2.9, width=6.0)
    axes.step(table["price"], tonnes(table["excess_tco2e"]), where="post", color=SELECTED, marker="o", markersize=3)
    axes.axvline(item["price"], color=ALARM, linewidth=1, linestyle="--")
    zero_line(axes, "y")
    axes.margins(0.05, 0.12)
    value_axis(axes, "x", text("figures.axis.allowance_price", lang, currency=scale([1.0], currency, lang).unit))
    value_axis(axes, "y", text("figures.axis.excess", lang, unit=tonnes.unit))
    key = "clears" if item["clears"] else "none"
    values = dict(
        price=number(item["price"]), volume=tonnes.say(item["volume_tco2e"]), excess=tonnes.say(abs(item["excess_tco2e"]))
    )
    alt = text(f"figures.allowance_market.alt_{key}", lang, **values)
    return finish(figure, text("figures.allowance_market.caption", lang, **values), alt)
