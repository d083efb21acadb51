"""What a YAML file is for, by its name."""

from __future__ import annotations

import re
from pathlib import PurePath

_VALUES = re.compile(r"(?:.+[._-])?values(?:[._-].+)?\.ya?ml", re.IGNORECASE)
_KUSTOMIZATIONS = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})


def is_values(file: str) -> bool:
    """Whether a file holds values of a Helm chart: `values.yaml`, `values-prod.yaml`, …."""
    return _VALUES.fullmatch(PurePath(file).name) is not None


def is_kustomization_file(file: str) -> bool:
    """Whether kustomize reads a file of this name by itself."""
    return PurePath(file).name in _KUSTOMIZATIONS
