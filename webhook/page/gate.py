"""Lets in whom the API server lets in: remembers its answers for a moment, and never asks much."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

import msgspec

from webhook.core.printable import printable
from webhook.errors import ClusterError
from webhook.page.access import (
    BUSY,
    GROUP,
    NO_TOKEN,
    RESOURCE,
    UNKNOWN_TOKEN,
    Denied,
    Granted,
    forbidden,
    unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.cluster.authorization import User

_MAX_DETAIL = 300


class GateOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How long answers are remembered, and how much is asked at a time."""

    granted_seconds: float = 30.0
    """So long may somebody read on whose right was taken away."""
    denied_seconds: float = 5.0
    """So long waits somebody who was just given the right."""
    remembered: int = 1000
    """Tokens; beyond, who asked longest ago is asked about anew."""
    at_once: int = 8
    """Tokens that the API server is asked about at one time."""
    waiting: int = 64
    """Requests that wait for that; beyond, they are sent away."""
    patience: float = 10.0
    """Seconds for one answer of the API server."""


_DEFAULTS = GateOptions()


class Judge(Protocol):
    """Who is who, and may what."""

    async def user_of(self, token: str) -> User | None:
        """Whose token it is; raises ClusterError."""

    async def may_list(self, user: User, group: str, resource: str) -> bool:
        """Whether the user may list a resource in the whole cluster; raises ClusterError."""


class Gate:
    """One for all requests."""

    def __init__(
        self, judge: Judge, clock: Callable[[], float], options: GateOptions = _DEFAULTS
    ) -> None:
        """Put it together.

        Args:
            judge: is asked.
            clock: seconds that only grow.
            options: see there.
        """
        self._judge = judge
        self._clock = clock
        self._options = options
        self._known: OrderedDict[bytes, tuple[float, Granted | Denied]] = OrderedDict()
        self._flights: dict[bytes, asyncio.Task[Granted | Denied]] = {}
        self._turn = asyncio.Semaphore(options.at_once)
        self._waiting = 0

    async def access(self, token: str | None) -> Granted | Denied:
        """Whether somebody with this token may read the report."""
        if token is None:
            return NO_TOKEN
        # The token itself is kept nowhere.
        key = hashlib.sha256(token.encode()).digest()
        known = self._known.get(key)
        if known is not None and self._clock() < known[0]:
            return known[1]
        if self._waiting >= self._options.waiting:
            return BUSY
        self._waiting += 1
        try:
            # Several requests of one token are one question, also where who asked first has left.
            flight = self._flights.get(key)
            if flight is None:
                flight = self._flights[key] = asyncio.create_task(self._asked(key, token))
                flight.add_done_callback(lambda _: self._flights.pop(key, None))
            return await asyncio.shield(flight)
        finally:
            self._waiting -= 1

    async def _asked(self, key: bytes, token: str) -> Granted | Denied:
        options = self._options
        try:
            async with self._turn, asyncio.timeout(options.patience):
                answer = await self._judged(token)
        except ClusterError as error:
            return unreachable(printable(str(error), _MAX_DETAIL))
        except TimeoutError:
            return unreachable(f"no answer within {options.patience:g} s")
        good = isinstance(answer, Granted)
        seconds = options.granted_seconds if good else options.denied_seconds
        self._known[key] = (self._clock() + seconds, answer)
        self._known.move_to_end(key)
        while len(self._known) > options.remembered:
            self._known.popitem(last=False)
        return answer

    async def _judged(self, token: str) -> Granted | Denied:
        user = await self._judge.user_of(token)
        if user is None:
            return UNKNOWN_TOKEN
        if await self._judge.may_list(user, GROUP, RESOURCE):
            return Granted(user.shown)
        return forbidden(user.shown)
