"""The body of a request: read as it comes, within bounds for one and for all together."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Unread(msgspec.Struct, frozen=True):
    """Why a body was not read to its end."""

    cause: str
    """A word for metrics."""
    sentence: str


CROWDED = Unread("crowded", "too many large reviews arrived at once; try again in a moment")


class Room:
    """Bytes of large bodies that are in memory at one time; who comes first is served first."""

    def __init__(self, total: int) -> None:
        """`total` bytes; nobody may ask for more at once."""
        self._free = total
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> None:
        """Wait for `size` bytes of room; they are the caller's until `give`."""
        if not self._waiting and self._free >= size:
            self._free -= size
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append((size, place))
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                # The room was given in the moment the caller stopped waiting for it.
                self._free += size
            place.cancel()
            self._admit()
            raise

    def give(self, size: int) -> None:
        """Give room back."""
        self._free += size
        self._admit()

    def _admit(self) -> None:
        waiting = self._waiting
        while waiting:
            size, place = waiting[0]
            if not place.done():
                if self._free < size:
                    return
                self._free -= size
                place.set_result(None)
            waiting.popleft()


def declared_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    """What Content-Length says; the parser has seen to it that it is one number."""
    for name, value in headers:
        if name == b"content-length":
            return int(value)
    return None


async def read_rest(beginning: bytes, receive: Receive, limit: int) -> bytearray | Unread | None:
    """Read on after the first piece of a body, up to `limit` bytes in all; None: the peer left."""
    data = bytearray(beginning)
    while len(data) <= limit:
        message = await receive()
        if message["type"] != "http.request":
            return None
        data += message["body"]
        if not message["more_body"] and len(data) <= limit:
            return data
    return too_large(limit)


def too_large(limit: int) -> Unread:
    """What is said of a body beyond the limit."""
    return Unread("too-large", f"the review is larger than {limit // (1024 * 1024)} MiB")
