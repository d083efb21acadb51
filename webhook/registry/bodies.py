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


async def read_body(answer: Answer, request: Request) -> bytes:
    """The body within its bound; what lies beyond is neither read nor waited for.

    Empty where the request has a sink and the answer is good: the sink has it then. Of any other
    status at most `MAX_ERROR` bytes, perhaps cut.

    Raises:
        BadContentError: the body of a good answer is compressed, or longer than was asked for.
    """
    good = answer.status == _OK
    limit = request.max_bytes if good else MAX_ERROR
    who = request.url.origin.authority
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if good and encoding not in {"", "identity"}:
        # A kilobyte of it may unfold to half a gigabyte, and digests are over the stored bytes.
        answer.close()
        raise BadContentError(
            Reason.BAD_CONTENT, f"{who} sent a compressed body, which nobody asked for"
        )
    promised = 0 if request.method == "HEAD" else answer.content_length or 0
    body = bytearray()
    size = 0
    sink = request.sink if good else None
    if not good or promised <= limit:
        while size <= limit and (chunk := await _piece(answer.content, whole=sink is None)):
            size += len(chunk)
            if sink is None:
                body += chunk
            elif size <= limit:
                await sink(chunk)
    if size > limit or (good and promised > limit):
        answer.close()
        if good:
            raise BadContentError(Reason.BAD_CONTENT, f"{who} sent more than {limit} bytes")
    return bytes(body[:limit])


async def _piece(content: Content, *, whole: bool) -> bytes:
    if whole:
        return await content.read(_CHUNK)
    while not content.at_eof():
        piece, _ = await content.readchunk()
        if piece:
            return piece
    return b""
