"""The load generator: keep-alive connections over TLS, each with one request in flight."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import msgspec
import uvloop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What one round of load measured."""

    requests: int
    bad: int
    """Answers that did not admit."""
    seconds: float
    latencies: list[float]
    """Seconds, one for each request, sorted."""
    busy: float
    """Share of the round that the generator computed; near 1 it measures itself."""

    @property
    def throughput(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    @property
    def p50(self) -> float:
        """Milliseconds."""
        return self.latencies[len(self.latencies) // 2] * 1000

    @property
    def p99(self) -> float:
        """Milliseconds."""
        return self.latencies[len(self.latencies) * 99 // 100] * 1000


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keep this process on one core for a while."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is whole."""

    def __init__(self, tally: _Tally) -> None:
        self.tally = tally
        self.received = bytearray()
        self.sent = 0.0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self.transport = cast("asyncio.Transport", transport)
        self.send()

    def send(self) -> None:
        self.received.clear()
        request = self.tally.next_request()
        self.sent = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, body = bytes(self.received).partition(_HEAD_END)
        if not found:
            return
        _, _, after = head.lower().partition(_LENGTH)
        if len(body) < int(after.partition(b"\r\n")[0]):
            return
        self.tally.answered(time.perf_counter() - self.sent, body)
        if time.perf_counter() < self.tally.end:
            self.send()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.tally.leave()


class _Tally:
    def __init__(self, connections: int, seconds: float, request: Callable[[int], bytes]) -> None:
        self.open = connections
        self.request = request
        self.number = 0
        self.bad = 0
        self.latencies: list[float] = []
        self.done = asyncio.get_running_loop().create_future()
        self.end = time.perf_counter() + seconds

    def next_request(self) -> bytes:
        self.number += 1
        return self.request(self.number)

    def answered(self, seconds: float, body: bytes) -> None:
        self.latencies.append(seconds)
        if b'"allowed":true' not in body:
            self.bad += 1

    def leave(self) -> None:
        self.open -= 1
        if not self.open:
            self.done.set_result(None)


def run(
    port: int, ca_pem: str, *, connections: int, seconds: float, body: Callable[[int], bytes]
) -> Round:
    """Load the server at a loopback port for some seconds."""
    size = len(body(0))
    head = (
        f"POST /validate?timeout=10s HTTP/1.1\r\nHost: localhost:{port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    ).encode()
    context = ssl.create_default_context(cadata=ca_pem)

    async def load() -> Round:
        loop = asyncio.get_running_loop()
        tally = _Tally(connections, seconds, lambda number: head + body(number))
        started, computed = time.perf_counter(), time.process_time()
        for _ in range(connections):
            await loop.create_connection(
                lambda: _Connection(tally),
                "127.0.0.1",
                port,
                ssl=context,
                server_hostname="localhost",
            )
        async with asyncio.timeout(seconds + 30):
            await tally.done
        elapsed = time.perf_counter() - started
        return Round(
            requests=len(tally.latencies),
            bad=tally.bad,
            seconds=elapsed,
            latencies=sorted(tally.latencies),
            busy=(time.process_time() - computed) / elapsed,
        )

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(load())
