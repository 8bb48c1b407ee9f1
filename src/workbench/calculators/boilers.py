"""Boilers: stack loss by excess air and flue-gas temperature, blowdown, condensate return."""

from __future__ import annotations

from workbench.calculators import saturation

PCT = 100
KG_PER_T = 1000
KJ_PER_GJ = 1e6


def stack_loss_pct(flue_c, air_c, oxygen_pct, siegert_a, siegert_b, air_oxygen_pct):
    """Loss with the flue gas, % of net heating value: (T_flue - T_air) (A / (21 - O2) + B), after Siegert.

    flue_c, air_c: flue gas behind the boiler, combustion air, degC; oxygen_pct: O2 of the dry flue gas, % by volume; siegert_a,
    siegert_b: coefficients of the fuel (A2 and B of the table), %/K; air_oxygen_pct: 21. Source: 1. BImSchV practice, coefficients
    as printed by haustechnikdialog.de. Valid above the dew point of the flue gas and for complete combustion.
    """
    return (flue_c - air_c) * (siegert_a / (air_oxygen_pct - oxygen_pct) + siegert_b)


def other_losses_pct(efficiency_pct, loss_before_pct):
    """What is left for radiation, unburnt fuel and ash, %: 100 - eta1 - L1; below zero efficiency and stack loss contradict."""
    return PCT - efficiency_pct - loss_before_pct


def fuel_saved_gj(fuel_gj, efficiency_pct, loss_before_pct, loss_after_pct):
    """Fuel saved for the same steam, GJ: F (1 - eta1/eta2), eta2 = eta1 + L1 - L2.

    fuel_gj: fuel a year, GJ net; efficiency_pct: boiler efficiency before, % of net heating value; loss_*_pct: stack loss, %.
    Source: indirect method (BS 845, IS 8753): other losses stay as they are.
    """
    return fuel_gj * (1 - efficiency_pct / (efficiency_pct + loss_before_pct - loss_after_pct))


def feedwater_t_per_h(steam_t_per_h, blowdown_pct):
    """Feedwater in t/h: S / (1 - b); blowdown_pct: blowdown, % of feedwater. Source: US DOE steam tip sheet on blowdown."""
    return steam_t_per_h / (1 - blowdown_pct / PCT)


def heat_in_water_kj_per_kg(pressure_bar, makeup_c, atmosphere_bar):
    """Heat of boiler water above make-up water, kJ/kg; pressure_bar: boiler, bar gauge; makeup_c: make-up water, degC."""
    boiling = saturation.temperature_c(pressure_bar + atmosphere_bar)
    return saturation.water_kj_per_kg(boiling) - saturation.water_kj_per_kg(makeup_c)


def blowdown_heat_gj(feedwater_before_t_per_h, feedwater_after_t_per_h, heat_kj_per_kg, hours):
    """Heat no longer blown down, GJ a year: (F1 - F2) x heat x hours; feedwater in t/h; heat_kj_per_kg: of boiler water."""
    return (feedwater_before_t_per_h - feedwater_after_t_per_h) * KG_PER_T * heat_kj_per_kg * hours / KJ_PER_GJ


def condensate_heat_gj(condensate_t_per_h, flash_pct, condensate_c, makeup_c, hours):
    """Heat brought back by condensate, GJ a year: (1 - flash) m (h_condensate - h_makeup) hours.

    condensate_t_per_h: more condensate, t/h; flash_pct: flash steam lost on the way, %; temperatures in degC.
    Source: US DOE steam tip sheet 8.
    """
    heat = saturation.water_kj_per_kg(condensate_c) - saturation.water_kj_per_kg(makeup_c)
    return (1 - flash_pct / PCT) * condensate_t_per_h * KG_PER_T * heat * hours / KJ_PER_GJ
