"""A ValidatingWebhookConfiguration by URL, for tests that run no operator."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

WEBHOOK = "validate.cocket.dev"
_RULES = {
    ("", "v1"): ("pods", "pods/ephemeralcontainers", "replicationcontrollers", "podtemplates"),
    ("apps", "v1"): ("deployments", "replicasets", "statefulsets", "daemonsets"),
    ("batch", "v1"): ("jobs", "cronjobs"),
    ("batch", "v1beta1"): ("cronjobs",),
}


def webhook_configuration(
    name: str,
    url: str,
    ca_pem: str,
    namespaces: Sequence[str],
    *,
    failure_policy: str = "Fail",
    timeout_seconds: int = 10,
) -> dict[str, Any]:
    """Let the API server ask `url` about everything that names images in these namespaces."""
    only = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(namespaces)}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [
            {
                "name": WEBHOOK,
                "clientConfig": {
                    "url": url,
                    "caBundle": base64.b64encode(ca_pem.encode()).decode(),
                },
                "rules": [
                    {
                        "apiGroups": [group],
                        "apiVersions": [version],
                        "resources": list(resources),
                        "operations": ["CREATE", "UPDATE"],
                        "scope": "Namespaced",
                    }
                    for (group, version), resources in _RULES.items()
                ],
                "namespaceSelector": {"matchExpressions": [only]},
                "admissionReviewVersions": ["v1"],
                "failurePolicy": failure_policy,
                "matchPolicy": "Equivalent",
                "sideEffects": "None",
                "timeoutSeconds": timeout_seconds,
            }
        ],
    }
