"""What a YAML file is for, by its name."""

from __future__ import annotations

import pytest

from webhook.pin.names import is_kustomization_file, is_values


@pytest.mark.parametrize(
    ("name", "values", "kustomization"),
    [
        ("chart/values.yaml", True, False),
        ("values-prod.yml", True, False),
        ("prod.values.yaml", True, False),
        ("values.json", False, False),
        ("myvalues.yaml", False, False),
        ("a/kustomization.yaml", False, True),
        ("Kustomization", False, True),
        ("pod.yaml", False, False),
    ],
)
def test_a_file_is_known_by_its_name(name: str, *, values: bool, kustomization: bool) -> None:
    assert (is_values(name), is_kustomization_file(name)) == (values, kustomization)
