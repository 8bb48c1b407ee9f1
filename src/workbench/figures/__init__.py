"""Tables become pictures: each function takes output tables and gives a figure with its caption and its alternative text."""

from workbench.figures.allocation import allocated_totals
from workbench.figures.benchmarks import benchmark_positions, peers
from workbench.figures.boundary import boundary_bridge
from workbench.figures.explain import project_roles, regrets
from workbench.figures.findings import findings_by_check
from workbench.figures.front import pareto_front, reductions
from workbench.figures.hotspots import hotspots
from workbench.figures.intensity import intensities
from workbench.figures.inventory import emissions_by_enterprise, emissions_by_source, key_emitters
from workbench.figures.map import potential_map
from workbench.figures.money import potential_levels, tornado
from workbench.figures.pinch import composite_curves, grand_composite
from workbench.figures.plan_by_years import plan_by_years
from workbench.figures.position import carbon_budget, dual_control
from workbench.figures.potential import abatement_cost_curve, potential_by_carrier, potential_by_enterprise
from workbench.figures.risk import decision_data, price_of_robustness, stays_in
from workbench.figures.sankey import carbon_flows, energy_flows
from workbench.figures.selection import bundle, bundle_by_enterprise
from workbench.figures.sharing import allowance_market, fair_gains
from workbench.figures.side_by_side import runs_fronts, runs_totals
from workbench.figures.style import Picture
from workbench.figures.uncertainty import data_to_improve, misstatements, uncertainty_ranges

__all__ = [
    "Picture",
    "abatement_cost_curve",
    "allocated_totals",
    "allowance_market",
    "benchmark_positions",
    "boundary_bridge",
    "bundle",
    "bundle_by_enterprise",
    "carbon_budget",
    "carbon_flows",
    "composite_curves",
    "data_to_improve",
    "decision_data",
    "dual_control",
    "emissions_by_enterprise",
    "emissions_by_source",
    "energy_flows",
    "fair_gains",
    "findings_by_check",
    "grand_composite",
    "hotspots",
    "intensities",
    "key_emitters",
    "misstatements",
    "pareto_front",
    "peers",
    "plan_by_years",
    "potential_by_carrier",
    "potential_by_enterprise",
    "potential_levels",
    "potential_map",
    "price_of_robustness",
    "project_roles",
    "reductions",
    "regrets",
    "runs_fronts",
    "runs_totals",
    "stays_in",
    "tornado",
    "uncertainty_ranges",
]
