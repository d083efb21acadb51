"""Head and body of an answer in one piece, for half the system calls and TLS records."""

from __future__ import annotations

import asyncio

_INTERIM = b"HTTP/1.1 100 "


class OneWrite(asyncio.Transport):
    """What uvicorn writes the answers of a connection to: the head waits for what comes next.

    uvicorn writes them one by one, and each goes out at once. Both sides are woken twice then.
    """

    __slots__ = ("_begun", "_head", "_inner")

    def __init__(self, inner: asyncio.Transport) -> None:
        """Write to `inner` in the end."""
        super().__init__()
        self._inner = inner
        self._head = b""
        self._begun = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep the head, pass on everything else."""
        if self._begun:
            self._inner.write(self._head + data if self._head else data)
            self._head = b""
        elif bytes(data[: len(_INTERIM)]) == _INTERIM:
            self._inner.write(data)
        else:
            self._head = bytes(data)
            self._begun = True

    def finish(self) -> None:
        """The answer is over; it may have had no body."""
        if self._head:
            self._inner.write(self._head)
            self._head = b""
        self._begun = False

    def close(self) -> None:
        """See asyncio.Transport; what was kept goes out first."""
        self.finish()
        self._inner.close()

    def is_closing(self) -> bool:
        """See asyncio.Transport."""
        return self._inner.is_closing()
