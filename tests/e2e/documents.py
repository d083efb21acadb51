"""Documents of ours in a cluster, and what the operator says on each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.e2e.replicas import OURS
from tests.e2e.server import wait_until

if TYPE_CHECKING:
    from tests.e2e.server import ApiServer

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


def made(kind: str, name: str, spec: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    """A document; of a namespace where one is named."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    }


def put(server: ApiServer, *documents: dict[str, Any]) -> None:
    """Create, or change what is there."""
    for document in documents:
        metadata = document["metadata"]
        namespace = metadata.get("namespace")
        place = f"namespaces/{namespace}/" if namespace else ""
        path = f"{OURS}/{place}{PLURALS[document['kind']]}"
        status, text = server.ask("POST", path, document)
        if status == 409:
            status, text = server.ask(
                "PATCH",
                f"{path}/{metadata['name']}",
                {"spec": document["spec"]},
                content_type="application/merge-patch+json",
            )
        assert status in {200, 201}, text


def conditions(server: ApiServer, path: str) -> dict[str, dict[str, Any]]:
    """Those of an object, by their type."""
    status = server.get(f"{OURS}/{path}").get("status", {})
    return {one["type"]: one for one in status.get("conditions", [])}


def wait_condition(
    server: ApiServer, path: str, kind: str, reason: str, seconds: float = 30
) -> dict[str, Any]:
    """Wait until a condition has a reason."""
    seen: dict[str, Any] = {}

    def there() -> bool:
        seen.clear()
        seen.update(conditions(server, path))
        return bool(seen.get(kind, {}).get("reason") == reason)

    try:
        wait_until(there, f"{path}: {kind} {reason}", seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}; it has {seen}") from None
    return dict(seen[kind])


def remove(server: ApiServer, *paths: str) -> None:
    """Delete objects; they may be gone."""
    for path in paths:
        server.ask("DELETE", f"{OURS}/{path}")
