"""Steam traps that have failed open: sonic flow of saturated steam through the orifice."""

from __future__ import annotations

import numpy as np

from workbench.calculators import saturation

MM2_PER_M2 = 1e6
PA_PER_BAR = 1e5
SECONDS_PER_HOUR = 3600
KJ_PER_GJ = 1e6


def steam_loss_kg_per_h(traps, orifice_mm, pressure_bar, steam_discharge_coefficient, steam_expansion_exponent, atmosphere_bar):
    """Steam lost in kg/h: C A sqrt(k p rho (2/(k+1))^((k+1)/(k-1))), saturated steam before the orifice.

    traps: number; orifice_mm: diameter; pressure_bar: bar gauge; steam_discharge_coefficient: C; steam_expansion_exponent: k of
    saturated steam, 1.135, with which the formula becomes Napier's. Source: sonic flow; C from the table of US DOE steam tip
    sheet 1. Valid where the pressure behind the trap is below about 0.58 of that before it (absolute).
    """
    pressure = np.asarray(pressure_bar + atmosphere_bar, float)
    density = saturation.steam_density_kg_per_m3(saturation.temperature_c(pressure))
    k = steam_expansion_exponent
    flux = np.sqrt(k * pressure * PA_PER_BAR * density * (2 / (k + 1)) ** ((k + 1) / (k - 1)))
    area_m2 = traps * np.pi / 4 * np.asarray(orifice_mm, float) ** 2 / MM2_PER_M2
    return steam_discharge_coefficient * area_m2 * flux * SECONDS_PER_HOUR


def steam_heat_gj(steam_kg_per_h, pressure_bar, makeup_c, hours, atmosphere_bar):
    """Heat of the steam above make-up water, GJ a year: m (h_steam - h_makeup) hours; makeup_c: make-up water, degC."""
    boiling = saturation.temperature_c(pressure_bar + atmosphere_bar)
    heat = saturation.steam_kj_per_kg(boiling) - saturation.water_kj_per_kg(makeup_c)
    return steam_kg_per_h * heat * hours / KJ_PER_GJ
