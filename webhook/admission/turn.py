"""Reviews that came in one turn of the event loop are judged one after the other, then answered.

Reading from sockets, TLS and judging push each other out of the processor's caches: done in turn
for each review they take a fifth longer than all of the one, then all of the other.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, TypeAlias

from webhook.admission.edge import edge

if TYPE_CHECKING:
    from collections.abc import Callable

    AtOnce: TypeAlias = Callable[[bytes], bytes | None]
    """Body → JSON, or None where it must be waited. Never raises."""

_TOGETHER = 64
"""Reviews; more would make the first of them wait for milliseconds."""


class Waiting(Protocol):
    """A connection that handed over a body."""

    def answer(self, body: bytes, answer: bytes | None) -> None:
        """Send the answer to the body, or find one another way where there is none yet."""

    def cut(self, cause: str) -> None:
        """End the connection at once."""


class Turn:
    """Collects bodies until the loop has read what there is to read; on the loop's thread only."""

    def __init__(self, at_once: AtOnce) -> None:
        """Ask `at_once` about every body."""
        self._at_once = at_once
        self._bodies: list[tuple[Waiting, bytes]] = []
        self._planned = False

    def take(self, connection: Waiting, body: bytes, *, alone: bool = False) -> None:
        """Answer a body at the end of this turn; now, when there are many, or nobody else can come.

        The end of a turn is one more call of the system away: a tenth of the time for an answer.
        """
        self._bodies.append((connection, body))
        if alone or len(self._bodies) >= _TOGETHER:
            self.end()
        elif not self._planned:
            self._planned = True
            asyncio.get_running_loop().call_soon(self._end_as_planned)

    def end(self) -> None:
        """Answer what was taken so far, in that order."""
        bodies, self._bodies = self._bodies, []
        answers = [self._at_once(body) for _, body in bodies]
        for (connection, body), answer in zip(bodies, answers, strict=True):
            sent = False
            with edge():  # the others must not go without their answers
                connection.answer(body, answer)
                sent = True
            if not sent:
                connection.cut("failed")

    def _end_as_planned(self) -> None:
        self._planned = False
        self.end()
