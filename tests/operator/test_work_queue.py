"""The queue of keys."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from webhook.operator.work_queue import WorkQueue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


@asynccontextmanager
async def working(
    queue: WorkQueue, handle: Callable[[str], Awaitable[None]], at_once: int = 4
) -> AsyncIterator[None]:
    task = asyncio.create_task(queue.work(handle, at_once))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_key_waits_once() -> None:
    queue, seen = WorkQueue(), list[str]()
    for key in "abcab":
        queue.add(key)

    async def handle(key: str) -> None:
        seen.append(key)

    assert len(queue) == 3
    async with working(queue, handle):
        await turns()

    assert seen == ["a", "b", "c"]


async def test_a_key_is_never_worked_on_twice_at_a_time() -> None:
    queue, seen, go = WorkQueue(), list[str](), asyncio.Event()
    busy = set[str]()

    async def handle(key: str) -> None:
        assert key not in busy
        busy.add(key)
        seen.append(key)
        await go.wait()
        busy.discard(key)

    async with working(queue, handle):
        queue.add("a")
        await turns()
        queue.add("a")
        queue.add("a")
        await turns()
        assert (seen, len(queue)) == (["a"], 1)
        go.set()
        await turns()

    assert seen == ["a", "a"]


async def test_so_many_are_worked_on_together() -> None:
    queue, go, together = WorkQueue(), asyncio.Event(), [0, 0]

    async def handle(_: str) -> None:
        together[0] += 1
        together[1] = max(together)
        await go.wait()
        together[0] -= 1

    for number in range(10):
        queue.add(str(number))
    async with working(queue, handle, at_once=3):
        await turns()
        assert together == [3, 3]
        go.set()
        await turns(50)

    assert together == [0, 3]


async def test_the_earliest_time_counts() -> None:
    queue, seen, done = WorkQueue(), list[str](), asyncio.Event()

    async def handle(key: str) -> None:
        seen.append(key)
        if key == "late":
            done.set()

    queue.add("never", 3600)
    queue.add("soon", 3600)
    queue.add("late", 0.05)
    async with working(queue, handle), asyncio.timeout(5):
        queue.add("soon")
        queue.add("soon", 3600)
        await done.wait()

    assert seen == ["soon", "late"]


async def test_what_goes_wrong_is_not_swallowed() -> None:
    queue = WorkQueue()
    queue.add("a")

    async def handle(_: str) -> None:
        raise ValueError("a bug")

    with pytest.raises(ExceptionGroup):
        await queue.work(handle, 1)
