"""`cocket operate` asks real registries, and says what they answered."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.documents import conditions, made, put, remove, wait_condition
from tests.e2e.registries import start_registry
from tests.e2e.replicas import OURS
from tests.servers import PASSWORD, USER, real_registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.cockets import Cocket
    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes


@pytest.fixture(autouse=True, scope="module")
def _installed(plane: ControlPlane) -> None:
    plane.install_crds()


def secret(name: str, host: str, password: str, kind: str = "") -> dict[str, Any]:
    auths = {"auths": {host: {"username": USER, "password": password}}}
    data = base64.b64encode(json.dumps(auths).encode()).decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": kind or "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": data},
    }


async def beside(function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Wait in a thread, while this loop sees to the registry."""
    return await asyncio.to_thread(function, *arguments)


async def test_a_registry_says_whether_it_lets_us_in(
    plane: ControlPlane, namespace: str, operate: Callable[..., Cocket], tmp_path: Path
) -> None:
    async with real_registry(tmp_path, "htpasswd", tls=True) as real:
        spec = {
            "host": real.host,
            "allowPrivateAddresses": True,
            "tls": {"caBundle": real.ca_pem},
        }
        path = "registries/operate-login"
        put(plane, made("Registry", "operate-login", spec))
        operator = operate()
        missing = await beside(wait_condition, plane, path, "Authenticated", "CredentialsMissing")
        assert missing["status"] == "False"

        spec["credentials"] = {"secretName": "login"}
        put(plane, made("Registry", "operate-login", spec))
        unusable = await beside(wait_condition, plane, path, "Authenticated", "CredentialsUnusable")
        assert "Secret login: there is none of type kubernetes.io/docker" in unusable["message"]

        secrets = f"/api/v1/namespaces/{namespace}/secrets"
        plane.create(secrets, secret("login", real.host, "wrong horse"))
        refused = await beside(wait_condition, plane, path, "Authenticated", "Unauthorized")
        assert refused["status"] == "False"
        assert conditions(plane, path)["Reachable"]["status"] == "True"
        assert conditions(plane, path)["Ready"]["status"] == "False"

        plane.ask("PUT", f"{secrets}/login", secret("login", real.host, PASSWORD))
        await beside(wait_condition, plane, path, "Authenticated", "Accepted")
        await beside(wait_condition, plane, path, "Ready", "InForce")

        status = plane.get(f"{OURS}/{path}")["status"]
        assert status["challenge"] == "Basic"
        assert status["latencyMilliseconds"] >= 1
        assert status["certificateExpires"] > status["probedAt"]
        assert "rateLimit" not in status
        metrics = operator.get("/metrics")[1]
        assert 'cocket_registry_ready{registry="operate-login"} 1.0' in metrics
        assert "cocket_operator_leading 1.0" in metrics
        assert "cocket_reviews" not in metrics
    said = operator.process.said()
    for words in ("wrong horse", PASSWORD):
        assert words not in said
        assert base64.b64encode(f"{USER}:{words}".encode()).decode() not in said
        assert words not in json.dumps(status)
    assert operator.process.stop() == 0
    remove(plane, path)


def test_a_registry_that_goes_away_is_not_reachable(
    plane: ControlPlane, operate: Callable[..., Cocket], processes: Processes
) -> None:
    registry = start_registry(processes)
    spec: dict[str, Any] = {
        "host": registry.host,
        "allowPrivateAddresses": True,
        "tls": {"plainHTTP": True},
    }
    path = "registries/operate-open"
    put(plane, made("Registry", "operate-open", spec))
    operate()
    assert wait_condition(plane, path, "Authenticated", "NotAsked")["status"] == "True"
    wait_condition(plane, path, "Ready", "InForce")

    processes.started["registry"].kill()
    put(plane, made("Registry", "operate-open", {**spec, "environment": "production"}))

    assert wait_condition(plane, path, "Reachable", "Unreachable")["status"] == "False"
    assert conditions(plane, path)["Authenticated"]["status"] == "Unknown"
    assert conditions(plane, path)["Ready"]["reason"] == "Unreachable"
    assert "latencyMilliseconds" not in plane.get(f"{OURS}/{path}")["status"]
    remove(plane, path)


def test_a_twin_is_set_aside_and_not_contacted(
    plane: ControlPlane, operate: Callable[..., Cocket]
) -> None:
    spec = {"host": "registry.invalid/twin"}
    put(plane, made("Registry", "operate-a", spec))
    put(plane, made("Registry", "operate-b", spec))
    operate()

    twin = wait_condition(plane, "registries/operate-b", "Ready", "Invalid")

    assert "Registry operate-a has the same host and path" in twin["message"]
    assert conditions(plane, "registries/operate-b")["Reachable"]["reason"] == "NotAsked"
    wait_condition(plane, "registries/operate-a", "Reachable", "Unreachable")
    remove(plane, "registries/operate-a", "registries/operate-b")


def test_the_api_server_is_never_asked_as_a_registry(
    plane: ControlPlane, operate: Callable[..., Cocket]
) -> None:
    spec = {
        "host": plane.url.removeprefix("https://"),
        "allowPrivateAddresses": True,
        "tls": {"insecureSkipVerify": True},
    }
    put(plane, made("Registry", "operate-server", spec))
    operate()

    found = wait_condition(plane, "registries/operate-server", "Reachable", "Unreachable")

    assert "is the API server of the cluster, which is no registry" in found["message"]
    remove(plane, "registries/operate-server")
