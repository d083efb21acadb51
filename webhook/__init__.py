"""Which container images may run in a cluster.

Each room's `__init__` states its law; the layers are in pyproject.toml.
"""

__version__ = "0.1.0"
