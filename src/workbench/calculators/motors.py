"""Motors: the same shaft power from a motor of higher efficiency."""

from __future__ import annotations

PCT = 100


def shaft_kw(rated_kw, load_pct):
    """Shaft power in kW: rated power x load; rated_kw: nameplate output, kW; load_pct: mean load while running, %.

    Source: US DOE, Continuous Energy Improvement in Motor Driven Systems. Valid above half load, where efficiency hardly moves.
    """
    return rated_kw * load_pct / PCT


def input_kw(shaft_kw, efficiency_pct):
    """Electric power in kW that gives a shaft power: P / efficiency; efficiency_pct: of the motor at this load, %."""
    return shaft_kw / (efficiency_pct / PCT)
