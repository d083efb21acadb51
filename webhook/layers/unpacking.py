"""The tar inside a stored layer, piece by piece: gzip, zstd, or as it is."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Protocol

import zstandard

from webhook.layers.bad_layer import BadLayerError

if TYPE_CHECKING:
    from collections.abc import Callable

PIECE = 1024 * 1024
"""Bytes of one unpacked piece, so that no bomb is ever unfolded at once."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_WINDOW = 8 * 1024 * 1024
"""What decoders should support, and encoders not go beyond (RFC 8878, 3.1.1.1.2)."""


class Unpacking(Protocol):
    """Unpacks one layer into a sink."""

    certain: bool
    """Whether `close` knows that nothing is missing."""

    def feed(self, data: bytes) -> None:
        """Hand on what these stored bytes unfold to, in pieces of at most `PIECE` bytes.

        Raises:
            BadLayerError: they are not what the layer began as.
        """

    def close(self) -> None:
        """Say that this was all.

        Raises:
            BadLayerError: something is missing.
        """


def unpacking(head: bytes, sink: Callable[[bytes], None]) -> Unpacking:
    """How a layer that begins with these (four or more, or all) bytes is unpacked.

    By what the bytes are and not by what the media type says: tools have written both wrong, and
    containerd looks at the bytes, too (DetectCompression).
    """
    if head.startswith(_GZIP):
        return _Gzip(sink)
    if head.startswith(_ZSTD):
        return _Zstd(sink)
    return _Plain(sink)


class _Plain:
    certain = True

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self.feed = sink

    def close(self) -> None:
        return


class _Gzip:
    """One or more members, one behind the other (RFC 1952, 2.2): estargz writes thousands."""

    certain = True

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink
        self._member = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes) -> None:
        try:
            while data:
                if self._member.eof:
                    self._member = zlib.decompressobj(wbits=31)
                self._sink(self._member.decompress(data, PIECE))
                data = self._member.unused_data or self._member.unconsumed_tail
            while not self._member.eof:
                # What is unpacked may still wait inside, where the last piece was a full one.
                if not (piece := self._member.decompress(b"", PIECE)):
                    break
                self._sink(piece)
        except zlib.error as error:
            raise BadLayerError(f"its gzip is damaged ({error})") from error

    def close(self) -> None:
        if not self._member.eof:
            raise BadLayerError("its gzip breaks off")


class _Sink:
    """What the library writes to."""

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink

    def write(self, data: bytes) -> int:
        self._sink(data)
        return len(data)


class _Zstd:
    """One or more frames. Whether the last one is whole, the tar inside tells."""

    certain = False

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        library = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        self._writer = library.stream_writer(_Sink(sink), write_size=PIECE)  # type: ignore[arg-type]

    def feed(self, data: bytes) -> None:
        try:
            self._writer.write(data)
        except zstandard.ZstdError as error:
            raise BadLayerError(f"its zstd is damaged ({error})") from error

    def close(self) -> None:
        return
