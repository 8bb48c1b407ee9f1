"""Heat loss of walls and pipes in still air: convection and radiation, with and without insulation."""

from __future__ import annotations

import numpy as np

KELVIN = 273.15
W_PER_KW = 1000
MM_PER_M = 1000
ROUNDS = 60  # of the fixed point below; the change falls by more than half each time


def radiation_w_per_m2(surface_c, ambient_c, emissivity, stefan_boltzmann_w_per_m2_k4):
    """Net radiation of a surface to its surroundings, W/m2: e s (T1^4 - T2^4). Source: Stefan-Boltzmann law."""
    return emissivity * stefan_boltzmann_w_per_m2_k4 * ((surface_c + KELVIN) ** 4 - (ambient_c + KELVIN) ** 4)


def wall_w_per_m2(
    surface_c, ambient_c, height_m, emissivity, wall_convection, wall_turbulent_convection, stefan_boltzmann_w_per_m2_k4
):
    """Heat loss of a vertical wall, W/m2: max(a (dT/L)^0.25, b dT^(1/3)) dT + radiation.

    surface_c, ambient_c: degC; height_m: L; emissivity: of the surface; wall_convection: a, laminar; wall_turbulent_convection: b.
    Source: simplified free convection in air (engineersedge.com); the larger of both holds where flow turns turbulent. Still air.
    """
    difference = np.maximum(np.asarray(surface_c - ambient_c, float), 0)
    laminar = wall_convection * (difference / height_m) ** 0.25
    film = np.maximum(laminar, wall_turbulent_convection * difference ** (1 / 3))
    return film * difference + radiation_w_per_m2(surface_c, ambient_c, emissivity, stefan_boltzmann_w_per_m2_k4)


def wall_kw(area_m2, flux_w_per_m2):
    """Heat loss of a wall in kW: A q."""
    return area_m2 * flux_w_per_m2 / W_PER_KW


def bare_pipe_w_per_m(diameter_mm, pipe_c, ambient_c, emissivity, pipe_convection, stefan_boltzmann_w_per_m2_k4):
    """Heat loss of a bare horizontal pipe, W/m: pi D (c (dT/D)^0.25 dT + radiation).

    diameter_mm: outside; pipe_c: taken as the temperature of the fluid, degC. Source: simplified free convection in air
    (engineersedge.com). Still air.
    """
    diameter = np.asarray(diameter_mm, float) / MM_PER_M
    difference = np.maximum(np.asarray(pipe_c - ambient_c, float), 0)
    convection = pipe_convection * (difference / diameter) ** 0.25 * difference
    return np.pi * diameter * (convection + radiation_w_per_m2(pipe_c, ambient_c, emissivity, stefan_boltzmann_w_per_m2_k4))


def insulated_pipe_w_per_m(
    diameter_mm, insulation_mm, pipe_c, ambient_c, conductivity_w_per_m_k, jacket_emissivity, pipe_convection,
    stefan_boltzmann_w_per_m2_k4,
):  # fmt: skip
    """Heat loss of an insulated horizontal pipe, W/m: 2 pi k (T - Ts)/ln(D2/D1) = loss of the jacket at Ts.

    insulation_mm: thickness; conductivity_w_per_m_k: k at the mean temperature; jacket_emissivity: of the outside. The temperature
    of the jacket Ts is found by halving between ambient and pipe. Source: conduction through a hollow cylinder.
    """
    outer_mm = np.asarray(diameter_mm, float) + 2 * np.asarray(insulation_mm, float)
    resistance = np.log(outer_mm / diameter_mm) / (2 * np.pi * conductivity_w_per_m_k)
    low, high = np.broadcast_arrays(np.asarray(ambient_c, float), np.asarray(pipe_c, float), resistance)[:2]
    for _ in range(ROUNDS):
        jacket = (low + high) / 2
        outside = bare_pipe_w_per_m(outer_mm, jacket, ambient_c, jacket_emissivity, pipe_convection, stefan_boltzmann_w_per_m2_k4)
        too_hot = outside > (pipe_c - jacket) / resistance
        low, high = np.where(too_hot, low, jacket), np.where(too_hot, jacket, high)
    return (pipe_c - (low + high) / 2) / resistance


def saved_kw(length_m, before_w_per_m, after_w_per_m):
    """Heat kept in a pipe in kW: L (q1 - q2); length_m: straight length, fittings as equivalent length."""
    return length_m * (before_w_per_m - after_w_per_m) / W_PER_KW
