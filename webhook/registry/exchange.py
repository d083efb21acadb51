"""What travels: a request, a response, and the one method between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

import msgspec

if TYPE_CHECKING:
    from webhook.registry.url import Origin, Url

MAX_ERROR = 64 * 1024
"""Bytes that are read of an answer which is not the content that was asked for."""


Source: TypeAlias = Callable[[], AsyncIterator[bytes]]
"""Gives the pieces of a body that is too large to be held. It is called once, by the request that
sends them; what was sent halfway is not sent again by itself."""
Sink: TypeAlias = Callable[[bytes], Awaitable[None]]
"""Takes the pieces of a body that is too large to be held, in order."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One question to one address."""

    url: Url
    max_bytes: int
    """A longer body is bad content; nothing is read beyond this."""
    deadline: float
    """When nobody waits any more, in seconds of the event loop's clock."""
    method: str = "GET"
    accept: str = "*/*"
    authorization: str = ""
    """Value of that header; goes to `url.origin` and to nobody else."""
    form: tuple[tuple[str, str], ...] = ()
    """Fields of a POST body."""
    body: bytes | None = None
    """Bytes to send; None: nothing, or `form`, or what `source` gives."""
    content_type: str = ""
    """Of the body that is sent."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers, of a cloud's own services; they go wherever the request does."""
    source: Source | None = None
    """The body to send, in pieces."""
    length: int = 0
    """Bytes that `source` gives."""
    sink: Sink | None = None
    """Takes the body of a good answer, which `Response.body` does not hold then."""
    skip: int = 0
    """Bytes that the sink has already: only what lies behind them is asked for (RFC 9110, 14.2),
    and whatever is served, the sink gets nothing before them."""
    silence: float | None = None
    """Seconds between two pieces of the answer, or until its first; None: as the transport has
    it. A registry may think for minutes about gigabytes that it was sent."""

    @property
    def sent_headers(self) -> dict[str, str]:
        """All headers, by name."""
        headers = {"Accept": self.accept, "Accept-Encoding": "identity", "User-Agent": "cocket"}
        if self.authorization:
            headers["Authorization"] = self.authorization
        if self.content_type:
            headers["Content-Type"] = self.content_type
        if self.source is not None:
            headers["Content-Length"] = str(self.length)
        if self.skip:
            headers["Range"] = f"bytes={self.skip}-"
        return headers | dict(self.headers)

    @property
    def sent_body(self) -> AsyncIterator[bytes] | bytes | dict[str, str] | None:
        """What is sent: pieces, bytes, the fields of a form, or nothing."""
        if self.source is not None:
            return self.source()
        return self.body if self.body is not None else dict(self.form) or None

    def __repr__(self) -> str:
        """Without the credentials."""
        return f"<Request {self.method} {self.url}>"


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, read to its end and within its bound."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order they came."""
    body: bytes
    """At most `MAX_ERROR` bytes, perhaps cut, where the answer is not `good`."""
    origin: Origin
    """Who answered in the end; a redirect may have led away."""
    certificate: bytes = b""
    """The peer's, DER; empty over plain HTTP."""

    def header(self, name: str) -> str | None:
        """The first header of a name."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> list[str]:
        """Every header of a name."""
        return [value for key, value in self.headers if key == name]

    def __repr__(self) -> str:
        """Without headers and body: tokens stand there."""
        return f"<Response {self.status} from {self.origin}>"


class Transport(Protocol):
    """Something that sends requests: a socket, or a wrapper around another transport."""

    async def send(self, request: Request) -> Response:
        """Ask, and read the answer.

        Raises:
            RegistryError: there is no answer, or none that may be believed. Every HTTP status is
                an answer.
        """
