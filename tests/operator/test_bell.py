from __future__ import annotations

import asyncio

from webhook.operator.bell import Bell


async def test_a_bell_that_rang_before_does_not_make_anybody_wait() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()

    assert await bell.wait(10)
    assert not await bell.wait(0.01)


async def test_it_wakes_whoever_waits() -> None:
    bell = Bell()
    waiting = asyncio.create_task(bell.wait(10))
    await asyncio.sleep(0)

    bell.ring()

    assert await waiting
