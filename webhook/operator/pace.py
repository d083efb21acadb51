"""A steady pace for writes: so many a second, and a rest while the API server is in trouble."""

from __future__ import annotations

import asyncio
import logging
import random

from webhook.errors import ClusterError

_FIRST_REST, _LONGEST_REST = 1.0, 30.0
_BURST = 10
_TOO_MANY = 429
_SERVER_ERROR = 500

_log = logging.getLogger(__name__)


class Pace:
    """Lets writes through one after the other."""

    def __init__(self, per_second: float, what: str = "image facts") -> None:
        """Call it inside the event loop, whose time counts; `what` is written, for messages."""
        self._what = what
        self._loop = asyncio.get_running_loop()
        self._between = 1.0 / per_second
        self._next = 0.0
        self._rest = 0.0
        self._resting_until = 0.0

    async def turn(self) -> None:
        """Wait for a turn; some may come at once after a quiet time."""
        now = self._loop.time()
        self._next = max(self._next, now - _BURST * self._between) + self._between
        await asyncio.sleep(max(0.0, self._next - now))

    def succeeded(self) -> None:
        """The API server did what it was asked, or said why not."""
        if self._rest:
            _log.info("%s: the API server takes them again", self._what)
        self._rest = 0.0

    def failed(self, error: ClusterError) -> None:
        """It said no; where it could not, everybody rests."""
        if error.status and error.status != _TOO_MANY and error.status < _SERVER_ERROR:
            self.succeeded()
            return
        now = self._loop.time()
        if now < self._resting_until:
            return  # sent before the rest began
        if not self._rest:
            _log.warning("%s cannot be written: %s; trying again", self._what, error)
        self._rest = min(2 * self._rest or _FIRST_REST, _LONGEST_REST)
        self._resting_until = now + self._rest * random.uniform(0.5, 1.0)  # noqa: S311 - not all at one moment
        self._next = max(self._next, self._resting_until)
