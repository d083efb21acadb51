"""Answers that go out without an ASGI cycle and a task, where nothing must be waited for.

A scope, a task and two messages take as long as judging a Pod whose images are known. What is out
of the ordinary in any way is handed to uvicorn as a whole, and comes to the application.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from webhook.admission.connection import Connection

if TYPE_CHECKING:
    from uvicorn import Config
    from uvicorn.server import ServerState

    from webhook.admission.limits import Limits
    from webhook.admission.metrics import Metrics
    from webhook.admission.turn import Turn

PATH = b"/validate"
_MAX_BYTES = 64 * 1024
"""Of a body. As much as uvicorn lets come before it stops reading."""
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%b\r\n"
_LAST = b"connection: close\r\n"


class AtOnceConnection(Connection):
    """Asks first whether a small body that is posted to `/validate` can be answered at once."""

    def __init__(
        self,
        config: Config,
        state: ServerState,
        limits: Limits,
        metrics: Metrics,
        turn: Turn,
        *,
        certified_only: bool,
    ) -> None:
        """One of these for each connection; see `Connection`."""
        super().__init__(config, state, limits, metrics)
        self._turn = turn
        self._certified_only = certified_only
        self._pieces: list[bytes] | None = None
        """Of the body of a request that may be answered at once."""
        self._handed_over = False
        """Whether a body is with the turn."""
        self._last = False
        """Whether its answer is the last one that the peer wants."""

    @property
    def owes_answer(self) -> bool:
        """True while a request has no whole answer yet."""
        return self._handed_over or super().owes_answer

    def on_message_begin(self) -> None:
        """A request begins. What uvicorn is to get of the one before is still there."""
        self._hurry()
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._pieces is None:
            super().on_body(body)
        else:
            self._useful = True
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        """The request is there."""
        pieces, self._pieces = self._pieces, None
        if pieces is None:
            super().on_message_complete()
            return
        self._useful = True
        self._complete = True
        self.deadline = inf
        self._handed_over = True
        # The parser forgets it as soon as this returns.
        self._last = not self.parser.should_keep_alive()
        self._turn.take(self, b"".join(pieces), alone=len(self.connections) == 1)

    def eof_received(self) -> None:
        """The peer says no more; the transport closes when this returns."""
        self._hurry()
        super().eof_received()

    def answer(self, body: bytes, answer: bytes | None) -> None:
        """Answer the body that was handed over; None: by the application."""
        self._handed_over = False
        if self.transport.is_closing():
            return
        if answer is not None:
            self._send(answer)
        else:
            super()._begin()
            super().on_body(body)
            super().on_message_complete()

    def drain(self) -> None:
        """From now on every answer is the last one of its connection."""
        if self._handed_over:
            self.draining = True
        else:
            super().drain()

    def shutdown(self) -> None:
        """End when the answer is out, if a body is arriving or arrived; now otherwise."""
        if self._pieces is None and not self._handed_over:
            super().shutdown()
        else:
            self.draining = True

    def _hurry(self) -> None:
        """Answer before anything else becomes of the connection."""
        if self._handed_over:
            self._turn.end()

    def _begin(self) -> None:
        if self._may_be_at_once():
            self._pieces = []
        else:
            super()._begin()

    def _may_be_at_once(self) -> bool:
        url = self.url
        return (
            url.startswith(PATH)
            and url[len(PATH) :][:1] in {b"", b"?"}
            and 0 < self._length <= _MAX_BYTES
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and not self.expect_100_continue
            # A stranger is refused before the body is read, which the application does.
            and (not self._certified_only or self.app_state["client_certificate"])
            # Answers keep the order of their requests, and wait for a peer that does not read.
            and not self.owes_answer
            and not self.flow.write_paused
        )

    def _refuse(self, status: bytes, cause: str) -> None:
        self._hurry()
        super()._refuse(status, cause)

    def _send(self, body: bytes) -> None:
        last = self.draining or self._last
        self.transport.write(_HEAD % (len(body), _LAST if last else b"") + body)
        self.served += 1
        self.server_state.total_requests += 1
        self._rest()
        if last:
            self.transport.close()
