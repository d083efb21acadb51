"""Parts of an image from memory, else from disk, else from the registry; and kept there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from webhook.registry.content import Served, read_config_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from webhook.core.facts import ImageConfig
    from webhook.registry.cache import Memory, Pinned
    from webhook.registry.disk import Disk
    from webhook.registry.manifests import Descriptor
    from webhook.registry.repository import Repository


class Keeping:
    """The `Blobs` of one image.

    A part is taken from a cache only where a manifest that this repository served names it.
    """

    def __init__(self, repository: Repository, memory: Memory | None, disk: Disk | None) -> None:
        """Ask `repository` for what is nowhere else; None where that cache is not ours to share."""
        self._repository = repository
        self._memory = memory
        self._disk = disk

    async def top(self, image: Pinned) -> Served:
        """The manifest or index of a digest.

        Raises:
            RegistryError: it is not kept, and the registry does not serve it.
        """
        if self._disk is not None:
            kind = await asyncio.to_thread(self._disk.media_type, image)
            body = None if kind is None else await asyncio.to_thread(self._disk.blob, image.digest)
            if kind is not None and body is not None:
                return Served(image.digest, kind, body)
        return await self._repository.by_digest(image.digest)

    async def manifest(self, descriptor: Descriptor) -> bytes:
        """See `Blobs.manifest`."""
        return await self._blob(descriptor, self._repository.manifest)

    async def config(self, descriptor: Descriptor) -> ImageConfig:
        """See `Blobs.config`."""
        configs = None if self._memory is None else self._memory.configs
        found = None if configs is None else configs.get(descriptor.digest)
        if found is None:
            body = await self._blob(descriptor, self._repository.config)
            found = await read_config_of(body)
            if configs is not None:
                configs.put(descriptor.digest, found)
        return found

    async def note(self, image: Pinned, top: Served) -> None:
        """Keep an image on disk that was read whole and found good."""
        if self._disk is not None:
            await asyncio.to_thread(self._disk.keep, image.digest, top.body)
            await asyncio.to_thread(self._disk.note, image, top.media_type)

    async def _blob(
        self, descriptor: Descriptor, ask: Callable[[Descriptor], Awaitable[bytes]]
    ) -> bytes:
        if self._disk is None:
            return await ask(descriptor)
        body = await asyncio.to_thread(self._disk.blob, descriptor.digest)
        if body is None or len(body) != descriptor.size:
            body = await ask(descriptor)
            await asyncio.to_thread(self._disk.keep, descriptor.digest, body)
        return body
