"""A transport out of a function, and requests and answers to go through it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from webhook.registry.exchange import Request, Response
from webhook.registry.url import Origin, Url

if TYPE_CHECKING:
    from collections.abc import Callable

HOME = Origin("https", "registry.example.com", 443)


class Scripted:
    """Answers by a function of the request; remembers what was sent."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self.answer = answer
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        await asyncio.sleep(0)
        return self.answer(request)


def in_turn(*responses: Response) -> Scripted:
    """These answers, one after the other."""
    rest = list(responses)
    return Scripted(lambda _: rest.pop(0))


def request(
    path: str = "/v2/a/b/manifests/1", *, origin: Origin = HOME, seconds: float = 5.0
) -> Request:
    """A request that must be answered within so many seconds; inside an event loop."""
    deadline = asyncio.get_running_loop().time() + seconds
    return Request(url=Url(origin, path), max_bytes=1000, deadline=deadline)


def response(
    status: int = 200, *, body: bytes = b"", origin: Origin = HOME, **headers: str
) -> Response:
    """An answer; header names with underscores for dashes."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status=status, headers=named, body=body, origin=origin)
