"""Process emissions: what leaves a process without fuel being burnt; equations by sector, assays filed, rows of the inventory."""

from workbench.process.account import emissions

__all__ = ["emissions"]
