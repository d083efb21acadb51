"""The body of an answer, within its bound: in one piece, or piece by piece to whoever wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webhook.core.facts import Reason
from webhook.errors import BadContentError
from webhook.registry.exchange import MAX_ERROR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.registry.exchange import Request

_OK = 200
_PARTIAL = 206
_CHUNK = 64 * 1024


class Content(Protocol):
    """What can be read of an answer; empty at its end."""

    async def read(self, n: int, /) -> bytes:
        """At most `n` bytes, as soon as there are any."""

    async def readchunk(self) -> tuple[bytes, bool]:
        """Whatever came in one go, without a copy of it, and whether a chunk of HTTP ends there."""

    def at_eof(self) -> bool:
        """Whether there is nothing more."""


class Answer(Protocol):
    """An answer whose head has come."""

    @property
    def status(self) -> int:
        """HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By name, in any case."""

    @property
    def content_length(self) -> int | None:
        """Bytes that were promised."""

    @property
    def content(self) -> Content:
        """The body."""

    def close(self) -> None:
        """Read no more of it, and never use its connection again."""


def good(status: int, request: Request) -> bool:
    """Whether an answer holds what was asked for: all of it, or the rest where that was asked."""
    return status == _OK or (status == _PARTIAL and request.skip > 0)


async def read_body(answer: Answer, request: Request) -> bytes:
    """The body within its bound; what lies beyond is neither read nor waited for.

    Empty where the request has a sink and the answer is good: the sink has it then. Of any other
    status at most `MAX_ERROR` bytes, perhaps cut.

    Raises:
        BadContentError: the body of a good answer is compressed, longer than was asked for, or
            another part than the rest that was asked for.
    """
    fine = good(answer.status, request)
    limit = request.max_bytes if fine else MAX_ERROR
    who = request.url.origin.authority
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if fine and encoding not in {"", "identity"}:
        # A kilobyte of it may unfold to half a gigabyte, and digests are over the stored bytes.
        answer.close()
        raise BadContentError(
            Reason.BAD_CONTENT, f"{who} sent a compressed body, which nobody asked for"
        )
    size = _first_byte(answer, request) if fine else 0
    promised = 0 if request.method == "HEAD" else size + (answer.content_length or 0)
    body = bytearray()
    sink = request.sink if fine else None
    if not fine or promised <= limit:
        while size <= limit and (chunk := await _piece(answer.content, whole=sink is None)):
            size += len(chunk)
            if sink is None:
                body += chunk
            elif request.skip < size <= limit:
                await sink(chunk[max(0, len(chunk) - size + request.skip) :])
    if size > limit or (fine and promised > limit):
        answer.close()
        if fine:
            raise BadContentError(Reason.BAD_CONTENT, f"{who} sent more than {limit} bytes")
    return bytes(body[:limit])


def _first_byte(answer: Answer, request: Request) -> int:
    """Where in the whole body a good answer begins: with the rest, or with all of it again."""
    if answer.status != _PARTIAL:
        return 0
    if not answer.headers.get("Content-Range", "").startswith(f"bytes {request.skip}-"):
        answer.close()
        who = request.url.origin.authority
        raise BadContentError(
            Reason.BAD_CONTENT, f"{who} sent another part of a body than was asked for"
        )
    return request.skip


async def _piece(content: Content, *, whole: bool) -> bytes:
    if whole:
        return await content.read(_CHUNK)
    while not content.at_eof():
        piece, _ = await content.readchunk()
        if piece:
            return piece
    return b""
