"""A refusal needs no event of ours: the controller that was refused says it in one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.registration import webhook_configuration
from tests.e2e.server import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.cockets import Cockets
    from tests.e2e.control_plane import ControlPlane

POLICY = """\
apiVersion: cocket.dev/v1alpha1
kind: ClusterImagePolicy
metadata: {name: digests}
spec:
  mode: enforce
  templates: "off"
  rules: {digest: {}}
"""


@pytest.fixture
def refusing(
    plane: ControlPlane, cockets: Cockets, namespace: str, tmp_path: Path
) -> Iterator[None]:
    """A webhook that refuses Pods by tag, and lets their templates through."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    webhook = cockets.serve_files("refusing", policy)
    name = f"refusing-{namespace}"
    plane.apply(webhook_configuration(name, webhook.url, webhook.ca_pem, [namespace]))
    yield
    plane.kubectl("delete", "validatingwebhookconfiguration", name)


@pytest.mark.usefixtures("refusing")
def test_the_event_of_the_controller_carries_our_message(
    plane: ControlPlane, namespace: str
) -> None:
    container = {"name": "app", "image": "registry.example.com/prod/web:1.1"}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    with plane.controllers():
        plane.create(path, {"metadata": {"name": "web"}, "spec": spec})
        wait_until(lambda: bool(failures(plane, namespace)), "FailedCreate", 60)

    [event, *_] = failures(plane, namespace)
    assert event["involvedObject"]["kind"] == "ReplicaSet"
    assert "cocket refused Pod" in event["message"]
    assert 'container "app": registry.example.com/prod/web:1.1 is a tag' in event["message"]
    every = plane.get(f"/api/v1/namespaces/{namespace}/events")["items"]
    assert not [one for one in every if "cocket" in one.get("reportingComponent", "")]


def failures(plane: ControlPlane, namespace: str) -> list[dict[str, Any]]:
    found = plane.get(f"/api/v1/namespaces/{namespace}/events")["items"]
    return [one for one in found if one["reason"] == "FailedCreate"]
