"""Energy of a year from power and running hours."""

from __future__ import annotations

KWH_PER_MWH = 1000
GJ_PER_KWH = 3.6e-3


def mwh(power_kw, hours):
    """MWh of a year: P h / 1000; power_kw: mean power while running, kW; hours: running hours a year."""
    return power_kw * hours / KWH_PER_MWH


def gj(heat_kw, hours):
    """GJ of a year: Q h x 3.6 MJ/kWh; heat_kw: mean heat flow while running, kW; hours: running hours a year."""
    return heat_kw * hours * GJ_PER_KWH


def saved_mwh(before_kw, after_kw, hours):
    """MWh saved in a year: (P_before - P_after) h / 1000; negative when the measure uses more."""
    return mwh(before_kw - after_kw, hours)


def supplied_gj(heat_gj, supply_efficiency_pct):
    """GJ of fuel or bought heat behind useful heat: Q / efficiency of the boiler, %, or 100 for heat that is bought."""
    return heat_gj / (supply_efficiency_pct / 100)


def difference_kw(before_kw, after_kw):
    """kW saved while running: P_before - P_after."""
    return before_kw - after_kw
