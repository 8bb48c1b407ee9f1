"""Pumps and fans: hydraulic power, and the affinity laws with static head."""

from __future__ import annotations

PCT = 100
SECONDS_PER_HOUR = 3600
W_PER_KW = 1000


def pump_shaft_kw(flow_m3_per_h, head_m, density_kg_per_m3, efficiency_pct, gravity_m_per_s2):
    """Shaft power of a pump in kW: rho g Q H / efficiency.

    flow_m3_per_h: m3/h; head_m: total head, m; density_kg_per_m3: of the liquid; efficiency_pct: of the pump at this point, %.
    Source: definition of pump efficiency (ISO 9906).
    """
    hydraulic_w = density_kg_per_m3 * gravity_m_per_s2 * flow_m3_per_h / SECONDS_PER_HOUR * head_m
    return hydraulic_w / W_PER_KW / (efficiency_pct / PCT)


def fan_shaft_kw(flow_m3_per_h, pressure_pa, efficiency_pct):
    """Shaft power of a fan in kW: Q dp / efficiency; pressure_pa: total pressure rise, Pa; efficiency_pct: total, %.

    Source: definition of fan efficiency (ISO 5801). Valid while air hardly changes its density: below some 3 kPa.
    """
    return flow_m3_per_h / SECONDS_PER_HOUR * pressure_pa / W_PER_KW / (efficiency_pct / PCT)


def speed_power_share(flow_pct, static_head_pct):
    """Shaft power at reduced speed over that at full flow: q (s + (1 - s) q2).

    flow_pct: flow, % of full flow; static_head_pct: s, the head that does not fall with the flow, % of the head at full flow: 0
    gives the cube of the affinity laws, 100 a pump that only lifts. Source: system curve h = lift + k Q2 (Bentley, Abusing
    affinity). The efficiency of the machine is taken as unchanged, which holds down to about half speed without static head.
    """
    flow, static = flow_pct / PCT, static_head_pct / PCT
    return flow * (static + (1 - static) * flow**2)


def driven_kw(full_shaft_kw, power_share, motor_efficiency_pct, drive_efficiency_pct):
    """Electric power at reduced speed in kW: P_full x share / (motor x drive)."""
    return full_shaft_kw * power_share / (motor_efficiency_pct / PCT) / (drive_efficiency_pct / PCT)
