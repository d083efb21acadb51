"""The parts that keep certificates and the configuration, beside an API server and replicas."""

from __future__ import annotations

import asyncio
import base64
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.cluster.api_server import ApiServer, api_server
from webhook.cluster.replica_lease import LABELS, PREFIX, Standing, lease_of
from webhook.operator.authority import Issued, issue
from webhook.operator.configuration import Endpoint, Shape
from webhook.operator.keeping import Keeping
from webhook.operator.scene import Options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from webhook.cluster.api import Api

SECRETS = "/api/v1/secrets"
NAMESPACES = "/api/v1/namespaces"
LEASES = "/apis/coordination.k8s.io/v1/leases"
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
ENDPOINT = Endpoint(namespace="cocket", service="cocket")
SHAPE = Shape(name="cocket", endpoint=ENDPOINT)
OPTIONS = Options(
    shape=SHAPE, secret="cocket-tls", replicas=1, publish_seconds=0.1, settle_seconds=0.1
)


class World:
    """An API server in which the webhook is in the namespace `cocket`.

    Attributes:
        now: what the parts take for the time; replicas check certificates by the real one.
    """

    def __init__(self, server: ApiServer, api: Api, folder: Path) -> None:
        self.server = server
        self.api = api
        self.folder = folder
        self.now = datetime.now(UTC)
        server.serve("/apis/batch/v1", "jobs", "cronjobs")
        for name in ("cocket", "kube-system"):
            self.namespace(name, name)

    def namespace(self, name: str, label: str | None = None) -> None:
        """A namespace, and what its label says of its name."""
        labels = {} if label is None else {"kubernetes.io/metadata.name": label}
        self.server.put(NAMESPACES, name, metadata={"labels": labels})

    def issued(self, days_ago: float = 0) -> Issued:
        """A certificate for the webhook, made so long ago."""
        return issue(ENDPOINT.names, datetime.now(UTC) - timedelta(days=days_ago))

    def store(self, issued: Issued, *others: Issued, **more: bytes) -> None:
        """Put a certificate into the Secret, beside its CA and those of others."""
        data = {
            "tls.crt": issued.chain,
            "tls.key": issued.key,
            "ca.crt": issued.ca + b"".join(one.ca for one in others),
            **more,
        }
        self.put_secret({key: base64.b64encode(value).decode() for key, value in data.items()})

    def put_secret(self, data: dict[str, str]) -> None:
        self.server.put(SECRETS, "cocket-tls", "cocket", type="kubernetes.io/tls", data=data)

    def secret(self) -> dict[str, bytes]:
        """What the Secret holds; empty where there is none."""
        data = (self.server.get(SECRETS, "cocket-tls", "cocket") or {}).get("data", {})
        return {key: base64.b64decode(value) for key, value in data.items()}

    def configuration(self) -> Any:
        """The configuration; None where there is none."""
        return self.server.get(CONFIGURATIONS, "cocket")

    def bundle(self) -> bytes:
        """The CAs in it."""
        webhook = self.configuration()["webhooks"][0]
        return base64.b64decode(webhook["clientConfig"]["caBundle"])

    def lease(
        self, name: str, address: str, *, ready: bool = True, renewed: datetime | None = None
    ) -> None:
        """A replica says that it is there."""
        standing = Standing(address=address, certificate="", ready=ready, policy_version="")
        made: Any = lease_of(name, "cocket", standing, renewed or datetime.now(UTC))
        metadata = {"labels": LABELS, "annotations": standing.annotations()}
        self.server.put(LEASES, f"{PREFIX}{name}", "cocket", spec=made["spec"], metadata=metadata)

    @asynccontextmanager
    async def replica(self, issued: Issued) -> AsyncIterator[str]:
        """Somebody who shows a certificate; gives the address."""
        pair = self.folder / "pair.pem"
        pair.write_bytes(issued.chain + issued.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        writers: list[asyncio.StreamWriter] = []
        server = await asyncio.start_server(
            lambda _, writer: writers.append(writer), "127.0.0.1", 0, ssl=context
        )
        async with server:
            host, port = server.sockets[0].getsockname()
            yield f"{host}:{port}"
            for writer in writers:
                writer.transport.abort()


@asynccontextmanager
async def keeping_world(folder: Path) -> AsyncIterator[World]:
    """The world, in which nobody keeps anything yet."""
    async with api_server() as (server, api):
        yield World(server, api, folder)


@asynccontextmanager
async def looking(world: World, options: Options = OPTIONS) -> AsyncIterator[Keeping]:
    """The parts; everything is seen, and nothing is done but what a test calls."""
    keeping = Keeping(world.api, options, lambda: world.now)
    following = asyncio.create_task(keeping.scene.run())
    try:
        await seen(world, keeping)
        yield keeping
    finally:
        assert not following.done()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def seen(world: World, keeping: Keeping) -> None:
    """Return when the scene is what there is now."""
    scene = keeping.scene
    async with asyncio.timeout(15):
        await scene.wait_synced()

    def versions() -> bool:
        held = world.server.get(SECRETS, "cocket-tls", "cocket")
        live = world.configuration()
        leases = {
            key: one
            for key, one in world.server.objects.get(LEASES, {}).items()
            if key[1].startswith(PREFIX)
        }
        return (
            (scene.held.version if scene.held else None) == _version(held)
            and (scene.live.metadata.resource_version if scene.live else None) == _version(live)
            and {key[1]: one.renewed for key, one in scene.leases.held.items()}
            == {key[1]: one["spec"]["renewTime"] for key, one in leases.items()}
        )

    await until(versions)


async def until(true: Callable[[], Any], seconds: float = 15) -> None:
    """Return when it is true."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - of others
            await asyncio.sleep(0.01)


def _version(found: Any) -> str | None:
    return found["metadata"]["resourceVersion"] if found else None
