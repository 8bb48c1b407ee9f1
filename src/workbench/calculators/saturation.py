"""Saturated water and steam by the supplementary release of IAPWS (1992): pressure, density and enthalpy along the boiling line.

Source: Wagner and Pruss, J. Phys. Chem. Ref. Data 22 (1993) 783-787; IAPWS SR1-86(1992). Coefficients in `data/saturation.csv`.
Valid from the triple point (0.01 degC) to the critical point (373.95 degC, 220.64 bar).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from workbench import dictionary

KELVIN = 273.15
PA_PER_BAR = 1e5
J_PER_KJ = 1000


@cache
def _terms(quantity: str) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and exponents of one quantity: pressure, liquid, vapour, alpha, critical (temperature K, pressure Pa, kg/m3)."""
    rows = dictionary.read_table("saturation").query("quantity == @quantity")
    return rows["coefficient"].to_numpy(float), rows["exponent"].to_numpy(float)


def _sum(quantity: str, base) -> np.ndarray:
    coefficients, exponents = _terms(quantity)
    return (coefficients * np.asarray(base, float)[..., None] ** exponents).sum(axis=-1)


def _slope_pa_per_k(temperature_k: np.ndarray) -> np.ndarray:
    """dp/dT along the boiling line, analytically."""
    (critical_k, _, _), _ = _terms("critical")
    rest = 1 - temperature_k / critical_k
    coefficients, exponents = _terms("pressure")
    inner = (coefficients * exponents * rest[..., None] ** (exponents - 1)).sum(axis=-1)
    pressure = pressure_bar(temperature_k - KELVIN) * PA_PER_BAR
    return -pressure / temperature_k * (np.log(pressure / _terms("critical")[0][1]) + inner)


def pressure_bar(temperature_c):
    """Boiling pressure in bar (absolute) at a temperature in degC."""
    (critical_k, critical_pa, _), _ = _terms("critical")
    kelvin = np.asarray(temperature_c, float) + KELVIN
    return critical_pa / PA_PER_BAR * np.exp(critical_k / kelvin * _sum("pressure", 1 - kelvin / critical_k))


def temperature_c(absolute_bar):
    """Boiling temperature in degC at a pressure in bar (absolute): Newton's method on the logarithm; NaN outside the line."""
    (critical_k, critical_pa, _), _ = _terms("critical")
    target = np.asarray(absolute_bar, float)
    target = np.where((target > 0) & (target <= critical_pa / PA_PER_BAR), target, np.nan)
    kelvin = np.full(target.shape, 450.0)  # in the middle of the line; ln p is nearly straight in 1/T
    for _ in range(40):
        ratio = np.log(pressure_bar(kelvin - KELVIN) / target)
        step = ratio * pressure_bar(kelvin - KELVIN) * PA_PER_BAR / _slope_pa_per_k(kelvin)
        kelvin = np.clip(kelvin - step, KELVIN, critical_k - 1e-9)
    return np.where(np.isnan(target), np.nan, kelvin - KELVIN)


def steam_density_kg_per_m3(temperature_c):
    """Density of saturated steam in kg/m3 at a temperature in degC."""
    (critical_k, _, critical_density), _ = _terms("critical")
    rest = 1 - (np.asarray(temperature_c, float) + KELVIN) / critical_k
    return critical_density * np.exp(_sum("vapour", rest))


def _water_density_kg_per_m3(kelvin: np.ndarray) -> np.ndarray:
    (critical_k, _, critical_density), _ = _terms("critical")
    return critical_density * (1 + _sum("liquid", 1 - kelvin / critical_k))


def water_kj_per_kg(temperature_c):
    """Enthalpy of boiling water in kJ/kg at a temperature in degC; serves for water below its boiling pressure too."""
    (critical_k, _, _), _ = _terms("critical")
    kelvin = np.asarray(temperature_c, float) + KELVIN
    alpha = _sum("alpha", kelvin / critical_k)
    return alpha + kelvin / _water_density_kg_per_m3(kelvin) * _slope_pa_per_k(kelvin) / J_PER_KJ


def steam_kj_per_kg(temperature_c):
    """Enthalpy of saturated steam in kJ/kg at a temperature in degC."""
    (critical_k, _, _), _ = _terms("critical")
    kelvin = np.asarray(temperature_c, float) + KELVIN
    alpha = _sum("alpha", kelvin / critical_k)
    return alpha + kelvin / steam_density_kg_per_m3(temperature_c) * _slope_pa_per_k(kelvin) / J_PER_KJ
