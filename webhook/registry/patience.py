"""Turns and second tries: how many ask a registry at once, and when it is asked once more."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from webhook.core.facts import Reason
from webhook.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.registry.exchange import Request, Response, Transport

_AGAIN = frozenset({408, 429, 502, 503, 504})
_PAUSE_SECONDS = 0.25
_MAX_DIGITS = 9


class Turns:
    """Who may speak now: so many at once in all, so many for each host, and a bounded queue.

    A host that does not answer holds its own turns and never those of the others.
    """

    def __init__(self, *, total: int = 64, per_host: int = 8, waiting: int = 512) -> None:
        """Bounds, in requests; `waiting` is for each host."""
        self._total = asyncio.Semaphore(total)
        self._per_host = per_host
        self._waiting = waiting
        self._hosts: dict[str, tuple[asyncio.Semaphore, list[int]]] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for a turn, hold it, give it back.

        Raises:
            UnavailableError: too many wait for this host already.
        """
        hosts = self._hosts
        semaphore, present = hosts.setdefault(host, (asyncio.Semaphore(self._per_host), [0]))
        if present[0] >= self._per_host + self._waiting:
            raise UnavailableError(
                Reason.TIMED_OUT, f"{host}: too many questions wait for its answers"
            )
        present[0] += 1
        try:
            async with semaphore, self._total:
                yield
        finally:
            present[0] -= 1
            if not present[0]:
                hosts.pop(host, None)


class Queued:
    """Sends when it is its turn."""

    def __init__(self, inner: Transport, turns: Turns, host: str) -> None:
        """All requests of one registry, redirects included, count for `host`."""
        self._inner = inner
        self._turns = turns
        self._host = host

    async def send(self, request: Request) -> Response:
        """See `Transport.send`; waiting ends with the request's deadline."""
        try:
            async with asyncio.timeout_at(request.deadline), self._turns.turn(self._host):
                return await self._inner.send(request)
        except TimeoutError as error:
            raise UnavailableError(
                Reason.TIMED_OUT, f"{self._host}: it did not answer in time"
            ) from error


class Retrying:
    """Asks once more after a 429 or a passing trouble, if the answer can still be in time."""

    def __init__(self, inner: Transport) -> None:
        """Send through `inner`."""
        self._inner = inner

    async def send(self, request: Request) -> Response:
        """See `Transport.send`."""
        response = await self._inner.send(request)
        if response.status not in _AGAIN or request.source is not None:
            return response
        pause = asked_pause(response)
        if asyncio.get_running_loop().time() + pause >= request.deadline:
            return response
        await asyncio.sleep(pause)
        return await self._inner.send(request)


def asked_pause(response: Response) -> float:
    """Seconds until the registry wants to be asked again (RFC 9110, 10.2.3)."""
    after = (response.header("retry-after") or "").strip()
    if after.isascii() and after.isdigit():
        return max(float(after), _PAUSE_SECONDS) if len(after) <= _MAX_DIGITS else float("inf")
    date = response.header("date")
    if not after or date is None:
        return _PAUSE_SECONDS
    # Against the registry's own clock: ours may differ, and is nobody's business in this room.
    try:
        seconds = (parsedate_to_datetime(after) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return _PAUSE_SECONDS
    return max(seconds, _PAUSE_SECONDS)
