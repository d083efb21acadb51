"""values.yaml and its schema: the same keys, each with a reason, and errors that name the key."""

from __future__ import annotations

import json
import re
from typing import Any

import helm_python
import pytest
import yaml

from tests.charts.rendering import CHART, SETTINGS, notes
from webhook.core.rules import RULES

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())


def keys(value: Any, path: str = "") -> set[str]:
    """The paths of all keys that the schema knows one by one."""
    found = {f"{path}{key}" for key in value.get("properties", {})}
    return found.union(
        *(keys(one, f"{path}{key}.") for key, one in value.get("properties", {}).items())
    )


def written(value: Any, known: set[str], path: str = "") -> set[str]:
    found: set[str] = set()
    for key, one in value.items():
        found.add(f"{path}{key}")
        if isinstance(one, dict) and any(name.startswith(f"{path}{key}.") for name in known):
            found |= written(one, known, f"{path}{key}.")
    return found


OPTIONAL = {
    "global",  # Helm's own, of a chart above
    "policy.rules.registry",
    "policy.rules.promotion",
    "policy.rules.stop",
    *(f"policy.namespaceSelector.{name}" for name in ("matchLabels", "matchExpressions")),
    *(f"certificates.issuerRef.{name}" for name in ("name", "kind", "group")),
}


def test_the_schema_knows_exactly_the_keys_of_the_values() -> None:
    known = keys(SCHEMA)

    assert written(VALUES, known) == known - OPTIONAL


def test_nothing_unknown_passes_the_schema() -> None:
    def open_objects(value: Any, path: str) -> list[str]:
        found = [path] if "properties" in value and value.get("additionalProperties") else []
        for key, one in value.get("properties", {}).items():
            found += open_objects(one, f"{path}.{key}")
        return found

    assert SCHEMA["additionalProperties"] is False
    assert open_objects(SCHEMA, "") == []


def test_every_value_that_is_ours_has_a_description() -> None:
    """Those without one are Kubernetes' own fields of the same name."""
    plain = {"nodeSelector", "tolerations", "podAnnotations", "podLabels"}
    plain |= {"serviceAccountAnnotations"}
    lines = (CHART / "values.yaml").read_text().splitlines()
    described = False
    without = []
    for line in lines:
        if line.lstrip().startswith("# --"):
            described = True
        elif line.lstrip().startswith("#"):
            continue
        elif match := re.match(r"\s*([a-zA-Z]+):(.*)", line):
            name, rest = match.groups()
            is_section = not rest.strip()
            if not (described or is_section or name in plain or line.startswith("    ")):
                without.append(name)
            described = False

    assert without == []


@pytest.mark.parametrize("name", SETTINGS)
def test_the_values_of_the_tests_are_allowed(name: str) -> None:
    with helm_python.Chart.load(CHART) as chart:
        chart.validate_schema(SETTINGS[name])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"imag": {}}, "additional properties 'imag' not allowed"),
        ({"image": {"digst": ""}}, "additional properties 'digst' not allowed"),
        ({"image": {"digest": "sha256:abc"}}, "/image/digest"),
        ({"image": {"digest": "latest"}}, "/image/digest"),
        ({"image": {"registry": "https://r.example.com"}}, "/image/registry"),
        ({"webhook": {"replicas": 0}}, "/webhook/replicas"),
        ({"webhook": {"replicas": "2"}}, "/webhook/replicas"),
        ({"operator": {"failurePolicy": "fail"}}, "/operator/failurePolicy"),
        ({"operator": {"timeoutSeconds": 31}}, "/operator/timeoutSeconds"),
        ({"policy": {"mode": "block"}}, "/policy/mode"),
        ({"policy": {"rules": {"tags": {}}}}, "additional properties 'tags' not allowed"),
        ({"excludedNamespaces": ["Prod"]}, "/excludedNamespaces/0"),
        ({"registries": [{"name": "prod"}]}, "/registries/0"),
        ({"certificates": {"provider": "me"}}, "/certificates/provider"),
        ({"networkPolicy": {"apiServerCIDRs": ["10.0.0.1"]}}, "/networkPolicy/apiServerCIDRs/0"),
        ({"pullSecrets": {"read": "named"}}, "/pullSecrets"),
        ({"pullSecrets": {"read": "named", "names": []}}, "/pullSecrets"),
        ({"pullSecrets": {"read": "all", "names": ["regcred"]}}, "/pullSecrets"),
        ({"pullSecrets": {"read": "everything"}}, "/pullSecrets/read"),
        ({"networkPolicy": {"egressPorts": []}}, "/networkPolicy/egressPorts"),
    ],
)
def test_a_wrong_value_is_named(values: dict[str, Any], said: str) -> None:
    with (
        helm_python.Chart.load(CHART) as chart,
        pytest.raises(helm_python.HelmValuesError, match=re.escape(said)),
    ):
        chart.validate_schema(values)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "WARNING: image.digest is empty"),
        ({}, "Policy default is in mode audit: nothing is refused."),
        ({"policy": {"create": False}}, "There is no policy yet, so nothing is checked."),
        ({"policy": {"mode": "enforce"}}, "Policy default refuses what fails its rules."),
        ({}, "failurePolicy is Ignore: while no webhook answers, everything passes."),
        ({}, "helm test cocket -n cocket-system"),
        ({}, "kubectl apply -f registries.yaml"),
        ({}, "Everything is refused?"),
        (
            {"registries": [{"name": "prod", "spec": {"host": "r.example.com"}}]},
            "2. See whether your registries answer",
        ),
    ],
)
def test_the_notes_say_what_to_do_next(values: dict[str, Any], said: str) -> None:
    assert said in notes(values)


def test_the_first_policy_takes_every_rule() -> None:
    with helm_python.Chart.load(CHART) as chart:
        chart.validate_schema({"policy": {"rules": {name: {} for name in RULES}}})


def test_the_notes_do_not_warn_of_what_is_well() -> None:
    said = notes({"image": {"digest": "sha256:" + "0" * 64}, "operator": {"failurePolicy": "Fail"}})

    assert "WARNING" not in said
    assert "failurePolicy" not in said
