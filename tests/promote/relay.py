"""A wire to a registry that breaks: real registries do not break off by themselves."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PIECE = 64 * 1024


class Relay:
    """Passes everything on; the next connections end after so many bytes of what comes back."""

    def __init__(self, host: str) -> None:
        """To a registry, `host:port`."""
        self._to = host
        self.host = ""
        self.cuts: list[int] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        host, _, port = self._to.partition(":")
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        left = self.cuts.pop(0) if self.cuts else None
        forth = asyncio.create_task(_pass(reader, there_writer, None))
        back = asyncio.create_task(_pass(there_reader, writer, left))
        try:
            await asyncio.wait({forth, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            forth.cancel()
            back.cancel()
            await asyncio.gather(forth, back, return_exceptions=True)
            for one in (writer, there_writer):
                one.close()


async def _pass(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int | None
) -> None:
    while (left is None or left > 0) and (piece := await reader.read(_PIECE)):
        if left is not None:
            piece = piece[:left]
            left -= len(piece)
        writer.write(piece)
        await writer.drain()


@asynccontextmanager
async def relay(host: str) -> AsyncIterator[Relay]:
    """A relay on a port of its own."""
    found = Relay(host)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        server.close()
