"""Photovoltaics: capacity, irradiation and performance ratio."""

from __future__ import annotations

PCT = 100
KWH_PER_MWH = 1000


def generated_mwh(capacity_kwp, irradiation_kwh_per_m2, performance_ratio_pct):
    """MWh a year: P H / G0 x PR, G0 = 1 kW/m2; capacity_kwp: at standard conditions; irradiation: in the plane of the array.

    Source: IEC 61724-1 (final yield = reference yield x performance ratio).
    """
    return capacity_kwp * irradiation_kwh_per_m2 * performance_ratio_pct / PCT / KWH_PER_MWH


def own_use_mwh(generated_mwh, own_use_pct):
    """MWh used on the site: the part that replaces bought electricity. What is fed into the grid saves nothing here."""
    return generated_mwh * own_use_pct / PCT
