"""Importers of known layouts into cluster packages."""
