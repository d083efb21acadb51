import asyncio
import contextlib
import socket

import msgspec
import pytest

from tests.admission.serving import LIMITS, Serving, real_review, serving, trusting
from tests.admission.wire import GET, Wire, connect
from webhook.admission.listener import Listener
from webhook.admission.metrics import Metrics

REVIEW = real_review("pod-create")


async def is_open(wire: Wire) -> bool:
    """Whether the server still answers there."""
    await wire.send(GET + b"\r\n")
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        return b" 200 " in await wire.answer()
    return False


async def served(server: Serving) -> Wire:
    """A connection that had an answer."""
    wire = await connect(server.server.port, trusting())
    assert await is_open(wire)
    return wire


async def test_at_the_limit_who_never_had_an_answer_makes_room_first() -> None:
    limits = msgspec.structs.replace(LIMITS, connections=3)
    async with serving(limits=limits) as server:
        kept = await served(server)
        silent = await connect(server.server.port, trusting())
        also_kept = await served(server)

        new = await served(server)

        assert await silent.until_closed() == b""
        assert [await is_open(wire) for wire in (kept, also_kept, new)] == [True, True, True]
        assert server.metrics.closed == {"crowded": 1}
        for wire in (kept, silent, also_kept, new):
            await wire.close()


async def test_at_the_limit_the_connection_that_is_idle_longest_makes_room() -> None:
    limits = msgspec.structs.replace(LIMITS, connections=2)
    async with serving(limits=limits) as server:
        first, second = await served(server), await served(server)
        assert await is_open(first)

        third = await served(server)

        assert [await is_open(wire) for wire in (first, second, third)] == [True, False, True]
        for wire in (first, second, third):
            await wire.close()


async def test_a_flood_of_slow_connections_does_not_keep_reviews_out() -> None:
    limits = msgspec.structs.replace(
        LIMITS, connections=100, handshakes=20, handshake_seconds=0.5, request_seconds=0.5
    )
    async with serving(limits=limits) as server:
        port = server.server.port
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
        slow = [await connect(port, trusting()) for _ in range(60)]
        for wire in slow:
            await wire.send(GET)

        answers = await asyncio.gather(*(server.ask(REVIEW) for _ in range(20)))

        assert all(answer["allowed"] for answer in answers)
        for wire in slow:
            await wire.until_closed(3.0)
            await wire.close()
        for reader, writer in silent:
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 3.0) == b""
            writer.close()


async def test_a_taken_port_is_an_error_of_the_system() -> None:
    async with serving() as server:
        second = Listener(_nobody, tls=None, limits=LIMITS, metrics=server.metrics)

        with pytest.raises(OSError, match="in use"):
            await second.open("127.0.0.1", server.server.port)


@pytest.mark.parametrize("host", ["", "127.0.0.1", "::1"])
async def test_it_listens_where_it_is_told(host: str) -> None:
    if host != "127.0.0.1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    listener = Listener(_nobody, tls=None, limits=LIMITS, metrics=Metrics())
    port = await listener.open(host, 0)

    for address in {"127.0.0.1", "::1"} if not host else {host}:
        _, writer = await asyncio.open_connection(address, port)
        writer.close()
        await writer.wait_closed()
    await listener.close(1.0)


async def _nobody(_scope: object, _receive: object, _send: object) -> None:
    raise AssertionError
