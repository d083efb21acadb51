import asyncio

import msgspec
import pytest

from tests.admission.serving import LIMITS, Facts, real_review, serving, trusting
from tests.admission.wire import GET, POST, Wire, connect

BODY = msgspec.json.encode(real_review("pod-create"))
PATIENT = msgspec.structs.replace(LIMITS, finish_seconds=5.0)


def posted(body: bytes = BODY, *headers: bytes, start: bytes = POST) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return start + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes = BODY) -> bytes:
    return POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


async def asked(wire: Wire, data: bytes) -> bytes:
    await wire.send(data)
    answer = await wire.answer()
    assert answer.startswith(b"HTTP/1.1 200 ")
    return answer.partition(b"\r\n\r\n")[2]


async def test_the_short_way_and_the_long_way_give_the_same_answer() -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())

        short = await asked(wire, posted())
        assert short == await asked(wire, chunked())
        assert short == await asked(wire, posted(BODY, b"Expect: 100-continue-not"))
        assert b'"response"' in short
        assert server.metrics.decisions.total() == 3
        await wire.close()


@pytest.mark.parametrize("size", [1, 100, 5000])
async def test_a_body_may_come_in_pieces(size: int) -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        data = posted()
        for start in range(0, min(len(data), 40 * size), size):
            await wire.send(data[start : start + size])
            await asyncio.sleep(0)
        await wire.send(data[min(len(data), 40 * size) :])

        assert (await wire.answer()).startswith(b"HTTP/1.1 200 ")
        await wire.close()


async def test_answers_keep_the_order_of_their_requests() -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(posted() + GET + b"\r\n" + posted() + posted() + GET + b"\r\n")

        answers = [await wire.answer() for _ in range(5)]
        assert [b'"response"' in answer for answer in answers] == [True, False, True, True, False]
        await wire.close()


async def test_what_must_be_learned_goes_the_long_way() -> None:
    source = Facts()
    source.in_memory = False
    async with serving(source=source) as server:
        wire = await connect(server.server.port, trusting())
        await asked(wire, posted())

        assert source.learned
        assert server.metrics.decisions.total() == 1
        await wire.close()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(posted(BODY, b"Connection: close"), id="asked to close"),
        pytest.param(posted(start=b"POST /validate HTTP/1.0\r\nHost: a\r\n"), id="HTTP/1.0"),
    ],
)
async def test_who_wants_one_answer_gets_one(data: bytes) -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(data)

        answer = await wire.until_closed()
        assert answer.count(b'"response"') == 1
        assert b"connection: close" in answer.lower()
        await wire.close()


@pytest.mark.parametrize("path", [b"/validate/", b"/validates", b"/validat", b"/VALIDATE"])
async def test_no_other_path_is_answered(path: bytes) -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(posted(start=b"POST %b HTTP/1.1\r\nHost: a\r\n" % path))

        assert (await wire.answer()).startswith(b"HTTP/1.1 404 ")
        assert not server.metrics.decisions
        await wire.close()


async def test_while_draining_every_answer_is_the_last_of_its_connection() -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        await asked(wire, posted())
        draining = asyncio.create_task(server.server.drain())
        await asyncio.sleep(0)
        await wire.send(posted())

        answer = await wire.until_closed()
        assert b"connection: close" in answer
        assert b'"response"' in answer
        await draining
        await wire.close()


async def test_a_body_that_is_arriving_when_we_stop_is_answered() -> None:
    async with serving(limits=PATIENT) as server:
        wire = await connect(server.server.port, trusting())
        data = posted()
        await wire.send(data[:-10])
        await asyncio.sleep(0.1)
        stopping = asyncio.create_task(server.server.stop())
        await asyncio.sleep(0.1)
        await wire.send(data[-10:])

        assert b'"response"' in await wire.until_closed()
        await stopping
        await wire.close()


async def test_what_must_be_learned_is_answered_before_what_came_with_it() -> None:
    source = Facts()
    source.in_memory = False
    async with serving(source=source) as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(posted() + GET + b"\r\n" + posted())

        answers = [await wire.answer() for _ in range(3)]
        assert [b'"response"' in answer for answer in answers] == [True, False, True]
        await wire.close()


async def test_a_review_is_answered_before_the_nonsense_that_came_with_it() -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        await wire.send(posted() + b"\x00 nonsense\r\n\r\n")

        answer = await wire.until_closed()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b'"response"' in answer
        assert b"HTTP/1.1 400 " in answer
        await wire.close()
