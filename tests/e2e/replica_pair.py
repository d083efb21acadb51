"""Two replicas that read one cluster, and must say the same."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.e2e.cockets import Cockets
from tests.e2e.replicas import OURS, Replicas, policy
from tests.e2e.server import wait_until

if TYPE_CHECKING:
    from tests.e2e.cockets import Webhook
    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes

HOST = "registry.invalid"
IMAGE = f"{HOST}/prod/web"
REGISTRY = {
    "apiVersion": "cocket.dev/v1alpha1",
    "kind": "Registry",
    "metadata": {"name": "from-cluster"},
    "spec": {"host": HOST, "environment": "production"},
}


def digest(number: int) -> str:
    """One that nobody has."""
    return f"sha256:{number:064x}"


class World:
    """Two replicas, asked together."""

    def __init__(self, replicas: Replicas, webhooks: list[Webhook]) -> None:
        self.replicas = replicas
        self.plane = replicas.plane
        self.webhooks = webhooks
        self._made: list[str] = []

    def create(self, document: dict[str, Any]) -> None:
        """Create it, until the end of the test."""
        plural = {"ImagePolicy": "imagepolicies", "ClusterImagePolicy": "clusterimagepolicies"}
        kind = plural.get(document["kind"], document["kind"].lower() + "s")
        namespace = document["metadata"].get("namespace")
        path = f"{OURS}/namespaces/{namespace}/{kind}" if namespace else f"{OURS}/{kind}"
        self.plane.create(path, document)
        self._made.append(f"{path}/{document['metadata']['name']}")

    def clear(self) -> None:
        """Delete what the test created."""
        while self._made:
            self.plane.ask("DELETE", self._made.pop())

    def answers(self, namespace: str, image: str, name: str = "web") -> list[dict[str, Any]]:
        """Of every replica."""
        return [self.replicas.ask(one, namespace, image, name) for one in self.webhooks]

    def agree(self, namespace: str, image: str, *, allowed: bool, seconds: float = 5) -> Any:
        """Wait until all say so; the last answer."""
        said: list[Any] = []

        def all_say() -> bool:
            said[:] = self.answers(namespace, image)
            return all(one["allowed"] is allowed for one in said)

        wait_until(all_say, f"{image} allowed={allowed}", seconds)
        return said[-1]


def start_pair(plane: ControlPlane, processes: Processes, namespace: str) -> World:
    """Start them in a new namespace; ready when it returns."""
    plane.install_crds()
    plane.create(f"{OURS}/registries", REGISTRY, exist=True)
    replicas = Replicas(plane, Cockets(processes), plane.create_namespace(namespace))
    replicas.put_certificate()
    webhooks = [replicas.start(name) for name in ("one", "two")]
    for webhook in webhooks:
        webhook.wait_ready()
    return World(replicas, webhooks)


def settled(world: World) -> None:
    """Wait until both replicas have seen what was written before."""
    name = f"marker-{time.monotonic_ns()}"
    marker = world.plane.create_namespace(name)
    tag = f"{IMAGE}:marker"
    world.create(policy(name, [marker], rules={"digest": {}}))
    world.agree(marker, tag, allowed=False)
