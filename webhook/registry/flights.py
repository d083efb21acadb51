"""One flight per question: who asks what is being asked already, waits for the same answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


class Flights(Generic[K, V]):
    """Questions that are on their way.

    A waiter that is cancelled leaves alone; the flight goes on for the others, and for the cache.
    """

    def __init__(self) -> None:
        """Nothing flies yet."""
        self._tasks: dict[K, asyncio.Task[V]] = {}

    async def join(self, key: K, start: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """The answer of the flight for `key`; `start` begins it where there is none.

        Raises whatever the flight raises.
        """
        task = self._tasks.get(key)
        if task is None:
            task = asyncio.ensure_future(start())
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(task)

    def __len__(self) -> int:
        """How many questions are on their way."""
        return len(self._tasks)

    async def close(self) -> None:
        """End all flights and wait until they are down."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _landed(self, key: K, task: asyncio.Task[V]) -> None:
        self._tasks.pop(key, None)
        if not task.cancelled():
            # Looked at, so that a failure whose waiters all left is not reported as forgotten.
            task.exception()
