"""kind-config.yaml, field by field: `kind create cluster` refuses what it does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

CONFIG = Path(__file__).parents[1] / "kind-config.yaml"

FIELDS: dict[str, dict[str, Any]] = {
    "Cluster": {
        "kind": str,
        "apiVersion": str,
        "name": str,
        "nodes": ["Node"],
        "networking": "Networking",
        "featureGates": {str: bool},
        "runtimeConfig": {str: str},
        "kubeadmConfigPatches": [str],
        "kubeadmConfigPatchesJSON6902": ["PatchJSON6902"],
        "containerdConfigPatches": [str],
        "containerdConfigPatchesJSON6902": [str],
    },
    "Node": {
        "role": {"control-plane", "worker"},
        "image": str,
        "labels": {str: str},
        "extraMounts": ["Mount"],
        "extraPortMappings": ["PortMapping"],
        "kubeadmConfigPatches": [str],
        "kubeadmConfigPatchesJSON6902": ["PatchJSON6902"],
    },
    "Networking": {
        "ipFamily": {"ipv4", "ipv6", "dual"},
        "apiServerPort": int,
        "apiServerAddress": str,
        "podSubnet": str,
        "serviceSubnet": str,
        "disableDefaultCNI": bool,
        "kubeProxyMode": {"iptables", "ipvs", "none"},
        "dnsSearch": [str],
    },
    "Mount": {
        "containerPath": str,
        "hostPath": str,
        "readOnly": bool,
        "selinuxRelabel": bool,
        "propagation": {"None", "HostToContainer", "Bidirectional"},
    },
    "PortMapping": {
        "containerPort": int,
        "hostPort": int,
        "listenAddress": str,
        "protocol": {"TCP", "UDP", "SCTP"},
    },
    "PatchJSON6902": {"group": str, "version": str, "kind": str, "patch": str},
}
"""The YAML fields of pkg/apis/config/v1alpha4/types.go in kubernetes-sigs/kind (00b38e3bbfdd),
without `gpus`, which releases do not have. kubeProxyMode `none` is in its documentation."""


def problems(value: Any, shape: Any, path: str = "") -> list[str]:
    """Where a value has not the shape; empty where it has."""
    if isinstance(shape, str):
        if not isinstance(value, dict):
            return [f"{path}: no mapping"]
        fields = FIELDS[shape]
        found = [f"{path}.{key}: unknown" for key in value if key not in fields]
        known = [(key, one) for key, one in value.items() if key in fields]
        return found + [
            p for key, one in known for p in problems(one, fields[key], f"{path}.{key}")
        ]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{path}: no list"]
        return [p for i, one in enumerate(value) for p in problems(one, shape[0], f"{path}[{i}]")]
    if isinstance(shape, set):
        return [] if value in shape else [f"{path}: not one of {sorted(shape)}"]
    if isinstance(shape, dict):
        ((key_type, value_type),) = shape.items()
        good = isinstance(value, dict) and all(
            isinstance(key, key_type) and isinstance(one, value_type) for key, one in value.items()
        )
        return [] if good else [f"{path}: not such a mapping"]
    # A truth value is a number to Python, and none to kind.
    return [] if type(value) is shape else [f"{path}: no {shape.__name__}"]


def test_the_configuration_has_only_fields_that_kind_knows() -> None:
    config = yaml.safe_load(CONFIG.read_text())

    assert problems(config, "Cluster") == []
    assert (config["kind"], config["apiVersion"]) == ("Cluster", "kind.x-k8s.io/v1alpha4")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"node": []}, [".node: unknown"]),
        (
            {"nodes": [{"role": "master"}]},
            [".nodes[0].role: not one of ['control-plane', 'worker']"],
        ),
        ({"nodes": {"role": "worker"}}, [".nodes: no list"]),
        ({"networking": {"apiServerPort": True}}, [".networking.apiServerPort: no int"]),
        ({"featureGates": {"A": "true"}}, [".featureGates: not such a mapping"]),
    ],
)
def test_a_mistake_would_be_seen(config: dict[str, Any], said: list[str]) -> None:
    assert problems(config, "Cluster") == said


def test_there_is_a_node_for_each_replica() -> None:
    roles = [node["role"] for node in yaml.safe_load(CONFIG.read_text())["nodes"]]

    assert roles == ["control-plane", "worker", "worker"]
