"""One line of JSON for each decision, written without making a review wait.

Lines are collected on the event loop and written by a thread of its own: a log that is full, slow
or gone costs lines, which are counted, and never a verdict.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from webhook.core.verdict import Finding

_FLUSH_SECONDS = 0.5
_FLUSH_BYTES = 64 * 1024
_BACKLOG_BYTES = 16 * 1024 * 1024
_STOP_SECONDS = 3.0
_MAX_NAME = 300
_MAX_REFUSED = 20


class Refused(msgspec.Struct, frozen=True, gc=False):
    """What one finding refused."""

    policy: str
    rule: str
    container: str
    image: str


class Decision(
    msgspec.Struct,
    frozen=True,
    gc=False,
    omit_defaults=True,
    rename="camel",
    tag_field="event",
    tag="decision",
):
    """What was asked, and what was answered. `failed` and `unknown` count findings."""

    time: datetime
    uid: str
    decision: str
    """`allowed`, `warned` or `denied`."""
    allowed: bool
    ms: float
    kind: str = ""
    namespace: str = ""
    name: str = ""
    operation: str = ""
    sub_resource: str = ""
    user: str = ""
    dry_run: bool = False
    images: int = 0
    failed: int = 0
    unknown: int = 0
    refused: Sequence[Refused] = ()
    cause: str = ""
    """Why nothing was judged, where nothing was."""


def refused_by(denials: Sequence[Finding]) -> tuple[Refused, ...]:
    """The refusing findings in the order of the verdict, as many as a line can bear."""
    return tuple(
        Refused(
            finding.policy,
            finding.rule,
            printable(finding.container, _MAX_NAME),
            printable(finding.image, _MAX_NAME),
        )
        for finding in denials[:_MAX_REFUSED]
    )


class DecisionLog:
    """Decisions on their way to a file descriptor.

    One line is on its way within half a second; `close` waits a little for the last ones.
    """

    def __init__(self, descriptor: int) -> None:
        """Write to an open file descriptor, which stays the caller's."""
        self.lost = 0
        """Lines that nobody will read; only the writing thread and `_hand_over` count here."""
        self._descriptor = descriptor
        self._buffer = bytearray()
        self._append = msgspec.json.Encoder().encode_into
        self._timer: asyncio.TimerHandle | None = None
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._backlog = 0
        self._thread = threading.Thread(target=self._write_all, name="decisions", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def write(self, decision: Decision) -> None:
        """Take one line; a few microseconds, on the event loop."""
        buffer = self._buffer
        self._append(decision, buffer, -1)
        buffer += b"\n"
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_FLUSH_SECONDS, self._hand_over)
        elif len(buffer) > _FLUSH_BYTES:
            self._hand_over()

    async def close(self) -> None:
        """Write what is left, unless whoever reads it is stuck."""
        self._hand_over()
        self._queue.put(None)
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join, _STOP_SECONDS)

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._buffer:
            return
        lines = bytes(self._buffer)
        self._buffer.clear()
        if self._backlog > _BACKLOG_BYTES:
            self.lost += lines.count(b"\n")
            return
        self._backlog += len(lines)
        self._queue.put(lines)

    def _write_all(self) -> None:
        while (lines := self._queue.get()) is not None:
            view = memoryview(lines)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:
                self.lost += bytes(view).count(b"\n")
            self._backlog -= len(lines)
