"""What runs, the registry it comes from, and the part of an operator that tells facts of it."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.builders import LABELS
from tests.e2e.replicas import OURS
from webhook.cluster.login import open_api
from webhook.core.image import normal_host
from webhook.core.recorded import name_of
from webhook.core.registries import Registries, Registry
from webhook.demo.images import Built, image
from webhook.operator.facts import FactsKeeper
from webhook.operator.facts_steps import FactsOptions
from webhook.registry.client import open_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.e2e.control_plane import ControlPlane
    from tests.servers import RealRegistry

FACTS = f"{OURS}/imagefacts"
QUICK = FactsOptions(
    used_by_seconds=2.0, sweep_seconds=0.5, writes_per_second=100.0, looks_at_once=0
)


class World:
    """A cluster, a registry, and the namespace of one test."""

    def __init__(
        self, plane: ControlPlane, registry: RealRegistry, account: str, namespace: str
    ) -> None:
        self.plane = plane
        self.account = account
        self.namespace = namespace
        self.use(registry)

    def use(self, registry: RealRegistry) -> None:
        """Let this one be the Registry `prod`."""
        self.registry = registry
        self.configured = Registries(
            [
                Registry(
                    name="prod",
                    host=normal_host(registry.host),
                    plain_http=True,
                    allow_private_addresses=True,
                )
            ]
        )

    @asynccontextmanager
    async def keeper(self, options: FactsOptions = QUICK) -> AsyncIterator[FactsKeeper]:
        """The operator's part, as its ServiceAccount."""
        kubeconfig = await asyncio.to_thread(self.plane.kubeconfig, self.account)
        async with open_api(kubeconfig=kubeconfig) as api:
            client = open_client()
            keeper = FactsKeeper(
                api,
                registries=lambda: self.configured,
                client=client,
                clock=lambda: datetime.now(UTC),
                options=options,
            )
            running = asyncio.create_task(keeper.run())
            try:
                yield keeper
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await client.close()

    async def push(self, built: Built, repository: str = "shop/web") -> str:
        """Push it; gives its name by digest."""
        return self.registry.name(repository, await self.registry.push(repository, built))

    def pod(self, name: str, *images: str) -> dict[str, Any]:
        """Create a Pod; gives what the API server made of it."""
        containers = [{"name": f"c{number}", "image": one} for number, one in enumerate(images)]
        path = f"/api/v1/namespaces/{self.namespace}/pods"
        body = {"metadata": {"name": name}, "spec": {"containers": containers}}
        created: dict[str, Any] = self.plane.create(path, body)
        return created

    def deployment(self, name: str, image_name: str) -> None:
        """Create a Deployment of one container."""
        spec = {"containers": [{"name": "web", "image": image_name}]}
        template = {"metadata": {"labels": {"app": name}}, "spec": spec}
        selector = {"matchLabels": {"app": name}}
        self.plane.create(
            f"/apis/apps/v1/namespaces/{self.namespace}/deployments",
            {"metadata": {"name": name}, "spec": {"selector": selector, "template": template}},
        )

    def delete_pod(self, name: str) -> None:
        path = f"/api/v1/namespaces/{self.namespace}/pods/{name}"
        assert self.plane.ask("DELETE", path, {"gracePeriodSeconds": 0})[0] == 200

    def facts(self, image_name: str) -> dict[str, Any] | None:
        """The object about the digest in the name."""
        status, text = self.plane.ask("GET", self.path(image_name))
        assert status in {200, 404}, text
        return json.loads(text) if status == 200 else None

    def path(self, image_name: str) -> str:
        return f"{FACTS}/{name_of(image_name.partition('@')[2])}"

    def patch(self, path: str, body: object) -> None:
        content_type = "application/merge-patch+json"
        assert self.plane.ask("PATCH", path, body, content_type=content_type)[0] == 200


async def until(true: Callable[[], Any], seconds: float = 20) -> Any:
    """What is true in the end; the loop goes on meanwhile."""
    deadline = time.monotonic() + seconds
    while not (found := await asyncio.to_thread(true)):
        assert time.monotonic() < deadline, f"not within {seconds:g} s"
        await asyncio.sleep(0.05)
    return found


def learned(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    """The facts, if a registry told them and users were counted."""
    if facts is None or not facts["spec"].get("platforms"):
        return None
    conditions = facts.get("status", {}).get("conditions", [])
    good = any(one["type"] == "Learned" and one["status"] == "True" for one in conditions)
    return facts if good and facts["status"].get("usedBy") else None


def count(facts: dict[str, Any] | None) -> int:
    return int((facts or {}).get("status", {}).get("usedBy", {}).get("count", -1))


def said(facts: dict[str, Any] | None) -> dict[str, Any]:
    """The spec without fields that say nothing."""
    return {key: value for key, value in (facts or {}).get("spec", {}).items() if value}


def web(version: str, **more: Any) -> Built:
    settings = {"entrypoint": ["tini", "--"], "cmd": ["web", version], "labels": LABELS}
    return image(**(settings | more))
