"""Answers that go out from the parser's callback, where nothing must be waited for.

An ASGI scope, a task and two messages take as long as judging a Pod whose images are known. What is
out of the ordinary in any way is handed to uvicorn as a whole, and comes to the application.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.admission.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from uvicorn import Config
    from uvicorn.server import ServerState

    from webhook.admission.limits import Limits
    from webhook.admission.metrics import Metrics

    AtOnce: TypeAlias = Callable[[bytes], bytes | None]
    """Body → JSON, or None where it must be waited."""

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
        at_once: AtOnce,
        *,
        certified_only: bool,
    ) -> None:
        """One of these for each connection; see `Connection`."""
        super().__init__(config, state, limits, metrics)
        self._at_once = at_once
        self._certified_only = certified_only
        self._pieces: list[bytes] | None = None
        """Of the body of a request that may be answered at once."""

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
        if pieces is not None:
            body = b"".join(pieces)
            answer = self._at_once(body)
            if answer is not None:
                self._complete = True
                self._useful = True
                self._answer(answer)
                return
            super()._begin()
            super().on_body(body)
        super().on_message_complete()

    def shutdown(self) -> None:
        """End when the answer is out, if a body is arriving; now otherwise."""
        if self._pieces is None:
            super().shutdown()
        else:
            self.draining = True

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

    def _answer(self, body: bytes) -> None:
        last = self.draining or not self.parser.should_keep_alive()
        self.transport.write(_HEAD % (len(body), _LAST if last else b"") + body)
        self.served += 1
        self.server_state.total_requests += 1
        self._rest()
        if last:
            self.transport.close()
