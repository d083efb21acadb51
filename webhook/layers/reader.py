"""Reads the layers of an image from the top, until all is known that was asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.layers.answers import Looked, answers
from webhook.layers.bad_layer import BadLayerError
from webhook.layers.cache import LayerCache
from webhook.layers.limits import Limits
from webhook.layers.one_layer import OneLayer
from webhook.layers.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.core.facts import ImageConfig
    from webhook.layers.layer import Layer
    from webhook.registry.layers import Stored
    from webhook.registry.manifests import Descriptor

_BITE = 512 * 1024
"""Bytes that a thread is given at once."""


class Reader:
    """Looks into images; layers that several share are read once while the cache holds them."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        cache: LayerCache | None = None,
        threads: int = 2,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Put a reader together; call it inside the event loop.

        Args:
            limits: see there.
            cache: of what was read of layers.
            threads: layers that are unpacked at the same time, each in a thread of its own.
            progress: is told of bytes as they come.
        """
        self._limits = limits or Limits()
        self._cache = cache or LayerCache()
        self._turns = asyncio.Semaphore(threads)
        self._progress = progress
        self.layers_read = 0
        """Layers that were downloaded, in all."""

    async def look(self, image: Stored, config: ImageConfig, known: Looked | None = None) -> Looked:
        """Look into one platform of an image.

        Args:
            image: its layers.
            config: of the platform.
            known: what an SBOM says; layers are read for what is left, the programs.

        Raises:
            RegistryError: a layer could not be had, is hostile or damaged, or goes beyond limits.
        """
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await self._look(image, config, known)
        except TimeoutError as error:
            raise UnavailableError(
                Reason.TIMED_OUT, f"its layers were not read within {self._limits.seconds:g} s"
            ) from error

    async def _look(self, image: Stored, config: ImageConfig, known: Looked | None) -> Looked:
        limits = self._limits
        if len(image.layers) > limits.layers:
            raise BadLayerError(f"it has {len(image.layers)} layers; {limits.layers} are read")
        if sum(layer.size for layer in image.layers) > limits.packed:
            raise BadLayerError(f"its layers have more than {limits.packed} bytes")
        read: list[Layer] = []
        unpacked = limits.unpacked
        for number in range(len(image.layers), 0, -1):
            blob = image.layers[number - 1]
            try:
                layer = await self._layer(image, blob, unpacked)
            except BadLayerError as error:
                raise BadLayerError(f"layer {number} ({blob.digest[:19]}…): {error}") from error
            read.append(layer)
            unpacked -= layer.size
            found = await asyncio.to_thread(
                _answers, read, image, config, known, complete=number == 1
            )
            if found is not None:
                return found
        raise BadLayerError("it has no layers")

    async def _layer(self, image: Stored, blob: Descriptor, unpacked: int) -> Layer:
        known = await asyncio.to_thread(self._cache.get, blob.digest)
        if known is not None:
            return known
        async with self._turns:
            reading = OneLayer(blob.digest, self._limits, unpacked=unpacked)
            waiting = bytearray()

            async def into(piece: bytes) -> None:
                nonlocal waiting
                waiting += piece
                if self._progress is not None:
                    self._progress(len(piece))
                if len(waiting) >= _BITE:
                    bite, waiting = bytes(waiting), bytearray()
                    await asyncio.to_thread(reading.feed, bite)

            await image.layer(blob, into)
            self.layers_read += 1
            await asyncio.to_thread(reading.feed, bytes(waiting))
            layer = await asyncio.to_thread(reading.close)
        await asyncio.to_thread(self._cache.put, blob.digest, layer)
        return layer


def _answers(
    read: list[Layer],
    image: Stored,
    config: ImageConfig,
    known: Looked | None,
    *,
    complete: bool,
) -> Looked | None:
    tree = Tree(read, complete=complete)
    return answers(tree, config, path=image.path, folder=image.folder, known=known)
