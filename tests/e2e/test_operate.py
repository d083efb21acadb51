"""`cocket operate` against a real API server and real registries."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.registries import start_registry
from tests.e2e.server import wait_until
from tests.servers import PASSWORD, USER, real_registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.cockets import Cocket, Cockets
    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes

GROUP = "/apis/cocket.dev/v1alpha1"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/{}/leases/cocket-operator"
PLURALS = {
    "Registry": "registries",
    "ClusterImagePolicy": "clusterimagepolicies",
    "ImagePolicy": "imagepolicies",
    "ImageException": "imageexceptions",
}
UNUSABLE = {
    "rules": {"digest": {}},
    "namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": []}]},
}
"""No schema can say what is wrong with it."""
RULES: dict[str, Any] = {"rules": {"digest": {}}}


@pytest.fixture(autouse=True, scope="module")
def _installed(plane: ControlPlane) -> None:
    plane.install_crds()


@pytest.fixture
def operate(plane: ControlPlane, cockets: Cockets, namespace: str) -> Callable[..., Cocket]:
    """Start an operator for the test's namespace."""

    def start(name: str = "operator", *arguments: str) -> Cocket:
        return cockets.operate(
            name,
            *("--kubeconfig", plane.kubeconfig(), "--namespace", namespace),
            *("--identity", name, "--exception-namespace", namespace),
            *("--probe-bind", "127.0.0.1"),
            *arguments,
        )

    return start


def made(kind: str, name: str, spec: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    }


def put(plane: ControlPlane, *documents: dict[str, Any]) -> None:
    """Create, or change what is there."""
    for document in documents:
        metadata = document["metadata"]
        namespace = metadata.get("namespace")
        place = f"namespaces/{namespace}/" if namespace else ""
        path = f"{GROUP}/{place}{PLURALS[document['kind']]}"
        status, text = plane.ask("POST", path, document)
        if status == 409:
            status, text = plane.ask(
                "PATCH",
                f"{path}/{metadata['name']}",
                {"spec": document["spec"]},
                content_type="application/merge-patch+json",
            )
        assert status in {200, 201}, text


def conditions(plane: ControlPlane, path: str) -> dict[str, dict[str, Any]]:
    status = plane.get(f"{GROUP}/{path}").get("status", {})
    return {one["type"]: one for one in status.get("conditions", [])}


def wait_condition(
    plane: ControlPlane, path: str, kind: str, reason: str, seconds: float = 30
) -> dict[str, Any]:
    """Wait until a condition has a reason."""
    seen: dict[str, Any] = {}

    def there() -> bool:
        seen.clear()
        seen.update(conditions(plane, path))
        return bool(seen.get(kind, {}).get("reason") == reason)

    try:
        wait_until(there, f"{path}: {kind} {reason}", seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}; it has {seen}") from None
    return dict(seen[kind])


def holder(plane: ControlPlane, namespace: str) -> str:
    status, text = plane.ask("GET", LEASE.format(namespace))
    return str(json.loads(text)["spec"].get("holderIdentity", "")) if status == 200 else ""


def remove(plane: ControlPlane, *paths: str) -> None:
    for path in paths:
        plane.ask("DELETE", f"{GROUP}/{path}")


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
    written = plane.get(f"{GROUP}/clusterimagepolicies/operate-bad")["metadata"]
    assert "finalizers" not in written
    assert not [one for one in written.get("annotations", {}) if "kopf" in one or "cocket" in one]
    version = written["resourceVersion"]
    put(plane, made("ClusterImagePolicy", "operate-other", RULES))
    wait_condition(plane, "clusterimagepolicies/operate-other", "Ready", "InForce")
    again = plane.get(f"{GROUP}/clusterimagepolicies/operate-bad")["metadata"]
    assert again["resourceVersion"] == version
    assert operator.process.stop() == 0
    names = ("operate-good", "operate-bad", "operate-other")
    remove(
        plane,
        *(f"clusterimagepolicies/{name}" for name in names),
        "namespaces/default/imageexceptions/elsewhere",
    )


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

        status = plane.get(f"{GROUP}/{path}")["status"]
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
    assert "latencyMilliseconds" not in plane.get(f"{GROUP}/{path}")["status"]
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


def test_the_second_one_leads_when_the_first_ends(
    plane: ControlPlane, namespace: str, operate: Callable[..., Cocket]
) -> None:
    first = operate("first")
    wait_until(lambda: holder(plane, namespace) == "first", "first leads")
    second = operate("second")
    second.wait_ready()
    assert "[+]lease (first leads) ok" in second.get("/readyz?verbose")[1]
    assert "cocket_operator_leading 0.0" in second.get("/metrics")[1]

    assert first.process.stop(10) == 0

    wait_until(lambda: holder(plane, namespace) == "second", "second leads", 5)
    put(plane, made("ClusterImagePolicy", "operate-second", RULES))
    wait_condition(plane, "clusterimagepolicies/operate-second", "Ready", "InForce")
    remove(plane, "clusterimagepolicies/operate-second")
    assert second.process.stop(10) == 0


def test_a_leader_that_is_killed_is_followed_when_its_lease_ran_out(
    plane: ControlPlane, namespace: str, operate: Callable[..., Cocket]
) -> None:
    first = operate("first")
    wait_until(lambda: holder(plane, namespace) == "first", "first leads")
    second = operate("second")
    second.wait_ready()

    first.process.kill()

    wait_until(lambda: holder(plane, namespace) == "second", "second leads", 30)
    wait_until(lambda: "cocket_operator_leading 1.0" in second.get("/metrics")[1], "it knows", 5)


def test_whoever_loses_the_lease_ends(
    plane: ControlPlane, namespace: str, operate: Callable[..., Cocket]
) -> None:
    operator = operate("first")
    wait_until(lambda: holder(plane, namespace) == "first", "first leads")

    plane.ask(
        "PATCH",
        LEASE.format(namespace),
        {"spec": {"holderIdentity": "somebody else"}},
        content_type="application/merge-patch+json",
    )

    assert operator.process.wait(20) == 1
    said = operator.process.said()
    assert "the Lease cocket-operator is lost: somebody else holds it now" in said
    assert holder(plane, namespace) == "somebody else"


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


async def beside(function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Wait in a thread, while this loop sees to the registry."""
    return await asyncio.to_thread(function, *arguments)
