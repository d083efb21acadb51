"""Cocket: which container images may run in a cluster. `cli` builds the objects; the layers are in pyproject.toml."""

__version__ = "0.1.0"
