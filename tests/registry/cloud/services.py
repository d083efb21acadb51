"""A cloud's own services on loopback: they answer what a test gives them, and remember."""

from __future__ import annotations

from collections import deque
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from webhook.registry.cloud.asking import Asking
from webhook.registry.cloud.logins import CloudLogins
from webhook.registry.cloud.place import CloudPlace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: str


class Services:
    """Answers by path: JSON, text, or a status."""

    def __init__(self) -> None:
        self.host = ""
        self.answers: dict[str, Any] = {}
        self.asked: deque[Asked] = deque(maxlen=1000)

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.text()
        self.asked.append(Asked(request.method, request.path, headers, body))
        answer = self.answers.get(request.path, 404)
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.Response(text=answer) if isinstance(answer, str) else web.json_response(answer)

    def lines(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.asked]


@asynccontextmanager
async def services() -> AsyncIterator[Services]:
    found = Services()
    runner = web.ServerRunner(web.Server(found.handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.host = f"127.0.0.1:{runner.addresses[0][1]}"
        yield found
    finally:
        await runner.cleanup()


@asynccontextmanager
async def logins(
    place: CloudPlace,
    clock: list[float] | None = None,
    asking: Asking | None = None,
    *,
    writes: bool = False,
) -> AsyncIterator[CloudLogins]:
    seconds = clock or [0.0]
    found = CloudLogins(
        place, lambda: NOW, monotonic=lambda: seconds[0], asking=asking, writes=writes
    )
    try:
        yield found
    finally:
        await found.close()
