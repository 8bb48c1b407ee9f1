"""Compressed air: pressure set-point, leaks through holes and by the load test, heat recovery."""

from __future__ import annotations

import numpy as np

PCT = 100
PA_PER_BAR = 1e5
MM2_PER_M2 = 1e6
SECONDS_PER_MINUTE = 60
KELVIN = 273.15


def pressure_power_share(pressure_before_bar, pressure_after_bar, inlet_bar, isentropic_exponent):
    """Specific power after a lower set-point over before: (r2^((k-1)/k) - 1) / (r1^((k-1)/k) - 1), r = (p + p0)/p0.

    pressure_*_bar: set-point, bar gauge; inlet_bar: p0, absolute; isentropic_exponent: k. Source: isentropic work of a perfect gas,
    one stage. US DOE rule for comparison: 1 % of power for 2 psi near 100 psig.
    """
    power = (isentropic_exponent - 1) / isentropic_exponent
    before = ((pressure_before_bar + inlet_bar) / inlet_bar) ** power - 1
    return (((pressure_after_bar + inlet_bar) / inlet_bar) ** power - 1) / before


def lowered_kw(power_kw, power_share):
    """Power after a lower set-point in kW: P y; power_share: of `pressure_power_share`."""
    return power_kw * power_share


def leak_m3_per_min(
    holes, diameter_mm, pressure_bar, temperature_c, discharge_coefficient, inlet_bar, isentropic_exponent, gas_constant_j_per_kg_k
):
    """Free air lost through round holes, m3/min at inlet pressure and the air's temperature: sonic flow.

    m = C A p sqrt(k / (R T)) (2/(k+1))^((k+1)/(2(k-1))); diameter_mm: of one hole; pressure_bar: gauge; discharge_coefficient: C,
    0.61 sharp to 0.97 rounded. Source: ORNL MEASUR, orifice method. Valid where p + p0 exceeds about 2 p0, so that flow is sonic.
    """
    area_m2 = holes * np.pi / 4 * diameter_mm**2 / MM2_PER_M2
    heat = gas_constant_j_per_kg_k * (temperature_c + KELVIN)
    k = isentropic_exponent
    flux = np.sqrt(k / heat) * (2 / (k + 1)) ** ((k + 1) / (2 * (k - 1)))
    kg_per_s = discharge_coefficient * area_m2 * (pressure_bar + inlet_bar) * PA_PER_BAR * flux
    return kg_per_s * heat / (inlet_bar * PA_PER_BAR) * SECONDS_PER_MINUTE


def load_test_m3_per_min(capacity_m3_per_min, loaded_s, unloaded_s):
    """Leakage by the load test, m3/min: capacity x T / (T + t), while nothing is used.

    capacity_m3_per_min: free air of the running compressor; loaded_s: T, mean time loaded, s; unloaded_s: t, mean time unloaded, s.
    Source: load test as in the worked example of augustcompressor.com. Valid for compressors that load and unload.
    """
    return capacity_m3_per_min * loaded_s / (loaded_s + unloaded_s)


def kept_m3_per_min(leak_m3_per_min, repaired_pct):
    """Air no longer lost, m3/min: leakage x share repaired; repaired_pct: %."""
    return leak_m3_per_min * repaired_pct / PCT


def generation_kw(flow_m3_per_min, specific_power_kw_min_per_m3):
    """Electric power in kW that makes a flow of air: V x specific power, in kW per m3/min of free air."""
    return flow_m3_per_min * specific_power_kw_min_per_m3


def recovered_kw(power_kw, recoverable_pct, used_pct):
    """Useful heat in kW from a compressor's cooling: P x recoverable x share of the time it is needed."""
    return power_kw * recoverable_pct / PCT * used_pct / PCT
