"""The stand-in for a Service sends connections where somebody answers, and nowhere else."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from tests.e2e.balancer import Backend, Balancer
from tests.e2e.processes import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def echo(name: str, port: int = 0) -> AsyncIterator[int]:
    """A server that greets with its name and sends back what comes, until the end of it."""
    open_writers: set[asyncio.StreamWriter] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        writer.write(f"{name}\n".encode())
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.write(b"end")
        except OSError:
            pass
        finally:
            open_writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in open_writers:
            writer.transport.abort()
        await server.wait_closed()


async def greeted(port: int) -> str:
    """Who answers a new connection; empty where it is closed without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return (await reader.readline()).decode().strip()
    except ConnectionError:
        return ""
    finally:
        writer.transport.abort()


async def test_connections_go_round() -> None:
    async with echo("a") as a, echo("b") as b, Balancer([Backend(a), Backend(b)]) as balancer:
        names = [await greeted(balancer.port) for _ in range(6)]
        assert names in (["a", "b"] * 3, ["b", "a"] * 3)
        assert balancer.taken == {Backend(a): 3, Backend(b): 3}


async def test_bytes_and_the_end_of_them_get_through_both_ways() -> None:
    sent = bytes(range(256)) * 8192
    async with echo("a") as a, Balancer([Backend(a)]) as balancer:
        reader, writer = await asyncio.open_connection("127.0.0.1", balancer.port)
        answer = asyncio.create_task(reader.read(-1))
        writer.write(sent)
        writer.write_eof()
        assert await answer == b"a\n" + sent + b"end"
        writer.close()


async def test_a_dead_replica_gets_nothing_from_the_first_connection_on() -> None:
    async with echo("b") as b, AsyncExitStack() as first:
        a = await first.enter_async_context(echo("a"))
        async with Balancer([Backend(a), Backend(b)]) as balancer:
            await first.aclose()
            assert [await greeted(balancer.port) for _ in range(4)] == ["b"] * 4
            await balancer.wait_ready(1)
            async with echo("a", a):
                await balancer.wait_ready(2)
                assert {await greeted(balancer.port) for _ in range(2)} == {"a", "b"}


async def test_without_replicas_connections_are_closed_and_counted() -> None:
    async with Balancer([Backend(free_port())]) as balancer:
        assert await greeted(balancer.port) == ""
        assert balancer.turned_away == 1


async def test_a_replica_that_is_not_ready_keeps_its_connections_and_gets_no_new_ones() -> None:
    ready = True

    async def readiness(_: web.BaseRequest) -> web.Response:
        return web.Response(status=200 if ready else 503)

    runner = web.ServerRunner(web.Server(readiness))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/readyz"
    try:
        async with echo("a") as a, Balancer([Backend(a, url)]) as balancer:
            reader, writer = await asyncio.open_connection("127.0.0.1", balancer.port)
            assert await reader.readline() == b"a\n"
            ready = False
            await balancer.wait_ready(0)
            assert await greeted(balancer.port) == ""
            writer.write(b"still here")
            assert await reader.readexactly(10) == b"still here"
            ready = True
            await balancer.wait_ready(1)
            assert await greeted(balancer.port) == "a"
            writer.close()
    finally:
        await runner.cleanup()


async def test_replicas_may_be_replaced() -> None:
    async with echo("a") as a, echo("b") as b, Balancer([Backend(a)]) as balancer:
        balancer.replace(Backend(b))
        await balancer.wait_ready(1)
        assert [await greeted(balancer.port) for _ in range(2)] == ["b", "b"]
        assert balancer.ready == {Backend(b)}


async def test_a_connection_that_is_reset_ends_on_the_other_side_too() -> None:
    async with AsyncExitStack() as stack:
        a = await stack.enter_async_context(echo("a"))
        async with Balancer([Backend(a)]) as balancer:
            reader, writer = await asyncio.open_connection("127.0.0.1", balancer.port)
            assert await reader.readline() == b"a\n"
            await stack.aclose()
            try:
                async with asyncio.timeout(5):
                    assert await reader.read() == b""
            except ConnectionError:
                pass
            writer.close()


async def test_it_ends_with_connections_open() -> None:
    async with echo("a") as a:
        async with Balancer([Backend(a)]) as balancer:
            reader, writer = await asyncio.open_connection("127.0.0.1", balancer.port)
            assert await reader.readline() == b"a\n"
        try:
            async with asyncio.timeout(5):
                assert await reader.read() == b""
        except ConnectionError:
            pass
        writer.close()
