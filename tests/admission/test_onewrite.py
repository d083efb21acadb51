import asyncio

from tests.admission.serving import serving, trusting
from tests.admission.transports import Recording
from tests.admission.wire import GET, connect
from webhook.admission.onewrite import OneWrite


def test_head_and_body_go_out_together_and_the_rest_as_it_comes() -> None:
    inner = Recording()
    answers = OneWrite(inner)

    for data in (b"head", b"one", b"two"):
        answers.write(data)
    answers.finish()

    assert inner.done == [b"headone", b"two"]


def test_each_answer_of_a_connection_begins_anew() -> None:
    inner = Recording()
    answers = OneWrite(inner)

    for _ in range(2):
        answers.write(b"head")
        answers.write(b"body")
        answers.finish()

    assert inner.done == [b"headbody", b"headbody"]


def test_a_head_without_a_body_goes_out_at_the_end() -> None:
    inner = Recording()
    answers = OneWrite(inner)

    answers.write(b"head")
    assert inner.done == []
    answers.finish()

    assert inner.done == [b"head"]


def test_a_head_goes_out_before_the_connection_is_closed() -> None:
    inner = Recording()
    answers = OneWrite(inner)

    answers.write(b"head")
    answers.close()

    assert inner.done == [b"head", b"closed"]
    assert answers.is_closing()


def test_a_word_to_continue_does_not_wait() -> None:
    inner = Recording()
    answers = OneWrite(inner)

    answers.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    answers.write(b"HTTP/1.1 200 OK\r\n\r\n")
    answers.write(b"body")

    assert inner.done == [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nbody"]


async def test_an_answer_to_head_comes_at_once() -> None:
    async with serving() as server:
        wire = await connect(server.server.port, trusting())
        for _ in range(2):
            await wire.send(GET.replace(b"GET /livez", b"HEAD /validate") + b"\r\n")
            async with asyncio.timeout(2):
                assert b" 405 " in await wire.reader.readuntil(b"\r\n\r\n")
        await wire.close()
