"""One connection: uvicorn's protocol on httptools, with what it leaves open closed.

uvicorn lets headers and bodies drip for ever, takes headers of any size and two Host headers. Here
every state that waits for the peer has a deadline, which `Listener` looks at, and a size.
"""

from __future__ import annotations

import asyncio
import ssl
from math import inf
from typing import TYPE_CHECKING, Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from webhook.admission.onewrite import OneWrite

if TYPE_CHECKING:
    from uvicorn import Config
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
    from uvicorn.server import ServerState

    from webhook.admission.limits import Limits
    from webhook.admission.metrics import Metrics

MAX_HEADERS = 100


class RefusedRequestError(Exception):
    """Leaves the parser's callbacks; becomes an HTTP error and the end of the connection."""

    def __init__(self, status: bytes, cause: str) -> None:
        """The `status` line's code and phrase, and the cause that is counted."""
        super().__init__(cause)
        self.status = status
        self.cause = cause


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with deadlines, limits and the peer's certificate."""

    def __init__(
        self,
        config: Config,
        state: ServerState,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        """One of these for each connection."""
        super().__init__(config, state, {})
        # uvicorn allows data after `Connection: close`; we have no use for it.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=False)
        self.limits = limits
        self.metrics = metrics
        self.deadline = inf
        """On the loop's clock; after it the connection is closed."""
        self.active = 0.0
        """When it last began or ended a request."""
        self.served = 0
        """Requests answered."""
        self.draining = False
        self._answers: OneWrite
        self._complete = True
        self._reading_head = False
        self._useful = True
        self._idle_bytes = 0
        self._head_bytes = 0
        self._hosts = 0
        self._length = -1
        self._refusal: RefusedRequestError | None = None

    @property
    def waits_for_us(self) -> bool:
        """True while the peer has said all and has no answer yet."""
        return self._complete and self.owes_answer

    @property
    def owes_answer(self) -> bool:
        """True while a request has no whole answer yet."""
        cycle: RequestResponseCycle | None = self.cycle  # before the first request there is none
        return cycle is not None and not cycle.response_complete

    @property
    def at_rest(self) -> bool:
        """True between two requests."""
        return self._complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._answers = OneWrite(transport)
        tls = transport.get_extra_info("ssl_object")
        # There only if its chain was verified: the context asks for one and does not insist.
        self.app_state = {"client_certificate": tls is not None and _has_certificate(tls)}
        self.active = self.loop.time()
        self.deadline = self.active + self.limits.keep_alive_seconds
        self.metrics.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self.metrics.connections -= 1
        self.deadline = inf
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol; anything but a well-formed request ends the connection."""
        if self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        self._useful = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(b"400 Bad Request", "malformed")
        except httptools.HttpParserError:
            refusal = self._refusal or RefusedRequestError(b"400 Bad Request", "malformed")
            self._refuse(refusal.status, refusal.cause)
        else:
            # A header that never ends and a trailer that never ends are kept by the parser.
            self._idle_bytes = 0 if self._useful else self._idle_bytes + len(data)
            if self._idle_bytes > self.limits.header_bytes:
                self._refuse(b"431 Request Header Fields Too Large", "header-size")

    def on_message_begin(self) -> None:
        """A request begins: from here on the clock runs."""
        # What uvicorn does here is done when it is clear that uvicorn is needed.
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self.active = self.loop.time()
        self.deadline = self.active + self.limits.request_seconds
        self._complete = False
        self._reading_head = True
        self._head_bytes = 0
        self._hosts = 0
        self._length = -1

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; two Host headers are how requests are smuggled past proxies."""
        if not self._reading_head:
            raise self._refused(b"400 Bad Request", "malformed")  # a trailer
        name = name.lower()
        self._head_bytes += len(name) + len(value)
        if name == b"host":
            self._hosts += 1
        elif name == b"content-length":
            self._length = int(value)  # the parser has seen to it that it is one number
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Everything before the body is there, and is held against the limits."""
        self._reading_head = False
        self._useful = True
        if (
            self._head_bytes + len(self.url) > self.limits.header_bytes
            or len(self.headers) > MAX_HEADERS
        ):
            raise self._refused(b"431 Request Header Fields Too Large", "header-size")
        if self._hosts != 1 or self.parser.should_upgrade():
            raise self._refused(b"400 Bad Request", "malformed")
        self._begin()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._useful = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there; now they wait for us, not we for them."""
        self._useful = True
        self._complete = True
        self.deadline = inf
        super().on_message_complete()
        if self.cycle.response_complete:
            self._rest()

    def on_response_complete(self) -> None:
        """The answer is out; a body that nobody wanted may go on arriving until its deadline."""
        self._answers.finish()
        self.served += 1
        if self._complete:
            self._rest()
        super().on_response_complete()

    def drain(self) -> None:
        """From now on every answer is the last one of its connection."""
        self.draining = True
        if self.owes_answer and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def cut(self, cause: str) -> None:
        """End the connection at once."""
        self.deadline = inf
        if not self.transport.is_closing():
            self.metrics.closed[cause] += 1
        self.transport.abort()

    def _begin(self) -> None:
        """Let uvicorn begin with a request, at the end of its headers."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
        super().on_headers_complete()
        self.cycle.transport = self._answers
        if self.draining:
            self.cycle.keep_alive = False

    def _rest(self) -> None:
        self.active = self.loop.time()
        self.deadline = self.active + self.limits.keep_alive_seconds

    def _refused(self, status: bytes, cause: str) -> RefusedRequestError:
        # The parser passes no exception of ours on, only the news that there was one.
        self._refusal = RefusedRequestError(status, cause)
        return self._refusal

    def _refuse(self, status: bytes, cause: str) -> None:
        """Answer with an error, unless an answer to an earlier request is still due."""
        if self.owes_answer:
            self.cut(cause)
            return
        self.metrics.closed[cause] += 1
        self.deadline = self.loop.time() + self.limits.handshake_seconds
        self.transport.write(
            b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status
        )
        self.transport.close()


def _has_certificate(tls: Any) -> bool:
    return cast("ssl.SSLObject", tls).getpeercert(binary_form=True) is not None
