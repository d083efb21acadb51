"""Reads one stored layer: compares its digest, unpacks it, keeps what matters."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from webhook.layers.bad_layer import BadLayerError
from webhook.layers.gathering import Gathering
from webhook.layers.tar import Tar
from webhook.layers.unpacking import unpacking

if TYPE_CHECKING:
    from webhook.layers.layer import Layer
    from webhook.layers.limits import Limits
    from webhook.layers.unpacking import Unpacking

_MAGIC = 4


class OneLayer:
    """Takes the bytes of one layer as they come; plain code that computes, for a thread."""

    def __init__(self, digest: str, limits: Limits, *, unpacked: int) -> None:
        """Expect the bytes of `digest`, which unfold to at most `unpacked` bytes."""
        self._digest = digest
        algorithm = digest.partition(":")[0]
        self._hash = hashlib.new(algorithm, usedforsecurity=True)
        self._gathering = Gathering(limits)
        self._tar = Tar(self._gathering, limits)
        self._unpacking: Unpacking | None = None
        self._head = b""
        self._size = 0
        self._most = unpacked

    def feed(self, data: bytes) -> None:
        """Read on.

        Raises:
            BadLayerError: no runtime would unpack it, or it goes beyond the limits.
        """
        self._hash.update(data)
        if self._unpacking is None:
            self._head += data
            if len(self._head) < _MAGIC:
                return
            data, self._head = self._head, b""
            self._unpacking = unpacking(data, self._unpacked)
        self._unpacking.feed(data)

    def close(self) -> Layer:
        """What was read, now that all of it came.

        Raises:
            BadLayerError: something is missing, or other bytes than asked for were served.
        """
        computed = f"{self._digest.partition(':')[0]}:{self._hash.hexdigest()}"
        if computed != self._digest:
            raise BadLayerError("it is not what its digest says: other bytes were served")
        if self._unpacking is None:
            raise BadLayerError("it is empty")
        self._unpacking.close()
        self._tar.close()
        if not self._unpacking.certain and not self._tar.ended:
            raise BadLayerError("it breaks off")
        return self._gathering.layer(self._size)

    def _unpacked(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._most:
            raise BadLayerError(f"the layers unfold to more than {self._most} bytes")
        self._tar.feed(piece)
