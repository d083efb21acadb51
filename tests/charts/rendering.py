"""The chart as objects: rendered by Helm's own code, read back as a cluster would."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import helm_python
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "cocket"
NAMESPACE = "cocket-system"
DIGEST = "sha256:" + "ab" * 32

FULL: dict[str, Any] = {
    "image": {"digest": DIGEST, "pullSecrets": ["pull"]},
    "commonLabels": {"team": "platform"},
    "registries": [
        {"name": "prod", "spec": {"host": "r.example.com/prod", "environment": "production"}},
        {"name": "dev", "spec": {"host": "r.example.com/dev", "environment": "development"}},
    ],
    "policy": {"mode": "warn", "rules": {"registry": {"environments": ["production"]}}},
    "excludedNamespaces": ["legacy", "vendor"],
    "exceptionNamespaces": ["security"],
    "maxExceptionDays": 365,
    "pullSecrets": {"read": "named", "names": ["regcred", "pull"]},
    "certificates": {"provider": "cert-manager"},
    "webhook": {
        "replicas": 3,
        "extraArgs": ["--bind=0.0.0.0"],
        "podAnnotations": {"a": "b"},
        "podLabels": {"c": "d"},
        "nodeSelector": {"pool": "system"},
        "tolerations": [{"key": "system", "operator": "Exists"}],
        "serviceAccountAnnotations": {"e": "f"},
    },
    "operator": {"failurePolicy": "Fail", "timeoutSeconds": 10, "priorityClassName": "high"},
    "networkPolicy": {
        "apiServerCIDRs": ["10.0.0.0/28", "fd00::/64"],
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
        "egressCIDRs": ["10.0.0.0/8"],
    },
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True},
    "grafanaDashboard": {"enabled": True, "annotations": {"grafana_folder": "Security"}},
}
"""Everything that the chart can do, at once."""

BARE: dict[str, Any] = {
    "crds": {"install": False},
    "policy": {"create": False},
    "networkPolicy": {"enabled": False},
    "webhook": {"replicas": 1, "priorityClassName": "", "podDisruptionBudget": {"enabled": False}},
    "operator": {"replicas": 1},
    "certificates": {"secretName": "mine"},
    "fullnameOverride": "short",
}
"""As little as possible."""

SETTINGS: dict[str, dict[str, Any]] = {"default": {}, "full": FULL, "bare": BARE}


def texts(values: Mapping[str, Any] | None = None, namespace: str = NAMESPACE) -> dict[str, str]:
    """The rendered templates, by their path."""
    return _rendered(json.dumps(values or {}, sort_keys=True), namespace)


@cache
def _rendered(values: str, namespace: str) -> dict[str, str]:
    with helm_python.Chart.load(CHART) as chart:
        return chart.render(values=json.loads(values), name="cocket", namespace=namespace)


def notes(values: Mapping[str, Any] | None = None) -> str:
    """What somebody reads after `helm install`."""
    return next(text for path, text in texts(values).items() if path.endswith("NOTES.txt"))


def objects(
    values: Mapping[str, Any] | None = None, namespace: str = NAMESPACE
) -> list[dict[str, Any]]:
    """Every object of the release, hooks and tests included."""
    return [
        document
        for path, text in texts(values, namespace).items()
        if not path.endswith("NOTES.txt")
        for document in yaml.safe_load_all(text)
        if document
    ]


def of_kind(kind: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Those of one kind."""
    return [one for one in objects(values) if one["kind"] == kind]


def arguments(
    name: str, values: Mapping[str, Any] | None = None, namespace: str = NAMESPACE
) -> list[str]:
    """What the one container of a Deployment or Job is started with, the command first."""
    [found] = [
        one["spec"]["template"]["spec"]["containers"]
        for one in objects(values, namespace)
        if one["kind"] in {"Deployment", "Job"} and one["metadata"]["name"] == name
    ]
    [container] = found
    return [str(argument) for argument in container["args"]]


def pod_specs(values: Mapping[str, Any] | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The specs of all Pods that the release can make, each with the name of its object."""
    for one in objects(values):
        match one["kind"]:
            case "Pod":
                yield one["metadata"]["name"], one["spec"]
            case "Deployment" | "Job":
                yield one["metadata"]["name"], one["spec"]["template"]["spec"]
