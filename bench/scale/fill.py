"""Writes many objects, some at a time, and says how far it is."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_WRITERS = 48
_REPORT_SECONDS = 10.0
_LONGEST_SECONDS = 3600.0


async def fill(count: int, write: Callable[[int], Awaitable[object]], what: str) -> float:
    """Call `write` with 0, 1, 2 … `count - 1`; returns the seconds that took."""
    started = time.monotonic()
    numbers = iter(range(count))
    said = started

    async def work() -> None:
        nonlocal said
        for number in numbers:
            await write(number)
            if time.monotonic() - said > _REPORT_SECONDS:
                said = time.monotonic()
                print(f"  {what}: {number:,} of {count:,}, {said - started:.0f} s", flush=True)

    async with asyncio.timeout(_LONGEST_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(_WRITERS):
            group.create_task(work())
    took = time.monotonic() - started
    print(f"  {what}: {count:,} written in {took:.0f} s", flush=True)
    return took
