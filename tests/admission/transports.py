"""A transport that only remembers."""

from __future__ import annotations

import asyncio


class Recording(asyncio.Transport):
    """Remembers what was done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.done.append(bytes(data))

    def close(self) -> None:
        self.done.append(b"closed")

    def abort(self) -> None:
        self.done.append(b"aborted")

    def is_closing(self) -> bool:
        return b"closed" in self.done or b"aborted" in self.done
