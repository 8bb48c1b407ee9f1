"""Engineering calculators: what a measure saves, from its technical data; each formula in a file of its own."""

from workbench.calculators.applying import Calculated, apply, calculate
from workbench.calculators.registry import inputs, names, parameter, steps

__all__ = ["Calculated", "apply", "calculate", "inputs", "names", "parameter", "steps"]
