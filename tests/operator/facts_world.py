"""The parts that keep image facts, beside an API server and a registry that tests change."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.builders import LABELS
from tests.cluster.api_server import ApiServer, api_server
from webhook.core.image import normal_host
from webhook.core.recorded import name_of
from webhook.core.registries import Registries, Registry
from webhook.demo.images import Built, image
from webhook.demo.registry import DemoRegistry
from webhook.operator.facts_counter import FactsCounter
from webhook.operator.facts_learner import FactsLearner
from webhook.operator.facts_steps import FactsOptions
from webhook.operator.facts_view import FactsView
from webhook.operator.facts_writer import FactsWriter
from webhook.operator.insides import Insides
from webhook.operator.pace import Pace
from webhook.operator.usage import Usage
from webhook.operator.users import Users
from webhook.operator.work_queue import WorkQueue
from webhook.registry.client import open_client
from webhook.registry.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from webhook.cluster.api import Api
    from webhook.registry.client import RegistryClient

FACTS = "/apis/cocket.dev/v1alpha1/imagefacts"
PODS = "/api/v1/pods"
DEPLOYMENTS = "/apis/apps/v1/deployments"
QUICK = FactsOptions(used_by_seconds=0.2, writes_per_second=1000.0, looks_at_once=0)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def web(version: str = "1") -> Built:
    """An image that a registry has."""
    return image(entrypoint=["tini", "--"], cmd=["web", version], labels=LABELS)


def configured(host: str, name: str = "prod", path: tuple[str, ...] = ()) -> Registry:
    """A Registry that is reached on loopback."""
    return Registry(
        name=name,
        host=normal_host(host),
        path=path,
        plain_http=True,
        allow_private_addresses=True,
    )


class World:
    """An API server that serves Pods and Deployments, and a registry that is the Registry `prod`.

    Attributes:
        now: what the parts take for the time.
        registries: those in force.
    """

    def __init__(self, server: ApiServer, api: Api, registry: DemoRegistry) -> None:
        self.server = server
        self.api = api
        self.registry = registry
        self.registries = Registries([configured(registry.host)])
        self.now = NOW
        server.serve("/api/v1", "pods")
        server.serve("/apis/apps/v1", "deployments")

    def push(self, version: str = "1", repository: str = "shop/web") -> str:
        """Add an image to the registry; gives its digest."""
        return self.registry.add(repository, web(version))

    def pod(self, name: str, digest: str, repository: str = "shop/web") -> None:
        """Somebody creates a Pod."""
        containers = [{"name": "a", "image": self.registry.name(repository, digest)}]
        self.server.put(PODS, name, "shop", spec={"containers": containers})

    def deployment(self, name: str, digest: str) -> None:
        """Somebody creates a Deployment, of which there is no Pod yet."""
        containers = [{"name": "a", "image": self.registry.name("shop/web", digest)}]
        template = {"spec": {"containers": containers}}
        self.server.put(DEPLOYMENTS, name, "shop", spec={"template": template})

    def facts(self, digest: str) -> Any:
        """The object about a digest; None where there is none."""
        return self.server.get(FACTS, name_of(digest))

    def reason(self, digest: str) -> str:
        """Of the condition Learned; empty where there is none."""
        found = (self.facts(digest) or {}).get("status", {}).get("conditions", [])
        return str(found[0]["reason"]) if found else ""

    def asked_for(self, digest: str) -> int:
        """How often the registry was asked for an image."""
        return sum(digest in line for line in self.registry.lines())


class Parts:
    """The learner and the counter, whose queues nobody works on: tests call `look`."""

    def __init__(self, world: World, client: RegistryClient, options: FactsOptions) -> None:
        self.client = client
        self.asked, self.counted = WorkQueue(), WorkQueue()
        self.view = FactsView(world.api, lambda _digest, _recorded: None)
        self.usage = Usage(lambda _digest: None)
        self.users = Users(world.api, self.usage)
        writer = FactsWriter(world.api, Pace(options.writes_per_second), clock=lambda: world.now)
        self.counter = FactsCounter(
            view=self.view,
            usage=self.usage,
            users=self.users,
            writer=writer,
            clock=lambda: world.now,
            queue=self.counted,
            options=options,
        )
        self.insides = Insides(
            world.api,
            view=self.view,
            usage=self.usage,
            client=client,
            registries=lambda: world.registries,
            options=options,
            ready=self.asked.add,
        )
        self.learner = FactsLearner(
            insides=self.insides,
            view=self.view,
            usage=self.usage,
            users=self.users,
            writer=writer,
            client=client,
            registries=lambda: world.registries,
            queue=self.asked,
            written=self.counter.written,
            options=options,
        )

    async def followed(self, world: World) -> None:
        """Return when the view is what there is now."""
        await until(
            lambda: (
                self.view.mirror.synced
                and {key: one.version for key, one in self.view.mirror.held.items()}
                == {
                    key: found["metadata"]["resourceVersion"]
                    for key, found in world.server.objects.get(FACTS, {}).items()
                }
            )
        )


@asynccontextmanager
async def facts_world() -> AsyncIterator[World]:
    """The world, in which nobody does anything yet."""
    async with api_server() as (server, api), DemoRegistry() as registry:
        yield World(server, api, registry)


@asynccontextmanager
async def parts(
    world: World, options: FactsOptions = QUICK, *, settled: bool = True
) -> AsyncIterator[Parts]:
    """The parts; what is there is seen already, and users are counted if asked."""
    async with AsyncExitStack() as stack:
        # It remembers failures, too; here that is the business of the parts.
        client = open_client(limits=Limits(failure_seconds=0.0, breaking=False))
        stack.push_async_callback(client.close)
        found = Parts(world, client, options)
        stack.push_async_callback(_end, asyncio.create_task(found.view.mirror.run()))
        await found.followed(world)
        if settled:
            stack.push_async_callback(_end, asyncio.create_task(found.users.run()))
            await until(lambda: found.users.settled)
        yield found


async def until(true: Callable[[], Any], seconds: float = 15) -> None:
    """Return when it is true."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - of others
            await asyncio.sleep(0.01)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
