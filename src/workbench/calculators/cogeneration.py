"""Cogeneration: power and heat from one fuel, and the primary energy it saves against separate production."""

from __future__ import annotations

PCT = 100
GJ_PER_MWH = 3.6


def power_mwh(fuel_gj, electric_efficiency_pct):
    """Electricity in MWh a year: F x eta_e / 3.6; fuel_gj: fuel burnt by the unit a year, GJ net."""
    return fuel_gj * electric_efficiency_pct / PCT / GJ_PER_MWH


def heat_gj(fuel_gj, thermal_efficiency_pct):
    """Useful heat in GJ a year: F x eta_h."""
    return fuel_gj * thermal_efficiency_pct / PCT


def primary_energy_saving_pct(electric_efficiency_pct, thermal_efficiency_pct, reference_electric_pct, reference_heat_pct):
    """Primary energy saving in %: 1 - 1 / (eta_h / Ref_h + eta_e / Ref_e).

    Source: Directive 2012/27/EU annex II (b); from 10 % on a unit counts as highly efficient. References by fuel and year:
    Delegated Regulation (EU) 2015/2402, before corrections for climate and avoided grid losses.
    """
    return PCT * (1 - 1 / (thermal_efficiency_pct / reference_heat_pct + electric_efficiency_pct / reference_electric_pct))


def fuel_balance_gj(heat_gj, boiler_efficiency_pct, fuel_gj):
    """Fuel saved (negative: more fuel) in GJ: heat / boiler efficiency - fuel of the unit; both burn the same fuel."""
    return heat_gj / (boiler_efficiency_pct / PCT) - fuel_gj
