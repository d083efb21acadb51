"""A server that may do anything to a connection: for what no HTTP library would send."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

Behave: TypeAlias = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def hostile(behave: Behave, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """`127.0.0.1:PORT`, where every request's head is given to `behave`, then the line is cut."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                head = await reader.readuntil(b"\r\n\r\n")
                await behave(head, writer)
                await writer.drain()
        finally:
            writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def says(raw: bytes) -> Behave:
    """Send these bytes, whatever was asked."""

    async def behave(head: bytes, writer: asyncio.StreamWriter) -> None:
        del head
        writer.write(raw)

    return behave
