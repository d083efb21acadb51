import asyncio
import gzip

import pytest

from tests.registry.dialling import OK, ask, origin_of, reason, refusal
from tests.registry.hostile import hostile, says
from webhook.core.facts import Reason
from webhook.registry.exchange import Request, Response
from webhook.registry.reach import Reach
from webhook.registry.transport import (
    AiohttpTransport,
    Connections,
)
from webhook.registry.url import Origin, Url


async def test_an_answer_is_read() -> None:
    heads: list[bytes] = []

    async def behave(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        writer.write(b"HTTP/1.1 404 No\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\nabc")

    async with hostile(behave) as host:
        answer = await ask(origin_of(host), authorization="Bearer sesame")

    assert (answer.status, answer.body, answer.all("x-a")) == (404, b"abc", ["1", "2"])
    sent = heads[0].decode()
    assert sent.startswith("GET /x HTTP/1.1\r\n")
    assert "Accept-Encoding: identity\r\n" in sent
    assert "User-Agent: cocket\r\n" in sent
    assert "Authorization: Bearer sesame\r\n" in sent


async def test_a_name_is_resolved_as_the_system_does() -> None:
    async with hostile(says(OK)) as host:
        answer = await ask(Origin("http", "localhost", int(host.rpartition(":")[2])))

    assert answer.status == 200


def test_nothing_shows_a_credential_or_a_signature() -> None:
    url = Url(Origin("https", "a", 443), "/x", "signature=sesame")
    asked = Request(
        url=url, max_bytes=1, deadline=0.0, authorization="sesame", form=(("token", "sesame"),)
    )
    answer = Response(status=200, headers=(("x", "sesame"),), body=b"sesame", origin=url.origin)

    assert "sesame" not in f"{asked!r} {answer!r} {url!r} {url}"


async def test_the_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hostile(says(b"HTTP/1.1 500 proxy\r\nContent-Length: 0\r\n\r\n")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy}")
        monkeypatch.setenv("ALL_PROXY", f"http://{proxy}")
        async with hostile(says(OK)) as host:
            assert (await ask(origin_of(host))).status == 200


async def test_no_cookie_is_kept() -> None:
    heads: list[bytes] = []

    async def behave(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        writer.write(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=1\r\n\r\n"))

    connections = Connections()
    async with hostile(behave) as host:
        origin = origin_of(host)
        transport = AiohttpTransport(connections, Reach(origin=origin, private=True))
        deadline = asyncio.get_running_loop().time() + 5
        for _ in range(2):
            await transport.send(Request(url=Url(origin, "/"), max_bytes=10, deadline=deadline))
    await connections.close()

    assert len(heads) == 2
    assert b"cookie" not in b"".join(heads).lower()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
            + gzip.compress(gzip.compress(bytes(2**24))),
            Reason.BAD_CONTENT,
            id="a gzip bomb",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate, identity\r\n\r\n",
            Reason.BAD_CONTENT,
            id="two encodings",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", Reason.BAD_CONTENT, id="too long"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001, Reason.BAD_CONTENT, id="too long, untold"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n",
            Reason.BAD_CONTENT,
            id="a terabyte",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", Reason.UNREACHABLE, id="cut off"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            Reason.BAD_CONTENT,
            id="broken chunks",
        ),
        pytest.param(b"", Reason.UNREACHABLE, id="silence"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n\r\n", Reason.BAD_CONTENT, id="no HTTP"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 10_000 + b"\r\n\r\n",
            Reason.BAD_CONTENT,
            id="a long header",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 1000 + b"\r\n",
            Reason.BAD_CONTENT,
            id="a thousand headers",
        ),
        pytest.param(
            b"HTTP/1.1 200 " + b"x" * 10_000 + b"\r\n\r\n", Reason.BAD_CONTENT, id="a long line"
        ),
        pytest.param(b"HTTP/1.1 2 OK\r\n\r\n", Reason.BAD_CONTENT, id="a short status"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            Reason.BAD_CONTENT,
            id="two lengths",
        ),
    ],
)
async def test_a_bad_answer_has_a_reason(raw: bytes, expected: Reason) -> None:
    assert await reason(says(raw)) is expected


async def test_an_endless_body_is_read_no_further_than_its_bound() -> None:
    written = 0

    async def behave(head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        del head
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing() and written < 2**28:
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            written += 0x10000
            await writer.drain()

    assert await reason(behave, max_bytes=100_000) is Reason.BAD_CONTENT
    assert written < 2**25


async def test_a_dripping_body_ends_with_the_deadline() -> None:
    async def behave(head: bytes, writer: asyncio.StreamWriter) -> None:
        del head
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    begin = asyncio.get_running_loop().time()

    assert await reason(behave, seconds=0.3) is Reason.TIMED_OUT
    assert asyncio.get_running_loop().time() - begin < 2


async def test_dripping_headers_end_with_the_deadline() -> None:
    async def behave(head: bytes, writer: asyncio.StreamWriter) -> None:
        del head
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(1000):
            writer.write(b"X: x\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    assert await reason(behave, seconds=0.3) is Reason.TIMED_OUT


async def test_endless_interim_answers_end_with_the_deadline() -> None:
    async def behave(head: bytes, writer: asyncio.StreamWriter) -> None:
        del head
        while True:
            writer.write(b"HTTP/1.1 103 Early\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    assert await reason(behave, seconds=0.3) is Reason.TIMED_OUT


async def test_a_long_error_is_cut_and_not_waited_for() -> None:
    raw = b"HTTP/1.1 404 No\r\n\r\n" + b"x" * 200_000
    async with hostile(says(raw)) as host:
        answer = await ask(origin_of(host))

    assert (answer.status, len(answer.body)) == (404, 64 * 1024)


async def test_nobody_listening_is_unreachable() -> None:
    async with hostile(says(OK)) as host:
        pass

    assert (await refusal(origin_of(host))).reason is Reason.UNREACHABLE
