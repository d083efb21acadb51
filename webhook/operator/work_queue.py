"""A queue of keys: each waits once, and none is worked on twice at a time."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class WorkQueue:
    """What has to be looked at, and when. What is looked at is decided afresh each time."""

    def __init__(self) -> None:
        """Call it inside the event loop, whose time counts."""
        self._time = asyncio.get_running_loop().time
        self._heap: list[tuple[float, str]] = []
        self._due: dict[str, float] = {}
        self._busy: set[str] = set()
        self._again: dict[str, float] = {}
        self._woken = asyncio.Event()

    def add(self, key: str, delay: float = 0.0) -> None:
        """Look at `key` in so many seconds, or earlier where it was asked for before.

        One that is being looked at now is looked at again afterwards.
        """
        at = self._time() + delay
        waiting = self._again if key in self._busy else self._due
        known = waiting.get(key)
        if known is not None and known <= at:
            return
        waiting[key] = at
        if waiting is self._due:
            # A later entry of the same key stays in the heap, and is passed over.
            heappush(self._heap, (at, key))
            self._woken.set()

    def __len__(self) -> int:
        """How many keys are due now, or worked on."""
        now = self._time()
        return len(self._busy) + sum(at <= now for at in self._due.values())

    async def work(self, handle: Callable[[str], Awaitable[None]], at_once: int) -> None:
        """Handle keys for ever, so many at a time; what `handle` raises ends it."""
        room = asyncio.Semaphore(at_once)

        async def one(key: str) -> None:
            try:
                await handle(key)
            finally:
                self._done(key)
                room.release()

        async with asyncio.TaskGroup() as group:
            while True:
                await room.acquire()
                group.create_task(one(await self._take()))

    async def _take(self) -> str:
        while True:
            self._woken.clear()
            now = self._time()
            while self._heap and self._heap[0][0] <= now:
                at, key = heappop(self._heap)
                if self._due.get(key) == at:
                    del self._due[key]
                    self._busy.add(key)
                    return key
            until = self._heap[0][0] if self._heap else None
            try:
                async with asyncio.timeout_at(until):
                    await self._woken.wait()
            except TimeoutError:
                pass

    def _done(self, key: str) -> None:
        self._busy.discard(key)
        at = self._again.pop(key, None)
        if at is not None:
            self.add(key, at - self._time())
