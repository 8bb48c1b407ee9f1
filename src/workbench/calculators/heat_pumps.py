"""Heat pumps and chillers: Carnot's limit times a second-law efficiency."""

from __future__ import annotations

KELVIN = 273.15
PCT = 100


def performance(source_c, sink_c, second_law_efficiency_pct):
    """Coefficient of performance: eta T_sink / (T_sink - T_source), temperatures in K.

    source_c, sink_c: temperature at which heat is taken and given (leaving), degC; second_law_efficiency_pct: share of Carnot's, %.
    Source: Carnot. Valid for a lift of about 20 to 100 K.
    """
    return second_law_efficiency_pct / PCT * (sink_c + KELVIN) / (sink_c - source_c)


def drive_kw(heat_kw, cop):
    """Electric power in kW for a heat (or cooling) flow: Q / COP."""
    return heat_kw / cop
