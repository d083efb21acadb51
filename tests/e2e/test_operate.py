"""`cocket operate` says on every document what became of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.documents import RULES, UNUSABLE, made, put, remove, wait_condition
from tests.e2e.replicas import OURS
from tests.e2e.server import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.cockets import Cocket
    from tests.e2e.control_plane import ControlPlane


@pytest.fixture(autouse=True, scope="module")
def _installed(plane: ControlPlane) -> None:
    plane.install_crds()


def test_each_document_says_what_became_of_it(
    plane: ControlPlane, namespace: str, operate: Callable[..., Cocket]
) -> None:
    expires = (datetime.now(UTC) + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    excuse = {
        "rules": ["digest"],
        "namespaces": ["shop"],
        "image": "r.example.com/x",
        "reason": "a move",
    }
    put(
        plane,
        made("ClusterImagePolicy", "operate-good", RULES),
        made("ImagePolicy", "good", RULES, namespace),
        made("ImageException", "good", {**excuse, "expires": expires}, namespace),
        made("ImageException", "elsewhere", {**excuse, "expires": expires}, "default"),
        made("ClusterImagePolicy", "operate-bad", UNUSABLE),
    )
    operator = operate()

    wait_condition(plane, "clusterimagepolicies/operate-good", "Ready", "InForce")
    wait_condition(plane, f"namespaces/{namespace}/imagepolicies/good", "Ready", "InForce")
    bad = wait_condition(plane, "clusterimagepolicies/operate-bad", "Ready", "Invalid")
    assert bad["status"] == "False"
    assert bad["message"] == (
        "spec.namespaceSelector.matchExpressions[0].values: In needs at least one value"
    )
    assert bad["observedGeneration"] == 1
    wait_condition(plane, f"namespaces/{namespace}/imageexceptions/good", "Ready", "InForce")
    wait_condition(plane, "namespaces/default/imageexceptions/elsewhere", "Ready", "NotHonoured")
    operator.wait_ready()

    put(plane, made("ClusterImagePolicy", "operate-bad", {**RULES, "namespaceSelector": None}))
    mended = wait_condition(plane, "clusterimagepolicies/operate-bad", "Ready", "InForce")
    assert mended["observedGeneration"] == 2
    written = plane.get(f"{OURS}/clusterimagepolicies/operate-bad")["metadata"]
    assert "finalizers" not in written
    assert not [one for one in written.get("annotations", {}) if "kopf" in one or "cocket" in one]
    version = written["resourceVersion"]
    put(plane, made("ClusterImagePolicy", "operate-other", RULES))
    wait_condition(plane, "clusterimagepolicies/operate-other", "Ready", "InForce")
    again = plane.get(f"{OURS}/clusterimagepolicies/operate-bad")["metadata"]
    assert again["resourceVersion"] == version
    assert operator.process.stop() == 0
    names = ("operate-good", "operate-bad", "operate-other")
    remove(
        plane,
        *(f"clusterimagepolicies/{name}" for name in names),
        "namespaces/default/imageexceptions/elsewhere",
    )


def test_many_broken_documents_stop_nobody(
    plane: ControlPlane, namespace: str, operate: Callable[..., Cocket]
) -> None:
    for number in range(20):
        place = f"r.example.com/{'x' * 150}{number}"
        put(plane, made("Registry", f"operate-bad-{number}", {"host": f"{place}/UPPER"}))
        put(plane, made("ClusterImagePolicy", f"operate-bad-{number}", UNUSABLE))
    operator = operate()
    put(plane, made("ImagePolicy", "good", RULES, namespace))

    wait_condition(plane, f"namespaces/{namespace}/imagepolicies/good", "Ready", "InForce")
    wait_condition(plane, "registries/operate-bad-19", "Ready", "Invalid")
    wait_condition(plane, "clusterimagepolicies/operate-bad-19", "Ready", "Invalid")
    wait_until(operator.ready, "ready")
    assert operator.process.stop(10) == 0
    for number in range(20):
        remove(
            plane,
            f"registries/operate-bad-{number}",
            f"clusterimagepolicies/operate-bad-{number}",
        )
