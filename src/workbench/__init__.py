"""Workbench for carbon verification and energy-saving assessment of industrial clusters."""

__version__ = "0.1.0"
