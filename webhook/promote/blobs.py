"""One blob from one repository to another: as a stream that is hashed on its way."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.registry.content import together
from webhook.registry.documents import bad
from webhook.registry.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from webhook.promote.parts import Blob
    from webhook.registry.access import Access
    from webhook.registry.url import Url

_PIECES = 8
"""That wait between the two sides, each as much as one read brings: 256 KB at most."""
_HASHED_AT_ONCE = 1024 * 1024
"""Bytes: to wake a thread takes as long as to hash some of them."""
_SILENCE_SECONDS = 60.0
"""Without a byte, on either side, after which it is begun anew."""
_COMMIT_SECONDS = 360.0
"""Behind the last byte: longer than `Uploads` waits."""
_LONGEST_SECONDS = 24 * 3600.0
_HEAD_SECONDS = 60.0
_TRIES = 4
_FINAL = frozenset({Reason.UNAUTHORIZED, Reason.NOT_FOUND})
_PAUSE_SECONDS = 0.25
"""Before the second try; then four times as long each time, so that a registry may restart."""
_WORTH_BYTES = 1024 * 1024
"""That came since it broke off last: a source is then asked for the rest, while the upload waits.
With less it is begun anew, so one that gives a few bytes each time is given up."""


async def copy_blob(
    blob: Blob, source: Access, target: Access, moved: Callable[[int], None], mount_from: str = ""
) -> None:
    """Have a blob in the target that was not there; where it breaks it goes on, or begins anew.

    Args:
        blob: what to copy.
        source: where it is read.
        target: where it is written.
        moved: is told bytes as they go; a negative number where they went in vain.
        mount_from: the source's repository, if both are one registry.

    Raises:
        RegistryError: it could not be read, or not be written, or is other bytes than its digest
            says; nothing is stored under that digest then.
    """
    for attempt in range(1, _TRIES + 1):
        gone = _Gone(moved)
        begun = False
        try:
            place = await Uploads(target).begin(blob.digest, mount_from)
            begun = True
            if place is None:
                moved(blob.size)
            else:
                await _pipe(blob, source, target, place, gone)
        except UnavailableError as error:
            gone.back()
            # A repository that is not there, or not ours, is not there a second later either.
            if attempt == _TRIES or (not begun and error.reason in _FINAL):
                raise
        else:
            return
        await asyncio.sleep(_PAUSE_SECONDS * 4 ** (attempt - 1))
        # The answer may have been lost, and not the blob.
        if await target.reading(_HEAD_SECONDS).holds(f"blobs/{blob.digest}"):
            moved(blob.size)
            return


class _Gone:
    """Bytes that went in one try."""

    def __init__(self, moved: Callable[[int], None]) -> None:
        self._moved = moved
        self.size = 0

    def on(self, size: int) -> None:
        self.size += size
        self._moved(size)

    def back(self) -> None:
        self._moved(-self.size)


async def _pipe(blob: Blob, source: Access, target: Access, place: Url, gone: _Gone) -> None:
    """Read, hash and write at once."""
    deadline = asyncio.get_running_loop().time() + _LONGEST_SECONDS
    try:
        async with asyncio.timeout(_SILENCE_SECONDS) as patience:
            pipe = _Pipe(blob, gone, patience)
            sending = Uploads(target).send(place, pipe.pieces, blob.size, deadline)
            await together([pipe.read(source), sending])
    except TimeoutError as error:
        raise UnavailableError(
            Reason.TIMED_OUT,
            f"no byte went from {source.origin.authority} to {target.origin.authority} "
            f"for {_SILENCE_SECONDS:g} s",
        ) from error


class _Pipe:
    """Between both sides. The last piece is held back until the digest is right."""

    def __init__(self, blob: Blob, gone: _Gone, patience: asyncio.Timeout) -> None:
        self._blob = blob
        self._gone = gone
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(_PIECES)
        self._hasher = hashlib.new(blob.digest.partition(":")[0], usedforsecurity=True)
        self._hashing: asyncio.Future[None] | None = None
        self._unhashed: list[bytes] = []
        self._size = 0
        self._held = b""

    async def read(self, source: Access) -> None:
        """Take the blob from its registry, and compare it."""
        blob = self._blob
        await self._read(source)
        await self._hash()
        await self._hashed()
        if f"{self._hasher.name}:{self._hasher.hexdigest()}" != blob.digest:
            raise bad(
                f"{source.origin.authority} serves other bytes under {blob.digest[:19]}… than its "
                "digest says: the image cannot be copied"
            )
        self._patience.reschedule(self._loop.time() + _COMMIT_SECONDS)
        await self._pieces.put(self._held)
        await self._pieces.put(b"")

    async def _read(self, source: Access) -> None:
        repository = source.reading(_LONGEST_SECONDS)
        blob, begin = self._blob, 0
        while True:
            try:
                await repository.stream(
                    blob.digest, blob.size, self._take, _SILENCE_SECONDS, skip=begin
                )
            except UnavailableError:
                if self._gone.size == blob.size:
                    return  # all of it came, and its digest says whether it is right
                if self._gone.size - begin < _WORTH_BYTES:
                    raise
                begin = self._gone.size
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return

    async def pieces(self) -> AsyncIterator[bytes]:
        """See `exchange.Source`."""
        while piece := await self._pieces.get():
            yield piece

    async def _take(self, piece: bytes) -> None:
        """See `exchange.Sink`."""
        self._gone.on(len(piece))
        self._unhashed.append(piece)
        self._size += len(piece)
        if self._size >= _HASHED_AT_ONCE:
            await self._hash()
        if self._held:
            await self._pieces.put(self._held)
        self._patience.reschedule(self._loop.time() + _SILENCE_SECONDS)
        self._held = piece

    async def _hash(self) -> None:
        """Let a thread hash what came, while more comes."""
        await self._hashed()
        pieces, self._unhashed, self._size = self._unhashed, [], 0
        self._hashing = self._loop.run_in_executor(None, _update, self._hasher, pieces)

    async def _hashed(self) -> None:
        if self._hashing is not None:
            await self._hashing


def _update(hasher: hashlib._Hash, pieces: list[bytes]) -> None:
    for piece in pieces:
        hasher.update(piece)
