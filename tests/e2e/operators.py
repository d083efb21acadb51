"""Certificates and webhook configuration kept in the test's own loop; and how to end that."""

from __future__ import annotations

import asyncio
import base64
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.e2e.accounts import install
from tests.e2e.processes import free_port
from tests.e2e.standins import StandIn
from webhook.cluster.login import open_api
from webhook.operator.configuration import Endpoint, Shape
from webhook.operator.keeping import Keeping
from webhook.operator.scene import Options
from webhook.operator.stored import Stored, read_bundle, read_stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.e2e.control_plane import ControlPlane
    from webhook.cluster.api import Api

_WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


class Site:
    """A namespace with a Secret, the configuration, and an operator that can be killed.

    Attributes:
        name: of the configuration.
        port: where the API server asks, by URL.
    """

    def __init__(
        self, plane: ControlPlane, operator: Api, webhook: Api, namespace: str, folder: Path
    ) -> None:
        """Operator and replicas each ask the API server under an account of their own."""
        self.plane = plane
        self.namespace = namespace
        self.name = "cocket"
        self._operator = operator
        self._webhook = webhook
        self.port = free_port()
        self.folder = folder
        self.keeping: Keeping | None = None
        self._task: asyncio.Task[None] | None = None

    def options(self, **changes: Any) -> Options:
        """As of a small installation by URL."""
        shape = {
            "name": self.name,
            "endpoint": Endpoint(
                namespace=self.namespace, url=f"https://127.0.0.1:{self.port}/validate"
            ),
            "excluded": changes.pop("excluded", ()),
        }
        given = {"replicas": 1, "publish_seconds": 2, "settle_seconds": 4} | changes
        return Options(shape=Shape(**shape), secret="cocket-tls", **given)

    def start(self, *, late: timedelta = timedelta(0), **changes: Any) -> Keeping:
        """Start an operator, whose clock may be late."""
        clock = lambda: datetime.now(UTC) - late  # noqa: E731 - it is one
        if excluded := changes.get("excluded"):
            install(self.plane, self.namespace, {"excludedNamespaces": list(excluded)})
        self.keeping = Keeping(self._operator, self.options(**changes), clock)
        self._task = asyncio.create_task(self.keeping.run())
        return self.keeping

    async def kill(self) -> None:
        """Kill it: nothing of it remains but what it wrote."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def replica(self, name: str = "web-1") -> StandIn:
        """A replica, not running yet."""
        return StandIn(self._webhook, self.namespace, name, self.folder)

    def secret(self) -> dict[str, Any] | None:
        """As it stands."""
        return self._read(f"/api/v1/namespaces/{self.namespace}/secrets/cocket-tls")

    def data(self) -> dict[str, bytes]:
        """Of the Secret."""
        data = (self.secret() or {}).get("data") or {}
        return {key: base64.b64decode(value) for key, value in data.items()}

    def stored(self) -> Stored:
        """What can be used of it."""
        return read_stored(self.data())

    def leases(self) -> int:
        """How many replicas have one."""
        path = f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"
        return len(self.plane.get(path)["items"])

    def put_secret(self, **data: bytes) -> None:
        """Create or replace it."""
        path = f"/api/v1/namespaces/{self.namespace}/secrets"
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        body = {
            "metadata": {"name": "cocket-tls"},
            "type": "kubernetes.io/tls",
            "data": encoded,
        }
        if self.secret() is None:
            self.plane.create(path, body)
        else:
            status, text = self.plane.ask("PUT", f"{path}/cocket-tls", body)
            assert status == 200, text

    def delete_secret(self) -> None:
        """Delete it."""
        self.plane.ask("DELETE", f"/api/v1/namespaces/{self.namespace}/secrets/cocket-tls")

    def configuration(self) -> dict[str, Any] | None:
        """As it stands."""
        return self._read(f"{_WEBHOOKS}/{self.name}")

    def webhook(self) -> dict[str, Any]:
        """The one webhook in it; empty where there is none."""
        found = (self.configuration() or {}).get("webhooks") or [{}]
        return dict(found[0])

    def bundle(self) -> tuple[bytes, ...]:
        """The CAs in it."""
        text = self.webhook().get("clientConfig", {}).get("caBundle", "")
        return read_bundle(base64.b64decode(text))

    def edit(self, *operations: dict[str, Any]) -> None:
        """JSON Patch of the configuration."""
        status, text = self.plane.ask(
            "PATCH",
            f"{_WEBHOOKS}/{self.name}",
            list(operations),
            content_type="application/json-patch+json",
        )
        assert status == 200, text

    def delete_configuration(self) -> None:
        """Delete it."""
        self.plane.ask("DELETE", f"{_WEBHOOKS}/{self.name}")

    def _read(self, path: str) -> dict[str, Any] | None:
        status, text = self.plane.ask("GET", path)
        if status == 404:
            return None
        assert status == 200, text
        found: dict[str, Any] = self.plane.get(path)
        return found


@asynccontextmanager
async def site(plane: ControlPlane, namespace: str, folder: Path) -> AsyncIterator[Site]:
    """One that leaves nothing behind that other tests would feel."""
    accounts = install(plane, namespace)
    # Servers before 1.21 do not set it.
    plane.kubectl("label", "namespace", "kube-system", "kubernetes.io/metadata.name=kube-system")
    async with (
        open_api(kubeconfig=plane.kubeconfig(accounts.operator)) as operator,
        open_api(kubeconfig=plane.kubeconfig(accounts.webhook)) as webhook,
    ):
        made = Site(plane, operator, webhook, namespace, folder)
        try:
            yield made
        finally:
            await made.kill()
            made.delete_configuration()


async def until(condition: Callable[[], object], seconds: float = 30.0) -> float:
    """Wait for a condition, with the loop free; gives the seconds that it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - of the API server
            await asyncio.sleep(0.05)
    return loop.time() - began
