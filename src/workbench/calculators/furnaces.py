"""Furnaces: heat available to the load after the flue gas, for burners of natural gas taken as methane."""

from __future__ import annotations

from functools import cache

import numpy as np

from workbench import dictionary
from workbench.calculators import saturation

KELVIN = 273.15
RANKINE_PER_KELVIN = 1.8
KJ_PER_BTU_LBMOL = 2.326  # 1 Btu/lbmol in kJ/kmol, exact
PCT = 100
KG_PER_KMOL_WATER = 18.015
KG_PER_KMOL_METHANE = 16.043
OXYGEN = 2.0  # kmol of O2 that burn one kmol of CH4 to CO2 + 2 H2O


@cache
def _coefficients(gas: str) -> tuple[float, ...]:
    row = dictionary.read_table("gas_heat_capacities").set_index("gas").loc[gas]
    return tuple(float(row[name]) for name in ("constant", "inverse_root", "inverse", "inverse_square"))


def enthalpy_kj_per_kmol(gas: str, temperature_c, reference_c):
    """Sensible enthalpy of a gas between two temperatures, kJ/kmol: integral of a + b/sqrt(T) + c/T + d/T2, T in degR.

    gas: CO2, H2O, N2 or O2. Source: heat capacities of ORNL MEASUR (gas flue gas material). Valid for 0 to about 2,500 degC.
    """
    a, b, c, d = _coefficients(gas)

    def integral(celsius):
        t = (np.asarray(celsius, float) + KELVIN) * RANKINE_PER_KELVIN
        return a * t + 2 * b * np.sqrt(t) + c * np.log(t) - d / t

    return KJ_PER_BTU_LBMOL * (integral(temperature_c) - integral(reference_c))


def excess_air_pct(oxygen_pct, air_oxygen_pct):
    """Excess air of methane burnt completely, %, from O2 of the dry flue gas: O2 (1 + 2 n) / (2 (1 - O2 (1 + n))).

    Dry gas of one kmol CH4 with excess e: 1 CO2 + 2 n (1 + e) N2 + 2 e O2, n = (100 - x)/x kmol N2 per kmol O2 of air with x % O2.
    """
    share, nitrogen = oxygen_pct / PCT, (PCT - air_oxygen_pct) / air_oxygen_pct
    return PCT * share * (1 + OXYGEN * nitrogen) / (OXYGEN * (1 - share * (1 + nitrogen)))


def net_heating_value_kj_per_kmol(methane_gross_kj_per_kg, reference_c):
    """Net heating value of methane, kJ/kmol: gross less the latent heat of the water it makes, at reference_c."""
    latent = saturation.steam_kj_per_kg(reference_c) - saturation.water_kj_per_kg(reference_c)
    return methane_gross_kj_per_kg * KG_PER_KMOL_METHANE - OXYGEN * KG_PER_KMOL_WATER * latent


def available_heat_pct(flue_c, air_c, excess_pct, air_oxygen_pct, methane_gross_kj_per_kg, reference_c):
    """Heat left in the furnace, % of net heating value: (H + air - flue gas) / H.

    flue_c: flue gas where it leaves the heated chamber, degC; air_c: combustion air as burnt, degC; excess_pct: excess air, %;
    reference_c: datum of enthalpies. Source: available heat (ORNL MEASUR; Southern California Gas 2012). No dissociation, so
    valid to flue gases of about 1,600 degC.
    """
    excess, nitrogen = 1 + excess_pct / PCT, (PCT - air_oxygen_pct) / air_oxygen_pct
    heating = net_heating_value_kj_per_kmol(methane_gross_kj_per_kg, reference_c)
    kmol = {"CO2": 1.0, "H2O": 2.0, "N2": OXYGEN * nitrogen * excess, "O2": OXYGEN * (excess - 1)}
    flue = sum(n * enthalpy_kj_per_kmol(gas, flue_c, reference_c) for gas, n in kmol.items())
    air = (
        OXYGEN
        * excess
        * (enthalpy_kj_per_kmol("O2", air_c, reference_c) + nitrogen * enthalpy_kj_per_kmol("N2", air_c, reference_c))
    )
    return PCT * (heating + air - flue) / heating


def fuel_saved_gj(fuel_gj, available_before_pct, available_after_pct):
    """Fuel saved for the same heat to the load, GJ: F (1 - AH1/AH2). Equal heat to the load."""
    return fuel_gj * (1 - available_before_pct / available_after_pct)
