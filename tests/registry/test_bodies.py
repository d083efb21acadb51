"""The body of an answer: within its bound, whole or piece by piece."""

from __future__ import annotations

from typing import Any

import pytest

from webhook.errors import BadContentError
from webhook.registry.bodies import good, read_body
from webhook.registry.exchange import MAX_ERROR, Request, Sink
from webhook.registry.url import Origin, Url

HOME = Origin("https", "registry.example.com", 443)


class Content:
    """Pieces as they come from a socket; counts what was taken of them."""

    def __init__(self, *pieces: bytes) -> None:
        self.rest = list(pieces)
        self.taken = 0

    async def read(self, n: int, /) -> bytes:
        piece = self.rest.pop(0) if self.rest else b""
        if len(piece) > n:
            self.rest.insert(0, piece[n:])
        self.taken += len(piece[:n])
        return piece[:n]

    async def readchunk(self) -> tuple[bytes, bool]:
        piece = self.rest.pop(0)
        self.taken += len(piece)
        return piece, True

    def at_eof(self) -> bool:
        return not self.rest


class Answer:
    """An answer whose head has come."""

    def __init__(self, *pieces: bytes, status: int = 200, promised: int | None = None) -> None:
        self.status = status
        self.headers: dict[str, str] = {}
        self.content_length = promised
        self.content = Content(*pieces)
        self.closed = False

    def close(self) -> None:
        self.closed = True


def asked(limit: int = 10, method: str = "GET", sink: Sink | None = None, skip: int = 0) -> Request:
    url = Url(HOME, "/")
    return Request(url=url, max_bytes=limit, deadline=0, method=method, sink=sink, skip=skip)


async def test_pieces_are_joined() -> None:
    assert await read_body(Answer(b"abc", b"def"), asked()) == b"abcdef"


@pytest.mark.parametrize("limit", [6, 7])
async def test_a_body_may_be_as_long_as_its_bound(limit: int) -> None:
    answer = Answer(b"abc", b"def", promised=6)

    assert await read_body(answer, asked(limit)) == b"abcdef"
    assert not answer.closed


async def test_a_longer_one_is_refused_where_it_passes_the_bound() -> None:
    answer = Answer(b"abc", b"def", b"ghi", b"jkl")

    with pytest.raises(BadContentError, match="sent more than 5 bytes"):
        await read_body(answer, asked(5))
    assert (answer.closed, answer.content.taken) == (True, 6)


async def test_of_one_that_promises_too_much_nothing_is_read() -> None:
    answer = Answer(b"abc", promised=11)

    with pytest.raises(BadContentError, match="more than 10 bytes"):
        await read_body(answer, asked())
    assert (answer.closed, answer.content.taken) == (True, 0)


async def test_a_head_promises_what_does_not_come() -> None:
    answer = Answer(promised=1_000_000)

    assert await read_body(answer, asked(0, "HEAD")) == b""
    assert not answer.closed


@pytest.mark.parametrize("encoding", ["gzip", "br", " GZIP "])
async def test_a_compressed_body_is_refused_unread(encoding: str) -> None:
    answer = Answer(b"abc")
    answer.headers["Content-Encoding"] = encoding

    with pytest.raises(BadContentError, match="compressed"):
        await read_body(answer, asked())
    assert (answer.closed, answer.content.taken) == (True, 0)


@pytest.mark.parametrize("encoding", ["", "identity", " Identity"])
async def test_identity_is_no_compression(encoding: str) -> None:
    answer = Answer(b"abc")
    answer.headers["Content-Encoding"] = encoding

    assert await read_body(answer, asked()) == b"abc"


async def test_of_an_error_the_beginning_is_read_whatever_was_asked_for() -> None:
    answer = Answer(b"x" * (MAX_ERROR + 5), b"y", status=404, promised=MAX_ERROR + 6)
    answer.headers["Content-Encoding"] = "gzip"

    assert await read_body(answer, asked(0)) == b"x" * MAX_ERROR
    assert answer.closed


async def test_a_sink_gets_the_pieces_as_they_come_and_nothing_is_kept() -> None:
    got: list[bytes] = []

    async def sink(piece: bytes) -> None:
        got.append(piece)

    assert await read_body(Answer(b"abc", b"", b"def"), asked(sink=sink)) == b""
    assert got == [b"abc", b"def"]


async def test_a_sink_gets_nothing_beyond_the_bound_and_no_error_page() -> None:
    got: list[Any] = []

    async def sink(piece: bytes) -> None:
        got.append(piece)

    with pytest.raises(BadContentError):
        await read_body(Answer(b"abc", b"def", b"ghi"), asked(6, sink=sink))
    assert got == [b"abc", b"def"]
    assert await read_body(Answer(b"no", status=404), asked(sink=sink)) == b"no"
    assert got == [b"abc", b"def"]


def rest(*pieces: bytes, begin: int, promised: int | None = None) -> Answer:
    """The rest of a body, from its byte `begin` on."""
    answer = Answer(*pieces, status=206, promised=promised)
    answer.headers["Content-Range"] = f"bytes {begin}-9/10"
    return answer


@pytest.mark.parametrize(
    "answer",
    [
        rest(b"efg", b"hij", begin=4, promised=6),
        Answer(b"abcdefghij", promised=10),
        Answer(b"abcd", b"efghij"),
        Answer(b"abc", b"", b"defg", b"hij"),
    ],
    ids=["the rest", "all at once", "a piece that ends there", "a piece across"],
)
async def test_a_sink_that_has_the_beginning_gets_the_rest(answer: Answer) -> None:
    got = b""

    async def sink(piece: bytes) -> None:
        nonlocal got
        assert piece
        got += piece

    assert await read_body(answer, asked(sink=sink, skip=4)) == b""
    assert got == b"efghij"


@pytest.mark.parametrize("promised", [7, None])
async def test_the_bound_is_that_of_the_whole_body(promised: int | None) -> None:
    async def sink(piece: bytes) -> None:
        raise AssertionError(piece)

    with pytest.raises(BadContentError, match="more than 10 bytes"):
        await read_body(rest(b"efghijk", begin=4, promised=promised), asked(10, sink=sink, skip=4))


@pytest.mark.parametrize("header", [None, "", "bytes 0-9/10", "bytes 44-50/51", "bytes */10"])
async def test_another_part_than_the_rest_is_refused_unread(header: str | None) -> None:
    answer = Answer(b"abc", status=206)
    if header is not None:
        answer.headers["Content-Range"] = header

    with pytest.raises(BadContentError, match="another part"):
        await read_body(answer, asked(skip=4))
    assert (answer.closed, answer.content.taken) == (True, 0)


async def test_a_part_that_nobody_asked_for_is_no_content() -> None:
    assert not good(206, asked())
    assert good(206, asked(skip=1))
    assert good(200, asked())
