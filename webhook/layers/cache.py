"""What was read of layers, by their digest: answers and not bytes, in bounded memory."""

from __future__ import annotations

import zlib
from collections import OrderedDict

import msgspec

from webhook.layers.layer import Layer

_DECODER = msgspec.msgpack.Decoder(Layer)


class LayerCache:
    """Keeps the layers that were asked for last, packed: a layer of thousands of names takes KBs.

    A digest says the same for ever, so that nothing here gets old. What was read of a layer does
    not depend on the image that has it.
    """

    def __init__(self, max_bytes: int = 32 * 1024 * 1024) -> None:
        """Hold up to `max_bytes` bytes of packed answers."""
        self._max = max_bytes
        self._size = 0
        self._held: OrderedDict[str, bytes] = OrderedDict()

    def get(self, digest: str) -> Layer | None:
        """What is known of a layer."""
        packed = self._held.get(digest)
        if packed is None:
            return None
        self._held.move_to_end(digest)
        return _DECODER.decode(zlib.decompress(packed))

    def put(self, digest: str, layer: Layer) -> None:
        """Remember a layer that was read whole, and whose digest was compared."""
        packed = zlib.compress(msgspec.msgpack.encode(layer), 1)
        if digest in self._held or len(packed) > self._max:
            return
        self._held[digest] = packed
        self._size += len(packed)
        while self._size > self._max:
            self._size -= len(self._held.popitem(last=False)[1])
