"""One Lease over HTTP as an API server keeps it: 404, 409 by resourceVersion, and not at all."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from webhook.cluster.api import Api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATH = "/apis/coordination.k8s.io/v1/namespaces/cocket/leases"


class LeaseServer:
    """Holds the Lease; a test may write it by hand, and take the server away."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0
        self.writes: list[dict[str, Any]] = []
        self.answering = asyncio.Event()
        self.answering.set()
        self.broken = False

    def write(self, lease: dict[str, Any]) -> dict[str, Any]:
        self.version += 1
        metadata = {**lease.get("metadata", {}), "resourceVersion": str(self.version)}
        self.lease = {**lease, "metadata": metadata}
        self.writes.append(self.lease)
        return self.lease

    def take(self, holder: str) -> None:
        """Somebody else writes its name into it."""
        assert self.lease is not None
        self.write({**self.lease, "spec": {**self.lease["spec"], "holderIdentity": holder}})

    async def handle(self, request: web.Request) -> web.Response:
        await self.answering.wait()
        if self.broken:
            return web.Response(status=503, text="<html>no backend</html>")
        if request.method == "GET":
            if self.lease is None:
                return _status(404, "NotFound")
            return web.json_response(self.lease)
        body = await request.json()
        if request.method == "POST":
            if self.lease is not None:
                return _status(409, "AlreadyExists")
            return web.json_response(self.write(body), status=201)
        assert request.method == "PUT"
        if self.lease is None:
            return _status(404, "NotFound")
        if body["metadata"]["resourceVersion"] != self.lease["metadata"]["resourceVersion"]:
            return _status(409, "Conflict")
        return web.json_response(self.write(body))


def _status(code: int, reason: str) -> web.Response:
    body = {"kind": "Status", "code": code, "reason": reason, "message": reason}
    return web.json_response(body, status=code)


@asynccontextmanager
async def lease_server() -> AsyncIterator[tuple[LeaseServer, Api]]:
    """A server, and the API that talks to it."""
    server = LeaseServer()
    application = web.Application()
    application.router.add_route("*", PATH + "{rest:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        async with ApiClient(Configuration(host=f"http://{host}:{port}")) as client:
            yield server, Api(client, "cocket")
    finally:
        server.answering.set()
        await runner.cleanup()
