"""Power from waste heat: Carnot's limit for a source that cools down, times a second-law efficiency."""

from __future__ import annotations

import numpy as np

KELVIN = 273.15
PCT = 100


def carnot_pct(source_in_c, source_out_c, cold_c):
    """Carnot's efficiency of a source that cools from one temperature to another, %: 1 - T0 / T_lm.

    T_lm = (T1 - T2) / ln(T1/T2), the mean temperature at which its heat is given; cold_c: T0, cooling water or air, degC.
    Source: exergy of a stream of constant heat capacity.
    """
    hot, cooled = np.asarray(source_in_c, float) + KELVIN, np.asarray(source_out_c, float) + KELVIN
    same = np.isclose(hot, cooled)
    ratio = np.log(np.where(same, 2.0, hot / cooled))
    mean = np.where(same, hot, (hot - cooled) / ratio)
    return PCT * (1 - (cold_c + KELVIN) / mean)


def net_kw(heat_kw, carnot_pct, second_law_efficiency_pct, auxiliary_pct):
    """Net electric power in kW: Q x Carnot x second-law efficiency x (1 - own use); auxiliary_pct: pumps and fans, % of gross."""
    return heat_kw * carnot_pct / PCT * second_law_efficiency_pct / PCT * (1 - auxiliary_pct / PCT)
