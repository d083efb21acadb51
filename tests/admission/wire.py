"""HTTP as bytes: what no well-behaved client would send."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

GET = b"GET /livez HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /validate HTTP/1.1\r\nHost: a\r\n"


class Wire:
    """One connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def until_closed(self, seconds: float = 5.0) -> bytes:
        """Everything up to the end of the connection; a TimeoutError if there is none."""
        received = b""
        async with asyncio.timeout(seconds):
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                while data := await self.reader.read(65536):
                    received += data
        return received

    async def answer(self, seconds: float = 5.0) -> bytes:
        """One answer with a Content-Length: the head and the body."""
        async with asyncio.timeout(seconds):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            return head + await self.reader.readexactly(length)

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
            await self.writer.wait_closed()


async def connect(port: int, tls: ssl.SSLContext | None) -> Wire:
    """Open a connection to a server on loopback; without `tls` only TCP."""
    name = "localhost" if tls else None
    return Wire(*await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name))
