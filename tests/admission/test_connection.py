import asyncio
import time

import msgspec
import pytest

from tests.admission.serving import LIMITS, Serving, real_review, serving, trusting
from tests.admission.wire import GET, POST, connect

FAST = msgspec.structs.replace(LIMITS, request_seconds=0.3, handshake_seconds=0.3)


async def status_of(server: Serving, data: bytes) -> bytes:
    """The status of the answer, or nothing where the connection was simply ended."""
    wire = await connect(server.server.port, trusting())
    await wire.send(data)
    answer = await wire.until_closed()
    await wire.close()
    return answer.partition(b"\r\n")[0][9:12]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(GET + b"Host: b\r\n\r\n", b"400", id="two Hosts"),
        pytest.param(GET + b"host: a\r\n\r\n", b"400", id="the same Host twice"),
        pytest.param(b"GET /livez HTTP/1.1\r\n\r\n", b"400", id="no Host"),
        pytest.param(b"GET /livez HTTP/1.0\r\n\r\n", b"400", id="no Host in HTTP/1.0"),
        pytest.param(
            POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"400",
            id="Content-Length and Transfer-Encoding",
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
            b"400",
            id="Transfer-Encoding and Content-Length",
        ),
        pytest.param(
            POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", b"400", id="two lengths"
        ),
        pytest.param(POST + b"Content-Length: +3\r\n\r\nabc", b"400", id="length with a sign"),
        pytest.param(POST + b"Content-Length: -1\r\n\r\n", b"400", id="negative length"),
        pytest.param(POST + b"Transfer-Encoding: xchunked\r\n\r\n", b"", id="odd encoding"),
        pytest.param(b"GET /livez HTTP/1.1\nHost: a\n\n", b"400", id="bare line feeds"),
        pytest.param(GET + b"X: a\r\n b\r\n\r\n", b"400", id="folded header"),
        pytest.param(GET + b"X : a\r\n\r\n", b"400", id="space before the colon"),
        pytest.param(GET + b"X: a\x00b\r\n\r\n", b"400", id="NUL in a header"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01", b"400", id="no HTTP at all"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400", id="HTTP/2"),
        pytest.param(GET + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n", b"400", id="upgrade"),
        pytest.param(b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"400", id="CONNECT"),
        pytest.param(GET + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n", b"431", id="huge header"),
        pytest.param(GET + b"X: " + b"a" * 1_000_000, b"431", id="header without end"),
        pytest.param(GET + b"X: y\r\n" * 5000 + b"\r\n", b"431", id="many headers"),
        pytest.param(
            b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"431", id="long path"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", b"", id="trailer"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"", id="chunk without a size"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"y" * 1_000_000,
            b"",
            id="trailer without end",
        ),
    ],
)
async def test_what_other_servers_let_through_ends_the_connection(
    data: bytes, status: bytes
) -> None:
    async with serving() as server:
        assert await status_of(server, data) == status
        assert server.metrics.closed.total() == 1
        assert not server.metrics.decisions


async def test_after_an_error_nothing_that_follows_is_served() -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(GET + b"Host: b\r\n\r\n" + GET + b"\r\n")

        assert (await wire.until_closed()).count(b"HTTP/1.1 ") == 1
        await wire.close()


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(GET + b"\r\n" + POST + b"Content-Length: 2\r\n\r\n{}" + GET + b"\r\n")

        answers = [await wire.answer() for _ in range(3)]
        assert [answer[9:12] for answer in answers] == [b"200", b"400", b"200"]
        await wire.close()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"GET /", id="request line"),
        pytest.param(GET, id="headers"),
        pytest.param(POST + b"Content-Length: 9\r\n\r\n{", id="body"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", id="chunked body"),
    ],
)
async def test_a_request_that_drips_is_cut(data: bytes) -> None:
    async with serving(limits=FAST) as server:
        wire = await connect(server.server.port, trusting())
        began = time.monotonic()
        await wire.send(data)

        async def drip() -> None:
            while True:
                await asyncio.sleep(0.05)
                await wire.send(b"a")

        dripping = asyncio.create_task(drip())
        await wire.until_closed()
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
        assert 0.25 < time.monotonic() - began < 10
        await wire.close()
        assert server.metrics.closed.total() == 1


async def test_a_drip_of_empty_lines_does_not_keep_a_connection() -> None:
    limits = msgspec.structs.replace(FAST, keep_alive_seconds=0.3)
    async with serving(limits=limits) as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(GET + b"\r\n")
        await wire.answer()
        for _ in range(4):
            await wire.send(b"\r\n")
            await asyncio.sleep(0.05)

        assert await wire.until_closed() == b""
        await wire.close()
        assert server.metrics.closed["idle"] == 1


async def test_a_body_that_nobody_reads_is_cut_too() -> None:
    async with serving(limits=FAST) as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(GET.replace(b"GET", b"PUT") + b"Content-Length: 9\r\n\r\n{")

        assert b" 405 " in await wire.until_closed()
        await wire.close()
        assert server.metrics.closed["slow"] == 1


async def test_a_handshake_that_never_comes_is_cut() -> None:
    async with serving(limits=FAST) as server:
        wire = await connect(server.server.port, None)

        assert await wire.until_closed() == b""
        await wire.close()
        assert server.metrics.closed["handshake"] == 1


async def test_plain_http_on_the_tls_port_is_cut() -> None:
    async with serving() as server:
        wire = await connect(server.server.port, None)
        await wire.send(GET + b"\r\n")

        assert b"200" not in await wire.until_closed()
        await wire.close()


async def test_an_idle_connection_is_kept_while_requests_time_out() -> None:
    async with serving(limits=FAST) as server:
        wire = await connect(server.server.port, trusting())
        body = msgspec.json.encode(real_review("pod-create"))
        request = POST + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        for _ in range(2):
            await asyncio.sleep(0.6)
            await wire.send(request)
            assert b'"allowed":true' in await wire.answer()
        await wire.close()
