"""Turns among namespaces: whoever has fewest comes next, and nobody has them all."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class FairTurns:
    """So many turns at one time, of which one namespace may have three quarters."""

    def __init__(self, total: int) -> None:
        """All are free."""
        self._free = total
        self._most = max(1, total - total // 4)
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, namespace: str, deadline: float) -> AsyncIterator[None]:
        """Wait for a turn, hold it, give it back.

        Args:
            namespace: who asks.
            deadline: in seconds of the event loop's clock.

        Raises:
            TimeoutError: there was none until then.
        """
        if not self._take(namespace):
            await self._wait(namespace, deadline)
        try:
            yield
        finally:
            self._give(namespace)

    def _take(self, namespace: str) -> bool:
        """A free turn for whoever may have one more; a namespace never overtakes itself."""
        if self._free and namespace not in self._waiting and self._held[namespace] < self._most:
            self._free -= 1
            self._held[namespace] += 1
            return True
        return False

    async def _wait(self, namespace: str, deadline: float) -> None:
        mine = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(namespace, deque()).append(mine)
        try:
            async with asyncio.timeout_at(deadline):
                await mine
        except BaseException:
            if mine.done() and not mine.cancelled():
                self._give(namespace)  # It came when nobody waited any more.
            else:
                self._leave(namespace, mine)
            raise

    def _leave(self, namespace: str, mine: asyncio.Future[None]) -> None:
        if mine in self._waiting.get(namespace, ()):
            self._drop(namespace, mine)

    def _drop(self, namespace: str, future: asyncio.Future[None]) -> None:
        queue = self._waiting[namespace]
        queue.remove(future)
        if not queue:
            del self._waiting[namespace]

    def _give(self, namespace: str) -> None:
        self._free += 1
        self._held[namespace] -= 1
        if not self._held[namespace]:
            del self._held[namespace]
        while entitled := [one for one in self._waiting if self._held[one] < self._most]:
            following = min(entitled, key=lambda one: self._held[one])
            future = self._waiting[following][0]
            self._drop(following, future)
            if not future.done():
                self._free -= 1
                self._held[following] += 1
                future.set_result(None)
                return
            # Its time ended a moment ago, and it has not been able to leave yet.
