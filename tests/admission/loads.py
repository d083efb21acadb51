"""Reviews asked without pause, while something happens to the server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from tests.admission.serving import real_review

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.admission.serving import Serving

REVIEW = real_review("pod-create")


class Load:
    """Reviews one after the other on several connections, each answer looked at."""

    def __init__(self) -> None:
        self.answers = 0
        self.failures: list[BaseException] = []


@asynccontextmanager
async def load(server: Serving, tls: Any, *, fresh: bool) -> AsyncIterator[Load]:
    """Ask without pause until the block ends.

    `fresh` opens a connection for each review, as after an idle time.
    """
    counted = Load()
    body = msgspec.json.encode(REVIEW)

    async def ask() -> None:
        connector = aiohttp.TCPConnector(ssl=tls, force_close=fresh)
        async with aiohttp.ClientSession(connector=connector) as client:
            while True:
                try:
                    async with client.post(f"{server.url}/validate", data=body) as answer:
                        content = await answer.read()
                    assert b'"allowed":true' in content
                    counted.answers += 1
                except (aiohttp.ClientError, AssertionError, OSError) as error:
                    counted.failures.append(error)
                    return

    tasks = [asyncio.create_task(ask()) for _ in range(4)]
    try:
        yield counted
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
