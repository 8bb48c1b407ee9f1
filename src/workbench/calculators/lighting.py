"""Lighting: fewer watts, fewer hours."""

from __future__ import annotations

W_PER_KW = 1000


def lighting_kw(lamps, lamp_w):
    """Power of a lighting installation in kW: n P; lamps: number; lamp_w: of one lamp with its gear, W."""
    return lamps * lamp_w / W_PER_KW


def saved_mwh(power_before_kw, power_after_kw, hours_before, hours_after):
    """MWh saved a year: (P1 h1 - P2 h2) / 1000; hours: lit a year before and after (controls). Source: IPMVP, option A."""
    return (power_before_kw * hours_before - power_after_kw * hours_after) / W_PER_KW
