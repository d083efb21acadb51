"""An image as a whole from one repository to another: blobs first, then what names them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import msgspec

from webhook.promote.blobs import copy_blob
from webhook.promote.parts import Blob, Parts, read_parts
from webhook.registry.content import Served, together
from webhook.registry.documents import bad
from webhook.registry.manifests import Descriptor, bare
from webhook.registry.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webhook.registry.access import Access

AT_ONCE = 4
"""Blobs at a time, and half the questions that one registry is asked at a time."""
MAX_DOCUMENTS = 500
"""Manifests and indexes of one image, or of one thing that is attached."""
MAX_BYTES = 64 * 1024 * 1024
"""Of all of them: they are held in memory, blobs are not."""
_SECONDS = 60.0
"""For a question without a blob."""


class Progress(Protocol):
    """Whoever looks on."""

    def expect(self, size: int) -> None:
        """So many bytes more have to go."""

    def moved(self, size: int) -> None:
        """So many went; a negative number where they went in vain."""

    def note(self, text: str) -> None:
        """Something that whoever promotes should know; already printable."""


class Document(msgspec.Struct, frozen=True):
    """A manifest or an index, and what it names."""

    served: Served
    parts: Parts


class Copied(msgspec.Struct, frozen=True):
    """What went, and what was there."""

    blobs: int = 0
    bytes: int = 0
    there: int = 0
    """Blobs that needed not go."""

    def __add__(self, other: Copied) -> Copied:
        """Both together."""
        return Copied(self.blobs + other.blobs, self.bytes + other.bytes, self.there + other.there)


class Copier:
    """Copies between two repositories."""

    def __init__(self, source: Access, target: Access, progress: Progress) -> None:
        """Read from `source`, write to `target`."""
        self.source = source
        self.target = target
        self.progress = progress
        self._mount_from = source.repository if source.origin == target.origin else ""
        self._room = asyncio.Semaphore(AT_ONCE)

    async def walk(self, top: Served) -> list[Document]:
        """The document and all below it, each once, what names before what is named.

        Raises:
            RegistryError: something is missing, too much, or not what its digest says.
        """
        found: dict[str, Document] = {}
        level = [top]
        size = 0
        while level:
            entries: dict[str, Descriptor] = {}
            for served in level:
                document = Document(served, read_parts(served.body, served.media_type))
                # Deeper is later, also for what stood higher up already.
                found.pop(served.digest, None)
                found[served.digest] = document
                size += len(served.body)
                entries |= {one.digest: one for one in document.parts.manifests}
            size_below = sum(one.size for one in entries.values())
            if len(found) + len(entries) > MAX_DOCUMENTS or size + size_below > MAX_BYTES:
                raise bad(
                    f"it leads to more than {MAX_DOCUMENTS} manifests or {MAX_BYTES} bytes of them"
                )
            level = await together(self._served(one) for one in entries.values())
        return list(found.values())

    async def store(self, documents: Sequence[Document]) -> Copied:
        """Have the documents of `walk` and all blobs that they name in the target, each once.

        Raises:
            RegistryError: something could not be read or written.
        """
        blobs = {blob.digest: blob for one in documents for blob in one.parts.blobs}
        missing = await self._missing(blobs.values())
        size = sum(blob.size for blob in missing)
        self.progress.expect(size)
        # The largest first: what is left at the end is short.
        await together(self._copy(one) for one in sorted(missing, key=lambda one: -one.size))
        for document in reversed(documents):
            await self._put(document.served)
        return Copied(len(missing), size, len(blobs) - len(missing))

    async def _served(self, entry: Descriptor) -> Served:
        async with self._room:
            body = await self.source.reading(_SECONDS).manifest(entry)
        return Served(entry.digest, entry.media_type, body)

    async def _missing(self, blobs: Iterable[Blob]) -> list[Blob]:
        """The blobs that have to go. A foreign layer need not be anywhere but at its own place."""
        asked = list(blobs)
        there = await together(self._holds(self.target, one) for one in asked)
        missing = [one for one, held in zip(asked, there, strict=True) if not held]
        foreign = [one for one in missing if one.foreign]
        served = await together(self._holds(self.source, one) for one in foreign)
        left = {one.digest for one, held in zip(foreign, served, strict=True) if not held}
        if left:
            self.progress.note(
                f"{len(left)} foreign layers are not in the registry and stay where they are: "
                "their addresses are not contacted"
            )
        return [one for one in missing if one.digest not in left]

    async def _holds(self, access: Access, blob: Blob) -> bool:
        async with self._room:
            return await access.reading(_SECONDS).holds(f"blobs/{blob.digest}")

    async def _copy(self, blob: Blob) -> None:
        async with self._room:
            await copy_blob(blob, self.source, self.target, self.progress.moved, self._mount_from)

    async def _put(self, served: Served) -> None:
        if not await self.target.reading(_SECONDS).holds(f"manifests/{served.digest}"):
            kind = bare(served.media_type)
            await Uploads(self.target).put_manifest(served.digest, served.body, kind, served.digest)
