"""What may happen to a connection between the whole request and the end of the turn."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from tests.admission.serving import LIMITS
from tests.admission.test_at_once import posted
from tests.admission.transports import Recording
from webhook.admission.at_once import AtOnceConnection
from webhook.admission.connection import Connection
from webhook.admission.metrics import Metrics
from webhook.admission.turn import Turn

if TYPE_CHECKING:
    from webhook.admission.listener import Message

SHORT = posted(b"{}")


class Opened:
    """A connection whose turn ends when the test says so."""

    def __init__(self, answer: bytes | None = b"yes") -> None:
        config = Config(
            self.application, http=Connection, ws="none", interface="asgi3", log_config=None
        )
        config.load()
        self.scopes: list[Message] = []
        self.turn = Turn(lambda _: answer)
        self.transport = Recording()
        self.metrics = Metrics()
        given = (config, ServerState(), LIMITS, self.metrics, self.turn)
        self.connection = AtOnceConnection(*given, certified_only=False)
        self.connection.connection_made(self.transport)
        self.other = AtOnceConnection(*given, certified_only=False)
        self.other.connection_made(Recording())

    async def application(self, scope: Message, receive: object, send: object) -> None:
        del receive, send
        self.scopes.append(scope)
        await asyncio.sleep(60)

    @property
    def answers(self) -> list[bytes]:
        """What was done, of answers only the body."""
        return [one.rpartition(b"\r\n\r\n")[2] or one for one in self.transport.done]


def handed_over() -> Opened:
    opened = Opened()
    opened.connection.data_received(SHORT)
    assert opened.transport.done == []
    return opened


async def test_who_is_alone_need_not_wait() -> None:
    opened = Opened()
    opened.other.connection_lost(None)

    opened.connection.data_received(SHORT)

    assert opened.answers == [b"yes"]


async def test_it_counts_as_one_that_waits_for_us() -> None:
    opened = handed_over()
    assert opened.connection.owes_answer
    assert opened.connection.waits_for_us
    assert opened.connection.deadline == inf

    opened.turn.end()

    assert opened.answers == [b"yes"]
    assert not opened.connection.owes_answer


@pytest.mark.parametrize("how", ["drain", "shutdown"])
async def test_the_answer_is_the_last_one_when_we_stop(how: str) -> None:
    opened = handed_over()
    getattr(opened.connection, how)()
    assert opened.transport.done == []

    opened.turn.end()

    assert opened.answers == [b"yes", b"closed"]
    assert b"connection: close" in opened.transport.done[0]


async def test_a_peer_that_says_no_more_gets_its_answer() -> None:
    opened = handed_over()
    opened.connection.eof_received()

    assert opened.answers == [b"yes"]


async def test_a_next_request_comes_after_the_answer() -> None:
    opened = handed_over()
    opened.connection.data_received(SHORT[:1])

    assert opened.answers == [b"yes"]


async def test_one_that_is_gone_gets_nothing() -> None:
    opened = handed_over()
    opened.connection.cut("slow")

    opened.turn.end()

    assert opened.answers == [b"aborted"]


async def test_the_application_gets_the_request_as_it_was() -> None:
    opened = Opened(answer=None)
    opened.connection.data_received(posted(b"{}", b"X-Kept: 1"))
    opened.connection.data_received(b"P")
    await asyncio.sleep(0)

    (scope,) = opened.scopes
    assert (scope["method"], scope["path"]) == ("POST", "/validate")
    assert (b"x-kept", b"1") in scope["headers"]
    assert opened.connection.owes_answer


async def test_what_follows_the_last_request_takes_no_answer_away() -> None:
    opened = Opened()
    opened.connection.data_received(posted(b"{}", b"Connection: close"))
    opened.connection.data_received(b"P")

    assert opened.answers[:2] == [b"yes", b"closed"]
