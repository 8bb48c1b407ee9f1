"""Every output of every calculator, one worked case each, reckoned here from first principles or tables that were published.

The arithmetic below is plain and shares nothing with the calculators. A calculator or a step without a value here fails the guard.
"""

from math import log, pi, sqrt

import pytest

from workbench import calculators, dictionary

SIGMA = 5.670374419e-8
G = 9.80665
# Saturated water and steam, kJ/kg and m3/kg, as steam tables print them: 2.6 bar gauge (140 degC), water at 20 and 100 degC.
WATER_140, STEAM_140, VOLUME_140, WATER_20, WATER_100 = 589.3, 2733.9, 0.5089, 83.9, 419.1
# JANAF thermochemical tables, H(T) - H(298.15 K) in kJ/mol at 1,000 and 1,500 K; methane burns with 802.3 kJ/mol (net).
JANAF = {"CO2": (33.397, 61.705), "H2O": (26.000, 48.151), "N2": (21.463, 38.405), "O2": (22.703, 40.599)}
KELVIN_1000, KELVIN_1500 = 1000 - 273.15, 1500 - 273.15
NITROGEN = 79.05 / 20.95  # kmol N2 per kmol O2


def oxygen_pct(excess):
    """O2 of the dry flue gas of CH4 + 2 (1 + e) O2."""
    return 100 * 2 * excess / (1 + 2 * NITROGEN * (1 + excess) + 2 * excess)


def available(excess, place):
    """1 CO2, 2 H2O, the nitrogen and the oxygen left take their heat out at one of the two temperatures; air comes at 25 degC."""
    kmol = {"CO2": 1, "H2O": 2, "N2": 2 * NITROGEN * (1 + excess), "O2": 2 * excess}
    return 100 * (802.3 - sum(n * JANAF[gas][place] for gas, n in kmol.items())) / 802.3


def radiation(hot, cold, emissivity):
    return emissivity * SIGMA * ((hot + 273.15) ** 4 - (cold + 273.15) ** 4)


def wall(hot, cold, height):
    """The larger of laminar and turbulent convection, and radiation at 0.8."""
    film = max(1.42 * ((hot - cold) / height) ** 0.25, 1.31 * (hot - cold) ** (1 / 3))
    return film * (hot - cold) + radiation(hot, cold, 0.8)


def pipe(metres, hot, cold, emissivity):
    return pi * metres * (1.32 * ((hot - cold) / metres) ** 0.25 * (hot - cold) + radiation(hot, cold, emissivity))


def insulated(bare, thickness, hot, cold):
    """Jacket temperature by small steps: what passes the insulation of 0.05 W/(m K) equals what the jacket (0.1) gives off."""
    outer, jacket = bare + 2 * thickness, cold
    while 2 * pi * 0.05 * (hot - jacket) / log(outer / bare) > pipe(outer, jacket + 1e-4, cold, 0.1):
        jacket += 1e-4
    return 2 * pi * 0.05 * (hot - jacket) / log(outer / bare)


def sonic_air(holes, millimetres, gauge):
    """m3/min of free air at 20 degC: choked mass flow over the density of air at 1.01325 bar."""
    critical = (2 / 2.4) ** (2.4 / 0.8)
    kg_s = 0.65 * holes * pi / 4 * (millimetres / 1000) ** 2 * (gauge + 1.01325) * 1e5 * sqrt(1.4 / (287.05 * 293.15)) * critical
    return 60 * kg_s / (101_325 / (287.05 * 293.15))


def sonic_steam(traps, millimetres):
    """kg/h of saturated steam at 2.6 bar gauge."""
    critical = (2 / 2.135) ** (2.135 / 0.135)
    return 3600 * 0.73 * traps * pi / 4 * (millimetres / 1000) ** 2 * sqrt(1.135 * 361_325 / VOLUME_140 * critical)


def steps(pairs, tolerance=1e-6):
    return {name: pytest.approx(value, rel=tolerance) for name, value in pairs.items()}


LEAK, TRAP = sonic_air(20, 3, 7), sonic_steam(10, 3)
LOWER = ((7.01325 / 1.01325) ** (2 / 7) - 1) / ((8.01325 / 1.01325) ** (2 / 7) - 1)
STACK = (180 * (0.66 / 15 + 0.009), 130 * (0.66 / 18 + 0.009))  # 200 and 150 degC, 6 and 3 % O2
COOLER = (180 * (0.66 / 15 + 0.009), 100 * (0.66 / 15 + 0.009))  # 200 and 120 degC, 6 % O2
BLOWN = (100 / 0.92, 100 / 0.94)
HEAT, WALL = (WATER_140 - WATER_20) * (BLOWN[0] - BLOWN[1]) * 8000 / 1000, (wall(120, 20, 2), wall(50, 20, 2))
TRAP_GJ, BARE, COVERED = TRAP * (STEAM_140 - WATER_20) * 8000 / 1e6, pipe(0.1, 150, 20, 0.8), insulated(0.1, 0.05, 150, 20)
FURNACE = available(0.3, 1), available(0.15, 0)
CARNOT = 100 * (1 - 293.15 * log(573.15 / 423.15) / 150)
COP = 0.45 * 353.15 / 40
CASES = {
    "motor_replacement": (
        {"rated_kw": 100, "load_pct": 75, "hours": 8000, "motor_efficiency_before_pct": 90, "motor_efficiency_after_pct": 95},
        steps({"shaft_kw": 75, "power_before_kw": 75 / 0.9, "power_after_kw": 75 / 0.95, "saved_mwh": (75 / 0.9 - 75 / 0.95) * 8}),
    ),
    "speed_control": (
        {"full_shaft_kw": 100, "power_before_kw": 110, "flow_pct": 80, "static_head_pct": 50, "motor_efficiency_pct": 95,
         "drive_efficiency_pct": 97, "hours": 6000},
        steps({"power_share": 0.8 * (0.5 + 0.5 * 0.64), "power_after_kw": 65.6 / 0.95 / 0.97,
               "saved_mwh": (110 - 65.6 / 0.95 / 0.97) * 6}),
    ),
    "pump_replacement": (
        {"flow_m3_per_h": 360, "head_m": 10, "density_kg_per_m3": 1000, "pump_efficiency_before_pct": 50,
         "pump_efficiency_after_pct": 80, "motor_efficiency_pct": 95, "hours": 5000},
        steps({"shaft_before_kw": 2 * G, "shaft_after_kw": G / 0.8, "power_before_kw": 2 * G / 0.95,
               "power_after_kw": G / 0.8 / 0.95, "saved_mwh": (2 - 1.25) * G / 0.95 * 5}),
    ),
    "fan_replacement": (
        {"flow_m3_per_h": 36_000, "pressure_pa": 1000, "fan_efficiency_before_pct": 50, "fan_efficiency_after_pct": 80,
         "motor_efficiency_pct": 95, "hours": 5000},
        steps({"shaft_before_kw": 20, "shaft_after_kw": 12.5, "power_before_kw": 20 / 0.95, "power_after_kw": 12.5 / 0.95,
               "saved_mwh": 7.5 / 0.95 * 5}),
    ),
    "air_pressure": (
        {"power_kw": 100, "pressure_before_bar": 7, "pressure_after_bar": 6, "hours": 8000},
        steps({"power_share": LOWER, "power_after_kw": 100 * LOWER, "saved_mwh": 800 * (1 - LOWER)}),
    ),
    "air_leaks": (
        {"holes": 20, "diameter_mm": 3, "pressure_bar": 7, "specific_power_kw_min_per_m3": 6, "repaired_pct": 80, "hours": 8000},
        steps({"leak_m3_per_min": LEAK, "kept_m3_per_min": 0.8 * LEAK, "power_kw": 4.8 * LEAK, "saved_mwh": 4.8 * LEAK * 8}, 1e-4),
    ),
    "air_leak_test": (
        {"capacity_m3_per_min": 20, "loaded_s": 30, "unloaded_s": 90, "specific_power_kw_min_per_m3": 6, "repaired_pct": 80,
         "hours": 1000},
        steps({"leak_m3_per_min": 5, "kept_m3_per_min": 4, "power_kw": 24, "saved_mwh": 24}),
    ),
    "air_heat_recovery": (
        {"power_kw": 100, "recoverable_pct": 80, "used_pct": 50, "supply_efficiency_pct": 90, "hours": 5000},
        steps({"heat_kw": 40, "heat_gj": 720, "saved_gj": 800}),
    ),
    "boiler_stack_loss": (
        {"fuel_gj": 100_000, "boiler_efficiency_pct": 88, "flue_before_c": 200, "flue_after_c": 150, "oxygen_before_pct": 6,
         "oxygen_after_pct": 3, "air_c": 20},
        steps({"loss_before_pct": STACK[0], "loss_after_pct": STACK[1], "other_losses_pct": 12 - STACK[0],
               "saved_gj": 100_000 - 88_000 / (88 + STACK[0] - STACK[1]) * 100}),
    ),
    "economiser": (
        {"fuel_gj": 100_000, "boiler_efficiency_pct": 88, "flue_before_c": 200, "flue_after_c": 120, "oxygen_pct": 6, "air_c": 20},
        steps({"loss_before_pct": COOLER[0], "loss_after_pct": COOLER[1], "other_losses_pct": 12 - COOLER[0],
               "saved_gj": 100_000 - 88_000 / (88 + COOLER[0] - COOLER[1]) * 100}),
    ),
    "blowdown": (
        {"steam_t_per_h": 100, "blowdown_before_pct": 8, "blowdown_after_pct": 6, "pressure_bar": 2.6, "makeup_c": 20,
         "supply_efficiency_pct": 80, "hours": 8000},
        steps({"feedwater_before_t_per_h": BLOWN[0], "feedwater_after_t_per_h": BLOWN[1],
               "heat_kj_per_kg": WATER_140 - WATER_20, "heat_gj": HEAT, "saved_gj": HEAT / 0.8}, 1e-3),
    ),
    "condensate_return": (
        {"condensate_t_per_h": 10, "flash_pct": 10, "condensate_c": 100, "makeup_c": 20, "supply_efficiency_pct": 80,
         "hours": 8000},
        steps({"heat_gj": 72 * (WATER_100 - WATER_20), "saved_gj": 90 * (WATER_100 - WATER_20)}, 1e-3),
    ),
    "furnace_available_heat": (
        {"fuel_gj": 10_000, "furnace_flue_before_c": KELVIN_1500, "furnace_flue_after_c": KELVIN_1000,
         "oxygen_before_pct": oxygen_pct(0.3), "oxygen_after_pct": oxygen_pct(0.15), "preheat_before_c": 25, "preheat_after_c": 25},
        steps({"excess_before_pct": 30, "excess_after_pct": 15})
        | steps({"available_before_pct": FURNACE[0], "available_after_pct": FURNACE[1],
                 "saved_gj": 10_000 * (1 - FURNACE[0] / FURNACE[1])}, 0.02),
    ),
    "steam_traps": (
        {"traps": 10, "orifice_mm": 3, "pressure_bar": 2.6, "makeup_c": 20, "supply_efficiency_pct": 80, "hours": 8000},
        steps({"steam_kg_per_h": TRAP, "heat_gj": TRAP_GJ, "saved_gj": TRAP_GJ / 0.8}, 2e-3),
    ),
    "wall_insulation": (
        {"area_m2": 100, "height_m": 2, "surface_before_c": 120, "surface_after_c": 50, "supply_efficiency_pct": 80, "hours": 8000},
        steps({"flux_before_w_per_m2": WALL[0], "flux_after_w_per_m2": WALL[1], "loss_before_kw": WALL[0] / 10,
               "loss_after_kw": WALL[1] / 10, "kept_kw": (WALL[0] - WALL[1]) / 10,
               "heat_gj": (WALL[0] - WALL[1]) / 10 * 28.8, "saved_gj": (WALL[0] - WALL[1]) / 10 * 36}),
    ),
    "pipe_insulation": (
        {"pipe_mm": 100, "length_m": 50, "pipe_c": 150, "insulation_mm": 50, "supply_efficiency_pct": 80, "hours": 8000},
        steps({"bare_w_per_m": BARE, "insulated_w_per_m": COVERED, "kept_kw": (BARE - COVERED) / 20,
               "heat_gj": (BARE - COVERED) / 20 * 28.8, "saved_gj": (BARE - COVERED) / 20 * 36}, 1e-4),
    ),
    "lighting": (
        {"lamps_before": 100, "lamp_before_w": 400, "lamps_after": 80, "lamp_after_w": 150, "hours_before": 4000,
         "hours_after": 3000},
        steps({"power_before_kw": 40, "power_after_kw": 12, "saved_mwh": 160 - 36}),
    ),
    "waste_heat_power": (
        {"heat_kw": 1000, "source_in_c": 300, "source_out_c": 150, "cold_c": 20, "power_second_law_pct": 44, "auxiliary_pct": 10,
         "hours": 7000},
        steps({"carnot_pct": CARNOT, "power_kw": 10 * CARNOT * 0.44 * 0.9, "saved_mwh": 70 * CARNOT * 0.44 * 0.9}),
    ),
    "heat_pump": (
        {"heat_kw": 1000, "source_c": 40, "sink_c": 80, "heat_pump_second_law_pct": 45, "supply_efficiency_pct": 90, "hours": 6000},
        steps({"cop": COP, "drive_kw": 1000 / COP, "used_mwh": 6000 / COP, "heat_gj": 21_600, "saved_gj": 24_000}),
    ),
    "chiller_replacement": (
        {"cooling_kw": 1000, "cop_before": 4, "cop_after": 5, "hours": 2000},
        steps({"power_before_kw": 250, "power_after_kw": 200, "saved_mwh": 100}),
    ),
    "cogeneration": (
        {"fuel_gj": 36_000, "electric_efficiency_pct": 40, "thermal_efficiency_pct": 45, "replaced_boiler_efficiency_pct": 90,
         "reference_electric_pct": 50, "reference_heat_pct": 90},
        steps({"power_mwh": 4000, "heat_gj": 16_200, "fuel_balance_gj": -18_000, "primary_energy_saving_pct": 100 * (1 - 1 / 1.3)}),
    ),
    "photovoltaics": (
        {"capacity_kwp": 1000, "irradiation_kwh_per_m2": 1500, "performance_ratio_pct": 80, "own_use_pct": 50},
        steps({"generated_mwh": 1200, "saved_mwh": 600}),
    ),
}  # fmt: skip


def test_no_calculator_and_no_output_is_without_a_value():
    table = dictionary.read_table("calculator_steps")
    results = table.groupby("calculator")["result"].agg(set).to_dict()
    assert {name: set(wanted) for name, (_, wanted) in CASES.items()} == results
    known = dictionary.read_table("calculators").groupby("calculator")["input"].agg(set)
    assert all(set(values) <= known[name] for name, (values, _) in CASES.items())


@pytest.mark.parametrize("name", CASES)
def test_every_step_of_a_worked_case(name):
    values, wanted = CASES[name]
    sheet, found = calculators.calculate(name, values, None, "natural_gas")
    reckoned = sheet.set_index("quantity")["value"]
    assert {step: reckoned[step] for step in wanted} == wanted
