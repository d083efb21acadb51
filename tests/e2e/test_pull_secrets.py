"""Pull secrets of Pods, with the rights that the chart gives: whose they are, and for whom."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.replicas import OURS, Replicas, policy
from tests.e2e.server import wait_until
from tests.servers import PASSWORD, USER, real_registry
from webhook.demo.images import image

if TYPE_CHECKING:
    from tests.e2e.cockets import Cockets
    from tests.e2e.control_plane import ControlPlane

WEB = image(entrypoint=["/app-of-a"])


def put_login(plane: ControlPlane, namespace: str, host: str, password: str) -> None:
    """A pull secret `regcred`, which the ServiceAccount `default` of the namespace names."""
    auths = {"auths": {host: {"username": USER, "password": password}}}
    encoded = base64.b64encode(json.dumps(auths).encode()).decode()
    secret = {
        "metadata": {"name": "regcred"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": encoded},
    }
    plane.create(f"/api/v1/namespaces/{namespace}/secrets", secret)
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    account = {"metadata": {"name": "default"}, "imagePullSecrets": [{"name": "regcred"}]}
    status, text = plane.ask("POST", accounts, account)
    if status == 409:
        status, text = plane.ask("PUT", f"{accounts}/default", account)
    assert status in {200, 201}, text


@pytest.mark.tool("docker-registry")
@pytest.mark.parametrize(
    "values",
    [{"read": "named", "names": ["regcred"]}, {"read": "all"}],
    ids=["named", "all"],
)
async def test_a_login_opens_images_for_those_who_hold_it_only(
    plane: ControlPlane,
    cockets: Cockets,
    namespace: str,
    tmp_path: Path,
    values: dict[str, Any],
) -> None:
    plane.install_crds()
    name = f"private-{values['read']}"
    async with real_registry(tmp_path, "htpasswd") as real:
        pinned = real.name("team/web", await real.push("team/web", WEB))
        spec = {
            "host": real.host,
            "allowPrivateAddresses": True,
            "tls": {"plainHTTP": True},
        }
        kind = {"apiVersion": "cocket.dev/v1alpha1", "kind": "Registry"}
        plane.create(f"{OURS}/registries", kind | {"metadata": {"name": name}, "spec": spec})
        tenants = [plane.create_namespace(f"{namespace}-{one}") for one in ("a", "b", "c")]
        a, b, c = tenants
        put_login(plane, a, real.host, PASSWORD)
        put_login(plane, b, real.host, "a guess")
        plane.create(f"{OURS}/clusterimagepolicies", policy(name, tenants, rules={"init": {}}))
        replicas = Replicas(plane, cockets, namespace, {"pullSecrets": values})
        replicas.put_certificate()
        webhook = replicas.start("one", "--pull-secret", *values.get("names", ["*"]))
        webhook.wait_ready()
        try:
            wait_until(
                lambda: not replicas.ask(webhook, a, pinned)["allowed"], "the policy in force"
            )
            said = {one: replicas.ask(webhook, one, pinned)["status"]["message"] for one in tenants}
        finally:
            plane.ask("DELETE", f"{OURS}/clusterimagepolicies/{name}")
            plane.ask("DELETE", f"{OURS}/registries/{name}")

    assert "PID 1 would be `/app-of-a`" in said[a]
    assert f"the pull secret {b}/regcred was refused by {real.host}: 401 unauthorized" in said[b]
    assert "it wants other credentials (401" in said[c]
    assert not any("app-of-a" in said[one] for one in (b, c))
    written = webhook.process.said() + webhook.process.printed()
    assert PASSWORD not in written
    assert "a guess" not in written
