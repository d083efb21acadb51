"""Lists and watches over HTTP, as an API server answers them; a test puts objects in by path."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from webhook.cluster.api import Api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class ObjectsServer:
    """Objects by the path of their collection; every write is an event of its watches."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.forbidden: set[str] = set()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._version = 0
        self._watches: dict[str, list[asyncio.Queue[bytes]]] = {}

    def put(self, path: str, name: str, namespace: str = "", **rest: Any) -> None:
        """Create or replace an object."""
        self._version += 1
        metadata = {
            "name": name,
            "resourceVersion": str(self._version),
            "creationTimestamp": "2026-01-01T00:00:00Z",
            **({"namespace": namespace} if namespace else {}),
            **rest.pop("metadata", {}),
        }
        found = {"metadata": metadata, **rest}
        self.objects.setdefault(path, {})[f"{namespace}/{name}"] = found
        self._tell(path, "MODIFIED", found)

    def drop(self, path: str, name: str, namespace: str = "") -> None:
        """Delete an object."""
        self._version += 1
        found = self.objects[path].pop(f"{namespace}/{name}")
        found["metadata"]["resourceVersion"] = str(self._version)
        self._tell(path, "DELETED", found)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a list or a watch."""
        path = request.path
        self.asked.append((path, dict(request.query)))
        if path in self.forbidden:
            return web.json_response({"reason": "Forbidden", "message": "no"}, status=403)
        if request.query.get("watch") == "true":
            return await self._watch(request, path)
        items = list(self.objects.get(path, {}).values())
        metadata = {"resourceVersion": str(self._version)}
        return web.json_response({"metadata": metadata, "items": items})

    async def _watch(self, request: web.Request, path: str) -> web.StreamResponse:
        events: asyncio.Queue[bytes] = asyncio.Queue()
        self._watches.setdefault(path, []).append(events)
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(await events.get())

    def _tell(self, path: str, kind: str, found: dict[str, Any]) -> None:
        line = json.dumps({"type": kind, "object": found}).encode() + b"\n"
        for events in self._watches.get(path, []):
            events.put_nowait(line)


@asynccontextmanager
async def objects_server() -> AsyncIterator[tuple[ObjectsServer, Api, web.AppRunner]]:
    """A server, the API that talks to it, and the runner, to take it away."""
    server = ObjectsServer()
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", server.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        async with ApiClient(Configuration(host=f"http://{host}:{port}")) as client:
            yield server, Api(client, "cocket"), runner
    finally:
        await runner.cleanup()
