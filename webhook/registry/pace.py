"""A steady pace: so many requests a second to all registries, and a rest where one asks for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from webhook.registry.patience import asked_pause

if TYPE_CHECKING:
    from webhook.registry.exchange import Request, Response, Transport

_TOO_MANY = 429
_LONGEST_REST = 300.0
"""Seconds; a registry that asks for more is asked again then, and says no again."""


class Pace:
    """Gives turns one after the other, and counts them."""

    def __init__(self, per_second: float) -> None:
        """Call it inside the event loop, whose time counts."""
        self.sent = 0
        """Requests until now."""
        self._loop = asyncio.get_running_loop()
        self._between = 1.0 / per_second
        self._next = 0.0
        self._rests: dict[str, float] = {}

    async def turn(self, host: str) -> None:
        """Wait for a turn with a host; never two in less time than the pace allows."""
        # No event: a rest grows while we wait, and ends by itself.
        while (rest := self._rests.get(host, 0.0) - self._loop.time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(rest)
        now = self._loop.time()
        mine = max(self._next, now)
        self._next = mine + self._between
        await asyncio.sleep(mine - now)
        self.sent += 1

    def rest(self, host: str, seconds: float) -> None:
        """Send nothing to a host for so long, whoever asks."""
        until = self._loop.time() + min(seconds, _LONGEST_REST)
        self._rests[host] = max(until, self._rests.get(host, 0.0))


class Paced:
    """Sends when the pace allows it; after a 429 the whole host is left alone (RFC 6585, 4)."""

    def __init__(self, inner: Transport, pace: Pace, host: str) -> None:
        """All requests of one registry, redirects included, count for `host`."""
        self._inner = inner
        self._pace = pace
        self._host = host

    async def send(self, request: Request) -> Response:
        """See `Transport.send`; who cannot wait for a turn until the deadline sends nothing."""
        async with asyncio.timeout_at(request.deadline):
            await self._pace.turn(self._host)
        response = await self._inner.send(request)
        if response.status == _TOO_MANY:
            self._pace.rest(self._host, asked_pause(response))
        return response
