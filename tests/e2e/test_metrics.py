"""What both processes tell Prometheus beside a real API server, as its own linter sees it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.charts.test_alerts import promtool
from tests.e2e.cockets import Cockets
from tests.e2e.replicas import Replicas

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.cockets import Cocket
    from tests.e2e.control_plane import ControlPlane

pytestmark = pytest.mark.tool("promtool")


@pytest.fixture(autouse=True, scope="module")
def _installed(plane: ControlPlane) -> None:
    plane.install_crds()


def told(process: Cocket) -> str:
    """All that it tells, once its linter is content."""
    status, text = process.get("/metrics")
    assert status == 200
    assert promtool("check", "metrics", stdin=text.encode()) == ""
    return text


def families(text: str) -> set[str]:
    return set(re.findall(r"^# TYPE cocket_(\w+) ", text, re.MULTILINE))


def test_prometheus_finds_nothing_to_mend_in_the_metrics_of_the_operator(
    plane: ControlPlane, operate: Callable[..., Cocket]
) -> None:
    registry = "/apis/cocket.dev/v1alpha1/registries"
    plane.create(
        registry,
        {
            "apiVersion": "cocket.dev/v1alpha1",
            "kind": "Registry",
            "metadata": {"name": "metrics"},
            "spec": {"host": "127.0.0.1:1", "environment": "test", "allowPrivateAddresses": True},
        },
    )
    try:
        operator = operate()
        operator.wait_ready()
        operator.process.wait_until(
            lambda: 'cocket_registry_ready{registry="metrics"} 0.0' in operator.get("/metrics")[1],
            "a probe",
        )
        found = families(told(operator))
    finally:
        plane.ask("DELETE", f"{registry}/metrics")

    assert {"operator_leading", "registry_ready", "registry_requests_total", "objects"} <= found


def test_prometheus_finds_nothing_to_mend_in_the_metrics_of_a_replica(
    plane: ControlPlane, cockets: Cockets, namespace: str
) -> None:
    replicas = Replicas(plane, cockets, namespace)
    replicas.put_certificate()
    webhook = replicas.start("one")
    webhook.wait_ready()
    assert replicas.ask(webhook, namespace, "r.example.com/x:1")["allowed"]

    found = families(told(webhook))
    assert {
        *("reviews_total", "review_duration_seconds", "certificate_expiry_timestamp_seconds"),
        *("registry_requests_total", "facts_known", "policies_in_force", "unknown_total"),
    } <= found
