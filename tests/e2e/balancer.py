"""A small TCP balancer: what a Service is in a cluster, for replicas on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHECK_SECONDS = 0.1
_PATIENCE = 1.0
_CHUNK = 64 * 1024


class Backend(msgspec.Struct, frozen=True):
    """A replica on loopback."""

    port: int
    ready_url: str = ""
    """Asked for a 200, as a readiness probe; empty: that it listens is enough."""


class Balancer:
    """Forwards new connections to the replicas that are ready, one after the other.

    As kube-proxy does, it leaves connections alone that are there when a replica stops being
    ready; unlike it, it tries the next replica where one does not take the connection.

    Attributes:
        port: where it listens; known once entered.
        taken: how many connections each backend got.
        turned_away: connections that no backend took.
    """

    def __init__(self, backends: Iterable[Backend] = ()) -> None:
        self.backends = list(backends)
        self.port = 0
        self.taken: dict[Backend, int] = {}
        self.turned_away = 0
        self._ready: list[Backend] = []
        self._checked = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        self._stack = contextlib.AsyncExitStack()

    @property
    def url(self) -> str:
        """For `clientConfig.url` of a webhook behind it."""
        return f"https://localhost:{self.port}/validate"

    @property
    def ready(self) -> frozenset[Backend]:
        """The replicas that get connections now."""
        return frozenset(self._ready)

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            timeout = ClientTimeout(total=_PATIENCE)
            session = await stack.enter_async_context(ClientSession(timeout=timeout))
            await self._check_all(session)
            server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            checks = asyncio.create_task(self._check_for_ever(session))
            stack.push_async_callback(self._close, server, checks)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def replace(self, *backends: Backend) -> None:
        """These are the replicas from now on; they are checked before they get anything."""
        self.backends = list(backends)
        self._ready = [one for one in self._ready if one in self.backends]

    async def wait_ready(self, count: int, seconds: float = 30) -> None:
        """Wait until so many replicas are ready, no more and no fewer."""
        async with asyncio.timeout(seconds):
            while len(self._ready) != count:
                self._checked.clear()
                await self._checked.wait()

    async def _check_for_ever(self, session: ClientSession) -> None:
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            await self._check_all(session)

    async def _check_all(self, session: ClientSession) -> None:
        backends = list(self.backends)
        answers = await asyncio.gather(*(_is_ready(one, session) for one in backends))
        # Asked again: they may have been replaced meanwhile.
        passed = {one for one, fine in zip(backends, answers, strict=True) if fine}
        known = [one for one in self._ready if one in passed]  # whose turn it is stays
        self._ready = known + [one for one in backends if one in passed and one not in known]
        self._ready = [one for one in self._ready if one in self.backends]
        self._checked.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # the streams' own callback would log it
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for backend in list(self._ready):
            try:
                async with asyncio.timeout(_PATIENCE):
                    there = await asyncio.open_connection("127.0.0.1", backend.port)
            except OSError:  # a timeout is one
                with contextlib.suppress(ValueError):
                    self._ready.remove(backend)
                continue
            with contextlib.suppress(ValueError):
                self._ready.remove(backend)
                self._ready.append(backend)
            self.taken[backend] = self.taken.get(backend, 0) + 1
            await _join(reader, writer, *there)
            return
        self.turned_away += 1

    async def _close(self, server: asyncio.Server, checks: asyncio.Task[None]) -> None:
        server.close()
        checks.cancel()
        tasks = [checks, *self._connections]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _is_ready(backend: Backend, session: ClientSession) -> bool:
    try:
        if backend.ready_url:
            async with session.get(backend.ready_url) as answer:
                return answer.status == 200
        async with asyncio.timeout(_PATIENCE):
            _, writer = await asyncio.open_connection("127.0.0.1", backend.port)
    except (ClientError, OSError):
        return False
    writer.close()
    return True


async def _join(
    here_reads: asyncio.StreamReader,
    here_writes: asyncio.StreamWriter,
    there_reads: asyncio.StreamReader,
    there_writes: asyncio.StreamWriter,
) -> None:
    """Carry bytes both ways, and the end of either direction, until both have ended."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_carry(here_reads, there_writes))
            group.create_task(_carry(there_reads, here_writes))
    except* OSError:
        pass  # a reset of one side is one for the other
    finally:
        there_writes.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
