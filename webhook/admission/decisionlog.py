"""The log of decisions: one line of JSON each, written without making a review wait.

Decisions are collected on the event loop and written by a thread of its own: a log that is full,
slow or gone costs lines, which are counted, and never a verdict.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from typing import TYPE_CHECKING

import msgspec

from webhook.admission.decisions import Decision, Judged, decision_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_FLUSH_SECONDS = 0.5
_TOGETHER = 64
"""Decisions; half a millisecond's work."""
_BACKLOG_BYTES = 16 * 1024 * 1024
_STOP_SECONDS = 3.0

_encode = msgspec.json.Encoder().encode_lines


class DecisionLog:
    """Decisions on their way to a file descriptor, within half a second each.

    They are put into words many at a time: alone, each would find the processor's caches full of
    something else, and take several times as long.
    """

    def __init__(self, descriptor: int) -> None:
        """Write to an open file descriptor, which stays the caller's."""
        self.lost = 0
        """Lines that nobody will read; only the writing thread and `_hand_over` count here."""
        self._descriptor = descriptor
        self._pending: list[Judged | Decision] = []
        self._timer: asyncio.TimerHandle | None = None
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._backlog = 0
        self._thread = threading.Thread(target=self._write_all, name="decisions", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def write(self, decision: Judged | Decision) -> None:
        """Take one decision; on the event loop."""
        pending = self._pending
        pending.append(decision)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_FLUSH_SECONDS, self._hand_over)
        elif len(pending) >= _TOGETHER:
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
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        lines = _lines(pending)
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


def _lines(decisions: Iterable[Judged | Decision]) -> bytes:
    return _encode([decision_of(one) if isinstance(one, Judged) else one for one in decisions])
