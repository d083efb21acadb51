"""One path of an API server, which answers as a test wants."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from webhook.cluster.api import Api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

TOKEN = "Bearer of-the-tests"


class Served:
    """Answers with what a test gives it, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = self._thing
        self.asked: list[tuple[str, str, dict[str, str], str]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append((request.method, request.raw_path, headers, await request.text()))
        return await self.answer(request)

    @staticmethod
    async def _thing(_: web.Request) -> web.Response:
        return web.json_response({"name": "a", "unread": 1})


@asynccontextmanager
async def connected(
    hook: Callable[[Configuration], None] | None = None,
) -> AsyncIterator[tuple[Served, Api]]:
    served = Served()
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", served.handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    configuration = Configuration(host=f"http://{host}:{port}")
    configuration.api_key["BearerToken"] = TOKEN
    configuration.refresh_api_key_hook = hook  # type: ignore[assignment]  # it says None
    try:
        async with ApiClient(configuration) as client:
            yield served, Api(client, "cocket")
    finally:
        await runner.cleanup()


def answering(status: int, body: bytes = b"", **headers: str) -> Any:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers=headers)

    return answer
